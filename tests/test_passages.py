"""Passages of documents that say what the code and the records say, and the names that documents rely on."""

import json
import re
from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
import yaml

from longlag import registry
from longlag.design import suite
from longlag.engine import standing
from longlag.store.records import read_rows
from programs import loaded
from test_docs import DOCUMENTS, ROOT


@pytest.fixture(scope="module")
def passages():
    with loaded(ROOT / "docs/passages.py") as module:
        yield module


NAMES = ["record", "reference", "verified", "rerun", "budget", "far", "final", "which budget", "today", "what recipes read",
         "costs of passes", "cost of a large suite", "estimated", "optimisers", "without the lag",
         "after an unsolved lag", "near misses", "sure reaches", "least cost", "one machine", "by chance"]  # fmt: skip


def test_every_passage_is_tested(passages):
    assert {*NAMES} == {*passages.PASSAGES}


@pytest.mark.parametrize("name", NAMES)
def test_passages_are_current(passages, name):
    text = (ROOT / passages.PASSAGES[name][0]).read_text("utf-8")
    assert len(passages.marked(name).findall(text)) == 1
    assert passages.renewed(name) == text, "python docs/passages.py"


def test_a_rerun_sample_is_told_by_outcome_and_never_as_equal_elsewhere(passages, tmp_path):
    like, tolerance = "byte-identical, on the same kind of machine", "; compared with tolerance, since "
    elsewhere = f"same outcome, test error within 5%{tolerance}cpu is An 8086 here, A Z80 there"
    other = f"differs: solved became budget, test error 0.76% became 7.14%; rounding can{tolerance}numpy is 2 here, 1"
    file = tmp_path / "verified.txt"
    for texts, words in (
        (
            [like, elsewhere, elsewhere],
            "--sample 3` on An 8086 ([output](verified.txt)): 1 row of machines like it, equal to the byte. 2 rows of ",
        ),
        (
            [like, other],
            "points, 1 with another outcome (adding T=20 hf seed 1, solved became budget).",
        ),
    ):
        lines = [f"adding T=20 hf seed {seed}: {text}" for seed, text in enumerate(texts)]
        verified = len(texts) - texts.count(other)
        file.write_text("\n".join([*lines, f"{verified} of {len(texts)} rows verified: so"]))
        assert words in passages.reran.sentence(file)
    file.write_text("\n".join([*lines, "2 of 2 rows verified"]))
    with pytest.raises(ValueError, match="is not what `longlag verify` prints"):
        passages.reran.sentence(file)
    for text in ("differs in test_loss (test_loss 1 became 2), on the same kind of machine", "not verified: too long"):
        file.write_text(f"{lines[0]}\nadding T=20 hf seed 1: {text}\n1 of 2 rows verified: so")
        with pytest.raises(ValueError, match=f"neither equal nor of another kind of machine: .*{text[:12]}"):
            passages.reran.sentence(file)


def test_what_a_recipe_reads_is_seen(passages):
    lstm, esn, hf = (registry.get("methods", name) for name in ("lstm", "esn", "hf"))
    assert passages.knows.reads(lstm).lag
    assert not passages.knows.reads(hf).lag
    assert passages.knows.reads(hf).centred
    assert "roles" in passages.knows.reads(esn).names
    assert "roles" not in passages.knows.reads(lstm).names
    deaf = replace(lstm, build=lambda traits, lag: lstm.build(traits, 50))
    assert not passages.knows.reads(deaf).lag
    assert passages.knows.said(["esn", "lstm", "hf"]) == (
        "The echo state network and the LSTM read the lag; the echo state network reads the roles of the inputs; "
        "Hessian-Free reads neither."
    )
    assert passages.knows.said(["gru", "hf", "control"]) == (
        "The GRU reads the lag; Hessian-Free and the plain RNN (control) do not."
    )
    assert passages.knows.said(["hf", "control"]) == "None of them reads the lag or the roles of the inputs."


def test_a_record_of_today_s_recipes_has_no_age(passages, monkeypatch):
    today = passages._record()[:100]
    known = {standing.recipe(row) for row in today}
    of = {True: standing.Standing(), False: standing.Standing(settings=(("optimiser.learning_rate", 0.1, 0.2),))}
    monkeypatch.setattr(
        passages.standing, "of", lambda rows: {key: of[key in known] for key in map(standing.recipe, rows)}
    )
    monkeypatch.setattr(passages, "_record", lambda: today)
    assert "An older record" not in " ".join(passages.record().split())
    assert "git worktree" not in passages.verified()
    older = [replace(today[0], spec_hash="another"), *today[1:]]
    monkeypatch.setattr(passages, "_record", lambda: older)
    assert f"An older record: 1 of its {len(older)} rows" in " ".join(passages.record().split())
    assert "git worktree" in passages.verified()


def test_prices_are_medians_and_leave_out_what_half_of_the_seeds_do_not_solve(passages):
    (one,) = [row for row in passages._record() if (row.method, row.task, row.lag, row.seed) == ("hf", "adding", 20, 0)]
    prices = {"hf": (3e3, 1e4, None), "lstm": (2e3, 4e3, 6e3), "esn": (1e3, None, None)}
    rows = [
        replace(one, method=name, seed=seed, solved=price is not None, passes_to_solve=price or float("nan"))
        for name, each in prices.items()
        for seed, price in enumerate(each)
    ]
    assert passages._price(rows) == "Median passes to solve adding at lag 20: LSTM 4 k, Hessian-Free 10 k."
    assert passages._price([]) == ""


def test_ladders_of_the_suite_without_rows_are_still_to_run(passages):
    one = passages._record()[0]
    asked = suite.read(passages.SUITE).expected()
    every = [replace(one, task=task, method=method, lag=lag, seed=seed) for task, method, lag, seed in asked]
    assert passages._to_come(every) == ""
    some = [row for row in every if (row.method, row.task) not in {("hf", "xor"), ("hf", "adding"), ("lstm", "xor")}]
    assert passages._to_come(some) == "Still to run: Hessian-Free on adding and XOR; LSTM on XOR."


def test_the_row_of_a_killed_job_is_of_no_processor(passages):
    one = next(row for row in passages._record() if row.solved)
    rows = [replace(one, seed=seed, method="hf", cpu=cpu, blas="A") for seed, cpu in enumerate(("Z80", "8086", "8086"))]
    rows.append(replace(one, seed=3, method="hf", cpu="", blas="", status="error", passes=0.0, seconds=0.0))
    assert "one thread; 8086 and Z80). The rows are of 2 kinds of processor" in passages.costs.of_passes(rows)


def test_new_seeds_are_estimated_from_the_others(passages):
    one = next(row for row in passages._record() if row.solved)
    known = [replace(one, seed=seed, seconds=60.0) for seed in (0, 1, 2)]
    new = [replace(one, seed=seed, seconds=seconds) for seed, seconds in ((3, 60.0), (4, 120.0))]
    text = passages.costs.foretold([*known, *new])
    assert text.startswith("Seeds 3 and 4 of the reference, from the costs of its seeds 0 to 2:")
    assert text.endswith("| All | 2 min | 3 min | +50 % |")


def in_one_line(document):
    return " ".join((ROOT / document).read_text("utf-8").split())


def test_the_readme_counts_the_verdicts_of_the_lecture():
    claims = json.loads((ROOT / "docs/lecture/shown.json").read_text("utf-8"))["claims"]
    found = Counter(one["verdict"] for one in claims.values())
    words = {
        "holds": "hold",
        "holds with a caveat": "hold with a caveat",
        "undecided": "are undecided",
        "does not hold": "do not hold",
    }
    said = ", ".join(f"{found[verdict]} {plural}" for verdict, plural in words.items() if found[verdict])
    assert f"each with a number, a verdict and a figure: {said}." in in_one_line("README.md")


def test_the_questions_name_the_method_that_leads_by_reach(passages):
    solved: dict[tuple[str, str, int], list[bool]] = {}
    for row in read_rows(passages.REFERENCE):
        solved.setdefault((row.method, row.task, row.lag), []).append(row.solved)
    pairs = {(method, task) for method, task, _ in solved}
    reach = dict.fromkeys(pairs, 0)
    for (method, task, lag), of in solved.items():
        if 2 * sum(of) >= len(of):
            reach[method, task] = max(lag, reach[method, task])
    others = {method for method, _ in pairs} - {"esn"}
    best = {task: max(reach[method, task] for method in others) for _, task in pairs}
    assert all(reach["esn", task] >= best[task] for task in best), "it leads on every task, alone or with others"
    assert not [name for name in others if all(reach[name, task] == best[task] for task in best)]
    far = {pair: lag for pair, lag in reach.items() if lag > 200 and pair[0] != "esn"}
    to_the_end = Counter(method for (method, _), lag in far.items() if lag == 1000)
    assert to_the_end == {"lstm_chrono": 6, "mingru": 6, "gru": 5}
    rest = {(method, task): lag for (method, task), lag in far.items() if method not in to_the_end}
    assert rest == {("lstm", "random_permutation"): 500}
    assert not [pair for pair in pairs if (*pair, 1000) not in solved]
    xor, memory = ({name: reach[name, task] for name in others} for task in ("xor", "memorization_20bit"))
    assert {memory[name] for name in to_the_end} == {0}
    assert memory["esn_momentum"] == 50
    for said in (
        "The chrono LSTM and the minGRU reach lag 1000, the longest, on six tasks, and the GRU on five.",
        "The LSTM reaches lag 500 on random permutation, and at most 200 elsewhere; no other method reaches more than 200.",
        f"on XOR the minGRU reaches lag {xor['mingru']}, the GRU lag {xor['gru']} and the chrono LSTM lag "
        f"{xor['lstm_chrono']}; on 20-bit memory none of these three solves any lag, and ESN init + momentum reaches lag 50",
    ):
        assert said in in_one_line("docs/faq.md")
    assert "Lags go to 1000; a seed stops after two unsolved ones." in in_one_line("README.md")
    assert "the same budget and lags from 20 to 1000 for every method." in in_one_line("results/reference/README.md")


def test_the_first_run_says_how_long_the_first_symbol_must_be_kept():
    x = registry.get("tasks", "temporal_order").sample(np.random.default_rng(0), 20, 100).x
    first = x[:, :, :2].sum(axis=2).argmax(axis=0)  # [B], the step of the first relevant symbol
    kept = sorted({*(len(x) - 1 - first).tolist()})
    assert f"the first of them comes {kept[0]} or {kept[1]} steps before the end" in in_one_line("docs/first-run.md")
    assert len(kept) == 2


def test_no_searched_method_is_called_untuned():
    tuned = yaml.safe_load((ROOT / "config/tuned/tuning.yaml").read_text())["methods"]
    for line in (ROOT / "docs/protocol.md").read_text().splitlines():
        if re.search("not tuned|not searched", line, flags=re.IGNORECASE):
            assert not {*re.findall(r"`(\w+)`", line.split("|")[1])} & {*tuned}, line


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_suite_that_a_document_names_exists(path):
    """`--config suite=NAME`, `longlag run|estimate|jobs|design NAME`; NAME.yaml may be a file that the document makes."""
    known = {file.stem for file in (ROOT / "config").glob("*.yaml")}
    text = path.read_text()
    named = re.findall(r"--config suite=([\w|-]+)", text)
    named += re.findall(r"longlag (?:run|estimate|jobs|design) ([a-z]\w*)(?![\w.*/])", text)
    made = {*re.findall(r"^suite: (\w+)$", text, flags=re.M), "SUITE", "NAME", "FILE"}
    assert not {suite for name in named for suite in name.split("|")} - known - made


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_million_is_written_as_one(path):
    """`words.number` writes 1.17 M; a table that writes 1170 k beside it was made without it."""
    assert not re.findall(r"\b\d{4,} k\b", path.read_text())


@pytest.mark.parametrize(
    ("name", "record"),
    [
        ("reservoirs", "reservoirs/runs.csv"),
        ("fresh", "fresh/runs.csv.gz"),
        ("fresh_final", "fresh/final/runs.csv.gz"),
        ("budget", "budget/runs.csv.gz"),
    ],
)
def test_the_size_of_a_suite_is_that_of_its_record(name, record):
    (line,) = [line for line in (ROOT / "config/README.md").read_text().splitlines() if f"`{name}.yaml` |" in line]
    ((least, most, unit),) = re.findall(r"\| (\d+)(?: to (\d+))? core-(hours|minutes) \|$", line)
    spent = sum(row.seconds for row in read_rows(ROOT / "results" / record)) / {"hours": 3600, "minutes": 60}[unit]
    assert int(least) / 2 < spent <= int(most or least)
