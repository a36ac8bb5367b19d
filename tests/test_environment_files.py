"""pyproject.toml says what is needed; environment.yml and requirements.lock say the same in their own words."""

import os
import re
import subprocess
import sys
import tomllib
from importlib.metadata import PackageNotFoundError, distribution
from importlib.util import find_spec
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
NEEDS = [Requirement(line) for line in sum(PROJECT["optional-dependencies"].values(), PROJECT["dependencies"])]
CONDA = {"torch": "pytorch", "snakemake": "snakemake-minimal"}
LOCK = [line for line in (ROOT / "requirements.lock").read_text().splitlines() if not line.startswith("#")]


def test_environment_for_conda_is_in_step_with_pyproject():
    *lines, by_pip = yaml.safe_load((ROOT / "environment.yml").read_text())["dependencies"]
    build = tomllib.loads((ROOT / "pyproject.toml").read_text())["build-system"]["requires"]
    wanted = {f"{CONDA.get(need.name, need.name)}{need.specifier}" for need in NEEDS}
    wanted |= {"mkdocstrings-python"}  # pip's mkdocstrings[python]
    assert sorted([*lines, *by_pip["pip"]]) == sorted({*wanted, *build, "pip", f"python{PROJECT['requires-python']}"})


def test_lock_holds_versions_only():
    assert [line for line in LOCK if not re.fullmatch(r"[A-Za-z0-9_.-]+==[0-9][0-9a-z.]*", line)] == []
    assert len({canonicalize_name(line.split("==")[0]) for line in LOCK}) == len(LOCK)


@pytest.mark.parametrize("need", NEEDS, ids=lambda need: need.name)
def test_lock_holds_every_package_within_its_bounds(need):
    versions = {canonicalize_name(name): version for name, version in (line.split("==") for line in LOCK)}
    assert versions[canonicalize_name(need.name)] in need.specifier


@pytest.mark.skipif(sys.platform != "linux", reason="the lock is written on Linux")
def test_lock_holds_what_its_packages_need():
    """Of those that are installed here in their locked version; torch's own needs are those of its build."""
    versions = {canonicalize_name(name): version for name, version in (line.split("==") for line in LOCK)}
    missing = set()
    for name, version in versions.items():
        try:
            found = distribution(name)
        except PackageNotFoundError:
            continue
        if found.version == version and name != "torch":
            needs = map(Requirement, found.requires or ())
            asked = {need.name for need in needs if need.marker is None or need.marker.evaluate({"extra": ""})}
            missing |= {(name, other) for other in asked if canonicalize_name(other) not in {*versions, "setuptools"}}
    assert sorted(missing) == []


def test_the_package_needs_what_a_report_of_snakemake_needs():
    """Snakemake imports pygments for `--report` and does not ask pip for it."""
    sources = Path(find_spec("snakemake.report").submodule_search_locations[0]).rglob("*.py")
    asked = {
        name for path in sources for name in re.findall(r"Python package (\w+) must be installed", path.read_text())
    }
    needs = {Requirement(line).name for line in PROJECT["dependencies"]}
    assert "pygments" in needs
    assert asked <= needs


def test_lock_keeps_pip_from_another_torch():
    assert "torch==2.13.0" in LOCK


def test_no_file_of_the_set_up_names_a_host_or_a_folder_of_a_machine():
    """Where packages come from is a setting of who installs them: PIP_FLAGS, or a variable of the repository of CI."""
    files = (
        "Makefile",
        "requirements.lock",
        "environment.yml",
        "pyproject.toml",
        "setup.py",
        "Dockerfile",
        "apptainer.def",
    )
    folders = ("config", "profiles", "workflow", ".github", ".ci")
    there = [path for name in folders for path in (ROOT / name).rglob("*") if path.is_file()]
    inside = [path for path in there if "__pycache__" not in path.parts]
    texts = {path: path.read_text() for path in [*(ROOT / name for name in files), *inside]}
    assert [
        path for path, text in texts.items() if re.search(r"https?://(?!github\.com/)|index-url|find-links", text)
    ] == []
    documents = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]
    assert [path for path in documents if re.search("index-url|find-links", path.read_text("utf-8"))] == []
    here = rf"(?<![\w/]){re.escape(str(ROOT.parent))}/"
    assert [path for path, text in texts.items() if re.search(here, text)] == []


def test_make_answers_without_an_environment():
    done = subprocess.run(["make", "--silent", "help", "VENV=nowhere"], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert len(done.stdout.splitlines()) >= 1
    assert not (ROOT / "nowhere").exists()


@pytest.mark.parametrize(
    ("answers", "message"),
    [
        ("exit 1", "make env: no Python >= 3.11"),
        ('case "$2" in *version_info*) exit 0;; esac\nexit 1', "has no venv module"),
    ],
    ids=["an old python", "one without venv"],
)
def test_make_env_refuses_a_python_that_cannot_serve_in_plain_words(tmp_path, answers, message):
    python = tmp_path / "python3"
    python.write_text(f"#!/bin/sh\n{answers}\n")
    python.chmod(0o755)
    command = ["make", "--silent", "env", f"VENV={tmp_path / 'venv'}", f"PYTHON={python}"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 2
    assert message in done.stderr
    assert not (tmp_path / "venv").exists()


@pytest.mark.parametrize("there", [False, True])
def test_the_peers_are_cloned_once(tmp_path, there):
    """With a git that clones nothing, and nothing to install."""
    venv, git = tmp_path / "venv", tmp_path / "bin/git"
    git.parent.mkdir()
    (venv / "bin").mkdir(parents=True)
    for program in (git, venv / "bin/python"):
        program.write_text("#!/bin/sh\n[ $(basename $0) = python ] || exit 1\n")
        program.chmod(0o755)
    if there:
        (venv / "peers/PyTorchHessianFree").mkdir(parents=True)
    (venv / "ready").touch()
    command = ["make", "--silent", "bench-peers", f"VENV={venv}"]
    path = os.pathsep.join([str(git.parent), os.environ["PATH"]])
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, env=os.environ | {"PATH": path})
    assert done.returncode == 0, done.stderr
    assert ("PyTorchHessianFree cannot be cloned here" in done.stdout) != there
