"""Which candidate of a search is best: by validation alone, the same rule for every method.

A run is *within the criterion* if it met it on the monitor set at some evaluation. Candidates are compared by

1. failures: one with a seed that diverged, ended with an error or was never evaluated is worse than all others;
2. the share of runs that are not within the criterion;
3. the passes that were spent, the whole budget for such a run;
4. the share of monitor sequences wrong at the best evaluation, 0 for a run within the criterion;
5. the last validation loss, in units of that of the constant answer;

each a mean over seeds (and over tasks for the setting of all tasks), smaller being better; then by their number, so
that the recipe wins a tie. No score on a test set is among these. What counts in the benchmark comes first: the shares
wrong of runs that learned little differ by chance, and must not outweigh the passes of those that met the criterion.

In a final, whose candidates an earlier search chose, that choice stays on a task where no run is within the criterion.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Any

from longlag import protocol
from longlag.store.records import Row, Status


@dataclass(frozen=True)
class Trial:
    """One run of a search: a row of `results/tuning/trials.csv`. No column is of a test set."""

    method: str
    candidate: int
    task: str
    lag: int
    seed: int
    status: str
    wrong: float  # lowest share of monitor sequences wrong; nan if there was no evaluation
    passes: float
    budget: float
    loss: float  # last validation loss; nan if there was no evaluation
    constant_loss: float  # of the constant answer
    seconds: float  # CPU
    version: int  # numerics version of the method
    spec_hash: str
    settings: Mapping[str, Any]  # what differs from the recipe, by path

    @property
    def failed(self) -> bool:
        """Whether no score counts."""
        lost = self.status in (Status.DIVERGED, Status.ERROR, Status.NOT_ATTEMPTED)
        return lost or math.isnan(self.wrong) or math.isnan(self.loss)

    @property
    def met(self) -> bool:
        """Whether the run is within the criterion."""
        return self.wrong <= protocol.CRITERION


@dataclass(frozen=True, order=True)
class Rank:
    """What candidates are ordered by, best first: field by field, smaller is better."""

    failed: bool
    unmet: float
    passes: float
    wrong: float
    loss: float


def score(trials: Sequence[Trial]) -> Rank:
    """The score of one candidate on some tasks and seeds."""
    if any(trial.failed for trial in trials):
        return Rank(True, math.inf, math.inf, math.inf, math.inf)
    return Rank(
        False,
        fmean(not trial.met for trial in trials),
        fmean(trial.passes if trial.met else trial.budget for trial in trials),
        fmean(0.0 if trial.met else trial.wrong for trial in trials),
        fmean(trial.loss / (trial.constant_loss or 1.0) for trial in trials),
    )


def of_row(row: Row, method: str, candidate: int, loss: float, settings: Mapping[str, Any]) -> Trial:
    """The trial that a row tells of. loss: the last validation loss of its learning curve."""
    return Trial(
        method=method,
        candidate=candidate,
        task=row.task,
        lag=row.lag,
        seed=row.seed,
        status=row.status,
        wrong=row.best_error,
        passes=row.passes,
        budget=row.budget,
        loss=loss,
        constant_loss=row.constant_loss,
        seconds=row.seconds,
        version=row.method_version,
        spec_hash=row.spec_hash,
        settings=settings,
    )


@dataclass(frozen=True)
class Choice:
    """What was chosen for one method: numbers of candidates. None: every candidate failed, and the recipe stays.

    trials: all of the method, by candidate and task; a candidate of a final may have some of the tasks only.
    """

    method: str
    one: int | None
    tasks: Mapping[str, int | None]
    trials: Mapping[int, Mapping[str, Sequence[Trial]]]
    final: bool = False  # an earlier search chose the candidates

    def ranking(self, task: str | None = None) -> list[int]:
        """The candidates from the best down, on one task or on all."""
        tasks = {name for found in self.trials.values() for name in found} if task is None else {task}
        whole = [number for number, found in self.trials.items() if tasks <= {*found}]
        return sorted(whole, key=lambda number: (self.score(number, task), number))

    def score(self, candidate: int | None, task: str | None = None) -> Rank:
        """The score of a candidate on one task, or on all; of the recipe for None."""
        found = self.trials[candidate or 0]
        return score(found[task] if task else [trial for trials in found.values() for trial in trials])

    def settings(self, candidate: int | None, task: str | None = None) -> dict[str, Any]:
        """What a candidate changes on one task, or on any of them; {} for None."""
        found = self.trials[candidate or 0] if candidate is not None else {}
        chosen = [trials[0].settings for name, trials in found.items() if task in (None, name)]
        return {path: value for settings in chosen for path, value in settings.items()}


@dataclass(frozen=True)
class Earlier:
    """What an earlier search chose for a method whose final this is: numbers of candidates."""

    one: int
    tasks: Mapping[str, int]


def choose(method: str, trials: Iterable[Trial], earlier: Earlier | None = None) -> Choice:
    """The best candidate for each task, and for all of them, of the trials of one method."""
    found: dict[int, dict[str, list[Trial]]] = defaultdict(lambda: defaultdict(list))
    for trial in trials:
        found[trial.candidate][trial.task].append(trial)
    tasks = list(dict.fromkeys(task for by_task in found.values() for task in by_task))
    everywhere = Choice(method, None, {}, found)
    by_task = {task: _best(everywhere, task, earlier.tasks[task] if earlier else None) for task in tasks}
    one = _best(everywhere, None, earlier.one if earlier else None)
    return Choice(method, one, by_task, found, final=earlier is not None)


def _best(choice: Choice, task: str | None, earlier: int | None) -> int | None:
    best = choice.ranking(task)[0]
    rank = choice.score(best, task)
    if earlier is not None and (rank.failed or rank.unmet == 1):
        return earlier
    return None if rank.failed else best
