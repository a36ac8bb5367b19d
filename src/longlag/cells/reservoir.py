"""An echo state reservoir of leaky tanh units (Jaeger 2001; Jaeger et al. 2007).

    h_t = (1 - a) h_{t-1} + a tanh(h_{t-1} W_hh + x_t W_xh + b_h),   a the leaking rate

On the CPU one sparse matrix of recurrent, input and bias weights acts on many sequences at once, hidden units first
([H, B]).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Annotated

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import embedding_bag

from longlag.algebra.threads import without_notes
from longlag.algebra.tree import Params
from longlag.cells.base import State, affine_drive, plain_shapes
from longlag.ranges import COUNT, POSITIVE, Interval, part

_STATE_NUMBERS = 128_000  # at most, of a state [H, B]: it and its successor stay in a megabyte of cache
_GATHERED_SEQUENCES = 384  # at most: the sums of longer rows do not fit into registers
_GATHERED_INPUTS = 50  # at most: of more, a dense product is faster
_LANES = 16  # float32 numbers of a cache line, and of the widest register
_MAX_SPARSE_SHARE = 0.25  # of weights that are not zero; above it a dense product is faster


@part
class PerLag:
    """A leaking rate in proportion to the lag, so that states forget over the length of a sequence: times / lag."""

    times: Annotated[float, POSITIVE]
    lag: Annotated[float, Interval(1)]

    def __float__(self) -> float:
        """The rate of a step, at most 1."""
        return min(1.0, self.times / self.lag)


@part
class Reservoir:
    """A leaky reservoir; leak 1 is a plain tanh net. Its damped states are the hidden states (curvature 1)."""

    hidden: Annotated[int, COUNT] = 100
    leak: Annotated[float, Interval(0, 1, open_low=True)] | PerLag = 1.0
    shapes, drive = plain_shapes, affine_drive

    def flops(self, params: Params) -> float:
        connections = params["W_hh"].count_nonzero().item() / len(params["W_hh"])
        return 2.0 * (connections + self.hidden * params["W_xh"].shape[1])

    def step(self, params: Params, state: State, drive: Tensor) -> tuple[State, Tensor]:
        new = torch.tanh(drive + state[0] @ params["W_hh"])
        leak = float(self.leak)
        h = (1 - leak) * state[0] + leak * new
        return (h,), h

    def states(self, params: Params, x: Tensor, start: Tensor, scored: int) -> Tensor | None:
        if x.device.type != "cpu":
            return None
        rows = [self._run({k: v[r] for k, v in params.items()}, x[r], start[r], scored) for r in range(len(x))]
        return torch.stack(rows)

    def kernel(self, params: Params) -> Kernel:
        """What runs one replica on a CPU; its parameters come without the replica axis."""
        return Kernel.of(params["W_hh"], params["W_xh"], params["b_h"], float(self.leak))

    @property
    def at_once(self) -> int:
        """How many sequences of a replica run fastest at once."""
        return max(1, _STATE_NUMBERS // self.hidden)

    def _run(self, params: Params, x: Tensor, start: Tensor, scored: int) -> Tensor:
        """One replica: [T, B, X] -> [K, B, H]. Sequences run in equal groups whose states fit into the cache."""
        kernel, batch = self.kernel(params), x.shape[1]
        inputs = with_constant(x.numpy().transpose(0, 2, 1))
        kept = np.empty((scored, batch, self.hidden), dtype=inputs.dtype)
        most = min(self.at_once, _GATHERED_SEQUENCES) if kernel.lanes > 1 else self.at_once
        size = math.ceil(batch / math.ceil(batch / most) / kernel.lanes) * kernel.lanes
        for first in range(0, batch, size):
            some = slice(first, first + size)
            states = kernel.states(inputs[:, :, some], start[some].numpy())
            for k, h in enumerate(states, scored - len(inputs)):
                if k >= 0:
                    kept[k, some] = h.T
        return torch.from_numpy(kept)


def with_constant(x: np.ndarray) -> np.ndarray:
    """Inputs [T, X, B] with a last channel of ones, which the biases weigh: [T, X + 1, B]."""
    inputs = np.ones((len(x), x.shape[1] + 1, x.shape[2]), x.dtype)
    inputs[:, :-1] = x
    return inputs


Product = Callable[[Tensor], Callable[[], Tensor]]  # rows -> what multiplies their present values


@dataclass(frozen=True)
class Kernel:
    """The recurrence of one replica on a CPU.

    product: of the weights [H, H + X + 1] with the rows of states, inputs and a constant [H + X + 1, B]. lanes: B is a
    multiple of it.
    """

    hidden: int
    rows: int
    dtype: torch.dtype
    product: Product
    lanes: int
    leak: float

    @classmethod
    def of(cls, w_hh: Tensor, w_xh: Tensor, bias: Tensor, leak: float) -> Kernel:
        """Dense or sparse, whichever has the faster products; single precision has a sparse one of its own."""
        weights = torch.cat([w_hh, w_xh, bias.unsqueeze(0)]).T.contiguous()
        (hidden, rows), lanes = weights.shape, 1
        if w_hh.count_nonzero().item() > _MAX_SPARSE_SHARE * w_hh.numel():
            product: Product = partial(_dense, weights)
        elif weights.dtype == torch.float32 and rows - hidden <= _GATHERED_INPUTS:
            product, lanes = partial(_gathered, _sparse(weights)), _LANES
        else:
            product = partial(_multiplied, _sparse(weights[:, :hidden]), weights[:, hidden:].contiguous().numpy())
        return cls(hidden, rows, weights.dtype, product, lanes, leak)

    def states(self, inputs: Iterable[np.ndarray], start: np.ndarray) -> Iterator[np.ndarray]:
        """The state [H, B] after each of the inputs [X + 1, B]; the next step overwrites it.

        An input is asked for once the state before it has been handed out, so that it may depend on that state.
        """
        batch, last_start = len(start), start.max(initial=0)
        table = torch.zeros(self.rows, math.ceil(batch / self.lanes) * self.lanes, dtype=self.dtype)
        h, step = table[: self.hidden], self.product(table)
        states, driven = h.numpy(), table[self.hidden :].numpy()
        for t, x in enumerate(inputs):
            driven[:, :batch] = x
            new = step()
            if self.leak == 1:
                np.tanh(new.numpy(), out=states)
            else:
                values = new.numpy()
                np.tanh(values, out=values)
                h.lerp_(new, self.leak)
            if t < last_start:
                states[:, :batch] *= start <= t
            yield states[:, :batch]


def _dense(weights: Tensor, table: Tensor) -> Callable[[], Tensor]:
    return partial(torch.mm, weights, table, out=torch.empty(len(weights), table.shape[1], dtype=table.dtype))


def _gathered(weights: Tensor, table: Tensor) -> Callable[[], Tensor]:
    """With a sparse float32 matrix, as sums of weighted rows: they stay in registers, for half the time of a general
    sparse product."""
    return partial(
        embedding_bag, weights.col_indices(), table, weights.crow_indices(), mode="sum",
        per_sample_weights=weights.values(), include_last_offset=True,
    )  # fmt: skip


def _multiplied(recurrent: Tensor, driven: np.ndarray, table: Tensor) -> Callable[[], Tensor]:
    """With sparse recurrent weights [H, H], and dense ones of the other rows [H, X + 1]."""
    new, h = torch.empty(len(driven), table.shape[1], dtype=table.dtype), table[: len(driven)]
    values, inputs = new.numpy(), table[len(driven) :].numpy()

    def step() -> Tensor:
        np.matmul(driven, inputs, out=values)
        return torch.addmm(new, recurrent, h, out=new)

    return step


def _sparse(matrix: Tensor) -> Tensor:
    with without_notes():
        sparse = matrix.to_sparse_csr()
        indices = sparse.crow_indices().int(), sparse.col_indices().int()  # as MKL wants them, else copied each time
        return torch.sparse_csr_tensor(*indices, sparse.values(), sparse.shape, check_invariants=False)
