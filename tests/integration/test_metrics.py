"""What Prometheus reads: clean, complete, and there whatever is down."""
# SPDX-License-Identifier: MIT
import re
import shutil
import subprocess
import sys

import pytest

from process import wait_until

SAMPLE = re.compile(r"^([a-zA-Z_:][\w:]*)(\{.*\})? (\S+)$")
OPENMETRICS = {"Accept": "application/openmetrics-text; version=1.0.0"}


def lint(text):
    if not shutil.which("promtool"):
        pytest.fail("promtool is missing: scripts/deps test installs it")
    done = subprocess.run(["promtool", "check", "metrics"], input=text, capture_output=True,
                          text=True, check=False)
    return done.returncode, done.stdout + done.stderr


def families(text):
    """(family, sample name, labels) in the order of the text; a family begins at its TYPE."""
    family, found = None, []
    for line in text.splitlines():
        if line.startswith("# TYPE "):
            family = line.split()[2]
        elif line and not line.startswith("#"):
            match = SAMPLE.match(line)
            assert match, f"not a sample: {line}"
            found.append((family, match.group(1), match.group(2) or ""))
    return found


def assert_well_formed(text):
    """What promtool does not report: duplicates, families in two pieces, samples of no family."""
    found = families(text)
    assert found
    keys = [(name, labels) for _, name, labels in found]
    assert sorted(set(keys)) == sorted(keys), "a series is there twice"
    types = re.findall(r"^# TYPE (\S+) ", text, re.MULTILINE)
    helps = re.findall(r"^# HELP (\S+) ", text, re.MULTILINE)
    assert sorted(set(types)) == sorted(types), "a family is split"
    assert sorted(helps) == sorted(types), "a family without HELP or TYPE"
    for family, name, _ in found:
        assert family and re.fullmatch(
            re.escape(family) + r"(_total|_bucket|_sum|_count|_info|_created)?", name), name


def value(text, start):
    for line in text.splitlines():
        if line.startswith(start):
            return float(line.rsplit(" ", 1)[1])
    raise AssertionError(f"{start} is not there")


def test_promtool_finds_nothing(stack):
    answer = stack.get("/metrics")
    assert answer.status == 200
    assert answer.headers["Content-Type"].startswith("text/plain; version=0.0.4")
    assert lint(answer.text) == (0, "")
    assert_well_formed(answer.text)


def test_openmetrics_is_given_when_asked_for(stack):
    answer = stack.get("/metrics", headers=OPENMETRICS)
    assert answer.headers["Content-Type"].startswith("application/openmetrics-text; version=1.0.0")
    assert answer.headers["Vary"] == "Accept"
    assert answer.text.endswith("# EOF\n")
    assert answer.text.count("# EOF") == 1
    assert_well_formed(answer.text.replace("# EOF\n", ""))


@pytest.mark.parametrize("name", [
    "probity_build_info", "probity_ingest_lines_total", "probity_ledger_commits_total",
    "probity_check_age_seconds", "probity_check_duration_seconds", "process_resident_memory_bytes",
    "process_cpu_user_seconds_total", "probity_loop_lag_seconds", "probity_requests_total",
    "redis_memory_used_bytes", "database_connections", "probity_slo_objective_ratio",
    "http_request_duration_seconds"])
def test_a_family_is_there(stack, name):
    text = stack.get("/metrics").text
    assert f"# TYPE {name} " in text or f"# TYPE {name.removesuffix('_total')} " in text
    value(text, name)


def test_every_check_has_its_word(stack):
    text = stack.get("/metrics").text
    for check in ("app", "database", "redis", "celery"):
        assert value(text, f'probity_check_up{{check="{check}"}}') == 1


def told(place, path, status):
    return value(place.get("/metrics").text, 'http_requests_total{service="app",method="GET",'
                 f'path="{path}",status="{status}"}}')


def test_requests_are_counted_without_a_ledger_and_from_0_after_a_start(start):
    alone = start.stack(app=None, postgres=False, redis=False)
    for path in ("/ok", "/ok?a=1", "/missing", "/health"):
        alone.get(path)
    wait_until(lambda: "status=\"404\"" in alone.get("/metrics").text, 5, "the requests")
    assert (told(alone, "/ok", 200), told(alone, "/missing", 404)) == (2, 1)
    answer = alone.get("/metrics")
    assert value(answer.text, 'http_request_duration_seconds_count{service="app"}') == 3
    assert value(answer.text, 'http_request_duration_seconds_bucket{service="app",le="+Inf"}') == 3
    assert value(answer.text, "probity_http_requests_unlisted_total") == 0
    assert 'path="/health"' not in answer.text and "probity_ingest_lines_total" not in answer.text
    assert lint(answer.text) == (0, "")
    assert_well_formed(answer.text)
    assert "http_" not in alone.get("/metrics?scope=fleet").text
    answer = alone.get("/metrics", headers=OPENMETRICS)
    assert 'http_request_duration_seconds_bucket{service="app",le="1.0"} 3\n' in answer.text
    assert_well_formed(answer.text.replace("# EOF\n", ""))
    alone.probityd.restart()
    wait_until(lambda: "http_request" in alone.get("/metrics").text, 5, "the metrics")
    assert 'path="/ok"' not in alone.get("/metrics").text
    alone.get("/ok")
    wait_until(lambda: 'path="/ok"' in alone.get("/metrics").text, 5, "the request")
    assert told(alone, "/ok", 200) == 1


def test_metrics_answer_200_when_everything_else_is_down(start):
    whole = start.stack()
    whole.wait_ready()
    whole.redis.kill9()
    whole.postgres.kill9()
    whole.wait_for("/health/ready", 503, 5)
    answer = whole.get("/metrics")
    assert answer.status == 200
    assert value(answer.text, 'probity_check_up{check="redis"}') == 0
    assert lint(answer.text) == (0, "")


def test_no_secret_is_in_the_metrics(stack):
    text = stack.get("/metrics").text
    assert stack.postgres.password not in text
    assert "postgresql://" not in text


if __name__ == "__main__":
    assert_well_formed(sys.stdin.read())
