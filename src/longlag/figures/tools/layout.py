"""Where things go: panels of one size or of two, names of axes, legends, and words where there is nothing to draw."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from longlag.figures.tools.style import COLUMN_WIDTH, PAGE_WIDTH, QUIET, MethodStyle, method_title
from longlag.words import join_methods

_FEW = 4  # panels: up to this number they are drawn in full size, whatever they contain
_ENOUGH = 3  # methods that make a panel worth its full size
_CROWD = 10  # with more methods a panel needs the whole width of a page
_SMALL = 1.12  # inches: height of a small panel
_LEGEND_ROW = 0.16  # inches
_LETTER = 0.063  # inches: mean width of one in the names of axes
GRID = 12  # columns of the grid that panels of all sizes span


def boxes(x: np.ndarray, y: np.ndarray, width: np.ndarray | float, height: float) -> Any:
    """Corners of rectangles [N, 4, 2] from their left lower ones [N], for a `PolyCollection`: thousands take long one
    by one."""
    right, top = x + width, y + height
    return np.transpose([(x, y), (right, y), (right, top), (x, top)], (2, 0, 1))


def blank(width: float, height: float) -> Figure:
    """An empty figure of that size in inches, whose parts are placed so that none covers another."""
    figure = Figure(figsize=(width, height), layout="constrained")
    FigureCanvasAgg(figure)
    return figure


@dataclass(frozen=True)
class Tiers:
    """Full panels above small ones, each by its task."""

    figure: Figure
    full: dict[str, Any]
    small: dict[str, Any]

    @property
    def panels(self) -> dict[str, Any]:
        """All panels, the full ones first."""
        return {**self.full, **self.small}


def methods_on(conditions: pd.DataFrame) -> dict[str, int]:
    """How many methods ran on each task; conditions: with task and method."""
    return {str(task): rows.nunique() for task, rows in conditions.groupby("task").method}


def split(methods: Mapping[str, int]) -> tuple[list[str], list[str]]:
    """Tasks that get a full panel and tasks that get a small one. Few tasks all get a full one; of many, those on which
    at least three methods ran (methods: their number per task)."""
    if len(methods) <= _FEW:
        return list(methods), []
    full = [task for task, n in methods.items() if n >= _ENOUGH]
    return full, [task for task in methods if task not in full]


def tiers(methods: Mapping[str, int], height: float, width: float = PAGE_WIDTH, per_method: float = 0.0) -> Tiers:
    """A figure with a full panel of that height (inches) or a small one for each task, as `split` decides.

    per_method: inches that each method adds to a panel in which it has a row; small panels then grow from that height
    too.
    """
    full, small = split(methods)
    wide = width > COLUMN_WIDTH
    crowded = max(methods.values()) > _CROWD
    beside, small_beside = (2 if wide and len(full) > _FEW and not crowded else 1), (3 if wide else 2)
    rows = -(-len(full) // beside)
    heights = _heights(methods, full, beside, height, per_method)
    heights += _heights(methods, small, small_beside, height if per_method else _SMALL, per_method)
    figure = blank(width, sum(heights) + 0.75 + 0.2 * bool(small))
    above, below, first = _grids(figure, heights, rows, apart=per_method > 0 and beside > 1)
    return Tiers(
        figure,
        {task: figure.add_subplot(above[_place(i, beside)]) for i, task in enumerate(full)},
        {task: figure.add_subplot(below[_place(i, small_beside, first)]) for i, task in enumerate(small)},
    )


def _grids(figure: Figure, heights: Sequence[float], rows: int, apart: bool) -> tuple[Any, Any, int]:
    """A grid for full panels, one for small ones, and the first row of small ones in it.

    apart: each has columns of its own. Names of methods beside a full panel need room where a small one has its middle;
    in one grid matplotlib finds no place for both.
    """
    if not apart or not 0 < rows < len(heights):
        both = figure.add_gridspec(len(heights), GRID, height_ratios=heights)
        return both, both, rows
    parts = heights[:rows], heights[rows:]
    outer = figure.add_gridspec(2, 1, height_ratios=[sum(part) for part in parts])
    above, below = (outer[i].subgridspec(len(part), GRID, height_ratios=part) for i, part in enumerate(parts))
    return above, below, 0


def _heights(
    methods: Mapping[str, int], tasks: list[str], beside: int, height: float, per_method: float
) -> list[float]:
    """Inches of each row of panels: what its fullest panel needs."""
    rows = [tasks[i : i + beside] for i in range(0, len(tasks), beside)]
    return [height + per_method * max(methods[task] for task in row) for row in rows]


def _place(i: int, beside: int, below: int = 0) -> tuple[int, slice]:
    span = GRID // beside
    return below + i // beside, slice(i % beside * span, (i % beside + 1) * span)


def titles(tiers: Tiers, words: Mapping[str, str]) -> None:
    """A title over each panel, words by task; over small ones smaller, and on two lines where it is long."""
    for task, panel in tiers.full.items():
        panel.set_title(words[task])
    room = 25 if tiers.figure.get_figwidth() > COLUMN_WIDTH else 19
    for task, panel in tiers.small.items():
        panel.set_title(_broken(words[task], room), fontsize=7.5)


def small_note(conditions: pd.DataFrame) -> str:
    """What a caption says of small panels, if there are any; conditions: with task and method."""
    _, small = split(methods_on(conditions))
    methods = sorted(conditions[conditions.task.isin(small)].method.unique())
    return f" Small panels, on one scale: tasks on which only {join_methods(methods)} ran." if len(small) else ""


def _broken(words: str, room: int) -> str:
    cut = words.rfind(" ", 0, room) + 1
    return words if len(words) <= room or cut < 2 else f"{words[:cut]}\n{words[cut:]}"


def label_tiers(tiers: Tiers, x: str, short: str, y: str) -> None:
    """Names the axes; short: of the horizontal axis, for panels without room for x, and for small ones, whose vertical
    axes are those of the others."""
    small, full = list(tiers.small.values()), list(tiers.full.values())
    beside = GRID // min((len(panel.get_subplotspec().colspan) for panel in full), default=GRID)
    room = tiers.figure.get_figwidth() / beside - 0.9  # inches, without the names of methods
    label(full, x if _LETTER * len(x) < room else short, y)
    lowest = max((panel.get_subplotspec().rowspan.start for panel in small), default=0)
    label([panel for panel in small if panel.get_subplotspec().rowspan.start == lowest], short, "")
    if not tiers.full:
        tiers.figure.supylabel(y, fontsize=8)
    drawn = [panel for panel in small if len(panel.get_yticks())]
    limits = [panel.get_ylim() for panel in drawn]
    for panel in drawn:
        panel.set_ylim(min(low for low, _ in limits), max(high for _, high in limits))
        if not panel.get_subplotspec().is_first_col():
            panel.tick_params(axis="y", which="both", labelleft=False)


def panels(
    count: int, height: float, width: float = PAGE_WIDTH, most: int = 1, **share: Any
) -> tuple[Figure, list[Any]]:
    """A figure of that width with that many panels of that height (inches), at most `most` of them side by side, filled
    row by row; count >= 1."""
    columns = min(most, count)
    rows = -(-count // columns)
    figure = blank(width, rows * height + 0.75)
    axes = figure.subplots(rows, columns, squeeze=False, **share).flat
    for spare in list(axes)[count:]:
        spare.remove()
    return figure, list(figure.axes)[:count]


def grid(
    rows: int, columns: int, height: float, width: float = PAGE_WIDTH, ratios: Sequence[float] | None = None
) -> tuple[Figure, list[list[Any]]]:
    """A figure of that width with rows and columns of panels; height: of a row in inches, on average where the ratios
    of the rows' heights are given."""
    figure = blank(width, rows * height + 0.75)
    axes = figure.subplots(rows, columns, squeeze=False, gridspec_kw={"height_ratios": ratios})
    return figure, [list(row) for row in axes]


def label(axes: Sequence[Any], x: str, y: str) -> None:
    """Names the horizontal axis below the lowest panels and the vertical axis beside the leftmost ones."""
    columns = {panel.get_subplotspec().colspan.start: panel for panel in axes}  # the last one of a column wins
    for panel in columns.values():
        panel.set_xlabel(x)
    for panel in axes:
        if panel.get_subplotspec().is_first_col():
            panel.set_ylabel(y)


def legend(figure: Figure, styles: dict[str, MethodStyle], keys: Sequence[Line2D] = ()) -> None:
    """The methods above all panels, and below them what else needs a key."""
    methods = [
        Line2D(
            [],
            [],
            color=method_style.colour,
            marker=method_style.marker,
            ls=method_style.dash,
            ms=6 * method_style.size,
            label=method_title(name),
            mec="white",
            mew=0.4,
        )
        for name, method_style in styles.items()
    ]
    keys_to(figure, methods, "outside upper left")
    keys_to(figure, keys, "outside lower left")


def keys_to(figure: Figure, handles: Sequence[Any], place: Any) -> None:
    """A legend of these handles, if there are any, in as many columns as fit; its rows beyond the first make the figure
    taller rather than the panels smaller."""
    if handles:
        columns = _columns([str(handle.get_label()) for handle in handles], figure.get_figwidth())
        spaces: Any = {"columnspacing": 1.2, "handlelength": 1.4, "handletextpad": 0.4}
        figure.set_figheight(figure.get_figheight() + _LEGEND_ROW * (-(-len(handles) // columns) - 1))
        figure.legend(handles=list(handles), loc=place, ncols=columns, **spaces)


def _columns(labels: Sequence[str], room: float) -> int:
    """How many legend entries fit beside each other: all of them, or columns as wide as the longest label."""
    widths = [0.4 + 0.068 * len(label) for label in labels]  # inches at 8 points
    return len(labels) if sum(widths) < room else max(1, int(room / max(widths)))


def no_data(axes: Any, words: str = "no data") -> None:
    """Says in an otherwise empty panel that, and why, there is nothing to see."""
    axes.text(0.5, 0.5, words, transform=axes.transAxes, ha="center", va="center", color=QUIET, fontsize=9)
    axes.minorticks_off()
    axes.set_xticks([])
    axes.set_yticks([])
    for side in ("left", "bottom"):
        axes.spines[side].set_visible(False)


def nothing(words: str, width: float) -> Figure:
    """A small figure in which there is nothing to see, and why."""
    figure, axes = panels(1, 0.3, width)
    no_data(axes[0], words)
    return figure
