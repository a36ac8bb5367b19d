"""What a finding is, for the programs that write findings."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from scipy.stats import fisher_exact


@dataclass(frozen=True)
class Finding:
    """A sentence, what supports it, and whether the records show it. key: by which others refer to it (`see`)."""

    title: str
    text: str
    holds: bool
    key: str = ""


def see(key: str) -> str:
    """In a text: the finding of that key, which `numbered` writes as `finding 7`."""
    return f"finding <{key}>"


def numbered(found: Sequence[Finding]) -> list[str]:
    """The texts of findings that are numbered from 1, with the numbers of those that they refer to.

    Raises:
        ValueError: a text refers to a key that no finding has.
    """
    places = {finding.key: place for place, finding in enumerate(found, 1)}

    def place(reference: re.Match[str]) -> str:
        if reference[1] not in places:
            raise ValueError(f"a text refers to the finding {reference[1]!r}, and none has that key")
        return f"finding {places[reference[1]]}"

    return [re.sub(see(r"(\w+)"), place, finding.text) for finding in found]


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
