"""How the settings of a method were chosen: read off the suite of its rows, with no number of its own."""

import pytest

from longlag.design import chosen, tuned
from longlag.design.chosen import Chosen, Search
from longlag.store.designs import Design
from longlag.tables.tools.chosen import words
from test_docs import ROOT

RATE = "optimiser.learning_rate"
SEARCH = {"suite": "s", "candidates": 7, "seeds": [1, 2, 3], "lags": [20, 30], "passes": 2e5}
FROZEN = {
    "search": SEARCH,
    "methods": {"lstm": {"one": {RATE: 0.1, "init.times": 2}, "tasks": {"adding": {RATE: 0.2}, "copy": {}}}},
}
FOUND = Search(False, 7, 3, (20, 30), 2e5)


def of(given, name="lstm", method="lstm", **suite):
    return chosen.of(Design(name, suite), method, given)


def test_a_search_says_how_large_it_was_and_which_tasks_it_had():
    given = {"adding": [{RATE: 0.2}], "xor": [{RATE: 0.1}], "copy": [{}]}
    found = of(given, tuned=FROZEN)
    assert found == Chosen((FOUND,), tasks=2, one=1)
    assert words(found) == (
        "search: recipe and 7 candidates, 3 seeds, 2 tasks at lag 20 and 30, 200 k passes; 1 task with the one setting"
    )


def test_a_final_comes_after_its_search():
    final = {"suite": "f", "final_of": SEARCH, "seeds": [1], "lags": [100], "passes": 3e6}
    found = of({"adding": [{RATE: 0.2}]}, tuned={**FROZEN, "search": final})
    assert found == Chosen((FOUND, Search(True, None, 1, (100,), 3e6)), tasks=2)
    assert words(found).endswith("200 k passes; final: 1 seed, 2 tasks at lag 100, 3 M passes")


def test_the_rows_beside_a_tuned_method_have_the_one_setting_or_the_recipe():
    one = of({"adding": [{RATE: 0.1, "init.times": 2}], "copy": [{RATE: 0.1}]}, "lstm_one", tuned=FROZEN)
    assert one == Chosen((FOUND,), tasks=2, one=2)
    assert of({"adding": [{}]}, "lstm_recipe", tuned=FROZEN) == Chosen()


def test_settings_that_the_suite_gives_itself_are_by_hand():
    given = {"adding": [{RATE: 0.3}, {RATE: 0.3, "optimiser.batch": 5}]}
    found = of(given, tuned=FROZEN)
    assert found == Chosen((FOUND,), tasks=2, by_hand=("optimiser.batch", RATE))
    assert words(found).endswith(f"; by hand: optimiser.batch, {RATE}")
    assert of(given) == Chosen(by_hand=("optimiser.batch", RATE))
    assert words(of({"adding": [{RATE: 0.3}]}, "esn", "esn", tuned=FROZEN)) == f"by hand: {RATE}"


def test_a_variant_of_a_tuned_method_has_its_settings():
    assert of({"adding": [{RATE: 0.2}]}, "fast", tuned=FROZEN).searches == (FOUND,)


def test_what_was_not_searched_says_so():
    for found in (of({"adding": [{}]}), of({"adding": [{}]}, "esn", "esn", tuned=FROZEN)):
        assert words(found) == "not searched: values of its file"
    assert words(of({"adding": [{RATE: 0.3}]}, "lstm-03", search={"candidates": 3})) == "candidates of a search"


@pytest.mark.parametrize(
    "frozen", ["config/tuned/tuning.yaml", {}, {"search": {}}, {"search": {}, "methods": {"a": 1}}]
)
def test_what_is_not_known_stays_unknown(frozen):
    assert chosen.of(None, "lstm", {"adding": [{}]}) is None
    assert of({"adding": [{}]}, tuned=frozen) is None
    assert words(None) == "unknown"


def test_a_search_without_numbers_has_unknown_ones():
    found = of({"adding": [{RATE: 0.2}]}, tuned={**FROZEN, "search": {"suite": "s", "seeds": 2, "lags": "50"}})
    assert found == Chosen((Search(False, None, None, None, None),), tasks=2)
    assert (
        words(found) == "search: recipe and unknown candidates, unknown seeds, 2 tasks at lag unknown, unknown passes"
    )


@pytest.mark.parametrize("path", sorted((ROOT / "config/tuned").glob("*.yaml")), ids=lambda path: path.stem)
def test_the_frozen_files_of_the_package_leave_nothing_unknown(path):
    frozen = tuned.read(path)
    for method, of_method in frozen["methods"].items():
        given = {task: [values] for task, values in of_method["tasks"].items()}
        found = chosen.of(Design(method, {"tuned": frozen}), method, given)
        assert (found.tasks, found.one, found.by_hand) == (len(of_method["tasks"]), 0, ())
        first, *finals = found.searches
        search = frozen["search"].get("final_of", frozen["search"])
        assert (first.candidates, first.seeds) == (search["candidates"], len(search["seeds"]))
        assert [each.final for each in finals] == [True] * ("final_of" in frozen["search"])
        assert "unknown" not in words(found)
