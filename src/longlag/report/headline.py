"""The answer in three sentences, made from the data alone: who reaches furthest, who is cheapest, what is uncertain."""

from __future__ import annotations

import numpy as np
import pandas as pd

from longlag.analysis import Analysis, stats
from longlag.analysis.reach import furthest_first
from longlag.store.records import Status
from longlag.words import (
    capital,
    count,
    join_methods,
    join_tasks,
    join_words,
    method_label,
    reached,
    task_label,
    the_method,
)

_LEVEL = 0.05  # of the comparisons of methods, corrected for their number
_ENDED = {
    Status.BUDGET.value: "ran out of budget",
    stats.ALL_SEQUENCES: "used every sequence that the readout asks for",
    stats.SOLVED_LATE: "solved the test set without a confirmation in the budget",
    stats.FAILED_TEST: "failed the test after validation",
    Status.DIVERGED.value: "diverged",
    Status.TIMEOUT.value: "met the clock's limit",
    Status.ERROR.value: "ended with an error",
}

# by method: what its recipe has and the others of a comparison have not (docs/protocol.md, "What each recipe reads")
_GIVEN = {
    "esn": "The echo state network knows more: the lag and the role of each input. On memory tasks it is a delay line "
    "whose size grows with the lag. Elsewhere its features include squares, which make products and XOR easy.",
}


def sentences(analysis: Analysis) -> list[str]:
    """On reach, on cost, and on failures and certainty; no sentence at all without runs."""
    if analysis.runs.empty:
        return []
    return [_furthest(analysis.reach), _cheapest(analysis.costs), _uncertain(analysis)]


def line(analysis: Analysis) -> str:
    """The answer in one plain sentence, without numbers of steps; empty without runs.

    It ranks by the lags that all methods of a task were tried at, so that a longer ladder is no advantage.
    """
    if analysis.runs.empty:
        return ""
    compared = _compared(analysis.reach)
    if compared.empty or compared.reach.max() == 0:
        return _furthest(analysis.reach)
    if not _unlike(compared):
        return f"{_leader(compared)}."
    shared = _at_shared_lags(analysis.success)
    apart = sorted({*compared.task} - {*shared.task})
    without = f"; on {join_tasks(apart)} they share no lag" if apart else ""
    if shared.empty or shared.reach.max() == 0:
        return f"At the lags that all methods were tried at, none solves any{without}."
    return f"At the lags that all methods were tried at, {_leader(shared, begins=False)}{without}."


def _unlike(compared: pd.DataFrame) -> bool:
    """Whether the methods of some task had ladders of different length."""
    return bool((compared.groupby("task").largest.nunique() > 1).any())


def _at_shared_lags(success: pd.DataFrame) -> pd.DataFrame:
    """Reach among the lags that all methods of a task were tried at; tasks without such a lag are left out.

    success: `Analysis.success`. Columns: task, method, reach, largest.
    """
    methods = success.groupby("task").method.transform("nunique")
    shared = success[success.groupby(["task", "lag"]).method.transform("nunique") == methods]
    rows = [
        (task, method, int(of.lag[of.rate >= 0.5].max() if (of.rate >= 0.5).any() else 0), int(of.lag.max()))
        for (task, method), of in shared.groupby(["task", "method"])
    ]
    return _compared(pd.DataFrame(rows, columns=["task", "method", "reach", "largest"]))


def given(analysis: Analysis) -> list[str]:
    """What a reader must know before he compares these methods: which gets more information than the others."""
    return [words for name, words in _GIVEN.items() if {name} < {*analysis.runs.method}]


def _leader(compared: pd.DataFrame, one: str = "", begins: bool = True) -> str:
    """Who leads on most tasks, alone or in a tie, and on how many. one: what a single task is called, by default its
    label; begins: whether a sentence begins with it."""
    best, leads = _best(compared)
    tasks, rows = compared.task.nunique(), leads[leads.method == best[0]]
    led = (one or task_label(str(compared.task.iloc[0]))) if tasks == 1 else _share(len(rows), tasks)
    if len(best) > 1:
        who = join_methods(best)
        return f"{capital(who) if begins else who} tie: each has or shares the longest reach on {led}"
    alone = int((leads[leads.task.isin(rows.task)].groupby("task").size() == 1).sum())
    name = capital(the_method(best[0])) if begins else the_method(best[0])
    if alone == len(rows):
        return f"{name} has the longest reach on {led}"
    if alone == 0:
        return f"{name} shares the longest reach on {led}"
    return f"{name} has the longest reach on {_share(alone, tasks)} and shares it on {len(rows) - alone}"


def _share(n: int, tasks: int) -> str:
    return f"all {tasks} tasks" if n == tasks else f"{n} of {tasks} tasks"


def _compared(table: pd.DataFrame) -> pd.DataFrame:
    """The rows of tasks on which two methods or more ran."""
    return table[table.groupby("task").method.transform("size") > 1]


def _best(compared: pd.DataFrame) -> tuple[list[str], pd.DataFrame]:
    """The methods that lead on most tasks, alone or with others; and the rows of all that lead on some task."""
    leads = compared[(compared.reach > 0) & (compared.reach == compared.groupby("task").reach.transform("max"))]
    led = leads.groupby("method").task.nunique()
    return [name for name in furthest_first(compared) if led.get(name, 0) == led.max()], leads


def _furthest(table: pd.DataFrame) -> str:
    compared = _compared(table)
    if compared.empty:
        return "No two methods were run on one task, so their reach cannot be compared."
    if compared.reach.max() == 0:
        return f"No method solves any lag that was tried ({count(compared.method.nunique(), 'method')})."
    best, leads = _best(compared)
    where = "; ".join(f"{f'{method_label(name)} ' if len(best) > 1 else ''}{_where(leads[leads.method == name])}"
                      for name in best)  # fmt: skip
    unlike = _unlike(compared)
    first = _leader(compared, "the one task on which methods were compared", begins=not unlike)
    own = "With the longer ladders that only some of them had, " if unlike else ""
    return f"{own}{first}: {where}{_second(compared[~compared.method.isin(best)])}."


def _second(rest: pd.DataFrame) -> str:
    """Who comes next, by the mean share of the largest lag."""
    if rest.empty:
        return ""
    if rest.reach.max() == 0:
        return "; no other method solves any of them"
    name = furthest_first(rest)[0]
    rows = rest[(rest.method == name) & (rest.reach > 0)]
    return f"; next comes {the_method(name)} with {_where(rows)}"


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
    for axis, words in stats.RANKED.items():
        winners.setdefault(_winners(costs[axis].loc[contested]), []).append(words)
    told = "; ".join(f"{who} by {join_words(axes)}" for who, axes in winners.items())
    return f"Of the {count(conditions, 'pair')} of task and lag that two methods or more solve, the cheapest is {told}."


def _winners(conditions: pd.DataFrame) -> str:
    """Methods by the number of pairs in which their median is the lowest; a tie counts for each."""
    usable = conditions[np.isfinite(conditions["median"])]
    lowest = usable[usable["median"] == usable.groupby(["task", "lag"])["median"].transform("min")]
    first, ties = lowest.method.value_counts(), lowest.groupby(["task", "lag"]).size()
    names = sorted(first.index, key=lambda name: (-first[name], name))
    told = join_words(f"{the_method(name)} in {'all ' if len(names) == 1 else ''}{first[name]}" for name in names)
    tied = int((ties > 1).sum())
    return f"{told}, counting {count(tied, 'pair')} for each of the methods that tie there" if tied else told


def _uncertain(analysis: Analysis) -> str:
    runs, table = analysis.runs, analysis.reach
    attempted = runs[runs.status != Status.NOT_ATTEMPTED]
    failed = stats.ending(attempted[~attempted.solved]).value_counts()
    how = join_words(f"{n} {_ENDED.get(name, name)}" for name, n in failed.items())
    furthest = table.groupby("method").reach.max()
    nothing = sorted(str(name) for name in furthest.index[furthest == 0])
    none = f"{join_methods(nothing)} solve{'s' if len(nothing) == 1 else ''} no lag of any task; " if nothing else ""
    (fewer, more), p = analysis.fewest_seeds, f"{analysis.smallest_p:.2g}"
    told = f"Of {count(len(attempted), 'run')} {failed.sum()} did not solve" + (f" ({how})" if how else "")
    limit = (
        f"at the task and lag with the fewest seeds, {fewer} against {more}, no comparison of two methods can reach "
        f"p < {p}"
    )
    return f"{told}; {none}{limit}{_tested(analysis.claims, analysis.newcomer)}."


def _tested(pairs: pd.DataFrame, newcomer: str) -> str:
    """How many of the pairs that the lecture suggests differ over all tasks and lags."""
    if pairs.empty:
        return ""
    sure = int((pairs.holm < _LEVEL).sum())
    named = {*pairs["first"], *pairs["second"]}  # `first` is a method of frames before pandas 3
    other = f", none of them a pair with {method_label(newcomer)}" if newcomer and newcomer not in named else ""
    return (
        f"; over all tasks and lags, {sure} of the {count(len(pairs), 'pair')} of methods that the lecture "
        f"suggests differ{other} (exchanging seeds within tasks, p < {_LEVEL} after Holm's correction)"
    )
