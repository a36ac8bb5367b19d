"""What recorded runs say of costs, for `docs/passages.py`: a pass at each lag, a large suite, and how good an estimate
of new seeds is."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from finding import in_markdown

from longlag import resources
from longlag.analysis import stats
from longlag.design import suite
from longlag.design.estimate import Cost, Record, estimate, longest, total
from longlag.store.records import Row, Status, key_of, read_rows, rows_in
from longlag.words import capital, duration, join_words, method_label, percent

LARGE = Path(__file__).parents[1] / "config/reference_full.yaml"
RESERVOIR = "esn"  # its cost is of units, not of passes
NEW = 2  # seeds whose cost is estimated from that of the others


def attempted(rows: Iterable[Row]) -> list[Row]:
    """The runs that were trained."""
    return [row for row in rows if row.status != Status.NOT_ATTEMPTED]


def processors(rows: Iterable[Row]) -> str:
    """Which processors the rows are of, the most frequent first; the row of a killed job names none."""
    names = [row.cpu for row in attempted(rows) if row.cpu]
    return join_words(sorted({*names}, key=lambda name: -names.count(name)))


def of_passes(rows: Sequence[Row]) -> str:
    """CPU seconds per million sequence passes of each method at each lag."""
    trained = [row for row in attempted(rows) if row.method != RESERVOIR]
    methods, lags = sorted({row.method for row in trained}), sorted({row.lag for row in trained})

    def rate(method: str, lag: int) -> str:
        here = [row for row in trained if (row.method, row.lag) == (method, lag)]
        passes = sum(row.passes for row in here)
        return f"{1e6 * sum(row.seconds for row in here) / passes:.0f}" if passes else ""

    kinds = stats.kinds_of_processor((row.cpu, row.blas) for row in trained)
    lines = [[str(lag), *(rate(method, lag) for method in methods)] for lag in lags]
    return (
        "CPU seconds per million sequence passes, evaluations included (`results/reference/runs.csv.gz`; one thread; "
        f"{processors(trained)}). The rows are of {kinds} kinds of processor or BLAS kernels, and some "
        "machines were busy. So a difference between two columns or two lags may be one between machines.\n\n"
        f"{in_markdown(['lag', *methods], lines)}"
    )


def of_large_suite() -> str:
    """What the package's records say of the largest suite, as `longlag estimate` reads them."""
    rows = [row for folder in resources.recorded() for row in read_rows(rows_in(folder))]
    plan, known = suite.read(LARGE), {row.method for row in rows}
    costs = estimate(plan, rows)
    everything = total(costs)
    lines = [
        ["methods with rows", *_of([cost for cost in costs if cost.method in known])],
        ["variants and other methods", *_of([cost for cost in costs if cost.method not in known])],
        ["all", *_of(costs)],
    ]
    table = in_markdown(["of `reference_full`", "CPU time", "from", "to", "guessed"], lines)
    known_rows = len({(key_of(row), row.spec_hash) for row in rows})
    return (
        f"Example: `reference_full` has {everything.jobs:,} jobs and {everything.runs:,} runs. From the {known_rows:,} "
        f"recorded rows:\n\n{table}\n\nThe longest job should take {duration(longest(plan, Record(rows)))}: no number "
        "of cores makes a suite shorter."
    )


def _of(costs: Sequence[Cost]) -> list[str]:
    cost = total(costs)
    return [*map(duration, (cost.seconds, cost.low, cost.high)), percent(cost.guessed / cost.seconds)]


def foretold(rows: Sequence[Row]) -> str:
    """Each method's CPU time on the record's last seeds beside the estimate from the others."""
    seeds = sorted({row.seed for row in rows})
    old, new = seeds[:-NEW], seeds[-NEW:]
    record = Record(row for row in rows if row.seed in old)
    expected, spent = dict[str, float](), dict[str, float]()
    for row in rows:
        if row.seed in new:
            expected[row.method] = (
                expected.get(row.method, 0.0) + record.seconds(row.task, row.method, row.lag, row.budget, None)[0]
            )
            spent[row.method] = spent.get(row.method, 0.0) + row.seconds
    lines = [_line(capital(method_label(name)), expected[name], spent[name]) for name in sorted(expected)]
    lines.append(_line("All", sum(expected.values()), sum(spent.values())))
    table = in_markdown(["method", "CPU time expected", "spent", "difference"], lines)
    return (
        f"Seeds {join_words(map(str, new))} of the reference, from the costs of its seeds {old[0]} to {old[-1]}:\n\n"
        f"{table}"
    )


def _line(name: str, expected: float, spent: float) -> list[str]:
    """A line of the table, with the difference in per cent of what was expected."""
    return [name, duration(expected), duration(spent), f"{round(100 * (spent / expected - 1)):+d} %"]
