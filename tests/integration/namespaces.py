"""namespaces.py - what the kernel offers for containers, called from Python: mounts, namespaces, ids.

Small wrappers and no policy; container_init.py puts a container together from them.
"""
# SPDX-License-Identifier: MIT
import ctypes
import os
import signal

NEWNS, NEWUTS, NEWIPC, NEWPID, NEWNET = (0x00020000, 0x04000000, 0x08000000, 0x20000000,
                                         0x40000000)
MS_RDONLY, MS_NOSUID, MS_NODEV, MS_NOEXEC, MS_REMOUNT = 1, 2, 4, 8, 32
MS_BIND, MS_REC, MS_PRIVATE = 4096, 16384, 1 << 18
MNT_DETACH = 2
PIVOT_ROOT = 155 if os.uname().machine == "x86_64" else 41
PR_SET_PDEATHSIG, PR_CAPBSET_DROP, PR_SET_NO_NEW_PRIVS = 1, 24, 38
# What Docker leaves to root in a container: chown dac_override fowner fsetid kill setgid setuid
# setpcap net_bind_service net_raw sys_chroot mknod audit_write setfcap.
DOCKER_CAPABILITIES = frozenset((0, 1, 3, 4, 5, 6, 7, 8, 10, 13, 18, 27, 29, 31))
_libc = ctypes.CDLL(None, use_errno=True)


def _check(result, what):
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")
    return result


def mount(source, target, kind=None, flags=0, data=None):
    text = [part.encode() if part is not None else None for part in (source, target, kind, data)]
    _check(_libc.mount(text[0], text[1], text[2], ctypes.c_ulong(flags), text[3]),
           f"mount {source} at {target}")


def bind(source, target, read_only=False):
    mount(source, target, None, MS_BIND | MS_REC)
    if read_only:
        mount(None, target, None, MS_REMOUNT | MS_BIND | MS_RDONLY)


def unmount(target):
    _libc.umount2(target.encode(), MNT_DETACH)


def unshare(flags):
    _check(_libc.unshare(flags), "unshare")


def setns(path, kind=0):
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        _check(_libc.setns(descriptor, kind), f"setns {path}")
    finally:
        os.close(descriptor)


def pivot_root(root):
    """Makes `root`, which is a mount, the root of everything in this mount namespace."""
    os.chdir(root)
    _check(_libc.syscall(PIVOT_ROOT, b".", b"."), "pivot_root")
    unmount(".")
    os.chdir("/")


def die_with_parent(number=signal.SIGKILL):
    _libc.prctl(PR_SET_PDEATHSIG, number, 0, 0, 0)


def limit_capabilities(kept):
    for capability in range(64):
        if capability not in kept and _libc.prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) < 0:
            return  # the kernel knows no higher one


def forbid_new_privileges():
    _check(_libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "no_new_privs")


def become(user, group, groups):
    os.setgroups(groups)
    os.setresgid(group, group, group)
    os.setresuid(user, user, user)


def default_signals():
    """What Python ignores would stay ignored in the program that is about to be executed."""
    for number in (signal.SIGPIPE, signal.SIGXFSZ, signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_SETMASK, ())
