"""Claim 10: an impulse reverberates in an echo state network."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from longlag.lecture import echo
from longlag.lecture.tools.nets import TANH, Net
from longlag.lecture.tools.numbers import Verdict
from longlag.rng import stream


def test_the_capacity_of_a_delay_line_is_its_length():
    units = 6
    line = Net(TANH, np.eye(units, k=1), 1e-4 * np.eye(units)[:1], np.zeros(units))
    found = echo.capacity(line, stream(0, "test"), 500, 10)
    np.testing.assert_allclose(found[: units - 1], 1, atol=1e-4)  # h_t holds u_t itself and five before
    assert found[units:].max() < 0.05


def test_the_capacity_is_that_of_least_squares_and_correlations():
    """The second way: numpy's least squares with an intercept, delay by delay, and numpy's correlation."""
    net, steps, delays = echo.reservoir(0, 12, 0.9, 0.1), 400, 8
    found = echo.capacity(net, stream(1, "test"), steps, delays, penalty=0.0)
    u = stream(1, "test").uniform(-0.5, 0.5, size=2 * steps + delays)
    heard = np.column_stack([echo.states(net, u), np.ones(len(u))])[delays:]
    for k in range(1, delays + 1):
        wanted = u[delays - k : len(u) - k]
        weights, *_ = np.linalg.lstsq(heard[:steps], wanted[:steps], rcond=None)
        correlation = np.corrcoef(heard[steps:] @ weights, wanted[steps:])[0, 1]
        assert found[k - 1] == pytest.approx(correlation**2, rel=0.02, abs=1e-4)


def test_the_echo_of_one_unit_is_a_power():
    net = Net(TANH, np.array([[0.5]]), np.array([[1.0]]), np.zeros(1))
    norms = echo.echo(net, 20, impulse=1e-6)
    np.testing.assert_allclose(norms, 0.5 ** np.arange(20), rtol=1e-6)
    assert echo.rate(norms) == pytest.approx(0.5)
    assert echo.length(norms) == 10  # 2^-9 is more than a thousandth, 2^-10 less


def test_the_free_run_starts_where_teacher_forcing_ended():
    made = echo.generator(0, periods=2)
    assert made.error < 0.1
    assert made.changed == 0
    np.testing.assert_allclose(made.drawn[:40], echo.eight(700 + 40)[700:], atol=0.05)


STEPS, NETS = np.arange(40), 5


def echoes(shrink=1.0):
    return np.array([[np.full(40, 1.0) if r >= 1 else (shrink * r) ** STEPS for r in echo.RADII]] * NETS)


GOOD = echo.Echoes(
    echoes=echoes(),
    by_radius=np.array([[5.0, 6, 7, 8, 9, 9]] * NETS),
    by_size=np.array([[10.0, 20, 30, 40]] * NETS),
    sizes=(25, 50, 100, 200),
    spectra=[np.array([0.95])] * NETS,
    generators=[echo.Generator(np.zeros((1, 2)), 0.01, 0)] * NETS,
    careless={},
)
RATE, BOUND = "rate of the echo over the spectral radius, largest deviation", "largest capacity, in units of N"


@pytest.mark.parametrize(
    ("change", "names"),
    [
        ({}, []),
        ({"echoes": echoes(0.9)}, [RATE]),
        ({"by_radius": GOOD.by_radius[:, ::-1]}, ["capacity at radius 0.95 over that at 0.5"]),
        ({"by_radius": 10 * GOOD.by_radius}, [BOUND]),
        ({"by_size": GOOD.by_size[:, ::-1] / 2}, ["capacity of the largest net over the smallest's"]),
        (
            {"generators": [replace(GOOD.generators[0], error=0.2)] * NETS},
            ["error of the figure eight, 25 periods on its own"],
        ),
        (
            {"generators": [*GOOD.generators[1:], replace(GOOD.generators[0], changed=1)]},
            ["weights changed outside the readout"],
        ),
    ],
)
def test_it_holds_or_fails_for_the_right_reason(missed, change, names):
    finding = echo.judge(replace(GOOD, **change))
    assert missed(finding) == names
    assert (finding.verdict == Verdict.HOLDS) == (not names)


def test_measured_small(draw):
    finding = echo.measure([0], steps=60, fitted=150, sizes=(10, 20))
    draw("echo", finding, smallest=6, anywhere=("0.9",))
    radii = np.array(finding.series["radii"])
    fading = np.minimum(np.arange(151) * np.log10(radii)[:, None], 2.4)  # as the echoes of many nets do in the median
    draw("echo", replace(finding, series={**finding.series, "echoes": fading[None]}), smallest=6)
