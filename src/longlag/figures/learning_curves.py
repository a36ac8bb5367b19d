"""Share of validation sequences wrong against sequence passes, at the one lag per task that tells methods
apart."""

from __future__ import annotations

from typing import Any

import pandas as pd
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from longlag import protocol, stats
from longlag.figures import style
from longlag.records import Status
from longlag.words import listing, sample

TITLE, ORDER = "Learning curves", 3
_KEYS = [
    Line2D([], [], color=style.INK, lw=0.9, label="solved: 1 % wrong"),
    Line2D([], [], color=style.QUIET, lw=0.9, ls="--", label="constant answer"),
    Line2D([], [], color=style.QUIET, lw=0.9, ls=":", label="half-solved answer"),
]


def telling_lag(cells: pd.DataFrame) -> int:
    """The lag that divides the methods most evenly into those that solve (half of the seeds) and those that do not;
    in a tie the one with more methods, then the larger one. cells: `stats.success` of one task."""
    tried = cells[cells.attempted > 0]
    solving = tried.assign(solving=tried.rate >= 0.5).groupby("lag").solving.agg(["sum", "size"])
    smaller = solving["sum"].combine(solving["size"] - solving["sum"], min)
    return int(max(smaller.index, key=lambda lag: (smaller[lag], solving["size"][lag], lag), default=cells.lag.min()))


def _chosen(runs: pd.DataFrame) -> dict[str, int]:
    return {str(task): telling_lag(cells) for task, cells in stats.success(runs).groupby("task")}


@style.applied()
def draw(runs: pd.DataFrame, curves: pd.DataFrame, width: float = style.PAGE_WIDTH) -> Figure:
    """One panel per task, one thin line per seed, a marker where the run ended."""
    chosen = _chosen(runs)
    if not chosen:
        return style.nothing("no runs", width)
    looks = style.looks(runs.method.unique())
    figure, axes = style.panels(len(chosen), height=2.0, width=width, sharex=True)
    for panel, (task, lag) in zip(axes, chosen.items(), strict=False):
        panel.set_title(style.plain(f"{task}, lag {lag}"))
        _panel(
            panel,
            runs[(runs.task == task) & (runs.lag == lag)],
            curves[(curves.task == task) & (curves.lag == lag) & (curves.passes > 0)],
            looks,
        )
    style.legend(figure, looks, _KEYS)
    style.label(axes, "sequence passes", "sequences wrong")
    return figure


def _panel(axes: Any, runs: pd.DataFrame, curves: pd.DataFrame, looks: dict[str, style.Look]) -> None:
    axes.set_xscale("log")
    axes.set_yscale("symlog", linthresh=protocol.CRITERION, linscale=0.6)
    axes.set(ylim=(-0.0012, 1.15))
    axes.set_yticks([0, 0.01, 0.1, 1], ["0", "1 %", "10 %", "100 %"])
    axes.set_yticks([], minor=True)
    for level, key in ((protocol.CRITERION, 0), (runs.constant_error.max(), 1), (runs.half_solved_error.max(), 2)):
        axes.axhline(level, color=_KEYS[key].get_color(), lw=0.9, ls=_KEYS[key].get_linestyle(), zorder=1)
    if curves.empty:
        axes.text(
            0.5,
            0.5,
            "no learning curves",
            transform=axes.transAxes,
            ha="center",
            color=style.QUIET,
            fontsize=9,
        )
    ends = runs.set_index(["method", "seed"]).status
    for (method, seed), points in curves.groupby(["method", "seed"]):
        _seed(axes, points.sort_values("passes"), looks[str(method)], str(ends.get((method, seed), "")))


def _seed(axes: Any, points: pd.DataFrame, look: style.Look, status: str) -> None:
    axes.plot(points.passes, points.error, color=look.colour, ls=look.dash, lw=0.8, alpha=0.75, zorder=2)
    end = points.iloc[-1]
    style.mark(axes, end.passes, end.error, look, filled=status == Status.SOLVED, size=5.5)


def caption(runs: pd.DataFrame, curves: pd.DataFrame) -> str:
    """What to see, n and how the lag was chosen."""
    chosen = _chosen(runs)
    if not chosen:
        return "No runs yet."
    if curves.empty:
        return "No learning curves were recorded, so there is nothing to draw."
    shown = pd.concat([curves[(curves.task == task) & (curves.lag == lag)] for task, lag in chosen.items()])
    seeds = shown.groupby(["task", "method"]).seed.nunique()
    where = listing(f"{task} at lag {lag}" for task, lag in chosen.items())
    return (
        "Long plateaus at the constant or the half-solved answer, then a fall: that is what a long time lag "
        f"looks like. Shown is {where}, the lag that divides the methods most evenly into those that solve "
        f"and those that do not. One line per seed, {sample(seeds)} per method, no averaging; filled "
        "marker: solved, open marker: not solved. A method with a single look, such as a readout computed "
        "in one go, is a marker without a line. Vertical axis linear below 1 %."
    )
