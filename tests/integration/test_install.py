"""contrib/install below a folder of its own, and the service files it installs."""
import json
import os
import pathlib
import plistlib
import re
import shutil
import stat
import subprocess
import unittest

from harness import AUSPEX, Case, main

TOP = pathlib.Path(__file__).resolve().parents[2]
UNITS = TOP / "contrib" / "systemd"


class Install(Case):
    def setUp(self):
        super().setUp()
        self.root = pathlib.Path(self.path("root"))
        self.root.mkdir()

    def install(self, *argv, status=0, **env):
        p = subprocess.run(["sh", str(TOP / "contrib" / "install"), "--root", str(self.root), "--binary", AUSPEX, *argv],
                           capture_output=True, text=True, timeout=60, env={**os.environ, **env})
        self.assertEqual(p.returncode, status, p.stdout + p.stderr)
        return p.stdout + p.stderr

    def mode(self, path):
        return stat.S_IMODE(os.stat(self.root / path).st_mode)

    def tree(self):
        return sorted(str(p.relative_to(self.root)) for p in self.root.rglob("*"))

    def test_the_places_of_the_retry_daemon(self):
        self.install()
        self.assertEqual(self.mode("usr/local/bin/auspex"), 0o755)
        self.assertEqual(os.readlink(self.root / "usr/local/bin/patienced"), "auspex")
        self.assertEqual(self.mode("usr/local/etc/retry"), 0o755)
        self.assertEqual(self.mode("usr/local/etc/retry/daemon.json"), 0o644)
        self.assertEqual(self.mode("usr/local/var/lib/retry"), 0o750)
        self.assertEqual(self.mode("usr/local/var/log/retry"), 0o750)
        for unit in ("auspex.service", "auspex.socket", "retry-daemon.service"):
            self.assertTrue((self.root / "etc/systemd/system" / unit).exists(), unit)

    def test_the_configuration_is_the_guides_example(self):
        self.install()
        config = json.loads((self.root / "usr/local/etc/retry/daemon.json").read_text())
        self.assertEqual(config, {"socket_path": "/tmp/retry-daemon.sock", "http_port": 8080, "max_metrics": 10000,
                                  "metrics_max_age": "24h", "log_level": "info", "pid_file": "/var/run/retry-daemon.pid",
                                  "enable_http": True, "enable_profiling": False})

    def test_an_upgrade_keeps_the_configuration_and_replaces_the_program(self):
        self.install()
        config, program = self.root / "usr/local/etc/retry/daemon.json", self.root / "usr/local/bin/auspex"
        config.write_text('{"http_port": 9}')
        program.write_text("old")
        inode, before = program.stat().st_ino, self.tree()
        self.assertIn("upgraded", self.install())
        self.assertEqual(config.read_text(), '{"http_port": 9}')
        self.assertEqual(program.read_bytes(), pathlib.Path(AUSPEX).read_bytes())
        self.assertNotEqual(program.stat().st_ino, inode)  # renamed into place: a running program keeps its file
        self.assertEqual(self.tree(), before)

    def test_uninstall_leaves_no_trace(self):
        self.install()
        (self.root / "usr/local/var/lib/retry/history.db").write_text("x")
        (self.root / "usr/local/var/log/retry/daemon.log").write_text("x")
        self.install("--uninstall")
        self.assertEqual(self.tree(), [])

    def test_uninstall_leaves_what_was_there_before(self):
        for name in ("usr/local/bin/other", "etc/systemd/system/other.service"):
            (self.root / name).parent.mkdir(parents=True, exist_ok=True)
            (self.root / name).write_text("x")
        before = self.tree()
        self.install()
        self.install()  # an upgrade must not take old directories for its own
        self.install("--uninstall")
        self.assertEqual(self.tree(), before)

    def test_uninstall_can_keep_the_data(self):
        self.install()
        (self.root / "usr/local/var/lib/retry/history.db").write_text("x")
        self.install("--uninstall", "--keep-data")
        self.assertTrue((self.root / "usr/local/var/lib/retry/history.db").exists())
        self.assertTrue((self.root / "usr/local/etc/retry/daemon.json").exists())
        self.assertFalse((self.root / "usr/local/bin").exists())

    def test_uninstall_of_nothing_is_an_error(self):
        self.assertIn("nothing is installed", self.install("--uninstall", status=1))

    def test_prefix_user_and_links_reach_the_units(self):
        self.install("--prefix", "/opt/a", "--user", "watch", "--links", "patienced other")
        unit = (self.root / "etc/systemd/system/retry-daemon.service").read_text()
        self.assertIn("ExecStart=/opt/a/bin/patienced -config /opt/a/etc/retry/daemon.json\n", unit)
        self.assertIn("User=watch\nGroup=watch\n", unit)
        self.assertNotIn("/usr/local", unit)
        self.assertEqual(os.readlink(self.root / "opt/a/bin/other"), "auspex")
        self.install("--prefix", "/opt/a", "--uninstall")
        self.assertEqual(self.tree(), [])

    def test_destdir_is_the_root(self):
        p = subprocess.run(["sh", str(TOP / "contrib" / "install"), "--binary", AUSPEX], capture_output=True, text=True,
                           env={**os.environ, "DESTDIR": str(self.root)})
        self.assertEqual(p.returncode, 0, p.stderr)
        self.assertTrue((self.root / "usr/local/bin/auspex").exists())

    @unittest.skipUnless(os.geteuid() == 0 and shutil.which("useradd"), "making users needs root and useradd")
    def test_the_user_is_made_once_and_removed_again(self):
        (self.root / "etc").mkdir()
        for name in ("passwd", "group", "shadow", "gshadow"):
            (self.root / "etc" / name).write_text("")
        self.install()
        self.install()
        passwd = (self.root / "etc/passwd").read_text()
        self.assertEqual(len(re.findall(r"(?m)^retry:x:\d+:\d+:[^:]*:/usr/local/var/lib/retry:/bin/false$", passwd)), 1, passwd)
        self.assertEqual(os.stat(self.root / "usr/local/var/lib/retry").st_uid, int(passwd.split(":")[2]))
        self.install("--uninstall")
        self.assertEqual((self.root / "etc/passwd").read_text(), "")

    def test_bad_arguments(self):
        self.assertIn("absolute", self.install("--prefix", "here", status=1))
        self.assertIn("no user name", self.install("--user", "a b", status=1))
        self.assertIn("unknown option", self.install("--nosuch", status=2))
        self.assertIn("needs a value", self.install("--user", status=1))
        self.assertEqual(self.tree(), [])


@unittest.skipUnless(shutil.which("systemd-analyze"), "systemd-analyze is not installed (Debian: systemd)")
class Units(Case):
    def exposure(self, unit):
        p = subprocess.run(["systemd-analyze", "security", "--offline=true", "--no-pager", str(UNITS / unit)], capture_output=True, text=True)
        found = re.search(r"Overall exposure level for \S+: ([0-9.]+)", p.stdout)
        self.assertTrue(found, p.stdout + p.stderr)
        return float(found[1])

    def test_exposure_of_the_retry_unit(self):
        self.assertLessEqual(self.exposure("retry-daemon.service"), 1.5)

    def test_exposure_of_the_native_unit(self):
        self.assertLessEqual(self.exposure("auspex.service"), 1.8)

    def test_systemd_finds_nothing_to_say(self):
        for unit in UNITS.iterdir():
            text = re.sub(r"(?m)^ExecStart=\S+", "ExecStart=/bin/true", unit.read_text())
            pathlib.Path(self.path(unit.name)).write_text(text)
        files = [self.path(u.name) for u in UNITS.iterdir()]
        p = subprocess.run(["systemd-analyze", "verify", "--man=no", *files], capture_output=True, text=True)
        ours = [line for line in p.stderr.splitlines() if re.search(r"auspex|retry-daemon", line)]
        self.assertEqual(ours, [])


class ServiceFiles(Case):
    def rows(self, unit):
        return [line for line in (UNITS / unit).read_text().splitlines() if "=" in line and line[0] not in "#["]

    def test_clients_reach_the_sockets_and_peers_keep_their_names(self):
        for unit in ("auspex.service", "retry-daemon.service"):
            rows = self.rows(unit)
            self.assertFalse([r for r in rows if r.startswith(("PrivateTmp=", "PrivateUsers="))], unit)
            self.assertTrue([r for r in rows if r.startswith("ReadWritePaths=") and r.split("=")[1].split()[-1] == "/tmp"], unit)

    def test_the_manager_watches(self):
        for unit in ("auspex.service", "retry-daemon.service"):
            rows = self.rows(unit)
            for row in ("Type=notify", "WatchdogSec=30", "Restart=always", "RestartSec=5", "TimeoutStopSec=30", "LimitNOFILE=65536"):
                self.assertIn(row, rows, unit)

    def test_launchd_files_are_readable_and_say_what_the_guide_says(self):
        for label in ("com.retry.daemon", "com.auspex.daemon"):
            with open(TOP / "contrib" / "launchd" / (label + ".plist"), "rb") as f:
                p = plistlib.load(f)
            self.assertEqual(p["Label"], label)
            self.assertTrue(p["RunAtLoad"])
            self.assertEqual(p["KeepAlive"], {"SuccessfulExit": False, "Crashed": True})
            self.assertTrue(p["StandardOutPath"].startswith("/usr/local/var/log/retry/"))
            self.assertEqual(p["ExitTimeOut"], 30)

    def test_every_variable_of_the_units_is_known_to_the_program(self):
        env = dict(r.split("=", 1)[1].split("=", 1) for r in self.rows("auspex.service") if r.startswith("Environment="))
        status, out, err = self.command("config", "show", env=self.environment(**env))
        self.assertEqual(status, 0, err)
        self.assertIn('socket_mode: "0666"', out)


if __name__ == "__main__":
    main()
