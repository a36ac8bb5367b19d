"""Which devices a run may name."""

from __future__ import annotations

import re

import torch

from longlag.errors import LonglagError, shown


def check_device(device: object) -> None:
    """Raises LonglagError for a device that torch cannot use here."""
    if not (isinstance(device, str) and re.fullmatch(r"cpu|cuda(:\d+)?", device)):
        raise LonglagError(f"device {shown(device)} cannot be used here; write 'cpu', 'cuda' or 'cuda:0'")
    try:
        torch.empty(0, device=device)
    except (RuntimeError, AssertionError) as error:
        reason = str(error).splitlines()[0]
        raise LonglagError(f"device {device!r} cannot be used here ({reason}); --device cpu always works") from error
