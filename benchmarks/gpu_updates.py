"""What an update of a run costs on a GPU, everything included: batches drawn ahead, recorded gradient, clipping,
optimiser, the loss read back, evaluations.

python -m benchmarks.gpu_updates DEVICE REPLICAS UPDATES
"""

from __future__ import annotations

import argparse
import time
from dataclasses import dataclass

import torch

from benchmarks.gpu_plan import NOW, Condition
from longlag import protocol
from longlag.engine.ahead import shared
from longlag.engine.block import Block
from longlag.engine.provenance import provenance
from longlag.engine.spec import RunSpec, resolve

TIMED = ("adding", 50)  # task and lag
_START_SECONDS = 30.0
METHODS = ("esn_momentum", "lstm", "gru")


@dataclass(frozen=True)
class Updates:
    """A line of updates.csv. ms: wall-clock milliseconds of an update; expected_ms: by `gpu_plan.py`."""

    method: str
    task: str
    lag: int
    replicas: int
    updates: int
    ms: float
    expected_ms: float
    commit: str

    @property
    def line(self) -> str:
        """For the terminal."""
        condition = f"{self.method} on {self.task}, lag {self.lag}, {self.replicas} replicas"
        return f"{condition}: {self.ms:.2f} ms an update; {self.expected_ms:.2f} ms expected"


def timed(method: str, replicas: int, updates: int, device: str) -> Updates:
    """Times updates after as many that warm up, and after the processes that draw ahead have started."""
    seeds = tuple(protocol.FIRST_TUNING_SEED + k for k in range(replicas))
    setup = resolve(RunSpec(*TIMED, method, seeds, 1e9, device=device, block=replicas))
    with torch.no_grad():
        block = Block(setup, seeds)
        for _ in range(updates):
            list(block.advance())
        begun = time.perf_counter()
        while _starting(block) and time.perf_counter() - begun < _START_SECONDS:
            list(block.advance())
        begun = time.perf_counter()
        for _ in range(updates):
            list(block.advance())  # reads the loss: waits for the device
        ms = 1e3 * (time.perf_counter() - begun) / updates
    expected = 1e3 * Condition.of(method, *TIMED, replicas).update(NOW)
    return Updates(method, *TIMED, replicas, updates, ms, expected, commit())


def _starting(block: Block) -> bool:
    """Whether batches are still drawn here because the processes that draw ahead are not ready."""
    drawers = shared() if block.data.ahead else None
    return drawers is not None and not drawers.ready


def commit() -> str:
    """Of this code, as rows have it."""
    return str(provenance("cpu")["commit"])


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m benchmarks.gpu_updates", description=__doc__)
    parser.add_argument("device", help="such as cuda")
    for number in ("replicas", "updates"):
        parser.add_argument(number, type=int)
    given = parser.parse_args()
    for name in METHODS:
        print(timed(name, given.replicas, given.updates, given.device).line, flush=True)
