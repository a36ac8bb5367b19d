"""Which parameters of somebody's modules an optimiser of longlag can train."""

from __future__ import annotations

from torch import Tensor, float32, float64
from torch.nn.parameter import is_lazy

from longlag.errors import LonglagError


def check(p: Tensor, user: str) -> None:
    """Raises LonglagError unless a parameter has numbers, of a precision in which sums of small changes are kept.

    user: what needs that.
    """
    check_shape(p)
    if p.is_meta:
        raise LonglagError(
            "a parameter is on the device meta, where it has no numbers: call model.to_empty(device=...), and draw or "
            "load them"
        )
    if p.dtype not in (float32, float64):
        raise LonglagError(f"a parameter is of {p.dtype}; {user} needs float32 or float64: model.float()")


def check_shape(p: Tensor) -> None:
    """Raises LonglagError for a parameter of a lazy module of torch before its first call, which has no shape yet."""
    if is_lazy(p):
        raise LonglagError(
            "a parameter has no shape yet, as in nn.LazyLinear before its first call: call the model once, model(x), "
            "before it is trained and before load_state_dict"
        )
