"""Share of validation sequences wrong against sequence passes, at the one lag per task that tells methods
apart."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from longlag import protocol
from longlag.analysis import Analysis
from longlag.figures import overview
from longlag.figures.tools import layout, style
from longlag.store.records import Status
from longlag.words import join_methods, join_tasks, join_words, number, seeds_phrase, task_label

TITLE, ORDER = "Learning curves", 5
_ROOM = 1.6  # times the first and the last look: marks are seen whole
_LINES = 30  # seeds of a method that are drawn: the first ones
_COLUMNS = ["task", "lag", "method", "seed", "passes", "error"]  # of a point that are read
_BROAD: dict[str, Any] = {"color": "#c8c8c8", "lw": 3.2}  # a trivial answer: no method's line is as broad
_LEVELS: dict[str, dict[str, Any]] = {  # name -> look of a horizontal line
    "solved: 1 % wrong": {"color": style.INK, "lw": 0.9},
    "constant answer": _BROAD,
    "half-solved answer": {**_BROAD, "ls": (0, (0.8, 0.5))},
}
_KEYS = [Line2D([], [], label=name, **look) for name, look in _LEVELS.items()]


def telling_lag(conditions: pd.DataFrame) -> int:
    """The lag that divides the methods most evenly into those that solve (half of the seeds) and those that do not;
    in a tie the one with more methods, then the larger one. conditions: `stats.success` of one task."""
    tried = conditions[conditions.attempted > 0]
    solving = tried.assign(solving=tried.rate >= 0.5).groupby("lag").solving.agg(["sum", "size"])
    smaller = solving["sum"].combine(solving["size"] - solving["sum"], min)
    return int(
        max(smaller.index, key=lambda lag: (smaller[lag], solving["size"][lag], lag), default=conditions.lag.min())
    )


def _chosen(analysis: Analysis) -> dict[str, int]:
    """The tasks that are drawn, each with its lag. Of many tasks, one on which few methods ran and no
    run was evaluated twice has no curve: it is left out unless that leaves none."""
    found = {str(task): telling_lag(conditions) for task, conditions in analysis.success.groupby("task")}
    full, small = layout.split(layout.methods_on(analysis.success))
    curves = _at(analysis.curves[_COLUMNS], {task: found[task] for task in small})
    evaluations = curves[curves.passes > 0].groupby(["task", "lag", "method", "seed"]).size()
    seen = evaluations[evaluations > 1].groupby(["task", "lag"]).size()
    curved = set(seen.index)
    kept = {task: lag for task, lag in found.items() if task in full or (task in small and (task, lag) in curved)}
    return kept or found


def _at(table: pd.DataFrame, chosen: dict[str, int]) -> pd.DataFrame:
    """The rows of these tasks, each at its lag."""
    near = table[table.lag.isin(chosen.values())]  # texts of millions of points take long
    return near[near.task.map(chosen) == near.lag]


@style.applied()
def draw(analysis: Analysis, width: float = style.PAGE_WIDTH) -> Figure:
    """One panel per task, one thin line per seed, a marker where a run solved."""
    chosen = _chosen(analysis)
    if not chosen:
        return layout.nothing("no runs", width)
    shown, curves = _at(analysis.runs, chosen), _at(analysis.curves[_COLUMNS], chosen)
    styles = overview.styled(analysis, shown.method.unique())
    methods = layout.methods_on(analysis.success)
    tiers = layout.tiers({task: methods[task] for task in chosen}, height=2.0, width=width)
    for task, panel in tiers.panels.items():
        here = curves[(curves.task == task) & (curves.passes > 0)]
        _panel(panel, shown[shown.task == task], here[_drawn(here)], styles)
    layout.titles(tiers, {task: f"{style.task_title(task)}, lag {lag}" for task, lag in chosen.items()})
    layout.legend(tiers.figure, styles, _KEYS)
    layout.label_tiers(tiers, "sequence passes", "sequence passes", "sequences wrong")
    return tiers.figure


def _drawn(curves: pd.DataFrame) -> pd.Series:
    """Which points belong to the first seeds of their method, whose lines can still be told apart."""
    return curves.groupby("method").seed.rank("dense") <= _LINES


def _panel(axes: Any, runs: pd.DataFrame, curves: pd.DataFrame, styles: dict[str, style.MethodStyle]) -> None:
    axes.set_xscale("log")
    axes.set_yscale("symlog", linthresh=protocol.CRITERION, linscale=0.6)
    axes.set(ylim=(-0.0018, 1.35))
    axes.set_yticks([0, 0.01, 0.1, 1], ["0", "1 %", "10 %", "100 %"])
    axes.set_yticks([], minor=True)
    levels = (protocol.CRITERION, runs.constant_error.max(), runs.half_solved_error.max())
    for level, look in zip(levels, _LEVELS.values(), strict=True):
        axes.axhline(level, zorder=1, **look)
    if curves.empty:
        words = {"ha": "center", "color": style.QUIET, "fontsize": 9}
        axes.text(0.5, 0.5, "no learning curves", transform=axes.transAxes, **words)
    curves = curves.sort_values(["method", "seed", "passes"])
    drawn, ends = dict([*curves.groupby("method")]), dict([*_ends(curves, runs).groupby("method")])
    for method, method_style in styles.items():
        if method in drawn:
            back = style.is_back(method_style, styles)
            _lines(axes, drawn[method], method_style, alpha=0.35 if back else 0.75)
            _marks(axes, ends[method], method_style, 4 if back else 5.5)
    if len(curves):
        _passes(axes, curves.passes.min(), curves.passes.max())


def _passes(axes: Any, low: float, high: float) -> None:
    """The horizontal axis. Within a decade matplotlib names every tick, for which a small panel has no room: the first
    and the last look are named alone."""
    axes.set_xlim(low / _ROOM, high * _ROOM)
    if high < 10 * low:
        ends = [low, high] if high > 2 * low else [high]
        axes.set_xticks(ends, [number(end) for end in ends])
        axes.set_xticks([], minor=True)


def _ends(curves: pd.DataFrame, runs: pd.DataFrame) -> pd.DataFrame:
    """The last point of each run with its status, and how many points (looks) it has; curves: sorted by run."""
    keys = ["method", "seed"]
    looks = curves.groupby(keys, sort=False).passes.size()
    ends = curves[~curves.duplicated(keys, keep="last")].set_index(keys).assign(looks=looks).reset_index()
    return ends.merge(runs[[*keys, "status"]], "left", keys)


def _marks(axes: Any, ends: pd.DataFrame, method_style: style.MethodStyle, size: float) -> None:
    """Filled where a run solved; open where one failed before its budget, or where there is no line to see. A line that
    ran to the budget ends without one: the marks of all methods would lie on each other."""
    solved = ends.status == Status.SOLVED
    failed = ~solved & ((ends.status != Status.BUDGET) | (ends.looks == 1))
    for rows, filled in ((ends[failed], False), (ends[solved], True)):
        style.mark(axes, rows.passes, rows.error, method_style, filled=filled, size=size, whole=True)


def _lines(axes: Any, curves: pd.DataFrame, method_style: style.MethodStyle, alpha: float) -> None:
    """A line per seed, as one artist: thousands of lines take long one by one. curves: in the order of the seeds."""
    seeds = curves.seed.to_numpy()
    lines = np.split(curves[["passes", "error"]].to_numpy(), np.flatnonzero(np.diff(seeds)) + 1)
    ends = "projecting" if method_style.dash == "-" else "butt"  # as those of a single line
    drawn = LineCollection(
        lines, colors=[method_style.colour], linestyles=[method_style.dash], linewidths=0.8, alpha=alpha, zorder=2
    )
    drawn.set(capstyle=ends, joinstyle="round")
    axes.add_collection(drawn, autolim=False)  # it would take limits through the logarithm and back, a hair off
    if len(curves):
        axes.update_datalim(curves[["passes", "error"]].to_numpy())


def caption(analysis: Analysis) -> str:
    """What to see, n and how the lag was chosen."""
    curves, chosen = analysis.curves, _chosen(analysis)
    if not chosen:
        return "No runs yet."
    if curves.empty:
        return "No learning curves were recorded, so there is nothing to draw."
    seeds = _at(curves[_COLUMNS], chosen).groupby(["task", "method"]).seed.nunique()
    where = join_words(f"{task_label(task)} at lag {lag}" for task, lag in chosen.items())
    some = "" if seeds.empty or seeds.max() <= _LINES else f", of which the first {_LINES} are drawn"
    return (
        "A long time lag shows as a long plateau at the constant or the half-solved answer (broad grey), then a fall. "
        f"Shown is {where}, the lag that divides the methods most evenly into those that solve "
        f"and those that do not. One line per seed, {seeds_phrase(seeds)} per method{some}, no averaging. Filled "
        "marker: solved; a line without a marker ran to its budget; open marker: ended otherwise, or did not solve at "
        "its single evaluation. A readout computed in one go is a marker without a line. Vertical axis linear below 1 "
        f"%.{_left_out(analysis.success, chosen)}"
    )


def _left_out(conditions: pd.DataFrame, chosen: dict[str, int]) -> str:
    rest = conditions[~conditions.task.isin(list(chosen))]
    if rest.empty:
        return ""
    tasks, methods = join_tasks(sorted(rest.task.unique())), join_methods(sorted(rest.method.unique()))
    return f" No curve to draw on {tasks}: only {methods} ran, with one evaluation."


def lacking(analysis: Analysis) -> str:
    """What the figure needs and these results do not have, and where to get it; empty if it is there."""
    words = "these runs have no learning curves: name their file with --curves, or train with --curves FILE"
    return words if analysis.curves.empty else ""
