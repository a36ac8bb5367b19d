"""What failed, and how."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from longlag.analysis import Analysis
from longlag.store.records import Status

TITLE, BESIDE = "What failed, and how", ""
_HOW = [status.value for status in Status if status is not Status.SOLVED]


def build(analysis: Analysis) -> pd.DataFrame:
    """One row per cell with a run that was attempted and not solved: how many ended how, and the commonest reason."""
    cells = analysis.failures
    failed = cells[cells.solved + cells.not_attempted < cells.n]
    rows = [
        [cell.task, cell.method, cell.lag, f"{cell.solved}/{cell.n}", _how(cell), _near(cell), cell.reason]
        for cell in failed.itertuples()
    ]
    names = ["task", "method", "lag", "solved", "the others ended", "nearest, % wrong", "commonest reason"]
    return pd.DataFrame(rows, columns=names)


def _how(cell: Any) -> str:
    counts = {status: getattr(cell, status) for status in _HOW}
    return ", ".join(f"{n} {status.replace('_', ' ')}" for status, n in counts.items() if n)


def _near(cell: Any) -> str:
    """The lowest error of an unsolved run, and the baselines it is measured by: "71 (constant 75, half-solved 50)"."""
    if np.isnan(cell.best):
        return "–"
    known = {"constant": cell.constant, "half-solved": cell.half_solved}
    baselines = ", ".join(f"{name} {100 * error:.0f}" for name, error in known.items() if not np.isnan(error))
    return f"{100 * cell.best:.3g}" + (f" ({baselines})" if baselines else "")


def note(analysis: Analysis) -> str:
    """How to read the words."""
    return (
        "Runs of each cell by how they ended; cells in which every attempted run was solved are left out. Budget: the "
        "passes ran out. Diverged: a loss or a parameter stopped being finite. Timeout: the wall clock's safety net. "
        "Error: a bug or a killed job. Not attempted: the ladder stopped below. Nearest: "
        "the lowest share of validation sequences that one of the unsolved runs got wrong, beside the shares of the "
        "constant and the half-solved answer."
    )
