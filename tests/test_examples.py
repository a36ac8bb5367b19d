"""Every example runs: those in docstrings, and every `python` block of the documents."""

import doctest
import importlib
import pkgutil
import re
from pathlib import Path

import pytest

import longlag
import warm
from longlag import cli, registry
from longlag.store.records import read_rows
from test_docs import DOCUMENTS, ROOT, blocks

SOURCE = Path(longlag.__file__).parent
MODULES = [module.name for module in pkgutil.walk_packages(longlag.__path__, "longlag.")]
WITH_EXAMPLES = [name for name in MODULES if ">>> " in Path(importlib.util.find_spec(name).origin).read_text()]
BLOCKS = [
    (str(document.relative_to(ROOT)), k)
    for document in DOCUMENTS
    for k, _ in enumerate(blocks(str(document.relative_to(ROOT)), "python"))
]
# They train for a while: other tests run them and look at the result.
LEARN = {("README.md", 0), ("README.md", 1), ("docs/plain-torch.md", 0)}


@pytest.fixture(autouse=True)
def _forget_plugins():
    yield
    for found in (*registry._plugins.values(), registry._origins):
        found.clear()


@pytest.mark.parametrize("name", WITH_EXAMPLES)
def test_examples_in_docstrings_hold(name):
    done = doctest.testmod(importlib.import_module(name))
    assert done.attempted > 0, "an example is in a place that doctest does not read"
    assert done.failed == 0


def test_examples_are_found_wherever_they_are():
    files = {path for path in SOURCE.rglob("*.py") if ">>> " in path.read_text()}
    assert files == {Path(importlib.util.find_spec(name).origin) for name in WITH_EXAMPLES}
    assert len(files) > 5


@pytest.mark.parametrize(("document", "k"), [block for block in BLOCKS if block not in LEARN])
def test_python_blocks_of_the_documents_run(tmp_path, document, k):
    """A plug-in is trained; anything else is a script."""
    code, file, out = blocks(document, "python")[k], tmp_path / "block.py", tmp_path / "runs.csv"
    file.write_text(code)
    kind = re.search(r'^(METHOD|TASK) = \w+\(\s*name="(\w+)"', code, flags=re.M)
    if kind is None:
        done = warm.run([str(file)], options=("-W", "error"))
        assert done.returncode == 0, done.stderr
        return
    chosen = {"METHOD": "clipping", "TASK": "temporal_order"} | {kind[1]: kind[2]}
    words = ["train", "--method", chosen["METHOD"], "--task", chosen["TASK"], "--lag", "10", "--budget", "3000"]
    assert cli.main([*words, "--plugin", str(file), "--out", str(out)]) == 0
    (row,) = read_rows(out)
    assert row.status in ("solved", "budget")


def test_the_blocks_that_other_tests_run_are_there():
    assert set(BLOCKS) >= LEARN
