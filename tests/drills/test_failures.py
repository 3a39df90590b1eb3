"""Every malloc, write, fsync, open, accept and fork of a short life fails once, in turn (tests/drills/failshim.c).

Whatever fails: the daemon does not die of a signal, a start that cannot go on ends with a sentence, what was acknowledged is in the history,
and a daemon that stays up answers afterwards.
"""
import os
import pathlib
import signal
import subprocess
import time
import unittest

from drill import Case, Daemon, Pusher, check, encode, free_port, main, run, shim

MOST = int(os.environ.get("DRILL_FAILURES", "150"))  # per kind; more calls than that are sampled evenly


class Failures(Case):
    aborts = 0

    def life(self, kind, at, name):
        """One short life; returns how many calls of the kind it made, or None when it was cut short."""
        folder = self.path("%s-%d" % (name, at))
        os.mkdir(folder)
        port, sock, count = free_port(), os.path.join(folder, "s"), os.path.join(folder, "count")
        env = {"PATH": os.environ["PATH"], "HOME": folder, "XDG_STATE_HOME": os.path.join(folder, "state"), "LD_PRELOAD": shim(),
               "FAIL_CALL": kind, "FAIL_AT": str(at), "FAIL_COUNT": count}
        argv = ["as", "patienced", "-socket", sock, "-port", str(port), "-pid-file", os.path.join(folder, "pid")]
        d = Daemon(folder, argv, port, sock, env, wait=False)
        self.daemons.append(d)
        try:
            d.wait_ready(5)
        except AssertionError:
            code = d.process.poll()
            self.assertIsNotNone(code, "%s %d: neither ready nor ended\n%s" % (kind, at, d.log()))
            if code == -signal.SIGABRT and not d.log() and kind == "malloc":  # libuv's own answer where it cannot register its fork handler
                self.aborts += 1
                self.assertEqual(self.aborts, 1, "malloc %d: more than libuv's one" % at)
                return None
            self.assertEqual(code, 1, "%s %d: ended by %s\n%s" % (kind, at, code, d.log()))
            self.assertRegex(d.log(), r"Error (starting daemon|loading configuration): .{8,}", "%s %d: a start that fails says why" % (kind, at))
            return None
        pushers = [Pusher(sock, "p%d" % i, per_push=3, pushes=4) for i in range(2)]
        for p in pushers:
            p.start()
        try:
            with d.connect(timeout=3) as s:
                s.sendall(encode(run("plain")))
        except OSError:
            pass
        for p in pushers:
            p.join(25)
        acked = [c for p in pushers for c in p.acked]
        self.eventually(lambda: self.answers(d), seconds=5, message="%s %d: it does not answer any more\n%s" % (kind, at, d.log()))
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

    def drill(self, kind):
        if not shim():
            self.skipTest("the preload library is not built for this system")
        total = self.life(kind, 0, kind)
        self.assertTrue(total, "no %s was counted" % kind)
        step = max(1, total // MOST)
        for at in range(1, total + 1, step):
            self.life(kind, at, kind)
            self.daemons.clear()
            subprocess.run(["rm", "-rf", self.path("%s-%d" % (kind, at))], check=True)
        print("%s: %d calls, every %s failed once" % (kind, total, "one" if step == 1 else "%dth" % step))

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
