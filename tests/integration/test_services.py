"""The service manager, played by hand: $NOTIFY_SOCKET, $WATCHDOG_USEC and passed sockets."""
import json
import os
import pathlib
import signal
import socket
import time

from harness import Case, free_port, main, run
import harness
from service import Manager, Passed


class Services(Case):
    def manager(self, address=None):
        address = address or self.path("notify")
        m = Manager(address if address[0] != "@" else "\0" + address[1:])
        self.addCleanup(m.close)
        return m

    def notified(self, address=None, **more):
        return self.environment(NOTIFY_SOCKET=address or self.path("notify"), **more)

    def passed(self, argv, socks, port, path, **env):
        d = Passed(self.folder, argv, port, path, self.environment(**env), socks)
        self.daemons.append(d)
        return d.wait_ready()


class Notify(Services):
    def test_ready_comes_when_the_listeners_answer(self):
        m = self.manager()
        d = self.native(env=self.notified(), wait=False)
        first = m.until(lambda x: "READY" in x)
        self.assertEqual(first["READY"], "1")
        self.assertEqual(d.get("/api/health").status, 200)  # at once, without waiting
        d.send_run(run("x"))

    def test_status_is_a_sentence(self):
        m = self.manager()
        d = self.native(env=self.notified(), wait=False)
        status = m.until(lambda x: "READY" in x)["STATUS"]
        self.assertIn("Serving http://127.0.0.1:%d/ and 1 Unix socket" % d.port, status)

    def test_abstract_address(self):
        name = "@auspex-test-%d" % os.getpid()
        m = self.manager(name)
        self.native(env=self.notified(name), wait=False)
        m.until(lambda x: x.get("READY") == "1")

    def test_watchdog_is_fed_twice_per_period(self):
        m = self.manager()
        self.native(env=self.notified(WATCHDOG_USEC="400000"), wait=False)
        m.until(lambda x: "READY" in x)
        start = time.monotonic()
        for _ in range(5):
            m.until(lambda x: x.get("WATCHDOG") == "1")
        took = time.monotonic() - start
        self.assertGreater(took, 0.7)
        self.assertLess(took, 10)

    def test_watchdog_of_another_process_is_not_ours(self):
        m = self.manager()
        self.native(env=self.notified(WATCHDOG_USEC="200000", WATCHDOG_PID="1"), wait=False)
        m.until(lambda x: "READY" in x)
        self.assertIsNone(m.read(0.6))

    def test_reload_is_announced_and_ended(self):
        m = self.manager()
        d = self.native(env=self.notified(), wait=False)
        m.until(lambda x: "READY" in x)
        before = time.clock_gettime(time.CLOCK_MONOTONIC)
        d.process.send_signal(signal.SIGHUP)
        begin = m.until(lambda x: "RELOADING" in x)
        self.assertGreaterEqual(int(begin["MONOTONIC_USEC"]) / 1e6, before - 0.001)
        m.until(lambda x: x.get("READY") == "1")

    def test_failed_reload_is_in_the_status(self):
        m = self.manager()
        d = self.native(env=self.notified(), config="log_level: info\n", wait=False)
        m.until(lambda x: "READY" in x)
        with open(self.path("auspex.yml"), "w") as f:
            f.write("log_level: loud\n")
        d.process.send_signal(signal.SIGHUP)
        m.until(lambda x: "RELOADING" in x)
        self.assertIn("not reloaded", m.until(lambda x: x.get("READY") == "1")["STATUS"])

    def test_stopping_is_told_and_the_end_is_clean(self):
        m = self.manager()
        d = self.native(env=self.notified(), wait=False)
        m.until(lambda x: "READY" in x)
        self.assertEqual(d.stop(), 0)
        m.until(lambda x: x.get("STOPPING") == "1")

    def test_the_personality_notifies_too(self):
        m = self.manager()
        self.patienced(env=self.notified(), wait=False)
        m.until(lambda x: x.get("READY") == "1")

    def test_bad_addresses_do_not_stop_a_start(self):
        for address in (self.path("nobody-there"), "relative", "@", "/" + "x" * 200, ""):
            d = self.native(env=self.environment(NOTIFY_SOCKET=address))
            d.stop()

    def test_a_failed_start_is_never_ready(self):
        m = self.manager()
        with socket.create_server(("127.0.0.1", 0)) as busy:
            self._port = busy.getsockname()[1]
            d = self.native(env=self.notified(WATCHDOG_USEC="200000"), wait=False)
            self.assertEqual(d.process.wait(10), 1)
        while m.read(0.2):
            pass
        self.assertFalse([x for x in m.messages if "READY" in x])


class Activation(Services):
    def unix(self, name):
        s = socket.socket(socket.AF_UNIX)
        s.bind(self.path(name))
        s.listen(64)
        self.addCleanup(s.close)
        return s

    def tcp(self, address="127.0.0.1"):
        s = socket.create_server((address, 0), family=socket.AF_INET6 if ":" in address else socket.AF_INET)
        self.addCleanup(s.close)
        return s, s.getsockname()[1]

    def native_argv(self, port, *more):
        return ["run", "--port", str(port), "--fleet-port", "0", "--aliases", "", *more]

    def test_intake_socket_is_used_and_left_in_place(self):
        intake, port = self.unix("intake"), free_port()
        inode = os.stat(self.path("intake")).st_ino
        d = self.passed(self.native_argv(port, "--socket", self.path("intake")), [intake], port, self.path("intake"), LISTEN_FDNAMES="intake")
        d.send_run(run("passed"))
        self.eventually(lambda: d.count() == 1)
        self.assertEqual(d.stop(), 0)
        self.assertEqual(os.stat(self.path("intake")).st_ino, inode)

    def test_what_is_sent_before_the_start_is_read_after_it(self):
        intake, port = self.unix("intake"), free_port()
        with socket.socket(socket.AF_UNIX) as s:
            s.connect(self.path("intake"))
            s.sendall(harness.CAPTURED_RUN)
        d = self.passed(self.native_argv(port, "--socket", self.path("intake")), [intake], port, self.path("intake"))
        self.eventually(lambda: d.count() == 1)

    def test_a_further_unix_socket_is_served_beside_the_own_one(self):
        extra, port = self.unix("extra"), free_port()
        own = self.path("own")
        d = self.passed(self.native_argv(port, "--socket", own), [extra], port, own)
        d.send_run(run("a"))
        d.send_run(run("b"), path=self.path("extra"))
        self.eventually(lambda: d.count() == 2)
        d.stop()
        self.assertFalse(os.path.exists(own))
        self.assertTrue(os.path.exists(self.path("extra")))

    def test_http_socket_takes_the_place_of_the_port(self):
        sock, port = self.tcp()
        d = self.passed(self.native_argv(port), [sock], port, self.path("s"))
        self.assertEqual(d.get("/api/health").status, 200)
        d.stop()
        self.assertEqual(sock.getsockname()[1], port)  # ours, still listening
        socket.create_connection(("127.0.0.1", port), 2).close()

    def test_http_over_a_passed_unix_socket(self):
        web, port = self.unix("web"), free_port()
        d = self.passed(self.native_argv(port), [web], port, self.path("s"), LISTEN_FDNAMES="http")
        with socket.socket(socket.AF_UNIX) as s:
            s.connect(self.path("web"))
            s.sendall(b"GET /api/health HTTP/1.1\r\nHost: any\r\nConnection: close\r\n\r\n")
            self.assertTrue(s.recv(4096).startswith(b"HTTP/1.1 200"))
        d.stop()
        self.assertTrue(os.path.exists(self.path("web")))

    def test_both_kinds_at_once_for_the_personality(self):
        intake, (sock, port) = self.unix("s"), self.tcp()
        argv = ["as", "patienced", "-socket", self.path("s"), "-port", str(port), "-pid-file", self.path("pid")]
        d = self.passed(argv, [intake, sock], port, self.path("s"), LISTEN_FDNAMES="intake:http")
        d.send_run(run("x"))
        self.eventually(lambda: d.count() == 1)

    def test_reload_keeps_passed_sockets(self):
        intake, (sock, port) = self.unix("s"), self.tcp()
        d = self.passed(self.native_argv(port, "--socket", self.path("s")), [intake, sock], port, self.path("s"))
        for _ in range(2):
            d.process.send_signal(signal.SIGHUP)
        self.eventually(lambda: d.log().count("configuration reloaded") >= 1)
        d.send_run(run("x"))
        self.eventually(lambda: d.count() == 1)

    def test_sockets_of_another_process_are_left_alone(self):
        intake, port = self.unix("intake"), free_port()
        d = self.passed(self.native_argv(port), [intake], port, self.path("s"), PID_OFF="1")
        self.assertNotIn("passed by the service manager", d.log())

    def test_a_datagram_socket_is_refused_loudly_and_harms_nothing(self):
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as s:
            s.bind(self.path("dgram"))
            port = free_port()
            d = self.passed(self.native_argv(port), [s], port, self.path("s"))
            self.assertIn("is no listening stream socket", d.log())

    def test_off_loopback_needs_a_key_here_too(self):
        sock, port = self.tcp("0.0.0.0")
        d = Passed(self.folder, self.native_argv(port), port, self.path("s"), self.environment(), [sock])
        self.daemons.append(d)
        self.assertEqual(d.process.wait(10), 1)
        self.assertIn("no API key is set", d.log())


class Logs(Services):
    def flood(self, *flags):
        d = self.native("--log-file", self.path("log/d.log"), "--log-level", "debug", "--log-max-size", "4096", *flags)
        for _ in range(150):
            d.get("/api/health")
        return d

    def files(self):
        return sorted(os.listdir(self.path("log")))

    def test_the_file_is_bounded_and_every_line_whole(self):
        d = self.flood()
        d.stop()
        self.assertEqual(self.files(), ["d.log", "d.log.1", "d.log.2"])
        for name in self.files():
            text = pathlib.Path(self.path("log/" + name)).read_text()
            self.assertLessEqual(len(text), 4096)
            for line in text.splitlines():
                json.loads(line)

    def test_plain_lines_on_demand(self):
        d = self.flood("--log-format", "plain")
        self.assertRegex(pathlib.Path(self.path("log/d.log")).read_text().splitlines()[0], r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3} DEBUG http: ")
        d.stop()

    def test_hup_opens_the_file_anew(self):
        d = self.native("--log-file", self.path("log/d.log"))
        os.rename(self.path("log/d.log"), self.path("log/away"))
        d.process.send_signal(signal.SIGHUP)
        self.eventually(lambda: os.path.exists(self.path("log/d.log")) and "configuration reloaded" in pathlib.Path(self.path("log/d.log")).read_text())


if __name__ == "__main__":
    main()
