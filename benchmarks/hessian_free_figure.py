"""The figure and the table of `benchmarks.hessian_free`, from its csv file.

python -m benchmarks.hessian_free_figure [FOLDER]    # draws hessian_free.png, prints the table of docs/hessian-free.md
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import seaborn as sns

from benchmarks.harness import ROOT
from benchmarks.hessian_free import PROBLEMS

EARLY = 200  # passes
UNITS = {"long_lag": "nats", "regression": "squared error", "autoencoder": "nats per pixel"}
SECONDS = {"long_lag": 4.0, "regression": 0.25, "autoencoder": 3.0}  # that every method has spent


def at(rows: pd.DataFrame, column: str, amount: float) -> float:
    """The median over seeds of the last recorded loss before so many passes or seconds."""
    until = rows[rows[column] <= amount]
    return float(until.groupby("seed").loss.last().median())


def table(rows: pd.DataFrame) -> str:
    """One line for each problem and method, in markdown."""
    lines = [
        f"| problem | method | loss after {EARLY} passes | at the end | CPU s to the end | loss after equal CPU s |",
        "|---|---|---|---|---|---|",
    ]
    for problem, (label, _) in PROBLEMS.items():
        own = rows[rows.problem == problem]
        for method in own.method.unique():
            mine = own[own.method == method]
            seconds = mine.groupby("seed").cpu_s.last().median()
            losses = [at(mine, "passes", EARLY), at(mine, "passes", np.inf), at(mine, "cpu_s", SECONDS[problem])]
            early, last, equal = (f"{loss:.2g}" for loss in losses)
            name = label.split("\n")[0]
            lines.append(f"| {name} | {method} | {early} | {last} | {seconds:.2g} | {equal} ({SECONDS[problem]:g} s) |")
    return "\n".join(lines)


def figure(rows: pd.DataFrame) -> Any:
    """Loss against passes (above) and CPU seconds (below): the median of the seeds, and each of them thinly."""
    names = list(dict.fromkeys(rows.method.str.split(",").str[0]))
    colours = dict(zip(names, sns.color_palette("colorblind", len(names)), strict=True))
    drawn, panels = plt.subplots(2, len(PROBLEMS), figsize=(10, 5.6), layout="constrained", sharey="col")
    axes = (("passes", "passes over the training set"), ("cpu_s", "CPU seconds"))
    for ax_row, (column, unit) in zip(panels, axes, strict=True):
        for ax, (problem, (label, _)) in zip(ax_row, PROBLEMS.items(), strict=True):
            own = rows[(rows.problem == problem) & (rows[column] > 0)]
            for method, mine in own.groupby("method", sort=False):
                colour = colours[str(method).split(",")[0]]
                for _, one in mine.groupby("seed"):
                    ax.plot(one[column], one.loss, color=colour, linewidth=0.6, alpha=0.5)
                grid = np.geomspace(mine[column].min(), mine[column].max(), 60)
                middle = [at(mine, column, x) for x in grid]
                ax.plot(grid, middle, color=colour, linewidth=1.8, label=str(method).split(",")[0])
            ax.set(xscale="log", yscale="log", xlabel=unit, ylabel=f"training loss ({UNITS[problem]})")
            ax.set_title(label if column == "passes" else "", fontsize=9)
    handles = [plt.Line2D([], [], color=colour, linewidth=1.8, label=name) for name, colour in colours.items()]
    drawn.legend(handles=handles, loc="outside upper center", ncols=len(handles), frameon=False)
    sns.despine(drawn)
    return drawn


def main(folder: Path) -> None:
    rows = pd.read_csv(folder / "hessian_free.csv")
    figure(rows).savefig(folder / "hessian_free.png", dpi=110)
    print(table(rows))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m benchmarks.hessian_free_figure", description=__doc__)
    parser.add_argument("folder", nargs="?", type=Path, default=ROOT / "results/benchmarks", help="of hessian_free.csv")
    main(parser.parse_args().folder)
