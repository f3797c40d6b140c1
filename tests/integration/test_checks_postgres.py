"""The check of a Postgres: what it says of replication, sessions and certificates."""
# SPDX-License-Identifier: MIT
import os

from certificates import Authority, Certificate
from process import wait_until


def word(stack, name="database"):
    return stack.get("/health/ready").json()["checks"][name]


def wait_for_word(stack, wanted, name="database", timeout=8):
    seen = []

    def shows():
        seen.append(word(stack, name))
        return seen[-1] == wanted
    try:
        wait_until(shows, timeout, f"{name} to be {wanted}")
    except AssertionError as error:
        raise AssertionError(f"{error}; it was {sorted(set(seen))}; "
                             f"{stack.probityd.said(name)[-3:]}") from None


def with_certificate(folder, issued):
    """Settings of a Postgres that shows what lies in the folder."""
    shown = Certificate(os.path.join(folder, "shown"))
    os.chmod(folder, 0o755)
    shown.install(issued, account="postgres")
    return shown, {"ssl": "on", "ssl_cert_file": shown.path, "ssl_key_file": shown.key}


def test_what_is_wrong_with_a_certificate_is_told_apart(start, folder):
    authority = Authority(os.path.join(folder, "known"))
    stranger = Authority(os.path.join(folder, "stranger"))
    good = authority.issue()
    shown, settings = with_certificate(folder, good)
    postgres = start.postgres(settings=settings)
    stack = start.stack(app=None, postgres=False, redis=False, env={
        "PROBITY_CHECK_FRESH_INTERVAL": "1s",
        "DATABASE_URL": postgres.url(query="?sslmode=verify-full&sslrootcert=" + authority.path)})
    wait_for_word(stack, "ok")
    for issued, wanted in (
            (authority.expired(), "error: tls: certificate expired"),
            (stranger.issue(), "error: tls: certificate not trusted"),
            (authority.issue("DNS:db.example"), "error: tls: certificate for another name"),
            (good, "ok")):
        shown.install(issued, account="postgres")
        postgres.superuser_sql("SELECT pg_reload_conf()")
        wait_for_word(stack, wanted)
    postgres.superuser_sql("ALTER SYSTEM SET ssl = off")
    postgres.superuser_sql("SELECT pg_reload_conf()")
    wait_for_word(stack, "error: tls: handshake failed")


def test_a_server_that_admits_nobody_without_tls_says_so(start):
    postgres = start.postgres()
    path = os.path.join(postgres.data, "pg_hba.conf")
    with open(path, "r+", encoding="ascii") as file:
        lines = file.read().replace("host ", "hostssl ")
        file.seek(0)
        file.write("host all postgres 127.0.0.1/32 scram-sha-256\n" + lines)
    postgres.superuser_sql("SELECT pg_reload_conf()")
    stack = start.stack(app=None, postgres=False, redis=False,
                        env={"DATABASE_URL": postgres.url()})
    wait_for_word(stack, "error: not admitted")
