"""One thread for numpy and torch while a net computes, also where several threads of Python compute at once, and the
modes in which torch starts (`longlag.algebra.modes`).

OpenBLAS has one number of threads for the whole process, which overlapping calls share. OpenMP has one for each thread
of Python, which each call reduces and restores for its own. torch has both (`longlag.algebra.threads`).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

from threadpoolctl import ThreadpoolController

from longlag.algebra.modes import plain
from longlag.algebra.threads import Shared, torch_threads


@contextmanager
def _one_of_blas() -> Iterator[None]:
    found = _controller("blas").info()
    _set_blas(1)
    try:
        yield
    finally:
        _set_blas(found)


_BLAS = Shared(_one_of_blas)


@contextmanager
def undisturbed() -> Iterator[None]:
    """One thread for numpy and torch: the products of a step are too short to be shared, and threads that wait burn
    time. No mode of torch that the program around has set."""
    with plain(), torch_threads(1), _BLAS.entered(), _controller("openmp").limit(limits=1):
        yield


def _set_blas(threads: int | list[dict[str, Any]]) -> None:
    """Sets the number of threads, one for all libraries or that of each, until another thread of Python sets it.

    From threadpoolctl 3.8 on, a thread that has set OpenBLAS alone may set it, until it leaves a limit. The second line
    limits nothing and leaves.
    """
    _controller("blas").limit(limits=threads)
    with _controller("blas").limit(limits=None):
        pass


@cache
def _controller(kind: str) -> ThreadpoolController:
    return ThreadpoolController().select(user_api=kind)  # finding the libraries takes milliseconds
