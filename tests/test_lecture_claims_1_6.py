"""Claims 1 to 6: what measures them against slow twins, and verdicts that fail when they should."""

from __future__ import annotations

import json
import math
from dataclasses import replace

import numpy as np
import pytest
import torch

from longlag.cells.base import autograd_tape
from longlag.cells.lstm import LSTM
from longlag.figures import lecture as drawings
from longlag.figures.tools import style
from longlag.inits.gates import ForgetBias
from longlag.inits.gaussian import Gaussian
from longlag.lecture import (
    bounded_forward,
    careful_start,
    exploding_step,
    frozen_slopes,
    linear_backward,
    vanish_explode,
)
from longlag.lecture.base import Verdict
from longlag.lecture.tools import cells, chains, mean_field, rounding
from longlag.lecture.tools.logistic import AsLogistic, LogisticRNN
from longlag.lecture.tools.nets import LINEAR, LOGISTIC, TANH, UNITS, Net, gaussian
from longlag.lecture.tools.training import Learner
from longlag.rng import stream

TORCH = {"logistic": torch.sigmoid, "tanh": torch.tanh, "linear": lambda a: a}
T, B, H, X = 6, 3, 5, 2


def tiny(unit, scale=1.5):
    rng = stream(0, "test")
    net = replace(gaussian(rng, unit, H, X, scale), b_h=rng.standard_normal(H))
    return net, rng.standard_normal((T, B, X)), rng.standard_normal((B, H)), rng.standard_normal((T, B, H))


# --- the nets and products that claims share


@pytest.mark.parametrize("unit", [*UNITS, LINEAR], ids=lambda unit: unit.name)
def test_a_net_and_its_derivatives_are_those_of_torch(unit):
    net, x, start, d_states = tiny(unit)
    run = net.run(x, start)
    weights = {name: torch.from_numpy(getattr(net, name)).requires_grad_() for name in ("W_hh", "W_xh", "b_h")}
    states = [torch.from_numpy(start).requires_grad_()]
    for step in torch.from_numpy(x):
        states.append(TORCH[unit.name](states[-1] @ weights["W_hh"] + step @ weights["W_xh"] + weights["b_h"]))
    loss = sum((h * d).sum() for h, d in zip(states[1:], torch.from_numpy(d_states), strict=True))
    wanted = torch.autograd.grad(loss, [*states, *weights.values()])
    found = net.backward(run, d_states)
    np.testing.assert_allclose(run.h, torch.stack(states).detach(), rtol=1e-12, atol=1e-14)
    np.testing.assert_allclose(found["h"], torch.stack(wanted[: T + 1]), rtol=1e-11, atol=1e-13)
    for name, gradient in zip(weights, wanted[T + 1 :], strict=True):
        np.testing.assert_allclose(found[name], gradient, rtol=1e-11, atol=1e-13)


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_slopes_stay_right_where_units_saturate(unit):
    assert unit.slope(np.zeros(1))[0] == unit.steepest
    a = np.array([25.0, -25.0])
    exact = {"logistic": math.exp(-25), "tanh": 4 * math.exp(-50)}[unit.name]
    np.testing.assert_allclose(unit.slope(a), exact, rtol=1e-10)
    assert np.isfinite(unit.function(np.array([1e4, -1e4]))).all()


def test_products_of_jacobians_keep_their_norm_where_they_underflow():
    jacobians = stream(1, "test").standard_normal((7, 4, 4))
    wanted = [0.0]
    for k in range(1, 8):
        wanted.append(math.log(np.linalg.svd(np.linalg.multi_dot([np.eye(4), *jacobians[-k:]]))[1][0]))
    np.testing.assert_allclose(chains.log_norms(jacobians), wanted, atol=1e-13)
    tiny_steps = chains.log_norms(1e-100 * jacobians)  # their product would be 1e-700
    np.testing.assert_allclose(tiny_steps, np.array(wanted) - 100 * math.log(10) * np.arange(8), rtol=1e-12)
    assert chains.log_norms(np.zeros((2, 3, 3))).tolist() == [0, -math.inf, -math.inf]


def test_a_net_s_jacobians_multiply_to_the_derivative_of_its_last_state():
    net, x, start, _ = tiny(LOGISTIC)
    run = net.run(x, start)
    product = np.linalg.multi_dot(list(net.jacobians(run, 1)))
    for unit in range(H):
        last = np.zeros((T, B, H))
        last[-1, 1, unit] = 1
        np.testing.assert_allclose(net.backward(run, last)["h"][0, 1], product[:, unit], rtol=1e-11)


def test_lyapunov_exponents_are_those_of_a_known_system():
    steps = np.repeat(np.diag([2.0, 0.5, 1.0])[None], 9, axis=0)
    np.testing.assert_allclose(chains.lyapunov(steps), [math.log(2), 0, -math.log(2)], atol=1e-15)
    jacobians = stream(2, "test").standard_normal((300, 4, 4))
    found = chains.lyapunov(jacobians)
    assert found.mean() == pytest.approx(np.mean([np.linalg.slogdet(j)[1] for j in jacobians]) / 4)
    assert found[0] == pytest.approx(chains.log_norms(jacobians)[-1] / 300, abs=0.02)


def test_a_line_and_a_reach():
    x = np.arange(5.0)
    line = chains.line(x, 3 - 2 * x)
    assert (line.slope, line.intercept, line.r_squared) == pytest.approx((-2, 3, 1))
    assert chains.line(x, np.array([0, 1, 0, 1, 0.0])).r_squared < 0.1
    assert math.isnan(chains.line(x, np.array([0, 1, -math.inf, 0, 0])).slope)
    assert chains.reach(np.array([0, -1, -2, -3.0]), -2) == 2
    assert chains.reach(np.array([0, -1.0]), -2) == 1
    assert chains.reach(np.array([0, math.nan]), -2) == 0


def test_mean_field_theory_agrees_with_a_large_net():
    assert mean_field.critical_scale(TANH) == 1
    assert mean_field.gain(TANH, 0.5) == pytest.approx(0.5)
    scale = 0.7 * mean_field.critical_scale(LOGISTIC)
    net = gaussian(stream(3, "test"), LOGISTIC, 1500, 0, scale)
    run = net.run(np.zeros((60, 1, 0)), np.full((1, 1500), 0.5))
    assert (run.a[-1] ** 2).mean() == pytest.approx(mean_field.variance(LOGISTIC, scale), rel=0.1)
    measured = scale * math.sqrt((run.slopes[-1] ** 2).mean())
    assert measured == pytest.approx(mean_field.gain(LOGISTIC, scale), rel=0.05)
    assert mean_field.gain(LOGISTIC, mean_field.critical_scale(LOGISTIC)) == pytest.approx(1, abs=1e-5)


def test_a_logistic_net_is_a_tanh_net_in_other_coordinates():
    cell, shapes = LogisticRNN(H), {"W_xh": (X, H), "W_hh": (H, H), "b_h": (H,), "W_hy": (H, 1), "b_y": (1,)}
    tanh, logistic = (init.draw(stream(4, "test"), shapes) for init in (Gaussian(), AsLogistic(Gaussian())))
    x = stream(5, "test").standard_normal((T, B, X))
    ours = Net(TANH, *(tanh[n] for n in ("W_hh", "W_xh", "b_h"))).run(x, np.zeros((B, H))).h[-1] @ tanh["W_hy"]
    params = {name: torch.from_numpy(value)[None] for name, value in logistic.items()}
    states = cell.states(params, torch.from_numpy(x)[None], torch.zeros(1, B), 1)
    np.testing.assert_allclose((states @ params["W_hy"] + params["b_y"])[0, 0], ours + tanh["b_y"], atol=1e-14)


def test_the_logistic_cell_s_gradient_is_that_of_torch():
    cell, rng = LogisticRNN(H), stream(6, "test")
    params = {name: torch.from_numpy(rng.standard_normal((1, *shape))) for name, shape in cell.shapes(X).items()}
    x, start, d = (
        torch.from_numpy(rng.standard_normal((1, T, B, X))),
        torch.zeros(1, B),
        torch.ones(1, 2, B, H).double(),
    )
    ours, slow = cell.tape(params, x, start, 2), autograd_tape(cell, params, x, start, 2)
    np.testing.assert_allclose(ours.states, slow.states, rtol=1e-13)
    for name, gradient in slow.pullback(d).items():
        np.testing.assert_allclose(ours.pullback(d)[name], gradient, rtol=1e-10)


def test_jacobians_of_a_cell_are_those_of_the_whole_unrolled_net():
    cell, rng = LSTM(3), stream(7, "test")
    drawn = ForgetBias(1.0).draw(rng, cell.shapes(X))
    x = rng.standard_normal((T, X))
    params = {name: torch.from_numpy(value)[None] for name, value in drawn.items()}
    drives = cell.drive(params, torch.from_numpy(x)[None, :, None])

    def rest(flat):  # the last three steps, from the state before them
        state = tuple(part[None, None] for part in flat.split(3))
        for t in range(T - 3, T):
            state, _ = cell.step(params, state, drives[:, t])
        return torch.cat([part[0, 0] for part in state])

    state = cell.start(params, 1)
    for t in range(T - 3):
        state, _ = cell.step(params, state, drives[:, t])
    wanted = torch.autograd.functional.jacobian(rest, torch.cat([part[0, 0] for part in state])).T
    found = cells.jacobians(cell, drawn, x, last=3)
    np.testing.assert_allclose(np.linalg.multi_dot(list(found)), wanted, rtol=1e-11)


# --- verdicts


def fails(finding, *names):
    """Does not hold, and for those numbers alone."""
    missed = [number.name for number in finding.numbers if number.met is False]
    return (
        finding.verdict == Verdict.FAILS
        and len(missed) == len(names)
        and all(n in m for n, m in zip(names, missed, strict=True))
    )


def drawn(slug, finding):
    """Draws what JSON kept of it, at both widths."""
    kept = json.loads(json.dumps(finding.to_dict(), allow_nan=False))
    for width in (style.PAGE_WIDTH, style.COLUMN_WIDTH):
        figure = drawings.get(slug).draw(kept, width=width)
        figure.draw_without_rendering()
        texts = [text for text in figure.findobj(lambda artist: hasattr(artist, "get_fontsize")) if text.get_text()]
        assert min(text.get_fontsize() for text in texts) >= 7
    caption = drawings.get(slug).caption(kept)
    assert "n = " in caption
    assert finding.verdict in caption
    assert "nan" not in caption


def test_claim_1_holds_with_rounding_as_its_caveat_and_fails_for_units_that_leave_their_range():
    finding = bounded_forward.measure([0])
    assert finding.verdict == Verdict.CAVEAT
    drawn("bounded_forward", finding)
    sweeps = {unit.name: [bounded_forward.sweep(unit, 0, steps=5)] for unit in (*UNITS, LINEAR)}
    leaky = replace(sweeps["tanh"][0], filled=[1.0000001] * len(bounded_forward.SCALES))
    assert fails(bounded_forward.judge(sweeps | {"tanh": [leaky]}), "tanh: largest activity")
    inside = {n: [replace(s[0], filled=[0.9] * len(bounded_forward.SCALES))] for n, s in sweeps.items()}
    assert bounded_forward.judge(inside).verdict == Verdict.HOLDS


def test_claim_1_measures_the_margin_without_rounding():
    found = bounded_forward.sweep(LOGISTIC, 0, steps=3)
    scale = bounded_forward.SCALES.index(10.0)
    assert found.filled[scale] <= 1
    assert 0 < found.margin[scale] < rounding.UNIT_ROUNDOFF


def test_claim_2_is_exact_and_fails_where_it_should():
    finding = linear_backward.measure([0])
    assert finding.verdict == Verdict.HOLDS
    drawn("linear_backward", finding)
    good = {unit.name: [linear_backward.check(unit, 0)] for unit in UNITS}
    for change, name in (
        ({"doubling": 1e-300}, "doubling"),
        ({"adding": 1e-11}, "adding"),
        ({"doubling": math.nan}, "doubling"),
    ):
        assert fails(
            linear_backward.judge(good | {"tanh": [replace(good["tanh"][0], **change)]}), f"tanh: backward, {name}"
        )
    linear = linear_backward.check(LINEAR, 0)  # whose forward pass does double
    assert fails(linear_backward.judge({"linear": [linear]}), "linear: forward")


def test_claim_3_compares_two_computations_and_fails_with_the_slopes_of_another_input():
    finding = frozen_slopes.measure([0])
    assert finding.verdict == Verdict.HOLDS
    drawn("frozen_slopes", finding)
    net, x, start, _ = tiny(TANH)
    d_last = stream(8, "test").standard_normal(H)
    slopes = net.run(x, np.zeros_like(start)).slopes
    ours = frozen_slopes.linear_system(net.W_hh, slopes[:, 0], d_last)
    np.testing.assert_allclose(ours, frozen_slopes.automatic(net, x[:, 0], d_last), rtol=1e-12)
    swapped = frozen_slopes.linear_system(net.W_hh, slopes[:, 1], d_last)
    assert np.abs(swapped - frozen_slopes.automatic(net, x[:, 0], d_last)).max() > 1e-3
    good = frozen_slopes.compare(TANH, 0)
    assert fails(frozen_slopes.judge({"tanh": [good, replace(good, error=1e-9)]}), "against the linear system")
    assert fails(frozen_slopes.judge({"tanh": [good, replace(good, moved=0.0)]}), "moved by another input")


def decay(rate, lag=20, singular=0.1):
    logs = rate * np.arange(lag + 1)
    return vanish_explode.Decay(logs, chains.line(np.arange(1, lag + 1), logs[1:]), 1.0, singular, rate, rate - 1)


def nets(big=0.2, small=-0.2, basin=-0.1, singular=0.1):
    rates = [small if f < 0.7 else big if f > 1.4 else 0.0 for f in vanish_explode.FACTORS]
    random = [decay(rate, singular=singular if rate == small else 9.0) for rate in rates]
    basins = [decay(basin) for f in vanish_explode.FACTORS if f >= vanish_explode.BIG]
    return vanish_explode.Seed({u.name: random for u in UNITS}, {u.name: basins for u in UNITS})


def test_claim_4_needs_both_signs_and_has_the_basin_as_its_caveat():
    critical = {unit.name: mean_field.critical_scale(unit) for unit in UNITS}
    tight = {"small": -4.0}  # below ln(0.1 / 4) per step
    finding = vanish_explode.judge([nets(**tight), nets(**tight)], critical)
    assert finding.verdict == Verdict.CAVEAT
    assert "basin" in finding.caveat
    drawn("vanish_explode", finding)
    one_bad = [nets(**tight), nets(**tight, big=-0.01)]
    assert fails(vanish_explode.judge(one_bad, critical), *[f"{u.name}: smallest rate at big" for u in UNITS])
    basin = vanish_explode.judge([nets(**tight, basin=0.01)], critical)
    assert fails(basin, *[f"{u.name}: largest rate in a basin" for u in UNITS])
    assert basin.caveat == ""
    over = vanish_explode.judge([nets(small=-1.0)], critical)
    assert fails(over, *[f"{u.name}: ln norm above its bound" for u in UNITS])
    untested = vanish_explode.judge([nets(**tight, singular=9.0)], critical)
    assert fails(untested, *[f"{u.name}: ln norm above its bound" for u in UNITS])


def test_claim_4_measures_what_is_known_of_a_net_of_separate_units():
    net = Net(TANH, np.diag([0.5, 0.25, 0.1]), np.zeros((0, 3)), np.zeros(3))
    found = vanish_explode.decay(net, np.zeros((1, 3)), settle=3, lag=30)
    np.testing.assert_allclose(found.logs, -math.log(2) * np.arange(31), atol=1e-12)
    assert (found.line.slope, found.radius, found.singular) == pytest.approx((-math.log(2), 0.5, 0.5))
    assert found.largest == pytest.approx(-math.log(2))
    assert found.mean == pytest.approx(np.log([0.5, 0.25, 0.1]).mean())
    big = vanish_explode.symmetric(gaussian(stream(9, "test"), LOGISTIC, 40, 0, 40.0))
    assert (big.W_hh == big.W_hh.T).all()
    assert big.W_hh.std() == pytest.approx(40 / math.sqrt(40), rel=0.1)


def explosion(before=0.1, plain=0.75, clipped=0.05):
    errors = {"before": [0.2, before], "plain": [plain, 0.7], "clipped": [clipped, 0.0]}
    norms = {"before": [1.0], "plain": [30.0, 2.0], "clipped": [30.0, 1.0]}
    return exploding_step.Explosion(7, 30.0, 1.5, 1.2, before, plain, clipped, errors, norms)


def test_claim_5_fails_if_nothing_is_lost_or_clipping_does_not_help():
    good = {"logistic": [explosion()], "tanh": [explosion(), explosion()]}
    finding = exploding_step.judge(good, 0.75)
    assert finding.verdict == Verdict.HOLDS
    assert finding.numbers[0].value == pytest.approx(1)
    assert finding.numbers[1].value == pytest.approx(-0.05 / 0.65)
    drawn("exploding_step", finding)
    kept = good | {"tanh": [explosion(), explosion(plain=0.3)]}
    assert fails(exploding_step.judge(kept, 0.75), "tanh: knowledge lost in the step, no clipping")
    useless = good | {"logistic": [explosion(clipped=0.7)]}
    assert fails(exploding_step.judge(useless, 0.75), "logistic: knowledge lost in the step, clipped")
    partial = exploding_step.judge(good | {"tanh": [explosion(), None]}, 0.75)
    assert partial.verdict == Verdict.CAVEAT
    assert partial.caveat.startswith("1 of 3 nets")
    none = exploding_step.judge(good | {"tanh": [None]}, 0.75)
    assert none.verdict == Verdict.FAILS
    drawn("exploding_step", none)


@pytest.mark.parametrize("unit", ["logistic", "tanh"])
def test_claim_5_follows_the_library_s_own_training(monkeypatch, unit):
    """The clipped way is the course itself; the plain way leaves it by the gradient as it is."""
    for name, value in (("UPDATES", 100), ("BEFORE", 5), ("AFTER", 4), ("EVALUATED", 50), ("LAG", 10), ("HIDDEN", 20)):
        monkeypatch.setattr(exploding_step, name, value)
    setup, seed = exploding_step.setups()[unit], 4
    found = exploding_step.explode(setup, seed)
    assert found is not None, "nothing is learned in so small a course: choose another seed"
    learner, optimiser = Learner(setup, seed, "exploding_step"), setup.parts.optimiser
    data = learner.batch(0, 50, "validation")
    params, errors = learner.start(), []
    with torch.no_grad():
        for k in range(found.step + 4):
            errors.append(learner.error(params, data))
            if k == found.step:
                loss = setup.loss
                leaves = {name: value.clone().requires_grad_() for name, value in params.items()}
                batch = learner.batch(k, optimiser.batch)
                with torch.enable_grad():
                    tape_free = _outputs(setup.model, leaves, batch.x)
                    gradient = torch.autograd.grad(loss.value(tape_free, batch.y).sum(), tuple(leaves.values()))
                size = math.sqrt(sum(float(g.double().square().sum()) for g in gradient))
                moved = {
                    name: value - optimiser.learning_rate * g
                    for (name, value), g in zip(params.items(), gradient, strict=True)
                }
                plain = learner.error(moved, data)
            params = optimiser.step(lambda n, k=k: learner.objective(k, n), params, None).params
        errors.append(learner.error(params, data))
    assert found.size == pytest.approx(size, rel=1e-4)
    assert found.norms["plain"][0] == found.norms["clipped"][0] == found.size
    assert found.errors["before"] == errors[max(found.step - 5, 0) : found.step + 1]
    assert found.errors["clipped"] == errors[found.step + 1 :]
    assert found.plain == pytest.approx(plain, abs=0.021)  # one sequence of 50 may sit on the border
    assert found.before < setup.task.baselines["constant"].error / 2


def _outputs(model, params, x):
    """Outputs of the last step by the cell's definition alone."""
    state = model.cell.start(params, x.shape[2])
    for drive in model.cell.drive(params, x).unbind(1):
        state, _ = model.cell.step(params, state, drive)
    return (state[0] @ params["W_hy"] + params["b_y"].unsqueeze(1)).unsqueeze(1)


def starts(**rates):
    """Straight decays of 100 steps: what theory asks for, unless told otherwise."""
    usual = {"alive": -0.01, "lost": -0.6, "": -0.3}
    every = careful_start.TANH | careful_start.LOGISTIC
    return {n: [rates.get(n, usual[s.asked]) * np.arange(101.0)] * 2 for n, s in every.items()}


def test_claim_6_fails_if_a_careful_start_dies_or_a_plain_one_lives():
    finding = careful_start.judge(starts())
    assert finding.verdict == Verdict.CAVEAT
    assert "forget bias 1 55 steps" in finding.caveat  # 24 ln 2 / 0.3
    drawn("careful_start", finding)
    assert fails(careful_start.judge(starts(orthogonal=-0.2)), "tanh, orthogonal")
    assert fails(careful_start.judge(starts(plain=-0.1)), "tanh, plain")
    assert fails(careful_start.judge(starts(orthogonal_same=-0.1)), "logistic, orthogonal, small input, as it is")
    clean = careful_start.judge(starts(sparse_large=-0.1, lstm_0=-0.1, lstm_1=-0.1))
    assert (clean.verdict, clean.caveat) == (Verdict.HOLDS, "")


def test_claim_6_measures_a_start_and_its_twin_alike():
    name = "sparse_small"
    ours = careful_start.decay(careful_start.TANH[name], 0, settle=5, lag=10)
    twin = careful_start.decay(careful_start.LOGISTIC[f"{name}_scaled"], 0, settle=5, lag=10)
    np.testing.assert_allclose(ours, twin, atol=1e-10)
    shapes = {"W_hh": (8, 8), "W_xh": (2, 8), "b_h": (8,)}
    orthogonal = careful_start.Orthogonal(0.1).draw(stream(10, "test"), shapes)["W_hh"]
    np.testing.assert_allclose(orthogonal @ orthogonal.T, np.eye(8), atol=1e-14)
