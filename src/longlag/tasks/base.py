"""What a task is: a generator of sequences with a known lag, a loss, and the answers that cost nothing.

A task is written for one replica in numpy and knows nothing of training. Sequences of random length are padded at the
*front*: the shape is a function of the lag alone, the scored steps come last, and a net's state is held at its start
value until the sequence begins, so that padding carries no information.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from numbers import Real

import numpy as np

from longlag.errors import LonglagError, in_a_line, shown
from longlag.losses import Loss
from longlag.ranges import is_whole

MAX_LAG = 10**12  # steps
EVERY_STEP = 0  # as a number of scored steps: all steps of a sequence, however many


@dataclass(frozen=True)
class Batch:
    """n sequences of L steps: x [L, n, X] float32; start [n], the first step of each; y [K, n, O] or [K, n] int64."""

    x: np.ndarray
    start: np.ndarray
    y: np.ndarray


@dataclass(frozen=True)
class Traits:
    """What a method may know of a task, and all that it may know. Printed by `longlag show`.

    kind: "marked" (two marked values among many), "symbols" (relevant symbols among distractors) or "replay"
        (repeat a message after a silence).
    roles: for each input channel "value", "marker", "symbol" (relevant), "distractor", "blank" or "cue".
    input_mean: expected input per channel at a step of a long sequence, in which what comes a few times counts nothing.
    target_mean: expected target per output (zeros for classes); where the loss is of logistic outputs, the output whose
        logistic function that is.
    scored: number of scored steps K, or EVERY_STEP. classes: number of classes, 0 for real targets.
    """

    kind: str
    roles: tuple[str, ...]
    input_mean: tuple[float, ...]
    target_mean: tuple[float, ...]
    scored: int
    classes: int


@dataclass(frozen=True)
class Baseline:
    """The share of sequences wrong and the task loss of an answer that needs no long memory, or only half of it."""

    meaning: str
    error: float
    loss: float


@dataclass(frozen=True)
class Task:
    """A long-time-lag task, as a value.

    reference: the papers. traits: all that a method may read. loss: decides what is wrong, and is minimised by default.
    baselines: "constant" and "half_solved".
    version: changes whenever a generated number does.
    sample: (rng, lag, n) -> n sequences at nominal lag T = lag.
    steps: lag -> number of steps L of a padded sequence.
    minimal_lag: lag -> steps between the last relevant input and the scored output that needs it, at least.
    shortest: the smallest lag at which the task's windows exist.
    population: number of distinct sequences at any lag if they are few enough to enumerate, else None; a sample of
        exactly that size is all of them.
    idle_class: the class expected at unscored steps, or None if nothing is.
    label: what people call it, in the middle of a sentence; the name with spaces if it is empty.
    """

    name: str
    version: int
    reference: str
    traits: Traits
    loss: Loss
    baselines: Mapping[str, Baseline]
    sample: Callable[[np.random.Generator, int, int], Batch]
    steps: Callable[[int], int]
    minimal_lag: Callable[[int], int]
    shortest: int
    population: int | None = None
    idle_class: int | None = None
    label: str = ""


def check_lag(task: Task, lag: int) -> None:
    """Raises LonglagError if the lag is too small for the task's windows, or too large for any memory."""
    if lag > MAX_LAG:
        raise LonglagError(f"lag {shown(lag)} is too large; at most {MAX_LAG:,} steps")
    if not is_whole(task.shortest):
        raise LonglagError(f"task {task.name!r}: its shortest lag is {shown(task.shortest)}, not a whole number")
    if lag < task.shortest:
        raise LonglagError(f"lag {lag} is too small for task {task.name!r}; its windows need lag >= {task.shortest}")


def check_declared(task: Task, lag: int) -> None:
    """Raises LonglagError if the task declares what the row of a run could not hold: a run that has ended would be
    lost. So does a lag that `check_lag` refuses."""
    check_lag(task, lag)
    for name in ("constant", "half_solved"):
        baseline = task.baselines.get(name) if isinstance(task.baselines, Mapping) else None
        numbers = [getattr(baseline, score, None) for score in ("error", "loss")]
        if not all(isinstance(number, Real) and math.isfinite(number) for number in numbers):
            wanted = 'Baseline("what it answers", error=0.5, loss=0.693)'
            raise LonglagError(f"task {task.name!r}: its baseline {name!r} is {shown(baseline)}; write {wanted}")
    for name, least in (("steps", 1), ("minimal_lag", 0)):
        try:
            found = getattr(task, name)(lag)
        except Exception as error:
            raise LonglagError(f"task {task.name!r}: its {name} failed at lag {lag} ({in_a_line(error)})") from error
        if not is_whole(found) or found < least:
            remedy = f"it must be a whole number of steps, at least {least}"
            raise LonglagError(f"task {task.name!r}: its {name} at lag {lag} is {shown(found)}; {remedy}")
    if not isinstance(getattr(task.loss, "name", None), str):
        raise LonglagError(f"task {task.name!r}: its loss is {shown(task.loss)}; write one of longlag.losses")


def one_hot(symbols: np.ndarray, channels: int) -> np.ndarray:
    """[...] integers in [0, channels) -> [..., channels] float32."""
    hot = np.zeros((*symbols.shape, channels), dtype=np.float32)
    hot.reshape(-1)[np.arange(0, hot.size, channels) + symbols.reshape(-1)] = 1
    return hot
