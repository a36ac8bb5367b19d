"""Which candidate wins: the stated order, failures last, ties to the recipe, and nothing read of a test set."""

import dataclasses
import math

import pytest

from longlag import protocol
from longlag.engine import selection, trials
from longlag.engine.selection import Trial
from longlag.errors import LonglagError
from longlag.store.records import Row


def trial(candidate=0, task="adding", seed=0, **known):
    column = {"status": "budget", "wrong": 0.5, "passes": 1e6, "loss": 0.1, **known}
    return Trial(
        "lstm", candidate, task, 20, protocol.FIRST_TUNING_SEED + seed, budget=1e6, constant_loss=0.2, seconds=1.0,
        version=3, spec_hash="x", settings={"optimiser.learning_rate": candidate / 10} if candidate else {}, **column,
    )  # fmt: skip


def chosen(*tried):
    return selection.choose("lstm", tried)


@pytest.mark.parametrize(
    ("better", "worse"),
    [
        ({"wrong": 0.4, "loss": 9.0}, {"wrong": 0.5, "loss": 0.1}),
        ({"wrong": 0.5, "passes": 1e6}, {"wrong": 0.5, "passes": 5e5, "loss": 0.2}),
        ({"wrong": 0.01, "passes": 2e5}, {"wrong": 0.0, "passes": 3e5}),
        ({"wrong": 0.01, "passes": 9e5, "loss": 9.0}, {"wrong": 0.011, "passes": 1e5}),
        ({"loss": 0.09}, {"loss": 0.1}),
        ({"wrong": 0.99, "loss": 99.0}, {"status": "diverged", "wrong": 0.0, "passes": 1.0, "loss": 0.0}),
        ({"wrong": 0.99}, {"status": "error", "wrong": 0.0}),
        ({"wrong": 0.99}, {"status": "timeout", "wrong": math.nan, "loss": math.nan}),
        ({"wrong": 0.4, "status": "timeout"}, {"wrong": 0.5}),
    ],
)
def test_the_order_of_candidates(better, worse):
    for one, other in ((better, worse), (worse, better)):
        choice = chosen(trial(1, **one), trial(2, **other), trial(0, status="diverged"))
        assert choice.tasks["adding"] == choice.one == (1 if one is better else 2)


def test_means_are_over_seeds_and_the_one_setting_s_over_tasks():
    adding = [trial(n, seed=seed, wrong=of[seed]) for n, of in ((1, (0.1, 0.9)), (2, (0.4, 0.4))) for seed in (0, 1)]
    assert chosen(*adding).tasks["adding"] == 2, "0.5 and 0.4 wrong"
    xor = [trial(n, "xor", seed, wrong=wrong) for n, wrong in ((1, 0.1), (2, 0.3)) for seed in (0, 1)]
    choice = chosen(*adding, *xor)
    assert (choice.tasks, choice.one) == ({"adding": 2, "xor": 1}, 1), "0.3 and 0.35 over both tasks"
    assert choice.settings(choice.tasks["adding"], "adding") == {"optimiser.learning_rate": 0.2}
    assert choice.settings(choice.one) == {"optimiser.learning_rate": 0.1}


def test_runs_within_the_criterion_outweigh_the_shares_wrong_of_others():
    half, none = ({"wrong": 0.0, "passes": 9e5}, {"wrong": 0.9}), ({"wrong": 0.1}, {"wrong": 0.1})
    assert chosen(*(trial(n, seed=s, **of[s]) for n, of in ((1, none), (2, half)) for s in (0, 1))).one == 2
    adding = [trial(n, wrong=0.0, passes=passes) for n, passes in ((1, 3e5), (2, 4e5))]
    by_chance = [trial(n, "xor", wrong=wrong) for n, wrong in ((1, 0.48), (2, 0.47))]
    choice = chosen(*adding, *by_chance)
    assert (choice.one, choice.tasks) == (1, {"adding": 1, "xor": 2})


def test_in_a_final_an_earlier_choice_stays_where_no_run_is_within_the_criterion():
    earlier = selection.Earlier(one=1, tasks={"adding": 1, "xor": 1})
    tried = [trial(1, wrong=0.5), trial(2, wrong=0.4), trial(1, "xor", wrong=0.5), trial(2, "xor", wrong=0.0)]
    choice = selection.choose("lstm", tried, earlier)
    assert (choice.one, choice.tasks, choice.final) == (2, {"adding": 1, "xor": 2}, True)
    nowhere = selection.choose("lstm", [trial(1, wrong=0.5), trial(2, wrong=0.4)], earlier)
    assert (nowhere.one, nowhere.tasks) == (1, {"adding": 1})


def test_ties_go_to_the_recipe_and_then_to_the_lowest_number():
    assert chosen(trial(2), trial(1), trial(0)).one == 0
    assert chosen(trial(2), trial(1), trial(0, wrong=0.6)).one == 1


def test_one_failed_seed_on_one_task_is_enough_and_nothing_wins_if_all_failed():
    tried = [trial(n, task, seed) for n in (0, 1) for task in ("adding", "xor") for seed in (0, 1)]
    tried = [dataclasses.replace(t, wrong=0.0) if t.candidate == 1 else t for t in tried]
    tried[-1] = dataclasses.replace(tried[-1], status="diverged")
    choice = chosen(*tried)
    assert (choice.one, choice.tasks) == (0, {"adding": 1, "xor": 0})
    failed = chosen(trial(0, status="error"), trial(1, status="diverged"))
    assert (failed.one, failed.tasks) == (None, {"adding": None})
    assert failed.settings(None, "adding") == failed.settings(None) == {}


def test_no_column_of_a_trial_is_of_a_test_set():
    names = {field.name for field in dataclasses.fields(Trial)}
    assert not [name for name in names if name.startswith("test") or name == "solved"]
    assert {field.name for field in dataclasses.fields(Row)} >= {"test_error", "best_error"}


def test_trials_are_read_back_sorted(tmp_path):
    tried = [trial(1), trial(0, seed=1, status="diverged", wrong=math.nan)]
    trials.write(tmp_path / "trials.csv", tried)
    back = trials.read(tmp_path / "trials.csv")
    assert repr(back) == repr(tried[::-1])  # nan is not itself
    (tmp_path / "bad.csv").write_text("method,candidate\nlstm,1\n")
    with pytest.raises(LonglagError, match="is not a file of trials"):
        trials.read(tmp_path / "bad.csv")
