"""Parts as data: describe them, and change one number by its path, as `--set optimiser.learning_rate=0.1` does."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Mapping
from dataclasses import fields, is_dataclass, replace
from typing import Any

from longlag.errors import LonglagError, shown, unknown
from longlag.ranges import OutOfRange

_KINDS: dict[type, str] = {
    int: "a whole number",
    float: "a number",
    tuple: "a list",
    str: "a word",
    bool: "true or false",
}


def describe(part: Any) -> Any:
    """A nested part as plain data: {"part": class name, field: value, ...}."""
    if is_dataclass(part) and not isinstance(part, type):
        return {"part": type(part).__name__, **{f.name: describe(getattr(part, f.name)) for f in fields(part)}}
    return list(part) if isinstance(part, tuple) else part


def paths(part: Any, prefix: str = "") -> list[str]:
    """All paths that `with_values` can change."""
    found = []
    for f in fields(part):
        value, path = getattr(part, f.name), f"{prefix}{f.name}"
        if is_dataclass(value):
            found += paths(value, f"{path}.")
        elif value is not None:
            found.append(path)
    return found


def value_at(part: Any, path: str) -> Any:
    """The value at one of the `paths` of a part."""
    for name in path.split("."):
        part = getattr(part, name)
    return part


def written(value: Any) -> str:
    """A value as `--set` reads it back.

    >>> written((0.5, 0.0)), written("word"), written(True), written(0.1)
    ('[0.5, 0.0]', 'word', 'true', '0.1')
    """
    if isinstance(value, tuple):
        return f"[{', '.join(map(written, value))}]"
    if isinstance(value, bool):
        return str(value).lower()
    return value if isinstance(value, str) else repr(value)


def optional(path: str) -> str:
    """The path of a setting that is changed only where the parts have it.

    >>> optional("init.bias_scale")
    'init.bias_scale?'
    """
    return f"{path}?"


def bare(path: str) -> str:
    """The path without the mark of `optional`."""
    return path.removesuffix("?")


def without(values: Mapping[str, Any], paths: Iterable[str]) -> dict[str, Any]:
    """The settings but those at these paths, for all tasks or for one, optional or not.

    >>> without({"cell.hidden?": 8, "adding:cell.hidden": 9, "cell.leak": 1.0}, ["cell.hidden"])
    {'cell.leak': 1.0}
    """
    gone = {*map(bare, paths)}
    return {path: value for path, value in values.items() if bare(path.rpartition(":")[2]) not in gone}


def present(part: Any, values: Mapping[str, Any]) -> dict[str, Any]:
    """The values without those of optional settings that the part does not have; all paths are bare."""
    known = set(paths(part))
    return {bare(path): value for path, value in values.items() if path == bare(path) or bare(path) in known}


def with_values(part: Any, values: Mapping[str, Any]) -> Any:
    """The part with the settings at these paths changed, in whatever order: some values are allowed only with others.

    Raises:
        LonglagError: no such path (the nearest is suggested), a value of another type, or one out of its range.
    """
    for path in values:
        if path not in paths(part):
            raise unknown("setting", path, paths(part))
    refused: dict[str, LonglagError] = {}
    for path, value in values.items():
        try:
            part = _with_value(part, path.split("."), value, path)
        except LonglagError as error:
            refused[path] = error
    if len(refused) == len(values) and refused:  # no other setting changed that could allow one of them
        raise next(iter(refused.values()))
    return with_values(part, {path: values[path] for path in refused}) if refused else part


def _with_value(part: Any, names: list[str], value: Any, path: str) -> Any:
    name, *rest = names
    old = getattr(part, name)
    new = _with_value(old, rest, value, path) if rest else _converted(old, value, path)
    try:
        return replace(part, **{name: new})
    except OutOfRange as error:
        reason = error.reason
    except (LonglagError, TypeError, ValueError) as error:  # what a plug-in's part says of its own numbers
        reason = str(error)
    raise LonglagError(f"setting {path!r} cannot be {shown(value)}; {reason}")


def _converted(old: Any, value: Any, path: str) -> Any:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if isinstance(old, float) and number and abs(value) <= sys.float_info.max:
        return float(value)
    if isinstance(old, int) and not isinstance(old, bool) and number and value % 1 == 0:
        return int(value)
    if isinstance(old, tuple) and isinstance(value, list | tuple):
        if len(value) != len(old):
            raise LonglagError(f"setting {path!r} takes {len(old)} values, its value is {list(old)}; not {len(value)}")
        return tuple(_converted(one, new, path) for one, new in zip(old, value, strict=True))
    if type(old) is type(value) and not isinstance(old, float):
        return value
    kind = _KINDS.get(type(old), type(old).__name__)
    raise LonglagError(f"setting {path!r} cannot be {shown(value)}; it is {kind}, its value is {written(old)}")


def of_task(values: Mapping[str, Any], task: str) -> dict[str, Any]:
    """The settings that hold for a task: those without a task, replaced by those that begin with `TASK:`."""
    general = {path: value for path, value in values.items() if ":" not in path}
    own = {path.removeprefix(f"{task}:"): value for path, value in values.items() if path.startswith(f"{task}:")}
    return {**general, **own}


def tasks_of(values: Mapping[str, Any]) -> list[str]:
    """The tasks that have settings of their own, sorted."""
    return sorted({path.partition(":")[0] for path in values if ":" in path})


def parse(
    assignments: list[str], option: str = "--set", example: str = "optimiser.learning_rate=0.1"
) -> dict[str, Any]:
    """["optimiser.learning_rate=0.1", ...] as a mapping; values are read as JSON, else as words.

    A path may begin with a task: `adding:optimiser.learning_rate=0.1` (see `of_task`). option, example: for errors.

    Raises:
        LonglagError: a text without "=", or with nothing on one of its sides; a path that is given twice.
    """
    parsed: dict[str, Any] = {}
    for text in assignments:
        path, equals, value = text.partition("=")
        if not equals or not path or not value:
            raise LonglagError(
                f"{option} takes {'path' if option == '--set' else 'name'}=value, such as {example}; not {text!r}"
            )
        if bare(path) in map(bare, parsed):
            raise LonglagError(f"{option} gives {bare(path)!r} twice; leave one of them out")
        try:
            parsed[path] = json.loads(value)
        except (ValueError, RecursionError):  # a word, a number of thousands of digits, a thousand brackets
            parsed[path] = value
    return parsed
