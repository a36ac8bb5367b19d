"""Matched pairs: two methods whose settings differ at one path alone, compared seed by seed on the time to solve.

What was run is in the rows (`spec`), so that a pair is found rather than declared: an ablation and its parent, or a
plug-in and whatever it varies. The test is the log-rank test (Mantel 1966) with its exact permutation distribution
instead of the chi-square approximation, which few seeds do not support.

    score_i = solved_i - sum_{t <= time_i} events_t / at_risk_t        sum over one method: observed - expected
"""

from __future__ import annotations

import json
import math
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd

from longlag.analysis import intervals, stats
from longlag.rng import stream
from longlag.store.records import Status

COLUMNS = [
    "task", "lag", "first", "second", "path", "first_value", "second_value", "n_first", "n_second", "solved_first",
    "solved_second", "median_first", "median_second", "bound_first", "bound_second", "shared", "first_sooner",
    "second_sooner", "p", "smallest",
]  # fmt: skip
MOST_SPLITS = 200_000  # with more (beyond ten against ten seeds), this number of random splits is drawn
_MISSING = object()


def differences(a: Any, b: Any, path: str = "") -> dict[str, tuple[Any, Any]]:
    """Where two described parts differ, and their values there; a part of another class differs as a whole.

    >>> differences({"part": "SGD", "rate": 0.1}, {"part": "SGD", "rate": 0.2})
    {'rate': (0.1, 0.2)}
    """
    if not (isinstance(a, dict) and isinstance(b, dict) and a.get("part") == b.get("part")):
        return {} if a == b else {path: (a, b)}
    found: dict[str, tuple[Any, Any]] = {}
    for key in {**a, **b}:
        found |= differences(a.get(key, _MISSING), b.get(key, _MISSING), f"{path}.{key}".lstrip("."))
    return found


def matched(runs: pd.DataFrame) -> pd.DataFrame:
    """Pairs of methods that, at one task and lag, differ in one setting: task, lag, first, second, path and values.

    first and second are in the order of their names; a value that is a part is given by its class.
    """
    found = []
    for (task, lag), rows in runs[runs.status != Status.NOT_ATTEMPTED].groupby(["task", "lag"]):
        parts = {method: _parts(specs) for method, specs in rows.groupby("method").spec}
        for first, second in combinations(sorted(name for name, known in parts.items() if known), 2):
            apart = differences(parts[first], parts[second])
            if len(apart) == 1:
                ((path, values),) = apart.items()
                found.append((task, lag, first, second, path, *map(_word, values)))
    return pd.DataFrame(found, columns=COLUMNS[:7])


def _parts(specs: pd.Series) -> Any:
    """The described parts of a condition, if its rows have them and agree; the row of a killed job has none."""
    known = {spec for spec in specs if spec}
    methods = [json.loads(spec).get("method") for spec in known]
    parts = [method.get("parts") for method in methods if isinstance(method, dict)]
    return parts[0] if parts and all(part == parts[0] for part in parts) else None


def _word(value: Any) -> str:
    if isinstance(value, dict):
        return str(value.get("part", "other"))
    if isinstance(value, float):
        return f"{value:g}"
    return "other" if isinstance(value, list) else "none" if value is None or value is _MISSING else str(value)


def log_rank(time: np.ndarray, solved: np.ndarray, first: np.ndarray) -> float:
    """Two-sided p of the permutation log-rank test: twice the smaller tail, at most 1.

    It is exact, unless the splits are `drawn`: then the one found counts as one more of them.

    Args:
        time: cost to solve, or where the run was censored [N]; solved: whether it solved [N].
        first: which runs are of the first method [N]; the others are of the second.
    """
    found, n = scores(time, solved), int(first.sum())
    sums = found[splits(len(found), n)].sum(axis=1)  # observed - expected of the first method in each split
    here, hair, one = found[first].sum(), 1e-9, int(drawn(len(found), n))
    tail = min(np.sum(sums <= here + hair), np.sum(sums >= here - hair))
    return min(1.0, 2 * float(tail + one) / (len(sums) + one))


def scores(time: np.ndarray, solved: np.ndarray) -> np.ndarray:
    """Observed less expected solutions of each run [N]; their sum over all runs is zero."""
    curve = intervals.kaplan_meier(time, solved)
    hazard = curve["events"] / curve["at_risk"]  # of each time of solution
    passed = curve["time"][None] <= time[:, None]  # [N, times]
    return solved - passed @ hazard


def drawn(size: int, n: int) -> bool:
    """Whether random splits stand for all ways to take n of `size` runs.

    >>> drawn(20, 10), drawn(22, 11)
    (False, True)
    """
    return math.comb(size, n) > MOST_SPLITS


def splits(size: int, n: int) -> np.ndarray:
    """All ways to take n of `size` runs, as indices [splits, n]; `MOST_SPLITS` random ones if they are `drawn`."""
    if not drawn(size, n):
        return np.array(list(combinations(range(size), n)), dtype=int).reshape(math.comb(size, n), n)
    rng = stream(0, "log-rank", size, n)
    return np.argsort(rng.random((MOST_SPLITS, size)), axis=1)[:, :n]


def compare(runs: pd.DataFrame, times: pd.DataFrame, costs: pd.DataFrame) -> pd.DataFrame:
    """The matched pairs with their costs: per method n, solved and Kaplan-Meier median of the passes, on how many of
    the shared seeds each was sooner, the p of `log_rank` and the smallest that an exact test can give at these seeds.

    bound_first, bound_second: where their unsolved runs are censored (budget of `stats.cost`). A seed that neither
    solved is sooner for neither.
    times, costs: `stats.solve_times` and `stats.cost` of the runs, in passes.
    """
    seeds_of, costs = dict([*times.groupby(stats.CONDITION)]), costs.set_index(stats.CONDITION)
    found = []
    for pair in matched(runs).itertuples(index=False):
        keys = [(pair.task, method, pair.lag) for method in (pair.first, pair.second)]
        a, b = (seeds_of[key].set_index("seed") for key in keys)
        first, second = (costs.loc[key] for key in keys)
        both = pd.concat([a, b])
        p = log_rank(both.time.to_numpy(float), both.solved.to_numpy(bool), np.arange(len(both)) < len(a))
        seeds = a.index.intersection(b.index)
        sooner = [_sooner(*order, seeds) for order in ((a, b), (b, a))]
        solved, medians = (int(first.solved), int(second.solved)), (first["median"], second["median"])
        sizes, bounds = (len(a), len(b)), (first.budget, second.budget)
        told = (*sizes, *solved, *medians, *bounds, len(seeds), *sooner, p, intervals.smallest_p(*sizes))
        found.append((*pair, *told))
    return pd.DataFrame(found, columns=COLUMNS)


def _sooner(a: pd.DataFrame, b: pd.DataFrame, seeds: pd.Index) -> int:
    solved, time = a.solved[seeds], a.time[seeds]
    return int((solved & (~b.solved[seeds] | (time < b.time[seeds]))).sum())
