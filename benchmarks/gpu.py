"""P12: twenty seeds as one program on a GPU, against twenty runs of torch's modules on the same GPU.

Times are wall-clock seconds, with the device synchronised before and after. The tests run the same arms on a CPU.
"""

from __future__ import annotations

import time
from typing import Any

import torch

from benchmarks.arm import Arm, Missing
from benchmarks.worker import function


def on(device: str, arm: str, **kwargs: Any) -> Arm:
    """An arm of `updates` or `curvature` on that device."""
    if device != "cpu" and not torch.cuda.is_available():
        raise Missing("torch sees no GPU here")
    own = function(arm)(**kwargs, device=device)

    def work() -> None:
        own.work()
        if device != "cpu":
            torch.cuda.synchronize(device)

    return Arm(work, own.answer, time.perf_counter)
