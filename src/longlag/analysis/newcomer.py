"""One new method against each method of a record, at the tasks and lags that both were run at.

A *cell* is one task at one lag. The newcomer *wins* it from another method if a larger share of its seeds solves, or
if an equal share does and it needs fewer passes: the 95 % interval of the ratio (`ratios.py`) lies below 1. It *loses*
in the opposite case; otherwise the two are tied. A win or loss is *clear* if the interval of the difference of the
rates (Newcombe), or that of the ratio, excludes equality, and both have three seeds: with so few, most are not.
"""

from __future__ import annotations

import math

import numpy as np
import pandas as pd

from longlag.analysis import diff, intervals, ratios

CELLS = [
    "task", "lag", "other", "n", "solved", "n_other", "solved_other", "difference", "low", "high", "median",
    "median_other", "ratio", "ratio_low", "ratio_high", "outcome", "clear",
]  # fmt: skip
SUMMARY = [
    "other", "cells", "won", "lost", "tied", "won_clearly", "lost_clearly", "share", "share_low", "share_high", "p",
    "n", "solved", "n_other", "solved_other", "both", "ratio", "ratio_low", "ratio_high",
]  # fmt: skip
FEWEST_SEEDS = 3  # of both, for a clear outcome


def cells(runs: pd.DataFrame, newcomer: str) -> pd.DataFrame:
    """Every cell that the newcomer shares with another method: rates and their difference newcomer - other with low
    and high, medians of passes, their ratio newcomer / other with its interval, outcome (won, lost or tied), clear."""
    own = runs[runs.method == newcomer]
    found = []
    for other, rows in runs[runs.method != newcomer].groupby("method"):
        for c in diff.compare(rows.assign(method=newcomer), own).itertuples():
            rates, ratio = (c.difference, c.low, c.high), (c.ratio, c.ratio_low, c.ratio_high)
            counts = (c.n_b, c.solved_b, c.n_a, c.solved_a)
            outcome = _outcome(rates, ratio, min(c.n_a, c.n_b))
            found.append((c.task, c.lag, other, *counts, *rates, c.median_b, c.median_a, *ratio, *outcome))
    return pd.DataFrame(found, columns=CELLS).sort_values(["task", "lag", "other"], ignore_index=True)


def _outcome(rates: tuple[float, ...], ratio: tuple[float, ...], seeds: int) -> tuple[str, bool]:
    difference, low, high = rates
    enough = seeds >= FEWEST_SEEDS
    if difference:
        return ("won" if difference > 0 else "lost"), enough and (low > 0 or high < 0)
    _, low, high = ratio  # from 0 to infinity where neither solves: tied
    if high < 1:
        return "won", enough
    return ("lost", enough) if low > 1 else ("tied", False)


def against(runs: pd.DataFrame, newcomer: str, table: pd.DataFrame) -> pd.DataFrame:
    """Per other method, over the cells shared with it: their number, and how many by outcome.

    Also the share won of the cells not tied with Wilson's interval, p of the exact sign test, the seeds that each
    solved, and the ratio of passes, newcomer / other, that fits all cells whose medians are known of both (both: how
    many), with its interval (`ratios.py`). table: `cells` of the runs.
    """
    found = []
    for other, group in table.groupby("other"):
        count = group.outcome.value_counts()
        won, lost = int(count.get("won", 0)), int(count.get("lost", 0))
        clear = group[group.clear].outcome.value_counts()
        low, high = intervals.wilson(won, won + lost) if won + lost else (math.nan, math.nan)
        share = won / (won + lost) if won + lost else math.nan
        rates = share, float(low), float(high), sign_test(won, lost)
        sums = group[["n", "solved", "n_other", "solved_other"]].sum()
        clearly = int(clear.get("won", 0)), int(clear.get("lost", 0))
        tied = len(group) - won - lost
        counts = (len(group), won, lost, tied, *clearly)
        found.append((other, *counts, *rates, *map(int, sums), *_ratio(runs, newcomer, group)))
    return pd.DataFrame(found, columns=SUMMARY)


def sign_test(won: int, lost: int) -> float:
    """Two-sided p of the exact sign test; 1 if no cell is decided.

    >>> sign_test(5, 0), sign_test(3, 3)
    (0.0625, 1.0)
    """
    n = won + lost
    tail = sum(math.comb(n, k) for k in range(max(won, lost), n + 1)) / 2**n
    return min(1.0, 2 * tail)


def _ratio(runs: pd.DataFrame, newcomer: str, group: pd.DataFrame) -> tuple[int, float, float, float]:
    """Cells in which both medians are known, and the one ratio of passes for all of them with its interval."""
    both = group[np.isfinite(group["median"]) & np.isfinite(group.median_other)]
    if both.empty:
        return 0, math.nan, math.nan, math.nan
    found = dict([*runs.groupby(["method", "task", "lag"])])
    strata = [
        diff.stratum(*(found[name, cell.task, cell.lag] for name in (cell.other, newcomer)))
        for cell in both.itertuples()
    ]
    return len(both), ratios.estimate(strata), *ratios.interval(strata)
