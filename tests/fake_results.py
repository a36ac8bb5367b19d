"""Deterministic made-up runs and curves, shaped like real ones: for tests and for looking at figures, never
shipped.

Nothing here was trained. How far each method carries is invented in `SKILL`.
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

from longlag.rng import stream
from longlag.store.curves import write_points
from longlag.store.records import Point, Row, Status, write_rows

LAGS = (20, 50, 100, 200)
# task -> share wrong of the constant and of the half-solved answer, and minimal lag of the nominal lag
TASKS = {
    "adding": (0.846, 0.718, lambda lag: lag // 2),
    "memorization_5bit": (0.969, 0.5, lambda lag: lag + 5),
    "temporal_order": (0.75, 0.5, lambda lag: round(0.4 * lag)),
}
# method -> lag at which half of its seeds fail (per task, as above), passes to solve at lag 20, price of one
SKILL: dict[str, tuple[tuple[float | None, float | None, float | None], float, float]] = {
    "clipping": ((22, 12, 45), 3e5, 1.0),
    "control": ((8, 10, 18), 4e5, 1.0),
    "esn": ((240, 120, 180), 2e4, 9.0),
    "esn_momentum": ((45, 70, 70), 2e5, 1.0),
    "hf": ((38, 90, None), 1.2e6, 1.2),
    "lstm": ((110, None, 65), 1.5e5, 4.0),
    "lstm_chrono": ((300, 400, 300), 1e5, 4.0),
}
# ablations and baselines, for figures with many methods; their settings differ from those above at one path or at many
MORE: dict[str, tuple[tuple[float | None, float | None, float | None], float, float]] = {
    "constant": ((1, 1, 1), 1e5, 0.1),
    "esn_init": ((20, 25, 30), 3e5, 1.0),
    "hf_undamped": ((25, 60, 40), 1.4e6, 1.2),
    "momentum_plain_init": ((15, 30, 45), 2.5e5, 1.0),
    "random_guessing": ((1, 5, 2), 1e5, 0.3),
    "time_average": ((18, 1, 1), 1e5, 0.2),
    "trained_average": ((18, 1, 1), 1e5, 0.2),
}
_SKILLS = {**SKILL, **MORE}
PARTS = {"hf": 0.03, "hf_undamped": 0.0}  # a setting of some methods, the only one in which they differ
BUDGET = 4e6


def runs(
    seeds: Sequence[int] = range(5),
    methods: Sequence[str] = tuple(SKILL),
    tasks: Sequence[str] = tuple(TASKS),
    lags: Sequence[int] = LAGS,
) -> list[Row]:
    """Rows of a ladder per task, method and seed; pairs without a skill are absent."""
    rows: list[Row] = []
    for task in tasks:
        for method in methods:
            if _SKILLS[method][0][list(TASKS).index(task)] is not None:
                for seed in seeds:
                    rows.extend(_ladder(task, method, seed, lags))
    return rows


def sparse() -> list[Row]:
    """Rows as of a suite in which the made-up tasks have all methods, and five more tasks have one method alone."""
    return runs([0, 1]) + _five_more_tasks([0, 1], [20])


def uneven() -> list[Row]:
    """Rows as of a suite that is half done: five tasks have all methods, and three have one method alone."""
    rows = runs([0, 1], tasks=["adding"])
    whole = [replace(row, task=f"whole_{i}", minimal_lag=10 + i) for i in range(1, 6) for row in rows]
    return whole + _five_more_tasks([0, 1], [20, 50])[: -2 * 2 * 2]


def crowded(seeds: Sequence[int] = range(3)) -> list[Row]:
    """Rows as of the whole comparison: all thirteen methods on the made-up tasks, and five more tasks of one method."""
    return runs(seeds, tuple(_SKILLS)) + _five_more_tasks(seeds, [20, 50, 100])


def _five_more_tasks(seeds: Sequence[int], lags: Sequence[int]) -> list[Row]:
    rows = runs(seeds, ["esn"], ["adding"], lags)
    return [replace(row, task=f"task_{i}", minimal_lag=10 + i) for i in range(1, 6) for row in rows]


def points(rows: Sequence[Row]) -> list[Point]:
    """A learning curve for every attempted row that has passes; one point for the one-shot method."""
    return [point for row in rows if row.passes > 0 for point in _curve(row)]


def write(folder: Path, **choice: Sequence[int] | Sequence[str]) -> list[Row]:
    """Writes runs.csv and curves.parquet into the folder and returns the rows."""
    rows = runs(**choice)  # type: ignore[arg-type]
    write_rows(folder / "runs.csv", rows)
    write_points(folder / "curves.parquet", points(rows))
    return rows


def _ladder(task: str, method: str, seed: int, lags: Sequence[int]) -> list[Row]:
    rows, unsolved = [], 0
    for lag in lags:
        row = _row(task, method, lag, seed) if unsolved < 2 else _not_attempted(task, method, lag, seed)
        unsolved = 0 if row.solved else unsolved + 1
        rows.append(row)
    return rows


def _row(task: str, method: str, lag: int, seed: int) -> Row:
    draw = stream(seed, "fake", task, method, lag)
    skill, passes, price = _SKILLS[method]
    half = skill[list(TASKS).index(task)] or 1.0
    solved = bool(draw.random() < 1 / (1 + (lag / half) ** 6))
    needed = passes * (lag / 20) ** 1.2 * math.exp(draw.normal(0, 0.35))
    status, reason = (Status.SOLVED, "0.4 % of 10,000 test sequences wrong") if solved else _failure(draw.random())
    spent = min(needed, BUDGET * 0.98) if solved else BUDGET * (0.3 if status == Status.DIVERGED else 1.0)
    if method == "esn":
        spent = 2e4
    constant, halfway, minimal = TASKS[task]
    error = 0.004 if solved else constant * float(draw.uniform(0.6, 1))
    row = _blank(task, method, lag, seed, status, reason)
    if status == Status.ERROR:
        return row
    return replace(
        row,
        solved=solved,
        minimal_lag=minimal(lag),
        passes=spent,
        passes_to_solve=spent if solved else math.nan,
        budget=BUDGET,
        flops=spent * lag * price * 4e4,
        updates=int(spent / 300),
        evaluation_passes=spent / 20,
        test_error=error,
        test_loss=error / 10,
        test_symbol_error=error / 2,
        best_error=error,
        constant_error=constant,
        constant_loss=constant / 10,
        half_solved_error=halfway,
        half_solved_loss=halfway / 10,
        parameters=10_601,
        seconds=spent * lag * price * 1.2e-7,
        wall_seconds=spent * lag * price * 1.3e-7,
    )


def _failure(chance: float) -> tuple[Status, str]:
    if chance < 0.08:
        return Status.DIVERGED, "the loss stopped being finite at update 812"
    if chance < 0.11:
        return Status.ERROR, "the job was killed before it wrote this row"
    return Status.BUDGET, "the passes ran out; best 61 % of validation sequences wrong"


def _not_attempted(task: str, method: str, lag: int, seed: int) -> Row:
    row = _blank(task, method, lag, seed, Status.NOT_ATTEMPTED, "two consecutive lags below were unsolved")
    return replace(
        row,
        minimal_lag=TASKS[task][2](lag),
        passes=0.0,
        budget=BUDGET,
        constant_error=TASKS[task][0],
        half_solved_error=TASKS[task][1],
    )


def _blank(task: str, method: str, lag: int, seed: int, status: Status, reason: str) -> Row:
    unknown = {field.name: math.nan for field in fields(Row) if field.type == "float"}
    return Row(
        **unknown,
        task=task,
        lag=lag,
        minimal_lag=None,
        method=method,
        seed=seed,
        status=status.value,
        reason=reason,
        solved=False,
        updates=0,
        loss="cross_entropy",
        parameters=0,
        task_version=1,
        method_version=1,
        protocol_version=1,
        spec_hash="0123456789abcdef",
        spec=json.dumps({"task": task, "lag": lag, "method": {"name": method, "parts": _parts(method)}}),
        longlag="0.0.fake",
        commit="fakefakefake",
        python="3.11.7",
        torch="2.9.0",
        numpy="2.3.4",
        blas="OpenBLAS SkylakeX",
        threads=1,
        cpu="An Invented Processor",
        device="cpu",
        started="2026-01-01T00:00:00Z",
    )


def _parts(method: str) -> dict[str, object]:
    """Settings as `settings.describe` gives them: two parts, of which a method has its own unless `PARTS` says more."""
    damping = {"structural_damping": PARTS[method]} if method in PARTS else {"name": method}
    cell = {"part": "TanhRNN" if method in PARTS else f"CellOf{method}", "hidden": 100}
    return {"part": "Parts", "cell": cell, "optimiser": {"part": "Made", **damping}}


def _curve(row: Row) -> list[Point]:
    draw = stream(row.seed, "curve", row.task, row.method, row.lag)
    looks = [row.passes * (i + 1) / 24 for i in range(24)] if row.method != "esn" else [row.passes]
    start, end = row.constant_error, 0.003 if row.solved else max(row.best_error, 0.02)
    found = []
    for i, passes in enumerate(looks):
        drop = 1 / (1 + math.exp(-14 * ((i + 1) / len(looks) - 0.72)))
        error = start * (end / start) ** drop * math.exp(float(draw.normal(0, 0.06)))
        if error < 0.0015 * float(draw.uniform(0, 3)):
            error = 0.0
        found.append(
            Point(
                row.task,
                row.lag,
                row.method,
                row.seed,
                passes,
                int(passes / 300),
                error / 9,
                min(error, 1.0),
                error / 10,
                passes / 1e5,
            )
        )
    return found


def a_row(**changes: Any) -> Row:
    """A row in which nothing matters but the changes."""
    blank = {"str": "x", "int": 1, "float": 0.5, "bool": True, "int | None": None}
    known = {f.name: blank[f.type] for f in fields(Row)} | {"status": "solved", "spec": "{}", "test_error_by_lag": ""}
    return Row(**(known | changes))


def a_run(lag: int, seed: int, solved: bool, **changes: object) -> Row:
    """A run of the LSTM on adding: one of 100 passes that solved, or one that spent its budget of 1000."""
    status = Status.SOLVED if solved else Status.BUDGET
    plain = replace(
        runs(seeds=[0], methods=["lstm"], tasks=["adding"], lags=[20])[0],
        lag=lag, minimal_lag=lag // 2, seed=seed, solved=solved, status=status.value, reason="", budget=1000.0,
        passes=100.0 if solved else 1000.0, passes_to_solve=100.0 if solved else math.nan,
        flops=5e3 if solved else 5e4, seconds=1.0 if solved else 10.0,
    )  # fmt: skip
    return replace(plain, **changes)  # type: ignore[arg-type]
