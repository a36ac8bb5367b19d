"""The workflow: what is planned, what runs again and what does not, whoever else fails.

Planning is tested with a stand-in for the command `longlag` that trains nothing: it writes down what it was asked
to train, and keeps finished rungs as the real one does. `collect` is always the real one. What the real command does
is tested at the end of this file with jobs of a second.
"""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from longlag import cli, figures, lecture, registry, tables
from longlag.store import records
from longlag.store.curves import read_points

ROOT = Path(__file__).parents[1]
STAND_IN = f"""#!{sys.executable}
import json, os, signal, sys
from pathlib import Path

def digest(method, task, lag, budget, settings):
    from longlag.store import files

    versions = json.loads(Path("versions.json").read_text())
    own = versions["methods"][method], versions["tasks"][task]
    return files.checksum(map(str, [method, task, lag, float(budget), sorted(settings.items()), *own]))

verb, *words = sys.argv[1:]
if verb == "design":
    from longlag import registry
    from longlag.design import suite
    from longlag.errors import unknown

    plan = suite.read("/dev/stdin" if words[-1] == "-" else words[-1])
    digests = {{}}
    for job in plan.jobs:
        if job.method not in registry.names("methods"):
            sys.exit(str(unknown("method", job.method, registry.names("methods"))))
        rungs = {{task: {{lag: digest(job.method, task, lag, job.budget, job.settings) for lag in job.lags}}
                  for task in job.tasks}}
        digests[str(job.folder)] = rungs
    print(plan.to_json(digests))
elif verb == "collect":
    from longlag import cli

    sys.exit(cli.main(sys.argv[1:]))
elif verb == "lecture":
    out, wanted = Path(words[words.index("--out") + 1]), {sorted(lecture.names())!r}
    (out / "figures").mkdir(parents=True, exist_ok=True)
    for name in wanted[:2] if Path("kill/lecture").exists() else wanted:
        if not (out / "figures" / (name + ".png")).exists():
            with open("trained.txt", "a") as file:
                print(name, file=file)
        for type in ("pdf", "png"):
            (out / "figures" / (name + "." + type)).touch()
    (out / "lecture.json").write_text("claims")
    sys.exit(Path("kill/lecture").exists())
elif verb == "ladder":
    import argparse
    from longlag.design import collect
    from longlag.design.job import Job
    from longlag.store import records
    from longlag.store.curves import write_points

    parser = argparse.ArgumentParser()
    for flag in "method lags seeds budget device cache out curves timeout".split():
        parser.add_argument("--" + flag)
    parser.add_argument("--task", action="append")
    parser.add_argument("--set", action="append", default=[])
    args = parser.parse_args(words)
    if Path("kill", args.method).exists():
        sys.exit(137)
    if Path("interrupt").exists() and args.method == "hf":
        os.killpg(0, signal.SIGINT)
        sys.exit(130)
    seeds, lags = range(*map(int, args.seeds.split(":"))), tuple(map(int, args.lags.split(",")))
    settings = {{path: float(value) for path, value in (text.split("=") for text in args.set)}}
    job = Job(args.method, "", 0, tuple(args.task), lags, seeds, float(args.budget), None, "cpu", settings, ())
    rows = []
    for key in job.runs():
        rung = Path(args.cache, "-".join(map(str, key)) + "-" + args.budget + "-".join(args.set))
        if not rung.exists():
            rung.parent.mkdir(parents=True, exist_ok=True)
            rung.touch()
            with open("trained.txt", "a") as file:
                print(*key, file=file)
        row = collect.error_row(job, key, "")
        rows.append(row.__class__(**{{**vars(row), "status": "budget",
                                      "spec_hash": digest(args.method, key[0], key[2], args.budget, settings),
                                      "spec": json.dumps({{"overrides": settings}})}}))
    records.write_rows(args.out, rows)
    write_points(args.curves, [])
else:
    out = Path(words[words.index("--out") + 1])
    kinds = {{"figure": {sorted(figures.names())!r}, "table": {sorted(tables.names())!r}}}.get(verb)
    types = {{"figure": ["pdf", "png"], "table": ["md", "tex", "html"]}}.get(verb)
    for file in [out / f"{{name}}.{{type}}" for name in kinds for type in types] if kinds else [out]:
        file.parent.mkdir(exist_ok=True)
        file.write_text(verb)
"""


class Folder:
    """A working directory with a suite of four small jobs, and snakemake in it."""

    def __init__(self, path: Path, stand_in: bool = True) -> None:
        self.path = path
        cells = [
            {"methods": ["control"], "tasks": ["adding", "temporal_order"], "lags": [10, 20], "group": "all"},
            {"methods": ["hf", "clipping"], "tasks": ["temporal_order"], "lags": [10, 20]},
        ]
        self.config = {"suite": "tiny", "seeds": "0:2", "seeds_per_job": 2, "budget": 2000, "cells": cells}
        self.versions = {kind: dict.fromkeys(registry.names(kind), 1) for kind in ("methods", "tasks")}
        path.mkdir(exist_ok=True)
        if stand_in:
            (path / "bin").mkdir()
            (path / "bin/longlag").write_text(STAND_IN)
            (path / "bin/longlag").chmod(0o755)

    def snakemake(self, *words: str, snakefile: Path = ROOT / "Snakefile", target: str = "") -> tuple[int, str]:
        """Exit code and all output of one call."""
        (self.path / "my.yaml").write_text(json.dumps(self.config))
        (self.path / "versions.json").write_text(json.dumps(self.versions))
        (self.path / "trained.txt").write_text("")
        path = os.pathsep.join([str(self.path / "bin"), str(Path(sys.executable).parent), os.environ["PATH"]])
        command = [sys.executable, "-m", "snakemake", *target.split()]
        command += ["--snakefile", str(snakefile), "--directory", str(self.path)]
        if "--config" not in words:
            command += ["--configfile", str(self.path / "my.yaml")]
        profile = ["--workflow-profile", "none", "--scheduler", "greedy", "--cores", "2", "--force-use-threads"]
        cache = {"XDG_CACHE_HOME": str(self.path / "cache"), "PATH": path}
        done = subprocess.run(
            [*command, *profile, *words],
            capture_output=True,
            text=True,
            env=os.environ | cache,
            cwd=self.path,
            process_group=0,  # a job of it may interrupt it
        )
        return done.returncode, done.stdout + done.stderr

    def trained(self) -> list[str]:
        """What the last call asked the stand-in to train and was not kept from before."""
        return sorted((self.path / "trained.txt").read_text().splitlines())

    def rows(self):
        return records.read_rows(self.path / "results/tiny/runs.csv")


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    folder = Folder(tmp_path_factory.mktemp("finished") / "work")
    code, output = folder.snakemake()
    assert code == 0, output
    assert len(folder.trained()) == 16
    return folder.path


@pytest.fixture
def after(finished, tmp_path):
    """A copy of the finished suite, times included."""
    folder = Folder(tmp_path / "work")
    shutil.copytree(finished, folder.path, dirs_exist_ok=True)
    return folder


def counts(output: str) -> dict[str, int]:
    """The table of job counts of a dry run."""
    return {name: int(n) for name, n in re.findall(r"^([a-z]+) +(\d+)$", output, re.MULTILINE)}


@pytest.mark.parametrize("command", [["snakemake", "--lint"], ["snakefmt", "--check", "Snakefile", "workflow"]])
def test_workflow_lints_and_is_formatted(command, tmp_path):
    words = [sys.executable, "-m", *command]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, env=os.environ | {"HOME": str(tmp_path)})
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_record_of_another_suite_is_not_replaced_in_silence(tmp_path):
    folder = Folder(tmp_path)
    record = tmp_path / "results/tiny"
    record.mkdir(parents=True)
    for name, text in (("suite.json", '{"suite": "other"}'), ("runs.csv", "rows")):
        (record / name).write_text(text)
    said = "results/tiny holds the record of the suite 'other', which 'tiny' would replace"
    code, output = folder.snakemake()
    assert code != 0
    assert said in output
    assert "one --config with all its keys, such as --config replace=true" in output
    assert (record / "runs.csv").read_text() == "rows"
    code, output = folder.snakemake("--dry-run")
    assert code == 0, "it replaces nothing"
    assert said in output
    command = ["--configfile", str(tmp_path / "my.yaml"), "--config", "replace=true"]
    code, output = folder.snakemake(*command)
    assert code == 0, output
    assert json.loads((record / "suite.json").read_text())["suite"] == "tiny"


@pytest.mark.parametrize("snakefile", ["Snakefile", "workflow/Snakefile"])
def test_both_doors_plan_the_same_jobs(tmp_path, snakefile):
    code, output = Folder(tmp_path).snakemake("--dry-run", snakefile=ROOT / snakefile)
    assert code == 0, output
    assert (
        "train control on adding, temporal_order, seeds 0 to 1: see results/tiny/logs/control/all/seeds0.log" in output
    )
    goal = "default" if snakefile == "Snakefile" else "all"
    steps = dict.fromkeys([goal, "question", "design", "collect", "figures", "tables", "report"], 1)
    assert counts(output) == {**steps, "train": 3, "total": 10}


def test_a_design_may_be_longer_than_a_command(tmp_path):
    """Of which Linux takes 128 KiB in one argument."""
    folder = Folder(tmp_path)
    folder.config["title"] = "A 'long' title é. " * 10_000
    code, output = folder.snakemake("--until", "question")
    assert code == 0, output
    (written,) = (tmp_path / "results/tiny/design").iterdir()
    assert json.loads(written.read_text("utf-8"))["title"] == folder.config["title"]


def test_suites_are_chosen_by_name_and_keys_replaced(tmp_path):
    code, output = Folder(tmp_path).snakemake("--dry-run", "--printshellcmds", "--config", "suite=demo", "budget=77")
    assert code == 0, output
    assert "--budget 77 " in output
    assert "results/demo/report.html" in output


def test_lists_mappings_and_flags_of_the_command_line_replace_keys_too(tmp_path):
    """Snakemake passes what stands in brackets as texts."""
    settings = "methods={random_guessing: {optimiser.batch: 50}}"
    given = ["suite=demo", "lags=[20, 50]", "flow=true", settings, "timeout=null"]
    code, output = Folder(tmp_path).snakemake("--dry-run", "--printshellcmds", "--config", *given)
    assert code == 0, output
    (line,) = [line for line in output.splitlines() if "--method random_guessing" in line]
    assert "--set optimiser.batch=50 " in line
    assert "--timeout" not in line
    control = next(line for line in output.splitlines() if "--method control" in line)
    assert "--lags 20,50 " in control
    assert "--gradient-flow" in control


@pytest.mark.parametrize(
    ("config", "words"),
    [
        (["suite=dmo"], "unknown suite 'dmo'; did you mean 'demo'?"),
        (["suite=demo", "sedes=3"], "unknown key 'sedes'; did you mean 'seeds'?"),
        (["suite=demo", "budget=0"], "budget is 0; it must be a positive number"),
    ],
)
def test_bad_config_is_refused_before_anything_runs(tmp_path, config, words):
    code, output = Folder(tmp_path).snakemake("--config", *config)
    assert code == 1
    assert words in output
    assert "Traceback" not in output
    assert not (tmp_path / "results").exists()


def test_a_method_that_no_plugin_defines_is_refused(tmp_path):
    folder = Folder(tmp_path)
    (tmp_path / "plugin.py").write_text("")
    folder.config |= {"plugins": ["plugin.py"], "cells": [{"methods": ["contrl"], "tasks": ["adding"]}]}
    code, output = folder.snakemake("--dry-run")
    assert code == 1
    assert "unknown method 'contrl'; did you mean 'control'?" in output


def test_what_cannot_be_run_is_refused_before_anything_is_trained(tmp_path):
    """The real command; a dry run, and a call that would train."""
    folder = Folder(tmp_path / "work", stand_in=False)
    folder.config["cells"][1]["lags"] = [3, 10]
    for words in (["--dry-run"], []):
        code, output = folder.snakemake(*words)
        assert code == 1
        assert "my.yaml: 4 of 16 runs cannot be run, so nothing is started:" in output
        assert "cells[1], hf and clipping on temporal_order at lag 3: lag 3 is too small" in output
        assert not (folder.path / "results").exists()


def test_a_device_that_is_not_here_is_a_note_of_a_dry_run_and_refused_else(tmp_path):
    folder = Folder(tmp_path / "work", stand_in=False)
    folder.config["device"] = "cuda:7"
    code, output = folder.snakemake("--dry-run")
    assert code == 0
    assert "my.yaml: 3 jobs cannot run on this machine: device 'cuda:7' cannot be used here" in output
    code, output = folder.snakemake()
    assert code == 1
    assert "16 of 16 runs cannot be run, so nothing is started" in output
    assert not (folder.path / "results").exists()


def test_a_finished_suite_runs_nothing(after):
    code, output = after.snakemake()
    assert (code, after.trained()) == (0, [])
    assert "Nothing to be done" in output


def test_one_more_seed_trains_that_seed_only(after):
    after.config["seeds"] = "0:3"
    code, output = after.snakemake()
    assert code == 0, output
    assert [line.split()[3] for line in after.trained()] == ["2"] * 8
    assert len(after.rows()) == 24


def test_one_more_lag_trains_that_lag_only(after):
    after.config["cells"][1]["lags"] = [10, 20, 30]
    code, output = after.snakemake()
    assert code == 0, output
    assert after.trained() == [f"temporal_order {name} 30 {seed}" for name in ("clipping", "hf") for seed in (0, 1)]
    assert len(after.rows()) == 20


def test_a_setting_of_a_method_trains_that_method_only(after):
    after.config["methods"] = {"hf": {"optimiser.structural_damping": 0.1}}
    code, output = after.snakemake()
    assert code == 0, output
    assert after.trained() == [f"temporal_order hf {lag} {seed}" for lag in (10, 20) for seed in (0, 1)]
    assert {row.method for row in after.rows() if "structural_damping" in row.spec} == {"hf"}


@pytest.mark.parametrize(("kind", "name", "jobs"), [("methods", "hf", 1), ("tasks", "temporal_order", 3)])
def test_new_numerics_run_the_jobs_they_touch(after, kind, name, jobs):
    after.versions[kind][name] = 2
    code, output = after.snakemake("--dry-run")
    assert (code, counts(output)["train"]) == (0, jobs)


@pytest.mark.parametrize(
    "edit",
    [
        lambda config: config.update(title="Another title"),
        lambda config: config["cells"].reverse(),
        lambda config: config.update(methods={"esn": {"optimiser.penalty": 1}}),  # which is not in the suite
    ],
    ids=["title", "order", "settings of another method"],
)
def test_what_changes_no_run_trains_nothing(after, edit):
    edit(after.config)
    code, output = after.snakemake()
    assert (code, after.trained()) == (0, []), output
    assert "rule train" not in output


def test_a_comment_and_more_memory_run_nothing(after, tmp_path):
    shutil.copytree(ROOT / "workflow", tmp_path / "copy/workflow")
    shutil.copy(ROOT / "Snakefile", tmp_path / "copy")
    for rules in (tmp_path / "copy/workflow/rules").glob("*.smk"):
        code = rules.read_text().replace(".megabytes * attempt", ".megabytes * 2 * attempt")
        rules.write_text("# a new comment\n" + code.replace("rule train:\n", "rule train:\n    # another one\n"))
    code, output = after.snakemake(snakefile=tmp_path / "copy/Snakefile")
    assert code == 0, output
    assert "Nothing to be done" in output


def test_a_deleted_file_is_made_again_without_training(after):
    shutil.rmtree(after.path / "results/tiny/figures")
    (after.path / "results/tiny/runs.csv").unlink()
    (after.path / "results/tiny/jobs/hf/temporal_order/seeds0/runs.csv").unlink()
    code, output = after.snakemake()
    assert (code, after.trained()) == (0, []), output
    assert (after.path / "results/tiny/figures" / f"{figures.names()[0]}.pdf").exists()


@pytest.mark.parametrize("seeds", ["0:5", "0:1"])
def test_results_that_were_moved_answer_the_design_that_is_asked_for(after, seeds):
    """Without Snakemake's records only the files can say what they answer."""
    after.config |= {"seeds": "1:2", "seeds_per_job": 9}
    assert after.snakemake()[0] == 0
    shutil.rmtree(after.path / ".snakemake")
    after.config["seeds"] = seeds
    code, output = after.snakemake()
    assert code == 0, output
    assert sorted({row.seed for row in after.rows()}) == [*range(int(seeds[2:]))]
    assert {row.status for row in after.rows()} == {"budget"}
    shutil.rmtree(after.path / ".snakemake")
    assert "Nothing to be done" in after.snakemake()[1]


def test_moved_results_of_older_numerics_are_trained_again(after):
    shutil.rmtree(after.path / ".snakemake")
    after.versions["methods"]["hf"] = 2
    assert counts(after.snakemake("--dry-run")[1])["train"] == 1
    assert after.snakemake()[0] == 0
    assert {row.status for row in after.rows()} == {"budget"}


def test_a_dead_job_blocks_no_page_and_is_trained_next_time(tmp_path):
    folder = Folder(tmp_path)
    (tmp_path / "kill").mkdir()
    (tmp_path / "kill/hf").touch()
    code, output = folder.snakemake("--keep-going")
    assert code == 1
    assert len(folder.trained()) == 12
    statuses = {row.method: row.status for row in folder.rows()}
    assert statuses == {"clipping": "budget", "control": "budget", "hf": "error"}
    assert (tmp_path / "results/tiny/report.html").exists(), output
    (tmp_path / "kill/hf").unlink()
    code, output = folder.snakemake()
    assert code == 0, output
    assert {line.split()[1] for line in folder.trained()} == {"hf"}
    assert {row.status for row in folder.rows()} == {"budget"}
    assert "Nothing to be done" in folder.snakemake()[1]


def test_a_claim_that_cannot_be_measured_costs_no_other(tmp_path):
    folder = Folder(tmp_path)
    (tmp_path / "kill").mkdir()
    (tmp_path / "kill/lecture").touch()
    code, output = folder.snakemake(target="lecture")
    assert (code, len(folder.trained())) == (1, 2), output
    assert "longlag collect" not in output, "the suite was not asked for"
    assert "results/tiny" not in output
    (tmp_path / "kill/lecture").unlink()
    code, output = folder.snakemake(target="lecture")
    assert code == 0, output
    assert len(folder.trained()) == len(lecture.names()) - 2, "the second call measures what the first one lacks"
    made = tmp_path / "results/lecture"
    assert (made / "lecture.json").read_text() == "claims"
    assert len(list((made / "figures").iterdir())) == 2 * len(lecture.names())
    assert not (made / "measured").exists()


def test_a_lecture_that_fails_leaves_the_page_of_the_suite(after):
    page = after.path / "results/tiny/report.html"
    page.write_text("finished")
    (after.path / "kill").mkdir()
    (after.path / "kill/lecture").touch()
    for target in ("lecture", "lecture all"):
        code, output = after.snakemake(target=target)
        assert code == 1, output
        assert page.read_text() == "finished"


def test_a_suite_without_a_design_is_not_drawn(tmp_path):
    folder = Folder(tmp_path)
    script = tmp_path / "bin/longlag"
    script.write_text(
        script.read_text().replace(
            "print(plan.to_json(digests))", "print(plan.to_json(digests)); sys.exit(words[-1] != '-')"
        )
    )
    code, output = folder.snakemake()
    assert code == 1
    assert "Error in rule design" in output
    assert "longlag collect" not in output, "its rows have no design to belong to"


def test_an_interrupted_suite_has_no_page_and_resumes(tmp_path):
    folder = Folder(tmp_path)
    words = ("--keep-going", "--rerun-incomplete")  # as in profiles/default: other jobs may be cut off as well
    (tmp_path / "interrupt").touch()
    code, output = folder.snakemake(*words)
    assert code == 1
    assert "interrupted: nothing is drawn; run the same command again to resume" in output
    assert not (tmp_path / "results/tiny/runs.csv").exists()
    assert not (tmp_path / "results/tiny/report.html").exists()
    (tmp_path / "interrupt").unlink()
    code, output = folder.snakemake(*words)
    assert code == 0, output
    assert {row.status for row in folder.rows()} == {"budget"}


def test_even_if_every_job_died_there_is_a_page(tmp_path):
    folder = Folder(tmp_path)
    (tmp_path / "kill").mkdir()
    for name in ("hf", "control", "clipping"):
        (tmp_path / "kill" / name).touch()
    assert folder.snakemake("--keep-going")[0] == 1
    assert [row.status for row in folder.rows()] == ["error"] * 16
    assert (tmp_path / "results/tiny/report.html").exists()


def test_titles_and_plug_ins_that_look_like_options_stay_words(tmp_path):
    folder = Folder(tmp_path / "work")
    title, plugin = "-x --out '$(touch here)' \"", "-plugin.py"
    (folder.path / plugin).write_text("")
    folder.config |= {"title": title, "plugins": [plugin]}
    code, output = folder.snakemake("--dry-run", "--printshellcmds")
    assert code == 0, output
    report, *_ = re.findall("longlag (report .*) >> ", output)
    assert cli.build_parser().parse_args(shlex.split(report)).title == title
    ladders = re.findall("longlag (ladder .*) > ", output)
    assert len(ladders) == 3
    (design,) = re.findall("longlag (design .*) > ", output)
    for command in (design, *ladders):
        assert cli.build_parser().parse_args(shlex.split(command)).plugin == [plugin]


def test_a_key_that_stands_twice_in_a_config_file_is_refused(tmp_path):
    folder = Folder(tmp_path / "work")
    (folder.path / "twice.yaml").write_text("suite: s\nlags: [10]\nlags: [20]\ncells: []\n")
    code, output = folder.snakemake("--dry-run", "--configfile", "twice.yaml")
    assert code == 1
    assert "key 'lags' stands twice, in lines 2 and 3" in output


def test_no_core_is_refused_where_snakemake_would_wait_for_ever(tmp_path):
    folder = Folder(tmp_path / "work")
    code, output = folder.snakemake("--cores", "0")
    assert code == 1
    assert "--cores 0 starts no job; give --cores 1 or more" in output
    assert not folder.trained()
    code, output = folder.snakemake("--cores", "0", "--dry-run")
    assert code == 0, output


@pytest.fixture(scope="module")
def real(tmp_path_factory):
    """The real command: two jobs of about a second, on one core and on two."""
    folders = [Folder(tmp_path_factory.mktemp("real") / f"cores{cores}", stand_in=False) for cores in (1, 2)]
    for cores, folder in enumerate(folders, start=1):
        folder.config["cells"] = [{"methods": ["clipping", "esn"], "tasks": ["temporal_order"], "lags": [10]}]
        code, output = folder.snakemake("--cores", str(cores), target="results/tiny/runs.csv")
        assert code == 0, output
    return folders


def test_one_core_and_two_give_equal_rows(real):
    one, two = ([replace(row, **dict.fromkeys(records.VOLATILE, "")) for row in folder.rows()] for folder in real)
    assert [(row.method, row.seed) for row in one] == [(name, seed) for name in ("clipping", "esn") for seed in (0, 1)]
    assert {row.status for row in one} <= {"solved", "budget"}
    assert [repr(row) for row in one] == [repr(row) for row in two]  # nan is not equal to itself


def test_one_more_lag_keeps_the_finished_rungs_of_the_real_command(real):
    folder = real[1]
    rungs = folder.path / "results/tiny/rungs"

    def times():
        return {path: path.stat().st_mtime_ns for path in rungs.rglob("*") if path.is_file()}

    before, started = times(), {(row.method, row.seed): row.started for row in folder.rows()}
    folder.config["cells"][0]["lags"] = [10, 20]
    code, output = folder.snakemake(target="results/tiny/runs.csv")
    assert code == 0, output
    assert before.items() < times().items()
    assert {(row.method, row.seed): row.started for row in folder.rows() if row.lag == 10} == started
    assert "Nothing to be done" in folder.snakemake(target="results/tiny/runs.csv")[1]


def test_a_cleaned_suite_resumes_from_its_records(real):
    """Its rows, copied elsewhere, are taken: nothing is trained, and the rows are equal."""
    folder = real[0]
    before, old = folder.rows(), folder.path / "old"
    shutil.copytree(folder.path / "results/tiny", old, ignore=shutil.ignore_patterns("jobs", "rungs", "logs", "design"))
    for name in ("results", ".snakemake"):
        shutil.rmtree(folder.path / name)
    folder.config |= {"reuse": ["old/runs.csv"]}
    code, output = folder.snakemake(target="results/tiny/curves.parquet")
    assert code == 0, output
    assert [repr(replace(row, origin="")) for row in folder.rows()] == [repr(row) for row in before]
    assert {row.origin for row in folder.rows()} == {"old/runs.csv"}
    assert not list((folder.path / "results/tiny/rungs").glob("**/*.json")), "something was trained"
    curves = [folder.path / "results/tiny/curves.parquet", old / "curves.parquet"]
    one, other = (list(map(repr, read_points(path))) for path in curves)
    assert one == other
    assert "reused from old/runs.csv: 4 rows" in (folder.path / "results/tiny/logs/collect.log").read_text()


def test_more_files_to_reuse_run_no_finished_job_again(after):
    shutil.copy(after.path / "results/tiny/runs.csv", after.path / "old.csv")
    after.config["reuse"] = ["old.csv"]
    code, output = after.snakemake()
    assert code == 0, output
    assert "rule train" not in output
