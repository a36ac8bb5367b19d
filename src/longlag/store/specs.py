"""What the column `spec` of a row says: everything that decides the numbers of its run, as JSON."""

from __future__ import annotations

import json


def base_method(spec: str, otherwise: str) -> str:
    """The method that a row's method is, or is a variant or a candidate of, by its column `spec`."""
    try:
        return str(json.loads(spec)["method"]["name"])
    except (ValueError, KeyError, TypeError):
        return otherwise


def spec_changes(a: str, b: str) -> list[str]:
    """Where two specs, as the spec column has them, differ: dotted paths with both values."""
    try:
        one, two = _leaves(json.loads(a)), _leaves(json.loads(b))
    except ValueError:
        return ["one of the specs is damaged"]
    return [
        f"{path} {one.get(path, 'absent')} and {two.get(path, 'absent')}"
        for path in sorted(one.keys() | two.keys())
        if one.get(path, "absent") != two.get(path, "absent")
    ]


def _leaves(value: object, path: str = "") -> dict[str, object]:
    if not isinstance(value, dict):
        return {path.removesuffix("."): value}
    return {name: leaf for key in value for name, leaf in _leaves(value[key], f"{path}{key}.").items()}
