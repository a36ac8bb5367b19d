"""The notebooks are those of their texts, small, without errors, and run again to the end."""

import json
import re
from pathlib import Path

import pytest

from longlag import lecture
from longlag.lecture.base import texts
from programs import loaded

NOTEBOOKS = Path(__file__).parents[1] / "docs/notebooks"
NAMES = ("lecture", "hessian-free")
LARGEST = 300_000  # bytes


@pytest.fixture(scope="module")
def build():
    pytest.importorskip("nbclient", reason="nbclient is not installed (longlag[test])")
    with loaded(NOTEBOOKS / "build.py") as module:
        yield module


def cells(name):
    return json.loads((NOTEBOOKS / f"{name}.ipynb").read_text())["cells"]


def test_every_notebook_is_tested(build):
    assert build.NAMES == NAMES
    assert {path.stem for path in NOTEBOOKS.glob("*.ipynb")} == set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_a_notebook_is_that_of_its_text_with_outputs(build, name):
    made, kept = build.read(name).cells, cells(name)
    sources = [(cell["cell_type"], "".join(cell["source"])) for cell in kept]
    assert sources == [(cell.cell_type, cell.source) for cell in made], (
        "python docs/notebooks/build.py writes them again"
    )
    outputs = [output for cell in kept for output in cell.get("outputs", [])]
    assert len(outputs) > 3
    assert all(output["output_type"] != "error" for output in outputs)
    assert (NOTEBOOKS / f"{name}.ipynb").stat().st_size < LARGEST


def test_the_lecture_states_the_verdicts_of_twenty_nets_and_names_every_claim():
    text = (NOTEBOOKS / "lecture.py").read_text("utf-8")
    shown = json.loads((NOTEBOOKS.parent / "lecture/shown.json").read_text("utf-8"))
    stated = dict(re.findall(r'^    "(\w+)": "([\w ]+)",$', text, flags=re.M))
    measured = set(re.findall(r'^measure\("(\w+)"', text, flags=re.M))
    assert len(shown["seeds"]) == 20
    assert stated == {slug: shown["claims"][slug]["verdict"] for slug in measured}, (
        "docs/notebooks/lecture.py OF_TWENTY"
    )
    others = set(re.findall(r"[`\s](\w+)[`\s]", text[text.index("**Next:**") :]))
    assert set(lecture.names()) - measured <= others, "the list of the other claims at the end"


def test_the_lecture_shows_its_claims_in_the_words_of_today():
    """The outputs are kept: without this, those of an older claim would stay."""
    shown = " ".join(
        "".join(output["data"]["text/markdown"])
        for cell in cells("lecture")
        for output in cell.get("outputs", [])
        if "text/markdown" in output.get("data", {})
    )
    text = (NOTEBOOKS / "lecture.py").read_text("utf-8")
    for slug in re.findall(r'^measure\("(\w+)"', text, flags=re.M):
        summary = " ".join(texts()[slug]["summary"].split())
        lacking = [part for part in re.split(r"\{[^}]*\}", summary) if part.strip() not in shown]
        assert not lacking, f"{slug}: python docs/notebooks/build.py runs the notebook again"


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning", "ignore::RuntimeWarning")
@pytest.mark.parametrize("name", NAMES)
def test_a_notebook_runs(build, name, tmp_path, monkeypatch):
    pytest.importorskip("ipykernel", reason="ipykernel is not installed (longlag[test])")
    monkeypatch.chdir(tmp_path)
    made = build.run(build.read(name))
    ran = [cell for cell in made.cells if cell.cell_type == "code"]
    assert all(cell.execution_count for cell in ran)
