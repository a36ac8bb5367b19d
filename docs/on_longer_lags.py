"""Longer lags and larger budgets on seeds of their own: the table of results/far, and a finding of docs/findings.md."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import costs
from finding import Finding, in_markdown, of_all

from longlag.store.records import Row, read_rows
from longlag.words import join_words, method_label, number, task_label

FAR = Path(__file__).parents[1] / "results/far/runs.csv.gz"
_DEFAULT = 3e6  # sequence passes: the budget of the reference


def table(path: Path = FAR) -> str:
    """Each condition: its budget, how many seeds are solved within three million passes and in all, and when."""
    rows = read_rows(path)
    lines = []
    for key in sorted({(row.method, row.task, row.lag) for row in rows}):
        of = _of(rows, *key)
        lines.append(
            [
                method_label(key[0]),
                task_label(key[1]),
                str(key[2]),
                number(of[0].budget),
                of_all([row.passes_to_solve <= _DEFAULT for row in of]),
                of_all([row.solved for row in of]),
                _times(of),
            ]
        )
    names = ["method", "task", "lag", "budget", f"solved within {number(_DEFAULT)}", "solved", "passes to solve"]
    spent = f"{len(rows)} runs, {sum(row.seconds for row in rows) / 60:.0f} CPU minutes, {costs.processors(rows)}."
    return f"{in_markdown(names, lines)}\n\n{spent}"


def early_or_never(path: Path = FAR) -> Finding:
    """Hessian-Free with three times the budget: do the runs that three million passes leave unsolved solve later?"""
    rows = read_rows(path)
    order, parity = _of(rows, "hf", "temporal_order", 200), _of(rows, "hf", "xor", 50)
    solved = [row for row in (*order, *parity) if row.solved]
    stuck = [row for row in (*order, *parity) if not row.solved]
    last = max(row.passes_to_solve for row in solved)
    adding, longest = (_of(rows, "gru", "adding", lag) for lag in (500, 1000))
    return Finding(
        f"Ten million passes do not help Hessian-Free at long lags: of {len(solved) + len(stuck)} runs {len(solved)} "
        f"solve within {number(last)}, and none later",
        f"Temporal order at lag 200: {of_all([row.solved for row in order])} fresh seeds are solved, after "
        f"{_times(order)} passes. XOR at lag 50: {of_all([row.solved for row in parity])}, after {_times(parity)}. The "
        f"other {len(stuck)} runs have {100 * min(row.test_error for row in stuck):.0f} to "
        f"{100 * max(row.test_error for row in stuck):.0f} % of the test set wrong after 10^7 passes, the chance of "
        "their task. So a larger budget was of no use: the seed decides, and another seed costs less than more passes. "
        f"Of the same five seeds the GRU solves adding at lag 500 with {of_all([row.solved for row in adding])}, after "
        f"{_times(adding)} passes, and at lag 1000 with {of_all([row.solved for row in longest])}, after "
        f"{_times(longest)} ([record](../results/far/README.md)).",
        last < _DEFAULT
        and 2 * sum(row.solved for row in order) >= len(order)
        and all(row.test_error > 0.4 for row in stuck)
        and all(row.solved for row in (*adding, *longest)),
    )


def _of(rows: Sequence[Row], method: str, task: str, lag: int) -> list[Row]:
    return [row for row in rows if (row.method, row.task, row.lag) == (method, task, lag)]


def _times(rows: Sequence[Row]) -> str:
    """`424 k, 757 k and 845 k`: passes of the runs that are solved; of more than three their range."""
    passes = sorted(row.passes_to_solve for row in rows if row.solved)
    if len(passes) > 3:
        return " to ".join(dict.fromkeys(map(number, (passes[0], passes[-1]))))
    return join_words(map(number, passes))
