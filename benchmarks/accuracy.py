"""P10: precision of the library's gradients and Gauss-Newton products, against float64 autograd.

Error: ||ours - reference|| / ||reference|| over all parameters together, and the largest error of a single tensor
(which may be one number in which a sum nearly cancels, such as the output bias). Both are the worst of several draws
of weights and sequences. The reference is torch's nn.RNN or nn.LSTM in float64, differentiated automatically.
"""

from __future__ import annotations

import numpy as np
import torch
from torch.nn.functional import mse_loss

from benchmarks.arm import Arrays
from benchmarks.curvature import kept_graph
from benchmarks.problem import Net, Problem, direction, first, from_torch, objective, problem

Errors = tuple[float, float]  # jointly, and of the worst tensor


def gradient_error(
    cell: str, dtype: str, steps: int, batch: int, hidden: int, seeds: int, peer: bool = False
) -> Errors:
    """Errors of a gradient in that precision. peer: the errors of autograd instead."""
    return _worst([_gradient_error(problem(cell, steps, batch, hidden, seed=s), dtype, peer) for s in range(seeds)])


def product_error(
    dtype: str, steps: int, batch: int, hidden: int, seeds: int, peer: bool = False, through_time: bool = False
) -> Errors:
    """Errors of a product. through_time: of a product without cached Jacobian, as with structural damping."""
    problems = [problem("tanh", steps, batch, hidden, seed=s) for s in range(seeds)]
    return _worst([_product_error(p, dtype, peer, through_time) for p in problems])


def _worst(errors: list[Errors]) -> Errors:
    return max(joint for joint, _ in errors), max(single for _, single in errors)


def _gradient_error(p: Problem, dtype: str, peer: bool) -> Errors:
    cast = p.cast(getattr(torch, dtype))
    with torch.no_grad():
        found = _autograd(cast) if peer else first(objective(cast).value_and_grad(cast.params)[1])
    return error(found, _autograd(p.cast(torch.float64)))


def _product_error(p: Problem, dtype: str, peer: bool, through_time: bool) -> Errors:
    exact, cast = p.cast(torch.float64), p.cast(getattr(torch, dtype))
    if peer:
        found = from_torch(kept_graph(cast, direction(cast), 0)())
    else:
        with torch.no_grad():
            # 1e-30 is damping that no digit can see
            structural = 1e-30 if through_time else 0.0
            found = first(objective(cast).gauss_newton(cast.params, structural)(direction(cast)))
    return error(found, from_torch(kept_graph(exact, direction(exact), 0)()))


def _autograd(p: Problem) -> Arrays:
    with torch.enable_grad():
        net = Net(p.cell, p.params)
        mse_loss(net(p.x[0]), p.y[0, 0]).backward()
    return from_torch({name: value.grad for name, value in net.named_parameters() if value.grad is not None})


def error(found: Arrays, exact: Arrays) -> Errors:
    """Relative errors in the Euclidean norm: of all tensors together, and the largest of a single tensor."""
    wrong = {name: float(np.linalg.norm(found[name] - exact[name])) for name in exact}
    size = {name: float(np.linalg.norm(exact[name])) for name in exact}
    return float(np.hypot.reduce([*wrong.values()]) / np.hypot.reduce([*size.values()])), max(
        wrong[name] / size[name] for name in exact
    )
