"""What people bring with them who come from another health endpoint: where those break, we don't.

| what hurts elsewhere | where it is shown |
|---|---|
| one slow check delays the others, or the answer (Spring, ASP.NET, alexliesenfeld, Gatus) | test_who_hangs_or_flaps_…, test_a_stopped_database_slows_nobody_down |
| a check without a time limit of its own; the last "up" stands (Dropwizard, sundheit) | the same; test_a_check_whose_thread_stands_still_is_stale |
| every probe runs the checks (ASP.NET, Spring's groups) | test_ten_thousand_probes_cause_not_one_more_check |
| failures that are not in a row add up (Dropwizard) | test_only_failures_in_a_row_trip_and_only_successes_in_a_row_heal |
| a check that asks itself is for ever well, or never | test_an_application_that_is_probity_itself_is_not_believed |
| up before anything has succeeded (alexliesenfeld, Quarkus) | test_nobody_is_ready_before_the_first_look |
| a flapping dependency flaps the fleet | test_who_hangs_or_flaps_… |
| drain is undone by a recovery (Dropwizard); liveness fails with it (lightship) | test_a_drain_outlives_every_recovery, test_an_instance_drains_by_order_and_stays |
| the prober that leaves early fails the check for all (alexliesenfeld) | test_front_peers: nothing is looked at while somebody asks |
| drivers' messages in the answer (Xabaril's writer, hellofresh) | test_nothing_of_a_driver_reaches_who_may_be_anybody |
| no history, or none that outlives a restart | test_history |
| tokens cost whoever verifies them | test_a_storm_of_tokens_delays_neither_health_nor_who_was_let_in |
| an application's own report is thrown away | test_what_frameworks_say_of_themselves_is_merged |
| PING says PONG while LOADING | test_checks_redis |
| the worker answers and consumes nothing | test_checks_celery |
| a bad reload stops the monitor (Gatus) | test_reload_checks |
| parameters, HEAD, a slash at the end (Terminus, heptio) | test_health_pages |
"""
# SPDX-License-Identifier: MIT
import json
import os
import socket
import sys
import time

import pytest

import fcgi
from faults import compile_resolver
from process import wait_until
from servers import Probityd

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "fakes"))

from fake_web import FakeWeb  # noqa: E402

ADMIN = "admin-token-of-this-test-0123456789abcdef"
JSON = {"Content-Type": "application/json"}
QUICK = {"interval": "100ms", "timeout": "100ms", "max_age": "1s"}


def ask(daemon, path, query="", **more):
    with fcgi.Client(daemon.socket_path) as client:
        status, _, body = client.ask(path, keep=False, QUERY_STRING=query, **more)
        return status, json.loads(body)


def admin(daemon, name):
    return ask(daemon, f"/health/detailed/{name}", HTTP_AUTHORIZATION="Bearer " + ADMIN)[1]


def rows(**checks):
    return json.dumps([{"name": name, **QUICK, **row} for name, row in checks.items()])


@pytest.fixture(scope="module")
def world(shared):
    """Twenty checks of one Redis, one whose look-ups can hang, three of a flapping application."""
    redis, site = shared.redis(), shared.app()
    folder = shared.subfolder()
    os.makedirs(folder)
    hanging = os.path.join(folder, "hang")
    daemon = Probityd(shared.subfolder(), {
        "PROBITY_ADMIN_TOKEN": ADMIN, "LD_PRELOAD": compile_resolver(folder),
        "HANGING_NAMES": hanging, "PROBITY_CHECK_FRESH_INTERVAL": "1s",
        "PROBITY_CHECKS": rows(
            **{f"same-{i}": {"url": redis.url(), "groups": ["many"]} for i in range(20)},
            hangs={"url": f"redis://localhost:{redis.port}/0", "groups": ["hangs"]},
            flaps={"url": site.health_url, "groups": ["flaps"]},
            patient={"url": site.health_url, "groups": ["patient"], "policy": "fail_after=2s"},
            wary={"url": site.health_url, "groups": ["wary"], "rise": 20})})
    daemon.env["ASAN_OPTIONS"] = (daemon.environment()["ASAN_OPTIONS"]
                                  + ":verify_asan_link_order=0")
    shared.add(daemon)
    for group in ("many", "hangs", "flaps", "patient", "wary"):
        wait_until(lambda: ask(daemon, "/health/" + group)[0] == 200, 10, group)
    daemon.site, daemon.redis, daemon.hanging = site, redis, hanging
    return daemon


def test_who_hangs_or_flaps_is_nobody_elses_trouble(world):
    """For three seconds names hang and an application is well and ill by turns, 300 ms each."""
    seen = {name: [] for name in ("many", "hangs", "flaps", "patient", "wary")}
    oldest, words = 0, set()
    with open(world.hanging, "w", encoding="ascii"):
        pass
    began = time.monotonic()
    while (passed := time.monotonic() - began) < 3:
        world.site.status = 500 if int(passed / 0.3) % 2 else 200
        for name, statuses in seen.items():
            status, body = ask(world, "/health/" + name, "verbose")
            statuses.append(status)
            if name == "many":
                oldest = max(oldest, *(check["age_ms"] for check in body["checks"].values()))
            words.add(body["checks"].get(name, {}).get("rule"))
        time.sleep(0.01)
    os.unlink(world.hanging)
    world.site.status = 200
    assert set(seen["many"]) == {200} and oldest < 900, oldest
    assert seen["hangs"][0] == 200 and seen["hangs"][-1] == 503
    # Whoever believes two looks flaps too; `fail_after` rides it out; `rise` waits for calm.
    changes = {name: sum(a != b for a, b in zip(seen[name], seen[name][1:])) for name in seen}
    assert changes["flaps"] > 2 and changes["patient"] == 0 and changes["wary"] == 1, changes
    assert seen["wary"][-1] == 503
    assert any(word and ", down for " in word and word.endswith(" ms more") for word in words)
    flaps = admin(world, "flaps")
    assert flaps["changes_last_hour"] > 2 and flaps["transitions"][0]["lasted_ms"] < 2000
    for name in seen:
        wait_until(lambda: ask(world, "/health/" + name)[0] == 200, 10, name)


def test_many_checks_of_one_server_are_a_connection_each(world):
    """And one passing one each at most, all of them named."""
    for _ in range(20):
        links = [link for link in world.redis.client().client_list() if link["name"] == "probity"]
        assert 21 <= len(links) <= 42, len(links)
        time.sleep(0.02)


def test_a_dependency_that_grows_slower_is_degraded_before_it_fails(start):
    site = start.app()
    daemon = start.add(Probityd(start.subfolder(), {
        "PROBITY_ADMIN_TOKEN": ADMIN, "PROBITY_CHECKS": rows(site={
            "url": site.health_url, "degraded": {"latency": "150ms"}, "timeout": "400ms",
            "interval": "400ms", "max_age": "3s"})}))
    for delay, status, word in ((0, 200, "ok"), (0.2, 200, "degraded: slow: "),
                                (0.6, 503, "error: timeout after 400 ms"), (0, 200, "ok")):
        site.delay = delay
        wait_until(lambda: ask(daemon, "/health/ready")[1]["checks"]["site"].startswith(word), 6)
        assert ask(daemon, "/health/ready")[0] == status
    passed = [(change["from"], change["to"]) for change in admin(daemon, "site")["transitions"]]
    assert passed[::-1][:4] == [("starting", "ok"), ("ok", "degraded"), ("degraded", "error"),
                                ("error", "ok")]


@pytest.mark.parametrize("path", ["/health", "/readyz", "/metrics"])
def test_an_application_that_is_probity_itself_is_not_believed(start, path):
    """PROBITY_APP may name nginx's port by mistake: we would say of ourselves that we are well."""
    stack = start.stack(start=False, app=None, postgres=False, redis=False)
    stack.probityd.env["PROBITY_APP"] = f"http://127.0.0.1:{stack.nginx.port}{path}"
    stack.start()
    wait_until(lambda: stack.get("/health/ready").json()["checks"] ==
               {"app": "error: answered by Probity itself"}, 5)
    assert "answered by Probity itself" in stack.wait_for("/health", 503, 5).json()["reason"]
    component = stack.get("/health/detailed/app", token=True).json()
    assert "PROBITY_APP" in component["hint"] and component["http_status"] == 508


# What frameworks answer, as their documentation has it; and what it makes of the check.
REPORTS = {
    "spring": ('{"status":"DOWN","components":{"db":{"status":"DOWN","details":{"error":"x"}},'
               '"ping":{"status":"UP"}}}', 200, "error: reported by the application"),
    "spring-group": ('{"status":"OUT_OF_SERVICE","groups":["liveness"]}', 503,
                     "error: http status 503"),
    "draft": ('{"status":"warn","checks":{"db:responseTime":[{"status":"warn"}]}}', 200,
             "degraded: reported by the application"),
    "aspnet": ('{"status":"Unhealthy","totalDuration":"00:00:01","entries":{"db":{}}}', 200,
               "error: reported by the application"),
    "microprofile": ('{"status":"UP","checks":[{"name":"db","status":"UP","data":{}}]}', 200, "ok"),
    "terminus": ('{"status":"shutting_down","info":{},"error":{},"details":{}}', 200,
                 "error: reported by the application"),
    "fastapi": ('{"database":"ok","redis":"down"}', 200, "ok"),
    "elastic": ('{"cluster_name":"c","status":"yellow"}', 200,
                "degraded: reported by the application"),
    "inner": ('{"status":"UP","components":{"db":{"status":"DOWN"}}}', 200,
              "error: http json does not match"),
}


def test_what_frameworks_say_of_themselves_is_merged(start):
    web = start.add(FakeWeb({"/" + name: (status, body.encode(), JSON)
                             for name, (body, status, _) in REPORTS.items()}), start=False)
    checks = {name: {"url": f"http://127.0.0.1:{web.port}/{name}", "http": {"reported": "merge"}}
              for name in REPORTS}
    checks["inner"]["http"].update(json_pointer="/components/db/status", json_equals="UP")
    daemon = start.add(Probityd(start.subfolder(), {"PROBITY_ADMIN_TOKEN": ADMIN,
                                                    "PROBITY_CHECKS": rows(**checks)}))
    wanted = {name: word for name, (_, _, word) in REPORTS.items()}
    wait_until(lambda: "starting" not in ask(daemon, "/health/ready")[1]["checks"].values(), 6)
    assert ask(daemon, "/health/ready")[1]["checks"] == wanted
    for name, (body, _, _) in REPORTS.items():
        assert admin(daemon, name)["reported"] == json.loads(body), name


def test_nobody_is_ready_before_the_first_look(start):
    """From the first answer on: not ready, never an error that nobody saw, then ready."""
    redis = start.redis()
    long_name = "a.dotted_name-of.forty-bytes" + "x" * 12
    daemon = Probityd(start.subfolder(), {"PROBITY_ADMIN_TOKEN": ADMIN, "PROBITY_CHECKS": rows(
        **{long_name: {"url": redis.url()}, long_name[:-1] + "y": {"url": redis.url()}})})
    start.add(daemon, start=False)
    seen = []
    daemon.spawn()
    while not seen or seen[-1][0] != 200:
        try:
            status, body = ask(daemon, "/health/ready")
            seen.append((status, body["status"], *body["checks"].values()))
            assert ask(daemon, "/health")[0] == 200
        except OSError:
            assert daemon.alive()
        time.sleep(0.002)
    assert seen[-1] == (200, "ready", "ok", "ok")
    assert {words for _, _, *words in seen for words in words} <= {"starting", "ok"}, seen
    assert all(status == 503 for status, *_ in seen[:-1])
    for name in (long_name, long_name[:-1] + "y"):  # their threads' names are cut alike
        assert admin(daemon, name)["status"] == "ok"


def test_a_server_that_does_not_accept_fools_tcp_and_not_tls(start):
    """docs/checks.md says what a `tcp` check can't see: the kernel connects for the server."""
    with socket.create_server(("127.0.0.1", 0), backlog=512) as deaf:
        port = deaf.getsockname()[1]
        daemon = start.add(Probityd(start.subfolder(), {"PROBITY_CHECKS": rows(
            tcp={"url": f"tcp://127.0.0.1:{port}"}, tls={"url": f"tls://127.0.0.1:{port}"})}))
        wait_until(lambda: ask(daemon, "/health/ready")[1]["checks"] ==
                   {"tcp": "ok", "tls": "error: timeout after 100 ms"}, 5)
