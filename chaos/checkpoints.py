"""Checkpoints with a right checksum and another content: only kinds, names and shapes of the spec are believed."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from chaos import cached
from chaos.tally import Tally
from longlag.engine.codec import pack, unpack
from longlag.rng import stream

VALUES: list[Any] = [
    None,
    True,
    -1,
    0,
    3,
    10**400,
    1.5,
    float("nan"),
    "",
    "0",
    "a\nb",
    [],
    [0],
    [[]],
    {},
    {"a": 1},
]
ARRAYS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "float16": lambda a: a.astype(np.float16),
    "float64": lambda a: a.astype(np.float64 if a.dtype != np.float64 else np.float32),
    "int32": lambda a: a.astype(np.int32),
    "complex": lambda a: a.astype(np.complex128),
    "text": lambda a: a.astype(str),
    "big-endian": lambda a: a.astype(a.dtype.newbyteorder(">")) if a.dtype.itemsize > 1 else a.astype(np.uint8),
    "one more": lambda a: np.concatenate([a.ravel(), a.ravel()[:1]]),
    "another axis": lambda a: a[None],
    "empty": lambda a: a.ravel()[:0].astype(np.complex64),
}


def campaign(folder: Path, n: int, seed: int, deadline: float) -> Tally:
    """Changes the kind of something in a checkpoint and resumes from it, n times."""
    draw = stream(seed, "chaos", "checkpoints")
    path, read = cached.checkpoint(folder)
    header, arrays = unpack(path.read_bytes())

    def prepare(i: int) -> tuple[str, Callable[[], str]]:
        changed, parts = copy.deepcopy(header), dict(arrays)
        if draw.random() < 0.3:
            name, how = str(draw.choice([*parts])), str(draw.choice([*ARRAYS]))
            with np.errstate(all="ignore"):
                parts[name] = ARRAYS[how](parts[name])
            what = f"{name} as {how}"
        else:
            places = [*_places(changed)]
            holder, key = places[int(draw.integers(len(places)))]
            others = [value for value in VALUES if type(value) is not type(holder[key])]
            value = others[int(draw.integers(len(others)))]
            what = f"{key} {str(holder[key])[:30]} as {str(value)[:30]}"
            holder[key] = value
        return what, lambda: _attempt(path, pack(changed, parts), read)

    return Tally("checkpoints").repeat(n, deadline, prepare)


def _places(value: Any) -> Iterator[tuple[Any, Any]]:
    for key in [*value] if isinstance(value, dict) else range(len(value)):
        yield value, key
        if isinstance(value[key], dict | list):
            yield from _places(value[key])


def _attempt(path: Path, data: bytes, read: Callable[[], str]) -> str:
    before = path.read_bytes()
    path.write_bytes(data)
    try:
        return read()
    finally:
        path.write_bytes(before)
