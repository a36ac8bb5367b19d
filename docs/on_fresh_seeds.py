"""What recipes and searched settings do on seeds that no search has seen: findings of docs/findings.md."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from statistics import median

from finding import Finding, Subject, fisher, in_markdown, of_all, see
from fresh import BUDGET, FINAL, FINAL_TUNED, ROOT, SEARCH, TUNED, Cell, cell

from longlag.analysis.newcomer import sign_test
from longlag.design import tuned
from longlag.engine import trials
from longlag.engine.selection import Trial
from longlag.protocol import CRITERION
from longlag.store.records import Row, read_rows
from longlag.words import capital, count, join_words, method_label, task_label

Outcomes = Mapping[tuple[str, str, int], Sequence[bool]]  # (method, task, lag) -> solved or not, by seed
REFERENCE, REPLACED = ROOT / "results/reference/runs.csv.gz", ROOT / "results/underway/replaced.csv.gz"
_MEMORY = ("memorization_20bit", 30)


def findings(records: Mapping[str, Sequence[Row]]) -> list[Finding]:
    """What the searched settings do on seeds that no search has seen."""
    before, now = outcomes(records["before"]), outcomes(records["now"])
    final = records["final"]
    symbols = _symbols(now, records["now"], read_rows(BUDGET), [row for row in final if row.method == "lstm"])
    return [_search(before, now), symbols, _untreated(now), _weakest(before, now, outcomes(final))]


def outcomes(rows: Sequence[Row]) -> Outcomes:
    """(method, task, lag) -> solved or not, by seed."""
    solved: dict[tuple[str, str, int], list[bool]] = {}
    for row in rows:
        solved.setdefault((row.method, row.task, row.lag), []).append(row.solved)
    return solved


def _search(before: Outcomes, now: Outcomes) -> Finding:
    """What new recipes and the search did to three remedies, and what the final says of one of them."""
    every = {
        when: {name: [o for (method, *_), found in of.items() if method == name for o in found] for name, *_ in before}
        for when, of in (("before", before), ("now", now))
    }
    lost = ("esn_momentum", "temporal_order", 100)
    search, final = (_met([t for t in trials.read(path) if (t.method, t.task) == lost[:2]]) for path in (SEARCH, FINAL))
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
        "New recipes with searched settings made the LSTM and the plain net better; "
        f"{method_label(lost[0])} gained {count(len(won), 'condition')} and lost {len(gone)}",
        "Runs solved on fresh seeds. Before: the recipe and code of an older commit. Now: the settings of the search. "
        "p: sign test of the runs that changed, taken as independent. Conditions move in opposite directions, so a "
        f"large p does not say that nothing changed.\n\n{table}\n\n"
        "- **LSTM.** The gain has three causes at once: its recipe (a forget bias that follows the lag, which the "
        f"older one did not know; {see('forget_bias')} takes it alone), its searched rate, and a search at all.\n"
        f"- **{name}.** A condition counts as solved if half of its seeds are. It gained {_conditions(won)}, and lost "
        f"{_conditions(gone)}.\n"
        f"- **{capital(task_label(lost[1]))} at lag {lost[2]}** fell from {of_all(before[lost])} to "
        f"{of_all(now[lost])} because of the search. At lag 50, {within} of {len(search)} candidates solve this task "
        "on both tuning seeds, and the fastest of them was chosen. At lag 100 it solves "
        f"{of_all(final[choice])} tuning seeds, and the recipe {of_all(final[0])}. So the search has a final there.\n"
        f"- **{capital(task_label(second[1]))} at lag {second[2]}** fell from {of_all(before[second])} to "
        f"{of_all(now[second])}; of other seeds {of_all(longer)} solve it with 10^7 passes. The final did not help. "
        f"In it the setting of the search leaves {_percents(kept)} of the sequences wrong, and the recipe "
        f"{_percents(recipe)}. Where neither is within the criterion, the rule keeps the choice of the search, and the "
        "reference uses it.",
        max(sign_test(*pairs[method]) for method in ("lstm", "control")) * len(pairs) < 0.05
        and gained < lost_runs
        and pairs["hf"][0] <= pairs["hf"][1]
        and all(before[lost])
        and not any([*now[lost], *final[choice]])
        and all(final[0])
        and min(kept) > max(recipe) > CRITERION
        and not any(longer),
        key="search",
        subject=Subject.SEARCH,
    )


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


def _percents(shares: Sequence[float]) -> str:
    return f"{100 * min(shares):.0f} to {100 * max(shares):.0f} %"


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


def _symbols(solved: Outcomes, rows: Sequence[Row], longer: Sequence[Row], final: Sequence[Row]) -> Finding:
    """Twenty bits: gated nets beside nets that start with a recurrent matrix of norm or radius about one. longer: runs
    with more passes. final: the LSTM's with the setting of the final."""
    gated, careful = ("lstm", "lstm_chrono", "gru", "mingru"), ("orthogonal", "esn_momentum", "hf")
    failing = [outcome for method in gated for outcome in solved[method, *_MEMORY]]
    counts = join_words(f"{method_label(name)} {of_all(solved[name, *_MEMORY])}" for name in careful)
    wrong = {
        name: [r.test_symbol_error for r in rows if (r.method, r.task) == (name, _MEMORY[0])]
        for name in (*gated, "lru")
    }
    sizes = [{r.parameters for r in rows if r.method in of and r.task == _MEMORY[0]} for of in (gated, careful)]
    more = [r.solved for r in longer if r.method in gated and r.task == _MEMORY[0]]
    best = min(wrong, key=lambda name: median(wrong[name]))
    near = "; ".join(
        f"{method_label(name)} {_wrong_of(rows, name)}"
        for name in sorted((*gated, "lru"), key=lambda name: median(wrong[name]))
    )
    now = outcomes(final)["lstm", *_MEMORY]
    plain = [outcome for name in ("irnn", "clipping", "control") for outcome in solved[name, *_MEMORY]]
    return Finding(
        f"Gated nets of 32 units do not solve twenty bits at lag {_MEMORY[1]}; plain nets of 100 units that start with "
        "care do",
        f"{capital(join_words(map(method_label, gated)))} solve {task_label(_MEMORY[0])} at lag {_MEMORY[1]} with "
        f"{of_all(failing)} fresh seeds, within 3 x 10^6 passes. Symbols wrong (and sequences, in which one wrong "
        f"symbol is enough), medians, the LRU beside them: {near}. With 10^7 passes {of_all(more)} runs of the "
        f"two LSTMs are solved. Plain tanh nets solve it: {counts}. "
        f"They are larger: {_thousands(sizes[1])} parameters (100 units) "
        f"against {_thousands(sizes[0])} (32 units). Size is not enough by itself: of the same 100 units, the identity "
        f"start, clipping and the plain net solve {of_all(plain)}. No gated net of that size was run, so a larger one "
        "may solve it. The search had not seen this task. With the setting that its final has since given the LSTM, "
        f"{of_all(now)} seeds solve it, and {_wrong_of(final, 'lstm')} are wrong.",
        best == "lru"
        and sum(more) < 3
        and not any([*failing, *plain, *solved["lru", *_MEMORY], *now])
        and all(sum(solved[name, *_MEMORY]) >= 4 for name in careful),
        key="symbols",
        subject=Subject.TASKS,
    )


def _wrong_of(rows: Sequence[Row], name: str) -> str:
    """`7.1 % (52 %)`: medians of the shares of symbols and of sequences wrong, of a method's runs on 20-bit memory."""
    own = [row for row in rows if (row.method, row.task) == (name, _MEMORY[0])]
    symbols, sequences = median(row.test_symbol_error for row in own), median(row.test_error for row in own)
    return f"{100 * symbols:.2g} % ({100 * sequences:.0f} %)"


def _each(outcomes: Mapping[str, Sequence[bool]]) -> str:
    """How many runs of each method are solved."""
    return join_words(f"{method_label(name)} {of_all(found)}" for name, found in outcomes.items())


def _thousands(numbers: Iterable[int]) -> str:
    """`4.0 to 5.3 thousand`."""
    return " to ".join(dict.fromkeys(f"{each(numbers) / 1e3:.1f}" for each in (min, max))) + " thousand"


def _untreated(solved: Outcomes) -> Finding:
    """The plain net that nothing helps but a search for its settings."""
    short, longer = (("xor", 20), ("random_permutation", 50)), (("xor", 30), ("adding", 50), ("temporal_order", 100))
    words = [join_words(f"{task_label(task)} at {lag}" for task, lag in cells) for cells in (short, longer)]
    counts = [[outcome for cell in cells for outcome in solved["control", *cell]] for cells in (short, longer)]
    every = [outcome for (method, *_), found in solved.items() if method == "control" for outcome in found]
    settings = tuned.read(TUNED)["methods"]["control"]
    gains = sorted(found["init.recurrent_gain"] for found in (settings["tasks"]["xor"], settings["one"]))
    return Finding(
        "A plain net with a searched gain does more than its reputation says, and then stops",
        f"With a searched learning rate and gain, and nothing clipped, the plain net solves {words[0]} with "
        f"{of_all(counts[0])} fresh seeds. On {words[1]} it solves {of_all(counts[1])}, and over all eight pairs "
        f"{of_all(every)}. The gains found there, {gains[0]:.3g} and {gains[1]:.3g}, are about the spectral radii of "
        "its start: a careful start, found by search. A comparison with a net whose settings nobody searched would not "
        "show this.",
        all(counts[0]) and sum(counts[1]) <= 2,
        subject=Subject.SEARCH,
    )


def _weakest(before: Outcomes, solved: Outcomes, final: Outcomes) -> Finding:
    """The lecture's four remedies over the conditions of config/fresh.yaml."""
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
    return Finding(
        "Of the lecture's four remedies, ESN init with momentum is the weakest on the tasks of the search",
        f"Fresh seeds solved, over {count(cells, 'pair')} of a task and a lag: {_each(every)}. On the tasks that the "
        f"search had seen: {_each(searched)}. On the others: {_each(others)}. So its weakness is one of searched "
        f"settings too ({see('search')}). With those of the search it solves "
        f"{of_all([o for cell in lacking for o in solved['esn_momentum', *cell]])} on "
        f"{join_words(f'{task_label(task)} at {lag}' for task, lag in lacking)}, within 3 x 10^6 passes; "
        f"with those that the final put in their place {later} ({see('final')}). With an older recipe it had solved "
        f"{sum(older)} of {len(older)} in all. Its paper "
        "trains five times as long: 50,000 updates of 100 sequences (Sutskever et al. 2013, section 4).",
        sum(every["esn_momentum"]) < 0.6 * min(sum(every[name]) for name in remedies[:3])
        and not any(o for cell in lacking for o in solved["esn_momentum", *cell]),
        subject=Subject.REMEDIES,
    )


def _lstm_before_the_final() -> tuple[list[bool], list[bool], dict[Cell, Sequence[bool]], dict[Cell, Sequence[bool]]]:
    """Runs of the LSTM on the seeds of the reference, with the settings of the search and with those of the final, in
    all and by task and lag."""
    found = [{(task, lag): o for (method, task, lag), o in outcomes(read_rows(path)).items() if method == "lstm"}
             for path in (REPLACED, REFERENCE)]  # fmt: skip
    was, has = ({key: of[key] for key in found[0].keys() & found[1].keys()} for of in found)
    return [o for of in was.values() for o in of], [o for of in has.values() for o in of], was, has


def of_the_final(records: Mapping[str, Sequence[Row]]) -> Finding:
    """What the settings of the final do on seeds of their own, beside those that they replaced."""
    now, final = outcomes(records["now"]), outcomes(records["final"])
    replaced = sorted((key for key in final if key in now), key=lambda key: (method_label(key[0]), key))
    counts = [sum(sum(of[key]) for key in replaced) for of in (now, final)]
    whole = fisher(*([o for key in replaced for o in of[key]] for of in (now, final)))
    older, newer, was, has = _lstm_before_the_final()
    fell = ("temporal_order_3bit", 200)
    runs = sum(len(final[key]) for key in replaced)
    back, gone = ("esn_momentum", "temporal_order", 100), ("esn_momentum", "random_permutation", 50)
    table = in_markdown(
        ["method", "task and lag", "search", "final"],
        [
            [method_label(method), f"{task_label(task)}, T = {lag}"]
            + [cell([r for r in records[when] if r.method == method], (task, lag)) for when in ("now", "final")]
            for method, task, lag in replaced
        ],
    )
    return Finding(
        f"The final of the search gives {method_label(back[0])} {task_label(back[1])} at lag {back[2]} back",
        f"The final replaced the settings of {count(len(replaced), 'condition')}. The settings of the search solved "
        f"{counts[0]} of {runs} runs there, on fresh seeds; those of the final solve {counts[1]} of {runs}, on five "
        "other seeds, run once. Both were run after the settings were frozen. The final was held at lag 100 on the "
        "four tasks of the search. "
        f"There it helps: {task_label(back[1])} at lag {back[2]} has {of_all(final[back])}, after {of_all(now[back])}. "
        "The other tasks take the one setting that is best over the four, and it need not suit them: "
        f"{task_label(gone[1])} at lag {gone[2]} has {of_all(final[gone])}, after {of_all(now[gone])}. "
        f"The whole difference may be chance (Fisher's exact test: p = {whole:.2f}), and of these "
        f"two cases the second (p = {fisher(now[gone], final[gone]):.2f}; the first: "
        f"{fisher(now[back], final[back]):.3f}). "
        f"On the seeds of the reference, where the LSTM had been run with the settings of the search before, it solved "
        f"{sum(older)} of {len(older)} runs and solves {sum(newer)} with those of the final; "
        f"{task_label(fell[0])} at lag {fell[1]} fell from {of_all(was[fell])} to {of_all(has[fell])}. "
        f"Seeds solved, and the median of their passes:\n\n{table}",
        counts[1] > counts[0]
        and sum(newer) < sum(older)
        and all(was[fell])
        and sum(has[fell]) < 3
        and sum(final[back]) >= 3
        and not any(now[back])
        and sum(final[gone]) < 3
        and all(now[gone]),
        key="final",
        subject=Subject.SEARCH,
    )
