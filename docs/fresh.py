"""Recipes on seeds that no search has seen, before and after the search: `python docs/fresh.py` writes the README of
results/fresh."""

from __future__ import annotations

import argparse
import math
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from statistics import median

from finding import in_markdown, of_all

from longlag.analysis.intervals import wilson
from longlag.design import suite
from longlag.store.records import Row, read_rows
from longlag.words import join_words, method_label, number, task_label

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "results/fresh"
SUITE = ROOT / "config/fresh.yaml"
BUDGET, LSTM_LAG = ROOT / "results/budget/runs.csv.gz", ROOT / "results/lstm_lag/runs.csv.gz"
SEARCH, FINAL = ROOT / "results/tuning/trials.csv", ROOT / "results/tuning_far/trials.csv"
TUNED, FINAL_TUNED = ROOT / "config/tuned/tuning.yaml", ROOT / "config/tuned/tuning_far.yaml"
TRIED = [ROOT / f"results/tried/{name}.csv" for name in ("order", "permutation")]
LAST, FAR = ROOT / "config/fresh_final.yaml", ROOT / "config/far.yaml"
RECORDS = {
    "before": FOLDER / "before/runs.csv.gz",
    "now": FOLDER / "runs.csv.gz",
    "final": FOLDER / "final/runs.csv.gz",
}
Cell = tuple[str, int]  # task, lag
Outcomes = Mapping[tuple[str, str, int], Sequence[bool]]  # (method, task, lag) -> solved or not, by seed
_PAGE = """\
# Recipes on fresh seeds

`config/fresh.yaml`: five seeds that no search has seen, on conditions where recipes used to fail, with at most three
million passes for each run. Written by `python docs/fresh.py`.

- *now*: the settings that [the search](../../docs/tuning.md) chose, for each task where the task was searched.
{before}- *final*: the settings that the final of the search put in the place of some of those, on five other seeds
  (`config/fresh_final.yaml`). A blank cell: the setting is that of *now*.

A cell of the table says how many of the seeds were solved, and the median of the passes to solve. An unsolved seed
counts as later than all others, so there is no median where fewer than half are solved. The conditions were chosen
because recipes failed on them with other seeds. *Before* was run again on these seeds, so that the bad luck of those
others is not in the comparison. But conditions where the older recipes never failed are not here, and a loss there
would not be seen.

{table}

Tasks that no search has seen, with the one setting for all tasks and the same budget. The lag of parity is a length:

{unseen}

{missing}Wilson's 95 % intervals of the rate: {intervals}.

| record | runs | solved | passes | CPU minutes | commit | processors |
|---|---|---|---|---|---|---|
{records}

Seeds used up so far: {seeds}, {others} by `config/budget.yaml`, {lag} by `config/lstm_lag.yaml`, {last} by
`config/fresh_final.yaml`, {far} by `config/far.yaml` and {tried} in `results/tried`. A later change of a recipe
takes the next block of five that is not among them.

```sh
longlag table success results/fresh/runs.csv.gz --out tables
```
"""
_BEFORE = """\
- *before*: the recipes and code of commit {commit}, which recorded an earlier reference, on the same seeds.
"""


def table(records: Mapping[str, Sequence[Row]], cells: Sequence[Cell]) -> str:
    """Methods, by the age of their settings, against tasks and lags."""
    lines = []
    for method in sorted({row.method for rows in records.values() for row in rows}, key=method_label):
        for when, rows in records.items():
            found = [cell([row for row in rows if row.method == method], each) for each in cells]
            if any(found):
                lines.append([method_label(method), when, *found])
    return in_markdown(["method", "settings", *(f"{task_label(task)}, T = {lag}" for task, lag in cells)], lines)


def cell(rows: Sequence[Row], at: Cell) -> str:
    """How many runs of a task and lag are solved, and the median of their passes."""
    of = [row for row in rows if (row.task, row.lag) == at]
    if not of:
        return ""
    middle = median(row.passes_to_solve if row.solved else math.inf for row in of)
    solved = of_all([row.solved for row in of])
    return solved if math.isinf(middle) else f"{solved}, {number(middle)}"


def intervals(n: int) -> str:
    """The interval of every possible number of solved runs of n."""
    bounds = [wilson(solved, n) for solved in range(n + 1)]
    return ", ".join(f"{k} of {n} {100 * low:.0f} to {100 * high:.0f} %" for k, (low, high) in enumerate(bounds))


def recorded() -> dict[str, list[Row]]:
    """The committed rows, before and now."""
    return {when: read_rows(path) for when, path in RECORDS.items() if path.exists()}


def outcomes(rows: Iterable[Row]) -> Outcomes:
    """(method, task, lag) -> solved or not, by seed."""
    solved: dict[tuple[str, str, int], list[bool]] = {}
    for row in rows:
        solved.setdefault((row.method, row.task, row.lag), []).append(row.solved)
    return solved


def page(records: Mapping[str, Sequence[Row]]) -> str:
    """The README."""
    cells, new = asked(SUITE), [pair for pair in asked(LAST) if pair not in asked(SUITE)]
    last = records.get("final", [])
    return _PAGE.format(
        table=table(records, cells),
        unseen=table({"final": last}, new),
        before=_BEFORE.format(commit=records["before"][0].commit) if "before" in records else "",
        missing=_missing(last),
        intervals=intervals(5),
        records="\n".join(_cost(when, rows) for when, rows in records.items()),
        seeds=_span(row.seed for row in records["now"]),
        others=_span(row.seed for row in read_rows(BUDGET)),
        lag=_span(row.seed for row in read_rows(LSTM_LAG)),
        last=_span(row.seed for row in last),
        tried=join_words(_span(row.seed for row in read_rows(path)) for path in TRIED),
        far=_span(seed for job in suite.read(FAR).jobs for seed in job.seeds),
    )


def asked(path: Path) -> list[Cell]:
    """The tasks and lags of a suite."""
    return sorted({(task, lag) for job in suite.read(path).jobs for task in job.tasks for lag in job.lags})


def _missing(rows: Sequence[Row]) -> str:
    """Which runs of the last suite there are not yet, as a paragraph; empty if there are all."""
    wanted = {(job.method, task, lag) for job in suite.read(LAST).jobs for task in job.tasks for lag in job.lags}
    lacking = wanted - {(row.method, row.task, row.lag) for row in rows}
    return f"Not run yet: {len(lacking)} of the {len(wanted)} conditions.\n\n" if lacking else ""


def _span(seeds: Iterable[int]) -> str:
    """`300 to 304`."""
    found = set(seeds)
    return f"{min(found)} to {max(found)}" if found else "none"


def _cost(when: str, rows: Sequence[Row]) -> str:
    solved, passes = sum(row.solved for row in rows), sum(row.passes for row in rows)
    minutes = sum(row.seconds for row in rows) / 60
    commits, machines = (join_words(sorted({getattr(row, name) for row in rows})) for name in ("commit", "cpu"))
    return f"| {when} | {len(rows)} | {solved} | {number(passes)} | {minutes:.0f} | {commits} | {machines} |"


if __name__ == "__main__":
    argparse.ArgumentParser(description=__doc__).parse_args()  # --help runs nothing
    (FOLDER / "README.md").write_text(page(recorded()), "utf-8")
    print(FOLDER / "README.md")
