"""Which models are random: an optimiser that makes trial steps compares losses, and each pass would see another one.
A score of one would be another at each call.

Torch's random modules are known. What draws random numbers in a function, or carries a state from one pass to the next,
shows in two passes at the same weights.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import get_ident
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _NormBase
from torch.nn.modules.dropout import _DropoutNd
from torch.nn.modules.module import register_module_forward_pre_hook
from torch.utils._python_dispatch import TorchDispatchMode

from longlag.errors import LonglagError

TURN_OFF = "Turn off dropout and noise (model.eval())"
_AGREEMENT = {"cpu": 1e-6}  # of two passes at the same weights, relative
_ELSEWHERE = 1e-4  # on devices whose sums have no fixed order


def refuse_random(module: nn.Module) -> None:
    """Raises LonglagError for a module of torch that draws random numbers when it is called."""
    if draws(module):
        raise LonglagError(
            f"{in_one_line(module)} is in training mode: it is random, and two passes of one step would see two "
            "losses. Call eval() on it or on the model, or set its dropout to 0"
        )


def draws(module: nn.Module) -> bool:
    """Does a module of torch draw random numbers at its next call?"""
    return module.training and _random(module)


def moves_statistics(module: nn.Module) -> bool:
    """Does a batch normalisation write its running statistics at its next call?"""
    return module.training and isinstance(module, _NormBase) and module.running_mean is not None


def _random(module: nn.Module) -> bool:
    if isinstance(module, _DropoutNd):
        return module.p > 0
    if isinstance(module, nn.RNNBase):
        return module.dropout > 0 and module.num_layers > 1
    if isinstance(module, nn.MultiheadAttention):
        return module.dropout > 0
    return isinstance(module, nn.RReLU | nn.FractionalMaxPool2d | nn.FractionalMaxPool3d)


def in_one_line(module: nn.Module) -> str:
    """A module as messages show it: with its parts, only its class is named."""
    return type(module).__name__ if any(module.children()) else str(module)


@contextmanager
def before_each_call(look: Callable[[nn.Module], None]) -> Iterator[None]:
    """Looks at every module that this thread calls inside the block; other threads may call what they like."""
    thread = get_ident()

    def hook(module: nn.Module, _: Any) -> None:
        if get_ident() == thread:
            look(module)

    handle = register_module_forward_pre_hook(hook)
    try:
        yield
    finally:
        handle.remove()


class Operations(TorchDispatchMode):
    """Notes the random operations of a pass, of functions and of scripted modules too, which hooks of modules miss.

    Some draw nothing where their dropout is 0: only passes that differ say that a model is random.
    """

    def __init__(self) -> None:
        super().__init__()
        self._random: dict[str, None] = {}

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        if torch.Tag.nondeterministic_seeded in func.tags:
            self._random[func._schema.name.removeprefix("aten::")] = None
        return func(*args, **(kwargs or {}))

    def in_brackets(self) -> str:
        """The operations for a message, after a space; empty if there was none."""
        return f" ({', '.join(self._random)} drew random numbers)" if self._random else ""


def same(first: Tensor, second: Tensor, device: torch.device) -> bool:
    """Whether two passes at the same weights gave the same numbers, up to rounding on the device of the model."""
    if first.shape != second.shape:
        return False
    first, second = (each.to(torch.promote_types(each.dtype, torch.float64)) for each in (first, second))
    largest = max(float(first.norm()), float(second.norm()))
    return float((first - second).norm()) <= _AGREEMENT.get(device.type, _ELSEWHERE) * largest
