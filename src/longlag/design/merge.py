"""Joins the records of several machines, or refuses to if they do not belong to one design.

A run that is in two records counts once, provided that both agree in all columns that are not volatile. A row with
status `error` is replaced by a record of the same run that ended otherwise.

A record with a *label* stands beside the others: its method `lstm` is `lstm-LABEL` in what is merged, as if a suite had
named a variant of it. Two designs may then differ in settings, budgets and versions of methods, but not in the task.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace

from longlag.design.job import in_words
from longlag.discovery import check_name
from longlag.errors import LonglagError
from longlag.store.records import KEY, VOLATILE, Key, Row, Status, key_of
from longlag.store.specs import spec_changes

_LASTING = tuple(f.name for f in fields(Row) if f.name not in VOLATILE)


@dataclass(frozen=True)
class Merged:
    """Rows, and per key the name of the record it was taken from. dropped: number of repeated rows."""

    rows: list[Row]
    taken: Mapping[Key, str]
    dropped: int


def merge(records: Mapping[str, Sequence[Row]], labels: Mapping[str, str] | None = None) -> Merged:
    """Joins records, given by name; labels: of those that have one.

    Raises:
        LonglagError: two records have a task, method, protocol or condition in two versions or specs, or disagree on a
            run, or a label makes a name that another record has; the message names what, and both records.
    """
    labels = labels or {}
    records = {name: _labelled(rows, labels.get(name, "")) for name, rows in records.items()}
    _refuse_one_name(records, labels)
    _refuse_mixed(records)
    rows: dict[Key, Row] = {}
    taken: dict[Key, str] = {}
    dropped = 0
    for name, row in _all(records):
        key = key_of(row)
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


def variant_of(method: str, label: str) -> str:
    """The name of a method of a record with that label; "" is none.

    >>> variant_of("lstm", "low"), variant_of("lstm", "")
    ('lstm-low', 'lstm')
    """
    return f"{method}-{label}" if label else method


def _labelled(rows: Sequence[Row], label: str) -> Sequence[Row]:
    if not label:
        return rows
    names = {method: variant_of(method, label) for method in {row.method for row in rows}}
    for name in names.values():
        check_name(name, "a method with its label")
    return [replace(row, method=names[row.method]) for row in rows]


def _refuse_one_name(records: Mapping[str, Sequence[Row]], labels: Mapping[str, str]) -> None:
    """What a label sets apart must not meet again under one name."""
    have: dict[str, str] = {}
    for name, rows in records.items():
        for method in {row.method for row in rows}:
            other = have.setdefault(method, name)
            if other != name and (labels.get(name) or labels.get(other)):
                one, two = (name, other) if labels.get(name) else (other, name)
                raise LonglagError(
                    f"label {labels[one]!r} of {one} makes the name {method}, which {two} has too; choose another label"
                )


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
                    "run them with the same suite and version of longlag, or give them labels, which set the methods "
                    f"of each side by side: low={other} high={name}"
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
