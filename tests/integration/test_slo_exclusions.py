"""Exclusions and overrides: booked once, with who and why, never deleted, and exact."""
# SPDX-License-Identifier: MIT
import json

import pytest

from lane_ledger import ADMIN, NAME, Counts, Front, fresh, now_minute, promise, watched
from stack import fetch
from test_slo_history import history, minute_of, remaining

READER = "Bearer nobody-knows-this-token-0123456789abcdef"
WINDOW = 720


@pytest.fixture(scope="module")
def server(shared):
    return shared.postgres()


@pytest.fixture(scope="module")
def front(shared, server):
    return shared.add(Front(shared.subfolder(), server.url()))


@pytest.fixture(scope="module")
def counts(server):
    fresh(server)
    now = now_minute()
    counts = Counts(20261122, now - 1440, now)
    counts.book(server)
    watched(server, now - 1440)
    promise(server, window=WINDOW)
    return counts


@pytest.fixture(autouse=True)
def nothing_booked(server, counts):
    yield
    server.sql("DELETE FROM probity.exclusions")
    server.sql("DELETE FROM probity.gate_overrides")


def post(front, status=201, path=f"/slo/{NAME}/exclusions", token=ADMIN, **body):
    answer = front.ask(path, "POST", body, token)
    assert answer[0] == status, answer
    return answer[1]


def test_an_exclusion_takes_its_minutes_out_and_shows_before_and_after(front, server, counts):
    now = now_minute()
    excluded = [(now - 300, now - 200)]
    answer = post(front, **{"from": excluded[0][0] * 60, "to": excluded[0][1] * 60,
                            "reason": "maintenance of the database"})
    booked = answer["exclusion"]
    assert booked["slo"] == NAME and booked["author"] == "admin token"
    assert booked["reason"] == "maintenance of the database"
    assert (minute_of(booked["from"]), minute_of(booked["to"])) == excluded[0]
    assert booked["withdrawn_at"] is None and booked["created_at"]
    for figures, out in ((answer["before"], []), (answer["after"], excluded)):
        now = now_minute()
        sums = [counts.sum(at + 1 - WINDOW, at + 1, out) for at in (now, now - 1)]
        assert (figures["total_events"], figures["bad_events"]) in sums
        assert figures["budget_remaining_ratio"] in [remaining(*each, "0.999") for each in sums]
    point = history(front, f"from={(excluded[0][0] // 15 + 1) * 900}"
                           f"&to={(excluded[0][0] // 15 + 2) * 900}&step=15m")["points"][0]
    assert point["excluded_minutes"] == 15 and point["total"] == 0 and point["sli"] is None


def test_a_range_is_rounded_inward_to_whole_minutes(front, counts):
    begin = (now_minute() - 100) * 60
    booked = post(front, **{"from": begin + 1, "to": begin + 299, "reason": "x"})["exclusion"]
    assert minute_of(booked["from"]) * 60 == begin + 60
    assert minute_of(booked["to"]) * 60 == begin + 240


def test_the_same_time_is_excluded_once(front, counts):
    fixed = {"from": (now_minute() - 120) * 60, "to": (now_minute() - 60) * 60}
    first = post(front, reason="once", **fixed)["exclusion"]
    answer = post(front, 409, reason="twice", **fixed)
    assert answer["error"]["code"] == "conflict" and first["id"] in answer["error"]["message"]
    other = {**fixed, "to": fixed["to"] - 60}
    assert post(front, reason="another time", **other)["exclusion"]["id"] != first["id"]


def test_one_that_is_taken_back_stays_in_the_books(front, counts):
    booked = post(front, **{"from": "-3h", "to": "-2h", "reason": "a mistake"})
    path = f"/slo/{NAME}/exclusions/{booked['exclusion']['id']}"
    status, answer, _ = front.ask(path, "DELETE")
    assert status == 200 and answer["exclusion"]["withdrawn_by"] == "admin token"
    assert answer["exclusion"]["withdrawn_at"]
    assert front.ask(path, "DELETE")[0] == 409
    status, answer, _ = front.ask(f"/slo/{NAME}/exclusions")
    assert status == 200 and answer["slo"] == NAME
    assert [each["id"] for each in answer["exclusions"]] == [booked["exclusion"]["id"]]
    assert answer["exclusions"][0]["withdrawn_at"]
    answer = history(front, "from=-3h&to=-2h&step=15m")
    assert not any("excluded_minutes" in point for point in answer["points"])


def test_more_than_readers_take_are_refused(front, server, counts):
    server.sql("INSERT INTO probity.exclusions (service, id, objective, from_minute, until_minute, "
               "reason, author) SELECT 'app', n::text, '', %s, %s + n, 'x', 'y' "
               "FROM generate_series(1, 1024) AS n", (now_minute() - 10, now_minute() - 9))
    body = {"from": "-3h", "to": "-2h", "reason": "one too many"}
    assert "1,024" in post(front, 409, **body)["error"]["message"]
    server.sql("UPDATE probity.exclusions SET from_minute = 1, until_minute = 2 WHERE id = '7'")
    post(front, **body)


def test_who_may(front, counts):
    path = f"/slo/{NAME}/exclusions"
    body = {"from": "-2h", "to": "-1h", "reason": "x"}
    status, answer, headers = front.ask(path, "POST", body, token=None)
    assert status == 401 and headers["WWW-Authenticate"] == "Bearer"
    assert front.ask(path, "POST", body, token=READER)[0] == 401
    assert front.ask(path + "/1", "DELETE", token=None)[0] == 401
    assert front.ask("/slo/gate/override", "POST", body, token=None)[0] == 401
    assert front.ask(path, token=None)[1]["exclusions"] == []


@pytest.mark.parametrize("method, path, allow", [
    ("PUT", f"/slo/{NAME}/exclusions", "GET, HEAD, POST"),
    ("DELETE", f"/slo/{NAME}/exclusions", "GET, HEAD, POST"),
    ("GET", f"/slo/{NAME}/exclusions/1", "DELETE"),
    ("POST", f"/slo/{NAME}/history", "GET, HEAD"),
    ("GET", "/slo/gate/override", "POST"),
    ("DELETE", "/slo/gate", "GET, HEAD"),
])
def test_another_method_is_refused_with_those_that_are_allowed(front, counts, method, path, allow):
    status, answer, headers = front.ask(path, method)
    assert status == 405 and headers["Allow"] == allow
    assert answer["error"]["code"] == "method_not_allowed"


WRONG = {
    "no body": (b"", "no JSON object"),
    "no JSON": (b"{", "no JSON object"),
    "a list": (b"[]", "no JSON object"),
    "brackets without end": (b"[" * 16000, "no JSON object"),
    "a member twice": (b'{"from": 1, "from": 2}', "no JSON object"),
    "an unknown member": ({"from": "-2h", "to": "-1h", "reson": "x"}, "known here: from, to"),
    "no from": ({"to": "-1h", "reason": "x"}, '"from" is no time'),
    "a from that is none": ({"from": "then", "to": "-1h", "reason": "x"}, '"from" is no time'),
    "a fraction": ({"from": 1.5, "to": "-1h", "reason": "x"}, '"from" is no time'),
    "a to that is none": ({"from": "-2h", "to": None, "reason": "x"}, '"to" is no time'),
    "no reason": ({"from": "-2h", "to": "-1h"}, '"reason" says why'),
    "an empty reason": ({"from": "-2h", "to": "-1h", "reason": ""}, '"reason" says why'),
    "a long reason": ({"from": "-2h", "to": "-1h", "reason": "x" * 501}, '"reason" says why'),
    "a NUL": ({"from": "-2h", "to": "-1h", "reason": "x\0y"}, "no JSON object"),
    "backwards": ({"from": "-1h", "to": "-2h", "reason": "x"}, "no whole minute"),
    "nothing": ({"from": 60 * 27000000 + 1, "to": 60 * 27000000 + 59, "reason": "x"},
                "no whole minute"),
    "two years": ({"from": "-800d", "to": "-1h", "reason": "x"}, "366 days"),
    "far ahead": ({"from": "+800d", "to": "+801d", "reason": "x"}, "ahead"),
}


@pytest.mark.parametrize("body, words", WRONG.values(), ids=WRONG.keys())
def test_what_makes_no_sense_is_refused_in_words(front, counts, body, words):
    status, answer, _ = front.ask(f"/slo/{NAME}/exclusions", "POST", body)
    assert status == 400 and words in answer["error"]["message"], answer


@pytest.mark.parametrize("size", [17 * 1024, 60 * 1024, 100 * 1024, 900 * 1024])
def test_a_body_that_is_too_long_is_refused_whatever_its_size(front, counts, size):
    status, answer, _ = front.ask(f"/slo/{NAME}/exclusions", "POST", b"x" * size)
    assert status == 413 and "16 KiB" in answer["error"]["message"]


def test_nginx_passes_bodies_on_and_has_patience(front, server, counts, shared):
    port = shared.nginx(front.socket_path).port
    admin = {"Authorization": ADMIN, "Content-Type": "application/json"}
    body = json.dumps({"from": "-2h", "to": "-1h", "reason": "through nginx"})
    path = f"/slo/{NAME}/exclusions"
    answer = fetch(port, path, "POST", admin, body)
    assert answer.status == 201 and answer.json()["exclusion"]["reason"] == "through nginx"
    path += "/" + answer.json()["exclusion"]["id"]
    assert fetch(port, path, "DELETE", admin).status == 200
    assert fetch(port, f"/slo/{NAME}/history?from=-1h&step=5m").status == 200
    assert fetch(port, f"/slo/{NAME}/history", "HEAD").body == b""
    answer = fetch(port, f"/slo/{NAME}/exclusions", "POST", admin, "x" * 200000)
    assert answer.status == 413 and "16 KiB" in answer.json()["error"]["message"]
    answer = fetch(port, f"/slo/{NAME}/exclusions", "POST", admin, "x" * 2000000)
    assert answer.status == 413 and answer.json()["error"]["code"] == "content_too_large"
    answer = fetch(port, f"/slo/{NAME}/exclusions", "TRACE")
    assert answer.status == 405 and answer.headers["Allow"] == "GET, HEAD, POST"
    server.freeze_all()
    try:
        answer = fetch(port, f"/slo/{NAME}/history", timeout=15)
        assert answer.status == 503 and 2 < answer.seconds < 4
        assert answer.json()["error"]["code"] == "ledger_unavailable"
    finally:
        server.sigcont()


def test_unknown_names_are_not_found(front, counts):
    body = {"from": "-2h", "to": "-1h", "reason": "x"}
    post(front, 404, "/slo/nothing/exclusions", **body)
    assert front.ask("/slo/nothing/exclusions")[0] == 404
    assert front.ask(f"/slo/{NAME}/exclusions/nothing", "DELETE")[0] == 404
    assert front.ask(f"/slo/{NAME}/exclusions/" + "x" * 500, "DELETE")[0] == 404


def test_a_future_exclusion_of_an_objective_without_figures_is_booked(front, counts):
    answer = post(front, path="/slo/app-error-rate/exclusions",
                  **{"from": "+1h", "to": "+3h", "reason": "planned"})
    assert answer["before"] is None and answer["after"] is None


# --- overrides ---

def test_an_override_is_booked_with_who_and_why(front, server, counts):
    answer = post(front, path="/slo/gate/override", slo=NAME, reason="hotfix", minutes=5)
    booked = answer["override"]
    assert booked["slo"] == NAME and booked["service"] == "app"
    assert booked["author"] == "admin token" and booked["reason"] == "hotfix"
    rows = server.sql("SELECT id, objective, author, extract(epoch FROM expires_at - created_at) "
                      "FROM probity.gate_overrides")
    assert rows == [(booked["id"], NAME, "admin token", 300)]


def test_an_override_of_a_service_is_for_all_its_objectives(front, server, counts):
    assert post(front, path="/slo/gate/override", service="app", reason="x")["override"]["slo"] is None
    assert server.sql("SELECT objective FROM probity.gate_overrides") == [("",)]


@pytest.mark.parametrize("status, body, words", [
    (400, {"reason": "x"}, "one of the two"),
    (400, {"slo": NAME, "service": "app", "reason": "x"}, "one of the two"),
    (400, {"slo": NAME}, '"reason"'),
    (400, {"slo": NAME, "reason": "x", "minutes": 0}, "from 1 to 1440"),
    (400, {"slo": NAME, "reason": "x", "minutes": 1441}, "from 1 to 1440"),
    (400, {"slo": NAME, "reason": "x", "minutes": "5"}, "from 1 to 1440"),
    (400, {"slo": NAME, "reason": "x", "until": 5}, "unknown member"),
    (404, {"slo": "nothing", "reason": "x"}, "GET /slo lists them"),
    (404, {"service": "nobody", "reason": "x"}, "GET /slo lists them"),
])
def test_an_override_that_makes_no_sense_is_refused(front, counts, status, body, words):
    answer = front.ask("/slo/gate/override", "POST", body)
    assert answer[0] == status and words in answer[1]["error"]["message"], answer
