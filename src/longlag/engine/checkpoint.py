"""Checkpoints: a block's state between two steps, from which another process goes on to the same bytes.

A checkpoint is one file: a line with its checksum, then numpy's npz with one array per tensor and a header of JSON. No
code is in it and none is run for it: what is built from it has the structure of a freshly started block (the
*template*), and a file that does not fit is refused. It counts only for the spec, package, commit and kind of machine
that wrote it, since all of them decide digits. Two generations are kept, in two files written in turn; what is
damaged or foreign is reported in a line and passed over for the other one, or for a fresh start.
"""

from __future__ import annotations

import hashlib
import io
import json
import sys
import time
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field, fields, is_dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from longlag.engine.interrupt import Interruption
from longlag.engine.provenance import DIGITS_DEPEND_ON, provenance
from longlag.engine.train import Block
from longlag.errors import LonglagError
from longlag.store.files import write_atomically
from longlag.store.records import Point, Row

FORMAT = 2
EVERY_SECONDS = 60.0
_MAGIC = b"longlag checkpoint "
_ALIGNMENT_BYTES = 64  # torch's memory begins at a multiple of it
_MAX_TENSOR_BYTES = 2**34


class Unfit(Exception):
    """Why a checkpoint cannot be used, or a state cannot be kept."""


@dataclass
class Checkpoints:
    """A driver of blocks that keeps checkpoints in a folder and goes on from those it finds there.

    every: seconds between two of them; what a kill costs is at most that, one step and the writing.
    """

    folder: Path
    every: float = EVERY_SECONDS
    interruption: Interruption = field(default_factory=Interruption)

    def __call__(self, block: Block) -> Iterator[Point | Row]:
        """`Block.train`, from the last checkpoint on; the points before it are yielded again.

        Raises:
            Interrupted: a signal asked the process to end; a last checkpoint has been written.
        """
        shelf = _Shelf(self.folder, block)
        points = shelf.resume()
        yield from points
        last, keep, on = time.monotonic(), True, True
        while on:
            for event in block.advance():
                if isinstance(event, Point):
                    points.append(event)
                yield event
            on = bool(block.state.active.any())
            if not on:
                shelf.clear()
            elif keep and (self.interruption or time.monotonic() - last >= self.every):
                keep, last = shelf.save(points), time.monotonic()
            self.interruption.check()


class _Shelf:
    """The two files of a block."""

    def __init__(self, folder: Path, block: Block) -> None:
        self.block, self.setup = block, block.setup
        self.template = block.keep()
        spec = self.setup.spec
        self.folder = folder / spec.task / spec.method
        self.name = f"lag{spec.lag}_seed{{}}_{self.setup.spec_hash}.{{}}.ckpt"
        self.saved = 0
        self.own = [self.folder / self.name.format(block.seeds[0], slot) for slot in (0, 1)]
        self.used = {*self.own}

    def resume(self) -> list[Point]:
        """Puts the block where its newest usable checkpoint was, and returns the points before it."""
        found = []
        for path in (part for own in self.own for part in self.folder.glob(f".{own.name}.*.tmp")):
            path.unlink(missing_ok=True)  # of a process that was killed while it wrote
        for path in sorted(self.folder.glob(self.name.format("*", "[01]"))):
            try:
                data = path.read_bytes()
                header, arrays = unpack(data)
                if not set(self.block.seeds) <= set(header["active"]):
                    continue  # another block's, or one whose seeds have finished
                self._check(header)
                rows = [header["seeds"].index(seed) for seed in self.block.seeds]
                state = unflatten(self.template, header["state"], arrays, rows, len(header["seeds"]))
                points = [Point(**point) for point in header["points"]]
                found.append((header["saved"], state, points))
                self.used.add(path)
            except (Unfit, OSError, KeyError, TypeError, ValueError, RuntimeError) as error:
                self._say(f"ignoring the checkpoint {path} ({error or type(error).__name__})")
        if not found:
            return []
        self.saved, state, points = max(found, key=lambda one: one[0])
        self.block.restore(state)
        place = f"lag {self.setup.spec.lag}, seeds {list(self.block.seeds)}"
        self._say(f"{self.setup.task.name}, {self.setup.method.name}, {place}: going on from update {state.updates}")
        return [point for point in points if point.seed in self.block.seeds]

    def save(self, points: list[Point]) -> bool:
        """Writes the older of the two files anew. False: this block's state is of a kind that cannot be kept."""
        arrays: dict[str, np.ndarray] = {}
        try:
            state = flatten(self.block.keep(), arrays)
            unflatten(self.template, state, arrays)
        except Unfit as error:
            self._say(f"no checkpoints of {self.setup.method.name}: {error}; if stopped, it begins its rung anew")
            return False
        self.saved += 1
        active = [seed for seed, on in zip(self.block.seeds, self.block.state.active.tolist(), strict=True) if on]
        header = {
            "spec_hash": self.setup.spec_hash,
            **{name: provenance(self.setup.spec.device)[name] for name in _DECIDE},
            "seeds": self.block.seeds,
            "active": active,
            "saved": self.saved,
            "points": [asdict(point) for point in points],
            "state": state,
        }
        try:
            write_atomically(self.own[self.saved % 2], pack(header, arrays))
        except LonglagError as error:
            self._say(f"no checkpoint this time ({error}); training goes on")
        return True

    def clear(self) -> None:
        """Deletes the files of a block that has ended."""
        for path in self.used:
            with suppress(OSError):
                path.unlink()

    def _check(self, header: Mapping[str, Any]) -> None:
        here = {"spec_hash": self.setup.spec_hash, **provenance(self.setup.spec.device)}
        other = [name for name in ("spec_hash", *_DECIDE) if header[name] != here[name]]
        if other:
            raise Unfit("; ".join(f"{name} is {here[name]} here, not {header[name]}" for name in other))

    def _say(self, text: str) -> None:
        print(f"longlag: {text}", file=sys.stderr, flush=True)


_DECIDE = ("longlag", "commit", *DIGITS_DEPEND_ON)


def pack(header: Mapping[str, Any], arrays: Mapping[str, np.ndarray]) -> bytes:
    """A checkpoint as bytes."""
    buffer = io.BytesIO()
    text = np.frombuffer(json.dumps(header).encode(), dtype=np.uint8)
    np.savez(buffer, allow_pickle=False, header=text, **arrays)
    body = buffer.getvalue()
    return _MAGIC + f"{FORMAT} {hashlib.sha256(body).hexdigest()}\n".encode() + body


def unpack(data: bytes) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """The header and the arrays of a checkpoint.

    Raises:
        Unfit: it is none, is damaged, or is of a newer version.
    """
    line, _, body = data.partition(b"\n")
    words = line.removeprefix(_MAGIC).split()
    if not line.startswith(_MAGIC) or len(words) != 2 or not words[0].isdigit():
        raise Unfit("it is no checkpoint, or its beginning is damaged")
    if int(words[0]) != FORMAT:
        raise Unfit(f"its format is version {int(words[0])}, this longlag's is {FORMAT}")
    if words[1] != hashlib.sha256(body).hexdigest().encode():
        raise Unfit("it is damaged: its checksum is not that of its content")
    try:
        with np.load(io.BytesIO(body), allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}
        return json.loads(arrays.pop("header").tobytes()), arrays
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        raise Unfit(f"it is damaged: {error}") from error


def flatten(value: Any, arrays: dict[str, np.ndarray]) -> Any:
    """A state as JSON that names its arrays; the arrays are added to `arrays`.

    Tensors keep their layout in memory and dictionaries their order, since both decide in which order numbers are
    summed.

    Raises:
        Unfit: it holds something other than tensors, arrays, numbers, texts, dictionaries, sequences and dataclasses.
    """
    if is_dataclass(value) and not isinstance(value, type):
        return {"fields": {f.name: flatten(getattr(value, f.name), arrays) for f in fields(value)}}
    if type(value) is dict and all(type(key) is str for key in value):
        return {"items": [[key, flatten(item, arrays)] for key, item in value.items()]}
    if type(value) in (list, tuple):
        return {"list": [flatten(item, arrays) for item in value]}
    if value is None or type(value) in (bool, int, float, str):
        return {"value": value}
    if not isinstance(value, Tensor | np.ndarray):
        raise Unfit(f"its state holds a {type(value).__name__}")
    name = f"array{len(arrays)}"
    if isinstance(value, np.ndarray):
        arrays[name] = value.copy()
        return {"array": name}
    try:
        arrays[name] = value.numpy(force=True)
    except TypeError as error:
        raise Unfit(f"its state holds a tensor of {value.dtype}") from error
    offset = value.storage_offset() % (_ALIGNMENT_BYTES // value.element_size())
    return {"tensor": name, "stride": value.stride(), "offset": offset}


def unflatten(
    template: Any,
    found: Mapping[str, Any],
    arrays: Mapping[str, np.ndarray],
    rows: list[int] | None = None,
    of: int = 0,
) -> Any:
    """A state of the template's structure from what `flatten` returned.

    rows: which replicas to take of the `of` in the arrays; None takes all.

    Raises:
        Unfit: it has not the structure, types and shapes of the template.
    """

    def fitted(part: Any, of_template: Any) -> Any:
        return unflatten(of_template, part, arrays, rows, of)

    if is_dataclass(template) and not isinstance(template, type):
        named = {f.name: getattr(template, f.name) for f in fields(template)}
        parts = _part(found, "fields", dict)
        _expect(parts.keys() == named.keys(), "fields", template)
        return type(template)(**{name: fitted(parts[name], value) for name, value in named.items()})
    if type(template) is dict:
        pairs = _part(found, "items", list)
        _expect(sorted(key for key, _ in pairs) == sorted(template), "names", template)
        return {key: fitted(part, template[key]) for key, part in pairs}
    if type(template) in (list, tuple):
        items = _part(found, "list", list)
        _expect(len(items) == len(template), "length", template)
        return type(template)(fitted(part, value) for part, value in zip(items, template, strict=True))
    if isinstance(template, Tensor):
        return _tensor(_taken(arrays[_part(found, "tensor", str)], template.shape, rows, of), template, found)
    if isinstance(template, np.ndarray):
        array = _taken(arrays[_part(found, "array", str)], template.shape, rows, of)
        _expect(array.dtype == template.dtype, "kind", template)
        return array
    return _part(found, "value", type(template))


def _part(found: Mapping[str, Any], kind: str, of: type) -> Any:
    part = found.get(kind)
    if kind not in found or type(part) is not of:
        raise Unfit(f"its state has another structure than that of a fresh start ({kind})")
    return part


def _expect(holds: bool, what: str, template: Any) -> None:
    if not holds:
        raise Unfit(f"its state has another structure than that of a fresh start ({what} of {type(template).__name__})")


def _taken(array: np.ndarray, shape: tuple[int, ...], rows: list[int] | None, of: int) -> np.ndarray:
    """The array's rows of some replicas, if that is of the wanted shape."""
    if rows is not None and rows != list(range(of)):
        _expect(array.ndim > 0 and len(array) == of, "replicas", array)
        array = array[rows]
    _expect(array.shape == tuple(shape), "shape", array)
    return array


def _tensor(array: np.ndarray, template: Tensor, found: Mapping[str, Any]) -> Tensor:
    """The array as a tensor on the template's device, with the layout in memory that it had."""
    stride, offset = tuple(found["stride"]), found["offset"]
    plain = torch.from_numpy(np.ascontiguousarray(array).reshape(array.shape))
    _expect(plain.dtype == template.dtype, "kind", template)
    if not array.size or 0 in stride or len(stride) != array.ndim:
        return plain.to(template.device)
    if min(stride, default=1) < 0 or not 0 <= offset < _ALIGNMENT_BYTES:
        raise Unfit("a tensor's layout is not one")
    size = offset + 1 + sum((n - 1) * step for n, step in zip(array.shape, stride, strict=True))
    _expect(size * array.itemsize <= _MAX_TENSOR_BYTES, "size", template)
    memory = torch.empty(size, dtype=plain.dtype, device=template.device)
    return memory.as_strided(array.shape, stride, offset).copy_(plain)
