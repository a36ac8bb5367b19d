"""The task of config/noisy_memory.py: noise where it says so, and nowhere else."""

import importlib.util
from pathlib import Path

import numpy as np

from longlag.rng import stream
from longlag.tasks.memorization_5bit import TASK as SILENT

PATH = Path(__file__).parents[2] / "config/noisy_memory.py"
SPEC = importlib.util.spec_from_file_location("noisy_memory", PATH)
MODULE = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(MODULE)


def test_blanks_alone_are_noisy_and_the_messages_are_those_of_the_silent_task():
    noisy, silent = (task.sample(stream(0, "noise"), 40, 500) for task in (MODULE.TASK, SILENT))
    assert (noisy.y == silent.y).all()
    assert noisy.x.dtype == np.float32
    noise, blank = noisy.x - silent.x, silent.x[..., 2] > 0
    assert (noise[~blank] == 0).all()
    assert abs(noise[blank].std() - 0.1) < 0.002
    assert abs(noise[blank].mean()) < 0.002
    assert MODULE.TASK.population is None, "a sample is never the whole set"
