"""What docs/faq.md and its neighbours say to a reader who doubts the comparison is what the records and the code say."""

import re

import pytest
import yaml

from longlag import registry
from longlag.store.records import read_rows
from test_docs import ROOT

GATED = {"gru", "lstm", "lstm_chrono", "mingru"}


@pytest.fixture(scope="module")
def record():
    return read_rows(ROOT / "results/reference/runs.csv.gz")


def in_one_line(document):
    return " ".join((ROOT / document).read_text("utf-8").split())


def test_the_shares_of_parameters_are_those_of_the_record(record):
    of = {(row.method, row.task): row.parameters for row in record if row.parameters}
    shares = {(m, task): 100 * n / of["hf", task] for (m, task), n in of.items() if m in GATED}
    wide = [share for (_, task), share in shares.items() if task == "random_permutation"]
    rest = [share for (_, task), share in shares.items() if task != "random_permutation"]
    said = f"have {min(rest):.0f} to {max(rest):.0f} % of the parameters, and {min(wide):.0f} to {max(wide):.0f} % on"
    for document in ("docs/protocol.md", "docs/faq.md"):
        assert f"{said} random permutation" in in_one_line(document)


def test_the_numbers_of_searched_settings_are_those_of_the_code(record):
    search = yaml.safe_load((ROOT / "config/tuning.yaml").read_text())
    tasks = search["cells"][0]["tasks"]
    (lag,) = search["lags"]
    most: dict[int, set[str]] = {}
    for name in yaml.safe_load((ROOT / "config/tuned/tuning.yaml").read_text())["methods"]:
        method = registry.get("methods", name)
        spaces = [method.space(method.build(registry.get("tasks", task).traits, lag)) for task in tasks]
        most.setdefault(max(map(len, spaces)), set()).add(name)
        assert not re.search("hidden|batch", " ".join(method.tune))
    assert most == {
        2: {"control", "gru", "gru_chrono", "lstm", "lstm_chrono", "mingru"},
        3: {"clipping", "esn_momentum", "hf", "irnn", "lru", "orthogonal"},
        5: {"esn"},
    }
    assert "not equally many settings: two for the plain net, the LSTMs, the GRUs and the minGRU" in in_one_line(
        "docs/tuning.md"
    )
