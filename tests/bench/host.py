"""What sampling the host costs: all collectors without the process scan, the eight numbers alone, memory; beside them at one sample a second
netdata, collectd and a loop of psutil as the Python service runs it, each where it is installed, in the same minute."""
import json
import os
import pathlib
import re
import shutil
import socket
import subprocess
import tempfile
import time
import urllib.request

from retry import thread_cpu_us
from table import row

SECONDS = 60
WARM = 12
EIGHT = ("disk", "paging", "pressure", "protocols", "kernel", "connections", "filesystem", "links", "sensors", "cgroups")
PSUTIL = """
import time, psutil
while True:
    psutil.cpu_percent(); m = psutil.virtual_memory(); psutil.getloadavg(); n = psutil.net_io_counters()
    time.sleep(1)
"""
COLLECTD = """
Interval 1
BaseDir "{0}"
PIDFile "{0}/pid"
TypesDB "/usr/share/collectd/types.db"
LoadPlugin cpu
LoadPlugin memory
LoadPlugin load
LoadPlugin interface
LoadPlugin disk
LoadPlugin df
LoadPlugin swap
LoadPlugin vmem
LoadPlugin protocols
LoadPlugin conntrack
LoadPlugin contextswitch
LoadPlugin irq
LoadPlugin csv
<Plugin csv>
  DataDir "{0}/csv"
</Plugin>
"""
NETDATA = "[global]\n  hostname = bench\n  run as user = root\n[directories]\n  cache = {0}/cache\n  lib = {0}/lib\n  log = {0}/log\n" \
          "[db]\n  mode = ram\n  update every = 1\n[ml]\n  enabled = no\n[health]\n  enabled = no\n[web]\n  default port = {1}\n  bind to = 127.0.0.1\n" \
          "[plugins]\n  apps = no\n  python.d = no\n  go.d = no\n  charts.d = no\n  ebpf = no\n  cgroups = no\n  tc = no\n  statsd = no\n"


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def memory_mb(pid, name, file="status"):
    text = pathlib.Path("/proc/%d/%s" % (pid, file)).read_text()
    return int(re.search(r"(?m)^%s:\s+(\d+)" % name, text)[1]) / 1024


class Host:
    """One method a bench; `options`: auspex."""

    NAMES = ("host",)

    def __init__(self, options):
        self.o = options
        self.folder = tempfile.mkdtemp(prefix="auspex-bench-")
        self.running = []

    def close(self):
        for p in self.running:
            p.kill()
            p.wait()
        shutil.rmtree(self.folder, ignore_errors=True)

    def run(self, name, argv):
        place = os.path.join(self.folder, name)
        os.makedirs(place, exist_ok=True)
        p = subprocess.Popen(argv, cwd=place, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.running.append(p)
        return p

    def auspex(self, name, *words):
        port = free_port()
        return port, self.run(name, [self.o.auspex, "run", "--state-dir", os.path.join(self.folder, name), "--port", str(port), "--fleet-port", "0",
                                     "--aliases", "", "--system-processes", "0", *words])

    def peers(self):
        if subprocess.run(["/usr/bin/python3", "-c", "import psutil"], stderr=subprocess.DEVNULL).returncode == 0:
            yield "psutil, eight numbers", self.run("psutil", ["/usr/bin/python3", "-c", PSUTIL]), None
        if shutil.which("collectd"):
            place = os.path.join(self.folder, "collectd")
            os.makedirs(place)
            pathlib.Path(place, "collectd.conf").write_text(COLLECTD.format(place))
            yield "collectd", self.run("collectd", ["collectd", "-f", "-C", place + "/collectd.conf"]), lambda: self.collectd_series(place)
        if shutil.which("netdata"):
            place, port = os.path.join(self.folder, "netdata"), free_port()
            for name in ("cache", "lib", "log"):
                os.makedirs(os.path.join(place, name))
            pathlib.Path(place, "netdata.conf").write_text(NETDATA.format(place, port))
            yield "netdata", self.run("netdata", ["netdata", "-D", "-c", place + "/netdata.conf"]), lambda: self.netdata_series(port)

    @staticmethod
    def collectd_series(place):
        return sum(len(open(f).readline().split(",")) - 1 for f in pathlib.Path(place, "csv").rglob("*") if f.is_file())

    @staticmethod
    def netdata_series(port):
        charts = json.load(urllib.request.urlopen("http://127.0.0.1:%d/api/v1/charts" % port))["charts"]
        return sum(len(c["dimensions"]) for c in charts.values())

    def host(self):
        none_port, none = self.auspex("none", "--system-enabled=false")
        all_port, everything = self.auspex("all")
        _, eight = self.auspex("eight", "--watch-enabled=false", *(w for name in EIGHT for w in ("--system-" + name, "0")))
        peers = list(self.peers())
        time.sleep(WARM)
        watched = [none, everything, eight] + [p for _, p, _ in peers if p.poll() is None]
        before = [thread_cpu_us(p.pid) for p in watched]
        time.sleep(SECONDS)
        share = {p.pid: (thread_cpu_us(p.pid) - was) / SECONDS / 1e4 for p, was in zip(watched, before)}
        series = len(json.load(urllib.request.urlopen("http://127.0.0.1:%d/api/series?match=system.*" % all_port))["series"])
        text = []
        for name, p, count in peers:
            if p.pid in share and p.poll() is None:
                text.append("%s %.3f %%%s, %.0f MB" % (name, share[p.pid], ", %d series" % count() if count else "", memory_mb(p.pid, "VmRSS")))
            else:
                text.append(name + " would not run")
        mine = share[everything.pid] - share[none.pid]
        row("host: all collectors but processes, %d series" % series, "%.3f %% of a core" % mine, "<= 0.1 %", text[0] if text else "no peer is installed", mine <= 0.1)
        less = share[eight.pid] - share[none.pid]
        row("host: the core set alone", "%.3f %% of a core" % less, "<= 0.03 %", "; ".join(text[1:]), less <= 0.03)
        rss, dirty = memory_mb(everything.pid, "VmRSS"), memory_mb(everything.pid, "Private_Dirty", "smaps_rollup")
        row("host: memory of the daemon with all of it", "%.1f MB, %.1f private dirty" % (rss, dirty), "<= 10, <= 6 MB", verdict=rss <= 10 and dirty <= 6)
