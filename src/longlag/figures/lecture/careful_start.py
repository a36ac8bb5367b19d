"""Claim 6: the gradient's norm against the lag, one line per start, between the bounds of what is carried."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from longlag.figures.lecture import base
from longlag.figures.tools import style

_LOOK: dict[str, tuple[str, Any]] = {  # of each start: label and colour
    "plain": ("plain", style.INK),
    "sparse_small": ("sparse, small input", base.ORANGE),
    "sparse_large": ("sparse, large input", base.VERMILLION),
    "orthogonal": ("orthogonal", base.GREEN),
    "lstm_0": ("LSTM, forget bias 0", "#6ea6d6"),
    "lstm_1": ("LSTM, bias 1", "#2f83c5"),
    "lstm_chrono": ("LSTM, chrono", base.BLUE),
}
_LOW, _HIGH = -4.0, 1.3  # decades; a start that falls further leaves the panel
_LINE = 9.0  # points from one label to the next


def _tanh(axes: Any, series: base.Series) -> None:
    _curves(axes, series, "tanh")
    axes.set(title="tanh nets and LSTMs", ylabel=r"$\|\partial s_T / \partial s_t\|$")


def _logistic(axes: Any, series: base.Series) -> None:
    _curves(axes, series, "logistic")
    axes.set(title="the same starts, logistic units")
    base.word(axes, 31, -2.9, "dotted: as they are", style.QUIET)
    base.word(axes, 31, -3.2, "lines: weights × 4", style.QUIET)


def _curves(axes: Any, series: base.Series, units: str) -> None:
    low, high = np.log10(series["least"]), np.log10(series["greatest"])
    axes.hlines((low, high), 0, 1, transform=axes.get_yaxis_transform(), color=style.INK, lw=1, ls="--", zorder=4)
    base.word(axes, 98, 0.5 * high, "carried", style.INK, ha="right", va="center", weight="bold", zorder=5)
    ends: list[tuple[float, float, str, Any]] = []
    left: list[tuple[float, str, Any]] = []
    for start in series["starts"].values():
        if start["units"] != units:
            continue
        (label, colour), faded = _LOOK[start["origin"]], start["unchanged"]
        values = base.array(start["log10_norms"])
        lags = np.arange(values.shape[1])
        middle = base.ranged(axes, lags, values, colour, lw=1.0 if faded else 1.6, ls=":" if faded else "-")
        seen = int(np.flatnonzero(middle > _LOW)[-1])
        if not faded and seen == lags[-1]:
            ends.append((float(middle[seen]), float(lags[seen]), label, colour))
        elif not faded:
            left.append((float(lags[seen]), label, colour))
    for place, (_, x, text, colour) in zip(_apart([end[0] for end in sorted(ends)]), sorted(ends), strict=True):
        base.word(axes, x + 1.5, place, text, colour, va="center", annotation_clip=False, linespacing=0.95)
    lost = [(text, colour) for _, text, colour in sorted(left)]
    for place, (text, colour) in enumerate([("lost, from the left:", style.QUIET), *lost][::-1]):
        where = {"xytext": (4, _LINE * place), "textcoords": "offset points", "annotation_clip": False}
        base.word(axes, 100, _LOW, text, colour, **where)
    axes.set(xlim=(0, 100), ylim=(_LOW, _HIGH), xlabel="lag T − t (steps)")
    ticks = (-4, -3, -2, -1, 0, 1)
    axes.set_yticks(ticks, base.powers(ticks))


def _apart(heights: Sequence[float], gap: float = 0.36) -> list[float]:
    """Ascending heights moved up as far as labels need."""
    placed: list[float] = []
    for height in heights:
        placed.append(max(height, placed[-1] + gap) if placed else height)
    return placed


def _computed(series: base.Series) -> dict[str, int]:
    unchanged = [start for start in series["starts"].values() if start["unchanged"]]
    return {"longest": max(max(start["lost_after"]) for start in unchanged) + 1}


draw = base.drawing(_tanh, _logistic, height=3.0, sharey=True)
slide = base.drawing(_tanh, _logistic, height=2.9, sharey=True)
caption = base.caption("careful_start", _computed)
