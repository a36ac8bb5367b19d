"""The jobs of a suite, each one `longlag ladder`: what one trains, and how it runs here without Snakemake."""

from __future__ import annotations

import argparse
import shlex
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from longlag.engine.interrupt import Interruption

if TYPE_CHECKING:
    from longlag.design.job import Job
    from longlag.design.suite import Suite
    from longlag.engine.spec import RunSpec

_LOOK_EVERY = 0.1  # seconds


def pending(plan: Suite, folder: Path) -> list[Job]:
    """The jobs without a row of the right digest for each of their runs. folder: that of `train`."""
    from longlag.design import collect

    return [job for job in plan.jobs if not collect.answers(_file(folder, job, "runs.csv"), plan.wanted(job))]


def train(plan: Suite, folder: Path, cores: int, ended: Callable[[Job], None]) -> None:
    """Runs what is pending, at most `cores` jobs at a time. A killed call resumes: rungs and checkpoints are kept.

    Args:
        plan: with its digests.
        folder: for jobs/, the files of each job; rungs/, finished rungs and checkpoints; logs/.
        ended: called when a job has ended, however it did; a job that failed leaves no rows.

    Raises:
        Interrupted: a signal; the jobs have ended, with the checkpoints that they could write.
    """
    left = pending(plan, folder)
    running: dict[subprocess.Popen[bytes], Job] = {}
    stop = Interruption()
    with stop.listening():
        try:
            while left or running:
                while left and len(running) < cores:
                    job = left.pop(0)
                    running[_start(job, folder)] = job
                time.sleep(_LOOK_EVERY)
                for process in [one for one in running if one.poll() is not None]:
                    ended(running.pop(process))
                stop.check()
        finally:
            for process in running:
                with suppress(OSError):
                    process.terminate()  # once: a second signal would end it without a checkpoint
            for process in running:
                process.wait()


def words(job: Job, folder: Path) -> list[str]:
    """The words of `longlag` that run a job. folder: that of `train`, whose files of jobs are its own."""
    places = ["--replace", "--cache", folder / "rungs", "--out", _file(folder, job, "runs.csv")]
    places += ["--curves", _file(folder, job, "curves.parquet")]
    return ["ladder", *shlex.split(job.arguments()), *map(str, places)]


def specs(job: Job) -> list[RunSpec]:
    """What a job trains, by the words that run it: a spec for each lag and task, with all the fields but the seeds."""
    from longlag.cli import _training

    args = _parser().parse_args([*shlex.split(job.arguments()), "--out", ""])
    found = [spec for lag in job.lags for spec in _training.specs(args, job.tasks, lag, (), args.candidate)]
    return [replace(spec, gradient_flow=args.gradient_flow) for spec in found]


@cache
def _parser() -> argparse.ArgumentParser:
    from longlag.cli import ladder

    parser = argparse.ArgumentParser(allow_abbrev=False)
    ladder.configure(parser)
    return parser


def _start(job: Job, folder: Path) -> subprocess.Popen[bytes]:
    """A process of its own session, so that Ctrl-C reaches it through `train` alone."""
    log = folder / "logs" / job.folder.with_suffix(".log")
    log.parent.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-P", "-m", "longlag", *words(job, folder)]
    with log.open("wb") as output:
        return subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT, start_new_session=True
        )


def _file(folder: Path, job: Job, name: str) -> Path:
    return folder / "jobs" / job.folder / name
