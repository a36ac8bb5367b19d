"""`longlag design`: a suite as JSON with the digest of each of its runs, which the rows must have."""

from __future__ import annotations

import argparse
import dataclasses
import json
import sys
from collections.abc import Callable
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from longlag.cli import _arguments, _faults, _jobs
from longlag.errors import LonglagError, say, unknown

if TYPE_CHECKING:
    from longlag.design.job import Job
    from longlag.design.suite import Digests, Suite
    from longlag.engine.spec import RunSpec

HELP = "print a suite as JSON with the digest of each of its runs; the workflow writes it to suite.json"
EXAMPLE = "longlag design config/demo.yaml"


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("suite", metavar="SUITE", help="a name in config/, a suite's file, or - for standard input")
    here = "the suite is to run on this machine: a device or memory that it does not have is a fault, not a note"
    parser.add_argument("--here", action="store_true", help=here)
    _arguments.add_plugins(parser)


def run(args: argparse.Namespace) -> None:
    from longlag.design import suite

    _arguments.load_plugins(args)
    plan = suite.parse(*_stdin()) if args.suite == "-" else _arguments.suite_of(args)
    digests = digests_of(plan, args.here)
    for line in _other_versions(plan):
        say(line)
    print(plan.to_json(digests))


def _other_versions(plan: Suite) -> list[str]:
    """The methods whose frozen settings were searched with other numerics than they have now, a line for each."""
    from longlag import registry

    chosen = (plan.config.get("tuned") or {}).get("methods", {})
    used = {job.base or job.method for job in plan.jobs} & {*chosen}
    found = {name: (chosen[name].get("version"), registry.get("methods", name).version) for name in sorted(used)}
    return [
        f"{plan.source}: the settings of {name} were searched with its version {old}; it is version {new} now"
        for name, (old, new) in found.items()
        if old not in (None, new)
    ]


def _stdin() -> tuple[dict[str, Any], str]:
    from longlag.design import schemas

    source = "standard input"
    return schemas.loads(sys.stdin.buffer.read(), source), source


def digests_of(plan: Suite, here: bool = False) -> Digests:
    """The digest of each run by job, task and lag. A run that a method from outside cannot be built for has None, and
    a line says why.

    here: on this machine, so that its devices and its memory count.

    Raises:
        LonglagError: unknown method or task; plug-ins need `--plugin`. A run that cannot be run (see `_faults.py`).
    """
    _check_spaces(plan)
    digests: Digests = {}
    faults: list[_faults.Fault] = []
    for job in plan.jobs:
        _check_names(plan, job)
        by_task: dict[str, dict[str, str | None]] = {task: {} for task in job.tasks}
        for spec in _jobs.specs(job):
            digest, reason, by_method = _digest(spec, here)
            by_task[spec.task][str(spec.lag)] = digest
            if reason:
                faults.append(_faults.Fault(job, spec.task, spec.lag, reason, by_method))
        digests[job.folder.as_posix()] = by_task
    for line in filter(None, [_faults.judge(plan, faults), "" if here else _faults.absent(plan, _fails)]):
        say(line)
    return digests


def _check_spaces(plan: Suite) -> None:
    """The spaces of the methods whose candidates are trained."""
    from longlag import registry
    from longlag.engine import space

    for name in sorted({job.base for job in plan.jobs if job.candidate} & {*registry.names("methods")}):
        try:
            space.check(name)
        except LonglagError as error:
            raise LonglagError(f"{plan.source}: {error}") from None


def _check_names(plan: Suite, job: Job) -> None:
    """The method and tasks of a job: each exists, and the suite names the plug-in that it is of."""
    from longlag import registry

    given = {Path(plugin).resolve() for plugin in job.plugins}
    for kind, name in [("methods", job.base or job.method), *(("tasks", task) for task in job.tasks)]:
        if name not in registry.names(kind):
            fault = unknown(kind.removesuffix("s"), name, registry.names(kind), partial(registry.label, kind))
            error = f"{plan.source}: {fault}"
            flags = " ".join(f"--plugin {plugin}" for plugin in job.plugins)
            said = f"; `design` does not run code that a suite names: add {flags} to run it"
            raise LonglagError(f"{error}{said if flags else ''}")
        file = registry.file(kind, name)
        if file and file not in given:
            error = f"{plan.source}: {name!r} is of the plug-in {file}, which the suite does not name"
            raise LonglagError(f"{error}, so that its jobs would fail; add the file under `plugins:`")


def _digest(spec: RunSpec, here: bool) -> tuple[str | None, str, bool]:
    from longlag import registry

    sources = registry.source("methods", spec.method), registry.source("tasks", spec.task)
    return _known_digest(json.dumps(dataclasses.asdict(spec)), json.dumps(sources), here)


@cache
def _known_digest(spec: str, sources: str, here: bool) -> tuple[str | None, str, bool]:
    """The digest of a spec in JSON, or why it cannot be run and whether the code of a foreign method says so.

    Cached, since many jobs differ only in their seeds. sources: of edited plug-ins.
    """
    from longlag.engine.spec import RunSpec, resolve, resolve_elsewhere

    given = RunSpec(**json.loads(spec))
    try:
        return (resolve if here else resolve_elsewhere)(given).spec_hash, "", False
    except LonglagError as error:
        return None, str(error), _by_method(given)


def _by_method(spec: RunSpec) -> bool:
    """Whether a method from outside the package cannot be built at all for this task and lag, with no setting changed,
    although the task has this lag."""
    from longlag import registry
    from longlag.engine.spec import resolve_elsewhere
    from longlag.tasks.base import check_lag

    if not registry.source("methods", spec.method):
        return False
    try:
        check_lag(registry.get("tasks", spec.task), spec.lag)
    except LonglagError:
        return False
    return bool(_refusal(lambda: resolve_elsewhere(dataclasses.replace(spec, overrides={}, variant=""))))


def _fails(device: str) -> str:
    """Why this machine has no such device; empty if it has."""
    from longlag.engine.devices import check_device

    return _refusal(lambda: check_device(device))


def _refusal(what: Callable[[], object]) -> str:
    try:
        what()
    except LonglagError as error:
        return str(error)
    return ""
