"""Tables edited by hand, without checksums: a verb takes them, or names file, line and column."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from chaos import files
from chaos.tally import REFUSED_IN_A_LINE, Tally, quiet
from longlag import cli
from longlag.analysis import stats
from longlag.rng import stream
from longlag.store.curves import read_curves

CELLS = ["9" * 19, "9" * 400, "9" * 5000, "-1", "0", "1", "", "inf", "-inf", "nan", "1e308", "-1e308", "1e999", "0.5",
         "a\nb", "a\r\nb", "\x00", "\x1b", "é", "[]", "{}", "null", '{"overrides": 3}', '{"overrides": {"a": 1}}',
         '{"timeout": [60]}', '{"method": {"name": [1]}}', '{"9": 2}',
         "[" * 5000, '{"a":' * 400 + "1" + "}" * 400, "True", "error", "solved", "adding", "../x", "x" * 200_000,
         "1_000", " 1", "2026-01-01"]  # fmt: skip
NUMBERS = [None, np.inf, -np.inf, np.nan, -1, 0, 2**62, 1e308]


def campaign(folder: Path, n: int, seed: int, deadline: float) -> Tally:
    """Changes one to three cells and reads the table with a verb, n times."""
    draw = stream(seed, "chaos", "tables")
    files.prepared(folder)
    runs, job = folder / "runs.csv", folder / "jobs/esn/adding/seeds0/runs.csv"
    whole = {path: _cells(path) for path in (runs, job)}
    curves = read_curves(folder / "curves.parquet")
    verbs: dict[str, tuple[Path, list[object]]] = {
        "table": (runs, ["table", "success", runs, "--out", folder / "tables"]),
        "failures": (runs, ["table", "failures", runs, "--out", folder / "tables"]),
        "diff": (runs, ["diff", runs, runs]),
        "merge": (runs, ["merge", folder / "merged", runs]),
        "estimate": (runs, ["estimate", folder / "tiny.yaml", runs]),
        "collect": (
            job,
            # --replace: a finished row that is damaged now would be lost
            [
                *("collect", "--suite", folder / "suite.json", "--jobs", folder / "jobs"),
                "--out",
                folder / "all",
                "--replace",
            ],
        ),
    }

    def prepare(i: int) -> tuple[str, Callable[[], str]]:
        if draw.random() < 0.2:
            name, value = str(draw.choice(curves.column_names)), NUMBERS[int(draw.integers(len(NUMBERS)))]
            return f"curves with {name} {value}", lambda: _curves(folder / "odd.parquet", curves, name, value)
        verb = str(draw.choice([*verbs]))
        path, words = verbs[verb]
        lines = [[*line] for line in whole[path]]
        changes = []
        for _ in range(int(draw.integers(1, 4))):
            row, column, cell = (int(draw.integers(size)) for size in (len(lines) - 1, len(lines[0]), len(CELLS)))
            lines[1 + row][column] = CELLS[cell]
            changes.append(f"{lines[0][column]} {CELLS[cell][:20]!r}")
        return f"{verb} with {', '.join(changes)}", lambda: _table(path, lines, words)

    return Tally("tables").repeat(n, deadline, prepare)


def _cells(path: Path) -> list[list[str]]:
    return [line[:-1] for line in csv.reader(io.StringIO(path.read_text()))]


def _table(path: Path, lines: list[list[str]], words: list[object]) -> str:
    before = path.read_bytes()
    with path.open("w", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows(lines)
    try:
        with quiet() as said:
            code = cli.main([str(word) for word in words])
    finally:
        path.write_bytes(before)
    assert code in (0, 2), f"exit code {code}"
    lines_said = said.getvalue().splitlines()
    assert "Traceback" not in said.getvalue(), "a traceback"
    assert code == 0 or len(lines_said) == 1, f"an error of {len(lines_said)} lines"
    return "taken" if code == 0 else REFUSED_IN_A_LINE


def _curves(path: Path, table: Any, name: str, value: Any) -> str:
    column, kind = table[name].to_pylist(), table.schema.field(name).type
    column[3] = f"{value}\n" if value is not None and pa.types.is_string(kind) else value
    try:
        changed = table.set_column(table.column_names.index(name), name, pa.array(column))
    except (pa.ArrowException, OverflowError):
        return "no such table"
    pq.write_table(changed, path)
    stats.load_curves(path)
    return "taken"
