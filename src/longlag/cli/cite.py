"""`longlag cite`: BibTeX of longlag and of the papers of what was run."""

from __future__ import annotations

import argparse
import re
from functools import cache
from pathlib import Path

from longlag.cli import _arguments, _catalogue
from longlag.errors import LonglagError

HELP = "print BibTeX of longlag and of the papers behind the methods and tasks of some runs"
EXAMPLE = "longlag cite results/demo > paper.bib"
_ENTRY = re.compile(r"^@\w+\{([^,]+),.*?^\}$", re.MULTILINE | re.DOTALL)


def configure(parser: argparse.ArgumentParser) -> None:
    _arguments.add_run(parser, nargs="*")
    _arguments.add_plugins(parser)


def run(args: argparse.Namespace) -> None:
    from longlag.store.records import read_rows
    from longlag.store.specs import base_method

    _arguments.load_plugins(args)
    rows = [row for given in args.runs for row in read_rows(_arguments.runs_file(given))]
    used = {("methods", base_method(row.spec, row.method)) for row in rows} | {("tasks", row.task) for row in rows}
    whose: dict[str, list[str]] = {}
    for kind, name in sorted(used):
        for entry in entries(_reference(kind, name), name):
            whose.setdefault(entry, []).append(name)
    print(_software())
    for entry, names in sorted(whose.items()):
        print(f"\n% {', '.join(names)}\n{entry}")


def entries(reference: str, name: str) -> list[str]:
    """The BibTeX of a reference such as "Elman 1990; Werbos 1990, section 2"; a note where a paper is not known."""
    found = []
    for paper in filter(None, (part.strip() for part in reference.split(";"))):
        if paper.lower() == "new":  # what `longlag check` asks an author to say of an own method
            continue
        year = re.search(r"\b(1[89]|20)\d\d\b", paper)
        key = f"{re.split(r'[ ,]', paper)[0].lower()}{year[0] if year else ''}"
        made = re.sub(r"\W", "", f"{name}_{key}")
        found.append(_papers().get(key) or f"@misc{{{made},\n  note = {{{_in_latex(paper)}}},\n}}")
    return found


def _in_latex(text: str) -> str:
    """Text with the characters escaped that LaTeX takes for commands."""
    words = {"\\": r"\textbackslash{}", "^": r"\^{}", "~": r"\~{}", **{sign: f"\\{sign}" for sign in "&%$#_{}"}}
    return "".join(words.get(sign, sign) for sign in text)


def _reference(kind: str, name: str) -> str:
    """Empty for a plug-in that is not here."""
    try:
        return str(_catalogue.about(kind, name)["reference"])
    except LonglagError:
        return f"{name}: a plug-in, see its author; name its file with --plugin FILE"


@cache
def _papers() -> dict[str, str]:
    text = Path(__file__).with_name("references.bib").read_text("utf-8")
    return {match[1]: match[0] for match in _ENTRY.finditer(text)}


def _software() -> str:
    """longlag itself, from CITATION.cff."""
    from longlag import __version__, resources

    citation = resources.find("CITATION.cff").read_text("utf-8")
    about = {name: value.strip('"') for name, value in re.findall(r"^([a-z-]+): (.*)$", citation, re.MULTILINE)}
    fields = {
        "author": "{The longlag authors}",
        "title": about["title"],
        "version": __version__,
        "year": about["date-released"][:4],
        "url": about["repository-code"],
    }
    lines = [f"  {name:<7} = {{{value}}}," for name, value in fields.items()]
    return "\n".join(["@software{longlag,", *lines, "}"])
