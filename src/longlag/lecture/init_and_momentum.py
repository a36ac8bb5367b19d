"""Claim 11: ESN-style initialisation and momentum each help a little; together they beat either alone.

The 2 x 2 of initialisation and momentum with everything else (net, clipping, centring) held fixed. The momentum arrives
at once or by the paper's schedule. Every corner has the learning rate that tuning seeds gave it; a corner with momentum
also has the schedule that did best on them. The verdict is on records that `tools/factorial.py` makes and the package
holds (`data/init_and_momentum.csv`). A task or schedule without records is `not run`. A small version runs live.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from longlag import protocol
from longlag.lecture.base import Finding, claim, conclude_by_case, fill
from longlag.lecture.data import INIT_AND_MOMENTUM, TABLE_5
from longlag.lecture.tools.factorial import (
    CORNERS,
    KINDS,
    PROBLEMS,
    SEEDS,
    UPDATES,
    Corner,
    Problem,
    corner_of,
    rate_of,
    train,
)
from longlag.lecture.tools.numbers import Number, joined, over_seeds, rate
from longlag.store import records
from longlag.store.records import Row

LIVE, LIVE_SEEDS = Problem("temporal_order", 20, 9e4), 5
_LIVE_CORNERS = tuple(corner for corner in CORNERS if corner.momentum in ("none", "0.9"))
_LIVE_STEP = 2  # place of the rate in a corner's grid
CLAIM = claim("init_and_momentum", tasks=" and ".join(p.name for p in PROBLEMS), updates=UPDATES, nets=len(SEEDS))
_TOGETHER = {"start": "saved by both over the start alone", "momentum": "saved by both over momentum alone"}
_WORDS = dict(zip(KINDS, ("neither", "start", "momentum", "both"), strict=True))  # of the corners
Spent = dict[str, dict[int, float]]  # kind of corner -> seed -> share of the budget
Solved = dict[str, dict[int, bool]]  # a run may be solved by its last pass: its share is 1 too


def spent(row: Row) -> float:
    """Passes until solved as a share of the budget; 1 where it was not solved within it."""
    return row.passes_to_solve / row.budget if row.solved else 1.0


@dataclass(frozen=True)
class Recorded:
    """The rows of one corner on one problem: those of its tuning seeds, by rate, and the reported ones."""

    corner: Corner
    tuning: dict[float, list[Row]]
    reported: list[Row]

    @property
    def complete(self) -> bool:
        """Is there a reported run of every seed?"""
        return {row.seed for row in self.reported} >= set(SEEDS)

    @property
    def score(self) -> tuple[float, float]:
        """How its rate did on the tuning seeds: mean share wrong on validation, and share of the budget."""
        rows = self.tuning[rate_of(self.reported[0])]
        return float(np.mean([row.best_error for row in rows])), float(np.mean([spent(row) for row in rows]))


def recorded(rows: Sequence[Row], problem: Problem) -> list[Recorded]:
    """What the records hold of a problem, for every corner whose reported runs are complete."""
    same = [row for row in rows if (row.task, row.lag) == (problem.task, problem.lag)]
    found = []
    for corner in CORNERS:
        own = [row for row in same if corner_of(row) == corner]
        tuning: dict[float, list[Row]] = {}
        for row in own:
            if row.seed >= protocol.FIRST_TUNING_SEED:
                tuning.setdefault(rate_of(row), []).append(row)
        found.append(Recorded(corner, tuning, [row for row in own if row.seed < protocol.FIRST_TUNING_SEED]))
    return [one for one in found if one.complete]


def chosen(found: Iterable[Recorded]) -> dict[str, Recorded]:
    """The corner of each kind: of those with momentum, the schedule that did best on the tuning seeds."""
    by_kind: dict[str, list[Recorded]] = {}
    for one in found:
        by_kind.setdefault(one.corner.kind, []).append(one)
    return {kind: min(each, key=lambda one: one.score) for kind, each in by_kind.items()}


def effects(shares: Spent) -> dict[str, np.ndarray]:
    """Per seed that all corners have: what each factor saves alone, what both save over each, and the interaction."""
    seeds = sorted(set.intersection(*(set(values) for values in shares.values())))
    both, init, momentum, neither = (
        np.array([shares[name][seed] for seed in seeds]) for name in ("both", "init", "momentum", "neither")
    )
    return {
        "saved by the start alone": neither - init,
        "saved by momentum alone": neither - momentum,
        "saved by both over the start alone": init - both,
        "saved by both over momentum alone": momentum - both,
        "interaction": (momentum - both) - (neither - init),
    }


def estimated(name: str, values: np.ndarray, asked: bool) -> Number:
    """Mean and 95 % t interval over seeds. asked: must the interval lie above 0? It decides neither if it holds 0."""
    mean, low, high = math.nan, math.nan, math.nan
    if len(values) > 1:
        mean = float(values.mean())
        half = t_quantile(len(values) - 1) * float(values.std(ddof=1)) / np.sqrt(len(values))
        low, high = mean - half, mean + half
    met = (True if low > 0 else False if high < 0 else None) if asked else None
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


def live(seeds: Sequence[int], problem: Problem = LIVE) -> Spent:
    """The four corners run now, with a momentum of 0.9 and the middle rates of their grids, on five seeds at most."""
    few = tuple(seeds)[:LIVE_SEEDS]
    found = {corner.kind: train(problem, corner, corner.rates[_LIVE_STEP], few) for corner in _LIVE_CORNERS}
    return {kind: {row.seed: spent(row) for row, _ in runs} for kind, runs in found.items()}


def measure(seeds: Sequence[int], path: Path = INIT_AND_MOMENTUM, small: Problem = LIVE) -> Finding:
    """The records judged, and a small version run live on the given seeds.

    Raises:
        LonglagError: the records cannot be read.
    """
    rows = records.read_rows(path)
    return judge({problem: recorded(rows, problem) for problem in PROBLEMS}, live(seeds, small), small)


def judge(found: dict[Problem, list[Recorded]], now: Spent, small: Problem = LIVE) -> Finding:
    """The verdict, problem by problem. now: what the live runs spent."""
    best = {problem: chosen(each) for problem, each in found.items()}
    judged = {problem: each for problem, each in best.items() if len(each) == len(KINDS)}
    shares = {problem.name: _spent(each) for problem, each in judged.items()}
    ends = {problem.name: _ends(each) for problem, each in judged.items()}
    cases = {task: [estimated(f"{task}: {n}", v, n != "interaction") for n, v in effects(s).items()]
             for task, s in shares.items()}  # fmt: skip
    numbers = [n for task, s in shares.items() for n in (*_shares(task, s), *_solved(task, ends[task]), *cases[task])]
    parts = []
    for task, each in shares.items():
        last = cases[task][-1]
        interaction = {"value": last.value, "low": last.low, "high": last.high}
        parts.append(fill(CLAIM.slug, "part", task=task, spent=_means(each), **interaction))
    series = {
        "seeds": len(SEEDS),
        "tasks": {task: {kind: [*s[kind].values()] for kind in KINDS} for task, s in shares.items()},
        "solved": {task: {kind: [*e[kind].values()] for kind in KINDS} for task, e in ends.items()},
        "rates": {p.name: {kind: rate_of(one.reported[0]) for kind, one in e.items()} for p, e in judged.items()},
        "schedules": {p.name: {kind: one.corner.momentum for kind, one in e.items()} for p, e in judged.items()},
        "looks": {p.name: {one.corner.name: len(one.tuning) for one in each} for p, each in found.items()},
        "published": TABLE_5,
        "live_name": small.name,
        "live": {kind: [*values.values()] for kind, values in now.items()},
        "live_solved": {kind: [share < 1 for share in values.values()] for kind, values in now.items()},
    }
    numbers += _shares(f"live, {small.name}", now)
    summary = ". ".join(parts) or "not run"
    shown = {task: fill(CLAIM.slug, "shown", spent=_means(each)) for task, each in shares.items()}
    lacking = _not_run(found, judged)
    but = fill(CLAIM.slug, "but") if lacking else ""
    caveat, why = joined(lacking, _doubts(ends, cases), _other_schedules(found, cases)), _why(cases)
    return conclude_by_case(CLAIM, cases, numbers, series, caveat, but, shown, why, parts=summary)


def _why(cases: Mapping[str, Sequence[Number]]) -> str:
    """Why a claim is undecided, in few words."""
    asked = [number for each in cases.values() for number in each if number.threshold]
    undecided = sum(number.undecided for number in asked)
    return fill(CLAIM.slug, "why", open=undecided, asked=len(asked), nets=len(SEEDS)) if undecided else ""


def _doubts(ends: Mapping[str, Solved], cases: Mapping[str, Sequence[Number]]) -> str:
    """In words, where an effect is undecided: how many runs are censored, and how many nets each task would need."""
    if not any(number.undecided for each in cases.values() for number in each):
        return ""
    runs = [solved for corners in ends.values() for values in corners.values() for solved in values.values()]
    censored, said = runs.count(False), []
    if censored:
        said.append(fill(CLAIM.slug, "caveat_censored", censored=censored, runs=len(runs)))
    for task, each in cases.items():
        found = [(nets_needed(number, len(SEEDS)), number) for number in each if number.undecided and number.value > 0]
        if found:
            needed, number = max(found, key=lambda one: one[0])
            name = number.name.removeprefix(f"{task}: ")
            said.append(fill(CLAIM.slug, "caveat_wide", task=task, needed=needed, effect=number.value, name=name))
    return joined(*said)


def _other_schedules(found: Mapping[Problem, Sequence[Recorded]], cases: Mapping[str, Sequence[Number]]) -> str:
    """In words: the schedules with which, at both starts, both beat either, where the chosen ones do not."""
    said = []
    for problem, each in found.items():
        asked = {f"{problem.name}: {name}" for name in _TOGETHER.values()}
        if not any(number.undecided for number in cases.get(problem.name, ()) if number.name in asked):
            continue
        fixed = {one.corner.kind: one for one in each if one.corner.momentum == "none"}
        for momentum in sorted({one.corner.momentum for one in each} - {"none"}):
            corners = fixed | {one.corner.kind: one for one in each if one.corner.momentum == momentum}
            if len(corners) < len(KINDS):
                continue
            saved = effects(_spent(corners))
            over = {alone: estimated(name, saved[name], asked=True) for alone, name in _TOGETHER.items()}
            if all(number.met for number in over.values()):
                said.append(fill(CLAIM.slug, "caveat_schedule", task=problem.name, schedule=momentum, **over))
    return joined(*said)


def nets_needed(number: Number, nets: int) -> int:
    """How many nets would narrow the interval to the size of its own middle: its width falls like 1 / sqrt(nets)."""
    return math.ceil(nets * ((number.high - number.low) / 2 / abs(number.value)) ** 2)


def _ends(corners: dict[str, Recorded]) -> Solved:
    return {kind: {row.seed: row.solved for row in corners[kind].reported} for kind in KINDS}


def _spent(corners: dict[str, Recorded]) -> Spent:
    return {kind: {row.seed: spent(row) for row in corners[kind].reported} for kind in KINDS}


def _means(shares: Spent) -> str:
    return ", ".join(f"{_WORDS[kind]} {np.mean([*values.values()]):.0%}" for kind, values in shares.items())


def _solved(task: str, corners: Solved) -> list[Number]:
    """The share of nets that solve the task within the budget, by corner."""
    counts = {kind: sum(each.values()) for kind, each in corners.items()}
    return [rate(f"{task}: nets that solve it, {_WORDS[kind]}", k, len(corners[kind])) for kind, k in counts.items()]


def _not_run(found: dict[Problem, list[Recorded]], judged: Iterable[Problem]) -> str:
    """In words: the problems and schedules of which there is no record."""
    said = []
    for problem, each in found.items():
        if problem not in judged:
            said.append(f"{problem.name} is not run")
            continue
        lacking = [corner for corner in CORNERS if corner not in [one.corner for one in each]]
        schedules = sorted({f"momentum {corner.momentum}" for corner in lacking})
        said.append(f"{problem.name}: {' and '.join(schedules)} not run" if schedules else "")
    return joined(*said)


def _shares(task: str, corners: Spent) -> list[Number]:
    named = {_WORDS[kind]: [*values.values()] for kind, values in corners.items()}
    return [over_seeds(f"{task}: {name}", values, "of the budget") for name, values in named.items()]
