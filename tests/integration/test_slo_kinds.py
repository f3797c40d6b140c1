"""Every kind of objective in /slo of a whole daemon: by slices, by the calendar, applied by hand."""
# SPDX-License-Identifier: MIT
import datetime
import os
import time
import zoneinfo

import pytest

from process import wait_until
from test_slo import objective, wait_for_events, written

__all__ = ["written"]

SLO = """---
apiVersion: openslo/v1
kind: SLO
metadata:
  name: {name}
spec:
  service: app
  indicator:
    metadata: {{ name: answered }}
    spec:
      ratioMetric:
        bad: {{ metricSource: {{ type: probity, spec: {{ status: 5xx }} }} }}
        total: {{ metricSource: {{ type: probity, spec: {{}} }} }}
  timeWindow:
    - {window}
  budgetingMethod: {method}
  objectives:
    - {objective}
"""
ROLLING = "{ duration: 1d, isRolling: true }"
BERLIN = ('{ duration: 1d, isRolling: false, calendar: { startTime: "2026-01-01 00:00:00", '
          "timeZone: Europe/Berlin } }")
KINDS = [
    ("slices", ROLLING, "Timeslices", '{ target: 0.5, timeSliceTarget: 0.9, timeSliceWindow: 5m }'),
    ("parts", ROLLING, "RatioTimeslices", '{ target: 0.9, timeSliceWindow: 5m }'),
    ("today", BERLIN, "Occurrences", '{ target: 0.99 }'),
    ("rolling", ROLLING, "Occurrences", '{ target: 0.99 }'),
]
# Minutes ago, events, bad ones: slices of five minutes of their own.
BURSTS = [(200, 100, 50), (150, 100, 5), (100, 100, 10), (50, 100, 0), (5, 100, 20)]


def documents(kinds):
    return "".join(SLO.format(name=name, window=window, method=method, objective=of)
                   for name, window, method, of in kinds)


@pytest.fixture
def kinds(written):
    path = os.path.join(written.folder, "slos.yaml")
    with open(path, "w", encoding="utf-8") as file:
        file.write(documents(KINDS))
    written.probityd.stop()
    written.probityd.env["PROBITY_OBJECTIVES"] = path
    written.probityd.start()
    return written


def log_bursts(stack):
    now = int(time.time())
    for ago, total, bad in BURSTS:
        at = (now - ago * 60) // 300 * 300 + 1
        stack.write(bad, status=500, time=at)
        stack.write(total - bad, time=at)
    return now


def test_slices_parts_of_them_and_calendar_days_are_what_a_recount_says(kinds):
    now = log_bursts(kinds)
    wait_until(lambda: objective(kinds, "rolling").get("total_events") == 500, 15, "all events")
    # A slice is good at 90 % or more of good events; slices that were watched and empty are good.
    slices = objective(kinds, "slices")
    assert slices["bad_events"] == 2
    assert slices["total_events"] >= 5 and slices["window"] == "1d"
    assert slices["error_budget"]["allowed_bad_events"] == slices["total_events"] / 2
    # Each slice loses the share of its bad events: 0.5 + 0.05 + 0.1 + 0.2.
    parts = objective(kinds, "parts")
    assert parts["bad_events"] == 0.85
    assert abs(parts["error_budget"]["consumed_ratio"]
               - 0.85 / (0.1 * parts["total_events"])) < 0.000002
    got = objective(kinds, "today")
    midnight = datetime.datetime.fromisoformat(got["as_of"]).astimezone(
        zoneinfo.ZoneInfo("Europe/Berlin")).replace(hour=0, minute=0, second=0).timestamp()
    today = [burst for burst in BURSTS if (now - burst[0] * 60) // 300 * 300 + 1 >= midnight]
    assert (got["total_events"], got["bad_events"]) == (
        sum(total for _, total, _ in today), sum(bad for _, _, bad in today))
    assert got["window"] == "1d"


@pytest.mark.long
def test_a_restart_shows_nothing_but_what_is_applied(written):
    """The built-in objectives have their place in a ledger to which none was applied."""
    written.write(950)
    written.write(50, status=500)
    wait_for_events(written, 1000)
    path = os.path.join(written.folder, "slos.yaml")
    with open(path, "w", encoding="utf-8") as file:
        file.write(documents([("mine", ROLLING, "Occurrences", "{ target: 0.9999 }")]))
    written.tool("slo", "apply", path, check=True)
    wait_until(lambda: objective(written, "mine").get("status") == "breached", 30, "mine")
    written.probityd.stop()
    written.probityd.spawn()
    seen = set()

    def judged():
        gate, listed = written.get("/slo/gate?slo=mine"), written.get("/slo")
        seen.add((gate.status, gate.json().get("decision")))
        if listed.status == 200:
            seen.update(slo["name"] for slo in listed.json()["slos"])
        return "mine" in seen and (503, "stop") in seen
    wait_until(judged, 20, "the gate to stop", every=0.01)
    # None: nginx answers for a daemon that is not there yet.
    assert seen <= {(503, "stop"), (503, "unknown"), (503, None), "mine"}
