"""Every supported loss, and every kind of module: our Gauss-Newton products are those of the dense float64 matrix."""

import pytest
import torch
from named_losses import LOSSES, WEIGHTS, cross, made
from nets import (
    B,
    Block,
    C,
    H,
    Recurrent,
    T,
    Tied,
    X,
    assert_product_is_dense,
    classes,
    dense,
    double,
    learner,
    normal,
    product,
)
from torch import nn
from torch.nn.functional import cross_entropy, one_hot
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from longlag.torch_optim.criteria import CONVEX


def test_the_losses_are_all_that_are_known():
    assert {type(loss) for loss, _ in LOSSES.values() if isinstance(loss, nn.Module)} == set(CONVEX)


@pytest.mark.parametrize("name", LOSSES)
def test_a_named_loss(name):
    net, loss, x, y = made(name)
    matrix = dense(net, lambda m: m(x), lambda z: loss(z, y))
    assert matrix.abs().max() > 1e-3
    assert_product_is_dense(learner(net, loss), lambda: (net(x), y), matrix)


@pytest.mark.parametrize("name", LOSSES)
def test_the_same_loss_computed_in_the_closure(name):
    net, loss, x, y = made(name)
    matrix = dense(net, lambda m: m(x), lambda z: loss(z, y))

    def closure():
        outputs = net(x)
        return loss(outputs, y), outputs

    assert_product_is_dense(learner(net), closure, matrix)


@pytest.mark.parametrize("options", [{}, {"weight": WEIGHTS, "ignore_index": 0, "label_smoothing": 0.1}])
@pytest.mark.parametrize("kind", [nn.RNN, nn.LSTM, nn.GRU])
def test_sequences_of_classes(kind, options):
    """Outputs [B, C, T], targets [B, T]."""
    net, loss, x, y = double(Recurrent(kind, every_step=True)), cross(**options), normal(B, T, X), classes(B, T)
    matrix = dense(net, lambda m: m(x), lambda z: loss(z, y))
    assert_product_is_dense(learner(net, loss), lambda: (net(x), y), matrix)


def test_a_transformer_block_with_padded_sequences():
    net, x, y = double(Block()), normal(B, T, X), classes(B, T)
    padding = torch.arange(T) >= torch.tensor([6, 5, 4, 6, 2]).unsqueeze(1)
    y[padding] = -100
    for training in (True, False):  # in evaluation torch has a fast path without derivatives
        net.train(training)
        matrix = dense(net, lambda m: m(x, padding), lambda z: cross()(z, y))
        opt = learner(net, cross())
        assert_product_is_dense(opt, lambda: (net(x, padding), y), matrix)
        values = [float(opt.step(lambda: (net(x, padding), y))) for _ in range(3)]
        assert values[2] < values[0]


LENGTHS = torch.tensor([6, 4, 4, 3, 1])


def test_packed_sequences():
    """Packed outputs and targets; and the hidden states of a packed run."""
    net, x, y = double(Recurrent()), normal(B, T, X), classes(B, T)
    packed = pack_padded_sequence(x, LENGTHS, batch_first=True)
    targets = pack_padded_sequence(y, LENGTHS, batch_first=True)

    def outputs(states):
        return states._replace(data=net.out(states.data))

    class Inner(nn.Module):
        def __init__(self):
            super().__init__()
            self.net = net

        def forward(self, what):
            states = net.rnn(packed)[0].data
            return net.out(states) if what == "outputs" else states

    matrix = dense(Inner(), lambda m: m("outputs"), lambda z: cross()(z, targets.data), lambda m: m("states"), 0.3 / B)
    opt = learner(net, cross(), hidden=net.rnn)
    assert_product_is_dense(opt, lambda: (outputs(net.rnn(packed)[0]), targets), matrix, structural=0.3)
    padded = pad_packed_sequence(net.rnn(packed)[0], batch_first=True)[0]
    assert padded.shape == (B, T, H)


@pytest.mark.parametrize("batch_first", [True, False])
def test_structural_damping_by_module_and_by_returned_tensor(batch_first):
    net, x, y = double(Recurrent()), normal(B, T, X), classes(B)
    if not batch_first:
        net.rnn = double(nn.RNN(X, H))
        x = x.transpose(0, 1)

    class Inner(nn.Module):
        def __init__(self):
            super().__init__()
            self.net = net

        def forward(self, what):
            states = net.rnn(x)[0]
            return states if what == "states" else net.out(states[:, -1] if batch_first else states[-1])

    inner = Inner()
    matrix = dense(inner, lambda m: m(""), lambda z: cross()(z, y), lambda m: m("states"), 0.3 / B)
    named = learner(net, cross(), hidden=net.rnn)
    assert_product_is_dense(named, lambda: (inner(""), y), matrix, structural=0.3)
    returned = learner(net, cross(), batch_axis=0 if batch_first else 1)
    assert_product_is_dense(returned, lambda: (inner(""), y, inner("states")), matrix, structural=0.3)
    fixed = inner("states").detach()  # which depends on nothing
    assert_product_is_dense(returned, lambda: (inner(""), y, [fixed, inner("states")]), matrix, structural=0.3)


def test_a_cell_in_a_loop_is_damped_at_every_step():
    cell, out, x, y = nn.RNNCell(X, H), nn.Linear(H, C), normal(B, T, X), classes(B)

    class Loop(nn.Module):
        def __init__(self):
            super().__init__()
            self.cell, self.out = cell, out

        def forward(self, what="outputs"):
            h, every = x.new_zeros(B, H), []
            for t in range(T):
                h = self.cell(x[:, t], h)
                every.append(h)
            return torch.stack(every) if what == "states" else self.out(h)

    net = double(Loop())
    matrix = dense(net, lambda m: m(), lambda z: cross()(z, y), lambda m: m("states"), 0.3 / B)
    assert_product_is_dense(learner(net, cross(), hidden=cell), lambda: (net(), y), matrix, structural=0.3)


def test_tied_and_frozen_parameters_and_those_that_are_not_used():
    net, x = double(Tied()), normal(B, X)
    net.encoder.bias.requires_grad_(False)
    matrix = dense(net, lambda m: m(x), lambda z: nn.MSELoss()(z, x))
    assert_product_is_dense(learner(net, nn.MSELoss()), lambda: (net(x), x), matrix)


def test_several_inputs_and_several_outputs():
    """A loss of two heads; the weighted sum of two losses is convex in both."""

    class Heads(nn.Module):
        def __init__(self):
            super().__init__()
            self.one, self.two = nn.Linear(X, C), nn.Bilinear(X, X, 1)

        def forward(self, a, b):
            return self.one(a * b), self.two(a, b)

    net, a, b, y, z = double(Heads()), normal(B, X), normal(B, X, seed=3), classes(B), normal(B, 1, seed=4)

    def loss(outputs, targets):
        return cross_entropy(outputs[0], targets[0]) + 0.1 * (outputs[1] - targets[1]).square().mean()

    def split(q):
        return loss((q[:, :C], q[:, C:]), (y, z))

    matrix = dense(net, lambda m: torch.cat(m(a, b), 1), split)
    assert_product_is_dense(learner(net, loss), lambda: (net(a, b), (y, z)), matrix)


def test_one_hot_targets_are_class_probabilities():
    net, x, y = double(Recurrent()), normal(B, T, X), classes(B)
    hot = one_hot(y, C).double()
    v = normal(sum(p.numel() for p in net.parameters()))
    opt = learner(net, cross())
    torch.testing.assert_close(product(opt, lambda: (net(x), hot), v), product(opt, lambda: (net(x), y), v))
