"""The benchmarks compute the same things on both sides, and their arithmetic is right. How fast is for `make bench`."""

import csv
import dataclasses
import math
import re
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))  # benchmarks/ is no part of the package

from benchmarks import (  # noqa: E402
    __main__,
    accuracy,
    cases,
    curvature,
    figure,
    gpu,
    harness,
    kernels,
    loop,
    pairs,
    problem,
    reservoirs,
    rows,
    scale,
    scaling,
    solve,
    standard,
    suite,
    twin,
    updates,
    worker,
)
from benchmarks.arm import Missing  # noqa: E402

import longlag  # noqa: E402
from longlag.design.collect import collect  # noqa: E402
from longlag.engine.data import Draws  # noqa: E402

sys.path.append(str(worker.PEERS))
ONCE = harness.Effort(rounds=2, seconds=0, times=1)


def built(function, **kwargs):
    """The arm after one piece of work; a peer that is not installed skips the test."""
    try:
        arm = function(**kwargs)
    except Missing as reason:
        pytest.skip(str(reason))
    arm.work()
    return arm.answer()


def assert_same(a, b, tolerance=2e-5):
    assert a.keys() == b.keys()
    for name in a:
        np.testing.assert_allclose(a[name], b[name], rtol=0, atol=tolerance * max(np.abs(b[name]).max(), 1e-3))


# ---------------------------------------------------------------- both sides compute the same


@pytest.mark.parametrize("cell", ["tanh", "gru", "lstm"])
@pytest.mark.parametrize("ours", [updates.ours, updates.ours_in_turn])
def test_an_update_is_the_same_on_both_sides(cell, ours):
    k = {"cell": cell, "steps": 7, "batch": 5, "hidden": 6, "replicas": 3}
    before = problem.first(problem.problem(**k).params)
    after = built(ours, **k)
    assert_same(after, built(updates.torch_module, **k), tolerance=1e-6)
    assert all(np.abs(after[name] - before[name]).max() > 1e-6 for name in after)


@pytest.mark.filterwarnings("ignore")  # peers warn of numpy and torch
@pytest.mark.parametrize("peer", ["torch_func", "double_backward", "curvlinops", "hessianfree"])
@pytest.mark.parametrize("steps", [7, 20])  # through time, and with the Jacobian itself
def test_a_product_is_the_same_on_both_sides(peer, steps):
    k = {"steps": steps, "batch": 205, "hidden": 6}
    assert_same(built(curvature.ours, **k), built(getattr(curvature, peer), **k))


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_reservoir_states_are_the_same_on_both_sides(dtype):
    k = {"steps": 9, "batch": 6, "hidden": 30}
    states = built(reservoirs.ours, **k, dtype=dtype)["states"]
    theirs = built(reservoirs.reservoirpy, **k, sequences=4)["states"]
    np.testing.assert_allclose(states[:4], theirs, atol=1e-5 if dtype == "float32" else 1e-12)


@pytest.mark.parametrize("method", ["control", "clipping", "lstm_chrono"])
def test_the_twin_makes_the_same_update(method):
    condition = {"method": method, "task": "temporal_order", "lag": 20, "seed": 1}
    assert_same(built(twin.update, **condition), built(loop.update, **condition))


def test_the_twins_nesterov_keeps_the_point_ahead():
    condition = {"method": "esn_momentum", "task": "temporal_order", "lag": 20, "seed": 1}
    own = loop.data(**condition)
    start, momentum = problem.first(own.start()), own.setup.parts.optimiser.momentum(0)
    theirs, ours = built(twin.update, **condition), built(loop.update, **condition)
    ahead = {name: start[name] + (1 + momentum) * (ours[name] - start[name]) for name in ours}
    assert_same(theirs, ahead)


def test_the_twin_answers_hessian_free_alike():
    own = loop.data("hf", "memorization_5bit", 10)
    params = {name: value.double() for name, value in own.start().items()}
    oracle = Draws(own)(32)
    oracle = dataclasses.replace(oracle, batch=dataclasses.replace(oracle.batch, x=oracle.batch.x.double()))
    other = twin.AutogradOracle(oracle)
    v = {name: torch.from_numpy(np.random.default_rng(0).standard_normal(p.shape)) for name, p in params.items()}
    with torch.no_grad():
        torch.testing.assert_close(other.value(params), oracle.value(params))
        for ours, theirs in (
            (oracle.value_and_grad(params)[1], other.value_and_grad(params)[1]),
            (oracle.gauss_newton(params, 0.3)(v), other.gauss_newton(params, 0.3)(v)),
        ):
            assert_same(problem.first(theirs), problem.first(ours), tolerance=1e-9)


def test_the_twins_reservoir_has_the_same_states():
    condition = {"method": "esn", "task": "temporal_order", "lag": 20, "seed": 0}
    own = loop.data(**condition)
    found = built(twin.update, sequences=3, **condition)["states"]
    batch = own.batch("reservoir", 1, 3)
    states = own.setup.model.states(own.start(), batch.x, batch.start)[0]
    np.testing.assert_allclose(found, states.numpy(), atol=1e-5)


def test_many_products_with_their_linearisation_are_the_same_on_both_sides():
    k = {"steps": 20, "batch": 3, "hidden": 6, "products": 2}
    assert_same(built(curvature.ours_in_all, **k), built(curvature.double_backward_in_all, **k))


# ---------------------------------------------------------------- what is not a time


def test_errors_are_those_of_rounding():
    k = {"steps": 6, "batch": 4, "hidden": 5, "seeds": 2}
    for dtype, bound in (("float64", 1e-12), ("float32", 1e-4)):
        joint, single = accuracy.gradient_error("tanh", dtype, **k)
        assert 0 <= joint <= bound
        assert joint <= single
        assert accuracy.product_error(dtype, **k)[0] <= bound
    exact = {"a": np.array([3.0, 4.0]), "b": np.array([0.0, 12.0])}
    found = {"a": np.array([3.0, 4.0]), "b": np.array([0.0, 13.3])}
    assert accuracy.error(found, exact) == pytest.approx((0.1, 1.3 / 12))


def test_peak_memory_counts_what_an_update_holds():
    if not Path("/proc/self/clear_refs").exists():
        pytest.skip("no /proc/self/clear_refs")
    size = 64 * 2**20
    with harness.Worker("ours") as process:
        found = process.ask("memory:peak", arm="memory:block", kwargs={"size": size}, warm={"size": 8})
    assert 0.99 * size <= found <= 1.1 * size  # the kernel counts pages by the batch


# ---------------------------------------------------------------- the code path of a run, small


@pytest.fixture(scope="module")
def workers():
    with harness.Worker("ours") as ours, harness.Worker("default") as default:
        yield {"ours": ours, "default": default}


def test_a_worker_that_died_is_told_in_a_line_and_leaves_the_other(workers):
    side = harness.Side("curvature:ours", {"steps": 2, "batch": 2, "hidden": 2})
    with harness.Worker("ours") as dead:
        dead._process.kill()
        dead._process.wait()
        both = {"ours": dead, "default": workers["default"]}
        with pytest.raises(harness.WorkerError, match="the worker ended"):
            harness.compare(both, side, side, ("default",), ONCE)
    assert workers["default"].ask("machine:record")


def test_environments_differ_in_what_they_should(workers):
    ours, default = (workers[name].ask("machine:record")["environment"] for name in ("ours", "default"))
    assert default == {name: "1" if name == "OMP_NUM_THREADS" else "" for name in default}
    assert ours["MKL_CBWR"] == "AVX2"
    assert ours["OMP_NUM_THREADS"] == "1"


def test_every_comparison_runs_small(workers, tmp_path):
    found = [rows.compared(case, workers, ONCE) for case in cases.cases(small=0.03)]
    failed = [row.note for row in found if row.ratio is None and "Missing" not in row.note]
    assert not failed
    assert {row.id for row in found} == {"P1", "P2", "P3", "P4", "P5", "P6", "P7", "P8"}
    assert all(row.ratio > 0 for row in found if row.ratio is not None)
    costs = [scaling.Cost(axis, n, 1.0 * n, 2.0 * n) for axis in scaling.AXES for n in (1, 2)]
    harness.write(tmp_path / "speed.csv", rows.Row, found)
    harness.write(tmp_path / "scaling.csv", scaling.Cost, costs)
    harness.write(tmp_path / "slopes.csv", scaling.Slope, scaling.slopes(costs))
    figure.main(tmp_path)
    assert (tmp_path / "speed.png").stat().st_size
    assert (tmp_path / "scaling.pdf").stat().st_size
    with open(tmp_path / "speed.csv", newline="") as file:
        header = next(csv.reader(file))
    wanted = "id what shape ours_ms peer peer_ms ratio ratio_peer_tuned goal"
    assert header[:9] == wanted.split()
    assert all(row.line.startswith(row.id) for row in found)


def test_the_gpu_benchmark_runs_on_a_cpu(workers):
    found = list(rows.gpu(workers, ONCE, device="cpu", size=4))
    assert [row.ratio is not None for row in found] == [True] * 6
    k = {"steps": 4, "batch": 3, "hidden": 5, "replicas": 4, "device": "cpu"}
    assert_same(built(gpu.on, arm="curvature:ours", **k), built(gpu.on, arm="curvature:double_backward", **k))
    for cell in rows.CELLS:  # recorded updates are those of the peer
        one = k | {"cell": cell}
        recorded = built(gpu.on, arm="updates:ours", recorded=True, **one)
        assert_same(recorded, built(gpu.on, arm="updates:torch_module", **one), tolerance=1e-6)
    if not torch.cuda.is_available():
        with pytest.raises(Missing, match="no GPU"):
            gpu.on("cuda", "updates:ours")


def test_the_kernels_of_gpus_are_few():
    """Of a step, forward and backward; by automatic differentiation they would be eight times as many."""
    assert {cell: kernels.of_a_step(cell) for cell in problem.GATES} == {"tanh": 4, "gru": 8, "lstm": 12}
    assert all(kernels.of_a_step(cell, hand_written=False) > 30 for cell in problem.GATES)


def test_the_sample_runs_against_its_twin(workers):
    run = suite.Run("clipping", "temporal_order", 10, 0, True, updates=3, passes=900.0, evaluated=2000.0)
    reservoir = suite.Run("esn", "temporal_order", 10, 0, False, updates=1, passes=3000.0, evaluated=1000.0)
    found = list(suite.costs(workers, ONCE, [run, reservoir]))
    total = suite.total(found)
    assert len(total.ours) == len(total.peer["default"]) == 2
    assert total.ours[0] == pytest.approx(sum(c.ours[0] for c in found))


def test_a_missing_peer_is_a_row_that_says_so(workers):
    case = cases.Case("P5", "x", "", harness.Side("curvature:ours", {"steps": 2, "batch": 2, "hidden": 2}), "nobody",
                      harness.Side("gpu:on", {"device": "nowhere", "arm": "updates:ours"}), 1.0, 2.0)  # fmt: skip
    row = rows.compared(case, workers, ONCE)
    assert row.ratio is None
    assert row.verdict == ""
    if not torch.cuda.is_available():
        assert "not measured: Missing: torch sees no GPU here" in row.note
        assert "no GPU" in row.line


# ---------------------------------------------------------------- time to solution


@pytest.fixture
def small_evaluations(monkeypatch):
    for name in ("MONITOR", "CONFIRM", "TEST"):
        monkeypatch.setattr(f"longlag.protocol.{name}", 100)


@pytest.mark.filterwarnings("ignore")  # peers warn of numpy and torch
@pytest.mark.parametrize(
    ("method", "task", "peer"),
    [
        ("esn_momentum", "temporal_order", "gradient_script"),
        ("esn", "temporal_order", "reservoir_script"),
        ("hf", "temporal_order", "pytorch_hessian_free"),
    ],
)
def test_both_sides_solve_a_task_and_a_peer_is_stopped_in_time(small_evaluations, method, task, peer):
    condition = {"method": method, "task": task, "lag": 10, "seed": 0}
    assert solve.ours(**condition, budget=6e5)["solved"]
    try:
        found = getattr(solve, peer)(**condition, limit=120.0)
    except Missing as reason:
        pytest.skip(str(reason))
    assert found["solved"]
    assert not getattr(solve, peer)(**condition, limit=0.0)["solved"]


def test_a_peer_is_solved_by_the_engines_criterion(small_evaluations, monkeypatch):
    own, steps = loop.data("control", "temporal_order", 10), []

    def right_after(n):
        def answer(batch):
            return torch.nn.functional.one_hot((batch.y + (len(steps) < n)) % 4, 4).float()

        return answer

    found = solve._until_solved(own, right_after(2), lambda: steps.append(1), 1500.0, solve.Clock.of(60.0))
    assert found["solved"]
    assert len(steps) == 2  # evaluated after 1500 and 3000 passes
    steps.clear()
    assert found["ended"] == "solved it"
    found = solve._until_solved(own, right_after(10**9), lambda: None, 1500.0, solve.Clock.of(0.2))
    assert (found["solved"], found["ended"]) == (False, pairs.STOPPED)
    wrong_in_the_end = iter([0.0, 0.0, 1.0])  # monitor, confirmation, test
    monkeypatch.setattr(solve, "_wrong", lambda *_: next(wrong_in_the_end))
    found = solve._until_solved(own, right_after(0), lambda: None, 1500.0, solve.Clock.of(60.0))
    assert (found["solved"], found["ended"]) == (False, "was confirmed on validation and failed on the test set")


def test_pairs_are_ratios_by_seed_and_a_stopped_peer_is_a_lower_bound():
    pair = pairs.Pair("hf", "xor", 50, "p", "f", goal=5.0, floor=3.0)
    limits = []

    def peer(call, limit, seed, **_):
        limits.append(limit)
        ended = "solved it" if seed else pairs.STOPPED
        return {"solved": seed > 0, "seconds": min(limit, 4.0 * (seed + 1)), "ended": ended}

    found = list(pairs.times(pair, lambda call, seed, **_: {"solved": True, "seconds": 0.5 * (seed + 1)}, peer, 2))
    assert limits == [5.0, 10.0]
    assert [t.ratio for t in found] == [8.0, 8.0]
    words = pairs.note(found, pair.most)
    assert "ours solved 2 of 2, the peer 1" in words
    assert "stopped at 10 times our time: 1 of the ratios are lower bounds" in words
    assert "lower bound" not in pairs.note(found[1:], pair.most)


def test_a_pair_that_ours_did_not_solve_is_left_out_of_the_median(monkeypatch):
    failed = "was confirmed on validation and failed on the test set"
    found = [
        pairs.Times(0, 1.0, 3.0, True, True, "solved it"),
        pairs.Times(1, 10.0, 1.0, False, True, "solved it"),
        pairs.Times(2, 1.0, 5.0, True, False, failed),
    ]
    assert pairs.note(found, 10.0) == (
        "ours solved 2 of 3, the peer 2; ratios by seed 3, 5; left out, since ours did not solve: 1; "
        f"the peer {failed}: 1 of the ratios are lower bounds"
    )
    pair = pairs.Pair("hf", "xor", 50, "p", "f", goal=5.0, floor=3.0)
    for given, ratio, rounds in ((found, 4.0, 2), (found[1:2], None, 0)):
        monkeypatch.setattr(pairs, "times", lambda *_, given=given: given)
        (row,) = rows.solutions([pair], seeds=3)
        assert (row.ratio, row.rounds) == (ratio, rounds)
    assert row.note == "not measured: ours solved 0 of 1, the peer 1; left out, since ours did not solve: 1"


def test_a_pair_whose_peer_is_missing_is_a_row_that_says_so():
    nobody = pairs.Pair("constant", "adding", 10, "nobody", "missing_peer", goal=2.0, floor=1.0)
    (row,) = rows.solutions([nobody], seeds=1)
    assert row.ratio is None
    assert "not measured" in row.note


# ---------------------------------------------------------------- arithmetic


def test_ratios_are_taken_round_by_round():
    assert harness.ratios([1.0, 2.0], [4.0, 2.0]) == [4.0, 1.0]
    assert harness.ratios([1.0, 2.0], [4.0, 2.0], inverse=True, factor=3) == [0.75, 3.0]
    assert harness.spread([5.0, 1.0, 2.0, 3.0, 4.0]) == (3.0, 2.0, 4.0)
    assert harness.spread([7.0]) == (7.0, 7.0, 7.0)


def test_columns_hold_medians_of_ratios_not_ratios_of_medians():
    times = harness.Times([1.0, 1.0, 10.0], {"default": [2.0, 6.0, 30.0], "ours": [1.0, 2.0, 30.0]})
    found = rows.columns(times, cases.BOTH)
    assert (found["ours_ms"], found["peer_ms"], found["rounds"]) == (1000.0, 6000.0, 3)
    assert (found["ratio"], found["ratio_peer_tuned"]) == (3.0, 2.0)


@pytest.mark.parametrize(
    ("ratio", "lower", "verdict"),
    [(4.0, False, "goal"), (2.5, False, "floor"), (2.4, False, "missed"), (1.0, True, "goal"), (9.0, True, "missed")],
)
def test_verdicts(ratio, lower, verdict):
    goal, floor = (1.0, 2.0) if lower else (4.0, 2.5)
    assert rows.Row("P", "", "", ratio=ratio, goal=goal, floor=floor, lower=lower).verdict == verdict


def test_the_share_counts_only_the_recurrent_products():
    (case,) = [case for case in cases.cases() if case.id == "P3"]
    # an update as long as one product of 1024^3 does 6 T B H^2 operations in the time of 2 * 1024^3
    assert case.factor == pytest.approx(6 * 100**4 / (2 * 1024**3))


def test_a_power_law_is_its_slope():
    slope = scaling.fit("H", "ours", [(n, 3 * n**1.7) for n in (10, 20, 40)])
    assert slope.slope == pytest.approx(1.7)
    assert slope.worst == pytest.approx(1)
    bent = scaling.fit("H", "ours", [(1, 1.0), (math.e, math.e), (math.e**2, math.e**2 * math.exp(0.3))])
    assert bent.worst == pytest.approx(math.exp(0.1))


def test_a_run_costs_its_updates_and_its_looks():
    run = suite.Run("lstm", "adding", 20, 0, True, updates=10, passes=3000.0, evaluated=4000.0)
    update = harness.Times([1.0, 2.0], {"default": [3.0, 4.0]})
    evaluation = harness.Times([0.5, 0.5], {"default": [1.0, 1.0]})
    found = suite.cost(run, update, evaluation, evaluations=4.0)
    assert found.ours == [12.0, 22.0]
    assert found.twin == {"default": [34.0, 44.0]}


def test_the_sample_has_a_solved_and_a_failing_run_of_each_method_that_has_both():
    table = [
        {"method": m, "task": "adding", "lag": "20", "seed": str(s), "solved": str(solved), "updates": str(updates),
         "passes": "300.0", "evaluation_passes": "1000.0"}
        for m, solved, updates in (("a", True, 5), ("a", False, 5), ("b", True, 5), ("b", False, 0))
        for s in range(4)
    ]  # fmt: skip
    chosen = suite.draw(table, seed=1)
    assert [(run.method, run.solved) for run in chosen] == [("a", True), ("a", False), ("b", True)]
    assert suite.draw(table, seed=1) == chosen
    assert any(suite.draw(table, seed) != chosen for seed in range(2, 12))


def test_the_kept_sample_is_whole():
    runs = suite.sample()
    solved = {run.method for run in runs if run.solved}
    failing = {run.method for run in runs if not run.solved}
    assert solved == {"control", "clipping", "lstm", "lstm_chrono", "hf", "esn_momentum", "esn"}
    assert failing == solved


def test_the_cost_of_standard_is_weighed_by_the_record():
    parts = [
        standard.Measured("lstm", "adding", 50, 0.2, [2.0, 4.0], [1.0, 4.0]),
        standard.Measured("lstm", "adding", 200, 0.6, [8.0, 8.0], [2.0, 4.0]),
        standard.Measured("esn", "adding", 50, 0.2, [1.0, 1.0], [2.0, 3.0]),
    ]
    lines = {(line.method, line.lag): line for line in standard.table(parts)}
    assert lines["lstm", "50"].ratio == pytest.approx(0.75)
    assert (lines["lstm", "50"].old_s, lines["lstm", "50"].new_s) == (3.0, 2.5)
    method = lines["lstm", "all"]
    assert method.share == pytest.approx(0.8)
    assert method.ratio == pytest.approx((0.25 * 0.5 + 0.75 * 0.25 + 0.25 * 1 + 0.75 * 0.5) / 2)
    every = lines["all", "all"]
    assert every.share == pytest.approx(1)
    assert every.ratio == pytest.approx((0.1 + 0.15 + 0.4 + 0.2 + 0.3 + 0.6) / 2)


def test_every_run_of_the_record_has_a_condition_that_is_measured():
    runs = standard.record()
    assert {method for method, *_ in runs} == {run.method for run in suite.sample()}
    for method, *condition in runs:
        assert tuple(condition) in standard.CONDITIONS.get(method, standard.CONDITIONS_OF_GRADIENTS)
    assert sum(len(rows) for rows in runs.values()) == (pd.read_csv(standard.STANDARD).updates > 0).sum()
    assert standard.nearest("esn", "xor", 1000) == ("adding", 500)
    assert standard.nearest("lstm", "memorization_5bit", 200) == ("memorization_5bit", 50)
    assert standard.nearest("lstm", "temporal_order", 200) == ("adding", 200)


def test_the_cost_of_standard_is_quoted_from_its_record():
    readme = " ".join((ROOT / "benchmarks/README.md").read_text().split())
    for name, verb in [("standard.csv", "cost"), ("intel/standard.csv", "costs")]:
        found = pd.read_csv(ROOT / "results/benchmarks" / name)
        every = found[found.method == standard.ALL].iloc[0]
        assert every.share == pytest.approx(1, abs=1e-3)
        assert f"{verb} {every.ratio:.2f} (quartiles {every.low:.2f} and {every.high:.2f})" in readme


def test_the_operations_of_a_product_with_structural_damping_are_counted_and_its_rate_is_of_the_record():
    readme = " ".join((ROOT / "benchmarks/README.md").read_text().split())
    found = pd.read_csv(ROOT / "results/benchmarks/speed.csv")
    damped = found[found.what == "Gauss-Newton product with structural damping"]
    (shape,) = {*damped["shape"]}
    steps, batch, hidden = (int(size) for size in re.fullmatch(r"T=(\d+) B=(\d+) H=(\d+)", shape).groups())
    operations = 8 * steps * batch * hidden**2
    with_inputs = 4 * steps * batch * hidden * (hidden + hidden + 2 + 1)  # of v and of the weights: inputs and bias too
    assert (
        f"T = {steps}, B = {batch} and H = {hidden} that is {operations / 1e9:.1f} GFLOP ({with_inputs / 1e9:.1f}"
        in readme
    )
    least, most = damped.ours_ms.min(), damped.ours_ms.max()
    slow, fast = (operations / milliseconds / 1e6 for milliseconds in (most, least))
    assert f"took {least:.0f} to {most:.0f} ms: {slow:.0f} to {fast:.0f} GFLOP/s" in readme
    (matmul,) = found[found.peer == "np.matmul 1024^3"].peer_ms
    rate = cases.MATMUL / matmul / 1e6
    assert f"np.matmul 1024³ reached {rate:.0f} in that run" in readme
    assert f"the matrix products would take {operations / rate / 1e6:.0f} ms" in readme


def test_seconds_are_of_the_code_in_the_given_folder():
    source = str(Path(longlag.__file__).parents[1])
    assert all(found > 0 for found in standard.seconds(source, "control", "adding", 10, [0, 1, 2], 2, {}))
    with pytest.raises(AssertionError, match="imported from"):
        standard.seconds("/elsewhere", "control", "adding", 10, [0], 1, {})


def test_a_made_up_suite_is_collected_without_a_hole(tmp_path):
    plan = scale.answered(scale.enlarged(tmp_path / "config/large.yaml", lambda s: len(s.expected()), 1))
    points, notes = scale.make_up(plan, tmp_path / "jobs"), []
    rows, curves = collect(plan, tmp_path / "jobs", notes.append)
    assert not notes
    assert len(rows) == len(plan.expected())
    assert curves.num_rows == points > 0


def test_a_step_that_fails_says_so():
    with pytest.raises(RuntimeError, match="collect ended with 2"):
        scale._measured("collect", "", ["longlag", "collect", "--suite", "no/such.yaml"])
    assert scale._measured("list", "", ["longlag", "list"]).cpu_s > 0


def fastest(rows):
    """The row of the peer that takes the least time, with its own settings and with ours."""
    (row,) = {rows[kind].idxmin() for kind in ("ratio", "ratio_peer_tuned")}
    return rows.loc[row]


def test_the_readme_quotes_the_measurements():
    """Every ratio of the README is one of results/benchmarks, beside the fastest peer of each machine; of two Intel
    Xeons the one that was measured last."""
    readme = " ".join((ROOT / "README.md").read_text().split())
    folder = ROOT / "results/benchmarks"
    amd, intel = pd.read_csv(folder / "speed.csv"), pd.read_csv(folder / "intel/speed.csv")
    damped = [fastest(found[(found.id == "P5") & found.what.str.startswith("Gauss-Newton product with")])
              for found in (amd, intel)]  # fmt: skip
    peers = [f"{1 / one.ratio:.2f} ({1 / one.ratio_peer_tuned:.2f}) of {named}"
             for one, named in zip(damped, ("hessianfree 0.4.0", "a double backward pass"), strict=True)]  # fmt: skip
    assert [one.peer.split(",")[0] for one in damped] == ["hessianfree 0.4.0 calc_G", "double backward"]
    gated = pd.read_csv(folder / "intel_gated/speed.csv")
    plain = [f"{1 / one.ratio:.2f} ({1 / one.ratio_peer_tuned:.2f}) of `nn.RNN`"
             for one in (fastest(found[found.id == "P1"]) for found in (amd, gated))]  # fmt: skip
    for told in (peers, plain):
        assert f"| {told[0]} | {told[1]} |" in readme
    states = amd[(amd.id == "P7") & amd.what.str.contains("float64")].ratio  # the peer computes in float64 too
    told = [f"{ratio:.2g}" for ratio in states]
    assert f"reservoirpy takes {told[0]}, {told[1]} and {told[2]} times as long" in readme
    seconds = [float(line.split("|")[5]) for line in (ROOT / "docs/reservoirs.md").read_text().splitlines()
               if "CPU seconds" in line and "free runs" not in line]  # fmt: skip
    assert f"{min(seconds):.2g} to {max(seconds):.2g} times as fast" in readme


def test_ids_that_do_not_exist_are_refused_before_anything_is_measured(tmp_path, capsys):
    with pytest.raises(SystemExit):
        __main__.main(["--only", "P5,P99", "--out", str(tmp_path / "out")])
    assert "--only P99: no such id; known: P1, P2" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()
