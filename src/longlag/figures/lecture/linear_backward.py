"""Claim 2: what comes out against what goes in, backward and forward."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.figure import Figure

from longlag.figures.lecture import base
from longlag.figures.tools import style


@style.applied()
def draw(finding: base.Series, width: float = style.PAGE_WIDTH) -> Figure:
    """The backward pass on the left, the forward pass on the right, on the same axes."""
    series = finding["series"]
    figure, axes = base.panels(2, height=2.4, width=width, sharex=True, sharey=True)
    back, ahead = axes.flat
    _panel(back, series, "back", "Backward: exactly linear")
    _panel(ahead, series, "ahead", "Forward: squashed")
    back.set(xlabel="factor on the output derivatives", ylabel="factor on what comes out")
    ahead.set(xlabel="factor on the inputs", ylabel="" if width > style.COLUMN_WIDTH else "factor on what comes out")
    largest = max(max(series[unit]["doubling"]) for unit in ("logistic", "tanh"))
    words = f"every derivative, to the last bit:\nlargest difference {largest:g}"
    base.word(back, 0.05, 0.95, words, xycoords="axes fraction", va="top")
    base.word(
        ahead, 0.05, 0.95, "large inputs: states reach\nthe end of their range", xycoords="axes fraction", va="top"
    )
    return figure


def _panel(axes: Any, series: base.Series, key: str, title: str) -> None:
    factors = 2.0 ** base.array(series["doublings"])
    axes.plot(factors, factors, color=style.FAINT, lw=3, zorder=0, solid_capstyle="round")
    for unit, marker in (("logistic", "o"), ("tanh", "s")):
        how: dict[str, Any] = {"lw": 1, "marker": marker, "ms": 7 if unit == "logistic" else 3.5, "mec": "none"}
        middle = base.ranged(axes, factors, series[unit][key], base.UNIT[unit], **how)
        if key == "ahead":  # backward they lie on each other
            at, shift = (1, 2**-6) if unit == "logistic" else (0, 2**4)  # below its line, above its line
            base.word(axes, factors[at], middle[at] * shift, unit, base.UNIT[unit])
    base.word(axes, 2.0**14, 2.0**11, "linear", style.QUIET, va="top")
    axes.set(xscale="log", yscale="log", title=title)
    exponents = range(-20, 21, 10)
    ticks, labels = [2.0**k for k in exponents], base.powers(exponents, of=2)
    axes.set_xticks(ticks, labels)
    axes.set_yticks(ticks, labels)
    axes.minorticks_off()


def _computed(series: base.Series) -> dict[str, float]:
    doubled = series["doublings"].index(1)
    return {
        "adding": max(max(series[unit]["adding"]) for unit in ("logistic", "tanh")),
        "short": float(np.median([forward[doubled] for forward in series["logistic"]["forward"]])),
    }


slide = draw  # one row, as wide as a slide
caption = base.caption("linear_backward", _computed)
