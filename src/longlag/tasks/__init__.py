"""Long-time-lag tasks: one file per task, each a value named TASK. Written for one replica, in numpy.

`load` gives a notebook, or the author of a plug-in, the same batches that the engine trains and tests on. Importing
this package imports no task and no torch.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from longlag import registry
from longlag.errors import LonglagError, shown
from longlag.ranges import is_whole
from longlag.rng import stream

if TYPE_CHECKING:
    from longlag.tasks.base import Batch, Task

PREVIEW = "preview"  # the purpose of batches that no run trains, evaluates or tests on


@dataclass(frozen=True)
class TaskAtLag:
    """A task at one nominal lag T: a source of batches."""

    task: Task
    lag: int

    def sample(self, n: int, seed: int = 0, purpose: str = PREVIEW, k: int = 0) -> Batch:
        """n sequences: x [L, n, X], start [n], y [K, n, ...]; all there are where the task has fewer.

        The batch is a function of the arguments alone: its stream is `stream(seed, task, lag, purpose, k)`. The
        default purpose is reserved for looking at a task. `purpose="train", k=1` is the first batch that most methods
        train on, `purpose="test"` with k = 0, 1, ... are the test sequences, 1000 at a time. Any other word is a stream
        of its own.

        Raises:
            LonglagError: n is no whole number of at least 1, seed or k is none of at least 0, or purpose is no text.
        """
        for name, value, least in (("n", n, 1), ("seed", seed, 0), ("k", k, 0)):
            if not is_whole(value) or value < least:
                raise LonglagError(f"{name} cannot be {shown(value)}; it must be a whole number, at least {least}")
        if not isinstance(purpose, str):
            raise LonglagError(f'purpose cannot be {shown(purpose)}; it must be text, such as "train"')
        rng = stream(seed, self.task.name, self.lag, purpose, k)
        return self.task.sample(rng, self.lag, min(int(n), self.task.population or int(n)))


def load(name: str, lag: int) -> TaskAtLag:
    """The task of that name at a nominal lag, in steps.

    >>> batch = load("temporal_order", lag=100).sample(32, seed=0)
    >>> batch.x.shape, batch.start.shape, batch.y.shape
    ((100, 32, 6), (32,), (1, 32))

    Raises:
        LonglagError: unknown name, or a lag that is no whole number or too small for the task.
    """
    from longlag.tasks.base import check_lag

    if not is_whole(lag):
        raise LonglagError(f"lag cannot be {shown(lag)}; it must be a whole number of steps, such as 100")

    task = registry.get("tasks", name, "load a plug-in first: longlag.registry.load_plugin(FILE)")
    check_lag(task, int(lag))
    return TaskAtLag(task, int(lag))
