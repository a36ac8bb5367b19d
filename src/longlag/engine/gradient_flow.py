"""Gradient flow at one evaluation of a run: derivatives of the loss against lag, and the state of the net.

    gradient_k = mean over sequences of ||d L_s / d s_{T-k}||,   L_s the loss of one sequence, k steps before the last

s is everything that one step passes to the next: the hidden state, and for an LSTM the cell state too.
gradient_k / gradient_0 is the lecture's rate^k, measured on the current net. It is computed in float64 through the
cell's generic definition (`unroll`), on a few sequences of a stream that nothing else draws from. Readings have the
names of the columns of a `records.Point`.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

from longlag.algebra import tree
from longlag.algebra.tree import Params
from longlag.cells.base import Cell, State, unroll
from longlag.cells.sequences import has_begun
from longlag.losses import Loss
from longlag.model import Model
from longlag.objective import Tensors
from longlag.store.records import GRADIENT_BACK, Point, Row

SEQUENCES = 20
SATURATED = 0.9  # of a hidden unit that lies in (-1, 1)
_FROM_STEP = {  # of a step's info
    "damping": "damping",
    "cg_iterations": "cg_iterations",
    "rho": "reduction_ratio",
    "cg_stopped": "cg_stopped",
}


def readings(
    model: Model, loss: Loss, before: Params, after: Params, info: Mapping[str, float | str], batch: Tensors
) -> list[dict[str, Any]]:
    """Every replica's readings after a step from `before` to `after`: gradient_k, saturated (share of hidden units
    beyond +-0.9), spectral_radius of a square W_hh, update_norm, and what Hessian-Free reports about its step."""
    exact = {name: leaf.detach().double() for name, leaf in after.items()}
    derivatives, states = _backwards(model, loss, exact, batch)
    norms = derivatives.norm(dim=-1) * len(batch)  # [R, T, B]; the loss is a mean over the sequences
    begun = has_begun(norms.shape[1], batch.start)  # [R, T, B]
    mean = (norms * begun).sum(-1) / begun.sum(-1)  # nan before the first sequence begins
    saturated = ((states.abs() > SATURATED) & begun.unsqueeze(-1)).double().sum((1, 2, 3))
    found = {
        **{f"gradient_{k}": mean[:, -1 - k] for k in GRADIENT_BACK if k < mean.shape[1]},
        "saturated": saturated / (begun.sum((1, 2)) * states.shape[-1]),
        "update_norm": tree.norm(tree.axpy(-1.0, before, after)),
        **_spectral_radius(exact),
    }
    reported = {name: info[key] for key, name in _FROM_STEP.items() if key in info}
    from_step = {name: value if isinstance(value, str) else float(value) for name, value in reported.items()}
    return [{name: float(values[r]) for name, values in found.items()} | from_step for r in range(len(norms))]


def recorded(points: Iterable[Point]) -> bool:
    """Whether all points carry gradient flow."""
    return not any(math.isnan(point.update_norm) for point in points)


def recorded_of_run(row: Row, points: Sequence[Point]) -> bool:
    """Whether a finished run has the gradient flow of all its evaluations: a curve may be lost, and a run that ended
    before its first evaluation has none."""
    return recorded(points) and bool(points or not row.evaluation_passes)


@dataclass(frozen=True)
class _Probed:
    """A cell with zeros added to every state: the gradient of the zeros is that of the state.

    probes: the zeros of each step so far, as parts of a state.
    """

    cell: Cell
    probes: list[State] = field(default_factory=list)

    @property
    def hidden(self) -> int:
        return self.cell.hidden

    def shapes(self, n_inputs: int) -> Mapping[str, tuple[int, ...]]:
        return self.cell.shapes(n_inputs)

    def drive(self, params: Params, x: Tensor) -> Tensor:
        return self.cell.drive(params, x)

    def start(self, params: Params, batch: int) -> State:
        return self.cell.start(params, batch)

    def step(self, params: Params, state: State, drive: Tensor) -> tuple[State, Tensor]:
        new, damped_state = self.cell.step(params, state, drive)
        probe = tuple(torch.zeros_like(part, requires_grad=True) for part in new)
        self.probes.append(probe)
        return tuple(part + zeros for part, zeros in zip(new, probe, strict=True)), damped_state


def _backwards(model: Model, loss: Loss, params: Params, batch: Tensors) -> tuple[Tensor, Tensor]:
    """d loss / d s_t [R, T, B, S], and h_t [R, T, B, H]."""
    cell = _Probed(model.cell)
    with torch.enable_grad():
        hidden, _ = unroll(cell, params, model.centred(batch.x.double()), batch.start)
        value = loss.value(model.read(params, hidden[:, -model.scored :]), batch.y)
        leaves = [leaf for probe in cell.probes for leaf in probe]
        found = iter(torch.autograd.grad(value.sum(), leaves, materialize_grads=True))
    return torch.stack([torch.cat([next(found) for _ in probe], -1) for probe in cell.probes], 1), hidden.detach()


def _spectral_radius(params: Params) -> dict[str, Tensor]:
    """Largest modulus of the eigenvalues of W_hh, nan for a replica that diverged (LAPACK may crash on a nan); nothing
    where W_hh is not square (the gates of an LSTM)."""
    w = params.get("W_hh")
    if w is None or w.shape[-1] != w.shape[-2]:
        return {}
    w = w.cpu()
    finite = w.isfinite().all(-1).all(-1)  # [R]
    found = torch.full(finite.shape, math.nan, dtype=w.dtype)
    found[finite] = torch.linalg.eigvals(w[finite]).abs().amax(-1)
    return {"spectral_radius": found}
