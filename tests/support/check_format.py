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


def find_program():
    for name in ("clang-format-" + VERSION, "clang-format"):
        path = shutil.which(name)
        if path and re.search(rf"version {VERSION}\.", subprocess.run([path, "--version"], capture_output=True, text=True).stdout):
            return path
    return None


def difference(program, path, fix):
    text = path.read_text()
    wanted = subprocess.run([program, "--style=file", str(path)], capture_output=True, text=True, check=True).stdout
    if text == wanted:
        return None
    if fix:
        path.write_text(wanted)
        return f"{path}: formatted"
    pairs = enumerate(zip(text.splitlines() + [""], wanted.splitlines() + [""]), 1)
    number = next((n for n, (is_, should) in pairs if is_ != should), 0)
    return f"{path}:{number}: differs from what {program} writes"


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
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        found = [d for d in pool.map(lambda p: difference(program, p, "--fix" in sys.argv), files) if d]
    print("\n".join(found) or f"{len(files)} files: good")
    if found and "--fix" not in sys.argv:
        print("to mend it: tests/support/check_format.py --fix")
    return 1 if found and "--fix" not in sys.argv else 0


if __name__ == "__main__":
    sys.exit(main())
