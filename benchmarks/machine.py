"""The machine: its description, and the rate of its matrix product."""

from __future__ import annotations

import os
import platform
from typing import Any

import numpy as np
import threadpoolctl
import torch

from benchmarks.arm import Arm
from longlag.engine.provenance import provenance
from longlag.environment import cpuinfo, processor_flags

SIDE = 1024


def matmul(dtype: str = "float32") -> Arm:
    """np.matmul of two square matrices of 1024: 2 * 1024^3 operations."""
    rng = np.random.default_rng(0)
    a, b = (rng.standard_normal((SIDE, SIDE)).astype(dtype) for _ in range(2))
    out = np.empty_like(a)
    return Arm(lambda: np.matmul(a, b, out=out), lambda: {"product": a @ b})


def record() -> dict[str, Any]:
    """Everything that decides times: processor, instruction sets, kernels, versions, environment."""
    wanted = ("avx2", "fma", "avx512f", "avx512_bf16", "amx_tile", "asimd", "sve")
    names = ("OPENBLAS_CORETYPE", "MKL_CBWR", "THP_MEM_ALLOC_ENABLE", "OMP_NUM_THREADS")
    return {
        **{k: v for k, v in provenance("cpu").items() if k != "device"},
        "family": cpuinfo("cpu family"),
        "model": cpuinfo("model"),
        "instruction_sets": sorted(processor_flags() & set(wanted)),
        "processors": os.cpu_count(),
        "platform": f"{platform.system()} {platform.machine()}",
        "blas_libraries": [
            {k: lib.get(k) for k in ("internal_api", "version", "architecture", "num_threads", "user_api")}
            for lib in threadpoolctl.threadpool_info()
        ],
        "torch_cpu_capability": torch.backends.cpu.get_cpu_capability(),
        "environment": {name: os.environ.get(name, "") for name in names},
        "gpu": torch.cuda.get_device_name() if torch.cuda.is_available() else "none",
    }
