"""Bad input and bad days: one clear message that says what to do, and nothing else breaks."""
# SPDX-License-Identifier: MIT
import contextlib
import json
import os
import socket
import subprocess
import time

import pytest

from process import wait_until
from stack import SECRET, make_token


def one_message(probityd, *words):
    """Exactly one message of the daemon's log holds all of the words; a check has them as detail."""
    def lines():
        messages = (json.loads(line)["message"] for line in probityd.log().splitlines())
        return [message for message in messages if all(word in message for word in words)]
    wait_until(lines, 5, f"a message about {' '.join(words)}")
    time.sleep(0.5)
    found = lines()
    assert len(found) == 1, found
    return found[0]


def words_of(stack, check):
    """What /health/ready says of a check once it has been looked at and found wanting."""
    def said():
        answer = stack.get("/health/ready")
        word = answer.json()["checks"][check]
        return word if answer.status == 503 and word != "starting" else None
    return wait_until(said, 15, f"a word about {check}")


# Settings.  What is wrong | environment | check | its word | what the log's one line holds.
DATABASE = "postgresql://app:{password}@127.0.0.1:{port}/app"
WRONG_ADDRESSES = {
    "a wrong password": ("DATABASE_URL", "postgresql://app:wrong-password@127.0.0.1:{port}/app",
                         "database", "authentication failed"),
    "an unknown host": ("DATABASE_URL", "postgresql://app:x@db.invalid:{port}/app",
                        "database", "name not resolved"),
    "an unknown database": ("DATABASE_URL", "postgresql://app:{password}@127.0.0.1:{port}/nosuch",
                            "database", ""),
    "an https:// Redis": ("REDIS_URL", "https://eu1-blue.upstash.io", "redis", ""),
    "a port where nobody listens": ("REDIS_URL", "redis://127.0.0.1:9/0", "redis",
                                    "connection refused"),
    "an amqp broker": ("CELERY_BROKER_URL", "amqp://guest@127.0.0.1//", "celery", ""),
}


@pytest.mark.parametrize("name", sorted(WRONG_ADDRESSES))
def test_a_wrong_address_is_an_error_of_its_check_alone(start, name):
    variable, address, check, word = WRONG_ADDRESSES[name]
    stack = start.stack(start=False)
    stack.postgres.start()
    stack.tool("migrate", "upgrade", check=True)
    stack.migrate = False
    stack.probityd.env[variable] = address.format(port=stack.postgres.port,
                                                  password=stack.postgres.password)
    stack.start()
    said = words_of(stack, check)
    assert said.startswith("error: ") and word in said, said
    for secret in (stack.postgres.password, "wrong-password", "guest@"):
        assert secret not in said and secret not in stack.probityd.log()
    others = stack.get("/health/ready").json()["checks"]
    for other in {"app", "database", "redis"} - {check}:
        wait_until(lambda: stack.get("/health/ready").json()["checks"][other] == "ok", 5, other)
    assert stack.get("/health").status == 200, others


def test_a_redis_url_with_https_is_named_with_what_to_do(start):
    stack = start.stack(postgres=False, env={"REDIS_URL": "https://eu1-blue.upstash.io"})
    message = one_message(stack.probityd, "REDIS_URL", "https://")
    assert "TCP" in message and "rediss://" in message  # what to put there instead
    assert "UPSTASH_REDIS_REST_URL" in message  # and where the REST address belongs


def test_an_upstash_rest_url_that_is_a_tcp_address_is_named(start):
    stack = start.stack(postgres=False, redis=False, env={
        "UPSTASH_REDIS_REST_URL": "rediss://default:s3cret-word@eu1-blue.upstash.io:6379"})
    message = one_message(stack.probityd, "UPSTASH_REDIS_REST_URL")
    assert "REDIS_URL" in message
    assert "s3cret-word" not in stack.probityd.log()


def test_no_database_url_leaves_health_alone_and_says_what_it_costs(start):
    stack = start.stack(postgres=False)
    assert "database" not in stack.wait_ready().json()["checks"]
    answer = stack.get("/slo")
    assert answer.status == 503
    assert stack.get("/slo/gate").json()["decision"] == "unknown"
    one_message(stack.probityd, "DATABASE_URL")


def test_a_variable_that_got_lost_is_not_configured(start):
    stack = start.stack(postgres=False, env={"PROBITY_REQUIRE": "database,redis"})
    assert words_of(stack, "database") == "not configured"


def test_an_address_as_sqlalchemy_writes_it_is_understood(start):
    stack = start.stack(start=False)
    stack.probityd.env["DATABASE_URL"] = (
        stack.postgres.url(query="?schema=public").replace("postgresql:", "postgresql+asyncpg:"))
    stack.start()
    assert stack.wait_ready().json()["checks"]["database"] == "ok"
    stack.wait_for("/slo", 200)


def test_a_short_secret_closes_only_what_needs_it(start):
    stack = start.stack(postgres=False, env={"JWT_SECRET_KEY": "short-secret"})
    answer = stack.get("/health/detailed", token=make_token("short-secret"))
    assert answer.status == 503
    assert answer.json()["error"]["code"] == "auth_not_configured"
    assert "JWT_SECRET_KEY" in answer.text
    assert stack.wait_ready().status == 200
    assert "short-secret" not in one_message(stack.probityd, "JWT_SECRET_KEY")


# Tokens.
@pytest.fixture(scope="module")
def plain(shared):
    stack = shared.stack()
    stack.wait_ready()
    stack.wait_for("/slo", 200)  # before the first read no objective is known to be unknown
    return stack


TOKENS = {
    "none": (None, 401),
    "garbage": ("garbage", 401),
    "three dots": ("...", 401),
    "expired": (make_token(exp=int(time.time()) - 3600), 401),
    "no exp": (make_token(exp=None), 401),
    "not yet": (make_token(nbf=int(time.time()) + 3600), 401),
    "alg none": (make_token(algorithm="none"), 401),
    "another algorithm": (make_token(algorithm="HS512"), 401),
    "another secret": (make_token(SECRET[::-1]), 401),
    "no administrator": (make_token(role="viewer"), 403),
    "8 KiB and more": ("x" * 9000, None),
    "an administrator": (make_token(), 200),
    "an administrator among others": (make_token(role=["viewer", "admin"]), 200),
}


@pytest.mark.parametrize("name", sorted(TOKENS))
def test_a_token_opens_what_it_may(plain, name):
    token, status = TOKENS[name]
    answer = plain.get("/health/detailed", token=token)
    if status is None:  # nginx or probityd may be the one who refuses; both in JSON
        assert answer.status in (400, 401, 494), answer
        assert answer.json()["error"]["code"]
        return
    assert answer.status == status, answer
    if status == 401:
        assert answer.headers["WWW-Authenticate"].startswith("Bearer")


def raw(port, data, timeout=5):
    """Sends bytes as they are; returns what came back until the other side closed."""
    with socket.create_connection(("127.0.0.1", port), timeout=timeout) as link:
        try:
            link.sendall(data)
            link.shutdown(socket.SHUT_WR)
        except OSError:
            pass  # refused before it was all sent
        received = b""
        try:
            while chunk := link.recv(65536):
                received += chunk
        except OSError:
            pass
        return received


def test_a_token_of_1_mib_is_refused_in_json(plain):
    answer = raw(plain.nginx.port, b"GET /health/detailed HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
                 b"Authorization: Bearer " + b"x" * (1 << 20) + b"\r\n\r\n")
    assert answer.startswith((b"HTTP/1.1 400", b"HTTP/1.1 494")), answer[:300]
    assert b'{"error": {"code": ' in answer
    assert plain.get("/health").status == 200


def test_a_path_of_64_kib_is_refused_in_json(plain):
    answer = raw(plain.nginx.port, b"GET /health/" + b"x" * (64 << 10)
                 + b" HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    assert answer.startswith((b"HTTP/1.1 414", b"HTTP/1.1 400")), answer[:300]
    assert b'{"error": {"code": ' in answer


@pytest.mark.parametrize("path", ["/health", "/health/ready", "/health/detailed", "/slo",
                                  "/slo/gate", "/metrics"])
@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "TRACE", "BREW"])
def test_another_method_is_405_with_allow(plain, method, path):
    answer = plain.get(path, method=method)
    assert answer.status == 405, answer
    assert answer.json()["error"]["code"] == "method_not_allowed"
    assert "GET" in answer.headers["Allow"]


@pytest.mark.parametrize("path", ["/health/nosuch", "/slo/nosuch", "/slo/gate?slo=nosuch",
                                  "/metrics/x", "/health/detailed/nosuch"])
def test_what_is_not_there_is_404_in_json(plain, path):
    answer = plain.get(path, token=True)
    assert answer.status == 404, answer
    assert answer.json()["error"]["code"] == "not_found"
    assert answer.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("path", ["/slo?typo=1", "/slo/gate?min_budgt=0.1", "/slo/gate?min_budget=2",
                                  "/slo/gate?min_budget=-1", "/slo/gate?min_budget=x",
                                  "/slo/gate?min_budget=nan", "/slo/gate?min_budget="])
def test_a_typo_does_not_turn_a_stop_into_a_go(plain, path):
    plain.wait_for("/slo", 200)
    assert plain.get(path).status == 400


# The ledger's bad days.
def test_a_schema_newer_than_the_program_stops_the_ledger_alone(start):
    stack = start.stack(start=False)
    stack.postgres.start()
    stack.tool("migrate", "upgrade", check=True)
    stack.postgres.sql("INSERT INTO probity.schema_migrations (revision, name, checksum, "
                       "oldest_program) VALUES (9999, 'future', 'x', '99.0.0')")
    stack.migrate = False
    stack.start()
    assert stack.wait_ready().status == 200
    answer = stack.wait_for("/slo", 503)
    assert "newer" in answer.text or "newer" in stack.probityd.log(), answer


def test_without_a_schema_the_answer_names_the_command(start):
    stack = start.stack(migrate=False)
    assert stack.wait_ready().status == 200
    answer = stack.wait_for("/slo", 503)
    wait_until(lambda: "probity migrate upgrade" in stack.get("/slo").text, 5, "the command")
    assert answer.headers["Retry-After"]


def test_a_read_only_postgres_is_said_and_heals(start):
    stack = start.stack()
    stack.wait_ready()
    stack.postgres.superuser_sql("ALTER DATABASE app SET default_transaction_read_only = on")
    stack.postgres.superuser_sql(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'app'")
    for _ in range(5):
        stack.get("/ok")
    wait_until(lambda: "read" in stack.probityd.log(), 10, "a word about it in the log")
    assert stack.get("/health").status == 200
    stack.postgres.superuser_sql("ALTER DATABASE app SET default_transaction_read_only = off",
                                 database="postgres")
    stack.postgres.superuser_sql(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'app'")
    wait_until(lambda: counted(stack) == 5, 20, "the events after it healed")


def counted(stack):
    answer = stack.get("/slo")
    return answer.json()["slos"][0]["total_events"] if answer.status == 200 else None


@pytest.fixture
def small_disk(folder):
    """A tmpfs of 8 MiB, where mounting is allowed."""
    path = os.path.join(folder, "small")
    os.mkdir(path)
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=8m,mode=0777", "tmpfs", path],
                          capture_output=True, text=True, check=False)
    if done.returncode != 0:
        pytest.skip(f"mounting is not allowed here: {done.stderr.strip()}")
    yield path
    subprocess.run(["umount", "-l", path], check=True)


def test_a_full_disk_under_postgres_loses_nothing(start, small_disk):
    stack = start.stack(start=False)
    stack.postgres.start()
    space = os.path.join(small_disk, "space")
    stack.postgres.own(space)
    os.chmod(space, 0o700)
    stack.postgres.superuser_sql(f"CREATE TABLESPACE small LOCATION '{space}'")
    stack.postgres.superuser_sql("GRANT CREATE ON TABLESPACE small TO app")
    stack.postgres.superuser_sql("ALTER ROLE app SET default_tablespace = small")
    stack.start()
    stack.get("/ok")
    wait_until(lambda: counted(stack) == 1, 10, "the first event")
    ballast = os.path.join(small_disk, "ballast")
    with contextlib.suppress(OSError), open(ballast, "wb", buffering=0) as file:
        while file.write(bytes(4096)):
            pass
    # One row a route: rows that are only updated would find room in their own pages for ever.
    for number in range(150):
        stack.get(f"/missing/route{number}")
    full = wait_until(lambda: stack.probityd.said("disk of Postgres is full"), 15, "a word about the full disk")
    for number in range(150):
        stack.get(f"/missing/route{number}")
    assert stack.get("/health/ready").status == 200
    assert len(full) == 1 and "No space left" in full[0], full
    os.unlink(ballast)
    wait_until(lambda: counted(stack) == 301, 30, "every event after there was room again")
    assert len(stack.probityd.said("disk of Postgres is full")) == 1
    stack.stop()
    start.started.remove(stack)


def test_exhausted_descriptors_delay_nobody_for_long(start):
    stack = start.stack(postgres=False, redis=False)
    stack.wait_ready()
    subprocess.run(["prlimit", f"--pid={stack.probityd.pid}", "--nofile=48:48"], check=True)
    idle = []
    for _ in range(120):
        link = socket.socket(socket.AF_UNIX)
        link.settimeout(0.2)
        try:
            link.connect(stack.probityd.socket_path)
            idle.append(link)
        except OSError:
            link.close()
            break
    time.sleep(1)
    for link in idle:
        link.close()
    stack.wait_for("/health/ready", 200, 10)
    assert stack.probityd.alive()


def lowest_free_descriptor(pid):
    """What was free at any time in two rounds of the checks: below it nothing can be opened."""
    lowest = 1024
    for _ in range(30):
        taken = set(map(int, os.listdir(f"/proc/{pid}/fd")))
        lowest = min(lowest, *(set(range(len(taken) + 1)) - taken))
        time.sleep(0.05)
    return lowest


def test_checks_without_a_descriptor_go_stale_and_come_back(start):
    stack = start.stack(postgres=False, env={"PROBITY_CHECK_MAX_AGE": "3s",
                                             "PROBITY_CHECK_FRESH_INTERVAL": "1s"})
    stack.wait_ready()
    few = ["prlimit", f"--pid={stack.probityd.pid}",
           f"--nofile={lowest_free_descriptor(stack.probityd.pid)}:1024"]
    subprocess.run(few, check=True)  # those that are open stay open
    answer = stack.wait_for("/health/ready", 503, 15)
    assert "stale: no result for" in answer.text
    assert stack.get("/health").status == 200
    assert len(stack.probityd.said("check redis: no look possible")) == 1
    subprocess.run([*few[:2], "--nofile=1024:1024"], check=True)
    stack.wait_for("/health/ready", 200, 10)


def test_what_is_wrong_with_an_address_is_said_once_for_check_and_ledger(start):
    stack = start.stack(postgres=False, env={"DATABASE_URL": "mysql://u:s3cret-word@h/d"})
    one_message(stack.probityd, "only PostgreSQL is supported")
    one_message(stack.probityd, "there is no ledger either")
    assert "mysql://" in stack.get("/slo").json()["error"]["message"]
    hint = stack.get("/health/detailed/database", token=True).json()["hint"]
    assert hint.startswith("DATABASE_URL is a mysql:// address")
    assert "s3cret-word" not in hint + stack.probityd.log() + stack.get("/slo").text
