# What all rules share: the suite, its jobs by folder, and what each of them needs.

import os
import sys
from pathlib import Path

from snakemake.exceptions import WorkflowError

from longlag import figures, tables
from longlag.design import estimate, schemas
from longlag.design import suite as suites
from longlag.errors import LonglagError
from longlag.store import records

# `.venv/bin/snakemake` finds `longlag` without an activated environment too.
HERE = str(Path(sys.executable).parent)
if HERE not in os.environ.get("PATH", os.defpath).split(os.pathsep):
    os.environ.update(PATH=os.pathsep.join([HERE, os.environ.get("PATH", os.defpath)]))

ROOT = Path(workflow.current_basedir).parents[1]
REFERENCE = ROOT / "results/reference"

try:
    for (
        file
    ) in (
        workflow.configfiles
    ):  # Snakemake's own reader keeps the last of a key that stands twice
        schemas.load(Path(file))
    SUITE = suites.find(config, [Path("config"), ROOT / "config"])
    RECORD = estimate.Record(
        *(
            read(REFERENCE / name) if (REFERENCE / name).exists() else []
            for read, name in [
                (records.read_rows, "runs.csv"),
                (estimate.read_footprints, "memory.csv"),
            ]
        )
    )
except LonglagError as error:
    raise WorkflowError(str(error)) from None

# Relative to the folder of the suite. Whoever adds a figure or a table need not say so here.
FIGURES = expand("figures/{name}.{type}", name=figures.names(), type=["pdf", "png"])
TABLES = expand("tables/{name}.{type}", name=tables.names(), type=["md", "tex", "html"])
JOBS = {f"results/{SUITE.name}/jobs/{job.folder}": job for job in SUITE.jobs}


wildcard_constraints:
    suite=SUITE.name,


def job_of(wildcards):
    return JOBS[
        "results/{suite}/jobs/{method}/{group}/seeds{chunk}".format(**wildcards)
    ]


def versions_of(wildcards):
    try:
        return job_of(wildcards).versions()
    except LonglagError as error:
        raise WorkflowError(str(error)) from None


# Resources are no reason to run a job again, so a better record changes nothing that is finished.
def need_of(wildcards):
    return RECORD.need(job_of(wildcards))


# Jobs of a minute and less share submissions to a cluster: profiles say how many (group-components). Here it means nothing.
def group_of(wildcards):
    return "small" if need_of(wildcards).small else None
