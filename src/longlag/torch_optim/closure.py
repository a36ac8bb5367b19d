"""One forward pass of somebody's closure: what it may return, and what is made of it.

With a loss named at the construction of the optimiser a closure returns (outputs, targets), without one (loss,
outputs). A third part, if there is one, is the hidden states that structural damping protects.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from torch import Tensor, nn
from torch.nn.utils.rnn import PackedSequence

from longlag.errors import LonglagError
from longlag.torch_optim.criteria import Criterion
from longlag.torch_optim.curvature import Twice, differentiated
from longlag.torch_optim.watch import States, Watch

_FORMS = (
    "with a loss, HessianFree(params, loss=nn.CrossEntropyLoss()), return (outputs, targets); without one return "
    "(loss, outputs); a third part names hidden states"
)


@dataclass(frozen=True)
class Answer:
    """What a forward pass gave: a loss (a scalar with its graph), the outputs that it was computed from, hidden states.

    weight: how much of a mean over mini-batches this one is; of a sum, 0 says that it has no summand. second_order:
    differentiates the loss in the outputs, so that it can be differentiated once more; it uses the graph.
    """

    loss: Tensor
    outputs: tuple[Tensor, ...]
    hidden: tuple[States, ...]
    weight: float
    second_order: Callable[[], Twice]

    @property
    def sequences(self) -> int:
        """Of the hidden states of one module or one returned tensor."""
        return max((states.sequences for states in self.hidden), default=0)


@dataclass(frozen=True)
class Closure:
    """A closure of somebody's, on one mini-batch. called: which modules of `watch` were called so far, in any pass."""

    call: Callable[[], Any]
    criterion: Criterion | None
    watch: Watch
    called: set[nn.Module] = field(default_factory=set)

    def ask(self) -> Answer:
        """Calls it.

        Raises:
            LonglagError: it returns something else than is asked for, or a module in it is random.
        """
        with self.watch.during_a_pass(self.called) as seen:
            returned = self.call()
        if not isinstance(returned, tuple | list) or isinstance(returned, PackedSequence):
            raise LonglagError(
                f"the closure returned {_described(returned)} alone; curvature needs the outputs too: {_FORMS}"
            )
        if len(returned) not in (2, 3):
            raise LonglagError(f"the closure returned {len(returned)} parts: {_FORMS}")
        first, second, *rest = returned
        hidden = (*seen, *(states for part in rest for states in self._returned(part)))
        return (self._of_loss if self.criterion is None else self._of_targets)(first, second, hidden)

    def _returned(self, part: Any) -> list[States]:
        if isinstance(part, tuple | list) and not isinstance(part, PackedSequence):
            return [self.watch.states(one) for one in part]
        return [self.watch.states(part)]

    def _of_targets(self, outputs: Any, targets: Any, hidden: tuple[States, ...]) -> Answer:
        assert self.criterion is not None
        ask = self.criterion
        outputs, targets = _unpacked(outputs), _unpacked(targets)
        several = isinstance(outputs, tuple | list)
        parts = tuple(outputs) if several else (outputs,)
        _check_outputs(parts)
        if parts[0].dim() == 0 and isinstance(targets, Tensor) and targets.is_floating_point() and targets.dim():
            raise LonglagError(f"the closure seems to return (loss, outputs), but a loss is named as well: {_FORMS}")
        if isinstance(targets, Tensor) and targets.requires_grad and not any(part.requires_grad for part in parts):
            raise LonglagError(f"the targets depend on the parameters, and the outputs do not: {_FORMS}")
        loss = ask(outputs, targets)

        def second_order() -> Twice:
            leaves = tuple(part.detach().requires_grad_() for part in parts)
            return differentiated(ask(leaves if several else leaves[0], targets), leaves, ask.known)

        return Answer(loss, parts, hidden, ask.weight(outputs, targets), second_order)

    def _of_loss(self, loss: Any, outputs: Any, hidden: tuple[States, ...]) -> Answer:
        if not isinstance(loss, Tensor) or loss.numel() != 1:
            raise LonglagError(f"no loss is named, but the closure returned {_described(loss)} first: {_FORMS}")
        outputs = _unpacked(outputs)
        if not isinstance(outputs, Tensor):
            raise LonglagError(
                f"with a loss the closure returns one tensor of outputs, not {_described(outputs)}; for several name "
                "the loss, HessianFree(params, loss=function of (outputs, targets)), and return (outputs, targets)"
            )
        _check_outputs((outputs,))
        loss = loss.reshape(())
        rows = float(outputs.shape[0]) if outputs.dim() else 1.0
        return Answer(loss, (outputs,), hidden, rows, lambda: differentiated(loss, (outputs,)))


def _unpacked(value: Any) -> Any:
    """Packed sequences as the tensor of their steps."""
    return value.data if isinstance(value, PackedSequence) else value


def _check_outputs(outputs: tuple[Any, ...]) -> None:
    for part in outputs:
        if not isinstance(part, Tensor) or not part.is_floating_point():
            kind = f"of {part.dtype}" if isinstance(part, Tensor) else type(part).__name__
            raise LonglagError(f"outputs are tensors of floating-point numbers, not {kind}: {_FORMS}")


def _described(value: Any) -> str:
    if not isinstance(value, Tensor):
        return f"a {type(value).__name__}"
    return "a number" if value.numel() == 1 else f"a tensor of shape {list(value.shape)}"
