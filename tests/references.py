"""Slow twins in float64, written another way: what the fast code is compared with."""

from __future__ import annotations

import math

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


def lru(params: dict[str, np.ndarray], x: np.ndarray, blocks: int) -> np.ndarray:
    """Outputs [T, H] of linear recurrent units on one sequence [T, X], by powers of lambda: s_t = sum_k lambda^k b_{t-k}."""
    u, steps = x @ params["W_xh"] + params["b_h"], np.arange(len(x))
    for k in range(blocks):
        eigenvalues = np.exp(-np.exp(params[f"nu_{k}"]) + 1j * np.exp(params[f"theta_{k}"]))
        re, im = np.split(u @ params[f"W_in_{k}"], 2, axis=1)
        b = (re + 1j * im) * np.exp(params[f"gamma_{k}"])
        ages = steps[:, None] - steps
        powers = np.where(ages[..., None] >= 0, eigenvalues ** np.maximum(ages, 0)[..., None], 0)  # [T, T, N]
        s = np.einsum("tsn,sn->tn", powers, b)
        of_re, of_im = np.split(params[f"W_out_{k}"], 2)
        y = s.real @ of_re + s.imag @ of_im + params[f"skip_{k}"] * u
        v = y * np.vectorize(lambda a: 0.5 * (1 + math.erf(a / math.sqrt(2))))(y)
        u = u + v / (1 + np.exp(-(v @ params[f"W_gate_{k}"] + params[f"b_gate_{k}"])))
    return u


def mingru(params: dict[str, np.ndarray], x: np.ndarray, layers: int) -> np.ndarray:
    """Outputs [T, H] of minimal GRUs on one sequence [T, X], as weighted means of all that was written."""
    u = x @ params["W_xh"] + params["b_h"]
    for k in range(layers):
        z, new = np.split(u @ params[f"W_{k}"] + params[f"b_{k}"], 2, axis=1)
        z = 1 / (1 + np.exp(-z))
        kept = [[np.prod(1 - z[s + 1 : t + 1], axis=0) for s in range(t + 1)] for t in range(len(x))]
        u = u + np.array([sum(w * z[s] * new[s] for s, w in enumerate(row)) for row in kept])
    return u


def lstm_1997(
    p: dict[str, np.ndarray], x: np.ndarray, start: np.ndarray, blocks: int, kept: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Outputs [T, B, H] of the LSTM of 1997, cell by cell, and u_{t-1} [T, B, U]; `kept` replaces what is heard of it."""
    steps, batch, units = len(x), x.shape[1], len(p["W_hh"])
    hidden, outputs, heard = (
        units - 2 * blocks,
        np.zeros((steps, batch, units - 2 * blocks)),
        np.zeros((steps, batch, units)),
    )
    for b in range(batch):
        s, u = np.zeros(hidden), np.zeros(units)
        for t in range(start[b], steps):
            heard[t, b] = u
            a = 1 / (1 + np.exp(-(x[t, b] @ p["W_xh"] + (u if kept is None else kept[t, b]) @ p["W_hh"] + p["b_h"])))
            u = a.copy()
            for c in range(hidden):
                block = c * blocks // hidden
                s[c] += a[hidden + block] * (4 * a[c] - 2)
                u[c] = a[hidden + blocks + block] * (2 / (1 + np.exp(-s[c])) - 1)
            outputs[t, b] = u[:hidden]
    return outputs, heard


def omega(w: Tensor, states: Tensor, d_pre: Tensor, start: Tensor) -> Tensor:
    """Pascanu's term as a function of W_hh [H, H] alone, pair by pair, from h [T, B, H] and dE/da [T, B, H], constants."""
    total, (steps, batch, _) = torch.zeros((), dtype=w.dtype), states.shape
    for b in range(batch):
        terms = []
        for k in range(int(start[b]), steps - 1):
            error = d_pre[k + 1, b]
            if error @ error > 1e-20:
                before = torch.diag(1 - states[k, b] ** 2) @ w @ error
                terms.append(((before @ before) / (error @ error) - 1) ** 2)
        total = total + sum(terms) / max(len(terms), 1) / batch
    return total


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


def lstm_cell(gates: Tensor, recurrent: Tensor, before: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """What torch's kernels of an LSTM cell compute on a GPU: the new states, and the gates i, f, g, o."""
    assert gates.dim() == recurrent.dim() == before.dim() == 2
    i, f, g, o = (gates + recurrent).chunk(4, 1)
    i, f, g, o = i.sigmoid(), f.sigmoid(), g.tanh(), o.sigmoid()
    c = f * before + i * g
    return o * c.tanh(), c, torch.cat([i, f, g, o], 1)


def lstm_cell_backward(
    d_h: Tensor, d_c: Tensor, before: Tensor, after: Tensor, gates: Tensor, has_bias: bool
) -> tuple[Tensor, Tensor, None]:
    """Derivatives of the gates before their functions, and of the state before the step."""
    assert {value.shape for value in (d_h, d_c, before, after)} == {before.shape}
    assert not has_bias
    i, f, g, o = gates.chunk(4, 1)
    d_c = d_c + d_h * o * (1 - after.tanh() ** 2)
    d = d_c * g * i * (1 - i), d_c * before * f * (1 - f), d_c * i * (1 - g**2), d_h * after.tanh() * o * (1 - o)
    return torch.cat(d, 1), d_c * f, None
