"""The search of one task: scores by validation alone, and what diverged comes last."""

import dataclasses
import math

import pytest

from longlag import cli, protocol, registry
from longlag.engine import space, tune
from longlag.engine.ladder import Rungs
from longlag.engine.spec import resolve, unmeasured_row
from longlag.methods.base import Range
from longlag.store.records import Point
from toy import spec


def trial(loss=0.5, **measured):
    row = unmeasured_row(resolve(spec("control")), 0, "now", **({"status": "budget", "reason": ""} | measured))
    return tune.Candidate({}, [row], [loss])


def test_the_order_of_trials():
    solved_fast, solved_slowly = trial(best_error=0.0, passes=10.0), trial(best_error=0.01, passes=20.0)
    better, worse = trial(0.3, best_error=0.9, passes=5.0), trial(0.6, best_error=0.9, passes=1.0)
    diverged = trial(0.1, best_error=0.0, passes=1.0, status="diverged")
    ordered = [solved_fast, solved_slowly, better, worse, diverged]
    assert sorted([*ordered[2:], *ordered[:2]], key=lambda t: t.score) == ordered
    assert diverged.score.failed


def test_a_candidate_that_was_never_evaluated_comes_last():
    stopped = dataclasses.replace(trial(best_error=math.nan, status="timeout"), last_losses=[math.nan])
    assert stopped.score.failed
    assert tune.ranked([stopped, trial(best_error=0.9)])[0].rows[0].best_error == 0.9


def test_each_seed_keeps_its_own_last_loss(monkeypatch):
    """Also beside one that had no evaluation."""
    one = spec("control", seeds=(protocol.FIRST_TUNING_SEED, protocol.FIRST_TUNING_SEED + 1))

    def climb(setups, rungs, on_event, driver):
        first, second = setups[0].spec.seeds
        yield unmeasured_row(setups[0], first, "now", status="diverged", reason=""), []
        point = Point("temporal_order", 10, "control", second, 10.0, 1, 0.5, 0.5, 0.25, 0.0)
        yield unmeasured_row(setups[0], second, "now", status="budget", reason="", best_error=0.5), [point]

    monkeypatch.setattr(tune, "climb", climb)
    (found,) = tune.search(one, 0, lambda event: None, Rungs(None))
    assert repr(found.last_losses) == "[nan, 0.25]"
    assert found.score.failed


def test_test_scores_choose_nothing():
    one, other = (
        trial(best_error=0.5, test_error=0.9, test_loss=9.0),
        trial(best_error=0.5, test_error=0.0, test_loss=0.0),
    )
    assert one.score == other.score


def test_search_runs_every_candidate_and_names_settings_at_an_edge():
    seen = []
    run_spec = spec("control", seeds=(protocol.FIRST_TUNING_SEED,))
    trials = list(tune.search(run_spec, 3, seen.append, Rungs(None)))
    assert [t.overrides == {} for t in trials] == [True, False, False, False], "the recipe and three candidates"
    assert all(t.rows[0].seed == protocol.FIRST_TUNING_SEED for t in trials)
    assert any(isinstance(event, Point) for event in seen)
    assert all(len(t.last_losses) == 1 for t in trials)


@pytest.mark.parametrize(("second", "said"), [(2.0, True), (500.0, False)])
def test_a_recipe_at_the_edge_of_the_space_is_said_to_be_there(tmp_path, capsys, monkeypatch, second, said):
    """A recipe changes nothing, and its values are in the space all the same."""
    path, method = "optimiser.learning_rate", registry.get("methods", "control")
    rate = space.values(spec("control"))[path]
    around = dataclasses.replace(method, tune={path: Range(rate, 1000 * rate)})
    monkeypatch.setitem(registry._plugins["methods"], "control", around)
    tried = [({}, 0.5), ({path: second * rate}, 0.6)]
    found = [dataclasses.replace(trial(best_error=wrong), overrides=overrides) for overrides, wrong in tried]
    monkeypatch.setattr(tune, "search", lambda *_: found)
    words = ["tune", "--task", "temporal_order", "--lag", "10", "--method", "control", "--out"]
    assert cli.main([*words, str(tmp_path / "tune.csv")]) == 0
    told = capsys.readouterr().out
    assert "chosen the recipe" in told
    assert (f"note: {path} at the edge of the declared space" in told) == said
