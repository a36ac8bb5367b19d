"""Documents are true: generated tables are current, and code in them runs."""

import re
import shlex
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

from longlag import cli, registry
from longlag.cli import _renamed, list_

ROOT = Path(__file__).parents[1]
DOCUMENTS = sorted(
    path
    for pattern in ("*.md", "docs/**/*.md", "config/*.md", "benchmarks/*.md", "results/*.md", "results/*/*.md")
    for path in ROOT.glob(pattern)
)


@pytest.fixture(autouse=True)
def _forget_plugins():
    yield
    for found in (*registry._plugins.values(), registry._origins):
        found.clear()


def test_every_kind_of_task_is_explained_with_tasks_of_that_kind():
    text = (ROOT / "docs/add-a-method.md").read_text()
    of_kind: dict[str, list[str]] = {}
    for name in registry.FOLDERS["tasks"].names():
        of_kind.setdefault(registry.get("tasks", name).traits.kind, []).append(name)
    for kind, names in of_kind.items():
        (row,) = [line for line in text.splitlines() if line.startswith(f"| `{kind}` |")]
        examples = set(re.findall(r"`(\w+)`", row)) - {kind}
        assert examples <= set(names), "a task of another kind"
        assert len(examples) > 1


def blocks(document: str, language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", (ROOT / document).read_text(), flags=re.S)


TABLES = re.compile(r"(<!-- longlag list --markdown -->\n).*?(<!-- end -->)", flags=re.S)


def with_tables(document: str) -> str:
    """The document with the tables that `longlag list --markdown` prints of the methods and tasks in the tree."""
    values = [[registry.get(kind, name) for name in registry.FOLDERS[kind].names()] for kind in ("methods", "tasks")]
    return TABLES.sub(lambda marks: f"{marks[1]}{list_.markdown(*values)}\n{marks[2]}", document)


def test_tables_of_remedies_and_tasks_are_generated(capsys):
    text = (ROOT / "docs/remedies.md").read_text()
    assert len(TABLES.findall(text)) == 1
    assert with_tables(text) == text, "python tests/test_golden.py writes these tables"
    assert cli.main(["list", "--markdown"]) == 0
    assert capsys.readouterr().out in text


def printed_by_readme(k: int) -> str:
    """What example k of the README prints, on one thread."""
    code = "import torch; torch.manual_seed(0); torch.set_num_threads(1)\n" + blocks("README.md", "python")[k]
    done = subprocess.run([sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=True)
    return done.stdout


def test_readme_is_short():
    assert len((ROOT / "README.md").read_text().splitlines()) < 120


def test_a_gru_in_plain_torch_solves_the_task_of_the_readme():
    (share,) = re.findall(r"([\d.]+)% of 10000 wrong", printed_by_readme(0))
    assert float(share) <= 1


def test_hessian_free_learns_in_the_readme():
    losses = [float(loss) for loss in re.findall(r"loss ([\d.]+)", printed_by_readme(1))]
    assert len(losses) == 8
    assert losses[-1] < 0.1 * losses[0]


def test_the_documented_way_to_a_batch_works():
    found: dict = {}
    exec(blocks("docs/add-a-task.md", "python")[1], found)
    assert (found["batch"].x.shape, found["batch"].y.shape) == ((100, 32, 6), (1, 32))


def test_documents_name_files_that_exist():
    for document in DOCUMENTS:
        for target in re.findall(r"\]\(([^)#:]+)\)", document.read_text()):
            assert (document.parent / target).exists(), f"{document.name} links to {target}"


def test_glossary_words_are_used_and_sorted():
    words = re.findall(r"^\| \*\*(.+?)\*\* \|", (ROOT / "docs/glossary.md").read_text(), flags=re.M)
    assert len(words) == len(set(words)) > 10
    assert words == sorted(words, key=str.lower)
    others = [path for path in DOCUMENTS if path.name != "glossary.md"]
    text = " ".join(" ".join(path.read_text().lower().split()) for path in others)
    unused = [word for word in words if not re.search(rf"\b{word.lower()}s?\b", text)]
    assert not unused, "the glossary defines what no document uses"


NAMED = (  # methods that have a name: Holm's correction, Fisher's exact test, Wilson interval, Nesterov momentum
    r"(?:(?<=[a-z,;:(] )|\b(?=[A-Z][a-z]+'s ))([A-Z][a-z]+(?:-[A-Z][a-z]+)*)(?:'s)? "
    r"(?:correction|direction|exact test|exponent|interval|matrix|median|method|momentum|product|sequence|test)s?\b"
)


def test_methods_that_have_a_name_are_in_the_glossary():
    glossary = (ROOT / "docs/glossary.md").read_text()
    prose = [re.sub(r"```.*?```|`[^`]*`|<!--.*?-->", "", path.read_text(), flags=re.S) for path in DOCUMENTS]
    named = {name for text in prose for name in re.findall(NAMED, " ".join(text.split()))}
    assert {"Holm", "Fisher", "Nesterov", "Newcombe", "Kaplan-Meier"} <= named
    assert not sorted(name for name in named if name not in glossary)


@pytest.mark.parametrize("name", ["first-run.md", "read-the-page.md", "findings.md"])
def test_words_in_italics_are_in_the_glossary(name):
    words = re.findall(r"^\| \*\*(.+?)\*\* \|", (ROOT / "docs/glossary.md").read_text(), flags=re.M)
    italics = re.findall(r"(?<!\*)\*([A-Za-z][\w -]*)\*(?!\*)", (ROOT / "docs" / name).read_text())
    assert not {*italics} - {*words} - {"italics"}


@pytest.mark.parametrize("name", ["README.md", "CONTRIBUTING.md", "docs/architecture.md", "docs/protocol.md",
                                  "docs/reproducibility.md", "docs/cluster.md", "config/README.md"])  # fmt: skip
def test_documents_link_the_glossary(name):
    assert "glossary.md" in (ROOT / name).read_text()


# In backticks, but made by a run, or a name that the reader chooses.
MADE = {
    "runs.csv", "curves.parquet", "report.html", "handson.html", "suite.json", "lecture.json", "jobs/", "rungs/", "logs/",
    "my.yaml", "mine.yaml", "file.py", "suite.yaml", "page.html", "datapackage.json", "croissant.json",
    "trials.csv", "tuning.md", "chosen.yaml",
}  # fmt: skip
MADE_IN = (
    ".venv/",
    "site/",
    "figures/",
    "results/mine",
    "config/tuned",
    "results/NAME",
    "results/gpu",
    "results/compare/",
    "results/SUITE",
    "results/demo/",
    "results/standard",
)
ROOMS = ("", "src/longlag", "src/longlag/cells", "tests", "tests/*", "results/reference", "results/benchmarks")


@cache
def rooms() -> list[Path]:
    """The folders of `ROOMS`."""
    return [place for room in ROOMS for place in (ROOT.glob(room) if room else [ROOT])]


@cache
def sources() -> dict[str, str]:
    """The text of every module of the package, by its name."""
    return {path.stem: path.read_text() for path in (ROOT / "src/longlag").rglob("*.py")}


def missing(code: str, folder: Path = ROOT) -> bool:
    """Is it the path of a file or folder that is not there, or a name that is not in the module it is said to be in?

    folder: that of the document; paths may be relative to it, to the root, or to one of `ROOMS`.
    """
    if code in MADE or code.startswith(MADE_IN) or not re.fullmatch(r"[\w.*/-]+", code) or re.search("NAME|DIR", code):
        return False
    if "/" in code or re.search(r"\.(py|md|csv|json|yaml|png|txt|smk|sh)$", code):
        return not any(any(place.glob(code.rstrip("/"))) for place in (folder, *rooms()))
    module, *names = code.removeprefix("longlag.").split(".")
    while names and any((ROOT / "src/longlag").glob(f"**/{module}/__init__.py")):
        module, *names = names  # out of the package
    text = sources().get(module)
    return text is not None and not all(re.search(rf"\b{name}\b", text) for name in names)


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_paths_and_names_in_backticks_exist(path):
    prose = re.sub(r"```.*?```", "", path.read_text(), flags=re.S)
    gone = sorted({code for code in re.findall(r"`([^`\n]+)`", prose) if missing(code, path.parent)})
    assert not gone, f"{path.name} names what is not there; mend the text, or list a made file in MADE"


@pytest.mark.parametrize("code", ["docs/nowhere.md", "protocol.next_nothing", "src/longlag/engine/gone.py", "no.csv"])
def test_what_is_not_there_is_noticed(code):
    assert missing(code)


IDIOMS = r"\banew\b|\bfor ever\b|\b(is|are|was|were) told\b|\bbec[ao]mes? of\b|\bbefell\b|\b(goes|go|going|went) on\b"
IDIOMS += r"|\buntreated patients?\b|\bdear ones?\b|\bdearer\b|\b(it|they) ha(s|ve) not([,.;:]| what\b)"
TEXTS = [
    path
    for folder, pattern in (
        *((name, "**/*.py") for name in ("src", "tests", "benchmarks", "chaos")),
        *((name, "**/*") for name in ("workflow", "profiles", "config")),
        ("src", "**/*.html"),
        (".", "Makefile"),
    )
    for path in sorted((ROOT / folder).glob(pattern))
    if path.is_file() and path != Path(__file__) and "__pycache__" not in path.parts
]


def test_texts_are_in_plain_words():
    """A few idioms that readers from other countries stumbled over; CONTRIBUTING.md asks for plain English."""
    found = [
        f"{path.relative_to(ROOT)}: {match[0]!r}"
        for path in [*TEXTS, *DOCUMENTS]
        for match in re.finditer(IDIOMS, " ".join(path.read_text().split()), flags=re.IGNORECASE)
    ]
    assert not found, "say it in plain words, such as 'resumes', 'again', 'forever', 'result'"


SHORT = (*(f"docs/{name}.md" for name in (
    "first-run", "read-the-page", "compare", "add-a-method", "add-a-task", "plain-torch", "tuning", "workflow", "cluster",
    "protocol", "faq", "glossary", "hessian-free", "lecture", "remedies", "reproducibility", "architecture", "demos", "gpu",
    "papers", "reservoirs")), "benchmarks/README.md", "README.md", "CONTRIBUTING.md")  # fmt: skip
LONGEST = 28  # words of a sentence, or of what stands before or after its colon or semicolon; enumerations excepted


def long_sentences(text: str) -> list[str]:
    """Sentences of a document's prose and tables that take a second reading. A list of five names or more is none."""
    text = re.sub(r"```.*?```|<!--.*?-->", "", text, flags=re.S)
    blocks = re.split(r"\n\s*\n|\n(?=\s*[-*|#>]|\s*\d+\. )|(?<= )\|(?= )", text)
    plain = (re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", " ".join(block.split())) for block in blocks)
    found = [sentence for block in plain for sentence in re.split(r"(?<=[.!?:;])\*{0,2}\s+", block)]
    return [one for one in found if len(re.findall(r"[^\W\d_][\w'’-]*", one)) > LONGEST and one.count(", ") < 4]


@pytest.mark.parametrize("name", SHORT)
def test_sentences_of_documents_are_short(name):
    assert long_sentences((ROOT / name).read_text()) == []


def test_a_long_sentence_is_noticed():
    assert long_sentences(f"Short. {'word ' * LONGEST}too. Short.") == [f"{'word ' * LONGEST}too."]
    assert long_sentences(f"Short: {'word ' * LONGEST}; short.\n\n```sh\n{'word ' * 2 * LONGEST}\n```\n") == []


def commands(path: Path) -> list[str]:
    """Every `longlag VERB ...` in a document's prose and code, without comments; forms with [options] or ... are skipped."""
    text = path.read_text()
    lines = [line.split("  #")[0].split(" # ")[0] for block in re.findall(r"```\w*\n(.*?)```", text, flags=re.S)
             for line in block.splitlines()]  # fmt: skip
    prose = re.sub(r"```.*?```", "", text, flags=re.S)
    found = [*lines, *(" ".join(code.split()) for code in re.findall(r"`([^`]+)`", prose))]
    calls = [line.strip() for line in found if re.match(r"longlag [a-z]+\b", line.strip())]
    return sorted({line for line in calls if not re.search(r"\[|\.\.\.", line)})


COMMANDS = [(path, line) for path in DOCUMENTS for line in commands(path)]


@pytest.mark.parametrize(("path", "line"), COMMANDS, ids=[f"{path.name}: {line}" for path, line in COMMANDS])
def test_commands_in_documents_are_understood(path, line):
    words = shlex.split(line)[1:]
    if len(words) == 1:  # a verb's name in prose
        assert cli.VERBS.get(cli_file(words[0])).HELP
        return
    assert _renamed.modern(words) == words, "documents use the new spelling"
    given = cli.build_parser().parse_args(words)
    assert callable(given.run)


@pytest.mark.parametrize("name", cli.VERBS.names())
def test_examples_of_verbs_are_understood(name):
    words = shlex.split(cli.VERBS.get(name).EXAMPLE)[1:]
    assert _renamed.modern(words) == words
    assert callable(cli.build_parser().parse_args(words).run)


def cli_file(verb: str) -> str:
    return f"{verb}_" if verb == "list" else verb


def test_every_room_and_module_has_its_place_in_the_architecture():
    """The table of where a change belongs names every package, every module of the root, and those of four packages."""
    source, text = ROOT / "src/longlag", (ROOT / "docs/architecture.md").read_text()
    table = text[text.index("| I want to") : text.index("## The ideas")]
    modules = [path for room in ("", "engine", "store", "design", "analysis") for path in (source / room).glob("*.py")]
    names = [path.relative_to(source).as_posix() for path in modules if not path.name.startswith("_")]
    names += [f"{path.name}/" for path in source.iterdir() if (path / "__init__.py").exists()]
    known = {"errors.py", "products.py", "algebra/", "engine/", "store/", "design/", "analysis/"}  # said in the ideas
    assert not sorted(name for name in {*names} - known if f"`{name}" not in table)
    assert not sorted(name for name in known if name.removesuffix(".py") not in text)
