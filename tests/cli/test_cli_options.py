"""No verb accepts an option that it does not use: each one changes what the verb prints, writes or hands on.

Every verb runs a tiny case with and without each of its arguments. A new option needs a case in `CHANGES`. Two results
are equal if exit code, printed text and files are equal, apart from times and the volatile columns of rows.
"""

import argparse
import dataclasses
import io
import os
import re
import shlex
import shutil
import sys
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

import pandas as pd
import pytest

import searches
from longlag import cli, lecture, registry, report
from longlag.cli import _compare_cost
from longlag.engine import checkpoint
from longlag.lecture.base import to_json
from longlag.lecture.tools import running
from longlag.store.curves import read_points, write_points
from longlag.store.records import VOLATILE, read_rows, write_rows
from toy import outcome, replaced, small, spec

METHOD_PLUGIN = """
import dataclasses
import os
from longlag.methods.control import METHOD as PARENT
METHOD = dataclasses.replace(PARENT, name="twin")
"""
SETS = [f"--set={path}={value}" for path, value in small("control").items()]
TRAIN = ["--task", "temporal_order", "--method", "control", "--budget", "600", *SETS]
TRAINED = {  # arguments of train, ladder and tune
    "--task": ["--task", "adding"],
    "--method": ["--method", "clipping"],
    "--seeds": ["--seeds", "1"],
    "--budget": ["--budget", "1000"],
    "--stop": ["--stop", "budget"],
    "--timeout": ["--timeout", "1e-9"],
    "--set": ["--set", "optimiser.learning_rate=0.5"],
    "--rule": ["--rule", "test_lags=[30]"],
    "--variant": ["--variant", "small"],
    "--device": ["--device", "cuda:99"],
    "--plugin": ["--plugin", "twin.py", "--method", "twin"],
    "--cache": ["--cache", "rungs"],
    "--checkpoint-every": ["--checkpoint-every", "7"],
    "--out": ["--out", "other.csv"],
    "--replace": lambda words: full(words),
}
RECORDED = {
    "--candidate": ["--candidate", "1", "--seeds", "1000000"],
    "--curves": ["--curves", "other.parquet"],
    "--gradient-flow": ["--gradient-flow"],
    "--reuse": ["--reuse", "two.csv"],
}


def found(*words):
    """Calls with and without these words that choose from the runs of a search, whose files are written now."""
    Path("found").mkdir()
    searches.write("found", {})
    return ["--suite", "found"], ["--suite", "found", *words]


def held(*words):
    """Calls with and without --replace, in a folder that has the record of another suite or a larger one."""
    Path("held").mkdir()
    shutil.copy("two.csv", "held/runs.csv")
    Path("held/suite.json").write_text('{"suite": "other"}')
    return [*words, "--replace"], [*words]


def full(words):
    """Calls with and without --replace, onto a file with more seeds."""
    shutil.copy("two.csv", "full.csv")
    words = replaced(words, "--out", "full.csv")
    return [*words, "--replace"], words


def compared(words):
    """Calls that would replace a larger comparison."""
    words = ["--plugin", "twin.py", "--reference", "grid.csv", "--out", "larger"]
    with redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
        assert cli.main(["compare", *words, "--yes"]) == 0
    smaller = [*words, "--lags", "12", "--dry-run"]
    return [*smaller, "--replace"], smaller


def measured(words):
    """Calls that would delete a claim of other seeds."""
    with redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
        assert cli.main(["lecture", "--claim", "2", "--seeds", "3:5"]) == 0
    return [*words, "--replace"], words


def resumed(words):
    """Calls with and without --resume, in a folder that has the claim already."""
    with redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
        assert cli.main(["lecture", *words, "--out", "held"]) == 0
    words = [*words, "--out", "held"]
    return words, [*words, "--resume"]


# What runs, and for each argument the words that are added; or a function of the words; or both calls.
CHANGES = {
    "train": (
        ["--lag", "10", *TRAIN, "--out", "o.csv", "--curves", "o.parquet"],
        {"--lag": ["--lag", "12"], **TRAINED, **RECORDED},
    ),
    "ladder": (
        ["--lags", "10", *TRAIN, "--out", "o.csv", "--curves", "o.parquet"],
        {"--lags": ["--lags", "10,12"], **TRAINED, **RECORDED},
    ),
    "tune": (
        ["--lag", "10", "--candidates", "1", *TRAIN, "--out", "o.csv"],
        {"--lag": ["--lag", "12"], "--candidates": ["--candidates", "2"], **TRAINED,
         "--set": ["--set", "optimiser.batch=20"], "--suite": lambda words: found()[0],
         "--runs": lambda words: found("--runs", "nowhere"), "--tuned": lambda words: found("--tuned", "other.yaml")},
    ),
    "list": ([], {"--json": ["--json"], "--markdown": ["--markdown"], "--plugin": ["--plugin", "twin.py"]}),
    "show": (
        ["control"],
        {"name": lambda words: ["hf"], "--task": ["--task", "adding"], "--lag": ["--lag", "60"],
         "--plugin": lambda words: ["twin", "--plugin", "twin.py"]},
    ),
    "jobs": (["s.yaml"], {"suite": lambda words: ["t.yaml"], "--folder": ["--folder", "elsewhere"]}),
    "collect": (
        ["--suite", "s.yaml", "--jobs", "jobs", "--out", "out"],
        {"--suite": ["--suite", "t.yaml"], "--jobs": ["--jobs", "."], "--out": ["--out", "other"],
         "--plugin": ["--plugin", "no.py"], "--replace": lambda words: held(*words[:-1], "held")},
    ),
    "design": (
        ["s.yaml"],
        {"suite": lambda words: ["t.yaml"], "--here": (["big.yaml"], ["big.yaml", "--here"]), "--plugin": ["--plugin", "no.py"]},
    ),
    "datacard": (["carded"], {"folder": ["carded2"], "--title": ["--title", "x"]}),
    "merge": (
        ["out", "a.csv"],
        {"out": lambda words: ["other", "a.csv"], "runs": ["b.csv"], "--replace": lambda words: held("held", "a.csv")},
    ),
    "diff": (
        ["a.csv", "b.csv"],
        {"a": lambda words: ["b.csv", "b.csv"], "b": lambda words: ["a.csv", "a.csv"],
         "--methods": lambda words: [*words, "--methods", "control", "control"], "--out": ["--out", "d.csv"]},
    ),
    "estimate": (
        ["s.yaml", "a.csv"],
        {"suite": lambda words: ["t.yaml", *words[1:]], "runs": lambda words: ["s.yaml", "b.csv"], "--cores": ["--cores", "5"],
         "--plugin": ["--plugin", "no.py"]},
    ),
    "verify": (
        ["two.csv", "--sample", "1"],
        {"runs": lambda words: ["a.csv"], "--sample": ["--sample", "2"], "--seed": ["--seed", "2"],
         "--reused": ["--reused"], "--methods": ["--methods", "nobody"],
         "--plugin": ["--plugin", "no.py"]},
    ),
    "new": (
        ["task", "mine"],
        {"kind": lambda words: ["method", "mine"], "name": lambda words: ["task", "other"], "--out": ["--out", "other"]},
    ),
    "check": (
        ["--task", "xor"],
        {"files": lambda words: ["twin.py", *words], "--method": ["--method", "constant"], "--task": ["--task", "adding"]},
    ),
    "compare": (
        ["--plugin", "twin.py", "--reference", "grid.csv", "--cores", "2", "--yes"],
        {"--plugin": ["--plugin", "no.py"], "--method": lambda words: [*words[2:], "--method", "clipping"], "--reference": ["--reference", "two.csv"],
         "--tasks": ["--tasks", "adding"], "--lags": ["--lags", "12"], "--quick": ["--quick"], "--cores": ["--cores", "1"],
         "--tuned": ["--tuned", "no.yaml"], "--set": ["--set", "optimiser.batch=20"], "--replace": compared,
         "--yes": tuple(["--plugin", "twin.py", "--reference", "two.csv", start] for start in ("--dry-run", "--yes")),
         "--dry-run": tuple(["--plugin", "twin.py", "--reference", "two.csv", start] for start in ("--yes", "--dry-run")),
         "--out": ["--out", "other"]},
    ),
    "figure": (
        ["learning_curves", "a.csv", "--curves", "a.parquet", "--out", "out"],
        {"name": lambda words: ["endings", *words[1:]], "--curves": ["--curves", "two.parquet"],
         "runs": tuple(["endings", name, "--out", "out"] for name in ("a.csv", "two.csv")), "--methods": ["--methods", "nobody"],
         "--tasks": ["--tasks", "nothing"], "--out": ["--out", "other"]},
    ),
    "table": (
        ["success", "a.csv", "--out", "out"],
        {"name": lambda words: ["cost", *words[1:]], "runs": lambda words: ["success", "two.csv", *words[2:]], "--out": ["--out", "other"],
         "--methods": ["--methods", "nobody"], "--tasks": ["--tasks", "nothing"]},
    ),
    "report": (
        ["a.csv", "--out", "page.html"],
        {"runs": lambda words: ["b.csv", *words[1:]], "--curves": ["--curves", "a.parquet"], "--figures": ["--figures", "x"],
         "--tables": ["--tables", "x"], "--lecture": ["--lecture", "x"], "--handson": ["--handson", "x"],
         "--title": ["--title", "x"], "--out": ["--out", "other.html"]},
    ),
    "lecture": (
        ["--claim", "3"],
        {"--claim": ["--claim", "2"], "--seeds": ["--seeds", "3:5"], "--out": ["--out", "out"], "--json": ["--json"],
         "--cores": ["--cores", "77"], "--markdown": ["--markdown"], "--slides": ["--slides"],
         "--numbers": ["--numbers"], "--replace": measured, "--resume": resumed},
    ),
    "run": (
        ["s.yaml"],
        {"suite": lambda words: ["demo"], "--cores": ["--cores", "77"], "--dry-run": ["--dry-run"],
         "--unlock": ["--unlock"], "--replace": ["--replace"]},
    ),
    "paper": (
        ["sutskever2013"],
        {"name": lambda words: ["nobody"], "--stages": ["--stages"], "--estimate": ["--estimate"],
         "--add": ["--add", "nowhere"], "--out": ["--out", "other.html"]},
    ),
    "cite": (["a.csv"], {"runs": lambda words: [], "--plugin": ["--plugin", "no.py"]}),
    "completion": (["bash"], {"shell": lambda words: ["zsh"]}),
    "handson": (["--out", "page.html"], {"--out": ["--out", "other.html"]}),
}  # fmt: skip


def verbs() -> dict[str, argparse.ArgumentParser]:
    (action,) = (a for a in cli.build_parser()._actions if isinstance(a, argparse._SubParsersAction))
    return dict(action.choices)


def arguments(parser: argparse.ArgumentParser) -> set[str]:
    """Options by their flag, positional arguments by their name."""
    shown = [action for action in parser._actions if action.help != argparse.SUPPRESS]
    everywhere = {"--help", "--quiet", "--verbose"}  # tests/cli/test_cli_start.py
    return {(action.option_strings or [action.dest])[-1] for action in shown} - everywhere


@pytest.mark.parametrize("verb", verbs())
def test_every_argument_has_a_case(verb):
    assert set(CHANGES[verb][1]) == arguments(verbs()[verb])


def described(value: object) -> object:
    """A value in words that are equal for equal values: tables by their content."""
    if isinstance(value, pd.DataFrame):
        return value.to_csv()
    if isinstance(value, (list, tuple)):
        return [described(item) for item in value]
    if isinstance(value, dict):
        return {key: described(item) for key, item in value.items()}
    known = vars(value) if hasattr(value, "__dict__") and not callable(value) else {}
    return {name: described(item) for name, item in known.items()} or repr(value)


@pytest.fixture(scope="module")
def trained_once():
    """Points and rows of two seeds, the same in every folder, times too."""
    return outcome(spec("control", seeds=(0, 1)))


@pytest.fixture
def folder(tmp_path, monkeypatch, trained_once):
    """Small records and designs, in the working directory; what takes long or leaves no trace says what it was given."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", str(Path(sys.executable).parent), prepend=os.pathsep)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    points, rows = trained_once
    write_rows("two.csv", rows)
    for name, row in zip("ab", rows, strict=True):
        write_rows(f"{name}.csv", [dataclasses.replace(row, seconds=100.0 * (1 + row.seed), passes=600.0 + row.seed)])
    write_points("two.parquet", points)
    write_points("a.parquet", [point for point in points if point.seed == 0])
    for name in ("carded", "carded2"):
        (tmp_path / name).mkdir()
        write_rows(tmp_path / name / "runs.csv", rows)
    (tmp_path / "jobs").mkdir()
    (tmp_path / "twin.py").write_text(METHOD_PLUGIN)
    for name, lag in (("s", 10), ("t", 20)):
        design = f"suite: {name}\nseeds: 2\ncells: [{{methods: [control], tasks: [temporal_order], lags: [{lag}]}}]\n"
        (tmp_path / f"{name}.yaml").write_text(design)
    design = (tmp_path / "s.yaml").read_text()
    (tmp_path / "big.yaml").write_text(f"{design}methods: {{control: {{cell.hidden: 10000000}}}}\n")
    others = [{}, {"lag": 12}, {"task": "adding"}, {"task": "adding", "lag": 12}]
    write_rows("grid.csv", [dataclasses.replace(row, **other) for row in rows for other in others])
    handed: list[object] = []

    def page(*args, **named):
        return str(described((args, named)))

    def measured(*given):
        handed.append(given)
        number = {"name": "n", "value": 1.0, "low": 0.0, "high": 2.0, "unit": "", "threshold": "", "met": None}
        finding = {"verdict": "holds", "plain": "", "summary": str(given[1]), "numbers": [number], "caveat": ""}
        for slug in given[0]:
            claim = to_json(dataclasses.asdict(lecture.get(slug).CLAIM))
            yield slug, {"claim": claim, "finding": finding, "seconds": 0.0, "error": ""}

    def checkpoints(*given, kind=checkpoint.Checkpoints):
        handed.append(given[1])
        return kind(*given)

    def trained(plan, out, cores, ended):
        handed.append(cores)
        for job in plan.jobs:
            runs, curves = (out / "jobs" / job.folder / name for name in ("runs.csv", "curves.parquet"))
            assert cli.main(["ladder", *shlex.split(job.arguments()), "--out", str(runs), "--curves", str(curves)]) == 0
            same = {name: getattr(rows[0], name) for name in VOLATILE}  # the page quotes times
            write_rows(runs, [dataclasses.replace(row, **same) for row in read_rows(runs)])
            write_points(curves, [dataclasses.replace(point, seconds=0.0) for point in read_points(curves)])

    monkeypatch.setattr("longlag.cli._jobs.train", trained)
    monkeypatch.setattr("longlag.cli._compare_cost._cost", lambda *given: _compare_cost.Cost(2.0, 3.0, 1.0, ""))
    monkeypatch.setattr(report, "render", page)
    monkeypatch.setattr(running, "measured", measured)
    monkeypatch.setattr("longlag.cli.lecture._draw", lambda document, out: None)
    monkeypatch.setattr("longlag.report.slides.render", page)  # nor can a slide be drawn of these findings
    monkeypatch.setattr("longlag.cli.run_._call", lambda command, *more: handed.append(command) or 0)
    monkeypatch.setattr(checkpoint, "Checkpoints", checkpoints)
    yield handed
    for found in (*registry._plugins.values(), registry._origins):
        found.clear()


def result(words, tmp_path, handed, capsys):
    """Exit code, printed text and files of one call, without what differs from call to call."""
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    handed.clear()
    try:
        code = cli.main([str(word) for word in words])
    except SystemExit as stopped:
        code = stopped.code
    for found in (*registry._plugins.values(), registry._origins):
        found.clear()
    said = re.sub(r"[\d.]+ (CPU )?s\b", "", "".join(capsys.readouterr()).replace(str(tmp_path), "."))
    files = {}
    for path in sorted(tmp_path.rglob("*")):
        if path.is_file() and path not in before:
            files[path.name] = content(path)
            path.unlink()
    for path, data in before.items():  # the next call finds what this one found
        path.write_bytes(data)
    return code, said, files, str(handed).replace(str(tmp_path), ".")


def content(path):
    if path.suffix == ".csv" and path.read_text().startswith("task,lag,"):
        return [repr(dataclasses.replace(row, **dict.fromkeys(VOLATILE, ""))) for row in read_rows(path)]
    if path.suffix == ".parquet":
        return [repr(dataclasses.replace(point, seconds=0.0)) for point in read_points(path)]
    return "" if path.suffix == ".json" and "_seed" in path.name else path.read_bytes()


ALONE: dict[str, list[tuple]] = {}  # by verb, the results of its words alone: of two calls, in a folder each


@pytest.mark.parametrize(("verb", "name"), [(verb, name) for verb in CHANGES for name in CHANGES[verb][1]])
def test_every_argument_changes_something(verb, name, folder, tmp_path, capsys):
    words, changes = CHANGES[verb]
    change = changes[name]
    changed = change if isinstance(change, tuple) else change(words) if callable(change) else replaced(words, *change)
    words, changed = changed if isinstance(changed, tuple) else (words, changed)
    alone = words == CHANGES[verb][0]
    known = ALONE.setdefault(verb, []) if alone else []
    one = known[0] if len(known) > 1 else result([verb, *words], tmp_path, folder, capsys)
    other = result([verb, *changed], tmp_path, folder, capsys)
    assert one[0] == 0 or verb in ("verify", "collect"), one[1]
    assert one != other, f"longlag {verb} ignores {name}"
    known.append(one if alone else result([verb, *words], tmp_path, folder, capsys))
    assert one == known[0], "two calls with the same words differ"


TASK_PLUGIN = """
import dataclasses
from longlag.tasks.adding import TASK as PARENT
TASK = dataclasses.replace(PARENT, name="place")
"""
OF_METHOD = "--plugin twin.py registers method 'twin', and this is for"
OF_TASK = "--plugin place.py registers task 'place', and this is for"
IDLE_PLUGINS = {
    "the method of train": (["train", "--lag", "10", *TRAIN], "twin.py", f"{OF_METHOD} 'control';"),
    "the task of train": (["train", "--lag", "10", *TRAIN], "place.py", f"{OF_TASK} 'temporal_order';"),
    "the method of tune": (["tune", "--lag", "10", *TRAIN], "twin.py", f"{OF_METHOD} 'control';"),
    "a method shown": (["show", "control"], "twin.py", f"{OF_METHOD} 'control';"),
    "a method shown for a task": (["show", "control", "--task", "adding"], "place.py", f"{OF_TASK} 'adding';"),
    "a task shown": (["show", "adding"], "twin.py", f"{OF_METHOD} 'adding';"),
}


@pytest.mark.parametrize("case", IDLE_PLUGINS)
def test_a_plug_in_that_has_no_part_in_the_call_is_refused(case, folder, tmp_path, capsys):
    (tmp_path / "place.py").write_text(TASK_PLUGIN)
    words, plugin, said = IDLE_PLUGINS[case]
    out = [] if words[0] == "show" else ["--out", "o.csv"]
    assert cli.main([*words, *out, "--plugin", plugin]) == 2
    (line,) = [line for line in capsys.readouterr().err.splitlines() if line]
    assert line == f"longlag: {said} ask for what it registers, or leave --plugin out"
    assert not (tmp_path / "o.csv").exists()


def test_a_job_of_a_suite_names_all_of_its_plug_ins(folder, capsys):
    """`longlag ladder` says which of them it does not use, and trains."""
    words = ["ladder", "--lags", "10", *TRAIN, "--out", "o.csv", "--plugin", "twin.py"]
    assert cli.main(words) == 0
    assert f"longlag: note: {OF_METHOD} 'control'\n" in capsys.readouterr().err
    assert cli.main([*replaced(words, "--method", "twin"), "--replace"]) == 0
    assert "note" not in capsys.readouterr().err


def test_a_plug_in_with_a_part_is_not_refused(folder, tmp_path):
    (tmp_path / "place.py").write_text(TASK_PLUGIN)
    assert cli.main(["show", "control", "--task", "place", "--plugin", "place.py"]) == 0
    assert cli.main(["show", "twin", "--task", "place", "--plugin", "place.py", "--plugin", "twin.py"]) == 0
    assert cli.main(["show", "control", "--plugin", "place.py"]) == 0, "a method is shown for every task"


IDLE = {
    "--gradient-flow": (["train", "--lag", "10", *TRAIN, "--out", "o.csv", "--gradient-flow"], "add --curves FILE"),
    "--seed": (["verify", "two.csv", "--seed", "0"], "add --sample N"),
    "--task": (["show", "adding", "--task", "xor"], "add the name of a method"),
}


@pytest.mark.parametrize("option", IDLE)
def test_an_option_without_the_one_that_it_needs_is_refused(option, folder, tmp_path, capsys):
    words, remedy = IDLE[option]
    assert cli.main(words) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"longlag: {option} has no effect alone")
    assert remedy in line
    assert not (tmp_path / "o.csv").exists()


@pytest.mark.parametrize("verb", ["list", "lecture"])
def test_two_forms_of_output_exclude_each_other(verb, capsys):
    with pytest.raises(SystemExit, match="2"):
        cli.main([verb, "--json", "--markdown"])
    assert "not allowed with" in capsys.readouterr().err
