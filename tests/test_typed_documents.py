"""Every `python` block of the documents passes `mypy --strict` and pyright: users have them checked in their editors.

A file with a mistake is checked with the blocks, so that a checker that does not see longlag's types is noticed.
"""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from test_docs import ROOT, blocks
from test_examples import BLOCKS

pytestmark = pytest.mark.slow
MISTAKE = "from longlag.torch_data import TaskDataset\n\nTaskDataset('adding', lag='fifty')\n"
UNTYPED = ("sklearn", "scipy", "pandas", "pyarrow", "reservoirpy", "matplotlib", "seaborn", "statsmodels", "lifelines")


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """One file for each block, named after its document, and one with a mistake."""
    place = tmp_path_factory.mktemp("blocks")
    for document, k in BLOCKS:
        (place / f"{re.sub(r'[^a-zA-Z]', '_', document)}_{k}.py").write_text(blocks(document, "python")[k])
    (place / "mistake.py").write_text(MISTAKE)
    return place


def said(words: list[str], folder: Path) -> list[str]:
    """The lines of a checker."""
    done = subprocess.run([sys.executable, "-m", *words], cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 1, done.stdout + done.stderr
    return done.stdout.splitlines()


def test_mypy_in_strict_mode_accepts_every_block(folder):
    settings = ["[mypy]", "strict = true", f"mypy_path = {ROOT / 'src'}", "untyped_calls_exclude = torch"]
    settings += [f"[mypy-{','.join(f'{name},{name}.*' for name in UNTYPED)}]", "ignore_missing_imports = true"]
    (folder / "mypy.ini").write_text("\n".join(settings) + "\n")
    cache = ROOT / ".mypy_cache/documents"
    lines = said(["mypy", "--config-file", "mypy.ini", "--cache-dir", str(cache), "."], folder)
    errors = [line for line in lines if ": error: " in line]
    assert [line for line in errors if not line.startswith("mistake.py")] == []
    assert len(errors) == 1


def test_pyright_accepts_every_block(folder):
    pytest.importorskip("basedpyright", reason="basedpyright is not installed; it is in the extra `test`")
    settings = {"typeCheckingMode": "standard", "include": ["*.py"], "extraPaths": [str(ROOT / "src")]}
    (folder / "pyrightconfig.json").write_text(json.dumps(settings))
    lines = said(["basedpyright", "-p", ".", "--pythonpath", sys.executable], folder)
    errors = [line for line in lines if " - error: " in line]
    assert [line for line in errors if "mistake.py" not in line] == []
    assert len(errors) == 1
