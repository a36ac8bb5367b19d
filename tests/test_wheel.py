"""The wheel holds all that the package reads: built, installed away from the repository, and run there."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import sysconfig
import tarfile
import venv
import zipfile
from pathlib import Path

import pytest

from longlag import lecture

ROOT = Path(__file__).parents[1]
pytestmark = pytest.mark.slow
TRAIN = ["train", "--task", "temporal_order", "--lag", "10", "--method", "control", "--seeds", "0", "--budget", "2000"]


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The Python of an environment that holds the wheel and, besides it, what longlag depends on."""
    pytest.importorskip("setuptools", minversion="77", reason="older ones do not read SPDX names of licences")
    folder = tmp_path_factory.mktemp("wheel")
    source = folder / "source"
    kept = shutil.ignore_patterns("__pycache__", "*.egg-info")  # an old list of files would hide one that is left out
    shutil.copytree(ROOT / "src", source / "src", ignore=kept)
    for name in ("pyproject.toml", "setup.py", "README.md", "LICENSE", *shipped()):
        (source / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, source / name)
    pip("wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", folder, source)
    venv.create(folder / "env")
    python = folder / "env/bin/python"
    (wheel,) = folder.glob("*.whl")
    pip("--python", python, "install", "--no-deps", "--no-index", "--no-compile", wheel)
    (site,) = folder.glob("env/lib/python*/site-packages")
    # Python reads no .pth files of a folder that a .pth file names: an editable longlag in it is not importable
    (site / "dependencies.pth").write_text("\n".join({sysconfig.get_path(kind) for kind in ("purelib", "platlib")}))
    return python


def shipped() -> list[str]:
    """What setup.py would put into a wheel, if git knows it: nobody's own suites, no results of runs."""
    done = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True)
    known = done.stdout.split("\n")
    code = "import setuptools; setuptools.setup = lambda **_: None; import setup; print(*setup.shipped(), sep='\\n')"
    found = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=plain(), capture_output=True, text=True, check=True
    )
    return [name for name in found.stdout.split("\n") if name and (done.returncode or name in known)]


def plain() -> dict[str, str]:
    """The environment without what the caller tells Python: to pip, a longlag.egg-info in PYTHONPATH is an installed
    longlag."""
    return {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}


def pip(*words: str | Path) -> str:
    quiet = {"PIP_DISABLE_PIP_VERSION_CHECK": "1", "PIP_NO_INPUT": "1"}
    command = [sys.executable, "-m", "pip", *map(str, words)]
    done = subprocess.run(command, capture_output=True, text=True, env={**plain(), **quiet})
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture
def run(installed, tmp_path):
    """Runs the installed Python in an empty folder; returns what it printed."""

    def run(*words: str) -> str:
        done = subprocess.run([installed, *words], capture_output=True, text=True, cwd=tmp_path, env=plain())
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    return run


def test_what_the_caller_s_path_holds_is_not_installed(tmp_path, monkeypatch):
    (tmp_path / "decoy.egg-info").mkdir()
    (tmp_path / "decoy.egg-info/PKG-INFO").write_text("Metadata-Version: 2.1\nName: decoy\nVersion: 1.0\n")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    assert "decoy" not in pip("list", "--format", "freeze")


def test_the_repository_is_not_importable(run, installed):
    found = Path(run("-c", "import longlag; print(longlag.__file__)").strip())
    assert found.is_relative_to(installed.parents[1])
    assert not found.is_relative_to(ROOT)


def test_the_wheel_holds_every_file_of_the_package(installed):
    def files(folder: Path) -> set[Path]:
        found = {path.relative_to(folder) for path in folder.rglob("*") if path.is_file()}
        return {path for path in found if "__pycache__" not in path.parts}

    (package,) = installed.parents[1].glob("lib/python*/site-packages/longlag")
    found = files(package)
    beside = {path for path in found if path.parts[0] == "shipped"}
    assert found - beside == files(ROOT / "src/longlag")
    assert {str(path.relative_to("shipped")) for path in beside} == set(shipped())


def test_the_files_beside_the_package_are_found(run, installed):
    code = (
        "from longlag import resources as r; print(r.root(), len(r.find('results/reference/runs.csv.gz').read_bytes()))"
    )
    root, size = run("-c", code).split()
    assert Path(root).is_relative_to(installed.parents[1])
    assert int(size) == len((ROOT / "results/reference/runs.csv.gz").read_bytes())
    for name in ("Snakefile", "workflow/Snakefile", "config/demo.yaml", "profiles/default/config.yaml"):
        assert (Path(root) / name).read_bytes() == (ROOT / name).read_bytes()


def test_the_shipped_record_is_small(installed):
    (wheel,) = installed.parents[2].glob("*.whl")
    entries = [info for info in zipfile.ZipFile(wheel).infolist() if "longlag/shipped/results" in info.filename]
    assert 0 < sum(info.compress_size for info in entries) < 1_000_000


def test_a_source_distribution_builds_the_same_wheel(installed, tmp_path):
    """`get_source_files` of setup.py puts the shipped files into the sdist."""
    source = installed.parents[2] / "source"
    code = f"from setuptools import build_meta; print(build_meta.build_sdist({str(tmp_path)!r}))"
    subprocess.run([sys.executable, "-c", code], cwd=source, env=plain(), check=True, capture_output=True)
    (archive,) = tmp_path.glob("*.tar.gz")
    with tarfile.open(archive) as inside:
        names = {name.partition("/")[2] for name in inside.getnames()}
    assert set(shipped()) <= names


def test_every_claim_is_measured(run, tmp_path):
    run("-m", "longlag", "lecture", "--seeds", "0", "--cores", "2", "--out", "lecture")
    claims = json.loads((tmp_path / "lecture/lecture.json").read_text())["claims"]
    assert [entry["claim"]["slug"] for entry in claims] == lecture.select()
    assert not [entry["error"] for entry in claims if entry["finding"] is None]


def test_a_run_is_trained_and_reported(run, tmp_path):
    run("-m", "longlag", *TRAIN, "--out", "runs.csv", "--curves", "curves.parquet")
    run("-m", "longlag", "report", "runs.csv", "--curves", "curves.parquet", "--out", "report.html")
    assert "temporal_order" in (tmp_path / "report.html").read_text()


def test_the_hands_on_page_is_made(run, tmp_path):
    run("-m", "longlag", "handson", "--out", "handson.html")
    assert "</html>" in (tmp_path / "handson.html").read_text()


def test_one_command_runs_a_suite_in_an_empty_folder(run, tmp_path):
    pytest.importorskip("snakemake")
    cells = [{"methods": ["control"], "tasks": ["temporal_order"], "lags": [10]}]
    (tmp_path / "my.yaml").write_text(json.dumps({"suite": "mine", "seeds": 1, "budget": 2000, "cells": cells}))
    page = tmp_path / "results/mine/report.html"
    assert f"open {page} in a browser" in run("-m", "longlag", "run", "my.yaml", "--cores", "2")
    assert "</html>" in page.read_text()
    assert "total " in run("-m", "longlag", "run", "demo", "--dry-run")
