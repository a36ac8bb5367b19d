"""What temporal order is, whatever the number of symbols to be told in order."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from longlag.losses import CrossEntropy
from longlag.tasks._sequences import symbols_in_windows
from longlag.tasks.base import Baseline, Batch, Task, Traits, one_hot

_RELEVANT, _SYMBOLS = 2, 6


def temporal_order(
    name: str, label: str, version: int, reference: str, tenths: tuple[int, ...], baselines: Mapping[str, Baseline]
) -> Task:
    """A relevant symbol in each window [kT/10, (k+1)T/10) of `tenths`; their sequence is the class, first symbol first.

    Args:
        tenths: k of each window, in order.
    """
    classes = _RELEVANT ** len(tenths)

    def sample(rng: np.random.Generator, lag: int, n: int) -> Batch:
        symbol, relevant = symbols_in_windows(rng, lag, n, tenths, _RELEVANT, _SYMBOLS)
        y = _RELEVANT ** np.arange(len(tenths))[::-1] @ relevant  # XY is 01 in base 2
        return Batch(one_hot(symbol, _SYMBOLS), np.zeros(n, dtype=np.int64), y[None])

    distractors = _SYMBOLS - _RELEVANT
    return Task(
        name=name,
        label=label,
        version=version,
        reference=reference,
        traits=Traits(
            "symbols",
            roles=("symbol",) * _RELEVANT + ("distractor",) * distractors,
            input_mean=(0.0,) * _RELEVANT + (1 / distractors,) * distractors,
            target_mean=(0.0,) * classes,
            scored=1,
            classes=classes,
        ),
        loss=CrossEntropy(classes),
        baselines=baselines,
        sample=sample,
        steps=lambda lag: lag,
        minimal_lag=lambda lag: lag - (tenths[-1] + 1) * lag // 10,
        shortest=10,
    )
