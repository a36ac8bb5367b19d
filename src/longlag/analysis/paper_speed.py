"""How many times faster one method of a paper is than another, seed by seed. DataFrame in, DataFrame out."""

from __future__ import annotations

import pandas as pd

from longlag.store.records import KEY, Status

BROKEN = frozenset({Status.ERROR, Status.TIMEOUT})  # endings that say nothing of the method


def reached(rows: pd.DataFrame, curves: pd.DataFrame | None, below: float) -> pd.DataFrame:
    """The rows, as if a run were solved at the first point of its curve with a validation loss below a number.

    A run that has no curve is left out. curves: points, as `stats.load_curves` gives them; records keep 40 of a run.
    None: of no run.
    """
    if curves is None:
        return rows.head(0)
    points = curves.merge(rows[[*KEY]], on=[*KEY])
    first = points[points.loss < below].groupby([*KEY]).passes.min().rename("passes_to_solve")
    found = rows.drop(columns="passes_to_solve").merge(points[[*KEY]].drop_duplicates(), on=[*KEY])
    found = found.join(first, on=[*KEY])
    return found.assign(solved=found.passes_to_solve.notna())


def paired(rows: pd.DataFrame, other: pd.DataFrame) -> pd.DataFrame:
    """The rows whose seeds another method has too, with ratio and bound.

    ratio: its passes over ours; nan if ours did not solve. It is a lower bound where the other did not: its budget over
    our passes. The status is the other's where that run broke, since there is no ratio.
    """
    both = rows.merge(other, on="seed", suffixes=("", "_of_other"))
    solved, of_other = both.solved.astype(bool), both.solved_of_other.astype(bool)
    broken = both.status_of_other.isin(BROKEN)
    passes = both.passes_to_solve_of_other.where(of_other, both.budget_of_other).where(~broken)
    return both.assign(
        ratio=(passes / both.passes_to_solve).where(solved),
        bound=~of_other & ~broken,
        status=both.status.where(~broken, both.status_of_other),
    )
