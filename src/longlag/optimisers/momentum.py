"""Classical momentum (Polyak 1964; Sutskever, Martens, Dahl & Hinton 2013, equations 1 and 2).

v <- mu v - eps g(theta),   theta <- theta + v

The gradient is taken where the parameters are; Nesterov's (`nesterov.py`), which is the same but for that, is taken
where v will have carried them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

from torch import Tensor

from longlag.algebra import tree
from longlag.objective import Oracle
from longlag.optimisers.base import Draw, Step
from longlag.optimisers.clipping import Clipping, NoClipping
from longlag.optimisers.schedules import Schedule
from longlag.ranges import BELOW_ONE, COUNT, OutOfRange, check


@dataclass(frozen=True)
class Velocity:
    """v and the number of updates made."""

    v: dict[str, Tensor]
    t: int


@dataclass(frozen=True)
class Momentum:
    """SGD whose steps carry a decaying sum of the steps before.

    learning_rate, momentum: eps and mu, as schedules. batch: sequences of an update.

    Raises:
        OutOfRange: the momentum of the first update is not at least 0 and below 1.
    """

    learning_rate: Schedule
    momentum: Schedule
    clipping: Clipping = NoClipping()
    batch: Annotated[int, COUNT] = 100
    replicas: ClassVar[int | None] = None
    trained: ClassVar[tuple[str, ...] | None] = None

    def __post_init__(self) -> None:
        check(self)
        if self.momentum(0) not in BELOW_ONE:
            raise OutOfRange(self, "momentum", self.momentum(0), f"it must be a number, {BELOW_ONE}")

    def init(self, params: tree.Params) -> Velocity:
        return Velocity(tree.zeros_like(params), 0)

    def step(self, draw: Draw[Oracle], params: dict[str, Tensor], state: Velocity) -> Step:
        mu, eps = self.momentum(state.t), self.learning_rate(state.t)
        loss, gradient = draw(self.batch).value_and_grad(self.asked_at(params, mu, state.v))
        v = tree.axpy(-eps, self.clipping(gradient), tree.scale(mu, state.v))
        return Step(tree.add(params, v), Velocity(v, state.t + 1), loss, {"momentum": mu, "learning_rate": eps})

    def asked_at(self, params: tree.Params, mu: float, v: tree.Params) -> tree.Params:
        """Where the gradient of an update is taken: here at the parameters."""
        return params
