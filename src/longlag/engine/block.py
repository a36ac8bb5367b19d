"""A block: some seeds that train as the replicas of one program, one optimiser step after the other.

A step is followed by an evaluation if one is due, and by the end of the replicas that must stop. What happens between
two steps belongs to a driver (`train.py`): `Block.train` goes to the end; the driver that keeps checkpoints uses
`Block.keep` and `Block.restore`.
"""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any

import numpy as np
import torch
from torch import Tensor

from longlag import protocol
from longlag.algebra import tree
from longlag.engine import beginning, evaluate, gradient_flow, recent
from longlag.engine.ahead import Ahead, shared
from longlag.engine.codec import Unfit, flatten, unflatten
from longlag.engine.data import GRADIENT_FLOW, MONITOR, Data, Draws, confirmation
from longlag.engine.evaluate import Score
from longlag.engine.gradients import CapturedGradient
from longlag.engine.interrupt import Interruption
from longlag.engine.packing import Packed
from longlag.engine.provenance import provenance
from longlag.engine.recent import Watch
from longlag.engine.spec import Setup, unmeasured_row
from longlag.engine.state import BlockState
from longlag.errors import LonglagError
from longlag.objective import Meter, Tensors
from longlag.optimisers.base import Step
from longlag.store.records import Point, Row, Status
from longlag.tasks import TaskAtLag

_NOT_FINITE = "the training loss is not finite"
_SPENT = "the budget of sequence passes is spent"
_MONITOR_BYTES = 2**30  # of a monitor set that a GPU keeps, packed
_TRAINED_ON = "; the test set meets the criterion, at which this run was not to stop"
_UNCONFIRMED = "; the test set meets the criterion, but no validation within the budget confirmed it"


class _OutOfTime(Exception):
    """The time limit was reached within a step."""


class _OutOfPasses(Exception):
    """The optimiser asked another question of its step when the budget was spent."""


class Block:
    """Some seeds trained as the replicas of one program.

    interruption: a signal that it notes ends the step in hand by Interrupted; nothing listens for signals by default.
    """

    def __init__(self, setup: Setup, seeds: tuple[int, ...]) -> None:
        self.setup, self.seeds, self.interruption = setup, seeds, Interruption()
        self.data = Data(setup, seeds) if setup.spec.device == "cpu" else self._data_of_a_gpu()
        self._monitor: list[Packed] = []
        self._stays_whole = False  # whether no replica can leave
        self._cpu, self._wall = time.process_time(), time.monotonic()  # when this process took over
        provenance(setup.spec.device)  # read now: the code may be edited while this runs
        params = self.data.start()
        optimiser = setup.parts.optimiser.init(params)
        self.fresh = BlockState.fresh(params, optimiser, len(seeds), setup.rules.recent)
        self.state = dataclasses.replace(self.fresh)

    def _data_of_a_gpu(self) -> Data:
        setup = self.setup
        ahead = Ahead(TaskAtLag(setup.task, setup.spec.lag), self.seeds, shared)
        return Data(setup, self.seeds, setup.spec.device, CapturedGradient(setup.model, setup.loss), ahead)

    def train(self) -> Iterator[Point | Row]:
        """Steps until no replica is active."""
        while self.state.active.any():
            yield from self.advance()

    def keep(self) -> BlockState:
        """The state, with the seconds so far."""
        cpu, wall = (np.full(len(self.seeds), each) for each in (self._cpu_seconds(), self._wall_seconds()))
        return dataclasses.replace(self.state, cpu=cpu, wall=wall)

    def restore(self, state: BlockState) -> None:
        """Continues from what `keep` returned, in this process or another."""
        self._cpu, self._wall = time.process_time(), time.monotonic()
        self.state = dataclasses.replace(state, resumed=state.resumed + 1)

    def advance(self) -> Iterator[Point | Row]:
        """One step, then an evaluation if one is due, then the replicas that must stop.

        Raises:
            Interrupted: a signal came within the step, which is undone.
            LonglagError: the rule `recent` for a method that asks for no gradients.
            RuntimeError: the optimiser asked its oracle nothing, so that the run would never end.
        """
        self._leave_out_the_ended()
        state, optimiser, budget = self.state, self.setup.parts.optimiser, self.setup.spec.budget
        before, params = float(state.meter.passes.max()), state.params
        meter = state.meter.copy()
        watch = Watch(self.setup.task.loss) if state.recent else None
        draws = Draws(self.data, meter, state.active, state.drawn, lambda: self._interrupt(meter), watch)
        try:
            with np.errstate(over="ignore", invalid="ignore"):  # a run that diverges says so in its row
                step = optimiser.step(draws, params, state.optimiser)
        except _OutOfTime:  # the row is that of the step before
            yield from self._stop_in_time()
            return
        except _OutOfPasses:
            yield from self._stop_before_this_step(meter)
            return
        if not state.updates.any():
            state.beginning = beginning.of_step(params, draws.first, step)
        state.drawn, state.optimiser, state.meter = draws.drawn, step.state, meter
        state.params = step.params if state.active.all() else tree.where(state.active, step.params, params)
        state.updates = state.updates + state.active.numpy()
        state.loss = step.loss.double().cpu().numpy()
        yield from self._stop(~torch.from_numpy(state.loss).isfinite(), Status.DIVERGED, step.failure or _NOT_FINITE)
        if watch and state.recent:
            yield from self._stop_by_recent(state.recent, watch)
        passes = float(state.meter.passes.max())
        if passes == before and not step.exhausted:
            raise RuntimeError(f"{type(optimiser).__name__} took a step without using its oracle")
        if passes >= min(protocol.next_evaluation(state.last_evaluation), budget) or step.exhausted:
            yield from self._evaluate(step, params)
        if step.exhausted:
            yield from self._stop(state.active, Status.BUDGET, "the readout has all the sequences it asks for")
        yield from self._stop(state.meter.passes >= budget, Status.BUDGET, _SPENT)
        if self._out_of_time():
            yield from self._stop_in_time()

    def _leave_out_the_ended(self) -> None:
        """Leaves the active replicas alone in the block on a CPU, where each replica costs time. A GPU has recorded its
        kernels for all."""
        if self.setup.spec.device != "cpu" or self.state.active.all() or self._stays_whole:
            return
        left = torch.nonzero(self.state.active).flatten().tolist()
        smaller, arrays = Block(self.setup, tuple(self.seeds[r] for r in left)), dict[str, np.ndarray]()
        self._stays_whole = True  # unless it succeeds: a state whose arrays are not all of replicas
        with suppress(Unfit):
            found = flatten(self.keep(), arrays)
            state: BlockState = unflatten(smaller.fresh, found, arrays, left, len(self.seeds))
            self.seeds, self.data, self.state, self.fresh = smaller.seeds, smaller.data, state, smaller.fresh
            self._cpu, self._wall, self._stays_whole = smaller._cpu, smaller._wall, False

    def _stop_by_recent(self, noted: recent.Recent, watch: Watch) -> Iterator[Row]:
        """Ends the replicas whose last training sequences meet the rules."""
        if not watch.notes:
            name = self.setup.method.name
            raise LonglagError(f"rule 'recent' needs gradients of training sequences; method {name!r} asks for none")
        noted = self.state.recent = noted.after(*watch.noted())
        met = torch.from_numpy(noted.meets(self.setup.rules))
        met = met & (self.state.meter.passes <= self.setup.spec.budget)
        yield from self._stop(met, Status.SOLVED, recent.in_words(self.setup.rules))

    def _interrupt(self, meter: Meter) -> None:
        """Ends a step in the middle if a signal, the time limit or the budget says so; the state is still that before
        it. meter: of this step."""
        self.interruption.check()
        if self._out_of_time():
            raise _OutOfTime
        if bool(((meter.passes >= self.setup.spec.budget) & self.state.active).any()):
            raise _OutOfPasses

    def _stop_before_this_step(self, meter: Meter) -> Iterator[Point | Row]:
        """Ends a block in whose step the budget was spent: parameters are those before the step, which is undone.

        They are evaluated unless they already were. meter: what was spent, the undone step included.
        """
        state = self.state
        if not state.updates.any() or float(state.meter.passes.max()) > state.last_evaluation:
            undone = Step(state.params, state.optimiser, torch.from_numpy(state.loss))
            yield from self._evaluate(undone, state.params)
        state.meter = meter
        yield from self._stop(state.active, Status.BUDGET, _SPENT)

    def _out_of_time(self) -> bool:
        timeout = self.setup.spec.timeout
        return timeout is not None and self._wall_seconds() > timeout

    def _stop_in_time(self) -> Iterator[Row]:
        reason = f"stopped after {self.setup.spec.timeout:g} s of wall clock"
        yield from self._stop(self.state.active, Status.TIMEOUT, reason)

    def _evaluate(self, step: Step, before: dict[str, Tensor]) -> Iterator[Point | Row]:
        """Scores the monitor set and confirms replicas that meet the criterion; a confirmed one is tested, once."""
        state = self.state
        state.last_evaluation = float(state.meter.passes.max())
        yield from self._stop(~tree.finite(state.params).cpu(), Status.DIVERGED, "a parameter is not finite")
        if not state.active.any():
            return
        monitor = evaluate.score(self.setup, state.params, self._monitor_set())
        state.evaluated = state.evaluated + monitor.sequences * state.active.numpy()
        affordable = state.active & (state.meter.passes <= self.setup.spec.budget)
        state.best = np.fmin(state.best, np.where(affordable, monitor.wrong, np.nan))
        readings = self._gradient_flow(step, before)
        for r in torch.nonzero(state.active).flatten().tolist():
            yield self._point(r, float(state.loss[r]), monitor, readings[r])
        passing = affordable & torch.from_numpy(monitor.wrong <= protocol.CRITERION)
        if passing.any() and self.setup.spec.stop == "solved" and not state.recent:
            yield from self._confirm(passing)

    def _confirm(self, passing: Tensor) -> Iterator[Row]:
        """Scores fresh validation sequences of the replicas of the mask [R], and ends those that meet the criterion."""
        # Each replica has its own count, so that no neighbour moves its data.
        counts = self.state.confirmations = self.state.confirmations + passing.numpy()
        data, params = self._some(passing)
        purposes = [confirmation(k) for k in counts[passing.numpy()]]
        found = evaluate.score(self.setup, params, data.evaluation(purposes, self.setup.sets.confirm))
        confirmed = self._counted(found, passing)
        done = passing & torch.from_numpy(confirmed.wrong <= protocol.CONFIRMATION)
        yield from self._stop(done, Status.SOLVED, "confirmed on validation, and on the test set")

    def _monitor_set(self) -> Iterator[Tensors]:
        """The same sequences at every evaluation. They are drawn again, but a GPU keeps them if they are small."""
        if not self.data.ahead:
            return self.data.evaluation(MONITOR, self.setup.sets.monitor)
        batches = self._monitor or self.data.packed_evaluation(MONITOR, self.setup.sets.monitor)
        if sum(len(batch.memory) for batch in batches) <= _MONITOR_BYTES:
            self._monitor = batches
        return (batch.tensors() for batch in batches)

    def _some(self, mask: Tensor) -> tuple[Data, dict[str, Tensor]]:
        """Data and parameters of the replicas of the mask [R] alone: to draw for the others may take a minute."""
        if mask.all():
            return self.data, self.state.params
        kept = torch.nonzero(mask).flatten()
        return self.data.of(kept.tolist()), tree.rows(self.state.params, kept)

    def _counted(self, found: Score, mask: Tensor) -> Score:
        """A score of the replicas of the mask [R], for all of them; its sequences are counted."""
        self.state.evaluated = self.state.evaluated + found.sequences * mask.numpy()
        return found.spread(mask.numpy())

    def _gradient_flow(self, step: Step, before: dict[str, Tensor]) -> list[dict[str, Any]]:
        """Gradient flow per replica after a step from `before`; empty if the spec does not ask for it."""
        if not self.setup.spec.gradient_flow:
            return [{}] * len(self.seeds)
        batch = self.data.batch(GRADIENT_FLOW, 0, gradient_flow.SEQUENCES)
        return gradient_flow.readings(self.setup.model, self.setup.loss, before, self.state.params, step.info, batch)

    def _stop(self, mask: Tensor, status: Status, reason: str) -> Iterator[Row]:
        """Ends the active replicas of the mask [R], with a row each."""
        mask = mask & self.state.active
        if not mask.any():
            return
        self.state.active = self.state.active & ~mask
        found = Score.unknown(len(self.seeds))
        if status != Status.DIVERGED:
            found = self._counted(evaluate.final(*self._some(mask)), mask)
        for r in torch.nonzero(mask).flatten().tolist():
            yield self._row(r, status, reason, found)

    def _row(self, r: int, status: Status, reason: str, test: Score) -> Row:
        passes, error = float(self.state.meter.passes[r]), float(test.wrong[r])
        solved = status == Status.SOLVED and (error <= protocol.CRITERION or self.state.recent is not None)
        if status == Status.SOLVED and not solved:
            status, reason = Status.BUDGET, f"confirmed on validation, but {error:.2%} of the test set wrong"
        elif status == Status.BUDGET and error <= protocol.CRITERION and not self.state.recent:
            reason += _UNCONFIRMED if self.setup.spec.stop == "solved" else _TRAINED_ON
        ending = {
            "status": str(status),
            "reason": reason,
            "solved": solved,
            "passes_to_solve": passes if solved else float("nan"),
            "parameters": self.setup.trained_parameters(),
            "seconds": self._cpu_seconds(),
            "wall_seconds": self._wall_seconds(),
        }
        measured = ending | self.state.columns(r) | test.columns(r)
        return unmeasured_row(self.setup, self.seeds[r], self.state.started, **measured)

    def _point(self, r: int, train_loss: float, monitor: Score, readings: Mapping[str, Any]) -> Point:
        spec, state = self.setup.spec, self.state
        return Point(spec.task, spec.lag, spec.name, self.seeds[r], float(state.meter.passes[r]),
                     int(state.updates[r]), train_loss, float(monitor.wrong[r]), float(monitor.loss[r]),
                     self._cpu_seconds(), **readings)  # fmt: skip

    def _cpu_seconds(self) -> float:
        """A replica's equal share of the processor time so far."""
        return float(self.state.cpu.sum() + time.process_time() - self._cpu) / len(self.seeds)

    def _wall_seconds(self) -> float:
        """A replica's equal share of the time by the clock so far."""
        return float(self.state.wall.sum() + time.monotonic() - self._wall) / len(self.seeds)
