"""Weights of sequences, steps and classes: what has weight 2 counts as if it were there twice."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import numpy as np
from sklearn.utils.class_weight import compute_sample_weight

from longlag.errors import shown
from longlag.esn.data import n_axes
from longlag.esn.names import BadInput, as_array
from longlag.esn.network import Span
from longlag.ranges import is_number

ClassWeight = Mapping[Any, float] | Literal["balanced"]


def of_scored_steps(given: Any, lengths: Sequence[int], washout: int, several: bool) -> np.ndarray:
    """Weights of all scored steps, one after the other, of one per sequence, per row of a series, or per scored step.

    several: are these sequences, rather than the one of a table?

    Raises:
        BadInput: there are other numbers of them.
    """
    scored = [max(0, length - washout) for length in lengths]
    owners = f"one per sequence ({len(lengths)})" if several else f"one per row ({lengths[0]})"
    if isinstance(given, list | tuple) and n_axes(given) < 0:
        parts = f"[each[{washout}:] for each in sample_weight]" if washout else "sample_weight"
        raise BadInput(
            f"sample_weight holds lists of different lengths; give {owners}, or one per scored step of all sequences "
            f"together ({sum(scored)}): np.concatenate({parts})"
        )
    array = as_array(given, "sample_weight")
    if array.shape == (sum(scored),):
        return array
    if several and array.shape == (len(lengths),):
        return np.repeat(array, scored)
    if not several and array.shape == (lengths[0],):
        return array[washout:]
    raise BadInput(f"sample_weight has shape {array.shape}; give {owners} or one per scored step ({sum(scored)})")


def checked(weights: np.ndarray) -> np.ndarray:
    """The same weights as float64.

    Raises:
        BadInput: one is no finite number, or below 0.
    """
    try:
        found = weights.astype(np.float64)
    except (TypeError, ValueError) as error:
        raise BadInput(f"sample_weight holds no numbers: {error}") from None
    wrong = np.flatnonzero(~((found >= 0) & (found < np.inf)))
    if len(wrong):
        raise BadInput(f"sample_weight {found[wrong[0]]} cannot be used; weights are numbers, at least 0")
    return found


def of_classes(class_weight: ClassWeight | None, classes: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """The weight of each label [K]: that of its class, 1 where there is none.

    "balanced" is K / (number of classes x labels of the class), as in scikit-learn.

    Raises:
        BadInput: a weight is no number from 0 on, or a key of a dict is none of the classes.
    """
    if class_weight is None:
        return np.ones(len(labels))
    if isinstance(class_weight, str):
        balanced: np.ndarray = compute_sample_weight(class_weight, labels)
        return balanced
    known = classes.tolist()
    for name, weight in class_weight.items():
        if not (is_number(weight) and 0 <= weight < np.inf):
            raise BadInput(f"class_weight of {shown(name)} cannot be {shown(weight)}; it must be a number, at least 0")
    unknown = [name for name in class_weight if name not in known]
    if unknown and any(name not in class_weight for name in known):  # a fold may lack a class that has a weight
        raise BadInput(
            f"class_weight names {shown(unknown[0])}, which is no class of y; the classes are {shown(known)}"
        )
    return np.array([class_weight.get(name, 1.0) for name in known], np.float64)[np.searchsorted(classes, labels)]


def spread(scored: np.ndarray, lengths: Sequence[int], counts: Sequence[int]) -> list[np.ndarray]:
    """Weights of the scored steps, the last `counts` of each sequence, as weights of all its steps [T].

    The steps before weigh as much as the scored ones of their sequence do on average.
    """
    parts = np.split(scored, np.cumsum(counts)[:-1])
    return [
        np.concatenate([np.full(length - len(part), part.mean()), part])
        for length, part in zip(lengths, parts, strict=True)
    ]


def check_parts(weights: Sequence[np.ndarray], spans: Sequence[Span]) -> None:
    """Raises BadInput if all that trains, or all that chooses the penalty, weighs nothing."""
    pairs = list(zip(weights, spans, strict=True))
    held_out = [each[span.split : span.end] for each, span in pairs]
    if not any(each[span.first : span.split].any() for each, span in pairs):
        raise BadInput("the weights of all steps that train are zero; the end of a series is held out for the penalty")
    if sum(map(len, held_out)) and not any(each.any() for each in held_out):
        raise BadInput("the weights of all steps that choose the penalty are zero; give one number as penalty")
