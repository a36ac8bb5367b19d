"""`longlag paper`: a search and a stage after it, trained, added to the records, and reused from there."""

import dataclasses
import json
import shlex
import shutil
from pathlib import Path

import pytest

from longlag import cli
from longlag.cli import _paper_records, jobs
from longlag.design import stages, suite
from longlag.design.collect import error_row
from longlag.store.curves import read_curves, read_points, write_points
from longlag.store.records import Point, Row, read_rows, write_rows

RATE = "optimiser.learning_rate"
FILE = """
paper: tiny2000
seeds: "0:1"
budget: 3000
stop: budget
methods:
  small: {from: control, cell.hidden: 8, optimiser.batch: 10}
stage: "1"
stages:
  rates:
    what: the rate
    search: {grid: {optimiser.learning_rate: [0.1, 1.0e-5]}, seeds: 1}
    cells: [{methods: [small], tasks: [memorization_5bit], lags: [2]}]
  "1":
    what: the table
    after: [rates]
    cells: [{methods: [small], tasks: [memorization_5bit], lags: [2]}]
page:
  source: Tiny 2000
  tables:
    - title: Table 1
      all: {metric: wrong_symbols, symbols: 5}
      rows: [{label: memory, task: memorization_5bit, lag: 2}]
      columns: [{label: small, method: small}]
"""


@pytest.fixture
def place(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("config/papers").mkdir(parents=True)
    Path("config/papers/tiny2000.yaml").write_text(FILE)
    return tmp_path


def trained(stage):
    """Trains a stage by the commands of its jobs, as a machine without Snakemake does."""
    plan = suite.parse({**stages.read("tiny2000"), "stage": stage})
    folder = Path("results", plan.name)
    for line in jobs.commands(plan, folder):
        assert cli.main(shlex.split(line)[1:]) == 0
    design = folder / "suite.json"
    design.write_text(plan.to_json())
    words = ["collect", "--suite", str(design), "--jobs", str(folder / "jobs"), "--out", str(folder)]
    assert cli.main(words) == 0
    assert cli.main(["paper", "tiny2000", "--add", str(folder)]) == 0
    return folder


def test_a_search_chooses_and_the_stage_after_it_is_trained_with_the_choice(place, capsys):
    trained("rates")
    assert stages.read_choices("tiny2000") == {"rates": {"small": {"memorization_5bit": {RATE: 0.1}}}}
    assert "nothing is chosen" not in capsys.readouterr().out
    trained("1")
    rows = read_rows("results/papers/tiny2000/runs.csv")
    assert [(row.method, row.seed) for row in rows] == [("small", 0), ("small-01", 10**6), ("small-02", 10**6)]
    assert '"optimiser.learning_rate": 0.1' in rows[0].spec
    assert '"stop": "budget"' in rows[0].spec
    assert {(point.method, point.seed) for point in read_points("results/papers/tiny2000/curves.parquet")} == {
        (row.method, row.seed) for row in rows
    }
    page = Path("results/papers/tiny2000/page.html").read_text()
    assert "no published number could be read" in page
    assert f"{RATE} = 0.1 (at an end of the grid)" in page


@pytest.mark.parametrize(("by", "value"), [("", 1.0e-5), (", by: loss", 1.0e-5), (", by: error", 0.1)])
def test_a_search_by_errors_chooses_the_value_with_fewer_wrong_answers(by, value, place):
    """Of a task whose loss is mostly noise, the value that learns it may have the larger loss."""
    file = Path("config/papers/tiny2000.yaml")
    file.write_text(FILE.replace("1.0e-5]}", "1.0e-5]}" + by))
    plan = suite.parse({**stages.read("tiny2000"), "stage": "rates"})
    rows = [Row(**{**vars(error_row(job, key, "")), "status": "budget"}) for key, job in plan.expected().items()]
    measured = {"small-01": (0.2, 4.61), "small-02": (0.5, 4.59)}  # error, loss
    points = [
        Point(row.task, row.lag, row.method, row.seed, passes, 1, 4.6, error, loss, 1.0)
        for row in rows
        for passes, (error, loss) in ((1000.0, (0.0, 0.0)), (3000.0, measured[row.method]))
    ]
    write_points("curves.parquet", points)
    chosen, lost = _paper_records._choices(plan, rows, read_curves("curves.parquet"))
    assert (chosen, lost) == ({"small": {"memorization_5bit": {RATE: value}}}, [])


def test_a_search_of_which_a_run_is_missing_chooses_nothing(place, capsys):
    folder = trained("rates")
    rows = read_rows(folder / "runs.csv")
    write_rows(folder / "runs.csv", rows[:1])
    shutil.rmtree("results/papers")
    capsys.readouterr()
    assert cli.main(["paper", "tiny2000", "--add", str(folder)]) == 0
    assert "nothing is chosen for small on memorization_5bit: 1 of its runs are missing" in capsys.readouterr().out
    assert stages.read_choices("tiny2000") == {"rates": {}}
    write_rows(folder / "runs.csv", [dataclasses.replace(row, status="diverged") for row in rows])
    assert cli.main(["paper", "tiny2000", "--add", str(folder)]) == 0
    assert "of every candidate a run failed" in capsys.readouterr().out


def test_results_of_a_search_without_a_grid_are_refused_before_anything_is_written(place, capsys):
    folder = trained("rates")
    shutil.rmtree("results/papers")
    design = json.loads((folder / "suite.json").read_text())
    (folder / "suite.json").write_text(json.dumps({**design, "search": {"candidates": 1, "seeds": 1}}))
    assert cli.main(["paper", "tiny2000", "--add", str(folder)]) == 2
    assert "results/tiny2000-rates has results of a search without a grid" in capsys.readouterr().err
    assert not Path("results/papers/tiny2000/runs.csv").exists()


def test_what_is_recorded_is_not_trained_again(place, monkeypatch):
    trained("rates")
    before = read_rows("results/papers/tiny2000/runs.csv")
    shutil.rmtree("results/tiny2000-rates")
    monkeypatch.setattr("longlag.engine.block.Block.advance", lambda self: pytest.fail("it is recorded"))
    trained("rates")
    after = read_rows("results/papers/tiny2000/runs.csv")
    assert [row.spec_hash for row in after] == [row.spec_hash for row in before]
    assert {row.origin for row in after} == {"results/papers/tiny2000/runs.csv"}


@pytest.mark.parametrize("moment", ["_merged", "_write_choices"])
def test_of_two_calls_at_once_the_second_is_refused(place, monkeypatch, capsys, moment):
    """From the reading of the old records to the writing of the choices."""
    folder, codes = trained("rates"), []
    was = getattr(_paper_records, moment)

    def meanwhile(*given):
        if not codes:
            codes.append(None)  # the other call comes by here as well
            codes[0] = cli.main(["paper", "tiny2000", "--add", str(folder)])
        return was(*given)

    monkeypatch.setattr(_paper_records, moment, meanwhile)
    assert cli.main(["paper", "tiny2000", "--add", str(folder)]) == 0
    assert codes == [2]
    assert "results/papers/tiny2000/runs.csv is being written by process" in capsys.readouterr().err
    assert len(read_rows("results/papers/tiny2000/runs.csv")) == 2
    assert not [path for path in Path("results/papers/tiny2000").iterdir() if path.name.endswith(".lock")]


def test_stages_and_estimates_are_printed(place, capsys):
    assert cli.main(["paper", "tiny2000", "--stages"]) == 0
    assert capsys.readouterr().out == "rates 1\n"
    assert cli.main(["paper", "tiny2000", "--stages", "rates"]) == 0
    assert capsys.readouterr().out == "rates\n"
    assert cli.main(["paper", "tiny2000", "--estimate"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == ["tiny2000", "rates", "1"]
    assert lines[1].endswith("the rate")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["nobody1900"], "unknown paper 'nobody1900'"),
        (["tiny2000", "--stages", "7"], "unknown stage '7'; known: 1, rates"),
        (["tiny2000", "--add", "nowhere"], "nowhere has no suite.json"),
        (["all", "--stages"], "are for one paper"),
    ],
)
def test_what_is_wrong_is_refused(words, said, place, capsys):
    assert cli.main(["paper", *words]) == 2
    assert said in capsys.readouterr().err


CELLS = "cells: [{methods: [control], tasks: [adding]}]"
OUTCOMES = {
    FILE.replace('stage: "1"', "stage: rates"): "open {}/results/papers/tiny2000/page.html in a browser",
    f"suite: mine\nsearch: {{candidates: 1}}\n{CELLS}": "the chosen settings are in {}/results/mine/tuning.md",
    f"suite: mine\n{CELLS}": "open {}/results/mine/report.html in a browser",
}


@pytest.mark.parametrize("design", OUTCOMES, ids=["paper", "search", "suite"])
def test_run_says_where_the_outcome_is(place, design, monkeypatch, capsys):
    """A stage of a paper has no page of its own: its rows are in that of the paper, also if it is a search."""
    monkeypatch.setattr("longlag.cli.run_._call", lambda command, *more: 0)
    monkeypatch.setattr("longlag.design.digests.work_out", lambda *given: {})
    Path("design.yaml").write_text(design)
    assert cli.main(["run", "design.yaml"]) == 0
    assert capsys.readouterr().out == OUTCOMES[design].format(place) + "\n"
