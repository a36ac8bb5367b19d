"""Where a row says that its code came from."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import longlag

COMMIT = "from longlag.engine.provenance import provenance; print(provenance('cpu')['commit'])"


def git(folder, *words):
    identity = ["-c", "user.name=nobody", "-c", "user.email=nobody@example.org"]
    return subprocess.run(["git", "-C", folder, *identity, *words], check=True, capture_output=True, text=True).stdout


@pytest.mark.parametrize("tracked", [True, False])
def test_the_commit_is_that_of_the_package_and_not_of_the_project_around_it(tracked, tmp_path):
    git(tmp_path, "init", "-q")
    (tmp_path / ".gitignore").write_text("__pycache__\n" + ("" if tracked else "site\n"))
    shutil.copytree(
        Path(longlag.__file__).parent, tmp_path / "site/longlag", ignore=shutil.ignore_patterns("__pycache__")
    )
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-qm", "all")
    done = subprocess.run([sys.executable, "-c", COMMIT], capture_output=True, text=True, check=True,
                          env={"PYTHONPATH": str(tmp_path / "site"), "PYTHONDONTWRITEBYTECODE": "1", "PATH": "/usr/bin:/bin"})  # fmt: skip
    expected = git(tmp_path, "rev-parse", "--short=12", "HEAD").strip() if tracked else "unknown"
    assert done.stdout.strip() == expected
