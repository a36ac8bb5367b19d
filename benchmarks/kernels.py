"""How many kernels a GPU starts: operations that compute, counted on any device while a function runs.

Views, and memory that is only reserved, are no kernels. A product that adds to another tensor than its result first
copies that tensor: two kernels.
"""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch.utils._python_dispatch import TorchDispatchMode

from benchmarks.problem import GATES, Problem, objective, problem
from longlag.cells import gated_batched, tanh_batched
from longlag.cells.base import autograd_tape

_RESERVED = {"empty", "empty_like", "new_empty", "empty_strided", "new_empty_strided", "_unsafe_view", "detach"}
_BATCHED = {"tanh": None, "gru": gated_batched.GRURun, "lstm": gated_batched.LSTMRun}


class Counting(TorchDispatchMode):
    """Counts operations by name while it is active."""

    def __init__(self) -> None:
        super().__init__()
        self.found: Counter[str] = Counter()

    def __torch_dispatch__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        name = func.overloadpacket.__name__
        if not (func.is_view or name in _RESERVED):
            self.found[name] += 2 if name == "baddbmm" else 1
        return func(*args, **(kwargs or {}))


def count(work: Callable[[], object]) -> int:
    """Kernels of one call."""
    with Counting() as counting:
        work()
    return counting.found.total()


def of_a_step(cell: str, hand_written: bool = True) -> float:
    """Kernels that one more step adds to a gradient on a GPU, forward and backward: by hand-written formulas or by
    automatic differentiation."""
    short, long = 8, 24
    few, many = (count(_gradient(problem(cell, steps, 3, 4, 2), hand_written)) for steps in (short, long))
    return (many - few) / (long - short)


def _gradient(p: Problem, hand_written: bool) -> Callable[[], object]:
    """States of one scored step and the gradient from them, as on a GPU: sequences may start late."""
    replicas, _, batch, _ = p.x.shape
    start = torch.ones(replicas, batch, dtype=torch.int64)
    cell, run = objective(p).model.cell, _BATCHED[p.cell]
    d = torch.ones(replicas, 1, batch, p.hidden)

    def work() -> None:
        if not hand_written:
            autograd_tape(cell, p.params, p.x, start, 1).pullback(d)
        elif run is None:
            tanh_batched.linearise(p.params, p.x, start, 1).pullback(d)
        else:
            run.of(p.params, p.x, start, 1).backward(d)

    return work


if __name__ == "__main__":
    argparse.ArgumentParser(description=__doc__).parse_args()  # --help runs nothing
    for name in GATES:
        print(name, of_a_step(name), "by automatic differentiation", of_a_step(name, hand_written=False))
