"""The runs that a file of rows or of learning curves holds: what is written in its place would drop them.

A file that is not there, or that is empty, holds none. One that cannot be read may hold some: both functions raise
LonglagError then.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from longlag.errors import LonglagError
from longlag.store import curves, files
from longlag.store.records import KEY, Key, read_columns


def by_rows(path: str | Path) -> set[Key]:
    """The runs of a file of rows."""
    if not _holds_something(path):
        return set()
    with _else_say_the_remedy():
        columns = read_columns(path)
        return {*zip(*(columns[name] for name in KEY), strict=True)}


def by_curves(path: str | Path) -> set[Key]:
    """The runs of a file of learning curves."""
    if not _holds_something(path):
        return set()
    with _else_say_the_remedy():
        return curves.runs_in(curves.read_curves(path))


def _holds_something(path: str | Path) -> bool:
    return files.is_file(path) and Path(path).stat().st_size > 0


@contextmanager
def _else_say_the_remedy() -> Iterator[None]:
    try:
        yield
    except LonglagError as unread:
        raise LonglagError(f"{unread}; its runs would be lost: choose another file, or add --replace") from None
