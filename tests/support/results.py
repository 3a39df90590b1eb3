#!/usr/bin/env python3
"""Reads what `meson test` recorded (its JSON log) and tells it case by case.

    results.py LOG TALLY [--again LOG]   prints failures with the end of their output, appends to the file TALLY
    results.py LOG --failed              prints the names of the programs that failed

--again names the log of a second try of what failed: its results take the place of the first ones, and what passed only then
is told by name.

TALLY gets one line "passed failed skipped" and one line "SKIP <program>: <case>: <reason>" per skip. A program whose output
names no cases counts as one; a program that failed, died or ran out of time counts as at least one failure. Exits with 1 when
something failed, with 2 when the log holds no result at all.
"""
import json
import re
import sys

# How the three kinds of test programs tell what they did: cmocka, Python's unittest, the browser harness.
CMOCKA = {key: re.compile(r"^\[  %s *\] (\d+) test\(s\)" % key, re.M) for key in ("PASSED", "FAILED", "SKIPPED")}
CMOCKA_SKIP = re.compile(r"^\[  SKIPPED \] (?!\d+ test)(\S+)", re.M)
UNITTEST = re.compile(r"^Ran (\d+) tests? in", re.M)
UNITTEST_BAD = re.compile(r"(?:failures|errors|unexpected successes)=(\d+)")
UNITTEST_SKIPPED = re.compile(r"^(?:OK|FAILED) \(.*?skipped=(\d+)", re.M)
BROWSER = {key: re.compile(r"^%s\b" % key, re.M) for key in ("ok", "not ok")}
SKIP_LINE = re.compile(r"^SKIP: (.*)$", re.M)
SHOWN_LINES = 80


def cases(out):
    """(passed, failed, skipped) as the program itself tells them, or None."""
    if CMOCKA["PASSED"].search(out):
        return tuple(sum(map(int, CMOCKA[key].findall(out))) for key in ("PASSED", "FAILED", "SKIPPED"))
    ran = UNITTEST.search(out)
    if ran:
        last = out[ran.end():]
        bad = sum(map(int, UNITTEST_BAD.findall(last)))
        skipped = sum(map(int, UNITTEST_SKIPPED.findall(last)))
        return int(ran.group(1)) - bad - skipped, bad, skipped
    good, bad = (len(BROWSER[key].findall(out)) for key in ("ok", "not ok"))
    return (good, bad, 0) if good + bad else None


def read(log):
    try:
        return [json.loads(line) for line in open(log, encoding="utf-8", errors="replace") if line.strip()]
    except OSError:
        return []


def short(test):
    return test["name"].split(" / ")[-1]


def tally(test):
    out = test.get("stdout", "") + test.get("stderr", "")
    told = cases(out)
    if test["result"] == "SKIP":
        return 0, 0, max(1, told[2] if told else 1)
    if test["result"] in ("OK", "EXPECTEDFAIL"):
        return told if told and sum(told) else (1, 0, 0)
    passed, failed, skipped = told or (0, 0, 0)
    return passed, max(1, failed), skipped


def skips(test):
    name = short(test)
    out = test.get("stdout", "") + test.get("stderr", "")
    reasons = SKIP_LINE.findall(out)
    told_by_case = {r.split(": ")[0] for r in reasons}
    lines = [f"SKIP {name}: {r}" for r in reasons]
    lines += [f"SKIP {name}: {case}" for case in dict.fromkeys(CMOCKA_SKIP.findall(out)) if case not in told_by_case]
    return lines or ([f"SKIP {name}: no reason given"] if test["result"] == "SKIP" else [])


def show_failure(test):
    print(f"-- {test['result']}: {test['name']} (exit status {test.get('returncode')}, {test['duration']:.1f} s)")
    lines = (test.get("stdout", "") + test.get("stderr", "")).splitlines()
    if len(lines) > SHOWN_LINES:
        print(f"   … {len(lines) - SHOWN_LINES} lines before, see the log")
    for line in lines[-SHOWN_LINES:]:
        print("   " + line)


def second_try(tests, again):
    """The tests with the results of the second try; tells what failed at first."""
    later = {t["name"]: t for t in again}
    for test in tests:
        if test["name"] in later:
            show_failure(test)
            print(f"-- tried again: {short(test)}: {later[test['name']]['result']}")
    return [later.get(t["name"], t) for t in tests]


def main():
    log, tally_file = sys.argv[1:3]
    tests = read(log)
    if not tests:
        return 2
    if tally_file == "--failed":
        print(*(short(t) for t in tests if tally(t)[1]), sep="\n")
        return 0
    if sys.argv[3:4] == ["--again"]:
        tests = second_try(tests, read(sys.argv[4]))
    total = [0, 0, 0]
    with open(tally_file, "a", encoding="utf-8") as out:
        for test in tests:
            counts = tally(test)
            total = [a + b for a, b in zip(total, counts)]
            if counts[1]:
                show_failure(test)
            for line in skips(test):
                print(line, file=out)
        print(*total, file=out)
    slowest = max(tests, key=lambda t: t["duration"])
    print(f"   {len(tests)} programs: {total[0]} passed, {total[1]} failed, {total[2]} skipped"
          f" (slowest: {short(slowest)}, {slowest['duration']:.1f} s)")
    return 1 if total[1] else 0


if __name__ == "__main__":
    sys.exit(main())
