"""The check of a Postgres: what it says of replication, sessions and certificates."""
# SPDX-License-Identifier: MIT
import os
import shutil
import threading

import psycopg2
import pytest

from certificates import Authority, Certificate
from process import wait_until
from servers import PgBouncer


def word(stack, name="database"):
    return stack.get("/health/ready").json()["checks"][name]


def wait_for_word(stack, wanted, name="database", timeout=8):
    seen = []

    def shows():
        seen.append(word(stack, name))
        return seen[-1] == wanted
    try:
        wait_until(shows, timeout, f"{name} to be {wanted}")
    except AssertionError as error:
        raise AssertionError(f"{error}; it was {sorted(set(seen))}; "
                             f"{stack.probityd.said(name)[-3:]}") from None


def with_certificate(folder, issued):
    """Settings of a Postgres that shows what lies in the folder."""
    shown = Certificate(os.path.join(folder, "shown"))
    os.chmod(folder, 0o755)
    shown.install(issued, account="postgres")
    return shown, {"ssl": "on", "ssl_cert_file": shown.path, "ssl_key_file": shown.key}


def test_what_is_wrong_with_a_certificate_is_told_apart(start, folder):
    authority = Authority(os.path.join(folder, "known"))
    stranger = Authority(os.path.join(folder, "stranger"))
    good = authority.issue()
    shown, settings = with_certificate(folder, good)
    postgres = start.postgres(settings=settings)
    stack = start.stack(app=None, postgres=False, redis=False, env={
        "PROBITY_CHECK_FRESH_INTERVAL": "1s",
        "DATABASE_URL": postgres.url(query="?sslmode=verify-full&sslrootcert=" + authority.path)})
    wait_for_word(stack, "ok")
    assert component(stack, "database")["tls_version"] == "TLSv1.3"
    assert component(stack, "database")["certificate_days_left"] > 300
    for issued, wanted in (
            (authority.expired(), "error: tls: certificate expired"),
            (stranger.issue(), "error: tls: certificate not trusted"),
            (authority.issue("DNS:db.example"), "error: tls: certificate for another name"),
            (good, "ok")):
        shown.install(issued, account="postgres")
        postgres.superuser_sql("SELECT pg_reload_conf()")
        wait_for_word(stack, wanted)
    postgres.superuser_sql("ALTER SYSTEM SET ssl = off")
    postgres.superuser_sql("SELECT pg_reload_conf()")
    wait_for_word(stack, "error: tls: handshake failed")


def test_a_server_that_admits_nobody_without_tls_says_so(start):
    postgres = start.postgres()
    path = os.path.join(postgres.data, "pg_hba.conf")
    with open(path, "r+", encoding="ascii") as file:
        lines = file.read().replace("host ", "hostssl ")
        file.seek(0)
        file.write("host all postgres 127.0.0.1/32 scram-sha-256\n" + lines)
    postgres.superuser_sql("SELECT pg_reload_conf()")
    stack = start.stack(app=None, postgres=False, redis=False,
                        env={"DATABASE_URL": postgres.url()})
    wait_for_word(stack, "error: not admitted")


def test_through_a_pooler_it_is_the_server_that_is_judged(start):
    postgres = start.postgres()
    bouncer = start.add(PgBouncer(start.subfolder(), postgres))
    checks = f"""
- {{name: missing, url: "{bouncer.url()}-missing"}}
- {{name: second, url: "{bouncer.url()}"}}
"""
    stack = start.stack(app=None, postgres=False, redis=False,
                        env={"DATABASE_URL": bouncer.url(), "PROBITY_CHECKS": checks})
    wait_for_word(stack, "ok")
    wait_for_word(stack, "ok", "second")
    wait_for_word(stack, "error: pooler without a server", "missing")
    assert component(stack, "database")["server_connections"] >= 1
    postgres.kill9()
    wait_for_word(stack, "error: pooler without a server")


def words(stack):
    return stack.get("/health/all").json()["checks"]


@pytest.fixture(scope="module")
def pair(shared):
    """A primary with a standby that streams from it, and checks that may see all, or not."""
    primary = shared.postgres(settings={"max_connections": 23})  # twenty of them for everybody
    standby = shared.add(primary.copy(shared.subfolder(), shared.port()), start=False)
    with open(os.path.join(standby.data, "standby.signal"), "w", encoding="ascii"):
        pass
    if os.geteuid() == 0:
        shutil.chown(os.path.join(standby.data, "standby.signal"), "postgres", "postgres")
    standby.settings.update(max_connections=23, primary_conninfo=primary.url("postgres"))
    standby.start()
    seeing, blind = primary.url("postgres"), primary.url()
    checks = f"""
- {{name: seeing, url: "{seeing}", groups: [all], degraded: {{replication_lag: 3s}}}}
- {{name: waiting, url: "{seeing}", groups: [all], degraded: {{longest_query: 2s}}}}
- {{name: blind, url: "{blind}", groups: [all],
   degraded: {{replication_lag: 3s, longest_query: 2s}}}}
- {{name: counting, url: "{blind}", groups: [all], degraded: {{connections: 60}}}}
- {{name: standby, url: "{standby.url(query='?target_session_attrs=standby')}", groups: [all],
   degraded: {{replication_lag: 3s}}}}
- {{name: second, url: "{standby.url()}", groups: [all]}}
"""
    stack = shared.stack(app=None, postgres=False, redis=False,
                         env={"PROBITY_CHECKS": checks, "DATABASE_URL": primary.url()})
    stack.primary, stack.standby = primary, standby
    wait_until(lambda: words(stack)["standby"] == "ok", 10)
    return stack


def component(stack, name):
    return stack.get(f"/health/detailed/{name}", token=True).json()


def test_facts_of_replication(pair):
    wait_until(lambda: words(pair)["second"] == "error: read-only", 4)
    wait_until(lambda: component(pair, "seeing")["replicas"] == 1, 8)
    seeing, blind, standby = (component(pair, name) for name in ("seeing", "blind", "standby"))
    assert seeing["replication_lag_seconds"] < 3 and seeing["in_recovery"] is False
    assert seeing["longest_query_seconds"] is not None
    assert blind["replicas"] is None and blind["replication_lag_seconds"] is None
    assert "GRANT pg_monitor" in blind["hint"]
    assert standby["replication_lag_seconds"] == 0 and standby["in_recovery"] is True


def sleep_long(link):
    with pytest.raises(psycopg2.errors.QueryCanceled):
        link.cursor().execute("SELECT pg_sleep(60)")


@pytest.mark.long
def test_a_long_query_a_replica_that_hangs_and_few_connections_left(pair):
    links = [psycopg2.connect(pair.primary.url()) for _ in range(10)]
    query = threading.Thread(target=sleep_long, args=(links[0],), daemon=True)
    query.start()
    pair.standby.freeze_all()
    try:
        pair.primary.sql("CREATE TABLE IF NOT EXISTS written (at timestamptz)")
        wanted = {"seeing": "degraded: replication lag ", "waiting": "degraded: a query runs for ",
                  "counting": "degraded: "}
        wait_until(lambda: all(words(pair)[name].startswith(word)
                               for name, word in wanted.items()), 15)
        assert words(pair)["counting"].endswith(" percent of connections used")
        assert words(pair)["blind"] == "ok"  # which may not see any of it
    finally:
        links[0].cancel()
        query.join()
        pair.standby.thaw()
        for link in links:
            link.close()
    wait_until(lambda: all(words(pair)[name] == "ok" for name in wanted), 12)


@pytest.mark.long
def test_a_replica_that_has_lost_its_primary_grows_old(pair):
    pair.primary.kill9()
    wait_until(lambda: words(pair)["standby"].startswith("degraded: replication lag"), 15)
