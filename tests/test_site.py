"""The site of docs/: its generated pages say everything, links leave docs/ for what is there, nothing is fetched."""

import argparse
import html
import os
import posixpath
import re
import subprocess
import sys
from dataclasses import fields
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
import yaml

from longlag import cli
from longlag.design import schemas
from longlag.store import records
from programs import loaded

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def generate():
    with loaded(ROOT / "docs/generate.py") as module:
        yield module


def test_every_verb_and_argument_is_in_the_reference(generate):
    page = generate.command_line()
    for name in cli.VERBS.names():
        assert f"\n## {name.removesuffix('_')}\n" in page
    for parser in generate._verbs().values():
        for action in parser._actions:
            words = action.option_strings or [str(action.metavar or action.dest.upper()).replace("|", " or ")]
            assert action.help is argparse.SUPPRESS or f"`{words[0]}`" in page
    assert "%(" not in page


def test_every_key_of_a_suite_and_every_column_is_in_the_reference(generate):
    schema, page = schemas.schema("suite"), generate.configuration()
    for key in [*schema["properties"], *schema["properties"]["cells"]["items"]["properties"]]:
        assert f"| `{key}` |" in page
    for column in fields(records.Row):
        assert f"| `{column.name}` |" in generate.columns()


def test_rows_of_generated_tables_have_one_number_of_cells(generate):
    for write in generate.GENERATED.values():
        for block in re.findall(r"(?:^\|.*\|\n)+", write(), flags=re.M):
            assert len({line.replace("\\|", "").count("|") for line in block.splitlines()}) == 1, block


@pytest.mark.parametrize(
    ("page", "text", "made"),
    [
        ("index.md", "[a](docs/faq.md)", "[a](faq.md)"),
        ("index.md", "[a](docs/protocol.md#b)", "[a](protocol.md#b)"),
        (
            "index.md",
            "![a](results/reference/figures/overview.png)",
            "![a](files/results/reference/figures/overview.png)",
        ),
        ("faq.md", "[a](../config/README.md)", "[a](suites.md)"),
        ("faq.md", "[`a`](../src/longlag/rng.py)", '<a href="../src/longlag/rng.py">a</a>'),
        ("api/tasks.md", "[a](../faq.md)", "[a](../faq.md)"),
        ("suites.md", "[a](../docs/glossary.md)", "[a](glossary.md)"),
        ("index.md", "[a](docs/notebooks/lecture.ipynb)", "[a](notebooks/lecture.md)"),
        ("faq.md", "[a](https://example.org/b)", "[a](https://example.org/b)"),
        ("faq.md", "```sh\n[a](../config/README.md)\n```", "```sh\n[a](../config/README.md)\n```"),
    ],
)
def test_links_lead_to_the_same_file_on_the_site(generate, page, text, made):
    assert generate.rewritten(text, page) == made


def config() -> dict[str, Any]:
    """mkdocs.yml, without the tags that only mkdocs knows."""
    found: dict[str, Any] = yaml.safe_load(re.sub(r"!!\S+", "", (ROOT / "mkdocs.yml").read_text()))
    return found


def pages(entry: Any) -> list[str]:
    """The pages of an entry of the navigation: a page, or titles with an entry each."""
    if isinstance(entry, str):
        return [entry]
    return [page for one in (entry.values() if isinstance(entry, dict) else entry) for page in pages(one)]


def test_every_page_has_its_place_in_the_navigation(generate):
    listed = pages(config()["nav"])
    assert len(listed) == len(set(listed))
    assert set(listed) == {*generate.pages().values(), *generate.GENERATED}


def test_no_font_or_script_of_the_site_comes_from_elsewhere():
    text = (ROOT / "mkdocs.yml").read_text()
    assert config()["theme"]["font"] is False
    assert "offline" in config()["plugins"]
    assert not re.search(r"https?://", text)
    assert not [path for path in (ROOT / "docs").rglob("*.md") if "```mermaid" in path.read_text()]  # loads a script


def targets(page: Path, site: Path) -> list[str]:
    """Where links and pictures of a page lead that has no file. From site/ in the tree `..` is the tree itself."""
    lost = []
    for target in re.findall(r'<(?:a|img|link|script)\b[^>]*?\s(?:href|src)="([^"#?]+)', page.read_text()):
        if re.match(r"[a-z]+:", target):
            continue
        folder = site if target.startswith("/") else page.parent
        path = os.path.relpath(folder / html.unescape(unquote(target)).lstrip("/"), site)
        found = ROOT / path.removeprefix("../") if path.startswith("../") else site / path
        if not found.exists():
            lost.append(target)
    return lost


def test_a_notebook_is_a_page_with_what_its_cells_printed_and_drew(generate):
    cells = [
        {"cell_type": "markdown", "source": ["# Title\n", "words"]},
        {"cell_type": "code", "source": ["f()"], "outputs": [
            {"output_type": "stream", "text": ["1\n", "2\n"]},
            {"output_type": "display_data", "data": {"image/png": "QUJD\n", "text/plain": ["<Image>"]}},
            {"output_type": "display_data", "data": {"text/markdown": ["**so**"], "text/plain": ["<Markdown>"]}},
        ]},
    ]  # fmt: skip
    shown = [generate._output(output) for output in cells[1]["outputs"]]
    assert shown[0] == "```text\n1\n2\n```\n"
    assert 'src="data:image/png;base64,QUJD"' in shown[1]
    assert shown[2] == "**so**\n"
    for page, path in generate.NOTEBOOKS.items():
        text = generate.GENERATED[page]()
        assert text.startswith("# ")
        assert "data:image/png" in text
        assert generate.rewritten(f"[it]({posixpath.relpath(path, 'docs')})", "lecture.md") == f"[it]({page})"


def test_fields_of_a_docstring_are_a_list_and_sessions_are_code():
    pytest.importorskip("griffe", reason="mkdocs is not installed (longlag[docs])")
    text = "What it is.\n\nloss: per replica, [R]:\n    of a method.\nlow, high: bounds.\n\n>>> f(5)\n[5, 1.0]\n\nArgs:\n    a: one."
    with loaded(ROOT / "docs/docstrings.py") as module:
        assert module.markdown(text).split("\n") == [
            *("What it is.", "", "- `loss`: per replica, [R]:", "      of a method.", "- `low`, `high`: bounds."),
            *("", "```pycon", ">>> f(5)", "[5, 1.0]", "```", "", "Args:", "    a: one."),
        ]


def test_warnings_of_the_site_are_errors():
    (call,) = re.findall(r"mkdocs build.*", (ROOT / "Makefile").read_text())
    assert call == "mkdocs build --strict", "with --quiet it counts no warning"


@pytest.mark.slow
def test_the_site_builds_without_a_warning_and_fetches_nothing(tmp_path):
    pytest.importorskip("mkdocstrings", reason="mkdocs is not installed (longlag[docs])")
    words = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(tmp_path / "site")]
    done = subprocess.run(
        words, cwd=ROOT, env=os.environ | {"NO_MKDOCS_2_WARNING": "1"}, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert "WARNING" not in done.stderr
    pages = sorted((tmp_path / "site").rglob("*.html"))
    assert len(pages) > 20
    for page in pages:
        text = page.read_text()
        fetched = re.findall(r'<(?:script|link|img|iframe)\b[^>]*?(?:src|href)="(https?:[^"]*)"', text)
        assert not fetched, page
    lost = [f"{page.relative_to(tmp_path)}: {target}" for page in pages for target in targets(page, tmp_path / "site")]
    assert not lost
    assert (tmp_path / "site/search/search_index.js").stat().st_size > 10_000
