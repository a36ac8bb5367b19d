"""Claim 4: the norm of dh_T/dh_t against the lag, one line per weight scale, and its rate against the scale."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.colors import LogNorm
from matplotlib.figure import Figure

from longlag.figures.lecture import base
from longlag.figures.tools import style

_UNITS = ("logistic", "tanh")


@style.applied()
def draw(finding: base.Series, width: float = style.PAGE_WIDTH) -> Figure:
    """Curves above, rates below; a column per kind of unit."""
    series = finding["series"]
    figure, axes = base.panels(2, rows=2, height=2.35, width=width)
    curves, rates = axes.reshape(2, 2)
    _both(list(curves), series)
    for axis, unit in zip(rates, _UNITS, strict=True):
        _rates(axis, series[unit])
        axis.set_title("how fast: the rate of each line")
    rates[0].set_ylabel("rate (nats per step)")
    base.word(rates[1], 0.02, 0.97, "explodes", base.COLD_WARM(0.95), xycoords="axes fraction", va="top")
    base.word(rates[1], 0.5, 0.03, "vanishes", base.COLD_WARM(0.05), xycoords="axes fraction")
    low, high = (f(axis.get_ylim()[i] for axis in rates) for i, f in ((0, min), (1, max)))
    for axis in rates:
        axis.set_ylim(low, high)
    rates[0].legend(loc="upper left", fontsize=7, handlelength=1.6, borderaxespad=0.1)
    return figure


@style.applied()
def slide(finding: base.Series, width: float = style.PAGE_WIDTH) -> Figure:
    """The curves alone."""
    figure, axes = base.panels(2, height=2.4, width=width)
    _both(list(axes.flat), finding["series"])
    return figure


def _both(panels: Sequence[Any], series: base.Series) -> None:
    for axes, unit in zip(panels, _UNITS, strict=True):
        _curves(axes, series[unit])
        axes.set_title(f"{unit}: critical scale {series[unit]['critical']:.3g}")
    panels[0].set_ylabel(r"$\|\partial h_T / \partial h_t\|$")


def _colour(factor: float) -> Any:
    return base.COLD_WARM(LogNorm(1 / 4, 4, clip=True)(factor))


def _curves(axes: Any, found: base.Series) -> None:
    norms = np.median(base.array(found["random"]["log10_norms"]), axis=0)  # [factor, lag]
    basin = np.median(base.array(found["basin"]["log10_norms"]), axis=0)
    lags = np.arange(norms.shape[1])
    for factor, logs in zip(found["factors"], norms, strict=True):
        colour = style.QUIET if factor == 1 else _colour(factor)
        axes.plot(lags, logs, color=colour, lw=1.4)
    axes.plot(lags, basin[-1], color=style.INK, lw=1.6, ls=(0, (4, 1.5)))
    shown = (0, found["factors"].index(0.5), found["factors"].index(1.0), found["factors"].index(2.0), -1)
    low, high = -45.0, 40.0
    for i in shown:
        factor, logs = found["factors"][i], norms[i]
        words = "critical" if factor == 1 else f"×{factor:.3g}"
        colour = style.QUIET if factor == 1 else _colour(factor)
        falls = logs[-1] < low  # out of the panel: its name stands to the left, where no other line is
        inside = np.flatnonzero((logs > (low + 8 if falls else low)) & (logs < high))[-1]
        how = {"ha": "right", "va": "top"} if falls else {"va": "center"}
        x, y = (lags[inside] - 1, logs[inside] - 1) if falls else (lags[inside] + 1.5, logs[inside])
        base.word(axes, x, y, words, colour, annotation_clip=False, **how)
    base.word(axes, 101.5, basin[-1][-1], "×4, stable\npoint", va="center", annotation_clip=False)
    axes.axhline(0, color=style.FAINT, lw=0.8, zorder=0)
    axes.set(ylim=(low, high), xlim=(0, 100), xlabel="lag T − t (steps)")
    axes.set_yticks(range(-40, 41, 20), base.powers(range(-40, 41, 20)))


def _rates(axes: Any, found: base.Series) -> None:
    factors = base.array(found["factors"])
    scales = factors * found["critical"]
    axes.axhspan(0, 10, color=base.COLD_WARM(0.8), alpha=0.12, lw=0)
    axes.axhspan(-10, 0, color=base.COLD_WARM(0.2), alpha=0.12, lw=0)
    axes.plot(scales, found["theory"], color=style.QUIET, lw=1, ls=":", label="theory, infinite net")
    random = found["random"]
    for which, ls, words in (
        ("largest", "-", "largest Lyapunov exponent"),
        ("mean", "-.", "mean of all Lyapunov exponents"),
    ):
        exponents = np.median(base.array(random[f"lyapunov_{which}"]), axis=0)
        axes.plot(scales, exponents, color=style.INK, lw=0.9, ls=ls, label=words)
    rates = base.array(random["rate"])
    for factor, scale, values in zip(factors, scales, rates.T, strict=True):
        colour = style.QUIET if factor == 1 else _colour(factor)
        axes.plot([scale, scale], [values.min(), values.max()], color=colour, lw=1.4)
        label = "measured" if factor == 1 else None
        axes.plot(scale, np.median(values), "o", ms=5, color=colour, mec="white", mew=0.4, zorder=3, label=label)
    basin = base.array(found["basin"]["rate"])
    where = base.array(found["big"]) * found["critical"]
    axes.vlines(where, basin.min(0), basin.max(0), color=style.INK, lw=1)
    diamonds = {"ms": 4, "color": style.INK, "mec": "white", "mew": 0.4, "label": "measured, stable point"}
    axes.plot(where, np.median(basin, axis=0), "D", **diamonds)
    axes.set(xscale="log", xlabel="weight scale g;  W ~ N(0, g²/H)", ylim=(-2.3, 1.9))
    ticks = [scales[0], scales[3], scales[5], scales[7], scales[9]]
    axes.set_xticks(ticks, [f"{tick:.2g}" for tick in ticks])
    axes.set_xticks([], minor=True)


def _computed(series: base.Series) -> dict[str, str]:
    radii = {unit: base.array(series[unit]["random"]["spectral_radius"]) for unit in ("logistic", "tanh")}
    ends = {unit: np.median(found, axis=0)[[0, -1]] for unit, found in radii.items()}
    return {"radii": ", ".join(f"{low:.2g} to {high:.2g} ({unit})" for unit, (low, high) in ends.items())}


caption = base.caption("vanish_explode", _computed)
