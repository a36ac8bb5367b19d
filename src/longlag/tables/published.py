"""What papers report, beside what was measured here."""

from __future__ import annotations

import math
from typing import Any

import pandas as pd

from longlag import protocol
from longlag.analysis import Analysis, papers, published
from longlag.tables.tools.papers import measured, verdicts
from longlag.words import NOT_RUN, capital, count, number

TITLE, BESIDE = "Published against measured", "published"
_NAMES = ["task", "method here", "lag there", "published", "measured here", "by the paper's settings"]
_WORDS = {
    "sequences": "solved after {n} sequences ({passes} passes)",
    "longest_solved": "solved up to lag {value}",
    "share_wrong": "{percent} % of sequences wrong",
    "wrong_symbols": "{value} symbols wrong per sequence",
    "success_percent": "{value} % of runs solved",
    "speedup": "learns {value} times faster",
    "words": "{value}",
}


def build(analysis: Analysis) -> pd.DataFrame:
    """One row per published fact on a task that was run."""
    found = _facts(analysis)
    where = found["source"] + " " + found["year"].astype(str) + ", " + found["place"]
    differs = ["; ".join(parts) for parts in found["differs"]]
    return found[_NAMES].assign(**{"standing": found["standing"], "where": where, "differs by": differs})


def by_paper(analysis: Analysis) -> list[tuple[str, pd.DataFrame, str]]:
    """The same facts, a table for each paper: heading, rows, and a note of what holds for all of them."""
    found = _facts(analysis).sort_values("year", kind="stable").groupby(["source", "year"], sort=False)
    return [(f"{source} {year}: {count(len(facts), 'result')}", *_of_paper(facts)) for (source, year), facts in found]


def _facts(analysis: Analysis) -> pd.DataFrame:
    """Every published fact on a task that was run, with what was measured beside it, in words."""
    found = published.against(published.load().reset_index(names="fact"), analysis.costs["passes"])
    judged, facts = verdicts(), list(found.itertuples())
    words = [
        [fact.task, fact.method, fact.lag, _said(fact), _measured(fact), _own_settings(fact, judged)] for fact in facts
    ]
    table = pd.DataFrame(words, columns=_NAMES, index=found.index)
    table[["source", "year", "place", "standing"]] = found[["source", "year", "place", "standing"]]
    table["differs"] = [_differs(fact) for fact in facts]
    return table.sort_values(_NAMES[:3], ignore_index=True)


def _of_paper(facts: pd.DataFrame) -> tuple[pd.DataFrame, str]:
    """The rows of one paper, with what differs between them alone, and a note of what does not."""
    first, *others = facts["differs"]
    common = [part for part in first if all(part in parts for parts in others)]
    own = ["; ".join(part for part in parts if part not in common) for parts in facts["differs"]]
    table, shared = facts[_NAMES].assign(**{"differs by": own}), []
    for name in ("place", "standing"):
        if facts[name].nunique() == 1:
            shared.append(capital(facts[name].iloc[0]))
        else:
            table["differs by"] = facts[name] + "; " + table["differs by"]
    if common:
        shared.append(f"All differ by: {'; '.join(common)}")
    table["differs by"] = table["differs by"].str.removesuffix("; ")
    empty = [] if table["differs by"].any() else ["differs by"]
    return table.drop(columns=empty), " ".join(f"{part}." for part in shared)


def _said(fact: Any) -> str:
    value = math.nan if fact.metric == "words" else float(fact.value)
    words = {"n": number(value), "passes": number(protocol.TRAINING_PASSES * value), "percent": f"{100 * value:.3g}"}
    text = _WORDS[fact.metric].format(value=fact.value, **words)
    return text if pd.isna(fact.runs) else f"{text}, {fact.runs} run{'' if fact.runs == 1 else 's'}"


def _measured(fact: Any) -> str:
    if not fact.ran:
        return NOT_RUN
    sides = [(fact.below_lag, fact.below_n, fact.below_solved, fact.below_median)]
    sides += [(fact.above_lag, fact.above_n, fact.above_solved, fact.above_median)]
    return "; ".join(_condition(*side) for side in sides if not pd.isna(side[0]))


def _own_settings(fact: Any, judged: pd.DataFrame) -> str:
    """What the paper's own protocol gave here, and the verdict: from the records of config/papers."""
    if fact.fact not in judged.index:
        return NOT_RUN
    cell = judged.loc[fact.fact].to_dict()
    if cell["verdict"] == papers.NOT_RUN:
        return NOT_RUN
    instead = f"{cell['instead']}: " if cell["instead"] else ""
    why = f" ({cell['why']})" if cell["why"] else ""
    return f"{instead}{measured(cell, percent=True)}: {cell['verdict']}{why}"


def _condition(lag: float, n: float, solved: float, median: float) -> str:
    cost = f", median {number(median)} passes" if math.isfinite(median) else ""
    return f"lag {lag:.0f}: {solved:.0f}/{n:.0f} solved{cost}"


def _differs(fact: Any) -> list[str]:
    """In what the fact differs from what is measured here: "; " ends a part."""
    parts = [text for text in (fact.told_method, fact.variant, fact.note) if text]
    return [part for text in parts for part in text.split("; ")]


def note(analysis: Analysis) -> str:
    """How to read it, and what it cannot say."""
    return (
        "Facts from papers on the same kind of task, with the nearest method here, at the lag reported or at the "
        "nearest ones that were run. Criteria, lengths, budgets and tuning differ: read it as a check of the order of "
        "magnitude, not as a contest. By the paper's settings: runs of the paper's own protocol, with a verdict "
        "(docs/papers.md). Verified: read in the paper, its code or its log. Second-hand: as retold by "
        f"others. A training sequence counts {protocol.TRAINING_PASSES} passes (forward and backward)."
    )
