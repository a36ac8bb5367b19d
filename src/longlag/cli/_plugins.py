"""Plug-ins that `--plugin` names and that have no part in the call: most likely, another name was meant."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from longlag import registry
from longlag.errors import LonglagError


def idle(args: argparse.Namespace, methods: Sequence[str], tasks: Sequence[str]) -> str:
    """The loaded plug-ins that have no part in a call with these names, and what they register; "" if all have one.

    A file has a part if it registers one of the names. It also has one if another file registers the method (or task)
    that is used in the place of its own: who names two files and one of their methods has chosen.
    """
    from longlag.words import join_words

    used = {"methods": methods, "tasks": tasks}
    defined = {path: registry.defined_in(path) for path in args.plugin}
    chosen = {kind for found in defined.values() for kind, name in found if name in used[kind]}
    without = {path: found for path, found in defined.items() if not chosen & {kind for kind, _ in found}}
    lines = []
    for path, found in without.items():
        registers = join_words(f"{kind[:-1]} {name!r}" for kind, name in found)
        here = [repr(name) for kind, _ in found for name in used[kind]] or [*map(repr, [*methods, *tasks])]
        lines.append(f"--plugin {path} registers {registers}, and this is for {join_words(here)}")
    return "; ".join(lines)


def refuse_idle(args: argparse.Namespace, methods: Sequence[str], tasks: Sequence[str]) -> None:
    """Raises LonglagError if a plug-in has no part in a call with these names."""
    if found := idle(args, methods, tasks):
        raise LonglagError(f"{found}; ask for what it registers, or leave --plugin out")
