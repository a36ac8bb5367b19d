"""Losses on the scored steps: value, derivative, curvature, and which sequences count as wrong.

Outputs are [R, K, B, O] (K scored steps); targets are [R, K, B, O] for real values and [R, K, B] int64 for classes.
Every value is a mean over the K scored steps and the B sequences, per replica: [R]. Outputs and targets that do not fit
each other raise LonglagError: torch would broadcast them, and train on differences of numbers that have nothing to do
with each other.
"""

from __future__ import annotations

from typing import Annotated, Literal, Protocol, runtime_checkable

import torch
from torch import Tensor
from torch.nn.functional import one_hot

from longlag.errors import LonglagError
from longlag.ranges import COUNT, NON_NEGATIVE, POSITIVE, Interval, part


@runtime_checkable
class Loss(Protocol):
    """A function of the outputs, convex unless it says otherwise. `name` is the value of the loss column of a row."""

    @property
    def name(self) -> str: ...

    def value(self, outputs: Tensor, targets: Tensor) -> Tensor:
        """Mean loss per replica, [R]."""

    def gradient(self, outputs: Tensor, targets: Tensor) -> Tensor:
        """Derivative of `value` with respect to the outputs, [R, K, B, O]."""

    def hessian_product(self, outputs: Tensor, tangent: Tensor) -> Tensor:
        """Hessian of `value` with respect to the outputs, times a tangent, [R, K, B, O]; positive semi-definite: of a
        loss that is not convex, the Gauss-Newton part."""

    def wrong(self, outputs: Tensor, targets: Tensor) -> Tensor:
        """Which answers are wrong, [R, K, B] bool; a sequence is wrong if any of its K answers is."""

    def encode(self, targets: Tensor) -> Tensor:
        """The targets as real outputs that a linear readout can be fitted to, [R, K, B, O]."""


@runtime_checkable
class WithDistance(Protocol):
    """What a loss may add: how far its answers are off."""

    def distance(self, outputs: Tensor, targets: Tensor) -> Tensor:
        """Mean absolute error of each answer, [R, K, B]."""


@part
class SquaredError:
    """Mean squared error for real targets, a mean over the O outputs too. An answer is wrong if any output is off by
    more than `tolerance` (Hochreiter & Schmidhuber 1997: 0.04)."""

    tolerance: Annotated[float, NON_NEGATIVE]
    name: Literal["squared_error"] = "squared_error"

    def value(self, outputs: Tensor, targets: Tensor) -> Tensor:
        _check_numbers(outputs, targets)
        return (outputs - targets).square().flatten(1).mean(1)

    def gradient(self, outputs: Tensor, targets: Tensor) -> Tensor:
        _check_numbers(outputs, targets)
        return (outputs - targets) * (2 / outputs[0].numel())

    def hessian_product(self, outputs: Tensor, tangent: Tensor) -> Tensor:
        return tangent * (2 / outputs[0].numel())

    def distance(self, outputs: Tensor, targets: Tensor) -> Tensor:
        _check_numbers(outputs, targets)
        return (outputs - targets).abs().mean(-1)

    def wrong(self, outputs: Tensor, targets: Tensor) -> Tensor:
        _check_numbers(outputs, targets)
        return ~((outputs - targets).abs() <= self.tolerance).all(-1)  # a nan is wrong

    def encode(self, targets: Tensor) -> Tensor:
        return targets


class _OfClasses(Protocol):
    @property
    def classes(self) -> int: ...


def _another_class(loss: _OfClasses, outputs: Tensor, targets: Tensor) -> Tensor:
    """`Loss.wrong` of classes: the largest output is that of another class. Outputs with a nan are wrong."""
    _check_classes(outputs, targets, loss.classes)
    return (outputs.argmax(-1) != targets) | outputs.isnan().any(-1)


def _one_hot(loss: _OfClasses, targets: Tensor) -> Tensor:
    """`Loss.encode` of classes."""
    return one_hot(targets, loss.classes).to(torch.get_default_dtype())


@part
class CrossEntropy:
    """Softmax cross-entropy in nats per scored step. An answer is wrong if the largest output is another class."""

    classes: Annotated[int, COUNT]
    name: Literal["cross_entropy"] = "cross_entropy"
    wrong, encode = _another_class, _one_hot

    def value(self, outputs: Tensor, targets: Tensor) -> Tensor:
        _check_classes(outputs, targets, self.classes)
        picked = outputs.log_softmax(-1).gather(-1, targets.unsqueeze(-1))
        return -picked.flatten(1).mean(1)

    def gradient(self, outputs: Tensor, targets: Tensor) -> Tensor:
        _check_classes(outputs, targets, self.classes)
        return (outputs.softmax(-1) - self.encode(targets).to(outputs.dtype)) / targets[0].numel()

    def hessian_product(self, outputs: Tensor, tangent: Tensor) -> Tensor:
        p = outputs.softmax(-1)
        weighted = p * tangent  # (diag p - p p') tangent
        return (weighted - p * weighted.sum(-1, keepdim=True)) / outputs[0, ..., 0].numel()


@part
class OneHotError:
    """Mean squared error against one-hot classes, a mean over the O outputs too: what ridge regression minimises. An
    answer is wrong if the largest output is another class."""

    classes: Annotated[int, COUNT]
    name: Literal["one_hot_error"] = "one_hot_error"
    wrong, encode = _another_class, _one_hot

    def value(self, outputs: Tensor, targets: Tensor) -> Tensor:
        _check_classes(outputs, targets, self.classes)
        return (outputs - self.encode(targets)).square().flatten(1).mean(1)

    def gradient(self, outputs: Tensor, targets: Tensor) -> Tensor:
        _check_classes(outputs, targets, self.classes)
        return (outputs - self.encode(targets)) * (2 / outputs[0].numel())

    def hessian_product(self, outputs: Tensor, tangent: Tensor) -> Tensor:
        return tangent * (2 / outputs[0].numel())


@part
class LogisticError:
    """Half the squared error of logistic outputs s = 1 / (1 + e^-z), summed over them (Hochreiter & Schmidhuber 1997).

    An answer is wrong if any s is off by more than `tolerance`. It is not convex in z: `hessian_product` is the
    Gauss-Newton part. classes: 0 for real targets between 0 and 1. For classes the target is 1 at the class and 0
    elsewhere.
    """

    tolerance: Annotated[float, POSITIVE]
    classes: Annotated[int, Interval(0, 10**9)] = 0
    name: Literal["logistic_error"] = "logistic_error"

    def value(self, outputs: Tensor, targets: Tensor) -> Tensor:
        error = outputs.sigmoid() - self._aims(outputs, targets)
        return error.square().sum(-1).flatten(1).mean(1) / 2

    def gradient(self, outputs: Tensor, targets: Tensor) -> Tensor:
        s = outputs.sigmoid()
        return (s - self._aims(outputs, targets)) * s * (1 - s) / outputs[0, ..., 0].numel()

    def hessian_product(self, outputs: Tensor, tangent: Tensor) -> Tensor:
        s = outputs.sigmoid()
        return (s * (1 - s)).square() * tangent / outputs[0, ..., 0].numel()

    def distance(self, outputs: Tensor, targets: Tensor) -> Tensor:
        return (outputs.sigmoid() - self._aims(outputs, targets)).abs().mean(-1)

    def wrong(self, outputs: Tensor, targets: Tensor) -> Tensor:
        off = (outputs.sigmoid() - self._aims(outputs, targets)).abs().amax(-1)
        return off.isnan() | (off > self.tolerance)

    def encode(self, targets: Tensor) -> Tensor:
        """The outputs z whose s are the targets, half a tolerance inside 0 and 1."""
        aims = _one_hot(self, targets) if self.classes else targets
        return aims.clamp(self.tolerance / 2, 1 - self.tolerance / 2).logit()

    def _aims(self, outputs: Tensor, targets: Tensor) -> Tensor:
        """The targets of s, [R, K, B, O]."""
        if not self.classes:
            _check_numbers(outputs, targets)
            return targets
        _check_classes(outputs, targets, self.classes)
        return _one_hot(self, targets).to(outputs.dtype)


def _check_numbers(outputs: Tensor, targets: Tensor) -> None:
    """Raises LonglagError unless there is one real target for each output."""
    _check_outputs(outputs)
    if outputs.shape != targets.shape:
        raise LonglagError(
            f"real targets {_described(targets)} do not fit outputs {_described(outputs)}: both have one shape, "
            "[R, K, B, O], or [B, O] in fit; y.unsqueeze(-1) adds the axis of a single output"
        )
    if targets.dtype == torch.bool or targets.is_complex():
        raise LonglagError(f"real targets cannot be {targets.dtype}; y.float() makes numbers of truth values")


def _check_classes(outputs: Tensor, targets: Tensor, classes: int) -> None:
    """Raises LonglagError unless there is one class in range for each row of outputs.

    The range is looked at on a CPU only: elsewhere it would wait for the device.
    """
    _check_outputs(outputs)
    if outputs.shape[-1] != classes:
        raise LonglagError(
            f"a loss of {classes} classes needs as many outputs, not {outputs.shape[-1]}: outputs {_described(outputs)}"
        )
    if targets.shape != outputs.shape[:-1]:
        raise LonglagError(
            f"class targets {_described(targets)} do not fit outputs {_described(outputs)}: they have that shape "
            "without its last axis, [R, K, B], or [B] in fit; y.argmax(-1) makes classes of one-hot rows"
        )
    if targets.dtype != torch.int64:
        raise LonglagError(f"class targets must be torch.int64, not {targets.dtype}; y.long() converts whole numbers")
    if targets.device.type == "cpu":
        check_range(targets, classes)


def check_range(targets: Tensor, classes: int) -> None:
    """Raises LonglagError unless every class is one of 0 to classes - 1."""
    if targets.numel():
        low, high = (int(end) for end in targets.aminmax())
        if low < 0 or high >= classes:
            wrong = low if low < 0 else high
            raise LonglagError(
                f"class {wrong} among the targets is none of 0 to {classes - 1}, the {classes} outputs; number classes "
                "from 0, or give the loss and the readout more of them"
            )


def _check_outputs(outputs: Tensor) -> None:
    if not outputs.is_floating_point():
        raise LonglagError(f"outputs must be floating-point numbers, not {outputs.dtype}; return those of the readout")
    if not outputs.numel():
        raise LonglagError(f"outputs {_described(outputs)} hold no number: a loss is a mean over sequences")


def _described(values: Tensor) -> str:
    return f"of shape {list(values.shape)}"
