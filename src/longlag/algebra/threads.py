"""Settings of the whole process during calls that overlap in threads of Python; the number of threads of torch is one.

Let a first call begin, then a second, and let the first end first. If each puts back what it found, the second puts
back what the first had set. Calls therefore share a setting: the first one in makes it, the last one out undoes it.
"""

from __future__ import annotations

import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Generic, TypeVar

import torch

T = TypeVar("T")


class Shared(Generic[T]):
    """A context that calls of several threads share: the first one in enters it, the last one out leaves it.

    context: makes it. It may be left by another thread than it was entered by.
    """

    def __init__(self, context: Callable[[], AbstractContextManager[T]]) -> None:
        self._context, self._lock, self._inside = context, threading.Lock(), 0

    @contextmanager
    def entered(self) -> Iterator[T]:
        """Inside the context; every call gets what the context gave to the first."""
        with self._lock:
            if not self._inside:
                self._now = self._context()
                self._given = self._now.__enter__()
            self._inside += 1
            given = self._given
        try:
            yield given
        finally:
            with self._lock:
                self._inside -= 1
                if not self._inside:
                    self._now.__exit__(None, None, None)


@contextmanager
def _number_kept() -> Iterator[int]:
    found = torch.get_num_threads()
    try:
        yield found
    finally:
        torch.set_num_threads(found)


@contextmanager
def _notes_ignored() -> Iterator[None]:
    with warnings.catch_warnings():
        for note in _NOTES:
            warnings.filterwarnings("ignore", note)
        yield


_NOTES = (
    "TF32 acceleration on top of oneDNN",
    "Sparse CSR tensor support is in beta state",
    r"Using `torch\.compile\(module\)` when there are global hooks on modules",  # those of torch_optim/watch.py
)
_QUIET = Shared(_notes_ignored)


def without_notes() -> AbstractContextManager[None]:
    """Without warnings of torch that ask nothing of anybody. The filters of warnings are those of the process."""
    return _QUIET.entered()


class _Own(threading.local):
    """What each thread has for itself."""

    inside = False


_NUMBER, _OWN = Shared(_number_kept), _Own()


@contextmanager
def torch_threads(limit: int | None) -> Iterator[None]:
    """At most `limit` threads of torch in this thread of Python, None: as many as before; afterwards as many as before.

    torch has one number for each thread of Python, and one with which new threads begin. A thread that begins during
    another's call would begin with the limit of that call, so that every thread is left with the number that the first
    of the calls found. A call within a call leaves the number of the outer one.
    """
    with _NUMBER.entered() as found:
        own = torch.get_num_threads()  # a new thread takes its number at its first call, which then changes none
        outer, before = _OWN.inside, own if _OWN.inside else found
        _OWN.inside = True
        torch.set_num_threads(limit or before)
        try:
            yield
        finally:
            _OWN.inside = outer
            torch.set_num_threads(before)
