"""The arguments of public functions, checked by name before a call: a wrong one is answered with the right ones.

    @named(lr="Hessian-Free has no learning rate; leave it out")
    def __init__(self, params, *, damping=0.1): ...

Python's own TypeError names neither the nearest argument nor a remedy, and with an inherited `__init__` it names the
private base instead of the class that was called.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import wraps
from typing import Any, ParamSpec, TypeVar

from longlag.errors import LonglagError, shown, unknown

P = ParamSpec("P")
R = TypeVar("R")


class WrongArgument(LonglagError, TypeError):
    """A call with an argument that is not there, or without one that must be; a TypeError too, as Python's own is."""


def named(**remedies: str) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """A decorator of methods that explains calls which do not fit the signature.

    Args:
        remedies: what to do instead, by the name of an argument that is missing or that does not exist.
    """

    def decorate(function: Callable[P, R]) -> Callable[P, R]:
        signature = inspect.signature(function)

        @wraps(function)
        def call(*args: P.args, **kwargs: P.kwargs) -> R:
            try:
                signature.bind(*args, **kwargs)
            except TypeError as error:
                own = function.__name__
                owner = type(args[0]).__name__ + ("" if own == "__init__" else f".{own}")
                raise WrongArgument(_explained(owner, signature, args[1:], kwargs, remedies, error)) from None
            return function(*args, **kwargs)

        return call

    return decorate


def _explained(
    owner: str,
    signature: inspect.Signature,
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
    remedies: dict[str, str],
    error: TypeError,
) -> str:
    """One sentence for the first thing that does not fit. args: those after `self`."""
    parameters = list(signature.parameters.values())[1:]
    known = [p.name for p in parameters]
    for name in (name for name in kwargs if name not in known):
        if name in remedies:
            return f"{owner} has no argument {name}={shown(kwargs[name])}: {remedies[name]}"
        return str(unknown(f"argument of {owner}", name, known))
    by_place = [p.name for p in parameters if p.kind is not p.KEYWORD_ONLY]
    if len(args) > len(by_place):
        listed = f"only {' and '.join(by_place)}" if by_place else "nothing"
        extra = args[len(by_place)]
        return f"{owner} takes {listed} by position, not {shown(extra)} too; write the argument's name before it"
    needed = [p.name for p in parameters if p.default is p.empty]
    for name in (name for name in needed if name not in kwargs and name not in by_place[: len(args)]):
        return f"{owner} needs {name}: {remedies.get(name, 'give it')}"
    return f"{owner}: {error}"
