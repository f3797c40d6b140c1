"""Random events over random instances, with everything between killed: /slo equals a recount, to the event."""
# SPDX-License-Identifier: MIT
import json
import os
import random
import time

import pytest

from fcgi import Client, Closed, request
from process import wait_until
from servers import Probityd

INGEST_TOKEN = "i" * 32
ROUTES = ["/v1/items", "/v1/items/{id}", "/v1/jobs/{id}/logs", "/checkout", "/"]
METHODS = ["GET", "GET", "GET", "POST", "DELETE", "OPTIONS", "PURGE"]
STATUSES = [200] * 12 + [201, 204, 301, 404, 404, 429, 499, 500, 502, 503, 101]
DAY = 86400

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

OBJECTIVES = """
apiVersion: openslo/v1
kind: SLO
metadata: {name: all-available}
spec:
  service: app
  indicator:
    metadata: {name: all-available}
    spec:
      ratioMetric:
        bad: {metricSource: {type: probity, spec: {status: 5xx}}}
        total: {metricSource: {type: probity, spec: {service: app}}}
  timeWindow: [{duration: 7d, isRolling: true}]
  budgetingMethod: Occurrences
  objectives: [{target: 0.99}]
---
apiVersion: openslo/v1
kind: SLO
metadata: {name: items-fast}
spec:
  service: app
  indicator:
    metadata: {name: items-fast}
    spec:
      thresholdMetric:
        metricSource: {type: probity, spec: {route: "/v1/items*", status: 100-499}}
  timeWindow: [{duration: 7d, isRolling: true}]
  budgetingMethod: Occurrences
  objectives: [{op: lt, value: 250, target: 0.9}]
---
apiVersion: openslo/v1
kind: SLO
metadata: {name: writes-accepted}
spec:
  service: app
  indicator:
    metadata: {name: writes-accepted}
    spec:
      ratioMetric:
        bad: {metricSource: {type: probity, spec: {method: [POST, DELETE], status: ["429", 5xx]}}}
        total: {metricSource: {type: probity, spec: {method: [POST, DELETE]}}}
  timeWindow: [{duration: 28d, isRolling: true}]
  budgetingMethod: Occurrences
  objectives: [{target: 0.95}]
---
apiVersion: openslo/v1
kind: SLO
metadata: {name: checkout-good}
spec:
  service: shop
  indicator:
    metadata: {name: checkout-good}
    spec:
      ratioMetric:
        good: {metricSource: {type: probity, spec: {route: /checkout, status: 200-399}}}
        total: {metricSource: {type: probity, spec: {route: /checkout}}}
  timeWindow: [{duration: 7d, isRolling: true}]
  budgetingMethod: Occurrences
  objectives: [{target: 0.5}]
"""


def recount(events):
    sums = {}
    for name, (service, is_total, is_bad) in RECOUNT.items():
        counted = [e for e in events if e["service"] == service and e["method"] != "OPTIONS"
                   and e["status"] not in (101, 499) and is_total(e)]
        sums[name] = [len(counted), sum(map(is_bad, counted))]
    return sums


class Instance:
    """One probityd with a log of its own, which a service writes to and rotates."""

    def __init__(self, folder, env):
        self.log = os.path.join(folder, "access.log")
        self.rotations = 0
        self.probityd = Probityd(folder, env={**env, "PROBITY_ACCESS_LOG": self.log,
                                              "PROBITY_STATE_DIR": os.path.join(folder, "state")})

    def write(self, events, draw):
        lines = [json.dumps({"time": e["time"], "request_id": draw.randbytes(16).hex(),
                             "service": e["service"], "method": e["method"],
                             "path": e["route"].replace("{id}", str(draw.randrange(10**6))),
                             "status": e["status"], "request_time": e["ms"] / 1000}) for e in events]
        with open(self.log, "a", encoding="ascii") as log:
            log.write("".join(line + "\n" for line in lines))

    def rotate(self):
        if os.path.exists(self.log):
            self.rotations += 1
            os.rename(self.log, f"{self.log}.{self.rotations}")

    def post(self, events, key):
        """Returns the status, or None where it isn't known whether the batch was taken."""
        body = json.dumps([{"time": e["time"], "service": e["service"], "route": e["route"],
                            "method": e["method"], "status": e["status"], "duration_ms": e["ms"]}
                           for e in events]).encode()
        try:
            with Client(self.probityd.socket_path) as client:
                client.send(request("/slo/events", keep=False, body=body, method="POST",
                                    REQUEST_METHOD="POST", CONTENT_LENGTH=str(len(body)),
                                    HTTP_AUTHORIZATION=f"Bearer {INGEST_TOKEN}",
                                    HTTP_IDEMPOTENCY_KEY=key))
                return client.answer()[0]
        except (OSError, Closed):
            return None

    def slo(self):
        try:
            with Client(self.probityd.socket_path) as client:
                client.send(request("/slo", keep=False))
                status, _, body = client.answer()
        except (OSError, Closed):
            return None
        slos = json.loads(body).get("slos", []) if status == 200 else []
        return {slo["name"]: [slo["total_events"], slo["bad_events"]] for slo in slos}


def draw_events(draw, now, services):
    def event():
        age = draw.choice([0, 0, 60, 3600, DAY, 3 * DAY]) * draw.random()
        return {"time": round(now - age, 3), "service": draw.choice(services),
                "route": draw.choice(ROUTES), "method": draw.choice(METHODS),
                "status": draw.choice(STATUSES), "ms": draw.choice([1, 20, 249, 250, 251, 3000])}
    return [event() for _ in range(draw.choice([1, 10, 300]))]


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


@pytest.mark.parametrize("seed", [1, pytest.param(2, marks=pytest.mark.long),
                                  pytest.param(3, marks=pytest.mark.long)])
def test_slo_equals_a_recount_whatever_is_killed(start, seed):
    draw = random.Random(seed)
    stack = start.stack(redis=False, app=None, start=False,
                        env={"PROBITY_REQUIRE": "none", "PROBITY_APP": None, "REDIS_URL": None})
    stack.start(probityd=False)
    path = os.path.join(stack.folder, "slos.yaml")
    with open(path, "w", encoding="ascii") as file:
        file.write(OBJECTIVES)
    env = {**stack.probityd.env, "PROBITY_OBJECTIVES": path, "PROBITY_INGEST_TOKEN": INGEST_TOKEN}
    instances = [Instance(start.subfolder(), env) for _ in range(3)]
    for instance in instances:
        start.add(instance.probityd)
    events = []
    ends = time.monotonic() + (8 if seed == 1 else 40)
    while time.monotonic() < ends:
        instance = draw.choice(instances)
        action = draw.choices(["write", "post", "rotate", "kill", "kill postgres"], [20, 6, 3, 2, 1])[0]
        if action in ("write", "post"):
            services = ["app", "app", "app", "shop"] + ["nobody's"] * (action == "write")
            drawn = draw_events(draw, time.time(), services)
            events += drawn
            instance.write(drawn, draw) if action == "write" else post_until_known(instances, draw, drawn)
        elif action == "rotate":
            instance.rotate()
        elif action == "kill":
            instance.probityd.kill9()
            instance.probityd.start()
        else:
            stack.postgres.kill9()
            stack.postgres.start()
        time.sleep(draw.random() * 0.1)
    wanted = recount(events)
    for instance in instances:
        try:
            wait_until(lambda: instance.slo() == wanted, 30, "the recount")
        except AssertionError as error:
            raise AssertionError(f"seed {seed}: {error}\nrecount: {wanted}\n/slo:    {instance.slo()}\n"
                                 + instance.probityd.log_tail(20)) from None
    assert wanted["all-available"][0] > 100
