"""Which rows are of older code: counted by method and task, also where a variant has the name of none."""

import json

from fake_results import a_row
from longlag import registry
from longlag.cli import _older


def row(method: str, behind: int = 0, base: str = "", **changes):
    version = registry.get("methods", base or method).version - behind
    spec = json.dumps({"method": {"name": base or method}})
    now = registry.get("tasks", "adding").version
    return a_row(
        **{"task": "adding", "task_version": now, "method": method, "method_version": version, "spec": spec} | changes
    )


def test_rows_of_a_variant_count_as_those_of_its_method():
    rows = [
        row("esn", 1),
        row("esn-low", 1, "esn"),
        row("lstm"),
        row("esn-high", 0, "esn"),
        row("mine", 1, "esn", spec=""),
    ]
    now = registry.get("methods", "esn").version
    said = _older.outdated(rows)
    assert said.startswith("An older record: 2 of its 5 rows are of recipes that have changed since")
    assert said.endswith(f"may do better or worse: echo state network (version {now - 1}, now {now}).")


def test_a_row_of_an_older_method_and_an_older_task_counts_once():
    task = registry.get("tasks", "adding").version
    rows = [row("esn", 1), row("esn", 1, task_version=task - 1), row("lstm", task_version=task - 1), row("lstm")]
    said = _older.outdated(rows)
    assert said.startswith("An older record: 3 of its 4 rows are of recipes that have changed since")
    assert _older.outdated([row("lstm")]) == ""


def test_rows_of_killed_jobs_have_no_version():
    killed = row("lstm", method_version=0, task_version=0, spec="")
    assert _older.outdated([killed]) == ""


def test_a_large_record_does_not_list_the_methods_for_each_row(monkeypatch):
    names, calls = registry.names, []
    monkeypatch.setattr(registry, "names", lambda kind: calls.append(kind) or names(kind))
    rows = [row("esn", 1, seed=seed) for seed in range(200)]
    calls.clear()
    assert "200 of its 200 rows" in _older.outdated(rows)
    assert len(calls) < 20
