"""Standard output and standard error that never end a run.

A message is worth less than a result: a full disk, a closed stream or a reader that has left (`| head`) must not stop
training. A character that the terminal cannot show is written as its escape, such as `\\u2265`.
"""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, TextIO


@dataclass
class Lossy:
    """A text stream that swallows what cannot be written. failed: the first error, None if there was none."""

    stream: TextIO | None
    failed: OSError | None = None

    def write(self, text: str) -> int:
        """Writes what can be written; returns the length of the text."""
        return self._attempt("write", text)

    def flush(self) -> None:
        """Writes what is buffered."""
        self._attempt("flush")

    def isatty(self) -> bool:
        """Whether it is a terminal."""
        return self.stream is not None and not self.stream.closed and self.stream.isatty()

    def __getattr__(self, name: str) -> Any:
        return getattr(self.stream, name)

    def _attempt(self, what: str, *text: str) -> int:
        if self.stream is not None and self.failed is None:
            try:
                getattr(self.stream, what)(*text)
            except OSError as error:
                self.failed = error
                _discard(self.stream)
        return sum(map(len, text))


@contextlib.contextmanager
def lossy() -> Iterator[Lossy]:
    """Makes both standard streams lossy, and yields standard output."""
    _open_closed_descriptors()
    streams = [Lossy(stream) for stream in (sys.stdout, sys.stderr)]
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):  # not where a test or a notebook replaced it
            stream.reconfigure(errors="backslashreplace")
    with contextlib.redirect_stdout(streams[0]), contextlib.redirect_stderr(streams[1]):
        try:
            yield streams[0]
        finally:
            for lossy_stream in streams:
                lossy_stream.flush()


def _open_closed_descriptors() -> None:
    """After `2>&-` the next file that is opened would be standard error, and get what a library writes there."""
    for descriptor in (0, 1, 2):
        try:
            os.fstat(descriptor)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # takes the lowest free number


def _discard(stream: TextIO) -> None:
    """Points the stream's file at nothing: the interpreter flushes its buffer once more at exit."""
    with contextlib.suppress(OSError, ValueError):
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, stream.fileno())
        os.close(null)
