"""Success rate against lag: one panel per task, all methods, Wilson intervals."""

from __future__ import annotations

from typing import Any

import pandas as pd
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from longlag.analysis import Analysis
from longlag.figures.tools import layout, style
from longlag.words import capital, join_methods, join_tasks, join_words, seeds_phrase

TITLE, ORDER = "Success rate against lag", 1
_HOLLOW = Line2D([], [], color=style.QUIET, marker="o", mfc="white", ls="", ms=4, label="not attempted")


@style.applied()
def draw(analysis: Analysis, width: float = style.PAGE_WIDTH) -> Figure:
    """One panel per task: share of seeds solved at each lag of the grid, the methods side by side."""
    conditions = analysis.success
    if conditions.empty:
        return layout.nothing("no runs", width)
    styles = style.styles(analysis.methods)
    tiers = layout.tiers(layout.methods_on(conditions), height=1.85, width=width)
    for task, panel in tiers.panels.items():
        _panel(panel, conditions[conditions.task == task], styles, small=task in tiers.small)
    layout.titles(tiers, {task: style.task_title(task) for task in tiers.panels})
    layout.legend(tiers.figure, styles, [_HOLLOW] if (conditions.attempted == 0).any() else [])
    layout.label_tiers(tiers, style.LAG_BELOW, style.LAG_SHORT, "seeds solved")
    return tiers.figure


def _panel(axes: Any, conditions: pd.DataFrame, styles: dict[str, style.MethodStyle], small: bool) -> None:
    lags = sorted(conditions.lag.unique())
    minimal = [conditions.minimal_lag[conditions.lag == lag].max() for lag in lags]
    if small:
        style.lag_ticks(axes, lags, minimal, thin=True)
    else:
        style.lag_axes(axes, lags, minimal)
    styles = {name: method_style for name, method_style in styles.items() if name in set(conditions.method)}
    for (name, method_style), shift in zip(styles.items(), style.dodge(len(styles)), strict=True):
        rows = conditions[conditions.method == name].sort_values("lag")
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
    conditions = analysis.success
    if conditions.empty:
        return "No runs yet."
    best = conditions[conditions.rate >= 0.5].groupby("task").lag.max()
    every = "every task" if conditions.task.nunique() > 2 else join_tasks(conditions.task.unique())
    ends = [
        f"to lag {lag} on {every if len(tasks) == conditions.task.nunique() else join_tasks(tasks.index)}"
        for lag, tasks in best.groupby(best)
    ]
    furthest = f"Some method gets {join_words(ends)}." if ends else "No method solves any lag."
    return (
        "Where each curve falls below the dotted line (half of the seeds), the reach of its method "
        f"ends. {furthest} Methods are set side by side at each lag of the grid; the grid is "
        "not to scale, and lags of different tasks compare by the minimal lag: above a panel, in brackets below a "
        "small one. "
        f"Bars are Wilson 95 % intervals, {seeds_phrase(conditions.n)} per point. Hollow: the ladder stopped below, "
        "counted as unsolved. A method without points in a panel was not run there."
        f"{_back_note(conditions)}{layout.small_note(conditions)}"
    )


def _back_note(conditions: pd.DataFrame) -> str:
    styles = [style.styles(rows.method.unique()) for _, rows in conditions.groupby("task")]
    names = {name for panel in styles for name, method_style in panel.items() if style.is_back(method_style, panel)}
    note = " are drawn small and without intervals where there are many methods; the table has their intervals."
    return f" {capital(join_methods(sorted(names)))}{note}" if names else ""
