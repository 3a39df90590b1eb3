"""The Grafana dashboard and the Prometheus rules speak of series that the daemon really serves."""
import json
import pathlib
import re
import shutil
import subprocess
import unittest

from harness import Case, main, run

TOP = pathlib.Path(__file__).resolve().parents[2] / "contrib"
RULES = TOP / "prometheus" / "auspex.yml"
DASHBOARD = TOP / "grafana" / "auspex.json"
NAMES = re.compile(r"\b(?:auspex|retry)_[a-z_]+\b")


class Dashboards(Case):
    def served(self):
        """Names of /metrics, with their label names."""
        d = self.native("--self-interval", "1s")
        d.send_run(run("x", status="failed", attempts=2))
        text = self.eventually(lambda: (t := d.get("/metrics").text) and "retry_runs_total" in t and "auspex_rss_bytes" in t and t, 10)
        found = {}
        for line in text.splitlines():
            if line[0] != "#":
                m = re.match(r"([a-z_0-9]+)(?:\{(.*)\})? ", line)
                found.setdefault(m[1], set()).update(re.findall(r'(\w+)="([^"]*)"', m[2] or ""))
        return found

    def expressions(self):
        panels = json.loads(DASHBOARD.read_text())["panels"]
        dashboard = [t["expr"] for p in panels for t in p.get("targets", [])]
        rules = re.findall(r"(?m)^ +expr: (.*)$", RULES.read_text())
        self.assertGreater(len(dashboard), 20)
        self.assertGreater(len(rules), 5)
        return dashboard + rules

    def test_every_name_is_served(self):
        served = self.served()
        for expression in self.expressions():
            for name in NAMES.findall(expression):
                self.assertIn(name, served, expression)

    def test_every_label_value_is_served(self):
        values = {v for labels in self.served().values() for _, v in labels}
        for expression in self.expressions():
            for value in re.findall(r'(?:cause|stat|queue)[=!]~?"([^"]+)"', expression):
                for one in value.split("|"):
                    self.assertIn(one, values, expression)

    def test_the_dashboard_is_well_formed(self):
        d = json.loads(DASHBOARD.read_text())
        ids = [p["id"] for p in d["panels"]]
        self.assertEqual(len(ids), len(set(ids)))
        cells = set()
        for p in d["panels"]:
            g = p["gridPos"]
            self.assertLessEqual(g["x"] + g["w"], 24)
            for x in range(g["x"], g["x"] + g["w"]):
                for y in range(g["y"], g["y"] + g["h"]):
                    self.assertNotIn((x, y), cells, p["title"])
                    cells.add((x, y))
            if p["type"] != "row":
                self.assertTrue(p["description"] and p["fieldConfig"]["defaults"]["unit"], p["title"])
        self.assertEqual({v["name"] for v in d["templating"]["list"]}, {"datasource", "instance"})


@unittest.skipUnless(shutil.which("promtool"), "promtool is not installed (Debian: prometheus)")
class Rules(Case):
    def promtool(self, *argv):
        p = subprocess.run(["promtool", *argv], capture_output=True, text=True, cwd=self.folder)
        self.assertEqual(p.returncode, 0, p.stdout + p.stderr)
        return p.stdout

    def test_promtool_accepts_the_rules(self):
        self.assertRegex(self.promtool("check", "rules", str(RULES)), r"SUCCESS: \d+ rules found")

    def test_promtool_accepts_every_expression_of_the_dashboard(self):
        panels = json.loads(DASHBOARD.read_text())["panels"]
        groups = [{"name": "g", "rules": [{"record": "r%d:x" % i, "expr": e} for i, e in enumerate(
            t["expr"].replace("$__rate_interval", "5m").replace("$instance", ".*") for p in panels for t in p.get("targets", []))]}]
        pathlib.Path(self.path("rules.yml")).write_text(json.dumps({"groups": groups}))
        self.promtool("check", "rules", "rules.yml")

    def test_rules_fire_when_they_should_and_not_before(self):
        def firing(name, at, *labels):
            return {"eval_time": at, "alertname": name, "exp_alerts": [{"exp_labels": dict(labels)}] if labels else []}
        series = lambda key, values: {"series": key, "values": values}
        tests = [
            {"interval": "1m", "input_series": [series('up{job="auspex",instance="h"}', "1x4 0x10")], "alert_rule_test": [
                firing("AuspexDown", "3m")]},
            {"interval": "1m", "input_series": [series("retry_runs_total", "0+10x30"), series("retry_failed_runs_total", "0+1x30")],
             "alert_rule_test": [firing("RetryFailuresHigh", "25m")]},
            {"interval": "1m", "input_series": [series('auspex_drops_total{cause="store_fault"}', "0x30")],
             "alert_rule_test": [firing("AuspexHistoryLosesDetail", "25m")]},
        ]
        pathlib.Path(self.path("quiet.yml")).write_text(json.dumps({"rule_files": [str(RULES)], "tests": tests}))
        self.promtool("test", "rules", "quiet.yml")
        for alert, at, inputs in (
            ("AuspexDown", "9m", [series('up{job="auspex"}', "1x4 0x10")]),
            ("RetryFailuresHigh", "25m", [series("retry_runs_total", "0+10x30"), series("retry_failed_runs_total", "0+5x30")]),
            ("RetryStorm", "25m", [series("retry_runs_total", "0+10x30"), series("retry_attempts_total", "0+50x30")]),
            ("AuspexHistoryLosesDetail", "25m", [series('auspex_drops_total{cause="store_fault"}', "0+1x30")]),
        ):
            # Only that it fires is told apart here: a test that expects silence must fail.
            quiet = [{"interval": "1m", "input_series": inputs, "alert_rule_test": [firing(alert, at)]}]
            pathlib.Path(self.path("loud.yml")).write_text(json.dumps({"rule_files": [str(RULES)], "tests": quiet}))
            p = subprocess.run(["promtool", "test", "rules", "loud.yml"], capture_output=True, text=True, cwd=self.folder)
            self.assertNotEqual(p.returncode, 0, alert)
            self.assertIn('alertname="%s"' % alert, p.stdout + p.stderr)


if __name__ == "__main__":
    main()
