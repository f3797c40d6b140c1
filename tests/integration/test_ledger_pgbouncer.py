"""test_ledger_pgbouncer.py - everything works through a transaction-pooling PgBouncer."""
# SPDX-License-Identifier: MIT
import os
import shutil
from concurrent.futures import ThreadPoolExecutor

import pytest

from ledger_driver import Driver, counted, expected, probity, this_minute
from process import Process, free_port, port_answers

pytestmark = pytest.mark.skipif(shutil.which("pgbouncer", path="/usr/sbin:/usr/bin") is None,
                                reason="Debian's pgbouncer is not installed")


class PgBouncer(Process):
    """One server connection for everybody: what one client leaves behind, the next one meets."""

    name = "pgbouncer"

    def __init__(self, folder, postgres):
        super().__init__(folder, account="postgres")
        self.postgres, self.port = postgres, free_port()

    def command(self):
        path = os.path.join(self.folder, "pgbouncer.ini")
        with open(path, "w", encoding="ascii") as file:
            file.write(f"[databases]\napp = host=127.0.0.1 port={self.postgres.port} dbname=app "
                       f"user=app password={self.postgres.password}\n"
                       f"[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {self.port}\n"
                       "unix_socket_dir =\nauth_type = any\npool_mode = transaction\n"
                       "default_pool_size = 1\n")
        os.chmod(path, 0o644)
        command = ["/usr/sbin/pgbouncer", path]
        if not self.account:
            return command
        return ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups",
                "--pdeathsig=TERM", *command]

    def ready(self):
        return port_answers(self.port)

    def url(self):
        return f"postgresql://app@127.0.0.1:{self.port}/app"


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
