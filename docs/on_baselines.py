"""What the baselines solve, which have no order, no training or no input: a finding of docs/findings.md."""

from __future__ import annotations

from pathlib import Path

from conditions import Seeds, by_condition, solved
from finding import Finding, Subject, in_markdown, of_all, span

from longlag.store.records import Row
from longlag.words import capital, join_words, method_label, task_label

RECORD = Path(__file__).parents[1] / "results/underway/runs.csv.gz"
_AVERAGE, _GUESSING = "time_average", "random_guessing"
_BASELINES = (_AVERAGE, _GUESSING, "constant")


def baselines(path: Path = RECORD) -> Finding:
    """The tasks that a time average solves, and how near the baselines come to the others."""
    seeds = {condition: rows for condition, rows in by_condition(path).items() if condition[0] in _BASELINES}
    tasks, lags = sorted({task for _, task, _ in seeds}), sorted({lag for _, _, lag in seeds})
    easy = [task for task in tasks if all(solved(seeds, _AVERAGE, task, lag) == 1 for lag in lags)]
    hard = [task for task in tasks if task not in easy]
    near = min(hard, key=lambda task: _least(seeds, _AVERAGE, task))
    runs = [row for task in easy for lag in lags for row in seeds[_AVERAGE, task, lag]]
    guessed = [row for (method, _, _), rows in seeds.items() if method == _GUESSING for row in rows if row.passes]
    return Finding(
        f"{capital(join_words(map(task_label, easy)))} need no order: a time average solves both at every lag",
        f"The baseline `{_AVERAGE}` averages random features of single inputs over time, so that it cannot know what "
        f"came first. On these two tasks it solves {of_all([row.solved for row in runs])} runs, each with "
        f"{span((row.passes for row in runs), lambda n: f'{n:,.0f}')} sequences. So a long reach there shows that a "
        "net keeps something, and not that it keeps an order.",
        subject=Subject.TASKS,
        caption="Seeds solved over all lags that were tried, and the least share of a test set wrong of a seed and lag "
        "in percent:",
        table=in_markdown(
            ["task", *(cell for name in _BASELINES for cell in (method_label(name), "wrong"))],
            [
                [task_label(task), *(cell for name in _BASELINES for cell in _cells(seeds, name, task))]
                for task in tasks
            ],
        ),
        notes={
            "Settings": f"Five seeds and lags from {lags[0]} to {lags[-1]}, on the seeds of the reference "
            "([record](../results/underway/README.md)). A seed stops after two unsolved lags.",
            "Why": "In adding one relevant value adds to the sum wherever it stands. In random permutation the first "
            "symbol is one of two that come at no other step. Which of them is present is the answer.",
            "The other tasks": f"{capital(task_label(near))}, of which it has "
            f"{_percent(_least(seeds, _AVERAGE, near))} % wrong, may need other features and no order. "
            "That a time average fails does not show that a task needs order.",
            "Random weights": f"{capital(method_label(_GUESSING))} draws all weights of a net of five units again and "
            f"again, and keeps the best. It solves {of_all([row.solved for row in guessed])} runs within "
            f"{max(row.budget for row in guessed) / 1e6:.0f} million passes.",
        },
        holds=set(easy) == {"adding", "random_permutation"}
        and not any(row.solved for task in hard for row in _tried(seeds, _AVERAGE, task))
        and not any(row.solved for task in tasks for row in _tried(seeds, "constant", task))
        and not any(row.solved for row in guessed)
        and {len(rows) for rows in seeds.values()} == {5},
        key="no_order",
    )


def _tried(seeds: Seeds, method: str, task: str) -> list[Row]:
    return [row for of, rows in seeds.items() if of[:2] == (method, task) for row in rows if row.passes]


def _cells(seeds: Seeds, method: str, task: str) -> list[str]:
    """`30 of 30` and what is wrong at best."""
    return [of_all([row.solved for row in _tried(seeds, method, task)]), _percent(_least(seeds, method, task))]


def _least(seeds: Seeds, method: str, task: str) -> float:
    return min(row.test_error for row in _tried(seeds, method, task))


def _percent(share: float) -> str:
    return f"{100 * share:.0f}"
