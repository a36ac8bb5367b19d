"""Nesterov's accelerated gradient as momentum (Sutskever, Martens, Dahl & Hinton 2013, equations 3 and 4).

v <- mu v - eps g(theta + mu v),   theta <- theta + v
"""

from __future__ import annotations

from dataclasses import dataclass

from longlag.algebra import tree
from longlag.optimisers.momentum import Momentum


@dataclass(frozen=True)
class Nesterov(Momentum):
    """Momentum whose gradient is taken where the velocity will have carried the parameters."""

    def asked_at(self, params: tree.Params, mu: float, v: tree.Params) -> tree.Params:
        return tree.axpy(mu, v, params)
