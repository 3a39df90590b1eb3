"""The HTTP API of the retry contract, section 3: shapes, spacing, limits, ranges and exact retention."""
import datetime
import http.client
import json
import re
import socket
import time
import unittest

from harness import CAPTURED_RUN, SANITIZED, Case, main, run

NANO = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?Z"


def utc(t):
    return datetime.datetime.fromtimestamp(t, datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


class Http(Case):
    def filled(self, *flags, n=0, **kw):
        d = self.patienced(*flags, **kw)
        if n:
            d.push(runs=[run("n%d" % i) for i in range(n)])
        return d

    def stats(self, d, **params):
        return d.json("/api/metrics/stats?" + "&".join("%s=%s" % p for p in params.items()))


class Shapes(Http):
    def ok(self, d, path, pattern):
        a = d.get(path)
        self.assertEqual((a.status, a.headers["content-type"]), (200, "application/json"))
        self.assertRegex(a.text, re.compile("^" + pattern + "$", re.S))
        self.assertNotIn("access-control-allow-origin", a.headers)
        return a

    def test_health(self):
        d = self.patienced()
        a = self.ok(d, "/api/health", r'\{"status":"healthy","timestamp":\d{10},"version":"1\.0\.0"\}\n')
        self.assertAlmostEqual(a.json()["timestamp"], time.time(), delta=2)

    def test_recent_empty(self):
        self.ok(self.patienced(), "/api/metrics/recent", r'\{"count":0,"metrics":\[\]\}\n')

    def test_recent_holds_the_protocols_object(self):
        d = self.patienced()
        d.send_run()
        self.eventually(lambda: d.count() == 1)
        self.ok(d, "/api/metrics/recent", r'\{"count":1,"metrics":\[\{"timestamp":"' + NANO + r'","metrics":' + re.escape(CAPTURED_RUN.decode()) + r"\}\]\}\n")

    def test_stats_empty(self):
        self.ok(self.patienced(), "/api/metrics/stats", r'\{"time_range":\{"start":"' + NANO + r'","end":"' + NANO + r'"\},"total_runs":0,'
                r'"successful_runs":0,"failed_runs":0,"success_rate":0,"average_attempts":0,"average_duration":0,"top_commands":\[\],'
                r'"hourly_breakdown":\[\]\}\n')

    def test_stats_of_one_run(self):
        d = self.patienced()
        d.push(runs=[run("make <all> & more", duration=1.5)])
        self.ok(d, "/api/metrics/stats", r'\{"time_range":.*,"total_runs":1,"successful_runs":1,"failed_runs":0,"success_rate":1,"average_attempts":1,'
                r'"average_duration":1500000000,"top_commands":\[\{"command":"make \\u003call\\u003e \\u0026 more","count":1,"success_rate":1,'
                r'"avg_duration":1500000000\}\],"hourly_breakdown":\[\{"hour":"\d{4}-\d\d-\d\dT\d\d:00:00Z","total_runs":1,"success_rate":1\}\]\}\n')

    def test_export_empty(self):
        self.ok(self.patienced(), "/api/metrics/export", r"\[\]")

    def test_export_form_and_name(self):
        d = self.patienced()
        d.send_run()
        self.eventually(lambda: d.count() == 1)
        a = self.ok(d, "/api/metrics/export", r'\[\n  \{\n    "timestamp": "' + NANO + r'",\n    "metrics": \{\n      "command": "true",\n'
                    r'      "command_hash": "b5bea41b",\n      "final_status": "succeeded",\n      "total_duration_seconds": 0\.007290392,\n'
                    r'      "total_attempts": 1,\n      "successful_attempts": 1,\n      "failed_attempts": 0,\n      "attempts": \[\n        \{\n'
                    r'          "duration_seconds": 0\.007228836,\n          "exit_code": 0,\n          "success": true\n        \}\n      \],\n'
                    r'      "timestamp": 1795378345\n    \}\n  \}\n\]')
        self.assertEqual(a.headers["content-disposition"], "attachment; filename=retry-metrics-%s.json" % time.strftime("%Y-%m-%d"))

    def test_daemon_stats(self):
        d = self.filled("-max-metrics", "77", "-max-age", "90m", n=3)
        self.ok(d, "/api/daemon/stats", r'\{"last_cleanup":"' + NANO + r'","max_age":"1h30m0s","max_size":77,"total_metrics":3\}\n')

    def test_daemon_performance(self):
        d = self.patienced()
        doc = self.ok(d, "/api/daemon/performance", r'\{"gc":\{.*\},"memory":\{.*\},"runtime":\{.*\}\}\n').json()
        for group, keys in {
            "memory": "alloc_bytes total_alloc_bytes sys_bytes heap_alloc_bytes heap_sys_bytes heap_idle_bytes heap_inuse_bytes "
                      "heap_released_bytes heap_objects stack_inuse_bytes stack_sys_bytes",
            "gc": "num_gc num_forced_gc gc_cpu_fraction last_gc_time pause_total_ns last_pause_ns",
            "runtime": "goroutines gomaxprocs num_cpu go_version compiler arch os",
        }.items():
            self.assertEqual(set(keys.split()) - set(doc[group]), set())
        self.assertEqual(doc["gc"]["last_gc_time"], "1970-01-01T00:00:00Z")
        self.assertAlmostEqual(doc["memory"]["rss_bytes"], d.memory()[0], delta=2e6)

    def test_page(self):
        d = self.patienced()
        for method in ("GET", "POST", "PUT", "DELETE"):
            a = d.request(method, "/")
            self.assertEqual((a.status, a.headers["content-type"].split(";")[0]), (200, "text/html"), method)
            self.assertIn("<!DOCTYPE html>", a.text)
            self.assertIn("Retry Daemon Dashboard", a.text)

    def test_no_header_of_the_page_is_given_twice(self):
        d = self.patienced()
        head = d.raw_http(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").split(b"\r\n\r\n")[0]
        names = [line.split(b":")[0].lower() for line in head.split(b"\r\n")[1:]]
        self.assertEqual(len(names), len(set(names)), names)


class Refusals(Http):
    PATHS = ("/api/health", "/api/metrics/recent", "/api/metrics/stats", "/api/metrics/export", "/api/daemon/stats", "/api/daemon/performance")

    def test_405(self):
        d = self.patienced()
        for path in self.PATHS:
            for method in ("POST", "PUT", "DELETE", "PATCH", "BREW"):
                a = d.request(method, path)
                self.assertEqual((a.status, a.body, a.headers["content-type"], a.headers["x-content-type-options"]),
                                 (405, b"Method not allowed\n", "text/plain; charset=utf-8", "nosniff"), (method, path))
                self.assertEqual({m.strip() for m in a.headers["allow"].split(",")}, {"GET", "HEAD", "OPTIONS"})

    def test_404(self):
        d = self.patienced()
        for path in ("/api/health/", "/api", "/api/", "/nothing", "/api/metrics/recent/x", "/debug/pprof/", "/debug/pprof/heap", "/API/health"):
            a = d.get(path)
            self.assertEqual((a.status, a.body, a.headers["content-type"], a.headers["x-content-type-options"]),
                             (404, b"404 page not found\n", "text/plain; charset=utf-8", "nosniff"), path)

    def test_unclean_paths_are_redirected(self):
        d = self.patienced()
        for path, to in (("//api/health", "/api/health"), ("/api//health", "/api/health"), ("/api/./health", "/api/health"),
                         ("/x/../api/health?a=1", "/api/health?a=1")):
            # raw: the client library would clean it
            reply = d.raw_http(b"GET %s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n" % path.encode()).decode()
            self.assertEqual(reply.split()[1], "301", path)
            self.assertIn("\r\nLocation: %s\r\n" % to, reply)

    def test_a_redirect_never_leaves_the_host(self):
        reply = self.patienced().raw_http(b"GET //evil.example/../%2fx HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").decode()
        self.assertNotRegex(reply, r"Location: (//|/\\|http)")

    def test_head(self):
        d = self.filled(n=20)
        for path in (*self.PATHS, "/"):
            a = d.request("HEAD", path)
            self.assertEqual((a.status, a.body), (200, b""), path)

    def test_head_says_the_length_of_get(self):
        d = self.filled(n=20)
        self.assertEqual(d.request("HEAD", "/api/metrics/recent").headers["content-length"], str(len(d.get("/api/metrics/recent").body)))

    def test_options(self):
        d = self.patienced()
        for path in self.PATHS:
            a = d.request("OPTIONS", path)
            self.assertIn(a.status, (200, 204))
            self.assertIn("GET", a.headers["allow"])
            self.assertEqual(a.body, b"")


class Recent(Http):
    def test_limits(self):
        d = self.filled(n=30)
        for text, n in (("0", 10), ("-1", 10), ("abc", 10), ("", 10), ("1e9", 10), ("1.5", 10), ("%2B5", 5), ("+5", 10), ("5", 5), ("1", 1), ("29", 29), ("30", 30),
                        ("31", 30), ("1000000000", 30), ("9223372036854775807", 30), ("9223372036854775808", 10), ("-9223372036854775808", 10), ("007", 7)):
            doc = d.json("/api/metrics/recent?limit=" + text)
            self.assertEqual((doc["count"], len(doc["metrics"])), (n, n), text)
        self.assertEqual(d.json("/api/metrics/recent")["count"], 10)

    def test_the_last_ones_oldest_of_them_first(self):
        d = self.filled(n=30)
        self.assertEqual([m["metrics"]["command"] for m in d.json("/api/metrics/recent?limit=3")["metrics"]], ["n27", "n28", "n29"])

    def test_more_than_fit_one_piece(self):
        d = self.filled(n=3000)
        doc = d.json("/api/metrics/recent?limit=2500")
        self.assertEqual((doc["count"], len(doc["metrics"]), doc["metrics"][0]["metrics"]["command"]), (2500, 2500, "n500"))


class Stats(Http):
    def test_the_four_records_of_the_contract(self):
        d = self.patienced()
        for command, status, attempts in (("echo test", "succeeded", 1), ("echo test", "succeeded", 2), ("false", "failed", 3), ("echo test", "succeeded", 1)):
            d.push(runs=[run(command, status, attempts=attempts)])
        s = d.json("/api/metrics/stats")
        self.assertEqual((s["total_runs"], s["successful_runs"], s["failed_runs"], s["success_rate"], s["average_attempts"]), (4, 3, 1, 0.75, 1.75))
        self.assertEqual([(c["command"], c["count"], c["success_rate"]) for c in s["top_commands"]], [("echo test", 3, 1), ("false", 1, 0)])

    def test_top_commands_are_ten_by_count_then_newest(self):
        d = self.patienced()
        d.push(runs=[run("c%02d" % i) for i in range(15)] + [run("c03")] * 2 + [run("c07")] * 2)
        top = [c["command"] for c in d.json("/api/metrics/stats")["top_commands"]]
        self.assertEqual(top, ["c07", "c03", "c14", "c13", "c12", "c11", "c10", "c09", "c08", "c06"])

    def test_average_attempts_counts_the_list(self):
        d = self.patienced()
        d.push(runs=[run(total_attempts=99), {"command": "x", "attempts": None, "total_attempts": 5}])
        self.assertEqual(d.json("/api/metrics/stats")["average_attempts"], 0.5)

    def test_ranges(self):
        d = self.filled(n=4)
        now = time.time()
        for params, n in (({"start": utc(now - 60)}, 4), ({"start": utc(now + 60), "end": utc(now + 120)}, 0), ({"end": utc(now - 60)}, 0),
                          ({"start": utc(now + 60), "end": utc(now - 60)}, 0), ({"start": "0001-01-01T00:00:00Z", "end": "9999-12-31T23:59:59Z"}, 4),
                          ({"start": "yesterday", "end": "1763800000"}, 4), ({"start": "", "end": ""}, 4)):
            self.assertEqual(self.stats(d, **params)["total_runs"], n, params)

    def test_the_given_offset_is_kept(self):
        d = self.filled(n=1)
        s = self.stats(d, start="2020-01-01T00:00:00.5%2B02:00", end="2099-01-01T00:00:00Z")
        self.assertEqual((s["time_range"], s["total_runs"]), ({"start": "2020-01-01T00:00:00.5+02:00", "end": "2099-01-01T00:00:00Z"}, 1))

    def test_a_raw_plus_is_a_space_and_falls_back(self):
        d = self.filled(n=1)
        s = self.stats(d, start="2020-01-01T00:00:00+02:00")
        start = datetime.datetime.fromisoformat(s["time_range"]["start"].replace("Z", "+00:00")[:26].rstrip("+0:") + "+00:00")
        self.assertAlmostEqual(start.timestamp(), time.time() - 86400, delta=5)

    def test_both_ends_are_exclusive(self):
        d = self.patienced()
        for i in range(3):
            d.push(runs=[run("n%d" % i)])
        times = [m["timestamp"] for m in d.json("/api/metrics/export")]
        self.assertEqual(self.stats(d, start=times[0], end=times[2])["total_runs"], 1)
        self.assertEqual(self.stats(d, start=times[1], end=times[1])["total_runs"], 0)
        self.assertEqual(self.stats(d, start=times[0])["total_runs"], 2)

    def test_statistics_agree_with_a_full_count(self):
        d = self.patienced()
        runs = [run("c%d" % (i * i % 23), "failed" if i % 3 else "succeeded", 0.001 * i, 1 + i % 4) for i in range(3000)]
        for i in range(0, 3000, 500):
            d.push(runs=runs[i:i + 500])
        all_runs = d.json("/api/metrics/export")
        times = sorted({m["timestamp"] for m in all_runs})
        for a in range(len(times)):
            for b in range(a, len(times)):
                part = [m["metrics"] for m in all_runs if times[a] < m["timestamp"] < times[b]]
                s = self.stats(d, start=times[a], end=times[b])
                self.assertEqual((s["total_runs"], s["successful_runs"]), (len(part), sum(m["final_status"] == "succeeded" for m in part)))
                self.assertEqual(s["average_duration"], sum(int(m["total_duration_seconds"] * 1e9) for m in part) // len(part) if part else 0)


class Connections(Http):
    def test_keep_alive(self):
        d = self.patienced()
        c = http.client.HTTPConnection("127.0.0.1", d.port)
        for _ in range(50):
            c.request("GET", "/api/health")
            sock = c.sock
            self.assertEqual(c.getresponse().read()[:10], b'{"status":')
            self.assertIs(c.sock, sock)
        c.close()

    def test_pipelining_in_order(self):
        d = self.filled(n=40)
        ask = b"".join(b"GET /api/metrics/recent?limit=%d HTTP/1.1\r\nHost: localhost\r\n\r\n" % (i + 1) for i in range(40))
        reply = d.raw_http(ask + b"GET /nothing HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        self.assertEqual([int(n) for n in re.findall(rb'\{"count":(\d+)', reply)], list(range(1, 41)))
        self.assertTrue(reply.endswith(b"404 page not found\n"))

    def test_a_half_closed_peer_gets_whole_answers(self):
        d = self.filled(n=3000)
        post = b'POST /api/push HTTP/1.1\r\nHost: localhost\r\nContent-Length: 13\r\n\r\n{"runs":[{}]}'
        for ask, end in ((b"GET /api/health HTTP/1.1\r\nHost: localhost\r\n\r\n", b"}\n"), (post, b"}\n"),
                         (b"GET /api/metrics/export HTTP/1.1\r\nHost: localhost\r\n\r\n", b"]\r\n0\r\n\r\n")):
            with socket.create_connection(("127.0.0.1", d.port), timeout=5) as s:
                s.sendall(ask)
                s.shutdown(socket.SHUT_WR)
                reply = s.makefile("rb").read()
            self.assertTrue(reply.startswith(b"HTTP/1.1 200 OK") and reply.endswith(end), (ask, reply[-50:]))

    def test_http_1_0_closes(self):
        reply = self.patienced().raw_http(b"GET /api/health HTTP/1.0\r\n\r\n")
        self.assertIn(b" 200 OK\r\n", reply)
        self.assertTrue(reply.endswith(b"}\n"))

    def test_http_1_0_gets_an_export_without_chunks(self):
        reply = self.filled(n=2000).raw_http(b"GET /api/metrics/export HTTP/1.0\r\n\r\n")
        head, body = reply.split(b"\r\n\r\n", 1)
        self.assertNotIn(b"chunked", head)
        self.assertEqual(len(json.loads(body)), 2000)

    def test_both_protocols_of_the_internet(self):
        d = self.patienced()
        with socket.create_connection(("::1", d.port)) as s:
            s.sendall(b"GET /api/health HTTP/1.1\r\nHost: [::1]\r\nConnection: close\r\n\r\n")
            self.assertIn(b"200 OK", s.recv(1000))


class Export(Http):
    def fill(self, d, n):
        with d.lines() as c:
            for i in range(0, n, 2000):
                assert c.ask({"type": "push", "runs": [run("make target-%d" % (j % 100)) for j in range(i, i + 2000)]})["accepted"] == 2000

    def test_200_000_runs_at_constant_memory(self):
        d = self.patienced("-max-metrics", "200000")
        self.fill(d, 200_000)
        before, most, size = d.memory()[0], 0, 0
        with socket.create_connection(("127.0.0.1", d.port)) as s:
            s.sendall(b"GET /api/metrics/export HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
            while chunk := s.recv(1 << 20):
                size += len(chunk)
                if size % 7 == 0:
                    most = max(most, d.memory()[0])
        self.assertGreater(size, 60e6)
        self.assertLess(max(most, d.memory()[0]) - before, 40e6 if SANITIZED else 4e6)

    def test_eviction_during_a_slow_export_leaves_valid_json(self):
        d = self.patienced("-max-metrics", "20000")
        self.fill(d, 20_000)
        with socket.create_connection(("127.0.0.1", d.port)) as s:
            s.sendall(b"GET /api/metrics/export HTTP/1.0\r\n\r\n")
            reply = s.recv(10_000)
            self.fill(d, 40_000)
            self.assertEqual(d.count(), 20_000)
            while chunk := s.recv(1 << 20):
                reply += chunk
        doc = json.loads(reply.split(b"\r\n\r\n", 1)[1])
        self.assertTrue(all(m["metrics"]["command"].startswith("make") for m in doc))
        self.assertTrue(10 < len(doc) <= 20_000, len(doc))


class Retention(Http):
    def test_exact_by_count(self):
        d = self.patienced("-max-metrics", "5")
        for i in range(12):
            d.send_run(run("n%d" % i))
            self.eventually(lambda: d.json("/api/metrics/recent?limit=1")["metrics"][0]["metrics"]["command"] == "n%d" % i)
            self.assertEqual(d.count(), min(i + 1, 5))
        self.assertEqual([m["metrics"]["command"] for m in d.json("/api/metrics/export")], ["n7", "n8", "n9", "n10", "n11"])
        self.assertEqual(d.json("/api/metrics/stats")["total_runs"], 5)

    def test_by_age_without_traffic(self):
        d = self.filled("-max-age", "1s", n=5)
        self.assertEqual(d.count(), 5)
        time.sleep(1.02)
        self.assertEqual((d.count(), d.json("/api/metrics/recent")["count"], d.json("/api/metrics/export"), d.json("/api/metrics/stats")["total_runs"]), (0, 0, [], 0))

    def test_by_age_with_traffic(self):
        d = self.patienced("-max-age", "1s")
        end, sent = time.time() + 2, 0
        while time.time() < end:
            d.send_run()
            sent += 1
            time.sleep(0.02)
            oldest = d.json("/api/metrics/recent?limit=100000")["metrics"][0]["timestamp"][:26].rstrip("Z")
            age = time.time() - datetime.datetime.fromisoformat(oldest + "+00:00").timestamp()
            self.assertLess(age, 1.1)
        self.assertLess(d.count(), sent)

    def test_an_age_of_the_past_holds_after_a_restart(self):
        d = self.filled("-max-age", "1s", n=5)
        d.stop()
        time.sleep(1)
        self.assertEqual(self.patienced("-max-age", "1s").count(), 0)

    def test_zero_keeps_nothing(self):
        d = self.patienced("-max-metrics", "0")
        d.send_run()
        self.assertEqual(d.push(runs=[run()])["status"], "ok")
        self.assertEqual((d.count(), d.json("/api/metrics/export")), (0, []))

    def test_a_smaller_bound_after_a_restart(self):
        self.filled(n=50).stop()
        d = self.patienced("-max-metrics", "7")
        self.assertEqual([m["metrics"]["command"] for m in d.json("/api/metrics/export")], ["n%d" % i for i in range(43, 50)])


if __name__ == "__main__":
    main()
