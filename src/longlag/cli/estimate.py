"""`longlag estimate`: what a suite will cost, before anything starts."""

from __future__ import annotations

import argparse
from pathlib import Path

from longlag.cli import _arguments

HELP = "estimate a suite's cost from recorded costs, before anything starts"
EXAMPLE = "longlag estimate standard --cores 2"


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("suite", metavar="SUITE", help="a name in config/ or the path of a suite's YAML file")
    record = "recorded runs to go by (default: results/reference/runs.csv)"
    parser.add_argument("--costs", metavar="RUNS.csv", default="results/reference/runs.csv", help=record)
    parser.add_argument(
        "--cores", type=_arguments.count("number of cores"), default=2, help="for the time of day (default: 2)"
    )


def run(args: argparse.Namespace) -> None:
    from longlag import suite
    from longlag.estimate import estimate
    from longlag.records import read_rows

    path = Path(args.suite)
    found = suite.read(path) if path.suffix else suite.find({"suite": args.suite}, [Path("config")])
    costs = estimate(found, read_rows(args.costs))
    print(f"{'method':<22}{'jobs':>6}{'runs':>7}{'core-minutes':>14}{'of it guessed':>15}")
    for cost in costs:
        share = f"{cost.guessed / cost.seconds:.0%}" if cost.seconds else "-"
        print(f"{cost.method:<22}{cost.jobs:>6}{cost.runs:>7}{cost.seconds / 60:>14.1f}{share:>15}")
    total, guessed = sum(cost.seconds for cost in costs), sum(cost.guessed for cost in costs)
    print(
        f"{found.name}: {total / 3600:.2f} core-hours, {guessed / max(total, 1e-9):.0%} of it guessed; "
        f"about {total / 60 / args.cores:.0f} minutes on {args.cores} cores like those of {args.costs}"
    )
