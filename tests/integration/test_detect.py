"""A series in, change points out: the command, and the same series through Apache Otava where it is installed."""
import json
import os
import pathlib
import random
import subprocess
import unittest

from harness import PATIENCE, AUSPEX, Case, main

TOP = pathlib.Path(__file__).resolve().parents[2]
CACHE = pathlib.Path(os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")) / "auspex-tests"
OTAVA = pathlib.Path(os.environ.get("AUSPEX_OTAVA_VENV") or CACHE / "otava-venv") / "bin" / "python"
CI = [1.5699015877283817] * 6 + [6.5699015877283817, 7.85699015877283817, 8.0199015877283817, 9.2369015877283817]
SHARED = pathlib.Path(os.environ.get("AUSPEX_SHARED") or TOP.parent / "shared")


def lines(values):
    return "".join("%s\n" % ("nan" if v is None else repr(v)) for v in values)


class Detect(Case):
    def detect(self, *words, stdin=None):
        return self.command("detect", *words, stdin=stdin)

    def json(self, values, *words):
        status, out, err = self.detect("--json", *words, "-", stdin=values if isinstance(values, str) else lines(values))
        self.assertEqual((status, err), (0, ""))
        return json.loads(out)

    def file(self, text, name="series"):
        pathlib.Path(self.path(name)).write_text(text)
        return name


class Answers(Detect):
    def test_plain_words(self):
        status, out, err = self.detect("-", stdin="1\n" * 10 + "2\n" * 10)
        self.assertEqual((status, err), (0, ""))
        self.assertEqual(out, "20 values: 1 change, by edivisive.\n  from value 11 on the mean is 2 instead of 1 (+100 %); "
                              "chance alone gives that less than once in a million\n")

    def test_plain_words_where_there_is_nothing(self):
        for text, wanted in (("", "0 values: nothing to compare.\n"), ("5\n", "1 value: nothing to compare.\n"),
                             ("5\n" * 12, "12 values: all are the same, so nothing changed.\n"),
                             ("1\n2\n" * 6, "12 values: no change, by edivisive.\n"),
                             ("5\nnan\n6\n", "3 values, 1 of them missing: no change, by edivisive; so few can show a clear one only.\n")):
            self.assertEqual(self.detect("-", stdin=text), (0, wanted, ""))

    def test_json(self):
        d = self.json(CI)
        self.assertEqual((d["method"], d["n"], d["missing"], len(d["points"])), ("edivisive", 10, 0, 1))
        p = d["points"][0]
        self.assertEqual((p["index"], p["from"], p["to"], p["method"]), (6, 0, 10, "edivisive"))
        self.assertAlmostEqual(p["percentage_change"], 404.549062, places=6)
        self.assertAlmostEqual(p["p"] / 1.45199e-07, 1, places=5)
        self.assertIn("from value 7 on", p["text"])

    def test_missing_values_count_as_positions(self):
        d = self.json([None, None] + CI[:3] + [None] + CI[3:])
        self.assertEqual((d["n"], d["missing"], [p["index"] for p in d["points"]]), (13, 3, [9]))
        self.assertEqual(self.json(json.dumps([None] + CI))["points"][0]["index"], 7)

    def test_no_percentage_from_nothing(self):
        self.assertIsNone(self.json([0] * 8 + [5, 5.5] * 4)["points"][0]["percentage_change"])

    def test_an_empty_series_has_no_points(self):
        self.assertEqual(self.json("[]"), {"method": "edivisive", "n": 0, "missing": 0, "points": []})

    def test_iforest(self):
        d = self.json(CI, "--method", "iforest")
        self.assertEqual(d["flagged"], [6, 8, 9])
        self.assertEqual([round(s, 6) for s in d["scores"]], [.473217] * 6 + [.625232, .499897, .502677, .659672])
        self.assertEqual([(p["index"], round(p["percentage_change"], 6)) for p in d["points"]], [(6, 155.647984), (8, 56.720758), (9, 38.885753)])
        d = self.json([None] + CI, "--method", "iforest")
        self.assertIsNone(d["scores"][0])
        self.assertEqual(d["flagged"], [7, 9, 10])
        self.assertIn("3 of them out of line", self.detect("--method", "iforest", "-", stdin=lines(CI))[1])

    def test_cmr(self):
        p, = self.json(CI, "--method", "cmr")["points"]
        self.assertEqual((p["index"], round(p["percentage_change"], 6)), (9, 160.878633))

    def test_a_year_of_nightly_runs(self):
        year = SHARED / "data" / "change" / "t365.json"
        if not year.exists():
            self.skipTest("no data/change/t365.json in ../shared; AUSPEX_SHARED may name the folder")
        text = year.read_text()
        for words, wanted in (([], [15, 61, 71, 95, 117, 131, 192, 212]), (["--window", "30", "--max-pvalue", ".01", "--min-magnitude", ".05"], [15, 71]),
                              (["--window", "30", "--max-pvalue", ".01", "--min-magnitude", ".05", "--legacy"], [27, 71])):
            self.assertEqual([p["index"] for p in self.json(text, *words)["points"]], wanted)

    def test_columns(self):
        table = "time,p50,p99\n" + "".join("2026-01-%02d,%d,%d\n" % (i + 1, i % 2, 10 if i < 9 else 20) for i in range(18))
        for column in ("p99", "3"):
            d = self.detect("--json", "--column", column, self.file(table, "table.csv"))
            self.assertEqual([p["index"] for p in json.loads(d[1])["points"]], [9])
        _, _, err = self.detect("table.csv")
        self.assertIn("say --column and one of: time, p50, p99", err)

    def table(self):
        """Three columns of 40 nights: nothing, a clear step, a faint one."""
        def noise(i):
            return 0.4 * (37 * i % 11 - 5)

        rows = ["2026-01-%02d,%g,%g,%g\n" % (i + 1, 50 + i % 2, 50 + 5 * (i >= 20) + noise(i), 50 + 1.3 * (i >= 20) + noise(i)) for i in range(40)]
        return self.file("time,p50,p90,p99\n" + "".join(rows), "nights.csv")

    def test_several_columns(self):
        table = self.table()
        for columns, wanted in (("all", ["p50", "p90", "p99"]), ("p99, 2", ["p99", "2"])):
            d = json.loads(self.detect("--json", "--column", columns, table)[1])
            self.assertEqual(([c["column"] for c in d["columns"]], "fdr" in d), (wanted, False))
        for c in wanted:
            one = json.loads(self.detect("--json", "--column", c, table)[1])
            several, = [x for x in d["columns"] if x["column"] == c]
            self.assertEqual({**several, "method": "edivisive"}, {**one, "column": c})
        out = self.detect("--column", "all", table)[1].splitlines()
        self.assertRegex(out[0], "^3 columns: 1 change in 1 of them.$")
        self.assertEqual([line.split(":")[0] for line in out if not line.startswith(" ")][1:], ["p50", "p90", "p99"])
        for text in ('{"a": [1, 2], "name": "x", "b": [null, 3]}', '[{"a": null, "t": "x", "b": 1}, {"a": 2, "t": "y", "b": 2}]'):
            self.assertEqual([(c["column"], c["n"]) for c in self.json(text, "--column", "all")["columns"]], [("a", 2), ("b", 2)])

    def test_a_column_of_that_very_name_is_one(self):
        text = '"a,b",all\n' + "1,2\n" * 3
        for column in ("a,b", "all"):
            self.assertEqual(self.json(text, "--column", column), {"method": "edivisive", "n": 3, "missing": 0, "points": []})

    def test_columns_are_judged_together(self):
        """The faint step is told alone, and held back among others; the answer says by how much."""
        words = ("--json", "--max-pvalue", "0.01", "--column", "all", self.table())
        faint = next(c for c in json.loads(self.detect(*words)[1])["columns"] if c["column"] == "p99")["points"][0]
        rate = faint["p"]  # enough for it alone, not among three
        d = json.loads(self.detect("--fdr", repr(rate), *words)[1])
        self.assertEqual(d["fdr"], rate)
        points = {c["column"]: ([p["index"] for p in c["points"]], [p["index"] for p in c["held_back"]]) for c in d["columns"]}
        self.assertEqual(points, {"p50": ([], []), "p90": ([20], []), "p99": ([], [faint["index"]])})
        held = d["columns"][2]["held_back"][0]
        self.assertAlmostEqual(held["q"] / (faint["p"] * 3 / 2), 1)
        self.assertEqual(held["text"], faint["text"])
        text = self.detect("--fdr", repr(rate), *words[1:])[1]
        self.assertRegex(text, r"3 columns: 1 change in 1 of them; 1 held back, so that at most [\d.e-]+ % of what is told is false.")
        self.assertRegex(text, r"  held back: from value \d+ on .*; among 3 columns that is not enough \(q [\d.e-]+\)")

    def test_every_listed_method_answers(self):
        _, out, _ = self.detect("--list")
        names = [line.split()[0] for line in out.splitlines()]
        self.assertLessEqual({"edivisive", "iforest", "cmr"}, set(names))
        for name in names:
            self.assertEqual(self.json(CI, "--method", name)["method"], name)

    def test_many_values(self):
        step = self.file("5\n" * 100000 + "6\n" * 100000)
        status, out, _ = self.detect("--json", step)
        self.assertEqual([p["index"] for p in json.loads(out)["points"]], [100000])
        status, out, err = self.detect("--method", "iforest", self.file("1\n" * 1000001, "long"))
        self.assertEqual((status, out), (1, ""))
        self.assertIn("long:1000001: more than 1000000 values", err)


class Mistakes(Detect):
    def refused(self, status, part, *words, stdin=None):
        done = self.detect(*words, stdin=stdin)
        self.assertEqual(done[:2], (status, ""))
        self.assertIn(part, done[2])
        self.assertEqual(done[2].count("\n"), 1)

    def test_text_among_numbers_is_named_with_its_line(self):
        self.refused(1, 'runs.txt:3: "abc" is not a number', self.file("1\n2\nabc\n", "runs.txt"))
        self.refused(1, 'standard input:2: "abc" is not a number', "-", stdin="1\nabc\n")
        self.refused(1, 'standard input:2: "inf" is not a finite number', "-", stdin="1\ninf\n")
        self.refused(1, 'standard input:1:4: ', "-", stdin="[1,,2]")

    def test_files(self):
        self.refused(1, "nowhere: No such file or directory", "nowhere")
        self.refused(1, ".: Is a directory", ".")
        self.refused(2, "say one FILE", *[])
        self.refused(2, "say one FILE", "a", "b")

    def test_options(self):
        self.refused(2, 'no method "magic"; there are ', "--method", "magic", "-", stdin="")
        self.refused(2, "--window", "--window", "1", "-", stdin="")
        self.refused(2, "window", "--window", "100000", "-", stdin="")
        self.refused(2, "--max-pvalue", "--max-pvalue", "x", "-", stdin="")
        self.refused(2, "max-pvalue", "--max-pvalue", "2", "-", stdin="")
        self.refused(2, "min-magnitude", "--min-magnitude", "-1", "-", stdin="")
        self.refused(2, "--fdr: a share is between 0 and 1, not 1.5", "--fdr", "1.5", "-", stdin="")
        self.refused(1, "has a column without a name", "--column", "1,,2", "-", stdin="1\n")
        self.refused(1, 'no column "c"; there are: a, b', "--column", "a,c", "-", stdin="a,b\n1,2\n")
        self.refused(1, "no column holds numbers", "--column", "all", "-", stdin="a,b\nx,y\n")
        self.refused(2, "did you mean --json?", "--jsno", "-", stdin="")

    def test_nobody_reads_the_answer(self):
        with open("/dev/full", "w") as full:
            p = subprocess.run([AUSPEX, "detect", "-"], input="1\n2\n", text=True, stdout=full, stderr=subprocess.PIPE, timeout=PATIENCE)
        self.assertEqual(p.returncode, 1)
        self.assertIn("standard output", p.stderr)


PEER = """
import json, sys, warnings
warnings.filterwarnings("ignore")
from otava.analysis import compute_change_points
for line in sys.stdin:
    values, window, p, magnitude = json.loads(line)
    points, _ = compute_change_points(values, window, p, magnitude)
    print(json.dumps([[int(c.index), float(c.stats.mean_1), float(c.stats.mean_2), float(c.stats.std_1), float(c.stats.std_2), float(c.stats.pvalue)] for c in points]))
"""


def series(r):
    """Values whose sums are exact, or that vary: where Otava's rounding of equal values is no part of its answer."""
    n = r.choice([2, 3, 5, 10, 20, 49, 50, 51, 75, 76, 120, 200])
    kind = r.randrange(6)
    walk = 50.0
    for i in range(n):
        step = i * 4 // n % 2
        walk += r.gauss(0, 1)
        yield (r.gauss(100, 2), r.gauss(100 + 5 * step, 2), float(round(r.gauss(100 + 2 * step, 2))), float(r.choice([0, 1])),
               round(r.gauss(1 + .05 * step, .05), 2), walk)[kind]


@unittest.skipUnless(OTAVA.exists(), "apache-otava is not installed; contrib/setup test brings it")
class Otava(Detect):
    def test_the_same_points_with_the_same_figures(self):
        r = random.Random(5)
        asked = [(list(series(r)), *r.choice([(50, .001, 0), (50, .001, 0), (30, .01, .05), (20, .1, 0)])) for _ in range(150)]
        peer = subprocess.run([OTAVA, "-c", PEER], input="".join(json.dumps(a) + "\n" for a in asked), capture_output=True, text=True)
        self.assertEqual(peer.returncode, 0, peer.stderr)
        found = 0
        for (values, window, p, magnitude), line in zip(asked, peer.stdout.splitlines(), strict=True):
            wanted = json.loads(line)
            got = self.json(values, "--window", str(window), "--max-pvalue", repr(p), "--min-magnitude", repr(magnitude))["points"]
            self.assertEqual([g["index"] for g in got], [w[0] for w in wanted], values)
            for g, w in zip(got, wanted):
                for name, figure in zip(("mean_before", "mean_after", "sd_before", "sd_after"), w[1:5]):
                    self.assertAlmostEqual(g[name], figure, delta=1e-9 * max(1, abs(figure)))
                self.assertLessEqual(abs(g["p"] - w[5]), 1e-7 * w[5])
            found += len(got)
        self.assertGreater(found, 100)


if __name__ == "__main__":
    main()
