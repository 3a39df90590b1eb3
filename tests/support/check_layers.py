#!/usr/bin/env python3
"""Reads the #include lines and fails on one that points upward or sideways.

Rooms of one row do not know each other; a room may include itself and any lower row. Libraries have homes too.
"""
import pathlib
import re
import sys

ROWS = [
    ["base"],
    ["conf", "series"],
    ["detect", "forecast", "os"],
    ["net"],
    ["store", "intake"],
    ["web"],
    ["retry", "system", "probe", "change", "fleet", "alert", "notify"],
    ["app"],
]
# Lives by libc alone and includes nothing of ours but its public header.
ALONE = {"libauspex"}
LEVEL = {room: row for row, rooms in enumerate(ROWS) for room in rooms}
# header: rooms that may see it
LIBRARIES = {
    "uv.h": {r for r in LEVEL if LEVEL[r] >= LEVEL["net"]},
    "sqlite3.h": {"store"},
    "llhttp.h": {"net"},
    "curl/curl.h": {"net"},
    "yaml.h": {"conf"},
}
INCLUDE = re.compile(r'^\s*#\s*include\s+([<"])([^">]+)[">]')


def faults(root):
    files = [*root.glob("src/*/**/*.[ch]"), *root.glob("include/*/*.h")]
    assert files, f"no sources below {root}"
    for path in sorted(files):
        room = path.relative_to(root).parts[1]
        if room not in LEVEL and room not in ALONE:
            yield f"{path.relative_to(root)}: room {room} stands in no row of {pathlib.Path(__file__).name}"
            continue
        for number, line in enumerate(path.read_text().splitlines(), 1):
            m = INCLUDE.match(line)
            if not m:
                continue
            header = m.group(2)
            # <net/if.h> is the system's: ours stand in quotes.
            other = header.split("/")[0] if m.group(1) == '"' else ""
            where = f"{path.relative_to(root)}:{number}"
            if room in ALONE and (other in LEVEL or header in LIBRARIES):
                yield f"{where}: {room} lives by libc alone: {header} is not seen there"
            elif room in ALONE:
                continue
            elif header in LIBRARIES and room not in LIBRARIES[header]:
                yield f"{where}: {header} is not seen in {room}"
            elif "/" in header and other in LEVEL and other != room and LEVEL[other] >= LEVEL[room]:
                yield f"{where}: {room} must not know {other}: it stands {'beside' if LEVEL[other] == LEVEL[room] else 'above'}"


def main():
    root = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else ".").resolve()
    found = list(faults(root))
    print("\n".join(found) or "layers: good")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
