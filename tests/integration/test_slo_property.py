"""Random events over random instances, with everything between killed: /slo equals a recount, to the event."""
# SPDX-License-Identifier: MIT
import shutil
import time

import pytest

from fleet import ACTIONS, Fleet

needs_pgbouncer = pytest.mark.skipif(
    shutil.which("pgbouncer", path="/usr/sbin:/usr/bin") is None,
    reason="Debian's pgbouncer is not installed")


@pytest.mark.parametrize("seed", [1, *(pytest.param(seed, marks=pytest.mark.long)
                                       for seed in range(2, 6))])
def test_slo_equals_a_recount_whatever_is_killed(start, seed):
    fleet = Fleet(start, seed).begin()
    fleet.act(8 if seed == 1 else 40, ACTIONS)
    fleet.settle()
    fleet.assert_agrees()


@needs_pgbouncer
@pytest.mark.long
@pytest.mark.parametrize("seed", [1, 2])
def test_slo_equals_a_recount_through_a_pooler_that_is_killed_too(start, seed):
    fleet = Fleet(start, seed).begin_pooled()
    fleet.act(6 if seed == 1 else 40, {**ACTIONS, Fleet.kill_bouncer: 1})
    fleet.settle()
    fleet.assert_agrees()
    # What is asked of the ledger while the caller waits, and what only one instance does.
    for instance in fleet.instances:
        status, history = instance.get("/slo/all-available/history?from=-4d&step=1h")
        assert status == 200 and sum(point["total"] for point in history["points"]) > 100
    leases = fleet.postgres.sql("SELECT service, count(*) FROM probity.leases WHERE name = 'alerts' "
                                "AND held_until > now() GROUP BY 1")
    assert leases and all(count == 1 for _, count in leases)
    assert "all-available" in fleet.tool("slo", "list")


@pytest.mark.long
@pytest.mark.parametrize("seed", range(1, 5))
def test_slo_equals_a_recount_after_a_failover_that_lost_commits(start, seed):
    fleet = Fleet(start, seed).begin_with_standby()
    fleet.act(2 if seed == 1 else 20, ACTIONS)
    fleet.copy_primary()
    fleet.act(3 if seed == 1 else 20, {action: weight for action, weight in ACTIONS.items()
                                       if action is not Fleet.reload})
    fleet.fail_over()
    time.sleep(1)
    fleet.act(1 if seed == 1 else 20, ACTIONS)
    fleet.settle()
    fleet.assert_agrees()
