"""The findings are those of the committed records, and a finding that they do not show is never written."""

import dataclasses

import pytest

from longlag.engine import trials
from programs import loaded
from test_docs import ROOT


@pytest.fixture(scope="module")
def findings():
    with loaded(ROOT / "docs/findings.py") as module:
        yield module


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
    with pytest.raises(ValueError, match="the records no longer show: Within a million passes the LSTM"):
        findings.page()


def test_a_difference_that_turns_round_on_other_tasks_does_not_stand_there(findings, monkeypatch):
    def turned(times):
        found = compare(times)
        asked.append(len(found))
        if len(asked) == 3:  # all tasks, those of the search, the others
            row = (found["first"] == "lstm") & (found["second"] == "control")
            found.loc[row, "ahead"] = "control"
        return found

    compare, asked = findings.reached.claims.compare, []
    whole = findings.reached.halves()
    monkeypatch.setattr(findings.reached.claims, "compare", turned)
    title = findings.reached.halves().title
    stand = [int(words.split(", ")[1].split()[0]) for words in (whole.title, title)]
    assert stand[1] == stand[0] - 1


def test_a_finding_is_referred_to_by_its_key(findings):
    one = findings.Finding("One", f"It holds, unlike {findings.see('two')}.", True)
    two = findings.Finding("Two", f"See {findings.see('two')}.", True, key="two")
    assert findings.numbered([one, two]) == ["It holds, unlike finding 2.", "See finding 2."]
    with pytest.raises(ValueError, match="refers to the finding 'two', and none has that key"):
        findings.numbered([one])
