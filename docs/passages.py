"""Passages of documents that are generated from the code and the records: `python docs/passages.py` writes them.

Each stands between two comments that name it. `tests/test_passages.py` says which is out of date.
"""

from __future__ import annotations

import argparse
import math
import re
from collections import Counter
from collections.abc import Callable
from functools import cache
from pathlib import Path
from statistics import median

import by_chance
import costs
import doubts
import knows
import on_longer_lags
import reran
import starved
from conditions import FRESH, REFERENCE
from finding import in_markdown, of_all, wrapped

from longlag import registry
from longlag.design import suite, tuned
from longlag.engine import standing
from longlag.store import records
from longlag.store.records import Status
from longlag.words import count, join_words, method_label, number, task_label

ROOT = Path(__file__).parents[1]
SUITE = ROOT / "config/reference.yaml"
LSTM_LAG = ROOT / "results/lstm_lag/runs.csv.gz"
_ENDS = {
    Status.SOLVED: "solved",
    Status.BUDGET: "unsolved",
    Status.NOT_ATTEMPTED: "not tried after two unsolved lags",
    Status.DIVERGED: "diverged",
    Status.TIMEOUT: "stopped by the clock",
    Status.ERROR: "failed",
}


@cache
def _record() -> list[records.Row]:
    return records.read_rows(REFERENCE)


def record() -> str:
    """What methods pay, what has changed since the reference was recorded, what of its suite has no row yet, and
    what it lacks."""
    rows = _record()
    words = [_price(rows), _age(rows), _to_come(rows), _lacking(rows)]
    return wrapped(f"*{' '.join(filter(None, words))}*")


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


def verified() -> str:
    """How rows of the reference are verified: those of recipes that have not changed, and those that have."""
    rows = _record()
    old = {row.method for row in _older(rows)}
    same = sorted({row.method for row in rows} - old)
    if not old:
        return wrapped(
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
    return "\n".join([wrapped(words), "", remark, "```sh", *code, "```"])


def todays() -> str:
    """What the methods of today that the reference lacks do on fresh seeds, beside its best."""
    rows = list(records.read_rows(FRESH))

    def told(name: str) -> str:
        of = [row for row in rows if row.method == name]
        passes = median(row.passes_to_solve for row in of if row.solved)
        return f"{method_label(name)} {of_all([row.solved for row in of])} ({number(passes)})"

    return wrapped(
        "The LRU is not in the reference yet. On fresh seeds, with the settings that the search chose before its "
        "final, eight pairs of a task and a lag up to 100: runs solved, and the median of the passes of those: "
        f"{join_words(told(name) for name in ('gru', 'lru', 'mingru', 'lstm', 'lstm_chrono', 'hf'))} "
        "([record](../results/fresh/README.md))."
    )


def final() -> str:
    """Which choices the final of the search changed, and how many methods keep all of theirs."""
    search, last = (tuned.read(path)["methods"] for path in (starved.TUNED, starved.FINAL))
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
    return f"{table}\n\n{wrapped(words + join_words(map(method_label, kept)) + '.')}"


def _candidate(place: int) -> str:
    return f"{place:02d}" if place else "recipe"


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
    "rerun": ("results/reference/README.md", lambda: wrapped(reran.sentence())),
    "budget": ("results/budget/README.md", starved.budget),
    "far": ("results/far/README.md", on_longer_lags.table),
    "final": ("results/tuning_far/README.md", final),
    "which budget": ("docs/protocol.md", starved.which_budget),
    "costs of passes": ("docs/cluster.md", lambda: costs.of_passes(_record())),
    "cost of a large suite": ("docs/cluster.md", costs.of_large_suite),
    "estimated": ("docs/cluster.md", lambda: costs.foretold(_record())),
    "what recipes read": ("docs/protocol.md", knows.what_recipes_read),
    "today": ("docs/faq.md", todays),
    "by chance": ("docs/tuning.md", lambda: wrapped(by_chance.passage(_record()))),
    "optimisers": ("docs/faq.md", lambda: wrapped(doubts.optimisers(records.read_rows(FRESH)))),
    "without the lag": ("docs/faq.md", lambda: wrapped(doubts.without_the_lag(records.read_rows(LSTM_LAG)))),
    "after an unsolved lag": ("docs/faq.md", lambda: wrapped(doubts.after_an_unsolved_lag(_record()))),
    "near misses": ("docs/faq.md", lambda: wrapped(doubts.near_misses(_record()))),
    "sure reaches": ("docs/faq.md", lambda: wrapped(doubts.sure_reaches(_record()))),
    "least cost": ("docs/faq.md", lambda: wrapped(doubts.least_cost(_record()))),
    "one machine": ("docs/faq.md", lambda: wrapped(doubts.machines(_record()))),
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
