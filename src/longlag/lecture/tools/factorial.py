"""The records of claim 11: initialisation x momentum, every corner with a learning rate of its own.

    python -m longlag.lecture.data [FILE]

Per task and corner five learning rates are tried on two tuning seeds (1,000,000 and 1,000,001) and scored as `longlag
tune` scores, by validation alone. The best rate then runs on five new seeds. The file keeps all rows, also those of the
search. This takes a quarter of an hour on one core.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

from longlag import protocol
from longlag.engine.ladder import Rungs, climb
from longlag.engine.spec import RunSpec, resolve
from longlag.engine.tune import Candidate, best
from longlag.store import records
from longlag.store.records import Point, Row

RATE = "optimiser.learning_rate.value"
TUNING_SEEDS = (protocol.FIRST_TUNING_SEED, protocol.FIRST_TUNING_SEED + 1)
SEEDS = (10, 11, 12, 13, 14)


@dataclass(frozen=True)
class Corner:
    """One of the four: a method, and what is changed of it. Clipping, centring and schedules are the same in all."""

    name: str
    method: str
    overrides: Mapping[str, float]
    rates: tuple[float, ...]


# without momentum mu a step is 1 - mu times as long: the two grids cover the same effective steps, and more
_WITH, _WITHOUT = (3e-4, 1e-3, 3e-3, 1e-2, 3e-2), (1e-2, 3e-2, 1e-1, 3e-1, 1.0)
CORNERS = (
    Corner("neither", "momentum_plain_init", {"optimiser.momentum.most": 0.0}, _WITHOUT),
    Corner("momentum", "momentum_plain_init", {}, _WITH),
    Corner("init", "esn_init", {}, _WITHOUT),
    Corner("both", "esn_momentum", {}, _WITH),
)


@dataclass(frozen=True)
class Problem:
    """A task at a lag, and the passes that a run may spend on it."""

    task: str
    lag: int
    budget: float

    @property
    def name(self) -> str:
        """The task with its lag, in words."""
        return f"{self.task}, lag {self.lag}"


PROBLEMS = (Problem("temporal_order", 30, 1.2e5), Problem("memorization_5bit", 50, 1.5e5))


def corner_of(row: Row) -> str:
    """Which corner a row is of, by what its spec says was run."""
    parts = json.loads(row.spec)["method"]["parts"]
    without, with_it = {"SparseSpectral": ("init", "both"), "Gaussian": ("neither", "momentum")}[parts["init"]["part"]]
    return with_it if parts["optimiser"]["momentum"]["most"] > 0 else without


def rate_of(row: Row) -> float:
    """The learning rate of a row."""
    return float(json.loads(row.spec)["method"]["parts"]["optimiser"]["learning_rate"]["value"])


Runs = list[tuple[Row, list[Point]]]  # a row and its curve per seed


def train(
    problem: Problem, corner: Corner, rate: float | None, seeds: Sequence[int], cache: Path | None = None
) -> Runs:
    """Runs of a corner with that learning rate (None: the method's own). Rungs in the cache are read instead."""
    overrides: dict[str, Any] = {**corner.overrides} | ({RATE: rate} if rate else {})
    spec = RunSpec(problem.task, problem.lag, corner.method, tuple(seeds), problem.budget, overrides)
    return list(climb([resolve(spec)], Rungs(cache), lambda event: None))


def chosen(tuning: Mapping[float, Runs]) -> float:
    """The learning rate whose runs on tuning seeds have the best score."""
    trials = [
        Candidate({RATE: rate}, [row for row, _ in runs], [points[-1].loss for _, points in runs if points], [])
        for rate, runs in tuning.items()
    ]
    return best(trials).overrides[RATE]


def make(out: Path) -> None:
    """Writes the records. A folder beside them keeps finished rungs, so that a stopped search resumes."""
    cache, rows = out.with_suffix(".rungs"), []
    for problem, corner in product(PROBLEMS, CORNERS):
        tuning = {rate: train(problem, corner, rate, TUNING_SEEDS, cache) for rate in corner.rates}
        rate = chosen(tuning)
        reported = train(problem, corner, rate, SEEDS, cache)
        rows += [row for runs in (*tuning.values(), reported) for row, _ in runs]
        solved = sum(row.solved for row, _ in reported)
        print(f"{problem.name}, {corner.name}: rate {rate:g}, {solved} of {len(reported)} solved", flush=True)
    records.write_rows(out, rows)
