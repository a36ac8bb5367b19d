"""A paper's file: stages as suites, and the settings that a search chose for the stages after it."""

from pathlib import Path

import pytest

from longlag import protocol, resources
from longlag.analysis import papers, published
from longlag.design import stages, suite
from longlag.errors import LonglagError
from longlag.store import records

RATE = "optimiser.learning_rate"
PAGE = {"source": "A. Author 2000", "tables": [{"title": "t", "rows": [{"label": "r"}], "columns": [{"label": "c"}]}]}
SEARCH = {
    "what": "rates",
    "search": {"grid": {RATE: [0.1, 0.01]}, "seeds": 1},
    "cells": [{"methods": ["slow"], "tasks": ["adding", "xor"], "lags": [20]}],
}
FINAL = {
    "what": "runs",
    "after": ["rates"],
    "cells": [
        {"methods": ["slow"], "tasks": ["adding", "xor"], "lags": [20]},
        {"methods": ["constant"], "tasks": ["adding"], "lags": [20], "group": "floor"},
    ],
}
CONFIG = {
    "paper": "author2000",
    "seeds": "0:2",
    "methods": {"slow": {"from": "control", "cell.hidden": 8}},
    "stage": "1",
    "stages": {"rates": SEARCH, 1: FINAL},
    "page": PAGE,
}
CHOSEN = f"rates:\n  slow:\n    adding: {{{RATE}: 0.01}}\n    xor: {{{RATE}: 0.1}}\n"


@pytest.fixture
def place(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    folder = Path(resources.PAPERS, "author2000")
    folder.mkdir(parents=True)
    return folder


def test_a_stage_is_a_suite_with_the_keys_of_the_file(place):
    plan = suite.parse({**CONFIG, "stage": "rates"})
    assert (plan.name, plan.paper) == ("author2000-rates", "author2000")
    assert {job.method for job in plan.jobs} == {"slow-01", "slow-02"}
    settings = {job.method: dict(job.settings) for job in plan.jobs}
    assert settings["slow-02"] == {"cell.hidden": 8, RATE: 0.01}
    first = protocol.FIRST_TUNING_SEED
    assert {seed for *_, seed in plan.expected()} == {first}, "one tuning seed, as the search says"
    assert all("--candidate 0" in job.arguments() for job in plan.jobs), "only candidates may have tuning seeds"


def test_a_stage_takes_what_the_search_before_it_chose(place):
    (place / stages.CHOSEN).write_text(CHOSEN)
    plan = suite.parse(CONFIG)
    assert plan.name == "author2000-1", "the stage that the file names"
    given = {job.tasks[0]: dict(job.settings) for job in plan.jobs if job.method == "slow"}
    assert given["adding"] == {"cell.hidden": 8, f"adding:{RATE}": 0.01}
    assert given["xor"] == {"cell.hidden": 8, f"xor:{RATE}": 0.1}
    again = suite.parse({**plan.config})
    assert again.jobs == plan.jobs, "what suite.json records is the suite itself"


def test_what_was_chosen_replaces_an_optional_setting_of_the_same_path(place):
    (place / stages.CHOSEN).write_text(CHOSEN)
    slow = {**CONFIG["methods"]["slow"], "tasks": {"adding": {f"{RATE}?": 0.5}}}
    plan = suite.parse({**CONFIG, "methods": {"slow": slow}})
    (adding,) = (job for job in plan.jobs if job.method == "slow" and job.tasks == ("adding",))
    assert adding.settings == {"cell.hidden": 8, f"adding:{RATE}": 0.01}


def test_a_stage_whose_choices_are_missing_is_refused_but_can_be_estimated(place):
    with pytest.raises(LonglagError, match="nothing is chosen yet for slow on adding: run stage 'rates' of author2000"):
        suite.parse(CONFIG)
    assert len(suite.parse(stages.picked(CONFIG, stand_in=True)).jobs) == 3


def test_the_records_of_a_paper_are_reused(place):
    (place / stages.CHOSEN).write_text(CHOSEN)
    assert suite.parse(CONFIG).reuse == ()
    records.write_rows(place / "runs.csv", [])
    assert suite.parse(CONFIG).reuse == ("results/papers/author2000/runs.csv",)


def test_records_of_the_package_count_where_the_folder_has_none(place, monkeypatch):
    """`longlag paper` makes the folder for its page: the next call must not lose the records of the package."""
    package = Path("package")
    monkeypatch.setattr(resources, "root", lambda: package)
    (place / "page.html").write_text("a page")
    records.write_rows(place / "runs.csv", [])
    shipped = package / place
    shipped.mkdir(parents=True)
    (shipped / stages.CHOSEN).write_text(CHOSEN)
    assert stages.read_choices("author2000")["rates"]["slow"]["adding"] == {RATE: 0.01}
    assert stages.record_of("author2000", "runs.csv") == place / "runs.csv"
    (place / "runs.csv").unlink()
    assert stages.record_of("author2000", "runs.csv") == shipped / "runs.csv"


def test_stages_come_in_order(place):
    assert stages.in_order(CONFIG, "1") == ["rates", "1"]
    assert stages.default(CONFIG) == "1"
    assert stages.stage_names(CONFIG) == ["rates", "1"]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"stage": "2"}, "unknown stage '2'; known: 1, rates"),
        ({"stages": {**CONFIG["stages"], "rates": {**SEARCH, "after": [1]}}}, "comes after itself"),
        ({"stages": {"1": {"cells": FINAL["cells"]}}}, "the key `what`"),
        ({"stages": {"one-two": FINAL}}, "one-two"),
        ({"stages": {"1": {**FINAL, "after": [], "methodz": {}}}}, "unknown key 'methodz'; did you mean 'methods'?"),
        (
            {"stages": {**CONFIG["stages"], "rates": {**SEARCH, "search": {"candidates": 3}}}},
            "the search {'candidates': 3} of stage 'rates' has no grid, of whose points a paper chooses; write search: {gr",
        ),
        ({"stages": {**CONFIG["stages"], "rates": {**SEARCH, "search": {"finalists": "a.yaml"}}}}, "has no grid"),
        ({"search": {"seeds": 1}}, "the search {'seeds': 1} of stage '1' has no grid"),
        ({"page": {**PAGE, "tabels": []}}, "unknown key in page: 'tabels'; did you mean 'tables'?"),
        ({"seedz": 3}, "unknown key 'seedz'; did you mean 'seeds'?"),
        ({"methods": ["control"]}, "methods"),
        ({"methods": {"control": 3}}, "methods.control"),
        ({"reuse": "runs.csv"}, "reuse"),
    ],
)
def test_what_is_wrong_is_refused_in_words(change, said, place):
    (place / stages.CHOSEN).write_text(CHOSEN)
    with pytest.raises(LonglagError) as refused:
        suite.parse({**CONFIG, **change})
    assert said in str(refused.value)


def test_a_grid_and_candidates_exclude_each_other():
    cells = [{"methods": ["control"], "tasks": ["adding"], "lags": [20]}]
    search = {"grid": {RATE: [0.1]}, "candidates": 3}
    with pytest.raises(LonglagError, match="search has grid and candidates"):
        suite.parse({"suite": "mine", "cells": cells, "search": search})
    plan = suite.parse({"suite": "mine", "cells": cells, "search": {"grid": {RATE: [0.1, 1], "cell.hidden": [4, 8]}}})
    assert {job.method: dict(job.settings) for job in plan.jobs}["control-03"] == {RATE: 1, "cell.hidden": 4}


@pytest.mark.parametrize("paper", stages.names())
def test_no_two_stages_of_a_paper_have_a_run_of_one_name(paper):
    config = stages.read(paper)
    seen = {}
    for stage in stages.stage_names(config):
        for key in suite.parse(stages.picked({**config, "stage": stage}, stand_in=True)).expected():
            assert key not in seen, f"the row of stage {stage} would replace that of stage {seen[key]} in the records"
            seen[key] = stage


@pytest.mark.parametrize("paper", stages.names())
def test_every_stage_of_every_paper_is_a_suite(paper):
    config = stages.read(paper)
    for stage in stages.stage_names(config):
        plan = suite.parse(stages.picked({**config, "stage": stage}, stand_in=True))
        assert plan.jobs
        assert plan.paper == paper


def expected(paper):
    """Every run of the stages of a paper that are no search, and the job that makes it."""
    config, found = stages.read(paper), {}
    for stage in stages.stage_names(config):
        plan = suite.parse(stages.picked({**config, "stage": stage}, stand_in=True))
        found |= {} if plan.search else plan.expected()
    return found


@pytest.mark.parametrize("paper", stages.names())
def test_no_lag_of_a_paper_is_skipped_because_shorter_ones_were_not_solved(paper):
    """The ladder would leave it out, and the page would count a run that was never made."""
    for job in expected(paper).values():
        assert len(job.lags) <= protocol.GIVE_UP_AFTER, f"{job.title}: give each lag a group of its own"


@pytest.mark.parametrize("paper", stages.names())
def test_every_method_of_a_page_is_trained_and_a_share_of_its_runs_can_be_contradicted(paper):
    """A published share that lies in the interval of every number of solved runs is judged by none of them."""
    planned, facts = expected(paper), published.load()
    for _, of in papers.places(stages.read(paper)["page"]):
        assert of["method"] in {method for _, method, *_ in planned}, f"no stage trains {of['method']}"
        task, lag = of.get("run_task", of["task"]), of.get("run_lag", of["lag"])
        runs = sum(key[:3] == (task, of["method"], lag) for key in planned)
        arm = of.get("fact", of["method"])
        own = facts[(facts.paper == paper) & (facts.task == of["task"]) & (facts.arm == arm) & (facts.lag == of["lag"])]
        for value in own[own.metric == "success_percent"].value if of["metric"] == "success_percent" and runs else ():
            assert papers.refutable(float(value), runs), f"{runs} runs of {of['method']} on {task} say nothing"


def test_what_decides_among_points_needs_a_grid():
    cells = [{"methods": ["control"], "tasks": ["adding"], "lags": [20]}]
    with pytest.raises(LonglagError, match=r"search\.by decides among the points of a grid"):
        suite.parse({"suite": "mine", "cells": cells, "search": {"candidates": 3, "by": "error"}})
    with pytest.raises(LonglagError, match="loss or error"):
        suite.parse({"suite": "mine", "cells": cells, "search": {"grid": {RATE: [0.1]}, "by": "luck"}})
