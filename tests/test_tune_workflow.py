"""A search from one call of Snakemake to the settings that another suite takes."""

from longlag.design import suite, tuned
from longlag.engine import trials
from test_workflow import Folder

DESIGN = {
    "suite": "tiny",
    "search": {"candidates": 1, "seeds": 1},
    "budget": 600,
    "lags": [10],
    "cells": [{"methods": ["control"], "tasks": ["adding", "temporal_order"], "group": "both"}],
    "methods": {"control": {"cell.hidden": 8, "optimiser.batch": 10}},
}


def test_a_search_ends_with_trials_page_and_settings_that_a_suite_takes(tmp_path, monkeypatch):
    folder = Folder(tmp_path, stand_in=False)
    folder.config = DESIGN
    code, output = folder.snakemake()
    assert code == 0, output
    assert len(trials.read(tmp_path / "results/tiny/trials.csv")) == 4
    assert "| control | 1 + recipe | 4 |" in (tmp_path / "results/tiny/tuning.md").read_text()
    assert not (tmp_path / "results/tiny/report.html").exists(), "a search has no comparison page"
    chosen = tuned.read(tmp_path / "config/tuned/tiny.yaml")["methods"]["control"]
    monkeypatch.chdir(tmp_path)
    cells = [{"methods": ["control", "control_one"], "tasks": ["adding", "xor"]}]
    plan = suite.parse({"suite": "mine", "cells": cells, "tuned": "config/tuned/tiny.yaml"})
    given = {(job.method, *job.tasks): dict(job.settings) for job in plan.jobs}
    assert given["control", "adding"] == {
        f"adding:{path}": str(value) for path, value in chosen["tasks"]["adding"].items()
    }
    assert given["control", "xor"] == {f"xor:{path}?": str(value) for path, value in chosen["one"].items()}
