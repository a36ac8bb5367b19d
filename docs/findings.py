"""What the records say: `python docs/findings.py` writes docs/findings.md.

Every number of a finding is worked out from committed records, and every finding states the relation that makes it
true. If the records no longer show it, the page is not written.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import carried
import fresh
import of_damping
import of_lengths
import of_momentum
import of_multiplying
import of_order
import of_papers
import of_reservoirs
import of_table_five
import of_the_final
import on_baselines
import on_fresh_seeds
import on_longer_lags
import on_new_tasks
import on_newer_lags
import on_search
import reached
import two_starts
from finding import Finding, anchor, in_markdown, index, numbered

from longlag.engine import trials
from longlag.shares import wilson

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs/findings.md"
TRIALS = ROOT / "results/tuning/trials.csv"
_HEAD = """\
# Findings

What the records of this repository say that a reader may not expect, the unwelcome findings first. Written by
`python docs/findings.py`: every number comes from a committed record, and a finding whose relation the records no
longer show stops the program. Terms are in the [glossary](glossary.md).

How to read a cell: `5 of 5, 90 k` means that five of five seeds are solved, after 90,000 sequence passes (median).
Where fewer than half of the seeds are solved there is no median. k and M are thousands and millions, and T is the lag.

How sure a cell is: with few seeds a share has a wide interval (Wilson's, 95 %):

{intervals}

A p is of one test. It is not corrected for other tests or for having been chosen, unless a finding says so: most
relations were seen in a record first, and are tested on the same rows. A difference between two methods is one of whole
recipes. [They differ](protocol.md#what-each-recipe-reads) in what they know of a task, in size and in optimiser.
"""
SEEDS = (2, 3, 5, 10)  # of most cells


def found() -> list[Finding]:
    """The findings, in the order of their numbers."""
    records = fresh.recorded()
    return [
        *on_search.findings(trials.read(TRIALS)),
        of_reservoirs.units(),
        of_reservoirs.recipe(),
        *on_fresh_seeds.findings(records),
        two_starts.lag_of_the_lstm(),
        *reached.findings(),
        of_papers.lstm_of_1997(),
        of_the_final.of_the_final(records),
        on_new_tasks.tracking(records),
        on_new_tasks.keeping(records),
        reached.halves(),
        of_lengths.beyond_the_lengths(),
        on_longer_lags.early_or_never(),
        carried.gru(),
        of_momentum.start_and_momentum(),
        of_damping.structural_damping(),
        of_damping.orders_and_adding(),
        of_damping.rule_and_constant(),
        carried.mingru(),
        on_baselines.baselines(),
        of_lengths.each_length(),
        of_order.order_at_200(),
        of_momentum.five_bits(),
        on_baselines.on_newer_tasks(records),
        on_baselines.trained_average(),
        of_multiplying.multiplication(),
        on_newer_lags.gru_on_newer_tasks(),
        of_table_five.table_five(),
    ]


def intervals() -> str:
    """The interval of a share of few seeds, where none, half or all of them are solved."""

    def told(solved: int, n: int) -> str:
        low, high = wilson(solved, n)
        return f"{100 * low:.0f} to {100 * high:.0f} %"

    return in_markdown(
        ["seeds", "none solved", "half of them, rounded up", "all"],
        [[str(n), *(told(solved, n) for solved in (0, n - n // 2, n))] for n in SEEDS],
    )


def page(every: Sequence[Finding]) -> str:
    """The page of these findings in Markdown.

    Raises:
        ValueError: a finding that the records do not show, or a reference to a finding that there is not.
    """
    wrong = [finding.title for finding in every if not finding.holds]
    if wrong:
        raise ValueError(
            f"the records no longer show: {'; '.join(wrong)}; rewrite these findings in the programs that "
            "docs/findings.py reads"
        )
    parts = [
        f'<a id="{anchor(place)}"></a>\n\n## {place}. {finding.title}\n\n{text}\n'
        for place, (finding, text) in enumerate(zip(every, numbered(every), strict=True), 1)
    ]
    return "\n".join([_HEAD.format(intervals=intervals()), f"{index(every)}\n", *parts])


if __name__ == "__main__":
    PAGE.write_text(page(found()), "utf-8")
    print(PAGE)
