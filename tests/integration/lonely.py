"""lonely.py - a network of its own for one test: nothing but a loopback, whose packets are counted."""
# SPDX-License-Identifier: MIT
import contextlib

from surroundings import own_network


@contextlib.contextmanager
def lonely_network():
    """Takes the calling thread, and what it starts from now on, into a network namespace."""
    with own_network():
        yield


def packets():
    """How many packets have passed the loopback so far, whoever sent them."""
    with open("/proc/thread-self/net/dev", encoding="ascii") as file:
        for line in file:
            name, _, numbers = line.partition(":")
            if name.strip() == "lo":
                return int(numbers.split()[1])
    raise AssertionError("no loopback")


def connections():
    """(local port, remote port) of every TCP connection that is open at both ends."""
    found = []
    for table in ("tcp", "tcp6"):
        with open(f"/proc/thread-self/net/{table}", encoding="ascii") as file:
            for line in list(file)[1:]:
                fields = line.split()
                if fields[3] == "01":
                    found.append(tuple(int(fields[i].rsplit(":", 1)[1], 16) for i in (1, 2)))
    return found
