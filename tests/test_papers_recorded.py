"""docs/papers.md says what is recorded of each paper and what the verdicts are, and the README how many of each there are;
`python tests/test_papers_recorded.py` writes both."""

import os
import re
from pathlib import Path

from longlag.analysis.papers import NOT_RUN, VERDICTS
from longlag.design import stages
from longlag.tables.tools import papers
from longlag.words import duration

ROOT = Path(__file__).parents[1]
PAGE, README = ROOT / "docs/papers.md", ROOT / "README.md"
LINE = re.compile(r"^\| `(?P<name>\w+)` \| [^|]* \| [^|]* \|(?P<rest>.*)$", re.MULTILINE)
COUNTS = re.compile(r"(?<= Of the\n)[^(]*(?= \()")
AGAIN = "write it again: python tests/test_papers_recorded.py"


def recorded(name: str) -> str:
    """Two cells of the list: cells of the paper's tables that have a run, with the CPU time of all its runs, those of
    searches included; and the verdicts on them."""
    paper = papers.load(name)
    spent = duration(float(paper.runs.seconds.sum())) if len(paper.runs) else "none"
    run = [verdict for verdict in paper.cells.verdict if verdict != NOT_RUN]
    return f"{len(run)} of {len(paper.cells)}, {spent} | {verdicts_in(run) or 'none'}"


def verdicts_in(cells: list[str]) -> str:
    """How often each verdict occurs, in the order of VERDICTS."""
    return ", ".join(f"{cells.count(verdict)} {verdict}" for verdict in VERDICTS if verdict in cells)


def written(text: str) -> str:
    """The page with what is recorded now."""
    head, listed = text.split("## The papers\n")
    line = LINE.sub(lambda found: f"| `{found['name']}` | {recorded(found['name'])} |{found['rest']}", listed)
    return f"{head}## The papers\n{line}"


def counted() -> str:
    """The line of the README on all papers together."""
    cells = [verdict for name in stages.names() for verdict in papers.load(name).cells.verdict]
    run = [verdict for verdict in cells if verdict != NOT_RUN]
    return f"{len(cells)} cells of {len(stages.names())} papers, {len(run)} are run: {verdicts_in(run)}"


def test_the_list_of_papers_says_what_is_recorded(monkeypatch):
    monkeypatch.chdir(ROOT)
    text = PAGE.read_text()
    listed = LINE.findall(text.split("## The papers\n")[1])
    assert sorted(name for name, *_ in listed) == sorted(stages.names())
    assert text == written(text), AGAIN


def test_the_readme_counts_the_verdicts(monkeypatch):
    monkeypatch.chdir(ROOT)
    assert COUNTS.findall(README.read_text()) == [counted()], AGAIN


def test_the_example_of_the_questions_has_measured_cells(monkeypatch):
    """A reader who asks for a paper's table is shown one that has measured numbers."""
    monkeypatch.chdir(ROOT)
    (name,) = re.findall(r"`longlag paper (\w+)`", (ROOT / "docs/faq.md").read_text())
    assert (papers.load(name).cells.n > 0).any()


if __name__ == "__main__":
    os.chdir(ROOT)
    PAGE.write_text(written(PAGE.read_text()))
    README.write_text(COUNTS.sub(counted(), README.read_text()))
