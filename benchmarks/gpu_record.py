"""The record of `make gpu` in results/benchmarks/gpu, and what docs/gpu.md and benchmarks/README.md say of it.

python -m benchmarks.gpu_record [FOLDER]: takes the small files of a FOLDER that `make gpu` wrote into the record; then,
or without one, writes both texts again.
"""

from __future__ import annotations

import argparse
import csv
import json
import re
import shutil
import textwrap
from pathlib import Path
from typing import Any

from benchmarks.harness import ROOT

RECORD = ROOT / "results/benchmarks/gpu"
PAGE, BENCHMARKS = ROOT / "docs/gpu.md", ROOT / "benchmarks/README.md"
_WHOLE = ("machine.json", "updates.csv", "pieces.csv")
_OLD = "commit "  # begins the note of a row that an earlier session measured


_UPDATES = ["| update of a run, evaluations included | seeds | ms | ms expected | commit |", "|---|---|---|---|---|"]


def keep(source: Path, record: Path = RECORD) -> None:
    """The speed, the machine, the trained pieces and the last line of the tests; rows of runs stay where they are.

    What the session did not measure stays as it is in the record, if it is of the same GPU.
    """
    record.mkdir(parents=True, exist_ok=True)
    machines = [_machine(folder)["gpu"] for folder in (source, record) if (folder / "machine.json").exists()]
    if len(set(machines)) > 1:
        for name in ("speed.csv", *_WHOLE):
            (record / name).unlink(missing_ok=True)
    found = [*rows("speed.csv", source), *_earlier(source, record)]
    for name in _WHOLE:
        if (source / name).exists():
            shutil.copyfile(source / name, record / name)
    if found:
        with open(record / "speed.csv", "w", newline="") as file:
            writer = csv.DictWriter(file, list(found[0]), lineterminator="\n")
            writer.writeheader()
            writer.writerows(found)
    (record / "tests.txt").write_text(_tests((source / "tests.txt").read_text()) + "\n")


def _earlier(source: Path, record: Path) -> list[dict[str, str]]:
    """The rows of the record that the session did not measure, with the commit that they are of."""
    new = {row["what"] for row in rows("speed.csv", source)}
    old = [row for row in rows("speed.csv", record) if row["what"] not in new]
    return [{**row, "note": row["note"] or f"{_OLD}{_machine(record)['commit'][:7]}"} for row in old]


def _tests(printed: str) -> str:
    """How the tests ended, in a line; pytest's dots are counted where the clock stopped it."""
    *progress, last = printed.strip().splitlines()
    if "passed" in last or "failed" in last:
        return last
    dots = "".join(line.split(" [")[0] for line in progress if re.fullmatch(r"[.FEsx]+( +\[ *\d+%\])?", line))
    return f"{dots.count('F') + dots.count('E')} failed, {dots.count('.')} passed, {last}"


def _machine(record: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((record / "machine.json").read_text())["ours"]
    return found


def rows(name: str, record: Path = RECORD) -> list[dict[str, str]]:
    """The lines of a csv file of the record; none if it was never measured."""
    if not (record / name).exists():
        return []
    with open(record / name, newline="") as file:
        return list(csv.DictReader(file))


def text(record: Path = RECORD) -> str:
    """The measured numbers, as Markdown."""
    machine, tests = _machine(record), (record / "tests.txt").read_text().strip()
    updates = rows("updates.csv", record)
    lines = [
        f"Measured on one {machine['gpu']} with torch {machine['torch']}. Tests on it: {tests}.",
        "Times are wall-clock times.", "",
        "| twenty seeds, T = B = H = 100 | longlag, ms | compared with | its ms | ratio (quartiles) | commit |",
        "|---|---|---|---|---|---|",
        *(_speed(row, machine["commit"]) for row in rows("speed.csv", record) if row["ratio"]), "",
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
    told = f"- **P12** on one {_machine(record)['gpu']} (floor 10, goal 20): {', '.join(asked)}."
    if others:
        told += f" Against the same program, called: {', '.join(others)}."
    return textwrap.fill(told, 119, subsequent_indent="  ", break_on_hyphens=False)


def _what(row: dict[str, str]) -> str:
    return row["what"].removeprefix("twenty seeds' ").removesuffix(" as one program")


def _speed(row: dict[str, str], commit: str) -> str:
    commit = row["note"].removeprefix(_OLD) if row["note"].startswith(_OLD) else commit[:7]
    ratio = f"{float(row['ratio']):.3g} ({float(row['low']):.3g} to {float(row['high']):.3g})"
    return (
        f"| {_what(row)} | {_digits(row['ours_ms'])} | {row['peer']} | {_digits(row['peer_ms'])} | {ratio} | {commit} |"
    )


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
        f"| {what} | {row['replicas']} | {row['rows']} | {row['updates']} | {_digits(row['seconds'])} | "
        f"{_digits(row['core_s'])} s | {row['commit'][:7]} |"
    )


def with_text(page: str, found: str) -> str:
    """The page with that text between its marks."""
    marks = re.compile(r"(<!-- benchmarks.gpu_record -->\n).*?(<!-- end -->)", flags=re.S)
    return marks.sub(lambda mark: f"{mark[1]}\n{found}\n\n{mark[2]}", page)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m benchmarks.gpu_record", description=__doc__)
    parser.add_argument("folder", nargs="?", type=Path, help="that `make gpu` wrote")
    if source := parser.parse_args().folder:
        keep(source)
    for page, found in ((PAGE, text()), (BENCHMARKS, sentence())):
        page.write_text(with_text(page.read_text(), found))
