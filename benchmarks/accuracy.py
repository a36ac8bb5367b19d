"""P10: what speed costs in digits: the library's gradients and Gauss-Newton products against float64 autograd.

Error: the largest ||ours - reference|| / ||reference|| over the parameter tensors, and over the seeds of weights and
sequences. The reference is torch's own nn.RNN or nn.LSTM in float64, differentiated automatically.
"""

from __future__ import annotations

import numpy as np
import torch
from torch.nn.functional import mse_loss

from benchmarks.arm import Arrays
from benchmarks.curvature import kept_graph
from benchmarks.problem import Net, Problem, direction, first, from_torch, objective, problem


def gradient_error(
    cell: str, dtype: str, steps: int, batch: int, hidden: int, seeds: int, peer: bool = False
) -> float:
    """Worst error of a gradient in that precision; of autograd itself with `peer`."""
    return max(_gradient_error(problem(cell, steps, batch, hidden, seed=s), dtype, peer) for s in range(seeds))


def product_error(dtype: str, steps: int, batch: int, hidden: int, seeds: int, peer: bool = False) -> float:
    """Worst error of a product."""
    return max(_product_error(problem("tanh", steps, batch, hidden, seed=s), dtype, peer) for s in range(seeds))


def _gradient_error(p: Problem, dtype: str, peer: bool) -> float:
    cast = p.cast(getattr(torch, dtype))
    with torch.no_grad():
        found = _autograd(cast) if peer else first(objective(cast).value_and_grad(cast.params)[1])
    return error(found, _autograd(p.cast(torch.float64)))


def _product_error(p: Problem, dtype: str, peer: bool) -> float:
    exact, cast = p.cast(torch.float64), p.cast(getattr(torch, dtype))
    if peer:
        found = from_torch(kept_graph(cast, direction(cast), 0)())
    else:
        with torch.no_grad():
            found = first(objective(cast).gauss_newton(cast.params)(direction(cast)))
    return error(found, from_torch(kept_graph(exact, direction(exact), 0)()))


def _autograd(p: Problem) -> Arrays:
    with torch.enable_grad():
        net = Net(p.cell, p.params)
        mse_loss(net(p.x[0]), p.y[0, 0]).backward()
    return from_torch({name: value.grad for name, value in net.named_parameters() if value.grad is not None})


def error(found: Arrays, exact: Arrays) -> float:
    """The largest relative error over the tensors."""
    return max(float(np.linalg.norm(found[k] - exact[k]) / np.linalg.norm(exact[k])) for k in exact)
