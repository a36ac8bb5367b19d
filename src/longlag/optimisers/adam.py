"""Adam (Kingma & Ba 2015, algorithm 1), after clipping."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

from torch import Tensor

from longlag.algebra import tree
from longlag.objective import Oracle
from longlag.optimisers.base import Draw, Step
from longlag.optimisers.clipping import Clipping, NoClipping
from longlag.ranges import BELOW_ONE, COUNT, POSITIVE, part


@dataclass(frozen=True)
class Moments:
    """First and second moments of the gradient, and the number of updates made."""

    m: dict[str, Tensor]
    v: dict[str, Tensor]
    t: int


@part
class Adam:
    """Steps of about `learning_rate` in every coordinate, whatever the gradient's scale.

    beta_1, beta_2: decay of the moments per update. epsilon: added to the root of the second one.
    batch: sequences of an update.
    """

    learning_rate: Annotated[float, POSITIVE] = 3e-3
    beta_1: Annotated[float, BELOW_ONE] = 0.9
    beta_2: Annotated[float, BELOW_ONE] = 0.999
    epsilon: Annotated[float, POSITIVE] = 1e-8
    clipping: Clipping = NoClipping()
    batch: Annotated[int, COUNT] = 100
    replicas: ClassVar[int | None] = None
    trained: ClassVar[tuple[str, ...] | None] = None

    def init(self, params: tree.Params) -> Moments:
        return Moments(tree.zeros_like(params), tree.zeros_like(params), 0)

    def step(self, draw: Draw[Oracle], params: dict[str, Tensor], state: Moments) -> Step:
        loss, gradient = draw(self.batch).value_and_grad(params)
        gradient, t = self.clipping(gradient), state.t + 1
        m = tree.map_(lambda m, g: m.lerp(g, 1 - self.beta_1), state.m, gradient)
        v = tree.map_(lambda v, g: v.lerp(g * g, 1 - self.beta_2), state.v, gradient)
        rate = self.learning_rate / (1 - self.beta_1**t)  # bias of m
        unbias = 1 / (1 - self.beta_2**t)  # bias of v
        moved = tree.map_(lambda p, m, v: p - rate * m / ((v * unbias).sqrt() + self.epsilon), params, m, v)
        return Step(moved, Moments(m, v, t), loss)
