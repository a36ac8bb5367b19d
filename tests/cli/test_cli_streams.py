"""Messages that cannot be written: no result is lost, and no command crashes."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from longlag.store import files, records

TINY = ["--set", "cell.hidden=4", "--set", "optimiser.batch=10", "--budget", "600", "--seeds", "0:2"]
LADDER = ["ladder", "--task", "adding", "--task", "xor", "--method", "control", "--lags", "10,20", *TINY]
REFERENCE = Path(__file__).parents[2] / "results/reference"


def shell(line, words=(), **environment):
    """Runs `longlag WORDS` where the shell line says "longlag"."""
    command = line.replace("longlag", f"{sys.executable} -m longlag " + " ".join(words), 1)
    return subprocess.run(
        ["bash", "-o", "pipefail", "-c", command], capture_output=True, text=True, env=os.environ | environment
    )


@pytest.mark.parametrize(
    "line", ["longlag 2>/dev/full", "longlag 2>&-", "longlag >&- 2>&-", "longlag 2>&1 | head -c 1"]
)
def test_training_goes_to_its_end_though_nobody_can_read_its_messages(line, tmp_path):
    out = tmp_path / "runs.csv"
    done = shell(line, [*LADDER, "--cache", str(tmp_path / "rungs"), "--out", str(out)])
    assert done.returncode == 0, done.stderr
    assert len(records.read_rows(out)) == 8
    assert len([*(tmp_path / "rungs").rglob("*.json")]) == 8


@pytest.mark.parametrize("line", ["longlag | head -1", "longlag | head -c 1"])
def test_a_reader_that_leaves_is_no_error(line):
    done = shell(line, ["list"])
    assert (done.returncode, done.stderr) == (0, "")


def test_a_full_disk_under_standard_output_is_an_error():
    done = shell("longlag >/dev/full", ["list"])
    assert done.returncode == 1
    assert done.stderr == "longlag: cannot write to standard output: No space left on device; redirect it elsewhere\n"


@pytest.mark.parametrize(
    "words", [["list"], ["show", "esn"], ["diff", "A", "A"], ["table", "success"], ["lecture", "--help"]], ids=" ".join
)
def test_terminals_without_utf_8(words, tmp_path):
    (tmp_path / "runs.csv").write_bytes(files.read(REFERENCE / "runs.csv.gz"))
    words = [str(tmp_path / "runs.csv") if word == "A" else word for word in words]
    words += [str(tmp_path / "runs.csv"), "--out", str(tmp_path)] if words[0] == "table" else []
    done = shell("longlag", words, PYTHONIOENCODING="ascii")
    assert (done.returncode, done.stderr) == (0, "")
