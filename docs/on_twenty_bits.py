"""Twenty bits on fresh seeds, for gated nets and for nets with a careful start: a finding of docs/findings.md."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median

import knows
from conditions import units
from finding import Finding, Subject, in_markdown, of_all, span
from fresh import BUDGET

from longlag.store.records import Row, read_rows
from longlag.words import capital, join_methods, join_words, method_label, task_label

_TASK, _LAG = "memorization_20bit", 30
_GATED, _CAREFUL = ("lstm", "lstm_chrono", "gru", "mingru"), ("orthogonal", "esn_momentum", "hf")
_PLAIN = ("irnn", "clipping", "control")


def twenty_bits(now: Sequence[Row], final: Sequence[Row]) -> Finding:
    """now: runs with the settings of the search. final: with those that the final put in the place of some."""
    runs = {name: _of(now, name) for name in (*_GATED, "lru", *_CAREFUL, *_PLAIN)}
    later = _of(final, "lstm")
    longer = [row.solved for row in read_rows(BUDGET) if row.method in _GATED and row.task == _TASK]
    gated, careful, plain = ([row for name in names for row in runs[name]] for names in (_GATED, _CAREFUL, _PLAIN))
    ((small,), (large,), (same,)) = ({units(row) for row in rows} for rows in (gated, careful, plain))
    ranked = sorted(runs, key=lambda name: (-sum(row.solved for row in runs[name]), _symbols(runs[name])))
    failing = next(name for name in ranked if not any(row.solved for row in runs[name]))
    lines = [[method_label(name), *_line(runs[name])] for name in ranked]
    lines += [[f"{method_label('lstm')}, setting of the final", *_line(later)]]
    return Finding(
        f"Within 3 M passes gated nets of {small} units do not solve {task_label(_TASK)} at lag {_LAG}; carefully "
        "started plain nets do",
        f"{capital(join_methods(_GATED))} solve it with {_solved(gated)} fresh seeds. Plain tanh nets solve it: "
        f"{join_words(f'{method_label(name)} {_solved(runs[name])}' for name in _CAREFUL)}.",
        subject=Subject.TASKS,
        caption=f"Seeds of trained nets that solve {task_label(_TASK)} at lag {_LAG} within 3 x 10^6 passes, and "
        "medians of what is wrong:",
        table=in_markdown(
            ["method", "units", "parameters", "seeds solved", "symbols wrong", "sequences wrong"],
            lines,
        ),
        notes={
            "Settings": "The search had not seen this task. One wrong symbol of ten makes a sequence wrong.",
            "Size": f"The nets that solve it are larger: {_thousands(careful)} parameters ({large} units) against "
            f"{_thousands(gated)} ({small} units). Size is not enough by itself: of the same {same} units, the "
            f"identity start, clipping and the plain net solve {_solved(plain)}.",
            "What they read": knows.said((*_GATED, *_CAREFUL)),
            "Not known": "No gated net of that size was run, so a larger one may solve it. The nets differ in their "
            "optimisers too.",
            "Echo state network": f"It is not trained, reads the lag and solves it with {_solved(_of(now, 'esn'))}.",
            "More passes": f"With 10^7 passes {of_all(longer)} runs of the two LSTMs are solved.",
            "Later": f"The final has since given the LSTM another setting (the last line of the table). "
            f"{_solved(later)} seeds solve it.",
        },
        holds=failing == "lru"
        and sum(longer) < 3
        and not any(row.solved for row in (*gated, *plain, *runs["lru"], *later))
        and all(sum(row.solved for row in runs[name]) >= 4 for name in _CAREFUL)
        and same == large,
        key="symbols",
    )


def _of(rows: Sequence[Row], method: str) -> list[Row]:
    return [row for row in rows if (row.method, row.task, row.lag) == (method, _TASK, _LAG)]


def _line(rows: Sequence[Row]) -> list[str]:
    """Units, parameters, seeds solved, and the medians of the shares of symbols and of sequences wrong."""
    sequences = median(row.test_error for row in rows)
    ((size, parameters),) = {(units(row), row.parameters) for row in rows}
    return [str(size), f"{parameters:,}", _solved(rows), _percent(_symbols(rows)), _percent(sequences)]


def _percent(share: float) -> str:
    """Two digits, or three where there are as many before the point."""
    return f"{100 * share:.2g} %" if share < 0.1 else f"{100 * share:.0f} %"


def _solved(rows: Sequence[Row]) -> str:
    return of_all([row.solved for row in rows])


def _symbols(rows: Sequence[Row]) -> float:
    """The share of symbols wrong, median."""
    return median(row.test_symbol_error for row in rows)


def _thousands(rows: Sequence[Row]) -> str:
    """`4.0 to 5.3 thousand`: parameters."""
    return f"{span((row.parameters for row in rows), lambda n: f'{n / 1e3:.1f}')} thousand"
