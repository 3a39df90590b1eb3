"""What sampling the host costs: all collectors without the process scan, the eight numbers alone, memory; beside them at one sample a second
netdata, collectd and a loop of psutil as the Python service runs it, each where it is installed, in the same minute. And a minute at ten samples a
second with everything on: none lost, none twice."""
import json
import os
import pathlib
import re
import shutil
import socket
import sqlite3
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
# Both peers are told to collect about what the daemon does, and nothing else: the counts are printed beside the figures.
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
LoadPlugin csv
<Plugin protocols>
  Value "/^(Tcp|Udp|Ip):/"
</Plugin>
<Plugin csv>
  DataDir "{0}/csv"
</Plugin>
"""
NETDATA = """
[global]
  hostname = bench
  run as user = root
[directories]
  cache = {0}/cache
  lib = {0}/lib
  log = {0}/log
[db]
  mode = ram
  update every = 1
[ml]
  enabled = no
[health]
  enabled = no
[web]
  default port = {1}
  bind to = 127.0.0.1
[plugins]
  enable running new plugins = no
"""
NETDATA_OFF = {
    "plugins": ("netdata monitoring", "netdata monitoring extended", "timex", "idlejitter", "apps", "python.d", "go.d", "charts.d", "ebpf", "cgroups",
                "tc", "statsd", "slabinfo", "perf", "nfacct", "ioping", "checks"),
    "plugin:proc": ("/proc/interrupts", "/proc/softirqs", "/sys/block/zram", "ipc", "/proc/sys/kernel/random/entropy_avail", "/proc/net/stat/conntrack"),
    "plugin:proc:/proc/net/softnet_stat": ("softnet_stat per core",),
    "plugin:proc:/proc/diskstats": ("extended operations for all disks",),
    "plugin:proc:/proc/net/dev": tuple(what + " for all interfaces" for what in ("speed", "duplex", "operstate", "carrier", "mtu")),
    "plugin:proc:/proc/net/netstat": ("ECN packets",),
    "plugin:proc:/proc/net/snmp": ("ipv4 ICMP packets", "ipv4 ICMP messages"),
    "plugin:proc:/proc/net/snmp6": ("icmp", "icmp redirects", "icmp errors", "icmp echos", "icmp group membership", "icmp router", "icmp neighbor",
                                    "icmp mldv2", "icmp types", "ect"),
}


def netdata_conf(place, port):
    return NETDATA.format(place, port) + "\n".join(
        "[%s]\n%s" % (section, "\n".join("  %s = no" % key for key in keys)) for section, keys in NETDATA_OFF.items()) + "\n"


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def memory_mb(pid, name, file="status"):
    text = pathlib.Path("/proc/%d/%s" % (pid, file)).read_text()
    return int(re.search(r"(?m)^%s:\s+(\d+)" % name, text)[1]) / 1024


class Host:
    """One method a bench; `options`: auspex."""

    NAMES = ("host", "tenths")

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
        """(name, process, how many series it has), psutil first."""
        if subprocess.run(["/usr/bin/python3", "-c", "import psutil"], stderr=subprocess.DEVNULL).returncode == 0:
            yield "psutil", self.run("psutil", ["/usr/bin/python3", "-c", PSUTIL]), lambda: 8
        if shutil.which("collectd"):
            own = os.path.join(self.folder, "collectd")
            os.makedirs(own)
            pathlib.Path(own, "collectd.conf").write_text(COLLECTD.format(own))
            yield "collectd", self.run("collectd", ["collectd", "-f", "-C", own + "/collectd.conf"]), lambda: self.collectd_series(own)
        if shutil.which("netdata"):
            place, port = os.path.join(self.folder, "netdata"), free_port()
            for name in ("cache", "lib", "log"):
                os.makedirs(os.path.join(place, name))
            pathlib.Path(place, "netdata.conf").write_text(netdata_conf(place, port))
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
        text, each = [], []
        for name, p, count in peers:
            if p.pid in share and p.poll() is None:
                n = count()
                text.append("%s %.3f %%, %d series, %.0f MB" % (name, share[p.pid], n, memory_mb(p.pid, "VmRSS")))
                each.append("%s %.1f us" % (name, share[p.pid] * 1e4 / n) if n else name + " has none")
            else:
                text.append(name + " would not run")
        mine, less = share[everything.pid] - share[none.pid], share[eight.pid] - share[none.pid]
        row("host: all collectors but processes, %d series" % series, "%.3f %% of a core" % mine, "<= 0.1 %", "; ".join(text[1:]) or "no peer is installed", mine <= 0.1)
        row("  CPU of a series and second", "%.1f us" % (mine * 1e4 / series), peer="; ".join(each[1:]))
        row("host: the core set alone", "%.3f %% of a core" % less, "<= 0.03 %", text[0] if text else "psutil is not installed", less <= 0.03)
        rss, dirty = memory_mb(everything.pid, "VmRSS"), memory_mb(everything.pid, "Private_Dirty", "smaps_rollup")
        row("host: memory of the daemon with all of it", "%.1f MB, %.1f private dirty" % (rss, dirty), "<= 10, <= 6 MB", verdict=rss <= 10 and dirty <= 6)

    def tenths(self):
        folder = os.path.join(self.folder, "tenths")
        port = free_port()
        p = self.run("tenths", [self.o.auspex, "run", "--state-dir", folder, "--port", str(port), "--fleet-port", "0", "--aliases", "",
                                "--system-interval", "100ms", "--system-client-files", folder + "/client"])
        time.sleep(2)
        left = 900 - time.time() % 900
        if left < SECONDS + 10:  # then the journal, where they are counted, is folded
            time.sleep(left)
        before = self.system(port)
        time.sleep(SECONDS)
        after = self.system(port)
        p.terminate()
        p.wait()
        db = sqlite3.connect(folder + "/history.db")
        times = [t for (t,) in db.execute("SELECT t FROM tick WHERE t>=? AND t<? AND grp=(SELECT grp FROM tick GROUP BY grp ORDER BY count(*) DESC LIMIT 1)",
                                          (round(before["t"] * 1000), round(after["t"] * 1000)))]
        db.close()
        taken, missed = after["samples"] - before["samples"], after["missed"] - before["missed"]
        twice = len(times) - len(set(times))
        row("host: a minute at 10 Hz, everything on", "%d taken, %d kept" % (taken, len(times)), "none missed, none twice", "%d missed, %d twice" % (missed, twice),
            missed == 0 and twice == 0 and len(times) == taken)

    @staticmethod
    def system(port):
        return json.load(urllib.request.urlopen("http://127.0.0.1:%d/api/system" % port))
