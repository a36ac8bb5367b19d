"""What a cell is, and the generic path: the recurrence unrolled step by step, differentiated automatically.

Axes, always in this order: R replica, T time, B sequence, then features (X input, H hidden, G gates). Matrices act
from the right: `h @ W_hh`. A state is held at its start until its sequence starts.

A *tape* is a recurrence linearised around one forward pass: states, the transposed Jacobian (`pullback`) and the
Jacobian (`pushforward`). Structural damping (Martens & Sutskever 2011, section 3) penalises changes of some values
at every step. These are the cell's *damped states*: it returns them from `step`, with the curvature of their matching
loss (`matching_curvature`).
"""

from __future__ import annotations

import functools
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

import torch
from torch import Tensor

from longlag.algebra.jacobian import Linearisation, linearise
from longlag.algebra.products import affine
from longlag.algebra.tree import Params
from longlag.cells.sequences import has_begun

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


@runtime_checkable
class PerSequence(Protocol):
    """What a tape may add: derivatives of single sequences."""

    def per_sequence_vjp(self, d_states: Tensor) -> dict[str, Tensor]:
        """E derivatives at the scored states [E, R, K, B, H] -> the parameters' derivatives for each sequence,
        [E, R, B, ...]."""


class Recurrence(Protocol):
    """From inputs to hidden states: all that a new cell must have. `Cell` says what it may add."""

    @property
    def hidden(self) -> int: ...

    def shapes(self, n_inputs: int, /) -> Mapping[str, tuple[int, ...]]:
        """Parameter shapes without the replica axis."""

    def drive(self, params: Params, x: Tensor, /) -> Tensor:
        """The contribution of the inputs, at all steps at once: [R, T, B, X] -> [R, T, B, G]."""

    def step(self, params: Params, state: State, drive: Tensor, /) -> tuple[State, Tensor]:
        """One step: the next state and the damped states, from the state and the drive [R, B, G]. Defines the cell."""


@runtime_checkable
class OwnStart(Protocol):
    def start(self, params: Params, batch: int) -> State: ...


@runtime_checkable
class OwnFlops(Protocol):
    def flops(self, params: Params) -> float: ...


@runtime_checkable
class OwnCurvature(Protocol):
    def matching_curvature(self, states: Tensor) -> Tensor: ...


@runtime_checkable
class OwnStates(Protocol):
    def states(self, params: Params, x: Tensor, start: Tensor, scored: int) -> Tensor | None: ...


@runtime_checkable
class OwnTape(Protocol):
    def tape(self, params: Params, x: Tensor, start: Tensor, scored: int) -> Tape | None: ...


@runtime_checkable
class OwnTogether(Protocol):
    def together(self, steps: int, batch: int, inputs: int) -> bool: ...


@dataclass(frozen=True)
class Cell:
    """A recurrence with all that a model needs of it.

    Each of the last six methods is the recurrence's own if it has it, else the default stated here. Its own `states`
    and `tape` are fast kernels. They return None where they do not serve, for example on a GPU.
    """

    recurrence: Recurrence

    @property
    def hidden(self) -> int:
        return self.recurrence.hidden

    def shapes(self, n_inputs: int) -> Mapping[str, tuple[int, ...]]:
        return self.recurrence.shapes(n_inputs)

    def drive(self, params: Params, x: Tensor) -> Tensor:
        return self.recurrence.drive(params, x)

    def step(self, params: Params, state: State, drive: Tensor) -> tuple[State, Tensor]:
        return self.recurrence.step(params, state, drive)

    def start(self, params: Params, batch: int) -> State:
        """The state before the first step of `batch` sequences. Default: the hidden state alone, zero."""
        own = _own(self.recurrence, OwnStart)
        return own.start(params, batch) if own else zero_state(params, batch, self.hidden)

    def flops(self, params: Params) -> float:
        """Floating-point operations of one step of one sequence, forward. Default: a product and a sum per weight."""
        if own := _own(self.recurrence, OwnFlops):
            return own.flops(params)
        return 2.0 * sum(params[name][0].numel() for name, shape in self.shapes(1).items() if len(shape) > 1)

    def matching_curvature(self, states: Tensor) -> Tensor:
        """Second derivative of the matching loss at the damped states, from hidden states [R, T, B, H]. Default: 1."""
        own = _own(self.recurrence, OwnCurvature)
        return own.matching_curvature(states) if own else torch.ones_like(states)

    def together(self, steps: int, batch: int, inputs: int) -> bool:
        """Whether replicas with batches [steps, batch, inputs] train faster on a CPU as one program. Default: no."""
        own = _own(self.recurrence, OwnTogether)
        return own.together(steps, batch, inputs) if own else False

    def states(self, params: Params, x: Tensor, start: Tensor, scored: int) -> Tensor:
        """Hidden states at the last `scored` steps, [R, K, B, H]; no derivatives. Default: step by step."""
        own = _own(self.recurrence, OwnStates)
        states = own.states(params, x, start, scored) if own else None
        return last_states(self, params, self.drive(params, x).unbind(1), start, scored) if states is None else states

    def tape(self, params: Params, x: Tensor, start: Tensor, scored: int) -> Tape:
        """The recurrence linearised at `params`: x is [R, T, B, X], start [R, B]. Default: automatically."""
        own = _own(self.recurrence, OwnTape)
        tape = own.tape(params, x, start, scored) if own else None
        return autograd_tape(self, params, x, start, scored) if tape is None else tape


def _own(recurrence: Recurrence, addition: Any) -> Any:
    """The recurrence if it defines what this protocol adds, else None."""
    return recurrence if _defines(type(recurrence), addition) else None


@functools.cache  # asking a protocol takes as long as several steps of a small net
def _defines(kind: type, addition: type) -> bool:
    return issubclass(kind, addition)


def complete(cell: Recurrence) -> Cell:
    """The cell that a recurrence defines."""
    return cell if isinstance(cell, Cell) else Cell(cell)


class _Sized(Protocol):
    @property
    def hidden(self) -> int: ...


def plain_shapes(cell: _Sized, n_inputs: int) -> Mapping[str, tuple[int, ...]]:
    """`Recurrence.shapes` of one layer of units: weights from the inputs and from each other, biases."""
    return gate_shapes(1)(cell, n_inputs)


def gate_shapes(gates: int) -> Callable[[_Sized, int], Mapping[str, tuple[int, ...]]]:
    """`Recurrence.shapes` of one layer whose units have several gates, side by side in the last axis."""

    def shapes(cell: _Sized, n_inputs: int) -> Mapping[str, tuple[int, ...]]:
        width = gates * cell.hidden
        return {"W_xh": (n_inputs, width), "W_hh": (cell.hidden, width), "b_h": (width,)}

    return shapes


def affine_drive(cell: _Sized, params: Params, x: Tensor) -> Tensor:
    """`Recurrence.drive` by weights and biases: x W_xh + b_h."""
    return affine(x, params["W_xh"], params["b_h"])


def zero_start(parts: int) -> Callable[[_Sized, Params, int], State]:
    """`start` of a cell whose state has several parts, all zero."""
    return lambda cell, params, batch: zero_state(params, batch, cell.hidden, parts)


def small_replicas(states: int, most: int) -> Callable[[Any, int, int, int], bool]:
    """`Cell.together` of a cell that keeps `states` numbers of a unit at a step between its passes, besides inputs and
    a constant: yes where a replica keeps at most `most`. One program saves calls; its memory still fits the caches."""
    return lambda cell, steps, batch, inputs: steps * batch * (states * cell.hidden + inputs + 1) <= most


def zero_state(params: Params, batch: int, hidden: int, parts: int = 1) -> State:
    """`parts` zero tensors [R, B, H], with the parameters' dtype and device."""
    like = next(iter(params.values()))
    return tuple(like.new_zeros(like.shape[0], batch, hidden) for _ in range(parts))


def steps(cell: Recurrence, params: Params, drives: Iterable[Tensor], start: Tensor) -> Iterator[tuple[Tensor, Tensor]]:
    """The definition: hidden states and damped states [R, B, H] after each step, from the drives [R, B, G]."""
    state = complete(cell).start(params, start.shape[1])
    for t, drive in enumerate(drives):
        started = (start <= t).unsqueeze(-1)
        new, damped_state = cell.step(params, state, drive)
        state = tuple(torch.where(started, after, before) for after, before in zip(new, state, strict=True))
        yield state[0], torch.where(started, damped_state, torch.zeros_like(damped_state))


def last_states(cell: Recurrence, params: Params, drives: Iterable[Tensor], start: Tensor, scored: int) -> Tensor:
    """Hidden states at the last `scored` steps [R, K, B, H]; the others are not kept."""
    with torch.no_grad():
        return torch.stack([*deque((state for state, _ in steps(cell, params, drives, start)), maxlen=scored)], 1)


def unroll(cell: Recurrence, params: Params, x: Tensor, start: Tensor) -> tuple[Tensor, Tensor]:
    """Hidden states and damped states at all steps, each [R, T, B, H]. Differentiable."""
    drives = cell.drive(params, x).unbind(1)  # unbind: indexing would make backward quadratic in T
    hidden, damped_states = zip(*steps(cell, params, drives, start), strict=True)
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
        damped = torch.zeros_like(self.curvature) if d_damped is None else d_damped
        return self.linearisation.pullback((d_states, damped))

    def pushforward(self, tangent: Params) -> tuple[Tensor, Tensor]:
        states, damped_states = self.linearisation.pushforward(tangent)
        return states, self.curvature * damped_states


def autograd_tape(cell: Recurrence, params: Params, x: Tensor, start: Tensor, scored: int) -> AutogradTape:
    """Linearises `unroll` at `params`."""
    hidden: list[Tensor] = []

    def function(p: Params) -> tuple[Tensor, Tensor]:
        states, damped_states = unroll(cell, p, x, start)
        hidden.append(states.detach())
        return states[:, -scored:], damped_states

    linearisation = linearise(function, {name: params[name] for name in cell.shapes(x.shape[-1])})
    curvature = complete(cell).matching_curvature(hidden[0]) * has_begun(x.shape[1], start).unsqueeze(-1)
    return AutogradTape(linearisation, curvature)


@dataclass(frozen=True)
class GradientTape:
    """Fast states and gradients; what second-order methods ask besides is answered by `generic`, when it is asked.

    backward: derivatives at the scored states [R, K, B, H] -> those of the parameters.
    """

    states: Tensor
    backward: Callable[[Tensor], dict[str, Tensor]]
    generic: Callable[[], Tape]

    def pullback(self, d_states: Tensor, d_damped: Tensor | None = None) -> dict[str, Tensor]:
        return self.backward(d_states) if d_damped is None else self.generic().pullback(d_states, d_damped)

    def pushforward(self, tangent: Params) -> tuple[Tensor, Tensor]:
        return self.generic().pushforward(tangent)


def gradient_tape(
    cell: Recurrence,
    params: Params,
    x: Tensor,
    start: Tensor,
    states: Tensor,
    backward: Callable[[Tensor], dict[str, Tensor]],
) -> GradientTape:
    """The tape of kernels that compute first derivatives only."""
    generic = functools.cache(lambda: autograd_tape(cell, params, x, start, states.shape[1]))
    return GradientTape(states, backward, generic)
