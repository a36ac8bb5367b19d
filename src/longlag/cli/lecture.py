"""`longlag lecture`: the lecture's claims, measured, judged and drawn."""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path
from typing import Any

from longlag.cli import _arguments

HELP = "measure the lecture's claims: a verdict, numbers and a figure for each"
EXAMPLE = "longlag lecture --claim vanish_explode --out results/lecture"
_FILE = "lecture.json"


def configure(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("--claim", action="append", default=[], metavar="NAME", help="name or number; may be repeated (default: all)")
    add(
        "--seeds",
        type=_arguments.seeds,
        default=tuple(range(10)),
        help="a range such as 0:5 for seeds 0 to 4, or single seeds such as 3 or 1,4,9 (default: 0:10)",
    )
    add("--out", type=Path, metavar="DIR", help=f"takes {_FILE} and figures/NAME.pdf and .png")
    cores = "claims measured at a time (default: as many as there are cores)"
    add("--cores", type=_arguments.count("number of cores"), default=os.cpu_count() or 1, help=cores)
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="print everything as JSON rather than a table of verdicts")
    form.add_argument("--markdown", action="store_true", help="measure nothing; print the map of docs/lecture.md")


def run(args: argparse.Namespace) -> int:
    from longlag import lecture
    from longlag.store import files

    slugs = lecture.select(args.claim)
    if args.markdown:
        print(_markdown(slugs))
        return 0
    if args.out:
        files.check_writable(args.out / _FILE)
    entries = _measured(slugs, args.seeds, args.cores)
    document: dict[str, Any] = {
        "longlag": _version(),
        "seeds": list(args.seeds),
        "claims": [entries[slug] for slug in slugs],
    }
    for finish in (_keep, _draw, _keep) if args.out else ():  # kept first, whatever comes of the drawings
        finish(document, args.out)
    if args.json:
        print(json.dumps(document, indent=1, allow_nan=False))
    else:
        _table(document["claims"])
    return int(any(entry["finding"] is None for entry in document["claims"]))


def _keep(document: dict[str, Any], out: Path) -> None:
    from longlag.store import files

    document["check"] = files.checksum([json.dumps(document["claims"])])
    files.write_atomically(out / _FILE, (json.dumps(document, indent=1, allow_nan=False) + "\n").encode())


def _measured(slugs: list[str], seeds: tuple[int, ...], cores: int) -> dict[str, dict[str, Any]]:
    """The entry of each claim, measured `cores` at a time; a line on standard error whenever one is done."""
    from longlag.lecture.tools.running import measured

    entries: dict[str, dict[str, Any]] = {}
    for slug, entry in measured(slugs, seeds, cores):
        entries[slug] = entry
        said = entry["finding"]["verdict"] if entry["finding"] else f"could not be measured: {entry['error']}"
        took = f"{entry['seconds']:.1f} s of CPU"
        print(f"[{len(entries)}/{len(slugs)}] {slug}: {said} ({took})", file=sys.stderr, flush=True)
    return entries


def _draw(document: dict[str, Any], out: Path) -> None:
    """Draws what was measured, and adds the caption and the figures' paths to each entry."""
    from longlag.figures import lecture as drawings
    from longlag.figures.tools import style

    for entry in document["claims"]:
        if entry["finding"] is None:
            continue
        slug = entry["claim"]["slug"]
        drawing = drawings.get(slug)
        entry["caption"] = drawing.caption(entry["finding"])
        paths = style.save(drawing.draw(entry["finding"]), out / "figures", slug)
        entry["figures"] = [path.relative_to(out).as_posix() for path in paths]


def _table(entries: list[dict[str, Any]]) -> None:
    from longlag.report.claims import in_words

    for entry in entries:
        claim, finding = entry["claim"], entry["finding"]
        verdict = finding["verdict"] if finding else "not measured"
        print(f"{claim['number']:>2}  {claim['title']} ({claim['slug']}): {verdict}")
        if finding is None:
            print(f"      {entry['error']}")
            continue
        print(f"      {finding['summary']}")
        for number in finding["numbers"]:
            print(f"      - {in_words(number)}")
        if finding["caveat"]:
            print(f"      caveat: {finding['caveat']}")


def _markdown(slugs: list[str]) -> str:
    """The lecture map that docs/lecture.md and its test share: claim, command, figure, threshold, exercise."""
    from longlag import lecture

    claims = [lecture.get(slug).CLAIM for slug in slugs]
    lines = ["| claim | command | figure |", "|---|---|---|"]
    for claim in claims:
        figure = f"[figures/{claim.slug}.png](../src/longlag/figures/lecture/{claim.slug}.py)"
        lines.append(f"| {claim.number}. {claim.title} | `longlag lecture --claim {claim.slug} --out DIR` | {figure} |")
    for claim in claims:
        lines += [
            "",
            f"## {claim.number}. {claim.title}",
            "",
            f"> {claim.sentence}",
            "",
            f"- **Measured** by [lecture/{claim.slug}.py](../src/longlag/lecture/{claim.slug}.py): {claim.quantity}",
            f"- **Threshold**: {claim.threshold}",
            f"- **Predict**: {claim.exercise.predict}",
            f"- **Run**: {claim.exercise.run}",
            f"- **Explain**: {claim.exercise.explain}",
        ]
    return "\n".join(lines)


def _version() -> str:
    from longlag import __version__

    return __version__
