"""Claim 1: squashing bounds the forward pass, and what that costs."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest

from longlag.lecture import bounded_forward
from longlag.lecture.tools.nets import LINEAR, LOGISTIC, TANH, UNITS
from longlag.lecture.tools.numbers import Verdict

SCALES = bounded_forward.SCALES


@pytest.fixture(scope="module")
def sweeps():
    return {unit.name: [bounded_forward.sweep(unit, 0, steps=20)] * 5 for unit in (*UNITS, LINEAR)}


def test_it_holds_with_the_slopes_and_rounding_as_its_caveat(draw):
    finding = bounded_forward.measure(range(5))
    assert finding.verdict == Verdict.CAVEAT
    assert "the bound is a definition, and its price is the slope" in finding.caveat
    assert (
        "tanh units are rounded to the end of their range from scale 3.16 on, where the median net is 10^-23 of"
        in finding.caveat
    )
    draw("bounded_forward", finding)


def test_one_state_beyond_the_range_refutes_it_and_so_do_linear_units_that_stay(missed, sweeps):
    leaky = replace(sweeps["tanh"][0], filled=[1.0000001] * len(SCALES))
    outside = sweeps | {"tanh": [leaky, *sweeps["tanh"][1:]]}
    assert missed(bounded_forward.judge(outside)) == ["tanh: largest activity, any scale"]
    quiet = [replace(found, log10_final=[-1.0] * len(SCALES)) for found in sweeps["linear"]]
    assert missed(bounded_forward.judge(sweeps | {"linear": quiet})) == [
        "linear: largest activity at step 100, scale 10"
    ]


@pytest.mark.parametrize("a", [0.1, 1, 9, 36, 60])
def test_margins_are_those_of_exact_arithmetic(a):
    """The second way: e^-a as a fraction of a long series, and 1 - |f| by fractions, without rounding."""
    small = power(Fraction(a).limit_denominator(10))
    logistic, tanh = 2 * small / (1 + small), 2 * small**2 / (1 + small**2)
    for unit, exact in ((LOGISTIC, logistic), (TANH, tanh)):
        ours = bounded_forward.log10_margin(unit, np.array([a, -a]))
        np.testing.assert_allclose(ours, log10(exact), atol=1e-9)


def power(a):
    """e^-a by its series, to more digits than any float has."""
    total, term = Fraction(1), Fraction(1)
    for k in range(1, 400):
        term *= a / k
        total += term
    return 1 / total


def log10(share):
    digits = len(str(share.denominator // share.numerator)) + 20
    return np.log10(float(share * 10**digits)) - digits


def test_mean_slopes_fall_as_theory_says(sweeps):
    wide = SCALES.index(10.0)
    for unit in UNITS:
        (found, *_) = sweeps[unit.name]
        assert found.slope[wide] == pytest.approx(found.slope_by_theory[wide], rel=0.15)
        assert found.slope[0] > 0.9
