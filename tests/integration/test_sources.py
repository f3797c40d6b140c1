"""Several logs in several formats, old logs, and route templates: every line counts once."""
# SPDX-License-Identifier: MIT
import gzip
import json
import os
import random
import re
import shutil
import subprocess
import time

import pytest

from process import plain_environment, wait_until
from servers import build_path
from test_ingest import SLO_ENV, figures


class Lines:
    """Writes lines of one format; no two are alike unless `frozen`."""

    def __init__(self, seed=1):
        self.random, self.count = random.Random(seed), 0
        self.sums = {"app-availability": [0, 0], "app-error-rate": [0, 0],
                     "app-latency-p95": [0, 0], "app-latency-p99": [0, 0]}

    def event(self):
        self.count += 1
        status = self.random.choice((200, 200, 200, 404, 500, 499))
        ms = self.random.choice((3, 120, 499, 500, 700, 2000))
        if status != 499:
            for name, bad in (("availability", status >= 500), ("error-rate", status >= 500)):
                self.add(name, bad)
            if status < 500:
                self.add("latency-p95", ms >= 500)
                self.add("latency-p99", ms >= 2000)
        return status, ms

    def add(self, name, bad):
        sums = self.sums[f"app-{name}"]
        sums[0] += 1
        sums[1] += bad

    def probity(self, at=None, path="/ok"):
        status, ms = self.event()
        return json.dumps({"time": round(at or time.time(), 3), "request_id": f"{self.count:032x}",
                           "service": "", "method": "GET", "path": path, "status": status,
                           "request_time": ms / 1000, "bytes": 1, "upstream_time": ""})

    def combined(self):
        status, ms = self.event()
        return (time.strftime("10.0.0.1 - - [%d/%b/%Y:%H:%M:%S +0000] ", time.gmtime())
                + f'"GET /v1/items/{self.count}?x HTTP/1.1" {status} 12 "-" "a\\x22b" {ms / 1000:.3f}')

    def mapped(self):
        status, ms = self.event()
        return json.dumps({"at": int(time.time() * 1000), "request": {"verb": "GET", "url": "/a?b"},
                           "outcome": {"code": str(status)}, "took_us": ms * 1000,
                           "nr": self.count})


def append(path, lines):
    with open(path, "a", encoding="utf-8") as file:
        file.write("".join(line + "\n" for line in lines))


SOURCES = """\
sources:
  - path: {folder}/own.log
  - path: {folder}/combined.log
    format: combined
    templates:
      - /v1/items/{{item}}
  - path: {folder}/mapped.log
    format: json
    fields:
      time: at
      time_format: unix_ms
      method: request.verb
      path: request.url
      status: outcome.code
      duration: took_us
      duration_unit: us
  - path: {folder}/missing.log
"""


def add_up(*all_sums):
    return {name: [sum(sums[name][0] for sums in all_sums), sum(sums[name][1] for sums in all_sums)]
            for name in all_sums[0]}


def assert_sums(stack, *writers, timeout=20):
    expected = add_up(*(writer.sums for writer in writers))
    try:
        wait_until(lambda: figures(stack) == expected, timeout, "the events in /slo")
    except AssertionError as error:
        raise AssertionError(f"{error}\nwritten: {expected}\nledger:  {figures(stack)}\n"
                             + stack.probityd.log_tail(20)) from None
    time.sleep(1)
    assert figures(stack) == expected


def configured(start, text, **options):
    """A stack whose sources are those of a file."""
    stack = start.stack(start=False, app=options.pop("app", None),
                        env={**SLO_ENV, **options.pop("env", {})},
                        **{"redis": False, **options})
    folder = os.path.join(stack.folder, "logs")
    os.makedirs(folder)
    stack.logs = folder
    stack.probityd.env["PROBITY_CONFIG"] = os.path.join(folder, "probity.yaml")
    with open(stack.probityd.env["PROBITY_CONFIG"], "w", encoding="utf-8") as file:
        file.write(text.format(folder=folder, app=getattr(stack.app, "port", 0)))
    return stack


def test_three_formats_are_counted_at_once_across_rotation_while_a_fourth_log_is_missing(start):
    stack = configured(start, SOURCES).start()
    own, combined, mapped = Lines(1), Lines(2), Lines(3)
    kinds = (("own", own.probity), ("combined", combined.combined), ("mapped", mapped.mapped))
    for turn in range(4):
        for name, make in kinds:
            append(f"{stack.logs}/{name}.log", [make() for _ in range(50)])
        time.sleep(1.1)
        for name, make in kinds:  # a line that comes after the rename, before the new file
            os.rename(f"{stack.logs}/{name}.log", f"{stack.logs}/{name}.log.{turn}")
            append(f"{stack.logs}/{name}.log.{turn}", [make()])
        if turn == 1:
            stack.probityd.kill9()
            stack.probityd.start()
    assert_sums(stack, own, combined, mapped)
    assert stack.postgres.sql("SELECT DISTINCT route FROM probity.route_minutes ORDER BY 1") \
        == [("/a",), ("/ok",), ("/v1/items/{item}",)]
    metrics = stack.get("/metrics").text
    assert 'probity_ingest_source_lines_total{source="combined.log"}' in metrics
    assert 'probity_ingest_source_waiting_for_file{source="missing.log"} 1' in metrics
    late = Lines(4)
    append(f"{stack.logs}/missing.log", [late.probity() for _ in range(20)])
    assert_sums(stack, own, combined, mapped, late)


def test_files_that_begin_alike_are_told_apart_by_their_path(start):
    stack = configured(start, """\
sources:
  - {{path: {folder}/a.log, format: combined}}
  - {{path: {folder}/b.log, format: combined}}
""").start()
    first, second = Lines(1), Lines(1)
    for _ in range(3):
        line = first.combined()
        second.combined()
        append(f"{stack.logs}/a.log", [line])
        append(f"{stack.logs}/b.log", [line])
    shutil.copyfile(f"{stack.logs}/a.log", f"{stack.logs}/a.log.1")  # a copy is no other file
    assert_sums(stack, first, second)


def test_routes_are_those_of_a_fastapi_application_once_it_answers(start):
    stack = configured(start, """\
sources:
  - path: {folder}/own.log
    openapi: http://127.0.0.1:{app}/openapi.json
    strict_templates: true
""", app="demo", redis=True)
    own = Lines()
    stack.postgres.start()
    stack.tool("migrate", "upgrade", check=True)
    for part in (stack.redis, stack.nginx, stack.probityd):
        part.start()
    append(f"{stack.logs}/own.log", [own.probity(path="/v1/items/1")])
    assert_sums(stack, own)  # nobody waits for the application
    stack.app.start()
    wait_until(lambda: re.search(r": \d+ route templates", stack.probityd.log()), 10, "the templates")
    append(f"{stack.logs}/own.log", [own.probity(path="/v1/items/1"),
                                     own.probity(path="/no/such/route")])
    assert_sums(stack, own)
    routes = {route for route, in stack.postgres.sql("SELECT route FROM probity.route_minutes")}
    assert routes == {"/v1/items/{id}", "/v1/items/{number}", "other"}
    assert stack.probityd.log().count("asking again") == 1


# --- old logs ---

@pytest.fixture
def old(start):
    """A stack and six old logs of its source, each of another length, some gzipped."""
    stack = start.stack(start=False, redis=False, app=None, env=SLO_ENV)
    stack.old, stack.writer = [], Lines()
    stack.logs = os.path.join(stack.folder, "logs")
    os.makedirs(stack.logs)
    stack.probityd.env["PROBITY_ACCESS_LOG"] = f"{stack.logs}/access.log"
    for number in range(6, 0, -1):
        path = f"{stack.logs}/access.log.{number}"
        day = time.time() - number * 86400
        append(path, [stack.writer.probity(at=day + second) for second in range(100 * number)])
        if number % 2:
            with open(path, "rb") as plain, gzip.open(path + ".gz", "wb") as packed:
                shutil.copyfileobj(plain, packed)
            os.unlink(path)
            path += ".gz"
        stack.old.append(path)
    return stack


def test_old_logs_in_any_order_equal_the_recount_while_the_daemon_follows_the_new_one(old):
    own = old.writer
    append(f"{old.logs}/access.log", [own.probity() for _ in range(300)])
    old.start()
    files = old.old + [f"{old.logs}/access.log"]
    random.Random(7).shuffle(files)
    first = old.tool("backfill", *files[:4])
    append(f"{old.logs}/access.log", [own.probity() for _ in range(50)])
    second = old.tool("backfill", *reversed(files))
    assert first.returncode == 0 and second.returncode == 0, first.stderr + second.stderr
    append(f"{old.logs}/access.log", [own.probity() for _ in range(50)])
    assert_sums(old, own)
    again = old.tool("backfill", *files)
    assert again.returncode == 0
    assert "all: 0 lines, 0 events" in again.stdout
    figures_before = figures(old)
    shutil.copyfile(old.old[1], f"{old.logs}/moved-elsewhere")
    assert old.tool("backfill", f"{old.logs}/moved-elsewhere").returncode == 0
    time.sleep(1)
    assert figures(old) == figures_before


def test_a_backfill_and_the_daemon_race_over_one_file(old):
    live, own = f"{old.logs}/live.log", Lines()
    old.probityd.env["PROBITY_ACCESS_LOG"] = live
    append(live, [own.probity(at=time.time() - 3600 + n / 50, path=f"/r/{n % 150}x")
                  for n in range(100000)])
    old.start(probityd=False)
    old.probityd.spawn()
    for _ in range(3):
        assert old.tool("backfill", live).returncode == 0
        append(live, [own.probity() for _ in range(500)])
    old.probityd.wait_ready()
    assert_sums(old, own)


def test_a_backfill_that_is_killed_goes_on_where_it_was(old):
    old.start()
    big = f"{old.logs}/access.log.7"
    append(big, [old.writer.probity(at=time.time() - 7 * 86400 + n % 3000, path=f"/r/{n % 400}x")
                 for n in range(60000)])
    for _ in range(3):
        child = subprocess.Popen([build_path("probity"), "backfill", big, *old.old],
                                 env=plain_environment(old.probityd.env),
                                 stdout=subprocess.DEVNULL)
        time.sleep(0.3)
        child.kill()
        child.wait()
    done = old.tool("backfill", *old.old, big)
    assert done.returncode == 0, done.stderr
    assert_sums(old, old.writer)


def test_a_backfill_says_what_it_could_not_count(old):
    old.start()
    ancient = f"{old.logs}/ancient"
    append(ancient, [Lines(9).probity(at=time.time() - 400 * 86400), "garbage",
                     Lines(10).combined(), "unfinished"])
    with open(ancient, "r+", encoding="utf-8") as file:
        file.truncate(os.path.getsize(ancient) - 1)
    done = old.tool("backfill", ancient)
    assert done.returncode == 0
    assert "3 lines, 0 events, 0 not counted, 3 rejected (not_json 2, bad_time 1)" in done.stdout
    cut = f"{old.logs}/cut.gz"
    with open(old.old[1] if old.old[1].endswith(".gz") else old.old[3], "rb") as file:
        whole = file.read()
    with open(cut, "wb") as file:
        file.write(whole[:len(whole) // 2])
    done = old.tool("backfill", cut, "/nowhere/at.all")
    assert done.returncode == 1
    assert "cut short" in done.stderr and "/nowhere/at.all" in done.stderr
    for arguments, words in (((), "say which files"), (("-",), "standard input"),
                             (("--format", "json", "x"), "--format takes"),
                             (("--frmat", "x"), "is no option")):
        done = old.tool("backfill", *arguments)
        assert done.returncode == 2 and words in done.stderr


def test_a_backfill_in_the_wrong_format_leaves_the_log_alone(old):
    old.start()
    elsewhere = f"{old.logs}/elsewhere"
    append(elsewhere, [Lines(11).combined() for _ in range(20)])
    done = old.tool("backfill", elsewhere)
    assert done.returncode == 1 and done.stdout == ""
    assert "nothing was counted" in done.stderr and "format probity (not_json)" in done.stderr
    done = old.tool("backfill", "--format", "combined", elsewhere)
    assert done.returncode == 0 and "20 lines, 20 events" in done.stdout, done.stdout + done.stderr
    assert old.tool("backfill", elsewhere).returncode == 0


def test_a_backfill_without_a_ledger_says_so(start):
    stack = start.stack(start=False, postgres=False, redis=False, app=None, env=SLO_ENV)
    done = stack.tool("backfill", "/etc/hostname")
    assert done.returncode == 1 and "PROBITY_LEDGER_URL" in done.stderr
