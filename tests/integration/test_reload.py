"""test_reload.py - objectives that change under running instances: nothing is lost, nothing twice."""
# SPDX-License-Identifier: MIT
import os
import random
import signal
import time

import pytest

from fleet import (ENV, INGEST_TOKEN, Asker, Instance, draw_events, latency_slo, ratio_slo, recount)
from process import wait_until
from servers import run_tool

SERVER_ERRORS = ("app", lambda e: True, lambda e: e["status"] >= 500)
WRITES = ("app", lambda e: e["method"] in ("POST", "DELETE"),
          lambda e: e["status"] == 429 or e["status"] >= 500)


def slower(ms):
    return ("app", lambda e: e["status"] < 500, lambda e: e["ms"] >= ms)


def writes_slo(**changes):
    return ratio_slo("writes", bad="{method: [POST, DELETE], status: ['429', 5xx]}",
                     total="{method: [POST, DELETE]}", **changes)


class Place:
    """A ledger, one instance, and the file of its objectives."""

    def __init__(self, start, text=None):
        self.stack = start.stack(redis=False, app=None, start=False, env=ENV)
        self.stack.start(probityd=False)
        self.path = os.path.join(self.stack.folder, "slos.yaml")
        self.env = {**self.stack.probityd.env, "PROBITY_INGEST_TOKEN": INGEST_TOKEN}
        if text is not None:
            self.env["PROBITY_OBJECTIVES"] = self.path
            self.define(text)
        self.start, self.draw, self.events = start, random.Random(7), []
        self.one = self.instance()

    def instance(self):
        made = Instance(self.start.subfolder(), self.env)
        self.start.add(made.probityd)
        return made

    def define(self, text):
        with open(self.path, "w", encoding="ascii") as file:
            file.write(text)

    def hang_up(self, text=None):
        if text is not None:
            self.define(text)
        self.one.probityd.signal(signal.SIGHUP)

    def write(self, count=200, instance=None, **how):
        drawn = draw_events(self.draw, time.time(), ["app"], count, **how)
        (instance or self.one).write(drawn, self.draw)
        self.events += drawn

    def wait_loaded(self, times):
        wait_until(lambda: len(self.one.probityd.said("objectives loaded")) >= times, 10,
                   "the objectives to be loaded")

    def apply(self, text):
        self.define(text)
        return run_tool("slo", "apply", self.path, env=self.env)

    def in_force(self, name):
        rows = self.stack.postgres.sql(
            "SELECT version, indicator_id FROM probity.objectives WHERE name = %s "
            "ORDER BY version", (name,))
        return rows


@pytest.fixture
def make(start):
    places = []

    def make(text=None):
        places.append(Place(start, text))
        return places[-1]
    yield make
    for place in places:
        place.one.probityd.stop()
        assert not place.one.probityd.troubles()


def test_objectives_that_change_while_lines_come_in_lose_and_repeat_nothing(make):
    place = make(ratio_slo("available") + latency_slo("fast", 250))
    wait_until(lambda: place.one.get("/slo")[0] == 200, 10, "/slo to answer")
    asker = Asker(place.one)
    texts = [ratio_slo("available", target="0.9") + latency_slo("fast", 301) + writes_slo(),
             ratio_slo("available") + writes_slo(target="0.5"),
             ratio_slo("available") + latency_slo("fast", 301) + writes_slo()]
    for number, text in enumerate(texts):
        for part in range(12):
            place.write(100)
            if part == 6:
                place.hang_up(text)
            time.sleep(0.05)
        place.wait_loaded(number + 1)
    place.write(100)
    place.one.wait_slo(recount(place.events, {"available": SERVER_ERRORS, "writes": WRITES}))
    assert list(asker.stop()) == [200], asker.odd[0]
    # Versions say what was promised when; the counts are the same ones.
    assert [row[0] for row in place.in_force("available")] == [1, 2]
    assert len({row[1] for row in place.in_force("available")}) == 1


def test_history_that_is_derived_is_exact_by_status_and_never_better_by_duration(make):
    place = make(ratio_slo("available"))
    place.write(3000)
    place.one.wait_slo(recount(place.events, {"available": SERVER_ERRORS}))
    place.hang_up(ratio_slo("available") + writes_slo() + latency_slo("fast", 301)
                  + latency_slo("edge", 300))
    place.one.wait_slo(recount(place.events, {"available": SERVER_ERRORS, "writes": WRITES,
                                              "edge": slower(300)}))
    truth, bound = (recount(place.events, {"fast": slower(ms)})["fast"] for ms in (301, 301 * 0.992))
    total, bad = place.one.slo()["fast"]
    assert total == truth[0] and truth[1] < bad <= bound[1]
    # What is within 0.8 % only says so, with the time that it concerns; what is exact does not.
    wait_until(lambda: "derived" in place.one.get("/slo/fast")[1], 10, "the mark")
    derived = place.one.get("/slo/fast")[1]["derived"]
    assert list(derived) == ["from", "to", "within_ratio"] and derived["within_ratio"] == 0.008
    assert "derived" not in place.one.get("/slo/writes")[1]
    assert "derived" not in place.one.get("/slo/edge")[1]
    # What is logged from now on is exact.
    before = len(place.events)
    place.write(500)
    more = recount(place.events[before:], {"fast": slower(301)})["fast"]
    place.one.wait_slo({"fast": [total + more[0], bad + more[1]]})


def test_objectives_that_are_applied_are_taken_up_by_running_instances(make):
    place = make()
    wait_until(lambda: "app-availability" in place.one.slo(), 10, "the built-in ones")
    asker = Asker(place.one)
    place.write(1000)
    assert place.apply(ratio_slo("available") + writes_slo()).returncode == 0
    wanted = {"available": SERVER_ERRORS, "writes": WRITES}
    place.one.wait_slo(recount(place.events, wanted))
    assert place.apply(ratio_slo("available", target="0.5")
                       + ratio_slo("writes", bad="{status: 429}")).returncode == 0
    place.hang_up()
    wanted["writes"] = ("app", lambda e: True, lambda e: e["status"] == 429)
    place.write(500)
    place.one.wait_slo(recount(place.events, wanted))
    assert [slo["objective"] for slo in place.one.get("/slo")[1]["slos"]] == [0.5, 0.99]
    assert list(asker.stop()) == [200], asker.odd[0]
    versions = place.in_force("available")
    assert [row[0] for row in versions] == [1, 2] and versions[0][1] == versions[1][1]
    versions = place.in_force("writes")
    assert [row[0] for row in versions] == [1, 2] and versions[0][1] != versions[1][1]


# A row of a file that an instance that is gone had counted by route alone.
LEFT_BEHIND = """INSERT INTO probity.{table} SELECT (jsonb_populate_record(t, jsonb_build_object(
    'file_id', '\\x{file}', 'instance', 'gone', 'indicators', '[]'::jsonb,
    'updated_at', now() - interval '61 seconds'))).* FROM probity.{table} AS t"""


def test_a_signal_that_changes_nothing_finds_what_others_left_behind(make):
    place = make(ratio_slo("available"))
    place.write(300)
    counted = recount(place.events, {"available": SERVER_ERRORS})
    place.one.wait_slo(counted)
    for table in ("route_minutes", "positions"):
        place.stack.postgres.sql(LEFT_BEHIND.format(table=table, file="0" * 32))
    place.hang_up()
    place.one.wait_slo({"available": [2 * number for number in counted["available"]]})
    assert place.one.probityd.said("objectives and logs are the same as before")
    assert not place.one.probityd.said("objectives loaded")


def test_a_bad_file_at_the_start_closes_slo_alone_until_it_is_mended(make):
    place = make(ratio_slo("available", target="1.5"))
    place.write(300)
    status, body = wait_until(lambda: next((a for a in [place.one.get("/slo")] if a[0] == 503), None),
                              10, "/slo to say why")
    assert "slos.yaml" in body["error"]["message"] and "target" in body["error"]["message"]
    wait_until(lambda: place.one.get("/health/ready")[0] == 200, 10, "readiness")
    assert place.one.get("/health")[0] == 200
    assert place.one.get("/slo/gate")[1]["decision"] == "unknown"
    place.hang_up()  # as bad as before: nothing changes
    time.sleep(0.5)
    assert place.one.get("/slo")[0] == 503
    place.hang_up(ratio_slo("available"))
    place.one.wait_slo(recount(place.events, {"available": SERVER_ERRORS}))


def test_a_bad_file_at_a_reload_leaves_the_old_objectives_in_force(make):
    place = make(ratio_slo("available"))
    place.write(300)
    place.one.wait_slo(recount(place.events, {"available": SERVER_ERRORS}))
    for text in ("not: [yaml", ratio_slo("available", target="1.5"), ""):
        place.hang_up(text)
        said = "the objectives stay as they were"
        wait_until(lambda: place.one.probityd.said(said), 10, "the log to say why")
        place.write(200)
        place.one.wait_slo(recount(place.events, {"available": SERVER_ERRORS}))
    os.unlink(place.path)
    place.hang_up()
    wait_until(lambda: len(place.one.probityd.said(said)) == 4, 10, "the log to say why")
    place.write(200)
    place.one.wait_slo(recount(place.events, {"available": SERVER_ERRORS}))
    place.hang_up(writes_slo())
    place.one.wait_slo(recount(place.events, {"writes": WRITES}))
    assert list(place.one.slo()) == ["writes"]


def test_a_reload_while_the_ledger_is_away_loses_nothing(make):
    place = make(ratio_slo("available"))
    place.write(300)
    place.one.wait_slo(recount(place.events, {"available": SERVER_ERRORS}))
    place.stack.postgres.kill9()
    place.write(300)
    place.hang_up(ratio_slo("available") + writes_slo())
    place.wait_loaded(1)
    assert place.one.get("/slo")[0] == 200  # the figures of before, which grow older
    key = "k" * 16
    posted = draw_events(place.draw, time.time(), ["app"], 50)
    assert place.one.post(posted, key) == 202
    place.write(300)
    place.stack.postgres.start()
    place.events += posted
    place.one.wait_slo(recount(place.events, {"available": SERVER_ERRORS, "writes": WRITES}))
    assert place.one.post(posted, key) == 202
    time.sleep(1)
    place.one.wait_slo(recount(place.events, {"available": SERVER_ERRORS, "writes": WRITES}))
