"""The retry service's bars, measured side by side with their peers in one run; medians of several rounds.

CPU figures are the daemon's own (schedstat of its threads), the honest figure on a noisy machine. Peers that are not installed are named.
"""
import http.client
import os
import pathlib
import shutil
import signal
import statistics
import subprocess
import tempfile
import threading
import time

import harness
from table import row


def thread_cpu_us(pid, tid=None):
    tids = [tid] if tid else os.listdir("/proc/%d/task" % pid)
    return sum(int(open("/proc/%d/task/%s/schedstat" % (pid, t)).read().split()[0]) for t in tids) / 1000.0


def realtime():
    """For rows about stalls: what else the machine is busy with must not count. Where it is not allowed, it does."""
    try:
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(10))
    except (AttributeError, PermissionError):
        pass


class Retry:
    """One method a bench; `options`: auspex, programs (folder of the benchmark programs), rounds."""

    NAMES = ("start", "shell", "memory", "oneshot", "idle", "stream", "push", "health")

    def __init__(self, options):
        self.o = options
        self.load_program = options.programs / "load"
        self.bare_program = options.programs / "bare_sqlite"
        self.folder = tempfile.mkdtemp(prefix="auspex-bench-")

    def close(self):
        shutil.rmtree(self.folder, ignore_errors=True)

    def daemon(self, *flags, fresh=True, preexec=None):
        if fresh:
            shutil.rmtree(os.path.join(self.folder, "state"), ignore_errors=True)
        env = {"PATH": os.environ["PATH"], "HOME": self.folder, "XDG_STATE_HOME": os.path.join(self.folder, "state")}
        port = harness.free_port()
        argv = ["as", "patienced", "-socket", os.path.join(self.folder, "s"), "-port", str(port), "-pid-file", os.path.join(self.folder, "pid"), *flags]
        return harness.Daemon(self.folder, argv, port, os.path.join(self.folder, "s"), env, preexec=preexec)

    def load(self, *words):
        out = subprocess.run([self.load_program, *map(str, words)], capture_output=True, text=True, check=True).stdout.split()
        return float(out[0]), int(out[1])

    def rounds(self, once):
        return [once() for _ in range(self.o.rounds)]

    # --- one row each ---
    def oneshot(self):
        d = self.daemon("-max-metrics", "100000")
        n, cpus, stored = 10000, [], []
        for _ in range(self.o.rounds):
            before, had = thread_cpu_us(d.pid), d.count()
            _, lost = self.load("oneshot", d.socket_path, n)
            time.sleep(1.2)
            cpus.append((thread_cpu_us(d.pid) - before) / n)
            stored.append(d.count() - had if not lost else -lost)
        d.stop()
        row("10 000 one-shot sends: stored", str(min(stored)), "10000", verdict=min(stored) == n)
        cpu = statistics.median(cpus)
        row("one-shot send: CPU of the daemon", "%.1f us" % cpu, "<= 25 us", verdict=cpu <= 25)

    def idle(self):
        d = self.daemon()
        peers = [d.connect() for _ in range(1000)]
        times = []
        for _ in range(self.o.rounds):
            had, start = d.count(), time.monotonic()
            for _ in range(20):
                d.send_run()
            while d.count() < had + 20:
                pass
            times.append((time.monotonic() - start) * 1000)
        for p in peers:
            p.close()
        d.stop()
        row("1 000 idle peers: next 20 sends visible after", "%.1f ms" % statistics.median(times), "<= 100 ms", verdict=max(times) <= 100)

    def stream(self):
        d = self.daemon("-max-metrics", "1000000", preexec=realtime)
        n, cpus = 500000, []
        for _ in range(self.o.rounds):
            before = thread_cpu_us(d.pid, d.pid)
            self.load("stream", d.socket_path, n, 100)
            while d.json("/api/health?detail=1")["detail"]["intake"]["documents"] % n:
                time.sleep(0.05)
            cpus.append((thread_cpu_us(d.pid, d.pid) - before) / n)
        stats = d.json("/api/metrics/stats")
        detail = d.json("/api/health?detail=1")["detail"]
        exact = stats["total_runs"] == min(n * self.o.rounds, 1000000) and abs(stats["success_rate"] - 0.9) < 1e-12
        cpu = statistics.median(cpus)
        row("streamed 442-byte run: CPU of the loop thread", "%.2f us" % cpu, "<= 1 us", verdict=cpu <= 1)
        row("  aggregates exact (1 M runs held)", str(exact), "True", verdict=exact)
        row("  detail dropped above the writer's rate, counted", str(detail["history"]["dropped_queue"]), "told")
        row("  longest loop turn under this load", "%.1f ms" % (detail["loop"]["longest_turn_us"] / 1000), "<= 10 ms",
            verdict=detail["loop"]["longest_turn_us"] <= 10000)
        self.stats(d)
        self.export(d)
        d.stop()

    def stats(self, d):
        """Loop time of the 24-hour statistics with 1 M runs held: CPU of the loop thread less that of /api/health."""
        def per_request(path, n=2000):
            c = http.client.HTTPConnection("127.0.0.1", d.port)
            c.request("GET", path)
            c.getresponse().read()
            before = thread_cpu_us(d.pid, d.pid)
            for _ in range(n):
                c.request("GET", path)
                c.getresponse().read()
            return (thread_cpu_us(d.pid, d.pid) - before) / n
        figures = self.rounds(lambda: per_request("/api/metrics/stats"))
        us = statistics.median(figures)
        row("/api/metrics/stats over 24 h, 1 M runs: loop time", "%.0f us, whole request" % us, "< 100 us", verdict=us < 100)

    def export(self, d):
        before, worst = d.memory()[0], 0
        start = time.monotonic()
        c = http.client.HTTPConnection("127.0.0.1", d.port, timeout=120)
        c.request("GET", "/api/metrics/export")
        r, size = c.getresponse(), 0
        while chunk := r.read(1 << 20):
            size += len(chunk)
            worst = max(worst, d.memory()[0])
        row("export of 1 M runs: growth of the daemon", "%.1f MB (%.0f MB in %.1f s)" % ((worst - before) / 1e6, size / 1e6, time.monotonic() - start),
            "constant", verdict=worst - before < 8e6)

    def push(self):
        """Durable pushes of 100 runs against a bare SQLite loop with the same columns; a daemon, that loop, a daemon, …"""
        ours, theirs = {1: [], 4: []}, []
        for _ in range(self.o.rounds):
            for clients, rates in ours.items():
                d = self.daemon()
                seconds, failed = self.load("push", d.socket_path, 1600 // clients, 100, clients)
                assert not failed, "a push was not acknowledged"
                rates.append(160000 / seconds)
                d.stop()
            theirs.append(self.bare())
        bare = "bare SQLite %.0f rows/s" % statistics.median(theirs)
        for clients, rates in ours.items():
            ratio = statistics.median(a / b for a, b in zip(rates, theirs))
            row("durable push, 100 runs a message, %d client%s" % (clients, "s" if clients > 1 else ""), "%.0f runs/s" % statistics.median(rates),
                ">= 0.8 of bare SQLite", bare, ratio >= 0.8, ratio)

    def bare(self):
        file = os.path.join(self.folder, "bare.db")
        rate = float(subprocess.run([self.bare_program, file, "1600", "100"], capture_output=True, text=True, check=True).stdout.split()[0])
        for f in pathlib.Path(self.folder).glob("bare.db*"):
            f.unlink()
        return rate

    def wrk(self, port, path, connections):
        out = subprocess.run(["wrk", "-t1", "-c%d" % connections, "-d3", "--latency", "http://127.0.0.1:%d%s" % (port, path)],
                             capture_output=True, text=True, check=True).stdout
        rate = next(float(line.split()[1]) for line in out.splitlines() if line.startswith("Requests/sec"))
        p99 = next(line.split()[1] for line in out.splitlines() if line.strip().startswith("99%"))
        return rate, p99

    def nginx(self, port, preexec=None):
        conf = os.path.join(self.folder, "nginx.conf")
        pathlib.Path(conf).write_text(
            "worker_processes 1; daemon off; pid %s/nginx.pid; error_log stderr crit;\nevents { worker_connections 1024; }\n"
            "http { access_log off; keepalive_requests 1000000000; server { listen 127.0.0.1:%d; location / { default_type application/json;\n"
            "return 200 '{\"status\":\"healthy\",\"timestamp\":1795378345,\"version\":\"1.0.0\"}'; } } }\n" % (self.folder, port))
        process = subprocess.Popen(["nginx", "-c", conf, "-p", self.folder], stderr=subprocess.DEVNULL, preexec_fn=preexec)
        time.sleep(0.5)
        return process

    def health(self):
        if not shutil.which("wrk"):
            row("GET /api/health", "-", ">= nginx", "wrk is not installed")
            return
        d, peer, port = self.daemon(), None, harness.free_port()
        if shutil.which("nginx"):
            peer = self.nginx(port)
        for connections in (2, 64):
            ours, theirs = [], []
            for _ in range(self.o.rounds):
                ours.append(self.wrk(d.port, "/api/health", connections)[0])
                if peer:
                    theirs.append(self.wrk(port, "/", connections)[0])
            mine = statistics.median(ours)
            other = statistics.median(theirs) if theirs else 0
            ratio = statistics.median(a / b for a, b in zip(ours, theirs)) if theirs else None
            row("GET /api/health, %d connections" % connections, "%.0f/s" % mine, ">= one nginx worker",
                "nginx %.0f/s" % other if theirs else "nginx is not installed", ratio >= 1 if theirs else None, ratio)
        d.stop()
        if peer:
            peer.terminate()
            peer.wait()
            peer = self.nginx(port, realtime)
        self.health_under_load(port if peer else None)
        if peer:
            peer.terminate()
            peer.wait()

    def health_under_load(self, peer_port):
        """One client asks while one process streams all the socket takes; nginx beside it is asked under the same load."""
        d, stop = self.daemon(preexec=realtime), threading.Event()

        def feed():
            while not stop.is_set():
                self.load("stream", d.socket_path, 200000, 100)

        def ask(port, path):
            out = subprocess.run([self.load_program, "ask", str(port), path, "2"], capture_output=True, text=True, check=True, preexec_fn=realtime).stdout.split()
            return float(out[0]), float(out[1])
        thread = threading.Thread(target=feed)
        thread.start()
        ours, theirs = [], []
        for _ in range(self.o.rounds):
            ours.append(ask(d.port, "/api/health"))
            if peer_port:
                theirs.append(ask(peer_port, "/"))
        stop.set()
        thread.join()
        d.stop()
        p50, p99 = (statistics.median(x[i] for x in ours) for i in (0, 1))
        other = statistics.median(x[1] for x in theirs) if theirs else None
        row("GET /api/health p99 while the socket takes all it can", "%.2f ms (p50 %.2f)" % (p99, p50), "<= 5 ms",
            "nginx, same load: %.2f ms" % other if theirs else "", p99 <= 5, p99 / other if other else None)

    def memory(self):
        rest, held = [], []
        for _ in range(self.o.rounds):
            d = self.daemon()
            time.sleep(0.3)
            rest.append(d.memory())
            self.load("stream", d.socket_path, 10000, 100)
            while d.count() < 10000:
                time.sleep(0.05)
            time.sleep(1.5)
            held.append(d.memory())
            d.stop()
        for when, figures in (("at rest", rest), ("with 10 000 runs", held)):
            rss, dirty = (statistics.median(f[i] for f in figures) / 1e6 for i in (0, 1))
            bars = ("<= 8 MB", "<= 5 MB") if figures is rest else ("", "")
            row("memory %s: resident" % when, "%.1f MB" % rss, bars[0], verdict=rss <= 8 if bars[0] else None)
            row("memory %s: private dirty" % when, "%.1f MB" % dirty, bars[1], verdict=dirty <= 5 if bars[1] else None)
        self.per_run(100)
        self.per_run(200000)

    def per_run(self, commands, n=200000):
        d = self.daemon("-max-metrics", str(n))
        before = d.memory()[1]
        self.load("stream", d.socket_path, n, commands)
        while d.count() < n:
            time.sleep(0.1)
        time.sleep(2)
        each = (d.memory()[1] - before) / n
        d.stop()
        row("memory of a 442-byte run, %d commands in %d runs" % (commands, n), "%.0f bytes" % each, "<= 1 KiB", verdict=each <= 1024)

    def first_answer(self, state):
        port = harness.free_port()
        env = {"PATH": os.environ["PATH"], "HOME": self.folder, "XDG_STATE_HOME": state}
        begin = time.monotonic()
        p = subprocess.Popen([harness.AUSPEX, "as", "patienced", "-socket", os.path.join(self.folder, "s2"), "-port", str(port), "-pid-file",
                              os.path.join(self.folder, "pid2")], env=env, stdout=subprocess.DEVNULL)
        while True:
            try:
                c = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
                c.request("GET", "/api/health")
                c.getresponse().read()
                break
            except OSError:
                time.sleep(0.0005)
        took = (time.monotonic() - begin) * 1000
        p.send_signal(signal.SIGTERM)
        p.wait()
        return took

    def start(self):
        state = os.path.join(self.folder, "start-state")
        fresh, existing = [], []
        for _ in range(self.o.rounds):
            shutil.rmtree(state, ignore_errors=True)
            fresh.append(self.first_answer(state))
            existing.append(self.first_answer(state))
        for what, times in (("fresh state directory", fresh), ("existing history", existing)):
            ms = statistics.median(times)
            row("start to first answer, %s" % what, "%.1f ms" % ms, "<= 50 ms", verdict=ms <= 50)

    def shell(self):
        """Short commands against the shortest program there is."""
        d = self.daemon()
        env = {"PATH": os.environ["PATH"], "HOME": self.folder}

        def took(argv):
            begin = time.monotonic()
            subprocess.run(argv, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            return (time.monotonic() - begin) * 1000
        for name, words in (("version", ["version"]), ("status", ["status", "--port", str(d.port), "--socket", d.socket_path, "--pid-file", os.path.join(self.folder, "pid")])):
            ok = subprocess.run([self.o.auspex, *words], env=env, stdout=subprocess.DEVNULL).returncode == 0
            pairs = [(took([self.o.auspex, *words]), took(["true"])) for _ in range(8 * self.o.rounds)]
            ours, theirs = (statistics.median(p[i] for p in pairs) for i in (0, 1))
            row("auspex %s" % name, "%.1f ms" % ours, "<= 10 ms above `true`", "true %.1f ms" % theirs, ok and ours - theirs <= 10)
        d.stop()
