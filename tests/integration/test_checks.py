"""The checks of the application, Postgres and Redis: what they say, and how soon."""
# SPDX-License-Identifier: MIT
import os
import sys
import time

import pytest

from process import wait_until

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "fakes"))

from fake_http import FakeHttp  # noqa: E402
from fake_postgres import FakePostgres  # noqa: E402
from fake_redis import FakeRedis  # noqa: E402

# Sanitised builds on a busy machine are slower than what they promise; scripts/bench measures that.
SLACK = 1.0


def checks(stack):
    return stack.get("/health/ready").json()["checks"]


def wait_for_word(stack, check, word, timeout=6.0):
    """Waits until the check says `word`; returns how many seconds that took."""
    started = time.monotonic()
    last = []

    def says():
        last[:] = [checks(stack)[check]]
        return last[0] == word
    try:
        wait_until(says, timeout, f"{check} to say {word!r}", every=0.01)
    except AssertionError as error:
        raise AssertionError(f"{error}; it says {last}") from None
    return time.monotonic() - started


class Fakes:
    """A probityd over three fake servers."""

    def __init__(self, start):
        self.of = {"app": FakeHttp(), "database": FakePostgres(), "redis": FakeRedis()}
        for fake in self.of.values():
            start.add(fake, start=False)
        app, database, redis = self.of.values()
        self.stack = start.stack(app=None, postgres=False, redis=False, env={
            "PROBITY_APP": f"http://127.0.0.1:{app.port}/",
            "DATABASE_URL": f"postgresql://app:secret@127.0.0.1:{database.port}/app",
            "REDIS_URL": f"redis://127.0.0.1:{redis.port}/0",
            "PROBITY_LEDGER_URL": "postgresql://127.0.0.1:1/nowhere",
            "PROBITY_CHECK_INTERVAL": "400ms", "PROBITY_CHECK_TIMEOUT": "400ms",
            "PROBITY_CHECK_FRESH_INTERVAL": "1s"})
        self.stack.wait_ready()

    def behave(self):
        for check, fake in self.of.items():
            fake.set("ok")
            wait_for_word(self.stack, check, "ok")


@pytest.fixture(scope="module")
def fakes(shared):
    return Fakes(shared)


WORDS = [
    ("app", "refuse", "error: connection refused"),
    ("app", "hang", "error: timeout after 400 ms"),
    ("app", "drip", "error: timeout after 400 ms"),
    ("app", "close", "error: connection closed"),
    ("app", "truncate", "error: connection closed"),
    ("app", "garbage", "error: unexpected answer"),
    ("app", "broken_chunks", "error: unexpected answer"),
    ("app", "500", "error: http status 500"),
    ("app", "302", "error: http status 302"),
    ("database", "refuse", "error: connection refused"),
    ("database", "hang", "error: timeout after 400 ms"),
    ("database", "close", "error: connection closed"),
    ("database", "garbage", "error: unexpected answer"),
    ("database", "starting", "error: server starting up"),
    ("database", "shutting_down", "error: server shutting down"),
    ("database", "too_many", "error: too many connections"),
    ("database", "no_database", "error: database does not exist"),
    ("database", "wrong_password", "error: authentication failed"),
    ("database", "recovery", "error: read-only"),
    ("database", "query:25006", "error: read-only"),
    ("database", "query:53100", "error: disk full"),
    ("redis", "refuse", "error: connection refused"),
    ("redis", "hang", "error: timeout after 400 ms"),
    ("redis", "drip", "error: timeout after 400 ms"),
    ("redis", "close", "error: connection closed"),
    ("redis", "truncate", "error: connection closed"),
    ("redis", "garbage", "error: unexpected answer"),
    ("redis", "no_pong", "error: unexpected answer"),
    ("redis", "loading", "error: loading"),
    ("redis", "noauth", "error: authentication required"),
    ("redis", "misconf", "error: persistence failing"),
    ("redis", "masterdown", "error: replication link down"),
    ("redis", "script", "error: busy with a script"),
    ("redis", "cluster_down", "error: cluster down"),
    ("redis", "noperm_info", "degraded: permission denied"),
    ("redis", "no_info", "degraded: server error"),
    ("redis", "readonly", "error: read-only"),
    ("redis", "replica_link_down", "error: replication link down"),
    ("redis", "max_clients", "error: too many connections"),
    ("redis", "full", "degraded: out of memory"),
    ("redis", "bgsave_failed", "degraded: persistence failing"),
]


@pytest.mark.parametrize("check,mode,word", WORDS, ids=[f"{row[0]}-{row[1]}" for row in WORDS])
def test_every_trouble_has_its_word(fakes, check, mode, word):
    fakes.of[check].set(mode)
    wait_for_word(fakes.stack, check, word)
    answer = fakes.stack.get("/health/ready")
    assert answer.status == (200 if word.startswith("degraded") else 503)
    assert "127.0.0.1" not in answer.text and "secret" not in answer.text
    fakes.behave()


UNUSUAL = [("app", "204"), ("app", "to_end"), ("app", "chunked"), ("app", "endless"),
           ("app", "once"), ("redis", "idle_close")]


@pytest.mark.parametrize("check,mode", UNUSUAL, ids=[f"{row[0]}-{row[1]}" for row in UNUSUAL])
def test_unusual_but_healthy_answers_are_ok(fakes, check, mode):
    fakes.of[check].set(mode)
    until = time.monotonic() + 1.5
    while time.monotonic() < until:
        assert checks(fakes.stack)[check] == "ok"
        time.sleep(0.02)
    fakes.behave()


def test_a_check_holds_one_connection_and_one_passing_at_most(fakes):
    until = time.monotonic() + 2.5  # two fresh ones of each
    while time.monotonic() < until:
        for check, fake in fakes.of.items():
            assert len(fake.links) <= 2, check
        time.sleep(0.005)
    time.sleep(0.1)
    assert all(len(fake.links) <= 2 for fake in fakes.of.values())


def test_a_server_that_always_hangs_up_is_not_asked_without_a_pause(fakes):
    redis = fakes.of["redis"]
    redis.set("idle_close")
    before = redis.accepted
    time.sleep(2)
    assert redis.accepted - before < 60
    fakes.behave()


def test_stopping_waits_for_no_dependency(start):
    own = Fakes(start)
    for fake in own.of.values():
        fake.set("hang")
    time.sleep(0.5)
    started = time.monotonic()
    own.stack.probityd.stop()
    assert time.monotonic() - started < 2 + SLACK


# Real servers.

@pytest.fixture(scope="module")
def real(shared):
    whole = shared.stack(app=None, env={"PROBITY_CHECK_FRESH_INTERVAL": "2s"})
    whole.wait_ready()
    return whole


def assert_flips(stack, check, word, within):
    started = time.monotonic()
    stack.wait_for("/health/ready", 503, timeout=within + 5)
    seconds = time.monotonic() - started
    assert checks(stack)[check] == word
    assert seconds < within + SLACK, f"{seconds:.3f} s"


def test_a_killed_redis_shows_at_once_and_so_does_its_return(real):
    real.redis.kill9()
    assert_flips(real, "redis", "error: connection refused", 0.25)
    real.redis.start()
    assert wait_for_word(real, "redis", "ok") < 2.5 + SLACK


def test_a_killed_postgres_shows_at_once_and_so_does_its_return(real):
    real.postgres.kill9()
    assert_flips(real, "database", "error: connection refused", 0.25)
    real.postgres.restart()
    assert wait_for_word(real, "database", "ok", 10) < 2.5 + SLACK


def test_a_hung_redis_shows_within_the_stated_bound(real):
    real.redis.sigstop()
    try:
        assert_flips(real, "redis", "error: timeout after 1000 ms", 3.1)
    finally:
        real.redis.sigcont()
    assert wait_for_word(real, "redis", "ok") < 2.5 + SLACK


def test_a_hung_postgres_shows_within_the_stated_bound(real):
    real.postgres.freeze_all()
    try:
        assert_flips(real, "database", "error: timeout after 1000 ms", 3.1)
    finally:
        real.postgres.thaw()
    assert wait_for_word(real, "database", "ok") < 2.5 + SLACK


def test_connections_that_the_server_closes_are_noticed_by_nobody(real):
    client = real.redis.client()
    client.config_set("timeout", 1)
    until = time.monotonic() + 4
    while time.monotonic() < until:
        for link in client.client_list():
            if link["name"] == "probity":
                client.client_kill_filter(_id=link["id"])
        real.postgres.superuser_sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                                    "WHERE application_name = 'probity' AND usename = 'app'")
        for _ in range(20):
            assert checks(real) == {"database": "ok", "redis": "ok"}
            time.sleep(0.01)
    client.config_set("timeout", 0)


def test_a_postgres_that_ends_idle_sessions_is_noticed_by_nobody(real):
    def set_to(value):
        real.postgres.superuser_sql(f"ALTER SYSTEM SET idle_session_timeout = '{value}'")
        real.postgres.superuser_sql("SELECT pg_reload_conf()")
    set_to("200ms")
    try:
        until = time.monotonic() + 3
        while time.monotonic() < until:
            answer = real.get("/health/ready")
            assert answer.status == 200 and answer.json()["checks"]["database"] == "ok"
            time.sleep(0.01)
    finally:
        set_to("0")


def test_a_stopped_postmaster_shows_although_the_kept_connection_works(real):
    real.postgres.freeze_postmaster()
    try:
        assert_flips(real, "database", "error: timeout after 1000 ms", 2 + 2 * 1)
    finally:
        real.postgres.thaw()
    wait_for_word(real, "database", "ok")


def test_a_rotated_password_shows_and_the_kept_connection_hides_nothing(real):
    password = real.postgres.password
    real.postgres.superuser_sql("ALTER ROLE app PASSWORD 'another'")
    try:
        assert_flips(real, "database", "error: authentication failed", 2 + 2 * 1)
        time.sleep(1.5)
        assert checks(real)["database"] == "error: authentication failed"
    finally:
        real.postgres.superuser_sql(f"ALTER ROLE app PASSWORD '{password}'")
    wait_for_word(real, "database", "ok")


def test_a_database_that_takes_no_writes_is_an_error(real):
    for setting in ("on", "off"):
        real.postgres.superuser_sql(f"ALTER SYSTEM SET default_transaction_read_only = {setting}")
        real.postgres.superuser_sql("SELECT pg_reload_conf()")
        word = "error: read-only" if setting == "on" else "ok"
        wait_for_word(real, "database", word)


def test_three_lasting_connections_to_postgres_and_a_passing_one_at_most(real):
    import psycopg2  # pylint: disable=import-outside-toplevel
    link = psycopg2.connect(real.postgres.url("postgres"))
    link.autocommit = True
    cursor = link.cursor()
    counts = []
    try:
        until = time.monotonic() + 3  # two fresh ones
        while time.monotonic() < until:
            cursor.execute("SELECT count(*) FROM pg_stat_activity WHERE application_name = 'probity'")
            counts.append(cursor.fetchone()[0])
            time.sleep(0.005)
    finally:
        link.close()
    # A backend is listed for some milliseconds after its client has gone.
    assert max(counts) <= 5, counts
    assert sorted(counts)[len(counts) // 2] <= 3, counts


def component(stack, name):
    answer = stack.get("/health/detailed", token=True)
    return answer.json()["components"][name]


def test_facts_of_the_database_are_its_own(real):
    facts = component(real, "database")
    assert facts["server_max_connections"] == 40
    assert facts["server_connections"] >= 1
    assert facts["in_recovery"] is False
    assert facts["server_version"].startswith("15.")
    # The role may not see other people's queries: unknown, with what to grant.
    assert facts["longest_query_seconds"] is None
    assert "GRANT" in facts["hint"]
    assert facts["pool_checked_out"] == 0


def test_busy_connections_of_the_application_are_counted_and_ours_are_not(real):
    import psycopg2  # pylint: disable=import-outside-toplevel
    link = psycopg2.connect(real.postgres.url())
    try:
        link.cursor().execute("SELECT 1")  # idle in a transaction: checked out
        wait_until(lambda: component(real, "database")["pool_checked_out"] == 1, 8)
    finally:
        link.close()


def test_facts_of_redis_are_its_own(real):
    facts = component(real, "redis")
    assert facts["role"] == "master"
    assert facts["memory_max_mb"] == 64.0
    assert 0 < facts["memory_used_mb"] < 64
    assert facts["connected_clients"] >= 1


def test_a_name_that_does_not_resolve_is_said_so(start):
    stack = start.stack(app=None, postgres=False, redis=False, start=False, env={
        "REDIS_URL": "redis://nobody.invalid:6379/0",
        "DATABASE_URL": "postgresql://app:pw@nobody.invalid/app"})
    stack.start()
    wait_for_word(stack, "redis", "error: name not resolved", 15)
    wait_for_word(stack, "database", "error: name not resolved", 15)
