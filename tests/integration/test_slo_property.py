"""Random events over random instances, with everything between killed: /slo equals a recount, to the event."""
# SPDX-License-Identifier: MIT
import gzip
import os
import random
import signal
import subprocess
import time

import pytest

from fleet import ENV, INGEST_TOKEN, Instance, draw_events, latency_slo, lines_of, ratio_slo, recount
from process import plain_environment, wait_until
from servers import build_path, run_tool

# name: (service, total, bad): what the objectives below ask, said once more.
RECOUNT = {
    "all-available": ("app", lambda e: True, lambda e: e["status"] >= 500),
    "items-fast": ("app", lambda e: e["route"].startswith("/v1/items") and e["status"] < 500,
                   lambda e: e["ms"] >= 250),
    "writes-accepted": ("app", lambda e: e["method"] in ("POST", "DELETE"),
                        lambda e: e["status"] == 429 or e["status"] >= 500),
    "checkout-good": ("shop", lambda e: e["route"] == "/checkout",
                      lambda e: not 200 <= e["status"] <= 399),
}

# All of them can be derived exactly: durations up to 255 ms have a bucket each.
OBJECTIVES = [
    ratio_slo("all-available"),
    latency_slo("items-fast", 250, total='{route: "/v1/items*", status: 100-499}'),
    ratio_slo("writes-accepted", target="0.95", window="28d", total="{method: [POST, DELETE]}",
              bad='{method: [POST, DELETE], status: ["429", 5xx]}'),
    ratio_slo("checkout-good", service="shop", target="0.5", total="{route: /checkout}",
              bad="{route: /checkout, status: [100-199, 400-599]}"),
]


def post_until_known(instances, draw, events):
    """Sends a batch to one instance after another until one has taken it; it counts once."""
    key = draw.randbytes(8).hex()
    for attempt in range(60):
        status = draw.choice(instances).post(events, key)
        if status == 202:
            return
        assert status in (None, 503), status
        time.sleep(0.1)
    raise AssertionError("nobody takes the batch")


class Fleet:
    """Three instances over one ledger, and what may happen to them: an action is a method."""

    def __init__(self, start, seed):
        self.draw = random.Random(seed)
        self.stack = start.stack(redis=False, app=None, start=False, env=ENV)
        self.stack.start(probityd=False)
        self.path = os.path.join(self.stack.folder, "slos.yaml")
        self.define(OBJECTIVES)
        self.env = {**self.stack.probityd.env, "PROBITY_OBJECTIVES": self.path,
                    "PROBITY_INGEST_TOKEN": INGEST_TOKEN}
        self.instances = [Instance(start.subfolder(), self.env) for _ in range(3)]
        for instance in self.instances:
            start.add(instance.probityd)
        self.events, self.old_logs = [], []

    def define(self, objectives):
        with open(self.path + ".new", "w", encoding="ascii") as file:
            file.write("".join(objectives))
        os.rename(self.path + ".new", self.path)

    def one(self):
        return self.draw.choice(self.instances)

    def draw_events(self, services=("app", "app", "app", "shop")):
        drawn = draw_events(self.draw, time.time(), services)
        self.events += drawn
        return drawn

    def write(self):
        self.one().write(self.draw_events(("app", "app", "app", "shop", "nobody's")), self.draw)

    def post(self):
        post_until_known(self.instances, self.draw, self.draw_events())

    def rotate(self):
        self.one().rotate()

    def kill(self):
        killed = self.one().probityd
        killed.kill9()
        killed.start()

    def kill_postgres(self):
        self.stack.postgres.kill9()
        self.stack.postgres.start()

    def backfill(self):
        """An old log, compressed or not; or one of those from before once more.  It may be killed."""
        if not self.old_logs or self.draw.random() < 0.5:
            self.old_logs.append(os.path.join(self.stack.folder, f"old.{len(self.old_logs)}.log.gz"))
            text = lines_of(self.draw_events(), self.draw).encode()
            with open(self.old_logs[-1], "wb") as file:
                file.write(gzip.compress(text) if self.draw.random() < 0.5 else text)
        filling = subprocess.Popen([build_path("probity"), "backfill", self.draw.choice(self.old_logs)],
                                   env=plain_environment(self.env), stdout=subprocess.DEVNULL,
                                   stderr=subprocess.DEVNULL)
        try:
            filling.wait(self.draw.random())
        except subprocess.TimeoutExpired:
            filling.kill()
            filling.wait()

    def reload(self):
        """One instance counts other things than the rest for a while, but of both services: what has
        no objective at all is not counted."""
        *apps, shop = OBJECTIVES
        self.define(self.draw.sample(apps, self.draw.randint(1, len(apps))) + [shop])
        self.one().probityd.signal(signal.SIGHUP)

    def settle(self):
        """What was given up is finished, and everybody counts everything again."""
        self.define(OBJECTIVES)
        for path in self.old_logs:
            done = run_tool("backfill", path, env=self.env)
            assert done.returncode == 0, done.stdout + done.stderr
        # What is left of instances that are gone is completed when nobody has touched it for a while.
        self.stack.postgres.sql("UPDATE probity.positions SET updated_at = now() - interval '1 hour'")
        for instance in self.instances:
            instance.probityd.signal(signal.SIGHUP)


ACTIONS = {Fleet.write: 20, Fleet.post: 6, Fleet.rotate: 3, Fleet.kill: 2, Fleet.kill_postgres: 1,
           Fleet.backfill: 1, Fleet.reload: 1}


@pytest.mark.parametrize("seed", [1, *(pytest.param(seed, marks=pytest.mark.long)
                                       for seed in range(2, 6))])
def test_slo_equals_a_recount_whatever_is_killed(start, seed):
    fleet = Fleet(start, seed)
    ends = time.monotonic() + (8 if seed == 1 else 40)
    while time.monotonic() < ends:
        fleet.draw.choices(list(ACTIONS), list(ACTIONS.values()))[0](fleet)
        time.sleep(fleet.draw.random() * 0.1)
    fleet.settle()
    wanted = recount(fleet.events, RECOUNT)
    for instance in fleet.instances:
        instance.wait_slo(wanted, 40)
    assert wanted["all-available"][0] > 100
