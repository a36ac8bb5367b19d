"""The state of a block of seeds between two steps. The loop changes it, a checkpoint keeps it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from longlag.engine import beginning
from longlag.engine.beginning import Beginning
from longlag.engine.provenance import now
from longlag.engine.recent import Recent
from longlag.objective import Meter


@dataclass
class BlockState:
    """Everything that decides the next steps, and everything that the rows will report.

    Random streams are numbered by counters (`drawn`, `confirmations`, and those of the optimiser): these are the
    positions of the streams. Arrays and tensors have one entry per replica, [R].

    optimiser: the optimiser's own state. loss: training loss of the last step. best: smallest share wrong on the
    monitor set within the budget. evaluated: sequences evaluated. last_evaluation: passes spent when it was made, 0
    before the first. started: UTC. cpu, wall: seconds that earlier processes spent, in equal shares per replica.
    resumed: how many times another process took over. beginning: the numbers of `Beginning`, [R, 4]. recent: the last
    training sequences, if rules ask for them.
    """

    params: dict[str, Tensor]
    optimiser: Any
    meter: Meter
    active: Tensor
    updates: np.ndarray
    loss: np.ndarray
    best: np.ndarray
    evaluated: np.ndarray
    confirmations: np.ndarray
    drawn: int
    last_evaluation: float
    started: str
    cpu: np.ndarray
    wall: np.ndarray
    resumed: int
    beginning: np.ndarray
    recent: Recent | None

    def columns(self, r: int) -> dict[str, Any]:
        """The columns of replica r's row that the state decides."""
        return {
            "passes": float(self.meter.passes[r]),
            "flops": float(self.meter.flops[r]),
            "updates": int(self.updates[r]),
            "evaluation_passes": float(self.evaluated[r]),
            "best_error": float(self.best[r]),
            "resumed": self.resumed,
            "beginning": Beginning(*self.beginning[r].tolist()).text(),
        }

    @classmethod
    def fresh(cls, params: dict[str, Tensor], optimiser: Any, replicas: int, recent: int = 0) -> BlockState:
        """Before the first step. recent: how many of the last training sequences are noted."""
        return cls(
            params,
            optimiser,
            Meter.zero(replicas),
            active=torch.ones(replicas, dtype=torch.bool),
            updates=np.zeros(replicas, dtype=int),
            loss=np.full(replicas, np.nan),
            best=np.full(replicas, np.nan),
            evaluated=np.zeros(replicas),
            confirmations=np.zeros(replicas, dtype=int),
            drawn=0,
            last_evaluation=0.0,
            started=now(),
            cpu=np.zeros(replicas),
            wall=np.zeros(replicas),
            resumed=0,
            beginning=beginning.unknown(replicas),
            recent=Recent.fresh(replicas, recent) if recent else None,
        )
