"""GET /api/changes: where a stored series changed."""
import json
import random
import time
import urllib.parse

from harness import main
from native import Native

MINUTE = 60
POINTS = 120


class Changes(Native):
    def setUp(self):
        super().setUp()
        self.d = self.native()
        self.now = int(time.time()) // MINUTE * MINUTE

    def push(self, key, values, **more):
        """One value a minute, the last one a minute ago."""
        samples = [{"series": key, "t": self.now - MINUTE * (len(values) - i), "v": v, **more} for i, v in enumerate(values) if v is not None]
        reply = self.d.push(samples=samples)
        self.assertEqual((reply["status"], reply["rejected"]), ("ok", 0), reply)

    def ask(self, status=200, **query):
        a = self.d.get("/api/changes?" + urllib.parse.urlencode(query, doseq=True))
        self.assertEqual(a.status, status, a.text)
        return a.json()

    def step(self, before, after):
        r = random.Random(1)
        return [r.gauss(before, 1) for _ in range(POINTS // 2)] + [r.gauss(after, 1) for _ in range(POINTS // 2)]

    def assert_step(self, d, before, after):
        p, = d["points"]
        self.assertEqual((d["method"], d["step"], p["t"]), ("edivisive", MINUTE, self.now - MINUTE * POINTS // 2))
        self.assertAlmostEqual(p["mean_before"], before, delta=0.7)
        self.assertAlmostEqual(p["mean_after"], after, delta=0.7)
        self.assertLess(p["p"], 1e-6)
        self.assertEqual(p["index"], round((p["t"] - d["start"]) / d["step"]))
        self.assertLess(p["from_t"], p["t"])
        self.assertLess(p["t"], p["to_t"])
        return p

    def test_a_step_of_a_gauge(self):
        self.push("app.latency", self.step(50, 60))
        d = self.ask(key="app.latency")
        p = self.assert_step(d, 50, 60)
        self.assertEqual((d["key"], d["of"]), ("app.latency", "mean of the step"))
        self.assertEqual(d["n"] - d["missing"], POINTS)
        self.assertIn("since %s: the mean is" % time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(p["t"])), p["text"])

    def test_gaps_hide_nothing(self):
        values = self.step(50, 60)
        for i in range(3, POINTS, 7):
            values[i] = None
        self.push("app.latency", values)
        self.assertEqual(len(self.ask(key="app.latency")["points"]), 1)

    def test_a_steady_series_has_none(self):
        self.push("app.latency", self.step(50, 50))
        self.assertEqual(self.ask(key="app.latency")["points"], [])

    def test_counters_are_judged_by_their_rate(self):
        """What a push adds to a counter of the daemon's own, long before it started, is a counter as well."""
        key = self.eventually(lambda: next((s["key"] for s in self.d.json("/api/series")["series"] if s["type"] == "counter"), None))
        total, values = 1000.0, []
        for v in self.step(600, 1200):
            total += v
            values.append(total)
        self.now -= 7200
        self.push(key, values)
        d = self.ask(key=key, end=self.now)
        self.assertEqual(d["of"], "rate per second")
        p = self.assert_step(d, 10, 20)
        self.assertIn(": per second the mean is ", p["text"])

    def test_history_alone_tells_it_as_well(self):
        self.push("app.latency", self.step(50, 60))
        self.d.stop()
        self.d = self.native()
        self.assert_step(self.ask(key="app.latency"), 50, 60)

    def test_the_range(self):
        self.push("app.latency", self.step(50, 60))
        half = self.now - MINUTE * POINTS // 2
        d = self.ask(key="app.latency", start=half, end=self.now)
        self.assertEqual(d["points"], [])
        self.assertEqual(d["start"], half)
        self.assertGreaterEqual(d["end"], self.now)
        year = self.ask(key="app.latency", start=self.now - 365 * 86400)
        self.assertLessEqual(year["n"], 2100)
        self.assertEqual(year["step"] * year["n"], year["end"] - year["start"])

    def test_other_methods(self):
        values = self.step(50, 50)
        values[80] = 90
        self.push("app.latency", values)
        points = self.ask(key="app.latency", method="iforest")["points"]
        self.assertIn(self.now - MINUTE * (POINTS - 80), [p["t"] for p in points])
        self.assertTrue(all(p["text"].startswith("at 20") for p in points), points)

    def test_several_series(self):
        self.push("app.latency{q=a}", self.step(50, 60))
        self.push("app.latency{q=b}", self.step(50, 50))
        self.push("app.other", self.step(50, 60))
        keys = ["app.latency{q=a}", "app.latency{q=b}"]
        d = self.ask(key=keys)
        self.assertEqual([s["key"] for s in d["series"]], keys)
        for s in d["series"]:
            one = self.ask(key=s["key"], end=d["end"] - d["step"], start=d["start"])
            self.assertEqual({k: one[k] for k in s}, s)
        self.assertNotIn("fdr", d)
        self.assertEqual([s["key"] for s in self.ask(key="app.lat*")["series"]], keys)
        self.assertEqual([s["key"] for s in self.ask(key=["app.*{q=?}", "app.other", keys[0]])["series"]], keys + ["app.other"])
        self.d.stop()
        self.d = self.native()
        again = self.ask(key="app.latency*")
        self.assertEqual([(s["key"], len(s["points"])) for s in again["series"]], [(keys[0], 1), (keys[1], 0)])

    def test_series_are_judged_together(self):
        """What is told of a series alone is held back among many, and the answer says by how much."""
        self.push("app.latency{q=a}", self.step(50, 60))
        r = random.Random(5)
        self.push("app.latency{q=b}", [r.gauss(50, 1) + (i >= POINTS // 2) for i in range(POINTS)])
        for i in range(8):
            self.push("app.latency{q=c%d}" % i, [50 + j % 2 for j in range(POINTS)])
        alone, = self.ask(key="app.latency{q=b}", fdr=0.9, method="auto")["series"]
        point, = alone["points"]
        self.assertEqual((point["q"], alone["held_back"]), (point["p"], []))
        d = self.ask(key="app.latency*", fdr=point["p"], method="auto")
        self.assertEqual(d["fdr"], point["p"])
        a, b = d["series"][:2]
        self.assertEqual((len(a["points"]), a["held_back"], b["points"]), (1, [], []))
        held, = b["held_back"]
        self.assertAlmostEqual(held["q"] / (point["p"] * 10 / 2), 1)
        self.assertEqual(held["text"], point["text"])

    def test_the_watch_tells_a_step_of_seconds_with_its_third_point(self):
        begin = time.time() - 60

        def push(i, v):
            self.assertEqual(self.d.push(samples=[{"series": "app.seconds", "t": begin + i, "v": v}])["status"], "ok")

        def told():
            return self.d.json("/api/events?kind=change_point&subject=app.seconds")["events"]

        for i in range(30):
            push(i, 10 + i * 7 % 5 / 10)
        for i in range(30, 33):
            self.assertEqual(told(), [])
            push(i, 50 + i % 3 / 4)
        event, = self.eventually(told)
        self.assertEqual(event["t"], round(begin + 30, 3))

    def test_what_is_wrong_is_told(self):
        self.push("app.latency", [1, 2])
        for status, part, query in ((400, "key is missing", {}), (400, "key: ", {"key": "no{key"}), (404, "there is no series app.nothing", {"key": "app.nothing"}),
                                    (400, 'none called \\"magic\\"; there are edivisive', {"key": "app.latency", "method": "magic"}),
                                    (400, "start", {"key": "app.latency", "start": "soon"}), (400, "end", {"key": "app.latency", "end": "soon"}),
                                    (404, "no series matches app.n*", {"key": "app.n*"}), (404, "there is no series app.no", {"key": ["app.latency", "app.no"]}),
                                    (400, "fdr: ", {"key": "app.latency", "fdr": "2"}), (400, "fdr: ", {"key": "app.latency", "fdr": "x"}),
                                    (400, "start must be before end", {"key": "app.latency", "start": "now", "end": "-1h"})):
            self.assertIn(part, json.dumps(self.ask(status, **query)["error"]))

    def test_there_is_a_bound(self):
        for i in range(129):
            self.push("app.many{i=%d}" % i, [1])
        self.assertEqual(self.ask(400, key="app.many*")["error"], "key: at most 128 series at a time")
        self.assertEqual(len(self.ask(key=["app.many{i=%d}" % i for i in range(128)], method="auto")["series"]), 128)

    def test_two_values_and_none(self):
        self.push("app.latency", [1, 2])
        self.assertEqual(self.ask(key="app.latency")["points"], [])
        self.assertEqual(self.ask(key="app.latency", start=self.now - 90000, end=self.now - 80000)["points"], [])

    def test_it_is_told_to_machines(self):
        route = self.d.json("/openapi.json")["paths"]["/api/changes"]["get"]
        self.assertEqual([p["name"] for p in route["parameters"]], ["key", "start", "end", "method", "fdr"])

    def test_askers_that_leave_harm_nothing(self):
        self.push("app.latency", self.step(50, 60))
        import socket
        for _ in range(50):
            with socket.create_connection(("127.0.0.1", self.d.port)) as s:
                s.sendall(b"GET /api/changes?key=app.latency&method=iforest HTTP/1.1\r\nHost: 127.0.0.1:%d\r\n\r\n" % self.d.port)
        self.assert_step(self.ask(key="app.latency"), 50, 60)


if __name__ == "__main__":
    main()
