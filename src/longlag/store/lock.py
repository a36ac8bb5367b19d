"""One writer per output: a lock that the system frees when its holder ends, however it ends.

The lock file has a fixed name, so somebody else may have put anything there: a link is not followed, what is no regular
file is refused, and nothing is changed before the lock is held.
"""

from __future__ import annotations

import errno
import os
import platform
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from longlag.errors import LonglagError, say
from longlag.store import files, system_lock

# O_NONBLOCK: a named pipe does not make the opener wait
_OPEN = files.flags("O_CREAT", "O_NOFOLLOW", "O_CLOEXEC", "O_NONBLOCK", "O_BINARY", "O_NOINHERIT")
_TRIES, _PAUSE_SECONDS = 5, 0.02  # `holder` holds a lock for a moment, in which its file may name a dead process
_WINDOWS = os.name == "nt"


class Held(LonglagError):
    """Another process holds the lock."""


@contextmanager
def held(output: str | Path, wait: float = 0) -> Iterator[None]:
    """Holds the lock of an output file: a hidden file beside it, which names the process and its machine.

    wait: seconds for which another holder is waited for, at least about a tenth.

    Raises:
        Held: another process writes that output.
        LonglagError: the place cannot be written, or something other than a lock file has its name.
    """
    output = Path(output)
    path = output.with_name(f".{output.name}.lock")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        lock = _acquired(path, output, max(_TRIES, round(wait / _PAUSE_SECONDS)))
    except OSError as error:
        if error.errno in (errno.ELOOP, errno.EISDIR, errno.ENXIO):
            raise LonglagError(f"{path} is not a lock file; delete it") from error
        raise LonglagError(f"cannot write {path}: {error.strerror}; choose a place you may write to") from error
    try:
        with suppress(OSError):  # on a full disk, or in another user's lock file, the holder has no name
            os.ftruncate(lock, 0)
            os.write(lock, f"{os.getpid()} on {platform.node()}\n".encode())
        yield
    finally:
        gone = files.remove(path)  # still ours: nobody else can have locked this very file
        os.close(lock)
        if not gone and _WINDOWS:  # where an open file cannot be deleted, and so another holder's is safe
            files.remove(path)


def holder(path: Path) -> str:
    """Who holds the lock file at `path`, as "PID on MACHINE"; "" if nobody does or nobody can say."""
    try:
        lock = os.open(path, os.O_RDWR | (_OPEN & ~os.O_CREAT))
    except OSError:
        return ""
    try:
        system_lock.take(lock)
    except BlockingIOError:
        return _named_in(lock)
    except OSError:
        return ""
    finally:
        os.close(lock)
    return ""


def _named_in(lock: int) -> str:
    """The process that an open lock file names."""
    return os.read(lock, 200).decode(errors="replace").strip() or "unknown"


def _acquired(path: Path, output: Path, most: int) -> int:
    """The open lock file, locked; most: tries."""
    tries = 0
    while True:
        lock = _opened(path)
        try:
            about = os.fstat(lock)
            if not stat.S_ISREG(about.st_mode) or about.st_nlink > 1:  # a second name of somebody's file
                raise LonglagError(f"{path} is not a lock file; delete it")
            system_lock.take(lock)
            if _is_there(path, lock):
                return lock
            os.close(lock)  # its last holder has just deleted it
        except BlockingIOError:
            named = _named_in(lock)
            os.close(lock)
            tries += 1
            if tries == most:
                raise Held(
                    f"{output} is being written by process {named}; wait for it or end it, and run this again"
                ) from None
            time.sleep(_PAUSE_SECONDS)
        except OSError as error:  # a file system without locks
            say(f"{output} is written without a lock ({error.strerror})")
            return lock
        except LonglagError:
            os.close(lock)
            raise


def _opened(path: Path) -> int:
    if not hasattr(os, "O_NOFOLLOW") and path.is_symlink():
        raise OSError(errno.ELOOP, os.strerror(errno.ELOOP))
    try:
        return os.open(path, os.O_RDWR | _OPEN, 0o644)
    except PermissionError:  # left by another user who was killed: it can be locked all the same
        return os.open(path, (os.O_RDONLY | _OPEN) & ~os.O_CREAT)


def _is_there(path: Path, lock: int) -> bool:
    """Whether the file that is locked is still the one that others find under its name."""
    try:
        return os.path.samestat(os.fstat(lock), os.lstat(path))
    except FileNotFoundError:
        return False
