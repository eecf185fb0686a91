"""Become a child that ends with its parent, as another user where asked, and turn into the given program.

Run as a script by the interpreter (`python -I -S launch.py PARENT UID GID SIGNAL PROGRAM …`), between fork and exec
of the real program: nothing of this may run inside a forked copy of a process with threads, so it gets a fresh
interpreter. Only the standard library is reachable here.
"""

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1


def main(arguments: list[str]) -> None:
    """Drop to the user, ask the kernel for `SIGNAL` when the parent dies, and exec the program. Does not return.

    The order matters: a change of user clears the parent-death signal, and a parent that died before it was set would
    never be noticed without the check afterwards.
    """
    parent, uid, gid, ending = (int(each) for each in arguments[:4])
    program = arguments[4:]
    if os.geteuid() != uid:
        os.setgroups([])
        os.setgid(gid)
        os.setuid(uid)
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(PR_SET_PDEATHSIG, ending, 0, 0, 0):
        raise OSError(ctypes.get_errno(), "the parent-death signal could not be set")
    if os.getppid() != parent:
        sys.exit("the parent is gone already")
    for each in (signal.SIGPIPE, signal.SIGXFSZ):
        signal.signal(each, signal.SIG_DFL)
    os.execv(program[0], program)  # noqa: S606 — no shell is wanted


if __name__ == "__main__":
    main(sys.argv[1:])
