"""test_ledger_reader.py - windows that hold what the ledger says: complete, small, and over all files."""
# SPDX-License-Identifier: MIT
import pytest

from ledger_driver import (BUILT_IN, Driver, expected, held, newest, probity, quarters_of,
                           this_minute, track)

ERRORS = BUILT_IN[0]


@pytest.fixture(scope="module")
def server(shared):
    return shared.postgres()


@pytest.fixture
def ledger(server):
    server.sql("DROP SCHEMA IF EXISTS probity CASCADE")
    probity(server.url(), "migrate", "upgrade")
    return server


def test_a_read_brings_what_changed_since_the_last_one(ledger):
    base = this_minute()
    with Driver(ledger.url()) as driver:
        driver.do("flush", "a", 0, 250, base)
        first = driver.do("read", base + 2)
        assert first["reload"] == 1 and newest(first) == expected(base, 250)
        driver.do("flush", "a", 250, 300, base)
        second = driver.do("read", base + 2)
        assert second["reload"] == 0 and newest(second) == expected(base, 300)
        assert held(second) == quarters_of(expected(base, 300))
        assert track(second, ERRORS)["spans"]["5"] == [300, 30]


def test_a_changed_minute_is_summed_over_all_files(ledger):
    base = this_minute()
    with Driver(ledger.url()) as driver:
        driver.do("flush", "a", 0, 100, base)
        driver.do("read", base)
        driver.do("flush", "b", 0, 100, base)
        doubled = {key: (total * 2, bad * 2) for key, (total, bad) in expected(base, 100).items()}
        answer = driver.do("read", base)
        assert newest(answer) == doubled and held(answer) == quarters_of(doubled)
    with Driver(ledger.url()) as driver:  # and when it is read whole
        assert newest(driver.do("read", base)) == doubled


def test_late_events_reach_quarter_hours_of_which_no_minutes_are_held(ledger):
    base = this_minute()
    late = base - 5 * 1440
    with Driver(ledger.url()) as driver:
        driver.do("flush", "a", 0, 100, late)
        driver.do("flush", "a", 100, 200, base)
        before = track(driver.do("read", base + 2), ERRORS)
        assert before["spans"]["43200"] == [200, 20]
        driver.do("flush", "a", 200, 300, late - 1)  # a minute behind the first one
        after = track(driver.do("read", base + 2), ERRORS)
        assert after["spans"]["43200"] == [300, 30]
        assert after["spans"]["4320"] == before["spans"]["4320"] == [100, 10]


def test_the_edge_of_a_long_window_is_held_by_minutes(ledger):
    base = this_minute() - 1440
    with Driver(ledger.url()) as driver:
        driver.do("flush", "a", 0, 3000, base)  # half an hour
        for later in range(1436, 1475):
            answer = track(driver.do("read", base + later), ERRORS)
            left = max(0, min(30, 29 - (later - 1440)))  # minutes of it within the newest day
            assert answer["spans"]["1440"] == [left * 100, left * 10], later
            assert answer["spans"]["43200"] == [3000, 300]


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
        # What was committed after it is lost with it.
        ledger.sql("DELETE FROM probity.indicator_minutes")
        ledger.sql("DELETE FROM probity.indicator_quarters")
        answer = driver.do("read", base)
        assert answer["reload"] == 1 and newest(answer) == {} and held(answer) == {}
        assert driver.do("read", base)["reload"] == 0


def test_what_a_file_begins_to_count_is_read_although_its_position_stays(ledger):
    """A new indicator is derived for files that nobody writes any more."""
    base = this_minute() - 3000
    with Driver(ledger.url()) as driver:
        driver.do("flush", "a", 0, 100, base)
        driver.do("read", base + 3000)
        ledger.sql("INSERT INTO probity.indicator_quarters SELECT service, indicator_id, quarter - 9, "
                   "file_id, 7, 1, stamp FROM probity.indicator_quarters")
        assert len(track(driver.do("read", base + 3000), ERRORS)["quarters"]) == 1
        ledger.sql("UPDATE probity.positions SET indicators = indicators || 99")
        answer = driver.do("read", base + 3000)
        assert [row[1:] for row in track(answer, ERRORS)["quarters"]] == [[7, 1], [100, 10]]
        assert answer["reload"] == 0
        # One goes and another comes between two reads: as many as before, but others.
        ledger.sql("UPDATE probity.indicator_quarters SET total = 8 WHERE total = 7")
        ledger.sql("UPDATE probity.positions SET indicators = array_replace(indicators, 99, 98)")
        answer = driver.do("read", base + 3000)
        assert [row[1:] for row in track(answer, ERRORS)["quarters"]] == [[8, 1], [100, 10]]


def test_two_services_are_read_side_by_side(ledger):
    base = this_minute()
    with Driver(ledger.url(), "app", "two") as driver:
        driver.do("flush", "a", 0, 300, base)
        driver.do("read", base + 2)
        driver.do("flush", "a", 300, 400, base)
        answer = driver.do("read", base + 3)
    of_other = [k for k in range(400) if k // 10 % 2 == 1]
    of_app = [k for k in range(400) if k // 10 % 2 == 0]
    assert newest(answer, "app") == expected(base, 400, events=of_app)
    assert newest(answer, "other") == expected(base, 400, events=of_other)


def test_a_load_in_steps_misses_nothing_that_is_written_between_them(ledger):
    base = this_minute()
    with Driver(ledger.url(), "app", "more") as driver:
        driver.do("flush", "a", 0, 200, base)
        driver.do("read", base + 2)
    with Driver(ledger.url(), "app", "more") as driver:
        driver.do("flush", "a", 200, 250, base)
        assert driver.do("read", base + 2, "step")["reload"] == 1
        driver.do("flush", "a", 250, 300, base)
        answer = driver.do("read", base + 2, "step")
    definitions = {row["definition"] for row in answer["tracks"] if row["slice_minutes"] == 0}
    assert newest(answer) == {key: sums for key, sums in expected(
        base, 300, [name for name in definitions]).items()}


def slices_of(answer):
    """Which minutes are held as such depends on the way: what they sum up to does not."""
    return [(row["definition"], row["slice_minutes"], row["quarters"], row["spans"])
            for row in answer["tracks"] if row["slice_minutes"]]


def test_slices_are_kept_by_what_they_come_to(ledger):
    base = this_minute() // 60 * 60 - 120
    with Driver(ledger.url(), "app", "more") as driver:
        driver.do("flush", "a", 0, 3000, base)
        first = slices_of(driver.do("read", base + 90))
        driver.do("flush", "b", 0, 3000, base)
        second = slices_of(driver.do("read", base + 90))
    assert first
    with Driver(ledger.url(), "app", "more") as driver:
        again = slices_of(driver.do("read", base + 90))
    # Twice the events of the same kind change no slice, whether changed or loaded.
    assert second == first == again
    assert all(0 < sum(total for _, total, _ in quarters) for _, _, quarters, _ in first)


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
        assert newest(answer) == expected(base, 200)


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
    none, *timed = BUILT_IN
    with Driver(ledger.url()) as driver:
        driver.do("flush", "a", 0, 250, base)
        driver.do("read", base)
        first = driver.do("histograms", base, base + 9, 1)["counts"]
        assert first == {none: 0, **{name: 225 for name in timed}}
        assert driver.do("histograms", base, base + 9, 1)["elements"] == 0
        driver.do("flush", "a", 250, 300, base)
        driver.do("flush", "b", 0, 300, base)
        changed = driver.do("histograms", base + 2, base + 9, 1)
        assert changed["elements"] == 4
        assert changed["counts"] == {none: 0, **{name: 180 for name in timed}}
        whole = driver.do("histograms", base, base + 9, 0)["counts"]
        assert whole == {none: 0, **{name: 540 for name in timed}}


def test_routes_are_ordered_by_what_they_used_up(ledger):
    base = this_minute()
    with Driver(ledger.url()) as driver:
        driver.do("flush", "a", 0, 100, base)
        driver.do("flush", "a", 100, 120, base, "/worst")
        driver.do("flush", "a", 120, 150, base, "/worst")
        driver.do("read", base)
        rows = driver.do("routes", base, base + 9)["routes"]
    routes = [row for row in rows if row[0] == ERRORS]
    assert sum(row[3] for row in routes) == 15
    assert [row[3] for row in routes] == sorted((row[3] for row in routes), reverse=True)
    assert all(row[3] <= row[2] for row in rows)


def test_a_month_is_read_in_one_pass_and_a_quiet_read_is_small(ledger):
    base = this_minute()
    with Driver(ledger.url()) as driver:
        driver.do("flush", "a", 0, 100, base)
        ledger.sql(f"SELECT probity.make_partitions({base - 43200}, {base})")
        ledger.sql("INSERT INTO probity.indicator_quarters SELECT 'app', o, q, p.file_id, 1500, 15, 50 "
                   "FROM probity.positions p, generate_series(1, 3) o, "
                   f"generate_series({base} / 15 - 2880, {base} / 15 - 1) q")
        first = driver.do("read", base)
        # The window begins within a quarter hour, except at the last minute of one.
        whole = base % 15 == 14
        assert len(track(first, ERRORS)["quarters"]) == (2880 if whole else 2881)
        assert first["took_us"] < 5_000_000
        assert driver.do("read", base)["took_us"] < 500_000
