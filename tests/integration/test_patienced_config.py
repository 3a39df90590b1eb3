"""Where patienced takes its settings from: flag before environment before file before default."""
import http.client
import os
import stat

from harness import free_port, main, run
from personality import Personality

GUIDE_FILE = """{
  "socket_path": "/tmp/retry-daemon.sock",
  "http_port": 8080,
  "max_metrics": 10000,
  "metrics_max_age": "24h",
  "log_level": "info",
  "pid_file": "/var/run/retry-daemon.pid",
  "enable_http": true,
  "enable_profiling": false
}
"""


class File(Personality):
    def test_the_guides_file_as_printed_with_the_places_redirected(self):
        text = GUIDE_FILE.replace("/tmp/retry-daemon.sock", self.socket_path).replace("/var/run/retry-daemon.pid", self.pid_file)
        d = self.start("-config", self.config(text), "-port", str(self.port))
        self.assertEqual({k: self.stats(d)[k] for k in ("max_size", "max_age")}, {"max_size": 10000, "max_age": "24h0m0s"})
        self.assertEqual(self.held_pid(), d.pid)

    def test_every_key(self):
        d = self.start("-config", self.config(max_metrics=7, metrics_max_age="90m", log_level="debug", enable_profiling=False))
        d.send_run()
        self.eventually(lambda: d.count() == 1)
        self.assertEqual((self.stats(d)["max_size"], self.stats(d)["max_age"]), (7, "1h30m0s"))
        self.eventually(lambda: "stored metrics for command" in d.log())

    def test_a_bare_age_is_nanoseconds(self):
        d = self.start("-config", self.config(metrics_max_age=3_600_000_000_000))
        self.assertEqual(self.stats(d)["max_age"], "1h0m0s")

    def test_unknown_keys_and_nulls_are_ignored(self):
        d = self.start("-config", self.config(nonsense={"a": [1]}, max_metrics=None, metrics_max_age=None))
        self.assertEqual((self.stats(d)["max_size"], self.stats(d)["max_age"]), (10000, "24h0m0s"))

    def test_keys_match_in_any_case_as_gos_decoder_does(self):
        d = self.start("-config", self.config(MAX_METRICS=12))
        self.assertEqual(self.stats(d)["max_size"], 12)

    def test_max_connections_of_the_original_is_taken(self):
        self.start("-config", self.config(max_connections=5))

    def test_bad_files_name_the_file(self):
        for text in ("", "{", "[]", "17", "null x", '{"http_port": 8080,}', '{"a":1} trailing', "\x00", "{'a':1}"):
            path = self.config(text)
            err = self.fails("-config", path, *self.places())
            self.assertTrue(err.startswith("Error loading configuration: "), err)
            self.assertIn(path, err, text)

    def test_a_syntax_error_says_where(self):
        err = self.fails("-config", self.config('{\n  "http_port": 8080,\n  "max_metrics": oops\n}'), *self.places())
        self.assertRegex(err, r"3:\d+|line 3")

    def test_wrong_types_name_the_key(self):
        for key, value in (("http_port", "8080"), ("http_port", 1.5), ("max_metrics", True), ("enable_http", "true"), ("enable_http", 1),
                           ("log_level", 3), ("metrics_max_age", "soon"), ("metrics_max_age", 1.5), ("socket_path", ["x"]),
                           ("socket_mode", "9999"), ("socket_mode", "rw")):
            err = self.fails("-config", self.config(**{key: value}))
            self.assertIn(key, err, (key, value))

    def test_a_missing_file(self):
        err = self.fails("-config", self.path("none.json"), *self.places())
        self.assertIn("Error loading configuration: ", err)
        self.assertIn("none.json", err)

    def test_a_directory_as_file(self):
        self.fails("-config", self.folder, *self.places())

    def test_no_default_file_is_searched(self):
        self.config(max_metrics=5)
        os.rename(self.path("daemon.json"), self.path("patienced.json"))
        d = self.start(*self.places())
        self.assertEqual(self.stats(d)["max_size"], 10000)


class Environment(Personality):
    def test_socket_path(self):
        self.start("-port", str(self.port), "-pid-file", self.pid_file, env=self.environment(RETRY_SOCKET_PATH=self.socket_path))
        self.assertTrue(stat.S_ISSOCK(os.stat(self.socket_path).st_mode))

    def test_http_port(self):
        d = self.start("-socket", self.socket_path, "-pid-file", self.pid_file, env=self.environment(RETRY_HTTP_PORT=str(self.port)))
        self.assertEqual(d.get("/api/health").status, 200)

    def test_pid_file(self):
        d = self.start("-socket", self.socket_path, "-port", str(self.port), env=self.environment(RETRY_PID_FILE=self.pid_file))
        self.assertEqual(self.held_pid(), d.pid)

    def with_variable(self, **variables):
        return self.start(*self.places(), env=self.environment(**variables))

    def test_max_metrics(self):
        self.assertEqual(self.stats(self.with_variable(RETRY_MAX_METRICS="321"))["max_size"], 321)

    def test_metrics_max_age(self):
        self.assertEqual(self.stats(self.with_variable(RETRY_METRICS_MAX_AGE="1h30m"))["max_age"], "1h30m0s")

    def test_log_level(self):
        d = self.with_variable(RETRY_LOG_LEVEL="error")
        self.assertEqual(d.log(), "")

    def test_enable_http(self):
        d = self.start(*self.places(), env=self.environment(RETRY_ENABLE_HTTP="false"), port=0)
        self.eventually(lambda: os.path.exists(self.pid_file))
        self.assertFalse(self.connects(self.port))
        self.assertIsNone(d.process.poll())

    def test_enable_profiling(self):
        self.with_variable(RETRY_ENABLE_PROFILING="true")

    def test_the_later_prefix_counts_less(self):
        d = self.with_variable(PATIENCE_MAX_METRICS="11", RETRY_MAX_METRICS="22")
        self.assertEqual(self.stats(d)["max_size"], 22)

    def test_the_later_prefix_counts(self):
        self.assertEqual(self.stats(self.with_variable(PATIENCE_MAX_METRICS="11"))["max_size"], 11)

    def test_bad_values_name_the_variable(self):
        for name, value in (("RETRY_HTTP_PORT", "x"), ("RETRY_HTTP_PORT", "99999"), ("RETRY_MAX_METRICS", "many"), ("RETRY_METRICS_MAX_AGE", "24"),
                            ("RETRY_LOG_LEVEL", "loud"), ("RETRY_ENABLE_HTTP", "maybe"), ("RETRY_ENABLE_PROFILING", "2")):
            places = ["-socket", self.socket_path, "-pid-file", self.pid_file]
            if name != "RETRY_HTTP_PORT":
                places += ["-port", str(self.port)]
            err = self.fails(*places, env=self.environment(**{name: value}))
            self.assertIn(value, err, name)

    def test_empty_variables_are_as_unset(self):
        names = ("SOCKET_PATH", "HTTP_PORT", "MAX_METRICS", "METRICS_MAX_AGE", "LOG_LEVEL", "PID_FILE", "ENABLE_HTTP", "ENABLE_PROFILING")
        d = self.start("-config", self.config(max_metrics=77), env=self.environment(**{"RETRY_" + n: "" for n in names}))
        self.assertEqual(self.stats(d)["max_size"], 77)

    def test_unrelated_variables_do_no_harm(self):
        d = self.with_variable(RETRY_NONSENSE="x", PATIENCE_DAEMON_SOCKET="/nowhere", AUSPEX_NO_SUCH="1")
        self.assertEqual(self.stats(d)["max_size"], 10000)


class Precedence(Personality):
    def effective(self, *flags, env=None):
        return self.stats(self.start(*flags, env=self.environment(**(env or {}))))["max_size"]

    def test_file_before_default(self):
        self.assertEqual(self.effective("-config", self.config(max_metrics=5)), 5)

    def test_environment_before_file(self):
        self.assertEqual(self.effective("-config", self.config(max_metrics=5), env={"RETRY_MAX_METRICS": "6"}), 6)

    def test_flag_before_environment_and_file(self):
        self.assertEqual(self.effective("-config", self.config(max_metrics=5), "-max-metrics", "7", env={"RETRY_MAX_METRICS": "6"}), 7)

    def test_a_flag_set_to_its_default_beats_the_file(self):
        self.assertEqual(self.effective("-config", self.config(max_metrics=5), "-max-metrics", "10000"), 10000)

    def test_a_flag_set_to_its_default_beats_the_environment(self):
        self.assertEqual(self.effective(*self.places(), "-max-metrics=10000", env={"RETRY_MAX_METRICS": "6"}), 10000)

    def test_a_boolean_flag_set_to_its_default_beats_the_file(self):
        d = self.start("-config", self.config(enable_http=False), "-enable-http=true")
        self.assertEqual(d.get("/api/health").status, 200)

    def test_places_of_flags_beat_the_file(self):
        port = free_port()
        d = self.start("-config", self.config(), "-port", str(port), "-socket", self.path("other"), port=port, socket_path=self.path("other"))
        self.assertEqual(d.get("/api/health").status, 200)
        self.assertFalse(os.path.exists(self.socket_path))

    def test_the_last_of_two_equal_flags_counts(self):
        self.assertEqual(self.effective(*self.places(), "-max-metrics", "3", "-max-metrics", "4"), 4)

    def test_numbers_in_gos_notation(self):
        self.assertEqual(self.effective(*self.places(), "-max-metrics", "0x1_0"), 16)


class Meaning(Personality):
    def test_max_metrics_holds_at_once(self):
        d = self.patienced("-max-metrics", "5")
        for i in range(12):
            d.send_run(run("n%d" % i))
        self.eventually(lambda: [m["metrics"]["command"] for m in d.json("/api/metrics/recent?limit=100")["metrics"]] ==
                        ["n%d" % i for i in range(7, 12)])
        self.assertEqual(d.count(), 5)

    def test_max_metrics_zero_holds_nothing(self):
        d = self.patienced("-max-metrics", "0")
        d.send_run()
        self.assertEqual(self.stats(d)["max_size"], 0)
        self.assertEqual(d.json("/api/metrics/recent"), {"count": 0, "metrics": []})

    def test_max_age_holds_without_traffic(self):
        d = self.patienced("-max-age", "1s")
        d.send_run()
        self.eventually(lambda: d.count() == 1)
        self.eventually(lambda: d.json("/api/metrics/recent")["count"] == 0)
        self.assertEqual(d.json("/api/metrics/stats")["total_runs"], 0)
        self.assertEqual(d.json("/api/metrics/export"), [])

    def test_without_http_the_socket_still_takes_runs(self):
        d = self.start(*self.places(), "-enable-http=false", "-log-level", "debug", port=0)
        self.eventually(lambda: os.path.exists(self.pid_file))
        d.send_run()
        self.eventually(lambda: "stored metrics for command" in d.log())
        self.assertFalse(self.connects(self.port))

    def test_without_http_a_port_out_of_range_does_not_matter(self):
        self.start("-socket", self.socket_path, "-pid-file", self.pid_file, "-enable-http=false", "-port", "99999", port=0)
        self.eventually(lambda: os.path.exists(self.pid_file))

    def test_the_socket_is_private(self):
        self.patienced()
        self.assertEqual(stat.S_IMODE(os.stat(self.socket_path).st_mode), 0o600)

    def test_the_socket_is_private_whatever_the_umask(self):
        d = self.patienced(preexec=lambda: os.umask(0))
        self.assertEqual(stat.S_IMODE(os.stat(self.socket_path).st_mode), 0o600)
        self.assertIsNone(d.process.poll())

    def test_socket_mode_of_the_file(self):
        self.start("-config", self.config(socket_mode="0666"))
        self.assertEqual(stat.S_IMODE(os.stat(self.socket_path).st_mode), 0o666)

    def test_bind_address_of_the_file(self):
        d = self.start("-config", self.config(bind_address="127.0.0.1"))
        with self.assertRaises(OSError):
            c = http.client.HTTPConnection("::1", self.port, timeout=2)
            c.request("GET", "/api/health")
        self.assertEqual(d.get("/api/health").status, 200)

    def test_all_interfaces_by_default(self):
        self.patienced()
        c = http.client.HTTPConnection("::1", self.port, timeout=2)
        c.request("GET", "/api/health")
        self.assertEqual(c.getresponse().status, 200)
        c.close()

    def test_aliases_of_the_file(self):
        d = self.start("-config", self.config(socket_aliases=[self.path("a"), self.path("b")]))
        for name in ("s", "a", "b"):
            d.send_run(path=self.path(name))
        self.eventually(lambda: d.count() == 3)
        d.stop()
        self.assertFalse(os.path.exists(self.path("a")))

    def test_an_alias_that_cannot_be_bound_is_a_warning(self):
        d = self.start("-config", self.config(socket_aliases=[self.path("none/a")]))
        self.assertIn("WARN", [line["level"] for line in d.log_lines()])
        d.send_run()
        self.eventually(lambda: d.count() == 1)

    def test_a_key_of_the_file_guards_writes(self):
        d = self.start("-config", self.config(api_key="a-long-secret"))
        self.assertEqual(d.post("/api/push", {"runs": []}).status, 401)
        self.assertEqual(d.post("/api/push", {"runs": []}, headers={"X-API-Key": "a-long-secret"}).status, 200)
        self.assertEqual(d.get("/api/metrics/recent").status, 200, "reads stay open for keyless clients")


if __name__ == "__main__":
    main()
