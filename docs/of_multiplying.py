"""Multiplication by the protocol of Sutskever, Martens, Dahl & Hinton 2013: a finding of docs/findings.md."""

from __future__ import annotations

from collections import defaultdict

from finding import Finding, Subject, in_markdown, of_all, see
from of_momentum import COLUMNS, MOMENTUM, both, power, setting

from longlag.analysis import published
from longlag.store.records import read_rows
from longlag.tables.tools.papers import digits


def multiplication() -> Finding:
    """The row of multiplication: the columns 0, 0.9N, 0.98N and 0.995N."""
    rows = [row for row in read_rows(MOMENTUM / "runs.csv") if row.task == "multiplication"]
    ours = {name: [row for row in rows if row.method == name and row.seed < 10] for name in COLUMNS}
    facts = published.load().query("paper == @MOMENTUM.name and task == 'multiplication'").set_index("arm").value
    told = {name: 100 * float(facts[name]) for name in ours}
    rate = {name: setting(of[0], "learning_rate.value") for name, of in ours.items()}
    tuned: dict[tuple[str, float], list[float]] = defaultdict(list)  # column and rate, at a third of the updates
    for row in rows:
        if row.seed >= 10:
            tuned[row.method[:-3], setting(row, "learning_rate.value")].append(100 * row.test_error)
    rates = sorted({rate for name, rate in tuned if name in ours}, reverse=True)
    wrong = {name: [100 * row.test_error for row in of] for name, of in ours.items()}
    last = ours["nesterov_0995"]
    lost = [row.best_error < row.test_error - 0.1 for row in last]
    late = [1 - setting(ours[name][0], "momentum.late") for name in ("nesterov_098", "nesterov_0995")]
    bias = 100 * float(facts["biases"])
    return Finding(
        "With momentum 0.98 the net of 2013 learns to multiply across 80 steps; with 0.995, the paper's best, it does "
        "not",
        f"Momentum 0.98 leaves {both(wrong['nesterov_098'])} % of the sequences wrong; the paper's leaves "
        f"{digits(told['nesterov_098'])} %. With 0.995 {both(wrong['nesterov_0995'])} % are wrong, and published are "
        f"{digits(told['nesterov_0995'])} %. Less momentum leaves more wrong than published.",
        subject=Subject.PAPERS,
        key="multiplication",
        caption="Test sequences wrong by more than 0.04, in percent (the biases of the output alone, published: "
        f"{bias:.0f}); two seeds, and two tuning seeds at a third of the updates:",
        table=in_markdown(
            ["momentum", "published", "ours", "least wrong at a look", *(f"tuning, rate {power(r)}" for r in rates)],
            [
                [
                    label,
                    digits(told[name]),
                    both(wrong[name]),
                    both(100 * row.best_error for row in ours[name]),
                    *(both(tuned[name, each]) for each in rates),
                ]
                for name, label in COLUMNS.items()
            ],
        ),
        notes={
            "Settings": "The net and start of Sutskever et al. 2013, Nesterov's momentum, batches of 100 and 50,000 "
            "updates ([page](papers.md)). The rate is the best of the paper's four on the tuning seeds: "
            f"{power(max(rate.values()))}, the largest, in every column.",
            "0.995": f"{of_all(lost)} runs had learned something, and lost it: at its best "
            f"look {100 * min(row.best_error for row in last):.0f} % of the validation sequences were wrong. The steps "
            f"grow to the rate over one minus the momentum, {late[0] / late[1]:.0f} times as large as with 0.98.",
            "Not known": "The best rate is at the edge of the paper's grid. A larger one was not tried, which less "
            "momentum may need, nor one between two of the grid, which 0.995 may need.",
            "Caveat": f"Two seeds are few; the paper has four. Classical momentum is in {see('table_five')}.",
        },
        holds=all(len(of) == 2 for of in ours.values())
        and set(rate.values()) == {max(rates)}
        and max(wrong["nesterov_098"]) < told["nesterov_098"] / 2
        and min(wrong["nesterov_0995"]) > bias
        and any(lost)
        and all(min(wrong[name]) > told[name] for name in ("momentum_0", "nesterov_09")),
    )
