"""HessianFree on somebody's own torch module, and Jacobians by reverse mode."""

import copy
import itertools

import pytest
import torch

from longlag import torch_optim
from longlag.algebra.jacobian import linearise
from longlag.errors import LonglagError
from longlag.functional import FunctionObjective, fit
from longlag.losses import CrossEntropy, SquaredError
from longlag.optimisers import SGD, Adam, HessianFree, Ridge
from longlag.optimisers.damping import LevenbergMarquardt
from longlag.optimisers.guessing import Guessing
from longlag.optimisers.omega import Omega, Regularised


class Net(torch.nn.Module):
    """A user's module: outputs, and the hidden states that structural damping protects."""

    def __init__(self, kind, outputs=2, protect=True):
        super().__init__()
        self.rnn, self.out, self.protect = kind(2, 12), torch.nn.Linear(12, outputs), protect

    def forward(self, x):
        hidden = self.rnn(x)[0]
        return (self.out(hidden[-1]), hidden) if self.protect else self.out(hidden[-1])


def batches(n):
    y = torch.randint(2, (n,))
    x = torch.zeros(8, n, 2)
    x[0, torch.arange(n), y] = 1
    return x, y


@pytest.mark.parametrize("kind", [torch.nn.RNN, torch.nn.LSTM, torch.nn.GRU])
def test_hessian_free_trains_a_torch_module(kind):
    torch.manual_seed(0)
    net = Net(kind)
    optimiser = HessianFree(gradient_batch=300, curvature_batch=300, damping=LevenbergMarquardt(start=0.01))
    steps = list(itertools.islice(fit(optimiser, net, CrossEntropy(2), batches, batch_axis=1), 15))
    assert float(steps[-1].loss) < 0.1 < float(steps[0].loss)
    x, y = batches(100)
    assert (net(x)[0].argmax(1) == y).all()


def test_any_other_optimiser_and_a_module_without_hidden_states():
    torch.manual_seed(0)
    net = Net(torch.nn.RNN, protect=False)
    for optimiser in (SGD(0.1, batch=20), HessianFree(gradient_batch=50, curvature_batch=20)):
        steps = list(itertools.islice(fit(optimiser, net, CrossEntropy(2), batches, batch_axis=1), 3))
        assert all(torch.isfinite(step.loss).all() for step in steps)


@pytest.mark.parametrize("structural", [0.0, 0.5])
def test_products_equal_the_dense_gauss_newton_matrix(structural):
    torch.manual_seed(0)
    net = Net(torch.nn.RNN, outputs=1).double()
    x, _ = batches(7)
    x, y = x.double(), torch.randn(7, 1, dtype=torch.float64)
    names = [name for name, _ in net.named_parameters()]
    shapes = [p.shape for p in net.parameters()]

    def forward(p, x):
        return torch.func.functional_call(net, dict(p), (x,))

    def split(vector):
        pieces = vector.split([shape.numel() for shape in shapes])
        return {name: piece.reshape(shape) for name, piece, shape in zip(names, pieces, shapes, strict=True)}

    flat = torch.cat([p.detach().flatten() for p in net.parameters()])
    jacobians = [
        torch.autograd.functional.jacobian(lambda v, k=k: forward(split(v), x)[k].flatten(), flat) for k in (0, 1)
    ]
    dense = 2 / 7 * jacobians[0].T @ jacobians[0] + structural / 7 * jacobians[1].T @ jacobians[1]
    oracle = FunctionObjective(forward, SquaredError(0.04), x, y, batch_axis=1)
    params = {name: value.unsqueeze(0) for name, value in split(flat).items()}
    product = oracle.gauss_newton(params, structural)
    v = torch.randn(len(flat), dtype=torch.float64)
    found = product({name: value.unsqueeze(0) for name, value in split(v).items()})
    torch.testing.assert_close(torch.cat([found[name].flatten() for name in names]), dense @ v, rtol=1e-10, atol=1e-12)
    assert len(oracle.head(3)) == 3


def test_linearisation_of_a_function_that_ignores_a_parameter():
    params = {"a": torch.randn(1, 3, dtype=torch.float64), "unused": torch.randn(1, 2, dtype=torch.float64)}
    line = linearise(lambda p: (p["a"].square(),), params)
    v = {name: torch.ones_like(value) for name, value in params.items()}
    torch.testing.assert_close(line.pushforward(v)[0], 2 * params["a"])
    assert not line.pullback((torch.ones(1, 3, dtype=torch.float64),))["unused"].any()


def linear(n):
    x = torch.randn(n, 3)
    return x, x @ torch.tensor([[1.0], [2.0], [-1.0]])


HF = HessianFree(gradient_batch=100, curvature_batch=50)


def trained(module, loss=None, batches=linear, optimiser=HF, steps=3, **settings):
    """The last of some steps."""
    *_, last = itertools.islice(fit(optimiser, module, loss or SquaredError(0.04), batches, **settings), steps)
    return last


class Shaped(torch.nn.Module):
    """A linear module whose outputs take another form."""

    def __init__(self, form):
        super().__init__()
        self.out, self.form = torch.nn.Linear(3, 1), form

    def forward(self, x):
        return self.form(self.out(x))


def flat_targets(n):
    x, y = linear(n)
    return x, y.flatten()


@pytest.mark.parametrize(
    ("module", "loss", "batches", "words"),
    [
        (torch.nn.Linear(3, 1), None, flat_targets, "real targets"),
        (torch.nn.Linear(3, 1), None, lambda n: (linear(n)[0], linear(n - 1)[1]), "number of sequences"),
        (torch.nn.Linear(3, 1), None, lambda n: linear(0), "holds no sequence; a batch has at least one"),
        (torch.nn.Linear(3, 1), None, lambda n: linear(n)[0], "two tensors"),
        (torch.nn.Linear(3, 1), None, lambda n: (linear(n)[0], [0.0] * n), "not .Tensor, list"),
        (torch.nn.Linear(3, 2), CrossEntropy(2), lambda n: (linear(n)[0], torch.full((n,), 2)), "class 2"),
        (torch.nn.Linear(3, 2), CrossEntropy(2), lambda n: (linear(n)[0], torch.zeros(n)), "torch.int64"),
        (torch.nn.Linear(3, 2), CrossEntropy(3), lambda n: (linear(n)[0], torch.zeros(n).long()), "3 classes"),
        (Shaped(lambda y: y[:, 0]), None, flat_targets, "keep the axis O"),
        (Shaped(lambda y: y.expand(8, -1, -1)), None, linear, "last step"),
        (Shaped(lambda y: (y, (y, y))), None, linear, "hidden states"),
        (Shaped(lambda y: y.detach()), None, linear, "do not depend"),
    ],
)
def test_what_a_batch_or_a_module_gives_is_checked_against_the_other(module, loss, batches, words):
    with pytest.raises(LonglagError, match=words):
        trained(module, loss, batches)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((Ridge(), torch.nn.Linear(3, 1), SquaredError(0.04), linear), "W_hy"),
        ((torch.optim.Adam, torch.nn.Linear(3, 1), SquaredError(0.04), linear), "none of longlag.optimisers"),
        ((HF, torch.nn.Linear(3, 1), torch.nn.CrossEntropyLoss(), linear), "none of longlag.losses"),
        ((HF, torch.nn.Linear(3, 1).requires_grad_(False), SquaredError(0.04), linear), "nothing to train"),
        (
            (Adam(), torch.nn.Linear(3, 1).bfloat16(), SquaredError(0.04), linear),
            r"bfloat16; fit needs float32 or float6",
        ),
        (
            (HF, torch.nn.Linear(3, 1).half(), SquaredError(0.04), linear),
            r"float16; fit needs float32 or float64: model",
        ),
        ((HF, torch.nn.LazyLinear(1), SquaredError(0.04), linear), "call the model once"),
        ((HF, torch.nn.Linear(3, 1, device="meta"), SquaredError(0.04), linear), "meta, where it has no numbers"),
        ((HF, lambda x: x, SquaredError(0.04), linear), "torch.nn.Module"),
        ((HF, torch.nn.Linear(3, 1), SquaredError(0.04), [1]), "function"),
        ((type(HF), torch.nn.Linear(3, 1), SquaredError(0.04), linear), r"optimiser is the class HessianFree; write H"),
        ((HF, torch.nn.Linear(3, 1), SquaredError, linear), r"loss is the class SquaredError; write SquaredError\("),
        ((HF, torch.nn.Linear(3, 1), SquaredError(0.04), linear, None), "batch_axis cannot be None"),
        ((HF, torch.nn.Linear(3, 1), SquaredError(0.04), linear, "0"), "batch_axis cannot be '0'"),
    ],
)
def test_arguments_are_checked_at_once(arguments, words):
    with pytest.raises(LonglagError, match=words):
        fit(*arguments)


def test_a_module_that_is_rounded_between_two_steps_is_refused():
    module = torch.nn.Linear(3, 1)
    steps = fit(SGD(0.1, batch=5), module, SquaredError(0.04), linear)
    next(steps)
    module.bfloat16()
    with pytest.raises(LonglagError, match=r"a parameter is of torch\.bfloat16; fit needs float32"):
        next(steps)


def test_an_optimiser_of_torch_with_the_name_of_ours_is_named_in_full():
    theirs = torch_optim.HessianFree(torch.nn.Linear(3, 1).parameters())
    with pytest.raises(
        LonglagError, match=r"^optimiser longlag\.torch_optim\.\S+\.HessianFree is none of longlag\.opt"
    ):
        fit(theirs, torch.nn.Linear(3, 1), SquaredError(0.04), linear)


def test_a_term_of_the_tanh_net_is_refused_in_words():
    with pytest.raises(LonglagError, match=r"the term Omega needs .* tanh RNN; give its base optimiser alone"):
        trained(torch.nn.Linear(3, 1), optimiser=Regularised(Adam(), Omega()))


class Elsewhere(torch.Tensor):
    """A tensor that says that it is on a GPU."""

    device = torch.device("cuda")


def test_on_a_gpu_classes_are_checked_and_whole_numbers_are_none():
    x, net = torch.ones(3, 2), torch.nn.Linear(2, 1)
    params = {name: value.detach().unsqueeze(0) for name, value in net.named_parameters()}

    def forward(p, x):
        return torch.func.functional_call(net, p, (x,))

    whole = torch.tensor([[-1], [5], [7]]).as_subclass(Elsewhere)
    assert FunctionObjective(forward, SquaredError(0.04), x, whole).value(params).isfinite()
    with pytest.raises(LonglagError, match="class 5 among the targets is none of 0 to 0"):
        FunctionObjective(forward, CrossEntropy(1), x, torch.tensor([0, 5, 0]).as_subclass(Elsewhere)).value(params)


def test_an_axis_that_x_has_not():
    with pytest.raises(LonglagError, match="batch_axis"):
        trained(torch.nn.Linear(3, 1), batch_axis=2)


class Exploding(torch.nn.Module):
    """Outputs that overflow beyond a short step, behind everything that a forward pass may leave in buffers."""

    def __init__(self):
        super().__init__()
        self.out, self.norm = torch.nn.Linear(3, 1), torch.nn.BatchNorm1d(1)
        self.register_buffer("passes", torch.zeros(()))
        self.register_buffer("newest", torch.zeros(1))
        self.register_buffer("late", None)

    def forward(self, x):
        y = torch.exp(10 * self.out(x))
        self.passes += 1  # in place
        self.newest = y.detach().amax().reshape(1)  # another tensor
        self.late = y.detach().amin()  # there was none
        return self.norm(y)


def test_steps_that_are_only_tried_leave_nothing_in_buffers():
    torch.manual_seed(0)
    net = Exploding()
    for k, _ in enumerate(itertools.islice(fit(HF, net, SquaredError(0.04), linear), 6), 1):
        assert all(p.isfinite().all() for p in net.parameters())
        assert all(b.isfinite().all() for b in net.buffers())
        assert net.passes == k == net.norm.num_batches_tracked  # one gradient a step
        assert net.newest > net.late > 0


class Huge:
    """Weights that overflow in two layers of rectified units: sums of +inf and -inf are no numbers."""

    def draw(self, rng, shapes):
        return {name: 1e25 * rng.normal(size=shape) for name, shape in shapes.items()}


def test_a_guess_whose_loss_is_no_number_leaves_the_loss_and_the_weights_that_are_kept():
    torch.manual_seed(0)
    layers = torch.nn.Linear(3, 8), torch.nn.ReLU(), torch.nn.Linear(8, 8), torch.nn.ReLU(), torch.nn.Linear(8, 1)
    net = torch.nn.Sequential(*layers)
    before = copy.deepcopy(net.state_dict())
    assert trained(net, optimiser=Guessing(Huge())).loss.isfinite()
    torch.testing.assert_close(net.state_dict(), before, rtol=0, atol=0)


CALLS = itertools.count(1)


class Noisy(torch.nn.Module):
    """A linear module whose inputs another function changes at each call."""

    def __init__(self, noise):
        super().__init__()
        self.out, self.noise = torch.nn.Linear(3, 1), noise

    def forward(self, x):
        return self.out(self.noise(x))


@pytest.mark.parametrize(
    ("module", "words"),
    [
        (torch.nn.Sequential(torch.nn.Dropout(0.5), torch.nn.Linear(3, 1)), r"Dropout\(p=0.5.*is random.*Call eval"),
        (Noisy(lambda x: torch.nn.functional.dropout(x, 0.5)), r"model is random.*\(bernoulli_ drew random numbers\)"),
        (Noisy(lambda x: x + 0.01 * torch.randn_like(x)), r"model is random.*\(randn_like drew.*such as Adam"),
        (Noisy(lambda x: x / next(CALLS)), r"two outputs\. .*carry no state"),
    ],
    ids=["module", "function", "noise", "state"],
)
def test_a_random_module_is_trained_by_gradients_and_refused_by_trial_steps(module, words):
    before = copy.deepcopy(module.state_dict())
    with pytest.raises(LonglagError, match=words):
        trained(module)
    torch.testing.assert_close(module.state_dict(), before, rtol=0, atol=0)
    assert trained(module, optimiser=SGD(0.1, batch=20)).loss.isfinite()


def test_each_step_asks_whether_the_module_has_become_random():
    module = Noisy(lambda x: torch.nn.functional.dropout(x, 0.5, module.training)).eval()
    steps = fit(HF, module, SquaredError(0.04), linear)
    next(steps)
    module.train()
    with pytest.raises(LonglagError, match="the model is random"):
        next(steps)


def test_gradient_steps_move_running_statistics_as_torch_does():
    torch.manual_seed(0)
    net, batch = torch.nn.Sequential(torch.nn.Linear(3, 2), torch.nn.BatchNorm1d(2), torch.nn.Linear(2, 1)), linear(20)
    twin = copy.deepcopy(net)
    trained(net, batches=lambda n: batch, optimiser=SGD(0.1), steps=4)
    optimiser = torch.optim.SGD(twin.parameters(), lr=0.1)
    for _ in range(4):
        optimiser.zero_grad()
        (twin(batch[0]) - batch[1]).square().mean().backward()
        optimiser.step()
    for name, value in twin.state_dict().items():
        torch.testing.assert_close(net.state_dict()[name], value)


def test_weights_changed_between_two_steps_stay_changed():
    net = torch.nn.Linear(3, 1)
    steps = fit(SGD(1e-6), net, SquaredError(0.04), linear)
    next(steps)
    with torch.no_grad():
        net.weight.fill_(7.0)
    next(steps)
    assert (net.weight > 6.9).all()


def test_training_ends_with_the_batches_and_before_the_step_that_needed_them():
    torch.manual_seed(0)
    net, loader = torch.nn.Linear(3, 1), iter([linear(50) for _ in range(3)])
    steps = fit(HF, net, SquaredError(0.04), lambda n: next(loader))
    next(steps)  # takes two
    before = copy.deepcopy(net.state_dict())
    assert list(steps) == []
    assert all(torch.equal(value, before[name]) for name, value in net.state_dict().items())


def short(x, y):
    return x[:2], y


def test_a_frozen_recurrent_layer_under_a_trained_readout():
    """An echo state net in torch: the hidden states depend on nothing that is trained."""
    torch.manual_seed(0)
    net = Net(torch.nn.RNN)
    net.rnn.requires_grad_(False)
    before = net.rnn.weight_hh_l0.clone()
    last = trained(net, CrossEntropy(2), lambda n: short(*batches(n)), steps=15, batch_axis=1)
    assert float(last.loss) < 0.3
    assert torch.equal(net.rnn.weight_hh_l0, before)


def test_a_linearisation_of_values_that_depend_on_nothing():
    params = {"a": torch.randn(1, 3, dtype=torch.float64)}
    line = linearise(lambda p: (torch.ones(2), p["a"].square()), params)
    assert line.pushforward(params)[0].tolist() == [0, 0]
    torch.testing.assert_close(line.pushforward(params)[1], 2 * params["a"].square())
    torch.testing.assert_close(line.pullback((torch.ones(2), params["a"]))["a"], 2 * params["a"].square())


class Attentive(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = torch.nn.TransformerEncoderLayer(8, 2, 16, dropout=0.0, batch_first=True)
        self.into, self.out = torch.nn.Linear(2, 8), torch.nn.Linear(8, 2)

    def forward(self, x):
        return self.out(self.layer(self.into(x.transpose(0, 1)))[:, 0])


@pytest.mark.parametrize("training", [True, False])
def test_attention_has_curvature(training):
    torch.manual_seed(0)
    net = Attentive().train(training)
    optimiser = HessianFree(gradient_batch=100, curvature_batch=50, damping=LevenbergMarquardt(start=0.01))
    assert float(trained(net, CrossEntropy(2), batches, optimiser, steps=10, batch_axis=1).loss) < 0.1


@pytest.mark.parametrize(("hidden", "threads"), [(20, 1), (500, 3)])
def test_a_small_net_runs_on_one_thread_and_the_number_is_put_back(hidden, threads):
    seen, before = [], torch.get_num_threads()

    def form(y):
        seen.append(torch.get_num_threads())
        return y

    net = torch.nn.Sequential(torch.nn.Linear(3, hidden), torch.nn.Linear(hidden, hidden), torch.nn.Linear(hidden, 3))
    try:
        torch.set_num_threads(3)
        steps = fit(SGD(0.01, batch=5), torch.nn.Sequential(net, Shaped(form)), SquaredError(0.04), linear)
        next(steps)
        assert torch.get_num_threads() == 3
        assert set(seen) == {threads}
    finally:
        torch.set_num_threads(before)


class Lecture(torch.nn.Module):
    """The README's model, smaller, with torch's own start."""

    def __init__(self, kind):
        super().__init__()
        self.rnn, self.out = kind(2, 20), torch.nn.Linear(20, 2)

    def forward(self, x):
        hidden = self.rnn(x)[0]
        return self.out(hidden[-1]), hidden


def first_symbol(n):
    """The README's task at T = 20: which of two symbols did the first step show?"""
    y, x = torch.randint(2, (n,)), 0.1 * torch.randint(2, (20, n, 2))
    x[0] = torch.nn.functional.one_hot(y, 2)
    return x, y


@pytest.mark.parametrize("seed", [0, 1])
@pytest.mark.parametrize("kind", [torch.nn.RNN, torch.nn.LSTM, torch.nn.GRU])
def test_hessian_free_learns_a_long_lag_with_every_recurrent_layer(kind, seed):
    """All settings but the size of the batches are the defaults; curvature sees the batch of the gradient, as there."""
    assert HessianFree().curvature_batch == HessianFree().gradient_batch
    torch.manual_seed(seed)
    optimiser = HessianFree(gradient_batch=200, curvature_batch=200)
    steps = fit(optimiser, Lecture(kind), CrossEntropy(2), first_symbol, batch_axis=1)
    first = float(next(steps).loss)
    assert first > 0.6  # chance: 0.69
    assert any(float(step.loss) < 0.05 for step in itertools.islice(steps, 39))
