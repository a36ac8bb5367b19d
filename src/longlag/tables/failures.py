"""What failed, and how."""

from __future__ import annotations

import pandas as pd

from longlag import stats
from longlag.records import Status

TITLE, BESIDE = "What failed, and how", ""
_HOW = [status.value for status in Status if status is not Status.SOLVED]


def build(runs: pd.DataFrame) -> pd.DataFrame:
    """One row per cell with a run that was attempted and not solved: how many ended how, and the commonest reason."""
    cells = stats.failures(runs)
    cells = cells[cells.solved + cells.not_attempted < cells.n]
    cells = cells.astype(dict.fromkeys(_HOW, object))
    for name in _HOW:
        cells[name] = cells[name].replace(0, "–")
    cells = cells.rename(columns={status: status.replace("_", " ") for status in _HOW})
    shown = [*stats.CELL, "n", "solved", *(status.replace("_", " ") for status in _HOW)]
    return cells[[*shown, "reason"]].rename(columns={"reason": "commonest reason"}).reset_index(drop=True)


def note(runs: pd.DataFrame) -> str:
    """How to read the columns."""
    return (
        "Runs of each cell by how they ended; cells in which every attempted run was solved are left out. Budget: the "
        "passes ran out. Diverged: a loss or a parameter stopped being finite. Timeout: the wall clock's safety net. "
        "Error: a bug or a killed job. Not attempted: the ladder stopped below."
    )
