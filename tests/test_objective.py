"""The oracle: gradients and Gauss-Newton products against dense float64 references, and what answers cost."""

import dataclasses
from contextlib import contextmanager

import numpy as np
import pytest
import torch

from longlag.algebra import tree
from longlag.cells.lstm import LSTM
from longlag.cells.tanh_rnn import TanhRNN
from longlag.inits.sparse import SparseSpectral
from longlag.losses import CrossEntropy, SquaredError
from longlag.model import Model, ModelTape
from longlag.objective import Meter, Objective, Tensors
from longlag.readouts import Linear, Quadratic
from references import dense_gauss_newton, flat, tanh_rnn, unflat

T, B, X, H, O, K = 7, 5, 3, 6, 4, 2
LOSSES = {"squared": SquaredError(0.04), "classes": CrossEntropy(O)}


def oracle(loss_name, cell=None, readout=None, replicas=1, batch=B, shift=None, steps=T):
    """An objective and its parameters, float64, with sequences that start late."""
    rng = np.random.default_rng(0)
    model = Model(cell or TanhRNN(H), X, O, K, readout or Linear(), shift=shift)
    params = {
        name: torch.tensor(0.5 * rng.standard_normal((replicas, *shape))) for name, shape in model.shapes().items()
    }
    x = torch.tensor(rng.standard_normal((replicas, steps, batch, X)))
    start = torch.tensor(rng.integers(0, 3, size=(replicas, batch)))
    x = x * (torch.arange(steps)[:, None] >= start.unsqueeze(1)).unsqueeze(-1)
    real = loss_name == "squared"
    y = torch.tensor(rng.standard_normal((replicas, K, batch, O)) if real else rng.integers(0, O, (replicas, K, batch)))
    active = torch.ones(replicas, dtype=torch.bool)
    return Objective(model, LOSSES[loss_name], Tensors(x, start, y), Meter.zero(replicas), active), params


def loss_of(objective, params):
    """The loss as a function of a flat vector, by the slow twin."""
    b = objective.batch

    def value(vector):
        outputs = tanh_rnn(vector, params, b.x[0], b.start[0], K)[0]
        return objective.loss.value(outputs.unsqueeze(0), b.y).sum()

    return value


@pytest.mark.parametrize("loss", LOSSES)
def test_gradient_equals_the_dense_reference(loss):
    objective, params = oracle(loss)
    value, gradient = objective.value_and_grad(params)
    reference = loss_of(objective, params)
    expected = torch.autograd.functional.jacobian(reference, flat(params))
    assert float(value) == pytest.approx(float(reference(flat(params))), rel=1e-12)
    assert float((flat(gradient) - expected).norm() / expected.norm()) < 1e-12
    assert float(objective.value(params)) == pytest.approx(float(value), rel=1e-14)


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("structural", [0.0, 0.7])
@pytest.mark.parametrize("keep", [True, False])
def test_gauss_newton_equals_the_dense_reference_and_is_symmetric_and_positive(monkeypatch, loss, structural, keep):
    prefer_jacobian(monkeypatch, keep)
    objective, params = oracle(loss)
    b = objective.batch
    outputs = tanh_rnn(flat(params), params, b.x[0], b.start[0], K)[0]
    hessian = torch.autograd.functional.hessian(
        lambda z: objective.loss.value(z.reshape(1, K, B, O), b.y).sum(), outputs.flatten()
    )
    expected = dense_gauss_newton(params, b.x[0], b.start[0], K, hessian, structural)
    product = objective.gauss_newton(params, structural)
    size = len(flat(params))
    columns = [flat(product(unflat(column, params))) for column in torch.eye(size, dtype=torch.float64)]
    matrix = torch.stack(columns, 1)
    assert float((matrix - expected).norm() / expected.norm()) < 1e-12
    assert float((matrix - matrix.T).norm() / matrix.norm()) < 1e-13
    assert torch.linalg.eigvalsh((matrix + matrix.T) / 2).min() > -1e-12 * matrix.norm()


@pytest.mark.parametrize("readout", [Linear(), Quadratic()], ids=["linear", "quadratic"])
@pytest.mark.parametrize("replicas", [1, 3])
def test_the_product_with_the_jacobian_itself_is_the_one_through_time(monkeypatch, readout, replicas):
    objective, params = oracle("classes", TanhRNN(H), readout, batch=11, replicas=replicas)
    monkeypatch.setattr("longlag.objective._CHUNK_SEQUENCES", 4)
    v = {name: torch.randn_like(value) for name, value in params.items()}
    answers = []
    for keep in (True, False):
        prefer_jacobian(monkeypatch, keep)
        product = objective.gauss_newton(params)
        with ways_through_time(monkeypatch) as ways:
            answers += [product(v)]
            again = product(v)
        assert ways == ([] if keep else 2 * [4, 4, 3])
        assert all(torch.equal(answers[-1][name], again[name]) for name in again)
    for name in answers[0]:
        torch.testing.assert_close(answers[0][name], answers[1][name], rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize(
    ("steps", "cell", "structural", "through_time"),
    [
        (128, TanhRNN(H), 0.0, False),
        (127, TanhRNN(H), 0.0, True),
        (128, TanhRNN(H), 0.1, True),
        (128, LSTM(H), 0.0, True),
    ],
)
def test_the_jacobian_is_kept_where_that_is_cheaper(monkeypatch, steps, cell, structural, through_time):
    objective, params = oracle("classes", cell, steps=steps)
    product = objective.gauss_newton(params, structural)
    with ways_through_time(monkeypatch) as ways:
        first, second = product(params), product(params)
    assert bool(ways) == through_time
    assert all(torch.equal(first[name], second[name]) for name in first)


def prefer_jacobian(monkeypatch, keep):
    monkeypatch.setattr("longlag.objective._MAX_OUTPUTS", 100 if keep else 0)
    monkeypatch.setattr("longlag.objective._MIN_STEPS_PER_OUTPUT", 0)
    monkeypatch.setattr("longlag.objective._MAX_SIZE_RATIO", 1e9)


@contextmanager
def ways_through_time(monkeypatch):
    """The sizes of the batches that a tangent is taken through time with, as it happens."""
    ways, pushforward = [], ModelTape.pushforward

    def counted(tape, tangent):
        ways.append(tape.tape.states.shape[2])
        return pushforward(tape, tangent)

    with monkeypatch.context() as patch:
        patch.setattr(ModelTape, "pushforward", counted)
        yield ways


def test_structural_damping_is_one_added_term():
    objective, params = oracle("classes")
    v = {name: torch.randn_like(value) for name, value in params.items()}
    plain, damped, twice = (objective.gauss_newton(params, s)(v) for s in (0.0, 0.5, 1.0))
    for name in ("W_xh", "W_hh", "b_h"):
        assert not torch.equal(plain[name], damped[name])
        torch.testing.assert_close(twice[name] - plain[name], 2 * (damped[name] - plain[name]), rtol=1e-10, atol=1e-12)
    for name in ("W_hy", "b_y"):  # the readout moves no hidden state
        torch.testing.assert_close(plain[name], damped[name])


@pytest.mark.parametrize("cell", [TanhRNN(H), LSTM(H)], ids=["tanh", "lstm"])
@pytest.mark.parametrize("readout", [Linear(), Quadratic()], ids=["linear", "quadratic"])
def test_any_cell_and_readout_against_finite_differences(cell, readout):
    objective, params = oracle("classes", cell, readout, shift=(0.1, 0.0, -0.2))
    _, gradient = objective.value_and_grad(params)
    v = {name: torch.randn(value.shape, dtype=value.dtype) for name, value in params.items()}
    step = 1e-5
    ahead, behind = (float(objective.value(tree.axpy(s, v, params))) for s in (step, -step))
    assert float(tree.dot(gradient, v)) == pytest.approx((ahead - behind) / (2 * step), rel=1e-6)
    u = {name: torch.randn(value.shape, dtype=value.dtype) for name, value in params.items()}
    product = objective.gauss_newton(params, 0.3)
    assert float(tree.dot(u, product(v))) == pytest.approx(float(tree.dot(v, product(u))), rel=1e-10)
    assert float(tree.dot(v, product(v))) > 0


def test_chunks_do_not_change_the_answer(monkeypatch):
    objective, params = oracle("classes", batch=11)
    v = {name: torch.randn_like(value) for name, value in params.items()}
    whole = (objective.value_and_grad(params)[1], objective.gauss_newton(params, 0.2)(v))
    monkeypatch.setattr("longlag.objective._CHUNK_SEQUENCES", 4)
    pieces = (objective.value_and_grad(params)[1], objective.gauss_newton(params, 0.2)(v))
    for one, other in zip(whole, pieces, strict=True):
        for name in one:
            torch.testing.assert_close(one[name], other[name], rtol=1e-12, atol=1e-14)


def test_every_answer_is_charged_to_who_asked():
    objective, params = oracle("classes", replicas=3)
    active = torch.tensor([True, False, True])
    one = objective.model.flops(params, T)
    objective.value(params)
    some = dataclasses.replace(objective, active=active)
    some.value_and_grad(params)
    product = some.head(2).gauss_newton(params)
    product(params)
    product(params)
    passes = B + (3 * B + 2 + 2 * 4 * 2) * active.double()
    assert objective.meter.passes.tolist() == passes.tolist()
    assert objective.meter.flops.tolist() == (passes * one).tolist()


def test_replicas_do_not_see_each_other():
    objective, params = oracle("classes", replicas=3)
    value, gradient = objective.value_and_grad(params)
    for r in range(3):
        b = objective.batch
        alone = Objective(
            objective.model, objective.loss, Tensors(b.x[r : r + 1], b.start[r : r + 1], b.y[r : r + 1]), Meter.zero(1)
        )
        value_alone, gradient_alone = alone.value_and_grad(tree.rows(params, torch.tensor([r])))
        assert torch.equal(value_alone[0], value[r])
        assert all(torch.equal(gradient_alone[name][0], gradient[name][r]) for name in gradient)


def test_echo_state_start_is_what_it_says():
    shapes = Model(TanhRNN(50), X, O, 1).shapes()
    drawn = SparseSpectral(1.1, connections=15, input_scale=0.1).draw(np.random.default_rng(0), shapes)
    assert (np.count_nonzero(drawn["W_hh"], axis=0) == 15).all()
    assert abs(np.linalg.eigvals(drawn["W_hh"])).max() == pytest.approx(1.1)
    assert not drawn["b_h"].any()
    assert not drawn["b_y"].any()
