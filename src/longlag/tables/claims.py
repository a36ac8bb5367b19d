"""The comparisons that a list names, over all tasks and lags."""

from __future__ import annotations

import pandas as pd

from longlag.analysis import Analysis
from longlag.analysis.claims import LEAST, PAIRS
from longlag.words import capital, count, join_methods, method_label, seeds_phrase

TITLE, BESIDE = "Methods against each other, over all tasks and lags", "overview"
_COLUMNS = ["method", "against", "tasks", "task and lag", "runs solved", "sooner", "p", "p corrected"]


def build(analysis: Analysis) -> pd.DataFrame:
    """One row per pair of the list whose methods met; "a | b" is the method's number, then the other's."""
    rows = [
        [
            pair.first,
            pair.second,
            pair.tasks,
            pair.cells,
            f"{pair.solved_first}/{pair.n_first} | {pair.solved_second}/{pair.n_second}",
            capital(method_label(pair.ahead)) if pair.ahead else "neither",
            _p(pair.p, pair.p) + (f" ± {pair.error:.1g}" if pair.error else ""),
            _p(pair.holm, pair.p),
        ]
        for pair in analysis.claims.itertuples()
    ]
    return pd.DataFrame(rows, columns=_COLUMNS)


def _p(value: float, p: float) -> str:
    """value: p or p corrected; a bound where p is too small to be resolved."""
    return f"< {value / p * 10 * LEAST:.2g}" if p < 10 * LEAST else f"{value:.2g}"


def note(analysis: Analysis) -> str:
    """Which test it is, what is exchanged, and what was corrected."""
    pairs = analysis.claims
    if pairs.empty:
        return f"No two methods of the {len(PAIRS)} pairs that the lecture suggests were run at one task and lag."
    sizes = seeds_phrase(analysis.success.n)
    return (
        f"{capital(count(len(pairs), 'pair'))} of the {len(PAIRS)} that the lecture suggests: its four ways, gradient "
        "clipping and the chrono LSTM, each with the plain RNN; the ways and the chrono LSTM, each with clipping and "
        "with each other. The list is part of the code; the data choose none (docs/protocol.md). Log-rank test of the "
        "passes to solve, stratified over tasks and lags, two-sided; p: seeds of the two "
        f"methods exchanged within each task ({sizes}), each with all its lags, since a lag that was not attempted "
        "follows from those below it. All exchanges are counted; after ± stands the standard error where they were "
        "drawn; <: an upper bound. "
        "Corrected: by Holm for the number of rows. Sooner: who solved more or sooner than expected. A run is "
        "known to have solved between two looks: runs that solved at one look of the common grid are tied. A method "
        "that wins here wins on these tasks and lags together, not on each; docs/findings.md compares the tasks of the "
        f"search with the others.{_in_no_pair(analysis)}"
    )


def _in_no_pair(analysis: Analysis) -> str:
    """The methods of these runs that the list does not name, as a sentence."""
    left = sorted({*analysis.success.method} - {name for pair in PAIRS for name in pair})
    return f" In none of these pairs: {join_methods(left)}." if left else ""
