"""A task on a range of lags: each sequence has a lag of its own, and shorter ones are padded at the front."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from longlag.errors import LonglagError
from longlag.tasks.base import EVERY_STEP, Batch, Task, check_lag


def ranged(task: Task, shortest: int, longest: int) -> Task:
    """The task whose sequences at lag T have lags drawn uniformly from `shortest` to T.

    longest: the lag at which it will be used.

    Raises:
        LonglagError: `shortest` is too small for the task or larger than `longest`, or the task has a score at each of
            its steps, or few sequences, which are all of one length.
    """
    check_lag(task, shortest)
    if shortest > longest:
        raise LonglagError(f"rule 'shortest_lag' cannot be {shortest}; the lag of the run is {longest}")
    if task.traits.scored == EVERY_STEP or task.population:
        raise LonglagError(
            f"task {task.name!r} cannot have a range of lags, since its sequences are scored at every step or are few; "
            "leave out the rule 'shortest_lag'"
        )

    def sample(rng: np.random.Generator, lag: int, n: int) -> Batch:
        lags, steps = rng.integers(shortest, lag, size=n, endpoint=True), task.steps(lag)
        pieces = [(np.nonzero(lags == each)[0], int(each)) for each in np.unique(lags)]
        batches = [(rows, task.sample(rng, each, len(rows))) for rows, each in pieces]
        one = batches[0][1]
        x = np.zeros((steps, n, one.x.shape[-1]), dtype=one.x.dtype)
        start, y = np.empty(n, dtype=one.start.dtype), np.empty((len(one.y), n, *one.y.shape[2:]), dtype=one.y.dtype)
        for rows, batch in batches:
            padding = steps - len(batch.x)
            x[padding:, rows], start[rows], y[:, rows] = batch.x, padding + batch.start, batch.y
        return Batch(x, start, y)

    return replace(task, sample=sample, minimal_lag=lambda lag: task.minimal_lag(shortest), idle_class=None)
