"""Blocks with different settings trained side by side, their gradients computed as one program.

The candidates of a search differ in settings of the optimiser and the start. Each has its own `Block`, in a thread of
its own, and all ask for a gradient at the same time: the last one to ask has all questions answered in one call.
A block that has ended keeps its place, so that shapes stay and nothing is recorded again.
"""

from __future__ import annotations

import dataclasses
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import torch
from torch import Tensor

from longlag.algebra import tree
from longlag.algebra.tree import Params
from longlag.engine.gradients import CapturedGradient
from longlag.engine.spec import Setup
from longlag.engine.train import Block, train
from longlag.objective import Gradient, Tensors
from longlag.store.records import Point, Row

Events = list[Point | Row]
Answer = tuple[Tensor, dict[str, Tensor]]


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
                raise RuntimeError(f"the gradient of all candidates failed: {self._failure}")
            return self._answers.pop(block)

    def leave(self, block: int) -> None:
        """The block asks no more."""
        with self._turn:
            self._present.discard(block)
            self._answer_if_complete()

    def _answer_if_complete(self) -> None:
        if not self._waiting or self._waiting != self._present:
            return
        order = sorted(self._asked)
        params = tree.stack([dict(self._asked[block][0]) for block in order])
        batches = [self._asked[block][1] for block in order]
        whole = Tensors(*(torch.cat([getattr(b, name) for b in batches]) for name in ("x", "start", "y")))
        try:
            with torch.no_grad():
                loss, gradient = self._gradient(params, whole)
        except Exception as error:
            self._failure = error
            self._turn.notify_all()
            return
        first = 0
        for block, batch in zip(order, batches, strict=True):
            last = first + len(batch.x)
            self._answers[block] = loss[first:last], {name: value[first:last] for name, value in gradient.items()}
            first = last
        self._answers = {block: self._answers[block] for block in self._waiting}
        self._waiting.clear()
        self._turn.notify_all()


def train_together(setups: Sequence[Setup], deadline: float) -> list[Events]:
    """The points and rows of every setup; each setup's seeds are one block. Setups stop at the deadline, a time of
    `time.monotonic`: the rows that are missing then were not finished.

    Raises:
        ValueError: the setups do not have one model and one loss.
    """
    first = setups[0]
    if any((s.model, s.loss) != (first.model, first.loss) for s in setups):
        raise ValueError("only setups with one model and one loss are trained together")
    together = Together(CapturedGradient(first.model, first.loss), len(setups))

    def one(k: int) -> Events:
        def driver(block: Block) -> Iterator[Point | Row]:
            block.data = dataclasses.replace(block.data, gradient=partial(together.ask, k))
            yield from block.train()

        events: Events = []
        try:
            for event in train(setups[k], driver):
                events.append(event)
                if time.monotonic() > deadline:
                    break
        finally:
            together.leave(k)
        return events

    with ThreadPoolExecutor(len(setups)) as pool:
        return list(pool.map(one, range(len(setups))))
