"""The committed figures of the benchmarks can be read: no line crosses a number, and every axis says its unit."""

from __future__ import annotations

import sys
from pathlib import Path

import pandas as pd
import pytest

from crossings import crossed

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))  # benchmarks/ is no part of the package

from benchmarks import figure, hessian_free_figure  # noqa: E402

FOLDER = ROOT / "results/benchmarks"
NEAR = 1  # pixels


@pytest.mark.parametrize("path", sorted(FOLDER.rglob("speed.csv")), ids=lambda path: path.parent.name)
def test_no_line_crosses_a_ratio(path):
    rows = pd.read_csv(path)
    if not (rows.ratio.notna() & rows.goal.notna() & rows.id.isin(figure.RATIOS)).any():
        pytest.skip("it has no ratio with a goal")
    drawn = figure.ratios(rows)
    drawn.draw_without_rendering()
    assert crossed(drawn, NEAR) == []


@pytest.mark.parametrize("ratio", [0.75, 0.9, 0.99, 1.0, 1.01, 1.2])
def test_no_line_crosses_a_ratio_near_equal_speed(ratio):
    row = {"id": "P4", "what": "update", "shape": "T=50", "peer": "nn.LSTM", "goal": 2.5, "floor": 1.5}
    measured = {"ratio": ratio, "ratio_peer_tuned": 0.98 * ratio, "low": 0.97 * ratio, "high": 1.02 * ratio}
    drawn = figure.ratios(pd.DataFrame([row | measured] * 3))
    drawn.draw_without_rendering()
    assert crossed(drawn, NEAR) == []


def test_every_axis_of_losses_has_a_unit():
    drawn = hessian_free_figure.figure(pd.read_csv(FOLDER / "hessian_free.csv"))
    assert [panel.get_ylabel() for panel in drawn.axes] == 2 * [
        "training loss (nats)", "training loss (squared error)", "training loss (nats per pixel)"
    ]  # fmt: skip
    assert {panel.get_xlabel() for panel in drawn.axes} == {"passes over the training set", "CPU seconds"}
