"""Hostile peers: every one of them is answered or cut off, memory and log stay bounded, and the others are served."""
import json
import os
import re
import socket
import threading
import time
import unittest

from harness import SANITIZED, Case, main, run

HOST = b"Host: localhost\r\n"
GET = b"GET /api/health HTTP/1.1\r\n" + HOST
LEEWAY = 6 if SANITIZED else 1  # what is freed stays in quarantine there


class Enemy(Case):
    def statuses(self, d, data, timeout=5):
        return [int(s) for s in re.findall(rb"HTTP/1\.[01] (\d\d\d) ", d.raw_http(data, timeout=timeout))]

    def healthy(self, d, within=10.0):
        start = time.monotonic()
        self.assertEqual(d.json("/api/health")["status"], "healthy")
        self.assertLess(time.monotonic() - start, within)

    def log_size(self, d):
        return d.log().count("\n")


class Smuggling(Enemy):
    """Each pattern must give exactly one refusal and close: the smuggled second request must never be answered."""

    SECOND = b"GET /api/metrics/recent HTTP/1.1\r\n" + HOST + b"\r\n"

    def refused(self, data, statuses=(400,)):
        if not hasattr(self, "d"):
            self.d = self.patienced()
        with self.subTest(data=data[:120]):
            got = self.statuses(self.d, data + self.SECOND)
            self.assertEqual(len(got), 1, "one answer, then the end")
            self.assertIn(got[0], statuses)

    def post(self, headers, body=b""):
        return b"POST /api/push HTTP/1.1\r\n" + HOST + headers + b"\r\n" + body

    def test_length_and_chunked(self):
        self.refused(self.post(b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", b"0\r\n\r\n"))
        self.refused(self.post(b"Transfer-Encoding: chunked\r\nContent-Length: 5\r\n", b"0\r\n\r\n"))

    def test_two_lengths(self):
        self.refused(self.post(b"Content-Length: 2\r\nContent-Length: 3\r\n", b"{}"))
        self.refused(self.post(b"Content-Length: 2\r\nContent-Length: 2\r\n", b"{}"))
        self.refused(self.post(b"Content-Length: 2, 2\r\n", b"{}"))

    def test_strange_lengths(self):
        for text in (b"+2", b"-1", b"0x2", b"2 3", b"", b"1e1", b"99999999999999999999", b"2;", b"\xd9\xa2"):
            self.refused(self.post(b"Content-Length: " + text + b"\r\n", b"{}"), (400, 413))

    def test_strange_encodings(self):
        for text in (b"xchunked", b"chunked, identity", b"identity", b"gzip, chunked", b"chunked\r\nTransfer-Encoding: chunked", b"\x0bchunked", b"chunked;x"):
            self.refused(self.post(b"Transfer-Encoding: " + text + b"\r\n", b"0\r\n\r\n"), (400, 501))

    def test_header_names_that_are_none(self):
        for line in (b"Content-Length : 2", b" Content-Length: 2", b"Content\x00Length: 2", b"Content-Length\t: 2", b": 2", b"Cont ent: 2", b"X\r\n", b"nocolon"):
            self.refused(self.post(line + b"\r\n", b"{}"))

    def test_bad_chunks(self):
        for body in (b"x\r\n", b"-1\r\n", b"0x5\r\nhello\r\n0\r\n\r\n", b"5\r\nhelloX\r\n0\r\n\r\n", b"5\nhello\r\n0\r\n\r\n", b"5 \r\nhello", b"ffffffffffffffff1\r\n",
                     b"\r\n0\r\n\r\n", b"2\r\n{}\n0\r\n\r\n", b"5;a\nb\r\nhello\r\n0\r\n\r\n", b"2\r\n{}\r\n0\n\n"):
            self.refused(self.post(b"Transfer-Encoding: chunked\r\n", body), (400, 413))

    def test_folded_lines(self):
        self.refused(GET + b"X: a\r\n b\r\n\r\n")
        self.refused(GET + b"X: a\r\n\tb\r\n\r\n")

    def test_bare_line_ends(self):
        self.refused(b"GET /api/health HTTP/1.1\nHost: localhost\n\n")
        self.refused(GET + b"X: a\nY: b\r\n\r\n")
        self.refused(GET + b"X: a\rY: b\r\n\r\n")
        self.refused(GET + b"\n")

    def test_nul_bytes(self):
        self.refused(GET + b"X: a\x00b\r\n\r\n")
        self.refused(b"GET /api/\x00health HTTP/1.1\r\n" + HOST + b"\r\n")

    def test_hosts(self):
        self.refused(b"GET /api/health HTTP/1.1\r\n\r\n")
        self.refused(GET + HOST + b"\r\n")
        self.refused(b"GET /api/health HTTP/1.1\r\nHost: a b\r\n\r\n")
        self.refused(b"GET /api/health HTTP/1.1\r\nHost: a/../b\r\n\r\n")

    def test_request_lines(self):
        for line in (b"GET  /api/health HTTP/1.1", b"GET /api/health", b"GET /api/health HTTP/1.1 ", b"get /api/health HTTP/1.1", b"GET /api health HTTP/1.1",
                     b"GET /api/health HTTP/2.0", b"GET /api/health HTTP/1.10", b"GET /api/health http/1.1", b"\x16\x03\x01\x02\x00\x01\x00", b"GET api/health HTTP/1.1"):
            self.refused(line + b"\r\n" + HOST + b"\r\n", (400, 405, 505))

    def test_a_good_chunked_push_still_works(self):
        d = self.patienced()
        body = b'a;x=y\r\n{"runs":[{\r\n5\r\n}] }\n\r\n0\r\nTrailer: x\r\n\r\n'
        self.assertEqual(self.statuses(d, self.post(b"Transfer-Encoding: chunked\r\n", body) + GET + b"Connection: close\r\n\r\n"), [200, 200])
        self.assertEqual(d.count(), 1)


class Sizes(Enemy):
    def test_a_large_header(self):
        d = self.patienced()
        self.assertEqual(self.statuses(d, GET + b"X: " + b"a" * 20_000 + b"\r\n\r\n"), [431])
        self.assertEqual(self.statuses(d, GET + b"".join(b"X%d: a\r\n" % i for i in range(5000)) + b"\r\n"), [431])

    def test_a_long_target(self):
        self.assertEqual(self.statuses(self.patienced(), b"GET /" + b"a" * 9000 + b" HTTP/1.1\r\n" + HOST + b"\r\n"), [414])

    def test_an_endless_target(self):
        self.assertIn(self.statuses(self.patienced(), b"GET /" + b"a" * 300_000), ([414], [431]))

    def test_a_large_body(self):
        d = self.patienced()
        self.assertEqual(self.statuses(d, b"POST /api/push HTTP/1.1\r\n" + HOST + b"Content-Length: 99999999\r\n\r\n" + b"x" * 100_000), [413])
        self.assertEqual(self.statuses(d, b"GET /api/health HTTP/1.1\r\n" + HOST + b"Content-Length: 70000\r\n\r\n" + b"x" * 70_000), [413])

    def test_a_large_chunked_body(self):
        d = self.patienced()
        before = d.memory()[0]
        head = b"POST /api/push HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: chunked\r\n\r\n"
        with socket.create_connection(("127.0.0.1", d.port), timeout=10) as s:
            try:
                s.sendall(head)
                for _ in range(64):
                    s.sendall(b"80000\r\n" + b"x" * 0x80000 + b"\r\n")
            except (BrokenPipeError, ConnectionResetError):
                pass
            try:
                self.assertIn(b" 413 ", s.recv(100))
            except ConnectionResetError:
                pass
        self.eventually(lambda: d.memory()[0] - before < 30e6 * LEEWAY)
        self.healthy(d)

    def test_a_line_of_a_gigabyte(self):
        d = self.patienced()
        before, most, sent = d.memory()[0], 0, 0
        for start in (b'{"type":"push","x":"', b'{"command":"', b"x", b'{"type":"handshake"}\n{"type":"'):
            with d.connect(timeout=5) as s:
                try:
                    s.sendall(start)
                    for sent in range(1024):
                        s.sendall(b"x" * (1 << 20))
                        most = max(most, d.memory()[0] - before)
                except (BrokenPipeError, ConnectionResetError):
                    pass
            self.assertLess(sent, 64, "refused early")
        self.assertLess(most, 30e6 * LEEWAY)
        self.healthy(d)
        d.send_run()
        self.eventually(lambda: d.count() == 1)

    def test_deep_json(self):
        d = self.patienced()
        deep = b'{"a":' + b"[" * 100_000 + b"]" * 100_000 + b"}"
        for doc in (deep, deep[:100_000], b'{"command":"x","x":' + b'{"a":' * 50_000 + b"1" + b"}" * 50_000 + b"}", b"[" * 100_000):
            d.send_run(doc)
        with d.lines() as c:
            c.sock.sendall(b'{"type":"handshake"}\n' + deep + b"\n" + b'{"type":"handshake"}\n')
            self.assertEqual([c.read().get("status"), c.read()["error"], c.read()["status"]], ["ok", "invalid JSON", "ok"])
        self.healthy(d)


class Text(Enemy):
    def test_hostile_commands_come_back_as_json_and_are_escaped(self):
        d = self.patienced()
        texts = ["<script>alert(1)</script>", "\"'\\\n\r\t\b\f\x01\x1f\x7f", "\u2028\u2029\ufeff", "a" * 100_000, "\U0001f600", "]]>--><!--", "%s%n%x", "${jndi:x}", ""]
        for text in texts:
            d.send_run(run(text))
        self.eventually(lambda: d.count() == len(texts))
        a = d.get("/api/metrics/recent?limit=100")
        self.assertEqual([m["metrics"]["command"] for m in a.json()["metrics"]], texts)
        for path in ("/api/metrics/recent?limit=100", "/api/metrics/stats", "/api/metrics/export", "/metrics", "/api/events", "/api/series"):
            body = d.get(path).text
            body.encode("utf-8")
            if path != "/metrics":
                json.loads(body)
                self.assertNotIn("<script>", body, path)

    def test_invalid_utf8_never_leaves_the_daemon(self):
        d = self.patienced()
        for bad in (b"\xff", b"\xc0\x80", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\xe2\x82", b"\x80", b"\xf0\x9f\x98", b'\\ud800', b'\\udc00\\ud800'):
            d.send_run(b'{"command":"<' + bad + b'>","final_status":"' + bad + b'"}')
        self.eventually(lambda: d.count() == 9)
        for path in ("/api/metrics/export", "/api/metrics/stats", "/metrics", "/api/events"):
            d.get(path).body.decode("utf-8")
        self.assertIn("\ufffd", d.get("/api/metrics/export").text)

    def test_hostile_queries_are_answered(self):
        d = self.patienced()
        for query in ("limit=%", "limit=%zz", "limit=%00", "limit=5&limit=7", "&&&&", "=", "limit", "start=%FF%FE&end=" + "9" * 5000, "a=b" * 1000, "start=" + "%2B" * 500):
            for path in ("/api/metrics/recent", "/api/metrics/stats", "/api/series/query", "/api/series", "/api/events", "/api/health"):
                self.assertIn(d.get(path + "?" + query).status, (200, 400), (path, query[:50]))
        self.healthy(d)


class Floods(Enemy):
    def test_10_000_garbage_lines_leave_a_short_log(self):
        d = self.patienced()
        before = self.log_size(d)
        with d.connect(timeout=20) as s:
            s.sendall(b"garbage\n")
            reader = threading.Thread(target=lambda: s.makefile("rb").read())
            reader.start()
            s.sendall(b"nonsense {[ \xff\n" * 10_000)
            s.shutdown(socket.SHUT_WR)
            reader.join(20)
        for _ in range(1000):
            d.send_run(b"[not a run]")
        for _ in range(1000):
            d.raw_http(b"\x00\x00\r\n\r\n")
        self.eventually(lambda: d.json("/api/health?detail=1")["detail"]["intake"]["invalid"] >= 11_000)
        self.assertLess(self.log_size(d) - before, 200)
        self.assertIn("suppressed", d.log())

    def test_a_peer_that_never_reads_its_replies(self):
        d = self.patienced()
        before = d.memory()[0]
        with d.connect(timeout=2) as s:
            try:
                for _ in range(2000):
                    s.sendall(b'{"type":"nonsense"}\n' * 1000)
            except (TimeoutError, socket.timeout, BrokenPipeError, ConnectionResetError):
                pass
            self.assertLess(d.memory()[0] - before, 30e6 * LEEWAY)
            self.healthy(d)

    def test_an_http_peer_that_never_reads(self):
        d = self.patienced()
        d.push(runs=[run("x" * 2000)] * 2000)
        before = d.memory()[0]
        peers = []
        for _ in range(20):
            s = socket.create_connection(("127.0.0.1", d.port), timeout=0.2)
            peers.append(s)
            try:
                for _ in range(100):
                    s.sendall((b"GET /api/metrics/export HTTP/1.1\r\n" + HOST + b"\r\n") * 100)
            except (TimeoutError, socket.timeout, ConnectionResetError, BrokenPipeError):
                pass
        self.healthy(d)
        self.assertLess(d.memory()[0] - before, 20e6 * LEEWAY)
        [s.close() for s in peers]

    def test_500_half_open_connections(self):
        d = self.patienced()
        peers = [socket.create_connection(("127.0.0.1", d.port), timeout=5) for _ in range(500)]
        for i, s in enumerate(peers):
            s.sendall((b"", b"G", GET, b"POST /api/push HTTP/1.1\r\n" + HOST + b"Content-Length: 100\r\n\r\n{")[i % 4])
        for _ in range(20):
            self.healthy(d)
        self.assertLess(d.memory()[0], 30e6 * LEEWAY)
        [s.close() for s in peers]
        self.healthy(d)

    def test_pipelined_garbage_after_a_good_request(self):
        d = self.patienced()
        for garbage in (b"\x00" * 1000, b"GARBAGE\r\n\r\n", os.urandom(5000), b"{}\r\n\r\n", b"\r\n" * 2000):
            got = self.statuses(d, GET + b"\r\n" + garbage, timeout=1)
            self.assertEqual(got[0], 200)
            self.assertIn(got[1:], ([400], [405], [431], []))

    def test_resets_in_every_state(self):
        d = self.patienced()
        linger = bytes([1, 0, 0, 0, 0, 0, 0, 0])
        d.push(runs=[run("x" * 1000)] * 500)
        for i in range(300):
            s = socket.create_connection(("127.0.0.1", d.port))
            s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            s.sendall((b"GET /api/met", GET + b"\r\n", b"GET /api/metrics/export HTTP/1.1\r\n" + HOST + b"\r\n",
                       b"POST /api/push HTTP/1.1\r\n" + HOST + b"Content-Length: 12\r\n\r\n{\"runs\":[{}]")[i % 4])
            if i % 8 > 3:
                time.sleep(0.001)
            s.close()
        self.healthy(d)
        self.eventually(lambda: len(os.listdir("/proc/%d/fd" % d.pid)) < 40, message="descriptors are given back")


class Slow(Enemy):
    """The time-outs are long, so every slow peer sits beside the others."""

    def drip(self, d, first, piece, seconds):
        """Sends a piece every 0.3 s until the daemon closes or the time is up: (seconds it took, what came back)."""
        start, got = time.monotonic(), b""
        with socket.create_connection(("127.0.0.1", d.port), timeout=0.3) as s:
            s.sendall(first)
            while time.monotonic() - start < seconds:
                try:
                    chunk = s.recv(4096)
                    if not chunk:
                        break
                    got += chunk
                except (TimeoutError, socket.timeout):
                    pass
                except ConnectionResetError:
                    break
                try:
                    s.sendall(piece)
                except OSError:
                    break
        return time.monotonic() - start, got

    def test_slow_peers_are_cut_off_and_harm_nobody(self):
        d = self.patienced()
        results = {}
        peers = {
            "header": (GET, b"X: a\r\n"),
            "request line": (b"GET /", b"a"),
            "silent header": (GET, b""),
        }

        def work(name):
            results[name] = self.drip(d, *peers[name], 20)
        threads = [threading.Thread(target=work, args=(name,)) for name in peers]
        [t.start() for t in threads]
        unix = d.connect(timeout=20)
        unix.sendall(b'{"command":"half')
        for _ in range(40):
            self.healthy(d, within=4)
            time.sleep(0.05)
        start = time.monotonic()
        self.assertEqual(unix.recv(100), b"", "half a document is dropped after 5 s")
        self.assertLess(time.monotonic() - start, 20)
        [t.join() for t in threads]
        for name, (took, got) in results.items():
            self.assertTrue(8 < took < 16, "%s: %.1f s" % (name, took))
            self.assertIn(b" 408 ", got, name)
        self.assertGreaterEqual(d.json("/api/health?detail=1")["detail"]["intake"]["incomplete"], 1)


if __name__ == "__main__":
    main()
