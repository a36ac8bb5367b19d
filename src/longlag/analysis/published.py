"""What papers report on the same kind of task, beside what was measured here. DataFrame in, DataFrame out.

`published.csv` holds one fact a line, in our words: where it stands (source, year, place), what was run there
(told_method, variant), which method of longlag is its nearest counterpart (method), a metric with its value, and its
standing: *verified* (read in the paper, its code or its log) or *second-hand* (as retold by somebody else). Where the
paper itself is run here, `paper` names its file in config/papers and `arm` the method or variant that stands for it.
Nothing in it is a target: criteria, tasks and budgets differ, and the variant and note columns say how.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd

FILE = Path(__file__).with_name("published.csv")
Told = dict[tuple[str, str, str], dict[int, Any]]  # task, arm, metric -> lag -> the fact


def load() -> pd.DataFrame:
    """All published facts; lag as a whole number, value as text (it may be words), runs missing where not told."""
    return pd.read_csv(FILE, dtype={"lag": "int64", "value": str, "runs": "Int64"}, keep_default_na=True).fillna(
        {"variant": "", "note": "", "paper": "", "arm": ""}
    )


def of_paper(facts: pd.DataFrame, paper: str) -> Told:
    """The facts of a paper by what they are of, each with its line as `fact`; of two on the same the first counts."""
    found: Told = {}
    for fact in facts[facts.paper == paper].reset_index(names="fact").itertuples():
        found.setdefault((fact.task, fact.arm, fact.metric), {}).setdefault(fact.lag, fact)
    return found


def against(facts: pd.DataFrame, costs: pd.DataFrame) -> pd.DataFrame:
    """The facts on tasks that were run, each with the condition of its counterpart at the nearest lag on either side.
    costs: `stats.cost` in passes.

    Adds: ran (whether the method ran on the task) and for below (largest lag at or under the fact's) and above
    (smallest lag over it, only if the fact's own lag was not run): lag, n, solved and median, the
    Kaplan-Meier median of passes; missing where there is no such condition.
    """
    found = facts[facts.task.isin(set(costs.task))].reset_index(drop=True)
    sides = [
        _beside(costs[(costs.task == f.task) & (costs.method == f.method)], int(f.lag)) for f in found.itertuples()
    ]
    columns = ["ran", *(f"{side}_{name}" for side in ("below", "above") for name in ("lag", "n", "solved", "median"))]
    return found.join(pd.DataFrame(sides, columns=columns, index=found.index))


def _beside(conditions: pd.DataFrame, lag: int) -> list[object]:
    below = conditions[conditions.lag <= lag].sort_values("lag").tail(1)
    at = bool((below.lag == lag).any())
    above = conditions[conditions.lag > lag].sort_values("lag").head(0 if at else 1)
    return [len(conditions) > 0, *_numbers(below), *_numbers(above)]


def _numbers(condition: pd.DataFrame) -> list[float | None]:
    return (
        [None] * 4 if condition.empty else [float(condition.iloc[0][name]) for name in ("lag", "n", "solved", "median")]
    )
