"""A model: a cell and a readout of its states at the scored steps, y = phi(h) W_hy + b_y.

Two parts can be chosen: the readout's features phi (`readouts.py`), and the feedback from outputs to hidden units
(`NoFeedback`, `OutputFeedback`: Jaeger 2001, section 3).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

import torch
from torch import Tensor

from longlag.algebra.products import affine, matmul, matvec
from longlag.algebra.tree import Params
from longlag.cells.base import Cell, PerSequence, Tape, complete
from longlag.errors import LonglagError
from longlag.readouts import Linear, Readout

READOUT = ("W_hy", "b_y")


class Feedback(Protocol):
    """How outputs act on later hidden states."""

    def shapes(self, hidden: int, n_outputs: int) -> Mapping[str, tuple[int, ...]]:
        """Shapes of its parameters, without the replica axis; none if outputs act on nothing."""

    def states(self, model: Model, params: Params, x: Tensor, start: Tensor, teacher: Tensor | None) -> Tensor:
        """Scored states [R, K, B, H]; `teacher` [R, K, B, O] replaces the model's own outputs where it is given."""


@dataclass(frozen=True)
class NoFeedback:
    """Outputs act on nothing."""

    def shapes(self, hidden: int, n_outputs: int) -> Mapping[str, tuple[int, ...]]:
        return {}

    def states(self, model: Model, params: Params, x: Tensor, start: Tensor, teacher: Tensor | None) -> Tensor:
        return model.cell.states(params, x, start, model.scored)


@dataclass(frozen=True)
class OutputFeedback:
    """From the second scored step on, y_{t-1} W_yh is added to the drive. y is the target while the readout is fitted
    (teacher forcing), and the net's own output afterwards (Jaeger 2001, section 3).

    The cell has one drive and one state per unit: W_yh says which unit an output drives, and not which of its gates.
    """

    def shapes(self, hidden: int, n_outputs: int) -> Mapping[str, tuple[int, ...]]:
        return {"W_yh": (n_outputs, hidden)}

    def states(self, model: Model, params: Params, x: Tensor, start: Tensor, teacher: Tensor | None) -> Tensor:
        until = x.shape[1] - model.scored + 1
        drives = model.cell.drive(params, x[:, until:])
        if drives.shape[-1] != model.cell.hidden or len(model.cell.start(params, 1)) > 1:
            raise LonglagError(
                "output feedback is for cells with one drive and one state per unit, such as Reservoir or TanhRNN; use "
                "NoFeedback with cells that have gates"
            )
        h = model.cell.states(params, x[:, :until], start, 1)[:, 0]
        scored = [h]
        for k, drive in enumerate(drives.unbind(1)):
            y = model.read(params, h.unsqueeze(1))[:, 0] if teacher is None else teacher[:, k]
            (h,), _ = model.cell.step(params, (h,), drive + y.to(h.dtype) @ params["W_yh"])
            scored.append(h)
        return torch.stack(scored, 1)


@dataclass(frozen=True)
class Model:
    """Cell, readout and feedback. Its methods take inputs x [R, T, B, X] and the first step of each sequence, start
    [R, B].

    n_inputs, n_outputs: X and O.
    scored: number of final steps K whose outputs count.
    shift: what is subtracted from the inputs, one number per channel; None is nothing.
    """

    cell: Cell
    n_inputs: int
    n_outputs: int
    scored: int
    readout: Readout = field(default_factory=Linear)
    feedback: Feedback = field(default_factory=NoFeedback)
    shift: tuple[float, ...] | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "cell", complete(self.cell))  # a recurrence serves as well

    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Parameter shapes without the replica axis."""
        features = self.readout.size(self.cell.hidden)
        return {
            **self.cell.shapes(self.n_inputs),
            **self.feedback.shapes(self.cell.hidden, self.n_outputs),
            "W_hy": (features, self.n_outputs),
            "b_y": (self.n_outputs,),
        }

    def dtypes(self) -> dict[str, torch.dtype]:
        """Parameter dtypes: float32; those of the readout are the dtype of its features."""
        readout = self.readout.features(torch.zeros(1, self.cell.hidden, dtype=torch.float32, device="cpu")).dtype
        return {name: readout if name in READOUT else torch.float32 for name in self.shapes()}

    def flops(self, params: Params, steps: int) -> float:
        """Floating-point operations of one forward pass of one sequence, without elementwise work."""
        readout = 2.0 * self.scored * self.readout.size(self.cell.hidden) * self.n_outputs
        return steps * self.cell.flops(params) + readout

    def centred(self, x: Tensor) -> Tensor:
        """Inputs [R, T, B, X] minus their expected values."""
        return x if self.shift is None else x - x.new_tensor(self.shift)

    def read(self, params: Params, states: Tensor) -> Tensor:
        """Outputs [R, K, B, O] of hidden states [R, K, B, H]."""
        return affine(self.readout.features(states), params["W_hy"], params["b_y"])

    def states(self, params: Params, x: Tensor, start: Tensor, teacher: Tensor | None = None) -> Tensor:
        """Hidden states at the scored steps, [R, K, B, H]; no derivatives. teacher: see `Feedback.states`."""
        return self.feedback.states(self, params, self.centred(x), start, teacher)

    def outputs(self, params: Params, x: Tensor, start: Tensor) -> Tensor:
        """Outputs at the scored steps, [R, K, B, O]; no derivatives."""
        return self.read(params, self.states(params, x, start))

    def tape(self, params: Params, x: Tensor, start: Tensor) -> ModelTape:
        """The model linearised at `params`.

        Raises:
            LonglagError: the model has output feedback.
        """
        if self.feedback.shapes(self.cell.hidden, self.n_outputs):
            raise LonglagError(
                "output feedback is for readouts fitted in closed form; use optimiser Ridge, or NoFeedback"
            )
        return ModelTape(self, params, self.cell.tape(params, self.centred(x), start, self.scored))


@runtime_checkable
class WithErrors(Protocol):
    """What the tape of a tanh net may add: derivatives at its pre-activations."""

    def errors(self, d_states: Tensor) -> tuple[dict[str, Tensor], Tensor, Tensor]:
        """`pullback`, the hidden states at all steps, and the derivatives at their pre-activations, both
        [R, T, B, H]."""


@dataclass(frozen=True)
class ModelTape:
    """A linearised model: its outputs, and products with their Jacobian in all parameters and with its transpose."""

    model: Model
    params: Params
    tape: Tape

    @property
    def outputs(self) -> Tensor:
        return self.model.read(self.params, self.tape.states)

    def pullback(self, d_outputs: Tensor, d_damped: Tensor | None = None) -> dict[str, Tensor]:
        """J' applied to derivatives at the outputs [R, K, B, O], and at the cell's damped states [R, T, B, H]: the
        derivatives of the parameters."""
        return self._with_readout(self.tape.pullback(self._d_states(d_outputs), d_damped), d_outputs)

    def errors(self, d_outputs: Tensor) -> tuple[dict[str, Tensor], Tensor, Tensor]:
        """`pullback`, the hidden states at all steps, and the derivatives at their pre-activations, [R, T, B, H].

        Raises:
            LonglagError: the cell is no tanh net.
        """
        if not isinstance(self.tape, WithErrors):
            raise LonglagError("a term of the errors at pre-activations is for the tanh RNN; use cell TanhRNN")
        cell, states, errors = self.tape.errors(self._d_states(d_outputs))
        return self._with_readout(cell, d_outputs), states, errors

    def _with_readout(self, cell: dict[str, Tensor], d_outputs: Tensor) -> dict[str, Tensor]:
        features, d = self.model.readout.features(self.tape.states).flatten(1, 2), d_outputs.flatten(1, 2)
        return {**cell, "W_hy": matmul(features.transpose(1, 2), d), "b_y": d.sum(1)}

    def _d_states(self, d_outputs: Tensor) -> Tensor:
        """Derivatives at the scored states [R, K, B, H], of the readout alone."""
        h, d = self.tape.states, d_outputs.flatten(1, 2)
        d_features = matmul(d, self.params["W_hy"].transpose(1, 2))
        return self.model.readout.pullback(h, d_features.unflatten(1, h.shape[1:3]))

    def jacobian(self) -> Jacobian | None:
        """J as a matrix; None if the cell's tape has no derivatives per sequence. It takes K O backward passes."""
        if not isinstance(self.tape, PerSequence):
            return None
        h, w, readout = self.tape.states, self.params["W_hy"], self.model.readout
        (replicas, scored, batch, _), outputs = h.shape, w.shape[2]
        one_each = torch.eye(scored * outputs, dtype=w.dtype, device=h.device).view(-1, 1, scored, 1, outputs)
        d_outputs = one_each.expand(-1, replicas, -1, batch, -1)  # [K O, R, K, B, O]
        d_features = [matmul(d.flatten(1, 2), w.transpose(1, 2)).unflatten(1, (scored, batch)) for d in d_outputs]
        rows = self.tape.per_sequence_vjp(torch.stack([readout.pullback(h, d) for d in d_features]))
        features = readout.features(h)
        rows["W_hy"] = torch.einsum("rkbf,erkbo->erbfo", features, d_outputs)
        rows["b_y"] = d_outputs.sum(2)
        shapes = {name: value.shape[1:] for name, value in self.params.items()}
        flat = torch.cat([rows[name].flatten(3) for name in shapes], 3)  # [K O, R, B, P]
        flat = flat.unflatten(0, (scored, outputs)).permute(2, 0, 3, 1, 4)
        return Jacobian(flat.reshape(replicas, scored * batch * outputs, -1), shapes, (scored, batch, outputs))

    def pushforward(self, tangent: Params) -> tuple[Tensor, Tensor]:
        """J times a tangent of the parameters: tangents of the outputs [R, K, B, O], and of the damped states times
        their curvature [R, T, B, H]."""
        r_states, r_damped = self.tape.pushforward(tangent)
        h, readout = self.tape.states, self.model.readout
        own = affine(readout.features(h), tangent["W_hy"], tangent["b_y"])
        through = matmul(readout.pushforward(h, r_states).flatten(1, 2), self.params["W_hy"])
        return own + through.unflatten(1, h.shape[1:3]), r_damped


@dataclass(frozen=True)
class Jacobian:
    """J as a matrix [R, K B O, P]; it replaces the activations."""

    matrix: Tensor
    shapes: Mapping[str, tuple[int, ...]]  # of the parameters, without the replica axis, in the order of the columns
    outputs: tuple[int, int, int]  # K, B, O

    def pushforward(self, tangent: Params) -> Tensor:
        """Tangents of the outputs, [R, K, B, O]."""
        v = torch.cat([tangent[name].flatten(1) for name in self.shapes], 1)
        return matvec(self.matrix, v).unflatten(1, self.outputs)

    def pullback(self, d_outputs: Tensor) -> dict[str, Tensor]:
        """Derivatives of the parameters from those of the outputs."""
        flat = matvec(self.matrix.transpose(1, 2), d_outputs.flatten(1))
        parts = flat.split([math.prod(shape) for shape in self.shapes.values()], 1)
        return {n: d.unflatten(1, shape) for (n, shape), d in zip(self.shapes.items(), parts, strict=True)}
