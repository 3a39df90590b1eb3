#!/usr/bin/env python3
"""The bench report: its two files, and the one bar that needs no clock, what a stored sample costs."""
import json
import os
import pathlib
import subprocess
import unittest

from harness import Case, main

REPORT = pathlib.Path(__file__).resolve().parent.parent / "bench" / "report"
BUILD = pathlib.Path(os.environ.get("MESON_BUILD_ROOT", "."))


class Report(Case):
    def report(self, *words):
        return subprocess.run([REPORT, "--build", BUILD, "--out", self.path(""), *words], capture_output=True, text=True)

    def test_a_row_is_in_the_table_and_in_the_file(self):
        if not (BUILD / "tests" / "bench" / "bench_trace").exists():
            raise unittest.SkipTest("the bench programs are not built: ninja bench-programs")
        done = self.report("--rounds", "1", "--only", "trace")
        self.assertEqual(done.returncode, 0, done.stderr)
        data = json.loads(pathlib.Path(self.path("report.json")).read_text())
        self.assertEqual(set(data), {"version", "time", "machine", "rounds", "rows"})
        cost, exact = data["rows"]
        self.assertEqual(set(cost), {"what", "figure", "bar", "peer", "ratio", "met"})
        self.assertTrue(cost["met"], cost)
        self.assertTrue(exact["met"], exact)
        table = pathlib.Path(self.path("report.md")).read_text()
        self.assertEqual(table, done.stdout)
        for r in data["rows"]:
            self.assertRegex(table, r"(?m)^\| %s +\| %s +\|.*\| met +\|$" % (r["what"].replace("(", r"\("), r["figure"].replace(".", r"\.")))

    def test_an_unknown_bench_is_told_with_those_there_are(self):
        done = self.report("--only", "push,speed")
        self.assertEqual(done.returncode, 2)
        self.assertIn("no bench is called speed; there are: start, ", done.stderr)


if __name__ == "__main__":
    main()
