"""test_config.py - the tool `probity`, and what a wrong environment is told."""
# SPDX-License-Identifier: MIT
import os
import subprocess

import pytest

from process import plain_environment, wait_until

PASSWORD = "zebra4711"


def probity(*arguments, **environment):
    tool = os.path.join(os.environ["PROBITY_BUILD"], "probity")
    return subprocess.run([tool, *arguments], env=plain_environment(environment), timeout=30,
                          stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)


def test_a_usable_configuration_exits_with_0():
    done = probity("check-config", REDIS_URL=f"redis://:{PASSWORD}@127.0.0.1:6379/0")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "redis://:***@127.0.0.1:6379/0  (environment)" in done.stdout
    assert "a hang shows within 3.1 s" in done.stdout
    assert PASSWORD not in done.stdout + done.stderr


@pytest.mark.parametrize("environment, sentence", [
    ({}, "no check is configured"),
    ({"DATABASE_URL": f"postgresql://u:{PASSWORD}@@h/d"}, "must be written as %40"),
    ({"DATABASE_URL": f"mysql://u:{PASSWORD}@h/d"}, "only PostgreSQL is supported"),
    ({"REDIS_URL": "https://x.upstash.io"}, "REDIS_URL holds an https:// URL"),
    ({"UPSTASH_REDIS_REST_URL": f"rediss://:{PASSWORD}@x.upstash.io:6379"},
     "UPSTASH_REDIS_REST_URL holds a rediss:// URL; that is the TCP address: put it in REDIS_URL"),
    ({"CELERY_BROKER_URL": f"amqp://guest:{PASSWORD}@h"}, "RabbitMQ is not supported"),
    ({"PROBITY_DRAIN_SECONDS": "abc"}, "PROBITY_DRAIN_SECONDS=abc: expected a duration"),
    ({"PROBITY_REQUIRE": "redis"}, "PROBITY_REQUIRE names redis"),
    ({"PROBITY_CHEK_INTERVAL": "1"}, "is PROBITY_CHECK_INTERVAL meant?"),
    ({"JWT_SECRET_KEY": "zebra4711"}, "has fewer than 32 bytes"),
])
def test_a_wrong_configuration_is_told_in_words_and_exits_with_1(environment, sentence):
    done = probity("check-config", **environment)
    assert done.returncode == 1
    assert sentence in done.stdout + done.stderr
    assert PASSWORD not in done.stdout + done.stderr


CHECKS = """
checks:
  - {name: orders-db, url: "${ORDERS_URL}", interval: 2s, groups: [readiness, orders]}
  - {name: mail, url: "tcp://smtp.internal:25", policy: degrade, interval: 1m}
  - {name: redis, policy: fail_after=1m}
  - {name: lost, url: "${LOST_URL}"}
"""


def test_check_config_explains_each_check_of_the_yaml_and_who_said_what(folder):
    path = os.path.join(folder, "probity.yaml")
    with open(path, "w") as file:
        file.write(CHECKS)
    done = probity("check-config", PROBITY_CONFIG=path, PROBITY_CHECK_FALL="3",
                   ORDERS_URL=f"postgres://u:{PASSWORD}@db.internal/orders",
                   REDIS_URL=f"redis://:{PASSWORD}@127.0.0.1:6379/0")
    assert done.returncode == 1  # a variable is not set
    assert "needs ${LOST_URL}, which is not set in the environment" in done.stdout
    for line in (
            f"check orders-db: postgres at db.internal:5432/orders  (url ({path}:3:28))",
            f"groups                    readiness, orders  ({path}:3:67)",
            f"interval                  2 s  ({path}:3:55)",
            "max_age                   6 s  (derived from interval and timeout)",
            "fall                      3  (PROBITY_CHECK_FALL)",
            "a hang shows within 6.3 s = 2 s (interval) + 3 x 1 s (timeout) + 1300 ms (in doubt)",
            "policy                    fail_after=1 min",
            "checks[0].url                    ${ORDERS_URL}",
            "no group fails by it (policy)"):
        assert line in done.stdout, done.stdout
    assert PASSWORD not in done.stdout + done.stderr


@pytest.mark.parametrize("yaml, sentence", [
    ("- {name: a, url: 'tcp://h:1', fal: 2}", "PROBITY_CHECKS:1:36: checks[0]: fal is no key here: "
                                             "did you mean fall?"),
    ("- {name: a, url: 'tcp://h:1', timeout: 2s}", "timeout is 2 s, longer than "
                                                  "PROBITY_CHECK_INTERVAL, 1 s"),
    ("- {name: a, url: 'tcp://h:1', max_age: 40s}", "max_age is 40 s, longer than "
                                                   "PROBITY_PROBER_PATIENCE, 30 s"),
])
def test_checks_that_cannot_be_are_told_with_their_place(yaml, sentence):
    done = probity("check-config", PROBITY_CHECKS=yaml)
    assert done.returncode == 1
    assert sentence in done.stderr


@pytest.mark.parametrize("arguments", [
    [], ["nonsense"], ["check-config", "--xml"], ["migrate"], ["migrate", "sideways"],
    ["migrate", "current", "head"], ["migrate", "stamp"], ["migrate", "upgrade", "--dry"],
    ["migrate", "upgrade", "head", "base"], ["version", "x"], ["help", "nonsense"],
])
def test_misuse_exits_with_2_and_one_line(arguments):
    done = probity(*arguments)
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.startswith("probity") and done.stderr.count("\n") == 1


@pytest.mark.parametrize("arguments, words", [
    (["version"], "probity "), (["--version"], "probity "), (["help"], "usage: probity COMMAND"),
    (["--help"], "usage: probity COMMAND"), (["help", "migrate"], "downgrade [-N | base | REV]"),
    (["drain", "--help"], "usage: probity drain"), (["probe", "-h"], "usage: probity probe"),
    (["maintenance", "on", "--help"], "usage: probity maintenance"),
])
def test_help_and_version_go_to_stdout(arguments, words):
    done = probity(*arguments)
    assert (done.returncode, done.stderr) == (0, "")
    assert words in done.stdout


@pytest.mark.parametrize("words, hint", [
    ("error: timeout after 1000 ms", "look at its load"), ("connection refused", "nothing listens"),
    ("not_ready: redis error: connection refused; celery error: no workers", "nothing listens"),
    ("degraded: tls: certificate expires in 3 days", "renew"), ("busy", "solo pool"),
    ("stale: no result for 12 s", "probity doctor"), ("starting", "probity doctor"),
    ("not configured", "PROBITY_REQUIRE"), ("draining: a new disk", "restart"),
    ("maintenance", "probity maintenance off"), ("server starting up", "wait"),
])
def test_every_word_of_an_answer_is_explained(words, hint):
    done = probity("explain", words)
    assert done.returncode == 0 and hint in done.stdout and done.stdout.count("\n") == 1
    assert hint in probity("explain").stdout


def test_what_nobody_says_is_not_explained():
    done = probity("explain", "error: bad luck")
    assert done.returncode == 1 and "probity explain lists all" in done.stderr


def test_output_that_cannot_be_written_is_no_success():
    tool = os.path.join(os.environ["PROBITY_BUILD"], "probity")
    with open("/dev/full", "w") as full:
        done = subprocess.run([tool, "help"], stdout=full, stderr=subprocess.PIPE, timeout=30,
                              env=plain_environment(), text=True, check=False)
    assert done.returncode == 1
    assert "can't be written" in done.stderr


def test_migrate_without_a_ledger_says_what_to_set():
    done = probity("migrate", "current")
    assert done.returncode == 1
    assert "set DATABASE_URL or PROBITY_LEDGER_URL" in done.stderr


def test_migrate_to_a_server_that_is_not_there_fails_in_one_line_without_the_password():
    done = probity("migrate", "current", DATABASE_URL=f"postgresql://u:{PASSWORD}@127.0.0.1:1/d")
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1 and "refused" in done.stderr
    assert PASSWORD not in done.stderr


def test_migrate_prints_sql_without_a_server():
    done = probity("migrate", "upgrade", "--sql")
    assert done.returncode == 0
    assert "CREATE SCHEMA probity" in done.stdout


def test_the_daemon_names_a_misspelt_variable_and_hides_every_password(folder):
    daemon = os.path.join(os.environ["PROBITY_BUILD"], "probityd")
    log_path = os.path.join(folder, "log")
    with open(log_path, "w") as log:
        child = subprocess.Popen([daemon], stderr=log, stdin=subprocess.DEVNULL, env=plain_environment({
            "PROBITY_LISTEN": os.path.join(folder, "p.sock"),
            "PROBITY_DRAIN_SECONDS": "0", "PROBITY_CHEK_INTERVAL": "1",
            "DATABASE_URL": f"postgresql://u:{PASSWORD}@@h/d",
            "CELERY_BROKER_URL": f"redis://:{PASSWORD}@127.0.0.1:1/0"}))
        try:
            wait_until(lambda: "answers at" in open(log_path).read(), 20, "probityd to answer")
        finally:
            child.terminate()
            assert child.wait(20) == 0
    said = open(log_path).read()
    assert "is PROBITY_CHECK_INTERVAL meant?" in said
    assert "check database: DATABASE_URL can't be read" in said
    assert PASSWORD not in said


def test_the_daemon_does_not_start_with_a_variable_of_its_own_that_cannot_be_read():
    daemon = os.path.join(os.environ["PROBITY_BUILD"], "probityd")
    done = subprocess.run([daemon], env=plain_environment({"PROBITY_DRAIN_SECONDS": "abc"}),
                          timeout=30, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1 and "expected a duration" in done.stderr
