"""How the settings of a method were chosen, in words."""

from __future__ import annotations

from longlag.design.chosen import Chosen, Search
from longlag.words import count, join_words, number

UNKNOWN = "unknown"


def words(chosen: Chosen | None) -> str:
    """`design/chosen.py` in a cell of a table.

    >>> words(None), words(Chosen()), words(Chosen(by_hand=("optimiser.batch",)))
    ('unknown', 'not searched: values of its file', 'by hand: optimiser.batch')
    """
    if chosen is None:
        return UNKNOWN
    if chosen.candidate:
        return "candidates of a search"
    parts = [_words(search, chosen.tasks) for search in chosen.searches]
    if chosen.one:
        parts.append(f"{count(chosen.one, 'task')} with the one setting")
    if chosen.by_hand:
        parts.append(f"by hand: {', '.join(chosen.by_hand)}")
    return "; ".join(parts) or "not searched: values of its file"


def _words(search: Search, tasks: int) -> str:
    if search.final:
        head = "final"
    else:
        head = f"search: recipe and {_count(search.candidates, 'candidate')}"
    lags = UNKNOWN if search.lags is None else join_words(map(str, search.lags))
    passes = UNKNOWN if search.passes is None else number(search.passes)
    of = [_count(search.seeds, "seed"), f"{count(tasks, 'task')} at lag {lags}", f"{passes} passes"]
    return f"{head}{':' if search.final else ','} {', '.join(of)}"


def _count(n: int | None, noun: str) -> str:
    return f"{UNKNOWN} {noun}s" if n is None else count(n, noun)
