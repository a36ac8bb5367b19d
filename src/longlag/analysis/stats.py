"""Statistics of finished runs: DataFrame in, DataFrame out. Figures and tables draw what is computed here.

A *condition* is one (task, method, lag); its rows are its seeds. Every row of a condition counts: a run that was not
attempted, diverged or was killed is an unsolved run, not a missing one. Time to solve is censored at the full budget
and never imputed (Kaplan & Meier 1958); rates have Wilson's interval (Wilson 1927). Reach is in `reach.py`.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from longlag import protocol
from longlag.analysis import intervals
from longlag.errors import LonglagError
from longlag.store import records
from longlag.store.curves import read_curves
from longlag.store.records import Status

CONDITION = ["task", "method", "lag"]
AXES = {"passes": "sequence passes", "flops": "floating-point operations", "seconds": "CPU seconds"}
RANKED = {axis: words for axis, words in AXES.items() if axis != "seconds"}  # seconds depend on the machine
SOLVED_LATE, FAILED_TEST, ALL_SEQUENCES = "solved unconfirmed", "failed the test", "all sequences used"
ENDINGS = (SOLVED_LATE, FAILED_TEST, ALL_SEQUENCES, *(status.value for status in Status if status != Status.SOLVED))
_DTYPES = {"str": "object", "int": "int64", "float": "float64", "bool": "bool", "int | None": "float64"}


def load_runs(path: str | Path) -> pd.DataFrame:
    """The rows of a runs file, one per seed and lag.

    Raises:
        LonglagError: missing, damaged or foreign file, or two rows for one run.
    """
    runs = _table(records.Row, records.read_columns(path))
    twice = runs[runs.duplicated(list(records.KEY))]
    if len(twice):
        run = ", ".join(f"{name} {twice.iloc[0][name]}" for name in records.KEY)
        raise LonglagError(f"{path} has two rows for one run ({run}); collect the suite again")
    return runs


def kinds_of_processor(machines: Iterable[tuple[str, str]]) -> int:
    """How many processors with their BLAS kernels there are. machines: the columns cpu and blas of runs; a run that was
    not trained names no processor."""
    return len({(cpu, kernels) for cpu, kernels in machines if cpu})


def load_curves(path: str | Path | None) -> pd.DataFrame:
    """The points of a file of learning curves; none at all without a file.

    Raises:
        LonglagError: missing, damaged or foreign file.
    """
    return curves_frame(None if path is None else read_curves(path))


def curves_frame(table: Any | None) -> pd.DataFrame:
    """The points of a pyarrow table as `read_curves` gives it; none at all without one."""
    if table is None:
        return frame(records.Point, [])
    columns: dict[str, Any] = {name: _values(table[name]) for name in table.column_names}
    types = {f.name: _DTYPES[str(f.type)] for f in fields(records.Point)}
    absent = {  # one value that is seen as a column: twenty real ones of millions of points take long
        name: np.broadcast_to(np.array(default, types[name]), len(table))
        for name, default in records.FLOW.items()
        if name not in columns
    }
    found = {name: np.asarray((columns | absent)[name], kind) for name, kind in types.items()}
    return pd.DataFrame(
        {name: pd.Series(found[name], dtype=kind, copy=False) for name, kind in types.items()}, copy=False
    )


def of_runs(curves: pd.DataFrame, runs: pd.DataFrame) -> tuple[pd.DataFrame, list[records.Key]]:
    """The points that are of these runs, and the keys of the other runs that have some."""
    names = list(records.KEY)
    begins = (curves[names] != curves[names].shift()).any(axis=1).to_numpy()  # the points of a run stand together
    keys = [*curves.loc[begins, names].itertuples(index=False, name=None)]
    own = {*runs[names].itertuples(index=False, name=None)}
    if not (others := sorted({*keys} - own)):
        return curves, others
    known = np.array([key in own for key in keys])
    return curves[known[begins.cumsum() - 1]].reset_index(drop=True), others


def outlasting(curves: pd.DataFrame, runs: pd.DataFrame) -> list[records.Key]:
    """The keys of the runs that have a point after all the passes of their rows: it is of another run."""
    names = list(records.KEY)
    last = curves.groupby(names, sort=False).passes.max()
    return sorted(last.index[last > runs.set_index(names).passes.reindex(last.index)])


def _values(column: Any) -> np.ndarray:
    """A column of parquet as an array; of equal texts every one is the same object, which makes comparisons fast."""
    if column.type != "string":
        return column.to_numpy()
    codes = column.dictionary_encode().combine_chunks()
    return np.array(codes.dictionary.to_pylist(), object)[codes.indices.to_numpy()]


def frame(kind: Any, items: Iterable[Any]) -> pd.DataFrame:
    """Rows or points (kind: the dataclass) as a table with its columns and types, even if empty."""
    items = list(items)
    return _table(kind, {f.name: [getattr(item, f.name) for item in items] for f in fields(kind)})


def _table(kind: Any, columns: Mapping[str, Any]) -> pd.DataFrame:
    return pd.DataFrame({f.name: pd.Series(columns[f.name], dtype=_DTYPES[str(f.type)]) for f in fields(kind)})


def success(runs: pd.DataFrame) -> pd.DataFrame:
    """Per condition: minimal_lag, n, attempted, solved, rate and its Wilson interval low, high."""
    runs = runs.assign(attempted=runs.status != Status.NOT_ATTEMPTED)
    conditions = runs.groupby(CONDITION, as_index=False).agg(
        minimal_lag=("minimal_lag", "max"),
        n=("solved", "size"),
        attempted=("attempted", "sum"),
        solved=("solved", "sum"),
    )
    low, high = intervals.wilson(conditions.solved, conditions.n)
    return conditions.assign(rate=conditions.solved / conditions.n, low=low, high=high)


def solve_times(runs: pd.DataFrame, axis: str = "passes") -> pd.DataFrame:
    """Per run: time (cost until solved, or the full budget if it was not), whether it was solved, used and exhausted.

    axis: "passes", "flops" or "seconds"; the latter two are the passes times the run's own rate. An unsolved run is
    censored at the budget times its rate, also where it stopped short of the budget: all runs are treated alike. A run
    without usable costs takes the median rate of its condition. inf: no run of the condition has a budget or a rate.
    used: what tables print as the bound of an unsolved run, which is never extrapolated from a run with costs of its
    own: on the axes other than passes, and where the run is exhausted (`ending`: all sequences used), what it spent. A
    run without costs of its own, such as one not attempted, has no bound where another of its condition has one.
    """
    spent = runs.passes.where(runs.passes > 0)
    rate = runs[axis] / spent
    rate = rate.fillna(rate.groupby([runs[name] for name in CONDITION]).transform("median"))
    budget = runs.budget.fillna(runs.budget.groupby([runs[name] for name in CONDITION]).transform("max"))
    budget = budget.fillna(runs.budget.groupby([runs.task, runs.lag]).transform("max"))
    passes = runs.passes_to_solve.where(runs.solved, budget)
    time = (passes if axis == "passes" else passes * rate).fillna(np.inf)
    exhausted = ending(runs) == ALL_SEQUENCES
    measured = exhausted if axis == "passes" else (runs.passes > 0) & runs[axis].notna()
    bounded = (measured & ~runs.solved).groupby([runs[name] for name in CONDITION]).transform("any")
    used = runs[axis].where(measured, time if axis == "passes" else time.mask(bounded))
    table = runs[[*CONDITION, "seed", "status", "solved"]]
    return table.assign(time=time, used=used, exhausted=exhausted)


def ending(runs: pd.DataFrame) -> pd.Series:
    """How each run ended: its status, but for three ways in which a run ends as `budget` and did not run out of it.

    `ALL_SEQUENCES`: a readout in closed form had all the sequences it asks for, below the budget. `SOLVED_LATE`: the
    test set meets the criterion, but no validation within the budget confirmed it; none does where a run was to spend
    its whole budget (`stop`). `FAILED_TEST`: validation confirmed, and the test set does not meet the criterion.
    """
    stopped = runs.status == Status.BUDGET
    told = {
        FAILED_TEST: stopped & runs.reason.str.startswith("confirmed on validation"),
        SOLVED_LATE: stopped & (runs.test_error <= protocol.CRITERION),
        ALL_SEQUENCES: stopped & (runs.passes < runs.budget),
    }
    return pd.Series(np.select([*told.values()], [*told], runs.status.astype(object)), runs.index, object)


def endings_in_words(endings: Mapping[str, int]) -> str:
    """How many unsolved runs ended in which of `ENDINGS`.

    >>> endings_in_words({"budget": 2, "not_attempted": 1, "all sequences used": 3})
    '3 all sequences used, 2 budget, 1 not attempted'
    """
    return ", ".join(f"{endings[how]} {how.replace('_', ' ')}" for how in ENDINGS if how in endings)


def survival(times: pd.DataFrame) -> pd.DataFrame:
    """Kaplan-Meier curve of the runs still unsolved, per condition: task, method, lag, time, at_risk, events, survival.

    times: `solve_times`.
    """
    curves = []
    for (task, method, lag), rows in times.groupby(CONDITION):
        curve = intervals.kaplan_meier(rows.time.to_numpy(float), rows.solved.to_numpy(bool))
        curves.append(pd.DataFrame({"task": task, "method": method, "lag": lag, **curve}))
    columns = [*CONDITION, "time", "at_risk", "events", "survival"]
    return pd.concat(curves, ignore_index=True)[columns] if curves else pd.DataFrame(columns=columns)


def cost(conditions: pd.DataFrame, times: pd.DataFrame) -> pd.DataFrame:
    """Per condition: the Kaplan-Meier median cost to solve; inf where fewer than half of the runs solved in the
    budget. conditions: `success` of the runs; times: their `solve_times` on one axis.

    Columns: minimal_lag, n, attempted, solved, median, first and last (smallest and largest cost of a seed;
    inf: some seed did not solve), budget (the largest bound of an unsolved run, `used`; nan: all solved), exhausted
    (every unsolved run used all its sequences, so that a larger budget would not help).
    """
    columns = ["median", "first", "last", "budget", "exhausted"]
    found = {condition: _costs(rows) for condition, rows in times.groupby(CONDITION)}
    conditions = conditions[[*CONDITION, "minimal_lag", "n", "attempted", "solved"]]
    values = [found[key] for key in conditions[CONDITION].itertuples(index=False, name=None)]
    return conditions.join(pd.DataFrame(values, columns=columns, index=conditions.index, dtype=float)).astype(
        {"exhausted": bool}
    )


def _costs(rows: pd.DataFrame) -> tuple[float, float, float, float, bool]:
    """median, first, last, budget and exhausted of one condition (see `cost`). rows: its `solve_times`."""
    time, solved = rows.time.to_numpy(float), rows.solved.to_numpy(bool)
    curve = intervals.kaplan_meier(time, solved)
    half = curve["time"][curve["survival"] <= 0.5 + 1e-9]
    first = time[solved].min() if solved.any() else math.inf
    last = time.max() if solved.all() else math.inf
    used = rows.used.to_numpy(float)
    censored = used[~solved & np.isfinite(used)]
    budget = censored.max() if len(censored) else math.nan
    exhausted = bool((~solved).any() and rows.exhausted[~solved].all())
    return (half[0] if len(half) else math.inf), first, last, budget, exhausted


def failures(runs: pd.DataFrame, near: pd.DataFrame) -> pd.DataFrame:
    """Per condition: n, the number of runs per status, the commonest reason of failure, endings (the number of unsolved
    runs per `ending`, as a dict; nan if all solved), and how near the unsolved runs came: best (their lowest validation
    error), and the errors of the constant and the half-solved answer.

    near: `near_misses` of the runs.
    """
    statuses = [status.value for status in Status]
    counts = pd.crosstab([runs[name] for name in CONDITION], runs.status).reindex(columns=statuses, fill_value=0)
    baselines = ["best", "constant", "half_solved"]
    if not len(runs):
        return pd.DataFrame(columns=[*CONDITION, "n", *statuses, "reason", *baselines, "endings"])
    counts = counts.rename_axis(columns=None).reset_index()
    failed = runs[~runs.status.isin([Status.SOLVED, Status.NOT_ATTEMPTED])]
    reason = failed.groupby(CONDITION, as_index=False).reason.agg(lambda texts: texts.value_counts().index[0])
    unsolved = runs[~runs.solved]
    endings = unsolved.assign(endings=ending(unsolved)).groupby(CONDITION, as_index=False).endings
    endings = endings.agg(lambda words: words.value_counts().to_dict())
    near = near.groupby(CONDITION, as_index=False)[baselines].min()
    table = (
        counts.assign(n=counts[statuses].sum(axis=1))
        .merge(reason, on=CONDITION, how="left")
        .merge(near, "left", CONDITION)
        .merge(endings, "left", CONDITION)
    )
    return table.fillna({"reason": ""})[[*CONDITION, "n", *statuses, "reason", *baselines, "endings"]]


def near_misses(runs: pd.DataFrame) -> pd.DataFrame:
    """Per run that was attempted and not solved: how near it came. Columns: seed, status, best (lowest share of
    validation sequences wrong), constant and half_solved (shares wrong of these answers), and left.

    left: the share of the way down from the constant answer to the criterion that is still to go, in the logarithm of
    the error: 1 for what is no better than the constant answer, 0 at the criterion; nan where nothing was measured.
    """
    failed = runs[~runs.status.isin([Status.SOLVED, Status.NOT_ATTEMPTED])]
    names = {"best_error": "best", "constant_error": "constant", "half_solved_error": "half_solved"}
    table = failed[[*CONDITION, "seed", "status", *names]].rename(columns=names)
    best = np.log(table.best.clip(lower=protocol.CRITERION) / protocol.CRITERION)
    # no constant answer is near the criterion; if one were, the way down would have no length
    whole = np.log(table.constant.clip(lower=2 * protocol.CRITERION) / protocol.CRITERION)
    return table.assign(left=(best / whole).clip(0, 1)).reset_index(drop=True)


def missing(runs: pd.DataFrame, tasks: Iterable[str], methods: Iterable[str]) -> pd.DataFrame:
    """What is not there, per task and method: pairs that were not run (n 0, no lag), and lags with fewer seeds (n) than
    others (of)."""
    have = runs.groupby(CONDITION, as_index=False).agg(n=("seed", "size"))
    pairs = set(zip(have.task, have.method, strict=True))
    most = 0 if have.empty else int(have.n.max())
    absent = [(task, method, None, 0, most) for task in tasks for method in methods if (task, method) not in pairs]
    holes = [(r.task, r.method, r.lag, r.n, most) for r in have[have.n < most].itertuples()]
    return pd.DataFrame([*absent, *holes], columns=["task", "method", "lag", "n", "of"]).astype({"lag": "Int64"})


def gradient_flow(curves: pd.DataFrame) -> pd.DataFrame:
    """Derivatives against steps back, a row each: task, lag, method, seed, passes, back, gradient, and `relative`, to
    the one at the last step. Looks without gradient flow, or whose last derivative is zero, are left out."""
    seen = curves[curves.gradient_0 > 0]
    keys = ["task", "lag", "method", "seed", "passes"]
    columns = {f"gradient_{back}": back for back in records.GRADIENT_BACK}
    flow = seen.assign(last=seen.gradient_0).melt([*keys, "last"], list(columns), "back", "gradient")
    flow = flow.dropna(subset="gradient").assign(back=flow.back.map(columns), relative=flow.gradient / flow["last"])
    return flow.drop(columns="last").sort_values([*keys, "back"], ignore_index=True)
