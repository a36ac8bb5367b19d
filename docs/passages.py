"""Passages of documents that are generated from the code and the records: `python docs/passages.py` writes them.

Each stands between two comments that name it. `tests/test_passages.py` says which is out of date.
"""

from __future__ import annotations

import argparse
import math
import re
import textwrap
from collections import Counter
from collections.abc import Callable
from functools import cache
from pathlib import Path
from statistics import median
from typing import Any

import by_chance
import costs
import doubts
import knows
import on_longer_lags
import reran
from conditions import REFERENCE
from finding import in_markdown, of_all

from longlag import registry
from longlag.design import suite, tuned
from longlag.engine import standing
from longlag.store import records
from longlag.store.records import Status
from longlag.words import count, join_words, method_label, number, task_label

ROOT = Path(__file__).parents[1]
SUITE = ROOT / "config/reference.yaml"
FRESH = [ROOT / "results/fresh" / name for name in ("before/runs.csv.gz", "runs.csv.gz")]  # older recipes, then today's
BUDGET = ROOT / "results/budget/runs.csv.gz"
LSTM_LAG = ROOT / "results/lstm_lag/runs.csv.gz"
_ENDS = {
    Status.SOLVED: "solved",
    Status.BUDGET: "unsolved",
    Status.NOT_ATTEMPTED: "not tried after two unsolved lags",
    Status.DIVERGED: "diverged",
    Status.TIMEOUT: "stopped by the clock",
    Status.ERROR: "failed",
}
BUDGETS = (1e6, 3e6, 1e7)  # sequence passes
TUNED, FINAL = ROOT / "config/tuned/tuning.yaml", ROOT / "config/tuned/tuning_far.yaml"
Condition = tuple[str, str, int]  # method, task, lag


@cache
def _record() -> list[records.Row]:
    return records.read_rows(REFERENCE)


def record() -> str:
    """What methods pay, what has changed since the reference was recorded, what of its suite has no row yet, and
    what it lacks."""
    rows = _record()
    words = [_price(rows), _age(rows), _to_come(rows), _lacking(rows)]
    return _wrapped(f"*{' '.join(filter(None, words))}*")


def _price(rows: list[records.Row]) -> str:
    """Median passes to solve, cheapest first; nothing of methods of which fewer than half of the seeds do."""
    task, lag = "adding", 20
    passes: dict[str, list[float]] = {}
    for row in rows:
        if (row.task, row.lag) == (task, lag):
            passes.setdefault(row.method, []).append(row.passes_to_solve if row.solved else math.inf)
    paid = sorted((median(found), name) for name, found in passes.items())
    words = [f"{method_label(name)} {number(price)}" for price, name in paid if price < math.inf]
    return f"Median passes to solve {task} at lag {lag}: {', '.join(words)}." if words else ""


def _age(rows: list[records.Row]) -> str:
    changed = _older(rows)
    if not changed:
        return ""
    names = join_words(map(method_label, sorted({row.method for row in changed})))
    return f"An older record: {len(changed)} of its {len(rows)} rows are of recipes that have changed since ({names})."


def _older(rows: list[records.Row]) -> list[records.Row]:
    """The rows that would have another digest today."""
    standings = standing.of(rows)
    return [row for row in rows if standings[standing.recipe(row)].older]


def _to_come(rows: list[records.Row]) -> str:
    """The methods and tasks of the suite without a row."""
    there = {(row.method, row.task) for row in rows}
    absent: dict[str, list[str]] = {}
    for task, method, *_ in sorted(suite.read(SUITE).expected()):
        if (method, task) not in there and task_label(task) not in absent.setdefault(method, []):
            absent[method].append(task_label(task))
    each = [f"{method_label(method)} on {join_words(tasks)}" for method, tasks in sorted(absent.items()) if tasks]
    return f"Still to run: {'; '.join(each)}." if each else ""


def _lacking(rows: list[records.Row]) -> str:
    here = {row.method for row in rows}
    absent = [name for name in registry.tunable() if name not in here]
    return f"Not in the record: {join_words(map(method_label, absent))}."


def _wrapped(text: str) -> str:
    return textwrap.fill(text, 120, break_on_hyphens=False, break_long_words=False)


def verified() -> str:
    """How rows of the reference are verified: those of recipes that have not changed, and those that have."""
    rows = _record()
    old = {row.method for row in _older(rows)}
    same = sorted({row.method for row in rows} - old)
    if not old:
        return _wrapped(
            "`longlag verify results/reference --sample 5` reruns five rows. On a machine like the row's own they are "
            "equal."
        )
    commits = sorted({row.commit for row in rows if row.method in old and row.commit})
    words = (
        f"`longlag verify results/reference --methods {','.join(same)} --sample 5` reruns five rows of the {len(same)} "
        f"methods whose recipes have not changed since. The others ({join_words(f'`{name}`' for name in sorted(old))}) "
        "have other settings today, and `longlag verify` says that their rows differ. The code that recorded them "
        "reruns them:"
    )
    code = [
        f"git worktree add ../then {commits[0]}",
        'cd ../then && PYTHONPATH=src python -m longlag verify "$OLDPWD/results/reference/runs.csv.gz" --sample 5',
    ]
    remark = "<!-- not run here: reruns rows with the code of an older commit -->"
    return "\n".join([_wrapped(words), "", remark, "```sh", *code, "```"])


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
    return f"{table}\n\n{_wrapped(words)}"


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
    if len(later) + len(some) + never != len(found) or seeds & {row.seed for row in records.read_rows(FRESH[1])}:
        raise ValueError("half of the seeds solve a starved condition within the smaller budget, or seeds are the same")
    few = join_words(
        f"{method_label(method)} on {task_label(task)} at lag {lag} ({of_all(of)})"
        for (method, task, lag), of in some.items()
    )
    return _wrapped(
        f"{starved} of the conditions on [fresh seeds](../results/fresh/README.md) are not solved by all seeds within "
        f"{small}. {len(found)} of them were given ten million passes, on {count(len(seeds), 'other seed')} each "
        "([record](../results/budget/README.md)). "
        f"{count(len(later), 'condition')} reach half of the seeds only then: {each}; {small} passes are too few for "
        f"these. {count(len(some), 'condition')} are solved by fewer than half of the seeds even then: {few}. {never} "
        f"stay unsolved on all seeds. How the other {starved - len(found)} would end is not known. The default is "
        f"therefore {large}; no larger budget was tried on these conditions. The reference takes {small}, to keep its "
        f"cost down: where it says *stopped by the budget*, more passes may solve more. {_replaced('tuning.md')}"
    )


def todays() -> str:
    """What the methods of today that the reference lacks do on fresh seeds, beside its best."""
    rows = list(records.read_rows(FRESH[1]))

    def told(name: str) -> str:
        of = [row for row in rows if row.method == name]
        passes = median(row.passes_to_solve for row in of if row.solved)
        return f"{method_label(name)} {of_all([row.solved for row in of])} ({number(passes)})"

    return _wrapped(
        "The LRU is not in the reference yet. On fresh seeds, with the settings that the search chose before its "
        "final, eight pairs of a task and a lag up to 100: runs solved, and the median of the passes of those: "
        f"{join_words(told(name) for name in ('gru', 'lru', 'mingru', 'lstm', 'lstm_chrono', 'hf'))} "
        "([record](../results/fresh/README.md))."
    )


def _starved() -> int:
    """How many conditions of the fresh seeds have a seed that is not solved."""
    rows = records.read_rows(FRESH[1])
    return len({(row.method, row.task, row.lag) for row in rows if not row.solved})


def final() -> str:
    """Which choices the final of the search changed, and how many methods keep all of theirs."""
    search, last = (tuned.read(path)["methods"] for path in (TUNED, FINAL))
    lines, kept = [], []
    for name in sorted(last, key=method_label):
        before, after = (
            {"one setting": of[name]["candidates"]["one"], **of[name]["candidates"]["tasks"]} for of in (search, last)
        )
        changed = [what for what in after if before[what] != after[what]]
        kept += [name] if not changed else []
        lines += [[method_label(name), task_label(what), *map(_candidate, (before[what], after[what]))]
                  for what in changed]  # fmt: skip
    table = in_markdown(["method", "setting for", "search", "final"], lines)
    words = f"{count(len(last) - len(kept), 'method')} of {len(last)} change a choice. The others keep all of theirs: "
    return f"{table}\n\n{_wrapped(words + join_words(map(method_label, kept)) + '.')}"


def _candidate(number: int) -> str:
    return f"{number:02d}" if number else "recipe"


def reference() -> str:
    """What the reference is: its rows by status, commits, machines and cost."""
    rows = _record()
    counts = Counter(row.status for row in rows)
    ends = join_words(f"{n} {_ENDS[Status(status)]}" for status, n in counts.most_common())
    commits = join_words(sorted({row.commit for row in costs.attempted(rows)}))
    table = in_markdown(
        ["", ""],
        [
            ["rows", f"{len(rows):,}: {ends}"],
            ["budget", f"at most {number(max(row.budget for row in rows))} sequence passes for a seed and lag"],
            ["commits", commits],
            ["machines", costs.processors(rows)],
            ["training", f"{sum(row.seconds for row in rows) / 3600:.1f} core-hours"],
        ],
    )
    return table.replace("|  |  |", "| | |", 1)


PASSAGES: dict[str, tuple[str, Callable[[], str]]] = {
    "record": ("README.md", record),
    "reference": ("results/reference/README.md", reference),
    "verified": ("results/reference/README.md", verified),
    "rerun": ("results/reference/README.md", lambda: _wrapped(reran.sentence())),
    "budget": ("results/budget/README.md", budget),
    "far": ("results/far/README.md", on_longer_lags.table),
    "final": ("results/tuning_far/README.md", final),
    "which budget": ("docs/protocol.md", which_budget),
    "costs of passes": ("docs/cluster.md", lambda: costs.of_passes(_record())),
    "cost of a large suite": ("docs/cluster.md", costs.of_large_suite),
    "estimated": ("docs/cluster.md", lambda: costs.foretold(_record())),
    "what recipes read": ("docs/protocol.md", knows.what_recipes_read),
    "today": ("docs/faq.md", todays),
    "by chance": ("docs/tuning.md", lambda: _wrapped(by_chance.passage(_record()))),
    "optimisers": ("docs/faq.md", lambda: _wrapped(doubts.optimisers(records.read_rows(FRESH[1])))),
    "without the lag": ("docs/faq.md", lambda: _wrapped(doubts.without_the_lag(records.read_rows(LSTM_LAG)))),
    "after an unsolved lag": ("docs/faq.md", lambda: _wrapped(doubts.after_an_unsolved_lag(_record()))),
    "near misses": ("docs/faq.md", lambda: _wrapped(doubts.near_misses(_record()))),
    "sure reaches": ("docs/faq.md", lambda: _wrapped(doubts.sure_reaches(_record()))),
    "least cost": ("docs/faq.md", lambda: _wrapped(doubts.least_cost(_record()))),
    "one machine": ("docs/faq.md", lambda: _wrapped(doubts.machines(_record()))),
}


def marked(name: str) -> re.Pattern[str]:
    """The passage of that name between its marks, which are the first and the second group."""
    return re.compile(rf"(<!-- python docs/passages.py: {name} -->\n).*?(\n<!-- end -->)", flags=re.S)


def renewed(name: str) -> str:
    """The document of a passage, with the passage as it is now."""
    document, make = PASSAGES[name]
    return marked(name).sub(lambda marks: f"{marks[1]}{make()}{marks[2]}", (ROOT / document).read_text("utf-8"))


if __name__ == "__main__":
    argparse.ArgumentParser(description=__doc__).parse_args()  # --help runs nothing
    for passage, (file, _) in PASSAGES.items():
        (ROOT / file).write_text(renewed(passage), "utf-8", newline="\n")
