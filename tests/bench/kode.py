"""The host service's bars: its commands, what its client files cost a client, and what 500 processes cost the daemon.

The client is the real library in the virtual environment of the tests; where it is not installed, its reading is done by the same steps here.
"""
import glob
import json
import os
import pathlib
import shutil
import statistics
import subprocess
import tempfile
import time

import harness
from retry import thread_cpu_us
from table import row

VENV = pathlib.Path(os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")) / "auspex-tests/kode-venv"
CLIENT = """
import statistics, sys, time
from kode_kronical.daemon_client import DaemonClient
c = DaemonClient(sys.argv[1])
def call():
    begin = time.perf_counter()
    running = c.is_daemon_running()
    found = c.get_metrics_at_time(time.perf_counter())
    assert running
    return (time.perf_counter() - begin) * 1000
call()
print(statistics.median(call() for _ in range(50)))
"""
SECONDS = 20


class Kode:
    """One method a bench; `options`: auspex, programs (folder of the benchmark programs), rounds."""

    NAMES = ("commands", "client", "processes")

    def __init__(self, options):
        self.o = options
        self.folder = tempfile.mkdtemp(prefix="auspex-bench-")
        self.env = {"PATH": os.environ["PATH"], "HOME": self.folder, "XDG_STATE_HOME": os.path.join(self.folder, "state")}
        self.data = os.path.join(self.folder, ".local/share/kode-kronical")

    def close(self):
        self.call("stop")
        shutil.rmtree(self.folder, ignore_errors=True)

    def call(self, *words):
        begin = time.monotonic()
        subprocess.run([self.o.auspex, "as", "kode-kronical-daemon", *words], env=self.env, stdout=subprocess.DEVNULL)
        return (time.monotonic() - begin) * 1000

    # --- one row each ---
    def commands(self):
        starts, firsts, status, stops = [], [], [], []
        for _ in range(self.o.rounds):
            shutil.rmtree(self.data, ignore_errors=True)
            starts.append(self.call("start"))
            begin = time.monotonic()
            while not os.path.exists(self.data + "/metrics_live.json"):
                time.sleep(0.001)
            firsts.append((time.monotonic() - begin) * 1000)
            time.sleep(1.2)
            status += [self.call("status") for _ in range(10)]
            stops.append(self.call("stop"))
        peer = "kode-kronical is not installed"
        theirs = VENV / "bin/kode-kronical-daemon"
        if theirs.exists():
            begin = time.monotonic()
            subprocess.run([theirs, "status"], env=self.env, stdout=subprocess.DEVNULL)
            peer = "the Python one %.0f ms" % ((time.monotonic() - begin) * 1000)
        row("host service: start until it runs", "%.1f ms" % statistics.median(starts))
        row("host service: first client file after start returned", "%.1f ms" % statistics.median(firsts), "<= 500 ms", verdict=max(firsts) <= 500)
        row("host service: status", "%.1f ms" % statistics.median(status), "<= 10 ms", peer, statistics.median(status) <= 10)
        row("host service: stop", "%.1f ms" % statistics.median(stops), "<= 300 ms", verdict=max(stops) <= 300)

    def client(self):
        folder = os.path.join(self.folder, "day")
        printed = subprocess.run([self.o.programs / "bench_client_files", folder], capture_output=True, text=True, check=True).stdout.split()
        samples, cpu, size, most = int(printed[0]), float(printed[1]), int(printed[2]), int(printed[3])
        row("client files: CPU a sample, over %d samples" % samples, "%.0f us" % cpu)
        row("client files: most bytes in a day", str(most), "<= 262144", verdict=most <= 262144)
        os.utime(folder + "/metrics_live.json")
        if (VENV / "bin/python").exists():
            out = subprocess.run([VENV / "bin/python", "-c", CLIENT, folder], capture_output=True, text=True, check=True).stdout
            cost, how = float(out), "the real library"
        else:
            times = []
            for _ in range(50):
                begin = time.perf_counter()
                for name in glob.glob(folder + "/metrics_*.json"):
                    os.stat(name)
                    json.load(open(name))
                times.append((time.perf_counter() - begin) * 1000)
            cost, how = statistics.median(times), "its steps"
        row("client files: cost of a timed call after a day", "%.2f ms" % cost, "<= 5 ms", how, cost <= 5)

    def processes(self):
        crowd = [subprocess.Popen(["sleep", "1000"]) for _ in range(490)]
        crowd += [subprocess.Popen(["python3", "-c", "import time; time.sleep(1000)"]) for _ in range(10)]
        try:
            self.call("start")
            pid = int(open(self.data + "/daemon.pid").read())
            time.sleep(8)
            before = thread_cpu_us(pid)
            time.sleep(SECONDS)
            share = (thread_cpu_us(pid) - before) / SECONDS / 1e4
            rss = dirty = 0
            for line in open("/proc/%d/smaps_rollup" % pid):
                rss = int(line.split()[1]) if line.startswith("Rss:") else rss
                dirty = int(line.split()[1]) if line.startswith("Private_Dirty:") else dirty
        finally:
            for p in crowd:
                p.kill()
            for p in crowd:
                p.wait()
            self.call("stop")
        row("host service, 500 processes, all on: share of a core", "%.3f %%" % share, "<= 0.3 %", verdict=share <= 0.3)
        row("host service: resident, private dirty", "%.1f MB, %.1f MB" % (rss / 1024, dirty / 1024), "<= 10 MB, <= 6 MB",
            verdict=rss <= 10240 and dirty <= 6144)
