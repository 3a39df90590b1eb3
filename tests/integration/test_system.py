"""The host: sampled without being asked, told over the API, watched by rules that everybody may replace."""
from harness import PATIENCE, main
from native import Native

RULE = "memory nearly used up"


class Sampling(Native):
    def test_the_newest_sample_is_told(self):
        d = self.native()
        s = self.eventually(lambda: (a := d.json("/api/system"))["samples"] >= 3 and a)
        self.assertLessEqual(0, s["series"]["system.cpu.percent"])
        self.assertLessEqual(s["series"]["system.cpu.percent"], 100)
        self.assertGreater(s["series"]["system.memory.total"], 1 << 20)
        self.assertIn("system.filesystem.percent{mount=/}", s["series"])
        self.assertIn("system.core.percent{cpu=0}", s["series"])
        states = {c["name"]: c["state"] for c in s["collectors"]}
        for name in ("cpu", "memory", "load", "network", "disk", "paging", "protocols", "kernel", "filesystem"):
            self.assertEqual(states[name], "on", s["collectors"])
        self.assertNotIn("failing", states.values(), s["collectors"])

    def test_collectors_are_timed_as_series(self):
        d = self.native("--system-interval", "100ms")
        self.eventually(lambda: any(c["name"] == "cpu" and c["mean_us"] > 0 for c in d.json("/api/system")["collectors"]), seconds=4 * PATIENCE)
        keys = {x["key"] for x in d.json("/api/series?match=auspex.*")["series"]}
        self.assertIn("auspex.collector_seconds{collector=cpu}", keys)
        self.assertIn("auspex.samples_missed", keys)

    def test_ten_a_second_on_an_absolute_schedule(self):
        d = self.native("--system-interval", "100ms")
        first = self.eventually(lambda: (a := d.json("/api/system"))["samples"] and a)
        last = self.eventually(lambda: (a := d.json("/api/system"))["samples"] >= first["samples"] + 30 and a, seconds=4 * PATIENCE)
        ticks = (last["t"] - first["t"]) / 0.1
        taken = last["samples"] + last["missed"] - first["samples"] - first["missed"]
        self.assertAlmostEqual(ticks, taken, delta=1)  # late or missed, but never drifting

    def test_each_collector_can_be_off(self):
        d = self.native("--system-disk", "0", "--system-cpu", "0")
        s = self.eventually(lambda: (a := d.json("/api/system"))["samples"] >= 2 and a)
        states = {c["name"]: c["state"] for c in s["collectors"]}
        self.assertEqual((states["disk"], states["cpu"], states["memory"]), ("off", "off", "on"))
        self.assertFalse([k for k in s["series"] if k.startswith(("system.disk.", "system.cpu."))])

    def test_nothing_is_sampled_when_it_is_off(self):
        d = self.native("--system-enabled=false")
        self.assertEqual(d.get("/api/system").status, 404)

    def test_a_full_registry_is_told_and_ends_nothing(self):
        d = self.native("--series-cap", "100")
        self.eventually(lambda: d.json("/api/system")["samples"] >= 2)
        self.assertEqual(len(d.json("/api/series")["series"]), 100)
        self.assertIn("series", [p["part"] for p in d.json("/api/health?detail=1")["detail"]["problems"]])

    def test_bad_intervals_end_the_start(self):
        for value in ("0", "soon", "-1s", "10ms"):
            status, _, said = self.command(*self.at_home("run", "--system-interval", value))
            self.assertNotEqual(status, 0, value)
            self.assertIn("interval", said)


class BuiltInRules(Native):
    def rules(self, d):
        return {r["name"]: r for r in d.json("/api/alerts/rules")["rules"]}

    def test_the_two_thresholds_are_rules_and_alerts(self):
        d = self.native("--system-interval", "100ms", "--system-memory-alert-threshold", "0", "--system-cpu-alert-threshold", "100")
        rules = self.rules(d)
        self.assertIn("CPU above its threshold", rules)
        self.assertEqual(rules["memory above its threshold"]["above"], 0)
        fires = lambda: [a for a in d.json("/api/alerts")["alerts"] if a["name"] == "memory above its threshold" and a["state"] == "firing"]
        self.assertEqual(self.eventually(fires, seconds=4 * PATIENCE)[0]["series"], "system.memory.percent")
        self.eventually(lambda: d.json("/api/events?kind=threshold&subject=system.memory.percent")["events"])
        d.stop()
        self.assertNotIn("CPU above its threshold", self.rules(self.native()))

    def test_they_are_seen(self):
        rules = self.rules(self.native())
        self.assertGreater(len(rules), 15)
        self.assertEqual({r["source"] for r in rules.values()}, {"default"})

    def test_the_file_replaces_one(self):
        d = self.native(config="alerts:\n  - {name: %s, series: system.memory.percent, above: 50}\n" % RULE)
        rule = self.rules(d)[RULE]
        self.assertEqual((rule["source"], rule["above"]), ("file", 50))

    def test_the_api_replaces_one_for_good(self):
        d = self.native()
        self.assertEqual(d.request("DELETE", "/api/alerts/rules?name=" + RULE.replace(" ", "%20")).status, 409)
        mine = {"name": RULE, "series": "system.memory.percent", "above": 60}
        self.assertEqual(d.post("/api/alerts/rules", mine).status, 200)
        d.stop()
        rule = self.rules(self.native())[RULE]
        self.assertEqual((rule["source"], rule["above"]), ("api", 60))

    def test_they_are_switched_off(self):
        rules = self.rules(self.native("--system-skip-alerts", "*pressure,%s" % RULE))
        self.assertTrue(rules)
        self.assertFalse([n for n in rules if n.endswith("pressure") or n == RULE])


if __name__ == "__main__":
    main()
