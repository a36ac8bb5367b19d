"""The table of published results: what the paper's own protocol gave here stands beside what the suite measured."""

from pathlib import Path

import fake_results
from cases import analysis
from longlag import resources, tables
from longlag.store.records import write_rows
from paper_rows import made_up


def table(rows):
    return tables.get("published").build(analysis(rows))


def test_records_of_papers_are_shown_with_their_verdict(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    folder = Path(resources.PAPERS, "sutskever2013")
    write_rows(folder / "runs.csv", [])
    rows = fake_results.runs([0], ["esn_momentum"], ["adding"])
    without = table(rows)
    of_paper = without["where"].str.contains("Sutskever et al. 2013, Table 5")
    assert set(without[of_paper]["by the paper's settings"]) == {"not run"}
    assert of_paper.sum() == 8, "the eight columns of adding"
    write_rows(folder / "runs.csv", made_up("sutskever2013"))
    said = [*table(rows)[of_paper]["by the paper's settings"]]
    assert sum("n = 2: better" in text for text in said) > 0
    assert sum("n = 2: worse" in text for text in said) > 0
    assert "not run" not in said
