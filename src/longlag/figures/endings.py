"""How every run ended: a block per seed, coloured by its status; at the end of the budget, by how near it came."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.patches import Patch, Rectangle

from longlag import protocol
from longlag.analysis import Analysis, stats
from longlag.figures import overview
from longlag.figures.tools import layout, style
from longlag.store.records import Status
from longlag.words import join_words, seeds_phrase

TITLE, ORDER = "What failed, and how", 6
_NEARNESS = mpl.colormaps["YlOrBr"]  # dark to light also in grey
_NEAR, _FAR = 0.16, 0.85  # the part of it that is used
_UNMEASURED = "#b5b5b5"
# status -> colour and hatch; colour-blind readers distinguish blue from orange and brown, and the rest by hatch
_STATUS: dict[str, tuple[str, str]] = {
    Status.SOLVED: ("#a6cee3", ""),
    Status.DIVERGED: ("#8c1d78", "////"),
    Status.TIMEOUT: ("#4d4d8f", "...."),
    Status.ERROR: ("#222222", "xxxx"),
    Status.NOT_ATTEMPTED: ("white", ""),
}
_WIDTH, _HEIGHT = 0.92, 0.8  # of the blocks of a condition, in units of the axes
_WORDS = 0.17  # inches: the narrowest block that holds two digits
_CROWD = 40  # with more seeds in a condition, those that look the same share a block
_SHADES = 12  # levels of nearness
# columns of a run that are read
_COLUMNS = [*stats.CONDITION, "seed", "status", "minimal_lag", "constant_error", "half_solved_error"]


@style.applied()
def draw(analysis: Analysis, width: float = style.PAGE_WIDTH) -> Figure:
    """One panel per task with a run that did not solve: a row per method, a column per lag, a block per seed."""
    shown = _unsolved(analysis)
    if shown.empty:
        return layout.nothing("no runs" if analysis.runs.empty else "every run was solved", width)
    order = overview.ranking(analysis.reach)
    tiers = layout.tiers(layout.methods_on(shown), height=0.55, width=width, per_method=0.2)
    for task, panel in tiers.panels.items():
        _panel(panel, shown[shown.task == task], order, small=task in tiers.small)
    layout.titles(tiers, {task: style.escape_mathtext(task) for task in tiers.panels})
    wide = width > style.COLUMN_WIDTH
    for task, panel in tiers.full.items() if wide else ():
        _baselines(panel, shown[shown.task == task])
    layout.keys_to(tiers.figure, _keys(shown), "outside upper left")
    layout.label_tiers(tiers, style.LAG if wide else style.LAG_SHORT, style.LAG_SHORT, "")
    tiers.figure.draw_without_rendering()  # only a laid-out figure knows which blocks have room for words
    for task, panel in tiers.panels.items():
        _numbers(panel, shown[shown.task == task])
    return tiers.figure


def _unsolved(analysis: Analysis) -> pd.DataFrame:
    """The runs of tasks on which some run did not solve, each with `left` and `best` of `stats.near_misses`; the solved
    first, then those that came nearest."""
    runs, near = analysis.runs[_COLUMNS], analysis.near_misses[[*stats.CONDITION, "seed", "best", "left"]]
    tasks = set(runs.task[runs.status != Status.SOLVED])
    shown = runs[runs.task.isin(tasks)].merge(near, "left", [*stats.CONDITION, "seed"])
    return shown.assign(rank=shown.status.map(list(Status).index)).sort_values(["rank", "left", "seed"])


def _panel(axes: Any, runs: pd.DataFrame, order: list[str], small: bool) -> None:
    methods = [name for name in order if name in set(runs.method)]
    lags = sorted(runs.lag.unique())
    style.lag_ticks(axes, lags, [runs.minimal_lag[runs.lag == lag].max() for lag in lags], thin=small)
    axes.set_ylim(len(methods) - 0.5, -0.5)
    axes.set_yticks(range(len(methods)), [style.escape_mathtext(name) for name in methods])
    axes.tick_params(axis="y", length=0)
    for side in ("left", "bottom"):
        axes.spines[side].set_visible(False)
    for (method, lag), rows in runs.groupby(["method", "lag"]):
        _condition(axes, lags.index(lag), methods.index(method), rows)


def _condition(axes: Any, x: int, y: int, rows: pd.DataFrame) -> None:
    """A block per seed, beside each other in the order of the rows."""
    left, size = x - _WIDTH / 2, _WIDTH / len(rows)
    for run, seeds in _blocks(rows):
        colour, hatch = _fill(run.status, run.left)
        edge = "#c9c9c9" if run.status == Status.NOT_ATTEMPTED else "white"
        fill = {"facecolor": colour, "edgecolor": edge, "lw": 0.5, "hatch": hatch}
        block = Rectangle((left, y - _HEIGHT / 2), seeds * size, _HEIGHT, **fill)
        block.set_gid(f"{run.method}/{run.lag}/{run.seed}{f'+{seeds - 1}' if seeds > 1 else ''}/{run.status}")
        axes.add_artist(block)  # unlike add_patch it leaves the limits alone, which are set
        left += seeds * size


def _blocks(rows: pd.DataFrame) -> Iterator[tuple[Any, int]]:
    """Yields (run, number of seeds): one block per seed; in a crowd, neighbours that look the same share a block."""
    if len(rows) <= _CROWD:
        yield from zip(rows.itertuples(), itertools.repeat(1), strict=False)
        return
    shaded = rows.assign(left=(rows.left * _SHADES).round() / _SHADES)
    shades = shaded.left.mask(shaded.status.isin([*_STATUS]), -1).fillna(-2)  # a status with a colour has no shade
    new = (shades != shades.shift()) | (shaded.status != shaded.status.shift())
    starts = np.flatnonzero(new)
    yield from zip(shaded.iloc[starts].itertuples(), np.diff([*starts, len(rows)]).tolist(), strict=True)


def _fill(status: str, left: float) -> tuple[Any, str]:
    if status in _STATUS:
        return _STATUS[status]
    return (_UNMEASURED if np.isnan(left) else _NEARNESS(_NEAR + (_FAR - _NEAR) * left)), ""


def _numbers(axes: Any, runs: pd.DataFrame) -> None:
    """The lowest error that was seen, in percent, in blocks of runs whose passes ran out."""
    ran_out = runs[runs.status == Status.BUDGET]
    best = {(r.method, str(r.lag), str(r.seed)): (r.best, r.left) for r in ran_out.itertuples()}
    scale = axes.get_window_extent().width / axes.figure.dpi / np.ptp(axes.get_xlim())  # inches per lag
    for block in axes.patches:
        method, lag, seed, status = block.get_gid().rsplit("/", 3)
        error, left = best.get((method, lag, seed), (np.nan, np.nan))  # a block of many seeds has no number
        if status == Status.BUDGET and not np.isnan(error) and block.get_width() * scale >= _WORDS:
            x, y = block.get_x() + block.get_width() / 2, block.get_y() + block.get_height() / 2
            ink = "white" if left > 0.7 else style.INK
            axes.text(x, y + 0.03, f"{100 * error:.0f}", ha="center", va="center", fontsize=7, color=ink)


def _baselines(axes: Any, runs: pd.DataFrame) -> None:
    """Prints beside the title the errors that the numbers compare with."""
    constant, half = runs.constant_error.max(), runs.half_solved_error.max()
    known = {"constant answer": constant, "half-solved": half}
    words = ", ".join(f"{name} {100 * error:.0f}" for name, error in known.items() if not np.isnan(error))
    if words and len(axes.get_subplotspec().colspan) > layout.GRID // 2:
        font = {"fontsize": 7.5, "fontweight": "normal", "color": style.QUIET}
        axes.set_title(f"% wrong at best ({words})", loc="right", **font)


def _keys(runs: pd.DataFrame) -> list[Patch]:
    there = set(runs.status)
    shades = {"near miss": 0.1, "half way": 0.55, "learned nothing": 1.0}
    keys = [Patch(facecolor=_STATUS[Status.SOLVED][0], label="solved")]
    if Status.BUDGET in there:
        keys += [
            Patch(facecolor=_fill(Status.BUDGET, left)[0], label=f"ran out: {words}") for words, left in shades.items()
        ]
    for status in (Status.DIVERGED, Status.TIMEOUT, Status.ERROR, Status.NOT_ATTEMPTED):
        if status in there:
            colour, hatch = _STATUS[status]
            edge = "#c9c9c9" if status == Status.NOT_ATTEMPTED else "white"
            keys.append(Patch(facecolor=colour, hatch=hatch, edgecolor=edge, label=status.value.replace("_", " ")))
    return keys


def caption(analysis: Analysis) -> str:
    """What to see, n, what the colours measure and what was left out."""
    runs = analysis.runs
    if runs.empty:
        return "No runs yet."
    shown, conditions = _unsolved(analysis), analysis.success
    crowd = conditions.n[conditions.task.isin(shown.task)].max() > _CROWD
    alike = f"; in a condition of more than {_CROWD}, those that look alike share a block" if crowd else ""
    counts = runs.status.value_counts()
    ends = join_words(f"{counts[status]} {status.value.replace('_', ' ')}" for status in Status if status in counts)
    if shown.empty:
        return f"Every run was solved ({ends}; {seeds_phrase(conditions.n)} per condition)."
    rest = sorted(set(runs.task) - set(shown.task))
    left_out = f" Left out, since every run was solved: {join_words(rest)}." if rest else ""
    return (
        f"Blue is solved. Each block is one seed ({seeds_phrase(conditions.n)} per condition{alike}): {ends}. For runs "
        "that ended at their budget, darker means that less was learned: the colour is the lowest share of validation "
        "sequences wrong (the number, in percent, where there is room), on a logarithmic scale from the criterion to "
        "the constant answer. The lowest of many evaluations on "
        f"{protocol.MONITOR} sequences lies below what the net would score. Outlined: not attempted, since "
        f"two lags in a row below were unsolved. No block: that lag was not on the method's grid.{left_out}"
    )
