"""What the column `spec` of a row says: everything that decides the numbers of its run, as JSON."""

from __future__ import annotations

import json
from functools import lru_cache

from longlag import protocol


def base_method(spec: str, otherwise: str) -> str:
    """The method that a row's method is, or is a variant or a candidate of, by its column `spec`."""
    try:
        return str(json.loads(spec)["method"]["name"])
    except (ValueError, KeyError, TypeError):
        return otherwise


@lru_cache(maxsize=1000)  # the seeds of a condition have one spec
def stop(spec: str) -> str:
    """When a run of this spec ends, one of `protocol.STOPS`: the first of them where the column `spec` says nothing."""
    try:
        return str(json.loads(spec).get("stop", protocol.STOPS[0]))
    except (ValueError, AttributeError):
        return protocol.STOPS[0]


ABSENT = "absent"  # in the place of the value of a path that one of two specs does not have


def differences(a: str, b: str) -> list[tuple[str, object, object]]:
    """Where two specs, as the spec column has them, differ: each dotted path, sorted, with its value in both.

    Raises:
        ValueError: one of them is damaged.
    """
    one, two = _leaves(json.loads(a)), _leaves(json.loads(b))
    pairs = ((path, one.get(path, ABSENT), two.get(path, ABSENT)) for path in sorted(one.keys() | two.keys()))
    return [(path, old, new) for path, old, new in pairs if old != new]


def spec_changes(a: str, b: str) -> list[str]:
    """The `differences` of two specs as texts."""
    try:
        return [f"{path} {old} and {new}" for path, old, new in differences(a, b)]
    except ValueError:
        return ["one of the specs is damaged"]


def _leaves(value: object, path: str = "") -> dict[str, object]:
    if not isinstance(value, dict):
        return {path.removesuffix("."): value}
    return {name: leaf for key in value for name, leaf in _leaves(value[key], f"{path}{key}.").items()}
