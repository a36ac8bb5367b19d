"""Losses on the scored steps: value, derivative, curvature, and which sequences count as wrong.

Outputs are [R, K, B, O] (K scored steps); targets are [R, K, B, O] for real values and [R, K, B] for classes.
Every value is a mean over the K scored steps and the B sequences, per replica: [R].
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal, Protocol

import torch
from torch import Tensor
from torch.nn.functional import one_hot

from longlag.ranges import COUNT, NON_NEGATIVE, check


class Loss(Protocol):
    """A convex function of the outputs. `name` is the value of the loss column of a row."""

    @property
    def name(self) -> str: ...

    def value(self, outputs: Tensor, targets: Tensor) -> Tensor:
        """Mean loss per replica, [R]."""

    def gradient(self, outputs: Tensor, targets: Tensor) -> Tensor:
        """Derivative of `value` with respect to the outputs, [R, K, B, O]."""

    def hessian_product(self, outputs: Tensor, tangent: Tensor) -> Tensor:
        """Hessian of `value` with respect to the outputs, times a tangent, [R, K, B, O]; positive semi-definite."""

    def wrong(self, outputs: Tensor, targets: Tensor) -> Tensor:
        """Which answers are wrong, [R, K, B] bool; a sequence is wrong if any of its K answers is."""

    def encode(self, targets: Tensor) -> Tensor:
        """The targets as real outputs that a linear readout can be fitted to, [R, K, B, O]."""


@dataclass(frozen=True)
class SquaredError:
    """Mean squared error for real targets; wrong beyond an absolute tolerance (Hochreiter & Schmidhuber 1997: 0.04)."""

    tolerance: Annotated[float, NON_NEGATIVE]
    name: Literal["squared_error"] = "squared_error"

    def __post_init__(self) -> None:
        check(self)

    def value(self, outputs: Tensor, targets: Tensor) -> Tensor:
        return (outputs - targets).square().flatten(1).mean(1)

    def gradient(self, outputs: Tensor, targets: Tensor) -> Tensor:
        return (outputs - targets) * (2 / outputs[0].numel())

    def hessian_product(self, outputs: Tensor, tangent: Tensor) -> Tensor:
        return tangent * (2 / outputs[0].numel())

    def wrong(self, outputs: Tensor, targets: Tensor) -> Tensor:
        return ~((outputs - targets).abs() <= self.tolerance).all(-1)  # a nan is wrong

    def encode(self, targets: Tensor) -> Tensor:
        return targets


@dataclass(frozen=True)
class CrossEntropy:
    """Softmax cross-entropy in nats per scored step; wrong if the largest output is another class."""

    classes: Annotated[int, COUNT]
    name: Literal["cross_entropy"] = "cross_entropy"

    def __post_init__(self) -> None:
        check(self)

    def value(self, outputs: Tensor, targets: Tensor) -> Tensor:
        picked = outputs.log_softmax(-1).gather(-1, targets.unsqueeze(-1))
        return -picked.flatten(1).mean(1)

    def gradient(self, outputs: Tensor, targets: Tensor) -> Tensor:
        return (outputs.softmax(-1) - self.encode(targets).to(outputs.dtype)) / targets[0].numel()

    def hessian_product(self, outputs: Tensor, tangent: Tensor) -> Tensor:
        p = outputs.softmax(-1)
        weighted = p * tangent  # (diag p - p p') tangent
        return (weighted - p * weighted.sum(-1, keepdim=True)) / outputs[0, ..., 0].numel()

    def wrong(self, outputs: Tensor, targets: Tensor) -> Tensor:
        return outputs.argmax(-1) != targets

    def encode(self, targets: Tensor) -> Tensor:
        return one_hot(targets, self.classes).to(torch.get_default_dtype())


@dataclass(frozen=True)
class OneHotError:
    """Squared error against one-hot classes: what ridge regression minimises; wrong by the largest output."""

    classes: Annotated[int, COUNT]
    name: Literal["one_hot_error"] = "one_hot_error"

    def __post_init__(self) -> None:
        check(self)

    def value(self, outputs: Tensor, targets: Tensor) -> Tensor:
        return (outputs - self.encode(targets)).square().flatten(1).mean(1)

    def gradient(self, outputs: Tensor, targets: Tensor) -> Tensor:
        return (outputs - self.encode(targets)) * (2 / outputs[0].numel())

    def hessian_product(self, outputs: Tensor, tangent: Tensor) -> Tensor:
        return tangent * (2 / outputs[0].numel())

    def wrong(self, outputs: Tensor, targets: Tensor) -> Tensor:
        return outputs.argmax(-1) != targets

    def encode(self, targets: Tensor) -> Tensor:
        return one_hot(targets, self.classes).to(torch.get_default_dtype())
