"""Adding in two forms: what a short memory is worth, and how an LSTM learns.

    python -m longlag.figures.demos.marks results/demos

draws what `demos/marks.py` measured, into the folder of the records, and prints what docs/demos.md says of them.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import pandas as pd
from matplotlib.figure import Figure

from longlag.figures.tools import layout, style

_COLOURS = {"adding_urnn": style.COLORBLIND[3], "adding": style.COLORBLIND[0]}
_WORDS = {"adding_urnn": "a mark in each half", "adding": "both marks in the first half"}


@style.applied()
def draw(windows: pd.DataFrame, trained: pd.DataFrame, width: float = style.PAGE_WIDTH) -> Figure:
    """A reader of the last steps (left), and an LSTM in training, one line per seed (right)."""
    figure, (left, right) = layout.panels(2, 2.2, width, 2, sharey=True)
    for task, rows in windows.groupby("task", sort=False):
        left.plot(rows.window, rows.error, color=_COLOURS[str(task)], lw=1.8, marker=".", label=_WORDS[str(task)])
    for (task, _), rows in trained.groupby(["task", "seed"], sort=False):
        mean = rows[rows.passes > 0].groupby("passes").error.mean()
        right.plot(mean.index / 1000, mean, color=_COLOURS[str(task)], lw=1.3, marker=".")
    for panel in (left, right):
        panel.axhline(1, color=style.QUIET, lw=0.8, ls=":", zorder=0)
    left.set(
        title="What the last steps tell",
        xlabel="last steps that are read, in units of T",
        ylim=(0, 1.15),
        yticks=(0, 0.5, 1),
    )
    right.set(title="An LSTM that starts with a memory of T", xlabel="thousand sequence passes", xscale="log")
    left.set_ylabel("squared error (constant answer: 1)")
    _ticks(right, trained)
    layout.keys_to(figure, left.get_lines()[:2], "outside upper left")
    return figure


def _ticks(axes: Any, trained: pd.DataFrame) -> None:
    amounts = [passes // 1000 for passes in sorted(trained.passes.unique()) if passes]
    axes.set_xticks(amounts, [str(amount) for amount in amounts])
    axes.minorticks_off()


def findings(windows: pd.DataFrame, trained: pd.DataFrame) -> str:
    """What the page says of the records."""
    read = windows.set_index(["task", "window"]).error
    first, last = trained.iloc[0], int(trained.passes.max())
    ends = trained[trained.passes == last].groupby(["task", "seed"]).error.mean()
    told = {task: ", ".join(f"{error:.3f}" for error in ends[task]) for task in _WORDS}
    return (
        f"A reader of the last T/2 steps removes {1 - read['adding_urnn', 0.5]:.0%} of the constant's squared error on "
        f"`adding_urnn`, of the last T/10 steps {1 - read['adding_urnn', 0.1]:.0%}; on `adding` "
        f"{1 - read['adding', 0.5]:.0%}. In training the difference need not show: `{first.method}` at "
        f"T = {first.lag}, which starts with a memory of about T steps, ends after {last:,} passes at "
        f"{told['adding_urnn']} of the constant's error on `adding_urnn` and at {told['adding']} on `adding` "
        f"({trained.seed.nunique()} seeds)."
    )


def main(folder: Path) -> None:
    records = pd.read_csv(folder / "windows.csv"), pd.read_csv(folder / "marks.csv")
    print(findings(*records))
    for written in style.save(draw(*records), folder, "marks"):
        print(written)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m longlag.figures.demos.marks", description=__doc__)
    parser.add_argument("folder", nargs="?", type=Path, default=Path("results/demos"), help="of the records")
    main(parser.parse_args().folder)
