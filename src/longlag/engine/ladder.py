"""The ladder: every seed climbs the lag grid and leaves it after two consecutive unsolved lags.

Rungs above count as unsolved and say `not_attempted`. Finished rungs are kept as files, named by a digest of what
decided their numbers: a job that is run again after a kill, one more seed or one more lag trains only what is new.
"""

from __future__ import annotations

import dataclasses
import json
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from longlag import protocol
from longlag.engine import gradient_flow
from longlag.engine.provenance import now
from longlag.engine.spec import RunSpec, Setup, resolve, unmeasured_row
from longlag.engine.train import Driver, attempt, run_to_end
from longlag.store import records
from longlag.store.files import checksum, write_atomically
from longlag.store.records import Point, Row, Status


@dataclass(frozen=True)
class Rungs:
    """Finished rungs under a folder; None keeps nothing."""

    folder: Path | None

    def load(self, setup: Setup, seed: int) -> tuple[Row, list[Point]] | None:
        """A finished rung, if it is there whole, as it was written, and of this very spec.

        One without gradient flow is missing for a spec that asks for it.
        """
        path = self._path(setup, seed)
        if path is None or not path.is_file():
            return None
        try:
            data = json.loads(path.read_bytes())
            if checksum([json.dumps(data["rung"])]) != data["check"]:
                raise ValueError("its checksum is not that of its content")
            row, points = Row(**data["rung"]["row"]), [Point(**point) for point in data["rung"]["points"]]
            records.check_row(row)
            for point in points:
                records.check_point(point)
        except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
            reason = f"{type(error).__name__}: {error}"
            print(f"longlag: ignoring the damaged rung {path} ({reason}); training it again", file=sys.stderr)
            return None
        if setup.spec.gradient_flow and not gradient_flow.recorded(points):
            return None
        return (row, points) if (row.spec_hash, row.seed) == (setup.spec_hash, seed) else None

    def save(self, setup: Setup, row: Row, points: list[Point]) -> None:
        """Keeps a rung, unless a new version may mend what ended it (a bug) or a quieter machine (a timeout)."""
        path = self._path(setup, row.seed)
        if path is not None and row.status not in (Status.ERROR, Status.TIMEOUT):
            rung = {"row": asdict(row), "points": [asdict(point) for point in points]}
            write_atomically(path, json.dumps({"rung": rung, "check": checksum([json.dumps(rung)])}).encode())

    def _path(self, setup: Setup, seed: int) -> Path | None:
        if self.folder is None:
            return None
        spec = setup.spec
        return self.folder / spec.task / spec.method / f"lag{spec.lag}_seed{seed}_{setup.spec_hash}.json"


def setups(spec: RunSpec, lags: Sequence[int]) -> list[Setup]:
    """The spec at each lag of a ladder, from the shortest up; its own lag does not matter.

    Raises:
        LonglagError: something cannot be trained at one of the lags.
    """
    return [resolve(dataclasses.replace(spec, lag=lag)) for lag in sorted(lags)]


def climb(
    ladder: Sequence[Setup], rungs: Rungs, on_event: Callable[[Point | Row], None], driver: Driver = run_to_end
) -> Iterator[tuple[Row, list[Point]]]:
    """Yields a row and its curve for every lag and seed of a ladder that `setups` made.

    driver: trains a block to its end; one that keeps checkpoints resumes where a killed process stopped.
    """
    failures = dict.fromkeys(ladder[0].spec.seeds, 0)
    for setup in ladder:
        for row, points in _rung(setup, failures, rungs, on_event, driver):
            failures[row.seed] = 0 if row.solved else failures[row.seed] + 1
            yield row, points


def _rung(
    setup: Setup, failures: dict[int, int], rungs: Rungs, on_event: Callable[[Point | Row], None], driver: Driver
) -> Iterator[tuple[Row, list[Point]]]:
    missing = []
    for seed in setup.spec.seeds:
        if failures[seed] >= protocol.GIVE_UP_AFTER:
            reason = f"{protocol.GIVE_UP_AFTER} shorter lags in a row were not solved"
            yield unmeasured_row(setup, seed, now(), status=str(Status.NOT_ATTEMPTED), reason=reason), []
        elif (kept := rungs.load(setup, seed)) is not None:
            yield kept
        else:
            missing.append(seed)
    curves: dict[int, list[Point]] = {seed: [] for seed in missing}
    for event in attempt(setup.with_seeds(missing), driver):
        on_event(event)
        if isinstance(event, Point):
            curves[event.seed].append(event)
        else:
            rungs.save(setup, event, curves[event.seed])
            yield event, curves[event.seed]
