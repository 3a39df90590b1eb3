"""The native program from the shell: its words, configuration, start, stop and status."""
import json
import os
import pathlib
import pty
import re
import shutil
import signal
import subprocess

from harness import AUSPEX, main
from native import Native

COMMANDS = ["run", "start", "stop", "restart", "reload", "status", "config", "push", "query", "detect", "backup", "doctor", "version"]


class Words(Native):
    def test_help_names_every_command(self):
        for words in (["--help"], ["-h"], ["help"]):
            status, out, err = self.auspex(*words)
            self.assertEqual((status, err), (0, ""))
            for name in COMMANDS:
                self.assertRegex(out, r"(?m)^  %s " % name)
            self.assertIn("patienced", out)

    def test_no_command_is_told(self):
        status, out, err = self.auspex()
        self.assertEqual((status, out), (2, ""))
        self.assertIn("Usage: auspex", err)

    def test_help_of_every_command(self):
        for name in COMMANDS:
            status, out, err = self.auspex(name, "--help")
            self.assertEqual((status, err), (0, ""), name)
            self.assertTrue(out.startswith("Usage: auspex " + name), name)

    def test_every_line_of_the_commands_help_fits_a_terminal(self):
        for line in self.auspex("run", "--help")[1].splitlines():
            self.assertLessEqual(len(line), 120, line)

    def test_version(self):
        for words in (["version"], ["--version"]):
            self.assertEqual(self.auspex(*words), (0, "auspex 1.0.0\n", ""))

    def test_a_mistyped_command(self):
        status, _, err = self.auspex("statsu")
        self.assertEqual(status, 2)
        self.assertIn("did you mean status?", err)

    def test_a_mistyped_flag(self):
        status, _, err = self.auspex("run", "--prot", "9")
        self.assertEqual(status, 1)
        self.assertIn("did you mean --port?", err)

    def test_a_stray_word(self):
        status, _, err = self.auspex("run", "now")
        self.assertEqual(status, 1)
        self.assertIn("now", err)

    def test_a_flag_without_its_argument(self):
        status, _, err = self.auspex("run", "--port")
        self.assertEqual(status, 1)
        self.assertIn("--port", err)


class Config(Native):
    def show(self, *words, **env):
        status, out, err = self.auspex("config", "show", "--json", *words, env=self.environment(**env))
        self.assertEqual(status, 0, err)
        return json.loads(out)

    def test_default_output_loads_back_as_the_defaults(self):
        path = self.yaml(self.auspex("config", "default")[1])
        self.assertEqual(self.show("--config", path), self.show())

    def test_default_output_with_every_option_in_force_loads_back(self):
        text = re.sub(r"(?m)^(\s*)#(\w+:)", r"\1\2", self.auspex("config", "default")[1])
        path = self.yaml(text)
        status, out, err = self.auspex("config", "check", "--config", path)
        self.assertEqual(status, 0, err)

    def test_shown_yaml_loads_back(self):
        path = self.yaml(self.auspex("config", "show", "--port", "18080")[1])
        self.assertEqual(self.show("--config", path)["port"], 18080)

    def test_check_of_nothing(self):
        status, out, _ = self.auspex("config", "check")
        self.assertEqual(status, 0)
        self.assertIn("no configuration file", out)

    def test_check_of_a_good_file(self):
        path = self.yaml("port: 18080\nretry:\n  max_runs: 5\n")
        self.assertEqual(self.auspex("config", "check", "--config", path), (0, path + ": good\n", ""))

    def bad(self, text):
        path = self.yaml(text)
        status, out, err = self.auspex("config", "check", "--config", path)
        self.assertEqual((status, out), (1, ""), text)
        return err

    def test_an_unknown_key_names_place_and_nearest_key(self):
        err = self.bad("port: 18080\nretry:\n  max_rnus: 5\n")
        self.assertIn("auspex.yml:3:3", err)
        self.assertIn("max_runs", err)

    def test_bad_values_name_place_and_cure(self):
        for text, place, told in (
            ("port: many\n", "auspex.yml:1:7", "port"),
            ("port: 99999\n", "auspex.yml:1:7", "65535"),
            ("log_level: loud\n", "auspex.yml:1:12", "debug"),
            ("retry:\n  max_age: soon\n", "auspex.yml:2:12", "max_age"),
            ("retry:\n  max_runs: -1\n", "auspex.yml:2:13", "max_runs"),
            ("guard_reads: maybe\n", "auspex.yml:1:14", "guard_reads"),
            ("socket_mode: 0999\n", "auspex.yml:1:14", "socket_mode"),
            ("history: 5\n", "auspex.yml:1:10", "history"),
            ("- a\n", "auspex.yml:1:1", ""),
        ):
            err = self.bad(text)
            self.assertIn(place, err, text)
            self.assertIn(told, err, text)

    def test_check_finds_what_a_start_would_refuse(self):
        for text, told in (("api_keys: [short]\n", "8"), ("socket: /tmp/%s\n" % ("x" * 120), "107"), ('listen: ["0.0.0.0:8081"]\n', "api_keys"),
                           ('listen: ["0.0.0.0:8081"]\napi_key_files: [%s]\n' % self.path("none"), "key")):
            self.assertIn(told, self.bad(text), text)

    def test_broken_yaml_names_the_place(self):
        for text in ("port: [1\n", "a: b: c\n", "\tport: 1\n", "port: 1\nport: 2\n", 'x: "open\n', "&a [*a]\n", "%YAML 9\n"):
            self.assertRegex(self.bad(text), r"auspex\.yml:\d+:\d+", text)

    def test_environment(self):
        got = self.show(AUSPEX_PORT="18080", AUSPEX_RETRY_MAX_RUNS="7", AUSPEX_HISTORY_DURABILITY="power")
        self.assertEqual((got["port"], got["retry"]["max_runs"], got["history"]["durability"]), (18080, 7, "power"))

    def test_flag_before_environment_before_file(self):
        path = self.yaml("port: 1001\nretry:\n  max_runs: 1\n")
        self.assertEqual(self.show("--config", path)["port"], 1001)
        self.assertEqual(self.show("--config", path, AUSPEX_PORT="1002")["port"], 1002)
        self.assertEqual(self.show("--config", path, "--port", "1003", AUSPEX_PORT="1002")["port"], 1003)
        self.assertEqual(self.show("--config", path, "--port=8080", AUSPEX_PORT="1002")["port"], 8080)

    def test_files_that_are_found_by_themselves(self):
        folder = pathlib.Path(self.path(".config/auspex"))
        folder.mkdir(parents=True)
        (folder / "auspex.yml").write_text("port: 1004\n")
        self.assertEqual(self.show()["port"], 1004)
        self.assertEqual(self.show(AUSPEX_CONFIG=self.yaml("port: 1005\n"))["port"], 1005)

    def test_a_named_file_must_exist(self):
        status, _, err = self.auspex("config", "check", "--config", self.path("none.yml"))
        self.assertEqual(status, 1)
        self.assertIn("none.yml", err)

    def test_a_mistyped_variable_is_told(self):
        status, _, err = self.auspex("config", "check", env=self.environment(AUSPEX_PROT="1"))
        self.assertEqual(status, 1)
        self.assertIn("AUSPEX_PORT", err)

    def test_secrets_are_not_shown(self):
        for words in ([], ["--json"]):
            _, out, _ = self.auspex("config", "show", *words, env=self.environment(AUSPEX_API_KEYS="very-secret-key"))
            self.assertNotIn("very-secret", out)

    def test_say_what(self):
        for words in ([], ["shwo"]):
            self.assertEqual(self.auspex("config", *words)[0], 2)


class Life(Native):
    def setUp(self):
        super().setUp()
        self.env = self.home_environment()
        self.addCleanup(self.end)

    def end(self):
        try:
            os.kill(int(pathlib.Path(self.path("state/auspex/auspex.pid")).read_text()), signal.SIGKILL)
        except (OSError, ValueError):
            pass

    def do(self, *words, code=0):
        status, out, err = self.auspex(*words, env=self.env)
        self.assertEqual(status, code, err + out)
        return out + err

    def test_start_status_stop(self):
        self.assertIn("not running", self.do("status", code=3))
        self.do("start")
        out = self.do("status")
        self.assertIn("is running with PID", out)
        self.assertIn("State:   ok", out)
        self.assertIn("stopped", self.do("stop"))
        self.assertIn("not running", self.do("status", code=3))
        self.assertIn("not running", self.do("stop"))

    def test_status_as_json(self):
        self.assertEqual(json.loads(self.do("status", "--json", code=3)), {"running": False, "pid": 0, "health": None})
        self.do("start")
        got = json.loads(self.do("status", "--json"))
        self.assertEqual((got["running"], got["health"]["status"], got["health"]["detail"]["state"]), (True, "healthy", "ok"))
        self.assertEqual(got["pid"], int(pathlib.Path(self.path("state/auspex/auspex.pid")).read_text()))

    def test_a_second_start(self):
        self.do("start")
        self.assertIn("already running", self.do("start", code=1))
        self.do("status")

    def test_restart_gives_another_process_and_keeps_the_history(self):
        self.do("start")
        self.do("push", "--run", "make test")
        before = json.loads(self.do("status", "--json"))["pid"]
        self.do("restart")
        self.assertNotEqual(json.loads(self.do("status", "--json"))["pid"], before)
        self.assertIn("make test", self.do("query", "runs"))

    def test_restart_starts_what_does_not_run(self):
        self.do("restart")
        self.do("status")

    def test_reload(self):
        self.assertIn("not running", self.do("reload", code=3))
        self.env["AUSPEX_CONFIG"] = self.yaml("log_level: info\n")
        self.do("start")
        self.yaml("log_level: debug\n")
        self.assertIn("reload", self.do("reload"))
        self.eventually(lambda: "Configuration reloaded" in self.do("query", "events"))

    def test_status_tells_what_waits_for_a_restart_until_the_change_is_taken_back(self):
        self.env["AUSPEX_CONFIG"] = self.yaml("series_cap: 500\n")
        self.do("start")
        self.yaml("series_cap: 600\n")
        self.do("reload")
        self.eventually(lambda: "only a restart applies it: series_cap" in self.do("status"))
        self.yaml("series_cap: 500\n")
        self.do("reload")
        self.eventually(lambda: "State:   ok" in self.do("status"))

    def test_reload_of_a_bad_file_is_told_before_the_daemon_sees_it(self):
        self.env["AUSPEX_CONFIG"] = self.yaml("log_level: info\n")
        self.do("start")
        self.yaml("log_level: loud\n")
        self.assertIn("auspex.yml:1:12", self.do("reload", code=1))
        del self.env["AUSPEX_CONFIG"]
        self.assertIn("State:   ok", self.do("status"))

    def test_restart_with_a_bad_file_leaves_the_running_one_alone(self):
        self.do("start")
        before = json.loads(self.do("status", "--json"))["pid"]
        for bad in ("log_level: loud\n", "api_keys: [short]\n", "socket: /tmp/%s\n" % ("x" * 120)):
            self.do("restart", "--config", self.yaml(bad), code=1)
        self.assertEqual(json.loads(self.do("status", "--json"))["pid"], before)

    def test_the_callers_pipes_are_closed(self):
        p = subprocess.run([AUSPEX, "start"], capture_output=True, text=True, timeout=20, env=self.env)
        self.assertEqual(p.returncode, 0, p.stderr)

    def test_the_log_of_the_background_is_kept_and_can_be_rotated(self):
        self.do("start")
        log, moved = self.path("state/auspex/auspex.log"), self.path("moved")
        self.assertIn("daemon started successfully", pathlib.Path(log).read_text())
        os.rename(log, moved)
        self.do("reload")
        self.eventually(lambda: os.path.exists(log) and "reloaded" in pathlib.Path(log).read_text())
        self.do("stop")
        self.assertIn("shutting down", pathlib.Path(log).read_text())
        self.assertNotIn("reloaded", pathlib.Path(moved).read_text())


class Terminal(Native):
    def test_the_greeting_tells_where_the_page_is_and_its_examples_work(self):
        """What a newcomer sees, and what happens when every line of it is typed."""
        env = self.home_environment()
        ours, theirs = pty.openpty()
        p = subprocess.Popen([AUSPEX, "run"], stdin=theirs, stdout=theirs, stderr=theirs, env=env)
        os.close(theirs)
        self.addCleanup(os.close, ours)
        self.addCleanup(p.wait)
        self.addCleanup(p.kill)
        text = ""
        while "Ctrl-C" not in text:
            text += os.read(ours, 65536).decode()
        text = text.replace("\r\n", "\n")
        self.assertIn("http://127.0.0.1:%s/\n" % env["AUSPEX_PORT"], text)
        self.assertNotIn('{"time"', text, "plain lines on a terminal")
        for word in ("Try:", "Or:"):
            line = next(l for l in text.splitlines() if l.strip().startswith(word)).strip()[len(word):].strip()
            if word == "Or:" and not shutil.which("nc"):
                continue
            done = subprocess.run(["sh", "-c", line], capture_output=True, text=True, env=env, timeout=10)
            self.assertEqual(done.returncode, 0, line + done.stderr)
        self.eventually(lambda: "make test" in self.auspex("query", "runs", env=env)[1])
        if shutil.which("nc"):
            self.eventually(lambda: "true" in self.auspex("query", "runs", env=env)[1])
        os.write(ours, b"\x03")
        os.kill(p.pid, signal.SIGINT)
        self.assertEqual(p.wait(10), 0)


class Query(Native):
    def test_a_series_without_samples_is_told(self):
        self.native()
        status, out, err = self.auspex("query", "no.such", env=self.home_environment())
        self.assertEqual((status, out), (0, ""))
        self.assertIn("no.such has no samples", err)


class WhichDaemon(Native):
    """push, query and backup find the daemon by the same options as run does."""

    def test_by_configuration_file_or_flags(self):
        d = self.native()
        state = self.path("state/auspex")
        config = self.yaml("state_dir: %s\nport: %d\naliases: []\n" % (state, d.port), "named.yml")
        env = self.environment(XDG_STATE_HOME=self.path("elsewhere"))
        for where in (["--config", config], ["--state-dir", state, "--port", str(d.port)]):
            self.assertEqual(self.auspex("push", "--run", "make it", *where, env=env)[0], 0)
            self.assertIn("make it", self.auspex("query", "runs", *where, env=env)[1])
            to = self.path("copy.db")
            self.assertEqual(self.auspex("backup", *where, to, env=env)[0], 0)
            self.assertTrue(os.path.exists(to))
            os.unlink(to)


if __name__ == "__main__":
    main()
