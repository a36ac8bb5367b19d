"""`longlag estimate`: what a suite will cost, before anything starts."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from longlag.cli import _arguments
from longlag.errors import LonglagError

HELP = "estimate a suite's cost from recorded costs, before anything starts"
EXAMPLE = "longlag estimate paper results/reference results/demo --cores 500"


def configure(parser: argparse.ArgumentParser) -> None:
    _arguments.add_suite(parser)
    record = "recorded runs to go by: folders with runs.csv, or such files (default: the reference of the package)"
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

    found = _arguments.suite_of(args)
    runs = args.runs or [resources.find(resources.REFERENCE)]
    rows = [row for run in runs for row in read_rows(_arguments.runs_file(run))]
    if not any(row.seconds > 0 for row in rows):
        named = " ".join(map(str, runs))
        raise LonglagError(f"{named}: no recorded run to estimate from; name a runs.csv of finished runs")
    if {*found.plugins} <= {*args.plugin}:
        digests.work_out(found, args.plugin, _note)
    else:
        _note(f"{found.source}: not checked; load its plug-ins with {' '.join(f'--plugin {p}' for p in found.plugins)}")
    costs = estimate(found, rows)
    everything = total(costs)
    print(f"{'method':<22}{'jobs':>7}{'runs':>8}{'core-hours':>12}{'from':>9}{'to':>9}{'of it guessed':>15}")
    for cost in [*costs, everything]:
        hours, low, high = (seconds / 3600 for seconds in (cost.seconds, cost.low, cost.high))
        name = f"{cost.method:<22}{cost.jobs:>7}{cost.runs:>8}"
        print(f"{name}{hours:>12.2f}{low:>9.2f}{high:>9.2f}{cost.guessed / max(cost.seconds, 1e-9):>15.0%}")
    slowest, record = longest(found, Record(rows)) / 60, " ".join(map(str, runs))
    minutes = max(everything.seconds / 60 / args.cores, slowest)
    print(
        f"{found.name}: {everything.seconds / 3600:.2f} core-hours, "
        f"{everything.guessed / max(everything.seconds, 1e-9):.0%} of it guessed; about {_minutes(minutes)} "
        f"on {args.cores} cores like those of {record}; the longest job takes {_minutes(slowest)}"
    )


def _note(line: str) -> None:
    print(f"longlag: {line}", file=sys.stderr)


def _minutes(value: float) -> str:
    """A time in words.

    >>> _minutes(0.2), _minutes(1.3), _minutes(90.2)
    ('less than a minute', '1 minute', '90 minutes')
    """
    from longlag.words import count

    return count(round(value), "minute") if value >= 0.5 else "less than a minute"
