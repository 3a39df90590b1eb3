#!/usr/bin/env python3
"""Every C file reads as .clang-format says. Needs clang-format 14, Debian 12's: versions disagree about details.

    check_format.py [ROOT]          names the files that differ, and their first line that does
    check_format.py [ROOT] --fix    formats them
"""
import concurrent.futures
import os
import pathlib
import re
import shutil
import subprocess
import sys

VERSION = "14"
BATCH = 40


def find_program():
    for name in ("clang-format-" + VERSION, "clang-format"):
        path = shutil.which(name)
        if path and re.search(rf"version {VERSION}\.", subprocess.run([path, "--version"], capture_output=True, text=True).stdout):
            return path
    return None


def differences(program, paths, fix):
    """Where each of the files first differs; a call for each file would cost five times as much."""
    p = subprocess.run([program, "--style=file", *(["-i"] if fix else ["--dry-run"]), "--ferror-limit=0", *map(str, paths)],
                       capture_output=True, text=True, check=True)
    first = {}
    for path, line in re.findall(r"^(\S+?):(\d+):\d+: warning:", p.stderr, re.M):
        first.setdefault(path, line)
    return [f"{path}:{line}: differs from what {program} writes" for path, line in first.items()]


def main():
    args = [a for a in sys.argv[1:] if a != "--fix"]
    root = pathlib.Path(args[0] if args else ".")
    os.chdir(root)
    program = find_program()
    if not program:
        print(f"SKIP: clang-format {VERSION} is not installed")
        return 77
    files = sorted(p for top in ("src", "include", "tests") for p in pathlib.Path(top).rglob("*.[ch]") if "node_modules" not in p.parts)
    assert files, f"no C files below {root}"
    fix = "--fix" in sys.argv
    batches = [files[i:i + BATCH] for i in range(0, len(files), BATCH)]
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        found = [d for ds in pool.map(lambda b: differences(program, b, fix), batches) for d in ds]
    print("\n".join(found) or f"{len(files)} files: {'formatted' if fix else 'good'}")
    if found:
        print("to mend it: tests/support/check_format.py --fix")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
