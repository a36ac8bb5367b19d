"""Suites with frozen settings: which row gets which, what replaces them, and digests equal to those of the search."""

import dataclasses
import json
from pathlib import Path

import pytest

import searches
from longlag import cli, protocol, registry, resources, settings
from longlag.cli import _tune_suite
from longlag.cli.design import digests_of
from longlag.design import collect, suite, tuned
from longlag.engine import candidates
from longlag.errors import LonglagError
from longlag.store.records import write_rows

CHOSEN = {
    "search": {"suite": "tiny"},
    "methods": {
        "esn": {"one": {"init.bias_scale": 0.3, "cell.hidden": 80}, "tasks": {"adding": {"cell.hidden": 90}}},
        "lstm": {"one": {"optimiser.learning_rate": 1.0}, "tasks": {"xor": {}}},
    },
}


@pytest.fixture
def frozen(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "suites").mkdir()
    tuned.write(tmp_path / "suites/chosen.yaml", CHOSEN)
    return tmp_path


def test_a_row_is_of_its_method_though_the_method_has_the_name_of_a_row():
    chosen = {"methods": {name: {"one": {}, "tasks": {}} for name in ("mine", "mine_recipe", "mine_one")}}
    for method in ("mine_recipe", "mine_one"):
        assert [tuned.base_of(chosen, f"{method}{ending}") for ending in registry.TUNED_ROWS] == [method] * 2
    assert tuned.base_of(chosen, "yours_one") == ""


def test_digests_and_commits_that_look_like_numbers_stay_texts(frozen):
    search = {"suite": "tiny", "digest": "65894981e9185903", "commits": ["12e456789012", "334761850680"]}
    tuned.write("like.yaml", {**CHOSEN, "search": search})
    assert tuned.read("like.yaml")["search"] == search
    plan = suite.parse(design(["lstm"], tuned={**CHOSEN, "search": search}))
    assert json.loads(plan.to_json())["tuned"]["search"] == search


TASKS = ("adding", "xor", "memorization_5bit")


def design(names, tasks=TASKS, **keys):
    cells = [{"methods": list(names), "tasks": list(tasks), "group": "all"}]
    return {"suite": "mine", "lags": [20], "seeds": 1, "budget": 1e6, "cells": cells, "tuned": CHOSEN, **keys}


def everywhere(values):
    return dict.fromkeys(TASKS, values)


def of(plan, name):
    """What a row trains, by task."""
    (job,) = [job for job in plan.jobs if job.method == name]
    given = settings.parse(job.assignments())
    return {task: settings.of_task(given, task) for task in job.tasks}


def test_a_method_has_its_settings_of_the_task_or_the_one_setting():
    plan = suite.parse(design(["esn", "esn_one", "esn_recipe", "control"]))
    one = {"init.bias_scale?": 0.3, "cell.hidden?": 80}
    assert of(plan, "esn") == {"adding": {"cell.hidden": 90}, "xor": one, "memorization_5bit": one}
    assert of(plan, "esn_one") == everywhere(one)
    assert of(plan, "esn_recipe") == of(plan, "control") == everywhere({})
    words = {job.method: job.arguments() for job in plan.jobs}
    assert "--method esn --variant esn_one " in words["esn_one"]
    assert "--variant" not in words["esn"]


def test_rows_are_called_by_their_method_and_what_they_have():
    assert registry.label("methods", "lstm_one") == "LSTM (one setting)"
    assert registry.label("methods", "lstm_recipe") == "LSTM (recipe)"
    assert registry.label("methods", "mine_one") == "mine one"
    assert registry.label("tasks", "xor_one") == "xor one"


def test_settings_that_a_task_has_not_change_nothing_there():
    found = digests_of(suite.parse(design(["esn", "esn_recipe"], ["memorization_5bit"])))
    by_hand = {"esn": {"cell.hidden": 80}}
    same = digests_of(suite.parse(design(["esn"], ["memorization_5bit"], methods=by_hand) | {"tuned": None}))
    assert found["esn/all/seeds0"] == same["esn/all/seeds0"], "a ring has no bias"
    assert found["esn/all/seeds0"] != found["esn_recipe/all/seeds0"]


def test_what_the_suite_says_replaces_what_was_tuned_and_variants_begin_with_it():
    methods = {
        "lstm": {"optimiser.learning_rate": 0.5},
        "big": {"from": "lstm", "cell.hidden": 64, "tasks": {"adding": {"optimiser.learning_rate": 0.25}}},
    }
    plan = suite.parse(design(["lstm", "big"], methods=methods))
    assert of(plan, "lstm") == everywhere({"optimiser.learning_rate": 0.5})
    assert of(plan, "big") == {
        "adding": {"cell.hidden": 64, "optimiser.learning_rate": 0.25},
        "xor": {"cell.hidden": 64},
        "memorization_5bit": {"cell.hidden": 64, "optimiser.learning_rate?": 1.0},
    }


@pytest.mark.parametrize(
    "methods", [{"esn": {"cell.hidden?": 70}}, {"esn": {"tasks": {"adding": {"cell.hidden?": 70}}}}]
)
def test_an_optional_setting_of_the_suite_replaces_what_was_tuned_too(methods):
    assert of(suite.parse(design(["esn"], methods=methods)), "esn")["adding"] == {"cell.hidden?": 70}


def test_a_row_with_frozen_settings_has_the_digest_of_the_candidate(frozen):
    """Whole numbers with a point included: candidate 1 is the middle of each range."""
    solved = {"status": "solved", "best_error": 0.0, "passes": 2e5}
    path = next(iter(registry.get("methods", "control").tune))
    assert path in candidates.points(registry.get("methods", "control"), 1)[0]
    (frozen / "found").mkdir()
    searched = searches.write("found", {("control", 1, "adding"): solved})
    choices = _tune_suite.choose(found_trials(searched))
    chosen = _tune_suite.document(searched, choices, [])
    tuned.write(frozen / "suites/again.yaml", chosen)
    keys = {"tuned": "suites/again.yaml", "methods": {}}
    use = suite.parse(design(["control", "control_one"], searches.TASKS, **keys))
    wanted = {key[:2]: entry.digest for key, entry in _tune_suite.entries(searched).items()}
    digests = digests_of(use)
    assert digests["control/all/seeds0"]["adding"]["20"] == wanted["adding", "control-01"]
    assert digests["control/all/seeds0"]["temporal_order"]["20"] == wanted["temporal_order", "control-00"]
    assert digests["control_one/all/seeds0"]["temporal_order"]["20"] == wanted["temporal_order", "control-01"]


def found_trials(plan):
    from longlag.engine import trials
    from longlag.store.records import read_rows

    return trials.of_record(read_rows("found/runs.csv"), Path("found/curves.parquet"), _tune_suite.entries(plan))[0]


def test_the_file_is_found_beside_the_suite_and_its_content_is_in_the_record(frozen):
    (frozen / "suites/mine.yaml").write_text(json.dumps(design(["lstm"], tuned="chosen.yaml")))
    plan = suite.read(frozen / "suites/mine.yaml")
    assert plan.config["tuned"] == CHOSEN
    (frozen / "suites/chosen.yaml").unlink()
    assert suite.parse(json.loads(plan.to_json())).jobs == plan.jobs, "suite.json needs no other file"
    with pytest.raises(LonglagError, match=r"mine.yaml: tuned 'chosen.yaml' is not a file"):
        suite.read(frozen / "suites/mine.yaml")


def test_a_fault_is_said_to_stand_where_it_stands(frozen):
    """In the file of settings, on its line; or in the suite that holds them, on its own."""
    here, file = frozen / "suites/mine.yaml", frozen / "suites/chosen.yaml"
    head = "methods: {}\nsuite: mine\ncells: [{methods: [lstm], tasks: [xor]}]\n"
    settings = "search: {}\nmethods:\n  lstm: {one: 3, tasks: {}}\n"
    here.write_text(f"{head}tuned: chosen.yaml\n")
    file.write_text(settings)
    with pytest.raises(LonglagError, match=f"{here}: {file}, line 3: methods.lstm.one is 3; it must be"):
        suite.read(here)
    here.write_text(head + "tuned:\n" + "".join(f"  {line}\n" for line in settings.splitlines()))
    with pytest.raises(LonglagError, match=f"{here}, line 7: methods.lstm.one is 3; it must be"):
        suite.read(here)


def test_the_file_is_found_in_the_package_too(frozen, monkeypatch):
    monkeypatch.setattr(resources, "root", lambda: frozen / "suites")
    assert suite.parse(design(["lstm"], tuned="chosen.yaml")).config["tuned"] == CHOSEN


@pytest.mark.parametrize(
    ("keys", "words"),
    [
        (
            {"methods": {"lstm_one": {"from": "control"}}},
            "methods.lstm_one is a variant with a name that `tuned` gives",
        ),
        ({"search": {"candidates": 3}, "seeds": None}, "search and tuned exclude each other"),
        ({"tuned": {"search": {}}}, "the key `methods` of tuned is missing"),
        ({"tuned": 3}, "tuned is 3; it must be the path of a file"),
        ({"tuned": None}, "unknown method 'lstm_one'; did you mean"),
    ],
)
def test_faults_are_refused(keys, words):
    given = {name: value for name, value in design(["lstm_one"], **keys).items() if name != "seeds" or value}
    with pytest.raises(LonglagError) as error:
        suite.parse(given)
    assert words in str(error.value)


def test_a_stale_row_with_frozen_settings_says_what_differs(frozen):
    plan = suite.parse(design(["esn"], ["memorization_5bit"]))
    plan = dataclasses.replace(plan, digests=digests_of(plan))
    (job,) = plan.jobs
    (key,) = job.runs()
    reasons = []
    for overrides in ({"cell.hidden": 80}, {"cell.hidden": 70}):
        row = collect.error_row(job, key, "")
        row = dataclasses.replace(row, spec_hash="old", spec=json.dumps({"overrides": overrides}))
        write_rows(frozen / "jobs" / job.folder / "runs.csv", [row])
        reasons += [row.reason for row in collect.collect(plan, frozen / "jobs", lambda line: None)[0]]
    assert "another spec, old" in reasons[0]
    assert "other settings, {'cell.hidden': 70}" in reasons[1]


def test_settings_searched_with_another_version_of_a_method_are_named(frozen, capsys):
    now = registry.get("methods", "lstm").version
    for version, other in ((now - 1, True), (now, False)):
        chosen = {"search": {}, "methods": {"lstm": {**CHOSEN["methods"]["lstm"], "version": version}}}
        (frozen / "mine.json").write_text(json.dumps(design(["lstm"], ["xor"], tuned=chosen)))
        assert cli.main(["design", "mine.json"]) == 0
        said = capsys.readouterr().err
        assert (f"were searched with its version {version}; it is version {now} now" in said) == other


def test_tuning_seeds_are_no_seeds_of_a_suite_with_frozen_settings():
    with pytest.raises(LonglagError, match="later ones are for tuning"):
        suite.parse(design(["lstm"], seeds=f"{protocol.FIRST_TUNING_SEED}:{protocol.FIRST_TUNING_SEED + 1}"))
