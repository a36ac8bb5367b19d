"""The first half second of a command: what is said before torch is imported, what is answered without it, and hints."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from longlag import __version__, cli, registry
from longlag.cli import _catalogue, cite
from longlag.errors import LonglagError
from toy import small

SETS = [f"--set={path}={value}" for path, value in small("control").items()]
TRAIN = ["train", "--task", "adding", "--lag", "10", "--method", "control", "--budget", "600", *SETS]
WRITE = "a method or task has changed; write the catalogue again: python -m longlag.cli._catalogue"
WATCH = """
import sys
class Watch:
    def find_spec(self, name, path=None, target=None):
        if name in ("torch", "pandas"):
            print("IMPORT", name, file=sys.stderr, flush=True)
sys.meta_path.insert(0, Watch())
from longlag import cli
sys.exit(cli.main(sys.argv[1:]))
"""


@pytest.mark.parametrize("words", [[], ["--help"], ["-h"]], ids=str)
def test_the_bare_command_shows_its_help(words, capsys):
    with pytest.raises(SystemExit, match="0"):
        cli.main(words)
    out = capsys.readouterr().out
    assert all(name.removesuffix("_") in out for name in cli.VERBS.names())


def test_the_version_is_printed(capsys):
    with pytest.raises(SystemExit, match="0"):
        cli.main(["--version"])
    assert capsys.readouterr().out == f"longlag {__version__}\n"


@pytest.mark.parametrize("words", [["trian"], ["-v", "trian", "--task", "adding"]], ids=str)
def test_a_misspelt_verb_gets_a_hint(words, capsys):
    assert cli.main(words) == 2
    assert "longlag: unknown verb 'trian'; did you mean 'train'?" in capsys.readouterr().err


def on_a_terminal(words, tmp_path):
    """The lines on a standard error that is a terminal."""
    leader, follower = os.openpty()
    command = [sys.executable, "-c", WATCH, *words]
    done = subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.DEVNULL, stderr=follower)
    os.close(follower)
    said = b""
    with os.fdopen(leader, "rb", buffering=0) as stream:
        try:
            while part := stream.read(4096):
                said += part
        except OSError:  # Linux ends a terminal without writers with an error
            pass
    assert done.wait() == 0, said
    return said.decode().splitlines()


def test_a_word_is_on_the_terminal_before_torch_is_imported(tmp_path):
    lines = on_a_terminal([*TRAIN, "--out", "runs.csv", "--curves", "curves.parquet"], tmp_path)
    assert lines[0] == "longlag train: starting"
    assert "IMPORT torch" in lines
    assert (tmp_path / "curves.parquet").exists()
    assert "IMPORT pandas" not in lines, "a third of a second of every job; pyarrow imports it for numbers of Python"


def test_what_is_answered_at_once_needs_no_such_word(tmp_path):
    assert on_a_terminal(["cite"], tmp_path) == []


def test_reading_the_words_of_a_command_imports_nothing_heavy():
    """All verbs are imported for help: what one of them needs is imported when it runs."""
    code = "import sys\nfrom longlag import cli\ncli.build_parser()\nprint(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert not {"torch", "pandas", "numpy", "pyarrow", "yaml", "jsonschema"} & {*done.stdout.splitlines()[-1].split()}


@pytest.mark.parametrize("words", [["list"], ["list", "--json"], ["show", "hf"], ["show", "adding"]], ids=" ".join)
def test_listing_and_showing_import_no_other_verb_and_nothing_that_only_others_need(words):
    code = f"import sys\nfrom longlag import cli\ncli.main({words!r})\nprint(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    found = {*done.stdout.splitlines()[-1].split()}
    own = {name for name in found if name.startswith("longlag.cli.") and not name.startswith("longlag.cli._")}
    assert own == {"longlag.cli.list_" if words[0] == "list" else "longlag.cli.show"}
    assert not found & {"fractions", "statistics", "subprocess", "platform", "longlag.design", "longlag.tables"}


def test_listing_showing_and_citing_import_neither_torch_nor_pandas(tmp_path):
    names = registry.FOLDERS["methods"].names() + registry.FOLDERS["tasks"].names()
    reference = Path(__file__).parents[2] / "results/reference"
    calls = [["list"], ["list", "--json"], ["cite", str(reference)], *(["show", name] for name in names)]
    code = f"import sys\nfrom longlag import cli\nprint([cli.main(words) for words in {calls!r}], *sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    *_, last = done.stdout.splitlines()
    assert last.startswith(str([0] * len(calls)))
    assert not {"torch", "pandas"} & {*last.split()}, WRITE


def test_the_catalogue_is_current():
    assert _catalogue._catalogue() == _catalogue.made(), WRITE


def test_what_is_edited_or_asked_for_otherwise_is_built(monkeypatch, capsys):
    assert cli.main(["show", "hf"]) == 0
    usual = capsys.readouterr().out
    monkeypatch.setattr(_catalogue, "_source", lambda kind, name: "of an edited file")
    assert _catalogue.kept("methods", "hf") is None
    assert cli.main(["show", "hf"]) == 0
    assert capsys.readouterr().out == usual
    assert cli.main(["list"]) == 0


def test_equal_tasks_are_shown_once(capsys):
    assert cli.main(["show", "lstm"]) == 0
    out = capsys.readouterr().out
    assert out.count("optimiser.learning_rate = ") == 1
    assert "for every task at lag 50" in out
    assert "for random_permutation (symbols) and random_permutation_every_step (symbols):" in out
    assert "  centring.inputs = 100 x 0" in out
    assert max(map(len, out.splitlines())) < 160


@pytest.mark.parametrize("place", ["before", "after"])
def test_quiet_leaves_results_and_errors(place, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    for words, code in ((TRAIN, 0), ([*TRAIN, "--budget", "0"], 2)):
        words = [*words, "--out", "runs.csv"]
        assert cli.main(["-q", *words] if place == "before" else [*words, "-q"]) == code
        said = capsys.readouterr()
        assert said.out == ("" if code else "runs.csv: 1 row\n")
        assert said.err == (
            "longlag: a budget is a number of sequence passes, such as 1e6: '0' is not a positive number\n"
            if code
            else ""
        )


def test_verbose_says_what_starts_what_it_cost_and_where_an_error_came_from(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert cli.main([*TRAIN, "--out", "runs.csv", "-v"]) == 0
    lines = capsys.readouterr().err.splitlines()
    assert lines[0] == "longlag train: starting"
    assert lines[1].startswith(f"longlag {__version__}, Python {sys.version.split()[0]}, torch ")
    assert lines[-1].startswith("longlag train: done in ")
    assert lines[-1].endswith(" MiB at most")
    assert cli.main(["-v", "show", "adign"]) == 2
    said = capsys.readouterr().err
    assert "Traceback (most recent call last)" in said
    assert said.splitlines()[-1].startswith("longlag: unknown method or task 'adign'; did you mean 'adding'?")


@pytest.mark.parametrize("kind", ["methods", "tasks"])
def test_every_paper_behind_the_package_is_in_the_bibliography(kind):
    for name in registry.FOLDERS[kind].names():
        found = cite.entries(registry.get(kind, name).reference, name)
        assert found
        assert not [entry for entry in found if entry.startswith("@misc")], name


def test_a_reference_of_a_plug_in_is_safe_in_latex_and_new_needs_no_entry():
    assert cite.entries("New; a^b~{c}\\d 2031", "mine") == [
        "@misc{mine_a^b~{c}\\d2031,\n  note = {a\\^{}b\\~{}\\{c\\}\\textbackslash{}d 2031},\n}".replace(
            "a^b~{c}\\d", "abcd", 1
        )
    ]
    assert cite.entries("new; Saxe, McClelland & Ganguli 2019, 50 %_", "mine") == [
        "@misc{mine_saxe2019,\n  note = {Saxe, McClelland \\& Ganguli 2019, 50 \\%\\_},\n}"
    ]


def test_the_bibliography_is_well_formed_and_has_no_paper_twice():
    text = Path(cite.__file__).with_name("references.bib").read_text()
    assert text.count("\n@") + 1 == len(cite._papers())
    assert all(entry.count("{") == entry.count("}") for entry in cite._papers().values())
    for key, entry in cite._papers().items():
        assert "year" in entry
        assert (
            entry.split("author")[1].split("{")[1].lower().startswith(key.rstrip("0123456789abc")[:4]) or "{\\" in entry
        )


def test_cite_names_longlag_and_the_papers_of_what_was_run(capsys):
    reference = Path(__file__).parents[2] / "results/reference"
    assert cli.main(["cite", str(reference)]) == 0
    out = capsys.readouterr().out
    assert out.startswith("@software{longlag,")
    assert "@article{hochreiter1997," in out
    assert "@inproceedings{tallec2018," in out
    assert out.count("@inproceedings{martens2011,") == 1
    assert "@article{raffel2015" not in out, "no run of the reference is of time_average"


def test_a_paper_that_is_not_known_is_cited_by_its_words():
    (entry,) = cite.entries("Nobody & Others 2031, section 2", "mine")
    assert entry == "@misc{mine_nobody2031,\n  note = {Nobody \\& Others 2031, section 2},\n}"


@pytest.mark.parametrize("shell", ["bash", "zsh", "tcsh"])
def test_a_shell_gets_a_script_with_every_verb(shell, capsys):
    pytest.importorskip("shtab")
    assert cli.main(["completion", shell]) == 0
    out = capsys.readouterr().out
    assert all(name.removesuffix("_") in out for name in cli.VERBS.names())
    if shell == "bash":
        assert subprocess.run(["bash", "-n"], input=out, text=True).returncode == 0


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("train --method ls", {"lstm", "lstm_chrono", "lstm_1997"}),
        ("train --task memorization_", {"memorization_5bit", "memorization_20bit"}),
        ("run dem", {"demo"}),
        ("figure rea", {"reach"}),
        ("table publ", {"published"}),
        ("paper suts", {"sutskever2013"}),
        ("show temporal_order_3bit", {"temporal_order_3bit", "temporal_order_3bit_1997"}),
        ("fig", {"figure"}),
    ],
)
def test_a_shell_completes_names(words, found, capsys):
    pytest.importorskip("shtab")
    assert cli.main(["completion", "bash"]) == 0
    *before, last = typed = ["longlag", *words.split()]
    ask = f"""COMP_WORDS=({" ".join(typed)}); COMP_CWORD={len(before)}; COMP_LINE="${{COMP_WORDS[*]}}"
      $(complete -p longlag | sed 's/.*-F \\([^ ]*\\).*/\\1/') longlag {last} {before[-1]}; printf '%s\\n' "${{COMPREPLY[@]}}"
    """
    said = subprocess.run(["bash"], input=f"{capsys.readouterr().out}\n{ask}", text=True, capture_output=True)
    assert set(said.stdout.split()) == found


@pytest.mark.parametrize(
    "words", [["train", "--metod", "lstm"], ["train", "--metod=lstm"], ["ladder", "--metod", "hf"]]
)
def test_a_misspelt_option_gets_a_hint(words, capsys):
    with pytest.raises(SystemExit) as ended:
        cli.main(words)
    assert ended.value.code == 2
    assert capsys.readouterr().err.rstrip().endswith("--metod is no option: did you mean --method?")


@pytest.mark.parametrize(
    ("words", "nearest"),
    [(["--tas", "xor"], "--task"), (["--tas=xor"], "--task"), (["--checkpoint", "9"], "--checkpoint-every")],
)
def test_an_option_is_written_out(words, nearest, capsys):
    """Cut short, it would pass by the guard against an option that is given twice."""
    with pytest.raises(SystemExit) as ended:
        cli.main([*TRAIN, "--out", "runs.csv", *words])
    assert ended.value.code == 2
    said = capsys.readouterr().err.rstrip()
    assert said.endswith(f"{words[0].partition('=')[0]} is no option: did you mean {nearest}?")


@pytest.mark.parametrize("words", [["show", "hf", "--set", "a=1"], ["figure", "reach", "RUN", "--format", "png"]])
def test_an_option_that_is_like_none_gets_no_hint(words, capsys):
    """Without its dashes `--set` is not like `--quiet`, nor `--format` like `--out`."""
    with pytest.raises(SystemExit) as ended:
        cli.main(words)
    assert ended.value.code == 2
    assert "did you mean" not in capsys.readouterr().err


def test_no_verb_takes_an_option_cut_short():
    for verb, parser in cli._parsers(cli.VERBS.names())[1].items():
        assert not parser.allow_abbrev, verb
    assert not cli.build_parser().allow_abbrev


def test_completion_says_in_a_sentence_that_it_needs_shtab(monkeypatch, capsys):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    assert cli.main(["completion", "bash"]) == 2
    assert capsys.readouterr().err.rstrip().endswith("-m pip install 'longlag[completion]'")


def test_showing_a_suite_says_where_it_stands(capsys):
    assert cli.main(["show", "demo"]) == 2
    said = capsys.readouterr().err
    assert "'demo' is a suite: " in said
    assert "config/demo.yaml has it, and `longlag estimate demo` its cost" in said


def test_showing_what_is_not_there_is_an_error():
    with pytest.raises(LonglagError, match="unknown task 'adign'; did you mean 'adding'"):
        _catalogue.about("tasks", "adign")


def test_a_variant_is_cited_as_its_method(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert cli.main([*TRAIN, "--variant", "mine", "--out", "runs.csv"]) == 0
    assert cli.main(["cite", "runs.csv"]) == 0
    out = capsys.readouterr().out
    assert "% control\n@article{elman1990," in out
    assert "@misc" not in out
