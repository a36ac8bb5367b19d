"""The ratio of the times that two methods need, with an interval that few seeds support.

Model: the times of the second are those of the first multiplied by one number, the ratio r. Then r a and b, both cut at
the smaller of r budget_a and budget_b, have one distribution, and the exact permutation test of the rank sum (Wilcoxon
1945, midranks for ties) applies to them. The interval holds every r that it does not reject at 2.5 % on each side
(Hodges & Lehmann 1963; with censoring Wei & Gail 1983). It covers the ratio with 95 % or more at any number of seeds.
Three seeds against three reject nothing: the interval is then 0 to infinity.

Over several strata (tasks and lags) r is one number for all of them, and the rank sums are added.

A run is known to have solved between two looks of the common grid. The ends are those of the worst case: for the lower
one the times of the second are taken at the look before, for the upper one those of the first.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

import numpy as np

LEVEL = 0.025  # of each end
_EXACT = 40  # seeds of a stratum, and strata, up to which the distribution is counted; beyond it is taken as normal
_SAME = 9  # decimals of a natural logarithm: closer times are one time


@dataclass(frozen=True)
class Stratum:
    """The times of both methods at one task and lag: inf for unsolved runs; limit: the budget, at which they are cut.

    before: the look before each time, where it is known in steps; equal to the times otherwise.
    """

    first: np.ndarray
    second: np.ndarray
    first_limit: float
    second_limit: float
    first_before: np.ndarray
    second_before: np.ndarray


class _Sample(NamedTuple):
    """The times of a stratum, each taken at one of the two looks between which its run solved."""

    first: np.ndarray
    second: np.ndarray
    first_limit: float
    second_limit: float


def interval(strata: Sequence[Stratum]) -> tuple[float, float]:
    """The 95 % interval of second / first: 0 where no lower end is known, inf where no upper one is.

    >>> import numpy as np
    >>> five, limit = np.array([1.0, 2, 3, 4, 5]), np.inf
    >>> interval([Stratum(five, 10 * five, limit, limit, five, 10 * five)])
    (3.3333333333333335, 30.0)
    """
    late = [_Sample(s.first, s.second_before, s.first_limit, s.second_limit) for s in strata]
    early = [_Sample(s.first_before, s.second, s.first_limit, s.second_limit) for s in strata]
    low, high = _low_end(late), _high_end(early)
    return min(low, high), max(low, high)


def estimate(strata: Sequence[Stratum]) -> float:
    """The ratio at which both rank sums are what equal times give (Hodges & Lehmann); nan where every ratio does.

    >>> import numpy as np
    >>> three, limit = np.array([1.0, 2, 3]), np.inf
    >>> estimate([Stratum(three, 2 * three, limit, limit, three, 2 * three)])
    2.0
    """
    samples = [_Sample(s.first, s.second, s.first_limit, s.second_limit) for s in strata]
    breaks = _breaks(samples)
    if not len(breaks):
        return math.nan
    below = _first(lambda i: _excess(samples, _between(breaks, i)) >= 0, len(breaks))
    beyond = _first(lambda i: _excess(samples, _between(breaks, i)) > 0, len(breaks))
    if below == 0 or beyond == len(breaks) + 1:
        return math.nan
    return float(math.sqrt(breaks[below - 1] * breaks[beyond - 1]))


def _breaks(samples: Sequence[_Sample]) -> np.ndarray:
    """The ratios at which an order changes, sorted: between two of them all ratios give the same ranks."""
    found = []
    for first, second, first_limit, second_limit in samples:
        below, above = np.append(first, first_limit), np.append(second, second_limit)
        below, above = (ends[np.isfinite(ends) & (ends > 0)] for ends in (below, above))
        found.append((above[None] / below[:, None]).ravel())
    return np.unique(np.concatenate(found)) if found else np.empty(0)


def _between(breaks: np.ndarray, i: int) -> float:
    """A ratio between break i - 1 and break i; beyond the ends for the first and the last."""
    if i == 0:
        return float(breaks[0] / 2)
    return float(math.sqrt(breaks[i - 1] * breaks[i]) if i < len(breaks) else breaks[-1] * 2)


def _first(holds: Callable[[int], bool], last: int) -> int:
    """The smallest i from 0 to `last` at which a condition holds that never stops holding; last + 1: it never does."""
    low, high = 0, last + 1
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if holds(middle) else (middle + 1, high)
    return low


def _low_end(samples: Sequence[_Sample]) -> float:
    """The lower end of the interval. The p is taken as monotone in the ratio. With ties and unsolved runs it is not
    quite, so with unlike budgets in several strata a ratio beyond an end that is not rejected may be missed, which is
    rare."""
    breaks = _breaks(samples)
    if not len(breaks):
        return 0.0
    place = _first(lambda i: _tails(samples, _between(breaks, i))[0] > LEVEL, len(breaks))
    return 0.0 if place == 0 else float(breaks[min(place, len(breaks)) - 1])  # times of zero reject every ratio


def _high_end(samples: Sequence[_Sample]) -> float:
    """The upper end of the interval; see `_low_end`."""
    breaks = _breaks(samples)
    if not len(breaks):
        return math.inf
    place = _first(lambda i: _tails(samples, _between(breaks, i))[1] <= LEVEL, len(breaks))
    return math.inf if place == len(breaks) + 1 else float(breaks[max(0, place - 1)])


def _ranks(sample: _Sample, ratio: float) -> tuple[np.ndarray, int]:
    """Twice the midranks of both samples as whole numbers from 0, those of the first before; and its size."""
    cut = min(ratio * sample.first_limit, sample.second_limit)
    both = np.minimum(np.concatenate([ratio * sample.first, sample.second]), cut)
    with np.errstate(divide="ignore"):
        level = np.round(np.log(both), _SAME)
    less = (level[None] < level[:, None]).sum(axis=1)
    equal = (level[None] == level[:, None]).sum(axis=1)
    return 2 * less + equal - 1, len(sample.first)


def _excess(samples: Sequence[_Sample], ratio: float) -> float:
    """The rank sums of the first method less what equal times would give."""
    return sum(float(r[:n].sum() - n * r.mean()) for r, n in (_ranks(sample, ratio) for sample in samples))


def _tails(samples: Sequence[_Sample], ratio: float) -> tuple[float, float]:
    """The probability of rank sums of the first method as low as these, or lower; and as high, or higher."""
    ranked = [_ranks(sample, ratio) for sample in samples]
    here = sum(int(ranks[:n].sum()) for ranks, n in ranked)
    if len(ranked) > _EXACT or max(len(ranks) for ranks, _ in ranked) > _EXACT:
        return _normal_tails(ranked, here)
    shares = np.ones(1)
    for ranks, n in ranked:
        shares = np.convolve(shares, _shares(tuple(np.sort(ranks).tolist()), n))
    return float(shares[: here + 1].sum()), float(shares[here:].sum())


@lru_cache(maxsize=10_000)
def _shares(ranks: tuple[int, ...], n: int) -> np.ndarray:
    """The probability of each sum, from 0, of n of these ranks drawn at random without replacement."""
    counts = np.zeros((n + 1, sum(ranks) + 1))
    counts[0, 0] = 1
    for rank in ranks:
        counts[1:, rank:] += counts[:-1, : counts.shape[1] - rank].copy()
    return counts[n] / math.comb(len(ranks), n)


def _normal_tails(ranked: Sequence[tuple[np.ndarray, int]], here: int) -> tuple[float, float]:
    mean = sum(n * ranks.mean() for ranks, n in ranked)
    spread = sum(n * (len(ranks) - n) / max(1, len(ranks) - 1) * ranks.var() for ranks, n in ranked)
    if spread == 0:
        return 1.0, 1.0
    beyond = (here - mean) / math.sqrt(2 * spread)
    return 0.5 * math.erfc(-beyond), 0.5 * math.erfc(beyond)
