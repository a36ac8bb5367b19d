"""Claim 9: small gradient and even smaller curvature."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from longlag.lecture import hf_directions
from longlag.lecture.base import Verdict
from longlag.rng import stream

EXPONENT = "exponent of gradient against curvature"
HIDDEN = "directions of small gradient, even smaller curvature"
GAIN = "over that by the best gradient step"


def test_lanczos_finds_what_a_dense_eigensolver_finds():
    rng = stream(0, "test")
    root = torch.tensor(rng.standard_normal((12, 12)))
    matrix, start = root @ root.T, torch.tensor(rng.standard_normal(12))
    values, vectors = hf_directions.lanczos(lambda v: matrix @ v, start, 40)
    np.testing.assert_allclose(values.numpy(), np.linalg.eigvalsh(matrix)[::-1], rtol=1e-9)
    np.testing.assert_allclose((vectors @ vectors.T).numpy(), np.eye(12), atol=1e-10)
    few, directions = hf_directions.lanczos(lambda v: matrix @ v, start, 4)
    curved = torch.einsum("kp,pq,kq->k", directions, matrix, directions)
    np.testing.assert_allclose(few.numpy(), curved.numpy(), rtol=1e-9)  # curvature, converged or not


def test_an_operator_of_low_rank_ends_the_recurrence():
    v = torch.tensor([1.0, 2.0, 2.0], dtype=torch.float64)
    values, _ = hf_directions.lanczos(lambda x: v * (v @ x), v, 10)
    assert values.tolist() == pytest.approx([9.0])


def plateau(exponent=0.5, second=1.0):
    """Gradients that fall like curvature^exponent; one step of HF gains `second`, one of descent 0.1."""
    curvature = np.geomspace(100, 1e-4, 30)
    gradient = curvature**exponent
    return hf_directions.Plateau(curvature, gradient, second * gradient / curvature, gradient / 100, 1.0, second, 0.1)


GONE = [plateau(second=1e-3)]  # the control's start: a step gains next to nothing


def test_it_holds_with_what_is_gone_as_its_caveat():
    assert plateau(0.5).exponent == pytest.approx(0.5)
    assert hf_directions.judge([plateau()], GONE).verdict == Verdict.CAVEAT
    assert hf_directions.judge([plateau()], [plateau()]).verdict == Verdict.HOLDS


@pytest.mark.parametrize(
    ("other", "names"),
    [
        (plateau(1.5), [EXPONENT, HIDDEN]),  # the gradient falls faster than the curvature
        (plateau(0.0), [HIDDEN]),  # no gradient is small
        (plateau(second=0.05), [GAIN]),  # a step of HF gains less than one of descent
    ],
    ids=["too steep", "no small gradient", "no gain"],
)
def test_it_fails_on_a_single_seed(missed, other, names):
    assert missed(hf_directions.judge([plateau(), other], GONE)) == names


def test_measured_small(draw):
    finding = hf_directions.measure([0], lag=10, updates=1, k=4, sequences=20)
    assert len(finding.series["curvature"][0]) == 4
    draw("hf_directions", finding)
