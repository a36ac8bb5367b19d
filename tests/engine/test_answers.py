"""What tasks declare is what their sequences say; the bounds of a half-solved answer, by arithmetic."""

import math
from dataclasses import replace

import pytest

from longlag import registry
from longlag.engine import answers
from longlag.tasks.base import Baseline

TASKS = registry.names("tasks")


def with_(task, **values):
    traits = {name: values.pop(name) for name in ("input_mean", "target_mean") if name in values}
    return replace(task, traits=replace(task.traits, **traits), **values)


def declaring(task, **answer):
    return with_(task, baselines={**task.baselines, **answer})


@pytest.mark.parametrize("name", TASKS)
def test_what_a_task_of_the_package_declares_is_so(name):
    task = registry.get("tasks", name)
    for check in (answers.check_inputs, answers.check_targets, answers.check_constant, answers.check_half_solved):
        check(task)


@pytest.mark.parametrize(
    ("check", "changed", "said"),
    [
        (answers.check_inputs, {"input_mean": (0.4, 0.0)}, r"input_mean\[0\] is declared as 0.4, and is 0.5"),
        (answers.check_targets, {"target_mean": (0.0,)}, r"target_mean\[0\] is declared as 0, and is 0.5"),
        (answers.check_targets, {"target_mean": (0.5, 0.5)}, "target_mean has 2 numbers for 1 outputs"),
    ],
)
def test_wrong_means_of_real_numbers_are_found(check, changed, said):
    with pytest.raises(AssertionError, match=said):
        check(with_(registry.get("tasks", "adding"), **changed))


@pytest.mark.parametrize(
    ("name", "kind", "answer", "said"),
    [
        ("adding", "constant", Baseline("", 0.5, 1 / 24), "wrong on 50.0% of the sequences; .* is wrong on 8[345]"),
        ("adding", "constant", Baseline("", 0.8464, 1 / 12), "with a loss of 0.08333; .* has 0.04"),
        ("adding", "half_solved", Baseline("", 0.01, 0.08), "with that loss, it is wrong on"),
        ("temporal_order", "half_solved", Baseline("", 0.05, math.log(2)), "with that loss, it is wrong on 1"),
        ("memorization_5bit", "constant", Baseline("", 0.5, math.log(2)), "in 32 sequences, .* is wrong on 96.9%"),
    ],
)
def test_wrong_scores_are_found(name, kind, answer, said):
    check = answers.check_constant if kind == "constant" else answers.check_half_solved
    with pytest.raises(AssertionError, match=said):
        check(declaring(registry.get("tasks", name), **{kind: answer}))


@pytest.mark.parametrize("share", [0.05, 0.25, 0.6])
@pytest.mark.parametrize("classes", [3, 8])
def test_fano_is_sharp_for_an_answer_that_is_wrong_in_all_ways_alike(share, classes):
    entropy = -share * math.log(share / (classes - 1)) - (1 - share) * math.log(1 - share)
    assert answers._fano(entropy, math.log(classes)) == pytest.approx(share, abs=1e-9)
