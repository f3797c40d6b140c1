"""The servers that the other tests rely on do what their names say."""
# SPDX-License-Identifier: MIT
import socket
import threading

import pytest

from process import free_port, wait_until


def test_postgres_survives_a_kill_9_with_its_data(start):
    postgres = start.postgres()
    postgres.sql("CREATE TABLE kept (n int)")
    postgres.sql("INSERT INTO kept VALUES (7)")
    postgres.kill9()
    with pytest.raises(OSError):
        postgres.sql("SELECT 1")
    postgres.restart()
    assert postgres.sql("SELECT n FROM kept") == [(7,)]


def test_a_frozen_postmaster_hangs_new_connections_only_until_it_is_thawed(start):
    postgres = start.postgres()
    postgres.freeze_postmaster()
    with pytest.raises(OSError):
        postgres.sql("SELECT 1")
    postgres.thaw()
    assert postgres.sql("SELECT 1") == [(1,)]


def test_redis_comes_back_on_its_port_after_a_kill_9(start):
    redis = start.redis()
    redis.config_set("timeout", "5")
    redis.kill9()
    assert not redis.alive()
    redis.start()
    assert redis.client().ping()


def test_a_celery_worker_is_ready_once_it_answers_a_ping(start):
    redis = start.redis()
    assert start.celery(redis.url()).ping()


class Echo(threading.Thread):
    """A server that sends back what it gets."""

    def __init__(self):
        super().__init__(daemon=True)
        self.listener = socket.create_server(("127.0.0.1", free_port()))
        self.port = self.listener.getsockname()[1]
        self.start()

    def run(self):
        while True:
            end, _ = self.listener.accept()
            threading.Thread(target=self.serve, args=(end,), daemon=True).start()

    @staticmethod
    def serve(end):
        while data := end.recv(1024):
            end.sendall(data)


def ask(proxy, timeout=2.0):
    with socket.create_connection(("127.0.0.1", proxy.port), timeout=timeout) as link:
        link.settimeout(timeout)
        link.sendall(b"hello")
        return link.recv(5)


def test_a_proxy_forwards_swallows_cuts_and_forwards_again(start):
    proxy = start.proxy(Echo().port)
    assert ask(proxy) == b"hello"
    proxy.swallow()
    with pytest.raises(socket.timeout):
        ask(proxy, 0.3)
    proxy.cut()
    wait_until(lambda: refused(proxy), 2, "connections to be cut")
    proxy.resume()
    wait_until(lambda: ask(proxy) == b"hello", 2, "the proxy to forward again")


def refused(proxy):
    try:
        return ask(proxy, 0.3) == b""
    except ConnectionError:
        return True


def test_what_a_holding_proxy_got_arrives_when_it_resumes(start):
    proxy = start.proxy(Echo().port)
    proxy.hold()
    with socket.create_connection(("127.0.0.1", proxy.port), timeout=5) as link:
        link.sendall(b"hello")
        link.settimeout(0.3)
        with pytest.raises(socket.timeout):
            link.recv(5)
        link.settimeout(5)
        proxy.resume()
        assert link.recv(5) == b"hello"
