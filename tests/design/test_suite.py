"""The design: what is accepted, what is refused and in which words, and how it is cut into jobs."""

import contextlib
import dataclasses
import io
import itertools
import json
import os
import shlex
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from snakemake.cli import parse_config

from longlag import cli, registry
from longlag.cli.design import digests_of
from longlag.design import collect, digests, kept, suite
from longlag.design.job import in_words
from longlag.errors import LonglagError
from longlag.store import records

ROOT = Path(__file__).parents[2]
CONFIG = ROOT / "config"
REMEDIES = {"control", "clipping", "lstm", "lstm_chrono", "hf", "esn", "esn_momentum"}
TASKS = registry.names("tasks")
CELL = {"methods": ["esn"], "tasks": ["adding"]}


def design(*cells, **keys):
    return {"suite": "mine", "cells": list(cells) or [CELL], **keys}


SUITES = sorted(path for path in CONFIG.glob("*.yaml") if path.stem != "config")  # which names one of them


@pytest.mark.parametrize("path", SUITES, ids=lambda path: path.stem)
def test_suites_of_the_repository_are_read_and_read_back(path, tmp_path):
    one = suite.read(path)
    assert one.name == path.stem
    (tmp_path / "suite.json").write_text(one.to_json())
    assert suite.read(tmp_path / "suite.json").jobs == one.jobs


@pytest.mark.parametrize("name", ["demo", "standard", "reference_full"])
def test_every_remedy_and_the_three_tasks_of_the_question_are_in_each_suite(name):
    runs = suite.read(CONFIG / f"{name}.yaml").expected()
    assert {key[1] for key in runs} >= REMEDIES
    assert {key[0] for key in runs} >= {"adding", "temporal_order", "memorization_5bit"}


def test_reference_has_every_remedy_on_every_task_of_the_package():
    """But those with logistic outputs, the format of 1997: a readout in closed form does not fit them."""
    tasks = {name for name in registry.names("tasks") if registry.get("tasks", name).loss.name != "logistic_error"}
    pairs = {(key[0], key[1]) for key in suite.read(CONFIG / "reference_full.yaml").expected()}
    assert pairs >= set(itertools.product(tasks, REMEDIES))


def test_design_and_its_siblings_take_the_name_of_a_suite(capsys, monkeypatch):
    monkeypatch.chdir(ROOT)
    printed = []
    for name in ("flow", "config/flow.yaml"):
        assert cli.main(["design", name]) == 0
        printed.append(capsys.readouterr().out)
    assert printed[0] == printed[1]
    assert cli.main(["design", "flaw"]) == 2
    assert "did you mean 'flow'" in capsys.readouterr().err


def test_the_record_of_a_design_that_cannot_be_read_is_not_replaced_in_silence(tmp_path):
    """Its plug-in may be gone: then the rows say what would be lost."""
    small = suite.parse(design(seeds="0:2"))
    (job,) = suite.parse(design(seeds="0:3")).jobs
    rows = [collect.error_row(job, key, "killed") for key in job.runs()]
    records.write_rows(tmp_path / "runs.csv", rows)
    (tmp_path / "suite.json").write_text(json.dumps({"suite": small.name, "plugins": ["gone.py"], "cells": []}))
    lost = [key for key in job.runs() if key[3] == 2]
    assert f"does not ask for {len(lost)} of its runs" in kept.loss(tmp_path, small)


def test_a_variant_is_of_a_method_and_not_of_a_row_of_tuned():
    cell = {"methods": ["mine"], "tasks": ["adding"]}
    config = design(cell, methods={"mine": {"from": "lstm_one"}}, tuned=str(ROOT / "config/tuned/tuning.yaml"))
    with pytest.raises(LonglagError, match="unknown method 'lstm_one'"):
        suite.parse(config)


def test_the_record_of_another_suite_is_not_replaced_in_silence(tmp_path):
    one, other = (replace(suite.parse(design()), name=name) for name in ("mine", "yours"))
    (tmp_path / "suite.json").write_text(json.dumps({"suite": "yours"}))
    assert kept.loss(tmp_path, one) == "", "no rows yet"
    (tmp_path / "runs.csv").touch()
    assert kept.loss(tmp_path, one) == f"{tmp_path} holds the record of the suite 'yours', which 'mine' would replace"
    assert kept.loss(tmp_path, other) == kept.loss(tmp_path / "new", one) == ""
    with pytest.raises(LonglagError, match=r"which 'mine' would replace; work elsewhere$"):
        kept.refuse_loss(tmp_path, one, "work elsewhere")


def test_a_larger_record_of_the_same_suite_is_not_replaced_in_silence(tmp_path):
    large, small = suite.parse(design(seeds="0:3")), suite.parse(design(seeds="0:2"))
    (tmp_path / "suite.json").write_text(large.to_json())
    (tmp_path / "runs.csv").touch()
    lost = {key for key in large.expected() if key[3] == 2}
    said = kept.loss(tmp_path, small)
    assert f"holds a larger record of the suite {large.name!r}, which the suite as it is now would replace" in said
    assert f"does not ask for {len(lost)} of its runs, such as {in_words(min(lost))}" in said
    assert kept.loss(tmp_path, large) == ""
    for job in large.jobs:  # nothing is lost: these collect them again
        (tmp_path / "jobs" / job.folder).mkdir(parents=True, exist_ok=True)
        (tmp_path / "jobs" / job.folder / "runs.csv").touch()
    assert kept.loss(tmp_path, small) == ""
    left = kept.leaving(tmp_path, small)
    assert f"does not ask for {len(lost)} of the runs of its record, such as {in_words(min(lost))}" in left
    assert f"What was trained stays in {tmp_path / 'rungs'}" in left
    assert kept.leaving(tmp_path, large) == kept.leaving(tmp_path / "new", small) == ""
    (tmp_path / "jobs").rename(tmp_path / "elsewhere")
    assert kept.loss(tmp_path, small) == said
    assert kept.loss(tmp_path, small, tmp_path / "elsewhere") == ""


def test_demo_is_small():
    """A job for each method, and one more."""
    assert 8 <= len(suite.read(CONFIG / "demo.yaml").jobs) <= len(registry.names("methods")) + 1


@pytest.mark.parametrize(
    ("config", "words"),
    [
        (design(sedes=3), "unknown key 'sedes'; did you mean 'seeds'?"),
        (design({**CELL, "lag": [10]}), "unknown key in cells[0]: 'lag'; did you mean 'lags'?"),
        (design({"methods": ["esm"], "tasks": ["adding"]}), "unknown method 'esm'; did you mean 'esn'?"),
        (design({"methods": ["esn"], "tasks": ["ading"]}), "unknown task 'ading'; did you mean 'adding'?"),
        (
            design({"methods": ["esn", "chrono LSTM"], "tasks": ["adding"]}),
            "unknown method 'chrono LSTM'; did you mean 'lstm_chrono'?",
        ),
        (
            design({"methods": ["esn"], "tasks": ["20-bit memory"]}),
            "unknown task '20-bit memory'; did you mean 'memorization_20bit'?",
        ),
        (
            design({"methods": ["my LSTM"], "tasks": ["adding"]}, methods={"my LSTM": {"from": "lstm"}}),
            "cells[0].methods[0] is 'my LSTM'; it must be a name of at most 100 letters, digits, - and _",
        ),
        (design({"methods": ["<>"], "tasks": ["adding"]}), "cells[0].methods[0] is '<>'; it must be a name"),
        (design(methods={"hff": {"optimiser.decay": 1}}), "unknown method 'hff'; did you mean 'hf'?"),
        (
            design({"methods": ["fast"], "tasks": ["adding"]}, methods={"fast": {"optimiser.learning_rate": 1}}),
            "methods.fast is no method of the package; a variant says which one it is of: fast: {from: METHOD, ...}",
        ),
        (design(methods={"fast": {"from": "lstm"}}), "methods.fast is in no cell, so nothing would train it"),
        (
            design({"methods": ["a"], "tasks": ["adding"]}, methods={"a": {"from": "b"}, "b": {"from": "lstm"}}),
            "methods.a is from 'b', a variant itself; `from` takes a method",
        ),
        (design(methods={"esn": {1: 2}}), "the dotted name of a setting, such as optimiser.learning_rate"),
        (design(budget=0), "budget is 0; it must be a positive number of sequence passes"),
        (design(budget="much"), "budget is 'much'; it must be a positive number"),
        (design(budget=float("nan")), "budget is 'nan'; it must be a positive number"),
        (design(timeout=-1), "timeout is -1; it must be a positive number of wall-clock seconds"),
        (design(lags=[10, 0]), "lags[1] is 0; it must be a positive whole number"),
        (design(lags=[10, 1e2]), "lags[1] is 100.0; it must be a positive whole number of steps, such as 100"),
        (design(seeds=3.0), "seeds is 3.0; it must be a range"),
        (design(seeds_per_job=2.0), "seeds_per_job is 2.0; it must be a positive whole number"),
        (design(lags=[10, 10]), "lags is [10, 10]; it must be a list of different"),
        (design(lags=20), "lags is 20; it must be a list"),
        (design(lags=[10**13]), "lags[0] is 10000000000000; it must be a positive whole number"),
        (design(lags=[10**400]), "lags[0] is a number of more than 30 digits; it must be"),
        (design(budget=10**400), "budget is a number of more than 30 digits; it must be"),
        (design(timeout=10**400), "timeout is a number of more than 30 digits; it must be"),
        (design(seeds_per_job=10**400), "seeds_per_job is a number of more than 30 digits; it must be"),
        (design(methods={"esn": {"cell.hidden": 10**400}}), "is a number of more than 30 digits; it must be"),
        (design(seeds="0:" + "9" * 400), "it must be a range"),
        (design(seeds="0:" + "9" * 5000), "it must be a range"),
        (design(seeds="0:1000000", lags=[*range(10, 30)], seeds_per_job=1), "the suite asks for 20,000,000 runs"),
        (design(seeds="3-6"), "seeds is '3-6'; it must be a range such as \"0:3\" for seeds 0, 1 and 2"),
        (design(seeds="6:3"), "seeds '6:3' is an empty range"),
        (design(seeds=186), "seeds is 186; it must be a range"),  # what YAML makes of an unquoted 3:6
        (design(seeds_per_job=0), "seeds_per_job is 0; it must be a positive whole number"),
        (design(device="gpu"), "device is 'gpu'; it must be cpu, cuda or cuda:N"),
        (design(plugins=["nowhere.py"]), "plug-in 'nowhere.py' is not a file"),
        (design(search={"candidates": 0}), "search.candidates is 0; it must be a positive whole number"),
        (design(search={"candidates": 4, "seed": 1}), "unknown key in search: 'seed'; did you mean 'seeds'?"),
        (design(search={"candidates": 4, "seeds": "0:2"}), "search.seeds '0:2' has seeds below 1000000"),
        (
            design(search={"candidates": 4, "seeds": "1999999:2000001"}),
            "search.seeds '1999999:2000001' go beyond 1999999, the last seed of tuning; write a range from 1000000 on",
        ),
        (design(search={"candidates": 4, "seeds": "1000002:1000002"}), "search.seeds '1000002:1000002' is an empty"),
        (design(search={"candidates": 4}, seeds="0:2"), "seeds '0:2' of the suite are those of reported runs"),
        (design({**CELL, "seeds": 2}, search={"candidates": 4}), "seeds 2 of cells[0] are those of reported runs"),
        (design(search={"candidates": 999}, budget=1, lags=[*range(10, 5100)]), "the suite asks for 10,180,000 runs"),
        (design(suite="a/b"), "suite is 'a/b'; it must be a name of at most 100 letters"),
        ({"suite": "mine"}, "the key `cells` is missing; see https://github.com"),
        (design({"methods": ["esn"]}), "the key `tasks` of cells[0] is missing"),
        (design(CELL, CELL), "cells[0] and cells[1] both ask for adding with esn at lag 10, seed 0"),
        (design(CELL, {**CELL, "lags": [9]}), "cells[0] and cells[1] both write esn/adding/seeds0; merge"),
    ],
)
def test_bad_design_is_refused_in_plain_words(config, words):
    with pytest.raises(LonglagError) as error:
        suite.parse(config, "my.yaml")
    assert str(error.value).startswith("my.yaml: ")
    assert words in str(error.value)


def test_rest_is_every_method_of_the_package_that_no_cell_names():
    rest = {"methods": "rest", "tasks": ["xor"]}
    plan = suite.parse(design(CELL, {"methods": ["hf", "lstm"], "tasks": ["adding"]}, rest))
    others = set(registry.names("methods")) - {"esn", "hf", "lstm"}
    assert {job.method for job in plan.jobs if job.tasks == ("xor",)} == others
    assert sorted(plan.config["cells"][2]["methods"]) == sorted(others)  # the record says what was asked for
    every = {"methods": registry.names("methods"), "tasks": ["adding"]}
    assert suite.parse(design(every, rest)).jobs == suite.parse(design(every)).jobs
    with pytest.raises(LonglagError, match=r"cells\[0\].methods is 'others'; it must be a list"):
        suite.parse(design({"methods": "others", "tasks": ["xor"]}))


def test_the_demo_covers_every_method_and_a_new_one_too(monkeypatch):
    plan = suite.read(CONFIG / "demo.yaml")
    assert {job.method for job in plan.jobs} == set(registry.names("methods"))
    names = [*registry.names("methods"), "brand_new"]
    monkeypatch.setattr("longlag.discovery.Folder.names", lambda folder: names)
    monkeypatch.setattr(registry, "names", lambda kind: [*names, *TASKS])
    (new,) = [job for job in suite.read(CONFIG / "demo.yaml").jobs if job.method == "brand_new"]
    assert (new.tasks, new.lags) == (("temporal_order",), (20,))


KEYS = {"seeds": 2, "lags": [10, 20], "budget": 5e4, "timeout": None, "seeds_per_job": 2, "flow": True,
        "methods": {"esn": {"optimiser.sequences": 50, "cell.leak": 0.5, "loss.name": "one_hot_error"}}}  # fmt: skip


def quoted(value):
    if isinstance(value, dict):
        return {key: quoted(item) for key, item in value.items()}
    if isinstance(value, list):
        return [quoted(item) for item in value]
    return value if isinstance(value, str) else json.dumps(value)


def test_a_quoted_number_is_the_number():
    """And so is every value of Snakemake's `--config` that stands in brackets."""
    plain, texts = suite.parse(design(**KEYS)), suite.parse(design({**CELL, "lags": ["10", "20"]}, **quoted(KEYS)))
    assert texts.jobs == plain.jobs
    assert texts.jobs[0].settings == KEYS["methods"]["esn"]
    words = [f"{key}={json.dumps(value) if key != 'flow' else 'true'}" for key, value in KEYS.items()]
    folded = suite.find({**parse_config(words), "suite": "demo"}, [CONFIG])
    assert {(job.timeout, job.flow, job.budget) for job in folded.jobs} >= {(None, True, 5e4)}
    assert next(job for job in folded.jobs if job.method == "esn").settings == KEYS["methods"]["esn"]


@pytest.mark.parametrize(
    ("keys", "words"),
    [
        ({"lags": ["10", "2.5"]}, "lags[1] is '2.5'; it must be a positive whole number"),
        ({"lags": ["10", "1" + "0" * 5000]}, "lags[1] is '1000"),
        ({"budget": "Infinity"}, "budget is 'Infinity'; it must be a positive number"),
        ({"flow": "yes"}, "flow is 'yes'; it must be true"),
        ({"lags": ["10", "10"]}, "it must be a list of different positive whole numbers"),
        ({"seeds": "0:1" + "0" * 5000}, "it must be a range"),
    ],
)
def test_a_text_that_is_no_such_number_is_refused(keys, words):
    with pytest.raises(LonglagError) as error:
        suite.parse(design(**keys))
    assert words in str(error.value)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("suite: [", "is not YAML"),
        ("- 1", "is not a mapping"),
        ("title: 2001-13-45", "is not YAML"),
        ("[" * 10_000, "is not YAML"),
        (None, "cannot read"),
    ],
)
def test_unreadable_file(tmp_path, text, words):
    if text is not None:
        (tmp_path / "my.yaml").write_text(text)
    with pytest.raises(LonglagError, match=words):
        suite.read(tmp_path / "my.yaml")


def test_group_is_one_job_and_settings_reach_their_method_only():
    cell = {"methods": ["esn", "hf"], "tasks": ["adding", "temporal_order"], "lags": [50, 20], "group": "all"}
    keys = {"seeds": 2, "methods": {"hf": {"optimiser.structural_damping": 0.1}}, "timeout": 60}
    jobs = suite.parse(design(cell, **keys)).jobs
    assert [str(job.folder) for job in jobs] == ["esn/all/seeds0", "hf/all/seeds0"]
    assert jobs[0].arguments() == (
        "--method esn --task adding --task temporal_order --lags 20,50 --seeds 0:2 "
        "--budget 10000000 --device cpu --timeout 60"
    )
    assert jobs[1].arguments().endswith(" --set optimiser.structural_damping=0.1")


def test_the_title_of_a_job_names_its_tasks_and_seeds_and_not_its_group():
    tasks = ["adding", "xor", "temporal_order", "copy", "latch", "parity"]
    few, many = ({"methods": [name], "tasks": tasks[:n], "group": "both"} for name, n in (("hf", 4), ("esn", 6)))
    assert [job.title for job in suite.parse(design(few, many, seeds="1:5")).jobs] == [
        "hf on adding, xor, temporal_order, copy, seeds 1 to 2", "hf on adding, xor, temporal_order, copy, seeds 3 to 4",
        "esn on adding, xor, temporal_order, copy and 2 more tasks, seeds 1 to 2",
        "esn on adding, xor, temporal_order, copy and 2 more tasks, seeds 3 to 4",
    ]  # fmt: skip
    (one,) = suite.parse(design({"methods": ["esn"], "tasks": ["xor"]}, seeds="4:5")).jobs
    assert one.title == "esn on xor, seed 4"


def test_gradient_flow_is_asked_for_by_the_suite_or_by_a_cell():
    plain, watched = ({"methods": ["hf"], "tasks": [task]} for task in ("adding", "xor"))
    for keys, cells in (({}, [plain, watched | {"flow": True}]), ({"flow": True}, [plain | {"flow": False}, watched])):
        jobs = suite.parse(design(*cells, **keys)).jobs
        assert {job.tasks[0]: "--gradient-flow" in job.arguments().split() for job in jobs} == {
            "adding": False,
            "xor": True,
        }


@settings(deadline=None)  # an example takes longer than the default of 200 ms where other jobs have the cores
@given(start=st.integers(0, 9), count=st.integers(1, 9), size=st.integers(1, 5))
def test_one_more_seed_renames_no_job_and_moves_no_seed(start, count, size):
    def by_seed(end):
        jobs = suite.parse(design(seeds=f"{start}:{end}", seeds_per_job=size)).jobs
        return {seed: job.folder for job in jobs for seed in job.seeds}

    before, after = by_seed(start + count), by_seed(start + count + 1)
    assert sorted(before) == list(range(start, start + count))
    assert before.items() <= after.items()


LIKE_A_NUMBER = "3e40316554336589"  # a digest that has been seen; as a number it is infinite


def test_a_digest_that_looks_like_a_number_stays_a_text(tmp_path):
    one = suite.parse({"suite": "mine", "lags": [50], "cells": [{"methods": ["esn"], "tasks": ["adding"]}]})
    found = {job.folder.as_posix(): {"adding": {"50": LIKE_A_NUMBER}} for job in one.jobs}
    (tmp_path / "suite.json").write_text(one.to_json(found))
    assert suite.read(tmp_path / "suite.json").digests == found


def test_expected_has_one_key_per_run_and_exponents_without_a_point_are_numbers():
    one = suite.parse(design({**CELL, "lags": [10, 20]}, seeds="3:5", budget="2e3"))
    assert sorted(one.expected()) == [("adding", "esn", lag, seed) for lag in (10, 20) for seed in (3, 4)]
    assert {job.budget for job in one.jobs} == {2000.0}


def test_find_prefers_the_first_folder_and_lets_other_keys_replace_those_of_the_file(tmp_path):
    (tmp_path / "demo.yaml").write_text(json.dumps(design(suite="demo", title="own")))
    one = suite.find({"suite": "demo", "seeds": "0:1"}, [tmp_path, CONFIG])
    assert (one.title, len(one.jobs), one.jobs[0].seeds) == ("own", 1, range(1))
    assert suite.find({}, [tmp_path, CONFIG]).name == "standard"
    assert suite.find(design(), [tmp_path]).name == "mine"
    with pytest.raises(LonglagError, match="unknown suite 'dmo'; did you mean 'demo'"):
        suite.find({"suite": "dmo"}, [tmp_path, CONFIG])


def test_find_lets_config_yaml_name_or_be_the_suite_if_the_config_has_none(tmp_path):
    assert suite.find({}, [CONFIG]).name == "standard"
    (tmp_path / "config.yaml").write_text("suite: demo\nseeds: '0:1'")
    assert {(one.name, one.jobs[0].seeds) for one in [suite.find({}, [tmp_path, CONFIG])]} == {("demo", range(1))}
    assert suite.find({"seeds": "0:2"}, [tmp_path, CONFIG]).jobs[0].seeds == range(2)
    other = suite.find({"suite": "standard"}, [tmp_path, CONFIG])
    assert other.jobs == suite.read(CONFIG / "standard.yaml").jobs, "config.yaml is about another suite"
    (tmp_path / "config.yaml").write_text(json.dumps(design()))
    assert suite.find({}, [tmp_path, CONFIG]).name == "mine"
    with pytest.raises(LonglagError, match="unknown suite 'config'"):
        suite.find({"suite": "config"}, [tmp_path, CONFIG])


CHANGES = {
    "budget": {"budget": 2e5},
    "settings": {"methods": {"esn": {"cell.hidden": 9}}},
    "timeout": {"timeout": 60},
    "device": {"device": "cuda"},
}


def test_digests_are_those_of_the_rows_that_the_jobs_write(tmp_path):
    """Also of numbers that YAML and the command line write in different ways, and whatever is beside the runs."""
    keys = {"budget": 1000, "lags": [10, 12], "methods": {"esn": {"cell.hidden": 8}}, "title": "x", "timeout": 60}
    one = suite.parse(design({"methods": ["esn"], "tasks": ["adding", "xor"], "group": "both"}, seeds=1, **keys))
    one = dataclasses.replace(one, digests=digests.work_out(one))
    (job,) = one.jobs
    words = ["ladder", *shlex.split(job.arguments()), "--out", str(tmp_path / "runs.csv")]
    assert cli.main(words) == 0
    rows = records.read_rows(tmp_path / "runs.csv")
    assert {(row.task, row.method, row.lag, row.seed): row.spec_hash for row in rows} == one.wanted(job)
    assert suite.parse(json.loads(one.to_json(one.digests))) == one


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_all_that_decides_a_number_changes_the_digest(change):
    """A GPU need not be here."""
    before, after = (digests_of(suite.parse(design(**{"budget": 1e5, **keys}))) for keys in ({"seeds": 2}, change))
    one, two = (found["esn/adding/seeds0"]["adding"] for found in (before, after))
    assert all(one[lag] and two[lag] and one[lag] != two[lag] for lag in ("10", "20", "50"))
    longer = digests_of(suite.parse(design(budget=1e5, seeds=9, title="Other", lags=[10, 30])))
    assert longer["esn/adding/seeds2"]["adding"]["10"] == one["10"]


HALF = """
from longlag.methods.base import Method
from longlag.methods.gru import METHOD as PARENT

def build(traits, lag):
    if traits.kind == "symbols" and lag == 20:
        raise ValueError("no symbols here")
    return PARENT.build(traits, lag)

METHOD = Method("half", "half", "x", "x", 1, build)
"""
ON_BOTH = {"methods": ["half", "gru"], "tasks": ["adding", "temporal_order"], "lags": [10, 20]}


@pytest.fixture
def _forget_plugins():
    yield
    for found in (*registry._plugins.values(), registry._origins):
        found.clear()


@pytest.fixture
def _in_this_process(_forget_plugins, monkeypatch):
    """`longlag design` answers in this process, which has torch. That it is a process of its own is tested below."""

    def call(command, *, input, **how):
        assert command[:5] == [*digests.THIS, "design"]
        given = io.TextIOWrapper(io.BytesIO(input.encode()), "utf-8")
        out, err = io.StringIO(), io.StringIO()
        with pytest.MonkeyPatch.context() as patch, contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            patch.setattr(sys, "stdin", given)
            code = cli.main(command[4:])
        done = subprocess.CompletedProcess(command, code, out.getvalue(), err.getvalue())
        done.check_returncode()
        return done

    stand_in = SimpleNamespace(run=call, CalledProcessError=subprocess.CalledProcessError)
    monkeypatch.setattr(digests, "subprocess", stand_in)


@pytest.fixture
def half(tmp_path):
    (tmp_path / "half.py").write_text(HALF)
    return str(tmp_path / "half.py")


@pytest.mark.usefixtures("_in_this_process")
def test_a_foreign_method_that_cannot_be_built_everywhere_is_a_warning_and_takes_no_other_with_it(half):
    said: list[str] = []
    one = suite.parse(design(ON_BOTH, plugins=[half], seeds=2), "my.yaml")
    found = digests.work_out(one, one.plugins, said.append)
    assert [lag for lag in ("10", "20") if found["half/temporal_order/seeds0"]["temporal_order"][lag] is None] == ["20"]
    assert all(all(by_lag.values()) for folder, tasks in found.items() for task, by_lag in tasks.items()
               if folder != "half/temporal_order/seeds0")  # fmt: skip
    (text,) = said
    assert text.startswith("my.yaml: 2 of 16 runs cannot be built, and their 1 job with 4 runs will end with an error")
    assert "cells[0], half on temporal_order at lag 20: method 'half' cannot be built" in text
    assert "ValueError: no symbols here" in text


@pytest.mark.usefixtures("_in_this_process")
@pytest.mark.parametrize(
    ("cells", "keys", "words"),
    [
        ([{**CELL, "lags": [5, 10]}, {"methods": ["gru", "hf"], "tasks": ["adding"], "lags": [5]}], {},
         ["3 of 4 runs cannot be run, so nothing is started",
          "cells[0] and cells[1], esn, gru and hf on adding at lag 5: lag 5 is too small for task 'adding'",
          "need lag >= 10"]),
        ([{**CELL, "tasks": ["adding", "xor"]}], {"methods": {"esn": {"cell.hiden": 3}}, "lags": [10, 20]},
         ["4 of 4 runs", "cells[0], esn on adding at lags 10 and 20: unknown setting 'cell.hiden'",
          "did you mean 'cell.hidden'?"]),
        ([CELL], {"methods": {"esn": {"cell.hidden": -3}}}, ["3 of 3 runs", "setting 'cell.hidden' cannot be -3"]),
        ([{"methods": ["half"], "tasks": ["temporal_order"], "lags": [20]}, {**CELL, "lags": [20]}], {},
         ["1 of 2 runs cannot be run", "method 'half' cannot be built for task 'temporal_order'"]),
    ],
    ids=["lag", "unknown setting", "range", "a method that can be built nowhere"],
)  # fmt: skip
def test_what_cannot_be_run_is_refused_with_file_cell_and_remedy(half, cells, keys, words):
    one = suite.parse(design(*cells, plugins=[half], seeds=1, **keys), "my.yaml")
    with pytest.raises(LonglagError) as error:
        digests.work_out(one, one.plugins)
    assert str(error.value).startswith("my.yaml: ")
    assert [word for word in words if word not in str(error.value)] == []


@pytest.mark.usefixtures("_in_this_process")
def test_faults_of_many_kinds_are_counted_not_all_listed():
    one = suite.parse(design({**CELL, "lags": [*range(1, 20)]}, seeds=1), "my.yaml")
    with pytest.raises(LonglagError, match=r"9 of 19 runs") as error:
        digests.work_out(one)
    assert len(str(error.value).splitlines()) == 10
    twelve = suite.parse(design(*({**CELL, "lags": [lag], "tasks": [task], "group": f"{task}{lag}"}
                                  for lag in range(1, 8) for task in ("adding", "xor"))), "my.yaml")  # fmt: skip
    with pytest.raises(LonglagError, match="and 4 more reasons"):
        digests.work_out(twelve)


@pytest.mark.usefixtures("_in_this_process")
def test_a_device_or_memory_that_is_not_here_is_a_note_unless_the_suite_is_to_run_here():
    said: list[str] = []
    far = suite.parse(design(device="cuda:7", seeds=1), "my.yaml")
    digests.work_out(far, warn=said.append)
    assert "my.yaml: 1 job cannot run on this machine: device 'cuda:7' cannot be used here" in said[0]
    with pytest.raises(LonglagError, match=r"(?s)3 of 3 runs cannot be run.*device 'cuda:7'.*cpu always works"):
        digests.work_out(far, here=True)
    big = suite.parse(design({"methods": ["lstm"], "tasks": ["adding"]}, methods={"lstm": {"cell.hidden": 10**7}}))
    assert digests.work_out(big)
    with pytest.raises(LonglagError, match="of memory"):
        digests.work_out(big, here=True)


@pytest.mark.usefixtures("_in_this_process")
def test_digests_that_a_caller_has_worked_out_are_taken_for_the_same_question_only(tmp_path, monkeypatch):
    one = suite.parse(design(title="Handed on"))
    found = {"a job": {"adding": {"20": "a digest"}}}
    for name, value in digests.hand_on(tmp_path / "digests.json", one, (), found, here=False).items():
        monkeypatch.setenv(name, value)
    assert digests.work_out(one) == found
    for own in (digests.work_out(suite.parse(design(title="Another"))), digests.work_out(one, here=True)):
        assert found.keys().isdisjoint(own)
    (tmp_path / "digests.json").write_text("[")
    digests._from_command.cache_clear()
    assert found.keys().isdisjoint(digests.work_out(one))


@pytest.mark.usefixtures("_forget_plugins")
@pytest.mark.parametrize("path", SUITES, ids=lambda path: path.stem)
def test_suites_of_the_repository_have_no_fault(path, capsys):
    """By the command that `work_out` calls, in this process."""
    plugins = [f"--plugin={plugin}" for plugin in suite.read(path).plugins]
    assert cli.main(["design", str(path), *plugins]) == 0
    said = capsys.readouterr()
    assert said.err == ""
    assert json.loads(said.out)["digests"]


def test_errors_name_where_the_suite_came_from(tmp_path):
    (tmp_path / "mine.yaml").write_text(json.dumps(design(budget=5)))
    for config, origin, words in [
        (design(budget=0), "a.yaml", "a.yaml: budget is 0"),
        ({"suite": "mine", "budget": 0}, "--config", f"{tmp_path / 'mine.yaml'}, with budget of --config: budget is 0"),
        ({"suite": "mnie"}, "a.yaml", "a.yaml: unknown suite 'mnie'; did you mean 'mine'?"),
        ({"suite": "mnie"}, "", "is a YAML file with cells: snakemake --configfile FILE, longlag run FILE"),
    ]:
        with pytest.raises(LonglagError) as error:
            suite.find(config, [tmp_path], origin)
        assert words in str(error.value)


def test_digests_that_are_damaged_are_refused():
    with pytest.raises(LonglagError, match=r"esn/adding/seeds0'\] is 3; it must be a mapping from a task"):
        suite.parse(design(digests={"esn/adding/seeds0": 3}))
    with pytest.raises(LonglagError, match="has no digests; write them with `longlag design`"):
        suite.parse(design()).wanted(suite.parse(design()).jobs[0])


@pytest.fixture(scope="module")
def wanted():
    """The digests of a design as the command gives them. They do not depend on its title, but answers are kept by it."""
    return digests.work_out(suite.parse(design(title="A command")))


def test_digests_need_no_command_on_the_path(wanted, monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    assert digests.work_out(suite.parse(design(title="No command"))) == wanted


def test_digests_are_those_of_this_package_unless_the_jobs_are_of_another(wanted, monkeypatch, tmp_path):
    one = suite.parse(design(title="This package"))
    other = tmp_path / "longlag"
    other.write_text("""#!/bin/sh\necho '{"digests": {}}'\n""")
    other.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    (tmp_path / "here/longlag").mkdir(parents=True)
    (tmp_path / "here/longlag/__init__.py").write_text("1 / 0")
    monkeypatch.chdir(tmp_path / "here")
    assert digests.work_out(one) == wanted
    assert digests.work_out(one, program=["longlag"]) == {}


def test_a_plugin_runs_only_if_it_is_named_and_its_failure_is_reported_in_its_own_words(tmp_path):
    plugin = tmp_path / "broken.py"
    plugin.write_text("1 / 0")
    one = suite.parse(design({"methods": ["mine"], "tasks": ["adding"]}, plugins=[str(plugin)]))
    with pytest.raises(LonglagError, match=r"unknown method 'mine'.*: add --plugin .*broken.py to run it"):
        digests.work_out(one)
    with pytest.raises(LonglagError, match="ZeroDivisionError"):
        digests.work_out(one, one.plugins)


def test_every_key_is_explained_in_the_readme():
    code = (Path(suite.__file__).parent / "schemas" / "suite.schema.json").read_text()
    keys = json.loads(code)["properties"]
    readme = (CONFIG / "README.md").read_text()
    assert [key for key in [*keys, *keys["cells"]["items"]["properties"]] if f"`{key}`" not in readme] == []


def test_no_torch_and_no_pandas_for_a_plan():
    code = "import sys; from longlag.design import suite; suite.read(sys.argv[1]); print(*sys.modules)"
    command = [sys.executable, "-c", code, str(CONFIG / "reference_full.yaml")]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0
    assert not {"torch", "pandas"} & set(done.stdout.split())


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("suite: a\n\nsedes: 3\ncells: []\n", "line 3: unknown key 'sedes'"),
        ("suite: a\ncells:\n- {methods: [esn], tasks: [adding]}\n- methods: [hf]\n  tasks: [adding]\n  lags: 20\n",
         "line 6: cells[1].lags is 20"),
        ("suite: a\ncells:\n- {methods: [esn], tasks: [adding]}\n- methods: [hf]\n", "line 4: the key `tasks` of cells[1] is missing"),
        ("suite: a\nlags:\n- 10\n- 0\ncells: [{methods: [hf], tasks: [adding]}]\n", "line 4: lags[1] is 0"),
        ("suite: my\nseeds: 3\n", "my.yaml: the key `cells` is missing; see"),
        ('{"suite": "a", "cells": [{"methods": ["hf"], "tasks": ["adding"]}],\n "budget": 0}', "line 2: budget is 0"),
    ],
)  # fmt: skip
def test_errors_of_a_file_name_the_line(tmp_path, text, words):
    (tmp_path / "my.yaml").write_text(text)
    for read in (lambda: suite.read(tmp_path / "my.yaml"), lambda: suite.find({"suite": "my"}, [tmp_path])):
        with pytest.raises(LonglagError) as error:
            read()
        assert str(error.value).startswith(str(tmp_path / "my.yaml"))
        assert words in str(error.value)
