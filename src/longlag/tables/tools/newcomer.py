"""The two tables of `longlag compare`: the newcomer against each method, and pair by pair. Only in its report.

A cell of `analysis/newcomer.py`, one task at one lag, is called a pair of task and lag: nets and suites have cells too.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import pandas as pd

from longlag import protocol
from longlag.analysis import Analysis, intervals
from longlag.analysis.newcomer import FEWEST_SEEDS
from longlag.words import (
    capital,
    count,
    join_methods,
    join_words,
    method_label,
    number,
    percent,
    percent_interval,
)

OLDER = "†"  # marks what was recorded with an older version or other settings
_NO_TEST = (
    "This is no p < 0.05: intervals of so few seeds are approximate, and an exact test of three seeds against three "
    "gives p = 0.1 at best."
)
_FEWEST_PAIRS = 6  # the sign test of fewer cannot reach p = 0.05: 2 / 2^5 = 0.06
_FAILED = {"error": "ended with an error", "diverged": "diverged", "timeout": "met the clock's limit"}


class Words(NamedTuple):
    """A table ready to print, with its title and note."""

    table: pd.DataFrame
    title: str
    note: str


def against(analysis: Analysis) -> Words:
    """One row per other method: pairs won, lost and tied, the share won, seeds solved, and the ratio of passes."""
    pairs = set(zip(analysis.shared_cells.task, analysis.shared_cells.lag, strict=True))
    older = {method for method, task, lag in analysis.older if (task, lag) in pairs}
    rows = [_against(row, row.other in older) for row in analysis.against.itertuples()]
    results = ["pairs", "won", "lost", "tied", "share won", "p", "seeds solved", "by the other", "passes"]
    note = (
        "Pairs of task and lag at which both were run. Won: a larger share of the newcomer's seeds solves, or "
        "an equal one and the 95 % interval of the ratio of passes (exact rank test) lies below 1; lost: the opposite. "
        "In brackets: how many of these have three seeds of both and an interval that excludes equality (Newcombe's "
        f"95 %, or that of the ratio). {_NO_TEST} Share won: of the pairs not tied, with Wilson's interval; p: exact "
        f"sign test on these (–: fewer than {_FEWEST_PAIRS}, whose p cannot fall to 0.05). Seeds solved: on these "
        "pairs, with Wilson's interval, which treats them as alike. Passes: the newcomer's divided by the other's. It "
        "is estimated from all pairs that both solve together, as if it were the same in each, with a 95 % interval "
        "from an exact rank test (none with three seeds in one pair); below 1: the newcomer needs fewer. Runs end "
        f"where they are evaluated, {_evaluations()}: short runs differ by whole steps of it.{_of_older(analysis)}"
    )
    table = pd.DataFrame(rows, columns=["other method", *results])
    return Words(table, f"{_named(analysis)} against each method", note)


def _of_older(analysis: Analysis) -> str:
    """What the mark of older rows means, if there is one."""
    meaning = "recorded with an older version or other settings than those of today, which may give other numbers"
    return f" {OLDER}: {meaning}." if analysis.older else ""


def _against(row: Any, older: bool) -> list[str]:
    share = "–" if math.isnan(row.share) else f"{percent(row.share)} {percent_interval(row.share_low, row.share_high)}"
    wins = f"{row.won} ({row.won_clearly})", f"{row.lost} ({row.lost_clearly})"
    passes = f"{_ratio(row)} in {count(row.both, 'pair')}" if row.both else "–"
    solved = _solved(row.solved, row.n), _solved(row.solved_other, row.n_other)
    name = f"{capital(method_label(row.other))}{f' {OLDER}' * older}"
    return [name, str(row.cells), *wins, str(row.tied), share, _sign_test(row), *solved, passes]


def by_cell(analysis: Analysis) -> Words:
    """One row per task and lag: what the newcomer solved and needed, and which methods it won from and lost to."""
    rows = []
    for (task, lag), group in analysis.shared_cells.groupby(["task", "lag"]):
        own = group.iloc[0]
        names = [_names(group, outcome, analysis.older) for outcome in ("won", "lost", "tied")]
        rows.append([str(task), str(lag), _solved(own.solved, own.n), number(own["median"]), *names])
    columns = ["task", "lag", "seeds solved", "median passes", "won from", "lost to", "tied with"]
    note = (
        "Seeds solved with Wilson's 95 % interval. Median passes: Kaplan-Meier; ∞: fewer than half of the seeds solved "
        f"within the budget. *: the 95 % interval excludes equality, with three seeds of both. {_NO_TEST}"
        f"{_of_older(analysis)}"
    )
    return Words(pd.DataFrame(rows, columns=columns), f"{_named(analysis)}, task by task and lag by lag", note)


def sentences(analysis: Analysis) -> list[str]:
    """From whom it wins more pairs than it loses, and what that is worth."""
    table, name = analysis.against, _named(analysis)
    if table.empty:
        return [f"No other method was run at the tasks and lags of {name}."]
    ahead = table[table.won > table.lost].other
    behind = table[table.won < table.lost].other
    level = table[table.won == table.lost].other
    own = analysis.success[analysis.success.method == analysis.newcomer]
    failed = analysis.runs[(analysis.runs.method == analysis.newcomer) & analysis.runs.status.isin(_FAILED)]
    half = int((2 * own.solved >= own.n).sum())
    solved = f"{name} solves {half} of {count(len(own), 'pair')} of task and lag with at least half of its seeds."
    parts = [("ahead of", ahead), ("behind", behind), ("level with", level)]
    told = "; ".join(f"{words} {join_methods(names)}" for words, names in parts if len(names))
    order = [] if analysis.smoke or own.n.max() < FEWEST_SEEDS else [f"Counting pairs won and lost, it is {told}."]
    warning = [analysis.smoke] if analysis.smoke else []
    return [*warning, solved, *_failures(failed), *order, _limit(analysis.shared_cells), *analysis.remarks]


def _limit(cells: pd.DataFrame) -> str:
    """What the numbers of seeds allow at best: one pair of task and lag, the newcomer's seeds against the other's."""
    sizes = sorted({(int(cell.n), int(cell.n_other)) for cell in cells.itertuples()})
    bounds = join_words(f"p = {intervals.smallest_p(n, m):.2g} ({count(n, 'seed')} against {m})" for n, m in sizes)
    return f"At one task and lag an exact test can give at best {bounds}. Read the intervals."


def _failures(failed: pd.DataFrame) -> list[str]:
    """One sentence on runs that did not end as runs should, with the commonest reason; none without any."""
    if failed.empty:
        return []
    ends = join_words(f"{n} {_FAILED[status]}" for status, n in failed.status.value_counts().items())
    return [f"Of its runs, {ends}; the commonest reason: {failed.reason.value_counts().index[0]}."]


def _named(analysis: Analysis) -> str:
    return capital(method_label(analysis.newcomer))


def _names(group: pd.DataFrame, outcome: str, older: frozenset[tuple[str, str, int]]) -> str:
    return (
        join_words(
            f"{method_label(row.other)}{'*' * bool(row.clear)}{OLDER * ((row.other, row.task, row.lag) in older)}"
            for row in group[group.outcome == outcome].itertuples()
        )
        or "–"
    )


def _evaluations() -> str:
    early = ", ".join(map(number, protocol.FIRST_EVALUATIONS))
    return f"at {early} passes and every {number(protocol.EVALUATION_EVERY)} after them"


def _sign_test(row: Any) -> str:
    """The p of the pairs won and lost, if that many can reach 0.05."""
    return f"{row.p:.2g}" if row.won + row.lost >= _FEWEST_PAIRS else "–"


def _solved(solved: int, n: int) -> str:
    return f"{solved}/{n} {percent_interval(*map(float, intervals.wilson(solved, n)))}"


def _ratio(row: Any) -> str:
    if row.ratio_low == 0 and math.isinf(row.ratio_high):  # no end is known
        return f"{row.ratio:.2f}"
    return f"{row.ratio:.2f} [{number(row.ratio_low)}, {number(row.ratio_high)}]"
