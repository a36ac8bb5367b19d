"""Claim 8: the error flows through the LSTM's cells."""

from __future__ import annotations

import numpy as np
import torch

from longlag.inits.gates import ForgetBias
from longlag.lecture import lstm_error_flow
from longlag.lecture.tools.numbers import Verdict
from longlag.lecture.tools.trainee import trainee, with_parts
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
    data = with_parts(trainee("lstm", "temporal_order", 10, 1), init=ForgetBias(1.0))
    params = data.start() | {"W_hh": torch.zeros(1, 32, 128), "W_xh": torch.zeros(1, 6, 128)}
    flows, cells = lstm_error_flow.error_flow(data.setup.model, params, data.batch("test", 0, 4), errors(4))
    gate = 1 / (1 + np.exp(-1.0))  # bias 1, nothing else: all paths are the cells
    np.testing.assert_allclose(cells[:, 0], gate ** np.arange(9, -1, -1), rtol=1e-9)
    np.testing.assert_allclose(flows, cells, rtol=1e-9)


def test_the_path_through_the_cells_is_the_derivative_with_the_gates_held_fixed():
    """The second way: every gate's value is a constant to automatic differentiation, so that its paths are cut."""
    data = trainee("lstm", "temporal_order", 12, 3)
    model, params = data.setup.model, {name: value.double() for name, value in data.start().items()}
    batch, wanted = data.batch("test", 0, 3), errors(3)
    _, cells = lstm_error_flow.error_flow(model, params, batch, wanted)
    path = lstm_error_flow.states(model, params, batch)
    leaf = path[4][1].detach().requires_grad_()
    c, drives = leaf, model.cell.drive(params, batch.x.double())
    for t in range(5, 12):
        with torch.no_grad():
            write, forget, candidate, read = (drives[:, t] + path[t - 1][0] @ params["W_hh"]).chunk(4, -1)
        c = forget.sigmoid() * c + write.sigmoid() * candidate.tanh()
    output = model.read(params, (read.sigmoid() * c.tanh()).unsqueeze(1))[0, 0]
    last = torch.autograd.grad((output * wanted).sum(), [leaf, c])
    first, final = (d[0].norm(dim=-1) for d in last)
    np.testing.assert_allclose(cells[4], (first / final).numpy(), rtol=1e-9)


def stage(cells, wrong, arrives=0.1):
    return lstm_error_flow.Stage(np.full(10, arrives), np.full(10, cells), wrong, 5)


LSTMS = ("LSTM, forget bias 1", "LSTM, chrono start")
PLAIN, CAREFUL = "plain net", "plain net, ESN-style start"


def found(bias=0.9, chrono=0.9, plain=0.1, wrong=0.0, careful=0.1):
    """Five runs of each net that end by passing these shares, through the cells alone or, of plain nets, at all."""

    def runs(last):
        return [[stage(0.9, 0.7, 0.1), stage(0.9, 0.3, 0.1), last]] * 5

    plains = {PLAIN: stage(0.9, 0.0, plain), CAREFUL: stage(0.9, 0.0, careful)}
    return {
        **{name: runs(stage(share, wrong)) for name, share in zip(LSTMS, (bias, chrono), strict=True)},
        **{name: runs(last) for name, last in plains.items()},
    }


def test_it_holds_if_the_cells_of_learned_lstms_pass_the_error_and_the_plain_net_does_not(plain):
    assert lstm_error_flow.judge(found(), 10).verdict == Verdict.HOLDS
    assert plain(lstm_error_flow.judge(found(), 10)).endswith("(0.9 by cells alone, 0.1 by all paths).")
    assert "without cells" in plain(lstm_error_flow.judge(found(careful=1.5), 10))
    assert "without cells" in lstm_error_flow.judge(found(careful=1.5), 10).caveat


def test_a_start_whose_cells_pass_too_little_is_a_lost_case(plain):
    assert "No for LSTM, forget bias 1 (0.001 by cells alone" in plain(lstm_error_flow.judge(found(bias=1e-3), 10))
    assert "? No for LSTM" in plain(lstm_error_flow.judge(found(bias=1e-3, chrono=0.1), 10))
    assert lstm_error_flow.judge(found(bias=1e-3), 10).caveat.startswith("it does not hold for LSTM, forget bias 1")
    assert lstm_error_flow.judge(found(bias=1e-3, chrono=0.1), 10).verdict == Verdict.FAILS


def test_nets_that_have_not_learned_are_not_judged():
    finding = lstm_error_flow.judge(found(wrong=0.5), 10, range(3, 8))
    assert finding.verdict == Verdict.UNDECIDED
    off = "5 of 5 nets of LSTM, chrono start (seeds 3, 4, 5, 6, 7) did not learn the task in time and are not judged"
    assert off in finding.caveat


def test_it_fails_if_the_plain_net_that_has_learned_passes_the_error():
    assert lstm_error_flow.judge(found(plain=0.9), 10).verdict == Verdict.FAILS


def test_that_all_plain_nets_learn_is_a_caveat_where_they_pass_the_error(plain):
    said = "every plain net learns the task at lag 10"
    assert said not in lstm_error_flow.judge(found(), 10).caveat
    assert said in lstm_error_flow.judge(found(plain=0.9), 10).caveat
    some = found(plain=0.9)
    some[PLAIN][0] = [*some[PLAIN][0][:2], stage(0.9, 0.5, 0.9)]  # this one has not learned
    assert said not in lstm_error_flow.judge(some, 10).caveat
    mixed = found()
    mixed[PLAIN] = found(plain=0.9)[PLAIN][:2] + mixed[PLAIN][:3]
    open_ = lstm_error_flow.judge(mixed, 10)
    assert open_.verdict == Verdict.UNDECIDED
    assert said in open_.caveat
    assert plain(open_).endswith(", since 2 of 5 plain nets that learned pass it too.")


def test_measured_small(draw):
    finding = lstm_error_flow.measure([0], lag=10, during=1, every=1, most=2, sequences=4)
    assert finding.verdict == Verdict.UNDECIDED
    draw("lstm_error_flow", finding)
