"""The parameters of an estimator, checked, and the split of its data into what trains and what is held out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields
from numbers import Real
from typing import Annotated, Any, Literal, TypeVar

import numpy as np

from longlag.errors import LonglagError
from longlag.esn.names import BadInput
from longlag.esn.network import Span
from longlag.ranges import BELOW_ONE, COUNT, NON_NEGATIVE, Interval, part
from longlag.rng import stream
from longlag.words import count

_MOST_HELD_OUT = 20_000  # steps: their states are kept in memory


@part
class ReservoirSettings:
    """The parameters of a reservoir that have a range, checked by `fit`."""

    units: Annotated[int, COUNT]
    spectral_radius: Annotated[float, NON_NEGATIVE]
    leak: Annotated[float, Interval(0, 1, open_low=True)]
    input_scale: tuple[Annotated[float, NON_NEGATIVE], ...]
    bias_scale: Annotated[float, NON_NEGATIVE]
    connections: Annotated[int, COUNT]
    features: Literal["linear", "quadratic"]
    washout: Annotated[int, Interval(0, 10**9)]
    standardise: Literal[True, False]
    inputs_per_step: Annotated[int, COUNT]
    table: Literal["rows", "series"]


@part
class ReadoutSettings(ReservoirSettings):
    """With those of a readout."""

    feedback_scale: Annotated[float, NON_NEGATIVE]
    penalty: tuple[Annotated[float, NON_NEGATIVE], ...]
    validation: Annotated[float, BELOW_ONE]
    targets: Literal["auto", "every", "last"]


@part
class ClassifierSettings(ReadoutSettings):
    """With that of classes, whose weights `weights.of_classes` checks."""

    class_weight: Literal["balanced"] | Mapping | None


@part
class FeatureSettings(ReservoirSettings):
    """With that of a feature map."""

    states: Literal["last", "mean", "every"]


SettingsT = TypeVar("SettingsT", bound=ReservoirSettings)
OF_TABLES = {"inputs_per_step": None, "table": "rows"}  # parameters that only a table X needs, with their defaults
_NUMBER_OR_LIST = ("input_scale", "penalty")
_WANTED = dict.fromkeys(_NUMBER_OR_LIST, "a number, at least 0, or a list of such numbers")
_WANTED["class_weight"] = "None, 'balanced' or a dict with the weight of each class"
_LATER = ("washout", "inputs_per_step", "table", "targets", "states")


def read_by_fit(kind: type[ReservoirSettings]) -> list[str]:
    """The names of those that only `fit` reads."""
    return [field.name for field in fields(kind) if field.name not in _LATER]


def checked(kind: type[SettingsT], parameters: Mapping[str, Any], owner: str) -> SettingsT:
    """The parameters of an estimator of that name as settings of a kind; single scales and penalties become tuples.

    Raises:
        BadInput: one is out of its range.
    """
    values = {field.name: parameters[field.name] for field in fields(kind)}
    values |= {name: _tuple(values[name]) for name in _NUMBER_OR_LIST if name in values}
    values["inputs_per_step"] = 1 if values["inputs_per_step"] is None else values["inputs_per_step"]
    try:
        return kind(**values)
    except LonglagError as error:
        said = str(error).replace(f"of {kind.__name__}", f"of {owner}")
        for name, wanted in _WANTED.items():
            if said.startswith(f"{name} of "):
                said = f"{name} of {owner} cannot be {parameters[name]!r}; it must be {wanted}"
        raise BadInput(said) from None


def input_scales(value: Any, inputs: int) -> tuple[float, ...]:
    """The checked parameter `input_scale` as one number per input (one for none).

    Raises:
        BadInput: a sequence of another length.
    """
    if isinstance(value, Real):
        return (float(value),) * max(1, inputs)
    if len(value) != inputs:
        raise BadInput(
            f"input_scale has {len(value)} numbers but a step has {inputs} inputs; give one number for all or one for "
            "each"
        )
    return tuple(value)


def _tuple(value: Any) -> Any:
    """A number or a sequence as a tuple; anything else as it is."""
    if isinstance(value, Real):
        return (value,)
    return tuple(value) if isinstance(value, list | tuple | np.ndarray) else value


def spans(settings: ReadoutSettings, every: bool, lengths: Sequence[int], seed: int) -> list[Span]:
    """Which steps train, and which choose among several penalties: whole sequences, or the end of a single one.

    Raises:
        BadInput: there are too few steps for that.
    """
    check_washout(settings.washout, lengths)
    first = [settings.washout if every else length - 1 for length in lengths]
    steps = [length - f for length, f in zip(lengths, first, strict=True)]
    held_out = set[int]()
    if len(settings.penalty) > 1:
        target = max(1, min(_MOST_HELD_OUT, round(settings.validation * sum(steps))))
        if len(lengths) == 1:
            if steps[0] == 1:
                raise BadInput("n_samples=1: one sample is too few to choose a penalty; give one number as penalty")
            return [Span(first[0], lengths[0] - min(target, steps[0] - 1), lengths[0])]
        order = stream(seed, "validation").permutation(len(lengths))
        held_out = _first_until([int(i) for i in order[1:]], steps, target)
    return [Span(f, f if i in held_out else end, end) for i, (f, end) in enumerate(zip(first, lengths, strict=True))]


def check_washout(washout: int, lengths: Sequence[int]) -> None:
    """Raises BadInput for a washout as long as the shortest sequence."""
    short = min(lengths)
    if short <= washout:
        raise BadInput(
            f"washout={washout} leaves nothing of sequence {lengths.index(short)}, which has "
            f"{count(short, 'step')}; take a smaller one, or leave that sequence out"
            + (', or [x] or table="series" for a single series' if short == 1 else "")
        )


def _first_until(order: list[int], steps: list[int], target: float) -> set[int]:
    """The first sequences in that order that have `target` steps together; at least one."""
    reached = np.cumsum([steps[i] for i in order])
    return set(order[: 1 + int(np.searchsorted(reached, target))])
