"""The notebooks are those of their texts, small, without errors, and run again to the end."""

import json
from pathlib import Path

import pytest

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


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning", "ignore::RuntimeWarning")
@pytest.mark.parametrize("name", NAMES)
def test_a_notebook_runs(build, name, tmp_path, monkeypatch):
    pytest.importorskip("ipykernel", reason="ipykernel is not installed (longlag[test])")
    monkeypatch.chdir(tmp_path)
    made = build.run(build.read(name))
    ran = [cell for cell in made.cells if cell.cell_type == "code"]
    assert all(cell.execution_count for cell in ran)
