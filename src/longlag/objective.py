"""The oracle: what an optimiser may ask of a batch, and what each answer costs.

An optimiser sees only an `Objective`. Every answer is charged in sequence passes, per replica: a forward pass costs 1,
forward and backward 3, with a regulariser 4, a Gauss-Newton product 4. The author of a method therefore cannot
miscount a budget. Batches are processed in chunks of sequences that fit into the processor's cache.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

import torch
from torch import Tensor

from longlag import protocol
from longlag.algebra import tree
from longlag.algebra.tree import Params
from longlag.losses import Loss
from longlag.model import Model, ModelTape

FORWARD, GRADIENT, REGULARISED, PRODUCT = 1, protocol.TRAINING_PASSES, 4, 4  # sequence passes
Operator = Callable[[Params], dict[str, Tensor]]  # v -> A v
Gradient = Callable[[Params, "Tensors"], tuple[Tensor, dict[str, Tensor]]]  # loss [R] and gradient on a batch
_OfChunk = Callable[[ModelTape, float, "Tensors", Tensor], dict[str, Tensor]]  # tape, share, chunk, dE/d outputs
_CHUNK_SEQUENCES = 100
# The Jacobian is cached under three conditions:
_MAX_OUTPUTS = 10  # of a sequence: computing it takes one backward pass per output
_MIN_STEPS_PER_OUTPUT = 16  # reading it must cost less than a pass through time
_MAX_SIZE_RATIO = 8  # its numbers, divided by those of the hidden states


class Oracle(Protocol):
    """The questions that an optimiser may ask. Losses are means over the batch, per replica [R]."""

    def value(self, params: Params) -> Tensor:
        """Loss, [R]."""

    def value_and_grad(self, params: Params) -> tuple[Tensor, dict[str, Tensor]]:
        """Loss, [R], and the gradient of each replica's own loss, with the parameters' shapes."""

    def gauss_newton(self, params: Params, structural: float = 0.0) -> Operator:
        """v -> (J' H J + structural S) v, see `Objective.gauss_newton`."""

    def head(self, n: int) -> Oracle:
        """The same questions of the first n sequences."""


class FeatureOracle(Protocol):
    """The questions of an optimiser that fits a readout in closed form."""

    def __len__(self) -> int:
        """Number of sequences."""

    def features(self, params: Params) -> tuple[Tensor, Tensor]:
        """Features [R, K B, F] of the scored states, and targets [R, K B, O]."""

    def charge_flops(self, flops: float) -> None:
        """Charges work that is not a pass over sequences."""


class Regulariser(Protocol):
    """A term that is added to the gradient."""

    def gradient(self, params: Params, states: Tensor, errors: Tensor, start: Tensor) -> dict[str, Tensor]:
        """Of some parameters, a mean over the sequences, from the hidden states at all steps, the loss's derivatives
        at their pre-activations, both [R, T, B, H], and `start` [R, B]."""


@dataclass
class Meter:
    """Passes and floating-point operations per replica, [R] float64."""

    passes: Tensor
    flops: Tensor

    def copy(self) -> Meter:
        """An account that can be charged without this one."""
        return Meter(self.passes.clone(), self.flops.clone())

    @classmethod
    def zero(cls, replicas: int) -> Meter:
        """Nothing is charged yet."""
        return cls(torch.zeros(replicas, dtype=torch.float64), torch.zeros(replicas, dtype=torch.float64))

    def charge(self, active: Tensor, passes: float, flops: float) -> None:
        """Charges every replica of the mask `active` [R]."""
        self.passes += passes * active
        self.flops += flops * active


@dataclass(frozen=True)
class Tensors:
    """A batch for R replicas: x [R, T, B, X], start [R, B], y [R, K, B, ...]."""

    x: Tensor
    start: Tensor
    y: Tensor

    def __len__(self) -> int:
        return self.x.shape[2]

    def rows(self, first: int, last: int) -> Tensors:
        """Sequences first to last - 1."""
        return Tensors(self.x[:, :, first:last], self.start[:, first:last], self.y[:, :, first:last])

    def chunks(self, size: int) -> Iterator[tuple[float, Tensors]]:
        """Pieces of at most `size` sequences with their share of the batch."""
        for first in range(0, len(self), size):
            piece = self.rows(first, min(first + size, len(self)))
            yield len(piece) / len(self), piece


@dataclass(frozen=True)
class Objective:
    """The metered loss of a model on one batch.

    interrupt: called before every product, and before every chunk of any other answer; what it raises ends the
    optimiser's step. An answer is charged when it is complete: one that is begun within the budget is finished.
    gradient: computes loss and gradient of the whole batch at once, as a GPU does best. observe: called with the
    outputs and targets of every chunk whose gradient is computed; `gradient` is then None.
    """

    model: Model
    loss: Loss
    batch: Tensors
    meter: Meter
    active: Tensor = field(default_factory=lambda: torch.ones(1, dtype=torch.bool))  # [R]
    interrupt: Callable[[], None] = lambda: None
    gradient: Gradient | None = None
    observe: Callable[[Tensor, Tensor], None] | None = None

    def value(self, params: Params) -> Tensor:
        """Loss per replica, [R]."""
        value = _total(
            share * self.loss.value(self.model.outputs(params, b.x, b.start), b.y) for share, b in self._chunks()
        )
        self._charge(FORWARD, params)
        return value

    def value_and_grad(self, params: Params) -> tuple[Tensor, dict[str, Tensor]]:
        """Loss per replica, [R], and the gradient of each replica's own loss."""
        if self.gradient is not None:
            self.interrupt()
            answer = self.gradient(params, self.batch)
            self._charge(GRADIENT, params)
            return answer
        answer = self._by_chunks(params, lambda tape, share, b, d_outputs: tape.pullback(d_outputs))
        self._charge(GRADIENT, params)
        return answer

    def regularised(self, params: Params, term: Regulariser) -> tuple[Tensor, dict[str, Tensor]]:
        """Loss per replica [R] without the term, and its gradient plus the term's.

        Raises:
            LonglagError: the cell is no tanh net.
        """

        def both(tape: ModelTape, share: float, b: Tensors, d_outputs: Tensor) -> dict[str, Tensor]:
            own, states, errors = tape.errors(d_outputs)
            added = term.gradient(params, states, errors, b.start)
            return own | {name: own[name] + share * value for name, value in added.items()}

        answer = self._by_chunks(params, both)
        self._charge(REGULARISED, params)
        return answer

    def _by_chunks(self, params: Params, gradient: _OfChunk) -> tuple[Tensor, dict[str, Tensor]]:
        """Loss per replica [R], and the sum of the chunks' gradients."""
        values, gradients = [], []
        for share, b in self._chunks():
            tape = self.model.tape(params, b.x, b.start)
            outputs = tape.outputs
            if self.observe is not None:
                self.observe(outputs, b.y)
            values.append(share * self.loss.value(outputs, b.y))
            gradients.append(gradient(tape, share, b, share * self.loss.gradient(outputs, b.y)))
        return _total(values), _sum(gradients)

    def gauss_newton(self, params: Params, structural: float = 0.0) -> Operator:
        """v -> (J' H J + structural S) v, from activations computed once.

        H is the Hessian of the loss in the outputs and J their Jacobian; S is the Gauss-Newton matrix of the matching
        loss between the hidden sequences at the new and at the current parameters, summed over the steps and averaged
        over the batch (Martens & Sutskever 2011, section 3). S costs one addition in the backward pass. Without S, the
        matrix J is cached if there are few outputs and many steps. The charge is the same in both cases: one forward
        pass, and for each product a pass forward and backward through time.
        """
        pieces = [
            self._product(self.model.tape(params, b.x, b.start), share, structural / len(b))
            for share, b in self._chunks()
        ]
        self._charge(FORWARD, params)

        def product(v: Params) -> dict[str, Tensor]:
            self.interrupt()
            found = _sum([piece(v) for piece in pieces])
            self._charge(PRODUCT, params)
            return found

        return product

    def _product(self, tape: ModelTape, share: float, structural: float) -> Operator:
        """The product over the sequences of a tape, weighted by their share of the batch."""
        outputs = tape.outputs
        jacobian = tape.jacobian() if not structural and self._keeps_jacobian(tape.params) else None
        if jacobian is not None:
            return lambda v: jacobian.pullback(share * self.loss.hessian_product(outputs, jacobian.pushforward(v)))

        def through_time(v: Params) -> dict[str, Tensor]:
            r_outputs, r_damped = tape.pushforward(v)  # v -> J v
            d_outputs = share * self.loss.hessian_product(outputs, r_outputs)  # J v -> H J v
            return tape.pullback(d_outputs, r_damped.mul_(share * structural) if structural else None)  # -> J' H J v

        return through_time

    def _keeps_jacobian(self, params: Params) -> bool:
        """Whether caching J saves time, and is worth its memory."""
        n, steps = self.model.scored * self.model.n_outputs, self.batch.x.shape[1]
        size = n * sum(value[0].numel() for value in params.values())  # numbers of a sequence
        return (
            n <= _MAX_OUTPUTS
            and steps >= _MIN_STEPS_PER_OUTPUT * n
            and size <= _MAX_SIZE_RATIO * steps * self.model.cell.hidden
        )

    def features(self, params: Params) -> tuple[Tensor, Tensor]:
        """The data of a closed-form fit: features [R, K B, F] of the scored states, and targets [R, K B, O].

        Where outputs are fed back, the targets take their place (teacher forcing).
        """
        self.interrupt()
        teacher = self.loss.encode(self.batch.y)
        states = self.model.states(params, self.batch.x, self.batch.start, teacher)
        self._charge(FORWARD, params)
        return self.model.readout.features(states).flatten(1, 2), teacher.flatten(1, 2)

    def __len__(self) -> int:
        """Number of sequences."""
        return len(self.batch)

    def head(self, n: int) -> Objective:
        """The objective of the first n sequences."""
        return replace(self, batch=self.batch.rows(0, n))

    def charge_flops(self, flops: float) -> None:
        """Charges work that is not a pass over sequences, such as solving for a readout."""
        self.meter.charge(self.active, 0, flops)

    def _chunks(self) -> Iterator[tuple[float, Tensors]]:
        for chunk in self.batch.chunks(_CHUNK_SEQUENCES):
            self.interrupt()
            yield chunk

    def _charge(self, passes: int, params: Params) -> None:
        n, steps = passes * len(self.batch), self.batch.x.shape[1]
        self.meter.charge(self.active, n, n * self.model.flops(params, steps))


def _total(values: Iterator[Tensor] | Sequence[Tensor]) -> Tensor:
    return torch.stack(list(values)).sum(0)


def _sum(trees: Sequence[dict[str, Tensor]]) -> dict[str, Tensor]:
    total = trees[0]
    for other in trees[1:]:
        total = tree.add(total, other)
    return total
