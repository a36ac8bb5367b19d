"""Claim 8: the error flow through an LSTM's cells by themselves, and through plain nets that have learned the same.

An error injected at the last output is traced back to the state at every step, before, during and after learning. Of an
LSTM, along the cells alone: the paths through the gates are cut, and what is left is the product of the forget gates,
the truncated error flow of Hochreiter & Schmidhuber 1997. A plain net has no cells; its error has one way back, through
the hidden states. Along all paths any net that has learned passes the error somehow, which says nothing of cells; it is
given without a threshold. The parts of all nets are written down here: a new recipe of a method changes no claim.
"""

from __future__ import annotations

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
from longlag.inits.gates import Chrono, ForgetBias
from longlag.inits.gaussian import Gaussian
from longlag.lecture.base import Finding, caveats, claim, columns, conclude_by_case, fill
from longlag.lecture.tools import carried
from longlag.lecture.tools.numbers import Number, joined, over_seeds, premise, values
from longlag.lecture.tools.trainee import esn_style, trainee, with_parts, wrong
from longlag.model import Model
from longlag.objective import Tensors
from longlag.optimisers.adam import Adam
from longlag.optimisers.clipping import ClipNorm
from longlag.optimisers.sgd import SGD
from longlag.rng import stream

_TASK, _LAG = "temporal_order", 30
_PLAIN, _CAREFUL, _LSTMS = "plain net", "plain net, ESN-style start", ("LSTM, forget bias 1", "LSTM, chrono start")
_DURING, _EVERY, _MOST = 50, 50, 1000  # updates
_TESTED = 1000  # sequences
CLAIM = claim("lstm_error_flow", task=_TASK, lag=_LAG, during=_DURING, most=_MOST, least=carried.least(_LAG))


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
        """The share at the end of the window of the first relevant symbol, along all paths."""
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


def nets(lag: int, seed: int) -> dict[str, Data]:
    """What is trained, by name: two LSTMs; a plain net by clipped gradient descent; one with an ESN-style start."""
    adam = Adam(learning_rate=3e-3, clipping=ClipNorm(1.0))
    starts = (ForgetBias(1.0), Chrono(float(lag)))
    lstms = {
        name: with_parts(trainee("lstm", _TASK, lag, seed), init=init, optimiser=adam)
        for name, init in zip(_LSTMS, starts, strict=True)
    }
    plain = esn_style(_TASK, lag, seed, init=Gaussian(), optimiser=SGD(0.1, ClipNorm(1.0)))
    return {**lstms, _PLAIN: plain, _CAREFUL: esn_style(_TASK, lag, seed)}


def measure(
    seeds: Sequence[int],
    lag: int = _LAG,
    during: int = _DURING,
    every: int = _EVERY,
    most: int = _MOST,
    sequences: int = 100,
) -> Finding:
    """All nets, trained from every seed on the same sequences."""
    by_seed = [nets(lag, seed) for seed in seeds]
    found: dict[str, list[Run]] = {
        name: [stages(each[name], during, every, most, sequences) for each in by_seed] for name in nets(lag, seeds[0])
    }
    return judge(found, lag, seeds)


def judge(found: dict[str, list[Run]], lag: int, seeds: Sequence[int] = ()) -> Finding:
    """The verdict on what was measured: each LSTM beside the plain net."""
    on, off = "learned the task", "did not learn the task in time"
    premises = {name: premise(runs, lambda run: run[-1].learned, on, off, seeds, name) for name, runs in found.items()}
    least = carried.least(lag)
    numbers = {name: [share, *_numbers(name, judged, least)] for name, (judged, share, _) in premises.items()}
    cases = {name: [*numbers[name], *numbers[_PLAIN]] for name in _LSTMS}
    parts = []
    for name, each in numbers.items():
        told = values(each, learned=0, before=1, after=3)
        parts.append(fill(CLAIM.slug, "part" if name in _LSTMS else "part_plain", name=name, **told))
    asked = numbers[_PLAIN][3]
    little = [name for name in _LSTMS if numbers[name][1].value < least]
    counts = {
        "little": len(little),
        "selected": asked.met is not True and 0 < asked.nets == len(found[_PLAIN]),
        "careful": numbers[_CAREFUL][3].value >= least,
    }
    caveat = caveats(CLAIM.slug, counts, names=" and ".join(little), lag=lag, share=numbers[_CAREFUL][3].value)
    but = fill(CLAIM.slug, "but", share=numbers[_CAREFUL][3].value) if counts["careful"] else ""
    caveat = joined(caveat, *(said for _, _, said in premises.values()))
    series = {
        "seeds": len(found[_PLAIN]),
        "lag": lag,
        "kept": least,
        "window": window(lag),
        "nets": {name: _series(runs) for name, runs in found.items()},
    }
    every = [number for each in numbers.values() for number in each]
    passing = asked.nets - asked.meeting
    why = fill(CLAIM.slug, "why", passing=passing, nets=asked.nets) if asked.undecided and passing else ""
    learned = [name for name in _LSTMS if premises[name][0]]
    shown = {name: fill(CLAIM.slug, "shown", **values(numbers[name], cells=3, paths=4)) for name in learned}
    passed = f" ({asked.value:.2g} arrives)" if asked.nets else ""
    words: dict[str, Any] = {"lag": lag, "steps": lag - window(lag)[1], "passed": passed, "parts": "; ".join(parts)}
    return conclude_by_case(CLAIM, cases, every, series, caveat, but, shown, why, **words)


def _numbers(name: str, learned: Sequence[Run], least: float) -> list[Number]:
    """Shares before, during and after learning of the nets that have learned: an LSTM's through its cells alone."""
    what, words = ("through_cells", "through the cells alone") if name in _LSTMS else ("arrived", "error that arrives")
    bars: dict[str, dict[str, float]] = {_PLAIN: {"below": least}, _CAREFUL: {}}
    asked = bars.get(name, {"at_least": least})
    means = f"the error {'vanishes in' if name == _PLAIN else 'crosses the lag through the cells of'} a net ({name})"
    shares = [[getattr(run[place], what) for run in learned] for place in (0, 1, -1)]
    numbers = [
        over_seeds(f"{name}: {words}, before learning", shares[0]),
        over_seeds(f"{name}: {words}, after {_DURING} updates", shares[1]),
        over_seeds(f"{name}: {words}, after learning", shares[2], "", means if asked else "", **asked),
    ]
    if name in _LSTMS:
        numbers.append(over_seeds(f"{name}: along all paths, after learning", [run[-1].arrived for run in learned]))
    return [*numbers, over_seeds(f"{name}: updates until learned", [float(run[-1].updates) for run in learned])]


def _series(runs: Sequence[Run]) -> dict[str, Any]:
    """Fields of the stages, [seed, stage]; shares as log10."""
    fields = columns(runs)
    logs = {name: np.log10(np.maximum(fields[name], 1e-300)) for name in ("all_paths", "cells")}
    return {**fields, **{name: np.round(log, 3) for name, log in logs.items()}}
