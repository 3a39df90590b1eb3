#!/usr/bin/python3
"""What a host collector sees of a Linux machine, second by second, as a compact fixture.

    host_trace.py record SECONDS FILE    reads /proc once a second and writes FILE (gzip)
    host_trace.py print FILE             the series of FILE as bench_trace reads them: "KEY DECIMALS" lines, an empty line, "MS V V V …" lines
    host_trace.py texts FILE             the same hour as texts of the kernel: a line "MS" per second, then "LENGTH NAME" and the text of each file

The fixture holds counters as the kernel gives them, as differences from line to line; the series are derived when it is read: shares
and rates at the resolution a collector would declare. Names of hosts, users and programs are not in it.
"""
import gzip
import json
import os
import sys
import time

FILES = ("stat", "loadavg", "meminfo", "vmstat", "diskstats", "net/dev", "net/snmp", "net/sockstat", "pressure/cpu", "pressure/io",
         "pressure/memory", "sys/fs/file-nr")
MODES = ("user", "nice", "system", "idle", "iowait", "irq", "softirq", "steal")
MEMORY = ("MemFree", "MemAvailable", "Buffers", "Cached", "SwapCached", "Active", "Inactive", "AnonPages", "Mapped", "Shmem", "Slab",
          "SReclaimable", "PageTables", "KernelStack", "Dirty", "Writeback", "Committed_AS", "SwapFree")
VM = ("pgfault", "pgmajfault", "pgpgin", "pgpgout", "pswpin", "pswpout", "pgscan_kswapd", "pgsteal_kswapd", "oom_kill")
DISK = (("reads", "rate", 1), ("read_sectors", "rate", 1), ("read_ms", "rate", 1), ("writes", "rate", 1), ("written_sectors", "rate", 1),
        ("write_ms", "rate", 1), ("in_flight", "gauge", 0), ("busy_ms", "rate", 1), ("queue_ms", "rate", 1))
DISK_FIELDS = (0, 2, 3, 4, 6, 7, 8, 9, 10)
NET = ("rx_bytes", "rx_packets", "rx_errors", "rx_drops", "tx_bytes", "tx_packets", "tx_errors", "tx_drops")
NET_FIELDS = (0, 1, 2, 3, 8, 9, 10, 11)
TCP = ("ActiveOpens", "PassiveOpens", "AttemptFails", "EstabResets", "InSegs", "OutSegs", "RetransSegs", "InErrs")
UDP = ("InDatagrams", "NoPorts", "InErrors", "OutDatagrams")

# A column: (key, what it becomes, decimals, divisor). gauge: value / divisor; rate: increase a second / divisor; share: percent of the
# increases of all columns with the same key up to the last dot.


def cpu_columns(lines):
    for line in lines:
        if line.startswith("cpu"):
            name, *values = line.split()
            for mode, value in zip(MODES, values):
                yield ("cpu.%s.%s" % (name, mode), "share", 2, 1), int(value)


def named(lines, names, prefix, kind, decimals, divisor=1):
    found = {line.split()[0].rstrip(":"): int(line.split()[1]) for line in lines if len(line.split()) > 1}
    for name in names:
        if name in found:
            yield (prefix + name, kind, decimals, divisor), found[name]


def disk_columns(lines):
    disks = [line.split()[3:] for line in lines if len(line.split()) > 13 and int(line.split()[3]) > 0]
    for n, values in enumerate(disks):
        for (name, kind, decimals), field in zip(DISK, DISK_FIELDS):
            yield ("disk.%d.%s" % (n, name), kind, decimals, 1), int(values[field])


def net_columns(lines):
    devices = [line.partition(":")[2].split() for line in lines if ":" in line]
    for n, values in enumerate(v for v in devices if int(v[0])):
        for name, field in zip(NET, NET_FIELDS):
            yield ("net.%d.%s" % (n, name), "rate", 1, 1), int(values[field])


def snmp_columns(lines):
    for proto, names in (("Tcp", TCP), ("Udp", UDP)):
        head, values = [line.split()[1:] for line in lines if line.startswith(proto + ":")]
        found = dict(zip(head, values))
        for name in names:
            yield ("%s.%s" % (proto.lower(), name), "rate", 1, 1), int(found[name])
        if proto == "Tcp":
            yield ("tcp.CurrEstab", "gauge", 0, 1), int(found["CurrEstab"])


def sockstat_columns(lines):
    for line in lines:
        proto, *pairs = line.replace(":", "").split()
        for name, value in zip(pairs[::2], pairs[1::2]):
            yield ("sockets.%s.%s" % (proto, name), "gauge", 0, 1), int(value)


def pressure_columns(what, lines):
    for line in lines:
        kind, avg10, avg60, _, total = line.split()
        for name, text in (("avg10", avg10), ("avg60", avg60)):
            yield ("pressure.%s.%s.%s" % (what, kind, name), "gauge", 2, 100), round(float(text.split("=")[1]) * 100)
        yield ("pressure.%s.%s.stalled_ms" % (what, kind), "rate", 1, 1000), int(total.split("=")[1])


def process_columns(processes):
    for n, text in enumerate(processes):
        values = text.rpartition(")")[2].split()
        yield ("process.%d.cpu_ticks" % n, "rate", 2, 1), int(values[11]) + int(values[12])
        yield ("process.%d.threads" % n, "gauge", 0, 1), int(values[17])
        yield ("process.%d.rss_pages" % n, "gauge", 0, 1), int(values[21])


def columns(texts, processes):
    """[(column, number)] of one second. texts: file name → its text; processes: texts of /proc/PID/stat, the same ones each time."""
    lines = {name: text.splitlines() for name, text in texts.items()}
    out = list(cpu_columns(lines["stat"]))
    out += named(lines["stat"], ("ctxt", "processes", "intr"), "kernel.", "rate", 1)
    out += named(lines["stat"], ("procs_running", "procs_blocked"), "kernel.", "gauge", 0)
    load = lines["loadavg"][0].split()
    out += [(("load.%d" % (1, 5, 15)[i], "gauge", 2, 100), round(float(load[i]) * 100)) for i in range(3)]
    out += [(("kernel.tasks", "gauge", 0, 1), int(load[3].split("/")[1]))]
    out += [((key, kind, decimals, 1), value * 1024) for (key, kind, decimals, _), value in named(lines["meminfo"], MEMORY, "memory.", "gauge", 0)]
    out += named(lines["vmstat"], VM, "vm.", "rate", 1)
    out += list(disk_columns(lines["diskstats"])) + list(net_columns(lines["net/dev"][2:])) + list(snmp_columns(lines["net/snmp"]))
    out += sockstat_columns(lines["net/sockstat"])
    for what in ("cpu", "io", "memory"):
        out += pressure_columns(what, lines.get("pressure/" + what, []))
    out += [(("kernel.open_files", "gauge", 0, 1), int(lines["sys/fs/file-nr"][0].split()[0]))]
    return out + list(process_columns(processes))


class Writer:
    """Rows of numbers, each as its difference from the row before; an empty cell is 0."""

    def __init__(self, path):
        self.file, self.heads, self.last = gzip.GzipFile(path, "wb", mtime=0), None, None

    def row(self, ms, found):
        found = dict(found)
        if self.heads is None:
            self.heads = list(found)
            self.last = [0] * (len(self.heads) + 1)
            self.file.write(json.dumps(self.heads).encode() + b"\n")
        numbers = [ms] + [found.get(head, was) for head, was in zip(self.heads, self.last[1:])]
        self.file.write(",".join(str(n - was) if n != was else "" for n, was in zip(numbers, self.last)).encode() + b"\n")
        self.last = numbers

    def close(self):
        self.file.close()


def rows(path):
    """(columns, [(ms, numbers)])"""
    with gzip.open(path, "rt") as f:
        heads = [tuple(h) for h in json.loads(f.readline())]
        last, out = [0] * (len(heads) + 1), []
        for line in f:
            last = [was + int(cell or 0) for was, cell in zip(last, line.rstrip("\n").split(","))]
            out.append((last[0], last[1:]))
    return heads, out


def series(path):
    """([(key, decimals)], [(ms, values)]): one row less than the fixture has, because rates need two."""
    heads, all_rows = rows(path)
    groups = [key.rpartition(".")[0] for key, kind, _, _ in heads]
    out = []
    for (before, old), (now, new) in zip(all_rows, all_rows[1:]):
        grown, totals, values = [b - a for a, b in zip(old, new)], {}, []
        for (_, kind, _, _), group, more in zip(heads, groups, grown):
            if kind == "share":
                totals[group] = totals.get(group, 0) + more
        for (_, kind, decimals, divisor), group, number, more in zip(heads, groups, new, grown):
            if kind == "gauge":
                value = number / divisor
            elif kind == "rate":
                value = more / divisor / ((now - before) / 1000)
            else:
                value = 100 * more / totals[group] if totals[group] else 0
            values.append(round(value, decimals))
        out.append((now, values))
    return [(key, decimals) for key, _, decimals, _ in heads], out


TOTAL_KB = 24684084  # of the machine that was recorded


def text_of_stat(v):
    lines = []
    for name in sorted({k.split(".")[1] for k in v if k.startswith("cpu.")}):
        lines.append("%s %s 0 0" % ("cpu " if name == "cpu" else name, " ".join(str(v["cpu.%s.%s" % (name, mode)]) for mode in MODES)))
    lines.append("intr %d" % v["kernel.intr"])
    for name in ("ctxt", "processes", "procs_running", "procs_blocked"):
        lines.append("%s %d" % (name, v["kernel." + name]))
    return lines


def text_of_meminfo(v, swap_kb):
    return (["MemTotal: %d kB" % TOTAL_KB, "SwapTotal: %d kB" % swap_kb] +
            ["%s: %d kB" % (name, v["memory." + name] // 1024) for name in MEMORY if "memory." + name in v])


def numbered(v, prefix):
    return sorted({int(k.split(".")[1]) for k in v if k.startswith(prefix + ".")})


def text_of_diskstats(v):
    form = "254 {0} vd{1} {reads} 0 {read_sectors} {read_ms} {writes} 0 {written_sectors} {write_ms} {in_flight} {busy_ms} {queue_ms}"
    return [form.format(n * 16, "abcdefgh"[n], **{name: v["disk.%d.%s" % (n, name)] for name, _, _ in DISK}) for n in numbered(v, "disk")]


def text_of_net_dev(v):
    form = "{0}: {rx_bytes} {rx_packets} {rx_errors} {rx_drops} 0 0 0 0 {tx_bytes} {tx_packets} {tx_errors} {tx_drops} 0 0 0 0"
    return [form.format("eth%d" % n, **{name: v["net.%d.%s" % (n, name)] for name in NET}) for n in numbered(v, "net")]


def text_of_snmp(v):
    lines = []
    for proto, names in (("Tcp", TCP + ("CurrEstab",)), ("Udp", UDP)):
        lines.append("%s: %s" % (proto, " ".join(names)))
        lines.append("%s: %s" % (proto, " ".join(str(v["%s.%s" % (proto.lower(), name)]) for name in names)))
    return lines


def text_of_sockstat(v):
    by_proto = {}
    for key, value in v.items():
        if key.startswith("sockets."):
            by_proto.setdefault(key.split(".")[1], []).append("%s %d" % (key.split(".")[2], value))
    return ["%s: %s" % (proto, " ".join(pairs)) for proto, pairs in by_proto.items()]


def text_of_pressure(v, what):
    form = "%s avg10=%.2f avg60=%.2f avg300=%.2f total=%d"
    lines = []
    for kind in ("some", "full"):
        at = "pressure.%s.%s." % (what, kind)
        if at + "avg10" in v:  # the five minutes were not recorded: the one minute stands for them
            lines.append(form % (kind, v[at + "avg10"] / 100, v[at + "avg60"] / 100, v[at + "avg60"] / 100, v[at + "stalled_ms"]))
    return lines


def texts(path, out):
    heads, all_rows = rows(path)
    keys = [key for key, _, _, _ in heads]
    swap_kb = max(row[1][keys.index("memory.SwapFree")] for row in all_rows) // 1024
    for ms, numbers in all_rows:
        v = dict(zip(keys, numbers))
        files = {
            "stat": text_of_stat(v), "meminfo": text_of_meminfo(v, swap_kb), "diskstats": text_of_diskstats(v), "net/dev": text_of_net_dev(v),
            "loadavg": ["%.2f %.2f %.2f 1/%d 1" % (v["load.1"] / 100, v["load.5"] / 100, v["load.15"] / 100, v["kernel.tasks"])],
            "vmstat": ["%s %d" % (name, v["vm." + name]) for name in VM if "vm." + name in v],
            "net/snmp": text_of_snmp(v), "net/sockstat": text_of_sockstat(v), "sys/fs/file-nr": ["%d 0 2466124" % v["kernel.open_files"]],
        }
        files.update(("pressure/" + what, lines) for what in ("cpu", "io", "memory") if (lines := text_of_pressure(v, what)))
        out.write("%d\n" % ms)
        for name, lines in files.items():
            text = "\n".join(lines) + "\n"
            out.write("%d %s\n%s" % (len(text), name, text))


def busiest(n):
    """Processes of the longest run time: most likely still there in an hour."""
    found = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open("/proc/%s/stat" % pid) as f:
                found.append((int(f.read().rpartition(")")[2].split()[11]), pid))
        except OSError:
            pass
    return [pid for _, pid in sorted(found, reverse=True)[:n]]


def read(path):
    try:
        with open("/proc/" + path) as f:
            return f.read()
    except OSError:
        return None


def record(seconds, path):
    out, pids, texts = Writer(path), busiest(6), {}
    for _ in range(seconds):
        time.sleep(1 - time.time() % 1)
        texts = {name: text for name in FILES if (text := read(name)) is not None}
        processes = [p for pid in pids if (p := read(pid + "/stat"))]
        out.row(round(time.time() * 1000), columns(texts, processes))
    out.close()


def main():
    if len(sys.argv) == 4 and sys.argv[1] == "record":
        record(int(sys.argv[2]), sys.argv[3])
    elif len(sys.argv) == 3 and sys.argv[1] == "print":
        keys, samples = series(sys.argv[2])
        print("\n".join("%s %d" % k for k in keys), end="\n\n")
        for ms, values in samples:
            print(ms, *("%.17g" % v for v in values))
    elif len(sys.argv) == 3 and sys.argv[1] == "texts":
        texts(sys.argv[2], sys.stdout)
    else:
        sys.exit(__doc__)


if __name__ == "__main__":
    main()
