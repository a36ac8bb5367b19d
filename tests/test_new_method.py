"""A method in the tree is one file and its golden numbers: dropped into a copy of the tree, it needs no other edit."""

import os
import re
import shutil
import subprocess
import sys

import pytest

from longlag import registry
from test_docs import ROOT, blocks

pytestmark = pytest.mark.slow
NAME = "my_orthogonal"
CONTRACTS = ["test_contracts", "test_ranges", "test_checkpoint", "test_gradient_flow"]  # in which its name stands
WHOLE = ["test_suite", "test_estimate", "test_discovery", "test_figures", "test_cli"]  # on all methods at once
ABOUT = "demo or footprints or named or rule or plug_in or remedies or look or json"


@pytest.fixture(scope="module")
def tree(tmp_path_factory):
    """A copy of what the tests read, with the method of docs/add-a-method.md in it."""
    copy = tmp_path_factory.mktemp("tree")
    for folder in ("src", "tests", "config", "docs"):
        shutil.copytree(ROOT / folder, copy / folder, ignore=shutil.ignore_patterns("__pycache__"))
    (copy / "results").symlink_to(ROOT / "results")
    for file in ("pyproject.toml", "README.md"):
        shutil.copy(ROOT / file, copy)
    (copy / f"src/longlag/methods/{NAME}.py").write_text(blocks("docs/add-a-method.md", "python")[0])
    return copy


def inside(tree, *words: str) -> str:
    """What a process prints whose package is the copy's."""
    path = os.pathsep.join([str(tree / "src"), str(tree / "tests")])
    done = subprocess.run(
        [sys.executable, *words], cwd=tree, env=os.environ | {"PYTHONPATH": path}, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout[-5000:] + done.stderr[-5000:]
    return done.stdout


def selected(tree, words: str, names: list[str]) -> str:
    """What pytest prints of the tests with these words in these files, wherever in tests/ they are."""
    (files,) = zip(*((tree / "tests").rglob(f"{name}.py") for name in names), strict=True)  # each name is one file
    return inside(tree, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-k", words, *map(str, files))


def test_it_keeps_every_contract(tree):
    said = selected(tree, NAME, CONTRACTS)
    assert int(re.findall(r"(\d+) passed", said)[-1]) > 2 * len(registry.names("tasks"))


def test_what_is_said_of_all_methods_holds_with_it(tree):
    selected(tree, ABOUT, WHOLE)


def test_its_golden_numbers_and_the_table_of_remedies_are_written_by_one_command(tree):
    code = f"""
import test_golden as golden
golden.ENTRIES = golden.RUNS = [entry for entry in golden.RUNS if entry.startswith("{NAME} ")]
golden.write()
golden.REMEDIES.write_text(golden.with_tables(golden.REMEDIES.read_text()))
print(*map(golden.failure, golden.ENTRIES), len(golden.ENTRIES))
"""
    assert inside(tree, "-c", code).strip() == "3"
    assert f"[methods/{NAME}.py](../src/longlag/methods/{NAME}.py)" in (tree / "docs/remedies.md").read_text()
