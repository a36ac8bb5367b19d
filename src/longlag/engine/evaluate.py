"""Scores: how well parameters answer batches. What is wrong is for the task to say; the loss is the one minimised.

An evaluation is not charged to the budget. `Score.sequences` is what it would have cost.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

import numpy as np
import torch

from longlag.algebra.tree import Params
from longlag.engine.data import TEST, Data
from longlag.engine.spec import Setup
from longlag.objective import Tensors

_EVERY_STEP_BATCH = 50  # sequences, all of whose states are kept: a long delay line has thousands of steps and units


@dataclass(frozen=True)
class Score:
    """Numbers per replica, each [R] float64, over some sequences.

    wrong: share of sequences with a wrong answer at any scored step. loss: mean loss. symbols: share of answers wrong.
    every_step: share of sequences wrong at any step, blanks included; nan where nothing is expected at a blank.
    sequences: how many were answered per replica, those of `every_step` and of other lags counted too.
    by_lag: `wrong` at other lags.
    """

    wrong: np.ndarray
    loss: np.ndarray
    symbols: np.ndarray
    every_step: np.ndarray
    sequences: int
    by_lag: Mapping[int, np.ndarray] = field(default_factory=dict)

    def columns(self, r: int) -> dict[str, float | str]:
        """The columns of replica r's row that a test decides."""
        by_lag = json.dumps({str(lag): float(wrong[r]) for lag, wrong in self.by_lag.items()}) if self.by_lag else ""
        return {
            "test_error": float(self.wrong[r]),
            "test_loss": float(self.loss[r]),
            "test_symbol_error": float(self.symbols[r]),
            "test_error_every_step": float(self.every_step[r]),
            "test_error_by_lag": by_lag,
        }

    def spread(self, mask: np.ndarray) -> Score:
        """The same for R replicas, of which those of the mask [R] were scored; nan for the others."""

        def whole(values: np.ndarray) -> np.ndarray:
            found = np.full(len(mask), np.nan)
            found[mask] = values
            return found

        return replace(
            self,
            wrong=whole(self.wrong),
            loss=whole(self.loss),
            symbols=whole(self.symbols),
            every_step=whole(self.every_step),
            by_lag={lag: whole(wrong) for lag, wrong in self.by_lag.items()},
        )

    @classmethod
    def unknown(cls, replicas: int) -> Score:
        """Nothing was evaluated."""
        nan = np.full(replicas, np.nan)
        return cls(nan, nan, nan, nan, 0)


def score(setup: Setup, params: Params, batches: Iterable[Tensors]) -> Score:
    """The parameters on all sequences of the batches; `every_step` is left nan."""
    replicas = len(params["b_y"])
    wrong, answers, loss = (np.zeros(replicas) for _ in range(3))
    sequences = 0
    for batch in batches:
        outputs = setup.model.outputs(params, batch.x, batch.start)
        misses = setup.task.loss.wrong(outputs, batch.y)  # [R, K, B]
        wrong += misses.any(1).sum(1).cpu().numpy()  # counted whole: a rounded sum would shift the criterion
        answers += misses.double().mean(1).sum(1).cpu().numpy()
        loss += len(batch) * setup.loss.value(outputs, batch.y).double().cpu().numpy()
        sequences += len(batch)
    return Score(wrong / sequences, loss / sequences, answers / sequences, np.full(replicas, np.nan), sequences)


def final(data: Data, params: Params) -> Score:
    """The test at the end of a run: the test set, every step of its first thousand sequences, and other lags."""
    sets = data.setup.sets
    found = score(data.setup, params, data.evaluation(TEST, sets.test))
    for lag in data.setup.rules.test_lags:
        of_lag = data.at(lag)
        other = score(of_lag.setup, params, of_lag.evaluation(TEST, sets.test))
        found = replace(found, by_lag={**found.by_lag, lag: other.wrong}, sequences=found.sequences + other.sequences)
    if data.setup.task.idle_class is None:
        return found
    batch = data.batch(TEST, 0, sets.every_step)
    wrong = _wrong_at_any_step(data.setup, params, batch, data.setup.task.idle_class)
    return replace(found, every_step=wrong, sequences=found.sequences + len(batch))


def _wrong_at_any_step(setup: Setup, params: Params, batch: Tensors, idle_class: int) -> np.ndarray:
    """Share of sequences wrong at any step [R], where `idle_class` is the answer at every unscored one."""
    model = replace(setup.model, scored=batch.x.shape[1])
    wrong = torch.zeros(len(batch.y), dtype=torch.float64)
    for share, b in batch.chunks(_EVERY_STEP_BATCH):
        idle = b.y.new_full((len(b.y), b.x.shape[1] - b.y.shape[1], len(b)), idle_class)
        misses = setup.task.loss.wrong(model.outputs(params, b.x, b.start), torch.cat([idle, b.y], 1))
        wrong += share * misses.any(1).double().mean(1).cpu()
    return wrong.numpy()
