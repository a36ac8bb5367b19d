"""What is saved, loaded and copied takes the same steps."""

import copy
import io

import pytest
import torch
from nets import (
    CE,
    T,
    X,
    classes,
    double,
    learner,
    losses_of,
    normal,
    problem,
    same,
    weights,
)
from torch import nn

from longlag.errors import LonglagError
from longlag.torch_optim import HessianFree


def test_saved_and_loaded_it_resumes_with_equal_bytes():
    net, opt, closure = problem(hidden=())
    losses_of(opt, closure, 3)
    file = io.BytesIO()
    torch.save({"net": net.state_dict(), "opt": opt.state_dict()}, file)
    losses_of(opt, closure, 3)
    again, other, other_closure = problem()
    file.seek(0)
    saved = torch.load(file, weights_only=True)
    again.load_state_dict(saved["net"])
    other.load_state_dict(saved["opt"])
    losses_of(other, other_closure, 3)
    assert same(weights(net), weights(again))
    one, two = opt.state_dict(), other.state_dict()
    assert one["param_groups"] == two["param_groups"]
    assert one["state"].keys() == two["state"].keys()
    assert all(same(one["state"][k], two["state"][k]) for k in one["state"])
    without = problem()
    without[0].load_state_dict(saved["net"])
    losses_of(without[1], without[2], 3)
    assert not same(weights(net), weights(without[0]))  # the state counts


def at_a_minimum(damping):
    """A linear model whose loss cannot fall any more, so that lambda goes back to where it started."""
    net, x = double(nn.Linear(X, 1)), normal(40, X)
    y = x.sum(1, keepdim=True) + normal(40, 1, seed=3)
    return net, learner(net, nn.MSELoss(), damping=damping), lambda: (net(x), y)


def test_a_resumed_optimiser_knows_where_lambda_started_whatever_the_new_one_was_given():
    net, opt, closure = at_a_minimum(damping=1.0)
    losses_of(opt, closure, 2)
    again, other, other_closure = at_a_minimum(damping=0.1)
    again.load_state_dict(net.state_dict())
    other.load_state_dict(copy.deepcopy(opt.state_dict()))
    for _ in range(20):
        opt.step(closure)
        other.step(other_closure)
    opt.param_groups[0]["damping"] = other.param_groups[0]["damping"] = 100.0  # far above both starts
    for _ in range(20):
        opt.step(closure)
        other.step(other_closure)
    assert opt.param_groups[0]["damping"] == other.param_groups[0]["damping"] == 1.0
    assert same(weights(net), weights(again))


def test_a_state_without_the_start_of_lambda_is_loaded_and_the_new_one_keeps_its_own():
    _, opt, closure = at_a_minimum(damping=1.0)
    losses_of(opt, closure, 2)
    state = copy.deepcopy(opt.state_dict())
    del state["param_groups"][0]["damping_start"]
    _, other, other_closure = at_a_minimum(damping=0.5)
    other.load_state_dict(state)
    losses_of(other, other_closure, 2)
    assert other.state_dict()["param_groups"][0]["damping_start"] == 0.5


def test_a_group_that_is_added_and_one_with_its_own_damping_say_where_lambda_starts():
    net = double(nn.Linear(X, 1))
    opt = HessianFree([{"params": [net.weight], "damping": 2.0}], CE)
    opt.param_groups[0]["damping"] = 0.3
    opt.add_param_group({"params": [net.bias]})
    assert [(group["damping"], group["damping_start"]) for group in opt.param_groups] == [(0.3, 2.0)] * 2


def test_a_copy_steps_as_the_original():
    net, opt, closure = problem()
    losses_of(opt, closure, 2)
    net_and_opt = copy.deepcopy((net, opt))
    x, y = normal(40, T, X), classes(40)
    losses_of(opt, closure, 2)
    losses_of(net_and_opt[1], lambda: (net_and_opt[0](x), y), 2)
    assert same(weights(net), weights(net_and_opt[0]))


def saved():
    """What a trained optimiser saves, and its parameters' shapes."""
    _, opt, closure = problem()
    losses_of(opt, closure, 1)
    return opt.state_dict()


def adam(net):
    opt = torch.optim.Adam(net.parameters())
    net(normal(2, T, X)).sum().backward()
    opt.step()
    return opt.state_dict()


def larger():
    return nn.Sequential(nn.Linear(1, 2), nn.Linear(2, 3), nn.Linear(3, 4))


@pytest.mark.parametrize(
    ("state", "net", "words"),
    [
        (lambda net: adam(net), problem, "of another optimiser: its groups hold amsgrad, betas, .* and no damping"),
        (lambda net: {**saved(), "state": adam(net)["state"]}, problem, "it holds step, exp_avg, exp_avg_sq of parameter 0"),
        (lambda net: net.state_dict(), problem, "a OrderedDict of rnn.weight_ih_l0, .* is no state_dict of an optimiser"),
        (lambda net: None, problem, "a NoneType is no state_dict"),
        (lambda net: saved(), lambda: [larger()], r"direction of shape \[4, 2\] for parameter 0, which has shape \[2, 1\]"),
        (lambda net: saved(), lambda: [nn.Linear(2, 2)], r"groups of \[6\] parameters and the optimiser groups of \[2\]"),
    ],
)  # fmt: skip
def test_what_another_optimiser_or_model_saved_is_refused_and_changes_nothing(state, net, words):
    net = net()[0]
    opt = learner(net, CE)
    before = opt.state_dict()
    with pytest.raises(LonglagError, match=words):
        opt.load_state_dict(state(net))
    assert opt.state_dict() == before


def test_saved_settings_are_checked():
    _, opt, _ = problem()
    state = opt.state_dict()
    state["param_groups"][0]["cg_iterations"] = 0
    with pytest.raises(LonglagError, match="cg_iterations of HessianFree cannot be 0"):
        opt.load_state_dict(state)
    state["param_groups"][0] |= {"cg_iterations": 1, "damping_start": -1.0}
    with pytest.raises(LonglagError, match=r"damping_start of HessianFree cannot be -1\.0; it must be a number"):
        opt.load_state_dict(state)
