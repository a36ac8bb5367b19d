"""Claim 11: ESN-style initialisation and momentum together beat either alone.

The 2 x 2 of initialisation and momentum with everything else (net, clipping, centring, schedules) held fixed. Every
corner has the learning rate that tuning seeds gave it. The verdict is on records that `tools/factorial.py` makes and
the package holds (`data/init_and_momentum.csv`). A small version runs live.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from longlag import protocol
from longlag.errors import LonglagError
from longlag.lecture.base import Finding, Number, Verdict, claim, fill, over_seeds
from longlag.lecture.data import INIT_AND_MOMENTUM
from longlag.lecture.tools.factorial import CORNERS, PROBLEMS, Corner, Problem, corner_of, rate_of, train
from longlag.store import records
from longlag.store.records import Row

LIVE = Problem("memorization_5bit", 20, 3e4)
CLAIM = claim("init_and_momentum", tasks=" and ".join(f"{p.task} (lag {p.lag})" for p in PROBLEMS))
Spent = dict[str, dict[int, float]]  # corner -> seed -> share of the budget


def spent(row: Row) -> float:
    """Passes until solved as a share of the budget; 1 where it was not solved within it."""
    return row.passes_to_solve / row.budget if row.solved else 1.0


def reported(rows: Sequence[Row], problem: Problem) -> list[Row]:
    """The runs of a problem, without those on tuning seeds."""
    same = [row for row in rows if (row.task, row.lag) == (problem.task, problem.lag)]
    return [row for row in same if row.seed < protocol.FIRST_TUNING_SEED]


def by_corner(rows: Sequence[Row], problem: Problem) -> Spent:
    """The share of the budget that every reported run of a problem spent."""
    found: Spent = {corner.name: {} for corner in CORNERS}
    for row in reported(rows, problem):
        found[corner_of(row)][row.seed] = spent(row)
    return found


def effects(shares: Spent) -> dict[str, np.ndarray]:
    """Per seed that all corners have: what both save over each alone, and the interaction."""
    seeds = sorted(set.intersection(*(set(values) for values in shares.values())))
    both, init, momentum, neither = (
        np.array([shares[name][seed] for seed in seeds]) for name in ("both", "init", "momentum", "neither")
    )
    return {
        "init alone less both": init - both,
        "momentum alone less both": momentum - both,
        "interaction": (momentum - both) - (neither - init),
    }


def estimated(name: str, values: np.ndarray, asked: bool) -> Number:
    """Mean and 95 % t interval over seeds; asked: must the interval lie above 0? Fewer than two seeds meet nothing."""
    mean, low, high = float("nan"), float("nan"), float("nan")
    if len(values) > 1:
        mean = float(values.mean())
        half = t_quantile(len(values) - 1) * float(values.std(ddof=1)) / np.sqrt(len(values))
        low, high = mean - half, mean + half
    met = bool(low > 0) if asked else None
    return Number(name, mean, low, high, "of the budget", "interval > 0" if asked else "", met, "95 % t interval")


def t_quantile(freedom: int, probability: float = 0.975) -> float:
    """Student's t quantile, by bisection on the integral of its density."""
    low, high, grid = 0.0, 1000.0, np.linspace(0, 1, 20_001)
    scale = math.exp(math.lgamma((freedom + 1) / 2) - math.lgamma(freedom / 2)) / math.sqrt(freedom * math.pi)
    for _ in range(60):
        middle = (low + high) / 2
        x = middle * grid**3  # finer where the density is
        density = scale * (1 + x**2 / freedom) ** (-(freedom + 1) / 2)
        below = 0.5 + float(((density[1:] + density[:-1]) / 2 * np.diff(x)).sum())
        low, high = (middle, high) if below < probability else (low, middle)
    return (low + high) / 2


def tuned(rows: Sequence[Row], problem: Problem, corner: Corner) -> float | None:
    """The learning rate that the reported rows of a corner ran with; None where there are none."""
    return next((rate_of(row) for row in reported(rows, problem) if corner_of(row) == corner.name), None)


def live(rows: Sequence[Row], seeds: Sequence[int], problem: Problem = LIVE) -> Spent:
    """The four corners run now, on the same task at a shorter lag, with the rates that the records found for it."""
    longer = [recorded for recorded in PROBLEMS if recorded.task == problem.task]
    found: Spent = {}
    for corner in CORNERS:
        rate = tuned(rows, longer[0], corner) if longer else None
        found[corner.name] = {row.seed: spent(row) for row, _ in train(problem, corner, rate, seeds)}
    return found


def measure(seeds: Sequence[int], path: Path = INIT_AND_MOMENTUM, small: Problem = LIVE) -> Finding:
    """The records judged, and a small version run live on the given seeds.

    Raises:
        LonglagError: no records, or none that is complete.
    """
    rows = records.read_rows(path)
    complete = [problem for problem in PROBLEMS if all(by_corner(rows, problem).values())]
    if not complete:
        remedy = "make them with `python -m longlag.lecture.data FILE`"
        raise LonglagError(f"{path} holds no task with all four corners; {remedy}")
    rates = {p.name: {corner.name: tuned(rows, p, corner) for corner in CORNERS} for p in complete}
    absent = [problem.task for problem in PROBLEMS if problem not in complete]
    shares = {problem.name: by_corner(rows, problem) for problem in complete}
    return judge(shares, live(rows, seeds, small), absent, rates=rates, live_name=small.name)


def judge(shares: dict[str, Spent], now: Spent, absent: Sequence[str] = (), **series: Any) -> Finding:
    """The verdict: holds where both beat either alone on every task; with a caveat where on some; else not.

    shares: what the recorded runs spent, by task. now: what the live runs spent. absent: tasks without records.
    """
    numbers: list[Number] = []
    wins, parts = [], []
    for task, corners in shares.items():
        measured = [estimated(f"{task}: {n}", values, n != "interaction") for n, values in effects(corners).items()]
        wins.append(all(number.met is not False for number in measured))
        numbers += [*_shares(task, corners), *measured]
        means = ", ".join(f"{name} {np.mean([*values.values()]):.0%}" for name, values in corners.items())
        parts.append(fill(CLAIM.slug, "part", task=task, means=means, **vars(measured[-1])))
    numbers += _shares(f"live, {series['live_name']}", now)
    said = [f"no complete records of {task}" for task in absent]
    if any(wins) and not all(wins):
        lost = [task for task, won in zip(shares, wins, strict=True) if not won]
        said.append(f"not on {' and '.join(lost)}")
    elif not said and not any(wins):
        said.append("on no task does the combination beat both factors alone beyond the spread of the seeds")
    verdict = Verdict.FAILS if not any(wins) else Verdict.CAVEAT if said else Verdict.HOLDS
    series |= {
        "seeds": min(len(values) for corners in shares.values() for values in corners.values()),
        "tasks": {task: {name: [*v.values()] for name, v in corners.items()} for task, corners in shares.items()},
        "live": {name: [*values.values()] for name, values in now.items()},
    }
    summary = fill(CLAIM.slug, "summary", parts=". ".join(parts))
    return Finding(verdict, summary, numbers, "; ".join(said), series)


def _shares(task: str, corners: Spent) -> list[Number]:
    return [over_seeds(f"{task}: {name}", [*values.values()], "of the budget") for name, values in corners.items()]
