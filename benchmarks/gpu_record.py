"""The record of `make gpu` in results/benchmarks/gpu, and the table of docs/gpu.md.

python -m benchmarks.gpu_record [FOLDER]: takes the small files of a FOLDER that `make gpu` wrote into the record; then,
or without one, writes the table again.
"""

from __future__ import annotations

import csv
import json
import re
import shutil
import sys
from pathlib import Path
from typing import Any

from benchmarks.harness import ROOT

RECORD = ROOT / "results/benchmarks/gpu"
PAGE = ROOT / "docs/gpu.md"
_WHOLE = ("speed.csv", "machine.json", "pieces.csv")


def keep(source: Path, record: Path = RECORD) -> None:
    """The speed, the machine, the trained pieces and the last line of the tests; rows of runs stay where they are."""
    record.mkdir(parents=True, exist_ok=True)
    for name in _WHOLE:
        shutil.copyfile(source / name, record / name)
    last = (source / "tests.txt").read_text().strip().splitlines()[-1]
    (record / "tests.txt").write_text(last + "\n")


def rows(name: str, record: Path = RECORD) -> list[dict[str, str]]:
    """The lines of a csv file of the record."""
    with open(record / name, newline="") as file:
        return list(csv.DictReader(file))


def text(record: Path = RECORD) -> str:
    """The measured numbers, as Markdown."""
    machine: dict[str, Any] = json.loads((record / "machine.json").read_text())["ours"]
    tests = re.match(r"(\d+) passed", (record / "tests.txt").read_text())
    passed = f"{tests[1]} tests passed on it" if tests else "some tests failed on it"
    lines = [
        f"Measured on one {machine['gpu']} with torch {machine['torch']}; {passed}. Times are wall-clock time.", "",
        "| twenty seeds, T = B = H = 100 | longlag, ms | compared with | its ms | ratio (quartiles) |",
        "|---|---|---|---|---|",
        *(_speed(row) for row in rows("speed.csv", record) if row["ratio"]), "",
        "| trained as one program | seeds | finished | updates | seconds | on a core of the reference |",
        "|---|---|---|---|---|---|",
        *(_piece(row) for row in rows("pieces.csv", record)),
    ]  # fmt: skip
    return "\n".join(lines)


def _speed(row: dict[str, str]) -> str:
    what = row["what"].removeprefix("twenty seeds' ").removesuffix(" as one program")
    ratio = f"{float(row['ratio']):.3g} ({float(row['low']):.3g} to {float(row['high']):.3g})"
    return f"| {what} | {_digits(row['ours_ms'])} | {row['peer']} | {_digits(row['peer_ms'])} | {ratio} |"


def _digits(number: str) -> str:
    """Three digits, never as a power of ten."""
    value = float(number)
    return f"{value:.0f}" if value >= 1000 else f"{value:.3g}"


def _piece(row: dict[str, str]) -> str:
    what = f"`{row['method']}` on {row['task'].replace('_', ' ')}, lag {row['lag']}"
    return f"| {what} | {row['replicas']} | {row['rows']} | {row['updates']} | {row['seconds']} | {row['core_s']} s |"


def with_text(page: str, found: str) -> str:
    """The page with that text between its marks."""
    marks = re.compile(r"(<!-- benchmarks.gpu_record -->\n).*?(<!-- end -->)", flags=re.S)
    return marks.sub(lambda mark: f"{mark[1]}\n{found}\n\n{mark[2]}", page)


if __name__ == "__main__":
    if sys.argv[1:]:
        keep(Path(sys.argv[1]))
    PAGE.write_text(with_text(PAGE.read_text(), text()))
