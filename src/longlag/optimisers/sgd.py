"""Stochastic gradient descent: theta <- theta - eps g, g the (clipped) gradient of a fresh batch."""

from __future__ import annotations

from typing import Annotated, ClassVar

from torch import Tensor

from longlag.algebra import tree
from longlag.objective import Oracle
from longlag.optimisers.base import Draw, Step
from longlag.optimisers.clipping import Clipping, NoClipping
from longlag.ranges import COUNT, POSITIVE, part


@part
class SGD:
    """Plain SGD; its state is empty. batch: sequences of an update."""

    learning_rate: Annotated[float, POSITIVE]
    clipping: Clipping = NoClipping()
    batch: Annotated[int, COUNT] = 100
    replicas: ClassVar[int | None] = None
    trained: ClassVar[tuple[str, ...] | None] = None

    def init(self, params: tree.Params) -> None:
        return None

    def step(self, draw: Draw[Oracle], params: dict[str, Tensor], state: None) -> Step:
        loss, gradient = draw(self.batch).value_and_grad(params)
        return Step(tree.axpy(-self.learning_rate, self.clipping(gradient), params), state, loss)
