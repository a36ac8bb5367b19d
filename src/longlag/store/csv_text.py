"""Text of a runs file: a value as its column writes it, and a text as the value that its column may hold.

What is written can be read, whatever a plug-in's errors and names hold: fields with a line break are quoted, and what
UTF-8 has no code for stands as its escape. What is read is checked: whole numbers fit 64 bits, costs are finite, names
stand in one line, and the spec is a JSON object whose keys hold values of their kinds.
"""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import Field
from functools import lru_cache
from pathlib import Path
from typing import Any

from longlag.errors import LonglagError, printable, shown

_WHOLE = 2**63 - 1  # the largest whole number that parquet and pandas can hold
_LARGEST = 1e60  # of a number that counts: squares and sums of such numbers are finite too
_DEEPEST = 50  # levels of nesting of a spec
_QUOTED = frozenset(',"\r\n')

_Kind = tuple[Callable[[Any], bool], str]  # whether a value is of it; such a value in words


class BadValue(ValueError):
    """What a column holds instead of the text that was found, in words."""


def line(texts: Sequence[str]) -> str:
    """A line of a CSV file."""
    return ",".join(f'"{text.replace(chr(34), chr(34) * 2)}"' if _QUOTED & {*text} else text for text in texts) + "\n"


def lines(path: str | Path, data: bytes) -> Iterator[tuple[int, list[str]]]:
    """The lines of a CSV file with the number under which an editor shows where each begins.

    Raises:
        LonglagError: it is no CSV file.
    """
    before = csv.field_size_limit(len(data) + 1)  # an error may be long, and it is in memory already
    try:
        reader = csv.reader(io.StringIO(data.decode(), newline="\n"), strict=True)
        number = 1
        for texts in reader:
            yield number, texts
            number = reader.line_num + 1
    except (csv.Error, UnicodeDecodeError) as error:
        raise LonglagError(f"{path} is not a CSV file of runs ({error}); name one that longlag wrote") from error
    finally:
        csv.field_size_limit(before)


def first_unlike(found: Sequence[str], wanted: Sequence[str]) -> str:
    """Where the names of columns are first not those that are wanted, and the remedy.

    >>> first_unlike(["task", "log"], ["task", "lag"])
    "column 2 is 'log', not 'lag'; name one that longlag wrote"
    >>> first_unlike(["task"], ["task", "lag"])
    "it ends before column 2, 'lag'; name one that longlag wrote"
    """
    both = [*zip(found, wanted, strict=False)]
    place = next((i for i, (here, there) in enumerate(both) if here != there), len(both))
    if place < len(found):
        instead = f", not {wanted[place]!r}" if place < len(wanted) else ", and no such file has that"
        return f"column {place + 1} is {shown(found[place])}{instead}; name one that longlag wrote"
    return f"it ends before column {place + 1}, {wanted[place]!r}; name one that longlag wrote"


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
        BadValue: the column cannot hold that text.
    """
    return values(column, (text,))[0]


def values(column: Field[Any], texts: Sequence[str]) -> list[Any]:
    """`value` of each text of a column, a hundred thousand at once.

    Raises:
        BadValue: the column cannot hold one of the texts.
    """
    kind, least = str(column.type), column.metadata["least"]
    if kind == "bool":
        return _each_of(texts, {"True": True, "False": False})
    if kind == "float":
        return _numbers(texts, least)
    if kind in ("int", "int | None"):
        whole = _whole([text for text in texts if text or kind == "int"], least)
        return whole if len(whole) == len(texts) else _between(texts, whole)
    same = dict(zip(texts, texts, strict=True))  # equal texts as one object: less memory, and comparisons are faster
    if column.metadata["name"] and not all(map(str.isprintable, same)):
        raise BadValue("a name in one line")
    for text in filter(None, same) if column.name in _OBJECTS else ():
        _check_object(column.name, text)
    return [*map(same.__getitem__, texts)]


def _each_of(texts: Sequence[str], known: dict[str, Any]) -> list[Any]:
    if not known.keys() >= set(texts):
        raise BadValue(" or ".join(known))
    return [known[text] for text in texts]


def _between(texts: Sequence[str], found: Sequence[int]) -> list[int | None]:
    """The numbers in their places, None where a text is empty."""
    numbers = iter(found)
    return [next(numbers) if text else None for text in texts]


def _whole(texts: Sequence[str], least: float | None) -> list[int]:
    low = -_WHOLE if least is None else int(least)
    try:
        numbers = [int(text) for text in texts]
    except ValueError:  # none, or one of thousands of digits
        numbers = [_WHOLE + 1]
    if numbers and not (low <= min(numbers) and max(numbers) <= _WHOLE):
        raise BadValue(f"a whole number from {low} to {_WHOLE}")
    return numbers


def _numbers(texts: Sequence[str], least: float | None) -> list[float]:
    try:
        numbers = [float(text) if text else math.nan for text in texts]
    except ValueError:
        raise BadValue("a number, or nothing") from None
    if least is not None and not all(least <= number <= _LARGEST or math.isnan(number) for number in numbers):
        raise BadValue(f"a number from {least:g} to {_LARGEST:g}, or nothing")
    return numbers


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _is_mapping(value: Any) -> bool:
    return isinstance(value, dict)


def _is_method(value: Any) -> bool:
    return isinstance(value, dict) and isinstance(value.get("name", ""), str)


def _is_limit(value: Any) -> bool:
    return value is None or (_is_number(value) and 0 < value <= _LARGEST)


def _is_share(value: Any) -> bool:
    return _is_number(value) and (0 <= value <= 1 or value != value)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


_ANY_KEY = ""
_OBJECTS: dict[str, dict[str, _Kind]] = {  # columns of JSON, with the kinds of those values that readers rely on
    "spec": {
        "device": (_is_text, "a text"),
        "method": (_is_method, "a mapping with a text as its name"),
        "overrides": (_is_mapping, "a mapping"),
        "rules": (_is_mapping, "a mapping"),
        "stop": (_is_text, "a text"),
        "timeout": (_is_limit, "a positive number of seconds or null"),
    },
    "test_error_by_lag": {_ANY_KEY: (_is_share, "a share from 0 to 1, or NaN")},
}


@lru_cache(maxsize=4096)
def _check_object(column: str, text: str) -> None:
    """Many rows share a spec."""
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict) or _depth(found) > _DEEPEST:
        raise BadValue(f"a JSON object of at most {_DEEPEST} levels")
    kinds = _OBJECTS[column]
    for key, value in found.items():
        kind = kinds.get(key) or kinds.get(_ANY_KEY)
        if kind and not kind[0](value):
            raise BadValue(f"a JSON object whose {shown(key)} is {kind[1]}, not {shown(value)}")


def _depth(value: Any) -> int:
    """Levels of nesting, counted without recursion."""
    level, depth = [value], 0
    while level := [item for part in level for item in _items(part)]:
        depth += 1
    return depth


def _items(value: Any) -> list[Any]:
    return [*value.values()] if isinstance(value, dict) else value if isinstance(value, list) else []
