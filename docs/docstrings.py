"""Docstrings as the site shows them: an extension of griffe, which mkdocs.yml names.

The source writes the meaning of a field as a line of its own, `loss: per replica, [R]`, and an example as a session of
Python. Markdown would join such lines to one paragraph, so the site gets them as a list and as a block of code.
"""

from __future__ import annotations

import re
from typing import Any

import griffe

_FIELD = re.compile(r"((?:[a-zA-Z_]\w*)(?:, [a-zA-Z_]\w*)*): (?=\S)")
_SECTION = re.compile(r"(Args|Attributes|Raises|Returns|Yields|Warns|Examples?):$")


def markdown(text: str) -> str:
    """A docstring with its fields as a list and its sessions fenced; sections that griffe knows stay as they are."""
    lines: list[str] = []
    section, listed = False, False
    for paragraph in text.split("\n\n"):
        first = paragraph.split("\n")[0]
        section = bool(_SECTION.match(first)) or (section and first.startswith(" "))
        if lines:
            lines.append("")
        if section:
            lines += paragraph.split("\n")
        elif first.startswith(">>>"):
            lines += ["```pycon", *paragraph.split("\n"), "```"]
        else:
            listed = False
            for line in paragraph.split("\n"):
                field = _FIELD.match(line)
                if field and not listed and lines and lines[-1]:
                    lines.append("")
                names = ", ".join(f"`{name}`" for name in field[1].split(", ")) if field else ""
                lines.append(f"- {names}: {line[field.end() :]}" if field else f"{'  ' * listed}{line}")
                listed = listed or bool(field)
    return "\n".join(lines)


class Readable(griffe.Extension):
    """Rewrites every docstring when it has been read."""

    def on_instance(self, *, obj: griffe.Object, **_: Any) -> None:
        """griffe calls this for every object."""
        if obj.docstring:
            obj.docstring.value = markdown(obj.docstring.value)
