"""Claim 12 as a picture: how far the weights move, where the eigenvalues go, and what it brings."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.figure import Figure

from longlag.figures.lecture import base
from longlag.figures.tools import style


@style.applied()
def draw(finding: base.Series, width: float = style.PAGE_WIDTH) -> Figure:
    """Movement, spectrum and share wrong."""
    series = finding["series"]
    figure, rows = base.panels(3, height=2.5, width=width)
    moved, spectrum, wrong = rows.flatten()
    _moved(moved, series)
    _spectrum(spectrum, series)
    _wrong(wrong, series)
    return figure


def _moved(axes: Any, series: base.Series) -> None:
    for updates, moved in zip(series["evaluations"], series["moved"], strict=True):
        axes.plot(updates, base.array(moved["W_hh"]) * 100, color=base.ORANGE, lw=1.1)
        axes.plot(updates[-1], moved["W_hh"][-1] * 100, "o", color=base.ORANGE, ms=4)
    last = max(updates[-1] for updates in series["evaluations"])
    for name, words in (("unrelated", "another draw"), ("slight", "“slight”")):
        axes.axhline(series[name] * 100, color=style.QUIET, lw=0.8, ls="--")
        base.word(axes, last, series[name] * 100, words, style.QUIET, ha="right", va="bottom")
    axes.set(xlabel="updates", ylabel="‖W − W₀‖ / ‖W₀‖ in %", ylim=(0, 160), title="weights hardly move")


def _spectrum(axes: Any, series: base.Series) -> None:
    turn = np.linspace(0, 2 * np.pi, 200)
    axes.plot(np.cos(turn), np.sin(turn), color=style.QUIET, lw=0.8)
    for name, how in (("start", {"mfc": "none", "mec": style.QUIET}), ("end", {"mfc": base.ORANGE, "mec": "none"})):
        values = series["eigenvalues"][name]
        words = {"start": "at the start", "end": "trained"}[name]
        axes.plot(values["real"], values["imaginary"], "o", ms={"start": 5, "end": 3}[name], ls="", label=words, **how)
    axes.set(aspect="equal", xlim=(-1.35, 1.35), ylim=(-1.35, 1.35), xlabel="real part", title="few eigenvalues do")
    axes.set_ylabel("imaginary part", labelpad=0)
    axes.set_xticks([-1, 0, 1])
    axes.set_yticks([-1, 0, 1])
    axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.22), ncol=2, handletextpad=0.1, columnspacing=0.8)


def _wrong(axes: Any, series: base.Series) -> None:
    bars = (
        ("readout\nalone", series["wrong_readout"], base.BLUE),
        ("readout,\nridge", series["wrong_ridge"], base.GREEN),
        ("all\ntrained", [wrong[-1] for wrong in series["wrong"]], base.ORANGE),
    )
    for place, (_, values, colour) in enumerate(bars):
        percent = base.array(values) * 100
        axes.bar(place, np.median(percent), width=0.62, color=colour)
        axes.vlines(place, percent.min(), percent.max(), color=style.INK, lw=1.2)
        base.word(axes, place, percent.max() + 1.5, f"{np.median(percent):.0f} %", ha="center", va="bottom")
    axes.axhline(75, color=style.QUIET, lw=0.8, ls=(0, (1, 2)))
    base.word(axes, 2.4, 75, "chance", style.QUIET, ha="right", va="bottom")
    axes.set_xticks(range(len(bars)), [words for words, _, _ in bars])
    axes.set(ylabel="test sequences wrong in %", ylim=(0, 85), title="and yet")


def caption(finding: base.Series) -> str:
    """What to see, and what is drawn."""
    return (
        "Training all weights of an ESN-style start moves the recurrent ones by a few per cent (left, every seed; two "
        "unrelated draws are 141 % apart). Most eigenvalues stay where they were, a few move outwards (middle, first "
        "seed; the circle has radius 1). That small change brings more than the best readout of the unchanged states "
        f"(right, median). {base.tell(finding)}"
    )
