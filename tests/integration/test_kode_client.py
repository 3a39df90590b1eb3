"""The real client library, unmodified, against the personality: the guide's integration example and what it promises.

The library lives in a virtual environment that contrib/setup test makes (kode-client.txt); $AUSPEX_KODE_VENV may name another.
"""
import json
import os
import pathlib
import re
import signal
import subprocess
import sys
import time
import unittest

from harness import main
from kode import FILES, Kode

CACHE = pathlib.Path(os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")) / "auspex-tests"
VENV = pathlib.Path(os.environ.get("AUSPEX_KODE_VENV") or CACHE / "kode-venv")
PYTHON = str(VENV / "bin/python")
HAVE = os.path.exists(PYTHON) and subprocess.run([PYTHON, "-c", "import kode_kronical"], capture_output=True).returncode == 0
needs_client = unittest.skipUnless(HAVE, "kode-kronical from PyPI is not installed (contrib/setup test)")

# The guide's example with calls long enough to be timed; local mode keeps the library away from AWS.
EXAMPLE = """
import json, sys, time
from kode_kronical import KodeKronical

kode = KodeKronical({"local": {"enabled": True, "data_dir": sys.argv[1]}})

@kode.time_it
def my_function(seconds):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        pass

for i in range(int(sys.argv[2])):
    my_function(float(sys.argv[3]))

summary = kode.get_enhanced_summary()
correlation = kode.get_system_correlation_report()
print(json.dumps({"summary": summary, "correlation": correlation, "daemon": kode.get_config_info().get("daemon")}))
"""
QUESTIONS = """
import json, sys, time
from kode_kronical.daemon_client import DaemonClient
c = DaemonClient()
latest = c.get_latest_metrics()
now = time.time()
print(json.dumps({"running": c.is_daemon_running(), "latest": vars(latest) if latest else None, "now": now,
                  "at": vars(c.get_metrics_at_time(now)) if c.get_metrics_at_time(now) else None,
                  "range": [vars(m) for m in c.get_metrics_range(now - 60, now)], "status": c.get_daemon_status()}))
"""


class Client(Kode):
    def python(self, code, *argv, timeout=120):
        p = subprocess.run([PYTHON, "-c", code, *argv], capture_output=True, text=True, timeout=timeout, cwd=self.folder, env=self.environment())
        self.assertEqual(p.returncode, 0, p.stderr)
        return json.loads(p.stdout.splitlines()[-1])

    def example(self, calls, seconds):
        return self.python(EXAMPLE, self.path("timings"), str(calls), str(seconds))


@needs_client
class Correlation(Client):
    def test_every_call_has_its_context(self):
        self.start()
        out = self.example(5, 0.6)
        calls = out["summary"]["enhanced_calls"]
        self.assertEqual(len(calls), 5)
        self.assertTrue(out["summary"]["system_monitoring_enabled"])
        for call in calls:
            context = call["system_context"]
            self.assertLess(abs(context["timestamp"] - call["timestamp"]), 2.0)
            self.assertTrue(0 <= context["cpu_percent"] <= 100 and 0 < context["memory_percent"] <= 100)
            self.assertGreater(context["memory_available_mb"], 0)
            self.assertGreater(context["memory_used_mb"], 0)
            for key in ("load_avg_1m", "load_avg_5m", "load_avg_15m"):
                self.assertGreaterEqual(context[key], 0)
            for key in ("bytes_sent", "bytes_recv", "packets_sent", "packets_recv", "active_connections"):
                self.assertIsInstance(context["network"][key], int)

    def test_the_correlation_report(self):
        self.start()
        report = self.example(4, 0.8)["correlation"]
        self.assertNotIn("error", report)
        self.assertEqual(set(report), {"time_range", "system_metrics_count", "high_cpu_functions", "high_memory_functions", "avg_system_cpu",
                                       "avg_system_memory", "system_monitoring_enabled"})
        self.assertGreaterEqual(report["system_metrics_count"], 2)
        self.assertGreater(report["time_range"]["duration"], 2)
        self.assertTrue(0 <= report["avg_system_cpu"] <= 100 and 0 < report["avg_system_memory"] <= 100)

    def test_a_client_that_starts_right_after_the_daemon(self):
        self.start()
        out = self.python(QUESTIONS)
        self.assertTrue(out["running"])
        self.assertIsNotNone(out["latest"])
        self.assertLess(out["now"] - out["latest"]["timestamp"], 2)
        self.assertEqual(out["status"]["data_directory"], self.data)
        self.assertIn(out["status"]["metrics_files_count"], (3, 4))

    def test_the_newest_sample_is_at_most_a_second_old(self):
        self.start()
        self.wait_for_samples(3)
        ages = []
        for _ in range(3):
            out = self.python(QUESTIONS)
            ages.append(out["now"] - out["latest"]["timestamp"])
            self.assertIsNotNone(out["at"])
            self.assertGreaterEqual(len(out["range"]), 3)
        self.assertLess(min(ages), 1.3) # an interval, and what a busy machine adds

    def test_calls_over_a_restart(self):
        self.start()
        p = subprocess.Popen([PYTHON, "-c", EXAMPLE, self.path("timings"), "8", "0.5"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                             cwd=self.folder, env=self.environment())
        self.wait_for_samples(2)
        self.good("restart")
        out, err = p.communicate(timeout=120)
        self.assertEqual(p.returncode, 0, err)
        calls = json.loads(out.splitlines()[-1])["summary"]["enhanced_calls"]
        self.assertEqual([c for c in calls if "system_context" not in c], [])

    def test_without_a_daemon(self):
        out = self.example(1, 0.01)
        self.assertEqual(out["correlation"], {"error": "System monitoring daemon not available"})


@needs_client
class Shape(Client):
    """What we write beside what the package's own sampler gives."""

    def test_keys_and_types(self):
        self.start()
        self.wait_for_samples(3)
        theirs = self.python("""
import json, time
from kode_kronical.system_monitor import SystemMonitor
m = SystemMonitor(sample_interval=0.2)
m.start_monitoring(); time.sleep(1.5)
print(json.dumps(m.get_current_metrics()))
""")
        ours = self.newest()
        for key, value in theirs["system"].items():
            self.assertIn(key, ours["system"])
            self.assertIs(type(ours["system"][key]), type(value), key)
        self.assertIsInstance(ours["processes"], dict)
        self.assertLess(abs(ours["system"]["memory_percent"] - theirs["system"]["memory_percent"]), 3)
        self.assertLess(abs(ours["system"]["memory_available_mb"] / theirs["system"]["memory_available_mb"] - 1), 0.1)
        self.assertLess(abs(ours["system"]["load_avg_15m"] - theirs["system"]["load_avg_15m"]), 1)

    def test_the_processor_as_psutil_sees_it(self):
        self.start()
        self.wait_for_samples(2)
        begin = time.time()
        theirs = self.python("import psutil, json; psutil.cpu_percent(); print(json.dumps(psutil.cpu_percent(interval=6)))")
        end = time.time()
        ours = [e["system"]["cpu_percent"] for e in self.load("metrics_live.json") if begin < e["system"]["timestamp"] <= end]
        self.assertGreaterEqual(len(ours), 5)
        self.assertLess(abs(sum(ours) / len(ours) - theirs), 15)

    def test_a_python_process_is_tracked(self):
        self.start()
        p = subprocess.Popen([PYTHON, "-c", "while True: pass", "an-argument"])
        self.addCleanup(p.wait)
        self.addCleanup(p.kill)
        def busy():
            one = (self.newest() or {"processes": {}})["processes"].get(str(p.pid))
            return one if one and one["cpu_percent"] > 20 else None
        one = self.eventually(busy)
        theirs = self.python("""
import json, psutil, sys
p = psutil.Process(int(sys.argv[1]))
print(json.dumps({"pid": p.pid, "name": p.name(), "memory_rss_mb": p.memory_info().rss / 1048576, "memory_vms_mb": p.memory_info().vms / 1048576,
                  "num_threads": p.num_threads(), "create_time": p.create_time(), "cmdline": " ".join(p.cmdline())}))
""", str(p.pid))
        for key in ("pid", "name", "num_threads", "cmdline"):
            self.assertEqual(one[key], theirs[key])
        self.assertLess(abs(one["create_time"] - theirs["create_time"]), 0.05)
        self.assertLess(abs(one["memory_rss_mb"] - theirs["memory_rss_mb"]), 2)
        self.assertLess(abs(one["memory_vms_mb"] - theirs["memory_vms_mb"]), 2)
        self.assertIn(one["status"], ("running", "sleeping"))
        p.kill()
        p.wait()
        self.eventually(lambda: str(p.pid) not in self.newest()["processes"])


class Files(Kode):
    def test_names_modes_and_size(self):
        self.start()
        self.wait_for_samples(2)
        names = sorted(n for n in os.listdir(self.data) if n.startswith("metrics_"))
        self.assertEqual(names, sorted(FILES))
        total = 0
        for name in names:
            st = os.stat(os.path.join(self.data, name))
            total += st.st_size
            self.assertEqual(st.st_mode & 0o133, 0)
        self.assertLess(total, 256 * 1024)

    def test_a_umask_is_respected(self):
        before = os.umask(0o077)
        self.addCleanup(os.umask, before)
        self.start()
        self.wait_for_samples()
        self.assertEqual(os.stat(os.path.join(self.data, "metrics_live.json")).st_mode & 0o777, 0o600)

    def test_ten_a_second_without_loss_or_double(self):
        config = self.config("daemon: {sample_interval: 0.1}\n")
        self.start("-c", config)
        before, seen = [], set()
        end = time.monotonic() + 8
        while time.monotonic() < end:
            try:
                times = [e["system"]["timestamp"] for e in self.load("metrics_live.json")]
            except FileNotFoundError:
                continue
            self.assertEqual(times, sorted(set(times)))
            if before: # what was the newest is still there, and so is what stood before it
                at = times.index(before[-1])
                self.assertEqual(times[:at + 1], before[len(before) - at - 1:])
            before = times
            seen.update(times)
            time.sleep(0.3)
        # How many instants a busy machine lets go by is its own affair; of one sample there are never two.
        self.assertLessEqual(len(seen), round((max(seen) - min(seen)) * 10) + 2)
        self.assertGreaterEqual(len(seen), 20)

    def test_storm_of_readers(self):
        """glob, stat and json.load in a loop while every file is replaced ten times a second: not one error."""
        config = self.config("daemon: {sample_interval: 0.1}\n")
        self.start("-c", config)
        self.wait_for_samples()
        code = """
import glob, json, os, sys, time
end, n = time.monotonic() + float(sys.argv[2]), 0
while time.monotonic() < end:
    names = glob.glob(sys.argv[1] + "/metrics_*.json")
    assert len(names) == 4, names
    newest = max(names, key=lambda name: os.stat(name).st_mtime)
    assert newest.endswith("metrics_live.json"), newest
    for name in names:
        assert isinstance(json.load(open(name)), list)
    n += 1
print(n)
"""
        readers = [subprocess.Popen([sys.executable, "-c", code, self.data, "8"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) for _ in range(2)]
        for reader in readers:
            out, err = reader.communicate(timeout=120)
            self.assertEqual((reader.returncode, err), (0, ""))
            self.assertGreater(int(out), 10)

    def test_a_clock_file_of_another_boot(self):
        os.makedirs(self.data)
        old = [{"system": None, "clock": "monotonic", "boot_id": "11111111-2222-3333-4444-555555555555"},
               {"system": {"timestamp": time.monotonic(), "cpu_percent": 99.0, "memory_percent": 99.0, "memory_available_mb": 1.0, "memory_used_mb": 1.0},
                "processes": {}, "timestamp": time.time() - 5}]
        for name in ("metrics_clock.json", "metrics_clock_recent.json"):
            pathlib.Path(os.path.join(self.data, name)).write_text(json.dumps(old))
        self.start()
        self.wait_for_samples()
        for name in ("metrics_clock.json", "metrics_clock_recent.json"):
            self.assertEqual([e for e in self.load(name) if e["system"] and e["system"]["cpu_percent"] == 99.0 and e["system"]["memory_percent"] == 99.0], [])

    def test_a_full_disk_of_garbage_names_stays_alone(self):
        os.makedirs(self.data)
        pathlib.Path(os.path.join(self.data, "metrics_20200101_000000.json")).write_text("{half")
        self.start()
        self.wait_for_samples()
        self.assertEqual(pathlib.Path(os.path.join(self.data, "metrics_20200101_000000.json")).read_text(), "{half")

    def test_the_native_daemon_writes_them_too(self):
        d = self.native("--system-client-files", self.data)
        self.wait_for_samples(2)
        self.assertEqual(set(self.newest()["system"]) >= {"timestamp", "cpu_percent", "memory_percent"}, True)
        self.assertEqual(d.stop(), 0)


class Guide(Kode):
    """The guide's commands as they are printed; a folder in PATH has the names."""

    def setUp(self):
        super().setUp()
        from harness import AUSPEX
        os.mkdir(self.path("bin"))
        os.symlink(AUSPEX, self.path("bin/kode-kronical-daemon"))

    def sh(self, script, status=0):
        p = subprocess.run(["bash", "-c", script], capture_output=True, text=True, cwd=self.folder, timeout=60,
                           env=self.environment(PATH=self.path("bin") + ":" + os.environ["PATH"]))
        self.assertEqual(p.returncode, status, p.stderr)
        return p.stdout

    def test_quick_start(self):
        out = self.sh("""
# 1. Generate configuration
kode-kronical-daemon config

# 2. Start daemon
kode-kronical-daemon start

# 3. Verify it's working
kode-kronical-daemon status
""")
        self.assertIn("Daemon running with PID", out)

    def test_the_sed_edit_and_the_greps(self):
        self.sh("kode-kronical-daemon config")
        self.sh("sed -i 's/enable_dynamodb_upload: false/enable_dynamodb_upload: true/' ~/.config/kode-kronical/daemon.yaml")
        self.assertEqual(self.sh("grep enable_dynamodb_upload ~/.config/kode-kronical/daemon.yaml").strip(), "enable_dynamodb_upload: true")
        self.assertEqual(self.sh("grep dynamodb_region ~/.config/kode-kronical/daemon.yaml").strip(), 'dynamodb_region: "us-east-1"')

    def test_troubleshooting(self):
        self.sh("kode-kronical-daemon start")
        self.wait_for_samples()
        self.assertIn("metrics_live.json", self.sh("ls -la ~/.local/share/kode-kronical/metrics_*.json"))
        self.assertIn("Daemon started with PID", self.sh("tail ~/.local/share/kode-kronical/daemon.log"))
        pid = self.pid()
        os.kill(pid, signal.SIGKILL)
        self.eventually(lambda: self.gone(pid))
        self.sh("rm ~/.local/share/kode-kronical/daemon.pid\nkode-kronical-daemon start")
        self.assertNotEqual(self.pid(), pid)
        self.sh("kode-kronical-daemon restart && kode-kronical-daemon stop")

    def test_cleaning_up_does_not_wait_for_the_end(self):
        self.sh("kode-kronical-daemon start")
        pid = self.pid()
        # As the guide's pkill, but this test's daemon alone is meant.
        self.sh("kill %d\nrm -f ~/.local/share/kode-kronical/daemon.pid\nkode-kronical-daemon start" % pid)
        self.assertNotEqual(self.pid(), pid)
        self.sh("kode-kronical-daemon status")

    def test_the_advanced_configuration(self):
        config = self.config("""
daemon:
  sample_interval: 1.0
  max_samples: 3600
  data_retention_hours: 168               # 1 week

  # Process monitoring
  track_processes: [python, node, java, sleep]

  # Alert thresholds
  cpu_alert_threshold: 90
  memory_alert_threshold: 85
""")
        p = subprocess.Popen(["sleep", "1000"])
        self.addCleanup(p.wait)
        self.addCleanup(p.kill)
        self.start("-c", config)
        self.eventually(lambda: self.newest() and str(p.pid) in self.newest()["processes"])
        self.assertEqual(self.newest()["processes"][str(p.pid)]["name"], "sleep")

    def test_the_low_resource_configuration(self):
        config = self.config("""
daemon:
  sample_interval: 5.0                 # Sample every 5 seconds
  max_samples: 720                     # Reduce memory buffer
  data_retention_hours: 12             # Keep less data
  enable_network_monitoring: false     # Disable if not needed
""")
        self.start("-c", config)
        self.wait_for_samples()
        self.assertNotIn("network", self.newest())


if __name__ == "__main__":
    main()
