"""The settings of a paper's file, built: what the start and the step are, whatever the file says of them."""

import numpy as np
import pytest

from longlag import rng
from longlag.design import stages
from longlag.design.suite import parse
from longlag.engine.spec import RunSpec, Setup, resolve_elsewhere


def setups(paper: str, stage: str) -> dict[str, Setup]:
    """The setup of each method of a stage that has one task and one lag."""
    plan = parse(stages.picked({**stages.read(paper), "stage": stage}, stand_in=True))
    found = {}
    for job in plan.jobs:
        (task,), (lag,) = job.tasks, job.lags
        settings = {path.removeprefix(f"{task}:"): value for path, value in job.settings.items()}
        spec = RunSpec(task, lag, job.base, (0,), job.budget, settings, variant=job.method, rules=job.rules)
        found[job.method] = resolve_elsewhere(spec)
    return found


@pytest.mark.parametrize(
    ("stage", "longest", "times"),  # T of adding, or one and a half of copying's 500; how many budgets of chrono
    [("1", 200, 1), ("2", 750, 3), ("3", 750, 1)],
)
def test_the_arms_of_2018_differ_in_the_gate_biases_at_the_start_alone(stage, longest, times):
    """A forget bias of 1; against forget gates of all time constants, and input gates as closed as those are open."""
    arms = setups("tallec2018", stage)
    (name,) = {*arms} - {"chrono"}
    one, chrono = arms[name], arms["chrono"]
    for part in ("optimiser", "cell", "centring", "readout", "loss"):
        assert getattr(one.parts, part) == getattr(chrono.parts, part)
    assert one.spec.budget == times * chrono.spec.budget
    by_arm = [arm.parts.init.draw(rng.stream(0, "start"), arm.model.shapes()) for arm in (one, chrono)]
    for weight in by_arm[0].keys() - {"b_h"}:
        np.testing.assert_array_equal(by_arm[0][weight], by_arm[1][weight])
    i, f, g, o = by_arm[0]["b_h"].reshape(4, -1)
    np.testing.assert_allclose(f, 1.0, atol=1e-6)
    assert not any(gate.any() for gate in (i, g, o))
    i, f, g, o = by_arm[1]["b_h"].reshape(4, -1)
    assert np.log(0.9 * longest) < f.max() <= np.log(longest - 1)
    np.testing.assert_array_equal(i, -f)
    assert not any(gate.any() for gate in (g, o))
