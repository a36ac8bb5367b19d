"""One writer per output: a lock that the kernel frees when its holder ends, however it ends.

The lock file has a fixed name, so somebody else may have put anything there: a link is not followed, what is no regular
file is refused, and nothing is changed before the lock is held.
"""

from __future__ import annotations

import errno
import fcntl
import os
import platform
import stat
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from longlag.errors import LonglagError
from longlag.store import files

_OPEN = os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK  # a named pipe does not make the opener wait


class Held(LonglagError):
    """Another process holds the lock."""


@contextmanager
def held(output: str | Path) -> Iterator[None]:
    """Holds the lock of an output file: a hidden file beside it, which names the process and its machine.

    Raises:
        Held: another process writes that output.
        LonglagError: the place cannot be written, or something other than a lock file has its name.
    """
    output = Path(output)
    path = output.with_name(f".{output.name}.lock")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        lock = _acquired(path, output)
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
        files.remove(path)  # still ours: nobody else can have locked this very file
        os.close(lock)


def _acquired(path: Path, output: Path) -> int:
    while True:
        lock = _opened(path)
        try:
            about = os.fstat(lock)
            if not stat.S_ISREG(about.st_mode) or about.st_nlink > 1:  # a second name of somebody's file
                raise LonglagError(f"{path} is not a lock file; delete it")
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if _is_there(path, lock):
                return lock
            os.close(lock)  # its last holder has just deleted it
        except BlockingIOError:
            holder = os.read(lock, 200).decode(errors="replace").strip() or "unknown"
            os.close(lock)
            raise Held(
                f"{output} is being written by process {holder}; wait for it or end it, and run this again"
            ) from None
        except OSError as error:  # a file system without locks
            print(f"longlag: {output} is written without a lock ({error.strerror})", file=sys.stderr)
            return lock
        except LonglagError:
            os.close(lock)
            raise


def _opened(path: Path) -> int:
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
