"""Golden numbers: what a numerics version promises, for every method in the tree.

A change that moves these must raise the method's `version` (or the task's, or the protocol's) and then write the new
numbers with `python tests/test_golden.py`. Rounding differs between processors, so that losses after a few updates
are compared to three digits; a changed algorithm moves them far more.
"""

import json
from pathlib import Path

import pytest

import conftest  # noqa: F401 - the job environment, before torch
from longlag import protocol, registry
from toy import outcome, spec

FILE = Path(__file__).with_name("golden.json")
TASKS = ("adding", "memorization_5bit", "temporal_order")
METHODS = sorted(
    path.stem for path in (Path(registry.__file__).parent / "methods").glob("[a-z]*.py") if path.stem != "base"
)


def numbers(method: str, task: str) -> dict:
    """Validation and training losses of a run of a few updates, and the versions they belong to."""
    points, (row,) = outcome(spec(method, task, lag=12, budget=1500.0))
    return {
        "versions": [row.method_version, row.task_version, row.protocol_version],
        "spec_hash": row.spec_hash,
        "losses": [loss for point in points for loss in (point.train_loss, point.loss)] + [row.test_loss],
    }


@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize("method", METHODS)
def test_numbers_are_those_of_the_version(method, task):
    golden = json.loads(FILE.read_text())[f"{method} {task}"]
    found = numbers(method, task)
    assert found["versions"] == golden["versions"], "write the new numbers: python tests/test_golden.py"
    assert found["losses"] == pytest.approx(golden["losses"], rel=1e-3, abs=1e-9), (
        f"the numbers of {method} changed: raise its version in methods/{method}.py (protocol {protocol.VERSION})"
    )
    assert found["spec_hash"] == golden["spec_hash"], "parts changed without a version: raise the method's version"


if __name__ == "__main__":
    FILE.write_text(json.dumps({f"{m} {t}": numbers(m, t) for m in METHODS for t in TASKS}, indent=1) + "\n")
