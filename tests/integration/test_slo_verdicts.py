"""Verdicts by every way to count, over every window: equal to a recount in fractions."""
# SPDX-License-Identifier: MIT
import json
import os
import random
import time

import pytest

from process import wait_until
from verdict_recount import Promise, figures, shown

SLO = """
apiVersion: openslo/v1
kind: SLO
metadata:
  name: {name}
  annotations: {{ {annotations} }}
spec:
  service: app
  indicator:
    metadata: {{ name: {name} }}
    spec: {indicator}
  timeWindow: [{window}]
  budgetingMethod: {method}
  objectives: [{{ {objective} }}]
---"""

METRIC = "{{metricSource: {{type: probity, spec: {spec}}}}}"


def ratio(bad, total="{}"):
    return ("{ratioMetric: {bad: " + METRIC.format(spec=bad) + ", total: "
            + METRIC.format(spec=total) + "}}")


def rolling(length):
    return f"{{duration: {length}, isRolling: true}}"


def calendar(length, zone, start="2026-01-01 00:00:00"):
    return (f"{{duration: {length}, isRolling: false, calendar: "
            f"{{startTime: '{start}', timeZone: {zone}}}}}")


def everything(event):
    return True


def failed(event):
    return event["status"] >= 500


def slow(event):
    return event["ms"] >= 250


def answered(event):
    return event["status"] < 500


FAILED = ratio("{status: 5xx}")
SLOW = ratio("{duration: '>=250ms', status: 100-499}", "{status: 100-499}")
BERLIN, KOLKATA = "Europe/Berlin", "Asia/Kolkata"

# name: (target, what is asked, how the recount counts)
CASES = {
    "occ-7d": ("0.95", FAILED, rolling("7d"), None, 7 * 1440, everything, failed),
    "occ-28d": ("0.999", FAILED, rolling("28d"), None, 28 * 1440, everything, failed),
    "occ-1h": ("0.9", FAILED, rolling("1h"), None, 60, everything, failed),
    "slow-7d": ("0.95", SLOW, rolling("7d"), None, 7 * 1440, answered, slow),
    "occ-month": ("0.99", FAILED, calendar("1M", BERLIN), None, ("M", BERLIN), everything, failed),
    "occ-quarter": ("0.99", FAILED, calendar("1Q", KOLKATA), None, ("Q", KOLKATA), everything,
                    failed),
    "occ-week": ("0.99", SLOW, calendar("1w", BERLIN, "2026-01-05 00:00:00"), None, ("w", BERLIN),
                 answered, slow),
    "occ-day": ("0.5", FAILED, calendar("1d", KOLKATA), None, ("d", KOLKATA), everything, failed),
    "slices-7d": ("0.95", FAILED, rolling("7d"), ("Timeslices", 5, "0.9"), 7 * 1440, everything,
                  failed),
    "slices-1m": ("0.9995", FAILED, calendar("1w", KOLKATA, "2026-01-05 00:00:00"),
                  ("Timeslices", 1, "0.95"), ("w", KOLKATA), everything, failed),
    "slices-month": ("0.9", SLOW, calendar("1M", BERLIN), ("Timeslices", 15, "0.9"), ("M", BERLIN),
                     answered, slow),
    "shares-7d": ("0.95", FAILED, rolling("7d"), ("RatioTimeslices", 60), 7 * 1440, everything,
                  failed),
    "shares-1d": ("0.99", FAILED, rolling("1d"), ("RatioTimeslices", 60), 1440, everything, failed),
    "shares-quarter": ("0.99", SLOW, calendar("1Q", KOLKATA), ("RatioTimeslices", 30),
                       ("Q", KOLKATA), answered, slow),
}


def define(name, target, indicator, window, method, annotations="probity.dev/alerts: none"):
    objective = f"target: {target}"
    if method:
        objective += f", timeSliceWindow: {method[1]}m"
    if method and method[0] == "Timeslices":
        objective += f", timeSliceTarget: {method[2]}"
    return SLO.format(name=name, annotations=annotations, indicator=indicator, window=window,
                      method=method[0] if method else "Occurrences", objective=objective)


PROMISES = {name: Promise(name, target, reach, total, bad, method)
            for name, (target, _, _, method, reach, total, bad) in CASES.items()}


def line(event, draw):
    return json.dumps({"time": round(event["time"], 3), "request_id": draw.randbytes(16).hex(), "service": "app",
                       "method": "GET", "path": event.get("path", "/v1/items"),
                       "status": event["status"], "request_time": event["ms"] / 1000}) + "\n"


def write(path, events, draw):
    with open(path, "a", encoding="ascii") as log:
        log.write("".join(line(event, draw) for event in events))


def draw_events(draw, begin, end, count):
    """Traffic in bursts, so that slices differ; whole seconds, milliseconds, and exact minutes."""
    bursts = [(draw.uniform(begin, end), draw.choice([30, 600, 7200]), draw.choice([0, 0, 0.05, 0.5]))
              for _ in range(12)]
    found = []
    for _ in range(count):
        at, length, share = draw.choice(bursts)
        at = min(end, max(begin, at + draw.random() * length))
        at = draw.choice([round(at, 3), int(at), int(at) // 60 * 60, int(at) // 60 * 60 + 59.999])
        status = 500 if draw.random() < share else draw.choice([200, 200, 200, 404, 499])
        found.append({"time": at, "status": status, "ms": draw.choice([1, 20, 249, 250, 251, 3000])})
    return found


class Trial:
    """A stack with two logs, what was written into them, and what /slo must say of it."""

    def __init__(self, start, definitions, env=None):
        self.stack = start.stack(redis=False, app=None, start=False,
                                 env={"PROBITY_REQUIRE": "none", "PROBITY_APP": None})
        self.stack.start(probityd=False)
        self.logs = [os.path.join(self.stack.folder, name) for name in ("one.log", "two.log")]
        path = os.path.join(self.stack.folder, "slos.yaml")
        with open(path, "w", encoding="ascii") as file:
            file.write("".join(definitions))
        self.stack.probityd.env.update({"PROBITY_ACCESS_LOG": ",".join(self.logs),
                                        "PROBITY_OBJECTIVES": path, **(env or {})})
        self.events, self.draw = [], random.Random(20261121)

    def write(self, log, events):
        write(self.logs[log], events, self.draw)
        self.events += events

    def start(self):
        self.stack.probityd.start()

    def page(self, name):
        answer = self.stack.get(f"/slo/{name}")
        return answer.json() if answer.status == 200 else None

    def compare(self, promise, excluded=()):
        """Nothing, or what is said and what ought to be."""
        page = self.page(promise.name)
        if page is None or page["measured_since"] is None:
            return promise.name, "no page", None
        wanted = figures(promise, self.events, page["as_of"], page["measured_since"], excluded)
        said = shown(page)
        return None if said == wanted else (promise.name, said, wanted)

    def agree(self, promises, excluded=(), timeout=15):
        wrong = [None]

        def agreed():
            wrong[:] = [self.compare(promise, excluded) for promise in promises]
            return not any(wrong)
        try:
            wait_until(agreed, timeout, "the recount")
        except AssertionError:
            text = "\n".join(f"{name}:\n  said   {said}\n  wanted {wanted}"
                             for name, said, wanted in filter(None, wrong))
            raise AssertionError(text + "\n" + self.stack.probityd.log_tail(10)) from None


@pytest.mark.parametrize("hours, count", [(9, 1500), (150, 4000)])
def test_every_way_to_count_equals_a_recount(start, hours, count):
    trial = Trial(start, [define(name, *case[:4]) for name, case in CASES.items()])
    now = time.time()
    begin = now - hours * 3600
    # The first line is the oldest: since then the log was watched.
    trial.write(0, [{"time": int(begin), "status": 200, "ms": 1}])
    trial.write(0, draw_events(trial.draw, begin, now - 400, count))
    trial.write(1, draw_events(trial.draw, begin, now - 400, count // 2))
    trial.start()
    trial.agree(PROMISES.values())
    # What comes late goes to its own minutes, in both files.
    for log in (0, 1):
        trial.write(log, draw_events(trial.draw, begin, now, count // 4))
    trial.agree(PROMISES.values())
    assert trial.page("occ-7d")["coverage"]["late_events"] > 0
    # A new reader, from the rows alone.
    trial.stack.probityd.stop()
    trial.write(1, draw_events(trial.draw, begin, now, 50))
    trial.start()
    trial.agree(PROMISES.values())
