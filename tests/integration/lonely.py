"""lonely.py - a network of its own for one test: nothing but a loopback, whose packets are counted."""
# SPDX-License-Identifier: MIT
import contextlib
import ctypes
import os
import subprocess

import pytest

CLONE_NEWNET = 0x40000000


def call(function, *arguments):
    if function(*arguments) != 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))


@contextlib.contextmanager
def lonely_network():
    """Takes the calling thread, and what it starts from now on, into a network namespace."""
    libc = ctypes.CDLL(None, use_errno=True)
    before = os.open("/proc/thread-self/ns/net", os.O_RDONLY | os.O_CLOEXEC)
    try:
        try:
            call(libc.unshare, CLONE_NEWNET)
        except OSError as error:
            pytest.skip(f"no network namespace of our own: {error}")
        try:
            subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
            yield
        finally:
            call(libc.setns, before, CLONE_NEWNET)
    finally:
        os.close(before)


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
