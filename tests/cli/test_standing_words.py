"""What is said of recorded rows without the digest of today: by versions, by settings, and of what is not known."""

from fake_results import a_row
from longlag.cli import _standing
from longlag.engine.standing import Standing, Version, recipe

RATE = "method.parts.optimiser.learning_rate"


def row(method="esn", task="adding", **changes):
    return a_row(method=method, task=task, **changes)


def said(*pairs):
    """The sentences on rows, given with the standing of each."""
    return _standing.sentences([one for one, _ in pairs], {recipe(one): how for one, how in pairs})


def test_rows_of_today_need_no_words():
    assert said((row(), Standing())) == []
    assert _standing.older([row()], {recipe(row()): Standing()}) == frozenset()


def test_versions_count_over_methods_and_tasks():
    esn, task = Version("methods", "esn", 4, 5), Version("tasks", "adding", 1, 2)
    both = Standing((esn, task))
    one, twin, variant = row(seed=0), row(seed=1), row("esn-low", "xor")
    (sentence,) = said((one, both), (twin, both), (variant, Standing((esn,))), (row("lstm"), Standing()))
    assert sentence == (
        "Recorded rows of older code, which may give other numbers today: echo state network (version 4, now 5: "
        "3 rows) and adding (version 1, now 2: 2 rows)."
    )
    assert (
        "the protocol (version 1, now 2: 1 row)" in said((one, Standing((Version("protocol", "protocol", 1, 2),))))[0]
    )


def test_settings_are_named_with_the_tasks_and_both_values():
    faster = Standing(settings=((RATE, 0.1, 0.5),))
    rows = [(row("lstm", "adding", seed=seed), faster) for seed in range(2)]
    (sentence,) = said(*rows, (row("lstm", "xor"), faster), (row("lstm", "temporal_order"), Standing()))
    assert sentence == (
        "Recorded rows with other settings than the same version has now, which may give other numbers today: "
        "LSTM on XOR and adding (optimiser.learning_rate 0.1, now 0.5: 3 rows)."
    )
    other = Standing(
        settings=((RATE, 0.2, 0.5), ("method.source", "a", "b"), ("spec_hash", "a", "b"), ("x", 1, [2] * 99))
    )
    (sentence,) = said(*rows, (row("lstm", "xor"), other))
    changes = "optimiser.learning_rate with other values, the file of the plug-in was edited, "
    assert changes + "the digest is not that of the row's own settings and 1 more: 3 rows" in sentence
    many = [(row("lstm", task), faster) for task in ("adding", "xor", "copy", "parity")]
    assert "LSTM on 4 tasks (" in said(*many)[0]


def test_rows_that_cannot_be_judged_say_why_in_a_line():
    killed, long = Standing(unknown="its job\nwas killed"), Standing(unknown="why " * 100)
    first, second = said((row("lstm"), killed), (row("hf"), long))[0].split(" and LSTM ")
    assert second == r"(1 row: its job\nwas killed)."
    assert first.startswith("Recorded rows without a digest that can be worked out today, so nobody knows whether")
    assert first.endswith("...)")
    assert len(first) < 400


def test_each_pair_of_task_and_lag_is_marked_alone():
    old = Standing(settings=((RATE, 0.1, 0.5),))
    rows = [row("lstm", lag=10), row("lstm", lag=20), row("lstm", lag=30)]
    known = dict(zip(map(recipe, rows), [old, Standing(), Standing(unknown="killed")], strict=True))
    assert _standing.older(rows, known) == {("lstm", "adding", 10)}
