"""The Debian package: built in one step, clean for lintian, installed in a root of its own, run from there as its unit says, and
purged without a trace.

$AUSPEX_DEB names a package that is there already; else contrib/deb builds one, which takes a minute or two.
"""
import os
import pathlib
import shutil
import socket
import subprocess
import tempfile
import unittest

from harness import Case, free_port, main, run
from service import Manager, Passed

TOP = pathlib.Path(__file__).resolve().parents[2]
NEEDED = [p for p in ("dpkg-buildpackage", "dh", "lintian") if not shutil.which(p)]


@unittest.skipIf(NEEDED, "not installed: %s (Debian: dpkg-dev debhelper lintian)" % " ".join(NEEDED))
class Package(Case):
    @classmethod
    def setUpClass(cls):
        cls.folder_of_deb = None
        if os.environ.get("AUSPEX_DEB"):
            cls.deb = pathlib.Path(os.environ["AUSPEX_DEB"])
            return
        cls.folder_of_deb = tempfile.mkdtemp(prefix="auspex-deb-")
        p = subprocess.run(["sh", str(TOP / "contrib" / "deb"), cls.folder_of_deb], capture_output=True, text=True)
        assert p.returncode == 0, p.stdout + p.stderr
        cls.deb = next(pathlib.Path(cls.folder_of_deb).glob("*.deb"))

    @classmethod
    def tearDownClass(cls):
        if cls.folder_of_deb:
            shutil.rmtree(cls.folder_of_deb)

    def test_lintian_has_neither_errors_nor_warnings(self):
        changes = next(self.deb.parent.glob("*.changes"), self.deb)
        p = subprocess.run(["lintian", "--no-cfg", "--allow-root", "--fail-on", "error,warning", str(changes)], capture_output=True, text=True)
        self.assertEqual(p.returncode, 0, p.stdout + p.stderr)
        self.assertFalse(list((TOP / "contrib" / "debian").glob("*lintian-overrides")))

    def test_it_is_small(self):
        self.assertLessEqual(self.deb.stat().st_size, 1_500_000)

    def test_what_is_in_it(self):
        names = subprocess.run(["dpkg-deb", "--fsys-tarfile", str(self.deb)], capture_output=True).stdout
        names = subprocess.run(["tar", "-t"], input=names, capture_output=True).stdout.decode().split()
        for name in ("usr/bin/auspex", "usr/bin/patienced", "etc/retry/daemon.json", "lib/systemd/system/auspex.service",
                     "lib/systemd/system/auspex.socket", "lib/systemd/system/retry-daemon.service", "usr/share/man/man1/auspex.1.gz",
                     "usr/share/man/man5/auspex.yml.5.gz", "usr/share/man/man8/patienced.8.gz",
                     "usr/share/bash-completion/completions/auspex", "usr/share/zsh/site-functions/_auspex",
                     "usr/share/fish/vendor_completions.d/auspex.fish", "usr/share/doc/auspex/examples/auspex.yml",
                     "usr/bin/kode-kronical-daemon", "usr/bin/install-kode-kronical-service", "usr/share/man/man8/kode-kronical-daemon.8.gz",
                     "usr/share/bash-completion/completions/kode-kronical-daemon", "usr/share/doc/auspex/copyright", "usr/share/doc/auspex/changelog.gz"):
            self.assertIn("./" + name, names)

    # --- installed in a root of its own ---
    def dpkg(self, *argv):
        p = subprocess.run(["dpkg", "--root=%s" % self.root, "--force-depends", "--force-script-chrootless", *argv], capture_output=True, text=True)
        self.assertEqual(p.returncode, 0, p.stdout + p.stderr)

    def tree(self):
        # Files, and folders of ours: those of the system come and go with their content.
        return sorted(str(p.relative_to(self.root)) for p in self.root.rglob("*") if "var/lib/dpkg" not in str(p) and p.name != "dpkg.log" and
                      p.name[-1] != "-" and p.name != ".pwd.lock" and (not p.is_dir() or p.name in ("auspex", "retry")))

    def install(self):
        self.root = pathlib.Path(self.path("root"))
        for d in ("var/lib/dpkg/info", "var/lib/dpkg/updates", "var/lib/dpkg/triggers", "var/log", "etc", "usr/lib", "usr/share", "lib"):
            (self.root / d).mkdir(parents=True)
        for name in ("status", "available"):
            (self.root / "var/lib/dpkg" / name).write_text("")
        for name in ("passwd", "group", "shadow", "gshadow"):
            (self.root / "etc" / name).write_text("")
        self.before = self.tree()
        self.dpkg("-i", str(self.deb))

    def purge(self):
        self.dpkg("--purge", "auspex")
        self.assertEqual(self.tree(), self.before)
        self.assertNotIn("auspex:", (self.root / "etc/passwd").read_text())

    def unit(self, name):
        """Settings of a unit, as lists: a setting may come more than once."""
        settings = {}
        for line in (self.root / "lib/systemd/system" / name).read_text().splitlines():
            key, equals, value = line.partition("=")
            if equals and not line.startswith("#"):
                settings.setdefault(key, []).append(value)
        return settings

    @unittest.skipUnless(os.geteuid() == 0, "needs root")
    def test_installed_it_runs_and_purged_it_leaves_no_trace(self):
        self.install()
        self.assertIn("auspex:", (self.root / "etc/passwd").read_text())
        self.assertFalse(list((self.root / "etc/systemd").rglob("*.wants/*")) if (self.root / "etc/systemd").exists() else [])  # nothing is enabled
        p = subprocess.run([str(self.root / "usr/bin/patienced"), "-version"], capture_output=True, text=True)
        self.assertEqual(p.stdout, "patienced version 1.0.0\n")
        self.purge()

    def start_as_a_service(self):
        """As systemd would: the user, folder and environment of the unit, its sockets passed on, ready when it says so."""
        service, sockets = self.unit("auspex.service"), self.unit("auspex.socket")
        user = next(line.split(":") for line in (self.root / "etc/passwd").read_text().splitlines() if line.startswith("auspex:"))
        uid, gid, state = int(user[2]), int(user[3]), self.root / "var/lib" / service["StateDirectory"][0]
        for folder in (self.folder, self.root):
            os.chmod(folder, 0o755)
        state.mkdir(mode=int(service["StateDirectoryMode"][0], 8), parents=True, exist_ok=True)
        os.chown(state, uid, gid)
        manager = Manager(self.path("notify"))
        self.addCleanup(manager.close)
        os.chmod(self.path("notify"), 0o777)
        listening = []
        for address in sockets["ListenStream"]:
            listening.append(socket.socket(socket.AF_UNIX))
            listening[-1].bind(self.path(os.path.basename(address)))
            listening[-1].listen(int(sockets["Backlog"][0]))
            self.addCleanup(listening[-1].close)
        port = free_port()
        env = {"PATH": os.environ["PATH"], "NOTIFY_SOCKET": self.path("notify"), "STATE_DIRECTORY": str(state), "AUSPEX_PORT": str(port),
               **dict(e.split("=", 1) for e in service["Environment"])}
        program, *argv = service["ExecStart"][0].split()
        d = Passed(self.folder, argv, port, self.path(os.path.basename(sockets["ListenStream"][0])), env, listening,
                   program=str(self.root) + program, user=uid, group=gid, extra_groups=[])
        self.daemons.append(d)
        manager.until(lambda m: m.get("READY") == "1")
        self.assertEqual(os.stat(state / "history.db").st_uid, uid)
        return d

    @unittest.skipUnless(os.geteuid() == 0, "needs root")
    def test_the_walk_of_a_newcomer(self):
        """Install, start, look at the page, make a rule, see it fire, acknowledge it, see it resolved, purge."""
        self.install()
        d = self.start_as_a_service()
        page = d.get("/")
        self.assertEqual((page.status, page.text[:15]), (200, "<!DOCTYPE html>"))
        d.send_run(run("make all", status="failed"))  # over a socket that was passed
        self.eventually(lambda: d.json("/api/metrics/recent")["count"] == 1)
        rule = {"name": "slow backups", "series": "backup.seconds", "above": 60, "severity": "critical"}
        self.assertEqual(d.post("/api/alerts/rules", rule).status, 200)

        def state(seconds, wanted):
            d.post("/api/push", {"samples": [{"series": "backup.seconds", "v": seconds}]})
            return next((a for a in d.json("/api/alerts")["alerts"] if a["name"] == "slow backups" and a["state"] == wanted), None)
        alert = self.eventually(lambda: state(95, "firing"))
        self.assertEqual((alert["value"], alert["severity"]), (95, "critical"))
        self.assertEqual(d.post("/api/alerts/%d/ack" % alert["id"], {"who": "ada"}).status, 200)
        self.eventually(lambda: state(95, "acknowledged"))
        self.eventually(lambda: state(12, "resolved"))
        told = [e["title"] for e in d.json("/api/events?kind=alert&limit=100")["events"]]
        self.assertEqual(len([t for t in told if "slow backups" in t]), 3, told)
        self.assertEqual(d.stop(), 0)
        self.purge()


if __name__ == "__main__":
    main()
