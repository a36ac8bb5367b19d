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
from longlag.errors import LonglagError
from longlag.functional import fit
from longlag.optimisers.cg import ConjugateGradient
from longlag.torch_optim import HessianFree


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
    assert set(opt.info) == {"damping", "rho", "rate", "cg_iterations", "cg_stopped", "used", "passes", "unused"}
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
@pytest.mark.filterwarnings("ignore:the lr of a group")
def test_schedulers_change_nothing(scheduler):
    (net, opt, closure), (other, plain, other_closure) = problem(), problem()
    schedule = scheduler(opt)
    measured = [1.0] if isinstance(schedule, torch.optim.lr_scheduler.ReduceLROnPlateau) else []
    for _ in range(3):
        losses_of(opt, closure, 1)
        losses_of(plain, other_closure, 1)
        schedule.step(*measured)
    with pytest.warns(UserWarning, match="lr of a group of parameters was changed, which changes nothing"):
        opt.step(closure)
    plain.step(other_closure)
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
    with opt._watch.during_a_pass(set()) as seen:
        net.rnn(normal(T, X))
    assert [(states.sequences, tuple(states.values.shape)) for states in seen] == [(1, (T, H))]


@pytest.mark.parametrize("batch_axis", [None, 0, 1])
@pytest.mark.parametrize("kind", [nn.RNNCell, nn.GRUCell, nn.LSTMCell])
def test_a_cell_counts_its_sequences_whatever_is_said_of_other_modules(kind, batch_axis):
    cell = double(kind(X, H))
    opt = learner(cell, CE, hidden=cell, batch_axis=batch_axis)
    with opt._watch.during_a_pass(set()) as seen:
        cell(normal(X))
        cell(normal(3, X))
    assert [(states.sequences, states.values.shape[-1]) for states in seen] == [(1, H), (3, H)]


def returned(time_first, **settings):
    """A net whose states are returned by the closure, not named."""
    net, x, y = double(Recurrent()), normal(40, T, X), classes(40)

    def closure():
        states = net.rnn(x)[0]
        return net.out(states[:, -1]), y, states.transpose(0, 1) if time_first else states

    return net, learner(net, CE, **{"structural_damping": 1.0} | settings), closure


def test_states_that_seem_to_be_counted_by_the_wrong_axis_are_noticed_once():
    net, opt, closure = returned(True)
    words = (
        rf"of shape \[{T}, 40, {H}\] are counted as {T} sequences, by axis 0, but the outputs have 40 rows, as has axis "
        r"1: .*batch_axis=1\) counts by that axis; batch_axis=0 says"
    )
    with pytest.warns(RuntimeWarning, match=words):
        opt.step(closure)
    opt.step(closure)  # a warning would be an error
    for axis in (0, -3):  # it was said, so that it is right
        other, opt, closure = returned(True, batch_axis=axis)
        losses_of(opt, closure, 2)
        assert same(weights(net), weights(other))
    _, opt, closure = returned(True, structural_damping=0.0)
    opt.step(closure)


def test_states_that_no_parameter_moves_are_noticed_once():
    _, opt, closure = returned(False)

    def cut_off():
        outputs, y, states = closure()
        return outputs, y, states.detach()

    with pytest.warns(RuntimeWarning, match="hidden states do not depend on the trained parameters: .* without detach"):
        opt.step(cut_off)
    opt.step(cut_off)  # a warning would be an error


def test_states_of_both_layouts_are_damped_alike():
    (net, opt, closure), (other, twin, other_closure) = returned(True, batch_axis=1), returned(False)
    for _ in range(2):
        opt.step(closure)
        twin.step(other_closure)
    torch.testing.assert_close(weights(net), weights(other), rtol=1e-7, atol=1e-9)


def test_an_optimiser_of_another_model_is_refused():
    net, opt, _ = problem()
    twin, x, y = copy.deepcopy(net), normal(40, T, X), classes(40)
    words = r"depends on none of the 6 parameters of the optimiser: is it of another model .* or of a copy\?"
    with pytest.raises(LonglagError, match=words):
        opt.step(lambda: (twin(x), y))
    with pytest.raises(LonglagError, match=words):
        opt.step(lambda x, y: (twin(x), y), [(x[:9], y[:9]), (x[9:], y[9:])])
    opt = learner(net)
    with pytest.raises(LonglagError, match=words):
        opt.step(lambda: (CE(twin(x), y), twin(x)))


@pytest.mark.parametrize("decay", [0.0, 0.1])
def test_parameters_that_the_loss_does_not_depend_on_stay_but_for_their_decay(decay):
    """One is not used at all, one is multiplied by zero, one is used in the second of two mini-batches alone."""
    net, x, y = double(Recurrent()), normal(40, T, X), classes(40)
    idle, dead, late = (nn.Parameter(torch.ones(2, dtype=torch.float64)) for _ in range(3))
    opt = HessianFree([*net.parameters(), idle, dead, late], CE, weight_decay=decay)

    def closure(x, y, second):
        return net(x) + 0 * dead.sum() + (late[0] if second else 0) * torch.arange(C), y

    batches = [(x[:20], y[:20], False), (x[20:], y[20:], True)]
    found = [float(opt.step(closure, batches)) for _ in range(3)]
    assert opt.info["rate"] > 0
    assert opt.info["unused"] == 1
    assert found[-1] < found[0]
    assert bool(late[0] != 1)
    for p in (idle, dead):
        assert bool((p < 1).all()) if decay else bool((p == 1).all())


def test_a_step_may_be_taken_under_no_grad_and_autocast_be_opened_inside_the_closure():
    net, opt, closure = problem()
    with torch.no_grad():
        opt.step(closure)
    net, x, y = double(Recurrent()).float(), normal(40, T, X).float(), classes(40)
    opt = learner(net, CE)

    def rounded():
        with torch.autocast("cpu", torch.bfloat16):
            return net(x), y

    found = losses_of(opt, rounded)
    assert found[-1] < found[0]


def test_modes_that_would_spoil_a_step_are_refused():
    net, opt, closure = problem()
    before = weights(net)
    with torch.autocast("cpu", torch.bfloat16), pytest.raises(LonglagError, match=r"bfloat16 on cpu.*inside the clos"):
        opt.step(closure)
    with torch.inference_mode(), pytest.raises(LonglagError, match="inference_mode is on around step"):
        opt.step(closure)
    assert same(weights(net), before)


def test_sparse_gradients_are_refused_with_a_remedy():
    net = nn.Sequential(nn.Embedding(5, 3, sparse=True), nn.Linear(3, C))
    x, y = torch.arange(5), classes(5)
    with pytest.raises(LonglagError, match=r"sparse; .*nn\.Embedding\(\.\.\., sparse=False\)"):
        learner(net, CE).step(lambda: (net(x), y))
