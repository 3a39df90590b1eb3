"""Benches of one engine each, programs or scripts of their own, as rows of the report."""
import json
import os
import pathlib
import re
import shutil
import subprocess

from table import row

HERE = pathlib.Path(__file__).resolve().parent


class Engines:
    """One method a bench; `options`: auspex, programs (folder of the benchmark programs), rounds."""

    NAMES = ("store", "trace", "day", "alert", "watch", "statsd", "page")

    def __init__(self, options):
        self.o = options

    def close(self):
        pass

    def output(self, program, *words, **more):
        return subprocess.run([self.o.programs / program, *map(str, words)], stdout=subprocess.PIPE, text=True, **more).stdout

    def store(self):
        lines = self.output("bench_store", self.o.rounds, check=True).splitlines()
        peer = "bare loop, same index %s rows/s" % re.search(r"(\d+) rows/s", lines[2]).group(1)
        for line in lines[3:6]:
            name, rate, ratio = re.match(r"(.*\S)\s+(\d+) rows/s.* ([\d.]+) of bare\+index", line).groups()
            row("history engine: %s" % name, rate + " rows/s", peer=peer, ratio=float(ratio))

    def trace(self):
        printed = subprocess.run([HERE / "host_trace.py", "print", HERE / "host_hour.gz"], stdout=subprocess.PIPE, check=True).stdout
        done = subprocess.run([self.o.programs / "bench_trace"], input=printed, stdout=subprocess.PIPE)
        series, samples, grown, each, compared, different = done.stdout.split()
        row("stored sample, an hour of a host: growth of the file", "%s bytes" % each.decode(), "<= 2 bytes", verdict=float(each) <= 2)
        row("  %d series, %d samples, %.0f KB: read back, different" % (int(series), int(samples), int(grown) / 1000),
            "%d of %d" % (int(different), int(compared)), "0", verdict=int(different) == 0 and compared == samples)

    def day(self):
        printed = subprocess.run([HERE / "host_trace.py", "print", HERE / "host_hour.gz"], stdout=subprocess.PIPE, check=True).stdout
        done = subprocess.run([self.o.programs / "bench_trace", "24"], input=printed, stdout=subprocess.PIPE, check=True)
        series, _, each, middle, slowest = done.stdout.decode().split()
        row("a day of one of %s series at step 60 s, from disk" % series, "%s ms, slowest %s" % (middle, slowest), "< 5 ms", verdict=float(middle) < 5)
        row("  stored sample of that day", each + " bytes", "<= 2 bytes", verdict=float(each) <= 2)

    def alert(self):
        d = json.loads(self.output("bench_alert"))
        row("%d alert rules on %d series at 1 Hz" % (d["rules"], d["series"]), "%.3f %% of a core" % d["core_percent"], "<= 0.2 %", verdict=d["good"])

    def watch(self):
        d = json.loads(self.output("bench_watch"))
        for key, name in (("gaussian", "Gaussian noise"), ("ar1", "AR(1) noise, phi = .8"), ("daily", "daily season and noise")):
            row("watch, %s: false changes per series and week" % name, "%.3f of %d" % (d[key], d["series_weeks"]), "<= %.1f" % d["bar"], verdict=d[key] <= d["bar"])
        row("watch: CPU of a point; %d series every 10 s" % d["series"], "%.0f ns; %.4f %% of a core" % (d["ns_per_point"], d["core_percent"]))

    def statsd(self):
        d = json.loads(self.output("bench_statsd", check=True))
        row("StatsD line: CPU", "%.0f ns" % d["ns_per_line"])
        row("StatsD interval of %d metrics ends: CPU" % d["metrics"], "%d us" % d["flush_us"])

    def page(self):
        if not shutil.which("node"):
            row("page", "-", peer="node is not installed")
            return
        done = subprocess.run(["node", HERE / "page.mjs", str(self.o.rounds)], stdout=subprocess.PIPE, text=True, env={**os.environ, "AUSPEX": str(self.o.auspex)})
        if done.returncode:
            row("page", "-", peer=(done.stdout.strip() or "it ended with %d" % done.returncode)[:60])
            return
        d = json.loads(done.stdout)
        row("page: everything it fetches to show itself", "%.1f KB compressed" % (d["bytes"] / 1024), "<= 100 KB", verdict=d["bytes"] <= 100 * 1024)
        row("page: loaded", "%.0f ms" % d["loaded_ms"], "< 200 ms", "a page of one sentence %.0f ms" % d["bare_ms"], d["loaded_ms"] < 200)
        row("page: every figure in its place", "%.0f ms" % d["shown_ms"], peer="Chromium %s" % d["chromium"])
        row("page: idle, its thread in the browser", "%.2f %% of a core" % d["idle_main_percent"], "< 2 %",
            "whole browser %.1f %%" % d["idle_browser_percent"], d["idle_main_percent"] < 2)
        row("page: 10 000 events scroll by, %d frames" % d["frames"], "p50 %.1f ms, p99 %.1f" % (d["frame_p50_ms"], d["frame_p99_ms"]), "p99 <= 34 ms",
            "longest %.0f ms" % d["frame_max_ms"], d["frame_p99_ms"] <= 34)
