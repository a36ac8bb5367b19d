"""Rules of a paper: stopping by the last training sequences, a range of lags, tests at other lags."""

import json

import numpy as np
import pytest
import torch

from longlag import protocol, registry
from longlag.engine.block import Block
from longlag.engine.checkpoint import Checkpoints
from longlag.engine.ladder import setups
from longlag.engine.recent import Recent, Watch
from longlag.engine.spec import RunSpec, resolve
from longlag.engine.train import blocks, run
from longlag.engine.verify import rerun, spec_of
from longlag.errors import LonglagError
from longlag.losses import LogisticError
from longlag.protocol import Rules
from longlag.rng import stream
from longlag.store.records import Row
from longlag.tasks._ranged import ranged
from toy import outcome, spec


@pytest.fixture(autouse=True)
def _small_evaluations(monkeypatch):
    for name, n in (("MONITOR", 50), ("CONFIRM", 100), ("TEST", 100), ("TEST_EVERY_STEP", 50)):
        monkeypatch.setattr(protocol, name, n)


def test_rules_are_read_and_said_as_plain_data():
    rules = Rules.of({"recent": 2000, "error_below": 1, "test_lags": [500, 50]})
    assert rules == Rules(recent=2000, error_below=1.0, test_lags=(50, 500))
    assert json.loads(json.dumps(rules.given())) == {"recent": 2000, "error_below": 1.0, "test_lags": [50, 500]}
    assert Rules.of(rules.given()) == rules
    assert Rules.of({}).given() == {}


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"recents": 5}, "did you mean 'recent'"),
        ({"recent": 0}, "rule 'recent' cannot be 0; it is a whole number of sequences, at least 1"),
        ({"recent": 2.5}, "rule 'recent' cannot be 2.5"),
        ({"recent": True}, "rule 'recent' cannot be True"),
        ({"recent": "many"}, "rule 'recent' cannot be 'many'"),
        ({"recent": 9, "error_below": 0}, "rule 'error_below' cannot be 0; it is a number, above 0"),
        ({"recent": 9, "error_below": float("nan")}, "rule 'error_below' cannot be nan"),
        ({"most_wrong": 3}, "rule 'most_wrong' has no effect alone; add recent"),
        ({"recent": 9, "most_wrong": 9}, "rule 'most_wrong' cannot be 9 of 9 sequences"),
        ({"test_lags": 50}, "rule 'test_lags' cannot be 50"),
        ({"test_lags": []}, "rule 'test_lags' cannot be "),
        ({"test_lags": [20, 20]}, "rule 'test_lags' cannot be "),
        ({"test_lags": [[20]]}, "rule 'test_lags' cannot be "),
        ({"test_lags": [5]}, "lag 5 is too small for task 'temporal_order'"),
        ({"shortest_lag": 5}, "lag 5 is too small for task 'temporal_order'"),
        ({"shortest_lag": 30}, "rule 'shortest_lag' cannot be 30; the lag of the run is 20"),
        ({"recent": 9, "error_below": 0.1}, "rule 'error_below' needs answers that are numbers, and cross_entropy is"),
    ],
)
def test_rules_that_cannot_be_are_refused(given, words):
    with pytest.raises(LonglagError, match=words.replace("(", r"\(")):
        resolve(spec("omega", lag=20, rules=given))


@pytest.mark.parametrize("task", ["memorization_5bit", "random_permutation_every_step"])
def test_tasks_that_have_no_range_of_lags_say_so(task):
    with pytest.raises(LonglagError, match="cannot have a range of lags"):
        resolve(spec("lstm", task, rules={"shortest_lag": 5}))


def test_two_rules_of_stopping_are_refused():
    with pytest.raises(LonglagError, match="rule 'recent' ends a run early, and stop 'budget' does not"):
        resolve(spec("lstm_1997", rules={"recent": 9}, stop="budget"))


def test_rules_are_in_the_digest_and_their_absence_is_not():
    plain, empty = resolve(spec("lstm_1997")), resolve(spec("lstm_1997", rules={}))
    ruled = resolve(spec("lstm_1997", rules={"recent": 5}))
    assert plain.spec_hash == empty.spec_hash
    assert "rules" not in json.loads(plain.spec_json)
    assert json.loads(ruled.spec_json)["rules"] == {"recent": 5}
    assert ruled.spec_hash != plain.spec_hash


def test_the_last_sequences_are_counted_in_a_ring():
    rules = Rules(recent=4, most_wrong=1, error_below=0.1)
    recent = Recent.fresh(2, 4)
    answers = np.array([[1, 1, 0, 0, 0, 0, 1, 1], [0, 0, 0, 1, 0, 1, 0, 0]], dtype=bool)
    errors = np.array([[0.0] * 8, [0.0, 0, 0, 0, 0, 0, 0.3, 0.3]])
    met = []
    for k in range(8):
        recent = recent.after(answers[:, k : k + 1], errors[:, k : k + 1])
        met.append(recent.meets(rules).tolist())
    # replica 0: wrong among the last four 2, 1, 0, 1, 2 of them; replica 1: 1, 1, 2, 2, 1, its mean error 0.15 at last
    assert met == [[False, False]] * 3 + [[False, True], [True, True], [True, False], [True, False], [False, False]]


@pytest.mark.parametrize(("budget", "status"), [(3.0, "solved"), (2.0, "budget")])
def test_a_rule_that_is_met_beyond_the_budget_solves_nothing(budget, status):
    """The first sequence takes three passes, and the rule forgives that it is wrong."""
    rules = {"recent": 1, "most_wrong": 1, "error_below": 1.0}
    (row,) = outcome(spec("lstm_1997", "adding_1997", budget=budget, rules=rules))[1]
    assert (row.status, row.solved, row.passes) == (status, status == "solved", 3.0)


def test_what_is_watched_is_the_answer_before_the_update():
    """Every gradient's batch in chunks, judged by the task's own loss."""
    setup = resolve(spec("lstm_1997", "adding_1997", rules={"recent": 30, "error_below": 1.0}))
    block = Block(setup, (0, 1))
    with torch.no_grad():
        for k in range(12):
            params = block.state.params
            list(block.advance())
            batch = block.data.batch("train", k + 1, 1)
            outputs = setup.model.outputs(params, batch.x, batch.start)
            wrong = setup.task.loss.wrong(outputs, batch.y)[:, 0, 0].numpy()
            error = (outputs.sigmoid() - batch.y).abs()[:, 0, 0, 0].numpy()
            assert (block.state.recent.wrong[:, k] == wrong).all()
            np.testing.assert_allclose(block.state.recent.error[:, k], error, rtol=1e-5)
    assert block.state.recent.seen == 12


def test_a_watch_joins_the_chunks_of_a_step():
    watch = Watch(LogisticError(0.3, 2))
    for s in ([0.9, 0.2], [0.5, 0.5]):
        watch(torch.tensor(s).logit().reshape(1, 1, 1, 2), torch.zeros(1, 1, 1, dtype=torch.int64))
    wrong, error = watch.noted()
    assert wrong.tolist() == [[False, True]]
    assert error.tolist() == [[pytest.approx(0.15), pytest.approx(0.5)]]


RULED = {"recent": 60, "most_wrong": 48, "error_below": 0.9}


def test_a_run_ends_when_its_last_training_sequences_meet_the_rules():
    _, (row,) = outcome(spec("lstm_1997", "adding_1997", budget=3000.0, rules=RULED))
    assert (row.status, row.solved) == ("solved", True)
    assert row.reason == "at most 48 of the last 60 training sequences wrong, mean absolute error below 0.9"
    assert row.updates >= 60
    assert row.passes == row.passes_to_solve == 3 * row.updates < 3000
    assert row.test_error > protocol.CRITERION  # another question
    _, (other,) = outcome(spec("lstm_1997", "adding_1997", budget=900.0, rules=RULED | {"most_wrong": 0}))
    assert (other.status, other.solved) == ("budget", False)


def test_with_a_rule_of_its_own_a_run_is_not_stopped_by_the_packages():
    easy = spec("time_average", "adding", budget=3000.0)
    with pytest.raises(LonglagError, match="method 'time_average' asks for none"):
        list(run(RunSpec(**{**easy.__dict__, "rules": {"recent": 5}})))


def test_a_seed_alone_is_the_seed_in_a_block_and_after_a_checkpoint(tmp_path):
    def ended(seeds, block, driver=None):
        given = spec("lstm_1997", "adding_1997", seeds=seeds, budget=3000.0, rules=RULED, block=block)
        events = run(given, driver) if driver else run(given)
        return {e.seed: (e.updates, e.test_error, e.status, e.resumed) for e in events if isinstance(e, Row)}

    together = ended((3, 4, 5), 3)
    alone = {seed: ended((seed,), 1)[seed] for seed in (3, 4, 5)}
    assert together == alone
    assert len({updates for updates, *_ in alone.values()}) > 1  # they end at different updates

    class Cut(Exception):
        pass

    (setup,) = setups(spec("lstm_1997", "adding_1997", seeds=(3,), budget=3000.0, rules=RULED), [20])
    checkpoints, block = Checkpoints(tmp_path, every=0.0), Block(setup, (3,))
    advance, steps = block.advance, iter(range(50))

    def cut():
        if next(steps, None) is None:
            raise Cut
        return advance()

    block.advance = cut
    with torch.no_grad(), pytest.raises(Cut):
        list(checkpoints(block))
    assert ended((3,), 1, Checkpoints(tmp_path)) == {3: (*alone[3][:-1], 1)}


def test_sequences_of_a_range_of_lags_are_those_of_their_lags():
    task = registry.get("tasks", "temporal_order")
    batch = ranged(task, 20, 40).sample(stream(1, "range"), 40, 3000)
    lags = task.steps(40) - batch.start
    assert set(np.unique(lags)) == set(range(20, 41))
    assert abs(np.bincount(lags)[20:] / 3000 - 1 / 21).max() < 0.02
    relevant = batch.x[..., :2].sum(-1) > 0
    for lag in (20, 33, 40):
        rows = np.nonzero(lags == lag)[0]
        first = np.nonzero(relevant[:, rows].T)[1].reshape(-1, 2)[:, 0] - batch.start[rows]
        assert ((first >= lag // 10) & (first < 2 * lag // 10)).all()
    padding = np.arange(40)[:, None] < batch.start
    assert not batch.x[padding].any()
    assert (batch.x[~padding].sum(-1) == 1).all()
    assert ranged(task, 20, 40).minimal_lag(40) == task.minimal_lag(20)


def test_a_run_on_a_range_of_lags_is_tested_at_others_and_verified():
    rules = {"shortest_lag": 10, "test_lags": [10, 40, 80]}
    (row,) = outcome(spec("omega", lag=20, rules=rules))[1]
    found = json.loads(row.test_error_by_lag)
    assert [*found] == ["10", "40", "80"]
    assert all(0 < error <= 1 for error in found.values())
    assert row.minimal_lag == registry.get("tasks", "temporal_order").minimal_lag(10)
    assert spec_of(row).rules == rules
    assert rerun(row).same
    plain = outcome(spec("omega", lag=20))[1][0]
    assert plain.test_error_by_lag == ""
    assert plain.test_error != row.test_error


def test_sequences_of_other_lags_are_counted_as_evaluation():
    plain, more = (outcome(spec("omega", lag=20, rules=rules))[1][0] for rules in ({}, {"test_lags": [40, 80]}))
    assert more.evaluation_passes == plain.evaluation_passes + 2 * protocol.TEST


def test_the_test_at_another_lag_is_the_test_of_a_run_at_that_lag():
    setup = resolve(spec("omega", lag=20, rules={"shortest_lag": 10, "test_lags": [40]}))
    of_range = Block(setup, (0,)).data.at(40)
    at_lag = Block(resolve(spec("omega", lag=40)), (0,)).data
    one, other = next(of_range.evaluation("test", 100)), next(at_lag.evaluation("test", 100))
    assert torch.equal(one.x, other.x)
    assert torch.equal(one.y, other.y)


def test_seeds_of_small_batches_and_nets_at_short_lags_are_one_block_on_a_cpu():
    seeds = tuple(range(10))
    assert blocks(resolve(spec("lstm_1997", seeds=seeds))) == [seeds]
    assert len(blocks(resolve(spec("lstm_1997", seeds=seeds, overrides={"optimiser.batch": 50})))) == 10
    assert blocks(resolve(spec("omega", seeds=seeds))) == [seeds]
    assert len(blocks(resolve(spec("omega", lag=100, seeds=seeds, overrides={"cell.hidden": 300})))) == 10
    assert blocks(resolve(RunSpec("adding", 50, "lstm", seeds))) == [seeds]
    assert len(blocks(resolve(RunSpec("adding", 100, "lstm", seeds)))) == 10
    assert blocks(resolve(RunSpec("memorization_5bit", 100, "control", seeds))) == [seeds]  # 32 messages, not 100
    assert len(blocks(resolve(RunSpec("adding", 100, "control", seeds)))) == 10
    assert len(blocks(resolve(spec("lstm_1997", seeds=seeds, block=1)))) == 10
