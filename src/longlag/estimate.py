"""What a suite will cost, from recorded costs. No torch, no pandas.

A run that the record knows (same task, method and lag) costs what it cost there: on average over the recorded seeds, a
lag that the ladder left out counting as nothing. Another budget cuts or stretches runs that it would have stopped. A
run that the record does not know is guessed: the nearest recorded lag of the pair, else of the method, in proportion
to passes and to the length of the sequence; it is assumed to spend its whole budget, so that guesses err high.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from statistics import mean

from longlag.records import Row, Status
from longlag.suite import Job, Suite

PROCESS_SECONDS = 3.0  # a job's start: Python, torch, checking its spec


@dataclass(frozen=True)
class Cost:
    """CPU seconds of one method's runs in a suite: in all, and how much of it is guessed; jobs and runs."""

    method: str
    jobs: int
    runs: int
    seconds: float
    guessed: float


def estimate(suite: Suite, recorded: Iterable[Row]) -> list[Cost]:
    """The suite's expected cost, one entry per method."""
    record = _Record(recorded)
    by_method: dict[str, list[Job]] = defaultdict(list)
    for job in suite.jobs:
        by_method[job.method].append(job)
    return [_cost(method, jobs, record) for method, jobs in sorted(by_method.items())]


def _cost(method: str, jobs: list[Job], record: _Record) -> Cost:
    known, guessed, runs = PROCESS_SECONDS * len(jobs), 0.0, 0
    for job in jobs:
        for task, _, lag, _ in job.runs():
            runs += 1
            seconds = record.known(task, method, lag, job.budget)
            if seconds is None:
                guessed += record.guess(task, method, lag, job.budget)
            else:
                known += seconds
    return Cost(method, len(jobs), runs, known + guessed, guessed)


class _Record:
    """Recorded rows by task, method and lag."""

    def __init__(self, rows: Iterable[Row]) -> None:
        self._rows: dict[tuple[str, str, int], list[Row]] = defaultdict(list)
        for row in rows:
            if row.status != Status.ERROR:
                self._rows[row.task, row.method, row.lag].append(row)

    def known(self, task: str, method: str, lag: int, budget: float) -> float | None:
        """Mean CPU seconds of a run of that cell, None if none is recorded."""
        rows = self._rows.get((task, method, lag))
        return mean(_seconds(row, budget) for row in rows) if rows else None

    def guess(self, task: str, method: str, lag: int, budget: float) -> float:
        """CPU seconds of a whole budget at the rate of the nearest recorded lag; 0 for a method never seen."""
        rows = [row for rows in self._rows.values() for row in rows if row.method == method and row.passes > 0]
        rows = [row for row in rows if row.task == task] or rows
        if not rows:
            return 0.0
        nearest = min(rows, key=lambda row: abs(row.lag - lag))
        alike = [row for row in rows if row.lag == nearest.lag]
        rate = mean(row.seconds / (row.passes * row.lag) for row in alike)
        one_shot = (
            all(row.passes < row.budget and not row.solved for row in alike) or max(r.updates for r in alike) < 10
        )
        return rate * lag * (mean(row.passes for row in alike) if one_shot else budget)


def _seconds(row: Row, budget: float) -> float:
    """What the row would have cost with another budget."""
    spent_all = row.status == Status.BUDGET and row.passes >= row.budget
    if row.passes > budget or (spent_all and row.passes > 0):
        return row.seconds * budget / row.passes
    return row.seconds
