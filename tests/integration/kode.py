"""What the tests of the kode-kronical-daemon personality share: a home of its own, every way to start it, its files."""
import glob
import json
import os
import pathlib
import signal
import subprocess
import time

from harness import AUSPEX, PATIENCE, Case

NAME = "kode-kronical-daemon"
FILES = ("metrics_live.json", "metrics_recent.json", "metrics_clock.json", "metrics_clock_recent.json")


class Kode(Case):
    def setUp(self):
        super().setUp()
        self.home = self.path("home")
        os.mkdir(self.home)
        self.data = os.path.join(self.home, ".local/share/kode-kronical")
        self.pid_file = os.path.join(self.data, "daemon.pid")
        self.log_file = os.path.join(self.data, "daemon.log")
        self.user_config = os.path.join(self.home, ".config/kode-kronical/daemon.yaml")
        self.addCleanup(self._end)

    def environment(self, **more):
        return super().environment(HOME=self.home, XDG_STATE_HOME=self.path("state"), **more)

    def _end(self):
        """No daemon outlives its test, whatever the test did."""
        for path in pathlib.Path(self.folder).rglob("*.pid"): # glob passes by what is hidden, and .local is
            try:
                pid = int(path.read_text())
                if os.path.samefile("/proc/%d/exe" % pid, AUSPEX):
                    os.kill(pid, signal.SIGKILL)
            except (OSError, ValueError):
                pass

    def call(self, *argv, env=None, stdin=None, cwd=None):
        """Runs the personality to its end: (exit status, stdout, stderr)."""
        p = subprocess.run([AUSPEX, "as", NAME, *argv], input=stdin, stdin=None if stdin is not None else subprocess.DEVNULL,
                           capture_output=True, text=True, timeout=2 * PATIENCE, cwd=cwd or self.folder, env=env or self.environment())
        return p.returncode, p.stdout, p.stderr

    def good(self, *argv, **kw):
        status, out, err = self.call(*argv, **kw)
        self.assertEqual((status, err), (0, ""), out)
        return out

    def config(self, text, path=None):
        path = path or self.path("daemon.yaml")
        os.makedirs(os.path.dirname(path), exist_ok=True)
        pathlib.Path(path).write_text(text)
        return path

    def start(self, *argv, **kw):
        self.good(*argv, "start", **kw)
        return self.pid()

    def pid(self):
        return int(pathlib.Path(self.pid_file).read_text())

    def foreground(self, *argv, env=None):
        """A process in the foreground; its output goes to the file `out` in the folder."""
        out = open(self.path("out"), "wb")
        self.addCleanup(out.close)
        p = subprocess.Popen([AUSPEX, "as", NAME, *argv], stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT, cwd=self.folder,
                             env=env or self.environment())
        self.addCleanup(p.wait)
        self.addCleanup(p.kill)
        return p

    def output(self):
        return pathlib.Path(self.path("out")).read_text(errors="replace")

    def log(self):
        try:
            return pathlib.Path(self.log_file).read_text()
        except FileNotFoundError:
            return ""

    def load(self, name, data=None):
        return json.loads(pathlib.Path(os.path.join(data or self.data, name)).read_bytes())

    def newest(self, data=None):
        """The newest entry a client finds, or None."""
        try:
            return self.load("metrics_live.json", data)[-1]
        except (FileNotFoundError, IndexError):
            return None

    def wait_for_samples(self, n=1, data=None):
        def enough():
            try:
                return len(self.load("metrics_live.json", data)) >= n
            except FileNotFoundError:
                return False
        self.eventually(enough, message="no samples came")

    def gone(self, pid):
        try:
            return pathlib.Path("/proc/%d/stat" % pid).read_text().rsplit(")", 1)[1].split()[0] in "ZX"
        except (FileNotFoundError, ProcessLookupError):
            return True


def timed(function, *args, **kw):
    """(seconds, what it gave)."""
    begin = time.monotonic()
    value = function(*args, **kw)
    return time.monotonic() - begin, value
