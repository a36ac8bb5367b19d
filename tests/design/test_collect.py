"""Merging the files of the jobs: every run of the suite gets one row, whatever happened to its job."""

import gzip
import json
import math
import time
from dataclasses import replace
from pathlib import Path

import pytest

from longlag import cli
from longlag.design import suite
from longlag.design.collect import answers, collect, error_row, key_of
from longlag.store import records
from longlag.store.curves import read_points, write_points
from longlag.store.files import checksum
from longlag.store.records import Point, Status


def plan(seeds="0:4", lags=(10, 20), **keys):
    cells = [{"methods": ["esn", "hf"], "tasks": ["adding", "temporal_order"]}]
    config = {"suite": "mine", "seeds": seeds, "lags": list(lags), "seeds_per_job": 2, "cells": cells, **keys}
    return with_digests(suite.parse(config))


def with_digests(one):
    """With stand-ins for the digests of specs: what they hold is tested in test_suite."""
    digests = {}
    for job in one.jobs:
        digests[str(job.folder)] = {task: {str(lag): digest(job, task, lag) for lag in job.lags} for task in job.tasks}
    return replace(one, digests=digests)


def digest(job, task, lag):
    return checksum(map(str, [job.method, task, lag, float(job.budget), dict(job.settings), job.device]))


def row_of(job, key):
    spec = json.dumps({"overrides": dict(job.settings)})
    known = {"status": "solved", "solved": True, "spec": spec, "passes": 9.0}
    known["spec_hash"] = digest(job, key[0], key[2])
    return replace(error_row(job, key, ""), minimal_lag=key[2] // 2, **known)


def point_of(key, passes=1.0):
    task, method, lag, seed = key
    return Point(task, lag, method, seed, passes, 1, 0.5, 0.5, 0.5, 0.1)


@pytest.fixture
def jobs(tmp_path):
    """The files of a finished suite."""
    for job in plan().jobs:
        records.write_rows(tmp_path / job.folder / "runs.csv", [row_of(job, key) for key in job.runs()])
        write_points(tmp_path / job.folder / "curves.parquet", [point_of(key) for key in job.runs()])
    return tmp_path


def gather(one, folder):
    notes: list[str] = []
    rows, curves = collect(one, folder, notes.append)
    assert sorted(map(key_of, rows)) == sorted(one.expected())
    points = [(point["task"], point["method"], point["lag"], point["seed"]) for point in curves.to_pylist()]
    assert points == sorted(points)
    return {key_of(row): row for row in rows}, points, notes


def test_a_finished_suite_is_merged_as_it_is(jobs):
    rows, points, notes = gather(plan(), jobs)
    assert {row.status for row in rows.values()} == {"solved"}
    assert points == sorted(plan().expected())
    assert notes == []


def test_a_job_that_left_nothing_becomes_error_rows(jobs):
    (jobs / "hf/adding/seeds1/runs.csv").unlink()
    rows, points, notes = gather(plan(), jobs)
    dead = {key: row for key, row in rows.items() if row.status == Status.ERROR}
    assert sorted(dead) == [("adding", "hf", lag, seed) for lag in (10, 20) for seed in (2, 3)]
    row = dead["adding", "hf", 20, 3]
    assert "wrote no runs.csv: it was killed or has not run yet" in row.reason
    assert (row.solved, row.budget, row.minimal_lag) == (False, 1e7, 10)
    assert math.isnan(row.passes)
    assert not set(points) & dead.keys()
    assert len(notes) == 1


def test_a_job_that_left_some_rows_keeps_them(jobs):
    path = jobs / "hf/adding/seeds1/runs.csv"
    records.write_rows(path, [row for row in records.read_rows(path) if row.lag == 10])
    rows, points, notes = gather(plan(), jobs)
    assert [rows["adding", "hf", lag, 2].status for lag in (10, 20)] == ["solved", "error"]
    assert len(points) == 30
    assert "2 of 4 rows are missing and get the status error: its job wrote no row for it" in notes[0]


def test_each_missing_row_has_its_own_reason(jobs):
    """Of one job: the row of another budget, and one that was never written."""
    path = jobs / "hf/adding/seeds1/runs.csv"
    first, second, *others = records.read_rows(path)
    records.write_rows(path, [replace(first, budget=5.0, spec_hash="old"), *others])
    rows, _, notes = gather(plan(), jobs)
    assert rows[key_of(first)].reason.startswith("its job ran with another budget, 5")
    assert rows[key_of(second)].reason.startswith("its job wrote no row for it")
    (note,) = notes
    assert "2 of 4 rows are missing and get the status error: its job ran with another budget, 5" in note
    assert note.endswith("; other rows have other reasons")


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (lambda data: data[:-9], "is truncated"),
        (lambda data: data.replace(b",20,", b",twenty,"), "line 4: its checksum is not that of its fields"),
        (lambda data: b"a,b\n1,2\n", "does not have the columns of a runs file"),
        (lambda data: b"\xff\xfe", "byte 0xff in position 0: invalid start byte); name one that longlag wrote"),
        (lambda data: b"", "does not have the columns"),
    ],
)
def test_a_damaged_file_becomes_error_rows_that_say_so(jobs, damage, words):
    path = jobs / "esn/temporal_order/seeds0/runs.csv"
    path.write_bytes(damage(path.read_bytes()))
    rows, _, notes = gather(plan(), jobs)
    assert words in rows["temporal_order", "esn", 10, 0].reason
    assert sum(row.status == Status.ERROR for row in rows.values()) == 4
    assert len(notes) == 1


@pytest.mark.parametrize("damage", [Path.unlink, lambda path: path.write_bytes(path.read_bytes()[:50])])
def test_damaged_curves_cost_no_row(jobs, damage):
    damage(jobs / "esn/temporal_order/seeds0/curves.parquet")
    rows, points, notes = gather(plan(), jobs)
    assert {row.status for row in rows.values()} == {"solved"}
    assert len(points) == 28
    assert "no learning curves of esn/temporal_order/seeds0" in notes[0]


def test_what_the_suite_does_not_ask_for_is_left_out_with_a_warning(jobs):
    one = plan(seeds="0:2", lags=(10,))
    rows, points, notes = gather(one, jobs)
    assert len(rows) == len(points) == 8
    assert {row.status for row in rows.values()} == {"solved"}
    assert sum("has no such job" in line for line in notes) == 4
    assert sum("left out 2 rows that are not in the suite" in line for line in notes) == 4


def test_a_row_twice_counts_once(jobs):
    path = jobs / "hf/adding/seeds1/runs.csv"
    rows = records.read_rows(path)
    records.write_rows(path, [*rows, replace(rows[0], status="budget")])
    _, _, notes = gather(plan(), jobs)
    assert "two rows for adding with hf at lag 10, seed 2; the first one counts" in notes[0]


def test_rows_of_another_budget_do_not_count(jobs):
    rows, _, notes = gather(plan(budget=5), jobs)
    assert {row.status for row in rows.values()} == {"error"}
    assert "another budget, 1e+07" in notes[0]


def test_rows_of_other_settings_do_not_count(jobs):
    rows, _, notes = gather(plan(methods={"hf": {"optimiser.structural_damping": 0.1}}), jobs)
    assert {row.method: row.status for row in rows.values()} == {"esn": "solved", "hf": "error"}
    assert "its job ran with other settings, {}" in notes[0]


@pytest.mark.parametrize("column", ["method_version", "task_version", "protocol_version", "device"])
def test_rows_of_another_version_or_device_do_not_count(jobs, column):
    """Their digest is another one, though budget and settings are those of the suite."""
    path = jobs / "hf/adding/seeds1/runs.csv"
    row = records.read_rows(path)[0]
    new = "cuda: H100" if column == "device" else getattr(row, column) + 1
    records.write_rows(
        path, [replace(row, **{column: new}, spec_hash="0123456789abcdef"), *records.read_rows(path)[1:]]
    )
    rows, points, notes = gather(plan(), jobs)
    assert [key for key, row in rows.items() if row.status == Status.ERROR] == [key_of(row)]
    assert key_of(row) not in points
    assert "its job ran with another spec, 0123456789abcdef instead of" in notes[0]


def test_a_job_answers_if_every_run_has_the_row_of_its_digest(jobs):
    def answered(one):
        return {answers(jobs / job.folder / "runs.csv", one.wanted(job)) for job in one.jobs}

    assert answered(plan()) == answered(plan(lags=(10,))) == {True}
    for other in (plan(lags=(10, 20, 30)), plan(budget=5), plan(device="cuda")):
        assert answered(other) == {False}
    path = jobs / plan().jobs[0].folder / "runs.csv"
    path.write_bytes(path.read_bytes()[:-5])
    assert answered(plan()) == {True, False}


def test_the_command_writes_both_files_whatever_happened(jobs, tmp_path, capsys):
    (tmp_path / "suite.json").write_text(plan().to_json(plan().digests))
    (jobs / "hf/adding/seeds1/runs.csv").unlink()
    out = tmp_path / "out"
    arguments = ["collect", "--suite", str(tmp_path / "suite.json"), "--jobs", str(jobs), "--out", str(out)]
    assert cli.main(arguments) == 0
    printed = capsys.readouterr()
    assert "32 rows (4 error, 28 solved), 28 points" in printed.out
    assert "4 of 4 rows are missing and get the status error" in printed.err
    assert len(records.read_rows(out / "runs.csv")) == 32
    assert len(read_points(out / "curves.parquet")) == 28
    first = (out / "runs.csv").read_bytes()
    assert cli.main(arguments) == 0
    assert (out / "runs.csv").read_bytes() == first


def test_the_command_does_not_replace_the_record_of_another_suite(jobs, tmp_path, capsys):
    one, out = tmp_path / "one.json", tmp_path / "out"
    one.write_text(plan().to_json(plan().digests))
    arguments = ["collect", "--suite", str(one), "--jobs", str(jobs), "--out", str(out)]
    assert cli.main(arguments) == 0
    other = json.loads(one.read_text()) | {"suite": "other"}
    (out / "suite.json").write_text(json.dumps(other))
    before = (out / "runs.csv").read_bytes()
    (jobs / "hf/adding/seeds1/runs.csv").unlink()
    assert cli.main(arguments) == 2
    said = capsys.readouterr().err
    assert f"{out} holds the record of the suite 'other', which {plan().name!r} would replace" in said
    assert "choose another folder with --out, or add --replace" in said
    assert (out / "runs.csv").read_bytes() == before
    assert cli.main([*arguments, "--replace"]) == 0
    assert (out / "runs.csv").read_bytes() != before


@pytest.mark.parametrize("option", ["--suite", "--jobs", "--out"])
def test_bad_paths_end_with_two_and_leave_nothing(jobs, tmp_path, capsys, option):
    (tmp_path / "suite.json").write_text(plan().to_json(plan().digests))
    (tmp_path / "file").write_text("")
    good = {"--suite": tmp_path / "suite.json", "--jobs": jobs, "--out": tmp_path / "out"}
    bad = {**good, option: tmp_path / ("file/out" if option == "--out" else "nowhere")}
    assert cli.main(["collect", *(str(word) for pair in bad.items() for word in pair)]) == 2
    assert len(capsys.readouterr().err.splitlines()) == 1
    assert not (tmp_path / "out").exists()


def test_many_rows_and_points_take_seconds(tmp_path: Path):
    cells = [{"methods": ["esn", "hf"], "tasks": ["adding", "temporal_order"]}]
    keys = {"suite": "big", "seeds": "0:250", "seeds_per_job": 50, "lags": [*range(1, 11)]}
    one = with_digests(suite.parse({**keys, "cells": cells}))
    for job in one.jobs:
        records.write_rows(tmp_path / job.folder / "runs.csv", [row_of(job, key) for key in job.runs()])
        points = [point_of(key, passes) for key in job.runs() for passes in (3.0, 2.0, 1.0)]
        write_points(tmp_path / job.folder / "curves.parquet", points)
    start = time.process_time()
    rows, curves = collect(one, tmp_path, warn=print)
    assert (len(rows), len(curves)) == (10_000, 30_000)
    assert curves["passes"].to_pylist()[:3] == [1.0, 2.0, 3.0]
    assert time.process_time() - start < 10


def test_a_run_that_cannot_be_built_is_named_as_the_reason(tmp_path):
    one = plan(seeds="0:1")
    (job, *_) = one.jobs
    lags = {task: {str(lag): None if lag == 10 else "abc" for lag in job.lags} for task in job.tasks}
    one = replace(one, jobs=(job,), digests={str(job.folder): lags})
    rows, _, notes = gather(one, tmp_path)
    assert {row.status for row in rows.values()} == {Status.ERROR}
    assert all("cannot be built; `longlag design` of the suite says why" in row.reason for row in rows.values())
    assert "cannot be built" in notes[0]


@pytest.mark.parametrize("packed", [False, True], ids=["runs.csv", "runs.csv.gz"])
def test_rows_of_other_runs_or_without_job_files_are_not_replaced(jobs, tmp_path, capsys, packed):
    one, out, empty = tmp_path / "one.json", tmp_path / "out", tmp_path / "empty"
    one.write_text(plan().to_json(plan().digests))
    empty.mkdir()

    def collect_from(folder, *more):
        return cli.main(["collect", "--suite", str(one), "--jobs", str(folder), "--out", str(out), *more])

    assert collect_from(jobs) == 0
    rows = records.read_rows(out / "runs.csv")
    for held, said in (
        (rows, "lack (32), such as"),
        ([replace(row, method="other") for row in rows], "has rows of other runs (16), such as"),
    ):
        records.write_rows(out / "runs.csv", held)
        kept = out / "runs.csv"
        if packed:
            kept = out / "runs.csv.gz"
            kept.write_bytes(gzip.compress((out / "runs.csv").read_bytes()))
            (out / "runs.csv").unlink()
        before = kept.read_bytes()
        assert collect_from(empty) == 2
        assert said in capsys.readouterr().err
        assert kept.read_bytes() == before
    assert collect_from(empty, "--replace") == 1
    assert "has files in" in capsys.readouterr().err
