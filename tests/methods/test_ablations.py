"""Ablations differ from their parent in the named factor and in nothing else; baselines are what arithmetic says."""

import numpy as np
import pytest
import torch
from torch.nn.functional import leaky_relu

from longlag import registry
from longlag.cells.average_net import AverageNet
from longlag.cells.base import unroll
from longlag.cells.time_average import TimeAverage
from longlag.inits.uniform import Uniform
from longlag.losses import CrossEntropy
from longlag.model import Model
from longlag.objective import Meter, Objective, Tensors
from longlag.optimisers.guessing import Guessing
from longlag.readouts import NoFeatures
from longlag.rng import stream
from longlag.settings import describe
from longlag.tasks.base import EVERY_STEP
from toy import outcome, spec

TASKS = registry.names("tasks")
ABLATIONS = {  # child: parent, and the only paths at which they may differ
    "esn_init": ("esn_momentum", {"optimiser.momentum.late"}),
    "momentum_plain_init": ("esn_momentum", {"init"}),
    "classical_momentum": ("esn_momentum", {"optimiser"}),
    "hf_undamped": ("hf", {"optimiser.structural_damping"}),
}


def differences(a, b, path="") -> set[str]:
    """Paths at which two described parts differ; a part of another class differs as a whole."""
    if not isinstance(a, dict) or not isinstance(b, dict) or a["part"] != b["part"]:
        return set() if a == b else {path}
    return set().union(*(differences(a[k], b[k], f"{path}.{k}".lstrip(".")) for k in a))


@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize("child", ABLATIONS)
def test_an_ablation_differs_in_the_named_factor_only(child, task):
    parent, paths = ABLATIONS[child]
    traits = registry.get("tasks", task).traits
    methods = [registry.get("methods", name) for name in (parent, child)]
    for lag in (20, 100):
        assert differences(*(describe(method.build(traits, lag)) for method in methods)) == paths
    assert methods[0].version == methods[1].version  # a change of the parent changes the child


def test_without_momentum_the_schedule_is_zero_at_every_update():
    traits = registry.get("tasks", "adding").traits
    momentum = registry.get("methods", "esn_init").build(traits, 50).optimiser.momentum
    assert [momentum(t) for t in (0, 999, 1000, 10_000)] == [0, 0, 0, 0]


@pytest.mark.parametrize("task", TASKS)
def test_the_constant_method_measures_the_constant_baseline(task):
    if registry.get("tasks", task).traits.scored == EVERY_STEP:
        pytest.skip("one constant for all steps names a distractor, and is never right at the last")
    _, (row,) = outcome(spec("constant", task, lag=20, budget=1e4, overrides={"optimiser.sequences": 2000}))
    constant = registry.get("tasks", task).baselines["constant"]
    if "(share wrong)" in constant.meaning:  # another answer than that of least squares has fewer wrong
        assert row.test_error > constant.error + 0.1
    else:
        assert row.test_error == pytest.approx(constant.error, abs=0.02)
    assert row.parameters == len(registry.get("tasks", task).traits.target_mean)  # the biases


def features_of_a_permuted_sequence(cell, seed):
    rng = np.random.default_rng(seed)
    params = {name: torch.from_numpy(rng.standard_normal((1, *shape))) for name, shape in cell.shapes(3).items()}
    x, start = torch.from_numpy(rng.standard_normal((1, 9, 4, 3))), torch.tensor([[0, 0, 2, 5]])
    return params, x, start


def test_time_average_is_the_mean_of_features_and_knows_no_order():
    cell = TimeAverage(hidden=6)
    params, x, start = features_of_a_permuted_sequence(cell, 1)
    states = cell.states(params, x, start, 2)
    features = torch.tanh(x @ params["W_xh"] + params["b_h"])
    for b, first in enumerate(start[0].tolist()):
        assert torch.allclose(states[0, 1, b], features[0, first:, b].mean(0))
        assert torch.allclose(states[0, 0, b], features[0, first:-1, b].mean(0))
    assert torch.equal(states, unroll(cell, params, x, start)[0][:, -2:])
    order = [3, 1, 4, 0, 2]  # of the last five steps, when all sequences have started
    shuffled = torch.cat([x[:, :4], x[:, 4:][:, order]], 1)
    assert torch.allclose(
        cell.states(params, x, start.clamp(max=4), 1), cell.states(params, shuffled, start.clamp(max=4), 1)
    )


def test_the_trained_average_is_a_net_of_the_mean_and_knows_no_order():
    cell = AverageNet(hidden=6)
    params, x, start = features_of_a_permuted_sequence(cell, 1)
    states = cell.states(params, x, start, 2)
    features = leaky_relu(x @ params["W_xh"] + params["b_h"])
    for b, first in enumerate(start[0].tolist()):
        mean = features[0, first:, b].mean(0)
        assert torch.allclose(states[0, 1, b], leaky_relu(mean @ params["W_hh"][0] + params["b_m"][0]))
    start = start.clamp(max=4)
    shuffled = torch.cat([x[:, :4], x[:, 4:][:, [3, 1, 4, 0, 2]]], 1)  # all sequences have started
    assert torch.allclose(cell.states(params, x, start, 1), cell.states(params, shuffled, start, 1))


def test_no_features_make_a_constant():
    model = Model(TimeAverage(hidden=2), 3, 2, scored=1, readout=NoFeatures())
    assert model.shapes()["W_hy"] == (0, 2)
    params, x, start = features_of_a_permuted_sequence(model.cell, 2)
    params |= {
        "W_hy": torch.zeros(1, 0, 2, dtype=torch.float64),
        "b_y": torch.tensor([[1.0, 2.0]], dtype=torch.float64),
    }
    assert (model.outputs(params, x, start) == torch.tensor([1.0, 2.0])).all()


def test_guessing_never_gets_worse_on_its_batch_and_repeats_itself():
    model, guessing = Model(TimeAverage(hidden=2), 3, 2, scored=1), Guessing(Uniform(3.0), batch=4)

    def run():
        rng = np.random.default_rng(5)
        drawn = Uniform(3.0).draw(stream(7, "init"), model.shapes())
        params = {name: torch.tensor(value[None]) for name, value in drawn.items()}
        x, y = torch.from_numpy(rng.standard_normal((1, 5, 4, 3))), torch.from_numpy(rng.integers(0, 2, (1, 1, 4)))
        batch = Tensors(x, torch.zeros(1, 4, dtype=torch.int64), y)
        objective, state, losses = Objective(model, CrossEntropy(2), batch, Meter.zero(1)), guessing.init(params), []
        for _ in range(30):
            step = guessing.step(lambda n, purpose="train": objective, params, state)
            params, state = step.params, step.state
            losses.append(float(step.loss))
        assert losses[-1] == pytest.approx(float(objective.value(params)))
        return losses

    losses = run()
    assert losses == sorted(losses, reverse=True)
    assert losses[-1] < losses[0]
    assert losses == run()


@pytest.mark.parametrize(("task", "lag"), [("adding", 20), ("memorization_5bit", 20)])
def test_a_readout_without_any_penalty_is_least_squares(task, lag):
    penalties = {"optimiser.penalties": [0, 0, 0, 0, 0], "cell.hidden": 200 if task == "adding" else 100}
    _, (row,) = outcome(spec("esn", task, lag, budget=1e5, overrides=penalties | {"optimiser.sequences": 2000}))
    assert row.status == "solved"
    assert row.test_error < 0.005


def test_a_readout_that_cannot_be_found_is_a_status_and_not_an_answer(monkeypatch):
    features = Objective.features
    monkeypatch.setattr(Objective, "features", lambda self, p: (features(self, p)[0] * np.nan, features(self, p)[1]))
    for method in ("esn", "time_average"):  # `constant` has no features that could be broken
        _, (row,) = outcome(spec(method, "adding"))
        assert row.status == "diverged"
        assert "no readout" in row.reason
        assert np.isnan(row.test_error)
        assert not row.solved
