"""Features phi of a readout y = phi(h) W_hy + b_y."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor


class Readout(Protocol):
    """Features of a hidden state [..., H] -> [..., F], with their Jacobian and its transpose."""

    def size(self, hidden: int) -> int:
        """F, the number of features of H hidden units."""

    def features(self, h: Tensor) -> Tensor:
        """[..., H] -> [..., F]."""

    def pushforward(self, h: Tensor, tangent: Tensor) -> Tensor:
        """A tangent of the features [..., F] from one of the states [..., H], at the states h."""

    def pullback(self, h: Tensor, d_features: Tensor) -> Tensor:
        """Derivatives at the states [..., H] from those at the features [..., F], at the states h."""


@dataclass(frozen=True)
class Linear:
    """phi(h) = h."""

    def size(self, hidden: int) -> int:
        return hidden

    def features(self, h: Tensor) -> Tensor:
        return h

    def pushforward(self, h: Tensor, tangent: Tensor) -> Tensor:
        return tangent

    def pullback(self, h: Tensor, d_features: Tensor) -> Tensor:
        return d_features


@dataclass(frozen=True)
class Quadratic:
    """phi(h) = [h, h^2]: products of two remembered values become linear in the features (Jaeger 2012, second-hand)."""

    def size(self, hidden: int) -> int:
        return 2 * hidden

    def features(self, h: Tensor) -> Tensor:
        return torch.cat([h, h.square()], -1)

    def pushforward(self, h: Tensor, tangent: Tensor) -> Tensor:
        return torch.cat([tangent, 2 * h * tangent], -1)

    def pullback(self, h: Tensor, d_features: Tensor) -> Tensor:
        linear, square = d_features.chunk(2, -1)
        return linear + 2 * h * square


@dataclass(frozen=True)
class NoFeatures:
    """phi(h) is empty: the outputs are their biases, the same for every sequence."""

    def size(self, hidden: int) -> int:
        return 0

    def features(self, h: Tensor) -> Tensor:
        return h[..., :0]

    def pushforward(self, h: Tensor, tangent: Tensor) -> Tensor:
        return tangent[..., :0]

    def pullback(self, h: Tensor, d_features: Tensor) -> Tensor:
        return torch.zeros_like(h)


@dataclass(frozen=True)
class Float64:
    """The same features in double precision, and so the readout: for one that is fitted in closed form.

    Its weights are large where states are nearly constant or nearly dependent. In single precision their sum would
    lose the digits by which it was fitted.
    """

    readout: Readout

    def size(self, hidden: int) -> int:
        return self.readout.size(hidden)

    def features(self, h: Tensor) -> Tensor:
        return self.readout.features(h.double())

    def pushforward(self, h: Tensor, tangent: Tensor) -> Tensor:
        return self.readout.pushforward(h.double(), tangent.double())

    def pullback(self, h: Tensor, d_features: Tensor) -> Tensor:
        return self.readout.pullback(h.double(), d_features).to(h.dtype)
