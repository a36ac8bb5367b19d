"""Notebooks from plain text: `python docs/notebooks/build.py` runs NAME.py and writes NAME.ipynb with its outputs.

In the text, `# %%` begins a cell of code and `# %% [markdown]` one of prose, whose lines are comments.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbformat import NotebookNode, v4

HERE = Path(__file__).parent
NAMES = ("lecture", "hessian-free")


def notebook(text: str) -> NotebookNode:
    """The cells of a text, without outputs. Ids are numbers, so that one text always gives one notebook."""
    cells = []
    for part in text.split("# %%")[1:]:
        if part.startswith(" [markdown]\n"):
            lines = part.partition("\n")[2].strip().splitlines()
            cells.append(v4.new_markdown_cell("\n".join(line.removeprefix("#").removeprefix(" ") for line in lines)))
        else:
            cells.append(v4.new_code_cell(part.strip()))
    for number, cell in enumerate(cells):
        cell.id = f"cell-{number}"
    return v4.new_notebook(cells=cells, metadata={"kernelspec": {"name": "python3", "display_name": "Python 3"}})


def read(name: str) -> NotebookNode:
    """The notebook of the text of that name."""
    return notebook((HERE / f"{name}.py").read_text("utf-8"))


def run(made: NotebookNode) -> NotebookNode:
    """Runs every cell in a folder that goes; raises CellExecutionError for the first that fails."""
    with tempfile.TemporaryDirectory() as folder:
        place = {"metadata": {"path": folder}}
        NotebookClient(made, timeout=1200, kernel_name="python3", record_timing=False, resources=place).execute()
    return made


if __name__ == "__main__":
    for name in sys.argv[1:] or NAMES:
        nbformat.write(run(read(name)), HERE / f"{name}.ipynb")
        print(HERE / f"{name}.ipynb")
