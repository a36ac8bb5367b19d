"""Any torch module with a step as a cell: module(x_t, state) -> state, such as nn.GRUCell or nn.LSTMCell.

@dataclass(frozen=True)
class TorchGRU:
    hidden: int = 32
    shapes, drive, step = of_module(lambda cell, n_inputs: torch.nn.GRUCell(n_inputs, cell.hidden))
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor

from longlag.algebra.randomness import draws, in_one_line
from longlag.algebra.tree import Params
from longlag.cells.base import State
from longlag.errors import LonglagError

Shapes = Callable[[Any, int], Mapping[str, tuple[int, ...]]]
Drive = Callable[[Any, Params, Tensor], Tensor]
Step = Callable[[Any, Params, State, Tensor], tuple[State, Tensor]]


def of_module(make: Callable[[Any, int], torch.nn.Module]) -> tuple[Shapes, Drive, Step]:
    """`shapes`, `drive` and `step` of a cell.

    The parameters keep their torch names, shapes and meaning. A state of several parts also needs `start`
    (`zero_start`). The damped states are the hidden states. Replicas are computed one after the other.

    Args:
        make: the cell, a frozen dataclass, and its number of inputs -> the module. It maps inputs [B, X] and a state to
            the next state: a tensor [B, H], or a tuple of them whose first is the hidden state. It has no buffers, and
            draws no random numbers.

    Raises:
        LonglagError: at the first use of `shapes`, `drive` or `step`: the module is a layer, has a buffer or draws
            random numbers. In `step`: its state has another number of parts than `start` gives.
    """

    @functools.cache
    def module(cell: Any, n_inputs: int) -> torch.nn.Module:
        with torch.device("meta"):  # its own parameters are not used
            made = make(cell, n_inputs)
        _check_module(made)
        return made

    def shapes(cell: Any, n_inputs: int) -> Mapping[str, tuple[int, ...]]:
        return {name: tuple(value.shape) for name, value in module(cell, n_inputs).named_parameters()}

    def drive(cell: Any, params: Params, x: Tensor) -> Tensor:
        return x.to(params[next(iter(shapes(cell, x.shape[-1])))].dtype)

    def step(cell: Any, params: Params, state: State, drive: Tensor) -> tuple[State, Tensor]:
        net, names = module(cell, drive.shape[-1]), shapes(cell, drive.shape[-1])
        replicas = []
        for r, x in enumerate(drive):
            parts = tuple(part[r] for part in state)
            if isinstance(net, torch.nn.LSTMCell):
                _check_parts(net, 2, len(parts))
            own = {name: params[name][r] for name in names}
            after = torch.func.functional_call(net, own, (x, parts if len(parts) > 1 else parts[0]))
            replicas.append(after if isinstance(after, tuple) else (after,))
            _check_parts(net, len(replicas[-1]), len(parts))
        new = tuple(torch.stack(parts) for parts in zip(*replicas, strict=True))
        return new, new[0]

    return shapes, drive, step


def _check_module(made: torch.nn.Module) -> None:
    """Raises LonglagError for a module that is no step, or that keeps or draws what a run does not know of."""
    name = type(made).__name__
    if isinstance(made, torch.nn.RNNBase):
        raise LonglagError(f"{name} is a layer, which reads whole sequences; a cell is one step, such as nn.{name}Cell")
    if buffer := next((name for name, _ in made.named_buffers()), ""):
        raise LonglagError(
            f"{name} has the buffer {buffer!r}, and a module as a cell may have parameters alone; "
            "compute the buffer in its forward"
        )
    if random := next((part for part in made.modules() if draws(part)), None):
        raise LonglagError(
            f"{in_one_line(random)} of {name} draws random numbers, which no seed of a run decides; leave it out, or "
            "call eval() on it"
        )


def _check_parts(net: torch.nn.Module, returned: int, given: int) -> None:
    """Raises LonglagError if the state that a module returns has more or fewer parts than the one that it was given."""
    if returned != given:
        raise LonglagError(
            f"the state of {type(net).__name__} has {returned} parts, and the cell starts with {given}; write "
            f"start = zero_start({returned}) into the cell, from longlag.cells.base"
        )
