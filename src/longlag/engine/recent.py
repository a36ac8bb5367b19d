"""The last training sequences of each replica: what the rules of some papers stop a run by.

Hochreiter & Schmidhuber 1997 stop when the last 2000 sequences were processed correctly and the average training error
is small. An answer is that of the parameters before the update that it leads to.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import torch
from torch import Tensor

from longlag.errors import LonglagError
from longlag.losses import Loss, WithDistance
from longlag.protocol import Rules


@dataclass(frozen=True)
class Recent:
    """The last N sequences of R replicas. wrong, error: [R, N], in a ring. seen: sequences so far, equal for all."""

    wrong: np.ndarray
    error: np.ndarray
    seen: int

    @classmethod
    def fresh(cls, replicas: int, recent: int) -> Recent:
        """Before the first sequence; recent: N."""
        return cls(np.ones((replicas, recent), dtype=bool), np.full((replicas, recent), np.inf), 0)

    def after(self, wrong: np.ndarray, error: np.ndarray) -> Recent:
        """With the next sequences, both [R, B]. This one stays as it is: a kept state may hold it."""
        places = (self.seen + np.arange(wrong.shape[1])) % self.wrong.shape[1]
        ring = Recent(self.wrong.copy(), self.error.copy(), self.seen + wrong.shape[1])
        ring.wrong[:, places], ring.error[:, places] = wrong, error
        return ring

    def meets(self, rules: Rules) -> np.ndarray:
        """Which replicas meet the rules, [R]; none before N sequences."""
        few = self.wrong.sum(1) <= rules.most_wrong
        if self.seen < self.wrong.shape[1] or not few.any():
            return np.zeros(len(few), dtype=bool)
        return few & (self.error.mean(1) < rules.error_below)


@dataclass
class Watch:
    """Notes the answers of one step, chunk by chunk."""

    loss: Loss
    notes: list[tuple[Tensor, Tensor]] = field(default_factory=list)

    def __call__(self, outputs: Tensor, targets: Tensor) -> None:
        wrong = self.loss.wrong(outputs, targets).any(1)  # [R, B]
        judge: object = self.loss
        if isinstance(judge, WithDistance):
            self.notes.append((wrong, judge.distance(outputs, targets).mean(1)))
        else:
            self.notes.append((wrong, torch.zeros(wrong.shape)))

    def noted(self) -> tuple[np.ndarray, np.ndarray]:
        """Wrong and mean absolute error of all sequences, both [R, B]."""
        wrong, error = (torch.cat(parts, 1).cpu().numpy() for parts in zip(*self.notes, strict=True))
        return wrong, error


def check(loss: Loss, rules: Rules) -> None:
    """Raises LonglagError if the rules ask for the error of a task whose answers have none."""
    if rules.error_below != Rules().error_below and not isinstance(loss, WithDistance):
        raise LonglagError(
            f"rule 'error_below' needs answers that are numbers, and {loss.name} is of classes; leave it out"
        )


def in_words(rules: Rules) -> str:
    """The reason of a run that met the rules."""
    error = f", mean absolute error below {rules.error_below:g}" if rules.error_below < np.inf else ""
    return f"at most {rules.most_wrong} of the last {rules.recent} training sequences wrong{error}"
