"""Success rate per task, method and lag."""

from __future__ import annotations

from typing import Any

import pandas as pd

from longlag.analysis import Analysis
from longlag.words import NOT_RUN, percent_interval, seeds_phrase

TITLE, BESIDE = "Seeds solved", "reach"


def build(analysis: Analysis) -> pd.DataFrame:
    """One row per task and method, one column per lag: "4/5 [38, 96] %"; before them the minimal lags of these."""
    conditions = analysis.success
    lags = sorted(conditions.lag.unique())
    rows = []
    minimal = conditions.groupby(["task", "lag"]).minimal_lag.max()
    for (task, method), group in conditions.groupby(["task", "method"]):
        words = {condition.lag: _words(condition) for condition in group.itertuples()}
        rows.append([task, method, _minimal(minimal[task]), *(words.get(lag, NOT_RUN) for lag in lags)])
    return pd.DataFrame(rows, columns=["task", "method", "minimal lags", *(f"lag {lag}" for lag in lags)])


def _words(condition: Any) -> str:
    rate = f"{condition.solved}/{condition.n}"
    return (
        f"{rate} {percent_interval(condition.low, condition.high)}" if condition.attempted else f"{rate} not attempted"
    )


def _minimal(lags: pd.Series) -> str:
    """The minimal lags of the task's grid, in its order; "?" where no row tells it."""
    return ", ".join("?" if lag != lag else f"{lag:.0f}" for lag in lags)


def note(analysis: Analysis) -> str:
    """n and the kind of interval."""
    return (
        f"Seeds solved ({seeds_phrase(analysis.success.n)}), with the Wilson 95 % interval of the rate in percent. "
        "Columns are nominal lags in steps; minimal lags: steps that really separate input and answer at those of the "
        "task's grid, in their order. "
        "Not attempted: two consecutive lags below were unsolved; it counts as unsolved."
    )
