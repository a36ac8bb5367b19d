"""Claim 7: attractors."""

from __future__ import annotations

from dataclasses import replace

import pytest

from longlag.lecture import attractors
from longlag.lecture.base import Verdict

GOOD = attractors.Rates(watershed=1.5, watershed_off=0.01, inside=0.4, inside_off=0.01, zero=1.0, huge=1e9)


def test_measured_small_it_fails_for_want_of_trained_nets(draw, missed):
    finding = attractors.measure([0], updates=3, points=9)
    assert missed(finding) == [number.name for number in finding.numbers[8:] if number.threshold]
    assert finding.caveat == "1 of 1 trained nets did not learn to hold the bit"
    draw("attractors", finding, smallest=6.5)


def test_it_holds_if_both_kinds_of_nets_meet_their_thresholds():
    latch = attractors.latched(0, updates=1)
    held = replace(latch, wrong=0.0)
    assert attractors.judge([held], [GOOD], [GOOD], {}).verdict == Verdict.HOLDS
    assert attractors.judge([held, latch], [GOOD], [GOOD], {}).verdict == Verdict.CAVEAT
    without = attractors.judge([held, held], [GOOD], [GOOD], {})
    assert without.caveat == "1 hold it without two attractors"


@pytest.mark.parametrize(
    "bad",
    [{"watershed_off": 0.06}, {"inside_off": 0.06}, {"zero": 0.98}, {"huge": 1e6}],
    ids=lambda bad: next(iter(bad)),
)
def test_a_wrong_rate_does_not_pass(bad):
    assert all(number.met is not False for number in attractors.thresholds("x", [GOOD]))
    found = attractors.thresholds("x", [GOOD, replace(GOOD, **bad)])
    assert [number.met for number in found].count(False) == 1


def test_nothing_measured_does_not_pass():
    assert [number.met for number in attractors.thresholds("x", [])].count(False) == 4
