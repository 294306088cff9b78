"""What a cache must not do when something is wrong: damaged blobs, and servers that are gone.

Whatever happens, the walk succeeds, in bounded time, and its files are those of a clean build.
"""

import os
import random
import signal

import kit
import servers
from kit import ensure, same
from projects import ALL, blobs

EVERY = ("casd", "buildgrid", "directory")
SERVERS = ("casd", "buildgrid")

# A server that does not answer costs a walk no more than this, its own work included.
BOUND = 100


def damage(site):
    """Files of the directory: each is poisoned, truncated, made longer, empty or missing."""
    server, clean = site.server(), site.clean()
    site.checkout(server).walk().expect(ran=ALL)
    counts = []
    for name, harm in HARMS.items():
        for path in server.content():
            harm(path)
        walk = site.checkout(server)
        done = walk.walk()
        same(walk.tree(), clean, name)
        ensure(set(done.restored()) <= {"link"}, f"{name}: restored {done.restored()}")
        counts.append(f"{name} {_heals(lambda: site.checkout(server))}")
    return "walks until all is right again: " + ", ".join(counts)


def _heals(checkout):
    """Returns how many more walks it takes until one runs nothing."""
    for count in range(1, 6):
        walk = checkout().walk()
        if not walk.ran():
            return count - 1
    raise kit.Failure(f"after five walks there still run {walk.ran()}")


def damaged_results(site):
    """The same with the results in place of the blobs."""
    server, clean = site.server(), site.clean()
    site.checkout(server).walk().expect(ran=ALL)
    for name, harm in HARMS.items():
        for path in kit.files_below(os.path.join(server.folder, "ac")):
            harm(path)
        checkout = site.checkout(server)
        checkout.walk().expect(restored=0)
        same(checkout.tree(), clean, name)
        site.checkout(server).walk().expect(ran=[])
    return ", ".join(HARMS)


def damaged_here(site):
    """The local part, which is checked as well, and is right again afterwards."""
    machine, clean, counts = site.machine(), site.clean(), []
    site.checkout(None, "first", machine=machine).walk().expect(ran=ALL)
    for name, harm in HARMS.items():
        for kind in ("cas", "ac"):
            for path in kit.files_below(os.path.join(machine.local, kind)):
                harm(path)
            checkout = site.checkout(None, f"{name}-{kind}", machine=machine)
            checkout.walk()
            same(checkout.tree(), clean, f"{name} in {kind}")
            again = iter(range(9))
            healed = _heals(lambda: site.checkout(None, f"{name}-{kind}-{next(again)}", machine=machine))
            counts.append(f"{name} {kind} {healed}")
    return "walks until all is right again: " + ", ".join(counts)


def _poison(path):
    with open(path, "r+b") as file:
        first = file.read(1)
        file.seek(0)
        file.write(bytes([first[0] ^ 1]) if first else b"")


def _truncate(path):
    os.truncate(path, os.stat(path).st_size // 2)


def _lengthen(path):
    with open(path, "ab") as file:
        file.write(b"more")


def _clear(path):
    os.truncate(path, 0)


def _writable(harm):
    def change(path):
        os.chmod(path, 0o644)
        harm(path)
    return change


HARMS = {"poisoned": _writable(_poison), "truncated": _writable(_truncate), "longer": _writable(_lengthen),
         "empty": _writable(_clear), "missing": os.unlink}


def some_missing(site):
    """Half of the blobs are deleted below the server: whole sets of outputs or nothing."""
    server, clean = site.server(), site.clean()
    site.checkout(server).walk().expect(ran=ALL)
    random.seed(4)
    content = server.content()
    ensure(len(content) > 20, f"the server has {len(content)} files")
    for path in random.sample(content, len(content) // 2):
        os.unlink(path)
    checkout = site.checkout(server)
    walk = checkout.walk()
    same(checkout.tree(), clean, "with half of the blobs")
    again = site.checkout(server)
    after = again.walk()
    same(again.tree(), clean, "the walk after it")
    return f"{len(walk.restored())} of {ALL} restored, then {len(after.restored())}"


def spoiled_answers(site):
    """A server that sends blobs that are wrong, half, missing, or others than were asked for."""
    server, clean = site.server(), site.clean()
    proxy = site.proxy(server)
    site.checkout(proxy).walk().expect(ran=ALL)
    told = []
    for fault in ("poisoned", "truncated", "missing", "unsaid", "nonsense", "escaping", "absolute", "incomplete", "failed", "huge"):
        checkout = site.checkout(proxy)
        proxy.set_fault(fault)
        walk = checkout.walk()
        same(checkout.tree(), clean, fault)
        ensure(set(walk.restored()) <= UNHARMED.get(fault, {"judge"}), f"{fault}: restored {walk.restored()}")
        ensure(walk.seconds < BOUND, f"{fault}: {walk.seconds:.0f} s")
        ensure(len(walk.warned()) <= 2, f"{fault}: {walk.warned()}")
        told.append(f"{fault} {len(walk.warned())}")
        strange = [it for it in kit.files_below(site.folder) if "escaped" in it]
        ensure(not strange, f"{fault}: {strange}")
        proxy.set_fault("")
        proxy.calls()
    site.checkout(proxy).walk().expect(ran=[], restored=ALL)
    return "warnings: " + ", ".join(told)


# A link needs no blob, and without outputs nothing is wrong with some results.
UNHARMED = {"poisoned": {"link"}, "truncated": {"link"}, "missing": {"link"}, "unsaid": {"link"},
            "huge": {"link", "judge"}, "nonsense": set(), "failed": set()}


def spoiled_streams(site):
    """The same with a blob of 20 MiB, which comes in parts."""
    project = blobs(1, 20 << 20)
    server, clean = site.server(), site.clean(project)
    proxy = site.proxy(server)
    site.checkout(proxy, project=project).walk().expect(ran=2)
    for fault in ("poisoned", "truncated", "missing", "reset"):
        checkout = site.checkout(proxy, project=project)
        proxy.set_fault(fault)
        walk = checkout.walk()
        same(checkout.tree(), clean, fault)
        ensure("blob:seeds/000" in walk.ran(), f"{fault}: restored {walk.restored()}")
        proxy.set_fault("")
        site.checkout(proxy, project=project).walk().expect(ran=[])
    return "poisoned, truncated, missing, reset"


def killed(site):
    """A server that is killed while a blob of 20 MiB comes, and one that stays silent there."""
    project, seconds = blobs(1, 20 << 20), []
    clean = site.clean(project)
    for fault in ("killed", "stalled"):
        server = site.server()
        proxy = site.proxy(server)
        site.checkout(proxy, project=project).walk().expect(ran=2)
        checkout = site.checkout(proxy, project=project)
        proxy.set_fault(fault)
        walk = checkout.start().end(limit=BOUND).warns_once()
        same(checkout.tree(), clean, fault)
        ensure("blob:seeds/000" in walk.ran(), walk.restored())
        seconds.append(f"{fault} {walk.seconds:.1f} s")
        scraps = [it for it in kit.files_below(checkout.path(".walk")) if os.stat(it).st_size >= 1 << 20]
        ensure(not scraps, f"what came is left: {scraps}")
        proxy.set_fault("")
        proxy.kill()
        server.kill()
    return ", ".join(seconds)


def killed_between(site):
    """A server that is killed by the first walk of three at once, and is started again later."""
    server, clean = site.server(), site.clean()
    proxy = site.proxy(server)
    site.checkout(proxy).walk().expect(ran=ALL)
    proxy.set_fault("killed")
    checkouts = [site.checkout(proxy) for _ in range(3)]
    for walk in [it.start() for it in checkouts]:
        walk.end(limit=BOUND).warns_once()
    for checkout in checkouts:
        same(checkout.tree(), clean, "without a server")
    proxy.set_fault("")
    server.start()
    proxy.start()
    site.checkout(proxy).walk()
    site.checkout(proxy).walk().expect(ran=[], restored=ALL)
    return "and started again"


def absent(site):
    """Nobody listens, or the directory cannot be made: said once, and soon over."""
    clean = site.clean()
    server = site.server()
    server.kill()
    if site.kind == "directory":
        with open(os.path.join(site.folder, "file"), "w"):
            server.folder = os.path.join(site.folder, "file", "below")
    checkout = site.checkout(server)
    walk = checkout.start().end(limit=30)
    walk.expect(ran=ALL).warns_once()
    same(checkout.tree(), clean, "without a server")
    ensure(walk.seconds < 20, f"{walk.seconds:.0f} s")
    quick = checkout.walk()
    ensure("up to date" in quick.said() and not quick.warned(), f"nothing to do, and yet: {quick.said()}")
    # What was made meanwhile is known here, whatever becomes of the server.
    walk = site.checkout(server, "other", machine=checkout.machine).walk().expect(ran=[], restored=ALL)
    return f"{walk.warned() or 'no warning'} when all is known here"


def unknown_host(site):
    """A name that leads nowhere, and a port that swallows what it is sent."""
    clean = site.clean()
    silent = servers.socket.socket()
    silent.bind(("127.0.0.1", 0))
    silent.listen(50)
    seconds = []
    for remote in ("grpc://no.such.host.invalid:9092", f"grpc://127.0.0.1:{silent.getsockname()[1]}"):
        checkout = site.machine().checkout("a", _things(), [f'remote = "{remote}"'])
        walk = checkout.start().end(limit=BOUND).expect(ran=ALL).warns_once()
        same(checkout.tree(), clean, remote)
        seconds.append(f"{walk.seconds:.1f} s")
    silent.close()
    return ", ".join(seconds)


def _things():
    from projects import things
    return things()


def stopped(site):
    """A server that is stopped answers nobody: walk ends in bounded time, and goes on later."""
    server, clean = site.server(), site.clean()
    site.checkout(server).walk().expect(ran=ALL)
    server.send(signal.SIGSTOP)
    checkout = site.checkout(server)
    walk = checkout.start().end(limit=BOUND).warns_once()
    same(checkout.tree(), clean, "with a stopped server")
    server.send(signal.SIGCONT)
    site.checkout(server).walk().expect(ran=[], restored=ALL)
    return f"{walk.seconds:.0f} s"


def interrupted(site):
    """Ctrl-C while a server does not answer: walk ends soon, and leaves nothing half made."""
    project = blobs(1, 20 << 20)
    server, clean = site.server(), site.clean(project)
    proxy = site.proxy(server)
    site.checkout(proxy, project=project).walk().expect(ran=2)
    proxy.set_fault("stalled")
    proxy.calls()
    checkout = site.checkout(proxy, project=project)
    walk = checkout.start()
    for _ in range(200):
        if any(it["method"] == "Read" for it in proxy.calls()):
            break
        servers.time.sleep(0.05)
    walk.process.send_signal(signal.SIGINT)
    begin = servers.time.monotonic()
    code = walk.process.wait(BOUND)
    seconds = servers.time.monotonic() - begin
    ensure(code in (130, -2), f"it exits with {code}: {walk.said()}")
    ensure(not os.path.exists(checkout.path("blobs/000")), "a blob that did not come whole is there")
    ensure(seconds < 15, f"it takes {seconds:.0f} s to end after Ctrl-C")
    proxy.set_fault("")
    checkout.walk()
    same(checkout.tree(), clean, "the walk after it")
    return f"{seconds:.1f} s"


SPOILED = {
    "damage": (("directory",), damage),
    "damaged-results": (("directory",), damaged_results),
    "damaged-here": (("directory",), damaged_here),
    "some-missing": (EVERY, some_missing),
    "spoiled-answers": (SERVERS, spoiled_answers),
    "spoiled-streams": (SERVERS, spoiled_streams),
    "killed": (SERVERS, killed),
    "killed-between": (("casd",), killed_between),
    "absent": (EVERY, absent),
    "unknown-host": (("casd",), unknown_host),
    "stopped": (SERVERS, stopped),
    "interrupted": (("casd",), interrupted),
}
