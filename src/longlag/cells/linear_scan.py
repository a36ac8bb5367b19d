"""Linear recurrences h_t = a_t h_{t-1} + b_t, all steps of a layer at once, and cells whose layers are made of them.

The coefficients do not depend on the state. All else of a layer is therefore computed for all steps together, and what
is left for the recurrence is two elementwise operations a step: in numpy on a CPU, in log2(T) sweeps over all steps
elsewhere (Hillis & Steele 1986; Martin & Cundy 2018). A cell writes its layers once:

    def layers(self, params, drive, recur): ...      recur(a, b) is the state after b, of the layer's next recurrence

`step` hands it a `recur` of one step, `states` and `tape` one of all steps. The derivative is a recurrence too, in the
other direction: d b_t = d h_t + conj(a_{t+1}) d b_{t+1},  d a_t = d b_t conj(h_{t-1}).
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, Protocol

import numpy as np
import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from longlag.algebra.tree import Params
from longlag.cells.base import GradientTape, Recurrence, State, gradient_tape
from longlag.cells.sequences import has_begun, in_chunks

Recur = Callable[[Tensor, Tensor], Tensor]


class Layered(Recurrence, Protocol):
    """A cell of linear recurrences. Its state is the output, then the state of each recurrence."""

    def layers(self, params: Params, drive: Tensor, recur: Recur) -> Tensor:
        """The output [R, ..., H] of a drive [R, ..., G]; the layers may not mix the axes between."""


def step(cell: Layered, params: Params, state: State, drive: Tensor) -> tuple[State, Tensor]:
    """`Recurrence.step` of such a cell. The damped states are the outputs."""
    stepped = [_step(cell, *part) for part in replicas(params, drive, *state)]
    new = tuple(torch.cat(parts) for parts in zip(*stepped, strict=True))
    return new, new[0]


def _step(cell: Layered, params: Params, drive: Tensor, _: Tensor, *before: Tensor) -> State:
    left, after = iter(before), list[Tensor]()

    def recur(a: Tensor, b: Tensor) -> Tensor:
        after.append(a * next(left) + b)
        return after[-1]

    return cell.layers(params, drive, recur), *after


def states(cell: Layered, params: Params, x: Tensor, start: Tensor, scored: int) -> Tensor:
    """`OwnStates.states` of such a cell, in pieces of the batch."""
    with torch.no_grad():
        return in_chunks(lambda x, start: _all_states(cell, params, x, start)[:, -scored:], x, start)


def tape(cell: Layered, params: Params, x: Tensor, start: Tensor, scored: int) -> GradientTape:
    """`OwnTape.tape` of such a cell."""
    return differentiated(cell, params, x, start, lambda own: _all_states(cell, own, x, start)[:, -scored:])


def differentiated(
    cell: Recurrence, params: Params, x: Tensor, start: Tensor, states: Callable[[Params], Tensor]
) -> GradientTape:
    """The tape of a cell whose states at the scored steps [R, K, B, H] are a function that torch differentiates."""
    leaves = {name: params[name].detach().requires_grad_() for name in cell.shapes(x.shape[-1])}
    with torch.enable_grad():
        found = states(leaves)

    def backward(d_states: Tensor) -> dict[str, Tensor]:
        parts = torch.autograd.grad(found, tuple(leaves.values()), d_states, retain_graph=True, materialize_grads=True)
        return dict(zip(leaves, parts, strict=True))

    return gradient_tape(cell, params, x, start, found.detach(), backward)


def _all_states(cell: Layered, params: Params, x: Tensor, start: Tensor) -> Tensor:
    """Outputs at all steps, [R, T, B, H]; zero where a sequence has not begun."""
    outputs = []
    for own, inputs, begun in replicas(params, x, has_begun(x.shape[1], start).unsqueeze(-1)):
        recur: Recur = functools.partial(_held, begun)
        outputs.append(_zero_before(begun, cell.layers(own, cell.drive(own, inputs), recur)))
    return torch.cat(outputs)


def _held(begun: Tensor, a: Tensor, b: Tensor) -> Tensor:
    """`scan` of states that are zero until their sequence begins."""
    return scan(a, _zero_before(begun, b))


def _zero_before(begun: Tensor, values: Tensor) -> Tensor:
    """values [R, T, B, ...], zero where a sequence has not begun. begun: [R, T, B, 1]."""
    late = values.device.type != "cpu" or not bool(begun.all())  # a GPU would wait for the answer
    return values * begun if late else values


def replicas(params: Params, *tensors: Tensor) -> list[tuple[Any, ...]]:
    """On a CPU each replica alone: a seed then has the same bits as in a block. Elsewhere all of them together."""
    size = 1 if tensors[0].device.type == "cpu" else len(tensors[0])
    parts = zip(*(tensor.split(size) for tensor in tensors), strict=True)
    return [({name: p[r * size : (r + 1) * size] for name, p in params.items()}, *part) for r, part in enumerate(parts)]


def scan(a: Tensor, b: Tensor) -> Tensor:
    """h_t = a_t h_{t-1} + b_t from h = 0, along the second axis, real or complex.

    b is [R, T, ...], and a has its shape or ones in the place of axes along which it is constant.
    """
    found: Tensor = _Scan.apply(a, b)
    return found


class _Scan(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, a: Tensor, b: Tensor) -> Tensor:
        h = _run(a, b, reverse=False)
        ctx.save_for_backward(a, h)
        return h

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, d_h: Tensor) -> tuple[Tensor, Tensor]:
        a, h = ctx.saved_tensors
        d_b = _run(a.conj().resolve_conj(), d_h, reverse=True)
        d_a = d_b[:, 1:] * h[:, :-1].conj()
        if a.shape[1] == h.shape[1]:  # a_1 multiplies the start, zero
            d_a = torch.cat([torch.zeros_like(d_b[:, :1]), d_a], 1)
        return d_a.sum_to_size(a.shape), d_b


def _run(a: Tensor, b: Tensor, reverse: bool) -> Tensor:
    return (by_steps if b.device.type == "cpu" else by_sweeps)(a, b, reverse)


def by_steps(a: Tensor, b: Tensor, reverse: bool = False) -> Tensor:
    """`scan` in numpy, step by step. reverse: h_t = a_{t+1} h_{t+1} + b_t from the last step to the first."""
    factors, h = a.expand(-1, -1, *b.shape[2:]).contiguous().expand(b.shape).numpy(), b.numpy().copy()
    for factor, own in zip(factors, h, strict=True):
        product = np.empty_like(own[0])
        order = (factor[:0:-1], own[::-1], own[-2::-1]) if reverse else (factor[1:], own, own[1:])
        for a_t, before, after in zip(*order, strict=False):
            np.multiply(a_t, before, product)
            np.add(after, product, after)
    return torch.from_numpy(h)


def by_sweeps(a: Tensor, b: Tensor, reverse: bool = False) -> Tensor:
    """`by_steps` in log2(T) sweeps: after k of them h_t holds the last 2^k terms of its sum."""
    a, reach = a.expand(b.shape), 1
    if reverse:
        later = torch.cat([a[:, 1:], torch.zeros_like(a[:, :1])], 1)
        return by_sweeps(later.flip(1), b.flip(1)).flip(1)
    while reach < b.shape[1]:
        b = torch.cat([b[:, :reach], b[:, reach:] + a[:, reach:] * b[:, :-reach]], 1)
        a = torch.cat([torch.zeros_like(a[:, :reach]), a[:, reach:] * a[:, :-reach]], 1)
        reach *= 2
    return b
