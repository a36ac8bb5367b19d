"""Verdicts on made-up rows: each of the five, by each part of the rule; and which candidate is chosen."""

import math

import pandas as pd
import pytest

from longlag.analysis import paper_claims, papers, published, stats
from longlag.analysis.papers import BETTER, NOT_COMPARABLE, NOT_RUN, REPRODUCED, WORSE
from longlag.design import stages
from longlag.design.collect import error_row
from longlag.design.job import Job
from longlag.errors import LonglagError
from longlag.store.records import Point, Row
from longlag.tables.tools.papers import load, measured

JOB = Job("arm", "adding", 0, ("adding",), (80,), range(9), 1.5e7, None, "cpu", {}, ())


def rows(errors, budget=1.5e7, status="budget", **columns):
    """A row per test error of the condition of `JOB`, seed 0 first."""
    found = []
    for seed, error in enumerate(errors):
        row = vars(error_row(JOB, ("adding", "arm", 80, seed), ""))
        known = {"status": status, "test_error": error, "test_symbol_error": error, "budget": budget, "seconds": 2.0}
        found.append(Row(**{**row, **known, **columns}))
    return stats.frame(Row, found)


def verdict(value, errors, metric="share_wrong", of=(), **columns):
    of = dict(of)
    found = papers.judge(value, metric, papers.measure(rows(errors, **columns), metric, of.get("symbols", 1)), of)
    assert found.verdict in papers.VERDICTS
    return found


@pytest.mark.parametrize(
    ("value", "errors", "expected"),
    [
        (0.4, [0.25, 0.5], REPRODUCED),  # within the range of ours
        (0.4, [0.39, 0.75], REPRODUCED),
        (0.4, [0.21], REPRODUCED),  # one seed has no range, but is within a factor of two
        (0.4, [0.79], REPRODUCED),
        (0.00025, [0.006, 0.008], REPRODUCED),  # both solve the task
        (0.4, [0.1, 0.12], BETTER),
        (0.4, [0.85, 0.95], WORSE),
        (0.00025, [0.5, 0.6], WORSE),
        (0.5, [0.0, 0.0], BETTER),
    ],
)
def test_a_number_is_reproduced_better_or_worse(value, errors, expected):
    assert verdict(value, errors).verdict == expected


@pytest.mark.parametrize(
    ("value", "errors", "expected"),
    [
        (0.48, [0.82, 0.88], WORSE),  # within a factor of two, but nothing is learned
        (0.48, [0.705, 0.709], WORSE),  # nor here: what they are better by is chance
        (0.48, [0.69, 0.69], REPRODUCED),
        (0.48, [0.46, 0.88], REPRODUCED),  # one of the two learns, and their mean is better than the constant
        (0.84, [0.88, 0.89], REPRODUCED),  # neither learns
        (0.70, [0.72, 0.72], REPRODUCED),  # nor here: two constants on two test sets
    ],
)
def test_a_number_is_not_reproduced_by_runs_that_are_no_better_than_a_constant(value, errors, expected):
    assert verdict(value, errors, constant_error=0.71).verdict == expected


def test_wrong_symbols_are_counted_in_the_papers_unit():
    found = papers.measure(rows([0.1, 0.3]), "wrong_symbols", 10)
    assert found.values == pytest.approx((1.0, 3.0))
    assert found.mean == pytest.approx(2.0)
    assert verdict(8.0, [0.8, 0.81], "wrong_symbols", {"symbols": 10}).verdict == REPRODUCED
    assert verdict(0.00005, [0.009], "wrong_symbols", {"symbols": 10}).verdict == REPRODUCED, "0.09 of 10 symbols"
    assert verdict(0.00005, [0.02], "wrong_symbols", {"symbols": 10}).verdict == WORSE


def test_what_was_not_run_says_so():
    assert papers.judge(0.4, "share_wrong", papers.Measured(), {}).verdict == NOT_RUN
    assert papers.judge(math.nan, "share_wrong", papers.Measured(), {}, published=False).verdict == NOT_RUN


@pytest.mark.parametrize(
    ("of", "columns", "why"),
    [
        ({"not_comparable": "another criterion"}, {}, "another criterion"),
        ({}, {"status": "error"}, "2 of 2 runs ended with error"),
        ({}, {"status": "timeout"}, "2 of 2 runs ended with timeout"),
        (
            {"passes": 1.5e7},
            {"budget": 1e6},
            "worse, but ours trained for 1 million passes at most, the paper's for up to 15 million",
        ),
        (
            {"passes": 1.5e7},
            {"solved": True, "status": "solved", "passes": 2.5e6},
            "worse, but ours trained for 2.5 million passes at most, the paper's for up to 15 million",
        ),
    ],
)
def test_what_is_not_comparable_says_why(of, columns, why):
    found = verdict(0.1, [0.8, 0.9], of=of, **columns)
    assert (found.verdict, found.why) == (NOT_COMPARABLE, why)


def test_a_smaller_budget_excuses_no_better_number():
    assert verdict(0.8, [0.1], of={"passes": 1.5e7}, budget=1e6).verdict == BETTER


def test_the_same_budget_excuses_no_worse_number():
    assert verdict(0.1, [0.8, 0.9], of={"passes": 1.5e7}, budget=1.5e7).verdict == WORSE


def test_a_fact_in_words_and_none_at_all_are_not_comparable():
    measured = papers.measure(rows([0.5]), "words")
    assert papers.judge(math.nan, "words", measured, {}).why == "words are published, and no number"
    assert papers.judge(math.nan, "share_wrong", measured, {}, False).why == "no published number could be read"


def test_a_diverged_run_has_everything_wrong():
    assert papers.measure(rows([0.02], status="diverged"), "share_wrong").values == (1.0,)


@pytest.mark.parametrize(
    ("solved", "expected"), [([1, 1, 1, 1, 1], REPRODUCED), ([1, 1, 0, 0, 0], WORSE), ([0, 0, 0], WORSE)]
)
def test_all_runs_solved_is_compared_with_the_interval_of_ours(solved, expected):
    table = rows([0.5] * len(solved)).assign(solved=[bool(one) for one in solved])
    assert papers.judge(100.0, "success_percent", papers.measure(table, "success_percent"), {}).verdict == expected


def test_two_of_five_is_surpassed_by_all_of_nine():
    table = rows([0.0] * 9).assign(solved=True)
    assert papers.judge(40.0, "success_percent", papers.measure(table, "success_percent"), {}).verdict == BETTER


def test_a_share_that_no_outcome_could_contradict_is_not_reproduced():
    for solved in range(3):
        table = rows([0.5] * 2).assign(solved=[i < solved for i in range(2)])
        found = papers.judge(40.0, "success_percent", papers.measure(table, "success_percent"), {})
        assert (found.verdict, found.why) == (NOT_COMPARABLE, "2 runs cannot contradict 40 %")


def test_solved_up_to_a_lag_asks_for_half_of_the_runs():
    table = rows([0.5] * 4)
    for solved, expected in ((2, REPRODUCED), (1, WORSE)):
        found = papers.measure(table.assign(solved=[i < solved for i in range(4)]), "longest_solved")
        assert papers.judge(200.0, "longest_solved", found, {}).verdict == expected


def test_a_run_that_was_not_to_stop_counts_as_solved_by_its_test():
    for spec, solved in (('{"stop": "budget"}', 1), ("{}", 0)):
        assert papers.measure(rows([0.005, 0.2], spec=spec), "success_percent").solved == solved


def test_sequences_to_the_criterion_are_a_mean_over_those_that_met_it():
    table = rows([0.0] * 3).assign(solved=[True, True, False], passes_to_solve=[3e5, 9e5, math.nan])
    found = papers.measure(table, "sequences")
    assert found.mean == pytest.approx(2e5), "three passes a sequence"
    assert papers.judge(1e6, "sequences", found, {}).verdict == WORSE, "one did not meet it"
    always = papers.measure(table.head(2), "sequences")
    assert always.mean == found.mean
    assert papers.judge(1.1e5, "sequences", always, {}).verdict == REPRODUCED
    assert papers.judge(1e6, "sequences", always, {}).verdict == BETTER
    assert papers.judge(1e4, "sequences", always, {}).verdict == WORSE


def test_a_wide_range_of_runs_reproduces_no_number_that_is_far_from_their_mean():
    apart = papers.measure(rows([0.0, 0.0, 0.0, 1.0]), "share_wrong")
    assert (apart.low, apart.high, apart.mean) == (0, 1, 0.25)
    assert papers.judge(0.03, "share_wrong", apart, {}).verdict == REPRODUCED
    assert papers.judge(0.0008, "share_wrong", apart, {}).verdict == WORSE, "one run of four is all wrong"
    assert papers.judge(0.02, "share_wrong", apart, {}).verdict == WORSE, "a factor of 12.5"


def test_a_speedup_is_seed_by_seed_and_unsolved_counts_its_budget():
    ours = rows([0.0, 0.0, 0.5]).assign(solved=[True, True, False], passes_to_solve=[1e5, 2e5, math.nan])
    other = rows([0.0, 0.5, 0.0]).assign(solved=[True, False, True], passes_to_solve=[7e5, math.nan, 1e5])
    found = papers.speedup(ours, other.assign(budget=1e6))
    assert found.values[:2] == pytest.approx((7.0, 5.0))
    assert math.isnan(found.values[2])
    assert papers.judge(7.0, "speedup", found, {}).verdict == REPRODUCED
    assert papers.judge(1.2, "speedup", found, {}).verdict == BETTER
    bound = papers.judge(30.0, "speedup", found, {})
    assert (bound.verdict, bound.why) == (NOT_COMPARABLE, "the other method did not get there in 1 of 3 runs")
    always = papers.speedup(ours, other.assign(solved=True, passes_to_solve=1e6))
    assert papers.judge(30.0, "speedup", always, {}).verdict == WORSE
    rarely = papers.speedup(ours.assign(solved=[True, False, False]), other)
    assert papers.judge(1.2, "speedup", rarely, {}).verdict == NOT_COMPARABLE
    lost = papers.speedup(ours.assign(solved=False), other.assign(solved=True))
    assert papers.judge(1.2, "speedup", lost, {}).verdict == WORSE


def speed(ours, other, **of):
    """The only cell of a page, a speedup, and its text. ours, other: rows, seed 0 first."""
    cell = {"task": "adding", "method": "arm", "lag": 80, "metric": "speedup", "against": "other", **of}
    page = {"tables": [{"rows": [{"label": "r", **cell}], "columns": [{"label": "c"}]}]}
    runs = pd.concat([ours, other.assign(method="other")])
    points = [
        Point("adding", 80, method, seed, passes, 0, 0.0, 0.0, loss, 0.0)
        for method, seed in zip(runs.method, runs.seed, strict=True)
        if (method, seed) != ("arm", 2)
        for passes, loss in ((1e5, 0.5), (2e5 if method == "arm" else 8e5, 0.01), (9e5, 0.4 if seed else 0.001))
    ]
    (found,) = papers.cells("x", page, published.load(), runs, stats.frame(Point, points)).to_dict("records")
    return found, measured(found).replace("\u00a0", " ")


def test_a_speedup_that_is_a_lower_bound_says_so():
    ours = rows([0.0, 0.0]).assign(solved=True, passes_to_solve=[1e5, 2e5])
    other = rows([0.0, 0.5], budget=1e6).assign(solved=[True, False], passes_to_solve=[4e5, math.nan])
    assert speed(ours, other)[1] == "at least 4.5 [4, 5], n = 2"
    assert speed(ours, other.assign(solved=True, passes_to_solve=4e5))[1] == "3 [2, 4], n = 2"
    lost = ours.assign(solved=[True, False])
    assert speed(lost, other)[1] == "at least 4, criterion met by 1 of 2"
    assert speed(ours.assign(solved=False), other)[1] == "criterion met by 0 of 2"


@pytest.mark.parametrize("status", ["error", "timeout"])
def test_a_run_of_the_other_method_that_broke_is_no_bound_of_a_speedup(status):
    ours = rows([0.0, 0.0]).assign(solved=True, passes_to_solve=1e5)
    other = rows([0.0, math.nan], budget=1e6).assign(solved=[True, False], passes_to_solve=[4e5, math.nan])
    other.loc[1, "status"] = status
    found, text = speed(ours, other)
    assert (found["values"][0], text, found["bounds"]) == (4.0, "4, n = 2", 0)
    assert papers.judge(4.0, "speedup", papers.speedup(ours, other), {}).why == f"1 of 2 runs ended with {status}"
    diverged = papers.speedup(ours, other.assign(status="diverged"))
    assert (diverged.values, diverged.bounds) == ((4.0, 10.0), 1), "which will never solve"


def test_a_speedup_may_be_to_a_loss_of_the_curves():
    runs = rows([0.5] * 3, budget=2e6)
    found, text = speed(runs, runs, below=0.1)
    assert (found["values"], found["solved"], text) == ((4.0, 4.0), 2, "4 [4, 4], n = 2"), "seed 2 has no curve"
    assert speed(runs, runs, below=0.005)[1] == "at least 1, criterion met by 1 of 2"
    with pytest.raises(LonglagError, match="below is for a speedup alone; leave it out of row 'r'"):
        speed(runs, runs, below=0.1, metric="share_wrong")


def test_a_cell_may_be_of_a_lag_that_runs_of_another_were_tested_at():
    cell = {"task": "temporal_order", "method": "arm", "lag": 500, "run_task": "adding", "run_lag": 80}
    page = {"tables": [{"rows": [{"label": "r", **cell}], "columns": [{"label": "c", "metric": "share_wrong"}]}]}
    tested = rows([0.3, 0.5, 0.4], test_error_by_lag='{"100": 0.7, "500": 0.25}')
    tested.loc[2, "test_error_by_lag"] = ""
    (found,) = papers.cells("x", page, published.load(), tested).to_dict("records")
    assert (found["values"], found["solved"]) == ((0.25, 0.25), 0)
    assert (
        papers.measure(papers.tested_at(tested.assign(test_error_by_lag='{"9": 0.01}'), 9), "share_wrong").solved == 3
    )
    assert (found["n"], found["lag"], found["task"]) == (2, 500, "temporal_order")


def test_a_run_that_diverged_was_wrong_at_every_lag_that_it_was_to_be_tested_at():
    tested = rows([0.0, 0.5, 0.5], test_error_by_lag='{"500": 0.0}')
    tested.loc[1:, ["status", "test_error_by_lag"]] = ["diverged", ""]
    found = papers.measure(papers.tested_at(tested, 500), "share_wrong")
    assert (found.values, found.solved) == ((0.0, 1.0, 1.0), 1)
    broken = papers.measure(papers.tested_at(tested.assign(status="error"), 500), "share_wrong")
    assert papers.judge(0.0, "share_wrong", broken, {}).verdict == NOT_COMPARABLE


@pytest.mark.parametrize("key", ["task", "method", "lag", "metric", "against"])
def test_a_cell_of_a_page_that_lacks_a_key_is_named(key):
    cell = {"task": "adding", "method": "arm", "lag": 80, "metric": "speedup", "against": "other"}
    del cell[key]
    page = {"tables": [{"rows": [{"label": "r", **cell}], "columns": [{"label": "c"}]}]}
    with pytest.raises(LonglagError, match=f"has no {key}: table 1, row 'r', column 'c'; give it to"):
        papers.cells("x", page, published.load(), rows([0.1]))


def test_a_cell_without_a_number_reproduces_nothing():
    found = papers.measure(rows([math.nan] * 3, status="not_attempted"), "share_wrong")
    assert papers.judge(0.005, "share_wrong", found, {}).verdict == WORSE


def test_cells_join_the_page_with_facts_and_runs():
    facts = published.load()
    page = {
        "tables": [
            {
                "title": "t",
                "all": {"lag": 80, "metric": "share_wrong"},
                "rows": [{"label": "adding", "task": "adding"}],
                "columns": [{"label": "0", "method": "arm", "fact": "momentum_0"}, {"label": "x", "method": "other"}],
            }
        ]
    }
    found = papers.cells("sutskever2013", page, facts, rows([0.3, 0.5]))
    one, other = found.to_dict("records")
    assert (one["value"], one["verdict"], one["n"], one["seconds"]) == (0.39, REPRODUCED, 2, 4.0)
    assert facts.iloc[one["fact"]].value == "0.39"
    assert (other["fact"], other["verdict"]) == (-1, NOT_RUN)
    assert paper_claims.tally(found) == {REPRODUCED: 1, BETTER: 0, WORSE: 0, NOT_COMPARABLE: 0, NOT_RUN: 1}


def test_the_order_of_columns_is_spearmans():
    assert paper_claims.spearman([1, 2, 3], [10, 20, 15]) == pytest.approx(0.5)
    assert paper_claims.spearman([1, 2, 3, 4], [4, 3, 2, 1]) == pytest.approx(-1.0)
    assert math.isnan(paper_claims.spearman([1, 2], [1, 2]))
    cells = pd.DataFrame(
        {
            "table": 0,
            "row": 0,
            "row_label": "r",
            "value": [0.4, 0.2, 0.1],
            "mean": [0.5, 0.3, 0.2],
            "seeds": [(0, 1), (0, 1), (1, 0)],
            "values": [(0.6, 0.4), (0.3, 0.3), (0.2, 0.2)],
        }
    )
    (line,) = paper_claims.orders(cells).itertuples()
    assert (line.n, line.rho, line.low, line.high) == (3, 1.0, 1.0, 1.0)
    mixed = cells.assign(values=[(0.1, 0.9), (0.3, 0.3), (0.2, 0.2)])
    (line,) = paper_claims.orders(mixed).itertuples()
    assert (line.rho, line.low, line.high) == (1.0, -0.5, 1.0), "seed 0 alone orders the columns otherwise"


CELLS = pd.DataFrame(
    {
        "table": 0,
        "row": [0, 0, 1, 1],
        "task": ["adding", "adding", "xor", "xor"],
        "lag": [80, 80, 80, 80],
        "method": ["a", "b", "a", "b"],
        "symbols": 1,
        "n": 2,
        "solved": [2, 0, 1, 0],
        "mean": [0.002, 0.5, 0.3, 0.4],
        "most": 1e6,
    }
)


@pytest.mark.parametrize(
    ("claim", "cells", "expected"),
    [
        ({"best": "a"}, CELLS, ("holds", "true in 2 of 2 rows")),
        ({"best": "b"}, CELLS, ("does not hold", "true in 0 of 2 rows")),
        ({"best": "b"}, CELLS.assign(mean=[0.002, 0.003, 0.4, 0.4]), ("holds", "true in 2 of 2 rows")),  # both solve: a tie
        ({"best": "a"}, CELLS.assign(n=[2, 2, 2, 0]), ("undecided", "so far true in 1 of 1 row")),
        ({"best": "a"}, CELLS.assign(n=0), ("undecided", "")),
        ({"best": "a"}, CELLS.assign(method=["a", "b", "b", "c"]), ("holds", "true in 1 of 1 row")),  # one row is of others
        ({"best": "a"}, CELLS.assign(mean=math.nan), ("does not hold", "true in 0 of 2 rows")),  # nobody met the criterion
        ({"solved": True, "task": "adding", "lags": [80], "methods": ["a"]}, CELLS, ("holds", "true in 1 of 1 cell")),
        ({"solved": True, "task": "xor", "lags": [80], "methods": ["a"]}, CELLS, ("holds", "true in 1 of 1 cell")),
        ({"solved": True, "task": "xor", "lags": [80], "methods": ["a", "b"]}, CELLS, ("does not hold", "true in 1 of 2 cells")),
        ({"solved": True, "task": "xor", "lags": [80], "methods": ["a", "b"], "passes": 1e6}, CELLS,
         ("does not hold", "true in 1 of 2 cells")),
        ({"solved": True, "task": "xor", "lags": [80], "methods": ["a", "b"], "passes": 2e6}, CELLS,
         ("undecided", "so far true in 1 of 2 cells")),
        ({"solved": False, "task": "xor", "lags": [80], "methods": ["a", "b"], "passes": 2e6}, CELLS,
         ("does not hold", "true in 0 of 1 cell")),
        ({"solved": False, "task": "xor", "lags": [80], "methods": ["b"]}, CELLS, ("holds", "true in 1 of 1 cell")),
        ({"solved": False, "task": "xor", "lags": [80, 90], "methods": ["b"]}, CELLS, ("undecided", "so far true in 1 of 2 cells")),
        ({"solved": True, "task": "xor", "lags": [80], "methods": ["a"]}, CELLS.assign(n=0), ("undecided", "")),
        ({}, CELLS, ("undecided", "")),
    ],
)  # fmt: skip
def test_a_claim_holds_or_not_or_is_undecided(claim, cells, expected):
    found = paper_claims.judge_claim(cells, claim)
    assert (found.verdict, found.why) == expected


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({}, ("holds", "true in 1 of 1 cell")),
        ({"mean": 3.4}, ("does not hold", "true in 0 of 1 cell")),
        ({"mean": 3.4, "bounds": 1}, ("undecided", "")),
        ({"bounds": 2}, ("holds", "true in 1 of 1 cell")),
        ({"mean": math.nan, "solved": 0}, ("does not hold", "true in 0 of 1 cell")),
        ({"mean": math.nan, "solved": 0, "bounds": 2}, ("undecided", "")),
        ({"n": 0}, ("undecided", "")),
        ({"metric": "share_wrong"}, ("undecided", "")),
        ({"endings": [("error", "solved")]}, ("undecided", "")),
    ],
)
def test_a_claim_of_speed_is_decided_by_a_speedup_or_a_bound_that_is_enough(changed, expected):
    cell = {
        "task": "adding",
        "lag": 750,
        "method": "a",
        "metric": "speedup",
        "n": 2,
        "solved": 2,
        "mean": 3.5,
        "bounds": 0,
    }
    cells = pd.DataFrame({**cell, "endings": [("solved", "solved")], **changed})
    again = cells.assign(mean=1.0, bounds=0)  # of the same cell to another criterion
    claim = {"faster": 3.5, "task": "adding", "lags": [750], "methods": ["a"]}
    found = paper_claims.judge_claim(pd.concat([cells, again]), claim)
    assert (found.verdict, found.why) == expected


@pytest.mark.parametrize("paper", stages.names())
def test_every_fact_of_a_paper_has_a_cell_and_none_has_two_tables(paper):
    facts = published.load()
    own = facts[facts.paper == paper]
    cells = load(paper).cells
    shown = cells[cells.fact >= 0]
    assert {*shown.fact} == {*own.index}, "each fact of the paper's that the package states has a verdict"
    assert set(cells.verdict) <= set(papers.VERDICTS)


def test_published_facts_are_unique_and_of_known_standing():
    facts = published.load()
    of_papers = facts[facts.paper != ""]
    assert not of_papers.duplicated(["paper", "task", "arm", "lag", "metric"]).any()
    assert set(facts.standing) == {"verified", "second-hand"}
    assert len(facts[facts.place == "Table 5"]) == 32, "4 problems x 8 columns of Sutskever et al. 2013"
