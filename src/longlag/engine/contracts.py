"""What every method and task promises, checked for one of them: what `longlag check` prints.

The runs are short, and their evaluation sets small: they show that the parts fit, not that anything is learned.
"""

from __future__ import annotations

import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from longlag import registry
from longlag.engine import answers, shapes, space
from longlag.engine.data import Data
from longlag.engine.spec import RunSpec, resolve, resolve_elsewhere
from longlag.engine.train import attempt
from longlag.errors import LonglagError, in_a_line, line_in
from longlag.protocol import Sets
from longlag.rng import stream
from longlag.store.records import VOLATILE, Point, Row, Status
from longlag.tasks.base import EVERY_STEP, Task

BUDGET = 600.0  # sequence passes of a run
_SMALL = Sets(monitor=50, confirm=100, test=100, every_step=50)
PLACEHOLDERS = ("the paper, with its section", "say here")  # of the files that `longlag new` writes
_ON_A_TASK = ("control", "esn")  # methods that every task is run with


@dataclass(frozen=True)
class Finding:
    """A promise, and how it is broken; "" if it is kept.

    trace: where the error came from, for `longlag check -v`. again: an earlier promise is broken by the same error.
    """

    promise: str
    broken: str
    trace: str = ""
    again: bool = False


def check(kind: str, name: str) -> Iterator[Finding]:
    """Checks the promises of a method or task (kind: "methods" or "tasks"), one after the other.

    Raises:
        LonglagError: no such method or task.
    """
    registry.get(kind, name)
    known: set[str] = set()  # errors that were reported
    for promise, test in (_METHOD if kind == "methods" else _TASK).items():
        yield _kept(promise, test, kind, name, known)


def _kept(promise: str, test: Callable[[str], None], kind: str, name: str, known: set[str]) -> Finding:
    """Whether a promise is kept; an error that breaks it is added to those that are known."""
    try:
        test(name)
    except Exception as error:
        at, kind_of_error = place(kind, name, error), type(_root(error)).__name__
        key = f"{kind_of_error} {at}" if at else _in_words(error)
        again = key in known
        known.add(key)
        trace = "".join(traceback.format_exception(error))
        words = _in_words(error)
        return Finding(promise, f"{words} ({at})" if at and at not in words else words, trace, again)
    return Finding(promise, "")


def _in_words(error: Exception) -> str:
    if isinstance(error, AssertionError | LonglagError):
        return " ".join(str(error).split()) or "it does not"
    return in_a_line(error)


def _root(error: BaseException) -> BaseException:
    """The exception that another one was raised from."""
    return _root(error.__cause__) if error.__cause__ else error


def place(kind: str, name: str, error: BaseException) -> str:
    """The innermost line of a plug-in's file that the error passed through; empty if none."""
    return line_in(registry.file(kind, name), error)


def left_of_template(kind: str, name: str) -> str:
    """What a file still has of the words that `longlag new` wrote, in words; empty if it has none."""
    reference, say = PLACEHOLDERS
    left = []
    if registry.get(kind, name).reference == reference:
        left.append(f"its reference is still {reference!r}")
    if say in registry.document(kind, name).split(".")[0]:
        left.append(f"its docstring still begins with {say!r}")
    return f"{' and '.join(left)}, as `longlag new` wrote it" if left else ""


def _described(kind: str, name: str) -> None:
    assert len(registry.document(kind, name)) > 60, "its docstring is too short to say what it is"
    assert registry.get(kind, name).reference.strip(), "its reference is empty"
    left = left_of_template(kind, name)
    assert not left, f"{left}; say what it is, or that it is new"


def _builds(name: str) -> None:
    shortest = {task: registry.get("tasks", task).shortest for task in registry.names("tasks")}
    conditions = [(task, max(lag, shortest[task])) for task in shortest for lag in space.LAGS]
    built = [resolve_elsewhere(RunSpec(task, lag, name, (0,))).parts for task, lag in conditions]
    space.check_for(registry.get("methods", name), built)


def _orders_its_states(name: str) -> None:
    setup = resolve(RunSpec("adding", shapes.LAG, name, (0,)))
    data, cell = Data(setup, (0,)), setup.model.cell
    batch, params = data.batch("check", 0, 5), data.start()
    of_cell = params[next(iter(cell.shapes(batch.x.shape[-1])))]
    x, steps = setup.model.centred(batch.x.to(of_cell.dtype)), batch.x.shape[1]
    shapes.check_cell(name, cell, params, x)

    def states(x: Tensor, start: Tensor) -> Tensor:
        with torch.no_grad():
            return cell.states(params, x, start, steps)  # [R, T, B, H]

    first, half = states(x, batch.start), steps // 2
    alone = torch.cat([states(x[:, :, b : b + 1], batch.start[:, b : b + 1]) for b in range(x.shape[2])], 2)
    assert torch.allclose(first, alone, rtol=1e-3, atol=1e-4), (
        "a sequence alone has other states than in a batch; the step may not mix the axis B of [R, B, H]"
    )
    later = torch.cat([x[:, :half], x[:, half:] + 1], 1)
    same = torch.allclose(first[:, :half], states(later, batch.start)[:, :half], rtol=1e-3, atol=1e-4)
    assert same, "later inputs change earlier states; the drive may not mix the axis T of [R, T, B, X]"


def _run(method: str, task: str, *seeds: int, block: int = 0) -> tuple[list[Point], list[Row]]:
    lag = max(10, registry.get("tasks", task).shortest)
    setup = replace(resolve(RunSpec(task, lag, method, seeds or (0,), BUDGET, block=block)), sets=_SMALL)
    errors: list[Exception] = []
    events = [*attempt(setup, failed=errors.append)]
    rows = [event for event in events if isinstance(event, Row)]
    failed = [row.reason for row in rows if row.status == Status.ERROR]
    if failed:
        raise AssertionError(f"on {task}: {failed[0]}") from next(iter(errors), None)
    return [event for event in events if isinstance(event, Point)], rows


def _ends_on_every_task(name: str) -> None:
    for task in registry.names("tasks"):
        _check_row(name, task)


def _check_row(method: str, task: str) -> None:
    _, (row,) = _run(method, task)
    assert row.status in (Status.SOLVED, Status.BUDGET), f"on {task} it ended as {row.status}: {row.reason}"
    assert row.passes > 0, f"on {task} it spent no passes; ask the objective that `draw` returns"
    assert row.parameters > 0, f"on {task} nothing is trained"


def _lasting(row: Row) -> str:
    return repr([value for name, value in vars(row).items() if name not in VOLATILE])


def _repeats(name: str) -> None:
    (first, (one,)), (second, (two,)), (other, _) = (_run(name, "adding", seed) for seed in (5, 5, 6))
    assert _lasting(one) == _lasting(two), "two runs of one spec differ; draw from the given generator alone"
    assert [point.loss for point in first] == [point.loss for point in second], "two runs of one spec differ on the way"
    assert [point.loss for point in first] != [point.loss for point in other], "another seed gives the same run"


def _same_in_a_block(name: str) -> None:
    _, together = _run(name, "adding", 1, 2, block=2)
    alone = [_run(name, "adding", seed)[1][0] for seed in (1, 2)]
    differ = [row.seed for row, own in zip(together, alone, strict=True) if _lasting(row) != _lasting(own)]
    assert not differ, (
        f"seed {differ[0]} alone differs from itself in a block; use longlag.algebra.products over replicas"
    )


def _has_answers(name: str) -> None:
    task: Task = registry.get("tasks", name)
    missing = {"constant", "half_solved"} - set(task.baselines)
    assert not missing, f"its baselines lack {', '.join(sorted(missing))}"
    constant, half = task.baselines["constant"], task.baselines["half_solved"]
    assert 0 < half.loss <= constant.loss, (
        f"half-solved loss {half.loss} is not between 0 and the constant {constant.loss}"
    )
    answers.check_constant(task)
    answers.check_half_solved(task)
    assert "step " in registry.document("tasks", name), "its docstring shows no sequence: `step 1: ...`"


def _means_what_it_declares(name: str) -> None:
    task: Task = registry.get("tasks", name)
    answers.check_inputs(task)
    answers.check_targets(task)


def _samples(name: str) -> None:
    task: Task = registry.get("tasks", name)
    traits = task.traits
    assert len(traits.input_mean) == len(traits.roles), "input_mean has not one number for each of the roles"
    for lag in (task.shortest, task.shortest + 10, 100):
        n = task.population or 7
        batch, again, other = (task.sample(stream(seed, "check", lag), lag, n) for seed in (0, 0, 1))
        steps = task.steps(lag)
        scored = steps if traits.scored == EVERY_STEP else traits.scored
        expected, at = (steps, n, len(traits.roles)), shapes.defined("tasks", name, task.sample)
        found = list(batch.x.shape)
        assert batch.x.shape == expected, f"x at lag {lag} is {found}, not [L, n, X] = {list(expected)}{at}"
        assert batch.x.dtype == np.float32, f"x is {batch.x.dtype}, not float32{at}"
        assert batch.start.shape == (n,), f"start is {list(batch.start.shape)}, not [n] = [{n}]{at}"
        assert batch.start.dtype == np.int64, f"start is {batch.start.dtype}, not int64{at}"
        inside = (batch.start >= 0).all() and (batch.start < steps).all()
        assert inside, f"start is {batch.start.min()} to {batch.start.max()}, not a step from 0 to {steps - 1}{at}"
        found = list(batch.y.shape)
        assert batch.y.shape[:2] == (scored, n), f"y is {found}, not [K, n, ...] = [{scored}, {n}, ...]{at}"
        kind = np.int64 if traits.classes else np.float32
        assert batch.y.dtype == kind, f"y is {batch.y.dtype}, not {kind.__name__}{at}"
        same = all((getattr(batch, key) == getattr(again, key)).all() for key in ("x", "start", "y"))
        assert same, "two samples of one generator differ; draw from rng alone"
        assert task.population or (batch.x != other.x).any(), "another generator gives the same sequences"
        assert 0 <= task.minimal_lag(lag) <= steps, f"minimal lag {task.minimal_lag(lag)} is beyond the {steps} steps"


def _runs_with_known_methods(name: str) -> None:
    for method in _ON_A_TASK:
        _check_row(method, name)


_METHOD: dict[str, Callable[[str], None]] = {
    "says what it is and where it comes from": lambda name: _described("methods", name),
    f"builds its parts for every task at lags {', '.join(map(str, space.LAGS))}, and so does its search space": _builds,
    "starts from the parameters that its cell and readout declare": shapes.check_start,
    "gives states of the declared shapes, keeps sequences apart, and reads inputs in their order": _orders_its_states,
    "trains to a row on every task": _ends_on_every_task,
    "gives the same run for the same seed, and another for another": _repeats,
    "gives a seed the same bits alone as in a block": _same_in_a_block,
}
_TASK: dict[str, Callable[[str], None]] = {
    "says what it is and where it comes from": lambda name: _described("tasks", name),
    "has the answers that need no memory, with their true scores, and shows a sequence": _has_answers,
    "draws sequences of the declared shapes, from its generator alone": _samples,
    "declares the means of its inputs and targets": _means_what_it_declares,
    f"trains to a row with {' and '.join(_ON_A_TASK)}": _runs_with_known_methods,
}
