"""What `train` and `ladder` do once their arguments are read."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from contextlib import ExitStack

from longlag.cli import _arguments, _gpu


def climb(args: argparse.Namespace, tasks: Sequence[str], lags: list[int]) -> int:
    """Trains a method up the lags of some tasks, writing rows as they come. Returns how many rows are errors."""
    with _gpu.slot(args.device):
        return _climb(args, tasks, lags)


def _climb(args: argparse.Namespace, tasks: Sequence[str], lags: list[int]) -> int:
    from longlag import protocol, settings
    from longlag.engine import ladder
    from longlag.engine.checkpoint import Checkpoints
    from longlag.engine.interrupt import Interruption
    from longlag.engine.progress import progress
    from longlag.engine.spec import RunSpec, prepare
    from longlag.engine.train import Driver, plain, watched
    from longlag.store import lock, records

    _arguments.prepare_outputs(args)
    budget, overrides = args.budget or protocol.DEFAULT_BUDGET, settings.parse(args.set)
    specs = [
        RunSpec(task, lags[0], args.method, args.seeds, budget, overrides, args.timeout, args.device) for task in tasks
    ]
    for spec in specs:
        prepare(spec)  # all names and numbers are checked before anything is trained
    stop, rungs = Interruption(), ladder.Rungs(args.cache, args.flow)
    driver: Driver = Checkpoints(args.cache, args.checkpoint_every, stop) if args.cache else plain
    driver = watched(driver) if args.flow else driver
    see, rows, points = progress(budget), [], []
    with ExitStack() as stack:
        for output in filter(None, (args.out, args.curve)):
            stack.enter_context(lock.held(output))
        if args.cache:
            stack.enter_context(stop.listening())
        for spec in specs:
            for row, curve in ladder.climb(spec, lags, rungs, see, driver):
                rows.append(row)
                points += curve
                records.write_rows(args.out, rows)  # what is finished is kept, whatever comes
        points.sort(key=lambda point: (point.task, point.method, point.lag, point.seed, point.passes))
        if args.curve:
            records.write_points(args.curve, points)
    return sum(row.status == records.Status.ERROR for row in rows)
