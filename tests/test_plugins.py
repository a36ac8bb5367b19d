"""A method with a cell of its own and a task, both from outside the tree: the GRU and the first symbol of the documents."""

import dataclasses
import json
import os

import pytest
import torch

import test_contracts as contracts
import warm
from longlag import cli, registry, words
from longlag.cells.base import complete, unroll
from longlag.cli import _arguments
from longlag.engine.spec import resolve
from longlag.errors import LonglagError
from longlag.methods.base import Method
from longlag.rng import stream
from longlag.store.records import Row, read_rows
from longlag.tasks.base import Task
from test_docs import blocks
from toy import outcome, spec

_, GRU, MODULE = blocks("docs/add-a-method.md", "python")
FIRST_SYMBOL = blocks("docs/add-a-task.md", "python")[0]


@pytest.fixture
def files(tmp_path):
    """The plug-ins as files; what they register is forgotten afterwards."""
    for name, text in (("my_gru", GRU), ("torch_gru", MODULE), ("first_symbol", FIRST_SYMBOL)):
        (tmp_path / f"{name}.py").write_text(text)
    yield [str(tmp_path / f"{name}.py") for name in ("my_gru", "torch_gru", "first_symbol")]
    for found in (*registry._plugins.values(), registry._origins):
        found.clear()


@pytest.fixture
def loaded(files, monkeypatch):
    for name, n in (("MONITOR", 50), ("CONFIRM", 100), ("TEST", 100), ("TEST_EVERY_STEP", 50)):
        monkeypatch.setattr(f"longlag.protocol.{name}", n)
    for file in files:
        registry.load_plugin(file)


def test_they_are_listed(files, capsys):
    words = ["list", *(word for file in files for word in ("--plugin", file))]
    assert cli.main(words) == 0
    shown = capsys.readouterr().out
    assert "  my_gru " in shown
    assert "  first_symbol " in shown
    assert cli.main([*words, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert "my_gru" in found["methods"]
    assert "first_symbol" in found["tasks"]


def test_their_docstrings_are_shown(files, capsys):
    plugins = [f"--plugin={file}" for file in files]
    assert cli.main(["show", "first_symbol", next(plugin for plugin in plugins if "first_symbol" in plugin)]) == 0
    assert FIRST_SYMBOL.split('"""')[1] in capsys.readouterr().out
    assert cli.main(["show", "my_gru", "--task", "first_symbol", *plugins]) == 0
    assert GRU.split('"""')[1] in capsys.readouterr().out


def test_a_task_of_long_lags_alone_is_shown_at_its_shortest(files, tmp_path, capsys):
    far = "import dataclasses\nfrom longlag.tasks.adding import TASK as PARENT\n"
    (tmp_path / "far.py").write_text(f"{far}TASK = dataclasses.replace(PARENT, name='far', shortest=60)\n")
    plugin = ["--plugin", str(tmp_path / "far.py")]
    for call, said in [
        (["control"], "for every task at lag 50 (far: 60, its shortest); each line"),
        (["control", "--task", "far"], " at lag 60; each line"),
        (["far"], "at lag 60: 66 steps"),
    ]:
        assert cli.main(["show", *call, *plugin]) == 0
        assert said in capsys.readouterr().out
        assert cli.main(["show", *call, *plugin, "--lag", "50"]) == 2, "what is asked for is not changed"
        assert "lag 50 is too small for task 'far'" in capsys.readouterr().err


@pytest.mark.parametrize(
    "promise",
    [
        contracts.test_a_seed_alone_is_the_seed_in_a_block_byte_for_byte,
        contracts.test_parameters_of_a_seed_do_not_depend_on_its_block,
        contracts.test_two_runs_of_one_spec_are_equal_and_another_seed_is_not,
        contracts.test_a_spec_says_everything_that_decides_the_numbers,
    ],
    ids=lambda promise: promise.__name__,
)
@pytest.mark.parametrize("method", ["my_gru", "torch_gru"])
def test_the_method_keeps_the_contracts(loaded, promise, method):
    promise(method)


@pytest.mark.parametrize(
    ("method", "task"),
    [
        ("my_gru", "first_symbol"),
        ("torch_gru", "first_symbol"),
        ("my_gru", "adding"),
        ("hf", "first_symbol"),
        ("esn", "first_symbol"),
    ],
)
def test_the_pair_keeps_the_contracts(loaded, method, task):
    contracts.test_parts_build_at_every_lag_and_can_be_changed_by_path(method, task)
    contracts.test_every_pair_runs_to_a_row(method, task)


def test_a_new_cell_trains_by_second_order_too(loaded, monkeypatch):
    """Gauss-Newton products and structural damping come from `step` alone."""
    hf, gru = registry.get("methods", "hf"), registry.get("methods", "my_gru")

    def build(traits, lag):
        small = dataclasses.replace(hf.build(traits, lag).optimiser, gradient_batch=200, curvature_batch=50)
        return dataclasses.replace(gru.build(traits, lag), optimiser=small)

    monkeypatch.setitem(registry._plugins["methods"], "gru_hf", dataclasses.replace(gru, name="gru_hf", build=build))
    points, (row,) = outcome(spec("gru_hf", "first_symbol", lag=5, budget=20_000.0, overrides={"cell.hidden": 8}))
    assert row.solved, [point.loss for point in points]


def test_the_gru_solves_the_task(files, tmp_path):
    out = tmp_path / "runs.csv"
    words = ["train", *(word for file in files for word in ("--plugin", file)), "--budget", "1e5", "--out", str(out)]
    assert cli.main([*words, "--method", "my_gru", "--task", "first_symbol", "--lag", "20"]) == 0
    (row,) = read_rows(out)
    assert row.solved
    assert row.minimal_lag == 19


def test_a_recurrence_is_the_cell_that_its_kernels_would_make_it(loaded):
    gru = registry.get("methods", "my_gru").build(registry.get("tasks", "first_symbol").traits, 5).cell
    unrolled = complete(gru)
    params = {name: torch.randn(1, *shape).double() / 9 for name, shape in gru.shapes(4).items()}
    x, start = torch.rand(1, 6, 3, 4).double(), torch.zeros(1, 3)
    states, damped_states = unroll(gru, params, x, start)
    assert torch.equal(unrolled.states(params, x, start, 2), states[:, -2:])
    tape = unrolled.tape(params, x, start, 2)
    assert torch.equal(tape.states, states[:, -2:])
    assert torch.equal(unrolled.matching_curvature(damped_states), torch.ones_like(states))
    assert unrolled.flops(params) == 2 * (4 + gru.hidden) * 3 * gru.hidden
    assert complete(unrolled) is unrolled


CLASSIC = """
FIRST_SYMBOL = TASK

class FirstSymbol:
    name, version, reference = "first_symbol_as_class", 1, "Bengio, Simard & Frasconi 1994, section 3"
    traits, loss, baselines = FIRST_SYMBOL.traits, FIRST_SYMBOL.loss, FIRST_SYMBOL.baselines
    shortest, population, idle_class = 2, None, None

    def steps(self, lag):
        return lag

    def minimal_lag(self, lag):
        return lag - 1

    def sample(self, rng, lag, n):
        return FIRST_SYMBOL.sample(rng, lag, n)
"""


def test_a_task_written_as_a_class_works_still(files, tmp_path, loaded):
    (tmp_path / "classic.py").write_text(
        FIRST_SYMBOL.replace('"first_symbol"', '"inner"') + CLASSIC + "TASK = FirstSymbol()\n"
    )
    registry.load_plugin(str(tmp_path / "classic.py"))
    for name in ("first_symbol", "first_symbol_as_class"):
        ((_, (row,)),) = [outcome(spec("control", name))]
        assert (row.task, row.minimal_lag, row.status) == (name, 9, "budget")
    classic, plain = (
        registry.get("tasks", name).sample(stream(0, "x"), 9, 5) for name in ("first_symbol_as_class", "first_symbol")
    )
    assert (classic.x == plain.x).all()


@pytest.mark.parametrize(
    ("code", "said"),
    [
        (
            FIRST_SYMBOL + CLASSIC + "TASK = FirstSymbol\n",
            "its TASK is a class; write TASK = Task\\(...\\), see https://github.com/.*/docs/add-a-task.md",
        ),
        (
            FIRST_SYMBOL + CLASSIC + "del FirstSymbol.steps, FirstSymbol.idle_class\nTASK = FirstSymbol()\n",
            "its TASK lacks steps, idle_class;",
        ),
        (FIRST_SYMBOL.replace("version=1", "version='1'"), "its version is '1'; a version is a whole number from 1 up"),
        (FIRST_SYMBOL.replace("version=1", "version=0"), "its version is 0;"),
        (
            "METHOD = 3\n",
            "its METHOD lacks name, label, summary, reference, version, build, tune; write METHOD = Method",
        ),
        ("TASK = None\n", "its TASK lacks name, version"),
    ],
)
def test_a_value_that_is_no_plug_in_says_what_it_lacks(tmp_path, files, code, said):
    (tmp_path / "first_symbol.py").write_text(code)
    with pytest.raises(LonglagError, match=said):
        registry.load_plugin(str(tmp_path / "first_symbol.py"))


def test_the_members_asked_for_are_those_of_the_dataclasses():
    for kind, value in (("methods", Method), ("tasks", Task)):
        optional = {"label"} if kind == "tasks" else set()  # a task of an older plug-in is called by its name
        assert set(registry._MEMBERS[kind]) == {field.name for field in dataclasses.fields(value)} - optional


def trained(tmp_path, *words: str) -> tuple[Row, str]:
    """The row of a run of the task whose rungs are kept, by a process of its own, and what it said."""
    out = tmp_path / "runs.csv"
    common = ["--lags", "5", "--budget", "3000", "--cache", str(tmp_path / "rungs"), "--out", str(out)]
    asked = ["-m", "longlag", "ladder", "--task", "first_symbol", *common, *words]
    done = warm.run(asked, options=("-W", "error"), env=os.environ | {"PYTHONPATH": searched(tmp_path)})
    assert done.returncode == 0, done.stderr
    (row,) = read_rows(out)
    return row, done.stderr


def searched(tmp_path):
    return os.pathsep.join([str(tmp_path), *filter(None, [os.environ.get("PYTHONPATH")])])


def test_an_edited_plug_in_is_not_answered_from_the_cache(files, tmp_path):
    gru, _, task = files
    words = ["--method", "my_gru", "--plugin", gru, "--plugin", task]
    first, _ = trained(tmp_path, *words)
    assert trained(tmp_path, *words)[0] == first  # a kept rung, its times included
    (tmp_path / "first_symbol.py").write_text(
        FIRST_SYMBOL.replace("rng.integers(0, 2, size=n)", "rng.integers(1, 2, size=n)")
    )
    easy, _ = trained(tmp_path, *words)
    assert (easy.spec_hash != first.spec_hash, easy.test_error) == (True, 0.0)
    (tmp_path / "my_gru.py").write_text(GRU.replace("Adam(1e-2", "Adam(1e-2 * 1.0"))
    assert trained(tmp_path, *words)[0].spec_hash != easy.spec_hash
    (tmp_path / "my_gru.py").write_text(GRU)
    (tmp_path / "first_symbol.py").write_text(FIRST_SYMBOL)
    assert trained(tmp_path, *words)[0] == first


def test_the_source_of_a_plug_in_is_in_its_spec_and_that_of_the_tree_is_not(loaded):
    decides = json.loads(resolve(spec("my_gru", "first_symbol")).spec_json)
    assert len(decides["task"].pop("source")) == len(decides["method"].pop("source")) == 16
    assert decides["task"] == {"name": "first_symbol", "version": 1}
    mixed = json.loads(resolve(spec("my_gru", "adding")).spec_json)
    assert "source" in mixed["method"]
    assert mixed["task"] == {"name": "adding", "version": 1}


def test_entry_points_of_an_installed_package_are_found(tmp_path):
    """What `pip install` leaves behind is a module and a folder of metadata beside it."""
    (tmp_path / "longlag_gru.py").write_text(GRU)
    (tmp_path / "longlag_first_symbol.py").write_text(FIRST_SYMBOL)
    metadata = tmp_path / "longlag_extras-1.0.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: longlag-extras\nVersion: 1.0\n")
    points = (
        "[longlag.methods]\nmy_gru = longlag_gru:METHOD\n\n[longlag.tasks]\nfirst_symbol = longlag_first_symbol:TASK\n"
    )
    (metadata / "entry_points.txt").write_text(points)
    row, _ = trained(tmp_path, "--method", "my_gru")
    assert (row.method, row.task) == ("my_gru", "first_symbol")
    assert trained(tmp_path, "--method", "my_gru")[0] == row
    asked = ["-m", "longlag", "show", "my_gru", "--task", "first_symbol"]
    shown = warm.run(asked, options=("-W", "error"), env=os.environ | {"PYTHONPATH": searched(tmp_path)})
    assert shown.returncode == 0, shown.stderr
    assert GRU.split('"""')[1] in shown.stdout
    (tmp_path / "longlag_gru.py").write_text(GRU + "# edited\n")
    edited, _ = trained(tmp_path, "--method", "my_gru")
    assert edited.spec_hash != row.spec_hash
    assert edited.test_loss == row.test_loss


@pytest.mark.parametrize(
    "definition",
    [
        'METHOD = Method("mine", "iRNN of mine", "x", "x", 1, build)',
        'METHOD = dataclasses.replace(PARENT, name="mine", label="iRNN of mine")',
    ],
)
def test_a_page_names_a_method_as_its_file_does_without_running_it(definition, tmp_path, monkeypatch):
    monkeypatch.setattr(registry, "_labels", {})
    assert words.method_label("mine") == "mine"
    (tmp_path / "mine.py").write_text(f"1 / 0\n{definition}\n")
    (tmp_path / "runs.csv").touch()
    (tmp_path / "suite.json").write_text('{"plugins": ["gone/mine.py"]}')
    assert _arguments.runs_file(tmp_path) == tmp_path / "runs.csv"
    assert words.method_label("mine") == "iRNN of mine"
    assert words.capital(words.method_label("mine")) == "iRNN of mine"


@pytest.mark.parametrize(
    "text",
    ["METHOD = (", "METHOD = Method('mine', label, 'x')", "METHOD = 3", "\0", "METHOD = Method('hf', 'best of all')"],
)
def test_a_file_that_spells_out_no_label_of_its_own_changes_none(text, tmp_path, monkeypatch):
    monkeypatch.setattr(registry, "_labels", {})
    (tmp_path / "mine.py").write_text(text)
    registry.read_labels([tmp_path / "mine.py", tmp_path / "none.py"])
    assert registry._labels == {}
    assert words.method_label("hf") == "Hessian-Free"


@pytest.mark.parametrize(
    ("name", "old", "new", "said"),
    [
        ("first_symbol", '"constant": Base', '"const": Base', "its baseline 'constant' is None"),
        ("first_symbol", "error=0.5", 'error="half"', "its baseline 'constant' is Baseline"),
        ("first_symbol", "lag: lag - 1", "lag: lag / 3", "its minimal_lag at lag 10 is 3.3"),
        ("first_symbol", "lag: lag - 1", "lag: lagg", "its minimal_lag failed at lag 10 (NameError"),
        ("first_symbol", "steps=lambda lag: lag", "steps=lambda lag: lag + 0.5", "its steps at lag 10 is 10.5"),
        ("first_symbol", "shortest=2", 'shortest="2"', "its shortest lag is '2'"),
        ("first_symbol", "loss=CrossEntropy(classes=2)", 'loss="entropy"', "its loss is 'entropy'"),
        ("my_gru", '"b_h": (gates,)', '"b_h": gates', "'b_h' has the shape 96"),
        ("my_gru", "hidden: int = 32", 'hidden: int = "32"', "cannot be built"),
    ],
)
def test_what_no_row_could_hold_is_refused_before_training(name, old, new, said, files, tmp_path, capsys):
    file = tmp_path / f"{name}.py"
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new))
    given = ["--method", "my_gru", "--task", "first_symbol", "--lag", "10", "--budget", "100"]
    plugins = [f"--plugin={path}" for path in files]
    assert cli.main(["train", *given, *plugins, "--out", str(tmp_path / "runs.csv")]) == 2
    assert said in capsys.readouterr().err


def test_numbers_of_numpy_in_a_task_make_a_row(files, tmp_path):
    file = tmp_path / "first_symbol.py"
    file.write_text(file.read_text().replace("lag: lag - 1", "lag: np.int64(lag - 1)"))
    given = ["--method", "my_gru", "--task", "first_symbol", "--lag", "10", "--budget", "100"]
    plugins = [f"--plugin={path}" for path in files]
    assert cli.main(["train", *given, *plugins, "--out", str(tmp_path / "runs.csv")]) == 0
    assert read_rows(tmp_path / "runs.csv")[0].minimal_lag == 9


@pytest.mark.parametrize("option", ["--out", "--curves"])
def test_training_does_not_replace_the_file_of_a_plug_in(option, files, tmp_path, capsys):
    file, out = (
        tmp_path / "first_symbol.py",
        {"--out": str(tmp_path / "a.csv"), "--curves": str(tmp_path / "a.parquet")},
    )
    before = file.read_bytes()
    given = ["--method", "my_gru", "--task", "first_symbol", "--lag", "10", "--budget", "100"]
    outputs = [word for pair in {**out, option: str(file)}.items() for word in pair]
    assert cli.main(["train", *given, *(f"--plugin={path}" for path in files), *outputs]) == 2
    assert "is there already and is no file of" in capsys.readouterr().err
    assert file.read_bytes() == before
