"""What `train`, `ladder` and `tune` do once their arguments are read."""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

from longlag.cli import _arguments, _gpu

if TYPE_CHECKING:
    from longlag.engine.spec import RunSpec
    from longlag.engine.train import Driver


def specs(args: argparse.Namespace, tasks: Sequence[str], lag: int, seeds: tuple[int, ...]) -> list[RunSpec]:
    """A spec per task."""
    from longlag import protocol, settings
    from longlag.engine.spec import RunSpec

    budget, overrides = args.budget or protocol.DEFAULT_BUDGET, settings.parse(args.set)
    return [RunSpec(task, lag, args.method, seeds, budget, overrides, args.timeout, args.device) for task in tasks]


@contextmanager
def cached(args: argparse.Namespace) -> Iterator[Driver]:
    """The driver that `--cache` asks for: with one, it keeps checkpoints, and SIGTERM ends it after a last one."""
    from longlag.engine.checkpoint import Checkpoints
    from longlag.engine.interrupt import Interruption
    from longlag.engine.train import run_to_end

    if not args.cache:
        _arguments.refuse_idle(args.checkpoint_every, "--checkpoint-every", "--cache DIR")
        yield run_to_end
        return
    default = os.environ.get("LONGLAG_CHECKPOINT_EVERY", "60")
    stop = Interruption()
    with stop.listening():
        yield Checkpoints(args.cache, args.checkpoint_every or _arguments.checkpoint_interval(default), stop)


def climb(args: argparse.Namespace, tasks: Sequence[str], lags: list[int]) -> int:
    """Trains a method up the lags of some tasks, writing rows as they come. Returns how many rows are errors."""
    with _gpu.slot(args.device):
        return _climb(args, tasks, lags)


def _climb(args: argparse.Namespace, tasks: Sequence[str], lags: list[int]) -> int:
    from longlag.engine import ladder
    from longlag.engine.progress import progress
    from longlag.store import lock, records
    from longlag.store.curves import write_points
    from longlag.words import count

    if not args.curves:
        _arguments.refuse_idle(args.gradient_flow, "--gradient-flow", "--curves FILE")
    _arguments.load_plugins(args)
    _arguments.check_outputs(args.out, args.curves, cache=args.cache)
    found = [replace(spec, gradient_flow=args.gradient_flow) for spec in specs(args, tasks, lags[0], args.seeds)]
    ladders = [ladder.setups(spec, lags) for spec in found]  # all is checked before anything is trained
    rungs, on_event, rows, points = ladder.Rungs(args.cache), progress(found[0].budget), [], []
    with ExitStack() as stack:
        for output in filter(None, (args.out, args.curves)):
            stack.enter_context(lock.held(output))
        driver = stack.enter_context(cached(args))
        for setups in ladders:
            for row, curve in ladder.climb(setups, rungs, on_event, driver):
                rows.append(row)
                points += curve
                records.write_rows(args.out, rows)  # what is finished is kept, whatever comes
        points.sort(key=lambda point: (point.task, point.method, point.lag, point.seed, point.passes))
        if args.curves:
            write_points(args.curves, points)
    written = [f"{args.out}: {count(len(rows), 'row')}"]
    written += [f"{args.curves}: {count(len(points), 'point')} of learning curves"] if args.curves else []
    print("; ".join(written))
    return sum(row.status == records.Status.ERROR for row in rows)
