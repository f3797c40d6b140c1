"""test_ledger_reader.py - the feed of changes: complete, small, and summed over files."""
# SPDX-License-Identifier: MIT
import pytest

from ledger_driver import Driver, expected, probity, this_minute


@pytest.fixture(scope="module")
def server(shared):
    return shared.postgres()


@pytest.fixture
def ledger(server):
    server.sql("DROP SCHEMA IF EXISTS probity CASCADE")
    probity(server.url(), "migrate", "upgrade")
    return server


def minutes(answer):
    return {(row[0], row[1]): (row[2], row[3]) for row in answer["minutes"]}


def test_a_read_gives_what_changed_since_the_last_one(ledger):
    base = this_minute()
    with Driver(ledger.url()) as driver:
        driver.do("flush", "a", 0, 250, base)
        first = driver.do("read", base)
        assert first["reload"] == 1 and minutes(first) == expected(base, 250)
        assert driver.do("read", base)["count"] == 0
        driver.do("flush", "a", 250, 300, base)
        second = driver.do("read", base)
        assert second["reload"] == 0
        assert minutes(second) == {key: sums for key, sums in expected(base, 300).items()
                                   if key[1] == base + 2}


def test_a_changed_minute_is_summed_over_all_files(ledger):
    base = this_minute()
    with Driver(ledger.url()) as driver:
        driver.do("flush", "a", 0, 100, base)
        driver.do("read", base)
        driver.do("flush", "b", 0, 100, base)
        doubled = {key: (total * 2, bad * 2) for key, (total, bad) in expected(base, 100).items()}
        assert minutes(driver.do("read", base)) == doubled


def test_late_events_are_part_of_the_feed(ledger):
    base = this_minute()
    with Driver(ledger.url()) as driver:
        driver.do("flush", "a", 0, 100, base)
        driver.do("read", base)
        driver.do("flush", "a", 100, 200, base - 1440)
        changed = minutes(driver.do("read", base))
        assert {key[1] for key in changed} == {base - 1439}


@pytest.mark.parametrize("break_it", [
    "UPDATE probity.positions SET \"offset\" = 50",
    "DELETE FROM probity.positions",
])
def test_a_position_that_went_back_or_away_is_a_reload(ledger, break_it):
    base = this_minute()
    with Driver(ledger.url()) as driver:
        driver.do("flush", "a", 0, 100, base)
        driver.do("read", base)
        ledger.sql(break_it)
        assert driver.do("read", base)["reload"] == 1
        assert driver.do("read", base)["reload"] == 0


def test_a_reader_survives_a_lost_connection(ledger):
    base = this_minute()
    with Driver(ledger.url()) as driver:
        driver.do("flush", "a", 0, 100, base)
        driver.do("read", base)
        ledger.superuser_sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                             "WHERE usename = 'app'")
        assert "connection to Postgres was lost" in driver.do("read", base).get("error", "") \
            or "starting or stopping" in driver.do("read", base).get("error", "starting or stopping")
        driver.do("follow", "a", 200, 100, base, 0)
        answer = driver.do("read", base)
        assert "error" not in answer, answer


def test_coverage_is_the_union_of_what_was_watched(ledger):
    base = this_minute() - 100
    with Driver(ledger.url()) as driver:
        driver.do("flush", "a", 0, 1000, base)      # watched base .. base + 10 minutes
        driver.do("flush", "b", 0, 1000, base + 5)  # .. base + 15
        driver.do("flush", "c", 0, 1000, base + 30)
        answer = driver.do("read", base + 100)
    assert answer["measured_since_ms"] == base * 60000
    assert answer["watched_until_ms"] == (base + 40) * 60000
    assert answer["watched_ms"] == 25 * 60000
    assert answer["lines"] == 3000


def test_histograms_come_whole_and_then_only_what_changed(ledger):
    base = this_minute()
    with Driver(ledger.url()) as driver:
        driver.do("flush", "a", 0, 250, base)
        assert driver.do("histograms", base, base + 9, 1)["counts"] == [0, 0, 225, 225]
        assert driver.do("histograms", base, base + 9, 1)["elements"] == 0
        driver.do("flush", "a", 250, 300, base)
        driver.do("flush", "b", 200, 200, base)
        driver.do("flush", "b", 0, 300, base)
        changed = driver.do("histograms", base + 2, base + 9, 1)
        assert changed["elements"] == 4 and changed["counts"] == [0, 0, 180, 180]
        assert driver.do("histograms", base, base + 9, 0)["counts"] == [0, 0, 540, 540]


def test_routes_are_ordered_by_what_they_used_up(ledger):
    base = this_minute()
    with Driver(ledger.url()) as driver:
        driver.do("flush", "a", 0, 100, base)
        driver.do("flush", "a", 100, 120, base, "/worst")
        driver.do("flush", "a", 120, 150, base, "/worst")
        routes = [row for row in driver.do("routes", base, base + 9)["routes"] if row[0] == 0]
    assert sum(row[3] for row in routes) == 15
    assert [row[3] for row in routes] == sorted((row[3] for row in routes), reverse=True)
    assert all(row[3] <= row[2] for row in routes)


def test_a_month_of_minutes_is_read_within_its_deadline(ledger):
    """The time is generous: the point is that it is one pass, and a quiet read after it is small."""
    base = this_minute()
    with Driver(ledger.url()) as driver:
        driver.do("flush", "a", 0, 100, base)
        ledger.sql("INSERT INTO probity.objective_minutes SELECT 'app', o, m, p.file_id, 100, 1, NULL, 50 "
                   "FROM probity.positions p, generate_series(1, 4) o, "
                   f"generate_series({base - 43198}, {base - 1}) m")
        first = driver.do("read", base)
        assert first["count"] == 4 * 43199 and first["took_us"] < 8_000_000
        assert driver.do("read", base)["took_us"] < 500_000
