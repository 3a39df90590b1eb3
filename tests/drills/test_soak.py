"""Half an hour of steady use of everything: memory, descriptors and threads stand still after the first third.

The load is a schedule, not a flood, so that the figures are the daemon's and not the machine's. All that is bounded is bounded low
enough to be full before the first third is over; what grows after it, leaks.
"""
import json
import math
import os
import pathlib
import random
import signal
import socket
import statistics
import threading
import time

from drill import Case, Pusher, encode, free_port, main, run  # noqa: F401

MINUTES = float(os.environ.get("DRILL_MINUTES", "30"))
TICK = 0.2  # seconds between two helpings of load
LOOK = 2.0  # seconds between two looks at the daemon
BLOCKS = 12  # the rest after the warm-up, cut so often; their means are taken as independent
HARMLESS = 128 * 1024  # bytes an hour that are no leak whatever the interval says
STUDENT = 2.228  # 97.5 % point of t with BLOCKS - 2 degrees of freedom

CONFIG = """
retry: {max_runs: 3000}
history: {max_size: 6MiB}
self_interval: 1s
statsd: [%s]
statsd_interval: 1s
alerts:
  - {name: queue, series: "soak.load*", above: 90, for: 1s, clear: 50, severity: warning}
  - {name: failing, event: run_failed, clear: 5s}
"""


def slope(times, values):
    """Bytes an hour with the half-width of its 95 % interval, over the means of BLOCKS blocks."""
    size = len(values) // BLOCKS
    xs = [statistics.fmean(times[i * size:(i + 1) * size]) / 3600 for i in range(BLOCKS)]
    ys = [statistics.fmean(values[i * size:(i + 1) * size]) for i in range(BLOCKS)]
    mx, my = statistics.fmean(xs), statistics.fmean(ys)
    sxx = sum((x - mx) ** 2 for x in xs)
    b = sum((x - mx) * (y - my) for x, y in zip(xs, ys)) / sxx
    rest = sum((y - my - b * (x - mx)) ** 2 for x, y in zip(xs, ys))
    return b, STUDENT * math.sqrt(rest / (BLOCKS - 2) / sxx)


def course(values):
    """The means of the blocks in KiB above the first: a step and a slope look alike in one number."""
    size = len(values) // BLOCKS
    means = [statistics.fmean(values[i * size:(i + 1) * size]) / 1024 for i in range(BLOCKS)]
    return " ".join("%+.0f" % (m - means[0]) for m in means[1:])


class Load(threading.Thread):
    """One helping every TICK; a late helping is not made up for."""

    def __init__(self, d, statsd):
        super().__init__(daemon=True)
        self.d, self.statsd, self.over, self.rng = d, statsd, threading.Event(), random.Random(7)
        self.counts = dict.fromkeys(("runs", "samples", "requests", "streams", "reloads", "datagrams"), 0)
        self.lines = self.stream = None

    def one_shots(self, n):
        for _ in range(n):
            bad = self.rng.random() < 0.2
            self.d.send_run(run("job %d" % self.rng.randrange(300), status="failed" if bad else "succeeded",
                                duration=self.rng.expovariate(1), attempts=1 + self.rng.randrange(3)))
        self.counts["runs"] += n

    def push(self, n):
        hot = 95 if n // 100 % 3 == 0 else 20
        samples = [{"series": "soak.load%d" % i, "v": hot + self.rng.random()} for i in range(5)]
        samples += [{"series": "soak.s%d{host=h%d}" % (i, i % 7), "v": self.rng.gauss(100, 5)} for i in range(150)]
        # each of 3 600 once a minute: the minutes kept in memory are at their bound soon
        samples += [{"series": "soak.wide%d" % ((n * 12 + i) % 3600), "v": self.rng.gauss(100, 5)} for i in range(12)]
        if not self.lines or n % 50 == 0:
            if self.lines:
                self.lines.__exit__(None, None, None)
            self.lines = self.d.lines().__enter__()
        reply = self.lines.ask({"type": "push", "runs": [run("pushed %d" % (n % 50))], "samples": samples})
        assert reply["status"] == "ok", reply
        self.counts["samples"] += len(samples)

    def ask(self, n):
        paths = ("/", "/api/health?detail=1", "/api/metrics/stats", "/api/metrics/recent?limit=50", "/metrics", "/api/alerts", "/api/series",
                 "/api/events?limit=200", "/api/series/query?key=soak.load1&start=-10m&step=10s", "/api/daemon/stats")
        assert self.d.get(paths[n % len(paths)]).status == 200
        self.counts["requests"] += 1

    def reopen_stream(self):
        if self.stream:
            self.stream.close()
        self.stream = socket.create_connection(("127.0.0.1", self.d.port))
        self.stream.sendall(b"GET /api/stream?topics=retry,events,samples HTTP/1.1\r\nHost: localhost\r\n\r\n")
        self.counts["streams"] += 1

    def drain_stream(self):
        self.stream.setblocking(False)
        try:
            while self.stream.recv(65536):
                pass
        except BlockingIOError:
            pass

    def datagrams(self):
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as s:
            for i in range(5):
                s.sendto(b"soak.hits%d:1|c\nsoak.time:%d|ms" % (i, self.rng.randrange(100)), self.statsd)
        self.counts["datagrams"] += 5

    def helping(self, n):
        self.one_shots(4)
        self.push(n)
        self.datagrams()
        self.ask(n)
        if n % 25 == 0:
            self.reopen_stream()
        self.drain_stream()
        if n % 10 == 0:
            with self.d.lines() as c:
                c.ask({"type": "handshake", "client_id": "soak-%d" % (n % 30), "version": "1"})
        if n % 300 == 150:
            self.d.process.send_signal(signal.SIGHUP)
            self.counts["reloads"] += 1

    def run(self):
        n, due = 0, time.monotonic()
        self.error = None
        try:
            while not self.over.is_set():
                self.helping(n)
                n, due = n + 1, max(due + TICK, time.monotonic())
                time.sleep(max(0, due - time.monotonic()))
        except Exception as e:  # told by the test's own thread
            self.error = e
        for closing in (self.stream, self.lines and self.lines.sock):
            if closing:
                closing.close()


class Soak(Case):
    def look(self, d):
        rss, dirty = d.memory()
        base = pathlib.Path("/proc/%d" % d.pid)
        return {"rss": rss, "dirty": dirty, "fds": len(list((base / "fd").iterdir())), "threads": len(list((base / "task").iterdir()))}

    def test_memory_stands_still(self):
        self.assertGreaterEqual(MINUTES, 1, "DRILL_MINUTES is too short for a slope")
        statsd, config = self.path("statsd"), self.path("auspex.yml")
        pathlib.Path(config).write_text(CONFIG % statsd)
        d = self.native(config=CONFIG % statsd)
        load = Load(d, statsd)
        load.start()
        start, looks, times = time.monotonic(), [], []
        while (now := time.monotonic() - start) < MINUTES * 60 and load.is_alive():
            looks.append(self.look(d))
            times.append(now)
            time.sleep(LOOK)
        load.over.set()
        load.join(30)
        self.assertIsNone(load.error)
        events = d.json("/api/events?limit=1000")["events"]
        self.assertTrue({"alert", "run_failed"} & {e["kind"] for e in events}, "alerts did fire")
        warm = len(looks) // 3
        self.eventually(lambda: self.look(d)["fds"] <= looks[0]["fds"] + 4, message="descriptors are left open")
        text, growing = [], []
        for name in ("rss", "dirty"):
            values = [look[name] for look in looks[warm:]]
            b, half = slope(times[warm:], values)
            text.append("%s %.2f MB, %+.0f +- %.0f KiB/h (%s KiB)" % (name, statistics.median(values) / 1e6, b / 1024, half / 1024, course(values)))
            if b - half > 0 and b > HARMLESS:
                growing.append(name)
        threads = {look["threads"] for look in looks[warm:]}
        print("%.0f minutes: %s; %d threads; %s" % (MINUTES, "; ".join(text), max(threads), json.dumps(load.counts)), flush=True)
        self.assertEqual(growing, [])
        self.assertEqual(len(threads), 1, "threads come and go: %s" % threads)
        self.assertEqual(d.stop(), 0)


if __name__ == "__main__":
    main()
