"""Which cells of a suite are drawn: one lag per task, at which methods can be compared."""

from __future__ import annotations

import numpy as np
import pandas as pd

_MEET = 2  # methods that make a comparison


def lags(conditions: pd.DataFrame) -> dict[str, int]:
    """Each task with the lag at which most methods have one of these conditions; in a tie the longest. Tasks on which
    no two methods have one at one lag are left out: there is nothing to compare."""
    counts = conditions.groupby(["task", "lag"], as_index=False).method.nunique()
    best = counts[counts.method >= _MEET].sort_values(["method", "lag"], kind="stable").groupby("task").tail(1)
    return {str(row.task): int(row.lag) for row in best.sort_values("task").itertuples()}


def at(table: pd.DataFrame, task: str, lag: int) -> pd.DataFrame:
    """The rows of one task and lag."""
    return table[(table.task == task) & (table.lag == lag)]


def beyond_the_budget(costs: pd.DataFrame) -> pd.DataFrame:
    """The conditions that were tried and of which fewer than half of the seeds solved; costs: `stats.cost`."""
    return costs[(costs.attempted > 0) & ~np.isfinite(costs["median"])]
