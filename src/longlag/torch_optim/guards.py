"""What is checked around a step: torch's modes, the loss at the present weights, and what torch's own errors mean."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from torch import Tensor, nn
from torch.utils._python_dispatch import TorchDispatchMode

from longlag.algebra.modes import refuse
from longlag.algebra.randomness import TURN_OFF, Operations, same
from longlag.algebra.trainable import check
from longlag.errors import LonglagError, warn_user
from longlag.torch_optim.oracle import ClosureOracle
from longlag.torch_optim.whole import REENTRANT


def check_parameters(trained: Mapping[str, nn.Parameter]) -> None:
    """Raises LonglagError unless these can be trained."""
    if not trained:
        raise LonglagError(
            "no parameter of the optimiser requires gradients: there is nothing to train; call "
            "requires_grad_() on what is to be trained"
        )
    for p in trained.values():
        check(p, "curvature")


def warn_of_gradients(trained: Mapping[str, nn.Parameter]) -> None:
    """Warns that gradients which `backward` left are not used: a user may mean to accumulate them."""
    if any(p.grad is not None for p in trained.values()):
        warn_user(
            "parameters have gradients in .grad, which Hessian-Free does not use: it computes its own. For a large "
            "batch in pieces give step the pieces, step(closure, batches); else call zero_grad() before the first step"
        )


def check_modes(trained: Mapping[str, nn.Parameter]) -> None:
    """Raises LonglagError in a mode of torch in which the sums of a step would be rounded, or have no graph."""
    refuse(trained.values(), "step", "Open it inside the closure, around the forward pass alone")


class _Statistics(TorchDispatchMode):
    """Refuses batch normalisation in training mode, of functions and of scripted modules too."""

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        if "batch_norm" in func._schema.name:
            names = [argument.name for argument in func._schema.arguments]
            given = {**dict(zip(names, args, strict=False)), **(kwargs or {})}
            if given.get("training") and given.get("running_mean") is not None:
                raise LonglagError(
                    "a batch normalisation of the closure is in training mode: every pass of a step would move its "
                    "running statistics. Call it with training=False, call eval() on its module, or use layer_norm"
                )
        return func(*args, **(kwargs or {}))


def check_loss(oracle: ClosureOracle, params: dict[str, Tensor]) -> None:
    """Raises LonglagError unless the loss is finite, and the same in two passes at the present weights."""
    with _Statistics(), Operations() as seen:
        first = oracle.value(params)
    second = oracle.value(params)
    numbers = f"{float(first):.9g} and {float(second):.9g}"
    if not (first.isfinite().all() and second.isfinite().all()):
        raise LonglagError(
            f"the loss is {float(first)} at the present weights. No step of Hessian-Free leads there; look at the "
            "inputs, the targets and the start"
        )
    if not same(first, second, next(iter(params.values())).device):
        raise LonglagError(
            f"the loss is random: two passes at the same weights gave {numbers}{seen.in_brackets()}. {TURN_OFF}, take "
            "data that is the same in every pass, and carry no state from one pass to the next: a closure that keeps "
            "the last hidden state starts each pass from another one"
        )


@contextmanager
def explained() -> Iterator[None]:
    """Says what torch's own error means where a closure cannot be differentiated twice."""
    try:
        yield
    except RuntimeError as error:
        text = str(error)
        if "second time" in text or "does not have a grad_fn" in text:  # of passes with a graph, and without one
            raise LonglagError(
                "the closure has no graph to differentiate: compute the outputs inside it, in every call, and leave "
                "backward() and zero_grad() out of it; Hessian-Free computes gradients itself. If the closure takes "
                "derivatives, torch.autograd.grad(..., create_graph=True), put them and the forward pass under "
                "`with torch.enable_grad():`, since some passes of a step keep no graph"
            ) from error
        if "use_reentrant=True" in text:
            raise LonglagError(REENTRANT) from error
        if "double backward" in text or ("derivative for" in text and "not implemented" in text):
            raise LonglagError(
                f"something in the closure cannot be differentiated twice ({text.splitlines()[0][:200]}); a compiled "
                "model is used without torch.compile, nn.EmbeddingBag as nn.Embedding and a mean, a loss "
                "such as CTC not at all"
            ) from error
        raise
