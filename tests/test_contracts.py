"""What every plug-in promises, by discovery: a new method or task is tested here automatically."""

import dataclasses
import sys

import pytest
import torch

from longlag import registry, settings
from longlag.engine.spec import resolve
from longlag.settings import describe, with_values
from longlag.store.records import VOLATILE, Row
from toy import outcome, spec

METHODS, TASKS = registry.names("methods"), registry.names("tasks")


def lasting(row: Row) -> dict:
    """A row without its volatile columns, nan made comparable."""
    return {k: repr(v) for k, v in dataclasses.asdict(row).items() if k not in VOLATILE}


@pytest.fixture(scope="module", autouse=True)
def _small_evaluations():
    with pytest.MonkeyPatch.context() as patch:
        for name, n in (("MONITOR", 50), ("CONFIRM", 100), ("TEST", 100), ("TEST_EVERY_STEP", 50)):
            patch.setattr(f"longlag.protocol.{name}", n)
        yield


@pytest.mark.parametrize("kind", ["methods", "tasks"])
def test_a_file_holds_the_value_of_its_name_and_says_what_it_is(kind):
    for name in registry.names(kind):
        value = registry.get(kind, name)
        assert value.name == name
        assert value.version >= 1
        assert value.reference
        module = sys.modules[f"longlag.{kind}.{name}"]
        assert len((module.__doc__ or "").strip()) > 60


@pytest.mark.parametrize("task", TASKS)
def test_a_task_is_complete(task):
    value = registry.get("tasks", task)
    traits = value.traits
    assert set(value.baselines) >= {"constant", "half_solved"}
    assert len(traits.input_mean) == len(traits.roles)
    assert len(traits.target_mean) == (traits.classes or len(traits.target_mean))
    # equal where half the knowledge is worth nothing: XOR, or a single bit
    assert 0 < value.baselines["half_solved"].loss <= value.baselines["constant"].loss
    assert "step " in sys.modules[f"longlag.tasks.{task}"].__doc__, "draw one sequence in the docstring"


@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize("method", METHODS)
def test_parts_build_at_every_lag_and_can_be_changed_by_path(method, task):
    value, traits = registry.get("methods", method), registry.get("tasks", task).traits
    for lag in (10, 50, 1000):
        parts = value.build(traits, lag)
        assert describe(parts)["part"] == "Parts"
        for path in value.space(parts):
            assert with_values(parts, {path: 0.123}) != parts


@pytest.mark.parametrize("method", METHODS)
def test_every_setting_of_a_search_is_one_of_some_task(method):
    value = registry.get("methods", method)
    built = [value.build(registry.get("tasks", task).traits, 50) for task in TASKS]
    assert {path for parts in built for path in value.space(parts)} == set(value.tune)


@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize("method", METHODS)
def test_every_pair_runs_to_a_row(method, task):
    points, rows = outcome(spec(method, task))
    assert len(rows) == 1
    (row,) = rows
    assert row.status in ("solved", "budget")
    assert row.solved == (row.status == "solved")
    assert row.passes > 0
    assert row.flops > row.passes
    assert 0 <= row.test_error <= 1
    assert row.parameters > 0
    assert row.minimal_lag == registry.get("tasks", task).minimal_lag(row.lag)
    assert points
    assert [p.passes for p in points] == sorted(p.passes for p in points)


@pytest.mark.parametrize("method", METHODS)
def test_a_seed_alone_is_the_seed_in_a_block_byte_for_byte(method):
    _, together = outcome(spec(method, "adding", seeds=(3, 1, 2), block=3))
    _, in_turn = outcome(spec(method, "adding", seeds=(3, 1, 2)))
    alone = [outcome(spec(method, "adding", seeds=(seed,)))[1][0] for seed in (1, 2, 3)]
    for group in (together, in_turn, alone):
        assert [lasting(r) for r in sorted(group, key=lambda r: r.seed)] == [lasting(r) for r in alone]


@pytest.mark.parametrize("method", METHODS)
def test_parameters_of_a_seed_do_not_depend_on_its_block(method):
    from longlag.engine.block import Block
    from longlag.engine.train import blocks

    setup = resolve(spec(method, "adding", seeds=(0, 1, 2), block=3))
    if len(blocks(setup)) > 1:
        pytest.skip(f"{method} trains one replica at a time on every device: its block is the seed alone")
    with torch.no_grad():
        block, alone = Block(setup, (0, 1, 2)), Block(resolve(spec(method, "adding", seeds=(1,))), (1,))
        list(block.train())
        list(alone.train())
    for name, value in alone.state.params.items():
        assert value[0].numpy().tobytes() == block.state.params[name][1].numpy().tobytes(), name


@pytest.mark.parametrize("method", METHODS)
def test_two_runs_of_one_spec_are_equal_and_another_seed_is_not(method):
    first, second, other = (outcome(spec(method, seeds=(seed,))) for seed in (5, 5, 6))
    assert lasting(first[1][0]) == lasting(second[1][0])
    assert [dataclasses.replace(p, seconds=0) for p in first[0]] == [
        dataclasses.replace(p, seconds=0) for p in second[0]
    ]
    assert [p.loss for p in first[0]] != [p.loss for p in other[0]]


@pytest.mark.parametrize("method", METHODS)
def test_a_spec_says_everything_that_decides_the_numbers(method):
    base = resolve(spec(method))
    assert resolve(spec(method, seeds=(1, 2))).spec_hash == base.spec_hash
    for changed in ({"lag": 11}, {"budget": 601.0}, {"task": "adding"}):
        assert resolve(spec(method, **changed)).spec_hash != base.spec_hash
    path = next(p for p in settings.paths(base.parts) if p.startswith("cell.hidden"))
    assert resolve(spec(method, overrides={path: 5})).spec_hash != base.spec_hash
