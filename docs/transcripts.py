"""What a user types and sees, with times: `python docs/transcripts.py [NAME ...]` writes results/transcripts.

Every session runs in a folder of its own, beside a fresh clone that is called longlag, whose branch main is HEAD. The
first one needs pip with an index. All take about fifteen minutes.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from longlag.engine.provenance import provenance
from longlag.words import count

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "results/transcripts"
_AT = "commit "  # begins a transcript
LINES = 16  # of what a command prints that are kept: the last ones
_OF_PIP = re.compile("WARNING: Location")  # where the pip of this machine looks for packages, and finds none
MODULE = """configfile: "config/config.yaml"

module longlag:
    snakefile: gitfile("../longlag", path="workflow/Snakefile", ref="main")
    config: config

use rule * from longlag
"""
ESTIMATOR = """from sklearn.utils.estimator_checks import check_estimator
from longlag.esn import EchoStateClassifier, EchoStateFeatures, EchoStateNetwork

for one in (EchoStateNetwork(), EchoStateNetwork(penalty=1e-6), EchoStateClassifier(penalty=1e-6), EchoStateFeatures()):
    found = [check["status"] for check in check_estimator(one, on_fail=None, on_skip=None)]
    print(one, {status: found.count(status) for status in sorted(set(found))})
"""


@dataclass(frozen=True)
class Session:
    """Commands that a user types one after the other in an empty folder, beside a clone."""

    what: str
    commands: tuple[str, ...]
    files: tuple[tuple[str, str], ...] = ()


def code(document: str, name: str) -> str:
    """The block of a document that defines METHOD with that name."""
    blocks = re.findall(r"```python\n(.*?)```", (ROOT / "docs" / document).read_text("utf-8"), re.DOTALL)
    (found,) = (block for block in blocks if f'name="{name}"' in block)
    return str(found)


def example(k: int) -> str:
    """The k-th Python example of the README."""
    return str(re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text("utf-8"), re.DOTALL)[k])


SESSIONS = {
    "pip": Session(
        "`pip install` in an empty folder, then the demo",
        (
            "python -m venv env",
            "python -m pip wheel --quiet --no-deps --wheel-dir . ../longlag",
            "env/bin/pip install --quiet --constraint ../longlag/requirements.lock ./longlag-*.whl",
            "env/bin/longlag --version",
            "env/bin/longlag list",
            "env/bin/longlag run demo --cores 2",
            "ls results/demo",
        ),
    ),
    "module": Session(
        "the workflow as a Snakemake module from git",
        ("snakemake --cores 2 --workflow-profile none results/tiny/runs.csv", "head -c 300 results/tiny/runs.csv"),
        (("Snakefile", MODULE), ("config/config.yaml", (ROOT / ".test/config/config.yaml").read_text("utf-8"))),
    ),
    "snakedeploy": Session(
        "`snakedeploy deploy-workflow`, with the line that docs/workflow.md gives for a repository on a disk",
        (
            "snakedeploy deploy-workflow ../longlag copy --branch main",
            """sed -i 's|"workflow/Snakefile"|gitfile("../../longlag", path="workflow/Snakefile", ref="main")|' """
            "copy/workflow/Snakefile",
            "sed -i 's/standard/demo/' copy/config/config.yaml",
            "cd copy && snakemake --dry-run --quiet rules",
        ),
    ),
    "types": Session(
        "the README's examples under mypy and pyright",
        (
            "mypy --strict --untyped-calls-exclude torch gru.py hessian_free.py",
            "basedpyright --level error gru.py hessian_free.py",
            "python gru.py",
            "python hessian_free.py",
        ),
        (
            ("gru.py", example(0)),
            ("hessian_free.py", example(1)),
        ),
    ),
    "compare": Session(
        "a GRU of one's own against the reference",
        (
            "longlag check my_gru.py",
            "longlag compare --plugin my_gru.py --tasks temporal_order --lags 20,50 --dry-run",
            "longlag compare --plugin my_gru.py --tasks temporal_order --lags 20,50 --yes",
        ),
        (("my_gru.py", code("add-a-method.md", "my_gru")),),
    ),
    "compare_failing": Session(
        "a method that fails, against the reference: a cell whose state grows as an exponential",
        (
            "longlag new method wild",
            "sed -i 's/new.tanh()/new.exp()/' wild.py",
            "longlag compare --plugin wild.py --tasks temporal_order --lags 20,50 --yes",
        ),
    ),
    "check_estimator": Session(
        "the checks of scikit-learn on the reservoirs (those that cannot hold: docs/reservoirs.md)",
        ("python -W ignore check.py",),
        (("check.py", ESTIMATOR),),
    ),
    "sdist": Session(
        "the source distribution: built, checked by twine, and tested where it was unpacked",
        (
            "python -c 'from setuptools import build_meta; build_meta.build_sdist(\"../\")' 2>&1 | tail -1",
            "python -m twine check --strict ../longlag-*.tar.gz",
            "tar -xzf ../longlag-*.tar.gz -C .. && ls ..",
            "cd ../longlag-*/ && PYTHONPATH=src python -m pytest -q tests/test_losses.py tests/test_golden.py "
            "tests/design tests/store",
        ),
    ),
    "catalogue": Session(
        "the rules of the Snakemake workflow catalogue, and Snakemake's own lint",
        (
            "cd ../longlag && python -m pytest -q tests/test_deployment.py -k 'catalogue or both_places'",
            "cd ../longlag && snakemake --lint",
        ),
    ),
}


def run(name: str, session: Session, clone: Path, log: Path) -> None:
    """Runs a session and writes its transcript, whose first line says of which commit and where."""
    folder = clone.parent / name
    folder.mkdir()
    for path, text in session.files:
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text, "utf-8")
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    unset = ("VIRTUAL_ENV", "PYTHONPATH", "COLUMNS")
    around = {key: value for key, value in os.environ.items() if key not in unset} | {"PATH": path, "NO_COLOR": "1"}
    source = clone if name == "sdist" else folder
    told: list[str] = []
    for command in session.commands:
        start = time.monotonic()
        done = subprocess.run(
            ["bash", "-c", command], cwd=source, env=around, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        )
        spent = time.monotonic() - start
        said = [line for line in done.stdout.replace(str(clone.parent), "...").splitlines() if not _OF_PIP.match(line)]
        cut = [f"[{count(len(said) - LINES, 'line')} before]"] if len(said) > LINES else []
        failed = f", exit code {done.returncode}" if done.returncode else ""
        told += [f"$ {command}", *cut, *(line[:200] for line in said[-LINES:]), f"[{spent:.1f} s{failed}]", ""]
        print(*told[-2:-1], command, flush=True)
    head = f"{_AT}{git(clone, 'rev-parse', '--short=12', 'HEAD')} on {machine()}"
    log.write_text("\n".join([head, "", *told]), "utf-8")


def main(names: list[str]) -> None:
    """Runs the sessions of these names, or all, and writes the index of all transcripts."""
    FOLDER.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        clone = Path(folder) / "longlag"
        cloned(clone)
        for name in names or SESSIONS:
            run(name, SESSIONS[name], clone, FOLDER / f"{name}.txt")
    (FOLDER / "README.md").write_text(index(), "utf-8")


def cloned(clone: Path) -> None:
    """Clones HEAD, whatever branch it is on, to a branch main, which sessions name."""
    head = git(ROOT, "rev-parse", "HEAD")
    git(ROOT, "clone", "--quiet", "--no-checkout", str(ROOT), str(clone))
    git(clone, "checkout", "--quiet", "-B", "main", head)


def machine() -> str:
    """This machine, and how busy it is."""
    cores, load = os.cpu_count(), os.getloadavg()[2]
    return f"{cores} cores ({provenance('cpu')['cpu']}), load average over the last 15 minutes {load:.1f}"


def git(folder: Path, *words: str) -> str:
    """What a command of git prints."""
    done = subprocess.run(["git", "-C", str(folder), *words], check=True, stdout=subprocess.PIPE, encoding="utf-8")
    return done.stdout.strip()


def seconds(name: str) -> float:
    """Of the whole session, by its transcript."""
    told = (FOLDER / f"{name}.txt").read_text("utf-8")
    return sum(float(found) for found in re.findall(r"^\[([\d.]+) s(?:, exit code \d+)?\]$", told, re.MULTILINE))


def commit(name: str) -> str:
    """Of the clone beside which that session ran, by its transcript."""
    first = (FOLDER / f"{name}.txt").read_text("utf-8").partition("\n")[0]
    return first.removeprefix(_AT).partition(" ")[0]


def index() -> str:
    """The README of the transcripts."""
    rows = [
        f"| [{name}]({name}.txt) | {session.what} | {commit(name)} | {seconds(name):.0f} |"
        for name, session in SESSIONS.items()
    ]
    return f"""# What a user types and sees

Each session ran in an empty folder beside a fresh clone. A transcript says of which commit and on what machine. It
shows every command, the end of what it printed, and its seconds. Times are longer where the load average is above the
number of cores. Written by `python docs/transcripts.py`, which can run some of the sessions again: commits may differ.

| session | what | commit | seconds |
|---|---|---|---|
{chr(10).join(rows)}
"""


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Runs what a user types, and writes results/transcripts.")
    parser.add_argument("sessions", nargs="*", metavar="SESSION", help=f"default: all of {', '.join(SESSIONS)}")
    given = parser.parse_args().sessions
    if unknown := {*given} - {*SESSIONS}:
        parser.error(f"no session {', '.join(sorted(unknown))}; known: {', '.join(SESSIONS)}")
    main(given)
