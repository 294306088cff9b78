"""Builds what graph.json says with e3.job.walk, on two tokens.

The fingerprint of an action is its command and the contents of what it reads and writes; each is
saved in a file of its own, as the documentation of the class suggests.
"""

import json
import os
import subprocess
import sys

from e3.anod.status import ReturnValue
from e3.collection.dag import DAG
from e3.fingerprint import Fingerprint
from e3.job import Job
from e3.job.walk import Walk

STATE = ".fingerprints"


class Command(Job):
    succeeded = False

    def run(self):
        self.succeeded = subprocess.call(self.data["command"], shell=True) == 0

    @property
    def status(self):
        return ReturnValue.success if self.succeeded else ReturnValue.failure

    def interrupt(self):
        pass


class Actions(Walk):
    def set_scheduling_params(self):
        self.tokens = 2

    def compute_fingerprint(self, uid, data, is_prediction=False):
        result = Fingerprint()
        result.add("command", data["command"])
        for path in [*data["inputs"], data["output"]]:
            result.add_file(path)
        return result

    def save_fingerprint(self, uid, fingerprint):
        path = os.path.join(STATE, uid)
        if fingerprint is not None:
            fingerprint.save_to_file(path)
        elif os.path.exists(path):
            os.unlink(path)

    def load_previous_fingerprint(self, uid):
        return Fingerprint.load_from_file(os.path.join(STATE, uid))

    def create_job(self, uid, data, predecessors, notify_end):
        return Command(uid, data, notify_end)

    def request_requeue(self, job):
        return False


def main():
    os.makedirs(STATE, exist_ok=True)
    graph = DAG()
    for action in json.load(open("graph.json")):
        graph.update_vertex(
            action["name"], action, predecessors=action["after"], enable_checks=False
        )
    graph.check()
    done = (ReturnValue.success, ReturnValue.skip)
    return int(any(status not in done for status in Actions(graph).job_status.values()))


sys.exit(main())
