"""The SLO answers over a real ledger: fields, statuses, the gate, staleness, counters."""
# SPDX-License-Identifier: MIT
import json
import os
import time

import pytest

from process import wait_until

FIELDS = ["name", "service", "description", "type", "objective", "window", "sli", "status",
          "total_events", "bad_events", "measured_since", "coverage", "error_budget", "burn_rate",
          "alerts"]


@pytest.fixture
def written(start):
    """A stack that follows a file of the test's own; `write(n, **changes)` logs n events."""
    stack = start.stack(redis=False, app=None, start=False,
                        env={"PROBITY_REQUIRE": "none", "PROBITY_APP": None})
    path = os.path.join(stack.folder, "own.log")
    stack.probityd.env["PROBITY_ACCESS_LOG"] = path
    stack.start()

    def write(count, **changes):
        with open(path, "a", encoding="utf-8") as log:
            for _ in range(count):
                event = {"time": round(time.time(), 3), "request_id": os.urandom(16).hex(),
                         "service": "", "method": "GET", "path": "/v1/items/7", "status": 200,
                         "request_time": 0.012, "bytes": 1, "upstream_time": "0.011", **changes}
                log.write(json.dumps(event) + "\n")
    stack.write = write
    return stack


def objective(stack, name):
    answer = stack.get(f"/slo/{name}")
    return answer.json() if answer.status == 200 else {}


def wait_for_events(stack, count):
    wait_until(lambda: objective(stack, "app-availability").get("total_events") == count, 10,
               f"{count} events")


def test_figures_are_those_of_the_log_and_read_as_documented(written):
    written.write(9900)
    written.write(4, status=500)
    written.write(96, request_time=0.5)
    wait_for_events(written, 10000)
    slos = {slo["name"]: slo for slo in written.get("/slo").json()["slos"]}
    latency = {"threshold_ms", "latency_ms"}
    assert [[key for key in slo if key not in latency] for slo in slos.values()] == [FIELDS] * 4
    availability = slos["app-availability"]
    assert availability["sli"] == 0.9996 and availability["status"] == "met"
    assert availability["error_budget"] == {"allowed_bad_events": 10, "consumed_ratio": 0.4,
                                            "remaining_ratio": 0.6, "exhausts_at":
                                            availability["error_budget"]["exhausts_at"]}
    assert set(availability["burn_rate"].values()) == {0.4}
    assert slos["app-latency-p95"]["bad_events"] == 96  # 500 ms is not below 500 ms
    assert slos["app-latency-p99"]["bad_events"] == 0
    wait_until(lambda: objective(written, "app-latency-p95")["latency_ms"] is not None, 10,
               "percentiles")
    one = objective(written, "app-latency-p95")
    assert (one["latency_ms"]["p50"], one["latency_ms"]["p95"]) == (12, 12)
    assert one["routes"] == [{"route": "/v1/items/{id}", "total_events": 9996, "bad_events": 96,
                              "consumed_ratio": 0.192077}]


def test_a_few_events_are_not_judged_until_ten_are_bad(written):
    written.write(9, status=503)
    wait_for_events(written, 9)
    assert objective(written, "app-availability")["status"] == "insufficient_data"
    assert written.get("/slo/gate").json()["decision"] == "go"
    written.write(1, status=503)
    wait_for_events(written, 10)
    assert objective(written, "app-availability")["status"] == "breached"
    stop = written.get("/slo/gate")
    assert (stop.status, stop.json()["decision"]) == (503, "stop")


def test_figures_go_stale_while_postgres_hangs_and_come_back(written):
    written.probityd.env["PROBITY_SLO_MAX_AGE"] = "3s"
    written.probityd.restart()
    written.write(3)
    wait_for_events(written, 3)
    written.postgres.freeze_postmaster()
    written.postgres.freeze_backends()
    try:
        wait_until(lambda: written.get("/slo").status == 503, 8, "stale figures")
        answer = written.get("/slo")
        assert answer.json()["stale"] is True and len(answer.json()["slos"]) == 4
        assert written.get("/slo/app-availability").json()["total_events"] == 3
        assert written.get("/slo/gate").json()["decision"] == "unknown"
        assert written.get("/health").status == 200  # ready is rightly not: the check hangs too
    finally:
        written.postgres.thaw()
    wait_until(lambda: written.get("/slo").status == 200, 15, "figures again")


def test_figures_are_stale_while_nothing_can_be_written(written):
    """Reading goes on, but what is logged does not arrive: the gate must not say go."""
    written.probityd.env["PROBITY_SLO_MAX_AGE"] = "2s"
    written.probityd.restart()
    written.write(3)
    wait_for_events(written, 3)

    def read_only(word):
        written.postgres.superuser_sql(
            f"ALTER DATABASE app SET default_transaction_read_only = {word}", database="postgres")
        written.postgres.superuser_sql(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'app'")
    read_only("on")
    written.write(1)
    answer = written.wait_for("/slo", 503, 15)
    wait_until(lambda: "read-only" in written.get("/slo").text, 10, "the reason")
    answer = written.get("/slo")
    assert answer.json()["stale"] is True and int(answer.headers["Retry-After"]) > 0
    assert list(answer.json()) == ["status", "as_of", "stale", "reason", "slos"]
    gate = written.get("/slo/gate")
    assert (gate.status, gate.json()["decision"]) == (503, "unknown")
    assert int(gate.headers["Retry-After"]) > 0 and "read-only" in gate.json()["reason"]
    one = written.get("/slo/app-availability").json()
    assert one["stale"] is True and "read-only" in one["reason"]
    read_only("off")
    wait_for_events(written, 4)
    written.wait_for("/slo", 200, 10)


def test_without_the_schema_every_slo_answer_names_the_command(start):
    stack = start.stack(redis=False, app=None, migrate=False,
                        env={"PROBITY_REQUIRE": "none", "PROBITY_APP": None})
    for path in ("/slo", "/slo/app-availability", "/slo/gate"):
        wait_until(lambda: "probity migrate upgrade" in stack.get(path).text, 10, path)
        assert stack.get(path).status == 503
    stack.tool("migrate", "upgrade", check=True)
    wait_until(lambda: stack.get("/slo").status == 200, 10, "/slo to answer")


def counted(stack):
    return [int(float(text.rsplit(" ", 1)[1])) for text in stack.get("/metrics").text.splitlines()
            if text.startswith('probity_slo_events_total{slo="app-availability"')]


def test_the_event_counter_goes_on_where_it_was_after_a_restart(written):
    written.write(20)
    written.write(5, status=500)
    wait_for_events(written, 25)
    assert counted(written) == [20, 5]
    written.probityd.restart()
    wait_until(lambda: counted(written) == [20, 5], 10, "the same counts")
    written.write(1)
    wait_until(lambda: counted(written) == [21, 5], 10, "one more")
