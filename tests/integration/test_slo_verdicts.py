"""Verdicts by every way to count, over every window: equal to a recount in fractions."""
# SPDX-License-Identifier: MIT
import json
import os
import random
import time
from fractions import Fraction

import pytest

from process import wait_until
from verdict_recount import Promise, figures, minute_of, shown, up

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


@pytest.mark.parametrize("hours, count", [(9, 1500), pytest.param(150, 4000, marks=pytest.mark.long)])
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


SUBSET = ["occ-1h", "occ-7d", "occ-quarter", "slices-7d", "shares-1d", "slow-7d"]


def exclude(trial, name, begin, end):
    """Takes minutes out of one objective; returns its id."""
    body = json.dumps({"from": begin * 60, "to": end * 60, "reason": "maintenance"})
    answer = trial.stack.get(f"/slo/{name}/exclusions", token=True, method="POST", body=body)
    assert answer.status == 201, answer
    return answer.json()["exclusion"]["id"]


def test_exclusions_are_taken_off_to_the_minute_and_given_back(start):
    trial = Trial(start, [define(name, *CASES[name][:4]) for name in SUBSET])
    now = int(time.time())
    begin = now - 30 * 3600
    minute = now // 60
    trial.write(0, [{"time": begin, "status": 200, "ms": 1}])
    for log in (0, 1):
        trial.write(log, draw_events(trial.draw, begin, now - 60, 1500))
        # Bad ones at both ends of what will be excluded, and just outside.
        trial.write(log, [{"time": (minute + at) * 60 + second, "status": 500, "ms": 999}
                          for at in (-91, -90, -31, -30, -1201, -1200, -907, -906)
                          for second in (0, 59.999)])
    trial.start()
    trial.agree([PROMISES[name] for name in SUBSET])
    ranges = {"occ-1h": (-90, -30), "occ-7d": (-1200, -906), "occ-quarter": (-1200, -906),
              "slices-7d": (-1200, -906), "shares-1d": (-1200, -906)}
    excluded = {name: [(minute + a, minute + b)] for name, (a, b) in ranges.items()}
    ids = {name: exclude(trial, name, *excluded[name][0]) for name in ranges}

    def agree():
        for name in SUBSET:
            trial.agree([PROMISES[name]], excluded.get(name, []))
    agree()
    page = trial.page("occ-7d")
    plain = figures(PROMISES["occ-7d"], trial.events, page["as_of"], page["measured_since"])
    less = figures(PROMISES["occ-7d"], trial.events, page["as_of"], page["measured_since"],
                   excluded["occ-7d"])
    assert page["error_budget"]["remaining_ratio_without_exclusions"] \
        == plain["error_budget"]["remaining_ratio"]
    assert page["excluded_events"] == plain["total_events"] - less["total_events"] > 0
    assert page["exclusions"][0]["excluded_events"] == page["excluded_events"]
    assert page["exclusions"][0]["excluded_bad_events"] == plain["bad_events"] - less["bad_events"]
    # What comes late into excluded minutes stays out, and what comes beside them does not.
    trial.write(1, [{"time": (minute + at) * 60, "status": 500, "ms": 999}
                    for at in (-1201, -1200, -907, -906, -60)])
    agree()
    # One that overlaps, for every objective of the service; then the first ones are taken back.
    trial.stack.postgres.sql(
        "INSERT INTO probity.exclusions (service, id, objective, from_minute, until_minute, reason,"
        " author) VALUES ('app', 'all', '', %s, %s, 'x', 'x')", [minute - 1000, minute - 700])
    for name in SUBSET:
        excluded.setdefault(name, []).append((minute - 1000, minute - 700))
    agree()
    for name, number in ids.items():
        assert trial.stack.get(f"/slo/{name}/exclusions/{number}", token=True,
                               method="DELETE").status == 200
        excluded[name].pop(0)
    agree()
    trial.stack.probityd.restart()
    agree()


def test_a_busy_hour_weighs_by_its_events_or_by_its_time(start):
    """A day of 23 quiet hours and one with a hundred times the traffic, of which a tenth fails."""
    trial = Trial(start, [define(name, *CASES[name][:4]) for name in ("shares-1d", "occ-7d")])
    now = time.time()
    hour = int(now) // 3600 * 3600
    # The hour that is open has had its requests in its first second.
    hours = [hour - 3600 * age for age in range(24)]
    trial.write(0, [{"time": at + 3599.5 * (number / 100 if at != hour else 0), "status": 200,
                     "ms": 1} for at in sorted(hours[:5] + hours[6:]) for number in range(100)])
    trial.write(1, [{"time": hours[5] + number * 0.35, "status": 500 if number % 10 == 0 else 200,
                     "ms": 1} for number in range(10000)])
    trial.start()
    trial.agree([PROMISES["shares-1d"], PROMISES["occ-7d"]], timeout=20)
    counted, shared = trial.page("occ-7d"), trial.page("shares-1d")
    assert (counted["total_events"], counted["bad_events"]) == (12300, 1000)
    if minute_of(shared["as_of"]) * 60 < hour + 3600:
        assert (shared["total_events"], shared["bad_events"]) == (24, 0.1)
        assert shared["sli"] == 0.995833


@pytest.mark.long
def test_events_leave_a_window_with_their_minute(start):
    trial = Trial(start, [define("occ-1h", *CASES["occ-1h"][:4])])
    while int(time.time()) % 60 > 40:  # room to see it before the minute ends
        time.sleep(1)
    minute = int(time.time()) // 60
    trial.write(0, [{"time": (minute - 61) * 60, "status": 200, "ms": 1}]
                + [{"time": (minute - 59 + at) * 60 + second, "status": 500, "ms": 1}
                   for at in (-1, 0, 1) for second in (0, 59.999)])
    trial.start()
    trial.agree([PROMISES["occ-1h"]])
    assert trial.page("occ-1h")["bad_events"] in (4, 2)
    wait_until(lambda: trial.page("occ-1h")["bad_events"] == 2, 75, "the next minute")
    trial.agree([PROMISES["occ-1h"]])


def unwatched(name, means, more=""):
    return define(name, "0.9", FAILED, rolling("1d"), None,
                  f"probity.dev/alerts: none, probity.dev/unwatched: {means}{more}")


def test_unwatched_time_counts_as_each_objective_says(start):
    """Two hours watched, one in the dark, one watched again."""
    means = ["ignore", "good", "bad", "freeze"]
    trial = Trial(start, [unwatched(f"u-{each}", each) for each in means])
    begin = int(time.time()) // 60 * 60 - 4 * 3600
    for log, (first, last) in enumerate(((0, 119), (180, 239))):
        trial.write(log, [{"time": begin + at * 60 + 30, "status": 500 if at % 20 == 0 else 200,
                           "ms": 1} for at in range(first, last + 1)])
    trial.start()
    wait_until(lambda: (trial.page("u-bad") or {}).get("total_events"), 15, "figures")
    trial.stack.postgres.sql(
        "UPDATE probity.positions SET watched_from = to_timestamp(%s), watched_until ="
        " to_timestamp(%s) WHERE path LIKE %s", [begin, begin + 7200, "%one.log"])
    trial.stack.postgres.sql("UPDATE probity.positions SET watched_from = to_timestamp(%s)"
                             " WHERE path LIKE %s", [begin + 10800, "%two.log"])
    trial.stack.probityd.restart()
    wait_until(lambda: (trial.page("u-bad") or {}).get("total_events"), 15, "figures")
    pages = {each: trial.page(f"u-{each}") for each in means}
    bad = sum(event["status"] >= 500 for event in trial.events)
    for each in means:
        seen, dark = (pages[each]["coverage"][key] for key in ("watched_minutes", "unwatched_minutes"))
        assert 0 <= dark - 60 <= 1 and seen >= 179
        added = {"good": 180 * dark // seen, "bad": -(-180 * dark // seen)}.get(each, 0)
        assert pages[each]["unwatched_counts_as"] == each
        assert (pages[each]["total_events"], pages[each]["unwatched_events"]) == (180 + added, added)
        assert pages[each]["bad_events"] == bad + (added if each == "bad" else 0)
        total, wrong = pages[each]["total_events"], pages[each]["bad_events"]
        assert pages[each]["error_budget"]["consumed_ratio"] == up(Fraction(wrong * 10, total))
        assert pages[each]["burn_rate"]["1d"] == pages[each]["error_budget"]["consumed_ratio"]


GUARDS = {"free": "", "events": ", probity.dev/min-events: 40",
          "few-events": ", probity.dev/min-events: 41", "bad": ", probity.dev/min-bad-events: 16",
          "few-bad": ", probity.dev/min-bad-events: 17", "sure": ', probity.dev/wilson-z: "2.5"',
          "unsure": ', probity.dev/wilson-z: "3.5"'}


def test_little_traffic_fires_only_as_far_as_its_guards_let_it(start):
    """16 of 40 requests fail at a threshold of 14.4 times 1 %: Wilson's lower bound is 0.23 at 2.5
    and 0.18 at 3.5, where 0.2 is asked."""
    trial = Trial(start, [define(f"g-{name}", "0.986111111", FAILED, rolling("30d"), None,
                                 "probity.dev/type: custom" + guard)
                          for name, guard in GUARDS.items()])
    now = time.time()
    trial.write(0, [{"time": now - 3 * 86400, "status": 200, "ms": 1}])
    trial.write(0, [{"time": now - 1, "status": 500 if at < 16 else 200, "ms": 1}
                    for at in range(40)])
    trial.start()

    def state(name):
        page = trial.page(f"g-{name}")
        return [each["state"] for each in page["alerts"] if each["name"] == "page-fast-burn"][0]
    firing = ["free", "events", "bad", "sure"]
    wait_until(lambda: trial.page("g-free") and all(state(name) == "firing" for name in firing), 20,
               "firing")
    time.sleep(1.5)
    assert {name for name in GUARDS if state(name) == "firing"} == set(firing)


@pytest.mark.long
def test_a_new_selection_over_old_counts_equals_a_recount(start):
    trial = Trial(start, [define("first", *CASES["occ-7d"][:4])])
    now = time.time()
    trial.write(0, [{"time": int(now - 5 * 3600), "status": 200, "ms": 1}])
    for log in (0, 1):
        trial.write(log, draw_events(trial.draw, now - 5 * 3600, now - 400, 1200))
        trial.write(log, [{"time": now - 900, "status": 200, "ms": ms} for ms in range(990, 1010)])
    trial.start()
    trial.agree([Promise("first", "0.95", 7 * 1440, everything, failed)])
    missing = ratio("{status: [\"404\", 5xx]}")
    third = ratio("{duration: '>=1002ms', status: 100-499}", "{status: 100-499}")
    path = trial.stack.probityd.env["PROBITY_OBJECTIVES"]
    with open(path, "a", encoding="ascii") as file:
        file.write(define("missing", "0.95", missing, rolling("7d"), None)
                   + define("third", "0.95", third, rolling("7d"), None))
    trial.stack.probityd.restart()
    # A histogram has 1000 to 1003 ms in one bucket: what was counted before is bad from 1000 ms on.
    old = {id(event) for event in trial.events}
    both = [Promise("missing", "0.95", 7 * 1440, everything,
                    lambda event: event["status"] == 404 or event["status"] >= 500),
            Promise("third", "0.95", 7 * 1440, answered,
                    lambda event: event["ms"] >= (1000 if id(event) in old else 1002))]
    trial.agree(both, timeout=30)
    assert trial.page("third")["derived"]
    for log in (0, 1):
        trial.write(log, [{"time": now, "status": 200, "ms": ms} for ms in range(990, 1010)])
    trial.agree(both)
    rows = trial.stack.postgres.sql("SELECT definition FROM probity.indicators "
                                    "WHERE derived_from IS NOT NULL ORDER BY definition")
    assert rows == [("total{status=100-499} bad{duration=1002-}",)], rows
