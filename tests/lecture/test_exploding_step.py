"""Claim 5: an exploding gradient wipes out what a net has learned."""

from __future__ import annotations

import math

import pytest
import torch

from longlag.engine.data import Data
from longlag.lecture import exploding_step
from longlag.lecture.tools.numbers import Verdict
from longlag.lecture.tools.trainee import wrong


def explosion(plain=0.75, clipped=0.05, later=0.7):
    errors = {"before": [0.2, 0.1], "plain": [plain, later], "clipped": [clipped, 0.0]}
    norms = {"before": [1.0], "plain": [30.0, 2.0], "clipped": [30.0, 1.0]}
    by_rate = {"plain": [0.1, 0.2, plain, 0.75, 0.75], "clipped": [0.1, 0.1, clipped, 0.1, 0.3]}
    return exploding_step.Explosion(7, 30.0, 1.5, 1.2, errors, norms, by_rate)


GOOD = {"logistic": [explosion()] * 5, "tanh": [explosion()] * 5}
LOST = "knowledge lost in the step"


def test_it_holds_if_the_step_wipes_out_and_clipping_keeps(draw):
    finding = exploding_step.judge(GOOD, 0.75)
    assert finding.verdict == Verdict.HOLDS
    assert finding.numbers[0].value == pytest.approx(1)
    assert finding.numbers[1].value == pytest.approx(-0.05 / 0.65)
    assert finding.numbers[2].value == pytest.approx(0), "at the slowest rate"
    assert "Within 60 updates 0 of 10 nets reach their old score again." in finding.plain
    back = exploding_step.judge(GOOD | {"tanh": [explosion(), explosion(later=0.1)] * 2}, 0.75)
    assert "Within 60 updates 2 of 9 nets reach" in back.plain
    draw("exploding_step", finding)


def test_it_fails_if_nothing_is_lost_or_clipping_does_not_help(missed):
    kept = GOOD | {"tanh": [explosion(plain=0.3)] * 5}
    assert missed(exploding_step.judge(kept, 0.75)) == [f"tanh: {LOST}, no clipping"]
    useless = GOOD | {"logistic": [explosion(clipped=0.7)] * 5}
    assert missed(exploding_step.judge(useless, 0.75)) == [f"logistic: {LOST}, clipped"]


def test_nets_that_never_learn_are_its_caveat_and_leave_it_open_if_none_learns(draw):
    partial = exploding_step.judge(GOOD | {"tanh": [*GOOD["tanh"], None]}, 0.75)
    assert partial.verdict == Verdict.CAVEAT
    assert partial.caveat.startswith("1 of 6 nets of tanh units (seed 5) have no exploding step after learning")
    none = exploding_step.judge(GOOD | {"tanh": [None] * 5}, 0.75)
    assert none.verdict == Verdict.UNDECIDED
    draw("exploding_step", none)


@pytest.mark.parametrize("unit", ["logistic", "tanh"])
def test_it_follows_the_library_s_own_training(monkeypatch, unit):
    """The second way: the library's optimiser, and a gradient by the cell's definition alone.

    The plain way is the course itself; the clipped way leaves it by a shorter step along the same gradient.
    """
    for name, value in (("UPDATES", 150), ("BEFORE", 5), ("AFTER", 4), ("EVALUATED", 50), ("LAG", 10), ("HIDDEN", 20)):
        monkeypatch.setattr(exploding_step, name, value)
    setup = exploding_step.setups()[unit]
    data, optimiser = Data(setup, (4,)), setup.parts.optimiser
    found = exploding_step.explode(data, unit)
    assert found is not None, "nothing is learned in so small a course: choose another seed"
    evaluated = exploding_step.batch(data, 0, 50, "validation")
    params, errors = data.start(), []
    with torch.no_grad():
        for k in range(found.step + 4):
            errors.append(wrong(data, params, evaluated))
            if k == found.step:
                gradient = gradient_by_torch(setup, params, exploding_step.batch(data, k, optimiser.batch))
                size = math.sqrt(sum(float(g.double().square().sum()) for g in gradient.values()))
                length = optimiser.learning_rate * min(1, exploding_step.THRESHOLD[unit] / size)
                moved = {name: value - length * gradient[name] for name, value in params.items()}
                clipped = wrong(data, moved, evaluated)
            params = optimiser.step(lambda n, k=k: exploding_step.objective(data, k), params, None).params
        errors.append(wrong(data, params, evaluated))
    assert found.size == pytest.approx(size, rel=1e-4)
    assert found.norms["plain"][0] == found.norms["clipped"][0] == found.size
    assert found.errors["before"] == errors[max(found.step - 5, 0) : found.step + 1]
    assert found.errors["plain"] == errors[found.step + 1 :]
    trained_at = exploding_step.RATES[unit].index(exploding_step.LEARNS[unit])
    assert found.by_rate["plain"][trained_at] == found.after("plain")
    assert found.after("clipped") == pytest.approx(clipped, abs=0.021)  # one sequence of 50 may sit on the border
    assert found.before < setup.task.baselines["constant"].error / 2


def gradient_by_torch(setup, params, batch):
    """The gradient by the cell's definition alone."""
    leaves = {name: value.clone().requires_grad_() for name, value in params.items()}
    with torch.enable_grad():
        state = setup.model.cell.start(leaves, batch.x.shape[2])
        for drive in setup.model.cell.drive(leaves, batch.x).unbind(1):
            state, _ = setup.model.cell.step(leaves, state, drive)
        outputs = (state[0] @ leaves["W_hy"] + leaves["b_y"].unsqueeze(1)).unsqueeze(1)
        gradient = torch.autograd.grad(setup.loss.value(outputs, batch.y).sum(), tuple(leaves.values()))
    return dict(zip(leaves, gradient, strict=True))
