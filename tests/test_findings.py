"""The findings are those of the committed records, and a finding that they do not show is never written."""

import dataclasses
import importlib.util
import sys

import pytest

from longlag.engine import trials
from test_docs import ROOT


@pytest.fixture(scope="module")
def findings():
    spec = importlib.util.spec_from_file_location("findings", ROOT / "docs/findings.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules["findings"] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    yield module
    del sys.modules["findings"]


def test_the_page_is_current(findings):
    assert findings.PAGE.read_text("utf-8") == findings.page(), "python docs/findings.py"


def test_a_relation_that_records_no_longer_show_is_refused(findings, tmp_path, monkeypatch):
    kept = trials.read(findings.TRIALS)
    path = "optimiser.learning_rate"
    solved = [t for t in kept if (t.method, t.task) == ("lstm", "xor") and t.met]
    assert solved
    fast = dataclasses.replace(solved[0], settings={**solved[0].settings, path: 1.0})
    trials.write(tmp_path / "trials.csv", [fast if trial is solved[0] else trial for trial in kept])
    monkeypatch.setattr(findings, "TRIALS", tmp_path / "trials.csv")
    with pytest.raises(ValueError, match="the records no longer show: The LSTM solves XOR"):
        findings.page()
