"""Claim 12 as a picture: how far the weights move, where the eigenvalues go, and what it brings."""

from __future__ import annotations

from typing import Any

import numpy as np

from longlag.figures.lecture import base
from longlag.figures.tools import style


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
    base.circle(axes)
    for name, how in (("start", {"mfc": "none", "mec": style.QUIET}), ("end", {"mfc": base.ORANGE, "mec": "none"})):
        values = series["eigenvalues"][name]
        words = {"start": "at the start", "end": "trained"}[name]
        axes.plot(values["real"], values["imaginary"], "o", ms={"start": 5, "end": 3}[name], ls="", label=words, **how)
    axes.set(xlim=(-1.35, 1.35), ylim=(-1.35, 1.35), title="few eigenvalues do")
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


draw = base.drawing(_moved, _spectrum, _wrong, height=2.5)
caption = base.caption("modified_dynamics")
