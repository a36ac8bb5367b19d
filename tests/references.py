"""Slow twins in float64, written another way: what the fast code is compared with."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from longlag.algebra.tree import Params


def flat(params: Params) -> Tensor:
    """One replica's parameters as a vector, in the order of their names."""
    return torch.cat([params[name][0].flatten() for name in sorted(params)])


def unflat(vector: Tensor, like: Params) -> dict[str, Tensor]:
    """The inverse of `flat`."""
    out, first = {}, 0
    for name in sorted(like):
        size = like[name][0].numel()
        out[name] = vector[first : first + size].reshape(like[name].shape)
        first += size
    return out


def tanh_rnn(vector: Tensor, like: Params, x: Tensor, start: Tensor, scored: int) -> tuple[Tensor, Tensor, Tensor]:
    """Outputs [K, B, O], pre-activations [T, B, H] and states of a tanh net, sequence by sequence, step by step."""
    p = {name: value[0] for name, value in unflat(vector, like).items()}
    outputs, pre, states = [], [], []
    for b in range(x.shape[1]):
        h = torch.zeros(p["W_hh"].shape[0], dtype=vector.dtype)
        a_b, h_b = [], []
        for t in range(x.shape[0]):
            a = x[t, b] @ p["W_xh"] + h @ p["W_hh"] + p["b_h"]
            started = t >= int(start[b])
            a = a if started else torch.zeros_like(a)
            h = torch.tanh(a)
            a_b.append(a)
            h_b.append(h)
        outputs.append(torch.stack(h_b[-scored:]) @ p["W_hy"] + p["b_y"])
        pre.append(torch.stack(a_b))
        states.append(torch.stack(h_b))
    return torch.stack(outputs, 1), torch.stack(pre, 1), torch.stack(states, 1)


def dense_gauss_newton(
    params: Params, x: Tensor, start: Tensor, scored: int, hessian: Tensor, structural: float
) -> Tensor:
    """J' H J + structural / B * J_a' diag(1 - h^2) J_a as a matrix; `hessian` is [K B O, K B O], J_a of the damped states."""
    vector = flat(params)
    jacobian = torch.autograd.functional.jacobian(lambda v: tanh_rnn(v, params, x, start, scored)[0].flatten(), vector)
    damped = torch.autograd.functional.jacobian(lambda v: tanh_rnn(v, params, x, start, scored)[1].flatten(), vector)
    states = tanh_rnn(vector, params, x, start, scored)[2]
    started = torch.arange(x.shape[0])[:, None, None] >= start[None, :, None]
    curvature = ((1 - states.square()) * started).flatten()
    return jacobian.T @ hessian @ jacobian + structural / x.shape[1] * damped.T @ (curvature[:, None] * damped)


def ridge(features: np.ndarray, targets: np.ndarray, penalty: float) -> tuple[np.ndarray, np.ndarray]:
    """Weights and bias of ridge regression on standardised features, by least squares on an augmented system."""
    n, size = features.shape
    mean, deviation = features.mean(0), features.std(0)
    z = (features - mean) / deviation
    rows = np.concatenate([z, np.sqrt(n * penalty) * np.eye(size)])
    wanted = np.concatenate([targets - targets.mean(0), np.zeros((size, targets.shape[1]))])
    weights = np.linalg.lstsq(rows, wanted, rcond=None)[0] / deviation[:, None]
    return weights, targets.mean(0) - mean @ weights
