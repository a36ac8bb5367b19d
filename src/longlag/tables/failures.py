"""What failed, and how."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from longlag.analysis import Analysis, stats

TITLE, BESIDE = "What failed, and how", ""


def build(analysis: Analysis) -> pd.DataFrame:
    """One row per condition with an attempted run that did not solve: the number of runs per status, the commonest
    reason and the nearest miss."""
    conditions = analysis.failures
    failed = conditions[conditions.solved + conditions.not_attempted < conditions.n]
    rows = [
        [
            condition.task,
            condition.method,
            condition.lag,
            f"{condition.solved}/{condition.n}",
            stats.endings_in_words(condition.endings),
            _near(condition),
            condition.reason,
        ]
        for condition in failed.itertuples()
    ]
    names = ["task", "method", "lag", "solved", "the others ended", "nearest, % wrong", "commonest reason"]
    return pd.DataFrame(rows, columns=names)


def _near(condition: Any) -> str:
    """The lowest error of an unsolved run, and the baselines it is measured by: "71 (constant 75, half-solved 50)"."""
    if np.isnan(condition.best):
        return "–"
    known = {"constant": condition.constant, "half-solved": condition.half_solved}
    baselines = ", ".join(f"{name} {100 * error:.0f}" for name, error in known.items() if not np.isnan(error))
    return f"{100 * condition.best:.3g}" + (f" ({baselines})" if baselines else "")


def note(analysis: Analysis) -> str:
    """How to read the words."""
    return (
        "Runs of each condition by how they ended. Conditions in which every attempted run was solved are left out. "
        "Budget: the passes ran out. All sequences used: a readout that is fitted in one step had every sequence that "
        "it asks for, so that more passes would not help. Solved unconfirmed: the test set meets the criterion, but no "
        "validation confirmed it within the budget; with `stop: budget` none is asked for. Failed the test: confirmed "
        "on validation, not on the test set. "
        "Diverged: a loss or a parameter stopped being finite. Timeout: the run reached the limit of wall-clock time. "
        "Error: a bug or a killed job. Not attempted: the ladder stopped at a smaller lag. Nearest: the lowest share "
        "of validation sequences wrong among the unsolved runs, beside the shares of the constant and the half-solved "
        "answer."
    )
