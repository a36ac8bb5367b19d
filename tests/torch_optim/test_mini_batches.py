"""Mini-batches that are one large batch together, and loaders as the source of batches."""

import re

import pytest
import torch
from nets import CE, Recurrent, T, X, classes, double, learner, normal, oracle, problem, weights
from torch import nn
from torch.utils.data import DataLoader, IterableDataset, TensorDataset

from longlag.algebra.stateless import twice_differentiable
from longlag.errors import LonglagError
from longlag.torch_data import TaskDataset


def test_a_loader_is_a_large_batch_and_a_source_of_batches():
    """Few iterations: in a hundred, CG magnifies the rounding of sums that are cut differently."""
    net, opt, closure = problem(cg_iterations=9)
    data = TensorDataset(normal(40, T, X), classes(40))
    split, other, _ = problem(cg_iterations=9)
    for _ in range(3):
        opt.step(closure)
        loss = other.step(lambda x, y: (split(x), y), DataLoader(data, batch_size=16))
    torch.testing.assert_close(weights(split), weights(net), rtol=1e-6, atol=1e-8)
    for x, y in DataLoader(data, batch_size=20):
        loss = other.step(lambda x=x, y=y: (split(x), y))
    assert loss.isfinite()
    assert other.info["passes"] >= 4 * other.info["cg_iterations"]


def test_curvature_of_the_first_mini_batches_costs_less():
    net, opt, _ = problem(curvature_batches=1)
    batches = [(normal(40, T, X, seed=k), classes(40, seed=k)) for k in range(4)]
    found = [float(opt.step(lambda x, y: (net(x), y), batches)) for _ in range(4)]
    assert found[-1] < found[0]
    assert opt.info["passes"] < 2 * opt.info["cg_iterations"]


@pytest.mark.parametrize("n", [1, 2])
@pytest.mark.parametrize("reduction", ["mean", "sum"])
def test_the_first_mini_batches_stand_for_all_of_them(reduction, n):
    """Of five equal pieces, the first n have the loss and the products of all, of hidden states too."""
    net, x, y = double(Recurrent()), normal(8, T, X), classes(8)
    opt = learner(net, nn.CrossEntropyLoss(reduction=reduction), hidden=net.rnn, structural_damping=1.0)
    params = {name: p.detach().clone().unsqueeze(0) for name, p in opt._trained().items()}
    every = oracle(opt, lambda x, y: (net(x), y), [(x, y)] * 5)
    every.value_and_grad(params)
    first = every.head(n)
    torch.testing.assert_close(first.value(params), every.value(params))
    torch.testing.assert_close(every.head(3).head(n).value(params), every.value(params))
    v = {name: normal(*p.shape) for name, p in params.items()}
    with twice_differentiable(), torch.no_grad():
        found, wanted = (some.gauss_newton(params, structural=0.7)(v) for some in (first, every))
    torch.testing.assert_close(found, wanted)


@pytest.mark.parametrize("reduction", ["mean", "sum"])
def test_a_step_by_the_curvature_of_the_first_mini_batch_solves_a_linear_regression(reduction):
    net, x = double(nn.Linear(X, 1)), normal(40, X)
    opt = learner(net, nn.MSELoss(reduction=reduction), damping=1e-6, curvature_batches=1)
    pieces = [(x, x.sum(1, keepdim=True))] * 5
    found = [float(opt.step(lambda x, y: (net(x), y), pieces)) for _ in range(2)]
    assert found[1] < 1e-8 * found[0]
    assert opt.param_groups[0]["damping"] < 1e-6


def test_batches_of_other_kinds_than_pairs():
    net, opt, _ = problem()
    batches = [{"x": normal(9, T, X), "y": classes(9)}]
    assert opt.step(lambda batch: (net(batch["x"]), batch["y"]), batches).isfinite()


def one(x, y):
    return x, y


PAIR, ENDLESS = (normal(4, T, X), classes(4)), TaskDataset("temporal_order", lag=10, batch=4)


@pytest.mark.parametrize(
    ("closure", "batches", "words"),
    [
        (one, PAIR, "batches is one mini-batch of 2 parts, which the closure takes together; .*step(closure, [(x, y)])"),
        (one, list(PAIR), "batches is one mini-batch of 2 parts"),
        (one, PAIR[0], f"batches is one tensor of shape [4, {T}, {X}]; write [x] for one mini-batch"),
        (one, {"x": 1}, "batches is one dict; write [batch]"),
        (one, TensorDataset(*PAIR), "batches is a TensorDataset, whose items are single samples; write DataLoader(dataset"),
        (one, ENDLESS, "batches come from a TaskDataset, which may have no end; .*list(itertools.islice(batches, 5))"),
        (one, DataLoader(ENDLESS, batch_size=None), "batches come from a TaskDataset, which may have no end"),
        (one, 3, "batches cannot be 3; give a list or a DataLoader"),
        (one, [PAIR, (*PAIR, 1)], "mini-batch 1 has 3 parts, but the closure takes 2 arguments (x, y)"),
        (one, [{"x": 1}], "mini-batch 0 has 1 part, but the closure takes 2 arguments (x, y)"),
        (lambda: PAIR, [PAIR], "mini-batch 0 has 2 parts, but the closure takes no arguments"),
        (one, None, "the closure takes 2 arguments (x, y), but step got no mini-batches: step(closure, batches)"),
        (one, [], "batches hold no mini-batch; was an iterator used up?"),
    ],
)  # fmt: skip
def test_what_is_no_list_of_mini_batches_is_named_with_the_remedy(closure, batches, words):
    _, opt, _ = problem()
    with pytest.raises(LonglagError, match=re.escape(words).replace(r"\.\*", ".*")):
        opt.step(closure, batches)


def test_mini_batches_of_one_tensor_and_closures_with_defaults_are_taken():
    net, x = double(nn.Linear(X, X)), normal(9, X)
    opt = learner(net, nn.MSELoss())
    assert opt.step(lambda x: (net(x), x), x.split(4)).isfinite()
    assert opt.step(lambda x, scale=1.0: (net(x) * scale, x), [x]).isfinite()
    two = TaskDataset("temporal_order", lag=10, batch=4, batches=2)
    gru = nn.GRU(6, 4)
    for batches in (two, DataLoader(two, batch_size=None)):
        assert learner(gru, CE).step(lambda x, y: (gru(x)[0][-1], y), batches).isfinite()
    assert opt.step(lambda *parts: (net(parts[0]), parts[1]), ((x, x) for _ in range(2))).isfinite()


class Finite(IterableDataset):
    """A user's own stream of mini-batches."""

    def __init__(self, length):
        self.length = length

    def __iter__(self):
        return iter([PAIR, PAIR])

    def __len__(self):
        if self.length is None:
            raise NotImplementedError
        return self.length


def test_a_stream_with_a_length_has_an_end():
    gru = double(nn.GRU(X, 4))
    opt = learner(gru, CE)
    for batches in (Finite(2), DataLoader(Finite(2), batch_size=None)):
        assert opt.step(lambda x, y: (gru(x)[0][:, -1], y), batches).isfinite()
    with pytest.raises(LonglagError, match=r"come from a Finite, which may have no end; .*says so by __len__"):
        opt.step(lambda x, y: (gru(x)[0][:, -1], y), Finite(None))
