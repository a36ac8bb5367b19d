"""Claims 7 to 12: what is measured against slow computations, and verdicts that can be lost."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from longlag.engine.spec import RunSpec, resolve, unmeasured_row
from longlag.errors import LonglagError
from longlag.figures import lecture as drawings
from longlag.lecture import (
    attractors,
    echo,
    hf_directions,
    init_and_momentum,
    lstm_error_flow,
    modified_dynamics,
)
from longlag.lecture.base import Verdict
from longlag.lecture.tools import factorial
from longlag.lecture.tools.pupils import pupil
from longlag.rng import stream
from longlag.store.records import Status, write_rows

FREE = attractors.Net(np.array([[1.0, 0.5], [0.5, 1.0]]), np.zeros(2))  # attractors +-(a, a), a = tanh(1.5 a)


# --- 7


def test_two_attractors_and_their_saddle_are_found():
    ends = attractors.attractors(FREE)
    a = 0.5
    for _ in range(200):
        a = np.tanh(1.5 * a)
    np.testing.assert_allclose(ends, [[-a, -a], [a, a]], atol=1e-6)
    land = attractors.landscape(FREE, np.array([[-0.9, -0.7], [0.8, 0.9]]))
    np.testing.assert_allclose(land.saddle, [0, 0], atol=1e-9)
    assert land.rates == pytest.approx((1.5, 1.5 * (1 - a**2)))
    start = land.on_cut(np.array(land.share))
    assert start.sum() == pytest.approx(0, abs=1e-9)  # the watershed of a symmetric net


def test_the_derivative_is_that_of_automatic_differentiation():
    net, h = attractors.written_down(3), np.array([0.3, -0.2])
    w, b = torch.tensor(net.w), torch.tensor(net.b)

    def after(h0):
        for _ in range(7):
            h0 = torch.tanh(h0 @ w + b)
        return h0

    jacobian = torch.autograd.functional.jacobian(after, torch.tensor(h))
    assert net.derivative(h, 7)[-1] == pytest.approx(float(torch.linalg.matrix_norm(jacobian, 2)), rel=1e-10)


def test_attractors_measured_small():
    finding = attractors.measure([0], updates=3, points=9)
    assert finding.verdict == Verdict.FAILS  # three updates teach nothing: no trained net meets its thresholds
    assert all(number.met for number in finding.numbers if number.name.startswith("written") and number.threshold)
    drawings.get("attractors").draw(finding.to_dict())


def test_a_wrong_rate_does_not_pass():
    good = {"watershed": 1.5, "watershed_off": 0.01, "inside": 0.4, "inside_off": 0.01, "zero": 1.0, "huge": 1e9}
    assert all(number.met is not False for number in attractors.judged("x", [good]))
    for name, bad in {"watershed_off": 0.06, "inside_off": 0.06, "zero": 0.98, "huge": 1e6}.items():
        assert any(number.met is False for number in attractors.judged("x", [good, good | {name: bad}]))
    assert any(number.met is False for number in attractors.judged("x", []))


# --- 8


def test_error_flow_is_the_derivative_of_what_comes_after():
    student = pupil("lstm", "temporal_order", 12, 0)
    model, params = student.setup.model, {name: value.double() for name, value in student.start().items()}
    batch, errors = student.batch(3, "test"), torch.randn(3, 4, dtype=torch.float64)
    flows, cells = lstm_error_flow.error_flow(model, params, batch, errors)
    drives = model.cell.drive(params, batch.x.double())
    path = lstm_error_flow.states(model, params, batch)

    def energy(c, t):
        state = (path[t][0], c)
        for drive in drives[:, t + 1 :].unbind(1):
            state, _ = model.cell.step(params, state, drive)
        return (model.read(params, state[0].unsqueeze(1))[0, 0] * errors).sum()

    def h_from_c(c, t):  # the last state's own hidden state depends on its cell
        gates = drives[:, t] + path[t - 1][0] @ params["W_hh"]
        return gates.chunk(4, -1)[3].sigmoid() * c.tanh()

    def energy_with_own(c, t):
        state = (h_from_c(c, t), c)
        for drive in drives[:, t + 1 :].unbind(1):
            state, _ = model.cell.step(params, state, drive)
        return (model.read(params, state[0].unsqueeze(1))[0, 0] * errors).sum()

    def norms(t):
        c = path[t][1].detach().requires_grad_()
        return torch.autograd.grad(energy_with_own(c, t), c)[0][0].norm(dim=-1)

    np.testing.assert_allclose(flows[4], (norms(4) / norms(11)).numpy(), rtol=1e-9)
    assert cells.shape == flows.shape
    np.testing.assert_allclose(flows[-1], 1)


def test_through_the_cells_alone_goes_the_product_of_forget_gates():
    student = pupil("lstm", "temporal_order", 10, 1)
    params = student.start() | {"W_hh": torch.zeros(1, 32, 128), "W_xh": torch.zeros(1, 6, 128)}
    errors = torch.randn(4, 4, dtype=torch.float64)
    flows, cells = lstm_error_flow.error_flow(student.setup.model, params, student.batch(4, "test"), errors)
    gate = 1 / (1 + np.exp(-1.0))  # bias 1, nothing else: all paths are the cells
    np.testing.assert_allclose(cells[:, 0], gate ** np.arange(9, -1, -1), rtol=1e-9)
    np.testing.assert_allclose(flows, cells, rtol=1e-9)


def flow(arrives, wrong):
    return lstm_error_flow.Flow(np.full(10, arrives), np.full(10, arrives), wrong, 5)


def test_verdict_on_error_flow_can_be_lost():
    runs = [[flow(0.9, 0.7), flow(0.9, 0.3), flow(0.9, 0.0)]]
    assert all(number.met is not False for number in lstm_error_flow.judged("lstm", runs, 10))
    for lost in (flow(0.3, 0.0), flow(0.9, 0.5)):  # an error that does not arrive; a net that has not learned
        assert any(number.met is False for number in lstm_error_flow.judged("lstm", [[*runs[0][:2], lost]], 10))
    assert any(number.met is False for number in lstm_error_flow.judged("control", runs, 10))


def test_error_flow_measured_small():
    finding = lstm_error_flow.measure([0], lag=10, during=1, every=1, most=2, sequences=4)
    assert finding.verdict == Verdict.FAILS  # two updates are no learning
    drawings.get("lstm_error_flow").draw(finding.to_dict())
    assert "Verdict" in drawings.get("lstm_error_flow").caption(finding.to_dict())


# --- 9


def test_lanczos_finds_what_a_dense_eigensolver_finds():
    rng = np.random.default_rng(0)
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


def seen(exponent, second=1.0):
    curvature = np.geomspace(100, 1e-4, 30)
    gradient = curvature**exponent
    directions = hf_directions.Directions(curvature, gradient, second * gradient / curvature, gradient / 100)
    return hf_directions.Plateau(directions, 1.0, 1.0, second, 0.1)


def test_verdict_on_directions_can_be_lost():
    gone = [seen(0.5, 1e-3)]
    assert hf_directions.found([seen(0.5)], gone).verdict == Verdict.CAVEAT  # nothing is found where nothing is
    assert hf_directions.found([seen(0.5)], [seen(0.5)]).verdict == Verdict.HOLDS
    assert seen(0.5).directions.exponent == pytest.approx(0.5)
    steep = hf_directions.found([seen(0.5), seen(1.5)], gone)  # gradients that fall faster than curvature
    assert steep.verdict == Verdict.FAILS
    assert hf_directions.found([seen(0.0)], gone).verdict == Verdict.FAILS  # no gradient is small
    assert hf_directions.found([seen(0.5), seen(0.5, 0.05)], gone).verdict == Verdict.FAILS  # a step that brings less


def test_directions_measured_small():
    finding = hf_directions.measure([0], lag=10, updates=1, k=4, sequences=20)
    assert len(finding.series["curvature"][0]) == 4
    drawings.get("hf_directions").draw(finding.to_dict())


# --- 10


def test_capacity_of_a_delay_line_is_its_length():
    units = 6
    line = echo.Net(np.roll(np.eye(units), 1, axis=1) * (1 - np.eye(units)[:, :1] * 0), np.eye(units)[0] * 1e-4)
    line.w[-1, 0] = 0  # a line, not a ring
    found = echo.capacity(line, np.random.default_rng(0), 500, 10)
    np.testing.assert_allclose(found[: units - 1], 1, atol=1e-4)  # h_t holds u_t itself and five before
    assert found[units:].max() < 0.05


def test_echo_of_one_unit_is_a_power():
    net = echo.Net(np.array([[0.5]]), np.array([1.0]))
    norms = echo.echo(net, 20, impulse=1e-6)
    np.testing.assert_allclose(norms, 0.5 ** np.arange(20), rtol=1e-6)
    assert echo.rate(norms) == pytest.approx(0.5)
    assert echo.length(norms) == 10  # 2^-9 is more than a thousandth, 2^-10 less


def test_free_run_goes_on_where_teacher_forcing_ended():
    made = echo.generator(0, periods=2)
    assert made.error < 0.1
    assert made.changed == 0
    np.testing.assert_allclose(made.drawn[:40], echo.eight(700 + 40)[700:], atol=0.05)


def test_verdict_on_echoes_can_be_lost():
    t = np.arange(40)
    echoes = np.array([[np.full(40, 1.0) if r >= 1 else r**t for r in echo.RADII]])
    radius, size = np.array([[5.0, 6, 7, 8, 9, 9]]), np.array([[10.0, 20, 30, 40]])
    spectra, made = [np.array([0.95])], [echo.Generator(np.zeros((1, 2)), 0.01, 0)]
    series = {"sizes": [25, 50, 100, 200]}
    ok = (echoes, radius, size, spectra, made, {}, series)
    assert echo.found(*ok).verdict == Verdict.HOLDS

    def lost(place, value):
        return echo.found(*ok[:place], value, *ok[place + 1 :]).verdict == Verdict.FAILS

    assert lost(0, np.array([[np.full(40, 1.0) if r >= 1 else (0.9 * r) ** t for r in echo.RADII]]))
    assert lost(1, radius[:, ::-1])
    assert lost(1, radius * 10)
    assert lost(2, size[:, ::-1] / 2)
    assert lost(4, [replace(made[0], error=0.2)])
    assert lost(4, [replace(made[0], changed=1)])


def test_echo_measured_small():
    finding = echo.measure([0], steps=60, fitted=150, sizes=(10, 20))
    drawings.get("echo").draw(finding.to_dict())
    assert "Verdict" in drawings.get("echo").caption(finding.to_dict())


# --- 11


def row(problem, corner, seed, passes):
    overrides = {**corner.overrides, factorial.RATE: corner.rates[0]}
    setup = resolve(RunSpec(problem.task, problem.lag, corner.method, (seed,), problem.budget, overrides))
    solved = passes is not None
    status = str(Status.SOLVED if solved else Status.BUDGET)
    known = {"passes_to_solve": float(passes)} if solved else {}
    return unmeasured_row(setup, seed, "", status=status, reason="", solved=solved, **known)


def table(problem, **passes):
    corners = {corner.name: corner for corner in factorial.CORNERS}
    return [
        row(problem, corners[name], seed, value) for name, values in passes.items() for seed, value in enumerate(values)
    ]


def test_corners_are_told_by_what_was_run():
    problem = factorial.PROBLEMS[0]
    for corner in factorial.CORNERS:
        made = row(problem, corner, 0, None)
        assert factorial.corner_of(made) == corner.name
        assert factorial.rate_of(made) == corner.rates[0]


def test_corners_differ_in_two_factors_only():
    parts = [
        resolve(RunSpec("temporal_order", 30, corner.method, (0,), 1e4, corner.overrides)).parts
        for corner in factorial.CORNERS
    ]
    for part in parts:
        assert part.cell == parts[0].cell
        assert part.centring == parts[0].centring
        assert part.optimiser.clipping == parts[0].optimiser.clipping
        assert part.optimiser.batch == parts[0].optimiser.batch


def test_the_rate_is_chosen_by_validation_on_tuning_seeds():
    problem, corner = factorial.PROBLEMS[0], factorial.CORNERS[3]
    asked = []

    def get(rate, seed):
        asked.append(seed)
        made = row(problem, corner, seed, None)
        return replace(made, best_error=0.1 + abs(rate - 3e-3), test_error=rate, passes=1.0), 1.0

    assert factorial.chosen(get, corner.rates, factorial.TUNING_SEEDS) == 3e-3
    assert min(asked) >= 1_000_000


def test_t_quantiles():
    for freedom, value in {1: 12.7062, 4: 2.7764, 30: 2.0423}.items():
        assert init_and_momentum.t_quantile(freedom) == pytest.approx(value, abs=2e-3)


def test_effects_and_interaction_by_hand():
    shares = {
        "neither": {1: 1.0, 2: 1.0},
        "init": {1: 0.9, 2: 0.8},
        "momentum": {1: 0.7, 2: 0.7},
        "both": {1: 0.2, 2: 0.3},
    }
    found = init_and_momentum.effects(shares)
    np.testing.assert_allclose(found["init alone less both"], [0.7, 0.5])
    np.testing.assert_allclose(found["momentum alone less both"], [0.5, 0.4])
    np.testing.assert_allclose(found["interaction"], [0.4, 0.2])


WON = {"neither": [None] * 3, "init": [None] * 3, "momentum": [9e4, 8e4, None], "both": [1e4, 2e4, 3e4]}
LOST = WON | {"momentum": [1e4, 2e4, 4e4]}


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        (WON, WON, Verdict.HOLDS),
        (WON, LOST, Verdict.CAVEAT),
        (LOST, LOST, Verdict.FAILS),
        (WON, {}, Verdict.CAVEAT),  # a task without records
        (WON | {"both": [None] * 3}, {}, Verdict.FAILS),
    ],
)
def test_verdict_on_records(tmp_path: Path, first, second, expected):
    one, two = factorial.PROBLEMS
    write_rows(tmp_path / "runs.csv", [*table(one, **first), *table(two, **second)])
    small = factorial.Problem("memorization_5bit", 2, 200.0)
    finding = init_and_momentum.measure([0], tmp_path / "runs.csv", small)
    assert finding.verdict == expected
    drawings.get("init_and_momentum").draw(finding.to_dict())


def test_tuning_rows_are_not_judged():
    problem = factorial.PROBLEMS[0]
    rows = [row(problem, factorial.CORNERS[0], 1_000_000, 1e4)]
    assert not init_and_momentum.by_corner(rows, problem.task, problem.lag)["neither"]


def test_records_without_a_corner_are_said_to_be_missing(tmp_path: Path):
    write_rows(tmp_path / "runs.csv", table(factorial.PROBLEMS[0], **{**WON, "both": []}))
    with pytest.raises(LonglagError, match="four corners"):
        init_and_momentum.measure([0], tmp_path / "runs.csv")


# --- 12


def test_readout_only_moves_nothing_else():
    student = pupil("esn_momentum", "temporal_order", 10, 0)
    tied = modified_dynamics.ReadoutOnly(student.setup.parts.optimiser)
    setup = replace(student.setup, parts=replace(student.setup.parts, optimiser=tied))
    start, updates = student.start(), replace(student, setup=setup).updates()
    for _ in range(3):
        params = next(updates).params
    moved = {name for name in start if not torch.equal(start[name], params[name])}
    assert moved == {"W_hy", "b_y"}


def test_unrelated_draws_are_the_square_root_of_two_apart():
    shapes = {"W_hh": (100, 100)}
    init = pupil("esn_momentum", "temporal_order", 10, 0).setup.parts.init
    one, two = (torch.tensor(init.draw(stream(seed, "test"), shapes)["W_hh"]) for seed in (0, 1))
    assert modified_dynamics.relative(one, two) == pytest.approx(np.sqrt(2), rel=0.1)


def course(moved=0.05, full=0.0, readout=0.5, ridge=0.5):
    eigenvalues = np.array([[1.1 + 0j, 0.5], [1.2, 0.5]])
    weights = {"W_hh": [0.0, moved], "W_xh": [0.0, 0.1], "W_hy": [0.0, 1.0]}
    return modified_dynamics.Course([0, 50], weights, [1.1, 1.2], eigenvalues, [0.75, full], readout, ridge)


def test_verdict_on_modified_dynamics_can_be_lost():
    assert modified_dynamics.found([course()]).verdict == Verdict.HOLDS
    assert modified_dynamics.found([course(), course(full=0.1)]).verdict == Verdict.CAVEAT
    for bad in (course(moved=0.2), course(readout=0.04), course(ridge=0.0)):
        assert modified_dynamics.found([course(), bad]).verdict == Verdict.FAILS
    np.testing.assert_allclose(course().strayed, [0.1, 0.0])


def test_modified_dynamics_measured_small():
    finding = modified_dynamics.measure([0], lag=10, every=1, most=2)
    assert finding.verdict == Verdict.FAILS
    drawings.get("modified_dynamics").draw(finding.to_dict())
