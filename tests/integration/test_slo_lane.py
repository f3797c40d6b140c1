"""What waits for the ledger delays nobody else, has its deadline, and holds one connection."""
# SPDX-License-Identifier: MIT
import json
import time

import pytest

import fcgi
from lane_ledger import ADMIN, NAME, Front, fresh, now_minute, promise, watched
from process import wait_until
from test_front_peers import answers_at_once

pytestmark = pytest.mark.threads


@pytest.fixture
def server(start):
    server = start.postgres()
    fresh(server)
    promise(server)
    watched(server, now_minute() - 60)
    return server


@pytest.fixture
def front(start, server):
    front = start.add(Front(start.subfolder(), server.url()))
    yield front
    assert front.alive(), front.log_tail()


def ask_all(front, count, **request):
    clients = [front.client(timeout=15) for _ in range(count)]
    for client in clients:
        client.send(fcgi.request(f"/slo/{NAME}/history", HTTP_AUTHORIZATION=ADMIN, **request))
    return clients


def outcomes(clients):
    """The status of each, "closed" for who was cut off, and how long the slowest took."""
    began = time.monotonic()
    found = []
    for client in clients:
        try:
            status, headers, body = client.answer()
            assert status == 200 or json.loads(body)["error"]["message"]
            assert status != 503 or "Retry-After" in headers
            found.append(status)
        except fcgi.Closed:
            found.append("closed")
        client.socket.close()
    return found, time.monotonic() - began


def test_a_ledger_that_hangs_delays_nobody_else(front, server):
    assert front.ask(f"/slo/{NAME}/history")[0] == 200
    server.freeze_all()
    try:
        clients = ask_all(front, 12)
        assert answers_at_once(front)
        began = time.monotonic()
        for _ in range(20):
            assert front.ask("/slo")[0] == 200
            assert front.ask("/slo/gate?slo=" + NAME)[0] == 200
        assert time.monotonic() - began < 0.5
        found, seconds = outcomes(clients)
        # Eight may wait, and are told within their time that it doesn't answer; the rest at once.
        assert found == [503] * 12
        assert seconds < 3.5
        assert answers_at_once(front)
    finally:
        server.sigcont()
    wait_until(lambda: front.ask(f"/slo/{NAME}/history")[0] == 200, 10)


def test_a_ledger_that_hangs_lets_large_answers_through(start, server):
    front = start.add(Front(start.subfolder(), server.url(), large_bytes=512 * 1024))
    server.freeze_all()
    try:
        clients = ask_all(front, 8)
        began = time.monotonic()
        with front.client() as client:
            status, _, body = client.ask("/metrics")
        assert status == 200 and len(body) > 512 * 1024 and time.monotonic() - began < 1
        outcomes(clients)
    finally:
        server.sigcont()


def test_those_that_find_the_lane_full_are_told_at_once(front, server):
    server.freeze_all()
    try:
        waiting = ask_all(front, 8)
        time.sleep(0.2)
        began = time.monotonic()
        status, answer, headers = front.ask(f"/slo/{NAME}/history")
        assert time.monotonic() - began < 0.5
        assert status == 503 and answer["error"]["code"] == "busy" and headers["Retry-After"] == "1"
        outcomes(waiting)
    finally:
        server.sigcont()


def test_who_waits_behind_others_for_too_long_is_told_so(front, server):
    """Changes may take ten seconds, and a reading that came behind them has three."""
    server.freeze_all()
    try:
        body = json.dumps({"from": "-2h", "to": "-1h", "reason": "x"}).encode()
        changes = [front.client(timeout=15) for _ in range(3)]
        for client in changes:
            client.send(fcgi.request(f"/slo/{NAME}/exclusions", body=body, method="POST",
                                     HTTP_AUTHORIZATION=ADMIN))
        time.sleep(0.2)
        found, seconds = outcomes(ask_all(front, 5))
        assert found == [503] * 5 and seconds < 3
        with front.client() as client:
            assert b"probity_front_lane_full_total 5\n" in client.ask("/metrics")[2]
        for client in changes:
            client.socket.close()
    finally:
        server.sigcont()


def connections(server):
    return server.superuser_sql("SELECT count(*) FROM pg_stat_activity "
                                "WHERE application_name = 'probity'")[0][0]


def test_one_connection_is_held_at_a_time_and_none_when_nobody_asks(front, server):
    most = 0
    for _ in range(5):
        clients = ask_all(front, 4)
        most = max(most, connections(server))
        found, _ = outcomes(clients)
        assert found == [200] * 4
    assert most <= 1
    wait_until(lambda: connections(server) == 0, 3)


def test_without_a_server_it_says_so_in_words_and_logs_the_driver_s(front, server):
    server.stop()
    began = time.monotonic()
    status, answer, headers = front.ask(f"/slo/{NAME}/history")
    assert status == 503 and time.monotonic() - began < 1
    assert answer["error"] == {"code": "ledger_unavailable",
                               "message": "Postgres refuses connections",
                               "request_id": answer["error"]["request_id"]}
    assert headers["Retry-After"] == "5"
    wait_until(lambda: f"/slo/{NAME}/history: postgres: connect:" in front.log(), 3)
    assert server.password not in front.log()
    status, answer, _ = front.ask(f"/slo/{NAME}/exclusions", "POST",
                                  {"from": "-2h", "to": "-1h", "reason": "x"})
    assert status == 503 and answer["error"]["code"] == "ledger_unavailable"


def test_without_the_schema_it_names_the_command(front, server):
    server.sql("DROP SCHEMA probity CASCADE")
    status, answer, _ = front.ask(f"/slo/{NAME}/history")
    assert status == 503 and "probity migrate upgrade" in answer["error"]["message"]


@pytest.mark.long
def test_a_change_has_ten_seconds_and_is_cut_off_then(front, server):
    server.freeze_all()
    try:
        began = time.monotonic()
        try:
            status, answer, _ = front.ask(f"/slo/{NAME}/exclusions", "POST",
                                          {"from": "-2h", "to": "-1h", "reason": "x"})
            assert status == 503 and answer["error"]["message"]
        except fcgi.Closed:
            pass
        assert 4 < time.monotonic() - began < 11
    finally:
        server.sigcont()


def test_answers_of_the_lane_are_counted_when_they_are_given(front):
    assert front.ask(f"/slo/{NAME}/history")[0] == 200
    assert front.ask(f"/slo/{NAME}/history?step=x")[0] == 400

    def counted():
        with front.client() as client:
            text = client.ask("/metrics")[2].decode()
        return ('probity_requests_total{endpoint="/slo/{name}/history",status="200"} 1' in text
                and 'probity_requests_total{endpoint="/slo/{name}/history",status="400"} 1' in text)
    wait_until(counted, 3)
