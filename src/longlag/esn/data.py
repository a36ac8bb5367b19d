"""What a user hands over, as a list of sequences [T, X] with targets [K, O], and outputs in the user's form again.

Many sequences are a list of arrays [T, X] (T may differ) or an array [N, T, X]. A table [n, columns], scikit-learn's
own form, holds one sequence per row, or is one series with a row per step.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from typing import Any

import numpy as np

from longlag.errors import shown
from longlag.esn import names
from longlag.esn.names import BadInput


def holds_sequences(x: Any) -> bool:
    """Is it a list of arrays [T, X], or an array [N, T, X], rather than a table?

    A list of arrays [T] is taken for sequences that lack the axis of inputs, which `sequences` says.
    """
    if _listed(x):
        return len(x) > 0 and (n_axes(x[0]) == 2 or (hasattr(x[0], "shape") and n_axes(x[0]) == 1))
    return getattr(x, "ndim", 0) == 3


def is_flat(x: Any) -> bool:
    """Is it an array or a list of numbers, with a single axis?"""
    return getattr(x, "ndim", 0) == 1 or (isinstance(x, list | tuple) and n_axes(x) == 1)


def is_of_objects(x: Any) -> bool:
    """Is it an array, or a Series of pandas, of Python's objects?"""
    return getattr(getattr(x, "dtype", None), "kind", "") == "O"


def check_kind(values: Any, name: str) -> None:
    """Raises BadInput if X or y, by its name, is of a kind that holds no sequences in order, or if it is empty."""
    sparse = getattr(values, "shape", None) is not None  # some are dicts too; scikit-learn refuses them
    if isinstance(values, Mapping | Set | Iterator | str | bytes) and not sparse:
        raise BadInput(f"{name} is a {type(values).__name__}; hand over a list of arrays, one array or a table")
    if isinstance(values, list | tuple) and not values:
        raise BadInput(f"{name} holds no sequences; at least one is needed")
    check_unmasked(values, name)


def check_unmasked(values: Any, name: str) -> None:
    """Raises BadInput if entries are masked: numpy and scikit-learn take the numbers under the mask, in silence."""
    if np.ma.is_masked(values):
        raise BadInput(f"{name} has masked entries; leave these steps out: sequences of unequal length are a list")


def check_axes(x: Any) -> None:
    """Raises BadInput if X, which is neither a list of sequences nor [N, T, X], cannot be a table of numbers either."""
    if is_of_objects(x) and is_flat(x):
        raise BadInput(f"X is a {type(x).__name__} of {len(x)} objects; hand over a list of sequences: list(X)")
    if is_flat(x) and isinstance(next(iter(x), None), str):
        raise BadInput("X holds texts; a sequence is an array of numbers [steps, inputs]")
    if is_flat(x):
        raise BadInput(
            f"X has shape ({len(x)},), without an axis of inputs. Reshape your data: X.reshape(-1, 1) is a "
            'series of one input with table="series", and [X.reshape(-1, 1)] is a list of one sequence'
        )
    if isinstance(x, list | tuple | np.ndarray) and n_axes(x) > 2:
        raise BadInput(
            f"X has shape {np.shape(x)}; sequences are an array [N, steps, inputs] or a list of arrays "
            "[steps, inputs]: flatten the last axes into one of inputs"
        )


def _listed(values: Any) -> bool:
    return isinstance(values, list | tuple) or (
        isinstance(values, np.ndarray) and values.dtype == object and values.ndim == 1
    )


def n_axes(values: Any) -> int:
    """Number of axes, -1 if rows differ in length."""
    try:
        return int(np.ndim(values))
    except ValueError:
        return -1


def sequences(x: Any) -> list[np.ndarray]:
    """The sequences [T, X] of a list or of an array [N, T, X], float64.

    Raises:
        BadInput: one is no array of finite real numbers [T, X], or they differ in their number of inputs.
    """
    found = [sequence(each, f"sequence {i}") for i, each in enumerate(x)]
    if not found:
        raise BadInput("X holds no sequences; at least one is needed")
    for i, each in enumerate(found):
        if not len(each):
            raise BadInput(f"sequence {i} has no step; leave it out")
        if each.shape[1] != found[0].shape[1]:
            raise BadInput(
                f"sequence {i} has {each.shape[1]} inputs and sequence 0 has {found[0].shape[1]}; all need the same"
            )
    return found


def sequence(values: Any, name: str) -> np.ndarray:
    """One sequence [T, X] of that name, float64.

    Raises:
        BadInput: it is no array of finite real numbers [T, X].
    """
    array = _numbers(values, name, ("step", "channel"))
    if array.ndim != 2:
        raise BadInput(
            f"{name} has shape {array.shape}; a sequence is [steps, inputs]; x.reshape(-1, 1) is one of one input"
        )
    return array


def _numbers(values: Any, name: str, axes: Sequence[str]) -> np.ndarray:
    """A float64 array without nan and infinity."""
    check_unmasked(values, name)
    array = names.as_array(values, name)
    names.check_no_texts(array, name)
    if np.iscomplexobj(array):
        raise BadInput(f"Complex data not supported: {name} is complex; give real and imaginary parts as two channels")
    if array.ndim == 0:
        raise BadInput(f"{name} is {shown(values)}, no array; where a net has no input, X is np.zeros((steps, 0))")
    try:
        array = array.astype(np.float64)
    except (TypeError, ValueError) as error:
        raise BadInput(f"{name} is no array of numbers: {error}") from error
    check_finite(array, name, axes)
    return array


def check_finite(array: np.ndarray, name: str, axes: Sequence[str]) -> None:
    """Raises BadInput if an array of numbers holds NaN or infinity; the sentence says where along its axes."""
    if array.dtype.kind != "f" or np.isfinite(array).all():
        return
    bad = [tuple(int(k) for k in place) for place in np.argwhere(~np.isfinite(array))]
    place = ", ".join(f"{axis} {k}" for axis, k in zip(axes, bad[0], strict=False))
    more = f" and {len(bad) - 1} more" if len(bad) > 1 else ""
    raise BadInput(
        f"{name} contains NaN or infinity: {array[bad[0]]} at {place}{more}; fill or remove such steps; "
        "sequences of unequal length are a list, and are not padded"
    )


def rows(table: np.ndarray, inputs_per_step: int | None) -> list[np.ndarray]:
    """Each row of a table [n, columns] as a sequence of columns / inputs_per_step steps; None: of one step.

    Raises:
        BadInput: the columns are no multiple of inputs_per_step.
    """
    each = table.shape[1] if inputs_per_step is None else inputs_per_step
    if table.shape[1] % each:
        raise BadInput(f"inputs_per_step={each} does not divide the {table.shape[1]} columns of X into whole steps")
    return list(table.reshape(len(table), -1, each))


@dataclass(frozen=True)
class Targets:
    """y: per sequence the targets [K, O]; K is its number of steps, or 1 for the last step alone.

    every: is there a target at every step? flat: do the user's arrays have no axis of outputs?
    """

    y: list[np.ndarray]
    every: bool
    flat: bool

    def of(self, chosen: Sequence[int]) -> Targets:
        """Those of some sequences, by number."""
        return Targets([self.y[i] for i in chosen], self.every, self.flat)


def per_step(y: Any, lengths: Sequence[int], choice: str) -> bool:
    """Whether y has a target at every step, from the parameter `targets` and the form of y.

    Raises:
        BadInput: y could be either.
    """
    if choice != "auto":
        return choice == "every"
    if not _listed(y):
        if np.ndim(y) == 2 and y.shape[1] > 1 and set(lengths) == {y.shape[1]}:
            raise BadInput(_either(*y.shape))
        return np.ndim(y) == 3
    if len(y) == 0 or hasattr(y[0], "shape") or not isinstance(y[0], list | tuple):
        return len(y) > 0 and hasattr(y[0], "shape") and n_axes(y[0]) > 0
    return _nested_per_step(y, lengths)


def _nested_per_step(y: Sequence[Any], lengths: Sequence[int]) -> bool:
    """The same for lists in a list: those that differ in length, or are as long as their sequences, hold steps.

    Raises:
        BadInput: numbers in lists of one length that is also that of all sequences.
    """
    sizes = [len(each) if isinstance(each, list | tuple) else -1 for each in y]
    words = isinstance(y[0][0], str) if y[0] else False  # several labels of the last step are none
    differ = len(set(sizes)) > 1
    as_long_as_sequences = sizes == list(lengths) and sizes[0] > 1
    of_outputs = n_axes(y[0]) > 1  # lists of steps, which are lists of outputs
    plain = n_axes(y[0]) == 1
    if len(y) > 1 and not differ and as_long_as_sequences and plain and not words:
        raise BadInput(_either(len(sizes), sizes[0]))
    return differ or as_long_as_sequences or of_outputs


def _either(n: int, targets: int) -> str:
    return (
        f"y of shape {(n, targets)} could be {targets} targets of the last step or one target at each of "
        f'{targets} steps; say targets="last" or targets="every"'
    )


def step_targets(y: Any, lengths: Sequence[int]) -> Targets:
    """Targets of every step: per sequence an array [T] or [T, O] of numbers or labels.

    Raises:
        BadInput: a sequence has another number of steps than its targets.
    """
    ragged = next((i for i, each in enumerate(y) if n_axes(each) < 0), None)
    if ragged is not None:
        raise BadInput(
            f"targets {ragged} have rows of different lengths; targets of every step are [steps] or [steps, outputs]"
        )
    names.check(y, "targets")
    for i, each in enumerate(y):
        check_unmasked(each, f"y of sequence {i}")
    found = [names.as_array(each, f"y of sequence {i}") for i, each in enumerate(y)]
    if len(found) != len(lengths):
        raise BadInput(f"X has {len(lengths)} sequences and y has {len(found)}; each sequence needs its targets")
    for i, (each, length) in enumerate(zip(found, lengths, strict=True)):
        if each.ndim in (1, 2) and len(each) == length and each.ndim != found[0].ndim:
            raise BadInput(
                f"targets {i} have shape {each.shape} and targets 0 have {found[0].shape}; all need one form, [steps] "
                "or [steps, outputs]"
            )
        if each.ndim not in (1, 2) or len(each) != length:
            raise BadInput(
                f"targets {i} have shape {each.shape} but sequence {i} has {length} steps; targets of every step are "
                f'[steps] or [steps, outputs]; a target of the last step alone needs targets="last"'
            )
        if each.shape[1:] != found[0].shape[1:]:
            raise BadInput(f"targets {i} have {each.shape[1]} outputs and targets 0 have {found[0].shape[1]}")
    return Targets([_column(each) for each in found], every=True, flat=found[0].ndim == 1)


def check_single(y: Any, owner: str) -> None:
    """Raises BadInput if y holds more than a number, a label or a list of them for each owner (sequence or row)."""
    if is_of_objects(y) and not isinstance(y, np.ndarray) and any(np.ndim(each) for each in y):
        raise BadInput(f"y is a {type(y).__name__} of {len(y)} objects; hand over a list: list(y)")
    items = list(y) if _listed(y) else []
    nested = (isinstance(y, np.ndarray) and y.ndim > 2) or any(n_axes(each) not in (0, 1) for each in items)
    if nested or len({np.shape(each) for each in items}) > 1:
        raise BadInput(
            f"y holds targets of every step, or lists of different lengths, where each {owner} has one target [N] or "
            "one list of outputs [N, O]; the last steps of sequences are [each[-1] for each in y]"
        )


def last_targets(y: np.ndarray) -> Targets:
    """Targets [N] or [N, O] of the last steps."""
    return Targets([each[None] for each in _column(y)], every=False, flat=y.ndim == 1)


def _column(y: np.ndarray) -> np.ndarray:
    return y[:, None] if y.ndim == 1 else y


def finite(targets: Targets) -> Targets:
    """The same targets as float64.

    Raises:
        BadInput: they are words, or no finite numbers.
    """
    for each in targets.y:
        entries = each.ravel().tolist() if each.dtype.kind in "OSU" else []
        word = next((entry for entry in entries if isinstance(entry, str | bytes)), None)
        if word is not None:
            raise BadInput(
                f"targets are words, such as {word!r}, and EchoStateNetwork predicts numbers; EchoStateClassifier "
                "takes labels"
            )
    y = [_numbers(each, f"y of sequence {i}", ("step", "output")) for i, each in enumerate(targets.y)]
    return Targets(y, targets.every, targets.flat)


def joined(outputs: Iterable[np.ndarray], every: bool, flat: bool, form: str) -> Any:
    """Outputs [K, O] per sequence in the form that X had ("list", "array", "series"); of last steps, as one array."""
    found = [each[:, 0] if flat else each for each in outputs]
    if not every:
        return np.concatenate(found)
    if form == "series":
        return found[0]
    return np.stack(found) if form == "array" else found
