"""Files: read with an error in a line, written whole or not at all, and a checksum for what stands in them."""

from __future__ import annotations

import errno
import hashlib
import os
from collections.abc import Iterable
from pathlib import Path

from longlag.errors import LonglagError


def write_atomically(path: str | Path, data: bytes) -> None:
    """Writes a file whole or not at all: a temporary file beside it, flushed to disk, then renamed over it.

    Raises:
        LonglagError: the folder or the file cannot be written.
    """
    path = Path(path)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with temporary.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except OSError as error:
        full = error.errno in (errno.ENOSPC, errno.EDQUOT)
        remedy = "make room and run it again" if full else "choose a place you may write to"
        raise LonglagError(f"cannot write {path}: {error.strerror}; {remedy}") from error
    finally:
        if temporary.parent.is_dir():
            temporary.unlink(missing_ok=True)


def check_writable(path: str | Path) -> None:
    """Raises LonglagError now rather than after hours of training if `path` could not be written."""
    path = Path(path)
    try:
        folder = next(p for p in (path.parent, *path.parent.parents) if p.exists())
        if path.exists() and not path.is_file():
            raise LonglagError(f"cannot write {path}: it is there already and is not a file; choose another name")
        if not folder.is_dir() or not os.access(folder, os.W_OK):
            raise LonglagError(f"cannot write {path}: {folder} is not a folder you may write to")
    except OSError as error:
        raise LonglagError(f"cannot write {path}: {error.strerror}; choose another name") from error


def read(path: str | Path) -> bytes:
    """The bytes of a file.

    Raises:
        LonglagError: it cannot be read.
    """
    try:
        return Path(path).read_bytes()
    except OSError as error:
        raise LonglagError(f"cannot read {path}: {error.strerror}; name a file that you may read") from error


def checksum(parts: Iterable[str]) -> str:
    """Of some texts in their order, 16 hexadecimal digits: against accidents, not against intent."""
    return hashlib.blake2b("\x1f".join(parts).encode(errors="surrogatepass"), digest_size=8).hexdigest()
