"""Checkpoints: the state of a block between two steps, from which another process produces byte-identical results.

A checkpoint counts only for the spec, package, commit and kind of machine that wrote it, since all of them decide
digits. Two generations are kept, in two files that are written in turn. A damaged or foreign file is reported in a line
and ignored: the run then resumes from the other file, or starts from the beginning. `engine/codec.py` has the format.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from longlag.engine import gradient_flow
from longlag.engine.codec import Unfit, flatten, pack, unflatten, unpack
from longlag.engine.interrupt import Interruption
from longlag.engine.provenance import DIGITS_DEPEND_ON, provenance
from longlag.engine.train import Block
from longlag.errors import LonglagError
from longlag.store.files import write_atomically
from longlag.store.records import Point, Row

EVERY_SECONDS = 60.0
_MUST_AGREE = ("longlag", "commit", *DIGITS_DEPEND_ON)  # besides the spec's hash


@dataclass
class Checkpoints:
    """A driver of blocks that writes checkpoints to a folder and resumes from those that it finds there.

    every: seconds between two checkpoints. A kill costs at most that, one step and the time to write.
    """

    folder: Path
    every: float = EVERY_SECONDS
    interruption: Interruption = field(default_factory=Interruption)

    def __call__(self, block: Block) -> Iterator[Point | Row]:
        """`Block.train` from the last checkpoint; the points before it are yielded again.

        Raises:
            Interrupted: a signal asked the process to end; a last checkpoint has been written.
        """
        shelf = _Shelf(self.folder, block)
        points = shelf.resume()
        yield from points
        last, keep, active = time.monotonic(), True, True
        while active:
            for event in block.advance():
                if isinstance(event, Point):
                    points.append(event)
                yield event
            active = bool(block.state.active.any())
            if not active:
                shelf.clear()
            elif keep and (self.interruption or time.monotonic() - last >= self.every):
                keep, last = shelf.save(points), time.monotonic()
            self.interruption.check()


class _Shelf:
    """The two checkpoint files of a block."""

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
        """Restores the block from its newest usable checkpoint, and returns the points before it."""
        found = []
        for path in (part for own in self.own for part in self.folder.glob(f".{own.name}.*.tmp")):
            path.unlink(missing_ok=True)  # of a process that was killed while it wrote
        for path in sorted(self.folder.glob(self.name.format("*", "[01]"))):
            try:
                data = path.read_bytes()
                header, arrays = unpack(data)
                if not set(self.block.seeds) <= set(header["active"]):
                    continue  # of another block, or its seeds have finished
                self._check(header)
                rows = [header["seeds"].index(seed) for seed in self.block.seeds]
                state = unflatten(self.template, header["state"], arrays, rows, len(header["seeds"]))
                points = [Point(**point) for point in header["points"]]
                if self.setup.spec.gradient_flow and not gradient_flow.recorded(points):
                    raise Unfit("its points have no gradient flow, which is asked for")
                found.append((header["saved"], state, points))
                self.used.add(path)
            except (Unfit, OSError, KeyError, TypeError, ValueError, RuntimeError) as error:
                self._say(f"ignoring the checkpoint {path} ({error or type(error).__name__})")
        if not found:
            return []
        self.saved, state, points = max(found, key=lambda one: one[0])
        self.block.restore(state)
        place = f"lag {self.setup.spec.lag}, seeds {list(self.block.seeds)}"
        self._say(f"{self.setup.task.name}, {self.setup.method.name}, {place}: resuming from update {state.updates}")
        return [point for point in points if point.seed in self.block.seeds]

    def save(self, points: list[Point]) -> bool:
        """Overwrites the older of the two files. False: a state of this kind cannot be kept."""
        arrays: dict[str, np.ndarray] = {}
        try:
            state = flatten(self.block.keep(), arrays)
            unflatten(self.template, state, arrays)
        except Unfit as error:
            self._say(f"no checkpoints of {self.setup.method.name}: {error}; if interrupted, this lag starts over")
            return False
        self.saved += 1
        active = [seed for seed, on in zip(self.block.seeds, self.block.state.active.tolist(), strict=True) if on]
        header = {
            "spec_hash": self.setup.spec_hash,
            **{name: provenance(self.setup.spec.device)[name] for name in _MUST_AGREE},
            "seeds": self.block.seeds,
            "active": active,
            "saved": self.saved,
            "points": [asdict(point) for point in points],
            "state": state,
        }
        try:
            write_atomically(self.own[self.saved % 2], pack(header, arrays))
        except LonglagError as error:
            self._say(f"this checkpoint was not written ({error}); training continues")
        return True

    def clear(self) -> None:
        """Deletes the files of a block that has ended."""
        for path in self.used:
            with suppress(OSError):
                path.unlink()

    def _check(self, header: Mapping[str, Any]) -> None:
        here = {"spec_hash": self.setup.spec_hash, **provenance(self.setup.spec.device)}
        other = [name for name in ("spec_hash", *_MUST_AGREE) if header[name] != here[name]]
        if other:
            raise Unfit("; ".join(f"{name} is {here[name]} here, not {header[name]}" for name in other))

    def _say(self, text: str) -> None:
        print(f"longlag: {text}", file=sys.stderr, flush=True)
