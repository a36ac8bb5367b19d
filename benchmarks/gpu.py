"""P12: twenty seeds as one program on a GPU, against twenty runs of torch's modules on the same GPU.

Times are wall-clock seconds, with the device synchronised before and after. The tests run the same arms on a CPU.
"""

from __future__ import annotations

import time
from typing import Any

import torch
from torch import Tensor

from benchmarks.arm import Arm, Missing
from benchmarks.problem import first, objective, problem
from benchmarks.worker import function
from longlag.engine.gradients import CapturedGradient


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


def gradient(captured: bool, device: str, **kwargs: Any) -> Arm:
    """Loss and gradient of all replicas, recorded as one program or called kernel by kernel."""
    p = problem(**kwargs).to(device)
    oracle = objective(p)
    program = CapturedGradient(oracle.model, oracle.loss)
    found: dict[str, Tensor] = {}

    def work() -> None:
        nonlocal found
        with torch.no_grad():
            found = (program(p.params, oracle.batch) if captured else oracle.value_and_grad(p.params))[1]

    return Arm(work, lambda: first(found))
