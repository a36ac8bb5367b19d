"""The ladder: every seed is trained at longer and longer lags, until two lags in a row are not solved.

The lags above count as unsolved; their rows have the status `not_attempted`. A *rung* is one seed at one lag. Finished
rungs are kept as files that are named by the hash of their spec. A job that runs again after a kill, or with more
seeds or lags, trains only what is new. Rows of other suites are taken too, if they are of the same spec (`reuse.py`).
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from longlag import protocol
from longlag.engine import gradient_flow
from longlag.engine.checkpoint import clear_finished
from longlag.engine.provenance import now
from longlag.engine.reuse import Reuse
from longlag.engine.spec import RunSpec, Setup, resolve, unmeasured_row
from longlag.engine.train import Driver, attempt, run_to_end
from longlag.errors import LonglagError, in_a_line, say
from longlag.store import records
from longlag.store.curves import check_point
from longlag.store.files import checksum, write_atomically
from longlag.store.records import Point, Row, Status


@dataclass(frozen=True)
class Rungs:
    """Finished rungs in a folder, and rows of other suites.

    folder: None keeps nothing. If checkpoints lie there too, those of finished rungs are deleted.
    """

    folder: Path | None
    reuse: Reuse = Reuse()

    def load(self, setup: Setup, seed: int) -> tuple[Row, list[Point]] | None:
        """A finished rung of exactly this spec: of an undamaged file in the folder, or else a row to reuse.

        A rung without gradient flow does not count if the spec asks for it.
        """
        for source in (self._kept, self.reuse.take):
            found = source(setup, seed)
            if found and (gradient_flow.recorded_of_run(*found) or not setup.spec.gradient_flow):
                return found
        return None

    def _kept(self, setup: Setup, seed: int) -> tuple[Row, list[Point]] | None:
        path = self._path(setup, seed)
        try:
            if path is None or not path.is_file():
                return None
            data = json.loads(path.read_bytes())
            if checksum([json.dumps(data["rung"])]) != data["check"]:
                raise ValueError("its checksum is not that of its content")
            row, points = Row(**data["rung"]["row"]), [Point(**point) for point in data["rung"]["points"]]
            records.check_row(row)
            for point in points:
                check_point(point)
        except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
            say(f"ignoring the damaged rung {path} ({in_a_line(error)}); training it again")
            return None
        return (row, points) if (row.spec_hash, row.seed) == (setup.spec_hash, seed) else None

    def save(self, setup: Setup, row: Row, points: list[Point]) -> None:
        """Writes a rung, unless another attempt may end differently: after a bug or a timeout."""
        path = self._path(setup, row.seed)
        if path is not None and records.is_final(row):
            rung = {"row": asdict(row), "points": [asdict(point) for point in points]}
            try:
                write_atomically(path, json.dumps({"rung": rung, "check": checksum([json.dumps(rung)])}).encode())
            except LonglagError as error:
                say(f"this rung is not kept for another time ({error}); its row is")

    def _path(self, setup: Setup, seed: int) -> Path | None:
        if self.folder is None:
            return None
        spec = setup.spec
        return self.folder / spec.task / spec.name / f"lag{spec.lag}_seed{seed}_{setup.spec_hash}.json"


def setups(spec: RunSpec, lags: Sequence[int]) -> list[Setup]:
    """The spec at each of the lags, shortest first; `spec.lag` is ignored.

    Raises:
        LonglagError: the spec cannot be trained at one of the lags.
    """
    return [resolve(dataclasses.replace(spec, lag=lag)) for lag in sorted(lags)]


def climb(
    ladder: Sequence[Setup], rungs: Rungs, on_event: Callable[[Point | Row], None], driver: Driver = run_to_end
) -> Iterator[tuple[Row, list[Point]]]:
    """Yields a row and its curve for every lag and seed. ladder: what `setups` returns.

    driver: trains a block to its end. One that keeps checkpoints resumes where a killed process stopped.
    """
    failures = dict.fromkeys(ladder[0].spec.seeds, 0)
    for setup in ladder:
        for row, points in _rung(setup, failures, rungs, on_event, driver):
            failures[row.seed] = 0 if _carried(row, setup) else failures[row.seed] + 1
            yield row, points


def _carried(row: Row, setup: Setup) -> bool:
    """Whether the net carries this lag. Of a run that was to spend its whole budget the test set alone decides."""
    return row.solved or (setup.spec.stop == "budget" and row.test_error <= protocol.CRITERION)


def _rung(
    setup: Setup, failures: dict[int, int], rungs: Rungs, on_event: Callable[[Point | Row], None], driver: Driver
) -> Iterator[tuple[Row, list[Point]]]:
    missing, finished = [], []
    for seed in setup.spec.seeds:
        if failures[seed] >= protocol.GIVE_UP_AFTER:
            reason = f"{protocol.GIVE_UP_AFTER} shorter lags in a row were not solved"
            yield unmeasured_row(setup, seed, now(), status=str(Status.NOT_ATTEMPTED), reason=reason), []
        elif (kept := rungs.load(setup, seed)) is not None:
            finished.append(seed)
            yield kept
        else:
            missing.append(seed)
    if finished and rungs.folder is not None:
        clear_finished(rungs.folder, setup, finished)
    curves: dict[int, list[Point]] = {seed: [] for seed in missing}
    for event in attempt(setup.with_seeds(missing), driver):
        if isinstance(event, Point):
            curves[event.seed].append(event)
        else:
            rungs.save(setup, event, curves[event.seed])
            yield event, curves[event.seed]
        on_event(event)  # last: a result comes before a message
