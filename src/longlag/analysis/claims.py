"""The comparisons of a list: two methods over all tasks and lags at which both were run, with a corrected p.

`PAIRS` follows the lecture; nothing in the data chooses a pair. The test is the log-rank test
(Mantel 1966), stratified over tasks and lags: at each of them the scores are observed less expected solutions, and the
statistic is their sum over all (`comparison.scores`). Its distribution is that of exchanging the seeds of the two
methods within each task, each with its whole ladder: that a seed was not tried at one lag follows from what it did at
the lags below, and must not count twice. Holm's method (1979) corrects the p of all pairs that can be tested.

A run is known to have solved between two looks. Times are therefore the looks of the common grid: runs that solved at
the same look are tied, whatever the sizes of their steps.

All exchanges within a task are counted where there are at most 200,000 (up to ten seeds against ten), and the tasks are
joined by convolution on a fine lattice. Sums within a few of its points of the sum found count against the claim.
With more seeds random exchanges are drawn, and the standard error of p is given.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np
import pandas as pd

from longlag import protocol
from longlag.analysis import comparison
from longlag.rng import stream
from longlag.store.records import Status

# The lecture's four ways, each against no treatment and against each other, and what is usual today.
_WAYS = ("lstm", "hf", "esn", "esn_momentum")
PAIRS = (
    *((way, "control") for way in (*_WAYS, "clipping", "lstm_chrono")),
    *((way, "clipping") for way in (*_WAYS, "lstm_chrono")),
    *((first, second) for i, first in enumerate(_WAYS) for second in _WAYS[i + 1 :]),
    *(("lstm_chrono", way) for way in _WAYS),
)
LEAST = 1e-12  # the smallest p that the convolution resolves
COLUMNS = [
    "first", "second", "tasks", "cells", "n_first", "n_second", "solved_first", "solved_second", "ahead", "p", "error",
    "holm",
]  # fmt: skip
_MOST = 2_000_000  # seeds that are exchanged, in all draws together
_POINTS = 1 << 18  # of the lattice


def compare(times: pd.DataFrame) -> pd.DataFrame:
    """The pairs of `PAIRS` of which both methods were tried at one task and lag, in that order.

    Columns: first, second; tasks and cells (pairs of task and lag) that both have; per method the number of runs and of
    solved runs there; ahead (the method that solved sooner than expected, "" for neither); p, two-sided; error (the
    standard error of a p that was drawn, 0: all exchanges were counted); holm (p corrected for the number of rows).
    times: `stats.solve_times` of the runs, in passes.
    """
    looked = times.assign(time=looks(times.time.to_numpy(float)))
    methods = dict([*looked.groupby("method")])
    found = [_pair(first, second, methods) for first, second in PAIRS if {first, second} <= set(methods)]
    table = pd.DataFrame([row for row in found if row], columns=COLUMNS[:-1])
    return table.assign(holm=holm(table.p.to_numpy(float)))


def _pair(first: str, second: str, methods: dict[str, pd.DataFrame]) -> tuple[Any, ...] | None:
    both = pd.concat([methods[first], methods[second]], ignore_index=True)
    tried = both[both.status != Status.NOT_ATTEMPTED].groupby(["task", "lag"]).method.nunique()
    cells = tried.index[tried == 2]
    both = both[both.set_index(["task", "lag"]).index.isin(cells)]
    if both.empty:
        return None
    scores = np.zeros(len(both))
    for rows in both.reset_index(drop=True).groupby(["task", "lag"]).indices.values():
        scores[rows] = comparison.scores(both.time.to_numpy(float)[rows], both.solved.to_numpy(bool)[rows])
    ladders = both.assign(score=scores).groupby(["task", "method", "seed"], as_index=False).score.sum()
    p, error, here = exchange(
        [(rows.score.to_numpy(), (rows.method == first).to_numpy()) for _, rows in ladders.groupby("task")]
    )
    mine = both.method == first
    solved = int(both.solved[mine].sum()), int(both.solved[~mine].sum())
    ahead = "" if abs(here) < 1e-9 else first if here > 0 else second
    return first, second, both.task.nunique(), len(cells), mine.sum(), (~mine).sum(), *solved, ahead, p, error


def looks(passes: np.ndarray) -> np.ndarray:
    """The last point of the common grid of evaluations at or before each number of passes [N]; inf stays.

    >>> looks(np.array([3000.0, 59_999.0, 61_000.0])).tolist()
    [3000.0, 30000.0, 60000.0]
    """
    grid = protocol.EVALUATION_EVERY * np.floor(passes / protocol.EVALUATION_EVERY)
    early = np.array([0.0, *protocol.FIRST_EVALUATIONS])
    return np.where(grid > 0, grid, early[np.searchsorted(early, np.minimum(passes, early[-1]), "right") - 1])


def exchange(strata: Sequence[tuple[np.ndarray, np.ndarray]]) -> tuple[float, float, float]:
    """Two-sided p of the sum of the first method's scores when seeds are exchanged within strata, its standard error (0
    where all exchanges are counted), and the sum itself.

    strata: of each the scores of its seeds [N] and which seeds are of the first method [N].
    """
    here = float(sum(scores[first].sum() for scores, first in strata))
    if any(comparison.drawn(len(first), int(first.sum())) for _, first in strata):
        return *_drawn(strata, here), here
    return *_counted(strata, here), here


def _counted(strata: Sequence[tuple[np.ndarray, np.ndarray]], here: float) -> tuple[float, float]:
    sums = [scores[_splits(len(first), int(first.sum()))].sum(axis=1) for scores, first in strata]
    low, high = (sum(float(end(values)) for values in sums) for end in (np.min, np.max))
    if high - low < 1e-9:
        return 1.0, 0.0
    step = (high - low) / (_POINTS - len(sums) - 1)
    spectrum = np.ones(_POINTS // 2 + 1, complex)
    for values in sums:
        places = np.rint((values - values.min()) / step).astype(int)
        spectrum *= np.fft.rfft(np.bincount(places, minlength=_POINTS) / len(values))
    share = np.clip(np.fft.irfft(spectrum, _POINTS), 0, None)
    place, hair = (here - low) / step, (len(sums) + 1) / 2  # each stratum is rounded by half a point at most
    below, above = share[: math.floor(place + hair) + 1].sum(), share[max(0, math.ceil(place - hair)) :].sum()
    return min(1.0, max(LEAST, 2 * min(float(below), float(above)))), 0.0


def _drawn(strata: Sequence[tuple[np.ndarray, np.ndarray]], here: float) -> tuple[float, float]:
    """p and its standard error from random exchanges, of which the one found is counted as one."""
    draws = max(200, _MOST // sum(len(scores) for scores, _ in strata))
    sums = np.zeros(draws)
    for i, (scores, first) in enumerate(strata):
        order = np.argsort(stream(0, "exchange", i, len(scores)).random((draws, len(scores))), axis=1)
        sums += scores[order[:, : int(first.sum())]].sum(axis=1)
    tail = (1 + min(np.sum(sums <= here + 1e-9), np.sum(sums >= here - 1e-9))) / (draws + 1)
    return min(1.0, 2 * float(tail)), 2 * math.sqrt(tail * (1 - tail) / draws)


@cache
def _splits(size: int, n: int) -> np.ndarray:
    return comparison.splits(size, n)


def holm(p: np.ndarray) -> np.ndarray:
    """Holm's corrected values of p [N]: below a level, with that chance at most any of them is so by accident.

    >>> holm(np.array([0.01, 0.04, 0.03])).tolist()
    [0.03, 0.06, 0.06]
    """
    order = np.argsort(p, kind="stable")
    raised = np.maximum.accumulate(p[order] * (len(p) - np.arange(len(p))))
    return np.minimum(1.0, raised[np.argsort(order, kind="stable")])
