"""`longlag compare`: trains the newcomer alone, keeps the record as it is, and writes the page."""

import io
import json
import re
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from longlag import __version__, cli, registry, resources
from longlag.cli import _compare_cost
from longlag.design import tuned
from longlag.methods import esn
from longlag.settings import with_values
from longlag.store.curves import read_points, write_points
from longlag.store.records import VOLATILE, Status, read_rows, rows_in, write_rows
from longlag.words import join_methods
from pages import without_figures
from test_docs import ROOT
from toy import outcome, spec, train_at_once

TWIN = """
import dataclasses
from longlag.methods.control import METHOD as PARENT
METHOD = dataclasses.replace(PARENT, name="twin", label="twin")
"""
PLACE = """
import dataclasses
from longlag.tasks.adding import TASK as PARENT
TASK = dataclasses.replace(PARENT, name="place")
"""
RAISES = (
    TWIN
    + """
@dataclasses.dataclass(frozen=True)
class Broken:
    replicas = None
    trained = ()

    def init(self, params):
        return ()

    def step(self, draw, params, state):
        raise ValueError("no step today")

def build(traits, lag):
    return dataclasses.replace(PARENT.build(traits, lag), optimiser=Broken())

METHOD = dataclasses.replace(METHOD, build=build, tune={})
"""
)


@pytest.fixture(scope="module")
def record(tmp_path_factory):
    """Two methods on one task at two lags, with their curves."""
    folder = tmp_path_factory.mktemp("record")
    found = [outcome(spec(name, lag=lag, seeds=(0, 1))) for name in ("control", "esn") for lag in (10, 12)]
    write_rows(folder / "runs.csv", [row for _, rows in found for row in rows])
    write_points(folder / "curves.parquet", [point for points, _ in found for point in points])
    return folder


@pytest.fixture
def here(tmp_path, monkeypatch):
    """The working folder. The probe that is timed is short: no test asks how long it is."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(_compare_cost, "PROBE_PASSES", 600.0)
    (tmp_path / "twin.py").write_text(TWIN)
    (tmp_path / "raises.py").write_text(RAISES)
    yield tmp_path
    for found in (*registry._plugins.values(), registry._origins):
        found.clear()


@pytest.fixture
def at_once(monkeypatch):
    """Jobs run in this process; other tests of this file have jobs in processes of their own."""
    train_at_once(monkeypatch)


@pytest.fixture
def unpainted(monkeypatch):
    """Pages without their figures. Other tests of this file draw those of the same kinds of record."""
    without_figures(monkeypatch)


def compare(record, *words: str, plugin="twin.py") -> int:
    return cli.main(["compare", "--plugin", plugin, "--reference", str(record), *words])


@pytest.mark.usefixtures("at_once", "unpainted")
def test_finished_runs_of_a_record_with_rules_of_its_own_are_not_trained_again(here, capsys, monkeypatch):
    own = {"stop": "budget", "rules": {"test_lags": [12]}}
    (here / "record").mkdir()
    write_rows(here / "record/runs.csv", outcome(spec("control", **own))[1])
    probed, was = [], _compare_cost._probe
    monkeypatch.setattr(_compare_cost, "_probe", lambda *given: probed.append(was(*given)) or probed[0])
    assert compare("record", "--yes") == 0
    assert json.loads(probed[0].spec).items() >= own.items(), "the run that is timed has them too"
    shutil.rmtree("results/compare/twin/jobs")  # a killed call leaves rungs, and no rows
    capsys.readouterr()
    assert compare("record", "--dry-run") == 0
    assert "all runs are finished" in capsys.readouterr().out


def lasting(rows):
    return [repr(replace(row, **dict.fromkeys(VOLATILE, ""))) for row in rows]


def test_the_cost_is_stated_before_anything_is_trained(record, here, capsys):
    assert compare(record, "--dry-run") == 0
    said = capsys.readouterr().out
    assert "twin on 1 task, 2 pairs of task and lag, 4 runs;" in said
    assert f"2 other methods: rows of {record / 'runs.csv'}, not trained: plain RNN (control) and echo state" in said
    assert "more methods of longlag: without rows there" in said
    typical, most = re.findall(r"cost: ([\d,]+) CPU seconds if .* at most ([\d,]+) \(every", said)[0]
    assert 0 < int(typical) <= int(most)
    assert not (here / "results").exists()


def test_a_probe_that_ends_early_does_not_lower_the_cost(record, here, capsys, monkeypatch):
    row = next(row for row in read_rows(record / "runs.csv") if row.method == "control")
    probe = replace(row, method="twin", passes=10_000.0, updates=100, seconds=2.0, budget=_compare_cost.PROBE_PASSES)
    said = {}
    for status in (Status.BUDGET, Status.SOLVED, Status.DIVERGED):
        ended = replace(probe, status=status, solved=status == Status.SOLVED)
        monkeypatch.setattr(_compare_cost, "_probe", lambda *_, ended=ended: ended)
        assert compare(record, "--dry-run") == 0
        said[status] = re.findall(r"cost: .* CPU", capsys.readouterr().out)
    assert said[Status.BUDGET] == said[Status.SOLVED] == said[Status.DIVERGED]


def test_the_record_that_comes_with_the_package_has_a_name_of_its_own(here, capsys):
    assert cli.main(["compare", "--plugin", "twin.py", "--tasks", "adding", "--quick", "--dry-run"]) == 0
    assert f"rows of longlag {__version__}: results/reference/runs.csv.gz, not trained" in capsys.readouterr().out


def test_the_document_names_the_methods_of_the_record():
    known = {row.method for row in read_rows(rows_in(resources.find(resources.REFERENCE)))}
    sentence = f"The record has rows of {len(known)} methods: {join_methods(sorted(known))}."
    assert sentence in " ".join((ROOT / "docs/compare.md").read_text().split())


def test_nobody_to_ask_is_said(record, here, capsys, monkeypatch):
    monkeypatch.setattr("sys.stdin", io.StringIO())
    assert compare(record) == 2
    assert "add --yes to start, or --dry-run" in capsys.readouterr().err
    assert not (here / "results").exists()


def test_who_says_no_trains_nothing(record, here, monkeypatch):
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    monkeypatch.setattr("builtins.input", lambda prompt: "n")
    assert compare(record) == 0
    assert not (here / "results").exists()


def test_the_newcomer_is_trained_and_the_record_kept(record, here, capsys):
    assert compare(record, "--yes", "--cores", "2") == 0
    said = capsys.readouterr().out
    assert "temporal_order, seed 1: lag 10 budget, lag 12 budget" in said
    out = here / "results/compare/twin"
    rows, known = read_rows(out / "runs.csv"), read_rows(record / "runs.csv")
    own = [row for row in rows if row.method == "twin"]
    assert [(row.lag, row.seed) for row in own] == [(10, 0), (10, 1), (12, 0), (12, 1)]
    assert not any(row.origin for row in own)
    others = [row for row in rows if row.method != "twin"]
    assert [repr(replace(row, origin="")) for row in others] == [repr(row) for row in known]
    assert {row.origin for row in others} == {str(record / "runs.csv")}
    curves = {point.method for point in read_points(out / "curves.parquet")}
    assert curves == {"control", "esn", "twin"}
    page = (out / "report.html").read_text()
    assert "Twin against the reference" in page
    assert re.search(r'<tr class="new mine"><td>Twin</td>', page)
    assert '<section id="newcomer">' in page
    for name in ("against", "by_cell"):
        assert {path.suffix for path in (out / "tables").glob(f"{name}.*")} == {".md", ".tex", ".html"}
    started = {(row.lag, row.seed): row.started for row in own}
    assert compare(record, "--yes") == 0, "a second call"
    assert "all runs are finished" in capsys.readouterr().out
    again = [row for row in read_rows(out / "runs.csv") if row.method == "twin"]
    assert {(row.lag, row.seed): row.started for row in again} == started
    # longlag verify reruns them
    assert cli.main(["verify", str(out), "--plugin", "twin.py", "--sample", "1"]) == 0


@pytest.mark.usefixtures("at_once", "unpainted")
def test_a_smaller_call_does_not_replace_a_larger_result(record, here, capsys):
    assert compare(record, "--lags", "10", "--yes") == 0
    assert "results/compare/twin/record: your method alone" in capsys.readouterr().out
    before = (here / "results/compare/twin/record/runs.csv").read_bytes()
    part = ["--quick", "--out", "results/compare/twin"]
    for words in ([*part, "--yes"], [*part, "--dry-run"]):
        assert compare(record, *words) == 2
        said = capsys.readouterr().err
        assert "results/compare/twin has 2 runs of 'twin', 1 of which this call does not ask for" in said
        assert "choose another folder with --out" in said
    assert compare(record, "--quick", "--yes") == 0, "it has a folder of its own"
    assert "results/compare/twin-quick/report.html" in capsys.readouterr().out
    assert (here / "results/compare/twin/record/runs.csv").read_bytes() == before
    assert compare(record, "--yes") == 0, "a larger call adds to it"
    assert "2 runs to train, 2 finished before;" in capsys.readouterr().out
    assert len([row for row in read_rows(here / "results/compare/twin/runs.csv") if row.method == "twin"]) == 4


@pytest.mark.usefixtures("at_once")
def test_recorded_rows_of_older_code_are_named_and_counted(record, here, capsys):
    rows = [
        replace(row, method_version=row.method_version - (row.method == "esn"))
        for row in read_rows(record / "runs.csv")
    ]
    write_rows(here / "old.csv", rows)
    assert cli.main(["compare", "--plugin", "twin.py", "--reference", "old.csv", "--quick", "--yes"]) == 0
    now = registry.get("methods", "esn").version
    sentence = (
        "Recorded rows of older code, which may give other numbers today: echo state network "
        f"(version {now - 1}, now {now}: 2 rows)."
    )
    shown = capsys.readouterr()
    assert sentence in shown.err
    assert sentence in shown.out
    page = (here / "results/compare/twin-quick/report.html").read_text()
    assert sentence in page
    assert "<td>Echo state network †</td>" in page
    assert "echo state network†" in page
    assert page.count("†: recorded with an older version or other settings") == 2


@pytest.mark.usefixtures("at_once", "unpainted")
def test_recorded_rows_with_todays_digests_need_no_remark(record, here, capsys):
    assert compare(record, "--quick", "--yes") == 0
    shown = capsys.readouterr()
    assert "Recorded rows" not in shown.err + shown.out
    assert "†" not in (here / "results/compare/twin-quick/report.html").read_text()


@pytest.mark.usefixtures("at_once")
def test_settings_that_changed_with_the_same_version_are_named_and_marked(record, here, capsys, monkeypatch):
    build = esn.METHOD.build
    changed = replace(esn.METHOD, build=lambda traits, lag: with_values(build(traits, lag), {"init.bias_scale": 0.75}))
    before = json.loads(next(row.spec for row in read_rows(record / "runs.csv") if row.method == "esn"))
    monkeypatch.setattr(esn, "METHOD", changed)
    assert compare(record, "--quick", "--yes") == 0
    old = before["method"]["parts"]["init"]["bias_scale"]
    sentence = (
        "Recorded rows with other settings than the same version has now, which may give other numbers today: "
        f"echo state network on temporal order (init.bias_scale {old}, now 0.75: 2 rows)."
    )
    shown = capsys.readouterr()
    assert sentence in shown.err
    assert "older code" not in shown.err
    page = (here / "results/compare/twin-quick/report.html").read_text()
    assert sentence in page
    assert "<td>Echo state network †</td>" in page
    assert "<td>Plain RNN (control)</td>" in page


@pytest.mark.usefixtures("at_once", "unpainted")
def test_the_page_says_how_the_settings_of_each_method_were_chosen(record, here):
    known = [row for row in read_rows(record / "runs.csv") if row.lag == 10]
    write_rows(here / "known/runs.csv", known)
    digests = {"esn/a/seeds0": {"a": {"10": next(row.spec_hash for row in known if row.method == "esn")}}}
    (here / "known/suite.json").write_text(json.dumps({"suite": "known", "digests": digests}))
    assert compare(here / "known", "--quick", "--yes", "--set", "optimiser.learning_rate=0.05") == 0
    page = (here / "results/compare/twin-quick/report.html").read_text()
    assert "<td>by hand: optimiser.learning_rate</td>" in page, "of the newcomer"
    own = json.loads(next(row.spec for row in known if row.method == "esn"))["overrides"]
    assert f"<td>by hand: {', '.join(sorted(own))}</td>" in page, "of a method whose suite is known"
    assert "<td>unknown</td>" in page, "of one whose suite is not"
    moved = [replace(row, origin="elsewhere/runs.csv") for row in known]  # as the rows of the reference once were
    write_rows(here / "known/runs.csv", moved)
    assert compare(here / "known", "--quick", "--yes", "--set", "optimiser.learning_rate=0.05", "--replace") == 0
    page = (here / "results/compare/twin-quick/report.html").read_text()
    assert f"<td>by hand: {', '.join(sorted(own))}</td>" in page, "of rows that the reference took from elsewhere"


def test_rows_without_a_digest_are_said_to_be_so(record, here, capsys):
    rows = [
        replace(row, spec_hash="", spec="", method_version=0, status=Status.ERROR) if row.method == "esn" else row
        for row in read_rows(record / "runs.csv")
    ]
    write_rows(here / "killed.csv", rows)
    assert cli.main(["compare", "--plugin", "twin.py", "--reference", "killed.csv", "--quick", "--dry-run"]) == 0
    assert (
        "Recorded rows without a digest that can be worked out today, so nobody knows whether they are current: "
        "echo state network (2 rows: the row has none: its job was killed or failed)."
    ) in capsys.readouterr().err


def refusing(here, condition):
    """A method that cannot be built where the condition on traits and lag does not hold."""
    build = f"def build(traits, lag):\n    return PARENT.build(traits, lag if {condition} else 1 / 0)\n"
    (here / "some.py").write_text(f"{TWIN}{build}METHOD = dataclasses.replace(METHOD, build=build)\n")


def test_runs_that_cannot_be_built_are_not_finished_before(record, here, capsys):
    refusing(here, "traits.kind == 'symbols'")
    adding = [row for name in ("control", "esn") for row in outcome(spec(name, "adding", seeds=(0, 1)))[1]]
    write_rows(here / "two.csv", [*read_rows(record / "runs.csv"), *adding])
    assert cli.main(["compare", "--plugin", "some.py", "--reference", "two.csv", "--dry-run"]) == 0
    shown = capsys.readouterr()
    assert "4 runs to train, 0 finished before, 2 that cannot be built;" in shown.out
    assert "the grid of the reference: 2 of 6 runs cannot be built, and their 2 jobs" in shown.err.replace("\n", " ")


def test_a_grid_on_which_no_job_can_end_is_refused(record, here, capsys):
    refusing(here, "lag < 12")
    assert compare(record, "--yes", plugin="some.py") == 2
    said = capsys.readouterr().err.replace("\n", " ")
    assert "ZeroDivisionError" in said
    assert "every job has a run for which twin cannot be built" in said
    assert "leave those runs out with --tasks or --lags" in said
    assert not (here / "results").exists()
    assert compare(record, "--lags", "10", "--dry-run", plugin="some.py") == 0


@pytest.mark.usefixtures("at_once")
def test_one_page_has_one_smallest_attainable_p(record, here):
    assert compare(record, "--yes") == 0
    page = (here / "results/compare/twin/report.html").read_text()
    found = [
        *re.findall(r"can reach p (?:&lt;|<) ([\d.]*\d)", page),
        *re.findall(r"can reach is ([\d.]*\d)", page),
        *re.findall(r"p = ([\d.]*\d) \(2 seeds against 2\)", page),
    ]
    assert len(found) == 3
    assert set(found) == {"0.33"}


def test_lags_that_the_record_lacks_are_named(record, here, capsys):
    assert compare(record, "--lags", "10,15", "--dry-run") == 0
    assert "longlag: lag 15 is left out on temporal_order: the reference has no rows there" in capsys.readouterr().err


@pytest.mark.usefixtures("at_once")
def test_a_part_of_the_grid_shows_that_part_alone(record, here, capsys):
    assert compare(record, "--quick", "--yes", "--out", "part") == 0
    assert "A smoke test (--quick)" in capsys.readouterr().err
    page = (here / "part/report.html").read_text()
    assert '<h2 class="sentence">A smoke test (--quick): one seed' in page
    for words in ("ahead of", "Counting pairs", "longest reach on", "comes first", "the longest reach,", "p &lt; 1."):
        assert words not in page
    assert "p = 0.67 (1 seed against 2)" in page
    assert re.search(r"<td>–</td><td>Twin</td>", page), "no rank"
    rows = read_rows(here / "part/runs.csv")
    assert {row.lag for row in rows} == {10}
    assert [row.seed for row in rows if row.method == "twin"] == [0]


def test_a_method_that_raises_at_once_is_not_trained(record, here, capsys):
    for start in ("--yes", "--dry-run"):
        assert compare(record, start, plugin="raises.py") == 2
        shown = capsys.readouterr()
        line = next(n for n, text in enumerate(RAISES.splitlines(), start=1) if "raise ValueError" in text)
        assert (
            "twin fails in its first run, on temporal_order at lag 10: ValueError: no step today "
            f"(raises.py, line {line}); nothing is trained"
        ) in " ".join(shown.err.split())
        assert "Traceback" not in shown.err
    assert not (here / "results").exists()


def test_a_method_that_raises_later_is_a_finding(record, here, capsys):
    later = RAISES.replace("optimiser=Broken()", "optimiser=Broken()) if lag > 10 else PARENT.build(traits, lag")
    (here / "raises.py").write_text(later)
    assert compare(record, "--yes", plugin="raises.py") == 0
    said = capsys.readouterr().out
    rows = [row for row in read_rows(here / "results/compare/twin/runs.csv") if row.method == "twin"]
    assert [row.status for row in rows] == ["budget", "budget", "error", "error"]
    sentence = "Of its runs, 2 ended with an error; the commonest reason: ValueError: no step today."
    assert sentence in said
    assert sentence in (here / "results/compare/twin/report.html").read_text()


@pytest.mark.usefixtures("at_once", "unpainted")
def test_an_earlier_version_of_the_plug_in_does_not_stand_in_the_way(record, here, capsys):
    assert compare(record, "--lags", "10", "--yes", "--out", "out") == 0
    (here / "twin.py").write_text(TWIN + "# edited\n")
    registry._plugins["methods"].clear()
    capsys.readouterr()
    assert compare(record, "--quick", "--dry-run", "--out", "out") == 0
    assert "out: 2 runs of an earlier version of 'twin', which this call replaces" in capsys.readouterr().err


@pytest.mark.usefixtures("at_once", "unpainted")
def test_settings_of_a_search_are_trained(record, here, capsys):
    setting = {"optimiser.learning_rate": 0.05}
    methods = {"twin": {"version": 1, "one": {}, "tasks": {"temporal_order": setting}}}
    tuned.write("tuned.yaml", {"search": {"suite": "mine"}, "methods": methods})
    assert compare(record, "--tuned", "tuned.yaml", "--lags", "10", "--yes") == 0
    assert "2 runs to train" in capsys.readouterr().out
    for folder in ("", "record"):
        own = [row for row in read_rows(here / "results/compare/twin" / folder / "runs.csv") if row.method == "twin"]
        assert [json.loads(row.spec)["overrides"] for row in own] == [setting] * 2
    page = (here / "results/compare/twin/report.html").read_text()
    assert "on every task: optimiser.learning_rate = 0.05" in page
    assert "search: recipe and unknown candidates, unknown seeds, 1 task at lag unknown, unknown passes" in page
    assert compare(record, "--tuned", "tuned.yaml", "--lags", "10", "--dry-run") == 0
    assert "all runs are finished" in capsys.readouterr().out
    tuned.write("tuned.yaml", {"search": {"suite": "mine"}, "methods": {"lstm": methods["twin"]}})
    assert compare(record, "--tuned", "tuned.yaml", "--yes") == 2
    assert "tuned.yaml has no settings of 'twin'; it has those of lstm" in capsys.readouterr().err


@pytest.mark.usefixtures("at_once", "unpainted")
def test_settings_of_the_command_line_are_trained_and_recorded(record, here, capsys):
    general, own = "optimiser.learning_rate=0.05", "temporal_order:optimiser.batch=20"
    words = ["--set", general, "--set", own, "--lags", "10", "--out", "out"]
    assert compare(record, *words, "--yes") == 0
    known = {"optimiser.learning_rate": 0.05, "optimiser.batch": 20}
    for folder in ("", "record"):
        rows = [row for row in read_rows(here / "out" / folder / "runs.csv") if row.method == "twin"]
        assert [json.loads(row.spec)["overrides"] for row in rows] == [known] * 2
    capsys.readouterr()
    assert compare(record, *words, "--dry-run") == 0
    assert "all runs are finished" in capsys.readouterr().out
    other = ["--set", general, "--lags", "10", "--out", "out"]
    assert compare(record, *other, "--dry-run") == 2, "the same runs with other settings"
    assert (
        "2 of which this call does not ask for and would drop (2 of them with other settings" in capsys.readouterr().err
    )
    assert compare(record, *other, "--replace", "--yes") == 0
    assert "out: 2 runs of 'twin', which this call replaces" in capsys.readouterr().err
    rows = [row for row in read_rows(here / "out/runs.csv") if row.method == "twin"]
    assert [json.loads(row.spec)["overrides"] for row in rows] == [{"optimiser.learning_rate": 0.05}] * 2


@pytest.mark.usefixtures("at_once", "unpainted")
def test_a_setting_of_the_command_line_replaces_that_of_a_search(record, here):
    methods = {"twin": {"version": 1, "one": {}, "tasks": {"temporal_order": {"optimiser.learning_rate": 0.05}}}}
    tuned.write("tuned.yaml", {"search": {"suite": "mine"}, "methods": methods})
    words = ["--tuned", "tuned.yaml", "--set", "optimiser.learning_rate=0.02"]
    assert compare(record, *words, "--quick", "--yes") == 0
    (row,) = read_rows(here / "results/compare/twin-quick/record/runs.csv")
    assert json.loads(row.spec)["overrides"] == {"optimiser.learning_rate": 0.02}


@pytest.mark.parametrize(
    ("code", "words", "said"),
    [
        ("TWIN", ["--tasks", "ading"], "unknown task of the reference 'ading'"),
        ("TWIN", ["--lags", "11"], "the reference has no rows at lags 11; it has 10, 12"),
        ("TWIN", ["--set", "optimiser.lerning_rate=1"],
         "longlag: unknown setting of twin in --set 'optimiser.lerning_rate'; did you mean 'optimiser.learning_rate'?"),
        ("TWIN", ["--set", "temporal_order:optimiser.lerning_rate=1"],
         "longlag: unknown setting of twin in --set 'optimiser.lerning_rate'; did you mean 'optimiser.learning_rate'?"),
        ("TWIN", ["--set", "optimiser.lerning_rate?=1"],
         "longlag: unknown setting of twin in --set 'optimiser.lerning_rate'; did you mean 'optimiser.learning_rate'?"),
        ("TWIN", ["--set", "optimiser.damping.start=1"], "unknown setting of twin in --set 'optimiser.damping.start'"),
        ("TWIN", ["--set", "tasks=3"], "unknown setting of twin in --set 'tasks'; known: cell.hidden"),
        ("TWIN", ["--set", "from=lstm"], "unknown setting of twin in --set 'from'; known: cell.hidden"),
        ("TWIN", ["--set", "optimiser.learning_rate=fast"],
         "longlag: --set for twin, on temporal_order: setting 'optimiser.learning_rate' cannot be 'fast'; it is a number"),
        ("TWIN", ["--set", "centring.outputs=[0.5]"], "longlag: --set centring.outputs cannot be [0.5]; it takes a number"),
        ("TWIN", ["--set", "adding:optimiser.batch=20"], "unknown task of this grid in --set 'adding'"),
        ("TWIN", ["--set", "optimiser.batch"], "--set takes path=value"),
        ("TWIN", ["--tasks", "temporal_order,temporal_order"], "--tasks names 'temporal_order' twice; name it once"),
        (TWIN + 'METHOD = dataclasses.replace(METHOD, tune={"optimiser.lr": PARENT.tune["optimiser.learning_rate"]})\n',
         ["--dry-run"], "unknown setting in the tune of twin 'optimiser.lr'; did you mean 'optimiser.learning_rate'?"),
        ("TWIN", ["--plugin", "other.py"],
         "the plug-ins define other and twin; compare takes one new method: add --method NAME"),
        ("TWIN", ["--method", "clipping"], "--plugin twin.py registers method 'twin', and this is for 'clipping'; ask for"),
        ("TWIN", ["--method", "control"], "--plugin twin.py registers method 'twin', and this is for 'control'; ask for"),
        ("TWIN", ["--plugin", "place.py"],
         "--plugin place.py registers task 'place', and this is for 'temporal_order'; ask for what it registers, or leave"),
        (TWIN + "def build(traits, lag):\n    return 3\nMETHOD = dataclasses.replace(METHOD, build=build)\n", [],
         "runs cannot be run, so nothing is started"),
    ],
)  # fmt: skip
def test_what_cannot_be_compared_is_refused(record, here, capsys, code, words, said):
    if code != "TWIN":
        (here / "twin.py").write_text(code)
    (here / "other.py").write_text(TWIN.replace('"twin"', '"other"'))
    (here / "place.py").write_text(PLACE)
    assert compare(record, *["--yes"] * ("--dry-run" not in words), *words) == 2
    assert said in capsys.readouterr().err
    assert not (here / "results").exists()


def test_two_plug_ins_of_one_file_name_are_refused(record, here, capsys):
    (here / "tasks").mkdir()
    (here / "tasks/twin.py").write_text(PLACE)
    assert compare(record, "--plugin", "tasks/twin.py", "--yes") == 2
    said = capsys.readouterr().err
    assert "--plugin names two files called twin.py (twin.py and tasks/twin.py)" in said
    assert "rename one of them" in said
    assert not (here / "results").exists()


def test_a_setting_that_the_newcomer_has_on_some_tasks_only_names_them(here, capsys):
    (here / "twin.py").write_text(TWIN.replace("control", "esn"))
    words = ["compare", "--plugin", "twin.py", "--tasks", "adding,memorization_5bit", "--quick", "--dry-run"]
    assert cli.main([*words, "--set", "cell.leak.times=0.2"]) == 2
    assert (
        "longlag: --set cell.leak.times: twin has this setting on adding, not on memorization_5bit; write "
        "'cell.leak.times?=0.2' to change it where it is, or adding:cell.leak.times=0.2 for one task\n"
    ) in capsys.readouterr().err
    for remedy in ("cell.leak.times?=0.2", "adding:cell.leak.times=0.2"):
        assert cli.main([*words, "--set", remedy]) == 0


def test_one_of_two_plug_ins_may_be_chosen(record, here, capsys):
    (here / "other.py").write_text(TWIN.replace('"twin"', '"other"'))
    assert compare(record, "--plugin", "other.py", "--method", "other", "--quick", "--dry-run") == 0
    assert "other on 1 task, 1 pair of task and lag, 1 run;" in capsys.readouterr().out


def test_a_method_that_the_record_has_is_not_new(record, here, capsys):
    assert cli.main(["compare", "--reference", str(record), "--method", "esn", "--yes"]) == 2
    assert "has rows of a method called 'esn'; give yours another name" in capsys.readouterr().err


def test_no_method_at_all_is_said(record, here, capsys):
    (here / "place.py").write_text(PLACE)
    assert cli.main(["compare", "--reference", str(record)]) == 2
    assert "no plug-in is named; compare takes one new method: add --plugin FILE or" in capsys.readouterr().err
    assert compare(record, plugin="place.py") == 2
    assert "the plug-ins define no method; compare takes one new method: add --plugin" in capsys.readouterr().err


def test_settings_of_a_search_that_do_not_fit_name_its_file(record, here, capsys):
    methods = {"twin": {"version": 1, "one": {}, "tasks": {"temporal_order": {"optimiser.rate": 0.05}}}}
    tuned.write("tuned.yaml", {"search": {"suite": "mine"}, "methods": methods})
    assert compare(record, "--tuned", "tuned.yaml", "--dry-run") == 2
    assert (
        "longlag: tuned.yaml for twin, on temporal_order: unknown setting 'optimiser.rate'" in capsys.readouterr().err
    )


@pytest.mark.slow
def test_an_interrupted_call_resumes(record, here, monkeypatch):
    """Its jobs get one signal each, save a checkpoint, and the next call resumes from there."""
    known = [row for row in read_rows(record / "runs.csv") if row.lag == 10]
    write_rows(here / "long.csv", [replace(row, lag=100, budget=6e4) for row in known])  # some seconds of training
    command = [sys.executable, "-m", "longlag", "compare", "--plugin", "twin.py", "--reference", "long.csv"]
    command += ["--yes", "--cores", "1", "--out", "out"]
    monkeypatch.setenv("LONGLAG_CHECKPOINT_EVERY", "0.2")  # so that the first one shows that training has begun
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    rungs = here / "out/rungs"
    while process.poll() is None and not [path for path in rungs.rglob("*") if path.suffix == ".ckpt"]:
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    output = process.communicate()[0]
    assert process.returncode == 130, output
    assert "run the same command to resume" in output
    kept = [path for path in rungs.rglob("*") if path.is_file()]
    assert [path for path in kept if path.suffix == ".ckpt"], "a checkpoint"
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    own = [row for row in read_rows(Path("out/runs.csv")) if row.method == "twin"]
    assert [row.seed for row in own] == [0, 1]
    assert sum(row.resumed for row in own) >= 1
