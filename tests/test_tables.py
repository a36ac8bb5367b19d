"""Every table, found by discovery, in three formats."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

import fake_results
from longlag import stats, tables
from longlag.cli import main
from longlag.records import Row
from longlag.tables import render
from test_figures import CASES

HOSTILE = "<script>alert(1)</script> a_b & 50% | $x$ \\ {c} ~ ^ #"


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("name", tables.names())
def test_every_table_is_set(name: str, case: str) -> None:
    runs, _ = CASES[case]()
    module = tables.get(name)
    table = module.build(runs)
    assert "nan" not in table.to_string().lower()
    for setting in render.FORMATS.values():
        assert setting(table, module.TITLE, module.note(runs))


def test_hostile_words_stay_words() -> None:
    rows = [replace(row, task=HOSTILE, reason=HOSTILE) for row in fake_results.runs([0], ["control"], ["adding"])]
    table = tables.get("failures").build(stats.frame(Row, rows))
    assert "<script>" not in render.to_html(table, HOSTILE, HOSTILE)
    markdown = render.to_markdown(table, HOSTILE, HOSTILE)
    assert "<script>" not in markdown
    assert {line.replace("\\|", "").count("|") for line in markdown.splitlines() if line.startswith("|")} == {8}
    latex = render.to_latex(table, "t", "n")
    assert r"a\_b \& 50\% | \$x\$ \textbackslash{} \{c\} \textasciitilde{} \textasciicircum{} \#" in latex


def test_reach_says_at_least_not_run_and_the_minimal_lag() -> None:
    runs, _ = CASES["whole"]()
    table = tables.get("reach").build(runs).set_index("method")
    assert table.loc["hf", "temporal_order"] == "not run"
    assert table.loc["lstm_chrono", "memorization_5bit"] == "≥ 200 [200, 200] (minimal 205)"


def test_cost_prints_what_is_beyond_the_budget() -> None:
    runs, _ = CASES["nothing solved"]()
    assert set(tables.get("cost").build(runs)["passes (range)"]) == {"> 4 M"}


def test_failures_leave_out_cells_without_any() -> None:
    runs, _ = CASES["whole"]()
    table = tables.get("failures").build(runs)
    assert "2/2" not in set(table.solved)
    assert "2 budget" in set(table["the others ended"])


def test_the_verb_writes_three_formats(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    fake_results.write(tmp_path, seeds=[0])
    assert main(["table", "all", "--runs", str(tmp_path / "runs.csv"), "--out", str(tmp_path / "out")]) == 0
    wanted = {f"{name}.{kind}" for name in tables.names() for kind in ("md", "tex", "html")}
    assert {path.name for path in (tmp_path / "out").iterdir()} == wanted
    assert main(["table", "reech", "--runs", "none.csv", "--out", str(tmp_path)]) == 2
    assert "did you mean 'reach'?" in capsys.readouterr().err
