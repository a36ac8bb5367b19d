"""What `longlag tune --suite` says: a line for each method, and tuning.md with settings, scores, cost and edges."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from longlag.words import duration, number, percent

if TYPE_CHECKING:
    from longlag.design.suite import Suite
    from longlag.engine.selection import Choice, Rank

_SEARCH = """\
Every method had the same number of seeds, at most as many passes for each run, and as many candidates; one less where a
candidate repeats the recipe."""
_FINAL = """\
A final: the recipe and the settings that an earlier search chose, one for all tasks and one for each task, meet again.
Every candidate had the same seeds and passes. The earlier choice stays where no run is within the criterion."""
_RULE = """\
A candidate with a seed that diverged, ended with an error or was never evaluated is worse than all others. Then the
order is: share of runs that are not within the criterion, passes (the whole budget for such a run), share of monitor
sequences wrong at the best evaluation (0 within the criterion), last validation loss in units of the constant answer's;
each a mean over seeds, and over tasks for the one setting. In a tie, the recipe is chosen;
without the recipe, the candidate with the lowest number. No test score was read."""


def line(choice: Choice) -> str:
    """What was chosen for a method, in a line."""
    tasks = ", ".join(f"{task} {_name(found)}" for task, found in choice.tasks.items())
    edges = edges_of(choice)
    flagged = f"; at an edge of the space: {', '.join(edges)}" if edges else ""
    return f"{choice.method}: one setting {_name(choice.one)}; by task: {tasks}{flagged}"


def render(plan: Suite, choices: Sequence[Choice], frozen: Path) -> str:
    """The page as markdown."""
    given = _FINAL if "finalists" in (plan.search or {}) else _SEARCH
    head = [f"# The search {plan.name}", "", given, "", _RULE, "", f"Frozen settings: `{frozen.as_posix()}`.", ""]
    summary = _table(
        ["method", "candidates", "runs", "passes", "CPU time", "recipe", "one setting", "per task", "at an edge"],
        map(_summary, choices),
    )
    note = ["", "recipe, one setting, per task: runs within the criterion on the monitor set.", ""]
    return "\n".join([*head, *summary, *note, *(row for choice in choices for row in _section(choice))]) + "\n"


def _summary(choice: Choice) -> list[str]:
    trials = [trial for tasks in choice.trials.values() for found in tasks.values() for trial in found]
    settings = (dict.fromkeys(choice.tasks, 0), dict.fromkeys(choice.tasks, choice.one), choice.tasks)
    return [
        choice.method,
        f"{len(choice.trials) - 1} + recipe",
        str(len(trials)),
        number(sum(trial.passes for trial in trials)),
        duration(sum(trial.seconds for trial in trials)),
        *(_met(choice, numbers) for numbers in settings),
        ", ".join(edges_of(choice)) or "–",
    ]


def _section(choice: Choice) -> list[str]:
    """Settings and scores of one method."""
    from longlag import registry

    space, tasks = registry.get("methods", choice.method).tune, list(choice.tasks)
    recipe, one = _values(choice, dict.fromkeys(tasks, 0)), _values(choice, dict.fromkeys(tasks, choice.one))
    by_task = _values(choice, choice.tasks)
    settings = [
        [
            f"`{path}`",
            f"{reach.low:g} to {reach.high:g}",
            _range(found[path] for found in recipe.values() if path in found),
            _range(found[path] for found in one.values() if path in found),
            *(f"{by_task[task][path]:g}" if path in by_task[task] else "–" for task in tasks),
        ]
        for path, reach in space.items()
    ]
    rows = [
        ("recipe", dict.fromkeys(tasks, 0)),
        ("one setting", dict.fromkeys(tasks, choice.one)),
        ("per task", choice.tasks),
    ]
    scores = [
        [what, *(f"{_name(of[task])}: {_words(choice.score(of[task], task))}" for task in tasks)] for what, of in rows
    ]
    return [
        f"## {choice.method}",
        "",
        *_table(["setting", "searched", "recipe", "one setting", *tasks], settings),
        "",
        *_table(["candidate and score", *tasks], scores),
        "",
    ]


def _values(choice: Choice, numbers: Any) -> dict[str, dict[str, float]]:
    """The values that the searched settings have, by task, with these candidates; those that a task has."""
    from longlag.engine import space
    from longlag.engine.spec import RunSpec

    found = {}
    for task, candidate in numbers.items():
        trial = choice.trials[candidate or 0][task][0]
        spec = RunSpec(task, trial.lag, choice.method, (), overrides=choice.settings(candidate, task))
        found[task] = space.values(spec)
    return found


def edges_of(choice: Choice) -> list[str]:
    """The settings at an edge of their range (`candidates.at_edge`): "PATH (one setting, adding)". None in a final,
    whose candidates are not spread over the space."""
    from longlag import registry
    from longlag.engine import candidates

    method, where = registry.get("methods", choice.method), dict[str, list[str]]()
    if choice.final:
        return []
    for name, task in [("one setting", None), *((task, task) for task in choice.tasks)]:
        for on in [task] if task else choice.tasks:
            values = (_values(choice, {on: candidate})[on] for candidate in choice.ranking(task)[:2])
            for path in candidates.at_edge(method, *values):
                where.setdefault(path, []).append(name)
    return [f"{path} ({', '.join(dict.fromkeys(names))})" for path, names in where.items()]


def _range(values: Iterable[float]) -> str:
    found = sorted(set(values))
    if not found:
        return "–"
    return f"{found[0]:g}" if len(found) == 1 else f"{found[0]:g} to {found[-1]:g}"


def _name(candidate: int | None) -> str:
    return "none" if candidate is None else "recipe" if candidate == 0 else f"{candidate:02d}"


def _words(score: Rank) -> str:
    if score.failed:
        return "failed"
    return (
        f"{number(score.passes)} passes" if not score.wrong else f"{percent(score.wrong)} wrong, loss {score.loss:.3g}"
    )


def _met(choice: Choice, numbers: Mapping[str, int | None]) -> str:
    """How many runs with these candidates, by task, are within the criterion: "6 of 8"."""
    runs = [trial for task, candidate in numbers.items() for trial in choice.trials[candidate or 0][task]]
    return f"{sum(trial.met and not trial.failed for trial in runs)} of {len(runs)}"


def _table(names: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    body = [f"| {' | '.join(row)} |" for row in rows]
    return [f"| {' | '.join(names)} |", f"|{'---|' * len(names)}", *body]
