"""A search whose runs are made up: every row has the digest that the suite asks for, and no run was trained."""

import dataclasses
from pathlib import Path

from longlag.cli import _tune_suite
from longlag.design import suite
from longlag.engine.spec import RunSpec, resolve_elsewhere, unmeasured_row
from longlag.store.curves import write_points
from longlag.store.records import Point, write_rows

TASKS = ["adding", "temporal_order"]
DESIGN = {
    "suite": "tiny",
    "search": {"candidates": 3, "seeds": 2},
    "lags": [20],
    "budget": 1e6,
    "cells": [{"methods": ["control", "hf"], "tasks": TASKS, "group": "all"}],
}
NEITHER = {"status": "budget", "best_error": 0.5, "passes": 1e6}  # of a run that nothing is said of


def rows_of(plan, told):
    """A row per run. told: what is known of some: (method, candidate, task) -> columns, or a list of them by seed."""
    found = []
    for job in plan.jobs:
        for task, name, lag, seed in job.runs():
            spec = RunSpec(task, lag, job.base, (seed,), job.budget, variant=name, candidate=job.candidate)
            given = told.get((job.base, job.candidate, task), {})
            given = given[seed - job.seeds[0]] if isinstance(given, list) else given
            known = {name: value for name, value in given.items() if name != "last_loss"}
            measured = {"reason": "", "seconds": 2.0, "commit": "abc", **NEITHER, **known}
            found.append(
                (unmeasured_row(resolve_elsewhere(spec), seed, "now", **measured), given.get("last_loss", 0.1))
            )
    return found


def write(folder, told, design=DESIGN, change=lambda row: row):
    """Runs and learning curves of the search in a folder; the suite's file beside it."""
    plan = suite.parse(design)
    rows = rows_of(plan, told)
    write_rows(Path(folder) / "runs.csv", [change(row) for row, _ in rows])
    points = [
        Point(row.task, row.lag, row.method, row.seed, passes, 1, 0.0, 0.5, loss, 0.0)
        for row, last in rows
        for passes, loss in ((3e4, last), (1e4, 9.0))  # the order in the file decides nothing
    ]
    write_points(Path(folder) / "curves.parquet", points)
    (Path(folder) / "suite.json").write_text(plan.to_json(_digests(plan)))
    return plan


def _digests(plan):
    found = {}
    for (task, _, lag, _), entry in _tune_suite.entries(plan).items():
        of = entry.method, entry.candidate
        folder = next(job.folder for job in plan.jobs if (job.base, job.candidate) == of and task in job.tasks)
        found.setdefault(folder.as_posix(), {}).setdefault(task, {})[str(lag)] = entry.digest
    return found


def without_test_scores(row):
    """The row with every column of the test set, and the verdict, turned round."""
    names = [field.name for field in dataclasses.fields(row) if field.name.startswith("test_")]
    scores = {**dict.fromkeys(names, 0.123), "test_error_by_lag": '{"20": 0.123}'}
    return dataclasses.replace(row, **scores, solved=not row.solved)
