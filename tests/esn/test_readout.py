"""The readout's system: elimination equals a singular value decomposition of the features, down to tiny penalties."""

import numpy as np
import pytest
import torch
from echoes import mackey_glass

from longlag.esn import EchoStateNetwork
from longlag.esn.names import BadInput
from longlag.esn.readout import Elimination
from longlag.optimisers.ridge import Ridge, Spectrum, choose


def moments(phi, y):
    empty = Ridge().init({"W_hy": torch.zeros(1, phi.shape[1], y.shape[1]), "b_y": torch.zeros(1, y.shape[1])})
    return empty.add(torch.from_numpy(np.concatenate([phi, y], 1)))


def decomposed(phi, y, penalty):
    """Ridge regression by the singular values of standardised features, which are never squared into a matrix."""
    mean, deviation, n = phi.mean(0), phi.std(0), len(phi)
    u, s, v = np.linalg.svd((phi - mean) / deviation / n**0.5, full_matrices=False)
    w = v.T @ ((s / (s**2 + penalty))[:, None] * (u.T @ (y - y.mean(0)) / n**0.5)) / deviation[:, None]
    return w, y.mean(0) - mean @ w


def delays():
    """Powers of the last values of a chaotic series: features whose correlations are nearly singular, [500, 30]."""
    s = mackey_glass(520)
    past = np.stack([s[20 - k : 520 - k] for k in range(1, 16)], 1)
    return np.concatenate([past, past**2], 1), s[20:520, None]


def root_mean_square(phi, y, weights, bias):
    return float(np.sqrt(np.square(phi @ np.asarray(weights) + np.asarray(bias) - y).mean()))


@pytest.mark.parametrize("penalty", [1e-12, 1e-8, 1e-2])
def test_it_equals_a_decomposition_of_the_features_themselves(penalty):
    phi, y = delays()
    found = root_mean_square(phi, y, *Elimination.of(moments(phi, y)).solve(penalty))
    assert found == pytest.approx(root_mean_square(phi, y, *decomposed(phi, y, penalty)), rel=1e-3)


def dependent():
    """Three features, one of them twice, and a constant; and a target that the first one is."""
    phi = np.random.default_rng(0).standard_normal((50, 3))
    return np.concatenate([phi, phi[:, :1], np.ones((50, 1))], 1), phi[:, :1]


def test_without_a_penalty_dependent_features_have_the_readout_of_least_norm():
    phi, y = dependent()
    weights, bias = Elimination.of(moments(phi, y)).solve(0.0)
    assert torch.equal(weights, Spectrum.of(moments(phi, y)).solve(0.0)[0])
    assert root_mean_square(phi, y, weights, bias) < 1e-12


def test_eigenvalues_answer_where_elimination_fails(monkeypatch):
    phi, y = dependent()
    monkeypatch.setattr(torch.linalg, "solve_ex", lambda matrix, right: (right, torch.tensor(1)))
    weights, bias = Elimination.of(moments(phi, y)).solve(1e-8)
    assert torch.equal(weights, Spectrum.of(moments(phi, y)).solve(1e-8)[0])
    assert root_mean_square(phi, y, weights, bias) < 1e-6


def test_the_smallest_penalty_is_chosen_without_noise_and_not_with_it():
    s = mackey_glass(3000)[:, None]
    settings = {"units": 300, "leak": 0.8, "input_scale": 0.2, "washout": 100, "random_state": 0}
    net = EchoStateNetwork(**settings).fit([s[:2000]], [s[1:2001]])
    assert net.penalty_ == min(net.penalty) == 1e-12
    larger = EchoStateNetwork(**settings, penalty=1e-10).fit([s[:2000]], [s[1:2001]])
    later = [s[2000:-1]], [s[2001:]]
    assert 1 - net.score(*later) < 0.7 * (1 - larger.score(*later))
    noisy = s + np.random.default_rng(0).normal(0, 0.05, s.shape)
    assert net.fit([noisy[:2000]], [noisy[1:2001]]).penalty_ > 1e-8


def test_a_row_of_weight_two_counts_twice_in_the_sums_and_in_the_error():
    phi, y = dependent()
    y = y + np.random.default_rng(1).standard_normal(y.shape)
    times = np.arange(50) % 3
    whole = moments(phi, y)
    weighted = whole.add(torch.from_numpy(np.concatenate([phi, y], 1)), torch.from_numpy(times.astype(float)))
    twice = moments(np.concatenate([phi, phi.repeat(times, 0)]), np.concatenate([y, y.repeat(times, 0)]))
    assert weighted.n == twice.n == 99
    for one, other in zip(Elimination.of(weighted).solve(0.1), Elimination.of(twice).solve(0.1), strict=True):
        torch.testing.assert_close(one, other, rtol=1e-9, atol=1e-12)
    params = {"W_hy": torch.zeros(1, 5, 1, dtype=torch.float64), "b_y": torch.zeros(1, 1, dtype=torch.float64)}
    held_out = torch.from_numpy(phi)[None], torch.from_numpy(y)[None]
    repeats = tuple(each[:, torch.from_numpy(times.nonzero()[0].repeat(times[times > 0]))] for each in held_out)
    found = choose(params, Elimination.of(whole), [1.0, 1e-3], held_out, torch.from_numpy(times[None].astype(float)))
    wanted = choose(params, Elimination.of(whole), [1.0, 1e-3], repeats)
    assert found.penalty == wanted.penalty
    assert found.error == pytest.approx(wanted.error, rel=1e-12)
    assert found.error != pytest.approx(choose(params, Elimination.of(whole), [1.0, 1e-3], held_out).error, rel=1e-3)


def test_sums_that_are_not_finite_are_refused():
    with pytest.raises(BadInput, match="too large for their squares to be finite"):
        Elimination.of(moments(np.full((5, 2), 1e300) * np.arange(5)[:, None], np.ones((5, 1))))
