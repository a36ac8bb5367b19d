"""How recorded rows stand to the package of today: by their digests, with what has changed."""

import dataclasses

import pytest

from longlag import protocol, registry
from longlag.engine import standing
from longlag.engine.spec import resolve, unmeasured_row
from longlag.methods import control
from longlag.settings import value_at, with_values
from longlag.store.records import Status
from toy import spec

CHANGED = "method.parts.optimiser.learning_rate"


def row(method="control", seed=0, overrides=None, **changes):
    """A row as if it had been trained today, but for the changes."""
    setup = resolve(spec(method, overrides=overrides or {}))
    blank = unmeasured_row(setup, seed, "", status=Status.BUDGET, reason="")
    return dataclasses.replace(blank, **changes)


def stand(one):
    (found,) = standing.of([one]).values()
    return found


def recipe_with(monkeypatch, **values):
    """Gives `control` other settings, and the same version."""
    values = {path.replace("__", "."): value for path, value in values.items()}
    build = control.METHOD.build
    changed = dataclasses.replace(control.METHOD, build=lambda traits, lag: with_values(build(traits, lag), values))
    monkeypatch.setattr(control, "METHOD", changed)


@pytest.mark.parametrize("method", ["control", "esn", "lstm"])
def test_a_row_of_today_has_nothing_that_sets_it_apart(method):
    assert stand(row(method)) == standing.Standing()
    assert not stand(row(method)).older


def test_a_setting_of_the_recipe_that_has_changed_is_named_with_both_values(monkeypatch):
    one, other = row(), row("lstm")
    old = value_at(resolve(spec("control")).parts, "optimiser.learning_rate")
    recipe_with(monkeypatch, optimiser__learning_rate=0.5)
    found = standing.of([one, other])
    assert found[standing.recipe(one)] == standing.Standing(settings=((CHANGED, old, 0.5),))
    assert found[standing.recipe(one)].older
    assert found[standing.recipe(other)] == standing.Standing(), "of another method"


def test_a_setting_that_the_row_was_given_is_that_of_the_row(monkeypatch):
    one = row(overrides={"optimiser.learning_rate": 0.25})
    recipe_with(monkeypatch, optimiser__learning_rate=0.5)
    assert stand(one) == standing.Standing()


def test_another_version_comes_before_settings(monkeypatch):
    method, task = registry.get("methods", "control").version, registry.get("tasks", "temporal_order").version
    one = row(method_version=method - 1, task_version=task + 1, protocol_version=protocol.VERSION - 1)
    recipe_with(monkeypatch, optimiser__learning_rate=0.5)
    assert stand(one) == standing.Standing(
        (
            standing.Version("methods", "control", method - 1, method),
            standing.Version("tasks", "temporal_order", task + 1, task),
            standing.Version("protocol", "protocol", protocol.VERSION - 1, protocol.VERSION),
        )
    )


def test_a_digest_that_is_not_that_of_its_spec_is_said():
    assert [path for path, *_ in stand(row(spec_hash="0" * 16)).settings] == ["spec_hash"]


def test_the_version_of_a_variant_is_that_of_its_method():
    variant = dataclasses.replace(row(), method="fast")
    assert stand(variant) == standing.Standing()
    now = registry.get("methods", "control").version
    older = dataclasses.replace(variant, method_version=now - 1)
    assert stand(older).versions == (standing.Version("methods", "control", now - 1, now),)


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"spec_hash": "", "spec": "", "method_version": 0}, "the row has none: its job was killed or failed"),
        ({"method": "gone", "spec": ""}, "method 'gone' is not here; if it is a plug-in, add --plugin FILE"),
        ({"task": "gone"}, "task 'gone' is not here; if it is a plug-in, add --plugin FILE"),
        ({"spec": "{}"}, "the spec of row temporal_order T=10 control seed 0 is damaged"),
        ({"lag": 1}, "lag"),
    ],
)
def test_what_cannot_be_worked_out_says_why(changes, why):
    found = stand(dataclasses.replace(row(), **changes))
    assert why in found.unknown
    assert not found.older


def test_a_recipe_without_a_setting_of_the_row_says_so(monkeypatch):
    one = row(overrides={"optimiser.learning_rate": 0.25})
    other = dataclasses.replace(control.METHOD, build=registry.get("methods", "esn").build)
    monkeypatch.setattr(control, "METHOD", other)
    assert stand(one).unknown.startswith("unknown setting 'optimiser.")


def test_seeds_share_one_standing(monkeypatch):
    rows, calls = [row(seed=seed) for seed in range(20)], []
    work_out = standing.resolve_elsewhere
    monkeypatch.setattr(standing, "resolve_elsewhere", lambda one: calls.append(one) or work_out(one))
    assert len(standing.of(rows)) == len(calls) == 1
