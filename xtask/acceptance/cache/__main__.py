"""Walks that share a cache of results, with servers that are damaged while they do.

    python3 xtask/acceptance/cache --walk FILE [--only CASE] [--keep FOLDER] [--evidence FOLDER]

Prints a line for each case and kind of server, and `N passed, M failed` at the end. Needs a walk
built with `--features grpc`, a C compiler, git, openssl, and pip, which fetches the servers. What a case
that failed has left is in the folder of evidence; nothing else is left, unless `--keep` says where
the servers are to stay for the next time.
"""

import argparse
import os
import shutil
import signal
import sys
import tempfile
import time
import traceback

import cases
import kit
import servers
import site_of_case


def arguments():
    parser = argparse.ArgumentParser(prog="cargo xtask acceptance cache")
    parser.add_argument("--walk", required=True)
    parser.add_argument("--only", action="append", metavar="CASE", help="a name or a part of one, such as killed or casd")
    parser.add_argument("--keep", metavar="FOLDER", help="where the servers are installed, and stay")
    parser.add_argument("--evidence", required=True)
    return parser.parse_args()


def chosen(options):
    every = [(f"{name} {kind}", case, kind) for name, (kinds, case) in cases.CASES.items() for kind in kinds]
    found = [it for it in every if not options.only or any(part in it[0] for part in options.only)]
    if not found:
        sys.exit("there is no such case; there are: " + ", ".join(it[0] for it in every))
    return found


def run(tools, options, folder, name, case, kind):
    place = os.path.join(folder, name.replace(" ", "-"))
    evidence = os.path.join(options.evidence, name.replace(" ", "-"))
    shutil.rmtree(evidence, ignore_errors=True)
    site = site_of_case.Site(tools, os.path.abspath(options.walk), kind, place)
    begin = time.monotonic()
    try:
        facts = case(site)
    except Exception as error:
        known = isinstance(error, (kit.Failure, RuntimeError))
        print(f"FAILED  {name}: {error if known else traceback.format_exc()}\n        see {evidence}", flush=True)
        site.end()
        shutil.copytree(place, evidence, symlinks=True)
        return False
    else:
        print(f"ok      {name}: {facts} ({time.monotonic() - begin:.0f} s)", flush=True)
        return True
    finally:
        site.end()
        shutil.rmtree(place, ignore_errors=True)


def main():
    options = arguments()
    # Who starts this in the background may ignore SIGINT, and so would every walk.
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: sys.exit(1))
    wanted = chosen(options)
    folder = tempfile.mkdtemp(prefix="walk-cache-")
    begin, results = time.monotonic(), []
    try:
        home = os.path.abspath(options.keep or os.path.join(folder, "servers"))
        os.makedirs(home, exist_ok=True)
        tools = servers.Tools(home)
        for name, case, kind in wanted:
            results.append(run(tools, options, folder, name, case, kind))
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    print(f"all of it took {time.monotonic() - begin:.0f} s")
    print(f"{results.count(True)} passed, {results.count(False)} failed", flush=True)
    return 0 if all(results) else 1


if __name__ == "__main__":
    sys.exit(main())
