"""Checks over TLS: each way in which a certificate fails, when it expires, and Redis behind it."""
# SPDX-License-Identifier: MIT
import os
import socket
import ssl
import sys

import pytest

from certificates import Authority
from process import free_port, wait_until

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "fakes"))

from fake_web import FakeWeb  # noqa: E402

PAGE = {"/": (200, b"ok")}


class World:
    """One probityd, servers with certificates of every kind, and a check for each."""

    def __init__(self, start, folder):
        self.authority = authority = Authority(os.path.join(folder, "known"))
        stranger = Authority(os.path.join(folder, "stranger"))
        self.good, self.expired = authority.issue(), authority.expired()
        self.servers = {
            "good": FakeWeb(PAGE, self.good),
            "moving": FakeWeb(PAGE, self.good),
            "lasting": FakeWeb(PAGE, self.good),
            "older": FakeWeb(PAGE, self.good, version=ssl.TLSVersion.TLSv1_2),
            "expired": FakeWeb(PAGE, self.expired),
            "soon": FakeWeb(PAGE, authority.issue(days=6)),
            "other": FakeWeb(PAGE, authority.issue("DNS:db.example")),
            "stranger": FakeWeb(PAGE, stranger.issue()),
            "wary": FakeWeb(PAGE, self.good, client_ca=authority.path),
            "wary-older": FakeWeb(PAGE, self.good, client_ca=authority.path,
                                  version=ssl.TLSVersion.TLSv1_2),
            "plain": FakeWeb(PAGE),
            "closing": FakeWeb(PAGE),
        }
        self.servers["closing"].set("close")
        for server in self.servers.values():
            start.add(server, start=False)
        self.unix = socket.socket(socket.AF_UNIX)
        self.unix.bind(os.path.join(folder, "unix"))
        self.unix.listen(16)
        ours = f"tls: {{certificate: {self.good.path}, key: {self.good.key}}}"
        # name: (url, more of the row, the word)
        self.checks = {
            "tls": (self.at("tls", "good", "localhost"), "", "ok"),
            "tls-address": (self.at("tls", "good"), "", "ok"),
            "tls-older": (self.at("tls", "older"), "", "ok"),
            "tls-expired": (self.at("tls", "expired"), "", "error: tls: certificate expired"),
            "tls-soon": (self.at("tls", "soon"), "",
                         "degraded: tls: certificate expires in 4 days"),
            "tls-soon-enough": (self.at("tls", "soon"), "degraded: {certificate_days: 3}", "ok"),
            "tls-other": (self.at("tls", "other"), "",
                          "error: tls: certificate for another name"),
            "tls-other-named": (self.at("tls", "other"), "tls: {server_name: db.example}", "ok"),
            "tls-stranger": (self.at("tls", "stranger"), "",
                             "error: tls: certificate not trusted"),
            "tls-any": (self.at("tls", "stranger"), "tls: {verify: false}", "ok"),
            "tls-any-expired": (self.at("tls", "expired"), "tls: {verify: false}",
                                "degraded: tls: certificate expired"),
            "tls-plain": (self.at("tls", "plain"), "", "error: timeout after 1000 ms"),
            "tls-closing": (self.at("tls", "closing"), "", "error: tls: handshake failed"),
            "https": (self.at("https", "lasting") + "/", "", "ok"),
            "https-moving": (self.at("https", "moving") + "/", "fresh_interval: 1s", "ok"),
            "https-wary": (self.at("https", "wary") + "/", ours, "ok"),
            "https-refused": (self.at("https", "wary") + "/", "",
                              "error: tls: certificate refused"),
            "https-refused-older": (self.at("https", "wary-older") + "/", "",
                                    "error: tls: certificate refused"),
            "https-plain": (self.at("http", "good") + "/", "", "error: connection closed"),
            "tcp": (self.at("tcp", "plain"), "", "ok"),
            "tcp-refused": (f"tcp://127.0.0.1:{free_port()}", "", "error: connection refused"),
            "tcp-unix": ("unix:" + os.path.join(folder, "unix"), "kind: tcp", "ok"),
        }
        self.stack = start.stack(app=None, postgres=False, redis=False, env={
            "PROBITY_TLS_CA": authority.path,
            "PROBITY_CHECKS": "\n".join(
                f"- {{name: {name}, url: '{url}', interval: 1s, timeout: 1s"
                f"{', ' if more else ''}{more}}}"
                for name, (url, more, _) in self.checks.items())})

    def at(self, scheme, server, host="127.0.0.1"):
        return f"{scheme}://{host}:{self.servers[server].port}"

    def words(self):
        return self.stack.get("/health/ready").json()["checks"]

    def component(self, name):
        return self.stack.get(f"/health/detailed/{name}", token=True).json()


@pytest.fixture(scope="module")
def world(shared):
    folder = shared.subfolder()
    os.makedirs(folder)
    return World(shared, folder)


def wait_for_word(stack, check, word, timeout=6.0):
    seen = []

    def says():
        seen.append(stack.get("/health/ready").json()["checks"][check])
        return seen[-1] == word
    try:
        wait_until(says, timeout, f"{check} to say {word!r}")
    except AssertionError as error:
        raise AssertionError(f"{error}; it says {seen[-1]!r}") from None


def test_each_way_in_which_tls_fails_has_words_of_its_own(world):
    wanted = {name: word for name, (_, _, word) in world.checks.items()}
    try:
        wait_until(lambda: world.words() == wanted, 10)
    except AssertionError:
        assert world.words() == wanted


def test_what_was_shown_is_seen_by_admins(world):
    for name, days, version in (("tls", 363, "TLSv1.3"), ("tls-older", 363, "TLSv1.2"),
                                ("tls-soon", 4, "TLSv1.3"), ("https", 363, "TLSv1.3")):
        shown = world.component(name)
        assert shown["certificate_days_left"] == days and shown["tls_version"] == version, shown
    assert world.component("tls-expired")["certificate_days_left"] < 0
    assert "localhost" in world.servers["good"].names  # and no address is ever told
    assert "127.0.0.1" not in world.servers["good"].names


def test_a_passing_check_connects_for_each_look_and_a_lasting_one_keeps_its_connection(world):
    passing, lasting = world.servers["older"], world.servers["lasting"]
    before, kept, asked = passing.accepted, lasting.accepted, len(lasting.requests)
    wait_until(lambda: passing.accepted >= before + 2 and len(lasting.requests) >= asked + 2, 6)
    assert lasting.accepted <= kept + 1  # no session ticket ends it; a fresh one may be due
    kept, asked = lasting.accepted, len(lasting.requests)
    lasting.hang_up()
    wait_until(lambda: lasting.accepted > kept, 6)  # and nobody notices
    wait_until(lambda: len(lasting.requests) >= asked + 2, 6)
    assert world.component("https")["consecutive_failures"] == 0
    assert "https" not in {name for name, word in world.words().items() if word != "ok"}


def test_a_certificate_counts_from_the_next_fresh_connection_on(world):
    moving = world.servers["moving"]
    wait_for_word(world.stack, "https-moving", "ok")
    moving.show(world.expired)
    wait_for_word(world.stack, "https-moving", "error: tls: certificate expired")
    moving.show(world.good)
    wait_for_word(world.stack, "https-moving", "ok")


def test_redis_behind_tls(start, folder):
    authority = Authority(os.path.join(folder, "known"))
    shown = authority.issue()
    secure = free_port()
    redis = start.redis(settings={
        "tls-port": secure, "tls-cert-file": shown.path, "tls-key-file": shown.key,
        "tls-ca-cert-file": authority.path, "tls-auth-clients": "no", "requirepass": "pw"})
    base = f"rediss://:pw@127.0.0.1:{secure}/0"
    rows = {
        "well": (base, "ok"),
        "any": (base + "?ssl_cert_reqs=none", "ok"),
        "plain": (f"redis://:pw@127.0.0.1:{secure}/0", "error: connection closed"),
        "wrong-port": (f"rediss://:pw@127.0.0.1:{redis.port}/0", "error: timeout after 1000 ms"),
    }
    stack = start.stack(app=None, postgres=False, redis=False, env={
        "PROBITY_TLS_CA": authority.path, "REDIS_URL": base,
        "PROBITY_CHECKS": "\n".join(f"- {{name: {name}, url: '{url}'}}"
                                    for name, (url, _) in rows.items())})
    for name, (_, word) in rows.items():
        wait_for_word(stack, name, word)
    wait_for_word(stack, "redis", "ok")
    redis.config_set("tls-auth-clients", "yes")
    redis.client().client_kill_filter(_type="normal")
    wait_for_word(stack, "redis", "error: tls: certificate refused")
    redis.config_set("tls-auth-clients", "no")
    wait_for_word(stack, "redis", "ok")
