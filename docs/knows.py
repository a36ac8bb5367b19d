"""What the recipes of methods read of a task, for the programs that write documents."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from longlag import registry
from longlag.tasks.base import Traits
from longlag.words import capital, join_words, the_method

_PLURAL = {"reads": "read", "does": "do"}
LAGS = (50, 100)  # at which two builds of a recipe are compared


@dataclass(frozen=True)
class Reads:
    """What a recipe reads of a task. names: of its traits; lag: whether any setting depends on it; centred: whether it
    takes the expected inputs and targets as values, rather than their number."""

    lag: bool
    names: frozenset[str]
    centred: bool


class _Noticed:
    """The traits of a task, which keep the names that are read of them."""

    def __init__(self, traits: Traits) -> None:
        self._traits, self.names = traits, set[str]()

    def __getattr__(self, name: str) -> Any:
        self.names.add(name)
        return getattr(self._traits, name)


def reads(method: Any) -> Reads:
    """What the recipe of a method reads, over all tasks of the package: it is built for each at two lags."""
    lag, names, centred = False, set[str](), False
    for task in registry.FOLDERS["tasks"].names():
        noticed = _Noticed(registry.get("tasks", task).traits)
        short, long = (method.build(noticed, at) for at in LAGS)
        lag, names = lag or short != long, names | noticed.names
        centred = centred or any((*short.centring.inputs, *short.centring.outputs))
    return Reads(lag, frozenset(names), centred)


def what_recipes_read() -> str:
    """A table of all methods."""
    names = "| method | the lag | roles of inputs | kind of task | expected inputs and targets |"
    rows = []
    for name in registry.FOLDERS["methods"].names():
        found = reads(registry.get("methods", name))
        kind = "kind" in found.names or "classes" in found.names
        marks = ["yes" if each else "–" for each in (found.lag, "roles" in found.names, kind, found.centred)]
        rows.append(f"| `{name}` | {' | '.join(marks)} |")
    return "\n".join([names, f"|{'---|' * 5}", *rows])


def said(methods: Iterable[str]) -> str:
    """Which of these methods read the lag, and which the roles of the inputs: what a comparison of them must say."""
    found = {the_method(name): reads(registry.get("methods", name)) for name in methods}
    lag = [name for name, of in found.items() if of.lag]
    roles = [name for name, of in found.items() if "roles" in of.names]
    others = [name for name in found if name not in {*lag, *roles}]
    if not lag and not roles:
        return "None of them reads the lag or the roles of the inputs."
    parts = [(lag, "reads", "the lag"), (roles, "reads", "the roles of the inputs")]
    parts += [(others, "reads", "neither")] if lag and roles else [(others, "does", "not")]
    words = [f"{join_words(of)} {verb if len(of) == 1 else _PLURAL[verb]} {what}" for of, verb, what in parts if of]
    return f"{capital('; '.join(words))}."
