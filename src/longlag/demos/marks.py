"""Adding in two forms: what a short memory is worth, and how an LSTM learns.

    python -m longlag.demos.marks results/demos

writes two records, of squared errors as a share of what the best constant leaves. `windows.csv`: the error of a reader
who hears the last steps alone, knows the marked values among them and answers the mean for the others. `marks.csv`: an
LSTM is trained on `adding_urnn` and on `adding` at one lag; at some numbers of sequence passes its error is measured on
4000 fresh sequences, apart for each tenth of the lag in which the second mark lies before the scored step.
`figures/demos/marks.py` draws both.
"""

from __future__ import annotations

import argparse
import csv
import io
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from torch import Tensor

from longlag import registry
from longlag.engine.data import Data
from longlag.engine.spec import RunSpec, Setup, resolve
from longlag.engine.train import modes
from longlag.objective import GRADIENT
from longlag.rng import stream
from longlag.store.files import write_atomically
from longlag.tasks.base import Task

TASKS, METHOD, LAG, SEEDS = ("adding_urnn", "adding"), "lstm", 100, (0, 1, 2)
PASSES = (0, 15_000, 30_000, 60_000, 150_000, 300_000, 600_000)  # sequence passes at which the error is measured
COLUMNS = ("task", "method", "lag", "seed", "passes", "distance", "sequences", "error")
WINDOW_COLUMNS = ("task", "lag", "window", "error")
_SEQUENCES, _READ = 4000, 20_000  # on which a net and a reader are measured
_TENTHS = 10


def measure(task: str, seed: int, lag: int = LAG, passes: Sequence[int] = PASSES) -> Iterator[dict[str, object]]:
    """Rows of one training run; `distance` is the middle of a tenth, in lags, `error` a share of the constant's."""
    setup = resolve(RunSpec(task, lag, METHOD, (seed,)))
    data = Data(setup, (seed,))
    params, spent, updates = data.start(), 0, data.updates()
    for due in passes:
        while spent < due:
            params = next(updates).params
            spent += GRADIENT * setup.parts.optimiser.batch  # type: ignore[attr-defined]
        for distance, sequences, error in _by_distance(setup, data, params):
            found = (task, METHOD, lag, seed, due, distance, sequences, f"{error:.5f}")
            yield dict(zip(COLUMNS, found, strict=True))


def _by_distance(setup: Setup, data: Data, params: dict[str, Tensor]) -> Iterator[tuple[float, int, float]]:
    """(middle of a tenth in lags, sequences, share of the constant's error), near marks first."""
    batch = data.batch("marks", 0, _SEQUENCES)
    outputs = setup.model.outputs(params, batch.x, batch.start)
    squared = (outputs - batch.y)[0, 0, :, 0].double().square().numpy()
    marks = batch.x[0, ..., setup.task.traits.roles.index("marker")].numpy()  # [L, B]
    tenth = marks[::-1].argmax(0) * _TENTHS // setup.spec.lag
    for k in np.unique(tenth):
        here = tenth == k
        share = float(squared[here].mean() / setup.task.baselines["constant"].loss)
        yield (k + 0.5) / _TENTHS, int(here.sum()), share


def windows(task: str, lag: int = LAG) -> Iterator[dict[str, object]]:
    """Rows of a reader of the last steps; `window` is their number in lags."""
    found: Task = registry.get("tasks", task)
    batch = found.sample(stream(0, "marks", task), lag, _READ)
    marked = batch.x[..., found.traits.roles.index("marker")].astype(np.float64)
    values = batch.x[..., found.traits.roles.index("value")]
    unit = found.traits.target_mean[0]  # of the sum of two numbers of mean 1/2, which is 1
    constant = np.square(unit - batch.y[0, :, 0]).mean()  # the answer of who hears nothing
    for tenth in range(len(marked) * _TENTHS // lag + 1):
        heard = marked[len(marked) - tenth * lag // _TENTHS :]
        known = (heard * values[len(values) - len(heard) :]).sum(0) + (2 - heard.sum(0)) / 2
        error = np.square(unit * known - batch.y[0, :, 0]).mean() / constant
        yield dict(zip(WINDOW_COLUMNS, (task, lag, tenth / _TENTHS, f"{error:.5f}"), strict=True))


def main(folder: Path) -> None:
    _write(folder / "windows.csv", WINDOW_COLUMNS, [row for task in TASKS for row in windows(task)])
    with modes():
        rows = [row for task in TASKS for seed in SEEDS for row in measure(task, seed)]
    _write(folder / "marks.csv", COLUMNS, rows)


def _write(path: Path, columns: Sequence[str], rows: Sequence[dict[str, object]]) -> None:
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    write_atomically(path, text.getvalue().encode())


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m longlag.demos.marks", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("folder", nargs="?", type=Path, default=Path("results/demos"), help="folder for the records")
    main(parser.parse_args().folder)
