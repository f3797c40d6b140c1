"""fleet.py - instances of probityd on logs of their own, random events for them, and the recount."""
# SPDX-License-Identifier: MIT
import json
import os
import threading
import time

from fcgi import Client, Closed, request
from process import wait_until
from servers import Probityd

INGEST_TOKEN = "i" * 32
ROUTES = ["/v1/items", "/v1/items/{id}", "/v1/jobs/{id}/logs", "/checkout", "/"]
METHODS = ["GET", "GET", "GET", "POST", "DELETE", "OPTIONS", "PURGE"]
STATUSES = [200] * 12 + [201, 204, 301, 404, 404, 429, 499, 500, 502, 503, 101]
DURATIONS_MS = [1, 20, 249, 250, 251, 298, 299, 300, 301, 302, 3000]
DAY = 86400
# Of a stack that has a ledger and nothing to check.
ENV = {"PROBITY_REQUIRE": "none", "PROBITY_APP": None, "REDIS_URL": None}


def ratio_slo(name, service="app", target="0.99", window="7d", bad="{status: 5xx}", total="{}"):
    """An objective as OpenSLO: `bad` and `total` are specs of `type: probity`."""
    return f"""---
apiVersion: openslo/v1
kind: SLO
metadata: {{name: {name}}}
spec:
  service: {service}
  indicator:
    metadata: {{name: {name}}}
    spec:
      ratioMetric:
        bad: {{metricSource: {{type: probity, spec: {bad}}}}}
        total: {{metricSource: {{type: probity, spec: {total}}}}}
  timeWindow: [{{duration: {window}, isRolling: true}}]
  budgetingMethod: Occurrences
  objectives: [{{target: {target}}}]
"""


def latency_slo(name, below_ms, service="app", target="0.9", window="7d", total="{status: 100-499}"):
    return f"""---
apiVersion: openslo/v1
kind: SLO
metadata: {{name: {name}}}
spec:
  service: {service}
  indicator:
    metadata: {{name: {name}}}
    spec:
      thresholdMetric:
        metricSource: {{type: probity, spec: {total}}}
  timeWindow: [{{duration: {window}, isRolling: true}}]
  budgetingMethod: Occurrences
  objectives: [{{op: lt, value: {below_ms}, target: {target}}}]
"""


def recount(events, table):
    """{name: [total, bad]}; `table` has {name: (service, looks at the event, finds it bad)}."""
    sums = {}
    for name, (service, is_total, is_bad) in table.items():
        counted = [e for e in events if e["service"] == service and e["method"] != "OPTIONS"
                   and e["status"] not in (101, 499) and is_total(e)]
        sums[name] = [len(counted), sum(map(is_bad, counted))]
    return sums


def draw_events(draw, now, services, count=None, ages=(0, 0, 60, 3600, DAY, 3 * DAY)):
    def event():
        age = draw.choice(ages) * draw.random()
        return {"time": round(now - age, 3), "service": draw.choice(services),
                "route": draw.choice(ROUTES), "method": draw.choice(METHODS),
                "status": draw.choice(STATUSES), "ms": draw.choice(DURATIONS_MS)}
    return [event() for _ in range(count or draw.choice([1, 10, 300]))]


def lines_of(events, draw):
    """The events as nginx logs them."""
    lines = [json.dumps({"time": e["time"], "request_id": draw.randbytes(16).hex(),
                         "service": e["service"], "method": e["method"],
                         "path": e["route"].replace("{id}", str(draw.randrange(10**6))),
                         "status": e["status"], "request_time": e["ms"] / 1000}) for e in events]
    return "".join(line + "\n" for line in lines)


class Instance:
    """One probityd with a log of its own, which a service writes to and rotates."""

    def __init__(self, folder, env, log=None):
        self.log = log or os.path.join(folder, "access.log")
        self.rotations = 0
        self.probityd = Probityd(folder, env={**env, "PROBITY_ACCESS_LOG": self.log,
                                              "PROBITY_STATE_DIR": os.path.join(folder, "state")})

    def write(self, events, draw):
        with open(self.log, "a", encoding="ascii") as log:
            log.write(lines_of(events, draw))

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

    def get(self, path):
        """Status and JSON; (None, {}) when nobody answers."""
        try:
            with Client(self.probityd.socket_path) as client:
                client.send(request(path, keep=False))
                status, _, body = client.answer()
        except (OSError, Closed):
            return None, {}
        return status, json.loads(body)

    def slo(self):
        """{name: [total, bad]}, empty while there are no fresh figures."""
        status, body = self.get("/slo")
        slos = body.get("slos", []) if status == 200 else []
        return {slo["name"]: [slo["total_events"], slo["bad_events"]] for slo in slos}

    def wait_slo(self, wanted, timeout=30):
        """Waits until these objectives have exactly these figures."""
        def agrees():
            found = self.slo()
            return all(found.get(name) == sums for name, sums in wanted.items())
        try:
            wait_until(agrees, timeout, "the recount")
        except AssertionError as error:
            raise AssertionError(f"{error}\nrecount: {wanted}\n/slo:    {self.slo()}\n"
                                 + self.probityd.log_tail(20)) from None


class Asker:
    """Asks one path over and over, in a thread; `statuses` counts what was answered."""

    def __init__(self, instance, path="/slo"):
        self.instance, self.path, self.statuses, self.running = instance, path, {}, True
        self.odd = []  # answers that were no 200
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self):
        while self.running:
            status, body = self.instance.get(self.path)
            self.statuses[status] = self.statuses.get(status, 0) + 1
            if status != 200:
                self.odd.append((status, body))
            time.sleep(0.02)

    def stop(self):
        self.running = False
        self.thread.join(5)
        return self.statuses
