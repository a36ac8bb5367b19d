"""What the records say to a reader who doubts the comparison: the numbers of the section "Doubts" of docs/faq.md."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby, pairwise
from statistics import median

import costs
import numpy as np
from finding import of_all

from longlag.analysis.reach import established
from longlag.store.records import Row, Status
from longlag.words import capital, count, join_words, method_label, number, task_label, the_method

LOOSER = 0.05  # share of sequences wrong that a looser criterion might allow
Pair = tuple[str, str]  # method, task
_PLAIN = ("irnn", "orthogonal", "clipping")


def after_an_unsolved_lag(rows: Iterable[Row]) -> str:
    """How often a seed solves the lag after one that it did not solve, and how many runs the ladder leaves out."""
    rows = list(rows)
    again = [upper for lower, upper in _steps(rows) if not lower.solved and upper.status != Status.NOT_ATTEMPTED]
    found = Counter(row.method for row in again if row.solved)
    left = sum(row.status == Status.NOT_ATTEMPTED for row in rows)
    each = join_words(
        f"{method_label(name)} {n} of {sum(row.method == name for row in again)}" for name, n in found.most_common()
    )
    return (
        f"{count(len(again), 'run')} of the reference are at the lag after one that the same seed had not solved. "
        f"{sum(found.values())} of these are solved: {each}. After two unsolved lags nothing was tried: "
        f"{count(left, 'run')} count as unsolved without a trial. So the rule may hide a few solved runs."
    )


def _steps(rows: Iterable[Row]) -> Iterator[tuple[Row, Row]]:
    """Neighbouring lags of each seed's ladder."""
    for _, ladder in groupby(sorted(rows, key=_place), key=lambda row: _place(row)[:-1]):
        yield from pairwise(ladder)


def _place(row: Row) -> tuple[str, str, int, int]:
    return row.method, row.task, row.seed, row.lag


def near_misses(rows: Iterable[Row]) -> str:
    """Which reaches would grow if a looser criterion were enough."""
    rows = list(rows)
    unsolved = [row for row in costs.attempted(rows) if not row.solved]
    near = [row for row in unsolved if _near(row)]
    strict, loose = (reaches(rows, near=near) for near in (False, True))
    grown = [pair for pair in sorted(strict) if loose[pair] > strict[pair]]
    each = join_words(f"{method_label(m)} on {task_label(t)} {strict[m, t]} to {loose[m, t]}" for m, t in grown)
    names = join_words(f"{method_label(name)} {n}" for name, n in Counter(row.method for row in near).most_common())
    return (
        f"{count(len(unsolved), 'run')} of the reference were tried and not solved. {len(near)} of these had at most "
        f"{100 * LOOSER:.0f} % of the validation sequences wrong at some evaluation: {names}. If that were enough, "
        f"{len(grown)} of {len(strict)} reaches would grow, the others not: {each}. This counts the lags that were "
        "tried."
    )


def _near(row: Row) -> bool:
    return row.best_error <= LOOSER


def reaches(rows: Iterable[Row], near: bool = False) -> dict[Pair, int]:
    """The largest lag of each method and task that at least half of the seeds solve, 0 if none. near: a run that came
    near counts as solved."""
    found: dict[Pair, dict[int, list[bool]]] = {}
    for row in rows:
        found.setdefault((row.method, row.task), {}).setdefault(row.lag, []).append(row.solved or (near and _near(row)))
    return {
        pair: max((lag for lag, of in lags.items() if 2 * sum(of) >= len(of)), default=0)
        for pair, lags in found.items()
    }


def sure_reaches(rows: Iterable[Row]) -> str:
    """How many reaches are established, and where the two differ by the most lags of the ladder."""
    rows = list(rows)
    lags = sorted({row.lag for row in rows})
    seen, sure = reaches(rows), established_reaches(rows)
    apart = {pair: sum(sure[pair] < lag <= seen[pair] for lag in lags) for pair in seen}
    widest = [pair for pair in sorted(apart, key=lambda pair: (-apart[pair], pair)) if apart[pair] > 1]
    each = join_words(f"{method_label(m)} on {task_label(t)} ({seen[m, t]}, {sure[m, t] or 'none'})" for m, t in widest)
    (seeds,) = {len({row.seed for row in rows if (row.method, row.task) == pair}) for pair in seen}
    return (
        f"Of the {len(seen)} reaches of the reference {sum(not steps for steps in apart.values())} are established as "
        f"well: all {seeds} seeds solve this lag and all shorter ones, or none is reached. For the others some seed "
        "fails at that lag or a shorter one. The widest gaps are two lags of the grid or more. In brackets the reach "
        f"and the established one: {each}."
    )


def established_reaches(rows: Iterable[Row]) -> dict[Pair, int]:
    """The established reach of each method and task, 0 if none."""
    of: dict[Pair, dict[int, list[bool]]] = {}
    for row in rows:
        of.setdefault((row.method, row.task), {}).setdefault(row.lag, []).append(row.solved)
    found = {}
    for pair, lags in of.items():
        solved, n = (np.array([size(lags[lag]) for lag in sorted(lags)]) for size in (sum, len))
        found[pair] = [0, *sorted(lags)][established(solved, n)]
    return found


def machines(rows: Iterable[Row]) -> str:
    """Which methods ran on one kind of processor alone, and why CPU seconds do not compare methods."""
    rows = costs.attempted(rows)
    by_method = {name: Counter(row.cpu for row in rows if row.method == name) for name in {row.method for row in rows}}
    alone: dict[str, list[str]] = {}
    shared: dict[str, list[str]] = {}
    for name, found in sorted(by_method.items()):
        (cpu, n), *others = found.most_common()
        if others:
            shared.setdefault(cpu, []).append(f"{method_label(name)} {n} of {found.total()}")
        else:
            alone.setdefault(cpu, []).append(the_method(name))
    words = [f"In the reference {join_words(names)} ran on {cpu} alone." for cpu, names in sorted(alone.items())]
    words += [f"Of others most runs were on {cpu}: {join_words(each)}." for cpu, each in sorted(shared.items())]
    return f"No. {' '.join(words)} {_uneven(rows)}"


def _uneven(rows: Sequence[Row]) -> str:
    """An example of two lags whose CPU seconds differ by far more than their operations."""
    method, task, short, long = "lstm_chrono", "adding", 200, 500
    lower, upper = (
        [row for row in rows if (row.method, row.task, row.lag) == (method, task, at)] for at in (short, long)
    )
    seconds, operations = (
        median(getattr(row, name) for row in upper) / median(getattr(row, name) for row in lower)
        for name in ("seconds", "flops")
    )
    kernels = {row.blas for row in lower}, {row.blas for row in upper}
    if not seconds > 3 * operations or kernels[0] & kernels[1]:
        raise ValueError(f"{method} on {task}: seconds grow {seconds:.1f} times, operations {operations:.1f} times")
    return (
        f"So CPU seconds do not compare methods: for {operations:.1f} times the operations {the_method(method)} took "
        f"{seconds:.0f} times the CPU seconds on {task_label(task)} at lag {long} as at lag {short}, on a machine "
        "with other BLAS kernels."
    )


def optimisers(rows: Iterable[Row]) -> str:
    """Plain nets with the optimiser of the gated ones, beside those and the plain nets of the reference."""
    rows = list(rows)

    solved = {name: [row.solved for row in rows if row.method == name] for name in ("lstm", *_PLAIN)}
    told = {name: of_all(found) for name, found in solved.items()}
    lstm, *plain = (sum(found) for found in solved.values())
    apart = sorted(abs(lstm - runs) for runs in plain)
    return (
        f"On [fresh seeds](../results/fresh/README.md) the LSTM solves {told['lstm']} runs. Three plain nets of 100 "
        f"units stand beside it. The {method_label('irnn')} solves {told['irnn']}: it has rectified units, Adam, "
        f"clipping and a start that reads the lag. The {method_label('orthogonal')} solves {told['orthogonal']}: it "
        f"has tanh units with these three. {capital(method_label('clipping'))} solves {told['clipping']}: it has tanh "
        f"units with SGD. So plain nets differ from each other by up to {max(plain) - min(plain)} runs, and from the "
        f"LSTM by {apart[0]} to {apart[-1]}. In no run does a gated cell take the place of a plain one while all else "
        "stays as it is."
    )


def without_the_lag(rows: Iterable[Row]) -> str:
    """The LSTM with and without a start that reads the lag."""
    solved: dict[str, list[bool]] = {}
    rows = list(rows)
    for row in rows:
        solved.setdefault(row.method, []).append(row.solved)
    knows, other = solved["lstm"], solved["lstm-bias_1"]
    lags = join_words(str(lag) for lag in sorted({row.lag for row in rows}))
    return (
        f"Not known. Of the LSTM [both were run](../results/lstm_lag/README.md), at lags {lags} with its recipe: "
        f"{of_all(knows)} runs are solved if the forget gates start with the lag, and {of_all(other)} if their bias is "
        "1. The chrono LSTM, the GRU and the minGRU were not run without the lag. So their reach is that of nets that "
        "know how long they must remember."
    )


def least_cost(rows: Iterable[Row]) -> str:
    """What the echo state network pays: the number of sequences that its fit asks for."""
    paid = Counter((row.passes, row.task) for row in costs.attempted(rows) if row.method == "esn" and row.solved)
    passes = sorted({each for each, _ in paid}, reverse=True)
    few = join_words(sorted({task_label(task) for each, task in paid if each == passes[-1]}))
    if len(passes) != 2:
        raise ValueError(f"the echo state network pays {passes}: more than one step, or one number alone")
    return (
        f"It is the least that the recipe can pay. The first fit asks for {number(passes[0])} sequences "
        f"({number(passes[1])} on {few}, which has 32), and in every run of the reference the first fit solves the "
        "task. Whether fewer sequences are enough was not tried."
    )
