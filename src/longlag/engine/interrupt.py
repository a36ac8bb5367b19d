"""Graceful shutdown: SIGTERM and SIGINT set a flag, which is checked between steps, where it is safe to stop.

A second signal ends the process at once, as it would without this module.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType

_SIGNALS = (signal.SIGTERM, signal.SIGINT)
_KEPT = "finished rungs and the checkpoints that could be written are kept; run the same command to resume"


class Interrupted(KeyboardInterrupt):
    """A signal asked the process to end; what can be kept of its work is saved.

    number: the signal's. kept: what is kept, and how to resume; of a training unless it says otherwise.
    """

    def __init__(self, number: int, kept: str = _KEPT) -> None:
        super().__init__(f"interrupted by {signal.Signals(number).name}; {kept}")
        self.number = number


@dataclass
class Interruption:
    """True after a signal. number: the signal's; 0 before."""

    number: int = 0

    def __bool__(self) -> bool:
        return self.number != 0

    def check(self) -> None:
        """Raises Interrupted after a signal."""
        if self.number:
            raise Interrupted(self.number)

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Handles signals inside the block; does nothing in other threads than the main one."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        before = {number: signal.signal(number, self._note) for number in _SIGNALS}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def _note(self, number: int, frame: FrameType | None) -> None:
        self.number = number
        for each in _SIGNALS:
            signal.signal(each, signal.SIG_DFL if each != signal.SIGINT else signal.default_int_handler)


@contextmanager
def raised() -> Iterator[None]:
    """SIGTERM raises Interrupted inside the block, as SIGINT raises KeyboardInterrupt: for work without steps."""

    def end(number: int, frame: FrameType | None) -> None:
        raise Interrupted(number)

    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, end)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
