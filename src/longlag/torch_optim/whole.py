"""What is checked once, at the first step of an optimiser: does curvature see the whole loss, and count its sequences?

The gradient is that of all the loss, the Gauss-Newton matrix J'HJ that of the loss as a function of the outputs. A part
that reaches the parameters by another way (a penalty on the weights, computed in the closure) is in the first and not
in the second: steps are then far too long in its directions, and nothing raises an error. A reentrant checkpoint of
torch hides parameters from both.

Structural damping is averaged over sequences. If nobody said which axis of hidden states counts them, the first is
taken; where another one is as long as the outputs have rows, and the first is not, that may be wrong.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from longlag.errors import LonglagError, warn_user
from longlag.torch_optim.closure import Answer

REENTRANT = (
    "the closure calls torch.utils.checkpoint with use_reentrant=True, which hides the parameters inside from "
    "derivatives; write use_reentrant=False"
)
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
        warn_user(
            f"part of the loss does not pass through the returned outputs: {share:.2g} of the gradient's length, whose "
            "curvature is missing, so that steps may fail. For a penalty on the weights use weight_decay=; return "
            "whatever else the loss is computed from as an output",
            RuntimeWarning,
        )


def check_checkpoints(loss: Tensor) -> None:
    """Raises LonglagError if the graph of a loss has a reentrant checkpoint, whose parameters are hidden from it."""
    nodes, seen = [loss.grad_fn], set[Any]()
    while nodes:
        node = nodes.pop()
        if node is None or node in seen:
            continue
        if node.name() == "CheckpointFunctionBackward":
            raise LonglagError(REENTRANT)
        seen.add(node)
        nodes.extend(following for following, _ in node.next_functions)


def check_hidden(answer: Answer) -> None:
    """Warns if hidden states depend on nothing that is trained, or if their sequences seem to be counted by the wrong
    axis."""
    if answer.hidden and not any(states.values.requires_grad for states in answer.hidden):
        warn_user(
            "the hidden states do not depend on the trained parameters: structural damping does nothing. Return them "
            "without detach(), or turn it off with structural_damping=0",
            RuntimeWarning,
        )
        return
    rows = len(answer.outputs[0]) if answer.outputs[0].dim() else 1
    for states in answer.hidden:
        sizes = list(states.values.shape)
        if states.guessed and states.sequences != rows and rows in sizes:
            warn_user(
                f"hidden states of shape {sizes} are counted as {states.sequences} sequences, by axis 0, but the "
                f"outputs have {rows} rows, as has axis {sizes.index(rows)}: structural damping may be of a wrong "
                f"strength. HessianFree(..., batch_axis={sizes.index(rows)}) counts by that axis; batch_axis=0 says "
                "that the first is right",
                RuntimeWarning,
            )
            return


def _length(parts: Mapping[str, Tensor]) -> float:
    return float(sum(part.double().square().sum() for part in parts.values())) ** 0.5
