"""probity gate: exit codes for pipelines, over the socket and through nginx."""
# SPDX-License-Identifier: MIT
import pytest

from servers import run_tool
from test_front_peers import Trial

TOKEN = "0123456789abcdef0123456789abcdef"


@pytest.fixture(scope="module")
def pair(shared):
    front = shared.add(Trial(shared.subfolder()))
    return front, shared.nginx(front.socket_path)


def gate(pair, *arguments, over="socket", env=None):
    front, nginx = pair
    where = {"socket": ("--socket", front.socket_path),
             "http": ("--url", f"http://127.0.0.1:{nginx.port}")}[over]
    return run_tool("gate", *where, *arguments, env={"PROBITY_ADMIN_TOKEN": TOKEN, **(env or {})})


@pytest.mark.parametrize("over", ["socket", "http"])
@pytest.mark.parametrize("arguments, code, words", [
    (("--slo", "app-availability"), 0, "go: nothing objects\n"),
    (("--slo=app-availability", "--min-budget=0.7"), 1, "error budget 61.9 % left, 70 % asked"),
    (("--slo", "app-latency-p95", "--min-budget", "0.1"), 1,
     "stop: too little is left of an error budget\n  app-latency-p95: error budget 4.2 % left"),
    (("--service", "app"), 0, "app-error-rate: too few events to judge"),
    ((), 0, "go: "),
    (("--slo", "app&min_budget=0"), 2, "unknown: no objective matches"),
    (("--slo", "nothing"), 2, "unknown: no objective matches"),
    (("--min-budget", "2"), 2, "unknown: min_budget is no decimal"),
])
def test_the_exit_code_is_the_decision(pair, over, arguments, code, words):
    done = gate(pair, *arguments, over=over)
    assert (done.returncode, done.stderr) == (code, ""), done
    assert words in done.stdout


@pytest.mark.parametrize("arguments, words", [
    (("--socket", "/nonexistent/probity.sock"), "probityd could not be asked: "),
    (("--url", "http://127.0.0.1:1"), "probityd could not be asked: "),
    (("--url", "https://example.org"), "curl -f"),
    (("--url", "ftp://example.org"), "http://"),
    (("--url", "http://user:secret-word@example.org"), "more than http://HOST:PORT"),
    (("--url", "http://a", "--socket", "b"), "not both"),
    (("--slo",), "no value"),
    (("--slo", ""), "no value"),
    (("--slo", "a", "--slo", "b"), "twice"),
    (("--sloo", "a"), "no option"),
    (("go",), "options alone"),
    (("--override", "x"), "for what"),
])
def test_what_can_not_be_asked_is_no_go(arguments, words):
    done = run_tool("gate", *arguments)
    assert done.returncode == 2 and words in done.stderr, done
    assert "secret-word" not in done.stderr


def test_what_answers_but_is_no_probityd_is_no_go(pair):
    _, nginx = pair
    done = run_tool("gate", "--url", f"http://127.0.0.1:{nginx.port}/missing")
    assert done.returncode == 2 and "not one of probityd's" in done.stdout


def test_an_override_needs_an_admin(pair):
    done = gate(pair, "--slo", "app-latency-p95", "--min-budget", "0.5", "--override", "hotfix",
                env={"PROBITY_ADMIN_TOKEN": ""})
    assert done.returncode == 2 and "set PROBITY_ADMIN_TOKEN" in done.stderr


def test_an_override_that_is_not_booked_opens_nothing(pair):
    done = gate(pair, "--slo", "app-latency-p95", "--min-budget", "0.5", "--override", "hotfix")
    assert done.returncode == 2 and "the override was not taken: Postgres refuses" in done.stderr


def test_what_goes_anyway_is_not_overridden(pair):
    done = gate(pair, "--slo", "app-availability", "--override", "hotfix")
    assert done.returncode == 0 and done.stdout == "go: nothing objects\n"
