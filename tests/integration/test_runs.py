"""Protocol A: finished runs over the Unix socket, as real clients send them."""
import json
import socket
import time
import unittest

from harness import CAPTURED_RUN, Case, main, run


class Runs(Case):
    def invalid(self, d):
        intake = d.json("/api/health?detail=1")["detail"]["intake"]
        return intake["invalid"] + intake["incomplete"]

    def test_captured_bytes_come_back(self):
        d = self.patienced()
        d.send_run(CAPTURED_RUN)
        self.eventually(lambda: d.count() == 1)
        recent = d.json("/api/metrics/recent")
        self.assertEqual(recent["count"], 1)
        sent = json.loads(CAPTURED_RUN)
        self.assertEqual(recent["metrics"][0]["metrics"], sent)
        self.assertEqual(list(recent["metrics"][0]["metrics"]), list(sent), "the key order of the protocol is kept")

    def test_complete_object_without_eof_is_stored_at_once(self):
        d = self.patienced()
        with d.connect() as s:
            s.sendall(CAPTURED_RUN)
            self.eventually(lambda: d.count() == 1)

    def test_no_byte_is_sent_to_a_run_sender(self):
        d = self.patienced()
        with d.connect(timeout=0.5) as s:
            s.sendall(CAPTURED_RUN + b"\n")
            with self.assertRaises((TimeoutError, socket.timeout)):
                s.recv(1)
            s.shutdown(socket.SHUT_WR)
            s.settimeout(5)
            self.assertEqual(s.recv(10), b"")

    def test_pretty_printed_document(self):
        d = self.patienced()
        d.send_run(json.dumps(run("pretty"), indent=4).encode() + b"\n\n")
        self.eventually(lambda: d.count() == 1)

    def test_several_documents_on_one_connection(self):
        d = self.patienced()
        d.send_run(b"\n".join(json.dumps(run("n%d" % i)).encode() for i in range(7)))
        self.eventually(lambda: d.count() == 7)
        names = [m["metrics"]["command"] for m in d.json("/api/metrics/recent")["metrics"]]
        self.assertEqual(names, ["n%d" % i for i in range(7)], "oldest first")

    def test_one_byte_writes(self):
        d = self.patienced()
        with d.connect() as s:
            for i in range(len(CAPTURED_RUN)):
                s.send(CAPTURED_RUN[i : i + 1])
        self.eventually(lambda: d.count() == 1)

    def test_zero_bytes_are_silent(self):
        d = self.patienced("-log-level", "debug")
        for _ in range(20):
            d.connect().close()
        d.send_run()
        self.eventually(lambda: d.count() == 1)
        self.assertNotIn("error parsing metrics", d.log())

    def test_half_a_document_is_told_and_dropped(self):
        d = self.patienced()
        d.send_run(CAPTURED_RUN[:100])
        self.eventually(lambda: "error parsing metrics" in d.log())
        self.assertEqual(d.count(), 0)

    def test_garbage_is_told_and_dropped(self):
        d = self.patienced()
        for bad in (b"[1,2]", b'"text"', b"17", b'{"timestamp":1.5}', b'{"command":1}', b"null", b"\x00\xff\xfe"):
            before = self.invalid(d)
            d.send_run(bad)
            self.eventually(lambda: self.invalid(d) > before, message="not counted: %r" % bad)
        self.assertIn("error parsing metrics", d.log())
        self.assertEqual(d.count(), 0)
        d.send_run()
        self.eventually(lambda: d.count() == 1)

    def test_attempts_null_and_blank_records(self):
        d = self.patienced()
        d.send_run(b'{"command":"x","attempts":null}')
        d.send_run(b"{}")
        self.eventually(lambda: d.count() == 2)
        first = d.json("/api/metrics/recent")["metrics"][0]["metrics"]
        self.assertIsNone(first["attempts"])
        self.assertEqual(first["final_status"], "")

    def test_keys_match_in_any_case_and_the_last_duplicate_wins(self):
        d = self.patienced()
        d.send_run(b'{"COMMAND":"a","Command":"b","final_STATUS":"succeeded"}')
        self.eventually(lambda: d.count() == 1)
        m = d.json("/api/metrics/recent")["metrics"][0]["metrics"]
        self.assertEqual((m["command"], m["final_status"]), ("b", "succeeded"))

    def test_invalid_utf8_and_nul_survive_as_text(self):
        d = self.patienced()
        d.send_run(b'{"command":"a\xffb\\u0000c","final_status":"failed"}')
        self.eventually(lambda: d.count() == 1)
        self.assertEqual(d.json("/api/metrics/recent")["metrics"][0]["metrics"]["command"], "a\ufffdb\x00c")

    def test_a_900_kb_document_is_stored(self):
        d = self.patienced()
        d.send_run(run("x" * 900_000))
        self.eventually(lambda: d.count() == 1)
        self.assertEqual(len(d.json("/api/metrics/recent")["metrics"][0]["metrics"]["command"]), 900_000)

    def test_a_64_mb_document_is_refused_with_little_memory(self):
        d = self.patienced()
        d.send_run()
        self.eventually(lambda: d.count() == 1)
        before = d.memory()[0]
        grown = 0
        with d.connect() as s:
            try:
                s.sendall(b'{"command":"')
                for _ in range(64):
                    s.sendall(b"x" * 1_000_000)
                    grown = max(grown, d.memory()[0] - before)
            except (BrokenPipeError, ConnectionResetError):
                pass
        self.assertLess(grown, 30e6)
        d.send_run()
        self.eventually(lambda: d.count() == 2)

    def test_huge_and_negative_durations_are_clamped(self):
        d = self.patienced()
        d.send_run(b'{"command":"a","final_status":"succeeded","total_duration_seconds":1e300}')
        d.send_run(b'{"command":"a","final_status":"succeeded","total_duration_seconds":-5}')
        self.eventually(lambda: d.count() == 2)
        self.assertEqual(d.json("/api/metrics/stats")["average_duration"], 9223372036854775807 // 2)

    def test_burst_of_one_shot_senders_loses_nothing(self):
        d = self.patienced()
        for _ in range(2000):
            d.send_run()
        self.eventually(lambda: d.count() == 2000)

    def test_order_of_one_sender_is_kept(self):
        d = self.patienced()
        idle = [d.connect() for _ in range(5)]
        for i in range(3000):
            d.send_run(run("n%d" % i))
        self.eventually(lambda: d.count() == 3000)
        got = [m["metrics"]["command"] for m in d.json("/api/metrics/recent?limit=3000")["metrics"]]
        self.assertEqual(got, ["n%d" % i for i in range(3000)])
        for s in idle:
            s.close()

    def test_idle_peers_do_not_delay_others(self):
        d = self.patienced()
        idle = [d.connect() for _ in range(300)]
        for _ in range(20):
            d.send_run()
        self.eventually(lambda: d.count() == 20)
        for s in idle:
            s.close()

    def test_secrets_are_masked_and_the_hash_is_kept(self):
        d = self.patienced()
        d.send_run(run("curl -H 'Authorization: Bearer abcdef123456' https://u:pw@host/", command_hash="12345678"))
        self.eventually(lambda: d.count() == 1)
        m = d.json("/api/metrics/recent")["metrics"][0]["metrics"]
        self.assertNotIn("abcdef123456", m["command"])
        self.assertNotIn("pw@", m["command"])
        self.assertEqual(m["command_hash"], "12345678")

    def test_history_survives_restart_and_kill(self):
        d = self.patienced()
        for i in range(50):
            d.send_run(run("n%d" % i))
        self.eventually(lambda: d.count() == 50)
        before = d.json("/api/metrics/export")
        self.assertEqual(d.stop(), 0)
        d = self.patienced()
        self.assertEqual(d.json("/api/metrics/export"), before)
        time.sleep(0.1)
        d.kill9()
        d = self.patienced()
        self.assertEqual(d.json("/api/metrics/export"), before)


if __name__ == "__main__":
    main()
