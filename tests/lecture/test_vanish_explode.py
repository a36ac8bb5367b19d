"""Claim 4: small weights vanish, big weights explode."""

from __future__ import annotations

import math

import numpy as np
import pytest

from longlag.lecture import vanish_explode
from longlag.lecture.tools.nets import LOGISTIC, TANH, UNITS, Net, gaussian
from longlag.lecture.tools.numbers import Verdict
from longlag.rng import stream

FACTORS = vanish_explode.FACTORS


def decay(rate, excess=-1.0, lag=20):
    norms = rate * np.arange(lag + 1) / math.log(10)
    return vanish_explode.Decay(norms, rate, 1.0, excess, 1.0, rate, rate - 1)


def sweeps(big=0.2, small=-4.0, basin=-0.1, excess=-1.0):
    """Five seeds of each unit with these rates."""
    rates = [small if factor < 0.7 else big if factor > 1.4 else 0.0 for factor in FACTORS]
    random = [decay(rate, excess if rate == small else math.nan) for rate in rates]
    one = vanish_explode.Sweep(random, [decay(basin) for factor in FACTORS if factor >= vanish_explode.BIG])
    return {unit: [one] * 5 for unit in UNITS}


def each(name):
    return [f"{unit.name}: {name}" for unit in UNITS]


def test_it_holds_with_the_basin_as_its_caveat(draw):
    finding = vanish_explode.judge(sweeps())
    assert finding.verdict == Verdict.CAVEAT
    assert "basin" in finding.caveat
    assert (
        "the thresholds ask only for the sign of a rate: neither how straight the lines are (R² of the least straight net: 1.00)"
        in (finding.caveat)
    )
    draw("vanish_explode", finding, anywhere=("×0.125", "×0.5", "critical", "×2", "×4"))  # of lines with one rate


def test_no_line_crosses_the_name_of_another(draw):
    random = [decay(rate * 0.6, lag=100) for rate in np.log(FACTORS)]
    one = vanish_explode.Sweep(random, [decay(-0.7, lag=100) for factor in FACTORS if factor >= vanish_explode.BIG])
    draw("vanish_explode", vanish_explode.judge({unit: [one] * 5 for unit in UNITS}))


def test_it_needs_both_signs_in_most_nets(missed):
    assert missed(vanish_explode.judge(sweeps(big=-0.01))) == each("smallest rate at big weights")
    assert missed(vanish_explode.judge(sweeps(small=0.01))) == each("largest rate at small weights")
    one_bad = {unit: 3 * found + sweeps(big=-0.01)[unit][:1] for unit, found in sweeps().items()}
    finding = vanish_explode.judge(one_bad)
    assert finding.verdict == Verdict.CAVEAT
    assert "1 of 16 nets misses “tanh: smallest rate at big weights”" in finding.caveat


def test_it_fails_if_a_gradient_explodes_in_a_basin(missed):
    finding = vanish_explode.judge(sweeps(basin=0.01))
    assert missed(finding) == each("largest rate in a basin, big weights")
    assert finding.caveat == ""


@pytest.mark.parametrize("excess", [0.1, math.nan], ids=["above the bound", "nowhere a bound"])
def test_it_fails_if_the_bound_is_broken_or_never_tested(missed, excess):
    assert missed(vanish_explode.judge(sweeps(excess=excess))) == each("ln norm above its bound")


def test_the_bound_is_a_straight_line_where_it_promises_vanishing():
    logs = -0.5 * np.arange(10.0)
    assert vanish_explode.excess(logs, math.exp(-0.5)) == pytest.approx(0)
    assert vanish_explode.excess(logs, math.exp(-0.6)) == pytest.approx(0.9)
    assert math.isnan(vanish_explode.excess(logs, 1.0))


def test_a_net_of_separate_units_decays_as_is_known():
    net = Net(TANH, np.diag([0.5, 0.25, 0.1]), np.zeros((0, 3)), np.zeros(3))
    found = vanish_explode.decay(net, np.zeros((1, 3)), settle=3, lag=30)
    np.testing.assert_allclose(found.log10_norms, -math.log10(2) * np.arange(31), atol=1e-12)
    assert (found.rate, found.spectral_radius) == pytest.approx((-math.log(2), 0.5))
    assert found.excess == pytest.approx(0, abs=1e-12)
    assert found.lyapunov_largest == pytest.approx(-math.log(2))
    assert found.lyapunov_mean == pytest.approx(np.log([0.5, 0.25, 0.1]).mean())


@pytest.mark.parametrize("factor", [0.5, 4.0])
def test_the_gradient_s_norm_is_that_of_finite_differences(factor):
    """The second way: no Jacobian at all, two runs of the net per unit."""
    net, start = gaussian(stream(4, "test"), TANH, 8, 0, factor), 0.5 * stream(5, "test").standard_normal((1, 8))
    ours = vanish_explode.decay(net, start, settle=4, lag=5).log10_norms[-1]
    states, size = net.run(np.zeros((4, 1, 0)), start).h[-1], 1e-5

    def end(h):
        return net.run(np.zeros((5, len(h), 0)), h).h[-1]

    jacobian = (end(states + size * np.eye(8)) - end(states - size * np.eye(8))) / (2 * size)
    assert ours == pytest.approx(np.log10(np.linalg.norm(jacobian, 2)), abs=1e-5)


def test_symmetric_weights_are_as_large_as_before():
    big = vanish_explode.symmetric(gaussian(stream(9, "test"), LOGISTIC, 40, 0, 40.0))
    assert (big.W_hh == big.W_hh.T).all()
    assert big.W_hh.std() == pytest.approx(40 / math.sqrt(40), rel=0.1)
