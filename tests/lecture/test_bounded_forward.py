"""Claim 1: squashing bounds the forward pass."""

from __future__ import annotations

from dataclasses import replace

from longlag.lecture import bounded_forward
from longlag.lecture.base import Verdict
from longlag.lecture.tools import rounding
from longlag.lecture.tools.nets import LINEAR, LOGISTIC, UNITS

SCALES = bounded_forward.SCALES


def test_it_holds_with_rounding_as_its_caveat(draw):
    finding = bounded_forward.measure([0])
    assert finding.verdict == Verdict.CAVEAT
    draw("bounded_forward", finding)


def test_it_fails_for_units_that_leave_their_range(missed):
    sweeps = {unit.name: [bounded_forward.sweep(unit, 0, steps=5)] for unit in (*UNITS, LINEAR)}
    leaky = replace(sweeps["tanh"][0], filled=[1.0000001] * len(SCALES))
    assert missed(bounded_forward.judge(sweeps | {"tanh": [leaky]})) == ["tanh: largest activity, any scale"]
    inside = {name: [replace(found[0], filled=[0.9] * len(SCALES))] for name, found in sweeps.items()}
    assert bounded_forward.judge(inside).verdict == Verdict.HOLDS


def test_the_margin_is_measured_without_rounding():
    found = bounded_forward.sweep(LOGISTIC, 0, steps=3)
    scale = SCALES.index(10.0)
    assert found.filled[scale] <= 1
    assert 0 < found.margin[scale] < rounding.UNIT_ROUNDOFF
