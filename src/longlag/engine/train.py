"""The training loop: `run(spec)` trains a method on a task at one lag and yields the curve's points and a row per seed.

Logging, progress, files and ladders are outside it. So is what happens between two steps: a *driver* trains a block
(`block.py`) to its end. `run_to_end` calls `Block.train`; the one of `checkpoint.py` keeps checkpoints.
On a GPU the seeds are replicas of one program. On a CPU they are trained one after the other, unless their cell says
that they are faster as one program (`Cell.together`). What is drawn for a seed depends on the seed alone, so that
grouping changes no number.
"""

from __future__ import annotations

import traceback
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import torch

from longlag.algebra.modes import plain
from longlag.engine import denormals
from longlag.engine.block import Block
from longlag.engine.provenance import now
from longlag.engine.spec import RunSpec, Setup, resolve, unmeasured_row
from longlag.errors import LonglagError, in_a_line
from longlag.store.records import Point, Row, Status

Driver = Callable[[Block], Iterator[Point | Row]]  # trains a block to its end


def run_to_end(block: Block) -> Iterator[Point | Row]:
    """The driver that keeps no checkpoints."""
    return block.train()


def run(spec: RunSpec, driver: Driver = run_to_end) -> Iterator[Point | Row]:
    """Trains every seed of the spec. Yields each point when it is measured, and each seed's row when the seed ends.

    Raises:
        LonglagError: there is no seed, or `resolve` refuses the spec.
    """
    setup = resolve(spec)
    if not setup.spec.seeds:
        raise LonglagError(f"seeds {spec.seeds!r} hold none to train; name at least one, such as (0,)")
    return train(setup, driver)


def train(setup: Setup, driver: Driver = run_to_end) -> Iterator[Point | Row]:
    """`run` for a spec that is already resolved; without seeds it yields nothing."""
    for seeds in blocks(setup):
        yield from _train_block(setup, seeds, driver)


def attempt(
    setup: Setup, driver: Driver = run_to_end, failed: Callable[[Exception], object] = traceback.print_exception
) -> Iterator[Point | Row]:
    """`train`, but an exception gives its seed an `error` row; the others are still trained.

    On a CPU the seeds of a block that fails are each trained alone, with the same results up to there. A block that the
    spec asks for, or a GPU's, ends as one.
    failed: called with every exception that ends a seed.

    Raises:
        LonglagError: the spec cannot be trained, for example under its rules. No row is made of it.
    """
    queue, passes = deque(blocks(setup)), dict.fromkeys(setup.spec.seeds, -1.0)
    apart = setup.spec.device == "cpu" and not setup.spec.block
    while queue:
        seeds = queue.popleft()
        left, started = list(seeds), now()
        try:
            for event in _train_block(setup, seeds, driver):
                if isinstance(event, Row):
                    left.remove(event.seed)
                elif event.passes <= passes[event.seed]:
                    continue  # shown before its block failed
                passes[event.seed] = event.passes
                yield event
        except LonglagError:
            raise
        except Exception as error:
            if len(left) > 1 and apart:
                queue.extendleft((seed,) for seed in reversed(left))
                continue
            with suppress(OSError, ValueError):  # an error that cannot be printed is not worth a row
                failed(error)
            for seed in left:
                yield unmeasured_row(setup, seed, started, status=str(Status.ERROR), reason=in_a_line(error))


def blocks(setup: Setup) -> list[tuple[int, ...]]:
    """The seeds in groups; each group is trained as one program."""
    seeds = setup.spec.seeds
    size = setup.spec.block or (len(seeds) if setup.spec.device != "cpu" or _together(setup) else 1)
    size = max(1, min(size, setup.parts.optimiser.replicas or size))
    return [seeds[first : first + size] for first in range(0, len(seeds), size)]


def _together(setup: Setup) -> bool:
    """Whether the seeds train faster on a CPU as one program: with small nets and batches, at short lags."""
    batch, task, model = getattr(setup.parts.optimiser, "batch", None), setup.task, setup.model
    if not isinstance(batch, int):
        return False
    return model.cell.together(task.steps(setup.spec.lag), min(batch, task.population or batch), model.n_inputs)


def _train_block(setup: Setup, seeds: tuple[int, ...], driver: Driver) -> Iterator[Point | Row]:
    """The events of a block. Modes of torch hold while it trains, and not while whoever asked looks at an event."""
    with modes():
        events = iter(driver(Block(setup, seeds)))
    try:
        while True:
            with modes():
                event = next(events, None)
            if event is None:
                return
            yield event
    finally:
        if close := getattr(events, "close", None):
            with modes():
                close()


@contextmanager
def modes() -> Iterator[None]:
    """The modes of torch in which every run trains: those in which it starts, but without a graph, and with denormal
    numbers flushed to zero."""
    with plain(), torch.no_grad(), denormals.flushed():
        yield
