"""The conditions that not all fresh seeds solve within three million passes, with ten million: results/budget."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from conditions import FRESH
from finding import in_markdown, of_all, wrapped

from longlag.design import tuned
from longlag.store import records
from longlag.words import count, join_words, method_label, number, task_label

ROOT = Path(__file__).parents[1]
BUDGET = ROOT / "results/budget/runs.csv.gz"
BUDGETS = (1e6, 3e6, 1e7)  # sequence passes
TUNED, FINAL = ROOT / "config/tuned/tuning.yaml", ROOT / "config/tuned/tuning_far.yaml"
Condition = tuple[str, str, int]  # method, task, lag


def budget() -> str:
    """Seeds of the starved conditions that were solved within some budgets, and how many need the largest."""
    rows, found = records.read_rows(BUDGET), _within()
    keys = list(found)
    table = in_markdown(
        ["method", "task", "lag", *(number(passes) for passes in BUDGETS)],
        [
            [method_label(method), task_label(task), str(lag), *map(of_all, found[method, task, lag])]
            for method, task, lag in keys
        ],
    )
    unsolved, later = (
        sum(not any(of[-1]) for of in found.values()),
        sum(sum(of[-1]) > sum(of[-2]) for of in found.values()),
    )
    minutes = sum(row.seconds for row in rows) / 60
    words = (
        f"{unsolved} of the {len(keys)} conditions stay unsolved on all seeds. On {later} the last budget solves seeds "
        f"that {number(BUDGETS[-2])} passes do not. {_replaced('../../docs/tuning.md')} "
        f"{len(rows)} runs, {minutes:.0f} CPU minutes, {rows[0].cpu}."
    )
    return f"{table}\n\n{wrapped(words)}"


def _within() -> dict[Condition, list[list[bool]]]:
    """For each starved condition and budget: which seeds were solved within it."""
    rows = records.read_rows(BUDGET)
    keys = sorted({(row.method, row.task, row.lag) for row in rows})
    return {
        key: [
            [row.passes_to_solve <= passes for row in rows if (row.method, row.task, row.lag) == key]
            for passes in BUDGETS
        ]
        for key in keys
    }


def _replaced(link: str) -> str:
    """Which of the starved conditions had settings that the final of the search has replaced; link: to its page."""
    before, after = (tuned.read(path)["methods"] for path in (TUNED, FINAL))
    changed = join_words(
        f"{method_label(method)} on {task_label(task)}"
        for method, task, _ in _within()
        if _choice(before, method, task) != _choice(after, method, task)
    )
    return (
        f"The settings are those that the search had chosen before it had a [final]({link}). The final has replaced "
        f"those of {changed}: with the new ones these have not been run."
    )


def _choice(methods: Any, method: str, task: str) -> int:
    """The number of the candidate that was chosen for a task, or for all tasks."""
    chosen = methods[method]["candidates"]
    return int(chosen["tasks"].get(task, chosen["one"]))


def which_budget() -> str:
    """Which of the starved conditions the largest budget brings to half of the seeds, and the one before does not."""
    found = _within()
    later = [key for key, (*_, small, large) in found.items() if 2 * sum(small) < len(small) <= 2 * sum(large)]
    small, large = map(number, BUDGETS[-2:])
    each = join_words(
        f"{method_label(method)} on {task_label(task)} at lag {lag} ({sum(found[method, task, lag][-2])} of 5, then "
        f"{sum(found[method, task, lag][-1])})"
        for method, task, lag in later
    )
    starved, seeds = _starved(), {row.seed for row in records.read_rows(BUDGET)}
    never = sum(not any(of[-1]) for of in found.values())
    some = {key: of[-1] for key, of in found.items() if any(of[-1]) and 2 * sum(of[-1]) < len(of[-1])}
    if len(later) + len(some) + never != len(found) or seeds & {row.seed for row in records.read_rows(FRESH)}:
        raise ValueError("half of the seeds solve a starved condition within the smaller budget, or seeds are the same")
    few = join_words(
        f"{method_label(method)} on {task_label(task)} at lag {lag} ({of_all(of)})"
        for (method, task, lag), of in some.items()
    )
    return wrapped(
        f"{starved} of the conditions on [fresh seeds](../results/fresh/README.md) are not solved by all seeds within "
        f"{small}. {len(found)} of them were given ten million passes, on {count(len(seeds), 'other seed')} each "
        "([record](../results/budget/README.md)). "
        f"{count(len(later), 'condition')} reach half of the seeds only then: {each}; {small} passes are too few for "
        f"these. {count(len(some), 'condition')} are solved by fewer than half of the seeds even then: {few}. {never} "
        f"stay unsolved on all seeds. How the other {starved - len(found)} would end is not known. The default is "
        f"therefore {large}; no larger budget was tried on these conditions. The reference takes {small}, to keep its "
        f"cost down: where it says *stopped by the budget*, more passes may solve more. {_replaced('tuning.md')}"
    )


def _starved() -> int:
    """How many conditions of the fresh seeds have a seed that is not solved."""
    rows = records.read_rows(FRESH)
    return len({(row.method, row.task, row.lag) for row in rows if not row.solved})
