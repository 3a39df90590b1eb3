"""The manual pages and completions that the build writes from the program's own tables."""
import json
import os
import pathlib
import re
import shutil
import subprocess
import unittest

from harness import AUSPEX, Case, main

DOC = pathlib.Path(AUSPEX).parent / "src" / "app" / "manual"
PAGES = ("auspex.1", "auspex.yml.5", "patienced.8", "kode-kronical-daemon.8")


def text(name):
    return (DOC / name).read_text()


class Pages(Case):
    @unittest.skipUnless(shutil.which("man") and shutil.which("groff"), "man and groff are not installed")
    def test_man_has_no_warnings(self):
        for page in PAGES:
            p = subprocess.run(["man", "--warnings", "-E", "UTF-8", "-l", "-Tutf8", "-Z", str(DOC / page)], capture_output=True, text=True,
                               env={**os.environ, "MANROFFSEQ": "", "MANWIDTH": "80", "LC_ALL": "C.UTF-8"})
            self.assertEqual((p.returncode, p.stderr), (0, ""), page)

    @unittest.skipUnless(shutil.which("mandoc"), "mandoc is not installed")
    def test_mandoc_has_no_warnings(self):
        for page in PAGES:
            p = subprocess.run(["mandoc", "-Tlint", "-W", "warning", str(DOC / page)], capture_output=True, text=True)
            self.assertEqual(p.stdout, "", page)

    def test_every_command_is_explained(self):
        _, out, _ = self.command("--help")
        names = re.findall(r"(?m)^  (\w+) ", out.split("Program names")[0])
        self.assertIn("backup", names)
        for name in names:
            self.assertRegex(text("auspex.1"), r"(?m)^\.SS %s\b" % name)

    def test_every_option_is_explained(self):
        _, out, _ = self.command("config", "show", "--json")
        page = text("auspex.yml.5").replace("\\-", "-")
        for section, rows in json.loads(out).items():
            for key in rows if isinstance(rows, dict) else []:
                self.assertIn("\n.B %s\n" % (section + "." + key if section else key), page)

    def test_every_flag_of_the_personality_is_explained(self):
        _, _, err = self.command("as", "patienced", "-help")
        for flag in re.findall(r"(?m)^  -([\w-]+)", err):
            self.assertRegex(text("patienced.8").replace("\\-", "-"), r"(?m)^\.B -%s" % flag)


class Completions(Case):
    def bash(self, *words):
        """What bash offers for the last of these words."""
        program = words[0]
        script = ("source %s; COMP_WORDS=(%s); COMP_CWORD=%d; _%s; printf '%%s\\n' \"${COMPREPLY[@]}\""
                  % (DOC / (program + ".bash"), " ".join("'%s'" % w for w in words), len(words) - 1, program.replace("-", "_")))
        p = subprocess.run(["bash", "--norc", "-c", script], capture_output=True, text=True, cwd=self.folder)
        self.assertEqual(p.stderr, "")
        return p.stdout.split()

    def test_bash_offers_commands(self):
        self.assertEqual(self.bash("auspex", "re"), ["restart", "reload"])

    def test_bash_offers_options_of_the_command(self):
        self.assertEqual(self.bash("auspex", "run", "--retry-max-r"), ["--retry-max-runs"])
        self.assertEqual(self.bash("auspex", "version", "--retry"), [])

    def test_bash_offers_choices(self):
        self.assertEqual(self.bash("auspex", "run", "--log-level", ""), ["debug", "info", "warn", "error"])

    def test_bash_offers_files_and_words(self):
        pathlib.Path(self.path("good.yml")).write_text("")
        self.assertEqual(self.bash("auspex", "run", "--config", "goo"), ["good.yml"])
        self.assertEqual(self.bash("auspex", "config", ""), ["show", "check", "default"])

    def test_bash_offers_the_flags_of_the_personality(self):
        self.assertEqual(self.bash("patienced", "-max"), ["-max-age", "-max-metrics"])
        self.assertEqual(self.bash("auspex", "as", "p"), ["patienced"])
        self.assertEqual(self.bash("auspex", "as", ""), ["patienced", "kode-kronical-daemon"])

    def test_bash_offers_the_commands_of_the_host_service(self):
        self.assertEqual(self.bash("kode-kronical-daemon", "sta"), ["start", "status"])
        self.assertEqual(self.bash("kode-kronical-daemon", "start", "--fo"), ["--foreground"])

    def test_what_bash_offers_is_taken(self):
        for flag in self.bash("auspex", "run", "--no-"):
            self.assertEqual(self.command("config", "check", flag)[0], 0, flag)

    @unittest.skipUnless(shutil.which("zsh"), "zsh is not installed")
    def test_zsh_reads_its_file(self):
        p = subprocess.run(["zsh", "-fn", str(DOC / "_auspex")], capture_output=True, text=True)
        self.assertEqual((p.returncode, p.stderr), (0, ""))

    @unittest.skipUnless(shutil.which("fish"), "fish is not installed")
    def test_fish_offers_commands_and_choices(self):
        def fish(line):
            p = subprocess.run(["fish", "--no-config", "-c", "source %s; complete -C '%s'" % (DOC / "auspex.fish", line)], capture_output=True,
                               text=True, env={**os.environ, "HOME": self.folder})
            self.assertEqual(p.stderr, "")
            return [row.split("\t")[0] for row in p.stdout.splitlines()]
        self.assertEqual(sorted(fish("auspex re")), ["reload", "restart"])
        self.assertEqual(sorted(fish("auspex run --log-level ")), ["debug", "error", "info", "warn"])


if __name__ == "__main__":
    main()
