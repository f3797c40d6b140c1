"""verdict_recount.py - what /slo must say of a log, said once more with fractions and a calendar.

It knows the documents and nothing of probityd's code.
"""
# SPDX-License-Identifier: MIT
from datetime import datetime, timedelta
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal, localcontext
from fractions import Fraction
from zoneinfo import ZoneInfo

SPANS = {"5m": 5, "30m": 30, "1h": 60, "2h": 120, "6h": 360, "1d": 1440, "3d": 4320}
LONGEST = {"d": 25 * 60}  # of the calendar windows that may be shorter than a span


def printed(value, rounding):
    """A fraction as JSON shows it: six decimals, to one side."""
    with localcontext() as context:
        context.prec = 60
        scaled = value * 10**6
        whole = scaled.numerator // scaled.denominator
        if rounding == ROUND_CEILING and scaled != whole:
            whole += 1
        return float(Decimal(whole).scaleb(-6))


def down(value):
    return printed(value, ROUND_FLOOR)


def up(value):
    return printed(value, ROUND_CEILING)


def minute_of(text):
    return int(datetime.fromisoformat(text).timestamp()) // 60


def calendar_start(unit, zone, now_minute):
    """The minute in which the current day, week, month, quarter or year of a zone began."""
    local = datetime.fromtimestamp(now_minute * 60, ZoneInfo(zone)).replace(
        hour=0, minute=0, second=0, tzinfo=None)
    if unit == "w":
        local -= timedelta(days=local.weekday())
    elif unit != "d":
        months = {"M": 1, "Q": 3, "Y": 12}[unit]
        local = local.replace(day=1, month=(local.month - 1) // months * months + 1)
    return int(local.replace(tzinfo=ZoneInfo(zone)).timestamp()) // 60


class Promise:
    """An objective, as far as its figures are concerned.

    window: minutes, or (unit, zone).  method: None, ("Timeslices", minutes, target) or
    ("RatioTimeslices", minutes).
    """

    def __init__(self, name, target, window, total, bad, method=None, unwatched="ignore"):
        self.name, self.target, self.window = name, Fraction(target), window
        self.total, self.bad, self.method, self.unwatched = total, bad, method, unwatched

    def begins(self, now_minute):
        if isinstance(self.window, int):
            return now_minute + 1 - self.window
        return calendar_start(*self.window, now_minute)


def by_minute(promise, events):
    """{minute: [total, bad]}"""
    found = {}
    for event in events:
        if event["status"] in (101, 499) or not promise.total(event):
            continue
        sums = found.setdefault(int(event["time"] // 60), [0, 0])
        sums[0] += 1
        sums[1] += promise.bad(event)
    return found


def sum_minutes(minutes, begin, end, excluded):
    total = bad = 0
    for minute, sums in minutes.items():
        if begin <= minute < end and not any(a <= minute < b for a, b in excluded):
            total, bad = total + sums[0], bad + sums[1]
    return Fraction(total), Fraction(bad)


def sum_slices(promise, minutes, begin, end, since, excluded):
    """Slices that begin within; those without events are good, as somebody watched all the time."""
    length = promise.method[1]
    slices = {}
    for minute, sums in minutes.items():
        of = slices.setdefault(minute - minute % length, [0, 0])
        of[0], of[1] = of[0] + sums[0], of[1] + sums[1]
    total = bad = Fraction(0)
    for start in range(begin + -begin % length, end, length):
        if any(a <= start < b for a, b in excluded):
            continue
        sums = slices.get(start)
        if sums is None and start < since:
            continue
        total += 1
        if sums is None:
            continue
        share = Fraction(sums[1], sums[0])
        if promise.method[0] == "Timeslices":
            bad += 1 - share < Fraction(promise.method[2])
        else:
            bad += Fraction(-((-share * 10**9) // 1), 10**9)
    return total, bad


def sums_of(promise, minutes, begin, end, since, excluded):
    if promise.method is None:
        return sum_minutes(minutes, begin, end, excluded)
    return sum_slices(promise, minutes, begin, end, since, excluded)


def status_of(target, total, bad):
    allowed = (1 - target) * total
    if total == 0:
        return "no_data"
    if allowed < 10 and -(-bad // 1) < 10:  # parts of slices are rounded to the worse side
        return "insufficient_data"
    if bad >= allowed:
        return "breached"
    return "at_risk" if (1 - bad / allowed) < Fraction(1, 5) else "met"


def figures(promise, events, as_of, measured_since, excluded=()):
    """What /slo/NAME must say; without what the alerts add."""
    now = minute_of(as_of)
    since = -(-int(datetime.fromisoformat(measured_since).timestamp() * 1000) // 60000)
    minutes = {minute: sums for minute, sums in by_minute(promise, events).items()}

    def sums(begin, end, without=excluded):
        return sums_of(promise, minutes, begin, end, since, without)
    # No burn rate looks further back than the longest that the window can become.
    longest = LONGEST.get(promise.window[0], 4320) if isinstance(promise.window, tuple) \
        else promise.window
    total, bad = sums(promise.begins(now), now + 1)
    slack = 1 - promise.target
    consumed = bad / (slack * total) if total else Fraction(0)
    burn = {}
    for name, span in SPANS.items():
        part = sums(now + 1 - min(span, longest), now + 1)
        burn[name] = up(part[1] / (slack * part[0])) if part[0] else 0.0
    return {
        "total_events": float(total), "bad_events": up(bad),
        "sli": down((total - bad) / total) if total else None,
        "error_budget": {"allowed_bad_events": down(slack * total), "consumed_ratio": up(consumed),
                         "remaining_ratio": down(1 - consumed)},
        "burn_rate": burn,
        "status": status_of(promise.target, total, bad),
    }


def shown(page):
    """The same part of what /slo/NAME said."""
    budget = page["error_budget"]
    return {"total_events": page["total_events"], "bad_events": page["bad_events"],
            "sli": page["sli"],
            "error_budget": {name: budget[name] for name in
                             ("allowed_bad_events", "consumed_ratio", "remaining_ratio")},
            "burn_rate": page["burn_rate"], "status": page["status"]}

