"""The runs that a file of rows or of learning curves holds: what is written in its place would drop them.

A file that is not there, or that cannot be read, holds none.
"""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from longlag.errors import LonglagError
from longlag.store import curves, files
from longlag.store.records import KEY, Key, read_columns


def by_rows(path: str | Path) -> set[Key]:
    """The runs of a file of rows."""
    with suppress(LonglagError):
        if files.is_file(path):
            columns = read_columns(path)
            return {*zip(*(columns[name] for name in KEY), strict=True)}
    return set()


def by_curves(path: str | Path) -> set[Key]:
    """The runs of a file of learning curves."""
    with suppress(LonglagError):
        if files.is_file(path):
            return curves.runs_in(curves.read_curves(path))
    return set()
