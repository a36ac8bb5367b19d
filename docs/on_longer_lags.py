"""Longer lags and larger budgets on seeds of their own: the table of results/far, and a finding of docs/findings.md."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import costs
from conditions import REFERENCE
from finding import Finding, Subject, in_markdown, of_all, span
from fresh import BUDGET

from longlag.shares import wilson
from longlag.store.records import Row, read_rows
from longlag.words import count, join_words, method_label, number, task_label

FAR = Path(__file__).parents[1] / "results/far/runs.csv.gz"
_DEFAULT = 3e6  # sequence passes: the budget of the reference
_HF = (("hf", "temporal_order", 200), ("hf", "xor", 50))


def table() -> str:
    """Each condition: its budget, how many seeds are solved within three million passes and in all, and when."""
    rows = read_rows(FAR)
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
    lines = [order, parity, products, adding, longest]
    wrong = span((100 * row.test_error for row in long), lambda share: f"{share:.0f}")
    return Finding(
        f"Hessian-Free solves temporal order at lag 200 and XOR at lag 50 within {number(last)} passes; no run did "
        "later",
        f"{of_all([row.solved for row in order])} seeds solve temporal order and "
        f"{of_all([row.solved for row in parity])} XOR. The {len(long)} runs that spent {number(most)} passes have "
        f"{wrong} % of the test set wrong, the chance of their task. So on these two tasks another seed is worth more "
        "than a larger budget.",
        subject=Subject.LAGS,
        caption="Seeds solved, and the passes that they need:",
        table=in_markdown(
            ["method", "task", "lag", "largest budget", "seeds solved", "passes"],
            [
                [
                    method_label(rows[0].method),
                    task_label(rows[0].task),
                    str(rows[0].lag),
                    number(max(row.budget for row in rows)),
                    of_all([row.solved for row in rows]),
                    _times(rows),
                ]
                for rows in lines
            ],
        ),
        notes={
            "Seeds": f"Of the first two tasks there are ten: five with at most {number(most)} passes "
            f"([record](../results/far/README.md)), and the five of the reference with {number(_DEFAULT)}.",
            "Caveat": f"{count(len(long), 'run')} are few: that none is solved later leaves room for a share of up "
            f"to {100 * wilson(0, len(long))[1]:.0f} % (Wilson's interval, 95 %).",
            "Elsewhere": "A larger budget may be worth more. On multiplication the "
            f"{count(sum(row.solved for row in products), 'solved seed')} need more than {number(_DEFAULT)} passes "
            f"([record](../results/budget/README.md)). Two others come near, with {_near(products)} % of the test set "
            "wrong.",
            "GRU": f"It needs little at lags {adding[0].lag} and {longest[0].lag}. The seeds are others than those of "
            "the reference ([record](../results/far/README.md)).",
        },
        holds=last < _DEFAULT
        and len(order) == len(parity) == 10
        and len(long) > 5
        and all(row.test_error > 0.4 for row in stuck)
        and min(row.passes_to_solve for row in products if row.solved) > _DEFAULT
        and all(row.solved for row in (*adding, *longest)),
        key="budget",
    )


def _near(rows: Sequence[Row]) -> str:
    """Percent of the test set that the two best of the unsolved runs have wrong."""
    return span(sorted(100 * row.test_error for row in rows if not row.solved)[:2], lambda share: f"{share:.2g}")


def _of(rows: Sequence[Row], method: str, task: str, lag: int) -> list[Row]:
    return [row for row in rows if (row.method, row.task, row.lag) == (method, task, lag)]


def _times(rows: Sequence[Row]) -> str:
    """`424 k, 757 k and 845 k`: passes of the runs that are solved; of more than three their range."""
    passes = sorted(row.passes_to_solve for row in rows if row.solved)
    if len(passes) > 3:
        return span(passes, number)
    return join_words(map(number, passes))
