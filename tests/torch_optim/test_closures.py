"""What a closure returns and what a step gets are checked, and a step that fails leaves the weights alone."""

import itertools
import re

import pytest
import torch
from nets import (
    CE,
    B,
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
    oracle,
    problem,
    same,
    weights,
)
from torch import nn
from torch.nn.functional import batch_norm, cross_entropy, dropout

from longlag.errors import LonglagError

X_, Y_ = normal(B, T, X), classes(B)
NORM = nn.BatchNorm1d(C).double()  # called as a method, which no hook of a module sees
FORMS = "return (outputs, targets); without one return (loss, outputs)"


def test_weights_are_as_they_were_if_a_step_fails():
    net, opt, closure = problem()
    before, calls = weights(net), itertools.count()

    def failing():
        if next(calls) == 6:
            raise KeyError("stop")
        return closure()

    with pytest.raises(KeyError):
        opt.step(failing)
    assert same(weights(net), before)
    assert not nn.modules.module._global_forward_pre_hooks


@pytest.mark.parametrize(
    ("named", "closure", "words"),
    [
        (None, lambda net: CE(net(X_), Y_), "the closure returned a number alone; curvature needs the outputs too: with a loss, HessianFree(params"),
        (CE, lambda net: net(X_), "the closure returned a tensor of shape [5, 3] alone"),
        (CE, lambda net: float(CE(net(X_), Y_)), "the closure returned a float alone"),
        (nn.MSELoss(), lambda net: (normal(B, C), net(X_)), f"the targets depend on the parameters, and the outputs do not: with a loss, HessianFree(params, loss=nn.CrossEntropyLoss()), {FORMS}"),
        (CE, lambda net: (net(X_), Y_, X_, X_), "the closure returned 4 parts"),
        (None, lambda net: (net(X_), Y_), "no loss is named, but the closure returned a tensor of shape [5, 3] first"),
        (CE, lambda net: (CE(net(X_), Y_), net(X_)), "but a loss is named as well"),
        (CE, lambda net: (net(X_).detach(), Y_), "does not depend on any parameter"),
        (None, lambda net: (CE(net(X_), Y_), net(X_).detach()), "does not depend on any parameter"),
        (None, lambda net: (CE(net(X_), Y_), net(X_)), "was not computed from the outputs"),
        (None, lambda net: (CE(net(X_), Y_), [net(X_)]), "returns one tensor of outputs, not a list"),
        (CE, lambda net: (Y_, Y_), "outputs are tensors of floating-point numbers, not of torch.int64"),
        (CE, lambda net: ((net(X_), "y"), Y_), "not str"),
        (nn.MSELoss(), lambda net: (net(X_)[:, :1], normal(B)), "outputs [5, 1] and targets [5] must have one shape"),
        (nn.MSELoss(), lambda net: ((net(X_), net(X_)), (Y_, Y_)), "MSELoss takes one tensor of outputs, and the closure returned 2; several outputs need a function of your own: loss=lambda z, y"),
        (CE, lambda net: ([net(X_)], Y_), "CrossEntropyLoss takes one tensor of outputs, and the closure returned 1"),
        (CE, lambda net: (net(X_), Y_.tolist()), "CrossEntropyLoss takes one tensor of targets, not a list; write torch.as_tensor(targets)"),
        (nn.MSELoss(), lambda net: (net(X_), 0.0), "MSELoss takes one tensor of targets, not a float"),
        (lambda z, y: z, lambda net: (net(X_), Y_), "must return one number, not a tensor of shape [5, 3]"),
        (CE, lambda net: (net(X_), torch.full((B,), -100)), "no target of the batch counts: there is none, or all are ignored"),
        (nn.MSELoss(), lambda net: (net(X_)[:0], normal(B, C)[:0]), "there is none, or all are ignored"),
        (nn.MSELoss(reduction="sum"), lambda net: (net(X_)[:0], normal(B, C)[:0]), "there is none, or all are ignored"),
        (nn.CrossEntropyLoss(reduction="sum"), lambda net: (net(X_), torch.full((B,), -100)), "there is none, or all"),
        (lambda z, y: -z.square().sum(), lambda net: (net(X_), Y_), "the loss is not convex in the model's outputs: u'Hu = -"),
        (lambda z, y: z.sin().sum(), lambda net: (net(X_), Y_), "not convex"),
        (None, lambda net: nll(net), "the loss is linear in the outputs"),
        (lambda z, y: z.abs().sum(), lambda net: (net(X_), Y_), "the loss is linear in the outputs"),
        (CE, lambda net: (net(X_) * float("nan"), Y_), "the loss is nan at the present weights"),
        (CE, lambda net: (dropout(net(X_), 0.5), Y_), "the loss is random: two passes at the same weights"),
        (CE, lambda net: (net(X_ + 1e-3 * torch.randn_like(X_)), Y_), "(randn_like drew random numbers)"),
        (CE, lambda net: (normalised(net(X_)), Y_), "a batch normalisation of the closure is in training mode"),
        (CE, lambda net: (NORM.forward(net(X_)), Y_), "a batch normalisation of the closure is in training mode"),
        (None, lambda net: backward(net), "leave backward() and zero_grad() out of it"),
        (CE, lambda net: (net(X_), Y_, "states"), "hidden states are tensors or packed sequences, not str"),
    ],
)  # fmt: skip
def test_what_a_closure_returns_is_checked(named, closure, words):
    net = double(Recurrent())
    before = weights(net)
    with pytest.raises(LonglagError, match=re.escape(words)):
        learner(net, named).step(lambda: closure(net))
    assert same(weights(net), before)


def test_a_closure_of_a_scalar_is_answered_with_what_to_return():
    with pytest.raises(LonglagError, match=re.escape(FORMS)):
        learner(double(Recurrent())).step(lambda: torch.zeros(()))


def test_running_statistics_of_a_function_stay_as_they_are():
    net, mean = double(Recurrent()), torch.ones(3).double()
    optimiser = learner(net, CE)
    with pytest.raises(LonglagError, match="training=False"):
        optimiser.step(lambda: (batch_norm(net(X_), mean, mean.clone(), training=True), Y_))
    assert torch.equal(mean, torch.ones(3).double())
    optimiser.step(lambda: (batch_norm(net(X_), mean, mean.clone(), training=False), Y_))
    optimiser.step(lambda: (batch_norm(net(X_), None, None, training=True), Y_))  # of the batch alone


def normalised(z):
    return batch_norm(z, torch.zeros(3).double(), torch.ones(3).double(), training=True)


def nll(net):
    outputs = net(X_).log_softmax(1)
    return nn.NLLLoss()(outputs, Y_), outputs


def backward(net):
    outputs = net(X_)
    loss = cross_entropy(outputs, Y_)
    loss.backward()
    return loss, outputs


@pytest.mark.parametrize("named", [nn.MSELoss(), None], ids=["named", "in the closure"])
def test_a_closure_may_take_derivatives_with_a_graph(named):
    """The equation u' = u with u(0) = 1, by the derivatives of a net in its inputs."""
    net, t = double(nn.Sequential(nn.Linear(1, 8), nn.Tanh(), nn.Linear(8, 1))), torch.linspace(0, 1, 20)
    t = t.double().unsqueeze(1).requires_grad_()

    def closure():
        u = net(t)
        (slope,) = torch.autograd.grad(u.sum(), t, create_graph=True)
        wrong = torch.cat([slope - u, u[:1] - 1])
        return (wrong.square().mean(), wrong) if named is None else (wrong, torch.zeros_like(wrong))

    opt = learner(net, named)
    with pytest.raises(LonglagError, match=r"the closure has no graph .*under `with torch\.enable_grad\(\):`"):
        opt.step(closure)
    found = losses_of(opt, torch.enable_grad()(closure))
    assert found[-1] < 0.1 * found[0]


def test_outputs_computed_before_the_step_are_named():
    net = double(Recurrent())
    outputs = net(X_)
    with pytest.raises(LonglagError, match="compute the outputs inside it, in every call"):
        learner(net, CE).step(lambda: (outputs, Y_))


def test_a_state_carried_from_pass_to_pass_is_named():
    net = nn.RNN(X, C, bias=False, batch_first=True, dtype=torch.float64)
    nn.init.zeros_(net.weight_ih_l0)
    nn.init.eye_(net.weight_hh_l0)  # a net that does not forget its first state at once
    kept = [torch.tensor([2.0, 0.0, -2.0], dtype=torch.float64).expand(1, B, C)]

    def closure():
        states, last = net(X_, kept[0])
        kept[0] = last.detach()
        return states[:, -1], Y_

    with pytest.raises(LonglagError, match="carry no state from one pass to the next"):
        learner(net, CE).step(closure)


def test_what_step_gets_is_checked():
    net, opt, _ = problem()
    with pytest.raises(LonglagError, match=re.escape("step takes a closure, not tensor")):
        opt.step(torch.zeros(()))
    with pytest.raises(LonglagError, match="batches hold no mini-batch"):
        opt.step(lambda x, y: (net(x), y), [])


def test_structural_damping_that_finds_no_states_says_how_to_name_them():
    _, opt, closure = problem(structural_damping=0.1)
    with pytest.raises(LonglagError, match=r"hidden=model\.rnn\), or return them as the third part"):
        opt.step(closure)
    net, x, y = double(Recurrent()), normal(B, T, X), classes(B)
    with pytest.raises(LonglagError, match=re.escape("hidden states of shape [5] have no axis 3; set batch_axis")):
        learner(net, CE, batch_axis=3).step(lambda: (net(x), y, net(x)[:, 0]))


def test_a_named_module_that_is_not_called_is_noticed():
    net, x, y = double(Recurrent()), normal(B, T, X), classes(B)
    for other in (nn.GRU(X, H), [net.rnn, nn.RNN(X, H)]):
        with pytest.raises(
            LonglagError, match=r"hidden names a (GRU|RNN) that the closure did not call; name a module"
        ):
            learner(net, CE, hidden=other).step(lambda: (net(x), y))
    opt = learner(net, CE, hidden=[net.rnn, net.out], structural_damping=0.1)
    batches = [(x, y, net), (x, y, lambda x: net.out(net.rnn.forward(x)[0][:, -1]))]  # a hook sees calls, not forward
    assert opt.step(lambda x, y, call: (call(x), y), batches).isfinite()


def squares(net):
    return sum(p.square().sum() for p in net.parameters())


def penalised(net):
    z = net(X_)
    return CE(z, Y_) + 0.1 * squares(net), z


@pytest.mark.parametrize("batched", [False, True])
@pytest.mark.parametrize("named", [False, True])
def test_a_part_of_the_loss_beside_the_outputs_is_noticed_once(named, batched):
    """Its curvature is missing, in silence."""
    net = double(Recurrent())
    opt = learner(net, (lambda z, y: CE(z, y) + 0.1 * squares(net)) if named else None)

    def step():
        if batched:
            return opt.step(lambda _: (net(X_), Y_) if named else penalised(net), [0, 1])
        return opt.step(lambda: (net(X_), Y_) if named else penalised(net))

    with pytest.warns(
        RuntimeWarning, match="part of the loss does not pass through the returned outputs: 0.* use weight"
    ):
        step()
    step()  # a warning would be an error


def test_a_loss_that_passes_through_several_outputs_one_of_which_is_made_of_another_is_whole():
    """What is regularised is an output, and the second output is a function of the first."""
    net = double(Recurrent())

    def closure():
        z = net(X_)
        return (z, torch.tanh(z)), Y_

    opt = learner(net, lambda z, y: CE(z[0], y) + 0.1 * z[1].square().mean())
    found = [float(opt.step(closure)) for _ in range(3)]
    assert found[-1] < found[0]
    detached = learner(net, lambda z, y: CE(z[0], y) + 0.1 * z[1].square().mean())
    assert detached.step(lambda: ((net(X_), torch.ones(B)), Y_)).isfinite()


def test_comparing_the_gradient_with_that_through_the_outputs_changes_no_number():
    net, opt, closure = problem(hidden=())
    twin, other, other_closure = problem(hidden=())
    for p in other._trained().values():
        other.state[p]["direction"] = torch.zeros_like(p)  # as after a first step, so that nothing is compared
    assert oracle(opt, closure).first
    assert not oracle(other, other_closure).first
    assert float(opt.step(closure)) == float(other.step(other_closure))
    assert opt.info == other.info
    assert same(weights(net), weights(twin))
