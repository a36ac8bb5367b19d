"""Settings that the search chose on tasks that no candidate learns: a passage of docs/tuning.md."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from statistics import fmean

from longlag import registry
from longlag.engine import trials
from longlag.engine.selection import Trial
from longlag.store.records import Row, read_rows
from longlag.words import count, join_words, method_label, number, task_label

ROOT = Path(__file__).parents[1]
STAGES = [ROOT / f"results/{stage}/trials.csv" for stage in ("tuning", "tuning_far")]  # the search, then its final
EARLIER = ROOT / "results/reference/tuning.csv"
EXAMPLE = "clipping", "adding"  # method, task
NEAR = 0.8  # share of the constant answer's errors above which a trial has learned next to nothing
Pair = tuple[str, str]  # method, task


def unlearned(found: Iterable[Trial]) -> list[Pair]:
    """Methods and tasks of which no trial comes below `NEAR` of the share wrong of the constant answer."""
    least: dict[Pair, float] = {}
    for one in found:
        wrong = one.wrong if one.wrong >= 0 else 1.0  # nan: never evaluated
        least[one.method, one.task] = min(wrong, least.get((one.method, one.task), 1.0))
    return sorted(
        pair
        for pair, wrong in least.items()
        if wrong > NEAR * registry.get("tasks", pair[1]).baselines["constant"].error
    )


def passage(reference: Iterable[Row]) -> str:
    """Which settings were chosen so, and an example: what the chosen one leaves wrong, beside the recipe and a trial
    with other rates. reference: its rows.

    Raises:
        ValueError: the example is none, or no setting of the earlier trials does better.
    """
    search = trials.read(STAGES[0])
    pairs = unlearned([*search, *trials.read(STAGES[1])])
    by_method: dict[str, list[str]] = {}
    for method, task in pairs:
        by_method.setdefault(method, []).append(task_label(task))
    each = "; ".join(f"{method_label(method)} on {join_words(tasks)}" for method, tasks in by_method.items())
    rows = [row for row in reference if (row.method, row.task, row.lag) == (*EXAMPLE, 20)]
    (chosen,) = {json.dumps(json.loads(row.spec)["overrides"], sort_keys=True) for row in rows}
    left, recipe = (
        100 * fmean(one.wrong for one in search if (one.method, one.task) == EXAMPLE and settings(one) == own)
        for own in (chosen, "{}")
    )
    nearest = 100 * min(row.best_error for row in rows)
    other = min(
        (row for row in read_rows(EARLIER) if (row.method, row.task, row.lag) == (*EXAMPLE, 20)),
        key=lambda row: row.best_error,
    )
    rate = json.loads(other.spec)["method"]["parts"]["optimiser"]["learning_rate"]
    if EXAMPLE not in pairs or not 100 * other.best_error < nearest / 2:
        raise ValueError(f"{EXAMPLE}: chosen {nearest:.0f} % wrong, another setting {100 * other.best_error:.0f} %")
    return (
        "A choice is nearly chance where no candidate learns the task: all are then about as wrong as the constant "
        "answer, and the one with the smallest share wrong is chosen. In the search and its final this is so for "
        f"{count(len(pairs), 'pair')} of a method and a task: {each}. A short reach there may be the fault of "
        f"the search. Of {method_label(EXAMPLE[0])} on {task_label(EXAMPLE[1])} the chosen setting left {left:.1f} % "
        f"wrong at lag 50, and the recipe {recipe:.1f} %. In the reference the chosen one never has less than "
        f"{nearest:.0f} % wrong at lag 20; an older trial there, with the rate {rate:.2g}, had "
        f"{100 * other.best_error:.0f} % wrong within {number(other.budget)} passes "
        "([trials](../results/reference/tuning.csv))."
    )


def settings(one: Trial) -> str:
    """What a trial changes of the recipe, as text."""
    return json.dumps({**one.settings}, sort_keys=True)
