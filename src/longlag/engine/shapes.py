"""The shapes that a method's parts declare and give: a part of `longlag check`.

A wrong one would show as an error of torch deep inside the package, which names no line of the plug-in. Here the error
names the function that gave it.
"""

from __future__ import annotations

import inspect
from pathlib import Path
from typing import Any

import numpy as np
from torch import Tensor

from longlag import registry
from longlag.algebra.tree import Params
from longlag.cells.base import Cell
from longlag.engine.spec import RunSpec, resolve
from longlag.rng import stream

LAG = 10


def defined(kind: str, name: str, function: Any) -> str:
    """Where a plug-in defines a function, " (my_cell.py, line 31)"; empty if it is not in its file."""
    file, code = registry.file(kind, name), getattr(inspect.unwrap(function), "__code__", None)
    known = file is not None and code is not None and Path(code.co_filename).resolve() == file
    return f" ({file.name}, line {code.co_firstlineno})" if file and code and known else ""


def check_start(name: str) -> None:
    """Raises AssertionError unless the init draws what cell and readout declare."""
    setup = resolve(RunSpec("adding", LAG, name, (0,)))
    declared = setup.model.shapes()
    drawn = {key: np.shape(value) for key, value in setup.parts.init.draw(stream(0, "check"), declared).items()}
    at = defined("methods", name, setup.parts.init.draw)
    if missing := sorted(declared.keys() - drawn.keys()):
        raise AssertionError(f"its init draws no {', '.join(missing)}, which the cell or the readout declares{at}")
    if unknown := sorted(drawn.keys() - declared.keys()):
        raise AssertionError(
            f"its init draws {', '.join(unknown)}, which nothing declares; name it in the cell's shapes{at}"
        )
    for key, shape in declared.items():
        assert drawn[key] == shape, f"its init draws {key} as {list(drawn[key])}; declared is {list(shape)}{at}"


def check_cell(name: str, cell: Cell, params: Params, x: Tensor) -> None:
    """Raises AssertionError unless drive and step give the axes that they should.

    params: with their replica axis. x: inputs, [R, T, B, X].
    """
    of_drive, of_step = (defined("methods", name, each) for each in (cell.recurrence.drive, cell.recurrence.step))
    known, drive, state = list(x.shape[:3]), cell.drive(params, x), cell.start(params, x.shape[2])
    found = list(drive.shape)
    right = len(found) == 4 and found[:3] == known
    assert right, f"its drive gives {found}, not [R, T, B, G] = {known} and G{of_drive}"
    after, damped = cell.step(params, state, drive[:, 0])
    right = isinstance(after, tuple) and len(after) == len(state)
    words = f"{len(after)} parts of a state as a {type(after).__name__}; the state before it is a tuple of {len(state)}"
    assert right, f"its step gives {words}{of_step}"
    found, hidden = list(after[0].shape), [known[0], known[2], cell.hidden]
    assert found == hidden, f"its step gives a hidden state of {found}, not [R, B, H] = {hidden}{of_step}"
    for number, shapes in enumerate((list(b.shape), list(a.shape)) for b, a in zip(state, after, strict=True)):
        words = f"part {number} of the state as {shapes[1]}, and was given {shapes[0]}"
        assert shapes[0] == shapes[1], f"its step gives {words}{of_step}"
    for what, values, at in (("drive", [drive], of_drive), ("step", [*after, damped], of_step)):
        finite = all(bool(value.isfinite().all()) for value in values)
        assert finite, f"its {what} gives numbers that are not finite, from the parameters of its init{at}"
    found = list(damped.shape)
    right = len(found) == 3 and found[:2] == hidden[:2]
    assert right, f"its step gives damped states of {found}, not [R, B, ...] = {hidden[:2]} and more{of_step}"
