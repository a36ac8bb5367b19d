"""How far a method carries on a task: observed reach, established reach, and an interval that few seeds support.

The *true reach* is the largest lag that a new seed, climbing the same ladder, solves with probability 1/2 or more.
Behind each end of its interval are one-sided exact binomial tests (Clopper & Pearson 1934) of 2.5 % at most. The lower
end goes up the ladder as long as the rate of a lag is above 1/2 by its test. Above the upper end, the rate of each lag
is below 1/2 by its test. The lags are tested in a fixed order, so that the tests need no correction for their number.

Six seeds or more decide at one lag, and nothing is assumed. Fewer cannot: 2^-5 is more than 2.5 %. Then neighbouring
lags are pooled, two for 3 to 5 seeds. This assumes that rates do not grow with the lag, and that the runs of a seed at
two lags are independent, as their random streams are. The lowest pair of lags at which six runs or more were tried and
none solved gives the upper end. That it is the lowest of several pairs needs no correction: the seeds that stopped
before do not try the longer lags. Over rates that do not grow, on ladders of up to four lags, the end is too low in at
most 1.6, 0.4 and 0.12 % of cases for 3, 4 and 5 seeds (computed exactly by tests/analysis/test_reach.py).
"""

from __future__ import annotations

import math
from functools import cache
from typing import Any

import numpy as np
import pandas as pd

from longlag.analysis import intervals, stats
from longlag.store.records import Status

LEVEL = 0.025  # of each end
FEWEST_ESTABLISHED = 4  # seeds: Wilson's lower end of 3 of 3 is below 1/2
COLUMNS = [
    "task", "method", "n", "reach", "established", "low", "high", "minimal_lag", "largest", "at_limit", "tried",
    "stopped",
]  # fmt: skip


def reach(runs: pd.DataFrame) -> pd.DataFrame:
    """Per task and method: how far it was seen to carry, how far that is established, and an interval.

    Columns: n (seeds); reach (observed: the largest lag at which at least half of the seeds solve, 0 if there is none);
    established (`established`; nan with fewer than 4 seeds); low and high (`bounds`); minimal_lag of the observed
    reach; largest (largest lag of the grid); at_limit (reach is the largest lag, so that the truth may lie beyond it);
    tried (how many lags some seed attempted); stopped (what ended most unsolved runs at the first lag beyond the reach:
    "budget", "failure" for any other ending, "" where nothing was attempted there).
    """
    counted = runs.assign(attempted=runs.status != Status.NOT_ATTEMPTED)
    cells = counted.groupby(["task", "method", "lag"], as_index=False).agg(
        n=("solved", "size"), solved=("solved", "sum"), attempted=("attempted", "sum"), minimal=("minimal_lag", "max")
    )
    seeds = runs.groupby(["task", "method"]).seed.nunique()
    endings = stats.ending(runs)
    beyond = counted.assign(spent=endings == Status.BUDGET)[counted.attempted & ~counted.solved]
    spent = beyond.groupby(["task", "method", "lag"]).spent.mean().to_dict()
    found = []
    for key, rows in cells.groupby(["task", "method"]):
        best, *ends = _of(rows)
        tried, stopped = int((rows.attempted > 0).sum()), _stopped(key, best, rows.lag, spent)
        found.append((*key, int(seeds[key]), best, *ends, tried, stopped))
    return pd.DataFrame(found, columns=COLUMNS)


def _stopped(key: tuple[Any, ...], best: int, lags: pd.Series, spent: dict[Any, float]) -> str:
    """Whether the budget or something else ended most unsolved runs at the first lag beyond the best one."""
    share = spent.get((*key, min((lag for lag in lags if lag > best), default=0)))
    return "" if share is None else "budget" if share >= 0.5 else "failure"


def _of(rows: pd.DataFrame) -> tuple[Any, ...]:
    """The columns from reach to at_limit; rows: one per lag, in the order of the lags."""
    lags, n, solved = (rows[name].to_numpy() for name in ("lag", "n", "solved"))
    low, high = bounds(solved, n, rows.attempted.to_numpy())
    best = int(np.max(np.where(2 * solved >= n, lags, 0)))
    known = established(solved, n)
    steps = [0, *map(int, lags)]
    sure = math.nan if known < 0 else float(steps[known])
    minimal = rows.loc[rows.lag == best, "minimal"].max()
    return best, sure, steps[low], steps[high], minimal, steps[-1], best == steps[-1]


def furthest_first(table: pd.DataFrame) -> list[str]:
    """The methods of a table of `reach`, the largest of `mean_shares` first."""
    mean = mean_shares(table)
    return [str(name) for name in sorted(mean.index, key=lambda name: (-mean[name], name))]


def mean_shares(table: pd.DataFrame) -> pd.Series:
    """By method, the mean over its tasks of reach over the task's largest lag. table: `reach`."""
    share = table.reach / table.groupby("task").largest.transform("max")
    return share.groupby(table.method).mean()


def established(solved: np.ndarray, n: np.ndarray) -> int:
    """How many lags of a ladder, from the smallest, have a rate whose Wilson interval (95 %) lies above 1/2; -1: a lag
    that decides has fewer than 4 seeds.

    solved, n: runs that solved, and seeds, at each lag in rising order [L].

    >>> established(np.array([5, 4, 0]), np.array([5, 5, 5])), established(np.array([3]), np.array([3]))
    (1, -1)
    """
    passed = int(np.logical_and.accumulate(intervals.wilson(solved, n)[0] > 0.5).sum())
    return -1 if passed < len(n) and n[passed] < FEWEST_ESTABLISHED else passed


def bounds(solved: np.ndarray, n: np.ndarray, attempted: np.ndarray) -> tuple[int, int]:
    """The interval of the true reach, at least 95 %, as numbers of lags from the smallest: 0 is none, L all.

    solved, n, attempted: runs that solved, seeds, and seeds that tried, at each lag in rising order [L]. Seeds that did
    not attempt a lag count as unsolved where one lag decides; pooled lags get no evidence from them.

    >>> five = np.full(4, 5)
    >>> bounds(np.array([5, 5, 0, 0]), five, five), bounds(np.array([5, 5, 0, 0]), five * 2, five * 2)
    ((1, 3), (0, 2))
    """
    size = len(n)
    pooled = window(int(n.min()))
    above = [_tail(int(n[j : j + pooled].sum()), int(solved[j : j + pooled].sum())) <= LEVEL for j in range(size)]
    low = int(np.logical_and.accumulate(above).sum())
    if pooled == 1:
        possible = [j + 1 for j in range(size) if _tail(int(n[j]), int(n[j] - solved[j])) > LEVEL]
        return low, max(possible, default=0)
    for last in range(pooled, size + 1):
        lags = slice(last - pooled, last)
        if not solved[lags].any() and attempted[lags].sum() >= window(1):
            return low, last - 1
    return low, size


@cache
def window(n: int) -> int:
    """How many lags are pooled to decide with n seeds: the fewest at which all runs of a fair coin agree in 2.5 %.

    >>> [window(n) for n in (1, 2, 3, 5, 6, 10)]
    [6, 3, 2, 2, 1, 1]
    """
    return math.ceil(math.log2(1 / LEVEL) / n)


@cache
def _tail(n: int, successes: int) -> float:
    """The probability that a fair coin shows heads at least that often in n throws."""
    return sum(math.comb(n, k) for k in range(successes, n + 1)) / 2**n
