"""The modes of torch that decide digits, whatever the program around longlag has set.

A script may train in bfloat16, make float64 or a GPU its default, or let matrix products round to fewer digits, as
trainers of other libraries advise. Another run of the same spec must give the same numbers, so that no such mode holds
while longlag computes. Modes around somebody's own module are its owner's; those that would spoil a step are refused.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager

import torch
from torch import Tensor

from longlag.algebra.threads import Shared
from longlag.errors import LonglagError

_KINDS = ("cpu", "cuda")  # of devices that autocast may round on


@contextmanager
def plain() -> Iterator[None]:
    """The modes in which torch starts: no autocast, no inference mode, new tensors float32 and on the CPU, and products
    of float32 matrices with all their digits."""
    with ExitStack() as modes:
        for kind in _KINDS:
            if torch.is_autocast_enabled(kind):
                modes.enter_context(torch.autocast(kind, enabled=False))
        if torch.is_inference_mode_enabled():
            modes.enter_context(torch.inference_mode(False))
        if torch.empty(0).device.type != "cpu":
            modes.enter_context(torch.device("cpu"))
        modes.enter_context(_NUMBERS.entered())
        yield


def refuse(params: Iterable[Tensor], call: str, remedy: str) -> None:
    """Raises LonglagError in a mode in which the sums of a step over these would be rounded, or have no graph.

    call: what the mode is on around. remedy: where autocast may be opened.
    """
    for kind in sorted({p.device.type for p in params}):
        if torch.is_autocast_enabled(kind):
            raise LonglagError(
                f"torch.autocast is on around {call}, in {torch.get_autocast_dtype(kind)} on {kind}: sums over the "
                f"parameters would be rounded. {remedy}"
            )
    if torch.is_inference_mode_enabled():
        raise LonglagError(
            f"torch.inference_mode is on around {call}: nothing has a gradient in it. Call {call} outside"
        )


@contextmanager
def _plain_numbers() -> Iterator[None]:
    dtype = torch.get_default_dtype()
    torch.set_default_dtype(torch.float32)
    try:
        with _whole_products():
            yield
    finally:
        torch.set_default_dtype(dtype)


@contextmanager
def _whole_products() -> Iterator[None]:
    """Torch 2.9 and newer have one precision for all matrix products and one for each backend, and raise an error when
    the first is asked for and the second were set."""
    try:
        precision = torch.get_float32_matmul_precision()
    except RuntimeError:
        precision = ""
    if precision == "highest":
        yield
        return
    backends = [each for each in (torch.backends.mkldnn, torch.backends.cuda) if hasattr(each, "matmul")]
    own = [(each.matmul, each.matmul.fp32_precision) for each in backends if hasattr(each.matmul, "fp32_precision")]
    torch.set_float32_matmul_precision("highest")
    try:
        yield
    finally:
        if precision:
            torch.set_float32_matmul_precision(precision)
        for matmul, before in own:
            matmul.fp32_precision = before


_NUMBERS = Shared(_plain_numbers)  # of the whole process; the other modes are those of a thread
