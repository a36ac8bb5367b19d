"""All methods in one order: by the share of their seeds that solve, averaged over the cells on which methods meet.

A *cell* is one task at one lag. Those count that at least half of the methods of the task were run at, so that a method
does not gain by a grid of its own. The interval is Wilson's with ladders for trials: a ladder, one seed on one task, is
a number from 0 to 1, whose variance is at most that of a coin with its mean. The runs of a ladder are no trials of
their own, since a seed that was stopped at one lag is unsolved at all longer ones. The interval is too wide where
methods either always solve or never. How a method was set is read off its rows: the settings that differ from those of
its file.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

import pandas as pd

from longlag.analysis import intervals

COLUMNS = ["method", "cells", "of", "share", "low", "high", "n", "settings", "given"]


def ranking(runs: pd.DataFrame) -> pd.DataFrame:
    """Best first. Per method: cells (how many, of all that count), share with low and high, n (runs on these cells),
    settings (see `settings`), given (see `given`). A method that was run at no cell that counts is left out."""
    cells = runs.groupby(["task", "lag"]).method.nunique()
    methods = runs.groupby("task").method.nunique()
    counted = [cell for cell, n in cells.items() if 2 * n >= methods[cell[0]]]
    meet = runs.set_index(["task", "lag"]).index.isin(counted)
    found = [(method, *_of(rows, len(counted))) for method, rows in runs[meet].groupby("method")]
    return pd.DataFrame(found, columns=COLUMNS).sort_values(
        ["share", "method"], ascending=[False, True], ignore_index=True
    )


def _of(rows: pd.DataFrame, of: int) -> tuple[Any, ...]:
    cells = rows.groupby(["task", "lag"]).solved.agg(["mean", "size"]).groupby("task")
    lags, seeds = cells.size(), cells["size"].mean()
    weight = lags / lags.sum()
    ladders = 1 / (weight**2 / seeds).sum()  # equally heavy ones with the same variance
    share = float(cells["mean"].sum().sum() / lags.sum())
    low, high = intervals.wilson(share * ladders, ladders)
    by_task = given(rows)
    return int(lags.sum()), of, share, float(low), float(high), len(rows), settings(by_task), by_task


def given(rows: pd.DataFrame) -> dict[str, list[dict[str, Any]]]:
    """The settings that the rows of a method were given, by task: a mapping for each spec."""
    specs = rows[rows.spec != ""].groupby("task").spec.unique()
    return {str(task): [json.loads(spec).get("overrides", {}) for spec in of] for task, of in specs.items()}


def settings(by_task: Mapping[str, Iterable[Mapping[str, Any]]]) -> dict[str, list[Any]]:
    """Each setting that was given to a method, with the values that its tasks had; empty: its file alone decides.

    by_task: as `given` returns it. A value that only some tasks were given is joined by None for the others.
    """
    joined = [{path: value for each in of for path, value in each.items()} for of in by_task.values()]
    names = sorted({name for each in joined for name in each})
    return {name: _distinct(each.get(name) for each in joined) for name in names}


def _distinct(values: Iterable[Any]) -> list[Any]:
    """Each value once; a setting may be a list."""
    return [*{json.dumps(value): value for value in values}.values()]
