"""Files from a stranger: their code runs if the user names it as a plug-in, and not else; their words are words."""

import hashlib
import io
import json
import math
import os
import pickle
import re
import sys
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import fake_results
from longlag import cli, registry
from longlag.engine.codec import Unfit, pack, unpack
from longlag.engine.ladder import Rungs
from longlag.engine.spec import resolve, unmeasured_row
from longlag.errors import LonglagError
from longlag.store import records
from longlag.store.curves import read_points, write_points
from longlag.store.files import checksum
from toy import spec

ROOT = Path(__file__).parents[1]
PLUGIN = """
from pathlib import Path
Path({mark!r}).touch()
from longlag.methods import control
from dataclasses import replace
METHOD = replace(control.METHOD, name="evil")
"""
DESIGN = {"suite": "gift", "seeds": 1, "lags": [20], "plugins": ["evil.py"],
          "cells": [{"methods": ["evil"], "tasks": ["adding"]}]}  # fmt: skip


class Bomb:
    """Unpickled, it leaves a mark."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> tuple:
        return Path.touch, (self.mark,)


@pytest.fixture(autouse=True)
def _forget_plugins():
    yield
    for found in (*registry._plugins.values(), registry._origins):
        found.clear()


@pytest.fixture
def gift(tmp_path, monkeypatch):
    """A stranger's results, with code beside them that the files name in every way they can; the user is in there."""
    for name in ("evil", "numpy", "sitecustomize", "hf"):  # the latter, in case the folder is looked into for modules
        (tmp_path / f"{name}.py").write_text(PLUGIN.format(mark=str(tmp_path / "mark")))
    (tmp_path / "suite.json").write_text(json.dumps(DESIGN))
    (row,) = fake_results.runs([0], ["control"], ["adding"], [20])
    overrides = {"plugins": ["evil.py"], "plugin": "evil.py", "__class__": "evil"}
    words = {"spec": json.dumps({"overrides": overrides, "timeout": None, "device": "cpu", "plugin": "evil.py"})}
    rows = [replace(row, method=method, **words) for method in ("evil", "./evil", "evil.METHOD", "control")]
    records.write_rows(tmp_path / "runs.csv", rows)
    records.write_rows(tmp_path / "jobs/evil/adding/seeds0/runs.csv", rows)
    write_points(tmp_path / "curves.parquet", fake_results.points(rows))
    write_points(tmp_path / "jobs/evil/adding/seeds0/curves.parquet", fake_results.points(rows))
    monkeypatch.chdir(tmp_path)
    return tmp_path


VERBS = [
    ["collect", "--suite", "suite.json", "--jobs", "jobs", "--out", "out"],
    ["diff", ".", "runs.csv"],
    ["merge", "out", "runs.csv"],
    ["verify", "."],
    ["table", "reach", "runs.csv", "--out", "out"],
    ["table", "evil", "runs.csv", "--out", "out"],
    ["figure", "evil", "runs.csv", "--out", "out"],
    ["figure", "overview", "runs.csv", "--out", "out"],
    ["report", "runs.csv", "--curves", "curves.parquet", "--out", "report.html"],
    ["show", "evil"],
    ["show", "./evil"],
]


@pytest.mark.parametrize("activated", [True, False], ids=["activated", "not activated"])
@pytest.mark.parametrize("words", VERBS, ids=lambda words: " ".join(words[:2]))
def test_no_verb_runs_code_that_a_stranger_put_beside_results(gift, monkeypatch, words, activated):
    folder = str(Path(sys.executable).parent) if activated else os.defpath  # else `longlag` is not on the PATH
    monkeypatch.setenv("PATH", os.pathsep.join([folder, os.environ["PATH"]]) if activated else folder)
    assert cli.main(words) in (0, 1, 2)
    assert not (gift / "mark").exists()


def test_python_is_started_without_the_current_folder_on_its_path():
    """`python -m` puts the current folder first on the path of modules; there a numpy.py of a stranger would be run."""
    calls = [
        (path.name, line.strip())
        for path in sorted((ROOT / "src").rglob("*.py"))
        for line in path.read_text("utf-8").splitlines()
        if re.search(r"[\[(]sys\.executable, ", line)
    ]
    assert len(calls) >= 4
    assert [call for call in calls if 'sys.executable, "-P"' not in call[1]] == []


def test_the_same_code_runs_once_the_user_names_it(gift):
    assert cli.main(["show", "evil", "--plugin", "evil.py"]) == 0
    assert (gift / "mark").exists()


@pytest.mark.parametrize("part", ["header", "weights"])
def test_a_pickle_in_a_checkpoint_is_not_opened(tmp_path, part):
    bomb = np.array([Bomb(tmp_path / "mark")], dtype=object)
    buffer = io.BytesIO()
    np.savez(buffer, **{"header": np.frombuffer(b"{}", dtype=np.uint8), part: bomb})
    line = pack({}, {}).split(b"\n")[0].split()
    line[-1] = hashlib.sha256(buffer.getvalue()).hexdigest().encode()
    with pytest.raises(Unfit, match="allow_pickle"):
        unpack(b" ".join(line) + b"\n" + buffer.getvalue())
    assert not (tmp_path / "mark").exists()


def test_a_pickle_in_a_rung_or_in_curves_is_not_opened(tmp_path):
    bomb, mark = pickle.dumps(Bomb(tmp_path / "mark")), tmp_path / "mark"
    setup = resolve(spec("lstm", "adding", lag=12, budget=600.0))
    path = tmp_path / f"adding/lstm/lag12_seed0_{setup.spec_hash}.json"
    path.parent.mkdir(parents=True)
    path.write_bytes(bomb)
    assert Rungs(tmp_path).load(setup, 0) is None
    points = fake_results.points(fake_results.runs([0], ["control"], ["adding"], [20]))
    table = pa.Table.from_pylist([asdict(point) for point in points])
    extension = {b"ARROW:extension:name": b"arrow.py_extension_type", b"ARROW:extension:metadata": bomb}
    table = table.cast(pa.schema([field.with_metadata(extension) for field in table.schema]))
    file = tmp_path / "curves.parquet"
    pq.write_table(table, file)
    assert pq.read_schema(file).field(0).metadata[b"ARROW:extension:metadata"] == bomb
    assert len(read_points(file)) == len(points)
    file.write_bytes(bomb)
    with pytest.raises(LonglagError):
        read_points(file)
    assert not mark.exists()
    pickle.loads(bomb)
    assert mark.exists()


def test_hostile_words_of_every_column_stay_words_on_the_page(tmp_path, capsys):
    """All that a row can say in text, statuses and errors too, as `longlag report` shows it."""
    evil = '"><script>alert(1)</script>'
    rows = fake_results.runs([0, 1], ["control"], ["adding"], [20])
    text = [
        name
        for name, value in asdict(rows[0]).items()
        if isinstance(value, str) and name not in ("status", "spec", "test_error_by_lag")
    ]
    dead = {"status": records.Status.ERROR.value, "solved": False}
    rows = [replace(rows[0], **dict.fromkeys(text, evil)), replace(rows[1], **dict.fromkeys(text, evil), **dead)]
    records.write_rows(tmp_path / "runs.csv", rows)
    write_points(tmp_path / "curves.parquet", fake_results.points(rows))
    page = tmp_path / "report.html"
    words = [tmp_path / "runs.csv", "--curves", tmp_path / "curves.parquet", "--title", evil, "--out", page]
    assert cli.main(["report", *map(str, words)]) == 0
    shown = page.read_text()
    assert "<script>alert" not in shown
    assert "&lt;script&gt;alert(1)" in shown
    records.write_rows(tmp_path / "runs.csv", [replace(row, status=evil) for row in rows])
    assert cli.main(["report", *map(str, words)]) == 2
    assert "column status cannot be" in capsys.readouterr().err


RAISING = """
from dataclasses import dataclass, replace
from longlag.methods import control
from longlag.optimisers.sgd import SGD

class Odd(Exception):
    def __str__(self):
        return {text}

@dataclass(frozen=True)
class Raising(SGD):
    def step(self, draw, params, state):
        raise Odd

def build(traits, lag):
    return replace(control.METHOD.build(traits, lag), optimiser=Raising(0.1))

METHOD = replace(control.METHOD, name="evil", build=build)
"""


@pytest.mark.parametrize("text", ["'a\\rb\\n\\x00c'", "'x' * 140_000", "'\\ud800'", "1 / 0"])
def test_whatever_the_error_of_a_plugin_says_its_rows_can_be_read(tmp_path, text):
    (tmp_path / "evil.py").write_text(RAISING.format(text=text))
    out = tmp_path / "runs.csv"
    words = ["train", "--plugin", tmp_path / "evil.py", "--method", "evil", "--task", "adding", "--lag", 12]
    assert cli.main([*map(str, words), "--seeds", "0:2", "--out", str(out)]) == 1
    rows = records.read_rows(out)
    assert [(row.status, row.reason.startswith("Odd: ")) for row in rows] == [("error", True)] * 2
    assert all(row.reason.isprintable() and len(row.reason) < 600 for row in rows)
    assert cli.main(["table", "failures", "--runs", str(out), "--out", str(tmp_path / "tables")]) == 0


CHANGES = {
    "row": [{"lag": "12"}, {"passes": -math.inf}, {"updates": 2**63}, {"solved": "yes"}, {"spec": "[]"},
            {"task": "a\nb"}, {"resumed": -1}, {"reason": 3}],
    "points": [{"lag": 1.5}, {"passes": None}, {"passes": math.inf}, {"updates": "1"}, {"task": None}],
}  # fmt: skip


@pytest.mark.parametrize(("part", "change"), [(part, one) for part, ones in CHANGES.items() for one in ones])
def test_a_rung_with_a_right_checksum_and_wrong_content_is_trained_again(tmp_path, capsys, part, change):
    one = spec("lstm", "adding", lag=12, budget=600.0)
    setup = resolve(one)
    row = unmeasured_row(setup, 0, "now", status="budget", reason="")
    points = [records.Point("adding", 12, "lstm", 0, 1.0, 1, 0.5, 0.5, 0.5, 0.1)]
    Rungs(tmp_path).save(setup, row, points)
    assert Rungs(tmp_path).load(setup, 0) is not None
    (path,) = tmp_path.rglob("*.json")
    rung = json.loads(path.read_text())["rung"]
    (rung[part] if part == "row" else rung[part][0]).update(change)
    path.write_text(json.dumps({"rung": rung, "check": checksum([json.dumps(rung)])}))
    assert Rungs(tmp_path).load(setup, 0) is None
    assert capsys.readouterr().err.count("ignoring the damaged rung") == 1
