"""The engine: stopping, budgets, the evaluation grid, statuses, and the one score on the test set."""

import dataclasses
import itertools
import math
import time

import numpy as np
import pytest
import torch

from longlag import protocol, registry
from longlag.engine import denormals, evaluate
from longlag.engine.block import Block
from longlag.engine.codec import Unfit
from longlag.engine.data import TEST, Data, Draws
from longlag.engine.spec import resolve
from longlag.engine.train import attempt, blocks, modes, run
from longlag.errors import LonglagError
from longlag.store.records import VOLATILE, Point, Row
from toy import outcome, spec


def test_grid_is_fixed_and_does_not_depend_on_the_budget():
    evaluations, passes = [], 0.0
    while passes < 100_000:
        passes = protocol.next_evaluation(passes)
        evaluations.append(passes)
    assert evaluations == [1000, 3000, 10_000, 30_000, 60_000, 90_000, 120_000]
    short, long = (outcome(spec("control", budget=budget))[0] for budget in (3000.0, 4500.0))
    assert [(p.passes, p.error) for p in short[:2]] == [(p.passes, p.error) for p in long[:2]]


def test_solved_is_confirmed_and_then_judged_once_on_test_data():
    points, (row,) = outcome(spec("esn", lag=20, budget=1e4, overrides={"cell.hidden": 60, "optimiser.sequences": 500}))
    assert row.status == "solved"
    assert row.test_error <= protocol.CRITERION
    assert row.passes_to_solve == row.passes == points[-1].passes
    assert row.evaluation_passes == protocol.MONITOR + protocol.CONFIRM + protocol.TEST


def test_a_verdict_that_fails_the_test_set_is_not_solved(monkeypatch):
    rows, _ = faked(
        monkeypatch, resolve(spec("control")), (0,), lambda purpose, seed: 0.02 if purpose == "test" else 0.0
    )
    assert [row.status for row in rows] == ["budget"]
    assert "2.00% of the test set wrong" in rows[0].reason
    assert math.isnan(rows[0].passes_to_solve)


SMALL = {"cell.hidden": 60, "optimiser.sequences": 500}  # a step asks for 500 passes, then for 20 that choose a penalty


def test_what_overshoots_the_budget_is_not_solved_and_its_reason_says_so():
    _, (row,) = outcome(spec("esn", lag=20, budget=501.0, overrides=SMALL))
    assert row.test_error <= protocol.CRITERION
    assert (row.solved, row.status, row.passes, row.updates) == (False, "budget", 520, 1)
    assert "no validation within the budget confirmed it" in row.reason


def test_a_question_that_is_asked_when_the_budget_is_spent_undoes_its_step():
    block = Block(resolve(spec("esn", lag=20, budget=500.0, overrides=SMALL)), (0,))
    start = {name: value.clone() for name, value in block.state.params.items()}
    with torch.no_grad():
        point, row = block.train()
    assert all(torch.equal(start[name], value) for name, value in block.state.params.items())
    assert (row.status, row.reason) == ("budget", "the budget of sequence passes is spent")
    assert (row.passes, row.updates, point.passes, point.updates) == (500, 0, 0, 0)
    assert row.best_error == point.error


def test_wherever_the_budget_ends_the_last_complete_step_within_it_is_evaluated_once():
    def steps(budget):
        block = Block(resolve(spec("hf", "adding", lag=20, budget=budget)), (0,))
        with torch.no_grad():
            while block.state.active.any():
                events = list(block.advance())
                yield block.state, events

    ends = [(float(state.meter.passes), state.params) for state, _ in steps(4000.0)]
    for budget in (900.0, 1500.0, 2600.0):
        taken = list(steps(budget))
        points = [event for _, events in taken for event in events if isinstance(event, Point)]
        state, complete = taken[-1][0], taken[-1][0].updates[0]
        passes, params = ends[complete - 1]
        assert all(torch.equal(value, state.params[name]) for name, value in params.items())
        assert points[-1].passes == passes < budget <= state.meter.passes < ends[complete][0]
        assert len({point.passes for point in points}) == len(points)


def test_divergence_is_a_status():
    _, (row,) = outcome(spec("control", "adding", overrides={"optimiser.learning_rate": 1e20}, budget=5000.0))
    assert row.status == "diverged"
    assert not row.solved
    assert math.isnan(row.test_error)


@pytest.mark.parametrize("lag", [50, 100])
def test_a_gradient_that_explodes_ends_the_run_without_warnings(lag):
    """Warnings are errors here. States stay near zero, where units are linear: a gain of 10 makes 1e50 of a gradient."""
    overrides = {"init.recurrent_gain": 10.0, "init.input_gain": 1e-40}
    _, (row,) = outcome(spec("control", lag=lag, overrides=overrides))
    assert row.status == "diverged"


def test_timeout_is_a_status():
    _, (row,) = outcome(spec("control", budget=1e9, timeout=0.2))
    assert row.status == "timeout"
    assert row.wall_seconds >= 0.2


@pytest.mark.parametrize(("method", "passes_per_update"), [("hf", math.nan), ("control", 30)])
def test_a_time_limit_holds_within_a_step_and_the_row_is_that_of_the_step_before(
    monkeypatch, method, passes_per_update
):
    clock = itertools.count()
    monkeypatch.setattr(Block, "_wall_seconds", lambda block: float(next(clock)))  # a second passes at every look
    _, (row,) = outcome(spec(method, "adding", budget=1e9, timeout=10.0))
    assert row.status == "timeout"
    assert row.reason == "stopped after 10 s of wall clock"
    assert not math.isnan(row.test_error)
    if method == "hf":  # its first step asks more than ten questions
        assert row.updates == row.passes == 0
    else:
        assert row.updates > 0
        assert row.passes == row.updates * passes_per_update


def test_a_bug_ends_its_seed_with_a_row_and_the_others_go_on(monkeypatch, capsys):
    draw = Draws.__call__

    def faulty(self, n, purpose="train"):
        if 1 in self.data.seeds and self.drawn > 3:
            raise ZeroDivisionError("a bug")
        return draw(self, n, purpose)

    small = resolve(spec("control", seeds=(0, 1, 2), overrides={"cell.hidden": 10}))
    assert blocks(small) == [(0, 1, 2)]
    monkeypatch.setattr(Draws, "__call__", faulty)
    events = list(attempt(small))
    rows = [event for event in events if isinstance(event, Row)]
    assert [(row.seed, row.status) for row in rows] == [(0, "budget"), (1, "error"), (2, "budget")]
    assert rows[1].reason == "ZeroDivisionError: a bug"
    assert capsys.readouterr().err.count("ZeroDivisionError: a bug") == 1
    alone = [event for event in attempt(small.with_seeds([2])) if isinstance(event, Point)]
    found = [event for event in events if isinstance(event, Point) and event.seed == 2]
    assert [(p.passes, p.loss) for p in found] == [(p.passes, p.loss) for p in alone]


def test_a_seed_that_ends_leaves_its_block(monkeypatch):
    """Those that train on have the numbers that they have alone."""
    score, sizes = evaluate.score, []

    def second_solves(setup, params, batches):
        batches = list(batches)
        sizes.append(len(batches[0].x))
        found = score(setup, params, batches)
        own = {3: [False, True, False], 1: True}.get(sizes[-1], False)  # the second of three, and what confirms it
        return dataclasses.replace(found, wrong=np.where(own, 0.0, found.wrong))

    def events(*seeds):
        found = list(run(spec("control", seeds=seeds, budget=4e3)))
        rows = {
            e.seed: [repr(getattr(e, f.name)) for f in dataclasses.fields(Row) if f.name not in VOLATILE]
            for e in found
            if isinstance(e, Row)
        }
        return rows, {(e.seed, e.passes): (e.loss, e.error) for e in found if isinstance(e, Point)}

    alone = [events(seed) for seed in (0, 2)]
    monkeypatch.setattr(evaluate, "score", second_solves)
    rows, points = events(0, 1, 2)
    assert 2 in sizes
    for own_rows, own_points in alone:
        assert own_rows.items() <= rows.items()
        assert own_points.items() <= points.items()


@pytest.mark.parametrize("name", registry.names("methods"))
def test_the_state_of_every_method_can_lose_a_replica(name):
    setup = resolve(spec(name, "adding_1997" if name == "lstm_1997" else "temporal_order", seeds=(0, 1, 2), budget=1e5))
    if setup.parts.optimiser.replicas == 1:
        assert blocks(setup) == [(0,), (1,), (2,)]
        return
    with modes():
        block = Block(setup, (0, 1, 2))
        list(block.advance())
        before = {leaf: value[2].clone() for leaf, value in block.state.params.items()}
        block.state.active[1] = False
        block._leave_out_the_ended()
        assert block.seeds == block.data.seeds == (0, 2)
        for leaf, value in block.state.params.items():
            assert torch.equal(value[1], before[leaf])
        list(block.advance())
    assert block.state.updates.tolist() == [2, 2]


def test_a_state_that_cannot_lose_a_replica_stays_whole_and_is_asked_once(monkeypatch):
    asked = []

    def unfit(*args):
        asked.append(args)
        raise Unfit("not of replicas")

    monkeypatch.setattr("longlag.engine.block.unflatten", unfit)
    with modes():
        block = Block(resolve(spec("control", seeds=(0, 1))), (0, 1))
        block.state.active[1] = False
        for _ in range(3):
            list(block.advance())
    assert block.seeds == (0, 1)
    assert block.state.updates.tolist() == [3, 0]
    assert len(asked) == 1


def test_seeds_of_one_program_share_their_limits_of_time(monkeypatch):
    small = {"cell.hidden": 10}
    setup = resolve(spec("control", seeds=(0, 1), overrides=small, timeout=60.0))
    assert blocks(setup) == [(0, 1)]
    block, clock = Block(setup, (0, 1)), time.monotonic()
    for seconds, over in [(119.0, False), (121.0, True)]:
        monkeypatch.setattr(time, "monotonic", lambda seconds=seconds: clock + seconds)
        assert block._out_of_time() == over


def test_a_finished_replica_is_a_fixed_point_where_it_stays_in_its_block(monkeypatch):
    monkeypatch.setattr(Block, "_leave_out_the_ended", lambda block: None)
    setup = resolve(spec("clipping", seeds=(0, 1), block=2, budget=2500.0))
    with torch.no_grad():
        block = Block(setup, (0, 1))
        events = block.train()
        next(events)
        before = {name: value[0].clone() for name, value in block.state.params.items()}
        passes = block.state.meter.passes.clone()
        block.state.active[0] = False
        list(events)
    assert all(torch.equal(before[name], block.state.params[name][0]) for name in before)
    assert block.state.meter.passes[0] == passes[0]
    assert block.state.meter.passes[1] > passes[1]


def faked(monkeypatch, setup, seeds, errors):
    """A block whose share wrong is errors(purpose of replica r, seed), and the purposes it was asked for."""
    block, asked = Block(setup, seeds), []

    def purposes(data, purpose, n):
        each = [purpose] * len(data.seeds) if isinstance(purpose, str) else list(purpose)
        return dict(zip(data.seeds, each, strict=True))

    def scored(setup, params, purposes):
        assert all(len(value) == len(purposes) for value in params.values())
        asked.append(purposes)
        error = np.array([errors(purpose, seed) for seed, purpose in purposes.items()])
        return evaluate.Score(error, np.zeros(len(error)), error, error, 0)

    monkeypatch.setattr(Data, "evaluation", purposes)
    monkeypatch.setattr(evaluate, "score", scored)
    with torch.no_grad():
        return [event for event in block.train() if isinstance(event, Row)], asked


@pytest.mark.parametrize("block", [1, 4])
def test_only_replicas_that_are_judged_are_drawn_for(monkeypatch, block):
    """Confirmations of those that pass the monitor, tests of those that end."""

    def errors(purpose, seed):
        return {"monitor": 0.0 if seed in (2, 5) else 0.5, "test": 0.001 * seed}.get(purpose, 0.0)

    setup = resolve(spec("clipping", seeds=(2, 3, 5, 7), block=block, budget=1500.0))
    asked, rows = [], []
    for seeds in blocks(setup):
        found, own = faked(monkeypatch, setup, seeds, errors)
        rows += found
        asked += own
    judged = [(purpose, seed) for each in asked for seed, purpose in each.items() if purpose != "monitor"]
    assert sorted(judged) == [("confirm 1", 2), ("confirm 1", 5), *[("test", seed) for seed in (2, 3, 5, 7)]]
    assert {row.seed: (row.status, row.test_error) for row in rows} == {
        2: ("solved", 0.002), 3: ("budget", 0.003), 5: ("solved", 0.005), 7: ("budget", 0.007)}  # fmt: skip


def test_a_neighbour_does_not_move_what_confirms_a_seed(monkeypatch):
    """Seed 0 passes the monitor at once and is never confirmed; seed 1 passes from the second evaluation on."""

    def errors(purpose, seed):
        evaluations[seed] += purpose == "monitor"
        return {"monitor": 0.0 if seed == 0 or evaluations[1] > 1 else 0.5}.get(purpose, 0.5)

    used = {}
    for seeds in ((1,), (0, 1)):
        evaluations = {0: 0, 1: 0}
        setup = resolve(spec("clipping", seeds=seeds, block=2, budget=4000.0))
        _, asked = faked(monkeypatch, setup, seeds, errors)
        used[seeds] = [a[1] for a in asked if a.get(1, "test") not in ("monitor", "test")]
    assert used[0, 1][-len(used[1,]) :] == used[1,]
    assert used[1,][0] == "confirm 1"


def test_confirmation_asks_for_more_than_the_criterion(monkeypatch):
    setup = resolve(spec("control"))
    rows, _ = faked(monkeypatch, setup, (0,), lambda purpose, seed: 0.009)
    assert [row.status for row in rows] == ["budget"]
    rows, _ = faked(monkeypatch, setup, (0,), lambda purpose, seed: 0.008)
    assert [row.status for row in rows] == ["solved"]


@pytest.mark.parametrize(("wrong", "solved"), [(100, True), (101, False)])
def test_the_criterion_is_met_exactly(wrong, solved):
    """100 wrong of 10,000, spread over all chunks, are 1 %; 101 are not."""
    data = Data(resolve(spec("control")), (0,))
    left = iter(np.full(10, wrong // 10) + (np.arange(10) < wrong % 10))

    def answers(outputs, targets):
        return (torch.arange(targets.shape[2]) < next(left)).expand(1, 1, -1)

    setup = dataclasses.replace(data.setup, task=replace_loss(data.setup.task, answers))
    with torch.no_grad():
        found = evaluate.score(setup, data.start(), data.evaluation(TEST, protocol.TEST))
    assert bool(found.wrong[0] <= protocol.CRITERION) == solved
    assert found.sequences == 10_000


class replace_loss:
    """A task whose wrong answers are given."""

    def __init__(self, task, wrong):
        self._task, self._wrong = task, wrong
        self.loss = self

    def __getattr__(self, name):
        return getattr(self._task, name)

    def wrong(self, outputs, targets):
        return self._wrong(outputs, targets)


def test_a_sequence_is_wrong_if_any_of_its_symbols_is():
    data = Data(resolve(spec("control", "memorization_5bit")), (0,))
    first_symbol = torch.zeros(1, 5, 32, dtype=torch.bool)
    first_symbol[:, 0, :8] = True
    setup = dataclasses.replace(data.setup, task=replace_loss(data.setup.task, lambda outputs, targets: first_symbol))
    with torch.no_grad():
        found = evaluate.score(setup, data.start(), data.evaluation(TEST, protocol.TEST))
    assert (found.wrong[0], found.symbols[0], found.sequences) == (0.25, 0.05, 32)


def test_a_method_does_not_say_what_is_wrong(monkeypatch):
    """A loss of the method's own decides what is minimised, not what counts as solved."""
    from longlag import registry
    from longlag.losses import SquaredError

    method = registry.get("methods", "control")

    def lenient(traits, lag):
        return dataclasses.replace(method.build(traits, lag), loss=SquaredError(tolerance=10.0))

    monkeypatch.setitem(
        registry._plugins["methods"], "lenient", dataclasses.replace(method, name="lenient", build=lenient)
    )
    _, (row,) = outcome(spec("lenient", "adding"))
    assert not row.solved
    assert row.test_error > 0.5


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"method": "hff"}, "unknown method 'hff'; did you mean 'hf'"),
        ({"task": "ading"}, "unknown task 'ading'; did you mean 'adding'"),
        ({"lag": 3}, "lag 3 is too small for task 'temporal_order'"),
        ({"budget": 0.0}, "budget 0.0 is not a positive number"),
        ({"budget": float("nan")}, "budget nan is not a positive number"),
        ({"budget": "1e6"}, "budget '1e6' is not a positive number of sequence passes"),
        ({"budget": None}, "budget None is not a positive number of sequence passes"),
        ({"candidate": "3"}, "candidate '3' is not a whole number of 0 or more; 0 is the recipe"),
        ({"candidate": 1.5}, "candidate 1.5 is not a whole number"),
        ({"candidate": -1}, "candidate -1 is not a whole number"),
        ({"lag": 20.0}, "lag 20.0 is not a whole number of steps"),
        ({"lag": True}, "lag True is not a whole number of steps"),
        ({"timeout": float("nan")}, "timeout nan is not a positive number of seconds"),
        ({"timeout": 0.0}, "timeout 0.0 is not a positive number of seconds"),
        ({"timeout": "60"}, "timeout '60' is not a positive number of seconds"),
        ({"seeds": (0, 1, 0)}, r"seeds \(0, 1, 0\) are not distinct whole numbers"),
        ({"seeds": (0.5,)}, r"seeds \(0.5,\) are not distinct whole numbers"),
        ({"seeds": 3}, "seeds 3 are not distinct whole numbers"),
        ({"seeds": (0, -1)}, "seed -1 is not a whole number from 0 to 9223372036854775807"),
        ({"seeds": (2**63,)}, "seed 9223372036854775808 is not a whole number from 0"),
        ({"overrides": {"optimiser.learning_rat": 1}}, "did you mean 'optimiser.learning_rate'"),
        ({"overrides": {"optimiser.learning_rate": "fast"}}, "cannot be 'fast'"),
        ({"overrides": None}, "overrides None are no mapping from names to values"),
        ({"overrides": {5: 1}}, "overrides {5: 1} are no mapping from names to values"),
        ({"rules": [1]}, r"rules \[1\] are no mapping from names to values"),
        ({"block": -3}, "block -3 is not a whole number of 0 or more; 0 is all seeds where that is faster"),
        ({"block": 1.5}, "block 1.5 is not a whole number"),
        ({"gradient_flow": "no"}, "gradient_flow 'no' is neither True nor False"),
        ({"device": "abacus"}, "device 'abacus' cannot be used here"),
        ({"device": None}, "device None cannot be used here; write 'cpu'"),
    ],
)
def test_bad_input_is_refused_before_anything_is_trained(changes, message):
    with pytest.raises(LonglagError, match=message):
        resolve(dataclasses.replace(spec("control"), **changes))


@pytest.mark.parametrize("seeds", [0, np.arange(2)])
def test_seeds_that_are_not_in_a_tuple_are_refused_as_such(seeds):
    with pytest.raises(
        LonglagError, match=r"^seeds .* are not distinct whole numbers in a tuple, such as \(0, 1, 2\)$"
    ):
        run(dataclasses.replace(spec("control"), seeds=seeds))


def test_a_run_without_seeds_is_refused():
    with pytest.raises(LonglagError, match=r"seeds \(\) hold none to train"):
        run(spec("control", seeds=()))


def test_a_run_leaves_the_modes_of_its_caller_alone():
    """Also between two events, and if two runs are read in turns."""
    before = torch.is_grad_enabled(), denormals.flushing()
    assert before == (True, False)
    for pair in itertools.zip_longest(run(spec("control", budget=3000.0)), run(spec("control", budget=5000.0))):
        assert any(pair)
        assert (torch.is_grad_enabled(), denormals.flushing()) == before
    events = run(spec("control", budget=3000.0))
    next(events)
    events.close()
    assert (torch.is_grad_enabled(), denormals.flushing()) == before


def test_a_budget_is_the_same_number_as_an_integer():
    assert resolve(spec("control", budget=600)).spec_hash == resolve(spec("control", budget=600.0)).spec_hash
    limits = [resolve(spec("control", timeout=limit)).spec_hash for limit in (5, 5.0, None)]
    assert limits[0] == limits[1] != limits[2]
