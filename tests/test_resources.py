"""The files that come with the package are found in a clone; tests/test_wheel.py finds them in a wheel."""

import tomllib
from pathlib import Path

import pytest

from longlag import errors, resources
from longlag.errors import LonglagError

ROOT = Path(__file__).parents[1]


def test_in_a_clone_they_are_where_git_has_them():
    assert resources.root() == ROOT
    assert resources.find(resources.REFERENCE) == ROOT / "results/reference"


def test_a_missing_file_says_how_to_get_it_back():
    with pytest.raises(LonglagError, match=r"results/nowhere is missing; install longlag again"):
        resources.find("results/nowhere")


def test_what_a_wheel_ships_comes_first(tmp_path, monkeypatch):
    (tmp_path / "shipped/workflow").mkdir(parents=True)
    monkeypatch.setattr(resources, "_PACKAGE", tmp_path)
    with pytest.raises(LonglagError, match=r"are not beside .*; install longlag again"):
        resources.root()
    (tmp_path / "shipped/workflow/Snakefile").touch()
    assert resources.root() == tmp_path / "shipped"


def test_the_address_of_a_document_is_that_of_the_project():
    urls = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["urls"]
    assert errors.documentation("docs") == urls["Documentation"].replace("/tree/", "/blob/")


def test_the_runs_to_estimate_from_are_those_that_are_there(tmp_path, monkeypatch):
    assert [folder.name for folder in resources.recorded()] == ["reference", "underway"]
    monkeypatch.setattr(resources, "root", lambda: tmp_path)
    assert resources.recorded() == []
    (tmp_path / resources.REFERENCE).mkdir(parents=True)
    assert resources.recorded() == [tmp_path / resources.REFERENCE]
