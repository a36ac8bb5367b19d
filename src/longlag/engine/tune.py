"""Search of a method's declared space, on seeds reserved for tuning, by validation alone.

The candidates (`engine/candidates.py`) are all drawn before the first is trained, and compared by the rule of
`engine/selection.py`. Their rows have a test score like all rows; the search does not use it. Tuning seeds start at a
million, so that no reported run shares their data.
"""

from __future__ import annotations

import dataclasses
import math
import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from longlag import protocol, registry
from longlag.engine import candidates, selection, space
from longlag.engine.ladder import Rungs, climb
from longlag.engine.selection import Rank
from longlag.engine.spec import RunSpec, Setup, resolve
from longlag.engine.together import fit_together, side_by_side
from longlag.engine.train import Driver, run_to_end
from longlag.store.records import Point, Row

Rung = tuple[Row, list[Point]]
FIRST_SEED = protocol.FIRST_TUNING_SEED


@dataclass(frozen=True)
class Candidate:
    """A candidate with one row per tuning seed. last_losses: those of the rows' learning curves, nan for a row without
    an evaluation."""

    overrides: dict[str, float]
    rows: list[Row]
    last_losses: list[float]

    @classmethod
    def of(cls, overrides: dict[str, float], rungs: Iterable[Rung]) -> Candidate:
        """The candidate with these settings, of what its tuning seeds left."""
        rows, losses = [], []
        for row, points in rungs:
            rows.append(row)
            losses.append(points[-1].loss if points else math.nan)
        return cls(overrides, rows, losses)

    @property
    def score(self) -> Rank:
        """Smaller is better (`engine/selection.py`)."""
        both = zip(self.rows, self.last_losses, strict=True)
        return selection.score([selection.of_row(row, row.method, 0, loss, self.overrides) for row, loss in both])


def search(
    spec: RunSpec, n: int, on_event: Callable[[Point | Row], None], rungs: Rungs, driver: Driver = run_to_end
) -> Iterator[Candidate]:
    """Trains the recipe and n candidates on the spec's seeds; those with finished rungs are read instead. On a GPU no
    candidate is yielded before all have ended (`engine/together.py`).

    Raises:
        LonglagError: a candidate cannot be trained; nothing is then trained.
    """
    method = registry.get("methods", spec.method)
    space.check(spec.method)
    candidates.points(method, n)  # refuses a method without a space
    setups = [resolve(dataclasses.replace(spec, candidate=number)) for number in range(n + 1)]
    for setup, climbed in zip(setups, _climbed(setups, on_event, rungs, driver), strict=True):
        chosen = {path: setup.spec.overrides[path] for path in method.tune if path in setup.spec.overrides}
        yield Candidate.of(chosen, climbed)


def _climbed(
    setups: list[Setup], on_event: Callable[[Point | Row], None], rungs: Rungs, driver: Driver
) -> Iterator[Iterable[Rung]]:
    """Rows and curves of each candidate; on a GPU all of them are trained as one program, where that can be."""
    if not _shared(setups):
        yield from (climb([setup], rungs, on_event, driver) for setup in setups)
        return
    turn = threading.Lock()

    def told(event: Point | Row) -> None:
        with turn:
            on_event(event)

    yield from side_by_side(setups, lambda setup, own: [*climb([setup], rungs, told, own)], driver)


def _shared(setups: list[Setup]) -> bool:
    return setups[0].spec.device != "cpu" and fit_together(setups)


def ranked(tried: list[Candidate]) -> list[Candidate]:
    """The candidates from the smallest score up."""
    return sorted(tried, key=lambda candidate: candidate.score)
