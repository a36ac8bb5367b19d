"""Denormal numbers are flushed while a net is trained, and not while the caller handles what a run yields."""

import os

import pytest
import torch

from longlag.engine import denormals
from longlag.engine.provenance import provenance
from longlag.engine.train import run
from longlag.errors import LonglagError
from toy import spec

CANNOT = not torch.set_flush_denormal(False)


@pytest.mark.skipif(CANNOT, reason="this processor cannot flush denormal numbers")
def test_they_are_flushed_while_a_net_is_trained_and_come_back(monkeypatch):
    for chosen, during in (("flush", True), ("keep", False)):
        monkeypatch.setenv(denormals.VARIABLE, chosen)
        inside, outside = [], []

        def driver(block, inside=inside):
            for event in block.train():
                inside.append(denormals.flushing())
                yield event

        for _ in run(spec("control", "adding", lag=12, budget=600.0), driver):
            outside.append(denormals.flushing())
        assert set(inside) == {during}
        assert set(outside) == {False}
        assert not denormals.flushing()


def test_a_word_that_is_neither_is_refused(monkeypatch):
    monkeypatch.setenv(denormals.VARIABLE, "perhaps")
    with pytest.raises(LonglagError, match="LONGLAG_DENORMALS is 'perhaps'; it may be flush or keep"):
        denormals.mode()


def test_rows_say_which_it_was():
    assert provenance("cpu")["blas"].endswith(f"denormals: {os.environ.get(denormals.VARIABLE, 'flush')}")
