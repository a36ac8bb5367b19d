"""`longlag compare`: a new method on the grid of the reference, whose rows are taken as they were recorded."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from longlag.cli import _arguments
from longlag.errors import LonglagError

if TYPE_CHECKING:
    from longlag.design.grid import Cell
    from longlag.design.job import Job
    from longlag.design.suite import Suite
    from longlag.store.records import Row

HELP = "train a method of yours on the reference's grid, and write the page that compares it with all recorded ones"
EXAMPLE = "longlag compare --plugin my_gru.py --quick --yes"
PROBE_PASSES = 20_000.0  # sequence passes of the run that is timed before the cost is stated


@dataclass(frozen=True)
class Cost:
    """CPU seconds. typical: if it spends the passes that the median method of the reference spent; most: if it spends
    every budget; probe: what measuring took; ended: how the probe ended, if that was a failure."""

    typical: float
    most: float
    probe: float
    ended: str


def configure(parser: argparse.ArgumentParser) -> None:
    _arguments.add_plugins(parser)
    parser.add_argument("--method", help="the new method (default: the one that --plugin defines)")
    given = (
        "recorded runs to compare with: a folder with runs.csv, or such a file (default: those that come with longlag)"
    )
    parser.add_argument("--reference", type=Path, metavar="RUN", help=given)
    tasks = "only these tasks, such as adding,temporal_order (default: all of the reference)"
    parser.add_argument("--tasks", type=lambda text: tuple(text.split(",")), default=(), help=tasks)
    lags = "only these lags, such as 20,50 (default: all that at least half of the reference's methods have)"
    parser.add_argument("--lags", type=_arguments.lags, default=[], help=lags)
    parser.add_argument("--quick", action="store_true", help="only the shortest lag and the first seed of each task")
    cores = "jobs that run at the same time (default: the processors of this machine)"
    parser.add_argument("--cores", type=_arguments.count("number of cores"), default=os.cpu_count() or 1, help=cores)
    start = parser.add_mutually_exclusive_group()
    start.add_argument("--yes", action="store_true", help="start without asking")
    start.add_argument("--dry-run", action="store_true", help="state the cost, train nothing")
    out = "folder of the results (default: results/compare/METHOD)"
    parser.add_argument("--out", type=Path, metavar="DIR", help=out)


def run(args: argparse.Namespace) -> int:
    from longlag.cli import _jobs
    from longlag.cli import design as digests
    from longlag.design import grid, suite
    from longlag.store import files, records

    _arguments.load_plugins(args)
    method = _newcomer(args)
    source = _reference(args)
    rows = records.read_rows(source)
    if any(row.method == method for row in rows):
        raise LonglagError(f"{source} has rows of a method called {method!r}; give yours another name")
    cells = grid.of(rows, args.tasks, args.lags, args.quick)
    out = args.out or Path("results/compare") / method
    files.check_writable(out / "runs.csv")
    plan = suite.parse(grid.suite_of(cells, "compare", [method], args.plugin), "the reference's grid")
    plan = replace(plan, digests=digests.digests_of(plan))
    _check_digests(plan, method)
    left = _missing(plan, out)
    _state(method, cells, source, left, plan, rows, args.cores)
    if args.dry_run or (left and not _agreed(args)):
        return 0
    files.write_atomically(out / "suite.json", (plan.to_json(plan.digests) + "\n").encode())
    _jobs.train(plan, out, args.cores, lambda job: print(_ended(out, job), flush=True))
    return _write(plan, method, rows, source, out, part=bool(args.lags or args.quick))


def _newcomer(args: argparse.Namespace) -> str:
    from longlag import registry

    found = [args.method] if args.method else registry.loaded("methods")
    if len(found) != 1:
        what = f"define {len(found)} methods" if args.plugin else "are missing"
        raise LonglagError(f"the plug-ins {what}; compare takes one new method: add --plugin FILE or --method NAME")
    return str(registry.get("methods", found[0]).name)


def _reference(args: argparse.Namespace) -> Path:
    from longlag import resources

    return _arguments.runs_file(args.reference or resources.find(resources.REFERENCE))


def _check_digests(plan: Suite, method: str) -> None:
    known = [
        digest for tasks in (plan.digests or {}).values() for by_lag in tasks.values() for digest in by_lag.values()
    ]
    if not any(known):
        raise LonglagError(f"method {method!r} cannot be built for any task of the grid; the lines above say why")


def _missing(plan: Suite, out: Path) -> list[tuple[str, int, int, float, float | None]]:
    """Task, lag, seed, budget and timeout of every run without a finished rung."""
    from longlag.cli import _jobs
    from longlag.engine.ladder import Rungs
    from longlag.engine.spec import RunSpec, resolve

    found, rungs = [], Rungs(out / "rungs")
    for job in _jobs.pending(plan, out):
        for (task, method, lag, seed), digest in plan.wanted(job).items():
            spec = RunSpec(task, lag, method, (seed,), job.budget, {}, job.timeout, job.device)
            if digest and rungs.load(resolve(spec), seed) is None:
                found.append((task, lag, seed, job.budget, job.timeout))
    return found


def _state(
    method: str,
    cells: Sequence[Cell],
    source: Path,
    left: list[tuple[str, int, int, float, float | None]],
    plan: Suite,
    rows: Sequence[Row],
    cores: int,
) -> None:
    """Prints what will be trained, and its cost."""
    from longlag.words import count

    runs = sum(cell.runs() for cell in cells)
    conditions = sum(len(cell.lags) for cell in cells)
    print(
        f"{method} on {count(len(cells), 'task')}, {count(conditions, 'cell')} of task and lag, {count(runs, 'run')};"
    )
    print(f"{count(len({row.method for row in rows}), 'other method')}: rows of {source}, not trained")
    if not left:
        print("all runs are finished")
        return
    print(
        f"{count(len(left), 'run')} to train, {runs - len(left)} finished before; measuring the speed ...", flush=True
    )
    cost = _cost(method, cells, left, rows)
    if cost.ended:
        print(f"the probe failed: {cost.ended}; a method that fails early costs less than is stated here")
    at_once = min(cores, len(plan.jobs))
    print(
        f"cost: {cost.typical:,.0f} CPU seconds if it spends what the median method spent, at most {cost.most:,.0f} "
        f"(every budget spent), by a probe of {cost.probe:.1f} s; by the clock {cost.typical / at_once:,.0f} to "
        f"{cost.most / at_once:,.0f} s on {count(at_once, 'core')}",
        flush=True,
    )


def _cost(
    method: str, cells: Sequence[Cell], left: list[tuple[str, int, int, float, float | None]], rows: Sequence[Row]
) -> Cost:
    """By the time of one short run at the shortest lag, scaled with passes and lag as `longlag estimate` does."""
    from longlag.design import grid
    from longlag.design.estimate import PROCESS_SECONDS, Record
    from longlag.engine.spec import RunSpec, resolve
    from longlag.engine.train import attempt, run_to_end
    from longlag.store.records import Row, Status

    lag, task = min((lag, task) for task, lag, _, _, _ in left)
    setup = resolve(RunSpec(task, lag, method, (0,), PROBE_PASSES))
    (probe,) = (event for event in attempt(setup, run_to_end) if isinstance(event, Row))
    record = Record([*rows, probe])
    by_task = {cell.task: cell for cell in cells}
    typical = most = PROCESS_SECONDS * len({(task, seed) for task, _, seed, _, _ in left})
    for task, lag, _, budget, timeout in left:
        spent = min(grid.typical_passes(rows, by_task[task], lag), budget)
        typical += record.seconds(task, method, lag, spent, timeout)[0]
        most += record.seconds(task, method, lag, budget, timeout)[0]
    failed = probe.status in (Status.ERROR, Status.DIVERGED)
    return Cost(typical, most, probe.seconds, f"{probe.status}, {probe.reason}" if failed else "")


def _agreed(args: argparse.Namespace) -> bool:
    """Whether to start: the user says so, or `--yes` did.

    Raises:
        LonglagError: nobody can be asked.
    """
    if args.yes:
        return True
    if not sys.stdin.isatty():
        raise LonglagError("nobody is there to be asked; add --yes to start, or --dry-run to see the cost alone")
    return input("Start? [y/N] ").strip().lower() in ("y", "yes")


def _ended(out: Path, job: Job) -> str:
    """One line on a job: what its seeds solved, or where to look if it left no rows."""
    from longlag.store import records

    name = f"{', '.join(job.tasks)}, seed {job.seeds.start}"
    try:
        rows = records.read_rows(out / "jobs" / job.folder / "runs.csv")
    except LonglagError:
        return f"{name}: failed; see {out / 'logs' / job.folder.with_suffix('.log')}"
    ends = ", ".join(f"lag {row.lag} {row.status.replace('_', ' ')}" for row in rows)
    return f"{name}: {ends}; {sum(row.seconds for row in rows):.0f} CPU s"


def _write(plan: Suite, method: str, recorded: Sequence[Row], source: Path, out: Path, part: bool) -> int:
    """Rows and curves of both, the tables of the newcomer, and the page. Returns 1 if all runs ended with an error."""
    import pyarrow as pa

    from longlag import report
    from longlag.analysis import Analysis
    from longlag.design.collect import collect
    from longlag.store import curves, files, parquet, records
    from longlag.tables.tools import newcomer, render
    from longlag.words import capital, method_label

    own, points = collect(plan, out / "jobs", warn=lambda line: print(line, file=sys.stderr))
    _write_record(out / "record", own, points, plan)
    grid = {(row.task, row.lag) for row in own}
    tasks = {task for task, _ in grid}
    others = [row for row in recorded if row.task in tasks and ((row.task, row.lag) in grid or not part)]
    others = [replace(row, origin=row.origin or str(source)) for row in others]
    beside = source.with_name("curves.parquet")
    if files.is_file(beside):
        keys = [(row.task, row.method, row.lag, row.seed) for row in others]
        known = curves.points_of(curves.read_curves(beside), keys)
        points = pa.concat_tables([points, known], promote_options="default")
    records.write_rows(out / "runs.csv", [*own, *others])
    order = [(name, "ascending") for name in (*records.KEY, "passes")]
    parquet.write(out / "curves.parquet", points.sort_by(order))
    loaded = Analysis.load(out / "runs.csv", out / "curves.parquet")
    analysis = Analysis(loaded.runs, loaded.curves, method)
    for name, words in (("against", newcomer.against(analysis)), ("by_cell", newcomer.by_cell(analysis))):
        render.save(*words, out / "tables", name)
    page = report.render(analysis, f"{capital(method_label(method))} against the reference")
    files.write_atomically(out / "report.html", page.encode())
    for sentence in newcomer.sentences(analysis):
        print(sentence)
    print(out / "report.html")
    return int(all(row.status == records.Status.ERROR for row in own))


def _write_record(folder: Path, rows: Sequence[Row], points: Any, plan: Suite) -> None:
    """What a record of the newcomer alone needs: rows, curves, design and plug-in (results/community/README.md)."""
    from longlag.store import files, parquet, records

    records.write_rows(folder / "runs.csv", rows)
    parquet.write(folder / "curves.parquet", points)
    files.write_atomically(folder / "suite.json", (plan.to_json(plan.digests) + "\n").encode())
    for plugin in plan.plugins:
        files.write_atomically(folder / Path(plugin).name, Path(plugin).read_bytes())
