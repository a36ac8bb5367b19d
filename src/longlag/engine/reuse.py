"""Rows of earlier runs that are taken instead of trained: same digest, same seed.

The digest covers everything that decides the numbers of a row: one with the same digest is the row that training would
give, but for its volatile columns. A row that ended with an error or at the clock's limit may end differently next
time: it is trained. The learning curve comes from the file `curves.parquet` beside the rows, if there is one.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from longlag.engine.spec import Setup
from longlag.errors import LonglagError, say
from longlag.store import curves, files, records
from longlag.store.records import Point, Row, key_of


@dataclass(frozen=True)
class Reuse:
    """Finished rows by digest and seed. origin: says which file each came from."""

    rows: dict[tuple[str, int], Row] = field(default_factory=dict)
    _curves: dict[tuple[str, str], Any] = field(default_factory=dict)

    @classmethod
    def read(cls, paths: Iterable[str | Path]) -> Reuse:
        """The rows of some runs files; the first file that has a row counts.

        Raises:
            LonglagError: missing, damaged or foreign file.
        """
        found: dict[tuple[str, int], Row] = {}
        for path in paths:
            for row in records.read_rows(path):
                if records.is_final(row) and row.spec_hash:
                    found.setdefault((row.spec_hash, row.seed), replace(row, origin=str(path)))
        return cls(found)

    def take(self, setup: Setup, seed: int) -> tuple[Row, list[Point]] | None:
        """The row of this spec and seed with its curve, if there is one; with no points if the file of curves is
        missing."""
        row = self.rows.get((setup.spec_hash, seed))
        if row is None:
            return None
        points = [replace(point, method=setup.spec.name) for point in self._points(row)]
        return replace(row, method=setup.spec.name), points  # the name is not part of the digest

    def _points(self, row: Row) -> list[Point]:
        key = row.origin, row.method  # a job has one method
        if key not in self._curves:
            self._curves[key] = _curves(*key)
        if self._curves[key] is None:
            return []
        found = curves.points_of(self._curves[key], [key_of(row)]).to_pylist()
        return [Point(**{name: value for name, value in point.items() if value is not None}) for point in found]


def _curves(origin: str, method: str) -> Any:
    """The points of one method in the file beside a runs file; None without one."""
    path = Path(origin).with_name("curves.parquet")
    if not files.is_file(path):
        return None
    import pyarrow.compute as pc

    try:
        table = curves.read_curves(path)
    except LonglagError as error:
        say(f"rows of {origin} are taken without their learning curves: {error}")
        return None
    return table.filter(pc.equal(table["method"], method))
