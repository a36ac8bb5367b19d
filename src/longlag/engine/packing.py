"""A batch of R replicas in one piece of memory, as it goes to a GPU: one copy instead of three, and ones as bits.

Inputs of most tasks are zeros and ones, such as one-hot symbols. They travel as single bits and become floats on the
device. What is unpacked has the bits of what was packed.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from longlag.objective import Tensors
from longlag.tasks.base import Batch

_ONE = np.float32(1).view(np.uint32)
_ALIGNMENT = 8  # bytes


@dataclass(frozen=True)
class Part:
    """Where one tensor of a batch lies. first, size: bytes. bits: each number is 0 or 1 and takes one bit."""

    first: int
    size: int
    dtype: str
    shape: tuple[int, ...]
    bits: bool


@dataclass(frozen=True)
class Packed:
    """x, start and y in bytes; see `tensors`."""

    memory: Tensor
    parts: tuple[Part, ...]

    def layout(self) -> list[dict[str, Any]]:
        """The parts as JSON has them."""
        return [asdict(part) for part in self.parts]

    @classmethod
    def of(cls, memory: Tensor, layout: Sequence[dict[str, Any]]) -> Packed:
        """From the bytes and what `layout` gave."""
        return cls(memory, tuple(Part(**{**part, "shape": tuple(part["shape"])}) for part in layout))

    def to(self, device: str) -> Packed:
        """The bytes on a device. From pinned memory the copy waits for nothing."""
        if device == "cpu":
            return self
        return Packed(self.memory.pin_memory().to(device, non_blocking=True), self.parts)

    def tensors(self) -> Tensors:
        """x [R, T, B, X], start [R, B], y [R, K, B, ...], where the bytes are."""
        return Tensors(*(_unpacked(self.memory[part.first : part.first + part.size], part) for part in self.parts))


def pack(batches: Sequence[Batch]) -> Packed:
    """One batch per replica, all of one shape."""
    arrays, parts, first = [], [], 0
    for name in ("x", "start", "y"):
        rows = [np.ascontiguousarray(getattr(batch, name)) for batch in batches]
        bits = _as_bits(rows)
        array = np.stack(rows if bits is None else bits)
        shape = (len(rows), *rows[0].shape)
        parts.append(Part(first, array.nbytes, rows[0].dtype.name, shape, bits is not None))
        arrays.append(array)
        first += -(-array.nbytes // _ALIGNMENT) * _ALIGNMENT
    memory = np.empty(first, np.uint8)
    for array, part in zip(arrays, parts, strict=True):
        memory[part.first : part.first + part.size] = array.reshape(-1).view(np.uint8)
    return Packed(torch.from_numpy(memory), tuple(parts))


def _as_bits(rows: Sequence[np.ndarray]) -> list[np.ndarray] | None:
    """Each row's bits; None if there is another number than 0.0 and 1.0 of float32 (-0.0 is one)."""
    found = []
    for row in rows:
        if row.dtype != np.float32:
            return None
        words = row.reshape(-1).view(np.uint32)
        ones = words == _ONE
        if np.count_nonzero(words) != np.count_nonzero(ones):
            return None
        found.append(np.packbits(ones))
    return found


def _unpacked(memory: Tensor, part: Part) -> Tensor:
    dtype = getattr(torch, part.dtype)
    if not part.bits:
        return memory.view(dtype).view(part.shape)
    places = torch.arange(7, -1, -1, dtype=torch.uint8, device=memory.device)
    bits = (memory.view(part.shape[0], -1, 1) >> places) & 1
    return bits.flatten(1)[:, : math.prod(part.shape[1:])].to(dtype).view(part.shape)
