"""Success rate against lag: a row per method, a column per lag, and in each cell the rate with its Wilson interval."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.collections import PolyCollection
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from longlag.analysis import Analysis
from longlag.figures import overview
from longlag.figures.tools import layout, style
from longlag.words import join_tasks, join_words, seeds_phrase

TITLE, ORDER = "Success rate against lag", 1
_ROW = 0.2  # inches of a method
_WIDTH, _HEIGHT = 0.92, 0.8  # of a cell, in units of the axes
_SCALE = 0.62  # the part of a column from 0 to 100 %
_TINT = 0.8  # share of white in the cells of what half of the seeds solve


def _tint(colour: Any) -> Any:
    """What lies behind the mark of that colour where half of the seeds solve."""
    return _TINT + (1 - _TINT) * np.array(colour)


_KEYS = [  # in grey: each method has a colour of its own
    Patch(facecolor=_tint(to_rgb(style.QUIET)), label="half of the seeds or more solve"),
    Line2D([], [], color=style.QUIET, marker="o", lw=1, ms=5, label="share of seeds, with interval"),
]
_HOLLOW = Line2D([], [], color=style.QUIET, marker="o", mfc="white", ls="", ms=4, label="not attempted")


@style.applied()
def draw(analysis: Analysis, width: float = style.PAGE_WIDTH) -> Figure:
    """One panel per task: how many seeds solve at each lag of the grid, the methods below each other."""
    conditions = analysis.success
    if conditions.empty:
        return layout.nothing("no runs", width)
    styles = overview.styled(analysis)
    tiers = layout.tiers(layout.methods_on(conditions), height=0.55, width=width, per_method=_ROW)
    for task, panel in tiers.panels.items():
        here = conditions[conditions.task == task]
        present = set(here.method)
        own = {name: look for name, look in styles.items() if name in present}
        _panel(panel, here, own, small=task in tiers.small)
        style.set_off(panel, analysis.newcomer)
    layout.titles(tiers, {task: style.task_title(task) for task in tiers.panels})
    layout.keys_to(
        tiers.figure, [*_KEYS, *([_HOLLOW] if (conditions.attempted == 0).any() else [])], "outside upper left"
    )
    layout.label_tiers(tiers, style.LAG, style.LAG_SHORT, "")
    words = ("within a column: 0 % of the seeds at its left,", "100 % at its right, half of them at the dotted line")
    tiers.figure.supxlabel((" " if width > style.COLUMN_WIDTH else "\n").join(words), fontsize=8)
    return tiers.figure


def _panel(axes: Any, conditions: pd.DataFrame, styles: dict[str, style.MethodStyle], small: bool) -> None:
    lags = sorted(conditions.lag.unique())
    minimal = [conditions.minimal_lag[conditions.lag == lag].max() for lag in lags]
    style.lag_ticks(axes, lags, minimal, thin=small)
    axes.set_ylim(len(styles) - 0.5, -0.5)
    axes.set_yticks(range(len(styles)), map(style.method_title, styles))
    axes.tick_params(axis="y", length=0)
    for side in ("left", "bottom"):
        axes.spines[side].set_visible(False)
    axes.vlines(range(len(lags)), -0.5, len(styles) - 0.5, color=style.QUIET, lw=0.6, ls=(0, (1, 2)), zorder=1)
    rows = [*styles]
    places = conditions.assign(
        x=conditions.lag.map({lag: i for i, lag in enumerate(lags)}), y=conditions.method.map(rows.index)
    )
    _cells(axes, places[places.rate >= 0.5], styles)
    tried = places[places.attempted > 0]
    low, high = (tried.x + (tried[name] - 0.5) * _SCALE for name in ("low", "high"))
    axes.hlines(tried.y, low, high, color=[styles[name].colour for name in tried.method], lw=1.1, zorder=2)
    for name, mine in places.groupby("method"):
        for filled, some in ((True, mine[mine.attempted > 0]), (False, mine[mine.attempted == 0])):
            x = some.x + (some.rate - 0.5) * _SCALE
            style.mark(axes, x, some.y, styles[str(name)], filled=filled, size=5.5 if filled else 3.5)


def _cells(axes: Any, places: pd.DataFrame, styles: dict[str, style.MethodStyle]) -> None:
    """A tint of the method's colour behind the marks of these conditions."""
    tints = [_tint(styles[name].colour) for name in places.method]
    x, y = places.x.to_numpy() - _WIDTH / 2, places.y.to_numpy() - _HEIGHT / 2
    boxes = layout.boxes(x, y, _WIDTH, _HEIGHT)
    axes.add_collection(PolyCollection(boxes, facecolors=tints, edgecolors="none", zorder=0), autolim=False)


def caption(analysis: Analysis) -> str:
    """What to see, n and the kind of interval."""
    conditions = analysis.success
    if conditions.empty:
        return "No runs yet."
    best = conditions[conditions.rate >= 0.5].groupby("task").lag.max()
    every = "every task" if conditions.task.nunique() > 2 else join_tasks(conditions.task.unique())
    ends = [
        f"{lag} on {every if len(tasks) == conditions.task.nunique() else join_tasks(tasks.index)}"
        for lag, tasks in best.groupby(best)
    ]
    furthest = f"Longest lag that some method solves: {join_words(ends)}." if ends else "No method solves any lag."
    return (
        "Tinted cells are solved by half of the seeds or more; where they end, the reach of the method ends. "
        f"{furthest} Within a column the mark lies further right the more seeds solve, from 0 % at its left edge to "
        f"100 % at its right one. Bars are Wilson 95 % intervals, {seeds_phrase(conditions.n)} per mark. Hollow: the "
        "ladder stopped below, counted as unsolved. An empty cell was not on the method's grid. The grid is not to "
        "scale; lags of different tasks compare by the minimal lag, in brackets. "
        f"Methods are in the order of the overview.{layout.small_note(conditions)}"
    )
