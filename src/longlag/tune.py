"""The declared search: settings of a method's declared space, quasi-random, on seeds of their own, by validation alone.

Candidates are the points of a Sobol sequence, log-uniform in each declared range, drawn before anything is run. A
candidate's score is its mean share wrong on the monitor's validation sequences, and among those that pass, the passes
it took: no test set is looked at. Tuning seeds start at a million, so that no reported run shares their data.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import torch

from longlag import protocol, registry
from longlag.errors import LonglagError
from longlag.methods.base import Method
from longlag.records import Point, Row
from longlag.train import RunSpec, attempt

FIRST_SEED = 1_000_000
_EDGE = 0.1  # of a range, on its logarithmic scale


@dataclass(frozen=True)
class Trial:
    """A candidate, one row per tuning seed, and at which ends of their ranges its settings lie."""

    overrides: dict[str, float]
    rows: list[Row]
    edges: list[str]

    @property
    def score(self) -> tuple[float, float]:
        """Smaller is better: mean share wrong (0 once within the criterion; 1 if it diverged), then mean passes."""
        errors = [1.0 if math.isnan(row.best_error) else row.best_error for row in self.rows]
        error = sum(errors) / len(errors)
        return (0.0 if error <= protocol.CRITERION else error, sum(row.passes for row in self.rows) / len(self.rows))


def candidates(method: Method, n: int) -> list[dict[str, float]]:
    """n points of the declared space.

    Raises:
        LonglagError: the method declares no space.
    """
    if not method.tune:
        raise LonglagError(f"method {method.name!r} declares no search space; give its METHOD a `tune`")
    points = torch.quasirandom.SobolEngine(len(method.tune)).draw(n + 1)[1:]  # the first point is a corner
    return [
        {path: r.low * (r.high / r.low) ** float(u) for (path, r), u in zip(method.tune.items(), point, strict=True)}
        for point in points
    ]


def search(spec: RunSpec, n: int, see: Callable[[Point | Row], None]) -> Iterator[Trial]:
    """Runs every candidate on the spec's seeds."""
    method = registry.get("methods", spec.method)
    for overrides in candidates(method, n):
        rows = []
        for event in attempt(dataclasses.replace(spec, overrides={**spec.overrides, **overrides})):
            see(event)
            if isinstance(event, Row):
                rows.append(event)
        yield Trial(overrides, rows, [path for path, value in overrides.items() if _at_edge(method, path, value)])


def best(trials: list[Trial]) -> Trial:
    """The trial with the smallest score."""
    return min(trials, key=lambda trial: trial.score)


def _at_edge(method: Method, path: str, value: float) -> bool:
    low, high = method.tune[path].low, method.tune[path].high
    position = math.log(value / low) / math.log(high / low)
    return not _EDGE <= position <= 1 - _EDGE
