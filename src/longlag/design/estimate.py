"""Estimates the cost of a suite and the resources of each of its jobs from recorded costs. No torch, no pandas.

Known runs (the record has the same task, method and lag) cost the mean of their recorded seeds; a lag that the ladder
left out costs nothing. With another budget, runs that it would have stopped are scaled. All other runs are guessed from
the nearest recorded lag of the same task and method, else of the method or its variants, else of all methods, in
proportion to passes and to the length of the sequence; a variant with more units than the recorded nets costs as their
squares. A guess assumes that the whole budget is spent, so guesses are too high. A recorded seed that would have left
the ladder before that lag (`protocol.GIVE_UP_AFTER`) is not counted; a lag without a record is taken to end as the lag
before it did.

The range of an estimate is for cores like those of the record. For known runs it is two standard errors of prediction
of the sum over new seeds: the variance is m^2 s^2 / n + m s^2 for n recorded and m new seeds, s being the standard
deviation of the cost of one seed on one ladder. For guessed runs it reaches from zero, since a ladder may leave them
out, to the whole budget of every seed.
"""

from __future__ import annotations

import json
import math
from collections import Counter, defaultdict
from collections.abc import Container, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import product
from statistics import mean, variance

from longlag import protocol
from longlag.design import footprints
from longlag.design.footprints import Footprint
from longlag.design.job import Job
from longlag.design.suite import Suite
from longlag.settings import bare
from longlag.store.records import Key, Row, Status, key_of
from longlag.store.specs import base_method

PROCESS_SECONDS = 3.0  # a job's start: Python, torch, checking its spec
STARTUP_MINUTES = 5  # Snakemake's two processes and torch, read from a busy shared file system
RUNTIME_FACTOR = 3.0  # requested over expected time: slower cores, unlucky seeds
MEMORY_FACTOR = 1.5  # requested over measured memory
SNAKEMAKE_MEGABYTES = 400  # two Snakemake processes run around a cluster's job; 150 each when measured
GROUP_BELOW_SECONDS = 60.0  # shorter jobs share a submission
_UNITS = "cell.hidden"  # the setting that decides what a pass costs
UNKNOWN_MINUTES, UNKNOWN_MEGABYTES = 240, 2000  # requests without a record


@dataclass(frozen=True)
class Cost:
    """The cost of one method in a suite, in CPU seconds.

    known: of runs in the record. guessed: of all others. most: of those if all seeds spend the whole budget.
    spread: two standard errors of `known`; 0 for a variant without rows of its own, of which nothing is known.
    """

    method: str
    jobs: int
    runs: int
    known: float
    guessed: float
    most: float
    spread: float

    @property
    def seconds(self) -> float:
        """Expected."""
        return self.known + self.guessed

    @property
    def low(self) -> float:
        """The low end of the range: guessed runs cost nothing."""
        return max(self.known - self.spread, 0.0)

    @property
    def high(self) -> float:
        """The high end of the range: guessed runs spend the whole budget."""
        return self.known + self.most + self.spread


@dataclass(frozen=True)
class Need:
    """The resources to request for one job. small: submit it together with other jobs."""

    minutes: int
    megabytes: int
    small: bool


def estimate(suite: Suite, recorded: Iterable[Row], taken: Container[Key] = ()) -> list[Cost]:
    """The suite's expected cost, one entry per method; the candidates of a search are one with it.

    taken: runs that need no training, because `reuse` has their rows.
    """
    record = Record(recorded)
    by_method: dict[str, list[Job]] = defaultdict(list)
    for job in suite.jobs:
        by_method[job.entry].append(job)
    return [_cost(name, jobs, record, taken) for name, jobs in sorted(by_method.items())]


def total(costs: Sequence[Cost]) -> Cost:
    """All methods together. Deviations of methods are independent; guesses are not."""
    jobs, runs = sum(cost.jobs for cost in costs), sum(cost.runs for cost in costs)
    known, guessed, most = (sum(getattr(cost, name) for cost in costs) for name in ("known", "guessed", "most"))
    return Cost("total", jobs, runs, known, guessed, most, math.hypot(*(cost.spread for cost in costs)))


def longest(suite: Suite, record: Record, taken: Container[Key] = ()) -> float:
    """Expected CPU seconds of the longest job: no number of cores makes a suite shorter. taken: as for `estimate`."""
    return max(record.expected(job, taken) for job in suite.jobs)


@dataclass(frozen=True)
class _Ladder:
    """What one seed of a job runs on one task. left: the lags that are to be trained, of all its lags."""

    task: str
    lags: tuple[int, ...]
    left: tuple[int, ...]
    budget: float
    timeout: float | None


def _ladders(job: Job, taken: Container[Key]) -> Iterator[_Ladder]:
    """One for each task and seed of a job."""
    for task, seed in product(job.tasks, job.seeds):
        left = tuple(lag for lag in job.lags if (task, job.method, lag, seed) not in taken)
        yield _Ladder(task, job.lags, left, job.budget, job.timeout)


def _cost(name: str, jobs: list[Job], record: Record, taken: Container[Key]) -> Cost:
    method, own = record.of(jobs[0])
    growth = record.growth(jobs[0])
    ladders = Counter(ladder for job in jobs for ladder in _ladders(job, taken))  # with the number of their seeds
    known, guessed, most, deviation = PROCESS_SECONDS * len(jobs), 0.0, 0.0, 0.0
    for ladder, seeds in ladders.items():
        if own:  # a guess has its own range
            deviation += record.deviation(ladder.task, method, ladder.left, ladder.budget, seeds)
        for lag, climbing in record.climbing(ladder.task, method, ladder.lags):
            if lag not in ladder.left:
                continue
            seconds, certain = record.seconds(ladder.task, method, lag, ladder.budget, ladder.timeout, growth)
            if certain and own:
                known += seeds * seconds
            else:
                guessed += seeds * seconds * climbing
                most += seeds * seconds
    runs = sum(seeds * len(ladder.left) for ladder, seeds in ladders.items())
    return Cost(name, len(jobs), runs, known, guessed, most, 2 * math.sqrt(deviation))


class Record:
    """Recorded rows by task, method and lag, and recorded memory. A row that is in two files counts once. Results are
    cached."""

    def __init__(self, rows: Iterable[Row], measured: Iterable[Footprint] = ()) -> None:
        self._rows: dict[tuple[str, str, int], list[Row]] = defaultdict(list)
        for row in {(key_of(row), row.spec_hash, row.seconds): row for row in rows}.values():
            if row.status != Status.ERROR:
                self._rows[row.task, row.method, row.lag].append(row)
        self._footprints: dict[str, dict[str, dict[int, float]]] = defaultdict(lambda: defaultdict(dict))
        for method, task, lag, megabytes in measured:
            self._footprints[method][task][lag] = megabytes
        self.seconds = cache(self._seconds)
        self.megabytes = cache(self._megabytes)

    def of(self, job: Job) -> tuple[str, bool]:
        """Whose rows say what a job costs, and whether they are its own: a variant without rows costs what its method
        does, which is a guess."""
        own = not job.base or any(method == job.method for _, method, _ in self._rows)
        return (job.method, True) if own else (job.base or job.method, False)

    def growth(self, job: Job) -> float:
        """How many times a pass of its method a pass of a variant costs: the squared ratio of their units.

        A smaller net is not cheaper in this proportion, so it counts as one of the recorded size.
        """
        method, own = self.of(job)
        wanted = [float(value) for path, value in job.settings.items() if bare(path.rpartition(":")[2]) == _UNITS]
        if own or not wanted:
            return 1.0
        recorded = max((_units(row.spec) for row in self._of_method(method)), default=0.0)
        return max(1.0, (max(wanted) / recorded) ** 2) if recorded else 1.0

    def need(self, job: Job) -> Need:
        """The request for a job: its expected time and the memory of its longest lag, each with a margin."""
        megabytes = self.megabytes(job.base or job.method, max(job.lags))
        if not self._rows:
            return Need(UNKNOWN_MINUTES, megabytes, small=False)
        seconds = self.expected(job)
        minutes = STARTUP_MINUTES + math.ceil(RUNTIME_FACTOR * seconds / 60)
        return Need(minutes, megabytes, small=seconds < GROUP_BELOW_SECONDS)

    def expected(self, job: Job, taken: Container[Key] = ()) -> float:
        """CPU seconds of the job's runs that are not taken from elsewhere."""
        method, _ = self.of(job)
        growth = self.growth(job)
        left = Counter((task, lag) for task, _, lag, _ in (key for key in job.runs() if key not in taken))
        rungs = (
            seeds * self.seconds(task, method, lag, job.budget, job.timeout, growth)[0]
            for (task, lag), seeds in left.items()
        )
        return PROCESS_SECONDS + sum(rungs)

    def climbing(self, task: str, method: str, lags: Sequence[int]) -> Iterator[tuple[int, float]]:
        """Each lag of a ladder with the share of recorded seeds that reach it; 1 without a record of this task."""
        solved = {lag: {row.seed: row.solved for row in self._rows.get((task, method, lag), ())} for lag in lags}
        failures = dict.fromkeys({seed for seeds in solved.values() for seed in seeds}, 0)
        latest = dict.fromkeys(failures, True)
        for lag in sorted(lags):
            reach = [seed for seed, failed in failures.items() if failed < protocol.GIVE_UP_AFTER]
            yield lag, len(reach) / len(failures) if failures else 1.0
            for seed in reach:
                latest[seed] = solved[lag].get(seed, latest[seed])
                failures[seed] = 0 if latest[seed] else failures[seed] + 1

    def deviation(self, task: str, method: str, lags: Sequence[int], budget: float, seeds: int) -> float:
        """Variance of the cost of `seeds` new seeds on the recorded lags of a ladder; 0 without two recorded."""
        spent: dict[int, float] = defaultdict(float)
        for lag in lags:
            for row in self._rows.get((task, method, lag), ()):
                spent[row.seed] += _with_budget(row, budget)
        if len(spent) < 2:
            return 0.0
        return variance(spent.values()) * (seeds**2 / len(spent) + seeds)

    def _seconds(
        self, task: str, method: str, lag: int, budget: float, timeout: float | None, growth: float = 1.0
    ) -> tuple[float, bool]:
        """CPU seconds of one run of that condition, and whether they are known rather than guessed."""
        rows = self._rows.get((task, method, lag))
        most = math.inf if timeout is None else timeout
        if rows:
            return min(growth * mean(_with_budget(row, budget) for row in rows), most), True
        return min(growth * self._guess(task, method, lag, budget), most), False

    def _every(self) -> list[Row]:
        return [row for rows in self._rows.values() for row in rows if row.passes > 0]

    def _of_method(self, method: str) -> list[Row]:
        """The rows of the method, else of its variants."""
        every = self._every()
        own = [row for row in every if row.method == method]
        return own or [row for row in every if _base(row.spec, row.method) == method]

    def _guess(self, task: str, method: str, lag: int, budget: float) -> float:
        """CPU seconds of a whole budget, at the rate of the nearest recorded lag; 0 if nothing is recorded."""
        of_method = self._of_method(method)
        rows = [row for row in of_method if row.task == task] or of_method
        if not rows:
            every = self._every()
            return _rate(every) * lag * budget if every else 0.0
        nearest = min(rows, key=lambda row: abs(row.lag - lag))
        alike = [row for row in rows if row.lag == nearest.lag]
        one_shot = (
            all(row.passes < row.budget and not row.solved for row in alike) or max(r.updates for r in alike) < 10
        )
        return _rate(alike) * lag * (mean(row.passes for row in alike) if one_shot else budget)

    def _megabytes(self, method: str, lag: int) -> int:
        """Memory of a job, rounded up to hundreds: that of the method's largest recorded task, else of any method."""
        known = self._footprints.get(method)
        tasks = [*known.values()] if known else [task for each in self._footprints.values() for task in each.values()]
        if not tasks:
            return UNKNOWN_MEGABYTES
        largest = max(footprints.at(task, lag) for task in tasks)
        return 100 * math.ceil((SNAKEMAKE_MEGABYTES + MEMORY_FACTOR * largest) / 100)


@cache
def _base(spec: str, method: str) -> str:
    """`base_method`; reading a spec is slow, and many rows have the same."""
    return base_method(spec, method)


@cache
def _units(spec: str) -> float:
    """The number of hidden units in a row's spec; 0 if it has none."""
    found = json.loads(spec) if spec else {}
    for name in ("method", "parts", "cell", "hidden"):
        found = found.get(name) if isinstance(found, dict) else None
    return float(found) if isinstance(found, int | float) else 0.0


def _rate(rows: Sequence[Row]) -> float:
    """CPU seconds per sequence pass and step of lag."""
    return sum(row.seconds for row in rows) / sum(row.passes * row.lag for row in rows)


def _with_budget(row: Row, budget: float) -> float:
    """The CPU seconds that the row would have cost with another budget."""
    spent_all = row.status == Status.BUDGET and row.passes >= row.budget
    if row.passes > budget or (spent_all and row.passes > 0):
        return row.seconds * budget / row.passes
    return row.seconds
