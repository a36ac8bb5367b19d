"""What it costs to solve, on three axes."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd

from longlag.analysis import Analysis, stats
from longlag.design import chosen
from longlag.words import duration, join_words, number, seeds_phrase

TITLE, BESIDE = "Cost to solve", "cost"


def build(analysis: Analysis) -> pd.DataFrame:
    """One row per task, lag and method that attempted it: median (range) of passes, and medians of the other axes."""
    axes = analysis.costs
    parameters = analysis.runs.groupby(stats.CONDITION, as_index=False).parameters.max().parameters
    rows = []
    for i, condition in enumerate(axes["passes"].itertuples()):
        if condition.attempted:
            reached = math.isfinite(condition.median)
            medians = [_median(axes[axis].iloc[i], reached) for axis in ("flops", "seconds")]
            solved, passes = f"{condition.solved}/{condition.n}", _passes(axes["passes"].iloc[i])
            size = number(parameters[i]) if parameters[i] else "–"
            rows.append([condition.task, condition.lag, condition.method, solved, passes, *medians, size])
    names = ["task", "lag", "method", "solved", "passes (range)", "operations", "CPU s", "parameters"]
    return pd.DataFrame(rows, columns=names).sort_values(["task", "lag", "method"], ignore_index=True)


def _passes(condition: Any) -> str:
    if not condition.solved:
        return _median(condition)
    last = number(condition["last"]) if np.isfinite(condition["last"]) else f"> {number(condition.budget)}"
    return f"{_median(condition)} ({number(condition['first'])} to {last})"


def _median(condition: Any, reached: bool = True) -> str:
    """reached: whether half of the seeds solve within the budget of passes; otherwise no axis has a median."""
    median = float(condition["median"])
    if reached and math.isfinite(median):
        return number(median)
    if np.isnan(condition.budget):
        return "unknown"
    return f"{'unsolved at' if condition.exhausted else '>'} {number(condition.budget)}"


def note(analysis: Analysis) -> str:
    """n, how unsolved runs count, and what each axis means."""
    return (
        f"Kaplan-Meier medians over {seeds_phrase(analysis.success.n)}; in brackets the range over seeds. Every "
        "unsolved run is censored at the full budget, also one that diverged, and never imputed. >: fewer than half "
        "solved; the number of operations or seconds is then the most that a run spent. "
        "Unsolved at: a readout in closed form had all the sequences it asks for; more passes would not help. Passes: "
        "sequence passes (forward 1, forward and backward 3, Gauss-Newton product 4). Operations: floating-point "
        "operations of those passes. CPU seconds depend on the machine and are reported, not ranked"
        f"{_machines(analysis)}.{_searches(analysis)}"
    )


def _searches(analysis: Analysis) -> str:
    """What was spent before these runs on the choice of their settings, if the suite says so."""
    words = join_words(
        f"the {'final' if cost.final else 'search'} {number(cost.passes)} passes ({duration(cost.seconds)} of CPU time)"
        for cost in chosen.spent(analysis.designs.values())
    )
    head = " Not in the table: what the choice of settings cost, for all searched methods together:"
    return f"{head} {words}." if words else ""


def _machines(analysis: Analysis) -> str:
    """How many kinds of processor the seconds come from, if there are several."""
    kinds = stats.kinds_of_processor(zip(analysis.runs.cpu, analysis.runs.blas, strict=True))
    if kinds < 2:
        return ""
    return f"; they come from {kinds} kinds of processor or BLAS kernels, so do not compare methods by them"
