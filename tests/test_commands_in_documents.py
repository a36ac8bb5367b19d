"""Every block of commands in the documents runs, or stands below a comment that says why it does not run here.

The `sh` blocks of one document run one after the other in one folder, as a reader would run them. That folder has the
plug-ins of the document's `python` blocks, made-up results of a demo, and the repository's config and reference. Only
the training is shorter: every `longlag train` and `longlag ladder` gets a small budget.
"""

import re
import shlex
import sys
from pathlib import Path

import pytest

import fake_results
from longlag import cli, registry
from test_docs import DOCUMENTS, ROOT, blocks

FENCE = re.compile(r"(?:<!-- ([^>]*?) -->\n)?```(\w*)\n(.*?)```", flags=re.S)
NOT_RUN = "not run here: "
LANGUAGES = {"sh", "python", "yaml", "text", "json", "snakemake", "bibtex"}
TRAINING = {"train", "ladder"}


@pytest.fixture(autouse=True)
def _forget_plugins():
    yield
    for found in (*registry._plugins.values(), registry._origins):
        found.clear()


def names(paths: list[Path]) -> list[str]:
    return [path.relative_to(ROOT).as_posix() for path in paths]


def commands(document: str) -> list[str]:
    """The lines of its `sh` blocks that run here, without comments, continued lines joined."""
    found = []
    for remark, language, code in FENCE.findall((ROOT / document).read_text()):
        if language == "sh" and not remark.startswith(NOT_RUN):
            lines = re.sub(r"\\\n\s*", "", code).splitlines()
            found += [line.strip() for line in (re.split(r"(?:^|\s+)# ", line)[0] for line in lines) if line.strip()]
    return found


WITH_COMMANDS = [name for name in names(DOCUMENTS) if commands(name)]


def shorter(words: list[str]) -> list[str]:
    """The same command with a budget that a test can afford."""
    if words[0] not in TRAINING:
        return words
    if "--budget" in words:
        place = words.index("--budget")
        words = words[:place] + words[place + 2 :]
    return [*words, "--budget", "3000"]


@pytest.fixture
def workspace(tmp_path, monkeypatch):
    """The folder in which a reader would be."""
    fake_results.write(tmp_path / "results/demo", seeds=range(2), tasks=["adding", "temporal_order"])
    records = [str(page.parent.relative_to(ROOT)) for page in (ROOT / "results").glob("*/README.md")]
    for name in ("config", "docs", "src", *records):
        (tmp_path / name).symlink_to(ROOT / name)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "stdin", None)
    return tmp_path


@pytest.mark.parametrize("document", WITH_COMMANDS)
def test_commands_of_the_documents_run(document, workspace):
    for code in blocks(document, "python"):
        if plugin := re.search(r'^(?:METHOD|TASK) = \w+\(\s*name="(\w+)"', code, flags=re.M):
            (workspace / f"{plugin[1]}.py").write_text(code)
    for code in blocks(document, "yaml"):
        if suite := re.match(r"suite: (\w+)", code):
            (workspace / f"{suite[1]}.yaml").write_text(code)
    for line in commands(document):
        program, *words = shlex.split(line)
        assert program == "longlag", f"{document}: only the command longlag can run here, not {line!r}"
        assert cli.main(shorter(words)) in codes(words[0]), line


def codes(verb: str) -> set[int]:
    """`verify` and `diff` exit with 1 if they find a difference; a run cut short here may make one."""
    return {0, 1} if verb in ("verify", "diff") else {0}


@pytest.mark.parametrize("document", names(DOCUMENTS))
def test_every_block_has_a_language_and_every_exception_a_reason(document):
    for remark, language, code in FENCE.findall((ROOT / document).read_text()):
        assert language in LANGUAGES, f"say what this block of {document} is, such as ```text:\n{code}"
        if language in ("sh", "python", "snakemake") and remark.startswith("not run"):
            assert remark.startswith(NOT_RUN), remark
            assert len(remark) > len(NOT_RUN) + 10, remark


INDENTED = re.compile(r"(?:\A|^[ \t]*\n|^#.*\n)((?: {4}|\t).*\S)", flags=re.M)


@pytest.mark.parametrize("document", names(DOCUMENTS))
def test_no_block_of_code_is_indented_where_the_tests_of_blocks_do_not_see_it(document):
    assert INDENTED.findall(FENCE.sub("", (ROOT / document).read_text())) == [], "put it between ```LANGUAGE and ```"


@pytest.mark.parametrize("text", ["    x = 1\n", "A line:\n\n    x = 1\n", "# Title\n\tx = 1\n"])
def test_an_indented_block_is_noticed(text):
    assert [code.strip() for code in INDENTED.findall(text)] == ["x = 1"]
    assert not INDENTED.findall("- an item\n    in two lines\n")


def test_a_document_is_run_that_the_reader_meets_first():
    assert {"README.md", "docs/first-run.md", "docs/add-a-method.md"} <= set(WITH_COMMANDS)
    assert shorter(["train", "--budget", "1e6", "--lag", "9"]) == ["train", "--lag", "9", "--budget", "3000"]
    assert shorter(["list"]) == ["list"]
