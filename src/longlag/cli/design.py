"""`longlag design`: a suite as JSON with the digest of each of its runs, which the rows must have."""

from __future__ import annotations

import argparse
import dataclasses
import json
import shlex
import sys
from functools import cache
from typing import TYPE_CHECKING, Any

from longlag.cli import _arguments
from longlag.errors import LonglagError, unknown

if TYPE_CHECKING:
    from longlag.design.job import Job
    from longlag.design.suite import Digests, Suite
    from longlag.engine.spec import RunSpec

HELP = "print a suite as JSON with the digest of each of its runs; the workflow writes it to suite.json"
EXAMPLE = "longlag design config/demo.yaml"


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("suite", metavar="FILE", help="config/NAME.yaml, or - for standard input")
    _arguments.add_plugins(parser)


def run(args: argparse.Namespace) -> None:
    from longlag.design import suite

    _arguments.load_plugins(args)
    plan = suite.parse(*_stdin()) if args.suite == "-" else suite.read(args.suite)
    print(plan.to_json(digests_of(plan)))


def _stdin() -> tuple[dict[str, Any], str]:
    from longlag.design import schemas

    source = "standard input"
    return schemas.loads(sys.stdin.buffer.read(), source), source


def digests_of(plan: Suite) -> Digests:
    """The digest of each run by job, task and lag. A run that cannot be built has None, and a line says why.

    Raises:
        LonglagError: unknown method or task; plug-ins need `--plugin`.
    """
    from longlag.cli import _training, ladder

    parser = argparse.ArgumentParser()
    ladder.configure(parser)
    digests: Digests = {}
    for job in plan.jobs:
        _check_names(job)
        args = parser.parse_args([*shlex.split(job.arguments()), "--out", ""])
        specs = [spec for lag in job.lags for spec in _training.specs(args, job.tasks, lag, (), args.candidate)]
        by_task: dict[str, dict[str, str | None]] = {task: {} for task in job.tasks}
        for spec in specs:
            by_task[spec.task][str(spec.lag)] = _digest(spec)
        digests[job.folder.as_posix()] = by_task
    return digests


def _check_names(job: Job) -> None:
    from longlag import registry

    for kind, name in [("methods", job.base or job.method), *(("tasks", task) for task in job.tasks)]:
        if name not in registry.names(kind):
            error = unknown(kind.removesuffix("s"), name, registry.names(kind))
            raise LonglagError(f"{error}; add --plugin FILE for a plug-in") if job.plugins else error


def _digest(spec: RunSpec) -> str | None:
    from longlag import registry

    sources = registry.source("methods", spec.method), registry.source("tasks", spec.task)
    return _known_digest(json.dumps(dataclasses.asdict(spec)), json.dumps(sources))


@cache
def _known_digest(spec: str, sources: str) -> str | None:
    """The digest of a spec in JSON; cached, since many jobs differ only in their seeds. sources: of edited plug-ins."""
    from longlag.engine.spec import RunSpec, resolve_elsewhere

    try:
        return resolve_elsewhere(RunSpec(**json.loads(spec))).spec_hash
    except LonglagError as error:
        print(f"longlag: a run of the suite cannot be built: {error}", file=sys.stderr)
        return None
