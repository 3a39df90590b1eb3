"""A recorded hour of a healthy machine, 24 times over: no built-in alert rule speaks. The same hour made sick: the right ones do."""
import os
import pathlib
import re
import subprocess
import sys
import unittest

BENCH = pathlib.Path(__file__).resolve().parents[1] / "bench"
HOURS = 24


def record():
    return subprocess.run([sys.executable, BENCH / "host_trace.py", "texts", BENCH / "host_hour.gz"], capture_output=True, text=True, check=True).stdout


def seconds(text):
    """[(ms, {file: text})]"""
    out, at = [], 0
    while at < len(text):
        end = text.index("\n", at)
        head, at = text[at:end].split(), end + 1
        if len(head) == 1:
            out.append((head[0], {}))
        else:
            out[-1][1][head[1]] = text[at:at + int(head[0])]
            at += int(head[0])
    return out


def join(rows):
    return "".join(ms + "\n" + "".join(f"{len(text)} {name}\n{text}" for name, text in files.items()) for ms, files in rows)


def play(text, hours):
    done = subprocess.run([os.environ["AUSPEX_HOST_DAY"], str(hours)], input=text, capture_output=True, text=True, check=True)
    fired = {}
    for line in done.stdout.splitlines():
        if line.startswith("fired "):
            name, series = line[6:].split(" | ")[:2]
            fired.setdefault(name, set()).add(series)
    return fired, done.stdout.splitlines()[-1]


class HostDay(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.text = record()

    def test_a_healthy_day_is_quiet(self):
        fired, last = play(self.text, HOURS)
        self.assertEqual(fired, {})
        samples, series = map(int, re.match(r"samples (\d+) series (\d+)", last).groups())
        self.assertEqual(samples, HOURS * len(seconds(self.text)))
        self.assertGreater(series, 100)

    def sick(self, bend):
        rows = seconds(self.text)[:1800]
        for n, (_, files) in enumerate(rows):
            bend(n, files)
        return play(join(rows), 1)[0]

    def test_memory_runs_out(self):
        def bend(n, files):
            if n > 600:
                files["meminfo"] = re.sub(r"MemAvailable: \d+", "MemAvailable: 500000", files["meminfo"])
            files["vmstat"] = re.sub(r"oom_kill \d+", "oom_kill %d" % (n > 1000), files["vmstat"])
            files["pressure/memory"] = re.sub(r"avg60=[\d.]+", "avg60=%d.00" % (20 if n > 700 else 0), files["pressure/memory"])
        self.assertEqual(set(self.sick(bend)), {"memory nearly used up", "processes killed for want of memory", "memory pressure"})

    def test_a_bad_cable(self):
        def bend(n, files):
            files["net/dev"] = re.sub(r"eth1: (\d+) (\d+) \d+", lambda m: "eth1: %s %s %d" % (*m.groups(), n * 5), files["net/dev"])
        self.assertEqual(self.sick(bend), {"network receive errors": {"system.interface.rx_errors{interface=eth1}"}})

    def test_disks_that_do_not_keep_up(self):
        def bend(n, files):
            files["pressure/io"] = re.sub(r"(full .*avg300=)[\d.]+", r"\g<1>60.00", files["pressure/io"])
        self.assertEqual(set(self.sick(bend)), {"disk pressure"})


if __name__ == "__main__":
    unittest.main()
