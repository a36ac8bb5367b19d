"""How figures look: one colour and marker per method everywhere, column widths, legible type, files without
dates."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
import seaborn as sns
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from longlag import registry
from longlag.records import write_atomically

PAGE_WIDTH = 7.0  # inches: two columns of a paper
COLUMN_WIDTH = 3.4  # inches: one column
DOTS_PER_INCH = 220  # of the PNG
INK, QUIET, FAINT = "#222222", "#6b6b6b", "#dddddd"
_ORDER = (
    3,
    7,
    2,
    1,
    4,
    9,
    0,
    5,
    8,
    6,
)  # of the palette's ten colours: the ones that are pale on white come last
_MARKERS = ("v", "X", "o", "D", "s", "^", "P", "<", ">", "p")
_SIZES = {"X": 1.15, "P": 1.35, "v": 1.1, "^": 1.1}  # factors that make markers look equally large
_DASHES = ("-", "--", ":", "-.")
_LONGEST = 32  # letters of a name in a figure; more would push the panels out
_RC: Any = {
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans"],
    "font.size": 8,
    "axes.titlesize": 9,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.labelsize": 8,
    "axes.edgecolor": QUIET,
    "axes.linewidth": 0.6,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": False,
    "axes.labelcolor": INK,
    "text.color": INK,
    "xtick.color": QUIET,
    "ytick.color": QUIET,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "xtick.labelsize": 7.5,
    "ytick.labelsize": 7.5,
    "xtick.major.width": 0.6,
    "ytick.major.width": 0.6,
    "xtick.minor.width": 0.4,
    "ytick.minor.width": 0.4,
    "xtick.major.size": 3,
    "ytick.major.size": 3,
    "legend.fontsize": 8,
    "legend.frameon": False,
    "lines.linewidth": 1.2,
    "figure.facecolor": "white",
    "axes.facecolor": "white",
    "pdf.fonttype": 42,
    "svg.hashsalt": "longlag",
}


@dataclass(frozen=True)
class Look:
    """How one method is drawn."""

    colour: tuple[float, float, float]
    marker: str
    dash: str
    size: float


@contextmanager
def applied() -> Iterator[None]:
    """The type and line widths of this project; also a decorator for `draw`."""
    with mpl.rc_context(_RC):
        yield


def looks(methods: Iterable[str]) -> dict[str, Look]:
    """The look of each method, in drawing order: those of the package first, so no suite changes a colour."""
    present, known = set(methods), registry.names("methods")
    everyone = [*known, *sorted(present - set(known))]
    return {name: _look(i) for i, name in enumerate(everyone) if name in present}


def _look(position: int) -> Look:
    palette = sns.color_palette("colorblind")
    colour = palette[_ORDER[position % len(_ORDER)]]
    marker = _MARKERS[position % len(_MARKERS)]
    return Look(colour, marker, _DASHES[position // len(_ORDER) % len(_DASHES)], _SIZES.get(marker, 1.0))


def plain(name: str) -> str:
    """A name that matplotlib shows as it is, cut if long: no dollar starts a formula, no underscore hides a label."""
    name = (name if len(name) <= _LONGEST else f"{name[: _LONGEST - 1]}…").replace("$", r"\$")
    return f" {name}" if name.startswith("_") else name


def panels(
    count: int, height: float, width: float = PAGE_WIDTH, most: int = 1, **share: Any
) -> tuple[Figure, list[Any]]:
    """A figure of that width with that many panels of that height (inches), filled row by row; count >= 1.

    most: panels side by side; two if there were more than four rows and the figure is as wide as a page.
    """
    most = 2 if most == 1 and count > 4 and width > COLUMN_WIDTH else most
    columns = min(most, count)
    rows = -(-count // columns)
    figure = Figure(figsize=(width, rows * height + 0.75), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots(rows, columns, squeeze=False, **share).flat
    for spare in list(axes)[count:]:
        spare.remove()
    return figure, list(figure.axes)[:count]


def mark(axes: Any, x: Any, y: Any, look: Look, filled: bool, size: float = 6) -> None:
    """Markers of a method: filled with a white rim, or open."""
    colours = {"color": look.colour, "mec": "white", "mew": 0.5} if filled else {"mfc": "white", "mec": look.colour}
    axes.plot(x, y, ls="", marker=look.marker, ms=size * look.size, zorder=3, **colours)


def label(axes: Sequence[Any], x: str, y: str) -> None:
    """Names the horizontal axis below the lowest panels and the vertical axis beside the leftmost ones."""
    columns = {panel.get_subplotspec().colspan.start: panel for panel in axes}  # the last one of a column wins
    for panel in columns.values():
        panel.set_xlabel(x)
    for panel in axes:
        if panel.get_subplotspec().is_first_col():
            panel.set_ylabel(y)


def legend(figure: Figure, looks: dict[str, Look], keys: Sequence[Line2D] = ()) -> None:
    """The methods above all panels, and below them what else needs a key."""
    methods = [
        Line2D(
            [],
            [],
            color=look.colour,
            marker=look.marker,
            ls=look.dash,
            ms=6 * look.size,
            label=name,
            mec="white",
            mew=0.4,
        )
        for name, look in looks.items()
    ]
    entries: Any = ((methods, "outside upper left"), (list(keys), "outside lower left"))
    for handles, place in entries:
        if handles:
            columns = _columns([str(handle.get_label()) for handle in handles], figure.get_figwidth())
            figure.legend(
                handles=handles,
                loc=place,
                ncols=columns,
                columnspacing=1.2,
                handlelength=1.4,
                handletextpad=0.4,
            )


def _columns(labels: Sequence[str], room: float) -> int:
    """How many legend entries fit beside each other: all of them, or columns as wide as the longest label."""
    widths = [0.4 + 0.068 * len(label) for label in labels]  # inches at 8 points
    return len(labels) if sum(widths) < room else max(1, int(room / max(widths)))


def dodge(count: int, width: float = 0.62) -> np.ndarray:
    """Offsets [count] that set overlapping methods side by side, `width` in all."""
    return np.linspace(-width / 2, width / 2, count) if count > 1 else np.zeros(count)


def no_data(axes: Any, words: str = "no data") -> None:
    """Says in an otherwise empty panel that, and why, there is nothing to see."""
    axes.text(0.5, 0.5, words, transform=axes.transAxes, ha="center", va="center", color=QUIET, fontsize=9)
    axes.minorticks_off()
    axes.set_xticks([])
    axes.set_yticks([])
    sns.despine(ax=axes, left=True, bottom=True)


def nothing(words: str, width: float) -> Figure:
    """A small figure in which there is nothing to see, and why."""
    figure, axes = panels(1, 0.3, width)
    no_data(axes[0], words)
    return figure


def lag_ticks(axes: Any, lags: Sequence[int], minimal: Sequence[float]) -> None:
    """Evenly set lags with the minimal lag in brackets below each, where the rows tell it."""
    labels = [f"{lag}" + ("" if np.isnan(m) else f"\n({m:.0f})") for lag, m in zip(lags, minimal, strict=True)]
    axes.set_xticks(range(len(lags)), labels)
    axes.set_xlim(-0.55, len(lags) - 0.45)
    axes.tick_params(axis="x", length=0)
    for between in range(1, len(lags)):
        axes.axvline(between - 0.5, color=FAINT, lw=0.5, zorder=0)


def save(figure: Figure, folder: str | Path, name: str) -> list[Path]:
    """Writes NAME.pdf and NAME.png into the folder and returns their paths. The bytes hold no date.

    Raises:
        LonglagError: the folder cannot be written.
    """
    paths = [Path(folder) / f"{name}.pdf", Path(folder) / f"{name}.png"]
    with applied():
        for path in paths:
            write_atomically(path, encode(figure, path.suffix.removeprefix(".")))
    return paths


def encode(figure: Figure, kind: str) -> bytes:
    """The figure as the bytes of a pdf or png file, the same at every call."""
    metadata = {"pdf": {"CreationDate": None}, "png": {"Software": None}}[kind]
    buffer = io.BytesIO()
    figure.savefig(buffer, format=kind, dpi=DOTS_PER_INCH, metadata=metadata)
    return buffer.getvalue()
