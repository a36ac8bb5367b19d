"""The loss's Hessian in a model's outputs, H, by differentiating the loss twice: right for every loss and its options.

The products of a loss that is not known to be convex are watched. Where u'Hu < 0 it is not, and CG would follow a
direction without a minimum; where H is zero the loss is linear, and a step would be one of gradient descent. A convex
loss has u'Hu < 0 by rounding alone where it is flat, as cross-entropy is once every target is certain: differences of
equal numbers remain, of the size of the rounding of u itself.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from longlag.errors import LonglagError

UNTRAINED = (
    "the loss does not depend on any parameter of the optimiser that requires a gradient; is an output detached, "
    "computed under no_grad, or of another model?"
)
_NEGATIVE = -1e-4  # u'Hu of rounding in single precision, as a share of |u| |Hu|
_FLAT = -64.0  # of rounding where the loss is flat: in units of the type's epsilon, a row's share of |u|^2


@dataclass(frozen=True)
class Twice:
    """The loss's gradient in the outputs, with its graph, at `outputs`. convex: whether it is known to be."""

    outputs: tuple[Tensor, ...]
    gradient: tuple[Tensor, ...]
    convex: bool = False

    def product(self, u: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        """u -> H u; zeros where the loss is linear.

        Raises:
            LonglagError: u'Hu is negative beyond rounding: the loss is not convex in the outputs, nor known to be.
        """
        bent = [(g, one) for g, one in zip(self.gradient, u, strict=True) if g.requires_grad]
        if not bent:
            return tuple(torch.zeros_like(one) for one in u)
        gradients, along = zip(*bent, strict=True)
        curved = torch.autograd.grad(gradients, self.outputs, along, retain_graph=True, materialize_grads=True)
        if not self.convex:
            self._check_sign(u, curved)
        return curved

    def _check_sign(self, u: tuple[Tensor, ...], curved: tuple[Tensor, ...]) -> None:
        form, squared = _dot(u, curved), _dot(u, u)
        first = self.outputs[0]
        rounding = _FLAT * torch.finfo(first.dtype).eps * squared / (first.shape[0] if first.dim() else 1)
        if form < min(_NEGATIVE * (squared * _dot(curved, curved)) ** 0.5, rounding):
            raise LonglagError(
                f"the loss is not convex in the model's outputs: u'Hu = {form:.3g} for a change u of the outputs. "
                "A Gauss-Newton step needs a convex loss, such as nn.CrossEntropyLoss or nn.MSELoss; or move the part "
                "that is not convex from the loss into the model"
            )

    def check_bent(self) -> None:
        """Raises LonglagError if the loss is linear at these outputs: all products would be zero."""
        steepest = tuple(part.detach() for part in self.gradient)
        if any(part.any() for part in steepest) and not any(part.any() for part in self.product(steepest)):
            raise LonglagError(
                "the loss is linear in the outputs that the closure returned, so that its Gauss-Newton matrix is "
                "zero; return the outputs before log_softmax and the like (nn.CrossEntropyLoss takes logits), or take "
                "a loss with curvature, such as nn.HuberLoss for nn.L1Loss"
            )


def differentiated(loss: Tensor, outputs: tuple[Tensor, ...], convex: bool = False) -> Twice:
    """Differentiates the loss, a scalar with its graph, in the outputs, so that it can be differentiated once more.

    Raises:
        LonglagError: the loss was not computed from them, or they depend on nothing that is trained.
    """
    if not loss.requires_grad or not all(part.requires_grad for part in outputs):
        raise LonglagError(UNTRAINED)
    found = torch.autograd.grad(loss, outputs, create_graph=True, allow_unused=True)
    if all(part is None for part in found):
        raise LonglagError("the loss was not computed from the outputs that the closure returned; return those")
    gradient = tuple(torch.zeros_like(z) if part is None else part for part, z in zip(found, outputs, strict=True))
    return Twice(outputs, gradient, convex)


def _dot(a: tuple[Tensor, ...], b: tuple[Tensor, ...]) -> float:
    """Inner product over all outputs, float64."""
    return float(sum((one.double() * other.double()).sum() for one, other in zip(a, b, strict=True)))
