"""Claim 11 as a picture: the four corners of initialisation x momentum, what each factor saves, the paper's errors."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import seaborn as sns
from matplotlib.figure import Figure

from longlag.figures.lecture import base
from longlag.figures.tools import style
from longlag.words import capital, percent

_CORNERS = {"neither": "neither", "init": "start", "momentum": "momentum", "both": "both"}
_COLOURS = {"neither": style.QUIET, "init": base.BLUE, "momentum": base.GREEN, "both": base.ORANGE}
_EFFECTS = {  # of the numbers' names -> words, and the colour of the corner that is asked to be the better one
    "saved by the start alone": ("start alone", "init"),
    "saved by momentum alone": ("momentum alone", "momentum"),
    "saved by both over the start alone": ("both over start", "both"),
    "saved by both over momentum alone": ("both over\nmomentum", "both"),
}
_SHORT = {"addition, T = 80": "addition", "multiplication, T = 80": "multiplication"}
_SHORT |= {"5-bit memorization, T = 200": "5-bit memory", "20-bit memorization, T = 80": "20-bit memory"}


@style.applied()
def draw(finding: base.Series, width: float = style.PAGE_WIDTH) -> Figure:
    """A panel per task, one of the effects and one of the paper."""
    tasks = _tasks(finding["series"])
    figure, grid = base.panels(2, rows=-(-(len(tasks) + 2) // 2), height=2.3, width=width)
    panels = list(grid.flatten())
    _corners(panels, tasks)
    for empty in panels[len(tasks) : -2]:
        empty.axis("off")
    _effects(panels[-2], finding)
    _paper(panels[-1], finding["series"]["published"])
    return figure


@style.applied()
def slide(finding: base.Series, width: float = style.PAGE_WIDTH) -> Figure:
    """The tasks on record and the effects, in one row."""
    tasks = _tasks(finding["series"])
    figure, grid = base.panels(len(tasks) + 1, height=2.5, width=width)
    _corners(list(grid.flat), tasks, "mom." if width > style.COLUMN_WIDTH else "momentum")
    _effects(grid.flat[-1], finding)
    return figure


def _tasks(series: base.Series) -> Mapping[str, Mapping[str, tuple[Any, Any]]]:
    """What is drawn corner by corner, the shares and which are solved: the tasks on record, else the live version."""
    spent = series["tasks"] or {f"no records; run now:\n{series['live_name']}": series["live"]}
    solved: Mapping[str, Any] = series["solved"] or dict.fromkeys(spent, series["live_solved"])
    return {task: {kind: (base.array(values), np.array(solved[task][kind], dtype=bool))
                   for kind, values in corners.items()} for task, corners in spent.items()}  # fmt: skip


def _corners(panels: list[Any], tasks: Mapping[str, Any], momentum: str = "momentum") -> None:
    """momentum: the word for it, short where panels are narrow; the panel of the effects has the whole word."""
    for axes, (task, corners) in zip(panels, tasks.items(), strict=False):
        _panel(axes, corners, {**_CORNERS, "momentum": momentum})
        axes.set_title(capital(task))
    panels[0].set_ylabel("budget spent until solved")


def _panel(axes: Any, corners: Mapping[str, tuple[Any, Any]], called: Mapping[str, str]) -> None:
    for place, name in enumerate(_CORNERS):
        values, solved = corners[name]
        x = place + np.linspace(-0.22, 0.22, len(values)) * (len(values) > 1)
        axes.bar(place, values.mean(), width=0.72, color=_COLOURS[name], alpha=0.3, lw=0)
        axes.plot(x[solved], values[solved], "o", ms=3.5, color=_COLOURS[name], mew=0)
        axes.plot(x[~solved], np.full((~solved).sum(), 1.07), "x", ms=4, color=_COLOURS[name], mew=1)
    base.word(axes, 3.5, 1.13, "× not solved", style.QUIET, ha="right", va="bottom", fontsize=7)
    labels = [f"{words}\n{percent(corners[name][0].mean())}" for name, words in called.items()]
    axes.set_xticks(range(len(_CORNERS)), labels, fontsize=7)
    for label, name in zip(axes.get_xticklabels(), _CORNERS, strict=True):
        label.set_color(_COLOURS[name])
    axes.tick_params(axis="x", length=0)
    axes.set(ylim=(0, 1.25), xlim=(-0.5, 3.5))
    axes.set_yticks([0, 0.5, 1], ["0", "50 %", "100 %"])


def _effects(axes: Any, finding: base.Series) -> None:
    """The four differences that must lie above 0 with their intervals, task by task."""
    tasks = list(finding["series"]["tasks"])
    found = {number["name"]: number for number in finding["numbers"]}
    for place, (name, (_, corner)) in enumerate(_EFFECTS.items()):
        for which, task in enumerate(tasks):
            number = found[f"{task}: {name}"]
            at, colour = -place - 0.24 * (which - (len(tasks) - 1) / 2), _COLOURS[corner]
            axes.hlines(at, number["low"], number["high"], color=colour, lw=1.6)
            axes.plot(number["value"], at, "os"[which % 2], ms=4.5, color=colour, mec="white", mew=0.5)
    axes.axvline(0, ymin=0.02 + 0.075 * len(tasks), color=style.INK, lw=1, ls="--")  # it ends above the key
    beside = {"textcoords": "offset points", "xytext": (3, 0), "va": "bottom", "fontsize": 7}
    base.word(axes, 0, 0.6, "threshold: no effect", **beside)
    axes.set_yticks([-place for place in range(len(_EFFECTS))], [words for words, _ in _EFFECTS.values()], fontsize=7)
    axes.set(ylim=(-4.4, 1.1), xlabel="budget saved (95 % interval)", title="what each saves")
    axes.xaxis.set_major_formatter(lambda value, _: percent(value).replace("-", "−"))
    for which, task in enumerate(tasks):
        where = {"xycoords": "axes fraction", "ha": "right", "va": "bottom", "fontsize": 7}
        sign = "●■"[which % 2]
        words = f"{sign} {capital(task).split(',')[0]}"
        base.word(axes, 1.0, 0.01 + 0.075 * (len(tasks) - 1 - which), words, style.QUIET, **where)


def _paper(axes: Any, published: Mapping[str, Mapping[str, float]]) -> None:
    """Table 5 of the paper: the error of an ESN-style start by its momentum, over that without momentum."""
    shades = sns.color_palette("viridis", len(published))
    for (task, errors), shade in zip(published.items(), shades, strict=True):
        shares = base.array(list(errors.values())) / errors["0"]
        axes.plot(
            range(len(shares)),
            shares,
            color=shade,
            lw=1.4,
            marker="osD^"[len(axes.lines) % 4],
            ms=3.5,
            label=_SHORT.get(task, task),
        )
    axes.set_xticks(range(len(errors)), list(errors), fontsize=7)
    axes.set(yscale="log", ylabel="error over that at μ = 0", xlabel="momentum, ESN-style start")
    axes.set_title("the paper's errors (not run)")
    axes.legend(fontsize=7, loc="lower left", borderaxespad=0.1, handlelength=1)


def _chosen(series: base.Series) -> dict[str, str]:
    """The learning rate and the momentum of every corner, in words."""
    said = []
    for task, rates in series["rates"].items():
        schedules = {name: series["schedules"][task][name] for name in rates}
        each = [
            f"{_CORNERS[name]} η {rate:g}" + (f" μ {schedules[name]}" if schedules[name] != "none" else "")
            for name, rate in rates.items()
        ]
        said.append(f"{capital(task)}: {'; '.join(each)}")
    return {"chosen": ". ".join(said) or "none is on record"}


caption = base.caption("init_and_momentum", _chosen)
