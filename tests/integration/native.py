"""What the tests of the native daemon share."""
import json
import pathlib
import socket
import time

from harness import PATIENCE, Case


class Native(Case):
    def auspex(self, *argv, **kw):
        """A command in the daemon's world: same state directory, same port."""
        return self.command(*argv, **kw)

    def at_home(self, *argv):
        """Flags that make a command find the daemon of this test."""
        from harness import free_port
        if not hasattr(self, "_port"):
            self._port = free_port()
        return [*argv, "--port", str(self._port), "--fleet-port", "0", "--aliases", ""]

    def home_environment(self, **more):
        """The same as environment, for commands that take no flags."""
        from harness import free_port
        if not hasattr(self, "_port"):
            self._port = free_port()
        return self.environment(AUSPEX_PORT=str(self._port), AUSPEX_FLEET_PORT="0", AUSPEX_ALIASES="", **more)

    def yaml(self, text, name="auspex.yml"):
        path = self.path(name)
        pathlib.Path(path).write_text(text)
        return path

    def history(self):
        return self.path("state/auspex/history.db")


class Stream:
    """A reader of Server-Sent Events."""

    def __init__(self, port, path="/api/stream", headers=None, timeout=PATIENCE):
        self.sock = socket.create_connection(("127.0.0.1", port), timeout=timeout)
        lines = ["GET %s HTTP/1.1" % path, "Host: 127.0.0.1:%d" % port, "Accept: text/event-stream"]
        lines += ["%s: %s" % kv for kv in (headers or {}).items()]
        self.sock.sendall("\r\n".join(lines + ["", ""]).encode())
        self.file = self.sock.makefile("rb")
        self.status = int(self.file.readline().split()[1])
        self.headers = {}
        while (line := self.file.readline().strip()):
            name, _, value = line.decode().partition(":")
            self.headers[name.lower()] = value.strip()
        self.chunked = self.headers.get("transfer-encoding") == "chunked"
        self.pending = b""

    def _more(self):
        if not self.chunked:
            data = self.file.read1(65536)
        else:
            size = int(self.file.readline() or b"0", 16)
            data = self.file.read(size)
            self.file.readline()
        if not data:
            raise EOFError("the stream ended")
        self.pending += data

    def message(self):
        """The next message that has an event: (event, data, id)."""
        while True:
            while b"\n\n" not in self.pending:
                self._more()
            text, _, self.pending = self.pending.partition(b"\n\n")
            fields = {}
            for line in text.decode().split("\n"):
                name, _, value = line.partition(": ")
                fields[name] = value
            if fields.get("event"):
                return fields["event"], json.loads(fields["data"]), fields.get("id")

    def until(self, event, accept=lambda data: True, seconds=PATIENCE):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            name, data, ident = self.message()
            if name == event and accept(data):
                return data
        raise AssertionError("no %s message came" % event)

    def close(self):
        self.file.close()
        self.sock.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
