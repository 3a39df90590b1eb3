"""The native daemon over HTTP: its interfaces for every domain, live streams, reload."""
import os
import re
import shutil
import signal
import socket
import subprocess
import time
import unittest

from harness import free_port, main, run
from native import Native, Stream


class Run(Native):
    def test_no_configuration_is_needed(self):
        d = self.native()
        self.assertEqual(d.get("/api/health").status, 200)
        self.assertEqual(d.stop(), 0)

    @unittest.skipUnless(shutil.which("ss"), "ss (iproute2) is not installed")
    def test_both_loopbacks_and_nothing_else(self):
        d = self.native()
        listening = subprocess.run(["ss", "-Hltnp"], capture_output=True, text=True).stdout
        own = [line.split()[3] for line in listening.splitlines() if "pid=%d," % d.pid in line]
        self.assertEqual(sorted(own), sorted(["127.0.0.1:%d" % d.port, "[::1]:%d" % d.port]))

    def test_busy_port_refuses_to_start(self):
        self.native_port()
        with socket.socket() as s:
            s.bind(("127.0.0.1", self._port))
            s.listen()
            status, _, err = self.auspex(*self.at_home("run"))
        self.assertEqual(status, 1)
        self.assertIn(str(self._port), err)
        self.assertFalse(os.path.exists(self.path("state/auspex/auspex.pid")))
        self.assertFalse(os.path.exists(self.path("state/auspex/auspex.sock")))

    def test_busy_port_on_the_other_loopback_refuses_too(self):
        self.native_port()
        with socket.socket(socket.AF_INET6) as s:
            s.bind(("::1", self._port))
            s.listen()
            self.assertEqual(self.auspex(*self.at_home("run"))[0], 1)

    def native_port(self):
        if not hasattr(self, "_port"):
            self._port = free_port()
        return self._port

    def test_busy_fleet_port_is_a_warning(self):
        with socket.socket() as s:
            s.bind(("127.0.0.1", 0))
            s.listen()
            d = self.native("--fleet-port", str(s.getsockname()[1]))
            self.assertIn("WARN", [line["level"] for line in d.log_lines()])

    def test_fleet_port_speaks_the_fleet_family(self):
        port = free_port()
        d = self.native("--fleet-port", str(port))
        a = d.get("/nosuch", port=port)
        self.assertEqual((a.status, list(a.json())), (404, ["detail"]))
        self.assertEqual(d.get("/api/health", port=port).status, 200)

    def test_unix_listener(self):
        d = self.native("--listen", "unix:" + self.path("http.sock"))
        with socket.socket(socket.AF_UNIX) as s:
            s.connect(self.path("http.sock"))
            s.sendall(b"GET /api/health HTTP/1.1\r\nHost: anything\r\nConnection: close\r\n\r\n")
            self.assertIn(b"200 OK", s.recv(1000))
        d.stop()
        self.assertFalse(os.path.exists(self.path("http.sock")))

    def test_bad_listeners_are_told(self):
        for entry in ("nowhere", "127.0.0.1:0", "127.0.0.1:99999", "127.0.0.1:x", "127.0.0.1:8000/nofamily", "[::1:80"):
            status, _, err = self.auspex(*self.at_home("run", "--listen", entry))
            self.assertEqual(status, 1, entry)
            self.assertIn("listen", err, entry)

    def test_an_address_that_is_not_ours(self):
        status, _, err = self.auspex(*self.at_home("run", "--auth", "none", "--listen", "192.0.2.1:8080"))
        self.assertEqual(status, 1)
        self.assertIn("192.0.2.1", err)

    def test_a_second_one_on_the_same_state_is_refused(self):
        d = self.native()
        status, _, err = self.auspex("run", "--port", str(free_port()), "--fleet-port", "0", "--aliases", "")
        self.assertEqual(status, 1)
        self.assertIn("already running with PID %d" % d.pid, err)

    def test_two_with_their_own_state(self):
        d = self.native()
        port = self._port
        self._port = free_port()
        e = self.native(env=self.environment(AUSPEX_STATE_DIR=self.path("state2")))
        self.assertEqual((d.get("/api/health", port=port).status, e.get("/api/health").status), (200, 200))

    def test_without_a_home_it_asks_for_a_place(self):
        env = self.environment()
        del env["HOME"], env["XDG_STATE_HOME"]
        status, _, err = self.command(*self.at_home("run"), env=env)
        self.assertEqual(status, 1)
        self.assertIn("--state-dir", err)

    def test_the_greeting_is_for_terminals_only(self):
        self.assertNotIn("Ctrl-C", self.native().log())

    def test_aliases_take_runs(self):
        d = self.native("--aliases", self.path("a") + "," + self.path("b"))
        d.send_run(path=self.path("a"))
        d.send_run(path=self.path("b"))
        self.eventually(lambda: d.count() == 2)


class Interfaces(Native):
    def test_openapi_covers_every_route(self):
        d = self.native("--profiling")
        api = d.json("/openapi.json")
        self.assertEqual(api["openapi"], "3.1.0")
        for path in ("/api/metrics/recent", "/api/metrics/stats", "/api/metrics/export", "/api/daemon/stats", "/api/daemon/performance",
                     "/api/health", "/metrics", "/openapi.json", "/api/stream", "/api/events", "/api/series", "/api/series/query",
                     "/api/push", "/"):
            self.assertIn(path, api["paths"])
        for path, methods in api["paths"].items():
            target = path.replace("{path}", "style.css").replace("/pprof/profile", "/pprof/profile?seconds=1")
            for method in methods:
                with socket.create_connection(("127.0.0.1", d.port), timeout=5) as s:
                    s.sendall(("%s %s HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n" % (method.upper(), target)).encode())
                    answer = s.recv(4096)
                status = int(answer.split()[1])
                self.assertNotIn(b"404 page not found", answer, (method, path))
                self.assertNotIn(status, (405, 501), (method, path))
                self.assertLess(status, 500, (method, path))

    def test_openapi_tells_a_tree_of_files_as_a_template(self):
        paths = self.native().json("/openapi.json")["paths"]
        self.assertFalse([p for p in paths if "*" in p])
        parameter = paths["/assets/{path}"]["get"]["parameters"][0]
        self.assertEqual((parameter["name"], parameter["in"], parameter["required"]), ("path", "path", True))

    def test_openapi_schemas_are_json(self):
        for path, methods in self.native().json("/openapi.json")["paths"].items():
            for method, op in methods.items():
                self.assertTrue(op["summary"], path)
                self.assertIn("200", op["responses"], path)

    def samples(self):
        d = self.native("--self-interval", "1s")
        self.eventually(lambda: [s for s in d.json("/api/series")["series"] if s["key"] == "auspex.rss_bytes" and "v" in s])
        return d

    def test_series_lists_the_daemons_own(self):
        d = self.samples()
        known = {s["key"]: s for s in d.json("/api/series")["series"]}
        for key in ("auspex.loop_delay_max_seconds", "auspex.queue_bytes{queue=store}", "auspex.drops{cause=invalid}",
                    "auspex.store_commit_seconds{stat=avg}", "auspex.cpu_seconds"):
            self.assertIn("v", known[key], key)
        self.assertEqual((known["auspex.rss_bytes"]["unit"], known["auspex.rss_bytes"]["type"]), ("bytes", "gauge"))
        self.assertGreater(known["auspex.rss_bytes"]["v"], 1e6)

    def test_series_match(self):
        d = self.samples()
        keys = [s["key"] for s in d.json("/api/series?match=auspex.drops*")["series"]]
        self.assertTrue(keys and all(k.startswith("auspex.drops") for k in keys))
        self.assertEqual(d.json("/api/series?match=nothing*")["series"], [])

    def test_query_folds_into_steps(self):
        d = self.native()
        base = int(time.time()) // 60 * 60 - 600
        d.push(samples=[{"series": "app.x", "t": base + i, "v": i} for i in range(20)])
        got = d.json("/api/series/query?key=app.x&start=%d&end=%d&step=10" % (base, base + 20))
        self.assertEqual([(p["t"], p["min"], p["avg"], p["max"], p["n"]) for p in got["points"]],
                         [(base, 0, 4.5, 9, 10), (base + 10, 10, 14.5, 19, 10)])
        self.assertEqual((got["key"], got["start"], got["end"], got["step"]), ("app.x", base, base + 20, 10))

    def test_query_takes_relative_times_and_durations(self):
        d = self.native()
        d.push(samples=[{"series": "app.x", "v": 5}])
        time.sleep(0.01)
        got = d.json("/api/series/query?key=app.x&start=-5m&end=now&step=1m")
        self.assertEqual(sum(p["n"] for p in got["points"]), 1)

    def test_whole_minutes_begin_at_minutes(self):
        d = self.native()
        base = int(time.time()) // 60 * 60 - 600
        d.push(samples=[{"series": "app.x", "t": base + i, "v": i} for i in range(180)])
        for _ in range(2): # from RAM, then from the history
            got = d.json("/api/series/query?key=app.x&start=%d&end=%d&step=1m" % (base + 37, base + 170))
            self.assertEqual([(p["t"], p["min"], p["max"]) for p in got["points"]], [(base, 0, 59), (base + 60, 60, 119), (base + 120, 120, 179)])
            d.stop()
            d = self.native()

    def test_query_survives_a_restart(self):
        d = self.native()
        t = time.time() - 100
        d.push(samples=[{"series": "app.x{a=b}", "t": t + i, "v": i} for i in range(50)])
        query = "/api/series/query?key=app.x%%7Ba%%3Db%%7D&start=%f&end=%f&step=1h" % (t - 1, t + 100)
        before = d.json(query)["points"]
        self.assertEqual(before[0]["n"], 50)
        d.stop()
        self.assertEqual(self.native().json(query)["points"], before)

    def test_bad_queries_say_what_is_wrong(self):
        d = self.native()
        for query, told in (("", "key"), ("key=", "key"), ("key=a{", "key"), ("key=a&start=x", "start"), ("key=a&end=x", "end"),
                            ("key=a&start=now&end=-1h", "start"), ("key=a&step=0", "step"), ("key=a&step=1ns", "step"),
                            ("key=a&step=-5s", "step"), ("key=a&start=0&step=1s", "step")):
            a = d.get("/api/series/query?" + query)
            self.assertEqual(a.status, 400, query)
            self.assertIn(told, a.json()["error"], query)

    def test_several_series_are_answered_as_columns(self):
        d = self.native()
        base = int(time.time()) // 60 * 60 - 600
        d.push(samples=[{"series": "app.x", "t": base + i, "v": i} for i in range(20)] +
               [{"series": "app.y{a=b}", "t": base + i, "v": 2} for i in (10, 30)])
        where = "&start=%d&end=%d&step=10" % (base - 20, base + 60)
        got = d.json("/api/series/query?key=app.x&key=app.y%7Ba%3Db%7D&key=no.such" + where)
        self.assertEqual((got["start"], got["end"], got["step"]), (base - 20, base + 60, 10))
        self.assertEqual(got["series"], [
            {"key": "app.x", "from": 2, "min": [0, 10], "avg": [4.5, 14.5], "max": [9, 19]},
            {"key": "app.y{a=b}", "from": 3, "min": [2, None, 2], "avg": [2, None, 2], "max": [2, None, 2]},
            {"key": "no.such", "from": 0, "min": [], "avg": [], "max": []}])
        got = d.json("/api/series/query?key=app.x&columns=last,%20n" + where)
        self.assertEqual(got["series"], [{"key": "app.x", "from": 2, "last": [9, 19], "n": [10, 10]}])
        d.stop()
        self.assertEqual(self.native().json("/api/series/query?key=app.x&columns=last,n" + where), got, "from the history")

    def test_averages_in_columns_have_no_more_digits_than_they_know(self):
        d = self.native()
        got = d.json("/api/series/query?key=auspex.rss_bytes&key=auspex.cpu_seconds&start=-10s&step=1m&columns=avg")
        for s in got["series"]:
            for v in s["avg"]:
                self.assertLessEqual(len(repr(v).partition(".")[2]), 8, s)

    def test_bad_questions_for_several_say_what_is_wrong(self):
        d = self.native()
        for query, told in (("key=a&key=b{", "key"), ("key=a&columns=", "columns"), ("key=a&columns=avg,p99", "columns"),
                            ("&".join("key=a%d" % i for i in range(129)), "at most 128"),
                            ("&".join("key=a%d" % i for i in range(128)) + "&start=-1h&step=1s", "together")):
            a = d.get("/api/series/query?" + query)
            self.assertEqual(a.status, 400, query)
            self.assertIn(told, a.json()["error"], query)

    def test_an_unknown_series_has_no_points(self):
        self.assertEqual(self.native().json("/api/series/query?key=no.such")["points"], [])

    def test_prometheus_text_parses(self):
        d = self.samples()
        d.push(runs=[run('say "hi" \\ \n', "failed")], samples=[{"series": 'app.odd{q="a,b=\\"c\\""}', "v": 1}])
        time.sleep(1.2)
        a = d.get("/metrics")
        self.assertTrue(a.headers["content-type"].startswith("text/plain; version=0.0.4"))
        self.assertTrue(a.text.endswith("\n"))
        types, seen, closed = {}, set(), None
        for line in a.text.splitlines():
            if line.startswith("# TYPE "):
                _, _, name, kind = line.split(" ")
                self.assertNotIn(name, types, "one TYPE per metric, its series together")
                types[name] = kind
                continue
            if line.startswith("# HELP "):
                continue
            m = re.fullmatch(r'([a-zA-Z_:][a-zA-Z0-9_:]*)(\{(?:[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\n]|\\.)*",?)*\})? '
                             r"(-?[0-9.eE+-]+|NaN|[+-]Inf)", line)
            self.assertTrue(m, line)
            self.assertIn(m[1], types, line)
            self.assertNotIn((m[1], m[2]), seen, line)
            seen.add((m[1], m[2]))
        for name in ("auspex_up", "auspex_rss_bytes", "auspex_cpu_seconds_total", "auspex_drops_total", "app_odd"):
            self.assertIn(name, types)
        self.assertEqual(types["auspex_cpu_seconds_total"], "counter")
        self.assertTrue([n for n in types if n.startswith("retry_")], "the retry domain is there too")

    def test_health_in_detail(self):
        d = self.native()
        self.assertEqual(list(d.json("/api/health")), ["status", "timestamp", "version"])
        self.assertEqual(list(d.json("/api/health?detail=0")), ["status", "timestamp", "version"])
        detail = d.json("/api/health?detail=1")["detail"]
        self.assertEqual((detail["problems"], detail["state"]), ([], "ok"))
        for part in ("history", "intake", "loop", "uptime_seconds"):
            self.assertIn(part, detail)

    def test_push_over_http(self):
        d = self.native()
        a = d.post("/api/push", {"runs": [run("over http")]})
        self.assertEqual((a.status, a.json()["type"], a.json()["accepted"]), (200, "push_response", 1))
        self.assertEqual(d.count(), 1)

    def test_push_over_http_of_rubbish(self):
        d = self.native()
        for body in (b"", b"{", b"17", b"[]", b'{"runs":[]} x'):
            a = d.post("/api/push", body)
            self.assertEqual(a.status, 400, body)
            self.assertIn("error", a.json(), body)

    def test_a_list_that_is_none_counts_as_one_rejection(self):
        got = self.native().post("/api/push", {"runs": 5}).json()
        self.assertEqual((got["status"], got["accepted"], got["rejected"]), ("ok", 0, 1))

    def test_lists_whose_domain_is_not_there_are_rejected_per_item(self):
        got = self.native().post("/api/push", {"runs": [run("a")], "records": [{}, {}], "test_runs": [{}]}).json()
        self.assertEqual((got["status"], got["accepted"], got["rejected"]), ("ok", 1, 3))
        self.assertTrue(got["errors"])

    def test_the_page_and_its_files(self):
        d = self.native()
        page = d.get("/")
        self.assertTrue(page.headers["content-type"].startswith("text/html"))
        files = set(re.findall(r'(?:href|src)="(/assets/[^"]+)"', page.text))
        self.assertTrue(files)
        for name in files:
            a = d.get(name)
            self.assertEqual(a.status, 200, name)
            self.assertEqual(d.get(name, headers={"If-None-Match": a.headers["etag"]}).status, 304, name)
        for name in ("/assets/", "/assets/nosuch.js", "/assets/../../etc/passwd", "/assets/%2e%2e/%2e%2e/etc/passwd"):
            self.assertIn(d.get(name).status, (301, 404), name)

    def test_the_page_needs_nobody_else(self):
        page = self.native().get("/").text
        self.assertEqual(re.findall(r'(?:href|src)="(?:https?:)?//[^"]*"', page), [])


class Events(Native):
    def test_start_and_stop_stand_on_the_timeline(self):
        d = self.native()
        d.stop()
        d = self.native()
        kinds = [k for e in d.json("/api/events")["events"] if (k := e["kind"]) in ("start", "stop")]
        self.assertEqual(kinds[:3], ["start", "stop", "start"], "newest first, also after a restart")

    def test_filters(self):
        d = self.native()
        for i in range(5):
            d.push(runs=[run("bad %d" % i, "failed"), run("good", "succeeded")])
        found = self.eventually(lambda: (lambda e: e if len(e) >= 5 else None)(d.json("/api/events?kind=run_failed")["events"]))
        self.assertEqual({e["kind"] for e in found}, {"run_failed"})
        kinds = {e["kind"] for e in d.json("/api/events?kind=run_failed,start")["events"]}
        self.assertEqual(kinds, {"run_failed", "start"})
        self.assertNotIn("run_failed", {e["kind"] for e in d.json("/api/events?kind=-run_failed")["events"]})
        self.assertEqual({e["severity"] for e in d.json("/api/events?severity=warning")["events"]}, {"warning"})
        self.assertEqual(len(d.json("/api/events?limit=2")["events"]), 2)
        self.assertEqual(d.json("/api/events?subject=nothing*")["events"], [])
        subject = found[0]["subject"]
        self.assertTrue(d.json("/api/events?subject=" + subject.replace(" ", "%20"))["events"])
        self.assertEqual(d.json("/api/events?until=-1h")["events"], [])
        self.assertTrue(d.json("/api/events?since=-1h")["events"])
        self.assertEqual(d.json("/api/events?since=2100-01-01T00:00:00Z")["events"], [])

    def test_bad_filters_say_what_is_wrong(self):
        d = self.native()
        for query, told in (("since=x", "since"), ("until=x", "until"), ("kind=nosuch", "kind"), ("kind=start,nosuch", "nosuch"),
                            ("severity=bad", "severity"), ("subject=" + "x" * 600, "subject")):
            a = d.get("/api/events?" + query)
            self.assertEqual(a.status, 400, query[:30])
            self.assertIn(told, a.json()["error"], query[:30])

    def test_ids_grow_and_go_on_after_a_restart(self):
        d = self.native()
        first = d.json("/api/events?limit=1")["events"][0]["id"]
        d.stop()
        self.assertGreater(self.native().json("/api/events?limit=1")["events"][0]["id"], first)


class Live(Native):
    def test_runs_are_told(self):
        d = self.native()
        with Stream(d.port, "/api/stream?topics=retry") as s:
            self.assertEqual((s.status, s.headers["content-type"].split(";")[0]), (200, "text/event-stream"))
            d.send_run()
            self.assertEqual(s.until("retry", lambda m: m["stored"] == 1)["total"], 1)
            d.send_run()
            s.until("retry", lambda m: m["stored"] == 2)

    def test_events_are_told_with_their_id(self):
        d = self.native()
        with Stream(d.port, "/api/stream?topics=events") as s:
            d.process.send_signal(signal.SIGHUP)
            name, event, ident = s.message()
            self.assertEqual((name, event["kind"], ident), ("event", "config", str(event["id"])))

    def test_samples_are_told(self):
        d = self.native("--self-interval", "1s")
        with Stream(d.port, "/api/stream?topics=samples") as s:
            self.assertIn("auspex.rss_bytes", s.until("samples", lambda m: "auspex.rss_bytes" in m["values"])["values"])

    def test_samples_that_match_and_no_others(self):
        d = self.native()
        push = {"type": "push", "runs": [], "samples": [{"series": "app.load", "v": 1}, {"series": "app.wide{h=a}", "v": 2}]}
        with Stream(d.port, "/api/stream?topics=samples") as every, Stream(d.port, "/api/stream?topics=samples&match=app.w*") as some, \
                Stream(d.port, "/api/stream?topics=samples&match=app.none") as none, d.lines() as c:
            c.ask(push)
            self.assertEqual(every.until("samples", lambda m: "app.load" in m["values"])["values"]["app.load"], 1)
            self.assertEqual(some.message()[1]["values"], {"app.wide{h=a}": 2})
            c.ask({**push, "samples": [{"series": "app.none", "v": 3}]})
            self.assertEqual(none.message()[1]["values"], {"app.none": 3})

    def test_other_topics_stay_away(self):
        d = self.native()
        with Stream(d.port, "/api/stream?topics=retry") as s:
            d.process.send_signal(signal.SIGHUP)
            d.send_run()
            self.assertEqual(s.message()[0], "retry")

    def test_what_was_missed_is_replayed(self):
        d = self.native()
        last = d.json("/api/events?limit=1")["events"][0]["id"]
        for _ in range(3):
            said = d.log().count("reloaded")
            d.process.send_signal(signal.SIGHUP)
            self.eventually(lambda: d.log().count("reloaded") > said)
        with Stream(d.port, "/api/stream?topics=events", {"Last-Event-ID": str(last)}) as s:
            self.assertEqual([s.message()[1]["id"] for _ in range(3)], [last + 1, last + 2, last + 3])

    def test_unknown_topics(self):
        self.assertEqual(self.native().get("/api/stream?topics=nosuch").status, 400)

    def test_a_reader_that_does_not_read_costs_little(self):
        d = self.native()
        readers = [Stream(d.port, "/api/stream") for _ in range(20)]
        before = d.memory()[0]
        for _ in range(60):
            d.push(samples=[{"series": "app.s%d" % i, "v": i} for i in range(200)])
        self.assertLess(d.memory()[0] - before, 40e6)
        self.assertEqual(d.get("/api/health").status, 200)
        for r in readers:
            r.close()

    def test_open_streams_do_not_hold_up_the_stop(self):
        d = self.native()
        streams = [Stream(d.port) for _ in range(5)]
        self.assertEqual(d.stop(), 0)
        for s in streams:
            s.close()


class Reload(Native):
    def reload(self, d, text):
        said = d.log().count("reloaded")
        self.yaml(text)
        d.process.send_signal(signal.SIGHUP)
        self.eventually(lambda: d.log().count("reloaded") > said)

    def test_a_good_file_is_taken_over(self):
        d = self.native(config="retry:\n  max_runs: 100\n")
        self.reload(d, "retry:\n  max_runs: 50\n  max_age: 2h\nlog_level: debug\n")
        self.assertEqual((d.json("/api/daemon/stats")["max_size"], d.json("/api/daemon/stats")["max_age"]), (50, "2h0m0s"))

    def test_a_bad_file_changes_nothing_at_all(self):
        d = self.native(config="retry:\n  max_runs: 100\n")
        for bad in ("retry:\n  max_runs: 50\nlog_level: loud\n", "retry:\n  max_runs: 50\napi_keys: [short]\n", "retry: [\n",
                    "retry:\n  max_runs: 50\nlisten: [\"0.0.0.0:1\"]\n"):
            self.reload(d, bad)
            self.assertEqual(d.json("/api/daemon/stats")["max_size"], 100, bad)
            self.assertEqual(d.post("/api/push", {"runs": []}).status, 200, bad)
        event = d.json("/api/events?kind=config&limit=1")["events"][0]
        self.assertEqual(event["severity"], "warning")

    def test_what_needs_a_restart_is_told(self):
        d = self.native(config="retry:\n  max_runs: 100\n")
        self.reload(d, "series_cap: 5000\n")
        self.assertIn("series_cap", d.json("/api/events?kind=config&limit=1")["events"][0]["title"])

    def test_what_needs_a_restart_is_told_again_until_it_is_done(self):
        d = self.native(config="retry:\n  max_runs: 100\n")
        for _ in range(2):
            self.reload(d, "series_cap: 5000\n")
            self.assertIn("series_cap", d.json("/api/events?kind=config&limit=1")["events"][0]["title"])

    def test_keys_change(self):
        d = self.native(config="api_keys: [first-key-1]\n")
        self.assertEqual(d.post("/api/push", {"runs": []}, headers={"X-API-Key": "first-key-1"}).status, 200)
        self.reload(d, "api_keys: [second-key-2]\n")
        self.assertEqual(d.post("/api/push", {"runs": []}, headers={"X-API-Key": "first-key-1"}).status, 401)
        self.assertEqual(d.post("/api/push", {"runs": []}, headers={"X-API-Key": "second-key-2"}).status, 200)


if __name__ == "__main__":
    main()
