"""The mini-batches of a step, each bound to somebody's closure: one call for each forward pass.

A batch where a list of batches is wanted, a data set where a loader is, and a source without an end are noticed here:
the loops of Python would take their first axis, their single samples, or never stop.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from torch import Tensor
from torch.utils.data import DataLoader, Dataset, IterableDataset

from longlag.errors import LonglagError, shown
from longlag.words import count

Call = Callable[[], Any]


def calls(closure: Any, batches: Any) -> list[Call]:
    """The closure on each mini-batch; without any, the closure itself.

    Raises:
        LonglagError: they are no mini-batches, or none that the closure takes.
    """
    if not callable(closure):
        raise LonglagError(
            f"step takes a closure, not {shown(closure)}: opt.step(lambda: (model(x), y)) with a loss, or a "
            "function that returns (loss, outputs)"
        )
    if batches is None:
        if not _takes(closure, ()):
            raise LonglagError(
                f"the closure takes {_wanted(closure)}, but step got no mini-batches: step(closure, batches) with a "
                "list or a DataLoader of them, or a closure without arguments, step(lambda: (model(x), y))"
            )
        return [closure]
    _check_kind(batches)
    every = list(batches)
    if not every:
        raise LonglagError("batches hold no mini-batch; was an iterator used up? give a list or a DataLoader")
    _check_fit(closure, batches, every)
    return [_bound(closure, _parts(batch)) for batch in every]


def _check_kind(batches: Any) -> None:
    """Raises LonglagError for what can be looped over, but not as a list of mini-batches."""
    if isinstance(batches, Tensor):
        raise LonglagError(
            f"batches is one tensor of shape {list(batches.shape)}; write [x] for one mini-batch, or x.split(200) for "
            "several"
        )
    if isinstance(batches, Mapping | str):
        raise LonglagError(f"batches is one {type(batches).__name__}; write [batch] for one mini-batch")
    source = batches.dataset if isinstance(batches, DataLoader) else batches
    if isinstance(source, IterableDataset) and not _ends(source):
        raise LonglagError(
            f"batches come from a {type(source).__name__}, which may have no end; take some of them: "
            "list(itertools.islice(batches, 5)), or TaskDataset(..., batches=5). One with an end says so by __len__"
        )
    if isinstance(batches, Dataset) and not isinstance(batches, IterableDataset):
        raise LonglagError(
            f"batches is a {type(batches).__name__}, whose items are single samples; write "
            "DataLoader(dataset, batch_size=200)"
        )
    if not isinstance(batches, Iterable):
        raise LonglagError(f"batches cannot be {shown(batches)}; give a list or a DataLoader of mini-batches")


def _ends(source: Any) -> bool:
    """Does it say that it ends: a TaskDataset by `batches`, any other by a length that can be asked?"""
    if getattr(source, "batches", None) is not None:
        return True
    try:
        len(source)
    except (TypeError, NotImplementedError):
        return False
    return True


def _check_fit(closure: Callable[..., Any], batches: Any, every: list[Any]) -> None:
    """Raises LonglagError if the closure does not take the parts of each mini-batch."""
    for k, batch in enumerate(every):
        if _takes(closure, _parts(batch)):
            continue
        whole = isinstance(batches, tuple | list) and not any(isinstance(part, tuple | list) for part in every)
        if whole and _takes(closure, tuple(every)):
            raise LonglagError(
                f"batches is one mini-batch of {len(every)} parts, which the closure takes together; step takes a list "
                "of mini-batches: step(closure, [(x, y)])"
            )
        raise LonglagError(
            f"mini-batch {k} has {count(len(_parts(batch)), 'part')}, but the closure takes {_wanted(closure)}: "
            "step(lambda x, y: (model(x), y), batches) takes two, lambda *parts any number; a dict "
            "is one part"
        )


def _parts(batch: Any) -> tuple[Any, ...]:
    return tuple(batch) if isinstance(batch, tuple | list) else (batch,)


def _bound(closure: Callable[..., Any], parts: tuple[Any, ...]) -> Call:
    return lambda: closure(*parts)


def _takes(closure: Callable[..., Any], parts: tuple[Any, ...]) -> bool:
    """Can it be called with these? True where its signature cannot be read."""
    try:
        signature = inspect.signature(closure)
    except (TypeError, ValueError):
        return True
    try:
        signature.bind(*parts)
    except TypeError:
        return False
    return True


def _wanted(closure: Callable[..., Any]) -> str:
    names = list(inspect.signature(closure).parameters)
    return f"{count(len(names), 'argument')} ({', '.join(names)})" if names else "no arguments"
