"""The two adding problems: what the records hold, that they can be measured again, and that page and figure show them."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from longlag.demos import marks
from longlag.figures.demos import marks as figure

ROOT = Path(__file__).parents[2]
WINDOWS, TRAINED = (pd.read_csv(ROOT / f"results/demos/{name}.csv") for name in ("windows", "marks"))


def test_the_record_of_training_is_whole():
    assert list(TRAINED) == list(marks.COLUMNS)
    runs = TRAINED.groupby(["task", "seed", "passes"])
    assert runs.ngroups == len(marks.TASKS) * len(marks.SEEDS) * len(marks.PASSES)
    assert (runs.sequences.sum() == 4000).all()
    assert TRAINED[TRAINED.task == "adding"].distance.min() == pytest.approx(0.55)  # T/2 steps are free
    assert TRAINED[TRAINED.task == "adding_urnn"].distance.max() == pytest.approx(0.45)


@pytest.mark.parametrize("task", marks.TASKS)
def test_an_untrained_net_is_measured_as_in_the_record(task):
    found = pd.DataFrame(marks.measure(task, 0, passes=(0,))).astype({"error": float})
    kept = TRAINED[(TRAINED.task == task) & (TRAINED.seed == 0) & (TRAINED.passes == 0)]
    assert np.allclose(found.distance, kept.distance)
    assert (found.sequences.to_numpy() == kept.sequences.to_numpy()).all()
    assert np.allclose(found.error, kept.error, rtol=1e-3)


@pytest.mark.parametrize("task", marks.TASKS)
def test_a_reader_of_the_last_steps_is_measured_as_in_the_record(task):
    found = pd.DataFrame(marks.windows(task)).astype({"error": float})
    kept = WINDOWS[WINDOWS.task == task]
    assert np.allclose(found.window, kept.window)
    assert np.allclose(found.error, kept.error, atol=1e-4)


def test_what_a_window_tells_is_what_arithmetic_says():
    """A mark in each half: each is heard with probability 2 w / T at most. Both in the first half: none before T/2."""
    read = WINDOWS.set_index(["task", "window"]).error
    halves = read["adding_urnn"]
    assert np.allclose(halves, 1 - halves.index, atol=0.01)
    assert (read["adding"][:0.5] == 1).all()
    assert read["adding"][0.6] < 1
    assert read["adding"].iloc[-1] == 0


def test_the_figure_draws_the_records():
    left, right = figure.draw(WINDOWS, TRAINED).axes
    for line, task in zip(left.get_lines(), marks.TASKS, strict=False):
        assert np.allclose(line.get_ydata(), WINDOWS[WINDOWS.task == task].error)
    drawn = [line.get_ydata()[-1] for line in right.get_lines()[:-1]]
    last = TRAINED[TRAINED.passes == max(marks.PASSES)].groupby(["task", "seed"], sort=False).error.mean()
    assert np.allclose(drawn, last)


def test_the_page_quotes_the_records():
    assert figure.findings(WINDOWS, TRAINED) in (ROOT / "docs/demos.md").read_text(), (
        "write what `python -m longlag.figures.demos.marks` prints to docs/demos.md"
    )
