"""Search of a method's declared space, on seeds reserved for tuning, by validation alone.

The candidates (`engine/candidates.py`) are all drawn before the first is trained. They are compared by their share
wrong on the monitor set. Those that meet the criterion are compared by the passes they took, the others by their last
validation loss. Their rows have a test score like all rows; the search does not use it. Tuning seeds start at a
million, so that no reported run shares their data.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from longlag import protocol, registry
from longlag.engine import candidates
from longlag.engine.ladder import Rungs, climb
from longlag.engine.spec import RunSpec, resolve
from longlag.engine.train import Driver, run_to_end
from longlag.store.records import Point, Row, Status

FIRST_SEED = protocol.FIRST_TUNING_SEED


@dataclass(frozen=True)
class Trial:
    """A candidate with one row per tuning seed. edges: the settings that lie near an end of their range."""

    overrides: dict[str, float]
    rows: list[Row]
    last_losses: list[float]
    edges: list[str]

    @property
    def score(self) -> tuple[float, float]:
        """Smaller is better: mean share wrong (0 once within the criterion), then passes or validation loss.

        A candidate is worse than all others if one of its seeds diverged, ended with an error or was stopped by the
        clock before its first evaluation.
        """
        measured = len(self.last_losses) == len(self.rows)
        if not measured or any(row.status in (Status.DIVERGED, Status.ERROR) for row in self.rows):
            return 1.0, math.inf
        error = sum(row.best_error for row in self.rows) / len(self.rows)
        if error <= protocol.CRITERION:
            return 0.0, sum(row.passes for row in self.rows) / len(self.rows)
        return error, sum(self.last_losses) / len(self.last_losses)


def search(
    spec: RunSpec, n: int, on_event: Callable[[Point | Row], None], rungs: Rungs, driver: Driver = run_to_end
) -> Iterator[Trial]:
    """Trains every candidate on the spec's seeds; those with finished rungs are read instead.

    Raises:
        LonglagError: a candidate cannot be trained; nothing is then trained.
    """
    method = registry.get("methods", spec.method)
    candidates.points(method, n)  # refuses a method without a space
    setups = [resolve(dataclasses.replace(spec, candidate=number)) for number in range(1, n + 1)]
    for setup in setups:
        chosen = {path: setup.spec.overrides[path] for path in method.tune if path in setup.spec.overrides}
        rows, losses = [], []
        for row, points in climb([setup], rungs, on_event, driver):
            rows.append(row)
            losses += [point.loss for point in points[-1:]]
        yield Trial(chosen, rows, losses, candidates.at_edge(method, chosen))


def best(trials: list[Trial]) -> Trial:
    """The trial with the smallest score."""
    return min(trials, key=lambda trial: trial.score)
