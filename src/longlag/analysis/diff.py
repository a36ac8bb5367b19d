"""Two suites condition by condition: did the share of solved seeds change, and the passes that solving takes?

The difference of two rates has Newcombe's interval (1998, method 10), made of both Wilson intervals:

    d - sqrt((p2 - l2)^2 + (u1 - p1)^2)  to  d + sqrt((u2 - p2)^2 + (p1 - l1)^2),   d = p2 - p1

It treats the seeds of both as independent. Where suites share seeds, and so their data, the interval is too wide. The
ratio of the Kaplan-Meier medians of passes has a percentile bootstrap over the seeds of each.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from longlag.analysis import intervals, stats
from longlag.rng import stream

COLUMNS = [
    *stats.CONDITION, "same_spec", "n_a", "solved_a", "n_b", "solved_b", "difference", "low", "high", "median_a",
    "median_b", "ratio", "ratio_low", "ratio_high",
]  # fmt: skip
_DRAWS = intervals.DRAWS


def compare(a: pd.DataFrame, b: pd.DataFrame) -> pd.DataFrame:
    """Per condition that both have: rates, their difference b - a with low and high, median passes, their ratio b / a.

    same_spec: both have the same digest. median: inf where fewer than half solved; ratio: nan where both are.
    ratio_low, ratio_high: nan if a median is beyond the budget in more than 2.5 % of the samples of both at once.
    """
    parts = dict([*a.groupby(stats.CONDITION)]), dict([*b.groupby(stats.CONDITION)])
    found = [
        _compare(condition, parts[0][condition], parts[1][condition]) for condition in parts[0] if condition in parts[1]
    ]
    return pd.DataFrame(found, columns=COLUMNS)


def only(a: pd.DataFrame, b: pd.DataFrame) -> pd.DataFrame:
    """The conditions of a that b lacks: task, method, lag and n."""
    conditions = a.groupby(stats.CONDITION, as_index=False).agg(n=("seed", "size"))
    have = set(b[stats.CONDITION].itertuples(index=False, name=None))
    return conditions[
        [condition not in have for condition in conditions[stats.CONDITION].itertuples(index=False, name=None)]
    ]


def _compare(condition: tuple[Any, ...], a: pd.DataFrame, b: pd.DataFrame) -> tuple[Any, ...]:
    specs = {digest for digest in (*a.spec_hash, *b.spec_hash) if digest}
    counts = len(a), int(a.solved.sum()), len(b), int(b.solved.sum())
    rates = intervals.newcombe(counts[1], counts[0], counts[3], counts[2])
    rng = stream(0, "diff", *map(str, condition))
    times = [passes_of(rows) for rows in (a, b)]
    medians = [float(median_passes(time[None])[0]) for time in times]
    samples = [median_passes(time[rng.integers(len(time), size=(_DRAWS, len(time)))]) for time in times]
    low, high = _interval(_ratio(*samples))
    ratio = float(_ratio(*(np.array([median]) for median in medians))[0])
    return (*condition, len(specs) <= 1, *counts, *rates, *medians, ratio, low, high)


def passes_of(rows: pd.DataFrame) -> np.ndarray:
    """Passes until solved, inf for what was not; [seeds]."""
    return rows.passes_to_solve.where(rows.solved, np.inf).to_numpy(float)


def median_passes(times: np.ndarray) -> np.ndarray:
    """The Kaplan-Meier median of each sample [samples, seeds]: no run is censored before the last solution counts."""
    return np.sort(times, axis=1)[:, (times.shape[1] - 1) // 2]


def _ratio(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """b / a, 0 or inf where one of them is not finite, nan where both are not."""
    ratio = np.full(len(a), np.nan)
    known = np.isfinite(a) | np.isfinite(b)
    ratio[known] = b[known] / a[known]
    return ratio


def _interval(ratios: np.ndarray) -> tuple[float, float]:
    if np.isnan(ratios).mean() > 0.025:
        return np.nan, np.nan
    low, high = np.quantile(ratios[~np.isnan(ratios)], [0.025, 0.975], method="inverted_cdf")
    return float(low), float(high)
