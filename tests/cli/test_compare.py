"""`longlag compare`: trains the newcomer alone, keeps the record as it is, and writes the page."""

import io
import re
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from longlag import __version__, cli, registry
from longlag.store.curves import read_points, write_points
from longlag.store.records import VOLATILE, read_rows, write_rows
from toy import outcome, spec

TWIN = """
import dataclasses
from longlag.methods.control import METHOD as PARENT
METHOD = dataclasses.replace(PARENT, name="twin", label="twin")
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

METHOD = dataclasses.replace(METHOD, build=build)
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
    monkeypatch.chdir(tmp_path)
    (tmp_path / "twin.py").write_text(TWIN)
    (tmp_path / "raises.py").write_text(RAISES)
    yield tmp_path
    for found in (*registry._plugins.values(), registry._origins):
        found.clear()


def compare(record, *words: str, plugin="twin.py") -> int:
    return cli.main(["compare", "--plugin", plugin, "--reference", str(record), *words])


def lasting(rows):
    return [repr(replace(row, **dict.fromkeys(VOLATILE, ""))) for row in rows]


def test_the_cost_is_stated_before_anything_is_trained(record, here, capsys):
    assert compare(record, "--dry-run") == 0
    said = capsys.readouterr().out
    assert "twin on 1 task, 2 pairs of task and lag, 4 runs;" in said
    assert f"2 other methods: rows of {record / 'runs.csv'}, not trained" in said
    typical, most = re.findall(r"cost: ([\d,]+) CPU seconds if .* at most ([\d,]+) \(every", said)[0]
    assert 0 < int(typical) <= int(most)
    assert not (here / "results").exists()


def test_the_record_that_comes_with_the_package_has_a_name_of_its_own(here, capsys):
    assert cli.main(["compare", "--plugin", "twin.py", "--tasks", "adding", "--quick", "--dry-run"]) == 0
    assert f"rows of longlag {__version__}: results/reference/runs.csv, not trained" in capsys.readouterr().out


def test_nobody_to_ask_is_said(record, here, capsys, monkeypatch):
    monkeypatch.setattr("sys.stdin", io.StringIO())
    assert compare(record) == 2
    assert "add --yes to start, or --dry-run" in capsys.readouterr().err
    assert not (here / "results").exists()


def test_who_says_no_trains_nothing(record, here, monkeypatch, capsys):
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


def test_a_smaller_call_does_not_replace_a_larger_result(record, here, capsys):
    assert compare(record, "--lags", "10", "--yes") == 0
    assert "results/compare/twin/record: your method alone" in capsys.readouterr().out
    before = (here / "results/compare/twin/record/runs.csv").read_bytes()
    for words in (["--quick", "--yes"], ["--quick", "--dry-run"]):
        assert compare(record, *words) == 2
        said = capsys.readouterr().err
        assert "results/compare/twin has 2 runs of 'twin', 1 of which this call does not ask for" in said
        assert "choose another folder with --out" in said
    assert (here / "results/compare/twin/record/runs.csv").read_bytes() == before
    assert compare(record, "--yes") == 0, "a larger call adds to it"
    assert "2 runs to train, 2 finished before;" in capsys.readouterr().out
    assert len([row for row in read_rows(here / "results/compare/twin/runs.csv") if row.method == "twin"]) == 4


def test_recorded_rows_of_older_code_are_named_and_counted(record, here, capsys):
    rows = [
        replace(row, method_version=row.method_version - (row.method == "esn"))
        for row in read_rows(record / "runs.csv")
    ]
    write_rows(here / "old.csv", rows)
    assert cli.main(["compare", "--plugin", "twin.py", "--reference", "old.csv", "--quick", "--yes"]) == 0
    now = registry.get("methods", "esn").version
    sentence = (
        f"Recorded rows of older code, which may give other numbers today: esn (version {now - 1}, now {now}: 2 rows)."
    )
    shown = capsys.readouterr()
    assert sentence in shown.err
    assert sentence in shown.out
    assert sentence in (here / "results/compare/twin/report.html").read_text()
    assert compare(record, "--quick", "--dry-run") == 0
    assert "older code" not in capsys.readouterr().err


def test_runs_that_cannot_be_built_are_not_finished_before(record, here, capsys):
    refusing = "def build(traits, lag):\n    return PARENT.build(traits, lag if lag < 12 else 1 / 0)\n"
    (here / "some.py").write_text(f"{TWIN}{refusing}METHOD = dataclasses.replace(METHOD, build=build)\n")
    assert compare(record, "--dry-run", plugin="some.py") == 0
    shown = capsys.readouterr()
    assert "2 runs to train, 0 finished before, 2 that cannot be built;" in shown.out
    assert "the grid of the reference: 2 of 4 runs cannot be built, and their 2 jobs" in shown.err.replace("\n", " ")


def test_one_page_has_one_smallest_attainable_p(record, here, capsys):
    assert compare(record, "--yes") == 0
    page = (here / "results/compare/twin/report.html").read_text()
    found = re.findall(r"can reach p (?:&lt;|<) ([\d.]*\d)", page) + re.findall(r"can reach is ([\d.]*\d)", page)
    assert len(found) >= 2
    assert len(set(found)) == 1


def test_a_part_of_the_grid_shows_that_part_alone(record, here, capsys):
    assert compare(record, "--quick", "--yes", "--out", "part") == 0
    assert "--quick is a smoke test" in capsys.readouterr().err
    rows = read_rows(here / "part/runs.csv")
    assert {row.lag for row in rows} == {10}
    assert [row.seed for row in rows if row.method == "twin"] == [0]


def test_a_method_that_raises_is_a_finding(record, here, capsys):
    assert compare(record, "--yes", plugin="raises.py") == 1
    said = capsys.readouterr().out
    assert "the probe failed: error, ValueError: no step today" in said
    rows = [row for row in read_rows(here / "results/compare/twin/runs.csv") if row.method == "twin"]
    assert [row.status for row in rows] == ["error"] * 4
    sentence = "Of its runs, 4 ended with an error; the commonest reason: ValueError: no step today."
    assert sentence in said
    assert sentence in (here / "results/compare/twin/report.html").read_text()


@pytest.mark.parametrize(
    ("code", "words", "said"),
    [
        ("TWIN", ["--tasks", "ading"], "unknown task of the reference 'ading'"),
        ("TWIN", ["--lags", "11"], "the reference has no rows at lags 11; it has 10, 12"),
        ("TWIN", ["--method", "esn"], "has rows of a method called 'esn'; give yours another name"),
        ("TWIN", ["--plugin", "other.py"], "the plug-ins define 2 methods; compare takes one new method"),
        (TWIN + "def build(traits, lag):\n    return 3\nMETHOD = dataclasses.replace(METHOD, build=build)\n", [],
         "runs cannot be run, so nothing is started"),
    ],
)  # fmt: skip
def test_what_cannot_be_compared_is_refused(record, here, capsys, code, words, said):
    if code != "TWIN":
        (here / "twin.py").write_text(code)
    (here / "other.py").write_text(TWIN.replace('"twin"', '"other"'))
    assert compare(record, "--yes", *words) == 2
    assert said in capsys.readouterr().err
    assert not (here / "results").exists()


@pytest.mark.slow
def test_an_interrupted_call_resumes(record, here):
    """Its jobs get one signal each, save a checkpoint, and the next call resumes from there."""
    write_rows(here / "long.csv", [replace(row, budget=1e6) for row in read_rows(record / "runs.csv") if row.lag == 10])
    command = [sys.executable, "-m", "longlag", "compare", "--plugin", "twin.py", "--reference", "long.csv"]
    command += ["--yes", "--cores", "1", "--out", "out"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    rungs = here / "out/rungs"
    while process.poll() is None and not (rungs.exists() and list(rungs.rglob("*"))):
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    output = process.communicate()[0]
    assert process.returncode == 130, output
    assert "run the same command to resume" in output
    kept = [path for path in rungs.rglob("*") if path.is_file()]
    assert kept, "a rung or a checkpoint"
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    own = [row for row in read_rows(Path("out/runs.csv")) if row.method == "twin"]
    assert [row.seed for row in own] == [0, 1]
    assert sum(row.resumed for row in own) >= 1
