"""The command: what a person types, right and wrong."""

import ast
import dataclasses
import errno
import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from longlag import cli, registry, resources
from longlag.cli import _arguments, _curves, _renamed
from longlag.engine import verify
from longlag.engine.spec import resolve_elsewhere
from longlag.errors import LonglagError
from longlag.store import lock
from longlag.store.curves import read_points
from longlag.store.records import read_rows, write_rows
from toy import replaced, small

TRAIN = ["train", "--task", "temporal_order", "--lag", "10", "--method", "control", "--seeds", "0:2", "--budget", "600"]
SETS = [word for path, value in small("control").items() for word in ("--set", f"{path}={value}")]

PLUGIN = """
from longlag.methods.control import METHOD as PARENT
from longlag.methods.base import Method
METHOD = Method("control_again", "again", "the control under another name", "nobody", 1, PARENT.build)
"""


@pytest.fixture(autouse=True)
def _forget_plugins():
    yield
    for found in (*registry._plugins.values(), registry._origins):
        found.clear()


def refused(capsys, words, folder):
    """The error of a command that must fail with exit code 2, one short line, and leave nothing behind."""
    before = sorted(folder.rglob("*"))
    try:
        code = cli.main([str(word) for word in words])
    except SystemExit as stopped:  # argparse
        code = stopped.code
    message = capsys.readouterr().err
    assert code == 2
    assert "Traceback" not in message
    assert sorted(folder.rglob("*")) == before
    return message


def test_train_writes_rows_and_curves(tmp_path, capsys):
    runs, curve = tmp_path / "new" / "runs.csv", tmp_path / "curves.parquet"
    assert cli.main([*TRAIN, *SETS, "--out", str(runs), "--curves", str(curve)]) == 0
    rows = read_rows(runs)
    assert [(row.task, row.lag, row.method, row.seed) for row in rows] == [
        ("temporal_order", 10, "control", s) for s in (0, 1)
    ]
    assert {point.seed for point in read_points(curve)} == {0, 1}
    said = capsys.readouterr()
    assert "temporal_order T=10 control seed 1" in said.err
    points = len(read_points(curve))
    assert said.out == f"{runs}: 2 rows; {curve}: {points} points of learning curves\n"


def test_a_task_that_is_named_twice_is_not_trained_twice(tmp_path, capsys):
    out = tmp_path / "runs.csv"
    words = ["ladder", "--task", "adding", "--task", "adding", "--method", "esn", "--lags", "10", "--out", str(out)]
    assert cli.main(words) == 2
    assert "--task names 'adding' twice; name it once" in capsys.readouterr().err
    assert not out.exists()


@pytest.mark.parametrize("command", [TRAIN, ["tune", *TRAIN[1:]]])
@pytest.mark.parametrize(
    ("name", "words"),
    [("", "name is empty"), ("runs.csv.gz", "leave the ending out"), ("rows/", "rows/ names a folder")],
)
def test_an_output_whose_name_promises_another_file_is_refused(tmp_path, capsys, monkeypatch, command, name, words):
    monkeypatch.chdir(tmp_path)
    assert words in refused(capsys, [*command, *SETS, "--out", name], tmp_path)


@pytest.mark.parametrize("option", ["--out", "--curves"])
def test_a_file_with_other_runs_is_not_replaced_unless_that_is_asked_for(tmp_path, capsys, option):
    """Rows, and curves alone: those of another method, lag or seed. What is trained again is replaced, as ever."""
    held = {"--out": tmp_path / "runs.csv", "--curves": tmp_path / "curves.parquet"}
    first = [*TRAIN, *SETS, *(str(word) for pair in held.items() for word in pair)]
    assert cli.main(first) == 0
    other = "--curves" if option == "--out" else "--out"
    words = replaced(first, other, str(tmp_path / "elsewhere"))
    before = held[option].read_bytes()
    for change in (("--method", "clipping"), ("--lag", "12"), ("--task", "adding"), ("--seeds", "1")):
        message = refused(capsys, replaced(words, *change), tmp_path)
        run = "temporal_order with control at lag 10, seed 0"
        n = "1 other run" if change[0] == "--seeds" else "2 other runs"
        assert (
            f"{held[option]} has {n}, such as {run}, which would be lost; choose another file with {option}" in message
        )
        assert "add --replace" in message
    assert held[option].read_bytes() == before
    held[option].write_bytes(before[: len(before) // 2])
    assert "its runs would be lost: choose another file, or add --replace" in refused(capsys, words, tmp_path)
    held[option].write_bytes(before)
    for change in (("--seeds", "0:2"), ("--budget", "900"), ("--seeds", "0:3")):
        assert cli.main(replaced(words, *change)) == 0, "the same runs, or more"
    assert cli.main([*replaced(words, "--method", "clipping"), "--replace"]) == 0
    found = read_rows(held["--out"]) if option == "--out" else read_points(held["--curves"])
    assert {row.method for row in found} == {"clipping"}


def test_a_search_does_not_replace_the_rows_of_runs(tmp_path, capsys):
    words = [*TRAIN, *SETS, "--out", str(tmp_path / "runs.csv")]
    assert cli.main(words) == 0
    search = ["tune", *words[1:], "--candidates", "1"]
    assert "runs.csv has 2 other runs, such as" in refused(capsys, search, tmp_path)
    assert cli.main([*search, "--replace"]) == 0
    assert cli.main(search) == 0
    assert len(read_rows(tmp_path / "runs.csv")) == 4


def test_ladder_keeps_its_rungs(tmp_path):
    words = ["ladder", "--task", "adding", "--task", "temporal_order", "--method", "control", "--lags", "12,10",
             "--seeds", "0:2", "--budget", "600", *SETS, "--cache", tmp_path / "rungs"]  # fmt: skip
    for name in ("one", "two"):
        out = ["--out", tmp_path / f"{name}.csv", "--curves", tmp_path / f"{name}.parquet"]
        assert cli.main([str(word) for word in [*words, *out]]) == 0
    assert (tmp_path / "one.csv").read_bytes() == (tmp_path / "two.csv").read_bytes()
    assert (tmp_path / "one.parquet").read_bytes() == (tmp_path / "two.parquet").read_bytes()
    assert len(list((tmp_path / "rungs").rglob("*.json"))) == 8
    assert len(read_rows(tmp_path / "one.csv")) == 8


def test_list_and_show(capsys):
    assert cli.main(["list", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["methods"] == registry.names("methods")
    assert found["tasks"] == registry.names("tasks")
    assert cli.main(["list"]) == 0
    assert "lstm_chrono" in capsys.readouterr().out
    for name, words in (("hf", ("structural_damping", "Martens")), ("adding", ("minimal lag 25", "84.6% wrong"))):
        assert cli.main(["show", name]) == 0
        shown = capsys.readouterr().out
        assert all(word in shown for word in words)


@pytest.mark.parametrize(
    ("task", "line"),
    [
        ("temporal_order", "kind: symbols; inputs: 2 x symbol, 4 x distractor; 4 outputs (scores of classes) at 1 scored step;"),
        ("memorization_5bit", "kind: replay; inputs: 2 x symbol, blank, cue; 3 outputs (scores of classes) at 5 scored steps;"),
        ("random_permutation_every_step", "inputs: 2 x symbol, 98 x distractor; 100 outputs (scores of classes) at every step;"),
    ],
)  # fmt: skip
def test_show_says_in_words_what_goes_in_and_out(capsys, task, line):
    assert cli.main(["show", task]) == 0
    assert line in capsys.readouterr().out


@pytest.mark.parametrize("kind", ["methods", "tasks"])
def test_show_prints_what_the_file_of_a_method_or_task_says(capsys, kind):
    for name in registry.names(kind):
        assert cli.main(["show", name]) == 0
        shown = capsys.readouterr().out
        docstring = ast.get_docstring(ast.parse((Path(registry.__file__).parent / kind / f"{name}.py").read_text()))
        assert docstring in shown, name


def test_tune_reports_the_best_of_its_candidates(tmp_path, capsys):
    words = ["tune", "--task", "temporal_order", "--lag", "10", "--method", "control", "--candidates", "3",
             "--budget", "600", *SETS, "--out", tmp_path / "tune.csv"]  # fmt: skip
    assert cli.main([str(word) for word in words]) == 0
    assert capsys.readouterr().out.count("tried --set optimiser.learning_rate=") == 3
    assert {row.seed for row in read_rows(tmp_path / "tune.csv")} == {1_000_000}


def test_tune_reuses_the_candidates_that_its_cache_keeps(tmp_path, capsys):
    words = ["tune", "--task", "temporal_order", "--lag", "10", "--method", "control", "--budget", "600", *SETS,
             "--cache", tmp_path / "rungs", "--out", tmp_path / "tune.csv"]  # fmt: skip
    started = []
    for candidates in (2, 3):
        assert cli.main([str(word) for word in [*words, "--candidates", candidates]]) == 0
        said = capsys.readouterr()
        started.append(said.err.count("after 600 passes"))
    assert started == [3, 1], "the recipe and two candidates; only the third candidate is new to the second call"
    assert said.out.count("tried") == 4
    told = r"tried the recipe: [\d.]+% wrong on validation, 600 passes, last loss [\d.]+\n"
    assert re.search(told, said.out), "the recipe is one of them, with all that decides"
    assert "seeds of tuning: 1000000, for --seeds 0" in said.out


def test_verify_repeats_rows_and_catches_a_forged_one(tmp_path, capsys):
    runs = tmp_path / "runs.csv"
    assert cli.main([*TRAIN, *SETS, "--out", str(runs)]) == 0
    assert cli.main(["verify", str(runs), "--sample", "1"]) == 0
    assert "byte-identical" in capsys.readouterr().out
    row = read_rows(runs)[0]
    other = dataclasses.replace(row, method="esn", spec_hash="0" * 16)
    write_rows(runs, [other, row])
    assert cli.main(["verify", str(runs), "--methods", row.method]) == 0
    assert "1 of 1 rows" in capsys.readouterr().out
    assert cli.main(["verify", str(runs), "--methods", f"{row.method}s"]) == 2
    assert f"did you mean {row.method!r}" in capsys.readouterr().err
    write_rows(runs, [dataclasses.replace(row, test_loss=row.test_loss / 2)])
    assert cli.main(["verify", str(runs)]) == 1
    assert "differs in test_loss" in capsys.readouterr().out
    write_rows(runs, [dataclasses.replace(row, spec_hash="0" * 16)])
    assert cli.main(["verify", str(runs)]) == 1
    assert "numerics version has changed" in capsys.readouterr().out


def test_plugin_from_outside_the_tree(tmp_path, capsys):
    plugin = tmp_path / "again.py"
    plugin.write_text(PLUGIN)
    assert cli.main(["list", "--plugin", str(plugin)]) == 0
    assert "control_again" in capsys.readouterr().out
    words = [*TRAIN, *SETS, "--out", str(tmp_path / "runs.csv")]
    words[words.index("control")] = "control_again"
    assert cli.main([*words, "--plugin", str(plugin)]) == 0
    assert {row.method for row in read_rows(tmp_path / "runs.csv")} == {"control_again"}
    assert cli.main(["verify", str(tmp_path / "runs.csv"), "--plugin", str(plugin)]) == 0
    for found in (*registry._plugins.values(), registry._origins):
        found.clear()
    capsys.readouterr()
    assert cli.main(["verify", str(tmp_path / "runs.csv")]) == 1
    assert "add --plugin FILE" in capsys.readouterr().out


def test_a_suite_names_the_plugins_of_its_jobs(tmp_path, capsys):
    plugin, suite = tmp_path / "again.py", tmp_path / "mine.yaml"
    plugin.write_text(PLUGIN)
    cell = "suite: mine\nseeds: 1\nbudget: 1000\ncells: [{methods: [control_again], tasks: [adding], lags: [10]}]\n"
    suite.write_text(cell)
    message = refused(capsys, ["design", suite, "--plugin", plugin], tmp_path)
    assert "'control_again' is of the plug-in" in message
    assert "add the file under `plugins:`" in message
    suite.write_text(f"plugins: [{plugin}]\n{cell}")
    assert cli.main(["design", str(suite), "--plugin", str(plugin)]) == 0


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("--method", "lstm_crono"), "did you mean 'lstm_chrono'"),
        (("--task", "temporal_ordre"), "did you mean 'temporal_order'"),
        (("--method", "chrono LSTM"), "did you mean 'lstm_chrono'"),  # a label of the page
        (("--method", "LSTM-chrono"), "did you mean 'lstm_chrono'"),
        (("--method", "hessian_free"), "did you mean 'hf'"),
        (("--task", "5-bit memory"), "did you mean 'memorization_5bit'"),
        (("--lag", "5"), "lag 5 is too small for task 'temporal_order'; its windows need lag >= 10"),
        (("--lag", "ten"), "lag 'ten' is not a whole number"),
        (("--budget", "0"), "such as 1e6: '0' is not a positive number"),
        (("--budget=-1e6",), "'-1e6' is not a positive number"),
        (("--budget", "lots"), "'lots' is not a positive number"),
        (("--budget", "inf"), "'inf' is not a positive number"),
        (("--seeds", "3:3"), "seeds '3:3' are an empty or negative range"),
        (("--seeds", "5:3"), "empty or negative range"),
        (("--seeds", "a:b"), "seeds 'a:b' are not a range"),
        (("--seeds", "1,1"), "seeds '1,1' name a seed twice"),
        (("--set", "optimiser.lerning_rate=1"), "did you mean 'optimiser.learning_rate'"),
        (("--method", "hf", "--set", "optimiser.cg.tol=1"), "known: optimiser.cg.tolerance, optimiser.cg.growth,"),
        (("--method", "hf", "--set", "optimiser.cg.tol=1"), "and 13 more"),
        (("--set", "optimiser.learning_rate"), "--set takes path=value"),
        (
            ("--set", "cell.hidden=many"),
            "setting 'cell.hidden' cannot be 'many'; it is a whole number, its value is 100",
        ),
        (("--set", "cell.hidden=2.5"), "cannot be 2.5"),
        (("--device", "tpu9"), "device 'tpu9' cannot be used here"),
        (("--timeout", "0"), "timeout '0' is not a positive number"),
        (("--device", "meta"), "device 'meta' cannot be used here"),
        (
            ("--seeds", "0:1000000001"),
            "seeds from 1000000 to 1999999 are for tuning: `longlag tune`, whose --seeds 0:2 are",
        ),
        (("--seeds", "0:1" + "0" * 4000), "seeds from 1000000 to 1999999 are for tuning"),  # no range to walk
        (("--seeds", "0:1" + "0" * 5000), "are not a range"),
        (("--seeds", "1000000"), "seeds '1000000' go beyond 999999; seeds from 1000000 to 1999999 are for tuning"),
        (
            ("--candidate", "3"),
            "seed 0 is for reported runs; a --candidate is trained on seeds of tuning: --seeds 1000000:",
        ),
        (("--seeds", "2000000:2000001", "--candidate", "0"), "seeds '2000000:2000001' go beyond 1999999; seeds from"),
        (("--candidate", "00"), "seed 0 is for reported runs; a --candidate is trained on seeds of tuning"),
        (("--candidate", "-1"), "candidate -1 is negative; write a number from 0 (the recipe) on"),
        (("--candidate", "1000"), "candidate 1000 is too large; at most 999"),
        (("--task", "adding", "--task", "xor"), "--task is given 2 times and takes one value; `longlag ladder` takes"),
        (("--seeds", "1", "--seeds", "2"), "write all seeds in one: --seeds 0:5"),
        (("--candidate", "1.5"), "candidate '1.5' is not a whole number"),
        (("--set", "optimiser.learning_rate=NaN"), "cannot be nan"),
        (("--set", "optimiser.learning_rate=null"), "cannot be None"),
        (("--set", "centring.inputs=[0.5]"), "setting 'centring.inputs' takes 6 values"),
        (("--set", "="), "--set takes path=value"),
    ],
)
def test_bad_arguments(tmp_path, capsys, change, message):
    words = replaced([*TRAIN, "--out", str(tmp_path / "runs.csv")], *change)
    assert message in refused(capsys, words, tmp_path)


def test_unwritable_output(tmp_path, capsys):
    (tmp_path / "file").write_text("")
    for out in (tmp_path / "file" / "runs.csv", tmp_path):
        assert "cannot write" in refused(capsys, [*TRAIN, "--out", out], tmp_path)
    words = [*TRAIN, "--out", tmp_path / "runs.csv", "--curves", tmp_path / "file" / "c"]
    assert "cannot write" in refused(capsys, words, tmp_path)


def test_outputs_that_would_overwrite_each_other_or_a_device(tmp_path, capsys):
    runs = tmp_path / "runs.csv"
    assert "both" in refused(capsys, [*TRAIN, "--out", runs, "--curves", runs], tmp_path)
    assert "name is empty" in refused(capsys, [*TRAIN, "--out", ""], tmp_path)
    assert "is not a file" in refused(capsys, [*TRAIN, "--out", "/dev/full"], tmp_path)
    assert "cannot write" in refused(capsys, [*TRAIN, "--out", tmp_path / ("x" * 300)], tmp_path)


def test_cache_that_cannot_be_written(tmp_path, capsys):
    (tmp_path / "file").write_text("")
    words = ["ladder", "--task", "adding", "--method", "control", "--lags", "10", "--out", tmp_path / "runs.csv"]
    assert "cannot write" in refused(capsys, [*words, "--cache", tmp_path / "file" / "rungs"], tmp_path)
    assert "cannot write" in refused(capsys, [*words, "--cache", tmp_path / ("x" * 300)], tmp_path)


def test_a_cache_whose_file_system_fails_at_the_start_does_not_end_the_run(tmp_path, capsys, monkeypatch):
    real = os.stat

    def stat(path, *rest, **named):
        if not isinstance(path, int) and os.fsdecode(path).startswith(str(tmp_path / "cache")):
            raise OSError(errno.ESTALE, os.strerror(errno.ESTALE), path)
        return real(path, *rest, **named)

    monkeypatch.setattr(os, "stat", stat)
    out = tmp_path / "runs.csv"
    assert cli.main([*map(str, TRAIN), "--cache", str(tmp_path / "cache"), "--out", str(out)]) == 0
    assert "cannot look at the cache" in capsys.readouterr().err
    assert read_rows(out)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (None, "is not a file"),
        ("METHOD = {}", "its METHOD lacks name"),
        ("import sys; sys.exit(0)", "failed on import: SystemExit"),
        ("\nraise ValueError('no')", "failed on import: ValueError: no (plugin.py, line 2)"),
        ("import no_such_module_here", "failed on import: ModuleNotFoundError"),
        ("x = (", "failed on import: SyntaxError"),
        ("x = 1", "defines neither METHOD nor TASK"),
        ("from longlag.methods.hf import METHOD", "redefines method 'hf'"),
    ],
)
def test_bad_plugins(tmp_path, capsys, text, message):
    plugin = tmp_path / "plugin.py"
    if text is not None:
        plugin.write_text(text)
    sys.dont_write_bytecode = True
    assert message in refused(capsys, [*TRAIN, "--out", tmp_path / "runs.csv", "--plugin", plugin], tmp_path)


FAULTY = """
from longlag.methods.base import Method
METHOD = Method("faulty", "faulty", "a method that cannot be built", "nobody", 1, lambda traits, lag: 1 / 0)
"""
FED_BACK = """
from dataclasses import replace
from longlag.methods.base import Method
from longlag.methods.control import METHOD as PARENT
from longlag.model import OutputFeedback
METHOD = Method("faulty", "x", "x", "x", 1, lambda traits, lag: replace(PARENT.build(traits, lag), feedback=OutputFeedback()))
"""


WITHOUT_SHAPES = """
from dataclasses import dataclass, replace
from longlag.methods.base import Method
from longlag.methods.control import METHOD as PARENT

@dataclass(frozen=True)
class Cell:
    hidden: int = 5

    def shapes(self, n_inputs):
        return {"W": (n_inputs, self.hiden)}

METHOD = Method("faulty", "x", "x", "x", 1, lambda traits, lag: replace(PARENT.build(traits, lag), cell=Cell()))
"""


LAYER = """
from dataclasses import dataclass, replace
import torch
from longlag.cells.of_module import of_module
from longlag.methods.base import Method
from longlag.methods.control import METHOD as PARENT

@dataclass(frozen=True)
class Cell:
    hidden: int = 5
    shapes, drive, step = of_module(lambda cell, n_inputs: torch.nn.GRU(n_inputs, cell.hidden))

METHOD = Method("faulty", "x", "x", "x", 1, lambda traits, lag: replace(PARENT.build(traits, lag), cell=Cell()))
"""


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (FAULTY, "ZeroDivisionError"),
        (LAYER, "method 'faulty' cannot be built for task 'temporal_order': GRU is a layer, which reads whole"),
        (FED_BACK, "closed form"),
        (WITHOUT_SHAPES, "AttributeError: 'Cell' object has no attribute 'hiden' (faulty.py, line 11)"),
    ],
)
def test_a_method_that_cannot_be_built_is_named(tmp_path, capsys, text, message):
    (tmp_path / "faulty.py").write_text(text)
    words = replaced(TRAIN, "--out", tmp_path / "runs.csv", "--plugin", tmp_path / "faulty.py", "--method", "faulty")
    assert message in refused(capsys, words, tmp_path)


def test_two_plugins_of_one_name(tmp_path, capsys):
    for name in ("a.py", "b.py"):
        (tmp_path / name).write_text(PLUGIN)
    sys.dont_write_bytecode = True
    words = [*TRAIN, "--out", tmp_path / "runs.csv", "--plugin", tmp_path / "a.py", "--plugin", tmp_path / "b.py"]
    assert "redefines method 'control_again'" in refused(capsys, words, tmp_path)


def test_verify_goes_on_after_a_row_that_cannot_be_rebuilt(tmp_path, capsys):
    runs = tmp_path / "runs.csv"
    assert cli.main([*TRAIN, *SETS, "--out", str(runs)]) == 0
    row, last = read_rows(runs)
    spec = json.loads(row.spec)
    gone = spec | {"overrides": {"optimiser.gone": 1}}
    plugin = spec | {"method": spec["method"] | {"name": "my_gru"}}
    broken = [json.dumps(gone), json.dumps(plugin), "{}"]
    write_rows(runs, [*(dataclasses.replace(row, seed=i + 10, spec=each) for i, each in enumerate(broken)), last])
    capsys.readouterr()
    assert cli.main(["verify", str(runs)]) == 1
    lines = capsys.readouterr().out.splitlines()
    name = "temporal_order T=10 control seed"
    assert lines[0].startswith(f"{name} 1: byte-identical")
    assert lines[1].startswith(f"{name} 10: not verified: unknown setting 'optimiser.gone'")
    assert lines[2] == f"{name} 11: not verified: 'my_gru' is not in the tree; if it is a plug-in, add --plugin FILE"
    assert lines[3].startswith(f"{name} 12: not verified: the spec of row {name} 12 is damaged")
    assert lines[4] == "1 of 4 rows verified: 1 byte by byte, 0 with tolerance"
    write_rows(runs, [])
    assert cli.main(["verify", str(runs)]) == 1
    assert "nothing to verify" in capsys.readouterr().out


def test_damaged_records(tmp_path, capsys):
    runs = tmp_path / "runs.csv"
    assert "there is no " in refused(capsys, ["verify", runs], tmp_path)
    assert cli.main([*TRAIN, *SETS, "--out", str(runs)]) == 0
    runs.write_bytes(runs.read_bytes()[:-40])
    capsys.readouterr()
    assert "runs.csv" in refused(capsys, ["verify", runs], tmp_path)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (["train", "--curve", "c", "--flow"], ["train", "--curves", "c", "--gradient-flow"], "--curve is now --curves"),
        (["ladder", "--curve=c"], ["ladder", "--curves=c"], "the old spelling still works"),
        (["figure", "reach", "--out", "o", "--runs", "r"], ["figure", "reach", "r", "--out", "o"], "argument RUN"),
        (["figure", "--runs", "r", "reach", "--out", "o"], ["figure", "reach", "r", "--out", "o"], "argument RUN"),
        (["table", "--runs=r", "reach", "--out", "o"], ["table", "reach", "r", "--out", "o"], "argument RUN"),
        (["report", "--runs", "r", "--out", "o"], ["report", "--out", "o", "r"], "argument RUN"),
        (["estimate", "s", "--costs", "a", "b"], ["estimate", "s", "a", "b"], "argument RUN ..."),
        (
            ["estimate", "s", "--costs", "a", "b", "--cores", "2"],
            ["estimate", "s", "a", "b", "--cores", "2"],
            "RUN ...",
        ),
        (["report", "--runs"], ["report"], "argument RUN"),
        (["list", "--curve"], ["list", "--curve"], ""),
        ([], [], ""),
    ],
)
def test_old_spellings_work_and_say_the_new_one(old, new, said, capsys):
    assert _renamed.modern(old) == new
    shown = capsys.readouterr()
    assert shown.out == ""
    assert said in shown.err
    assert _renamed.modern(new) == new
    assert capsys.readouterr().err == "", "the new spelling needs no comment"


def test_curves_beside_the_runs_of_a_folder_are_found(tmp_path):
    assert _curves.of(tmp_path, None) is None
    (tmp_path / "curves.parquet").touch()
    assert _curves.of(tmp_path, None) == tmp_path / "curves.parquet"
    assert _curves.of(tmp_path, "other.parquet") == Path("other.parquet")
    assert _curves.of(tmp_path / "runs.csv", None) is None, "one file was named, so one is read"


def test_an_old_spelling_runs(tmp_path, capsys):
    old = [*TRAIN, *SETS, "--out", str(tmp_path / "runs.csv"), "--curve", str(tmp_path / "curves.parquet")]
    assert cli.main(old) == 0
    assert capsys.readouterr().err.startswith("longlag train: --curve is now --curves; the old spelling still works\n")
    for run in (str(tmp_path), str(tmp_path / "runs.csv")):
        assert cli.main(["table", "reach", run, "--out", str(tmp_path / "new")]) == 0
        assert cli.main(["table", "reach", "--runs", run, "--out", str(tmp_path / "old")]) == 0
        assert (tmp_path / "new/reach.md").read_bytes() == (tmp_path / "old/reach.md").read_bytes()


@pytest.mark.parametrize(
    "words",
    [
        ["diff", "empty", "empty"],
        ["verify", "empty"],
        ["merge", "out", "empty"],
        ["figure", "reach", "empty", "--out", "out"],
        ["table", "reach", "empty", "--out", "out"],
        ["report", "empty", "--out", "page.html"],
        ["estimate", "s.yaml", "empty"],
    ],
    ids=lambda words: words[0],
)
def test_a_folder_without_runs_is_refused_with_a_remedy(words, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "empty").mkdir()
    (tmp_path / "s.yaml").write_text("suite: s\ncells: [{methods: [hf], tasks: [adding], lags: [20]}]\n")
    assert "empty has no runs.csv; RUN is a folder with that file, or the file itself" in refused(
        capsys, words, tmp_path
    )
    words = ["none.csv" if word == "empty" else word for word in words]
    assert "there is no none.csv; RUN is a folder with runs.csv" in refused(capsys, words, tmp_path)


@pytest.mark.parametrize(
    "verb",
    [
        "list",
        "show",
        "train",
        "ladder",
        "tune",
        "design",
        "collect",
        "figure",
        "table",
        "report",
        "verify",
        "estimate",
        "diff",
        "merge",
        "run",
        "jobs",
    ],
)
def test_every_verb_teaches_by_an_example(verb, capsys):
    with pytest.raises(SystemExit) as stopped:
        cli.main([verb, "--help"])
    assert stopped.value.code == 0
    assert f"example: longlag {verb}" in " ".join(capsys.readouterr().out.split())


def test_the_help_of_run_names_every_suite_of_the_package(capsys):
    with pytest.raises(SystemExit):
        cli.main(["run", "--help"])
    (named,) = re.findall(r"SUITE +(demo, [a-z_, ]+), or a suite's YAML", " ".join(capsys.readouterr().out.split()))
    suites = {path.stem for path in resources.find("config").glob("*.yaml")} - {"config"}
    assert sorted(named.split(", ")) == sorted(suites)


def test_the_installed_command_runs():
    done = subprocess.run([sys.executable, "-m", "longlag", "list"], capture_output=True, text=True, check=True)
    assert "esn_momentum" in done.stdout


def began(row, factor):
    """The row as of another processor, whose first update was so much larger."""
    found = json.loads(row.beginning)
    return dataclasses.replace(row, cpu="An 8086", beginning=json.dumps(found | {"update": found["update"] * factor}))


def test_verify_says_how_it_compared_and_why(tmp_path, capsys):
    """Bytes on a machine like the row's; tolerance elsewhere; a device that is not here is run on the CPU."""
    runs = tmp_path / "runs.csv"
    assert cli.main([*TRAIN, *SETS, "--out", str(runs)]) == 0
    row = read_rows(runs)[0]
    elsewhere = dataclasses.replace(row, cpu="An 8086", test_error=row.test_error + 0.01, test_loss=9.0)
    on_a_gpu = dataclasses.replace(row, device="cuda: A", spec=json.dumps(json.loads(row.spec) | {"device": "cuda"}))
    its_hash = resolve_elsewhere(verify.spec_of(on_a_gpu)).spec_hash
    of_older_code = json.dumps(json.loads(on_a_gpu.spec) | {"protocol": 0})
    cases = [
        (row, 0, "byte-identical, on the same kind of machine"),
        (
            elsewhere,
            0,
            "same outcome, test error within 5%, start, first batch and first update equal up to rounding; compared ",
        ),
        (dataclasses.replace(elsewhere, beginning=""), 0, "within 5%, how it began is not recorded; compared with"),
        (began(row, 1 + 1e-7), 0, "first update equal up to rounding; compared with tolerance, since cpu is"),
        (began(row, 1.01), 1, "its beginning differs by more than rounding in update (update: "),
        (dataclasses.replace(elsewhere, test_error=0.1), 1, "rounding can change one seed but not success rates"),
        (dataclasses.replace(on_a_gpu, spec_hash=its_hash), 0, "device is cpu here, cuda: A there"),
        (on_a_gpu, 1, "its spec_hash is not that of its spec"),
        (dataclasses.replace(on_a_gpu, spec=of_older_code), 1, "a numerics version has changed since it was recorded"),
        (
            dataclasses.replace(row, spec=row.spec.replace('"budget": 600.0', '"budget": 60.0')),
            1,
            "budget 60.0 and 600.0",
        ),
    ]
    for changed, code, words in cases:
        write_rows(runs, [changed])
        capsys.readouterr()
        assert cli.main(["verify", str(tmp_path)]) == code
        assert words in capsys.readouterr().out


@pytest.mark.parametrize(
    "words",
    [
        ["table", "all", "NAME", "--out", "o"],
        ["figure", "reach", "NAME", "--out", "o"],
        ["report", "NAME", "--out", "o.html"],
        ["diff", "NAME", "NAME"],
        ["merge", "o", "NAME"],
        ["verify", "NAME"],
        ["list", "--plugin", "NAME"],
        ["design", "NAME"],
        ["collect", "--suite", "s.yaml", "--jobs", "NAME", "--out", "o"],
        ["handson", "--out", "NAME"],
    ],
    ids=lambda words: words[0],
)
def test_a_name_that_the_system_refuses_is_a_line(words, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", str(Path(sys.executable).parent), prepend=os.pathsep)
    (tmp_path / "s.yaml").write_text("suite: s\ncells: [{methods: [constant], tasks: [adding]}]\n")
    assert cli.main(["a" * 300 if word == "NAME" else word for word in words]) == 2
    assert len(capsys.readouterr().err.splitlines()) == 1


def test_a_finished_command_leaves_its_outputs_alone_and_a_failed_one_what_it_finished(tmp_path, monkeypatch, capsys):
    from longlag.engine.block import Block

    out = tmp_path / "runs.csv"
    words = [*TRAIN, *SETS, "--out", str(out)]
    assert cli.main(words) == 0
    assert [path.name for path in tmp_path.iterdir()] == ["runs.csv"]
    whole, build = read_rows(out), Block.__init__

    def fails(block, setup, seeds):
        if 1 in seeds:
            raise ValueError("a bug")
        build(block, setup, seeds)

    monkeypatch.setattr(Block, "__init__", fails)
    assert cli.main(words) == 1
    assert len([*tmp_path.glob(".runs.csv.cache/**/*_seed0_*.json")]) == 1
    started = read_rows(out)[0].started
    monkeypatch.undo()
    assert cli.main(words) == 0
    assert [path.name for path in tmp_path.iterdir()] == ["runs.csv"]
    again = read_rows(out)
    assert again[0].started == started, "seed 0 was trained once"
    assert [row.test_error for row in again] == [row.test_error for row in whole]
    capsys.readouterr()


def test_a_link_that_has_the_name_of_the_hidden_cache_is_not_followed(tmp_path, capsys):
    (tmp_path / "theirs").mkdir()
    (tmp_path / ".runs.csv.cache").symlink_to(tmp_path / "theirs")
    assert cli.main([*TRAIN, *SETS, "--out", str(tmp_path / "runs.csv")]) == 2
    assert ".runs.csv.cache is a link; delete it, or choose a folder with --cache DIR" in capsys.readouterr().err
    assert not [*(tmp_path / "theirs").iterdir()]


def test_run_says_in_a_sentence_that_it_needs_snakemake(monkeypatch, capsys):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    assert cli.main(["run", "demo"]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.endswith("-m pip install snakemake")


def test_run_refuses_a_suite_that_is_none(capsys, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "config").mkdir()
    assert cli.main(["run", "dmo"]) == 2
    said = capsys.readouterr().err
    assert "unknown suite 'dmo'; did you mean 'demo'?" in said
    assert "dmo.yaml was looked for in config and " in said
    (tmp_path / "config").rmdir()
    (tmp_path / "config").symlink_to(resources.find("config"))
    assert cli.main(["run", "dmo.yaml"]) == 2
    (tmp_path / "runs.csv").write_text("epoch: loss: 1\n")
    for verb in ("run", "estimate"):  # a file is read, whatever its ending
        capsys.readouterr()
        assert cli.main([verb, "runs.csv"]) == 2
        assert capsys.readouterr().err.startswith("longlag: runs.csv is not YAML")
    assert cli.main(["estimate", "dmo"]) == 2
    assert "dmo.yaml was looked for in config\n" in capsys.readouterr().err, "one folder by two names is named once"


@pytest.mark.skipif(os.name == "nt", reason="Windows has other signals")
@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGHUP"])
def test_run_interrupts_all_jobs_once_and_says_how_to_resume(name, tmp_path):
    """Snakemake and the jobs below it get SIGINT, whichever signal `longlag run` alone got; it waits for their end."""
    number = signal.Signals[name]
    job = "import signal, sys, time; signal.signal(signal.SIGINT, lambda *_: sys.exit(3)); print('up', flush=True)"
    job += "; time.sleep(600)"
    child = "import signal, subprocess, sys; signal.signal(signal.SIGINT, lambda *_: None); "
    child += f"print('job', subprocess.run([sys.executable, '-c', {job!r}]).returncode, flush=True)"
    code = f"import signal, sys; signal.signal({int(number)}, signal.SIG_DFL); "  # a test under nohup ignores SIGHUP
    code += "from longlag import cli; from longlag.cli import run_; call = run_._call; "
    code += f"run_._call = lambda command, *more: call([sys.executable, '-c', {child!r}]); sys.exit(cli.main(['run', 'demo']))"
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True, "cwd": tmp_path}
    with subprocess.Popen([sys.executable, "-c", code], **pipes) as parent:
        assert parent.stdout.readline() == "up\n"
        parent.send_signal(number)
        output, errors = parent.communicate()
    assert output == "job 3\n"
    assert parent.returncode == 128 + number
    assert errors.splitlines()[-1].endswith("run the same command to resume")


def test_run_refuses_to_start_beside_jobs_of_an_earlier_call(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("longlag.cli.run_._call", lambda command, *more: pytest.fail("Snakemake was called"))
    with lock.held(tmp_path / "results/demo/jobs/lstm/adding/seeds0/runs.csv"):
        assert cli.main(["run", "demo"]) == 2
    said = capsys.readouterr().err
    assert f"jobs of an earlier call still run: process {os.getpid()} on " in said
    assert "run the same command again" in said
    monkeypatch.setattr("longlag.cli.run_._call", lambda command, *more: 0)
    (tmp_path / "results/demo/jobs/lstm/adding/seeds0/.runs.csv.lock").touch()  # left by one that was killed
    assert cli.main(["run", "demo"]) == 0


def test_run_says_what_cannot_be_run_before_snakemake_starts(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("longlag.cli.run_._call", lambda command, *more: pytest.fail("Snakemake was called"))
    cells = "[{methods: [hot], tasks: [adding], lags: [20]}]"
    (tmp_path / "mine.yaml").write_text(f"suite: mine\nmethods: {{hot: {{from: hf, init.gian: 1}}}}\ncells: {cells}\n")
    for words in (["run", "mine.yaml"], ["run", "mine.yaml", "--dry-run"]):
        assert cli.main(words) == 2
        said = capsys.readouterr().err
        assert "mine.yaml: 3 of 3 runs cannot be run, so nothing is started" in said
        assert "unknown setting 'init.gian'" in said


def test_run_does_not_replace_the_record_of_another_suite_in_silence(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    called = []
    monkeypatch.setattr("longlag.cli.run_._call", lambda command, *more: called.append(command) or 0)
    (tmp_path / "results/demo").mkdir(parents=True)
    (tmp_path / "results/demo/suite.json").write_text('{"suite": "other"}')
    (tmp_path / "results/demo/runs.csv").touch()
    assert cli.main(["run", "demo"]) == 2
    said = capsys.readouterr().err
    assert f"{Path('results/demo')} holds the record of the suite 'other', which 'demo' would replace" in said
    assert "add --replace" in said
    assert not called
    assert cli.main(["run", "demo", "--replace"]) == 0
    assert " ".join(called[0]).endswith("--config suite=demo replace=true")
    (tmp_path / "mine.yaml").write_bytes(resources.find("config/demo.yaml").read_bytes())
    assert cli.main(["run", "mine.yaml", "--replace"]) == 0
    assert " ".join(called[1]).endswith("--configfile mine.yaml --config replace=true")


def test_run_names_the_call_that_removes_a_lock_left_behind_and_makes_it(tmp_path, monkeypatch, capfd):
    monkeypatch.chdir(tmp_path)
    for kind in ("input", "output"):
        (tmp_path / ".snakemake/locks").mkdir(parents=True, exist_ok=True)
        (tmp_path / f".snakemake/locks/0.{kind}.lock").write_text("results/demo/runs.csv\n")
    assert cli.main(["run", "demo", "--cores", "1"]) == 1
    assert "longlag run demo --unlock, then run the same command again" in capfd.readouterr().err
    assert cli.main(["run", "demo", "--unlock"]) == 0
    assert not [*(tmp_path / ".snakemake/locks").glob("*.lock")]
    assert not (tmp_path / "results").exists()


@pytest.mark.parametrize("text", ["", " ", ","])
def test_no_name_at_all_does_not_stand_for_all_names(text):
    with pytest.raises(LonglagError, match="has no name; write names with commas, or leave the option out for all"):
        _arguments.names(text)
