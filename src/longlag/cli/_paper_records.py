"""Adds the rows of a finished stage to a paper's records, and writes down what a search of it chose."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from longlag.cli import _arguments
from longlag.errors import LonglagError

if TYPE_CHECKING:
    from longlag.design.suite import Suite
    from longlag.store.records import Row

MOST_POINTS = 40  # of a learning curve in the records: they stay small
_HEAD = "# Written by `longlag paper`: what was best on validation sequences of tuning seeds (docs/papers.md).\n"
_Found = dict[tuple[str, str], dict[int, list[float]]]


def add(name: str, run: Path, folder: Path) -> Iterator[str]:
    """Adds the runs in a folder of results to the records in `folder`; yields lines that say what was done.

    A row replaces that of the same run. Rows without a spec, which `longlag collect` made up, are left out. The records
    are locked from the reading of the old ones on.

    Raises:
        LonglagError: the results are not those of a stage of this paper, or another process writes the records.
    """
    from longlag.design import suite
    from longlag.store import files, lock, records

    if not files.is_file(run / "suite.json"):
        raise LonglagError(f"{run} has no suite.json; name the folder of a stage's results")
    runs = _arguments.runs_file(run)
    plan = suite.read(run / "suite.json")
    if plan.paper != name:
        raise LonglagError(f"{run} has results of {plan.paper or plan.name}, and not of {name}; name a stage of it")
    if plan.search is not None and "grid" not in plan.search:
        what = "a search without a grid, of whose points a paper chooses"
        raise LonglagError(f"{run} has results of {what}; give the stage a grid and train it again")
    new = [row for row in records.read_rows(runs) if row.spec_hash]
    curves = _read_curves(runs.with_name("curves.parquet"))
    with lock.held(folder / "runs.csv"), lock.held(folder / "curves.parquet"):
        yield from _add(name, plan, new, curves, folder)


def _add(name: str, plan: Suite, new: Sequence[Row], curves: Any, folder: Path) -> Iterator[str]:
    from longlag.store import records
    from longlag.store.curves import write

    kept = _merged(name, new)
    points = _joined(name, new, curves)
    records.write_rows(folder / "runs.csv", kept)
    write(folder / "curves.parquet", points)
    yield f"{folder / 'runs.csv'}: {len(new)} rows of {plan.name}, {len(kept)} in all"
    if plan.search is not None:
        chosen, lost = _choices(plan, new, curves)
        _write_choices(name, plan.name.removeprefix(f"{name}-"), chosen, folder)
        yield f"{folder / 'chosen.yaml'}: chosen for {sum(map(len, chosen.values()))} pairs of method and task"
        yield from lost


def _merged(name: str, new: Sequence[Row]) -> list[Row]:
    from longlag.design import stages
    from longlag.store import files, records

    old = stages.record_of(name, "runs.csv")
    rows = [*(records.read_rows(old) if files.is_file(old) else []), *new]
    return [*{records.key_of(row): row for row in rows}.values()]


def _read_curves(path: Path) -> Any:
    from longlag.store import files
    from longlag.store.curves import curves_schema, read_curves

    return read_curves(path) if files.is_file(path) else curves_schema().empty_table()


def _joined(name: str, new: Sequence[Row], curves: Any) -> Any:
    """The points of the records with those of the new rows in place of older ones, at most `MOST_POINTS` of each."""
    import pyarrow.compute as pc

    from longlag.design import stages
    from longlag.store.curves import joined, points_of, run_names
    from longlag.store.records import key_of

    old = _read_curves(stages.record_of(name, "curves.parquet"))
    keys = [key_of(row) for row in new]
    replaced = points_of(old, keys)
    is_old = pc.invert(pc.is_in(run_names(old), value_set=pc.unique(run_names(replaced))))
    return joined([old.filter(is_old), _thinned(points_of(curves, keys))])


def _thinned(table: Any) -> Any:
    """At most `MOST_POINTS` points of each run, the first and the last among them."""
    from longlag.store.curves import run_names

    by_run: dict[str, list[int]] = defaultdict(list)
    for place, run in enumerate(run_names(table).to_pylist()):
        by_run[run].append(place)
    passes = table["passes"].to_pylist()
    kept: list[int] = []
    for places in by_run.values():
        ordered = sorted(places, key=passes.__getitem__)
        count = min(len(ordered), MOST_POINTS)
        kept += [ordered[round(i * (len(ordered) - 1) / max(count - 1, 1))] for i in range(count)]
    return table.take(sorted(kept))


def _choices(plan: Suite, rows: Sequence[Row], curves: Any) -> tuple[dict[str, dict[str, Any]], list[str]]:
    """What a search chose: method -> task -> settings; and a line for each pair that has no choice."""
    from longlag.design import search

    points, losses, missing = search.points(plan.search or {}), _losses(plan, rows, curves), _missing(plan, rows)
    found: dict[str, dict[str, Any]] = defaultdict(dict)
    lost = []
    for (method, task), by_number in sorted(losses.items()):
        number = search.best(by_number)
        if absent := missing.get((method, task), 0):
            lost.append(f"nothing is chosen for {method} on {task}: {absent} of its runs are missing")
        elif number is None:
            lost.append(f"nothing is chosen for {method} on {task}: of every candidate a run failed")
        else:
            found[method][task] = dict(points[number - 1])  # a file with a mapping twice would have an alias
    return dict(found), lost


def _missing(plan: Suite, rows: Sequence[Row]) -> Counter[tuple[str, str]]:
    """How many runs of a method and task have no row: a candidate that was not trained is not a worse one."""
    from longlag.store.records import Status, key_of

    ended = {key_of(row) for row in rows if row.status != Status.ERROR}
    return Counter((key[1].rpartition("-")[0], key[0]) for key in plan.expected() if key not in ended)


def _losses(plan: Suite, rows: Sequence[Row], curves: Any) -> _Found:
    """Per method and task and candidate, the last validation loss of each seed, or what else the search chooses by; nan
    for one that failed.

    plan: a search over a grid, whose methods are named NAME-01 and so on.
    """
    from longlag.design import search
    from longlag.store.curves import last_losses
    from longlag.store.records import Status, key_of

    last = last_losses(curves, search.chosen_by(plan.search or {}))
    ended = {key_of(row): row.status for row in rows}
    found: _Found = defaultdict(lambda: defaultdict(list))
    for key in plan.expected():
        task, name, *_ = key
        method, _, number = name.rpartition("-")
        sound = ended.get(key) in (Status.SOLVED, Status.BUDGET)
        found[method, task][int(number)].append(last.get(key, math.nan) if sound else math.nan)
    return found


def _write_choices(name: str, stage: str, chosen: dict[str, Any], folder: Path) -> None:
    import yaml

    from longlag.design import stages
    from longlag.store import files

    every = {**stages.read_choices(name), stage: chosen}
    text = yaml.safe_dump({key: dict(of) for key, of in every.items()}, sort_keys=True, width=120)
    files.write_atomically(folder / stages.CHOSEN, (_HEAD + text).encode())
