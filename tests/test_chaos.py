"""The fault campaign's own parts: a short run of those that are quick, and proof that each of them can find a fault."""

import os
import subprocess
import sys
import time
from collections import Counter
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

import fake_results
from longlag.design import suite
from longlag.rng import stream
from longlag.store import records
from longlag.store.curves import write_points

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from chaos import calls, checkpoints, designs, files, kills, links, tables, texts  # noqa: E402
from chaos.tally import Tally  # noqa: E402


def test_damaged_files_are_refused(tmp_path):
    tally = files.campaign(tmp_path, 90, 0, time.monotonic() + 600)
    assert tally.faults == []
    assert tally.tried == 90
    assert sum(count for name, count in tally.outcomes.items() if files.REFUSED in name) > 45


@pytest.mark.parametrize(
    ("target", "name"), [("longlag.store.records.checksum", "runs.csv"), ("longlag.engine.ladder.checksum", "rung")]
)
def test_a_reader_that_believes_damage_is_found(tmp_path, monkeypatch, target, name):
    """Without checksums flipped digits are read as results, and the campaign says so."""
    monkeypatch.setattr(target, lambda parts: "0" * 16)
    kinds = [kind for kind in files.prepared(tmp_path) if kind.name == name]
    monkeypatch.setattr(files, "prepared", lambda folder: kinds)
    tally = files.campaign(tmp_path, 300, 0, time.monotonic() + 600)
    assert any("a wrong result was accepted" in fault for fault in tally.faults)


def test_designs_are_refused_or_hold_together(tmp_path):
    tally = designs.campaign(tmp_path, 60, 0, time.monotonic() + 600)
    assert tally.faults == []
    assert {"accepted", "refused in a line"} <= tally.outcomes.keys()


def test_a_design_that_raises_is_found(tmp_path, monkeypatch):
    monkeypatch.setattr(suite, "parse", lambda config: config["no such key"])
    assert designs.campaign(tmp_path, 5, 0, time.monotonic() + 600).faults


@pytest.fixture
def finished(tmp_path):
    """The files of a finished suite, where the campaign looks for them."""
    rows = fake_results.runs(range(2))
    records.write_rows(tmp_path / "results/storm/runs.csv", rows)
    write_points(tmp_path / "results/storm/curves.parquet", fake_results.points(rows))
    return tmp_path, rows


def test_results_are_compared_but_for_times(finished):
    folder, rows = finished
    before = kills.outcome(folder)
    records.write_rows(folder / "results/storm/runs.csv", [replace(row, seconds=9.0, started="later") for row in rows])
    assert kills.outcome(folder) == before
    records.write_rows(folder / "results/storm/runs.csv", [replace(row, updates=row.updates + 1) for row in rows])
    assert kills.outcome(folder)["runs.csv"] != before["runs.csv"]
    assert kills.outcome(folder)["curves.parquet"] == before["curves.parquet"]


def test_a_rung_that_goes_or_changes_is_found(tmp_path):
    storm = kills.Storm(tmp_path, stream(0, "test"), Tally("kills"))
    rung = tmp_path / "results/storm/rungs/adding/hf/lag10_seed0_x.json"
    rung.parent.mkdir(parents=True)
    rung.write_text("{}")
    for _ in range(2):
        storm.check_rungs()
    assert storm.tally.faults == []
    rung.write_text("[]")
    storm.check_rungs()
    assert "lag10_seed0_x.json was lost or changed" in storm.tally.faults[0]


def test_a_snakemake_that_ends_before_its_time_keeps_its_exit_code(tmp_path):
    storm = kills.Storm(tmp_path, stream(0, "test"), Tally("kills"))
    run = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(0.5); raise SystemExit(1)"])
    assert storm._hit(run, psutil.Process(run.pid), "snakemake", 60.0) == ""
    assert run.returncode == 1
    assert not storm.locked


def test_processes_are_told_by_what_they_run(tmp_path):
    script = tmp_path / "longlag"
    script.write_text("import time; time.sleep(60)")
    with subprocess.Popen(
        ["sh", "-c", f"'{sys.executable}' '{script}' ladder --method hf; true"], cwd=tmp_path
    ) as shell:
        verbs: Counter[str] = Counter()
        while "ladder" not in verbs and shell.poll() is None:
            verbs = Counter(kills.verb(process) for process in kills.processes(shell.pid))
        found = kills.orphans(tmp_path)
        for process in found:
            process.kill()
    assert verbs == {"": 1, "ladder": 1}
    assert len(found) == 2


PARTS = {
    "links": (links, 60),
    "texts": (texts, 60),
    "tables": (tables, 40),
    "checkpoints": (checkpoints, 40),
    "calls": (calls, 12),
}


@pytest.mark.parametrize("name", PARTS)
def test_a_short_campaign_of_each_part_ends_without_faults(tmp_path, name):
    part, n = PARTS[name]
    tally = part.campaign(tmp_path, n, 0, time.monotonic() + 600)
    assert tally.faults == []
    assert tally.tried == n
    assert len(tally.outcomes) > (name != "checkpoints")


def follow_links(path, data):
    with path.with_name(f".{path.name}.{os.getpid()}.tmp").open("wb") as file:
        file.write(data)


def write_plainly(path, data):
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o666), "wb") as file:
        file.write(data)


def no_check(column, text):
    return {"int": int, "int | None": int, "float": float, "bool": bool}.get(str(column.type), str)(text or "0")


# What each part is there to find: the code as it was before, put back for a moment.
BEFORE = {
    "links": ("longlag.store.files.write_atomically", follow_links),
    "texts": ("longlag.store.csv_text.line", lambda texts: ",".join(texts) + "\n"),
    "tables": ("longlag.store.csv_text.value", no_check),
    "checkpoints": ("longlag.engine.codec._expect", lambda holds, what, template: None),
    "calls": ("longlag.engine.checkpoint.write_atomically", write_plainly),
}


class Found(BaseException):
    """The first fault ends a campaign."""


@pytest.mark.parametrize("name", BEFORE)
def test_each_part_finds_the_faults_that_it_is_there_for(tmp_path, monkeypatch, name):
    """Within 150 tries."""

    def end(tally, text):
        raise Found(text)

    monkeypatch.setattr(*BEFORE[name])
    monkeypatch.setattr(Tally, "fault", end)
    part, _ = PARTS[name]
    with pytest.raises(Found):
        part.campaign(tmp_path, 150, 0, time.monotonic() + 600)
