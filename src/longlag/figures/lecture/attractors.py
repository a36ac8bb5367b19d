"""Claim 7 as a picture: the map of log10 ||dh_T/dh_0||, the cut through it, and the contrast against T."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import seaborn as sns
from matplotlib.colors import TwoSlopeNorm
from matplotlib.figure import Figure

from longlag.figures.lecture import base
from longlag.figures.tools import style

_DEAD, _ALIVE = base.BLUE, base.VERMILLION
_KINDS = {"by_design": "two attractors by design", "trained": "a net that learned to hold a bit"}


@style.applied()
def draw(finding: base.Series, width: float = style.PAGE_WIDTH) -> Figure:
    """The net with attractors by design and the trained one: map, cut, growth."""
    return _rows(finding["series"], [key for key in _KINDS if key in finding["series"]], width)


@style.applied()
def slide(finding: base.Series, width: float = style.PAGE_WIDTH) -> Figure:
    """The trained net; without one, the net with attractors by design."""
    return _rows(finding["series"], [key for key in _KINDS if key in finding["series"]][-1:], width)


def _rows(series: base.Series, kinds: Sequence[str], width: float) -> Figure:
    figure, panels = base.panels(3, len(kinds), 0.36 * style.PAGE_WIDTH, width, width_ratios=[1.25, 1, 1])
    for row, kind in zip(panels.reshape(-1, 3), kinds, strict=True):
        net, words = series[kind], _KINDS[kind]
        _map(figure, row[0], net, words)
        _cut(row[1], net)
        _growth(row[2], net)
    return figure


def _map(figure: Figure, axes: Any, net: Mapping[str, Any], words: str) -> None:
    values, axis = np.array(net["map"], dtype=float), net["axis"]
    low, high = float(values.min()), max(float(values.max()), 0.1)
    seen = axes.pcolormesh(axis, axis, values, cmap="RdBu_r", norm=TwoSlopeNorm(0, low, high), rasterized=True)
    bar = figure.colorbar(seen, ax=axes, shrink=0.9, pad=0.02, ticks=_decades(low, high))
    bar.set_label(f"log₁₀ ‖dh$_T$/dh$_0$‖, T = {net['steps']}")
    bar.outline.set_visible(False)
    first, second = np.array(net["attractors"])
    axes.plot(*np.stack([first, second]).T, color=style.INK, lw=0.8, ls=(0, (4, 2)))
    axes.plot(*np.stack([first, second]).T, "o", color="white", mec=style.INK, ms=6, mew=1, clip_on=False, zorder=5)
    axes.plot(*net["saddle"], "X", color="white", mec=style.INK, ms=6.5, mew=0.8)
    axes.set(xlim=(-1, 1), ylim=(-1, 1), aspect="equal", xticks=[-1, 0, 1], yticks=[-1, 0, 1], title=words)
    axes.set(xlabel="start of unit 1", ylabel="start of unit 2")


def _decades(low: float, high: float) -> list[int]:
    step = 1 if low > -4 else 2 if low > -9 else 4
    return sorted({*range(0, int(low) - 1, -step), *range(1, int(high) + 1)})


def _cut(axes: Any, net: Mapping[str, Any]) -> None:
    shades = sns.color_palette("flare", len(net["cut_lags"]))
    for lag, norms, shade in zip(net["cut_lags"], net["cut_norms"], shades, strict=True):
        axes.plot(net["cut"], norms, color=shade, lw=1.1, label=f"T = {lag}")
    axes.axhline(0, color=style.QUIET, lw=0.6, ls=(0, (1, 2)))
    axes.set_xticks([0, net["cut_share"], 1], ["attractor", "\nwatershed", "attractor"])
    axes.get_xticklabels()[0].set_horizontalalignment("left")
    axes.get_xticklabels()[2].set_horizontalalignment("right")
    axes.set(ylabel="log₁₀ ‖dh$_T$/dh$_0$‖", title="along the dashed line")
    axes.legend(loc="upper right", fontsize=6.5, handlelength=1, borderaxespad=0, labelspacing=0.2)


def _growth(axes: Any, net: Mapping[str, Any]) -> None:
    steps = np.arange(1, len(net["peak"]) + 1)
    grown, fallen = net["rates"]
    for name, rate, colour, words in (("peak", grown, _ALIVE, "on the watershed"), ("inside", fallen, _DEAD, "inside")):
        norms = np.array(net[name], dtype=float)
        axes.plot(steps, norms, color=colour, lw=1.8)
        start = norms[-1] - np.log10(rate) * steps[-1]
        axes.plot(steps, start + np.log10(rate) * steps, color=style.INK, lw=0.8, ls=(0, (2, 2)))
        middle = len(steps) // 2
        text, va = f"{words}\n×{rate:.2f} a step", "top" if name == "peak" else "bottom"
        base.word(axes, steps[middle], norms[middle], text, colour, xytext=(6, 0), textcoords="offset points", va=va)
    axes.axhline(0, color=style.QUIET, lw=0.6, ls=(0, (1, 2)))
    axes.set(xlabel="T in steps", ylabel="log₁₀ ‖dh$_T$/dh$_0$‖", title="with more steps")


caption = base.caption("attractors")
