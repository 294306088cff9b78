"""Walks whose actions run on a Slurm cluster, which is damaged while they do.

    python3 xtask/acceptance/slurm --walk FILE [--only CASE] [--evidence FOLDER]

Prints a line for each case and `N passed, M failed` at the end. What was seen in a case that failed
is left in the folder of evidence; nothing else is left. It is its own process 1, in namespaces of
its own, so that daemons, bridge and all end with it, even if it is killed.
"""

import argparse
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import traceback

import cases
import cluster
import kit


def arguments():
    parser = argparse.ArgumentParser(prog="cargo xtask acceptance slurm")
    parser.add_argument("--walk", required=True)
    parser.add_argument("--only", action="append", metavar="CASE", help="a name, or a part of one")
    parser.add_argument("--evidence", required=True)
    parser.add_argument("--keep", action="store_true", help="evidence of what passed, too")
    parser.add_argument("--inside", metavar="FOLDER", help=argparse.SUPPRESS)
    return parser.parse_args()


def outside(options):
    """Makes what the cases need of the machine, and has them run in a world of their own."""
    if not cluster.install():
        sys.exit("there is no Slurm: apt-get install " + " ".join(cluster.PACKAGES))
    chosen(options)
    folder = tempfile.mkdtemp(prefix="walk-slurm-")
    os.chmod(folder, 0o755)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: None)
    child = subprocess.Popen(cluster.enter([*sys.argv, "--inside", folder]), stdin=subprocess.DEVNULL)
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: child.kill())
    try:
        return child.wait()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def inside(options):
    """Process 1: one cluster after the other, each for a case."""
    cluster.prepare()
    begin, passed, failed = time.monotonic(), 0, 0
    for name, case in chosen(options):
        if run(options, name, case):
            passed += 1
        else:
            failed += 1
    print(f"all of it took {time.monotonic() - begin:.0f} s")
    print(f"{passed} passed, {failed} failed", flush=True)
    return 1 if failed else 0


def chosen(options):
    found = [(name, case) for name, case in cases.CASES.items()
             if not options.only or any(part in name for part in options.only)]
    if not found:
        sys.exit("there is no such case; there are: " + ", ".join(cases.CASES))
    return found


def run(options, name, case):
    folder = os.path.join(options.inside, name)
    evidence = os.path.join(options.evidence, name)
    shutil.rmtree(evidence, ignore_errors=True)
    begin = time.monotonic()
    try:
        facts = cases.run(case, os.path.abspath(options.walk), folder)
    except Exception as error:
        known = isinstance(error, (kit.Failure, RuntimeError))
        why = str(error) if known else traceback.format_exc()
        print(f"FAILED  {name}: {why}\n        see {evidence}", flush=True)
        keep(folder, evidence)
        return False
    else:
        print(f"ok      {name}: {facts} ({time.monotonic() - begin:.0f} s)", flush=True)
        if options.keep:
            keep(folder, evidence)
        return True
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def keep(folder, evidence):
    shutil.copytree(folder, evidence, symlinks=True, ignore=shutil.ignore_patterns("munge", "spool-*", "state"))


if __name__ == "__main__":
    given = arguments()
    sys.exit(inside(given) if given.inside else outside(given))
