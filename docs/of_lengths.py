"""What runs of the protocol of Pascanu, Mikolov & Bengio 2013 say: findings of docs/findings.md."""

from __future__ import annotations

import json
import math
from pathlib import Path

from finding import Finding, Subject, in_markdown, of_all, span
from fresh import cell

from longlag.analysis.newcomer import sign_test
from longlag.protocol import CRITERION
from longlag.store.records import Row, Status, read_rows
from longlag.words import count, join_words

RECORD = Path(__file__).parents[1] / "results/papers/pascanu2013/runs.csv"
_RULES = {"one_net": "at most 1 % wrong", "one_net_zero": "10,000 in a row right"}  # when training ends
_ARMS = {  # of the nets for one length: the start and what is added
    "plain": ("sparse", "without clipping"),
    "clipped": ("sparse", "clipped"),
    "omega": ("sparse", "clipped, with the term"),
    "clipped_basic": ("basic", "clipped"),
    "omega_basic": ("basic", "clipped, with the term"),
}
_TASK, _PARTS = "temporal_order", 50  # the length at which the nets differ
_BATCH = 20  # sequences
_UPDATE = 4.0 * _BATCH  # sequence passes: each sequence costs four


def beyond_the_lengths() -> Finding:
    """The one net at lengths that it was trained on and beyond, for two rules of when training ends."""
    every = read_rows(RECORD)
    first, longer = ([row for row in every if row.method == rule] for rule in _RULES)
    wrong = {
        (row.method, row.seed): {int(lag): share for lag, share in json.loads(row.test_error_by_lag).items()}
        for row in (*first, *longer)
    }
    lags = sorted(next(iter(wrong.values())))
    table = in_markdown(
        ["training ends", "run", "million passes", *(f"T = {lag}" for lag in lags)],
        [
            [
                rule,
                str(row.seed),
                f"{row.passes / 1e6:.1f}",
                *(f"{100 * wrong[row.method, row.seed][t]:.2g}" for t in lags),
            ]
            for (_, rule), rows in zip(_RULES.items(), (first, longer), strict=True)
            for row in rows
        ],
    )
    ended = [row for row in longer if row.solved]
    worse = [row.seed for row in ended if wrong["one_net_zero", row.seed][500] > wrong["one_net", row.seed][500]]
    shorter = [b for a, b in zip(first, longer, strict=True) if b.passes < a.passes]
    at_500 = span((100 * of[500] for of in wrong.values()), lambda share: f"{share:.2g}")
    at_200 = [wrong["one_net", row.seed][200] <= CRITERION for row in first]
    return Finding(
        "A plain net with Pascanu's term learns temporal order at mixed lengths, but is wrong at 2.5 times the longest",
        f"Trained on lengths mixed from 50 to 200, {of_all([row.solved for row in first])} runs are solved. At length "
        f"500, {at_500} % of the sequences are wrong, and the paper reports no errors at lengths up to 5,000. "
        f"Training until nothing is wrong did not help: at length 500, {len(worse)} of {len(ended)} runs have more "
        "wrong than the run of their seed that ended by the looser rule.",
        subject=Subject.PAPERS,
        caption="Test sequences wrong, in percent of 10,000:",
        table=table,
        notes={
            "Settings": "The paper's net of 50 units, its start, its rate and its batches of 20, one net for all "
            "lengths ([page](papers.md)).",
            "At most 1 % wrong": "Training ends when at most 1 % of the validation sequences are wrong. All runs are "
            f"solved, tested on these lengths mixed, after {_spent(first)}. At length 200 alone {of_all(at_200)} runs "
            "are within 1 % wrong.",
            "10,000 in a row right": "The authors' code trains until none of 10,000 sequences is wrong. So the "
            "seeds were trained again, until the last 10,000 training sequences were right. "
            f"{of_all([row.solved for row in longer])} come to that, after {_spent(ended)}.",
            "Caveat": "The second training ran on another kind of processor, where runs of the same seed part early. "
            f"So {count(len(shorter), 'run')} of {len(longer)} trained for fewer passes than by the looser rule. "
            f"Three pairs that differ in one direction have p = {sign_test(len(worse), len(ended) - len(worse)):.2g} "
            "(sign test).",
            "Not known": "We do not know what is missing.",
        },
        holds=all(row.solved for row in first)
        and len(first) == len(longer) == 3
        and max(of[lag] for of in wrong.values() for lag in (50, 100, 150)) < CRITERION
        and len(ended) == len(worse) == 3
        and {row.cpu for row in first}.isdisjoint({row.cpu for row in longer})
        and min(of[500] for of in wrong.values()) > 0.05
        and min(of[1000] for of in wrong.values()) > 0.3,
    )


def _spent(rows: list[Row]) -> str:
    """The least and the most that runs needed: `10.3 to 28.7 million passes, or 128 to 358 thousand updates`."""
    passes = [row.passes_to_solve for row in rows]
    return (
        f"{span(passes, lambda n: f'{n / 1e6:.1f}')} million passes, or "
        f"{span(passes, lambda n: f'{n / _UPDATE / 1e3:.0f}')} thousand updates"
    )


def each_length() -> Finding:
    """A net for each length: without clipping, with it, and with the term, from two starts."""
    rows = [row for row in read_rows(RECORD) if row.method in _ARMS]
    lags = sorted({row.lag for row in rows})

    def solved(arm: str, lag: int) -> list[bool]:
        return [row.solved for row in rows if (row.method, row.lag) == (arm, lag)]

    def said(arm: str, lag: int) -> str:
        return f"{of_all(solved(arm, lag))} at T = {lag}"

    def full(arm: str) -> int:
        """The length up to which every run is solved."""
        failed = [lag for lag in lags if not all(solved(arm, lag))]
        return max(lag for lag in lags if solved(arm, lag) and lag < min(failed, default=math.inf))

    budget = max(row.budget for row in rows)
    (cost,) = {row.passes / row.updates / _BATCH for row in rows}
    unsolved = [row for row in rows if row.status == Status.BUDGET and row.passes >= budget]
    pairs = [
        pair
        for lag in lags
        for start in ("", "_basic")
        for pair in zip(solved(f"omega{start}", lag), solved(f"clipped{start}", lag), strict=False)
    ]
    won, lost = pairs.count((True, False)), pairs.count((False, True))
    return Finding(
        f"Pascanu's term carries temporal order to T = {full('omega')}; clipping alone stops at "
        f"{full('clipped')}, or below {_PARTS} from the basic start",
        f"From the sparse start all runs are solved with clipping to T = {full('clipped')}, "
        f"with Pascanu's term to {full('omega')}, and with neither to {full('plain')}. At T = {full('omega')} clipping "
        f"alone solves {of_all(solved('clipped', full('omega')))}. From the basic start it solves "
        f"{join_words(said('clipped_basic', lag) for lag in (_PARTS, full('omega_basic')))}, and with the term all "
        f"runs to {full('omega_basic')} are solved.",
        subject=Subject.PAPERS,
        caption="Runs solved, with a net for each length, and the median of their passes (blank: not run):",
        table=in_markdown(
            ["start", "net", *(f"T = {lag}" for lag in lags)],
            [
                [start, name, *(cell([row for row in rows if row.method == arm], (_TASK, lag)) for lag in lags)]
                for arm, (start, name) in _ARMS.items()
            ],
        ),
        notes={
            "Settings": "The paper's net, rate and batches, three seeds, and at most "
            f"{budget / 1e6:.0f} million passes ([page](papers.md)). Sparse: the start that the paper calls smart. "
            "Basic: all weights have the standard deviation 0.1.",
            "Cost": f"A sequence costs {cost:.0f} passes in every net, also where the term is zero.",
            "The paper": "Its curves could not be read. It is said that clipping alone stops near T = 20 and that the "
            "term solves every length to 200 (second-hand).",
            "Unsolved runs": f"The {len(unsolved)} unsolved runs spent their budget, and are "
            f"{span((100 * row.test_error for row in unsolved), lambda share: f'{share:.0f}')} % wrong.",
            "Caveat": "Three seeds for a cell are few, so all lengths are taken together. Of "
            f"{len(pairs)} pairs of runs with one start, length and seed, with and without the term, {won + lost} end "
            f"differently, and {'all' if not lost else won} of these are solved with the term (sign test: "
            f"p = {sign_test(won, lost):.2g}).",
        },
        holds=full("plain") < _PARTS
        and _PARTS < full("clipped") < full("omega") == max(lags)
        and full("clipped_basic") < _PARTS < full("omega_basic")
        and not any(solved("clipped", max(lags)))
        and all(all(solved(arm, 20)) for arm in _ARMS)
        and len(unsolved) == sum(not row.solved for row in rows),
    )
