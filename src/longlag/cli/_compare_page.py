"""What `longlag compare` writes: the rows of all methods, tables, the page, and the record of the newcomer alone."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from longlag.cli import _standing
from longlag.errors import LonglagError

if TYPE_CHECKING:
    from longlag.design.suite import Suite
    from longlag.store.records import Row


def named(source: Path) -> str:
    """What the reference is called: the one that comes with the package, wherever that is installed; or its path."""
    from longlag import __version__, resources

    own = resources.find(resources.REFERENCE)
    return f"longlag {__version__}: {resources.REFERENCE}/{source.name}" if source.parent == own else str(source)


def refuse_loss(plan: Suite, method: str, out: Path, replacing: bool = False) -> str:
    """A note on rows in the folder that go: of an earlier version of the method, or any with `replacing`; empty if
    there are none.

    Raises:
        LonglagError: it holds finished runs of the method as it is now, which this call would drop from its record, and
            they are not to be replaced.
    """
    from longlag.design.job import in_words
    from longlag.store import files, records
    from longlag.store.records import key_of
    from longlag.words import count

    path = out / "record/runs.csv"
    if not files.is_file(path):
        return ""
    wanted = plan.wanted()
    kept = [row for row in records.read_rows(path) if row.method == method]
    current = _current(kept)
    lost = [row for row in kept if row.spec_hash in current and wanted.get(key_of(row)) != row.spec_hash]
    if lost and replacing:
        return f"{out}: {count(len(lost), 'run')} of {method!r}, which this call replaces"
    if lost:
        others = sum(key_of(row) in wanted for row in lost)
        what = f"{others} of them with other settings, " if others else ""
        raise LonglagError(
            f"{out} has {count(len(kept), 'run')} of {method!r}, {len(lost)} of which this call does not ask for and "
            f"would drop ({what}such as {in_words(key_of(lost[0]))}); choose another folder with --out, ask for the "
            "larger part of the grid again, or add --replace"
        )
    gone = sum(bool(row.spec_hash) and row.spec_hash not in current for row in kept)
    return f"{out}: {count(gone, 'run')} of an earlier version of {method!r}, which this call replaces" if gone else ""


def _current(rows: Sequence[Row]) -> set[str]:
    """The digests of rows that these specs still have: not those of an edited plug-in."""
    from longlag.engine import verify
    from longlag.engine.spec import resolve_elsewhere

    found = set()
    for row in {row.spec_hash: row for row in rows if row.spec_hash}.values():
        with suppress(LonglagError):  # the edited method refuses these settings, or cannot be built
            found.add(resolve_elsewhere(verify.spec_of(row)).spec_hash)
    return found


def write(
    plan: Suite,
    method: str,
    recorded: Sequence[Row],
    standings: _standing.Standings,
    source: Path,
    out: Path,
    smoke: str = "",
) -> int:
    """Rows and curves of both, the tables of the newcomer, and the page. Returns 1 if all runs ended with an error.

    recorded: the rows to show beside those of the method, with their standings. smoke: why its runs give no order.
    """
    from longlag import report
    from longlag.analysis import Analysis
    from longlag.design.collect import collect
    from longlag.store import curves, designs, files, records
    from longlag.tables.tools import newcomer, render
    from longlag.words import capital, method_label

    own, points = collect(plan, out / "jobs", warn=lambda line: print(line, file=sys.stderr))
    _write_record(out / "record", own, points, plan)
    others = [replace(row, origin=row.origin or named(source)) for row in recorded]
    beside = source.with_name("curves.parquet")
    if files.is_file(beside):
        keys = [records.key_of(row) for row in others]
        drawn = curves.points_of(curves.read_curves(beside), keys)
        points = curves.joined([points, drawn])
    records.write_rows(out / "runs.csv", [*own, *others])
    curves.write(out / "curves.parquet", points)
    loaded = Analysis.load(out / "runs.csv", out / "curves.parquet")
    remarks, older = tuple(_standing.sentences(others, standings)), _standing.older(others, standings)
    # The reference holds the designs of its methods, wherever their rows were taken from when it was made.
    reference = designs.beside(source, ((row.method, row.spec_hash, "") for row in recorded))
    known = {**reference, **loaded.designs}
    analysis = replace(loaded, newcomer=method, remarks=remarks, older=older, smoke=smoke, designs=known)
    for name, words in (("against", newcomer.against(analysis)), ("by_cell", newcomer.by_cell(analysis))):
        render.save(*words, out / "tables", name)
    page = report.render(analysis, f"{capital(method_label(method))} against the reference")
    files.write_atomically(out / "report.html", page.encode())
    for sentence in newcomer.sentences(analysis):
        print(sentence)
    print(out / "report.html")
    invitation = ", as others would need it (results/community/README.md)" if plan.config.get("plugins") else ""
    print(f"{out / 'record'}: your method alone{invitation}")
    return int(all(row.status == records.Status.ERROR for row in own))


def _write_record(folder: Path, rows: Sequence[Row], points: Any, plan: Suite) -> None:
    """What a record of the newcomer alone needs: rows, curves, design and plug-in (results/community/README.md)."""
    from longlag.store import curves, files, records

    records.write_rows(folder / "runs.csv", rows)
    curves.write(folder / "curves.parquet", points)
    files.write_atomically(folder / "suite.json", (plan.to_json(plan.digests) + "\n").encode())
    for plugin in plan.plugins:
        files.write_atomically(folder / Path(plugin).name, Path(plugin).read_bytes())
