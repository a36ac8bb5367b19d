"""What was tried, and what came of it."""

from __future__ import annotations

import sys
import traceback
from collections import Counter
from dataclasses import dataclass, field


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

    @property
    def tried(self) -> int:
        return sum(self.outcomes.values())

    def __str__(self) -> str:
        words = ", ".join(f"{count} {outcome}" for outcome, count in sorted(self.outcomes.items()))
        notes = [f"  {note}" for note in self.notes]
        return "\n".join([f"{self.name}: {self.tried} tried: {words or 'nothing'}", *notes])
