"""What dependencies say of us, and what strangers ask: closed words in every answer, no secret in
any, the same id in the page and in the log."""
# SPDX-License-Identifier: MIT
import json
import os
import re
import socket
import struct
import threading

import pytest

from process import REPOSITORY, wait_until

LONG = "l0ng-passw0rd-" + "q7" * 20
SECRETS = ["p4ss-w0rd-redis", "p4ss/w0rd", "p4ss%2Fw0rd", 'w0rd"enc', 'w0rd\\"enc', "l0ng-",
           "tokt0k-s3cr3t", "qu3ry-s3cret", "app-s3cret-key", "yaml-s3cr3t", "4815162342"]
SHAPES = ({}, {"Accept": "text/plain"}, {"Accept": "application/health+json"})
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
CHECKS = """
- {{name: r, url: 'redis://:p4ss-w0rd-redis@127.0.0.1:{redis}/0'}}
- {{name: r-enc, url: 'redis://user:p4ss%2Fw0rd%22enc@127.0.0.1:{redis}', groups: [database]}}
- {{name: r-long, url: 'redis://:{long}@127.0.0.1:{redis}'}}
- {{name: r-digits, url: 'redis://:4815162342@127.0.0.1:{redis}'}}
- {{name: pg, url: 'postgresql://u:p4ss%2Fw0rd%22enc@127.0.0.1:{postgres}/b'}}
- {{name: pg-long, url: 'postgresql://u:{long}@127.0.0.1:{postgres}/b'}}
- {{name: up, kind: upstash, url: 'http://127.0.0.1:{http}', token: tokt0k-s3cr3t}}
- {{name: h, url: 'http://127.0.0.1:{http}/x?token=qu3ry-s3cret', http: {{reported: show}}}}
- {{name: wrong, url: 'http://u:yaml-s3cr3t@127.0.0.1:1/', groups: [redis, {group}]}}
- {{name: {name}, url: 'tcp://127.0.0.1:1', groups: [alone, startup]}}
"""
NAME, GROUP = "n" * 40, "g" * 40


def phrases():
    """The closed set, from where it is written down."""
    texts = []
    for name in ("reason.h", "reason_wire.h"):
        with open(os.path.join(REPOSITORY, "module", "health", name), encoding="utf-8") as file:
            texts += re.findall(r'X\(\w+,\s*"([^"]+)"', file.read())
    assert len(texts) > 50
    return "(?:" + "|".join(re.escape(text).replace("%lld", r"\d+") for text in texts) + ")"


WHY = phrases()
WORD = re.compile(rf"ok|starting|not configured|(?:degraded|error): {WHY}"
                  r"|stale: no result for \d+ s")
LINE = re.compile(rf"\[\+\]\S+ (?:ok|degraded: {WHY})|\[-\]\S+ (?:{WHY}|starting|not configured"
                  r"|stale: no result for \d+ s)")


class Echo:
    """A server whose errors repeat what it was told, as some do; `answer` makes one of a request,
    and None ends the connection."""

    def __init__(self, answer):
        self.answer = answer
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                link = self.listener.accept()[0]
            except OSError:
                return
            threading.Thread(target=self.talk, args=(link,), daemon=True).start()

    def talk(self, link):
        with link:
            try:
                while heard := link.recv(4096):
                    said = self.answer(heard)
                    link.sendall(said or b"")
                    if said is None:
                        return
            except OSError:
                pass

    def stop(self):
        self.listener.close()


def echo_redis(heard):
    words = [word for word in heard.split(b"\r\n") if word and word[:1] not in b"*$"]
    return (b"-ERR unknown command, \xff with" + b" args" * 15 + b" beginning with: "
            + b" ".join(b"'%s'" % word for word in words[:4]) + b"\r\n")


def echo_http(heard):
    said = heard.decode("latin-1")
    body = json.dumps({"status": "ok", "error": "WRONGPASS " + said, said: [said],
                       "url": "redis://u:unknown-to-pr0bity@h/0"}).encode()
    return (b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s"
            % (len(body), body))


def echo_postgres(heard):
    if heard[4:8] == struct.pack("!I", 80877103):
        return b"N"
    if heard[:1] != b"p":
        return b"R" + struct.pack("!II", 8, 3)
    said = (b"SFATAL\0VFATAL\0C28P01\0M" + b"x" * 60 + b" password \"" + heard[5:].rstrip(b"\0")
            + b"\" is wrong\0\0")
    return b"E" + struct.pack("!I", 4 + len(said)) + said


@pytest.fixture(scope="module")
def strange(shared):
    servers = {name: shared.add(Echo(answer), start=False) for name, answer in
               (("redis", echo_redis), ("http", echo_http), ("postgres", echo_postgres))}
    ports = {name: server.port for name, server in servers.items()}
    stack = shared.stack(app=None, postgres=False, env={
        "PROBITY_APP": f"http://127.0.0.1:{ports['http']}/?api_key=app-s3cret-key",
        "PROBITY_CHECKS": CHECKS.format(long=LONG, name=NAME, group=GROUP, **ports)})

    def settled():
        words = stack.get("/health/startup").json()["checks"].values()
        return "starting" not in words and list(words).count("ok") == 3
    wait_until(settled, 20, "every check to have a verdict")
    return stack


def pages(stack):
    groups = stack.get("/health/nobody").json()["error"]["message"].split(": ")[-1].split(", ")
    names = stack.get("/health/detailed", token=True).json()["components"]
    assert {"database", "redis", GROUP, "alone"} <= set(groups) and NAME in names
    return (["/health", "/health/detailed"] + [f"/health/{group}" for group in groups]
            + [f"/health/detailed/{name}" for name in names])


def judge_text(text):
    *lines, verdict, end = text.split("\n")
    assert verdict and not end
    for line in lines:
        assert LINE.fullmatch(line), line


def judge_ietf(answer):
    body = answer.json()
    assert (body["status"] == "fail") == (answer.status == 503)
    for entry in (entry for entries in body["checks"].values() for entry in entries):
        assert entry["status"] in ("pass", "warn", "fail")
        assert ("output" in entry) == (entry["status"] != "pass")
        assert ("observedValue" in entry) == ("observedUnit" in entry)
        assert TIME.fullmatch(entry.get("time", "1970-01-01T00:00:00.000Z"))


def judge_json(body):
    for check in body.get("checks", {}).values():
        word = check["status"] if isinstance(check, dict) else check
        assert WORD.fullmatch(word), word
    components = body.get("components", {"": body} if "consecutive_failures" in body else {})
    for component in components.values():
        well = component["status"] == "ok"
        assert well or component["hint"] and re.fullmatch("[0-9a-f]{8}", component["error_id"])
        assert well or re.fullmatch(WHY, component["error"]), component


def test_every_page_keeps_to_the_closed_set_and_holds_no_secret(strange):
    for path in pages(strange):
        found = set()
        for headers in SHAPES:
            for query in ("", "?verbose", "/?verbose=0&x=y"):
                answer = strange.get(path + query, headers=headers, token=True)
                found.add((answer.status, answer.headers["Retry-After"]))
                assert answer.headers["Vary"] == "Accept"
                assert int(answer.headers["Content-Length"]) == len(answer.body)
                for secret in SECRETS + ["unknown-to-pr0bity"]:
                    assert secret not in answer.text, (path, headers, answer)
                kind = answer.headers["Content-Type"]
                if kind.startswith("text/plain"):
                    judge_text(answer.text)
                elif kind == "application/health+json":
                    judge_ietf(answer)
                else:
                    judge_json(answer.json())
        assert len(found) == 1, (path, found)


def test_every_trouble_stands_in_the_log_under_its_id_without_secrets(strange):
    log = strange.probityd.log()
    for secret in SECRETS:
        assert secret not in log
    said = {line["error_id"]: line for line in strange.probityd.log_lines() if "error_id" in line}
    assert not [line for line in strange.probityd.log_lines() if "raw" in line]
    components = strange.get("/health/detailed", token=True).json()["components"]
    troubled = {name: one for name, one in components.items() if one["status"] != "ok"}
    assert set(troubled) == {"r", "r-enc", "r-long", "r-digits", "pg", "pg-long", "up", "wrong",
                             NAME}
    for name, component in troubled.items():
        assert said[component["error_id"]]["check"] == name
        # What is wrong with an address has been said at the start.
        assert ("detail" in said[component["error_id"]]) == (name != "wrong")
    assert "beginning with: 'AUTH' '***" in said[troubled["r"]["error_id"]]["detail"]


def test_waiting_is_advised_only_where_it_helps(strange):
    for path, seconds in {"/health/ready": "5", "/health/startup": "1", "/health/redis": None,
                          "/health/detailed/wrong": None, "/health/detailed/r": "5"}.items():
        answer = strange.get(path, token=True)
        assert (answer.status, answer.headers["Retry-After"]) == (503, seconds), path
