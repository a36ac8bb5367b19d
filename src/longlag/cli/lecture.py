"""`longlag lecture`: the lecture's claims, measured, judged and drawn."""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from longlag.cli import _arguments
from longlag.errors import LonglagError, say

HELP = "measure the lecture's claims: a verdict, numbers and a figure for each"
EXAMPLE = "longlag lecture --claim vanish_explode --out results/lecture"
_FILE, _SLIDES, _FOLDER = "lecture.json", "slides.html", Path("lecture")
_WAIT = 60  # seconds for another call that writes into the same folder; it needs one


def configure(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("--claim", action="append", default=[], metavar="NAME", help="name or number, or several: 1,2 (default: all)")
    add(
        "--seeds",
        type=_arguments.seeds,
        default=tuple(range(20)),
        help="a range such as 0:5 for seeds 0 to 4, or single seeds such as 3 or 1,4,9 (default: 0:20)",
    )
    where = f"folder for {_FILE}, figures/NAME.pdf and figures/NAME.png (default: {_FOLDER}; with --json: none)"
    add("--out", type=Path, metavar="DIR", help=where)
    add("--slides", action="store_true", help=f"also write {_SLIDES}: a slide for each claim, with speaker notes")
    cores = "claims measured at a time (default: as many as there are cores)"
    add("--cores", type=_arguments.count("number of cores"), default=os.cpu_count() or 1, help=cores)
    replace = f"delete claims of other seeds or of another version that the folder holds, or a damaged {_FILE}"
    add("--replace", action="store_true", help=replace)
    add("--resume", action="store_true", help="leave out the claims that the folder holds, measured by this code")
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--numbers", action="store_true", help="print what was measured below each verdict")
    form.add_argument("--json", action="store_true", help="print everything as JSON rather than a table of verdicts")
    form.add_argument(
        "--markdown", action="store_true", help="measure nothing; print the table of claims of docs/lecture.md"
    )


def run(args: argparse.Namespace) -> int:
    from longlag import lecture
    from longlag.lecture.tools import running
    from longlag.store import files

    slugs = lecture.select(args.claim)
    if args.markdown:
        print(_markdown(slugs))
        return 0
    out: Path | None = args.out or (None if args.json and not args.slides else _FOLDER)
    document: dict[str, Any] = {"longlag": running.code()["longlag"], "seeds": list(args.seeds), "claims": []}
    if out is None:
        _arguments.refuse_idle(args.resume, "--resume", "--out DIR")
    else:
        files.check_writable(out / _FILE)
        document["claims"] = _measured_before(out, args.seeds, slugs, args.replace)
    of_this_code = [entry for entry in document["claims"] if entry.get("code") == running.code()]
    _name_older([entry for entry in document["claims"] if entry not in of_this_code], slugs, args.resume)
    held = {entry["claim"]["slug"]: entry for entry in of_this_code if args.resume and entry["finding"]}
    left = [slug for slug in slugs if slug not in held]
    measured = _measure(document, left, args.cores, out, args.replace)
    entries = [{**held, **measured}[slug] for slug in slugs]
    if out:
        _draw(document, out)
        _keep(document, measured, left, out)
        if args.slides:
            _write_slides(document, out)
        elif files.is_file(out / _SLIDES):
            say(f"{out / _SLIDES} is of an earlier call; --slides writes it again")
    if args.json:
        print(json.dumps(document, indent=1, allow_nan=False))
    else:
        _table(entries, args.numbers)
        print(
            f"figures: {_FOLDER if out is None else out}/figures{f'; slides: {out}/{_SLIDES}' if args.slides else ''}"
        )
    return int(any(entry["finding"] is None for entry in entries))


def _name_older(entries: Iterable[dict[str, Any]], slugs: Sequence[str], resume: bool) -> None:
    """Says of claims that other code measured whether this call, of these slugs, measures them."""
    older = [entry["claim"]["slug"] for entry in entries]
    again, kept = ([slug for slug in older if (slug in slugs) == asked] for asked in (True, False))
    if again and resume:
        say(f"measured again, since other code measured them: {', '.join(again)}")
    if kept:
        say(f"kept as other code measured them: {', '.join(kept)}")


def _measured_before(out: Path, seeds: Sequence[int], slugs: Sequence[str], replace: bool) -> list[dict[str, Any]]:
    """What the folder holds of the same seeds, as far as the claims are still measured as they were.

    Raises:
        LonglagError: it is damaged, or holds other claims, of other seeds or of another version, or these with more
            seeds, which are not to be replaced.
    """
    from dataclasses import asdict

    from longlag import lecture
    from longlag.lecture.base import to_json
    from longlag.report import claims
    from longlag.store import files
    from longlag.words import join_words

    if not files.is_file(out / _FILE):
        return []
    try:
        found = claims.document(out)
        same = found["seeds"] == list(seeds)
        present = [to_json(asdict(lecture.get(slug).CLAIM)) for slug in lecture.names()]
        kept = [entry for entry in found["claims"] if same and entry["claim"] in present]
    except (LonglagError, KeyError) as error:
        if replace:
            return []
        raise LonglagError(
            f"{out / _FILE} is damaged or of another version, and this call would delete every claim in it; choose "
            "another folder with --out DIR, or add --replace"
        ) from error
    again = [e for e in found["claims"] if e["claim"].get("slug") in slugs]
    if again and len(found["seeds"]) > len(seeds) and not replace:
        numbers = join_words(str(entry["claim"].get("number", "?")) for entry in again)
        raise LonglagError(
            f"{out / _FILE} holds these claims ({numbers}) measured with {len(found['seeds'])} seeds, and this call "
            f"would put {len(seeds)} in their place; choose another folder with --out DIR, or add --replace"
        )
    lost = [e for e in found["claims"] if e not in kept and e not in again]
    if lost and not replace:
        numbers = join_words(str(entry["claim"].get("number", "?")) for entry in lost)
        raise LonglagError(
            f"{out / _FILE} holds claims of other seeds or of another version ({numbers}), which this call does not "
            "measure and would delete; choose another folder with --out DIR, or add --replace"
        )
    return kept


def _beside(entries: Iterable[dict[str, Any]], before: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """The entries and those measured before of other claims, in the order of the lecture."""
    by_slug = {entry["claim"]["slug"]: entry for entry in (*before, *entries)}
    return sorted(by_slug.values(), key=lambda entry: entry["claim"]["number"])


def _keep(
    document: dict[str, Any], entries: Mapping[str, Any], slugs: Sequence[str], out: Path, replace: bool = False
) -> None:
    """Writes this call's entries beside the other claims that the folder holds by now; the document becomes both.

    entries: of the claims measured so far, of the slugs that this call measures.

    Raises:
        LonglagError: another call has written claims of other seeds, which are not to be replaced.
    """
    from longlag.store import files, lock

    drawn = [entry for entry in document["claims"] if "figures" in entry]
    with lock.held(out / _FILE, _WAIT):
        there = _measured_before(out, document["seeds"], slugs, replace)
        same = [entry for entry in drawn for other in there if entry["finding"] == other["finding"]]
        document["claims"] = _beside(entries.values(), _beside(same, there))
        document["check"] = files.checksum([json.dumps(document["claims"])])
        files.write_atomically(out / _FILE, (json.dumps(document, indent=1, allow_nan=False) + "\n").encode())


def _measure(
    document: dict[str, Any], slugs: list[str], cores: int, out: Path | None, replace: bool
) -> dict[str, dict[str, Any]]:
    """The claims' entries by slug, measured `cores` at a time. Whenever one is done it is added to the document, the
    document is written, and a line stands on standard error.

    Raises:
        LonglagError, Interrupted: a process was killed, or the call interrupted; what is kept, and what is left.
    """
    from longlag.engine.interrupt import Interrupted, raised
    from longlag.lecture.tools.running import measured

    entries: dict[str, dict[str, Any]] = {}
    try:
        with raised():
            for slug, entry in measured(slugs, tuple(document["seeds"]), cores):
                document["claims"] = _beside([entry], document["claims"])
                if out:
                    _keep(document, {**entries, slug: entry}, slugs, out, replace and not entries)
                entries[slug] = entry
                said = entry["finding"]["verdict"] if entry["finding"] else f"could not be measured: {entry['error']}"
                took = f"{entry['seconds']:.1f} s of CPU"
                print(f"[{len(entries)}/{len(slugs)}] {slug}: {said} ({took})", file=sys.stderr, flush=True)
    except KeyboardInterrupt as stopped:
        number = stopped.number if isinstance(stopped, Interrupted) else signal.SIGINT
        raise Interrupted(number, _unfinished(slugs, entries, out)) from None
    except LonglagError as error:
        raise LonglagError(f"{error}; {_unfinished(slugs, entries, out)}") from error
    return entries


def _unfinished(slugs: list[str], entries: Mapping[str, Any], out: Path | None) -> str:
    if not out:
        return "nothing is kept without --out DIR"
    left = ",".join(slug for slug in slugs if slug not in entries)
    return f"{len(entries)} of {len(slugs)} claims are kept in {out / _FILE}; --claim {left} measures the others"


def _draw(document: dict[str, Any], out: Path) -> None:
    """Draws the claims that have no figure yet, and adds the caption and the figures' paths to their entries.

    A claim of which no net was judged may have nothing to draw: a line says so.
    """
    from longlag.figures import lecture as drawings
    from longlag.figures.tools import style
    from longlag.report import claim_figures
    from longlag.store import files

    for entry in document["claims"]:
        if entry["finding"] is None or "figures" in entry:
            continue
        slug = entry["claim"]["slug"]
        figure = claim_figures.draw(slug, entry["finding"])
        if figure is None:
            for kind in ("pdf", "png"):
                files.remove(out / "figures" / f"{slug}.{kind}")  # of an earlier measurement
            entry |= {"caption": "There is none: no net could be judged.", "figures": []}
            say(f"{slug} has no figure: no net could be judged; more --seeds may help")
            continue
        entry["caption"] = drawings.get(slug).caption(entry["finding"])
        paths = style.save(figure, out / "figures", slug)
        entry["figures"] = [path.relative_to(out).as_posix() for path in paths]


def _write_slides(document: dict[str, Any], out: Path) -> None:
    from longlag.report import slides
    from longlag.store import files

    files.write_atomically(out / _SLIDES, slides.render(document["claims"], len(document["seeds"])).encode())


def _table(entries: list[dict[str, Any]], numbers: bool) -> None:
    """The verdict of each claim and its sentence in plain words; numbers: what was measured below it."""
    from longlag.report.claims import in_words

    for entry in entries:
        claim, finding = entry["claim"], entry["finding"]
        verdict = finding["verdict"] if finding else "not measured"
        print(f"{claim['number']:>2}  {claim['title']} ({claim['slug']}): {verdict}")
        if finding is None:
            print(f"      {entry['error']}")
            continue
        print(f"      {finding['plain']}")
        if not numbers:
            continue
        print(f"      {finding['summary']}")
        for number in finding["numbers"]:
            print(f"      - {in_words(number)}")
        if finding["caveat"]:
            print(f"      caveat: {finding['caveat']}")


def _markdown(slugs: list[str]) -> str:
    """The lecture map that docs/lecture.md and its test share: claim, command, figure, threshold, exercise.

    Below each figure stand two marks, between which docs/lecture/pictures.py writes what was measured.
    """
    from longlag import lecture

    claims = [lecture.get(slug).CLAIM for slug in slugs]
    lines = ["| claim | command | figure |", "|---|---|---|"]
    for claim in claims:
        figure = f"[picture](lecture/{claim.slug}.png)"
        lines.append(f"| {claim.number}. {claim.title} | `longlag lecture --claim {claim.slug} --out DIR` | {figure} |")
    for claim in claims:
        lines += [
            "",
            f"## {claim.number}. {claim.title}",
            "",
            f"> {claim.sentence}",
            "",
            f"![{claim.title}](lecture/{claim.slug}.png)",
            "",
            f"<!-- pictures.py: {claim.slug} -->",
            f"<!-- end of {claim.slug} -->",
            "",
            f"- **Measured** by [lecture/{claim.slug}.py](../src/longlag/lecture/{claim.slug}.py): {claim.quantity}",
            f"- **Threshold**: {claim.threshold}",
            f"- **Predict**: {claim.exercise.predict}",
            f"- **Run**: {claim.exercise.run}",
            f"- **Explain**: {claim.exercise.explain}",
            "",
            '<details markdown="1"><summary>Answer</summary>',
            "",
            claim.exercise.answer,
            "",
            "</details>",
        ]
    return "\n".join(lines)
