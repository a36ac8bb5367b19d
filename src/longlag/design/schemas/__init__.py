"""Reads configuration files and checks them against NAME.schema.json beside this file; errors are plain sentences.

The `description` of each value in a schema completes the sentence "KEY is VALUE; it must be ...".
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from functools import cache, partial
from importlib.resources import files
from pathlib import Path
from typing import Any

from longlag import registry
from longlag.design import _yaml
from longlag.errors import LonglagError, documentation, nearest_to, printable, shown, unknown

_EXPONENT = re.compile(r"[+-]?\d+(\.\d*)?[eE][+-]?\d+")
_NAME = re.compile(r"[a-zA-Z][a-zA-Z0-9_]*")
_HEXADECIMAL = ("digest", "digests", "commits")  # keys of texts such as 3e40316554336589, which is no number


class Misplaced(LonglagError):
    """A fault of one value of a configuration. place: the keys and indices that lead to it."""

    def __init__(self, text: str, place: Sequence[str | int]) -> None:
        super().__init__(text)
        self.place = tuple(place)


def line(path: Path, place: Sequence[str | int]) -> str:
    """ ", line 7": where that value stands in a file that `load` has read; empty if it does not stand there."""
    found = _yaml.line_of(path.read_text("utf-8"), place)
    return f", line {found}" if found else ""


def load(path: Path) -> dict[str, Any]:
    """Reads a YAML (or JSON) file that holds a mapping.

    Raises:
        LonglagError: the file is missing, or `loads` refuses its content.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise LonglagError(f"cannot read {path}: {error.strerror}; name a file that you may read") from error
    return loads(content, str(path))


def loads(content: bytes, source: str) -> dict[str, Any]:
    """Reads YAML (or JSON) that holds a mapping. source: where it came from; every error begins with it.

    Raises:
        LonglagError: not YAML in UTF-8, or not a mapping; a mapping has a key twice; aliases make it too large.
    """
    import yaml

    try:
        config = _yaml.load(content.decode())
    except LonglagError as error:
        raise LonglagError(f"{source}: {error}") from None
    except (yaml.YAMLError, ValueError, RecursionError) as error:  # no UTF-8, month 13, a thousand brackets
        raise LonglagError(f"{source} is not YAML: {_fault(error)}") from error
    if not isinstance(config, dict):
        raise LonglagError(f"{source} is not a mapping of keys to values; see {documentation('config/README.md')}")
    return config


def _fault(error: Exception) -> str:
    """What PyYAML says of a text, on one line, without its name for the text and without the line it marks."""
    mark = getattr(error, "problem_mark", None)
    if mark is None:
        return " ".join(str(error).split())
    said = filter(None, (getattr(error, "context", None), getattr(error, "problem", None)))
    return f"{', '.join(said)} (line {mark.line + 1}, column {mark.column + 1})"


def normalised(value: Any) -> Any:
    """The value with dicts and lists; texts such as 1e6, which YAML 1.1 reads as text, as numbers; nan and inf as text.
    Digests and commits stay as they are.

    Raises:
        LonglagError: aliases make it too large.
    """
    _yaml.check_size(value)
    return _normalised(value)


def _normalised(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: item if key in _HEXADECIMAL else _normalised(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_normalised(item) for item in value]
    if isinstance(value, str) and _EXPONENT.fullmatch(value):
        return float(value)
    return str(value) if isinstance(value, float) and not math.isfinite(value) else value


def typed(name: str, config: Any) -> Any:
    """The configuration with texts read as numbers, true, false or null wherever NAME.schema.json allows these.

    Snakemake passes every value within brackets on its command line as a text, `--config lags=[10,20] flow=true`, and
    a number may be quoted in YAML. A value that does not fit stays as it is, for `check` to refuse.
    """
    whole = schema(name)
    return _typed(whole, whole, config)


def _typed(schema: Any, whole: Mapping[str, Any], value: Any) -> Any:
    if not isinstance(schema, dict):  # `additionalProperties: false`
        return value
    if "$ref" in schema:
        schema = whole["$defs"][schema["$ref"].rpartition("/")[2]]
    if isinstance(value, Mapping):
        known, other = schema.get("properties", {}), schema.get("additionalProperties")
        return {key: _typed(known.get(key, other), whole, item) for key, item in value.items()}
    if isinstance(value, list):
        return [_typed(schema.get("items"), whole, item) for item in value]
    return _scalar(value, schema.get("type", [])) if isinstance(value, str) else value


def _scalar(text: str, types: str | list[str]) -> Any:
    try:
        value = json.loads(text.lower() if text in ("True", "False") else text)
    except (ValueError, RecursionError):
        return text
    names = {bool: ["boolean"], int: ["integer", "number"], float: ["number"], type(None): ["null"]}
    fits = set(names.get(type(value), [])) & set([types] if isinstance(types, str) else types)
    return value if fits and value not in (math.inf, -math.inf) and value == value else text


def schema(name: str) -> Any:
    """The JSON schema of that name, as a document of dicts and lists."""
    return json.loads((files("longlag.design.schemas") / f"{name}.schema.json").read_text("utf-8"))


def check(name: str, config: Mapping[str, Any]) -> None:
    """Checks a configuration against NAME.schema.json.

    Raises:
        Misplaced: the first fault: its place, its value and what it must be. For an unknown key, the nearest known one.
    """
    errors = _validator()(schema(name)).iter_errors(config)
    for where, error in sorted(((_place(error.absolute_path), error) for error in errors), key=lambda found: found[0]):
        if error.validator == "additionalProperties":
            key = min(map(str, set(error.instance) - set(error.schema["properties"])))
            fault = unknown(f"key in {where}:" if where else "key", key, error.schema["properties"])
            raise Misplaced(str(fault), [*error.absolute_path, key])
        if error.validator == "required":
            raise Misplaced(_missing(error, where or (name if name != "suite" else "")), [*error.absolute_path])
        what = _misspelt(error, config) or f"{where} is {shown(error.instance)}"
        raise Misplaced(f"{what}; it must be {error.schema['description']}", [*error.absolute_path])


def _misspelt(error: Any, config: Mapping[str, Any]) -> str:
    """The suggestion for a text in a list of methods or tasks that can be no name: figures and tables show labels, such
    as "chrono LSTM", and a reader may type one. Empty for another fault, and if no name is near."""
    kind, text = [None, None, *error.absolute_path][-2], error.instance
    if kind not in registry.FOLDERS or error.validator != "pattern":
        return ""
    own = config.get(kind)
    known = [*registry.names(kind), *(own if isinstance(own, Mapping) else ())]
    label = partial(registry.label, kind)
    near = nearest_to(text, known, label)
    return "" if near in ("", text) else str(unknown(kind.removesuffix("s"), text, known, label))


def _missing(error: Any, where: str) -> str:
    """The first key that a mapping lacks, and what it must be."""
    key = next(key for key in error.validator_value if key not in error.instance)
    remedy = "add `suite: mine`" if key == "suite" and not where else f"see {documentation('config/README.md')}"
    return f"the key `{key}` of {where} is missing; {remedy}" if where else f"the key `{key}` is missing; {remedy}"


def _place(path: Iterable[object]) -> str:
    """The keys and indices in words, such as cells[0].methods or digests['esn/adding/seeds0']."""
    words = (f".{key}" if isinstance(key, str) and _NAME.fullmatch(key) else f"[{key!r}]" for key in path)
    return printable("".join(words).removeprefix("."))


@cache
def _validator() -> Any:
    """JSON Schema's validator, but 100.0 is not a whole number: ranges and the command line refuse it too."""
    from jsonschema import Draft202012Validator, validators

    strict = Draft202012Validator.TYPE_CHECKER.redefine("integer", lambda _, value: type(value) is int)
    return validators.extend(Draft202012Validator, type_checker=strict)
