"""The files that come with the package and stand beside it in the repository: workflow, suites, profiles, reference.

In a clone they are where git has them. In a wheel they are in `longlag/shipped`, to which setup.py copies them.
"""

from __future__ import annotations

from pathlib import Path

from longlag.errors import LonglagError

REFERENCE = "results/reference"  # the committed record: runs.csv.gz, suite.json, memory.csv, curves.parquet
UNDERWAY = "results/underway"  # in a clone: every finished run of the whole comparison, those of the reference too
PAPERS = "results/papers"  # the committed records of papers: a folder each
_PACKAGE = Path(__file__).parent


def root() -> Path:
    """The folder with `Snakefile`, `workflow`, `config`, `profiles` and `results/reference`; do not write to it.

    Raises:
        LonglagError: the package is neither in its repository nor from a wheel.
    """
    for folder in (_PACKAGE / "shipped", _PACKAGE.parents[1]):
        if (folder / "workflow/Snakefile").is_file():
            return folder
    raise LonglagError(f"the files that come with longlag are not beside {_PACKAGE}; install longlag again with pip")


def find(name: str) -> Path:
    """A file or folder below `root`, such as "config/demo.yaml".

    Raises:
        LonglagError: there is none.
    """
    path = root() / name
    if not path.exists():
        raise LonglagError(f"{path} is missing; install longlag again with pip, or restore the file from git")
    return path


def recorded() -> list[Path]:
    """The folders whose runs say what a run costs: the reference, and in a clone the whole comparison's finished runs.

    A folder that somebody removed is left out.
    """
    return [folder for name in (REFERENCE, UNDERWAY) if (folder := root() / name).exists()]
