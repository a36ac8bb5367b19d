"""The answer in three sentences, made from the data alone: who carries furthest, who is cheapest, what is uncertain."""

from __future__ import annotations

import numpy as np
import pandas as pd

from longlag.analysis import Analysis, intervals, stats
from longlag.figures.overview import ranking
from longlag.store.records import Status
from longlag.words import capital, count, join_methods, join_tasks, join_words, method_label, reached, task_label

_ENDED = {
    Status.BUDGET.value: "ran out of budget",
    Status.DIVERGED.value: "diverged",
    Status.TIMEOUT.value: "met the clock's limit",
    Status.ERROR.value: "ended with an error",
}


def sentences(analysis: Analysis) -> list[str]:
    """On reach, on cost, and on failures and certainty; no sentence at all without runs."""
    if analysis.runs.empty:
        return []
    return [_furthest(analysis.reach), _cheapest(analysis.costs), _uncertain(analysis)]


def line(analysis: Analysis) -> str:
    """The answer in one plain sentence, without numbers of steps; empty without runs."""
    if analysis.runs.empty:
        return ""
    compared = _compared(analysis.reach)
    if compared.empty or compared.reach.max() == 0:
        return _furthest(analysis.reach)
    best, rows = _best(compared)
    tasks = compared.task.nunique()
    share = f"all {tasks} tasks" if len(rows) == tasks else f"{len(rows)} of {tasks} tasks"
    where = task_label(str(rows.task.iloc[0])) if tasks == 1 else share
    return f"{capital(method_label(best))} carries furthest, or as far as any, on {where}."


def _compared(table: pd.DataFrame) -> pd.DataFrame:
    """The rows of tasks on which two methods or more ran."""
    return table[table.groupby("task").method.transform("size") > 1]


def _best(compared: pd.DataFrame) -> tuple[str, pd.DataFrame]:
    """The method that leads on most tasks, and its rows there."""
    leads = compared[(compared.reach > 0) & (compared.reach == compared.groupby("task").reach.transform("max"))]
    led = leads.groupby("method").task.nunique()
    order = ranking(compared)
    best = min(led.index, key=lambda name: (-led[name], order.index(name)))
    return str(best), leads[leads.method == best]


def _furthest(table: pd.DataFrame) -> str:
    compared = _compared(table)
    if compared.empty:
        return "No two methods were run on one task, so how far they carry cannot be compared."
    if compared.reach.max() == 0:
        return f"No method solves any lag that was tried ({count(compared.method.nunique(), 'method')})."
    best, rows = _best(compared)
    where = _where(rows)
    tasks = compared.task.nunique()
    share = f"all {tasks}" if len(rows) == tasks else f"{len(rows)} of {tasks}"
    share = "the one task" if tasks == 1 else f"{share} tasks"
    unlike = (compared.groupby("task").largest.nunique() > 1).any()
    limits = "; not all methods were tried at the same lags" if unlike else ""
    next_best = _second(compared[compared.method != best])
    first = (
        f"{capital(method_label(best))} carries furthest, or as far as any, on {share} on which methods were compared"
    )
    return f"{first}: {where}{limits}{next_best}."


def _second(rest: pd.DataFrame) -> str:
    """Who comes next, by the mean share of the largest lag."""
    if rest.empty or rest.reach.max() == 0:
        return "; no other method solves any of them"
    name = ranking(rest)[0]
    rows = rest[(rest.method == name) & (rest.reach > 0)]
    return f"; next comes {method_label(name)} with {_where(rows)}"


def _where(rows: pd.DataFrame) -> str:
    """A method's reach, tasks with one reach together."""
    groups: dict[str, list[str]] = {}
    for row in rows.sort_values(["reach", "task"], ascending=[False, True]).itertuples():
        groups.setdefault(f"{reached(row.reach, row.at_limit)} steps", []).append(str(row.task))
    return join_words(f"{steps} on {join_tasks(tasks)}" for steps, tasks in groups.items())


def _cheapest(costs: dict[str, pd.DataFrame]) -> str:
    median = costs["passes"]
    both = median[np.isfinite(median["median"])].groupby(["task", "lag"]).method.transform("size") > 1
    contested = both.index[both]
    if contested.empty:
        return "No two methods solve one task at one lag, so what they cost cannot be compared."
    conditions = median.loc[contested].groupby(["task", "lag"]).ngroups
    winners: dict[str, list[str]] = {}
    for axis, words in stats.AXES.items():
        winners.setdefault(_winners(costs[axis].loc[contested]), []).append(words)
    told = "; ".join(f"{who} by {join_words(axes)}" for who, axes in winners.items())
    return f"Of the {count(conditions, 'pair')} of task and lag that two methods or more solve, the cheapest is {told}."


def _winners(conditions: pd.DataFrame) -> str:
    """Methods by the number of pairs in which their median is the lowest."""
    usable = conditions[np.isfinite(conditions["median"])]
    first = usable.loc[usable.groupby(["task", "lag"])["median"].idxmin()].method.value_counts()
    names = sorted(first.index, key=lambda name: (-first[name], name))
    return join_words(f"{method_label(name)} in {'all ' if len(names) == 1 else ''}{first[name]}" for name in names)


def _uncertain(analysis: Analysis) -> str:
    runs, table = analysis.runs, analysis.reach
    attempted = runs[runs.status != Status.NOT_ATTEMPTED]
    failed = attempted.status[~attempted.solved].value_counts()
    how = join_words(f"{n} {_ENDED.get(name, name)}" for name, n in failed.items())
    furthest = table.groupby("method").reach.max()
    nothing = sorted(str(name) for name in furthest.index[furthest == 0])
    none = f"{join_methods(nothing)} solve{'s' if len(nothing) == 1 else ''} no lag of any task; " if nothing else ""
    seeds = int(analysis.success.n.min())
    p = f"{intervals.smallest_p(seeds, seeds):.2g}"
    told = f"Of {count(len(attempted), 'run')} {failed.sum()} did not solve" + (f" ({how})" if how else "")
    limit = (
        f"with {count(seeds, 'seed')} in the smallest condition no comparison of two methods there can reach p < {p}"
    )
    return f"{told}; {none}{limit}."
