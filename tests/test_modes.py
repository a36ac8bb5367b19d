"""Modes of torch that a program has set around longlag: no digit of a run or an estimator depends on them."""

import contextlib
import functools
from dataclasses import asdict

import numpy as np
import pytest
import torch

from longlag.algebra.modes import plain
from longlag.demos import digits
from longlag.engine.train import run
from longlag.errors import LonglagError
from longlag.functional import fit
from longlag.losses import CrossEntropy
from longlag.optimisers import SGD, HessianFree
from longlag.store.records import VOLATILE
from longlag.torch_data import TaskDataset
from longlag.torch_optim import HessianFree as TorchHessianFree
from toy import spec


@contextlib.contextmanager
def default_dtype(dtype):
    before = torch.get_default_dtype()
    torch.set_default_dtype(dtype)
    try:
        yield
    finally:
        torch.set_default_dtype(before)


@contextlib.contextmanager
def default_device(device):
    torch.set_default_device(device)
    try:
        yield
    finally:
        torch.set_default_device(None)


@contextlib.contextmanager
def short_products():
    before = torch.get_float32_matmul_precision()
    torch.set_float32_matmul_precision("medium")
    try:
        yield
    finally:
        torch.set_float32_matmul_precision(before)


@contextlib.contextmanager
def short_products_of_one_backend():
    matmul = getattr(torch.backends.mkldnn, "matmul", None)
    if matmul is None or not hasattr(matmul, "fp32_precision"):
        pytest.skip("torch before 2.9 has no precision of a single backend")
    before, matmul.fp32_precision = matmul.fp32_precision, "bf16"
    try:
        yield
    finally:
        matmul.fp32_precision = before


MODES = {
    "autocast": lambda: torch.autocast("cpu", torch.bfloat16),
    "inference mode": torch.inference_mode,
    "float64": lambda: default_dtype(torch.float64),
    "a device": lambda: torch.device("meta"),  # as "cuda" where there is one
    "short products": short_products,
    "short products of one backend": short_products_of_one_backend,
}
IN_EVERY_MODE = pytest.mark.parametrize("mode", MODES.values(), ids=MODES)


def now():
    """What a program can see of its modes."""
    product = torch.full((64, 64), 1 / 3, dtype=torch.float32, device="cpu")
    return (
        torch.empty(0).dtype,
        torch.empty(0).device.type,
        torch.is_inference_mode_enabled(),
        torch.is_grad_enabled(),
        torch.is_autocast_enabled("cpu"),
        float((product @ product)[0, 0]),
    )


def trained(method):
    """What a run yields, and the modes of its caller at each event."""
    events, seen = [], set()
    for event in run(spec(method, budget=1500.0)):
        seen.add(now())
        events.append(repr({name: value for name, value in asdict(event).items() if name not in VOLATILE}))
    return events, seen


as_torch_starts = functools.cache(trained)


@IN_EVERY_MODE
@pytest.mark.parametrize("method", ["control", "hf", "gru", "esn"])
def test_a_run_has_the_same_numbers_in_every_mode_and_leaves_each_as_it_was(method, mode):
    expected, _ = as_torch_starts(method)
    with mode():
        before = now()
        found, seen = trained(method)
        assert seen == {before}
        assert now() == before
    assert found == expected


@IN_EVERY_MODE
def test_estimators_have_the_same_numbers_in_every_mode(mode):
    esn = pytest.importorskip("longlag.esn")
    rng = np.random.default_rng(0)
    x = [rng.standard_normal((steps, 1)) for steps in (40, 50, 60)]
    y = [np.roll(each, -1) for each in x]

    def numbers():
        net = esn.EchoStateNetwork(20, washout=5, random_state=0).fit(x, y)
        states = esn.EchoStateFeatures(20, random_state=0).fit_transform(x)
        return np.concatenate([*net.predict(x), net.generate(5, x[0]), states.reshape(-1, 1)])

    expected = numbers()
    with mode():
        before = now()
        found = numbers()
        assert now() == before
    assert (found == expected).all()


def test_a_demo_has_the_same_numbers_where_another_device_is_the_default():
    pytest.importorskip("sklearn")
    expected = digits.train("control", passes=200)
    with default_device("meta"), default_dtype(torch.float64):
        assert digits.train("control", passes=200) == expected


def test_modes_within_modes_are_left_in_order():
    with default_dtype(torch.float64), torch.autocast("cpu", torch.bfloat16):
        before = now()
        with plain(), plain():
            inside = now()
        assert now() == before
    assert inside == now()


def learner(optimiser):
    torch.manual_seed(0)
    net = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.LazyLinear(4))
    x, y = next(iter(TaskDataset("temporal_order", lag=10, batch=20, batch_first=True)))
    net(x)
    return net, fit(optimiser, net, CrossEntropy(4), lambda n: (x, y))


@pytest.mark.parametrize("optimiser", [SGD(0.1, batch=20), HessianFree()], ids=["sgd", "hf"])
@pytest.mark.parametrize(
    ("mode", "says"),
    [
        ("autocast", r"torch.autocast is on around fit, in torch.bfloat16 on cpu.*inside the module"),
        ("inference mode", r"torch.inference_mode is on around fit.*Call fit outside"),
    ],
)
def test_fit_refuses_modes_that_would_spoil_a_step(optimiser, mode, says):
    net, steps = learner(optimiser)
    before = [p.clone() for p in net.parameters()]
    with MODES[mode](), pytest.raises(LonglagError, match=says):
        next(steps)
    assert all(torch.equal(p, old) for p, old in zip(net.parameters(), before, strict=True))


def test_modules_of_the_cpu_are_trained_where_another_device_is_the_default():
    def losses(mode):
        _, steps = learner(HessianFree())
        module = torch.nn.Linear(3, 2)
        x = torch.eye(3)
        opt = TorchHessianFree(module.parameters(), torch.nn.CrossEntropyLoss())
        y = torch.tensor([0, 1, 0])
        with mode:
            return [float(next(steps).loss) for _ in range(2)] + [float(opt.step(lambda: (module(x), y)))]

    assert losses(default_device("meta")) == losses(contextlib.nullcontext())
