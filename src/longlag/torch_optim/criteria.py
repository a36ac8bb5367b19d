"""Torch's losses as functions of a model's outputs: which are convex in them, and what a mean of theirs counts.

A Gauss-Newton matrix J'HJ is positive semi-definite if the Hessian H of the loss in the outputs is (Schraudolph 2002,
section 3). For a linear loss H is zero, and so is the matrix. Torch's own losses are looked up here, by their exact
class: a subclass may compute something else. Any other function is accepted, and `curvature.py` watches the sign of
its products.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from types import FunctionType
from typing import Any

from torch import Tensor, nn

from longlag.errors import LonglagError, shown
from longlag.losses import Loss

Count = Callable[[Any, Tensor, Any], float]  # loss, outputs, targets -> what its mean divides by


def _entries(loss: Any, outputs: Tensor, targets: Any) -> float:
    return outputs.numel()


def _classes(loss: Any, outputs: Tensor, targets: Tensor) -> float:
    """The weights of the classes that are asked for; one for each row of class probabilities."""
    if targets.is_floating_point():
        return targets.numel() / targets.shape[min(1, targets.dim() - 1)]
    asked = targets[targets != loss.ignore_index]
    return asked.numel() if loss.weight is None else float(loss.weight[asked].sum())


CONVEX: dict[type, Count] = {
    nn.CrossEntropyLoss: _classes,
    nn.MSELoss: _entries,
    nn.BCEWithLogitsLoss: _entries,
    nn.HuberLoss: _entries,
    nn.SmoothL1Loss: _entries,
    nn.PoissonNLLLoss: _entries,
    nn.SoftMarginLoss: _entries,
    nn.MultiLabelSoftMarginLoss: _entries,
}
_AS_MODULES: dict[Any, type] = {  # torch's functions with the settings that they have by themselves
    nn.functional.cross_entropy: nn.CrossEntropyLoss,
    nn.functional.mse_loss: nn.MSELoss,
    nn.functional.binary_cross_entropy_with_logits: nn.BCEWithLogitsLoss,
    nn.functional.huber_loss: nn.HuberLoss,
    nn.functional.smooth_l1_loss: nn.SmoothL1Loss,
    nn.functional.poisson_nll_loss: nn.PoissonNLLLoss,
    nn.functional.soft_margin_loss: nn.SoftMarginLoss,
    nn.functional.multilabel_soft_margin_loss: nn.MultiLabelSoftMarginLoss,
}
_LINEAR = "it is linear in the model's outputs, so that its Gauss-Newton matrix is zero"
_LOGITS = "return logits, without log_softmax, and use nn.CrossEntropyLoss"
_PIECES = "it is linear in pieces, so that its Gauss-Newton matrix is zero"
_BENT = "it is not convex in the model's outputs, so that its Gauss-Newton matrix may have negative curvature"
REFUSED: dict[type, str] = {
    nn.NLLLoss: f"{_LINEAR}; {_LOGITS}",
    nn.KLDivLoss: f"{_LINEAR}; {_LOGITS}, which takes class probabilities as targets",
    nn.L1Loss: f"{_PIECES}; use nn.HuberLoss or nn.SmoothL1Loss",
    nn.BCELoss: "its curvature has no bound near 0 and 1; return logits, without sigmoid, and use nn.BCEWithLogitsLoss",
    nn.MultiMarginLoss: f"{_PIECES}; use nn.CrossEntropyLoss",
    nn.MultiLabelMarginLoss: f"{_PIECES}; use nn.MultiLabelSoftMarginLoss",
    nn.HingeEmbeddingLoss: f"{_PIECES}; use nn.SoftMarginLoss",
    nn.MarginRankingLoss: f"{_PIECES}; use nn.SoftMarginLoss of the difference",
    nn.TripletMarginLoss: f"{_BENT}; use a first-order optimiser",
    nn.TripletMarginWithDistanceLoss: f"{_BENT}; use a first-order optimiser",
    nn.CosineEmbeddingLoss: f"{_BENT}; use a first-order optimiser",
    nn.GaussianNLLLoss: f"{_BENT}; use nn.MSELoss, or a first-order optimiser",
    nn.CTCLoss: f"{_BENT}; use a first-order optimiser",
}


_REFUSED_FUNCTIONS: dict[Any, type] = {
    nn.functional.nll_loss: nn.NLLLoss,
    nn.functional.kl_div: nn.KLDivLoss,
    nn.functional.l1_loss: nn.L1Loss,
    nn.functional.binary_cross_entropy: nn.BCELoss,
    nn.functional.multi_margin_loss: nn.MultiMarginLoss,
    nn.functional.multilabel_margin_loss: nn.MultiLabelMarginLoss,
    nn.functional.hinge_embedding_loss: nn.HingeEmbeddingLoss,
    nn.functional.margin_ranking_loss: nn.MarginRankingLoss,
    nn.functional.triplet_margin_loss: nn.TripletMarginLoss,
    nn.functional.triplet_margin_with_distance_loss: nn.TripletMarginWithDistanceLoss,
    nn.functional.cosine_embedding_loss: nn.CosineEmbeddingLoss,
    nn.functional.gaussian_nll_loss: nn.GaussianNLLLoss,
    nn.functional.ctc_loss: nn.CTCLoss,
}


@dataclass(frozen=True)
class Criterion:
    """A loss of outputs and targets that is one number.

    mean: whether it is a mean over the batch, not a sum. count: what its mean divides by, if it is one of torch's
    convex losses; None for any other function.
    """

    function: Callable[..., Any]
    mean: bool
    count: Count | None

    @property
    def known(self) -> bool:
        """Is it one of torch's convex losses?"""
        return self.count is not None

    def __call__(self, outputs: Any, targets: Any) -> Tensor:
        """The loss, a scalar with its graph.

        Raises:
            LonglagError: several outputs for a loss of torch, or targets that are no tensor; outputs and targets of two
                shapes, which torch would broadcast; or no single number.
        """
        if self.known:
            _check_tensors(self.function, outputs, targets)
        if self.count is _entries:
            _check_shapes(outputs, targets)
        elif self.count is _classes:
            _check_classes(outputs, targets)
        loss = self.function(outputs, targets)
        if not isinstance(loss, Tensor) or loss.numel() != 1:
            found = f"a tensor of shape {list(loss.shape)}" if isinstance(loss, Tensor) else type(loss).__name__
            raise LonglagError(f"loss {_name(self.function)} must return one number, not {found}; take its mean")
        return loss.reshape(())

    def weight(self, outputs: Any, targets: Any) -> float:
        """How much of a mean over several mini-batches this one is: what its own mean divides by. Of a sum, 0 says that
        it has no summand."""
        first = outputs if isinstance(outputs, Tensor) else outputs[0]
        rows = first.shape[0] if first.dim() else 1
        return float(rows if self.count is None else self.count(self.function, outputs, targets))


def criterion(loss: Any) -> Criterion:
    """Somebody's loss, checked.

    Raises:
        LonglagError: it is no loss, or one without a positive semi-definite Gauss-Newton matrix.
    """
    loss = _as_module(loss)
    if isinstance(loss, type):
        raise LonglagError(f"loss is the class {loss.__name__}; write {loss.__name__}()")
    if isinstance(loss, Loss):
        raise LonglagError(
            f"loss {loss!r} belongs to longlag.functional.fit; pass one of torch, such as nn.CrossEntropyLoss()"
        )
    if not callable(loss):
        raise LonglagError(f"loss cannot be {shown(loss)}; pass one of torch, such as nn.CrossEntropyLoss()")
    function = loss.func if type(loss) is partial else loss
    kind = _REFUSED_FUNCTIONS.get(function, type(loss)) if inspect.isroutine(function) else type(loss)
    if kind in REFUSED:
        raise LonglagError(f"Hessian-Free cannot use {_name(function)}: {REFUSED[kind]}")
    count = CONVEX.get(type(loss)) if isinstance(loss, nn.Module) and _untouched(loss) else None
    reduction = _reduction(loss)
    if reduction not in ("mean", "sum") and (count or not isinstance(loss, nn.Module)):
        raise LonglagError(f"reduction of {_name(loss)} cannot be {reduction!r}; it must be 'mean' or 'sum'")
    if count and isinstance(loss, nn.SmoothL1Loss) and not loss.beta:
        raise LonglagError(f"beta of SmoothL1Loss cannot be 0: {_PIECES}; take a larger beta")
    for name in ("weight", "pos_weight"):
        weights = getattr(loss, name, None) if count else None
        if weights is not None and not bool((weights >= 0).all()):
            raise LonglagError(f"{name} of {_name(loss)} must not be negative: {_BENT}")
    return Criterion(loss, mean=reduction != "sum", count=count)


def _as_module(loss: Any) -> Any:
    """A function of torch, or a `functools.partial` of one, as the module of its name with these keywords.

    A partial that gives more than settings, such as the targets, stays as it is.
    """
    function, given = (loss.func, loss.keywords) if type(loss) is partial and not loss.args else (loss, {})
    if not isinstance(function, FunctionType) or function not in _AS_MODULES:
        return loss
    module = _AS_MODULES[function]
    return module(**given) if given.keys() <= inspect.signature(module).parameters.keys() else loss


def _check_tensors(loss: Any, outputs: Any, targets: Any) -> None:
    if not isinstance(outputs, Tensor):
        raise LonglagError(
            f"{_name(loss)} takes one tensor of outputs, and the closure returned {len(outputs)}; several outputs need "
            "a function of your own: loss=lambda z, y: nn.MSELoss()(z[0], y[0]) + nn.MSELoss()(z[1], y[1])"
        )
    if not isinstance(targets, Tensor):
        raise LonglagError(
            f"{_name(loss)} takes one tensor of targets, not a {type(targets).__name__}; write "
            "torch.as_tensor(targets), or give a function of your own as the loss"
        )


def _check_classes(outputs: Tensor, targets: Tensor) -> None:
    """Raises LonglagError if classes are the last axis, [B, T, C], where torch wants them second, [B, C, T]."""
    if outputs.dim() < 3 or targets.is_floating_point():
        return
    if outputs.shape[:-1] == targets.shape and outputs.shape[2:] != targets.shape[1:]:
        raise LonglagError(
            f"outputs have shape {list(outputs.shape)}, with the classes in the last axis; CrossEntropyLoss wants "
            f"them in axis 1, for targets {list(targets.shape)}: outputs.movedim(-1, 1)"
        )


def _untouched(loss: nn.Module) -> bool:
    """Does a module of torch compute what its class does? Not with a forward of its own, or with hooks."""
    return "forward" not in vars(loss) and not (loss._forward_hooks or loss._forward_pre_hooks)


def _reduction(loss: Any) -> Any:
    """What a loss says about itself, or what a partial was given; else a mean.

    A module of somebody's own that says "none" reduces in its own forward, and is taken for a mean.
    """
    return getattr(loss, "reduction", getattr(loss, "keywords", {}).get("reduction", "mean"))


def _check_shapes(outputs: Tensor, targets: Tensor) -> None:
    shapes = [list(part.shape) for part in (outputs, targets)]
    if shapes[0] != shapes[1]:
        raise LonglagError(
            f"outputs {shapes[0]} and targets {shapes[1]} must have one shape; y.unsqueeze(-1) adds the axis of a "
            "single output, squeeze(-1) takes it off"
        )


def _name(loss: Any) -> str:
    return type(loss).__name__ if isinstance(loss, nn.Module) else getattr(loss, "__name__", type(loss).__name__)
