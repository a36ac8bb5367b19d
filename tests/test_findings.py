"""The findings are those of the committed records, and a finding that they do not show is never written."""

import dataclasses
import re

import pytest

from longlag import registry
from longlag.engine import trials
from longlag.words import capital
from programs import loaded
from test_docs import ROOT


@pytest.fixture(scope="module")
def finding():
    with loaded(ROOT / "docs/finding.py") as module:
        yield module


@pytest.fixture(scope="module")
def findings():
    with loaded(ROOT / "docs/findings.py") as module:
        yield module


@pytest.fixture(scope="module")
def found(findings):
    return findings.found()


def test_the_page_is_current(findings, found):
    assert findings.PAGE.read_text("utf-8") == findings.page(found), "python docs/findings.py"


def test_a_relation_that_records_no_longer_show_is_refused(findings, tmp_path, monkeypatch):
    kept = trials.read(findings.TRIALS)
    path = "optimiser.learning_rate"
    solved = [t for t in kept if (t.method, t.task) == ("lstm", "xor") and t.met]
    assert solved
    fast = dataclasses.replace(solved[0], settings={**solved[0].settings, path: 1.0})
    trials.write(tmp_path / "trials.csv", [fast if trial is solved[0] else trial for trial in kept])
    monkeypatch.setattr(findings, "TRIALS", tmp_path / "trials.csv")
    with pytest.raises(ValueError, match="the records no longer show: Within a million passes the LSTM"):
        findings.page(findings.found())


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


def test_a_finding_is_referred_to_by_its_key(finding):
    tasks, see = finding.Subject.TASKS, finding.see
    one = finding.Finding("One", f"It holds, unlike {see('two')}.", True, tasks)
    two = finding.Finding("Two", "So it is.", True, tasks, notes={"Caveat": f"See {see('two')}."}, key="two")
    assert finding.numbered([one, two]) == [
        "It holds, unlike [finding 2](#finding-2).",
        "So it is.\n\n- **Caveat.** See [finding 2](#finding-2).",
    ]
    with pytest.raises(ValueError, match="refers to the finding 'two', and none has that key"):
        finding.numbered([one])


def test_the_index_links_every_finding_under_its_subject(finding):
    lags, papers = finding.Subject.LAGS, finding.Subject.PAPERS
    shown = [finding.Finding(f"Of {subject}", "", True, subject) for subject in (papers, lags, papers)]
    assert finding.index(shown) == (
        "**Long lags**\n\n- [2. Of Long lags](#finding-2)\n\n"
        "**The papers**\n\n- [1. Of The papers](#finding-1)\n- [3. Of The papers](#finding-3)"
    )


def test_a_note_without_words_is_left_out(finding):
    notes = {"Later": "", "Test": "p = 0.5."}
    assert finding.Finding("One", "So it is.", True, finding.Subject.TASKS, notes=notes).text == (
        "So it is.\n\n- **Test.** p = 0.5."
    )


def test_findings_are_short(found):
    for finding in found:
        assert len(finding.title.split()) <= 22, finding.title
        assert finding.table.startswith("| "), finding.title
        for text in (finding.lead, *finding.notes.values()):
            sentences = re.findall(r"(?<!\bal)\.(?=\s|$)", text)
            assert len(sentences) <= 3, f"{finding.title}: {text}"


def test_a_table_that_sets_methods_side_by_side_says_what_they_read(found):
    """A method that knows the lag and one that does not are no equal comparison."""
    with_other_settings = {"task", "task and lag", "recipe", "before", "search"}  # a method beside itself
    for finding in found:
        first, *others = finding.table.partition("\n")[0].strip("| ").split(" | ")
        if first in ("method", "remedy", "pair") and not with_other_settings & {*others}:
            assert " the lag" in finding.notes.get("What they read", ""), finding.title


def test_a_constant_answer_that_is_not_the_best_is_named(found):
    (finding,) = (finding for finding in found if finding.key == "no_order")
    _, _, *lines = (line.strip("| ").split(" | ") for line in finding.table.splitlines())
    tasks = {
        registry.get("tasks", name).label: registry.get("tasks", name) for name in registry.FOLDERS["tasks"].names()
    }
    for label, *_, wrong in lines:
        best = 100 * tasks[label].baselines["constant"].error
        assert float(wrong) < best + 2 or capital(label) in finding.notes.get("Constant answer", ""), label


def test_a_candidate_that_equals_the_recipe_is_seen(findings):
    search = findings.on_search
    by_method = {}
    for trial in trials.read(findings.TRIALS):
        by_method.setdefault(trial.method, []).append(trial)
    choices = {
        name: search.selection.choose(name, by_method[name]) for name in ("lstm", "esn", "mingru", "lstm_chrono")
    }
    assert {name for name, choice in choices.items() if search._repeats_the_recipe(choice)} == {"mingru", "lstm_chrono"}


def test_every_link_of_the_page_to_a_finding_has_its_place(findings, found):
    page = findings.page(found)
    assert {*re.findall(r"\(#(.+?)\)", page)} == {*re.findall(r'<a id="(.+?)">', page)}


def test_other_pages_link_findings_that_there_are(findings):
    places = {*re.findall(r'<a id="(.+?)">', findings.PAGE.read_text("utf-8"))}
    pages = [ROOT / "README.md", *ROOT.glob("docs/*.md"), *ROOT.glob("results/*/README.md")]
    linked = {anchor for path in pages for anchor in re.findall(r"findings\.md#(.+?)\)", path.read_text("utf-8"))}
    assert linked <= places
