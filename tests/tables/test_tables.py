"""Every table, found by discovery, in three formats."""

from __future__ import annotations

import math
import re
from dataclasses import replace
from pathlib import Path

import pytest

import fake_results
from cases import CASES, analysis, papers_judged_once, shared  # noqa: F401 - a fixture
from longlag import tables
from longlag.cli import main
from longlag.errors import documentation
from longlag.store.designs import Design
from longlag.tables.tools import render

HOSTILE = "<script>alert(1)</script> a_b & 50% | $x$ \\ {c} ~ ^ #"


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("name", tables.names())
def test_every_table_is_set(name: str, case: str) -> None:
    suite = shared(case)
    module = tables.get(name)
    table = module.build(suite)
    assert "nan" not in table.to_string().lower()
    for setting in render.FORMATS.values():
        assert setting(table, module.TITLE, module.note(suite))


def test_hostile_words_stay_words() -> None:
    rows = [replace(row, task=HOSTILE, reason=HOSTILE) for row in fake_results.runs([0], ["control"], ["adding"])]
    table = tables.get("failures").build(analysis(rows))
    assert "<script>" not in render.to_html(table, HOSTILE, HOSTILE)
    markdown = render.to_markdown(table, HOSTILE, HOSTILE)
    assert "<script>" not in markdown
    assert {line.replace("\\|", "").count("|") for line in markdown.splitlines() if line.startswith("|")} == {8}
    latex = render.to_latex(table, "t", "n")
    assert r"a\_b \& 50\% | \$x\$ \textbackslash{} \{c\} \textasciitilde{} \textasciicircum{} \#" in latex


def test_documents_in_a_note_are_links() -> None:
    table = tables.get("failures").build(analysis(fake_results.runs([0], ["control"], ["adding"])))
    address = documentation("docs/add-a-task.md")
    markdown = render.to_markdown(table, "t", "See docs/add-a-task.md for more.")
    assert markdown.endswith(f"See [docs/add-a-task.md]({address}) for more.\n")
    assert f'See <a href="{address}">docs/add-a-task.md</a> for more.' in render.to_html(
        table, "t", "See docs/add-a-task.md for more."
    )


def test_documents_in_notes_exist() -> None:
    notes = "\n".join(tables.get(name).note(shared("whole")) for name in tables.names())
    named = {*re.findall(r"docs/\S+\.md", notes)}
    assert named, "some notes refer to a document"
    assert not [document for document in named if not (Path(__file__).parents[2] / document).is_file()]


def test_reach_says_at_least_not_run_and_the_minimal_lag() -> None:
    suite = CASES["whole"]()
    table = tables.get("reach").build(suite).set_index("method")
    assert table.loc["hf", "Temporal order"] == "not run"
    assert table.loc["lstm_chrono", "5-bit memory"] == "≥ 200 (minimal 205) [50, ≥ 200], established: needs 4 seeds"


def test_cost_prints_what_is_beyond_the_budget() -> None:
    suite = CASES["nothing solved"]()
    assert set(tables.get("cost").build(suite)["passes (range)"]) == {"> 4 M"}


def test_cost_has_no_median_on_any_axis_where_fewer_than_half_are_solved() -> None:
    """Unsolved runs that took less time than the solved one would leave a Kaplan-Meier median of the seconds."""
    first, *others = fake_results.runs(range(5), ["lstm"], ["adding"], [20])
    lost = {"solved": False, "status": "budget", "passes_to_solve": math.nan, "test_error": 0.5}
    rows = [replace(first, seconds=64.5, flops=9e9, passes=1e5, passes_to_solve=1e5)]
    rows += [replace(row, **lost, seconds=60.0, flops=8e9, passes=row.budget) for row in others]
    (row,) = tables.get("cost").build(analysis(rows)).itertuples(index=False)
    assert all(cell.startswith("> ") for cell in (row[4], row.operations, row[6]))


def test_cost_says_of_how_many_kinds_of_processor_the_seconds_are() -> None:
    suite = CASES["whole"]()
    assert tables.get("cost").note(suite).endswith("are reported, not ranked.")
    mixed = replace(
        suite, runs=suite.runs.assign(cpu=["A", "B"] * (len(suite.runs) // 2) + ["", "A"][: len(suite.runs) % 2])
    )
    assert (
        tables.get("cost")
        .note(mixed)
        .endswith("not ranked; they come from 2 kinds of processor or BLAS kernels, so do not compare methods by them.")
    )


def test_cost_says_what_the_choice_of_settings_cost() -> None:
    suite = CASES["whole"]()
    search = {"spent": {"passes": 4e8, "cpu_seconds": 7200}, "final_of": {"spent": {"passes": 1e9, "cpu_seconds": 60}}}
    designs = {name: Design(name, {"tuned": {"search": search}}) for name in ("a", "b")}
    note = tables.get("cost").note(replace(suite, designs=designs))
    assert note.endswith(
        "for all searched methods together: the search 1 G passes (1 min of CPU time) and the final 400 M passes "
        "(2 h of CPU time)."
    )
    damaged = {"spent": {"passes": "many"}, "final_of": {"spent": []}}
    for frozen in (None, "file.yaml", {"search": 3}, {"search": damaged}):
        none = replace(suite, designs={"a": Design("a", {"tuned": frozen})})
        assert tables.get("cost").note(none) == tables.get("cost").note(suite)


def test_failures_leave_out_cells_without_any() -> None:
    suite = CASES["whole"]()
    table = tables.get("failures").build(suite)
    assert "2/2" not in set(table.solved)
    assert "2 budget" in set(table["the others ended"])


def test_failures_say_how_near_and_by_which_baselines() -> None:
    rows = fake_results.runs([0, 1], ["control"], ["adding"], [200])
    rows = [
        replace(row, solved=False, status="budget", best_error=error)
        for row, error in zip(rows, (0.71, 0.3), strict=True)
    ]
    table = tables.get("failures").build(analysis(rows))
    assert table["nearest, % wrong"].tolist() == ["30 (constant 85, half-solved 72)"]


def test_success_tells_the_minimal_lags_of_the_columns() -> None:
    suite = CASES["whole"]()
    table = tables.get("success").build(suite).set_index(["task", "method"])
    assert table.loc[("adding", "esn"), "minimal lags"] == "10, 25, 50, 100"


def test_time_to_solve_compares_a_matched_pair() -> None:
    hf, lstm = (fake_results.runs([0, 1, 2], [name], ["adding"], [20]) for name in ("hf", "lstm"))
    won = {"solved": True, "status": "solved", "budget": fake_results.BUDGET, "passes": 1e5}
    lost = won | {"solved": False, "status": "budget", "passes": fake_results.BUDGET, "method": "hf_undamped"}
    solved = [replace(row, **won, passes_to_solve=1e5 + row.seed) for row in hf]
    unsolved = [replace(row, **lost, spec=row.spec.replace("0.03", "0.0")) for row in hf]
    module = tables.get("solve_time")
    suite = analysis([*solved, *unsolved, *lstm])
    (pair,) = module.build(suite).to_dict("records")
    assert (pair["method"], pair["against"]) == ("hf", "hf_undamped")
    assert pair["setting"] == "optimiser.structural_damping: 0.03 | 0"
    assert (pair["solved"], pair["median passes"], pair["sooner"]) == ("3/3 | 0/3", "100 k | > 4 M", "3 | 0 of 3")
    assert (pair["p"], pair["smallest p"]) == ("0.1", "0.1")
    neither = [replace(row, solved=False, status="budget", budget=1e6, passes=1e6) for row in solved]
    (pair,) = module.build(analysis([*neither, *unsolved])).to_dict("records")
    assert pair["median passes"] == "> 1 M | > 4 M", "each with the budget that it had"
    assert "n = 3 seeds" in module.note(suite)
    assert "No two methods" in module.note(analysis(lstm))
    assert "1 row of 1 reach it" in module.note(suite)
    assert "random" not in module.note(suite)


def test_time_to_solve_says_which_p_is_drawn() -> None:
    """Eleven seeds against eleven that they all beat: 705,432 ways to assign the runs, p = 2/200,001."""
    solved = fake_results.runs([*range(11)], ["hf"], ["adding"], [20])
    solved = [replace(row, solved=True, status="solved", passes_to_solve=1e5 + row.seed) for row in solved]
    unsolved = [
        replace(row, method="hf_undamped", spec=row.spec.replace("0.03", "0.0"), solved=False, status="budget")
        for row in solved
    ]
    suite, module = analysis([*solved, *unsolved]), tables.get("solve_time")
    (pair,) = module.build(suite).to_dict("records")
    assert (pair["p"], pair["smallest p"]) == ("1e-05", "2.8e-06")
    note = module.note(suite)
    assert "in 1 row with too many of them over 200,000 random ones and the one found" in note
    assert "0 rows of 1 reach it" in note


def test_the_verb_writes_three_formats(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    fake_results.write(tmp_path, seeds=[0])
    assert main(["table", "all", str(tmp_path / "runs.csv"), "--out", str(tmp_path / "out")]) == 0
    wanted = {f"{name}.{kind}" for name in tables.names() for kind in ("md", "tex", "html")}
    assert {path.name for path in (tmp_path / "out").iterdir()} == wanted
    assert main(["table", "reech", "none.csv", "--out", str(tmp_path)]) == 2
    assert "did you mean 'reach'?" in capsys.readouterr().err
