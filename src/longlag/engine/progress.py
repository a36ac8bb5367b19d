"""Live progress: a bar on a terminal (best error, passes used, time left), lines of text elsewhere."""

from __future__ import annotations

import sys
import time
from typing import Protocol, TextIO

from tqdm import tqdm

from longlag.store.records import Point, Row

_LINE_EVERY_SECONDS = 10.0


class Progress(Protocol):
    """Receives every event of a run."""

    def __call__(self, event: Point | Row) -> None: ...


def progress(budget: float, stream: TextIO | None = None) -> Progress:
    """Bars on a terminal, lines elsewhere. stream: standard error by default."""
    stream = stream or sys.stderr
    return Bars(budget, stream) if stream.isatty() else Lines(stream)


class Bars:
    """One bar at a time, for a lag of a seed or of seeds that train together.

    The time left assumes that the whole budget is used: it is an upper bound.
    """

    def __init__(self, budget: float, stream: TextIO) -> None:
        self.budget, self.stream = budget, stream
        self.bar: tqdm | None = None
        self.best: dict[str, float] = {}  # of the runs that are in training, by title

    def __call__(self, event: Point | Row) -> None:
        run = title(event)
        if self.bar is None:
            self.bar = tqdm(total=self.budget, unit=" passes", unit_scale=True, file=self.stream, leave=False)
        if isinstance(event, Point):
            self.best[run] = min(self.best.get(run, 1.0), event.error)
            self.bar.set_description_str(run, refresh=False)
            self.bar.update(min(event.passes, self.budget) - self.bar.n)
            self.bar.set_postfix_str(f"best {self.best[run]:.1%} wrong")
        else:
            self.best.pop(run, None)
            self.bar.close()
            self.bar = None
            print(_outcome(event), file=self.stream)


class Lines:
    """A line every ten seconds, and one per outcome."""

    def __init__(self, stream: TextIO) -> None:
        self.stream, self.last = stream, time.monotonic()

    def __call__(self, event: Point | Row) -> None:
        if isinstance(event, Row):
            print(_outcome(event), file=self.stream, flush=True)
        elif time.monotonic() - self.last > _LINE_EVERY_SECONDS:
            self.last = time.monotonic()
            seen = f"{event.passes:,.0f} passes, {event.error:.1%} wrong, loss {event.loss:.4g}, {event.seconds:.0f} s"
            print(f"{title(event)}: {seen}", file=self.stream, flush=True)


def title(event: Point | Row) -> str:
    """The run of a point or row, on one line: "adding T=50 lstm seed 3"."""
    return f"{event.task} T={event.lag} {event.method} seed {event.seed}"


def _outcome(row: Row) -> str:
    wrong = f", {row.test_error:.2%} of the test set wrong" if row.test_error == row.test_error else ""
    return (
        f"{title(row)}: {row.status} after {row.passes:,.0f} passes and {row.seconds:.1f} CPU s{wrong} ({row.reason})"
    )
