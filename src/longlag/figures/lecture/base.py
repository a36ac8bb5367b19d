"""What the figures of the lecture's claims share: colours of units, panels, lines with a range, direct labels.

None in a series stands for a number that is not finite. It is drawn as a gap.
"""

from __future__ import annotations

from collections.abc import Sequence
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


def tell(finding: Series) -> str:
    """What every caption ends with: how many seeds, and the verdict."""
    caveat = f": {finding['caveat']}" if finding["caveat"] else ""
    n = finding["series"]["seeds"]
    return f"n = {n} {'seed' if n == 1 else 'seeds'}; shade or bar: their range. Verdict: {finding['verdict']}{caveat}."
