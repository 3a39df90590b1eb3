"""The kode-kronical-daemon personality from the command line: commands, texts, files, exit codes."""
import contextlib
import json
import os
import pathlib
import re
import signal
import socket
import stat
import subprocess
import time
import unittest

from harness import AUSPEX, main
from kode import FILES, NAME, Kode


class Life(Kode):
    def test_from_start_to_stop(self):
        self.assertEqual(self.call("status")[:2], (3, "Daemon not running\n"))
        out = self.good("start")
        pid = self.pid()
        self.assertEqual(out, "Starting kode-kronical-daemon...\nDaemon started with PID %d\n" % pid)
        status, out, err = self.call("status")
        self.assertEqual((status, err), (0, ""))
        self.assertRegex(out, r"^Daemon running with PID %d\n  CPU: \d+\.\d%%\n  Memory: \d+\.\d MB\n  Uptime: 0:00:\d\d\.\d{6}\n$" % pid)
        self.assertEqual(self.good("start"), "Daemon already running with PID %d\n" % pid)
        self.assertEqual(self.good("stop"), "Stopping daemon with PID %d...\nDaemon stopped\n" % pid)
        self.assertTrue(self.gone(pid))
        self.assertFalse(os.path.exists(self.pid_file))
        self.assertEqual(self.good("stop"), "Daemon not running\n")
        self.assertEqual(self.call("status")[0], 3)

    def test_restart(self):
        first = self.start()
        out = self.good("restart")
        self.assertNotEqual(self.pid(), first)
        self.assertTrue(self.gone(first))
        self.assertIn("Daemon started with PID %d\n" % self.pid(), out)
        self.good("stop")
        self.assertIn("Daemon not running\n", self.good("restart")) # and it runs all the same
        self.assertEqual(self.call("status")[0], 0)

    def test_a_restart_that_would_fail_leaves_the_old_one(self):
        config = self.config("daemon: {sample_interval: 1}\n")
        pid = self.start("-c", config)
        self.config("daemon: {sample_interval: nothing}\n")
        status, _, err = self.call("-c", config, "restart")
        self.assertEqual(status, 1)
        self.assertIn("sample_interval", err)
        self.assertFalse(self.gone(pid))
        # A file that went bad later keeps nobody from stopping what runs.
        self.assertEqual(self.call("-c", config, "status")[0], 0)
        self.good("-c", config, "stop")
        self.assertTrue(self.gone(pid))

    def test_restart_keeps_the_foreground(self):
        self.start()
        p = self.foreground("restart", "--foreground")
        self.eventually(lambda: os.path.exists(self.pid_file) and self.pid() == p.pid)
        p.terminate()
        self.assertEqual(p.wait(20), 0)

    def test_the_pid_file_is_the_number_and_nothing_else(self):
        pid = self.start()
        self.assertEqual(pathlib.Path(self.pid_file).read_bytes(), b"%d" % pid)
        self.assertEqual(stat.S_IMODE(os.stat(self.pid_file).st_mode), 0o644)

    def test_in_the_foreground(self):
        for number in (signal.SIGTERM, signal.SIGINT):
            p = self.foreground("start", "--foreground", "--debug")
            self.eventually(lambda: os.path.exists(self.pid_file))
            self.assertEqual(self.pid(), p.pid)
            self.assertEqual(self.call("status")[0], 0)
            p.send_signal(number)
            self.assertEqual(p.wait(20), 0)
            self.assertFalse(os.path.exists(self.pid_file))
            self.assertIn("Received signal %d, shutting down..." % number, self.log())
            # Who looks at the terminal or the journal sees the same.
            self.assertIn("Received signal %d, shutting down..." % number, self.output())

    def test_no_daemon_is_the_same(self):
        p = self.foreground("--no-daemon", "start")
        self.eventually(lambda: os.path.exists(self.pid_file))
        self.assertEqual(self.pid(), p.pid)

    def test_log_lines(self):
        pid = self.start()
        self.wait_for_samples()
        self.good("stop")
        lines = self.log().splitlines()
        for line in lines:
            self.assertRegex(line, r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3} - kode-kronical-daemon - (DEBUG|INFO|WARNING|ERROR) - .")
        texts = [line.split(" - ", 3)[3] for line in lines]
        self.assertEqual(texts[0], "Daemon started with PID %d" % pid)
        self.assertIn("Received signal 15, shutting down...", texts)
        self.assertEqual(texts[-1], "Daemon stopped")

    def test_no_port_is_opened_and_taken_ones_do_not_matter(self):
        with contextlib.ExitStack() as taken:
            for port in (8080, 8000):
                s = taken.enter_context(socket.socket())
                s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                with contextlib.suppress(OSError): # another program has it: as good
                    s.bind(("127.0.0.1", port))
                    s.listen()
            pid = self.start()
            sockets = [os.readlink("/proc/%d/fd/%s" % (pid, fd)) for fd in os.listdir("/proc/%d/fd" % pid)]
            inodes = {s[8:-1] for s in sockets if s.startswith("socket:[")}
            for table in ("tcp", "tcp6", "udp", "udp6", "unix"):
                lines = pathlib.Path("/proc/net/" + table).read_text().splitlines()[1:]
                column = 6 if table == "unix" else 9
                for line in lines:
                    words = line.split()
                    self.assertFalse(words[column] in inodes and len(words) > 7 and table == "unix" and words[-1].startswith("/"), line)
                    self.assertFalse(table != "unix" and words[column] in inodes, line)

    def test_nothing_is_left_in_the_working_directory(self):
        here = self.path("here")
        os.mkdir(here)
        self.good("start", cwd=here)
        self.wait_for_samples()
        self.good("stop", cwd=here)
        self.assertEqual(os.listdir(here), [])

    def test_two_of_them(self):
        other = self.path("other")
        config = self.config("daemon: {data_dir: %s}\n" % other)
        self.start()
        self.good("-c", config, "start")
        self.wait_for_samples(data=other)
        self.wait_for_samples()
        self.assertTrue(os.path.exists(other + "/daemon.pid") and os.path.exists(other + "/daemon.log"))
        self.good("-c", config, "stop")
        self.assertEqual(self.call("status")[0], 0)

    def test_without_home(self):
        env = self.environment()
        del env["HOME"]
        status, _, _ = self.call("status", env=env) # the user database knows one
        self.assertIn(status, (0, 3))

    def test_a_start_that_fails_says_so(self):
        pathlib.Path(self.path("file")).write_text("")
        for key in ("data_dir", "log_file", "pid_file"):
            config = self.config("daemon: {%s: %s/file/below}\n" % (key, self.folder))
            status, _, err = self.call("-c", config, "start")
            self.assertEqual(status, 1, key)
            self.assertIn("below", err)
            self.assertFalse(os.path.exists(self.pid_file))


class PidFiles(Kode):
    def write(self, data):
        os.makedirs(self.data, exist_ok=True)
        pathlib.Path(self.pid_file).write_bytes(data)

    def test_garbage_is_not_running(self):
        for data in (b"", b"garbage", b"-5", b"0", b"99999999999999999999", b"\0\xff", b"12 34"):
            self.write(data)
            status, out, _ = self.call("status")
            self.assertEqual((status, out), (3, "Daemon not running\n"), data)
            self.assertEqual(self.good("stop"), "Daemon not running\n")
        pid = self.start()
        self.assertEqual(self.pid(), pid)

    def test_a_stale_one(self):
        p = subprocess.Popen(["true"])
        p.wait()
        self.write(b"%d" % p.pid)
        self.assertEqual(self.call("status")[:2], (3, "Daemon not running (stale PID file)\n"))
        self.start()

    def test_a_number_that_is_another_process_now(self):
        p = subprocess.Popen(["sleep", "1000"])
        self.addCleanup(p.wait)
        self.addCleanup(p.kill)
        self.write(b"%d" % p.pid)
        self.assertEqual(self.call("status")[0], 3)
        self.good("stop")
        self.assertIsNone(p.poll(), "a stranger was signalled")
        self.start()
        self.assertIsNone(p.poll())

    def test_after_a_kill(self):
        pid = self.start()
        os.kill(pid, signal.SIGKILL)
        self.eventually(lambda: self.gone(pid))
        self.eventually(lambda: self.call("status")[0] == 3) # its last thread may still be ending
        self.start()

    def test_one_that_is_removed_hides_nobody(self):
        pid = self.start()
        os.unlink(self.pid_file)
        status, out, _ = self.call("status")
        self.assertEqual((status, out.splitlines()[0]), (0, "Daemon running with PID %d" % pid))
        self.assertEqual(self.good("start"), "Daemon already running with PID %d\n" % pid)
        self.assertEqual(self.good("stop"), "Stopping daemon with PID %d...\nDaemon stopped\n" % pid)
        self.assertTrue(self.gone(pid))
        self.assertEqual(self.call("status")[0], 3)


class Usage(Kode):
    def test_errors(self):
        for argv, text in (((), "the following arguments are required: command"),
                           (("nonsense",), "argument command: invalid choice: 'nonsense' (choose from "),
                           (("start", "stop"), "unrecognized arguments: stop"),
                           (("--nonsense", "start"), "--nonsense"),
                           (("start", "-c"), "-c")):
            status, out, err = self.call(*argv)
            self.assertEqual((status, out), (2, ""), argv)
            self.assertTrue(err.startswith("usage: kode-kronical-daemon [-h]"), err)
            self.assertIn("kode-kronical-daemon: error: ", err)
            self.assertIn(text, err)
        self.assertFalse(os.path.exists(self.data))

    def test_options_may_be_shortened(self):
        for argv in (("--sys", "status"), ("status", "--fore", "--deb"), ("--conf=" + self.config("daemon: {}\n"), "status"), ("--u", "status")):
            self.assertEqual(self.call(*argv), (3, "Daemon not running\n", ""), argv)

    def test_help(self):
        for flag in ("-h", "--help", "--he"):
            status, out, err = self.call(flag)
            self.assertEqual((status, err), (0, ""))
            for word in ("start", "stop", "restart", "status", "install", "config", "--foreground", "--debug", "--config"):
                self.assertIn(word, out)

    def test_the_name_of_a_link(self):
        link = self.path(NAME)
        os.symlink(AUSPEX, link)
        p = subprocess.run([link, "status"], capture_output=True, text=True, env=self.environment())
        self.assertEqual((p.returncode, p.stdout), (3, "Daemon not running\n"))

    def test_auspex_tells_of_it(self):
        self.assertIn(NAME, self.command("--help")[1])


class Config(Kode):
    def test_the_file(self):
        out = self.good("config")
        self.assertEqual(out, "Configuration file created: %s\n\nEdit this file to customize daemon settings.\n\n"
                              "To start the daemon: kode-kronical-daemon -c %s start\n" % (self.user_config, self.user_config))
        text = pathlib.Path(self.user_config).read_text()
        keys = re.findall(r"(?m)^  (\w+): (.*)$", text)
        self.assertEqual(keys, [("sample_interval", "1.0"), ("max_samples", "3600"), ("data_retention_hours", "24"),
                                ("enable_network_monitoring", "true"), ("data_dir", '"%s"' % self.data),
                                ("log_file", '"%s"' % self.log_file), ("pid_file", '"%s"' % self.pid_file),
                                ("enable_dynamodb_upload", "false"), ("dynamodb_table_name", '"kode-kronical-system"'),
                                ("dynamodb_region", '"us-east-1"'), ("registry_table_name", '"kode-kronical-systems-registry"')])
        self.assertEqual(text.count("enable_dynamodb_upload: false"), 1)
        self.start() # with it
        self.wait_for_samples()

    def test_overwriting_is_asked_for(self):
        self.good("config")
        pathlib.Path(self.user_config).write_text("daemon: {}\n")
        for answer in ("", "n\n", "no\n", "\n", "yes please\n"):
            out = self.good("config", stdin=answer)
            self.assertIn("Config file already exists: %s\nOverwrite? (y/N): " % self.user_config, out)
            self.assertEqual(pathlib.Path(self.user_config).read_text(), "daemon: {}\n", answer)
        for answer in ("y\n", "Y\n", "y"):
            pathlib.Path(self.user_config).write_text("daemon: {}\n")
            self.assertIn("Configuration file created", self.good("config", stdin=answer))
            self.assertIn("sample_interval: 1.0", pathlib.Path(self.user_config).read_text())

    def test_bad_files(self):
        for text, word in (("- a\n- b\n", "list"), ("just text\n", "mapping"), ("daemon: [1]\n", "list"), ("daemon: {sample_interval: 0}\n", "sample_interval"),
                           ("daemon: {sample_interval: -1}\n", "sample_interval"), ("daemon: {sample_interval: soon}\n", "sample_interval"),
                           ("daemon:\n  sample_interval: 1\n bad indent: x\n", ":"), ("daemon: {", ":"), ("daemon: {enable_network_monitoring: perhaps}\n", "enable_network"),
                           ("daemon: {cpu_alert_threshold: [1]}\n", "cpu_alert_threshold"), ("\0\1\2", ""), ("daemon: &a [*a]\n", "")):
            config = self.config(text)
            status, out, err = self.call("-c", config, "start")
            self.assertEqual(status, 1, text)
            self.assertIn(word, err)
            self.assertIn("daemon.yaml", err)
            self.assertEqual(err.count("\n"), 1, err)
            self.assertNotIn("started", out)
        self.assertFalse(os.path.exists(self.pid_file))

    def test_a_missing_file(self):
        for command in ("start", "status", "stop", "restart"):
            status, _, err = self.call("-c", self.path("nothing.yaml"), command)
            self.assertEqual(status, 1, command)
            self.assertIn("nothing.yaml", err)
        status, _, err = self.call("start", "--config=" + self.folder)
        self.assertEqual(status, 1)

    def test_a_bad_file_in_the_usual_place_is_no_less_bad(self):
        self.config("- a\n", self.user_config)
        self.assertEqual(self.call("start")[0], 1)

    def test_good_files(self):
        for text in ("", "# nothing\n", "daemon:\n", "daemon: null\n", "daemon: {}\n", "other: {a: [1, {b: 2}]}\n",
                     "daemon: {sample_interval: 0.5, unknown: {a: 1}, max_samples: 720, log_level: DEBUG, upload_interval: 60}\n"
                     "aws: {profile: null, region: us-east-1}\n"
                     "monitoring: {auto_track_python: yes, track_processes: [nginx, redis-server], cpu_alert_threshold: 99, memory_alert_threshold: 99.5}\n"
                     "export: {format: json, compress: true, batch_size: 1000}\n"
                     "integration: {enable_api: off, api_port: 9090, api_host: localhost, enable_prometheus: False, prometheus_port: 9091,"
                     " enable_statsd: false, statsd_host: localhost, statsd_port: 8125}\n"
                     "security: {api_allowed_ips: [127.0.0.1/32], api_auth_enabled: false, api_auth_token: null}\n"):
            config = self.config(text)
            self.good("-c", config, "start")
            self.good("stop", "-c", config)

    def test_paths_with_a_tilde(self):
        config = self.config("daemon: {data_dir: ~/d, log_file: ~/l/x.log, pid_file: ~/p/x.pid}\n")
        self.good("start", "-c", config)
        self.wait_for_samples(data=self.home + "/d")
        self.assertTrue(os.path.exists(self.home + "/l/x.log"))
        self.assertTrue(os.path.exists(self.home + "/p/x.pid"))
        self.good("stop", "-c", config)

    def test_the_documented_api_is_ours(self):
        with socket.socket() as s:
            s.bind(("127.0.0.1", 0))
            port = s.getsockname()[1]
        config = self.config("integration: {enable_api: true, api_port: %d}\nsecurity: {api_auth_enabled: true, api_auth_token: long-enough-token}\n" % port)
        self.start("-c", config)
        import http.client
        c = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
        c.request("GET", "/api/system", headers={"X-API-Key": "long-enough-token"})
        r = c.getresponse()
        self.assertEqual(r.status, 200)
        self.assertIn("series", json.loads(r.read()))
        c.request("GET", "/api/system")
        r = c.getresponse()
        r.read()
        self.assertEqual(r.status, 401)
        c.close()


class WithoutEffect(Kode):
    def warnings(self):
        return [line for line in self.log().splitlines() if " - WARNING - settings without effect" in line]

    def test_keys_that_do_nothing_are_named_once(self):
        config = self.config("daemon: {sample_intervall: 5, max_samples: 720}\nexport: {format: csv, compress: true, batch_size: 9}\n"
                             "integration: {enable_statsd: true, statsd_port: 8125}\nsecurity: {api_allowed_ips: [10.0.0.0/8]}\nlogging: {x: 1}\n")
        pid = self.start("-c", config)
        self.eventually(self.warnings)
        line, = self.warnings()
        for text in ("daemon.sample_intervall (not known; sample_interval?)", "daemon.max_samples (data_retention_hours", "export.format (",
                     "export.compress (", "export.batch_size (", "integration.enable_statsd (", "security.api_allowed_ips (", "logging.x (not known)"):
            self.assertIn(text, line)
        self.assertNotIn("statsd_port", line)
        os.kill(pid, signal.SIGHUP)
        self.eventually(lambda: len(self.warnings()) == 2)

    def test_what_the_command_writes_has_an_effect(self):
        self.good("config")
        self.start()
        self.wait_for_samples(2)
        self.assertEqual(self.warnings(), [])

    def test_nobody_finds_open_what_shall_be_closed(self):
        for text in ("integration: {enable_api: true, api_host: 0.0.0.0}\nsecurity: {api_allowed_ips: 10.0.0.0/8}\n",
                     "integration: {enable_prometheus: true, api_host: '::'}\nsecurity: {api_allowed_ips: [10.0.0.0/8]}\n"):
            status, _, err = self.call("-c", self.config(text), "start")
            self.assertEqual(status, 1, text)
            self.assertIn("api_allowed_ips", err)
            self.assertIn("api_host", err)
        status, _, err = self.call("-c", self.config("integration: {enable_api: true}\nsecurity: {api_auth_enabled: true}\n"), "start")
        self.assertEqual(status, 1)
        self.assertIn("api_auth_token", err)


class Install(Kode):
    def environment(self, **more):
        return super().environment(**{"PATH": self.path("bin") + ":" + os.environ["PATH"], **more})

    def setUp(self):
        super().setUp()
        os.mkdir(self.path("bin"))
        os.symlink(AUSPEX, self.path("bin/" + NAME))

    def test_a_user_service(self):
        out = self.good("install", "--user")
        unit = self.home + "/.config/systemd/user/kode-kronical-daemon.service"
        self.assertIn("Service file created: %s\n" % unit, out)
        self.assertIn("  systemctl --user enable kode-kronical-daemon\n", out)
        self.assertIn("Configuration file created: " + self.user_config, out)
        text = pathlib.Path(unit).read_text()
        command = self.path("bin/" + NAME)
        for line in ("ExecStart=%s -c %s start --foreground" % (command, self.user_config), "ExecReload=/bin/kill -HUP $MAINPID", "Type=simple",
                     "Restart=on-failure", "WantedBy=default.target"):
            self.assertIn(line + "\n", text)
        self.assertFalse(os.path.exists(self.pid_file), "nothing is started")
        # Again: the configuration stays.
        pathlib.Path(self.user_config).write_text("daemon: {sample_interval: 2}\n")
        self.good("install", "--user")
        self.assertEqual(pathlib.Path(self.user_config).read_text(), "daemon: {sample_interval: 2}\n")

    def test_what_the_unit_says_works(self):
        self.good("install", "--user")
        text = pathlib.Path(self.home + "/.config/systemd/user/kode-kronical-daemon.service").read_text()
        start = re.search(r"(?m)^ExecStart=(.*)$", text).group(1).split()
        p = subprocess.Popen(start, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, env=self.environment())
        self.addCleanup(p.wait)
        self.addCleanup(p.kill)
        self.wait_for_samples()
        self.assertEqual(self.pid(), p.pid)
        stop = re.search(r"(?m)^ExecStop=(.*)$", text).group(1).split()
        self.assertEqual(subprocess.run(stop, stdout=subprocess.DEVNULL, env=self.environment()).returncode, 0)
        self.assertEqual(p.wait(20), 0)

    @unittest.skipUnless(os.path.exists("/usr/bin/systemd-analyze"), "systemd-analyze is not installed")
    def test_systemd_takes_the_unit(self):
        self.good("install", "--user")
        p = subprocess.run(["systemd-analyze", "--user", "verify", self.home + "/.config/systemd/user/kode-kronical-daemon.service"],
                           capture_output=True, text=True, env=self.environment(XDG_RUNTIME_DIR=self.folder))
        self.assertNotIn("kode-kronical-daemon.service:", p.stderr)

    @unittest.skipIf(os.getuid() == 0, "root may write there")
    def test_the_machine_needs_root(self):
        status, _, err = self.call("install", "--system")
        self.assertEqual(status, 1)
        self.assertIn("/etc/", err)


class Reload(Kode):
    def test_sighup_takes_the_new_file(self):
        config = self.config("daemon: {sample_interval: 0.2}\nmonitoring: {auto_track_python: false}\n")
        pid = self.start("-c", config)
        self.wait_for_samples(2)
        self.assertIn("network", self.newest())
        self.config("daemon: {sample_interval: 0.2, enable_network_monitoring: false, memory_alert_threshold: 0}\n")
        os.kill(pid, signal.SIGHUP)
        self.eventually(lambda: "network" not in self.newest())
        self.eventually(lambda: " - WARNING - High memory usage: " in self.log())
        self.config("daemon: {sample_interval: [}\n")
        os.kill(pid, signal.SIGHUP)
        self.eventually(lambda: "configuration not reloaded" in self.log())
        self.assertNotIn("network", self.newest())
        self.assertFalse(self.gone(pid))

    def test_sighup_changes_how_often_and_what_is_sampled(self):
        config = self.config("daemon: {sample_interval: 3600, enable_network_monitoring: false}\n")
        pid = self.start("-c", config)
        self.wait_for_samples(1)
        self.config("daemon: {sample_interval: 0.1}\n")
        os.kill(pid, signal.SIGHUP)
        self.wait_for_samples(20)
        self.assertIn("network", self.newest())
        self.assertIn("configuration reloaded", self.log())
        self.assertNotRegex(self.log(), "needs_restart=[\"']?[a-z]")
        times = [e["system"]["timestamp"] for e in self.load("metrics_live.json")]
        self.assertEqual(len(set(times)), len(times))
        self.config("daemon: {sample_interval: 0.1, enable_network_monitoring: false}\n")
        os.kill(pid, signal.SIGHUP)
        self.eventually(lambda: "network" not in self.newest())

    def test_the_log_is_opened_anew(self):
        pid = self.start()
        os.rename(self.log_file, self.log_file + ".moved")
        os.kill(pid, signal.SIGHUP)
        self.eventually(lambda: "configuration reloaded" in self.log())


class Alerts(Kode):
    def test_one_line_an_edge(self):
        config = self.config("daemon: {sample_interval: 0.1, memory_alert_threshold: 0.001, cpu_alert_threshold: 100}\n")
        self.start("-c", config)
        self.wait_for_samples(20)
        self.assertEqual(len(re.findall(r" - WARNING - High memory usage: [\d.]+% \(threshold 0.001%\)\n", self.log())), 1)
        self.assertNotIn("CPU", self.log()) # strictly above: 100 is never passed
        self.config("daemon: {sample_interval: 0.1, memory_alert_threshold: 99.9}\n")
        os.kill(self.pid(), signal.SIGHUP)
        self.eventually(lambda: re.search(r" - INFO - memory usage back to normal: [\d.]+% \(threshold 99.9%\)\n", self.log()))

    def test_the_other_section(self):
        config = self.config("monitoring: {memory_alert_threshold: 0}\n")
        self.start("-c", config)
        self.eventually(lambda: " - WARNING - High memory usage: " in self.log())


if __name__ == "__main__":
    main()
