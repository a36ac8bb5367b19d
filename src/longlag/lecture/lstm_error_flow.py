"""Claim 8: the error flow through an LSTM's cells and through a plain net, before, during and after learning.

An error injected at the last output is traced back along all paths to the state at every step: an LSTM's cells c_t, a
plain net's hidden state h_t. Beside it stands what the cells alone let pass, the product of their forget gates. This is
the truncated error flow of Hochreiter & Schmidhuber 1997.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

import numpy as np
import torch
from torch import Tensor

from longlag import protocol
from longlag.algebra.tree import Params
from longlag.engine.data import Data
from longlag.lecture.base import Finding, Number, caveats, claim, columns, conclude, fill, over_seeds
from longlag.lecture.tools.trainee import trainee, wrong
from longlag.model import Model
from longlag.objective import Tensors
from longlag.rng import stream

_TASK, _LAG = "temporal_order", 50
_PLAIN, _LSTMS = "control", ("lstm", "lstm_chrono")
_DURING, _EVERY, _MOST = 50, 50, 500  # updates
_TESTED = 1000  # sequences
KEPT = math.exp(-1)
CLAIM = claim("lstm_error_flow", task=_TASK, lag=_LAG, during=_DURING, most=_MOST)


@dataclass(frozen=True)
class Stage:
    """What one net passes at one stage of its training: shares [T] of the error at the last step, medians over the
    sequences, along all paths and through the cells alone (empty for a plain net); wrong: share of test sequences."""

    all_paths: np.ndarray
    cells: np.ndarray
    wrong: float
    updates: int

    @property
    def arrived(self) -> float:
        """The share at the end of the window of the first relevant symbol."""
        return float(self.all_paths[window(len(self.all_paths))[1] - 1])

    @property
    def through_cells(self) -> float:
        """What the cells alone let through to the same step."""
        return float(self.cells[window(len(self.cells))[1] - 1])

    @property
    def learned(self) -> bool:
        """Is the task solved?"""
        return self.wrong <= protocol.CRITERION


Run = Sequence[Stage]  # before, during and after the training of one net


def window(steps: int) -> tuple[int, int]:
    """The window [T/10, 2T/10) of the first relevant symbol."""
    return steps // 10, 2 * steps // 10


def states(model: Model, params: Params, batch: Tensors) -> list[tuple[Tensor, ...]]:
    """The state after every step, as nodes of one graph: [(h,)] or [(h, c)], each [1, B, H]."""
    state, found = model.cell.start(params, len(batch)), []
    for drive in model.cell.drive(params, model.centred(batch.x).to(params["W_hh"].dtype)).unbind(1):
        state, _ = model.cell.step(params, state, drive)
        found.append(state)
    return found


def error_flow(model: Model, params: Params, batch: Tensors, errors: Tensor) -> tuple[np.ndarray, np.ndarray]:
    """||dE/ds_t|| / ||dE/ds_T|| along all paths and through the cells alone, each [T, B], in float64.

    s is the last part of the state and E the inner product of the last outputs with errors [B, O].
    """
    leaves = {name: value.detach().double().requires_grad_() for name, value in params.items()}
    with torch.enable_grad():
        path = states(model, leaves, batch)
        outputs = model.read(leaves, path[-1][0].unsqueeze(1))[0, 0]  # [B, O]
        carriers = [state[-1] for state in path]
        at = torch.autograd.grad((outputs * errors).sum(), carriers)
    flows = torch.stack([d[0] for d in at])  # [T, B, H]
    return _shares(flows), _shares(_through_cells(model, leaves, batch, path, flows[-1]))


def _through_cells(
    model: Model, params: Params, batch: Tensors, path: list[tuple[Tensor, ...]], last: Tensor
) -> Tensor:
    """The error at the last cells times the forget gates behind them, [T, B, H]; empty where there are no cells."""
    if len(path[0]) == 1:
        return last.new_zeros(0, *last.shape)
    with torch.no_grad():
        hidden = torch.stack([torch.zeros_like(path[0][0]), *(h for h, _ in path[:-1])], 1)  # h_{t-1}
        drive = model.cell.drive(params, model.centred(batch.x).double())
        _, forget, _, _ = (drive + hidden @ params["W_hh"].unsqueeze(1)).chunk(4, -1)
        factors = torch.cat([forget.sigmoid()[0, 1:], last.new_ones(1, *last.shape)])  # of c_t -> c_{t+1}
        return last * factors.flip(0).cumprod(0).flip(0)


def _shares(flows: Tensor) -> np.ndarray:
    norms = flows.norm(dim=-1)
    return (norms / norms[-1:].clamp(min=1e-300)).numpy()


def stage(data: Data, params: Params, updates: int, sequences: int) -> Stage:
    """The error flow of a net and how much it has learned."""
    batch, model = data.batch("error flow", 0, sequences), data.setup.model
    errors = torch.tensor(stream(data.seeds[0], "errors").standard_normal((len(batch), model.n_outputs)))
    all_paths, cells = (np.median(one, 1) for one in error_flow(model, params, batch, errors))
    return Stage(all_paths, cells, wrong(data, params, data.batch("test", 0, _TESTED)), updates)


def stages(data: Data, during: int, every: int, most: int, sequences: int) -> list[Stage]:
    """The flow before, during and after learning, which ends when the task is solved or with `most` updates."""
    found = [stage(data, data.start(), 0, sequences)]
    for done, step in enumerate(islice(data.updates(), most), start=1):
        if done == during:
            found.append(stage(data, step.params, done, sequences))
        if done % every == 0 and wrong(data, step.params, data.batch("test", 0, _TESTED)) <= protocol.CRITERION:
            break
    return [*found, stage(data, step.params, done, sequences)]


def measure(
    seeds: Sequence[int],
    lag: int = _LAG,
    during: int = _DURING,
    every: int = _EVERY,
    most: int = _MOST,
    sequences: int = 100,
) -> Finding:
    """Two LSTMs and a plain net, trained from every seed on the same sequences."""
    found: dict[str, list[Run]] = {
        method: [stages(trainee(method, _TASK, lag, seed), during, every, most, sequences) for seed in seeds]
        for method in (*_LSTMS, _PLAIN)
    }
    return judge(found, lag)


def judge(found: dict[str, list[Run]], lag: int) -> Finding:
    """The verdict on what was measured."""
    numbers = [number for method, runs in found.items() for number in thresholds(method, runs)]
    parts = []
    for method, runs in found.items():
        before, after = (_median([run[place] for run in runs]) for place in (0, -1))
        told = {"before": before, "after": after, "learned": len(_learned(runs)), "nets": len(runs)}
        parts.append(fill(CLAIM.slug, "part", method=method, **told))
    methods = {method: _series(runs) for method, runs in found.items()}
    known = {"seeds": len(found[_PLAIN]), "lag": lag, "kept": KEPT, "window": window(lag), "methods": methods}
    return conclude(CLAIM, numbers, known, _caveat(found), parts="; ".join(parts))


def _series(runs: Sequence[Run]) -> dict[str, Any]:
    """Fields of the stages, [seed, stage]; shares as log10."""
    fields = columns(runs)
    logs = {name: np.log10(np.maximum(fields[name], 1e-300)) for name in ("all_paths", "cells")}
    return {**fields, **{name: np.round(values, 3) for name, values in logs.items()}}


def thresholds(method: str, runs: Sequence[Run]) -> list[Number]:
    """LSTMs that have learned have a threshold, which is missed if none has; the plain net always has one."""
    after = [run[-1] for run in runs]
    wrong_after = over_seeds(f"{method}: wrong after training", [last.wrong for last in after])
    if method == _PLAIN:
        best = [max(one.arrived for one in run) for run in runs]
        return [over_seeds(f"{method}: error that arrives, at most at any stage", best, below=KEPT), wrong_after]
    arrived, alone = ([getattr(one, name) for one in _learned(runs)] for name in ("arrived", "through_cells"))
    return [
        over_seeds(f"{method}: error that arrives, before learning", [run[0].arrived for run in runs]),
        over_seeds(f"{method}: error that arrives, after learning", arrived, at_least=KEPT),
        over_seeds(f"{method}: through its cells alone, after learning", alone),
        wrong_after,
    ]


def _learned(runs: Sequence[Run]) -> list[Stage]:
    """The last stages of the nets that solved the task."""
    return [run[-1] for run in runs if run[-1].learned]


def _median(stages: Sequence[Stage], what: str = "arrived") -> float:
    return float(np.median([getattr(one, what) for one in stages] or [math.nan]))


def _caveat(found: dict[str, list[Run]]) -> str:
    said = []
    for method in _LSTMS:
        runs, learned = found[method], _learned(found[method])
        little, alone = _median([run[0] for run in runs]) < KEPT, _median(learned, "through_cells")
        counts = {"failed": len(runs) - len(learned), "little": little, "gates": alone < KEPT}
        said.append(caveats(CLAIM.slug, counts, n=len(runs), method=method, alone=alone))
    return "; ".join(filter(None, said))
