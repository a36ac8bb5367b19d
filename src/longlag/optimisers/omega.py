"""A term against vanishing gradients (Pascanu, Mikolov & Bengio 2013, section 3.3), and an optimiser that uses it.

    d_k = dE/da_k   at the pre-activations a_k of a tanh net
    q_k = d_{k+1} da_{k+1}/da_k = (d_{k+1} W_hh') (1 - h_k^2)
    Omega = mean over sequences and steps of (||q_k||^2 / ||d_{k+1}||^2 - 1)^2

It asks that an error keeps its length from step to step, in the direction in which it comes. Only the immediate
derivative by W_hh is used: h_k and d_{k+1} count as constants. Deviations from the text, after the authors' code: (1)
squares of norms, (2) a mean over the steps at which ||d_{k+1}||^2 exceeds 1e-20, where the text has a sum. Deviation
from both: (3) a gradient that is not finite ends the run, where the code takes 0.02 W_hh in its place.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Protocol

import torch
from torch import Tensor

from longlag.algebra import tree
from longlag.algebra.products import linear, matmul
from longlag.cells.sequences import has_begun
from longlag.objective import Regulariser
from longlag.optimisers.base import Draw, Optimiser, Step
from longlag.ranges import NON_NEGATIVE, part

_LEAST_SQUARE = 1e-20  # of a norm; an error below has vanished, and has no direction


class RegularisedOracle(Protocol):
    """The question of an optimiser whose gradients have another term."""

    def regularised(self, params: tree.Params, term: Regulariser) -> tuple[Tensor, dict[str, Tensor]]:
        """Loss per replica [R] without the term, and its gradient plus the term's."""
        ...


@part
class Omega:
    """`alpha` times the term, for a tanh net."""

    alpha: Annotated[float, NON_NEGATIVE] = 4.0

    def gradient(self, params: tree.Params, states: Tensor, errors: Tensor, start: Tensor) -> dict[str, Tensor]:
        """The immediate derivative by W_hh of alpha Omega, from h_k and d_k, both [R, T, B, H]."""
        slopes, d = 1 - states[:, :-1].square(), errors[:, 1:]  # of k and k + 1
        q = linear(d, params["W_hh"].transpose(1, 2)) * slopes
        square = d.square().sum(-1)
        counted = (square > _LEAST_SQUARE) & has_begun(square.shape[1], start)  # [R, T-1, B]
        square = torch.where(counted, square, 1.0)
        excess = torch.where(counted, q.square().sum(-1) / square - 1, 0.0)
        each = counted.sum(1, keepdim=True).clamp(min=1) * states.shape[2]  # what a mean divides by, [R, 1, B]
        d_q = (4 * self.alpha * excess / (square * each)).unsqueeze(-1) * q
        v = (d_q * slopes).flatten(1, 2)
        return {"W_hh": matmul(v.transpose(1, 2), d.flatten(1, 2))}


@part
class Regularised:
    """An optimiser, given gradients to which those of a term are added. Its losses are those without the term."""

    base: Optimiser
    term: Omega
    replicas: ClassVar[int | None] = None
    trained: ClassVar[tuple[str, ...] | None] = None

    @property
    def batch(self) -> int | None:
        """Sequences of an update, if the base says so."""
        return getattr(self.base, "batch", None)

    def init(self, params: tree.Params) -> Any:
        return self.base.init(params)

    def step(self, draw: Draw[RegularisedOracle], params: dict[str, Tensor], state: Any) -> Step:
        return self.base.step(lambda n, purpose="train": _WithTerm(draw(n, purpose), self.term), params, state)


@dataclass(frozen=True)
class _WithTerm:
    """What the optimiser sees in the place of the batch's oracle."""

    oracle: RegularisedOracle
    term: Omega

    def value_and_grad(self, params: tree.Params) -> tuple[Tensor, dict[str, Tensor]]:
        return self.oracle.regularised(params, self.term)
