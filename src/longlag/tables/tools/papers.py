"""A paper's cells, from its file in config/papers and its committed records: published, measured and a verdict."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd

from longlag.analysis import papers, published, stats
from longlag.design import stages
from longlag.store import files
from longlag.store.records import Row


@dataclass(frozen=True, eq=False)
class Paper:
    """A paper's page as data. runs: all rows of its records, those of searches included. cells: `papers.cells`."""

    name: str
    config: dict[str, Any]
    runs: pd.DataFrame
    cells: pd.DataFrame
    choices: stages.Choices

    @property
    def page(self) -> dict[str, Any]:
        """What the file says of the page."""
        return dict(self.config["page"])


def load(name: str, records: Path | None = None) -> Paper:
    """A paper with its records; without any, every cell says that it was not run.

    records: the folder of runs.csv; by default that of the working directory, else the package's.

    Raises:
        LonglagError: no such paper, or a damaged file.
    """
    config = stages.read(name)
    file = (records or stages.records_of(name)) / "runs.csv"
    runs = stats.load_runs(file) if files.is_file(file) else stats.frame(Row, [])
    cells = papers.cells(name, config["page"], published.load(), runs)
    return Paper(name, config, runs, cells, stages.read_choices(name))


@cache
def verdicts() -> pd.DataFrame:
    """The cells of all papers that come with the package and state a published fact; the index is the fact's line in
    `published.load()`. The first table that shows a fact counts."""
    found = [load(name).cells for name in stages.names()]
    cells = pd.concat(found) if found else pd.DataFrame({"fact": []})
    return cells[cells.fact >= 0].drop_duplicates("fact").set_index("fact")
