"""What is published: metadata, the readme of an index page, the sdist and its tests, the files of CI and containers."""

import itertools
import re
import subprocess
import sys
import tarfile
import tomllib
from email import message_from_string
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
WORKFLOWS = sorted((ROOT / ".github/workflows").glob("*.yml"))
PYTHONS = [line.split(" :: ")[-1] for line in PROJECT["classifiers"] if re.search(r":: 3\.\d", line)]


def tracked() -> list[str]:
    """The files of the repository; without git the test cannot say what is one."""
    done = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True)
    if done.returncode or "pyproject.toml" not in done.stdout:
        pytest.skip("no repository: these files are the sdist's own")
    return [name for name in done.stdout.splitlines() if (ROOT / name).is_file()]


@pytest.fixture(scope="module")
def sdist(tmp_path_factory):
    """The sdist of the files that git knows."""
    pytest.importorskip("setuptools", minversion="77", reason="older ones do not read SPDX names of licences")
    folder = tmp_path_factory.mktemp("sdist")
    for name in tracked():
        (folder / "source" / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / "source" / name).write_bytes((ROOT / name).read_bytes())
    code = f"from setuptools import build_meta; build_meta.build_sdist({str(folder)!r})"
    done = subprocess.run([sys.executable, "-c", code], cwd=folder / "source", capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    (archive,) = folder.glob("*.tar.gz")
    return archive


@pytest.fixture(scope="module")
def unpacked(sdist, tmp_path_factory):
    folder = tmp_path_factory.mktemp("unpacked")
    with tarfile.open(sdist) as archive:
        archive.extractall(
            folder, **({"filter": "data"} if hasattr(tarfile, "data_filter") else {})
        )  # not before 3.11.4
    (inside,) = folder.iterdir()
    return inside


@pytest.mark.slow
def test_the_sdist_holds_the_repository(unpacked):
    held = {str(path.relative_to(unpacked)) for path in unpacked.rglob("*") if path.is_file()}
    assert {name for name in tracked() if name not in held} <= {"results/.gitignore"}


@pytest.mark.slow
def test_the_tests_of_the_sdist_run(unpacked):
    """A few that need fixtures, golden numbers, suites and documents; CI runs all."""
    files = ["tests/test_losses.py", "tests/design/test_collect.py", "tests/test_golden.py", "tests/test_resources.py"]
    chosen = "losses or collect or resources or catalogue or both_places or has_a_unit"
    words = ["-q", *files, "tests/test_deployment.py", "-k", chosen]
    code = f"import sys; sys.path.insert(0, 'src'); import pytest; sys.exit(pytest.main({words!r}))"
    done = subprocess.run([sys.executable, "-c", code], cwd=unpacked, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "failed" not in done.stdout


@pytest.mark.slow
def test_an_index_accepts_the_metadata(sdist, unpacked):
    pytest.importorskip("twine")
    done = subprocess.run([sys.executable, "-m", "twine", "check", "--strict", sdist], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout
    about = message_from_string((unpacked / "PKG-INFO").read_text())
    assert about["License-Expression"] == "MIT"
    assert about.get_all("License-File") == ["LICENSE"]
    assert {line.split(",")[0] for line in about.get_all("Project-URL")} == set(PROJECT["urls"])
    text = about.get_payload()
    links = re.findall(r"\]\(([^)]*)\)", text)
    assert len(links) > 10
    assert not [link for link in links if not link.startswith(("https://", "#"))]
    assert f"![Reach of nine methods on eight tasks]({PROJECT['urls']['Repository']}/raw/HEAD/results/" in text


def test_ci_runs_three_systems_and_every_python_that_is_promised():
    tests = yaml.safe_load((ROOT / ".github/workflows/tests.yml").read_text())["jobs"]["tests"]
    assert tests["strategy"]["matrix"]["python"] == PYTHONS
    assert f">={PYTHONS[0]}" == PROJECT["requires-python"]
    assert [name.split("-")[0] for name in tests["strategy"]["matrix"]["os"]] == ["ubuntu", "macos", "windows"]
    systems = [line.split(" :: ")[-1] for line in PROJECT["classifiers"] if line.startswith("Operating System")]
    assert systems == ["MacOS", "Windows", "Linux"]


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_what_ci_names_is_there(path):
    jobs = yaml.safe_load(path.read_text())["jobs"].values()
    commands = " ".join(step["run"] for job in jobs for step in job["steps"] if "run" in step)
    named = re.findall(r"(?:tests|\.ci|\.test)/[\w./-]+|tests/\w+", commands)
    assert [name for name in named if not (ROOT / name).exists()] == []
    extras = {extra for found in re.findall(r"\[([a-z,]+)\]'", commands) for extra in found.split(",")}
    assert extras <= set(PROJECT["optional-dependencies"])


def test_ci_builds_the_site_and_runs_all_tests_of_the_pages_in_a_browser():
    """`-m "not slow"` leaves most of them out, so that a job must name their folders or files."""
    job = yaml.safe_load((ROOT / ".github/workflows/tests.yml").read_text())["jobs"]["pages"]
    commands = [step["run"] for step in job["steps"] if "run" in step]
    assert "make docs" in commands
    run = {name for command in commands if "pytest" in command and "slow" not in command for name in command.split()}
    users = [
        path for path in (ROOT / "tests").rglob("test_*.py") if re.search(r"^import browser$", path.read_text(), re.M)
    ]
    assert len(users) > 3
    wanted = [ROOT / "tests/test_site.py", *users]
    assert [path for path in wanted if not run & {str(p.relative_to(ROOT)) for p in (path, path.parent)}] == []


def test_the_lowest_versions_are_those_of_pyproject():
    done = subprocess.run([sys.executable, ROOT / ".ci/lowest"], capture_output=True, text=True, check=True)
    lowest = dict(line.split("==") for line in done.stdout.splitlines())
    for need in {*PROJECT["dependencies"], *itertools.chain(*PROJECT["optional-dependencies"].values())}:
        name, floor = re.split(r"(?:\[.*\])?>=", need.split(",")[0])
        assert lowest[name] == floor


@pytest.mark.parametrize("name", ["Dockerfile", "apptainer.def"])
def test_containers_install_the_package_with_its_workflow(name):
    text = (ROOT / name).read_text()
    (version,) = re.findall(r"python:(\d+\.\d+)-slim", text)
    assert version in PYTHONS
    (extras,) = re.findall(r'"/src\[(.*?)\]"', text)
    assert set(extras.split(",")) <= set(PROJECT["optional-dependencies"])
    assert "-c /src/requirements.lock" in text
    ignored = (ROOT / ".dockerignore").read_text().splitlines()
    for folder in {
        each.rpartition("/")[0] for each in re.findall(r'"(results/[^"*]*)', (ROOT / "setup.py").read_text())
    }:
        assert f"!{folder}" in ignored, "the wheel carries it"


def test_a_container_runs_as_the_user_who_has_no_account_in_it():
    """Without --user the results belong to root; with it Snakemake finds neither a name nor a home, unless they are set."""
    (setting,) = re.findall(r"^ENV (.*)$", (ROOT / "Dockerfile").read_text(), re.MULTILINE)
    assert dict(word.split("=") for word in setting.split()).keys() >= {"HOME", "USER"}
    for name in ("Dockerfile", "docs/workflow.md", ".github/workflows/package.yml"):
        calls = re.findall(r"docker run .*longlag run demo", (ROOT / name).read_text())
        assert calls
        assert all('--user "$(id -u):$(id -g)"' in call for call in calls)
