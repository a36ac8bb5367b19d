"""Claim 3: the slopes after one input, how far another input changes them, and the derivatives that either gives."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from longlag.figures.lecture import base
from longlag.figures.tools import style

_INPUT = (base.GREEN, base.VERMILLION)
_AXIS = "by the linear system"


@style.applied()
def draw(finding: base.Series, width: float = style.PAGE_WIDTH) -> Figure:
    """The slopes and their change above; below the derivatives, by the linear system against backpropagation."""
    series = finding["series"]
    figure, axes = base.panels(2, rows=2, height=2.0, width=width)
    maps, clouds = axes.reshape(2, 2)
    _maps(figure, list(maps), series, ("Slopes after input A (logistic)", "Changed by input B: |A − B|"))
    for panel, unit in zip(clouds, ("logistic", "tanh"), strict=True):
        _components(panel, series[unit])
        panel.set_title(f"Derivatives after A, {unit} units")
    clouds[0].set_ylabel(_AXIS)
    return figure


@style.applied()
def slide(finding: base.Series, width: float = style.PAGE_WIDTH) -> Figure:
    """The slopes, their change and the derivatives of the logistic net, side by side."""
    series = finding["series"]
    figure, axes = base.panels(3, height=2.4, width=width, width_ratios=[1, 1, 1.3])
    *maps, cloud = axes.flat
    _maps(figure, maps, series, ("Slopes, input A", "Changed by B: |A − B|"))
    _components(cloud, series["logistic"])
    cloud.set(title="Derivatives after A", ylabel=_AXIS)
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


def _components(axes: Any, found: base.Series) -> None:
    """Every component of the derivatives after input A, by the linear system against backpropagation."""
    backprop, *systems = base.array(found["components"])
    most = max(1.2 * np.abs(backprop).max(), np.quantile(np.abs(systems), 0.98))  # a few points lie outside
    axes.axline((0, 0), slope=1, color=style.FAINT, lw=3, zorder=0)
    for i in (1, 0):
        axes.plot(backprop.ravel(), systems[i].ravel(), "o", color=_INPUT[i], ms=2.4, mec="none", alpha=0.8)
        place = {"ha": "right", "va": "bottom", "weight": "bold"}
        base.word(
            axes, 0.97, 0.03 + 0.1 * (1 - i), f"slopes of {'AB'[i]}", _INPUT[i], xycoords="axes fraction", **place
        )
    axes.set(xlim=(-most, most), ylim=(-most, most), xlabel="by backpropagation", xticks=[0], yticks=[0])


caption = base.caption("frozen_slopes")
