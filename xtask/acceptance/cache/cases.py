"""What a cache has to do when all is well, and what must never be in it.

Each case is named and says for which kinds of servers it is; it returns what is worth to be said.
"""

import os
import stat
import subprocess
import time

import kit
import projects
import tls
from kit import ensure, same
from projects import ALL, UNITS, blobs, things
from spoiled import SPOILED

EVERY = ("casd", "buildgrid", "directory")
SERVERS = ("casd", "buildgrid")
SHARED = ("directory",)


def two_checkouts(site):
    """The second, elsewhere and on another machine, restores everything and runs nothing."""
    server, clean = site.server(), site.clean()
    one = site.checkout(server, "one")
    first = one.walk().expect(ran=ALL, restored=0)
    other = site.checkout(server, "some/where/else/two")
    second = other.walk().expect(ran=[], restored=ALL)
    same(one.tree(), clean, "the first checkout and a clean build")
    same(other.tree(), clean, "the second checkout and a clean build")
    for text in ("| compiled area", "| it holds"):
        ensure(text in second.said(), f"what the actions wrote is not told again: {text}")
    ensure("it holds" in other.ask("log", "judge"), "walk log does not know what an action wrote")
    ensure("up to date" in other.walk().said(), "it is not up to date afterwards")
    ensure(not first.warned() and not second.warned(), f"{first.warned()} {second.warned()}")
    third = site.checkout(None, "three", machine=one.machine).walk().expect(ran=[], restored=ALL)
    ensure(not third.warned(), third.warned())
    return f"built in {first.seconds:.2f} s, restored in {second.seconds:.2f} s, from the local part in {third.seconds:.2f} s"


def headers(site):
    """A header that only depfiles name decides, and every state of it is known again."""
    server = site.server()
    one, other = site.checkout(server), site.checkout(server)
    one.walk().expect(ran=ALL)
    other.walk().expect(ran=0)
    other.edit("include/units.h", "UNIT 1", "UNIT 2")
    other.edit("include/deep.h", "DEEP 5", "DEEP 5 * UNIT")
    other.walk().expect(ran=UNITS)
    project = things()
    project.files["include/units.h"] = project.files["include/units.h"].replace("UNIT 1", "UNIT 2")
    project.files["include/deep.h"] = project.files["include/deep.h"].replace("DEEP 5", "DEEP 5 * UNIT")
    clean = site.clean(project)
    same(other.tree(), clean, "after the edit")
    one.edit("include/units.h", "UNIT 1", "UNIT 2")
    one.edit("include/deep.h", "DEEP 5", "DEEP 5 * UNIT")
    one.walk().expect(ran=[], restored=UNITS)
    same(one.tree(), clean, "after the same edit elsewhere")
    for checkout in (one, other):
        checkout.edit("include/units.h", "UNIT 2", "UNIT 1")
        checkout.edit("include/deep.h", "DEEP 5 * UNIT", "DEEP 5")
        checkout.walk().expect(ran=[])
        same(checkout.tree(), site.clean(), "after the edit was undone")
    # A new header that nobody declares, which another one includes now.
    for checkout, ran in ((one, None), (other, [])):
        checkout.write("include/new.h", "#define SIDES 4\n")
        checkout.edit("include/deep.h", "DEEP 5", 'DEEP SIDES\n#include "new.h"')
        checkout.walk().expect(ran=ran)
    same(one.tree(), other.tree(), "with a new header")
    other.edit("include/new.h", "SIDES 4", "SIDES 6")
    walk = other.walk()
    ensure("compile:src/wide.c" in walk.ran(), f"a header of a header is edited: {walk.ran()}")
    return "edited, undone, shared"


def large(site):
    """A blob of 20 MiB."""
    server, project = site.server(), blobs(1, 20 << 20)
    one, other = site.checkout(server, project=project), site.checkout(server, project=project)
    one.walk().expect(ran=2)
    walk = other.walk().expect(ran=[], restored=2)
    same(one.tree(), other.tree(), "20 MiB")
    ensure(os.stat(other.path("blobs/000")).st_size == 20 << 20, "its size")
    return f"restored in {walk.seconds:.2f} s"


def known_here(site):
    """What the local part has is asked of nobody else, and what came from elsewhere is in it."""
    server = site.server()
    proxy = site.proxy(server)
    one = site.checkout(proxy)
    one.walk().expect(ran=ALL)
    other = site.checkout(proxy)
    other.walk().expect(ran=[])
    wrong = []
    for name, checkout in (("made", one), ("restored", other)):
        proxy.calls()
        walk = site.checkout(proxy, "again", machine=checkout.machine).walk().expect(ran=[])
        calls = [it["method"] for it in proxy.calls()]
        if calls:
            wrong.append(f"what was {name} here costs {len(calls)} calls such as {calls[0]}")
        walk = site.checkout(None, "alone", machine=checkout.machine).walk()
        if walk.ran():
            wrong.append(f"without a server, what was {name} here runs: {walk.ran()}")
    ensure(not wrong, "; ".join(wrong))
    return "made or restored"


def at_once(site):
    """Two walks of the same project write at once, on two machines and on one."""
    server = site.server()
    for machines in ((None, None), (site.machine(),) * 2):
        checkouts = [site.checkout(server, name, machine=it) for name, it in zip(("a", "b"), machines)]
        walks = [checkout.start("-B") for checkout in checkouts]
        for walk in walks:
            ensure(not walk.end().warned(), walk.warned())
        for checkout in checkouts:
            same(checkout.tree(), site.clean(), "two at once")
        site.checkout(server).walk().expect(ran=[], restored=ALL)
    site.checkout(None, "c", machine=checkouts[0].machine).walk().expect(ran=[], restored=ALL)
    return "four walks"


def eviction(site):
    """A server that holds 30 MB and is given 60: what it forgot is made again, the rest is not."""
    server, project = site.server(quota=30_000_000), blobs(30, 2_000_000)
    one = site.checkout(server, project=project)
    one.walk().expect(ran=31)
    seen = []
    # One that writes forgets for each that it makes one that it was about to ask for.
    for mode in ("read", "read-write"):
        other = site.checkout(server, project=project, more=[f'mode = "{mode}"'])
        walk = other.walk()
        same(other.tree(), one.tree(), "after eviction")
        restored = len(walk.restored())
        ensure(len(walk.ran()) + restored == 31, "some are neither restored nor run")
        ensure(restored < 17, f"{restored} of 31 from a server of 30 MB")
        ensure(restored > 1 or mode != "read", f"only {walk.restored()} restored, and {walk.warned()}")
        ensure(len(walk.warned()) <= 2, walk.warned())
        seen.append(f"{restored} of 31 to one that does {mode}, {len(walk.warned())} warnings")
    return "; ".join(seen)


def local_cap(site):
    """A local part of 3 MB that is given 8: the newest stay; and what is old goes."""
    project = blobs(40, 200_000)
    machine = site.machine()
    cap = ['max-size = "3M"']
    checkout = site.checkout(None, "a", project, machine, cap)
    checkout.walk().expect(ran=41)
    size = kit.size_of(machine.local)
    ensure(1_000_000 < size <= 3_150_000, f"{size} bytes are left of 8 MB in a local part of 3 MB")
    walk = site.checkout(None, "b", project, machine, cap).walk()
    same(checkout.tree(), site.clean(project), "past the cap")
    ensure(kit.size_of(machine.local) <= 3_150_000, f"{kit.size_of(machine.local)} bytes after the second walk")
    both = [site.checkout(None, name, project, machine, cap) for name in ("at", "once")]
    for it in [it.start() for it in both]:
        it.end()
    for it in both:
        same(it.tree(), checkout.tree(), "two past the cap at once")
    # Two months later.
    past = time.time() - 60 * 24 * 3600
    for path in kit.files_below(machine.local):
        os.utime(path, (past, past))
    late = site.checkout(None, "c", blobs(1, 1000), machine, cap)
    late.walk()
    left = [it for it in kit.files_below(machine.local) if os.stat(it).st_mtime < past + 1000]
    ensure(not left, f"{len(left)} old files are left, such as {left[:1]}")
    late.walk("-B")
    site.checkout(None, "d", blobs(1, 1000), machine, cap).walk().expect(ran=[])
    return f"{size / 1e6:.1f} MB left, {len(walk.restored())} of 41 restored"


def modes(site):
    """Only reading, only writing, neither."""
    server = site.server()
    proxy = site.proxy(server) if site.kind != "directory" else server
    reader = site.checkout(proxy, more=['mode = "read"'])
    reader.walk().expect(ran=ALL)
    _never(proxy, ("UpdateActionResult", "BatchUpdateBlobs", "Write"), "a reader writes")
    site.checkout(proxy).walk().expect(ran=ALL)
    writer = site.checkout(proxy, more=['mode = "write"'])
    if proxy is not server:
        proxy.calls()
    writer.walk().expect(ran=ALL)
    _never(proxy, ("BatchReadBlobs", "Read"), "a writer reads")
    reader = site.checkout(proxy, more=['mode = "read"'])
    reader.walk().expect(ran=[], restored=ALL)
    for flag, ran in (("off", ALL), ("write", ALL), ("read", 0), ("read-write", 0)):
        site.checkout(proxy, more=['mode = "read"']).walk("--cache", flag).expect(ran=ran)
        site.checkout(proxy).walk(WALK_CACHE=flag).expect(ran=ran)
    machine = site.machine()
    site.checkout(proxy, machine=machine, more=["local = false"]).walk().expect(ran=[])
    ensure(not os.path.exists(machine.local), "there is a local part in spite of local = false")
    if site.kind == "directory":
        _read_only_directory(site, server)
    return "read, write, read-write, off"


def _never(proxy, methods, what):
    """For a directory the next walks tell."""
    if hasattr(proxy, "calls"):
        seen = [it["method"] for it in proxy.calls()]
        ensure(seen, "the proxy saw nothing")
        ensure(not set(methods) & set(seen), f"{what}: {sorted(set(seen))}")
    elif "reader" in what:
        ensure(not os.path.exists(proxy.folder), what)


def _read_only_directory(site, server):
    """One that may not be written to, except by root: it is read, and nothing in it is touched."""
    before = {it: os.stat(it).st_mtime_ns for it in kit.files_below(server.folder)}
    for path, _, _ in os.walk(server.folder):
        os.chmod(path, 0o555)
    walk = site.checkout(server).walk()
    ensure(not walk.ran(), f"a directory that may only be read is not read: {walk.said()}")
    after = {it: os.stat(it).st_mtime_ns for it in kit.files_below(server.folder)}
    ensure(before == after, "what is fresh was touched")
    for path, _, _ in os.walk(server.folder):
        os.chmod(path, 0o755)


def token(site):
    """A token goes with every call and into no file, not even if the server tells it to the world."""
    secret = "s3cret-of-the-c4che"
    server = site.server()
    proxy = site.proxy(server)
    checkouts = [site.checkout(proxy, more=['credentials = "~/.walk-token"']), site.checkout(proxy)]
    with open(os.path.join(checkouts[0].machine.folder, ".walk-token"), "w") as file:
        file.write(secret + "\n")
    leaks = []
    for checkout, environment in zip(checkouts, ({}, {"WALK_CACHE_TOKEN": secret})):
        checkout.walk("-v", **environment)
        calls = proxy.calls()
        ensure(calls and all(it["token"] == f"Bearer {secret}" for it in calls), f"calls without it: {calls[:2]}")
        proxy.set_fault("refusing")
        checkout.walk("-v", "-B", **environment)
        told = checkout.ask("doctor", **environment)
        ensure("refused" in told, f"doctor does not tell that the server refuses: {told}")
        checkout.ask("report", "-o", checkout.path("walk-report.html"), **environment)
        proxy.set_fault("")
        leaks += [it for it in kit.files_below(checkout.machine.folder)
                  if not it.endswith(".walk-token") and secret.encode() in _content(it)]
    ensure(not leaks, f"it is in {[os.path.relpath(it, site.folder) for it in leaks]}")
    return "from a file, from the environment"


def token_and_actions(site):
    """What an action does with its environment is its own affair: the token is not in it."""
    secret = "s3cret-of-the-c4che"
    project = projects.Project('[action.tell]\nrun = "env > told; env"\nout = ["told"]\n', {})
    checkout = site.checkout(site.server(), project=project)
    checkout.walk(WALK_CACHE_TOKEN=secret)
    leaks = [it for it in kit.files_below(site.folder) if secret.encode() in _content(it)]
    ensure(not leaks, f"an action prints it, and it is in {[os.path.relpath(it, site.folder) for it in leaks]}")
    return "not in the environment of actions"


def bad_tokens(site):
    """Files that hold no token, or none that can be sent."""
    server = site.server()
    proxy = site.proxy(server)
    checkout = site.checkout(proxy, more=['credentials = "token"'])
    said = checkout.walk(code=2).said()
    ensure("token" in said and "cannot read credentials" in said, said)
    for content in ("", "two\nlines-of-s3cret\n", "s3cret \x01"):
        checkout.write("token", content)
        walk = checkout.start("-B")
        code = walk.process.wait(kit.LIMIT)
        ensure(not content.strip() or "s3cret" not in walk.said(), f"the token is told: {walk.said()}")
        ensure(code in (0, 2), f"exit code {code}")
        calls = proxy.calls()
        sent = [it for it in calls if not it["token"].strip()]
        ensure(not (content and sent), f"{content!r}: it goes on without any token and does not say so: {walk.warned()}")
    return "absent, empty, of two lines, with a control character"


def encrypted(site):
    """A certificate that nobody here trusts is said once; one that is trusted serves as well as none."""
    guard = tls.Guard(os.path.join(site.folder, "tls"), site.server())
    site.processes.append(guard)
    trust = {"SSL_CERT_FILE": guard.certificate}
    walk = site.checkout(guard).walk().expect(ran=ALL).warns_once()
    ensure("certificate" in walk.said(), walk.said())
    site.checkout(guard).walk(**trust).expect(ran=ALL)
    walk = site.checkout(guard).walk(**trust).expect(ran=[], restored=ALL)
    ensure(not walk.warned(), walk.warned())
    return "untrusted, trusted"


def _content(path):
    with open(path, "rb") as file:
        return file.read()


KEPT_OUT = """
[env]
{env}
[action.fails]
run = "echo x > {{out}}; exit 1"
out = ["fails"]
keep-failed = true
[action.always]
run = "echo x > {{out}}"
out = ["always"]
always = true
[action.late]
run = "echo x > {{out}}"
out = ["late"]
late = ["echo", "1"]
[action.interactive]
run = "echo x > {{out}}"
out = ["interactive"]
interactive = true
[action.kept-out]
run = "echo x > {{out}}"
out = ["kept-out"]
cache = false
[action.too-late]
run = "echo x > {{out}}; sleep 30"
out = ["too-late"]
timeout = "1s"
keep-failed = true
[action.changed]
run = "cat {{in}} > {{out}}; echo new >> {{in}}"
in = ["changing"]
out = ["changed"]
[action.absent]
run = "true"
out = ["absent"]
[action.good]
run = "echo x > {{out}}"
out = ["good"]
"""


def kept_out(site):
    """Failures, `always`, `late` and their like are made by everybody for himself."""
    server = site.server()
    restored = []
    for env, wanted in (("", ["good"]), ('secret = ["PASSWORD"]', [])):
        project = projects.Project(KEPT_OUT.format(env=env), {"changing": "old\n"})
        for wanted_now in ([], wanted):
            walk = site.checkout(server, project=project).start("-k", PASSWORD="open sesame")
            walk.process.wait(kit.LIMIT)
            ensure(walk.restored() == wanted_now, f"restored: {walk.restored()}, and not {wanted_now}")
            restored += walk.restored()
    return f"only {restored} of 9"


def tracked(site):
    """Variables that are tracked, tools and arguments decide."""
    server = site.server()
    manifest = '[env]\ntrack = ["FLAVOR"]\n[vars]\nword = "a"\n[action.a]\nrun = "echo $FLAVOR ${word} > {out}"\nout = ["a"]\n'
    walk = lambda *arguments, **env: site.checkout(server, project=projects.Project(manifest, {})).walk(*arguments, **env)
    walk(FLAVOR="sweet").expect(ran=1)
    walk(FLAVOR="sour").expect(ran=1)
    walk("--set", "word=b", FLAVOR="sweet").expect(ran=1)
    walk(FLAVOR="sweet").expect(ran=0)
    walk(FLAVOR="sour").expect(ran=0)
    return "variables, --set"


def worktrees(site):
    """Two worktrees of one repository share the local part."""
    machine = site.machine()
    checkout = site.checkout(None, "repository", machine=machine)
    checkout.write(".gitignore", "/walk-*\n/build\n/lib\n/bin\n/made\n/pages\n/pair.*\n/said\n")
    git = ["git", "-C", checkout.folder, "-c", "user.name=walk", "-c", "user.email=walk@example.org"]
    for command in (["init", "-q"], ["add", "-A"], ["commit", "-q", "-m", "things"], ["worktree", "add", "-q", "../other", "-b", "other"]):
        subprocess.run([*git, *command], check=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    checkout.walk().expect(ran=ALL)
    other = kit.Checkout(machine, os.path.join(machine.folder, "other"))
    other.walk().expect(ran=[], restored=ALL)
    same(other.tree(), checkout.tree(), "two worktrees")
    other.edit("src/wide.c", "DEEP", "DEEP + 1")
    other.walk().expect(ran=["check", "compile:src/wide.c", "judge", "library", "program"])
    checkout.edit("src/wide.c", "DEEP", "DEEP + 1")
    checkout.walk().expect(ran=[])
    return "and what one of them changes"


def apart(site):
    """What is restored is a copy: an action that writes into its output spoils nobody's."""
    machine = site.machine()
    manifest = '[action.log]\nrun = "echo line >> {out}"\nout = ["log"]\n[action.tool]\nrun = "cp /bin/true {out}; chmod 755 {out}"\nout = ["tool"]\n'
    project = projects.Project(manifest, {})
    server = site.server()
    site.checkout(server, "a", project, machine).walk().expect(ran=2)
    for name in ("b", "c"):
        checkout = site.checkout(server, name, project, machine)
        checkout.walk().expect(ran=0)
        ensure(_content(checkout.path("log")) == b"line\n", "its content")
        ensure(os.stat(checkout.path("log")).st_nlink == 1, "a hard link")
        ensure(stat.S_IMODE(os.stat(checkout.path("tool")).st_mode) == 0o755, "its mode")
        with open(checkout.path("log"), "a") as file:
            file.write("more\n")
    return "copies, with their modes"


def numbers(site):
    """Requests and bytes for each action, seen by the proxy."""
    proxy = site.proxy(site.server())
    parts = []
    for word in ("stored", "restored"):
        site.checkout(proxy).walk()
        calls = [it for it in proxy.calls() if it["method"] != "Read"]
        up, down = (sum(it[way] for it in calls) for way in ("up", "down"))
        ensure(calls, "the proxy saw nothing")
        parts.append(f"{word}: {len(calls) / ALL:.1f} requests, {up / ALL:.0f} bytes up, {down / ALL:.0f} down")
    return "each action, " + "; ".join(parts)


CASES = {
    "two-checkouts": (EVERY, two_checkouts),
    "headers": (EVERY, headers),
    "large": (EVERY, large),
    "known-here": (("casd",), known_here),
    "at-once": (EVERY, at_once),
    "modes": (EVERY, modes),
    "tracked": (SHARED, tracked),
    "kept-out": (EVERY, kept_out),
    "apart": (SHARED, apart),
    "worktrees": (SHARED, worktrees),
    "local-cap": (SHARED, local_cap),
    "token": (SERVERS, token),
    "token-and-actions": (SHARED, token_and_actions),
    "bad-tokens": (("casd",), bad_tokens),
    "encrypted": (("casd",), encrypted),
    "eviction": (SERVERS, eviction),
    "numbers": (SERVERS, numbers),
    **SPOILED,
}
