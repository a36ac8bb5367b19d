"""How far each method carries on each task."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from longlag.analysis import Analysis
from longlag.analysis.reach import FEWEST_ESTABLISHED
from longlag.words import NOT_RUN, capital, reach_interval, reached, seeds_phrase, task_label

TITLE, BESIDE = "Reach", "overview"


def build(analysis: Analysis) -> pd.DataFrame:
    """One row per method, one column per task: "≥ 200 (minimal 80) [100, ≥ 200], established: 100"."""
    found = analysis.reach
    words = {(row.task, row.method): _words(row) for row in found.itertuples()}
    tasks, methods = sorted(found.task.unique()), sorted(found.method.unique())
    rows = [[method, *(words.get((task, method), NOT_RUN) for task in tasks)] for method in methods]
    return pd.DataFrame(rows, columns=["method", *(capital(task_label(task)) for task in tasks)])


def _words(row: Any) -> str:
    minimal = "" if np.isnan(row.minimal_lag) else f" (minimal {row.minimal_lag:.0f})"
    sure = f"needs {FEWEST_ESTABLISHED} seeds" if np.isnan(row.established) else reached(row.established, False)
    span = reach_interval(row.low, row.high, row.largest)
    return f"{reached(row.reach, row.at_limit)}{minimal} {span}, established: {sure}"


def note(analysis: Analysis) -> str:
    """What reach is, n and the kind of interval."""
    return (
        "Observed reach: the largest nominal lag of the grid, in steps, that at least half of the seeds solve, with "
        "the task's minimal lag at it. In square brackets the interval of the true reach, the largest lag that a new "
        "seed solves with probability 1/2 or more: it covers the truth at least 95 % of the time (exact binomial "
        "tests up and down the ladder; below 6 seeds neighbouring lags are pooled, which takes independent lags and "
        f"rates that do not grow with the lag), {seeds_phrase(analysis.reach.n)}. Established: the largest lag whose "
        "Wilson interval of the rate (95 %) lies above 1/2, at it and at all shorter lags. At a true rate of 1/2 that "
        "happens in 3 % of cases with 5 seeds, and in 6 % with 4: it says less than the interval. ≥: that was the "
        "largest lag tried. None: not even the smallest."
    )
