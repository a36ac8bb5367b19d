"""What a cell is, and the generic path: the recurrence unrolled step by step, differentiated automatically.

Axes, always in this order: R replica, T time, B sequence, then features (X input, H hidden, G gates). Matrices act
from the right: `h @ W_hh`. A state is held at zero until its sequence starts.

A *tape* is a recurrence linearised around one forward pass: states, the transposed Jacobian (`pullback`) and the
Jacobian (`pushforward`). Structural damping (Martens & Sutskever 2011, section 3) penalises changes of some values
at every step. These are the cell's *damped states*: it returns them from `step`, with the curvature of their matching
loss (`matching_curvature`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import torch
from torch import Tensor

from longlag.algebra.jacobian import Linearisation, linearise
from longlag.algebra.products import affine
from longlag.algebra.tree import Params
from longlag.errors import LonglagError

State = tuple[Tensor, ...]  # each [R, B, H]; the first is the hidden state that the readout sees


class Tape(Protocol):
    """A linearised recurrence."""

    @property
    def states(self) -> Tensor:
        """Hidden states at the scored steps, [R, K, B, H]."""

    def pullback(self, d_states: Tensor, d_damped: Tensor | None = None) -> dict[str, Tensor]:
        """Transposed Jacobian: derivatives at the scored states [R, K, B, H] and at the damped states [R, T, B, H]."""

    def pushforward(self, tangent: Params) -> tuple[Tensor, Tensor]:
        """Jacobian times a tangent of the parameters: tangents of the states [R, K, B, H] and of the damped states, the
        latter times their curvature [R, T, B, H]. The caller may overwrite both."""

    def per_sequence_vjp(self, d_states: Tensor) -> dict[str, Tensor] | None:
        """E derivatives at the scored states [E, R, K, B, H] -> the parameters' derivatives for each sequence,
        [E, R, B, ...]; None if the tape cannot compute them."""


class Recurrence(Protocol):
    """From inputs to hidden states: what defines a cell, and all that a new one must have."""

    @property
    def hidden(self) -> int: ...

    def shapes(self, n_inputs: int) -> Mapping[str, tuple[int, ...]]:
        """Parameter shapes without the replica axis."""

    def flops(self, params: Params) -> float:
        """Floating-point operations of one step of one sequence, forward."""

    def drive(self, params: Params, x: Tensor) -> Tensor:
        """The contribution of the inputs, at all steps at once: [R, T, B, X] -> [R, T, B, G]."""

    def step(self, params: Params, state: State, drive: Tensor) -> tuple[State, Tensor]:
        """One step: the next state and the damped states, from the state and the drive [R, B, G]. Defines the cell."""

    def start(self, params: Params, batch: int) -> State:
        """The state before the first step, zeros."""


@runtime_checkable
class Cell(Recurrence, Protocol):
    """A recurrence with kernels of its own: what `Unrolled` gives to one that has none."""

    def matching_curvature(self, states: Tensor) -> Tensor:
        """Second derivative of the matching loss at the damped states, given the hidden states there."""

    def states(self, params: Params, x: Tensor, start: Tensor, scored: int) -> Tensor:
        """Hidden states at the last `scored` steps, [R, K, B, H]; no derivatives."""

    def tape(self, params: Params, x: Tensor, start: Tensor, scored: int) -> Tape:
        """The recurrence linearised at `params`. x is [R, T, B, X], start [R, B]."""


@dataclass(frozen=True)
class Unrolled:
    """The cell that a recurrence defines: unrolled step by step and differentiated automatically.

    Structural damping compares its damped states by their squared distance.
    """

    recurrence: Recurrence

    @property
    def hidden(self) -> int:
        return self.recurrence.hidden

    def shapes(self, n_inputs: int) -> Mapping[str, tuple[int, ...]]:
        return self.recurrence.shapes(n_inputs)

    def flops(self, params: Params) -> float:
        return self.recurrence.flops(params)

    def drive(self, params: Params, x: Tensor) -> Tensor:
        return self.recurrence.drive(params, x)

    def step(self, params: Params, state: State, drive: Tensor) -> tuple[State, Tensor]:
        return self.recurrence.step(params, state, drive)

    def start(self, params: Params, batch: int) -> State:
        return self.recurrence.start(params, batch)

    def matching_curvature(self, states: Tensor) -> Tensor:
        return torch.ones_like(states)

    def states(self, params: Params, x: Tensor, start: Tensor, scored: int) -> Tensor:
        return unroll(self, params, x, start)[0][:, -scored:]

    def tape(self, params: Params, x: Tensor, start: Tensor, scored: int) -> Tape:
        return autograd_tape(self, params, x, start, scored)


def complete(cell: Recurrence) -> Cell:
    """The cell itself if it has kernels, else `Unrolled` of it.

    Raises:
        LonglagError: it has some of what `Cell` adds to a recurrence, but not all.
    """
    if isinstance(cell, Cell):
        return cell
    added = ("matching_curvature", "states", "tape")
    own = [name for name in added if name in dir(cell)]
    if own:
        missing = ", ".join(name for name in added if name not in own)
        raise LonglagError(
            f"cell {type(cell).__name__} defines {', '.join(own)} but not {missing}; define all three or none"
        )
    return Unrolled(cell)


class _Sized(Protocol):
    @property
    def hidden(self) -> int: ...


def plain_shapes(cell: _Sized, n_inputs: int) -> Mapping[str, tuple[int, ...]]:
    """`Recurrence.shapes` of one layer of units: weights from the inputs and from each other, biases."""
    return {"W_xh": (n_inputs, cell.hidden), "W_hh": (cell.hidden, cell.hidden), "b_h": (cell.hidden,)}


def dense_flops(cell: _Sized, params: Params) -> float:
    """`Recurrence.flops` of dense weights: a product and a sum for each."""
    return 2.0 * (params["W_xh"][0].numel() + params["W_hh"][0].numel())


def affine_drive(cell: _Sized, params: Params, x: Tensor) -> Tensor:
    """`Recurrence.drive` by weights and biases: x W_xh + b_h."""
    return affine(x, params["W_xh"], params["b_h"])


def zero_state(params: Params, batch: int, hidden: int, parts: int = 1) -> State:
    """`parts` zero tensors [R, B, H], with the parameters' dtype and device."""
    like = next(iter(params.values()))
    return tuple(like.new_zeros(like.shape[0], batch, hidden) for _ in range(parts))


def unroll(cell: Recurrence, params: Params, x: Tensor, start: Tensor) -> tuple[Tensor, Tensor]:
    """The generic recurrence: hidden states and damped states at all steps, each [R, T, B, H]. Differentiable."""
    state = cell.start(params, x.shape[2])
    hidden, damped_states = [], []
    for t, drive in enumerate(cell.drive(params, x).unbind(1)):  # unbind: indexing would make backward quadratic in T
        started = (start <= t).unsqueeze(-1)
        new, damped_state = cell.step(params, state, drive)
        state = tuple(torch.where(started, after, before) for after, before in zip(new, state, strict=True))
        hidden.append(state[0])
        damped_states.append(torch.where(started, damped_state, torch.zeros_like(damped_state)))
    return torch.stack(hidden, 1), torch.stack(damped_states, 1)


@dataclass(frozen=True)
class AutogradTape:
    """The tape of any cell, by automatic differentiation of `unroll`. New cells use it; tests compare with it."""

    linearisation: Linearisation
    curvature: Tensor  # [R, T, B, H], zero where a sequence has not begun

    @property
    def states(self) -> Tensor:
        return self.linearisation.values[0].detach()

    def pullback(self, d_states: Tensor, d_damped: Tensor | None = None) -> dict[str, Tensor]:
        return self.linearisation.pullback(
            (d_states, torch.zeros_like(self.curvature) if d_damped is None else d_damped)
        )

    def pushforward(self, tangent: Params) -> tuple[Tensor, Tensor]:
        states, damped_states = self.linearisation.pushforward(tangent)
        return states, self.curvature * damped_states

    def per_sequence_vjp(self, d_states: Tensor) -> None:
        return None


def autograd_tape(cell: Cell, params: Params, x: Tensor, start: Tensor, scored: int) -> AutogradTape:
    """Linearises `unroll` at `params`."""
    hidden: list[Tensor] = []

    def function(p: Params) -> tuple[Tensor, Tensor]:
        states, damped_states = unroll(cell, p, x, start)
        hidden.append(states.detach())
        return states[:, -scored:], damped_states

    linearisation = linearise(function, {name: params[name] for name in cell.shapes(x.shape[-1])})
    started = torch.arange(x.shape[1], device=x.device)[:, None] >= start.unsqueeze(1)
    return AutogradTape(linearisation, cell.matching_curvature(hidden[0]) * started.unsqueeze(-1))
