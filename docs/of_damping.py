"""What runs of the protocol of Martens & Sutskever 2011 say: a finding of docs/findings.md."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path

from finding import Finding, fisher, in_markdown, of_all

from longlag.store.records import Row, read_rows
from longlag.words import join_words, number

RECORD = Path(__file__).parents[1] / "results/papers/martens2011/runs.csv"
_ARMS = ("hf", "hf_undamped")  # with and without structural damping


def structural_damping() -> Finding:
    """5-bit memory by Hessian-Free with and without structural damping, at the lags of which both are recorded."""
    every = [row for row in read_rows(RECORD) if row.task == "memorization_5bit"]
    runs: dict[tuple[str, int], list[Row]] = defaultdict(list)
    for row in every:
        runs[row.method, row.lag].append(row)
    recorded = sorted(lag for lag in {row.lag for row in every} if len(runs["hf", lag]) == 5)
    lags = [lag for lag in recorded if len(runs["hf_undamped", lag]) == 5]

    def solved(arm: str, lag: int) -> list[bool]:
        return [row.solved for row in runs[arm, lag]]

    def line(lag: int) -> list[str]:
        other = _told(runs["hf_undamped", lag]) if runs["hf_undamped", lag] else ("not run", "")
        p = f"{fisher(solved('hf', lag), solved('hf_undamped', lag)):.2g}" if lag in lags else ""
        return [str(lag), *_told(runs["hf", lag]), *other, _wrong(runs, lag), p]

    names = ["solved with it", "after passes", "solved without it", "after passes", "unsolved runs: wrong on test"]
    table = in_markdown(["T", *names, "p"], map(line, recorded))
    with_it, without = ([one for lag in lags for one in solved(arm, lag)] for arm in _ARMS)
    return Finding(
        "Hessian-Free solves 5-bit memory to T = 200 without structural damping too, though with fewer seeds and later",
        "Structural damping keeps the hidden states near where they are during a step. The paper is said to solve this "
        "problem to T = 200 with it, and to T = 50 without it (second-hand). The problem is the paper's. Batches, "
        "start and initial damping are our own, and runs end at ten million passes ([page](papers.md)). Five seeds; p "
        f"is Fisher's exact test of the runs solved.\n\n{table}\n\n"
        f"At lags {join_words(map(str, lags))} together, {of_all(with_it)} runs solve it with structural damping and "
        f"{of_all(without)} without (p = {fisher(with_it, without):.2g}). So it helps, or its seeds were lucky. "
        "That nothing is solved without it beyond T = 50 is not what we see.",
        {*lags} == {50, 100, 200}
        and fisher(with_it, without) > 0.05
        and all(sum(solved("hf", lag)) >= sum(solved("hf_undamped", lag)) for lag in lags)
        and all(any(solved("hf_undamped", lag)) for lag in lags)
        and all(min(_passes(runs["hf", lag])) < min(_passes(runs["hf_undamped", lag])) for lag in lags),
    )


def _passes(rows: list[Row]) -> list[float]:
    """Passes of the runs that solve it, sorted."""
    return sorted(row.passes_to_solve for row in rows if row.solved)


def _told(rows: list[Row]) -> tuple[str, str]:
    """How many runs solve it, and after how many passes."""
    passes = _passes(rows)
    return of_all([row.solved for row in rows]), f"{number(passes[0])} to {number(passes[-1])}" if passes else ""


def _wrong(runs: dict[tuple[str, int], list[Row]], lag: int) -> str:
    """The range of the shares wrong of the runs of either arm that do not solve it."""
    wrong = sorted(100 * row.test_error for arm in _ARMS for row in runs[arm, lag] if not row.solved)
    return " to ".join(dict.fromkeys(f"{share:.0f} %" for share in (wrong[0], wrong[-1]))) if wrong else ""
