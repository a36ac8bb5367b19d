"""What a finding is, for the programs that write findings."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from scipy.stats import fisher_exact


class Subject(StrEnum):
    """What a finding is about: a heading of the index."""

    SEARCH = "Settings and search"
    REMEDIES = "The remedies compared"
    LAGS = "Long lags"
    TASKS = "Tasks outside the search"
    PAPERS = "The papers"


@dataclass(frozen=True)
class Finding:
    """A sentence, what supports it, and whether the records show it.

    lead: what was seen, in one to three sentences. caption: the line above the table, which says what its cells are.
    notes: what qualifies it, each under a word or two. key: by which other findings refer to it (`see`).
    """

    title: str
    lead: str
    holds: bool
    subject: Subject
    caption: str = ""
    table: str = ""
    notes: Mapping[str, str] = field(default_factory=dict)
    key: str = ""

    @property
    def text(self) -> str:
        """What stands under the title, in Markdown."""
        notes = "\n".join(f"- **{word}.** {text}" for word, text in self.notes.items() if text)
        return "\n\n".join(filter(None, (self.lead, self.caption, self.table, notes)))


def see(key: str) -> str:
    """In a text: the finding of that key, which `numbered` writes as a link, `finding 7`."""
    return f"finding <{key}>"


def numbered(found: Sequence[Finding]) -> list[str]:
    """The texts of findings that are numbered from 1, with links to those that they refer to.

    Raises:
        ValueError: a text refers to a key that no finding has.
    """
    places = {finding.key: place for place, finding in enumerate(found, 1)}

    def place(reference: re.Match[str]) -> str:
        if reference[1] not in places:
            raise ValueError(f"a text refers to the finding {reference[1]!r}, and none has that key")
        return f"[finding {places[reference[1]]}](#{anchor(places[reference[1]])})"

    return [re.sub(see(r"(\w+)"), place, finding.text) for finding in found]


def anchor(place: int) -> str:
    """The anchor of the finding with that number. It does not change with the title."""
    return f"finding-{place}"


def index(found: Sequence[Finding]) -> str:
    """For each subject its findings, numbered from 1, with a link to each."""
    parts = []
    for subject in Subject:
        own = [(place, finding.title) for place, finding in enumerate(found, 1) if finding.subject == subject]
        lines = "\n".join(f"- [{place}. {title}](#{anchor(place)})" for place, title in own)
        parts += [f"**{subject}**\n\n{lines}"] if own else []
    return "\n\n".join(parts)


def of_all(found: Sequence[bool]) -> str:
    """`3 of 5`; blank: no run."""
    return f"{sum(found)} of {len(found)}" if found else ""


def wrapped(text: str) -> str:
    """A paragraph in lines of the documents' width."""
    return textwrap.fill(text, 120, break_on_hyphens=False, break_long_words=False)


def span(values: Iterable[float], words: Callable[[float], str]) -> str:
    """`94 to 97`: the least and the greatest value in words; one of them if the words are equal; blank: no value."""
    found = sorted(values)
    return " to ".join(dict.fromkeys(map(words, (found[0], found[-1])))) if found else ""


def in_percent(share: float) -> str:
    """A share in percent, without decimals and without the sign."""
    return f"{100 * share:.0f}"


def one_decimal(number: float) -> str:
    """`4.1`: of a ratio."""
    return f"{number:.1f}"


def fisher(first: Sequence[bool], second: Sequence[bool]) -> float:
    """p that two samples of runs, solved or not, differ so by chance (Fisher's exact test, two-sided)."""
    return float(fisher_exact([[sum(found), len(found) - sum(found)] for found in (first, second)]).pvalue)


def in_markdown(names: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table in Markdown."""
    return "\n".join(
        [f"| {' | '.join(names)} |", f"|{'---|' * len(names)}", *(f"| {' | '.join(row)} |" for row in rows)]
    )
