"""Every figure, found by discovery, over whole, partial and empty results."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import seaborn as sns
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure

import fake_results
from cases import CASES, analysis, shared
from longlag import figures, registry
from longlag.analysis import Analysis, stats
from longlag.analysis.reach import furthest_first
from longlag.cli import main
from longlag.errors import LonglagError
from longlag.figures import cost_axes, endings, learning_curves, overview, reach, solve_time
from longlag.figures.tools import style
from longlag.store.records import Point, Row, Status, read_rows
from longlag.words import join_methods

REFERENCE = Path(__file__).parents[2] / "results/reference/runs.csv.gz"


@pytest.mark.slow
@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("name", figures.names())
def test_every_figure_is_drawn_and_captioned(name: str, case: str) -> None:
    suite = shared(case)
    module = figures.get(name)
    module.draw(suite).draw_without_rendering()  # lays out and parses all text, paints nothing
    caption = module.caption(suite)
    assert "nan" not in caption
    assert "n = " in caption or suite.runs.empty or suite.curves.empty


@pytest.mark.parametrize("kind", ["pdf", "png"])
def test_the_same_results_give_the_same_bytes(kind: str) -> None:
    suite = CASES["one seed"]()
    first, second = (style.encode(figures.get("overview").draw(suite), kind) for _ in range(2))
    assert first == second
    assert b"CreationDate" not in first


def test_a_method_looks_the_same_in_every_suite_and_a_plug_in_comes_after() -> None:
    known = registry.names("methods")
    some = style.styles([*known[-2:], "a_plugin"])
    every = style.styles([*known, "a_plugin"])
    assert all(every[name] == some[name] for name in some)
    assert list(some)[-1] == "a_plugin"
    assert len(
        {(method_style.colour, method_style.marker, method_style.dash) for method_style in every.values()}
    ) == len(every)


def test_the_palette_is_seaborns_colorblind() -> None:
    assert [to_rgb(colour) for colour in style.COLORBLIND] == sns.color_palette("colorblind")


def test_remedies_differ_in_colour_and_ablations_are_tints_of_their_parents() -> None:
    remedies = style.styles(fake_results.SKILL)
    assert len({method_style.colour for method_style in remedies.values()}) == len(remedies)
    styles = style.styles(registry.names("methods"))
    shown = {row.method for row in read_rows(REFERENCE)} | {"mingru"}
    assert len({styles[name].colour for name in shown}) == len(shown), "two methods of the reference have one colour"
    for name, parent in {
        "esn_init": "esn_momentum",
        "momentum_plain_init": "esn_momentum",
        "hf_undamped": "hf",
    }.items():
        assert all(tint > full for tint, full in zip(styles[name].colour, styles[parent].colour, strict=True))
        assert styles[name].dash != styles[parent].dash


def test_a_plug_in_moves_no_other_method() -> None:
    known = registry.names("methods")
    assert {**style.styles([*known, "aaa"]), "aaa": None} == {**style.styles(known), "aaa": None}


def test_one_more_new_method_moves_no_other() -> None:
    names = ["gru", "orthogonal", "unitary", "transformer"]
    together = style.styles(names)
    for name in names:
        assert style.styles([name])[name] == together[name]
        assert style.styles([*registry.names("methods"), name])[name] == together[name]


def test_two_names_that_ask_for_one_look_get_two() -> None:
    names = [f"method_{i}" for i in range(25)]
    alone = {name: style.styles([name])[name] for name in names}
    first, second = next((a, b) for a in names for b in names if a < b and alone[a] == alone[b])
    styles = style.styles([first, second])
    assert styles[first] == alone[first]
    assert (styles[second].colour, styles[second].dash) != (alone[first].colour, alone[first].dash)


def test_more_methods_than_colours_still_differ() -> None:
    styles = style.styles([f"method_{i}" for i in range(25)])
    assert len({(method_style.colour, method_style.dash) for method_style in styles.values()}) == 25
    many = style.styles([f"method_{i}" for i in range(200)])
    assert len({(method_style.colour, method_style.dash, method_style.marker) for method_style in many.values()}) == 200


@pytest.mark.slow
@pytest.mark.parametrize("width", [style.PAGE_WIDTH, style.COLUMN_WIDTH])
@pytest.mark.parametrize("case", ["whole", "many tasks"])
def test_no_type_is_smaller_than_seven_points(case: str, width: float) -> None:
    suite = shared(case)
    for name in figures.names():
        figure = figures.get(name).draw(suite, width=width)
        texts = [text for text in figure.findobj(lambda artist: hasattr(artist, "get_fontsize")) if text.get_text()]
        assert min(text.get_fontsize() for text in texts) >= 7


@pytest.mark.parametrize("name", [name for name in figures.names() if name != "cost_axes"])
def test_methods_are_in_the_order_of_the_overview(name: str) -> None:
    """In the legend, and in the rows and panels of each task; the costs on three axes have an order of their own."""
    whole = CASES["whole"]()
    suite = replace(whole, curves=whole.curves.assign(gradient_0=1.0, gradient_1=0.5))
    order = [style.method_title(method) for method in furthest_first(suite.reach)]
    assert order != [style.method_title(method) for method in style.styles(suite.methods)]
    figure = figures.get(name).draw(suite)
    keys = [text.get_text() for legend in figure.legends for text in legend.get_texts()]
    titles = [axes.get_title(loc="left").replace("\n", " ") for axes in figure.axes]
    rows = [[text.get_text() for text in axes.get_yticklabels()] for axes in figure.axes]
    places = [[order.index(word) for word in shown if word in order] for shown in (keys, titles, *rows)]
    assert max(map(len, places)) > 1, "somewhere it names several methods"
    assert places == [sorted(each) for each in places]


def test_absent_pairs_read_as_not_run_and_unsolved_ones_as_none() -> None:
    suite = CASES["whole"]()
    words = [text.get_text() for axes in overview.draw(suite).axes for text in axes.texts]
    assert words.count("not run") == 2
    assert "none" in words


def words(figure: Figure) -> list[str]:
    return [text.get_text() for axes in figure.axes for text in axes.texts]


def test_many_tasks_make_a_map_and_few_make_bars() -> None:
    suite = CASES["many tasks"]()
    figure = overview.draw(suite)
    assert len(figure.axes) == 1
    assert words(figure).count("not run") == 0
    assert {"≥ 20", "none", "(11)"} <= set(words(figure))
    assert len(overview.draw(CASES["whole"]()).axes) == 3


def test_a_panel_of_bars_lists_only_what_ran_there_if_much_did_not() -> None:
    full, one = overview.draw(CASES["two tasks, few pairs"]()).axes
    assert len(full.get_yticks()) == len(fake_results.SKILL)
    assert [text.get_text() for text in one.get_yticklabels()] == ["Hessian-Free"]


@pytest.mark.parametrize("name", ["reach", "cost"])
def test_of_many_tasks_those_with_few_methods_get_small_panels(name: str) -> None:
    figure = figures.get(name).draw(CASES["many tasks"]())
    figure.draw_without_rendering()
    widths = [panel.get_position().width for panel in figure.axes]
    assert len(widths) == 8
    assert max(widths[3:]) < min(widths[:3]) / 2


def test_a_task_without_a_curve_is_named_rather_than_drawn() -> None:
    suite = CASES["many tasks"]()
    assert len(learning_curves.draw(suite).axes) == 3
    assert "No curve to draw on task 1" in learning_curves.caption(suite)


def marks(axes: Any, marker: str) -> list[tuple[float, float, bool]]:
    """Where the markers of a shape stand, as their pixels say, and whether they are filled."""
    found = []
    for line in axes.lines:
        if line.get_marker() == marker and line.get_linestyle() == "None":
            pixels = line.get_transform().transform(np.column_stack(line.get_data()))
            filled = line.get_markerfacecolor() != "white"
            found += [(*place, filled) for place in axes.transData.inverted().transform(pixels).tolist()]
    return found


def test_a_curve_has_a_mark_where_its_run_solved_or_failed_and_nowhere_else() -> None:
    rows = fake_results.runs([0, 1, 2, 3], ["hf"], ["adding"], [20])
    ends = [(Status.SOLVED, 1e5), (Status.BUDGET, 1e6), (Status.DIVERGED, 3e5), (Status.SOLVED, 1e5)]
    rows = [
        replace(row, status=status.value, solved=status == Status.SOLVED)
        for row, (status, _) in zip(rows, ends, strict=True)
    ]
    points = [
        (seed, passes, error) for seed, (_, last) in enumerate(ends) for passes, error in ((1e4, 0.9), (last, 0.0))
    ]
    curves = stats.frame(Point, fake_results.points(rows)).iloc[: len(points)].reset_index(drop=True)
    curves[["seed", "passes", "error"]] = points
    curves = curves.assign(task="adding", method="hf", lag=20).astype({"seed": int})
    (panel,) = learning_curves.draw(Analysis(stats.frame(Row, rows), curves)).axes
    seen = sorted((round(x), round(y, 6), filled) for x, y, filled in marks(panel, "s"))
    assert seen == [(100_000, 0, True), (100_000, 0, True), (300_000, 0, False)]


def test_the_line_of_a_trivial_answer_is_broader_than_any_curve() -> None:
    """The control is grey and dashed too, and lies on the constant answer for most of its budget."""
    suite = CASES["one method and task"]()
    panel = learning_curves.draw(suite).axes[0]
    broad = [line for line in panel.lines if line.get_linewidth() >= 3 and len(set(line.get_ydata())) == 1]
    levels = [suite.runs.constant_error.max(), suite.runs.half_solved_error.max()]
    assert [line.get_ydata()[0] for line in broad] == pytest.approx(levels, nan_ok=True)
    assert all(max(curves.get_linewidths()) < 1 for curves in panel.collections)
    assert "(broad grey)" in learning_curves.caption(suite)


def test_no_mark_of_a_curve_is_cut_in_half() -> None:
    panel = learning_curves.draw(CASES["one method and task"]()).axes[0]
    (line,) = [line for line in panel.lines if line.get_marker() == "s" and len(line.get_xdata())]
    assert not line.get_clip_on()
    low, high = panel.get_xlim()
    assert low < min(line.get_xdata()) / 1.5
    assert high > max(line.get_xdata()) * 1.5


@pytest.mark.parametrize("name", ["learning_curves", "cost_axes", "reach", "solve_time", "cost"])
def test_a_method_has_its_colour_whatever_else_a_panel_shows(name: str) -> None:
    """Two names that ask for one look, of which a panel shows one."""
    names = [f"method_{i}" for i in range(25)]
    alone = {method: style.styles([method])[method] for method in names}
    first, second = next((a, b) for a in names for b in names if a < b and alone[a] == alone[b])
    rows = fake_results.runs([0, 1], ["esn", "lstm"], ["adding"], [20])
    named = [replace(row, method={"esn": second, "lstm": "hf"}[row.method]) for row in rows]
    elsewhere = [replace(row, method=first, task="xor") for row in rows if row.method == "esn"]
    suite = analysis([*named, *elsewhere])
    look = style.styles([second], suite.methods)[second]
    assert look != alone[second]
    figure = figures.get(name).draw(suite)
    colours = {line.get_color() for axes in figure.axes[:3] for line in axes.lines}
    assert look.colour in colours
    assert not figure.axes[0].get_title(loc="left").startswith("XOR")


def test_a_method_comes_first_only_among_methods_of_the_same_tasks() -> None:
    def first(**tasks: list[str]) -> str:
        cells = [fake_results.runs([0], [name], of, [20]) for name, of in tasks.items()]
        rows = [replace(row, solved=row.method == "esn") for of in cells for row in of]
        return overview.caption(analysis(rows)).split(". ")[1]

    two = ["adding", "temporal_order"]
    assert first(esn=two, control=two) == "Echo state network comes first, by its mean share of the largest lag"
    assert first(esn=two[:1], control=two) == "Not all methods were tried on the same tasks, so that none comes first"
    assert first(esn=two).startswith("Bar and number")


def test_the_lag_of_the_learning_curves_divides_the_methods() -> None:
    cells = pd.DataFrame(
        {"method": list("ababab"), "lag": [20, 20, 50, 50, 99, 99], "rate": [1, 1, 1, 0.0, 0, 0], "attempted": 1}
    )
    assert learning_curves.telling_lag(cells) == 50


def test_an_unknown_figure_is_suggested_before_anything_is_read(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["figure", "reech", "none.csv", "--out", str(tmp_path / "out")]) == 2
    assert "did you mean 'reach'?" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_the_verb_writes_pdf_and_png(tmp_path: Path) -> None:
    fake_results.write(tmp_path, seeds=[0], methods=["esn"], tasks=["adding"])
    files = [str(tmp_path / "runs.csv"), "--curves", str(tmp_path / "curves.parquet")]
    assert main(["figure", "all", *files, "--out", str(tmp_path / "out")]) == 0
    wanted = {f"{name}.{kind}" for name in figures.names() for kind in ("pdf", "png")}
    assert {path.name for path in (tmp_path / "out").iterdir()} == wanted


def blocks(figure: Figure) -> pd.DataFrame:
    """The blocks of `endings`: the status, where in its panel each one lies, and the method as its axis names it."""
    found = []
    for axes in figure.axes:
        methods = [label.get_text() for label in axes.get_yticklabels()]
        for drawn in axes.collections:
            boxes = [path.get_extents() for path in drawn.get_paths()]
            found += [(drawn.get_gid(), b.x0, b.width, methods[round(b.y0 + 0.4)]) for b in boxes]
    return pd.DataFrame(found, columns=["status", "x", "width", "method"])


def test_every_run_of_a_task_with_failures_is_one_block_of_its_status() -> None:
    suite = CASES["thirteen methods"]()
    runs = suite.runs
    shown = runs[~runs.task.str.startswith("task_")].assign(method=runs.method.map(style.method_title))
    assert (runs.status[runs.task.str.startswith("task_")] == Status.SOLVED).all()
    found = blocks(endings.draw(suite))
    keys = ["method", "status"]
    assert found[keys].value_counts().to_dict() == shown[keys].value_counts().to_dict()
    assert "task 1, task 2, task 3, task 4 and task 5" in endings.caption(suite)


def test_blocks_of_a_cell_stand_side_by_side_and_number_what_ran_out_of_passes() -> None:
    rows = fake_results.runs([0, 1, 2], ["control"], ["adding"], [200])
    statuses = [Status.DIVERGED, Status.BUDGET, Status.SOLVED]
    rows = [
        replace(row, status=s.value, solved=s == Status.SOLVED, best_error=0.13)
        for row, s in zip(rows, statuses, strict=True)
    ]
    suite = analysis(rows, curves=False)
    figure = endings.draw(suite)
    found = blocks(figure).sort_values("x")
    assert found.status.tolist() == ["solved", "budget", "diverged"]
    assert (found.x + found.width).tolist()[:-1] == pytest.approx(found.x.tolist()[1:])
    assert words(figure) == ["13"]


def test_in_a_crowd_seeds_that_look_alike_share_a_block() -> None:
    rows = fake_results.runs(range(60), ["control"], ["adding"], [200])
    rows = [
        replace(row, status=Status.SOLVED.value, solved=True)
        if row.seed < 20
        else replace(
            row, status=Status.BUDGET.value, solved=False, best_error=0.2 if row.seed < 50 else 0.8, constant_error=1.0
        )
        for row in rows
    ]
    suite = analysis(rows, curves=False)
    found = blocks(endings.draw(suite)).sort_values("x")
    assert found.status.tolist() == ["solved", "budget", "budget"]
    assert found.width.tolist() == pytest.approx([found.width.sum() * share for share in (20 / 60, 30 / 60, 10 / 60)])
    assert "those that look alike share a block" in endings.caption(suite)
    few = [replace(row, seed=row.seed % 3, task="multiplication") for row in rows[25:28]]
    solved = [replace(row, status=Status.SOLVED.value, solved=True) for row in rows]
    assert "look alike" not in endings.caption(analysis(few + solved))


def test_of_very_many_seeds_the_first_thirty_curves_of_each_method_are_drawn() -> None:
    rows = fake_results.runs(range(35), ["control"], ["adding"], [200])
    rows += fake_results.runs(range(100, 135), ["clipping"], ["adding"], [200])
    suite = analysis(rows)
    (panel,) = learning_curves.draw(suite).axes
    lines = {tuple(found.get_color()[0][:3]): len(found.get_segments()) for found in panel.collections}
    assert lines == {method_style.colour: 30 for method_style in style.styles(["control", "clipping"]).values()}
    assert "of which the first 30 are drawn" in learning_curves.caption(suite)


def test_a_nearer_miss_is_lighter_and_what_was_not_measured_is_grey() -> None:
    shades = [endings._colour(Status.BUDGET, left) for left in (0.0, 0.5, 1.0)]
    assert [sum(shade[:3]) for shade in shades] == sorted((sum(shade[:3]) for shade in shades), reverse=True)
    assert endings._colour(Status.BUDGET, math.nan) == "#b5b5b5"


def test_where_nothing_failed_the_figure_says_so() -> None:
    suite = CASES["all solved"]()
    assert words(endings.draw(suite)) == ["every run was solved"]
    assert endings.caption(suite).startswith("Every run was solved")


def test_the_steps_are_those_of_kaplan_and_meier() -> None:
    suite = CASES["whole"]()
    steps = suite.survival[np.isfinite(suite.survival.time.astype(float))]
    shown = solve_time.chosen(suite)
    expected = {cell for cell in zip(steps.task, steps.method, steps.lag, strict=True) if cell[2] == shown[cell[0]]}
    drawn = solve_time.draw(suite).axes
    lines = [line for axes in drawn for line in axes.lines if line.get_drawstyle() == "steps-post"]
    assert len(lines) == len(expected)
    first = steps[(steps.task == "adding") & (steps.lag == shown["adding"]) & (steps.method == "esn")]
    (line,) = [line for line in lines if line.axes is drawn[0] and line.get_gid() == "esn"]
    assert line.get_xdata()[1:].tolist() == first.time.tolist()
    assert line.get_ydata()[1:] == pytest.approx(1 - first.survival, abs=0.05)


def test_times_and_prices_are_drawn_where_methods_meet_and_solve() -> None:
    for figure in (solve_time, cost_axes):
        suite = CASES["many tasks"]()
        assert set(figure.chosen(suite)) == set(fake_results.TASKS)
        assert "task 1" in figure.caption(suite).split("no two methods solve at one lag")[figure is cost_axes]
        alone = CASES["many tasks, one method"]()
        assert figure.chosen(alone) == {}, "a method is not compared with itself"
        assert words(figure.draw(alone)) == ["no two methods solve one task at one lag"]
        assert figure.caption(alone).startswith("No two methods solve one task at one lag")


def test_no_panel_of_times_is_empty() -> None:
    for panel in solve_time.draw(CASES["thirteen methods"]()).axes:
        assert len([line for line in panel.lines if line.get_drawstyle() == "steps-post"]) >= 2


def test_methods_without_a_price_are_named_below_those_with_one() -> None:
    suite = CASES["whole"]()
    lag = cost_axes.chosen(suite)["adding"]
    costs = suite.costs["passes"]
    here = costs[(costs.task == "adding") & (costs.lag == lag) & (costs.attempted > 0)]
    without = sorted(here.method[~np.isfinite(here["median"])])
    panel = cost_axes.draw(suite).axes[0]
    assert len(panel.get_yticks()) == np.isfinite(here["median"]).sum()
    assert f"fewer than half solve with {join_methods(without)}" in [text.get_text() for text in panel.texts]


def test_rates_do_not_overlap() -> None:
    """Each method has a row, each lag a column, and a mark stays within its cell."""
    suite = CASES["whole"]()
    for task, panel in zip(sorted(fake_results.TASKS), reach.draw(suite).axes, strict=True):
        conditions = suite.success[suite.success.task == task]
        methods = [name for name in furthest_first(suite.reach) if name in set(conditions.method)]
        assert [text.get_text() for text in panel.get_yticklabels()] == [style.method_title(name) for name in methods]
        seen = sorted((y, x) for look in "XvoDs^P" for x, y, _ in marks(panel, look))
        lags = sorted(conditions.lag.unique())
        expected = sorted(
            (methods.index(row.method), lags.index(row.lag) + (row.rate - 0.5) * 0.62)
            for row in conditions.itertuples()
        )
        np.testing.assert_allclose(seen, expected, atol=1e-9)


def test_no_key_of_the_rates_has_the_colour_of_a_method() -> None:
    figure = reach.draw(CASES["many tasks"]())
    faces = [tuple(patch.get_facecolor()[:3]) for legend in figure.legends for patch in legend.get_patches()]
    assert faces
    assert all(max(face) == min(face) for face in faces), "grey"


def test_few_methods_make_bars_on_any_number_of_tasks_with_marks_for_how_they_ended() -> None:
    suite = CASES["many tasks"]().only(methods=["esn", "hf"])
    figure = overview.draw(suite)
    assert len(figure.axes) == suite.runs.task.nunique()
    legend = {text.get_text() for legend in figure.legends for text in legend.get_texts()}
    assert {"lags that were tried", "solved to the end of the ladder"} <= legend
    assert ("tried at one lag only" in legend) == bool((suite.reach.tried == 1).any())
    with pytest.raises(LonglagError, match="unknown method of these runs 'ens'; did you mean 'esn'"):
        CASES["whole"]().only(methods=["ens"])
    with pytest.raises(LonglagError, match="unknown method of these runs 'echo state network'; did you mean 'esn'"):
        CASES["whole"]().only(methods=["echo state network"])


def test_seconds_of_several_kinds_of_processor_or_kernels_are_not_drawn() -> None:
    suite = CASES["whole"]()
    kernels = ["A", "B"] * (len(suite.runs) // 2) + ["A"][: len(suite.runs) % 2]
    mixed = replace(suite, runs=suite.runs.assign(cpu="a processor", blas=kernels))
    module = figures.get("cost_axes")
    assert [module.axes_of(each) for each in (suite, mixed)] == [[*stats.AXES], [*stats.RANKED]]
    assert "CPU seconds are not drawn" in module.caption(mixed)
    assert "CPU seconds depend on the machine" in module.caption(suite)
    assert {axes.get_xlabel() for axes in module.draw(mixed).axes} == {
        "",
        "sequence passes",
        "floating-point operations",
    }


def test_every_panel_of_costs_has_numbers_on_its_axis() -> None:
    figure = cost_axes.draw(CASES["whole"]())
    figure.canvas.draw()
    assert len(figure.axes) > 1
    for panel in figure.axes:
        assert any(text.get_visible() and text.get_text() for text in panel.get_xticklabels()), panel.get_title()


def test_costs_are_drawn_on_three_axes_in_the_order_of_passes() -> None:
    suite = analysis(fake_results.runs([0, 1], tasks=["adding"]))
    lag = cost_axes.chosen(suite)["adding"]
    figure = cost_axes.draw(suite)
    for axis, panel in zip(stats.AXES, figure.axes, strict=True):
        cells = suite.costs[axis][suite.costs[axis].lag == lag]
        markers = [line for line in panel.lines if line.get_marker() in set("XvoDs^P") and line.get_markersize() > 5]
        medians = [float(line.get_xdata()[0]) for line in markers]
        assert sorted(medians) == pytest.approx(sorted(x for x in cells["median"] if math.isfinite(x)))
    passes = suite.costs["passes"][suite.costs["passes"].lag == lag].sort_values("median")
    assert figure.axes[0].get_yticklabels()[0].get_text() == style.method_title(passes.method.iloc[0])


def test_success_has_the_minimal_lags_in_brackets() -> None:
    suite = CASES["whole"]()
    panels = reach.draw(suite).axes
    for task, panel in zip(sorted(fake_results.TASKS), panels, strict=True):
        expected = [f"{lag}\n({fake_results.TASKS[task][2](lag)})" for lag in fake_results.LAGS]
        assert [label.get_text() for label in panel.get_xticklabels()] == expected


def test_ablations_and_baselines_stand_back_in_a_crowd_alone() -> None:
    known = style.styles(registry.names("methods"))
    back = {name for name, method_style in known.items() if style.is_back(method_style, known)}
    assert back == set(fake_results.MORE)
    few = style.styles(["hf", "hf_undamped", "constant"])
    assert not any(style.is_back(method_style, few) for method_style in few.values())


def test_get_refuses_what_is_no_figure() -> None:
    with pytest.raises(LonglagError, match="unknown figure 'tools'"):
        figures.get("tools")


@pytest.mark.parametrize(
    ("name", "words"),
    [("learning_curves", "name their file with --curves"), ("gradient_flow", "train them with --gradient-flow")],
)
def test_an_empty_picture_says_what_it_lacks(name: str, words: str, tmp_path: Path, capsys: Any) -> None:
    fake_results.write(tmp_path, seeds=[0], methods=["esn"], tasks=["adding"])
    (tmp_path / "curves.parquet").unlink()
    assert main(["figure", name, str(tmp_path / "runs.csv"), "--out", str(tmp_path / "out")]) == 0
    said = capsys.readouterr().err
    assert f"longlag: {name} is empty: " in said
    assert words in said


def test_a_readout_that_had_all_its_sequences_is_not_drawn_as_beyond_the_budget() -> None:
    rows = fake_results.runs([0, 1, 2], ["esn"], ["adding"], [20, 50])
    lost = {"solved": False, "status": "budget", "passes_to_solve": math.nan, "test_error": 0.3}
    some = [replace(row, **lost, passes=8e3 if row.lag == 50 else row.budget) for row in rows]
    analysis = Analysis(stats.frame(Row, some), stats.frame(Point, []))
    (panel,) = (axes for axes in figures.get("cost").draw(analysis).axes if axes.lines)
    marks = {line.get_marker(): [*map(float, line.get_ydata())] for line in panel.lines if len(line.get_ydata())}
    assert marks["o"] == [fake_results.BUDGET]  # its own marker, open
    assert marks["v"] == [8e3]
    assert "1 condition)" in figures.get("cost").caption(analysis)


@pytest.mark.parametrize(
    ("low", "high", "words"), [(1e3, 5e3, ["1 k", "5 k"]), (1e3, 1.5e3, ["1.5 k"]), (3e3, 3e3, ["3 k"])]
)
def test_looks_within_a_decade_are_named_by_the_first_and_the_last(low: float, high: float, words: list[str]) -> None:
    """matplotlib names every tick there, and finds no room for a small panel on a phone."""
    axes = Figure().subplots()
    axes.set_xscale("log")
    learning_curves._passes(axes, low, high)
    assert [label.get_text() for label in axes.get_xticklabels(which="both")] == words
    learning_curves._passes(axes, low, 10 * low)
    assert axes.get_xlim() == pytest.approx((low / 1.6, 16 * low))
