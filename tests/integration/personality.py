"""What the tests of the patienced personality share: every way to start it, and where to look what came of it."""
import json
import os
import pathlib
import signal
import socket
import subprocess
import time

from harness import AUSPEX, PATIENCE, Case, Daemon, free_port

# As the guide prints it, after its first line.
OPTION_BLOCK = """Usage: patienced [options]

Options:
  -config string
        Configuration file path
  -daemon
        Run as daemon (background process)
  -enable-http
        Enable HTTP API server (default true)
  -enable-profiling
        Enable profiling endpoints
  -log-level string
        Log level (debug, info, warn, error) (default "info")
  -max-age duration
        Maximum age of metrics (default 24h0m0s)
  -max-metrics int
        Maximum number of metrics to store (default 10000)
  -pid-file string
        PID file path (default "/tmp/retry-daemon.pid")
  -port int
        HTTP server port (default 8080)
  -socket string
        Unix socket path (default "/tmp/retry-daemon.sock")
  -status
        Show daemon status
  -stop
        Stop running daemon
  -version
        Show version information
"""


# Measures of memory and time say nothing about a build with a sanitizer.
SANITIZED = b"__asan_init" in pathlib.Path(AUSPEX).read_bytes() or b"__tsan_init" in pathlib.Path(AUSPEX).read_bytes()


class Personality(Case):
    def setUp(self):
        super().setUp()
        self.port = self._port = free_port()
        self.socket_path, self.pid_file = self.path("s"), self.path("pid")

    def places(self):
        return ["-socket", self.socket_path, "-port", str(self.port), "-pid-file", self.pid_file]

    def call(self, *flags, env=None, timeout=2 * PATIENCE):
        """Runs `auspex as patienced FLAGS` to its end."""
        return self.command("as", "patienced", *flags, env=env, timeout=timeout)

    def start(self, *flags, env=None, port=None, socket_path=None, **kw):
        """A daemon with exactly these flags."""
        d = Daemon(self.folder, ["as", "patienced", *flags], self.port if port is None else port, socket_path or self.socket_path,
                   env or self.environment(), **kw)
        self.daemons.append(d)
        return d

    def config(self, text=None, **keys):
        """A configuration file that keeps everything in the test's folder; `keys` are added or replace."""
        doc = {"socket_path": self.socket_path, "http_port": self.port, "pid_file": self.pid_file}
        doc.update(keys)
        path = self.path("daemon.json")
        pathlib.Path(path).write_text(json.dumps(doc) if text is None else text)
        return path

    def fails(self, *flags, env=None, code=1):
        """The start fails: its exit status and a sentence on stderr, and nothing is left behind."""
        before = self.listing()
        status, out, err = self.call(*flags, env=env)
        self.assertEqual(status, code, err)
        self.assertTrue(err.strip(), "a failed start says why")
        self.assertEqual(err.count("\n"), 1, "one sentence, not a story: %r" % err)
        self.assertEqual(self.listing() - before, set(), "a failed start leaves nothing behind")
        self.assertFalse(os.path.exists(self.pid_file), "no pid file is left")
        return err

    def listing(self):
        """Everything in the folder apart from the history's own directory."""
        found = set()
        for folder, dirs, files in os.walk(self.folder):
            if folder == self.folder and "state" in dirs:
                dirs.remove("state")
            found |= {os.path.join(folder, f) for f in files}
        return found

    def stats(self, d):
        return d.json("/api/daemon/stats")

    def held_pid(self):
        return int(pathlib.Path(self.pid_file).read_text())

    def kill_later(self, pid):
        def end():
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        self.addCleanup(end)

    def gone(self, pid):
        try:
            state = pathlib.Path("/proc/%d/stat" % pid).read_text().rsplit(")", 1)[1].split()[0]
            return state in "ZX"
        except (FileNotFoundError, ProcessLookupError):
            return True

    def bystander(self, *code):
        """A process that is not ours; ends with the test."""
        p = subprocess.Popen(["python3", "-c", *code] if code else ["sleep", "1000"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
        self.addCleanup(p.stdout.close)
        self.addCleanup(p.wait)
        self.addCleanup(p.kill)
        return p

    def connects(self, port):
        try:
            socket.create_connection(("127.0.0.1", port), timeout=2).close()
            return True
        except OSError:
            return False


def wait_until(condition, seconds=PATIENCE):
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(0.01)
    return True


__all__ = ["AUSPEX", "OPTION_BLOCK", "Personality", "SANITIZED", "wait_until"]
