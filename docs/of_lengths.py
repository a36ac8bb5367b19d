"""What runs of the protocol of Pascanu, Mikolov & Bengio 2013 say: a finding of docs/findings.md."""

from __future__ import annotations

import json
from pathlib import Path

from finding import Finding, Subject, in_markdown, of_all, span

from longlag.protocol import CRITERION
from longlag.store.records import Row, read_rows

RECORD = Path(__file__).parents[1] / "results/papers/pascanu2013/runs.csv"
_RULES = {"one_net": "at most 1 % wrong", "one_net_zero": "10,000 in a row right"}  # when training ends
_UPDATE = 80.0  # sequence passes: 20 sequences, of which each costs four


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
    at_500 = span((100 * of[500] for of in wrong.values()), lambda share: f"{share:.2g}")
    at_200 = [wrong["one_net", row.seed][200] <= CRITERION for row in first]
    return Finding(
        "A plain net with Pascanu's term learns temporal order at mixed lengths, but is wrong at 2.5 times the longest",
        f"Trained on lengths mixed from 50 to 200, {of_all([row.solved for row in first])} runs are solved. At length "
        f"500, {at_500} % of the sequences are wrong, and the paper reports no errors at lengths up to 5,000. "
        f"Training until nothing is wrong makes it worse: at length 500, {len(worse)} of {len(ended)} runs have more "
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
            "Caveat": "The second training ran on another kind of processor, where runs of the same seed part early.",
            "Not known": "Training for longer is not what is missing. We do not know what is.",
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
