"""Claim 8: the error flow through an LSTM's cells and through a plain net, before, during and after learning.

An error injected at the last output is traced back along all paths to the state at every step: an LSTM's cells c_t, a
plain net's hidden state h_t. Beside it what the cells alone let pass, the product of their forget gates, the truncated
error flow of Hochreiter & Schmidhuber 1997.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice

import numpy as np
import torch
from torch import Tensor

from longlag import protocol
from longlag.algebra.tree import Params
from longlag.lecture.base import Claim, Exercise, Finding, Number, over_seeds, verdict
from longlag.lecture.tools.pupils import Pupil, pupil
from longlag.model import Model
from longlag.objective import Tensors
from longlag.rng import stream

_TASK, _LAG = "temporal_order", 50
_PLAIN, _LSTMS = "control", ("lstm", "lstm_chrono")
_DURING, _EVERY, _MOST = 50, 50, 500  # updates
KEPT = math.exp(-1)

CLAIM = Claim(
    number=8,
    slug="lstm_error_flow",
    title="LSTM: the error flows through the cell",
    sentence="An LSTM's cells carry the error back across the whole lag where a plain net lets it vanish.",
    quantity="share of an error at the last step that reaches the state at the first relevant symbol's window, "
    f"||dE/ds_t|| / ||dE/ds_T||, median of 100 sequences of {_TASK} at lag {_LAG}; before learning, after "
    f"{_DURING} updates, and once at most 1 % of test sequences are wrong (after {_MOST} updates at the latest)",
    threshold="1/e: a unit that remembers for tau steps passes (1 - 1/tau)^tau, about 1/e, of an error over tau steps "
    "(Tallec & Ollivier 2018, section 2), so that a net bridges the lag if at least 1/e arrives; the constant "
    "error carousel passes 1 (Hochreiter & Schmidhuber 1997, section 3.2). Asked: LSTMs that have learned the task "
    "pass at least 1/e, the plain net at every stage less.",
    exercise=Exercise(
        predict="A forget gate with bias 1 is open by 0.73. How much of an error should it let through over 45 steps "
        "before learning, and what must learning change?",
        run="longlag lecture --claim lstm_error_flow --out results/lecture",
        explain="The error has two ways back, through the cells and through the gates. Which one carries it, and why "
        "does the chrono start need no help from the other?",
    ),
)


@dataclass(frozen=True)
class Flow:
    """What one net passes at one stage: `all_paths` and `cells` [T] shares of the last step, median of the sequences
    (cells: empty for a plain net); wrong: share of test sequences."""

    all_paths: np.ndarray
    cells: np.ndarray
    wrong: float
    updates: int

    def arrived(self, lag: int) -> float:
        """The share at the end of the first relevant symbol's window, [T/10, 2T/10)."""
        return float(self.all_paths[2 * lag // 10 - 1])

    def through_cells(self, lag: int) -> float:
        """What the cells alone let through to the same step."""
        return float(self.cells[2 * lag // 10 - 1])


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


def flow(student: Pupil, params: Params, updates: int, sequences: int) -> Flow:
    """The error flow of a net and how much it has learned."""
    batch, outputs = student.batch(sequences, "error flow"), student.setup.model.n_outputs
    errors = torch.tensor(stream(student.seed, "errors").standard_normal((len(batch), outputs)))
    all_paths, cells = (np.median(one, 1) for one in error_flow(student.setup.model, params, batch, errors))
    return Flow(all_paths, cells, student.wrong(params), updates)


def stages(student: Pupil, during: int, every: int, most: int, sequences: int) -> list[Flow]:
    """The flow before, during and after learning, which ends when the task is solved or with `most` updates."""
    params, found = student.start(), []
    found.append(flow(student, params, 0, sequences))
    for done, step in enumerate(islice(student.updates(), most), start=1):
        params = step.params
        if done == during:
            found.append(flow(student, params, done, sequences))
        if done % every == 0 and student.wrong(params) <= protocol.CRITERION:
            break
    return [*found, flow(student, params, done, sequences)]


def measure(
    seeds: Sequence[int],
    lag: int = _LAG,
    during: int = _DURING,
    every: int = _EVERY,
    most: int = _MOST,
    sequences: int = 100,
) -> Finding:
    """Two LSTMs and a plain net, trained from every seed on the same sequences."""
    found = {
        method: [stages(pupil(method, _TASK, lag, seed), during, every, most, sequences) for seed in seeds]
        for method in (*_LSTMS, _PLAIN)
    }
    numbers = [number for method in (*_LSTMS, _PLAIN) for number in judged(method, found[method], lag)]
    caveat = _caveat(found, lag)
    return Finding(verdict(numbers, caveat), _summary(found, lag), numbers, caveat, _series(found, lag))


def judged(method: str, runs: Sequence[Sequence[Flow]], lag: int) -> list[Number]:
    """What is asked: of LSTMs that have learned, where none is a threshold missed; of the plain net always."""
    after = [run[-1].arrived(lag) for run in runs if learned(run)] or [math.nan]
    wrong = over_seeds(f"{method}: wrong after training", [run[-1].wrong for run in runs])
    if method == _PLAIN:
        best = [max(one.arrived(lag) for one in run) for run in runs]
        return [over_seeds(f"{method}: error that arrives, at most at any stage", best, below=KEPT), wrong]
    return [
        over_seeds(f"{method}: error that arrives, before learning", [run[0].arrived(lag) for run in runs]),
        over_seeds(f"{method}: error that arrives, after learning", after, at_least=KEPT),
        over_seeds(f"{method}: through its cells alone, after learning", _alone(runs, lag)),
        wrong,
    ]


def learned(run: Sequence[Flow]) -> bool:
    """Is the task solved at the end?"""
    return run[-1].wrong <= protocol.CRITERION


def _alone(runs: Sequence[Sequence[Flow]], lag: int) -> list[float]:
    return [run[-1].through_cells(lag) for run in runs if learned(run)] or [math.nan]


def _caveat(found: dict[str, list[list[Flow]]], lag: int) -> str:
    said = []
    for method in _LSTMS:
        runs = found[method]
        if failed := sum(not learned(run) for run in runs):
            said.append(f"{failed} of {len(runs)} nets of {method} did not learn the task in time and are not judged")
        if np.median([run[0].arrived(lag) for run in runs]) < KEPT:
            said.append(f"before learning {method} lets less than 1/e through")
        if (alone := float(np.median(_alone(runs, lag)))) < KEPT:
            said.append(f"the cells of {method} alone let {alone:.2g} through: its error goes back by way of the gates")
    return "; ".join(said)


def _summary(found: dict[str, list[list[Flow]]], lag: int) -> str:
    def arrives(method: str, stage: int) -> str:
        return f"{np.median([run[stage].arrived(lag) for run in found[method]]):.2g}"

    parts = [
        f"{method} from {arrives(method, 0)} to {arrives(method, -1)} "
        f"({sum(map(learned, runs))} of {len(runs)} nets learned the task)"
        for method, runs in found.items()
    ]
    return f"Share of the error that crosses the lag, before and after training: {'; '.join(parts)}."


def _series(found: dict[str, list[list[Flow]]], lag: int) -> dict[str, object]:
    return {
        "seeds": len(found[_PLAIN]),
        "lag": lag,
        "kept": KEPT,
        "plain": _PLAIN,
        "window": [lag // 10, 2 * lag // 10],
        "methods": {
            method: {
                "flow": _log([[flow.all_paths for flow in run] for run in runs]),  # [seed, stage, T]
                "cells": _log([[flow.cells for flow in run] for run in runs]),
                "wrong": [[flow.wrong for flow in run] for run in runs],
                "updates": [[flow.updates for flow in run] for run in runs],
            }
            for method, runs in found.items()
        },
    }


def _log(values: object) -> np.ndarray:
    return np.round(np.log10(np.maximum(np.array(values), 1e-300)), 3)
