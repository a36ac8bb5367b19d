"""`make bench`: measures everything, writes results/benchmarks/, prints as it goes.

    python -m benchmarks [--quick] [--only P1,P5] [--out FOLDER]
"""

from __future__ import annotations

import argparse
import csv
import json
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path

from benchmarks.cases import Case, cases
from benchmarks.harness import ROOT, Effort, Times, Worker, WorkerError, compare, ratios, spread

FULL, QUICK = Effort(rounds=9, seconds=0.15), Effort(rounds=3, seconds=0.03)


@dataclass(frozen=True)
class Row:
    """A line of speed.csv. Times are CPU milliseconds, medians over the rounds; a ratio is the median of theirs.

    lower: is a lower ratio the better one? low, high: quartiles of `ratio`; tuned_*: of `ratio_peer_tuned`.
    """

    id: str
    what: str
    shape: str
    ours_ms: float | None = None
    peer: str = ""
    peer_ms: float | None = None
    ratio: float | None = None
    ratio_peer_tuned: float | None = None
    goal: float | None = None
    floor: float | None = None
    lower: bool = False
    low: float | None = None
    high: float | None = None
    tuned_low: float | None = None
    tuned_high: float | None = None
    rounds: int = 0
    note: str = ""

    @property
    def verdict(self) -> str:
        """ "goal", "floor" or "missed"; empty where nothing is asked or nothing was measured."""
        if self.ratio is None or self.goal is None or self.floor is None:
            return ""
        sign = -1 if self.lower else 1
        if sign * self.ratio >= sign * self.goal:
            return "goal"
        return "floor" if sign * self.ratio >= sign * self.floor else "missed"


def compared(case: Case, workers: Mapping[str, Worker], effort: Effort) -> Row:
    """The row of a comparison; a peer that is missing is a row that says so."""
    blank = Row(case.id, case.what, case.shape, peer=case.peer_name, goal=case.goal, floor=case.floor,
                lower=case.inverse, note=case.note)  # fmt: skip
    try:
        times = compare(workers, case.ours, case.peer, case.environments, effort)
    except WorkerError as error:
        return Row(**asdict(blank) | {"note": f"not measured: {error}"})
    return Row(**asdict(blank) | _columns(case, times) | {"rounds": effort.rounds})


def _columns(case: Case, times: Times) -> dict[str, float]:
    plain = times.peer[case.environments[0]]
    columns = {"ours_ms": 1e3 * spread(times.ours)[0], "peer_ms": 1e3 * spread(plain)[0]}
    names = [("ratio", "low", "high"), ("ratio_peer_tuned", "tuned_low", "tuned_high")]
    for environment, triple in zip(case.environments, names, strict=False):
        found = spread(ratios(times.ours, times.peer[environment], case.inverse, case.factor))
        columns |= dict(zip(triple, found, strict=True))
    return columns


def measure(effort: Effort, only: set[str]) -> Iterator[Row]:
    with Worker("ours") as ours, Worker("default") as default:
        workers = {"ours": ours, "default": default}
        for case in cases():
            if not only or case.id in only:
                yield compared(case, workers, effort)


def write(rows: list[Row], folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    with open(folder / "speed.csv", "w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow([f.name for f in fields(Row)])
        writer.writerows([_text(value) for value in asdict(row).values()] for row in rows)


def _text(value: object) -> object:
    return f"{value:.4g}" if isinstance(value, float) else value


def line(row: Row) -> str:
    """A row for the terminal."""
    if row.ratio is None:
        return f"{row.id:4} {row.what}: {row.note}"
    tuned = f"  (peer with our environment {row.ratio_peer_tuned:.3g})" if row.ratio_peer_tuned is not None else ""
    asked = f"  floor {row.floor:g}, goal {row.goal:g}: {row.verdict}" if row.goal is not None else ""
    times = f"{row.ours_ms:.4g} ms | {row.peer}: {row.peer_ms:.4g} ms" if row.ours_ms is not None else row.peer
    return f"{row.id:4} {row.what}, {row.shape}: {times} -> {row.ratio:.3g} [{row.low:.3g}, {row.high:.3g}]{tuned}{asked}"


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="three short rounds instead of nine")
    parser.add_argument("--only", default="", help="ids, such as P1,P5")
    parser.add_argument("--out", type=Path, default=ROOT / "results/benchmarks")
    args = parser.parse_args(argv)
    only = set(filter(None, args.only.split(",")))
    begun, rows = time.monotonic(), []
    for row in measure(QUICK if args.quick else FULL, only):
        rows.append(row)
        print(f"[{time.monotonic() - begun:5.0f} s] {line(row)}", flush=True)
        write(rows, args.out)
    return 0


if __name__ == "__main__":
    sys.exit(main())
