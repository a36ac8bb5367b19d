"""The tasks for anybody's training loop in plain torch: a stream of batches, and the score by our criterion.

    for x, y in TaskDataset("temporal_order", lag=50, batch=100): ...
    error_rate(model, "temporal_order", lag=50) <= 0.01  # solved (docs/protocol.md)

Batch k of a seed is the one that `longlag.tasks.load(task, lag).sample(batch, seed, purpose, k)` gives, with k = 1, 2,
... whatever the number of workers: worker w of W makes every W-th batch from the (w + 1)-th on, so that workers share
no batch, and a `DataLoader` puts them back in order.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from itertools import count
from typing import Annotated, Any

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import IterableDataset, get_worker_info

from longlag import protocol, registry
from longlag.algebra.randomness import draws, in_one_line, moves_statistics
from longlag.arguments import named
from longlag.errors import LonglagError, shown, warn_user
from longlag.ranges import COUNT, NON_NEGATIVE, check, is_whole
from longlag.tasks import TaskAtLag, load

_Batch = tuple[Tensor, ...]


@dataclass(frozen=True)
class TaskDataset(IterableDataset[_Batch]):
    """Batches (x, y) of a task at a nominal lag, fresh ones for as long as they are asked for.

    Give it to a `DataLoader` with `batch_size=None` (it makes batches itself), or iterate over it. Each iteration
    begins with batch `first`: a loop that is left and entered again sees the same batches again.

    task: its name, such as "temporal_order"; `longlag list` shows all.
    lag: nominal lag T, steps. batch: sequences B of a batch; a task with fewer distinct sequences gives all of them.
    seed: of all batches; another one draws others.
    batch_first: x is [B, L, X], as `nn.GRU(batch_first=True)` takes it, rather than [L, B, X]; y follows.
    starts: yields (x, y, start). Sequences of random length are padded with zeros at the front; start [B] int64 is
        the first step of each.
    first: number of the first batch. batches: how many there are, which is the `len()`; None is no end, and no `len()`.

    Shapes of y: classes are int64, [B] where one step is scored, else [K, B] or [B, K]; real targets have an axis more,
    [B, O] or [K, B, O] or [B, K, O]. The K scored steps are the last ones.

    Raises:
        LonglagError: unknown task, a lag that is too small for it, or a number out of range.
    """

    task: str
    lag: Annotated[int, COUNT]
    batch: Annotated[int, COUNT] = 100
    seed: Annotated[int, NON_NEGATIVE] = 0
    batch_first: bool = False
    starts: bool = False
    first: Annotated[int, COUNT] = 1
    batches: Annotated[int, COUNT] | None = None

    def __post_init__(self) -> None:
        check(self)
        load(self.task, self.lag)

    @property
    def inputs(self) -> int:
        """Entries of x at a step: the input size of a model."""
        return len(load(self.task, self.lag).task.traits.roles)

    @property
    def outputs(self) -> int:
        """What a readout must give at a scored step: as many scores as there are classes, or real numbers."""
        return len(load(self.task, self.lag).task.traits.target_mean)

    def __len__(self) -> int:
        """The number of batches, for loaders and progress bars.

        Raises:
            TypeError: there is no end. That is what torch expects of a stream without a length.
        """
        if self.batches is None:
            raise TypeError("a TaskDataset without an end has no length; give it batches=")
        return self.batches

    def __bool__(self) -> bool:
        """True, as of any stream: without this, `if dataset:` would ask for the length."""
        return True

    def __getstate__(self) -> dict[str, Any]:
        """With the file of a plug-in's task, which a worker that is a new process of Python has not loaded."""
        return {**vars(self), "plugin": registry.file("tasks", self.task)}

    def __setstate__(self, state: dict[str, Any]) -> None:
        plugin = state["plugin"]
        if plugin and state["task"] not in registry.names("tasks"):
            registry.load_plugin(str(plugin))
        vars(self).update({name: value for name, value in state.items() if name != "plugin"})

    def __iter__(self) -> Iterator[_Batch]:
        source, worker = load(self.task, self.lag), get_worker_info()
        begin, stride = (0, 1) if worker is None else (worker.id, worker.num_workers)
        for n in count(begin, stride) if self.batches is None else range(begin, self.batches, stride):
            x, y, start = _tensors(source, self.batch, self.seed, "train", self.first + n, self.batch_first)
            yield (x, y, start) if self.starts else (x, y)


_REMEDIES = {
    "task": 'TaskDataset("adding", lag=100); `longlag list` names the tasks',
    "lag": 'TaskDataset("adding", lag=100)',
    "T": "write lag=",
    "batch_size": "write batch=; a DataLoader around it takes batch_size=None",
    "shuffle": "every batch is drawn afresh; seed= draws others",
    "length": "write lag=; `longlag show TASK` says how many steps a sequence has at a lag",
    "num_workers": "it is for a DataLoader around it, with batch_size=None",
    "device": "batches are made on the CPU; write x.to(device) in the loop",
    "dtype": "x is float32; write x.double() in the loop",
}
TaskDataset.__init__ = named(**_REMEDIES)(TaskDataset.__init__)  # type: ignore[method-assign]


def error_rate(
    model: Callable[[Tensor], Tensor],
    task: str,
    lag: int,
    seed: int = 0,
    batch_first: bool = False,
    sequences: int = protocol.TEST,
) -> float:
    """The share of a seed's test sequences that the model answers wrongly at any scored step.

    These are the sequences of the column `test_error`, and `protocol.CRITERION` is the share that still counts as
    solved. No training batch is among them, but a task with few distinct sequences (5-bit memory, parity at a short
    lag) draws the same ones for every purpose. An output that is no number is wrong.

    Args:
        model: x -> outputs, as `TaskDataset` gives x: [B, O] where one step is scored, else [K, B, O] or [B, K, O].
            x is on the CPU, outputs may be anywhere: `lambda x: model(x.to("cuda"))`. A module is evaluated as it is,
            and a warning says so of one with dropout or batch normalisation in training mode: call `eval()` on it.
        task, lag, seed, batch_first: as of `TaskDataset`.
        sequences: the first so many of the 10,000; all there are where the task has fewer.

    Raises:
        LonglagError: unknown task, a lag that is too small for it, a number out of range, or outputs of another shape.
    """
    if not callable(model) or isinstance(model, type):
        raise LonglagError(f"model is a function of x, such as a module of torch, not {shown(model)}")
    TaskDataset(task, lag, seed=seed)  # checks them
    source = load(task, lag)
    if not is_whole(sequences) or sequences not in COUNT:
        raise LonglagError(f"sequences cannot be {shown(sequences)}; it must be a whole number, at least 1")
    if sequences > protocol.TEST:
        raise LonglagError(f"sequences={sequences:,} of a test set of {protocol.TEST:,}; ask for at most that many")
    every = min(protocol.TEST, source.task.population or protocol.TEST)
    sequences = min(int(sequences), every)
    _warn_of_training(model)
    wrong = 0
    with torch.no_grad():
        for k, done in enumerate(range(0, sequences, protocol.EVALUATION_BATCH)):
            drawn = min(protocol.EVALUATION_BATCH, every - done)
            x, y, _ = _tensors(source, drawn, seed, "test", k, batch_first, first=sequences - done)
            wrong += int(_misses(source, model(x), y, batch_first).sum())
    return wrong / sequences


def _warn_of_training(model: Callable[[Tensor], Tensor]) -> None:
    """Warns of a module in training mode that scores otherwise than in use. Hooks would find those of any function, but
    disturb `torch.compile`, so that only the modules are known that a function names."""
    found = [model, getattr(model, "__self__", None)]
    with suppress(TypeError, ValueError):  # no function of Python
        names = inspect.getclosurevars(model)
        found += [*names.nonlocals.values(), *names.globals.values()]
    for module in (part for each in found if isinstance(each, torch.nn.Module) for part in each.modules()):
        if draws(module) or moves_statistics(module):
            does = "draws random numbers" if draws(module) else "normalises by the test sequences, and remembers them"
            warn_user(
                f"{in_one_line(module)} is in training mode, in which it {does}. Call eval() on the model before "
                "error_rate, and train() after it"
            )
            return


def _misses(source: TaskAtLag, outputs: Any, y: Tensor, batch_first: bool) -> Tensor:
    """Which sequences have a wrong answer, [B] bool."""
    many = source.task.traits.scored != 1
    real = source.task.traits.classes == 0
    wanted = [*(y.shape[:-1] if real else y.shape), len(source.task.traits.target_mean)]
    if not isinstance(outputs, Tensor) or list(outputs.shape) != wanted:
        found = list(outputs.shape) if isinstance(outputs, Tensor) else type(outputs).__name__
        remedy = "return those of the scored steps alone, and set batch_first as the model has it"
        if isinstance(outputs, Tensor) and list(outputs.shape[:-1]) == wanted[:-1]:
            remedy = f"its readout needs {wanted[-1]} outputs, TaskDataset(...).outputs"
        raise LonglagError(
            f"the model must return outputs of shape {wanted} for task {source.task.name!r}, not {found}; {remedy}"
        )
    if many and batch_first:
        outputs, y = outputs.transpose(0, 1), y.transpose(0, 1)  # [K, B, ...]
    if not many:
        outputs, y = outputs.unsqueeze(0), y.unsqueeze(0)
    return source.task.loss.wrong(outputs.cpu().unsqueeze(0), y.unsqueeze(0))[0].any(0)


def _tensors(
    source: TaskAtLag, n: int, seed: int, purpose: str, k: int, batch_first: bool, first: int | None = None
) -> tuple[Tensor, ...]:
    """x, y and start of the k-th batch, in the shapes that `TaskDataset` documents.

    first: of the n sequences, so many at most. A smaller n draws others.
    """
    batch = source.sample(n, seed, purpose, k)
    kept = batch.x[:, :first], batch.y[:, :first], batch.start[:first]
    x, y, start = (torch.from_numpy(np.ascontiguousarray(values)) for values in kept)
    if batch_first:
        x = x.transpose(0, 1).contiguous()
    if source.task.traits.scored == 1:
        y = y[0]
    elif batch_first:
        y = y.transpose(0, 1).contiguous()
    return x, y, start
