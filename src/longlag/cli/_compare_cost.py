"""What `longlag compare` will train, and its cost, stated before it starts: by the time of one short run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from longlag.errors import LonglagError, documentation

if TYPE_CHECKING:
    from longlag.design.grid import Cell
    from longlag.design.suite import Suite
    from longlag.store.records import Row

    Missing = tuple[str, int, int, float, float | None]  # a run: task, lag, seed, budget, timeout

PROBE_PASSES = 20_000.0  # sequence passes of the run that is timed


@dataclass(frozen=True)
class Cost:
    """CPU seconds. typical: if it spends the passes that the median method of the reference spent; most: if it spends
    every budget; probe: what measuring took; ended: how the probe ended, if it diverged."""

    typical: float
    most: float
    probe: float
    ended: str


def missing(plan: Suite, out: Path) -> list[Missing]:
    """Every run without a finished rung. An edited plug-in, or other settings, have none."""
    from longlag.cli import _jobs
    from longlag.engine.ladder import Rungs
    from longlag.engine.spec import resolve

    found, rungs = [], Rungs(out / "rungs")
    for job in _jobs.pending(plan, out):
        specs = {(spec.task, spec.lag): spec for spec in _jobs.specs(job)}
        for (task, _, lag, seed), digest in plan.wanted(job).items():
            if digest and rungs.load(resolve(specs[task, lag]), seed) is None:
                found.append((task, lag, seed, job.budget, job.timeout))
    return found


def state(
    method: str,
    cells: Sequence[Cell],
    source: str,
    left: list[Missing],
    plan: Suite,
    rows: Sequence[Row],
    cores: int,
) -> None:
    """Prints what will be trained, and its cost.

    Raises:
        LonglagError: no job could end, or the method fails in the short run that is timed; nothing is trained.
    """
    from longlag import registry
    from longlag.words import count, join_methods

    runs = sum(cell.runs() for cell in cells)
    conditions = sum(len(cell.lags) for cell in cells)
    print(
        f"{method} on {count(len(cells), 'task')}, {count(conditions, 'pair')} of task and lag, {count(runs, 'run')};"
    )
    for cell in cells:
        print(f"  {cell.task} at {'lag' if len(cell.lags) == 1 else 'lags'} {', '.join(map(str, cell.lags))}")
    others = sorted({row.method for row in rows})
    print(f"{count(len(others), 'other method')}: rows of {source}, not trained: {join_methods(others)}")
    if lacking := len({*registry.FOLDERS["methods"].names()} - {*others, method}):
        how = documentation("docs/compare.md")
        print(f"{count(lacking, 'more method')} of longlag: without rows there; {how} says how to add one")
    impossible = sum(digest is None for digest in plan.wanted().values())
    cannot = f", {impossible} that cannot be built" if impossible else ""
    if not left:
        print(f"all runs are finished{cannot and ' but for' + cannot.removeprefix(',')}")
        return
    if all(None in plan.wanted(job).values() for job in plan.jobs):
        raise LonglagError(
            f"every job has a run for which {method} cannot be built, and a job that has one ends without rows; "
            "mend its build, or leave those runs out with --tasks or --lags"
        )
    before = runs - impossible - len(left)
    print(f"{count(len(left), 'run')} to train, {before} finished before{cannot}; measuring the speed ...", flush=True)
    cost = _cost(method, cells, left, rows, plan)
    if cost.ended:
        print(f"the probe diverged: {cost.ended}; a method that fails early costs less than is stated here")
    at_once = min(cores, len(plan.jobs))
    print(
        f"cost: {cost.typical:,.0f} CPU seconds if it spends what the median method spent, at most {cost.most:,.0f} "
        f"(every budget spent), by a probe of {cost.probe:.1f} s; by the clock {cost.typical / at_once:,.0f} to "
        f"{cost.most / at_once:,.0f} s on {count(at_once, 'core')}",
        flush=True,
    )


def _cost(method: str, cells: Sequence[Cell], left: list[Missing], rows: Sequence[Row], plan: Suite) -> Cost:
    """By the time of one short run at the shortest lag, scaled with passes and lag as `longlag estimate` does."""
    from longlag.design import grid
    from longlag.design.estimate import PROCESS_SECONDS, Record
    from longlag.store.records import Status

    lag, task = min((lag, task) for task, lag, _, _, _ in left)
    probe = _probe(method, task, lag, plan)
    spent = replace(probe, status=Status.BUDGET, solved=False, budget=probe.passes)  # however early it ended
    record = Record([*rows, spent if probe.passes else probe])
    by_task = {cell.task: cell for cell in cells}
    typical = most = PROCESS_SECONDS * len({(task, seed) for task, _, seed, _, _ in left})
    for task, lag, _, budget, timeout in left:
        usual = min(grid.typical_passes(rows, by_task[task], lag), budget)
        typical += record.seconds(task, method, lag, usual, timeout)[0]
        most += record.seconds(task, method, lag, budget, timeout)[0]
    return Cost(typical, most, probe.seconds, probe.reason if probe.status == Status.DIVERGED else "")


def _probe(method: str, task: str, lag: int, plan: Suite) -> Row:
    """The row of one short run, which the job of that task would begin with.

    Raises:
        LonglagError: it ended with an error; with the line of the plug-in.
    """
    from longlag.cli import _jobs
    from longlag.engine import contracts
    from longlag.engine.spec import resolve
    from longlag.engine.train import attempt
    from longlag.store.records import Row, Status

    specs = (spec for job in plan.jobs for spec in _jobs.specs(job) if (spec.task, spec.lag) == (task, lag))
    setup = resolve(replace(next(specs), seeds=(0,), budget=PROBE_PASSES))
    errors: list[Exception] = []
    (row,) = (event for event in attempt(setup, failed=errors.append) if isinstance(event, Row))
    if row.status != Status.ERROR:
        return row
    where = contracts.place("methods", method, errors[0]) if errors else ""
    raise LonglagError(
        f"{method} fails in its first run, on {task} at lag {lag}: {row.reason}{f' ({where})' if where else ''}; "
        "nothing is trained; `longlag check` tries it on every task"
    ) from next(iter(errors), None)
