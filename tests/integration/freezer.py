"""freezer.py - stops one thread of a process, and lets it go on: what a signal does only to all."""
# SPDX-License-Identifier: MIT
import contextlib
import ctypes
import glob
import os

SEIZE, INTERRUPT, DETACH = 0x4206, 0x4207, 17
WALL = 0x40000000
_libc = ctypes.CDLL(None, use_errno=True)
_libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
_libc.ptrace.restype = ctypes.c_long


def thread_of(pid, name):
    for path in glob.glob(f"/proc/{pid}/task/*/comm"):
        with open(path, encoding="ascii") as file:
            if file.read().strip() == name:
                return int(path.split("/")[4])
    raise KeyError(f"process {pid} has no thread {name}")


def trace(request, thread):
    if _libc.ptrace(request, thread, None, None) != 0:
        raise OSError(ctypes.get_errno(), f"ptrace {request:#x} of {thread}")


@contextlib.contextmanager
def frozen(pid, name):
    """While it lasts, the thread of that name stands still and all others go on."""
    thread = thread_of(pid, name)
    trace(SEIZE, thread)
    try:
        trace(INTERRUPT, thread)
        os.waitpid(thread, WALL)
        yield
    finally:
        with contextlib.suppress(OSError):
            trace(DETACH, thread)
