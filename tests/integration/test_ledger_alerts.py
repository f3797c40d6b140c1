"""Leases and alert states in the ledger: one writer at a time, and nothing written behind its back."""
# SPDX-License-Identifier: MIT
import json
import subprocess
from concurrent.futures import ThreadPoolExecutor

import pytest

from ledger_driver import probity
from servers import build_path
from test_ledger_pgbouncer import pooled  # noqa: F401 pylint: disable=unused-import

BUSY = -16
AT = 1770000000123


class Instance:
    """One instance of the fleet, as far as alerts are concerned."""

    def __init__(self, url, name, *services):
        self.child = subprocess.Popen([build_path("tests/integration/alerts_driver"), url, name,
                                       *(services or ["app"])],
                                      stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def do(self, *words):
        self.child.stdin.write(" ".join(str(word) for word in words) + "\n")
        self.child.stdin.flush()
        return json.loads(self.child.stdout.readline())

    def write(self, state, at=AT, changed=1, words="words"):
        return self.do("write", state, at, changed, words)["code"]

    def stop(self):
        self.child.stdin.close()
        self.child.stdout.close()
        assert self.child.wait(20) == 0


@pytest.fixture(scope="module")
def ledger(shared):
    postgres = shared.postgres()
    probity(postgres.url(), "migrate", "upgrade")
    return postgres


@pytest.fixture
def fleet(ledger):
    """fleet(NAME, SERVICE…) is another instance; fleet.postgres is what they share."""
    found = []

    def add(name, *services):
        found.append(Instance(ledger.url(), name, *services))
        return found[-1]
    add.postgres = ledger
    yield add
    for instance in found:
        instance.stop()
    ledger.sql("TRUNCATE probity.alerts, probity.alert_changes, probity.leases")


def run_out(fleet, service="app"):
    fleet.postgres.sql("UPDATE probity.leases SET held_until = now() - interval '1 second' "
                       "WHERE service = %s", [service])


def stored(fleet):
    return fleet.postgres.sql("SELECT service, state, summary FROM probity.alerts ORDER BY service")


def changes(fleet):
    return fleet.postgres.sql("SELECT state, instance FROM probity.alert_changes ORDER BY at, state")


def test_one_holds_the_lease_until_it_runs_out(fleet):
    first, second = fleet("first"), fleet("second")
    assert first.do("claim") == {"held": [True], "alerts": []}
    assert second.do("claim")["held"] == [False]
    assert first.do("claim")["held"] == [True]
    run_out(fleet)
    assert second.do("claim")["held"] == [True]
    assert first.do("claim")["held"] == [False]


def test_states_are_taken_over_as_they_were_written(fleet):
    first, second = fleet("first"), fleet("second")
    first.do("claim")
    assert first.write("firing", words="\"50 %\" of {1,2} \\ and 'ä€' NULL") == 0
    run_out(fleet)
    assert second.do("claim")["alerts"] == [["app", "firing", AT, AT - 1, 0,
                                             "\"50 %\" of {1,2} \\ and 'ä€' NULL"]]
    assert second.write("firing", changed=0, words="renewed") == 0
    assert second.write("inactive", AT + 5) == 0
    assert second.do("claim")["alerts"] == []
    assert changes(fleet) == [("firing", "first"), ("inactive", "second")]


def test_whoever_lost_the_lease_writes_nothing(fleet):
    first, second = fleet("first"), fleet("second")
    first.do("claim")
    assert first.write("firing") == 0
    run_out(fleet)
    # It has run out, but nobody has taken it: what was judged under it still counts.
    assert first.write("resolved", AT + 1) == 0
    second.do("claim")
    assert first.write("firing", AT + 2) == BUSY
    assert stored(fleet) == [("app", "resolved", "words")]
    assert len(changes(fleet)) == 2
    assert second.write("inactive", AT + 3) == 0


def test_states_of_several_services_are_written_all_or_not_at_all(fleet):
    both, one = fleet("both", "app", "web"), fleet("one", "web")
    one.do("claim")
    assert both.do("claim")["held"] == [True, False]
    assert both.write("firing") == BUSY
    assert stored(fleet) == []
    run_out(fleet, "web")
    assert both.do("claim")["held"] == [True, True]
    assert both.write("firing") == 0
    assert [row[0] for row in stored(fleet)] == ["app", "web"]


def test_of_many_that_claim_at_once_one_gets_each_service(fleet):
    services = ["a", "b", "c"]
    instances = [fleet(f"i{number}", *(services if number % 2 else services[::-1]))
                 for number in range(8)]
    for _ in range(5):
        with ThreadPoolExecutor(8) as pool:
            held = list(pool.map(lambda one: one.do("claim")["held"], instances))
        held = [row if number % 2 else row[::-1] for number, row in enumerate(held)]
        assert [sum(row[at] for row in held) for at in range(3)] == [1, 1, 1]
        fleet.postgres.sql("DELETE FROM probity.leases")


def test_a_transaction_pooler_may_stand_between(pooled):  # noqa: F811
    postgres, bouncer = pooled
    probity(postgres.url(), "migrate", "upgrade")
    first, second = (Instance(bouncer.url(), name) for name in ("first", "second"))
    assert first.do("claim")["held"] == [True]
    assert second.do("claim")["held"] == [False]
    assert first.write("firing") == 0 and second.write("firing") == BUSY
    assert second.do("claim")["alerts"][0][1] == "firing"
    first.stop()
    second.stop()


def test_without_the_tables_the_answer_is_words(fleet):
    first = fleet("first")
    fleet.postgres.sql("ALTER TABLE probity.leases RENAME TO elsewhere")
    assert "probity migrate upgrade" in first.do("claim")["error"]
    assert first.write("firing") < 0
    fleet.postgres.sql("ALTER TABLE probity.elsewhere RENAME TO leases")
    assert first.do("claim")["held"] == [True]
