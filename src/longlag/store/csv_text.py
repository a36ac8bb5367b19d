"""Text of a runs file: a value as its column writes it, and a text as the value that its column may hold.

What is written can be read, whatever a plug-in's errors and names hold: fields with a line break are quoted, and what
UTF-8 has no code for stands as its escape. What is read is checked: whole numbers fit 64 bits, costs are finite, names
stand in one line, and the spec is a JSON object.
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import Field
from functools import lru_cache
from typing import Any

from longlag.errors import printable

_WHOLE = 2**63 - 1  # the largest whole number that parquet and pandas can hold
_LARGEST = 1e60  # of a number that counts: squares and sums of such numbers are finite too
_DEEPEST = 50  # levels of nesting of a spec
_QUOTED = frozenset(',"\r\n')


class BadValue(ValueError):
    """What a column holds instead of the text that was found, in words."""


def line(texts: Sequence[str]) -> str:
    """A line of a CSV file."""
    return ",".join(f'"{text.replace(chr(34), chr(34) * 2)}"' if _QUOTED & {*text} else text for text in texts) + "\n"


def text(column: Field[Any], value: object) -> str:
    """A value as its column has it; nan and None are empty."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return ""
    if isinstance(value, float):
        return repr(float(value))
    if column.metadata["name"]:
        return printable(str(value))
    return str(value).encode(errors="backslashreplace").decode()


def value(column: Field[Any], text: str) -> Any:
    """The value that a text of this column stands for.

    Raises:
        BadValue: none.
    """
    kind, least = str(column.type), column.metadata["least"]
    if kind == "bool":
        return _one_of(text, {"True": True, "False": False})
    if kind == "float":
        return _number(text, least)
    if kind in ("int", "int | None"):
        return None if not text and kind != "int" else _whole(text, least)
    if column.metadata["name"] and not text.isprintable():
        raise BadValue("a name in one line")
    if column.name == "spec" and text:
        _check_spec(text)
    return text


def _one_of(text: str, values: dict[str, Any]) -> Any:
    if text not in values:
        raise BadValue(" or ".join(values))
    return values[text]


def _whole(text: str, least: float | None) -> int:
    low = -_WHOLE if least is None else int(least)
    try:
        number = int(text)
    except ValueError:  # none, or one of thousands of digits
        number = _WHOLE + 1
    if not low <= number <= _WHOLE:
        raise BadValue(f"a whole number from {low} to {_WHOLE}")
    return number


def _number(text: str, least: float | None) -> float:
    try:
        number = float(text) if text else math.nan
    except ValueError:
        raise BadValue("a number, or nothing") from None
    if least is not None and not (math.isnan(number) or least <= number <= _LARGEST):
        raise BadValue(f"a number from {least:g} to {_LARGEST:g}, or nothing")
    return number


@lru_cache(maxsize=4096)
def _check_spec(text: str) -> None:
    """Many rows share a spec."""
    try:
        spec = json.loads(text)
    except (ValueError, RecursionError):
        spec = None
    if not isinstance(spec, dict) or _depth(spec) > _DEEPEST:
        raise BadValue(f"a JSON object of at most {_DEEPEST} levels")


def _depth(value: Any) -> int:
    """Levels of nesting, counted without recursion."""
    level, depth = [value], 0
    while level := [item for part in level for item in _items(part)]:
        depth += 1
    return depth


def _items(value: Any) -> list[Any]:
    return [*value.values()] if isinstance(value, dict) else value if isinstance(value, list) else []
