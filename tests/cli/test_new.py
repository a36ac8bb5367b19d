"""`longlag new` writes files that work at once; `longlag check` says what a plug-in promises and breaks."""

import ast
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from longlag import cli, protocol, registry
from longlag.engine import contracts, train
from longlag.store.records import Row, read_rows
from test_docs import ROOT, blocks


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    yield tmp_path
    for found in (*registry._plugins.values(), registry._origins):
        found.clear()


def new(kind: str, name: str) -> str:
    assert cli.main(["new", kind, name]) == 0
    return f"{name}.py"


def edited(kind: str, name: str) -> str:
    """As `new`, with a reference and a first sentence of its own."""
    file = Path(new(kind, name))
    text = file.read_text()
    for old, own in zip(contracts.PLACEHOLDERS, ("none: it is new", "it is a trial:"), strict=True):
        assert text.count(old) == 1
        text = text.replace(old, own)
    file.write_text(text)
    return str(file)


@pytest.mark.parametrize("kind", ["method", "task"])
def test_what_is_written_keeps_every_promise(kind, capsys):
    file = edited(kind, "my_own")
    assert f"`longlag check {file}` tests it" in capsys.readouterr().out
    assert cli.main(["check", file]) == 0, capsys.readouterr().out
    said = capsys.readouterr().out
    assert "all promises are kept" in said
    assert "FAILS" not in said


@pytest.mark.parametrize("kind", ["method", "task"])
def test_the_words_of_the_template_are_no_reference(kind, capsys):
    assert cli.main(["check", new(kind, "my_own")]) == 1
    (fault,) = [line for line in capsys.readouterr().out.splitlines() if "FAILS" in line]
    assert "its reference is still 'the paper, with its section' and its docstring still begins with" in fault
    assert "as `longlag new` wrote it; say what it is, or that it is new" in fault


def test_compare_asks_for_words_of_ones_own_before_anything_is_trained(capsys):
    words = ["compare", "--quick", "--tasks", "temporal_order", "--dry-run", "--plugin"]
    assert cli.main([*words, new("method", "my_own")]) == 0
    said = capsys.readouterr().err
    assert "my_own: its reference is still 'the paper, with its section' and its docstring still" in said
    assert "say what it is now: an edit after training makes it another method" in said
    assert cli.main([*words, edited("method", "my_other"), "--method", "my_other"]) == 0
    assert "its reference is still" not in capsys.readouterr().err


@pytest.mark.parametrize("kind", ["method", "task"])
def test_the_commands_in_its_first_lines_are_understood_and_train_it(kind, here):
    file = new(kind, "my_own")
    document = ast.get_docstring(ast.parse((here / file).read_text()))
    commands = [line.split("#")[0].split() for line in document.splitlines() if line.startswith("    longlag ")]
    for _, *words in commands:
        cli.parse(words)
    (train,) = (words for _, *words in commands if words[0] == "train")
    assert cli.main([*train, "--budget", "600"]) == 0
    (row,) = read_rows("runs.csv")
    assert "my_own" in (row.method, row.task)
    assert row.status in ("solved", "budget")


@pytest.mark.parametrize("kind", ["method", "task"])
def test_code_of_a_template_is_formatted(kind, here):
    file = new(kind, "my_own")
    for words in (["check", "--ignore", "I001"], ["format", "--check"]):  # first-party: by the folder
        command = [sys.executable, "-m", "ruff", *words, "--config", str(ROOT / "pyproject.toml"), file]
        done = subprocess.run(command, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["method", "my_own"], "my_own.py is there already, and is not replaced"),
        (["method", "hf"], "there is a method called 'hf' already; choose another name"),
        (["task", "adding"], "there is a task called 'adding' already"),
        (["method", "a/b"], "'a/b' is no name for a method"),
        (["method", "x", "--out", "my_own.py"], "my_own.py"),
    ],
)
def test_nothing_is_overwritten(words, said, here, capsys):
    (here / "my_own.py").write_text("mine")
    assert cli.main(["new", *words]) == 2
    assert said in capsys.readouterr().err
    assert (here / "my_own.py").read_text() == "mine"
    assert [path.name for path in here.iterdir()] == ["my_own.py"]


def test_another_folder(here):
    assert cli.main(["new", "task", "my_own", "--out", "plugins"]) == 0
    assert (here / "plugins/my_own.py").is_file()


def test_the_plug_ins_of_the_documents_and_of_the_package_keep_them(here, capsys):
    (here / "first_symbol.py").write_text(blocks("docs/add-a-task.md", "python")[0])
    assert cli.main(["check", "first_symbol.py", "--method", "time_average", "--task", "xor"]) == 0, (
        capsys.readouterr().out
    )
    said = capsys.readouterr().out
    assert [line for line in said.splitlines() if not line.startswith(" ")] == [
        "method time_average", "task first_symbol", "task xor", "all promises are kept",
    ]  # fmt: skip


GLOBAL = "np.random.default_rng()"  # seeded by the system
BREAKS = {
    "method": [
        ("rng.standard_normal(shape) /", f"{GLOBAL}.standard_normal(shape) /", "two runs of one spec differ"),
        ("optimiser.learning_rate", "optimiser.rate", "unknown setting in the tune of my_own 'optimiser.rate'; did you mean"),
        ("(h,) = state", "(h,) = state[1:]", "not enough values to unpack"),
        ("+ matmul(h, params", "+ matmul(h.mean(0, keepdim=True).expand_as(h), params", "differs from itself in a block"),
        ("+ matmul(h, params", "+ matmul(h.mean(1, keepdim=True).expand_as(h), params", "may not mix the axis B"),
        ("return affine(x,", "return affine(x.mean(1, keepdim=True).expand_as(x),", "may not mix the axis T"),
        ('in ("b_h", "b_y")}', 'in ("b_h", "b_y")} | {"b_h": np.zeros(1)}', "draws b_h as [1]; declared is [50]"),
        ('in ("b_h", "b_y")}', 'in ("b_h", "b_y")} | {"W_h": np.zeros(1)}', "draws W_h, which nothing declares"),
        ("    return Parts(", "    if traits.classes:\n        return 3\n    return Parts(", "its build must return Parts"),
        ('reference="none: it is new"', 'reference=""', "its reference is empty"),
        ("Start(), Adam(3e-3", "Start(), Adam(1e38", "it ended as diverged"),
    ],
    "task": [
        ("rng.integers(0, 2, size=n)", f"{GLOBAL}.integers(0, 2, size=n)", "two samples of one generator differ"),
        ("symbol[:1])", "symbol[0])", "not [K, n, ...] = [1, 7, ...]"),
        ("one_hot(symbol, 4)", "one_hot(symbol, 4).astype(float)", "x is float64, not float32"),
        ("np.zeros(n, dtype=np.int64)", "np.zeros(n)", "start is float64, not int64"),
        ("np.zeros(n, dtype=np.int64)", "np.full(n, lag)", "start is 2 to 2, not a step from 0 to 1"),
        ("symbol[:1])", "symbol[:1].astype(np.int32))", "y is int32, not int64"),
        ("steps=lambda lag: lag,", "steps=lambda lag: lag + 1,", "not [L, n, X]"),
        ("minimal_lag=lambda lag: lag - 1", "minimal_lag=lambda lag: 2 * lag", "minimal lag 4 is beyond the 2 steps"),
        ('"half_solved": Baseline("right three times in four"', '"other": Baseline("right"', "its baselines lack half_solved"),
        ("(0.0, 0.0, 0.5, 0.5)", "(0.0, 0.5)", "input_mean has not one number for each of the roles"),
        ("(0.0, 0.0, 0.5, 0.5)", "(0.0, 0.0, 0.5, 0.4)", "input_mean[3] is declared as 0.4, and is 0.5 in 200 sequences"),
        ("target_mean=(0.0, 0.0)", "target_mean=(0.5, 0.5)", "target_mean is not zero for each of the classes"),
        ('"either symbol", error=0.5', '"either symbol", error=0.3', "wrong on 30.0% of the sequences; in 10,000 sequences,"),
        ("loss=math.log(2)", "loss=0.6", "declared with a loss of 0.6; in 10,000 sequences, the best constant answer has 0.69"),
        ("error=0.25, loss", "error=0.05, loss", "with that loss, it is wrong on 25.0% to 43.0%"),
        ("error=0.25, loss", "error=0.6, loss", "60.0% of the sequences, more than the constant one: 50.0%"),
    ],
}  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "old", "other", "said"), [(kind, *one) for kind, ones in BREAKS.items() for one in ones]
)
def test_a_broken_promise_is_named(kind, old, other, said, here, capsys):
    file = here / edited(kind, "my_own")
    text = file.read_text()
    assert text.count(old) == 1
    file.write_text(text.replace(old, other))
    assert cli.main(["check", str(file)]) == 1
    lines = [line for line in capsys.readouterr().out.splitlines() if "FAILS" in line]
    assert any(said in line for line in lines), shlex.join(lines)


def test_a_mistake_is_reported_once_with_file_and_line(here, capsys):
    file = here / edited("method", "my_own")
    right, wrong = 'matmul(h, params["W_hh"])', 'matmul(h, params["W_xh"])'
    file.write_text(file.read_text().replace(right, wrong))
    line = next(n for n, text in enumerate(file.read_text().splitlines(), start=1) if wrong in text)
    assert cli.main(["check", str(file)]) == 1
    shown = capsys.readouterr()
    (said,) = [text for text in shown.out.splitlines() if "FAILS" in text]
    assert "RuntimeError: mat1 and mat2 shapes cannot be multiplied" in said
    assert said.endswith(f"(my_own.py, line {line})")
    assert shown.out.count("the same mistake") == 3
    assert shown.out.endswith("1 mistake found; -v shows where each error came from\n")
    assert "Traceback" not in shown.out + shown.err
    assert cli.main(["check", str(file), "-v"]) == 1
    assert capsys.readouterr().err.count(f'my_own.py", line {line}') == 1


@pytest.mark.parametrize(
    ("kind", "old", "other", "function", "said"),
    [
        ("method", "return (h,), h", "return (h.mean(2, keepdim=True),), h", "def step(", "its step gives a hidden state of [1, 5, 1], not [R, B, H] = [1, 5, 50]"),
        ("method", "return (h,), h", "return (h, h), h", "def step(", "its step gives 2 parts of a state as a tuple; the state before it is a tuple of 1"),
        ("method", "return (h,), h", "return (h,), h.mean(2)", "def step(", "its step gives damped states of [1, 5], not [R, B, ...] = [1, 5] and more"),
        ("method", 'return affine(x, params["W_xh"], params["b_h"])', 'return affine(x, params["W_xh"], params["b_h"])[:, 0]', "def drive(", "its drive gives [1, 5, 50], not [R, T, B, G] = [1, "),
        ("method", 'in ("b_h", "b_y")}', 'in ("b_h", "b_y")} | {"b_h": np.zeros(1)}', "def draw(", "draws b_h as [1]; declared is [50]"),
        ("task", "symbol[:1])", "symbol[0])", "def sample(", "not [K, n, ...] = [1, 7, ...]"),
    ],
)  # fmt: skip
def test_a_wrong_shape_is_reported_with_the_function_that_gives_it(kind, old, other, function, said, here, capsys):
    file = here / edited(kind, "my_own")
    text = file.read_text()
    assert text.count(old) == 1
    file.write_text(text.replace(old, other))
    line = next(n for n, text in enumerate(file.read_text().splitlines(), start=1) if function in text)
    assert cli.main(["check", str(file)]) == 1
    failed = [text for text in capsys.readouterr().out.splitlines() if "FAILS" in text and said in text]
    assert len(failed) == 1
    assert failed[0].endswith(f"(my_own.py, line {line})")


@pytest.mark.parametrize("kind", ["method", "task"])
def test_what_is_named_twice_is_checked_once(kind, here, capsys, monkeypatch):
    file, checked = new(kind, "my_own"), []
    monkeypatch.setattr(contracts, "check", lambda *what: checked.append(what) or iter(()))
    assert cli.main(["check", file, file, f"--{kind}", "my_own", f"--{kind}", "my_own"]) == 0
    assert checked == [(f"{kind}s", "my_own")]
    assert capsys.readouterr().out.count(f"{kind} my_own\n") == 1


def test_the_short_runs_of_a_check_leave_the_sets_of_other_runs_alone(monkeypatch):
    """A thread of the same process may train for a record meanwhile."""
    whole, tested = protocol.sets(), []

    def attempt(setup, **more):
        assert protocol.sets() == whole
        for event in train.attempt(setup, **more):
            if isinstance(event, Row):
                tested.append(event.evaluation_passes)
            yield event

    monkeypatch.setattr(contracts, "attempt", attempt)
    monkeypatch.setattr(contracts, "_TASK", {"trains": contracts._runs_with_known_methods})
    assert [finding.broken for finding in contracts.check("tasks", "temporal_order")] == [""]
    assert len(tested) == 2
    assert max(tested) < whole.monitor


def test_a_misspelt_name_is_refused_before_anything_is_checked(here, capsys):
    assert cli.main(["check", new("method", "my_own"), "--task", "ading"]) == 2
    said = capsys.readouterr()
    assert "did you mean 'adding'" in said.err
    assert "method my_own" not in said.out


def test_two_mistakes_are_two(here, capsys):
    file = here / new("method", "my_own")
    text = file.read_text().replace('matmul(h, params["W_hh"])', 'matmul(h, params["W_xh"])')
    file.write_text(text.replace('reference="the paper, with its section"', 'reference=""'))
    assert cli.main(["check", str(file)]) == 1
    assert "2 mistakes found" in capsys.readouterr().out


def test_nothing_to_check_is_said(capsys):
    assert cli.main(["check"]) == 2
    assert "nothing to check; name a Python file" in capsys.readouterr().err
    assert cli.main(["check", "--method", "hff"]) == 2
    assert "did you mean 'hf'" in capsys.readouterr().err
