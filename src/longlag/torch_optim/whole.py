"""What is checked once, at the first step of an optimiser: whether curvature sees the whole loss.

The gradient is that of all the loss, the Gauss-Newton matrix J'HJ that of the loss as a function of the outputs. A part
that reaches the parameters by another way (a penalty on the weights, computed in the closure) is in the first and not
in the second: steps are then far too long in its directions, and nothing raises an error.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping

import torch
from torch import Tensor

from longlag.torch_optim.closure import Answer

_BESIDE = 1e-3  # of the gradient's length; rounding of single precision is far below


def check_through_outputs(answer: Answer, leaves: Mapping[str, Tensor], gradient: Mapping[str, Tensor]) -> None:
    """Warns if J' dL/dz, over the outputs z of a forward pass, is not the gradient of its loss, beyond rounding.

    answer: with its graph, which is freed. leaves: the parameters by name, gradient: the loss's in them.
    """
    with torch.enable_grad():
        slopes = answer.second_order().gradient
    live = [(z, slope.detach()) for z, slope in zip(answer.outputs, slopes, strict=True) if z.requires_grad]
    outputs, slopes = zip(*live, strict=True)
    found = torch.autograd.grad(outputs, tuple(leaves.values()), slopes, allow_unused=True)
    through = dict(zip(leaves, found, strict=True))
    beside = {k: whole if (part := through[k]) is None else whole - part for k, whole in gradient.items()}
    share = _length(beside) / max(_length(gradient), torch.finfo(torch.float64).tiny)
    if share > _BESIDE:
        warnings.warn(
            f"part of the loss does not pass through the returned outputs: {share:.2g} of the gradient's length, whose "
            "curvature is missing, so that steps may fail. For a penalty on the weights use weight_decay=; return "
            "whatever else the loss is computed from as an output",
            RuntimeWarning,
            stacklevel=2,
        )


def _length(parts: Mapping[str, Tensor]) -> float:
    return float(sum(part.double().square().sum() for part in parts.values())) ** 0.5
