"""The Debian package: built in one step, clean for lintian, installed and purged in a root of its own without a trace.

$AUSPEX_DEB names a package that is there already; else contrib/deb builds one, which takes a minute or two.
"""
import os
import pathlib
import shutil
import subprocess
import tempfile
import unittest

from harness import Case, main

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
                     "usr/share/doc/auspex/copyright", "usr/share/doc/auspex/changelog.gz"):
            self.assertIn("./" + name, names)

    @unittest.skipUnless(os.geteuid() == 0, "needs root")
    def test_installed_it_runs_and_purged_it_leaves_no_trace(self):
        root = pathlib.Path(self.path("root"))
        for d in ("var/lib/dpkg/info", "var/lib/dpkg/updates", "var/lib/dpkg/triggers", "var/log", "etc", "usr/lib", "usr/share", "lib"):
            (root / d).mkdir(parents=True)
        for name in ("status", "available"):
            (root / "var/lib/dpkg" / name).write_text("")
        for name in ("passwd", "group", "shadow", "gshadow"):
            (root / "etc" / name).write_text("")

        def dpkg(*argv):
            p = subprocess.run(["dpkg", "--root=%s" % root, "--force-depends", "--force-script-chrootless", *argv], capture_output=True, text=True)
            self.assertEqual(p.returncode, 0, p.stdout + p.stderr)

        def tree():
            # Files, and folders of ours: those of the system come and go with their content.
            return sorted(str(p.relative_to(root)) for p in root.rglob("*") if "var/lib/dpkg" not in str(p) and p.name != "dpkg.log" and
                          p.name[-1] != "-" and p.name != ".pwd.lock" and (not p.is_dir() or p.name in ("auspex", "retry")))

        before = tree()
        dpkg("-i", str(self.deb))
        self.assertIn("auspex:", (root / "etc/passwd").read_text())
        self.assertFalse(list((root / "etc/systemd").rglob("*.wants/*")) if (root / "etc/systemd").exists() else [])  # nothing is enabled
        p = subprocess.run([str(root / "usr/bin/patienced"), "-version"], capture_output=True, text=True)
        self.assertEqual(p.stdout, "patienced version 1.0.0\n")
        (root / "var/lib/auspex").mkdir(parents=True, exist_ok=True)
        (root / "var/lib/auspex/history.db").write_text("x")
        dpkg("--purge", "auspex")
        self.assertEqual(tree(), before)
        self.assertNotIn("auspex:", (root / "etc/passwd").read_text())


if __name__ == "__main__":
    main()
