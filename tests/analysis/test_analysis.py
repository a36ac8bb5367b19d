"""An analysis as a user of Python has it: from a folder or a file, of some tasks and methods, and in a line."""

from pathlib import Path

import pytest

from longlag.analysis import Analysis
from longlag.errors import LonglagError

RECORD = Path(__file__).parents[2] / "results/far"


@pytest.fixture(scope="module")
def far():
    return Analysis.load(RECORD)


def test_a_folder_means_its_runs_and_its_curves(far):
    runs, curves = RECORD / "runs.csv.gz", RECORD / "curves.parquet"
    assert far.runs.equals(Analysis.load(runs).runs)
    assert far.curves.equals(Analysis.load(str(runs), curves).curves)
    assert len(far.curves)
    assert Analysis.load(runs).curves.empty


def test_curves_that_are_given_stand_for_those_of_the_folder(far, tmp_path):
    (tmp_path / "runs.csv.gz").write_bytes((RECORD / "runs.csv.gz").read_bytes())
    assert Analysis.load(str(tmp_path)).curves.empty
    assert Analysis.load(tmp_path, RECORD / "curves.parquet").curves.equals(far.curves)


def test_a_folder_without_runs_is_refused(tmp_path):
    with pytest.raises(LonglagError, match=r"cannot read .*runs\.csv"):
        Analysis.load(tmp_path)


def test_one_name_is_as_good_as_a_list_of_one(far):
    one, listed = far.only("xor", "hf"), far.only(["xor"], ["hf"])
    assert one.runs.equals(listed.runs)
    assert one.curves.equals(listed.curves)
    assert {*one.runs.task} == {"xor"}
    assert one.methods == ["hf"]
    with pytest.raises(LonglagError, match=r"unknown task of these runs 'xr'; did you mean 'xor'\?"):
        far.only("xr")


def test_an_analysis_says_in_a_line_how_much_it_holds(far):
    assert repr(far) == f"Analysis({len(far.runs)} runs, 2 methods, 3 tasks, {len(far.curves)} points)"
