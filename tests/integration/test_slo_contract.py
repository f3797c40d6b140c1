"""The SLO contract where there is much of everything: a thousand objectives, and a fleet."""
# SPDX-License-Identifier: MIT
import json
import os
import time

import pytest

from test_metrics import OPENMETRICS, assert_well_formed, families, lint

COUNT = 1000
ADMIN = "an-admin-s-token-of-this-test-0123456789"
INGEST = "an-ingest-token-of-this-test-0123456789"
OBJECTIVE = """---
apiVersion: openslo/v1
kind: SLO
metadata: {{name: objective-{0:04}}}
spec:
  service: app
  indicator:
    metadata: {{name: answered-{0:04}}}
    spec:
      ratioMetric:
        bad: {{metricSource: {{type: probity, spec: {{route: /r/x{0}, status: 5xx}}}}}}
        total: {{metricSource: {{type: probity, spec: {{route: /r/x{0}}}}}}}
  timeWindow: [{{duration: 30d, isRolling: true}}]
  budgetingMethod: Occurrences
  objectives: [{{target: 0.99}}]
"""


@pytest.fixture(scope="module")
def crowd(shared):
    """A stack with a thousand objectives; `log(path, status)` logs an event."""
    stack = shared.stack(app=None, redis=False, start=False, env={
        "PROBITY_REQUIRE": "none", "PROBITY_ADMIN_TOKEN": ADMIN, "PROBITY_INGEST_TOKEN": INGEST})
    path = os.path.join(stack.folder, "slos.yaml")
    with open(path, "w", encoding="utf-8") as file:
        file.writelines(OBJECTIVE.format(i) for i in range(COUNT))
    stack.probityd.env["PROBITY_OBJECTIVES"] = path
    stack.start()
    stack.wait_for("/slo", 200, 20)
    return stack


def test_a_list_of_a_thousand_is_whole_and_in_order(crowd):
    answer = crowd.get("/slo")
    assert answer.status == 200 and len(answer.body) > 512 * 1024
    assert int(answer.headers["Content-Length"]) == len(answer.body)
    assert answer.headers["Transfer-Encoding"] is None
    names = [slo["name"] for slo in answer.json()["slos"]]
    assert names == [f"objective-{i:04}" for i in range(COUNT)]
    head = crowd.get("/slo", method="HEAD")
    assert head.status == 200 and head.body == b""
    assert abs(int(head.headers["Content-Length"]) - len(answer.body)) < 64 * 1024
    assert len(crowd.get("/slo?status=breached").json()["slos"]) == 0
    assert crowd.get("/slo/objective-0999").json()["name"] == "objective-0999"


def post(stack, **changes):
    event = {"time": time.time(), "route": "/r/x77", "method": "GET", "status": 200,
             "duration_ms": 1, **changes}
    return stack.get("/slo/events", INGEST, method="POST", body=json.dumps([event] * 10))


def test_the_gate_judges_a_thousand(crowd):
    go = crowd.get("/slo/gate?min_budget=1")
    assert go.status == 200 and go.json()["decision"] == "go"
    assert len(go.json()["reasons"]) == COUNT  # no events, no objection
    assert post(crowd, status=500).status == 202
    stop = crowd.wait_for("/slo/gate", 503)
    assert stop.json()["decision"] == "stop" and stop.headers["Retry-After"] is None
    assert stop.json()["reasons"][0]["slo"] == "objective-0077"
    assert len(stop.json()["reasons"]) == COUNT
    assert crowd.get("/slo/gate?slo=objective-0078").status == 200
    breached = crowd.get("/slo?status=breached").json()
    assert [slo["name"] for slo in breached["slos"]] == ["objective-0077"]
    assert breached["status"] == "breached" == crowd.get("/slo").json()["status"]


def test_what_is_posted_after_a_large_answer_finds_a_fresh_connection(crowd):
    """A connection ends with a large answer, and nginx does not send again what was posted."""
    for _ in range(60):
        assert crowd.get("/slo").status == 200
        assert post(crowd).status == 202


def samples(text):
    return {line.rsplit(" ", 1)[0] for line in text.splitlines() if not line.startswith("#")}


def test_the_fleets_figures_alone_are_the_same_in_every_instance(crowd):
    """What `scope=fleet` gives is a part of the whole, without anything of this instance."""
    whole, fleet = crowd.get("/metrics"), crowd.get("/metrics?scope=fleet")
    assert whole.status == fleet.status == 200
    names = {name for _, name, _ in families(fleet.text)}
    assert names == {"probity_slo_objective_ratio", "probity_slo_events_total",
                     "probity_slo_error_budget_remaining_ratio", "probity_slo_burn_rate",
                     "probity_slo_coverage_ratio", "probity_slo_alert_state",
                     "probity_slo_maintenance", "probity_slo_exclusions_left_out"}
    assert samples(fleet.text) <= samples(whole.text)
    for text in (whole.text, fleet.text):
        assert lint(text) == (0, "")
        assert_well_formed(text)
    open_fleet = crowd.get("/metrics?scope=fleet", headers=OPENMETRICS)
    assert open_fleet.headers["Content-Type"].startswith("application/openmetrics-text")
    assert open_fleet.text.endswith("# EOF\n") and open_fleet.text.count("# EOF") == 1
    assert_well_formed(open_fleet.text.replace("# EOF\n", ""))
    refused = crowd.get("/metrics?scope=flet")
    assert refused.status == 400 and "scope=fleet" in refused.json()["error"]["message"]
    assert crowd.get("/metrics?anything=1").status == 200


@pytest.mark.parametrize("method, path, body", [
    ("POST", "/slo/events", [{}]),
    ("POST", "/slo/gate/override", {"slo": "objective-0001", "reason": "x"}),
    ("POST", "/slo/objective-0001/exclusions", {"from": "-2h", "to": "-1h", "reason": "x"}),
    ("DELETE", "/slo/objective-0001/exclusions/1", None),
])
def test_what_changes_something_knows_no_parameters(crowd, method, path, body):
    answer = crowd.get(f"{path}?dry_run=1", INGEST if path == "/slo/events" else ADMIN,
                       method=method, body=json.dumps(body))
    assert answer.status == 400
    assert "unknown parameter" in answer.json()["error"]["message"]
    if method == "POST" and "exclusions" in path:
        assert crowd.get(path).json()["exclusions"] == []
