"""What an optimiser is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Protocol, TypeVar

from torch import Tensor

from longlag.algebra.tree import Params

OracleT = TypeVar("OracleT", covariant=True)


class Draw(Protocol[OracleT]):
    """Fresh data: an oracle of n sequences (all of them where a task has fewer). Each purpose is its own stream.

    An optimiser names the questions that it asks: `Draw[Oracle]`, or `Draw[FeatureOracle]` to fit a readout.
    """

    def __call__(self, n: int, purpose: str = "train") -> OracleT: ...


@dataclass(frozen=True)
class Step:
    """What one step made of the parameters.

    loss: training loss per replica, [R]: of a gradient method where its gradient was taken, of a readout in closed form
    and of guessing with the weights that the step gives.
    info: what is worth watching, by name (damping, CG iterations and why they stopped, momentum).
    exhausted: the optimiser can do no more with any amount of passes.
    failure: why there are no usable parameters, in words; the loss is then nan.
    """

    params: dict[str, Tensor]
    state: Any
    loss: Tensor
    info: Mapping[str, float | str] = field(default_factory=dict)
    exhausted: bool = False
    failure: str = ""


class Optimiser(Protocol):
    """A rule for moving parameters.

    replicas: how many replicas one state can carry, None for any number.
    trained: names of the parameters it moves, None for all.
    """

    replicas: ClassVar[int | None]
    trained: ClassVar[tuple[str, ...] | None]

    def init(self, params: Params) -> Any:
        """The state before the first step."""

    def step(self, draw: Draw[Any], params: dict[str, Tensor], state: Any) -> Step:
        """One update from fresh data."""
