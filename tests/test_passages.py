"""Passages of documents that say what the code and the records say, and the names that documents rely on."""

import re
from dataclasses import replace

import pytest
import yaml

from longlag import registry
from programs import loaded
from test_docs import DOCUMENTS, ROOT


@pytest.fixture(scope="module")
def passages():
    with loaded(ROOT / "docs/passages.py") as module:
        yield module


@pytest.mark.parametrize("name", ["record", "verified", "budget", "final", "which budget", "what recipes read"])
def test_passages_are_current(passages, name):
    text = (ROOT / passages.PASSAGES[name][0]).read_text("utf-8")
    assert len(passages.marked(name).findall(text)) == 1
    assert passages.renewed(name) == text, "python docs/passages.py"


def test_what_a_recipe_reads_is_seen(passages):
    lstm, esn, hf = (registry.get("methods", name) for name in ("lstm", "esn", "hf"))
    assert passages.reads(lstm).lag
    assert not passages.reads(hf).lag
    assert passages.reads(hf).centred
    assert "roles" in passages.reads(esn).names
    assert "roles" not in passages.reads(lstm).names
    deaf = replace(lstm, build=lambda traits, lag: lstm.build(traits, 50))
    assert not passages.reads(deaf).lag


def test_a_record_of_today_s_recipes_has_no_age(passages, monkeypatch):
    today = [
        replace(row, method_version=registry.get("methods", row.method).version) for row in passages._record()[:100]
    ]
    monkeypatch.setattr(passages, "_record", lambda: today)
    assert passages.record().startswith("*Not in the record: ")
    assert "git worktree" not in passages.verified()


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
