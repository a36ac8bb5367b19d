"""Two suites in one picture, one table and one record: labels set their methods side by side."""

import gzip
import json
from dataclasses import replace

import pytest

import fake_results
from longlag import cli, words
from longlag.cli import _records
from longlag.errors import LonglagError
from longlag.figures.tools import style
from longlag.store import records
from longlag.store.curves import read_points, write_points


def write(folder, rows, curves=True):
    records.write_rows(folder / "runs.csv", rows)
    if curves:
        write_points(folder / "curves.parquet", fake_results.points(rows))


@pytest.fixture
def suites(tmp_path, monkeypatch):
    """Two suites of one method with another spec and version each."""
    monkeypatch.chdir(tmp_path)
    rows = fake_results.runs(range(4), ["lstm"], ["adding"])
    write(tmp_path / "a", rows)
    write(tmp_path / "b", [replace(row, spec_hash="feed", method_version=9) for row in rows])
    return tmp_path


def run(*given):
    return cli.main([str(word) for word in given])


def test_labels_set_suites_with_other_specs_and_versions_side_by_side(suites, capsys):
    assert run("merge", "both", "low=a", "high=b") == 0
    rows = records.read_rows("both/runs.csv")
    assert {row.method for row in rows} == {"lstm-low", "lstm-high"}
    assert {row.method_version for row in rows if row.method == "lstm-high"} == {9}
    alone = read_points("a/curves.parquet")
    both = read_points("both/curves.parquet")
    assert sorted(map(repr, alone)) == sorted(
        repr(replace(point, method="lstm")) for point in both if point.method == "lstm-low"
    )
    assert len(both) == 2 * len(alone)
    assert "0 repeated" in capsys.readouterr().out


def test_a_folder_may_hold_its_rows_packed(suites):
    assert run("merge", "plain", "a") == 0
    whole = suites / "a/runs.csv"
    (suites / "a/runs.csv.gz").write_bytes(gzip.compress(whole.read_bytes()))
    whole.unlink()
    assert run("merge", "packed", "a") == 0
    assert (suites / "packed/runs.csv").read_bytes() == (suites / "plain/runs.csv").read_bytes()
    assert read_points("packed/curves.parquet") == read_points("plain/curves.parquet")


@pytest.mark.parametrize("given", [["none"], ["none", "low=nothing"]])
def test_records_without_a_row_are_refused(suites, given, capsys):
    for name in ("none", "nothing"):
        (suites / name).mkdir()
        records.write_rows(suites / name / "runs.csv", [])
    for verb in (["figure", "reach"], ["table", "reach"], ["report"]):
        assert run(*verb, *given, "--out", "drawn") == 2
        assert f"{' and '.join(given)} has no rows; name a runs.csv of finished runs" in capsys.readouterr().err
    assert not (suites / "drawn").exists()


def test_a_record_without_a_label_keeps_its_names(suites):
    assert run("merge", "both", "a", "high=b") == 0
    assert {row.method for row in records.read_rows("both/runs.csv")} == {"lstm", "lstm-high"}


def test_figures_tables_and_the_page_take_what_merge_takes(suites):
    assert run("merge", "both", "low=a", "high=b") == 0
    for given, out in ((["low=a", "high=b"], "one"), (["both"], "two")):
        assert run("figure", "learning_curves", *given, "--out", out) == 0
        assert run("table", "success", *given, "--out", out) == 0
        assert run("report", *given, "--out", f"{out}/page.html") == 0
    for name in ("learning_curves.png", "success.md", "page.html"):
        assert (suites / "one" / name).read_bytes() == (suites / "two" / name).read_bytes()
    assert "LSTM (high)" in (suites / "one/success.md").read_text()


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (["low=a", "low=b"], "two records have the label 'low'; a label is of one record: low=A high=B"),
        (["low=a", "high=a"], "a record is named twice: low=a, high=a"),
        (["low=a", "high="], "'high=' has no path; write LABEL=RUN, such as low=results/low"),
        (["l w=a", "b"], "'l w' is no name for the label in 'l w=a'"),
        (["low=a", "high=c"], "c has no runs.csv"),
        (["a", "b"], "give them labels, which set the methods of each side by side: low=a/runs.csv high=b/runs.csv"),
        (["low=a", "twin"], "label 'low' of a/runs.csv makes the name lstm-low, which twin/runs.csv has too"),
        (["twin", "low=a"], "label 'low' of a/runs.csv makes the name lstm-low, which twin/runs.csv has too"),
        (["low=a", "high=b", "--curves", "a/curves.parquet"], "--curves is of one record without a label"),
    ],
)
def test_what_cannot_stand_side_by_side_is_refused(suites, given, message, capsys):
    (suites / "c").mkdir()
    write(suites / "twin", [replace(row, method="lstm-low") for row in records.read_rows("b/runs.csv")])
    assert run("figure", "reach", *given, "--out", "out") == 2
    assert message in capsys.readouterr().err
    assert not (suites / "out").exists()


def test_a_path_with_an_equals_sign_is_a_path(suites):
    (suites / "a").rename(suites / "x=1")
    assert _records.split("x=1") == ("", suites.__class__("x=1"))
    assert run("merge", "both", "x=1") == 0
    assert {row.method for row in records.read_rows("both/runs.csv")} == {"lstm"}


def test_a_label_too_long_for_a_name_is_refused(suites):
    with pytest.raises(LonglagError, match="no name for a method with its label"):
        _records.merged(_records.read([f"{'l' * 98}=a"]))


def test_variants_are_named_in_words_and_share_the_colour_of_their_method():
    assert [words.method_label(name) for name in ("lstm-low", "lstm_one-low", "nobody-low", "low-lstm")] == [
        "LSTM (low)", "LSTM (one setting, low)", "nobody-low", "low-lstm",
    ]  # fmt: skip
    looks = style.styles(["lstm", "lstm-a", "lstm-b", "hf-a", "lstm-c"])
    assert len({(look.colour, look.dash) for look in looks.values()}) == 5
    assert {look.marker for name, look in looks.items() if "lstm" in name} == {looks["lstm"].marker}
    assert looks["hf-a"].colour == style.styles(["hf"])["hf"].colour
    assert style.styles(["lstm-b"], looks)["lstm-b"] == looks["lstm-b"], "a panel that lacks others"
    many = style.styles([f"lstm-{i}" for i in range(12)])
    assert len({(look.colour, look.marker, look.dash) for look in many.values()}) == 12


def test_each_record_has_its_suite(suites):
    digests = {name: {row.spec_hash for row in records.read_rows(f"{name}/runs.csv")} for name in "ab"}
    for name, (digest,) in digests.items():
        design = {"suite": name, "digests": {"job": {"adding": {"20": digest}}}}
        (suites / name / "suite.json").write_text(json.dumps(design))
    found = _records.analysis(["low=a", "high=b"]).designs
    assert {name: (design.name, design.suite["suite"]) for name, design in found.items()} == {
        "lstm-low": ("lstm", "a"),
        "lstm-high": ("lstm", "b"),
    }
    assert {name: design.suite["suite"] for name, design in _records.analysis(["b"]).designs.items()} == {"lstm": "b"}


def test_a_method_of_one_record_is_not_compared_with_itself(suites, capsys):
    assert run("diff", "a", "--methods", "lstm", "lstm") == 2
    assert "--methods names 'lstm' twice: one method of one record is equal to itself" in capsys.readouterr().err
    assert run("diff", "a", "b", "--methods", "lstm", "lstm") == 0


DRAW = ["figure", "learning_curves"]


def test_curves_of_other_runs_are_left_out_and_named(suites, capsys):
    rows = records.read_rows("a/runs.csv")
    strangers = [replace(row, seed=row.seed + 4) for row in rows]
    write_points(suites / "more.parquet", fake_results.points([*rows, *strangers]))
    assert run(*DRAW, "a", "--curves", "more.parquet", "--out", "some") == 0
    lag = min(row.lag for row in rows)
    assert (
        f"longlag: more.parquet: left out the learning curves of {len(rows)} runs without a row in a/runs.csv, such as "
        f"adding with lstm at lag {lag}, seed 4\n"
    ) in capsys.readouterr().err
    assert run(*DRAW, "a", "--out", "own") == 0
    assert capsys.readouterr().err == ""
    name = "learning_curves.png"
    assert (suites / "some" / name).read_bytes() == (suites / "own" / name).read_bytes()


@pytest.mark.parametrize("change", [{"task": "xor"}, {"method": "gru"}, {"lag": 7}, {"seed": 9}])
def test_curves_of_other_runs_alone_are_refused_if_they_are_named_and_left_out_if_they_are_found(
    suites, change, capsys
):
    strangers = fake_results.points([replace(row, **change) for row in records.read_rows("a/runs.csv")])
    write_points(suites / "other.parquet", strangers)
    assert run(*DRAW, "a", "--curves", "other.parquet", "--out", "out") == 2
    assert "other.parquet has no learning curve of a run in a/runs.csv, but that of" in capsys.readouterr().err
    (suites / "other.parquet").replace("a/curves.parquet")
    for given in (["a"], ["low=a", "high=b"]):
        assert run(*DRAW, *given, "--out", "out") == 0
        assert "a/curves.parquet: left out the learning curves of" in capsys.readouterr().err


def test_curves_that_go_on_after_their_runs_are_said_to_be_of_others(suites, capsys):
    rows = records.read_rows("a/runs.csv")
    longer = [
        replace(point, passes=2 * rows[0].budget) if point.seed == 2 else point for point in fake_results.points(rows)
    ]
    write_points(suites / "longer.parquet", longer)
    assert run(*DRAW, "a", "--curves", "longer.parquet", "--out", "out") == 0
    runs = {(point.lag, point.seed) for point in longer if point.seed == 2}
    assert capsys.readouterr().err == (
        "longlag: longer.parquet may have learning curves of runs with other settings: those of "
        f"{len(runs)} runs continue after the passes of the row, such as adding with lstm at lag {min(runs)[0]}, seed 2\n"
    )


@pytest.fixture
def in_one_folder(suites):
    """Two files of rows in one folder, one of curves for each, and one that is of both."""
    rows = records.read_rows("a/runs.csv")
    for name, own in (("a", rows[::2]), ("b", rows[1::2])):
        records.write_rows(f"one/{name}.csv", own)
        write_points(f"one/curves_{name}.parquet", fake_results.points(own))
    write_points("one/curves.parquet", fake_results.points(rows))
    (suites / "one/notes.parquet").write_text("no parquet")
    return suites


UNREAD = "longlag: learning curves in {} are not read; {}\n"
APART = "curves.parquet beside a RUN is read: keep each record in a folder of its own as runs.csv and curves.parquet"
OF_ONE = "name one with --curves, or the folder of curves.parquet as RUN"


@pytest.mark.parametrize(
    ("verb", "given", "unread", "remedy"),
    [
        ("merge", ["one/a.csv", "one/b.csv"], "one/curves_a.parquet and one/curves_b.parquet", APART),
        ("merge", ["low=one/a.csv", "high=one/b.csv"],
         "one/curves.parquet, one/curves_a.parquet and one/curves_b.parquet", APART),
        ("draw", ["one/a.csv", "one/b.csv"], "one/curves_a.parquet and one/curves_b.parquet", APART),
        ("draw", ["one/a.csv"], "one/curves.parquet, one/curves_a.parquet and one/curves_b.parquet", OF_ONE),
        ("report", ["one/a.csv"], "one/curves.parquet, one/curves_a.parquet and one/curves_b.parquet", OF_ONE),
    ],
)  # fmt: skip
def test_curves_that_are_beside_a_record_and_are_not_read_are_named(in_one_folder, verb, given, unread, remedy, capsys):
    calls = {
        "merge": ["merge", "both", *given],
        "draw": [*DRAW, *given, "--out", "out"],
        "report": ["report", *given, "--out", "p"],
    }
    assert run(*calls[verb]) == 0
    assert UNREAD.format(unread, remedy) in capsys.readouterr().err


def test_an_error_is_a_line_where_curves_are_not_read(in_one_folder, capsys):
    text = (in_one_folder / "one/a.csv").read_text()
    (in_one_folder / "one/a.csv").write_text(text.replace("adding", "xor"))
    for given in (
        ["merge", "both", "one/a.csv", "one/b.csv"],
        [*DRAW, "one/a.csv", "--out", "o"],
        ["report", "one/a.csv", "--out", "p"],
    ):
        assert run(*given) == 2
        assert len(capsys.readouterr().err.splitlines()) == 1


def test_curves_of_one_folder_are_not_those_of_two_labels(in_one_folder):
    """They would be drawn for the rows of both, whosever they are."""
    records.write_rows("one/b.csv", records.read_rows("one/a.csv"))
    assert run("merge", "both", "low=one/a.csv", "high=one/b.csv") == 0
    assert not (in_one_folder / "both/curves.parquet").exists()
    assert run("merge", "plain", "one/a.csv") == 0
    assert read_points("plain/curves.parquet") == read_points("one/curves_a.parquet")


def test_nothing_is_said_of_curves_where_none_are_drawn_or_a_file_is_chosen(in_one_folder, capsys):
    for given in (["figure", "reach", "one/a.csv"], ["table", "reach", "one/a.csv", "one/b.csv"],
                  [*DRAW, "one/a.csv", "--curves", "one/curves_a.parquet"]):  # fmt: skip
        assert run(*given, "--out", "out") == 0
        assert capsys.readouterr().err == ""
