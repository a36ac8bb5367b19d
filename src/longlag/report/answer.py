"""The answer in sentences, made from the data alone."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from longlag import stats
from longlag.records import Status
from longlag.words import count, listing, number, reached


@dataclass(frozen=True)
class Sentence:
    """What was found on one task, or on all."""

    about: str
    text: str


def sentences(runs: pd.DataFrame) -> list[Sentence]:
    """Who reached furthest on each task, and who solved nothing anywhere."""
    table = stats.reach(runs, stats.bootstrap())
    found = [_task(str(task), rows) for task, rows in table.groupby("task")]
    solved = table.groupby("method").reach.max()
    nowhere = sorted(solved.index[solved == 0])
    if nowhere:
        where = "at any lag of any task that it ran" if len(nowhere) == 1 else "at any lag of any task that they ran"
        found.append(Sentence("nowhere", f"{listing(nowhere)}: not half of the seeds {where}."))
    return found


def _task(task: str, rows: pd.DataFrame) -> Sentence:
    if rows.reach.max() == 0:
        return Sentence(task, f"no method solves it, at any lag tried ({count(len(rows), 'method')}).")
    best = rows[rows.reach == rows.reach.max()]
    rest = rows.drop(best.index).sort_values(["reach", "method"], ascending=[False, True])
    first = best.iloc[0]
    minimal = "" if np.isnan(first.minimal_lag) else f" (minimal lag {first.minimal_lag:.0f})"
    verb = "carries" if len(best) == 1 else "carry"
    steps = reached(first.reach, bool(best.at_limit.all()))
    text = f"{listing(best.method)} {verb} it furthest, {steps} steps{minimal}"
    others = [f"{row.method} {reached(row.reach, row.at_limit)}" for row in rest.itertuples()]
    return Sentence(task, f"{text}; then {', '.join(others)}." if others else f"{text}.")


def tally(runs: pd.DataFrame) -> list[tuple[str, str]]:
    """Numbers for the head of the page, each with what it counts; and how many runs ended with each status."""
    statuses = runs.status.value_counts()
    attempted = len(runs) - int(statuses.get(Status.NOT_ATTEMPTED, 0))
    hours = runs.seconds.sum() / 3600
    ends = [(str(n), str(name).replace("_", " ")) for name in Status if (n := int(statuses.get(name, 0)))]
    return [
        (str(runs.method.nunique()), "methods"),
        (str(runs.task.nunique()), "tasks"),
        (str(runs.seed.nunique()), "seeds"),
        (str(attempted), "runs trained"),
        (number(hours), "CPU hours"),
        *[(n, f"ended: {name}") for n, name in ends],
    ]
