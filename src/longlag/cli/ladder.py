"""`longlag ladder`: one method up the lag grid of one or several tasks; what the workflow calls."""

from __future__ import annotations

import argparse
from pathlib import Path

from longlag.cli import _arguments

HELP = "climb the lag grid with one method; a seed stops after two unsolved lags in a row"
EXAMPLE = "longlag ladder --method esn --task adding --task temporal_order --lags 20,50,100 --seeds 0:5 --out runs.csv"


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--task", required=True, action="append", help="a name from `longlag list`; may be repeated")
    parser.add_argument("--lags", type=_arguments.lags, required=True, help="the grid, such as 20,50,100")
    parser.add_argument("--cache", type=Path, help="folder of finished rungs, kept and reused")
    _arguments.add_training(parser)


def run(args: argparse.Namespace) -> None:
    from longlag import protocol, records, settings
    from longlag.ladder import Rungs, climb
    from longlag.progress import progress
    from longlag.spec import RunSpec, prepare

    _arguments.prepare_outputs(args)
    if args.cache:
        records.check_writable(args.cache / "rung")
    budget, overrides = args.budget or protocol.DEFAULT_BUDGET, settings.parse(args.set)
    specs = [
        RunSpec(task, args.lags[0], args.method, args.seeds, budget, overrides, args.timeout, args.device)
        for task in args.task
    ]
    for spec in specs:
        prepare(spec)  # all names and numbers are checked before anything is trained
    see, rows, points = progress(budget), [], []
    for spec in specs:
        for row, curve in climb(spec, args.lags, Rungs(args.cache), see):
            rows.append(row)
            points += curve
            records.write_rows(args.out, rows)  # what is finished is kept, whatever comes
    points.sort(key=lambda point: (point.task, point.method, point.lag, point.seed, point.passes))
    if args.curve:
        records.write_points(args.curve, points)
