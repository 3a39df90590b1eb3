"""Protocol B: rate-limit slots over a real socket, as the real command-line client asks for them (retry contract 1.2 to 1.4)."""
import datetime
import json
import re
import socket
import threading
import time
import unittest

from harness import Case, main

HANDSHAKE = b'{"client":"patience-cli","type":"handshake","version":"1.0"}\n'
PROBE = (b'{"rate_limit":1,"request_time":-62135596800,"resource_id":"test-connection","retry_offsets":[],'
         b'"type":"schedule_request","window_ms":1000}\n')
SCHEDULE = (b'{"rate_limit":5,"request_time":1795378325,"resource_id":"cmd-echo","retry_offsets":[0,1000,2000],'
            b'"type":"schedule_request","window_ms":10000}\n')
REGISTER = (b'{"requests":[{"expires_at":1795381925,"id":"cmd-echo-1795378325-0","resource_id":"cmd-echo","scheduled_at":1795378325},'
            b'{"expires_at":1795381926,"id":"cmd-echo-1795378325-1","resource_id":"cmd-echo","scheduled_at":1795378326},'
            b'{"expires_at":1795381927,"id":"cmd-echo-1795378325-2","resource_id":"cmd-echo","scheduled_at":1795378327}],'
            b'"type":"register_request"}\n')
TIME = rb'"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z"'
SCHEDULE_REPLY = re.compile(
    rb'\{"can_schedule":true,"expires_at":' + TIME + rb',"message":"request scheduled","reason":"request scheduled","scheduled_at":'
    + TIME + rb',"status":"ok","type":"schedule_response","wait_until":' + TIME + rb'\}\n')
MINUTE, HOUR = 60, 3600


def seconds(text):
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()


class Coordination(Case):
    def setUp(self):
        super().setUp()
        self.d = self.patienced()
        self.open = []
        self.addCleanup(lambda: [c.close() for c in self.open])
        self.later = int(time.time()) // 60 * 60 + HOUR  # future times are taken as given, so they are ours to choose

    def client(self):
        c = self.d.lines()
        self.open.append(c)
        return c

    def schedule(self, c, limit, window, offsets=(0,), at=None, resource="r"):
        return c.ask({"type": "schedule_request", "resource_id": resource, "rate_limit": limit, "window_ms": int(window * 1000),
                      "retry_offsets": [int(o * 1000) for o in offsets], "request_time": int(at or self.later)})

    def register(self, c, *times, resource="r", ids=None, expires=HOUR):
        return c.ask({"type": "register_request", "requests": [
            {"id": (ids or ["id-%d" % i for i in range(len(times))])[i], "resource_id": resource, "scheduled_at": int(t),
             "expires_at": int(t + expires)} for i, t in enumerate(times)]})

    def wait_of(self, reply):
        return seconds(reply["wait_until"])


class Wire(Coordination):
    def test_captured_conversation(self):
        with self.d.connect() as s:
            f = s.makefile("rb")
            s.sendall(HANDSHAKE)
            self.assertEqual(f.readline(), b'{"message":"handshake successful","status":"ok","type":"handshake_response"}\n')
            s.sendall(PROBE)
            self.assertRegex(f.readline(), SCHEDULE_REPLY)
            s.sendall(SCHEDULE)
            self.assertRegex(f.readline(), SCHEDULE_REPLY)
            s.sendall(REGISTER)
            self.assertEqual(f.readline(), b'{"message":"requests registered successfully","status":"ok","success":true,"type":"register_response"}\n')
            s.settimeout(0.3)
            with self.assertRaises((TimeoutError, socket.timeout), msg="the connection stays open and silent"):
                s.recv(1)

    def test_every_schedule_reply_has_every_key(self):
        keys = ["can_schedule", "expires_at", "message", "reason", "scheduled_at", "status", "type", "wait_until"]
        c = self.client()
        for limit, offsets in ((1, (0,)), (1, (0,)), (1, (0, 1)), (5, ())):  # yes, no, never, nothing asked
            reply = self.schedule(c, limit, 10, offsets)
            self.assertEqual(list(reply), keys)
            self.assertTrue(reply["reason"])
            self.assertEqual((reply["status"], reply["type"]), ("ok", "schedule_response"))
            self.assertEqual(seconds(reply["expires_at"]) - seconds(reply["scheduled_at"]), HOUR)

    def test_a_probe_consumes_nothing(self):
        c = self.client()
        for _ in range(50):
            c.sock.sendall(PROBE)
            self.assertTrue(c.read()["can_schedule"])
        self.assertTrue(self.schedule(c, 1, 1, resource="test-connection")["can_schedule"])

    def test_documented_form_with_text_times(self):
        at = datetime.datetime.fromtimestamp(self.later, datetime.timezone(datetime.timedelta(hours=2))).isoformat()
        ask = {"type": "schedule_request", "resource_id": "doc", "rate_limit": 1, "window": "1h30m", "retry_offsets": [0],
               "request_time": at}
        a, b = self.client(), self.client()
        self.assertTrue(a.ask(ask)["can_schedule"])
        self.assertEqual(self.wait_of(b.ask(ask)), self.later + 5400)
        self.assertTrue(a.ask({"type": "register_request", "requests": [
            {"id": "x", "resource_id": "doc", "scheduled_at": at, "expires_at": at}]})["success"])

    def test_typed_form_has_no_limit(self):
        now = "2026-11-22T20:10:44.265354522Z"
        c = self.client()
        for _ in range(5):
            self.assertTrue(c.ask({"type": "schedule_request", "resource_id": "t", "command": ["echo", "a"], "requested_at": now})["can_schedule"])
        self.assertTrue(c.ask({"type": "register_request", "resource_id": "t", "requests": [
            {"requested_at": now, "command": ["echo", "a"]}]})["success"])

    def test_every_error_string_and_the_connection_stays_open(self):
        table = [
            (b"", "invalid JSON"),
            (b"   ", "invalid JSON"),
            (b"invalid json", "invalid JSON"),
            (b"[1]", "invalid JSON"),
            (b'{"type":1}', "invalid JSON"),
            (b'{"type":null}', "invalid JSON"),
            (b'{"no":"type"}', "invalid JSON"),
            (b'{"type":"handshake"', "invalid JSON"),
            (b'{"type":"handshake"} {"type":"handshake"}', "invalid JSON"),
            (b'{"type":"nonsense"}', "unknown message type"),
            (b'{"type":""}', "unknown message type"),
            (b'{"type":"Handshake"}', "unknown message type"),
            (b'{"type":"handshake","version":1}', "invalid handshake request format"),
            (b'{"type":"handshake","client":[]}', "invalid handshake request format"),
            (b'{"type":"handshake","version":"2.0"}', "unsupported protocol version: 2.0"),
            (b'{"type":"schedule_request","rate_limit":"5"}', "invalid schedule request format"),
            (b'{"type":"schedule_request","resource_id":7}', "invalid schedule request format"),
            (b'{"type":"schedule_request","retry_offsets":"0"}', "invalid schedule request format"),
            (b'{"type":"schedule_request","retry_offsets":[{}]}', "invalid schedule request format"),
            (b'{"type":"schedule_request","window":"soon"}', "invalid schedule request format"),
            (b'{"type":"schedule_request","window_ms":[]}', "invalid schedule request format"),
            (b'{"type":"schedule_request","request_time":"yesterday"}', "invalid schedule request format"),
            (b'{"type":"register_request","requests":{}}', "invalid register request format"),
            (b'{"type":"register_request","requests":[1]}', "invalid register request format"),
            (b'{"type":"register_request","requests":[{"id":1}]}', "invalid register request format"),
            (b'{"type":"register_request","requests":[{"scheduled_at":true}]}', "invalid register request format"),
        ]
        c = self.client()
        c.sock.sendall(HANDSHAKE)
        c.read()
        for line, text in table:
            with self.subTest(line=line):
                c.sock.sendall(line + b"\n")
                self.assertEqual(c.file.readline(), json.dumps({"error": text, "type": "error"}, separators=(",", ":")).encode() + b"\n")
        c.sock.sendall(HANDSHAKE)
        self.assertEqual(c.read()["status"], "ok")

    def test_garbage_as_the_first_line_is_answered(self):
        c = self.client()
        c.sock.sendall(b"invalid json\n")
        self.assertEqual(c.read(), {"error": "invalid JSON", "type": "error"})
        self.assertEqual(c.ask({"type": "handshake"})["status"], "ok", "handshake without a version")

    def test_pipelined_requests_are_answered_in_order(self):
        c = self.client()
        c.sock.sendall(b"".join(b'{"type":"handshake","version":"v%d"}\n' % i for i in range(500)))
        for i in range(500):
            self.assertEqual(c.read()["error"], "unsupported protocol version: v%d" % i)

    def test_a_reply_comes_in_one_piece(self):
        with self.d.connect() as s:
            for _ in range(200):
                s.sendall(SCHEDULE)
                reply = s.recv(65536)
                self.assertTrue(reply.endswith(b"}\n") and reply.count(b"\n") == 1, reply)

    def test_a_request_in_single_bytes(self):
        c = self.client()
        for i in range(len(SCHEDULE)):
            c.sock.send(SCHEDULE[i:i + 1])
        self.assertTrue(c.read()["can_schedule"])

    def test_half_a_line_before_the_end_is_not_answered(self):
        with self.d.connect() as s:
            s.sendall(HANDSHAKE + b'{"type":"handsh')
            s.shutdown(socket.SHUT_WR)
            self.assertEqual(s.makefile("rb").read().count(b"\n"), 1)

    def test_300_idle_coordination_peers_leave_room_for_runs(self):
        for _ in range(300):
            self.client().ask({"type": "handshake", "version": "1.0"})
        for _ in range(20):
            self.d.send_run()
        self.eventually(lambda: self.d.count() == 20)
        self.assertEqual(self.open[0].ask({"type": "handshake"})["status"], "ok", "the first of them is still there")


class Slots(Coordination):
    """The worked cases of contract 1.4, with times in the future so that they are taken as given."""

    def occupied(self, *minutes):
        c = self.client()
        self.register(c, *[self.later + m * MINUTE for m in minutes])

    def test_five_in_half_an_hour(self):
        self.occupied(0, 10)
        self.assertTrue(self.schedule(self.client(), 5, 30 * MINUTE, (0, 5 * MINUTE), self.later + 20 * MINUTE)["can_schedule"])

    def test_two_in_five_minutes(self):
        self.occupied(0, 1, 2)
        self.assertFalse(self.schedule(self.client(), 2, 5 * MINUTE, (0,), self.later + 3 * MINUTE)["can_schedule"])

    def test_four_in_half_an_hour(self):
        self.occupied(0, 10, 20)
        self.assertFalse(self.schedule(self.client(), 4, 30 * MINUTE, (0, 10 * MINUTE), self.later + 5 * MINUTE)["can_schedule"])

    def test_four_in_half_an_hour_later(self):
        self.occupied(0, 10, 20)
        self.assertTrue(self.schedule(self.client(), 4, 30 * MINUTE, (0, 10 * MINUTE), self.later + 45 * MINUTE)["can_schedule"])

    def test_the_earliest_slot_is_exact(self):
        self.occupied(0, 1, 2, 3, 4)
        reply = self.schedule(self.client(), 3, 10 * MINUTE, (0,), self.later + 2 * MINUTE)
        self.assertFalse(reply["can_schedule"])
        self.assertEqual(self.wait_of(reply), self.later + 12 * MINUTE)
        self.assertEqual(reply["scheduled_at"], reply["wait_until"])

    def test_a_slot_that_comes_from_an_offset(self):
        self.occupied(65)
        reply = self.schedule(self.client(), 1, 10 * MINUTE, (0, 60 * MINUTE), self.later)
        self.assertEqual(self.wait_of(reply), self.later + 15 * MINUTE, "65 + 10 - 60: the second run is the one that has to wait")

    def test_the_window_is_half_open(self):
        self.occupied(0)
        self.assertTrue(self.schedule(self.client(), 1, 10 * MINUTE, (0,), self.later + 10 * MINUTE)["can_schedule"])

    def test_what_can_never_run_is_told(self):
        reply = self.schedule(self.client(), 2, 10 * MINUTE, (0, 60, 120))
        self.assertFalse(reply["can_schedule"])
        self.assertEqual(self.wait_of(reply), self.later + 24 * HOUR)
        self.assertIn("24h", reply["reason"])
        self.assertTrue(self.schedule(self.client(), 2, 10 * MINUTE, (0, 60))["can_schedule"], "nothing was reserved")

    def test_resources_are_independent(self):
        for name in ("a", "b", "", "http-Authorization: x\n", "\u00e9" * 1000):
            self.assertTrue(self.schedule(self.client(), 1, HOUR, resource=name)["can_schedule"])
            self.assertFalse(self.schedule(self.client(), 1, HOUR, resource=name)["can_schedule"])

    def test_absurd_numbers_are_answered(self):
        for limit, window, offsets, at in ((0, 10, [0], 0), (-5, 10, [0], 0), (1, -1, [0], 0), (1, 0, [0, 0], 0), (2 ** 62, 2 ** 62, [0], 0),
                                           (1, 1000, [-2 ** 63], 0), (1, 1000, [2 ** 63 - 1], 0), (1, 1000, [0], 2 ** 62), (1, 1000, [0], -2 ** 63),
                                           (1, 1000, [0] * 900, 0), (1, 1, list(range(5000)), 0)):
            with self.subTest(limit=limit, window=window, n=len(offsets), at=at):
                reply = self.client().ask({"type": "schedule_request", "resource_id": "x%s" % limit, "rate_limit": limit, "window_ms": window,
                                           "retry_offsets": offsets, "request_time": at})
                self.assertIn("can_schedule", reply)
                seconds(reply["wait_until"])


class Traps(Coordination):
    """What the real client does wrong and the server must absorb (contract 1.4)."""

    def test_a_no_is_a_promise_reserved_at_once(self):
        waits = [self.wait_of(self.schedule(self.client(), 1, 10)) - self.later for _ in range(4)]
        self.assertEqual(waits, [0, 10, 20, 30])

    def test_an_unregistered_promise_holds_while_its_client_sleeps(self):
        now = int(time.time())
        self.schedule(self.client(), 1, 2, at=now)
        sleeper = self.client()
        until = self.wait_of(self.schedule(sleeper, 1, 2, at=now))
        time.sleep(max(0, until - time.time()) + 0.1)  # it runs now, without asking or registering
        self.assertAlmostEqual(self.wait_of(self.schedule(self.client(), 1, 2, at=int(time.time()))), until + 2, delta=0.01)

    def test_registering_the_stale_times_keeps_the_reserved_ones(self):
        a, b = self.client(), self.client()
        self.schedule(a, 1, 10)
        self.schedule(b, 1, 10)
        self.register(b, self.later)
        self.assertEqual(self.wait_of(self.schedule(self.client(), 1, 10)), self.later + 20)

    def test_parallel_clients_never_all_get_a_yes(self):
        n, limit, window, replies = 24, 3, 60, []
        barrier = threading.Barrier(n)
        clients = [self.client() for _ in range(n)]

        def ask(c):
            barrier.wait()
            replies.append(self.schedule(c, limit, window))
        threads = [threading.Thread(target=ask, args=(c,)) for c in clients]
        [t.start() for t in threads]
        [t.join() for t in threads]
        self.assertEqual(sum(r["can_schedule"] for r in replies), limit)
        times = sorted(map(self.wait_of, replies))
        for t in times:
            self.assertLessEqual(sum(t <= u < t + window for u in times), limit)
        self.assertEqual(times[-1], self.later + (n // limit - 1) * window, "and none waits longer than needed")

    def test_a_yes_is_replaced_by_its_registration(self):
        a = self.client()
        self.schedule(a, 2, 10)
        self.register(a, self.later)
        self.assertTrue(self.schedule(self.client(), 2, 10)["can_schedule"], "one event, not two")

    def test_the_same_ids_of_two_processes_are_two_events(self):
        self.register(self.client(), self.later, ids=["same"])
        self.register(self.client(), self.later, ids=["same"])
        self.assertFalse(self.schedule(self.client(), 2, 10)["can_schedule"])

    def test_the_same_id_on_one_connection_is_one_event(self):
        c = self.client()
        for _ in range(3):
            self.assertTrue(self.register(c, self.later, ids=["same"])["success"])
        self.assertTrue(self.schedule(self.client(), 2, 10)["can_schedule"])

    def test_a_reservation_goes_with_its_connection(self):
        c = self.client()
        self.assertTrue(self.schedule(c, 1, 10)["can_schedule"])
        c.close()
        time.sleep(0.05)
        self.assertTrue(self.schedule(self.client(), 1, 10)["can_schedule"])

    def test_a_registered_event_stays_without_its_connection(self):
        c = self.client()
        self.schedule(c, 1, 10)
        self.register(c, self.later)
        c.close()
        time.sleep(0.05)
        self.assertFalse(self.schedule(self.client(), 1, 10)["can_schedule"])

    def test_an_expired_event_counts_while_it_is_in_the_window(self):
        now = int(time.time())
        self.register(self.client(), now - 2 * HOUR)
        self.schedule(self.client(), 1, 6 * HOUR, (), at=now)  # the window becomes known
        self.register(self.client(), now - 2 * HOUR, ids=["second"])
        reply = self.schedule(self.client(), 1, 6 * HOUR, at=now)
        self.assertEqual(self.wait_of(reply), now + 4 * HOUR)

    def test_an_early_expiry_is_the_senders_wish(self):
        now = int(time.time())
        self.register(self.client(), now, expires=-1)
        self.assertTrue(self.schedule(self.client(), 1, 6 * HOUR, at=now)["can_schedule"])


if __name__ == "__main__":
    main()
