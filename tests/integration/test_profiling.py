"""/debug/pprof/: off by default; on, forms that the pprof tool reads."""
import os
import shutil
import socket
import struct
import subprocess
import threading
import unittest

from harness import AUSPEX, Case, encode, main, run


class Profiling(Case):
    def busy(self, d, stop):
        """Keeps the daemon at work: runs over one connection until told to stop."""
        block = encode(run("busy", attempts=3)) * 200
        with d.connect() as s:
            while not stop.is_set():
                s.sendall(block)

    def hold(self, d):
        """A connection on which a profile of a minute is being taken: refused at once, it asks again."""
        while True:
            s = socket.create_connection(("127.0.0.1", d.port), timeout=0.5)
            s.sendall(b"GET /debug/pprof/profile?seconds=60 HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
            try:
                s.recv(1)
                s.close()
            except TimeoutError:
                return s

    def profile(self, d, seconds=1):
        stop = threading.Event()
        thread = threading.Thread(target=self.busy, args=(d, stop))
        thread.start()
        try:
            return d.get("/debug/pprof/profile?seconds=%d" % seconds)
        finally:
            stop.set()
            thread.join()

    def test_off_means_not_found(self):
        d = self.patienced()
        for name in ("", "profile", "heap", "goroutine"):
            a = d.get("/debug/pprof/" + name)
            self.assertEqual((a.status, a.body), (404, b"404 page not found\n"))

    def test_index_lists_the_profiles(self):
        d = self.patienced("-enable-profiling")
        page = d.get("/debug/pprof/").text
        for name in ("goroutine", "heap", "profile"):
            self.assertIn('href="%s?' % name, page)

    def test_text_profiles(self):
        d = self.patienced("-enable-profiling")
        self.assertRegex(d.get("/debug/pprof/goroutine?debug=1").text, r"^goroutine profile: total [1-9]")
        self.assertRegex(d.get("/debug/pprof/heap?debug=1").text, r"^heap profile: \d+: \d+ \[")

    def test_cpu_profile_has_the_legacy_form(self):
        d = self.patienced("-enable-profiling")
        a = self.profile(d)
        self.assertEqual(a.headers["content-type"], "application/octet-stream")
        words = struct.unpack("<%dQ" % (len(a.body) // 8), a.body[: len(a.body) // 8 * 8])
        self.assertEqual(words[:5], (0, 3, 0, 10000, 0))
        at, samples = 5, 0
        while words[at : at + 3] != (0, 1, 0):
            samples += words[at]
            self.assertTrue(0 < words[at + 1] < 64, "a stack has a depth")
            at += 2 + words[at + 1]
        self.assertGreater(samples, 10, "a busy second has samples")
        self.assertIn(b"r-xp", a.body[(at + 3) * 8 :], "the memory map follows")

    def test_one_at_a_time_and_a_peer_that_leaves(self):
        d = self.patienced("-enable-profiling")
        with self.hold(d) as s:
            self.assertEqual(d.get("/debug/pprof/profile?seconds=1").status, 503)
            # Resets instead of closing: a peer that merely closed its sending side may still want the answer.
            s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.eventually(lambda: d.get("/debug/pprof/profile?seconds=1").status == 200)

    def test_stop_does_not_wait_for_a_profile(self):
        d = self.patienced("-enable-profiling")
        with self.hold(d) as s:
            self.assertEqual(d.stop(), 0)
            s.settimeout(10)
            self.assertTrue(s.recv(100).startswith(b"HTTP/1.1 200 "), "its asker gets what there is")

    def test_the_pprof_tool_reads_it(self):
        tool = shutil.which("pprof")
        if not tool and shutil.which("go"):
            tool = os.path.join(os.path.expanduser("~"), ".cache", "auspex-tests", "bin", "pprof")
            if not os.path.exists(tool):
                env = dict(os.environ, GOBIN=os.path.dirname(tool), GOFLAGS="-mod=mod")
                subprocess.run(["go", "install", "github.com/google/pprof@latest"], env=env, capture_output=True, timeout=200)
        if not tool or not os.path.exists(tool):
            self.skipTest("no pprof tool here, and no Go to install it with")
        d = self.patienced("-enable-profiling")
        with open(self.path("profile"), "wb") as f:
            f.write(self.profile(d, 2).body)
        p = subprocess.run([tool, "-top", AUSPEX, self.path("profile")], capture_output=True, text=True, timeout=60, env=self.environment(HOME=self.folder))
        self.assertIn("json_parse", p.stdout, p.stderr)


if __name__ == "__main__":
    main()
