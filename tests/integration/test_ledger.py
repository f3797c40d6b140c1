"""test_ledger.py - the ledger's writer against a real Postgres: every event counts exactly once."""
# SPDX-License-Identifier: MIT
import os
import re
import threading
import time

import psycopg2
import pytest

from ledger_driver import Driver, counted, expected, probity, route_totals, this_minute
from process import REPOSITORY


@pytest.fixture(scope="module")
def server(shared):
    return shared.postgres()


@pytest.fixture
def ledger(server):
    server.sql("DROP SCHEMA IF EXISTS probity CASCADE")
    probity(server.url(), "migrate", "upgrade")
    return server


def position(postgres, column="offset"):
    return postgres.sql(f'SELECT "{column}" FROM probity.positions')[0][0]


def test_counts_and_position_are_committed_together(ledger):
    base = this_minute()
    with Driver(ledger.url()) as driver:
        assert driver.do("ask", "a") == {"offset": 0, "known": 0, "committed": 0,
                                         "watched_until_ms": 0}
        answer = driver.do("flush", "a", 0, 1000, base)
        assert (answer["offset"], answer["committed"]) == (1000, 1)
        assert driver.do("flush", "a", 1000, 1050, base)["committed"] == 1
        assert driver.do("ask", "a")["offset"] == 1050
    assert counted(ledger) == expected(base, 1050)
    assert route_totals(ledger) == (1050, 105)
    assert position(ledger, "lines") == 1050


def test_a_flush_from_another_offset_is_dropped_and_told_where_to_go(ledger):
    base = this_minute()
    with Driver(ledger.url()) as driver:
        driver.do("flush", "a", 0, 500, base)
        for start in (0, 100, 499, 600):
            answer = driver.do("flush", "a", start, start + 50, base)
            assert (answer["offset"], answer["known"], answer["committed"]) == (500, 1, 0)
        assert driver.do("flush", "unknown", 7, 9, base) == {
            "offset": 0, "known": 0, "committed": 0, "watched_until_ms": 0}
        assert driver.do("counters")["rewinds"] == 5
    assert counted(ledger) == expected(base, 500)


def test_a_flush_without_events_moves_only_what_was_watched(ledger):
    base = this_minute()
    with Driver(ledger.url()) as driver:
        driver.do("flush", "a", 0, 100, base)
        before = ledger.sql("SELECT watched_until, updated_at FROM probity.positions")
        assert driver.do("flush", "a", 100, 100, base + 3)["committed"] == 1
        after = ledger.sql("SELECT watched_until, updated_at FROM probity.positions")
    assert (after[0][0] - before[0][0]).total_seconds() == 180 and after[0][1] > before[0][1]
    assert counted(ledger) == expected(base, 100)


def test_rivals_on_one_file_count_it_once(ledger):
    base = this_minute()
    with Driver(ledger.url()) as one, Driver(ledger.url()) as two:
        for driver in (one, two):
            driver.say("follow", "a", 6000, 70, base, 1)
        seeks = sum(driver.hear()["seeks"] for driver in (one, two))
    assert seeks > 0
    assert counted(ledger) == expected(base, 6000)
    assert route_totals(ledger) == (6000, 600)


def test_terminated_backends_lose_and_repeat_nothing(ledger):
    base = this_minute()
    stop = threading.Event()

    def terminate():
        link = psycopg2.connect(ledger.url("postgres"))
        link.autocommit = True
        while not stop.wait(0.013):
            link.cursor().execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                                  "WHERE usename = 'app'")
        link.close()

    killer = threading.Thread(target=terminate)
    with Driver(ledger.url()) as driver:
        killer.start()
        driver.say("follow", "a", 4000, 100, base, 5)
        time.sleep(5)
        stop.set()
        killer.join()
        driver.hear()
        failures = driver.do("counters")["failures"]
    assert failures > 0
    assert counted(ledger) == expected(base, 4000)
    assert route_totals(ledger) == (4000, 400)


def test_a_postgres_that_dies_in_the_middle_counts_every_event_once(start):
    postgres = start.postgres()
    probity(postgres.url(), "migrate", "upgrade")
    base = this_minute()
    with Driver(postgres.url()) as driver:
        driver.say("follow", "a", 20000, 100, base, 5)
        for _ in range(3):
            time.sleep(0.3)
            postgres.kill9()
            postgres.restart()
        assert driver.hear()["offset"] == 20000
        assert driver.do("counters")["failures"] > 0
    assert counted(postgres) == expected(base, 20000)
    assert route_totals(postgres) == (20000, 2000)


def test_a_hung_postgres_is_given_up_and_tried_again(start):
    postgres = start.postgres()
    probity(postgres.url(), "migrate", "upgrade")
    base = this_minute()
    with Driver(postgres.url()) as driver:
        driver.do("flush", "a", 0, 100, base)
        postgres.freeze_all()
        driver.say("hand", "a", 100, 200, base)
        driver.hear()
        driver.wait_trouble("does not answer in time", 12)
        postgres.sigcont()
        driver.wait_trouble("", 15)
        assert driver.do("follow", "a", 300, 50, base, 0)["offset"] == 300
    assert counted(postgres) == expected(base, 300)


def test_refused_rows_are_booked_as_rejected_and_stop_nothing(ledger):
    base = this_minute()
    ledger.sql("ALTER TABLE probity.route_minutes ADD CHECK (minute <> %s)", (base + 1,))
    with Driver(ledger.url()) as driver:
        assert driver.do("flush", "a", 0, 300, base)["committed"] == 1
        counters = driver.do("counters")
    assert counters["rejected_rows"] > 0 and counters["trouble"] == ""
    want = {key: sums for key, sums in expected(base, 300).items() if key[1] != base + 1}
    assert counted(ledger) == want
    assert (position(ledger), position(ledger, "rejected_lines")) == (300, 100)


def test_a_damaged_histogram_stops_nothing(ledger):
    base = this_minute()
    with Driver(ledger.url()) as driver:
        driver.do("flush", "a", 0, 50, base)
        ledger.sql("UPDATE probity.objective_minutes SET histogram = '\\x0badbad0' "
                   "WHERE histogram IS NOT NULL")
        assert driver.do("flush", "a", 50, 100, base)["committed"] == 1
    assert counted(ledger) == expected(base, 100)


def test_a_read_only_postgres_is_named_and_waited_for(ledger):
    base = this_minute()
    with Driver(ledger.url()) as driver:
        driver.do("flush", "a", 0, 100, base)
        ledger.superuser_sql("ALTER ROLE app SET default_transaction_read_only = on")
        try:
            ledger.superuser_sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                                 "WHERE usename = 'app'")
            driver.say("flush", "a", 100, 200, base)
            time.sleep(1)
        finally:
            ledger.superuser_sql("ALTER ROLE app RESET default_transaction_read_only")
        answer = driver.hear()
        assert answer["committed"] == 1
        assert driver.do("counters")["failures"] > 0
    assert counted(ledger) == expected(base, 200)


def test_trouble_names_a_read_only_postgres(ledger):
    with Driver(ledger.url()) as driver:
        driver.do("ask", "a")
        ledger.superuser_sql("ALTER ROLE app SET default_transaction_read_only = on")
        try:
            ledger.superuser_sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                                 "WHERE usename = 'app'")
            driver.say("hand", "a", 0, 100, this_minute())
            driver.hear()
            driver.wait_trouble("Postgres is read-only")
        finally:
            ledger.superuser_sql("ALTER ROLE app RESET default_transaction_read_only")
        driver.wait_trouble("")


def test_a_full_disk_is_named_and_waited_for(ledger):
    """Answered by a trigger: what the writer sees is the same code and the same aborted transaction."""
    base = this_minute()
    ledger.sql("CREATE FUNCTION probity.full() RETURNS trigger LANGUAGE plpgsql AS "
               "$$ BEGIN RAISE EXCEPTION 'could not extend file: No space left on device' "
               "USING ERRCODE = '53100'; END $$")
    ledger.sql("CREATE TRIGGER full_disk BEFORE INSERT ON probity.objective_minutes "
               "FOR EACH ROW EXECUTE FUNCTION probity.full()")
    with Driver(ledger.url()) as driver:
        driver.say("hand", "a", 0, 300, base)
        driver.hear()
        driver.wait_trouble("the disk of Postgres is full")
        assert ledger.sql("SELECT count(*) FROM probity.positions") == [(0,)]
        ledger.sql("DROP TRIGGER full_disk ON probity.objective_minutes")
        driver.wait_trouble("")
    assert counted(ledger) == expected(base, 300)


def test_a_missing_schema_is_named_and_heals_by_itself(server):
    server.sql("DROP SCHEMA IF EXISTS probity CASCADE")
    base = this_minute()
    with Driver(server.url()) as driver:
        driver.wait_trouble("the schema is missing: run probity migrate upgrade")
        error = driver.do("read", base)
        assert error["error"] == "ledger: the schema is missing: run probity migrate upgrade"
        driver.say("hand", "a", 0, 100, base)
        driver.hear()
        probity(server.url(), "migrate", "upgrade")
        driver.wait_trouble("")
        assert driver.do("read", base)["reload"] == 1
    assert counted(server) == expected(base, 100)


def test_a_schema_of_a_newer_program_is_left_alone_until_it_fits(ledger):
    base = this_minute()
    with Driver(ledger.url()) as driver:
        driver.do("flush", "a", 0, 100, base)
        ledger.sql("INSERT INTO probity.schema_migrations VALUES (9000, 'later', 'x', '99.0.0')")
        driver.say("hand", "a", 100, 200, base)
        driver.hear()
        driver.wait_trouble("the schema is newer than this program")
        assert "99.0.0" in driver.do("read", base)["error"]
        assert position(ledger) == 100
        ledger.sql("DELETE FROM probity.schema_migrations WHERE revision = 9000")
        driver.wait_trouble("")
    assert counted(ledger) == expected(base, 200)


def test_a_newer_schema_that_this_program_may_write_is_written(ledger):
    ledger.sql("INSERT INTO probity.schema_migrations VALUES (9000, 'later', 'x', '0.0.1')")
    with Driver(ledger.url()) as driver:
        assert driver.do("flush", "a", 0, 100, this_minute())["committed"] == 1


def test_stopping_commits_what_is_queued(ledger):
    base = this_minute()
    with Driver(ledger.url()) as driver:
        driver.do("ask", "a")
        for start in range(0, 500, 100):
            driver.do("hand", "a", start, start + 100, base)
        assert driver.do("stop")["took_ms"] < 3000
    assert counted(ledger) == expected(base, 500)


def test_stopping_waits_for_a_dead_ledger_three_seconds_at_most():
    with Driver("host=127.0.0.1 port=1 user=app") as driver:
        driver.do("hand", "a", 0, 100, this_minute())
        driver.wait_trouble("Postgres refuses connections")
        assert driver.do("stop")["took_ms"] < 3500


def test_services_share_a_schema_without_touching(ledger):
    base = this_minute()
    with Driver(ledger.url(), "app") as one, Driver(ledger.url(), "other") as two:
        one.do("flush", "a", 0, 300, base)
        two.do("flush", "a", 0, 100, base)
        assert one.do("read", base)["lines"] == 300
        assert two.do("read", base)["lines"] == 100
    assert counted(ledger, "app") == expected(base, 300)
    assert counted(ledger, "other") == expected(base, 100)


def test_minutes_beyond_retention_go_and_younger_ones_stay(ledger):
    base = this_minute()
    old = base - 36 * 1440
    with Driver(ledger.url()) as driver:
        driver.do("flush", "old", 0, 300, old)
        driver.do("flush", "new", 0, 300, base)
        until = time.monotonic() + 20
        while time.monotonic() < until and len(counted(ledger)) > len(expected(base, 300)):
            time.sleep(0.2)
    assert counted(ledger) == expected(base, 300)
    assert ledger.sql("SELECT count(*) FROM probity.positions") == [(1,)]
    assert ledger.sql("SELECT min(minute) >= %s FROM probity.route_bad_minutes", (base,)) == [(True,)]


def test_a_position_is_not_forgotten_before_its_minutes(ledger):
    base = this_minute()
    with Driver(ledger.url()) as driver:
        driver.do("flush", "a", 0, 300, base)
        driver.do("flush", "gone", 0, 100, base - 36 * 1440)
        ledger.sql("UPDATE probity.positions SET watched_until = 'epoch'")
        until = time.monotonic() + 20
        while time.monotonic() < until and len(counted(ledger)) > len(expected(base, 300)):
            time.sleep(0.2)
        assert driver.do("ask", "a")["offset"] == 300
        assert driver.do("ask", "gone")["known"] == 0


def test_the_grants_that_the_guide_lists_are_enough(ledger):
    base = this_minute()
    with open(os.path.join(REPOSITORY, "docs", "ledger.md"), encoding="utf-8") as guide:
        grants = re.findall(r"GRANT[^;]+ TO probity_daemon;", guide.read())
    assert len(grants) == 4
    ledger.superuser_sql(f"CREATE ROLE probity_daemon LOGIN PASSWORD '{ledger.password}'")
    try:
        for grant in grants:
            ledger.sql(grant)
        with Driver(ledger.url("probity_daemon")) as driver:
            driver.do("flush", "old", 0, 100, base - 36 * 1440)
            assert driver.do("flush", "a", 0, 300, base)["committed"] == 1
            assert driver.do("read", base)["count"] > 0
            driver.do("routes", base, base + 9)
            until = time.monotonic() + 20
            while time.monotonic() < until and len(counted(ledger)) > len(expected(base, 300)):
                time.sleep(0.2)
        assert counted(ledger) == expected(base, 300)
    finally:
        ledger.superuser_sql("DROP OWNED BY probity_daemon")
        ledger.superuser_sql("DROP ROLE probity_daemon")


def test_a_role_without_grants_is_told_so(ledger):
    ledger.superuser_sql(f"CREATE ROLE stranger LOGIN PASSWORD '{ledger.password}'")
    try:
        with Driver(ledger.url("stranger")) as driver:
            driver.wait_trouble("docs/ledger.md lists the GRANTs")
    finally:
        ledger.superuser_sql("DROP ROLE stranger")


def test_objectives_are_registered_once_by_instances_that_start_together(ledger):
    drivers = [Driver(ledger.url()) for _ in range(6)]
    for driver in drivers:
        with driver:
            driver.do("ask", "a")
    assert ledger.sql("SELECT id, name, version FROM probity.objectives ORDER BY id") == [
        (1, "app-availability", 1), (2, "app-error-rate", 1),
        (3, "app-latency-p95", 1), (4, "app-latency-p99", 1)]


def test_a_changed_definition_is_a_new_version_and_the_old_one_stays(ledger):
    with Driver(ledger.url()) as driver:
        driver.do("ask", "a")
    ledger.sql("UPDATE probity.objectives SET target = '0.5' WHERE id = 1")
    with Driver(ledger.url()) as driver:
        driver.do("flush", "a", 0, 100, this_minute())
    assert ledger.sql("SELECT id, version, target FROM probity.objectives "
                      "WHERE name = 'app-availability' ORDER BY id") == [(1, 1, "0.5"), (5, 2, "0.999")]
    assert ledger.sql("SELECT DISTINCT objective_id FROM probity.objective_minutes ORDER BY 1") == [
        (2,), (3,), (4,), (5,)]
