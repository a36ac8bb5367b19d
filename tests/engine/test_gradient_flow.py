"""Gradient flow: readings against finite differences, and runs that are the same with and without them."""

import dataclasses
import math

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import torch

from longlag import cli, registry
from longlag.analysis import stats
from longlag.cells import base
from longlag.engine import gradient_flow, train
from longlag.engine.data import GRADIENT_FLOW, Data
from longlag.engine.spec import resolve
from longlag.objective import Tensors
from longlag.store import records
from longlag.store.curves import curves_schema, read_curves, read_points, write_points
from longlag.store.records import FLOW, GRADIENT_BACK, Point, Row
from toy import spec

METHODS = registry.names("methods")


def start(method, task, seeds=(0,), n=4):
    """A model at its start, and a batch."""
    setup = resolve(spec(method, task, lag=12, seeds=seeds, block=len(seeds)))
    data = Data(setup, seeds)
    return setup, data.start(), data.batch(GRADIENT_FLOW, 0, n)


def losses(setup, params, batch, s, step, part, nudge):
    """Loss of sequence s alone, that part of its state moved by `nudge` [H] after that step."""
    model, cell = setup.model, setup.model.cell
    p = {name: leaf.double() for name, leaf in params.items()}
    state, hidden = cell.start(p, 1), []
    drives = cell.drive(p, model.centred(batch.x[:, :, s : s + 1].double())).unbind(1)
    for t, drive in enumerate(drives):
        if t >= int(batch.start[0, s]):
            state, _ = cell.step(p, state, drive)
        if t == step:
            state = tuple(value + nudge if k == part else value for k, value in enumerate(state))
        hidden.append(state[0])
    outputs = model.read(p, torch.stack(hidden, 1)[:, -model.scored :])
    return float(setup.loss.value(outputs, batch.y[:, :, s : s + 1]))


@pytest.mark.parametrize("method", ["control", "lstm", "esn"])
@pytest.mark.parametrize("task", ["temporal_order", "adding", "memorization_5bit"])
def test_derivatives_are_those_of_finite_differences(method, task):
    setup, params, batch = start(method, task)
    params = {name: leaf + 0.1 * torch.ones_like(leaf) if name == "W_hy" else leaf for name, leaf in params.items()}
    (found,) = gradient_flow.readings(setup.model, setup.loss, params, params, {}, batch)
    steps, hidden, tiny = batch.x.shape[1], setup.model.cell.hidden, 1e-5
    for back in (0, 1, 5):
        norms = []
        for s in range(len(batch)):
            nudges = tiny * torch.eye(hidden, dtype=torch.float64)
            at = steps - 1 - back
            parts = range(len(setup.model.cell.start(params, 1)))
            slope = [
                (losses(setup, params, batch, s, at, k, e) - losses(setup, params, batch, s, at, k, -e)) / (2 * tiny)
                for k in parts
                for e in nudges
            ]
            norms.append(np.linalg.norm(slope))
        assert found[f"gradient_{back}"] == pytest.approx(np.mean(norms), rel=1e-5, abs=1e-9)


def test_a_sequence_counts_from_its_beginning_on():
    setup, params, batch = start("control", "adding", n=2)
    x, steps = batch.x.clone(), batch.x.shape[1]
    late = Tensors(x, torch.tensor([[steps - 2, steps - 2]]), batch.y)
    (found,) = gradient_flow.readings(setup.model, setup.loss, params, params, {}, late)
    assert found["gradient_1"] > 0
    assert math.isnan(found["gradient_2"])
    assert math.isnan(found["gradient_5"])


def test_readings_of_the_whole_net():
    setup, params, batch = start("control", "temporal_order")
    before = {name: leaf.clone() for name, leaf in params.items()}
    params = params | {"W_hh": 3.0 * torch.eye(8)[None], "b_h": torch.full((1, 8), 50.0)}
    after = params | {"b_y": params["b_y"] + 2.0}
    (found,) = gradient_flow.readings(
        setup.model, setup.loss, params, after, {"damping": 0.5, "rho": 0.9, "rate": 1.0, "cg_stopped": "limit"}, batch
    )
    assert found["spectral_radius"] == pytest.approx(3.0)
    assert found["saturated"] == 1.0
    assert found["update_norm"] == pytest.approx(2.0 * math.sqrt(params["b_y"].numel()))
    assert (found["damping"], found["reduction_ratio"], found["cg_stopped"]) == (0.5, 0.9, "limit")
    assert set(found) <= set(FLOW)
    (calm,) = gradient_flow.readings(setup.model, setup.loss, before, before, {}, batch)
    assert calm["saturated"] < 0.5
    assert calm["update_norm"] == 0
    (lstm,) = (gradient_flow.readings(s.model, s.loss, p, p, {}, b) for s, p, b in [start("lstm", "adding")])
    assert "spectral_radius" not in lstm[0]


def test_each_replica_has_its_own():
    setup, params, batch = start("control", "adding", seeds=(3, 4))
    together = gradient_flow.readings(setup.model, setup.loss, params, params, {}, batch)
    for r, seed in enumerate((3, 4)):
        (alone,) = (
            gradient_flow.readings(s.model, s.loss, p, p, {}, b) for s, p, b in [start("control", "adding", (seed,))]
        )
        assert together[r] == pytest.approx(alone[0], rel=1e-9, nan_ok=True)


def test_a_diverged_replica_has_no_spectral_radius_and_changes_that_of_no_other():
    setup, params, batch = start("control", "adding", seeds=(3, 4))
    alone = gradient_flow.readings(setup.model, setup.loss, params, params, {}, batch)[1]
    diverged = {name: leaf.clone() for name, leaf in params.items()}
    diverged["W_hh"][0] = math.nan
    found = gradient_flow.readings(setup.model, setup.loss, diverged, diverged, {}, batch)
    assert math.isnan(found[0]["spectral_radius"])
    assert found[1]["spectral_radius"] == alone["spectral_radius"]


def test_an_evaluation_leaves_nothing_behind():
    """What is asked of a cell's class once is kept for the life of the process: no class is made per evaluation."""
    setup, params, batch = start("control", "adding")
    known = []
    for _ in range(2):
        gradient_flow.readings(setup.model, setup.loss, params, params, {}, batch)
        known.append(base._defines.cache_info().currsize)
    assert known[0] == known[1]


@pytest.mark.parametrize("method", METHODS)
def test_recording_gradient_flow_changes_no_number(method):
    plain, seen = (list(train.run(spec(method, gradient_flow=wanted))) for wanted in (False, True))
    blind = FLOW
    for a, b in zip(plain, seen, strict=True):
        if isinstance(a, Row):
            assert dataclasses.replace(a, **_volatile(b)).__repr__() == b.__repr__()
        else:
            assert repr(a) == repr(dataclasses.replace(b, seconds=a.seconds, **blind))
            assert math.isnan(a.gradient_0)
            assert b.gradient_0 >= 0
            assert b.gradient_5 >= 0
            assert b.update_norm >= 0


def _volatile(row):
    return {name: getattr(row, name) for name in records.VOLATILE}


def test_grid_of_steps_back_is_that_of_the_columns():
    assert [f"gradient_{k}" for k in GRADIENT_BACK] == [name for name in FLOW if name.startswith("gradient_")]


def test_files_with_and_without_flow_are_read(tmp_path):
    plain = Point("t", 1, "m", 0, 1.0, 1, 0.5, 0.5, 0.5, 0.125)
    seen = dataclasses.replace(plain, passes=2.0, gradient_0=0.25, damping=0.1, cg_stopped="progress")
    write_points(tmp_path / "plain.parquet", [plain])
    write_points(tmp_path / "seen.parquet", [plain, seen])
    assert read_curves(tmp_path / "plain.parquet").column_names == curves_schema().names
    assert [repr(p) for p in read_points(tmp_path / "seen.parquet")] == [repr(plain), repr(seen)]
    table = stats.load_curves(tmp_path / "plain.parquet")
    assert table.gradient_0.isna().all()
    assert list(table.cg_stopped) == [""]
    loaded = stats.load_curves(tmp_path / "seen.parquet")
    assert list(loaded.gradient_0.dropna()) == [0.25]
    assert list(loaded.cg_stopped) == ["", "progress"]


def test_joined_files_with_and_without_a_reason_are_read(tmp_path):
    """As `collect` joins them: null where a file lacks the column, also in a file of an older version."""
    plain = Point("t", 1, "m", 0, 1.0, 1, 0.5, 0.5, 0.5, 0.125, gradient_0=0.5)
    seen = dataclasses.replace(plain, passes=2.0, cg_stopped="breakdown")
    for name, point in (("plain", plain), ("seen", seen)):
        write_points(tmp_path / name, [point])
    tables = [read_curves(tmp_path / name) for name in ("plain", "seen")]
    assert "cg_stopped" not in tables[0].column_names
    pq.write_table(pa.concat_tables(tables, promote_options="default"), tmp_path / "both")
    assert [repr(point) for point in read_points(tmp_path / "both")] == [repr(plain), repr(seen)]
    assert list(stats.load_curves(tmp_path / "both").cg_stopped) == ["", "breakdown"]


def test_hessian_free_says_why_conjugate_gradients_stopped():
    events = train.run(spec("hf", budget=12_000.0, gradient_flow=True))
    *points, end = (event for event in events if isinstance(event, Point))
    assert len(points) == 3
    assert {point.cg_stopped for point in points} <= {"progress", "limit", "breakdown"}
    assert all(point.cg_stopped == "limit" for point in points if point.cg_iterations == 8)
    assert (end.cg_stopped, end.update_norm) == ("", 0)  # the step that the budget ended is undone


def test_a_kept_rung_without_flow_is_trained_again_where_flow_is_wanted(tmp_path):
    words = ["ladder", "--method", "control", "--task", "temporal_order", "--lags", "10", "--budget", "600"]
    words += ["--set", "cell.hidden=8", "--cache", str(tmp_path / "rungs"), "--out", str(tmp_path / "runs.csv")]
    words += ["--curves", str(tmp_path / "curves.parquet")]

    def recorded(*more):
        assert cli.main([*words, *more]) == 0
        return {not math.isnan(point.gradient_0) for point in read_points(tmp_path / "curves.parquet")}

    assert recorded() == {False}
    assert recorded("--gradient-flow") == {True}
    assert recorded() == {True}, "a rung with flow serves a run that does not ask for it"
