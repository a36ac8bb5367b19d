"""Joining records: one result of one design, or a refusal that names what is mixed."""

from dataclasses import replace

import pytest

import fake_results
from fake_results import a_row
from longlag import cli
from longlag.design.collect import key_of
from longlag.design.job import in_words
from longlag.design.merge import merge
from longlag.errors import LonglagError
from longlag.store import files, records
from longlag.store.curves import read_points, write_points


def row(seed=0, **changes):
    known = {
        "task": "adding",
        "method": "hf",
        "lag": 20,
        "status": "solved",
        "spec_hash": "abc",
        "spec": '{"budget": 1.0}',
    }
    return a_row(seed=seed, **(known | changes))


def test_seeds_of_two_machines_are_joined():
    merged = merge({"laptop": [row(0), row(1)], "cluster": [row(2), row(3, cpu="Another")]})
    assert [one.seed for one in merged.rows] == [0, 1, 2, 3]
    assert merged.dropped == 0
    assert [*merged.taken.values()] == ["laptop"] * 2 + ["cluster"] * 2


def test_the_same_run_twice_is_one_run():
    """Times and versions may differ: they are volatile."""
    merged = merge({"a": [row(0, seconds=1.0)], "b": [row(0, seconds=2.0, commit="other")]})
    assert [(one.seed, one.seconds) for one in merged.rows] == [(0, 1.0)]
    assert merged.dropped == 1


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"test_error": 0.25}, "a and b disagree on adding with hf at lag 20, seed 0: test_error 0.5 and 0.25"),
        (
            {"status": "budget", "solved": False},
            "status solved and budget, solved True and False; leave one of them out",
        ),
        ({"status": "timeout"}, "status solved and timeout"),
        ({"spec_hash": "def", "spec": '{"budget": 2.0}'}, "adding with hf at lag 20 in two specs .budget 1.0 and 2.0."),
        ({"spec_hash": "def", "seed": 9}, "adding with hf at lag 20 in two specs .spec_hash."),
        ({"method_version": 2, "lag": 50}, "method hf in two versions .1 and 2."),
        ({"task_version": 2, "method": "esn"}, "task adding in two versions .1 and 2."),
        ({"protocol_version": 2, "task": "xor", "method": "esn"}, "the protocol in two versions"),
    ],
)
def test_what_is_mixed_or_disagrees_is_refused_by_name(changes, message):
    with pytest.raises(LonglagError, match=message):
        merge({"a": [row()], "b": [row(**changes)]})


def test_a_run_that_came_to_an_end_replaces_one_that_died():
    made_up = row(0, status="error", spec_hash="", spec="", protocol_version=0, task_version=0, method_version=0)
    for order in (("dead", "done"), ("done", "dead")):
        parts = {"dead": [made_up, row(1, status="error")], "done": [row(0), row(1)]}
        merged = merge({name: parts[name] for name in order})
        assert [one.status for one in merged.rows] == ["solved", "solved"]
        assert {*merged.taken.values()} == {"done"}
    assert [one.status for one in merge({"dead": [made_up], "other": [row(1)]}).rows] == ["error", "solved"]


def test_the_command_joins_curves_of_the_rows_it_keeps(tmp_path, capsys):
    all_rows = fake_results.runs(range(4))
    for name, seeds in (("a", (0, 1, 2)), ("b", (2, 3))):
        rows = [one for one in all_rows if one.seed in seeds]
        records.write_rows(tmp_path / name / "runs.csv", rows)
        write_points(tmp_path / name / "curves.parquet", fake_results.points(rows))
    words = ["merge", tmp_path / "all", tmp_path / "a", tmp_path / "b/runs.csv"]
    assert cli.main([str(word) for word in words]) == 0
    assert f"{len(all_rows)} rows of 2 records" in capsys.readouterr().out
    assert len(records.read_rows(tmp_path / "all/runs.csv")) == len(all_rows)
    points = read_points(tmp_path / "all/curves.parquet")
    assert len(points) == len(set(points)) == len(fake_results.points(all_rows))
    first = (tmp_path / "all/runs.csv").read_bytes()
    assert cli.main(["merge", str(tmp_path / "all"), str(tmp_path / "b"), str(tmp_path / "a")]) == 0
    assert (tmp_path / "all/runs.csv").read_bytes() == first
    assert not [*tmp_path.rglob(".*")]


def test_the_command_refuses_and_leaves_what_was_there(tmp_path, capsys):
    records.write_rows(tmp_path / "a/runs.csv", [row()])
    records.write_rows(tmp_path / "b/runs.csv", [replace(row(), test_error=0.25)])
    records.write_rows(tmp_path / "out/runs.csv", [row(7)])
    assert cli.main(["merge", str(tmp_path / "out"), str(tmp_path / "a"), str(tmp_path / "b")]) == 2
    assert "disagree on adding" in capsys.readouterr().err
    assert [one.seed for one in records.read_rows(tmp_path / "out/runs.csv")] == [7]
    assert cli.main(["merge", str(tmp_path / "out"), str(tmp_path / "a"), str(tmp_path / "a/runs.csv")]) == 2


def test_runs_that_no_record_has_are_not_dropped_in_silence(tmp_path, capsys):
    records.write_rows(tmp_path / "a/runs.csv", [row()])
    records.write_rows(tmp_path / "out/runs.csv", [row(), row(7)])
    out, words = tmp_path / "out/runs.csv", ["merge", str(tmp_path / "out"), str(tmp_path / "a")]
    assert cli.main(words) == 2
    assert (
        f"{out} has 1 run, such as {in_words(key_of(row(7)))}, which none of the records has" in capsys.readouterr().err
    )
    assert len(records.read_rows(out)) == 2
    assert cli.main([*words, str(tmp_path / "out")]) == 0, "the remedy that the error names"
    assert len(records.read_rows(out)) == 2
    assert cli.main([*words, "--replace"]) == 0
    assert [one.seed for one in records.read_rows(out)] == [row().seed]
    out.write_bytes(b"damaged")
    assert cli.main(words) == 2, "it may hold runs that were whole"
    assert "its runs would be lost" in capsys.readouterr().err
    assert out.read_bytes() == b"damaged"
    assert cli.main([*words, "--replace"]) == 0
    out.write_bytes(b"")
    assert cli.main(words) == 0


def test_curves_of_an_earlier_merge_that_cannot_be_deleted_end_it(tmp_path, capsys, monkeypatch):
    records.write_rows(tmp_path / "a/runs.csv", [row()])
    write_points(tmp_path / "out/curves.parquet", [])
    remove = files.remove
    monkeypatch.setattr(files, "remove", lambda path: path.name != "curves.parquet" and remove(path))
    assert cli.main(["merge", str(tmp_path / "out"), str(tmp_path / "a")]) == 2
    assert "is of an earlier merge and cannot be deleted; delete it" in capsys.readouterr().err
    assert not (tmp_path / "out/runs.csv").exists()
