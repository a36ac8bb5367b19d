"""Claim 12: they work even better if you then modify the dynamics slightly.

Three nets from one ESN-style start: everything trained with momentum; the readout alone, by the same optimiser on the
same sequences; and the readout alone by ridge regression, the best that an echo state network can do with these states.
Measured: how far the recurrent weights move, ||W - W_0|| / ||W_0||, how their eigenvalues move, and the share that each
net gets wrong.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any

import numpy as np
from torch import Tensor

from longlag import protocol
from longlag.algebra.tree import Params
from longlag.engine.data import Data, Draws, steps
from longlag.lecture.base import Finding, caveats, claim, columns, conclude, over_seeds, values
from longlag.lecture.tools.trainee import trainee, with_parts, wrong
from longlag.losses import OneHotError
from longlag.model import READOUT
from longlag.objective import Oracle
from longlag.optimisers.ridge import Ridge

_TASK, _LAG, _METHOD = "temporal_order", 30, "esn_momentum"
_TESTED = 1000  # sequences
SLIGHT = 0.1 * math.sqrt(2)
APART = 2 * math.sqrt(2 * 0.25 / _TESTED)
CLAIM = claim("modified_dynamics", method=_METHOD, task=_TASK, lag=_LAG, slight=SLIGHT, tested=_TESTED, apart=APART)


@dataclass(frozen=True)
class _ReadoutOracle:
    """An oracle whose gradient is zero but for the readout."""

    oracle: Oracle

    def value_and_grad(self, params: Params) -> tuple[Tensor, dict[str, Tensor]]:
        loss, gradient = self.oracle.value_and_grad(params)
        return loss, {name: d if name in READOUT else d.new_zeros(d.shape) for name, d in gradient.items()}


@dataclass(frozen=True)
class Course:
    """One seed. evaluations: the updates after which the net was measured. moved: relative change per weight matrix at
    each of them; wrong: share of full training at each; eigenvalues: [2, H] complex, of the recurrent weights at the
    start and the end; wrong_readout, wrong_ridge: shares of the trained readouts."""

    evaluations: list[int]
    moved: dict[str, list[float]]
    radius: list[float]
    eigenvalues: np.ndarray
    wrong: list[float]
    wrong_readout: float
    wrong_ridge: float

    @property
    def strayed(self) -> np.ndarray:
        """Distance of each eigenvalue at the end from the nearest one at the start, [H]."""
        start, end = self.eigenvalues
        return np.abs(end[:, None] - start).min(1)


def relative(after: Tensor, before: Tensor) -> float:
    """||after - before|| / ||before||."""
    return float((after - before).norm() / before.norm())


def tested(data: Data, params: Params) -> float:
    """Share of the test sequences wrong."""
    return wrong(data, params, data.batch("test", 0, _TESTED))


def followed(seed: int, lag: int, every: int, most: int) -> Course:
    """Full training until the task is solved (or `most` updates), then both readouts from the same start."""
    data = trainee(_METHOD, _TASK, lag, seed)
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
        wrong_readout=tested(data, readout_only(data, evaluations[-1])),
        wrong_ridge=ridge(data),
    )


def readout_only(data: Data, updates: int) -> Params:
    """The parameters after that many updates by the same optimiser, on the same sequences, of the readout alone."""
    draws = Draws(data)

    def draw(n: int, purpose: str = "train") -> _ReadoutOracle:
        return _ReadoutOracle(draws(n, purpose))

    *_, last = islice(steps(data.setup.parts.optimiser, draw, data.start()), updates)
    return last.params


def ridge(data: Data) -> float:
    """Share wrong with the readout that ridge regression fits to the start's own states, on 10,000 sequences."""
    echo = with_parts(data, optimiser=Ridge())
    echo = replace(echo, setup=replace(echo.setup, loss=OneHotError(echo.setup.task.traits.classes)))
    last = next(step for step in echo.updates() if step.exhausted)
    return tested(echo, last.params)


def measure(seeds: Sequence[int], lag: int = _LAG, every: int = 50, most: int = 1000) -> Finding:
    """One start per seed."""
    return judge([followed(seed, lag, every, most) for seed in seeds])


def judge(courses: Sequence[Course]) -> Finding:
    """The verdict on what was measured."""
    full = [one.wrong[-1] for one in courses]
    unsolved = sum(share > protocol.CRITERION for share in full)
    more = {name: [getattr(one, name) - one.wrong[-1] for one in courses] for name in ("wrong_readout", "wrong_ridge")}
    numbers = [
        over_seeds("change of W_hh", [one.moved["W_hh"][-1] for one in courses], "of its norm", at_most=SLIGHT),
        over_seeds("change of W_xh", [one.moved["W_xh"][-1] for one in courses], "of its norm"),
        over_seeds("spectral radius at the start", [one.radius[0] for one in courses]),
        over_seeds("spectral radius at the end", [one.radius[-1] for one in courses]),
        over_seeds("median distance that eigenvalues strayed", [float(np.median(one.strayed)) for one in courses]),
        over_seeds("largest distance that one strayed", [float(one.strayed.max()) for one in courses]),
        over_seeds("wrong, everything trained", full),
        over_seeds("readout alone, same optimiser: more wrong", more["wrong_readout"], at_least=APART),
        over_seeds("readout alone, ridge regression: more wrong", more["wrong_ridge"], at_least=APART),
    ]
    told = values(numbers, moved=0, before=2, after=3, wrong=6, readout=7, ridge=8)
    caveat = caveats(CLAIM.slug, {"unsolved": unsolved}, n=len(courses))
    return conclude(CLAIM, numbers, {"seeds": len(courses), **_series(courses)}, caveat, **told)


def _series(courses: Sequence[Course]) -> dict[str, Any]:
    ends = zip(("start", "end"), courses[0].eigenvalues, strict=True)
    spectra = {name: {"real": values.real, "imaginary": values.imag} for name, values in ends}
    return {**columns(courses), "slight": SLIGHT, "unrelated": math.sqrt(2), "eigenvalues": spectra}
