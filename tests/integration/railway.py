"""railway.py - a rolling deploy as Railway does it, on processes of this machine.

A new container is started with PORT.  Its health address is asked until the first answer that is
exactly 200; then all traffic goes to it, the old one is left alone for the overlap, gets SIGTERM, and
SIGKILL after the draining time, both of which are 0 s unless a variable says else.  A container that
ends with another status than 0 is started again, ten times.  A version that is not well within the
time is removed, and nothing has happened.  With a volume there is no overlap: the old one has ended
before the new one starts.
"""
# SPDX-License-Identifier: MIT
import http.client
import os
import signal
import time

from process import PYTHON, REPOSITORY, Timeout, free_port, wait_until
from rollout import APP, BAD, BAD_SECONDS, GOOD_SECONDS, Container, complaints_in
from servers import build_path

POLL_SECONDS = 0.1  # how often it asks is not documented; the more often, the less a version may waver
RESTARTS = 10

# The defaults are for longer requests; these keep their order: a request takes up to 3 s, nginx waits
# longer for it, and the platform longer than everything that happens within.
# The version that falls over lives for a second.
SHORT = {"PROBITY_DRAIN_SECONDS": "1", "PROBITY_SHUTDOWN_SECONDS": "5", "PROBITY_READY_AFTER": "2"}


def status_of(port):
    """What one look at the health address says, or None."""
    link = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        link.request("GET", "/health/ready", headers={"Host": "healthcheck.railway.app"})
        return link.getresponse().status
    except (OSError, http.client.HTTPException):
        return None
    finally:
        link.close()


class Instance:
    """The container of one version, placement 1: nginx, probityd and the application in it.

    `disk` is the folder of another instance whose volume it takes over; else it has its own.
    """

    def __init__(self, world, name, env=None, disk=None):
        self.world, self.name, self.port = world, name, free_port()
        self.folder = os.path.join(world.folder, name)
        self.disk = disk or self.folder
        self.logs = os.path.join(self.disk, "logs")
        self.starts = 0
        for part in ("run", "state", "logs"):
            os.makedirs(os.path.join(self.folder if part == "run" else self.disk, part),
                        exist_ok=True)
        world.log_folders[name] = self.logs
        settings = {
            "PORT": self.port, "PROBITY_UPSTREAM": f"127.0.0.1:{free_port()}", "LOG_FORMAT": "json",
            "PROBITY_LISTEN": os.path.join(self.folder, "run", "s"),
            "PROBITY_STATE_DIR": os.path.join(self.disk, "state"), "PROBITY_LOG_DIR": self.logs,
            "ROLLOUT_NAME": name, "APP_VERSION": name, **SHORT, **(env or world.env())}
        settings["PROBITY_APP"] = f"http://{settings['PROBITY_UPSTREAM']}/health"
        self.container = Container(self.folder, "container",
                                   [build_path("probity"), "serve", "--", PYTHON, APP],
                                   settings)

    @property
    def address(self):
        return "127.0.0.1", self.port

    def start(self):
        self.starts += 1
        self.container.spawn()

    def tend(self):
        """The restart policy: ON_FAILURE."""
        if not self.container.alive() and self.container.child.returncode != 0 \
                and self.starts <= RESTARTS:
            self.container.reap()
            self.start()


class Railway:
    name, mode = "railway", "http"

    def __init__(self, world, overlap=0.5, draining=12.0, volume=False):
        self.world = world
        self.overlap, self.draining, self.volume = overlap, draining, volume
        self.instances = []
        self.current = self.refused = None
        self.away_since = None
        self.wrong = []  # ends that should have been others
        self.kills = {}  # when, by the instance's name
        self.gaps = []   # (from, to) without any instance

    def instance(self, name, **options):
        if self.volume and self.current:
            options["disk"] = self.current.disk
        self.instances.append(Instance(self.world, name, **options))
        return self.instances[-1]

    def is_well(self, instance):
        instance.tend()
        return status_of(instance.port) == 200

    def start(self, name="v0"):
        """The first version, without anybody watching."""
        self.current = self.instance(name)
        self.current.start()
        wait_until(lambda: self.is_well(self.current), GOOD_SECONDS, "the first version",
                   every=POLL_SECONDS)
        self.world.balancer.add(self.current.address)

    def deploy(self, name, bad=None):
        """One rollout; returns whether it was switched to, and what was seen."""
        began, patience = time.monotonic(), BAD_SECONDS if bad else GOOD_SECONDS
        ended = self.end(self.current) if self.volume else None
        new = self.instance(name, env=self.world.env(bad))
        new.start()
        try:
            wait_until(lambda: self.is_well(new), patience, "health", every=POLL_SECONDS)
        except Timeout:
            new.container.kill()
            self.refused = new
            return False, f"not ready in {patience} s, {new.starts} starts"
        ready = time.monotonic() - began
        old, self.current = self.current, new
        self.switch(old, new)
        return True, f"ready after {ready:.1f} s; {ended or self.end(old)}"

    def switch(self, old, new):
        self.world.balancer.add(new.address)
        if self.volume:
            self.gaps.append((self.away_since, time.time()))
            time.sleep(1)  # it has something to lose
            return
        self.world.balancer.remove(old.address)
        time.sleep(self.overlap)

    def end(self, old):
        """SIGTERM, and SIGKILL after the draining time."""
        began = time.monotonic()
        self.away_since = time.time()
        self.world.balancer.remove(old.address)
        old.container.signal(signal.SIGTERM)
        try:
            if self.draining == 0:
                raise Timeout
            wait_until(lambda: not old.container.alive(), self.draining, "the old one to end")
            code = old.container.reap()
            said = f"old ended after {time.monotonic() - began:.1f} s with {code}"
            self.wrong += [f"{old.name} {said}"] * (code != 0)
        except Timeout:
            self.kills[old.name] = time.time()
            old.container.kill()
            said = f"old killed after {self.draining:.1f} s"
            self.wrong += [f"{old.name}: {said}"] * (self.draining > 0)
        self.world.balancer.forget(old.address)
        return said

    def refused_log(self):
        return self.refused.container.log()

    def excuses(self, record):
        """Whether a failure is the platform's: under way at a kill, or while nobody was there."""
        return any(record.started <= at <= record.ended + 0.05 for at in self.kills.values()) \
            or any(record.ended >= since and record.started <= until for since, until in self.gaps)

    def finish(self):
        """The last one ends as all the others did; on a volume it has time for what they left."""
        self.draining = self.draining or 12.0 * self.volume
        return self.end(self.current)

    def troubles(self):
        found = list(self.wrong)
        for instance in self.instances:
            found += instance.container.reports_of_sanitizers()
            if instance.name not in BAD:
                found += complaints_in(instance.container.log())
        return found

    def stop(self):
        for instance in self.instances:
            if instance.container.child:
                instance.container.kill()
