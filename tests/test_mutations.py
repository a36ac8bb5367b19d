"""Golden numbers catch changed formulas: some of the mutations, and that every file of formulas has one.

The whole table: `python tests/mutations.py`.
"""

import pytest

from mutations import MUTATIONS, PACKAGE, Mutation, mutated

SOME = ("Adam epsilon", "HF reduction ratio", "CG stopping", "LSTM fused", "chrono input gate", "numbers of batches")
WITHOUT_FORMULAS = {"__init__.py", "base.py", "_ranged.py"}  # the last puts sequences of others together


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda mutation: mutation.kind)
def test_text_to_mutate_is_in_the_code_once(mutation):
    assert mutation.new in mutation.text()


def test_kinds_are_distinct():
    assert len({mutation.kind for mutation in MUTATIONS}) == len(MUTATIONS)


@pytest.mark.parametrize("folder", ["optimisers", "cells", "inits", "tasks"])
def test_every_file_of_formulas_has_a_mutation(folder):
    files = {f"{folder}/{path.name}" for path in (PACKAGE / folder).glob("*.py") if path.name not in WITHOUT_FORMULAS}
    missing = files - {mutation.file for mutation in MUTATIONS}
    assert not missing, "give it a mutation in tests/mutations.py"


@pytest.mark.slow
@pytest.mark.parametrize("kind", SOME)
def test_changed_formula_is_caught_by_numbers(kind):
    (mutation,) = (m for m in MUTATIONS if m.kind == kind)
    result = mutated(mutation)
    assert result.caught, result.crashes


@pytest.mark.slow
@pytest.mark.parametrize(
    "mutation",
    [
        Mutation("same numbers", "optimisers/sgd.py", "tree.axpy(-self.learning_rate, ", "tree.axpy(0 - self.learning_rate, "),
        Mutation("crash", "optimisers/sgd.py", "loss, gradient = draw", "loss, gradients = draw"),
    ],
    ids=lambda mutation: mutation.kind,
)  # fmt: skip
def test_same_numbers_and_crashes_are_not_caught(mutation):
    result = mutated(mutation)
    assert not result.caught
    assert bool(result.crashes) == (mutation.kind == "crash")


def test_text_that_is_not_there_is_refused():
    with pytest.raises(ValueError, match=r"optimisers/sgd.py has 'theta' \d times, not once"):
        Mutation("lost", "optimisers/sgd.py", "theta", "phi").text()
