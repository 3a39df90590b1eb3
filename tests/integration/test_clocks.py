"""Clocks that jump while the host is sampled: no sample twice, none lost but those that are counted, and times that are in order."""
import json
import mmap
import os
import pathlib
import struct
import time
import unittest

from harness import SANITIZED, main
from native import Native

SHIM = os.environ.get("AUSPEX_CLOCK_SHIM", "")
HOUR = 3600
STEP = 0.1


@unittest.skipUnless(SHIM and os.path.exists(SHIM) and not SANITIZED, "needs Linux and a build without sanitizers")
class Clocks(Native):
    def setUp(self):
        super().setUp()
        pathlib.Path(self.path("clocks")).write_bytes(bytes(16))
        with open(self.path("clocks"), "r+b") as f:
            self.clocks = mmap.mmap(f.fileno(), 16)
        self.addCleanup(self.clocks.close)

    def add(self, wall=0, mono=0):
        """Seconds between the machine's clocks and what the daemon sees from now on."""
        self.clocks[:] = struct.pack("=qq", wall * 10 ** 9, mono * 10 ** 9)

    def watched(self):
        self.data = self.path("data")
        return self.native("--system-interval", "100ms", "--system-client-files", self.data,
                           env=self.environment(LD_PRELOAD=SHIM, CLOCK_SHIM=self.path("clocks")))

    def entries(self, name):
        return [e["system"] for e in json.loads(pathlib.Path(self.data, name).read_text()) if e["system"]]

    def more(self, d, n=10):
        """The host as it is told n samples later."""
        first = self.eventually(lambda: (a := d.json("/api/system"))["samples"] and a)["samples"]
        return self.eventually(lambda: (a := d.json("/api/system"))["samples"] >= first + n and a)

    def taken_once(self, d):
        """The clock file has every sample by the monotonic clock: neither twice, nor closer than they are taken, and where one is missing, it was
        counted."""
        for _ in range(100):  # the answer and the file are of the same moment
            told, times = d.json("/api/system"), [e["timestamp"] for e in self.entries("metrics_clock.json")]
            if d.json("/api/system")["samples"] == told["samples"]:
                break
        self.assertEqual(times, sorted(set(times)))
        self.assertLessEqual(abs(len(times) - told["samples"]), 1)
        self.assertAlmostEqual((times[-1] - times[0]) / STEP + 1, told["samples"] + told["missed"], delta=2)
        return told

    def sane(self, d):
        host = d.json("/api/system")
        series = host["series"]
        self.assertTrue(0 <= series["system.cpu.percent"] <= 100)
        for key, value in series.items():
            if value is not None and key.endswith(("_per_s", "percent")):
                self.assertTrue(0 <= value < 1e12, (key, value))
        for entry in self.entries("metrics_live.json"):
            self.assertTrue(0 <= entry["cpu_percent"] <= 100)

    def kept(self, d):
        """The daemon ends; what the history then has is in order, and has every sample."""
        samples = d.json("/api/system")["samples"]
        self.assertEqual(d.stop(), 0)
        query = "/api/series/query?key=system.memory.percent&start=-3h&end=%d" % (time.time() + 3 * HOUR)
        points = self.watched().json(query)["points"]
        times = [p["t"] for p in points]
        self.assertEqual(times, sorted(set(times)))
        self.assertGreater(times[-1] - times[0], HOUR - 300)
        self.assertGreaterEqual(sum(p["n"] for p in points), samples)

    def test_the_wall_clock_an_hour_on_and_back(self):
        d = self.watched()
        before = self.more(d)
        self.add(wall=HOUR)
        ahead = self.more(d)
        self.assertAlmostEqual(ahead["t"] - before["t"], HOUR, delta=60)
        self.taken_once(d)
        self.assertAlmostEqual(self.entries("metrics_live.json")[-1]["timestamp"], ahead["t"], delta=60)
        self.add()
        back = self.more(d)
        self.assertAlmostEqual(back["t"] - before["t"], 0, delta=60)
        self.taken_once(d)
        self.sane(d)
        self.assertLess(d.json("/api/health?detail=1")["detail"]["uptime_seconds"], 120)
        self.assertAlmostEqual(self.entries("metrics_live.json")[-1]["timestamp"], back["t"], delta=60)
        self.kept(d)

    def test_a_machine_that_slept_an_hour(self):
        """Linux: the monotonic clock stood still, so no instant went by."""
        d = self.watched()
        missed = self.more(d)["missed"]
        self.add(wall=HOUR)
        self.assertLess(self.more(d)["missed"], missed + 300)
        self.taken_once(d)
        self.sane(d)

    def test_a_machine_that_was_halted_an_hour(self):
        """Both clocks went on: one sample is taken, the others are counted."""
        d = self.watched()
        before = self.more(d)
        self.add(wall=HOUR, mono=HOUR)
        after = self.more(d)
        self.assertAlmostEqual(after["missed"] - before["missed"], HOUR / STEP, delta=300)
        self.assertLess(after["samples"] - before["samples"], 1000)
        times = [e["timestamp"] for e in self.entries("metrics_clock.json")]
        self.assertEqual(times, sorted(set(times)))
        self.sane(d)
        self.kept(d)


if __name__ == "__main__":
    main()
