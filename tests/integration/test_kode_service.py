"""install-kode-kronical-service against a folder in place of / and a systemctl that only notes what it was told."""
import os
import pathlib
import re
import shutil
import stat
import subprocess
import unittest

from harness import AUSPEX, Case, main

TOP = pathlib.Path(__file__).resolve().parents[2]
SCRIPT = str(TOP / "contrib/install-kode-kronical-service")
SYSTEMCTL = """#!/bin/sh
echo "systemctl $*" >>"$CALLS"
case $* in *is-active*) exit "${ACTIVE:-0}" ;; esac
"""


class Service(Case):
    def setUp(self):
        super().setUp()
        self.root, self.home = self.path("root"), self.path("home")
        os.makedirs(self.path("bin"))
        for name, text in (("systemctl", SYSTEMCTL), ("loginctl", '#!/bin/sh\necho "loginctl $*" >>"$CALLS"\n')):
            pathlib.Path(self.path("bin/" + name)).write_text(text)
            os.chmod(self.path("bin/" + name), 0o755)
        os.symlink(AUSPEX, self.path("bin/kode-kronical-daemon"))
        self.daemon = self.path("bin/kode-kronical-daemon")

    def run_script(self, *argv, script=SCRIPT, **env):
        p = subprocess.run([script, "--root", self.root, *argv], capture_output=True, text=True, cwd=self.folder, timeout=60,
                           env=self.environment(PATH=self.path("bin") + ":" + os.environ["PATH"], HOME=self.home, CALLS=self.path("calls"), **env))
        return p.returncode, p.stdout, p.stderr

    def calls(self):
        try:
            return pathlib.Path(self.path("calls")).read_text().splitlines()
        except FileNotFoundError:
            return []

    def read(self, path):
        return pathlib.Path(self.root + path).read_text()

    def test_of_the_machine(self):
        status, out, err = self.run_script("--system")
        self.assertEqual((status, err), (0, ""))
        unit = self.read("/etc/systemd/system/kode-kronical-daemon.service")
        user = subprocess.run(["id", "-un"], capture_output=True, text=True).stdout.strip()
        home = os.path.expanduser("~" + user)
        for line in ("Description=kode-kronical System Monitoring Daemon", "Type=simple", "Restart=on-failure", "RestartSec=10", "User=" + user,
                     "ExecStart=%s -c /etc/kode-kronical/daemon.yaml start --foreground" % self.daemon, "ExecReload=/bin/kill -HUP $MAINPID",
                     "Environment=HOME=" + home, "WorkingDirectory=" + home, "WantedBy=multi-user.target", "After=network.target"):
            self.assertIn(line + "\n", unit)
        self.assertIn('data_dir: "%s/.local/share/kode-kronical"' % home, self.read("/etc/kode-kronical/daemon.yaml"))
        calls = self.calls()
        self.assertEqual(calls[:3], ["systemctl daemon-reload", "systemctl enable kode-kronical-daemon", "systemctl restart kode-kronical-daemon"])
        self.assertIn("sudo journalctl -u kode-kronical-daemon -f", out)

    def test_of_the_user(self):
        status, out, err = self.run_script("install", "--user")
        self.assertEqual((status, err), (0, ""))
        unit = self.read(self.home + "/.config/systemd/user/kode-kronical-daemon.service")
        self.assertIn("Description=kode-kronical System Monitoring Daemon (User Service)\n", unit)
        self.assertIn("WantedBy=default.target\n", unit)
        self.assertNotIn("User=", unit)
        self.assertTrue(any(c.startswith("loginctl enable-linger ") for c in self.calls()))
        self.assertIn("systemctl --user enable kode-kronical-daemon", self.calls())
        config = self.home + "/.config/kode-kronical/daemon.yaml"
        self.assertIn("-c %s start --foreground\n" % config, unit)
        # The daemon takes the configuration that was made.
        p = subprocess.run([self.daemon, "-c", self.root + config, "status"], capture_output=True, text=True, env=self.environment(HOME=self.home))
        self.assertEqual((p.returncode, p.stdout), (3, "Daemon not running\n"))

    def test_who_decides(self):
        self.run_script()
        expected = "/etc/systemd/system" if os.getuid() == 0 else self.home + "/.config/systemd/user"
        self.assertTrue(os.path.exists(self.root + expected + "/kode-kronical-daemon.service"))

    def test_a_configuration_that_is_there_is_taken(self):
        config = self.root + self.home + "/.config/kode-kronical/daemon.yaml"
        os.makedirs(os.path.dirname(config))
        pathlib.Path(config).write_text("daemon: {sample_interval: 3}\n")
        self.assertEqual(self.run_script("--user")[0], 0)
        self.assertEqual(pathlib.Path(config).read_text(), "daemon: {sample_interval: 3}\n")

    def test_again_and_away(self):
        unit = "/etc/systemd/system/kode-kronical-daemon.service"
        self.run_script("--system")
        before = self.read(unit)
        self.assertEqual(self.run_script("--system")[0], 0)
        self.assertEqual(self.read(unit), before)
        os.remove(self.path("calls"))
        self.assertEqual(self.run_script("--system", "uninstall")[0], 0)
        self.assertFalse(os.path.exists(self.root + unit))
        self.assertTrue(os.path.exists(self.root + "/etc/kode-kronical/daemon.yaml"))
        self.assertEqual(self.calls(), ["systemctl stop kode-kronical-daemon", "systemctl disable kode-kronical-daemon", "systemctl daemon-reload"])
        self.assertEqual(self.run_script("--system", "uninstall")[0], 0)

    def test_a_service_that_does_not_run(self):
        status, _, err = self.run_script("--system", ACTIVE="3")
        self.assertEqual(status, 1)
        self.assertIn("does not run", err)

    def test_the_python_program_of_that_name_is_not_taken(self):
        os.remove(self.daemon)
        pathlib.Path(self.daemon).write_text("#!/usr/bin/python3\n")
        os.chmod(self.daemon, 0o755)
        status, _, err = self.run_script("--system", "--daemon", self.daemon)
        self.assertEqual(status, 1)
        os.symlink(AUSPEX, self.path("bin/auspex"))
        self.assertEqual(self.run_script("--system", "--daemon", self.path("bin/auspex"))[0], 0)
        self.assertIn("ExecStart=%s as kode-kronical-daemon -c " % self.path("bin/auspex"), self.read("/etc/systemd/system/kode-kronical-daemon.service"))

    def test_help_and_errors(self):
        p = subprocess.run([SCRIPT, "--help"], capture_output=True, text=True)
        self.assertEqual((p.returncode, p.stderr), (0, ""))
        self.assertIn("uninstall", p.stdout)
        self.assertEqual(self.run_script("--nonsense")[0], 2)

    @unittest.skipIf(os.getuid() == 0, "root may")
    def test_the_machine_needs_root(self):
        p = subprocess.run([SCRIPT, "--system"], capture_output=True, text=True)
        self.assertEqual(p.returncode, 1)
        self.assertIn("root", p.stderr)

    @unittest.skipUnless(shutil.which("systemd-analyze"), "systemd-analyze is not installed")
    def test_systemd_takes_the_unit(self):
        self.run_script("--system")
        p = subprocess.run(["systemd-analyze", "verify", "--man=no", self.root + "/etc/systemd/system/kode-kronical-daemon.service"], capture_output=True, text=True)
        self.assertEqual([line for line in p.stderr.splitlines() if "kode-kronical-daemon.service:" in line], [])

    def test_contrib_install_brings_it_along(self):
        p = subprocess.run([str(TOP / "contrib/install"), "--root", self.root, "--binary", AUSPEX, "--links", "kode-kronical-daemon"],
                           capture_output=True, text=True, env=self.environment())
        self.assertEqual(p.returncode, 0, p.stderr)
        self.assertEqual(os.readlink(self.root + "/usr/local/bin/kode-kronical-daemon"), "auspex")
        script = self.root + "/usr/local/bin/install-kode-kronical-service"
        self.assertTrue(os.stat(script).st_mode & stat.S_IXUSR)
        os.remove(self.daemon)
        self.assertEqual(self.run_script("--system", script=script)[0], 0)
        self.assertIn("ExecStart=%s/usr/local/bin/kode-kronical-daemon -c" % self.root, self.read("/etc/systemd/system/kode-kronical-daemon.service"))


if __name__ == "__main__":
    main()
