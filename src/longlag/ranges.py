"""Which values a setting may have: declared with the field, checked whenever a part is built.

    @part
    class Reservoir:
        hidden: Annotated[int, COUNT] = 100
        leak: Annotated[float, Interval(0, 1, open_low=True)] = 1.0

A field of words declares its choices as `Literal["a", "b"]`. A number that may also be given by a part is declared as
`Annotated[float, ...] | Part`. Fields that are parts themselves declare nothing: they were checked when they were
built. A number, a word, a collection, a class or None in the place of a part is refused.
"""

from __future__ import annotations

import math
import numbers
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass
from functools import cache
from types import NoneType, UnionType
from typing import (
    Annotated,
    Any,
    Literal,
    Protocol,
    TypeVar,
    Union,
    dataclass_transform,
    get_args,
    get_origin,
    get_type_hints,
)

from longlag.errors import LonglagError, shown

PartT = TypeVar("PartT")


@dataclass(frozen=True)
class Interval:
    """The numbers from `low` to `high`, less the ends that are open."""

    low: float = -math.inf
    high: float = math.inf
    open_low: bool = False
    open_high: bool = False

    def __contains__(self, value: Any) -> bool:
        above = self.low < value if self.open_low else self.low <= value
        return above and (value < self.high if self.open_high else value <= self.high) and abs(value) != math.inf

    def __str__(self) -> str:
        low, high = ("above" if self.open_low else "at least"), ("below" if self.open_high else "at most")
        ends = [f"{low} {self.low:,}"] if self.low > -math.inf else []
        ends += [f"{high} {self.high:,}"] if self.high < math.inf else []
        return " and ".join(ends) or "finite"


_PARAMETERS = (
    "; it holds no parameters: longlag.torch_optim.HessianFree(model.parameters(), ...) trains a torch module, and "
    "longlag.functional.fit does so with any optimiser of longlag"
)
_PLAIN = (numbers.Number, str, Iterator, list, tuple, dict, type, NoneType)  # what no part is
COUNT = Interval(1, 10**9)
FINITE = Interval()
FRACTION = Interval(0, 1)
BELOW_ONE = Interval(0, 1, open_high=True)
NON_NEGATIVE = Interval(0)
POSITIVE = Interval(0, open_low=True)


def is_whole(value: object) -> bool:
    """Is it a whole number, of Python or of numpy, and no truth value?

    >>> is_whole(3), is_whole(3.0), is_whole(True)
    (True, False, False)
    """
    return isinstance(value, numbers.Integral) and not isinstance(value, bool)


def is_number(value: object) -> bool:
    """Is it a real number, of Python or of numpy, and no truth value?

    >>> is_number(3), is_number(3.5), is_number(True)
    (True, True, False)
    """
    return isinstance(value, numbers.Real) and not isinstance(value, bool)


def check_shapes(shapes: Mapping[str, tuple[int, ...]]) -> None:
    """Raises LonglagError unless each parameter has a tuple of whole numbers of 0 or more as its shape."""
    for name, shape in shapes.items():
        if not (isinstance(shape, tuple) and all(is_whole(size) and size >= 0 for size in shape)):
            raise LonglagError(f"{name!r} has the shape {shown(shape)}; write whole numbers in a tuple, such as (100,)")


class OutOfRange(LonglagError):
    """A part was to be built with a value that its field does not allow.

    part: the part, or the name by which its user knows it. reason: which values it does allow.
    """

    def __init__(self, part: Any, name: str, value: Any, reason: str) -> None:
        owner = part if isinstance(part, str) else type(part).__name__
        super().__init__(f"{name} of {owner} cannot be {shown(value)}; {reason}")
        self.name, self.value, self.reason = name, value, reason


@dataclass_transform(frozen_default=True)
def part(cls: type[PartT]) -> type[PartT]:
    """A class of parts: a frozen dataclass that does `check` when it is built."""
    if "__post_init__" in vars(cls):
        raise TypeError(f"{cls.__name__} has a __post_init__; write @dataclass(frozen=True), and call check in it")
    cls.__post_init__ = check  # type: ignore[attr-defined]
    return dataclass(frozen=True)(cls)


def check(part: Any) -> None:
    """What a part does in `__post_init__`; `@part` puts it there, a part with rules of its own calls it there.

    Raises:
        OutOfRange: a field has a value that it does not allow.
    """
    for name, hint in declared(part.__class__).items():
        value = getattr(part, name)
        reason = _complaint(hint, value)
        if reason:
            raise OutOfRange(part, name, value, reason)


@cache
def declared(part: type) -> dict[str, Any]:
    """The types of a part's fields by name, with what they declare."""
    hints = get_type_hints(part, include_extras=True)
    return {field.name: hints[field.name] for field in fields(part)}


def _complaint(hint: Any, value: Any) -> str | None:
    if get_origin(hint) is Literal:
        choices = get_args(hint)
        return None if value in choices else f"it must be {' or '.join(map(repr, choices))}"
    if get_origin(hint) in (Union, UnionType):
        number, *kinds = get_args(hint)
        reason = None if isinstance(value, tuple(kinds)) else _complaint(number, value)
        return reason.replace("it must be ", "it must be None or ", 1) if reason and NoneType in kinds else reason
    if get_origin(hint) is tuple:
        if not isinstance(value, tuple) or not value:
            return "it must be a tuple of at least one number"
        return next((reason for each in value if (reason := _complaint(get_args(hint)[0], each))), None)
    if get_origin(hint) is Annotated:
        base, interval = get_args(hint)[:2]
        kind, word = (numbers.Integral, "a whole number") if base is int else (numbers.Real, "a number")
        if isinstance(value, bool) or not isinstance(value, kind) or value not in interval:
            return f"it must be {word}, {interval}{_hint(value)}"
    if hint is bool and not isinstance(value, bool):
        return "it must be True or False"
    if isinstance(hint, type) and hint.__module__ != "builtins" and isinstance(value, _PLAIN):
        return f"it must be a part, {_like(hint)}{_hint(value)}"
    return None


def _like(kind: type) -> str:
    """What to write for a part of that kind. Nothing can be built of a Protocol: parts of its module that do what it
    asks for are named, or the Protocol itself where there are none."""
    if Protocol not in kind.__bases__:
        return f"such as {kind.__name__}(...)"
    asked = {name for name in vars(kind) if name == "__call__" or not name.startswith("_")}
    beside = vars(sys.modules[kind.__module__]).values()
    parts = [one for one in beside if isinstance(one, type) and is_dataclass(one) and one.__module__ == kind.__module__]
    able = [f"{one.__name__}(...)" for one in parts if asked <= {*dir(one)}]
    return f"such as {' or '.join(able)}" if able else f"one that {kind.__module__}.{kind.__name__} describes"


def _hint(value: Any) -> str:
    """What helps who gives an optimiser of longlag what one of torch takes: `model.parameters()`, a list of them, or of
    groups."""
    of_arrays = isinstance(value, list) and len(value) > 0 and not isinstance(value[0], numbers.Number | str)
    return _PARAMETERS if of_arrays or isinstance(value, Iterator) else ""
