"""Alerts of a fleet: written by one instance, shown by all, taken over when that one dies."""
# SPDX-License-Identifier: MIT
import http.client
import time

import pytest

from process import wait_until

RULE = "page-fast-burn"

# The log was watched for days, by somebody else and by a file that has gone: without that, nothing
# could be judged in a test that lasts for seconds.
WATCHED = """INSERT INTO probity.positions (service, file_id, "offset", watched_from, watched_until,
             home) VALUES ('app', '\\x00112233445566778899aabbccddeeff', 1, now() - interval '5 days',
             now() + interval '1 hour', 'app')"""


def ask(stack, path, count):
    """Many quick requests over one connection; they go to the access log."""
    link = http.client.HTTPConnection("127.0.0.1", stack.nginx.port, timeout=10)
    for _ in range(count):
        link.request("GET", path)
        link.getresponse().read()
    link.close()


def alert(stack, name="app-availability", rule=RULE):
    """The alert as /slo/NAME shows it, or {}."""
    answer = stack.get(f"/slo/{name}")
    alerts = answer.json().get("alerts", []) if answer.status == 200 else []
    return next((one for one in alerts if one["name"] == rule), {})


def listed(stack, name="app-availability", rule=RULE):
    """The alert as /slo/alerts shows it, or {}."""
    found = [one for one in stack.get("/slo/alerts").json()["alerts"]
             if (one["slo"], one["name"]) == (name, rule)]
    return found[0] if found else {}


def changes(stack, state, name="app-availability", rule=RULE):
    """Which instances wrote that change down."""
    return [row[0] for row in stack.postgres.sql(
        "SELECT instance FROM probity.alert_changes WHERE service = 'app' AND objective = %s "
        "AND rule = %s AND state = %s", [name, rule, state])]


@pytest.fixture
def pair(start):
    """Two instances with a log each and one ledger."""
    env = {"PROBITY_REQUIRE": "none", "PROBITY_APP": None}
    first = start.stack(redis=False, app=None, env=env)
    first.postgres.sql(WATCHED)
    second = start.stack(postgres=False, redis=False, app=None,
                         env={**env, "DATABASE_URL": first.postgres.url()})
    for stack in (first, second):
        wait_until(lambda stack=stack: stack.get("/slo").status == 200, 15, "figures")
    return first, second


def test_an_incident_fires_once_in_a_fleet_outlives_its_writer_and_resolves(pair):
    first, second = pair
    ask(second, "/fail", 12)
    for stack in pair:
        wait_until(lambda stack=stack: alert(stack).get("state") == "firing", 15, "firing")
    one = listed(first)
    assert one == listed(second)
    assert (one["service"], one["severity"], one["resolved_at"]) == ("app", "critical", None)
    assert one["since"] == one["fired_at"] and one["dedup_key"] == f"app/app-availability/{RULE}"
    assert "1000 times too fast over 1 h (12 of 12 events bad)" in one["summary"]
    assert alert(first, rule="page-slow-burn")["suppressed_by"] == RULE
    assert alert(first, "app-error-rate")["suppressed_by"] == f"app-availability/{RULE}"
    assert second.get("/slo").json()["status"] == "breached"
    assert len(changes(first, "firing")) == 1
    told = [stack for stack in pair
            if stack.probityd.said(f"alert {RULE} of app-availability is firing")]
    assert len(told) == 1
    writer, other = (pair if told == [first] else pair[::-1])

    writer.probityd.kill9()
    holder = changes(first, "firing")[0]
    wait_until(lambda: first.postgres.sql("SELECT holder FROM probity.leases")[0][0] != holder, 25,
               "somebody else to hold the lease")
    assert listed(other) == one
    metric = f'probity_slo_alert_state{{slo="app-availability",service="app",alert="{RULE}"}} 2'
    assert metric in other.get("/metrics").text
    writer.probityd.spawn()
    writer.probityd.wait_ready()
    wait_until(lambda: alert(writer).get("state") == "firing", 15, "firing after a restart")
    assert len(changes(first, "firing")) == 1

    ask(other, "/ok", 1000)
    for stack in pair:
        wait_until(lambda stack=stack: alert(stack).get("state") == "resolved", 15, "resolved")
    end = listed(other)
    assert end["fired_at"] == one["fired_at"] and end["resolved_at"] == end["since"]
    assert changes(first, "resolved") and changes(first, "resolved") != [holder]
    wait_until(lambda: other.get("/slo/app-availability").json()["forecast"], 5, "a forecast")
    page = other.get("/slo/app-availability").json()
    assert page["forecast"]["exhausts_at"] and page["forecast"]["positive_at"] is None
    incident = page["incidents"][0]
    assert (incident["bad_events"], incident["postmortem"]) == (12, True)
    assert incident["routes"] == [{"route": "/fail", "bad_events": 12, "budget_consumed_ratio":
                                   incident["budget_consumed_ratio"]}]
    assert other.get("/slo/alerts").json()["firing"] == len(
        [one for one in other.get("/slo/alerts").json()["alerts"] if one["state"] == "firing"])


def test_a_clean_stop_hands_the_alerts_over_at_once(start):
    env = {"PROBITY_REQUIRE": "none", "PROBITY_APP": None}
    first = start.stack(redis=False, app=None, env=env)

    def holder():
        return first.postgres.sql("SELECT holder FROM probity.leases WHERE held_until > now()")
    before = wait_until(holder, 15, "a holder")
    second = start.stack(postgres=False, redis=False, app=None,
                         env={**env, "DATABASE_URL": first.postgres.url()})
    wait_until(lambda: second.get("/slo").status == 200, 15, "figures")
    first.probityd.stop()
    # A lease that nobody gave back would run out after 15 s.
    wait_until(lambda: holder() not in ([], before), 7, "the other one to hold the lease")


def test_a_new_service_pages_in_its_first_minute(start):
    stack = start.stack(redis=False, app=None,
                        env={"PROBITY_REQUIRE": "none", "PROBITY_APP": None})
    ask(stack, "/fail", 12)
    wait_until(lambda: alert(stack).get("state") == "firing", 15, "firing")


def test_what_nobody_watched_for_half_a_window_does_not_fire(start):
    stack = start.stack(redis=False, app=None,
                        env={"PROBITY_REQUIRE": "none", "PROBITY_APP": None}, start=False)
    stack.start(probityd=False)
    # Another file of the service was watched until 50 minutes ago, and nobody has looked since.
    stack.postgres.sql(
        "INSERT INTO probity.positions (service, file_id, home, \"offset\", watched_from, watched_until)"
        " VALUES ('app', decode(repeat('ab', 16), 'hex'), 'app', 1, now() - interval '3 hours',"
        " now() - interval '50 minutes')")
    stack.probityd.start()
    ask(stack, "/fail", 12)
    wait_until(lambda: stack.get("/slo").json().get("status") == "breached", 15, "the events")
    time.sleep(2)
    assert alert(stack)["state"] == "inactive"
    assert alert(stack)["frozen"] == "more than half of its window was watched by nobody"
    assert listed(stack) == {}


@pytest.mark.long
def test_a_ledger_out_of_reach_for_a_minute_is_an_alert_of_its_own(pair):
    first, _ = pair
    ask(first, "/fail", 12)
    for stack in pair:
        wait_until(lambda stack=stack: alert(stack).get("state") == "firing", 15, "firing")
    first.postgres.freeze_all()
    try:
        for stack in pair:
            wait_until(lambda stack=stack: listed(stack, "", "ledger-unreachable"), 90, "the alert")
            assert listed(stack, "", "ledger-unreachable")["dedup_key"] == "app/ledger-unreachable"
            assert listed(stack)["state"] == "firing"
            assert listed(stack)["frozen"] == "the ledger is out of reach"
            assert stack.get("/slo/alerts").status == 503
    finally:
        first.postgres.thaw()
    for stack in pair:
        wait_until(lambda stack=stack: listed(stack, "", "ledger-unreachable")["state"]
                   == "resolved", 30, "the end")
    assert len(changes(first, "firing")) == 1
