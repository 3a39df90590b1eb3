"""The words of patienced: flags, texts and exit codes, where the guide wins."""
import os
import pathlib
import shutil
import subprocess

from harness import AUSPEX, free_port, main
from personality import OPTION_BLOCK, Personality


class Version(Personality):
    def test_version(self):
        self.assertEqual(self.call("-version"), (0, "patienced version 1.0.0\n", ""))

    def test_version_with_two_dashes(self):
        self.assertEqual(self.call("--version"), (0, "patienced version 1.0.0\n", ""))

    def test_version_comes_before_status_and_stop(self):
        self.assertEqual(self.call("-stop", "-status", "-version", *self.places())[:2], (0, "patienced version 1.0.0\n"))

    def test_version_does_not_read_the_configuration(self):
        self.assertEqual(self.call("-config", "/nonexistent", "-version")[0], 0)

    def test_a_link_of_the_name_is_the_program(self):
        os.symlink(AUSPEX, self.path("patienced"))
        p = subprocess.run([self.path("patienced"), "-version"], capture_output=True, text=True, env=self.environment())
        self.assertEqual((p.returncode, p.stdout, p.stderr), (0, "patienced version 1.0.0\n", ""))

    def test_a_link_found_in_path_is_the_program(self):
        os.symlink(AUSPEX, self.path("patienced"))
        p = subprocess.run("PATH=%s; patienced -version" % self.folder, shell=True, capture_output=True, text=True)
        self.assertEqual((p.returncode, p.stdout), (0, "patienced version 1.0.0\n"))

    def test_an_unknown_personality_is_told_with_the_known_names(self):
        status, out, err = self.command("as", "patient", "-version")
        self.assertEqual(status, 2)
        self.assertIn("patienced", err)


class Help(Personality):
    def test_help_is_the_guides_option_block_on_stderr(self):
        for flag in ("-h", "-help", "--help", "--h"):
            self.assertEqual(self.call(flag), (0, "", OPTION_BLOCK), flag)

    def test_unknown_flag(self):
        self.assertEqual(self.call("-nosuch"), (2, "", "flag provided but not defined: -nosuch\n" + OPTION_BLOCK))

    def test_unknown_flag_with_a_value_names_the_flag_alone(self):
        status, _, err = self.call("--nosuch=5")
        self.assertEqual((status, err.splitlines()[0]), (2, "flag provided but not defined: -nosuch"))

    def test_bad_values(self):
        for words, text in (
            (["-port", "x"], 'invalid value "x" for flag -port: parse error'),
            (["-port="], 'invalid value "" for flag -port: parse error'),
            (["-port", "1.5"], 'invalid value "1.5" for flag -port: parse error'),
            (["-max-metrics", "99999999999999999999"], 'invalid value "99999999999999999999" for flag -max-metrics: value out of range'),
            (["-max-age", "24"], 'invalid value "24" for flag -max-age: parse error'),
            (["-max-age", "1d"], 'invalid value "1d" for flag -max-age: parse error'),
            (["-enable-http=maybe"], 'invalid boolean value "maybe" for -enable-http: parse error'),
            (["-enable-profiling=yes"], 'invalid boolean value "yes" for -enable-profiling: parse error'),
            (["-daemon=2"], 'invalid boolean value "2" for -daemon: parse error'),
            (["-port"], "flag needs an argument: -port"),
            (["-socket"], "flag needs an argument: -socket"),
            (["---port", "1"], "bad flag syntax: ---port"),
            (["-=5"], "bad flag syntax: -=5"),
        ):
            status, out, err = self.call(*words)
            self.assertEqual((status, out), (2, ""), words)
            self.assertEqual(err, text + "\n" + OPTION_BLOCK, words)

    def test_parsing_stops_at_the_first_word(self):
        self.assertEqual(self.call("-version", "word", "-nosuch")[0], 0)

    def test_parsing_stops_after_two_dashes(self):
        self.assertEqual(self.call("-version", "--", "-nosuch")[0], 0)

    def test_every_true_and_false_of_go(self):
        for word in ("1", "0", "t", "f", "T", "F", "true", "false", "TRUE", "FALSE", "True", "False"):
            self.assertEqual(self.call("-version=true", "-enable-http=" + word)[0], 0, word)

    def test_a_boolean_takes_no_value_from_the_next_word(self):
        status, out, _ = self.call("-version", "-enable-http", "maybe")
        self.assertEqual((status, out), (0, "patienced version 1.0.0\n"))


class Status(Personality):
    def test_not_running(self):
        self.assertEqual(self.call("-status", *self.places()), (0, "Daemon is not running\n", ""))

    def test_running(self):
        d = self.patienced()
        text = "Daemon is running with PID %d\nSocket: %s\nHTTP Port: %d\n" % (d.pid, self.socket_path, self.port)
        self.assertEqual(self.call("-status", *self.places()), (0, text, ""))

    def test_running_found_through_the_configuration(self):
        d = self.patienced()
        status, out, _ = self.call("-status", "-config", self.config())
        self.assertEqual(status, 0)
        self.assertIn("PID %d\nSocket: %s\nHTTP Port: %d\n" % (d.pid, self.socket_path, self.port), out)

    def test_running_found_through_the_environment(self):
        d = self.patienced()
        env = self.environment(RETRY_PID_FILE=self.pid_file, RETRY_SOCKET_PATH=self.socket_path, RETRY_HTTP_PORT=str(self.port))
        self.assertIn("PID %d\nSocket: %s\nHTTP Port: %d\n" % (d.pid, self.socket_path, self.port), self.call("-status", env=env)[1])

    def test_stale_pid_file(self):
        pathlib.Path(self.pid_file).write_text("4194303\n")
        text = "Daemon is not running\nStale PID file found with PID 4194303\n"
        self.assertEqual(self.call("-status", *self.places()), (0, text, ""))

    def test_pid_file_of_a_foreign_process(self):
        other = self.bystander()
        pathlib.Path(self.pid_file).write_text("%d\n" % other.pid)
        self.assertEqual(self.call("-status", *self.places())[:2],
                         (0, "Daemon is not running\nStale PID file found with PID %d\n" % other.pid))

    def test_garbage_pid_files(self):
        for garbage in (b"hello\n", b"", b"-5\n", b"12 34\n", b"\x00\xff\xfe", b"9" * 100, b"x" * 100_000):
            pathlib.Path(self.pid_file).write_bytes(garbage)
            status, out, err = self.call("-status", *self.places())
            self.assertEqual((status, out), (0, "Daemon is not running\n"), garbage[:20])
            self.assertIn("Error checking daemon status: invalid PID file format", err, garbage[:20])

    def test_a_directory_as_pid_file(self):
        os.mkdir(self.pid_file)
        status, out, _ = self.call("-status", *self.places())
        self.assertEqual((status, out), (0, "Daemon is not running\n"))

    def test_status_does_not_disturb_the_pid_file(self):
        self.patienced()
        for _ in range(3):
            self.call("-status", *self.places())
        self.assertTrue(os.path.exists(self.pid_file))
        self.assertIn("is running", self.call("-status", *self.places())[1])

    def test_after_kill_9_the_file_is_stale(self):
        d = self.patienced()
        d.kill9()
        self.assertEqual(self.call("-status", *self.places())[:2],
                         (0, "Daemon is not running\nStale PID file found with PID %d\n" % d.pid))

    def test_a_daemon_whose_program_was_replaced_is_still_ours(self):
        old, new = self.path("auspex"), self.path("new")
        shutil.copy(AUSPEX, old)
        p = subprocess.Popen([old, "as", "patienced", *self.places()], stdout=subprocess.DEVNULL, env=self.environment())
        self.addCleanup(p.wait)
        self.addCleanup(p.kill)
        self.eventually(lambda: os.path.exists(self.pid_file))
        shutil.copy(AUSPEX, new)
        os.rename(new, old)
        os.symlink(old, self.path("patienced"))
        out = subprocess.run([self.path("patienced"), "-status", *self.places()], capture_output=True, text=True, env=self.environment()).stdout
        self.assertIn("Daemon is running with PID %d\n" % p.pid, out)


class Stop(Personality):
    def test_not_running(self):
        self.assertEqual(self.call("-stop", *self.places()), (0, "Daemon is not running\n", ""))

    def test_round_trip(self):
        d = self.patienced()
        text = "Sent stop signal to daemon (PID %d)\nDaemon stopped successfully\n" % d.pid
        # The test is the daemon's parent and does not reap it: a zombie counts as gone.
        self.assertEqual(self.call("-stop", *self.places()), (0, text, ""))
        self.assertEqual(d.process.wait(5), 0)
        self.assertFalse(os.path.exists(self.pid_file))
        self.assertFalse(os.path.exists(self.socket_path))

    def test_found_through_the_configuration(self):
        d = self.patienced()
        self.assertIn("Daemon stopped successfully", self.call("-stop", "-config", self.config())[1])
        self.assertEqual(d.process.wait(5), 0)

    def test_twice(self):
        self.patienced()
        self.call("-stop", *self.places())
        self.assertEqual(self.call("-stop", *self.places())[1], "Daemon is not running\n")

    def test_a_foreign_process_is_never_signalled(self):
        other = self.bystander()
        pathlib.Path(self.pid_file).write_text("%d\n" % other.pid)
        status, out, _ = self.call("-stop", *self.places())
        self.assertEqual((status, out), (0, "Daemon is not running\n"))
        self.assertIsNone(other.poll())

    def test_a_foreign_process_that_locks_its_pid_file_is_never_signalled(self):
        other = self.bystander(
            "import fcntl,os,sys,time\nf=open(%r,'w')\nf.write('%%d\\n'%%os.getpid());f.flush()\nfcntl.lockf(f,fcntl.LOCK_EX)\n"
            "print('held',flush=True);time.sleep(1000)" % self.pid_file)
        self.assertEqual(other.stdout.readline(), b"held\n")
        self.assertEqual(self.call("-stop", *self.places())[1], "Daemon is not running\n")
        self.assertIsNone(other.poll())

    def test_own_group_and_init_are_never_signalled(self):
        for number in ("0", "-1", "1", str(os.getpid())):
            pathlib.Path(self.pid_file).write_text(number + "\n")
            status, out, _ = self.call("-stop", *self.places())
            self.assertEqual((status, out), (0, "Daemon is not running\n"), number)

    def test_garbage(self):
        pathlib.Path(self.pid_file).write_text("not a number\n")
        status, out, err = self.call("-stop", *self.places())
        self.assertEqual((status, out), (0, "Daemon is not running\n"))
        self.assertIn("invalid PID file format", err)

    def test_a_second_daemon_survives_the_stop_of_the_first(self):
        first = self.patienced()
        port = free_port()
        other = self.start("-socket", self.path("s2"), "-port", str(port), "-pid-file", self.path("pid2"), port=port,
                           socket_path=self.path("s2"))
        self.call("-stop", *self.places())
        self.assertEqual(first.process.wait(5), 0)
        self.assertIsNone(other.process.poll())
        self.assertEqual(other.get("/api/health").status, 200)


if __name__ == "__main__":
    main()
