"""GET /slo/{name}/history: counts and budgets over time equal a recount, and asking has bounds."""
# SPDX-License-Identifier: MIT
import calendar
import datetime
import random
import time
import zoneinfo
from fractions import Fraction

import pytest

from lane_ledger import NAME, Counts, Front, fresh, now_minute, promise, watched

DAYS = 4


@pytest.fixture(scope="module")
def server(shared):
    return shared.postgres()


@pytest.fixture(scope="module")
def front(shared, server):
    return shared.add(Front(shared.subfolder(), server.url()))


@pytest.fixture(scope="module")
def counts(server):
    fresh(server)
    now = now_minute()
    counts = Counts(20261121, now - DAYS * 1440, now)
    counts.book(server)
    watched(server, now - DAYS * 1440)
    promise(server, window=1440)
    return counts


@pytest.fixture(autouse=True)
def nothing_excluded(server, counts):
    yield
    server.sql("DELETE FROM probity.exclusions")


def minute_of(text):
    return calendar.timegm(time.strptime(text[:19], "%Y-%m-%dT%H:%M:%S")) // 60


def floor6(value):
    return (value * 10**6).__floor__() / 10**6


def remaining(total, bad, target):
    return floor6(1 - (Fraction(bad, total) / (1 - Fraction(target)) if total else 0))


def history(front, query, status=200):
    """The answer, and as its "minute" the one in which it was given: asked again where that turned."""
    minute = None
    while minute != now_minute():
        minute = now_minute()
        answer = front.ask(f"/slo/{NAME}/history?{query}")
    assert answer[0] == status, answer
    return {**answer[1], "minute": minute}


def check(counts, answer, window, target="0.999", excluded=()):
    """Every point of the answer against the recount; returns how many there were."""
    now = answer["minute"]
    step = answer["step_seconds"] // 60
    expected = minute_of(answer["from"])
    for point in answer["points"]:
        minute = minute_of(point["t"])
        assert minute == expected and minute % step == 0
        expected += step
        total, bad = counts.sum(minute, minute + step, excluded)
        assert (point["total"], point["bad"]) == (total, bad), point
        assert point["sli"] == (floor6(1 - Fraction(bad, total)) if total else None)
        out = sum(any(a <= m < b for a, b in excluded) for m in range(minute, minute + step))
        assert point.get("excluded_minutes", 0) == out
        begins = min(minute + step, now + 1) - window
        if point["budget_remaining_ratio"] is not None and begins >= now - 3 * 1440:
            assert point["budget_remaining_ratio"] \
                == remaining(*counts.sum(begins, minute + step, excluded), target), point
    assert expected == minute_of(answer["to"])
    return len(answer["points"])


@pytest.mark.parametrize("query, points", [
    ("from=-2h&step=1m", (120, 122)),
    ("from=-6h&step=5m", (72, 74)),
    ("from=-7h&step=7m", (60, 62)),
    ("from=-1d&step=15m", (96, 98)),
    ("from=-2d&to=-1d&step=15m", (96, 98)),
    ("from=-3d&step=1h", (72, 74)),
    ("from=-3d&step=1d", (3, 5)),
    ("", (288, 300)),
])
def test_counts_and_budgets_equal_a_recount(front, counts, query, points):
    answer = history(front, query)
    assert points[0] <= check(counts, answer, 1440) <= points[1]
    assert all(p["budget_remaining_ratio"] is not None for p in answer["points"]), answer["notes"]
    assert answer["slo"] == NAME and answer["service"] == "app"
    assert [version["objective"] for version in answer["versions"]] == [0.999]


@pytest.mark.parametrize("window", [60, 61, 97, 720, 1441, 2000])
def test_windows_of_any_length_end_with_their_step(front, server, counts, window):
    server.sql("UPDATE probity.objectives SET window_minutes = %s", (window,))
    try:
        for query in ("from=-90m&step=1m", "from=-1d&step=15m", "from=-2d&step=6h"):
            check(counts, history(front, query), window)
    finally:
        server.sql("UPDATE probity.objectives SET window_minutes = 1440")


def test_excluded_minutes_are_marked_and_left_out(front, server, counts):
    now = now_minute()
    excluded = [(now - 200, now - 100), (now - 1000, now - 983), (now - 110, now - 95),
                (now - 3000, now - 2995), (now - 29, now - 28)]
    for i, (first, last) in enumerate(excluded):
        server.sql("INSERT INTO probity.exclusions (service, id, objective, from_minute, "
                   "until_minute, reason, author) VALUES ('app', %s, %s, %s, %s, 'x', 'y')",
                   (str(i), NAME if i % 2 else "", first, last))
    server.sql("INSERT INTO probity.exclusions (service, id, objective, from_minute, until_minute, "
               "reason, author, withdrawn_at) VALUES ('app', 'w', '', %s, %s, 'x', 'y', now())",
               (now - 80, now - 40))
    for query in ("from=-5h&step=1m", "from=-1d&step=15m", "from=-3d&step=1h", "from=-3d&step=1d"):
        answer = history(front, query)
        check(counts, answer, 1440, excluded=excluded)
        assert any("excluded_minutes" in point for point in answer["points"])


def test_each_point_is_held_against_the_version_that_was_in_force(front, server, counts):
    promise(server, target="0.95", version=2, age="12 hours")
    try:
        answer = history(front, "from=-1d&step=1h")
        targets = {version["version"]: version["objective"] for version in answer["versions"]}
        assert targets == {1: 0.999, 2: 0.95}
        since = minute_of(answer["versions"][1]["effective_from"])
        for point in answer["points"]:
            minute = minute_of(point["t"])
            begins = min(minute + 60, answer["minute"] + 1) - 1440
            target = "0.95" if minute + 60 > since else "0.999"
            assert point["budget_remaining_ratio"] \
                == remaining(*counts.sum(begins, minute + 60), target), point
    finally:
        server.sql("DELETE FROM probity.objectives WHERE version = 2")


@pytest.fixture
def weekly(start, server, counts):
    """The same objective over the calendar's weeks, in Berlin."""
    server.sql("UPDATE probity.objectives SET calendar = true, window_minutes = 10140")
    yield start.add(Front(start.subfolder(), server.url(), zone="Europe/Berlin"))
    server.sql("UPDATE probity.objectives SET calendar = false, window_minutes = 1440")


def test_a_window_of_the_calendar_begins_with_its_period(weekly, counts):
    zone = zoneinfo.ZoneInfo("Europe/Berlin")
    for query in ("from=-2d&step=15m", "from=-4d&step=1h", "from=-3d&step=1d", "from=-3h&step=1m"):
        answer = history(weekly, query)
        for point in answer["points"]:
            end = min(minute_of(point["t"]) + answer["step_seconds"] // 60, answer["minute"] + 1)
            day = datetime.datetime.fromtimestamp(end * 60 - 1, zone).replace(
                hour=0, minute=0, second=0, microsecond=0)
            monday = day - datetime.timedelta(days=day.weekday())
            since = int(monday.timestamp()) // 60
            assert point["budget_remaining_ratio"] == remaining(*counts.sum(since, end), "0.999")


def test_time_without_events_is_a_gap_and_not_a_hundred_percent(front, counts):
    answer = history(front, "from=-20d&to=-19d&step=1h")
    assert all(point["total"] == 0 and point["sli"] is None for point in answer["points"])


def varint(number):
    out = b""
    while number > 127:
        out, number = out + bytes([number & 127 | 128]), number >> 7
    return out + bytes([number])


def encoded(values):
    """A histogram of milliseconds below 256, each of which has a bucket of its own."""
    out, following = bytes([1, 7]), 0
    for value in sorted(set(values)):
        out += varint(value - following) + varint(values.count(value))
        following = value + 1
    return out


def test_percentiles_are_those_of_all_events_of_a_step(front, server, counts):
    promise(server, target="0.95", kind="latency", name="app-latency-p95")
    now = now_minute()
    chance = random.Random(7)
    durations = {}
    for minute in range(now - 200, now - 20):
        for file in (1, 2):
            if (minute, file) in counts.rows:
                durations[minute, file] = [chance.randint(0, 255) for _ in range(20)]
    server.sql("UPDATE probity.indicator_minutes AS m SET histogram = given.histogram "
               "FROM unnest(%s::bytea[], %s::int[], %s::bytea[]) AS given (histogram, minute, file) "
               "WHERE m.minute = given.minute AND m.file_id = given.file",
               ([encoded(values) for values in durations.values()],
                [minute for minute, _ in durations], [b"%016d" % file for _, file in durations]))
    server.sql("INSERT INTO probity.exclusions (service, id, objective, from_minute, until_minute, "
               "reason, author) VALUES ('app', 'p', '', %s, %s, 'x', 'y')", (now - 100, now - 90))
    status, answer, _ = front.ask("/slo/app-latency-p95/history?from=-4h&step=15m")
    assert status == 200
    for point in answer["points"]:
        minute = minute_of(point["t"])
        values = sorted(value for at in range(minute, minute + 15) for file in (1, 2)
                        if not now - 100 <= at < now - 90
                        for value in durations.get((at, file), []))
        want = values[-(-len(values) * 95 // 100) - 1] if values else None
        assert point["p95_ms"] == want, point
    status, answer, _ = front.ask("/slo/app-latency-p95/history?from=-8d&step=1h")
    assert status == 200 and "at most 7 days" in answer["notes"][-1]
    assert all(point["p95_ms"] is None for point in answer["points"])
    assert all(point["p95_ms"] is None for point in history(front, "from=-4h&step=15m")["points"])


@pytest.mark.parametrize("query, words", [
    ("from=-30d&step=1m", "step=1h would fit"),
    ("from=-2001m&to=now&step=1m", "step=5m would fit"),
    ("from=0&step=1d", "ask for a shorter time"),
    ("from=yesterday", "from is no time"),
    ("to=2026-11-21T12:00:00+01:00", "%2B"),
    ("from=-1h&to=-2h", "not before"),
    ("from=%2B1h", "not before"),
    ("step=30s", "whole minutes"),
    ("step=90s", "whole minutes"),
    ("step=x", "whole minutes"),
    ("stepp=5m", "unknown parameter"),
    ("from=-1h&from=-2h", "twice"),
])
def test_what_makes_no_sense_is_refused_in_words(front, counts, query, words):
    answer = history(front, query, 400)
    assert answer["error"]["code"] == "bad_request" and words in answer["error"]["message"]


def test_an_unknown_objective_is_not_found(front, counts):
    assert front.ask("/slo/nothing/history")[0] == 404


def test_an_objective_that_the_ledger_does_not_know_yet_says_so(front, counts):
    status, answer, headers = front.ask("/slo/app-error-rate/history")
    assert status == 503 and "does not know this objective yet" in answer["error"]["message"]
    assert headers["Retry-After"] == "5"


def test_what_retention_has_taken_is_not_made_up(front, server, counts):
    now = now_minute()
    server.sql("UPDATE probity.positions SET watched_from = now() - interval '400 days'")
    try:
        answer = history(front, "from=-50d&to=-49d&step=1h", 400)
        assert "whole days reach further back" in answer["error"]["message"]
        answer = history(front, "from=-50d&to=-49d&step=5m", 400)
        assert "multiples of 15m" in answer["error"]["message"]
        assert history(front, "from=-60d&step=1d")["points"]
        server.sql("UPDATE probity.objectives SET window_minutes = 43200")
        answer = history(front, "from=-20d&step=6h")
        early = [p for p in answer["points"] if p["budget_remaining_ratio"] is None]
        assert early and len(early) < len(answer["points"])
        assert "is not kept that long" in answer["notes"][0]
        check(counts, answer, 43200)
    finally:
        server.sql("UPDATE probity.objectives SET window_minutes = 1440")
        server.sql("UPDATE probity.positions SET watched_from = to_timestamp(%s)",
                   ((now - DAYS * 1440) * 60,))
