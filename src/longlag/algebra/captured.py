"""A function of tensors as one CUDA graph: its hundreds of small kernels are recorded once and started together.

Where a step of a recurrent net takes a GPU a few microseconds, starting its kernels one by one takes longer than
running them. A graph is recorded for fixed shapes and fixed memory, so inputs are copied into buffers that stay, and
outputs are copied out of buffers that the next call overwrites. Without a GPU the function is called instead, with the
same buffers: tests of one path are tests of the other.
"""

from __future__ import annotations

import gc
import warnings
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

Tensors = tuple[Tensor, ...]
Function = Callable[..., Tensors]
_WARM_UP = 3  # calls before recording, in which libraries choose kernels and allocate their workspaces


@dataclass(frozen=True)
class _Program:
    """Buffers of one set of shapes. replay: computes the outputs of what the inputs hold now."""

    inputs: Tensors
    outputs: Tensors
    replay: Callable[[], None]


class Captured:
    """A function of tensors that returns a tuple of tensors, recorded at the first call with each set of shapes.

    The function must not read a value back to the host, nor depend on anything but its arguments. If a GPU refuses to
    record it, it is called as it is, with a warning.
    """

    def __init__(self, function: Function) -> None:
        self._function = function
        self._programs: dict[Any, _Program] = {}

    def __call__(self, *inputs: Tensor) -> Tensors:
        key = tuple((value.shape, value.dtype, value.device) for value in inputs)
        if key not in self._programs:
            self._programs[key] = _program(self._function, inputs)
        program = self._programs[key]
        for buffer, value in zip(program.inputs, inputs, strict=True):
            buffer.copy_(value)
        program.replay()
        return tuple(value.clone() for value in program.outputs)


def _program(function: Function, inputs: Tensors) -> _Program:
    buffers = tuple(value.detach().clone() for value in inputs)
    try:
        with _no_collection(), _on(buffers[0].device):
            return _RECORDERS.get(buffers[0].device.type, _called)(function, buffers)
    except RuntimeError as error:
        reason = str(error).splitlines()[0]
        warnings.warn(f"called instead of recorded as a CUDA graph: {reason}", RuntimeWarning, stacklevel=3)
        return _called(function, buffers)


def _on(device: torch.device) -> AbstractContextManager[object]:
    """Makes a GPU the current one: streams and graphs belong to the current one, wherever the tensors are."""
    return torch.cuda.device(device) if device.type == "cuda" else nullcontext()


@contextmanager
def _no_collection() -> Iterator[None]:
    """Nothing is collected meanwhile: if an old graph is destroyed while another one is recorded, CUDA refuses both."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def _called(function: Function, buffers: Tensors) -> _Program:
    outputs = tuple(value.clone() for value in function(*buffers))

    def replay() -> None:
        for output, value in zip(outputs, function(*buffers), strict=True):
            output.copy_(value)

    return _Program(buffers, outputs, replay)


def _graph(function: Function, buffers: Tensors) -> _Program:
    side = torch.cuda.Stream()
    side.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(side):
        for _ in range(_WARM_UP):
            function(*buffers)
    torch.cuda.current_stream().wait_stream(side)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph, capture_error_mode="thread_local"):  # what other threads do is no part of it
        outputs = function(*buffers)
    return _Program(buffers, outputs, graph.replay)


_RECORDERS: dict[str, Callable[[Function, Tensors], _Program]] = {"cuda": _graph}
