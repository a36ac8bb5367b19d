"""The state of a block of seeds between two steps: one value, which the loop changes and a checkpoint keeps."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from longlag import protocol
from longlag.engine.provenance import now
from longlag.objective import Meter


@dataclass
class BlockState:
    """Everything that decides what the next steps do, and what the rows will report. A checkpoint keeps it.

    Random streams are keyed by counters (`drawn`, `confirmations`, and what the optimiser counts), so that these are
    their position. Arrays and tensors have an entry per replica, [R].

    optimiser: the optimiser's own state. best: smallest share wrong on the monitor set within the budget.
    evaluated: sequences evaluated. next_evaluation: passes. started: UTC. cpu, wall: seconds of earlier processes, cpu
    in equal shares per replica. resumed: how often another process took over.
    """

    params: dict[str, Tensor]
    optimiser: Any
    meter: Meter
    active: Tensor
    updates: np.ndarray
    best: np.ndarray
    evaluated: np.ndarray
    confirmations: np.ndarray
    drawn: int
    next_evaluation: float
    started: str
    cpu: np.ndarray
    wall: float
    resumed: int

    @classmethod
    def fresh(cls, params: dict[str, Tensor], optimiser: Any, replicas: int) -> BlockState:
        """Before the first step."""
        return cls(
            params,
            optimiser,
            Meter.zero(replicas),
            active=torch.ones(replicas, dtype=torch.bool),
            updates=np.zeros(replicas, dtype=int),
            best=np.full(replicas, np.nan),
            evaluated=np.zeros(replicas),
            confirmations=np.zeros(replicas, dtype=int),
            drawn=0,
            next_evaluation=protocol.next_evaluation(0),
            started=now(),
            cpu=np.zeros(replicas),
            wall=0.0,
            resumed=0,
        )
