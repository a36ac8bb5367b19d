"""What was tried, and what came of it."""

from __future__ import annotations

import contextlib
import io
import sys
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from longlag.errors import LonglagError

REFUSED_IN_A_LINE = "refused in a line"


@dataclass
class Tally:
    """outcomes: how many of each kind. faults: in a line, each thing that must not happen."""

    name: str
    outcomes: Counter[str] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def add(self, outcome: str) -> None:
        self.outcomes[outcome] += 1

    def fault(self, text: str) -> None:
        """Counts a fault, and says it at once."""
        self.outcomes["FAULT"] += 1
        self.faults.append(text)
        print(f"chaos: {self.name}: {text}", file=sys.stderr, flush=True)

    def crash(self, what: str, error: BaseException) -> None:
        """A fault: an exception that no reader should let through."""
        last = traceback.extract_tb(error.__traceback__)[-1]
        self.fault(f"{what}: {type(error).__name__}: {error} ({last.name}, line {last.lineno} of {last.filename})")

    def repeat(self, n: int, deadline: float, prepare: Callable[[int], tuple[str, Callable[[], str]]]) -> Tally:
        """n tries. prepare: a number -> what is tried, and what does it: it returns an outcome or raises.

        A LonglagError of one line is an outcome too; anything else is a fault.
        """
        for i in range(n):
            if time.monotonic() > deadline:
                break
            what, attempt = prepare(i)
            try:
                with quiet():
                    self.add(attempt())
            except LonglagError as error:
                if str(error).isprintable():
                    self.add(REFUSED_IN_A_LINE)
                else:
                    self.fault(f"{what}: an error of several lines: {str(error)!r}")
            except AssertionError as error:
                self.fault(f"{what}: {error}")
            except Exception as error:
                self.crash(what, error)
        return self

    @property
    def tried(self) -> int:
        return sum(self.outcomes.values())

    def __str__(self) -> str:
        words = ", ".join(f"{count} {outcome}" for outcome, count in sorted(self.outcomes.items()))
        notes = [f"  {note}" for note in self.notes]
        return "\n".join([f"{self.name}: {self.tried} tried: {words or 'nothing'}", *notes])


@contextlib.contextmanager
def quiet() -> Iterator[io.StringIO]:
    """Yields what is written to standard error."""
    with contextlib.redirect_stderr(io.StringIO()) as said, contextlib.redirect_stdout(io.StringIO()):
        yield said
