"""A private Slurm: munged, slurmctld and three nodes, each with namespaces of its own.

It knows nothing of walk. The caller is in namespaces of processes, mounts, names and the network
that are its own (`enter`), so that whatever is started here ends with it, and the bridge and the
names of the network namespaces are nobody else's. The file system is shared by all nodes.
"""

import os
import re
import shutil
import signal
import subprocess
import sys
import time

NODES = ("n1", "n2", "n3")
CPUS = 4
PACKAGES = ("slurm-wlm", "slurm-wlm-basic-plugins", "munge")
SYSTEM = "/usr/sbin:/sbin"

CONFIGURATION = """
ClusterName=acceptance
SlurmctldHost=ctl(10.77.0.1)
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
CredType=cred/munge
AuthInfo=socket={folder}/munge/socket,cred_expire=5
SlurmctldPort=17817
SlurmdPort=17818
SlurmctldPidFile={folder}/slurmctld.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdPidFile={folder}/slurmd-%n.pid
SlurmdLogFile={folder}/slurmd-%n.log
SlurmdSpoolDir={folder}/spool-%n
StateSaveLocation={folder}/state
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SwitchType=switch/none
MpiDefault=none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
SchedulerType=sched/backfill
SchedulerParameters=batch_sched_delay=0,sched_min_interval=0,sched_interval=1,bf_interval=1
ReturnToService=2
SlurmctldTimeout=30
SlurmdTimeout=10
KillWait=2
MessageTimeout=5
TCPTimeout=2
MinJobAge={age}
MaxJobCount={jobs}
MaxArraySize=10001
SlurmdParameters=config_overrides
LaunchParameters=disable_send_gids
PartitionName=main Nodes=n[1-3] Default=YES MaxTime=INFINITE State=UP
"""


def install():
    """Installs Slurm where it is absent; tells whether it is there now."""
    os.environ["PATH"] += os.pathsep + SYSTEM
    programs = ("slurmctld", "slurmd", "munged", "sbatch", "squeue")
    if not all(shutil.which(it) for it in programs):
        environment = dict(os.environ, DEBIAN_FRONTEND="noninteractive")
        # A daemon that apt starts would be the machine's, not ours.
        environment["RUNLEVEL"] = "1"
        packages = ["apt-get", "install", "--yes", "--quiet", "--no-install-recommends", *PACKAGES]
        for command in (["apt-get", "update", "--quiet"], packages):
            subprocess.run(command, env=environment, check=False, stdin=subprocess.DEVNULL)
    return all(shutil.which(it) for it in programs)


def enter(arguments):
    """The command that runs Python with these arguments in namespaces of its own."""
    spaces = ["--fork", "--pid", "--kill-child", "--mount-proc", "--net", "--uts", "--ipc"]
    user = [] if os.geteuid() == 0 else ["--user", "--map-root-user"]
    return ["unshare", *user, *spaces, sys.executable, "-B", *arguments]


def prepare():
    """Once, in the new namespaces: a name, a bridge, and a place for the nodes' namespaces."""
    run("hostname", "ctl")
    run("mount", "-t", "tmpfs", "tmpfs", "/run")
    run("ip", "link", "set", "lo", "up")
    run("ip", "link", "add", "wbr0", "type", "bridge")
    run("ip", "addr", "add", "10.77.0.1/24", "dev", "wbr0")
    run("ip", "link", "set", "wbr0", "up")
    for number, node in enumerate(NODES, 11):
        run("ip", "netns", "add", node)
        run("ip", "link", "add", "veth-" + node, "type", "veth", "peer", "name", "eth0", "netns", node)
        run("ip", "link", "set", "veth-" + node, "master", "wbr0", "up")
        run("ip", "-n", node, "addr", "add", f"10.77.0.{number}/24", "dev", "eth0")
        run("ip", "-n", node, "link", "set", "eth0", "up")
        run("ip", "-n", node, "link", "set", "lo", "up")


def run(*command, check=True):
    """The output of a command; its complaint is the error."""
    done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, universal_newlines=True, check=False)
    if check and done.returncode != 0:
        raise RuntimeError(f"{' '.join(command)}: {done.stdout.strip()}")
    return done.stdout


class Cluster:
    """Three nodes of four CPUs, from `start` to `stop`."""

    def __init__(self, folder, age=300, jobs=20000):
        self.folder = folder
        self.daemons = {}
        for part in ("munge", "state", *("spool-" + node for node in NODES)):
            os.makedirs(os.path.join(folder, part), mode=0o700)
        os.chmod(os.path.join(folder, "munge"), 0o755)
        self.configuration = os.path.join(folder, "slurm.conf")
        self.environment = dict(os.environ, SLURM_CONF=self.configuration)
        os.environ["SLURM_CONF"] = self.configuration
        with open(self.configuration, "w") as file:
            file.write(CONFIGURATION.format(folder=folder, age=age, jobs=jobs))
            for number, node in enumerate(NODES, 11):
                file.write(f"NodeName={node} NodeAddr=10.77.0.{number} CPUs={CPUS} RealMemory=4000\n")
        with open(os.path.join(folder, "cgroup.conf"), "w") as file:
            file.write(f"CgroupPlugin={cgroup_plugin()}\n")

    def __enter__(self):
        try:
            self.start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *_):
        self.stop()

    def start(self):
        munge = os.path.join(self.folder, "munge")
        with open(os.path.join(munge, "key"), "wb", opener=private) as file:
            file.write(os.urandom(1024))
        places = {"key-file": "key", "socket": "socket", "pid-file": "pid", "log-file": "log", "seed-file": "seed"}
        options = [f"--{option}={munge}/{name}" for option, name in places.items()]
        self.spawn("munged", ["munged", "--foreground", "--num-threads=2", *options])
        self.wait(lambda: os.path.exists(os.path.join(munge, "socket")), "munged listens")
        self.start_controller()
        for node in NODES:
            self.start_node(node)
        self.wait(self.is_idle, "all nodes are idle", 30)

    def start_controller(self):
        self.spawn("slurmctld", ["slurmctld", "-D", "-f", self.configuration])

    def start_node(self, node):
        """The shell is the first process of the node: when it dies, everything there does."""
        daemon = f"hostname {node}; slurmd -D -f {self.configuration} -N {node} & wait"
        spaces = ["unshare", "--fork", "--pid", "--kill-child", "--mount-proc", "--uts"]
        self.spawn(node, ["ip", "netns", "exec", node, *spaces, "sh", "-c", daemon])

    def spawn(self, name, command):
        with open(os.path.join(self.folder, name + ".out"), "ab") as output:
            self.daemons[name] = subprocess.Popen(
                command, env=self.environment, stdin=subprocess.DEVNULL, stdout=output,
                stderr=subprocess.STDOUT, start_new_session=True)

    def stop(self):
        for daemon in self.daemons.values():
            daemon.kill()
        for daemon in self.daemons.values():
            daemon.wait()
        self.daemons.clear()

    # What can go wrong.

    def signal_controller(self, number):
        self.daemons["slurmctld"].send_signal(number)

    def stop_controller(self):
        self.signal_controller(signal.SIGTERM)
        self.daemons["slurmctld"].wait()

    def kill_node(self, node):
        """With everything that runs there, at once and without a word."""
        daemon = self.daemons[node]
        daemon.kill()
        daemon.wait()

    def cut(self, node):
        run("ip", "link", "set", "veth-" + node, "down")

    def mend(self, node):
        run("ip", "link", "set", "veth-" + node, "up")

    def freeze(self, node):
        """As a machine that stands still: nothing there knows of it."""
        self.signal_node(node, signal.SIGSTOP)

    def thaw(self, node):
        self.signal_node(node, signal.SIGCONT)

    def signal_node(self, node, number):
        for pid in self.processes(node, everything=True):
            try:
                os.kill(pid, number)
            except ProcessLookupError:
                pass

    # What is seen of it.

    def is_idle(self):
        return run("sinfo", "-h", "-o", "%T %D", check=False).split() == ["idle", str(len(NODES))]

    def jobs(self):
        """What waits or runs: a line each."""
        return run("squeue", "-h", "-o", "%i %j %T %r %N").splitlines()

    def all_jobs(self):
        """Those that ended are among them, until they are forgotten."""
        return run("squeue", "-h", "-r", "-t", "all", "-o", "%i %j %T %r %N").splitlines()

    def processes(self, node, everything=False):
        """The processes on a node, without those of Slurm itself: pid to command line."""
        space = self.space(node)
        found = {}
        for entry in os.listdir("/proc"):
            if not entry.isdigit():
                continue
            try:
                if os.readlink(f"/proc/{entry}/ns/pid") != space:
                    continue
                with open(f"/proc/{entry}/cmdline", "rb") as file:
                    line = file.read().replace(b"\0", b" ").decode(errors="replace").strip()
            except OSError:
                continue
            own = re.match(r"(sh -c hostname|slurmd |slurmstepd)", line)
            if line and (everything or not own):
                found[int(entry)] = line
        return found

    def space(self, node):
        """The namespace of the node's processes: that of the child of `unshare`."""
        try:
            return os.readlink(f"/proc/{self.daemons[node].pid}/ns/pid_for_children")
        except OSError:
            return None

    def wait(self, is_reached, what, seconds=10):
        if not wait(is_reached, seconds):
            raise RuntimeError(f"not so after {seconds} s: {what}\n{self.logs()}")

    def logs(self):
        """The last lines of every daemon."""
        texts = []
        for name in sorted(os.listdir(self.folder)):
            if name.endswith((".log", ".out")):
                with open(os.path.join(self.folder, name), errors="replace") as file:
                    texts += [f"{name}: {line.rstrip()}" for line in file.readlines()[-8:]]
        return "\n".join(texts)


def wait(is_reached, seconds):
    """Asks until the answer is yes, or the time is over; tells which."""
    end = time.monotonic() + seconds
    while not is_reached():
        if time.monotonic() > end:
            return False
        time.sleep(0.05)
    return True


def cgroup_plugin():
    """What starts where no cgroup is to be used: before 23.11 one has to be named."""
    version = re.search(r"(\d+)\.(\d+)", run("slurmctld", "-V"))
    return "disabled" if (int(version[1]), int(version[2])) >= (23, 11) else "cgroup/v1"


def private(path, flags):
    return os.open(path, flags, 0o600)
