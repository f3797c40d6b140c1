"""What became of each check: told by the next process, whatever became of the one before it."""
# SPDX-License-Identifier: MIT
import datetime
import os
import time

import pytest

from process import wait_until
from servers import Probityd

QUICK = {"PROBITY_CHECK_INTERVAL": "250ms", "PROBITY_CHECK_TIMEOUT": "250ms"}


class Past:
    """A stack with one check, `app`, and the file of its history."""

    def __init__(self, start, **env):
        self.stack = start.stack(postgres=False, redis=False, start=False, env={**QUICK, **env})
        self.probityd = self.stack.probityd
        self.state = self.probityd.environment()["PROBITY_STATE_DIR"]
        self.file = os.path.join(self.state, "history", "app")

    def page(self):
        answer = self.stack.get("/health/detailed/app", token=True)
        return answer.json()

    def turn(self, http_status):
        """The application answers with that, and the check has noticed."""
        self.stack.app.status = http_status
        wanted = "ok" if http_status == 200 else "error"
        wait_until(lambda: self.page()["status"] == wanted, 10)
        return time.time()

    def wait_written(self, since):
        wait_until(lambda: os.stat(self.file).st_mtime > since, 10, "the history to be written")

    def steps(self):
        return [(one["from"], one["to"]) for one in self.page()["transitions"]]

    def wait_steps(self, wanted):
        """The past is read from the disk while the first answers are given already."""
        wait_until(lambda: self.steps() == wanted, 10, f"the steps {wanted}")


def milliseconds(text):
    whole = datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))
    return round(whole.timestamp() * 1000)


def recount(page):
    """What a stranger makes of the transitions and the results of one process."""
    steps = page["transitions"][::-1]
    up, began = 0, milliseconds(steps[0]["at"])
    now = milliseconds(page["checked_at"]) + page["age_ms"]
    ends = [milliseconds(step["at"]) for step in steps[1:]] + [now]
    for step, end, after in zip(steps, ends, steps[1:] + [None]):
        lasted = end - milliseconds(step["at"])
        up += lasted if step["to"] in ("ok", "degraded") else 0
        assert after is None or abs(after["lasted_ms"] - lasted) <= 5
        assert after is None or after["from"] == step["to"]
    assert milliseconds(page["since"]) == milliseconds(steps[-1]["at"])
    # Of two results in a row that say the same, the second changes what is shown.
    shown, last, changes = None, None, []
    for result in page["history"][::-1]:
        if result["status"] != shown and (shown is None or result["status"] == last):
            shown = result["status"]
            changes.append((result["at"], shown))
        last = result["status"]
    assert [to for _, to in changes] == [step["to"] for step in steps]
    for (at, _), step in zip(changes, steps):
        assert 0 <= milliseconds(step["at"]) - milliseconds(at) < 500
    return up / (now - began)


UP_AND_DOWN = [("error", "ok"), ("ok", "error"), ("starting", "ok")]


def test_a_restart_continues_the_state_before(start):
    past = Past(start)
    past.stack.start()
    past.turn(200)
    past.turn(503)
    past.wait_written(past.turn(200))
    before = past.page()
    assert past.steps() == UP_AND_DOWN
    # In whole milliseconds, of the time between two publications.
    assert abs(before["uptime"]["1h"] - recount(before)) < 0.02
    assert before["transitions"][1]["reason"] == "http status 503"
    assert len(before["transitions"][1]["error_id"]) == 8

    # Killed, while the application stops working.
    past.probityd.kill9()
    past.stack.app.status = 503
    past.probityd.start()
    past.wait_written(past.turn(503))
    after = past.page()
    assert past.steps() == [("ok", "error")] + UP_AND_DOWN
    assert after["transitions"][1:] == before["transitions"]
    assert after["transitions"][0]["lasted_ms"] > 0
    assert len(after["history"]) > 2 and after["uptime"]["24h"] < 1

    # Replaced: who comes later writes, and the last word of the one before does not undo it.
    successor = Probityd(os.path.join(past.stack.folder, "successor"), env={
        **past.probityd.env, "PROBITY_LISTEN": past.probityd.socket_path,
        "PROBITY_STATE_DIR": past.state})
    successor.socket_path = past.probityd.socket_path
    try:
        past.probityd.expected_end = True
        successor.spawn()
        wait_until(lambda: not past.probityd.alive(), 15, "the one before to end")
        past.wait_written(past.turn(200))
        assert past.steps() == [("error", "ok"), ("ok", "error")] + UP_AND_DOWN
        assert not successor.said("history begins anew")
    finally:
        successor.stop()
    assert successor.troubles() == []
    past.probityd.start()
    past.turn(200)
    past.wait_steps([("error", "ok"), ("ok", "error")] + UP_AND_DOWN)

    # Damaged: one line of the log, and a new beginning.
    past.probityd.stop()
    os.truncate(past.file, os.stat(past.file).st_size // 2)
    past.probityd.start()
    past.turn(200)
    assert past.steps() == [("starting", "ok")]
    wait_until(lambda: past.probityd.said("history begins anew"), 5)
    assert len(past.probityd.said("history begins anew")) == 1


def hang(past):
    """open(2) of a pipe that nobody reads waits, as at a disk that is gone."""
    os.makedirs(os.path.dirname(past.file))
    os.mkfifo(os.path.join(os.path.dirname(past.file), ".app.new"))


def be_no_folder(past):
    os.makedirs(os.path.dirname(past.state), exist_ok=True)
    with open(past.state, "w", encoding="ascii"):
        pass


@pytest.mark.parametrize("hurt", [hang, be_no_folder])
def test_a_state_directory_in_trouble_hurts_nobody(start, hurt):
    past = Past(start)
    hurt(past)
    past.stack.start()
    past.turn(200)
    past.turn(503)
    past.turn(200)
    slowest = max(past.stack.get("/health/ready").seconds for _ in range(50))
    assert slowest < 1
    assert past.steps() == UP_AND_DOWN
    metrics = past.stack.get("/metrics").text
    assert "\nprobity_history_writes_total 0\n" in metrics
    if hurt is be_no_folder:
        assert "\nprobity_history_write_failures_total 0\n" not in metrics
        assert len(past.probityd.said("history lives in memory only")) == 1
        os.unlink(past.state)
        past.wait_written(past.turn(503) - 1)
        assert len(past.probityd.said("history is kept again")) == 1
    began = time.monotonic()
    assert past.probityd.stop() == 0
    assert time.monotonic() - began < 5
