#!/usr/bin/env python3
"""The tree belongs to no machine and to no afternoon: no line names the folder it lies in or somebody's home,
and src and include hold no note of work left to do.

    check_tree.py ROOT
"""
import pathlib
import re
import subprocess
import sys

NOTES = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b")
# Names that stand for anybody in examples; tests may invent more.
HOME = re.compile(r"(?<![\w.])/(?:home|Users)/(?!(?:me|you|ann|bob|user|alice)\b)[a-z][\w.-]*|(?<![\w./-])/root/\w")
BUILT = re.compile(r"^(build[^/]*/|\.git/)|(^|/)(node_modules|__pycache__)/")


def tracked(root):
    """What git knows; without git, or where it does not trust the folder's owner, everything that is not built."""
    try:
        listed = subprocess.run(["git", "-C", str(root), "ls-files", "-z"], capture_output=True, text=True)
    except FileNotFoundError:
        listed = None
    if listed and listed.returncode == 0:
        return [root / name for name in listed.stdout.split("\0") if name and (root / name).is_file()]
    return [path for path in root.rglob("*") if path.is_file() and not BUILT.search(path.relative_to(root).as_posix())]


def faults(root):
    files = tracked(root)
    assert files, f"no files below {root}"
    # A path of one part ("/src") is too common a word to be called this machine's.
    here = re.compile(re.escape(str(root)) + r"(?![\w-])") if len(root.parts) > 2 else None
    for path in sorted(files):
        name = path.relative_to(root)
        if "corpus" in name.parts:
            continue
        for number, line in enumerate(path.read_text(encoding="utf-8", errors="replace").splitlines(), 1):
            if here and here.search(line) or (name.parts[0] != "tests" and HOME.search(line)):
                yield f"{name}:{number}: names a folder of one machine"
            if name.parts[0] in ("src", "include") and NOTES.search(line):
                yield f"{name}:{number}: a note of work left to do: do it, or file it as an issue"


def main():
    root = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else ".").resolve()
    found = list(faults(root))
    print("\n".join(found) or "tree: good")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
