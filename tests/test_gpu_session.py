"""`make gpu` without a GPU: the plan, the record, and a rehearsal of every stage."""

import dataclasses
import json
import math
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))  # benchmarks/ is no part of the package

from benchmarks import (  # noqa: E402
    gpu_plan,
    gpu_record,
    gpu_session,
    gpu_updates,
    harness,
    kernels,
    problem,
)

from longlag.store.curves import read_points  # noqa: E402
from longlag.store.records import read_rows  # noqa: E402

LATER = time.monotonic() + 3600


def test_the_plan_is_sorted_by_value_and_has_the_searches():
    rows = read_rows(ROOT / "results/reference/runs.csv.gz")
    pieces = gpu_plan.plan(rows, seeds=20, candidates=8, tuning_seeds=3, budget=1e6)
    values = [piece.cpu / piece.gpu for piece in pieces]
    assert values == sorted(values, reverse=True)
    assert {"control", "clipping", "lstm_chrono", "esn_momentum"} <= {piece.method for piece in pieces}
    assert not {"hf", "esn", "constant"} & {piece.method for piece in pieces}
    searched = [piece for piece in pieces if piece.candidates]
    assert {"control", "clipping", "lstm_chrono", "esn_momentum"} <= {piece.method for piece in searched}
    assert all((piece.task, piece.lag, piece.replicas) == ("temporal_order", 50, 24) for piece in searched)
    longer = [p for p in pieces if (p.method, p.task) == ("control", "adding")]
    assert len({p.lag for p in longer}) > 1
    assert sorted(p.gpu for p in longer) == [p.gpu for p in sorted(longer, key=lambda p: p.lag)]


@pytest.mark.parametrize(("task", "lag", "updates", "evaluations", "seconds"), [
    ("memorization_5bit", 200, 10417, 100, 89.6), ("random_permutation", 50, 2300, 23, 87.2)])  # fmt: skip
def test_the_costs_explain_the_pieces_that_were_measured(task, lag, updates, evaluations, seconds):
    """20 seeds of esn_momentum on an H100, by the code of then; the first spent its budget of 1e6 passes."""
    own = gpu_plan.Condition.of("esn_momentum", task, lag, 20)
    expected = updates * own.update(gpu_plan.MEASURED) + own.evaluations(gpu_plan.MEASURED, evaluations)
    assert 1 / 1.5 < expected / seconds < 1.5
    if task == "memorization_5bit":  # 32 sequences are all there are: that is an update
        assert updates == math.ceil(1e6 / own.passes)


def test_the_costs_explain_the_gradients_that_were_measured():
    """P12 of then: 20 replicas, 100 steps, sequences and units."""
    for cell, seconds in (("TanhRNN", 3.586e-3), ("LSTM", 23.58e-3)):
        own, costs = gpu_plan.Condition(cell, 100, 20, 100, 2, 100, None), gpu_plan.MEASURED
        found = own.update(dataclasses.replace(costs, host=0.0, summed=0.0, batch=0.0, drawn=0.0))
        assert 1 / 1.5 < found / seconds < 1.5


def test_the_plan_knows_how_many_kernels_a_step_has():
    names = {"tanh": "TanhRNN", "gru": "GRU", "lstm": "LSTM"}
    for cell in problem.GATES:
        assert gpu_plan.NOW.of_a_step(names[cell]) == kernels.of_a_step(cell)
    assert gpu_plan.NOW.of_a_step("a new cell") == kernels.of_a_step("lstm", hand_written=False)


def test_updates_are_measured_as_a_run_makes_them(tmp_path):
    size = dataclasses.replace(gpu_session.REHEARSAL, updates=3)
    session = gpu_session.Session(size, tmp_path, LATER)
    assert session.updates() == "3 methods timed"
    found = gpu_record.rows("updates.csv", tmp_path)
    assert [row["method"] for row in found] == ["esn_momentum", "lstm", "gru"]
    assert all(float(row["ms"]) > 0 and int(row["updates"]) == 3 for row in found)
    assert "esn_momentum on adding, lag 50, 2 replicas: " in (tmp_path / "summary.md").read_text()


def test_a_stage_that_fails_is_a_line_of_the_summary(tmp_path):
    session = gpu_session.Session(gpu_session.REHEARSAL, tmp_path, LATER)

    def breaks():
        raise OSError("no driver")

    session.stage("speed", breaks)
    session.stage("tests", lambda: "3 passed")
    assert session.failed
    assert "speed: failed after 0 s: OSError: no driver" in (tmp_path / "summary.md").read_text()
    assert "tests: 3 passed" in (tmp_path / "summary.md").read_text()


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_without_a_gpu_it_says_what_it_would_do(capsys):
    assert gpu_session.main([]) == gpu_session.NO_GPU
    said = capsys.readouterr().out
    assert "torch sees no GPU here: nothing was run" in said
    assert "20 seeds" in said
    assert "--rehearse" in said


def test_a_rehearsal_writes_rows_of_conditions_and_searches(tmp_path, monkeypatch):
    monkeypatch.setattr(gpu_session.Session, "tests", lambda self: "left out")
    monkeypatch.setattr(gpu_session.Session, "speed", lambda self: "left out")
    monkeypatch.setattr(gpu_session.Session, "updates", lambda self: "left out")
    assert gpu_session.main(["--rehearse", "--out", str(tmp_path)]) == 0
    runs, tuning = read_rows(tmp_path / "runs.csv"), read_rows(tmp_path / "tuning.csv")
    assert [row.seed for row in runs] == [0, 1]
    assert len({row.spec_hash for row in tuning}) == 2
    assert {row.device for row in [*runs, *tuning]} == {"cpu"}
    assert {point.seed for point in read_points(tmp_path / "curves.parquet")} == {0, 1}
    assert "2 of 2 pieces finished" in (tmp_path / "summary.md").read_text()
    pieces = gpu_record.rows("pieces.csv", tmp_path)
    assert [(piece["replicas"], piece["rows"]) for piece in pieces] == [("2", "2"), ("2", "2")]
    assert [int(piece["updates"]) for piece in pieces] == [max(row.updates for row in rows) for rows in (runs, tuning)]
    assert all(int(piece["evaluations"]) > 0 for piece in pieces)


@pytest.mark.slow
def test_make_gpu_rehearses_every_stage(tmp_path):
    command = ["make", "gpu", f"VENV={sys.prefix}", f"ARGS=--rehearse --out {tmp_path}"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    names = {"curves.parquet", "machine.json", "pieces.csv", "runs.csv", "speed.csv", "summary.md", "tests.txt",
             "tuning.csv", "updates.csv"}  # fmt: skip
    assert {path.name for path in tmp_path.iterdir()} == names
    assert "6 of 6 rows measured" in (tmp_path / "summary.md").read_text()
    passed = re.match(r"(\d+) passed", (tmp_path / "tests.txt").read_text().splitlines()[-1])
    assert passed is not None
    assert int(passed[1]) >= 2, "at least one test of each file"


# ---------------------------------------------------------------- the record


def test_the_pages_say_what_was_measured():
    page = gpu_record.PAGE.read_text()
    assert gpu_record.with_text(page, gpu_record.text()) == page
    benchmarks = gpu_record.BENCHMARKS.read_text()
    assert gpu_record.with_text(benchmarks, gpu_record.sentence()) == benchmarks
    said = " ".join(gpu_record.sentence().split())
    for row in gpu_record.rows("speed.csv"):
        title = row["what"].removeprefix("twenty seeds' ").removesuffix(" as one program")
        assert f"{title} {float(row['ratio']):.3g}" in said
    whole = [row for row in gpu_record.rows("pieces.csv") if row["updates"] == "3334" and row["replicas"] == "20"]
    over, saved = (
        [float(row[top]) / float(row[bottom]) for row in whole]
        for top, bottom in (("seconds", "expected_s"), ("core_s", "seconds"))
    )
    text = " ".join(benchmarks.split())
    assert f"took {min(over):.1f} to {max(over):.1f} times what `gpu_plan.py` expected" in text
    assert f"{min(saved):.0f} to {max(saved):.0f} times as long" in text
    seconds = [float(row["seconds"]) for row in whole]
    (search,) = [row for row in gpu_record.rows("pieces.csv") if row["updates"] == "3334" and row["replicas"] == "24"]
    assert f"24 runs of `{search['method']}` with as many updates took {float(search['seconds']):.0f} s" in text
    assert f"took {min(seconds):.0f} to {max(seconds):.0f} s" in text


def test_a_session_becomes_the_record(tmp_path):
    session, record = tmp_path / "out", tmp_path / "record"
    session.mkdir()
    for name in ("speed.csv", "machine.json", "pieces.csv"):
        (session / name).write_bytes((gpu_record.RECORD / name).read_bytes())
    (session / "tests.txt").write_text("....\n1 failed, 3 passed in 2.0s\n")
    measured = [gpu_updates.Updates("lstm", "adding", 50, 34, 100, 3.2, 3.0, "0123456789ab")]
    harness.write(session / "updates.csv", gpu_updates.Updates, measured)
    gpu_record.keep(session, record)
    (session / "pieces.csv").unlink()
    gpu_record.keep(session, record)  # what a shorter session did not measure stays
    assert gpu_record.rows("pieces.csv", record) == gpu_record.rows("pieces.csv")
    assert "| `lstm` on adding, lag 50 | 34 | 3.2 | 3 | 0123456 |" in gpu_record.text(record)
    assert (record / "tests.txt").read_text() == "1 failed, 3 passed in 2.0s\n"
    machine = json.loads((record / "machine.json").read_text())["ours"]
    said = f"{machine['gpu']} with torch {machine['torch']}. Tests on it: 1 failed, 3 passed"
    assert said in gpu_record.text(record)
    machine["gpu"] = "another"
    (session / "machine.json").write_text(json.dumps({"ours": machine}))
    (session / "speed.csv").unlink()
    gpu_record.keep(session, record)
    assert not gpu_record.rows("speed.csv", record)  # one record, one GPU


def test_rows_that_a_session_did_not_measure_keep_their_commit(tmp_path):
    session, record = tmp_path / "out", tmp_path / "record"
    shutil.copytree(gpu_record.RECORD, record)
    session.mkdir()
    machine = json.loads((record / "machine.json").read_text())
    machine["ours"]["commit"] = "0123456789ab"
    (session / "machine.json").write_text(json.dumps(machine))
    (session / "tests.txt").write_text("..F.. [ 50%]\n.F\nstopped by the clock\n")
    head, first, *others = (record / "speed.csv").read_text().splitlines()
    (session / "speed.csv").write_text(f"{head}\n{first.replace(first.split(',')[3], '1.5')}\n")
    earlier = [line for line in gpu_record.text(record).splitlines() if line.count("|") == 7 and "updates |" in line][
        1:
    ]
    gpu_record.keep(session, record)
    text = gpu_record.text(record)
    assert "| tanh RNN updates | 1.5 | " in text
    assert "| 0123456 |" in text
    assert len(gpu_record.rows("speed.csv", record)) == 1 + len(others)
    assert earlier
    assert all(line in text.splitlines() for line in earlier)
    assert (record / "tests.txt").read_text() == "2 failed, 5 passed, stopped by the clock\n"
