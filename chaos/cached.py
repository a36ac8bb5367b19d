"""A finished rung and a checkpoint, as training keeps them, each with a reader that returns an outcome or raises."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from longlag.engine.checkpoint import Checkpoints
from longlag.engine.ladder import Rungs
from longlag.engine.spec import RunSpec, resolve, unmeasured_row
from longlag.engine.train import Block
from longlag.store import records

REFUSED, SAME = "refused or passed over", "read as written"
SPEC = RunSpec("adding", 12, "lstm", (0,), 600.0, {"cell.hidden": 4, "optimiser.batch": 10})


def same(found: Any, written: Any) -> str:
    assert repr(found) == repr(written), "other content"
    return SAME


def rung(folder: Path) -> tuple[Path, Callable[[], str]]:
    setup, rungs = resolve(SPEC), Rungs(folder)
    row = unmeasured_row(setup, 0, "now", status="solved", reason="", solved=True, passes=5.0)
    points = [records.Point("adding", 12, "lstm", 0, 1.0 * k, k, 0.5, 0.5, 0.5, 0.1) for k in range(20)]
    rungs.save(setup, row, points)
    (path,) = folder.rglob("*.json")

    def read() -> str:
        found = rungs.load(setup, 0)
        return REFUSED if found is None else same(found, (row, points))

    return path, read


def checkpoint(folder: Path) -> tuple[Path, Callable[[], str]]:
    """A run that is gone on with must end as one that was not: the damaged checkpoint is the only one there."""
    setup = resolve(SPEC)

    def fresh() -> Block:
        with torch.no_grad():
            return Block(setup, SPEC.seeds)

    with torch.no_grad():
        block = fresh()
        events = Checkpoints(folder, 1e-9)(block)
        while block.state.drawn < 8:
            _step(block, events)
    (path, *others) = sorted(folder.rglob("*.ckpt"))
    for other in others:
        other.unlink()
    start, resumed = _state(fresh()), _state(_gone_on(fresh(), folder))
    assert start != resumed

    def read() -> str:
        found = _state(_gone_on(fresh(), folder))
        assert found in (start, resumed), "another state"
        return SAME if found == resumed else REFUSED

    return path, read


def _step(block: Block, events: Any) -> None:
    """Trains with checkpoints until the block has drawn eight batches, as a killed process would have."""

    class Enough(BaseException):
        pass

    advance = block.advance

    def limited() -> Any:
        if block.state.drawn >= 8:
            raise Enough
        return advance()

    block.advance = limited  # type: ignore[method-assign]
    with contextlib.suppress(Enough):
        list(events)


def _gone_on(block: Block, folder: Path) -> Block:
    """The block after the first thing that the driver does: to look for a checkpoint."""

    class Enough(BaseException):
        pass

    def stop() -> Any:
        raise Enough

    block.advance = stop  # type: ignore[method-assign]
    with torch.no_grad(), contextlib.suppress(Enough):
        list(Checkpoints(folder, 1e9)(block))
    return block


def _state(block: Block) -> str:
    """What decides the next steps, as text."""
    state = replace(block.keep(), cpu=np.zeros(1), wall=np.zeros(1), started="")

    def text(value: Any) -> Any:
        if isinstance(value, torch.Tensor):
            return value.numpy().tobytes().hex()
        if isinstance(value, dict):
            return {key: text(item) for key, item in value.items()}
        return repr(value) if not hasattr(value, "__dataclass_fields__") else text(vars(value))

    return json.dumps(text(state))
