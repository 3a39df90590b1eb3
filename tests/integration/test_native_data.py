"""The native program from the shell: push, query, backup, doctor."""
import json
import os
import pathlib
import shutil
import sqlite3
import subprocess
import unittest

from harness import CAPTURED_RUN, main, run
from native import Native


class Push(Native):
    def setUp(self):
        super().setUp()
        self.d = self.native()
        self.env = self.home_environment()

    def push(self, *words, code=0, stdin=""):
        status, out, err = self.auspex("push", *words, env=self.env, stdin=stdin)
        self.assertEqual(status, code, out + err)
        return json.loads(out) if out else err

    def last(self):
        return self.d.json("/api/metrics/recent?limit=1")["metrics"][0]["metrics"]

    def test_a_run_of_flags(self):
        got = self.push("--run", "make test", "--status", "failed", "--attempts", "3", "--duration", "4.2", "--exit-code", "7")
        self.assertEqual((got["status"], got["accepted"], got["rejected"]), ("ok", 1, 0))
        m = self.last()
        self.assertEqual((m["command"], m["final_status"], m["total_attempts"], m["total_duration_seconds"]), ("make test", "failed", 3, 4.2))
        self.assertEqual([a["exit_code"] for a in m["attempts"]], [1, 1, 7])

    def test_the_hash_is_the_clients(self):
        self.push("--run", "true")
        self.assertEqual(self.last()["command_hash"], "b5bea41b")

    def test_the_greetings_own_example(self):
        self.push("--run", "make test", "--status", "failed", "--attempts", "3", "--duration", "4.2")

    def test_a_sample(self):
        self.assertEqual(self.push("--sample", "app.queue{q=mail}=3.5")["accepted"], 1)
        keys = {s["key"]: s.get("v") for s in self.d.json("/api/series")["series"]}
        self.assertEqual(keys["app.queue{q=mail}"], 3.5)

    def test_a_document_on_stdin(self):
        self.assertEqual(self.push(stdin=json.dumps({"runs": [run("a"), run("b")]}, indent=2))["accepted"], 2)

    def test_one_run_on_stdin(self):
        self.assertEqual(self.push("-", stdin=CAPTURED_RUN.decode())["accepted"], 1)

    def test_a_list_of_runs_in_a_file(self):
        pathlib.Path(self.path("runs.json")).write_text(json.dumps([run("n%d" % i) for i in range(50)]))
        self.assertEqual(self.push("runs.json")["accepted"], 50)

    def test_an_empty_push_is_answered(self):
        self.assertEqual(self.push(stdin="{}")["accepted"], 0)

    def test_an_export_of_another_daemon_can_be_pushed(self):
        text = self.d.get("/api/metrics/export").text
        self.assertEqual(self.push(stdin=text)["accepted"], 0)

    def test_rejected_items_are_told_and_the_rest_is_stored(self):
        got = json.loads(self.auspex("push", env=self.env, stdin=json.dumps({"runs": [run("good"), 17]}))[1])
        self.assertEqual((got["status"], got["accepted"], got["rejected"]), ("ok", 1, 1))
        self.assertEqual(self.last()["command"], "good")

    def test_a_rejection_is_no_success(self):
        self.assertEqual(self.auspex("push", env=self.env, stdin='{"runs":[17]}')[0], 1)

    def test_bad_words(self):
        for words, told in ((["--run", "x", "--status", "maybe"], "--status"), (["--run", "x", "--attempts", "0"], "--attempts"),
                            (["--run", "x", "--duration", "long"], "--duration"), (["--run", "x", "--exit-code", "a"], "--exit-code"),
                            (["--sample", "nothing"], "--sample"), (["--rnu", "x"], "--run"), (["none.json"], "none.json")):
            self.assertIn(told, self.push(*words, code=1), words)

    def test_bad_documents(self):
        for text in ("", "{", "17", "nonsense", '{"type":"push","runs":5}'):
            self.assertEqual(self.auspex("push", env=self.env, stdin=text)[0], 1, text)

    def test_no_daemon(self):
        self.d.stop()
        err = self.push("--run", "x", code=1)
        self.assertIn("auspex run", err)

    def test_another_socket(self):
        self.assertIn(self.path("none"), self.push("--run", "x", "--to", self.path("none"), code=1))


class Query(Native):
    def setUp(self):
        super().setUp()
        self.d = self.native("--self-interval", "1s")
        self.env = self.home_environment()
        self.d.push(runs=[run("make test", "failed")], samples=[{"series": "app.queue{q=mail}", "v": 3}, {"series": "app.queue{q=mail}", "v": 5}])

    def query(self, *words, code=0):
        status, out, err = self.auspex("query", *words, env=self.env)
        self.assertEqual(status, code, out + err)
        return out if code == 0 else err

    def test_series(self):
        rows = [line.split("\t") for line in self.query("series").splitlines()]
        self.assertIn("app.queue{q=mail}", [r[0] for r in rows])

    def test_events(self):
        self.assertIn("start", self.query("events"))

    def test_runs(self):
        self.assertIn("make test", self.query("runs"))
        self.assertIn("failed", self.query("runs", "--limit", "1"))

    def test_a_key(self):
        row = self.query("app.queue{q=mail}", "--step", "1h").splitlines()[-1].split("\t")
        self.assertEqual([float(x) for x in row[1:4]], [3, 4, 5])

    def test_json(self):
        for what in ("series", "events", "runs", "app.queue{q=mail}"):
            json.loads(self.query(what, "--json"))

    def test_bad_words(self):
        self.query(code=1)
        self.query("a", "b", code=1)
        self.assertIn("start", self.query("app.queue{q=mail}", "--start", "yesterday-ish", code=1))
        self.query("not a key{", code=1)

    def test_guarded_reads_are_asked_with_the_key_of_the_file(self):
        self.d.stop()
        pathlib.Path(self.path("key")).write_text("# ours\n\na-long-secret-1\n")
        self.d = self.native("--guard-reads", "--api-key-files", self.path("key"))
        self.assertIn("401", self.query("runs", code=1))
        self.env.update(AUSPEX_GUARD_READS="true", AUSPEX_API_KEY_FILES=self.path("key"))
        self.assertIn("make test", self.query("runs"))

    def test_no_daemon(self):
        self.d.stop()
        self.assertIn("no answer", self.query("runs", code=1))


class Care(Native):
    def setUp(self):
        super().setUp()
        self.d = self.native()
        self.env = self.home_environment()
        self.d.push(runs=[run("n%d" % i) for i in range(100)])

    def test_backup_while_running_can_be_opened(self):
        status, out, err = self.auspex("backup", self.path("copy.db"), env=self.env)
        self.assertEqual(status, 0, err)
        self.assertIn("copy.db", out)
        with sqlite3.connect(self.path("copy.db")) as db:
            self.assertEqual(db.execute("PRAGMA integrity_check").fetchone()[0], "ok")
            names = [r[0] for r in db.execute("SELECT name FROM sqlite_master WHERE type='table'")]
            self.assertIn(100, [db.execute('SELECT count(*) FROM "%s"' % n).fetchone()[0] for n in names])

    @unittest.skipUnless(shutil.which("sqlite3"), "the sqlite3 shell is not installed")
    def test_the_history_is_readable_by_sqlite3_while_we_run(self):
        p = subprocess.run(["sqlite3", self.history(), ".tables"], capture_output=True, text=True)
        self.assertEqual((p.returncode, p.stderr), (0, ""))
        self.assertIn("run", p.stdout)
        self.d.push(runs=[run("after")])

    def test_backup_without_a_name(self):
        self.assertEqual(self.auspex("backup", env=self.env)[0], 2)

    def test_backup_never_overwrites(self):
        pathlib.Path(self.path("precious")).write_text("precious")
        status, _, err = self.auspex("backup", self.path("precious"), env=self.env)
        self.assertEqual(status, 1, err)
        self.assertEqual(pathlib.Path(self.path("precious")).read_text(), "precious")

    def test_backup_to_nowhere(self):
        status, _, err = self.auspex("backup", self.path("none/copy.db"), env=self.env)
        self.assertEqual(status, 1)
        self.assertTrue(err)

    def test_backup_without_a_daemon(self):
        self.d.stop()
        self.assertEqual(self.auspex("backup", self.path("copy.db"), env=self.env)[0], 0)

    def test_backup_without_a_history(self):
        self.assertEqual(self.auspex("backup", self.path("copy.db"), env=self.environment(AUSPEX_STATE_DIR=self.path("empty")))[0], 1)
        self.assertFalse(os.path.exists(self.path("copy.db")))

    def test_doctor_is_content(self):
        status, out, _ = self.auspex("doctor", env=self.env)
        self.assertEqual(status, 0, out)
        self.assertIn("All is well.", out)
        self.assertNotIn("BAD", out)

    def test_doctor_without_a_daemon(self):
        self.d.stop()
        self.assertEqual(self.auspex("doctor", env=self.env)[0], 0)

    def test_doctor_sees_a_damaged_history(self):
        self.d.stop()
        size = os.path.getsize(self.history())
        with open(self.history(), "r+b") as f:
            f.seek(4096)
            f.write(b"\xa5" * (size - 4096))
        status, out, _ = self.auspex("doctor", env=self.env)
        self.assertEqual(status, 1, out)
        self.assertIn("BAD", out)


if __name__ == "__main__":
    main()
