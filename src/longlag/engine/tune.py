"""Search of a method's declared space, on seeds reserved for tuning, by validation alone.

The candidates are the points of a Sobol sequence, log-uniform in each declared range, and are all drawn before the
first is trained. They are compared by their share wrong on the monitor set. Those that meet the criterion are compared
by the passes they took, the others by their last validation loss. Their rows have a test score like all rows; the
search does not use it. Tuning seeds start at a million, so that no reported run shares their data.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import torch

from longlag import protocol, registry
from longlag.engine.ladder import Rungs, climb
from longlag.engine.spec import RunSpec, resolve
from longlag.engine.train import Driver, run_to_end
from longlag.errors import LonglagError
from longlag.methods.base import Method
from longlag.store.records import Point, Row, Status

FIRST_SEED = protocol.FIRST_TUNING_SEED
_EDGE_SHARE = 0.1  # of a range on a logarithmic scale, at each end


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


def search(
    spec: RunSpec, n: int, on_event: Callable[[Point | Row], None], rungs: Rungs, driver: Driver = run_to_end
) -> Iterator[Trial]:
    """Trains every candidate on the spec's seeds; those with finished rungs are read instead.

    Raises:
        LonglagError: a candidate cannot be trained; nothing is then trained.
    """
    method = registry.get("methods", spec.method)
    drawn = candidates(method, n)
    setups = [resolve(dataclasses.replace(spec, overrides={**spec.overrides, **overrides})) for overrides in drawn]
    for overrides, setup in zip(drawn, setups, strict=True):
        rows, losses = [], []
        for row, points in climb([setup], rungs, on_event, driver):
            rows.append(row)
            losses += [point.loss for point in points[-1:]]
        yield Trial(
            overrides, rows, losses, [path for path, value in overrides.items() if _at_edge(method, path, value)]
        )


def best(trials: list[Trial]) -> Trial:
    """The trial with the smallest score."""
    return min(trials, key=lambda trial: trial.score)


def _at_edge(method: Method, path: str, value: float) -> bool:
    low, high = method.tune[path].low, method.tune[path].high
    position = math.log(value / low) / math.log(high / low)
    return not _EDGE_SHARE <= position <= 1 - _EDGE_SHARE
