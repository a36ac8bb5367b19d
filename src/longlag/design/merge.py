"""Joins the records of several machines, or refuses to if they do not belong to one design.

A run that is in two records counts once, provided that both agree in all columns that are not volatile. A row with
status `error` is replaced by a record of the same run that ended otherwise.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields

from longlag.design.job import Key, in_words
from longlag.errors import LonglagError
from longlag.store.records import KEY, VOLATILE, Row, Status, spec_changes

_LASTING = tuple(f.name for f in fields(Row) if f.name not in VOLATILE)


@dataclass(frozen=True)
class Merged:
    """Rows, and per key the name of the record it was taken from. dropped: number of repeated rows."""

    rows: list[Row]
    taken: Mapping[Key, str]
    dropped: int


def merge(records: Mapping[str, Sequence[Row]]) -> Merged:
    """Joins records, given by name.

    Raises:
        LonglagError: two records have a task, method, protocol or condition in two versions or specs, or disagree on a
            run; the message names what, and both records.
    """
    _refuse_mixed(records)
    rows: dict[Key, Row] = {}
    taken: dict[Key, str] = {}
    dropped = 0
    for name, row in _all(records):
        key = (row.task, row.method, row.lag, row.seed)
        if key not in rows:
            rows[key], taken[key] = row, name
            continue
        dropped += 1
        kept, other = rows[key], taken[key]
        if kept.status == Status.ERROR:
            rows[key], taken[key] = row, name
        elif row.status != Status.ERROR and (differ := _differences(kept, row)):
            raise LonglagError(f"{other} and {name} disagree on {in_words(key)}: {differ}; leave one of them out")
    return Merged([rows[key] for key in sorted(rows)], taken, dropped)


def _refuse_mixed(records: Mapping[str, Sequence[Row]]) -> None:
    seen: dict[tuple[str, ...], tuple[str, object, Row]] = {}
    for name, row in _all(records):
        if not row.spec_hash:  # made up by `longlag collect`: its job left nothing
            continue
        for what, value in (
            (("the protocol",), row.protocol_version),
            ((f"task {row.task}",), row.task_version),
            ((f"method {row.method}",), row.method_version),
            ((f"{row.task} with {row.method} at lag {row.lag}", "spec"), row.spec_hash),
        ):
            other, known, first = seen.setdefault(what, (name, value, row))
            if known != value:
                kind = f"specs ({_changes(first, row)})" if "spec" in what else f"versions ({known} and {value})"
                raise LonglagError(
                    f"{other} and {name} do not belong to one design: they have {what[0]} in two {kind}; "
                    "run them with the same suite and version of longlag, or compare them with `longlag diff`"
                )


def _all(records: Mapping[str, Sequence[Row]]) -> Iterator[tuple[str, Row]]:
    return ((name, row) for name, rows in records.items() for row in rows)


def _differences(a: Row, b: Row) -> str:
    """The lasting columns in which two rows differ, with both values; empty if in none."""
    names = [name for name in _LASTING if name not in KEY and repr(getattr(a, name)) != repr(getattr(b, name))]
    return ", ".join(f"{name} {getattr(a, name)} and {getattr(b, name)}" for name in names[:3]) + (
        f" and {len(names) - 3} more columns" if len(names) > 3 else ""
    )


def _changes(a: Row, b: Row) -> str:
    return ", ".join(spec_changes(a.spec, b.spec)[:3]) or "spec_hash"
