"""The job environment: threads, memory and BLAS kernels, set before numpy and torch are imported.

These settings decide digits as well as speed, so every row records them (`longlag.engine.provenance`). Variables that
the user has set are not changed.
"""

from __future__ import annotations

import ctypes
import os
from pathlib import Path

_THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
_AVX512 = {"avx512f", "avx512dq", "avx512bw", "avx512vl", "avx512cd"}
_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3  # mallopt(3)


def set_environment() -> None:
    """Sets one thread per process, allocation without page faults, and the widest BLAS kernels of this processor."""
    for name in _THREADS:
        os.environ.setdefault(name, "1")
    os.environ.setdefault("THP_MEM_ALLOC_ENABLE", "1")
    os.environ.setdefault("MKL_CBWR", "AVX2")  # results independent of where in memory an array lies
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")  # deterministic cuBLAS
    if processor_flags() >= _AVX512:
        os.environ.setdefault("OPENBLAS_CORETYPE", "SkylakeX")
    _keep_freed_memory()


def processor_flags() -> set[str]:
    """The instruction sets of the first processor; empty where Linux does not list them."""
    return set(cpuinfo("flags").split())


def cpuinfo(key: str) -> str:
    """What /proc/cpuinfo says of the first processor, such as its "model name"; empty where it does not."""
    try:
        lines = Path("/proc/cpuinfo").read_text("utf-8").splitlines()
    except OSError:  # not Linux
        return ""
    pairs = (line.split(":", 1) for line in lines if ":" in line)
    return next((value.strip() for name, value in pairs if name.strip() == key), "")


def _keep_freed_memory() -> None:
    """Asks glibc not to hand large buffers back: their page faults cost up to half of an update."""
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (OSError, AttributeError, TypeError):  # not glibc; Windows does not take None
        return
    mallopt(_M_MMAP_THRESHOLD, 1 << 30)
    mallopt(_M_TRIM_THRESHOLD, (1 << 31) - 1)
