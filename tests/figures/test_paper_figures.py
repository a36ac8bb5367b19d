"""Pictures of a paper's tables: one unit on an axis, each run and each published number where it belongs."""

import math

import numpy as np
import pytest

from longlag.design import stages
from longlag.figures import papers
from longlag.figures.papers import picture
from longlag.figures.tools import style
from paper_rows import paper


@pytest.mark.parametrize("name", stages.names())
def test_no_panel_mixes_units_and_every_cell_is_in_one(name):
    found = paper(name)
    for place, table in enumerate(found.page["tables"]):
        own = found.cells[found.cells.table == place]
        if not table.get("curve"):
            panels = picture._panels(own)
            assert all(cells.metric.nunique() == 1 for _, cells, _ in panels)
            assert sum(len(cells) for _, cells, _ in panels) == len(own)
        assert papers.draw(own, bool(table.get("curve"))).axes


def test_runs_are_dots_and_published_numbers_rings():
    cells = paper("sutskever2013").cells
    cells = cells[cells.table == 0]
    panel = papers.draw(cells, curve=False).axes[0]
    first = cells[cells.row == 0]
    rings = [line.get_ydata()[0] for line in panel.lines if line.get_markerfacecolor() == "none"]
    assert rings == [max(value, 2e-5) for value in first.value]
    dots = np.concatenate([line.get_ydata() for line in panel.lines if line.get_markerfacecolor() != "none"])
    assert sorted(dots) == sorted(max(value, 2e-5) for values in first["values"] for value in values)
    assert panel.get_yscale() == "log"


def test_curves_have_a_panel_of_runs_solved_and_one_of_passes_for_each_task():
    cells = paper("martens2011").cells
    figure = papers.draw(cells[cells.table == 0], curve=True)
    assert len(figure.axes) == 16
    solved, passes = figure.axes[0], figure.axes[4]
    own = cells[(cells.table == 0) & (cells.task == "adding") & (cells.method == "hf")]
    assert [*solved.lines[0].get_ydata()] == [*(100 * own.solved / own.n)]
    np.testing.assert_array_equal(passes.lines[0].get_ydata(), own.passes)
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["Hessian-Free", "Undamped Hessian-Free"]


def test_curves_have_the_names_of_the_columns_above_them():
    cells = paper("pascanu2013").cells
    own = cells[cells.task.eq("temporal_order") & cells.metric.eq("words")]
    (legend,) = papers.draw(own, curve=True).legends
    assert [text.get_text().lower() for text in legend.get_texts()] == [*dict.fromkeys(own.column_label)]


def test_a_panel_of_passes_without_a_mark_says_why():
    cells = paper("martens2011").cells
    cells = cells[cells.table == 0].copy()
    cells.loc[cells.task == "xor", ["solved", "passes"]] = [0, np.nan]
    figure = papers.draw(cells, curve=True)
    empty = [panel for panel in figure.axes if not any(np.isfinite(line.get_ydata()).any() for line in panel.lines)]
    assert [[text.get_text() for text in panel.texts] for panel in empty] == [["no run solves it"]]


def test_a_panel_without_runs_and_published_numbers_says_so():
    cells = paper("tallec2018").cells
    cells = cells[cells.table == 1].copy()
    cells["values"], cells["value"], cells["n"] = [[]] * len(cells), np.nan, 0
    panels = papers.draw(cells, curve=False).axes
    assert [[text.get_text() for text in panel.texts] for panel in panels] == [["not run"], ["not run"]]


def test_curves_leave_out_tasks_without_runs_and_say_so():
    cells = paper("martens2011").cells
    cells = cells[cells.table == 0].copy()
    assert "left out" not in papers.caption(cells, curve=True)
    cells.loc[cells.task != "adding", "n"] = 0
    figure = papers.draw(cells, curve=True)
    assert {panel.get_title(loc="left") for panel in figure.axes} == {"Adding", ""}
    assert papers.caption(cells, curve=True).endswith(" Tasks without runs are left out.")
    assert len(papers.draw(cells.assign(n=0), curve=True).axes) == 16


@pytest.mark.parametrize("name", stages.names())
def test_every_logarithmic_axis_has_two_labels_or_more(name):
    found = paper(name)
    for place, table in enumerate(found.page["tables"]):
        own = found.cells[found.cells.table == place]
        if table.get("curve") or not (own.value.notna().any() or (own.n > 0).any()):
            continue
        figure = papers.draw(own, curve=False)
        figure.canvas.draw()
        for panel in figure.axes:
            low, high = panel.get_ylim()
            ticks = zip(panel.get_yticks(), panel.get_yticklabels(), strict=True)
            labels = [text for at, text in ticks if low <= at <= high]
            assert sum(bool(text.get_text()) for text in labels) >= 2, panel.get_title()


@pytest.mark.parametrize("width", [style.PAGE_WIDTH, style.COLUMN_WIDTH])
@pytest.mark.parametrize("name", ["jaeger2012", "sutskever2013"])
def test_labels_break_between_words_alone(name, width):
    cells = paper(name).cells
    own = cells[cells.table == 1]
    figure = papers.draw(own, curve=False, width=width)
    shown = {text.get_text() for panel in figure.axes for text in panel.get_xticklabels()}
    assert {label.replace("\n", " ").replace("\u00a0", " ") for label in shown} == {*own.row_label}
    assert not [label for label in shown if "\n=" in label or "=\n" in label]


@pytest.mark.parametrize("width", [style.PAGE_WIDTH, style.COLUMN_WIDTH])
def test_a_title_ends_within_the_figure_and_before_the_next(width):
    cells = paper("martens2011").cells
    figure = papers.draw(cells[cells.table == 0], curve=True, width=width)
    figure.draw_without_rendering()
    boxes = [panel._left_title.get_window_extent() for panel in figure.axes if panel.get_title(loc="left")]
    assert len(boxes) == 8
    assert max(box.x1 for box in boxes) <= figure.bbox.x1
    assert not any(one.overlaps(other) for one in boxes for other in boxes if one is not other)


def test_a_caption_names_what_is_drawn_and_nothing_else():
    cells = paper("jaeger2012").cells
    assert papers.caption(cells[cells.table == 0], curve=False) == (
        "Filled dots with a line: the percentage of runs solved, with Wilson's 95 % interval."
    )
    measured = cells[cells.table == 1].assign(value=np.nan, values=[[0.5]] * int((cells.table == 1).sum()))
    assert papers.caption(measured, curve=False) == "Filled dots: one run each, on a logarithmic axis."
    speedups = measured.assign(metric="speedup")
    assert papers.caption(speedups, curve=False) == (
        "Filled dots: one seed each, with a run of either method, on a logarithmic axis."
    ), "a ratio of two runs"
    published = measured.assign(value=0.0)
    assert papers.caption(published, curve=False) == (
        "Filled dots: one run each, on a logarithmic axis. "
        "Zero, which has no place on such an axis, is at its lower end. Open rings: published."
    )


def test_there_are_no_more_panels_than_rows_or_columns():
    cells = paper("pascanu2013").cells
    figure = papers.draw(cells[cells.table == 1], curve=False)
    assert [panel.get_title(loc="left") for panel in figure.axes] == [
        "clipped, with the term",
        "until 10,000 in a row are right",
    ]
    cells = paper("sutskever2013").cells
    assert len(papers.draw(cells[cells.table == 0], curve=False).axes) == 4, "four rows of eight columns"


def test_runs_that_do_not_meet_the_criterion_are_crosses():
    cells = paper("hochreiter1997").cells
    own = cells[(cells.table == 0) & (cells.metric == "sequences")].copy()
    own["values"] = [(math.nan, math.nan), (3e5, math.nan), (3e5, 4e5)]
    (panel,) = papers.draw(own, curve=False).axes
    crosses = [line for line in panel.lines if line.get_marker() == "x"]
    assert [(round(np.mean(line.get_xdata())), [*line.get_ydata()]) for line in crosses] == [(0, [1, 1]), (1, [1])]
    assert "Crosses at the edge: runs that did not meet the criterion." in papers.caption(own, curve=False)
    (panel,) = papers.draw(own.assign(metric="speedup"), curve=False).axes
    assert {y for line in panel.lines if line.get_marker() == "x" for y in line.get_ydata()} == {0}, "less is worse"
    own["values"] = [(3e5, 4e5)] * 3
    assert "Crosses" not in papers.caption(own, curve=False)
    assert "lower bound" not in papers.caption(own, curve=False)
    assert "A dot is a lower bound where the other method did not" in papers.caption(own.assign(bounds=1), curve=False)


def test_a_caption_of_curves_names_rings_where_there_are_some():
    cells = paper("martens2011").cells
    cells = cells[cells.table == 0]
    assert "rings" not in papers.caption(cells, curve=True)
    shares = cells.assign(metric="success_percent", value=100.0)
    assert "open rings: published shares" in papers.caption(shares, curve=True)


def test_panels_of_a_metric_have_one_range_and_say_where_zero_is():
    cells = paper("pascanu2013").cells
    own = cells[(cells.table == 1)].copy()
    own["values"] = [[0.0, 0.003 * row] for row in own.row]
    figure = papers.draw(own, curve=False)
    assert len({panel.get_ylim() for panel in figure.axes}) == 1
    for panel in figure.axes:
        labels = dict(zip(panel.get_yticks(), [text.get_text() for text in panel.get_yticklabels()], strict=True))
        assert [at for at, label in labels.items() if label == "0"] == [min(labels)] == [picture._SMALLEST]
    own["values"] = [[0.1, 0.003 * (row + 1)] for row in own.row]
    figure = papers.draw(own.assign(value=0.01), curve=False)
    assert not any(text.get_text() == "0" for panel in figure.axes for text in panel.get_yticklabels())


@pytest.mark.parametrize("name", stages.names())
def test_every_logarithmic_axis_spans_a_decade(name):
    """Or three runs with 25 % wrong fill it from end to end."""
    found = paper(name)
    for place, table in enumerate(found.page["tables"]):
        if not table.get("curve"):
            for panel in papers.draw(found.cells[found.cells.table == place], curve=False).axes:
                low, high = panel.get_ylim()
                assert panel.get_yscale() == "linear" or high >= 9.999 * low


@pytest.mark.parametrize(
    ("low", "high", "most", "expected"),
    [(0.25, 0.25, 1.0, (0.25 / 10**0.5, 0.25 * 10**0.5)), (0.9, 0.95, 1.0, (0.1, 1.0)), (1.0, 30.0, 1.0, (1.0, 30.0))],
)
def test_a_short_range_becomes_a_decade_which_ends_at_the_most(low, high, most, expected):
    assert picture._a_decade(low, high, most) == pytest.approx(expected)
