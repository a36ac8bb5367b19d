"""Two suites condition by condition: did the share of solved seeds change, and the passes that solving takes?

The difference of two rates has Newcombe's interval (1998, method 10), made of both Wilson intervals:

    d - sqrt((p2 - l2)^2 + (u1 - p1)^2)  to  d + sqrt((u2 - p2)^2 + (p1 - l1)^2),   d = p2 - p1

It treats the seeds of both as independent. Where suites share seeds, and so their data, the interval is too wide; the
shared seeds are counted by who was sooner. The ratio of the passes has the interval of `ratios.py`.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from longlag.analysis import claims, intervals, ratios, stats

COLUMNS = [
    *stats.CONDITION, "same_spec", "n_a", "solved_a", "n_b", "solved_b", "difference", "low", "high", "median_a",
    "median_b", "ratio", "ratio_low", "ratio_high", "shared", "sooner_a", "sooner_b",
]  # fmt: skip


def compare(a: pd.DataFrame, b: pd.DataFrame) -> pd.DataFrame:
    """Per condition that both have: rates, their difference b - a with low and high, median passes, their ratio b / a.

    a, b: the runs of two suites, as `stats.load_runs` gives them.
    same_spec: all rows of both have one digest. median: inf where fewer than half solved; ratio: nan where both are.
    ratio_low, ratio_high: `ratios.interval`. shared: seeds that both have; sooner_a, sooner_b: on how many of these
    each solved and the other had not yet.
    """
    parts = dict([*a.groupby(stats.CONDITION)]), dict([*b.groupby(stats.CONDITION)])
    found = [
        _compare(condition, parts[0][condition], parts[1][condition]) for condition in parts[0] if condition in parts[1]
    ]
    return pd.DataFrame(found, columns=COLUMNS)


def only(a: pd.DataFrame, b: pd.DataFrame) -> pd.DataFrame:
    """The conditions of a that b lacks: task, method, lag and n, the number of seeds."""
    conditions = a.groupby(stats.CONDITION, as_index=False).agg(n=("seed", "size"))
    have = set(b[stats.CONDITION].itertuples(index=False, name=None))
    return conditions[
        [condition not in have for condition in conditions[stats.CONDITION].itertuples(index=False, name=None)]
    ]


def _compare(condition: tuple[Any, ...], a: pd.DataFrame, b: pd.DataFrame) -> tuple[Any, ...]:
    specs = {*a.spec_hash, *b.spec_hash}  # the row of a killed job has none
    counts = len(a), int(a.solved.sum()), len(b), int(b.solved.sum())
    rates = intervals.newcombe(counts[1], counts[0], counts[3], counts[2])
    times = [passes_of(rows) for rows in (a, b)]
    medians = [_median(time) for time in times]
    interval = ratios.interval([stratum(a, b)])
    same = len(specs) == 1 and "" not in specs
    return (*condition, same, *counts, *rates, *medians, _ratio(*medians), *interval, *_sooner(a, b))


def _sooner(a: pd.DataFrame, b: pd.DataFrame) -> tuple[int, int, int]:
    one, two = (rows.assign(time=passes_of(rows)).set_index("seed").time for rows in (a, b))
    shared = one.index.intersection(two.index)
    return len(shared), int((one[shared] < two[shared]).sum()), int((two[shared] < one[shared]).sum())


def stratum(a: pd.DataFrame, b: pd.DataFrame) -> ratios.Stratum:
    """The runs of two conditions as `ratios` takes them."""
    first, second = passes_of(a), passes_of(b)
    one, two = (float(np.nan_to_num(rows.budget.max(), nan=np.inf)) for rows in (a, b))
    return ratios.Stratum(first, second, one, two, _look_before(first), _look_before(second))


def _look_before(passes: np.ndarray) -> np.ndarray:
    """The look of the common grid before the one at which a run was seen to be solved, 0 before the first; inf stays.

    >>> _look_before(np.array([64.0, 1000.0, 61_000.0, np.inf])).tolist()
    [0.0, 0.0, 30000.0, inf]
    """
    known = np.isfinite(passes)
    before = np.nextafter(claims.looks(np.where(known, passes, 0)), -1)
    return np.where(known, claims.looks(np.maximum(before, 0)), passes)


def passes_of(rows: pd.DataFrame) -> np.ndarray:
    """Passes until solved, inf for what was not, or what does not say; [seeds]."""
    return rows.passes_to_solve.where(rows.solved, np.inf).fillna(np.inf).to_numpy(float)


def _median(times: np.ndarray) -> float:
    """The Kaplan-Meier median [seeds]: no run is censored before the last solution."""
    return float(np.sort(times)[(len(times) - 1) // 2])


def _ratio(a: float, b: float) -> float:
    """b / a, 0 or inf where one of them is not finite or a is 0, nan where both are so.

    >>> _ratio(2.0, 5.0), _ratio(np.inf, 5.0), _ratio(0.0, 5.0), _ratio(0.0, 0.0)
    (2.5, 0.0, inf, nan)
    """
    if a == 0:
        return np.inf if b else np.nan
    return b / a if np.isfinite(a) or np.isfinite(b) else np.nan
