"""libauspex against the real daemon: the example program, what is stored, what survives, and what is installed."""
import os
import pathlib
import shutil
import signal
import subprocess
import time

from harness import Case, main
from native import Native

PUSH = os.environ["AUSPEX_EXAMPLE_PUSH"]
LIBRARY = os.environ["AUSPEX_LIBRARY"]
HEADER = pathlib.Path(__file__).resolve().parents[2] / "include" / "auspex.h"


class Example(Native):
    def push(self, *argv, env=None):
        start = time.monotonic()
        p = subprocess.run([PUSH, *map(str, argv)], capture_output=True, text=True, timeout=60, env=env or self.environment())
        self.took = time.monotonic() - start
        return p.returncode, p.stdout.strip(), p.stderr.strip()

    def runs(self, d):
        return [m["metrics"]["command"] for m in d.json("/api/metrics/export")]

    def samples(self, d, key="app.queue%7Bq=mail%7D"):
        """(how many, least, greatest); asked beyond now, because the clock may be set back while we look"""
        points = d.json(f"/api/series/query?start=-1h&end={time.time() + 600:.0f}&step=2h&key=" + key)["points"]
        points = [p for p in points if p["n"]]
        return sum(p["n"] for p in points), min(p["min"] for p in points), max(p["max"] for p in points)

    def test_runs_and_samples_arrive_once(self):
        d = self.native()
        self.assertEqual(self.push(d.socket_path, 3), (0, "stored 4, refused 0, dropped 0, waiting 0", ""))
        self.assertEqual(self.runs(d), ["nightly backup"])
        self.assertEqual(self.samples(d), (3, 0, 2))
        run = d.json("/api/metrics/export")[0]["metrics"]
        self.assertEqual((run["final_status"], run["total_attempts"], run["failed_attempts"], run["total_duration_seconds"]),
                         ("succeeded", 2, 1, 42.5))
        self.assertRegex(run["command_hash"], "^[0-9a-f]{8}$")

    def test_the_daemon_is_found_without_being_named(self):
        d = self.native()
        self.assertEqual(self.push()[0], 0)
        self.assertEqual(self.runs(d), ["nightly backup"])

    def test_the_environment_names_the_daemon(self):
        d = self.native("--socket", self.path("elsewhere"))
        self.assertEqual(self.push(env=self.environment(AUSPEX_SOCKET=self.path("elsewhere")))[0], 0)
        self.assertEqual(self.runs(d), ["nightly backup"])

    def test_the_retry_personality_takes_it_too(self):
        d = self.patienced()
        self.assertEqual(self.push(d.socket_path, 2)[1], "stored 3, refused 0, dropped 0, waiting 0")
        self.assertEqual(d.count(), 1)

    def test_thousands_in_one_call(self):
        d = self.native()
        self.assertEqual(self.push(d.socket_path, 10000)[:2], (0, "stored 10001, refused 0, dropped 0, waiting 0"))
        self.assertEqual(self.samples(d), (10000, 0, 9999))

    def test_what_does_not_fit_is_told(self):
        d = self.native()
        status, out, _ = self.push(d.socket_path, 50000)
        self.assertEqual(status, 0)
        stored, dropped = [int(word.split()[1]) for word in out.split(",") if "stored" in word or "dropped" in word]
        self.assertEqual(stored + dropped, 50001)
        self.assertGreater(stored, 5000)

    def test_what_was_acknowledged_survives_kill_9(self):
        d = self.native()
        for i in range(5):
            self.assertEqual(self.push(d.socket_path, 20)[0], 0)
        d.kill9()
        d = self.native()
        self.assertEqual(self.runs(d), ["nightly backup"] * 5)
        self.assertEqual(self.samples(d), (100, 0, 19))

    def test_no_daemon(self):
        status, out, err = self.push(self.path("none"))
        self.assertEqual((status, out), (1, "stored 0, refused 0, dropped 0, waiting 4"))
        self.assertIn("no daemon listens", err)

    def test_a_daemon_that_was_killed(self):
        d = self.native()
        d.kill9()
        status, _, err = self.push(d.socket_path)
        self.assertEqual(status, 1)
        self.assertIn("no daemon listens", err)

    def test_a_stopped_daemon_costs_the_budget(self):
        d = self.native()
        d.process.send_signal(signal.SIGSTOP)
        try:
            status, out, err = self.push(d.socket_path)
        finally:
            d.process.send_signal(signal.SIGCONT)
        self.assertEqual((status, out), (1, "stored 0, refused 0, dropped 0, waiting 4"))
        self.assertIn("within the time given", err)
        self.assertGreater(self.took, 1.9)
        self.assertLess(self.took, 10)
        self.assertEqual(self.push(d.socket_path)[0], 0)


class Library(Case):
    def test_only_its_own_names_are_exported(self):
        out = subprocess.run(["nm", "-D", "--defined-only", LIBRARY], capture_output=True, text=True, check=True).stdout
        names = [line.split()[-1] for line in out.splitlines()]
        self.assertEqual([n for n in names if not n.startswith("auspex_")], [])
        self.assertIn("auspex_flush", names)

    def test_it_needs_libc_alone(self):
        out = subprocess.run(["readelf", "-d", LIBRARY], capture_output=True, text=True, check=True).stdout
        needed = [line.split("[")[1].rstrip("]") for line in out.splitlines() if "(NEEDED)" in line]
        self.assertEqual([n for n in needed if not n.startswith(("libc.so", "libasan", "libubsan", "libtsan", "libgcov", "libgcc_s"))], [])
        self.assertIn("[libauspex.so.1]", out)

    def test_it_has_nothing_writable_of_its_own(self):
        out = subprocess.run(["nm", LIBRARY], capture_output=True, text=True, check=True).stdout
        tools = ("_", "completed", "asan", "frame_dummy")
        words = [line.split() for line in out.splitlines()]
        self.assertEqual([w[-1] for w in words if len(w) == 3 and w[1] in "bBdD" and not w[-1].startswith(tools)
                          and not w[-1].startswith(".")], [])

    def compiles(self, compiler, *flags, language="c"):
        if not shutil.which(compiler):
            self.skipTest("no " + compiler)
        p = subprocess.run([compiler, "-x", language, *flags, "-Wall", "-Wextra", "-Werror", "-fsyntax-only", str(HEADER)],
                           capture_output=True, text=True)
        self.assertEqual(p.returncode, 0, p.stderr)

    def test_the_header_stands_alone_in_c99(self):
        self.compiles("cc", "-std=c99", "-pedantic")

    def test_the_header_stands_alone_in_cpp(self):
        self.compiles("c++", "-std=c++11", "-pedantic", language="c++")


if __name__ == "__main__":
    main()
