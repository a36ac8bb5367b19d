"""The pictures and tables of docs/lecture.md: `longlag lecture --out DIR && python docs/lecture/pictures.py DIR`.

Makes the figures of DIR small enough for a repository. Keeps beside them in `shown.json` which claims, in which words,
they show, the CPU seconds of measuring each, and a digest of the code that drew it (`drawn`), by which a test notices
that the code is newer than the picture. Writes into the document: the verdicts in plain words, the CPU times, the
verdicts before and after the claims were put right (`before.toml`), which runs of claim 11 are on record, and below
each picture what is seen, the verdict and the numbers that decide. Without DIR it makes no picture and writes the rest.
"""

from __future__ import annotations

import ast
import hashlib
import io
import json
import re
import sys
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from PIL import Image

from longlag.figures import lecture as drawings
from longlag.figures.lecture.base import seen
from longlag.lecture import init_and_momentum
from longlag.lecture.data import INIT_AND_MOMENTUM
from longlag.lecture.tools import factorial
from longlag.protocol import FIRST_TUNING_SEED
from longlag.store.records import read_rows
from longlag.words import count, percent

HERE = Path(__file__).parent
DOCUMENT = HERE.with_suffix(".md")
WIDTH, COLOURS = 1000, 256  # pixels; of a palette
SHOWN = ("verdict", "plain", "summary", "caveat")
_VERDICTS = {"undecided": "it is undecided"}  # whether the claim holds; the other verdicts follow "it"
_MARKS = re.compile(r"(<!-- pictures.py: (\w+) -->\n).*?(<!-- end of (?:\w+) -->)", flags=re.S)


def small(path: Path) -> bytes:
    """A figure as a narrower PNG with a palette: an octree's, which keeps the colours of few marks."""
    image = Image.open(path).convert("RGB")
    image.thumbnail((WIDTH, 4 * WIDTH))
    made = io.BytesIO()
    image.quantize(COLOURS, Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE).save(made, "png", optimize=True)
    return made.getvalue()


def keep(folder: Path) -> None:
    """Writes NAME.png for every claim that was measured into that folder, and shown.json.

    Claims that were not measured there stay as they were, if the seeds are the same.
    """
    document = json.loads((folder / "lecture.json").read_text("utf-8"))
    before = json.loads((HERE / "shown.json").read_text("utf-8"))
    shown = before["claims"] if before["seeds"] == document["seeds"] else {}
    for entry in document["claims"]:
        slug = entry["claim"]["slug"]
        png = small(folder / "figures" / f"{slug}.png")
        (HERE / f"{slug}.png").write_bytes(png)
        finding = {name: entry["finding"][name] for name in SHOWN}
        decide = [number for number in entry["finding"]["numbers"] if number["threshold"]]
        words = {"claim": entry["claim"], **finding, "numbers": decide}
        digests = {"digest": hashlib.sha256(png).hexdigest(), "drawn": drawn(slug)}
        shown[slug] = {**words, "seconds": round(entry["seconds"], 1), **digests}
    claims = dict(sorted(shown.items(), key=lambda item: item[1]["claim"]["number"]))
    kept = json.dumps({"seeds": document["seeds"], "claims": claims}, indent=1, ensure_ascii=False)
    (HERE / "shown.json").write_text(kept + "\n", "utf-8")


def drawn(slug: str) -> str:
    """A digest of what the code of the claim's figure does: of its syntax tree without docstrings, so that neither
    comments nor layout count. What it imports does not count."""
    source = Path(drawings.__file__).with_name(f"{slug}.py").read_text("utf-8")
    return hashlib.sha256(repr(_tree(ast.parse(source))).encode()).hexdigest()[:16]


def _tree(node: Any) -> Any:
    """A syntax tree as nested tuples, without empty fields: which of them there are depends on Python's version."""
    if isinstance(node, ast.JoinedStr):  # some versions of Python add empty strings to it
        node = ast.JoinedStr([one for one in node.values if not (isinstance(one, ast.Constant) and one.value == "")])
    if isinstance(node, list):
        return tuple(_tree(one) for one in node if not _is_text(one))
    if not isinstance(node, ast.AST):
        return repr(node)
    fields = [(name, value) for name, value in ast.iter_fields(node) if value is not None and value != []]
    return type(node).__name__, tuple((name, _tree(value)) for name, value in fields)


def _is_text(node: Any) -> bool:
    """A docstring, or another string that stands alone."""
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)


def summary() -> str:
    """The claims, their verdicts and these in plain words."""
    shown = json.loads((HERE / "shown.json").read_text("utf-8"))["claims"]
    lines = ["| claim | verdict | in plain words |", "|---|---|---|"]
    for one in shown.values():
        lines.append(f"| {one['claim']['number']}. {one['claim']['title']} | {one['verdict']} | {one['plain']} |")
    return "\n".join(lines) + "\n"


def times() -> str:
    """The CPU time of measuring each claim."""
    shown = json.loads((HERE / "shown.json").read_text("utf-8"))
    lines = [f"| claim | CPU time, {count(len(shown['seeds']), 'net')} |", "|---|---|"]
    lines += [f"| {one['claim']['number']}. `{slug}` | {_time(one)} |" for slug, one in shown["claims"].items()]
    lines += [f"| all, as `--slides` measures them | {_time({'seconds': _in_all(shown['claims'])})} |"]
    return "\n".join(lines) + "\n"


def _in_all(claims: dict[str, Any]) -> float | None:
    """The seconds of all claims; None if one of them was not timed."""
    seconds = [one.get("seconds") for one in claims.values()]
    return None if None in seconds else sum(seconds)


def _time(one: dict[str, Any]) -> str:
    seconds = one.get("seconds")
    if seconds is None:
        return "not timed"
    return f"{seconds / 60:.0f} min" if seconds >= 120 else f"{max(seconds, 1):.0f} s"


def verdicts() -> str:
    """The verdicts before and now, and what changed."""
    shown = json.loads((HERE / "shown.json").read_text("utf-8"))["claims"]
    before = tomllib.loads((HERE / "before.toml").read_text("utf-8"))
    lines = ["| claim | before | now | what changed |", "|---|---|---|---|"]
    for slug, one in shown.items():
        words = " ".join(before[slug]["changed"].split())
        cells = (f"{one['claim']['number']}. {one['claim']['title']}", before[slug]["verdict"], one["verdict"])
        lines.append(f"| {' | '.join((*cells, words))} |")
    return "\n".join(lines) + "\n"


def section(slug: str) -> str:
    """Below the picture of a claim: what is seen, the verdict in plain words, and every number that decides it."""
    shown = json.loads((HERE / "shown.json").read_text("utf-8"))
    one, nets = shown["claims"][slug], len(shown["seeds"])
    said = _VERDICTS.get(one["verdict"], f"it {one['verdict']}")
    of = f"{_of_claim_11()} nets per corner" if slug == "init_and_momentum" else count(nets, "net")
    lines = [f"*What you see.* {seen(slug)}", "", f"**Verdict, {of}: {said}.** {one['plain']}", ""]
    if one["caveat"]:
        lines += ["Caveats:", "", *(f"- {item[:1].upper()}{item[1:]}." for item in one["caveat"].split("; ")), ""]
    lines += ["| measured | value | threshold | nets that meet it | share of all nets |", "|---|---|---|---|---|"]
    lines += [f"| {' | '.join(_cells(number))} |" for number in one["numbers"]]
    return "\n".join([*lines, "", _how_to_read(one["numbers"])]) + "\n"


def _of_claim_11() -> int:
    """How many nets each corner of claim 11 has on record; it is judged on these alone."""
    return len({row.seed for row in read_rows(INIT_AND_MOMENTUM) if row.seed < FIRST_TUNING_SEED})


def _cells(number: dict[str, Any]) -> tuple[str, ...]:
    """A number that decides, as a row of a table."""
    value, low, high = ("–" if number[name] is None else f"{number[name]:.3g}" for name in ("value", "low", "high"))
    asked = re.sub(r"[\d.]+e[-+]\d+|\d+\.\d+", lambda found: f"{float(found[0]):.3g}", number["threshold"])
    met = {None: "undecided", True: "yes", False: "no"}[number["met"]]
    nets = f"{number['meeting']} of {number['nets']}" if number["nets"] else met
    share = "–".join(f"{end:.0%}" for end in number["share"]) or ("theorem" if number["nets"] else "–")
    return number["name"], f"{value} {number['unit']}".strip() + f" [{low}, {high}]", asked, nets, share


def _how_to_read(numbers: Sequence[dict[str, Any]]) -> str:
    """What the brackets and the last column of the table are."""
    kinds = sorted({number["interval"] for number in numbers})
    ranges = "Value: the median net, in brackets the smallest and the largest."
    said = [ranges if kind == "range over seeds" else f"Value: the mean, in brackets its {kind}." for kind in kinds]
    if any(number["share"] for number in numbers):
        said.append("Share: 95 % Wilson interval; most nets meet a threshold if all of it lies above 50 %.")
    if any("lost" in number["name"] and number["low"] < 0 for number in numbers):
        said.append("A loss below 0 is a gain.")
    if any(number["nets"] and not number["share"] for number in numbers):
        said.append("Theorem: one net that misses would refute the claim.")
    return " ".join(said)


def records() -> str:
    """Which runs of claim 11 are on record, task by task and momentum by momentum."""
    rows = read_rows(INIT_AND_MOMENTUM)
    lines = ["| task | momentum | plain start | ESN-style start |", "|---|---|---|---|"]
    for problem in factorial.PROBLEMS:
        chosen = {one.corner for one in init_and_momentum.chosen(init_and_momentum.recorded(rows, problem)).values()}
        for momentum in factorial.MOMENTA:
            corners = [corner for corner in factorial.CORNERS if corner.momentum == momentum]
            own = {c: [r for r in rows if (r.task, r.method) == (problem.task, c.name)] for c in corners}
            cells = [f"**{_recorded(of)}**" if c in chosen else _recorded(of) for c, of in own.items()]
            lines.append(f"| {problem.name} | {momentum} | {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def _recorded(rows: list[factorial.Row]) -> str:
    if not rows:
        return "not run"
    reported = [row for row in rows if row.seed < FIRST_TUNING_SEED]
    rates = len({factorial.rate_of(row) for row in rows if row not in reported})
    tuning = len(rows) - len(reported)
    solved = sum(row.solved for row in reported)
    minutes = sum(row.seconds for row in rows) / 60
    spent = sum(map(init_and_momentum.spent, reported)) / len(reported)
    return (
        f"{solved} of {count(len(reported), 'net')} solve it; {percent(spent)} of the budget spent; {rates} rates in "
        f"{tuning} runs; {minutes:.0f} min"
    )


def main(folders: list[str]) -> None:
    """Makes what the module says."""
    for folder in folders:
        keep(Path(folder))
    slugs = json.loads((HERE / "shown.json").read_text("utf-8"))["claims"]
    parts = {"summary": summary(), "times": times(), "verdicts": verdicts(), "records": records()}
    made = {**parts, **{slug: section(slug) for slug in slugs}}
    text = DOCUMENT.read_text("utf-8")
    DOCUMENT.write_text(_MARKS.sub(lambda found: found[1] + made[found[2]] + found[3], text), "utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
