"""What signals do to the personality: stopping in any situation, reloading as a transaction."""
import http.client
import os
import pathlib
import signal
import socket
import threading
import time

from harness import free_port, main, run
from personality import Personality


class Signals(Personality):
    def test_term_and_int_end_it_cleanly(self):
        for sig in (signal.SIGTERM, signal.SIGINT):
            d = self.patienced()
            self.assertEqual(d.stop(sig), 0)
            self.assertFalse(os.path.exists(self.socket_path))
            self.assertFalse(os.path.exists(self.pid_file))
            self.assertIn("received signal, shutting down", [line["msg"] for line in d.log_lines()])

    def test_idle_peers_do_not_hold_up_the_stop(self):
        d = self.patienced()
        unix = [d.connect() for _ in range(20)]
        tcp = [socket.create_connection(("127.0.0.1", self.port)) for _ in range(20)]
        self.assertEqual(d.stop(), 0)
        for s in unix + tcp:
            s.close()

    def test_what_was_sent_before_the_stop_is_kept(self):
        d = self.patienced()
        for i in range(200):
            d.send_run(run("n%d" % i))
        self.assertEqual(d.stop(), 0)
        self.assertEqual(self.patienced().count(), 200)

    def test_impatient_second_signal(self):
        d = self.patienced()
        for _ in range(200):
            d.process.send_signal(signal.SIGTERM)
            time.sleep(0.0005)
        self.assertEqual(d.stop(), 0)

    def storm(self, d, seconds):
        """Requests, runs, pushes, coordination and streams all at once; stops the daemon among them. Its exit status."""
        over = threading.Event()

        def work(step):
            while not over.is_set():
                try:
                    step()
                except (OSError, EOFError, ValueError, http.client.HTTPException):
                    pass

        def ask():
            c = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
            for path in ("/api/metrics/export", "/openapi.json", "/api/metrics/stats", "/api/health?detail=1", "/metrics", "/api/events",
                         "/api/series", "/api/series/query?key=retry.runs", "/"):
                c.request("GET", path)
                c.getresponse().read()

        def stream():
            with socket.create_connection(("127.0.0.1", self.port), timeout=5) as s:
                s.sendall(b"GET /api/stream HTTP/1.1\r\nHost: localhost\r\n\r\n")
                while s.recv(1000):
                    pass

        def coordinate():
            with d.lines() as c:
                for i in range(1000):
                    c.ask({"type": "schedule_request", "resource_id": "r", "rate_limit": 5, "window_ms": 100, "request_time": i,
                           "retry_offsets": [0]})

        steps = [ask, stream, coordinate, d.send_run, lambda: d.push(runs=[run("pushed", "failed")] * 20)]
        threads = [threading.Thread(target=work, args=(step,)) for step in steps]
        for t in threads:
            t.start()
        time.sleep(seconds)
        code = d.stop()
        over.set()
        for t in threads:
            t.join()
        return code

    def test_a_stop_in_the_midst_of_everything(self):
        for i in range(4):
            d = self.patienced()
            self.assertEqual(self.storm(d, 0.2 + 0.05 * i), 0, d.log()[-3000:])
            self.assertFalse(os.path.exists(self.socket_path))

    def test_a_socket_and_pid_file_of_a_successor_are_not_removed(self):
        d = self.patienced()
        os.unlink(self.pid_file)
        pathlib.Path(self.pid_file).write_text("somebody else\n")
        os.unlink(self.socket_path)
        pathlib.Path(self.socket_path).write_text("precious")
        d.stop()
        self.assertTrue(os.path.exists(self.pid_file))
        self.assertEqual(pathlib.Path(self.socket_path).read_text(), "precious")

    def test_broken_pipes_do_not_kill(self):
        d = self.patienced()
        for _ in range(20):
            with socket.create_connection(("127.0.0.1", self.port)) as s:
                s.sendall(b"GET /api/metrics/export HTTP/1.1\r\nHost: localhost\r\n\r\n" * 5)
        with d.lines() as c:
            c.send({"type": "handshake"})
        self.assertEqual(d.get("/api/health").status, 200)

    def test_other_signals_do_not_matter(self):
        d = self.patienced()
        d.process.send_signal(signal.SIGPIPE)
        self.assertEqual(d.get("/api/health").status, 200)


class Reload(Personality):
    def reload(self, d, **keys):
        said = d.log().count("reloaded")
        self.config(**keys)
        d.process.send_signal(signal.SIGHUP)
        self.eventually(lambda: d.log().count("reloaded") > said)

    def test_hang_up_without_a_file_does_not_kill(self):
        d = self.patienced()
        d.process.send_signal(signal.SIGHUP)
        time.sleep(0.2)
        self.assertEqual(d.get("/api/health").status, 200)

    def test_limits_and_level_change(self):
        d = self.start("-config", self.config(max_metrics=100))
        for i in range(10):
            d.send_run(run("n%d" % i))
        self.eventually(lambda: d.count() == 10)
        self.reload(d, max_metrics=4, metrics_max_age="2h", log_level="debug")
        self.assertEqual((self.stats(d)["max_size"], self.stats(d)["max_age"], d.count()), (4, "2h0m0s", 4))
        d.send_run(run("seen"))
        self.eventually(lambda: "seen" in d.log())

    def test_limits_grow_again(self):
        d = self.start("-config", self.config(max_metrics=2))
        self.reload(d, max_metrics=50)
        for i in range(20):
            d.send_run(run("n%d" % i))
        self.eventually(lambda: d.count() == 20)

    def test_a_bad_file_changes_nothing(self):
        d = self.start("-config", self.config(max_metrics=100))
        for bad in ({"max_metrics": -1}, {"log_level": "loud", "max_metrics": 5}, {"max_metrics": 5, "metrics_max_age": "soon"}):
            self.reload(d, **bad)
            self.assertEqual(self.stats(d)["max_size"], 100, bad)
        pathlib.Path(self.path("daemon.json")).write_text("{")
        d.process.send_signal(signal.SIGHUP)
        self.eventually(lambda: "not reloaded" in d.log().splitlines()[-1])
        detail = d.json("/api/health?detail=1")["detail"]
        self.assertEqual(detail["state"], "degraded")
        self.assertEqual([p["part"] for p in detail["problems"]], ["configuration"])

    def test_the_next_good_file_heals(self):
        d = self.start("-config", self.config(max_metrics=100))
        self.reload(d, max_metrics=-1)
        self.reload(d, max_metrics=50)
        self.assertEqual(d.json("/api/health?detail=1")["detail"]["state"], "ok")

    def test_explicit_flags_still_win(self):
        d = self.start("-config", self.config(max_metrics=100), "-max-metrics", "30")
        self.reload(d, max_metrics=40)
        self.assertEqual(self.stats(d)["max_size"], 30)

    def test_a_hundred_reloads(self):
        d = self.start("-config", self.config(max_metrics=100))
        for i in range(100):
            self.config(max_metrics=100 + i)
            d.process.send_signal(signal.SIGHUP)
            time.sleep(0.005)
        self.eventually(lambda: self.stats(d)["max_size"] == 199)
        d.send_run()
        self.eventually(lambda: d.count() == 1)
        self.assertEqual(d.stop(), 0)

    def test_places_stay_and_are_cleaned_up_at_the_end(self):
        d = self.start("-config", self.config())
        self.reload(d, socket_path=self.path("moved"), http_port=free_port(), pid_file=self.path("pid2"))
        d.send_run()
        self.eventually(lambda: d.count() == 1)
        self.assertEqual(d.stop(), 0)
        for name in ("s", "moved", "pid", "pid2"):
            self.assertFalse(os.path.exists(self.path(name)), name)


if __name__ == "__main__":
    main()
