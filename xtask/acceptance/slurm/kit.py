"""Walks in checkouts, what they ran, and what files they left.

It knows nothing of Slurm but the environment that makes polling quick.
"""

import json
import os
import re
import signal
import subprocess
import time

import cluster

POLL = {"WALK_SLURM_POLL": "0.2s"}
SLURM = ("--engine", "slurm")
# Nothing takes longer; what does is stuck.
LIMIT = 400


class Failure(Exception):
    """What was seen is not what should be."""


def ensure(is_so, what):
    if not is_so:
        raise Failure(what)


class Checkout:
    """A directory with a project in it."""

    def __init__(self, walk, folder, files):
        self.program = walk
        self.folder = folder
        self.files = set(files)
        self.count = 0
        for path, text in files.items():
            self.write(path, text)

    def write(self, path, text):
        place = self.path(path)
        os.makedirs(os.path.dirname(place), exist_ok=True)
        with open(place, "w") as file:
            file.write(text)

    def path(self, name):
        return os.path.join(self.folder, name)

    def start(self, *arguments, **environment):
        """Begins a walk: more arguments, and more of the environment."""
        self.count += 1
        return Walk(self, self.count, arguments, environment)

    def walk(self, *arguments, code=0, **environment):
        """A walk from its beginning to its end, which has to be this one."""
        return self.start(*arguments, **environment).end(code)

    def tree(self):
        """What walks made: path to content, without state and notes."""
        found = {}
        for folder, folders, names in os.walk(self.folder):
            folders[:] = [it for it in folders if it != ".walk"]
            for name in names:
                path = os.path.join(folder, name)
                relative = os.path.relpath(path, self.folder)
                if relative not in self.files and not re.match(r"ticks$|starts|walk\.\d", relative):
                    with open(path, "rb") as file:
                        found[relative] = file.read()
        return found

    def stamps(self):
        """When each of those files was last written, and which file it is."""
        stats = {path: os.stat(self.path(path)) for path in self.tree()}
        return {path: (it.st_ino, it.st_mtime_ns, it.st_size) for path, it in stats.items()}

    def ticks(self):
        """What the commands told: (action, word, process, time)."""
        ticks = []
        for line in self.lines("ticks"):
            action, word, pid, moment, node = line.split()
            ticks.append(Tick(action, word, f"{node}:{pid}", float(moment), node))
        return ticks

    def begun(self, word="begin"):
        """The actions that told so, as often as they did."""
        return [it.action for it in self.ticks() if it.word == word]

    def lines(self, name):
        try:
            with open(self.path(name)) as file:
                return file.read().splitlines()
        except FileNotFoundError:
            return []


class Tick:
    """A sign of life of a command."""

    def __init__(self, action, word, process, moment, node):
        self.action, self.word, self.process, self.moment, self.node = action, word, process, moment, node


class Walk:
    """A walk that was started; all it says goes to a file."""

    def __init__(self, checkout, number, arguments, environment):
        self.checkout = checkout
        self.log = checkout.path(f"walk.{number}.log")
        self.events = checkout.path(f"walk.{number}.jsonl")
        self.begin = time.monotonic()
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("WALK_")}
        command = [checkout.program, "--events", self.events, *arguments]
        with open(self.log, "wb") as output:
            self.process = subprocess.Popen(
                command, cwd=checkout.folder, env={**inherited, **POLL, **environment},
                stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True)

    def is_running(self):
        return self.process.poll() is None

    def kill(self, number=signal.SIGKILL):
        self.process.send_signal(number)

    def end(self, code=None):
        """Waits for the end, which has to be this one; of a signal it is what a shell says."""
        try:
            self.process.wait(timeout=LIMIT)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise Failure(f"still walking after {LIMIT} s:\n{self.output()[-3000:]}") from None
        self.seconds = time.monotonic() - self.begin
        seen = self.process.returncode
        seen = 128 - seen if seen < 0 else seen
        ensure(code is None or seen == code, f"ended with {seen}, not {code}:\n{self.output()[-3000:]}")
        return self

    def until(self, is_reached, what, seconds=60):
        """Waits until something is so, while the walk goes on."""
        reached = cluster.wait(lambda: is_reached() or not self.is_running(), seconds)
        ensure(reached and self.is_running(), f"not so while it walked: {what}\n{self.output()[-3000:]}")

    def output(self):
        with open(self.log, errors="replace") as file:
            return file.read()

    def says(self, *words):
        """Each of these is in what it said."""
        output = self.output()
        for word in words:
            ensure(re.search(word, output), f"it does not say {word!r}:\n{output[-3000:]}")

    def started(self):
        """The actions that it started, by its events."""
        with open(self.events) as file:
            events = [json.loads(line) for line in file]
        return [it["action"] for it in events if it["event"] == "started"]


def differences(one, other):
    """The paths that are not the same in both."""
    return sorted(path for path in {*one, *other} if one.get(path) != other.get(path))


def ensure_same(checkout, clean, what="a clean local build"):
    wrong = differences(checkout.tree(), clean)
    ensure(clean, "there is nothing to compare with")
    ensure(not wrong, f"{len(wrong)} files are not those of {what}: {wrong[:9]}")
    return len(clean)


def ensure_quiet(checkout, *arguments):
    """Another walk has nothing to do."""
    ran = checkout.walk(*arguments).started()
    ensure(not ran, f"the next walk ran {len(ran)} again: {ran[:9]}")


def ensure_once(checkout, expected=None):
    """Every action of the log began once, and went on to its end."""
    begun, ended = sorted(checkout.begun()), sorted(checkout.begun("end"))
    twice = sorted({it for it in begun if begun.count(it) > 1})
    ensure(not twice, f"began more than once: {[(it, begun.count(it)) for it in twice]}")
    ensure(expected is None or len(begun) == expected, f"{len(begun)} began, not {expected}")
    ensure(begun == ended, f"began without an end: {sorted(set(begun) - set(ended))}")


def ensure_apart(checkout):
    """No two processes were at work for one action at the same time; tells how many began again."""
    lives = {}
    for tick in checkout.ticks():
        first, last = lives.setdefault(tick.action, {}).get(tick.process, (tick.moment, tick.moment))
        lives[tick.action][tick.process] = (min(first, tick.moment), max(last, tick.moment))
    for action, processes in lives.items():
        spans = sorted((first, last, process) for process, (first, last) in processes.items())
        for (_, last, one), (first, _, other) in zip(spans, spans[1:]):
            ensure(last < first, f"{action}: {one} was at work until {last - first:.2f} s after {other} began")
    return sum(len(it) - 1 for it in lives.values())
