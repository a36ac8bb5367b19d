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


def test_a_net_that_stands_for_one_that_was_not_run_is_named(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    rows, file = fake_results.runs([0], ["lstm"], ["adding"]), Path(resources.PAPERS, "hochreiter1997", "runs.csv")
    made = made_up("hochreiter1997")

    def said():
        found = table(rows)
        at = found["where"].str.contains("1997, Table 7") & (found["lag there"] == 500)
        return [*found[at]["by the paper's settings"]]

    write_rows(file, [row for row in made if row.method != "lstm_1997"])
    assert all(text.startswith("T = 500, linear output: ") for text in said())
    write_rows(file, made)
    assert not any("linear output" in text or "not run" in text for text in said())


def test_each_paper_has_a_table_of_its_own_that_leaves_out_what_all_its_rows_share():
    found = analysis(fake_results.runs([0], ["esn"], ["adding", "memorization_5bit"]))
    whole = tables.get("published").build(found)
    papers = {heading: (rows, note) for heading, rows, note in tables.get("published").by_paper(found)}
    assert sum(len(rows) for rows, _ in papers.values()) == len(whole)
    assert [*papers] == sorted(papers, key=lambda heading: heading.partition(":")[0][-4:]), "oldest first"
    rows, note = papers["Hochreiter & Schmidhuber 1997: 6 results"]
    assert (
        note
        == "Table 7. Verified. All differ by: LSTM; first mark among the first ten steps; no forget gate; online updates."
    )
    assert set(rows["differs by"]) == {"", "of 2560 test sequences"}
    rows, note = papers["Martens & Sutskever 2011: 3 results"]
    assert note == "Second-hand."
    assert all(text.startswith(("as told by", "a summary")) for text in rows["differs by"]), "where it is said differs"
    rows, note = papers["Jaeger 2012: 1 result"]
    assert "differs by" not in rows
    assert note.startswith("As told by Raffel & Ellis 2015. Second-hand.")
    for name in ("task", "lag there", "published", "measured here"):
        assert sorted(map(str, whole[name])) == sorted(str(v) for rows, _ in papers.values() for v in rows[name])
