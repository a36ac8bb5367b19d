"""What `train`, `ladder` and `tune` do once their arguments are read."""

from __future__ import annotations

import argparse
import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from longlag.cli import _arguments, _gpu
from longlag.errors import LonglagError

if TYPE_CHECKING:
    from longlag.engine.spec import RunSpec
    from longlag.engine.train import Driver
    from longlag.store.records import Row


def specs(
    args: argparse.Namespace, tasks: Sequence[str], lag: int, seeds: tuple[int, ...], candidate: int | None = None
) -> list[RunSpec]:
    """A spec per task. candidate: that of `--candidate`; it names the variant, unless `--variant` does."""
    from longlag import protocol, settings
    from longlag.design.job import candidate_name
    from longlag.engine.spec import RunSpec

    budget, values = args.budget or protocol.DEFAULT_BUDGET, settings.parse(args.set)
    variant = args.variant or ("" if candidate is None else candidate_name(args.method, candidate))
    for task in settings.tasks_of(values):
        if task not in tasks:
            raise LonglagError(
                f"--set {task}:... is for task {task!r}, which is not trained; the tasks here: {', '.join(tasks)}"
            )
    return [
        RunSpec(task, lag, args.method, seeds, budget, settings.of_task(values, task), args.timeout, args.device,
                variant=variant, candidate=candidate, stop=args.stop,
                rules=settings.parse(args.rule, "--rule", "recent=2000"))
        for task in tasks
    ]  # fmt: skip


def cache_of(args: argparse.Namespace) -> Path:
    """The folder of finished rungs and checkpoints: that of `--cache`, else a hidden one beside `--out`.

    Raises:
        LonglagError: a link has the name of the hidden one.
    """
    if args.cache:
        return Path(args.cache)
    out = Path(args.out)
    folder = out.with_name(f".{out.name}.cache")
    if folder.is_symlink():  # in a shared folder, perhaps somebody else's
        raise LonglagError(f"{folder} is a link; delete it, or choose a folder with --cache DIR")
    return folder


@contextmanager
def cached(args: argparse.Namespace) -> Iterator[Driver]:
    """A driver that keeps checkpoints in the cache; SIGTERM ends it after a last one."""
    from longlag.engine.checkpoint import Checkpoints
    from longlag.engine.interrupt import Interruption

    every = args.checkpoint_every or _arguments.checkpoint_variable(os.environ.get("LONGLAG_CHECKPOINT_EVERY", "60"))
    stop, folder = Interruption(), cache_of(args)
    try:
        with stop.listening():
            yield Checkpoints(folder, every, stop)
    finally:
        if not args.cache:
            _remove_empty(folder)


def _remove_empty(folder: Path) -> None:
    """Deletes the folder if no file is in it, and every such folder below it."""
    for path, _, _ in os.walk(folder, topdown=False):
        with suppress(OSError):
            os.rmdir(path)


def discard(args: argparse.Namespace, rows: Sequence[Row]) -> None:
    """Deletes the hidden cache, since all is in the rows now. One of `--cache` stays, and so does that of a run that
    ended with an error or a timeout: the same command trains only that run again."""
    from longlag.store.records import Status

    if not args.cache and not {row.status for row in rows} & {Status.ERROR, Status.TIMEOUT}:
        shutil.rmtree(cache_of(args), ignore_errors=True)


def refuse_loss(args: argparse.Namespace, asked: Sequence[RunSpec], lags: Sequence[int]) -> None:
    """Raises LonglagError if an output holds runs that are not trained now, unless `--replace` is given."""
    from longlag.design.job import in_words
    from longlag.store import held
    from longlag.words import count

    if args.replace:
        return
    trained = {(spec.task, spec.name, lag, seed) for spec in asked for lag in lags for seed in spec.seeds}
    outputs = {"--out": held.by_rows, "--curves": held.by_curves}
    for option, held_by in outputs.items():
        path = vars(args).get(option.removeprefix("--"))
        if path and (lost := sorted(held_by(path) - trained)):
            raise LonglagError(
                f"{path} has {count(len(lost), 'other run')}, such as {in_words(lost[0])}, which would be lost; choose "
                f"another file with {option} (`longlag merge` joins the files of several calls), or add --replace"
            )


def climb(args: argparse.Namespace, tasks: Sequence[str], lags: list[int]) -> int:
    """Trains a method up the lags of some tasks, writing rows as they come. Returns how many rows are errors."""
    with _gpu.slot(args.device):
        return _climb(args, tasks, lags)


def _climb(args: argparse.Namespace, tasks: Sequence[str], lags: list[int]) -> int:
    from longlag.engine import ladder, space
    from longlag.engine.progress import progress
    from longlag.engine.reuse import Reuse
    from longlag.store import lock, records
    from longlag.store.curves import write_points
    from longlag.words import count

    if not args.curves:
        _arguments.refuse_idle(args.gradient_flow, "--gradient-flow", "--curves FILE")
    _arguments.check_seeds(args)
    _arguments.check_outputs(args.out, args.curves, cache=args.cache)
    if args.candidate:
        space.check(args.method)
    cache = cache_of(args)
    found = specs(args, tasks, lags[0], args.seeds, args.candidate)
    found = [replace(spec, gradient_flow=args.gradient_flow) for spec in found]
    ladders = [ladder.setups(spec, lags) for spec in found]  # all is checked before anything is trained
    rungs = ladder.Rungs(cache, Reuse.read(_arguments.runs_file(run) for run in args.reuse))
    on_event, rows, points, lost = progress(found[0].budget), [], [], 0
    with ExitStack() as stack:
        for output in filter(None, (args.out, args.curves)):
            stack.enter_context(lock.held(output))
        refuse_loss(args, found, lags)
        driver = stack.enter_context(cached(args))
        for setups in ladders:
            for row, curve in ladder.climb(setups, rungs, on_event, driver):
                rows.append(row)
                points += curve
                lost += bool(row.origin and row.evaluation_passes and not curve)
                records.write_rows(args.out, rows)  # what is finished is kept, whatever comes
        points.sort(key=lambda point: (point.task, point.method, point.lag, point.seed, point.passes))
        if args.curves:
            write_points(args.curves, points)
        discard(args, rows)
    taken = sum(bool(row.origin) for row in rows)
    reused = f", {taken} of them reused" if taken else ""
    if lost and args.curves:
        reused += f" ({lost} without learning curves, which are not beside the file of --reuse)"
    written = [f"{args.out}: {count(len(rows), 'row')}{reused}"]
    written += [f"{args.curves}: {count(len(points), 'point')} of learning curves"] if args.curves else []
    print("; ".join(written))
    return sum(row.status == records.Status.ERROR for row in rows)
