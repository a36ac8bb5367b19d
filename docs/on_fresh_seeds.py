"""What recipes and searched settings do on seeds that no search has seen: findings of docs/findings.md."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from statistics import fmean

import knows
import numpy as np
from conditions import units
from finding import Finding, Subject, in_markdown, in_percent, of_all, see, span
from fresh import BUDGET, FINAL, FINAL_TUNED, SEARCH, TUNED, Outcomes, cell, outcomes
from on_twenty_bits import twenty_bits

from longlag.analysis.claims import holm
from longlag.analysis.newcomer import sign_test
from longlag.design import tuned
from longlag.engine import trials
from longlag.engine.selection import Trial
from longlag.protocol import CRITERION
from longlag.store.records import Row, read_rows
from longlag.words import capital, count, join_words, method_label, task_label, the_method


def findings(records: Mapping[str, Sequence[Row]]) -> list[Finding]:
    """What the searched settings do on seeds that no search has seen."""
    before, now, final = (outcomes(records[when]) for when in ("before", "now", "final"))
    return [
        _search(before, now),
        twenty_bits(records["now"], records["final"]),
        _untreated(records["now"], records["before"]),
        _weakest(before, now, final, records["now"]),
    ]


def _search(before: Outcomes, now: Outcomes) -> Finding:
    """What new recipes and the search did to three remedies, and what the final says of one of them."""
    every = {
        when: {name: [o for (method, *_), found in of.items() if method == name for o in found] for name, *_ in before}
        for when, of in (("before", before), ("now", now))
    }
    lost = ("esn_momentum", "temporal_order", 100)
    search_trials, final_trials = (
        [t for t in trials.read(path) if (t.method, t.task) == lost[:2]] for path in (SEARCH, FINAL)
    )
    search, final = _met(search_trials), _met(final_trials)
    choice = tuned.read(TUNED)["methods"][lost[0]]["candidates"]["tasks"][lost[1]]
    within = sum(all(found) for found in search.values())
    pairs = {name: _changed(before, now, name) for name in every["before"]}
    gained, lost_runs = pairs["esn_momentum"]
    won, gone = (
        {key for key, found in of.items() if key[0] == lost[0] and key in other and _half(found) > _half(other[key])}
        for of, other in ((now, before), (before, now))
    )
    (second,) = gone - {lost}
    kept, recipe = _wrong(second[:2])
    longer = [row.solved for row in read_rows(BUDGET) if (row.method, row.task, row.lag) == second]
    name = capital(method_label(lost[0]))
    corrected = holm(np.array([sign_test(*of) for of in pairs.values()]))
    sure = [method for method, p in zip(pairs, corrected, strict=True) if p < 0.05]
    quick = {n: fmean(t.passes for t in search_trials if t.candidate == n) for n in search if all(search[n])}
    fastest = [n for n in quick if quick[n] == min(quick.values())]
    table = in_markdown(
        ["method", "before", "now", "runs gained", "runs lost", "p"],
        [
            [
                method_label(method),
                of_all(found),
                of_all(every["now"][method]),
                *map(str, pairs[method]),
                _p(pairs[method]),
            ]
            for method, found in sorted(every["before"].items(), key=lambda of: method_label(of[0]))
        ],
    )
    return Finding(
        "New recipes with searched settings improved the LSTM and the plain net; "
        f"{method_label(lost[0])} gained {count(len(won), 'condition')} and lost {len(gone)}",
        f"With the settings of the search the LSTM solves {of_all(every['now']['lstm'])} fresh seeds, after "
        f"{of_all(every['before']['lstm'])} with an older recipe. {name} solves {of_all(every['now'][lost[0]])}, after "
        f"{of_all(every['before'][lost[0]])}.",
        subject=Subject.SEARCH,
        caption="Runs solved on fresh seeds. Before: the recipe and code of an older commit. Now: the settings of the "
        "search.",
        table=table,
        notes={
            "Test": "p: sign test of the runs that changed, taken as independent, not corrected. With Holm's "
            f"correction for {count(len(pairs), 'method')} it is below 0.05 for {join_words(map(the_method, sure))}. "
            "Conditions move in opposite directions, so a large p does not say that nothing changed.",
            "Choice": "The conditions were chosen because older recipes had failed on them, on other seeds. A loss "
            "where they never failed would not be seen.",
            "LSTM": "The gain has three causes at once: its recipe, its searched rate, and a search at all. The recipe "
            f"has a forget bias that follows the lag, which the older one did not know ({see('forget_bias')} takes it "
            "alone).",
            name: "A condition counts as solved if half of its seeds are. It gained "
            f"{_conditions(won)}, and lost {_conditions(gone)}.",
            f"{capital(task_label(lost[1]))} at lag {lost[2]}": f"It fell from {of_all(before[lost])} to "
            f"{of_all(now[lost])} because of the search. At lag 50, {within} of {len(search)} candidates solve this "
            f"task on both tuning seeds, and {_the_fastest(len(fastest))} was chosen. At lag 100 that one solves "
            f"{of_all(final[choice])} tuning seeds, and the recipe {of_all(final[0])}.",
            "Consequence": f"The search has a final at lag {lost[2]} ({see('final')}).",
            f"{capital(task_label(second[1]))} at lag {second[2]}": f"It fell from {of_all(before[second])} to "
            f"{of_all(now[second])}. Of other seeds {of_all(longer)} solve it with 10^7 passes.",
            "The final did not help it": "In the final the setting of the search leaves "
            f"{span(kept, in_percent)} % of the sequences wrong, and the recipe {span(recipe, in_percent)} % (two "
            "seeds each). Where neither is within the criterion, the rule keeps the choice of the search, and the "
            "reference uses it.",
        },
        holds=set(sure) == {"lstm", "control"}
        and choice in fastest
        and gained < lost_runs
        and pairs["hf"][0] <= pairs["hf"][1]
        and all(before[lost])
        and not any([*now[lost], *final[choice]])
        and all(final[0])
        and min(kept) > max(recipe) > CRITERION
        and not any(longer),
        key="search",
    )


def _the_fastest(n: int) -> str:
    """One of the n fastest."""
    return "the fastest of them" if n == 1 else f"one of the {n} fastest"


def _p(changed: tuple[int, int]) -> str:
    """Of a sign test; blank if no run changed."""
    return f"{sign_test(*changed):.2g}" if any(changed) else ""


def _conditions(of: Iterable[tuple[str, str, int]]) -> str:
    """The tasks and lags of conditions of one method."""
    return join_words(sorted(f"{task_label(task)} at lag {lag}" for _, task, lag in of))


def _half(found: Sequence[bool]) -> bool:
    """Are half of the seeds solved, as reach asks?"""
    return 2 * sum(found) >= len(found)


def _wrong(of: tuple[str, str]) -> tuple[list[float], list[float]]:
    """Shares of monitor sequences wrong in the final, with the setting chosen for a task and with the recipe."""
    chosen = tuned.read(FINAL_TUNED)["methods"][of[0]]["candidates"]["tasks"][of[1]]
    found = [trial for trial in trials.read(FINAL) if (trial.method, trial.task) == of]
    first, second = (sorted(trial.wrong for trial in found if trial.candidate == n) for n in (chosen, 0))
    return first, second


def _changed(before: Outcomes, now: Outcomes, method: str) -> tuple[int, int]:
    """How many runs of a method are solved now and were not before, and how many the other way round."""
    pairs = [pair for key, found in before.items() if key[0] == method for pair in zip(found, now[key], strict=True)]
    return pairs.count((False, True)), pairs.count((True, False))


def _met(found: Iterable[Trial]) -> dict[int, list[bool]]:
    """Candidate -> within the criterion or not, by seed."""
    met: dict[int, list[bool]] = {}
    for trial in found:
        met.setdefault(trial.candidate, []).append(trial.met)
    return met


def _untreated(rows: Sequence[Row], before: Sequence[Row]) -> Finding:
    """The plain net that nothing helps but a search for its settings."""
    own, solved = [row for row in rows if row.method == "control"], outcomes(rows)
    short, longer = (("xor", 20), ("random_permutation", 50)), (("xor", 30), ("adding", 50), ("temporal_order", 100))
    words = [join_words(f"{task_label(task)} at {lag}" for task, lag in cells) for cells in (short, longer)]
    counts = [[outcome for at in cells for outcome in solved["control", *at]] for cells in (short, longer)]
    cells = sorted({(row.task, row.lag) for row in own}, key=lambda at: (-sum(solved["control", *at]), at))
    settings = tuned.read(TUNED)["methods"]["control"]
    gains = sorted(found["init.recurrent_gain"] for found in (settings["tasks"]["xor"], settings["one"]))
    older = [row.solved for row in before if row.method == "control"]
    return Finding(
        "A plain net with a searched rate and gain solves XOR at 20 and random permutation at 50, and little beyond",
        f"With a searched learning rate and gain, and nothing clipped, the plain net solves {words[0]} with "
        f"{of_all(counts[0])} fresh seeds. On {words[1]} it solves {of_all(counts[1])}. Over all {len(cells)} pairs of "
        f"a task and a lag it solves {of_all([row.solved for row in own])}.",
        subject=Subject.SEARCH,
        caption="Fresh seeds that the plain net solves, and the median of their passes:",
        table=in_markdown(
            ["task", "lag", "seeds solved"],
            [[task_label(task), str(lag), cell(own, (task, lag))] for task, lag in cells],
        ),
        notes={
            "Gain": f"The gains found there, {gains[0]:.3g} and {gains[1]:.3g}, are about the spectral radii of its "
            "start. This is a careful start, found by search.",
            "Before": f"An older recipe, whose rate alone had been searched, solved {of_all(older)} on these seeds "
            f"({see('search')}). Rate and gain were searched together, so the part of each is not known.",
        },
        holds=all(counts[0]) and sum(counts[1]) <= 2 and sum(older) <= 2,
    )


def _weakest(before: Outcomes, solved: Outcomes, final: Outcomes, rows: Sequence[Row]) -> Finding:
    """The lecture's four remedies over the conditions of config/fresh.yaml. rows: those of `solved`."""
    remedies = ("esn", "hf", "lstm", "esn_momentum")
    every = {name: [o for (method, *_), found in solved.items() if method == name for o in found] for name in remedies}
    cells = len({(task, lag) for _, task, lag in solved})
    seen = {task for tasks in tuned.read(TUNED)["methods"].values() for task in tasks["candidates"]["tasks"]}
    searched, others = (
        {
            n: [o for (m, task, _), of in solved.items() if m == n and (task in seen) is known for o in of]
            for n in remedies
        }
        for known in (True, False)
    )
    lacking = (("temporal_order", 100), ("multiplication", 50), ("xor", 30))
    older = [o for (method, *_), found in before.items() if method == "esn_momentum" for o in found]
    later = join_words(
        f"{of_all(final['esn_momentum', task, lag])} on {task_label(task)} at {lag}"
        for task, lag in lacking
        if ("esn_momentum", task, lag) in final
    )
    parts = {f"all {count(cells, 'pair')}": every, "tasks of the search": searched, "other tasks": others}
    sizes = {name: span({units(row) for row in rows if row.method == name}, str) for name in remedies}
    weakest = [(of["esn_momentum"], [of[name] for name in remedies[:3]]) for of in (every, searched)]
    return Finding(
        "Of the lecture's four remedies, ESN init with momentum is the weakest on the tasks of the search",
        f"It solves {of_all(searched['esn_momentum'])} fresh seeds there, and the three others solve "
        f"{_range(weakest[1][1])} each. Over all {count(cells, 'pair')} of a task and a lag it solves "
        f"{of_all(every['esn_momentum'])}, and the others {_range(weakest[0][1])}.",
        subject=Subject.REMEDIES,
        caption="Fresh seeds solved:",
        table=in_markdown(
            ["remedy", *parts],
            [[method_label(name), *(of_all(part[name]) for part in parts.values())] for name in remedies],
        ),
        notes={
            "Settings": f"Its weakness is one of searched settings too ({see('search')}). With an older recipe it had "
            f"solved {of_all(older)}.",
            "What they read": knows.said(remedies),
            "Size": f"Units of the nets: {join_words(f'{method_label(name)} {sizes[name]}' for name in remedies)}.",
            "Choice": f"The conditions were chosen as in {see('search')}.",
            "Search and final": "With the settings of the search it solves "
            f"{of_all([o for at in lacking for o in solved['esn_momentum', *at]])} on "
            f"{join_words(f'{task_label(task)} at {lag}' for task, lag in lacking)}, within 3 x 10^6 passes. With "
            f"those that the final put in their place it solves {later} ({see('final')}).",
            "Budget": "Its paper trains five times as long: 50,000 updates of 100 sequences (Sutskever et al. 2013, "
            "section 4).",
        },
        holds=all(sum(own) < 0.6 * min(map(sum, of_others)) for own, of_others in weakest)
        and not any(o for at in lacking for o in solved["esn_momentum", *at]),
    )


def _range(found: Sequence[Sequence[bool]]) -> str:
    """`34 to 40 of 40`: runs solved, of samples of one size."""
    (runs,) = {len(each) for each in found}
    return f"{span(map(sum, found), str)} of {runs}"
