"""The record of `make gpu` in results/benchmarks/gpu, and what docs/gpu.md and benchmarks/README.md say of it.

python -m benchmarks.gpu_record [FOLDER]: takes the small files of a FOLDER that `make gpu` wrote into the record; then,
or without one, writes both texts again.
"""

from __future__ import annotations

import csv
import json
import re
import shutil
import sys
import textwrap
from pathlib import Path
from typing import Any

from benchmarks.harness import ROOT

RECORD = ROOT / "results/benchmarks/gpu"
PAGE, BENCHMARKS = ROOT / "docs/gpu.md", ROOT / "benchmarks/README.md"
_WHOLE = ("speed.csv", "machine.json", "updates.csv", "pieces.csv")


_UPDATES = ["| update of a run, evaluations included | seeds | ms | ms expected | commit |", "|---|---|---|---|---|"]
_CALLED = (
    " Its updates were called kernel by kernel, which training does not do; its gradients were also recorded. Kernels "
    "written by hand, 4 to 12 a step in the place of 7 to 76, and batches drawn ahead came later: they are not in "
    "these numbers."
)


def keep(source: Path, record: Path = RECORD) -> None:
    """The speed, the machine, the trained pieces and the last line of the tests; rows of runs stay where they are.

    What the session did not measure stays as it is in the record.
    """
    record.mkdir(parents=True, exist_ok=True)
    for name in _WHOLE:
        if (source / name).exists():
            shutil.copyfile(source / name, record / name)
    last = (source / "tests.txt").read_text().strip().splitlines()[-1]
    (record / "tests.txt").write_text(last + "\n")


def rows(name: str, record: Path = RECORD) -> list[dict[str, str]]:
    """The lines of a csv file of the record; none if it was never measured."""
    if not (record / name).exists():
        return []
    with open(record / name, newline="") as file:
        return list(csv.DictReader(file))


def text(record: Path = RECORD) -> str:
    """The measured numbers, as Markdown."""
    machine: dict[str, Any] = json.loads((record / "machine.json").read_text())["ours"]
    tests = re.match(r"(\d+) passed", (record / "tests.txt").read_text())
    passed = f"{tests[1]} tests passed on it" if tests else "some tests failed on it"
    updates = rows("updates.csv", record)
    lines = [
        f"Measured on one {machine['gpu']} with torch {machine['torch']}; {passed}. Times are wall-clock time.",
        f"The first table is of commit {machine['commit'][:7]}.{_note(rows('speed.csv', record))}", "",
        "| twenty seeds, T = B = H = 100 | longlag, ms | compared with | its ms | ratio (quartiles) |",
        "|---|---|---|---|---|",
        *(_speed(row) for row in rows("speed.csv", record) if row["ratio"]), "",
        *(_UPDATES if updates else []), *(_update(row) for row in updates), *([""] if updates else []),
        "| trained as one program | seeds | finished | updates | seconds | on a core of the reference | commit |",
        "|---|---|---|---|---|---|---|",
        *(_piece(row) for row in rows("pieces.csv", record)),
    ]  # fmt: skip
    return "\n".join(lines)


def sentence(record: Path = RECORD) -> str:
    """The measured ratios, for the list of what misses its floor."""
    measured = [row for row in rows("speed.csv", record) if row["ratio"]]
    asked = [f"{_what(row)} {float(row['ratio']):.3g}" for row in measured if row["goal"]]
    others = [f"{_what(row)} {float(row['ratio']):.3g}" for row in measured if not row["goal"]]
    device = json.loads((record / "machine.json").read_text())["ours"]["gpu"]
    text = (
        f"- **P12** on one {device} (floor 10, goal 20): {', '.join(asked)}. Against the same program, called: "
        f"{', '.join(others)}.{_note(measured)}"
    )
    return textwrap.fill(text, 119, subsequent_indent="  ", break_on_hyphens=False)


def _note(measured: list[dict[str, str]]) -> str:
    """Whether updates were measured by the path that training does not take, as in the first session."""
    return _CALLED if any("gradients as a recorded program" in row["what"] for row in measured) else ""


def _what(row: dict[str, str]) -> str:
    return row["what"].removeprefix("twenty seeds' ").removesuffix(" as one program")


def _speed(row: dict[str, str]) -> str:
    ratio = f"{float(row['ratio']):.3g} ({float(row['low']):.3g} to {float(row['high']):.3g})"
    return f"| {_what(row)} | {_digits(row['ours_ms'])} | {row['peer']} | {_digits(row['peer_ms'])} | {ratio} |"


def _digits(number: str) -> str:
    """Three digits, never as a power of ten."""
    value = float(number)
    return f"{value:.0f}" if value >= 1000 else f"{value:.3g}"


def _update(row: dict[str, str]) -> str:
    what = f"`{row['method']}` on {row['task'].replace('_', ' ')}, lag {row['lag']}"
    ms, expected = _digits(row["ms"]), _digits(row["expected_ms"])
    return f"| {what} | {row['replicas']} | {ms} | {expected} | {row['commit'][:7]} |"


def _piece(row: dict[str, str]) -> str:
    what = f"`{row['method']}` on {row['task'].replace('_', ' ')}, lag {row['lag']}"
    return (
        f"| {what} | {row['replicas']} | {row['rows']} | {row['updates']} | {row['seconds']} | {row['core_s']} s | "
        f"{row['commit'][:7]} |"
    )


def with_text(page: str, found: str) -> str:
    """The page with that text between its marks."""
    marks = re.compile(r"(<!-- benchmarks.gpu_record -->\n).*?(<!-- end -->)", flags=re.S)
    return marks.sub(lambda mark: f"{mark[1]}\n{found}\n\n{mark[2]}", page)


if __name__ == "__main__":
    if sys.argv[1:]:
        keep(Path(sys.argv[1]))
    for page, found in ((PAGE, text()), (BENCHMARKS, sentence())):
        page.write_text(with_text(page.read_text(), found))
