"""What is done to a gradient before it is used: nothing, or a bound on its norm (Pascanu, Mikolov & Bengio 2013)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Protocol

from torch import Tensor

from longlag.algebra import tree
from longlag.ranges import POSITIVE, part


class Clipping(Protocol):
    """A map of gradients, per replica."""

    def __call__(self, gradient: dict[str, Tensor]) -> dict[str, Tensor]: ...


@dataclass(frozen=True)
class NoClipping:
    """The gradient as it is."""

    def __call__(self, gradient: dict[str, Tensor]) -> dict[str, Tensor]:
        return gradient


@part
class ClipNorm:
    """g <- g threshold / ||g|| where ||g|| exceeds the threshold; the norm is over all parameters jointly.

    A gradient with an entry beyond the largest number of its precision (3e38 in float32) is not finite afterwards
    either, and a run ends as diverged.
    """

    threshold: Annotated[float, POSITIVE] = 1.0

    def __call__(self, gradient: dict[str, Tensor]) -> dict[str, Tensor]:
        norm = tree.norm(gradient).clamp(min=1e-30)  # a vanished gradient stays as it is
        return tree.scale((self.threshold / norm).clamp(max=1.0), gradient)
