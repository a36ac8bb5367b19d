"""How far each method carries on each task."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from longlag.analysis import Analysis
from longlag.words import NOT_RUN, capital, interval, reached, seeds_phrase, task_label

TITLE, BESIDE = "Reach", "overview"


def build(analysis: Analysis) -> pd.DataFrame:
    """One row per method, one column per task: "≥ 200 [100, 200] (minimal 80)"."""
    found = analysis.reach
    words = {(row.task, row.method): _words(row) for row in found.itertuples()}
    tasks, methods = sorted(found.task.unique()), sorted(found.method.unique())
    rows = [[method, *(words.get((task, method), NOT_RUN) for task in tasks)] for method in methods]
    return pd.DataFrame(rows, columns=["method", *(capital(task_label(task)) for task in tasks)])


def _words(row: Any) -> str:
    minimal = "" if np.isnan(row.minimal_lag) else f" (minimal {row.minimal_lag:.0f})"
    return f"{reached(row.reach, row.at_limit)} {interval(row.low, row.high)}{minimal}"


def note(analysis: Analysis) -> str:
    """What reach is, n and the kind of interval."""
    return (
        "Largest nominal lag of the grid, in steps, that at least half of the seeds solve, with its 95 % bootstrap "
        f"interval over {seeds_phrase(analysis.reach.n)} and the task's minimal lag at that nominal lag. "
        "≥: that was the largest lag tried. None: not even the smallest was solved."
    )
