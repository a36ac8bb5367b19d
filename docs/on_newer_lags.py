"""How far a gated net carries the newer tasks: a finding of docs/findings.md."""

from __future__ import annotations

import knows
from conditions import Seeds, by_condition, passes, solved, solved_of, units
from finding import Finding, Subject, in_markdown, in_percent, of_all, see, span
from fresh import cell
from on_baselines import RECORD

from longlag.store.records import Row, Status
from longlag.words import capital, join_words, method_label, number, task_label

_EVERY, _LAST, _COPY = "random_permutation_every_step", "random_permutation", "copy"
_SHOWN = (("gru", _EVERY), ("esn", _EVERY), ("gru", _LAST), ("gru", _COPY), ("esn", _COPY))


def gru_on_newer_tasks() -> Finding:
    """The GRU on every-step permutation and on copying, beside an echo state network."""
    seeds = by_condition(RECORD)
    lags = sorted(lag for method, task, lag in seeds if (method, task) == ("gru", _EVERY))
    carried = [row for lag in lags for row in seeds["gru", _EVERY, lag]]
    first, last = (passes(seeds, "gru", _EVERY, lag) for lag in (lags[0], lags[-1]))
    stops = next(lag for lag in lags if solved(seeds, "esn", _EVERY, lag) < 1)
    copied = [row for lag in lags for row in _attempted(seeds, "gru", _COPY, lag)]
    tried = sorted({row.lag for row in copied})
    return Finding(
        f"The GRU carries every-step permutation to lag {lags[-1]}, and copies ten symbols at no lag that was tried",
        "On every-step permutation all steps but one ask for noise. The GRU solves "
        f"{of_all([row.solved for row in carried])} runs at lags {lags[0]} to {lags[-1]}, after {number(first)} passes "
        f"at lag {lags[0]} and {number(last)} at {lags[-1]} (medians). On the copy task it solves "
        f"{of_all([row.solved for row in copied])} at lags {join_words(map(str, tried))}.",
        subject=Subject.TASKS,
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
            "No search has seen these two tasks; each method has its one setting. A seed stops after two "
            "unsolved lags.",
            "What they read": knows.said(dict.fromkeys(method for method, _ in _SHOWN)),
            "Every-step permutation": "The loss counts every step, and no step but the last can be foretold. The GRU "
            f"needs {number(passes(seeds, 'gru', _LAST, lags[-1]))} passes at lag {lags[-1]} where the last step alone "
            f"is asked ({see('of_1997')} has the LSTM of 1997). The echo state network solves "
            f"{solved_of(seeds, 'esn', _EVERY, stops)} at {stops}.",
            "Copy": f"The GRU has {units(copied[0])} units. {span((row.test_error for row in copied), in_percent)} % "
            "of the sequences are wrong, where one wrong symbol of ten is enough.",
            "Not compared": "Of the trained nets the GRU alone was run at all these lags.",
        },
        holds=all(row.solved for row in carried)
        and len(carried) == 5 * len(lags)
        and lags[-1] == 1000
        and not any(row.solved for row in copied)
        and len(copied) == 10,
    )


def _attempted(seeds: Seeds, method: str, task: str, lag: int) -> list[Row]:
    """The runs of a condition that were trained: a seed that had stopped before has a row too."""
    return [row for row in seeds.get((method, task, lag), []) if row.status != Status.NOT_ATTEMPTED]
