"""What helps an echo state network, and what it owes to its recipe: findings of docs/findings.md."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from statistics import fmean

from finding import Finding, Subject, in_markdown, of_all, see, span

from longlag.protocol import CRITERION
from longlag.store.records import read_rows
from longlag.words import count, task_label

_RESULTS = Path(__file__).parents[1] / "results"
TRIED, CHANGED = _RESULTS / "tried/reservoir.csv", _RESULTS / "reservoirs/runs.csv"
_UNDERWAY = _RESULTS / "underway/runs.csv.gz"
_CHANGES = {  # the variants of config/reservoirs.yaml, in words
    "esn": "nothing: the recipe",
    "esn-equal_scales": "one input scale for all channels",
    "esn-T_too_short": "leaking rate for a fifth of the lag",
    "esn-T_too_long": "leaking rate for five times the lag",
    "esn-100_units": "100 units",
}


def units() -> Finding:
    """What helps an echo state network at lag 1000."""
    wrong: dict[str, list[float]] = {}
    unchanged = "nothing: 200 units, `cell.leak.times = 0.09`"
    with TRIED.open(newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            changed = json.loads(row["spec"])["overrides"]
            settings = [f"`{setting} = {value:g}`" for setting, value in sorted(changed.items())]
            name = unchanged if row["method"] == "e_base" else ", ".join(settings)
            if row["task"] == "multiplication":
                wrong.setdefault(name, []).append(float(row["test_error"]))
    ranked = sorted(wrong.items(), key=lambda item: fmean(item[1]))
    larger = [max(found) < 0.06 for name, found in ranked if "cell.hidden" in name]
    others = [sum(share <= CRITERION for share in found) < 2 for name, found in ranked if "cell.hidden" not in name]
    return Finding(
        "More units let a reservoir multiply across 1000 steps; no other single change that was tried does",
        "With 400 units the echo state network's products at lag 1000 are right. With 200 units they are right on at "
        "most one of four seeds, whichever of the leak, the radius, the bias or an input scale is changed.",
        subject=Subject.LAGS,
        caption="Test set wrong at lag 1000:",
        table=in_markdown(
            ["changed", "mean of four seeds", "worst seed"],
            [[name, f"{100 * fmean(found):.1f} %", f"{100 * max(found):.1f} %"] for name, found in ranked],
        ),
        notes={
            "Settings": "With 200 units one setting is changed at a time, to one or two other values. The seeds are "
            "tuning seeds ([record](../results/tried/README.md)).",
            "Caveat": "Four seeds are few. Two changes at once were not tried with 200 units, so better scales "
            "together may do it too.",
        },
        holds=all(larger) and all(others),
        key="units",
    )


def recipe() -> Finding:
    """What an echo state network owes to its recipe."""
    solved: dict[tuple[str, str, int], list[bool]] = {}
    rows = read_rows(CHANGED)
    for row in rows:
        solved.setdefault((row.method, row.task, row.lag), []).append(row.solved)
    columns = sorted({(task, lag) for _, task, lag in solved})
    failing = {key for key, found in solved.items() if not all(found)}
    missed = [row.test_error for row in rows if not row.solved]
    changed = [outcome for key, found in solved.items() for outcome in found if key[0] != "esn"]
    unsearched = [row for row in read_rows(_UNDERWAY) if row.method == "esn_recipe"]
    tasks = {row.task for row in unsearched}
    return Finding(
        f"To lag {max(lag for _, lag in columns)} an echo state network owes little to its input scales and the right "
        "leak, and something to its size",
        f"We changed one thing at a time. {sum(changed)} of {len(changed)} runs are still solved. The "
        f"{len(changed) - sum(changed)} unsolved runs all have 100 units and must remember five bits across 200 steps "
        "of noise.",
        subject=Subject.REMEDIES,
        caption="Runs solved, ten seeds each (`config/reservoirs.yaml`; blank: not run):",
        table=in_markdown(
            ["changed", *(f"{task_label(task)}, T = {lag}" for task, lag in columns)],
            [
                [words, *(of_all(solved.get((method, task, lag), [])) for task, lag in columns)]
                for method, words in _CHANGES.items()
            ],
        ),
        notes={
            "Size": "In the unsolved runs the message must be kept for more steps than the ring has units. The recipe "
            f"has more units than steps there. {span(missed, lambda share: f'{100 * share:.1f}')} % of the test set "
            "are wrong, and 1 % may be.",
            "Equal scale": "It is the geometric mean of the recipe's scales, so its level is still a searched one. On "
            "the two memory tasks it changes the blank channel alone, from 0 to 0.01.",
            "Search": "The recipe came from earlier searches on adding, multiplication, XOR and temporal order. "
            "Without the search that gave the reference its settings it solves "
            f"{of_all([row.solved for row in unsearched])} runs on {count(len(tasks), 'task')}, "
            f"to lag {max(row.lag for row in unsearched)} ([record](../results/underway/README.md)).",
            "Caveat": "The recipe solves every run, so that only a loss can be seen. At lag 1000 a scale of an input "
            f"changes how much of a product is wrong ({see('units')}).",
            "Not tested": "We did not take away the quadratic features, the delay line for messages, or a leak that "
            "follows the lag. Multiplication and XOR, which need the features, were not run.",
        },
        holds=failing == {("esn-100_units", "noisy_memory", 200)} and all(row.solved for row in unsearched),
    )
