"""Scores of parameters: what is counted, over which sequences, and at which steps."""

import dataclasses
import math

import numpy as np
import pytest
import torch

from longlag import protocol
from longlag.engine import evaluate
from longlag.engine.data import MONITOR, TEST, Data
from longlag.engine.evaluate import Score
from longlag.engine.spec import resolve
from longlag.store.records import Row
from toy import spec


def data(task, seeds=(0,)):
    return Data(resolve(spec("control", task, seeds=seeds)), seeds)


class Judge:
    """A task whose answers are judged by a function of the targets; it keeps the targets that it was asked about."""

    def __init__(self, task, wrong):
        self._task, self._wrong, self.targets = task, wrong, []
        self.loss = self

    def __getattr__(self, name):
        return getattr(self._task, name)

    def wrong(self, outputs, targets):
        assert outputs.shape[:3] == targets.shape[:3]
        self.targets.append(targets)
        return self._wrong(targets)


def test_a_score_does_not_depend_on_how_sequences_are_cut_into_batches():
    one = data("adding", seeds=(0, 1))
    batch = one.batch(MONITOR, 0, 300)
    with torch.no_grad():
        whole = evaluate.score(one.setup, one.start(), [batch])
        cut = evaluate.score(one.setup, one.start(), [batch.rows(0, 7), batch.rows(7, 290), batch.rows(290, 300)])
    assert whole.sequences == cut.sequences == 300
    np.testing.assert_array_equal(whole.wrong, cut.wrong)
    np.testing.assert_array_equal(whole.symbols, cut.symbols)
    np.testing.assert_allclose(whole.loss, cut.loss, rtol=1e-6)
    assert whole.wrong[0] != whole.wrong[1], "each replica has a score of its own"


def test_every_step_counts_blanks_too(monkeypatch):
    """One wrong blank in every fourth sequence, and all scored answers right: right, but not at every step."""
    monkeypatch.setattr(protocol, "TEST", 200)
    monkeypatch.setattr(protocol, "TEST_EVERY_STEP", 100)
    one = data("memorization_20bit")
    task = one.setup.task
    steps = task.steps(one.setup.spec.lag)

    def wrong(targets):
        misses = torch.zeros(targets.shape, dtype=torch.bool)
        if targets.shape[1] == steps:
            misses[:, 0, ::4] = True
        return misses

    judge = Judge(task, wrong)
    judged = dataclasses.replace(one, setup=dataclasses.replace(one.setup, task=judge))
    with torch.no_grad():
        found = evaluate.final(judged, one.start())
    assert found.wrong[0] == found.symbols[0] == 0
    assert found.every_step[0] == pytest.approx(0.26)  # in pieces of 50 sequences: 13 of each
    assert found.sequences == 300
    whole = [targets for targets in judge.targets if targets.shape[1] == steps]
    batch = one.batch(TEST, 0, 100)
    scored = batch.y.shape[1]
    assert torch.equal(torch.cat([targets[:, -scored:] for targets in whole], 2), batch.y)
    assert all((targets[:, :-scored] == task.idle_class).all() for targets in whole)


def test_every_step_is_unknown_where_blanks_have_no_answer(monkeypatch):
    monkeypatch.setattr(protocol, "TEST", 50)
    one = data("adding")
    with torch.no_grad():
        found = evaluate.final(one, one.start())
    assert math.isnan(found.every_step[0])
    assert found.sequences == 50
    assert found.wrong[0] == evaluate.score(one.setup, one.start(), one.evaluation(TEST, 50)).wrong[0]


def test_a_score_names_columns_of_a_row():
    numbers = [np.array([0.0, value]) for value in (0.1, 0.2, 0.3, 0.4)]
    found = Score(*numbers, sequences=7, by_lag={50: np.array([0.5, 0.25])}).columns(1)
    assert found.pop("test_error_by_lag") == '{"50": 0.25}'
    assert found == {"test_error": 0.1, "test_loss": 0.2, "test_symbol_error": 0.3, "test_error_every_step": 0.4}
    assert found.keys() <= {field.name for field in dataclasses.fields(Row)}
    unknown = Score.unknown(2).columns(0)
    assert unknown.pop("test_error_by_lag") == ""
    assert all(math.isnan(value) for value in unknown.values())
