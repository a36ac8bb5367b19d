"""How a run begins: the same on every processor, up to a rounding that is worked out and not guessed."""

import json
import math
import operator
import os
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest

from longlag.engine.beginning import Beginning, allowed
from longlag.engine.spec import RunSpec, resolve
from longlag.engine.train import modes, run
from longlag.store.records import Row

SPEC = RunSpec("temporal_order", 20, "control", (3,), 1e4)
SMALL = {"hf": {"optimiser.gradient_batch": 100, "optimiser.cg.most_iterations": 10}}
METHODS = ("clipping", "esn", "esn_momentum", "gru", "hf", "lru", "lstm", "lstm_1997", "omega")


def of(method, **changes):
    return replace(SPEC, method=method, overrides=SMALL.get(method, {}), **changes)


def begun(spec):
    """Its beginning here and how far another machine's may be from it."""
    with modes():
        return allowed(resolve(spec), spec.seeds[0])


@pytest.mark.parametrize("method", METHODS)
def test_a_row_says_how_its_run_began(method):
    spec = of(method, seeds=(3, 4), budget=1e4 if method in ("esn", "hf") else 10.0)
    rows = [event for event in run(spec) if isinstance(event, Row)]
    assert [Beginning.read(row.beginning) for row in rows] == [begun(replace(spec, seeds=(s,)))[0] for s in spec.seeds]


@pytest.fixture(scope="module")
def elsewhere():
    """How every method begins with kernels of OpenBLAS and numpy for an old processor, in one process for all."""
    program = (
        "import sys; sys.path[:0] = sys.argv[1:]\n"
        "from test_beginning import METHODS, begun, of\n"
        "print(*(begun(of(method))[0].text() for method in METHODS), sep='\\n')"
    )
    old = {"OPENBLAS_CORETYPE": "Nehalem", "ATEN_CPU_CAPABILITY": "default", "MKL_CBWR": "COMPATIBLE"}
    done = subprocess.run(
        [sys.executable, "-c", program, os.path.dirname(__file__), *sys.path],
        env=os.environ | old, capture_output=True, text=True, check=True,
    )  # fmt: skip
    return dict(zip(METHODS, done.stdout.splitlines(), strict=True))


@pytest.mark.parametrize("method", METHODS)
def test_other_kernels_begin_alike(method, elsewhere):
    """Kernels for an old processor round otherwise, as another machine does."""
    own, within = begun(of(method))
    assert own.differs(Beginning(**json.loads(elsewhere[method])), within) == []


@pytest.mark.parametrize(
    ("method", "setting"),
    [("clipping", "optimiser.learning_rate"), ("lstm", "optimiser.learning_rate"), ("hf", "optimiser.damping.start")],
)
def test_a_setting_one_percent_off_is_more_than_rounding(method, setting):
    own, within = begun(of(method))
    value = operator.attrgetter(setting)(resolve(of(method)).parts)
    there, _ = begun(replace(of(method), overrides={**SMALL.get(method, {}), setting: 1.01 * value}))
    assert own.differs(there, within) == ["update"]


def test_other_sequences_and_another_start_are_seen():
    own, within = begun(SPEC)
    assert {"start", "batch"} <= set(own.differs(begun(replace(SPEC, seeds=(4,)))[0], within))


def test_numbers_that_are_not_finite_are_equal_and_unlike_all_others():
    infinite, zero = Beginning(1.0, 1.0, math.inf, math.nan), Beginning(0.0, 0.0, 0.0, 0.0)
    assert infinite.differs(Beginning(1.0, 1.0, math.nan, math.inf), zero) == []
    assert infinite.differs(Beginning(1.0, 1.0, 2.0, 2.0), zero) == ["loss", "update"]


@pytest.mark.parametrize("text", ["", "3", "[]", "{", '{"start": "a"}', '{"begin": 1}'])
def test_a_column_that_says_nothing_is_no_beginning(text):
    assert Beginning.read(text) is None
    assert Beginning.read(Beginning(*np.arange(4.0).tolist()).text()) == Beginning(0.0, 1.0, 2.0, 3.0)
