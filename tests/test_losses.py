"""Losses: derivatives and curvature against automatic differentiation, and what counts as wrong."""

import pytest
import torch

from longlag.errors import LonglagError
from longlag.losses import CrossEntropy, LogisticError, OneHotError, SquaredError

R, K, B, O = 2, 3, 4, 5
CASES = [
    (SquaredError(0.04), torch.randn(R, K, B, O, generator=torch.Generator().manual_seed(1), dtype=torch.float64)),
    (CrossEntropy(O), torch.randint(O, (R, K, B), generator=torch.Generator().manual_seed(2))),
    (OneHotError(O), torch.randint(O, (R, K, B), generator=torch.Generator().manual_seed(3))),
]


def outputs():
    return torch.randn(R, K, B, O, generator=torch.Generator().manual_seed(0), dtype=torch.float64)


@pytest.mark.parametrize(("loss", "y"), CASES, ids=lambda c: getattr(c, "name", ""))
def test_gradient_and_hessian_product(loss, y):
    z, v = outputs(), outputs().flip(0)
    gradient = torch.autograd.functional.jacobian(lambda z: loss.value(z, y).sum(), z)
    torch.testing.assert_close(loss.gradient(z, y), gradient, rtol=1e-12, atol=1e-14)
    product = torch.autograd.functional.hvp(lambda z: loss.value(z, y).sum(), z, v)[1]
    torch.testing.assert_close(loss.hessian_product(z, v), product, rtol=1e-12, atol=1e-14)
    assert (loss.hessian_product(z, v) * v).sum() >= 0


@pytest.mark.parametrize(("loss", "y"), CASES, ids=lambda c: getattr(c, "name", ""))
def test_value_is_a_mean_over_steps_and_sequences(loss, y):
    z = outputs()
    singly = torch.stack(
        [loss.value(z[:, k : k + 1, b : b + 1], y[:, k : k + 1, b : b + 1]) for k in range(K) for b in range(B)]
    )
    torch.testing.assert_close(loss.value(z, y), singly.mean(0))


def test_wrong_at_the_edge_of_the_tolerance():
    y = torch.zeros(1, 1, 4, 1)
    z = torch.tensor([0.04, 0.0400001, -0.05, float("nan")]).reshape(1, 1, 4, 1)
    assert SquaredError(0.04).wrong(z, y).flatten().tolist() == [False, True, True, True]


def test_wrong_class_and_encoding():
    y = torch.tensor([[[0, 2]]])
    z = torch.tensor([[[[3.0, 1, 0], [3.0, 1, 0]]]])
    for loss in (CrossEntropy(3), OneHotError(3)):
        assert loss.wrong(z, y).tolist() == [[[False, True]]]
        assert loss.encode(y).tolist() == [[[[1, 0, 0], [0, 0, 1]]]]


OF_LOGISTIC = [
    (LogisticError(0.04), torch.rand(R, K, B, O, generator=torch.Generator().manual_seed(1), dtype=torch.float64)),
    (LogisticError(0.3, O), torch.randint(O, (R, K, B), generator=torch.Generator().manual_seed(2))),
]


@pytest.mark.parametrize(("loss", "y"), OF_LOGISTIC)
def test_logistic_error_is_half_the_squared_error_of_logistic_outputs(loss, y):
    """Its curvature is the Gauss-Newton part, J' J of the logistic outputs."""
    z, v = outputs(), outputs().flip(0)
    aims = torch.nn.functional.one_hot(y, O).double() if loss.classes else y
    each = (z.sigmoid() - aims).square().sum(-1) / 2
    torch.testing.assert_close(loss.value(z, y), each.mean((1, 2)))
    gradient = torch.autograd.functional.jacobian(lambda z: loss.value(z, y).sum(), z)
    torch.testing.assert_close(loss.gradient(z, y), gradient, rtol=1e-12, atol=1e-14)
    pushed = torch.autograd.functional.jvp(torch.sigmoid, z, v)[1]
    back = torch.autograd.functional.vjp(torch.sigmoid, z, pushed)[1] / (K * B)
    torch.testing.assert_close(loss.hessian_product(z, v), back, rtol=1e-12, atol=1e-14)
    assert not loss.wrong(loss.encode(y), y).any()


def test_all_logistic_outputs_must_be_within_the_tolerance():
    y = torch.tensor([[[0, 0, 0]]])
    s = torch.tensor([[[[0.71, 0.29], [0.69, 0.1], [0.9, 0.31]]]])
    assert LogisticError(0.3, 2).wrong(s.logit(), y).tolist() == [[[False, True, True]]]
    assert LogisticError(0.3, 2).wrong(torch.full_like(s, float("nan")), y).all()


@pytest.mark.parametrize("loss", [CrossEntropy(2), OneHotError(2)], ids=lambda loss: loss.name)
@pytest.mark.parametrize("found", [[float("nan")] * 2, [float("nan"), 0.0], [0.0, float("nan")]])
def test_an_output_that_is_not_a_number_is_no_right_answer(loss, found):
    for label in (0, 1):
        assert loss.wrong(torch.tensor([[[found]]]), torch.tensor([[[label]]])).all()


NUMBERS = torch.zeros(1, 1, 6, 1)
SCORES = torch.zeros(1, 1, 6, 3)
CLASSES = torch.zeros(1, 1, 6, dtype=torch.int64)


@pytest.mark.parametrize(
    ("loss", "outputs", "targets", "words"),
    [
        (SquaredError(0.04), NUMBERS, NUMBERS[..., 0], "unsqueeze"),  # broadcasts to [6, 6]
        (SquaredError(0.04), NUMBERS, NUMBERS[:, :, :1], "real targets"),
        (SquaredError(0.04), SCORES, NUMBERS, "real targets"),
        (SquaredError(0.04), NUMBERS, NUMBERS > 0, "torch.bool"),
        (SquaredError(0.04), NUMBERS.long(), NUMBERS, "floating-point"),
        (SquaredError(0.04), NUMBERS[:, :, :0], NUMBERS[:, :, :0], "no number"),
        *(
            (loss, *case)
            for loss in (CrossEntropy(3), OneHotError(3))
            for case in (
                (SCORES, CLASSES[:, :, :4], "class targets"),  # shorter
                (SCORES, CLASSES.unsqueeze(-1), "class targets"),
                (SCORES, CLASSES.float(), "torch.int64"),
                (SCORES, CLASSES.int(), "long"),
                (SCORES, CLASSES + 3, "class 3 .* 0 to 2"),
                (SCORES, CLASSES - 1, "class -1 .* 0 to 2"),
                (SCORES[..., :2], CLASSES, "3 classes .* not 2"),
            )
        ),
    ],
)
@pytest.mark.parametrize("ask", ["value", "gradient", "wrong"])
def test_what_does_not_fit_is_refused_with_a_sentence(loss, outputs, targets, words, ask):
    with pytest.raises(LonglagError, match=words):
        getattr(loss, ask)(outputs, targets)


def test_whole_numbers_are_targets_of_squared_error():
    assert SquaredError(0.04).value(NUMBERS, torch.ones_like(NUMBERS, dtype=torch.int64)).tolist() == [1.0]
