"""The life of the personality: starting, failing to start, going to the background, reloading, stopping."""
import json
import os
import pathlib
import signal
import socket
import stat
import subprocess
import time

from harness import AUSPEX, free_port, main, run
from personality import Personality, wait_until


class Start(Personality):
    def test_pid_file_within_a_second(self):
        d = self.start(*self.places(), wait=False)
        self.eventually(lambda: os.path.exists(self.pid_file))
        self.assertEqual(pathlib.Path(self.pid_file).read_text(), "%d\n" % d.pid)

    def test_pid_file_is_readable_for_all_whatever_the_umask(self):
        self.patienced(preexec=lambda: os.umask(0o077))
        self.assertEqual(stat.S_IMODE(os.stat(self.pid_file).st_mode), 0o644)

    def test_health_answers_only_when_all_is_ready(self):
        d = self.start(*self.places(), wait=False)
        self.eventually(lambda: self.connects(self.port), every=0.001)
        self.assertEqual(d.get("/api/health").status, 200)
        d.send_run()
        self.assertTrue(os.path.exists(self.pid_file))

    def test_directory_of_the_pid_file_is_made(self):
        d = self.start("-socket", self.socket_path, "-port", str(self.port), "-pid-file", self.path("run/deep/pid"))
        self.assertEqual(pathlib.Path(self.path("run/deep/pid")).read_text(), "%d\n" % d.pid)

    def test_empty_pid_file_name_means_none(self):
        d = self.start("-socket", self.socket_path, "-port", str(self.port), "-pid-file", "")
        self.assertEqual(d.get("/api/health").status, 200)
        self.assertEqual(d.stop(), 0)

    def test_stale_foreign_and_garbage_pid_files_do_not_block(self):
        other = self.bystander()
        for content in ("4194303\n", "%d\n" % other.pid, "hello\n", "", "1\n", "%d\n" % os.getpid()):
            pathlib.Path(self.pid_file).write_text(content)
            d = self.patienced()
            self.assertEqual(self.held_pid(), d.pid, content)
            self.assertEqual(d.stop(), 0)
        self.assertIsNone(other.poll())

    def test_nothing_but_socket_pid_file_and_state_is_made(self):
        before = self.listing()
        d = self.patienced()
        self.assertEqual(self.listing() - before - {d.log_path}, {self.socket_path, self.pid_file})

    def test_a_dead_socket_is_replaced(self):
        with socket.socket(socket.AF_UNIX) as s:
            s.bind(self.socket_path)
        d = self.patienced()
        d.send_run()
        self.eventually(lambda: d.count() == 1)

    def test_a_socket_path_of_107_bytes(self):
        path = self.path("x" * (107 - len(self.folder) - 1))
        self.assertEqual(len(path), 107)
        d = self.start("-socket", path, "-port", str(self.port), "-pid-file", self.pid_file, socket_path=path)
        d.send_run()
        self.eventually(lambda: d.count() == 1)

    def test_two_run_side_by_side(self):
        first = self.patienced()
        port = free_port()
        second = self.start("-socket", self.path("s2"), "-port", str(port), "-pid-file", self.path("pid2"), port=port,
                            socket_path=self.path("s2"))
        first.send_run(run("one"))
        second.send_run(run("two"))
        second.send_run(run("two"))
        self.eventually(lambda: (first.count(), second.count()) == (1, 2))

    def test_the_log_is_json_lines_on_stdout(self):
        d = self.patienced()
        lines = [json.loads(line) for line in d.log().splitlines()]
        self.assertIn("starting retry daemon", [line["msg"] for line in lines])
        self.assertIn("daemon started successfully", [line["msg"] for line in lines])
        for line in lines:
            self.assertEqual(list(line)[:3], ["time", "level", "msg"])
            self.assertEqual(line["level"], "INFO")

    def test_log_levels(self):
        for level, least in (("debug", "DEBUG"), ("error", None)):
            d = self.patienced("-log-level", level)
            before = d.count()
            d.send_run()
            self.eventually(lambda: d.count() > before)
            if least:
                self.eventually(lambda: least in [line["level"] for line in d.log_lines()])
            d.stop()
            if not least:
                self.assertEqual(d.log(), "")


class FailedStart(Personality):
    def test_busy_port(self):
        with socket.socket() as s:
            s.bind(("0.0.0.0", self.port))
            s.listen()
            err = self.fails(*self.places())
        self.assertTrue(err.startswith("Error starting daemon: "), err)
        self.assertIn(str(self.port), err)

    def test_port_busy_on_loopback_only(self):
        with socket.socket() as s:
            s.bind(("127.0.0.1", self.port))
            s.listen()
            self.assertIn(str(self.port), self.fails(*self.places()))

    def test_live_socket_is_left_alone(self):
        with socket.socket(socket.AF_UNIX) as s:
            s.bind(self.socket_path)
            s.listen()
            err = self.fails(*self.places())
            self.assertIn(self.socket_path, err)
            with socket.socket(socket.AF_UNIX) as c:
                c.connect(self.socket_path)

    def test_regular_file_at_the_socket_path_is_left_alone(self):
        pathlib.Path(self.socket_path).write_text("precious")
        self.assertIn(self.socket_path, self.fails(*self.places()))
        self.assertEqual(pathlib.Path(self.socket_path).read_text(), "precious")

    def test_directory_at_the_socket_path(self):
        os.mkdir(self.socket_path)
        self.fails(*self.places())

    def test_directory_of_the_socket_is_missing(self):
        self.assertIn("failed to create socket listener", self.fails("-socket", self.path("none/s"), "-port", str(self.port), "-pid-file", self.pid_file))

    def test_socket_path_over_107_bytes(self):
        err = self.fails("-socket", self.path("x" * 107), "-port", str(self.port), "-pid-file", self.pid_file)
        self.assertIn("107", err)

    def test_socket_path_of_108_bytes(self):
        path = self.path("x" * (108 - len(self.folder) - 1))
        self.fails("-socket", path, "-port", str(self.port), "-pid-file", self.pid_file)

    def test_empty_socket_path(self):
        self.fails("-socket", "", "-port", str(self.port), "-pid-file", self.pid_file)

    def test_bad_values(self):
        for words, told in ((["-log-level", "loud"], "loud"), (["-port", "99999"], "99999"), (["-port", "0"], "0"), (["-port", "-1"], "-1"),
                            (["-max-metrics", "-1"], "-1"), (["-max-age", "-1h"], "age")):
            err = self.fails(*self.places(), *words)
            self.assertIn(told, err, words)

    def test_pid_file_that_cannot_be_written(self):
        pathlib.Path(self.path("file")).write_text("")
        err = self.fails("-socket", self.socket_path, "-port", str(self.port), "-pid-file", self.path("file/pid"))
        self.assertIn(self.path("file/pid"), err)

    def test_directory_at_the_pid_file(self):
        os.mkdir(self.path("d"))
        err = self.fails("-socket", self.socket_path, "-port", str(self.port), "-pid-file", self.path("d"))
        self.assertIn(self.path("d"), err)

    def test_already_running(self):
        d = self.patienced()
        status, out, err = self.call(*self.places())
        self.assertEqual((status, err), (1, "Daemon is already running with PID %d\n" % d.pid))
        self.assertEqual(self.held_pid(), d.pid)
        d.send_run()
        self.eventually(lambda: d.count() == 1)

    def test_already_running_is_told_for_the_pid_file_alone(self):
        d = self.patienced()
        status, _, err = self.call("-socket", self.path("other"), "-port", str(free_port()), "-pid-file", self.pid_file)
        self.assertEqual((status, err), (1, "Daemon is already running with PID %d\n" % d.pid))
        self.assertFalse(os.path.exists(self.path("other")))

    def test_same_socket_with_another_pid_file(self):
        d = self.patienced()
        err = self.fails_keeping(d, "-socket", self.socket_path, "-port", str(free_port()), "-pid-file", self.path("pid2"))
        self.assertIn(self.socket_path, err)

    def fails_keeping(self, d, *flags):
        status, _, err = self.call(*flags)
        self.assertEqual(status, 1)
        self.assertFalse(os.path.exists(self.path("pid2")))
        d.send_run()
        self.eventually(lambda: d.count() == 1)
        return err


class Background(Personality):
    def detach(self, *flags, **kw):
        """Runs `-daemon` with pipes: communicate() returns only when both reach their end."""
        p = subprocess.Popen([AUSPEX, "as", "patienced", "-daemon", *self.places(), *flags], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                             stderr=subprocess.PIPE, text=True, env=self.environment(), cwd=self.folder, **kw)
        out, err = p.communicate(timeout=20)
        if p.returncode == 0:
            self.kill_later(self.held_pid())
        return p.returncode, out, err

    def test_it_is_ready_when_the_command_returns(self):
        status, out, err = self.detach()
        self.assertEqual((status, err), (0, ""))
        self.assertIn(str(self.held_pid()), out)
        self.assertTrue(self.connects(self.port))
        self.assertTrue(stat.S_ISSOCK(os.stat(self.socket_path).st_mode))

    def test_it_has_a_session_of_its_own_and_no_terminal(self):
        self.detach()
        pid = self.held_pid()
        self.assertEqual(os.getsid(pid), pid)
        self.assertNotEqual(os.getsid(pid), os.getsid(0))
        self.assertEqual(pathlib.Path("/proc/%d/stat" % pid).read_text().rsplit(")", 1)[1].split()[4], "0", "no controlling terminal")

    def test_it_reads_dev_null_and_holds_none_of_the_callers_descriptors(self):
        r, w = os.pipe()
        self.detach(pass_fds=[w])
        os.close(w)
        pid = self.held_pid()
        self.assertEqual(os.readlink("/proc/%d/fd/0" % pid), "/dev/null")
        self.assertEqual(os.read(r, 1), b"", "the caller's pipe reached its end")
        os.close(r)

    def test_stop_ends_it(self):
        self.detach()
        pid = self.held_pid()
        self.assertEqual(self.call("-stop", *self.places())[1],
                         "Sent stop signal to daemon (PID %d)\nDaemon stopped successfully\n" % pid)
        self.assertTrue(wait_until(lambda: self.gone(pid)))
        self.assertFalse(os.path.exists(self.pid_file))

    def test_status_sees_it(self):
        self.detach()
        self.assertIn("Daemon is running with PID %d\n" % self.held_pid(), self.call("-status", *self.places())[1])

    def test_a_failed_start_comes_back_with_its_sentence(self):
        with socket.socket() as s:
            s.bind(("0.0.0.0", self.port))
            s.listen()
            status, out, err = self.detach()
        self.assertEqual((status, out), (1, ""))
        self.assertTrue(err.startswith("Error starting daemon: "), err)
        self.assertEqual(err.count("\n"), 1)
        self.assertFalse(os.path.exists(self.pid_file))

    def test_bad_configuration_comes_back_with_its_sentence(self):
        status, _, err = self.detach("-log-level", "loud")
        self.assertEqual(status, 1)
        self.assertIn("loud", err)

    def test_already_running_comes_back(self):
        self.detach()
        status, _, err = self.call("-daemon", *self.places())
        self.assertEqual((status, err), (1, "Daemon is already running with PID %d\n" % self.held_pid()))

    def test_it_survives_the_hang_up_of_its_caller(self):
        self.detach(start_new_session=True)
        pid = self.held_pid()
        os.kill(pid, signal.SIGHUP)
        time.sleep(0.2)
        self.assertFalse(self.gone(pid))


class Memory(Personality):
    def memory_only(self, env, *flags):
        d = self.start(*self.places(), *flags, env=env)
        warnings = [line for line in d.log_lines() if line["level"] in ("WARN", "ERROR")]
        self.assertEqual(len(warnings), 1, warnings)
        self.assertIn("memory", warnings[0]["msg"])
        d.send_run()
        self.eventually(lambda: d.count() == 1)
        self.assertEqual(d.json("/api/health?detail=1")["detail"]["problems"][0]["part"], "history")
        self.assertEqual(d.stop(), 0)
        self.assertEqual(self.start(*self.places(), env=env).count(), 0)

    def test_no_home(self):
        env = self.environment()
        del env["HOME"], env["XDG_STATE_HOME"]
        self.memory_only(env)

    def test_a_home_that_cannot_be_written(self):
        env = self.environment(HOME="/proc/nowhere")
        del env["XDG_STATE_HOME"]
        self.memory_only(env)

    def test_a_file_where_the_state_should_be(self):
        pathlib.Path(self.path("state")).write_text("")
        self.memory_only(self.environment())

    def test_persist_false_keeps_nothing_and_warns_not(self):
        config = self.config(persist=False)
        d = self.start("-config", config)
        self.assertNotIn("WARN", d.log())
        d.send_run()
        self.eventually(lambda: d.count() == 1)
        d.stop()
        self.assertFalse(os.path.exists(self.path("state")))
        self.assertEqual(self.start("-config", config).count(), 0)

    def test_restart_keeps_the_history(self):
        d = self.patienced()
        for i in range(30):
            d.send_run(run("n%d" % i))
        self.eventually(lambda: d.count() == 30)
        before = d.get("/api/metrics/export").body
        d.stop()
        self.assertEqual(self.patienced().get("/api/metrics/export").body, before)

    def test_state_dir_of_the_environment(self):
        d = self.start(*self.places(), env=self.environment(AUSPEX_STATE_DIR=self.path("elsewhere")))
        d.send_run()
        self.eventually(lambda: d.count() == 1)
        self.assertTrue(list(pathlib.Path(self.path("elsewhere")).rglob("history.db")))
        self.assertEqual(stat.S_IMODE(next(pathlib.Path(self.path("elsewhere")).rglob("history.db")).stat().st_mode) & 0o077, 0,
                         "commands may hold secrets")

    def test_the_state_follows_the_socket_path(self):
        d = self.patienced()
        d.send_run()
        self.eventually(lambda: d.count() == 1)
        d.stop()
        other = self.start("-socket", self.path("s2"), "-port", str(self.port), "-pid-file", self.pid_file, socket_path=self.path("s2"))
        self.assertEqual(other.count(), 0)


if __name__ == "__main__":
    main()
