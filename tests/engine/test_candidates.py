"""The candidates of a search: inside the declared space, well spread, the same everywhere, and only what a task has."""

import dataclasses
import itertools
import math

import pytest
import torch

from longlag import protocol, registry
from longlag.engine import candidates
from longlag.engine.spec import RunSpec, resolve
from longlag.errors import LonglagError
from longlag.methods.base import Range
from longlag.settings import paths
from toy import spec

METHODS = registry.tunable()


@pytest.mark.parametrize("name", METHODS)
def test_candidates_are_inside_the_declared_space_and_well_spread(name):
    method = registry.get("methods", name)
    drawn = candidates.points(method, 16)
    assert drawn == candidates.points(method, 16)
    assert drawn[:4] == candidates.points(method, 4)
    for path, space in method.tune.items():
        places = sorted(math.log(point[path] / space.low) / math.log(space.high / space.low) for point in drawn)
        assert len(set(places)) == 16
        assert 0 <= places[0] <= 1 / 8
        assert 7 / 8 <= places[-1] <= 1
        assert max(b - a for a, b in itertools.pairwise(places)) <= 1 / 8  # 16 random points: 0.2


def test_the_draw_is_frozen():
    """Rows and settings on record were drawn so."""
    space = {"a": Range(1e-3, 1.0), "b": Range(0.5, 0.995), "c": Range(1.0, 100.0)}
    method = dataclasses.replace(registry.get("methods", "hf"), tune=space)
    values = [list(point.values()) for point in candidates.points(method, 5)]
    assert values == [
        [0.03162, 0.7053, 10.0],
        [0.1778, 0.5939, 3.162],
        [0.005623, 0.8377, 31.62],
        [0.01334, 0.6472, 17.78],
        [0.4217, 0.913, 1.778],
    ]


@pytest.mark.parametrize("dtype", [torch.float64, torch.bfloat16])
def test_the_draw_does_not_depend_on_the_default_of_torch(dtype):
    method, before = registry.get("methods", "lstm"), torch.get_default_dtype()
    expected = candidates.points(method, protocol.MAX_CANDIDATES)
    try:
        torch.set_default_dtype(dtype)
        assert candidates.points(method, protocol.MAX_CANDIDATES) == expected
    finally:
        torch.set_default_dtype(before)


def test_more_candidates_than_a_search_may_have_are_refused():
    with pytest.raises(LonglagError, match="candidate 1000000000 cannot be: a search has at most 999"):
        resolve(RunSpec("adding", 20, "lstm", (protocol.FIRST_TUNING_SEED,), candidate=10**9))


def test_a_method_without_a_space_is_refused():
    with pytest.raises(LonglagError, match="declares no search space"):
        candidates.points(dataclasses.replace(registry.get("methods", "hf"), tune={}), 3)
    with pytest.raises(LonglagError, match="'constant' declares no search space"):
        resolve(RunSpec("adding", 20, "constant", (protocol.FIRST_TUNING_SEED,), candidate=1))


@pytest.mark.parametrize("name", METHODS)
def test_candidate_zero_is_the_recipe_and_the_others_change_what_the_task_has(name):
    recipe = spec(name)
    assert resolve(dataclasses.replace(recipe, candidate=0)).spec_hash == resolve(recipe).spec_hash
    known = paths(resolve(recipe).parts)
    point = {p: v for p, v in candidates.points(registry.get("methods", name), 3)[2].items() if p in known}
    setup = resolve(dataclasses.replace(recipe, candidate=3))
    assert set(setup.spec.overrides) >= set(point) > set()
    by_hand = dataclasses.replace(recipe, overrides={**recipe.overrides, **point})
    assert setup.spec_hash == resolve(by_hand).spec_hash
    assert setup.spec_hash != resolve(recipe).spec_hash


def test_settings_that_a_task_does_not_have_are_left_out_there():
    """The reservoir for replay is a ring, which has no bias."""
    leaky, ring = (resolve(RunSpec(task, 20, "esn", ())) for task in ("adding", "memorization_5bit"))
    space = {"init.bias_scale": Range(0.01, 1.0), "cell.hidden": Range(10, 99)}
    method = dataclasses.replace(leaky.method, tune=space)
    assert set(candidates.settings(method, 1, leaky.parts)) == set(space)
    assert set(candidates.settings(method, 1, ring.parts)) == {"cell.hidden"}
    units = [candidates.settings(method, number, leaky.parts)["cell.hidden"] for number in range(1, 9)]
    assert all(type(number) is int for number in units), "whole numbers stay whole"
    assert len(set(units)) == 8


def test_a_setting_is_at_an_edge_if_the_two_best_lie_near_the_same_end():
    path, space = "optimiser.learning_rate", Range(1e-3, 1.0)
    method = dataclasses.replace(registry.get("methods", "control"), tune={path: space})

    def flagged(best, second):
        return candidates.at_edge(method, {path: best}, {path: second}) == [path]

    assert flagged(1.01e-3, 5e-3)
    assert flagged(0.99, 0.2)
    assert not flagged(1.01e-3, 0.03), "the second best lies in the middle"
    assert not flagged(1.01e-3, 0.99), "at the other end"
    assert flagged(0, 1e-4), "a recipe may lie outside"
    assert not flagged(3e-3, 1.01e-3), "the best lies outside the outer tenth"
    assert candidates.at_edge(method, {"cell.hidden": 1.0}, {"cell.hidden": 1.0}) == []
