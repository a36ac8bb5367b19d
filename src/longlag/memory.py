"""Memory in bytes: what this machine has, and the most that this process has used. Linux, macOS and Windows."""

from __future__ import annotations

import ctypes
import os
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

UNKNOWN = 2**63 - 1  # bytes of a machine that does not say


def installed() -> int:
    """Physical memory of the machine; `UNKNOWN` where the system does not say."""
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, ValueError, OSError):
        return _of_windows("kernel32", "GlobalMemoryStatusEx", _Status(), "total") or UNKNOWN


def peak() -> int:
    """The largest resident memory of this process so far; 0 where the system does not say."""
    with suppress(OSError, ValueError):  # not `getrusage`, which begins with what the parent process had used
        lines = Path("/proc/self/status").read_text("utf-8").splitlines()
        found = next((line.split()[1] for line in lines if line.startswith("VmHWM:")), None)
        if found is not None:
            return int(found) * 1024
    try:
        import resource
    except ImportError:
        return _of_windows("psapi", "GetProcessMemoryInfo", _Counters(), "peak")
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


class _Status(ctypes.Structure):
    """MEMORYSTATUSEX."""

    _fields_ = (
        ("size", ctypes.c_uint32),
        ("load", ctypes.c_uint32),
        ("total", ctypes.c_uint64),
        ("rest", ctypes.c_uint64 * 6),
    )


class _Counters(ctypes.Structure):
    """PROCESS_MEMORY_COUNTERS."""

    _fields_ = (
        ("size", ctypes.c_uint32),
        ("faults", ctypes.c_uint32),
        ("peak", ctypes.c_size_t),
        ("rest", ctypes.c_size_t * 7),
    )


def _of_windows(library: str, function: str, answer: Any, member: str) -> int:
    """A number that a function of Windows writes into a structure; 0 elsewhere."""
    windows = getattr(ctypes, "windll", None)
    if windows is None:
        return 0
    answer.size = ctypes.sizeof(answer)
    process = [ctypes.c_void_p(-1)] if member == "peak" else []  # -1: this process
    size = [ctypes.c_uint32(answer.size)] if member == "peak" else []
    done = getattr(getattr(windows, library), function)(*process, ctypes.byref(answer), *size)
    return int(getattr(answer, member)) if done else 0
