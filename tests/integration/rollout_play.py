"""rollout_play.py - plays rolling deploys and prints a line for each; scripts/rollout is its wrapper.

Its exit code is 1 if a request failed, a bad version was switched to, or the ledger's counts are not
those of the logs.
"""
# SPDX-License-Identifier: MIT
import argparse
import contextlib
import json
import os
import re
import shutil
import sys
import tempfile
import time

from railway import Railway
from rollout import BAD, Figures, World, logs_below
from rollout_kubelet import Kube

SHOWN = 12           # failures of one rollout that are described
LOST_SECONDS = 1.0   # a quarter of a second to the next commit, and what a busy Postgres needs for it
DRIVERS = {"railway": Railway, "kubelet": Kube}
HEAD = f"{'':2} {'driver':8} {'version':10} {'requests':>8} {'failed':>6} {'gap':>7} {'p99':>7}  what was seen"


class Play:
    """Rollouts one after another under load that never pauses.  `troubles` is what should not be."""

    def __init__(self, world, driver, say=print):
        self.world, self.driver, self.say = world, driver, say
        self.count, self.troubles = 0, []

    def run(self, rollouts, bad=()):
        self.say(HEAD)
        self.driver.start()
        self.world.load.spawn()
        time.sleep(1)
        self.line("v0", time.time(), "load begins")
        for number in range(1, rollouts + 1):
            self.world.start_seconds = number % 3 / 2
            self.rollout(f"v{number}")
        self.world.start_seconds = 0
        for name in bad:
            self.bad(name)
        if bad:
            self.rollout("last")  # whatever the bad ones left behind is in nobody's way
        self.end()
        return self.troubles

    def rollout(self, name):
        began = time.time()
        switched, seen = self.driver.deploy(name)
        self.line(name, began, seen)
        if not switched:
            self.complain(f"{name} was not switched to")

    def bad(self, name):
        bad, began = BAD[name], time.time()
        bad.before(self.world)
        switched, seen = self.driver.deploy(name, bad)
        bad.after(self.world)
        self.line(name, began, seen)
        if switched:
            self.complain(f"the bad version {name} was switched to")
        elif not re.search(bad.says, self.driver.refused_log()):
            self.complain(f"the log of the bad version {name} does not say \"{bad.says}\"")

    def end(self):
        """The load first, then the last instance; then the accounts must agree."""
        began = time.time()
        records = self.world.load.finish()
        seen = self.driver.finish()
        self.line("end", began, seen, records)
        for text in self.accounts() + self.driver.troubles():
            self.complain(text)
        total = Figures(self.world.load.records)
        events = self.world.in_tables().get("app-availability", [0, 0])
        self.say(f"together {total.requests} requests, {len(total.failures)} failed, longest gap "
                 f"{total.gap * 1000:.0f} ms, p99 {total.p99 * 1000:.1f} ms; the ledger has "
                 f"{events[0]} events, {events[1]} bad, in {len(self.world.logs())} logs")

    def accounts(self):
        """Who was killed had no time for its last commit; what stands in its log is lost with it,
        unless the next one has the same disk."""
        kills = self.driver.kills
        if not kills:
            return self.world.check_accounts()
        if self.driver.volume:
            return self.world.check_accounts(lost={})
        lost, troubles = self.world.uncounted(), []
        by_path = {path: at for name, at in kills.items()
                   for path in logs_below(self.world.log_folders[name])}
        for path, lines in lost.items():
            times = [json.loads(line)["time"] for line in lines]
            age = by_path.get(path, 0) - min(times) if times else 0
            if path not in by_path and lines:
                troubles.append(f"{path}: {len(lines)} lines are not counted")
            self.say(f"   lost with its disk: {len(lines)} events, the oldest {age * 1000:.0f} ms "
                     "before the KILL")
            if age > LOST_SECONDS:
                troubles.append(f"{path}: what is lost is {age:.2f} s old")
        return troubles + self.world.check_accounts(lost)

    def line(self, name, began, seen, records=None):
        figures = Figures(self.world.load.news() if records is None else records)
        self.say(f"{self.count:2} {self.driver.name:8} {name:10} {figures.requests:8} "
                 f"{len(figures.failures):6} {figures.gap * 1000:4.0f} ms {figures.p99 * 1000:4.1f} ms  "
                 f"{seen}")
        self.count += 1
        excused = [record for record in figures.failures if self.driver.excuses(record)]
        if excused:
            self.say(f"   {len(excused)} of them under way at a KILL, or while nobody was there")
            figures.failures = [record for record in figures.failures if record not in excused]
        for text in figures.describe_failures(began)[:SHOWN]:
            self.say(text)
        self.troubles += [f"{name}: {record.trouble}" for record in figures.failures]

    def complain(self, text):
        self.say(f"   WRONG: {text}")
        self.troubles.append(text)


def play(name, folder, rollouts=1, bad=(), template=None, **options):
    """Plays it in that folder; returns what should not have been."""
    world = World(folder, DRIVERS[name].mode, template)
    driver = DRIVERS[name](world, **options)
    with contextlib.ExitStack() as stack:
        stack.callback(world.stop)
        stack.callback(driver.stop)
        world.start()
        return Play(world, driver).run(rollouts, bad)


def parse():
    parser = argparse.ArgumentParser(prog="scripts/rollout", description=__doc__.split("\n")[0])
    parser.add_argument("--driver", choices=sorted(DRIVERS), help="without it: one after the other")
    parser.add_argument("--rollouts", type=int, default=20, metavar="N")
    parser.add_argument("--bad", action="append", choices=[*BAD, "none"], metavar="NAME",
                        help=f"{', '.join(BAD)}, or none; without it: all of them")
    railway = parser.add_argument_group("of the driver railway")
    railway.add_argument("--draining", type=float, metavar="S", default=12.0,
                         help="seconds from SIGTERM to SIGKILL; 0 is Railway's own default, and "
                              "what is lost then is counted and held against its bound")
    railway.add_argument("--overlap", type=float, metavar="S", default=0.5,
                         help="seconds from the switch to SIGTERM")
    railway.add_argument("--volume", action="store_true",
                         help="the disk stays, and the old one ends before the new one starts")
    return parser.parse_args()


def drivers(options):
    if options.driver:
        return [options.driver]
    if os.geteuid() != 0:
        print("the driver kubelet is left out: pods' namespaces are root's to make")
        return ["railway"]
    return list(DRIVERS)


def main():
    options, troubles = parse(), []
    bad = [name for name in options.bad or BAD if name != "none"]
    for name in drivers(options):
        folder = tempfile.mkdtemp(prefix="probity-rollout-")
        os.chmod(folder, 0o755)
        of_railway = {"draining": options.draining, "overlap": options.overlap,
                      "volume": options.volume}
        found = play(name, folder, options.rollouts, bad, **(of_railway if name == "railway" else {}))
        troubles += found
        if found:
            print(f"logs and data: {folder}")
        else:
            shutil.rmtree(folder)
    print(f"{len(troubles)} of this should not have been" if troubles else
          "no request failed that should not, and every event is where it should be")
    return 1 if troubles else 0


if __name__ == "__main__":
    sys.exit(main())
