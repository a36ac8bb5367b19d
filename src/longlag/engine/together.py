"""Blocks with different settings trained side by side, their gradients computed as one program of a GPU.

The candidates of a search differ in settings of the optimiser and the start. Each has its own `Block`, in a thread of
its own, and all ask for a gradient at the same time: the last one to ask has all questions answered in one call for
each shape of a batch. A block that has ended keeps its place, so that shapes stay and nothing is recorded again. The
`seconds` of such rows count all candidates.
"""

from __future__ import annotations

import dataclasses
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TypeVar

import torch
from torch import Tensor

from longlag.algebra import tree
from longlag.algebra.tree import Params
from longlag.engine.block import Block
from longlag.engine.gradients import CapturedGradient
from longlag.engine.spec import Setup
from longlag.engine.train import Driver, run_to_end, train
from longlag.errors import in_a_line
from longlag.objective import Gradient, Tensors
from longlag.store.records import Point, Row

Events = list[Point | Row]
Answer = tuple[Tensor, dict[str, Tensor]]
Result = TypeVar("Result")


class Together:
    """Waits until every block has asked, and answers all at once."""

    def __init__(self, gradient: Gradient, blocks: int) -> None:
        self._gradient, self._turn = gradient, threading.Condition()
        self._present, self._waiting = set(range(blocks)), set[int]()
        self._asked: dict[int, tuple[Params, Tensors]] = {}  # the last question of each, also of those that left
        self._answers: dict[int, Answer] = {}
        self._failure: Exception | None = None

    def ask(self, block: int, params: Params, batch: Tensors) -> Answer:
        """Loss and gradient of one block; waits for the others.

        Raises:
            RuntimeError: the gradient of all could not be computed.
        """
        with self._turn:
            self._asked[block] = params, batch
            self._waiting.add(block)
            self._answer_if_complete()
            self._turn.wait_for(lambda: block in self._answers or self._failure is not None)
            if self._failure is not None:
                words = f"the gradient of all candidates failed: {in_a_line(self._failure)}"
                raise RuntimeError(words) from self._failure
            return self._answers.pop(block)

    def leave(self, block: int) -> None:
        """The block asks no more."""
        with self._turn:
            self._present.discard(block)
            self._answer_if_complete()

    def _answer_if_complete(self) -> None:
        if not self._waiting or self._waiting != self._present:
            return
        shapes: dict[tuple[torch.Size, torch.Size], list[int]] = defaultdict(list)
        for block, (_, batch) in sorted(self._asked.items()):
            shapes[batch.x.shape[1:], batch.y.shape[1:]].append(block)
        try:
            found = [answer for blocks in shapes.values() for answer in self._answered(blocks)]
        except Exception as error:
            self._failure = error
        else:
            self._answers = {block: answer for block, answer in found if block in self._waiting}
        self._waiting.clear()
        self._turn.notify_all()

    def _answered(self, blocks: list[int]) -> Iterator[tuple[int, Answer]]:
        """The answers of blocks whose batches have one shape, by one call."""
        params = tree.stack([dict(self._asked[block][0]) for block in blocks])
        batches = [self._asked[block][1] for block in blocks]
        whole = Tensors(*(torch.cat([getattr(b, name) for b in batches]) for name in ("x", "start", "y")))
        with torch.no_grad():
            loss, gradient = self._gradient(params, whole)
        first = 0
        for block, batch in zip(blocks, batches, strict=True):
            last = first + len(batch.x)
            yield block, (loss[first:last], {name: value[first:last] for name, value in gradient.items()})
            first = last


def fit_together(setups: Sequence[Setup]) -> bool:
    """Whether the setups have one model and one loss, and optimisers that train any number of replicas by gradients."""
    first = setups[0]
    alike = all((s.model, s.loss) == (first.model, first.loss) for s in setups)
    return alike and all(s.parts.optimiser.replicas is None for s in setups)


def side_by_side(
    setups: Sequence[Setup], work: Callable[[Setup, Driver], Result], driver: Driver = run_to_end
) -> list[Result]:
    """work(setup, driver) for every setup, each in a thread of its own. Blocks that its driver trains ask for their
    gradients together; otherwise they are trained by `driver`.

    Raises:
        ValueError: the setups do not have one model and one loss.
    """
    if not fit_together(setups):
        raise ValueError("only setups with one model and one loss, and gradient methods, are trained together")
    together = Together(CapturedGradient(setups[0].model, setups[0].loss), len(setups))

    def one(k: int) -> Result:
        def own(block: Block) -> Iterator[Point | Row]:
            block.data = dataclasses.replace(block.data, gradient=partial(together.ask, k))
            yield from driver(block)

        try:
            return work(setups[k], own)
        finally:
            together.leave(k)

    with ThreadPoolExecutor(len(setups)) as pool:
        return list(pool.map(one, range(len(setups))))


def train_together(setups: Sequence[Setup], deadline: float) -> list[Events]:
    """The points and rows of every setup; each setup's seeds are one block. Setups stop at the deadline, a time of
    `time.monotonic`: the rows that are missing then were not finished."""

    def work(setup: Setup, driver: Driver) -> Events:
        events: Events = []
        for event in train(setup, driver):
            events.append(event)
            if time.monotonic() > deadline:
                break
        return events

    return side_by_side(setups, work)
