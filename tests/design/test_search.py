"""A search as a suite: equal numbers of candidates, seeds and passes, and only seeds of tuning."""

import json
import math
from collections import Counter
from pathlib import Path

import pytest

from longlag import cli, protocol, registry
from longlag.design import search, suite
from longlag.design.estimate import estimate
from longlag.errors import LonglagError
from longlag.store.records import read_rows

FIRST = protocol.FIRST_TUNING_SEED
CONFIG = Path(__file__).parents[2] / "config"


def design(**keys):
    cells = [{"methods": ["lstm", "esn"], "tasks": ["adding", "xor"], "lags": [50]}]
    return {"suite": "mine", "cells": cells, "search": {"candidates": 3}, "seeds_per_job": 2, **keys}


def test_every_method_becomes_its_recipe_and_its_candidates_on_tuning_seeds():
    plan = suite.parse(design())
    names = [f"{method}-{number:02d}" for method in ("esn", "lstm") for number in range(4)]
    assert sorted({job.method for job in plan.jobs}) == names
    assert {(job.base, job.candidate) for job in plan.jobs if job.method == "lstm-03"} == {("lstm", 3)}
    assert {seed for *_, seed in plan.expected()} == {FIRST, FIRST + 1}
    assert all(seed >= FIRST for job in plan.jobs for seed in job.seeds)
    assert suite.parse(design(search={"candidates": 3, "seeds": "1000007:1000008"})).jobs[0].seeds == range(
        FIRST + 7, FIRST + 8
    )


def test_the_last_seed_of_tuning_can_be_searched_and_the_next_one_not():
    last = protocol.LAST_TUNING_SEED
    assert search.seeds({"seeds": f"{last}:{last + 1}"}) == range(last, last + 1)
    with pytest.raises(LonglagError, match=f"go beyond {last}, the last seed of tuning"):
        search.seeds({"seeds": f"{last}:{last + 2}"})


def test_the_finalists_are_the_recipe_and_what_was_chosen_for_these_tasks():
    chosen = {"methods": {"lstm": {"candidates": {"one": 3, "tasks": {"adding": 5, "xor": 3, "copy": 9}}}}}
    assert search.finalists(chosen, "lstm", ["adding", "xor"]) == [0, 3, 5]


def test_a_suite_and_the_command_take_the_same_number_of_candidates():
    most = protocol.MAX_CANDIDATES
    assert search.size(suite.parse(design(search={"candidates": most})).config["search"]) == 1 + most
    with pytest.raises(LonglagError, match=f"candidates is {most + 1}; it must be a positive whole number of at most"):
        suite.parse(design(search={"candidates": most + 1}))


def test_one_more_candidate_renames_none():
    few, more = (
        {job.folder: job.arguments() for job in suite.parse(design(search={"candidates": n})).jobs} for n in (3, 4)
    )
    assert few.items() <= more.items()
    assert len(more) - len(few) == 4


def test_a_search_of_one_task_and_one_of_a_suite_try_the_same_number_of_candidates(capsys):
    number = protocol.DEFAULT_CANDIDATES
    for given in ({}, {"seeds": 1}):
        plan = suite.parse(design(search=given))
        assert {job.candidate for job in plan.jobs} == {*range(number + 1)}
        assert plan.search == {"candidates": number, **given}, "the record says how many"
        assert suite.parse(json.loads(plan.to_json())) == plan
    words = ["tune", "--task", "adding", "--lag", "10", "--method", "control", "--out", "o.csv"]
    assert cli.parse(words).candidates == number
    with pytest.raises(SystemExit):
        cli.parse(["tune", "--help"])
    said = " ".join(capsys.readouterr().out.split())
    assert f"settings to try beside the recipe (default: {number}, as in a suite with `search`)" in said
    assert suite.find({"suite": "tuning"}, [CONFIG]).search["candidates"] == number


def test_a_huge_grid_is_refused_before_its_points_are_listed(monkeypatch):
    monkeypatch.setattr(search, "points", lambda search: pytest.fail("the points were listed"))
    grid = {f"optimiser.{name}": [*range(90)] for name in ("learning_rate.value", "momentum", "clip", "epsilon")}
    with pytest.raises(LonglagError, match="asks for 524,880,000 runs"):
        suite.parse(design(search={"grid": grid, "seeds": 2}))


def test_a_point_of_a_grid_replaces_an_optional_setting_of_the_same_path():
    cells = [{"methods": ["esn"], "tasks": ["adding"]}]
    given = {"esn": {"init.bias_scale?": 0.3, "tasks": {"adding": {"init.bias_scale?": 0.4}}}}
    plan = suite.parse(design(cells=cells, methods=given, search={"grid": {"init.bias_scale": [0.1, 0.2]}, "seeds": 1}))
    assert [job.assignments() for job in plan.jobs] == [["init.bias_scale=0.1"], ["init.bias_scale=0.2"]]


def test_a_variant_can_be_searched():
    cells = [{"methods": ["big"], "tasks": ["xor"]}]
    plan = suite.parse(design(cells=cells, methods={"big": {"from": "lstm", "cell.hidden": 64}}))
    words = plan.jobs[2].arguments()
    assert "--method lstm --variant big-02 " in words
    assert "--candidate 2 --set cell.hidden=64" in words


def test_a_fault_of_a_searched_variant_names_its_cell_and_not_its_group(tmp_path, capsys):
    path = tmp_path / "mine.json"
    cells = [{"methods": ["lstm"], "tasks": ["adding"]}, {"methods": ["fast"], "tasks": ["adding"], "group": "both"}]
    path.write_text(json.dumps(design(cells=cells, methods={"fast": {"from": "esn", "optimiser.nothing": 3}})))
    assert cli.main(["design", str(path)]) == 2
    said = capsys.readouterr().err
    assert "cells[1], esn on adding at lags 10, 20 and 50: unknown setting 'optimiser.nothing'" in said
    assert "both" not in said


def test_the_search_of_the_package_costs_every_method_the_same():
    plan = suite.read(CONFIG / "tuning.yaml")
    assert {job.base for job in plan.jobs} == set(registry.tunable())
    runs = Counter((job.base, job.candidate) for job in plan.jobs for _ in job.runs())
    assert {number for _, number in runs} == set(range(17))
    assert set(runs.values()) == {4 * 2}, "four tasks, two seeds"
    assert {(job.budget, job.lags, job.timeout) for job in plan.jobs} == {(1e6, (50,), None)}
    assert {job.tasks for job in plan.jobs} == {("adding", "xor", "temporal_order", "memorization_5bit")}


def test_methods_that_declare_a_space_are_found_without_importing_them():
    declared = {name for name in registry.FOLDERS["methods"].names() if registry.get("methods", name).tune}
    ablations = {name for name in declared if registry.get("methods", name).summary.startswith("ablation")}
    assert set(registry.tunable()) == declared - ablations
    assert ablations


def test_an_estimate_counts_the_candidates_of_a_method_together():
    costs = estimate(suite.parse(design()), [])
    assert [(cost.method, cost.jobs, cost.runs) for cost in costs] == [("esn", 8, 16), ("lstm", 8, 16)]


@pytest.fixture
def searched(tmp_path, monkeypatch):
    """A tiny search, with its jobs run as commands."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "tiny.yaml").write_text(
        "suite: tiny\nsearch: {candidates: 2, seeds: 1}\nbudget: 600\nlags: [10]\n"
        "cells: [{methods: [control], tasks: [adding, temporal_order], group: both}]\n"
        "methods: {control: {cell.hidden: 8, optimiser.batch: 10}}\n"
    )
    return tmp_path


def test_a_search_runs_by_commands_and_is_collected(searched, capsys):
    assert cli.main(["jobs", "tiny.yaml"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 3
    for line in lines:
        assert cli.main(line.split()[1:]) == 0
    words = ["collect", "--suite", "tiny.yaml", "--jobs", "results/tiny/jobs", "--out", "results/tiny"]
    assert cli.main(words) == 0
    rows = read_rows("results/tiny/runs.csv")
    assert {row.method for row in rows} == {"control-00", "control-01", "control-02"}
    assert {row.seed for row in rows} == {FIRST}
    assert {row.status for row in rows} <= {"budget", "solved", "diverged"}
    assert cli.main(["verify", "results/tiny"]) == 0


def test_a_candidate_is_named_by_its_number(tmp_path):
    out = str(tmp_path / "runs.csv")
    words = ["train", "--task", "adding", "--lag", "10", "--method", "control", "--budget", "600", "--out", out]
    assert cli.main([*words, "--seeds", "1000000", "--candidate", "7", "--set=cell.hidden=8"]) == 0
    assert read_rows(out)[0].method == "control-07"


def test_the_lowest_validation_loss_is_chosen():
    assert search.best({1: [0.5, 0.5], 2: [0.1, 0.3], 3: [0.2, 0.2]}) == 2, "a tie: the lower number"
    assert search.best({1: [0.5, 0.5], 2: [0.1, math.nan]}) == 1, "a failed seed"
    assert search.best({1: [math.nan], 2: []}) is None
