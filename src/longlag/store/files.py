"""Files are read with one-line errors, written atomically, and checked by checksums of their content."""

from __future__ import annotations

import errno
import glob
import gzip
import hashlib
import os
import re
import secrets
import stat
import time
import zlib
from collections.abc import Iterable
from contextlib import suppress
from functools import reduce
from operator import or_
from pathlib import Path

from longlag.errors import LonglagError
from longlag.store import system_lock


def flags(*names: str) -> int:
    """What `os.open` takes for these names, such as "O_RDWR"; a name that this system does not have is left out."""
    return reduce(or_, (getattr(os, name, 0) for name in names))


_NEW = flags("O_WRONLY", "O_CREAT", "O_EXCL", "O_NOFOLLOW", "O_CLOEXEC", "O_BINARY", "O_NOINHERIT")
_OLD = flags("O_RDWR", "O_NOFOLLOW", "O_NONBLOCK", "O_CLOEXEC", "O_BINARY", "O_NOINHERIT")
_TOKEN_BYTES = 8
_STALE_SECONDS = 600  # far longer than a writer needs from the last byte to the new name, while no lock protects it


def write_atomically(path: str | Path, data: bytes) -> None:
    """Writes a file whole or not at all: it writes a temporary file beside it, flushes it to disk and renames it.

    The temporary file has a name that nobody can foretell and is opened only if it is new: a link that somebody else
    put into a shared folder is never followed. It is locked while it is written, so that a later writer of the same
    file knows those of killed processes, and deletes them.

    Raises:
        LonglagError: the folder or the file cannot be written.
    """
    path = Path(path)
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(_TOKEN_BYTES)}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with open(os.open(temporary, _NEW, 0o666), "wb") as file:
            with suppress(OSError):  # a file system without locks: there nothing is deleted either
                system_lock.take(file.fileno())
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except (OSError, ValueError) as error:  # ValueError: a name with a null character
        remedy = "make room and run the same command again" if _full(error) else "choose a place you may write to"
        raise LonglagError(f"cannot write {path}: {_reason(error)}; {remedy}") from error
    finally:
        remove(temporary)
    _remove_left_over(path)


def _remove_left_over(path: Path) -> None:
    """Deletes the temporary files of this user's killed writers of that file, if that is possible."""
    with suppress(OSError):
        for name in glob.glob(f".{glob.escape(path.name)}.*.tmp", root_dir=path.parent):
            if re.fullmatch(rf"[0-9a-f]{{{2 * _TOKEN_BYTES}}}\.tmp", name.removeprefix(f".{path.name}.")):
                _remove_if_left_over(path.with_name(name))


def _remove_if_left_over(temporary: Path) -> None:
    """Deletes a temporary file that was last written a while ago and that no process holds."""
    try:
        file = os.open(temporary, _OLD)
    except OSError:  # a link, a folder, another user's, or gone
        return
    try:
        about = os.fstat(file)
        own = stat.S_ISREG(about.st_mode) and about.st_nlink == 1 and about.st_uid == getattr(os, "geteuid", int)()
        if own and time.time() - about.st_mtime > _STALE_SECONDS:
            system_lock.take(file)
            remove(temporary)
    except OSError:  # its writer is at work, or nobody can say
        pass
    finally:
        os.close(file)


def remove(path: Path) -> bool:
    """Deletes a file if that is possible; whether it is gone. For what is of no further use, never for a result."""
    try:
        path.unlink(missing_ok=True)
    except (OSError, ValueError):
        return False
    return True


def _full(error: Exception) -> bool:
    return isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT)


def _reason(error: Exception) -> str:
    return (isinstance(error, OSError) and error.strerror) or str(error)


def check_writable(path: str | Path) -> None:
    """Raises LonglagError now rather than after hours of training if `path` could not be written."""
    path = Path(path)
    try:
        folder = next(p for p in (path.parent, *path.parent.parents) if p.exists())
        if path.exists() and not path.is_file():
            raise LonglagError(f"cannot write {path}: it is there already and is not a file; choose another name")
        if not folder.is_dir() or not os.access(folder, os.W_OK):
            raise LonglagError(f"cannot write {path}: {folder} is not a folder you may write to")
    except (OSError, ValueError) as error:
        raise LonglagError(f"cannot write {path}: {_reason(error)}; choose another name") from error


def check_replaceable(path: str | Path, begins: bytes, what: str) -> None:
    """`check_writable`, which also refuses to replace a file that is not of the kind to be written: a slip of the
    fingers would destroy a record or the file of a plug-in. An empty file may be replaced.

    begins: how a file of that kind begins, in small letters. what: the kind in words, such as "page".
    """
    check_writable(path)
    if is_file(path):
        with open(path, "rb") as file:
            head = file.read(len(begins))
        if head and head.lower() != begins:
            raise LonglagError(f"cannot write {path}: it is there already and is no {what}; choose another name")


def is_file(path: str | Path) -> bool:
    """Whether there is such a file. A name that the system refuses (too long, in a closed folder) is none."""
    return os.path.isfile(path)


def is_folder(path: str | Path) -> bool:
    """`is_file` for a folder."""
    return os.path.isdir(path)


def read(path: str | Path) -> bytes:
    """The bytes of a file; those that were packed into it if its name ends in .gz.

    Raises:
        LonglagError: it cannot be read.
    """
    data = read_packed(path)
    try:
        return gzip.decompress(data) if Path(path).suffix == ".gz" else data
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise LonglagError(f"{path} is no whole gzip file ({error}); pack it again") from error


def read_line(path: str | Path) -> bytes:
    """The first line of a file, unpacked if its name ends in .gz.

    Raises:
        LonglagError: it cannot be read.
    """
    opened = gzip.open if Path(path).suffix == ".gz" else open
    try:
        with opened(path, "rb") as file:
            return file.readline()
    except (OSError, EOFError, zlib.error) as error:
        raise LonglagError(f"cannot read {path}: {_reason(error)}; name a file that you may read") from error


def read_packed(path: str | Path) -> bytes:
    """The bytes of a file as they are on the disk.

    Raises:
        LonglagError: it cannot be read.
    """
    try:
        return Path(path).read_bytes()
    except (OSError, ValueError) as error:
        raise LonglagError(f"cannot read {path}: {_reason(error)}; name a file that you may read") from error


def checksum(parts: Iterable[str]) -> str:
    """A checksum of texts in their order, 16 hexadecimal digits. It protects against accidents, not against intent."""
    return hashlib.blake2b("\x1f".join(parts).encode(errors="surrogatepass"), digest_size=8).hexdigest()
