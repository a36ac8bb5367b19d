"""Longer lags and larger budgets on seeds of their own: the table of results/far, and a finding of docs/findings.md."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import costs
from finding import Finding, Subject, in_markdown, of_all
from fresh import BUDGET
from reached import REFERENCE

from longlag.store.records import Row, read_rows
from longlag.words import join_words, method_label, number, task_label

FAR = Path(__file__).parents[1] / "results/far/runs.csv.gz"
_DEFAULT = 3e6  # sequence passes: the budget of the reference
_HF = (("hf", "temporal_order", 200), ("hf", "xor", 50))


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


def early_or_never() -> Finding:
    """Hessian-Free with three times the budget: do the runs that three million passes leave unsolved solve later?"""
    rows, shorter, longer = read_rows(FAR), read_rows(REFERENCE), read_rows(BUDGET)
    order, parity = ([*_of(rows, *key), *_of(shorter, *key)] for key in _HF)
    solved = [row for row in (*order, *parity) if row.solved]
    stuck = [row for row in (*order, *parity) if not row.solved]
    last, most = max(row.passes_to_solve for row in solved), max(row.budget for row in stuck)
    long = [row for row in stuck if row.budget == most]
    products = _of(longer, "hf", "multiplication", 50)
    adding, longest = (_of(rows, "gru", "adding", lag) for lag in (500, 1000))
    return Finding(
        f"Hessian-Free solves temporal order at lag 200 and XOR at lag 50 within {number(last)} passes, or not within "
        f"{number(most)}",
        f"Ten seeds each: five with at most {number(most)} passes and the five of the reference with "
        f"{number(_DEFAULT)}. Temporal order: {of_all([row.solved for row in order])} are solved, after "
        f"{_times(order)} passes. XOR: {of_all([row.solved for row in parity])}, after {_times(parity)}. The "
        f"{len(long)} runs that spent {number(most)} passes have {100 * min(row.test_error for row in long):.0f} to "
        f"{100 * max(row.test_error for row in long):.0f} % of the test set wrong, the chance of their task. So on "
        "these two tasks another seed is worth more than a larger budget. Elsewhere it need not be: multiplication at "
        f"lag 50 is solved with {of_all([row.solved for row in products])} seeds, after {_times(products)} passes "
        "([record](../results/budget/README.md)). "
        f"The GRU needs little at longer lags: it solves adding at lag 500 with "
        f"{of_all([row.solved for row in adding])} other seeds, after {_times(adding)} passes, and at lag "
        f"1000 with {of_all([row.solved for row in longest])}, after {_times(longest)} "
        "([record](../results/far/README.md)).",
        last < _DEFAULT
        and len(order) == len(parity) == 10
        and len(long) > 5
        and all(row.test_error > 0.4 for row in stuck)
        and min(row.passes_to_solve for row in products if row.solved) > _DEFAULT
        and all(row.solved for row in (*adding, *longest)),
        subject=Subject.LAGS,
    )


def _of(rows: Sequence[Row], method: str, task: str, lag: int) -> list[Row]:
    return [row for row in rows if (row.method, row.task, row.lag) == (method, task, lag)]


def _times(rows: Sequence[Row]) -> str:
    """`424 k, 757 k and 845 k`: passes of the runs that are solved; of more than three their range."""
    passes = sorted(row.passes_to_solve for row in rows if row.solved)
    if len(passes) > 3:
        return " to ".join(dict.fromkeys(map(number, (passes[0], passes[-1]))))
    return join_words(map(number, passes))
