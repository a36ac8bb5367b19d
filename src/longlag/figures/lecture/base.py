"""What the figures of the lecture's claims share: colours of units, panels, lines with a range, direct labels.

None in a series stands for a number that is not finite. It is drawn as a gap.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
import seaborn as sns
from matplotlib.figure import Figure

from longlag.figures.tools import layout, style

_PALETTE = sns.color_palette("colorblind")
BLUE, ORANGE, GREEN, VERMILLION = (_PALETTE[i] for i in range(4))
UNIT = {"logistic": BLUE, "tanh": ORANGE, "linear": style.QUIET}
COLD_WARM = mpl.colormaps["vlag"]  # of seaborn: blue is small, red is big
Series = dict[str, Any]


def array(values: Any) -> np.ndarray:
    """Numbers as float64, None as nan."""
    return np.asarray(values, dtype=np.float64)


def panels(
    columns: int, rows: int = 1, height: float = 2.3, width: float = style.PAGE_WIDTH, **share: Any
) -> tuple[Figure, np.ndarray]:
    """A figure and its panels [rows, columns], each of that height (inches); on a column's width one below another."""
    if width <= style.COLUMN_WIDTH:
        rows, columns = rows * columns, 1
        share = {key: value for key, value in share.items() if value is True}
    figure = layout.blank(width, rows * height + 0.2)
    return figure, figure.subplots(rows, columns, squeeze=False, **share)


def drawing(
    *draws: Callable[[Any, Series], None], height: float, columns: int = 0, **share: Any
) -> Callable[..., Figure]:
    """The `draw` of a figure whose panels each draw a finding's series; columns: panels side by side (default: all)."""
    columns = columns or len(draws)

    @style.applied()
    def draw(finding: Series, width: float = style.PAGE_WIDTH) -> Figure:
        figure, axes = panels(columns, len(draws) // columns, height, width, **share)
        for one, panel in zip(draws, axes.flat, strict=True):
            one(panel, finding["series"])
        return figure

    return draw


def powers(exponents: Iterable[int], of: int = 10) -> list[str]:
    """Labels of ticks at powers: 1 for the exponent 0."""
    return [f"${of}^{{{k}}}$" if k else "1" for k in exponents]


def circle(axes: Any) -> tuple[np.ndarray, np.ndarray]:
    """The unit circle in the complex plane, drawn; returns its points."""
    turn = np.linspace(0, 2 * np.pi, 200)
    axes.plot(np.cos(turn), np.sin(turn), color=style.QUIET, lw=0.8)
    axes.set(aspect="equal", xlabel="real part", xticks=[-1, 0, 1], yticks=[-1, 0, 1])
    axes.set_ylabel("imaginary part", labelpad=0)
    return np.cos(turn), np.sin(turn)


def ranged(axes: Any, x: Sequence[float] | np.ndarray, y: Any, colour: Any, label: str = "", **line: Any) -> np.ndarray:
    """The median over seeds of y [seed, x] as a line, their range as a shade; returns the median."""
    values = array(y)
    middle = np.median(values, axis=0)
    axes.fill_between(x, values.min(0), values.max(0), color=colour, alpha=0.18, lw=0)
    axes.plot(x, middle, color=colour, label=label, **line)
    return middle


def word(axes: Any, x: float, y: float, text: str, colour: Any = style.INK, **how: Any) -> None:
    """A label set beside what it names."""
    axes.annotate(text, (x, y), color=colour, fontsize=how.pop("fontsize", 7.5), **how)


@cache
def _captions() -> dict[str, dict[str, str]]:
    return tomllib.loads(Path(__file__).with_name("captions.toml").read_text("utf-8"))


def seen(slug: str) -> str:
    """What a stranger sees first in the figure of that claim, in one or two short sentences."""
    return " ".join(_captions()[slug]["see"].split())


def caption(slug: str, computed: Callable[[Series], Mapping[str, Any]] = lambda series: {}) -> Callable[[Series], str]:
    """The `caption` of a figure: its text, the number of seeds and the verdict. computed: numbers in the text that the
    series do not hold as they are."""

    def caption(finding: Series) -> str:
        series = finding["series"]
        text = " ".join(_captions()[slug]["details"].format(**{**series, **computed(series)}).split())
        caveat = f": {finding['caveat']}" if finding["caveat"] else ""
        seeds = f"{series['seeds']} {'seed' if series['seeds'] == 1 else 'seeds'}"
        return f"{text} n = {seeds}; shade or bar: their range. Verdict: {finding['verdict']}{caveat}."

    return caption
