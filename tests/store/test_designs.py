"""The suite of rows: beside their file or that of their origin, and only if it asks for all of their digests."""

import json

import pytest

from longlag import resources
from longlag.store import designs
from longlag.store.designs import Design, beside
from longlag.store.records import read_rows, rows_in


def suite(folder, *digests, **more):
    folder.mkdir(exist_ok=True)
    found = {"suite": folder.name, "digests": {"job": {"adding": dict(enumerate(digests))}}, **more}
    (folder / designs.FILE).write_text(json.dumps(found))
    return json.loads((folder / designs.FILE).read_text())


def test_a_suite_counts_for_methods_of_whose_rows_it_asks_for_all(tmp_path):
    found = suite(tmp_path, "a", "b")
    rows = [("lstm", "a", ""), ("lstm", "b", ""), ("hf", "a", ""), ("hf", "c", ""), ("esn", "", "")]
    assert beside(tmp_path / "runs.csv", rows) == {"lstm": Design("lstm", found)}
    killed = [("lstm", "a", ""), ("lstm", "", "")]
    assert beside(tmp_path / "runs.csv", killed) == {"lstm": Design("lstm", found)}


def test_a_label_is_no_part_of_the_name_in_the_suite(tmp_path):
    found = suite(tmp_path, "a")
    rows = [("lstm_one-low", "a", "")]
    assert beside(tmp_path / "runs.csv", rows, "low") == {"lstm_one-low": Design("lstm_one", found)}


def test_rows_that_were_taken_have_the_suite_of_their_origin(tmp_path):
    here, there = suite(tmp_path / "here", "a"), suite(tmp_path / "there", "a", "b")
    rows = [("mine", "a", ""), ("hf", "b", str(tmp_path / "there/runs.csv"))]
    found = beside(tmp_path / "here/runs.csv", rows)
    assert found == {"mine": Design("mine", here), "hf": Design("hf", there)}, "the file beside comes first"


def test_the_origin_may_be_the_reference_of_the_package(tmp_path):
    row = next(row for row in read_rows(rows_in(resources.find(resources.REFERENCE))) if row.spec_hash)
    origin = f"longlag 0.0: {resources.REFERENCE}/runs.csv"
    found = beside(tmp_path / "runs.csv", [(row.method, row.spec_hash, origin)])
    assert found[row.method].suite["suite"] == "reference"


@pytest.mark.parametrize("content", [None, "", "[]", "{}", "not JSON", '{"digests": 3}', "[" * 100_000])
def test_a_file_that_holds_no_suite_is_none(tmp_path, content):
    if content is not None:
        (tmp_path / designs.FILE).write_text(content)
    origins = ["nowhere/runs.csv", "longlag 0.0: nowhere/runs.csv", "longlag"]
    assert beside(tmp_path / "runs.csv", [("lstm", "a", origin) for origin in origins]) == {}
