"""What a method is: a value that turns what may be known of a task into parts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Annotated, Any

from longlag.cells.base import Recurrence
from longlag.errors import LonglagError
from longlag.inits.base import Init
from longlag.losses import Loss
from longlag.model import Feedback, NoFeedback
from longlag.optimisers.base import Optimiser
from longlag.ranges import FINITE, POSITIVE, check, part
from longlag.readouts import Linear, Readout
from longlag.settings import paths
from longlag.tasks.base import Traits


@part
class Centring:
    """What is subtracted from the inputs, and where the output biases start: expected inputs and targets, or zeros."""

    inputs: tuple[Annotated[float, FINITE], ...]
    outputs: tuple[Annotated[float, FINITE], ...]


def centred(traits: Traits) -> Centring:
    """Inputs and outputs centred (Sutskever et al. 2013, section 4.1: "important to solve all problems reliably")."""
    return Centring(traits.input_mean, traits.target_mean)


def as_given(traits: Traits) -> Centring:
    """Nothing centred."""
    return Centring((0.0,) * len(traits.input_mean), (0.0,) * len(traits.target_mean))


@dataclass(frozen=True)
class Parts:
    """What is trained, from where, and how.

    centring: of inputs and of output biases. loss: what is minimised; None is the task's own.
    """

    cell: Recurrence
    init: Init
    optimiser: Optimiser
    centring: Centring
    readout: Readout = field(default_factory=Linear)
    feedback: Feedback = field(default_factory=NoFeedback)
    loss: Loss | None = None


@dataclass(frozen=True)
class Range:
    """A declared space of a setting for the search; log-uniform between its ends.

    Raises:
        LonglagError: an end is not above 0, or `low` is not below `high`.
    """

    low: Annotated[float, POSITIVE]
    high: Annotated[float, POSITIVE]

    def __post_init__(self) -> None:
        check(self)
        if not self.low < self.high:
            raise LonglagError(f"a range for the search goes up, unlike {self.low!r} to {self.high!r}")


@dataclass(frozen=True)
class Method:
    """A remedy, as a value.

    name: that of its file. label: what people call it, in the middle of a sentence. summary: in one line.
    reference: the papers.
    version: numerics version; changes whenever an edit changes recorded numbers.
    build: parts for a task's traits and a lag; what it reads is all that the method knows of the problem.
    tune: settings that a declared search may move; one that the method has on some tasks only is left out elsewhere.
    """

    name: str
    label: str
    summary: str
    reference: str
    version: int
    build: Callable[[Traits, int], Parts]
    tune: Mapping[str, Range] = field(default_factory=dict)

    def space(self, parts: Parts) -> dict[str, Range]:
        """The settings of the search that these parts of the method have."""
        return {path: space for path, space in self.tune.items() if path in paths(parts)}


def ablation(of: Method, what: str, change: Callable[[Parts], Parts], **own: Any) -> Method:
    """The method with one factor changed and nothing else; a change of its version is one of the ablation's.

    Args:
        what: the change in words.
        change: its parts -> the ablation's.
        own: fields in which the ablation differs besides: name, label, reference, and tune where the space does.
    """
    summary = f"ablation of {of.name}: {what}"
    return replace(of, summary=summary, build=lambda traits, lag: change(of.build(traits, lag)), **own)
