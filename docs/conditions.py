"""The rows of the reference by condition, for the programs that write findings."""

from __future__ import annotations

import json
import math
from pathlib import Path
from statistics import fmean, median

from finding import of_all

from longlag.store.records import Row, read_rows

REFERENCE = Path(__file__).parents[1] / "results/reference/runs.csv.gz"
FRESH = Path(__file__).parents[1] / "results/fresh/runs.csv.gz"  # of today's recipes
Seeds = dict[tuple[str, str, int], list[Row]]  # method, task, lag


def units(row: Row) -> int:
    """Of each layer of the net."""
    return int(json.loads(row.spec)["method"]["parts"]["cell"]["hidden"])


def by_condition(path: Path = REFERENCE) -> Seeds:
    """The rows of each method, task and lag, a row per seed."""
    seeds: Seeds = {}
    for row in read_rows(path):
        seeds.setdefault((row.method, row.task, row.lag), []).append(row)
    return seeds


def solved(seeds: Seeds, method: str, task: str, lag: int) -> float:
    """The share of the seeds that solve it."""
    return fmean(row.solved for row in seeds[method, task, lag])


def solved_of(seeds: Seeds, method: str, task: str, lag: int) -> str:
    """`3 of 5`."""
    return of_all([row.solved for row in seeds[method, task, lag]])


def passes(seeds: Seeds, method: str, task: str, lag: int) -> float:
    """Passes to solve, median; infinite if less than half of the seeds solve it."""
    return median(row.passes_to_solve if row.solved else math.inf for row in seeds[method, task, lag])
