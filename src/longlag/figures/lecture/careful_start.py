"""Claim 6: the gradient's norm against the lag, one line per start, down to where float32 loses it."""

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
_LOW, _HIGH = -32.0, 3.0


def _tanh(axes: Any, series: base.Series) -> None:
    _curves(axes, series, "tanh")
    axes.set(title="tanh nets and LSTMs", ylabel=r"$\|\partial s_T / \partial s_t\|$")


def _logistic(axes: Any, series: base.Series) -> None:
    _curves(axes, series, "logistic")
    axes.set(title="the same starts, logistic units")
    base.word(axes, 98, -27.5, "as they are", style.QUIET, ha="right")
    base.word(axes, 36, -17, "weights × 4", style.QUIET)


def _curves(axes: Any, series: base.Series, units: str) -> None:
    axes.axhspan(_LOW, np.log10(series["floor"]), color=style.FAINT, alpha=0.45, lw=0, zorder=0)
    base.word(axes, 98, np.log10(series["floor"]) - 0.4, "lost in float32", style.QUIET, ha="right", va="top")
    axes.axhspan(np.log10(series["least"]), np.log10(series["greatest"]), color=base.GREEN, alpha=0.25, lw=0, zorder=0)
    ends: list[tuple[float, float, str, Any]] = []
    for start in series["starts"].values():
        if start["units"] != units:
            continue
        (label, colour), faded = _LOOK[start["origin"]], start["unchanged"]
        values = base.array(start["log10_norms"])
        lags = np.arange(values.shape[1])
        middle = base.ranged(axes, lags, values, colour, lw=1.0 if faded else 1.6, ls=":" if faded else "-")
        seen = int(np.flatnonzero(middle > _LOW)[-1])
        if not faded:
            ends.append((float(middle[seen]), float(lags[seen]), label, colour))
    for place, (_, x, text, colour) in zip(_apart([end[0] for end in sorted(ends)]), sorted(ends), strict=True):
        base.word(axes, x + 1.5, place, text, colour, va="center", annotation_clip=False, linespacing=0.95)
    axes.set(xlim=(0, 100), ylim=(_LOW, _HIGH), xlabel="lag T − t (steps)")
    ticks = (-30, -20, -10, 0)
    axes.set_yticks(ticks, base.powers(ticks))


def _apart(heights: Sequence[float], gap: float = 2.1) -> list[float]:
    """Ascending heights moved up as far as labels need."""
    placed: list[float] = []
    for height in heights:
        placed.append(max(height, placed[-1] + gap) if placed else height)
    return placed


def _computed(series: base.Series) -> dict[str, int]:
    unchanged = [start for start in series["starts"].values() if start["unchanged"]]
    return {"longest": max(max(start["lost_after"]) for start in unchanged) + 1}


draw = base.drawing(_tanh, _logistic, height=3.0, sharey=True)
slide = base.drawing(_tanh, _logistic, height=2.5, sharey=True)
caption = base.caption("careful_start", _computed)
