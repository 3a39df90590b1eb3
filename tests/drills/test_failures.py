"""Every malloc, write, fsync, open, accept and fork of a short life fails once, in turn (tests/drills/failshim.c).

Two lives: patienced, of which every call fails, and the native daemon with rules and StatsD, of which so many are sampled.
Whatever fails: the daemon does not die of a signal, a start that cannot go on ends with a sentence, what was acknowledged is in the history,
and a daemon that stays up answers afterwards.
"""
import concurrent.futures
import os
import pathlib
import shutil
import socket
import subprocess
import time
import unittest

from drill import Case, Daemon, Pusher, check, encode, free_port, main, run, shim

MOST = int(os.environ.get("DRILL_FAILURES", "1000000"))  # per kind; more calls than that are sampled evenly
SAMPLED = min(MOST, 300)  # of the native daemon
AT_ONCE = len(os.sched_getaffinity(0))
NATIVE = """
aliases: []
fleet_port: 0
self_interval: 1s
statsd: [%(folder)s/statsd]
statsd_interval: 1s
alerts:
  - {name: load, series: "drill.load*", above: 90, severity: warning}
  - {name: failing, event: run_failed, clear: 1s}
"""


class Failures(Case):
    def use_more(self, d, folder):
        """What only the native daemon does; whether one of these is refused is not the question."""
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as s:
                s.sendto(b"drill.hits:1|c\ndrill.time:5|ms", folder + "/statsd")
            for v in (95, 10):
                d.post("/api/push", {"samples": [{"series": "drill.load", "v": v}]}, timeout=5)
            for path in ("/", "/api/alerts", "/api/events", "/api/series", "/metrics"):
                d.get(path, timeout=5)
        except OSError:
            pass

    def life(self, kind, at, name, native=False):
        """One short life; returns how many calls of the kind it made, or None when it was cut short."""
        folder = self.path("%s-%d" % (name, at))
        os.mkdir(folder)
        port, sock, count = free_port(), os.path.join(folder, "s"), os.path.join(folder, "count")
        env = {"PATH": os.environ["PATH"], "HOME": folder, "XDG_STATE_HOME": os.path.join(folder, "state"), "LD_PRELOAD": shim(),
               "FAIL_CALL": kind, "FAIL_AT": str(at), "FAIL_COUNT": count}
        argv = ["as", "patienced", "-socket", sock, "-port", str(port), "-pid-file", os.path.join(folder, "pid")]
        if native:
            pathlib.Path(folder, "auspex.yml").write_text(NATIVE % {"folder": folder})
            argv = ["run", "--config", folder + "/auspex.yml", "--port", str(port), "--socket", sock, "--state-dir", folder + "/state"]
        d = Daemon(folder, argv, port, sock, env, wait=False)
        self.daemons.append(d)
        try:
            d.wait_ready(20)
        except AssertionError:
            code = d.process.poll()
            self.assertIsNotNone(code, "%s %d: neither ready nor ended\n%s" % (kind, at, d.log()))
            self.assertEqual(code, 1, "%s %d: ended by %s\n%s" % (kind, at, code, d.log()))
            self.assertRegex(d.log(), r"(Error (starting daemon|loading configuration)|auspex run): .{8,}", "%s %d: a start that fails says why" % (kind, at))
            return None
        pushers = [Pusher(sock, "p%d" % i, per_push=3, pushes=4) for i in range(2)]
        for p in pushers:
            p.start()
        if native:
            self.use_more(d, folder)
        try:
            with d.connect(timeout=3) as s:
                s.sendall(encode(run("plain")))
        except OSError:
            pass
        for p in pushers:
            p.join(25)
        acked = [c for p in pushers for c in p.acked]
        for p in pushers:
            self.assertLessEqual(p.errors, {None, "out of memory"}, "%s %d: good text is blamed\n%s" % (kind, at, d.log()))
        try:
            self.eventually(lambda: self.answers(d), seconds=5)
        except AssertionError:
            self.fail("%s %d: it does not answer any more, ended by %s\n%s" % (kind, at, d.process.poll(), d.log()))
        with_load = Pusher(sock, "after", pushes=1)
        with_load.start()
        with_load.join(25)
        if not with_load.acked:  # one more chance: the failing call may have been this one's
            time.sleep(1.2)
            with_load = Pusher(sock, "again", pushes=1)
            with_load.start()
            with_load.join(25)
        self.assertTrue(with_load.acked, "%s %d: it does not store any more\n%s" % (kind, at, d.log()))
        code = d.stop()
        self.assertEqual(code, 0, "%s %d: ended by %s\n%s" % (kind, at, code, d.log()))
        check(self, os.path.join(folder, "state"), acked + with_load.acked)
        return int(pathlib.Path(count).read_text()) if os.path.exists(count) else None

    def answers(self, d):
        try:
            return d.get("/api/health", timeout=2).status == 200
        except OSError:
            return False

    def drill(self, kind, native=False):
        if not shim():
            self.skipTest("the preload library is not built for this system")
        name, most = ("native " if native else "") + kind, SAMPLED if native else MOST
        total = self.life(kind, 0, name, native)
        self.assertTrue(total, "no %s was counted" % kind)
        step = -(-total // most)

        def one(at):
            self.life(kind, at, name, native)
            folder = self.path("%s-%d" % (name, at))
            for d in [d for d in self.daemons if d.log_path.startswith(folder + "/")]:
                self.daemons.remove(d)
            shutil.rmtree(folder)
        with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
            for _ in pool.map(one, range(1, total + 1, step)):
                pass
        print("%s: %d calls, %s failed once" % (name, total, "every one" if step == 1 else "one in %d" % step))

    def test_malloc(self):
        self.drill("malloc")

    def test_write(self):
        self.drill("write")

    def test_fsync(self):
        self.drill("fsync")

    def test_open(self):
        self.drill("open")

    def test_accept(self):
        self.drill("accept")

    def test_native_malloc(self):
        self.drill("malloc", native=True)

    def test_native_write(self):
        self.drill("write", native=True)

    def test_native_fsync(self):
        self.drill("fsync", native=True)

    def test_native_open(self):
        self.drill("open", native=True)

    def test_native_accept(self):
        self.drill("accept", native=True)

    def test_fork(self):
        """Only -daemon forks: it says so and exits 1."""
        if not shim():
            self.skipTest("the preload library is not built for this system")
        env = self.environment(LD_PRELOAD=shim(), FAIL_CALL="fork", FAIL_AT="1")
        code, out, err = self.command("as", "patienced", "-daemon", "-socket", self.path("s"), "-port", str(free_port()), "-pid-file",
                                      self.path("pid"), env=env)
        self.assertEqual((code, out), (1, ""))
        self.assertRegex(err, "^Error starting daemon: cannot fork: ")
        self.assertFalse(os.path.exists(self.path("pid")))


if __name__ == "__main__":
    main()
