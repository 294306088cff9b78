"""What is done to a cluster while walk uses it, and what has to be so afterwards.

A case tells the facts that it measured. What it made is compared with a clean local build, in
another checkout of equal depth; what ran is what the commands themselves wrote down.
"""

import os
import random
import signal
import stat
import time

import cluster
import projects
from kit import (SLURM, Checkout, Failure, differences, ensure, ensure_apart, ensure_once, ensure_quiet,
                 ensure_same)

CASES = {}


def case(**options):
    """Adds a case; the options are those of its cluster."""
    def add(function):
        CASES[function.__name__.replace("_", "-")] = (function, options)
        return function
    return add


def run(chosen, walk, folder):
    """Runs a case on a new cluster; nothing may be left on it."""
    function, options = chosen
    with cluster.Cluster(os.path.join(folder, "cluster"), **options) as slurm:
        try:
            facts = function(Scene(slurm, walk, folder))
            ensure(cluster.wait(lambda: not slurm.jobs(), 10), f"left in squeue: {slurm.jobs()}")
            left = {node: slurm.processes(node) for node in cluster.NODES if node in slurm.daemons}
            ensure(not any(left.values()), f"left on the nodes: {left}")
        except Exception:
            with open(os.path.join(folder, "squeue"), "w") as file:
                file.write("\n".join(slurm.all_jobs()))
            raise
    return facts


class Scene:
    """A cluster, and checkouts on the file system that it shares."""

    def __init__(self, slurm, walk, folder):
        self.slurm, self.program, self.folder = slurm, walk, folder

    def checkout(self, name, files):
        return Checkout(self.program, os.path.join(self.folder, name), files)

    def clean(self, files):
        """The files that a clean local build makes."""
        clean = self.checkout("clean", files)
        clean.walk()
        return clean.tree()


@case()
def c_program(scene):
    """Unchanged: the same files, then nothing, and after an edit the same files again."""
    return unchanged(scene, projects.C_PROGRAM, "limits.txt", "BUCKETS 67\nLONGEST 63\n")


@case()
def pipeline(scene):
    source = projects.PIPELINE["notes/north.md"] + "Windy.\n"
    return unchanged(scene, projects.PIPELINE, "notes/north.md", source)


def unchanged(scene, files, path, text):
    away, here = scene.checkout("away", files), scene.checkout("here", files)
    ran = here.walk().started()
    walk = away.walk(*SLURM)
    ensure(sorted(walk.started()) == sorted(ran), f"ran {walk.started()}, not {ran}")
    count = ensure_same(away, here.tree())
    ensure_quiet(away, *SLURM)
    ensure_quiet(away)
    for checkout, arguments in ((away, SLURM), (here, ())):
        checkout.write(path, text)
        again = checkout.walk(*arguments).started()
    ensure_same(away, here.tree())
    ensure(again, "an edit has no effect")
    return f"{count} files of {len(ran)} actions in {walk.seconds:.1f} s, {len(again)} again after an edit"


@case()
def layers(scene):
    """1,000 actions in ten layers, beside 1,000 jobs that do nothing."""
    files = projects.layers(10, 100)
    clean = scene.clean(files)
    away = scene.checkout("away", files)
    walk = away.walk(*SLURM, "-q")
    count = ensure_same(away, clean)
    ensure_quiet(away, *SLURM)
    jobs = len([it for it in scene.slurm.all_jobs() if " walk-" in it])
    def plain():
        for _ in range(1000):
            cluster.run("sbatch", "-o", "/dev/null", "--wrap", "true")
    def array():
        cluster.run("sbatch", "-o", "/dev/null", "--array", "1-1000", "--wrap", "true")
    rates = [1000 / walk.seconds, *(1000 / timed(scene, submit) for submit in (plain, array))]
    return (f"{count} files by {jobs} jobs; {rates[0]:.1f} actions/s, "
            f"plain sbatch {rates[1]:.1f}/s, an array {rates[2]:.1f}/s")


def timed(scene, submit):
    begin = time.monotonic()
    submit()
    ensure(cluster.wait(lambda: not scene.slurm.jobs(), 300), "plain jobs do not end")
    return time.monotonic() - begin


@case()
def node_killed(scene):
    """slurmd and all that runs on a node, with kill -9."""
    away, walk, clean = asleep(scene, 40, 3)
    walk.until(lambda: sum(it.node == "n1" for it in away.ticks()) > 8, "a node is at work")
    scene.slurm.kill_node("n1")
    walk.end(0)
    return judged(scene, away, clean, "n1")


@case()
def node_killed_and_back(scene):
    """The node is there again before Slurm has missed it."""
    away, walk, clean = asleep(scene, 40, 3)
    walk.until(lambda: sum(it.node == "n1" for it in away.ticks()) > 8, "a node is at work")
    scene.slurm.kill_node("n1")
    time.sleep(2)
    scene.slurm.start_node("n1")
    walk.end(0)
    return judged(scene, away, clean, "n1")


@case()
def node_cut_off_long(scene):
    """For 60 s, with jobs that outlast what Slurm waits for a node."""
    return cut_off(scene, 12, 30)


@case()
def node_cut_off_short(scene):
    """For 60 s, with jobs that end before Slurm misses the node."""
    return cut_off(scene, 60, 4)


def cut_off(scene, count, seconds):
    away, walk, clean = asleep(scene, count, seconds)
    walk.until(lambda: len(away.begun()) >= 12, "all nodes are at work")
    scene.slurm.cut("n1")
    begin = time.monotonic()
    while time.monotonic() < begin + 60:
        time.sleep(0.1)
        if not walk.is_running() and not hasattr(walk, "seconds"):
            walk.end(0)
            before = away.stamps()
    scene.slurm.mend("n1")
    walk.end(0)
    before = before if "before" in vars() else away.stamps()
    time.sleep(5)
    ensure(away.stamps() == before, "something was written after the end of the walk")
    return judged(scene, away, clean, "n1")


@case()
def node_frozen(scene):
    """A node stands still and goes on a minute later: what it still does has no effect."""
    away, walk, clean = asleep(scene, 12, 15, out="$WALK_OUT/{out}")
    walk.until(lambda: len(away.begun()) >= 12, "all nodes are at work")
    frozen = {it.action for it in away.ticks() if it.node == "n1"}
    scene.slurm.freeze("n1")
    walk.end(0)
    before = away.stamps()
    scene.slurm.thaw("n1")
    time.sleep(20)
    ensure(away.stamps() == before, "something was written after the end of the walk")
    ghosts = [it for it in away.ticks() if it.node == "n1" and it.word == "end"]
    ensure(not ghosts, f"ghosts went on to their end: {[it.action for it in ghosts]}")
    count = ensure_same(away, clean)
    ensure_quiet(away, *SLURM)
    return f"{count} files, {len(frozen)} actions were frozen, the walk took {walk.seconds:.0f} s"


def asleep(scene, count, seconds, more=None, arguments=SLURM, **options):
    """A walk of actions that take their time, begun; and what a clean build of them makes."""
    clean = scene.clean(projects.sleepers(count, 0))
    away = scene.checkout("away", projects.sleepers(count, seconds, more, **options))
    return away, away.start(*arguments), clean


def judged(scene, away, clean, node):
    """After the loss of a node: all is right, and nothing was at work twice at a time."""
    count = ensure_same(away, clean)
    again = ensure_apart(away)
    ended = away.begun("end")
    twice = sorted({it for it in ended if ended.count(it) > 1})
    ensure(not twice, f"went on to the end twice: {twice}")
    begun = away.begun()
    lost = {it.action for it in away.ticks() if it.node == node}
    wrong = sorted({it for it in begun if begun.count(it) > 1} - lost)
    ensure(not wrong, f"began again, though never on {node}: {wrong}")
    ensure_quiet(away, *SLURM)
    return f"{count} files, {again} of {len(lost)} actions that were on {node} began again"


@case()
def controller_frozen_at_start(scene):
    """slurmctld stands still before the first job is submitted: all of them go into an array."""
    scene.slurm.signal_controller(signal.SIGSTOP)
    away, walk, clean = asleep(scene, 40, 1)
    time.sleep(15)
    scene.slurm.signal_controller(signal.SIGCONT)
    walk.end(0)
    return exactly_once(away, clean, 40)


@case()
def controller_frozen(scene):
    """slurmctld stands still while one job after the other is submitted."""
    away, walk, clean = asleep(scene, 40, 1, arguments=(*SLURM, "-j", "6"))
    walk.until(lambda: len(away.begun()) >= 6, "actions run")
    scene.slurm.signal_controller(signal.SIGSTOP)
    time.sleep(15)
    scene.slurm.signal_controller(signal.SIGCONT)
    walk.end(0)
    return exactly_once(away, clean, 40)


@case()
def controller_restarted(scene):
    """slurmctld ends and is started again 12 s later."""
    away, walk, clean = asleep(scene, 40, 2, arguments=(*SLURM, "-j", "20"))
    walk.until(lambda: len(away.begun()) >= 6, "actions run")
    scene.slurm.stop_controller()
    time.sleep(12)
    scene.slurm.start_controller()
    walk.end(0)
    return exactly_once(away, clean, 40)


def exactly_once(away, clean, expected):
    count = ensure_same(away, clean)
    ensure_once(away, expected)
    ensure_quiet(away, *SLURM)
    return f"{count} files, each of {expected} actions began once"


@case()
def walk_killed(scene):
    """kill -9 five times, and the next walk takes over what runs."""
    away, walk, clean = asleep(scene, 48, 3, arguments=(*SLURM, "-j", "24"))
    source = random.Random(7)
    for number in range(1, 6):
        walk.until(lambda: len(away.begun()) >= 6 * number, f"{6 * number} actions began")
        time.sleep(source.random())
        walk.kill()
        walk.end(137)
        walk = away.start(*SLURM, "-j", "24")
    walk.end(0)
    return exactly_once(away, clean, 48)


@case()
def walk_killed_at_submit(scene):
    """kill -9 in the first moments, where jobs are submitted."""
    files = projects.sleepers(30, 0.5)
    clean, source = scene.clean(files), random.Random(3)
    for number in range(12):
        away = scene.checkout(f"away{number:02}", files)
        walk = away.start(*SLURM)
        time.sleep(0.05 + source.random() * 0.8)
        walk.kill()
        walk.end()
        away.walk(*SLURM)
        ensure_same(away, clean)
        ensure_once(away, 30)
    return f"12 times: {len(clean)} files, each of 30 actions began once"


@case()
def walk_killed_and_edited(scene):
    """What runs for an input that is no longer so does not count."""
    away, walk, _ = asleep(scene, 24, 4)
    walk.until(lambda: len(away.begun()) >= 12, "actions run")
    walk.kill()
    walk.end(137)
    files = projects.sleepers(24, 0)
    for name in ("src/s00", "src/s05", "src/s20"):
        files[name] = f"first edited\nlast edited {name}\n"
        away.write(name, files[name])
    running = {it.action for it in away.ticks() if it.word == "begin"}
    away.walk(*SLURM)
    clean = scene.checkout("edited", files)
    clean.walk()
    before = away.stamps()
    time.sleep(6)
    ensure(away.stamps() == before, "something was written after the end of the walk")
    count = ensure_same(away, clean.tree())
    again = ensure_apart(away)
    begun = away.begun()
    wrong = {it for it in begun if begun.count(it) > 1} - {"s00", "s05", "s20"}
    ensure(not wrong, f"began again without an edit: {sorted(wrong)}")
    ensure_quiet(away, *SLURM)
    return f"{count} files; {len(running)} ran at the kill, {again} of 3 edited began again"


@case()
def interrupted(scene):
    """Ctrl-C, then a walk to the end."""
    away, walk, clean = asleep(scene, 40, 20)
    walk.until(lambda: len(away.begun()) >= 12, "all nodes are at work")
    begin = time.monotonic()
    walk.kill(signal.SIGINT)
    walk.end(130)
    seconds = time.monotonic() - begin
    ensure(cluster.wait(lambda: not scene.slurm.jobs(), 3), f"left in squeue: {scene.slurm.jobs()}")
    left = [scene.slurm.processes(node) for node in cluster.NODES]
    ensure(not any(left), f"left on the nodes: {left}")
    ensure(seconds < 10, f"it took {seconds:.1f} s")
    kept = [it for it in away.tree() if it.startswith("out/")]
    ensure(not kept, f"half outputs are left: {kept}")
    for path, text in projects.sleepers(40, 0).items():
        away.write(path, text)
    away.walk(*SLURM)
    ensure_same(away, clean)
    return f"nothing was left after {seconds:.1f} s"


TROUBLE = projects.clean("""
    [walk]
    version = 1

    [action.good]
    run = "echo good > good"
    out = ["good"]

    [action.bad]
    run = "echo no such luck >&2; exit 3"

    [action.shot]
    run = "kill -9 $$"

    [action.late]
    run = "sleep 300 & sleep 300"
    timeout = "2s"

    [action.wide]
    run = "true"
    cpus = 99

    [action.big]
    run = "true"
    mem = "900G"

    [action.odd]
    run = "true"
    slurm = ["--constraint=nonesuch"]

    [action.missing]
    run = "true"
    out = ["missing"]
    """)


@case()
def trouble(scene):
    """What goes wrong is said as it is, with Slurm's own reason where it is Slurm's."""
    away = scene.checkout("away", {"walk.toml": TROUBLE})
    walk = away.walk(*SLURM, "-k", code=1)
    walk.says("bad +exit 3", "no such luck", "shot +killed by SIGKILL",
              "late .*time", "wide.*(PartitionConfig|configuration)", "big.*[Mm]emory",
              "odd.*(feature|constraint)", "missing")
    ensure(os.path.exists(away.path("good")), "the good one did not run")
    ensure(walk.seconds < 30, f"it took {walk.seconds:.0f} s")
    return f"all of it said in {walk.seconds:.1f} s"


MIXED = projects.clean("""
    [walk]
    version = 1

    [queues]
    cluster = { tokens = 20, engine = "slurm", partition = "main" }

    [action.near]
    matrix = { n = ["1", "2", "3", "4", "5", "6"] }
    run = "hostname > starts.near{n}; cat src > {out}"
    in = ["src"]
    out = ["near{n}"]

    [action.far]
    matrix = { n = ["1", "2", "3", "4", "5", "6"] }
    run = "hostname > starts.far{n}; (printenv SLURM_CPUS_PER_TASK || true) > starts.cpus{n}; sed s/a/b/ near{n} > {out}"
    in = ["near{n}"]
    out = ["far{n}"]
    queue = "cluster"
    cpus = 2
    mem = "100M"
    slurm = ["--nice=10"]

    [action.end]
    run = "hostname > starts.end; cat {in} > {out}"
    in = ["far*"]
    out = ["end"]
    """)


@case()
def mixed(scene):
    """Some actions here and some there, in one walk."""
    files = {"walk.toml": MIXED, "src": "a word\n"}
    away = scene.checkout("away", files)
    away.walk()
    clean = scene.checkout("clean", {**files, "walk.toml": MIXED.replace(', engine = "slurm", partition = "main"', "")})
    clean.walk()
    count = ensure_same(away, clean.tree())
    places = {name[7:]: away.lines(name)[0] for name in os.listdir(away.folder) if name.startswith("starts.")}
    for name, place in places.items():
        right = {"f": cluster.NODES, "c": ("2",)}.get(name[0], ("ctl",))
        ensure(place in right, f"{name} is {place}, none of {right}")
    ensure_quiet(away)
    return f"{count} files, {sum(it in cluster.NODES for it in places.values())} of 13 actions on the cluster"


@case()
def noise(scene):
    """sbatch prints more than a number, and every other squeue fails."""
    folder = os.path.join(scene.folder, "bin")
    os.mkdir(folder)
    wrap(folder, "sbatch", 'echo "Welcome to 1 of 12 clusters"\necho "site: 4711 jobs today" >&2\n'
                           '/usr/bin/sbatch "$@"; rc=$?\necho; echo "remember to log out 17"; exit $rc')
    wrap(folder, "squeue", "if [ $(($(od -An -N1 -tu1 /dev/urandom) % 2)) = 0 ]; then\n"
                           'echo "squeue: error: slurm_load_jobs: Socket timed out" >&2; exit 1; fi\n'
                           'exec /usr/bin/squeue "$@"')
    path = folder + os.pathsep + os.environ["PATH"]
    clean = scene.clean(projects.sleepers(60, 0))
    away = scene.checkout("away", projects.sleepers(60, 1))
    away.walk(*SLURM, "-j", "30", PATH=path)
    return exactly_once(away, clean, 60)


def wrap(folder, name, text):
    path = os.path.join(folder, name)
    with open(path, "w") as file:
        file.write(f"#!/bin/sh\n{text}\n")
    os.chmod(path, os.stat(path).st_mode | stat.S_IXUSR)


@case(age=2)
def forgotten(scene):
    """Slurm has forgotten the jobs that ended while nobody asked."""
    away, walk, clean = asleep(scene, 12, 3)
    walk.until(lambda: len(away.begun()) >= 6, "actions run")
    walk.kill(signal.SIGSTOP)
    gone = cluster.wait(lambda: len(away.begun("end")) >= 12 and not scene.slurm.all_jobs(), 120)
    walk.kill(signal.SIGCONT)
    ensure(gone, "Slurm does not forget its jobs")
    walk.end(0)
    return exactly_once(away, clean, 12)


@case(age=5, jobs=20)
def crowded(scene):
    """Slurm takes no more than 20 jobs at a time, those among them that ended just now."""
    away, walk, clean = asleep(scene, 60, 0.5)
    walk.end(0)
    return f"{exactly_once(away, clean, 60)}, in {walk.seconds:.0f} s"
