"""test_ledger_pgbouncer.py - everything works through a transaction-pooling PgBouncer."""
# SPDX-License-Identifier: MIT
import shutil
from concurrent.futures import ThreadPoolExecutor

import pytest

from ledger_driver import Driver, counted, expected, probity, this_minute
from servers import PgBouncer

pytestmark = pytest.mark.skipif(shutil.which("pgbouncer", path="/usr/sbin:/usr/bin") is None,
                                reason="Debian's pgbouncer is not installed")


@pytest.fixture
def pooled(start):
    postgres = start.postgres()
    return postgres, start.add(PgBouncer(start.subfolder(), postgres))


def test_migrations_that_start_at_once_meet_the_lock_behind_a_pooler(pooled):
    _, bouncer = pooled
    with ThreadPoolExecutor(4) as pool:
        done = list(pool.map(lambda _: probity(bouncer.url(), "migrate", "upgrade").stdout, range(4)))
    assert sum("applied 0002" in output for output in done) == 1


def test_two_writers_and_a_reader_share_one_server_connection(pooled):
    postgres, bouncer = pooled
    probity(bouncer.url(), "migrate", "upgrade")
    base = this_minute()
    with Driver(bouncer.url()) as one, Driver(bouncer.url()) as two:
        for driver in (one, two):
            driver.say("follow", "a", 3000, 70, base, 1)
        for driver in (one, two):
            assert driver.hear()["offset"] == 3000
        assert one.do("read", base)["lines"] == 3000
        assert postgres.superuser_sql("SELECT current_setting('statement_timeout')") == [("0",)]
    assert counted(postgres) == expected(base, 3000)


def test_a_pooler_that_is_restarted_loses_and_repeats_nothing(pooled):
    postgres, bouncer = pooled
    probity(bouncer.url(), "migrate", "upgrade")
    base = this_minute()
    with Driver(bouncer.url()) as driver:
        driver.say("follow", "a", 5000, 100, base, 10)
        for _ in range(3):
            bouncer.kill9()
            bouncer.restart()
        assert driver.hear()["offset"] == 5000
    assert counted(postgres) == expected(base, 5000)
