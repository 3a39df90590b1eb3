"""GET /api/system/processes: who uses the machine now, and who did, after a restart and after kill -9 as well."""
import subprocess
import sys
import time

from harness import main
from native import Native


class Processes(Native):
    def burn(self, *arguments):
        p = subprocess.Popen([sys.executable, "-c", "while True: pass", *arguments])
        self.addCleanup(p.wait)
        self.addCleanup(p.kill)
        return p

    def find(self, d, pid, query=""):
        a = d.get("/api/system/processes?limit=200" + query)
        return next((p for p in a.json()["processes"] if p["pid"] == pid), None) if a.status == 200 else None

    def test_now(self):
        d = self.native()
        p = self.burn("an-argument", "--password=hunter22222")
        one = self.eventually(lambda: (lambda o: o if o and o["cpu_percent"] > 10 else None)(self.find(d, p.pid)))
        self.assertIn("an-argument --password=***", one["cmdline"])
        self.assertTrue(one["tracked"])
        self.assertGreater(one["rss_bytes"], 1000000)
        self.assertGreaterEqual(one["fds"], 3)
        self.assertLess(abs(one["started"] - time.time()), 120)
        a = d.json("/api/system/processes?sort=memory&limit=3")
        self.assertEqual((a["source"], a["sort"], len(a["processes"])), ("now", "memory", 3))
        sizes = [q["rss_bytes"] for q in a["processes"]]
        self.assertEqual(sizes, sorted(sizes, reverse=True))
        self.assertGreater(a["total"], 3)

    def test_then(self):
        flags = ("--system-interval", "200ms", "--system-top-interval", "1s")
        d = self.native(*flags)
        p = self.burn("last-night")
        self.eventually(lambda: (self.find(d, p.pid) or {"cpu_percent": 0})["cpu_percent"] > 10)
        # A moment of the history that holds it; the first sample is no moment yet.
        self.eventually(lambda: self.find(d, p.pid, "&t=%.3f" % (time.time() - 0.5)), every=0.2)
        when = time.time() - 0.5
        p.kill()
        p.wait()
        d.kill9()
        d = self.native(*flags)
        one = self.eventually(lambda: self.find(d, p.pid, "&t=%.3f" % when))
        self.assertIn("last-night", one["cmdline"])
        self.assertIn("python", one["name"])
        self.assertGreater(one["cpu_percent"], 5)
        a = d.json("/api/system/processes?t=%.3f&sort=memory&limit=2" % when)
        self.assertEqual((a["source"], len(a["processes"])), ("history", 2))
        self.assertTrue(when - 60 < a["t"] <= when)

    def test_questions_without_an_answer(self):
        d = self.native()
        a = d.json("/api/system/processes?t=-300d")
        self.assertEqual((a["source"], a["total"], a["processes"]), ("none", 0, []))
        self.assertEqual(d.get("/api/system/processes?t=yesterday").status, 400)
        self.assertEqual(d.get("/api/system/processes?sort=beauty").status, 400)
        for limit in ("0", "-1", "x", "100000"):
            self.assertEqual(d.get("/api/system/processes?limit=" + limit).status, 200)
        self.assertIn("/api/system/processes", d.json("/openapi.json")["paths"])

    def test_who_comes_and_goes_is_on_the_timeline(self):
        d = self.native("--system-interval", "200ms")
        self.eventually(lambda: d.json("/api/system")["samples"] > 2)
        p = self.burn("who-lasts")
        wanted = "PID %d" % p.pid
        def titles():
            return [e["title"] for e in d.json("/api/events?kind=process&limit=200")["events"] if wanted in e["title"]]
        self.eventually(lambda: any("was started" in t for t in titles()), seconds=60)
        p.kill()
        p.wait()
        self.eventually(lambda: any("has ended" in t for t in titles()))


if __name__ == "__main__":
    main()
