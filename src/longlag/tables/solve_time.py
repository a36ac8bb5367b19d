"""Time to solve of matched pairs: two methods that differ in one setting alone, with a permutation log-rank test."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd

from longlag.analysis import Analysis
from longlag.analysis.comparison import MOST_SPLITS, drawn
from longlag.words import count, number, seeds_phrase

TITLE, BESIDE = "Time to solve: methods that differ in one setting", "solve_time"
_COLUMNS = ["task", "lag", "method", "against", "setting", "solved", "median passes", "sooner", "p", "smallest p"]


def build(analysis: Analysis) -> pd.DataFrame:
    """One row per pair, task and lag; "a | b" is the method's number, then that of the one it is set against."""
    rows = [
        [
            pair.task,
            pair.lag,
            pair.first,
            pair.second,
            f"{pair.path}: {pair.first_value} | {pair.second_value}",
            f"{pair.solved_first:.0f}/{pair.n_first} | {pair.solved_second:.0f}/{pair.n_second}",
            f"{_median(pair.median_first, pair.bound_first)} | {_median(pair.median_second, pair.bound_second)}",
            f"{pair.first_sooner} | {pair.second_sooner} of {pair.shared}",
            f"{pair.p:.2g}",
            f"{pair.smallest:.2g}",
        ]
        for pair in analysis.pairs.itertuples()
    ]
    return pd.DataFrame(rows, columns=_COLUMNS)


def _median(median: float, bound: float) -> str:
    if math.isfinite(median):
        return number(median)
    return "unknown" if math.isnan(bound) else f"> {number(bound)}"


def note(analysis: Analysis) -> str:
    """What a pair is, which test it is and what it cannot say."""
    pairs = analysis.pairs
    if pairs.empty:
        return "No two methods that were tried at one task and lag differ in one setting alone."
    random = np.array([drawn(pair.n_first + pair.n_second, pair.n_first) for pair in pairs.itertuples()])
    reached = int((~random & (pairs.p <= pairs.smallest * (1 + 1e-9))).sum())
    return (
        "Pairs are found in what was run: all settings but the named one are equal; a part of another class, such as "
        "an optimiser with its own rate and batch, counts as one. Passes: Kaplan-Meier median, unsolved runs censored "
        "at the budget. Sooner: shared seeds on which the method solved and the other had not yet. p: log-rank test, "
        f"two-sided, exact over all assignments of the runs to the two methods{_drawn(int(random.sum()))}. Smallest p: "
        f"what {_seeds(pairs)} can give at best; {count(reached, 'row')} of {len(pairs)} reach it. Nothing is "
        "corrected for the number of rows."
    )


def _drawn(rows: int) -> str:
    if not rows:
        return ""
    return f"; in {count(rows, 'row')} with too many of them over {MOST_SPLITS:,} random ones and the one found"


def _seeds(pairs: pd.DataFrame) -> str:
    return f"this number of seeds ({seeds_phrase([*pairs.n_first, *pairs.n_second])} of each method)"
