"""The front against peers that no web server would be: nobody is delayed, nothing crashes."""
# SPDX-License-Identifier: MIT
import os
import resource
import shutil
import signal
import socket
import struct
import tempfile
import time

import pytest

import fcgi
from process import Process, wait_until

pytestmark = pytest.mark.threads


class Trial(Process):
    """The front alone, with fixed pages."""

    name = "front"

    def __init__(self, folder, large_bytes=0, descriptors=None, socket_path=None):
        super().__init__(folder)
        # A test's own folder may be too deep for the 107 bytes that a socket's path may have.
        self.own_folder = None if socket_path else tempfile.mkdtemp(prefix="probity-front-")
        self.socket_path = socket_path or os.path.join(self.own_folder, "s")
        self.large_bytes = large_bytes
        self.descriptors = descriptors

    def command(self):
        return [fcgi.trial_program(), self.socket_path, str(self.large_bytes)]

    def stop(self, timeout=10.0):
        code = super().stop(timeout)
        if self.own_folder:
            shutil.rmtree(self.own_folder, ignore_errors=True)
        found = [line for line in self.log().splitlines()
                 if "Sanitizer" in line or "runtime error" in line]
        assert not found, found
        return code

    def spawn(self):
        if self.own_folder:
            os.chmod(self.own_folder, 0o755)
        super().spawn()
        if self.descriptors:
            resource.prlimit(self.pid, resource.RLIMIT_NOFILE, (self.descriptors,) * 2)
        return self

    def ready(self):
        with self.client() as client:
            # www-data's nginx must reach it, whoever runs the tests.
            os.chmod(self.socket_path, 0o666)
            return client.ask()[0] == 200

    def client(self, timeout=5):
        return fcgi.Client(self.socket_path, timeout)


@pytest.fixture
def front(start):
    trial = start.add(Trial(start.subfolder()))
    yield trial
    assert trial.alive(), trial.log_tail()


def answers_at_once(front):
    """A well-behaved client next door gets its answer without a delay that a person could see."""
    with front.client() as client:
        began = time.monotonic()
        for _ in range(20):
            assert client.ask("/health/ready")[0] == 200
        return time.monotonic() - began < 0.5


def test_a_kept_connection_is_answered_again_and_again(front):
    with front.client() as client:
        for _ in range(300):
            status, headers, body = client.ask("/health/ready")
            assert status == 200 and int(headers["Content-Length"]) == len(body)


def test_a_connection_that_is_not_kept_is_closed_behind_its_answer(front):
    with front.client() as client:
        assert client.ask(keep=False)[0] == 200
        assert client.is_closed(1)


def test_head_has_the_headers_of_get_and_no_body(front):
    with front.client() as client:
        _, with_body, body = client.ask("/health/ready")
        _, without, nothing = client.ask("/health/ready", method="HEAD")
    assert without["Content-Length"] == with_body["Content-Length"] == str(len(body))
    assert nothing == b""


def test_a_peer_that_says_nothing_is_closed_after_two_seconds(front):
    with front.client() as client:
        began = time.monotonic()
        assert answers_at_once(front)
        assert client.is_closed(4)
        assert 1.5 < time.monotonic() - began < 3.5


@pytest.mark.parametrize("cut", [1, 7, 8, 15, 16, 20, 30, 60])
def test_a_peer_that_sends_half_a_request_delays_nobody_and_is_closed(front, cut):
    with front.client() as client:
        client.send(fcgi.request()[:cut])
        assert answers_at_once(front)
        assert client.is_closed(4)


def test_a_peer_that_sends_byte_by_byte_is_answered_when_its_request_is_whole(front):
    with front.client(timeout=None) as client:  # blocking: poll(2) would stall after 69 writes
        for byte in fcgi.request():
            client.send(bytes([byte]))
        assert client.answer()[0] == 200
        assert answers_at_once(front)


def test_a_peer_that_sends_too_slowly_is_closed_at_its_deadline(front):
    with front.client() as client:
        began = time.monotonic()
        with pytest.raises((BrokenPipeError, ConnectionResetError)):
            for byte in fcgi.request():
                client.send(bytes([byte]))
                time.sleep(0.1)
        assert time.monotonic() - began < 4
    assert answers_at_once(front)


def test_a_peer_that_never_reads_its_answers_delays_nobody(front):
    with front.client(timeout=1) as client:
        try:
            for _ in range(3000):
                client.send(fcgi.request("/health/ready"))
                if _ % 500 == 0:
                    assert answers_at_once(front)
        except (BrokenPipeError, ConnectionResetError, socket.timeout):
            pass
        assert answers_at_once(front)


LIES = {
    "a length on which libfcgi aborts": fcgi.length(0x7ffffffe) + b"\0",
    "a value of such a length": b"\1" + fcgi.length(0x7ffffffe) + b"N",
    "the largest lengths": fcgi.length(0x7fffffff) * 2,
    "a value beyond the params": b"\4\x7fNAMEvalue",
    "a cut length": b"\x80\0",
}


@pytest.mark.parametrize("content", LIES.values(), ids=LIES.keys())
def test_lengths_that_lie_close_the_connection_and_nothing_else(front, content):
    with front.client() as client:
        client.send(fcgi.begin() + fcgi.record(fcgi.PARAMS, content) + fcgi.record(fcgi.PARAMS)
                    + fcgi.record(fcgi.STDIN))
        assert client.is_closed(1)
    assert answers_at_once(front)


GARBAGE = {
    "no FastCGI at all": b"GET / HTTP/1.1\r\n\r\n",
    "another version": fcgi.record(fcgi.BEGIN, b"\0\1\0\0\0\0\0\0", version=2),
    "params first": fcgi.record(fcgi.PARAMS, b""),
    "another role": fcgi.begin(role=2),
    "a request id of 0": fcgi.begin(request_id=0),
    "values asked for until libfcgi's buffer overflows":
        fcgi.record(fcgi.GET_VALUES, fcgi.pair("FCGI_MAX_CONNS", "") * 40, 0),
    "the same in the middle": fcgi.begin()
        + fcgi.record(fcgi.GET_VALUES, fcgi.pair("FCGI_MAX_CONNS", "") * 40, 0),
    "an abort": fcgi.begin() + fcgi.record(fcgi.PARAMS, fcgi.params()) + fcgi.record(fcgi.ABORT),
    "an abort instead of input":
        fcgi.begin() + fcgi.record(fcgi.PARAMS) + fcgi.record(fcgi.ABORT),
    "another request's params": fcgi.begin() + fcgi.record(fcgi.PARAMS, fcgi.params(), 2),
    "a second request behind the first": fcgi.request() + fcgi.request(),
}


@pytest.mark.parametrize("garbage", GARBAGE.values(), ids=GARBAGE.keys())
def test_what_is_no_request_closes_the_connection_and_nothing_else(front, garbage):
    with front.client() as client:
        client.send(garbage)
        assert client.is_closed(1)
    assert answers_at_once(front)


def test_params_that_are_cut_are_no_request(front):
    with front.client() as client:
        client.send(fcgi.begin() + fcgi.record(fcgi.PARAMS, fcgi.params()))
        client.socket.shutdown(socket.SHUT_WR)
        assert client.is_closed(1)
        with pytest.raises(fcgi.Closed):
            client.answer()


def test_params_may_be_split_between_records_anywhere(front):
    content = fcgi.params("/health/ready")
    for size in (1, 2, 3, 5, 7):
        parts = b"".join(fcgi.record(fcgi.PARAMS, content[i:i + size], padding=i % 9)
                         for i in range(0, len(content), size))
        with front.client() as client:
            client.send(fcgi.begin() + parts + fcgi.record(fcgi.PARAMS) + fcgi.record(fcgi.STDIN))
            assert client.answer()[0] == 200


@pytest.mark.parametrize("kib", [8, 15, 17, 40, 60])
def test_long_parameters_are_answered(front, kib):
    with front.client() as client:
        status, _, _ = client.ask("/health/detailed", HTTP_AUTHORIZATION="x" * kib * 1024)
        assert status == 401
        assert client.ask()[0] == 200


def test_a_token_of_a_mebibyte_is_closed_and_delays_nobody(front):
    with front.client() as client:
        try:
            client.send(fcgi.request("/metrics", HTTP_AUTHORIZATION="x" * 1024 * 1024))
        except (BrokenPipeError, ConnectionResetError):
            pass
        assert client.is_closed(3)
    assert answers_at_once(front)


def test_a_body_is_swallowed_and_the_connection_goes_on(front):
    with front.client() as client:
        for size in (1, 1000, 12000, 40000):
            status, headers, _ = client.ask("/health", method="POST", body=b"x" * size)
            assert status == 405 and headers["Allow"] == "GET, HEAD, OPTIONS"


def test_a_large_body_gets_its_answer_without_being_parsed(front):
    with front.client() as client:
        client.send(fcgi.request("/slo", method="POST", body=b"x" * 100 * 1024)[:-8])
        client.send(b"x" * 900 * 1024)  # no records at all: libfcgi must not see it
        assert client.answer()[0] == 405
        client.socket.shutdown(socket.SHUT_WR)
        assert client.is_closed(3)
    assert answers_at_once(front)


def test_large_answers_go_to_peers_that_read_and_cut_those_that_do_not(start):
    front = start.add(Trial(start.subfolder(), large_bytes=1024 * 1024))
    idle = [front.client(timeout=6) for _ in range(24)]
    for client in idle:
        client.send(fcgi.request("/metrics"))
    assert answers_at_once(front)
    # 4 threads and 16 places are taken; the others are told at once, in a few bytes.
    refused = 0
    for client in idle[20:]:
        status, headers, _ = client.answer()
        refused += status == 503 and headers["Retry-After"] == "1"
    assert refused == 4
    time.sleep(2.6)
    assert answers_at_once(front)
    for client in idle:
        client.socket.close()
    with front.client() as client:
        status, headers, body = client.ask("/metrics")
        assert status == 200 and len(body) == int(headers["Content-Length"]) > 1024 * 1024
        assert body.splitlines()[-1].startswith(b"process_start_time_seconds ")
    assert front.alive()


def test_more_connections_than_the_limit_are_refused_at_once(front):
    clients = []
    for _ in range(1100):
        clients.append(front.client())
    assert clients[-1].is_closed(1)
    for client in clients:
        client.socket.close()
    wait_until(lambda: answers_at_once(front), 5)


def test_without_descriptors_it_neither_spins_nor_dies(start):
    front = start.add(Trial(start.subfolder(), descriptors=40))
    clients = [front.client() for _ in range(60)]
    time.sleep(0.3)
    with open(f"/proc/{front.pid}/stat", encoding="ascii") as stat:
        before = sum(int(field) for field in stat.read().rpartition(")")[2].split()[11:13])
    time.sleep(1)
    with open(f"/proc/{front.pid}/stat", encoding="ascii") as stat:
        after = sum(int(field) for field in stat.read().rpartition(")")[2].split()[11:13])
    assert after - before < 20  # of 100 ticks a second
    for client in clients:
        client.socket.close()
    wait_until(lambda: answers_at_once(front), 5)


def test_who_asks_while_it_is_stopped_is_answered_when_it_goes_on(front):
    early = [front.client() for _ in range(10)]
    with front.client() as client:
        assert client.ask("/health")[0] == 200  # so the early ones have been accepted
    front.sigstop()
    waiting = early + [front.client() for _ in range(30)]
    for client in waiting:
        client.send(fcgi.request("/health"))
    time.sleep(2.5)  # longer than a request may take to lie whole in the socket
    front.sigcont()
    for client in waiting:
        assert client.answer()[0] == 200
        client.socket.close()


def test_liveness_believes_only_a_lasting_silence_of_the_monitor(front):
    front.sigstop()
    time.sleep(4)
    front.sigcont()
    with front.client() as client:
        assert client.ask("/health")[0] == 200  # we were all asleep: no death
    front.signal(signal.SIGUSR1)  # the monitor alone stops publishing
    with front.client() as client:
        wait_until(lambda: client.ask("/health/ready")[0] == 503, 5)
        assert client.ask("/health")[0] == 200
        wait_until(lambda: client.ask("/health")[0] == 503, 6)
        body = client.ask("/metrics")[2]
        assert b'probity_publication_stale{owner="monitor"} 1' in body
    front.signal(signal.SIGUSR1)
    with front.client() as client:
        wait_until(lambda: client.ask("/health")[0] == 200, 3)


def test_random_bytes_crash_nothing(front):
    random = __import__("random").Random(20261121)
    whole = fcgi.request("/health/ready", QUERY_STRING="a=b", HTTP_ACCEPT="*/*")
    for _ in range(400):
        broken = bytearray(whole)
        for _ in range(random.randint(1, 4)):
            broken[random.randrange(len(broken))] = random.randrange(256)
        with front.client() as client:
            try:
                client.send(bytes(broken[:random.randint(1, len(broken))]))
            except (BrokenPipeError, ConnectionResetError):
                pass
    assert answers_at_once(front)


def test_an_answer_is_what_fastcgi_says(front):
    with front.client() as client:
        client.send(fcgi.request("/health", keep=False))
        data = b""
        while part := client.socket.recv(65536):
            data += part
    assert struct.unpack(">BBH", data[:4]) == (1, fcgi.STDOUT, 1)
    assert data[-16:-8] == fcgi.record(fcgi.END, b"12345678")[:8]
