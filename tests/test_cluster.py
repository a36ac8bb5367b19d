"""On a cluster: what is asked for, what is put together, which GPU is whose; and a real SLURM where one answers.

`.ci/slurm start` brings one up. Without it the last tests of this file are skipped: there, jobs are cancelled, hit
their time limit, are killed for memory and lose their node (`pytest tests/test_cluster.py -k on_slurm`).
"""

import contextlib
import importlib.util
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

import psutil
import pytest

from longlag.cli import _gpu
from longlag.design import estimate, footprints, suite
from longlag.errors import LonglagError
from longlag.store import records
from test_workflow import ROOT, Folder

# Take a script and the options of the real one, run it in the background, and call it by its path. What kills jobs is
# gone when the second one is submitted.
SBATCH = """#!/bin/sh
for script; do :; done; rm -f "$script.code"
[ ! -e submitted.txt ] || rm -rf kill
echo "$@" >> submitted.txt
(setsid sh "$script"; echo $? > "$script.code") > /dev/null 2>&1 < /dev/null &
echo "$script"
"""
SQUEUE = """#!/bin/sh
for option; do case $option in --jobs=*) script=${option#--jobs=} ;; esac; done
if [ ! -e "$script.code" ]; then echo RUNNING; elif [ "$(cat "$script.code")" = 0 ]; then echo COMPLETED; else echo FAILED; fi
"""
ASKED = ("--cpus-per-task", "--gpus", "--mem", "--time")


def plug_in(name):
    missing = importlib.util.find_spec(f"snakemake_executor_plugin_{name}") is None
    return pytest.mark.skipif(missing, reason=f"no plug-in {name}: pip install 'longlag[cluster]'")


def slurm_answers() -> bool:
    if not shutil.which("sinfo"):
        return False
    with contextlib.suppress(subprocess.TimeoutExpired):
        return subprocess.run(["sinfo"], capture_output=True, timeout=10).returncode == 0
    return False


slurm = pytest.mark.skipif(not slurm_answers(), reason="no SLURM answers: .ci/slurm start")


def program(path: Path, text: str) -> None:
    path.parent.mkdir(exist_ok=True)
    path.write_text(text)
    path.chmod(0o755)


@plug_in("cluster_generic")
def test_any_scheduler_gets_small_jobs_in_one_submission_and_more_at_the_next_attempt(tmp_path):
    folder = Folder(tmp_path)
    for name, text in (("sbatch", SBATCH), ("squeue", SQUEUE)):
        program(tmp_path / "bin" / name, text)
    (tmp_path / "kill").mkdir()
    (tmp_path / "kill/hf").touch()  # at the second submission it is gone
    words = ["--workflow-profile", str(ROOT / "profiles/cluster-generic"), "--cores", "1"]
    code, output = folder.snakemake(*words, "--seconds-between-status-checks", "1", target="results/tiny/runs.csv")
    assert code == 0, output
    assert len(folder.trained()) == 16
    assert {row.status for row in folder.rows()} == {"budget"}
    once, again = map(shlex.split, (tmp_path / "submitted.txt").read_text().splitlines())
    asked = [{name: int(words[words.index(name) + 1]) for name in words if name in ASKED} for words in (once, again)]
    needs = needed(folder)
    assert asked[0] == {"--cpus-per-task": 1, "--gpus": 0, "--mem": max(need.megabytes for need in needs),
                        "--time": sum(need.minutes for need in needs)}  # fmt: skip
    assert asked[1]["--mem"] == 2 * asked[0]["--mem"]
    assert asked[1]["--time"] >= 2 * needs[0].minutes


def needed(folder: Folder) -> list[estimate.Need]:
    reference = ROOT / "results/reference"
    record = estimate.Record(records.read_rows(reference / "runs.csv.gz"), footprints.read(reference / "memory.csv"))
    needs = [record.need(job) for job in suite.parse(folder.config).jobs]
    assert all(need.small for need in needs)
    return needs


@pytest.fixture
def gpus(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0, 3")
    return monkeypatch


def test_each_process_gets_a_gpu_of_its_own(gpus):
    with _gpu.slot("cuda"):
        assert os.environ["CUDA_VISIBLE_DEVICES"] == "0"
        gpus.setenv("CUDA_VISIBLE_DEVICES", "0,3")  # as the next process finds it
        with _gpu.slot("cuda"):
            assert os.environ["CUDA_VISIBLE_DEVICES"] == "3"
            gpus.setenv("CUDA_VISIBLE_DEVICES", "0,3")
            with (
                pytest.raises(LonglagError, match=r"all 2 GPUs are held by others; .* --resources gpu=2"),
                _gpu.slot("cuda"),
            ):
                pass
    gpus.setenv("CUDA_VISIBLE_DEVICES", "0,3")
    with _gpu.slot("cuda"):
        assert os.environ["CUDA_VISIBLE_DEVICES"] == "0"


HOLD = """
import os, time
from longlag.cli import _gpu
with _gpu.slot("cuda"):
    print(os.environ["CUDA_VISIBLE_DEVICES"], flush=True)
    time.sleep(60)
"""


def test_a_killed_process_frees_its_gpu(gpus, tmp_path):
    environment = os.environ | {"TMPDIR": str(tmp_path)}
    with subprocess.Popen([sys.executable, "-c", HOLD], stdout=subprocess.PIPE, text=True, env=environment) as other:
        assert other.stdout.readline().strip() == "0"
        with _gpu.slot("cuda"):
            assert os.environ["CUDA_VISIBLE_DEVICES"] == "3"
        other.send_signal(signal.SIGKILL)
    gpus.setenv("CUDA_VISIBLE_DEVICES", "0,3")
    with _gpu.slot("cuda"):
        assert os.environ["CUDA_VISIBLE_DEVICES"] == "0"


@pytest.mark.parametrize(("device", "named"), [("cpu", "0,3"), ("cuda:1", "0,3"), ("cuda", "3"), ("cuda", "")])
def test_no_choice_is_made_where_there_is_none(gpus, device, named):
    gpus.setenv("CUDA_VISIBLE_DEVICES", named)
    with _gpu.slot(device):
        assert os.environ["CUDA_VISIBLE_DEVICES"] == named


def test_the_machine_is_asked_for_its_gpus(gpus, tmp_path):
    gpus.delenv("CUDA_VISIBLE_DEVICES")
    gpus.setattr(_gpu, "_DRIVER", tmp_path / "none")
    assert _gpu.visible() == []
    gpus.setattr(_gpu, "_DRIVER", tmp_path / "gpus")
    for name in ("a", "b"):
        (tmp_path / "gpus" / name).mkdir(parents=True)
    assert _gpu.visible() == ["0", "1"]


# Temporal order, as a task of the test's own: the process whose number is in the file `hungry` takes more memory than it
# asked for, and waits for the consequences.
HUNGRY = """
import dataclasses, os, time
from pathlib import Path
import numpy as np
from longlag.tasks.temporal_order import TASK as ORDER

def sample(rng, lag, n):
    if Path("hungry").exists() and Path("hungry").read_text() == str(os.getpid()):
        held = np.ones(250_000_000)  # 2 GB
        time.sleep(60)
    return ORDER.sample(rng, lag, n)

TASK = dataclasses.replace(ORDER, name="hungry", sample=sample)
"""


class Slurm:
    """A suite of four jobs of some ten seconds over SLURM, and what befalls them. Jobs are known by their seed."""

    def __init__(self, path: Path, method: str = "control") -> None:
        self.folder = Folder(path, stand_in=False)
        (path / "hungry.py").write_text(HUNGRY)
        cell = {"methods": [method], "tasks": ["hungry"], "lags": [50], "budget": 4e5}
        self.folder.config |= {"cells": [cell], "seeds": "0:4", "seeds_per_job": 1}
        self.folder.config |= {"plugins": [str(path / "hungry.py")]}

    def snakemake(self, *words: str, target: str = "results/tiny/runs.csv") -> tuple[int, str]:
        profile = ["--workflow-profile", str(ROOT / "profiles/slurm"), "--latency-wait", "10", "--cores", "1"]
        return self.folder.snakemake(*profile, "--slurm-init-seconds-before-status-checks", "2", *words, target=target)

    def processes(self) -> dict[int, psutil.Process]:
        """The training processes of this folder by their seed."""
        found = {}
        for process in psutil.process_iter():
            with contextlib.suppress(psutil.Error, ValueError, IndexError):
                words = process.cmdline()
                if words[1].endswith("longlag") and process.cwd() == str(self.folder.path.resolve()):
                    found[int(words[words.index("--seeds") + 1].split(":")[0])] = process
        return found

    def held(self, seed: int) -> psutil.Process:
        """The process of a job, suspended as soon as it has written a checkpoint: none ends before its fault comes."""

        def trains() -> bool:
            kept = [file.stat().st_mtime for file in rungs.glob(f"**/*_seed{seed}_*.ckpt")]
            return seed in (now := self.processes()) and max(kept, default=0.0) > now[seed].create_time()

        rungs = self.folder.path / "results/tiny/rungs"
        until(trains, f"a checkpoint of seed {seed}")
        process = self.processes()[seed]
        process.suspend()
        return process

    def sweep(self) -> None:
        """Ends what is left here. Without cgroups, a node that goes down leaves the processes around its jobs."""
        here = str(self.folder.path.resolve())
        for line in call("squeue", "--noheader", "--format=%i %Z").splitlines():
            job, _, folder = line.partition(" ")
            if folder.strip() == here:
                call("scancel", job)
        for process in psutil.process_iter():
            with contextlib.suppress(psutil.Error):
                if process.cwd() == here:
                    process.kill()


def until(true: Callable[[], object], what: str) -> None:
    end = time.monotonic() + 300
    while not true():
        assert time.monotonic() < end, f"{what} did not come in five minutes"
        time.sleep(0.2)


def call(*words: str) -> str:
    done = subprocess.run(words, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, (words, done.stderr)
    return done.stdout


def told(job: str, key: str) -> str:
    """What SLURM says of a job."""
    return re.search(rf"\b{key}=(\S+)", call("scontrol", "show", "job", job))[1]


def steps() -> list[str]:
    """The daemons of SLURM that look after a job each, of all jobs on this machine."""
    listed = subprocess.run(["ps", "-e", "-o", "args="], capture_output=True, text=True).stdout
    return [line for line in listed.splitlines() if line.startswith("slurmstepd: [")]


@dataclass
class Faults:
    """jobs: the numbers at SLURM, by seed; running, quiet: the suite with faults, the suite without any."""

    cluster: Slurm
    jobs: dict[int, str]
    running: Future[tuple[int, str]]
    quiet: Slurm
    undisturbed: Future[tuple[int, str]]


@pytest.fixture(scope="module")
def faults(tmp_path_factory) -> Iterator[Faults]:
    """Four jobs, four faults. Who asks first gets them dealt; the suite then runs on, for a minute in vain, till the
    time limit of a job that hangs, and that minute is for other tests."""
    path = tmp_path_factory.mktemp("faults")
    cluster, quiet = Slurm(path / "cluster"), Slurm(path / "quiet")
    with pytest.MonkeyPatch.context() as patch, ThreadPoolExecutor() as pool:
        patch.setenv("LONGLAG_CHECKPOINT_EVERY", "1")
        running = pool.submit(cluster.snakemake, "--group-components", "small=1")
        try:
            jobs = deal(cluster)
            undisturbed = pool.submit(quiet.folder.snakemake, target="results/tiny/runs.csv")
            yield Faults(cluster, jobs, running, quiet, undisturbed)
        finally:
            cluster.sweep()


def deal(cluster: Slurm) -> dict[int, str]:
    """Lets it happen. Returns the numbers of the jobs at SLURM, by seed."""
    jobs = {seed: cluster.held(seed).environ()["SLURM_JOB_ID"] for seed in range(4)}
    lose_the_node(cluster)
    cancelled, _, hungry = map(cluster.held, range(3))
    call("scontrol", "update", f"jobid={jobs[1]}", "timelimit=1")  # minutes; its process stays suspended until then
    (cluster.folder.path / "hungry").write_text(str(hungry.pid))
    hungry.resume()
    cancelled.resume()
    call("scancel", jobs[0])
    return jobs


def lose_the_node(cluster: Slurm) -> None:
    """It goes down with its jobs, and comes back. SLURM starts them again when their credentials would have expired."""
    node = call("sinfo", "--noheader", "--format=%n").strip()
    call("scontrol", "update", f"nodename={node}", "state=down", "reason=test")
    until(lambda: not cluster.processes() and not steps(), "the end of all jobs on the node that is down")
    if "down" in call("sinfo", "--noheader", "--format=%T"):  # it mostly is back by itself
        call("scontrol", "update", f"nodename={node}", "state=resume")


@slurm
@plug_in("slurm")
def test_a_job_that_never_fits_on_slurm_is_a_row_and_the_rest_is_done_together(tmp_path, faults):
    cluster = Slurm(tmp_path / "cluster", method="esn")
    code, output = cluster.snakemake("--retries", "0")
    assert code == 0, output
    assert len(re.findall("has been submitted with SLURM jobid", output)) == 1
    assert {row.status for row in cluster.folder.rows()} <= {"solved", "budget"}
    shutil.rmtree(cluster.folder.path / "results")
    memory = "train:mem_mb=100 if wildcards.chunk == '2' else 600"
    code, output = cluster.snakemake("--retries", "0", "--group-components", "small=1", "--set-resources", memory)
    assert code == 1, output
    assert "exceeded memory limit" in output
    assert [row.status == "error" for row in cluster.folder.rows()] == [False, False, True, False]
    assert (cluster.folder.path / "results/tiny/report.html").exists()


@slurm
@plug_in("slurm")
def test_four_faults_on_slurm_lose_nothing(faults):
    code, output = faults.running.result()
    assert code == 0, output
    assert "exceeded memory limit" in output
    states = {seed: told(job, "JobState") for seed, job in faults.jobs.items()}
    assert states == {0: "CANCELLED", 1: "TIMEOUT", 2: "FAILED", 3: "COMPLETED"}
    assert {told(job, "Restarts") for job in faults.jobs.values()} == {"1"}  # they all lost their node
    rows = faults.cluster.folder.rows()
    assert [row.resumed for row in rows] == [2, 2, 2, 1]
    code, output = faults.undisturbed.result()
    assert code == 0, output
    assert [plain(row) for row in rows] == [plain(row) for row in faults.quiet.folder.rows()]


def plain(row: records.Row) -> str:
    return repr(replace(row, **dict.fromkeys(records.VOLATILE, "")))
