"""Success rate against lag: one panel per task, all methods, Wilson intervals."""

from __future__ import annotations

from typing import Any

import pandas as pd
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from longlag.analysis import Analysis
from longlag.figures.tools import layout, style
from longlag.words import join_words, seeds_phrase

TITLE, ORDER = "Success rate against lag", 1
_HOLLOW = Line2D([], [], color=style.QUIET, marker="o", mfc="white", ls="", ms=4, label="not attempted")


@style.applied()
def draw(analysis: Analysis, width: float = style.PAGE_WIDTH) -> Figure:
    """One panel per task: share of seeds solved at each lag of the grid, the methods side by side."""
    cells = analysis.success
    if cells.empty:
        return layout.nothing("no runs", width)
    styles = style.styles(cells.method.unique())
    tiers = layout.tiers(layout.methods_on(cells), height=1.85, width=width)
    for task, panel in tiers.panels.items():
        _panel(panel, cells[cells.task == task], styles, small=task in tiers.small)
    layout.titles(tiers, {task: style.escape_mathtext(task) for task in tiers.panels})
    layout.legend(tiers.figure, styles, [_HOLLOW] if (cells.attempted == 0).any() else [])
    layout.label_tiers(tiers, style.LAG_BELOW, style.LAG_SHORT, "seeds solved")
    return tiers.figure


def _panel(axes: Any, cells: pd.DataFrame, styles: dict[str, style.MethodStyle], small: bool) -> None:
    lags = sorted(cells.lag.unique())
    minimal = [cells.minimal_lag[cells.lag == lag].max() for lag in lags]
    if small:
        style.lag_ticks(axes, lags, minimal, thin=True)
    else:
        style.lag_axes(axes, lags, minimal)
    styles = {name: method_style for name, method_style in styles.items() if name in set(cells.method)}
    for (name, method_style), shift in zip(styles.items(), style.dodge(len(styles)), strict=True):
        rows = cells[cells.method == name].sort_values("lag")
        _method(
            axes,
            rows.assign(x=[lags.index(lag) + shift for lag in rows.lag]),
            method_style,
            style.is_back(method_style, styles),
        )
    axes.axhline(0.5, color=style.QUIET, lw=0.6, ls=(0, (1, 2)), zorder=0)
    axes.set(ylim=(-0.09, 1.09))
    axes.set_yticks([0, 0.5, 1], ["0", "50 %", "100 %"])


def _method(axes: Any, rows: pd.DataFrame, method_style: style.MethodStyle, back: bool) -> None:
    tried, untried = rows[rows.attempted > 0], rows[rows.attempted == 0]
    axes.plot(
        rows.x, rows.rate, color=method_style.colour, ls=method_style.dash, lw=1, alpha=0.25 if back else 0.55, zorder=2
    )
    if not back:
        axes.vlines(tried.x, tried.low, tried.high, color=method_style.colour, lw=1, alpha=0.5, zorder=2)
    style.mark(axes, tried.x, tried.rate, method_style, filled=True, size=4 if back else 6)
    style.mark(axes, untried.x, untried.rate, method_style, filled=False, size=3 if back else 4.5)


def caption(analysis: Analysis) -> str:
    """What to see, n and the kind of interval."""
    cells = analysis.success
    if cells.empty:
        return "No runs yet."
    best = cells[cells.rate >= 0.5].groupby("task").lag.max()
    every = "every task" if cells.task.nunique() > 2 else join_words(cells.task.unique())
    ends = [
        f"to lag {lag} on {every if len(tasks) == cells.task.nunique() else join_words(tasks.index)}"
        for lag, tasks in best.groupby(best)
    ]
    furthest = f"Some method gets {join_words(ends)}." if ends else "No method solves any lag."
    return (
        "Where each curve falls below the dotted line (half of the seeds), the reach of its method "
        f"ends. {furthest} Methods are set side by side at each lag of the grid; the grid is "
        "not to scale, and lags of different tasks compare by the minimal lag: above a panel, in brackets below a "
        "small one. "
        f"Bars are Wilson 95 % intervals, {seeds_phrase(cells.n)} per point. Hollow: the ladder stopped below, "
        "counted as unsolved. A method without points in a panel was not run there."
        f"{_back_note(cells)}{layout.small_note(cells)}"
    )


def _back_note(cells: pd.DataFrame) -> str:
    styles = [style.styles(rows.method.unique()) for _, rows in cells.groupby("task")]
    names = {name for panel in styles for name, method_style in panel.items() if style.is_back(method_style, panel)}
    note = " stand back where there are many methods: small, and their intervals in the table alone."
    return f" {join_words(sorted(names))}{note}" if names else ""
