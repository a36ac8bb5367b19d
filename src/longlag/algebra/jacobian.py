"""Products with the Jacobian of any function of parameters and with its transpose, by reverse mode alone.

The transposed Jacobian is ordinary backpropagation, w -> J'w. It is linear in w, so its derivative with respect
to w gives the Jacobian, v -> J v (the double-backward trick). The graph is kept, so a product costs about two backward
passes. This works for every function that can be differentiated twice.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from longlag.algebra.tree import Params
from longlag.errors import LonglagError

Outputs = tuple[Tensor, ...]
_DISAGREEMENT = 0.05  # relative; rounding of single precision is far below


@dataclass(frozen=True)
class Linearisation:
    """A function linearised at its parameters: values, J' and J.

    live: which values depend on the parameters at all; the derivative of the others is zero.
    """

    values: Outputs
    live: tuple[bool, ...]
    leaves: dict[str, Tensor]
    dummies: Outputs
    transposed: dict[str, Tensor]  # J'w as a function of the dummies w

    def pullback(self, d_values: Outputs) -> dict[str, Tensor]:
        """w -> J'w."""
        values, d_values = _kept(self.values, self.live), _kept(d_values, self.live)
        leaves = tuple(self.leaves.values())
        parts = torch.autograd.grad(values, leaves, d_values, retain_graph=True, materialize_grads=True)
        return dict(zip(self.leaves, parts, strict=True))

    def pushforward(self, tangent: Params) -> Outputs:
        """v -> J v."""
        along = tuple(tangent[name] for name in self.transposed)
        found = torch.autograd.grad(
            tuple(self.transposed.values()), self.dummies, along, retain_graph=True, materialize_grads=True
        )
        tangents = iter(found)
        return tuple(
            next(tangents) if live else torch.zeros_like(value)
            for value, live in zip(self.values, self.live, strict=True)
        )

    def check_agreement(self) -> None:
        """Raises LonglagError unless J and J' agree, u'(J v) = v'v for v = J'u, at a random u.

        They do not where an operation has a derivative but no second one: torch then takes zeros for J, in silence.
        """
        generator = torch.Generator("cpu").manual_seed(0)
        u = tuple(
            torch.randn(value.shape, generator=generator, dtype=value.dtype, device="cpu").to(value.device)
            for value in self.values
        )
        v = self.pullback(u)
        pairs = zip(u, self.pushforward(v), strict=True)
        forward = float(sum((one.double() * other.double()).sum() for one, other in pairs))
        back = float(sum(part.double().square().sum() for part in v.values()))
        if abs(forward - back) > _DISAGREEMENT * back:
            raise LonglagError(
                "an operation of the model has no second derivative, so that curvature would be wrong: it may be an "
                "autograd.Function marked once_differentiable; write its backward in operations of torch"
            )


def linearise(function: Callable[[Params], Outputs], params: Params) -> Linearisation:
    """Evaluates the function once and keeps its graph."""
    with torch.enable_grad():
        leaves = {name: value.detach().requires_grad_() for name, value in params.items()}
        return linearised(function(leaves), leaves)


def linearised(values: Outputs, leaves: dict[str, Tensor]) -> Linearisation:
    """The same for values that were computed already, from these leaves of the graph."""
    with torch.enable_grad():
        live = tuple(value.requires_grad for value in values)
        graph = _kept(values, live)
        dummies = tuple(torch.zeros_like(value).requires_grad_() for value in graph)
        parts = torch.autograd.grad(graph, tuple(leaves.values()), dummies, create_graph=True, materialize_grads=True)
    return Linearisation(values, live, leaves, dummies, dict(zip(leaves, parts, strict=True)))


def _kept(values: Outputs, live: tuple[bool, ...]) -> Outputs:
    return tuple(value for value, keep in zip(values, live, strict=True) if keep)
