"""Windows and macOS, as far as Linux can show it: commands run where the modules and names of POSIX are missing.

A module `msvcrt` that locks bytes as Windows does stands in for the real one. Texts must name their encoding, since
the default of Windows is not UTF-8.
"""

import ast
import json
import math
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from longlag import cli, memory
from longlag.store import records

SYSTEM = '''
import builtins, ctypes, os, subprocess, sys, warnings

def hide(modules, names):
    """Makes modules and members of `os` missing."""
    for module in modules:
        sys.modules[module] = None
    for name in names:
        if hasattr(os, name):
            delattr(os, name)

def without(path, *rest, real=open, **named):
    if str(path) in ("/proc/cpuinfo", "/proc/self/status"):
        raise FileNotFoundError(2, "No such file or directory", str(path))
    return real(path, *rest, **named)

class Library(ctypes.CDLL):
    def __init__(self, name, *rest, **named):
        if name is None:
            raise TypeError("None is not a name here")
        super().__init__(name, *rest, **named)

class Locks:
    """Locks of byte ranges, which exclude other processes and are refused with PermissionError."""
    LK_NBLCK = 2
    import fcntl as _fcntl
    def locking(self, file, mode, count):
        assert os.lseek(file, 0, os.SEEK_CUR) > 2**20, "Windows lets nobody read a locked byte"
        try:
            self._fcntl.lockf(file, self._fcntl.LOCK_EX | self._fcntl.LOCK_NB, count, 0, os.SEEK_CUR)
        except OSError:
            raise PermissionError(13, "Permission denied") from None

if sys.argv[1] == "windows":
    locks = Locks()
    sys.modules["msvcrt"] = locks
    hide(["fcntl", "resource", "pwd", "grp", "termios"],
         ["O_NOFOLLOW", "O_CLOEXEC", "O_NONBLOCK", "O_DIRECTORY", "getuid", "sysconf", "fork", "getloadavg",
          "sched_getaffinity"])
elif sys.argv[1] == "no locks":
    hide(["fcntl", "msvcrt"], [])
if sys.argv[1] != "linux":
    ctypes.CDLL = Library
    import io
    builtins.open = io.open = without
warnings.filterwarnings("error", category=EncodingWarning, module=r"longlag")
'''
CODE = """
from longlag import cli
sys.exit(cli.main(sys.argv[2:]))
"""
HOLD = """
import time
from longlag.store import lock
with lock.held(sys.argv[2]):
    print("held", flush=True)
    time.sleep(600 if sys.argv[3] == "wait" else 0)
"""
TINY = ["--set", "cell.hidden=4", "--set", "optimiser.batch=10", "--budget", "600"]
TRAIN = ["train", "--task", "adding", "--lag", "10", "--method", "control", *TINY]


def command(code, system, *words):
    return [sys.executable, "-X", "warn_default_encoding", "-c", SYSTEM + code, system, *map(str, words)]


def run(code, system, *words, cwd):
    kernels = {"OPENBLAS_CORETYPE": "Haswell"}  # else chosen by what /proc/cpuinfo says
    environment = os.environ | kernels
    return subprocess.run(command(code, system, *words), capture_output=True, text=True, cwd=cwd, env=environment)


@pytest.mark.parametrize("system", ["windows", "macos", "linux"])
def test_every_verb_has_help(system, tmp_path):
    names = [name.removesuffix("_") for name in cli.VERBS.names()]
    code = "from longlag import cli\nfor verb in sys.argv[2:]: print(cli._parsers(cli.VERBS.names())[1][verb].format_help())"
    done = run(code, system, *names, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("usage: longlag") == len(names)


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """Rows and curves that each system wrote."""
    folders = {name: tmp_path_factory.mktemp(name) for name in ("linux", "macos", "windows")}
    for system, folder in folders.items():
        done = run(CODE, system, *TRAIN, "--out", "runs.csv", "--curves", "curves.parquet", cwd=folder)
        assert done.returncode == 0, done.stderr
        assert "without a lock" not in done.stderr
        assert sorted(path.name for path in folder.iterdir()) == ["curves.parquet", "runs.csv"]
    return folders


def test_every_system_trains_the_same_row(trained):
    rows = [records.read_rows(folder / "runs.csv")[0] for folder in trained.values()]
    fixed = [{name: value for name, value in vars(row).items() if name not in records.VOLATILE} for row in rows]
    assert repr(fixed[0]) == repr(fixed[1]) == repr(fixed[2])
    peaks = [row.peak_megabytes for row in rows]
    assert 50 < peaks[0] < 4000
    assert 50 < peaks[1] < 4000, "without /proc it comes from the module `resource`"
    assert math.isnan(peaks[2]), "and without both it is not known"


VERBS = [
    "verify runs.csv",
    "table reach runs.csv --out tables",
    "report runs.csv --curves curves.parquet --out report.html",
    "handson --out handson.html",
    "list",
    "show hf --task adding",
    "lecture --claim 2",
    "estimate suite.yaml runs.csv",
    "design suite.yaml",
    "diff runs.csv runs.csv",
]


def test_windows_runs_every_kind_of_verb(trained):
    suite = {"suite": "s", "seeds": 1, "cells": [{"methods": ["control"], "tasks": ["adding"], "lags": [10]}]}
    (trained["windows"] / "suite.yaml").write_text(json.dumps(suite), encoding="utf-8")
    code = "from longlag import cli\nprint([cli.main(line.split()) for line in sys.argv[2:]])"
    done = run(code, "windows", *VERBS, cwd=trained["windows"])
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == str([0] * len(VERBS)), done.stderr


@pytest.mark.parametrize("system", ["linux", "windows"])
def test_one_process_holds_a_lock_until_it_ends_however_it_ends(system, tmp_path):
    out = tmp_path / "runs.csv"
    with subprocess.Popen(command(HOLD, system, out, "wait"), stdout=subprocess.PIPE) as holder:
        try:
            assert holder.stdout is not None
            holder.stdout.readline()
            second = run(HOLD, system, out, "go", cwd=tmp_path)
            assert f"is being written by process {holder.pid} on " in second.stderr
            assert "held" not in second.stdout
        finally:
            holder.send_signal(signal.SIGKILL)
    assert run(HOLD, system, out, "go", cwd=tmp_path).stdout == "held\n"
    assert not [*tmp_path.iterdir()]


def test_a_link_that_has_the_name_of_a_lock_is_refused_where_the_system_would_follow_it(tmp_path):
    (tmp_path / "victim").write_text("precious")
    (tmp_path / ".runs.csv.lock").symlink_to(tmp_path / "victim")
    done = run(HOLD, "windows", "runs.csv", "go", cwd=tmp_path)
    assert ".runs.csv.lock is not a lock file; delete it" in done.stderr
    assert (tmp_path / "victim").read_text() == "precious"


def test_a_python_without_locks_says_so_and_goes_on(tmp_path):
    done = run(HOLD, "no locks", "runs.csv", "go", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (0, "held\n")
    assert "runs.csv is written without a lock (this Python has no locks)" in done.stderr


def test_memory_is_measured():
    assert 2**28 < memory.installed() < memory.UNKNOWN
    assert 2**24 < memory.peak() < memory.installed()


def test_a_small_process_does_not_count_the_memory_of_its_parent():
    big = bytearray(2**28)
    code = "from longlag import memory; print(memory.peak())"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert int(done.stdout) < len(big)


def test_every_text_names_its_encoding():
    """Python before 3.15 reads texts in the encoding of the system, which is not UTF-8 on Windows."""
    source, nameless = Path(memory.__file__).parent, []
    for path in sorted(source.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and not any(keyword.arg == "encoding" for keyword in node.keywords):
                name = getattr(node.func, "attr", getattr(node.func, "id", ""))
                wanted = {"read_text": 1, "write_text": 2}.get(name)
                if wanted and len(node.args) < wanted:
                    nameless.append(f"{path.relative_to(source)}:{node.lineno} {name}")
    assert not nameless, "name the encoding: read_text('utf-8'), write_text(text, 'utf-8')"
