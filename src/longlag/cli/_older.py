"""Which recorded rows are of older numerics than those of this package, by their versions, in words. No torch.

`longlag compare` compares digests instead (`cli/_standing.py`): it has imported torch and the methods anyway.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from longlag import registry
from longlag.cli import _catalogue
from longlag.store.specs import base_method
from longlag.words import count, join_words, method_label, task_label

_Used = tuple[str, str, int]  # kind, name and version, as a row has them


@dataclass(frozen=True)
class Changed:
    """A method or task (kind "methods" or "tasks") whose rows have an older numerics version than it has now."""

    kind: str
    name: str
    recorded: int
    now: int


def _counted(rows: Iterable[Any]) -> Counter[tuple[_Used, _Used]]:
    """How many rows have a method and a task in these versions. A record of 100,000 rows has few such pairs."""
    known = {*registry.names("methods")}
    alike = Counter(
        (row.method, "" if row.method in known else row.spec, row.method_version, row.task, row.task_version)
        for row in rows
    )
    found: Counter[tuple[_Used, _Used]] = Counter()
    for (method, spec, method_version, task, task_version), n in alike.items():
        if not method_version:  # of a job that was killed
            continue
        name = str(method) if method in known else base_method(spec, str(method))
        found[("methods", name, int(method_version)), ("tasks", str(task), int(task_version))] += n
    return found


def _changed(counted: Iterable[tuple[_Used, _Used]]) -> list[Changed]:
    used = {each for pair in counted for each in pair}
    found = (Changed(kind, name, version, _now(kind, name, version)) for kind, name, version in sorted(used))
    return [each for each in found if each.recorded < each.now]


def _now(kind: str, name: str, recorded: int) -> int:
    """The version that the package has; that of the record for what is not in it."""
    return int(_catalogue.about(kind, name)["version"]) if name in registry.names(kind) else recorded


def outdated(rows: Sequence[Any]) -> str:
    """A sentence for readers of a page: how many rows are older, and what has changed since; empty if nothing has."""
    counted = _counted(rows)
    found = _changed(counted)
    if not found:
        return ""
    names = {(each.kind, each.name, each.recorded) for each in found}
    n = sum(n for pair, n in counted.items() if not names.isdisjoint(pair))
    what = [f"{_label(each)} (version {each.recorded}, now {each.now})" for each in found]
    return (
        f"An older record: {n} of its {count(len(rows), 'row')} are of recipes that have changed since, and today's "
        f"may do better or worse: {join_words(what)}."
    )


def _label(each: Changed) -> str:
    return (method_label if each.kind == "methods" else task_label)(each.name)
