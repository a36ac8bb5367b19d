"""How far the gated nets that came after the LSTM carry in the reference: findings of docs/findings.md."""

from __future__ import annotations

from collections.abc import Sequence

from conditions import by_condition, passes, solved, solved_of
from finding import Finding, Subject, fisher, in_markdown, of_all, one_decimal, span
from fresh import FINAL_TUNED, cell

from longlag.design import tuned
from longlag.store.records import Row, Status
from longlag.words import count, join_words, method_label, number, task_label

_SHORT = 200  # the longest lag of most methods


def gru() -> Finding:
    """How far the GRU carries, for which price, and what ends its runs."""
    seeds = by_condition()
    own = {(task, lag): rows for (method, task, lag), rows in seeds.items() if method == "gru"}
    tasks, lags = sorted({task for task, _ in own}), sorted({lag for _, lag in own})
    last, long = lags[-1], [lag for lag in lags if lag > _SHORT]
    tried = [task for task in tasks if (task, last) in own]
    far = [task for task in tried if solved(seeds, "gru", task, last) >= 0.5]
    price = [passes(seeds, "gru", task, last) for task in far]
    both = [task for task in far if ("lstm_chrono", task, last) in seeds]
    beside = [passes(seeds, "lstm_chrono", task, last) / passes(seeds, "gru", task, last) for task in both]
    more = [task for task in both if solved(seeds, "lstm_chrono", task, last) > solved(seeds, "gru", task, last)]
    failed = [
        row
        for task in tried
        for lag in long
        for row in own[task, lag]
        if not row.solved and row.status != Status.NOT_ATTEMPTED
    ]
    diverged = sum(row.status == Status.DIVERGED for row in failed)
    chosen = tuned.read(FINAL_TUNED)["methods"]["gru"]
    rates = sorted(
        {chosen["one"]["optimiser.learning_rate"], *(of["optimiser.learning_rate"] for of in chosen["tasks"].values())}
    )
    return Finding(
        f"A GRU carries {len(far)} of {len(tasks)} tasks to lag {last}; what ends its runs at long lags is divergence",
        f"On {count(len(far), 'task')} at least half of its seeds solve lag {last}, with medians of "
        f"{span(price, number)} passes. Of its {len(failed)} unsolved runs at lag {join_words(map(str, long))}, "
        f"{diverged} diverged: their loss was not finite.",
        subject=Subject.LAGS,
        caption=_caption(own),
        table=_ladders(own, "GRU"),
        notes={
            "Chrono LSTM": f"On {'these tasks' if both == far else f'{len(both)} of these tasks, run there,'} it pays "
            f"{span(beside, one_decimal)} times as many passes at lag {last}{_and_more(more)}.",
            "Both know the lag": "Their gates start with time constants that grow with it.",
            "Not tried": f"Its rates, {join_words(f'{rate:.2g}' for rate in rates)}, were chosen at lags 50 and 100. "
            "Smaller ones were not tried at long lags.",
            "Later": "The GRU was added to the reference after the other methods.",
        },
        holds=len(far) >= 4 and min(beside) >= 1 and 2 * diverged > len(failed),
    )


def _caption(own: dict[tuple[str, int], list[Row]]) -> str:
    """What the cells of that table say, and why some say nothing."""
    tasks, lags = {task for task, _ in own}, {lag for _, lag in own}
    blank = "; blank: not run" if len(own) < len(tasks) * len(lags) else ""
    return f"Seeds solved, and the median of their passes (not tried: the ladder had ended{blank}):"


def _ladders(own: dict[tuple[str, int], list[Row]], name: str) -> str:
    """A table of how the runs of a method ended, a line for each task and a column for each lag."""
    tasks, lags = sorted({task for task, _ in own}), sorted({lag for _, lag in own})
    return in_markdown(
        [name, *(f"T = {lag}" for lag in lags)],
        [[task_label(task), *(_ending(own.get((task, lag), [])) for lag in lags)] for task in tasks],
    )


def _and_more(tasks: Sequence[str]) -> str:
    """The tasks of which a method solves more seeds, as the end of a sentence."""
    return f" and solves more seeds of {join_words(map(task_label, tasks))}" if tasks else ""


def _ending(rows: Sequence[Row]) -> str:
    """`5 of 5, 90 k`; `not tried` where the ladder had ended, and nothing of what was not asked."""
    if rows and all(row.status == Status.NOT_ATTEMPTED for row in rows):
        return "not tried"
    return cell(rows, (rows[0].task, rows[0].lag)) if rows else ""


def mingru() -> Finding:
    """How far the minGRU carries, beside the other nets that are trained."""
    seeds = by_condition()
    own = {(task, lag): rows for (method, task, lag), rows in seeds.items() if method == "mingru"}
    tasks, last = sorted({task for task, _ in own}), max(lag for _, lag in own)
    trained = sorted({method for method, _, _ in seeds} - {"esn"})
    reach = {
        (method, task): max(
            (lag for m, t, lag in seeds if (m, t) == (method, task) and solved(seeds, m, t, lag) >= 0.5), default=0
        )
        for method in trained
        for task in tasks
    }
    far = [task for task in tasks if reach["mingru", task] == last]
    runs = {
        method: [row.solved for task in far for row in seeds[method, task, last]]
        for method in ("mingru", "lstm_chrono", "gru")
    }
    price = [passes(seeds, "mingru", task, last) for task in far]
    beside = [passes(seeds, "lstm_chrono", task, last) / passes(seeds, "mingru", task, last) for task in far]
    xor = {method: reach[method, "xor"] for method in trained}
    memory = [row.test_symbol_error for row in own["memorization_20bit", 20]]
    parity = {method: [row.solved for row in seeds[method, "xor", xor["mingru"]]] for method in trained}
    next_best = max(set(trained) - {"mingru"}, key=lambda method: (sum(parity[method]), method))
    others = max(lag for method, lag in xor.items() if method != "mingru")
    return Finding(
        f"The minGRU carries {len(far)} of {len(tasks)} tasks to lag {last} with every seed, and XOR furthest of "
        "the reference's trained recurrent nets",
        f"Its recurrence is linear. On {count(len(far), 'task')} it solves {of_all(runs['mingru'])} runs at lag "
        f"{last}, the chrono LSTM {of_all(runs['lstm_chrono'])} and the GRU {of_all(runs['gru'])}. On XOR it reaches "
        f"lag {xor['mingru']}, and no other trained recurrent net of the reference more than {others}.",
        subject=Subject.LAGS,
        caption=_caption(own),
        table=_ladders(own, "minGRU"),
        notes={
            "Passes": f"At lag {last} the medians are {span(price, number)}. The chrono LSTM pays "
            f"{span(beside, one_decimal)} times as many.",
            "20-bit memory": "It solves this at no lag. At 20, "
            f"{span((100 * share for share in memory), lambda share: f'{share:.2g}')} % of the symbols are wrong.",
            "Net": "The input alone decides its gates, so that the state is a linear recurrence. It has two layers; "
            "the GRU and the LSTMs have one.",
            "It knows the lag": "As the GRU and the LSTMs do: its time constants reach up to it.",
            "XOR": f"It solves lag {xor['mingru']} with {solved_of(seeds, 'mingru', 'xor', xor['mingru'])} seeds, and "
            f"lag {others} with {solved_of(seeds, 'mingru', 'xor', others)}. So this reach is less sure than the "
            f"others. At lag {xor['mingru']} the {method_label(next_best)} has {of_all(parity[next_best])}, which may "
            f"be chance (Fisher's exact test: p = {fisher(parity['mingru'], parity[next_best]):.2f}).",
            "Not compared": "The LRU, the chrono GRU, the identity and the orthogonal start are not in the reference.",
            "Later": "It was added to the reference after the other methods, with settings of the same search.",
        },
        holds=all(runs["mingru"])
        and max(solved(seeds, "mingru", "xor", lag) for lag in (others, xor["mingru"])) < 1
        and len(far) >= max(sum(reach[method, task] == last for task in tasks) for method in trained)
        and all(lag < xor["mingru"] for method, lag in xor.items() if method != "mingru")
        and reach["mingru", "memorization_20bit"] == 0
        and not {"lru", "gru_chrono", "irnn", "orthogonal"} & {*trained},
    )
