"""`longlag compare`: a new method on the grid of the reference, whose rows are taken as they were recorded."""

from __future__ import annotations

import argparse
import os
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from longlag.cli import _arguments, _compare_cost, _compare_page, _compare_set, _plugins, _standing
from longlag.errors import LonglagError, say

if TYPE_CHECKING:
    from longlag.design.job import Job

HELP = "train a method of yours on the reference's grid, and write the page that compares it with all recorded ones"
_SMOKE = "A smoke test (--quick): one seed at the shortest lags says that the method runs, not how good it is."
EXAMPLE = "longlag compare --plugin my_gru.py --quick --tasks temporal_order --yes"


def configure(parser: argparse.ArgumentParser) -> None:
    _arguments.add_plugins(parser)
    parser.add_argument("--method", help="the new method (default: the one that --plugin defines)")
    given = (
        "recorded runs to compare with: a folder with runs.csv, or such a file (default: those that come with longlag)"
    )
    parser.add_argument("--reference", type=Path, metavar="RUN", help=given)
    tasks = "only these tasks, such as adding,temporal_order (default: all of the reference)"
    parser.add_argument("--tasks", type=lambda text: tuple(_arguments.names(text)), default=(), help=tasks)
    lags = "only these lags, such as 20,50 (default: all that at least half of the reference's methods have)"
    parser.add_argument("--lags", type=_arguments.lags, default=[], help=lags)
    quick = "a smoke test: only the shortest lag and the first seed of each task"
    parser.add_argument("--quick", action="store_true", help=quick)
    cores = "jobs that run at the same time (default: the processors of this machine)"
    parser.add_argument("--cores", type=_arguments.count("number of cores"), default=os.cpu_count() or 1, help=cores)
    start = parser.add_mutually_exclusive_group()
    start.add_argument("--yes", action="store_true", help="start without asking")
    start.add_argument("--dry-run", action="store_true", help="state the cost, train nothing")
    tuned = "file of settings that `longlag tune --suite` chose for the new method (default: those of its file)"
    parser.add_argument("--tuned", metavar="FILE", help=tuned)
    setting = "change a number of the new method, such as optimiser.learning_rate=0.1, or "
    setting += "adding:optimiser.learning_rate=0.1 for one task; see `longlag show METHOD`"
    parser.add_argument("--set", action="append", default=[], metavar="PATH=VALUE", help=setting)
    dropping = "replace finished runs in the folder that this call does not ask for, or asks for with other settings"
    parser.add_argument("--replace", action="store_true", help=dropping)
    out = "folder of the results (default: results/compare/METHOD, with --quick results/compare/METHOD-quick)"
    parser.add_argument("--out", type=Path, metavar="DIR", help=out)


def run(args: argparse.Namespace) -> int:
    from longlag.cli import _jobs
    from longlag.cli.design import digests_of
    from longlag.design import grid, suite
    from longlag.engine import contracts, space, standing
    from longlag.store import files, records

    _arguments.refuse_twice(args.tasks, "--tasks")
    _refuse_one_name(args.plugin)
    _arguments.load_plugins(args)
    method = _newcomer(args)
    space.check(method)
    source = _reference(args)
    rows = grid.reported(records.read_rows(source))
    cells = grid.of(rows, args.tasks, args.lags, args.quick)
    _plugins.refuse_idle(args, [method], [cell.task for cell in cells])
    for lag, lacking in grid.absent(rows, args.tasks, args.lags).items():
        say(f"lag {lag} is left out on {', '.join(lacking)}: the reference has no rows there")
    if any(row.method == method for row in rows):
        raise LonglagError(f"{source} has rows of a method called {method!r}; give yours another name")
    out = args.out or Path("results/compare") / (f"{method}-quick" if args.quick else method)
    files.check_writable(out / "runs.csv")
    design = grid.suite_of(cells, "compare", [method], args.plugin)
    given = {**_compare_set.of_search(args.tuned, method, cells), **_compare_set.of_line(args.set, method, cells)}
    plan = suite.parse({**design, **given}, "the grid of the reference")
    plan = replace(plan, digests=digests_of(plan))
    lost = _compare_page.refuse_loss(plan, method, out, args.replace)
    left = _compare_cost.missing(plan, out)
    others, smoke = grid.beside(rows, cells, bool(args.lags or args.quick)), _SMOKE if args.quick else ""
    standings = standing.of(others)
    early = contracts.left_of_template("methods", method)
    if early:
        early = f"{method}: {early}; say what it is now: an edit after training makes it another method"
    for note in filter(None, [*_standing.sentences(others, standings), smoke, lost, early]):
        say(note)
    _compare_cost.state(method, cells, _compare_page.named(source), left, plan, rows, args.cores)
    if args.dry_run or (left and not _agreed(args)):
        return 0
    files.write_atomically(out / "suite.json", (plan.to_json(plan.digests) + "\n").encode())
    _jobs.train(plan, out, args.cores, lambda job: print(_ended(out, job), flush=True))
    return _compare_page.write(plan, method, others, standings, source, out, smoke)


def _refuse_one_name(plugins: list[str]) -> None:
    """Raises LonglagError for two files of one name: the record of the newcomer has all plug-ins in one folder."""
    first: dict[str, str] = {}
    for plugin in plugins:
        other = first.setdefault(Path(plugin).name, plugin)
        if Path(other).resolve() != Path(plugin).resolve():
            raise LonglagError(
                f"--plugin names two files called {Path(plugin).name} ({other} and {plugin}), which the record of your "
                "method could not both have; rename one of them"
            )


def _newcomer(args: argparse.Namespace) -> str:
    from longlag import registry
    from longlag.words import join_words

    found = [args.method] if args.method else registry.loaded("methods")
    if len(found) > 1:
        raise LonglagError(f"the plug-ins define {join_words(found)}; compare takes one new method: add --method NAME")
    if not found:
        what = "the plug-ins define no method" if args.plugin else "no plug-in is named"
        raise LonglagError(f"{what}; compare takes one new method: add --plugin FILE or --method NAME")
    return str(registry.get("methods", found[0]).name)


def _reference(args: argparse.Namespace) -> Path:
    from longlag import resources

    return _arguments.runs_file(args.reference or resources.find(resources.REFERENCE))


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
