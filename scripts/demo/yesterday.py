"""yesterday.py - an old log of the demo shop, as nginx would have left it, for `probity backfill`."""
# SPDX-License-Identifier: MIT
import gzip
import random
import time
import uuid

LINES = 24000
HOUR_S = 3600


def routes(dice):
    return (
        ("GET", "/", 2), ("GET", "/v1/items", 3), ("GET", f"/v1/items/{dice.randint(1, 42)}", 6),
        ("GET", f"/v1/orders/{uuid.UUID(int=dice.getrandbits(128))}", 4), ("POST", "/v1/orders", 1),
        ("GET", "/v1/flaky", 0.6),
    )


def line(dice, at, outage):
    choices = routes(dice)
    method, path, _ = dice.choices(choices, [weight for _, _, weight in choices])[0]
    share = 0.7 if outage else 0.2 if path == "/v1/flaky" else 0.0005
    status = dice.choice((502, 503)) if dice.random() < share else 200
    took = dice.expovariate(25) + (0.4 if outage and dice.random() < 0.3 else 0)
    stamp = time.strftime("%d/%b/%Y:%H:%M:%S +0000", time.gmtime(at))
    return (f'127.0.0.1 - - [{stamp}] "{method} {path} HTTP/1.1" {status} 512 "-" '
            f'"demo-traffic" {took:.3f}\n')


def write(path):
    """The day that ended an hour ago, with a few minutes in which most requests failed."""
    dice = random.Random(7)
    begin = time.time() - 25 * HOUR_S
    outage_at = begin + 15 * HOUR_S
    with gzip.open(path, "wt", compresslevel=1, encoding="ascii") as file:
        for number in range(LINES):
            at = begin + 24 * HOUR_S * number / LINES
            file.write(line(dice, at, outage_at <= at < outage_at + HOUR_S / 7))
