"""What the cells of a paper's tables say together: claims of the paper, how many cells have each verdict, and whether
the columns of a row stand in the published order. DataFrame in, DataFrame or plain values out.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from longlag.analysis import paper_speed, papers
from longlag.words import count


def judge_claim(found: pd.DataFrame, claim: Mapping[str, Any]) -> papers.Verdict:
    """Whether a claim of the paper holds here: "holds", "does not hold", or "undecided" while runs are missing.

    Args:
        found: `papers.cells`.
        claim: as the paper's file has it. `best`: the method has the lowest mean of each row that it was run in beside
            others; two that solve the task tie. `solved`: whether at least half of the runs of each named cell solve
            it; with `passes`, a cell that is not solved with fewer decides nothing. `faster`: whether the first
            speedup of each named cell is at least that. Without any of them, nothing decides.
    """
    if "best" in claim:
        return _best(found, claim["best"])
    if "faster" in claim:
        return _faster(found, claim)
    return _solved(found, claim) if "solved" in claim else papers.Verdict("undecided")


def _best(found: pd.DataFrame, method: str) -> papers.Verdict:
    """Whether a method has the lowest mean of each row. One that it lost decides, whatever is still to run."""
    asked = [row for _, row in found.groupby(["table", "row"]) if _has_rival(row, method)]
    rows = [row for row in (each[each.n > 0] for each in asked) if _has_rival(row, method)]
    won = [_is_best(row, method) for row in rows]
    said = f"true in {sum(won)} of {count(len(won), 'row')}"
    if not won or (all(won) and len(won) < len(asked)):
        return papers.Verdict("undecided", f"so far {said}" if won else "")
    return papers.Verdict("holds" if all(won) else "does not hold", said)


def _solved(found: pd.DataFrame, claim: Mapping[str, Any]) -> papers.Verdict:
    """Whether the named cells are solved, or none of them is. One that is not so decides."""
    own = _named(found, claim)
    met = 2 * own.solved >= own.n
    known = (own.n > 0) & (met | (own.most >= claim.get("passes", 0)))
    agree, wanted = known & (met == claim["solved"]), len(claim["lags"]) * len(claim["methods"])
    if (known & ~agree).any():
        return papers.Verdict("does not hold", f"true in {int(agree.sum())} of {count(int(known.sum()), 'cell')}")
    if int(known.sum()) < wanted:
        so_far = f"so far true in {int(agree.sum())} of {count(wanted, 'cell')}" if agree.any() else ""
        return papers.Verdict("undecided", so_far)
    return papers.Verdict("holds", f"true in {wanted} of {count(wanted, 'cell')}")


def _faster(found: pd.DataFrame, claim: Mapping[str, Any]) -> papers.Verdict:
    """Whether speedups are at least `faster`. A lower bound below it decides nothing, nor does a run that broke."""
    own = _named(found[found.metric == "speedup"], claim)
    run = own[(own.n > 0) & own.endings.map(paper_speed.BROKEN.isdisjoint).astype(bool)]
    met = (run["mean"] >= claim["faster"]) & (2 * run.solved >= run.n)
    wanted = count(len(claim["lags"]) * len(claim["methods"]), "cell")
    if (~met & (run.bounds == 0)).any():
        return papers.Verdict("does not hold", f"true in {int(met.sum())} of {count(len(run), 'cell')}")
    if len(run) == len(own) and met.all() and len(own):
        return papers.Verdict("holds", f"true in {len(run)} of {wanted}")
    return papers.Verdict("undecided", f"so far true in {int(met.sum())} of {wanted}" if met.any() else "")


def _named(found: pd.DataFrame, claim: Mapping[str, Any]) -> pd.DataFrame:
    """The cells that a claim names, each once: its first one."""
    named = (found.task == claim["task"]) & found.lag.isin(claim["lags"]) & found.method.isin(claim["methods"])
    return found[named].drop_duplicates(["task", "lag", "method"])


def _has_rival(row: pd.DataFrame, method: str) -> bool:
    return (row.method == method).any() and (row.method != method).any()


def _is_best(row: pd.DataFrame, method: str) -> bool:
    reached = row["mean"].clip(lower=papers.FLOOR * row.symbols).fillna(math.inf)
    best = float(reached[row.method == method].min())
    return math.isfinite(best) and best <= float(reached[row.method != method].min())


def tally(found: pd.DataFrame) -> dict[str, int]:
    """How many cells have each verdict; all five words are there."""
    counts = found.verdict.value_counts() if len(found) else {}
    return {word: int(counts.get(word, 0)) for word in papers.VERDICTS}


def spearman(a: Sequence[float], b: Sequence[float]) -> float:
    """Spearman's rank correlation, ties with their mean rank; nan with fewer than three pairs or all of one rank."""
    pairs = pd.DataFrame({"a": a, "b": b}, dtype=float).dropna()
    if len(pairs) < 3 or pairs.a.nunique() == 1 or pairs.b.nunique() == 1:
        return math.nan
    return float(pairs.rank().corr().iloc[0, 1])


def orders(found: pd.DataFrame) -> pd.DataFrame:
    """For each row of each table, Spearman's correlation of published and measured over its columns: table, row,
    row_label, n (columns), rho (of means), and low and high, the least and the largest rho of one seed alone, over the
    seeds that every column has."""
    lines = []
    for (table, row, label), own in found.groupby(["table", "row", "row_label"]):
        known = own[own.value.notna() & own["mean"].notna()]
        alone = [rho for rho in _of_one_seed(known) if not math.isnan(rho)]
        rho = spearman(known.value, known["mean"])
        ends = (min(alone), max(alone)) if alone else (math.nan, math.nan)
        lines.append((table, row, label, len(known), rho, *ends))
    return pd.DataFrame(lines, columns=["table", "row", "row_label", "n", "rho", "low", "high"])


def _of_one_seed(known: pd.DataFrame) -> list[float]:
    """Spearman's correlation with the numbers of one seed, for each seed that every cell has."""
    by_seed = [
        dict(zip(seeds, values, strict=True)) for seeds, values in zip(known.seeds, known["values"], strict=True)
    ]
    shared = set.intersection(*(set(values) for values in by_seed)) if by_seed else set()
    return [spearman(known.value, [values[seed] for values in by_seed]) for seed in sorted(shared)]
