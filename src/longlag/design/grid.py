"""The grid of a record: the tasks, lags, seeds and budgets at which a new method is comparable with those recorded.

It is read off the rows, so any record has one. At a task, the grid has the lags and seeds that at least half of its
methods have, the budget and the time limit that most of them had, and the stop and the rules that all of them had.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from longlag import protocol, words
from longlag.errors import LonglagError, unknown
from longlag.store.records import Row


@dataclass(frozen=True)
class Cell:
    """A task of a grid. seeds: half-open range; budget: sequence passes per seed and lag; timeout: seconds, if any;
    stop and rules: as in a `RunSpec`."""

    task: str
    lags: tuple[int, ...]
    seeds: tuple[int, int]
    budget: float
    timeout: float | None
    stop: str = protocol.STOPS[0]
    rules: Mapping[str, Any] = field(default_factory=dict)

    def runs(self) -> int:
        """Number of runs of one method."""
        return len(self.lags) * (self.seeds[1] - self.seeds[0])


def reported(rows: Iterable[Row]) -> list[Row]:
    """The rows of reported seeds. Trials of a search, which a record may hold too, are not results to compare with."""
    return [row for row in rows if row.seed < protocol.FIRST_TUNING_SEED]


def of(rows: Sequence[Row], tasks: Sequence[str] = (), lags: Sequence[int] = (), quick: bool = False) -> list[Cell]:
    """The grid of a record.

    Args:
        tasks: only these; empty: all. lags: these, where any method has them; empty: those of half of the methods.
        quick: the shortest lag and the first seed of each task alone.

    Raises:
        LonglagError: no rows, a task that the record lacks, lags of which it has none, or rows of one task that were
            not all stopped and judged by the same rules.
    """
    by_task: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        by_task[row.task].append(row)
    if not by_task:
        raise LonglagError(
            "the reference has no rows of reported seeds; name a runs.csv of finished runs with --reference"
        )
    for task in tasks:
        if task not in by_task:
            raise unknown("task of the reference", task, by_task, words.task_label)
    cells = [_cell(task, by_task[task], lags, quick) for task in sorted(tasks or by_task)]
    if found := [cell for cell in cells if cell.lags]:
        return found
    have = ", ".join(map(str, sorted({row.lag for task in tasks or by_task for row in by_task[task]})))
    raise LonglagError(f"the reference has no rows at lags {', '.join(map(str, lags))}; it has {have}")


def absent(rows: Sequence[Row], tasks: Sequence[str], lags: Sequence[int]) -> dict[int, list[str]]:
    """Those of some lags at which a task has no row, with these tasks. tasks: empty for all of the rows."""
    known = {task: {row.lag for row in rows if row.task == task} for task in tasks or {row.task for row in rows}}
    found = {lag: sorted(task for task, have in known.items() if lag not in have) for lag in sorted({*lags})}
    return {lag: lacking for lag, lacking in found.items() if lacking}


def _cell(task: str, rows: list[Row], lags: Sequence[int], quick: bool) -> Cell:
    most = len({row.method for row in rows})
    shared = _of_half(rows, lambda row: row.lag, most)
    chosen = sorted({row.lag for row in rows} & set(lags) if lags else shared)[: 1 if quick else None]
    here = [row for row in rows if row.lag in chosen] or rows
    seeds = _of_half(here, lambda row: row.seed, len({row.method for row in here}))
    end = min(seeds) + 1 if quick else max(seeds) + 1
    specs = [json.loads(row.spec or "{}") for row in here]
    budget, timeout = _commonest(row.budget for row in here), _commonest(spec.get("timeout") for spec in specs)
    return Cell(task, tuple(chosen), (min(seeds), end), budget, timeout, *_judged(task, filter(None, specs)))


def _judged(task: str, specs: Iterable[Mapping[str, Any]]) -> tuple[str, dict[str, Any]]:
    """The stop and the rules of all these specs."""
    both = [{"stop": spec.get("stop", protocol.STOPS[0]), "rules": spec.get("rules", {})} for spec in specs]
    apart = sorted({json.dumps(each, sort_keys=True) for each in both})
    if len(apart) > 1:
        raise LonglagError(
            f"the reference's rows on {task} were stopped or judged by different rules ({' and '.join(apart)}), so "
            "that no new run is comparable with all of them; leave the task out with --tasks, or choose lags at which "
            "they agree with --lags"
        )
    return (both[0]["stop"], both[0]["rules"]) if both else (protocol.STOPS[0], {})


def _of_half(rows: Iterable[Row], what: Callable[[Row], int], methods: int) -> list[int]:
    """The lags or seeds that at least half of the methods have; all, if there is no such one."""
    having: dict[int, set[str]] = defaultdict(set)
    for row in rows:
        having[what(row)].add(row.method)
    return sorted(value for value, names in having.items() if 2 * len(names) >= methods) or sorted(having)


def _commonest(values: Iterable[Any]) -> Any:
    return Counter(values).most_common(1)[0][0]


def suite_of(cells: Sequence[Cell], name: str, methods: Sequence[str], plugins: Sequence[str]) -> dict[str, Any]:
    """The design, as `suite.parse` reads it, in which these methods run on the grid; a job per task and seed.

    Raises:
        LonglagError: tasks of different time limits, of which a suite has one.
    """
    return {
        "suite": name,
        "seeds_per_job": 1,
        "timeout": _only_timeout(cells),
        "plugins": list(plugins),
        "cells": [
            {
                "methods": list(methods),
                "tasks": [cell.task],
                "lags": list(cell.lags),
                "seeds": "{}:{}".format(*cell.seeds),
                "budget": cell.budget,
                "stop": cell.stop,
                "rules": dict(cell.rules),
            }
            for cell in cells
        ],
    }


def _only_timeout(cells: Sequence[Cell]) -> float | None:
    """The time limit of all these cells, in seconds."""
    limits: dict[float | None, list[str]] = defaultdict(list)
    for cell in cells:
        limits[cell.timeout].append(cell.task)
    if len(limits) > 1:
        told = {limit: "no limit" if limit is None else f"{limit:g} s" for limit in limits}
        listed = "; ".join(f"{told[limit]}: {', '.join(tasks)}" for limit, tasks in limits.items())
        raise LonglagError(
            f"the reference's tasks had different time limits ({listed}), and a suite has one; choose tasks of one "
            "limit with --tasks"
        )
    return cells[0].timeout


def beside(rows: Iterable[Row], cells: Sequence[Cell], part: bool) -> list[Row]:
    """The rows of a record to show beside those of a new method: of its tasks. part: of its lags alone."""
    lags = {cell.task: cell.lags for cell in cells}
    return [row for row in rows if row.task in lags and (not part or row.lag in lags[row.task])]


def typical_passes(rows: Sequence[Row], cell: Cell, lag: int) -> float:
    """The median over methods of the passes that a seed spent at this lag; what the ladder left out spent none."""
    spent: dict[str, list[float]] = defaultdict(list)
    for row in rows:
        if (row.task, row.lag) == (cell.task, lag):
            spent[row.method].append(row.passes)
    means = sorted(sum(passes) / len(passes) for passes in spent.values())
    return means[len(means) // 2] if means else cell.budget
