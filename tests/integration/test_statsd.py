"""StatsD clients send to the daemon's optional sockets; their metrics become series like any other."""
import os
import socket
import stat
import time

from harness import main
from native import Native


class StatsD(Native):
    def setUp(self):
        super().setUp()
        self.gram, self.lines = self.path("statsd"), self.path("statsd-lines")

    def daemon(self, *flags):
        return self.native("--statsd", "unixgram:%s,unix:%s" % (self.gram, self.lines), "--statsd-interval", "1s", *flags)

    def send(self, *packets, path=None):
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as s:
            s.settimeout(10)
            for packet in packets:
                s.sendto(packet if isinstance(packet, bytes) else packet.encode(), path or self.gram)

    def stream(self, text):
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as s:
            s.settimeout(10)
            s.connect(self.lines)
            s.sendall(text.encode())

    def series(self, d):
        return {s["key"]: s["v"] for s in d.json("/api/series")["series"] if "v" in s}

    def wait_for(self, d, key, value):
        try:
            self.eventually(lambda: self.series(d).get(key) == value, every=0.05)
        except AssertionError:
            self.fail("%s is %r, not %r" % (key, self.series(d).get(key), value))

    def detail(self, d):
        return d.json("/api/health?detail=1")["detail"]

    def test_every_type_by_datagram(self):
        d = self.daemon()
        self.send("app.hits:2|c|@0.5|#env:prod\napp.hits:1|c|#env:prod", "app.depth:7|g\napp.depth:-2|g", "app.users:anna|s\napp.users:bert|s")
        self.wait_for(d, "app.hits{env=prod}", 5)
        self.wait_for(d, "app.depth", 5)
        self.assertIn("app.users", self.series(d))

    def test_timings_tell_four_numbers(self):
        d = self.daemon()
        self.send("\n".join("t:%d|ms" % i for i in range(1, 101)))
        self.wait_for(d, "t.max", 100)
        got = self.series(d)
        self.assertEqual((got["t.mean"], got["t.p95"]), (50.5, 95))
        self.assertIn("t.count", got)

    def test_lines_by_stream_and_the_last_without_newline(self):
        d = self.daemon()
        self.stream("a:1|c\na:1|c\r\na:1|c")
        self.wait_for(d, "a", 3)

    def test_both_ways_into_the_same_series(self):
        d = self.daemon()
        self.send("a:1|c|#x:1,y:2")
        self.stream("a:1|c|#y:2,x:1\n")
        self.wait_for(d, "a{x=1,y=2}", 2)

    def test_many_packets_are_all_counted(self):
        d = self.daemon()
        self.send(*["n:1|c\nn:1|c"] * 20000)
        self.wait_for(d, "n", 40000)
        self.assertEqual(self.detail(d)["statsd"], {"lines": 40000, "bad": 0, "refused": 0, "metrics": 1})

    def test_samples_reach_the_history(self):
        d = self.daemon()
        self.send("kept:42|g")
        self.wait_for(d, "kept", 42)
        d.stop()
        d = self.daemon()
        points = d.json("/api/series/query?key=kept&start=-1h&end=%d&step=2h" % (time.time() + 600))["points"]
        self.assertEqual({p["max"] for p in points if p["n"]}, {42})

    def test_what_came_last_before_the_stop_is_kept(self):
        d = self.native("--statsd", self.gram, "--statsd-interval", "600s")
        self.send("late:1|c")
        self.assertEqual(d.stop(), 0)
        d = self.native()
        points = d.json("/api/series/query?key=late&start=-1h&end=%d&step=2h" % (time.time() + 600))["points"]
        self.assertEqual(sum(p["n"] for p in points), 1)

    def test_bad_lines_are_told_and_harm_nobody(self):
        d = self.daemon()
        self.send(b"good:1|c\n\xff\x00rubbish\ngood:1|c", b"", b"x" * 16385, b"no.type:1")
        self.wait_for(d, "good", 2)
        detail = self.detail(d)
        self.assertEqual((detail["statsd"]["bad"], detail["state"]), (3, "degraded"))
        told = [p["problem"] for p in detail["problems"] if p["part"] == "statsd"]
        self.assertEqual(len(told), 1)
        self.assertIn('"no.type:1": there is no type', told[0])

    def test_the_cap_of_series_is_respected_and_told(self):
        d = self.daemon("--series-cap", "100", "--system-enabled=false")
        self.send(*["m%d:1|c" % i for i in range(200)], "m0:1|c")
        self.wait_for(d, "m0", 2)
        self.assertEqual(len(d.json("/api/series")["series"]), 100)
        detail = self.detail(d)
        self.assertGreater(detail["statsd"]["refused"], 90)
        self.assertIn("series", [p["part"] for p in detail["problems"]])

    def test_it_measures_itself(self):
        d = self.daemon("--self-interval", "1s")
        self.send("a:1|c\nbad")
        self.wait_for(d, "auspex.statsd_lines", 2)
        self.assertEqual(self.series(d)["auspex.drops{cause=statsd_bad}"], 1)

    def test_sockets_have_the_mode_of_the_others_and_go_away(self):
        d = self.daemon("--socket-mode", "0660")
        for path in (self.gram, self.lines):
            self.assertEqual(stat.S_IMODE(os.stat(path).st_mode), 0o660)
        d.stop()
        self.assertFalse(os.path.exists(self.gram) or os.path.exists(self.lines))

    def test_off_by_default(self):
        d = self.native()
        self.assertNotIn("statsd", self.detail(d))
        self.assertNotIn("auspex.statsd_lines", self.series(d))

    def test_a_socket_that_cannot_be_bound_is_told_at_the_start(self):
        open(self.gram, "w").close()
        status, out, err = self.auspex(*self.at_home("run", "--statsd", self.gram))
        self.assertEqual(status, 1)
        self.assertIn("cannot take StatsD lines at " + self.gram, out + err)
        self.assertTrue(os.path.exists(self.gram))

    def test_a_dead_socket_of_a_killed_daemon_is_taken_over(self):
        self.daemon().kill9()
        self.assertTrue(os.path.exists(self.gram))
        d = self.daemon()
        self.send("a:1|c")
        self.wait_for(d, "a", 1)


if __name__ == "__main__":
    main()
