"""Files of learning curves: `curves.parquet`, a row per `Point`. Imports pyarrow where it is used, and no pandas.

The columns of gradient flow are in a file only if some point has them.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

from longlag.errors import LonglagError, printable
from longlag.store import csv_text, parquet
from longlag.store.files import read
from longlag.store.records import FLOW, KEY, Key, Point

_LEAST = {"lag": 1, "seed": 0, "passes": 0, "updates": 0, "seconds": 0}  # of points; what a run counts is finite
_TEXTS = tuple(f.name for f in fields(Point) if f.type == "str")
_SEPARATOR = "\x1f"  # of the parts of a key; names are printable
TICK = 2.0**-14  # 61 us: seconds of a point are a multiple of it. Digits below are noise, and half of a file


def write_points(path: str | Path, points: Iterable[Point]) -> None:
    """Writes learning curves as parquet, in the order of the points, their seconds as multiples of `TICK`.

    Raises:
        LonglagError: the file cannot be written.
    """
    import pyarrow as pa

    points = list(points)
    values = {f.name: [getattr(point, f.name) for point in points] for f in fields(Point)}
    for name in _TEXTS:
        values[name] = [printable(text) for text in values[name]]
    empty = {name for name, default in FLOW.items() if all(v == default or v != v for v in values[name])}
    schema = curves_schema([name for name in FLOW if name not in empty])
    values["seconds"] = _ticks_of(values["seconds"])
    columns = [parquet.column(values[field.name], field.type) for field in schema]
    parquet.write(path, pa.Table.from_arrays(columns, schema=schema))


def write(path: str | Path, table: Any) -> None:
    """Writes a table as `read_curves` gives it, its seconds as multiples of `TICK`: older files have others.

    Raises:
        LonglagError: the file cannot be written.
    """
    place = table.schema.get_field_index("seconds")
    parquet.write(path, table.set_column(place, table.schema.field(place), _in_ticks(table["seconds"])))


def are_in_ticks(table: Any) -> bool:
    """Whether the seconds of a table of `read_curves` are multiples of `TICK`."""
    return bool(table["seconds"].equals(_in_ticks(table["seconds"])))


def _in_ticks(seconds: Any) -> Any:
    """A column of seconds, each rounded to a multiple of `TICK`; one of so many ticks that they are infinite stays."""
    import pyarrow.compute as pc

    ticks = pc.divide(seconds, TICK)
    return pc.if_else(pc.is_finite(ticks), pc.multiply(pc.round(ticks), TICK), seconds)


def _ticks_of(seconds: list[float]) -> list[float]:
    """`_in_ticks` of a list, without pyarrow: it imports pandas for every number of Python that it is given."""
    ticks = (number / TICK for number in seconds)
    return [round(n) * TICK if math.isfinite(n) else number for n, number in zip(ticks, seconds, strict=True)]


def read_points(path: str | Path) -> list[Point]:
    """Reads learning curves back.

    Raises:
        LonglagError: missing, truncated, damaged or foreign file.
    """
    records = read_curves(path).to_pylist()
    return [Point(**{name: value for name, value in record.items() if value is not None}) for record in records]


def read_curves(path: str | Path) -> Any:
    """`read_points` as a pyarrow table, a column per field of `Point`, those of gradient flow where it was recorded:
    a large suite has tens of millions of points.

    Raises:
        LonglagError: missing, truncated, damaged or foreign file.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    data = read(path)
    try:
        table = parquet.parse(data)
        schema = curves_schema([name for name in FLOW if name in table.column_names])
        table = table.select(schema.names).cast(schema)
        for name in (name for name in schema.names if FLOW.get(name) == ""):  # null where it was not recorded
            table = table.set_column(schema.get_field_index(name), name, pc.fill_null(table[name], ""))
        _check_points(table)
        return table
    except (OSError, KeyError, csv_text.BadValue, pa.ArrowException) as error:
        raise LonglagError(f"{path} is not a whole file of learning curves ({error}); run its job again") from error


def is_curves(path: str | Path) -> bool:
    """Whether a file has the columns of learning curves; its points are not read."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        return {*curves_schema().names} <= {*pq.read_schema(path).names}
    except (OSError, pa.ArrowException):
        return False


def last_losses(table: Any, column: str = "loss") -> dict[Key, float]:
    """The last validation loss of every run in a table of `read_curves`, or its last number in another column."""
    last: dict[Key, tuple[float, float]] = {}
    for *key, passes, loss in zip(*(table[name].to_pylist() for name in (*KEY, "passes", column)), strict=True):
        place: Key = tuple(key)
        last[place] = max(last.get(place, (-1.0, math.nan)), (passes, loss), key=lambda point: point[0])
    return {key: loss for key, (_, loss) in last.items()}


def _check_points(table: Any) -> None:
    """Raises BadValue for a point that no run can have: without a count, with an infinite one, or a name in two lines.

    Whole columns are looked at: a large suite has tens of millions of points.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    for name in (name for name in table.column_names if name not in FLOW or name in _TEXTS):
        column = table[name]
        wrong = pc.is_null(column)
        if name in _LEAST:
            least = pc.greater_equal(column, pa.scalar(_LEAST[name], column.type))
            wrong = pc.or_(wrong, pc.invert(pc.if_else(wrong, False, pc.and_(least, pc.is_finite(column)))))
        if name in _TEXTS:
            odd = [text for text in pc.unique(column).to_pylist() if text is not None and not text.isprintable()]
            wrong = pc.or_(wrong, pc.is_in(column, value_set=pa.array(odd, pa.string())))
        if (row := pc.index(wrong, True).as_py()) >= 0:
            raise csv_text.BadValue(f"row {row + 1}: column {name} cannot be {column[row].as_py()!r}")


def check_point(point: Point) -> None:
    """Raises ValueError for a point of another file format whose values are not those that its columns may hold."""
    kinds = {"str": (str,), "int": (int,), "float": (int, float)}
    for column in fields(Point):
        value, least = getattr(point, column.name), _LEAST.get(column.name)
        fits = type(value) in kinds[str(column.type)] and (least is None or least <= value < 2**63)
        if not fits or (column.name in _TEXTS and not value.isprintable()):
            raise ValueError(f"column {column.name} cannot be {value!r}")


def curves_schema(flow: Iterable[str] = ()) -> Any:
    """The columns of every file of learning curves, as pyarrow names them, and those of `FLOW` that follow in one."""
    import pyarrow as pa

    kinds = {"str": pa.string(), "int": pa.int64(), "float": pa.float64()}
    known = set(flow)
    return pa.schema([(f.name, kinds[str(f.type)]) for f in fields(Point) if f.name not in FLOW or f.name in known])


def runs_in(curves: Any) -> set[Key]:
    """The runs that have points in a table of `read_curves`."""
    seen = curves.group_by(list(KEY), use_threads=False).aggregate([]).to_pydict()
    return {*zip(*(seen[name] for name in KEY), strict=True)}


def points_of(curves: Any, keys: Iterable[Key]) -> Any:
    """The points of some runs: those of a table of `read_curves`, in its order, whose key is one of `keys`."""
    import pyarrow as pa
    import pyarrow.compute as pc

    wanted = pa.array([_SEPARATOR.join(map(str, key)) for key in keys], pa.string())
    return curves.filter(pc.is_in(run_names(curves), value_set=wanted))


def run_names(curves: Any) -> Any:
    """The key of each point of a table of `read_curves` as one text: equal texts are points of one run."""
    import pyarrow as pa
    import pyarrow.compute as pc

    return pc.binary_join_element_wise(*[curves[name].cast(pa.string()) for name in KEY], _SEPARATOR)


def joined(tables: Sequence[Any]) -> Any:
    """The points of one or more tables of `read_curves` as one, sorted by run and passes. Gradient flow that one of
    them lacks is null there."""
    import pyarrow as pa

    order = [(name, "ascending") for name in (*KEY, "passes")]
    return pa.concat_tables(tables, promote_options="default").sort_by(order)
