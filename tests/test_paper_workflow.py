"""A stage of a paper from one call of Snakemake to its records: no figures, no comparison page."""

import json

from longlag.design import stages
from longlag.store import records
from test_workflow import Folder

CELLS = [{"methods": ["control"], "tasks": ["memorization_5bit"], "lags": [2]}]
RATE = "optimiser.learning_rate"
DESIGN = {
    "paper": "tiny2000",
    "budget": 600,
    "seeds": "0:1",
    "methods": {"control": {"cell.hidden": 8, "optimiser.batch": 10}},
    "stages": {
        "rates": {"what": "rates", "search": {"grid": {RATE: [0.1, 0.01]}, "seeds": 1}, "cells": CELLS},
        "1": {"what": "table", "after": ["rates"], "cells": CELLS},
    },
    "page": {
        "source": "Tiny 2000",
        "tables": [
            {
                "title": "Table 1",
                "all": {"metric": "wrong_symbols", "symbols": 5, "lag": 2},
                "rows": [{"label": "memory", "task": "memorization_5bit"}],
                "columns": [{"label": "control", "method": "control"}],
            }
        ],
    },
}


def test_two_stages_end_with_the_records_of_a_paper(tmp_path, monkeypatch):
    folder = Folder(tmp_path, stand_in=False)
    (tmp_path / "config/papers").mkdir(parents=True)
    (tmp_path / "config/papers/tiny2000.yaml").write_text(json.dumps(DESIGN))
    for stage in ("rates", "1"):
        folder.config = {**DESIGN, "stage": stage}
        code, output = folder.snakemake()
        assert code == 0, output
    monkeypatch.chdir(tmp_path)
    rows = records.read_rows("results/papers/tiny2000/runs.csv")
    assert [row.method for row in rows] == ["control", "control-01", "control-02"]
    chosen = stages.read_choices("tiny2000")["rates"]["control"]["memorization_5bit"][RATE]
    assert f'"{RATE}": {chosen}' in rows[0].spec
    assert not (tmp_path / "results/tiny2000-1/report.html").exists()
    assert "1 cell: 1 not comparable" in (tmp_path / "results/papers/tiny2000/page.html").read_text()
