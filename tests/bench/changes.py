"""Change points: speed beside Apache Otava, which contrib/setup installs where pip can; how often the methods are wrong, and right."""
import json
import os
import pathlib
import random
import re
import statistics
import subprocess
import tempfile
import time

from table import row

HERE = pathlib.Path(__file__).resolve().parent
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


# The same question about each column of a file of JSON.
JUDGE = """
import json, sys, warnings
warnings.filterwarnings("ignore")
from otava.analysis import compute_change_points
series = json.load(open(sys.argv[1]))
print(json.dumps({name: [int(p.index) for p in compute_change_points(x)[0]] for name, x in series.items()}))
"""
PLACES = ("5 % middle", "10 % middle", "5 % late", "10 % late")
LEVELS = HERE.parent.parent / "src" / "detect" / "scan_level.c"


def cells(line):
    return [c.strip() for c in line.strip().strip("|").split("|")]


def shares(values):
    return " / ".join("%.1f" % v for v in values) + " %"


def nightly(n=11000):
    """Runs with 2 % of noise and a step of 5 % every three months."""
    r = random.Random(2026)
    return [r.gauss(100 * (1.05 if i // 90 % 2 else 1), 2) for i in range(n)]


class Changes:
    NAMES = ("detect", "detect_start", "detect_wrong", "detect_otava", "detect_levels")

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

        for s in ours["streams"]:
            row("%s, one more point at 10 000: CPU" % s["method"], "%.2f us" % s["append_us"], "<= 10 us", verdict=s["append_us"] <= 10)
            row("  its answer%s" % (", by a run of the whole" if s["anew"] else ""), "%.1f us" % s["answer_us"])

    def detect_wrong(self, series=1000):
        """bench_changes: two tables of hits, then one of false points per method."""
        text = self.output("bench_changes", series)
        methods = {}
        for n, name, *figures in (cells(line) for line in text.splitlines() if re.match(r"\| \d", line)):
            methods[int(n), name] = [float(f) for f in figures]
        slack = 2 * 100 * (0.01 * 0.99 / series) ** 0.5
        for n in sorted({n for n, _ in methods}):
            auto, yard = methods[n, "auto at 1 %"], methods[n, "yardstick at 1 %"]
            row("auto, %d points, noise 2 %%: hits (%s)" % (n, ", ".join(PLACES)), shares(auto[1:]), ">= yardstick - 3", "yardstick %s" % shares(yard[1:]),
                all(a >= y - 3 for a, y in zip(auto[1:], yard[1:])))
            auto, rule = methods[n, "auto at that share"], methods[n, "Otava's rule"]
            row("  wrong as often as Otava's rule (%.1f %%)" % rule[0], shares(auto[1:]), "> Otava's rule, ± 0.3", "Otava's rule %s" % shares(rule[1:]),
                all(a >= r - 0.3 for a, r in zip(auto[1:], rule[1:])))
        for part in text.split("\n\n"):
            if name := re.match(r"(\w+): % of series with a false point", part):
                method = name.group(1)
            elif method_rows := re.findall(r"^\| ([^|]*[^|\d][^|]*) \|((?: [\d.]+ \|){5})$", part, re.M):
                for kind, figures in (r for r in method_rows if r[0] != "series"):
                    values = [float(f) for f in cells(figures)]
                    bar = None if method != "auto" or kind.startswith("not promised") else 1 if kind == "normal" else 2
                    row("%s, %s: false points at 20 / 30 / 50 / 100 / 365" % (method, kind), shares(values), "<= %d %%" % bar if bar else "",
                        verdict=all(v <= bar + slack for v in values) if bar else None)

    def detect_otava(self, series=100):
        """The same series through our command and through Apache Otava itself: steady ones, and ones with a step of 5 % in the middle."""
        if not OTAVA.exists():
            row("false points and hits beside Apache Otava", "-", peer="apache-otava is not installed")
            return
        r = random.Random(2027)
        for n in (20, 30, 50, 100):
            kinds = {"steady": 0, "step": 2.5}
            table = {"%s%d" % (kind, k): [r.gauss(50, 1) + step * (i >= n // 2) for i in range(n)] for kind, step in kinds.items() for k in range(series)}
            pathlib.Path(self.file + ".json").write_text(json.dumps(table))
            found = {"apache-otava": json.loads(subprocess.run([OTAVA, "-c", JUDGE, self.file + ".json"], stdout=subprocess.PIPE, text=True, check=True).stdout)}
            for method in ("edivisive", "auto"):
                done = subprocess.run([self.o.auspex, "detect", "--json", "--method", method, "--column", "all", self.file + ".json"], stdout=subprocess.PIPE, text=True, check=True)
                found[method] = {c["column"]: [p["index"] for p in c["points"]] for c in json.loads(done.stdout)["columns"]}

            def figures(name):
                false = sum(bool(found[name]["steady%d" % k]) for k in range(series))
                hits = sum(any(abs(at - n // 2) <= 1 for at in found[name]["step%d" % k]) for k in range(series))
                return "%d false, %d hits of %d" % (false, hits, series)

            row("%d points, step of 5 %% in noise of 2 %%: edivisive" % n, figures("edivisive"), "the same points", "apache-otava %s" % figures("apache-otava"),
                found["edivisive"] == found["apache-otava"])
            row("  auto at 1 %", figures("auto"))

    def detect_levels(self, values=4e7):
        """The table of the scan's levels, simulated anew with a tenth of the values it was made from: the places at a p of about 0.01."""
        made = re.findall(r"(of_step\w*) { (\d+), ([-\d.]+), ([-\d.]+) }", self.output("bench_scan", values, 12))
        kept, name = {}, None
        for line in LEVELS.read_text().splitlines():
            if found := re.search(r"(of_step\w*)\[\] = {", line):
                name = found.group(1)
            kept.update({(name, n): (float(a), float(b)) for n, a, b in re.findall(r"{ (\d+), ([-\d.]+), ([-\d.]+) }", line)})
        worst = max((abs((float(a) + float(b) * 3.3) / (kept[name, n][0] + kept[name, n][1] * 3.3) - 1), int(n), name)
                    for name, n, a, b in made if int(n) <= 300)
        row("levels of the scan, simulated anew up to 300 points: largest difference", "%.1f %% (%d points, %s)" % (100 * worst[0], *worst[1:]), "<= 10 %", verdict=worst[0] <= 0.1)

    def output(self, program, *words):
        return subprocess.run([self.o.programs / program, *map(str, words)], stdout=subprocess.PIPE, text=True, check=True).stdout

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
