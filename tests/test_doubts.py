"""What docs/faq.md and its neighbours say to a reader who doubts the comparison is what the records and the code say."""

import re
from dataclasses import replace

import pytest
import yaml

from longlag import registry
from longlag.store.records import read_rows
from programs import loaded
from test_docs import ROOT
from test_passages import in_one_line

GATED = {"gru", "lstm", "lstm_chrono", "mingru"}


@pytest.fixture(scope="module")
def doubts():
    with loaded(ROOT / "docs/doubts.py") as module:
        yield module


@pytest.fixture(scope="module")
def record():
    return read_rows(ROOT / "results/reference/runs.csv.gz")


def ladder(one, seed, endings, **changes):
    """Rows of one seed: `s` solved, `u` unsolved, `n` near the criterion, `-` not attempted."""
    status = {"s": "solved", "-": "not_attempted"}
    return [
        replace(one, seed=seed, lag=10 * (i + 1), solved=how == "s", status=status.get(how, "budget"),
                best_error={"n": 0.03, "u": 0.5}.get(how, float("nan")), **changes)
        for i, how in enumerate(endings)
    ]  # fmt: skip


def test_a_lag_after_an_unsolved_one_is_counted_by_seed(doubts, record):
    rows = [*ladder(record[0], 0, "sus"), *ladder(record[0], 1, "suu--"), *ladder(record[0], 2, "us", method="hf")]
    text = doubts.after_an_unsolved_lag(reversed(rows))
    assert "3 runs of the reference are at the lag after one that the same seed had not solved. 2 of these" in text
    assert ": gradient clipping 1 of 2 and Hessian-Free 1 of 1." in text
    assert "2 runs count as unsolved without a trial" in text


def test_a_near_miss_counts_for_the_looser_reach_alone(doubts, record):
    rows = [*ladder(record[0], 0, "snu"), *ladder(record[0], 1, "ss-"), *ladder(record[0], 2, "uuu", method="hf")]
    assert doubts.reaches(rows) == {("clipping", "adding"): 20, ("hf", "adding"): 0}
    rows += ladder(record[0], 3, "snn")
    assert doubts.reaches(rows) == {("clipping", "adding"): 10, ("hf", "adding"): 0}
    assert doubts.reaches(rows, near=True) == {("clipping", "adding"): 20, ("hf", "adding"): 0}
    text = doubts.near_misses(rows)
    assert "7 runs of the reference were tried and not solved. 3 of these had at most 5 %" in text
    assert "1 of 2 reaches would grow, the others not: gradient clipping on adding 10 to 20." in text


def test_the_shares_of_parameters_are_those_of_the_record(record):
    of = {(row.method, row.task): row.parameters for row in record if row.parameters}
    shares = {(m, task): 100 * n / of["hf", task] for (m, task), n in of.items() if m in GATED}
    wide = [share for (_, task), share in shares.items() if task == "random_permutation"]
    rest = [share for (_, task), share in shares.items() if task != "random_permutation"]
    said = f"have {min(rest):.0f} to {max(rest):.0f} % of the parameters, and {min(wide):.0f} to {max(wide):.0f} % on"
    for document in ("docs/protocol.md", "docs/faq.md"):
        assert f"{said} random permutation" in in_one_line(document)


def test_the_numbers_of_searched_settings_are_those_of_the_code(record):
    search = yaml.safe_load((ROOT / "config/tuning.yaml").read_text())
    tasks = search["cells"][0]["tasks"]
    (lag,) = search["lags"]
    most: dict[int, set[str]] = {}
    for name in yaml.safe_load((ROOT / "config/tuned/tuning.yaml").read_text())["methods"]:
        method = registry.get("methods", name)
        spaces = [method.space(method.build(registry.get("tasks", task).traits, lag)) for task in tasks]
        most.setdefault(max(map(len, spaces)), set()).add(name)
        assert not re.search("hidden|batch", " ".join(method.tune))
    assert most == {
        2: {"control", "gru", "gru_chrono", "lstm", "lstm_chrono", "mingru"},
        3: {"clipping", "esn_momentum", "hf", "irnn", "lru", "orthogonal"},
        5: {"esn"},
    }
    assert "not equally many settings: two for the plain net, the LSTMs, the GRUs and the minGRU" in in_one_line(
        "docs/tuning.md"
    )


def test_every_message_of_five_bits_is_trained_on_and_few_of_twenty(record):
    five, twenty = (registry.get("tasks", f"memorization_{bits}bit") for bits in (5, 20))
    assert five.population == 32
    assert twenty.population is None
    most = max(row.passes for row in record if row.task == twenty.name) / 3
    assert most < 1.01e6 < 5**10 / 9


@pytest.fixture(scope="module")
def baselines():
    """The runs of the time average and of guessing that were tried."""
    every = read_rows(ROOT / "results/underway/runs.csv.gz")
    return [row for row in every if row.passes and row.method in {"time_average", "random_guessing"}]


def test_a_time_average_solves_two_tasks_of_the_reference_and_random_weights_none(baselines, record):
    tasks = {row.task for row in record}
    rows = [row for row in baselines if row.task in tasks]
    solved = {(row.task, row.lag, row.seed) for row in rows if row.method == "time_average" and row.solved}
    lags, seeds = {row.lag for row in rows}, {row.seed for row in rows}
    assert lags == {20, 50, 100, 200, 500, 1000}
    assert solved == {(task, lag, seed) for task in ("adding", "random_permutation") for lag in lags for seed in seeds}
    guessed = [row for row in rows if row.method == "random_guessing"]
    assert {(row.task, row.seed) for row in guessed} == {(task, seed) for task in tasks for seed in seeds}
    assert not any(row.solved for row in guessed)
    assert "a time average solves both at every lag" in in_one_line("docs/faq.md")


def test_of_the_newer_tasks_a_time_average_solves_two_and_random_weights_one(baselines, record):
    rows = [row for row in baselines if row.task not in {row.task for row in record}]
    always = {name: {row.task for row in rows if row.method == name} for name in ("time_average", "random_guessing")}
    for row in rows:
        if not row.solved:
            always[row.method].discard(row.task)
    assert always == {"time_average": {"adding_urnn", "distractors"}, "random_guessing": {"latch"}}
    until = f"with every seed up to lag {max(row.lag for row in rows)}"
    for said in ("distractors and adding with a mark in each half", "Random weights solve the latch"):
        assert f"{said}, {until}" in in_one_line("docs/faq.md")


def test_a_task_that_one_trial_begins_to_learn_is_not_one_of_chance():
    with loaded(ROOT / "docs/by_chance.py") as module:
        one = module.trials.read(module.STAGES[1])[0]
        xor = [replace(one, task="xor", wrong=wrong) for wrong in (0.5, 0.41, float("nan"))]
        adding = [replace(one, task="adding", wrong=wrong) for wrong in (0.84, 0.67)]
        assert module.unlearned([*xor, *adding]) == [(one.method, "xor")]


def test_an_established_reach_needs_every_seed_at_every_shorter_lag(doubts, record):
    one = record[0]
    rows = [row for seed, climb in enumerate(("sss", "sss", "sss", "sss", "sus")) for row in ladder(one, seed, climb)]
    rows += [row for seed in range(5) for row in ladder(one, seed, "ss-", method="hf")]
    assert doubts.reaches(rows) == {("clipping", "adding"): 30, ("hf", "adding"): 20}
    assert doubts.established_reaches(rows) == {("clipping", "adding"): 10, ("hf", "adding"): 20}
    text = doubts.sure_reaches(rows)
    assert text.startswith("Of the 2 reaches of the reference 1 are established as well: all 5 seeds solve")
    assert text.endswith("In brackets the reach and the established one: gradient clipping on adding (30, 10).")
