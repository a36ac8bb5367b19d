"""The picture of a paper's table: numbers as dots beside the published ones, or shares of runs solved over the lag."""

from __future__ import annotations

import math
import textwrap
from collections import defaultdict
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import EngFormatter, FuncFormatter, LogLocator

from longlag.analysis.papers import SHARES
from longlag.figures.tools import layout, style
from longlag.words import capital

_UNITS = {  # what a vertical axis shows
    "share_wrong": "share of sequences wrong",
    "wrong_symbols": "symbols wrong",
    "sequences": "sequences to the criterion",
    "speedup": "times faster",
}
_SMALLEST = 2e-5  # a number of zero is drawn here on a logarithmic axis: the test set has 10,000 sequences
_OURS, _PUBLISHED = style.INK, "#8a4fa3"  # neither is the colour of a verdict in the table above the picture
_COLOURS = (0, 3, 2, 1, 4, 9, 5, 6)  # of the palette, one for each arm
_MARKERS = "oDs^vPX*"
_ACROSS = 4  # panels side by side across a page; half of them across a column
_CHARACTERS = 90  # of tick labels that fit side by side across a page
_TITLE_CHARACTERS = 10.5  # of a title, in an inch of a panel and its margins
_LEAST = 6  # characters of a label in a line; where there is less room, labels are slanted
_OVERHANG = 3  # characters by which a word may be longer than its line
_SLANTED_ROOM = 20  # characters of a slanted label in a line
_SLANTED: dict[str, Any] = {"rotation": 45, "ha": "right", "rotation_mode": "anchor"}


def caption(cells: pd.DataFrame, curve: bool) -> str:
    """What the picture of these cells shows, and how to read its marks."""
    if curve:
        left_out = " Tasks without runs are left out." * (len(_with_runs(cells)) < cells.task.nunique())
        rings = "; open rings: published shares" * bool(_shares_told(cells[cells.task.isin(_with_runs(cells))]).any())
        return (
            f"Above: share of runs solved over the lag T, with Wilson's 95 % interval{rings}. "
            f"Below: sequence passes that the runs spent until they were confirmed as solved, a mean.{left_out}"
        )
    shares, speedups = cells.metric.isin(SHARES), cells.metric == "speedup"
    found = []
    if not shares.all():
        each = "one seed each, with a run of either method" if speedups.any() else "one run each"
        found.append(f"Filled dots: {each}, on a logarithmic axis.")
        if any(0 in values for values in (*cells[~shares]["values"], cells[~shares].value.to_list())):
            found.append("Zero, which has no place on such an axis, is at its lower end.")
        if any(_missed(cell) for cell in cells.itertuples()):
            found.append("Crosses at the edge: runs that did not meet the criterion.")
        if (cells.bounds > 0).any():
            found.append("A dot is a lower bound where the other method did not get there.")
    if shares.any():
        found.append("Filled dots with a line: the percentage of runs solved, with Wilson's 95 % interval.")
    if _ringed(cells).any():
        found.append("Open rings: published.")
    return " ".join(found)


@style.applied()
def draw(cells: pd.DataFrame, curve: bool, width: float = style.PAGE_WIDTH) -> Figure:
    """The picture of one table. cells: its own, as `analysis.papers.cells` has them; curve: over the lag, by task."""
    return _curves(cells, width) if curve else _dots(cells, width)


def _dots(cells: pd.DataFrame, width: float) -> Figure:
    panels = _panels(cells)
    across = min(len(panels), 2 if width > style.COLUMN_WIDTH else 1)
    figure, axes = layout.panels(len(panels), 2.0, width, across, sharex=False)
    for panel, (title, own, labels) in zip(axes, panels, strict=True):
        for place, cell in enumerate(own.itertuples()):
            _column(panel, place, cell)
        if not ((own.n > 0) | _ringed(own)).any():
            _say(panel, "not run")
        if not set(own.metric) <= SHARES:
            panel.set_yscale("log")
        room = int(_CHARACTERS * width / style.PAGE_WIDTH) // (across * len(own))
        slanted = room < max(_LEAST, _longest_word(labels) - _OVERHANG)
        labels = [_broken(label.replace("$", r"\$"), _SLANTED_ROOM if slanted else room) for label in labels]
        panel.set_xticks(range(len(own)), labels, **(_SLANTED if slanted else {}))
        unit = _UNITS.get(own.metric.iloc[0], "% of runs solved")
        panel.set(title=style.escape_mathtext(title), ylabel=unit, xlim=(-0.6, len(own) - 0.4))
    for metric, places in _by_metric(panels).items():
        if metric not in SHARES:
            _ticks([axes[i] for i in places], metric)
    for panel in axes:
        panel.minorticks_off()
    return figure


def _by_metric(panels: list[tuple[str, pd.DataFrame, list[str]]]) -> dict[str, list[int]]:
    """Which panels show each metric."""
    found = defaultdict(list)
    for i, (_, own, _) in enumerate(panels):
        found[str(own.metric.iloc[0])].append(i)
    return found


def _ticks(panels: list[Any], metric: str) -> None:
    """One range for the panels of a metric, so that they can be compared, and its labels.

    Labels are at 1, 2 and 5 where the range is less than two decades; powers of ten would label one tick or none. The
    height at which a zero is drawn says so.
    """
    ends = np.array([panel.get_ylim() for panel in panels])
    low, high = _a_decade(ends[:, 0].min(), ends[:, 1].max(), most=1.0 if metric == "share_wrong" else math.inf)
    zero = low <= _SMALLEST
    for axis in (panel.yaxis for panel in panels):
        axis.axes.set_ylim(_SMALLEST / 1.6 if zero else low, high)
        if high < 100 * low:
            axis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
            axis.set_major_formatter(EngFormatter() if metric == "sequences" else FuncFormatter(_decimal))
        if zero:
            ticks = [tick for tick in axis.get_major_locator().tick_values(low, high) if 2 * _SMALLEST < tick <= high]
            axis.set_ticks([_SMALLEST, *ticks], ["0", *axis.get_major_formatter().format_ticks(ticks)])


def _a_decade(low: float, high: float, most: float) -> tuple[float, float]:
    """A range of a decade at least, which ends at `most` at most: a shorter one makes runs that agree look apart."""
    widen = max(1.0, math.sqrt(10 * low / high))
    high = min(high * widen, max(high, most))
    return min(low / widen, high / 10), high


def _decimal(number: float, _: int) -> str:
    """0.00005 beside 0.0001, never 5e-05."""
    return np.format_float_positional(number, precision=6, trim="-")


def _longest_word(labels: list[str]) -> int:
    return max(len(word) for label in labels for word in label.split())


def _broken(label: str, room: int) -> str:
    """A label in lines of that many characters; `T = 100` and a longer word stay on one line."""
    return textwrap.fill(label.replace(" = ", "\u00a0=\u00a0"), room, break_long_words=False)


def _ringed(cells: pd.DataFrame) -> pd.Series:
    """Which cells have a published number that is drawn."""
    return cells.value.notna() & (cells.metric != "longest_solved")


def _panels(cells: pd.DataFrame) -> list[tuple[str, pd.DataFrame, list[str]]]:
    """Title, cells and their labels: a panel for each row; where there are more rows than columns, or a row has cells
    in several units, for each column and unit."""
    by_row = cells.groupby("row")
    if by_row.ngroups <= cells.column.nunique() and by_row.metric.nunique().max() == 1:
        return [(str(label), own, [*own.column_label]) for (_, label), own in cells.groupby(["row", "row_label"])]
    columns = cells.groupby(["column", "column_label", "metric"], sort=False)
    return [(str(label), own, [*own.row_label]) for (_, label, _), own in columns]


def _column(panel: Any, place: int, cell: Any) -> None:
    """Our runs, or their share with its interval, and the published number."""
    share = cell.metric in SHARES
    known = np.array([value for value in ([cell.mean] if share else cell.values) if not np.isnan(value)])
    least = 0.0 if share else _SMALLEST
    spread = place + style.dodge(len(known), 0.3)
    panel.plot(spread, np.maximum(known, least), "o", ms=4.5, color=_OURS, mec="white", mew=0.4)
    if missed := _missed(cell):
        edge = 0.0 if cell.metric == "speedup" else 1.0
        look: dict[str, Any] = {"marker": "x", "ls": "", "ms": 3.5, "mew": 1.0, "color": _OURS, "clip_on": False}
        panel.plot(
            place + style.dodge(missed, 0.6), [edge] * missed, transform=panel.get_xaxis_transform(), zorder=4, **look
        )
    if share and len(known):
        panel.plot([place, place], [cell.low, cell.high], color=_OURS, lw=0.8)
        panel.set_ylim(-6, 106)
    if not np.isnan(cell.value) and cell.metric != "longest_solved":
        panel.plot(place, max(cell.value, least), "o", ms=9, mfc="none", mec=_PUBLISHED, mew=1.1)


def _missed(cell: Any) -> int:
    """How many runs have no number, since they did not meet the criterion to which passes or sequences are counted."""
    return sum(map(math.isnan, cell.values)) if cell.metric in ("sequences", "speedup") else 0


def _shares_told(cells: pd.DataFrame) -> pd.Series:
    """Which cells have a published share of runs solved, which curves draw as a ring."""
    return (cells.metric == "success_percent") & cells.value.notna()


def _with_runs(cells: pd.DataFrame) -> list[str]:
    """Tasks of which some cell has runs; all, if none has."""
    return list(dict.fromkeys(cells[(cells.n > 0) | (cells.n.max() == 0)].task))


def _curves(cells: pd.DataFrame, width: float) -> Figure:
    """For each task that has runs (each, if none has) a panel of runs solved, and one of their passes below it."""
    tasks, arms = _with_runs(cells), _arms(cells)
    across = min(len(tasks), _ACROSS if width > style.COLUMN_WIDTH else _ACROSS // 2)
    figure, panels = layout.grid(2 * -(-len(tasks) // across), across, 1.35, width)
    for place, task in enumerate(tasks):
        row, column = 2 * (place // across), place % across
        pair = panels[row][column], panels[row + 1][column]
        _task(pair, cells[cells.task == task], arms)
        title = _broken(style.task_title(task), int(_TITLE_CHARACTERS * width / across))
        pair[0].set(title=title, ylabel="% of runs solved" if column == 0 else "")
        pair[1].set(ylabel="passes to solve" if column == 0 else "")
    for place in range(len(tasks), across * (len(panels) // 2)):
        for row in (0, 1):
            panels[2 * (place // across) + row][place % across].remove()
    layout.keys_to(figure, panels[0][0].get_lines()[: len(arms)], "outside upper left")
    return figure


def _arms(cells: pd.DataFrame) -> dict[str, str]:
    """Each method or variant and its name: that of its column, if each has a column of its own."""
    columns = cells.groupby("method", sort=False).column_label.agg(lambda labels: list(dict.fromkeys(labels)))
    own = all(len(labels) == 1 for labels in columns)
    return {
        arm: style.escape_mathtext(capital(labels[0])) if own else style.method_title(arm)
        for arm, labels in columns.items()
    }


def _task(pair: tuple[Any, Any], rows: pd.DataFrame, arms: dict[str, str]) -> None:
    """The two panels of one task; the first lines of the upper one are those of the arms, under their names."""
    lags = sorted(rows.lag.unique())
    for number, arm in enumerate(arms):
        own = rows[rows.method == arm].sort_values("lag")
        run, offset = own[own.n > 0], style.dodge(len(arms), 0.3)[number]
        x = np.array([lags.index(lag) for lag in run.lag], float) + offset
        look: Any = {"marker": _MARKERS[number % len(_MARKERS)], "ms": 4, "color": _colour(number)}
        pair[0].plot(x, 100 * run.solved / run.n, label=arms[arm], **look)
        pair[1].plot(x, run.passes, **look)
    for number, arm in enumerate(arms):
        _bounds(pair[0], rows[rows.method == arm], lags, style.dodge(len(arms), 0.3)[number], number)
    pair[0].set(ylim=(-6, 106), xlim=(-0.5, len(lags) - 0.5))
    pair[0].set_xticks(range(len(lags)), [""] * len(lags))
    pair[1].set(xlabel="lag T in steps", yscale="log", xlim=(-0.5, len(lags) - 0.5))
    pair[1].set_xticks(range(len(lags)), map(str, lags))
    drawn = rows.passes[(rows.n > 0) & np.isfinite(rows.passes)]
    if drawn.empty:
        _say(pair[1], "no run solves it")
    pair[1].set_ylim(min([1e5, *(0.5 * drawn)]), max([2e8, *(2 * drawn)]))


def _say(panel: Any, words: str) -> None:
    """In the middle of a panel that has no mark: why."""
    look: dict[str, Any] = {"ha": "center", "va": "center", "color": style.QUIET, "fontsize": 7.5}
    panel.text(0.5, 0.5, words, transform=panel.transAxes, **look)


def _colour(number: int) -> Any:
    return style.COLORBLIND[_COLOURS[number % len(_COLOURS)]]


def _bounds(panel: Any, rows: pd.DataFrame, lags: list[int], offset: float, number: int) -> None:
    """Wilson's intervals, and rings at published shares."""
    colour = _colour(number)
    for cell in rows[rows.n > 0].itertuples():
        at = lags.index(cell.lag) + offset
        panel.plot([at, at], [cell.low, cell.high], color=colour, lw=0.8)
    told = rows[_shares_told(rows)]
    panel.plot([lags.index(lag) for lag in told.lag], told.value, "o", ms=8, mfc="none", mec=colour, mew=1.0)
