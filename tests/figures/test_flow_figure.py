"""The figure of gradient flow draws what was recorded, and says so where nothing was."""

import dataclasses

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.text import Text

from fake_results import points as made_points
from fake_results import runs as made_runs
from longlag.analysis import Analysis, stats
from longlag.figures import gradient_flow
from longlag.store import records


@pytest.fixture
def results():
    """Analyses of two methods on one task, without and with a recorded gradient: one vanishes, one is constant."""
    rows = [row for row in made_runs() if row.task == "adding" and row.method in ("control", "hf") and row.seed == 0]
    curves = made_points(rows)
    rate = {"control": 0.5, "hf": 1.0}
    watched = [
        dataclasses.replace(p, **{f"gradient_{k}": 2.0 * rate[p.method] ** k for k in (0, 1, 2, 5, 10)}) for p in curves
    ]
    runs = stats.frame(records.Row, rows)
    return tuple(Analysis(runs, stats.frame(records.Point, points)) for points in (curves, watched))


def test_derivatives_are_relative_to_the_last_step(results):
    plain, watched = results
    assert plain.gradient_flow.empty
    flow = watched.gradient_flow
    assert set(flow.back) == {0, 1, 2, 5, 10}
    assert np.allclose(flow.gradient, 2.0 * flow.relative)
    control = flow[flow.method == "control"]
    assert np.allclose(control.relative, 0.5**control.back)
    assert np.allclose(flow[flow.method == "hf"].relative, 1.0)
    assert len(flow) == 5 * len(watched.curves)


def test_lines_are_the_recorded_derivatives(results):
    _, watched = results
    figure = gradient_flow.draw(watched)
    panels = {panel.get_title(loc="left"): panel for panel in figure.axes}
    assert set(panels) == {"Plain RNN (control)", "Hessian-Free"}
    lines = [line for line in panels["Plain RNN (control)"].lines if len(line.get_xdata()) == 5]
    assert lines
    for line in lines:
        assert list(line.get_ydata()) == pytest.approx([0.5**k for k in (0, 1, 2, 5, 10)])
    assert "plain RNN (control) and Hessian-Free" in gradient_flow.caption(watched)


def test_titles_can_be_read_on_white_whatever_the_colour_of_the_method(results):
    _, watched = results
    for panel in gradient_flow.draw(watched).axes:
        words = panel.get_title(loc="left")
        (title,) = [text for text in panel.findobj(Text) if text.get_text() == words]
        channels = np.array(mpl.colors.to_rgb(title.get_color()))
        linear = np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)
        assert 1.05 / (linear @ [0.2126, 0.7152, 0.0722] + 0.05) >= 4.5, "contrast by WCAG 2"


def test_nothing_recorded_is_said(results):
    plain, _ = results
    figure = gradient_flow.draw(plain)
    assert any("no gradient flow was recorded" in text.get_text() for axes in figure.axes for text in axes.texts)
    assert "No gradient flow" in gradient_flow.caption(plain)
