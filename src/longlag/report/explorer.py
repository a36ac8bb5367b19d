"""What the page's interactive charts need: their numbers as one JSON island, and the library that draws them.

The library is Vega (with Vega-Lite and Vega-Embed), which vl-convert-python carries inside: it draws SVG, which a
browser prints sharply, a screen reader can walk through and a test can count. Without that package there is a page with
its figures and tables, and it says what is missing.
"""

from __future__ import annotations

import functools
import importlib.util
import math
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.colors import to_hex

from longlag import protocol
from longlag.analysis import Analysis, stats
from longlag.figures import overview
from longlag.figures.tools import style
from longlag.report import scripts
from longlag.report.templates import contents
from longlag.store.records import Status
from longlag.words import capital, method_label, task_label

DARK_PAPER = (0x16 / 255, 0x18 / 255, 0x1B / 255)  # --paper of page.css on a dark screen
CONTRAST = 4.5  # of a mark with the paper; WCAG asks 3 of graphics, 4.5 of text
MOST_DOTS, MOST_POINTS, MOST_EVALUATIONS = 8_000, 30_000, 80  # seeds drawn, points of curves in all, and per curve
_SHAPES = {"o": "circle", "s": "square", "D": "diamond", "d": "diamond", "^": "triangle-up", "v": "triangle-down"}
_SHAPES |= {"<": "triangle-left", ">": "triangle-right", "P": "cross"}
# outlines in a square from -1 to 1, for the markers that Vega lacks
_CROSS = "M-1,-.6L-.6,-1L0,-.4L.6,-1L1,-.6L.4,0L1,.6L.6,1L0,.4L-.6,1L-1,.6L-.4,0Z"
_STAR = "M0,-1L.24,-.32L.95,-.31L.38,.12L.59,.81L0,.4L-.59,.81L-.38,.12L-.95,-.31L-.24,-.32Z"
_PENTAGON = "M0,-1L.95,-.31L.59,.81L-.59,.81L-.95,-.31Z"
_HEXAGON = "M0,-1L.87,-.5L.87,.5L0,1L-.87,.5L-.87,-.5Z"
_SHAPES |= {"X": _CROSS, "*": _STAR, "p": _PENTAGON, "h": _HEXAGON, "H": _HEXAGON, "8": _HEXAGON}
_SIGNS = {"circle": "●", "square": "■", "diamond": "◆", "triangle-up": "▲", "triangle-down": "▼"}
_SIGNS |= {"triangle-left": "◀", "triangle-right": "▶", "cross": "✚"}
_SIGNS |= {_CROSS: "✖", _STAR: "★", _PENTAGON: "⬟", _HEXAGON: "⬢"}
_PARTS = ["median", "first", "last", "budget"]
_DASHES: dict[str, list[int]] = {"-": [1, 0], "--": [5, 3], ":": [2, 2], "-.": [6, 2, 2, 2]}


def available() -> bool:
    """Whether the package that carries the plotting library is installed."""
    return importlib.util.find_spec("vl_convert") is not None


@functools.cache
def library() -> str:
    """Vega, Vega-Lite and Vega-Embed as one script (0.9 MB)."""
    import vl_convert

    return scripts.inline(vl_convert.javascript_bundle())  # type: ignore[call-arg]  # its stub asks for what is optional


def glue() -> str:
    """The script that connects controls and charts."""
    return scripts.inline(contents("explorer.js"))


def island(analysis: Analysis) -> dict[str, Any]:
    """Numbers of the charts: methods with their styles, and per task its conditions, seeds and learning curves.

    Lists stand for rows, in the order that explorer.js reads; methods are named by their place in the list; numbers
    that are not finite are null. Of too many runs, the first seeds of each condition are kept (`seeds_shown`).
    """
    runs = analysis.runs
    looks = overview.styled(analysis)
    names = list(looks)
    attempted = runs[runs.status != Status.NOT_ATTEMPTED]
    dots, points = _first_seeds(attempted, MOST_DOTS), _first_seeds(analysis.curves, MOST_POINTS, per=MOST_EVALUATIONS)
    conditions, times = _conditions(analysis), _times(dots, analysis.solve_times)
    tasks = sorted(str(task) for task in runs.task.unique())
    return {
        "axes": stats.AXES,
        "criterion": protocol.CRITERION,
        "methods": [_method(name, method_style) for name, method_style in looks.items()],
        "seeds": _most_seeds(runs),
        "seeds_shown": [_most_seeds(dots), _most_seeds(points)],
        "tasks": [
            {
                "name": task,
                "label": capital(task_label(task)),
                "lines": _lines(runs[runs.task == task]),
                "cells": _condition_lists(conditions[conditions.task == task], names),
                "seeds": _seed_lists(times[times.task == task], names),
                "curves": _curve_lists(points[points.task == task], attempted, names),
            }
            for task in tasks
        ],
    }


def _most_seeds(table: pd.DataFrame) -> int:
    return int(table.groupby(stats.CONDITION).seed.nunique().max()) if len(table) else 0


def _method(name: str, method_style: style.MethodStyle) -> dict[str, Any]:
    shape = _SHAPES.get(method_style.marker, "circle")
    dash = _DASHES.get(method_style.dash, [1, 0])
    colours = {"colour": to_hex(method_style.colour), "night": to_hex(_for_the_dark(method_style.colour))}
    looks = {"shape": shape, "sign": _SIGNS[shape], "dash": dash}
    return {"name": name, "label": capital(method_label(name)), **colours, **looks}


def _for_the_dark(colour: tuple[float, float, float]) -> tuple[float, float, float]:
    """The colour with as much white as it takes to stand out on the dark page."""
    for white in np.arange(0, 1, 0.05):
        red, green, blue = (white + (1 - white) * part for part in colour)
        if contrast((red, green, blue), DARK_PAPER) >= CONTRAST:
            break
    return red, green, blue


def contrast(one: tuple[float, float, float], other: tuple[float, float, float]) -> float:
    """Ratio of two colours' luminances (WCAG 2, 1.4.3): 1 to 21."""
    low, high = sorted(_luminance(colour) for colour in (one, other))
    return (high + 0.05) / (low + 0.05)


def _luminance(colour: tuple[float, float, float]) -> float:
    parts = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in colour)
    return sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), parts, strict=True))


def _first_seeds(table: pd.DataFrame, most: int, per: int = 0) -> pd.DataFrame:
    """The rows of as many seeds per condition, from the smallest on, as fit into `most` rows; at least one seed.
    per: how many rows of one run count, at most."""
    if table.empty:
        return table
    order = table.groupby(stats.CONDITION).seed.rank(method="dense")
    sizes = table.groupby([*stats.CONDITION, "seed"]).size()
    if per:
        sizes = sizes.clip(upper=per)
    ranks = order.groupby([table[name] for name in [*stats.CONDITION, "seed"]]).first()
    total = sizes.groupby(ranks).sum().cumsum()
    return table[order <= max(1.0, float(total.index[total <= most].max() if (total <= most).any() else 1))]


def _conditions(analysis: Analysis) -> pd.DataFrame:
    conditions = analysis.success
    for axis, costs in analysis.costs.items():
        conditions = conditions.join(costs[_PARTS].add_prefix(f"{axis}_"))
    conditions = conditions.join(analysis.costs["passes"].exhausted)  # the same on every axis
    ends = analysis.failures[[*stats.CONDITION, "endings"]]
    return conditions.merge(ends, on=stats.CONDITION) if len(conditions) else conditions


def _condition_lists(conditions: pd.DataFrame, names: list[str]) -> list[list[Any]]:
    """[method, lag, minimal lag, n, attempted, solved, low, high, how the others ended, {axis: [median, first, last,
    budget]}, whether the unsolved used all their sequences]."""
    found = []
    for row in conditions.to_dict("records"):
        ends = stats.endings_in_words(row["endings"]) if row["solved"] < row["n"] else ""
        cost = {axis: [_number(row[f"{axis}_{part}"]) for part in _PARTS] for axis in stats.AXES}
        counts = [int(row[name]) for name in ("n", "attempted", "solved")]
        place = [names.index(row["method"]), int(row["lag"]), _number(row["minimal_lag"])]
        found.append([*place, *counts, _number(row["low"]), _number(row["high"]), ends, cost, bool(row["exhausted"])])
    return found


def _times(runs: pd.DataFrame, times: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """The solved ones of these runs with the cost to solve on each axis; times: `stats.solve_times` of all runs."""
    solved = runs[runs.solved]
    return solved[[*stats.CONDITION, "seed"]].assign(
        **{axis: table.time[solved.index] for axis, table in times.items()}
    )


def _seed_lists(times: pd.DataFrame, names: list[str]) -> list[list[Any]]:
    """[method, lag, seed, cost on each axis]."""
    place = {name: i for i, name in enumerate(names)}
    rows = times[["method", "lag", "seed", *stats.AXES]].itertuples(index=False, name=None)
    return [[place[method], int(lag), int(seed), *map(_number, costs)] for method, lag, seed, *costs in rows]


def _curve_lists(points: pd.DataFrame, runs: pd.DataFrame, names: list[str]) -> list[list[Any]]:
    """[method, lag, seed, how it ended, passes [K], share wrong [K], CPU seconds [K], operations per pass]."""
    rates = (runs.flops / runs.passes.where(runs.passes > 0)).to_numpy()
    keys = runs[[*stats.CONDITION, "seed"]].itertuples(index=False, name=None)
    known = dict(zip(keys, zip(runs.status, rates, strict=True), strict=True))
    found = []
    for (task, method, lag, seed), rows in points[points.passes > 0].groupby([*stats.CONDITION, "seed"]):
        if method not in names:
            continue
        rows = rows.sort_values("passes")
        kept = rows.iloc[np.unique(np.linspace(0, len(rows) - 1, min(len(rows), MOST_EVALUATIONS)).round().astype(int))]
        status, rate = known.get((task, method, lag, seed), ("unknown", math.nan))
        columns = [[_number(value) for value in kept[name]] for name in ("passes", "error", "seconds")]
        found.append([names.index(str(method)), int(lag), int(seed), status.replace("_", " "), *columns, _number(rate)])
    return found


def _lines(runs: pd.DataFrame) -> list[float | None]:
    """Share wrong of the constant and of the half-solved answer."""
    return [_number(runs[name].max()) for name in ("constant_error", "half_solved_error")]


def _number(value: float) -> float | None:
    """Five digits, which is more than a chart shows."""
    return float(f"{value:.5g}") if math.isfinite(value) else None
