"""An echo state reservoir of leaky tanh units (Jaeger 2001; Jaeger et al. 2007).

    h_t = (1 - a) h_{t-1} + a tanh(h_{t-1} W_hh + x_t W_xh + b_h),   a the leaking rate

On the CPU the recurrent matrix is sparse and acts on all sequences at once, hidden units first ([H, B]).
"""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Annotated

import numpy as np
import torch
from torch import Tensor

from longlag.algebra.tree import Params
from longlag.cells.base import State, affine_drive, plain_shapes
from longlag.ranges import COUNT, Interval, part

_STATE_NUMBERS = 128_000  # at most, of a state [H, B]: it and its successor stay in a megabyte of cache
_MAX_SPARSE_SHARE = 0.25  # of weights that are not zero; above it a dense product is faster


@part
class Reservoir:
    """A leaky reservoir; leak 1 is a plain tanh net."""

    hidden: Annotated[int, COUNT] = 100
    leak: Annotated[float, Interval(0, 1, open_low=True)] = 1.0
    shapes, drive = plain_shapes, affine_drive

    def flops(self, params: Params) -> float:
        connections = params["W_hh"].count_nonzero().item() / len(params["W_hh"])
        return 2.0 * (connections + self.hidden * params["W_xh"].shape[1])

    def step(self, params: Params, state: State, drive: Tensor) -> tuple[State, Tensor]:
        new = torch.tanh(drive + state[0] @ params["W_hh"])
        h = (1 - self.leak) * state[0] + self.leak * new
        return (h,), h

    def states(self, params: Params, x: Tensor, start: Tensor, scored: int) -> Tensor | None:
        if x.device.type != "cpu":
            return None
        rows = [self._run({k: v[r] for k, v in params.items()}, x[r], start[r], scored) for r in range(len(x))]
        return torch.stack(rows)

    def kernel(self, params: Params) -> Kernel:
        """What runs one replica on a CPU; its parameters come without the replica axis."""
        w_in = torch.cat([params["W_xh"], params["b_h"].unsqueeze(0)]).T.contiguous().numpy()
        return Kernel(_operator(params["W_hh"].T.contiguous()), w_in, self.leak)

    @property
    def at_once(self) -> int:
        """How many sequences have states that fit into the cache."""
        return max(1, _STATE_NUMBERS // self.hidden)

    def _run(self, params: Params, x: Tensor, start: Tensor, scored: int) -> Tensor:
        """One replica: [T, B, X] -> [K, B, H]. Sequences run in groups whose states fit into the cache."""
        kernel = self.kernel(params)
        inputs = with_constant(x.numpy().transpose(0, 2, 1), kernel.w_in.dtype)
        kept = np.empty((scored, x.shape[1], self.hidden), dtype=inputs.dtype)
        for first in range(0, x.shape[1], self.at_once):
            some = slice(first, first + self.at_once)
            states = kernel.states(inputs[:, :, some], start[some].numpy())
            for k, h in enumerate(states, scored - len(inputs)):
                if k >= 0:
                    kept[k, some] = h.T
        return torch.from_numpy(kept)


def with_constant(x: np.ndarray, dtype: np.dtype) -> np.ndarray:
    """Inputs [T, X, B] with a last channel of ones, which the biases weigh: [T, X + 1, B]."""
    inputs = np.ones((len(x), x.shape[1] + 1, x.shape[2]), dtype)
    inputs[:, :-1] = x
    return inputs


@dataclass(frozen=True)
class Kernel:
    """The recurrence of one replica on a CPU. recurrent: [H, H], sparse or dense; w_in: [H, X + 1]."""

    recurrent: Tensor
    w_in: np.ndarray
    leak: float

    def states(self, inputs: Iterable[np.ndarray], start: np.ndarray) -> Iterator[np.ndarray]:
        """The state [H, B] after each of the inputs [X + 1, B]; the next step overwrites it.

        An input is asked for once the state before it has been handed out, so that it may depend on that state.
        """
        h, new = (torch.zeros(len(self.w_in), len(start), dtype=self.recurrent.dtype) for _ in range(2))
        last_start = start.max(initial=0)
        for t, x in enumerate(inputs):
            np.matmul(self.w_in, x, out=new.numpy())
            torch.addmm(new, self.recurrent, h, out=new)
            np.tanh(new.numpy(), out=new.numpy())
            if self.leak == 1:
                h, new = new, h
            else:
                h.lerp_(new, self.leak)
            if t < last_start:
                h.numpy()[...] *= start <= t
            yield h.numpy()


def _operator(matrix: Tensor) -> Tensor:
    """The matrix, dense or sparse, whichever has the faster products."""
    if matrix.count_nonzero().item() > _MAX_SPARSE_SHARE * matrix.numel():
        return matrix
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Sparse CSR tensor support is in beta state")
        sparse = matrix.to_sparse_csr()
        indices = sparse.crow_indices().int(), sparse.col_indices().int()  # as MKL wants them, else copied each time
        return torch.sparse_csr_tensor(*indices, sparse.values(), sparse.shape, check_invariants=False)
