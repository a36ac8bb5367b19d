"""P11: a sample of the standard suite against its naive twin (`twin.py`), in total CPU seconds.

The sample is one solved and one failing run of each method, drawn from a record of it (`harness.STANDARD`) by a seed
before anything was timed, and kept in sample.json (`python -m benchmarks.suite` draws it again). A run costs

    updates x seconds per update + evaluations x seconds per evaluation,

with the counts that the reference run recorded. Seconds are measured on a prefix of the run, the same updates for both
sides: whole runs of the twin would take an hour.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import json
import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.cases import BOTH
from benchmarks.harness import STANDARD, Effort, Side, Times, Worker, compare

SAMPLE = Path(__file__).with_name("sample.json")
SEED = 4  # of the draw: the number of the issue
PREFIX = {"gradient": 5, "hf": 1, "esn": 1}  # updates per turn, equal on both sides
RESERVOIR_SEQUENCES = 20  # that the twin's reservoir is timed on, its time multiplied up to a batch


@dataclass(frozen=True)
class Run:
    """A run of the reference: what was done, and how often. evaluated: sequences judged without derivatives."""

    method: str
    task: str
    lag: int
    seed: int
    solved: bool
    updates: int
    passes: float
    evaluated: float

    @property
    def condition(self) -> dict[str, Any]:
        return {"method": self.method, "task": self.task, "lag": self.lag, "seed": self.seed}


@dataclass(frozen=True)
class Cost:
    """CPU seconds of a whole run, one number per round, of ours and of the twin by environment."""

    run: Run
    ours: list[float]
    twin: dict[str, list[float]]


def draw(rows: list[dict[str, str]], seed: int) -> list[Run]:
    """One solved and one failing run of every method, if it has one."""
    runs = [_run(row) for row in rows if int(row["updates"]) > 0]
    rng = random.Random(seed)
    chosen = []
    for method in sorted({run.method for run in runs}):
        for solved in (True, False):
            candidates = [run for run in runs if (run.method, run.solved) == (method, solved)]
            if candidates:
                chosen.append(rng.choice(sorted(candidates, key=lambda run: (run.task, run.lag, run.seed))))
    return chosen


def _run(row: Mapping[str, str]) -> Run:
    return Run(row["method"], row["task"], int(row["lag"]), int(row["seed"]), row["solved"] == "True",
               int(row["updates"]), float(row["passes"]), float(row["evaluation_passes"]))  # fmt: skip


def sample() -> list[Run]:
    return [Run(**run) for run in json.loads(SAMPLE.read_text())["runs"]]


def costs(workers: Mapping[str, Worker], effort: Effort, runs: list[Run]) -> Iterator[Cost]:
    """Measures run after run."""
    for run in runs:
        monitored = workers["ours"].ask("loop:monitor_size", task=run.task)
        twin = {"sequences": RESERVOIR_SEQUENCES} if run.method == "esn" else {}
        batch, share = (size / RESERVOIR_SEQUENCES if twin else 1.0 for size in (run.passes / run.updates, monitored))
        turns = PREFIX.get(run.method, PREFIX["gradient"])
        ours, theirs = run.condition, run.condition | twin
        update = compare(workers, Side("loop:update", ours), Side("twin:update", theirs, batch), BOTH,
                         Effort(effort.rounds, 0, turns))  # fmt: skip
        evaluation = compare(workers, Side("loop:monitor", ours), Side("twin:evaluation", theirs, share), BOTH,
                             Effort(effort.rounds, 0, 1))  # fmt: skip
        yield cost(run, update, evaluation, run.evaluated / monitored)


def cost(run: Run, update: Times, evaluation: Times, evaluations: float) -> Cost:
    """updates x seconds per update + evaluations x seconds per evaluation, round by round."""

    def whole(updates: list[float], seen: list[float]) -> list[float]:
        return [run.updates * u + evaluations * s for u, s in zip(updates, seen, strict=True)]

    return Cost(
        run, whole(update.ours, evaluation.ours), {e: whole(update.peer[e], evaluation.peer[e]) for e in update.peer}
    )


def total(found: list[Cost]) -> Times:
    """The sum over the runs, round by round."""
    ours = [sum(each) for each in zip(*(c.ours for c in found), strict=True)]
    twin = {e: [sum(each) for each in zip(*(c.twin[e] for c in found), strict=True)] for e in found[0].twin}
    return Times(ours, twin)


def main() -> None:
    """Draws the sample and writes it."""
    with gzip.open(STANDARD, "rt", newline="") as file:
        runs = draw(list(csv.DictReader(file)), SEED)
    SAMPLE.write_text(json.dumps({"seed": SEED, "runs": [vars(run) for run in runs]}, indent=1) + "\n")


if __name__ == "__main__":
    argparse.ArgumentParser(description=__doc__).parse_args()  # --help runs nothing
    main()
