"""The volatile columns that say where and with what a row was made: versions, processor, kernels, commit."""

from __future__ import annotations

import os
import platform
import subprocess
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import numpy as np
import threadpoolctl
import torch

from longlag import __version__
from longlag.engine import denormals
from longlag.environment import cpuinfo

DIGITS_DEPEND_ON = ("cpu", "blas", "torch", "numpy", "threads", "device")


@cache
def provenance(device: str) -> dict[str, str | int]:
    """The columns that all rows of a process share."""
    return {
        "longlag": __version__,
        "commit": _commit(),
        "python": platform.python_version(),
        "torch": torch.__version__,
        "numpy": np.__version__,
        "blas": _blas(),
        "threads": torch.get_num_threads(),
        "cpu": cpuinfo("model name") or platform.processor(),
        "device": device if device == "cpu" else f"{device}: {torch.cuda.get_device_name(device)}",
    }


def now() -> str:
    """UTC, to the second."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def _commit() -> str:
    here = Path(__file__).parents[1]
    try:
        # fails where the repository around the package is another project's
        _git(here, "ls-files", "--error-unmatch", "__init__.py")
        head = _git(here, "rev-parse", "--short=12", "HEAD")
        dirty = _git(here, "status", "--porcelain", "--untracked-files=no", ".")
    except (OSError, subprocess.SubprocessError):  # installed without its own repository
        return "unknown"
    return head + ("+dirty" if dirty else "")


def _git(folder: Path, *words: str) -> str:
    done = subprocess.run(
        ["git", "-C", str(folder), *words], capture_output=True, encoding="utf-8", check=True, timeout=10
    )
    return done.stdout.strip()


def _blas() -> str:
    found = {
        f"{lib['internal_api']} {lib.get('version')} {lib.get('architecture', '')}".strip()
        for lib in threadpoolctl.threadpool_info()
        if lib["user_api"] == "blas"
    }
    mkl = f"mkl in torch, MKL_CBWR {os.environ.get('MKL_CBWR', 'unset')}" if torch.backends.mkl.is_available() else ""
    return "; ".join(filter(None, [*sorted(found), mkl, f"denormals: {denormals.mode()}"]))
