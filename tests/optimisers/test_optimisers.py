"""Optimisers against formulas, torch's own, and direct solutions."""

import itertools
import math
from dataclasses import dataclass

import numpy as np
import pytest
import torch

from longlag.algebra import tree
from longlag.algebra.products import affine
from longlag.losses import OneHotError
from longlag.objective import Meter
from longlag.optimisers import SGD, Adam, HessianFree, Momentum, Nesterov, Ridge
from longlag.optimisers.cg import ConjugateGradient
from longlag.optimisers.clipping import ClipNorm, NoClipping
from longlag.optimisers.damping import LevenbergMarquardt
from longlag.optimisers.hessian_free import HFState
from longlag.optimisers.schedules import Constant, WarmMomentum
from references import ridge

rng = np.random.default_rng(0)
ROOT = torch.tensor(rng.standard_normal((6, 6)))
MATRIX = ROOT @ ROOT.T + 0.1 * torch.eye(6, dtype=torch.float64)
TARGET = torch.tensor(rng.standard_normal(6))


def times_matrix(v):
    """v MATRIX, [R, 6], one replica at a time: a product of three rows is rounded unlike three products of one."""
    return torch.stack([row @ MATRIX for row in v])


@dataclass(frozen=True)
class Quadratic:
    """(p - TARGET)' MATRIX (p - TARGET) / 2, the same for every replica."""

    n: int = 0

    def value(self, params):
        d = params["p"] - TARGET
        return 0.5 * (times_matrix(d) * d).sum(1)

    def value_and_grad(self, params):
        return self.value(params), {"p": times_matrix(params["p"] - TARGET)}

    def gauss_newton(self, params, structural=0.0):
        return lambda v: {"p": times_matrix(v["p"])}

    def head(self, n):
        return self


def draw(n, purpose="train"):
    return Quadratic(n)


def start(replicas=1):
    return {"p": torch.zeros(replicas, 6, dtype=torch.float64)}


def follow(optimiser, steps, params=None):
    params = params or start()
    state = optimiser.init(params)
    for _ in range(steps):
        step = optimiser.step(draw, params, state)
        params, state = step.params, step.state
    return params, step


def torchs(make, steps):
    p = torch.zeros(6, dtype=torch.float64, requires_grad=True)
    optimiser = make([p])
    for _ in range(steps):
        optimiser.zero_grad()
        d = p - TARGET
        (0.5 * d @ MATRIX @ d).backward()
        optimiser.step()
    return p.detach()


def test_sgd_and_adam_are_torchs():
    torch.testing.assert_close(follow(SGD(0.01), 20)[0]["p"][0], torchs(lambda p: torch.optim.SGD(p, lr=0.01), 20))
    torch.testing.assert_close(follow(Adam(0.01), 20)[0]["p"][0], torchs(lambda p: torch.optim.Adam(p, lr=0.01), 20))


def test_nesterov_by_its_formula():
    optimiser = Nesterov(Constant(0.01), Constant(0.9))
    theta, v = torch.zeros(6, dtype=torch.float64), torch.zeros(6, dtype=torch.float64)
    for _ in range(10):
        v = 0.9 * v - 0.01 * (theta + 0.9 * v - TARGET) @ MATRIX
        theta = theta + v
    torch.testing.assert_close(follow(optimiser, 10)[0]["p"][0], theta)


def test_nesterov_without_momentum_is_sgd():
    one, other = follow(Nesterov(Constant(0.01), Constant(0.0)), 10)[0], follow(SGD(0.01), 10)[0]
    torch.testing.assert_close(one["p"], other["p"])


def test_classical_momentum_is_torchs():
    found = follow(Momentum(Constant(0.01), Constant(0.9)), 10)[0]["p"][0]
    torch.testing.assert_close(found, torchs(lambda p: torch.optim.SGD(p, lr=0.01, momentum=0.9), 10))


def test_momentum_is_the_published_one():
    warm = WarmMomentum(late=0.995)
    assert (warm(0), warm(999), warm(1000)) == (0.9, 0.9, 0.995)
    assert WarmMomentum(late=0.0)(0) == 0.0


def test_clipping_bounds_each_replica_alone_and_leaves_small_gradients():
    gradient = {"a": torch.tensor([[3.0, 0.0], [0.3, 0.0], [0.0, 0.0]]), "b": torch.tensor([[4.0], [0.4], [0.0]])}
    clipped = ClipNorm(1.0)(gradient)
    assert tree.norm(clipped).tolist() == pytest.approx([1.0, 0.5, 0.0])
    assert torch.equal(clipped["a"][1], gradient["a"][1])
    torch.testing.assert_close(clipped["a"][0] / clipped["b"][0], gradient["a"][0] / gradient["b"][0])
    assert NoClipping()(gradient) is gradient


def test_clipping_hides_no_gradient_that_overflowed():
    gradient = {"p": torch.tensor([[math.inf, 1.0], [3.0, 4.0]])}
    assert tree.finite(ClipNorm(1.0)(gradient)).tolist() == [False, True]


def test_cg_solves_exactly_in_as_many_steps_as_dimensions():
    b = {"p": torch.tensor(rng.standard_normal((1, 6)))}
    solution = ConjugateGradient(most_iterations=6, tolerance=0)(lambda v: {"p": times_matrix(v["p"])}, b, start())
    expected = torch.linalg.solve(MATRIX, b["p"][0])
    torch.testing.assert_close(solution.iterates[-1].x["p"][0], expected, rtol=1e-8, atol=1e-10)
    values = [iterate.value for iterate in solution.iterates]
    assert values == sorted(values, reverse=True)
    assert values[-1] == pytest.approx(float(-0.5 * b["p"][0] @ expected))


def test_cg_stops_on_slow_progress_and_on_a_zero_right_side():
    size = 200
    diagonal = torch.logspace(0, 6, size, dtype=torch.float64)
    b = {"p": torch.ones(1, size, dtype=torch.float64)}
    stopped = ConjugateGradient(most_iterations=10_000, tolerance=5e-4)(
        lambda v: {"p": v["p"] * diagonal}, b, tree.zeros_like(b)
    )
    assert stopped.reason == "progress"
    assert 10 < stopped.iterates[-1].iteration < 10_000
    nothing = ConjugateGradient()(lambda v: v, start(), start())
    assert nothing.reason == "breakdown"
    assert not nothing.iterates[-1].x["p"].any()


def test_cg_asks_for_no_product_of_a_zero_start():
    b, asked = {"p": torch.tensor(rng.standard_normal((1, 6)))}, []

    def a(v):
        asked.append(v)
        return {"p": times_matrix(v["p"])}

    for start_at, products in ((0.0, 6), (1.0, 7)):
        asked.clear()
        x = {"p": torch.full((1, 6), start_at, dtype=torch.float64)}
        solution = ConjugateGradient(most_iterations=6, tolerance=0)(a, b, x)
        torch.testing.assert_close(solution.iterates[-1].x["p"][0], torch.linalg.solve(MATRIX, b["p"][0]))
        assert len(asked) == products


def test_cg_keeps_no_iterate_beside_the_last():
    diagonal, b = torch.logspace(0, 6, 200, dtype=torch.float64), {"p": torch.ones(1, 200, dtype=torch.float64)}
    for most in (1, 2, 30, 60):
        solver = ConjugateGradient(most_iterations=most, tolerance=0)
        kept = [i.iteration for i in solver(lambda v: {"p": v["p"] * diagonal}, b, tree.zeros_like(b)).iterates]
        assert kept[-1] == most
        assert all(after >= solver.growth * before for before, after in itertools.pairwise(kept))
    assert kept == [1, 2, 3, 4, 6, 8, 11, 15, 20, 26, 34, 45, 60], "each is 1.3 times as far as the one before"


@pytest.mark.parametrize(("rho", "factor"), [(0.1, 1.5), (math.nan, 1.5), (-5.0, 1.5), (0.5, 1.0), (0.9, 1 / 1.5)])
def test_levenberg_marquardt(rho, factor):
    assert LevenbergMarquardt().update(2.0, rho) == pytest.approx(2.0 * factor)


def test_hessian_free_minimises_a_quadratic():
    optimiser = HessianFree(weight_decay=0.0, damping=LevenbergMarquardt(start=0.1))
    params, step = follow(optimiser, 8)
    torch.testing.assert_close(params["p"][0], TARGET, rtol=1e-2, atol=1e-2)
    assert step.state.damping < 0.1  # the model was right all the way


def test_damping_stays_where_the_model_promises_no_decrease():
    """One iteration does not undo a warm start that is far off."""
    optimiser = HessianFree(weight_decay=0.0, cg=ConjugateGradient(most_iterations=1))
    far = HFState(0.3, {"p": torch.full((1, 6), 50.0, dtype=torch.float64)})
    step = optimiser.step(draw, start(), far)
    assert math.isnan(step.info["rho"])
    assert step.state.damping == 0.3
    assert not step.state.direction["p"].any()


class Worse(Quadratic):
    """A loss that no step lowers, and a model that promises otherwise."""

    def value(self, params):
        return super().value(params).abs() * 0 + params["p"].abs().sum(1)


def test_hessian_free_refuses_steps_that_do_not_help():
    optimiser = HessianFree(weight_decay=0.0)
    params = start()
    step = optimiser.step(lambda n, purpose="train": Worse(), params, optimiser.init(params))
    assert torch.equal(step.params["p"], params["p"])
    assert step.info["rate"] == 0
    assert not step.state.direction["p"].any()  # CG starts from zero
    assert step.state.damping > optimiser.damping.start


@pytest.mark.parametrize("factor", [0.8, 0.99, 1e-9])
def test_a_line_search_ends_whatever_its_factor(factor):
    asked = []

    class Counted(Worse):
        def value(self, params):
            asked.append(params)
            return super().value(params)

    optimiser = HessianFree(weight_decay=0.0, line_search_factor=factor)
    params = start()
    step = optimiser.step(lambda n, purpose="train": Counted(), params, optimiser.init(params))
    assert step.info["rate"] == 0
    assert len(asked) < 1000  # 0.99^916 is the last rate above 1e-4


class Features:
    """Sequences with known features: what Ridge may ask."""

    def __init__(self, phi, y):
        self.phi, self.y, self.meter = phi, y, Meter.zero(1)

    def features(self, params):
        return self.phi, self.y

    def __len__(self):
        return self.phi.shape[1]

    def charge_flops(self, flops):
        self.meter.flops += flops


def ridge_problem(n, seed):
    generator = np.random.default_rng(seed)
    phi = generator.standard_normal((n, 5)) * [1, 10, 0.1, 3, 1] + 2
    return phi, phi @ np.arange(10).reshape(5, 2) + 0.3 * generator.standard_normal((n, 2)) - 4


def test_ridge_is_least_squares_and_streams():
    optimiser = Ridge(sequences=100, most_sequences=200, penalties=(0.05,))
    params = {"W_hy": torch.zeros(1, 5, 2, dtype=torch.float64), "b_y": torch.zeros(1, 2, dtype=torch.float64)}
    pieces = [ridge_problem(100, seed) for seed in (0, 1)]
    state = optimiser.init(params)
    for k, (phi, y) in enumerate(pieces):
        oracle = Features(torch.tensor(phi).unsqueeze(0), torch.tensor(y).unsqueeze(0))
        step = optimiser.step(lambda n, purpose="train", oracle=oracle: oracle, params, state)
        state = step.state
        assert step.exhausted == (k == 1)
    weights, bias = ridge(*(np.concatenate(parts) for parts in zip(*pieces, strict=True)), 0.05)
    np.testing.assert_allclose(step.params["W_hy"][0], weights, rtol=1e-9)
    np.testing.assert_allclose(step.params["b_y"][0], bias, rtol=1e-9)
    assert float(oracle.meter.flops) > 0


def nearly_constant(n, r, dtype, seed):
    """Features 1 + z / r and exactly linear targets of z as the features' precision keeps it."""
    phi = torch.tensor(1 + np.random.default_rng(seed).standard_normal((1, n, 5)) / r).to(dtype)
    return phi, (phi.double() - 1) * r @ torch.tensor([[1.0], [2.0], [-1.0], [0.5], [3.0]], dtype=torch.float64)


def readout(phi, y, dtype=torch.float64):
    """Zeros of the readout's shape."""
    outputs = y.shape[2]
    return {"W_hy": torch.zeros(1, phi.shape[2], outputs, dtype=dtype), "b_y": torch.zeros(1, outputs, dtype=dtype)}


@pytest.mark.parametrize("penalties", [(0.0,), (1e-10, 1e-8, 1e-6, 1e-4, 1e-2)])
@pytest.mark.parametrize(
    ("r", "dtype"),
    # float32 keeps nothing of 1 + z / 1e8
    [*((r, dtype) for r in (1e4, 1e6, 1e7) for dtype in (torch.float64, torch.float32)), (1e8, torch.float64)],
)
def test_ridge_keeps_the_digits_of_nearly_constant_features(r, dtype, penalties):
    optimiser = Ridge(sequences=500, most_sequences=1000, penalties=penalties)
    pieces, held_out = [nearly_constant(500, r, dtype, seed) for seed in (0, 1)], nearly_constant(500, r, dtype, 2)
    params = readout(*held_out)
    state = optimiser.init(params)
    for piece in pieces:
        sources = {"train": Features(*piece), "penalty": Features(*held_out)}
        step = optimiser.step(lambda n, purpose="train", s=sources: s[purpose], params, state)
        state = step.state
    phi, y = (torch.cat(parts, 1)[0].double().numpy() for parts in zip(*pieces, strict=True))
    weights = np.linalg.lstsq(phi - phi.mean(0), y - y.mean(0), rcond=None)[0]
    test, wanted = nearly_constant(500, r, dtype, 3)
    centred = (test[0].double().numpy() - phi.mean(0)) @ weights + y.mean(0)
    applied = affine(test.double(), step.params["W_hy"], step.params["b_y"])[0].numpy()
    close = 1e-8 + 1e-14 * r  # the penalty; 1 + z / r is rounded by 1e-16 r of z
    np.testing.assert_allclose(applied, centred, rtol=0, atol=close)
    np.testing.assert_allclose(applied, wanted[0].numpy(), rtol=0, atol=close)


def test_ridge_chooses_by_the_readout_that_is_stored():
    """In single precision the smallest penalty's large weights cancel into noise; the loss reported is of what is kept."""
    generator = np.random.default_rng(0)
    base = generator.standard_normal((1, 600, 1))
    phi = torch.tensor(base + 1e-6 * generator.standard_normal((1, 600, 4)))
    y = (phi[..., :1] - phi[..., 1:2]) * 1e6
    exact, rounded = readout(phi, y), readout(phi, y, torch.float32)
    optimiser = Ridge(sequences=600, penalties=(0.0, 1e-2))
    best = optimiser.step(lambda n, purpose="train": Features(phi, y), exact, optimiser.init(exact))
    assert best.info["penalty"] == 0
    assert float(best.loss) < 1e-4  # of 2: correlations of 1 - 1e-12 are known to 1e-16
    kept = optimiser.step(lambda n, purpose="train": Features(phi.float(), y), rounded, optimiser.init(rounded))
    applied = affine(phi.float(), kept.params["W_hy"], kept.params["b_y"])
    assert float(kept.loss) == pytest.approx(float((applied - y).square().mean()), rel=1e-6)
    assert float(kept.loss) <= 1.01 * float(y.square().mean())


def test_ridge_without_penalty_is_least_squares_of_least_norm():
    phi = torch.tensor(np.random.default_rng(0).standard_normal((1, 50, 3)))
    phi = torch.cat([phi, phi[..., :1], torch.ones_like(phi[..., :1])], -1)  # one feature twice, one constant
    y = phi[..., :1] + 2 * phi[..., 1:2] + 5
    params, optimiser = readout(phi, y), Ridge(sequences=50, penalties=(0.0,))
    step = optimiser.step(lambda n, purpose="train": Features(phi, y), params, optimiser.init(params))
    assert step.params["W_hy"].flatten().tolist() == pytest.approx([0.5, 2.0, 0.0, 0.5, 0.0], abs=1e-12)
    assert float(step.params["b_y"]) == pytest.approx(5.0)


def test_ridge_survives_a_constant_and_a_not_finite_feature():
    params = {"W_hy": torch.zeros(1, 3, 2, dtype=torch.float64), "b_y": torch.zeros(1, 2, dtype=torch.float64)}
    phi = torch.ones(1, 50, 3, dtype=torch.float64)
    phi[..., 0] = torch.arange(50)
    y = OneHotError(2).encode(torch.arange(50).reshape(1, 1, 50) % 2).flatten(1, 2).double()
    optimiser = Ridge(sequences=50)
    step = optimiser.step(lambda n, purpose="train": Features(phi, y), params, optimiser.init(params))
    assert tree.finite(step.params).all()
    for broken in (phi * math.nan, phi * 1e200):  # not finite, and not finite when squared
        step = optimiser.step(lambda n, purpose="train", b=broken: Features(b, y), params, optimiser.init(params))
        assert "not finite" in step.failure
        assert step.loss.isnan().all()
    sources = {"train": Features(phi, y), "penalty": Features(phi * math.inf, y)}
    step = optimiser.step(lambda n, purpose="train": sources[purpose], params, optimiser.init(params))
    assert "held-out" in step.failure
    assert step.loss.isnan().all()


@pytest.mark.parametrize("optimiser", [SGD(0.01), Adam(0.01), Nesterov(Constant(0.01), Constant(0.9), ClipNorm(0.5))])
def test_a_replica_moves_as_if_alone(optimiser):
    params = {"p": torch.tensor(np.random.default_rng(1).standard_normal((3, 6)))}
    together = follow(optimiser, 5, params)[0]["p"]
    for r in range(3):
        alone = follow(optimiser, 5, tree.rows(params, torch.tensor([r])))[0]["p"]
        assert torch.equal(alone[0], together[r])
