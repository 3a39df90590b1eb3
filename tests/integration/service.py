"""The service manager's part in tests: the socket where a service reports, and sockets passed to it at its start."""
import os
import select
import socket
import subprocess
import sys
import time

from harness import AUSPEX, Daemon


class Manager:
    """Listens where a service reports; `messages` are dicts in the order they came."""

    def __init__(self, address):
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.sock.bind(address)
        self.messages = []

    def read(self, seconds):
        ready, _, _ = select.select([self.sock], [], [], seconds)
        if not ready:
            return None
        m = dict(line.split("=", 1) for line in self.sock.recv(4096).decode().split("\n"))
        self.messages.append(m)
        return m

    def until(self, accept, seconds=30):
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            m = self.read(left)
            if m and accept(m):
                return m
        raise AssertionError("no such message came: %r" % self.messages)

    def close(self):
        self.sock.close()


# Makes itself the daemon, with the descriptors at 3 and up and its own number in LISTEN_PID, as systemd does.
EXEC = """
import os, sys
fds = [int(f) for f in sys.argv[1].split(",") if f]
high = [os.dup2(f, 100 + i) for i, f in enumerate(fds)]
for i, f in enumerate(high):
    os.dup2(f, 3 + i)
    os.close(f)
os.environ["LISTEN_PID"] = str(os.getpid() + int(os.environ.pop("PID_OFF", "0")))
os.environ["LISTEN_FDS"] = str(len(fds))
os.execv(sys.argv[2], sys.argv[2:])
"""


class Passed(Daemon):
    """A daemon that is started with passed sockets; `more`: of Popen, such as a user."""

    def __init__(self, folder, argv, port, socket_path, env, socks, program=AUSPEX, **more):
        self.folder, self.port, self.socket_path = folder, port, socket_path
        self.log_path = os.path.join(folder, "log.%d" % time.monotonic_ns())
        self.log_file = open(self.log_path, "wb")
        fds = [s.fileno() for s in socks]
        self.process = subprocess.Popen([sys.executable, "-c", EXEC, ",".join(map(str, fds)), program, *argv], stdin=subprocess.DEVNULL,
                                        stdout=self.log_file, stderr=subprocess.STDOUT, env=env, cwd=folder, pass_fds=fds, **more)
