"""Documents are true: generated tables are current, and code in them runs."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from longlag import cli, registry
from longlag.store.records import read_rows

ROOT = Path(__file__).parents[1]


@pytest.fixture(autouse=True)
def _forget_plugins():
    yield
    for found in (*registry._plugins.values(), registry._origins):
        found.clear()


def blocks(document: str, language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", (ROOT / document).read_text(), flags=re.S)


def test_readme_tables_are_generated(capsys):
    assert cli.main(["list", "--markdown"]) == 0
    table = capsys.readouterr().out
    between = re.search(
        r"<!-- longlag list --markdown -->\n(.*?)<!-- end -->", (ROOT / "README.md").read_text(), flags=re.S
    )
    assert between is not None
    assert between[1] == table, "put the output of `longlag list --markdown` between the README's marks"


def test_readme_library_example_learns():
    code = "import torch; torch.manual_seed(0); torch.set_num_threads(1)\n" + blocks("README.md", "python")[0]
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    losses = [float(loss) for loss in re.findall(r"loss ([\d.]+)", done.stdout)]
    assert len(losses) == 8
    assert losses[-1] < 0.1 * losses[0]


@pytest.mark.parametrize(
    ("document", "words"),
    [
        ("docs/add-a-method.md", ["--method", "orthogonal", "--task", "temporal_order", "--lag", "10"]),
        ("docs/add-a-task.md", ["--method", "clipping", "--task", "latch", "--lag", "10"]),
    ],
)
def test_plugins_of_the_documents_run(tmp_path, document, words):
    plugin, out = tmp_path / "plugin.py", tmp_path / "runs.csv"
    plugin.write_text(blocks(document, "python")[0])
    assert cli.main(["train", *words, "--plugin", str(plugin), "--budget", "3000", "--out", str(out)]) == 0
    (row,) = read_rows(out)
    assert row.status in ("solved", "budget")


def test_documents_name_files_that_exist():
    for document in [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").glob("*.md")]:
        for target in re.findall(r"\]\(([^)#:]+)\)", document.read_text()):
            assert (document.parent / target).exists(), f"{document.name} links to {target}"
