"""What a finding is, for the programs that write findings."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from scipy.stats import fisher_exact


@dataclass(frozen=True)
class Finding:
    """A sentence, what supports it, and whether the records show it."""

    title: str
    text: str
    holds: bool


def of_all(found: Sequence[bool]) -> str:
    """`3 of 5`; blank: no run."""
    return f"{sum(found)} of {len(found)}" if found else ""


def fisher(first: Sequence[bool], second: Sequence[bool]) -> float:
    """p that two samples of runs, solved or not, differ so by chance (Fisher's exact test, two-sided)."""
    return float(fisher_exact([[sum(found), len(found) - sum(found)] for found in (first, second)]).pvalue)


def in_markdown(names: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table in Markdown."""
    return "\n".join(
        [f"| {' | '.join(names)} |", f"|{'---|' * len(names)}", *(f"| {' | '.join(row)} |" for row in rows)]
    )
