"""The guide, typed as it is printed: only port and paths are replaced."""
import datetime
import json
import os
import pathlib
import re
import shutil
import stat
import subprocess
import unittest

from harness import CAPTURED_RUN, main, run
from personality import SANITIZED, Personality

CURL = shutil.which("curl")
GNU_DATE = subprocess.run(["date", "-u", "-d", "1 hour ago"], capture_output=True).returncode == 0


class Guide(Personality):
    def sh(self, script):
        """A script of the guide; the port is replaced."""
        script = script.replace("localhost:8080", "localhost:%d" % self.port).replace("/tmp/retry-daemon.sock", self.socket_path)
        p = subprocess.run(["bash", "-c", script], capture_output=True, text=True, cwd=self.folder, timeout=30, env=self.environment())
        self.assertEqual(p.returncode, 0, p.stderr)
        return p.stdout


@unittest.skipUnless(CURL, "curl is not installed")
class Curl(Guide):
    def setUp(self):
        super().setUp()
        self.d = self.patienced()
        self.d.send_run(CAPTURED_RUN)
        self.d.send_run(run("make test", "failed", attempts=3))
        self.eventually(lambda: self.d.count() == 2)

    def test_recent_metrics(self):
        out = json.loads(self.sh("curl -s http://localhost:8080/api/metrics/recent?limit=10"))
        self.assertEqual(out["count"], 2)
        self.assertEqual([m["metrics"]["command"] for m in out["metrics"]], ["true", "make test"])

    @unittest.skipUnless(GNU_DATE, "this date has no -d")
    def test_statistics_of_the_last_hour(self):
        out = json.loads(self.sh("""
# Get statistics for last hour
START=$(date -u -d '1 hour ago' +%Y-%m-%dT%H:%M:%SZ)
END=$(date -u -d '5 seconds' +%Y-%m-%dT%H:%M:%SZ)
curl -s "http://localhost:8080/api/metrics/stats?start=$START&end=$END"
"""))
        self.assertEqual((out["total_runs"], out["successful_runs"], out["failed_runs"], out["success_rate"]), (2, 1, 1, 0.5))
        self.assertEqual(out["average_attempts"], 2)

    @unittest.skipUnless(GNU_DATE, "this date has no -d")
    def test_statistics_as_printed_end_before_this_second(self):
        out = json.loads(self.sh("""
START=$(date -u -d '1 hour ago' +%Y-%m-%dT%H:%M:%SZ)
END=$(date -u +%Y-%m-%dT%H:%M:%SZ)
echo "{\\"start\\":\\"$START\\",\\"end\\":\\"$END\\",\\"stats\\":"
curl -s "http://localhost:8080/api/metrics/stats?start=$START&end=$END"
echo "}"
"""))
        self.assertEqual(out["stats"]["time_range"], {"start": out["start"], "end": out["end"]})

    def test_export(self):
        self.sh("curl -s http://localhost:8080/api/metrics/export -o metrics.json")
        text = pathlib.Path(self.path("metrics.json")).read_text()
        self.assertEqual([m["metrics"]["command"] for m in json.loads(text)], ["true", "make test"])
        self.assertTrue(text.startswith('[\n  {\n    "timestamp": "'), "indented by two")
        self.assertFalse(text.endswith("\n"))

    def test_export_under_the_name_the_daemon_gives(self):
        self.sh("curl -sOJ http://localhost:8080/api/metrics/export")
        name = "retry-metrics-%s.json" % datetime.date.today().isoformat()
        self.assertEqual(len(json.loads(pathlib.Path(self.path(name)).read_text())), 2)

    def test_health(self):
        text = self.sh("curl -s http://localhost:8080/api/health")
        self.assertRegex(text, r'^\{"status":"healthy","timestamp":\d+,"version":"1\.0\.0"\}\n$')

    def test_performance(self):
        out = json.loads(self.sh("curl -s http://localhost:8080/api/daemon/performance"))
        self.assertEqual(sorted(out), ["gc", "memory", "runtime"])
        for group, keys in (
            ("memory", "alloc_bytes total_alloc_bytes sys_bytes heap_alloc_bytes heap_sys_bytes heap_idle_bytes heap_inuse_bytes "
                       "heap_released_bytes heap_objects stack_inuse_bytes stack_sys_bytes"),
            ("gc", "num_gc num_forced_gc gc_cpu_fraction last_gc_time pause_total_ns last_pause_ns"),
            ("runtime", "goroutines gomaxprocs num_cpu go_version compiler arch os"),
        ):
            for key in keys.split():
                self.assertIn(key, out[group])
                if group != "runtime" and key != "last_gc_time":
                    self.assertGreaterEqual(out[group][key], 0, key)
        self.assertGreater(out["memory"]["rss_bytes"], 0)
        self.assertTrue(SANITIZED or out["memory"]["alloc_bytes"] > 0)
        self.assertGreater(out["runtime"]["goroutines"], 0)

    def test_head_and_verbose(self):
        out = self.sh("curl -sI http://localhost:8080/api/health")
        self.assertIn("HTTP/1.1 200", out)
        self.assertRegex(out, r"(?i)content-type: application/json\n")

    def test_the_dashboard(self):
        out = self.sh("curl -s http://localhost:8080")
        self.assertTrue(out.startswith("<!DOCTYPE html>"))
        for name in sorted(set(re.findall(r'"(/assets/[^"]+\.js)"', out))): # the page and its scripts
            out += self.sh("curl -s http://localhost:8080" + name)
        for text in ("<!DOCTYPE html>", "Retry Daemon Dashboard", "Real-time monitoring of retry operations"):
            self.assertIn(text, out)

    def test_over_ipv6(self):
        self.assertIn("healthy", self.sh("curl -s -g http://[::1]:%d/api/health" % self.port))


class Endpoints(Guide):
    """What the list of endpoints promises, byte for byte where clients grep."""

    def test_empty_answers(self):
        d = self.patienced()
        self.assertEqual(d.get("/api/metrics/recent").text, '{"count":0,"metrics":[]}\n')
        self.assertEqual(json.loads(d.get("/api/metrics/export").text), [])
        stats = d.json("/api/metrics/stats")
        self.assertEqual((stats["total_runs"], stats["success_rate"], stats["top_commands"], stats["hourly_breakdown"]), (0, 0, [], []))

    def test_daemon_stats(self):
        d = self.patienced()
        self.assertRegex(d.get("/api/daemon/stats").text,
                         r'^\{"last_cleanup":"\d{4}-\d\d-\d\dT[0-9:.]+Z","max_age":"24h0m0s","max_size":10000,"total_metrics":0\}\n$')

    def test_every_answer_is_json(self):
        d = self.patienced()
        for path in ("metrics/recent", "metrics/stats", "metrics/export", "daemon/stats", "daemon/performance", "health"):
            self.assertEqual(d.get("/api/" + path).headers["content-type"], "application/json", path)

    def test_no_cors_header_is_given(self):
        d = self.patienced()
        a = d.get("/api/metrics/recent", headers={"Origin": "http://evil.example"})
        self.assertEqual([h for h in a.headers if h.startswith("access-control")], [])

    def test_other_methods(self):
        d = self.patienced()
        for path in ("metrics/recent", "metrics/stats", "metrics/export", "daemon/stats", "daemon/performance", "health"):
            for method in ("POST", "PUT", "DELETE", "PATCH"):
                a = d.request(method, "/api/" + path)
                self.assertEqual((a.status, a.text), (405, "Method not allowed\n"), (method, path))
                self.assertEqual(a.headers["content-type"], "text/plain; charset=utf-8")
                self.assertEqual(a.headers["x-content-type-options"], "nosniff")
                self.assertIn("GET", a.headers["allow"])

    def test_unknown_paths(self):
        d = self.patienced()
        for path in ("/nosuch", "/api", "/api/", "/api/health/", "/api/metrics", "/debug/pprof/", "/index.html"):
            a = d.get(path)
            self.assertEqual((a.status, a.text), (404, "404 page not found\n"), path)
            self.assertEqual(a.headers["content-type"], "text/plain; charset=utf-8")
            self.assertEqual(a.headers["x-content-type-options"], "nosniff")

    def test_unclean_paths_are_redirected(self):
        a = self.patienced().get("//api/health")
        self.assertEqual((a.status, a.headers["location"]), (301, "/api/health"))

    def test_any_host_name_is_served(self):
        a = self.patienced().get("/api/health", headers={"Host": "monitoring.example:8080"})
        self.assertEqual(a.status, 200)

    def test_odd_limits(self):
        d = self.patienced()
        for i in range(15):
            d.send_run(run("n%d" % i))
        self.eventually(lambda: d.count() == 15)
        for limit, n in (("3", 3), ("0", 10), ("-1", 10), ("abc", 10), ("", 10), ("1e9", 10), ("15", 15), ("1000000000", 15), ("1.5", 10),
                         ("99999999999999999999", 10)):
            self.assertEqual(d.json("/api/metrics/recent?limit=" + limit)["count"], n, limit)
        self.assertEqual([m["metrics"]["command"] for m in d.json("/api/metrics/recent?limit=2")["metrics"]], ["n13", "n14"])

    def test_odd_ranges(self):
        d = self.patienced()
        d.send_run()
        self.eventually(lambda: d.count() == 1)
        now = datetime.datetime.now(datetime.timezone.utc)
        past, future = ((now + datetime.timedelta(hours=h)).strftime("%Y-%m-%dT%H:%M:%SZ") for h in (-1, 1))
        for query, n in (("start=%s&end=%s" % (past, future), 1), ("start=%s&end=%s" % (future, past), 0), ("start=%s" % future, 0),
                         ("end=%s" % past, 0), ("start=garbage&end=garbage", 1), ("start=&end=", 1), ("start=2001-01-01T00:00:00Z", 1),
                         ("start=0001-01-01T00:00:00Z&end=9999-12-31T23:59:59Z", 1)):
            self.assertEqual(d.json("/api/metrics/stats?" + query)["total_runs"], n, query)

    def test_the_offset_of_a_given_time_is_kept(self):
        d = self.patienced()
        got = d.json("/api/metrics/stats?start=2024-05-06T07:08:09.25%2B02:00")["time_range"]["start"]
        self.assertEqual(got, "2024-05-06T07:08:09.25+02:00")

    def test_a_raw_plus_is_a_space_and_falls_back(self):
        d = self.patienced()
        got = d.json("/api/metrics/stats?start=2024-05-06T07:08:09+02:00")["time_range"]["start"]
        self.assertNotIn("2024", got)

    def test_the_four_records_of_the_reference(self):
        d = self.patienced()
        for command, status, attempts in (("echo test", "succeeded", 1), ("echo test", "succeeded", 2), ("echo test", "failed", 3),
                                          ("ls", "succeeded", 1)):
            d.send_run(run(command, status, 1.5, attempts))
        self.eventually(lambda: d.count() == 4)
        s = d.json("/api/metrics/stats")
        self.assertEqual((s["success_rate"], s["average_attempts"], s["average_duration"]), (0.75, 1.75, 1_500_000_000))
        self.assertEqual((s["top_commands"][0]["command"], s["top_commands"][0]["count"]), ("echo test", 3))
        self.assertEqual(sum(h["total_runs"] for h in s["hourly_breakdown"]), 4)
        for h in s["hourly_breakdown"]:
            self.assertRegex(h["hour"], r"^\d{4}-\d\d-\d\dT\d\d:00:00Z$")


class Shell(Guide):
    def test_socket_as_ls_shows_it(self):
        self.patienced()
        self.assertTrue(self.sh("ls -la /tmp/retry-daemon.sock").startswith("srw-------"))

    def test_chmod_666_lets_others_in(self):
        d = self.patienced()
        self.sh("chmod 666 /tmp/retry-daemon.sock")
        self.assertEqual(stat.S_IMODE(os.stat(self.socket_path).st_mode), 0o666)
        if os.getuid() == 0 and shutil.which("setpriv"):
            os.chmod(self.folder, 0o755)
            sender = ("import socket;s=socket.socket(socket.AF_UNIX);s.connect(%r);s.send(b'{\"command\":\"x\",\"final_status\":\"failed\"}')"
                      % self.socket_path)
            subprocess.run(["setpriv", "--reuid=65534", "--clear-groups", "/usr/bin/python3", "-c", sender], check=True)
        else:
            d.send_run()
        self.eventually(lambda: d.count() == 1)

    def test_every_flag_of_the_guide_together(self):
        config = self.config()
        d = self.start("-config", config, "-daemon=false", "-enable-http", "-enable-profiling", "-log-level", "warn", "-max-age", "12h",
                       "-max-metrics", "5000", "-pid-file", self.pid_file, "-port", str(self.port), "-socket", self.socket_path,
                       "-status=false", "-stop=false", "-version=false")
        self.assertEqual((self.stats(d)["max_size"], self.stats(d)["max_age"]), (5000, "12h0m0s"))

    def test_every_flag_with_equals_and_two_dashes(self):
        d = self.start("--config=" + self.config(), "--enable-http=1", "--log-level=debug", "--max-age=12h", "--max-metrics=5000",
                       "--port=%d" % self.port, "--socket=" + self.socket_path, "--pid-file=" + self.pid_file)
        self.assertEqual(self.stats(d)["max_size"], 5000)

    def test_different_port(self):
        self.assertEqual(self.start(*self.places()).get("/api/health").status, 200)

    def test_log_content(self):
        d = self.patienced("-log-level", "debug")
        d.send_run(run("logged command"))
        d.send_run(b"garbage")
        d.get("/api/health")
        self.eventually(lambda: d.count() == 1 and "error parsing metrics" in d.log())
        d.stop()
        said = {line["msg"]: line for line in d.log_lines()}
        for message in ("starting retry daemon", "starting HTTP server", "daemon started successfully", "stored metrics for command",
                        "error parsing metrics", "received signal, shutting down"):
            self.assertIn(message, said)
        self.assertEqual(said["stored metrics for command"]["command"], "logged command")
        self.assertEqual(said["error parsing metrics"]["data_length"], 7)
        self.assertTrue([line for line in d.log_lines() if "/api/health" in json.dumps(line)], "HTTP requests are logged")

    def test_commands_stay_out_of_the_log_above_debug(self):
        d = self.patienced()
        d.send_run(run("very secret command"))
        self.eventually(lambda: d.count() == 1)
        d.stop()
        self.assertNotIn("very secret", d.log())

    @unittest.skipIf(SANITIZED, "a sanitizer build is no measure")
    def test_memory_stays_small(self):
        d = self.patienced()
        rss, dirty = d.memory()
        self.assertLess(rss, 8e6)
        self.assertLess(dirty, 5e6)


if __name__ == "__main__":
    main()
