"""Change points: E-divisive and its command beside Apache Otava, which contrib/setup installs where pip can."""
import json
import os
import pathlib
import random
import statistics
import subprocess
import tempfile
import time

from table import row

CACHE = pathlib.Path(os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")) / "auspex-tests"
OTAVA = pathlib.Path(os.environ.get("AUSPEX_OTAVA_VENV") or CACHE / "otava-venv") / "bin" / "python"

# CPU time of the same calls on the same values. Its incremental form is given what it found before.
PEER = """
import json, sys, time, warnings
warnings.filterwarnings("ignore")
from otava.analysis import compute_change_points
x = [float(line) for line in open(sys.argv[1])]
rounds = int(sys.argv[2])
answer = {}
for name, n in (("year", 365), ("long", 3000)):
    took = []
    for _ in range(rounds):
        begin = time.process_time()
        points, weak = compute_change_points(x[:n])
        took.append(time.process_time() - begin)
    answer[name + "_us"], answer[name + "_points"] = sorted(took)[rounds // 2] * 1e6, len(points)
_, weak = compute_change_points(x[:10000])
appended = 20
begin = time.process_time()
for n in range(10001, 10001 + appended):
    points, weak = compute_change_points(x[:n], new_data=1, old_weak_cp=weak)
answer["append_us"] = (time.process_time() - begin) / appended * 1e6
print(json.dumps(answer))
"""


def nightly(n=11000):
    """Runs with 2 % of noise and a step of 5 % every three months."""
    r = random.Random(2026)
    return [r.gauss(100 * (1.05 if i // 90 % 2 else 1), 2) for i in range(n)]


class Changes:
    NAMES = ("detect", "detect_start")

    def __init__(self, options):
        self.o = options
        self.folder = tempfile.TemporaryDirectory(prefix="auspex-bench-")
        self.file = os.path.join(self.folder.name, "series")
        pathlib.Path(self.file).write_text("".join("%r\n" % v for v in nightly()))

    def close(self):
        self.folder.cleanup()

    def run(self, *argv):
        return json.loads(subprocess.run([*argv, self.file, str(self.o.rounds)], stdout=subprocess.PIPE, text=True, check=True).stdout)

    def detect(self):
        ours = self.run(self.o.programs / "bench_detect")
        peer = self.run(OTAVA, "-c", PEER) if OTAVA.exists() else None
        for name, what, bar in (("year", "E-divisive, 365 points: CPU", 100), ("long", "E-divisive, 3 000 points: CPU", 2000),
                                ("append", "E-divisive, one more point and its answer, at 10 000: CPU", 10)):
            us = ours[name + "_us"]
            row(what, "%.1f us" % us, "<= %d us" % bar, "apache-otava %.0f us" % peer[name + "_us"] if peer else "apache-otava is not installed",
                us <= bar, us / peer[name + "_us"] if peer else None)
        if peer:
            same = all(ours[n + "_points"] == peer[n + "_points"] for n in ("year", "long"))
            row("  as many points as apache-otava finds", "%d and %d" % (ours["year_points"], ours["long_points"]), "the same",
                "%d and %d" % (peer["year_points"], peer["long_points"]), same)

    def start(self, *argv):
        begin = time.perf_counter()
        subprocess.run(argv, stdout=subprocess.DEVNULL, check=True)
        return (time.perf_counter() - begin) * 1e3

    def detect_start(self):
        """A year of runs in a file, from the shell; in turns with a program that does nothing."""
        year = self.file + ".year"
        pathlib.Path(year).write_text("".join("%r\n" % v for v in nightly()[:365]))
        pairs = [(self.start(self.o.auspex, "detect", year), self.start(self.o.programs / "empty")) for _ in range(20 * self.o.rounds)]
        ours, empty = (statistics.median(p[i] for p in pairs) for i in (0, 1))
        row("auspex detect, 365 points, from start to end", "%.2f ms" % ours, "<= 10 ms above empty", "empty C program %.2f ms" % empty, ours - empty <= 10)
