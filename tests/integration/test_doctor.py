"""probity doctor: which step fails, and what to change."""
# SPDX-License-Identifier: MIT
import os
import re
import socket
import subprocess
import time

import pytest

from certificates import Authority
from process import REPOSITORY, can_reach, free_port, plain_environment
from servers import Probityd, Redis, build_path, run_tool

SECRET = "0123456789abcdef0123456789abcdef"


class House:
    """A Postgres with the ledger's schema, a Redis, an application, a log; all in order."""

    def __init__(self, shared):
        self.postgres, self.redis, self.app = shared.postgres(), shared.redis(), shared.app()
        self.folder = shared.subfolder()
        os.makedirs(os.path.join(self.folder, "log"))
        self.log = os.path.join(self.folder, "log", "access.log")
        self.write_log('{"time":1795262400.001,"request_id":"1","service":"app","method":"GET",'
                       '"path":"/ok","status":200,"request_time":0.001,"bytes":10}\n')
        self.env = {
            "DATABASE_URL": self.postgres.url(), "REDIS_URL": self.redis.url(),
            "PROBITY_APP": self.app.health_url, "PROBITY_ACCESS_LOG": self.log,
            "PROBITY_STATE_DIR": os.path.join(self.folder, "state"), "JWT_SECRET_KEY": SECRET,
            "PROBITY_LISTEN": os.path.join(self.folder, "probity.sock")}
        done = run_tool("migrate", "upgrade", env=self.env)
        assert done.returncode == 0, done

    def write_log(self, text):
        with open(self.log, "w", encoding="ascii") as file:
            file.write(text)

    def doctor(self, *arguments, env=None):
        done = run_tool("doctor", *arguments, env={**self.env, **(env or {})})
        assert self.postgres.password not in done.stdout + done.stderr
        return done


@pytest.fixture(scope="module")
def house(shared):
    return House(shared)


def line(done, name, mark, step):
    """The one line of a visit that has this mark and step, with what stands below it."""
    visits = re.split(r"^(?=\S)", done.stdout, flags=re.MULTILINE)
    visit = next(part for part in visits if part.startswith(name + ":"))
    found = re.search(rf"^  {mark} +{step} +[\d.]+ ms  (.*(?:\n {{10}}.*)*)", visit, re.MULTILINE)
    assert found, done.stdout
    return found.group(1)


def test_all_is_well(house):
    done = house.doctor()
    assert (done.returncode, done.stderr) == (0, ""), done.stdout
    assert done.stdout.endswith("\nall is well\n") and "FAILED" not in done.stdout
    assert "as app to the database app" in line(done, "database", "ok", "authenticate")
    assert "PostgreSQL 15." in line(done, "database", "ok", "query")
    assert "GRANT pg_monitor" in line(done, "database", "note", "rights")
    assert "master" in line(done, "redis", "ok", "query")
    assert "http status 200" in line(done, "app", "ok", "query")
    assert "revision " in line(done, "ledger", "ok", "schema")
    assert "all that counting needs" in line(done, "ledger", "ok", "rights")
    assert "format probity" in line(done, "access.log", "ok", "format")
    assert "probityd does not run" in line(done, "socket", "note", "ask")


def test_a_daemon_that_runs_is_named(house, start):
    daemon = start.add(Probityd(start.subfolder(), env={"PROBITY_REQUIRE": "none"}))
    done = house.doctor("socket", env={"PROBITY_LISTEN": daemon.socket_path})
    assert done.returncode == 0 and "answers: ok" in line(done, "socket", "ok", "ask"), done
    daemon.sigstop()
    done = house.doctor("socket", "--timeout=200ms", env={"PROBITY_LISTEN": daemon.socket_path})
    assert done.returncode == 1 and "no answer in time" in line(done, "socket", "FAILED", "ask")
    daemon.sigcont()


def test_a_configuration_that_can_not_be_read_is_the_first_thing_to_mend():
    done = run_tool("doctor", env={"PROBITY_DRAIN_SECONDS": "soon"})
    assert done.returncode == 1 and "PROBITY_DRAIN_SECONDS" in done.stderr and done.stdout == ""


def url(house, **options):
    return house.postgres.url(**options)


@pytest.mark.parametrize("name, step, phrase, change, env", [
    ("database", "name", "name not resolved", "the host in DATABASE_URL",
     lambda house: {"DATABASE_URL": "postgresql://app:pw@no.such.host.invalid/app"}),
    ("database", "connect", "connection refused", "host and port in DATABASE_URL",
     lambda house: {"DATABASE_URL": url(house, port=1)}),
    ("database", "TLS", "tls: handshake failed", "sslmode",
     lambda house: {"DATABASE_URL": url(house, query="?sslmode=require")}),
    ("database", "authenticate", "authentication failed", "user and password in DATABASE_URL",
     lambda house: {"DATABASE_URL": url(house, password="not-the-password")}),
    ("database", "authenticate", "database does not exist", "name of the database in DATABASE_URL",
     lambda house: {"DATABASE_URL": url(house, database="missing")}),
    ("database", "connect", "connection refused", "host and port in DATABASE_HOST",
     lambda house: {"DATABASE_URL": None, "DATABASE_HOST": "127.0.0.1", "DATABASE_PORT": "1",
                    "DATABASE_NAME": "app", "DATABASE_USER": "app"}),
    ("redis", "name", "name not resolved", "the host in REDIS_URL",
     lambda house: {"REDIS_URL": "redis://no.such.host.invalid/0"}),
    ("redis", "connect", "connection refused", "host and port in REDIS_URL",
     lambda house: {"REDIS_URL": house.redis.url(port=1)}),
    ("redis", "authenticate", "authentication failed", "user and password in REDIS_URL",
     lambda house: {"REDIS_URL": f"redis://someone:not-this@127.0.0.1:{house.redis.port}/0"}),
    ("redis", "configure", "misconfigured", "UPSTASH_REDIS_REST_URL",
     lambda house: {"REDIS_URL": "https://blue.upstash.io"}),
    ("app", "connect", "connection refused", "host and port in PROBITY_APP",
     lambda house: {"PROBITY_APP": "http://127.0.0.1:1/"}),
    ("celery", "configure", "not configured", "PROBITY_REQUIRE",
     lambda house: {"PROBITY_REQUIRE": "celery"}),
    ("ledger", "authenticate", "authentication failed", "user and password in PROBITY_LEDGER_URL",
     lambda house: {"PROBITY_LEDGER_URL": url(house, password="not-the-password")}),
    ("ledger", "schema", "there is no schema probity", "run probity migrate upgrade",
     lambda house: {"PROBITY_LEDGER_URL": url(house, user="postgres", database="postgres")}),
    ("ledger", "query", "read-only", "failover",
     lambda house: {"PROBITY_LEDGER_URL":
                    url(house, query="?options=-cdefault_transaction_read_only%3Don")}),
    ("access.log", "file", "there is no such file", "PROBITY_ACCESS_LOG",
     lambda house: {"PROBITY_ACCESS_LOG": "/nonexistent/access.log"}),
    ("null", "file", "it is no regular file", "/dev/stdout",
     lambda house: {"PROBITY_ACCESS_LOG": "/dev/null"}),
    ("passwd", "format", "the last line can't be read", "not_json",
     lambda house: {"PROBITY_ACCESS_LOG": "/etc/passwd"}),
    ("state", "folder", "it can't be written", "No such file",
     lambda house: {"PROBITY_STATE_DIR": "/nonexistent/a/b"}),
    ("socket", "ask", "its socket can't be made", "No such file",
     lambda house: {"PROBITY_LISTEN": "/nonexistent/probity.sock"}),
    ("secrets", "read", "JWT_SECRET_KEY", "32 bytes",
     lambda house: {"JWT_SECRET_KEY": "short-secret"}),
])
def test_the_step_that_fails_and_what_to_change(house, name, step, phrase, change, env):
    done = house.doctor(name, env=env(house))
    said = line(done, name, "FAILED", step)
    assert done.returncode == 1 and phrase in said and change in said, done.stdout
    assert done.stdout.count("FAILED") == 1 and done.stdout.endswith("\n1 failed\n")
    assert "not-the-password" not in done.stdout and "short-secret" not in done.stdout


def test_an_answer_that_comes_too_late_for_the_daemon(house):
    house.app.delay = 0.4
    try:
        done = house.doctor("app", env={"PROBITY_CHECK_TIMEOUT": "200ms"})
    finally:
        house.app.delay = 0
    said = line(done, "app", "FAILED", "query")
    assert "timeout after 200 ms" in said and "login and answer took" in said


def test_an_application_that_is_probity_itself_is_noticed(house):
    body, house.app.body = house.app.body, b'{"status": "ok", "probity_version": "0.2.0"}'
    try:
        told = line(house.doctor("app"), "app", "note", "query")
        house.app.status = 503
        failed = house.doctor("app")
    finally:
        house.app.status, house.app.body = 200, body
    assert "the application's own port" in told
    assert failed.returncode == 1
    assert "answered by Probity itself" in line(failed, "app", "FAILED", "query")


def test_who_hangs_is_waited_for_no_longer_than_told(house):
    house.postgres.freeze_all()
    try:
        started = time.monotonic()
        done = house.doctor("database", "redis", "--timeout", "400ms")
        assert time.monotonic() - started < 2
    finally:
        house.postgres.thaw()
    assert done.returncode == 1
    said = line(done, "database", "FAILED", "answer")  # its address is as good as ever
    assert "timeout after 400 ms" in said and "look at its load" in said
    assert "change:" not in done.stdout
    assert line(done, "redis", "ok", "query")


@pytest.mark.skipif(os.geteuid() != 0, reason="another resolv.conf needs a mount")
def test_a_name_look_up_that_hangs_holds_nobody_up(house, folder):
    path = os.path.join(folder, "resolv.conf")
    with open(path, "w", encoding="ascii") as file:
        file.write("nameserver 127.0.53.53\noptions timeout:20 attempts:1\n")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
        silent.bind(("127.0.53.53", 53))
        started = time.monotonic()
        env = {**house.env, "REDIS_URL": "redis://a.name.example/0"}
        done = subprocess.run(
            ["unshare", "-m", "sh", "-c", 'mount --bind "$0" /etc/resolv.conf && exec "$@"', path,
             build_path("probity"), "doctor", "redis", "database", "--timeout", "500ms"],
            env=plain_environment(env), capture_output=True, text=True, timeout=30, check=False)
        if "mount" in done.stderr or "unshare" in done.stderr:
            pytest.skip(done.stderr)
        assert time.monotonic() - started < 3
        said = line(done, "redis", "FAILED", "name")
        assert "no end within 500 ms" in said and "resolver does not answer" in said
        assert line(done, "database", "ok", "query") and done.returncode == 1
        started = time.monotonic()
        done = subprocess.run(
            ["unshare", "-m", "sh", "-c", 'mount --bind "$0" /etc/resolv.conf && exec "$@"', path,
             build_path("probity"), "probe", "ready", "--url", "http://a.name.example",
             "--timeout", "500ms"],
            env=plain_environment(), capture_output=True, text=True, timeout=30, check=False)
        assert time.monotonic() - started < 3
        assert done.returncode == 1 and "no answer within 500 ms" in done.stderr


@pytest.mark.skipif(os.geteuid() != 0, reason="root may read everything, and only root may be less")
def test_what_the_account_may_not_do(house):
    if not can_reach("nobody", os.path.dirname(build_path("probity"))):
        pytest.skip("nobody may not walk to the build")
    os.chmod(house.log, 0o600)
    os.makedirs(house.env["PROBITY_STATE_DIR"], mode=0o755, exist_ok=True)
    os.chmod(house.folder, 0o755)
    done = subprocess.run([build_path("probity"), "doctor", "access.log", "state", "socket"],
                          env=plain_environment(house.env), capture_output=True, text=True,
                          user="nobody", timeout=30, check=False)
    os.chmod(house.log, 0o644)
    assert done.returncode == 1
    for name, step in (("access.log", "file"), ("state", "folder"), ("socket", "ask")):
        said = line(done, name, "FAILED", step)
        assert "Permission denied" in said and "give the account of probityd the right" in said


def rights_of(grants):
    """{("INSERT", "positions"), …} of GRANT statements."""
    found = set()
    for rights, objects in re.findall(r"GRANT (.*?) ON (?:FUNCTION )?(.*?) TO", grants, re.DOTALL):
        for thing in re.findall(r"probity\.(\w+)", objects):
            found |= {(right, thing) for right in re.split(r",\s*", rights)}
    return found


def test_missing_rights_are_named_as_the_guide_lists_them(house):
    with open(os.path.join(REPOSITORY, "docs", "ledger.md"), encoding="utf-8") as guide:
        grants = "\n".join(re.findall(r"GRANT[^;]+ TO probity_daemon;", guide.read()))
    sql = house.postgres.superuser_sql
    sql(f"CREATE ROLE probity_daemon LOGIN PASSWORD '{house.postgres.password}'")
    try:
        env = {"PROBITY_LEDGER_URL": url(house, user="probity_daemon")}
        said = line(house.doctor("ledger", env=env), "ledger", "FAILED", "schema")
        assert 'GRANT USAGE ON SCHEMA probity TO "probity_daemon"' in said
        sql("GRANT USAGE ON SCHEMA probity TO probity_daemon;"
            "GRANT SELECT ON probity.schema_migrations TO probity_daemon")
        said = line(house.doctor("ledger", env=env), "ledger", "FAILED", "rights")
        wanted = rights_of(grants) - {("SELECT", "schema_migrations")}
        assert rights_of(said) | {("EXECUTE", "make_partitions"), ("EXECUTE", "drop_partition")} \
            == wanted  # the functions are everybody's unless somebody took them away
        sql(grants)
        done = house.doctor("ledger", env=env)
        assert done.returncode == 0 and line(done, "ledger", "ok", "rights")
    finally:
        sql("DROP OWNED BY probity_daemon; DROP ROLE probity_daemon")


@pytest.mark.parametrize("arguments, words", [
    (("orders",), "nothing has the name orders; there are: ledger, state, socket, secrets"),
    (("--fast",), "--fast is no option"),
    (("--timeout",), "--timeout has no value"),
    (("--timeout=never",), "a duration"),
])
def test_misuse_is_two(arguments, words):
    done = run_tool("doctor", *arguments)
    assert done.returncode == 2 and words in done.stderr and done.stdout == ""


def test_checks_of_the_file_say_where_they_stand(house, folder):
    authority, stranger = (Authority(os.path.join(folder, name)) for name in ("a", "b"))
    shown = authority.issue()
    redis = Redis(os.path.join(folder, "redis"))
    redis.settings.update({"tls-port": free_port(), "tls-cert-file": shown.path,
                           "tls-key-file": shown.key, "tls-auth-clients": "no"})
    redis.start()
    try:
        port = redis.settings["tls-port"]
        checks = f"""
- {{name: cache, url: "rediss://127.0.0.1:{port}/0", tls: {{ca: {authority.path}}}}}
- {{name: strange, url: "rediss://127.0.0.1:{port}/0", tls: {{ca: {stranger.path}}}}}
- {{name: plain, url: "rediss://127.0.0.1:{house.redis.port}/0"}}
- {{name: certificate, url: "tls://127.0.0.1:{port}", tls: {{ca: {authority.path}}}}}
- {{name: port, url: "tcp://127.0.0.1:{port}"}}
- {{name: workers, kind: celery, url: "{house.redis.url()}"}}
- {{name: unset, url: "${{NO_SUCH_VARIABLE}}", kind: redis}}
"""
        names = "cache strange plain certificate port workers unset".split()
        done = house.doctor(*names, env={"PROBITY_CHECKS": checks})
    finally:
        redis.stop()
    assert "TLSv1.3, the certificate holds for 36" in line(done, "cache", "ok", "TLS")
    assert line(done, "cache", "ok", "query")
    said = line(done, "strange", "FAILED", "TLS")
    assert "tls: certificate not trusted" in said and re.search(r"tls.ca.* in .*CHECKS:3:\d", said)
    assert "FAILED" in done.stdout.split("plain:")[1].split("certificate:")[0]
    assert line(done, "certificate", "ok", "TLS") and line(done, "certificate", "ok", "query")
    assert line(done, "port", "ok", "connect")
    assert "no workers" in line(done, "workers", "FAILED", "query")
    assert "NO_SUCH_VARIABLE" in line(done, "unset", "FAILED", "configure")
    assert done.returncode == 1 and done.stdout.endswith("\n4 failed\n"), done.stdout
