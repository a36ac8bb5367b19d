"""What is saved, loaded and copied takes the same steps."""

import copy
import io

import torch
from nets import (
    T,
    X,
    classes,
    losses_of,
    normal,
    problem,
    same,
    weights,
)


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


def test_a_copy_steps_as_the_original():
    net, opt, closure = problem()
    losses_of(opt, closure, 2)
    net_and_opt = copy.deepcopy((net, opt))
    x, y = normal(40, T, X), classes(40)
    losses_of(opt, closure, 2)
    losses_of(net_and_opt[1], lambda: (net_and_opt[0](x), y), 2)
    assert same(weights(net), weights(net_and_opt[0]))
