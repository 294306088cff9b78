"""What one case has: machines with checkouts, and a server of one kind, which end with it."""

import os

import projects
import servers
from kit import Machine


class Site:
    def __init__(self, tools, walk, kind, folder):
        self.tools, self.walk, self.kind, self.folder = tools, walk, kind, folder
        self.processes = []
        self.count = 0
        os.makedirs(folder)

    def end(self):
        for it in reversed(self.processes):
            it.kill()

    def server(self, quota=None):
        self.count += 1
        server = servers.KINDS[self.kind](self.tools, os.path.join(self.folder, f"server{self.count}"), quota)
        self.processes.append(server)
        return server.start()

    def proxy(self, server):
        proxy = servers.Proxy(self.tools, os.path.join(self.folder, "proxy"), server)
        self.processes.append(proxy)
        return proxy.start()

    def machine(self):
        self.count += 1
        return Machine(self.walk, os.path.join(self.folder, f"machine{self.count}"))

    def checkout(self, server, name="checkout", project=None, machine=None, more=()):
        """A checkout on a machine of its own, unless one is given, that uses `server`, if any."""
        remote = [f'remote = "{server.remote()}"'] if server else []
        return (machine or self.machine()).checkout(name, project or projects.things(), [*remote, *more])

    def clean(self, project=None):
        """What a local build makes that no cache has to do with."""
        self.count += 1
        checkout = self.machine().checkout("clean", project or projects.things())
        checkout.walk()
        return checkout.tree()
