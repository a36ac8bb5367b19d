"""Sequences of experiments 4 to 6 of Hochreiter & Schmidhuber 1997, in the format of their text.

Lengths T' are uniform in [T, 1.1 T]. Marked pairs: the second component of a pair is 1 at two pairs, -1 at the first
and the last, 0 elsewhere. Symbols: a start, relevant symbols in windows among distractors, and a trigger at the end.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np

from longlag.losses import LogisticError
from longlag.tasks._sequences import marked_minimal_lag, padded_steps, random_starts
from longlag.tasks.base import Baseline, Batch, Task, Traits, one_hot

_FIRST_PAIRS = 10  # one of these is marked
_RELEVANT, _DISTRACTORS = 2, 4
_START, _TRIGGER = _RELEVANT + _DISTRACTORS, _RELEVANT + _DISTRACTORS + 1
_TOLERANCE_OF_NUMBERS, _TOLERANCE_OF_CLASSES = 0.04, 0.3


def marked_pairs(
    rng: np.random.Generator, lag: int, n: int, low: float, neutral: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """x [L, n, 2] float32, start [n], and the two numbers to combine, [2, n].

    Values are U[low, 1]. One of the first ten pairs is marked, then one of the first T/2 - 1 that are not yet. Where
    that is the first pair, its flag stays -1 and its number is `neutral`.
    """
    steps, start, each = padded_steps(lag), random_starts(rng, lag, n), np.arange(n)
    value = rng.random((steps, n), dtype=np.float32) * np.float32(1 - low) + np.float32(low)
    value[np.arange(steps)[:, None] < start] = 0.0
    first = rng.integers(0, _FIRST_PAIRS, size=n)
    second = rng.integers(0, lag // 2 - 1, size=n)
    second += second >= first
    x = np.zeros((steps, n, 2), dtype=np.float32)
    pair = []
    for mark in (first, second):
        value[start[mark == 0], each[mark == 0]] = neutral
        x[start + mark, each, 1] = 1.0
        pair.append((start + mark, each))
    x[start, each, 1] = x[-1, :, 1] = -1.0
    x[..., 0] = value
    return x, start, np.stack([value[place] for place in pair])


def of_pairs(
    name: str,
    label: str,
    reference: str,
    low: float,
    neutral: float,
    combine: Callable[[np.ndarray], np.ndarray],
    mean: float,
    baselines: dict[str, Baseline],
) -> Task:
    """A task of marked pairs. combine: numbers [2, n] -> targets [n]. mean: of the targets."""

    def sample(rng: np.random.Generator, lag: int, n: int) -> Batch:
        x, start, pair = marked_pairs(rng, lag, n, low, neutral)
        return Batch(x, start, combine(pair)[None, :, None])

    centre, output = (low + 1) / 2, math.log(mean / (1 - mean))  # the output that the logistic function maps to it
    return Task(
        name=name,
        label=label,
        version=1,
        reference=reference,
        traits=Traits("marked", ("value", "marker"), (centre, 0.0), target_mean=(output,), scored=1, classes=0),
        loss=LogisticError(_TOLERANCE_OF_NUMBERS),
        baselines=baselines,
        sample=sample,
        steps=padded_steps,
        minimal_lag=marked_minimal_lag,
        shortest=2 * _FIRST_PAIRS,
    )


def symbols(
    rng: np.random.Generator, lag: int, n: int, windows: Sequence[tuple[int, int]]
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """x [L, n, 8] float32, start [n], and the relevant symbols [windows, n].

    windows: the first and the last place of each relevant symbol, in hundredths of T, counted from 1.
    """
    steps, start, each = padded_steps(lag), random_starts(rng, lag, n), np.arange(n)
    symbol = rng.integers(_RELEVANT, _START, size=(steps, n))
    hidden = rng.integers(0, _RELEVANT, size=(len(windows), n))
    for (first, last), message in zip(windows, hidden, strict=True):
        place = rng.integers(first * lag // 100, last * lag // 100, size=n, endpoint=True)
        symbol[start + place - 1, each] = message
    symbol[start, each], symbol[-1] = _START, _TRIGGER
    x = one_hot(symbol, _TRIGGER + 1)
    x[np.arange(steps)[:, None] < start] = 0.0
    return x, start, hidden


def of_symbols(name: str, label: str, reference: str, windows: Sequence[tuple[int, int]]) -> Task:
    """A task of temporal order; its class is the sequence of relevant symbols, the first one first."""
    classes = _RELEVANT ** len(windows)

    def sample(rng: np.random.Generator, lag: int, n: int) -> Batch:
        x, start, hidden = symbols(rng, lag, n, windows)
        return Batch(x, start, (_RELEVANT ** np.arange(len(windows))[::-1] @ hidden)[None])

    return Task(
        name=name,
        label=label,
        version=1,
        reference=reference,
        traits=Traits(
            "symbols",
            roles=("symbol",) * _RELEVANT + ("distractor",) * _DISTRACTORS + ("cue",) * 2,
            input_mean=(0.0,) * _RELEVANT + (1 / _DISTRACTORS,) * _DISTRACTORS + (0.0,) * 2,
            target_mean=(0.0,) * classes,
            scored=1,
            classes=classes,
        ),
        loss=LogisticError(_TOLERANCE_OF_CLASSES, classes),
        baselines={
            "constant": Baseline("all classes equally likely", error=1.0, loss=_guessed(classes)),
            "half_solved": Baseline("all symbols but the first known", error=1.0, loss=_guessed(_RELEVANT)),
        },
        sample=sample,
        steps=padded_steps,
        minimal_lag=lambda lag: lag - windows[-1][1] * lag // 100,
        shortest=20,
    )


def _guessed(classes: int) -> float:
    """The loss of outputs 1 / n where n classes are equally likely: half of (1 - 1/n)^2 + (n - 1) / n^2."""
    return (1 - 1 / classes) / 2
