"""The finished part of the reference run that is under way: `python docs/underway.py` writes the README of
results/underway; `python docs/underway.py FOLDER...` first takes the finished rows of these folders.

Of the rows, those are kept that the suite asks for as it is now. Another machine resumes from them (`reuse`).
"""

from __future__ import annotations

import dataclasses
import gzip
import json
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

from finding import in_markdown, of_all

from longlag.cli.design import digests_of
from longlag.design import suite
from longlag.store.curves import Point, read_points, write_points
from longlag.store.files import write_atomically
from longlag.store.records import Row, Status, read_rows, write_rows
from longlag.words import join_words, method_label, task_label

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "results/underway"
SUITE = ROOT / "config/reference_full.yaml"
ROWS, CURVES = FOLDER / "runs.csv.gz", FOLDER / "curves.parquet"
_PAGE = """\
# A larger reference, under way

Finished runs of `config/reference_full.yaml`, which takes days of a machine with two cores. Its beginning is
[the reference](../reference). Written by `python docs/underway.py`.

{count} of {all} runs are finished, with at most three million passes each. {hours:.1f} core-hours so far, on
{machines}; commits {commits}.

A cell says how many seeds are solved at that lag. A seed stops after two unsolved lags in a row, and a lag that no seed
tried is *not tried*. An empty cell has not been run yet.

{table}

Settings are those that [the search and its final](../../docs/tuning.md) chose: one for each of adding, XOR, temporal
order and 5-bit memory, and the *one setting* of a method on the other four tasks. The echo state network gets more
information: it knows the lag (so do the LSTMs, the GRU and the minGRU) and the role of each input, and has up to
{units:,} units ([what each recipe reads](../../docs/protocol.md#what-each-recipe-reads)).

`replaced.csv.gz` has the LSTM's runs with the settings of the search, before the final replaced some of them: the
suite does not ask for them any more ([finding 15](../../docs/findings.md#finding-15)).

Another machine resumes from here:

<!-- not run here: days of training -->
```sh
snakemake --cores 8 --config suite=reference_full 'reuse=["results/underway/runs.csv.gz"]'
```
"""


def asked(rows: Iterable[Row], plan: suite.Suite) -> list[Row]:
    """The rows that the suite asks for as it is now, sorted."""
    plan = dataclasses.replace(plan, digests=digests_of(plan))
    wanted = {run: digest for job in plan.jobs for run, digest in plan.wanted(job).items()}
    found = {key(row): row for row in rows if row.spec_hash and wanted.get(key(row)) == row.spec_hash}
    return [found[of] for of in sorted(found)]


def key(row: Row) -> tuple[str, str, int, int]:
    """Which run a row is of."""
    return row.task, row.method, row.lag, row.seed


def take(folders: Sequence[str], plan: suite.Suite) -> None:
    """Adds the rows and curves of these folders, at any depth, to the record."""
    files = [
        path
        for folder in folders
        for path in sorted(Path(folder).rglob("runs.csv"))
        if path.with_name(CURVES.name).exists()
    ]  # a job that still runs has no curves
    sources = [(read_rows(path), read_points(path.with_name("curves.parquet"))) for path in files]
    if ROWS.exists():
        sources.append((read_rows(ROWS), read_points(CURVES)))
    kept = asked([row for rows, _ in sources for row in rows], plan)
    FOLDER.mkdir(parents=True, exist_ok=True)
    plain = ROWS.with_suffix("")
    write_rows(plain, kept)
    write_atomically(ROWS, gzip.compress(plain.read_bytes(), mtime=0))
    plain.unlink()
    write_points(CURVES, curves(kept, sources))


def curves(kept: Sequence[Row], sources: Iterable[tuple[Sequence[Row], Sequence[Point]]]) -> list[Point]:
    """The points of these rows, sorted: of each those that stand beside it, and no other run's of its name."""
    wanted, found = {key(row): row for row in kept}, list[Point]()
    for rows, points in sources:
        own = {key(row) for row in rows if wanted.get(key(row)) == row}
        found += [point for point in points if (point.task, point.method, point.lag, point.seed) in own]
        wanted = {of: row for of, row in wanted.items() if of not in own}
    return sorted(found, key=lambda point: (point.task, point.method, point.lag, point.seed, point.passes))


def table(rows: Sequence[Row]) -> str:
    """Solved seeds of each method and task against lags."""
    lags = sorted({row.lag for row in rows})
    pairs = sorted({(row.method, row.task) for row in rows}, key=lambda pair: tuple(map(str.casefold, _names(*pair))))
    return in_markdown(
        ["method", "task", *map(str, lags)],
        [[*_names(*pair), *(_cell([r for r in rows if (r.method, r.task, r.lag) == (*pair, lag)]) for lag in lags)]
         for pair in pairs],
    )  # fmt: skip


def _names(method: str, task: str) -> tuple[str, str]:
    return method_label(method), task_label(task)


def _cell(rows: Sequence[Row]) -> str:
    if rows and all(row.status == Status.NOT_ATTEMPTED for row in rows):
        return "not tried"
    return of_all([row.solved for row in rows]) if rows else ""


def page(rows: Sequence[Row], plan: suite.Suite) -> str:
    """The README."""
    return _PAGE.format(
        count=f"{len(rows):,}",
        all=f"{len(plan.expected()):,}",
        hours=sum(row.seconds for row in rows) / 3600,
        machines=join_words(sorted({row.cpu for row in rows if row.cpu})),
        commits=join_words(sorted({row.commit for row in rows if row.commit})),
        table=table(rows),
        units=max(json.loads(row.spec)["method"]["parts"]["cell"]["hidden"] for row in rows if row.method == "esn"),
    )


if __name__ == "__main__":
    design = suite.read(SUITE)
    if sys.argv[1:]:
        take(sys.argv[1:], design)
    (FOLDER / "README.md").write_text(page(read_rows(ROWS), design), "utf-8")
    print(FOLDER / "README.md")
