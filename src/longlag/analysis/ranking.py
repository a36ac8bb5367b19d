"""All methods in one order: by the share of their seeds that solve, averaged over the cells on which methods meet.

A *cell* is one task at one lag. Those count that at least half of the methods of the task were run at, so that a method
does not gain by a grid of its own. The interval is a percentile bootstrap over seeds: in each sample, the seeds of
every task of the method are drawn, each with its whole ladder. How a method was set is read off its rows: the settings
that differ from those of its file.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

import numpy as np
import pandas as pd

from longlag.analysis import intervals
from longlag.rng import stream

_CROWD = 100  # seeds of a method on a task
COLUMNS = ["method", "cells", "of", "share", "low", "high", "n", "settings"]


def ranking(runs: pd.DataFrame) -> pd.DataFrame:
    """Best first. Per method: cells (how many, of all that count), share with low and high, n (runs on these cells),
    settings (see `settings`). A method that was run at no cell that counts is left out."""
    cells = runs.groupby(["task", "lag"]).method.nunique()
    methods = runs.groupby("task").method.nunique()
    counted = [cell for cell, n in cells.items() if 2 * n >= methods[cell[0]]]
    meet = runs.set_index(["task", "lag"]).index.isin(counted)
    found = [(method, *_of(str(method), rows, len(counted))) for method, rows in runs[meet].groupby("method")]
    return pd.DataFrame(found, columns=COLUMNS).sort_values(
        ["share", "method"], ascending=[False, True], ignore_index=True
    )


def _of(method: str, rows: pd.DataFrame, of: int) -> tuple[Any, ...]:
    parts = [_rates(method, str(task), group) for task, group in rows.groupby("task")]
    rates = np.concatenate(parts, axis=1).mean(axis=1)  # [1 + draws]: the seeds as they are, and samples of them
    low, high = np.quantile(rates[1:], [0.025, 0.975], method="inverted_cdf")
    cells = sum(part.shape[1] for part in parts)
    return cells, of, float(rates[0]), float(low), float(high), len(rows), settings(rows)


def _rates(method: str, task: str, rows: pd.DataFrame) -> np.ndarray:
    """The share of seeds that solve at each lag of a task, of the seeds as they are and of samples [1 + draws, L]."""
    table = rows.pivot(index="seed", columns="lag", values="solved").astype(float)  # [seeds, L], nan: no row
    solved, alike = _drawn_ladders(table.to_numpy())
    n = len(table)
    drawn = stream(0, "ranking", method, task).multinomial(n, alike / n, size=intervals.DRAWS)
    times_drawn = np.concatenate([alike[None], drawn]).astype(float)
    known = ~np.isnan(solved)
    return times_drawn @ np.where(known, solved, 0) / np.maximum(times_drawn @ known.astype(float), 1)


def _drawn_ladders(solved: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The ladders that are drawn [ladders, L], and of how many seeds each is.

    solved: 1, 0 or nan for no row [seeds, L]. A ladder is that of one seed; in a crowd, of all seeds that solved the
    same lags: samples of hundreds of seeds take long, and which of two equal seeds is drawn makes no difference.
    """
    if len(solved) <= _CROWD:
        return solved, np.ones(len(solved))
    distinct, which = intervals.ladders(solved)
    return distinct, np.bincount(which)


def settings(rows: pd.DataFrame) -> dict[str, list[Any]]:
    """Each setting that was given to a method, with the values that its tasks had; empty: its file alone decides.

    rows: of one method. A value that only some tasks were given is joined by None for the others.
    """
    by_task: dict[str, dict[str, Any]] = {}
    for task, specs in rows[rows.spec != ""].groupby("task").spec:
        for spec in specs.unique():
            by_task.setdefault(str(task), {}).update(json.loads(spec).get("overrides", {}))
    names = sorted({name for given in by_task.values() for name in given})
    return {name: _distinct(given.get(name) for given in by_task.values()) for name in names}


def _distinct(values: Iterable[Any]) -> list[Any]:
    """Each value once; a setting may be a list."""
    return [*{json.dumps(value): value for value in values}.values()]
