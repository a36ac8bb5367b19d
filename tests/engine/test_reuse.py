"""Rows of earlier runs are taken instead of trained: only those of the same spec and seed, with their curves."""

import dataclasses
import json
import shutil

import pytest

from longlag import cli
from longlag.design import suite
from longlag.engine.ladder import Rungs
from longlag.engine.reuse import Reuse
from longlag.engine.spec import resolve
from longlag.errors import LonglagError
from longlag.store.curves import read_points, write_points
from longlag.store.records import VOLATILE, Row, Status, read_rows, write_rows
from toy import outcome, small, spec

SETS = [f"--set={path}={value}" for path, value in small("control").items()]
CLIMB = ["ladder", "--method", "control", "--task", "adding", "--lags", "10,12", *SETS]


@pytest.fixture(scope="module")
def known(tmp_path_factory):
    """A folder with four rows and their curves."""
    folder = tmp_path_factory.mktemp("known")
    assert climb(folder) == 0
    return folder


def climb(folder, *words: str, budget="600", seeds="0:2") -> int:
    outputs = ["--out", str(folder / "runs.csv"), "--curves", str(folder / "curves.parquet")]
    return cli.main([*CLIMB, "--seeds", seeds, "--budget", budget, *outputs, *words])


def lasting(rows: list[Row]) -> list[str]:
    return [repr(dataclasses.replace(row, **dict.fromkeys(VOLATILE, ""))) for row in rows]


def test_rows_and_curves_are_taken_as_they_are(known, tmp_path, capsys):
    assert climb(tmp_path, "--reuse", str(known)) == 0
    assert "4 rows, 4 of them reused" in capsys.readouterr().out
    before, after = read_rows(known / "runs.csv"), read_rows(tmp_path / "runs.csv")
    assert [repr(dataclasses.replace(row, origin="")) for row in after] == [repr(row) for row in before]
    assert {row.origin for row in after} == {str(known / "runs.csv")}
    assert read_points(tmp_path / "curves.parquet") == read_points(known / "curves.parquet")


def test_an_estimate_says_how_many_runs_are_there_already(known, tmp_path, capsys):
    cell = {"methods": ["control"], "tasks": ["adding"]}
    kept = {"reuse": [str(known / "runs.csv")], "methods": {"control": small("control")}}
    design = {"suite": "more", "lags": [10, 12], "seeds": "0:3", "budget": 600, "cells": [cell], **kept}
    (tmp_path / "more.yaml").write_text(json.dumps(design))
    assert cli.main(["estimate", str(tmp_path / "more.yaml"), str(known / "runs.csv")]) == 0
    assert "4 of 6 runs are in the files of reuse already" in capsys.readouterr().err


def test_an_estimate_counts_no_row_that_will_be_trained_again(known, tmp_path, capsys):
    rows = read_rows(known / "runs.csv")
    ended = [dataclasses.replace(row, status=str(status)) for row, status in zip(rows, Status, strict=False)]
    assert [row.status for row in ended] == ["solved", "budget", "diverged", "timeout"]
    write_rows(tmp_path / "ended.csv", ended)
    kept = {"reuse": [str(tmp_path / "ended.csv")], "methods": {"control": small("control")}}
    cell = {"methods": ["control"], "tasks": ["adding"]}
    design = {"suite": "more", "lags": [10, 12], "seeds": "0:2", "budget": 600, "cells": [cell], **kept}
    (tmp_path / "more.yaml").write_text(json.dumps(design))
    assert cli.main(["estimate", str(tmp_path / "more.yaml"), str(known / "runs.csv")]) == 0
    assert "3 of 4 runs are in the files of reuse already" in capsys.readouterr().err


def test_only_what_is_new_is_trained(known, tmp_path):
    words = ["--reuse", str(known), "--cache", str(tmp_path / "rungs")]
    assert climb(tmp_path, *words, seeds="0:3") == 0
    rows = read_rows(tmp_path / "runs.csv")
    assert {(row.lag, row.seed) for row in rows if not row.origin} == {(10, 2), (12, 2)}
    assert len(list(tmp_path.glob("rungs/**/*.json"))) == 2
    alone = tmp_path / "alone"
    assert climb(alone, seeds="0:3") == 0
    assert lasting(rows) == lasting(read_rows(alone / "runs.csv"))


def test_another_spec_is_trained(known, tmp_path):
    assert climb(tmp_path, "--reuse", str(known), budget="700") == 0
    assert not any(row.origin for row in read_rows(tmp_path / "runs.csv"))


def test_rows_that_may_end_differently_are_not_taken(known):
    rows = read_rows(known / "runs.csv")
    for status in Status:
        ended = [dataclasses.replace(row, status=str(status)) for row in rows]
        write_rows(known / "ended.csv", ended)
        taken = Reuse.read([known / "ended.csv"]).rows
        assert bool(taken) == (status in (Status.SOLVED, Status.BUDGET, Status.DIVERGED)), status


def test_the_first_file_counts(known, tmp_path):
    shutil.copy(known / "runs.csv", tmp_path / "again.csv")
    reuse = Reuse.read([tmp_path / "again.csv", known / "runs.csv"])
    assert {row.origin for row in reuse.rows.values()} == {str(tmp_path / "again.csv")}


def test_a_row_without_a_curve_is_taken_unless_gradient_flow_is_asked_for(known, tmp_path, capsys):
    shutil.copy(known / "runs.csv", tmp_path / "alone.csv")
    reuse = Reuse.read([tmp_path / "alone.csv"])
    one = spec("control", "adding")
    row, points = reuse.take(resolve(one), 0)
    assert (row.seed, points) == (0, [])
    assert Rungs(None, reuse).load(resolve(one), 0) == (row, points)
    assert Rungs(None, reuse).load(resolve(dataclasses.replace(one, gradient_flow=True)), 0) is None
    assert climb(tmp_path, "--reuse", str(known), "--gradient-flow") == 0, "there are curves, but not of gradient flow"
    assert not any(row.origin for row in read_rows(tmp_path / "runs.csv"))
    capsys.readouterr()
    assert climb(tmp_path / "new", "--reuse", str(tmp_path / "alone.csv"), seeds="0:1") == 0
    assert "2 rows, 2 of them reused; " in capsys.readouterr().out, "curves are those of a file beside it"
    (tmp_path / "curves.parquet").unlink()
    assert climb(tmp_path / "new", "--reuse", str(tmp_path / "alone.csv"), seeds="0:1") == 0
    assert "2 rows, 2 of them reused (2 without learning curves, which are not" in capsys.readouterr().out
    (tmp_path / "curves.parquet").write_text("damaged")
    reuse = Reuse.read([tmp_path / "alone.csv"])
    assert reuse.take(resolve(one), 1)[1] == []
    assert "taken without their learning curves" in capsys.readouterr().err


def test_a_run_that_ended_before_its_first_evaluation_is_reused_with_gradient_flow(tmp_path):
    one = spec("control", "adding", gradient_flow=True, overrides={"optimiser.learning_rate": 1e30})
    points, (row,) = outcome(one)
    assert (row.status, row.evaluation_passes, points) == (Status.DIVERGED, 0, [])
    write_rows(tmp_path / "runs.csv", [row])
    for with_file in (False, True):
        if with_file:
            write_points(tmp_path / "curves.parquet", points)
        found, found_points = Rungs(None, Reuse.read([tmp_path / "runs.csv"])).load(resolve(one), 0)
        assert (found.seed, found.status, found_points) == (0, Status.DIVERGED, [])


def test_reused_rows_are_verified(known, tmp_path, capsys):
    assert climb(tmp_path, "--reuse", str(known)) == 0
    assert cli.main(["verify", str(tmp_path), "--reused", "--sample", "1"]) == 0
    assert "1 of 1 rows verified" in capsys.readouterr().out
    assert cli.main(["verify", str(known), "--reused"]) == 1
    assert "nothing to verify: " in capsys.readouterr().out


DESIGN = {"suite": "mine", "cells": [{"methods": ["esn"], "tasks": ["adding"]}]}


def test_a_design_names_files_that_are_there_and_not_its_own(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(LonglagError, match=r"'no\.csv' in reuse is not a file; .* relative to the working folder \("):
        suite.parse({**DESIGN, "reuse": ["no.csv"]})
    own = tmp_path / "results/mine/runs.csv"
    own.parent.mkdir(parents=True)
    write_rows(own, [])
    with pytest.raises(LonglagError, match="is written by this suite itself; copy it"):
        suite.parse({**DESIGN, "reuse": ["results/mine/runs.csv"]})
    (tmp_path / "suite.yaml").write_text("suite: mine")
    with pytest.raises(LonglagError, match=r"suite\.yaml does not have the columns of a runs file"):
        suite.parse({**DESIGN, "reuse": ["suite.yaml"]})
    write_rows(tmp_path / "old.csv", [])
    one = suite.parse({**DESIGN, "reuse": ["old.csv"]})
    assert one.reuse == ("old.csv",)
    assert one.jobs == suite.parse(DESIGN).jobs, "what a job computes does not depend on it"
    (tmp_path / "old.csv").unlink()
    assert suite.parse({**DESIGN, "reuse": ["old.csv"], "digests": {}}).reuse == ("old.csv",), "long after the run"


def test_a_missing_file_is_refused_before_anything_is_trained(tmp_path, capsys):
    assert climb(tmp_path, "--reuse", str(tmp_path / "no.csv")) == 2
    assert "there is no" in capsys.readouterr().err
    assert not (tmp_path / "runs.csv").exists()
