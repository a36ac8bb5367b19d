"""Recipes on seeds that no search has seen, before and after the search: `python docs/fresh.py` writes the README of
results/fresh."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from statistics import median

from finding import in_markdown, of_all

from longlag.analysis.intervals import wilson
from longlag.design import suite, tuned
from longlag.store.records import Row, read_rows
from longlag.words import join_words, method_label, number, task_label

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "results/fresh"
SUITE = ROOT / "config/fresh.yaml"
BUDGET, LSTM_LAG = ROOT / "results/budget/runs.csv.gz", ROOT / "results/lstm_lag/runs.csv.gz"
SEARCH, FINAL = ROOT / "results/tuning/trials.csv", ROOT / "results/tuning_far/trials.csv"
TUNED, FINAL_TUNED = ROOT / "config/tuned/tuning.yaml", ROOT / "config/tuned/tuning_far.yaml"
RECORDS = {"before": FOLDER / "before/runs.csv.gz", "now": FOLDER / "runs.csv.gz"}
Cell = tuple[str, int]  # task, lag
_PAGE = """\
# Recipes on fresh seeds

`config/fresh.yaml`: five seeds that no search has seen, on conditions where recipes used to fail, with at most three
million passes for each run. Written by `python docs/fresh.py`.

- *now*: the settings that [the search](../../docs/tuning.md) chose, for each task where the task was searched. This
  was before the search had a final, which has replaced settings of {replaced}.
{before}
A cell of the table says how many of the seeds were solved, and the median of the passes to solve. An unsolved seed
counts as later than all others, so there is no median where fewer than half are solved. The conditions were chosen
because recipes failed on them with other seeds. *Before* was run again on these seeds, so that the bad luck of those
others is not in the comparison. But conditions where the older recipes never failed are not here, and a loss there
would not be seen.

{table}

{missing}Wilson's 95 % intervals of the rate: {intervals}.

| record | runs | solved | passes | CPU minutes | commit | processors |
|---|---|---|---|---|---|---|
{records}

Seeds used up so far: {seeds}, {others} by `config/budget.yaml` and {lag} by `config/lstm_lag.yaml`. A later change of a
recipe takes the next block of five that is not among them.

```sh
longlag table success results/fresh/runs.csv.gz --out tables
```
"""
_BEFORE = """\
- *before*: the recipes and code of commit {commit}, which recorded [the reference](../reference), on the same seeds.
"""


def table(records: Mapping[str, Sequence[Row]]) -> str:
    """Methods, before and now, against tasks and lags."""
    rows = [row for rows in records.values() for row in rows]
    cells = sorted({(row.task, row.lag) for row in rows})
    lines = []
    for method in sorted({row.method for row in rows}, key=method_label):
        for when, found in records.items():
            of = [row for row in found if row.method == method]
            if of:
                lines.append([method_label(method), when, *(cell(of, each) for each in cells)])
    return in_markdown(["method", "recipe", *(f"{task_label(task)}, T = {lag}" for task, lag in cells)], lines)


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


def page(records: Mapping[str, Sequence[Row]]) -> str:
    """The README."""
    seeds, others = _span(row for rows in records.values() for row in rows), _span(read_rows(BUDGET))
    lag = _span(read_rows(LSTM_LAG))
    return _PAGE.format(
        table=table(records),
        replaced=join_words(replaced()),
        before=_BEFORE.format(commit=records["before"][0].commit) if "before" in records else "",
        missing=_missing(records["now"]),
        intervals=intervals(len(seeds)),
        records="\n".join(_cost(when, rows) for when, rows in records.items()),
        seeds=f"{seeds[0]} to {seeds[-1]}",
        others=f"{others[0]} to {others[-1]}",
        lag=f"{lag[0]} to {lag[-1]}",
    )


def replaced() -> list[str]:
    """The methods of the suite with a setting that the final of the search has replaced."""
    first, final = (tuned.read(path)["methods"] for path in (TUNED, FINAL_TUNED))
    methods = sorted({job.method for job in suite.read(SUITE).jobs}, key=method_label)
    return [method_label(name) for name in methods if first[name]["candidates"] != final[name]["candidates"]]


def _missing(rows: Sequence[Row]) -> str:
    """Which methods of the suite have no runs yet, as a paragraph; empty if all have."""
    asked = {job.method for job in suite.read(SUITE).jobs}
    lacking = sorted(map(method_label, asked - {row.method for row in rows}))
    return f"Not run yet: {join_words(lacking)}.\n\n" if lacking else ""


def _span(rows: Iterable[Row]) -> list[int]:
    return sorted({row.seed for row in rows})


def _cost(when: str, rows: Sequence[Row]) -> str:
    solved, passes = sum(row.solved for row in rows), sum(row.passes for row in rows)
    minutes = sum(row.seconds for row in rows) / 60
    commits, machines = (join_words(sorted({getattr(row, name) for row in rows})) for name in ("commit", "cpu"))
    return f"| {when} | {len(rows)} | {solved} | {number(passes)} | {minutes:.0f} | {commits} | {machines} |"


if __name__ == "__main__":
    (FOLDER / "README.md").write_text(page(recorded()), "utf-8")
    print(FOLDER / "README.md")
