"""What every integration test needs: a real daemon in a folder of its own, real sockets, real HTTP.

    class MyTest(Case):
        def test_something(self):
            d = self.patienced()              # or self.native(); stopped at the end of the test
            d.send_run(run("make test"))
            self.eventually(lambda: d.json("/api/metrics/recent")["count"] == 1)

The program under test is $AUSPEX (meson sets it). Needs python3's standard library only.
"""
import contextlib
import http.client
import json
import os
import pathlib
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import unittest

PATIENCE = 30  # seconds that a busy machine gets for what takes milliseconds on a quiet one

AUSPEX = os.environ.get("AUSPEX") or str(pathlib.Path(__file__).resolve().parents[2] / "build" / "auspex")

# Sanitizer builds: memory bounds are not measured, and a report in a daemon's log fails its test.
SANITIZED = os.path.exists(AUSPEX) and any(word in pathlib.Path(AUSPEX).read_bytes() for word in (b"__asan_init", b"__tsan_init"))
REPORTS = ("AddressSanitizer", "LeakSanitizer", "ThreadSanitizer", "runtime error:")

# The bytes the real command-line client sends for `true` (retry contract 1.1).
CAPTURED_RUN = (
    b'{"command":"true","command_hash":"b5bea41b","final_status":"succeeded","total_duration_seconds":0.007290392,'
    b'"total_attempts":1,"successful_attempts":1,"failed_attempts":0,"attempts":[{"duration_seconds":0.007228836,'
    b'"exit_code":0,"success":true}],"timestamp":1795378345}'
)


def run(command="true", status="succeeded", duration=1.5, attempts=1, **more):
    """A finished run as protocol A sends it."""
    good = status == "succeeded"
    doc = {
        "command": command,
        "command_hash": "00000000",
        "final_status": status,
        "total_duration_seconds": duration,
        "total_attempts": attempts,
        "successful_attempts": int(good),
        "failed_attempts": attempts - int(good),
        "attempts": [
            {"duration_seconds": duration / attempts, "exit_code": int(not (good and i == attempts - 1)),
             "success": good and i == attempts - 1}
            for i in range(attempts)
        ],
        "timestamp": 1795378345,
    }
    doc.update(more)
    return doc


def free_port():
    """Below those that the kernel gives to outgoing connections: one of them could take it before the daemon does."""
    while True:
        port = random.SystemRandom().randrange(20000, 32768)
        with socket.socket() as s, contextlib.suppress(OSError):
            s.bind(("127.0.0.1", port))
            return port


def encode(doc):
    if isinstance(doc, (bytes, bytearray)):
        return bytes(doc)
    if isinstance(doc, str):
        return doc.encode()
    return json.dumps(doc, separators=(",", ":")).encode()


class Answer:
    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body

    @property
    def text(self):
        return self.body.decode()

    def json(self):
        return json.loads(self.body)


class Daemon:
    """One daemon process; `argv` is everything after the program's name."""

    def __init__(self, folder, argv, port, socket_path, env=None, wait=True, preexec=None):
        self.folder, self.port, self.socket_path = folder, port, socket_path
        self.log_path = os.path.join(folder, "log.%d" % time.monotonic_ns())
        self.log_file = open(self.log_path, "wb")
        self.process = subprocess.Popen([AUSPEX, *argv], stdin=subprocess.DEVNULL, stdout=self.log_file,
                                        stderr=subprocess.STDOUT, env=env, cwd=folder, preexec_fn=preexec)
        if wait:
            self.wait_ready()

    # --- life ---
    def wait_ready(self, seconds=PATIENCE):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if self.process.poll() is not None:
                raise AssertionError("the daemon ended with %s:\n%s" % (self.process.returncode, self.log()))
            try:
                if self.port and self.get("/api/health").status == 200:
                    return self
                if not self.port and os.path.exists(self.socket_path):
                    return self
            except OSError:
                pass
            time.sleep(0.01)
        raise AssertionError("the daemon did not become ready:\n" + self.log())

    def log(self):
        return pathlib.Path(self.log_path).read_text(errors="replace")

    def log_lines(self):
        """The JSON lines of the log."""
        return [json.loads(line) for line in self.log().splitlines() if line.startswith("{")]

    def stop(self, sig=signal.SIGTERM, seconds=15):
        if self.process.poll() is None:
            self.process.send_signal(sig)
        try:
            code = self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise AssertionError("the daemon did not stop:\n" + self.log())
        self.log_file.close()
        return code

    def kill9(self):
        self.process.kill()
        self.process.wait()

    @property
    def pid(self):
        return self.process.pid

    def memory(self):
        """(resident, private dirty) in bytes."""
        rss = dirty = 0
        for line in open("/proc/%d/smaps_rollup" % self.pid):
            if line.startswith("Rss:"):
                rss = int(line.split()[1]) * 1024
            if line.startswith("Private_Dirty:"):
                dirty = int(line.split()[1]) * 1024
        return rss, dirty

    def cpu_seconds(self):
        fields = open("/proc/%d/stat" % self.pid).read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    # --- HTTP ---
    def request(self, method, path, body=None, headers=None, port=None, timeout=PATIENCE):
        c = http.client.HTTPConnection("127.0.0.1", port or self.port, timeout=timeout)
        try:
            c.request(method, path, body=body, headers=headers or {})
            r = c.getresponse()
            return Answer(r.status, {k.lower(): v for k, v in r.getheaders()}, r.read())
        finally:
            c.close()

    def get(self, path, **kw):
        return self.request("GET", path, **kw)

    def json(self, path, **kw):
        a = self.get(path, **kw)
        if a.status != 200:
            raise AssertionError("%s: %d %r" % (path, a.status, a.body[:300]))
        return a.json()

    def post(self, path, doc, headers=None, **kw):
        return self.request("POST", path, body=encode(doc), headers={"Content-Type": "application/json", **(headers or {})}, **kw)

    def raw_http(self, data, timeout=PATIENCE, port=None):
        """Bytes in, all bytes until the daemon closes out."""
        with socket.create_connection(("127.0.0.1", port or self.port), timeout=timeout) as s:
            s.sendall(data)
            out = b""
            try:
                while chunk := s.recv(65536):
                    out += chunk
            except (ConnectionResetError, TimeoutError):
                pass
            return out

    # --- Unix socket ---
    def connect(self, timeout=PATIENCE, path=None):
        s = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        s.settimeout(timeout)
        s.connect(path or self.socket_path)
        return s

    def send_run(self, doc=CAPTURED_RUN, path=None):
        """As the client does: connect, one write, close."""
        with self.connect(path=path) as s:
            s.sendall(encode(doc))

    def lines(self):
        return Lines(self.connect())

    def push(self, doc=None, **lists):
        with self.lines() as c:
            return c.ask({"type": "push", **(doc or {}), **lists})

    def count(self):
        return self.json("/api/daemon/stats")["total_metrics"]


class Lines:
    """A connection that speaks one JSON object per line."""

    def __init__(self, sock):
        self.sock, self.file = sock, sock.makefile("rb")

    def send(self, doc):
        self.sock.sendall(encode(doc) + b"\n")

    def read(self):
        line = self.file.readline()
        if not line:
            raise EOFError("the daemon closed the connection")
        return json.loads(line)

    def ask(self, doc):
        self.send(doc)
        return self.read()

    def close(self):
        self.file.close()
        self.sock.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


class Case(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="auspex-test-")
        self.addCleanup(shutil.rmtree, self.folder, True)
        self.daemons = []
        self.addCleanup(self._stop_all)

    def _stop_all(self):
        for d in self.daemons:
            if SANITIZED and d.process.poll() is None:
                d.stop()  # leaks are told at the end
            if d.process.poll() is None:
                d.process.kill()
                d.process.wait()
            if any(word in d.log() for word in REPORTS):
                raise AssertionError(d.log()[-20000:])

    def path(self, name):
        return os.path.join(self.folder, name)

    def environment(self, **more):
        env = {"PATH": os.environ["PATH"], "HOME": self.folder, "XDG_STATE_HOME": self.path("state"),
               "ASAN_OPTIONS": os.environ.get("ASAN_OPTIONS", "")}
        env.update(more)
        return env

    def patienced(self, *flags, env=None, port=None, **kw):
        """The personality with a socket, port and pid file of its own; the same ones each time within a test."""
        if not hasattr(self, "_port"):
            self._port = free_port()
        port = port or self._port
        argv = ["as", "patienced", "-socket", self.path("s"), "-port", str(port), "-pid-file", self.path("pid"), *flags]
        d = Daemon(self.folder, argv, port, self.path("s"), env or self.environment(), **kw)
        self.daemons.append(d)
        return d

    def native(self, *flags, config=None, env=None, **kw):
        if not hasattr(self, "_port"):
            self._port = free_port()
        argv = ["run", "--port", str(self._port), "--fleet-port", "0", "--aliases", "", *flags]
        if config is not None:
            pathlib.Path(self.path("auspex.yml")).write_text(config)
            argv += ["--config", self.path("auspex.yml")]
        d = Daemon(self.folder, argv, self._port, os.path.join(self.path("state"), "auspex", "auspex.sock"), env or self.environment(), **kw)
        self.daemons.append(d)
        return d

    def command(self, *argv, env=None, stdin=None, timeout=2 * PATIENCE):
        """Runs the program to its end: (exit status, stdout, stderr)."""
        p = subprocess.run([AUSPEX, *argv], input=stdin, capture_output=True, text=True, timeout=timeout, cwd=self.folder,
                           env=env or self.environment())
        return p.returncode, p.stdout, p.stderr

    def eventually(self, condition, seconds=PATIENCE, every=0.01, message="it did not come true"):
        end = time.monotonic() + seconds
        while True:
            value = condition()
            if value:
                return value
            if time.monotonic() > end:
                self.fail(message)
            time.sleep(every)


def main():
    """Runs the tests of the calling file; a skipped test says its name and reason on a line of its own."""

    class Result(unittest.TextTestResult):
        def addSkip(self, test, reason):
            super().addSkip(test, reason)
            print("SKIP: %s: %s" % (test.id().split(".", 1)[-1], reason), flush=True)

    program = unittest.main(module="__main__", testRunner=unittest.TextTestRunner(resultclass=Result, verbosity=2, stream=sys.stdout), exit=False)
    result = program.result
    if not result.wasSuccessful():
        sys.exit(1)
    if result.testsRun and len(result.skipped) == result.testsRun:
        sys.exit(77)
