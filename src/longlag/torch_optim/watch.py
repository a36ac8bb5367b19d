"""What is seen of somebody's modules while a closure runs: those that no step can use, and named hidden states.

The closure alone is known, not the model, so that every module that is called in it is looked at (a hook of torch for
all modules, which is there during the call only). What other threads of Python call meanwhile is none of its business.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from threading import get_ident
from typing import Any

from torch import Tensor, nn
from torch.nn.utils.rnn import PackedSequence

from longlag.algebra.randomness import before_each_call, in_one_line, moves_statistics, refuse_random
from longlag.errors import LonglagError


@dataclass(frozen=True)
class States:
    """Hidden states that structural damping protects, of any shape, and how many sequences they belong to.

    guessed: whether nobody said which axis counts the sequences, and the first was taken.
    """

    values: Tensor
    sequences: int
    guessed: bool = False


@dataclass(frozen=True)
class Watch:
    """modules: their outputs are hidden states. batch_axis: which axis of hidden states counts the sequences.

    None: those of torch's recurrent layers and cells say it themselves, of others it is the first.
    """

    modules: Sequence[nn.Module] = ()
    batch_axis: int | None = None

    @contextmanager
    def during_a_pass(self, called: set[nn.Module]) -> Iterator[list[States]]:
        """Collects the hidden states of the modules, and refuses modules that are random. Adds to those called.

        Raises:
            LonglagError: at the call of a module that is random, writes running statistics or is spread over processes.
        """
        found: list[States] = []
        thread = get_ident()

        def keep(module: nn.Module, _: Any, output: Any) -> None:
            if get_ident() != thread:
                return
            called.add(module)
            states = self.states(output, _axis(module))
            found.append(replace(states, sequences=1) if _alone(module, output) else states)

        with ExitStack() as hooks:
            hooks.enter_context(before_each_call(_refuse))
            for module in self.modules:
                hooks.enter_context(_removed(module.register_forward_hook(keep)))
            yield found

    def check_called(self, called: set[nn.Module]) -> None:
        """Raises LonglagError if a module that is named was not called in any pass so far."""
        for module in self.modules:
            if module not in called:
                raise LonglagError(
                    f"hidden names a {type(module).__name__} that the closure did not call; name a module of the "
                    "model that it calls, as module(x) and not as module.forward(x), or leave hidden out"
                )

    def states(self, output: Any, axis: int | None = None) -> States:
        """The hidden states in what a module returned: a tensor, packed sequences, or a tuple that begins with one."""
        if isinstance(output, PackedSequence):
            return States(output.data, int(output.batch_sizes[0]))
        if isinstance(output, tuple | list) and output:
            return self.states(output[0], axis)
        if not isinstance(output, Tensor):
            raise LonglagError(f"hidden states are tensors or packed sequences, not {type(output).__name__}")
        guessed = axis is None and self.batch_axis is None
        axis = (self.batch_axis or 0) if axis is None else axis
        if not -output.dim() <= axis < output.dim():
            raise LonglagError(f"hidden states of shape {list(output.shape)} have no axis {axis}; set batch_axis")
        return States(output, output.shape[axis], guessed)


@contextmanager
def _removed(handle: Any) -> Iterator[None]:
    try:
        yield
    finally:
        handle.remove()


def _axis(module: nn.Module) -> int | None:
    """Where a recurrent layer or cell of torch has its sequences; None for other modules."""
    if isinstance(module, nn.RNNBase):
        return 0 if module.batch_first else 1
    return 0 if isinstance(module, nn.RNNCellBase) else None


def _alone(module: nn.Module, output: Any) -> bool:
    """Are these the states of a single sequence without an axis of sequences: [T, H] of a layer, [H] of a cell?"""
    first = output[0] if isinstance(output, tuple) else output
    axes = 2 if isinstance(module, nn.RNNBase) else 1 if isinstance(module, nn.RNNCellBase) else None
    return isinstance(first, Tensor) and first.dim() == axes


def _refuse(module: nn.Module) -> None:
    """A module that draws random numbers or writes running statistics gives every trial step another loss.

    One that is spread over processes would give each of them another step.
    """
    if isinstance(module, nn.parallel.DistributedDataParallel):
        raise LonglagError(
            "the closure calls a DistributedDataParallel model, which averages gradients of backward() alone: each "
            "process would take a step of its own. Train in one process, with the model inside it, model.module; for "
            "data that are too many at once give step mini-batches, step(closure, batches)"
        )
    if moves_statistics(module):
        raise LonglagError(
            f"{in_one_line(module)} is in training mode: every pass of a step would move its running statistics. Call "
            "eval() on it (its statistics then stay as they are), or use nn.LayerNorm or nn.GroupNorm"
        )
    refuse_random(module)
