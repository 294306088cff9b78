"""Walks in checkouts, what they ran, and what files they left.

It knows nothing of caches but where walk keeps its local part: below XDG_CACHE_HOME.
"""

import hashlib
import json
import os
import subprocess
import time

# Nothing takes longer; what does is stuck.
LIMIT = 240


class Failure(Exception):
    """What was seen is not what should be."""


def ensure(is_so, what):
    if not is_so:
        raise Failure(what)


def files_below(folder):
    """All regular files below a directory."""
    return sorted(os.path.join(place, name) for place, _, names in os.walk(folder) for name in names)


def size_of(folder):
    return sum(os.stat(path).st_size for path in files_below(folder))


class Machine:
    """A place with checkouts, and a local part of the cache of its own."""

    def __init__(self, walk, folder):
        self.program = walk
        self.folder = folder
        self.local = os.path.join(folder, "xdg", "walk")
        os.makedirs(folder)

    def checkout(self, name, project, cache=None):
        """A new checkout of `project`, whose manifest has this table `[cache]`."""
        folder = os.path.join(self.folder, name)
        checkout = Checkout(self, folder)
        for path, text in project.files.items():
            checkout.write(path, text, path in project.executables)
        head = "" if cache is None else "[cache]\n" + "".join(f"{it}\n" for it in cache)
        checkout.write("walk.toml", head + project.manifest)
        return checkout


class Checkout:
    """A directory with a project in it."""

    def __init__(self, machine, folder):
        self.machine = machine
        self.folder = folder
        self.count = 0

    def path(self, name):
        return os.path.join(self.folder, name)

    def write(self, path, text, is_executable=False):
        place = self.path(path)
        os.makedirs(os.path.dirname(place), exist_ok=True)
        with open(place, "wb") as file:
            file.write(text if isinstance(text, bytes) else text.encode())
        os.chmod(place, 0o755 if is_executable else 0o644)

    def edit(self, path, old, new):
        with open(self.path(path)) as file:
            text = file.read()
        ensure(old in text, f"{path} has no {old!r}")
        self.write(path, text.replace(old, new), os.access(self.path(path), os.X_OK))

    def start(self, *arguments, **environment):
        """Begins a walk: more arguments, and more of the environment."""
        self.count += 1
        return Walk(self, self.count, arguments, environment)

    def walk(self, *arguments, code=0, **environment):
        """A walk from its beginning to its end, which has to be this one."""
        return self.start(*arguments, **environment).end(code)

    def ask(self, *arguments, **environment):
        """Another command of walk, whatever it exits with; returns what it says."""
        self.count += 1
        walk = Walk(self, self.count, arguments, environment, has_events=False)
        walk.process.wait(LIMIT)
        return walk.said()

    def tree(self):
        """All files but walk's own: path to mode and content, or where a link leads."""
        found = {}
        for folder, folders, names in os.walk(self.folder):
            folders[:] = [it for it in folders if it not in (".walk", ".git")]
            for name in [*names, *folders]:
                path = os.path.join(folder, name)
                relative = os.path.relpath(path, self.folder)
                if relative not in ("walk.toml", ".git") and "walk-" not in relative:
                    found[relative] = describe(path)
        return found


def describe(path):
    if os.path.islink(path):
        return f"-> {os.readlink(path)}"
    if os.path.isdir(path):
        return "directory"
    with open(path, "rb") as file:
        content = hashlib.sha256(file.read()).hexdigest()
    mode = "executable" if os.access(path, os.X_OK) and os.stat(path).st_mode & 0o100 else "plain"
    return f"{mode} {os.stat(path).st_size} {content}"


def same(one, other, what):
    """Two trees have the same files with the same bytes."""
    if one == other:
        return
    lines = [f"{path}: {one.get(path)} / {other.get(path)}"
             for path in sorted({*one, *other}) if one.get(path) != other.get(path)]
    raise Failure(f"{what}: {len(lines)} files differ: " + "; ".join(lines[:4]))


class Walk:
    """A walk that was started; all it says goes to a file."""

    def __init__(self, checkout, number, arguments, environment, has_events=True):
        self.log = checkout.path(f"walk-{number}.log")
        self.events = checkout.path(f"walk-{number}.jsonl")
        self.begin = time.monotonic()
        kept = {name: value for name, value in os.environ.items()
                if not name.startswith("WALK_") and not name.lower().endswith("_proxy")}
        home = {"XDG_CACHE_HOME": os.path.join(checkout.machine.folder, "xdg"), "HOME": checkout.machine.folder}
        events = ["--events", self.events] if has_events else []
        command = [checkout.machine.program, *events, *arguments]
        with open(self.log, "wb") as output:
            self.process = subprocess.Popen(
                command, cwd=checkout.folder, env={**kept, **home, **environment},
                stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True)

    def end(self, code=0, limit=LIMIT):
        try:
            seen = self.process.wait(limit)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise Failure(f"walk does not end in {limit} s; it said:\n{self.said()[-2000:]}") from None
        self.seconds = time.monotonic() - self.begin
        ensure(seen == code, f"walk exits with {seen} instead of {code}; it said:\n{self.said()[-2000:]}")
        return self

    def said(self):
        with open(self.log, errors="replace") as file:
            return file.read()

    def told(self, kind):
        with open(self.events, errors="replace") as file:
            lines = [json.loads(line) for line in file if line.endswith("\n")]
        return [it for it in lines if it.get("event") == kind]

    def ran(self):
        """The actions whose commands ran."""
        return sorted(it["action"] for it in self.told("finished") if not it.get("cached"))

    def restored(self):
        return sorted(it["action"] for it in self.told("finished") if it.get("cached"))

    def expect(self, ran=None, restored=None):
        """Refuses other numbers, or other names."""
        for word, wanted, seen in (("ran", ran, self.ran()), ("restored", restored, self.restored())):
            is_so = wanted is None or wanted == (seen if isinstance(wanted, list) else len(seen))
            ensure(is_so, f"{word}: {seen} ({len(seen)}) and not {wanted}; walk said:\n{self.said()[-1500:]}")
        return self

    def warned(self):
        """What walk said of the cache, besides what actions did."""
        words = ("the cache", "cache:", "warning")
        return [line for line in self.said().splitlines() if any(it in line for it in words) and "from the cache" not in line]

    def warns_once(self):
        """A cache that fails is told of, and not for each action."""
        warned = self.warned()
        ensure(1 <= len(warned) <= 2, f"it warns {len(warned)} times: {warned[:4]}")
        return self
