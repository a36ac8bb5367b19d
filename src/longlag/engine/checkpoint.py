"""Checkpoints: the state of a block between two steps, from which another process produces byte-identical results.

A checkpoint counts only for the spec, package, commit and kind of machine that wrote it, since all of them decide
digits. Two generations are kept, in two files that are written in turn. A damaged or foreign file is reported in a line
and ignored: the run then resumes from the other file, or starts from the beginning. `engine/codec.py` has the format,
`engine/checks.py` what a file must say. A folder that fails costs checkpoints and never the run. Of the processes that
train one block with the same folder, on whatever machines, only the holder of the block's lock touches its files.
A block's files are deleted when it ends; `clear_finished` deletes those of a process that was killed just before that.
"""

from __future__ import annotations

import os
import time
from collections.abc import Collection, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from longlag.engine.block import Block
from longlag.engine.checks import MUST_AGREE, check_counts, check_header, points_before
from longlag.engine.codec import Unfit, flatten, pack, unflatten, unpack
from longlag.engine.interrupt import Interrupted, Interruption
from longlag.engine.provenance import provenance
from longlag.engine.spec import Setup
from longlag.engine.state import BlockState
from longlag.errors import LonglagError, in_a_line, say
from longlag.store import files, lock
from longlag.store.files import write_atomically
from longlag.store.records import Point, Row

EVERY_SECONDS = 60.0


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
            Interrupted: a signal asked the process to end; a last checkpoint has been written, if one could be.
        """
        shelf = _Shelf(self.folder, block)
        with shelf.alone() as keep:
            yield from self._train(block, shelf, keep)

    def _train(self, block: Block, shelf: _Shelf, keep: bool) -> Iterator[Point | Row]:
        points = shelf.resume() if keep else []
        yield from points
        last, active, saving = time.monotonic(), True, keep
        block.interruption = self.interruption
        while active:
            try:
                for event in block.advance():
                    if isinstance(event, Point):
                        points.append(event)
                    yield event
            except Interrupted:  # within a step: the block is where it was before it
                if saving:
                    shelf.save(points)
                raise
            active = bool(block.state.active.any())
            asked = bool(self.interruption)  # looked at once: a signal that comes later ends the next step
            if not active and keep:
                shelf.clear()
            elif saving and (asked or time.monotonic() - last >= self.every):
                saving, last = shelf.save(points), time.monotonic()
            if asked:
                self.interruption.check()


def clear_finished(folder: Path, setup: Setup, seeds: Collection[int]) -> None:
    """Deletes the checkpoints of this spec from which only these seeds could resume: their rungs are kept already.

    Locks that nobody holds go too. A file that cannot be read, or that another process holds, stays.
    """
    place, locks = _folder(folder, setup), f".{_file_name(setup, '*', 0)}.lock"
    with suppress(OSError):
        blocks = {path.name.replace(".1.ckpt", ".0.ckpt") for path in place.glob(_file_name(setup, "*", "[01]"))}
        blocks |= {path.name[1:].removesuffix(".lock") for path in place.glob(locks)}
        for name in sorted(blocks):
            with suppress(LonglagError), lock.held(place / name):
                for path in (place / name, place / name.replace(".0.ckpt", ".1.ckpt")):
                    if _is_of(path, seeds):
                        files.remove(path)


def _is_of(path: Path, seeds: Collection[int]) -> bool:
    """Whether no other seeds than these had still to be trained when a checkpoint was written."""
    try:
        return {*_unpacked(path)[0]["active"]} <= {*seeds}
    except Exception:  # whatever is in the file: nobody knows whose it is
        return False


def _folder(folder: Path, setup: Setup) -> Path:
    return folder / setup.spec.task / setup.spec.name


def _file_name(setup: Setup, first: int | str, slot: int | str) -> str:
    """Of a checkpoint. first: the first seed of its block. slot: 0 or 1, which of the block's two files."""
    return f"lag{setup.spec.lag}_seed{first}_{setup.spec_hash}.{slot}.ckpt"


def _unpacked(path: Path) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """The header and arrays of a file; a named pipe is not waited for.

    Raises:
        OSError, Unfit: it cannot be read, or is no checkpoint.
    """
    with open(path, "rb", opener=lambda name, flags: os.open(name, flags | files.flags("O_NONBLOCK"))) as file:
        return unpack(file.read())


@dataclass(frozen=True)
class _Kept:
    """What a checkpoint holds. saved: its number, from 1; the newest has the largest."""

    saved: int
    state: BlockState
    points: list[Point]


class _Shelf:
    """The two checkpoint files of a block."""

    def __init__(self, folder: Path, block: Block) -> None:
        self.block, self.setup = block, block.setup
        self.folder = _folder(folder, self.setup)
        self.saved = 0
        self.own = [self.folder / _file_name(self.setup, block.seeds[0], slot) for slot in (0, 1)]
        self.used = {*self.own}

    @contextmanager
    def alone(self) -> Iterator[bool]:
        """Holds the lock of the block; False if another process trains it: the files are then that one's."""
        with ExitStack() as stack:
            try:
                stack.enter_context(lock.held(self.own[0]))
            except lock.Held as error:
                say(f"this run keeps no checkpoints, since another one with the same cache does ({error})")
                yield False
                return
            except LonglagError as error:
                say(f"checkpoints are not locked ({error})")
            yield True

    def resume(self) -> list[Point]:
        """Restores the block from its newest usable checkpoint, and returns the points before it."""
        found = [kept for path in self._files() if (kept := self._read(path)) is not None]
        if not found:
            return []
        newest = max(found, key=lambda kept: kept.saved)
        self.saved = newest.saved
        self.block.restore(newest.state)
        place = f"lag {self.setup.spec.lag}, seeds {list(self.block.seeds)}"
        updates = newest.state.updates
        say(f"{self.setup.task.name}, {self.setup.spec.name}, {place}: resuming from update {updates}")
        return [point for point in newest.points if point.seed in self.block.seeds]

    def _files(self) -> list[Path]:
        """The checkpoints of this spec. What a process that was killed left half written goes."""
        try:
            for path in (part for own in self.own for part in self.folder.glob(f".{own.name}.*.tmp")):
                files.remove(path)
            return sorted(self.folder.glob(_file_name(self.setup, "*", "[01]")))
        except OSError as error:
            say(f"the checkpoints in {self.folder} cannot be listed ({in_a_line(error)})")
            return []

    def _read(self, path: Path) -> _Kept | None:
        """A checkpoint; None if it is another block's, its seeds have finished, or it is not what this spec writes."""
        try:
            header, arrays = _unpacked(path)
            check_header(header, self.setup)
            if not set(self.block.seeds) <= set(header["active"]):
                return None
            rows = [header["seeds"].index(seed) for seed in self.block.seeds]
            state = unflatten(self.block.fresh, header["state"], arrays, rows, len(header["seeds"]))
            check_counts(state)
            points = points_before(header, self.setup)
        except Exception as error:  # whatever is in the file: training can do without it
            say(f"ignoring the checkpoint {path} ({error if isinstance(error, Unfit) else in_a_line(error)})")
            return None
        if set(header["active"]) <= set(self.block.seeds):
            self.used.add(path)
        return _Kept(header["saved"], state, points)

    def save(self, points: list[Point]) -> bool:
        """Overwrites the older of the two files. False: a state of this kind cannot be kept."""
        arrays: dict[str, np.ndarray] = {}
        try:
            state = flatten(self.block.keep(), arrays)
            unflatten(self.block.fresh, state, arrays)
        except Unfit as error:
            say(f"no checkpoints of {self.setup.spec.name}: {error}; if interrupted, this lag starts over")
            return False
        number = self.saved + 1
        active = [seed for seed, on in zip(self.block.seeds, self.block.state.active.tolist(), strict=True) if on]
        header = {
            "spec_hash": self.setup.spec_hash,
            **{name: provenance(self.setup.spec.device)[name] for name in MUST_AGREE},
            "seeds": list(self.block.seeds),
            "active": active,
            "saved": number,
            "points": [asdict(point) for point in points if point.seed in self.block.seeds],
            "state": state,
        }
        try:
            write_atomically(self.own[number % 2], pack(header, arrays))
            self.saved = number  # else the next try has the same file: the other one is the newest
        except LonglagError as error:
            say(f"this checkpoint was not written ({error}); training continues")
        return True

    def clear(self) -> None:
        """Deletes the files of a block that has ended."""
        for path in self.used:
            files.remove(path)
