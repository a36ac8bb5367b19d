"""The answer in sentences, made from the data alone."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from longlag import stats
from longlag.records import Status
from longlag.words import count, listing, number, reached


@dataclass(frozen=True)
class Sentence:
    """What was found on one task, or of the methods that solved none."""

    about: str
    text: str


def sentences(runs: pd.DataFrame) -> list[Sentence]:
    """Who reached furthest on each task, and who solved nothing anywhere."""
    table = stats.reach(runs, stats.bootstrap())
    found = [_task(str(task), rows) for task, rows in table.groupby("task")]
    solved = table.groupby("method").reach.max()
    nowhere = sorted(solved.index[solved == 0])
    if nowhere:
        found.append(Sentence(listing(nowhere), "on no task and at no lag did half of the seeds solve."))
    return found


def _task(task: str, rows: pd.DataFrame) -> Sentence:
    if rows.reach.max() == 0:
        return Sentence(task, f"no method solves it at any lag tried ({count(len(rows), 'method')}).")
    best = rows[rows.reach == rows.reach.max()]
    rest = rows.drop(best.index)
    text = f"{listing(best.method)} {'carries' if len(best) == 1 else 'carry'} it furthest, {_steps(best, rows)}"
    if len(rest) and rest.reach.max() > 0:
        second = rest[rest.reach == rest.reach.max()]
        return Sentence(task, f"{text}; next {listing(second.method)} with {_steps(second, rows)}.")
    return Sentence(task, f"{text}; no other method solves it." if len(rest) else f"{text}.")


def _steps(tied: pd.DataFrame, rows: pd.DataFrame) -> str:
    """The reach that these methods share; "≥" only if it is the largest lag for all of them."""
    first, at_limit = tied.iloc[0], bool(tied.at_limit.all())
    minimal = "" if np.isnan(first.minimal_lag) else f" (minimal lag {first.minimal_lag:.0f})"
    capped = at_limit and first.reach < rows.largest.max()
    return f"{reached(first.reach, at_limit)} steps{minimal}" + (", not tried beyond" if capped else "")


def gaps(runs: pd.DataFrame, tasks: Iterable[str], methods: Iterable[str]) -> list[tuple[str, str]]:
    """What is missing of all pairs of these tasks and methods: per task, in words."""
    table = stats.missing(runs, tasks, methods)
    found: dict[str, list[str]] = {}
    for (task, what), rows in table.groupby(["task", "missing"]):
        found.setdefault(str(task), []).append(f"{listing(rows.method)} ({what})")
    return [(task, ", ".join(words)) for task, words in found.items()]


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
