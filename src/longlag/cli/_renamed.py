"""Old spellings of options: they still work, and a line on standard error names the new one."""

from __future__ import annotations

import sys
from collections.abc import Sequence

ONE, MANY = "RUN", "RUN ..."  # the option's values are now positional arguments
_TRAINING = {"--curve": "--curves", "--flow": "--gradient-flow"}
RENAMED = {
    "train": _TRAINING,
    "ladder": _TRAINING,
    "figure": {"--runs": ONE},
    "table": {"--runs": ONE},
    "report": {"--runs": ONE},
    "estimate": {"--costs": MANY},
}


def modern(words: Sequence[str]) -> list[str]:
    """A command's words with old spellings replaced.

    >>> modern(["figure", "reach", "--out", "figures", "--runs=runs.csv"])
    ['figure', 'reach', 'runs.csv', '--out', 'figures']
    """
    renamed = RENAMED.get(words[0], {}) if words else {}
    kept: list[str] = []
    runs: list[str] = []
    left = list(words[1:])
    while left and left[0] != "--":
        word = left.pop(0)
        name, equals, value = word.partition("=")
        new = renamed.get(name)
        if new is None:
            kept.append(word)
            continue
        what = f"the positional argument {new}" if new in (ONE, MANY) else new
        print(f"longlag {words[0]}: {name} is now {what}; the old spelling still works", file=sys.stderr)
        if new not in (ONE, MANY):
            kept.append(new + equals + value)
        elif equals:
            runs.append(value)
        else:
            runs += _values(left, len(left) if new == MANY else 1)
    place = 1 if kept and not kept[0].startswith("-") else len(kept)  # argparse wants positionals side by side
    return [*words[:1], *kept[:place], *runs, *kept[place:], *left]


def _values(left: list[str], most: int) -> list[str]:
    """Removes and returns an option's values, at most `most`, from the words that follow it."""
    count = next((i for i, word in enumerate(left[:most]) if word.startswith("-")), min(most, len(left)))
    found, left[:count] = left[:count], []
    return found
