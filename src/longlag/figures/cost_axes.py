"""The price of a solution: sequence passes, floating-point operations and, on one machine, CPU seconds."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from longlag.analysis import Analysis, stats
from longlag.figures import overview
from longlag.figures.tools import choice, layout, style
from longlag.words import count, join_methods, join_tasks, join_words, seeds_phrase, task_label

TITLE, ORDER = "Cost in passes, operations and seconds", 4
_ROW = 0.19  # inches of a method
_FRAME = 0.62  # inches of a title and of the numbers of the axis
_NARROW = {"passes": "passes", "flops": "operations", "seconds": "CPU s"}  # `stats.AXES` in a column's width
_ROOM = 2  # times the dearest solution, and the cheapest
_REST = 0.9  # rows' height: room for the methods without a price
_LETTERS = 118  # of the line that names the methods without a price, on a page
_KEYS = [
    Line2D([], [], color=style.QUIET, marker="o", ls="", ms=5.5, label="median"),
    Line2D([], [], color=style.QUIET, marker="|", ls="", ms=6, label="one seed"),
]


def chosen(analysis: Analysis) -> dict[str, int]:
    """The tasks that are drawn, each with the longest lag at which most methods solve (half of the seeds). Tasks on
    which no two methods solve at one lag are left out: there are no prices to compare."""
    conditions = analysis.costs["passes"]
    return choice.lags(conditions[np.isfinite(conditions["median"])])


def axes_of(analysis: Analysis) -> list[str]:
    """The axes that are drawn: seconds only where all runs are of one processor and its kernels."""
    kinds = stats.kinds_of_processor(zip(analysis.runs.cpu, analysis.runs.blas, strict=True))
    return [*(stats.AXES if kinds <= 1 else stats.RANKED)]


def _conditions(analysis: Analysis, task: str, lag: int) -> dict[str, pd.DataFrame]:
    """Per axis the costs of the methods that solve it, by method, cheapest in passes first."""
    costs = {axis: choice.at(analysis.costs[axis], task, lag).set_index("method") for axis in axes_of(analysis)}
    passes = costs["passes"]
    order = passes[np.isfinite(passes["median"])].sort_values(["median", "method"]).index
    return {axis: table.loc[order] for axis, table in costs.items()}


def _dearer(analysis: Analysis, task: str, lag: int) -> list[str]:
    """The methods that were tried there and of which fewer than half of the seeds solved in the budget."""
    return sorted(map(str, choice.beyond_the_budget(choice.at(analysis.costs["passes"], task, lag)).method))


@style.applied()
def draw(analysis: Analysis, width: float = style.PAGE_WIDTH) -> Figure:
    """A row of panels per task, one row per method that solves, in the order of its passes."""
    shown = chosen(analysis)
    if not shown:
        return layout.nothing("no runs" if analysis.runs.empty else "no two methods solve one task at one lag", width)
    wide = width > style.COLUMN_WIDTH
    tables = {task: _conditions(analysis, task, lag) for task, lag in shown.items()}
    heights = [_FRAME + _ROW * len(costs["passes"]) for costs in tables.values()]
    figure, grid = layout.grid(len(shown), len(axes_of(analysis)), sum(heights) / len(heights), width, ratios=heights)
    styles = overview.styled(analysis)
    for (task, costs), panels in zip(tables.items(), grid, strict=True):
        seeds = {axis: choice.at(times, task, shown[task]) for axis, times in analysis.solve_times.items()}
        for axis, panel in zip(costs, panels, strict=True):
            _panel(panel, costs[axis], seeds[axis], styles)
            panel.set_yticks(
                range(len(costs[axis])), map(style.method_title, costs[axis].index) if axis == "passes" else []
            )
        _title(panels[0], f"{style.task_title(task)}, lag {shown[task]}")
        _name_the_rest(panels[0], _dearer(analysis, task, shown[task]), wide)
    _share_scale(grid)
    for axis, panel in zip(axes_of(analysis), grid[-1], strict=True):
        panel.set_xlabel((stats.AXES if wide else _NARROW)[axis])
    layout.keys_to(figure, _KEYS, "outside lower left")
    return figure


def _panel(axes: Any, costs: pd.DataFrame, times: pd.DataFrame, styles: dict[str, style.MethodStyle]) -> None:
    axes.set_xscale("log")
    axes.patch.set_visible(False)  # words of the panel beside it may reach into this one
    axes.set_ylim(len(costs) - 0.4 + _REST, -0.6)
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)
    known = times[times.solved & np.isfinite(times.time)]
    found = {name: rows.to_numpy() for name, rows in known.groupby("method").time}
    for y, name in enumerate(costs.index):
        axes.axhline(y, color="#efefef", lw=0.6, zorder=0)
        seeds, look = found.get(name, np.empty(0)), styles[name]
        axes.plot(seeds, np.full(len(seeds), y), ls="", marker="|", ms=6, color=look.colour, alpha=0.7, zorder=2)
        style.mark(axes, costs["median"][name], y, look, filled=True)


def _title(axes: Any, words: str) -> None:
    """A title that may be wider than its panel: it stands over all panels of the row."""
    axes.set_title(" ")
    place: dict[str, Any] = {"xycoords": "axes fraction", "xytext": (0, 5), "textcoords": "offset points"}
    axes.annotate(words, (0, 1), fontsize=9, fontweight="bold", **place).set_in_layout(False)


def _name_the_rest(axes: Any, names: list[str], wide: bool) -> None:
    """Below the rows of a task, over all its panels, the methods that have no price."""
    if not names:
        return
    words = f"fewer than half solve with {join_methods(names)}"
    if len(words) > _LETTERS or not wide:
        words = f"with {count(len(names), 'more method')} fewer than half solve"
    place = {"xy": (0, 0), "xycoords": "axes fraction", "xytext": (2, 2), "textcoords": "offset points"}
    text = axes.annotate(words, color=style.QUIET, fontsize=7, ha="left", va="bottom", annotation_clip=False, **place)
    text.set_in_layout(False)


def _share_scale(grid: list[list[Any]]) -> None:
    """One scale for all panels of a column."""
    for column in zip(*grid, strict=True):
        marked = [line for axes in column for line in axes.lines if line.get_marker() != "None"]
        shown = [float(x) for line in marked for x in line.get_xdata() if 0 < x < np.inf]
        for axes in column:
            if shown:
                axes.set_xlim(min(shown) / _ROOM, max(shown) * _ROOM)
            axes.minorticks_off()


def caption(analysis: Analysis) -> str:
    """What to see, n, how the lag was chosen and what the axes mean."""
    shown = chosen(analysis)
    if not shown:
        n = seeds_phrase(analysis.success.n)
        return "No runs yet." if analysis.runs.empty else f"No two methods solve one task at one lag ({n})."
    conditions = pd.concat([_conditions(analysis, task, lag)["passes"] for task, lag in shown.items()])
    seconds = "CPU seconds depend on the machine and its load."
    if "seconds" not in axes_of(analysis):
        seconds = "CPU seconds are not drawn: these runs are of several kinds of processor or of its kernels."
    rest = sorted(set(analysis.success.task) - set(shown))
    left_out = f" Left out, since no two methods solve at one lag: {join_tasks(rest)}." if rest else ""
    return (
        "Left is cheap. The order depends on the axis: a pass through a large reservoir costs more operations than a "
        "pass through a small net. Marker: Kaplan-Meier median over seeds of the cost until solved "
        f"({seeds_phrase(conditions.n)}); ticks: seeds that solved. Methods are in the order of "
        "their passes. Named below them: methods that were tried and of which fewer than half of the seeds solved in "
        "the budget; no price is made up for them. "
        f"{seconds} Of each task the longest lag at which most methods solve is "
        f"shown: {join_words(f'{task_label(task)} at {lag}' for task, lag in shown.items())}.{left_out}"
    )
