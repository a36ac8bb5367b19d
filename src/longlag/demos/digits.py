"""Handwritten digits read pixel by pixel: a demonstration on real data, outside reach, ladder and ranking.

    python -m longlag.demos.digits --method lstm              accuracy of a method, and of the linear baseline
    python -m longlag.demos.digits --method lstm --permuted   the pixels in one fixed random order
    python -m longlag.demos.digits --record results/demos/digits.csv      all methods; prints the table of docs/demos.md

The 1797 images of scikit-learn's `load_digits`, 8 x 8 pixels of 0 to 16, shown as 64 steps of one number in [0, 1]; the
class is asked for after the last. Every fifth image (number 4, 9, 14, ...) is a test image, 359 in all (21 to 52 of
each digit); the other 1438 are drawn with replacement for training. Nothing is selected, so there is no validation set:
a method trains for a stated number of sequence passes with the settings that it has for any task, and is tested once.
There is no *solved*: images are few, their labels are not always certain, and a linear classifier of the same pixels
is right in 97 %. What can be read off is whether a net that hears one pixel at a time comes near that.
"""

from __future__ import annotations

import argparse
import csv
import io
import itertools
import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from longlag import registry
from longlag.engine.data import Data, Draws, steps
from longlag.engine.spec import RunSpec, Setup, model_of
from longlag.engine.train import modes
from longlag.errors import LonglagError
from longlag.losses import CrossEntropy
from longlag.objective import Meter
from longlag.rng import stream
from longlag.store.files import write_atomically
from longlag.tasks.base import Baseline, Batch, Task, Traits

PIXELS, CLASSES, EVERY = 64, 10, 5  # of an image; of digits; one image in so many is a test image
PASSES = 300_000  # sequence passes of a run: about 70 times through the training images for a gradient method
METHODS = ("lstm", "gru", "esn", "time_average")  # of the record
SEEDS = (1_000_000,)  # of the record: no run of a suite has them
COLUMNS = ("order", "method", "seed", "passes", "parameters", "accuracy")
LINEAR = "logistic regression"


@dataclass(frozen=True)
class Digits:
    """Images as sequences: pixels [64, n] float32 in [0, 1] in the order in which they are read, and labels [n]."""

    pixels: np.ndarray
    labels: np.ndarray
    permuted: bool

    def part(self, test: bool) -> Digits:
        """The test images, or the training images."""
        chosen = (np.arange(len(self.labels)) % EVERY == EVERY - 1) == test
        return Digits(self.pixels[:, chosen], self.labels[chosen], self.permuted)


def load(permuted: bool = False) -> Digits:
    """All images, row by row or in the fixed order `stream(0, "digits").permutation(64)`.

    Raises:
        LonglagError: scikit-learn is not installed.
    """
    try:
        from sklearn.datasets import load_digits
    except ImportError as error:
        raise LonglagError("the digits come with scikit-learn; pip install 'longlag[sklearn]'") from error
    images, labels = load_digits(return_X_y=True)
    order = stream(0, "digits").permutation(PIXELS) if permuted else np.arange(PIXELS)
    return Digits((images.T[order] / 16).astype(np.float32), labels.astype(np.int64), permuted)


def as_task(digits: Digits) -> Task:
    """The images as a source of training batches. It is not in the catalogue: a task has fresh sequences and a lag."""

    def sample(rng: np.random.Generator, lag: int, n: int) -> Batch:
        chosen = rng.integers(0, len(digits.labels), size=n)
        return Batch(digits.pixels[:, chosen, None], np.zeros(n, dtype=np.int64), digits.labels[None, chosen])

    chance = Baseline("all ten digits equally likely", error=1 - 1 / CLASSES, loss=math.log(CLASSES))
    return Task(
        name="digits_permuted" if digits.permuted else "digits",
        version=1,
        reference="scikit-learn, load_digits",
        traits=Traits(
            "symbols", ("value",), (float(digits.pixels.mean()),), (0.0,) * CLASSES, scored=1, classes=CLASSES
        ),
        loss=CrossEntropy(CLASSES),
        baselines={"constant": chance, "half_solved": chance},
        sample=sample,
        steps=lambda lag: PIXELS,
        minimal_lag=lambda lag: 0,
        shortest=PIXELS,
    )


def train(method: str, permuted: bool = False, seed: int = 0, passes: int = PASSES) -> dict[str, object]:
    """A row of the record: a method trained with its usual settings for T = 64, and its accuracy on the test images.

    Raises:
        LonglagError: no such method, or no scikit-learn.
    """
    digits, found = load(permuted), registry.get("methods", method)
    task = as_task(digits.part(test=False))
    parts = found.build(task.traits, PIXELS)
    spec = RunSpec(task.name, PIXELS, method, (seed,), passes)
    setup = Setup(spec, task, found, parts, model_of(task, PIXELS, parts), parts.loss or task.loss, "", "")
    with modes():
        data, meter = Data(setup, (seed,)), Meter.zero(1)
        params = data.start()
        for step in steps(parts.optimiser, Draws(data, meter), params):
            params = step.params
            if step.exhausted or float(meter.passes) >= passes:
                break
        right = accuracy(setup, params, digits.part(test=True))
    values = (_order(permuted), method, seed, int(meter.passes), setup.trained_parameters(), f"{right:.4f}")
    return dict(zip(COLUMNS, values, strict=True))


def accuracy(setup: Setup, params: dict[str, torch.Tensor], images: Digits) -> float:
    """Share of the images whose digit has the largest output."""
    x = torch.from_numpy(images.pixels)[None, ..., None]
    outputs = setup.model.outputs(params, x, torch.zeros(1, x.shape[2], dtype=torch.int64))
    return float((outputs[0, 0].argmax(-1).numpy() == images.labels).mean())


def linear(permuted: bool = False) -> dict[str, object]:
    """A row of the record: multinomial logistic regression on all 64 pixels at once."""
    digits = load(permuted)
    from sklearn.linear_model import LogisticRegression

    training, test = digits.part(test=False), digits.part(test=True)
    fitted = LogisticRegression(max_iter=2000).fit(training.pixels.T, training.labels)
    right = fitted.score(test.pixels.T, test.labels)
    values = (_order(permuted), LINEAR, 0, "", (PIXELS + 1) * CLASSES, f"{right:.4f}")
    return dict(zip(COLUMNS, values, strict=True))


def _order(permuted: bool) -> str:
    return "permuted" if permuted else "row by row"


def record() -> Iterator[dict[str, object]]:
    """The rows of all methods, in both orders; each is printed when it is measured."""
    runs = [(method, permuted, seed) for method in METHODS for permuted in (False, True) for seed in SEEDS]
    for row in itertools.chain(map(linear, (False, True)), itertools.starmap(train, runs)):
        print(*row.values(), flush=True)
        yield row


def table(rows: Iterable[dict[str, str]]) -> str:
    """The record as Markdown: mean accuracy (smallest to largest over seeds) in both orders."""
    found: dict[str, dict[str, list[float]]] = {}
    about: dict[str, dict[str, str]] = {}
    for row in rows:
        found.setdefault(row["method"], {}).setdefault(row["order"], []).append(100 * float(row["accuracy"]))
        about[row["method"]] = row
    lines = ["| method | row by row | permuted | passes | trained parameters |", "|---|---|---|---|---|"]
    for method, orders in found.items():
        cells = [_cell(orders[_order(permuted)]) for permuted in (False, True)]
        name = f"`{method}`" if method != LINEAR else f"{LINEAR} (baseline)"
        passes = f"{int(about[method]['passes']):,}" if about[method]["passes"] else "all images at once"
        lines.append(f"| {name} | {cells[0]} | {cells[1]} | {passes} | {int(about[method]['parameters']):,} |")
    return "\n".join(lines)


def _cell(values: Sequence[float]) -> str:
    spread = f" ({min(values):.1f} to {max(values):.1f})" if len(values) > 1 else ""
    return f"{sum(values) / len(values):.1f} %{spread}"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m longlag.demos.digits", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--method", default="lstm", help="a method of `longlag list` (default: %(default)s)")
    parser.add_argument("--permuted", action="store_true", help="show the pixels in a fixed random order")
    parser.add_argument("--seed", type=int, default=0, help="seed of start and batches (default: %(default)s)")
    parser.add_argument("--passes", type=int, default=PASSES, help="sequence passes of training (default: %(default)s)")
    parser.add_argument("--record", type=Path, metavar="FILE", help="run all methods of the table and write FILE")
    return parser


def main(words: Sequence[str] | None = None) -> None:
    args = _parser().parse_args(words)
    try:
        if args.record:
            _write_record(args.record)
            return
        rows = [linear(args.permuted), train(args.method, args.permuted, args.seed, args.passes)]
    except LonglagError as error:
        raise SystemExit(f"longlag: {error}") from error
    for row in rows:
        print(f"{row['method']:20} {row['order']}: {float(str(row['accuracy'])):.1%} of 359 test images")


def _write_record(path: Path) -> None:
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, lineterminator="\n")
    writer.writeheader()
    rows = list(record())
    writer.writerows(rows)
    write_atomically(path, text.getvalue().encode())
    print(table([{name: str(value) for name, value in row.items()} for row in rows]))


if __name__ == "__main__":
    main()
