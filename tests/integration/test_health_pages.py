"""The health pages in every shape and for every audience, on a stack whose lesser checks all fail."""
# SPDX-License-Identifier: MIT
import re
import signal
import socket

import pytest

from process import wait_until
from stack import make_token

SHAPES = {"json": {}, "any": {"Accept": "text/html,*/*;q=0.8"}, "text": {"Accept": "text/plain"},
          "ietf": {"Accept": "application/health+json, application/json;q=0.9"}}
TYPES = {"json": "application/json", "any": "application/json",
         "text": "text/plain; charset=utf-8", "ietf": "application/health+json"}
PUBLIC = {"/health": 200, "/health/ready": 200, "/health/startup": 200, "/health/orders": 200,
          "/health/broken": 503}
RFC3339 = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
STRANGER = "user-nobody-may-see"
CHECKS = """
- name: orders-db
  url: {database}
  groups: [orders]
- name: stranger
  url: {stranger}
  groups: [broken]
- name: cache
  url: redis://:wrong-password@127.0.0.1:{dead}/3
  groups: [broken]
- name: nowhere
  url: tcp://no-such-host.invalid:4711
  policy: fail_after=1h
  groups: [broken]
- name: mailer
  url: http://127.0.0.1:{nginx}/fail
  policy: degrade
  groups: [readiness, broken]
"""


def checks(stack, path):
    return stack.get(path).json()["checks"]


@pytest.fixture(scope="module")
def pages(shared):
    """Everything that readiness asks for is well; all of the group `broken` fails."""
    stack = shared.stack(start=False)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        stack.dead = taken.getsockname()[1]
    stack.probityd.env["PROBITY_CHECKS"] = CHECKS.format(
        database=stack.postgres.url(), stranger=stack.postgres.url(user=STRANGER),
        dead=stack.dead, nginx=stack.nginx.port)
    stack.start()
    wait_until(lambda: {word.split(":")[0] for word in checks(stack, "/health/broken").values()}
               == {"error"}, 20, "the broken ones to fail")
    for path, status in PUBLIC.items():
        stack.wait_for(path, status)
    return stack


# Shapes.
@pytest.mark.parametrize("shape", sorted(SHAPES))
@pytest.mark.parametrize("path", sorted(PUBLIC) + ["/health/detailed", "/livez", "/healthz",
                                                   "/readyz", "/health/live", "/health/liveness",
                                                   "/health/readiness"])
def test_a_page_has_every_shape_and_all_methods(pages, path, shape):
    token = True if "detailed" in path else "garbage"
    get = pages.get(path, token=token, headers=SHAPES[shape])
    assert get.headers["Content-Type"] == TYPES[shape] and get.headers["Vary"] == "Accept"
    assert get.status == PUBLIC.get(path, 200)
    assert int(get.headers["Content-Length"]) == len(get.body) > 0
    for variant in (path + "/", path + "?x=1&y", path + "/?%"):
        assert pages.get(variant, token=token, headers=SHAPES[shape]).status == get.status
    for method in ("HEAD", "OPTIONS"):
        other = pages.get(path, token=token, headers=SHAPES[shape], method=method)
        assert other.status == get.status and other.headers["Vary"] == "Accept"
        assert other.headers["Content-Type"] == TYPES[shape]
        assert other.body == b"" if method == "HEAD" else len(other.body) > 0


def test_text_is_a_line_for_each_check_and_then_the_verdict(pages):
    ready = pages.get("/health/ready", headers=SHAPES["text"]).text
    assert ready == ("[+]app ok\n[+]database ok\n[+]redis ok\n[-]mailer http status 500\nready\n")
    broken = pages.get("/health/broken", headers=SHAPES["text"]).text.splitlines()
    assert "[-]cache connection refused" in broken and "[-]nowhere name not resolved" in broken
    assert "[-]stranger authentication failed" in broken and broken[-1] == "not_ready"
    assert pages.get("/health", headers=SHAPES["text"]).text == "[+]app ok\nok\n"


def test_the_ietfs_draft_has_its_words_and_members(pages):
    for path, status in {"/health": "pass", "/health/ready": "warn", "/health/broken": "fail",
                         "/health/orders": "pass"}.items():
        body = pages.get(path, headers=SHAPES["ietf"]).json()
        assert list(body)[:4] == ["status", "version", "releaseId", "serviceId"]
        assert body["status"] == status
        for key, values in body["checks"].items():
            assert re.fullmatch(r"[a-z0-9._-]+:[a-zA-Z]+", key)
            for value in values:
                assert value["componentType"] in ("component", "datastore", "system")
                assert value["status"] in ("pass", "warn", "fail")
                assert ("output" in value) == (value["status"] != "pass")
                assert RFC3339.fullmatch(value["time"])
    entry = pages.get("/health/orders", headers=SHAPES["ietf"]).json()
    entry = entry["checks"]["orders-db:responseTime"][0]
    assert entry["observedUnit"] == "ms" and entry["observedValue"] > 0
    body = pages.get("/health/detailed", headers=SHAPES["ietf"], token=True).json()
    for key in ("database:connections", "database:utilization", "redis:connections",
                "probity:uptime"):
        assert body["checks"][key][0]["observedValue"] >= 0
    body = pages.get("/health/detailed/redis", headers=SHAPES["ietf"], token=True).json()
    assert {key.split(":")[0] for key in body["checks"]} == {"redis"}


def test_verbose_says_which_rule_decided(pages):
    body = pages.get("/health/ready?verbose").json()
    assert list(body) == ["status", "rule", "checks", "timestamp"]
    for check in body["checks"].values():
        assert list(check) == ["status", "since", "age_ms", "max_age_ms", "latency_ms", "critical",
                               "rule"]
    assert body["checks"]["database"]["rule"] == "critical, fail: ok -> passes"
    assert re.fullmatch(r"degrade: .* -> passes", body["checks"]["mailer"]["rule"])
    rules = {name: check["rule"] for name, check in
             pages.get("/health/broken?a=b&verbose=1").json()["checks"].items()}
    assert rules["cache"].startswith("critical, fail: ") and rules["cache"].endswith("-> not ready")
    assert rules["nowhere"].startswith("critical, fail_after=3600s: ")
    assert "passes for" in rules["nowhere"]
    assert pages.get("/health?verbose").json()["checks"]["app"]["status"] == "ok"
    assert pages.get("/health/ready?verbose=0").json()["checks"]["database"] == "ok"


# Groups.
def test_a_group_is_judged_by_its_members_alone(pages):
    assert pages.get("/health/orders", method="POST").headers["Allow"] == "GET, HEAD, OPTIONS"
    body = pages.get("/health/orders").json()
    assert list(body) == ["status", "group", "checks", "timestamp"]
    assert (body["status"], body["group"], body["checks"]) == ("ready", "orders",
                                                               {"orders-db": "ok"})
    answer = pages.get("/health/broken")
    assert answer.json()["status"] == "not_ready" and answer.headers["Retry-After"]
    assert set(checks(pages, "/health/ready")) == {"app", "database", "redis", "mailer"}


@pytest.mark.parametrize("path, token, words", [
    ("/health/nothing", None, "live, ready, startup, broken, orders"),
    ("/health/orders;text", None, "there are: live"),
    ("/health/detailed/nothing", True, "app, cache, database"),
    ("/health/" + "x" * 300, None, "there are: live")])
def test_an_unknown_name_is_told_what_there_is(pages, path, token, words):
    answer = pages.get(path, token=token)
    assert answer.status == 404 and answer.json()["error"]["code"] == "not_found"
    # That others have members is no reason to speak of methods.
    assert token or pages.get(path, method="POST").status == 404
    assert words in answer.json()["error"]["message"]


# Audiences.
def test_no_anonymous_body_tells_of_hosts_users_or_sql(pages):
    words = [pages.postgres.password, STRANGER, "wrong-password", "no-such-host", "127.0.0.1",
             "localhost", str(pages.dead), str(pages.postgres.port), str(pages.redis.port), "4711",
             "://", "SELECT", "FATAL", "role ", "PING", "INFO", "psql", "libpq", "errno", "ECONN",
             "getaddrinfo", "Traceback"]
    asked = 0
    for path in list(PUBLIC) + ["/health/nothing", "/health/detailed", "/health/drain", "/"]:
        for headers in SHAPES.values():
            for query in ("", "?verbose"):
                text = pages.get(path + query, headers=headers).text
                text = re.sub("[0-9a-f]{32}", "", text)  # a request's id may hold any number
                asked += 1
                for word in words:
                    assert word not in text, (path, headers, query, word)
    assert asked > 50


def test_admins_see_why_and_the_log_has_the_rest_under_the_same_id(pages):
    component = pages.get("/health/detailed/stranger", token=True).json()
    assert component["error"] == "authentication failed" and component["hint"]
    assert component["policy"] == "fail" and component["groups"] == ["broken"]
    assert STRANGER not in str(component)
    said = [line for line in pages.probityd.log_lines()
            if line.get("error_id") == component["error_id"]]
    assert said and said[0]["check"] == "stranger" and said[0]["detail"]


def test_a_component_has_its_past(pages):
    component = pages.get("/health/detailed/redis", token=True).json()
    assert component["history"][0]["status"] == "ok" and len(component["history"]) <= 60
    assert [result["at"] for result in component["history"]] == \
        sorted((result["at"] for result in component["history"]), reverse=True)
    assert component["transitions"][-1]["from"] == "starting"
    assert component["uptime"] == {span: 1 for span in ("1h", "24h", "7d", "30d")}
    broken = pages.get("/health/detailed/cache", token=True).json()
    assert broken["uptime"]["1h"] == 0 and broken["history"][0]["reason"] == "connection refused"
    assert broken["transitions"][0]["error_id"] == broken["error_id"]


def test_a_detailed_page_as_text_is_for_admins_too(pages):
    assert pages.get("/health/detailed", headers=SHAPES["text"]).status == 401
    text = pages.get("/health/detailed", headers=SHAPES["text"], token=True).text
    assert "[-]stranger authentication failed" in text and text.endswith("degraded\n")


# Draining.
def test_an_instance_drains_by_order_and_stays(start):
    stack = start.stack(postgres=False, env={"PROBITY_CHECKS": "[{name: other, url: '${REDIS_URL}',"
                                                               " groups: [orders]}]",
                                             "PROBITY_DRAIN_SECONDS": "60"})
    stack.wait_ready()
    stack.wait_for("/health/orders", 200)

    def order(body=None, **options):
        return stack.get("/health/drain", method="POST", body=body, **options)
    assert order().status == 401
    assert order(token=make_token(role="user")).status == 403
    assert stack.get("/health/drain").status == 405
    assert stack.get("/health/drain").headers["Allow"] == "POST"
    assert order("{", token=True).status == 400
    assert order('{"reson": "x"}', token=True).status == 400
    assert order(" " * 5000, token=True).status == 413
    assert order(" " * 100000, token=True).status == 413
    refused = stack.tool("drain", env={"JWT_SECRET_KEY": ""})
    assert refused.returncode == 1 and "JWT_SECRET_KEY" in refused.stderr
    assert stack.get("/health/ready").status == 200
    answer = order('{"reason": "a new disk"}', token=True)
    assert answer.status == 202 and answer.json()["ordered_by"] == "tester"
    ready = stack.wait_for("/health/ready", 503, 1)
    assert list(ready.json()) == ["status", "reason", "drain_elapsed_ms", "drain_remaining_ms",
                                  "checks", "timestamp"]
    assert ready.json()["status"] == "draining" and ready.json()["reason"] == "a new disk"
    assert ready.json()["drain_remaining_ms"] is None and "Retry-After" not in ready.headers
    text = stack.get("/health/ready", headers=SHAPES["text"])
    assert text.status == 503 and text.text.endswith("\ndraining: a new disk\n")
    ietf = stack.get("/readyz", headers=SHAPES["ietf"])
    assert ietf.status == 503 and ietf.json()["output"] == "a new disk"
    for path in ("/health", "/health/orders", "/health/startup", "/health/detailed"):
        assert stack.get(path, token=True).status == 200
    drain = stack.get("/health/detailed", token=True).json()["drain"]
    assert drain["by"] == "tester" and drain["reason"] == "a new disk"
    assert "probity_draining 1\n" in stack.get("/metrics").text
    for where in (("--socket", stack.probityd.socket_path),
                  ("--url", f"http://127.0.0.1:{stack.nginx.port}")):
        done = stack.tool("drain", "--reason", "once more", *where,
                          env={"PROBITY_CONFIG": "/nonexistent"})
        assert (done.returncode, done.stdout) == (0, "draining: once more\n"
            "it answers on, and nothing but a restart makes it ready again\n"), done
    assert stack.get("/health/ready").json()["reason"] == "a new disk"  # latched
    assert stack.probityd.alive()
    stack.probityd.expected_end = True
    stack.probityd.signal(signal.SIGTERM)
    wait_until(lambda: stack.get("/health/ready").json()["drain_remaining_ms"] is not None, 5,
               "the signal to be heard")
    ready = stack.get("/health/ready").json()  # what has passed before is not waited for again
    assert ready["drain_elapsed_ms"] + ready["drain_remaining_ms"] == 60000, ready
    stack.probityd.signal(signal.SIGTERM)
    wait_until(lambda: not stack.probityd.alive(), 5, "probityd to end")
