"""Parameter vectors as dicts of tensors, with the operations that optimisers need.

`Params` maps a name such as "W_hh" to a tensor [R, ...] whose leading axis R counts replicas (seeds trained together).
Reductions keep R and are computed in float64, so that decisions do not depend on the precision of training.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import torch
from torch import Tensor

Params = Mapping[str, Tensor]


def map_(function: Callable[..., Tensor], *trees: Params) -> dict[str, Tensor]:
    """Applies a function of tensors name by name."""
    first, *rest = trees
    return {name: function(leaf, *(tree[name] for tree in rest)) for name, leaf in first.items()}


def dot(a: Params, b: Params) -> Tensor:
    """Inner product per replica, [R], float64. A CPU sums each replica by itself: the same bits in any block."""
    products = [a[k].double() * b[k].double() for k in a]
    if products[0].device.type != "cpu":
        return torch.stack([product.flatten(1).sum(1) for product in products]).sum(0)
    return torch.stack([one.sum() for product in products for one in product]).unflatten(0, (len(products), -1)).sum(0)


def norm(a: Params) -> Tensor:
    """Euclidean norm over all parameters, per replica [R], float64."""
    return dot(a, a).sqrt()


def scale(alpha: Tensor | float, a: Params) -> dict[str, Tensor]:
    """alpha a, with alpha a number or one number per replica, [R]."""
    return {k: _column(alpha, v) * v for k, v in a.items()}


def axpy(alpha: Tensor | float, a: Params, b: Params) -> dict[str, Tensor]:
    """alpha a + b."""
    return {k: b[k] + _column(alpha, v) * v for k, v in a.items()}


def add(a: Params, b: Params) -> dict[str, Tensor]:
    """a + b."""
    return map_(torch.add, a, b)


def where(mask: Tensor, a: Params, b: Params) -> dict[str, Tensor]:
    """Per replica a where the mask [R] holds, b elsewhere."""
    mask = mask.to(next(iter(a.values())).device)
    return {k: torch.where(mask.reshape(-1, *[1] * (v.dim() - 1)), v, b[k]) for k, v in a.items()}


def zeros_like(a: Params) -> dict[str, Tensor]:
    """The zero vector of a's shape."""
    return map_(torch.zeros_like, a)


def finite(a: Params) -> Tensor:
    """Per replica: is every entry finite? [R] bool."""
    return torch.stack([v.isfinite().flatten(1).all(1) for v in a.values()]).all(0)


def rows(a: Params, kept: Tensor) -> dict[str, Tensor]:
    """The replicas with these numbers."""
    return {k: v[kept.to(v.device)] for k, v in a.items()}


def stack(trees: list[dict[str, Tensor]]) -> dict[str, Tensor]:
    """Joins trees along the replica axis."""
    return {k: torch.cat([tree[k] for tree in trees]) for k in trees[0]}


def _column(alpha: Tensor | float, leaf: Tensor) -> Tensor | float:
    if not isinstance(alpha, Tensor):
        return alpha
    return alpha.to(leaf.dtype).reshape(-1, *[1] * (leaf.dim() - 1))
