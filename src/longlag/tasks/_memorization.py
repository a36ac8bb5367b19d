"""What noiseless memorisation is, whatever the message: hear it, keep it through T silent steps, replay it."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from longlag.losses import CrossEntropy
from longlag.tasks._sequences import message_silence_cue
from longlag.tasks.base import Baseline, Batch, Task, Traits, one_hot


def memorization(
    name: str,
    label: str,
    reference: str,
    symbols: int,
    values: int,
    draw: Callable[[np.random.Generator, int], np.ndarray],
    constant: str,
    half_solved: tuple[int, str],
    population: int | None = None,
    cue_ahead: int = 0,
) -> Task:
    """Messages of `symbols` symbols, each of `values` values; channels and classes are the values, blank and cue.

    Args:
        draw: (rng, n) -> n messages, integers [symbols, n].
        constant: the constant answer in words.
        half_solved: how many symbols the half-solved answer knows, and the answer in words.
        cue_ahead: how many steps before the first recall step the cue is heard.
    """
    blank, cue, known = values, values + 1, half_solved[0]

    def sample(rng: np.random.Generator, lag: int, n: int) -> Batch:
        message = draw(rng, n)
        symbol = message_silence_cue(message, lag, blank, cue, cue_ahead)
        return Batch(one_hot(symbol, values + 2), np.zeros(n, dtype=np.int64), message)

    def guessed(meaning: str, unknown: int) -> Baseline:
        return Baseline(meaning, error=1 - values**-unknown, loss=unknown / symbols * math.log(values))

    return Task(
        name=name,
        label=label,
        version=1,
        reference=reference,
        traits=Traits(
            "replay",
            roles=("symbol",) * values + ("blank", "cue"),
            input_mean=(0.0,) * values + (1.0, 0.0),
            target_mean=(0.0,) * (values + 1),
            scored=symbols,
            classes=values + 1,
        ),
        loss=CrossEntropy(classes=values + 1),
        baselines={"constant": guessed(constant, symbols), "half_solved": guessed(half_solved[1], symbols - known)},
        sample=sample,
        steps=lambda lag: lag + 2 * symbols,
        minimal_lag=lambda lag: lag + symbols,
        shortest=1,
        population=population,
        idle_class=blank,
    )
