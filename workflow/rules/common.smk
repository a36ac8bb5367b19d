# What all rules share: the suite, its jobs by folder, and what each of them needs.

import json
import os
import re
import shlex
import shutil
import sys
from dataclasses import replace
from functools import cache
from pathlib import Path

from snakemake.exceptions import WorkflowError
from snakemake.logging import logger
from snakemake.utils import min_version

min_version("9.0")

try:
    from longlag import figures, resources, tables
    from longlag.design import collect, digests, estimate, footprints, kept, schemas
    from longlag.design import suite as suites
    from longlag.errors import LonglagError
    from longlag.store import files, records
except ModuleNotFoundError as error:
    raise WorkflowError(
        f"this workflow needs the package longlag beside Snakemake, and {error.name} is missing: "
        f"{sys.executable} -m pip install longlag"
    ) from None

# `.venv/bin/snakemake` finds `longlag` without an activated environment too.
BIN = str(Path(sys.executable).parent)
if BIN not in os.environ.get("PATH", os.defpath).split(os.pathsep):
    os.environ.update(PATH=os.pathsep.join([BIN, os.environ.get("PATH", os.defpath)]))

if os.name == "nt":
    shell.executable("bash")  # Git for Windows has one; the commands are quoted for it

# Suites of the user's folder come first, then those of this clone, then the package's. A workflow from git is no folder.
HERE = workflow.current_basedir
CLONE = [Path(HERE).parents[1] / "config"] if isinstance(HERE, os.PathLike) else []

# `--config replace=true`: this call may replace what `kept.loss` names. It is no key of a suite, and a word on the
# command line.
REPLACE = str(config.pop("replace", False)).lower() == "true"
# `longlag run` called Snakemake: remedies are in its words.
LONGLAG_RUN = "LONGLAG_RUN" in os.environ

try:
    # Snakemake's own reader keeps the last of a key that stands twice.
    for file in workflow.configfiles:
        schemas.load(Path(file))
    GIVEN = [*dict.fromkeys(map(os.path.relpath, workflow.configfiles))]
    GIVEN += ["--config"] if workflow.config_settings.config else []
    SUITE = suites.find(
        config,
        [Path("config"), *CLONE, resources.find("config")],
        " and ".join(GIVEN),
    )
except LonglagError as error:
    raise WorkflowError(str(error)) from None

config.setdefault("suite", SUITE.name)  # workflow/report/workflow.rst names it

# Relative to the folder of the suite. New figures and tables are found automatically.
FIGURES = expand("figures/{name}.{type}", name=figures.names(), type=["pdf", "png"])
TABLES = expand("tables/{name}.{type}", name=tables.names(), type=["md", "tex", "html"])
ROWS = ["runs.csv", "curves.parquet"]
PAGE = expand(
    "results/{suite}/{file}",
    suite=SUITE.name,
    file=[*FIGURES, *TABLES, "report.html", "handson.html"],
)
JOBS = {f"results/{SUITE.name}/jobs/{job.folder.as_posix()}": job for job in SUITE.jobs}
REUSE = " ".join(f"--reuse={shlex.quote(path)}" for path in SUITE.reuse)
PLUGINS = " ".join(f"--plugin={shlex.quote(plugin)}" for plugin in SUITE.plugins)


# A file of the suite that `snakemake --report` shows. caption: below workflow/report.
def shown(file, category, label, caption):
    if not (resources.root() / "workflow/report" / caption).exists():
        caption = "other.rst"  # of a figure or table that has none yet
    return report(
        f"results/{{suite}}/{file}",
        caption=f"../report/{caption}",
        category=category,
        subcategory="{suite}",
        labels={"result": label},
    )


def drawn(kind, name, type):
    label = name.replace("_", " ").capitalize()
    return shown(
        f"{kind}/{name}.{type}", kind.capitalize(), label, f"{kind}/{name}.rst"
    )


wildcard_constraints:
    suite=SUITE.name,


def folder_of(wildcards):
    return "results/{suite}/jobs/{method}/{group}/seeds{chunk}".format(**wildcards)


def job_of(wildcards):
    return JOBS[folder_of(wildcards)]


# A dry run replaces nothing, so that it only says what the real one would refuse.
def refuse_loss():
    if lost := kept.loss(Path("results", SUITE.name), SUITE):
        if LONGLAG_RUN:
            remedy = "add --replace"
        else:
            named = "" if workflow.configfiles else f"suite={SUITE.name} "
            remedy = (
                f"one --config with all its keys, such as --config {named}replace=true (a second one replaces the first), or "
                "replace: true among the keys that a `module` is given"
            )
        lost += f"; to keep it, work in another folder or give the suite another name; to replace it: {remedy}"
        if not workflow.dryrun:
            raise WorkflowError(lost)
        logger.warning(lost)
    elif left := kept.leaving(Path("results", SUITE.name), SUITE):
        logger.warning(left)


# Computed once, in a process of its own: planning imports no torch. Jobs that run on this machine need its devices and its memory;
# a dry run and a cluster's head node only say what is not here. The program is the one that the rules call, where it is on the path.
@cache
def plan():
    first = workflow.is_main_process
    if first and not REPLACE:
        refuse_loss()
    here = first and workflow.local_exec and not workflow.dryrun
    if here and workflow.resource_settings.cores == 0:
        raise WorkflowError("--cores 0 starts no job; give --cores 1 or more")
    try:
        warn = logger.warning if first else lambda line: None
        program = ["longlag"] if shutil.which("longlag") else digests.THIS
        found = digests.work_out(SUITE, SUITE.plugins, warn, here, program)
        return replace(SUITE, digests=found)
    except LonglagError as error:
        raise WorkflowError(str(error)) from None


def digests_of(wildcards):
    return json.dumps(sorted({*plan().wanted(job_of(wildcards)).values()}, key=str))


def question_of(wildcards):
    text = plan().to_json(plan().digests)
    return f"results/{SUITE.name}/design/{files.checksum([text])}.json"


def ask(suite, question):
    """Writes down a design, in the place of all that the folder holds."""
    for other in question.parent.glob("*.json"):
        other.unlink()
    question.write_text(f"{suite}\n", "utf-8")


# Whether a job of the suite may have failed: it was asked for (then it is planned), and not the lecture alone failed. Without suite.json
# there is nothing to draw.
def of_suite(said):
    planned = plan.cache_info().currsize > 0
    failed = {*re.findall(r"^Error in rule (\w+)", said, re.MULTILINE)}
    return (
        planned
        and failed != {"lecture"}
        and Path("results", SUITE.name, "suite.json").exists()
    )


# A job whose files belong to the design does not run again because the design was written again.
def suite_of(wildcards):
    folder = folder_of(wildcards)
    file = f"results/{SUITE.name}/suite.json"
    wanted = plan().wanted(JOBS[folder])
    return ancient(file) if collect.answers(Path(folder, "runs.csv"), wanted) else file


# Read when the needs of a job are asked for: it takes a tenth of the start of a call that trains nothing.
@cache
def record():
    memory = resources.root() / resources.REFERENCE / "memory.csv"
    try:
        rows = [
            row
            for folder in resources.recorded()
            for row in records.read_rows(records.rows_in(folder))
        ]
        return estimate.Record(rows, footprints.read(memory) if memory.exists() else [])
    except LonglagError as error:
        raise WorkflowError(str(error)) from None


# Resources are no reason to run a job again, so a better record does not rerun finished jobs.
def need_of(wildcards):
    return record().need(job_of(wildcards))


# Jobs of a minute or less share submissions to a cluster; profiles set how many (group-components). Locally this has no effect.
def group_of(wildcards):
    return "small" if need_of(wildcards).small else None
