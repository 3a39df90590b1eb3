"""The real command-line client against the daemon; and its recorded conversation where Go is not at hand.

The client is built once into ~/.cache/auspex-tests (or $XDG_CACHE_HOME/auspex-tests). $AUSPEX_PATIENCE may name a client that is
already there, $AUSPEX_PATIENCE_SOURCE a copy of its source.
"""
import datetime
import json
import os
import pathlib
import shutil
import socket
import subprocess
import threading
import time

from harness import Case, main

MODULE = "github.com/shaneisley/patience"
DRIVER = """package main

import (
	"fmt"
	"os"
	"strconv"
	"time"

	"github.com/shaneisley/patience/pkg/metrics"
)

func main() {
	n, _ := strconv.Atoi(os.Args[2])
	for i := 0; i < n; i++ {
		attempts := []metrics.AttemptMetric{{Duration: 250 * time.Millisecond, ExitCode: 1}, {Duration: 1500 * time.Millisecond, Success: true}}
		run := metrics.NewRunMetrics([]string{"echo", "a<b>&c", strconv.Itoa(i)}, true, 2*time.Second, attempts)
		if err := metrics.NewClient(os.Args[1]).SendMetrics(run); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
}
"""


def cache():
    base = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    return pathlib.Path(base) / "auspex-tests"


class GoTools:
    """What Go could build: paths, or the reason why not."""

    def __init__(self):
        self.client = os.environ.get("AUSPEX_PATIENCE")
        self.driver = None
        self.reason = None
        self.go = shutil.which("go") or ("/usr/local/go/bin/go" if os.path.exists("/usr/local/go/bin/go") else None)
        if not self.go:
            self.reason = "Go is not installed"
            return
        root = cache()
        self.env = {**os.environ, "GOPATH": str(root / "go"), "GOBIN": str(root / "bin"), "GOFLAGS": "-mod=mod", "CGO_ENABLED": "0",
                    "GOCACHE": str(root / "build")}
        (root / "bin").mkdir(parents=True, exist_ok=True)
        if not self.client and (root / "bin/patience").exists():
            self.client = str(root / "bin/patience")
        if not self.client and not self.build(root, ["install", MODULE + "/cmd/patience@latest"], root):
            return
        self.client = self.client or str(root / "bin/patience")
        self.driver = self.build_driver(root)

    def build(self, root, words, folder):
        try:
            p = subprocess.run([self.go, *words], cwd=folder, env=self.env, capture_output=True, text=True, timeout=240)
        except subprocess.TimeoutExpired:
            self.reason = "go %s took too long" % words[0]
            return False
        if p.returncode:
            lines = (p.stderr.strip() or "no word").splitlines()
            self.reason = "go %s: %s" % (" ".join(words), lines[-1].strip())
        return p.returncode == 0

    def build_driver(self, root):
        folder = root / "driver"
        if (folder / "driver").exists() and (folder / "main.go").exists() and (folder / "main.go").read_text() == DRIVER:
            return str(folder / "driver")
        folder.mkdir(exist_ok=True)
        (folder / "main.go").write_text(DRIVER)
        source = os.environ.get("AUSPEX_PATIENCE_SOURCE")
        replace = "replace %s => %s\n" % (MODULE, source) if source else ""
        (folder / "go.mod").write_text("module driver\n\ngo 1.21\n\n" + replace)
        if self.build(root, ["get", MODULE], folder) and self.build(root, ["build", "-o", "driver", "."], folder):
            return str(folder / "driver")
        return None


_tools = []


def tools():
    if not _tools:
        _tools.append(GoTools())
    return _tools[0]


def most_in_window(times, window):
    return max(sum(1 for u in times if t <= u < t + window) for t in times)


class RealClient(Case):
    def setUp(self):
        super().setUp()
        if not tools().client or not os.path.exists(tools().client):
            self.skipTest("the patience client cannot be built: %s" % tools().reason)
        self.d = self.patienced()

    def dio(self, *words, limit=2, window="5s"):
        return subprocess.Popen([tools().client, "dio", "--daemon", "--daemon-socket", self.d.socket_path, "-r", str(limit), "-w", window,
                                 "-o", "0", "-a", "1", "--", *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def test_the_third_of_three_waits(self):
        started = time.monotonic()
        clients = [self.dio("true") for _ in range(3)]
        took = []
        for c in clients:
            out, err = c.communicate(timeout=60)
            self.assertEqual(c.returncode, 0, err)
            self.assertNotIn("falling back", out + err)
            took.append(time.monotonic() - started)
        self.assertGreaterEqual(max(took), 4.5)
        self.assertLess(max(took), 15)

    def test_many_at_once_never_exceed_the_limit(self):
        stamp = ["sh", "-c", "date +%%s.%%N >> %s" % self.path("starts")]
        clients = [self.dio(*stamp, limit=3, window="3s") for _ in range(9)]
        for c in clients:
            c.communicate(timeout=60)
            self.assertEqual(c.returncode, 0)
        times = [float(t) for t in pathlib.Path(self.path("starts")).read_text().split()]
        self.assertEqual(len(times), 9)
        self.assertLessEqual(most_in_window(times, 2.9), 3)

    def test_the_exit_code_of_the_command_is_kept(self):
        c = self.dio("sh", "-c", "exit 7")
        c.communicate(timeout=60)
        self.assertNotEqual(c.returncode, 0)


class Driver(Case):
    def setUp(self):
        super().setUp()
        if not tools().driver:
            self.skipTest("the driver of the Go client cannot be built: %s" % tools().reason)

    def test_a_thousand_synchronous_sends_are_stored(self):
        d = self.patienced()
        subprocess.run([tools().driver, d.socket_path, "1000"], check=True, timeout=60)
        self.eventually(lambda: d.count() == 1000)
        m = d.json("/api/metrics/recent?limit=1")["metrics"][0]["metrics"]
        self.assertEqual((m["command"], m["total_attempts"], m["final_status"]), ("echo a<b>&c 999", 2, "succeeded"))
        self.assertEqual([a["duration_seconds"] for a in m["attempts"]], [0.25, 1.5])


class RecordedClient:
    """Says what the real client was recorded to say, and believes what it believes: after a "no" it sleeps until
    wait_until and runs without asking again."""

    def __init__(self, path, limit, window_ms, resource="cmd-true", offsets=(0,)):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(10)
        self.sock.connect(path)
        self.limit, self.window_ms, self.resource, self.offsets = limit, window_ms, resource, offsets

    def ask(self, text):
        self.sock.sendall(text.encode() + b"\n")
        reply = b""
        while not reply.endswith(b"\n"):
            part = self.sock.recv(65536)
            if not part:
                raise EOFError("closed after %r" % reply)
            reply += part
        return json.loads(reply)

    def slot(self):
        """Seconds of the wall clock at which the command runs."""
        hello = self.ask('{"client":"patience-cli","type":"handshake","version":"1.0"}')
        assert hello["status"] == "ok", hello
        self.ask('{"rate_limit":1,"request_time":-62135596800,"resource_id":"test-connection","retry_offsets":[],"type":"schedule_request",'
                 '"window_ms":1000}')
        now = time.time()
        reply = self.ask('{"rate_limit":%d,"request_time":%d,"resource_id":"%s","retry_offsets":%s,"type":"schedule_request","window_ms":%d}'
                         % (self.limit, now, self.resource, json.dumps(list(self.offsets)), self.window_ms))
        at = now
        assert reply["reason"], reply
        if not reply["can_schedule"]:
            text = reply["wait_until"].replace("Z", "+00:00")
            whole, _, rest = text.partition(".")
            digits = rest[: len(rest) - 6] if rest else ""
            if digits:
                text = whole + "." + (digits + "000000")[:6] + rest[-6:]
            at = max(now, datetime.datetime.fromisoformat(text).timestamp())
        if at - now <= 5:
            row = '{"expires_at":%d,"id":"%s-%d-0","resource_id":"%s","scheduled_at":%d}' % (now + 3600, self.resource, now, self.resource, now)
            assert self.ask('{"requests":[%s],"type":"register_request"}' % row)["success"] is True
        return at, reply["can_schedule"]


class Recorded(Case):
    def race(self, n, **kw):
        d = self.patienced()
        clients = [RecordedClient(d.socket_path, **kw) for _ in range(n)]
        got = [None] * n

        def work(i):
            got[i] = clients[i].slot()

        threads = [threading.Thread(target=work, args=(i,)) for i in range(n)]
        for t in threads:
            t.start()
        for t in threads:
            t.join()
        for c in clients:
            c.sock.close()
        self.assertNotIn(None, got)
        return got

    def test_the_third_of_three_is_told_to_wait(self):
        got = self.race(3, limit=2, window_ms=5000)
        self.assertEqual([yes for _, yes in got].count(True), 2)
        times = sorted(t for t, _ in got)
        self.assertGreater(times[2] - times[0], 3.9)
        self.assertLess(times[2] - times[0], 6.1)

    def test_forty_at_once_never_exceed_the_limit(self):
        got = self.race(40, limit=3, window_ms=3000)
        self.assertEqual([yes for _, yes in got].count(True), 3)
        # The request's clock is whole seconds, the answer's is exact: one second of slack for the first window.
        later = sorted(t for t, yes in got if not yes)
        self.assertLessEqual(most_in_window(later, 2.999), 3)
        self.assertEqual(len(later), 37)

    def test_resources_do_not_share_a_limit(self):
        d = self.patienced()
        for resource in ("cmd-a", "cmd-b", "http-example.org:8080", "", "x" * 1000):
            self.assertTrue(RecordedClient(d.socket_path, 1, 5000, resource).slot()[1], resource[:20])

    def test_a_client_told_to_wait_may_stay_idle(self):
        d = self.patienced()
        first, second = (RecordedClient(d.socket_path, 1, 2000) for _ in range(2))
        self.assertTrue(first.slot()[1])
        self.assertFalse(second.slot()[1])
        time.sleep(6)
        self.assertTrue(second.ask('{"requests":[],"type":"register_request"}')["success"])

    def test_coordination_survives_a_restart_of_nothing(self):
        """The daemon goes away under an open conversation: the client sees an end, not a silence."""
        d = self.patienced()
        c = RecordedClient(d.socket_path, 1, 2000)
        c.slot()
        d.stop()
        self.assertEqual(c.sock.recv(10), b"")


if __name__ == "__main__":
    main()
