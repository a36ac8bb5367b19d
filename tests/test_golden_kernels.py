"""Golden numbers under several kernels of BLAS and of elementwise functions, in child processes on this machine.

`python tests/test_golden_kernels.py` prints the largest deviation under each, in tolerances. Every child says which
kernels it had: a setting that has no effect on this processor is skipped with the reason, not passed.
"""

from __future__ import annotations

import ctypes
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

VARIABLES = ("OPENBLAS_CORETYPE", "MKL_CBWR", "ATEN_CPU_CAPABILITY", "NPY_DISABLE_CPU_FEATURES")
THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
# Two threads that spin while the other has no core take six times the time.
WAIT = {"OMP_WAIT_POLICY": "PASSIVE", "OPENBLAS_THREAD_TIMEOUT": "4"}
CORES = ("Katmai", "Nehalem", "Sandybridge", "Haswell", "Zen", "SkylakeX", "Cooperlake", "SapphireRapids")
OLDEST = {"OPENBLAS_CORETYPE": "Nehalem", "MKL_CBWR": "COMPATIBLE", "ATEN_CPU_CAPABILITY": "default",
          "NPY_DISABLE_CPU_FEATURES": "X86_V4 X86_V3"}  # fmt: skip
KERNELS: dict[str, dict[str, str]] = {
    "own choice of all": {},
    "two threads": dict.fromkeys(THREADS, "2"),
    **{f"OpenBLAS {core}": {"OPENBLAS_CORETYPE": core} for core in CORES},
    **{f"MKL {mode}": {"MKL_CBWR": mode} for mode in ("COMPATIBLE", "AVX2")},
    **{f"torch {kind}": {"ATEN_CPU_CAPABILITY": kind} for kind in ("default", "avx2", "avx512")},
    "numpy without AVX-512": {"NPY_DISABLE_CPU_FEATURES": "X86_V4"},
    "numpy without AVX2": {"NPY_DISABLE_CPU_FEATURES": "X86_V4 X86_V3"},
    "the oldest of all": OLDEST,
}
MKL_BRANCHES = {1: "off", 2: "AVX2", 3: "COMPATIBLE"}  # of mkl_cbwr_get; 2 is the widest that is reproducible here


def in_force() -> dict[str, str]:
    """The kernels of this process, by the variable that chooses them; "unknown" where a library cannot be asked."""
    import torch
    from numpy._core._multiarray_umath import __cpu_features__
    from threadpoolctl import threadpool_info

    openblas = [pool for pool in threadpool_info() if pool["internal_api"] == "openblas"]
    try:
        mkl = ctypes.CDLL(str(Path(torch.__file__).parent / "lib" / "libtorch_cpu.so")).mkl_serv_cbwr_get(-1)
    except (OSError, AttributeError):
        mkl = 0
    disabled = [name for name in ("X86_V4", "X86_V3") if not __cpu_features__.get(name, True)]
    threads = {name: os.environ[name] for name in THREADS}
    return {
        "OPENBLAS_CORETYPE": openblas[0]["architecture"] if openblas else "unknown",
        "MKL_CBWR": MKL_BRANCHES.get(mkl, "unknown"),
        "ATEN_CPU_CAPABILITY": torch.backends.cpu.get_cpu_capability().lower(),
        "NPY_DISABLE_CPU_FEATURES": " ".join(disabled),
        **threads,
    }


MEASURED: dict[str, dict[str, float]] = {}  # deviations by the kernels and threads that gave them


def child(variables: dict[str, str]) -> dict:
    """Kernels and deviations of a process with these variables and no others, numpy and torch loaded before longlag.

    Kernels that another child had are not measured again. A library that follows a variable to instructions that this
    processor lacks ends the process (an illegal instruction): it has no kernels then. Without variables that is a
    failure like any other.
    """
    environment = {name: value for name, value in os.environ.items() if name not in VARIABLES}
    environment |= dict.fromkeys(THREADS, "1") | WAIT | variables
    done = subprocess.run(
        [sys.executable, __file__, "--child", json.dumps(variables), *MEASURED],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode == -signal.SIGILL and set(variables) & set(VARIABLES):
        return {"kernels": dict.fromkeys(VARIABLES, "an illegal instruction"), "deviations": {}}
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    if found["deviations"]:
        MEASURED[key(found["kernels"])] = found["deviations"]
    return {**found, "deviations": MEASURED.get(key(found["kernels"]), {})}


def key(kernels: dict[str, str]) -> str:
    return " ".join(kernels.values())


def without_effect(variables: dict[str, str], found: dict[str, str]) -> str:
    """Which variables this processor or these libraries do not follow; empty if they follow all."""
    return "; ".join(f"{name}={value} gives {found[name]}" for name, value in variables.items() if found[name] != value)


@pytest.mark.slow
@pytest.mark.parametrize("name", KERNELS)
def test_numbers_hold_under_these_kernels(name):
    found = child(KERNELS[name])
    if reason := without_effect(KERNELS[name], found["kernels"]):
        pytest.skip(reason)
    worst = max(found["deviations"], key=found["deviations"].get)
    assert found["deviations"][worst] <= 1, f"{worst} is off by {found['deviations'][worst]:.3g} tolerances"


def report() -> None:
    for name, variables in KERNELS.items():
        found = child(variables)
        if reason := without_effect(variables, found["kernels"]):
            print(f"{name:22} skipped: {reason}", flush=True)
            continue
        worst = max(found["deviations"], key=found["deviations"].get)
        print(
            f"{name:22} {found['deviations'][worst]:8.2g} tolerances in {worst:28} {key(found['kernels'])}", flush=True
        )


def answer(wanted: dict[str, str], measured: list[str]) -> None:
    """What a child says: no deviations if it lacks what it should have, or what another had."""
    import numpy  # noqa: F401, I001 - before longlag sets variables
    import torch  # noqa: F401
    import test_golden

    kernels = in_force()
    idle = without_effect(wanted, kernels) or key(kernels) in measured
    print(json.dumps({"kernels": kernels, "deviations": {} if idle else test_golden.deviations()}))


if __name__ == "__main__":
    answer(json.loads(sys.argv[2]), sys.argv[3:]) if sys.argv[1:2] == ["--child"] else report()
