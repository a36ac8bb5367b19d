"""The page of a paper: from records alone, each verdict in its cell, and without records 'not run' in all of them."""

import re
from pathlib import Path

import pytest

from longlag import cli, resources
from longlag.analysis import papers as rule
from longlag.analysis import published
from longlag.design import stages
from longlag.report import papers
from longlag.store.curves import write_points
from longlag.store.records import write_rows
from longlag.tables.tools.papers import load
from paper_rows import record


@pytest.fixture
def place(tmp_path, monkeypatch):
    """A working directory in which every paper has records without a row, in the place of the package's."""
    monkeypatch.chdir(tmp_path)
    for paper in stages.names():
        write_rows(Path(resources.PAPERS, paper, "runs.csv"), [])
        write_points(Path(resources.PAPERS, paper, "curves.parquet"), [])
        Path(resources.PAPERS, paper, stages.CHOSEN).write_text("{}\n")
    return tmp_path


@pytest.mark.parametrize("paper", stages.names())
def test_without_records_every_cell_says_that_it_was_not_run(paper, place):
    found = load(paper)
    assert set(found.cells.verdict) == {rule.NOT_RUN}
    page = papers.render(found)
    assert page.count("– not run") == len(found.cells) + 1, "each cell, and the tally"
    assert "No run is recorded yet." in page
    assert f"{len(found.cells)} not run" in papers.line(found)


@pytest.mark.parametrize("paper", stages.names())
def test_a_page_shows_published_and_measured_numbers_with_their_verdict(paper, place):
    record(paper)
    found = load(paper)
    assert rule.NOT_RUN not in set(found.cells.verdict)
    page = papers.render(found)
    for verdict in set(found.cells.verdict):
        assert f"{papers.SIGNS[verdict]} {verdict}" in page
    assert "not run" not in re.sub(r"(?s)<dl class=\"tally\">.*?</dl>|<h2>The rule.*?</ul>", "", page)
    assert page.count("<li>") >= len(found.page["deviations"]), "deviations are listed"
    assert "<script" not in page
    assert not re.search(r'(src|href)="(?!data:|#)', page), "nothing is fetched"


def test_no_line_of_a_cell_ends_before_a_unit_nor_one_of_a_label_at_an_equals_sign(place):
    record("martens2011")
    labels = re.findall(r'<th scope="row".*?</th>', papers.render(load("sutskever2013")))
    assert any("T\u00a0=\u00a080" in label for label in labels)
    cells = re.findall(r'<span class="ours">(.*?)</span>', papers.render(load("martens2011")))
    assert any("\u00a0%" in cell for cell in cells)
    assert not any(re.search(r"\d [kMG%](?![a-z])", cell) for cell in cells)


def test_made_up_records_have_every_verdict(place):
    """So that the pages of the test above show each of them."""
    seen = set()
    for paper in stages.names():
        record(paper)
        seen |= set(load(paper).cells.verdict)
    assert seen == {*rule.VERDICTS} - {rule.NOT_RUN}


def test_table_5_has_the_papers_layout(place):
    record("sutskever2013")
    page = papers.render(load("sutskever2013"))
    heads = re.findall(r'<th scope="col">(.*?)</th>', page)
    assert heads == ["biases", "0", "0.9N", "0.98N", "0.995N", "0.9M", "0.98M", "0.995M", "ours", "ours"]
    for value in ("0.00025", "0.0013", "0.63", "0.00005", "0.0144", "8", "2.5"):
        assert f'<span class="value">{value}</span>' in page
    assert "Spearman" in page


def test_all_pages_are_written_from_records_and_nothing_is_trained(place, monkeypatch, capsys):
    for paper in stages.names():
        record(paper)
    monkeypatch.setattr("longlag.engine.block.Block.advance", lambda self: pytest.fail("a page trains nothing"))
    assert cli.main(["paper", "all"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.partition(":")[0] for line in lines] == [
        f"results/papers/{paper}/page.html" for paper in stages.names()
    ]


def test_second_hand_facts_are_labelled(place):
    facts = published.load()
    for paper in stages.names():
        cells = load(paper).cells
        second = cells[cells.standing == "second-hand"]
        assert papers.render(load(paper)).count("<small>(second-hand)") == len(second)
        assert set(facts.loc[second.fact[second.fact >= 0]].standing) <= {"second-hand"}
