"""System calls that fail while a run trains: a cache that fails costs no row, an output that fails is a line."""

from __future__ import annotations

import errno
import fcntl
import io
import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from chaos import cached
from chaos.tally import Tally, quiet
from longlag import cli, protocol
from longlag.rng import stream
from longlag.store import records

NUMBERS = [errno.EIO, errno.EACCES, errno.EROFS, errno.ENOSPC, errno.EPERM, errno.ESTALE]
CALLS: dict[str, tuple[Any, str]] = {
    **{name: (os, name) for name in ("open", "replace", "fsync", "unlink", "mkdir", "scandir", "lstat", "stat")},
    **{name: (os, name) for name in ("write", "ftruncate")},
    "flock": (fcntl, "flock"),
    "read": (io, "open"),
}  # fmt: skip
_MOST = 12  # calls that go well before the one that fails
_SPEC = cached.SPEC
_RUN = [
    "ladder",
    "--task",
    _SPEC.task,
    "--method",
    _SPEC.method,
    "--lags",
    str(_SPEC.lag),
    "--checkpoint-every",
    "1e-9",
]
_NUMBERS = ["--budget", f"{_SPEC.budget:g}", *(f"--set={path}={value}" for path, value in _SPEC.overrides.items())]


@dataclass
class Failing:
    """A call that fails once, or from then on, where it is asked about something in a folder."""

    real: Callable[..., Any]
    folder: Path
    number: int
    left: int
    once: bool
    cache_only: bool = True  # so far

    def __call__(self, path: Any, *rest: Any, **named: Any) -> Any:
        where = str(self.folder) if isinstance(path, int) else os.fsdecode(path)
        if not where.startswith(str(self.folder)):
            return self.real(path, *rest, **named)
        self.left -= 1
        if self.left >= 0 or (self.once and self.left < -1):
            return self.real(path, *rest, **named)
        self.cache_only = self.cache_only and where.startswith(str(self.folder / "cache"))
        raise OSError(self.number, os.strerror(self.number), where)


def campaign(folder: Path, n: int, seed: int, deadline: float) -> Tally:
    """Trains the same run n times, each time with another failing call."""
    draw = stream(seed, "chaos", "calls")
    cached.checkpoint(folder / "start/cache")
    wanted = _trained(folder / "whole")

    def prepare(i: int) -> tuple[str, Callable[[], str]]:
        name, number = str(draw.choice([*CALLS])), int(draw.choice(NUMBERS))
        left, once = int(draw.integers(_MOST)), bool(draw.integers(2))
        what = f"{name} number {left + 1}{'' if once else ' and all later ones'}: {errno.errorcode[number]}"
        return what, lambda: _attempt(folder, str(i), name, number, left, once, wanted)

    return Tally("system calls").repeat(n, deadline, prepare)


def _attempt(folder: Path, place: str, name: str, number: int, left: int, once: bool, wanted: list[str]) -> str:
    here = folder / place
    shutil.copytree(folder / "start", here)
    owner, call = CALLS[name]
    failing = Failing(getattr(owner, call), here, number, left, once)
    setattr(owner, call, failing)
    try:
        code, said = _run(here)
    finally:
        setattr(owner, call, failing.real)
    assert "Traceback" not in said, f"a traceback: {said[-300:]}"
    assert code == 0 or not failing.cache_only, f"exit code {code} since the cache failed: {said[-300:]}"
    assert code in (0, 2), f"exit code {code}"
    if code == 0:
        assert _rows(here) == wanted, "another row"
    shutil.rmtree(here)
    return "trained" if code == 0 else "refused in a line"


def _trained(folder: Path) -> list[str]:
    folder.mkdir(parents=True)
    code, said = _run(folder)
    assert code == 0, said
    return _rows(folder)


def _run(folder: Path) -> tuple[int, str]:
    sizes = {name: getattr(protocol, name) for name in ("MONITOR", "CONFIRM", "TEST", "TEST_EVERY_STEP")}
    outputs = {"--cache": "cache", "--out": "runs.csv", "--curves": "curves.parquet"}
    words = [word for flag, name in outputs.items() for word in (flag, str(folder / name))]
    try:
        for name in sizes:
            setattr(protocol, name, 50)
        with quiet() as said:
            code = cli.main([*_RUN, *_NUMBERS, *words])
    finally:
        for name, size in sizes.items():
            setattr(protocol, name, size)
    return code, said.getvalue()


def _rows(folder: Path) -> list[str]:
    rows = records.read_rows(folder / "runs.csv")
    blank: dict[str, Any] = dict.fromkeys(records.VOLATILE, "")
    return [repr(replace(row, **blank)) for row in rows]
