"""The list of papers in docs/papers.md says what is recorded of each; `python tests/test_papers_recorded.py` writes it."""

import os
import re
from pathlib import Path

from longlag.design import stages
from longlag.tables.tools import papers
from longlag.words import duration

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs/papers.md"
LINE = re.compile(r"^\| `(?P<name>\w+)` \| (?P<recorded>[^|]*) \|(?P<rest>.*)$", re.MULTILINE)


def recorded(name: str) -> str:
    """Cells of the paper's tables that have a run, and the CPU time of all its runs, those of searches included."""
    paper = papers.load(name)
    spent = duration(float(paper.runs.seconds.sum())) if len(paper.runs) else "none"
    return f"{int((paper.cells.n > 0).sum())} of {len(paper.cells)}, {spent}"


def written(text: str) -> str:
    """The page with what is recorded now."""
    head, listed = text.split("## The papers\n")
    line = LINE.sub(lambda found: f"| `{found['name']}` | {recorded(found['name'])} |{found['rest']}", listed)
    return f"{head}## The papers\n{line}"


def test_the_list_of_papers_says_what_is_recorded(monkeypatch):
    monkeypatch.chdir(ROOT)
    text = PAGE.read_text()
    listed = LINE.findall(text.split("## The papers\n")[1])
    assert sorted(name for name, *_ in listed) == sorted(stages.names())
    assert text == written(text), "write it again: python tests/test_papers_recorded.py"


def test_the_example_of_the_questions_has_measured_cells(monkeypatch):
    """A reader who asks for a paper's table is shown one that has measured numbers."""
    monkeypatch.chdir(ROOT)
    (name,) = re.findall(r"`longlag paper (\w+)`", (ROOT / "docs/faq.md").read_text())
    assert (papers.load(name).cells.n > 0).any()


if __name__ == "__main__":
    os.chdir(ROOT)
    PAGE.write_text(written(PAGE.read_text()))
