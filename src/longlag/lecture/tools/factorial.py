"""The records of claim 11: initialisation x momentum, every corner with a learning rate of its own.

    python -m longlag.lecture.data [FILE]

Per task and corner five learning rates are tried on two tuning seeds (1,000,000 and 1,000,001) and scored as `longlag
tune` scores, by validation alone. The best rate then runs on five new seeds. The file keeps all rows, also those of the
search. This takes a quarter of an hour on one core. Runs that the file holds are not repeated.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from longlag import protocol
from longlag.engine.spec import RunSpec, resolve
from longlag.engine.train import run
from longlag.engine.tune import Trial, best
from longlag.store import files, records
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
    init = {"SparseSpectral": True, "Gaussian": False}[parts["init"]["part"]]
    momentum = parts["optimiser"]["momentum"]["most"] > 0
    return {(False, False): "neither", (False, True): "momentum", (True, False): "init", (True, True): "both"}[
        init, momentum
    ]


def rate_of(row: Row) -> float:
    """The learning rate of a row."""
    return float(json.loads(row.spec)["method"]["parts"]["optimiser"]["learning_rate"]["value"])


class Notebook:
    """Rows in a file, written after every run, and the last validation loss of each run beside them."""

    def __init__(self, path: Path) -> None:
        self.path, self.losses_path = path, path.with_suffix(".losses.json")
        self.rows = records.read_rows(path) if path.exists() else []
        self.losses: dict[str, float] = json.loads(self.losses_path.read_text()) if self.losses_path.exists() else {}

    def get(self, problem: Problem, corner: Corner, rate: float, seed: int) -> tuple[Row, float]:
        """The row of one run and its last validation loss, from the file or by running it."""
        overrides: dict[str, Any] = {**corner.overrides, RATE: rate}
        spec = RunSpec(problem.task, problem.lag, corner.method, (seed,), problem.budget, overrides)
        digest = resolve(spec).spec_hash
        key = f"{digest} {seed}"
        for row in self.rows:
            if (row.spec_hash, row.seed) == (digest, seed) and key in self.losses:
                return row, self.losses[key]
        loss = float("inf")
        for event in run(spec):
            if isinstance(event, Point):
                loss = event.loss
            else:
                self.rows, self.losses[key] = [*self.rows, event], loss
        records.write_rows(self.path, self.rows)
        files.write_atomically(self.losses_path, json.dumps(self.losses, indent=0).encode())
        return self.rows[-1], loss


def chosen(get: Callable[[float, int], tuple[Row, float]], rates: Sequence[float], seeds: Sequence[int]) -> float:
    """The learning rate with the best score on tuning seeds."""
    trials = []
    for rate in rates:
        found = [get(rate, seed) for seed in seeds]
        trials.append(Trial({RATE: rate}, [row for row, _ in found], [loss for _, loss in found], []))
    return best(trials).overrides[RATE]


def make(out: Path) -> None:
    """Makes what is missing of the records."""
    notebook = Notebook(out)
    for problem in PROBLEMS:
        for corner in CORNERS:
            get = partial(notebook.get, problem, corner)
            rate = chosen(get, corner.rates, TUNING_SEEDS)
            rows = [get(rate, seed)[0] for seed in SEEDS]
            solved = sum(row.solved for row in rows)
            print(f"{problem.task} {corner.name}: rate {rate:g}, {solved} of {len(rows)} solved", flush=True)
