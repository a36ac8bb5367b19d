"""Intervals and curves of few seeds.

Rates have Wilson's interval (`shares.py`), differences of rates Newcombe's (1998, method 10), made of two of these.
Times to solve have the Kaplan-Meier curve (Kaplan & Meier 1958).
"""

from __future__ import annotations

import math

import numpy as np

from longlag.shares import wilson


def newcombe(solved_a: int, n_a: int, solved_b: int, n_b: int) -> tuple[float, float, float]:
    """The difference of rates b - a, and the low and the high end of its 95 % interval.

    Without runs of one of them the difference is nan, and its rate may be any in the interval.

    >>> [round(x, 4) for x in newcombe(48, 80, 56, 70)]
    [0.2, 0.0524, 0.3339]
    """
    (low_a, high_a), (low_b, high_b) = wilson(solved_a, n_a), wilson(solved_b, n_b)
    if not (n_a and n_b):
        return math.nan, float(low_b - high_a), float(high_b - low_a)
    p_a, p_b = solved_a / n_a, solved_b / n_b
    down, up = np.hypot(p_b - low_b, high_a - p_a), np.hypot(high_b - p_b, p_a - low_a)
    return p_b - p_a, float(p_b - p_a - down), float(p_b - p_a + up)


def smallest_p(n: int, m: int) -> float:
    """The smallest two-sided p of an exact permutation test of n against m seeds: 2 / C(n + m, n).

    >>> smallest_p(3, 3)
    0.1
    """
    return min(1.0, 2 / math.comb(n + m, n))


def kaplan_meier(time: np.ndarray, solved: np.ndarray) -> dict[str, np.ndarray]:
    """Share still unsolved after each distinct time of solution: time, at_risk, events, survival.

    time, solved: of each run [N], the cost to solve, or at which it was censored, and whether it solved.
    """
    times, events = np.unique(time[solved], return_counts=True)
    at_risk = len(time) - np.searchsorted(np.sort(time), times)
    survival = np.cumprod(1 - events / np.maximum(at_risk, 1))
    return {"time": times, "at_risk": at_risk, "events": events, "survival": survival}
