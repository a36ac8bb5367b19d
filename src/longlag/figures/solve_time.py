"""When seeds are solved: share solved against sequence passes, one curve per method, where methods meet."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from longlag.analysis import Analysis, stats
from longlag.figures.tools import layout, style
from longlag.words import join_tasks, seeds_phrase

TITLE, ORDER = "Time to solve", 2
_MEET = 2  # methods that make a panel
_MOST_LAGS = 4  # panels beside each other
_HAIR = 0.01  # share of seeds by which curves are shifted apart


def chosen(analysis: Analysis) -> dict[str, list[int]]:
    """The tasks that are drawn, each with its lags: those at which two methods or more were tried; of many, the four at
    which most were. Tasks without such a lag are left out, unless that leaves none."""
    conditions = analysis.success
    counts = conditions[conditions.attempted > 0].groupby(["task", "lag"], as_index=False).method.nunique()
    met = counts[counts.method >= _MEET]
    kept = met if len(met) else counts
    best = kept.sort_values(["method", "lag"], ascending=False, kind="stable").groupby("task").head(_MOST_LAGS)
    return {str(task): sorted(int(lag) for lag in rows.lag) for task, rows in best.groupby("task")}


@style.applied()
def draw(analysis: Analysis, width: float = style.PAGE_WIDTH) -> Figure:
    """Panels by task and lag: each step is a seed that solved, and the marker stands at the last one."""
    runs, shown = analysis.runs, chosen(analysis)
    if not shown:
        return layout.nothing("no runs", width)
    limits = runs.groupby(stats.CONDITION, as_index=False).budget.max().rename(columns={"budget": "limit"})
    conditions, steps = analysis.costs["passes"].merge(limits, "left", stats.CONDITION), analysis.survival
    beside = min(4 if width > style.COLUMN_WIDTH else 2, max(map(len, shown.values())))
    rows = [(task, lags[i : i + beside]) for task, lags in shown.items() for i in range(0, len(lags), beside)]
    figure, grid = layout.grid(len(rows), beside, 1.3, width)
    styles = style.styles(conditions[_among(conditions, shown)].method.unique(), analysis.methods)
    for (task, lags), panels in zip(rows, grid, strict=True):
        for panel, lag in zip(panels, lags, strict=False):
            panel.sharex(grid[0][0])
            here = (conditions.task == task) & (conditions.lag == lag) & (conditions.attempted > 0)
            _panel(panel, conditions[here], steps[(steps.task == task) & (steps.lag == lag)], styles)
            _frame(panel, conditions[here], lag)
        if lags[0] == shown[task][0]:
            panels[0].set_title(style.task_title(task), pad=13)
        for spare in panels[len(lags) :]:
            spare.remove()
    _limits(grid[0][0], runs[_among(runs, shown)], steps[_among(steps, shown)])
    layout.legend(figure, styles)
    words = ("sequence passes (dashed: budget)", "above each panel: lag T (minimal lag), methods that solve")
    figure.supxlabel(("; " if width > style.COLUMN_WIDTH else "\n").join(words), fontsize=8)
    figure.supylabel("seeds solved so far", fontsize=8)
    return figure


def _among(table: pd.DataFrame, shown: dict[str, list[int]]) -> pd.Series:
    places = pd.MultiIndex.from_tuples([(task, lag) for task, lags in shown.items() for lag in lags])
    return pd.Series(pd.MultiIndex.from_frame(table[["task", "lag"]]).isin(places), index=table.index)


def _limits(axes: Any, runs: pd.DataFrame, steps: pd.DataFrame) -> None:
    """Of the horizontal axis that all share: from below the first solution to beyond the largest budget."""
    times = [*steps.time[(steps.time > 0) & np.isfinite(steps.time)], *runs.budget.dropna()]
    low, high = (min(times), max(times)) if times else (1.0, 10.0)
    axes.set_xlim(low / 2, high * 2)


def _frame(axes: Any, conditions: pd.DataFrame, lag: int) -> None:
    """Above the panel its lag and of how many methods a seed solved; conditions: those that were tried."""
    minimal = conditions.minimal_lag.max()
    words = f"lag {lag}" + ("" if np.isnan(minimal) else f" ({minimal:.0f})")
    place, solving = {"transform": axes.transAxes, "va": "bottom"}, int((conditions.solved > 0).sum())
    axes.text(0, 1.02, words, fontsize=7.5, **place)
    axes.text(1, 1.02, f"{solving}/{len(conditions)} solve", ha="right", color=style.QUIET, fontsize=7, **place)
    axes.set_ylim(0, 1.12)
    first = axes.get_subplotspec().is_first_col()
    axes.set_yticks([0, 0.5, 1], ["0", "50 %", "100 %"] if first else [""] * 3)
    axes.set_xscale("log")
    axes.minorticks_off()


def _panel(axes: Any, conditions: pd.DataFrame, steps: pd.DataFrame, styles: dict[str, style.MethodStyle]) -> None:
    found = {condition.method: condition for condition in conditions.itertuples() if condition.solved}
    present = {name: method_style for name, method_style in styles.items() if name in found}
    solved = dict(iter(steps[np.isfinite(steps.time)].groupby("method")))
    places: list[tuple[str, str]] = []  # where a curve ends; of those that end together, the markers stand side by side
    for (name, method_style), hair in zip(
        present.items(), style.dodge(len(present), _HAIR * len(present)), strict=True
    ):
        if name not in solved:
            continue
        curve = solved[name]
        x, y = np.r_[curve.time.iloc[0], curve.time], np.r_[0, 1 - curve.survival]
        (line,) = axes.step(
            x, y + hair, where="post", color=method_style.colour, ls=method_style.dash, lw=1.2, zorder=2
        )
        line.set_gid(name)
        if y[-1] < 1:
            axes.plot(
                [x[-1], found[name].budget], [y[-1] + hair] * 2, color=method_style.colour, lw=0.8, alpha=0.5, zorder=2
            )
        place = (f"{x[-1]:.1e}", f"{y[-1]:.3f}")
        style.mark(axes, x[-1], y[-1] + hair, method_style, filled=True, size=5, shift=5 * places.count(place))
        places.append(place)
    if not present:
        axes.text(0.5, 0.5, "none", transform=axes.transAxes, ha="center", va="center", color=style.QUIET, fontsize=8)
    if not np.isnan(budget := conditions.limit.max()):
        axes.axvline(budget, color=style.QUIET, lw=0.8, ls=(0, (4, 2)), zorder=1)


def caption(analysis: Analysis) -> str:
    """What to see, n, and what censoring does here."""
    shown = chosen(analysis)
    if not shown:
        return "No runs yet."
    conditions = analysis.success
    rest = sorted(set(conditions.task) - set(shown))
    left_out = f" Not drawn: {join_tasks(rest)}, where no two methods met at a lag." if rest else ""
    return (
        "Further left is sooner, higher is more reliable. Share of seeds solved within that many sequence passes "
        f"(1 - Kaplan-Meier; {seeds_phrase(conditions.n[_among(conditions, shown)])}); every step is one seed. The "
        "marker is at the last seed that solved; a pale line from there to the budget means that other seeds did not. "
        "Every unsolved run is censored at the full budget. Above each panel: the number of methods with a seed that "
        "solved; the others have no curve. Curves are shifted slightly so that none hides another. A readout computed "
        "in one go has its step at the size of its training set. Shown are the lags at which at least two methods were "
        "tried, at most four. No interval is drawn: at the budget it is that of the success rate; the table tests "
        "matched pairs."
        f"{left_out}"
    )
