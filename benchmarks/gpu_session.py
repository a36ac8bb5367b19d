"""`make gpu`: tests, speed and conditions of the reference on one GPU, in under ten minutes.

1. tests: every method on the GPU, its updates against a CPU's, recorded CUDA graphs against calls;
2. updates: milliseconds of an update of a run, everything included;
3. speed: P12, twenty seeds as one program, and graphs against calls;
4. conditions of the reference, all seeds as one program, and searches, all candidates as one program, in the order of
   their value (`gpu_plan.py`), until the clock runs out.

Every finished piece is written at once, into a record of its own: a condition never mixes devices. Without a GPU it
says what it would do and ends with status 3. --rehearse runs all stages in small on a CPU.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path

import torch

from benchmarks import rows as measured
from benchmarks.gpu_plan import Piece, plan
from benchmarks.gpu_updates import METHODS, Updates, commit, timed
from benchmarks.harness import ROOT, Effort, Worker, write
from longlag.engine.spec import RunSpec, Setup, resolve
from longlag.engine.together import Events, train_together
from longlag.store import curves, records
from longlag.store.files import write_atomically

NO_GPU = 3  # exit status
_TESTS, _RESERVE = 0.4, 5.0  # the most of the time that tests take; seconds kept for the summary
TESTS = ("tests/engine/test_gradients.py", "tests/engine/test_ahead.py")
_ONE_EACH = "program_is_recorded_once or ones_take_a_bit"
_SMALL = {"cell.hidden": 8, "optimiser.batch": 10}


@dataclass(frozen=True)
class Size:
    """How much is done. speed: steps, sequences and units of P12. updates: how many are timed, of how many replicas.
    beside: tests at a time; chosen: words of the names of those that run, empty: all."""

    device: str
    seeds: int
    candidates: int
    tuning_seeds: int
    budget: float
    speed: int
    effort: Effort
    updates: int
    replicas: int
    beside: int = 5
    chosen: str = ""


FULL = Size("cuda", seeds=20, candidates=8, tuning_seeds=3, budget=1e6, speed=100, effort=Effort(5, 0.1), updates=400,
            replicas=34)  # fmt: skip
REHEARSAL = Size("cpu", seeds=2, candidates=2, tuning_seeds=1, budget=300.0, speed=4, effort=Effort(1, 0, 1),
                 updates=20, replicas=2, beside=1, chosen=_ONE_EACH)  # fmt: skip


@dataclass(frozen=True)
class Trained:
    """A line of pieces.csv. rows: seeds that ended; updates, evaluations: of the seed that trained longest; expected_s:
    by `gpu_plan.py`; core_s: CPU seconds of a core of the reference for the passes of the seeds that ended."""

    method: str
    task: str
    lag: int
    replicas: int
    rows: int
    solved: int
    updates: int
    evaluations: int
    seconds: float
    expected_s: float
    core_s: float
    commit: str

    @classmethod
    def of(cls, piece: Piece, events: Events, seconds: float) -> Trained:
        rows = [e for e in events if isinstance(e, records.Row)]
        points = {e.updates for e in events if isinstance(e, records.Point)}
        longest = max([*points, *(row.updates for row in rows)], default=0)
        core = piece.cpu * sum(row.passes for row in rows) / (piece.budget * piece.replicas)
        return cls(piece.method, piece.task, piece.lag, piece.replicas, len(rows), sum(row.solved for row in rows),
                   longest, len(points), seconds, piece.gpu, core, commit())  # fmt: skip


@dataclass
class Session:
    """What is written where, until when."""

    size: Size
    out: Path
    deadline: float  # of time.monotonic
    summary: list[str] = field(default_factory=list)
    failed: bool = False

    @property
    def left(self) -> float:
        return self.deadline - time.monotonic()

    def say(self, words: str) -> None:
        """A line for the terminal and the summary, which is written again."""
        print(f"[{self.left:4.0f} s left] {words}", flush=True)
        self.summary.append(words)
        write_atomically(self.out / "summary.md", "".join(f"- {line}\n" for line in self.summary).encode())

    def stage(self, name: str, work: Callable[[], str]) -> None:
        """A stage that fails is a line of the summary; the others still run."""
        begun = time.monotonic()
        try:
            self.say(f"{name}: {work()} ({time.monotonic() - begun:.0f} s)")
        except Exception as error:
            self.failed = True
            self.say(f"{name}: failed after {time.monotonic() - begun:.0f} s: {type(error).__name__}: {error}")

    def tests(self) -> str:
        """Runs the tests of recorded gradients and of batches for a GPU, which find it themselves; side by side where
        pytest-xdist is installed."""
        beside = ["-n", str(self.size.beside)] if find_spec("xdist") else []
        without = ["-p", "no:cacheprovider", "-p", "no:benchmark"]
        command = [sys.executable, "-m", "pytest", "-q", *without, *beside, "-k", self.size.chosen, *TESTS]
        out, both = subprocess.PIPE, subprocess.STDOUT
        most = max(1.0, _TESTS * self.left)
        try:
            done = subprocess.run(command, check=False, timeout=most, cwd=ROOT, stdout=out, stderr=both)
            self.failed |= done.returncode != 0
            printed = done.stdout
        except subprocess.TimeoutExpired as late:
            self.failed = True
            printed = (late.stdout or b"") + b"\nstopped by the clock\n"
        write_atomically(self.out / "tests.txt", printed)
        return printed.decode().strip().splitlines()[-1]

    def updates(self) -> str:
        """Times updates of three cells as a run makes them, after as many that warm up."""
        found = []
        for method in METHODS:
            found.append(timed(method, self.size.replicas, self.size.updates, self.size.device))
            write(self.out / "updates.csv", Updates, found)
            self.say(found[-1].line)
        return f"{len(found)} methods timed"

    def speed(self) -> str:
        """P12 and the machine."""
        found = []
        with Worker("ours") as ours, Worker("default") as default:
            workers = {"ours": ours, "default": default}
            machine = json.dumps({name: worker.ask("machine:record") for name, worker in workers.items()}, indent=1)
            write_atomically(self.out / "machine.json", (machine + "\n").encode())
            for row in measured.gpu(workers, self.size.effort, self.size.device, self.size.speed):
                found.append(row)
                self.say(row.line)
                write(self.out / "speed.csv", measured.Row, found)
        return f"{sum(row.ratio is not None for row in found)} of {len(found)} rows measured"

    def cells(self, pieces: Sequence[Piece]) -> str:
        """Trains piece after piece; one that would not fit is left out."""
        kept: dict[str, Events] = {"runs": [], "tuning": []}
        trained: list[Trained] = []
        for piece in pieces:
            if piece.gpu > self.left - _RESERVE:
                continue
            begun = time.monotonic()
            events = [e for each in train_together(self._setups(piece), self.deadline - _RESERVE) for e in each]
            kept["tuning" if piece.candidates else "runs"] += events
            found = Trained.of(piece, events, time.monotonic() - begun)
            trained.append(found)
            self._write(kept)
            write(self.out / "pieces.csv", Trained, trained)
            self.say(f"{piece}: {found.rows} of {piece.replicas} rows, {found.solved} solved, {found.seconds:.1f} s; "
                     f"{piece.gpu:.0f} s expected, {piece.cpu:.0f} s on a core of the reference")  # fmt: skip
        return f"{sum(one.rows == one.replicas for one in trained)} of {len(pieces)} pieces finished"

    def _setups(self, piece: Piece) -> list[Setup]:
        spec = RunSpec(piece.task, piece.lag, piece.method, piece.seeds, piece.budget, piece.overrides,
                       device=self.size.device, block=len(piece.seeds))  # fmt: skip
        numbers = range(1, piece.candidates + 1) if piece.candidates else [None]
        return [resolve(dataclasses.replace(spec, candidate=number)) for number in numbers]

    def _write(self, kept: dict[str, Events]) -> None:
        for name, events in kept.items():
            records.write_rows(self.out / f"{name}.csv", [e for e in events if isinstance(e, records.Row)])
        curves.write_points(self.out / "curves.parquet", [e for e in kept["runs"] if isinstance(e, records.Point)])


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="make gpu", description=__doc__)
    parser.add_argument("--rehearse", action="store_true", help="every stage small, on this CPU")
    parser.add_argument("--seconds", type=float, default=540.0, help="for everything (default: 540)")
    parser.add_argument("--out", type=Path, help="folder (default: $OUT, else results/gpu)")
    args = parser.parse_args(argv)
    size = REHEARSAL if args.rehearse else FULL
    reference = records.read_rows(ROOT / "results/reference/runs.csv.gz")
    pieces = plan(reference, size.seeds, size.candidates, size.tuning_seeds, size.budget)
    if args.rehearse:
        pieces = _small(pieces)
    elif not torch.cuda.is_available():
        print(_would(pieces, args.seconds))
        return NO_GPU
    out = args.out or Path(os.environ.get("OUT") or ROOT / ("build/gpu" if args.rehearse else "results/gpu"))
    session = Session(size, out, time.monotonic() + args.seconds)
    session.say(f"torch {torch.__version__} on {_name(size.device)}, {args.seconds:g} s for everything")
    session.stage("tests", session.tests)
    session.stage("updates", session.updates)
    session.stage("speed", session.speed)
    session.stage("conditions of the reference", lambda: session.cells(pieces))
    session.say(f"{'a stage failed' if session.failed else 'all stages ran'}; files are in {out}")
    return int(session.failed)


def _name(device: str) -> str:
    return "a CPU, as a rehearsal" if device == "cpu" else torch.cuda.get_device_name()


def _small(pieces: Sequence[Piece]) -> list[Piece]:
    """A condition and a search, each in seconds on a CPU."""
    one = [next(p for p in pieces if bool(p.candidates) == searched) for searched in (False, True)]
    return [dataclasses.replace(p, task="adding", lag=10, overrides=_SMALL, gpu=0.0) for p in one]


def _would(pieces: Sequence[Piece], seconds: float) -> str:
    """What a GPU would do."""
    first = "\n".join(f"  {piece}: about {piece.gpu:.0f} s" for piece in pieces[:5])
    return (
        "torch sees no GPU here: nothing was run. With one, in "
        f"{seconds:g} s: {' and '.join(TESTS)}, updates, P12, then of {len(pieces)} pieces as many as fit:\n{first}\n"
        "  ...\nARGS=--rehearse runs every stage in small on this CPU."
    )


if __name__ == "__main__":
    sys.exit(main())
