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
    base.word(ahead, 0.05, 0.95, "states cannot leave their range", xycoords="axes fraction", va="top")
    return figure


def _panel(axes: Any, series: base.Series, key: str, title: str) -> None:
    factors = 2.0 ** base.array(series["doublings"])
    axes.plot(factors, factors, color=style.FAINT, lw=3, zorder=0, solid_capstyle="round")
    for unit, marker in (("logistic", "o"), ("tanh", "s")):
        size = 7 if unit == "logistic" else 3.5
        middle = base.ranged(
            axes, factors, series[unit][key], base.UNIT[unit], lw=1, marker=marker, ms=size, mec="none"
        )
        if key == "ahead":  # backward they lie on each other
            base.word(axes, factors[0] * (1 if unit == "logistic" else 300), middle[0] * 3, unit, base.UNIT[unit])
    base.word(axes, 2.0**14, 2.0**11, "linear", style.QUIET, va="top")
    axes.set(xscale="log", yscale="log", title=title)
    ticks = [2.0**k for k in (-20, -10, 0, 10, 20)]
    axes.set_xticks(ticks, [f"$2^{{{k}}}$" if k else "1" for k in (-20, -10, 0, 10, 20)])
    axes.set_yticks(ticks, [f"$2^{{{k}}}$" if k else "1" for k in (-20, -10, 0, 10, 20)])
    axes.minorticks_off()


def caption(finding: base.Series) -> str:
    """What to see."""
    series = finding["series"]
    adding = max(max(series[unit]["adding"]) for unit in ("logistic", "tanh"))
    short = np.median([found[series["doublings"].index(1)] for found in series["logistic"]["forward"]])
    return (
        "Left: derivatives at the outputs times 2ᵏ give every derivative times 2ᵏ, all on the line of a linear map. "
        f"Derivatives of sums are sums of derivatives to {adding:.0e}. Right: the same net, forward. Twice the input "
        f"is not twice the state (logistic units are {short:.0%} away from it). {base.tell(finding)}"
    )
