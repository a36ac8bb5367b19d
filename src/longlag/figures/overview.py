"""The answer in one picture: how far each method carries on each task, as a bar along the lag; of many tasks, or where
most pairs were not run, as a map."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from longlag.analysis import Analysis
from longlag.analysis.reach import furthest_first, mean_shares
from longlag.figures.tools import heatmap, layout, style
from longlag.words import NOT_RUN, capital, join_methods, method_label, reached, seeds_phrase

TITLE, ORDER = "How far each remedy carries", 0
_FEW = 4  # tasks, or methods, that are drawn as bars
_MOSTLY = 0.6  # share of pairs not run beyond which there is a map
_TRACK, _ONE_LAG = "#f0f0f0", "////"
_FEW_GAPS = 2  # methods that may be missing on a task before each panel lists its own


def styled(analysis: Analysis, methods: Iterable[str] | None = None) -> dict[str, style.MethodStyle]:
    """The style of each method, in the order of `furthest_first`: that of the rows, panels and keys of all figures.

    methods: those that a figure shows; None: all.
    """
    looks = style.styles(analysis.methods if methods is None else methods, analysis.methods)
    return {name: looks[name] for name in [*furthest_first(analysis.reach), *looks] if name in looks}


def is_map(table: pd.DataFrame) -> bool:
    """Whether bars would be a wall of panels or of "not run"; table: `reach.reach`."""
    tasks, methods = table.task.nunique(), table.method.nunique()
    return min(tasks, methods) > _FEW or len(table) < (1 - _MOSTLY) * tasks * methods


@style.applied()
def draw(analysis: Analysis, width: float = style.PAGE_WIDTH) -> Figure:
    """One panel per task, one bar per method; the pale track is the range of lags that was tried. Or a map."""
    table = analysis.reach
    if table.empty:
        return layout.nothing("no runs", width)
    if is_map(table):
        return heatmap.draw(table, furthest_first(table), width, analysis.newcomer)
    return _bars(analysis, width)


def _bars(analysis: Analysis, width: float) -> Figure:
    table, conditions = analysis.reach, analysis.success
    methods, tasks, wide = furthest_first(table), sorted(table.task.unique()), width > style.COLUMN_WIDTH
    rows = {task: [name for name in methods if name in set(table.method[table.task == task])] for task in tasks}
    gaps = max(len(methods) - len(names) for names in rows.values()) > _FEW_GAPS
    if not gaps:
        rows = dict.fromkeys(tasks, methods)
    side = min((2 if gaps else 3) if wide else 1, len(tasks))
    longest = [max(len(rows[task]) for task in tasks[i : i + side]) for i in range(0, len(tasks), side)]
    height, ratios = 0.42 + 0.27 * sum(longest) / len(longest), {"height_ratios": longest}
    figure, axes = layout.panels(len(tasks), height, width, most=side, sharey=not gaps, gridspec_kw=ratios)
    styles = styled(analysis)
    for i, (panel, task) in enumerate(zip(axes, tasks, strict=True)):
        lags = sorted(conditions[conditions.task == task].lag.unique())
        _panel(panel, table[table.task == task], rows[task], styles, lags, longest[i // side])
        panel.set_title(style.task_title(task))
        panel.set_yticks(range(len(rows[task])), [style.method_title(name) for name in rows[task]])
        style.set_off(panel, analysis.newcomer)
    words = "reach: longest lag T that at least half of the seeds solve,{}in steps (minimal lag in brackets)"
    figure.supxlabel(words.format(" " if wide else "\n"), fontsize=8)
    layout.keys_to(figure, _keys(table), "outside upper left")
    return figure


def _keys(table: pd.DataFrame) -> list[Any]:
    """What marks on bars mean, of those that occur."""
    found: list[Any] = [Patch(facecolor=_TRACK, label="lags that were tried")]
    if (table.low < table.high).any():
        found.append(Line2D([], [], color=style.INK, lw=1, label="interval of the reach"))
    if table.at_limit.any():
        found.append(Line2D([], [], ls="", marker=">", ms=5, color=style.INK, label="solved to the end of the ladder"))
    if (table.stopped == "failure").any():
        found.append(Line2D([], [], ls="", marker="x", ms=4, color=style.INK, label=style.STOPPED))
    if (table.tried == 1).any():
        found.append(Patch(facecolor=_TRACK, hatch=_ONE_LAG, edgecolor="#b0b0b0", lw=0, label="tried at one lag only"))
    return found


def _panel(
    axes: Any,
    rows: pd.DataFrame,
    methods: list[str],
    styles: dict[str, style.MethodStyle],
    lags: list[int],
    longest: int,
) -> None:
    limit, found = max(lags), {row.method: row for row in rows.itertuples()}
    for y, name in enumerate(methods):
        if name in found:
            _bar(axes, y, found[name], styles[name], limit)
        else:
            axes.text(0.02 * limit, y, NOT_RUN, va="center", fontsize=7.5, color=style.QUIET, style="italic")
    axes.set(xlim=(0, 1.5 * limit), ylim=(longest - 0.5, -0.55))
    axes.vlines(lags, -0.5, len(methods) - 0.5, color="white", lw=0.6, zorder=2.5)
    axes.set_xticks([0, *_apart(lags, 0.2 * limit)])
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)
    axes.spines["bottom"].set_bounds(0, limit)


def _apart(lags: list[int], gap: float) -> list[int]:
    """The lags from the largest down that leave room for their labels."""
    kept: list[int] = []
    for lag in sorted(lags, reverse=True):
        if lag >= gap and (not kept or kept[-1] - lag >= gap):
            kept.append(lag)
    return kept


def _bar(axes: Any, y: int, row: Any, method_style: style.MethodStyle, limit: int) -> None:
    axes.barh(y, row.largest, height=0.62, color=_TRACK, zorder=1)
    axes.barh(y, row.reach, height=0.62, color=method_style.colour, zorder=2)
    if row.tried == 1:
        axes.barh(y, row.largest, height=0.62, fill=False, hatch=_ONE_LAG, ec="#c4c4c4", lw=0, zorder=2.2)
    if row.stopped == "failure":
        axes.plot(row.reach + 0.035 * limit, y, marker="x", ms=4, mew=0.9, color=style.INK, zorder=4)
    axes.plot([row.low, row.high], [y, y], color=style.INK, lw=1, zorder=3, solid_capstyle="butt")
    if row.at_limit:
        axes.plot(row.reach, y, marker=">", ms=5, color=method_style.colour, mec="none", zorder=4)
    words = reached(row.reach, row.at_limit) + ("" if np.isnan(row.minimal_lag) else f" ({row.minimal_lag:.0f})")
    room = 0.09 if row.stopped == "failure" else 0.05
    x, colour = max(row.reach, row.high) + room * limit, style.INK if row.reach else style.QUIET
    text = axes.annotate(words, (x, y), va="center", fontsize=7.5, color=colour, zorder=4)
    if row.at_limit and row.largest < limit:
        axes.annotate("  not tried beyond", (1, 0.5), xycoords=text, va="center", fontsize=7, color=style.QUIET)


def _first(table: pd.DataFrame) -> str:
    """Who comes first, unless there is one method, or the methods were tried at different lags or on different tasks:
    then a short bar may be a short grid, and a large mean one of easy tasks."""
    if table.reach.max() == 0:
        return "No method solves any lag that was tried."
    if table.method.nunique() == 1:
        return ""
    if (table.groupby("task").largest.nunique() > 1).any():
        return "Not all methods were tried at the same lags: a reach with ≥ ends with its grid, not with its method."
    if len(table) < table.task.nunique() * table.method.nunique():
        return "Not all methods were tried on the same tasks, so that none comes first."
    order, share = furthest_first(table), mean_shares(table)
    first, second = order[:2]
    if share[first] == share[second]:
        tied = [name for name in order if share[name] == share[first]]
        return f"{capital(join_methods(tied))} tie, by their mean share of the largest lag."
    return f"{capital(method_label(first))} comes first, by its mean share of the largest lag."


def caption(analysis: Analysis) -> str:
    """What to see, n and the kind of interval."""
    table = analysis.reach
    if table.empty:
        return "No runs yet."
    first = "" if analysis.smoke else f" {_first(table)}".rstrip()  # a smoke test gives no order, as its page says
    told = (
        "reach, the largest lag T of the grid that at least half of the seeds solve, with the task's minimal lag in "
        "brackets"
    )
    if is_map(table):
        return (
            f"Darker cells: longer reach.{first} Number: {told}, if there is room. {_marks(table, 'black edge')}"
            "Methods are ordered by their mean share of the largest lag, tasks by how many methods ran on them; "
            f"{seeds_phrase(table.n)}. The table gives the intervals."
        )
    return (
        f"Longer bars: longer reach.{first} Bar and number: {told}. Pale track: the lags of the grid, divided by "
        f"white lines. {_marks(table, 'arrow')}Black line: 95 % interval of the true reach from exact binomial tests, "
        f"{seeds_phrase(table.n)}; it knows only the lags of the grid."
    )


def _marks(table: pd.DataFrame, end: str) -> str:
    """What the marks of cells or bars mean, of those that occur; end: that of a reach which ends with the grid."""
    meanings = {
        "≥": ("that was the largest lag tried", table.at_limit.any()),
        end: ("solved to the end of the ladder", table.at_limit.any()),
        "cross": (
            "a failure stopped it, or its readout had used all the sequences that it asks for",
            (table.stopped == "failure").any(),
        ),
        "hatched": ("tried at one lag only", (table.tried == 1).any()),
        "without a mark": ("the budget stopped it", (table.stopped == "budget").any()),
        "none": ("no lag was solved", (table.reach == 0).any()),
        "dot": ("not run", is_map(table) and heatmap.has_gaps(table)),
    }
    found = "; ".join(f"{mark}: {meaning}" for mark, (meaning, occurs) in meanings.items() if occurs)
    return f"{capital(found)}. " if found else ""
