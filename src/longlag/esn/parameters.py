"""The parameters of the estimators. scikit-learn reads them off `__init__`, which a dataclass writes.

These classes have no base of scikit-learn's: it has no types, and a type checker would accept any argument.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, TypeVar

import numpy as np

from longlag.arguments import named

ClassT = TypeVar("ClassT", bound=type)
_ELSEWHERE = {
    "sr": "it is called spectral_radius",
    "lr": "it is called leak",
    "leak_rate": "it is called leak",
    "n_reservoir": "it is called units",
    "input_scaling": "it is called input_scale",
    "seed": "it is called random_state",
}
_OF_CLASSES = {"class_weight": "it is for EchoStateClassifier; fit(X, y, sample_weight=...) weighs sequences"}
_RIDGE = {"ridge": "it is called penalty", "alpha": "it is called penalty"}
_YOURS = dict.fromkeys(("penalty", *_RIDGE), "it belongs to the readout that follows in the pipeline")


def _explained(remedies: dict[str, str]) -> Callable[[ClassT], ClassT]:
    """A decorator: wrong arguments of `__init__`, such as the names that other packages have, are explained."""

    def decorate(cls: ClassT) -> ClassT:
        cls.__init__ = named(**_ELSEWHERE, **remedies)(cls.__init__)  # type: ignore[misc]
        return cls

    return decorate


@dataclass(kw_only=True, eq=False, repr=False)
class ReservoirParameters:
    """Of a reservoir, and of the forms of X."""

    units: int = field(default=200, kw_only=False)
    spectral_radius: float = 0.9
    leak: float = 1.0
    input_scale: float | Sequence[float] = 0.5
    bias_scale: float = 0.2
    connections: int = 10
    features: str = "linear"
    washout: int = 0
    standardise: bool = True
    inputs_per_step: int | None = None
    table: str = "rows"
    random_state: int | np.random.RandomState | None = None


@_explained(_RIDGE | _OF_CLASSES)
@dataclass(kw_only=True, eq=False, repr=False)
class ReadoutParameters(ReservoirParameters):
    """With those of a readout, and of the forms of y."""

    feedback_scale: float = 0.0
    penalty: float | Sequence[float] = (1e-12, 1e-10, 1e-8, 1e-6, 1e-4, 1e-2, 1.0)
    validation: float = 0.2
    targets: str = "auto"


@_explained(_RIDGE)
@dataclass(kw_only=True, eq=False, repr=False)
class ClassifierParameters(ReadoutParameters):
    """With that of classes."""

    class_weight: Mapping[Any, float] | Literal["balanced"] | None = None


@_explained(_YOURS)
@dataclass(kw_only=True, eq=False, repr=False)
class FeatureParameters(ReservoirParameters):
    """With that of a feature map."""

    states: str = "last"
