"""Alerts: a rule is made, samples come, it fires, people answer, and all of it outlives the daemon."""
import os
import signal
import subprocess
import time
import urllib.parse

from harness import PATIENCE, free_port, main, run
from native import Native

DISK = {"name": "disk full", "series": "app.disk{*}", "above": 95, "clear": 90, "severity": "critical", "labels": {"team": "storage"}}


class Alerts(Native):
    def native(self, *flags, **kw):
        """Without the rules that every host has: test_system.py tells of those."""
        return super().native("--system-skip-alerts", "*", *flags, **kw)

    def sample(self, d, value, series="app.disk{m=/}"):
        answer = d.push(samples=[{"series": series, "v": value}])
        self.assertEqual(answer["accepted"], 1, answer)

    def rule(self, d, rule=None, status=200):
        answer = d.post("/api/alerts/rules", rule or DISK)
        self.assertEqual(answer.status, status, answer.text)
        return answer.json()

    def alerts(self, d, query=""):
        return d.json("/api/alerts" + query)["alerts"]

    def until_state(self, d, state, seconds=PATIENCE):
        return self.eventually(lambda: next((a for a in self.alerts(d) if a["state"] == state), None), seconds=seconds,
                               message="no alert became %s: %s" % (state, self.alerts(d)))

    def firing(self):
        d = self.native()
        self.rule(d)
        self.sample(d, 97)
        return d, self.until_state(d, "firing")

    def events(self, d):
        return [e for e in d.json("/api/events?kind=alert")["events"]]


class Life(Alerts):
    def test_fires_is_acknowledged_and_resolves(self):
        d, alert = self.firing()
        self.assertEqual((alert["name"], alert["series"], alert["severity"], alert["value"]), ("disk full", "app.disk{m=/}", "critical", 97))
        answer = d.post("/api/alerts/%d/ack" % alert["id"], {"who": "ada", "why": "disk ordered", "until": "2h"})
        self.assertEqual(answer.status, 200, answer.text)
        self.assertEqual(answer.json()["alert"]["state"], "acknowledged")
        self.assertEqual(self.alerts(d, "?state=acknowledged")[0]["acknowledged"]["who"], "ada")
        time.sleep(0.002)
        self.sample(d, 80)
        gone = self.until_state(d, "resolved")
        self.assertEqual(gone["id"], alert["id"])
        states = [e["detail"]["state"] for e in reversed(self.events(d))]
        self.assertEqual(states, ["firing", "acknowledged", "resolved"])
        first = self.events(d)[-1]
        self.assertEqual((first["severity"], first["subject"]), ("critical", "app.disk{m=/}"))
        self.assertEqual(first["title"], "disk full: app.disk{m=/} is 97, above 95")

    def test_for_is_waited_out(self):
        d = self.native()
        self.rule(d, {**DISK, "for": "2s"})
        self.sample(d, 97)
        self.until_state(d, "pending")
        self.until_state(d, "firing")

    def test_absence(self):
        d = self.native()
        self.rule(d, {"name": "dead", "series": "app.beat", "absent": "1s"})
        self.until_state(d, "firing")
        self.sample(d, 1, "app.beat")
        self.until_state(d, "resolved")

    def test_failed_runs(self):
        d = self.native()
        self.rule(d, {"name": "builds", "event": "run_failed", "subject": "make*", "clear": "2s"})
        d.send_run(run("make all", status="failed"))
        alert = self.until_state(d, "firing")
        self.assertEqual(alert["series"], "make all")
        self.until_state(d, "resolved")

    def test_alerts_about_alerts_do_not_loop(self):
        d = self.native()
        self.rule(d, {"name": "meta", "event": "alert", "clear": "1h"})
        self.rule(d)
        self.sample(d, 97)
        self.eventually(lambda: len(self.alerts(d, "?state=firing")) == 2)
        time.sleep(1.2)
        self.assertEqual(len(self.alerts(d)), 2)
        self.assertEqual(len(self.events(d)), 2)


class Restart(Alerts):
    def test_firing_outlives_a_kill(self):
        d, alert = self.firing()
        d.post("/api/alerts/%d/ack" % alert["id"], {"who": "ada", "why": "disk ordered"})
        d.kill9()
        d = self.native()
        again = self.alerts(d)[0]
        self.assertEqual((again["id"], again["state"], again["since"], again["acknowledged"]["who"]),
                         (alert["id"], "acknowledged", alert["since"], "ada"))
        self.sample(d, 50)
        self.assertEqual(self.until_state(d, "resolved")["id"], alert["id"])
        time.sleep(0.5)  # nobody was promised the resolution: it is committed on its own
        d.kill9()
        d = self.native()
        self.assertEqual([a["state"] for a in self.alerts(d)], ["resolved"])
        self.sample(d, 99)
        self.assertGreater(self.until_state(d, "firing")["id"], alert["id"])

    def test_pending_and_silenced_outlive_a_stop(self):
        d = self.native()
        self.rule(d, {**DISK, "name": "slow", "for": "1h"})
        self.rule(d, DISK)
        answer = d.post("/api/alerts/silences", {"match": {"name": "disk full"}, "until": "1h", "who": "ada", "why": "new disks"})
        self.assertEqual(answer.status, 200, answer.text)
        self.sample(d, 97)
        self.eventually(lambda: sorted(a["state"] for a in self.alerts(d)) == ["pending", "silenced"])
        before = {a["name"]: a["since"] for a in self.alerts(d)}
        self.assertEqual(d.stop(), 0)
        d = self.native()
        self.assertEqual({a["name"]: a["since"] for a in self.alerts(d)}, before)
        self.assertEqual(sorted(a["state"] for a in self.alerts(d)), ["pending", "silenced"])
        self.assertEqual(d.json("/api/alerts/silences")["silences"][0]["why"], "new disks")

    def test_a_rule_is_there_after_a_kill_and_gone_after_its_removal(self):
        d = self.native()
        self.rule(d)
        self.rule(d, {**DISK, "above": 98})
        d.kill9()
        d = self.native()
        self.assertEqual([r["above"] for r in d.json("/api/alerts/rules")["rules"]], [98])
        self.assertEqual(d.request("DELETE", "/api/alerts/rules?name=disk+full").status, 200)
        d.kill9()
        self.assertEqual(self.native().json("/api/alerts/rules")["rules"], [])


class FullDisk(Alerts):
    def mount(self, size):
        if os.geteuid() != 0:
            self.skipTest("needs root to mount a tmpfs")
        folder = self.path("state")
        os.makedirs(folder)
        p = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=" + size, "tmpfs", folder], capture_output=True, text=True)
        if p.returncode:
            self.skipTest("cannot mount a tmpfs: " + p.stderr.strip())
        self.addCleanup(subprocess.run, ["umount", "-l", folder], capture_output=True)
        return folder

    def fill(self, folder):
        with open(os.path.join(folder, "ballast"), "wb", buffering=0) as f:
            try:
                while f.write(b"x" * 4096):
                    pass
            except OSError:
                return

    def test_what_is_said_holds_and_is_stored_when_there_is_room(self):
        folder = self.mount("6m")
        d = self.native()
        self.rule(d)
        self.sample(d, 97)
        alert = self.until_state(d, "firing")
        self.fill(folder)
        refused = None
        for i in range(3000):  # the log of the history still has some room
            answer = d.post("/api/alerts/rules", {**DISK, "name": "rule %d" % (i % 50), "above": 1000 + i, "labels": {"x": "y" * 200}})
            if answer.status != 200:
                refused = answer
                break
        self.assertIsNotNone(refused, "the disk never filled")
        self.assertEqual(refused.status, 503)
        self.assertIn("in force, but not in the history yet", refused.json()["error"])
        answer = d.post("/api/alerts/%d/ack" % alert["id"], {"who": "ada"})
        self.assertIn(answer.status, (200, 503))  # so small a row may still find room
        self.assertEqual(self.alerts(d)[0]["state"], "acknowledged")
        rules = sorted((r["name"], r["above"]) for r in d.json("/api/alerts/rules")["rules"])
        os.unlink(os.path.join(folder, "ballast"))
        time.sleep(4)
        d.kill9()
        d = self.native()
        self.assertEqual(sorted((r["name"], r["above"]) for r in d.json("/api/alerts/rules")["rules"]), rules)
        self.assertEqual([(a["id"], a["state"]) for a in self.alerts(d)], [(alert["id"], "acknowledged")])


class Silences(Alerts):
    def test_one_alert_is_silenced_and_speaks_again(self):
        d, alert = self.firing()
        answer = d.post("/api/alerts/%d/silence" % alert["id"], {"who": "ada", "why": "known", "until": "1h"})
        self.assertEqual(answer.status, 200, answer.text)
        self.assertEqual(answer.json()["alert"]["state"], "silenced")
        ident = d.json("/api/alerts/silences")["silences"][0]["id"]
        self.assertEqual(d.request("DELETE", "/api/alerts/silences/%d" % ident).status, 200)
        self.until_state(d, "firing")

    def test_mistakes_name_the_key(self):
        d, alert = self.firing()
        for body, told in (({}, "who: missing"), ({"who": "ada", "until": "yesterday"}, "until:"), ({"who": "ada"}, "until: missing")):
            answer = d.post("/api/alerts/%d/silence" % alert["id"], body)
            self.assertEqual(answer.status, 400)
            self.assertIn(told, answer.json()["error"])
        self.assertEqual(d.post("/api/alerts/999/ack", {"who": "ada"}).status, 404)
        self.assertEqual(d.post("/api/alerts/x/ack", {"who": "ada"}).status, 400)
        self.assertEqual(d.get("/api/alerts?state=burning").status, 400)


class Rules(Alerts):
    YAML = "alerts:\n  - name: disk full\n    series: app.disk{*}\n    above: 95\n    severity: critical\n"

    def test_mistakes_name_the_key(self):
        d = self.native()
        for body, told in (("{", "no JSON object"), ({"name": "x"}, "series: missing"), ({**DISK, "abov": 1}, "did you mean above?"),
                           ({**DISK, "for": "soon"}, "for: write a duration")):
            answer = d.post("/api/alerts/rules", body)
            self.assertEqual(answer.status, 400)
            self.assertIn(told, answer.json()["error"])
        self.assertEqual(d.request("DELETE", "/api/alerts/rules?name=none").status, 404)
        self.assertEqual(d.request("DELETE", "/api/alerts/rules/" + urllib.parse.quote("not there")).status, 404)

    def test_rules_of_the_file(self):
        d = self.native(config=self.YAML)
        self.assertEqual([(r["name"], r["source"]) for r in d.json("/api/alerts/rules")["rules"]], [("disk full", "file")])
        self.sample(d, 97)
        self.until_state(d, "firing")
        answer = d.request("DELETE", "/api/alerts/rules/disk%20full")
        self.assertEqual(answer.status, 409)
        self.assertIn("configuration file", answer.json()["error"])
        self.assertEqual(d.post("/api/alerts/rules", DISK).status, 409)

    def test_reload_takes_all_or_nothing(self):
        d = self.native(config=self.YAML)
        self.sample(d, 97)
        first = self.until_state(d, "firing")
        with open(self.path("auspex.yml"), "w") as f:
            f.write(self.YAML + "  - name: second\n    series: app.x\n    abve: 1\n")
        d.process.send_signal(signal.SIGHUP)
        self.eventually(lambda: "did you mean above?" in d.log())
        self.assertIn("auspex.yml:8:11", d.log())
        self.assertEqual(len(d.json("/api/alerts/rules")["rules"]), 1)
        with open(self.path("auspex.yml"), "w") as f:
            f.write(self.YAML + "  - name: second\n    series: app.x\n    above: 1\n")
        d.process.send_signal(signal.SIGHUP)
        self.eventually(lambda: len(d.json("/api/alerts/rules")["rules"]) == 2)
        self.assertEqual(self.alerts(d)[0]["id"], first["id"])  # untouched
        with open(self.path("auspex.yml"), "w") as f:
            f.write("port: %d\n" % d.port)
        d.process.send_signal(signal.SIGHUP)
        self.eventually(lambda: d.json("/api/alerts/rules")["rules"] == [])
        self.assertEqual(self.until_state(d, "resolved")["reason"], "its rule was removed")

    def test_a_bad_file_does_not_start(self):
        with open(self.path("bad.yml"), "w") as f:
            f.write("alerts:\n  - name: a\n    series: app.x\n")
        status, out, err = self.command("run", "--port", str(free_port()), "--config", self.path("bad.yml"))
        self.assertNotEqual(status, 0)
        self.assertIn("bad.yml:2:5", out + err)
        self.assertIn("exactly one of above", out + err)

    def test_a_personality_has_no_alerts(self):
        self.assertEqual(self.patienced().get("/api/alerts").status, 404)


if __name__ == "__main__":
    main()
