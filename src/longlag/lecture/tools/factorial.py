"""The records of claim 11: initialisation x momentum, every corner with a learning rate of its own.

    python -m longlag.lecture.data [FILE] [TASK ...]

The momentum arrives: it is 0.9 or 0.98 from the first update, or the paper's schedule, 0.9 for 1000 updates and then
0.98. A run may make 3,000 updates. Per task and corner five learning rates are tried on two tuning seeds (1,000,000 and
1,000,001) and scored as `longlag tune` scores, by validation alone. A best rate at the edge of its grid lengthens the
grid there, until the best one lies inside. That rate then runs on ten new seeds. The file keeps all rows, also those of
the search. The parts are written down here, so that a new recipe of a method changes no record. All of it takes about
47 minutes of one core. Corners that the file holds already are not run again, and a folder beside the file keeps
finished runs: a stopped command resumes.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product
from pathlib import Path

from longlag import protocol
from longlag.cells.tanh_rnn import TanhRNN
from longlag.engine.ladder import Rungs, climb
from longlag.engine.spec import RunSpec, Setup, resolve
from longlag.engine.tune import Candidate, ranked
from longlag.errors import unknown
from longlag.inits.base import Init
from longlag.inits.gaussian import Gaussian
from longlag.inits.sparse import SparseSpectral
from longlag.methods.base import Parts, centred
from longlag.optimisers.clipping import ClipNorm
from longlag.optimisers.nesterov import Nesterov
from longlag.optimisers.schedules import Constant, Schedule, WarmMomentum
from longlag.settings import describe
from longlag.store import records
from longlag.store.records import Point, Row
from longlag.words import task_label

RATE = "optimiser.learning_rate.value"
TUNING_SEEDS = (protocol.FIRST_TUNING_SEED, protocol.FIRST_TUNING_SEED + 1)
SEEDS = tuple(range(10, 20))
UPDATES = 3000
_BASE = "esn_momentum"  # what the records call the method that the corners vary
_VERSION = 1  # of the corners' numbers
_MOST_RATES = 9  # tried at one corner: a grid that is lengthened further has no best rate
MOMENTA: Mapping[str, tuple[Schedule, float]] = {  # the schedule, and 1 - its last value: how much shorter a step is
    "none": (Constant(0.0), 1.0),
    "0.9": (Constant(0.9), 0.1),
    "0.98": (Constant(0.98), 0.02),
    "0.9, then 0.98": (WarmMomentum(late=0.98), 0.02),
}


@dataclass(frozen=True)
class Corner:
    """A start and a momentum. Clipping, centring, the net and the batches are the same in all."""

    careful: bool
    momentum: str

    @property
    def kind(self) -> str:
        """One of the four corners of the factorial; those with momentum come with each of its schedules."""
        return {(0, 0): "neither", (1, 0): "init", (0, 1): "momentum", (1, 1): "both"}[
            self.careful, self.momentum != "none"
        ]

    @property
    def name(self) -> str:
        """The name of its rows."""
        schedule = self.momentum.replace(", then ", "-then-").replace(".", "_")
        return f"lecture-{self.kind}" + ("" if self.momentum == "none" else f"-{schedule}")

    @property
    def rates(self) -> tuple[float, ...]:
        """The learning rates tried first: the effective steps rate / (1 - momentum) are the same in all corners."""
        _, shorter = MOMENTA[self.momentum]
        return tuple(float(f"{step * shorter:.3g}") for step in (1e-2, 3e-2, 1e-1, 3e-1, 1.0))

    def start(self, kind: str) -> Init:
        """The ESN-style start, with the input scale of the library's method, or the control's."""
        return SparseSpectral(1.1, 15, 0.05 if kind == "replay" else 0.1, 0.1) if self.careful else Gaussian()


CORNERS = tuple(Corner(careful, momentum) for momentum, careful in product(MOMENTA, (False, True)))
KINDS = ("neither", "init", "momentum", "both")


@dataclass(frozen=True)
class Problem:
    """A task at a lag, and the passes that a run may spend on it: 3,000 updates of its batch, forward and back."""

    task: str
    lag: int
    budget: float

    @property
    def name(self) -> str:
        """The task with its lag, in words."""
        return f"{task_label(self.task)}, lag {self.lag}"


PROBLEMS = (Problem("temporal_order", 50, UPDATES * 300.0), Problem("memorization_5bit", 100, UPDATES * 96.0))


def corner_of(row: Row) -> Corner | None:
    """The corner that a row is of, by its name; None for a row of something else."""
    return next((corner for corner in CORNERS if corner.name == row.method), None)


def rate_of(row: Row) -> float:
    """The learning rate of a row."""
    return float(json.loads(row.spec)["method"]["parts"]["optimiser"]["learning_rate"]["value"])


Runs = list[tuple[Row, list[Point]]]  # a row and its curve per seed


def pinned(problem: Problem, corner: Corner, rate: float, seeds: Sequence[int]) -> Setup:
    """The setup of a corner. Its spec says which parts were run, whatever the method's present recipe is."""
    spec = RunSpec(problem.task, problem.lag, _BASE, tuple(seeds), problem.budget, variant=corner.name)
    setup = resolve(spec)
    traits, (momentum, _) = setup.task.traits, MOMENTA[corner.momentum]
    optimiser = Nesterov(Constant(rate), momentum, ClipNorm(1.0))
    parts = Parts(TanhRNN(hidden=100), corner.start(traits.kind), optimiser, centred(traits))
    decides = json.loads(setup.spec_json)
    method = replace(setup.method, name=corner.name, version=_VERSION)
    decides["method"] = {"name": method.name, "version": method.version, "parts": describe(parts)}
    text = json.dumps(decides, sort_keys=True)
    digest = hashlib.sha256(text.encode()).hexdigest()[:16]
    return replace(setup, method=method, parts=parts, spec_json=text, spec_hash=digest)


def train(problem: Problem, corner: Corner, rate: float, seeds: Sequence[int], cache: Path | None = None) -> Runs:
    """Runs of a corner with that learning rate. Rungs in the cache are read instead."""
    return list(climb([pinned(problem, corner, rate, seeds)], Rungs(cache), lambda event: None))


def candidate(rate: float, runs: Runs) -> Candidate:
    """A learning rate with its runs on the tuning seeds, as `longlag tune` scores it."""
    return Candidate.of({RATE: rate}, runs)


def chosen(tried: Mapping[float, Runs]) -> float:
    """The learning rate whose runs on tuning seeds have the best score."""
    return ranked([candidate(rate, runs) for rate, runs in tried.items()])[0].overrides[RATE]


def searched(problem: Problem, corner: Corner, cache: Path | None) -> dict[float, Runs]:
    """The runs on tuning seeds by rate: those of the grid, and beyond an edge as long as the best one lies there."""
    tried = {rate: train(problem, corner, rate, TUNING_SEEDS, cache) for rate in corner.rates}
    while len(tried) < _MOST_RATES:
        rate = chosen(tried)
        beyond = {min(tried): rate / 3, max(tried): rate * 3}.get(rate)
        if beyond is None:
            break
        beyond = float(f"{beyond:.3g}")
        tried[beyond] = train(problem, corner, beyond, TUNING_SEEDS, cache)
    return tried


def is_recorded(problem: Problem, corner: Corner, rows: Sequence[Row]) -> bool:
    """Do these rows of a corner hold all reported seeds, and would every one of them be the same run today?"""
    reported = {row.seed for row in rows if row.seed < protocol.FIRST_TUNING_SEED}
    known = {rate: pinned(problem, corner, rate, SEEDS).spec_hash for rate in {rate_of(row) for row in rows}}
    return reported >= set(SEEDS) and all(row.spec_hash == known[rate_of(row)] for row in rows)


def make(out: Path, tasks: Sequence[str] = ()) -> None:
    """Writes the records of these tasks (default: all), whenever another corner is done; the other rows of the file
    stay, and so do corners whose records are complete.

    Raises:
        LonglagError: a task that the claim does not have; the file cannot be read or written.
    """
    known_tasks = [problem.task for problem in PROBLEMS]
    for task in tasks:
        if task not in known_tasks:
            raise unknown("task of this claim", task, known_tasks)
    problems = [problem for problem in PROBLEMS if not tasks or problem.task in tasks]
    kept = records.read_rows(out) if out.is_file() else []
    known = {(corner.name, problem.task, problem.lag) for corner, problem in product(CORNERS, PROBLEMS)}
    done = {key: [row for row in kept if (row.method, row.task, row.lag) == key] for key in sorted(known)}
    for problem, corner in product(problems, CORNERS):
        if is_recorded(problem, corner, done[corner.name, problem.task, problem.lag]):
            continue
        tried = searched(problem, corner, out.with_suffix(".rungs"))
        rate = chosen(tried)
        reported = train(problem, corner, rate, SEEDS, out.with_suffix(".rungs"))
        done[corner.name, problem.task, problem.lag] = [row for runs in (*tried.values(), reported) for row, _ in runs]
        records.write_rows(out, [row for rows in done.values() for row in rows])
        solved = sum(row.solved for row, _ in reported)
        said = f"rate {rate:g} of {len(tried)}, {solved} of {len(reported)} solved"
        print(f"{problem.name}, {corner.name}: {said}", flush=True)
