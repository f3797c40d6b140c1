"""scripts/rollout in short: one rollout and one bad version with each driver, and the platform's haste."""
# SPDX-License-Identifier: MIT
import os

import pytest

from rollout_play import play

pytestmark = pytest.mark.long


def test_railway_switches_without_a_failed_request_and_never_to_a_crash_loop(folder, postgres_template):
    assert play("railway", folder, bad=["crash"], template=postgres_template) == []


@pytest.mark.skipif(os.geteuid() != 0, reason="namespaces are root's to make")
def test_kubernetes_rolls_without_a_failed_request_and_never_to_a_refused_migration(
        folder, postgres_template):
    assert play("kubelet", folder, bad=["grant"], template=postgres_template) == []


def test_who_is_killed_at_once_loses_what_was_not_committed_with_its_disk_and_nothing_else(
        folder, postgres_template):
    assert play("railway", folder, rollouts=2, template=postgres_template, draining=0,
                overlap=0) == []


def test_who_is_killed_at_once_loses_nothing_where_the_disk_stays(folder, postgres_template):
    assert play("railway", folder, rollouts=2, template=postgres_template, draining=0,
                volume=True) == []
