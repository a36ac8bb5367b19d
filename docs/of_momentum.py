"""What runs of the protocol of Sutskever, Martens, Dahl & Hinton 2013 say: findings of docs/findings.md."""

from __future__ import annotations

import json
import math
from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path
from statistics import fmean

from finding import Finding, Subject, in_markdown, of_all, span

from longlag.analysis import published
from longlag.store.curves import read_points
from longlag.store.records import Row, read_rows
from longlag.tables.tools.papers import digits
from longlag.words import count, join_words

MOMENTUM = Path(__file__).parents[1] / "results/papers/sutskever2013"
_LOST = 0.25  # more of the messages wrong at the end than at the best evaluation
COLUMNS = {"momentum_0": "0", "nesterov_09": "0.9", "nesterov_098": "0.98", "nesterov_0995": "0.995"}
COLUMNS_OF_FIVE = {
    **COLUMNS,
    "classical_09": "classical 0.9",
    "classical_098": "classical 0.98",
    "classical_0995": "classical 0.995",
}
_EQUAL_STEPS = {  # the same momentum with steps as large as those of momentum 0
    "nesterov_09": "step_09",
    "nesterov_098": "step_098",
    "nesterov_0995": "step_0995",
    "classical_098": "classical_step_098",
    "classical_0995": "classical_step_0995",
}
_CHANGED = {
    "fast_0": "0, rate 0.001",
    "fast_09": "0.9, rate 0.001",
    "input_0995": "0.995, input scale 0.1",
    "clipped_098": "0.98, clipped",
    "clipped_0995": "0.995, clipped",
}


def start_and_momentum() -> Finding:
    """Columns of Table 5 of Sutskever, Martens, Dahl & Hinton 2013, and the same with one thing changed."""
    every = read_rows(MOMENTUM / "runs.csv")
    rows = [row for row in every if row.seed < 10]  # the others are of searches
    facts = published.load()
    facts = facts[facts.paper == MOMENTUM.name].set_index(["task", "arm"]).value

    def ours(method: str, task: str) -> list[float]:
        """Percent of sequences wrong; of memory, symbols wrong of ten."""
        of_cell = [row for row in rows if (row.method, row.task) == (method, task)]
        return [100 * row.test_error if task == "adding" else 10 * row.test_symbol_error for row in of_cell]

    def said(method: str, task: str) -> str:
        return both(ours(method, task))

    table = in_markdown(
        ["momentum", "adding, published", "ours", "20-bit memory, published", "ours"],
        [
            [
                label,
                digits(100 * float(facts["adding", method])) if method in COLUMNS else "",
                said(method, "adding"),
                digits(float(facts["memorization_20bit", method])) if method in COLUMNS else "",
                said(method, "memorization_20bit"),
            ]
            for method, label in {**COLUMNS, **_CHANGED}.items()
        ],
    )
    courses: dict[tuple[str, int], list[tuple[float, float]]] = defaultdict(list)  # passes and loss, of memory
    for point in read_points(MOMENTUM / "curves.parquet"):
        if point.task == "memorization_20bit" and point.method in ("nesterov_098", "nesterov_0995") and point.seed < 10:
            courses[point.method, point.seed].append((point.passes, point.loss))
    lost = [max(course)[1] > min(loss for _, loss in course) + 0.3 for course in courses.values()]
    course = courses["nesterov_098", 0]
    until, best = min(course, key=lambda point: point[1])
    chance = next(row.constant_loss for row in rows if row.task == "memorization_20bit")
    unlearned = [ours(method, "adding") for method in ("momentum_0", "nesterov_09", "fast_0")]
    searched = [row for row in every if row.task == "adding" and row.method[:-3] in ("momentum_0", "nesterov_09")]
    third = [100 * row.test_error for row in searched if row.budget == 5e6]
    plain = [*ours("nesterov_098", "memorization_20bit"), *ours("nesterov_0995", "memorization_20bit")]
    clipped = [*ours("clipped_098", "memorization_20bit"), *ours("clipped_0995", "memorization_20bit")]
    rates = {
        row.method: setting(row, "learning_rate.value")
        for row in rows
        if row.task == "memorization_20bit" and row.method != "biases"
    }
    at_top = " and ".join(f"{wrong:.0f}" for wrong in ours("fast_09", "adding"))
    return Finding(
        "With momentum 0.98 and 0.995 the net of 2013 learns adding over 80 steps; clipped, at another rate, it keeps "
        "more bits",
        "On adding momentum 0.98 leaves less wrong than published, and 0.995 more. On 20-bit memory "
        f"{of_all(lost)} runs with these two lose again what they have learned. With clipped gradients, and a larger "
        "rate, each has less wrong.",
        subject=Subject.PAPERS,
        key="sums_and_bits",
        caption="Adding: test sequences wrong, in percent. 20-bit memory: wrong symbols of ten (a constant answer: 8).",
        table=table,
        notes={
            "Settings": "The net and start of Sutskever et al. 2013, batches of 100 and 50,000 updates at T = 80, two "
            "seeds ([page](papers.md)). The rate of each momentum is the best of the paper's four on tuning seeds, at "
            "a third of the updates.",
            "Input scale": "On adding, an input scale of 0.1, in place of the paper's 0.001, leaves less wrong at "
            "0.995. The seeds are the same.",
            "Momentum 0.9": "On adding our net learns nothing at the rate that was chosen. At a third of the updates "
            f"{math.floor(min(third))} % were wrong or more at each rate, so that the choice says little. At the "
            f"largest rate of the grid it leaves {at_top} % wrong.",
            "Without momentum": "On adding it learns nothing at either rate, and the paper's leaves "
            f"{100 * float(facts['adding', 'momentum_0']):.0f} % wrong. We do not know why.",
            "20-bit memory": f"With 0.98 the loss of seed 0 falls to {best:.2f} nats by {until / 1e6:.1f} million "
            f"passes. Soon after it is that of a constant answer, {chance:.2f}, and stays there.",
            "Clipping": "The norm of the gradient is clipped at 1; the paper mentions no clipping. On memory each of "
            "the four runs has less wrong than that of the same momentum and seed without it: "
            f"{_two(clipped)} symbols of ten, not {_two(plain)}. On adding, at 0.995, more is wrong with it.",
            "Caveat": "Four pairs are few, and the rate is not the same: a search chose "
            f"{rates['clipped_098']:g} with clipping and {rates['nesterov_098']:g} without. The searches differ too: "
            f"{_grid(every, 'clipped_098')} with clipping or another input scale, {_grid(every, 'nesterov_098')} "
            "without.",
        },
        holds=len(plain) == len(clipped) == len(lost) == 4
        and len(third) == 16
        and min(third) > 80
        and min(min(pair) for pair in unlearned) > 80
        and max(ours("fast_09", "adding")) < 50
        and max(ours("nesterov_098", "adding")) < 1 < min(ours("nesterov_0995", "adding"))
        and max(ours("input_0995", "adding")) < min(ours("nesterov_0995", "adding"))
        and max(ours("nesterov_0995", "adding")) < min(ours("clipped_0995", "adding"))
        and max(course)[1] > chance - 0.01
        and best < chance - 0.5
        and all(one < other for one, other in zip(clipped, plain, strict=True))
        and rates["clipped_098"] == rates["clipped_0995"] > rates["nesterov_098"] == rates["nesterov_0995"],
    )


def _grid(rows: Sequence[Row], method: str) -> str:
    """`3 rates from 1e-4 to 1e-2`: what a search of the rate on adding tried."""
    of_search = (row for row in rows if row.task == "adding" and row.method[:-3] == method)
    tried = {setting(row, "learning_rate.value") for row in of_search}
    return f"{len(tried)} rates from {span(tried, power)}"


def _two(values: Sequence[float]) -> str:
    """The range, with two digits."""
    return span(values, lambda value: f"{value:.2g}")


def five_bits() -> Finding:
    """The row of 5-bit memory: what the runs of each column have wrong at their best and at their end."""
    rows = [row for row in read_rows(MOMENTUM / "runs.csv") if row.task == "memorization_5bit"]
    ours = {name: [row for row in rows if row.method == name and row.seed < 10] for name in COLUMNS_OF_FIVE}
    facts = published.load().query("paper == @MOMENTUM.name and task == 'memorization_5bit'").set_index("arm").value
    told = {name: float(facts[name]) for name in ours}
    rate = {name: setting(of[0], "learning_rate.value") for name, of in ours.items()}
    scaled = {name: round(rate[name] / (1 - setting(of[0], "momentum.late")), 9) for name, of in ours.items()}
    slower = {name: [row for row in rows if row.method == arm] for name, arm in _EQUAL_STEPS.items()}
    ended = {name: fmean(_symbols(row) for row in of) for name, of in ours.items()}
    lost = {(row.method, row.seed): row.test_error > row.best_error + _LOST for of in ours.values() for row in of}
    still = [key for key in lost if key[0] == "momentum_0"]
    keeping = [name for name in ours if not any(lost[name, row.seed] for row in ours[name])]
    fewer = [COLUMNS_OF_FIVE[name] for name in ours if ended[name] < told[name]]
    solved = [row for of in ours.values() for row in of if row.test_error == 0]
    kept = [row.test_error <= row.best_error + _LOST for of in slower.values() for row in of]
    better = [name for name, of in slower.items() if fmean(map(_symbols, of)) < told[name]]
    least = min(told, key=told.__getitem__)
    (tried,) = {scaled[name] for name in keeping}
    tuning = [row for row in rows if row.seed >= 10 and row.method.startswith("nesterov_09-")]
    chosen = [row for row in tuning if setting(row, "learning_rate.value") == rate["nesterov_09"]]
    return Finding(
        "On 5-bit memory over 200 steps momentum loses what was learned at the chosen rates, not at smaller ones",
        f"{sum(lost.values())} of {len(lost) - len(still)} runs with momentum end with more messages wrong than at "
        f"their best, by a quarter of all or more; without it {of_all([lost[key] for key in still])} do. With smaller "
        f"rates, whose steps grow only as large as those of momentum 0, {of_all(kept)} runs keep it. The paper's best "
        f"column, {COLUMNS_OF_FIVE[least]}, leaves {digits(told[least])} of five symbols wrong there, and "
        f"{digits(ended[least])} or {digits(fmean(map(_symbols, slower[least])))} here.",
        subject=Subject.PAPERS,
        key="five_bits",
        caption=f"Wrong symbols of five (a constant answer: {digits(float(facts['biases']))}), and of the messages the "
        "least share wrong at an evaluation; two seeds:",
        table=in_markdown(
            [
                "momentum",
                "rate",
                "published",
                "ours",
                "least wrong",
                "wrong at the end",
                "smaller rate",
                "ours with it",
            ],
            [
                [
                    label,
                    power(rate[name]),
                    digits(told[name]),
                    both(_symbols(row) for row in ours[name]),
                    f"{both(100 * row.best_error for row in ours[name])} %",
                    f"{both(100 * row.test_error for row in ours[name])} %",
                    power(setting(slower[name][0], "learning_rate.value")) if name in slower else "",
                    both(_symbols(row) for row in slower.get(name, [])),
                ]
                for name, label in COLUMNS_OF_FIVE.items()
            ],
        ),
        notes={
            "Settings": "The net and start of Sutskever et al. 2013 and 50,000 updates ([page](papers.md)). A batch is "
            "all 32 messages. Momentum is Nesterov's where nothing is said.",
            "Solved": f"{count(len(solved), 'run')} of {len(lost)} ends with no message wrong: momentum "
            f"{COLUMNS_OF_FIVE[solved[0].method]}, seed {solved[0].seed}. The paper's columns, means of four seeds, "
            f"have {digits(told[least])} symbols wrong or more.",
            "Step size": "With momentum the steps grow to the rate divided by one minus the momentum. This is "
            f"{power(tried)} in the two columns that keep what they learn, and "
            f"{span((scaled[name] for name in ours if name not in keeping), power)} in the others. The smaller rates "
            f"make it {power(tried)} for all.",
            "The choice of the rate": "It was made on two tuning seeds, at a third of the updates. For 0.9 one of "
            f"these had {100 * min(row.test_error for row in chosen):.0f} % of the messages wrong at the rate that was "
            f"chosen, and the other {100 * max(row.test_error for row in chosen):.0f} %.",
            "Published": f"With momentum {join_words(fewer)} fewer symbols are wrong than published at the rate that "
            f"was chosen. With the smaller rates they are fewer in {len(better)} of {len(slower)} columns: "
            f"{span((fmean(map(_symbols, of)) for of in slower.values()), lambda mean: f'{mean:.1f}')} of five.",
            "Caveat": "Two seeds are few. The smaller rates were no choice of a search. The paper takes the best of "
            "its four rates at the end of training.",
        },
        holds=keeping == ["momentum_0", "classical_09"]
        and sum(lost.values()) > len(lost) / 2
        and len(lost) == 14
        and len(kept) == 10
        and all(kept)
        and len(solved) == len(chosen) - 1 == 1
        and min(scaled[name] for name in ours if name not in keeping) > 2 * tried
        and least == "nesterov_0995"
        and ended[least] > told[least],
    )


def _symbols(row: Row) -> float:
    """Wrong symbols of a message of five."""
    return 5 * row.test_symbol_error


def setting(row: Row, path: str) -> float:
    """A setting of its optimiser that its suite changed."""
    return float(json.loads(row.spec)["overrides"][f"optimiser.{path}"])


def both(values: Iterable[float]) -> str:
    """The numbers of two seeds."""
    return " and ".join(map(digits, values))


def power(size: float) -> str:
    """A rate with one digit: `2e-3`."""
    return f"{size:.0e}".replace("e-0", "e-")
