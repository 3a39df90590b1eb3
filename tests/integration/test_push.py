"""`push`: one message for every kind of record, answered after the commit, on the Unix socket and as POST /api/push."""
import os
import pathlib
import re
import signal
import socket
import threading
import time
import unittest
import urllib.parse

from harness import Case, encode, main, run


def commands(export):
    return [m["metrics"]["command"] for m in export]


class Push(Case):
    def response(self, d, keys=("type", "status", "accepted", "rejected", "errors")):
        self.assertEqual(tuple(d), keys)
        self.assertEqual(d["type"], "push_response")
        return d["status"], d["accepted"], d["rejected"]

    def test_runs_are_accepted_and_visible_when_the_reply_is_there(self):
        d = self.patienced()
        self.assertEqual(self.response(d.push(runs=[run("a"), run("b")])), ("ok", 2, 0))
        self.assertEqual(d.count(), 2)

    def test_exact_bytes_of_the_reply(self):
        d = self.patienced()
        with d.connect() as s:
            s.sendall(b'{"type":"push","runs":[]}\n')
            self.assertEqual(s.recv(1000), b'{"type":"push_response","status":"ok","accepted":0,"rejected":0,"errors":[]}\n')

    def test_an_empty_push_is_answered(self):
        d = self.patienced()
        for doc in ({}, {"runs": []}, {"runs": None}, {"runs": [], "samples": [], "records": [], "test_runs": []}, {"unknown": [1, 2]}):
            self.assertEqual(self.response(d.push(doc)), ("ok", 0, 0), doc)
            a = d.post("/api/push", doc)
            self.assertEqual((a.status, self.response(a.json())), (200, ("ok", 0, 0)), doc)

    def test_http_needs_no_type(self):
        d = self.patienced()
        a = d.post("/api/push", {"runs": [run("a"), run("b"), run("c")]})
        self.assertEqual((a.status, a.headers["content-type"], self.response(a.json())), (200, "application/json", ("ok", 3, 0)))
        self.assertTrue(a.body.endswith(b"}\n"))
        self.assertEqual(d.count(), 3)

    def test_a_bad_item_is_rejected_alone(self):
        d = self.patienced()
        reply = d.push(runs=[run("good"), 5, {"command": 7}, None, run("fine"), {"timestamp": 1.5}])
        self.assertEqual(self.response(reply), ("ok", 2, 4))
        self.assertEqual([(e["list"], e["index"]) for e in reply["errors"]], [("runs", 1), ("runs", 2), ("runs", 3), ("runs", 5)])
        for e in reply["errors"]:
            self.assertEqual(list(e), ["list", "index", "error"])
            self.assertGreater(len(e["error"]), 8, "a sentence")
        self.assertEqual(d.count(), 2)

    def test_lists_of_services_to_come_are_rejected_item_by_item(self):
        d = self.patienced()
        reply = d.push(runs=[run()], records=[{"a": 1}, {"b": 2}], test_runs=[{}])
        self.assertEqual(self.response(reply), ("ok", 1, 3))
        self.assertEqual([(e["list"], e["index"]) for e in reply["errors"]], [("records", 0), ("records", 1), ("test_runs", 0)])
        self.assertIn("fleet", reply["errors"][0]["error"])
        self.assertIn("change", reply["errors"][2]["error"])

    def test_a_list_that_is_none_is_told(self):
        d = self.patienced()
        for wrong in ({}, "x", 3, True):
            reply = d.push(runs=wrong)
            self.assertEqual(self.response(reply), ("ok", 0, 1))
            self.assertIn("array", reply["errors"][0]["error"])

    def test_errors_are_bounded_and_the_count_is_exact(self):
        reply = self.patienced().push(runs=[1] * 5000)
        self.assertEqual(self.response(reply), ("ok", 0, 5000))
        self.assertEqual(len(reply["errors"]), 100)

    def test_bodies_that_are_no_push(self):
        d = self.patienced()
        for body in (b"", b"[]", b"5", b"{", b'{"runs":[}', b'{"runs":[]}{"runs":[]}', b"\xff\xfe", b"\x00"):
            a = d.post("/api/push", body)
            self.assertEqual(a.status, 400, body)
            self.assertGreater(len(a.json()["error"]), 8)
        self.assertEqual(d.post("/api/push", {}).status, 200)

    def test_deep_json_is_refused_with_a_sentence(self):
        d = self.patienced()
        self.assertEqual(d.post("/api/push", b'{"runs":' + b"[" * 100_000 + b"]" * 100_000 + b"}").status, 400)
        with d.lines() as c:
            self.assertEqual(c.ask(b'{"type":"push","runs":' + b"[" * 100_000 + b"]" * 100_000 + b"}")["error"], "invalid JSON")
            self.assertEqual(c.ask({"type": "push"})["status"], "ok")

    def test_over_16_mib_is_refused(self):
        d = self.patienced()
        big = b'{"runs":[],"x":"' + b"a" * (16 * 1024 * 1024) + b'"}'
        self.assertIn(b" 413 ", d.raw_http(b"POST /api/push HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n" % len(big)).split(b"\r\n")[0])
        with d.connect() as s:
            try:
                s.sendall(b'{"type":"push",' + big[1:] + b"\n")
                self.assertEqual(s.recv(1000), b"")
            except (BrokenPipeError, ConnectionResetError):
                pass
        self.assertEqual(d.push(runs=[run()])["accepted"], 1)

    def test_seven_megabytes_are_taken_whole(self):
        d = self.patienced()
        doc = encode({"type": "push", "runs": [run("x" * 700_000 + str(i)) for i in range(10)]})
        with d.lines() as c:
            self.assertEqual(self.response(c.ask(doc)), ("ok", 10, 0))
        self.assertEqual(self.response(d.post("/api/push", doc).json()), ("ok", 10, 0))
        self.assertEqual(d.count(), 20)

    def test_just_under_16_mib_what_the_queue_cannot_hold_is_told(self):
        d = self.patienced()
        reply = d.push(runs=[run("x" * 700_000 + str(i)) for i in range(22)])
        self.assertEqual(reply["accepted"] + reply["rejected"], 22)
        self.assertGreaterEqual(reply["accepted"], 10)
        self.assertEqual(len(reply["errors"]), reply["rejected"])
        self.assertEqual(d.count(), reply["accepted"])

    def test_a_half_closed_peer_gets_its_reply(self):
        d = self.patienced()
        for tail in (b"", b"\n"):
            with d.connect() as s:
                s.sendall(b'{"type":"push","runs":[{}]}' + tail)
                s.shutdown(socket.SHUT_WR)
                self.assertIn(b'"accepted":1', s.recv(1000))
                self.assertEqual(s.recv(1000), b"")

    def test_a_push_without_a_newline_is_answered_at_once(self):
        with self.patienced().connect(timeout=2) as s:
            s.sendall(b'{"type":"push","runs":[{}]}')
            self.assertIn(b'"accepted":1', s.recv(1000))

    def test_pipelined_pushes_are_answered_in_order(self):
        d = self.patienced()
        with d.lines() as c:
            c.sock.sendall(b"".join(encode({"type": "push", "runs": [run("r")] * i}) + b"\n" for i in range(60)))
            self.assertEqual([c.read()["accepted"] for _ in range(60)], list(range(60)))
        self.assertEqual(d.count(), sum(range(60)))

    def test_pipelined_http_pushes_are_answered_in_order(self):
        d = self.patienced()
        request = b""
        for i in range(20):
            body = encode({"runs": [run("r")] * i})
            request += b"POST /api/push HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n%s\r\n%s" % (
                len(body), b"Connection: close\r\n" if i == 19 else b"", body)
        self.assertEqual([int(n) for n in re.findall(rb'"accepted":(\d+)', d.raw_http(request))], list(range(20)))

    def test_a_peer_that_hangs_up_harms_nobody(self):
        d = self.patienced()
        body = encode({"type": "push", "runs": [run("gone")] * 200})
        for i in range(20):
            with d.connect() as s:
                s.sendall(body + b"\n")
            with socket.create_connection(("127.0.0.1", d.port)) as s:
                s.sendall(b"POST /api/push HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
        self.assertEqual(d.push(runs=[run("here")])["accepted"], 1)
        self.eventually(lambda: d.count() > 4000)

    def test_a_push_and_runs_from_many_threads(self):
        d = self.patienced()
        accepted = []

        def work(n):
            with d.lines() as c:
                for i in range(40):
                    accepted.append(c.ask({"type": "push", "runs": [run("t%d-%d" % (n, i))] * 5})["accepted"])
        threads = [threading.Thread(target=work, args=(n,)) for n in range(8)]
        [t.start() for t in threads]
        for _ in range(200):
            d.send_run()
        [t.join() for t in threads]
        self.assertEqual(sum(accepted), 8 * 40 * 5)
        self.eventually(lambda: d.count() == 1800)

    def test_http_push_of_a_foreign_page_is_refused(self):
        d = self.patienced()
        self.assertEqual(d.post("/api/push", {"runs": [run()]}, headers={"Origin": "http://evil.example"}).status, 403)
        self.assertEqual(d.post("/api/push", {"runs": [run()]}, headers={"Sec-Fetch-Site": "cross-site"}).status, 403)
        self.assertEqual(d.count(), 0)


class Durable(Case):
    def test_kill_9_right_after_the_reply_loses_nothing_in_50_rounds(self):
        sent = []
        for i in range(50):
            d = self.patienced()
            with d.lines() as c:
                for j in range(3):
                    names = ["r%d-%d-%d" % (i, j, k) for k in range(7)]
                    self.assertEqual(c.ask({"type": "push", "runs": [run(n) for n in names]})["accepted"], 7)
                    sent += names
                os.kill(d.pid, signal.SIGKILL)
            d.process.wait()
        d = self.patienced()
        self.assertEqual(sorted(commands(d.json("/api/metrics/export"))), sorted(sent), "each of them once")

    def test_kill_9_right_after_the_reply_of_a_long_push_loses_nothing(self):
        """Long pushes are taken in portions, but acknowledged whole."""
        sent = []
        for i in range(6):
            d = self.patienced("-max-metrics", "100000")
            names = ["r%d-%d" % (i, k) for k in range(5000)]
            doc = {"type": "push", "runs": [run(n, attempts=3) for n in names]}
            if i % 2:
                reply = d.post("/api/push", doc).json()
            else:
                with d.lines() as c:
                    reply = c.ask(doc)
            self.assertEqual(reply["accepted"], 5000)
            self.assertEqual(d.count(), 5000 * (i + 1), "what is answered is visible")
            d.kill9()
            sent += names
        d = self.patienced("-max-metrics", "100000")
        self.assertEqual(sorted(commands(d.json("/api/metrics/export"))), sorted(sent), "each of them once")

    def test_sigterm_in_a_long_push_is_no_broken_promise(self):
        """Whatever the moment: what was acknowledged is there after the restart."""
        sent = []
        for i in range(5):
            d = self.patienced("-max-metrics", "100000")
            names = ["s%d-%d" % (i, k) for k in range(8000)]
            with d.lines() as c:
                c.send({"type": "push", "runs": [run(n) for n in names]})
                time.sleep(0.02 * i)
                d.process.send_signal(signal.SIGTERM)
                try:
                    if c.read()["accepted"] == 8000:
                        sent += names
                except (OSError, EOFError):
                    pass
            self.assertEqual(d.process.wait(15), 0, d.log())
        there = commands(self.patienced("-max-metrics", "100000").json("/api/metrics/export"))
        self.assertEqual(len(there), len(set(there)), "nothing twice")
        self.assertEqual(set(sent) - set(there), set())

    def test_kill_9_in_the_middle_keeps_what_was_acknowledged(self):
        d = self.patienced()
        acknowledged = []

        def work(n):
            try:
                with d.lines() as c:
                    for i in range(100_000):
                        names = ["w%d-%d-%d" % (n, i, k) for k in range(10)]
                        if c.ask({"type": "push", "runs": [run(x) for x in names]})["accepted"] == 10:
                            acknowledged.extend(names)
            except (OSError, EOFError):
                pass
        threads = [threading.Thread(target=work, args=(n,)) for n in range(4)]
        [t.start() for t in threads]
        self.eventually(lambda: len(acknowledged) > 500)
        d.kill9()
        [t.join() for t in threads]
        there = commands(self.patienced().json("/api/metrics/export"))
        self.assertEqual(len(there), len(set(there)), "nothing twice")
        self.assertGreater(len(acknowledged), 0)
        self.assertEqual(set(acknowledged[-9000:]) - set(there), set(), "-max-metrics keeps the newest 10 000")

    def test_pushed_runs_appear_once_each_after_a_restart(self):
        d = self.patienced()
        d.push(runs=[run("s%d" % i) for i in range(300)])
        d.post("/api/push", {"runs": [run("h%d" % i) for i in range(300)]})
        before = d.json("/api/metrics/export")
        self.assertEqual(len(set(commands(before))), 600)
        d.stop()
        self.assertEqual(self.patienced().json("/api/metrics/export"), before)

    def test_memory_only_says_so(self):
        pathlib.Path(self.path("file")).write_text("a file where a directory should be")
        d = self.patienced(env=self.environment(XDG_STATE_HOME=self.path("file")))
        reply = d.push(runs=[run()])
        self.assertEqual(list(reply), ["type", "status", "accepted", "rejected", "errors", "durable"])
        self.assertEqual((reply["status"], reply["accepted"], reply["durable"]), ("ok", 1, False))
        self.assertIs(d.post("/api/push", {"runs": [run()]}).json()["durable"], False)
        self.assertEqual(d.count(), 2)
        self.assertIn("memory only", d.log())

    def test_persist_false_forgets_at_restart(self):
        pathlib.Path(self.path("c.json")).write_text('{"persist":false}')
        d = self.patienced("-config", self.path("c.json"))
        self.assertIs(d.push(runs=[run()])["durable"], False)
        d.send_run()
        self.eventually(lambda: d.count() == 2)
        d.stop()
        self.assertEqual(self.patienced("-config", self.path("c.json")).count(), 0)

    def test_native_retry_persist_false_forgets_runs_and_does_not_promise_them(self):
        config = "retry:\n  persist: false\n"
        d = self.native(config=config)
        self.assertIs(d.push(runs=[run()]).get("durable"), False)
        self.assertEqual(d.count(), 1)
        d.stop()
        self.assertEqual(self.native(config=config).count(), 0)


class Samples(Case):
    def query(self, d, key, **more):
        return d.json("/api/series/query?" + urllib.parse.urlencode({"key": key, **more}))["points"]

    def test_samples_are_visible_with_their_time(self):
        d = self.native()
        t = int(time.time()) - 600
        reply = d.push(samples=[{"series": "app.queue{q=mail}", "t": t + i * 10, "v": i} for i in range(30)])
        self.assertEqual((reply["status"], reply["accepted"], reply["rejected"]), ("ok", 30, 0))
        series = self.eventually(lambda: [s for s in d.json("/api/series")["series"] if s["key"] == "app.queue{q=mail}"])[0]
        self.assertEqual((series["t"], series["v"]), (t + 290, 29))
        points = self.query(d, "app.queue{q=mail}", start=t, end=t + 300, step="100s")
        self.assertEqual([(p["t"], p["min"], p["avg"], p["max"], p["n"]) for p in points],
                         [(t, 0, 4.5, 9, 10), (t + 100, 10, 14.5, 19, 10), (t + 200, 20, 24.5, 29, 10)])

    def test_a_sample_without_a_time_is_now(self):
        d = self.patienced()
        d.post("/api/push", {"samples": [{"series": "app.x", "v": 1.5}]})
        point = self.eventually(lambda: self.query(d, "app.x", start="-1m"))[0]
        self.assertEqual((point["avg"], point["n"]), (1.5, 1))

    def test_samples_survive_kill_9(self):
        d = self.patienced()
        t = int(time.time()) - 60
        self.assertEqual(d.push(samples=[{"series": "app.k", "t": t, "v": 42}])["accepted"], 1)
        d.kill9()
        d = self.patienced()
        self.assertIn("app.k", [s["key"] for s in d.json("/api/series")["series"]])
        self.assertEqual([p["avg"] for p in self.query(d, "app.k", start=t - 10, end=t + 10)], [42])

    def test_an_old_sample_after_a_restart_does_not_hide_the_history(self):
        d = self.patienced()
        t = int(time.time()) - 600
        d.push(samples=[{"series": "app.k", "t": t + i, "v": i} for i in range(10)])
        d.stop()
        d = self.patienced()
        d.push(samples=[{"series": "app.k", "t": t - 100, "v": 7}])
        self.assertEqual([p["n"] for p in self.query(d, "app.k", start=t - 200, end=t + 200, step="200s")], [1, 10])

    def test_invalid_samples_are_rejected_alone(self):
        d = self.patienced()
        bad = [5, None, {}, {"series": "a"}, {"v": 1}, {"series": 1, "v": 1}, {"series": "", "v": 1}, {"series": "a b", "v": 1},
               {"series": "a{", "v": 1}, {"series": "a{x=}", "v": 1}, {"series": "a{=y}", "v": 1}, {"series": "a" * 5000, "v": 1},
               {"series": "a", "v": "1"}, {"series": "a", "v": None}, {"series": "a", "v": 1, "t": "now"}, {"series": "a", "v": 1, "t": -5},
               {"series": "a", "v": 1, "t": 1e300}, {"series": "a\u0000b", "v": 1}, {"series": "a\nb", "v": 1}]
        reply = d.push(samples=[{"series": "app.good", "v": 1}, *bad])
        told = {e["index"] - 1: e["error"] for e in reply["errors"]}
        missing = [bad[i] for i in range(len(bad)) if i not in told and bad[i] != {"series": "a{x=}", "v": 1}]
        self.assertEqual(missing, [])
        self.assertEqual(reply["accepted"] + reply["rejected"], len(bad) + 1)
        self.assertTrue(all(len(e) > 8 for e in told.values()), told)

    def test_10_000_new_series_meet_the_cap_and_are_told(self):
        d = self.native("--series-cap", "1000")
        reply = d.push(samples=[{"series": "flood.s{i=%d}" % i, "v": i} for i in range(10_000)])
        self.assertEqual(reply["status"], "ok")
        self.assertEqual(reply["accepted"] + reply["rejected"], 10_000)
        self.assertLess(reply["accepted"], 1000)
        self.assertGreater(reply["accepted"], 800)
        self.assertIn("1000 series", reply["errors"][0]["error"])
        known = [s["key"] for s in d.json("/api/series")["series"] if s["key"].startswith("flood.")]
        self.assertEqual(len(known), reply["accepted"])
        problems = d.json("/api/health?detail=1")["detail"]["problems"]
        self.assertTrue([p for p in problems if p["part"] == "series"], problems)

    def test_every_sample_of_a_large_push_is_kept(self):
        d = self.native()
        t = int(time.time()) - 40_000
        reply = d.push(samples=[{"series": "app.big{i=%d}" % (i % 10), "t": t + i // 10, "v": i} for i in range(100_000)])
        self.assertEqual((reply["status"], reply["accepted"]), ("ok", 100_000))
        for i in (0, 9):
            points = self.query(d, "app.big{i=%d}" % i, start=t, end=t + 10_000, step="1000s")
            self.assertEqual([p["n"] for p in points], [1000] * 10)


if __name__ == "__main__":
    main()
