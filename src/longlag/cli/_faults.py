"""Runs of a suite that cannot be run, said before anything is trained: which cell, which runs, why, and the remedy.

A fault of the suite, such as an impossible lag or an unknown setting, refuses the suite. So does a method that can be
built for none of its runs. If a method from outside the package can be built for some of its runs, the faults of the
others are a warning: its other jobs, and those of other methods, still run.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from longlag.errors import LonglagError
from longlag.words import count, join_words

if TYPE_CHECKING:
    from longlag.design.job import Job
    from longlag.design.suite import Suite

MOST_LINES = 10  # of different faults in one error
MOST_NAMES = 5  # of methods, tasks or lags in a line


@dataclass(frozen=True)
class Fault:
    """One task at one lag of a job, and why it cannot be run. by_method: the code of a foreign method fails there."""

    job: Job
    task: str
    lag: int
    reason: str
    by_method: bool


def judge(plan: Suite, faults: Sequence[Fault]) -> str:
    """The warning that these faults give; empty without faults.

    Raises:
        LonglagError: they are faults of the suite, or a method can be built for no run.
    """
    if not faults:
        return ""
    of_job = Counter(fault.job.folder for fault in faults)
    hopeless = {fault.job.method for fault in faults}
    hopeless -= {job.method for job in plan.jobs if of_job[job.folder] < len(job.tasks) * len(job.lags)}
    refused = [fault for fault in faults if not fault.by_method or fault.job.method in hopeless]
    if refused:
        raise LonglagError(f"{_of_all(plan, refused)} cannot be run, so nothing is started:{_listed(plan, refused)}")
    jobs = list({fault.job.folder: fault.job for fault in faults}.values())
    lost = f"their {count(len(jobs), 'job')} with {count(sum(len([*job.runs()]) for job in jobs), 'run')}"
    return f"{_of_all(plan, faults)} cannot be built, and {lost} will end with an error:{_listed(plan, faults)}"


def absent(plan: Suite, fails: Callable[[str], str]) -> str:
    """A note on devices that this machine does not have: the suite may be for another one. Empty if it has all.

    fails: why a device cannot be used here; empty if it can.
    """
    notes = []
    for device in dict.fromkeys(job.device for job in plan.jobs):
        jobs = sum(job.device == device for job in plan.jobs)
        if device != "cpu" and (reason := fails(device)):
            notes.append(f"{plan.source}: {count(jobs, 'job')} cannot run on this machine: {reason}")
    return "; ".join(notes)


def _of_all(plan: Suite, faults: Sequence[Fault]) -> str:
    runs = sum(len(fault.job.seeds) for fault in faults)
    return f"{plan.source}: {runs:,} of {count(sum(len([*job.runs()]) for job in plan.jobs), 'run')}"


def _listed(plan: Suite, faults: Sequence[Fault]) -> str:
    """A line for each reason, with the cells, methods, tasks and lags that it holds for."""
    by_reason: dict[str, list[Fault]] = defaultdict(list)
    for fault in faults:
        by_reason[fault.reason].append(fault)
    lines = [f"\n  {_where(plan, some)}: {reason}" for reason, some in by_reason.items()]
    more = [f"\n  and {len(lines) - MOST_LINES} more reasons"] if len(lines) > MOST_LINES else []
    return "".join(lines[:MOST_LINES] + more)


def _where(plan: Suite, faults: Sequence[Fault]) -> str:
    cells = join_words(dict.fromkeys(_cell(plan, fault) for fault in faults))
    methods, tasks = _some(fault.job.entry for fault in faults), _some(fault.task for fault in faults)
    lags = sorted({fault.lag for fault in faults})
    return f"{cells}, {methods} on {tasks} at {'lag' if len(lags) == 1 else 'lags'} {_some(map(str, lags))}"


def _some(names: Iterable[str]) -> str:
    """The first of these names, and how many more there are."""
    found = [*dict.fromkeys(names)]
    more = len(found) - MOST_NAMES
    return join_words(found if more <= 1 else [*found[:MOST_NAMES], f"{more} more"])


def _cell(plan: Suite, fault: Fault) -> str:
    """`cells[0]`, as errors name it: the first cell that asks for this method, task and lag."""
    job = fault.job
    names = {job.method, job.base} if job.candidate is None else {job.base, job.method.rpartition("-")[0]}
    return next(
        f"cells[{number}]"
        for number, cell in enumerate(plan.config["cells"])
        if names & {*cell["methods"]}
        and fault.task in cell["tasks"]
        and fault.lag in cell.get("lags", plan.config.get("lags", job.lags))
    )
