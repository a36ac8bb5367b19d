"""Losses are checked when they are named."""

import re
from functools import partial

import pytest
import torch
from torch import nn

from longlag import losses
from longlag.errors import LonglagError
from longlag.torch_optim import HessianFree
from longlag.torch_optim.criteria import _REFUSED_FUNCTIONS, REFUSED, criterion


@pytest.mark.parametrize("loss", REFUSED, ids=lambda loss: loss.__name__)
def test_losses_without_a_useful_matrix_are_refused_with_a_remedy(loss):
    words = f"Hessian-Free cannot use {loss.__name__}: .*; (use|return)|Hessian-Free cannot use {loss.__name__}: its"
    with pytest.raises(LonglagError, match=words):
        HessianFree(nn.Linear(1, 1).parameters(), loss())


@pytest.mark.parametrize(("loss", "kind"), _REFUSED_FUNCTIONS.items(), ids=lambda value: value.__name__)
def test_functions_without_a_useful_matrix_are_refused_as_the_losses_are(loss, kind):
    for given in (loss, partial(loss, reduction="sum")):
        with pytest.raises(LonglagError, match=re.escape(f"cannot use {loss.__name__}: {REFUSED[kind]}")):
            HessianFree(nn.Linear(1, 1).parameters(), given)


def test_every_refused_loss_has_its_function():
    assert {*_REFUSED_FUNCTIONS.values()} == {*REFUSED}


@pytest.mark.parametrize(
    ("loss", "words"),
    [
        (nn.CrossEntropyLoss, "loss is the class CrossEntropyLoss; write CrossEntropyLoss()"),
        (losses.CrossEntropy(2), "belongs to longlag.functional.fit; pass one of torch"),
        ("mse", "loss cannot be 'mse'"),
        (nn.MSELoss(reduction="none"), "reduction of MSELoss cannot be 'none'; it must be 'mean' or 'sum'"),
        (nn.SmoothL1Loss(beta=0.0), "beta of SmoothL1Loss cannot be 0"),
        (nn.CrossEntropyLoss(weight=torch.tensor([1.0, -1.0])), "weight of CrossEntropyLoss must not be negative"),
        (nn.BCEWithLogitsLoss(pos_weight=torch.tensor(-1.0)), "pos_weight of BCEWithLogitsLoss must not be negative"),
    ],
)
def test_losses_are_checked_at_once(loss, words):
    with pytest.raises(LonglagError, match=re.escape(words)):
        HessianFree(nn.Linear(1, 1).parameters(), loss)


def test_a_function_of_torch_is_the_loss_of_its_name():
    """So that a mean over unequal pieces of a padded batch is that of the whole."""
    assert isinstance(criterion(nn.functional.cross_entropy).function, nn.CrossEntropyLoss)
    outputs, targets = torch.randn(4, 2, 3), torch.tensor([[0, 1, 1], [1, -100, -100], [0, 0, 1], [1, 0, -100]])
    loss = criterion(nn.functional.cross_entropy)
    assert loss(outputs, targets) == nn.CrossEntropyLoss()(outputs, targets)
    assert loss.weight(outputs, targets) == 9


def test_a_partial_of_a_function_of_torch_is_the_loss_of_its_name_with_these_settings():
    found = criterion(partial(nn.functional.huber_loss, delta=2.0, reduction="sum"))
    assert isinstance(found.function, nn.HuberLoss)
    assert (found.function.delta, found.mean, found.known) == (2.0, False, True)
    targets = torch.ones(3)
    own = partial(nn.functional.mse_loss, target=targets)  # more than a setting
    assert criterion(own).function is own
    with pytest.raises(LonglagError, match="reduction of MSELoss cannot be 'none'"):
        criterion(partial(nn.functional.mse_loss, reduction="none"))


def test_classes_in_the_last_axis_are_told_where_they_belong():
    loss = criterion(nn.CrossEntropyLoss())
    with pytest.raises(LonglagError, match=r"the classes in the last axis; .* in axis 1, .*outputs.movedim\(-1, 1\)"):
        loss(torch.randn(40, 5, 2), torch.zeros(40, 5, dtype=torch.int64))
    assert loss(torch.randn(4, 5, 5), torch.zeros(4, 5, dtype=torch.int64)) > 0  # either axis could be meant
