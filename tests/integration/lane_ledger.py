"""lane_ledger.py - a front of its own over a ledger that a test fills by hand."""
# SPDX-License-Identifier: MIT
import json
import random
import time
import zlib

import fcgi
from ledger_driver import probity
from test_front_peers import Trial

ADMIN = "Bearer 0123456789abcdef0123456789abcdef"
NAME = "app-availability"


class Front(Trial):
    """The front alone, whose lane asks a real ledger."""

    def __init__(self, folder, ledger, zone=None, **more):
        super().__init__(folder, **more)
        self.ledger, self.zone = ledger, zone

    def environment(self):
        return {**super().environment(), "TRIAL_LEDGER": self.ledger,
                "TRIAL_ZONE": self.zone}

    def ask(self, path, method="GET", body=b"", token=ADMIN, timeout=15):
        """Returns status, parsed body and headers."""
        if not isinstance(body, bytes):
            body = json.dumps(body).encode()
        path, _, query = path.partition("?")
        with self.client(timeout) as client:
            more = {"HTTP_AUTHORIZATION": token} if token else {}
            status, headers, answer = client.ask(path, method=method, body=body,
                                                 QUERY_STRING=query, **more)
            return status, json.loads(answer), headers


def now_minute():
    return int(time.time()) // 60


class Counts:
    """Random minutes of one indicator from two files, and the sums over them, in Python."""

    def __init__(self, seed, from_minute, until_minute, gap=0.2):
        chance = random.Random(seed)
        self.rows = {}
        for minute in range(from_minute, until_minute):
            for file in (1, 2):
                if chance.random() > gap:
                    total = chance.randint(1, 500)
                    bad = chance.randint(0, total) if chance.random() < 0.02 else 0
                    self.rows[minute, file] = (total, bad)
        # Sums since the beginning: a window of a week at each of hundreds of points takes long.
        self.begin = from_minute
        self.sums = [(0, 0)]
        for minute in range(from_minute, until_minute):
            self.sums.append(tuple(map(sum, zip(self.sums[-1], self.of_minute(minute)))))

    def of_minute(self, minute):
        rows = [self.rows.get((minute, file), (0, 0)) for file in (1, 2)]
        return rows[0][0] + rows[1][0], rows[0][1] + rows[1][1]

    def before(self, minute):
        return self.sums[min(max(minute - self.begin, 0), len(self.sums) - 1)]

    def sum(self, from_minute, until_minute, excluded=()):
        left_out = {minute for a, b in excluded
                    for minute in range(max(a, from_minute), min(b, until_minute))}
        until, since = self.before(max(until_minute, from_minute)), self.before(from_minute)
        gone = [self.of_minute(minute) for minute in left_out]
        return (until[0] - since[0] - sum(total for total, _ in gone),
                until[1] - since[1] - sum(bad for _, bad in gone))

    def book(self, server, service="app", indicator=1):
        tables = {"minutes": ("minute", 1), "quarters": ("quarter", 15), "days": ("day", 1440)}
        minutes = [key[0] for key in self.rows]
        server.sql("SELECT probity.make_partitions(%s, %s)", (min(minutes), max(minutes)))
        for table, (key, length) in tables.items():
            sums = {}
            for (minute, file), (total, bad) in self.rows.items():
                old = sums.get((minute // length, file), (0, 0))
                sums[minute // length, file] = (old[0] + total, old[1] + bad)
            rows = [(cell, b"%016d" % file, *sums[cell, file]) for cell, file in sums]
            server.sql(f"INSERT INTO probity.indicator_{table} "
                       f"(service, indicator_id, {key}, file_id, total, bad, stamp) "
                       "SELECT %s, %s, u.k, u.f, u.t, u.b, 1 "
                       "FROM unnest(%s::integer[], %s::bytea[], %s::bigint[], %s::bigint[]) "
                       "AS u(k, f, t, b)",
                       (service, indicator, *(list(column) for column in zip(*rows))))


def promise(server, target="0.999", window=1440, version=1, age="90 days", kind="availability",
            name=NAME):
    """One version of the objective, over indicator 1."""
    server.sql("INSERT INTO probity.objectives (service, id, name, version, type, target, "
               "window_minutes, indicator_id, effective_from) VALUES ('app', %s, %s, %s, %s, %s, "
               "%s, 1, now() - %s::interval)",
               (zlib.crc32(f"{name} {version}".encode()) >> 1, name, version, kind, target, window, age))


def watched(server, since_minute):
    server.sql("INSERT INTO probity.positions (service, file_id, \"offset\", watched_from, "
               "watched_until, home) VALUES ('app', %s, 1, to_timestamp(%s), now(), 'app')",
               (b"%016d" % 1, since_minute * 60))


def fresh(server):
    """An empty ledger with the service's only indicator."""
    server.sql("DROP SCHEMA IF EXISTS probity CASCADE")
    probity(server.url(), "migrate", "upgrade")
    server.sql("INSERT INTO probity.indicators (service, id, definition) "
               "VALUES ('app', 1, 'total{} bad{status=500-599}')")


__all__ = ["ADMIN", "Counts", "Front", "NAME", "fcgi", "fresh", "now_minute", "promise", "watched"]
