"""`longlag train`: one method on one task at one lag, some seeds."""

from __future__ import annotations

import argparse

from longlag.cli import _arguments

HELP = "train one method on one task at one lag (no ladder)"
EXAMPLE = "longlag train --task temporal_order --lag 50 --method hf --seeds 0:3 --out runs.csv --curve curve.parquet"


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--task", required=True, help="a name from `longlag list`")
    parser.add_argument("--lag", type=_arguments.lag, required=True, help="the papers' nominal lag T, in steps")
    _arguments.add_training(parser)


def run(args: argparse.Namespace) -> int:
    from longlag import protocol, records, settings, train
    from longlag.progress import progress
    from longlag.spec import RunSpec

    _arguments.prepare_outputs(args)
    budget = args.budget or protocol.DEFAULT_BUDGET
    overrides = settings.parse(args.set)
    spec = RunSpec(args.task, args.lag, args.method, args.seeds, budget, overrides, args.timeout, args.device)
    see, rows, points = progress(budget), [], []
    for event in train.attempt(spec):
        see(event)
        if isinstance(event, records.Row):
            rows.append(event)
            records.write_rows(args.out, rows)  # what is finished is kept, whatever comes
        else:
            points.append(event)
    if args.curve:
        records.write_points(args.curve, points)
    return int(any(row.status == records.Status.ERROR for row in rows))
