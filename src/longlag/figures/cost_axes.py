"""The price of a solution on three axes: sequence passes, floating-point operations and CPU seconds."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from longlag.analysis import Analysis, stats
from longlag.figures.tools import layout, style
from longlag.words import join_words, seeds_phrase, task_label

TITLE, ORDER = "Cost on three axes", 4
_ROW = 0.19  # inches of a method
_ENOUGH = 2  # methods that make a comparison
_NAMES = {"passes": "sequence passes", "flops": "floating-point operations", "seconds": "CPU seconds\n(not ranked)"}
_NARROW = {"passes": "passes", "flops": "operations", "seconds": "CPU s\n(not ranked)"}
_ROOM = 6  # times the dearest solution: where ranks stand
_RANKED = ("passes", "flops")  # seconds depend on the machine
_KEYS = [
    Line2D([], [], color=style.QUIET, marker="o", ls="", ms=5.5, label="median"),
    Line2D([], [], color=style.QUIET, marker="|", ls="", ms=6, label="one seed"),
    Line2D([], [], color=style.QUIET, marker=">", mfc="white", ls="", ms=5, label="more than the budget"),
]


def chosen(analysis: Analysis) -> dict[str, int]:
    """The tasks that are drawn, each with the longest lag at which most methods solve (half of the seeds). Tasks on
    which fewer than two methods ran are left out, unless that leaves none."""
    conditions = analysis.costs["passes"]
    enough = {task for task, n in layout.methods_on(conditions).items() if n >= _ENOUGH}
    kept = conditions[conditions.task.isin(enough)] if enough else conditions
    solving = kept.assign(solving=np.isfinite(kept["median"])).groupby(["task", "lag"], as_index=False).solving.sum()
    best = solving.sort_values(["solving", "lag"], kind="stable").groupby("task").tail(1)
    return {str(row.task): int(row.lag) for row in best.sort_values("task").itertuples()}


def _conditions(analysis: Analysis, task: str, lag: int) -> dict[str, pd.DataFrame]:
    """Per axis the costs of the methods that tried it, by method, cheapest in passes first; unsolved ones last."""
    costs = {axis: _at(table[table.attempted > 0], task, lag) for axis, table in analysis.costs.items()}
    costs = {axis: table.set_index("method") for axis, table in costs.items()}
    order = costs["passes"].sort_values(["median", "method"]).index
    return {axis: table.loc[order] for axis, table in costs.items()}


def _at(table: pd.DataFrame, task: str, lag: int) -> pd.DataFrame:
    return table[(table.task == task) & (table.lag == lag)]


@style.applied()
def draw(analysis: Analysis, width: float = style.PAGE_WIDTH) -> Figure:
    """A row of three panels per task, one row per method in the order of its passes."""
    shown = chosen(analysis)
    if not shown:
        return layout.nothing("no runs", width)
    wide = width > style.COLUMN_WIDTH
    tables = {task: _conditions(analysis, task, lag) for task, lag in shown.items()}
    rows = [max(1, len(costs["passes"])) for costs in tables.values()]
    heights = [0.36 + _ROW * n for n in rows]
    figure, grid = layout.grid(len(shown), len(stats.AXES), sum(heights) / len(heights), width, ratios=heights)
    for (task, costs), panels in zip(tables.items(), grid, strict=True):
        seeds = {axis: _at(times, task, shown[task]) for axis, times in analysis.solve_times.items()}
        for axis, panel in zip(costs, panels, strict=True):
            _panel(panel, costs[axis], seeds[axis], ranked=axis in _RANKED and wide)
            panel.set_yticks(
                range(len(costs[axis])), map(style.method_title, costs[axis].index) if axis == "passes" else []
            )
        panels[0].set_title(f"{style.task_title(task)}, lag {shown[task]}")
    _share_scale(grid)
    for axis, panel in zip(stats.AXES, grid[-1], strict=True):
        panel.set_xlabel((_NAMES if wide else _NARROW)[axis])
    layout.keys_to(figure, _KEYS, "outside lower left")
    return figure


def _panel(axes: Any, costs: pd.DataFrame, times: pd.DataFrame, ranked: bool) -> None:
    axes.set_xscale("log")
    axes.set_ylim(max(1, len(costs)) - 0.4, -0.6)
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)
    if not len(costs):
        layout.no_data(axes)
    ranks = costs["median"].where(np.isfinite(costs["median"])).rank(method="min")
    styles = style.styles(costs.index)
    known = times[times.solved & np.isfinite(times.time)]
    found = {name: rows.to_numpy() for name, rows in known.groupby("method").time}
    for y, (name, method_style) in enumerate((name, styles[name]) for name in costs.index):
        axes.axhline(y, color="#efefef", lw=0.6, zorder=0)
        condition, seeds = costs.loc[name], found.get(name, np.empty(0))
        axes.plot(
            seeds, np.full(len(seeds), y), ls="", marker="|", ms=6, color=method_style.colour, alpha=0.7, zorder=2
        )
        if np.isfinite(condition["median"]):
            style.mark(axes, condition["median"], y, method_style, filled=True)
            if ranked:
                place = {"transform": axes.get_yaxis_transform(), "ha": "right", "va": "center", "fontsize": 7}
                axes.text(1, y, f"#{ranks[name]:.0f}", color=style.QUIET, **place)
        elif np.isfinite(condition.budget):
            axes.plot(condition.budget, y, ls="", marker=">", mfc="white", mec=method_style.colour, ms=5, zorder=3)


def _share_scale(grid: list[list[Any]]) -> None:
    """One scale for all panels of a column, with room for what stands beside the last marker."""
    for column in zip(*grid, strict=True):
        marked = [line for axes in column for line in axes.lines if line.get_marker() != "None"]
        shown = [float(x) for line in marked for x in line.get_xdata() if 0 < x < np.inf]
        for axes in column:
            if shown:
                axes.set_xlim(min(shown) / 2, max(shown) * _ROOM)
            axes.minorticks_off()
            if axes is not column[-1]:
                axes.tick_params(axis="x", labelbottom=False)


def caption(analysis: Analysis) -> str:
    """What to see, n, how the lag was chosen and what the axes mean."""
    shown = chosen(analysis)
    if not shown:
        return "No runs yet."
    conditions = pd.concat([_conditions(analysis, task, lag)["passes"] for task, lag in shown.items()])
    return (
        "Left is cheap. The order depends on the axis: a pass through a large reservoir costs more operations than a "
        "pass through a small net. Marker: Kaplan-Meier median over seeds of the cost until solved "
        f"({seeds_phrase(conditions.n)}); ticks: seeds that solved; open triangle: fewer than half solved, so the "
        "median is beyond the budget, which is shown on each axis. Methods are in the order of their passes; numbers: "
        "rank by passes and by floating-point operations. CPU seconds depend on the machine and its load: they are "
        "reported, not ranked. Of each task with two methods or more, the longest lag at which most methods solve is "
        "shown: "
        f"{join_words(f'{task_label(task)} at {lag}' for task, lag in shown.items())}."
    )
