"""A declared search space is refused where it would be searched, not only by `longlag check`."""

import dataclasses

import pytest

from longlag import cli, protocol, registry
from longlag.engine import space, tune
from longlag.engine.ladder import Rungs
from longlag.errors import LonglagError
from longlag.methods.base import Range
from longlag.settings import paths
from toy import spec

PLUGIN = """
import dataclasses
from longlag.methods.base import Range
from longlag.methods.control import METHOD as PARENT
METHOD = dataclasses.replace(PARENT, name="twin", tune={"optimiser.learning_rat": Range(1e-4, 1e-1)})
"""
SUITE = """
suite: search
search: {candidates: 2, seeds: 1}
plugins: [twin.py]
cells: [{methods: [twin], tasks: [adding], lags: [10]}]
"""
NEAREST = "unknown setting in the tune of twin 'optimiser.learning_rat'; did you mean 'optimiser.learning_rate'?"


@pytest.fixture
def twin(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "twin.py").write_text(PLUGIN)
    yield tmp_path
    for found in (*registry._plugins.values(), registry._origins):
        found.clear()


@pytest.fixture
def declare(monkeypatch):
    """Gives a method of the registry another space."""

    def declared(name, given):
        method = dataclasses.replace(registry.get("methods", name), tune=given)
        monkeypatch.setitem(registry._plugins["methods"], name, method)

    return declared


@pytest.mark.parametrize("method", registry.tunable())
def test_the_spaces_of_the_package_are_right(method):
    space.check(method)


def test_a_setting_of_some_tasks_alone_is_right(declare):
    build = registry.get("methods", "esn").build
    have = ["cell.leak.times" in paths(build(registry.get("tasks", task).traits, 50)) for task in ("adding", "copy")]
    assert len({*have}) == 2
    declare("esn", {"cell.leak.times": Range(0.1, 0.2)})
    space.check("esn")


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (
            {"optimiser.lr": Range(1e-4, 1e-1)},
            "'optimiser.lr'; did you mean 'optimiser.learning_rate'? known: cell.hidden",
        ),
        (
            {"optimiser.damping.start": Range(1e-4, 1e-1)},
            "unknown setting in the tune of control 'optimiser.damping.start'",
        ),
        (
            {"optimiser.learning_rate": (1e-4, 1e-1)},
            "gives 'optimiser.learning_rate' the range (0.0001, 0.1); write tune=",
        ),
        (["optimiser.learning_rate"], "the tune of control is ['optimiser.learning_rate']; write tune="),
        ({"optimiser.batch": Range(0.1, 9)}, "the tune of control, 0.1 to 9: setting 'optimiser.batch' cannot be 0"),
        (
            {"optimiser.batch": Range(9.1, 9.2)},
            "the tune of control: 'optimiser.batch' changes nothing from 9.1 to 9.2",
        ),
    ],
)
def test_a_space_that_cannot_be_searched_is_refused(given, said, declare):
    declare("control", given)
    with pytest.raises(LonglagError) as refused:
        space.check("control")
    assert said in str(refused.value)


def test_whole_numbers_are_rounded_as_candidates_are(declare):
    declare("control", {"optimiser.batch": Range(9.5, 20.5)})
    space.check("control")


def test_a_search_trains_nothing_in_it(declare):
    declare("control", {"optimiser.learning_rat": Range(1e-4, 1e-1)})
    seen = []
    with pytest.raises(LonglagError, match=r"did you mean 'optimiser\.learning_rate'"):
        next(tune.search(spec("control", seeds=(protocol.FIRST_TUNING_SEED,)), 1, seen.append, Rungs(None)))
    assert not seen


@pytest.mark.parametrize(
    "words",
    [
        "tune --task adding --lag 10 --method twin --out out.csv",
        "train --task adding --lag 10 --method twin --candidate 1 --seeds 1000000 --out out.csv",
        "ladder --task adding --lags 10 --method twin --candidate 1 --seeds 1000000 --out out.csv",
        "design suite.yaml",
    ],
)
def test_verbs_that_search_refuse_a_misspelt_path(words, twin, capsys):
    (twin / "suite.yaml").write_text(SUITE)
    assert cli.main([*words.split(), "--plugin", "twin.py"]) == 2
    said = capsys.readouterr()
    assert NEAREST in said.err
    assert not (twin / "out.csv").exists()
    assert not said.out.startswith("{")


@pytest.mark.parametrize(
    "words",
    [
        "tune --task adding --lag 10 --method twin --out out.csv",
        "train --task adding --lag 10 --method twin --candidate 1 --seeds 1000000 --out out.csv",
        "design suite.yaml",
        "show twin",
    ],
)
def test_verbs_refuse_a_space_without_ranges(words, twin, capsys):
    (twin / "suite.yaml").write_text(SUITE)
    (twin / "twin.py").write_text(PLUGIN.replace('rat": Range(1e-4, 1e-1)', 'rate": (1e-4, 1e-1)'))
    assert cli.main([*words.split(), "--plugin", "twin.py"]) == 2
    said = capsys.readouterr().err
    assert "the tune of twin gives 'optimiser.learning_rate' the range (0.0001, 0.1); write tune=" in said
    assert not (twin / "out.csv").exists()


def test_a_run_without_a_search_is_trained(twin):
    """The digest of a recorded plug-in has its source in it: `verify` must be able to train it again."""
    words = "train --task adding --lag 10 --method twin --budget 600 --out out.csv --plugin twin.py"
    assert cli.main(words.split()) == 0
