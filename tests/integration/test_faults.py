"""When the machine fails: full, read-only and damaged disks, no descriptors, kills. Nothing acknowledged is lost and it recovers by itself."""
import glob
import http.client
import json
import os
import pathlib
import resource
import shutil
import signal
import socket
import subprocess
import threading
import time
import unittest

from harness import AUSPEX, CAPTURED_RUN, SANITIZED, Case, free_port, main, run


def commands(d):
    return [m["metrics"]["command"] for m in d.json("/api/metrics/export")]


class Faults(Case):
    def detail(self, d):
        return d.json("/api/health?detail=1")["detail"]

    def database(self):
        return glob.glob(self.path("state/auspex/patienced/*/history.db"))[0]

    def mount(self, size, options=""):
        """A tmpfs as the state directory; skips where that is not allowed."""
        if os.geteuid() != 0:
            self.skipTest("needs root to mount a tmpfs")
        folder = self.path("state")
        os.makedirs(folder, exist_ok=True)
        p = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=%s%s" % (size, options), "tmpfs", folder], capture_output=True, text=True)
        if p.returncode:
            self.skipTest("cannot mount a tmpfs: " + p.stderr.strip())
        self.addCleanup(subprocess.run, ["umount", "-l", folder], capture_output=True)
        return folder

    def fill(self, folder):
        filler = os.path.join(folder, "filler")
        with open(filler, "wb", buffering=0) as f:
            for size in (1 << 16, 4096):
                try:
                    while True:
                        f.write(b"x" * size)
                except OSError:
                    pass
        return filler

    def push_until_refused(self, d, acknowledged, push=None, prefix="x"):
        """Room in files that exist already may last for a while."""
        for i in range(400):
            names = ["%s%d-%d-" % (prefix, i, k) + "y" * 400 for k in range(50)]
            reply = (push or d.push)(runs=[run(n) for n in names])
            if reply["status"] == "error":
                return reply
            acknowledged.extend(names)
        self.fail("a full disk was never noticed")


class Disk(Faults):
    def test_full_disk(self):
        folder = self.mount("6m")
        d = self.patienced()
        acknowledged = ["first"]
        d.push(runs=[run("first")])
        filler = self.fill(folder)
        reply = self.push_until_refused(d, acknowledged)
        self.assertEqual((reply["accepted"], reply["rejected"], len(reply["errors"])), (0, 50, 1))
        self.assertIn("send it again", reply["errors"][0]["error"])
        by_http = []
        statuses = []

        def post(runs):
            a = d.post("/api/push", {"runs": runs})
            statuses.append(a.status)
            return a.json()
        self.push_until_refused(d, by_http, post, "x-http")
        self.assertEqual(set(statuses[:-1]) - {200}, set())
        self.assertEqual(statuses[-1], 503)
        acknowledged += by_http
        self.assertEqual(d.count(), len(acknowledged), "what was refused is not shown")
        d.send_run(run("ram"))
        self.eventually(lambda: d.count() == len(acknowledged) + 1, message="RAM goes on")
        detail = self.detail(d)
        self.assertEqual(detail["state"], "degraded")
        self.assertIn("full", " ".join(p["problem"] for p in detail["problems"]))
        self.assertEqual(list(d.json("/api/health")), ["status", "timestamp", "version"])
        os.unlink(filler)
        self.eventually(lambda: d.push(runs=[run("after")])["status"] == "ok", every=0.05)
        self.assertEqual(self.detail(d)["history"]["state"], "ok")
        d.kill9()
        there = commands(self.patienced())
        self.assertEqual(set(acknowledged + ["after"]) - set(there), set())
        self.assertEqual(len([n for n in there if n.startswith("x")]), len(acknowledged) - 1, "and nothing twice")

    def test_recovery_without_traffic(self):
        folder = self.mount("6m")
        d = self.patienced()
        filler = self.fill(folder)
        self.push_until_refused(d, [])
        self.assertNotEqual(self.detail(d)["history"]["state"], "ok")
        os.unlink(filler)
        self.eventually(lambda: self.detail(d)["history"]["state"] == "ok")

    def test_start_on_a_full_disk(self):
        folder = self.mount("1m")
        filler = self.fill(folder)
        d = self.patienced()
        d.send_run(run("ram"))
        self.eventually(lambda: d.count() == 1)
        os.unlink(filler)
        self.eventually(lambda: d.push(runs=[run("disk")])["status"] == "ok", every=0.05)

    def test_history_outlives_a_start_on_a_full_disk(self):
        folder = self.mount("1m")
        d = self.patienced()
        d.push(runs=[run("old%d" % i) for i in range(10)])
        d.stop()
        filler = self.fill(folder)
        d = self.patienced()
        os.unlink(filler)
        self.eventually(lambda: d.push(runs=[run("new")])["status"] == "ok", every=0.05)
        d.stop()
        there = commands(self.patienced())
        self.assertEqual(set(there), {"old%d" % i for i in range(10)} | {"new"})
        self.assertEqual(len(there), 11)

    def test_a_log_of_a_full_disk_is_short(self):
        folder = self.mount("6m")
        d = self.patienced()
        self.fill(folder)
        self.push_until_refused(d, [])
        for _ in range(200):
            d.push(runs=[run("x" * 1000)] * 100)
        self.assertLess(d.log().count("\n"), 60)

    def test_read_only_directory_at_start(self):
        if os.geteuid() == 0:
            self.mount("1m", ",ro")
        else:
            os.makedirs(self.path("state"))
            os.chmod(self.path("state"), 0o500)
        d = self.patienced()
        reply = d.push(runs=[run()])
        self.assertEqual((reply["status"], reply["accepted"], reply["durable"]), ("ok", 1, False))
        self.assertIn("memory only", " ".join(p["problem"] for p in self.detail(d)["problems"]))
        self.assertIn("memory only", d.log())


class Damage(Faults):
    def filled(self, n=3000):
        d = self.patienced()
        for i in range(0, n, 500):
            d.push(runs=[run("n%d" % (i + k)) for k in range(500)])
        self.assertEqual(d.stop(), 0)
        return self.database()

    def starts_fresh(self, n_left=0):
        d = self.patienced()
        self.assertEqual(d.count(), n_left)
        self.assertTrue(glob.glob(self.database() + ".damaged-*"), "moved aside, not removed")
        self.assertIn("damaged", d.log())
        events = d.json("/api/events?kind=data_loss")["events"]
        self.assertEqual([e["severity"] for e in events], ["critical"])
        self.assertEqual(d.push(runs=[run("new")])["status"], "ok")
        d.kill9()
        self.assertIn("new", commands(self.patienced()))

    def overwrite(self, path, at, n):
        with open(path, "r+b") as f:
            f.seek(at)
            f.write(os.urandom(n))

    def test_random_header(self):
        self.overwrite(self.filled(), 0, 100)
        self.starts_fresh()

    def test_random_middle(self):
        path = self.filled()
        self.overwrite(path, os.path.getsize(path) // 2, 40_000)
        self.starts_fresh()

    def test_random_first_table(self):
        self.overwrite(self.filled(), 100, 3000)
        self.starts_fresh()

    def test_truncated(self):
        path = self.filled()
        os.truncate(path, os.path.getsize(path) // 2)
        self.starts_fresh()

    def test_a_text_file(self):
        pathlib.Path(self.filled()).write_text("this is no database\n" * 1000)
        self.starts_fresh()

    def test_an_empty_file_is_a_new_one(self):
        os.truncate(self.filled(), 0)
        self.assertEqual(self.patienced().push(runs=[run()])["status"], "ok")

    def test_a_directory_in_its_place(self):
        path = self.filled()
        os.unlink(path)
        os.mkdir(path)
        d = self.patienced(wait=False)
        end = time.monotonic() + 5
        while time.monotonic() < end and d.process.poll() is None and not os.path.exists(self.path("pid")):
            time.sleep(0.02)
        if d.process.poll() is None:  # it may run without history, but not silently
            self.assertTrue(self.detail(d.wait_ready())["problems"])
        self.assertIn("history", d.log())

    def test_deleted_while_running(self):
        d = self.patienced()
        d.push(runs=[run("before")])
        for path in glob.glob(self.database() + "*"):
            os.unlink(path)
        acknowledged = []
        end = time.monotonic() + 2
        while time.monotonic() < end:
            if d.push(runs=[run("after%d" % len(acknowledged))])["status"] == "ok":
                acknowledged.append("after%d" % len(acknowledged))
            time.sleep(0.02)
        self.assertGreater(len(acknowledged), 0, "it recovers")
        d.kill9()
        missing = set(acknowledged) - set(commands(self.patienced()))
        self.assertEqual(missing, set())

    def test_the_whole_directory_deleted_while_running(self):
        d = self.patienced()
        d.push(runs=[run("before")])
        shutil.rmtree(os.path.dirname(self.database()))
        self.eventually(lambda: d.push(runs=[run("after")])["status"] == "ok", every=0.1)
        d.kill9()
        self.assertIn("after", commands(self.patienced()))


class Processes(Faults):
    def test_two_daemons_with_one_state_directory(self):
        self.native()
        code, out, err = self.command("run", "--port", str(free_port()), "--fleet-port", "0", "--aliases", "", "--socket", self.path("s2"),
                                      "--pid-file", self.path("pid2"))
        self.assertNotEqual(code, 0)
        self.assertIn("in use by process", out + err)

    def test_out_of_descriptors(self):
        d = self.patienced(preexec=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (48, 48)))
        d.push(runs=[run("first")])
        peers = []
        for i in range(200):
            try:
                s = d.connect(timeout=2) if i % 2 else socket.create_connection(("127.0.0.1", d.port), timeout=2)
                peers.append(s)
                s.sendall(b'{"type":"hand' if i % 2 else b"GET /api/hea")
            except OSError:
                pass
        self.assertIsNone(d.process.poll())
        before = d.cpu_seconds()
        time.sleep(0.5)
        self.assertLess(d.cpu_seconds() - before, 0.25, "it does not spin")
        [s.close() for s in peers]

        def works():
            try:
                return d.push(runs=[run("after")])["status"] == "ok" and d.get("/api/health").status == 200
            except (OSError, EOFError):
                return False
        self.eventually(works, every=0.05)
        self.assertLess(d.log().count("\n"), 40)
        self.assertIn("descriptors", d.log())

    def test_a_stopped_daemon_takes_the_burst_when_it_goes_on(self):
        d = self.patienced()
        d.process.send_signal(signal.SIGSTOP)
        for i in range(2000):
            d.send_run(run("n%d" % i))
        d.process.send_signal(signal.SIGCONT)
        self.eventually(lambda: d.count() == 2000)

    def test_a_log_that_nobody_reads_does_not_block(self):
        port = free_port()
        p = subprocess.Popen([AUSPEX, "as", "patienced", "-socket", self.path("s"), "-port", str(port), "-pid-file", self.path("pid"), "-log-level",
                              "debug"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=self.environment())
        self.addCleanup(lambda: (p.kill(), p.wait(), p.stdout.close()))
        self.eventually(lambda: os.path.exists(self.path("pid")))
        for _ in range(2000):
            with socket.socket(socket.AF_UNIX) as s:
                s.settimeout(5)
                s.connect(self.path("s"))
                s.sendall(CAPTURED_RUN)

        def stored():
            c = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
            c.request("GET", "/api/daemon/stats")
            n = json.loads(c.getresponse().read())["total_metrics"]
            c.close()
            return n
        self.eventually(lambda: stored() == 2000)

    def test_sigterm_right_after_a_burst_loses_nothing(self):
        d = self.patienced()
        stream = d.connect()
        stream.sendall(b"".join(b'{"command":"stream%d"}\n' % i for i in range(1000)))
        for i in range(1000):
            d.send_run(b'{"command":"shot%d"}' % i)
        self.assertEqual(d.stop(), 0)
        there = commands(self.patienced())
        self.assertEqual(len([n for n in there if n.startswith("shot")]), 1000)
        self.assertEqual(len([n for n in there if n.startswith("stream")]), 1000)
        self.assertEqual(len(there), len(set(there)))

    def test_sigterm_under_load_keeps_every_acknowledged_push(self):
        d = self.patienced("-max-metrics", "1000000")
        acknowledged = []

        def work(n):
            try:
                with d.lines() as c:
                    for i in range(100_000):
                        names = ["w%d-%d-%d" % (n, i, k) for k in range(20)]
                        if c.ask({"type": "push", "runs": [run(x) for x in names]})["accepted"] == 20:
                            acknowledged.extend(names)
            except (OSError, EOFError):
                pass
        threads = [threading.Thread(target=work, args=(n,)) for n in range(4)]
        [t.start() for t in threads]
        time.sleep(0.3)
        self.assertEqual(d.stop(), 0)
        [t.join() for t in threads]
        there = commands(self.patienced("-max-metrics", "1000000"))
        self.assertGreater(len(acknowledged), 100)
        self.assertEqual(set(acknowledged) - set(there), set())
        self.assertEqual(len(there), len(set(there)))

    def test_sigterm_with_idle_and_half_open_peers_ends_soon(self):
        d = self.patienced()
        peers = [d.connect() for _ in range(50)] + [socket.create_connection(("127.0.0.1", d.port)) for _ in range(50)]
        for s in peers[::2]:
            s.sendall(b"{")
        self.assertEqual(d.stop(signal.SIGINT), 0)
        self.assertFalse(os.path.exists(self.path("s")) or os.path.exists(self.path("pid")))
        [s.close() for s in peers]


@unittest.skipIf(SANITIZED, "memory is not measured in sanitizer builds")
class Memory(Faults):
    def test_at_start(self):
        for make in (self.patienced, self.native):
            d = make()
            time.sleep(0.2)
            d.get("/api/health")
            rss, dirty = d.memory()
            self.assertLessEqual(rss, 8e6, make.__name__)
            self.assertLessEqual(dirty, 5e6, make.__name__)
            d.stop()

    def test_a_run_takes_at_most_a_kilobyte(self):
        d = self.patienced()
        d.push(runs=[run("warm")] * 100)
        before = d.memory()[0]
        for i in range(100):
            d.push(runs=[run("cd /srv/app-%d && make -j4 target-%d" % (k, i), attempts=1 + k % 4) for k in range(100)])
        self.assertEqual(d.count(), 10_000)
        self.assertLess((d.memory()[0] - before) / 9900, 1024)

    def test_memory_does_not_grow_with_time(self):
        d = self.patienced("-max-metrics", "1000")
        with d.lines() as c:
            for i in range(120):
                c.ask({"type": "push", "runs": [run("n%d" % (i * 500 + k)) for k in range(500)]})
                if i == 40:
                    before = d.memory()[0]
        self.assertLess(d.memory()[0] - before, 2e6)


if __name__ == "__main__":
    main()
