"""Numbers in the text of docs/reservoirs.md, computed again: those of no table, and of no block of code there."""

import re
import sys
from pathlib import Path

import numpy as np
import pytest

from longlag.esn import EchoStateNetwork

sys.path.insert(0, str(Path(__file__).parents[2]))  # benchmarks/ is no part of the package

from benchmarks import free_runs
from benchmarks.estimators import mackey_glass

LIKE = {"rel": 0.5}  # of small errors, which change with the rounding of the processor


def told(pattern: str) -> list[float]:
    """The numbers of a sentence of the page."""
    page = " ".join(free_runs.PAGE.read_text("utf-8").split())
    (found,) = re.findall(pattern, page)
    return [float(number) for number in found]


def test_the_smallest_penalty_is_what_a_series_without_noise_needs():
    """Root mean squares of the next values up to the last place, and free runs as in `benchmarks.free_runs`."""
    pattern = (
        r"the error of the next value is ([\d.e-]+) with it and ([\d.e-]+) with 1e-10. The error after 84 free steps is "
        r"([\d.]+) and ([\d.]+) \(medians over 8 reservoirs\)"
    )
    first, warm_up, ahead = free_runs.TRAINED, free_runs.WARM_UP, free_runs.AHEAD
    s = mackey_glass(free_runs.PLACES[-1] + ahead + 1)
    later, found = s[first + 1 : free_runs.PLACES[-1] + 1], []
    for penalty in (1e-12, 1e-10):
        steps, free = [], []
        for seed in range(8):
            net = EchoStateNetwork(**free_runs.BASE | {"penalty": penalty}, random_state=seed)
            net.fit([s[:first]], [s[1 : first + 1]])
            (read,) = net.predict([s[first - warm_up : free_runs.PLACES[-1]]])
            steps.append(np.sqrt(np.square(read[warm_up:] - later).mean()) / s.std())
            for place in free_runs.PLACES:
                (*_, last) = net.generate(ahead, s[place - warm_up : place])
                free.append(abs(last - s[place + ahead - 1])[0] / s.std())
        found.append((np.median(steps), np.median(free)))
    (step, run), (step_of_larger, run_of_larger) = found
    assert told(pattern) == pytest.approx([step, step_of_larger, run, run_of_larger], **LIKE)
    assert step < step_of_larger
    assert run < run_of_larger


def test_a_small_feedback_scale_follows_two_waves_for_longer():
    pattern = (
        r"nets with 0.6 lose the phase within 100 steps \(largest error ([\d.]+)\), and nets with 0.05 follow for 1,000 "
        r"steps \(([\d.]+); 150 units, 1,000 steps of training, medians over 5 reservoirs\)"
    )
    t, nothing = np.arange(2000), np.zeros((1000, 0))
    signal = np.sin(t / 4) + 0.5 * np.sin(t / 4 * 2**0.5)
    found = []
    for scale, steps in ((0.6, 100), (0.05, 1000)):
        errors = []
        for seed in range(5):
            net = EchoStateNetwork(150, feedback_scale=scale, washout=100, penalty=1e-10, random_state=seed)
            net.fit([nothing], [signal[:1000]])
            free = net.generate(steps, nothing, signal[:1000])
            errors.append(np.abs(free - signal[1000 : 1000 + steps]).max())
        found.append(np.median(errors))
    assert told(pattern) == pytest.approx(found, **LIKE)


@pytest.mark.filterwarnings("ignore:.*generate:UserWarning")
def test_a_net_with_feedback_scores_badly_though_its_free_run_is_right():
    pattern = r"the net of the wave above scores (-[\d.]+) on its own training data, although its free run is right to (0\.\d+)"
    wave, nothing = np.sin(np.arange(700) / 4), np.zeros((500, 0))
    net = EchoStateNetwork(80, feedback_scale=0.6, washout=100, penalty=1e-10, random_state=0)
    net.fit([nothing], [wave[:500]])
    free = net.generate(100, nothing, wave[:500])
    found = [net.score([nothing], [wave[:500]]), np.abs(free - wave[500:600]).max()]
    assert told(pattern) == pytest.approx(found, **LIKE)
