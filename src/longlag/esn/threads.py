"""One thread for numpy and torch while a net computes, also where several threads of Python compute at once.

OpenBLAS has one number of threads for the whole process: the first call in reduces it and the last one out restores it.
OpenMP has one for each thread of Python, which each call reduces and restores for its own. torch has both, its own
number and the one with which new threads begin. A thread that begins during another's call therefore begins with 1, so
every thread is left with the number that the first one found.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

import torch
from threadpoolctl import ThreadpoolController


class _Shared:
    """What the calls of all threads share."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.inside = 0  # threads that compute now
        self.of_torch = 1  # threads of torch that the first of them found
        self.of_blas: list[dict[str, Any]] = []  # and of each library

    def enter(self) -> None:
        with self.lock:
            found = torch.get_num_threads()  # a new thread takes the number at its first call, which then changes none
            if not self.inside:
                self.of_torch, self.of_blas = found, _controller("blas").info()
                _set_blas(1)
            self.inside += 1
            torch.set_num_threads(1)

    def leave(self) -> None:
        with self.lock:
            self.inside -= 1
            if not self.inside:
                _set_blas(self.of_blas)
            torch.set_num_threads(self.of_torch)


def _set_blas(threads: int | list[dict[str, Any]]) -> None:
    """Sets the number of threads, one for all libraries or that of each, until another thread of Python sets it.

    From threadpoolctl 3.8 on, a thread that has set OpenBLAS alone may set it, until it leaves a limit. The second line
    limits nothing and leaves.
    """
    _controller("blas").limit(limits=threads)
    with _controller("blas").limit(limits=None):
        pass


class _Own(threading.local):
    """What each thread has for itself."""

    inside = False


_SHARED, _OWN = _Shared(), _Own()


@contextmanager
def one_thread() -> Iterator[None]:
    """One thread for numpy and torch: the products of a step are too short to be shared, and threads that wait burn
    time."""
    if _OWN.inside:
        yield
        return
    _SHARED.enter()
    _OWN.inside = True
    try:
        with _controller("openmp").limit(limits=1):
            yield
    finally:
        _OWN.inside = False
        _SHARED.leave()


@cache
def _controller(kind: str) -> ThreadpoolController:
    return ThreadpoolController().select(user_api=kind)  # finding the libraries takes milliseconds
