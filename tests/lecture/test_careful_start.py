"""Claim 6: careful initialisation keeps gradients alive."""

from __future__ import annotations

import numpy as np
import pytest

from longlag import registry
from longlag.lecture import careful_start
from longlag.lecture.tools import carried
from longlag.lecture.tools.numbers import Verdict
from longlag.rng import stream


def judge(**rates):
    """The finding on straight decays over 100 steps: those that theory asks for, but for these rates."""
    usual = {"carried": -0.005, "lost": -0.6, "": -0.3}
    steps = np.arange(101.0)
    logs = {name: [rates.get(name, usual[start.asked]) * steps] * 5 for name, start in careful_start.STARTS.items()}
    return careful_start.judge(logs, dict.fromkeys(logs, [0.125] * 5))


SPARSE, ORTHOGONAL = "sparse, radius 1.1, small input", "orthogonal, small input"


def test_it_holds_with_the_starts_that_fall_short_as_its_caveat(draw):
    finding = judge()
    assert finding.verdict == Verdict.CAVEAT
    assert "3 steps by LSTM, forget bias 1" in finding.caveat  # 1 / 0.3
    draw("careful_start", finding)
    clean = judge(sparse_large=-0.005, lstm_0=-0.005, lstm_1=-0.005)
    assert (clean.verdict, clean.caveat) == (Verdict.HOLDS, "")


@pytest.mark.parametrize("rate", [-0.02, 0.02], ids=["vanishes", "explodes"])
def test_a_start_that_vanishes_or_explodes_is_a_lost_case(plain, rate):
    finding = judge(orthogonal=rate)
    assert ". No for orthogonal, small input (" in plain(finding)
    assert finding.verdict == Verdict.CAVEAT
    assert finding.caveat.startswith(f"it does not hold for {ORTHOGONAL};")
    twin = judge(orthogonal_scaled=rate)
    assert twin.caveat.startswith(f"it does not hold for {ORTHOGONAL};"), "the same net in other coordinates"


def test_it_fails_if_no_start_carries_or_the_plain_one_does(plain):
    lost = judge(sparse_small=-0.1, orthogonal=-0.1, lstm_chrono=-0.1)
    assert "? No for sparse, radius 1.1, small input (4.5e-05 arrives; mean 0.12), orthogonal" in plain(lost)
    assert lost.verdict == Verdict.FAILS
    assert judge(plain=0.0).verdict == Verdict.FAILS
    assert judge(orthogonal_same=0.0).verdict == Verdict.FAILS


def test_the_bar_is_that_of_a_unit_which_forgets_over_the_lag():
    kept = 1.0
    for _ in range(100):
        kept -= kept / 100
    assert carried.least(100) == pytest.approx(kept)
    assert carried.least(100) * carried.greatest(100) == pytest.approx(1)
    assert carried.least(10**6) == pytest.approx(np.exp(-1), rel=1e-5)


def test_the_norm_is_that_of_finite_differences():
    """The second way: no Jacobian at all, two runs of the net per direction of its state."""
    start = careful_start.STARTS["sparse_small"]
    ours, mean = (logs[-1] for logs in careful_start.decays(start, 1, settle=4, lag=3))
    x, params, shape = inputs(start, 1, 7)
    states = run(params, x[:4], np.zeros((1, shape)))
    bumps, size = np.eye(shape), 1e-5
    ahead, behind = (run(params, x[4:], states + sign * size * bumps) for sign in (1, -1))
    slopes = (ahead - behind) / (2 * size)
    assert ours == pytest.approx(np.log(np.linalg.norm(slopes, 2)), abs=1e-6)
    assert mean == pytest.approx(np.log(np.sqrt(np.square(slopes).sum(1).mean())), abs=1e-6), "over all directions"


def inputs(start, seed, steps):
    task = registry.get("tasks", careful_start.TASK)
    x = task.sample(stream(seed, "lecture", "careful_start", "input"), steps, 1).x[:, 0].astype(float)
    outputs, hidden = len(task.traits.target_mean), start.cell.hidden
    shapes = {**start.cell.shapes(x.shape[1]), "W_hy": (hidden, outputs), "b_y": (outputs,)}
    return x, start.init.draw(stream(seed, "lecture", "careful_start", "init"), shapes), hidden


def run(params, x, h):
    for row in x:
        h = np.tanh(h @ params["W_hh"] + row @ params["W_xh"] + params["b_h"])
    return h


def test_a_start_and_its_logistic_twin_decay_alike():
    starts = careful_start.STARTS
    ours = careful_start.decays(starts["sparse_small"], 0, settle=5, lag=10)[0]
    twin = careful_start.decays(starts["sparse_small_scaled"], 0, settle=5, lag=10)[0]
    np.testing.assert_allclose(ours, twin, atol=1e-10)


def test_every_logistic_start_names_its_origin():
    logistic = [start for start in careful_start.STARTS.values() if start.units == "logistic"]
    assert len(logistic) == 8
    assert all(careful_start.STARTS[start.origin].units == "tanh" for start in logistic)


def test_orthogonal_weights_are_orthogonal():
    shapes = {"W_hh": (8, 8), "W_xh": (2, 8), "b_h": (8,)}
    weights = careful_start.Orthogonal(0.1).draw(stream(10, "test"), shapes)["W_hh"]
    np.testing.assert_allclose(weights @ weights.T, np.eye(8), atol=1e-14)


def test_the_start_is_orthogonal_for_any_draw():
    """Also one whose QR has a zero on the diagonal of R, which has no sign."""

    class Zeros:
        standard_normal = staticmethod(np.zeros)

    weights = careful_start.Orthogonal(0.1).draw(Zeros(), {"W_hh": (3, 3), "W_xh": (2, 3)})["W_hh"]
    np.testing.assert_array_equal(weights @ weights.T, np.eye(3))
