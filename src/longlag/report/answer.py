"""The answer in sentences, made from the data alone."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from longlag.analysis import Analysis, stats
from longlag.store.records import Status
from longlag.words import count, duration, join_methods, join_tasks, method_label, reached, task_label


@dataclass(frozen=True)
class Sentence:
    """What was found on one task, or of the methods that solved none."""

    about: str
    text: str


def sentences(analysis: Analysis) -> list[Sentence]:
    """Who reached furthest on each task, and who solved nothing anywhere; tasks with one answer share a sentence."""
    table = analysis.reach
    methods = table.groupby("task").method.transform("size")
    alone = table[methods == 1]
    found = [_task(str(task), rows) for task, rows in table[methods > 1].groupby("task")]
    found += [_alone(rows) for _, rows in alone.groupby(["method", "reach", "at_limit"], sort=False)]
    solved = table.groupby("method").reach.max()
    nowhere = sorted(solved.index[solved == 0])
    if nowhere:
        found.append(Sentence(join_methods(nowhere), "on no task and at no lag did half of the seeds solve."))
    return found


def _alone(rows: pd.DataFrame) -> Sentence:
    """Tasks on which the same method alone was run, with the same reach; rows: one per task."""
    first, one = rows.iloc[0], len(rows) == 1
    if first.reach == 0:
        return Sentence(join_tasks(rows.task), f"{method_label(first.method)} alone was run, and solves no lag tried.")
    minimal = rows.minimal_lag.dropna()
    ends = " to ".join(dict.fromkeys(f"{lag:.0f}" for lag in (minimal.min(), minimal.max()))) if len(minimal) else ""
    steps = f"{reached(first.reach, first.at_limit)} steps" + (f" (minimal lag {ends})" if ends else "")
    return Sentence(
        join_tasks(rows.task),
        f"{method_label(first.method)} alone was run; its reach is {steps}{'' if one else ' on each'}.",
    )


def _task(task: str, rows: pd.DataFrame) -> Sentence:
    if rows.reach.max() == 0:
        return Sentence(task_label(task), f"no method solves it at any lag tried ({count(len(rows), 'method')}).")
    best = rows[rows.reach == rows.reach.max()]
    rest = rows.drop(best.index)
    who = "has" if len(best) == 1 else "share"
    text = f"{join_methods(best.method)} {who} the longest reach, {_steps(best, rows)}"
    if len(rest) and rest.reach.max() > 0:
        second = rest[rest.reach == rest.reach.max()]
        return Sentence(task_label(task), f"{text}; next {join_methods(second.method)} with {_steps(second, rows)}.")
    return Sentence(task_label(task), f"{text}; no other method solves it." if len(rest) else f"{text}.")


def _steps(tied: pd.DataFrame, rows: pd.DataFrame) -> str:
    """The reach that these methods share; "≥" only if it is the largest lag for all of them."""
    first, at_limit = tied.iloc[0], bool(tied.at_limit.all())
    minimal = "" if np.isnan(first.minimal_lag) else f" (minimal lag {first.minimal_lag:.0f})"
    capped = at_limit and first.reach < rows.largest.max()
    return f"{reached(first.reach, at_limit)} steps{minimal}" + (", not tried beyond" if capped else "")


def gaps(runs: pd.DataFrame) -> list[tuple[str, str]]:
    """What is missing of all pairs of the tasks and methods of these runs, in words, each with what it is about.

    First per group of tasks what was not run, then conditions with too few seeds.
    """
    tasks, methods = sorted(runs.task.unique()), sorted(runs.method.unique())
    table = stats.missing(runs, tasks, methods)
    groups: dict[tuple[str, ...], list[str]] = {}
    for task, rows in table[table.n == 0].groupby("task"):
        groups.setdefault(tuple(rows.method), []).append(str(task))
    found = [(join_tasks(group), _without(names, methods)) for names, group in groups.items()]
    return found + _short(table[table.n > 0])


def _without(absent: tuple[str, ...], methods: list[str]) -> str:
    """Which were not run, or which alone were: whatever is the shorter list."""
    rest = [name for name in methods if name not in absent]
    return f"not run: {join_methods(absent)}" if len(absent) <= len(rest) else f"run: only {join_methods(rest)}"


def _short(table: pd.DataFrame) -> list[tuple[str, str]]:
    """Per tasks on which some lag has fewer seeds than others, the methods of which that is so."""
    found: dict[str, list[str]] = {}
    for method, rows in table.groupby("method"):
        seeds = f"{rows.n.min()} of {rows.of.max()} seeds at some lags of {join_tasks(sorted(rows.task.unique()))}"
        found.setdefault(seeds, []).append(str(method))
    return [(join_methods(methods), seeds) for seeds, methods in found.items()]


def tally(runs: pd.DataFrame) -> list[tuple[str, str]]:
    """Numbers for the head of the page, each with what it counts."""
    attempted = int((runs.status != Status.NOT_ATTEMPTED).sum())
    counted = {"method": runs.method.nunique(), "task": runs.task.nunique(), "seed": runs.seed.nunique()}
    return [
        *[(str(n), count(n, noun).partition(" ")[2]) for noun, n in counted.items()],
        (str(attempted), f"{count(attempted, 'run').partition(' ')[2]} tried"),
        (duration(runs.seconds.sum()), "CPU time"),
    ]


def endings(runs: pd.DataFrame) -> list[tuple[str, str]]:
    """How many runs ended with each status."""
    statuses = runs.status.value_counts()
    return [(str(n), str(name).replace("_", " ")) for name in Status if (n := int(statuses.get(name, 0)))]
