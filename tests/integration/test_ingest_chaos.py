"""Each line counts once: commits whose answer is lost, rivals, failovers, copies, rotations at any time."""
# SPDX-License-Identifier: MIT
import json
import os
import shutil
import subprocess
import threading
import time

import pytest

from process import wait_until
from proxy import Proxy
from recount import recount
from servers import Probityd

SLO_ENV = {"PROBITY_REQUIRE": "none", "PROBITY_APP": None, "REDIS_URL": None}


class CommitProxy(Proxy):
    """Forwards, but `lose` times a COMMIT that moves a position gets no answer: the server does it
    (`executed`) or may do it (the connection is gone as soon as it was forwarded)."""

    def __init__(self, target_port):
        self.lose, self.lost, self.executed, self.delay = 0, 0, True, 0.0
        self.moving, self.pending = set(), set()
        super().__init__(target_port)

    def _forward(self, end):
        other = self.pairs[end]
        try:
            data = end.recv(65536)
            if data and other in self.pending:
                data = b""  # the server's answer to a COMMIT: it goes nowhere
            if b" INTO probity.positions" in data or b"UPDATE probity.positions" in data:
                self.moving.add(end)
            commits = b"COMMIT\0" in data and end in self.moving
            if commits and self.delay:
                time.sleep(self.delay)
            if data:
                other.sendall(data)
            if commits:
                self.moving.discard(end)
            if commits and self.lose > 0:
                self.lose, self.lost = self.lose - 1, self.lost + 1
                if self.executed:
                    self.pending.add(end)
                else:
                    data = b""
        except OSError:
            data = b""
        if not data:
            self.pending.discard(end)
            self.pending.discard(other)
            self._close(end)


def line(**changes):
    event = {"time": round(time.time(), 3), "request_id": os.urandom(16).hex(), "service": "",
             "method": "GET", "path": "/v1/items", "status": 200, "request_time": 0.012,
             "bytes": 321, "upstream_time": "0.011", **changes}
    return (json.dumps(event, separators=(",", ":")) + "\n").encode()


class Writer:
    """Appends lines to a log as nginx does, which is told to open it anew after a rotation."""

    def __init__(self, path, every=0.002):
        self.path, self.every, self.running = path, every, True
        self.reopen = threading.Event()
        self.log = open(path, "ab", buffering=0)
        self.count = 0
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self):
        while self.running:
            if self.reopen.is_set():
                self.log.close()
                self.log = open(self.path, "ab", buffering=0)
                self.reopen.clear()
            status = 500 if self.count % 7 == 0 else 200
            self.log.write(line(status=status, request_time=(self.count % 9) / 4))
            self.count += 1
            time.sleep(self.every)

    def rotate(self, to, pause=0.0):
        os.rename(self.path, to)
        time.sleep(pause)
        self.reopen.set()
        wait_until(lambda: not self.reopen.is_set(), 5, "the log to be opened anew", every=0.001)

    def stop(self):
        self.running = False
        self.thread.join(5)
        self.log.close()


@pytest.fixture
def place(start):
    """A stack whose ledger lies behind a proxy, that follows a log of the test's own."""
    stack = start.stack(redis=False, app=None, env=SLO_ENV, start=False)
    stack.postgres.start()
    stack.proxy = start.add(CommitProxy(stack.postgres.port), start=False)
    stack.logs = os.path.join(stack.folder, "own")
    os.makedirs(stack.logs)
    stack.own_log = os.path.join(stack.logs, "access.log")
    stack.probityd.env.update(PROBITY_ACCESS_LOG=stack.own_log, DATABASE_URL=None,
                              PROBITY_LEDGER_URL=stack.postgres.url(port=stack.proxy.port))
    stack.start()
    return stack


def append(stack, *lines, name="access.log"):
    with open(os.path.join(stack.logs, name), "ab", buffering=0) as log:
        log.write(b"".join(lines))


def figures(stack):
    answer = stack.get("/slo")
    slos = answer.json().get("slos", []) if answer.status == 200 else []
    return {slo["name"]: [slo["total_events"], slo["bad_events"]] for slo in slos}


def in_tables(stack):
    rows = stack.postgres.sql(
        "SELECT o.name, sum(m.total)::bigint, sum(m.bad)::bigint FROM probity.indicator_minutes m "
        "JOIN probity.objectives o USING (service, indicator_id) GROUP BY 1")
    return {name: [total, bad] for name, total, bad in rows}


def metric(stack, name):
    return sum(float(text.rsplit(" ", 1)[1]) for text in stack.get("/metrics").text.splitlines()
               if text.startswith((name + " ", name + "{")))


def all_logs(stack):
    return [os.path.join(stack.logs, name) for name in sorted(os.listdir(stack.logs))]


def assert_counts(stack, wanted, timeout=20):
    try:
        wait_until(lambda: figures(stack) == wanted == in_tables(stack), timeout, "the counts")
        time.sleep(1.5)  # a figure that goes on growing has counted something again
        assert figures(stack) == wanted == in_tables(stack)
    except AssertionError as error:
        raise AssertionError(f"{error}\nlog:    {wanted}\ntables: {in_tables(stack)}\n"
                             f"/slo:   {figures(stack)}\n" + stack.probityd.log_tail(25)) from None


def assert_agrees(stack, timeout=20):
    assert_counts(stack, recount(all_logs(stack)), timeout)


@pytest.mark.parametrize("executed", [True, False])
def test_a_commit_whose_answer_is_lost_counts_once(place, executed):
    writer = Writer(place.own_log)
    place.proxy.executed = executed
    for _ in range(4):
        lost = place.proxy.lost
        place.proxy.lose = 1
        wait_until(lambda: place.proxy.lost > lost, 10, "a COMMIT to be lost")
        assert place.get("/health").status == 200
        assert place.get("/health/ready").status == 200
    writer.stop()
    assert_agrees(place)


@pytest.mark.long
def test_commits_that_take_long_hold_up_nothing_else(place):
    place.proxy.delay = 0.7
    writer = Writer(place.own_log)
    for _ in range(10):
        assert place.get("/health/ready").seconds < 0.5
        time.sleep(0.2)
    writer.stop()
    assert_agrees(place)


def test_three_probityds_on_one_log_count_once(place, start):
    rivals = [Probityd(start.subfolder(), env=place.probityd.env) for _ in range(2)]
    for rival in rivals:
        rival.start()
    try:
        writer = Writer(place.own_log)
        for number in range(3):
            time.sleep(0.5)
            rivals[number % 2].kill9()
            writer.rotate(f"{place.own_log}.{number}")
            rivals[number % 2].start()
        writer.stop()
        assert_agrees(place)
    finally:
        for rival in rivals:
            rival.stop()
    assert not [trouble for rival in rivals for trouble in rival.troubles()]


@pytest.mark.long
def test_rotations_while_the_ledger_is_away_lose_nothing(place):
    append(place, line())
    wait_until(lambda: figures(place).get("app-availability") == [1, 0], 10, "the first event")
    place.proxy.cut()
    writer = Writer(place.own_log)
    for number in range(6):
        writer.rotate(f"{place.own_log}.{number}", pause=0.05 * (number % 3))
        time.sleep(0.02)
    assert place.get("/health/ready").status == 200
    writer.stop()
    wait_until(lambda: metric(place, "probity_ingest_lag_bytes") > 0, 5, "the lag to show")
    place.proxy.resume()
    assert_agrees(place)
    assert metric(place, "probity_ingest_lag_bytes") == 0


@pytest.mark.long
def test_rotations_while_everything_is_dead_lose_nothing(place):
    writer = Writer(place.own_log)
    # A file that was rotated before any of it was committed is older than the service.
    wait_until(lambda: figures(place).get("app-availability", [0])[0] > 0, 10, "the first events")
    for number in range(3):
        place.probityd.kill9()
        place.postgres.kill9()
        for part in range(3):
            writer.rotate(f"{place.own_log}.{number}{part}", pause=0.02)
            time.sleep(0.05)
        place.probityd.start()  # before the ledger is there
        writer.rotate(f"{place.own_log}.{number}9")
        place.postgres.restart()
        time.sleep(0.5)
    writer.stop()
    assert_agrees(place, 30)


@pytest.mark.long
def test_a_copytruncate_while_the_ledger_is_away_loses_nothing_even_if_the_copy_goes(place):
    append(place, line(), line())
    assert_agrees(place)
    place.proxy.cut()
    place.probityd.kill9()
    append(place, *[line(status=500) for _ in range(50)])
    wanted = recount(all_logs(place))
    place.probityd.start()
    time.sleep(1)
    shutil.copyfile(place.own_log, place.own_log + ".1")
    os.truncate(place.own_log, 0)
    append(place, line())
    time.sleep(1)
    os.unlink(place.own_log + ".1")  # as compressing it does
    place.proxy.resume()
    wanted = {name: [sums[0] + 1, sums[1]] for name, sums in wanted.items()}
    assert_counts(place, wanted)


def test_a_log_that_is_copied_back_slowly_counts_once(place):
    append(place, *[line(status=200 + 300 * (k % 5 == 0)) for k in range(400)])
    assert_agrees(place)
    os.rename(place.own_log, place.own_log + ".away")
    with open(place.own_log + ".away", "rb") as old:
        data = old.read()
    for begin in range(0, len(data), len(data) // 4):  # mv from another disk does this
        append(place, data[begin:begin + len(data) // 4])
        time.sleep(0.4)
    os.unlink(place.own_log + ".away")
    append(place, line(status=500))
    assert_agrees(place)


def restore(postgres, data):
    postgres.stop()
    shutil.rmtree(postgres.data)
    os.rename(data, postgres.data)
    postgres.restart()


def test_commits_lost_in_a_failover_are_counted_again(place):
    """Also those of files that have been rotated away since, and nobody writes to."""
    writer = Writer(place.own_log)
    time.sleep(1.0)
    place.postgres.stop()
    earlier = place.postgres.data + ".earlier"
    subprocess.run(["cp", "-a", place.postgres.data, earlier], check=True)
    place.postgres.restart()
    time.sleep(1.0)
    for number in range(2):
        writer.rotate(f"{place.own_log}.{number}")
        time.sleep(1.0)
    restore(place.postgres, earlier)
    time.sleep(0.5)
    writer.stop()
    assert_agrees(place, 30)


@pytest.mark.long
def test_copytruncates_in_quick_succession_count_what_survives(place):
    for number in range(12):
        append(place, *[line() for _ in range(5)])
        if number % 3:
            time.sleep(0.13 * (number % 4))
        shutil.copyfile(place.own_log, f"{place.own_log}.{number}")
        os.truncate(place.own_log, 0)
    append(place, line())
    assert_agrees(place)


def test_a_copytruncate_before_the_file_has_a_name_counts_once(place):
    whole = line()
    append(place, whole[:40])
    time.sleep(0.5)  # followed, but nameless
    append(place, whole[40:], line())
    shutil.copyfile(place.own_log, place.own_log + ".1")
    os.truncate(place.own_log, 0)
    append(place, line())
    assert_agrees(place)


@pytest.mark.long
def test_a_log_that_is_deleted_and_made_anew_counts_once(place):
    total = []
    for _ in range(4):
        lines = [line() for _ in range(20)]
        total += lines
        append(place, *lines)
        time.sleep(0.3)
        os.unlink(place.own_log)
        time.sleep(0.2 * (len(total) % 40 == 0))
    copy = os.path.join(place.folder, "all")
    with open(copy, "wb") as file:
        file.writelines(total)
    assert_counts(place, recount([copy]))


@pytest.mark.long
def test_late_and_disordered_events_count_in_their_own_minutes(place):
    now = time.time()
    offsets = (0, -3600, -30, -7200, -1, -86400 * 3, -3599, 0)
    for number, offset in enumerate(offsets):
        append(place, *[line(time=round(now + offset - k, 3), status=500 if k == 3 else 200)
                        for k in range(20)])
        if number % 3 == 2:
            time.sleep(0.4)
            place.probityd.kill9()
            os.rename(place.own_log, f"{place.own_log}.{number}")
            append(place, line(time=round(now - 3000 * number, 3)))
            place.probityd.start()
    assert_agrees(place)


@pytest.mark.long
@pytest.mark.parametrize("first", [
    b"x" * 5000 + b"\n", line(path="/" + "a" * 9000), line(path="/" + "a" * 3960),
    b"garbage " + os.urandom(8).hex().encode() + b"\n", b"\0" * 64 + b"\n"],
    ids=["long garbage", "long", "about 4 KiB", "garbage", "NUL"])
def test_an_odd_first_line_names_a_file_too(place, first):
    append(place, first, line())
    good = first.startswith(b"{")
    wait_until(lambda: figures(place).get("app-availability") == [1 + good, 0], 10, "the events")
    place.probityd.kill9()
    append(place, line())
    os.rename(place.own_log, place.own_log + ".1")
    append(place, line())
    place.probityd.start()
    wait_until(lambda: figures(place).get("app-availability") == [3 + good, 0], 10, "all events")
    time.sleep(1)
    assert figures(place)["app-availability"] == [3 + good, 0]


@pytest.mark.long
def test_a_backlog_of_a_million_lines_counts_once_through_kills(place):
    place.probityd.stop()
    lines = [line(status=500 if k % 50 == 0 else 200) for k in range(2000)]
    block = b"".join(lines)
    with open(place.own_log, "wb") as log:
        log.write(line())
        for _ in range(500):
            log.write(block)
    for _ in range(6):
        place.probityd.start()
        time.sleep(1.3)
        place.probityd.kill9()
    place.probityd.start()
    wanted = {name: [sums[0] * 500 + 1, sums[1] * 500] for name, sums in
              recount_of(place, block).items()}
    assert_counts(place, wanted, 60)


def recount_of(stack, data):
    path = os.path.join(stack.folder, "block")
    with open(path, "wb") as file:
        file.write(data)
    return recount([path])


@pytest.mark.long
def test_memory_stays_bounded_while_two_million_lines_wait_for_the_ledger(place):
    append(place, line())
    assert_agrees(place)
    before = place.probityd.status("RssAnon")
    place.proxy.cut()
    block = b"".join(line(path=f"/r{k % 150}", request_time=k / 1000) for k in range(4000))
    with open(place.own_log, "ab") as log:
        for _ in range(500):
            log.write(block)
    size = os.path.getsize(place.own_log)
    wait_until(lambda: metric(place, "probity_ingest_lag_bytes") > size * 0.99, 15,
               "the lag to be what waits")
    time.sleep(5)
    grown = place.probityd.status("RssAnon") - before
    print("RssAnon grew by", grown, "KiB")
    assert grown < 64 * 1024
    place.proxy.resume()
    sums = recount_of(place, block)
    assert_counts(place, {name: [pair[0] * 500 + 1, pair[1] * 500]
                          for name, pair in sums.items()}, 90)


@pytest.fixture
def small_disk(place):
    """Postgres's data on a file system of its own, which `fill()` fills up."""
    disk = os.path.join(place.folder, "disk")
    os.makedirs(disk)
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=160m,mode=755", "tmpfs", disk],
                             capture_output=True, check=False)
    if mounted.returncode != 0:
        pytest.skip("mounting is not allowed here")
    place.postgres.stop()
    data = os.path.join(disk, "postgres")
    subprocess.run(["cp", "-a", place.postgres.data, data], check=True)
    place.postgres.data = data
    place.postgres.restart()
    filler = os.path.join(disk, "filler")

    def fill():
        with open(filler, "wb", buffering=0) as file:
            try:
                while file.write(b"\0" * 65536):
                    pass
            except OSError:
                pass
    yield fill, lambda: os.unlink(filler)
    place.probityd.stop()
    place.postgres.stop()
    subprocess.run(["umount", disk], check=True)


@pytest.mark.long
def test_a_full_disk_under_postgres_is_named_and_loses_nothing(place, small_disk):
    fill, empty = small_disk
    append(place, line())
    assert_agrees(place)
    fill()
    now = time.time()
    for number in range(60):
        append(place, *[line(path=f"/full/{'abcdefghij'[k % 10]}x{k}y",
                             time=round(now - 60 * number, 3)) for k in range(100)])
    wait_until(lambda: place.probityd.said("disk of Postgres is full"), 10, "the trouble's name")
    assert place.get("/health").status == place.get("/health/ready").status == 200
    empty()
    place.postgres.restart()
    assert_agrees(place, 30)


@pytest.mark.long
def test_a_log_that_nginx_writes_in_portions_counts_once_from_the_first_start(start):
    stack = start.stack(redis=False, app=None, env=SLO_ENV,
                        nginx={"log_options": "buffer=64k flush=1s"})
    wait_until(lambda: stack.get("/slo").status == 200, 10, "/slo to answer")
    wait_until(lambda: stack.postgres.sql("SELECT id FROM probity.objectives"), 10, "objectives")
    for number in range(40):
        for path in ("/ok", "/fail", "/missing"):
            stack.get(path)
        if number in (12, 30):
            stack.nginx.rotate(number)
            stack.probityd.kill9()
            stack.probityd.start()
    stack.nginx.stop()  # which writes what it still has
    paths = [os.path.join(stack.folder, "log", name)
             for name in os.listdir(os.path.join(stack.folder, "log"))
             if name.startswith("access.log")]
    wanted = recount(paths)
    assert wanted["app-availability"] == [120, 40]
    try:
        wait_until(lambda: in_tables(stack) == wanted, 15, "the ledger to equal the log")
    except AssertionError as error:
        raise AssertionError(f"{error}\nlog:    {wanted}\ntables: {in_tables(stack)}") from None
    time.sleep(1)
    assert in_tables(stack) == wanted
