"""test_fleet.py - instances of different programs and roles over one ledger."""
# SPDX-License-Identifier: MIT
import os
import random
import re
import signal
import time

import pytest

from fleet import (ENV, INGEST_TOKEN, Instance, draw_events, latency_slo, ratio_slo, recount)
from process import REPOSITORY, wait_until
from servers import PgBouncer, run_tool
from test_alerts import WATCHED
from test_reload import SERVER_ERRORS, WRITES, slower, writes_slo

ADMIN = "a" * 40


class House:
    """A database with roles of its own, objectives in a file, and instances that are started."""

    def __init__(self, start):
        self.start, self.postgres, self.folder = start, start.postgres(), start.subfolder()
        os.makedirs(self.folder)
        self.draw, self.events = random.Random(3), []

    def role(self, name):
        self.postgres.superuser_sql(f"CREATE ROLE {name} LOGIN PASSWORD '{self.postgres.password}'")

    def env(self, objectives, name="slos.yaml", user="app"):
        path = os.path.join(self.folder, name)
        with open(path, "w", encoding="ascii") as file:
            file.write(objectives)
        return {**ENV, "DATABASE_URL": self.postgres.url(user), "PROBITY_OBJECTIVES": path,
                "PROBITY_INGEST_TOKEN": INGEST_TOKEN, "PROBITY_ADMIN_TOKEN": ADMIN}

    def instance(self, env, log=None):
        made = Instance(self.start.subfolder(), env, log)
        self.start.add(made.probityd)
        return made

    def write(self, instance, count=300, **how):
        drawn = draw_events(self.draw, time.time(), ["app"], count, **how)
        instance.write(drawn, self.draw)
        self.events += drawn


    def leave_alone(self, instance):
        """What nobody touches for a minute gets its history from whoever finds it."""
        self.postgres.sql("UPDATE probity.positions SET updated_at = now() - interval '61 seconds'")
        instance.probityd.signal(signal.SIGHUP)


@pytest.fixture
def house(start):
    made = House(start)
    yield made
    for part in start.started:
        part.stop()
        assert not getattr(part, "troubles", list)()


def firing(instance):
    """Which alerts of the objective fire, as the instance shows them."""
    return {alert["name"] for alert in instance.get("/slo/available")[1].get("alerts", [])
            if alert["state"] == "firing"}


def use_everything(house, one):
    """Counts, derives, keeps alerts, exclusions and overrides, and looks back."""
    house.write(one)
    one.wait_slo(recount(house.events, {"available": SERVER_ERRORS}))
    token = {"HTTP_AUTHORIZATION": f"Bearer {ADMIN}"}
    now = int(time.time())
    assert one.ask("/slo/available/exclusions", {"from": now - 7200, "to": now - 3600, "reason": "x"},
                   **token)[0] == 201
    assert one.ask("/slo/gate/override", {"slo": "available", "reason": "x", "minutes": 5},
                   **token)[0] in (200, 201)
    assert one.get("/slo/available/history?from=-1h")[0] == 200
    wait_until(lambda: house.postgres.superuser_sql("SELECT 1 FROM probity.alert_changes"), 10,
               "an alert that fires")
    one.post(draw_events(house.draw, time.time(), ["app"], 5), "k" * 16)
    wait_until(lambda: house.postgres.superuser_sql("SELECT 1 FROM probity.batches"), 10, "the batch")
    complaints = [line for line in one.probityd.log().splitlines() if "42501" in line
                  or "permission" in line or "could not be deleted" in line]
    assert not complaints, complaints[0]


def test_a_daemon_with_no_more_than_the_documented_grants_does_everything(house):
    with open(os.path.join(REPOSITORY, "docs", "ledger.md"), encoding="utf-8") as guide:
        text = guide.read()
    house.role("probity_owner")
    house.role("probity_daemon")
    house.postgres.superuser_sql(re.search(r"CREATE SCHEMA probity AUTHORIZATION[^;]+;", text).group())
    env = house.env(ratio_slo("available"), user="probity_owner")
    done = run_tool("migrate", "upgrade", env=env)
    assert done.returncode == 0, done.stdout + done.stderr
    for grant in re.findall(r"GRANT[^;]+ TO probity_daemon;", text):
        house.postgres.sql(grant, user="probity_owner")
    one = house.instance(house.env(ratio_slo("available"), user="probity_daemon"))
    use_everything(house, one)


def test_a_role_that_owns_the_schema_and_nothing_else_does_everything(house):
    house.role("probity_owner")
    house.postgres.superuser_sql("CREATE SCHEMA probity AUTHORIZATION probity_owner")
    env = house.env(ratio_slo("available"), user="probity_owner")
    done = run_tool("migrate", "upgrade", env=env)
    assert done.returncode == 0, done.stdout + done.stderr
    use_everything(house, house.instance(env))


def test_programs_that_count_different_things_take_over_each_others_files(house):
    """A rolling deployment: for a while both follow the same log, then only the new one."""
    old = house.env(ratio_slo("available") + latency_slo("fast", 250), "old.yaml")
    new = house.env(ratio_slo("available") + writes_slo() + latency_slo("slow", 251), "new.yaml")
    done = run_tool("migrate", "upgrade", env=old)
    assert done.returncode == 0, done.stdout + done.stderr
    first = house.instance(old)
    house.write(first)
    first.wait_slo(recount(house.events, {"available": SERVER_ERRORS, "fast": slower(250)}))
    second = house.instance(new, first.log)
    for number in range(30):
        house.write(first, 50, ages=(0, 30))
        time.sleep(0.05)
        if number == 15:
            first.rotate()
    first.probityd.stop()
    house.write(second)
    house.leave_alone(second)
    second.wait_slo(recount(house.events, {"available": SERVER_ERRORS, "writes": WRITES,
                                           "slow": slower(251)}))
    # And back, as when a deployment is taken back.
    second.probityd.stop()
    house.write(first)
    first.probityd.start()
    house.leave_alone(first)
    first.wait_slo(recount(house.events, {"available": SERVER_ERRORS, "fast": slower(250)}))


@pytest.mark.long
def test_alerts_and_overrides_after_a_failover_are_what_the_new_primary_and_the_log_say(house):
    standby_port = house.start.port()
    env = house.env(ratio_slo("available"))
    done = run_tool("migrate", "upgrade", env=env)
    assert done.returncode == 0, done.stdout + done.stderr
    house.postgres.sql(WATCHED)
    env["DATABASE_URL"] = (f"postgresql://app:{house.postgres.password}@127.0.0.1:"
                           f"{house.postgres.port},127.0.0.1:{standby_port}/app"
                           "?target_session_attrs=read-write")
    pair = [house.instance(env), house.instance(env)]
    waive = {"slo": "available", "minutes": 60}
    token = {"HTTP_AUTHORIZATION": f"Bearer {ADMIN}"}
    assert pair[0].ask("/slo/gate/override", {**waive, "reason": "kept"}, **token)[0] in (200, 201)
    standby = house.postgres.copy(house.start.subfolder(), standby_port)
    assert pair[0].ask("/slo/gate/override", {**waive, "reason": "lost"}, **token)[0] in (200, 201)
    house.write(pair[0], ages=(0, 1))
    wait_until(lambda: firing(pair[1]), 15, "the alert to fire")
    house.postgres.kill9()
    house.postgres = house.start.add(standby)
    # The commits that made it fire are gone; the log still says why it does.
    wait_until(lambda: standby.sql("SELECT 1 FROM probity.alerts WHERE state = 'firing'"), 30,
               "the alert in the new primary")
    for instance in pair:
        instance.wait_slo(recount(house.events, {"available": SERVER_ERRORS}))
        wait_until(lambda instance=instance: firing(instance), 15, "the alert in every instance")
    assert standby.sql("SELECT reason FROM probity.gate_overrides") == [("kept",)]
    assert "kept" in str(wait_until(lambda: pair[1].get("/slo/gate"), 5))
    assert standby.sql("SELECT count(*) FROM probity.leases WHERE name = 'alerts' "
                       "AND held_until > now()") == [(1,)]


@pytest.mark.long
def test_a_pooler_that_leads_to_another_server_makes_nobody_count_under_ids_of_the_old_one(house):
    bouncer = house.start.add(PgBouncer(house.start.subfolder(), house.postgres, pool_size=3))
    env = {**house.env(ratio_slo("available")), "DATABASE_URL": bouncer.url()}
    done = run_tool("migrate", "upgrade", env=env)
    assert done.returncode == 0, done.stdout + done.stderr
    one = house.instance(env)
    house.write(one)
    one.wait_slo(recount(house.events, {"available": SERVER_ERRORS}))
    standby = house.postgres.copy(house.start.subfolder(), house.start.port())
    # What is registered now is lost; no position is.
    house.env(ratio_slo("available") + writes_slo())
    one.probityd.signal(signal.SIGHUP)
    one.wait_slo(recount(house.events, {"available": SERVER_ERRORS, "writes": WRITES}))
    house.start.add(standby)
    bouncer.lead_to(standby)
    house.postgres.kill9()
    house.postgres = standby
    other = house.instance({**house.env(ratio_slo("available") + latency_slo("slow", 251), "other.yaml"),
                            "DATABASE_URL": bouncer.url()})
    for _ in range(3):
        house.write(one)
        house.write(other)
        time.sleep(0.2)
    for instance in (one, other):
        instance.wait_slo(recount(house.events, {"available": SERVER_ERRORS}))
    assert one.probityd.said("another server answers")
    other.probityd.stop()
    house.leave_alone(one)
    one.wait_slo(recount(house.events, {"available": SERVER_ERRORS, "writes": WRITES}))
    one.probityd.stop()
    other.probityd.start()
    house.leave_alone(other)
    other.wait_slo(recount(house.events, {"available": SERVER_ERRORS, "slow": slower(251)}))
    assert house.postgres.sql("SELECT count(*), count(DISTINCT id) FROM probity.indicators") == [(3, 3)]
