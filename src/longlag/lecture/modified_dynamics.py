"""Claim 12: they work even better if you then modify the dynamics slightly.

Four nets from one ESN-style start: everything trained with momentum; everything but the recurrent weights, and the
readout alone, by the same optimiser on the same sequences; and the readout alone by ridge regression, the best that an
echo state network can do with these states. The second has other inputs, but the dynamics of the start.
There are two cases: a lag at which the ridge readout is good, 2 to 4 % wrong on tuning seeds, and a longer one at which
it is poor. Measured: how far the recurrent weights move, ||W - W_0|| / ||W_0||, how the movement is spread over them,
how their eigenvalues move, and the share that each net gets wrong. Beside them stands the library's echo state net,
which was designed as one and leaves nothing to improve on this task.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any

import numpy as np
from torch import Tensor

from longlag import protocol
from longlag.algebra.tree import Params
from longlag.engine.data import Data, Draws, steps
from longlag.lecture.base import Finding, caveats, claim, columns, conclude_by_case, fill
from longlag.lecture.tools.numbers import Number, named, over_seeds, values
from longlag.lecture.tools.trainee import esn_style, trainee, with_parts, wrong
from longlag.losses import OneHotError
from longlag.model import READOUT
from longlag.objective import Oracle
from longlag.optimisers.ridge import Ridge

_TASK = "temporal_order"
GOOD, POOR = 15, 30  # lags: where the ridge readout of the start is good, and where it is poor
_DESIGNED = "esn"  # the library's echo state net
_TESTED = 1000  # sequences
SLIGHT = 0.1 * math.sqrt(2)
CLEAR = 2.0  # standard errors
_LARGEST = 0.01  # of the weights
CLAIM = claim("modified_dynamics", task=_TASK, good=GOOD, poor=POOR, slight=SLIGHT, tested=_TESTED)


@dataclass(frozen=True)
class _Partial:
    """An oracle whose gradient is zero but for some parameters."""

    oracle: Oracle
    names: Collection[str]

    def value_and_grad(self, params: Params) -> tuple[Tensor, dict[str, Tensor]]:
        loss, gradient = self.oracle.value_and_grad(params)
        return loss, {name: d if name in self.names else d.new_zeros(d.shape) for name, d in gradient.items()}


@dataclass(frozen=True)
class Course:
    """One seed. evaluations: the updates after which the net was measured. moved: relative change per weight matrix at
    each of them; wrong: share of full training at each; eigenvalues: [2, H] complex, of the recurrent weights at the
    start and the end; wrong_readout, wrong_ridge: shares of the trained readouts;
    wrong_frozen: of the net with all but its recurrent weights trained; wrong_designed: of the library's echo state
    net. sizes: 101 percentiles of |W - W_0| over the standard deviation of W_0's weights; held: the share of the
    squared movement that the largest 1 % make."""

    evaluations: list[int]
    moved: dict[str, list[float]]
    radius: list[float]
    eigenvalues: np.ndarray
    wrong: list[float]
    wrong_readout: float
    wrong_ridge: float
    wrong_frozen: float
    wrong_designed: float
    sizes: np.ndarray
    held: float

    @property
    def strayed(self) -> np.ndarray:
        """Distance of each eigenvalue at the end from the nearest one at the start, [H]."""
        start, end = self.eigenvalues
        return np.abs(end[:, None] - start).min(1)


def clear(more: float, less: float, n: int = _TESTED) -> float:
    """By how many standard errors one share of n is larger than another; at least one sequence counts as wrong."""
    variances = [max(share, 1 / n) * (1 - share) / n for share in (more, less)]
    return (more - less) / math.sqrt(sum(variances))


def sizes(after: Tensor, before: Tensor) -> np.ndarray:
    """101 percentiles of the movement of single weights, over the standard deviation of those that are not zero."""
    moved = (after - before).abs().flatten() / before[before != 0].std()
    return np.percentile(moved.numpy(), np.arange(101))


def held_by_largest(after: Tensor, before: Tensor) -> float:
    """The share of the squared movement that the largest 1 % of the weights make."""
    squares = (after - before).square().flatten().sort(descending=True).values
    return float(squares[: round(_LARGEST * len(squares))].sum() / squares.sum().clamp(min=1e-30))


def relative(after: Tensor, before: Tensor) -> float:
    """||after - before|| / ||before||."""
    return float((after - before).norm() / before.norm())


def tested(data: Data, params: Params) -> float:
    """Share of the test sequences wrong."""
    return wrong(data, params, data.batch("test", 0, _TESTED))


def followed(seed: int, lag: int, every: int, most: int) -> Course:
    """Full training until the task is solved (or `most` updates), then the others for as long from the same start."""
    data = esn_style(_TASK, lag, seed)
    start = data.start()
    seen = [(0, start, tested(data, start))]
    for done, step in enumerate(islice(data.updates(), most), start=1):
        if done % every == 0 or done == most:
            seen.append((done, step.params, tested(data, step.params)))
            if seen[-1][-1] <= protocol.CRITERION:
                break
    evaluations, params, shares = map(list, zip(*seen, strict=True))
    spectra = [np.linalg.eigvals(one["W_hh"][0].double().numpy()) for one in params]
    return Course(
        evaluations=evaluations,
        moved={name: [relative(one[name], start[name]) for one in params] for name in start if name.startswith("W")},
        radius=[float(np.abs(one).max()) for one in spectra],
        eigenvalues=np.stack([spectra[0], spectra[-1]]),
        wrong=shares,
        wrong_readout=tested(data, trained(data, evaluations[-1], READOUT)),
        wrong_ridge=ridge(data),
        wrong_frozen=tested(data, trained(data, evaluations[-1], start.keys() - {"W_hh"})),
        wrong_designed=designed(lag, seed),
        sizes=sizes(params[-1]["W_hh"], start["W_hh"]),
        held=held_by_largest(params[-1]["W_hh"], start["W_hh"]),
    )


def trained(data: Data, updates: int, names: Collection[str]) -> Params:
    """The parameters after that many updates by the same optimiser, on the same sequences, of these alone."""
    draws = Draws(data)

    def draw(n: int, purpose: str = "train") -> _Partial:
        return _Partial(draws(n, purpose), names)

    *_, last = islice(steps(data.setup.parts.optimiser, draw, data.start()), updates)
    return last.params


def ridge(data: Data) -> float:
    """Share wrong with the readout that ridge regression fits to the start's own states, on 10,000 sequences."""
    echo = with_parts(data, optimiser=Ridge())
    echo = replace(echo, setup=replace(echo.setup, loss=OneHotError(echo.setup.task.traits.classes)))
    last = next(step for step in echo.updates() if step.exhausted)
    return tested(echo, last.params)


def designed(lag: int, seed: int) -> float:
    """Share wrong of the library's echo state net: a reservoir and features made for a readout."""
    data = trainee(_DESIGNED, _TASK, lag, seed)
    return tested(data, next(step for step in data.updates() if step.exhausted).params)


def measure(seeds: Sequence[int], lags: Sequence[int] = (GOOD, POOR), every: int = 50, most: int = 1000) -> Finding:
    """One start per seed and lag."""
    return judge({lag: [followed(seed, lag, every, most) for seed in seeds] for lag in lags}, seeds)


def judge(found: dict[int, list[Course]], seeds: Sequence[int] = ()) -> Finding:
    """The verdict on what was measured, lag by lag."""
    cases = {f"lag {lag}": _numbers(lag, courses) for lag, courses in found.items()}
    numbers = [number for each in cases.values() for number in each]
    parts, shown = [], {}
    for lag, (case, each) in zip(found, cases.items(), strict=True):
        told = values(each, moved=0, before=3, after=4, wrong=7, readout=8, ridge=9, frozen=10)
        parts.append(fill(CLAIM.slug, "part", lag=lag, **told))
        shown[case] = fill(CLAIM.slug, "shown", **told)
    courses = [one for each in found.values() for one in each]
    unsolved = {lag: failed(each, seeds) for lag, each in found.items()}
    designed_wrong = max(one.wrong_designed for one in courses)
    counts = {"unsolved": sum(map(len, unsolved.values())), "designed": designed_wrong <= protocol.CRITERION}
    who = ", ".join(f"{named(each)} at lag {lag}" for lag, each in unsolved.items() if each)
    caveat = caveats(CLAIM.slug, counts, n=len(courses), wrong=designed_wrong, who=who)
    last = found[max(found)]
    series = {"seeds": len(last), "lags": {str(lag): _wrongs(each) for lag, each in found.items()}, **_series(last)}
    but = fill(CLAIM.slug, "but") if counts["designed"] else ""
    return conclude_by_case(CLAIM, cases, numbers, series, caveat, but, shown, parts="; ".join(parts))


def failed(courses: Sequence[Course], seeds: Sequence[int]) -> list[int]:
    """The seeds (default: counted from 0) whose net did not solve the task with all weights trained."""
    pairs = zip(seeds or range(len(courses)), courses, strict=True)
    return [seed for seed, course in pairs if course.wrong[-1] > protocol.CRITERION]


def _numbers(lag: int, courses: Sequence[Course]) -> list[Number]:
    def number(words: str, values: Sequence[float], unit: str = "", means: str = "", **bound: float) -> Number:
        return over_seeds(f"lag {lag}: {words}", values, unit, means and f"{means} at lag {lag}", **bound)

    rivals = ("wrong_readout", "wrong_ridge", "wrong_frozen")
    clearer = {name: [clear(getattr(one, name), one.wrong[-1]) for one in courses] for name in rivals}
    errors, slightly = "standard errors", "the recurrent weights move slightly"
    same, fitted = (
        f"the trained net beats the readout by {other}" for other in ("its own optimiser", "ridge regression")
    )
    frozen = "the trained net beats the one with the start's recurrent weights"
    return [
        number("change of W_hh", [one.moved["W_hh"][-1] for one in courses], "of its norm", slightly, at_most=SLIGHT),
        number("change of a weight, median", [float(one.sizes[50]) for one in courses], "standard deviations"),
        number("squared change held by the largest 1 % (Gaussian: 8 %)", [one.held for one in courses], "of it"),
        number("spectral radius at the start", [one.radius[0] for one in courses]),
        number("spectral radius at the end", [one.radius[-1] for one in courses]),
        number("median distance that eigenvalues strayed", [float(np.median(one.strayed)) for one in courses]),
        number("largest distance that one strayed", [float(one.strayed.max()) for one in courses]),
        number("wrong, everything trained", [one.wrong[-1] for one in courses]),
        number("wrong, readout alone by the same optimiser", [one.wrong_readout for one in courses]),
        number("wrong, readout alone by ridge regression", [one.wrong_ridge for one in courses]),
        number("wrong, everything but W_hh trained", [one.wrong_frozen for one in courses]),
        number("better than the readout by the same optimiser", clearer["wrong_readout"], errors, same, at_least=CLEAR),
        number("better than the readout by ridge regression", clearer["wrong_ridge"], errors, fitted, at_least=CLEAR),
        number("better than with W_hh frozen", clearer["wrong_frozen"], errors, frozen, at_least=CLEAR),
        number("wrong, the library's echo state net", [one.wrong_designed for one in courses]),
    ]


def _wrongs(courses: Sequence[Course]) -> dict[str, list[float]]:
    names = ("wrong_readout", "wrong_ridge", "wrong_frozen", "wrong_designed")
    return {name: [getattr(one, name) for one in courses] for name in names} | {"all": [c.wrong[-1] for c in courses]}


def _series(courses: Sequence[Course]) -> dict[str, Any]:
    ends = zip(("start", "end"), courses[0].eigenvalues, strict=True)
    spectra = {name: {"real": found.real, "imaginary": found.imag} for name, found in ends}
    return {**columns(courses), "slight": SLIGHT, "unrelated": math.sqrt(2), "eigenvalues": spectra}
