"""`python -m chaos.overhead`: CPU seconds that a job spends on checkpoints at the default interval, of all it spends.

One seed of a gradient method on the adding problem at lag 200, from the start of training for some CPU seconds. On a
loaded machine an interval of wall-clock seconds holds fewer CPU seconds, so a checkpoint's share is given twice: as it
was, and as one checkpoint per interval of undisturbed CPU time would be.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING
from unittest import mock

if TYPE_CHECKING:
    from longlag.store.records import Point


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m chaos.overhead", description=__doc__)
    parser.add_argument("--methods", nargs="+", default=["hf", "lstm_chrono", "esn_momentum"])
    parser.add_argument("--cpu", type=float, default=90, help="CPU seconds of each job (default: 90)")
    args = parser.parse_args()
    from longlag import environment

    environment.set_environment()
    heads = ["method", "CPU s", "wall s", "checkpoints", "bytes", "CPU ms of one", "wall ms of one", "share"]
    print(f"| {' | '.join([*heads, 'share, one per 60 CPU s'])} |\n|{'---|' * 9}", flush=True)
    for method in args.methods:
        with tempfile.TemporaryDirectory(prefix="chaos") as folder:
            print(measure(method, args.cpu, Path(folder)), flush=True)


def measure(method: str, cpu: float, folder: Path) -> str:
    """A line of the table."""
    from longlag.engine import checkpoint
    from longlag.engine.spec import RunSpec
    from longlag.engine.train import run

    save = checkpoint._Shelf.save
    spent: list[tuple[float, float]] = []
    sizes: list[int] = []

    def timed(shelf: checkpoint._Shelf, points: list[Point]) -> bool:
        began, wall = time.process_time(), time.monotonic()
        kept = save(shelf, points)
        spent.append((time.process_time() - began, time.monotonic() - wall))
        sizes.extend(path.stat().st_size for path in folder.rglob("*.ckpt"))
        return kept

    began, started = time.process_time(), time.monotonic()
    with mock.patch.object(checkpoint._Shelf, "save", timed):
        for _ in run(RunSpec("adding", 200, method, (0,), 1e7), checkpoint.Checkpoints(folder)):
            if time.process_time() - began > cpu:
                break
    total, wall = time.process_time() - began, time.monotonic() - started
    each, waited = (max(column) for column in zip(*spent, strict=True))
    cells = [
        f"{total:.0f}",
        f"{wall:.0f}",
        f"{len(spent)}",
        f"{max(sizes):,}",
        f"{1e3 * each:.1f}",
        f"{1e3 * waited:.1f}",
    ]
    cells += [
        f"{100 * sum(cpu for cpu, _ in spent) / total:.3f} %",
        f"{100 * each / (checkpoint.EVERY_SECONDS + each):.3f} %",
    ]
    return f"| {' | '.join([method, *cells])} |"


if __name__ == "__main__":
    main()
