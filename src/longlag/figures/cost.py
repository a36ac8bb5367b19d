"""What it costs to solve: Kaplan-Meier median of the sequence passes, censored at the budget, never imputed."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from longlag.analysis import Analysis
from longlag.figures import overview
from longlag.figures.tools import choice, layout, style
from longlag.words import count, seeds_phrase

TITLE, ORDER = "Cost to solve", 3
_KEYS = [
    Line2D([], [], color=style.QUIET, marker="o", ls="", ms=5.5, label="median"),
    Line2D([], [], color=style.QUIET, marker=".", ls="", ms=3.5, alpha=0.6, label="one seed"),
    Line2D([], [], color=style.QUIET, marker="o", mfc="white", ls="", ms=5.5, label="more than the budget"),
    Line2D([], [], color=style.QUIET, lw=0.8, ls=(0, (4, 2)), label="budget"),
]
_EXHAUSTED = Line2D(
    [], [], color=style.QUIET, marker="v", mfc="white", ls="", ms=5, label="unsolved with all its sequences"
)


@style.applied()
def draw(analysis: Analysis, width: float = style.PAGE_WIDTH) -> Figure:
    """One panel per task: passes to solve at each lag, open markers beyond the budget."""
    conditions, times = analysis.costs["passes"], analysis.solve_times["passes"]
    if conditions.empty:
        return layout.nothing("no runs", width)
    styles = overview.styled(analysis)
    tiers = layout.tiers(layout.methods_on(conditions), height=1.95, width=width)
    for task, panel in tiers.panels.items():
        _panel(panel, conditions[conditions.task == task], times[times.task == task], styles, small=task in tiers.small)
        _budgets(panel, analysis.runs[analysis.runs.task == task].groupby("lag").budget.max())
    layout.titles(tiers, {task: style.task_title(task) for task in tiers.panels})
    unsolved = choice.beyond_the_budget(conditions)
    layout.legend(tiers.figure, styles, [*_KEYS, *([_EXHAUSTED] if unsolved.exhausted.any() else [])])
    layout.label_tiers(tiers, style.LAG, style.LAG_SHORT, "passes to solve")
    return tiers.figure


def _panel(
    axes: Any, conditions: pd.DataFrame, times: pd.DataFrame, styles: dict[str, style.MethodStyle], small: bool
) -> None:
    lags = sorted(conditions.lag.unique())
    style.lag_ticks(axes, lags, [conditions.minimal_lag[conditions.lag == lag].max() for lag in lags], thin=small)
    styles = {name: method_style for name, method_style in styles.items() if name in set(conditions.method)}
    axes.set_yscale("log")
    solved = dict(iter(times[times.solved].groupby("method")))
    for (name, method_style), shift in zip(styles.items(), style.dodge(len(styles)), strict=True):
        rows = conditions[(conditions.method == name) & (conditions.attempted > 0)].sort_values("lag")
        back = style.is_back(method_style, styles)
        _medians(axes, rows.assign(x=[lags.index(lag) + shift for lag in rows.lag]), method_style, 4 if back else 6)
        seeds = solved.get(name, times[:0])
        x = np.searchsorted(lags, seeds.lag) + shift
        axes.plot(x, seeds.time, ls="", marker=".", ms=3.5, alpha=0.6, color=method_style.colour, mew=0, zorder=2)


def _medians(axes: Any, rows: pd.DataFrame, method_style: style.MethodStyle, size: float) -> None:
    solved, beyond = rows[np.isfinite(rows["median"])], rows[~np.isfinite(rows["median"])]
    axes.plot(solved.x, solved["median"], color=method_style.colour, ls=method_style.dash, lw=1, alpha=0.5, zorder=2)
    style.mark(axes, solved.x, solved["median"], method_style, filled=True, size=size)
    for exhausted in (False, True):  # all the sequences that a readout asks for were used
        some = beyond[beyond.exhausted == exhausted]
        shape = replace(method_style, marker="v") if exhausted else method_style
        style.mark(axes, some.x, some.budget, shape, filled=False, size=size - 1)


def _budgets(axes: Any, budgets: pd.Series) -> None:
    """A dashed line per lag, and limits that leave room for it; budgets in the order of the lags."""
    for i, budget in enumerate(budgets):
        if not 0 < budget < np.inf:  # of a run that ended before it spent anything
            continue
        axes.hlines(budget, i - 0.45, i + 0.45, color=style.QUIET, lw=0.8, ls=(0, (4, 2)), zorder=1)
    shown = [float(y) for line in axes.lines for y in line.get_ydata() if 1 < y < np.inf]
    shown += [float(budget) for budget in budgets if 0 < budget < np.inf]
    if shown:
        axes.set_ylim(min(shown) / 2, max(shown) * 2)
    else:
        layout.no_data(axes)


def caption(analysis: Analysis) -> str:
    """What to see, n and how the unsolved are shown."""
    conditions = analysis.costs["passes"]
    if conditions.empty:
        return "No runs yet."
    unsolved = choice.beyond_the_budget(conditions)
    down = "; an open triangle, at the passes that were used: a readout had all the sequences that it asks for"
    return (
        "Low is cheap. Large markers: Kaplan-Meier median of the sequence passes (forward 1, forward and "
        "backward 3, Gauss-Newton product 4) spent until solved; small dots, in place of an interval: each "
        f"seed that solved; {seeds_phrase(conditions.n)}. Every unsolved run, whatever ended it, is censored at "
        "the full budget. Where fewer than half solve, an open marker at the budget means "
        f"more than this ({count(int((~unsolved.exhausted).sum()), 'condition')})"
        f"{down if unsolved.exhausted.any() else ''}. Lags that "
        "no seed attempted are left out. A pass through a large reservoir is not a pass through a small "
        "net: the next figure and the table of costs give floating-point operations too."
        f"{layout.small_note(conditions)}"
    )
