"""HessianFree behaves as an optimiser of torch, takes the steps of the library's own, and says what it cannot use."""

import copy
import io
import itertools
import re

import pytest
import torch
from nets import B, Block, C, H, Recurrent, T, X, classes, double, learner, normal
from torch import nn
from torch.nn.functional import cross_entropy, dropout
from torch.utils.data import DataLoader, TensorDataset

from longlag import losses, optimisers
from longlag.errors import LonglagError
from longlag.functional import fit
from longlag.optimisers.cg import ConjugateGradient
from longlag.torch_optim import HessianFree
from longlag.torch_optim.criteria import REFUSED

CE = nn.CrossEntropyLoss()


def problem(kind=nn.RNN, **settings):
    net, x, y = double(Recurrent(kind)), normal(40, T, X), classes(40)
    return net, learner(net, CE, damping=0.01, **settings), lambda: (net(x), y)


def weights(net):
    return {name: p.detach().clone() for name, p in net.named_parameters()}


def same(one, other):
    return one.keys() == other.keys() and all(torch.equal(one[name], other[name]) for name in one)


def losses_of(opt, closure, steps=5):
    return [float(opt.step(closure)) for _ in range(steps)]


# ---------------------------------------------------------------- an optimiser of torch


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


def test_batches_of_other_kinds_than_pairs():
    net, opt, _ = problem()
    batches = [{"x": normal(9, T, X), "y": classes(9)}]
    assert opt.step(lambda batch: (net(batch["x"]), batch["y"]), batches).isfinite()


def test_frozen_parameters_stay_and_may_be_trained_later():
    net, opt, closure = problem()
    net.rnn.requires_grad_(False)
    before = weights(net.rnn)
    losses_of(opt, closure, 2)
    assert same(weights(net.rnn), before)
    net.rnn.requires_grad_(True)
    losses_of(opt, closure, 2)
    assert not same(weights(net.rnn), before)


def test_groups_are_solved_for_together():
    net, opt, closure = problem()
    other = double(Recurrent())
    x, y = normal(40, T, X), classes(40)
    grouped = HessianFree([{"params": other.rnn.parameters()}], CE, damping=0.01)
    grouped.add_param_group({"params": other.out.parameters()})
    for _ in range(3):
        opt.step(closure)
        grouped.step(lambda: (other(x), y))
    assert same(weights(net), weights(other))
    assert len({group["damping"] for group in grouped.param_groups}) == 1
    with pytest.raises(LonglagError, match=r"groups of parameters differ in weight_decay: 0\.0 and 0\.1"):
        grouped.add_param_group({"params": [nn.Parameter(torch.zeros(1))], "weight_decay": 0.1})


def test_edited_settings_count_from_the_next_step_and_are_checked():
    _, opt, closure = problem()
    opt.param_groups[0]["cg_iterations"] = 2
    opt.step(closure)
    assert opt.info["cg_iterations"] == 2
    opt.param_groups[0]["damping"] = -1.0
    with pytest.raises(LonglagError, match=r"damping of HessianFreeSettings cannot be -1\.0; it must be a number, at"):
        opt.step(closure)


# ---------------------------------------------------------------- what it refuses


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


X_, Y_ = normal(B, T, X), classes(B)
FORMS = "return (outputs, targets); without one return (loss, outputs)"


@pytest.mark.parametrize(
    ("named", "closure", "words"),
    [
        (None, lambda net: CE(net(X_), Y_), "the closure returned a number alone; curvature needs the outputs too: with a loss, HessianFree(params"),
        (CE, lambda net: net(X_), "the closure returned a tensor of shape [5, 3] alone"),
        (CE, lambda net: float(CE(net(X_), Y_)), "the closure returned a float alone"),
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
        (lambda z, y: z, lambda net: (net(X_), Y_), "must return one number, not a tensor of shape [5, 3]"),
        (CE, lambda net: (net(X_), torch.full((B,), -100)), "no target of the batch counts"),
        (lambda z, y: -z.square().sum(), lambda net: (net(X_), Y_), "the loss is not convex in the model's outputs: u'Hu = -"),
        (lambda z, y: z.sin().sum(), lambda net: (net(X_), Y_), "not convex"),
        (None, lambda net: nll(net), "the loss is linear in the outputs"),
        (lambda z, y: z.abs().sum(), lambda net: (net(X_), Y_), "the loss is linear in the outputs"),
        (CE, lambda net: (net(X_) * float("nan"), Y_), "the loss is nan at the present weights"),
        (CE, lambda net: (dropout(net(X_), 0.5), Y_), "the loss is random: two passes at the same weights"),
        (None, lambda net: backward(net), "leave backward() out of it"),
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


def nll(net):
    outputs = net(X_).log_softmax(1)
    return nn.NLLLoss()(outputs, Y_), outputs


def backward(net):
    outputs = net(X_)
    loss = cross_entropy(outputs, Y_)
    loss.backward()
    return loss, outputs


@pytest.mark.parametrize("loss", REFUSED, ids=lambda loss: loss.__name__)
def test_losses_without_a_useful_matrix_are_refused_with_a_remedy(loss):
    words = f"Hessian-Free cannot use {loss.__name__}: .*; (use|return)|Hessian-Free cannot use {loss.__name__}: its"
    with pytest.raises(LonglagError, match=words):
        HessianFree(nn.Linear(1, 1).parameters(), loss())


@pytest.mark.parametrize(
    ("loss", "words"),
    [
        (nn.CrossEntropyLoss, "loss is the class CrossEntropyLoss; write CrossEntropyLoss()"),
        (losses.CrossEntropy(2), "belongs to longlag.functional.fit; pass one of torch"),
        ("mse", "loss cannot be 'mse'"),
        (nn.MSELoss(reduction="none"), "reduction of MSELoss cannot be 'none'; it must be 'mean' or 'sum'"),
        (nn.SmoothL1Loss(beta=0.0), "beta of SmoothL1Loss cannot be 0"),
        (nn.CrossEntropyLoss(weight=torch.tensor([1.0, -1.0])), "weight of CrossEntropyLoss must not be negative"),
        (nn.BCEWithLogitsLoss(pos_weight=torch.tensor(-1.0)), "pos_weight of BCEWithLogitsLoss must not be negative"),
    ],
)
def test_losses_are_checked_at_once(loss, words):
    with pytest.raises(LonglagError, match=re.escape(words)):
        HessianFree(nn.Linear(1, 1).parameters(), loss)


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"damping": -1}, "damping of HessianFreeSettings cannot be -1; it must be a number, at least 0"),
        ({"damping": float("nan")}, "damping of HessianFreeSettings cannot be nan"),
        ({"structural_damping": -1}, "structural_damping of HessianFreeSettings cannot be -1"),
        ({"weight_decay": float("inf")}, "weight_decay of HessianFreeSettings cannot be inf"),
        ({"cg_iterations": 0}, "cg_iterations of HessianFreeSettings cannot be 0; it must be a whole number"),
        ({"cg_iterations": 1.5}, "cg_iterations of HessianFreeSettings cannot be 1.5"),
        ({"curvature_batches": 0}, "curvature_batches of HessianFreeSettings cannot be 0"),
        ({"hidden": "rnn"}, "hidden cannot be 'rnn'; name a module, such as hidden=model.rnn"),
        ({"hidden": 3}, "hidden cannot be 3"),
        ({"batch_axis": "first"}, "batch_axis cannot be 'first'"),
    ],
)
def test_settings_are_checked_at_once(settings, words):
    with pytest.raises(LonglagError, match=re.escape(words)):
        HessianFree(nn.Linear(1, 1).parameters(), CE, **settings)


def test_parameters_are_checked():
    with pytest.raises(LonglagError, match=re.escape("params is a Linear; write HessianFree(model.parameters(), ...)")):
        HessianFree(nn.Linear(1, 1), CE)
    half = nn.Linear(1, 1).bfloat16()
    with pytest.raises(LonglagError, match=r"a parameter is of torch\.bfloat16; curvature needs float32 or float64"):
        HessianFree(half.parameters(), CE).step(lambda: None)
    with pytest.raises(LonglagError, match="there is nothing to train"):
        HessianFree(nn.Linear(1, 1).requires_grad_(False).parameters(), CE).step(lambda: None)


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
        (nn.TransformerEncoderLayer(H, 2, 8, dropout=0.1), (T, B, H), "random"),
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
