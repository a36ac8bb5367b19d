"""Links, pipes and folders that somebody put where longlag writes: nothing of theirs is followed or changed."""

from __future__ import annotations

import os
import shutil
import signal
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from chaos.tally import Tally
from longlag.cli import _gpu
from longlag.rng import stream
from longlag.store import files, lock, records
from longlag.store.curves import write_points

_PRECIOUS = "precious"
_SECONDS = 20  # within which every attempt ends: a pipe must not make it wait


def _rows(place: Path) -> None:
    records.write_rows(place / "runs.csv", [])


def _points(place: Path) -> None:
    write_points(place / "runs.csv", [])


def _page(place: Path) -> None:
    files.write_atomically(place / "runs.csv", b"page")


def _locked(place: Path) -> None:
    with lock.held(place / "runs.csv"):
        records.write_rows(place / "runs.csv", [])


def _gpu_slot(place: Path) -> None:
    with _gpu.slot("cuda"):
        pass


_GPUS = f"longlag-gpus-{os.getuid()}"
ACTIONS: dict[str, Callable[[Path], None]] = {
    "rows": _rows, "points": _points, "page": _page, "lock": _locked, "gpu": _gpu_slot,
}  # fmt: skip
PLACES = ["runs.csv", ".runs.csv.lock", f".runs.csv.{os.getpid()}.tmp", ".runs.csv.tmp", _GPUS, f"{_GPUS}/.0.lock"]
OBSTACLES: dict[str, Callable[[Path, Path], Any]] = {
    "a link": lambda path, victim: path.symlink_to(victim),
    "a link to nothing": lambda path, victim: path.symlink_to(victim.with_name("nothing")),
    "a link to a folder": lambda path, victim: path.symlink_to(victim.parent),
    "a hard link": lambda path, victim: path.hardlink_to(victim),
    "a pipe": lambda path, victim: os.mkfifo(path),
    "a folder": lambda path, victim: path.mkdir(),
}


def campaign(folder: Path, n: int, seed: int, deadline: float) -> Tally:
    """Puts something in the way and writes, n times."""
    draw = stream(seed, "chaos", "links")

    def prepare(i: int) -> tuple[str, Callable[[], str]]:
        action, place, kind = (str(draw.choice([*names])) for names in (ACTIONS, PLACES, OBSTACLES))
        return f"{action} where {place} is {kind}", lambda: _attempt(folder / str(i), action, place, kind)

    return Tally("links").repeat(n, deadline, prepare)


def _attempt(folder: Path, action: str, place: str, kind: str) -> str:
    shared, theirs = folder / "shared", folder / "theirs"
    for path in (shared, theirs):
        path.mkdir(parents=True)
    victim = theirs / "victim"
    victim.write_text(_PRECIOUS)
    (shared / place).parent.mkdir(exist_ok=True)
    OBSTACLES[kind](shared / place, victim)
    try:
        with _two_gpus(shared), _alarm():
            ACTIONS[action](shared)
        return "written"
    finally:
        assert victim.read_text() == _PRECIOUS, "a file elsewhere was overwritten"
        assert [path.name for path in theirs.iterdir()] == ["victim"], "a file was made elsewhere"
        shutil.rmtree(folder)


@contextmanager
def _two_gpus(folder: Path) -> Iterator[None]:
    """The machine has two GPUs, and the folder is the one for temporary files."""
    before, visible = tempfile.tempdir, os.environ.get("CUDA_VISIBLE_DEVICES")
    tempfile.tempdir, os.environ["CUDA_VISIBLE_DEVICES"] = str(folder), "0,1"
    try:
        yield
    finally:
        tempfile.tempdir = before
        os.environ.pop("CUDA_VISIBLE_DEVICES")
        os.environ.update({} if visible is None else {"CUDA_VISIBLE_DEVICES": visible})


@contextmanager
def _alarm() -> Iterator[None]:
    def ring(*_: object) -> None:
        raise TimeoutError(f"no end after {_SECONDS} s")

    before = signal.signal(signal.SIGALRM, ring)
    signal.alarm(_SECONDS)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)
