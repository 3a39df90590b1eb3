"""Who may do what at the native daemon: Host names, origins, keys, sessions."""
import os
import pathlib

from harness import free_port, main, run
from native import Native, Stream

KEY = "a-long-secret-1"
OTHER = "another-secret-2"


class Hosts(Native):
    def test_names_of_this_host(self):
        d = self.native()
        for host in ("localhost", "127.0.0.1", "[::1]", "127.0.0.7", "LOCALHOST", "localhost:%d" % d.port, "127.0.0.1:1"):
            self.assertEqual(d.get("/api/health", headers={"Host": host}).status, 200, host)

    def test_foreign_names(self):
        d = self.native()
        for host in ("evil.example", "evil.example:8080", "localhost.evil.example", "127.0.0.1.evil.example", "10.0.0.1", "[::2]", "xlocalhost"):
            for path in ("/", "/api/health", "/metrics", "/nosuch"):
                a = d.get(path, headers={"Host": host})
                self.assertEqual(a.status, 421, (host, path))
            self.assertIn("hosts", a.text)

    def test_malformed_names(self):
        d = self.native()
        for host in (b"a b", b"loc\xffalhost", b"localhost/x", b"user@localhost"):
            out = d.raw_http(b"GET /api/health HTTP/1.1\r\nHost: " + host + b"\r\nConnection: close\r\n\r\n")
            self.assertIn(out[:12], (b"HTTP/1.1 400", b"HTTP/1.1 421"), host)

    def test_two_host_lines_and_none(self):
        d = self.native()
        for lines in (b"Host: localhost\r\nHost: localhost\r\n", b""):
            out = d.raw_http(b"GET /api/health HTTP/1.1\r\n" + lines + b"Connection: close\r\n\r\n")
            self.assertTrue(out.startswith(b"HTTP/1.1 400"), out[:60])

    def test_a_configured_name(self):
        d = self.native("--hosts", "monitor.example")
        self.assertEqual(d.get("/api/health", headers={"Host": "monitor.example:8080"}).status, 200)
        self.assertEqual(d.get("/api/health", headers={"Host": "Monitor.Example"}).status, 200)
        self.assertEqual(d.get("/api/health", headers={"Host": "evil.example"}).status, 421)

    def test_a_good_name_does_not_open_the_door_for_the_next(self):
        d = self.native()
        for _ in range(3):
            d.get("/api/health", headers={"Host": "localhost"})
            self.assertEqual(d.get("/api/health", headers={"Host": "evilhosts"}).status, 421)


class Origins(Native):
    def push(self, d, **headers):
        return d.post("/api/push", {"runs": [run("x")]}, headers=headers).status

    def test_own_page_and_programs_may_write(self):
        d = self.native()
        self.assertEqual(self.push(d), 200)
        self.assertEqual(self.push(d, Origin="http://127.0.0.1:%d" % d.port), 200)
        self.assertEqual(self.push(d, Origin="http://localhost:%d" % d.port, Host="localhost:%d" % d.port), 200)

    def test_foreign_pages_may_not_write(self):
        d = self.native()
        for origin in ("http://evil.example", "null", "", "http://127.0.0.1:1", "https://evil.example:%d" % d.port, "file://", "x" * 2000):
            self.assertEqual(self.push(d, Origin=origin), 403, origin[:40])
        self.assertEqual(d.count(), 0)

    def test_the_browsers_word_counts(self):
        d = self.native()
        self.assertEqual(self.push(d, **{"Sec-Fetch-Site": "cross-site"}), 403)

    def test_foreign_pages_may_not_sign_in(self):
        d = self.native("--api-keys", KEY)
        self.assertEqual(d.post("/api/session", {"key": KEY}, headers={"Origin": "http://evil.example"}).status, 403)

    def test_foreign_pages_may_not_read_what_comes_back(self):
        a = self.native().get("/api/metrics/recent", headers={"Origin": "http://evil.example"})
        self.assertEqual([h for h in a.headers if h.startswith("access-control")], [])

    def test_a_key_does_not_help_a_foreign_page(self):
        d = self.native("--api-keys", KEY)
        self.assertEqual(self.push(d, Origin="http://evil.example", **{"X-API-Key": KEY}), 403)


class Keys(Native):
    def test_writing_needs_the_key(self):
        d = self.native("--api-keys", KEY)
        body = {"runs": [run("x")]}
        for headers in ({}, {"X-API-Key": ""}, {"X-API-Key": KEY[:-1]}, {"X-API-Key": KEY + "x"}, {"X-API-Key": KEY.upper()},
                        {"Authorization": "Basic " + KEY}, {"Cookie": "auspex_session=" + KEY}):
            a = d.post("/api/push", body, headers=headers)
            self.assertEqual(a.status, 401, headers)
            self.assertNotIn(KEY, a.text)
        self.assertEqual(d.count(), 0)
        self.assertEqual(d.post("/api/push", body, headers={"X-API-Key": KEY}).status, 200)
        self.assertEqual(d.post("/api/push", body, headers={"Authorization": "Bearer " + KEY}).status, 200)
        self.assertEqual(d.count(), 2)

    def test_each_of_several_keys(self):
        d = self.native("--api-keys", KEY + "," + OTHER)
        for key in (KEY, OTHER):
            self.assertEqual(d.post("/api/push", {"runs": []}, headers={"X-API-Key": key}).status, 200)

    def test_reads_stay_open(self):
        d = self.native("--api-keys", KEY)
        for path in ("/api/metrics/recent", "/api/metrics/stats", "/api/series", "/metrics", "/"):
            self.assertEqual(d.get(path).status, 200, path)

    def test_guarded_reads(self):
        d = self.native("--api-keys", KEY, "--guard-reads")
        for path in ("/api/metrics/recent", "/api/metrics/stats", "/api/metrics/export", "/api/series", "/api/events", "/metrics",
                     "/api/daemon/stats", "/api/daemon/performance", "/api/stream", "/api/series/query?key=a"):
            self.assertEqual(d.get(path).status, 401, path)
        for path in ("/api/health", "/", "/assets/style.css", "/api/session"):
            self.assertEqual(d.get(path).status, 200, path)
        self.assertEqual(d.get("/api/metrics/recent", headers={"X-API-Key": KEY}).status, 200)

    def test_a_short_key_is_refused_at_the_start(self):
        status, _, err = self.auspex(*self.at_home("run", "--api-keys", "short"))
        self.assertEqual(status, 1)
        self.assertIn("8", err)
        self.assertNotIn("short", err)

    def test_the_unix_socket_needs_no_key(self):
        d = self.native("--api-keys", KEY)
        self.assertEqual(d.push(runs=[run("x")])["accepted"], 1)

    def test_the_key_stays_out_of_the_log(self):
        d = self.native("--api-keys", KEY, "--log-level", "debug")
        d.post("/api/push", {"runs": []}, headers={"X-API-Key": KEY})
        d.stop()
        self.assertNotIn(KEY, d.log())


class KeyFiles(Native):
    def status(self, d, key):
        return d.post("/api/push", {"runs": []}, headers={"X-API-Key": key}).status

    def test_rotation_without_a_restart(self):
        path = pathlib.Path(self.path("key"))
        path.write_text(KEY + "\n")
        d = self.native("--api-key-files", str(path))
        self.assertEqual(self.status(d, KEY), 200)
        path.write_text("# new\n" + OTHER + "\n")
        self.eventually(lambda: self.status(d, OTHER) == 200)
        self.assertEqual(self.status(d, KEY), 401)

    def test_rotation_by_rename(self):
        path = pathlib.Path(self.path("key"))
        path.write_text(KEY)
        d = self.native("--api-key-files", str(path))
        self.assertEqual(self.status(d, KEY), 200)
        pathlib.Path(self.path("new")).write_text(OTHER)
        os.rename(self.path("new"), path)
        self.eventually(lambda: self.status(d, OTHER) == 200)

    def test_a_lost_file_locks_the_door(self):
        path = pathlib.Path(self.path("key"))
        path.write_text(KEY)
        d = self.native("--api-key-files", str(path))
        self.assertEqual(self.status(d, KEY), 200)
        path.unlink()
        self.eventually(lambda: self.status(d, KEY) == 401)
        self.assertEqual(self.status(d, ""), 401)

    def test_sessions_end_with_their_key(self):
        path = pathlib.Path(self.path("key"))
        path.write_text(KEY)
        d = self.native("--api-key-files", str(path))
        cookie = d.post("/api/session", {"key": KEY}).headers["set-cookie"].split(";")[0]
        self.assertTrue(d.json("/api/session", headers={"Cookie": cookie})["signed_in"])
        path.write_text(OTHER)
        self.eventually(lambda: not d.json("/api/session", headers={"Cookie": cookie})["signed_in"])


class Sessions(Native):
    def setUp(self):
        super().setUp()
        self.d = self.native("--api-keys", KEY, "--guard-reads")

    def sign_in(self, key=KEY, **headers):
        return self.d.post("/api/session", {"key": key}, headers=headers)

    def test_what_the_page_asks_first(self):
        self.assertEqual(self.d.json("/api/session"), {"key_needed": True, "reads_guarded": True, "signed_in": False})

    def test_the_cookie_is_out_of_reach_for_scripts_and_other_sites(self):
        a = self.sign_in()
        self.assertEqual(a.status, 200)
        cookie = a.headers["set-cookie"]
        for word in ("auspex_session=", "HttpOnly", "SameSite=Strict", "Path=/"):
            self.assertIn(word, cookie)
        self.assertNotIn(KEY, cookie)

    def test_the_cookie_opens_reads_writes_and_streams(self):
        cookie = self.sign_in().headers["set-cookie"].split(";")[0]
        self.assertEqual(self.d.get("/api/metrics/recent", headers={"Cookie": cookie}).status, 200)
        self.assertEqual(self.d.get("/api/metrics/recent", headers={"Cookie": "a=b; %s; c=d" % cookie}).status, 200)
        self.assertEqual(self.d.post("/api/push", {"runs": [run("x")]}, headers={"Cookie": cookie}).status, 200)
        with Stream(self.d.port, "/api/stream?topics=retry", {"Cookie": cookie}) as s:
            self.assertEqual(s.status, 200)
            self.d.post("/api/push", {"runs": [run("y")]}, headers={"Cookie": cookie})
            s.until("retry")

    def test_a_stream_without_the_cookie(self):
        with Stream(self.d.port, "/api/stream") as s:
            self.assertEqual(s.status, 401)

    def test_signing_out_ends_it(self):
        cookie = self.sign_in().headers["set-cookie"].split(";")[0]
        a = self.d.request("DELETE", "/api/session", headers={"Cookie": cookie})
        self.assertEqual(a.status, 200)
        self.assertEqual(self.d.get("/api/metrics/recent", headers={"Cookie": cookie}).status, 401)

    def test_wrong_keys(self):
        for body, status in (({"key": "wrong-key-here"}, 401), ({"key": ""}, 401), ({"key": 5}, 400), ({}, 400), (b"{", 400), (b"", 400)):
            self.assertEqual(self.d.post("/api/session", body).status, status, body)

    def test_guessing_is_slowed_down(self):
        codes = [self.sign_in("guess-number-%d" % i).status for i in range(15)]
        self.assertEqual(codes[0], 401)
        self.assertEqual(codes[-1], 429)

    def test_invented_cookies(self):
        for value in ("", "x", "0" * 64, "../../etc/passwd", "a" * 4000):
            self.assertEqual(self.d.get("/api/metrics/recent", headers={"Cookie": "auspex_session=" + value}).status, 401, value[:20])

    def test_every_sign_in_is_another_session(self):
        self.assertNotEqual(self.sign_in().headers["set-cookie"], self.sign_in().headers["set-cookie"])


class Outside(Native):
    def test_off_loopback_without_a_key_is_refused(self):
        for entry in ("0.0.0.0:%d", "[::]:%d", "*:%d", ":%d", "192.0.2.1:%d"):
            status, _, err = self.auspex(*self.at_home("run", "--listen", entry % 18000))
            self.assertEqual(status, 1, entry)
            self.assertIn("api_keys", err)
            self.assertIn("auth: none", err)

    def test_with_a_key_it_starts(self):
        port = free_port()
        d = self.native("--listen", "0.0.0.0:%d" % port, "--api-keys", KEY)
        self.assertEqual(d.get("/api/health", port=port).status, 200)

    def test_with_a_key_file_without_a_key_it_is_refused(self):
        pathlib.Path(self.path("empty")).write_text("\n")
        for name in ("empty", "missing"):
            status, _, err = self.auspex(*self.at_home("run", "--listen", "0.0.0.0:18000", "--api-key-files", self.path(name)), timeout=10)
            self.assertEqual(status, 1, name)
            self.assertIn("key", err, name)

    def test_auth_none_starts_and_warns(self):
        port = free_port()
        d = self.native("--listen", "0.0.0.0:%d" % port, "--auth", "none")
        self.assertEqual(d.get("/api/health", port=port).status, 200)


if __name__ == "__main__":
    main()
