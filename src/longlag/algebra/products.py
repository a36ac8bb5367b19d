"""Matrix products over the replica axis.

On a CPU each replica has its own product: batched kernels sum in another order for one matrix than for many, and a
seed must have the same bits alone as in a block. On other devices one batched kernel is used.
"""

from __future__ import annotations

import torch
from torch import Tensor


def matmul(a: Tensor, b: Tensor) -> Tensor:
    """[R, n, m] by [R, m, k] -> [R, n, k]."""
    if a.device.type != "cpu":
        return torch.bmm(a, b)
    if len(a) == 1:
        return (a[0] @ b[0]).unsqueeze(0)
    return torch.stack([x @ y for x, y in zip(a, b, strict=True)])


def matvec(a: Tensor, v: Tensor) -> Tensor:
    """[R, n, m] by [R, m] -> [R, n]."""
    if a.device.type != "cpu":
        return torch.bmm(a, v.unsqueeze(2)).squeeze(2)
    return torch.stack([x @ y for x, y in zip(a, v, strict=True)])


def linear(x: Tensor, weight: Tensor) -> Tensor:
    """x W: [R, ..., X] by [R, X, G], the middle axes flattened into one product per replica."""
    return matmul(x.flatten(1, -2), weight).unflatten(1, x.shape[1:-1])


def affine(x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    """x W + b: [R, ..., X] by [R, X, G] and [R, G]."""
    return linear(x, weight) + aligned(bias, x)


def aligned(vector: Tensor, like: Tensor) -> Tensor:
    """A vector per replica [R, G] with as many axes as `like` [R, ..., X]: [R, 1, ..., G]."""
    return vector.view(len(vector), *[1] * (like.dim() - 2), -1)
