"""What the drills share: a load whose acknowledgements are written down, and an independent checker of the history."""
import json
import os
import pathlib
import socket
import sqlite3
import sys
import threading

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "integration"))
import harness  # noqa: E402
from harness import Case, Daemon, encode, free_port, main, run  # noqa: E402,F401


class Pusher(threading.Thread):
    """Pushes numbered runs until the daemon is gone; `acked` holds the commands of every run whose push was answered with ok."""

    def __init__(self, path, name, per_push=5, pushes=10**9):
        super().__init__(daemon=True)
        self.path, self.label, self.per_push, self.pushes = path, name, per_push, pushes
        self.acked, self.sent, self.refused, self.errors = [], 0, 0, set()

    def run(self):
        try:
            with socket.socket(socket.AF_UNIX) as s:
                s.settimeout(20)
                s.connect(self.path)
                f = s.makefile("rb")
                for i in range(self.pushes):
                    names = ["%s-%d-%d" % (self.label, i, j) for j in range(self.per_push)]
                    self.sent += len(names)
                    s.sendall(encode({"type": "push", "runs": [run(n) for n in names]}) + b"\n")
                    line = f.readline()
                    if not line:
                        return
                    reply = json.loads(line)
                    self.errors.add(reply.get("error"))
                    if reply.get("status") == "ok" and reply["rejected"] == 0 and reply.get("durable", True):
                        self.acked += names
                    else:
                        self.refused += len(names)
        except (OSError, ValueError):
            return


def history_files(state):
    return list(pathlib.Path(state).glob("**/history.db"))


def stored_commands(state):
    """What a program that knows nothing of ours finds in the files: every command, with how often it is there."""
    found = {}
    for file in history_files(state):
        db = sqlite3.connect("file:%s" % file, uri=True)
        try:
            assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",), file
            for (command,) in db.execute("SELECT command FROM retry_run"):
                found[command] = found.get(command, 0) + 1
        finally:
            db.close()
    return found


def check(case, state, acked):
    found = stored_commands(state)
    lost = [c for c in acked if c not in found]
    twice = [c for c in acked if found.get(c, 0) > 1]
    case.assertEqual((len(lost), lost[:3]), (0, []), "acknowledged and lost")
    case.assertEqual((len(twice), twice[:3]), (0, []), "stored twice")


def shim():
    path = os.environ.get("FAILSHIM")
    return path if path and os.path.exists(path) else None
