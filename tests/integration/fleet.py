"""fleet.py - instances of probityd on logs of their own, random events for them, and the recount."""
# SPDX-License-Identifier: MIT
import gzip
import json
import os
import random
import signal
import subprocess
import threading
import time

from fcgi import Client, Closed, request
from process import plain_environment, wait_until
from servers import PgBouncer, Probityd, build_path, run_tool

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
                path, _, query = path.partition("?")
                client.send(request(path, keep=False, QUERY_STRING=query))
                status, _, body = client.answer()
        except (OSError, Closed):
            return None, {}
        return status, json.loads(body)

    def ask(self, path, body, **more):
        """POSTs an object; status and JSON."""
        body = json.dumps(body).encode()
        with Client(self.probityd.socket_path) as client:
            client.send(request(path, keep=False, body=body, method="POST",
                                CONTENT_LENGTH=str(len(body)), **more))
            status, _, answer = client.answer()
        return status, json.loads(answer)

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
        self.start, self.draw, self.folder = start, random.Random(seed), start.subfolder()
        os.makedirs(self.folder)
        self.postgres = start.postgres()
        self.bouncer = self.standby = None
        self.path = os.path.join(self.folder, "slos.yaml")
        self.define(OBJECTIVES)
        self.events, self.old_logs, self.instances = [], [], []
        self.env = {**ENV, "PROBITY_OBJECTIVES": self.path, "PROBITY_INGEST_TOKEN": INGEST_TOKEN,
                    "JWT_SECRET_KEY": "s" * 32}

    def begin(self, url=None):
        self.env["DATABASE_URL"] = url or self.postgres.url()
        self.tool("migrate", "upgrade")
        for _ in range(3):
            self.instances.append(Instance(self.start.subfolder(), self.env))
            self.start.add(self.instances[-1].probityd)
        # Events may be three days late, and so may a log's first line: the service is older than that.
        wait_until(lambda: self.postgres.sql(
            "UPDATE probity.objectives SET effective_from = now() - interval '5 days' RETURNING 1"),
            10, "objectives in the ledger")
        return self

    def begin_pooled(self):
        """Everybody shares the two connections of a PgBouncer."""
        self.bouncer = self.start.add(PgBouncer(self.start.subfolder(), self.postgres, pool_size=2))
        return self.begin(self.bouncer.url())

    def begin_with_standby(self):
        """There will be a second server one day: fail_over()."""
        port = self.start.port()
        return self.begin(f"postgresql://app:{self.postgres.password}@127.0.0.1:{self.postgres.port},"
                          f"127.0.0.1:{port}/app?target_session_attrs=read-write")

    def tool(self, *arguments):
        done = run_tool(*arguments, env=self.env)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def act(self, seconds, actions):
        ends = time.monotonic() + seconds
        while time.monotonic() < ends:
            self.draw.choices(list(actions), list(actions.values()))[0](self)
            time.sleep(self.draw.random() * 0.1)

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
        self.postgres.kill9()
        self.postgres.start()

    def kill_bouncer(self):
        self.bouncer.kill9()
        self.bouncer.start()

    def copy_primary(self):
        """What the standby has: the primary as it is now, and nothing of what it commits from now on."""
        port = int(self.env["DATABASE_URL"].split(":")[-1].split("/")[0])
        self.standby = self.postgres.copy(self.start.subfolder(), port)

    def fail_over(self):
        """The primary dies for ever; the standby takes its place without its last commits."""
        self.postgres.kill9()
        self.postgres = self.start.add(self.standby)

    def backfill(self):
        """An old log, compressed or not; or one of those from before once more.  It may be killed."""
        if not self.old_logs or self.draw.random() < 0.5:
            self.old_logs.append(os.path.join(self.folder, f"old.{len(self.old_logs)}.log.gz"))
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
            self.tool("backfill", path)
        # What is left of instances that are gone is completed when nobody has touched it for a while.
        self.postgres.sql("UPDATE probity.positions SET updated_at = now() - interval '1 hour'")
        for instance in self.instances:
            instance.probityd.signal(signal.SIGHUP)

    def assert_agrees(self, timeout=90):
        wanted = recount(self.events, RECOUNT)
        for instance in self.instances:
            instance.wait_slo(wanted, timeout)
        assert wanted["all-available"][0] > 100


ACTIONS = {Fleet.write: 20, Fleet.post: 6, Fleet.rotate: 3, Fleet.kill: 2, Fleet.kill_postgres: 1,
           Fleet.backfill: 1, Fleet.reload: 1}
