"""P9: how much the resident memory of a process rises during one update.

The kernel's own high-water mark (VmHWM of /proc/self/status) is reset just before the update, so that imports and the
batch do not count. Each shape is measured in a fresh process, since freed memory is kept.
"""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np

from benchmarks.arm import Arm, Missing
from benchmarks.worker import function


def peak(arm: str, kwargs: dict[str, int | str], warm: dict[str, int | str]) -> int:
    """Bytes. warm: a tiny shape, run first to load libraries."""
    for _ in range(2):
        function(arm)(**warm).work()
    measured = function(arm)(**kwargs)
    try:
        Path("/proc/self/clear_refs").write_text("5")  # forget the high-water mark
        before = _status("VmRSS")
        measured.work()
        return _status("VmHWM") - before
    except OSError as error:
        raise Missing(f"this system does not tell a process's peak memory ({error})") from error


def _status(key: str) -> int:
    found = re.search(rf"^{key}:\s+(\d+) kB", Path("/proc/self/status").read_text(), flags=re.M)
    assert found is not None
    return 1024 * int(found[1])


def block(size: int) -> Arm:
    """Work that allocates `size` bytes, to test the measurement."""
    return Arm(lambda: np.ones(size, dtype=np.uint8).sum())
