"""A paper's table beside ours: for every cell the published fact, what was measured under the paper's settings, and a
verdict. DataFrame in, DataFrame out. `RULE` is the rule of the verdicts in words; pages print it.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from longlag import protocol
from longlag.analysis import intervals, paper_speed, stats
from longlag.analysis.published import Told, of_paper
from longlag.errors import LonglagError
from longlag.store.records import KEY, Status
from longlag.store.specs import stop
from longlag.words import count

REPRODUCED, BETTER, WORSE, NOT_COMPARABLE, NOT_RUN = "reproduced", "better", "worse", "not comparable", "not run"
VERDICTS = (REPRODUCED, BETTER, WORSE, NOT_COMPARABLE, NOT_RUN)
FACTOR = 2.0  # published and measured numbers within this factor of each other are the same
WIDEST = 10.0  # and within this one, if runs as good and as bad as the published number are among ours
LEARNED = 0.9  # of what the best constant answer has wrong: a net with less has learned something
FLOOR = protocol.CRITERION  # share wrong, or wrong symbols per symbol, at which a task is solved (docs/protocol.md)
RULE = (
    "Not run: there is no row of the cell.",
    "Not comparable: the file of the paper says why; or nothing is published, or words alone; or a run ended with "
    "an error or at the clock's limit; or ours is worse and trained for less than the paper's: its budget was smaller, "
    "or it was solved, by our criterion, and stopped.",
    "A number, of which less is better (share wrong, wrong symbols, sequences to the criterion), is reproduced if the "
    f"published one lies within a factor of {FACTOR:g} of our mean, or within the range of our runs and a factor of "
    f"{WIDEST:g}, or if both solve the task: {100 * FLOOR:g} % wrong or less. Else ours is better or worse. A share "
    f"wrong is worse than a published one below {100 * LEARNED:g} % of the best constant answer's if it is not at "
    f"least {100 * FLOOR:g} % of the sequences better than that answer. Sequences to the criterion are worse if a run "
    "of ours does not meet it.",
    "A speedup is how many times the passes of another method are ours, seed by seed, to a solved run or to a "
    "validation loss that the file names; more is better. A run of the other method that does not get there counts "
    "with its budget, so that the number is a lower bound: it may reproduce or be better, and is never worse.",
    "A share of runs solved is reproduced if the published one lies within Wilson's 95 % interval of ours. Else ours "
    "is better or worse. If it lies in the interval of every number of solved runs, there are too few runs to compare.",
    "Solved up to lag T is reproduced if at least half of our runs at that lag solve the task. Else ours is worse.",
    "The range of our runs is from the best to the worst: of so few seeds no interval of a mean can be trusted. A run "
    "that diverged has everything wrong. Sequences to the criterion are a mean over runs that met it, as published.",
)
_READ = [*KEY, "status", "solved", "passes", "passes_to_solve", "budget", "test_error", "test_symbol_error",
         "test_error_by_lag", "constant_error", "spec", "seconds"]  # fmt: skip
_Runs = Mapping[str, np.ndarray]  # the columns of some rows [N]: frames of a few rows are slow to compute with
_Rows = Callable[[str, str, int], pd.DataFrame]  # task, method, lag -> the rows of that condition
_CELL = ("task", "method", "lag", "metric")  # keys that a cell needs
SHARES = frozenset({"success_percent", "longest_solved", "words"})  # metrics that are a share of runs, in percent


@dataclass(frozen=True)
class Measured:
    """What the runs of a cell say. values: per seed, nan where a run has none. mean, low, high: in the fact's unit.
    solved: how many runs solved the task. passes: what these spent until then, a mean. most: passes of the run that
    trained longest; the budget of one that was not solved. bounds: how many runs of the other method of a speedup did
    not get there. constant: what the best constant answer has wrong, of a share wrong."""

    seeds: tuple[int, ...] = ()
    values: tuple[float, ...] = ()
    endings: tuple[str, ...] = ()
    mean: float = math.nan
    low: float = math.nan
    high: float = math.nan
    solved: int = 0
    passes: float = math.nan
    most: float = math.nan
    seconds: float = 0.0
    bounds: int = 0
    constant: float = math.nan

    @property
    def n(self) -> int:
        """How many runs there are."""
        return len(self.seeds)


@dataclass(frozen=True)
class Verdict:
    """A word of `VERDICTS`, and why where the word alone does not say it."""

    verdict: str
    why: str = ""


def cells(
    paper: str, page: Mapping[str, Any], facts: pd.DataFrame, runs: pd.DataFrame, curves: pd.DataFrame | None = None
) -> pd.DataFrame:
    """Every cell of a paper's tables.

    Args:
        page: `page` of the paper's file.
        facts: `published.load()`.
        runs: rows of the paper's records, as `stats.load_runs` gives them.
        curves: their learning curves, which cells with `below` ask for.

    Returns:
        table, row, column (numbers), row_label, column_label, task, method, lag, metric; fact (its line in `facts`, or
        -1), value (published, a number or nan), standing, place; the fields of `Measured`, n; verdict, why.
    """
    known, read = of_paper(facts, paper), runs[_READ]
    conditions = read.groupby(stats.CONDITION).indices  # once: a search of all rows for each cell takes long

    def rows(*condition: str | int) -> pd.DataFrame:
        return read.iloc[conditions.get(condition, [])]

    return pd.DataFrame([_cell(place, of, known, rows, curves) for place, of in places(page)])


def places(page: Mapping[str, Any]) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    """Where each cell stands, and what it holds: the keys of its table, column and row."""
    for t, table in enumerate(page["tables"]):
        for r, row in enumerate(table["rows"]):
            for c, column in enumerate(table["columns"]):
                labels = {"row_label": str(row["label"]), "column_label": str(column["label"])}
                of = {**table.get("all", {}), **column, **row}
                needed = (*_CELL, "against") if of.get("metric") == "speedup" else _CELL
                if lacking := [key for key in needed if key not in of]:
                    raise LonglagError(
                        f"a cell of the page has no {lacking[0]}: table {t + 1}, row {row['label']!r}, column "
                        f"{column['label']!r}; give it to the row, the column or `all` of the table"
                    )
                if "below" in of and of["metric"] != "speedup":
                    raise LonglagError(f"below is for a speedup alone; leave it out of row {row['label']!r}")
                yield {"table": t, "row": r, "column": c, **labels}, of


def _cell(
    place: Mapping[str, Any], of: Mapping[str, Any], known: Told, rows: _Rows, curves: pd.DataFrame | None
) -> dict[str, Any]:
    fact = _fact(known.get((of["task"], of.get("fact", of["method"]), of["metric"]), {}), of["lag"], of["metric"])
    value = math.nan if fact is None or of["metric"] == "words" else float(fact.value)
    measured = _measured(of, rows, curves)
    judged = judge(value, of["metric"], measured, of, fact is not None)
    holds = {name: of[name] for name in _CELL} | {"symbols": int(of.get("symbols", 1))}
    told = {"fact": -1, "value": value, "standing": "", "place": "", "words": ""}
    if fact is not None:
        line = int(fact.fact) if fact.lag == of["lag"] else -1
        told |= {"fact": line, "standing": fact.standing, "place": fact.place, "words": str(fact.value)}
    return {**place, **holds, **told, **asdict(measured), "n": measured.n, **asdict(judged)}


def _fact(by_lag: Mapping[int, Any], lag: int, metric: str) -> Any:
    """The fact of a cell; "solved up to lag T" is one of every shorter lag too. None: nothing is published."""
    if metric != "longest_solved":
        return by_lag.get(lag)
    return by_lag.get(min((at for at in by_lag if at >= lag), default=lag))


def _measured(of: Mapping[str, Any], rows: _Rows, curves: pd.DataFrame | None) -> Measured:
    """What the runs of a cell say. They may be of another task or lag than the fact."""
    task, lag = of.get("run_task", of["task"]), of.get("run_lag", of["lag"])
    found = rows(task, of["method"], lag)
    if found.empty:
        return Measured()
    if of["metric"] == "speedup":
        both = found, rows(task, of["against"], lag)
        return speedup(*(paper_speed.reached(own, curves, of["below"]) if "below" in of else own for own in both))
    return measure(tested_at(found, of["lag"]) if "run_lag" in of else found, of["metric"], int(of.get("symbols", 1)))


def tested_at(rows: pd.DataFrame, lag: int) -> pd.DataFrame:
    """The rows that were tested at a lag besides their own (the rule `test_lags`), with the share wrong there, and
    solved if that is within the criterion. A run that diverged or broke was not tested, and stays."""
    found = [json.loads(text).get(str(lag), math.nan) if text else math.nan for text in rows.test_error_by_lag]
    errors = pd.Series(found, index=rows.index, dtype=float)
    kept = errors.notna() | rows.status.isin([Status.DIVERGED, *paper_speed.BROKEN])
    return rows.assign(test_error=errors, solved=errors <= protocol.CRITERION)[kept]


def speedup(rows: pd.DataFrame, other: pd.DataFrame) -> Measured:
    """How many times the passes of another method's runs are those of ours, seed by seed."""
    both = paper_speed.paired(rows, other)
    return replace(measure(both, "speedup"), bounds=int(both.bound.sum()))


def measure(rows: pd.DataFrame, metric: str, symbols: int = 1) -> Measured:
    """What the runs of one condition say in the unit of a metric. symbols: of a message."""
    if rows.empty:
        return Measured()
    runs = {str(name): column.to_numpy() for name, column in rows.sort_values("seed").items()}
    solved = _solved(runs)
    values = _values(runs, solved, metric, symbols)
    mean, low, high = _summary(values, metric, int(solved.sum()), len(rows))
    until = runs["passes_to_solve"][runs["solved"] & ~np.isnan(runs["passes_to_solve"])]
    most = np.where(runs["status"] == Status.SOLVED, runs["passes"], runs["budget"])
    return Measured(
        seeds=tuple(map(int, runs["seed"])),
        values=tuple(map(float, values)),
        endings=tuple(map(str, runs["status"])),
        mean=mean,
        low=low,
        high=high,
        solved=int(solved.sum()),
        passes=float(until.mean()) if len(until) else math.nan,
        most=float(np.fmax.reduce(most)),
        seconds=float(np.nansum(runs["seconds"])),
        constant=float(np.fmax.reduce(runs["constant_error"])) if metric == "share_wrong" else math.nan,
    )


def _solved(runs: _Runs) -> np.ndarray:
    """Whether each run solved its task: the test decides where a run was not to stop before the end of its budget."""
    trained_on = np.array([stop(spec) == "budget" for spec in runs["spec"]], bool)
    return runs["solved"] | (trained_on & (runs["test_error"] <= protocol.CRITERION))


def _values(runs: _Runs, solved: np.ndarray, metric: str, symbols: int) -> np.ndarray:
    """A number per run. A run that diverged answers nothing: all it is asked is wrong."""
    if metric == "sequences":
        return np.where(runs["solved"], runs["passes_to_solve"] / protocol.TRAINING_PASSES, math.nan)
    if metric == "speedup":
        return runs["ratio"]
    if metric in ("share_wrong", "wrong_symbols"):
        wrong = runs["test_error" if metric == "share_wrong" else "test_symbol_error"]
        return symbols * np.where(runs["status"] == Status.DIVERGED, 1.0, wrong)
    return 100.0 * solved


def _summary(values: np.ndarray, metric: str, solved: int, n: int) -> tuple[float, float, float]:
    """Mean, and the range of the seeds; of a share of runs, Wilson's interval."""
    if metric in SHARES:
        low, high = intervals.wilson(solved, n)
        return 100.0 * solved / n, 100.0 * float(low), 100.0 * float(high)
    known = values[~np.isnan(values)]
    if not len(known):
        return math.nan, math.nan, math.nan
    if len(known) == 1:
        return float(known[0]), math.nan, math.nan
    return float(known.mean()), float(known.min()), float(known.max())


def judge(value: float, metric: str, measured: Measured, of: Mapping[str, Any], published: bool = True) -> Verdict:
    """The verdict on a cell, by the rule of this module.

    Args:
        value: the published number; nan if there is none.
        of: the cell as the paper's file has it: symbols, passes (that the paper spends), not_comparable.
        published: whether there is a fact at all.
    """
    if not measured.n:
        return Verdict(NOT_RUN)
    if of.get("not_comparable"):
        return Verdict(NOT_COMPARABLE, str(of["not_comparable"]))
    if not published:
        return Verdict(NOT_COMPARABLE, "no published number could be read")
    if metric == "words":
        return Verdict(NOT_COMPARABLE, "words are published, and no number")
    if broken := [ending for ending in measured.endings if ending in paper_speed.BROKEN]:
        return Verdict(NOT_COMPARABLE, f"{len(broken)} of {measured.n} runs ended with {broken[0]}")
    if metric == "success_percent" and not refutable(value, measured.n):
        return Verdict(NOT_COMPARABLE, f"{count(measured.n, 'run')} cannot contradict {value:g} %")
    word = _compared(value, metric, measured, float(of.get("symbols", 1)))
    if word == WORSE and measured.bounds:
        return Verdict(NOT_COMPARABLE, f"the other method did not get there in {measured.bounds} of {measured.n} runs")
    if word == WORSE and measured.most < float(of.get("passes", 0)):
        most = f"ours trained for {measured.most / 1e6:.3g} million passes at most, the paper's for up to"
        return Verdict(NOT_COMPARABLE, f"worse, but {most} {float(of['passes']) / 1e6:g} million")
    return Verdict(word)


def refutable(percent: float, n: int) -> bool:
    """Whether some number of solved runs of n has an interval without this share."""
    low, high = intervals.wilson(np.arange(n + 1), np.full(n + 1, n))
    return not ((100.0 * low <= percent) & (percent <= 100.0 * high)).all()


def _compared(value: float, metric: str, measured: Measured, symbols: float) -> str:
    if metric == "longest_solved":
        return REPRODUCED if 2 * measured.solved >= measured.n else WORSE
    if metric == "success_percent":
        if measured.low <= value <= measured.high:
            return REPRODUCED
        return BETTER if measured.mean > value else WORSE
    least = {"sequences": measured.n, "speedup": measured.n / 2}.get(metric, 0)  # runs that must solve
    if math.isnan(measured.mean) or measured.solved < least:
        return WORSE
    if value < LEARNED * measured.constant and measured.mean > measured.constant - FLOOR:
        return WORSE
    floor = 0.0 if metric in ("sequences", "speedup") else FLOOR * symbols
    spread = WIDEST if measured.low <= value <= measured.high else FACTOR
    if value / spread <= measured.mean <= value * spread or max(value, measured.mean) <= floor:
        return REPRODUCED
    return BETTER if (measured.mean > value if metric == "speedup" else measured.mean < value) else WORSE
