"""HessianFree is an optimiser of torch that trains modules of every kind, with the steps of the library's own."""

import copy
import itertools

import pytest
import torch
from nets import (
    CE,
    Block,
    C,
    H,
    Recurrent,
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

from longlag import losses, optimisers
from longlag.functional import fit
from longlag.optimisers.cg import ConjugateGradient


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("kind", [nn.RNN, nn.LSTM, nn.GRU])
def test_it_trains_recurrent_layers_with_their_states_protected(kind, dtype):
    net, x = double(Recurrent(kind)).to(dtype), normal(40, T, X).to(dtype)
    y = (x[:, 2] > 0).sum(1)  # signs of two inputs of four steps ago
    opt = learner(net, CE, hidden=net.rnn)
    assert isinstance(opt, torch.optim.Optimizer)
    found = losses_of(opt, lambda: (net(x), y), steps=12)
    assert found[-1] < 0.7 * found[0]
    assert all(later <= earlier for earlier, later in itertools.pairwise(found))  # it never takes a step upwards
    assert opt.step(lambda: (net(x), y)).dtype == dtype
    assert set(opt.info) == {"damping", "rho", "rate", "cg_iterations", "cg_stopped", "used", "passes"}
    assert all(p.grad is None for p in net.parameters())


def test_a_step_is_the_library_s_own():
    net, x, y = double(Recurrent()), normal(40, T, X), classes(40)
    twin = copy.deepcopy(net)
    cg = ConjugateGradient(most_iterations=9)
    own = optimisers.HessianFree(structural_damping=0.5, weight_decay=0.01, cg=cg)

    class Both(nn.Module):
        def __init__(self):
            super().__init__()
            self.net = twin

        def forward(self, x):
            states = self.net.rnn(x)[0]
            return self.net.out(states[:, -1]), states

    steps = fit(own, Both(), losses.CrossEntropy(C), lambda n: (x, y))
    settings = {"damping": own.damping.start, "structural_damping": 0.5, "weight_decay": 0.01, "cg_iterations": 9}
    opt = learner(net, CE, hidden=net.rnn, **settings)
    for step in itertools.islice(steps, 4):
        opt.step(lambda: (net(x), y))
        assert opt.info["cg_iterations"] == step.info["cg_iterations"]
        torch.testing.assert_close(weights(net), weights(twin), rtol=1e-7, atol=1e-9)


@pytest.mark.parametrize(
    "scheduler",
    [
        lambda opt: torch.optim.lr_scheduler.StepLR(opt, 1, 0.1),
        lambda opt: torch.optim.lr_scheduler.CosineAnnealingLR(opt, 3),
        lambda opt: torch.optim.lr_scheduler.ReduceLROnPlateau(opt, patience=0),
    ],
)
def test_schedulers_change_nothing(scheduler):
    (net, opt, closure), (other, plain, other_closure) = problem(), problem()
    schedule = scheduler(opt)
    for _ in range(4):
        opt.step(closure)
        plain.step(other_closure)
        schedule.step(*([1.0] if isinstance(schedule, torch.optim.lr_scheduler.ReduceLROnPlateau) else []))
    assert opt.param_groups[0]["lr"] < 1
    assert same(weights(net), weights(other))


def test_frozen_parameters_stay_and_may_be_trained_later():
    net, opt, closure = problem()
    net.rnn.requires_grad_(False)
    before = weights(net.rnn)
    losses_of(opt, closure, 2)
    assert same(weights(net.rnn), before)
    net.rnn.requires_grad_(True)
    losses_of(opt, closure, 2)
    assert not same(weights(net.rnn), before)


def test_a_block_with_dropout_that_is_zero_trains():
    net, x, y = double(Block()), normal(40, T, X), classes(40, T)
    found = losses_of(learner(net, CE), lambda: (net(x), y), 5)
    assert found[-1] < found[0]


def test_an_unbatched_sequence_is_one_sequence():
    net = double(Recurrent())
    opt = learner(net, CE, hidden=net.rnn)
    with opt._watch.during_a_pass() as seen:
        net.rnn(normal(T, X))
    assert [(states.sequences, tuple(states.values.shape)) for states in seen] == [(1, (T, H))]
