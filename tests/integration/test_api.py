"""The HTTP contract, sentence by sentence, from outside through nginx."""
# SPDX-License-Identifier: MIT
import http.client
import json
import math
import os
import random
import re
import socket
import time
from concurrent.futures import ThreadPoolExecutor
from fractions import Fraction

import pytest

from process import Process, free_port, wait_until
from stack import fetch, make_token

PROBES = ["/health", "/health/live", "/livez", "/healthz", "/health/ready", "/readyz",
          "/health/readiness", "/health/liveness", "/health/startup", "/health/detailed",
          "/health/detailed/redis"]
READS = ["/slo", "/slo/app-availability", "/slo/gate", "/metrics"]
# Alerts are a page, the others are asked of the ledger while the caller waits.
ASKED = ["/slo/alerts", "/slo/app-availability/history", "/slo/app-availability/exclusions"]
REFUSED = ["/slo/alerts?typo=1", "/slo/nosuch/history", "/slo/nosuch/exclusions",
           "/slo/app-availability/history?step=x", "/slo/app-availability/exclusions?typo=1",
           "/slo/app-availability/history?from=-30d&step=1m", "/health/nosuch", "/health/detailed/nosuch", "/slo/nosuch", "/slo?typo=1",
           "/slo/gate?slo=nosuch", "/slo/gate?min_budget=2", "/metrics/nosuch"]


@pytest.fixture(scope="module")
def whole(shared):
    stack = shared.stack(app="demo", celery=True, env={
        "DATABASE_POOL_SIZE": "7", "DATABASE_MAX_OVERFLOW": "5", "APP_VERSION": "1.4.2",
        "PROBITY_CELERY_EXPECTED_WORKERS": "2", "PROBITY_CELERY_QUEUES": "celery,solar"})
    stack.wait_ready(20)
    stack.wait_for("/slo", 200)
    return stack


def ask(port, data):
    """Sends bytes as they are; returns status, headers by small name, body."""
    with socket.create_connection(("127.0.0.1", port), timeout=5) as link:
        link.sendall(data)
        response = http.client.HTTPResponse(link)
        response.begin()
        headers = {name.lower(): value for name, value in response.getheaders()}
        return response.status, headers, response.read()


# All endpoints.
@pytest.mark.parametrize("path", PROBES + READS + ASKED + REFUSED)
def test_every_answer_has_the_promised_head_and_head_and_options_the_same(whole, path):
    answer = whole.get(path, token=True)
    head = whole.get(path, token=True, method="HEAD")
    options = whole.get(path, token=True, method="OPTIONS")
    probe = path.startswith(("/health", "/livez", "/readyz"))
    for one in (answer, head, options):
        headers = one.headers
        plain = path == "/metrics" and one is not options
        assert headers["Content-Type"] == ("text/plain; version=0.0.4; charset=utf-8" if plain
                                           else "application/json")
        assert headers["Cache-Control"] == "no-store"
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert re.fullmatch("[0-9a-f]{32}", headers["X-Request-Id"])
        assert headers["Vary"] == ("Accept" if plain or path in PROBES else None)
        for name in ("ETag", "Last-Modified", "Location", "Transfer-Encoding", "Accept-Ranges"):
            assert headers[name] is None
        if one is not head:
            assert int(headers["Content-Length"]) == len(one.body)
    assert head.status == answer.status and head.body == b""
    assert int(head.headers["Content-Length"]) > 0
    assert sorted(head.headers.keys()) == sorted(answer.headers.keys())
    # An address that nobody has knows no methods.
    known = path in PROBES + READS + ASKED or path.startswith(("/slo", "/health/detailed"))
    assert options.status == (answer.status if probe or not known else 405)
    if answer.status >= 400:
        error = answer.json()["error"]
        assert list(answer.json()) == ["error"]
        assert list(error) == ["code", "message", "request_id"]
        assert error["code"] == {400: "bad_request", 404: "not_found"}[answer.status]
        assert error["request_id"] == answer.headers["X-Request-Id"]


@pytest.mark.parametrize("path, allow", [
    *((path, "GET, HEAD, OPTIONS") for path in PROBES), *((path, "GET, HEAD") for path in READS)])
def test_another_method_is_405_and_allow_says_which(whole, path, allow):
    for method in ("POST", "DELETE", "TRACE", "BREW") + (() if "OPT" in allow else ("OPTIONS",)):
        answer = whole.get(path, method=method, headers={"X-Request-Id": "mine-7"})
        assert (answer.status, answer.headers["Allow"]) == (405, allow), method
        assert answer.json()["error"]["code"] == "method_not_allowed"
        assert answer.headers["X-Request-Id"] == "mine-7"


SANE = ["a", "caller-7", "A.b_c-9", "0" * 64]
INSANE = ["", "a b", "a\"b", "a/b", "a;b", "<b>", "0" * 65, "\xe4", "a\tb", "{}"]


@pytest.mark.parametrize("path, status", [("/health", 200), ("/health/nosuch", 404),
                                          ("/health?%00", 200), ("/%00", 400)])
@pytest.mark.parametrize("given", SANE + INSANE)
def test_a_sane_request_id_is_kept_and_another_replaced(whole, path, status, given):
    request = f"GET {path} HTTP/1.0\r\nX-Request-Id: {given}\r\n\r\n"
    found, headers, body = ask(whole.nginx.port, request.encode("latin-1"))
    assert found == status
    answered = headers["x-request-id"]
    # What nginx refuses while it reads the first line comes before any header.
    if given in SANE and path != "/%00":
        assert answered == given
    else:
        assert re.fullmatch("[0-9a-f]{32}", answered)
    if status != 200:
        assert json.loads(body)["error"]["request_id"] == answered


@pytest.mark.parametrize("data, status, code", [
    (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400, "bad_request"),
    (b"GET /health HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunky\r\n\r\n", 501,
     "not_implemented"),
    (b"GET /health HTTP/1.1\r\n\r\n", 400, "bad_request"),
    (b"GET /health HTTP/1.0\r\nX: " + b"x" * 40000 + b"\r\n\r\n", 400, "bad_request"),
    (b"GET /" + b"x" * 40000 + b" HTTP/1.0\r\n\r\n", 414, "uri_too_long"),
    (b"POST /slo HTTP/1.0\r\nContent-Length: 9999999\r\n\r\n", 413, "content_too_large"),
    (b"CONNECT /slo HTTP/1.0\r\n\r\n", 405, "method_not_allowed"),
], ids=lambda value: str(value)[:40])
def test_what_nginx_refuses_by_itself_is_json_too(whole, data, status, code):
    found, headers, body = ask(whole.nginx.port, data)
    error = json.loads(body)["error"]
    assert (found, error["code"]) == (status, code)
    assert headers["content-type"] == "application/json"
    assert headers["cache-control"] == "no-store"
    assert headers["x-content-type-options"] == "nosniff"
    assert error["request_id"] == headers["x-request-id"]
    assert int(headers["content-length"]) == len(body)


# Health.
DETAILS = {
    "app": ["http_status"],
    "database": ["pool_size", "pool_checked_out", "server_connections", "server_max_connections",
                 "longest_query_seconds", "in_recovery", "server_version"],
    "redis": ["memory_used_mb", "memory_max_mb", "connected_clients", "role"],
    "celery": ["active_workers", "expected_workers", "queued_tasks", "active_tasks", "queues"],
}
TIMES = ["latency_p95_ms", "since", "checked_at", "age_ms", "consecutive_failures"]


def test_degraded_is_ready_and_said_so_everywhere(whole):
    """One worker of the two that are expected; everything else is well."""
    def counted():
        return whole.get("/health/detailed/celery", token=True).json()["active_workers"] == 1
    wait_until(counted, 30, "the one worker to be seen")
    ready = whole.get("/health/ready")
    assert ready.json()["checks"]["celery"].startswith("degraded: ")
    assert (ready.status, ready.json()["status"]) == (200, "ready")
    assert list(ready.json()["checks"]) == ["app", "database", "redis", "celery"]
    detailed = whole.get("/health/detailed", token=True)
    assert (detailed.status, detailed.json()["status"]) == (200, "degraded")
    assert detailed.headers["Retry-After"] is None
    for name, component in detailed.json()["components"].items():
        extra = {"celery": ["error", "hint"], "database": ["hint"]}.get(name, [])
        promised = ["status", "critical", "latency_ms"] + DETAILS[name] + TIMES + extra
        assert [key for key in component if key in promised] == promised
        assert component["status"] == ("degraded" if name == "celery" else "ok")
    components = detailed.json()["components"]
    assert components["database"]["pool_size"] == 7 + 5
    assert components["celery"]["expected_workers"] == 2
    assert components["celery"]["queues"] == {"celery": 0, "solar": 0}
    assert whole.get("/health").json()["version"] == "1.4.2"
    assert whole.get("/health/detailed/celery", token=True).status == 200


POLICIES = {
    # policy: (ready at once, ready after a while, critical)
    "fail": (503, 503, True),
    "degrade": (200, 200, False),
    "fail_after=3s": (200, 503, True),
}


@pytest.mark.parametrize("policy", sorted(POLICIES))
def test_a_policy_says_what_a_failure_means(start, policy):
    at_once, at_last, critical = POLICIES[policy]
    stack = start.stack(app=None, postgres=False, env={"PROBITY_REDIS_POLICY": policy})
    stack.wait_ready()
    stack.redis.kill9()

    def failed():
        answer = stack.get("/health/ready")
        return answer if answer.json()["checks"]["redis"] == "error: connection refused" else None
    first = wait_until(failed, 5, "the failure")
    assert (first.status, first.json()["status"]) == \
        ((at_once, "ready") if at_once == 200 else (503, "not_ready"))
    detailed = stack.get("/health/detailed", token=True)
    assert detailed.json()["components"]["redis"]["critical"] is critical
    assert detailed.json()["status"] == ("degraded" if detailed.status == 200 else "unhealthy")
    stack.wait_for("/health/ready", at_last, 6)
    assert stack.get("/health/detailed/redis", token=True).status == at_last


def test_what_is_required_and_not_set_is_not_configured(start):
    stack = start.stack(app=None, postgres=False, env={"PROBITY_REQUIRE": "database,redis"})
    answer = stack.wait_for("/health/ready", 503)
    wait_until(lambda: stack.get("/health/ready").json()["checks"]["redis"] == "ok", 5, "redis")
    answer = stack.get("/health/ready")
    assert answer.json()["checks"] == {"database": "not configured", "redis": "ok"}
    assert answer.json()["status"] == "not_ready" and answer.headers["Retry-After"] is None
    assert stack.get("/health").status == 200
    assert stack.get("/health/startup").status == 200
    component = stack.get("/health/detailed/database", token=True)
    assert component.status == 503 and component.json()["status"] == "not configured"
    assert "PROBITY_REQUIRE" in component.json()["hint"]


def test_a_daemon_that_is_gone_or_hangs_is_down_in_json_within_two_seconds(start):
    stack = start.stack(app=None, postgres=False)
    stack.wait_ready()

    def down(path, method):
        began = time.monotonic()
        answer = stack.get(path, method=method, headers={"X-Request-Id": "mine-1"})
        assert time.monotonic() - began < 2
        assert answer.status == 503 and int(answer.headers["Retry-After"]) > 0
        assert answer.headers["Content-Type"] == "application/json"
        assert answer.headers["X-Request-Id"] == "mine-1"
        assert answer.headers["Cache-Control"] == "no-store"
        return method == "HEAD" or answer.json()["status"] == "down"
    asked = [(path, method) for path in PROBES + READS for method in ("GET", "HEAD")]
    stack.probityd.sigstop()
    with ThreadPoolExecutor(len(asked)) as crowd:
        assert all(crowd.map(lambda one: down(*one), asked))
    stack.probityd.sigcont()
    stack.wait_ready()
    stack.probityd.kill9()
    assert all(down(*one) for one in asked)


# Who may: 30 s of leeway, and what an administrator's claim may look like.
@pytest.mark.parametrize("claims, status", [
    ({"exp": -20}, 200), ({"exp": -40}, 401), ({"nbf": 20}, 200), ({"nbf": 40}, 401),
    ({"iat": 20}, 200), ({"iat": 40}, 401)])
def test_times_have_half_a_minute_of_leeway(whole, claims, status):
    token = make_token(**{name: int(time.time()) + age for name, age in claims.items()})
    answer = whole.get("/health/detailed", token=token)
    assert answer.status == status
    if status == 401:
        assert answer.headers["WWW-Authenticate"] == "Bearer"
        assert answer.json()["error"]["code"] == "unauthorized"


@pytest.mark.parametrize("given", ["", "Bearer", "Basic eDp4", "Bearer " + "x" * 7000, "\x01", "a b c"])
@pytest.mark.parametrize("path", ["/health", "/health/ready", "/slo", "/slo/gate", "/metrics"])
def test_a_garbage_authorization_is_ignored_where_none_is_needed(whole, path, given):
    assert whole.get(path, headers={"Authorization": given}).status == 200


# Metrics.
FAMILIES = {
    "probity_check_up": ["check"], "probity_check_duration_seconds": ["check"],
    "probity_check_age_seconds": ["check"], "database_connections": [],
    "database_max_connections": [], "redis_memory_used_bytes": [], "redis_operations_total": ["command"], "redis_memory_max_bytes": [],
    "probity_slo_objective_ratio": ["slo", "service"],
    "probity_slo_events_total": ["slo", "service", "result"],
    "probity_slo_error_budget_remaining_ratio": ["slo", "service"],
    "probity_slo_burn_rate": ["slo", "service", "window"],
    "process_cpu_user_seconds_total": [], "probity_requests_total": ["endpoint", "status"],
    "probity_ingest_lines_total": [], "probity_ingest_bytes_total": [],
    "probity_ingest_rejected_total": ["reason"], "probity_ingest_lag_bytes": [],
    "probity_ledger_commits_total": [], "probity_ledger_failures_total": [],
    "probity_ledger_read_age_seconds": [], "probity_loop_lag_seconds": [],
    "probity_build_info": ["version"],
}


class Prometheus(Process):
    """The real one, which asks for OpenMetrics and refuses what it can't read."""

    name = "prometheus"

    def __init__(self, folder, target):
        super().__init__(folder)
        self.port = free_port()
        with open(f"{folder}/prometheus.yml", "w", encoding="utf-8") as file:
            file.write("global: {scrape_interval: 200ms, scrape_timeout: 200ms}\nscrape_configs: "
                       "[{job_name: probity, static_configs: [{targets: "
                       f"['127.0.0.1:{target}']}}]}}]\n")

    def command(self):
        return ["prometheus", f"--config.file={self.folder}/prometheus.yml",
                f"--storage.tsdb.path={self.folder}/data",
                f"--web.listen-address=127.0.0.1:{self.port}"]

    def series(self, query):
        answer = fetch(self.port, "/api/v1/query?query=" + query)
        return [one["metric"] for one in answer.json()["data"]["result"]]


def test_prometheus_reads_every_family_with_its_labels(whole, folder):
    prometheus = Prometheus(folder, whole.nginx.port)
    prometheus.spawn()
    try:
        wait_until(lambda: prometheus.series("up==1"), 20, "Prometheus to see us up")
        for name, labels in FAMILIES.items():
            found = prometheus.series(name)
            assert found, name
            for one in found:
                assert set(one) - {"__name__", "instance", "job"} == set(labels)
    finally:
        prometheus.stop()


# Figures: the same from the log, by fractions.
SPANS = {"5m": 5, "30m": 30, "1h": 60, "2h": 120, "6h": 360, "1d": 1440, "3d": 4320}
WINDOW_MINUTES = 43200
OBJECTIVES = {"app-availability": ("0.999", None), "app-error-rate": ("0.99", None),
              "app-latency-p95": ("0.95", 500), "app-latency-p99": ("0.99", 2000)}


class Journal:
    """A log of the test's own, and what follows from it."""

    def __init__(self, path):
        self.path, self.events = path, []

    def write(self, events):
        """Events are (age in seconds, status, milliseconds)."""
        now = time.time()
        with open(self.path, "a", encoding="utf-8") as log:
            for age, status, ms in events:
                at = round(now - age, 3)
                self.events.append((int(at // 60), status, ms))
                log.write(json.dumps({
                    "time": at, "request_id": os.urandom(16).hex(), "service": "", "method": "GET",
                    "path": "/v1/items/7", "status": status, "request_time": ms / 1000, "bytes": 1,
                    "upstream_time": ""}) + "\n")

    def counts(self, threshold_ms, now_minute, minutes):
        """(total, bad) of the minutes that end with the open one."""
        inside = [(status, ms) for minute, status, ms in self.events
                  if now_minute - minutes < minute <= now_minute and status != 499]
        if threshold_ms is None:
            return len(inside), sum(status >= 500 for status, _ in inside)
        inside = [ms for status, ms in inside if status < 500]
        return len(inside), sum(ms >= threshold_ms for ms in inside)


def rounded(value, up):
    """With six decimals, to the worse side."""
    scaled = value * 10**6
    return Fraction(math.ceil(scaled) if up else math.floor(scaled), 10**6)


def expected(journal, name, as_of):
    """What an objective must say, from exact fractions."""
    target, threshold = OBJECTIVES[name]
    slack = 1 - Fraction(target)
    minute = as_of // 60
    total, bad = journal.counts(threshold, minute, WINDOW_MINUTES)
    burn = {}
    for span, minutes in SPANS.items():
        part_total, part_bad = journal.counts(threshold, minute, minutes)
        burn[span] = rounded(Fraction(part_bad, part_total) / slack if part_total else 0, True)
    used = Fraction(bad, total) / slack if total else Fraction(0)
    if total == 0:
        status = "no_data"
    elif bad < 10 and slack * total < 10:
        status = "insufficient_data"
    elif used >= 1:
        status = "breached"
    else:
        status = "at_risk" if 1 - used < Fraction(1, 5) else "met"
    return {"status": status, "total_events": total, "bad_events": bad,
            "sli": rounded(1 - Fraction(bad, total), False) if total else None,
            "allowed": rounded(slack * total, False), "consumed": rounded(used, True),
            "remaining": rounded(1 - used, False), "left": 1 - used, "burn": burn}


def said(slo):
    budget = slo["error_budget"]
    return {"status": slo["status"], "total_events": slo["total_events"],
            "bad_events": slo["bad_events"], "sli": slo["sli"],
            "allowed": budget["allowed_bad_events"], "consumed": budget["consumed_ratio"],
            "remaining": budget["remaining_ratio"], "burn": slo["burn_rate"]}


def exact(answer):
    return json.loads(answer.text, parse_float=Fraction)


def seconds_of(text):
    return int(time.mktime(time.strptime(text[:19], "%Y-%m-%dT%H:%M:%S")) - time.timezone)


@pytest.fixture(scope="module")
def booked(shared):
    """A stack whose log the tests write; `journal` knows what must come of it."""
    stack = shared.stack(app=None, redis=False, start=False)
    stack.journal = Journal(os.path.join(stack.folder, "own.log"))
    stack.probityd.env["PROBITY_ACCESS_LOG"] = stack.journal.path
    return stack.start()


def mix(seed, count, bad_share, ages):
    """Events whose statuses and durations sit on the edges, at ages of seconds to weeks."""
    source = random.Random(seed)
    events = []
    for _ in range(count):
        status = 500 + source.randrange(100) if source.random() < bad_share else \
            source.choice([200, 200, 200, 301, 404, 429, 499])
        ms = source.choice([0, 1, 3, 12, 80, 255, 256, 499, 500, 501, 1999, 2000, 2001]
                           if source.random() < 0.06 else [0, 1, 3, 12, 80, 255])
        events.append((source.choice(ages) + source.random(), status, ms))
    return events


NEAR, FAR = [0, 30, 200, 301], [0, 290, 1795, 3700, 7300, 21700, 90000, 260000, 864000, 2500000]
MIXES = [("nothing", 0, 0, NEAR), ("nine bad ones", 9, 1, NEAR), ("a tenth", 1, 1, NEAR),
         ("a crowd", 9000, 0.0004, NEAR), ("a month", 9000, 0.002, FAR),
         ("a bad day", 4000, 0.05, FAR)]


def test_every_figure_is_the_fraction_that_the_log_gives(booked):
    for seed, (name, count, bad_share, ages) in enumerate(MIXES):
        booked.journal.write(mix(seed, count, bad_share, ages))
        whole_log = sum(status != 499 for _, status, _ in booked.journal.events)

        def listed():
            answer = booked.get("/slo")
            if answer.status != 200 or answer.json()["slos"][0]["total_events"] != whole_log:
                return None
            return answer
        answer = exact(wait_until(listed, 15, f"{whole_log} events ({name})"))
        now = seconds_of(answer["as_of"])
        wanted = {slo: expected(booked.journal, slo, now) for slo in OBJECTIVES}
        for slo in answer["slos"]:
            want = {key: value for key, value in wanted[slo["name"]].items() if key != "left"}
            assert said(slo) == want, (name, slo["name"])
        order = ["breached", "at_risk", "met", "insufficient_data", "no_data"]
        assert answer["status"] == min((one["status"] for one in wanted.values()),
                                       key=order.index)
        ask_the_gate(booked, wanted)


def ask_the_gate(stack, wanted):
    """The gate's answers follow from the same fractions."""
    for name, want in wanted.items():
        judged = want["status"] not in ("no_data", "insufficient_data")
        for least in ("0", "0.1", "0.5", "1"):
            answer = stack.get(f"/slo/gate?slo={name}&service=app&min_budget={least}")
            stop = judged and (want["left"] <= 0 or want["left"] < Fraction(least))
            assert list(answer.json()) == ["decision", "as_of", "reasons"]
            assert answer.headers["Retry-After"] is None
            assert (answer.status, answer.json()["decision"]) == \
                ((503, "stop") if stop else (200, "go")), (name, least, answer)
            for reason in answer.json()["reasons"]:
                assert list(reason) == ["slo", "reason"] and reason["slo"] == name
    whole = stack.get("/slo/gate")
    stopped = {one for one, want in wanted.items()
               if want["status"] not in ("no_data", "insufficient_data") and want["left"] <= 0}
    assert (whole.status == 503) == bool(stopped)
    assert {reason["slo"] for reason in whole.json()["reasons"]} >= stopped


@pytest.mark.parametrize("q", [0.5, 0.95, 0.99])
def test_percentiles_are_the_upper_edge_of_a_narrow_bucket(booked, q):
    """Runs after the mixes: it asks what they left behind."""
    def listed():
        found = booked.get("/slo/app-latency-p95").json()
        return found if found["latency_ms"] is not None else None
    one = wait_until(listed, 15, "percentiles")
    minute = seconds_of(one["as_of"]) // 60
    times = sorted(ms for at, status, ms in booked.journal.events
                   if status < 499 and minute - WINDOW_MINUTES < at <= minute)
    if not times:
        pytest.skip("nothing has been written")
    true = times[math.ceil(Fraction(str(q)) * len(times)) - 1]
    shown = one["latency_ms"][f"p{round(q * 100)}"]
    assert true <= shown <= math.ceil(true * 1.0078)


# No answer holds a password, token or DSN.
SECRET_WORD = "s3cret-w0rd"
BROKEN = {
    "refused": {
        "DATABASE_URL": "postgresql://role-x:s3cret-w0rd%21@127.0.0.1:{port}/base-x",
        "REDIS_URL": "redis://role-x:s3cret-w0rd@127.0.0.1:{port}/0",
        "CELERY_BROKER_URL": "redis://:s3cret-w0rd@127.0.0.1:{port}/1",
        "PROBITY_APP": "http://role-x:s3cret-w0rd@127.0.0.1:{port}/x?token=s3cret-w0rd"},
    "unknown names": {
        "DATABASE_URL": "postgresql+asyncpg://role-x:s3cret-w0rd@host-x.invalid/base-x?ssl=require",
        "REDIS_URL": "redis://:s3cret-w0rd@host-x.invalid:6379",
        "CELERY_BROKER_URL": "redis://:s3cret-w0rd@host-x.invalid:6379/0",
        "PROBITY_APP": "http://host-x.invalid:1/?s3cret-w0rd"},
    "no addresses": {
        "DATABASE_URL": "mysql://role-x:s3cret-w0rd@host-x/base-x",
        "REDIS_URL": "rediss://:s3cret-w0rd@host-x:6379", "PROBITY_ADMIN_TOKEN": "s3cret-w0rd",
        "CELERY_BROKER_URL": "amqp://role-x:s3cret-w0rd@host-x//",
        "PROBITY_APP": "https://s3cret-w0rd@host-x/"},
    "torn addresses": {
        "DATABASE_URL": "postgresql://role-x:s3cret-w0rd@host-x:port:x/base-x?%zz",
        "REDIS_URL": "redis://s3cret-w0rd@:x@@[::1", "JWT_ALGORITHM": "s3cret-w0rd",
        "CELERY_BROKER_URL": "s3cret-w0rd", "PROBITY_APP": "127.0.0.1:s3cret-w0rd",
        "PROBITY_LEDGER_URL": "postgres:s3cret-w0rd@host-x", "JWT_SECRET_KEY": SECRET_WORD},
}


@pytest.mark.parametrize("name", sorted(BROKEN))
def test_no_answer_and_no_log_holds_what_an_address_hides(start, name):
    port = free_port()
    stack = start.stack(app=None, postgres=False, redis=False, env={
        variable: text.replace("{port}", str(port)) for variable, text in BROKEN[name].items()})

    def settled():
        checks = stack.get("/health/ready").json()["checks"]
        return len(checks) == 4 and not any("starting" in word for word in checks.values())
    wait_until(settled, 20, "a word of every check")
    stack.wait_for("/slo", 503)
    corpus = [stack.probityd.log()]
    for path in PROBES + READS + REFUSED:
        for token in (None, True, SECRET_WORD):
            answer = stack.get(path, token=token)
            corpus.append(f"{path} {answer.status} {answer.headers}\n{answer.text}")
    for text in corpus:
        for word in (SECRET_WORD, "role-x", "base-x", make_token().split(".")[2], "://role",
                     "FATAL", "password authentication"):
            assert word not in text, text
    assert {text.split()[1] for text in corpus[1:] if text.startswith("/health ")} <= {"200", "503"}
    said = tuple(stack.get("/health/ready").json()["checks"].values())
    assert all(word.startswith("error: ") for word in said), said
