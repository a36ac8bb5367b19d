"""What an LSTM owes to a forget bias that reads the lag: a finding of docs/findings.md."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import product
from pathlib import Path

import fresh
from finding import Finding, Subject, in_markdown, of_all

from longlag.store.records import read_rows
from longlag.words import task_label

LSTM_LAG = Path(__file__).parents[1] / "results/lstm_lag/runs.csv.gz"


def lag_of_the_lstm() -> Finding:
    """Two starts of the LSTM's forget gates, of which one reads the lag."""
    rows = read_rows(LSTM_LAG)
    starts = {"lstm": "log T: the recipe", "lstm-bias_1": "1 at every lag"}
    cells = sorted({(row.task, row.lag) for row in rows})
    of = {name: [row for row in rows if row.method == name] for name in starts}
    table = in_markdown(
        ["forget bias", *(f"{task_label(task)}, T = {lag}" for task, lag in cells)],
        [[words, *(fresh.cell(of[name], cell) for cell in cells)] for name, words in starts.items()],
    )
    solved = {name: {(r.task, r.lag, r.seed): r.solved for r in found} for name, found in of.items()}
    reading, constant = solved.values()
    gained, lost = (
        sum(constant[run] < reading[run] for run in reading),
        sum(constant[run] > reading[run] for run in reading),
    )
    ladders: dict[tuple[str, int], int] = {}
    for (task, _, seed), met in reading.items():
        ladders[task, seed] = ladders.get((task, seed), 0) + met - constant[task, _, seed]
    better, worse = sum(more > 0 for more in ladders.values()), sum(more < 0 for more in ladders.values())
    p = exchanged([*ladders.values()])
    return Finding(
        "An LSTM owes part of its reach to a forget bias that reads the lag",
        "Two LSTMs differ in the start of their forget gates alone: the bias of one reads the lag. "
        f"With the lag {of_all([*reading.values()])} runs are solved, without it {of_all([*constant.values()])}.",
        subject=Subject.REMEDIES,
        caption="Seeds solved, and the median of their passes (`config/lstm_lag.yaml`):",
        table=table,
        notes={
            "Settings": "The recipe's bias remembers for about T steps, a bias of 1 for "
            f"{1 + math.e:.1f} steps. The rate is the recipe's, and no search chose it. "
            "Three seeds that no search has seen, at most 3 x 10^6 passes.",
            "Test": f"Of the same runs, {gained} gained and {lost} lost. Of the {len(ladders)} ladders (a seed on a "
            f"task) {better} solve more with the lag and {worse} fewer. Exchanging the two starts within ladders "
            f"gives p = {p:.2f}.",
            "Caveat": "Five seeds were planned and three were run. Within this budget we cannot tell a slow net from "
            "one that does not learn the task.",
            "Meaning": "A comparison in which one method reads the lag and another does not is also one of what they "
            "know.",
        },
        holds=p < 0.05 and gained > lost and reading.keys() == constant.keys(),
        key="forget_bias",
    )


def exchanged(differences: Sequence[int]) -> float:
    """Two-sided p of the sum of paired differences, over all exchanges of the two sides of a pair.

    >>> exchanged([2, 1, 1, 1, 1, 0, 1])
    0.03125
    """
    sums = [sum(signs) for signs in product(*((-d, d) for d in differences if d))]
    return sum(abs(found) >= abs(sum(differences)) for found in sums) / len(sums)
