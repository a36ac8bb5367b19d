"""What the baselines solve, which have no order, no training or no input: findings of docs/findings.md."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from conditions import Seeds, by_condition, passes, solved, solved_of
from finding import Finding, Subject, in_markdown, in_percent, of_all, see, span
from fresh import cell

from longlag import registry
from longlag.store.records import Row, read_rows
from longlag.words import capital, count, join_words, method_label, number, task_label, the_method

RAFFEL = Path(__file__).parents[1] / "results/papers/raffel2015/runs.csv"
RECORD = Path(__file__).parents[1] / "results/underway/runs.csv.gz"
_AVERAGE, _GUESSING, _TRAINED = "time_average", "random_guessing", "trained_average"
_ORDERED = {"temporal_order": 1 / 4, "temporal_order_3bit": 1 / 2}  # task -> share wrong, if the order is guessed
_NOISE = 0.02  # between the shares wrong of two test sets
_BASELINES = (_AVERAGE, _GUESSING, "constant")


def baselines() -> Finding:
    """The tasks of the reference that a time average solves, and how near the baselines come to the others."""
    old = _tasks(by_condition())
    seeds = {of: rows for of, rows in by_condition(RECORD).items() if of[0] in _BASELINES and of[1] in old}
    tasks, lags = _tasks(seeds), sorted({lag for _, _, lag in seeds})
    easy = [task for task in tasks if all(solved(seeds, _AVERAGE, task, lag) == 1 for lag in lags)]
    hard = [task for task in tasks if task not in easy]
    near = min(hard, key=lambda task: _least(seeds, _AVERAGE, task))
    runs = [row for task in easy for lag in lags for row in seeds[_AVERAGE, task, lag]]
    better = [task for task in tasks if _least(seeds, "constant", task) > _constant(task) + _NOISE]
    guessed = [row for (method, _, _), rows in seeds.items() if method == _GUESSING for row in rows if row.passes]
    return Finding(
        f"{capital(join_words(map(task_label, easy)))} need no order: a time average solves both at every lag",
        f"The baseline `{_AVERAGE}` averages random features of single inputs over time, so that it cannot know what "
        f"came first. On these two tasks it solves {of_all([row.solved for row in runs])} runs, each with "
        f"{span((row.passes for row in runs), lambda n: f'{n:,.0f}')} sequences. So a long reach there shows that a "
        "net keeps something, and not that it keeps an order.",
        subject=Subject.TASKS,
        caption="Seeds solved over all lags that were tried, and the least share of a test set wrong of a seed and lag "
        "in percent:",
        table=_table(seeds, tasks, _BASELINES),
        notes={
            "Settings": f"Five seeds and lags from {lags[0]} to {lags[-1]}, on the seeds of the reference "
            "([record](../results/underway/README.md)). A seed stops after two unsolved lags.",
            "Why": "In adding one relevant value adds to the sum wherever it stands. In random permutation the first "
            "symbol is one of two that come at no other step. Which of them is present is the answer.",
            "The other tasks": f"{capital(task_label(near))}, of which it has "
            f"{in_percent(_least(seeds, _AVERAGE, near))} % wrong, needs other features and no order "
            f"({see('trained_average')}). That a time average fails does not show that a task needs order.",
            "Constant answer": "The baseline answers the mean target. "
            f"{capital(join_words(map(task_label, better)))} has a better constant, with which "
            f"{in_percent(_constant(better[0]))} % are wrong: random guessing does not reach it.",
            "Random weights": f"{capital(method_label(_GUESSING))} draws all weights of a net of five units again and "
            f"again, and keeps the best. It solves {of_all([row.solved for row in guessed])} runs within "
            f"{max(row.budget for row in guessed) / 1e6:.0f} million passes.",
        },
        holds=set(easy) == {"adding", "random_permutation"}
        and not any(row.solved for task in hard for row in _tried(seeds, _AVERAGE, task))
        and not any(row.solved for task in tasks for row in _tried(seeds, "constant", task))
        and not any(row.solved for row in guessed)
        and better == ["multiplication"]
        and _least(seeds, _GUESSING, better[0]) > _constant(better[0])
        and {len(rows) for rows in seeds.values()} == {5},
        key="no_order",
    )


def on_newer_tasks(records: Mapping[str, Sequence[Row]]) -> Finding:
    """What two baselines solve of the tasks that are not in the reference.

    records: the runs of trained nets on some of these tasks.
    """
    old = _tasks(by_condition())
    seeds = {of: rows for of, rows in by_condition(RECORD).items() if of[0] in _BASELINES and of[1] not in old}
    tasks, lags = _tasks(seeds), sorted({lag for _, _, lag in seeds})
    easy = [task for task in tasks if all(solved(seeds, _AVERAGE, task, lag) == 1 for lag in lags)]
    averages = [row for task in easy for row in _tried(seeds, _AVERAGE, task)]
    latched = _tried(seeds, _GUESSING, "latch")
    trained: Seeds = {}
    for row in records["final"]:
        if row.task == "latch":
            trained.setdefault((row.method, row.task, row.lag), []).append(row)
    (lag,) = {lag for _, _, lag in trained}
    price = {method: passes(trained, method, "latch", lag) for method, _, _ in trained}
    guessed = passes(seeds, _GUESSING, "latch", lag)
    slower = [method for method, spent in price.items() if guessed < spent < math.inf]
    faster = sorted((method for method, spent in price.items() if spent <= guessed), key=lambda m: (-price[m], m))
    quickest = sorted(method for method in faster if price[method] == price[faster[-1]])
    own = [row.passes_to_solve for row in seeds[_GUESSING, "latch", lag]]
    never = sorted(method for method in price if not any(row.solved for row in trained[method, "latch", lag]))
    lucky = {task: [row for row in _tried(seeds, _GUESSING, task) if row.solved] for task in tasks if task != "latch"}
    lucky = {task: rows for task, rows in lucky.items() if rows}
    return Finding(
        "Guessing the weights latches a noisy sign on every seed; a time average solves two more of the newer tasks",
        f"The baseline `{_GUESSING}` draws all weights of a net of five units again and again, and keeps the best. It "
        f"solves the latch with {of_all([row.solved for row in latched])} runs at lags {lags[0]} to {lags[-1]}, at "
        f"{lag} after {number(guessed)} passes (median). Hessian-Free needs {number(price['hf'])} there.",
        subject=Subject.TASKS,
        caption="Seeds solved over all lags that were tried, and the least share of a test set wrong of a seed and lag "
        "in percent:",
        table=_table(seeds, tasks, (_GUESSING, _AVERAGE)),
        notes={
            "Settings": f"Five seeds and lags {join_words(map(str, lags))}, with at most "
            f"{number(max(row.budget for row in latched))} passes ([record](../results/underway/README.md)). A seed "
            "stops after two unsolved lags.",
            "Latch": "One tanh unit with a large weight to itself can saturate at the first sign and stay. So "
            "large random weights do it by chance, and a solved latch at these lags shows little about a remedy. "
            "Hochreiter & Schmidhuber 1997 (section 5) warn of this task.",
            "Trained nets": f"At lag {lag} Hessian-Free alone needs more passes than guessing. Of the others that "
            f"solve half of the seeds, {join_words(map(the_method, quickest))} {'need' if quickest[1:] else 'needs'} "
            f"the fewest, {number(price[faster[-1]])}, and {method_label(faster[0])} the most, "
            f"{number(price[faster[0]])}. {capital(join_words(map(method_label, never)))} solve no seed "
            f"({see('keeping')}).",
            "Caveat": "Medians of five seeds are compared, and the seeds are not the same. Those of guessing need "
            f"{span(own, number)} passes, so that it may be no faster than Hessian-Free.",
            "Luck": f"{_lucky(lucky)}. These are single draws of many, and no sign that the tasks are easy.",
            "Time average": f"It cannot know what came first. It solves these two tasks with "
            f"{of_all([row.solved for row in averages])} runs, each with "
            f"{span((row.passes for row in averages), lambda n: f'{n:,.0f}')} sequences, as it does adding and random "
            f"permutation ({see('no_order')}).",
        },
        holds=set(easy) == {"adding_urnn", "distractors"}
        and all(row.solved for row in latched)
        and len(latched) == 5 * len(lags)
        and slower == ["hf"]
        and {"clipping", "control"} <= set(never)
        and not any(row.solved for task in tasks for row in _tried(seeds, "constant", task))
        and {len(rows) for rows in seeds.values()} == {5},
    )


def trained_average() -> Finding:
    """The tasks of the reference that a trained net solves which knows no order, and how far."""
    reference, seeds = by_condition(), by_condition(RECORD)
    own = {of: rows for of, rows in seeds.items() if of[0] == _TRAINED and of[1] in _tasks(reference)}
    tasks, lags = _tasks(own), sorted({lag for _, _, lag in own})
    reach = {task: max((lag for lag in lags if solved(own, _TRAINED, task, lag) >= 0.5), default=0) for task in tasks}
    easy = sorted((task for task in tasks if reach[task]), key=lambda task: (-reach[task], task))
    new = [task for task in easy if not solved(seeds, _AVERAGE, task, lags[0])]
    recurrent = {method for method, _, _ in reference} - {"esn"}
    xor = {method: [row.solved for row in reference[method, "xor", reach["xor"]]] for method in recurrent}
    best = max(recurrent, key=lambda method: (sum(xor[method]), method))
    found = [row.solved for row in own[_TRAINED, "xor", reach["xor"]]]
    last = ("multiplication", lags[-1])
    ahead = {
        method_label(m): solved_of(reference, m, *last) for m in sorted(recurrent) if solved(reference, m, *last) >= 0.5
    }
    wrong = {task: [row.test_error for row in _tried(own, _TRAINED, task)] for task in _ORDERED}
    longer = [row for row in read_rows(RAFFEL) if (row.task, row.lag) == last]
    return Finding(
        f"Four tasks of eight need no order: a trained mean over time solves {join_words(map(task_label, new))} too",
        f"The baseline `{_TRAINED}` is a feed-forward net of the mean over time of its features, after Raffel & Ellis "
        f"2015. At lag 20 it solves {join_words(map(task_label, easy))} with "
        f"{of_all([row.solved for task in easy for row in own[_TRAINED, task, lags[0]]])} runs. So a solved run of "
        "these tasks does not show that a net has learned an order.",
        subject=Subject.TASKS,
        caption="Seeds solved, and the median of their passes:",
        table=in_markdown(
            ["task", *map(str, lags)],
            [[task_label(task), *(cell(own[_TRAINED, task, lag], (task, lag)) for lag in lags)] for task in easy],
        ),
        notes={
            "Settings": f"Five seeds of the reference ([record](../results/underway/README.md)), {lags[0]} to "
            f"{lags[-1]}, at most {number(max(row.budget for rows in own.values() for row in rows))} passes, one "
            "learning rate for all tasks and lags, no search. A seed stops after two unsolved lags.",
            "XOR": f"At lag {reach['xor']} it solves {of_all(found)} seeds, and it does not know the lag. Of the "
            f"trained recurrent nets the {method_label(best)} solves the most there, {of_all(xor[best])}.",
            "Recurrent nets": f"On multiplication it is behind: at lag {lags[-1]} it solves "
            f"{solved_of(own, _TRAINED, *last)} seeds, and "
            f"{join_words(f'the {name} {seeds_of}' for name, seeds_of in ahead.items())}.",
            "A larger budget": "By the protocol of Raffel & Ellis 2015 ([page](papers.md)) "
            f"{of_all([row.solved for row in longer])} seeds solve multiplication there, after "
            f"{span((row.passes for row in longer), number)} passes.",
            "Why": "XOR and multiplication are functions of two marked values that may be swapped. A mean keeps what "
            "was there, and the second layer combines it.",
            "Temporal order": f"{span(wrong['temporal_order'], in_percent)} % are wrong, and with three symbols "
            f"{span(wrong['temporal_order_3bit'], in_percent)} %. A net that knows which symbols came, and guesses "
            "their order, has 25 % and 50 % wrong.",
            "Longer lags": "The two values count 2 / T in the mean, so that a longer sequence leaves less of them.",
            "Random features": f"With features that are not trained ({see('no_order')}) adding and random permutation "
            "alone are solved.",
        },
        holds=set(easy) == {"adding", "multiplication", "random_permutation", "xor"}
        and len(tasks) == 8
        and all(row.solved for task in easy for row in own[_TRAINED, task, lags[0]])
        and set(new) == {"multiplication", "xor"}
        and all(found)
        and 2 * sum(xor[best]) < len(xor[best])
        and not any(row.solved for row in own[(_TRAINED, *last)])
        and len(longer) == 3
        and all(abs(share - least) < 0.02 for task, least in _ORDERED.items() for share in wrong[task])
        and {len(rows) for rows in own.values()} == {5},
        key="trained_average",
    )


def _lucky(found: Mapping[str, Sequence[Row]]) -> str:
    """`It also solves parity with 1 seed at lag 50 (570 k passes)`."""
    return "Guessing also solves " + join_words(
        f"{task_label(task)} with {count(len(rows), 'seed')} at lag "
        f"{join_words(map(str, sorted({row.lag for row in rows})))} "
        f"({span((row.passes_to_solve for row in rows), number)} passes)"
        for task, rows in found.items()
    )


def _tasks(seeds: Iterable[tuple[str, str, int]]) -> list[str]:
    return sorted({task for _, task, _ in seeds})


def _table(seeds: Seeds, tasks: Sequence[str], names: Sequence[str]) -> str:
    return in_markdown(
        ["task", *(head for name in names for head in (method_label(name), "wrong"))],
        [[task_label(task), *(each for name in names for each in _cells(seeds, name, task))] for task in tasks],
    )


def _tried(seeds: Seeds, method: str, task: str) -> list[Row]:
    return [row for of, rows in seeds.items() if of[:2] == (method, task) for row in rows if row.passes]


def _cells(seeds: Seeds, method: str, task: str) -> list[str]:
    """`30 of 30` and what is wrong at best."""
    return [of_all([row.solved for row in _tried(seeds, method, task)]), in_percent(_least(seeds, method, task))]


def _least(seeds: Seeds, method: str, task: str) -> float:
    return min(row.test_error for row in _tried(seeds, method, task))


def _constant(task: str) -> float:
    """The share wrong of the constant that is right most often."""
    return float(registry.get("tasks", task).baselines["constant"].error)
