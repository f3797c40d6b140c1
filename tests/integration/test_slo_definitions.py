"""test_slo_definitions.py - `probity slo` with files and with a real ledger."""
# SPDX-License-Identifier: MIT
import glob
import json
import os
import subprocess

import pytest

from ledger_driver import probity
from servers import build_path, run_tool
from process import REPOSITORY

DATA = os.path.join(REPOSITORY, "tests", "data", "openslo")

SLO = """---
apiVersion: openslo/v1
kind: SLO
metadata:
  name: {name}
spec:
  service: {service}
  indicator:
    metadata:
      name: answered
    spec:
      ratioMetric:
        bad:
          metricSource:
            type: probity
            spec: {{ status: {bad} }}
        total:
          metricSource:
            type: probity
            spec: {{}}
  timeWindow:
    - duration: {window}
      isRolling: true
  budgetingMethod: Occurrences
  objectives:
    - target: {target}
"""


def slo(name="shop-availability", service="shop", target="0.999", window="28d", bad="5xx"):
    return SLO.format(name=name, service=service, target=target, window=window, bad=bad)


@pytest.fixture(scope="module")
def server(shared):
    return shared.postgres()


@pytest.fixture
def ledger(server):
    server.sql("DROP SCHEMA IF EXISTS probity CASCADE")
    probity(server.url(), "migrate", "upgrade")
    return server


@pytest.fixture
def write(tmp_path):
    def write(text, name="slos.yaml"):
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        return str(path)
    return write


def run(server, *arguments, check=True):
    return probity(server.url(), "slo", *arguments, check=check)


def offline(*arguments):
    environment = {name: value for name, value in os.environ.items()
                   if name not in ("DATABASE_URL", "PROBITY_LEDGER_URL")}
    return subprocess.run([build_path("probity"), "slo", *arguments], capture_output=True,
                          text=True, check=False, env=environment)


def versions(server):
    return server.sql("SELECT name, version, target, origin, author, retired_at IS NULL "
                      "FROM probity.objectives ORDER BY name, version")


def indicators(server):
    return server.sql("SELECT service, definition FROM probity.indicators ORDER BY 1, 2")


def test_lint_says_what_the_alerts_of_each_objective_can_do():
    done = offline("lint", os.path.join(DATA, "valid"), "--strict")
    assert done.returncode == 0 and done.stderr == ""
    assert "needs more than 72 % bad events" in done.stdout
    assert "can never fire" in done.stdout


def test_lint_names_file_line_and_column_of_every_error():
    done = offline("lint", os.path.join(DATA, "invalid"))
    assert done.returncode == 1 and done.stdout == ""
    assert os.path.join(DATA, "invalid", "numbers.yaml") + \
        ":29:15: spec.objectives[0].target: must be" in done.stderr
    assert len(done.stderr.splitlines()) > 50


def test_lint_speaks_json_to_machines():
    done = offline("lint", "--json", os.path.join(DATA, "lenient", "kept.yaml"),
                   os.path.join(DATA, "valid", "alerts.yaml"))
    said = json.loads(done.stdout)
    assert done.returncode == 0 and said["errors"] == 0 and said["warnings"] == 2
    assert [alert["name"] for alert in said["slos"][0]["alerts"]] == ["ticket", "page", "nearly-gone"]
    broken = offline("lint", "--json", os.path.join(DATA, "invalid", "names.yaml"))
    assert broken.returncode == 1
    assert json.loads(broken.stdout)["problems"][0]["line"] > 0


def test_the_example_of_the_documentation_is_valid(write):
    with open(os.path.join(REPOSITORY, "docs", "openslo.md"), encoding="utf-8") as file:
        example = file.read().split("```yaml\n")[1].split("```")[0]
    done = offline("lint", "--strict", write(example))
    assert done.returncode == 0 and done.stderr == "" and "checkout-availability" in done.stdout


def test_arguments_that_make_no_sense_are_misuse(write):
    path = write(slo())
    for arguments in (["polish", path], ["lint", path, "--prune"], ["show"],
                      ["apply", path, "--author"], ["apply", path, "--effective-from", "soon"],
                      ["apply", path]):
        assert offline(*arguments).returncode == 2, arguments


def test_a_file_that_is_missing_is_an_error_in_words():
    done = offline("lint", "/nowhere/at/all.yaml")
    assert done.returncode == 1 and "No such file" in done.stderr


def test_apply_adds_versions_and_never_rewrites(ledger, write):
    first = run(ledger, "apply", write(slo()), "--author", "ann")
    assert "+ shop-availability (shop): 0.999 good over 28 d" in first.stdout
    again = run(ledger, "apply", write(slo()), "--author", "bob")
    assert "0 new, 0 changed, 0 retired, 1 as they were" in again.stdout
    changed = run(ledger, "apply", write(slo(target="0.9995", window="30d")), "--author", "bob")
    assert "target 0.999 -> 0.9995" in changed.stdout and "window 28 d -> 30 d" in changed.stdout
    assert versions(ledger) == [("shop-availability", 1, "0.999", "applied", "ann", True),
                                ("shop-availability", 2, "0.9995", "applied", "bob", True)]
    assert indicators(ledger) == [("shop", "total{} bad{status=500-599}")]


def test_a_clock_that_is_behind_the_ledgers_keeps_nobody_from_applying(ledger, write):
    library = glob.glob("/usr/lib/*/faketime/libfaketimeMT.so.1")
    assert library, "libfaketime is missing: scripts/deps test installs it"
    slow = {"DATABASE_URL": ledger.url(), "LD_PRELOAD": library[0], "FAKETIME": "-60s",
            "ASAN_OPTIONS": "verify_asan_link_order=0"}
    for target in ("0.9", "0.95"):
        done = run_tool("slo", "apply", write(slo(target=target)), env=slow)
        assert done.returncode == 0, done
    assert [(row[1], row[2]) for row in versions(ledger)] == [(1, "0.9"), (2, "0.95")]


def test_a_changed_selection_is_a_new_indicator(ledger, write):
    run(ledger, "apply", write(slo()))
    changed = run(ledger, "apply", write(slo(bad="[429, 5xx]")))
    assert "derived" in changed.stdout
    assert len(indicators(ledger)) == 2


def test_a_dry_run_does_nothing(ledger, write):
    done = run(ledger, "apply", write(slo()), "--dry-run")
    assert "+ shop-availability" in done.stdout and "nothing was done" in done.stdout
    assert versions(ledger) == [] and indicators(ledger) == []


def test_prune_retires_what_is_gone_from_the_files_of_the_same_service(ledger, write):
    run(ledger, "apply", write(slo() + slo(name="shop-old") + slo(name="bank", service="bank")))
    kept = run(ledger, "apply", write(slo()))
    assert "0 retired" in kept.stdout
    done = run(ledger, "apply", write(slo()), "--prune")
    assert "- shop-old (shop): retired" in done.stdout and "1 retired" in done.stdout
    assert [row[0] for row in versions(ledger) if not row[5]] == ["shop-old"]
    assert "retired" in run(ledger, "list").stdout


def test_a_name_is_in_force_for_one_service_only(ledger, write):
    run(ledger, "apply", write(slo(name="one")))
    refused = run(ledger, "apply", write(slo(name="one", service="bank")), check=False)
    assert refused.returncode == 1 and "applied for the service shop already" in refused.stderr
    moved = run(ledger, "apply", write(slo(name="one", service="bank")), "--prune")
    assert "1 new, 0 changed, 1 retired" in moved.stdout


def test_a_version_can_become_effective_later(ledger, write):
    run(ledger, "apply", write(slo()))
    run(ledger, "apply", write(slo(target="0.9")), "--effective-from", "2090-01-01T00:00:00Z")
    listed = run(ledger, "list").stdout
    assert "in force" in listed and "to come" in listed
    exported = run(ledger, "export").stdout
    assert "target: 0.999" in exported and "target: 0.9\n" not in exported
    early = run(ledger, "apply", write(slo(target="0.95")), check=False)
    assert early.returncode == 1 and "--effective-from" in early.stderr


def test_what_is_exported_applies_as_the_same(ledger, write):
    files = [os.path.join(DATA, "valid"), os.path.join(DATA, "lenient", "kept.yaml")]
    run(ledger, "apply", *files)
    exported = run(ledger, "export").stdout
    again = run(ledger, "apply", write(exported, "exported.yaml"), "--prune")
    assert "0 new, 0 changed, 0 retired" in again.stdout
    assert offline("export", "--file", write(exported, "more.yaml")).stdout.count("kind: SLO") == \
        exported.count("kind: SLO")


def test_built_in_objectives_are_set_aside_by_what_is_applied(ledger, write):
    run(ledger, "apply", write(slo(name="shop-availability")))
    ledger.sql("UPDATE probity.objectives SET origin = 'built-in'")
    assert "name: shop-availability" in run(ledger, "export").stdout
    done = run(ledger, "apply", write(slo(name="mine")))
    assert "1 new" in done.stdout and "built-in" in done.stdout
    states = {line.split()[1]: line for line in run(ledger, "list").stdout.splitlines()}
    assert "set aside" in states["shop-availability"] and "in force" in states["mine"]
    exported = run(ledger, "export").stdout
    assert "name: mine" in exported and "name: shop-availability" not in exported
    assert "name: shop-availability" in run(ledger, "export", "shop-availability").stdout
    assert "built-in" not in run(ledger, "apply", write(slo(name="mine"))).stdout


def test_lint_without_files_looks_at_what_is_applied(ledger, write):
    assert "nothing is applied" in run(ledger, "lint", check=False).stderr
    run(ledger, "apply", write(slo() + slo(name="old")))
    run(ledger, "apply", write(slo()), "--prune")
    run(ledger, "apply", write(slo(target="0.9")), "--effective-from", "2090-01-01T00:00:00Z")
    done = run(ledger, "lint")
    assert "shop-availability (shop): 0.999 good" in done.stdout
    assert "1 objective can be used" in done.stdout


def test_show_prints_every_version(ledger, write):
    run(ledger, "apply", write(slo()), "--author", "ann")
    run(ledger, "apply", write(slo(target="0.99")), "--author", "bob")
    shown = run(ledger, "show", "shop-availability").stdout
    assert "# version 1, replaced" in shown and "by ann" in shown
    assert "# version 2, in force" in shown and "target: 0.99\n" in shown
    missing = run(ledger, "show", "nothing", check=False)
    assert missing.returncode == 1 and "there is no objective nothing" in missing.stderr


def test_a_ledger_without_a_schema_names_the_command(server, write):
    server.sql("DROP SCHEMA IF EXISTS probity CASCADE")
    done = run(server, "apply", write(slo()), check=False)
    assert done.returncode == 2 and "probity migrate upgrade" in done.stderr
