"""Claim 8: the error flows through the LSTM's cells."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from longlag.lecture import lstm_error_flow
from longlag.lecture.base import Verdict
from longlag.lecture.tools.trainee import trainee
from longlag.rng import stream


def errors(batch):
    return torch.from_numpy(stream(0, "test").standard_normal((batch, 4)))


def test_the_error_flow_is_the_derivative_of_what_comes_after():
    data = trainee("lstm", "temporal_order", 12, 0)
    model, params = data.setup.model, {name: value.double() for name, value in data.start().items()}
    batch, wanted = data.batch("test", 0, 3), errors(3)
    flows, cells = lstm_error_flow.error_flow(model, params, batch, wanted)
    drives = model.cell.drive(params, batch.x.double())
    path = lstm_error_flow.states(model, params, batch)

    def energy(c, t):
        """E as a function of the cells at step t, on which the hidden state of that step depends too."""
        gates = drives[:, t] + path[t - 1][0] @ params["W_hh"]
        state = (gates.chunk(4, -1)[3].sigmoid() * c.tanh(), c)
        for drive in drives[:, t + 1 :].unbind(1):
            state, _ = model.cell.step(params, state, drive)
        return (model.read(params, state[0].unsqueeze(1))[0, 0] * wanted).sum()

    def norms(t):
        c = path[t][1].detach().requires_grad_()
        return torch.autograd.grad(energy(c, t), c)[0][0].norm(dim=-1)

    np.testing.assert_allclose(flows[4], (norms(4) / norms(11)).numpy(), rtol=1e-9)
    assert cells.shape == flows.shape
    np.testing.assert_allclose(flows[-1], 1)


def test_the_cells_alone_pass_the_product_of_forget_gates():
    data = trainee("lstm", "temporal_order", 10, 1)
    params = data.start() | {"W_hh": torch.zeros(1, 32, 128), "W_xh": torch.zeros(1, 6, 128)}
    flows, cells = lstm_error_flow.error_flow(data.setup.model, params, data.batch("test", 0, 4), errors(4))
    gate = 1 / (1 + np.exp(-1.0))  # bias 1, nothing else: all paths are the cells
    np.testing.assert_allclose(cells[:, 0], gate ** np.arange(9, -1, -1), rtol=1e-9)
    np.testing.assert_allclose(flows, cells, rtol=1e-9)


def stage(arrives, wrong):
    return lstm_error_flow.Stage(np.full(10, arrives), np.full(10, arrives), wrong, 5)


def found(last, plain=0.1):
    """One run of each net; the LSTMs end with that stage, the plain net passes that share at every stage."""
    runs = [[stage(0.9, 0.7), stage(0.9, 0.3), last]]
    return {"lstm": runs, "lstm_chrono": runs, "control": [[stage(plain, 0.7)] * 3]}


def test_it_holds_if_learned_lstms_pass_the_error_and_the_plain_net_does_not():
    assert lstm_error_flow.judge(found(stage(0.9, 0.0)), 10).verdict == Verdict.HOLDS


@pytest.mark.parametrize("last", [stage(0.3, 0.0), stage(0.9, 0.5)], ids=["does not arrive", "has not learned"])
def test_it_fails_if_the_error_does_not_arrive_or_nothing_is_learned(missed, last):
    names = [f"{method}: error that arrives, after learning" for method in ("lstm", "lstm_chrono")]
    assert missed(lstm_error_flow.judge(found(last), 10)) == names


def test_it_fails_if_the_plain_net_passes_the_error(missed):
    finding = lstm_error_flow.judge(found(stage(0.9, 0.0), plain=0.9), 10)
    assert missed(finding) == ["control: error that arrives, at most at any stage"]


def test_measured_small_it_fails_for_want_of_learning(draw):
    finding = lstm_error_flow.measure([0], lag=10, during=1, every=1, most=2, sequences=4)
    assert finding.verdict == Verdict.FAILS
    draw("lstm_error_flow", finding)
