"""A whole daemon over a real ledger: history, exclusions and overrides of what was logged."""
# SPDX-License-Identifier: MIT
import json
import time

import pytest

from process import wait_until
from servers import Probityd
from stack import fetch, make_token
from test_slo import objective, wait_for_events, written

__all__ = ["written"]

TOKEN = "an-admin-s-token-of-more-than-32-bytes"
NAME = "app-availability"


@pytest.fixture
def breached(written):
    """A service that has used up its budget."""
    written.write(950)
    written.write(50, status=500)
    wait_for_events(written, 1000)
    wait_until(lambda: objective(written, NAME)["status"] == "breached", 5)
    return written


def send(stack, method, path, **body):
    headers = {"Authorization": "Bearer " + make_token(sub="ada"),
               "Content-Type": "application/json"}
    return fetch(stack.nginx.port, path, method, headers, json.dumps(body), timeout=15)


def test_the_history_of_what_was_logged_adds_up_to_the_figures(breached):
    answer = breached.get(f"/slo/{NAME}/history?from=-2h&step=1m").json()
    assert sum(point["total"] for point in answer["points"]) == 1000
    assert sum(point["bad"] for point in answer["points"]) == 50
    left = objective(breached, NAME)["error_budget"]["remaining_ratio"]
    assert answer["points"][-1]["budget_remaining_ratio"] == left == -49
    answer = breached.get("/slo/app-latency-p95/history?from=-2h&step=15m").json()
    assert {point["p95_ms"] for point in answer["points"]} == {12, None}
    assert [version["objective"] for version in answer["versions"]] == [0.95]


def test_an_exclusion_gives_the_budget_back_and_its_withdrawal_takes_it(breached):
    minute = int(time.time()) // 60
    booked = send(breached, "POST", f"/slo/{NAME}/exclusions", **{
        "from": (minute - 5) * 60, "to": (minute + 2) * 60, "reason": "a game day"})
    assert booked.status == 201, booked
    assert booked.json()["before"]["bad_events"] == 50
    assert booked.json()["after"]["bad_events"] == 0
    assert booked.json()["exclusion"]["author"] == "ada"
    wait_until(lambda: objective(breached, NAME)["bad_events"] == 0, 10, "the exclusion to count")
    path = f"/slo/{NAME}/exclusions/{booked.json()['exclusion']['id']}"
    assert send(breached, "DELETE", path).status == 200
    wait_until(lambda: objective(breached, NAME)["bad_events"] == 50, 10, "it to count no more")


def test_an_override_opens_the_gate_of_every_instance(breached, start):
    second = start.add(Probityd(start.subfolder(), env={
        **breached.probityd.env, "PROBITY_ACCESS_LOG": "", "PROBITY_ADMIN_TOKEN": TOKEN}))
    breached.probityd.stop()
    breached.probityd.env["PROBITY_ADMIN_TOKEN"] = TOKEN
    breached.probityd.start()
    gate = ("gate", "--socket", breached.probityd.socket_path, "--slo", NAME)
    wait_until(lambda: breached.tool(*gate).returncode == 1, 10, "the gate to stop")
    done = breached.tool(*gate, "--override", "hotfix for the outage")
    assert done.returncode == 0, done
    assert done.stdout.startswith("go: an override is in force\n")
    assert "error budget exhausted" in done.stdout
    assert "overridden by admin token until " in done.stdout
    assert "hotfix for the outage" in done.stdout
    other = ("gate", "--socket", second.socket_path)
    wait_until(lambda: breached.tool(*other, "--slo", NAME).returncode == 0, 10)
    assert breached.tool(*other, "--service", "app").returncode == 1  # error rate is breached too
    answer = breached.get(f"/slo/gate?slo={NAME}").json()
    assert answer["decision"] == "go" and answer["override"]["reason"] == "hotfix for the outage"
    breached.postgres.sql("UPDATE probity.gate_overrides SET expires_at = now()")
    wait_until(lambda: breached.get(f"/slo/gate?slo={NAME}").json()["decision"] == "stop", 10)
