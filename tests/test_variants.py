"""A variant: a method with other settings under a name of its own, in suites, records and on the command line."""

import json

import pytest

from longlag import cli, settings
from longlag.design import suite
from longlag.engine import verify
from longlag.engine.spec import RunSpec, resolve
from longlag.errors import LonglagError
from longlag.store.curves import read_points
from longlag.store.records import read_rows
from toy import small

SLOW = {"optimiser.learning_rate": 0.01}
SETS = [f"--set={path}={value}" for path, value in small("control").items()]
TRAIN = ["--method", "control", "--task", "temporal_order", "--task", "adding", "--budget", "600", *SETS]


def design(**methods):
    cell = {"methods": ["control", *(name for name, of in methods.items() if "from" in of)], "tasks": ["adding", "xor"]}
    return {"suite": "mine", "cells": [cell], "lags": [20], "seeds": "0:1", "methods": methods}


def test_settings_of_one_task_replace_the_general_ones():
    values = settings.parse(["optimiser.batch=50", "adding:optimiser.batch=20", "adding:optimiser.learning_rate=0.1"])
    assert settings.of_task(values, "adding") == {"optimiser.batch": 20, "optimiser.learning_rate": 0.1}
    assert settings.of_task(values, "xor") == {"optimiser.batch": 50}
    assert settings.tasks_of(values) == ["adding"]


def test_a_path_that_is_given_twice_is_refused():
    with pytest.raises(LonglagError, match=r"--set gives .* twice"):
        settings.parse(["optimiser.batch=50", "optimiser.batch=20"])
    with pytest.raises(LonglagError, match=r"--set gives 'init.bias_scale' twice"):
        settings.parse(["init.bias_scale?=0.1", "init.bias_scale=0.2"])


def test_a_variant_is_a_job_of_its_own_name_and_its_method_s_arguments():
    plan = suite.parse(design(slow={"from": "control", **SLOW, "tasks": {"xor": {"optimiser.batch": 50}}}))
    (job,) = (job for job in plan.jobs if job.method == "slow" and job.tasks == ("xor",))
    assert job.folder.parts[0] == "slow"
    words = job.arguments()
    assert "--method control --variant slow" in words
    assert "--set optimiser.learning_rate=0.01 --set xor:optimiser.batch=50" in words
    assert {key[1] for key in plan.expected()} == {"control", "slow"}


def test_a_job_takes_the_settings_of_its_own_tasks_alone():
    plan = suite.parse(design(slow={"from": "control", "tasks": {"xor": {"optimiser.batch": 50}}}))
    (job,) = (job for job in plan.jobs if job.method == "slow" and job.tasks == ("adding",))
    assert "--set" not in job.arguments()


def test_the_name_changes_no_number():
    spec = RunSpec("adding", 20, "control", (0,), overrides=SLOW)
    assert (
        resolve(RunSpec("adding", 20, "control", (0,), overrides=SLOW, variant="slow")).spec_hash
        == resolve(spec).spec_hash
    )


@pytest.mark.parametrize(
    ("methods", "words"),
    [
        ({"hf": {"from": "control"}}, "methods.hf is a variant with the name of a method; choose another name"),
        ({"slow": {"from": "controll"}}, "unknown method 'controll'; did you mean 'control'?"),
        ({"slow": {"from": "control", "tasks": {"ading": {}}}}, "unknown task 'ading'; did you mean 'adding'?"),
        ({"a b": {"from": "control"}}, "is 'a b'; it must be a name of at most 100"),
        ({"slow": {"from": 3}}, "methods.slow.from is 3; it must be the name of the method"),
        ({"slow": {"from": "control", "tasks": {"xor": 1}}}, "methods.slow.tasks.xor is 1; it must be a mapping"),
    ],
)
def test_suites_with_faults_are_refused(methods, words):
    with pytest.raises(LonglagError, match="(?s)" + words.replace("?", r"\?").replace(".", r"\.")):
        suite.parse(design(**methods))


@pytest.mark.parametrize(
    ("extra", "words"),
    [
        (["--variant", "hf"], "variant 'hf' of 'control' has the name of a method; choose another name"),
        (["--variant", "a b"], "'a b' is no name for a variant"),
        (["--set", "xor:optimiser.batch=5"], "is for task 'xor', which is not trained"),
        (["--set", "adding:optimiser.bach=5"], "unknown setting 'optimiser.bach'; did you mean 'optimiser.batch'?"),
    ],
)
def test_the_command_line_refuses_faults(extra, words, tmp_path, capsys):
    assert cli.main(["ladder", *TRAIN, "--lags", "20", "--out", str(tmp_path / "o.csv"), *extra]) != 0
    assert words in capsys.readouterr().err
    assert not (tmp_path / "o.csv").exists()


def test_rows_carry_the_name_and_are_verified_and_reused_by_their_digest(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    own = ["--variant", "slow", "--set", "adding:optimiser.learning_rate=0.01"]
    assert not cli.main(["ladder", *TRAIN, *own, "--lags", "20", "--out", "runs.csv", "--curves", "curves.parquet"])
    rows = {row.task: row for row in read_rows("runs.csv")}
    assert (
        {row.method for row in rows.values()} == {point.method for point in read_points("curves.parquet")} == {"slow"}
    )
    assert json.loads(rows["adding"].spec)["overrides"]["optimiser.learning_rate"] == 0.01
    assert "optimiser.learning_rate" not in json.loads(rows["temporal_order"].spec)["overrides"]
    assert all(verify.rerun(row).same for row in rows.values())
    again = ["--variant", "other", *own[2:], "--reuse", "runs.csv"]
    assert not cli.main(["ladder", *TRAIN, *again, "--lags", "20", "--out", "2.csv", "--curves", "2.parquet"])
    assert {(row.method, row.origin) for row in read_rows("2.csv")} == {("other", "runs.csv")}
    assert {point.method for point in read_points("2.parquet")} == {"other"}
