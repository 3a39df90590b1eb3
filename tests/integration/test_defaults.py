"""Out of the box: nothing is redirected. Runs in a mount and network namespace of its own, with an empty /tmp."""
import http.client
import json
import os
import pathlib
import shutil
import socket
import stat
import subprocess
import sys
import tempfile

from harness import AUSPEX, CAPTURED_RUN, Case, Daemon, main

SOCKETS = ["/tmp/retry-daemon.sock", "/tmp/retryd.sock", "/tmp/patience-daemon.sock"]
PREPARE = "mount -t tmpfs tmpfs /tmp && chmod 1777 /tmp && ip link set lo up && exec \"$@\""


class Defaults(Case):
    def start(self, *argv, port=8080, socket_path=SOCKETS[0]):
        d = Daemon(self.folder, list(argv), port, socket_path, self.environment())
        self.daemons.append(d)
        return d

    def test_the_personality_meets_every_client(self):
        d = self.start("as", "patienced")
        for n, path in enumerate(SOCKETS):
            self.assertTrue(stat.S_ISSOCK(os.stat(path).st_mode), path)
            d.send_run(CAPTURED_RUN, path=path)
            self.eventually(lambda: d.count() == n + 1)
        self.assertEqual(pathlib.Path("/tmp/retry-daemon.pid").read_text(), "%d\n" % d.pid)
        text = "Daemon is running with PID %d\nSocket: /tmp/retry-daemon.sock\nHTTP Port: 8080\n" % d.pid
        self.assertEqual(self.command("as", "patienced", "-status"), (0, text, ""))
        self.assertIn("Daemon stopped successfully\n", self.command("as", "patienced", "-stop")[1])
        self.assertEqual(sorted(os.listdir("/tmp")), sorted(n for n in os.listdir("/tmp") if n.startswith("auspex-test-")))

    def test_an_alias_in_use_is_left_alone(self):
        with socket.socket(socket.AF_UNIX) as s:
            s.bind(SOCKETS[1])
            s.listen()
            d = self.start("as", "patienced")
            self.assertEqual([line["level"] for line in d.log_lines()].count("WARN"), 1)
            d.stop()
            self.assertTrue(os.path.exists(SOCKETS[1]))
        os.unlink(SOCKETS[1])

    def test_another_socket_means_no_aliases(self):
        d = self.start("as", "patienced", "-socket", "/tmp/own.sock", socket_path="/tmp/own.sock")
        self.assertFalse([p for p in SOCKETS if os.path.exists(p)])
        d.stop()

    def test_the_guides_file_word_for_word(self):
        pathlib.Path(self.path("daemon.json")).write_text("""{
  "socket_path": "/tmp/retry-daemon.sock",
  "http_port": 8080,
  "max_metrics": 10000,
  "metrics_max_age": "24h",
  "log_level": "info",
  "pid_file": "/var/run/retry-daemon.pid",
  "enable_http": true,
  "enable_profiling": false
}
""")
        if not os.access("/var/run", os.W_OK):
            self.skipTest("/var/run is not writable here")
        d = self.start("as", "patienced", "-config", self.path("daemon.json"))
        self.assertEqual(pathlib.Path("/var/run/retry-daemon.pid").read_text(), "%d\n" % d.pid)
        d.stop()
        self.assertFalse(os.path.exists("/var/run/retry-daemon.pid"))

    def test_it_answers_under_every_address_and_name(self):
        d = self.start("as", "patienced")
        for address in ("127.0.0.1", "::1", "127.0.0.2"):
            c = http.client.HTTPConnection(address, 8080, timeout=5)
            c.request("GET", "/api/health", headers={"Host": "anything.example"})
            self.assertEqual(c.getresponse().status, 200, address)
            c.close()
        self.assertIsNone(d.process.poll())

    def test_the_native_daemon_needs_no_word(self):
        d = self.start("run")
        self.assertEqual(d.get("/api/health", port=8000).status, 200)
        for n, path in enumerate(SOCKETS):
            d.send_run(CAPTURED_RUN, path=path)
            self.eventually(lambda: d.count() == n + 1)
        status, out, err = self.command("push", "--run", "make test", "--status", "failed", "--attempts", "3", "--duration", "4.2")
        self.assertEqual(status, 0, err)
        self.assertEqual(json.loads(out)["accepted"], 1)
        self.assertIn("make test", self.command("query", "runs")[1])
        self.assertEqual(self.command("status")[0], 0)
        self.assertEqual(self.command("doctor")[0], 0)
        self.assertIn("stopped", self.command("stop")[1])
        self.assertEqual([p for p in SOCKETS if os.path.exists(p)], [])

    def test_the_native_daemon_is_not_seen_from_other_addresses(self):
        d = self.start("run")
        with self.assertRaises(OSError):
            socket.create_connection(("127.0.0.2", 8080), timeout=2)
        self.assertIsNone(d.process.poll())

    def test_without_ipv6_it_still_runs(self):
        path = pathlib.Path("/proc/sys/net/ipv6/conf/all/disable_ipv6")
        if not path.exists() or not os.access(path, os.W_OK):
            self.skipTest("IPv6 cannot be switched off here")
        path.write_text("1")
        self.addCleanup(path.write_text, "0")
        for argv in (["as", "patienced"], ["run"]):
            d = self.start(*argv)
            self.assertEqual(d.get("/api/health").status, 200)
            self.assertEqual(d.stop(), 0)

    def test_both_cannot_have_the_same_port(self):
        self.start("as", "patienced")
        status, _, err = self.command("run")
        self.assertEqual(status, 1)
        self.assertIn("8080", err)


def run_inside():
    """Again, in a namespace; program and tests are copied, because they may lie under the /tmp that is going to be hidden."""
    folder = tempfile.mkdtemp(prefix="auspex-test-", dir="/var/tmp")
    try:
        probe = ["unshare", "-rmn", "sh", "-c", PREPARE, "sh", "true"]
        if not shutil.which("unshare") or subprocess.run(probe, capture_output=True).returncode:
            print("SKIP: Defaults: this system does not let us make a namespace")
            sys.exit(77)
        shutil.copy(AUSPEX, folder + "/auspex")
        here = pathlib.Path(__file__).resolve().parent
        for file in here.glob("*.py"):
            shutil.copy(file, folder)
        env = {**os.environ, "AUSPEX": folder + "/auspex", "AUSPEX_TEST_INSIDE": "1", "PYTHONPATH": folder}
        own = os.path.join(folder, os.path.basename(__file__))
        sys.exit(subprocess.run(["unshare", "-rmn", "sh", "-c", PREPARE, "sh", sys.executable, own], env=env, cwd=folder).returncode)
    finally:
        shutil.rmtree(folder, True)


if __name__ == "__main__":
    if os.environ.get("AUSPEX_TEST_INSIDE"):
        main()
    else:
        run_inside()
