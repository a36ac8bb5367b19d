"""The reach of many methods on many tasks as one map: a row per method, a column per task, darker is further."""

from __future__ import annotations

import math
from typing import Any

import matplotlib as mpl
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch, Rectangle

from longlag.figures.tools import layout, style
from longlag.words import reached

_COLOURS = mpl.colormaps["YlGnBu"]  # dark to light also in grey, and to the colour-blind
_PALE, _DARK = 0.18, 0.92  # the part of it that is used
_UNSOLVED = "#f0f0f0"
_ONE_LAG = "////"
# inches: the narrowest cell that holds its words, the height of a row, and what the slanted names of tasks take
_WIDE = {"cell": 0.4, "row": 0.33, "above": 0.7}
_NARROW = {"cell": 0.33, "row": 0.2, "above": 0.85}  # on a phone, without the minimal lags: all tasks on one screen


def draw(table: pd.DataFrame, methods: list[str], width: float, newcomer: str = "") -> Figure:
    """The map of `reach.reach`, in as many blocks below each other as the width asks for; methods: in their order.

    newcomer: a method whose name is set off.
    """
    wide = width > style.COLUMN_WIDTH
    tasks, sizes = _order(table), _WIDE if wide else _NARROW
    room = width - 0.07 * max(len(style.method_title(name)) for name in methods) - (1.0 if wide else 0.6)
    blocks = _blocks(tasks, max(2, int(room / sizes["cell"])))
    rows = [[name for name in methods if name in set(table.method[table.task.isin(block)])] for block in blocks]
    heights = [len(names) for names in rows]
    height = sizes["above"] + sizes["row"] * sum(heights) / len(blocks)
    figure, axes = layout.panels(len(blocks), height, width, gridspec_kw={"height_ratios": heights})
    ends = (int(table.reach[table.reach > 0].min()), int(table.reach.max())) if table.reach.any() else (1, 1)
    for panel, block, names in zip(axes, blocks, rows, strict=True):
        _frame(panel, block, names, columns=len(blocks[0]), slant=38 if wide else 50)
        style.set_off(panel, newcomer)
        shown = table[table.task.isin(block)]
        _cells(panel, shown if wide else shown.assign(minimal_lag=math.nan), block, names, ends)
    layout.keys_to(figure, _keys(table), "outside upper left")
    meant = ["(minimal lag in brackets)"] * wide + ["≥: longest tried"] * bool(table.at_limit.any())
    meant += ["dot: not run"] * has_gaps(table)
    words = ["reach in steps: longest lag that half of the seeds solve", "; ".join(meant)]
    figure.supxlabel((" " if wide else "\n").join(words), fontsize=8 if wide else 7)
    return figure


def has_gaps(table: pd.DataFrame) -> bool:
    """Whether a method was not run on one of the tasks; table: `reach.reach`."""
    return len(table) < table.method.nunique() * table.task.nunique()


def _keys(table: pd.DataFrame) -> list[Any]:
    """What marks on cells mean, of those that occur."""
    found: list[Any] = []
    if table.at_limit.any():
        found.append(Patch(facecolor=style.INK, label="solved to the end of the ladder"))
    if (table.stopped == "budget").any():
        found.append(Patch(facecolor="none", edgecolor=style.QUIET, lw=0.8, label="no mark: stopped by the budget"))
    if (table.stopped == "failure").any():
        found.append(Line2D([], [], ls="", marker="x", ms=4, color=style.INK, label=style.STOPPED))
    if (table.tried == 1).any():
        found.append(Patch(facecolor="white", hatch=_ONE_LAG, edgecolor="#b0b0b0", lw=0, label="tried at one lag only"))
    return found


def _order(table: pd.DataFrame) -> list[str]:
    """Tasks, those on which most methods ran first."""
    counts = table.groupby("task").size()
    return sorted((str(task) for task in counts.index), key=lambda task: (-counts[task], task))


def _blocks(tasks: list[str], most: int) -> list[list[str]]:
    """The tasks in blocks of about one size, at most `most` in each."""
    size = math.ceil(len(tasks) / math.ceil(len(tasks) / most))
    return [tasks[i : i + size] for i in range(0, len(tasks), size)]


def _frame(axes: Any, tasks: list[str], methods: list[str], columns: int, slant: float) -> None:
    """Names of tasks above and of methods beside; columns: room for this number makes all cells equally wide."""
    axes.set(xlim=(-0.5, columns - 0.5), ylim=(len(methods) - 0.5, -0.5))
    axes.set_xticks(range(len(tasks)), [style.task_title(task) for task in tasks])
    axes.set_yticks(range(len(methods)), [style.method_title(name) for name in methods])
    axes.tick_params(length=0, pad=2, top=True, bottom=False, labeltop=True, labelbottom=False)
    for text in axes.get_xticklabels():
        text.set(rotation=slant, ha="left", va="bottom", rotation_mode="anchor")
    for spine in axes.spines.values():
        spine.set_visible(False)


def _cells(axes: Any, table: pd.DataFrame, tasks: list[str], methods: list[str], ends: tuple[int, int]) -> None:
    found = {(row.task, row.method): row for row in table.itertuples()}
    for x, task in enumerate(tasks):
        for y, name in enumerate(methods):
            if (task, name) in found:
                _cell(axes, x, y, found[task, name], ends)
            else:
                axes.plot(x, y, marker=".", ms=3, color="#b5b5b5", mew=0)


def _cell(axes: Any, x: int, y: int, row: Any, ends: tuple[int, int]) -> None:
    colour = _colour(row.reach, ends)
    axes.add_patch(Rectangle((x - 0.475, y - 0.46), 0.95, 0.92, facecolor=colour, edgecolor="none"))
    if row.tried == 1:
        axes.add_patch(Rectangle((x - 0.475, y - 0.46), 0.95, 0.92, fill=False, hatch=_ONE_LAG, ec="#c4c4c4", lw=0))
    if row.stopped == "failure":
        axes.plot(x + 0.37, y - 0.33, marker="x", ms=3.2, mew=0.9, color="white" if _dark(colour) else style.INK)
    if row.at_limit:
        axes.add_patch(Rectangle((x + 0.415, y - 0.46), 0.06, 0.92, facecolor=style.INK, edgecolor="none"))
    ink = style.QUIET if not row.reach else "white" if _dark(colour) else style.INK
    words = {"ha": "center", "color": ink}
    if not row.reach or math.isnan(row.minimal_lag):
        axes.text(x, y + 0.03, reached(row.reach, row.at_limit).replace(" ", ""), va="center", fontsize=7.5, **words)
        return
    axes.text(x, y - 0.02, reached(row.reach, row.at_limit), va="bottom", fontsize=8, **words)
    axes.text(x, y + 0.05, f"({row.minimal_lag:.0f})", va="top", fontsize=7, **words)


def _colour(reach: int, ends: tuple[int, int]) -> Any:
    """Darker with the logarithm of the reach, between the smallest and the largest one that was found."""
    if reach == 0:
        return _UNSOLVED
    share = math.log(reach / ends[0]) / math.log(ends[1] / ends[0]) if ends[1] > ends[0] else 0.5
    return _COLOURS(_PALE + (_DARK - _PALE) * share)


def _dark(colour: Any) -> bool:
    red, green, blue = mpl.colors.to_rgb(colour)
    return 0.299 * red + 0.587 * green + 0.114 * blue < 0.45
