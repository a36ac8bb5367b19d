"""Claim 3: the slopes after one input, how far another input changes them, and the derivatives that follow."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from longlag.figures.lecture import base
from longlag.figures.tools import style

_INPUT = (base.GREEN, base.VERMILLION)
_AXIS = r"$\|\partial L / \partial h_t\|$, input A = 1"


@style.applied()
def draw(finding: base.Series, width: float = style.PAGE_WIDTH) -> Figure:
    """The slopes and their change above; below the derivatives, by backpropagation and by the linear system."""
    series = finding["series"]
    figure, axes = base.panels(2, rows=2, height=2.0, width=width)
    maps, curves = axes.reshape(2, 2)
    _maps(figure, list(maps), series, ("Slopes after input A (logistic)", "Changed by input B: |A − B|"))
    for panel, unit in zip(curves, ("logistic", "tanh"), strict=True):
        _curves(panel, series[unit])
        panel.set_title(f"Derivatives, {unit} units")
    curves[0].set_ylabel(_AXIS)
    return figure


@style.applied()
def slide(finding: base.Series, width: float = style.PAGE_WIDTH) -> Figure:
    """The slopes, their change and the derivatives of the logistic net, side by side."""
    series = finding["series"]
    figure, axes = base.panels(3, height=2.4, width=width, width_ratios=[1, 1, 1.3])
    *maps, curve = axes.flat
    _maps(figure, maps, series, ("Slopes, input A", "Changed by B: |A − B|"))
    _curves(curve, series["logistic"])
    curve.set(title="Derivatives", ylabel=_AXIS)
    return figure


def _maps(figure: Figure, panels: Sequence[Any], series: base.Series, titles: Sequence[str]) -> None:
    """Two maps of slopes look alike; their difference shows what the input changes."""
    first, second = (base.array(slopes).T for slopes in series["logistic"]["slopes"])
    maps = ((first, _INPUT[0]), (np.abs(first - second), _INPUT[1]))
    for panel, title, (values, colour) in zip(panels, titles, maps, strict=True):
        image = panel.imshow(values, aspect="auto", cmap="cividis", vmin=0, vmax=0.25, rasterized=True)
        panel.set_title(title, color=colour)
        panel.set(xlabel="step t", yticks=[])
    panels[0].set_ylabel("32 units")
    bar = figure.colorbar(image, ax=list(panels), ticks=[0, 0.125, 0.25], aspect=12, pad=0.02)
    bar.set_label("slope $f'(a_t)$, difference")


def _curves(axes: Any, found: base.Series) -> None:
    """Sizes of derivatives over those of backpropagation after input A, since all fall by many decades alike."""
    of_a = base.array(found["log10_backprop"])[0]
    for i, colour in enumerate(_INPUT):
        backprop = base.array(found["log10_backprop"])[i] - of_a
        axes.plot(backprop, color=colour, lw=1.2, label=f"backpropagation, input {'AB'[i]}")
    system = base.array(found["log10_system"])[0] - of_a
    rings = {"ms": 3.4, "mfc": "none", "mec": style.INK, "mew": 0.7, "label": "linear system, slopes of A"}
    axes.plot(range(0, len(system), 2), system[::2], "o", **rings)
    most = max(1, round(float(np.ceil(np.abs(axes.get_ylim()).max()))))
    axes.set_yticks(range(-most, most + 1), base.powers(range(-most, most + 1)))
    axes.set(xlabel="step t", xlim=(0, len(of_a) - 1), ylim=(-most, most))
    axes.legend(fontsize=7, loc="best", handlelength=1.4, borderaxespad=0.2)


caption = base.caption("frozen_slopes")
