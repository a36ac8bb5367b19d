"""The estimate: recorded costs for what is known, whole budgets for what is not."""

import json
import math
import re
from dataclasses import replace
from pathlib import Path

import pytest

from fake_results import a_row
from longlag import cli, registry
from longlag.design import footprints, suite
from longlag.design.estimate import (
    MEMORY_FACTOR,
    PROCESS_SECONDS,
    RUNTIME_FACTOR,
    SNAKEMAKE_MEGABYTES,
    STARTUP_MINUTES,
    UNKNOWN_MEGABYTES,
    UNKNOWN_MINUTES,
    Cost,
    Need,
    Record,
    estimate,
    longest,
    total,
)
from longlag.design.suite import read
from longlag.errors import LonglagError
from longlag.rng import stream
from longlag.store.records import write_rows

CONFIG = {"suite": "s", "seeds": "0:2", "lags": [20, 50], "budget": 1e6, "seeds_per_job": 2,
          "cells": [{"methods": ["hf"], "tasks": ["adding"]}]}  # fmt: skip


def row(**changes):
    known = {"task": "adding", "method": "hf", "status": "solved", "solved": True, "passes": 5e5, "budget": 1e6,
             "updates": 100, "seconds": 10.0}  # fmt: skip
    return a_row(**(known | changes))


def cost(rows, **changes):
    (found,) = estimate(suite.parse(CONFIG | changes), rows)
    return found


def test_a_variant_costs_what_its_method_costs_and_that_is_a_guess():
    rows = [row(lag=lag) for lag in (20, 50)]
    variant = {"methods": {"hf-fast": {"from": "hf", "optimiser.damping.start": 0.1}},
               "cells": [{"methods": ["hf-fast"], "tasks": ["adding"]}]}  # fmt: skip
    plain, guess = cost(rows), cost(rows, **variant)
    assert (plain.guessed, guess.guessed) == (0, pytest.approx(plain.known - PROCESS_SECONDS))
    own = cost([*rows, *(row(lag=lag, method="hf-fast", seconds=99.0) for lag in (20, 50))], **variant)
    assert (own.guessed, own.known) == (0, pytest.approx(PROCESS_SECONDS + 2 * 2 * 99.0))


def test_the_range_of_a_variant_without_rows_has_no_deviation_of_its_method():
    rows = [row(lag=lag, seed=seed, seconds=10.0 + 40 * seed) for lag in (20, 50) for seed in range(3)]
    variant = {"methods": {"hf-fast": {"from": "hf"}}, "cells": [{"methods": ["hf-fast"], "tasks": ["adding"]}]}
    assert cost(rows).spread > 0
    guess = cost(rows, **variant)
    assert guess.spread == 0
    assert (guess.low, guess.high) == (PROCESS_SECONDS, PROCESS_SECONDS + guess.most)
    own = [*rows, *(row(lag=20, seed=seed, method="hf-fast", seconds=10.0 + 40 * seed) for seed in range(3))]
    assert cost(own, **variant).spread > 0


@pytest.mark.parametrize(("hidden", "factor"), [(64, 4.0), (32, 1.0), (8, 1.0)])
def test_a_variant_with_more_units_costs_as_their_squares(hidden, factor):
    spec = json.dumps({"method": {"name": "hf", "parts": {"cell": {"hidden": 32, "part": "Tanh"}}}})
    rows = [row(lag=lag, spec=spec) for lag in (20, 50)]
    cells = [{"methods": ["hf-wide"], "tasks": ["adding"]}]
    same = {"methods": {"hf-wide": {"from": "hf"}}, "cells": cells}
    wide = {"methods": {"hf-wide": {"from": "hf", "cell.hidden": hidden}}, "cells": cells}
    assert cost(rows, **wide).guessed == pytest.approx(factor * cost(rows, **same).guessed)
    jobs = [suite.parse(CONFIG | each).jobs[0] for each in (same, wide)]
    base, dear = (Record(rows).expected(job) - PROCESS_SECONDS for job in jobs)
    assert dear == pytest.approx(factor * base)
    own = [*rows, *(row(lag=lag, spec=spec, method="hf-wide", seconds=99.0) for lag in (20, 50))]
    assert cost(own, **wide).known == pytest.approx(PROCESS_SECONDS + 2 * 2 * 99.0)


def test_runs_that_are_taken_cost_nothing():
    rows = [row(lag=20, seconds=10.0), row(lag=50, seconds=20.0)]
    plan = suite.parse(CONFIG)
    (rest,) = estimate(plan, rows, {("adding", "hf", 20, 0), ("adding", "hf", 50, 0), ("adding", "hf", 20, 1)})
    assert (rest.runs, rest.known) == (1, pytest.approx(PROCESS_SECONDS + 20.0))
    (none,) = estimate(plan, rows, {("adding", "hf", lag, seed) for lag in (20, 50) for seed in (0, 1)})
    assert (none.runs, none.known, none.guessed) == (0, PROCESS_SECONDS, 0)


def test_known_runs_cost_what_they_cost():
    found = cost(
        [row(lag=20), row(lag=20, seconds=20.0), row(lag=50, status="budget", solved=False, passes=1e6, seconds=40.0)]
    )
    assert found.seconds == pytest.approx(PROCESS_SECONDS + 2 * 15 + 2 * 40)
    assert (found.guessed, found.jobs, found.runs) == (0, 1, 4)


def test_a_row_that_is_in_two_files_counts_once():
    once = [row(seed=seed, seconds=10.0 * seed, solved=False, passes_to_solve=float("nan")) for seed in (0, 1, 2)]
    again = [replace(each, passes_to_solve=float(str(each.passes_to_solve))) for each in once]  # another NaN
    assert cost([*once, *again]) == cost(once)


def test_another_budget_cuts_and_stretches_only_what_it_would():
    rows = [row(lag=20, passes=8e5, seconds=8.0), row(lag=50, status="budget", solved=False, passes=1e6, seconds=40.0)]
    assert cost(rows, budget=4e5).seconds == pytest.approx(PROCESS_SECONDS + 2 * 4 + 2 * 16)
    assert cost(rows, budget=2e6).seconds == pytest.approx(PROCESS_SECONDS + 2 * 8 + 2 * 80)


def test_what_was_not_attempted_costs_nothing():
    rows = [row(lag=20), row(lag=50), row(lag=50, status="not_attempted", passes=0.0, seconds=0.0)]
    assert cost(rows).seconds == pytest.approx(PROCESS_SECONDS + 2 * 10 + 2 * 5)


def test_unknown_runs_are_guessed_in_proportion_to_passes_and_lag():
    found = cost([row(lag=20, passes=5e5, seconds=10.0)])
    assert found.guessed == pytest.approx(2 * 10 * (1e6 / 5e5) * (50 / 20))
    of_others = cost([row(lag=20, passes=5e5, seconds=10.0, method="lstm")])
    assert of_others.guessed == pytest.approx(2 * 10 * (1e6 / 5e5) * (20 + 50) / 20)
    assert cost([]).seconds == PROCESS_SECONDS


def test_a_timeout_ends_dear_runs():
    rows = [row(lag=20, seconds=10.0), row(lag=50, seconds=70.0)]
    assert cost(rows, timeout=30).seconds == pytest.approx(PROCESS_SECONDS + 2 * 10 + 2 * 30)
    assert cost(rows[:1], timeout=30).guessed == pytest.approx(2 * 30)


def test_the_range_is_that_of_the_sum_over_new_seeds():
    """By hand: ladders cost 30 and 50 s, variance 200; of 2 seeds 200 (2^2 / 2 + 2) = 800."""
    rows = [
        row(lag=lag, seed=seed, seconds=s)
        for seed, lag, s in [(0, 20, 10.0), (0, 50, 20.0), (1, 20, 20.0), (1, 50, 30.0)]
    ]
    found = cost(rows)
    assert found.seconds == pytest.approx(PROCESS_SECONDS + 2 * 40)
    assert found.high - found.seconds == pytest.approx(2 * 800**0.5)
    assert found.low == pytest.approx(found.seconds - 2 * 800**0.5)
    assert cost([row(lag=20), row(lag=50)]).high == cost([row(lag=20), row(lag=50)]).seconds


def test_a_guess_may_come_to_nothing():
    found = cost([row(lag=20, passes=5e5, seconds=10.0)])
    assert (found.low, found.high) == (found.seconds - found.guessed, found.seconds)


def test_the_range_holds_what_new_seeds_then_cost():
    """What seeds cost is drawn at random: about 95 % of the sums over new seeds are in the range."""
    random, inside = stream(0, "estimate"), 0
    for _ in range(300):
        spent = random.exponential(size=(12, 2)) + 1
        rows = [
            row(lag=lag, seed=seed, seconds=s)
            for seed, both in enumerate(spent[:10])
            for lag, s in zip((20, 50), both, strict=True)
        ]
        found = cost(rows)
        inside += found.low <= PROCESS_SECONDS + spent[10:].sum() <= found.high
    assert 0.88 < inside / 300 < 1


def test_the_total_adds_deviations_as_independent_and_guesses_in_full():
    found = total([Cost("a", 1, 2, 100.0, 0.0, 0.0, 30.0), Cost("b", 1, 2, 50.0, 50.0, 60.0, 40.0)])
    assert found == Cost("total", 2, 4, 150.0, 50.0, 60.0, 50.0)
    assert (found.seconds, found.low, found.high) == (200.0, 100.0, 260.0)


def test_seeds_that_would_have_left_the_ladder_are_no_part_of_a_guess():
    """By hand: of two seeds one failed at 20 and 50 and leaves, the other failed at 50 alone and leaves after 100."""
    ends = {(20, 0): False, (50, 0): False, (20, 1): True, (50, 1): False}
    rows = [
        row(lag=lag, seed=seed, solved=solved, passes=1e6, seconds=float(lag)) for (lag, seed), solved in ends.items()
    ]
    found = cost(rows, lags=[20, 50, 100, 200])
    assert found.guessed == pytest.approx(2 * 100 / 2)
    assert found.high == pytest.approx(found.seconds + 2 * 100 / 2 + 2 * 200)


def test_solved_seeds_are_taken_to_climb_on():
    found = cost(
        [row(lag=20, passes=5e5, seconds=10.0), row(lag=50, passes=5e5, seconds=25.0)], lags=[20, 50, 100, 200]
    )
    assert found.guessed == found.most == pytest.approx(2 * 50 * 2 + 2 * 100 * 2)


def test_a_method_without_a_record_is_guessed_from_its_candidates():
    spec = '{"method": {"name": "hf"}}'
    rows = [row(lag=20, method="lstm", passes=1e6, seconds=500.0)]
    rows += [row(lag=20, method="hf-03", spec=spec, passes=1e6, seconds=10.0)]
    assert cost(rows).guessed == pytest.approx(2 * 10 * (20 + 50) / 20)


def job(**changes):
    (found,) = suite.parse(CONFIG | changes).jobs
    return found


def test_a_job_is_asked_room_to_spare():
    rows = [row(lag=20, seconds=10.0), row(lag=50, seconds=20.0)]
    memory = [
        ("hf", "adding", 20, 300.0),
        ("hf", "adding", 200, 480.0),
        ("hf", "xor", 20, 310.0),
        ("lstm", "xor", 20, 700.0),
    ]
    need = Record(rows, memory).need(job())
    seconds = PROCESS_SECONDS + 2 * (10 + 20)
    assert need == Need(
        STARTUP_MINUTES + math.ceil(RUNTIME_FACTOR * seconds / 60),
        100 * math.ceil((SNAKEMAKE_MEGABYTES + MEMORY_FACTOR * 330) / 100),
        small=seconds < 60,
    )
    assert Record(rows, memory).need(job(lags=[20])).small
    assert Record(rows, memory).need(job(lags=[20, 1000])).megabytes == 100 * math.ceil(
        (SNAKEMAKE_MEGABYTES + MEMORY_FACTOR * 1280) / 100
    )


def test_without_a_record_much_is_asked():
    assert Record([]).need(job()) == Need(UNKNOWN_MINUTES, UNKNOWN_MEGABYTES, small=False)
    assert Record([row()], [("lstm", "xor", 20, 700.0)]).need(job()).megabytes == 1500  # the worst method's


def test_the_longest_job_is_no_shorter_on_more_cores():
    found = suite.parse(CONFIG | {"seeds": "0:3"})
    record = Record([row(lag=20), row(lag=50)])
    assert longest(found, record) == PROCESS_SECONDS + 2 * 2 * 10
    first = {key for key in found.expected() if key[3] == 0}
    assert longest(found, record, first) == PROCESS_SECONDS + 2 * 10, "the other job has one seed"
    assert longest(found, record, found.expected()) == PROCESS_SECONDS, "reuse has all rows"


def test_footprints_are_read_and_damaged_ones_refused(tmp_path):
    path = tmp_path / "memory.csv"
    path.write_text("method,task,lag,megabytes\nhf,adding,20,250\n")
    assert footprints.read(path) == [("hf", "adding", 20, 250.0)]
    for text in (
        "method,task\nhf,adding\n",
        "method,task,lag,megabytes\nhf,adding,x,250\n",
        "method,task,lag,megabytes\nhf\n",
    ):
        path.write_text(text)
        with pytest.raises(LonglagError, match="footprint"):
            footprints.read(path)


def test_the_recorded_footprints_cover_the_methods_of_the_standard_suite():
    """A method that is new is estimated from what is known of others."""
    root = Path(__file__).parents[2]
    known = footprints.read(root / "results/reference/memory.csv")
    planned = {job.method for job in read(root / "config/standard.yaml").jobs}
    assert planned <= {method for method, *_ in known} <= set(registry.names("methods"))
    assert all(50 < megabytes < 10_000 for *_, megabytes in known)


def test_the_command(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "s.yaml").write_text("suite: s\ncells: [{methods: [hf], tasks: [adding], lags: [20]}]\n")
    write_rows("costs.csv", [row(lag=20)])
    write_rows("more.csv", [row(lag=20, seed=1)])
    assert cli.main(["estimate", "s", "costs.csv", "more.csv"]) == 0
    shown = capsys.readouterr().out
    assert "hf" in shown
    assert "s: 1 job, 33 s of CPU time, 0% of it guessed; about 33 s by the clock" in shown
    assert re.search(r"hf +1 +3 +33 s .* 0% +7 +\d+$", shown, re.MULTILINE), "minutes and megabytes of a job"
    assert "0.00" not in shown
    assert "minutes/job" in shown
    assert "by the clock: of the jobs alone; design, figures, tables and the page take a minute or two more" in shown
    assert cli.main(["estimate", "s", "--cores", "2", "costs.csv", "more.csv"]) == 0
    assert capsys.readouterr().out == shown, "options may stand between positional arguments"
    assert cli.main(["estimate", "t", "costs.csv"]) == 2
    assert cli.main(["estimate", "s", "none.csv"]) == 2


def test_the_candidates_of_a_search_are_one_line(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    cells = "cells: [{methods: [lstm], tasks: [adding], lags: [20]}]"
    (tmp_path / "s.yaml").write_text(f"suite: s\nsearch: {{candidates: 3, seeds: 2}}\n{cells}\n")
    write_rows("costs.csv", [row(method="lstm", lag=20)])
    assert cli.main(["estimate", "s.yaml", "costs.csv"]) == 0
    assert re.search(r"^lstm +4 +8 .* \d+ +\d+$", capsys.readouterr().out, re.MULTILINE)


@pytest.mark.parametrize("rows", [[], [row(status="not_attempted", passes=0.0, seconds=0.0)]])
def test_nothing_is_estimated_from_nothing(rows, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "s.yaml").write_text("suite: s\ncells: [{methods: [hf], tasks: [adding], lags: [20]}]\n")
    write_rows("empty.csv", rows)
    assert cli.main(["estimate", "s.yaml", "empty.csv"]) == 2
    assert "empty.csv: no recorded run to estimate from" in capsys.readouterr().err


@pytest.mark.parametrize(
    "line", ["hf,adding,0,300", "hf,adding,20,inf", "hf,adding,20,nan", "hf,adding,20,-1", f"hf,adding,{'9' * 400},3"]
)
def test_memory_that_cannot_be_is_refused_with_its_line(tmp_path, line):
    (tmp_path / "memory.csv").write_text(f"method,task,lag,megabytes\nhf,adding,10,300\n{line}\n")
    with pytest.raises(LonglagError, match=r"memory.csv: line 3: lag .* are not both positive numbers"):
        footprints.read(tmp_path / "memory.csv")
