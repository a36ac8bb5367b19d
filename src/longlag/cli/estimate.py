"""`longlag estimate`: what a suite will cost, before anything starts."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from longlag.cli import _arguments
from longlag.errors import LonglagError, documentation, say

if TYPE_CHECKING:
    from longlag.design.estimate import Cost, Need
    from longlag.design.footprints import Footprint
    from longlag.design.suite import Suite
    from longlag.store.records import Key

HELP = "estimate a suite's cost from recorded costs, before anything starts"
EXAMPLE = "longlag estimate reference_full --cores 500"


def configure(parser: argparse.ArgumentParser) -> None:
    _arguments.add_suite(parser)
    record = (
        "recorded runs to go by: folders with runs.csv, or such files (default: those of the package, in a clone more)"
    )
    parser.add_argument("runs", metavar="RUN", nargs="*", type=Path, help=record)
    parser.add_argument(
        "--cores",
        type=_arguments.count("number of cores"),
        default=2,
        help="cores that run jobs at the same time (default: 2)",
    )
    _arguments.add_plugins(parser)


def run(args: argparse.Namespace) -> None:
    from longlag import resources
    from longlag.design import digests
    from longlag.design.estimate import Record, estimate, longest, total
    from longlag.store.records import read_rows
    from longlag.words import count, duration

    found = _arguments.suite_of(args)
    runs = args.runs or resources.recorded()
    rows = [row for path in runs for row in read_rows(_arguments.runs_file(path))]
    if not any(row.seconds > 0 for row in rows):
        raise LonglagError(f"{_named(args.runs)}: no recorded run to estimate from; name a runs.csv of finished runs")
    if {*found.plugins} <= {*args.plugin}:
        taken = _taken(replace(found, digests=digests.work_out(found, args.plugin, say)))
    else:
        flags = " ".join(f"--plugin {p}" for p in found.plugins)
        taken = frozenset()
        say(f"{found.source}: not checked; an estimate does not run code that a file names: add {flags} to run it")
    record, named = Record(rows, _footprints()), _named(args.runs)
    costs = estimate(found, rows, taken)
    everything = total(costs)
    heads = f"{'CPU time':>10}{'from':>10}{'to':>10}{'guessed':>9}{'minutes/job':>13}{'MB/job':>13}"
    print(f"{'method':<22}{'jobs':>7}{'runs':>8}{heads}")
    for cost in [*costs, everything]:
        jobs = [job for job in found.jobs if cost is everything or job.entry == cost.method]
        print(_line(cost, [record.need(job) for job in jobs]))
    slowest = longest(found, record, taken)
    clock = max(everything.seconds / args.cores, slowest)
    print(
        f"{found.name}: {count(everything.jobs, 'job')}, {duration(everything.seconds)} of CPU time, "
        f"{everything.guessed / max(everything.seconds, 1e-9):.0%} of it guessed; about {duration(clock)} by the clock "
        f"on {count(args.cores, 'core')} like those of {named}; the longest job takes {duration(slowest)}"
    )
    print("by the clock: of the jobs alone; design, figures, tables and the page take a minute or two more")
    print(
        "minutes/job, MB/job: the time and memory that a cluster is asked for at the first attempt "
        f"({documentation('docs/cluster.md')})"
    )


def _named(runs: Sequence[Path]) -> str:
    """The records that an estimate goes by, in words; without any, those of the package.

    >>> _named([Path("results/mine"), Path("old.csv")]), _named([])
    ('results/mine old.csv', "the package's record")
    """
    return " ".join(map(str, runs)) or "the package's record"


def _taken(plan: Suite) -> frozenset[Key]:
    """The runs that the suite takes from the files of its `reuse`; says how many."""
    from longlag.store.records import is_final, read_rows

    if not plan.reuse:
        return frozenset()
    there = {(row.spec_hash, row.seed) for path in plan.reuse for row in read_rows(path) if is_final(row)}
    wanted = plan.wanted()
    taken = frozenset(key for key, digest in wanted.items() if (digest, key[3]) in there)
    say(f"{len(taken)} of {len(wanted)} runs are in the files of reuse already; the estimate is of the others")
    return taken


def _line(cost: Cost, needs: Sequence[Need]) -> str:
    from longlag.words import duration

    times = "".join(f"{duration(seconds):>10}" for seconds in (cost.seconds, cost.low, cost.high))
    share = f"{cost.guessed / max(cost.seconds, 1e-9):>9.0%}"
    asked = [_between([need.minutes for need in needs]), _between([need.megabytes for need in needs])]
    return f"{cost.method:<22}{cost.jobs:>7}{cost.runs:>8}{times}{share}{asked[0]:>13}{asked[1]:>13}"


def _between(values: Sequence[int]) -> str:
    """The smallest and the largest of some numbers.

    >>> _between([5, 5]), _between([6, 5, 70])
    ('5', '5 to 70')
    """
    low, high = min(values), max(values)
    return str(low) if low == high else f"{low} to {high}"


def _footprints() -> list[Footprint]:
    """The memory of jobs that comes with the package, as the workflow reads it."""
    from longlag import resources
    from longlag.design import footprints
    from longlag.store import files

    path = resources.find(resources.REFERENCE) / "memory.csv"
    return footprints.read(path) if files.is_file(path) else []
