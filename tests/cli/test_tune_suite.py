"""`longlag tune --suite`: from the rows of a search to frozen settings, trials and the page."""

import dataclasses
import json
from pathlib import Path

import pytest

import searches
from longlag import cli, registry
from longlag.cli import _tune_suite
from longlag.design import suite, tuned
from longlag.engine import trials
from longlag.engine.spec import RunSpec, resolve_elsewhere
from longlag.errors import LonglagError
from longlag.store.curves import read_points, write_points
from longlag.store.records import read_rows, write_rows
from searches import without_test_scores

ROOT = Path(__file__).parents[2]
SOLVED = {"status": "solved", "best_error": 0.0, "passes": 2e5}
TOLD = {
    ("control", 1, "adding"): {"best_error": 0.2},
    ("control", 2, "temporal_order"): SOLVED,
    ("hf", 3, "adding"): [SOLVED, {**SOLVED, "status": "diverged"}],
    ("hf", 3, "temporal_order"): SOLVED,
}


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("found").mkdir()
    return tmp_path


def tune(*words):
    return cli.main(["tune", "--suite", "found", *map(str, words)])


def test_settings_are_chosen_frozen_and_read_back(folder, capsys):
    plan = searches.write("found", TOLD)
    assert tune() == 0
    said = capsys.readouterr().out
    assert "control: one setting 02; by task: adding 01, temporal_order 02" in said
    assert "hf: one setting recipe; by task: adding recipe, temporal_order 03" in said
    frozen = tuned.read("config/tuned/tiny.yaml")
    assert frozen["search"]["seeds"] == [1_000_000, 1_000_001]
    assert frozen["search"]["spent"] == {"passes": 27.2e6, "cpu_seconds": 64}
    assert (frozen["search"]["candidates"], frozen["search"]["commits"]) == (3, ["abc"])
    assert frozen["methods"]["hf"] == {
        "version": registry.get("methods", "hf").version,
        "candidates": {"one": 0, "tasks": {"adding": 0, "temporal_order": 3}},
        "one": {},
        "tasks": {"adding": {}, **of_task(frozen, "hf")},
    }
    for method, number, task in (
        ("control", 1, "adding"),
        ("control", 2, "temporal_order"),
        ("hf", 3, "temporal_order"),
    ):
        again = RunSpec(task, 20, method, (), 1e6, frozen["methods"][method]["tasks"][task])
        name = f"{method}-{number:02d}"
        wanted = {entry.digest for key, entry in _tune_suite.entries(plan).items() if key[:2] == (task, name)}
        assert {resolve_elsewhere(again).spec_hash} == wanted


def of_task(frozen, method):
    return {"temporal_order": frozen["methods"][method]["tasks"]["temporal_order"]}


def test_trials_and_page_say_what_every_method_was_given(folder):
    searches.write("found", TOLD)
    tune("--out", "out", "--tuned", "frozen.yaml")
    kept = trials.read("out/trials.csv")
    assert len(kept) == 2 * 4 * 2 * 2
    assert sum("test" in name for name in Path("out/trials.csv").read_text().splitlines()[0].split(",")) == 0
    page = Path("out/tuning.md").read_text()
    (control,) = [line for line in page.splitlines() if line.startswith("| control |")]
    assert control.startswith("| control | 3 + recipe | 16 | 14.4 M | 32 s |")
    assert "02: 200 k passes" in page
    assert "| recipe | recipe: 50 % wrong" in page
    again = _tune_suite.choose(kept)
    assert {choice.method: choice.one for choice in again} == {"control": 2, "hf": 0}


def test_test_scores_choose_nothing(folder):
    found = []
    for change in (lambda row: row, without_test_scores):
        searches.write("found", TOLD, change=change)
        assert tune() == 0
        found.append((Path("config/tuned/tiny.yaml").read_text(), Path("found/trials.csv").read_text()))
    assert found[0] == found[1]


def test_records_of_two_machines_are_merged_and_choose_the_same(folder):
    searches.write("found", TOLD)
    assert tune("--tuned", "whole.yaml") == 0
    rows, points = read_rows("found/runs.csv"), read_points("found/curves.parquet")
    for number, name in enumerate(("one", "two")):
        write_rows(f"{name}/runs.csv", [row for row in rows if row.seed % 2 == number])
        write_points(f"{name}/curves.parquet", [point for point in points if point.seed % 2 == number])
    assert cli.main(["merge", "merged", "one", "two"]) == 0
    Path("tiny.yaml").write_text(json.dumps(searches.DESIGN))
    words = ["tune", "--suite", "tiny.yaml", "--runs", "merged", "--out", "merged", "--tuned", "merged.yaml"]
    assert cli.main(words) == 0
    assert Path("merged.yaml").read_text() == Path("whole.yaml").read_text()
    assert Path("merged/trials.csv").read_text() == Path("found/trials.csv").read_text()


def test_settings_of_the_repository_are_those_that_its_trials_choose():
    for path in sorted((ROOT / "config/tuned").glob("*.yaml")):
        frozen = tuned.read(path)
        name = frozen["search"]["suite"]
        kept = trials.read(ROOT / "results" / name / "trials.csv")
        finalists = suite.read(ROOT / f"config/{name}.yaml").search.get("finalists")
        choices = _tune_suite.choose([trial for trial in kept if trial.method in frozen["methods"]], finalists)
        assert {choice.method for choice in choices} == {*frozen["methods"]}
        for choice in choices:
            found = frozen["methods"][choice.method]
            assert found["candidates"] == {
                "one": choice.one or 0,
                "tasks": {t: n or 0 for t, n in choice.tasks.items()},
            }
            assert found["one"] == choice.settings(choice.one), (path.name, choice.method)
            assert found["tasks"] == {task: choice.settings(n, task) for task, n in choice.tasks.items()}


def final(folder, told):
    """The final of the search of TOLD, whose choices are control: 02, 01 and 02, hf: the recipe, the recipe and 03."""
    searches.write("found", TOLD)
    assert tune() == 0
    Path("final").mkdir()
    search = {"finalists": "config/tuned/tiny.yaml", "seeds": 2}
    cells = [{"methods": ["control", "hf"], "tasks": searches.TASKS}]
    return searches.write(
        "final", told, {"suite": "far", "search": search, "lags": [40], "budget": 3e6, "cells": cells}
    )


def test_finalists_are_the_recipe_and_what_was_chosen(folder):
    plan = final(folder, {})
    entrants = {(job.base, job.candidate, task) for job in plan.jobs for task in job.tasks}
    control = {("control", n, "adding") for n in (0, 1, 2)} | {("control", n, "temporal_order") for n in (0, 2)}
    assert entrants == control | {("hf", 0, "adding"), ("hf", 0, "temporal_order"), ("hf", 3, "temporal_order")}
    assert suite.parse(json.loads(plan.to_json())).jobs == plan.jobs, "suite.json holds the finalists"


def test_a_final_chooses_again_where_it_can(folder, capsys):
    slower = {**SOLVED, "passes": 2e6}
    final(folder, {("control", 0, "temporal_order"): SOLVED, ("control", 1, "adding"): slower,
                   ("control", 2, "adding"): SOLVED})  # fmt: skip
    capsys.readouterr()
    assert cli.main(["tune", "--suite", "final", "--tuned", "far.yaml"]) == 0
    said = capsys.readouterr().out
    assert "control: one setting recipe; by task: adding 02, temporal_order recipe" in said
    assert "hf: one setting recipe; by task: adding recipe, temporal_order 03" in said, "no run met the criterion"
    first, last = tuned.read("config/tuned/tiny.yaml"), tuned.read("far.yaml")
    assert last["search"]["final_of"] == first["search"]
    assert last["methods"]["hf"] == first["methods"]["hf"]
    assert last["methods"]["control"]["tasks"] == {"adding": first["methods"]["control"]["one"], "temporal_order": {}}
    page = Path("final/tuning.md").read_text()
    assert "The earlier choice stays where no run is within the criterion." in page
    assert "| control | 2 + recipe | 10 |" in page


@pytest.mark.parametrize(
    ("cell", "message"),
    [
        ({"methods": ["gru"], "tasks": ["adding"]}, "method 'gru' has no finalists; they are of control, hf"),
        (
            {"methods": ["hf"], "tasks": ["xor"]},
            "hf has no finalist for xor; it was searched on adding, temporal_order",
        ),
    ],
)
def test_a_final_needs_finalists(folder, cell, message):
    final(folder, {})
    with pytest.raises(LonglagError, match=message):
        suite.parse({"suite": "far", "search": {"finalists": "config/tuned/tiny.yaml"}, "cells": [cell]})


def test_finalists_need_numbers(folder):
    final(folder, {})
    chosen = tuned.read("config/tuned/tiny.yaml")
    for found in chosen["methods"].values():
        del found["candidates"]
    cells = [{"methods": ["hf"], "tasks": ["adding"]}]
    with pytest.raises(LonglagError, match="does not number its choices"):
        suite.parse({"suite": "far", "search": {"finalists": chosen}, "cells": cells})
    with pytest.raises(LonglagError, match="search has grid and finalists; each says which candidates there are"):
        suite.parse({"suite": "far", "search": {"finalists": chosen, "grid": {"a": [1]}}, "cells": cells})


def test_a_value_at_an_edge_is_flagged(folder, capsys):
    design = {**searches.DESIGN, "search": {"candidates": 15, "seeds": 1}}
    told = {("control", 15, "adding"): SOLVED, ("control", 7, "adding"): {**SOLVED, "passes": 2 * SOLVED["passes"]}}
    searches.write("found", told, design)  # point 15 is 1/16 of the way up, point 7 1/8
    assert tune() == 0
    assert "control: one setting 15" in (said := capsys.readouterr().out)
    assert "at an edge of the space: " in said
    page = Path("found/tuning.md").read_text()
    assert "optimiser.learning_rate (one setting, adding)" in page.split("## control")[0], "in the first table"


def test_a_method_without_all_of_its_runs_is_left_out_and_named(folder, capsys):
    searches.write("found", TOLD)
    rows = read_rows("found/runs.csv")
    lost = ("hf-02", "adding", 1_000_001)
    write_rows("found/runs.csv", [row for row in rows if (row.method, row.task, row.seed) != lost])
    assert tune() == 1
    said = capsys.readouterr().out
    assert "left out: hf, of which 1 runs have no row of the suite's spec, such as adding with hf-02 at lag 20" in said
    assert set(tuned.read("config/tuned/tiny.yaml")["methods"]) == {"control"}
    assert len(trials.read("found/trials.csv")) == 31, "trials of an unfinished search are kept"
    other = [dataclasses.replace(row, spec_hash="0" * 16) for row in rows]
    write_rows("found/runs.csv", other)
    assert tune() == 2
    assert "has all runs of no method" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--suite", "demo"], "suite 'demo' is no search; give it `search:"),
        (["--suite", "found", "--lag", "20"], "--lag has no effect with --suite"),
        (["--suite", "found", "--budget", "1e5"], "--budget has no effect with --suite"),
        (["--suite", "found", "--candidates", "5"], "--candidates has no effect with --suite"),
        (["--tuned", "x.yaml"], "--tuned has no effect alone; add --suite SUITE"),
        (["--task", "adding", "--lag", "20", "--method", "hf"], "--out is missing"),
        (["--lag", "20", "--method", "hf", "--out", "o.csv"], "--task is missing"),
    ],
)
def test_bad_words(folder, capsys, words, message):
    searches.write("found", {})
    assert cli.main(["tune", *words]) == 2
    assert message in capsys.readouterr().err


def test_a_damaged_file_of_settings_is_refused(tmp_path):
    (tmp_path / "x.yaml").write_text(json.dumps({"search": {}, "methods": {"hf": {"one": 3, "tasks": {}}}}))
    with pytest.raises(LonglagError, match=r"methods.hf.one is 3; it must be a mapping from a dotted setting"):
        tuned.read(tmp_path / "x.yaml")
