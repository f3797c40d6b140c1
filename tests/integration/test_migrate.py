"""test_migrate.py - `probity migrate` against a real Postgres."""
# SPDX-License-Identifier: MIT
import os
import subprocess
from concurrent.futures import ThreadPoolExecutor

import psycopg2
import pytest

from ledger_driver import probity
from process import REPOSITORY

SCHEMA = os.path.join(REPOSITORY, "tests", "sql", "schema.sql")
EXPECTED = os.path.join(REPOSITORY, "tests", "sql", "expected", "schema.out")


@pytest.fixture(scope="module")
def server(shared):
    return shared.postgres()


@pytest.fixture
def empty(server):
    server.sql("DROP SCHEMA IF EXISTS probity CASCADE")
    return server


def migrate(server, *arguments, check=True, user="app"):
    return probity(server.url(user), "migrate", *arguments, check=check)


def psql(server, *arguments, feed=None):
    done = subprocess.run(["psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", server.url(), *arguments],
                          input=feed, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def schema_of(server):
    return psql(server, "-At", "-f", SCHEMA)


def read(path):
    with open(path, encoding="ascii") as file:
        return file.read()


def test_an_upgrade_makes_the_schema_that_is_expected(empty):
    assert "run probity migrate upgrade" in migrate(empty, "current").stdout
    assert "pending" in migrate(empty, "history").stdout
    migrate(empty, "upgrade")
    assert schema_of(empty) == read(EXPECTED)
    assert migrate(empty, "current").stdout.strip() == "0004 holes (head)"
    assert "pending" not in migrate(empty, "history").stdout


def test_an_upgrade_applied_twice_changes_nothing(empty):
    migrate(empty, "upgrade")
    assert "nothing to do" in migrate(empty, "upgrade", "head").stdout
    assert schema_of(empty) == read(EXPECTED)


def test_down_and_up_again_ends_in_the_same_schema(empty):
    migrate(empty, "upgrade", "+1")
    migrate(empty, "downgrade", "base")
    assert empty.sql("SELECT count(*) FROM pg_tables WHERE schemaname = 'probity'") == [(1,)]
    migrate(empty, "upgrade", "0002")
    migrate(empty, "downgrade", "-1")
    assert migrate(empty, "current").stdout.strip() == "0001 ledger"
    migrate(empty, "upgrade")
    assert schema_of(empty) == read(EXPECTED)


def test_upgrades_that_start_at_once_apply_each_migration_once(empty):
    with ThreadPoolExecutor(8) as pool:
        done = list(pool.map(lambda _: migrate(empty, "upgrade").stdout, range(8)))
    for revision in ("0001", "0002", "0003", "0004"):
        assert sum(f"applied {revision}" in output for output in done) == 1
    assert sum("nothing to do" in output for output in done) == 7


def test_a_changed_migration_is_refused_in_words(empty):
    migrate(empty, "upgrade")
    empty.sql("UPDATE probity.schema_migrations SET checksum = 'deadbeef'")
    refused = migrate(empty, "downgrade", check=False)
    assert refused.returncode == 1
    assert "was applied with another content" in refused.stderr + refused.stdout
    migrate(empty, "stamp", "head")
    migrate(empty, "downgrade")


def test_a_schema_of_a_newer_program_is_refused_in_words(empty):
    migrate(empty, "upgrade")
    empty.sql("INSERT INTO probity.schema_migrations VALUES (9000, 'later', 'x', '99.0.0')")
    refused = migrate(empty, "upgrade", check=False)
    assert refused.returncode == 3 and "use probity 99.0.0" in refused.stderr + refused.stdout
    left = migrate(empty, "upgrade", "--newer-ok")  # before the deployment of a roll-back
    assert "use probity 99.0.0" in left.stderr
    assert "9000" in migrate(empty, "current").stdout


@pytest.mark.parametrize("arguments", [("upgrade", "+9"), ("upgrade", "0007"), ("upgrade", "soon"),
                                       ("upgrade", "-1"), ("downgrade", "head"), ("stamp", "+1")])
def test_a_target_that_does_not_exist_changes_nothing(empty, arguments):
    refused = migrate(empty, *arguments, check=False)
    assert empty.sql("SELECT to_regnamespace('probity') IS NULL") == [(True,)]
    assert refused.returncode != 0 or "nothing to do" in refused.stdout


def test_the_sql_that_is_printed_makes_the_same_schema(empty):
    script = migrate(empty, "upgrade", "--sql").stdout
    assert empty.sql("SELECT to_regnamespace('probity') IS NULL") == [(True,)]
    psql(empty, feed=script)
    assert schema_of(empty) == read(EXPECTED)
    assert "(head)" in migrate(empty, "current").stdout


def test_a_role_that_owns_nothing_but_the_schema_can_migrate(empty):
    empty.superuser_sql("DROP ROLE IF EXISTS guest")
    empty.superuser_sql(f"CREATE ROLE guest LOGIN PASSWORD '{empty.password}'")
    empty.superuser_sql("REVOKE CREATE ON DATABASE app FROM PUBLIC")
    empty.superuser_sql("CREATE SCHEMA probity AUTHORIZATION guest")
    try:
        migrate(empty, "upgrade", user="guest")
        assert "(head)" in migrate(empty, "current", user="guest").stdout
        migrate(empty, "downgrade", "base", user="guest")
    finally:
        empty.superuser_sql("DROP SCHEMA probity CASCADE")
        empty.superuser_sql("DROP OWNED BY guest")
        empty.superuser_sql("DROP ROLE guest")


def test_a_migration_that_fails_leaves_nothing_behind(empty):
    empty.sql("CREATE SCHEMA probity")
    empty.sql("CREATE TABLE probity.route_minutes (other integer)")
    refused = migrate(empty, "upgrade", check=False)
    assert refused.returncode == 1
    assert empty.sql("SELECT tablename FROM pg_tables WHERE schemaname = 'probity'") \
        == [("route_minutes",)]


@pytest.mark.parametrize("arguments", [("upgrade",), ("current",), ("downgrade", "base")])
def test_a_role_without_rights_is_told_where_they_are_listed(empty, arguments):
    migrate(empty, "upgrade")
    empty.superuser_sql("DROP ROLE IF EXISTS poor")
    empty.superuser_sql("CREATE ROLE poor LOGIN PASSWORD 'poor-password'")
    refused = probity(empty.url("poor", password="poor-password"), "migrate", *arguments,
                      check=False)
    assert refused.returncode == 1 and refused.stderr.count("\n") == 1
    assert "permission denied" in refused.stderr and "docs/ledger.md" in refused.stderr
    assert "(head)" in migrate(empty, "current").stdout
    empty.sql("DROP SCHEMA probity CASCADE")
    refused = probity(empty.url("poor", password="poor-password"), "migrate", "upgrade",
                      check=False)
    assert refused.returncode == 1 and "docs/ledger.md" in refused.stderr


@pytest.mark.parametrize("url", ["postgresql://app:x@127.0.0.1:1/app", "wrong password"])
def test_a_ledger_out_of_reach_may_be_tried_again(empty, url):
    url = empty.url(password="wrong") if url == "wrong password" else url
    done = probity(url, "migrate", "upgrade", check=False)
    assert done.returncode == 2 and done.stderr.count("\n") == 1, done.stderr


@pytest.mark.parametrize("lock", ["LOCK TABLE probity.schema_migrations",
                                  "SELECT pg_advisory_xact_lock(31651020109608057)"])
def test_a_lock_that_is_not_free_may_be_waited_for_again(empty, lock):
    migrate(empty, "upgrade")
    with psycopg2.connect(empty.url()) as rival, rival.cursor() as cursor:
        cursor.execute(lock)
        done = migrate(empty, "upgrade", "--lock-timeout", "100ms", check=False)
    rival.close()
    assert done.returncode == 2 and "lock timeout" in done.stderr, done.stderr
    assert "nothing to do" in migrate(empty, "upgrade", "--lock-timeout=5s").stdout


def test_a_lock_timeout_is_a_duration(empty):
    assert migrate(empty, "upgrade", "--lock-timeout", "soon", check=False).returncode == 2


FILE = "decode(md5('a'), 'hex')"
COUNTED_0001 = f"""
    INSERT INTO probity.objectives (service, id, name, version, type, target, threshold_ms,
                                    window_minutes)
    VALUES ('app', 1, 'app-availability', 1, 'availability', '0.999', 0, 43200),
           ('app', 2, 'app-error-rate', 1, 'error_rate', '0.99', 0, 43200),
           ('app', 3, 'app-latency-p95', 1, 'latency', '0.95', 500, 43200),
           ('app', 4, 'app-availability', 2, 'availability', '0.9', 0, 43200);
    INSERT INTO probity.positions (service, file_id, "offset", watched_from, watched_until)
    VALUES ('app', {FILE}, 5000, now() - interval '1 day', now());
    -- The target changed at minute 29000100, of which each version counted a part.
    INSERT INTO probity.objective_minutes
    SELECT 'app', o, m, {FILE}, CASE WHEN m = 29000100 AND o IN (1, 4) THEN 5 ELSE 10 END, 1,
           CASE WHEN o = 3 THEN '\\x0107'::bytea END, 1000
    FROM unnest('{{1,2,3,4}}'::integer[]) AS o, generate_series(29000000, 29000199) AS m
    WHERE NOT (o = 1 AND m > 29000100) AND NOT (o = 4 AND m < 29000100);
    INSERT INTO probity.route_minutes
    SELECT 'app', r, m, {FILE}, 5, 1, 2, 50, 20, '\\x0107'::bytea, 1000
    FROM unnest('{{/a,/b}}'::text[]) AS r, generate_series(29000000, 29000199) AS m;
    INSERT INTO probity.route_bad_minutes
    SELECT 'app', o, '/a', m, {FILE}, 1, 1000
    FROM unnest('{{2,3}}'::integer[]) AS o, generate_series(29000000, 29000199) AS m"""


def sums_of(server, table, key):
    return server.sql(f"SELECT {key}, sum(total)::bigint, min(minute), max(minute) "
                      f"FROM probity.{table} GROUP BY 1 ORDER BY 1")


def test_an_upgrade_keeps_what_was_counted_and_so_does_the_way_back(empty):
    migrate(empty, "upgrade", "0001")
    empty.sql(COUNTED_0001)
    routes = sums_of(empty, "route_minutes", "route")
    migrate(empty, "upgrade")
    assert sums_of(empty, "indicator_minutes", "indicator_id") == [
        (1, 2000, 29000000, 29000199), (3, 2000, 29000000, 29000199)]
    assert empty.sql("SELECT sum(total)::bigint, sum(bad)::bigint FROM probity.indicator_quarters "
                     "WHERE indicator_id = 1") == [(2000, 201)]
    assert empty.sql("SELECT sum(total)::bigint FROM probity.indicator_days "
                     "WHERE indicator_id = 3") == [(2000,)]
    assert empty.sql("SELECT home, indicators FROM probity.positions") == [("app", [1, 3])]
    assert empty.sql("SELECT id, definition FROM probity.indicators ORDER BY id") == [
        (1, "total{} bad{status=500-599}"), (3, "total{status=100-499} bad{duration=500-}")]
    assert sums_of(empty, "route_minutes", "route") == routes
    migrate(empty, "downgrade", "0001")
    assert sums_of(empty, "objective_minutes", "objective_id") == [
        (id, 2000, 29000000, 29000199) for id in (2, 3, 4)]
    assert sums_of(empty, "route_minutes", "route") == routes
    assert empty.sql("SELECT count(*) FROM probity.route_bad_minutes WHERE objective_id = 3") \
        == [(200,)]
    migrate(empty, "upgrade")
    assert sums_of(empty, "indicator_minutes", "indicator_id") == [
        (1, 2000, 29000000, 29000199), (3, 2000, 29000000, 29000199)]
    assert schema_of(empty) == read(EXPECTED)


def test_what_maintenance_excluded_outlives_its_table(empty):
    migrate(empty, "upgrade")
    empty.sql("""
        INSERT INTO probity.maintenance (service, id, starts_at, ends_at, reason, author, ended_at)
        SELECT 'app', id, t + a * interval '1 s', t + b * interval '1 s', 'r', 'ada',
               t + c * interval '1 s'
        FROM date_trunc('minute', now()) AS t,
             (VALUES ('over', -330, -290, NULL), ('short', -3601, 3600, -3599),
                     ('goes-on', -1, 7200, NULL), ('to-come', 3600, 7200, NULL),
                     ('called-off', -60, 7200, -90)) AS v (id, a, b, c)""")
    minutes = ("SELECT id, from_minute - extract(epoch FROM date_trunc('minute', now()))::int / 60, "
               "until_minute - extract(epoch FROM date_trunc('minute', now()))::int / 60 "
               "FROM probity.{} ORDER BY id")
    excluded = [("goes-on", -1, 120), ("over", -6, -4), ("short", -61, -59), ("to-come", 60, 120)]
    assert empty.sql(minutes.format("excluded")) == excluded
    migrate(empty, "downgrade", "0002")
    kept = empty.sql(minutes.format("exclusions"))
    assert kept == [("goes-on", -1, 1), *excluded[1:3]] or kept == [("goes-on", -1, 0), *excluded[1:3]]
    migrate(empty, "upgrade")
    assert empty.sql(minutes.format("excluded")) == kept
