"""What the records say: `python docs/findings.py` writes docs/findings.md.

Every number of a finding is worked out from committed records, and every finding states the relation that makes it
true. If the records no longer show it, the page is not written.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean

from longlag.engine import selection, trials
from longlag.engine.selection import Choice, Trial
from longlag.words import method_label, task_label

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs/findings.md"
TRIALS = ROOT / "results/tuning/trials.csv"
RESERVOIR = ROOT / "results/tried/reservoir.csv"
_HEAD = """\
# Findings

What the records of this repository say that a reader may not expect, the unwelcome findings first. Written by
`python docs/findings.py`: every number comes from a committed record, and a finding whose relation the records no
longer show stops the program. Terms are in the [glossary](glossary.md).
"""


@dataclass(frozen=True)
class Finding:
    """A sentence, what supports it, and whether the records show it."""

    title: str
    text: str
    holds: bool


def search_for_settings(found: Sequence[Trial]) -> list[Finding]:
    """What the search for settings shows: runs on tuning seeds, so no ranking of methods."""
    by_method = {name: [trial for trial in found if trial.method == name] for name in sorted({t.method for t in found})}
    every = max(len({trial.candidate for trial in of}) for of in by_method.values())
    choices = {
        name: selection.choose(name, of)
        for name, of in by_method.items()
        if len({trial.candidate for trial in of}) == every  # the search of the others has not ended
    }
    return [
        _recipes(choices),
        _small_rates(by_method["lstm"]),
        _robust(choices["hf"]),
        _adding(choices["esn_momentum"]),
    ]


def _recipes(choices: dict[str, Choice]) -> Finding:
    """How much a search is worth, method by method."""
    rows = []
    for name, choice in choices.items():
        recipe, one = (sum(_met(choice, task, n) for task in choice.tasks) for n in (0, choice.one))
        best = sum(_met(choice, task, n) for task, n in choice.tasks.items())
        runs = sum(len(of) for of in choice.trials[0].values())
        rows.append((name, recipe, one, best, runs))
    gained = [name for name, recipe, _, best, _ in rows if best > recipe]
    table = _table(
        ["method", "runs", "recipe", "one setting for all", "set for each task"],
        [[method_label(name), str(runs), str(recipe), str(one), str(best)] for name, recipe, one, best, runs in rows],
    )
    return Finding(
        f"Settings decide more than a ranking shows: {len(gained)} of {len(rows)} methods solve more after a search",
        "Runs within the criterion on the validation set: four tasks at lag 50, two seeds, 10^6 passes, the recipe and "
        f"16 other settings for each method ([the search](tuning.md)).\n\n{table}",
        bool(gained),
    )


def _met(choice: Choice, task: str, candidate: int | None) -> int:
    return sum(trial.met and not trial.failed for trial in choice.trials[candidate or 0][task])


def _small_rates(found: Sequence[Trial]) -> Finding:
    """Learning rates of the LSTM on XOR."""
    path, recipe = "optimiser.learning_rate", 3e-3
    on_xor = [trial for trial in found if trial.task == "xor"]
    rates = {met: [t.settings.get(path, recipe) for t in on_xor if t.met is met] for met in (True, False)}
    return Finding(
        "The LSTM solves XOR at lag 50, but only at small learning rates",
        f"Of {len(on_xor) // 2} settings, {len(rates[True]) // 2} solve it, all at rates from {min(rates[True]):.2g} "
        f"to {max(rates[True]):.2g}; none at {min(rates[False]):.2g} or more does within 10^6 passes. The recipe's "
        f"rate is {recipe:g}. A table that gives the LSTM one rate says that it cannot learn XOR.",
        bool(rates[True]) and max(rates[True]) < min(rates[False]),
    )


def _robust(choice: Choice) -> Finding:
    """How many settings of Hessian-Free solve a task."""
    tasks = ("temporal_order", "memorization_5bit")
    solved = {task: sum(_met(choice, task, n) == 2 for n in choice.trials) for task in tasks}
    xor = sum(_met(choice, "xor", n) for n in choice.trials)
    return Finding(
        "Hessian-Free hardly needs a search, and a search does not help it on XOR",
        f"{solved['temporal_order']} and {solved['memorization_5bit']} of {len(choice.trials)} settings solve "
        f"{task_label('temporal_order')} and {task_label('memorization_5bit')} at lag 50 on both seeds; no setting "
        "solves XOR within 10^6 passes. The damping that it starts with, the structural damping and the input scale "
        "were searched over factors of 1000, 1000 and 100.",
        min(solved.values()) == len(choice.trials) and xor == 0,
    )


def _adding(choice: Choice) -> Finding:
    best = min(choice.score(n, "adding").wrong for n in choice.trials)
    solved = sum(_met(choice, task, n) == 2 for n in choice.trials for task in ("temporal_order", "memorization_5bit"))
    return Finding(
        "ESN-style initialisation with momentum learns symbols but not sums",
        f"No setting of {len(choice.trials)} solves adding at lag 50 within 10^6 passes: the best leaves "
        f"{100 * best:.0f} % wrong. On {task_label('temporal_order')} and {task_label('memorization_5bit')} {solved} "
        f"of {2 * len(choice.trials)} searched cells are solved on both seeds.",
        not any(_met(choice, "adding", n) for n in choice.trials) and solved > len(choice.trials),
    )


def reservoirs(path: Path) -> list[Finding]:
    """What helps an echo state network at lag 1000."""
    wrong: dict[str, list[float]] = {}
    with path.open(newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            changed = json.loads(row["spec"])["overrides"]
            name = ", ".join(f"{setting} = {value:g}" for setting, value in sorted(changed.items()))
            if row["task"] == "multiplication":
                wrong.setdefault(name, []).append(float(row["test_error"]))
    ranked = sorted(wrong.items(), key=lambda item: fmean(item[1]))
    table = _table(
        ["changed", "test set wrong, mean of four seeds", "worst seed"],
        [[f"`{name}`", f"{100 * fmean(found):.1f} %", f"{100 * max(found):.1f} %"] for name, found in ranked],
    )
    larger = [max(found) < 0.06 for name, found in ranked if "cell.hidden" in name]
    others = [max(found) > 0.06 for name, found in ranked if "cell.hidden" not in name]
    return [
        Finding(
            "A reservoir needs units, not better scales, to multiply across 1000 steps",
            "With 200 units the echo state network's products at lag 1000 are wrong however leak, radius, bias and "
            f"input scales were set; with 400 they are right (tuning seeds, results/tried).\n\n{table}",
            all(larger) and all(others),
        )
    ]


def _table(names: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    return "\n".join(
        [f"| {' | '.join(names)} |", f"|{'---|' * len(names)}", *(f"| {' | '.join(row)} |" for row in rows)]
    )


def page() -> str:
    """The page in Markdown.

    Raises:
        ValueError: a finding that the records do not show.
    """
    found = [*search_for_settings(trials.read(TRIALS)), *reservoirs(RESERVOIR)]
    wrong = [finding.title for finding in found if not finding.holds]
    if wrong:
        raise ValueError(f"the records no longer show: {'; '.join(wrong)}; rewrite these findings in docs/findings.py")
    parts = [f"## {place}. {finding.title}\n\n{finding.text}\n" for place, finding in enumerate(found, 1)]
    return "\n".join([_HEAD, *parts])


if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")
    print(PAGE)
