"""How far the GRU carries the newer tasks: a finding of docs/findings.md."""

from __future__ import annotations

import knows
from conditions import Seeds, by_condition, passes, solved, solved_of, units
from finding import Finding, Subject, fisher, in_markdown, in_percent, of_all, see, span
from fresh import cell, recorded
from on_baselines import RECORD

from longlag.store.records import Row, Status
from longlag.words import capital, join_words, method_label, number, task_label

_EVERY, _LAST, _COPY, _LATCH = "random_permutation_every_step", "random_permutation", "copy", "latch"
_TASKS = (_EVERY, "distractors", "adding_urnn", _LATCH, "parity", _COPY)
_SHOWN = [(method, task) for task in _TASKS for method in ("gru", "esn")]


def gru_on_newer_tasks() -> Finding:
    """The GRU on six newer tasks, beside an echo state network."""
    seeds = by_condition(RECORD)
    lags = sorted(lag for method, task, lag in seeds if (method, task) == ("gru", _EVERY))
    carried = [task for task in _TASKS if all(solved(seeds, "gru", task, lag) == 1 for lag in lags)]
    runs = [row for task in carried for lag in lags for row in seeds["gru", task, lag]]
    first, last = (passes(seeds, "gru", _EVERY, lag) for lag in (lags[0], lags[-1]))
    stops = next(lag for lag in lags if solved(seeds, "esn", _EVERY, lag) < 1)
    copied = [row for lag in lags for row in _attempted(seeds, "gru", _COPY, lag)]
    latched = [row for lag in lags[-2:] for row in _attempted(seeds, "gru", _LATCH, lag) if not row.solved]
    parity = _attempted(seeds, "gru", "parity", lags[0])
    other = [row.solved for row in recorded()["final"] if (row.method, row.task, row.lag) == ("gru", "parity", lags[0])]
    tried = sorted({row.lag for row in copied})
    return Finding(
        f"The GRU carries {len(carried)} of {len(_TASKS)} newer tasks to lag {lags[-1]}, and copies ten symbols at no "
        "lag that was tried",
        f"In {of_all([row.solved for row in runs])} runs at lags {lags[0]} to {lags[-1]} it solves these tasks: "
        f"{'; '.join(map(task_label, carried))}. The latch loses seeds from lag {lags[-2]} on: "
        f"{join_words(solved_of(seeds, 'gru', _LATCH, lag) for lag in lags[-2:])} are solved at the last two. On the "
        f"copy task it solves {of_all([row.solved for row in copied])} runs at lags {join_words(map(str, tried))}.",
        subject=Subject.TASKS,
        key="newer_lags",
        caption="Seeds solved, and the median of their passes (blank: not tried):",
        table=in_markdown(
            ["method", "task", *map(str, lags)],
            [
                [
                    capital(method_label(method)),
                    task_label(task),
                    *(cell(_attempted(seeds, method, task, lag), (task, lag)) for lag in lags),
                ]
                for method, task in _SHOWN
            ],
        ),
        notes={
            "Settings": "Five seeds of the reference and at most "
            f"{number(max(row.budget for row in copied))} passes ([record](../results/underway/README.md)). "
            "No search has seen these tasks; each method has its one setting. A seed stops after two "
            "unsolved lags.",
            "What they read": knows.said(dict.fromkeys(method for method, _ in _SHOWN)),
            "Every-step permutation": "The loss counts every step, and no step but the last can be foretold. The GRU "
            f"needs {number(first)} passes at lag {lags[0]} and {number(last)} at {lags[-1]} (medians). It needs "
            f"{number(passes(seeds, 'gru', _LAST, lags[-1]))} at {lags[-1]} where the last step alone is asked "
            f"({see('of_1997')} has the LSTM of 1997).",
            "Echo state network": f"On every-step permutation it solves {solved_of(seeds, 'esn', _EVERY, stops)} at "
            f"{stops}.",
            "Latch": f"{of_all([row.status == Status.DIVERGED for row in latched])} unsolved runs at the last two lags "
            "end because a number is not finite.",
            "Parity": f"{solved_of(seeds, 'gru', 'parity', lags[0])} seeds solve it at lag {lags[0]}, and "
            f"{of_all(other)} of other seeds with the same settings ({see('parity')}). Five seeds are few: by Fisher's "
            f"exact test such counts differ by chance with p = {fisher([row.solved for row in parity], other):.1f}.",
            "Copy": f"The GRU has {units(copied[0])} units. {span((row.test_error for row in copied), in_percent)} % "
            "of the sequences are wrong, where one wrong symbol of ten is enough.",
            "Not compared": "Of the trained nets the GRU alone was run on these tasks at all these lags.",
        },
        holds=len(carried) == 3
        and _EVERY in carried
        and len(runs) == 15 * len(lags)
        and lags[-1] == 1000
        and all(solved(seeds, "gru", _LATCH, lag) == 1 for lag in lags[:-2])
        and len(latched) == 5
        and len(other) == len(parity) == 5
        and sum(other) > sum(row.solved for row in parity) > 0
        and fisher([row.solved for row in parity], other) > 0.1
        and not any(row.solved for row in copied)
        and len(copied) == 10,
    )


def _attempted(seeds: Seeds, method: str, task: str, lag: int) -> list[Row]:
    """The runs of a condition that were trained: a seed that had stopped before has a row too."""
    return [row for row in seeds.get((method, task, lag), []) if row.status != Status.NOT_ATTEMPTED]
