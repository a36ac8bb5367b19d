"""The workflow as Snakemake's users deploy it: from git, by snakedeploy, in the catalogue, without the package, as a report."""

import json
import os
import re
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest
import yaml

import rule_graph
from longlag import figures, tables

ROOT = Path(__file__).parents[1]
TEST_SUITE = yaml.safe_load((ROOT / ".test/config/config.yaml").read_text())


def call(folder, *words, python="", **environment):
    """A program of this environment in that folder. python: a folder that is searched for modules first."""
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    modules = os.pathsep.join(filter(None, [python, str(ROOT / "src")]))
    here = {"PATH": path, "PYTHONPATH": modules, "XDG_CACHE_HOME": str(folder / ".cache"), "HOME": str(folder)}
    return subprocess.run(
        [sys.executable, "-m", *map(str, words)],
        capture_output=True,
        text=True,
        cwd=folder,
        env=os.environ | here | environment,
    )


@pytest.fixture(scope="module")
def repository(tmp_path_factory):
    """A git repository with the files of this tree that a workflow from git needs."""
    folder = tmp_path_factory.mktemp("git") / "longlag"
    for name in ("workflow", "config", "profiles", "Snakefile", "LICENSE", "README.md"):
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        subprocess.run(["cp", "-r", str(ROOT / name), str(target)], check=True)
    me = ["-c", "user.name=a", "-c", "user.email=a@b"]
    for words in (["init", "-q", "-b", "main"], ["add", "."], [*me, "commit", "-qm", "all"]):
        subprocess.run(["git", *words], cwd=folder, check=True)
    return folder


def put_config(folder, config):
    (folder / "config").mkdir(parents=True, exist_ok=True)
    (folder / "config/config.yaml").write_text(json.dumps(config))


@pytest.mark.slow
def test_a_module_from_git_runs_to_its_rows(repository, tmp_path):
    """A user's own Snakefile, with a target of its own and a prefix for all results."""
    put_config(tmp_path, TEST_SUITE | {"lags": [10], "seeds": "0:1"})
    source = f"git+file:{repository}/workflow/Snakefile@main"
    (tmp_path / "Snakefile").write_text(
        'configfile: "config/config.yaml"\n'
        f'module longlag:\n    snakefile: "{source}"\n    config: config\n    prefix: "ours"\n'
        "use rule * from longlag\n"
        'rule mine:\n    default_target: True\n    input: "ours/results/tiny/runs.csv"\n'
    )
    done = call(tmp_path, "snakemake", "--cores", "2", "--workflow-profile", "none")
    assert done.returncode == 0, done.stdout + done.stderr
    assert len((tmp_path / "ours/results/tiny/runs.csv").read_text().splitlines()) == 3


@pytest.mark.parametrize("first", ["module", "all"])
def test_a_rule_all_of_the_user_is_the_target(first, repository, tmp_path):
    source = f"git+file:{repository}/workflow/Snakefile@main"
    module = f'module longlag:\n    snakefile: "{source}"\n    config: {{"suite": "demo"}}\n'
    module += "use rule * from longlag as longlag_*\n"
    every = 'rule all:\n    default_target: True\n    input: "mine.txt"\n'
    every += "rule mine:\n    output: 'mine.txt'\n    shell: 'touch {output}'\n"
    (tmp_path / "Snakefile").write_text(module + every if first == "module" else every + module)
    done = call(tmp_path, "snakemake", "--dry-run", "--workflow-profile", "none")
    assert done.returncode == 0, done.stdout + done.stderr
    planned = done.stdout + done.stderr
    assert "mine.txt" in planned
    assert "is complete" not in planned, "the suite is not what was asked for"


def test_a_module_from_git_takes_suites_from_the_package(repository, tmp_path):
    source = f"git+file:{repository}/workflow/Snakefile@main"
    (tmp_path / "Snakefile").write_text(
        f'module longlag:\n    snakefile: "{source}"\n    config: {{"suite": "demo"}}\nuse rule * from longlag\n'
    )
    done = call(tmp_path, "snakemake", "--dry-run", "--workflow-profile", "none")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "results/demo is complete" in done.stdout + done.stderr


def test_a_deployed_copy_plans_the_suite_that_its_config_names(repository, tmp_path):
    """snakedeploy names a folder on this machine by a path that is the copy's own; the document says what to write."""
    pytest.importorskip("snakedeploy")
    words = ["deploy-workflow", repository, tmp_path / "copy", "--branch", "main"]
    done = call(tmp_path, "snakedeploy.client", *words)
    assert done.returncode == 0, done.stdout + done.stderr
    snakefile = tmp_path / "copy/workflow/Snakefile"
    assert 'configfile: "config/config.yaml"' in snakefile.read_text()
    (remedy,) = re.findall(r"^ *(gitfile\(.*ref=.*\))$", (ROOT / "docs/workflow.md").read_text(), re.MULTILINE)
    remedy = remedy.replace("/path/to/longlag", str(repository))
    text, count = re.subn(r'"workflow/Snakefile"', lambda found: remedy, snakefile.read_text())
    assert count == 1
    snakefile.write_text(text)
    for suite in ("standard", "demo"):
        config = tmp_path / "copy/config/config.yaml"
        assert suite == "demo" or "suite: standard" in config.read_text()
        config.write_text(config.read_text().replace("standard", suite))
        done = call(tmp_path / "copy", "snakemake", "--dry-run")
        said = done.stdout + done.stderr
        assert done.returncode == 0, said
        assert f"results/{suite} is complete" in said
        assert "Using workflow specific profile profiles/default" in said


@pytest.mark.parametrize("words", [["--lint"], ["--dry-run"]], ids=lambda words: words[0])
def test_without_the_package_there_is_one_sentence(tmp_path, words):
    (tmp_path / "sitecustomize.py").write_text("import sys\nsys.modules['longlag'] = None\n")
    (tmp_path / "work").mkdir()
    done = call(
        tmp_path / "work", "snakemake", "--snakefile", ROOT / "workflow/Snakefile", *words, python=str(tmp_path)
    )
    said = done.stdout + done.stderr  # a dry run speaks on standard output
    assert done.returncode == 1
    assert "needs the package longlag beside Snakemake, and longlag is missing: " in said
    assert "-m pip install longlag" in said
    assert "Traceback" not in said


@pytest.mark.parametrize("snakefile", ["Snakefile", "workflow/Snakefile"])
def test_the_profile_is_found_from_elsewhere(snakefile, tmp_path):
    words = ["--snakefile", ROOT / snakefile, "--dry-run", "--config", "suite=demo"]
    done = call(tmp_path, "snakemake", *words)
    assert done.returncode == 0, done.stderr
    assert f"Using workflow specific profile {(ROOT / snakefile).parent}/profiles/default" in done.stderr


def test_both_places_hold_the_same_profile():
    one, other = (ROOT / place / "profiles/default/config.yaml" for place in (".", "workflow"))
    assert one.read_text() == other.read_text()


def test_the_environment_of_the_rules_holds_the_release_that_plans():
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    (pip,) = [
        need["pip"]
        for need in yaml.safe_load((ROOT / "workflow/envs/longlag.yaml").read_text())["dependencies"]
        if isinstance(need, dict)
    ]
    assert pip == [f"longlag=={version}"]
    rules = "".join(path.read_text() for path in (ROOT / "workflow/rules").glob("*.smk"))
    assert set(re.findall(r'conda:\s+"(.*)"', rules)) == {"../envs/longlag.yaml"}
    called = re.findall("^    shell:", rules, re.MULTILINE)  # `question` writes a file in Snakemake's own process
    assert rules.count("conda:") == len(called) == len(re.findall("^rule ", rules, re.MULTILINE)) - 1


def test_the_catalogue_would_list_it():
    """The rules for a standardised workflow, as the Snakemake workflow catalogue states them."""
    readme = (ROOT / "README.md").read_text().lower()
    assert "snakemake" in readme
    assert "workflow" in readme
    for name in ("workflow/Snakefile", "config/README.md", "config/config.yaml", "LICENSE", ".test/config/config.yaml"):
        assert (ROOT / name).is_file(), name
    assert [*(ROOT / "workflow/rules").glob("*.smk")]
    usage = yaml.safe_load((ROOT / ".snakemake-workflow-catalog.yml").read_text())["usage"]
    assert usage["software-stack-deployment"] == {"conda": True}
    assert usage["report"] is True
    assert set(usage["mandatory-flags"]) == {"desc", "flags"}


def embedded(page, name):
    """A value that the script of the report is given."""
    return json.JSONDecoder().raw_decode(page, page.index(f'var {name} = {{"') + len(f"var {name} = "))[0]


@pytest.mark.slow
def test_the_report_holds_page_figures_tables_and_rows_with_captions(tmp_path):
    """The suite of .test, which the catalogue's checker would run, in a folder of its own."""
    put_config(tmp_path, TEST_SUITE)
    snakemake = ["snakemake", "--snakefile", ROOT / "workflow/Snakefile", "--cores", "2"]
    done = call(tmp_path, *snakemake)
    assert done.returncode == 0, done.stdout + done.stderr
    done = call(tmp_path, *snakemake, "--report", "report.zip")
    assert done.returncode == 0, done.stdout + done.stderr
    with zipfile.ZipFile(tmp_path / "report.zip") as archive:
        held = {Path(name).name for name in archive.namelist() if "/raw/" in name}
        page = archive.read("report/report.html").decode()
    drawn = {f"{name}.png" for name in figures.names()} | {f"{name}.html" for name in tables.names()}
    assert held == drawn | {"report.html", "handson.html", "runs.csv"}
    shown, categories = (embedded(page, name) for name in ("results", "categories"))
    assert {name: len(files) for name, group in categories.items() for files in group.values()} == {
        "Page": 2, "Figures": len(figures.names()), "Tables": len(tables.names()), "Rows": 1
    }  # fmt: skip
    assert not [name for name, about in shown.items() if len(about["caption"]) < 40]
    assert "Wilson intervals" in shown["results/tiny/figures/reach.png"]["caption"]
    assert "the suite <strong>tiny</strong>" in page


def test_every_figure_and_table_has_a_caption_for_the_report():
    for kind, names in (("figures", figures.names()), ("tables", tables.names())):
        written = {path.stem: path.read_text() for path in (ROOT / "workflow/report" / kind).glob("*.rst")}
        assert set(written) == set(names), f"write workflow/report/{kind}/NAME.rst"
        assert all(len(text) > 40 for text in written.values())


def test_the_picture_of_the_rules_is_current():
    wanted = "write it again: python tests/rule_graph.py > docs/rules.svg"
    assert (ROOT / "docs/rules.svg").read_text() == rule_graph.svg(rule_graph.graph()), wanted
    assert "(rules.svg)" in (ROOT / "docs/workflow.md").read_text()
