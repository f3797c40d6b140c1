"""test_ledger.py - the ledger's writer against a real Postgres: every event counts exactly once."""
# SPDX-License-Identifier: MIT
import os
import re
import threading
import time

import psycopg2
import pytest

from ledger_driver import (RECOUNT, Driver, counted, expected, newest, probity, rolled_up,
                           route_totals, this_minute)
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


def test_a_failover_that_lost_commits_counts_every_event_once(start):
    """The standby is a copy from before the last commits; the old primary never comes back."""
    primary = start.postgres()
    probity(primary.url(), "migrate", "upgrade")
    base = this_minute()
    hosts = f"127.0.0.1:{primary.port},127.0.0.1:{start.port()}"
    url = f"postgresql://app:{primary.password}@{hosts}/app?target_session_attrs=read-write"
    with Driver(url) as driver:
        driver.do("follow", "a", 3000, 100, base, 0)
    primary.stop()
    standby = start.postgres(template=primary.data, port=int(hosts.rsplit(":", 1)[1]))
    standby.stop()
    primary.start()
    with Driver(url) as driver:
        assert driver.do("follow", "a", 5000, 100, base, 0)["offset"] == 5000
        primary.kill9()
        standby.start()
        answer = driver.do("flush", "a", 5000, 5100, base)
        assert (answer["offset"], answer["committed"]) == (3000, 0)
        assert driver.do("follow", "a", 6000, 100, base, 0)["offset"] == 6000
        assert driver.do("counters")["rewinds"] == 1
    assert counted(standby) == expected(base, 6000)
    assert route_totals(standby) == (6000, 600)


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
        ledger.sql("UPDATE probity.indicator_minutes SET histogram = '\\x0badbad0' "
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
    ledger.sql("CREATE TRIGGER full_disk BEFORE INSERT ON probity.indicator_minutes "
               "FOR EACH ROW EXECUTE FUNCTION probity.full()")
    with Driver(ledger.url()) as driver:
        driver.say("hand", "a", 0, 300, base)
        driver.hear()
        driver.wait_trouble("the disk of Postgres is full")
        assert ledger.sql("SELECT count(*) FROM probity.positions") == [(0,)]
        ledger.sql("DROP TRIGGER full_disk ON probity.indicator_minutes")
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


def wait_counted(ledger, rows):
    """Retention comes for the first time after ten seconds."""
    until = time.monotonic() + 20
    while time.monotonic() < until and len(counted(ledger)) > rows:
        time.sleep(0.2)


def test_minutes_beyond_retention_go_and_positions_not_before_their_minutes(ledger):
    base = this_minute()
    old = base - 90 * 1440  # four weeks of quarter hours go whole
    with Driver(ledger.url()) as driver:
        driver.do("flush", "old", 0, 300, old)
        driver.do("flush", "new", 0, 300, base)
        ledger.sql("UPDATE probity.positions SET watched_until = 'epoch'")
        wait_counted(ledger, len(expected(base, 300)))
        until = time.monotonic() + 5
        while time.monotonic() < until and driver.do("ask", "old")["known"]:
            time.sleep(0.1)
        assert driver.do("ask", "new")["offset"] == 300
        assert driver.do("ask", "old")["known"] == 0
    assert counted(ledger) == expected(base, 300)
    assert ledger.sql("SELECT count(*) FROM probity.positions") == [(1,)]
    assert ledger.sql("SELECT min(minute) >= %s FROM probity.route_bad_minutes", (base,)) == [(True,)]


def test_the_grants_that_the_guide_lists_are_enough(ledger):
    base = this_minute()
    with open(os.path.join(REPOSITORY, "docs", "ledger.md"), encoding="utf-8") as guide:
        grants = re.findall(r"GRANT[^;]+ TO probity_daemon;", guide.read())
    assert len(grants) == 8
    ledger.superuser_sql(f"CREATE ROLE probity_daemon LOGIN PASSWORD '{ledger.password}'")
    try:
        for grant in grants:
            ledger.sql(grant)
        with Driver(ledger.url("probity_daemon")) as driver:
            driver.do("flush", "old", 0, 100, base - 90 * 1440)
            assert driver.do("flush", "a", 0, 300, base)["committed"] == 1
            assert newest(driver.do("read", base)) == expected(base, 300)
            driver.do("routes", base, base + 9)
            wait_counted(ledger, len(expected(base, 300)))
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


def test_a_changed_definition_is_a_new_version_over_the_same_counts(ledger):
    with Driver(ledger.url()) as driver:
        driver.do("ask", "a")
    ledger.sql("UPDATE probity.objectives SET target = '0.5' WHERE id = 1")
    with Driver(ledger.url()) as driver:
        driver.do("flush", "a", 0, 100, this_minute())
    assert ledger.sql("SELECT id, version, target, indicator_id FROM probity.objectives "
                      "WHERE name = 'app-availability' ORDER BY id") == [
        (1, 1, "0.5", 1), (5, 2, "0.999", 1)]
    assert ledger.sql("SELECT DISTINCT indicator_id FROM probity.indicator_minutes ORDER BY 1") == [
        (1,), (2,), (3,)]


def test_a_retired_definition_that_comes_back_is_a_new_version(ledger):
    with Driver(ledger.url()) as driver:
        driver.do("ask", "a")
    ledger.sql("UPDATE probity.objectives SET retired_at = now() WHERE id = 1")
    with Driver(ledger.url()) as driver:
        driver.do("ask", "a")
    assert ledger.sql("SELECT id, version FROM probity.objectives "
                      "WHERE name = 'app-availability' ORDER BY id") == [(1, 1), (5, 2)]


def test_applied_objectives_are_not_joined_by_built_in_ones(ledger):
    ledger.sql("INSERT INTO probity.indicators (service, id, definition) VALUES ('app', 1, 'x')")
    ledger.sql("INSERT INTO probity.objectives (service, id, name, version, type, target, "
               "window_minutes, indicator_id, origin, document) VALUES "
               "('app', 1, 'mine', 1, 'custom', '0.9', 1440, 1, 'applied', '{}')")
    with Driver(ledger.url()) as driver:
        counters = driver.wait_trouble("other objectives have been applied to the ledger")
        assert counters["definitions_changed"] == 1
        assert ledger.sql("SELECT name FROM probity.objectives") == [("mine",)]
        ledger.sql("UPDATE probity.objectives SET retired_at = now()")
        assert driver.wait_trouble("")["definitions_changed"] == 0


def test_minutes_are_summed_by_quarter_hour_day_and_slice(ledger):
    base = this_minute() - 3000
    with Driver(ledger.url(), catalogue="more") as driver:
        driver.do("follow", "a", 30000, 777, base, 0)
        driver.do("follow", "b", 9000, 1000, base, 0)
    assert rolled_up(ledger) == []
    assert ledger.sql("SELECT sum(total)::bigint, sum(bad)::bigint, count(*) > 60, "
                      "bool_and(slice % 5 = 0) FROM probity.slices") == [(39000, 3900, True, True)]
    assert ledger.sql("SELECT sum(total)::bigint FROM probity.indicator_days d JOIN "
                      "probity.indicators i USING (service) WHERE i.id = d.indicator_id "
                      "AND i.definition = 'total{} bad{status=500-599}'") == [(39000,)]


def test_two_services_in_one_file_are_counted_apart_and_move_together(ledger):
    base = this_minute()
    app, other = [], []
    for k in range(4000):
        (other if k // 10 % 2 else app).append(k)
    with Driver(ledger.url(), catalogue="two") as driver:
        driver.do("follow", "a", 4000, 130, base, 0)
        rows = ledger.sql('SELECT service, home, "offset", lines, late_events, indicators '
                          "FROM probity.positions ORDER BY service")
        # Nobody but the home service's row decides: a copy that is wrong changes nothing.
        ledger.sql("""UPDATE probity.positions SET "offset" = 7 WHERE service = 'other'""")
        assert driver.do("flush", "a", 4000, 4000, base)["committed"] == 1
    assert rows == [("app", "app", 4000, 4000, 0, [1, 2, 3]),
                    ("other", "app", 4000, 2000, 0, [1, 2, 3])]
    assert counted(ledger, "app") == expected(base, 0, events=app)
    assert counted(ledger, "other") == expected(base, 0, events=other)
    assert ledger.sql("""SELECT DISTINCT "offset" FROM probity.positions""") == [(4000,)]
    assert rolled_up(ledger, "app") == rolled_up(ledger, "other") == []


def test_late_events_are_counted(ledger):
    base = this_minute() - 60
    with Driver(ledger.url()) as driver:
        driver.do("flush", "a", 0, 600, base)  # watched until base + 6: its first minute is on time
        assert position(ledger, "late_events") == 0
        driver.do("flush", "a", 600, 1000, base)  # until base + 10
        assert position(ledger, "late_events") == 0
        driver.do("flush", "a", 1000, 3000, base)  # minutes base + 10 to + 29, until base + 30
        assert position(ledger, "late_events") == 1400


def test_methods_and_statuses_are_kept(ledger):
    base = this_minute()
    with Driver(ledger.url()) as driver:
        driver.do("follow", "a", 3000, 100, base, 0)
    assert ledger.sql("SELECT method, sum(total)::bigint FROM probity.route_minutes GROUP BY 1 "
                      "ORDER BY 1") == [("GET", 2400), ("POST", 600)]
    assert ledger.sql("SELECT bool_and(statuses IS NOT NULL) FROM probity.route_minutes") == [(True,)]


def test_every_key_begins_with_the_service_so_that_tables_can_be_distributed_by_it(ledger):
    first = "SELECT c.relname, x.indisunique, a.attname FROM pg_index x " \
        "JOIN pg_class c ON c.oid = x.indrelid JOIN pg_namespace n ON n.oid = c.relnamespace " \
        "JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = x.indkey[0] " \
        "WHERE n.nspname = 'probity' AND NOT c.relispartition"
    unique = {(table, column) for table, is_unique, column in ledger.sql(first) if is_unique}
    assert {table for table, column in unique if column != "service"} == {"schema_migrations"}
    others = {(table, column) for table, is_unique, column in ledger.sql(first) if not is_unique}
    assert {column for _, column in others} <= {"service", "day", "slice", "created_at"}  # of ages
    assert not ledger.sql("SELECT conname FROM pg_constraint o JOIN pg_namespace n "
                          "ON n.oid = o.connamespace WHERE nspname = 'probity' AND contype = 'f'")


def test_stored_histograms_are_fetched_by_the_primary_key_of_tables_never_analyzed(start):
    postgres = start.postgres(settings={"autovacuum": "off"})
    probity(postgres.url(), "migrate", "upgrade")
    base = this_minute()
    with Driver(postgres.url()) as driver:
        for turn in range(10):
            driver.do("flush", "a", turn * 100, turn * 100 + 100, base - turn % 2)
    used = {}
    for name, scans in postgres.superuser_sql(
            "SELECT regexp_replace(indexrelname, '_p[0-9]+', ''), idx_scan "
            "FROM pg_stat_user_indexes"):
        used[name] = used.get(name, 0) + scans
    assert used["route_minutes_pkey"] > 0 and used["indicator_minutes_pkey"] > 0
    assert used["route_minutes_service_file_id_minute_idx"] == 0
    assert used["indicator_minutes_service_file_id_stamp_idx"] == 0


# --- partitions ---

def weeks(ledger, table="indicator_minutes"):
    return [row[0] for row in ledger.sql(
        "SELECT tablename FROM pg_tables WHERE schemaname = 'probity' AND tablename ~ %s "
        "ORDER BY 1", (f"^{table}_p[0-9]+$",))]


def test_partitions_are_made_once_by_writers_that_need_them_together(ledger):
    base = this_minute()
    drivers = [Driver(ledger.url()) for _ in range(4)]
    for number, driver in enumerate(drivers):
        driver.say("follow", f"f{number}", 1000, 100, base - 21 * 1440, 0)
    for driver in drivers:
        with driver:
            assert driver.hear()["offset"] == 1000
            assert driver.do("counters")["rejected_rows"] == 0
    old = (base - 21 * 1440) // 10080
    assert weeks(ledger).count(f"indicator_minutes_p{old}") == 1
    assert route_totals(ledger) == (4000, 400)


def test_whoever_waits_for_another_to_make_a_partition_finds_it_made(ledger):
    base = this_minute() - 14 * 1440
    first = psycopg2.connect(ledger.url())
    made = []
    first.cursor().execute("SELECT probity.make_partitions(%s, %s)", (base, base))
    second = threading.Thread(target=lambda: made.append(ledger.sql(
        "SELECT probity.make_partitions(%s, %s)", (base, base))[0][0]))
    second.start()
    waiting = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
    while ledger.sql(waiting) != [(1,)]:
        time.sleep(0.01)
    first.commit()
    second.join()
    first.close()
    assert made == [0]


def test_partitions_that_can_not_be_made_are_waited_for_and_no_row_is_refused(ledger):
    base = this_minute() - 21 * 1440
    link = psycopg2.connect(ledger.url())
    with Driver(ledger.url()) as driver:
        driver.do("ask", "a")
        link.cursor().execute("LOCK TABLE probity.route_minutes IN SHARE UPDATE EXCLUSIVE MODE")
        driver.say("hand", "a", 0, 300, base)
        driver.hear()
        driver.wait_trouble("a lock was not free in time")
        link.rollback()
        driver.wait_trouble("")
        assert driver.do("ask", "a")["offset"] == 300
        assert driver.do("counters")["rejected_rows"] == 0
    link.close()
    assert counted(ledger) == expected(base, 300)
    assert position(ledger, "rejected_lines") == 0


def test_a_partition_that_has_gone_is_made_again(ledger):
    base = this_minute()
    with Driver(ledger.url()) as driver:
        driver.do("flush", "a", 0, 100, base)
        for table in ("indicator_minutes", "route_minutes", "route_bad_minutes"):
            ledger.sql(f"DROP TABLE probity.{table}_p{base // 10080}")
        assert driver.do("flush", "a", 100, 200, base)["committed"] == 1
        assert driver.do("counters")["rejected_rows"] == 0
    assert sum(row[0] for row in route_totals_of(ledger)) == 100


def route_totals_of(ledger):
    return ledger.sql("SELECT total::bigint FROM probity.route_minutes")


def test_whole_weeks_go_with_the_longest_window_and_the_next_one_is_ready_early(ledger):
    base = this_minute()
    old, kept = base - 80 * 1440, base - 60 * 1440
    with Driver(ledger.url()) as driver:
        driver.do("ask", "a")
        # Another service's window of 60 days keeps its minutes, and everybody's of these weeks.
        ledger.sql("INSERT INTO probity.objectives (service, id, name, version, type, target, "
                   "window_minutes, indicator_id) VALUES ('far', 1, 'x', 1, 'custom', '0.9', "
                   "86400, 1)")
        driver.do("flush", "old", 0, 300, old)
        driver.do("flush", "kept", 0, 300, kept)
        until = time.monotonic() + 20
        gone = f"indicator_minutes_p{old // 10080}"
        while time.monotonic() < until and gone in weeks(ledger):
            time.sleep(0.2)
    assert gone not in weeks(ledger)
    assert f"indicator_minutes_p{kept // 10080}" in weeks(ledger)
    assert f"route_minutes_p{(base + 2 * 1440) // 10080}" in weeks(ledger, "route_minutes")
    assert counted(ledger) == expected(kept, 300)
    assert ledger.sql("SELECT count(DISTINCT day) > 1 FROM probity.indicator_days") == [(True,)]


# --- history of new indicators ---

def wait_derived(ledger, files, service="app", timeout=30):
    until = time.monotonic() + timeout
    count = "SELECT count(*) FROM probity.positions p WHERE service = %s AND " \
            "(SELECT count(*) FROM probity.indicators i WHERE i.service = p.service) " \
            "= cardinality(p.indicators) AND cardinality(p.slices) = 1"
    while time.monotonic() < until and ledger.sql(count, (service,)) != [(files,)]:
        time.sleep(0.2)
    assert ledger.sql(count, (service,)) == [(files,)]


STATUS_ONLY = [text for text in RECOUNT if "duration=1003-" not in text]


def test_a_new_indicator_gets_its_history(ledger):
    base = this_minute() - 3000
    with Driver(ledger.url()) as driver:
        driver.do("follow", "a", 30000, 1000, base, 0)
        driver.do("follow", "idle", 5000, 1000, base - 1440, 0)
    ledger.sql("UPDATE probity.positions SET updated_at = now() - interval '1 hour', instance = '' "
               "WHERE path LIKE '%%idle'")
    with Driver(ledger.url(), catalogue="more") as driver:
        # Counting goes on while the history is derived.
        driver.say("follow", "a", 60000, 100, base, 2)
        driver.hear()
        wait_derived(ledger, 2)
        driver.do("follow", "a", 61000, 100, base, 0)
    want = expected(base, 61000, STATUS_ONLY)
    for key, (total, bad) in expected(base - 1440, 5000, STATUS_ONLY).items():
        before = want.get(key, (0, 0))
        want[key] = (before[0] + total, before[1] + bad)
    assert counted(ledger, definitions=STATUS_ONLY) == want
    assert rolled_up(ledger) == []
    assert ledger.sql("SELECT definition FROM probity.indicators WHERE derived_from IS NOT NULL") \
        == [("total{status=100-499} bad{duration=1003-}",)]
    # Durations: never fewer bad events than the truth, and those of one bucket more at most.
    slow = "total{status=100-499} bad{duration=1003-}"
    truth = sum(bad for _, bad in expected(base, 30000, [slow]).values())
    derived = ledger.sql("SELECT sum(bad)::bigint FROM probity.indicator_minutes m "
                         "JOIN probity.indicators i USING (service) WHERE i.id = m.indicator_id "
                         "AND definition = %s AND minute >= %s AND minute < %s",
                         (slow, base, base + 300))[0][0]
    assert truth < derived <= truth * 1.008


def test_a_history_that_is_interrupted_is_taken_up_again_at_once(ledger):
    base = this_minute()
    with Driver(ledger.url()) as driver:
        driver.do("flush", "a", 0, 100, base - 7 * 1440)
        driver.do("flush", "a", 100, 200, base)
    with Driver(ledger.url(), catalogue="more") as driver:
        driver.do("ask", "a")
        time.sleep(0.3)
        driver.do("flush", "b", 7, 9, base)  # of no file that there is: the ids may be others now
        wait_derived(ledger, 1, timeout=20)


def test_an_indicator_that_is_no_longer_counted_is_derived_when_it_comes_back(ledger):
    base = this_minute() - 1000
    with Driver(ledger.url(), catalogue="more") as driver:
        driver.do("follow", "a", 2000, 500, base, 0)
    with Driver(ledger.url()) as driver:
        driver.do("follow", "a", 4000, 500, base, 0)
        assert ledger.sql("SELECT indicators, slices FROM probity.positions") == [([1, 2, 3], [])]
    with Driver(ledger.url(), catalogue="more") as driver:
        driver.do("follow", "a", 6000, 500, base, 0)
        wait_derived(ledger, 1)
        driver.do("follow", "a", 7000, 500, base, 0)
    assert counted(ledger, definitions=STATUS_ONLY) == expected(base, 7000, STATUS_ONLY)
    assert rolled_up(ledger) == []
