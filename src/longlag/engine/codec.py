"""The format of a checkpoint: a line with its checksum, then numpy's npz: one array per tensor and a header of JSON.

A file holds no code and none is run for it. A state is read into the structure of a freshly started one, the
*template*; a file that does not fit it is refused.
"""

from __future__ import annotations

import hashlib
import io
import json
import math
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

FORMAT = 2
_MAGIC = b"longlag checkpoint "
_ALIGNMENT_BYTES = 64  # torch's memory begins at a multiple of it
# A tensor that is a part of a larger one may span so many times its own bytes, and so many bytes besides.
_MAX_SPREAD_TIMES = 64
_MAX_SPREAD_BYTES = 2**26


class Unfit(Exception):
    """Why a checkpoint cannot be used, or a state cannot be kept."""


def pack(header: Mapping[str, Any], arrays: Mapping[str, np.ndarray]) -> bytes:
    """A checkpoint as bytes."""
    buffer = io.BytesIO()
    text = np.frombuffer(json.dumps(header).encode(), dtype=np.uint8)
    with zipfile.ZipFile(buffer, "w") as archive:  # np.savez has no allow_pickle before NumPy 2.1
        for name, array in {"header": text, **arrays}.items():
            with archive.open(f"{name}.npy", "w", force_zip64=True) as part:
                np.lib.format.write_array(part, array, allow_pickle=False)
    body = buffer.getvalue()
    return _MAGIC + f"{FORMAT} {hashlib.sha256(body).hexdigest()}\n".encode() + body


def unpack(data: bytes) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """The header and the arrays of a checkpoint.

    Raises:
        Unfit: it is not a checkpoint, is damaged, or has another version.
    """
    line, _, body = data.partition(b"\n")
    words = line.removeprefix(_MAGIC).split()
    if not line.startswith(_MAGIC) or len(words) != 2 or not words[0].isdigit():
        raise Unfit("it is not a checkpoint, or its beginning is damaged")
    if int(words[0]) != FORMAT:
        raise Unfit(f"its format is version {int(words[0])}, this longlag's is {FORMAT}")
    if words[1] != hashlib.sha256(body).hexdigest().encode():
        raise Unfit("it is damaged: its checksum is not that of its content")
    try:
        _check_sizes(body)
        with np.load(io.BytesIO(body), allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}
        return json.loads(arrays.pop("header").tobytes()), arrays
    except (OSError, ValueError, KeyError, EOFError, RecursionError, zipfile.BadZipFile) as error:
        raise Unfit(f"it is damaged: {error}") from error


def _check_sizes(body: bytes) -> None:
    """Raises Unfit unless every array is as large as it declares, so that no file asks for more memory than it has."""
    with zipfile.ZipFile(io.BytesIO(body)) as archive:
        members = archive.infolist()
        if sum(member.file_size for member in members) > len(body):
            raise Unfit("its arrays are larger than the file")
        for member in members:
            with archive.open(member) as file:
                version = np.lib.format.read_magic(file)
                read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
                shape, _, dtype = read(file)
                declared = file.tell() + math.prod(shape) * dtype.itemsize
            if declared != member.file_size and not dtype.hasobject:  # numpy itself refuses objects
                raise Unfit(
                    f"its array {member.filename} declares the shape {shape}, which is not the size of its data"
                )


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
    return {"tensor": name, "stride": list(value.stride()), "offset": offset}


def unflatten(
    template: Any,
    found: Mapping[str, Any],
    arrays: Mapping[str, np.ndarray],
    rows: list[int] | None = None,
    of: int = 0,
) -> Any:
    """A state with the template's structure, from what `flatten` returned.

    rows: the replicas to take, of `of` in the arrays; None takes all.

    Raises:
        Unfit: its structure, types or shapes are not those of the template.
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
    value = _part(found, "value", type(template))
    _expect(type(value) is not int or abs(value) <= 2**64, "size", template)
    return value


def _part(found: Mapping[str, Any], kind: str, of: type) -> Any:
    part = found.get(kind)
    if kind not in found or type(part) is not of:
        raise Unfit(f"its state does not have the structure of a fresh start ({kind})")
    return part


def _expect(holds: bool, what: str, template: Any) -> None:
    if not holds:
        raise Unfit(f"its state does not have the structure of a fresh start ({what} of {type(template).__name__})")


def _taken(array: np.ndarray, shape: tuple[int, ...], rows: list[int] | None, of: int) -> np.ndarray:
    """The rows of some replicas, which must have the wanted shape."""
    if rows is not None and rows != list(range(of)):
        _expect(array.ndim > 0 and len(array) == of, "replicas", array)
        array = array[rows]
    _expect(array.shape == tuple(shape), "shape", array)
    return array


def _tensor(array: np.ndarray, template: Tensor, found: Mapping[str, Any]) -> Tensor:
    """The array as a tensor on the template's device, with the layout in memory that it had."""
    stride, offset = tuple(_part(found, "stride", list)), _part(found, "offset", int)
    _expect(all(type(step) is int and step >= 0 for step in stride), "layout", template)
    plain = torch.from_numpy(np.ascontiguousarray(array).reshape(array.shape))
    _expect(plain.dtype == template.dtype, "kind", template)
    if not array.size or 0 in stride or len(stride) != array.ndim:
        return plain.to(template.device)
    size = offset + 1 + sum((n - 1) * step for n, step in zip(array.shape, stride, strict=True))
    spread = size * array.itemsize <= _MAX_SPREAD_TIMES * array.nbytes + _MAX_SPREAD_BYTES
    if not (0 <= offset < _ALIGNMENT_BYTES and spread and _apart(array.shape, stride)):
        raise Unfit("a tensor has an impossible layout")
    memory = torch.empty(size, dtype=plain.dtype, device=template.device)
    return memory.as_strided(array.shape, stride, offset).copy_(plain)


def _apart(shape: Sequence[int], stride: Sequence[int]) -> bool:
    """Whether no two numbers of a tensor share a place in memory."""
    extent = 1
    for step, n in sorted((step, n) for n, step in zip(shape, stride, strict=True) if n > 1):
        if step < extent:
            return False
        extent = step * (n - 1) + extent
    return True
