"""Models without second derivatives, random ones, and running statistics are refused in a sentence."""

import copy
import itertools
from concurrent.futures import ThreadPoolExecutor
from functools import partial

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
    same,
    weights,
)
from torch import nn
from torch.utils.checkpoint import checkpoint

from longlag import losses, optimisers
from longlag.errors import LonglagError
from longlag.functional import fit

X_, Y_ = normal(B, T, X), classes(B)
FORMS = "return (outputs, targets); without one return (loss, outputs)"


class Once(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        return 2 * x

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx, gradient):
        return 2 * gradient


def ctc(outputs, targets):
    one = outputs.log_softmax(1).unsqueeze(1)
    return torch.nn.functional.ctc_loss(one, torch.ones(1, 2, dtype=torch.long), torch.tensor([B]), torch.tensor([2]))


def test_what_has_no_second_derivative_is_refused():
    """Torch itself takes zeros for the derivatives of `Once`, in silence; that would be another curvature."""
    net = double(Recurrent())
    with pytest.raises(LonglagError, match=r"an operation of the model has no second derivative.*once_differentiable"):
        learner(net, CE).step(lambda: (Once.apply(net(X_)), Y_))
    with pytest.raises(LonglagError, match=r"cannot be differentiated twice .*_ctc_loss_backward is not implemented"):
        learner(net, ctc).step(lambda: (net(X_), Y_))

    class Doubled(nn.Module):
        def __init__(self):
            super().__init__()
            self.net = net

        def forward(self, x):
            return Once.apply(self.net(x))

    with pytest.raises(LonglagError, match="no second derivative"):
        next(fit(optimisers.HessianFree(), Doubled(), losses.CrossEntropy(C), lambda n: (X_, Y_)))


class Noisy(nn.Module):
    def __init__(self, layer):
        super().__init__()
        self.layer, self.out = layer, nn.Linear(H, C)

    def forward(self, x):
        found = self.layer(x)
        return self.out(found[0] if isinstance(found, tuple) else found)


@pytest.mark.parametrize(
    ("layer", "shape", "words"),
    [
        (nn.BatchNorm1d(H), (B, H), "BatchNorm1d(4, .*is in training mode: every pass .*Call eval.. on it"),
        (nn.InstanceNorm1d(T, track_running_stats=True), (B, T, H), "InstanceNorm1d.*running statistics"),
        (nn.Dropout(0.3), (B, H), "Dropout.p=0.3.*is in training mode: it is random.*set its dropout to 0"),
        (nn.AlphaDropout(0.3), (B, H), "AlphaDropout.*random"),
        (nn.LSTM(H, H, num_layers=2, dropout=0.5), (T, B, H), "LSTM.*random"),
        (
            nn.TransformerEncoderLayer(H, 2, 8, dropout=0.1),
            (T, B, H),
            "^MultiheadAttention is in training mode: it is random",
        ),
        (nn.RReLU(), (B, H), "RReLU.*random"),
    ],
)
def test_random_modules_and_running_statistics_are_refused_until_they_are_in_evaluation(layer, shape, words):
    net = double(Noisy(layer))
    state, y = copy.deepcopy(net.state_dict()), classes(*shape[:-1])
    opt = learner(net, CE)

    def closure():
        return net(normal(*shape)).reshape(-1, C), y.flatten()

    with pytest.raises(LonglagError, match=words.replace("(4, ", r"\(4, ")):
        opt.step(closure)
    assert all(torch.equal(value, state[name]) for name, value in net.state_dict().items())
    net.eval()
    found = losses_of(opt, closure, 3)
    assert found[-1] < found[0]
    assert all(
        torch.equal(value, dict(net.named_buffers())[name]) for name, value in state.items() if "running" in name
    )


def test_other_threads_may_call_what_they_like_during_a_step():
    """A random module there is not refused, and states of a module that is named as hidden are not taken."""
    found = []
    for busy in (False, True):
        net, dropout = double(Recurrent()), nn.Dropout(0.5)
        opt = learner(net, CE, hidden=net.rnn, structural_damping=1.0)

        def elsewhere(net=net, dropout=dropout):
            return dropout(net.rnn(normal(3, T, X))[0]).shape

        def closure(net=net, busy=busy, elsewhere=elsewhere):
            if busy:
                assert threads.submit(elsewhere).result() == (3, T, H)
            return net(X_), Y_

        with ThreadPoolExecutor(1) as threads:
            opt.step(closure)
        found.append(weights(net))
    assert same(*found)
    with ThreadPoolExecutor(1) as threads, pytest.raises(LonglagError, match=r"Dropout\(p=0.5.* it is random"):
        threads.submit(lambda: opt.step(lambda: (dropout(net(X_)), Y_))).result()


@pytest.mark.filterwarnings("ignore:None of the inputs have requires_grad")  # torch, of passes without a graph
@pytest.mark.parametrize("before", [nn.Identity(), nn.Linear(X, X)], ids=["first", "in the middle"])
def test_a_reentrant_checkpoint_is_refused_and_the_other_kind_is_like_none(before):
    """Torch itself hides the parameters of a first one: it would stay as it is, in silence."""
    x = normal(B, X).requires_grad_()

    def trained(call):
        first, layer, out = double(copy.deepcopy(before)), double(nn.Linear(X, H)), double(nn.Linear(H, C))
        net = nn.ModuleList([first, layer, out])
        learner(net, CE).step(lambda: (out(call(layer, first(x))), Y_))
        return weights(net)

    with pytest.raises(LonglagError, match="use_reentrant=True, which hides the parameters inside from derivatives"):
        trained(partial(checkpoint, use_reentrant=True))
    assert same(trained(partial(checkpoint, use_reentrant=False)), trained(lambda layer, x: layer(x)))


@pytest.mark.skipif(not torch.distributed.is_available(), reason="this torch has no processes that work together")
@pytest.mark.parametrize("training", [True, False])
def test_a_model_that_is_spread_over_processes_is_refused(training):
    """Its processes would take steps of their own, by their own data, in silence."""
    net = double(Recurrent())
    torch.distributed.init_process_group("gloo", store=torch.distributed.HashStore(), rank=0, world_size=1)
    try:
        spread = nn.parallel.DistributedDataParallel(net).train(training)
        with pytest.raises(
            LonglagError, match=r"each process would take a step of its own\. Train in one process, with"
        ):
            learner(net, CE).step(lambda: (spread(X_), Y_))
        learner(net, CE).step(lambda: (spread.module(X_), Y_))
    finally:
        torch.distributed.destroy_process_group()


def by_the_optimizer(model, x, y):
    losses_of(learner(model, CE), lambda: (model(x), y), 3)


def by_fit(model, x, y):
    list(itertools.islice(fit(optimisers.HessianFree(), model, losses.CrossEntropy(C), lambda n: (x, y)), 3))


@pytest.mark.skipif(not hasattr(torch.compiler, "set_stance"), reason="only torch 2.6 and newer can leave graphs out")
@pytest.mark.parametrize("train", [by_the_optimizer, by_fit])
def test_a_compiled_model_runs_as_it_was_written_in_a_step_and_compiled_after_it(train):
    used = []

    def backend(graph, _):
        used.append(graph)
        return graph.forward

    plain = double(nn.Sequential(nn.Linear(X, H), nn.Tanh(), nn.Linear(H, C)))
    net = copy.deepcopy(plain)
    compiled = torch.compile(net, backend=backend, fullgraph=True)
    train(plain, normal(B, X), Y_)
    train(compiled, normal(B, X), Y_)
    assert same(weights(net), weights(plain))
    assert not used
    compiled(normal(B, X))
    assert len(used) == 1
