"""Checks over HTTP: what an answer must hold, what it says of itself, and Upstash's REST."""
# SPDX-License-Identifier: MIT
import json
import os
import sys
from time import sleep

import pytest

from process import wait_until

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "fakes"))

from fake_web import FakeWeb  # noqa: E402

JSON = {"Content-Type": "application/json"}
TOKEN = "AX-the-rest-token-of-this-test"
INFO = ("# Server\r\nredis_version:6.2.6\r\n# Clients\r\nconnected_clients:3\r\nmaxclients:1000\r\n"
        "# Memory\r\nused_memory:1048576\r\nmaxmemory:67108864\r\nmaxmemory_policy:noeviction\r\n")
WELL = [{"result": INFO}, {"result": "PONG"}]


class Rest:
    """What Upstash answers on POST /pipeline."""

    def __init__(self):
        self.status, self.answer, self.wrong = 200, WELL, []

    def __call__(self, request):
        if request.headers.get("authorization") != "Bearer " + TOKEN:
            return 401, b'{"error": "WRONGPASS invalid or missing auth token"}', JSON
        if request.method != "POST" or json.loads(request.body) != [["INFO"], ["PING"]]:
            self.wrong.append(request)
        return self.status, json.dumps(self.answer).encode(), JSON


def echo_host(request):
    return 200, request.headers["host"].encode()


def ill_over_https(request):
    """As applications with `force_ssl` do, it sends elsewhere who has not come by TLS."""
    if request.headers.get("x-forwarded-proto") != "https":
        return 301, b"", {"Location": "https://shop.test/"}
    return 503, b'{"status": "fail", "db": "gone"}', JSON


class World:
    """One probityd, and a check for each thing that can be asked of an answer."""

    answers = {
        "/": (200, b"hello pong"),
        "/moved": (302, b"", {"Location": "/"}),
        "/header": (200, b"", {"X-Role": "primary, since monday"}),
        "/json": (200, b'{"db": {"status": "up", "lag": [0, 3]}}', JSON),
        "/endless": (200, b"x" * 70000 + b"needle"),
        "/host": echo_host,
        "/fails": (200, b'{"status": "DOWN",  "why": "disk at 0.10"}', JSON),
        "/warns": (200, b'{"status": "warn"}', JSON),
        "/ill": ill_over_https,
    }

    # name: (path, more of the row, the word)
    checks = {
        "plain": ("/", "", "ok"),
        "missing": ("/nowhere", "", "error: http status 404"),
        "by-http": ("/ill", "", "error: http status 301"),
        "not-followed": ("/moved", "", "error: http status 302"),
        "moved-is-well": ("/moved", "http: {status: [200, 300-399]}", "ok"),
        "missing-is-well": ("/nowhere", "http: {status: [404]}", "ok"),
        "header": ("/header", "http: {header: x-role, header_contains: primary}", "ok"),
        "header-differs": ("/header", "http: {header: X-Role, header_contains: replica}",
                           "error: http header missing or different"),
        "body": ("/", "http: {body_contains: pong}", "ok"),
        "body-differs": ("/", "http: {body_contains: ping}", "error: http body does not match"),
        "json": ("/json", "http: {json_pointer: /db/lag/1, json_equals: 3}", "ok"),
        "json-differs": ("/json", "http: {json_pointer: /db/status, json_equals: down}",
                         "error: http json does not match"),
        "large-is-well": ("/endless", "", "ok"),
        "large": ("/endless", "http: {body_contains: needle}",
                  "error: http body too large to be judged"),
        "host": ("/host", "http: {host: shop.example, body_contains: shop.example}", "ok"),
        "host-by-itself": ("/host", "http: {body_contains: '127.0.0.1:%d'}", "ok"),
        "reports": ("/fails", "http: {reported: merge}", "error: reported by the application"),
        "reports-a-warning": ("/warns", "http: {reported: merge}",
                              "degraded: reported by the application"),
        "reports-only": ("/fails", "http: {reported: show}", "ok"),
        "reports-nothing": ("/fails", "", "ok"),
        "slow": ("/", "degraded: {latency: 1ms}", None),
    }

    def __init__(self, start):
        self.web = start.add(FakeWeb(self.answers), start=False)
        self.rest = self.web.answers["/pipeline"] = Rest()
        rows = [f"- {{name: {name}, url: 'http://127.0.0.1:{self.web.port}{path}', interval: 1s, "
                f"timeout: 1s{', ' if more else ''}"
                f"{more % self.web.port if '%d' in more else more}}}"
                for name, (path, more, _) in self.checks.items()]
        rows += [f"- {{name: {name}, kind: upstash, url: 'http://127.0.0.1:{self.web.port}', "
                 f"token: {token}, interval: 250ms, timeout: 250ms}}"
                 for name, token in (("upstash", TOKEN), ("upstash-stranger", "AX-another"))]
        self.stack = start.stack(app=None, postgres=False, redis=False, env={
            "PROBITY_CHECKS": "\n".join(rows),
            "PROBITY_APP": f"http://127.0.0.1:{self.web.port}/ill"})
        self.stack.wait_for("/health/startup", 503)

    def words(self):
        return self.stack.get("/health/ready").json()["checks"]

    def wait_for_word(self, check, word, timeout=6.0):
        try:
            wait_until(lambda: self.words()[check] == word, timeout, f"{check} to say {word!r}")
        except AssertionError as error:
            raise AssertionError(f"{error}; it says {self.words()[check]!r}") from None

    def component(self, name):
        return self.stack.get(f"/health/detailed/{name}", token=True).json()


@pytest.fixture(scope="module")
def world(shared):
    return World(shared)


def test_an_answer_is_well_when_it_holds_what_is_asked(world):
    wanted = {name: word for name, (_, _, word) in world.checks.items() if word}

    def as_wanted():
        words = world.words()
        return {name: words[name] for name in wanted} == wanted
    try:
        wait_until(as_wanted, 10)
    except AssertionError:
        words = world.words()
        assert {name: words[name] for name in wanted} == wanted


def test_an_applications_own_words_are_shown_to_admins_alone(world):
    world.wait_for_word("app", "error: http status 503")
    assert world.component("app")["reported"] == {"status": "fail", "db": "gone"}
    world.wait_for_word("reports", "error: reported by the application")
    assert world.component("reports")["reported"] == {"status": "DOWN", "why": "disk at 0.10"}
    assert world.component("reports-only")["reported"]["status"] == "DOWN"
    assert "reported" not in world.component("reports-nothing")
    public = world.stack.get("/health/ready?verbose").text + world.stack.get("/health").text
    assert "disk at" not in public and "gone" not in public


def test_what_answers_late_is_slow(world):
    def answer_late(_):
        sleep(0.02)
        return 200, b"hello pong"
    world.web.answers["/"] = answer_late
    try:
        wait_until(lambda: world.words()["slow"].startswith("degraded: slow: "), 6)
    finally:
        world.web.answers["/"] = (200, b"hello pong")


def test_upstash_is_judged_by_every_answer_in_the_pipeline(world):
    world.wait_for_word("upstash", "ok")
    world.wait_for_word("upstash-stranger", "error: authentication failed")
    shown = world.component("upstash")
    assert shown["memory_used_mb"] == 1.0 and shown["memory_max_mb"] == 64.0
    assert shown["connected_clients"] == 3
    refusal = {"error": "NOPERM this user has no permissions to run the 'info' command"}
    quota = {"error": "ERR max daily request limit exceeded. Limit: 10000, Usage: 10000"}
    for status, answer, word in (
            (200, [refusal, WELL[1]], "degraded: permission denied"),
            (200, [WELL[0], quota], "error: quota exceeded"),
            (400, quota, "error: quota exceeded"),
            (502, "bad gateway", "error: http status 502"),
            (200, "garbage", "error: unexpected answer"),
            (200, [{"result": INFO.replace("used_memory:1048576", "used_memory:66000000")},
                   WELL[1]], "degraded: 99 percent of memory used"),
            (200, WELL, "ok")):
        world.rest.status, world.rest.answer = status, answer
        world.wait_for_word("upstash", word)
    assert not world.rest.wrong
    assert TOKEN not in world.stack.probityd.log() + world.stack.get("/metrics").text \
        + world.stack.get("/health/detailed", token=True).text
