"""A lock on an open file, which the system frees when its holder ends, however it ends.

`flock` locks the file on Linux and macOS, also on NFS; `msvcrt` locks a byte behind its content on Windows.
"""

from __future__ import annotations

import errno
import importlib
import os
from typing import Any

_BEHIND = 2**30  # the byte that Windows locks: nobody else can read a locked one, and the first ones name the holder


def take(file: int) -> None:
    """Locks an open file.

    Raises:
        BlockingIOError: another process holds it.
        OSError: this file system or this Python has no locks.
    """
    system = _module("fcntl")
    if system is not None:
        system.flock(file, system.LOCK_EX | system.LOCK_NB)
        return
    system = _module("msvcrt")
    if system is None:
        raise OSError(errno.ENOSYS, "this Python has no locks")
    os.lseek(file, _BEHIND, os.SEEK_SET)
    try:
        system.locking(file, system.LK_NBLCK, 1)
    except PermissionError as error:
        raise BlockingIOError(errno.EAGAIN, "locked") from error
    finally:
        os.lseek(file, 0, os.SEEK_SET)


def _module(name: str) -> Any:
    """A module of the standard library that not every system has; None without it."""
    try:
        return importlib.import_module(name)
    except ImportError:
        return None
