"""One writer per output: a lock that the kernel frees when its holder ends, however it ends."""

from __future__ import annotations

import fcntl
import os
import platform
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from longlag.errors import LonglagError


@contextmanager
def held(output: str | Path) -> Iterator[None]:
    """Holds the lock of an output file: a hidden file beside it, which names the process and its machine.

    Raises:
        LonglagError: another process writes that output; or the place cannot be written.
    """
    output = Path(output)
    path = output.with_name(f".{output.name}.lock")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        lock = _acquired(path, output)
    except OSError as error:
        raise LonglagError(f"cannot write {path}: {error.strerror}; choose a place you may write to") from error
    try:
        with suppress(OSError):  # on a full disk the holder has no name
            os.ftruncate(lock, 0)
            os.write(lock, f"{os.getpid()} on {platform.node()}\n".encode())
        yield
    finally:
        path.unlink(missing_ok=True)  # still ours: nobody else can have locked this very file
        os.close(lock)


def _acquired(path: Path, output: Path) -> int:
    while True:
        lock = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.read(lock, 200).decode(errors="replace").strip() or "unknown"
            os.close(lock)
            raise LonglagError(
                f"{output} is being written by process {holder}; wait for it or end it, and run this again"
            ) from None
        except OSError as error:  # a file system without locks
            print(f"longlag: {output} is written without a lock ({error.strerror})", file=sys.stderr)
            return lock
        if path.exists() and os.path.samestat(os.fstat(lock), os.stat(path)):
            return lock
        os.close(lock)  # its last holder has just deleted it
